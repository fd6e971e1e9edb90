//! File systems that cannot do all that others can: vboxsf, SMB, FUSE, and a file that is mounted by itself.

use std::fs;
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::Command;

use super::child::{command, said, wrapped};
use super::common::*;
use super::machine::{Mount, run};
use super::skip::skipped;

const EPERM: i32 = 1;
const EIO: i32 = 5;
const EINVAL: i32 = 22;
const ENOSYS: i32 = 38;
const ENOTSUP: i32 = 95;

/// The library that refuses calls, made for this test.
fn refusing(folder: &Path) -> Option<PathBuf> {
    let library = folder.join("refusals.so");
    let source = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/refusals.c");
    let made = run(
        "cc",
        &["-shared", "-fPIC", "-o", library.to_str().unwrap(), source],
    );
    if let Err(why) = &made {
        skipped(false, why);
    }
    made.ok().map(|()| library)
}

/// A process that commits while calls are refused; what it was told is saved.
fn committing(path: &Path, library: &Path, refused: &str, error: i32, writer: usize) -> Vec<String> {
    let mut child = command("commit 25", path, writer)
        .env("LD_PRELOAD", library)
        .env(refused, error.to_string())
        .spawn()
        .unwrap();
    let saved = said(&mut child);
    child.wait().unwrap();
    saved
}

#[test]
fn where_a_folder_cannot_be_synced_or_a_time_not_be_set_changes_are_saved_all_the_same() {
    let (folder, path, mut store) = begun();
    let Some(library) = refusing(folder.path()) else {
        return;
    };
    let mut there = 0;
    for (writer, (refused, error)) in [
        ("REFUSE_FOLDER_SYNC", EINVAL),
        ("REFUSE_FOLDER_SYNC", ENOTSUP),
        ("REFUSE_FOLDER_SYNC", ENOSYS),
        ("REFUSE_TIMES", EPERM),
        ("REFUSE_TIMES", ENOTSUP),
        ("REFUSE_TIMES", ENOSYS),
    ]
    .into_iter()
    .enumerate()
    {
        let saved = committing(&path, &library, refused, error, writer);
        assert_eq!(saved.len(), 25, "{refused} {error}");
        there += 25;
        assert_eq!(hats_in(&path).len(), there);
        assert_clean(&path);
    }
    // What is a fault of the disk stays one.
    for refused in ["REFUSE_FOLDER_SYNC", "REFUSE_TIMES"] {
        assert_eq!(committing(&path, &library, refused, EIO, 9), [""; 0], "{refused}");
    }
    store.refresh().unwrap();
    give(&mut store, "last").unwrap();
    assert_clean(&path);
}

/// Without a time of its own a file may be changed again within the clock's tick: it is read again until it is older.
#[test]
fn a_change_right_after_a_commit_whose_time_could_not_be_set_is_seen() {
    use hatrack::store::{Disk, DiskFault, DiskOperation, Refreshed, Store};
    let (_folder, path, _) = begun();
    let hook = |step| match step {
        DiskOperation::Touch => Err(DiskFault {
            error: std::io::Error::from_raw_os_error(EPERM),
            after: 0,
        }),
        _ => Ok(()),
    };
    let disk = Disk {
        hook: Some(std::sync::Arc::new(hook)),
        ..Disk::default()
    };
    let mut store = Store::open_with(&path, named("alice"), disk, &|_, _| ()).unwrap();
    for round in 0..rounds(100, 1000) {
        give(&mut store, &format!("n{round}")).unwrap();
        let (from, to) = [("Courses", "Cursus!"), ("Cursus!", "Courses")][round % 2];
        let text = fs::read_to_string(&path).unwrap();
        // In place: the file stays the same one and as long as it was.
        let file = fs::File::options().write(true).open(&path).unwrap();
        std::os::unix::fs::FileExt::write_all_at(&file, text.replace(from, to).as_bytes(), 0).unwrap();
        assert_eq!(store.refresh().unwrap(), Refreshed::Changed, "round {round}");
        assert_eq!(
            store.wardrobe().room(&courses()).unwrap().name.as_deref(),
            Some(to)
        );
    }
}

/// A folder in which files may be made, but which may not be listed, cannot be opened to be synced.
#[test]
fn in_a_folder_that_cannot_be_listed_changes_are_saved() {
    if !rustix::process::geteuid().is_root() {
        skipped(false, "only root can act as somebody else");
        return;
    }
    let (folder, path, _) = begun();
    let user = 54_321;
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let program = folder.path().join("program");
    fs::copy(std::env::current_exe().unwrap(), &program).unwrap();
    let at = path.parent().unwrap();
    fs::set_permissions(at.parent().unwrap(), fs::Permissions::from_mode(0o755)).unwrap();
    for name in ["", "hats.json", "hats.history.jsonl", "hats.lock"] {
        chown(at.join(name), Some(user), Some(user)).unwrap();
    }
    fs::set_permissions(at, fs::Permissions::from_mode(0o300)).unwrap();
    let mut command = Command::new("setpriv");
    command.args([
        &format!("--reuid={user}"),
        "--regid=54321",
        "--clear-groups",
        "--",
    ]);
    command.arg(&program).current_dir("/");
    wrapped(&mut command, "commit 25", &path, 0);
    let mut child = command.spawn().unwrap();
    assert_eq!(said(&mut child).len(), 25);
    assert!(child.wait().unwrap().success());
    assert_clean(&path);
}

/// A container that mounts the data file alone: it cannot be replaced there.
#[test]
fn a_file_that_is_mounted_by_itself_is_explained() {
    let (folder, path, _) = begun();
    let at = folder.path().join("inside/hats.json");
    fs::create_dir(at.parent().unwrap()).unwrap();
    fs::write(&at, "").unwrap();
    let Some(mount) = Mount::new(&at, &["--bind", path.to_str().unwrap()]) else {
        return;
    };
    let mut store = open(&at, "alice");
    let (change, before) = (giving(&store, "a"), fs::read(&path).unwrap());
    let error = store.commit(std::slice::from_ref(&change)).unwrap_err();
    assert!(error.to_string().ends_with("mount the folder instead"), "{error}");
    assert_eq!(fs::read(&path).unwrap(), before);
    assert_eq!(
        files(at.parent().unwrap()),
        ["hats.history.jsonl", "hats.json", "hats.lock"]
    );
    assert_eq!(fs::read(at.with_file_name("hats.history.jsonl")).unwrap(), b"");
    drop(mount);
}
