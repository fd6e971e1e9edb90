//! Permissions: those of the data file are kept by every commit and apply to related files, and at no moment can more
//! users access a file than before.

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex};

use hatrack::store::{Disk, DiskOperation, Store};
use jiff::Timestamp;
use rustix::fs::{XattrFlags, getxattr, setxattr};

use super::child::{saved_names, wrapped};
use super::common::*;
use super::machine_faults::{injected, run, strace};
use super::skip::skipped;

/// Ids that need no account.
const BOB: u32 = 54_321;
const CAROL: u32 = 54_322;
const DAVE: u32 = 54_323;

fn setfacl(path: &Path, entries: &str) -> bool {
    let set = run("setfacl", &["-m", entries, path.to_str().unwrap()]);
    if let Err(why) = &set {
        skipped(false, why);
    }
    set.is_ok()
}

/// The access control list, one entry per line, without comments.
fn list(path: &Path) -> Vec<String> {
    let output = Command::new("getfacl")
        .args(["--omit-header", "--numeric", "--absolute-names", "--no-effective"])
        .arg(path)
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines()
        .filter(|line| !line.is_empty())
        .map(str::to_string)
        .collect()
}

/// Whether a user, with a group of the same id, can open a file with this shell redirection.
fn can(user: u32, path: &Path, how: &str) -> bool {
    let script = format!("exec 3{how} \"$1\"");
    let id = user.to_string();
    let path = path.to_str().unwrap();
    let arguments = [
        "--reuid",
        &id,
        "--regid",
        &id,
        "--clear-groups",
        "sh",
        "-c",
        &script,
        "sh",
        path,
    ];
    run("setpriv", &arguments).is_ok()
}

/// A world-accessible folder with a wardrobe, and a copy of the test program that everyone can run.
fn shared() -> Option<(tempfile::TempDir, PathBuf, PathBuf)> {
    if !rustix::process::geteuid().is_root() {
        skipped(false, "only root can act as several users");
        return None;
    }
    let (folder, path, _) = sample();
    let program = super::child::copy_of_test_binary(folder.path());
    for above in path.ancestors().skip(1).take(3) {
        fs::set_permissions(above, Permissions::from_mode(0o777)).unwrap();
    }
    Some((folder, path, program))
}

fn commits_as(user: u32, program: &Path, path: &Path) -> usize {
    let mut command = Command::new("setpriv");
    let id = user.to_string();
    command
        .args(["--reuid", &id, "--regid", &id, "--clear-groups"])
        .arg(program);
    wrapped(command.current_dir("/"), "commit 3", path, user as usize);
    saved_names(&mut command.spawn().unwrap()).len()
}

#[test]
fn acl_and_attributes_are_kept_and_applied_to_related_files() {
    let (_folder, path, mut store) = sample();
    if !setfacl(&path, "u:54321:rw,u:54322:r,g:54300:rw,m::rw,o::-") {
        return;
    }
    let beside = [
        path.with_file_name("hats.history.jsonl"),
        path.with_file_name("hats.lock"),
    ];
    for (name, value) in [("user.origin", &b"backup\0of monday"[..]), ("user.empty", b"")] {
        setxattr(&path, name, value, XattrFlags::empty()).unwrap();
    }
    let before = list(&path);
    assert!(before.contains(&"group::---".to_string()), "{before:?}");
    add_hat(&mut store, "a").unwrap();
    assert_eq!(list(&path), before);
    let mut buffer = [0; 64];
    let length = getxattr(&path, "user.origin", &mut buffer[..]).unwrap();
    assert_eq!(&buffer[..length], b"backup\0of monday");
    assert_eq!(getxattr(&path, "user.empty", &mut buffer[..]), Ok(0));
    assert_eq!(list(&beside[0]), before);
    let lock: Vec<String> = before.iter().map(|entry| entry.replace("r--", "---")).collect();
    assert_eq!(list(&beside[1]), lock, "who only reads does not lock");
    // Forgetting rewrites the history.
    store.forget(Timestamp::MAX).unwrap();
    assert_eq!(list(&beside[0]), before);
    // Removed permissions are removed everywhere.
    run("setfacl", &["-b", path.to_str().unwrap()]).unwrap();
    fs::set_permissions(&path, Permissions::from_mode(0o640)).unwrap();
    rustix::fs::removexattr(&path, "user.origin").unwrap();
    add_hat(&mut store, "b").unwrap();
    let modes = [path.clone(), beside[0].clone(), beside[1].clone()].map(|path| {
        assert_eq!(list(&path).len(), 3, "{path:?}");
        path.metadata().unwrap().mode() & 0o7777
    });
    assert_eq!(modes, [0o640, 0o640, 0o600]);
    assert!(getxattr(&path, "user.origin", &mut buffer[..]).is_err());
    assert_clean(&path);
}

#[test]
fn default_acl_applies_to_the_first_file_only() {
    let folder = tempfile::tempdir().unwrap();
    for entries in [
        "d:u:54321:rwx,d:g::-,d:o::r",
        "d:u:54321:r,d:g::r,d:o::-,d:m::r",
        "d:g::r,d:o::r",
    ] {
        let at = tempfile::tempdir_in(&folder).unwrap();
        if !setfacl(at.path(), entries) {
            return;
        }
        let path = at.path().join("hats.json");
        create_sample(&mut open(&path, "alice"));
        let other = at.path().join("other");
        fs::File::options()
            .write(true)
            .create_new(true)
            .mode(0o660)
            .open(&other)
            .unwrap();
        let expected = list(&other);
        assert_eq!(list(&path), expected, "{entries}");
        assert_eq!(list(&path.with_file_name("hats.history.jsonl")), expected);
        // A file that was made private stays private.
        run("setfacl", &["-b", path.to_str().unwrap()]).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
        add_hat(&mut open(&path, "alice"), "a").unwrap();
        for name in ["hats.json", "hats.history.jsonl", "hats.lock"] {
            assert_eq!(
                list(&path.with_file_name(name)),
                ["user::rw-", "group::---", "other::---"]
            );
        }
    }
}

/// A user who shares a file by an access control list owns it after a commit, as only root can change owners. All who
/// could read or write it before still can, and nobody else.
#[test]
fn users_sharing_by_acl_keep_access() {
    let Some((_folder, path, program)) = shared() else {
        return;
    };
    let names = ["hats.json", "hats.history.jsonl", "hats.lock"].map(|name| path.with_file_name(name));
    for name in &names {
        chown(name, Some(BOB), Some(BOB)).unwrap();
    }
    if !setfacl(&path, &format!("u:{CAROL}:rw,u:{DAVE}:r,g::-,o::-")) {
        return;
    }
    add_hat(&mut open(&path, "root"), "a").unwrap();
    let of_root = path.metadata().unwrap();
    assert_eq!((of_root.uid(), of_root.gid()), (BOB, BOB));
    let nobody = 54_399;
    for (writer, there) in [(CAROL, 4), (BOB, 7), (CAROL, 10), (BOB, 13)] {
        assert_eq!(commits_as(writer, &program, &path), 3);
        assert_eq!(hats_in_file(&path).len(), there);
        assert_eq!(path.metadata().unwrap().uid(), writer);
        for user in [BOB, CAROL] {
            assert!(
                can(user, &path, "<>") && can(user, &names[2], "<>"),
                "{user}: {:?}",
                list(&path)
            );
        }
        assert!(
            can(DAVE, &path, "<") && !can(DAVE, &path, "<>"),
            "{:?}",
            list(&path)
        );
        assert!(!can(DAVE, &names[2], "<"), "{:?}", list(&names[2]));
        for name in &names {
            assert!(!can(nobody, name, "<"), "{:?}", list(name));
        }
    }
    assert_clean(&path);
}

/// Recreated files have the access of the deleted ones.
#[test]
fn recreated_file_has_the_same_access() {
    let (_folder, path, mut store) = sample();
    if !setfacl(&path, "u:54321:rw,g::-,o::r") {
        return;
    }
    let before = list(&path);
    store.refresh().unwrap();
    for name in ["hats.json", "hats.history.jsonl", "hats.lock"] {
        fs::remove_file(path.with_file_name(name)).unwrap();
    }
    store.recreate().unwrap();
    assert_eq!(list(&path), before);
    assert_eq!(list(&path.with_file_name("hats.history.jsonl")), before);
    assert_eq!(
        path.with_file_name("hats.lock").metadata().unwrap().mode() & 0o007,
        0
    );
}

/// With a world-readable data file, anyone could otherwise take the lock and exclude all writers. Also for locks made by older versions.
#[test]
fn readers_cannot_take_the_lock() {
    let Some((_folder, path, _)) = shared() else {
        return;
    };
    fs::set_permissions(&path, Permissions::from_mode(0o644)).unwrap();
    let lock = path.with_file_name("hats.lock");
    let beside = path.with_file_name("hats.history.jsonl");
    fs::set_permissions(&lock, Permissions::from_mode(0o644)).unwrap();
    fs::set_permissions(&beside, Permissions::from_mode(0o666)).unwrap();
    assert!(can(DAVE, &lock, "<"));
    add_hat(&mut open(&path, "alice"), "a").unwrap();
    assert!(can(DAVE, &path, "<") && !can(DAVE, &lock, "<") && !can(DAVE, &beside, "<>"));
    // Reading does not need the lock.
    assert_eq!(open(&path, "alice").wardrobe().revision, 3);
    for (mode, expected) in [(0o664, 0o660), (0o666, 0o666), (0o646, 0o606), (0o600, 0o600)] {
        fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
        add_hat(&mut open(&path, "alice"), &format!("m{mode:o}")).unwrap();
        assert_eq!(lock.metadata().unwrap().mode() & 0o777, expected, "{mode:o}");
        assert_eq!(path.metadata().unwrap().mode() & 0o777, mode);
    }
}

/// Someone who has the new file open before it is renamed could lock it and exclude all writers after a crash.
#[test]
fn temporary_file_is_private_until_renamed() {
    let (_folder, path, _) = sample();
    fs::set_permissions(&path, Permissions::from_mode(0o666)).unwrap();
    let temporary = path.with_file_name(".hats.json.hatrack-tmp");
    let seen = Arc::new(Mutex::new(Vec::new()));
    let noted = seen.clone();
    let hook = move |step| {
        if let Ok(there) = temporary.metadata() {
            noted.lock().unwrap().push((step, there.mode() & 0o777));
        }
        Ok(())
    };
    let disk = Disk {
        hook: Some(Arc::new(hook)),
        ..Disk::default()
    };
    let mut store = Store::open_with(&path, options_for("alice"), disk, &|_, _| ()).unwrap();
    add_hat(&mut store, "a").unwrap();
    let seen = seen.lock().unwrap();
    let opened = seen.iter().position(|(_, mode)| *mode != 0o600).unwrap();
    let after: Vec<DiskOperation> = seen[opened..].iter().map(|(step, _)| *step).collect();
    assert_eq!(
        after,
        [
            DiskOperation::Sync,
            DiskOperation::Stat,
            DiskOperation::Stat,
            DiskOperation::Rename
        ]
    );
    assert!(
        seen.iter()
            .any(|(step, mode)| (*step, *mode) == (DiskOperation::Write, 0o600))
    );
}

#[test]
fn commit_fails_when_attributes_cannot_be_kept() {
    if !strace() {
        return;
    }
    let (_folder, path, _) = sample();
    setxattr(&path, "user.origin", b"backup", XattrFlags::empty()).unwrap();
    let before = fs::read(&path).unwrap();
    let (saved, done, reached) = injected(&path, 1, "fsetxattr", "error=EOPNOTSUPP");
    assert!(saved.is_empty() && !done && reached, "{saved:?} {done} {reached}");
    assert_eq!(fs::read(&path).unwrap(), before);
    assert_clean(&path);
    add_hat(&mut open(&path, "alice"), "a").unwrap();
    assert_clean(&path);
}
