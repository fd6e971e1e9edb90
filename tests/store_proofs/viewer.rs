//! Where nothing can be written a session is a viewer, and no longer than that.

use std::fs;
use std::os::unix::fs::{PermissionsExt, chown};
use std::process::Command;
use std::time::{Duration, Instant};

use hatrack::store::{Disk, StoreEvent};

use super::child;
use super::common::*;
use super::keeper::Session;

#[test]
fn where_nothing_can_be_written_it_is_a_viewer_that_says_so_until_that_is_over() {
    let (_folder, path, _) = begun();
    let mode = |mode| fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
    mode(0o400);
    let session = Session::start(&path, Disk::default());
    assert!(session.opened().read_only.unwrap().contains("read-only"));
    for (now, read_only) in [(0o600, false), (0o400, true), (0o600, false)] {
        let asked = Instant::now();
        mode(now);
        let StoreEvent::Changed(snapshot) = session.next() else {
            panic!();
        };
        assert_eq!(snapshot.read_only.is_some(), read_only);
        assert!(asked.elapsed() < Duration::from_millis(2500));
    }
    assert!(session.keeper.stop());
}

/// The same with the folder, which only root may write in whatever its mode is.
#[test]
fn a_folder_that_takes_no_change_makes_a_viewer_until_that_is_over() {
    let (folder, path, _) = begun();
    let inner = path.parent().unwrap();
    let mut command = child::command("follow", &path, 0);
    if rustix::process::geteuid().is_root() {
        let nobody = 54_321;
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
        fs::set_permissions(inner.parent().unwrap(), fs::Permissions::from_mode(0o755)).unwrap();
        for file in [inner, &path, &path.with_file_name("hats.history.jsonl")] {
            chown(file, Some(nobody), Some(nobody)).unwrap();
        }
        // The test binary may be where only root can go.
        let program = folder.path().join("program");
        fs::copy(std::env::current_exe().unwrap(), &program).unwrap();
        command = Command::new("setpriv");
        command.args(["--reuid=54321", "--regid=54321", "--clear-groups", "--"]);
        command.arg(&program).current_dir("/");
        child::wrapped(&mut command, "follow", &path, 0);
    }
    let mut child = command.spawn().unwrap();
    let mut voice = child::Voice::of(&mut child);
    let mut said = vec![voice.next().unwrap()];
    for mode in [0o500, 0o700] {
        fs::set_permissions(inner, fs::Permissions::from_mode(mode)).unwrap();
        said.push(voice.next().unwrap());
    }
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(said[0], "writer");
    assert!(said[1].contains("permission denied"), "{said:?}");
    assert_eq!(said[2], "writer");
}
