//! File systems with limitations: vboxsf, SMB, FUSE, and a data file mounted as a single file.

use std::fs;
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::Command;

use super::child::{command, saved_names, wrapped};
use super::common::*;
use super::machine_faults::{Mount, run};
use super::skip::skipped;

const EPERM: i32 = 1;
const EIO: i32 = 5;
const EINVAL: i32 = 22;
const ENOSYS: i32 = 38;
const ENOTSUP: i32 = 95;

/// Compiles a library that makes system calls fail.
fn build_refusals(folder: &Path) -> Option<PathBuf> {
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

/// Commits in a process in which system calls fail; returns what it saved.
fn commit_with_refusals(
    path: &Path,
    library: &Path,
    refused: &str,
    error: i32,
    writer: usize,
) -> Vec<String> {
    let mut child = command("commit 25", path, writer)
        .env("LD_PRELOAD", library)
        .env(refused, error.to_string())
        .spawn()
        .unwrap();
    let saved = saved_names(&mut child);
    child.wait().unwrap();
    saved
}

#[test]
fn saves_without_folder_sync_or_settable_times() {
    let (folder, path, mut store) = sample();
    let Some(library) = build_refusals(folder.path()) else {
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
        let saved = commit_with_refusals(&path, &library, refused, error, writer);
        assert_eq!(saved.len(), 25, "{refused} {error}");
        there += 25;
        assert_eq!(hats_in_file(&path).len(), there);
        assert_clean(&path);
    }
    // A real disk error is still an error.
    for refused in ["REFUSE_FOLDER_SYNC", "REFUSE_TIMES"] {
        assert_eq!(
            commit_with_refusals(&path, &library, refused, EIO, 9),
            [""; 0],
            "{refused}"
        );
    }
    store.refresh().unwrap();
    add_hat(&mut store, "last").unwrap();
    assert_clean(&path);
}

/// Without a unique time a file may be changed again within a tick of the clock, so it is reloaded until it is older.
#[test]
fn sees_change_right_after_commit_without_settable_times() {
    use hatrack::store::{Disk, DiskFault, DiskOperation, Refreshed, Store};
    let (_folder, path, _) = sample();
    let hook = |step| match step {
        DiskOperation::SetTime => Err(DiskFault {
            error: std::io::Error::from_raw_os_error(EPERM),
            written: 0,
        }),
        _ => Ok(()),
    };
    let disk = Disk {
        hook: Some(std::sync::Arc::new(hook)),
        ..Disk::default()
    };
    let mut store = Store::open_with(&path, options_for("alice"), disk, &|_, _| ()).unwrap();
    for round in 0..rounds(100, 1000) {
        add_hat(&mut store, &format!("n{round}")).unwrap();
        let (from, to) = [("Courses", "Cursus!"), ("Cursus!", "Courses")][round % 2];
        let text = fs::read_to_string(&path).unwrap();
        // In place: inode and length stay the same.
        let file = fs::File::options().write(true).open(&path).unwrap();
        std::os::unix::fs::FileExt::write_all_at(&file, text.replace(from, to).as_bytes(), 0).unwrap();
        assert_eq!(store.refresh().unwrap(), Refreshed::Changed, "round {round}");
        assert_eq!(
            store.wardrobe().room(&courses()).unwrap().name.as_deref(),
            Some(to)
        );
    }
}

/// A folder that is writable but not readable cannot be opened for syncing.
#[test]
fn saves_in_a_folder_that_cannot_be_listed() {
    if !rustix::process::geteuid().is_root() {
        skipped(false, "only root can act as somebody else");
        return;
    }
    let (folder, path, _) = sample();
    let user = 54_321;
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let program = super::child::copy_of_test_binary(folder.path());
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
    assert_eq!(saved_names(&mut child).len(), 25);
    assert!(child.wait().unwrap().success());
    assert_clean(&path);
}

/// A container mounts only the data file, which then cannot be replaced.
#[test]
fn explains_data_file_mounted_as_a_single_file() {
    let (folder, path, _) = sample();
    let at = folder.path().join("inside/hats.json");
    fs::create_dir(at.parent().unwrap()).unwrap();
    fs::write(&at, "").unwrap();
    let Some(mount) = Mount::new(&at, &["--bind", path.to_str().unwrap()]) else {
        return;
    };
    let mut store = open(&at, "alice");
    let (change, before) = (hat_change(&store, "a"), fs::read(&path).unwrap());
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
