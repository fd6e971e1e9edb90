//! Killed while a file is exported, or damaged lines of the history are put aside: nothing stays half done.

use std::fs;
use std::io;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use hatrack::store::{self, Disk, DiskFault, repair_history_on, write_file};

use super::child::{said, wrapped};
use super::common::*;
use super::machine::strace;

/// Exports in a process that is killed in a system call; what is in the folder then.
fn killed_in(call: &str, path: &Path) -> Vec<String> {
    let mut command = Command::new("strace");
    command.args([
        "-f",
        "-qq",
        "-o",
        "/dev/null",
        "-e",
        &format!("inject={call}:signal=KILL"),
    ]);
    command.arg(std::env::current_exe().unwrap());
    wrapped(&mut command, "export", path, 0);
    let mut child = command.spawn().unwrap();
    assert!(said(&mut child).is_empty(), "{call}");
    assert!(!child.wait().unwrap().success());
    files(path.parent().unwrap())
}

#[test]
fn an_export_that_is_killed_leaves_nothing_or_what_the_next_one_removes() {
    if !strace() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("hats.csv");
    let begun = files(folder.path());
    for call in ["fsync", "linkat"] {
        let left = killed_in(call, &path);
        assert!(
            left == begun || (call == "linkat" && left.len() == 1),
            "{call}: {left:?}"
        );
    }
    // Where it is killed between getting a name and taking the place of another file, the next one tidies up.
    assert_eq!(killed_in("/^rename", &path).len(), 1);
    fs::write(folder.path().join(".other.1.hatrack-export"), "half of it").unwrap();
    let writing = fs::File::create(folder.path().join(".busy.2.hatrack-export")).unwrap();
    writing.lock().unwrap();
    write_file(&path, b"whole", true, None).unwrap();
    assert_eq!(files(folder.path()), [".busy.2.hatrack-export", "hats.csv"]);
    assert_eq!(fs::read(&path).unwrap(), b"whole");
}

/// Each operation of a repair fails once, or the process ends there: the damaged lines are in the history or in one file
/// of their own, whole, and tried again they are in that file once.
#[test]
fn damaged_lines_are_put_aside_whole_and_once() {
    for for_ever in [false, true] {
        for at in 0.. {
            let folder = quick_folder();
            let path = folder.path().join("hats.json");
            begin(&mut open(&path, "alice"));
            let beside = path.with_file_name("hats.history.jsonl");
            let whole = fs::read_to_string(&beside).unwrap();
            let (first, second) = whole.split_once('\n').unwrap();
            fs::write(&beside, format!("{{damaged\n{first}\n\u{fffd}\0\n{second}")).unwrap();
            let damaged = "{damaged\n\u{fffd}\0\n";

            let count = Arc::new(AtomicUsize::new(0));
            let counted = count.clone();
            let hook = move |_| {
                let now = counted.fetch_add(1, Ordering::Relaxed);
                if now == at || (for_ever && now > at) {
                    let (error, after) = (io::ErrorKind::StorageFull.into(), 5);
                    return Err(DiskFault { error, after });
                }
                Ok(())
            };
            let disk = Disk {
                hook: Some(Arc::new(hook)),
                ..Disk::default()
            };
            let repaired = repair_history_on(&disk, &path);
            let aside = path.with_file_name("hats.history.damaged-1.jsonl");
            if aside.exists() {
                assert_eq!(fs::read_to_string(&aside).unwrap(), damaged, "{at}: not whole");
            } else {
                assert!(repaired.is_err());
                assert!(
                    fs::read_to_string(&beside).unwrap().contains("{damaged"),
                    "{at}: lost"
                );
            }
            // Whoever starts next removes what was left; the next repair does the rest.
            drop(open(&path, "bob"));
            store::repair_history(&path).unwrap();
            assert_eq!(fs::read_to_string(&beside).unwrap(), whole);
            assert_eq!(fs::read_to_string(&aside).unwrap(), damaged);
            let all = [
                "hats.history.damaged-1.jsonl",
                "hats.history.jsonl",
                "hats.json",
                "hats.lock",
            ];
            assert_eq!(files(folder.path()), all, "{at}");
            if count.load(Ordering::Relaxed) <= at {
                assert_eq!(repaired.unwrap().copy, Some(aside));
                assert!(at > 15, "it has more operations than {at}");
                break;
            }
        }
    }
}

/// The same lines, damaged again later, are in the file that has them; others get one of their own.
#[test]
fn other_lines_get_a_file_of_their_own() {
    let (_folder, path, _) = begun();
    let beside = path.with_file_name("hats.history.jsonl");
    let whole = fs::read_to_string(&beside).unwrap();
    for (damaged, number) in [("one", 1), ("two", 2), ("one", 1), ("and", 3)] {
        fs::write(&beside, format!("{damaged}\n{whole}")).unwrap();
        let copy = store::repair_history(&path).unwrap().copy.unwrap();
        assert!(
            copy.ends_with(format!("hats.history.damaged-{number}.jsonl")),
            "{copy:?}"
        );
        assert_eq!(fs::read_to_string(copy).unwrap(), format!("{damaged}\n"));
    }
}
