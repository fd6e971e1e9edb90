//! A session is a viewer as long as nothing can be written.

use std::fs;
use std::os::unix::fs::{PermissionsExt, chown};
use std::process::Command;
use std::time::{Duration, Instant};

use hatrack::store::{Disk, StoreEvent};

use super::child;
use super::common::*;
use super::worker::Session;

#[test]
fn read_only_file_makes_a_viewer_until_writable() {
    let (_folder, path, _) = sample();
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
    assert!(session.worker.stop());
}

/// The same for the folder; root could write to it whatever its mode is.
#[test]
fn read_only_folder_makes_a_viewer_until_writable() {
    let (folder, path, _) = sample();
    let inner = path.parent().unwrap();
    let mut command = child::command("follow", &path, 0);
    if rustix::process::geteuid().is_root() {
        let nobody = 54_321;
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
        fs::set_permissions(inner.parent().unwrap(), fs::Permissions::from_mode(0o755)).unwrap();
        for file in [inner, &path, &path.with_file_name("hats.history.jsonl")] {
            chown(file, Some(nobody), Some(nobody)).unwrap();
        }
        // The test binary may be in a folder that only root can enter.
        let program = child::copy_of_test_binary(folder.path());
        command = Command::new("setpriv");
        command.args(["--reuid=54321", "--regid=54321", "--clear-groups", "--"]);
        command.arg(&program).current_dir("/");
        child::wrapped(&mut command, "follow", &path, 0);
    }
    let mut child = command.spawn().unwrap();
    let mut output = child::SavedNames::new(&mut child);
    let mut said = vec![output.next().unwrap()];
    for mode in [0o500, 0o700] {
        fs::set_permissions(inner, fs::Permissions::from_mode(mode)).unwrap();
        said.push(output.next().unwrap());
    }
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(said[0], "writer");
    assert!(said[1].contains("permission denied"), "{said:?}");
    assert_eq!(said[2], "writer");
}
