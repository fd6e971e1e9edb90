/* Overrides functions of the C library (LD_PRELOAD) so that they fail like on some file systems. The error number is the value
   of an environment variable: REFUSE_FOLDER_SYNC for fsync of a folder, REFUSE_TIMES for setting a file's times. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>

static int refused(const char *what)
{
    const char *error = getenv(what);
    if (error)
        errno = atoi(error);
    return error != NULL;
}

int fsync(int fd)
{
    static int (*next)(int);
    struct stat file;
    if (!next)
        next = dlsym(RTLD_NEXT, "fsync");
    if (fstat(fd, &file) == 0 && S_ISDIR(file.st_mode) && refused("REFUSE_FOLDER_SYNC"))
        return -1;
    return next(fd);
}

int futimens(int fd, const struct timespec times[2])
{
    static int (*next)(int, const struct timespec[2]);
    if (!next)
        next = dlsym(RTLD_NEXT, "futimens");
    return refused("REFUSE_TIMES") ? -1 : next(fd, times);
}
