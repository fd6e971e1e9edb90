//! Kills and faults during an export or a repair of the history: nothing is left half done.

use std::fs;
use std::io;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use hatrack::store::{self, Disk, DiskFault, repair_history_on, write_file};

use super::child::{saved_names, wrapped};
use super::common::*;
use super::machine_faults::strace;

/// Exports in a process that is killed in this system call; returns the files in the folder.
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
    assert!(saved_names(&mut child).is_empty(), "{call}");
    assert!(!child.wait().unwrap().success());
    files(path.parent().unwrap())
}

#[test]
fn killed_export_leaves_nothing_behind() {
    if !strace() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("hats.csv");
    let sample = files(folder.path());
    for call in ["fsync", "linkat"] {
        let left = killed_in(call, &path);
        assert!(
            left == sample || (call == "linkat" && left.len() == 1),
            "{call}: {left:?}"
        );
    }
    // If it is killed between linking and renaming, the next export removes the leftover.
    assert_eq!(killed_in("/^rename", &path).len(), 1);
    fs::write(folder.path().join(".other.1.hatrack-export"), "half of it").unwrap();
    let writing = fs::File::create(folder.path().join(".busy.2.hatrack-export")).unwrap();
    writing.lock().unwrap();
    write_file(&path, b"whole", true, None).unwrap();
    assert_eq!(files(folder.path()), [".busy.2.hatrack-export", "hats.csv"]);
    assert_eq!(fs::read(&path).unwrap(), b"whole");
}

/// Each operation of a repair fails once, or the process ends there: the damaged lines are either in the history or,
/// complete, in a separate file, and after another repair they are in that file once.
#[test]
fn repair_moves_damaged_lines_whole_and_once() {
    for permanent in [false, true] {
        for at in 0.. {
            let folder = memory_folder();
            let path = folder.path().join("hats.json");
            create_sample(&mut open(&path, "alice"));
            let beside = path.with_file_name("hats.history.jsonl");
            let whole = fs::read_to_string(&beside).unwrap();
            let (first, second) = whole.split_once('\n').unwrap();
            fs::write(&beside, format!("{{damaged\n{first}\n\u{fffd}\0\n{second}")).unwrap();
            let damaged = "{damaged\n\u{fffd}\0\n";

            let count = Arc::new(AtomicUsize::new(0));
            let counted = count.clone();
            let hook = move |_| {
                let now = counted.fetch_add(1, Ordering::Relaxed);
                if now == at || (permanent && now > at) {
                    let (error, after) = (io::ErrorKind::StorageFull.into(), 5);
                    return Err(DiskFault {
                        error,
                        written: after,
                    });
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
            // The next start removes leftovers; the next repair does the rest.
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
                assert_eq!(repaired.unwrap().moved_to, Some(aside));
                assert!(at > 15, "it has more operations than {at}");
                break;
            }
        }
    }
}

/// The same damaged lines again use the existing file; others get a new one.
#[test]
fn repair_numbers_files_of_different_damage() {
    let (_folder, path, _) = sample();
    let beside = path.with_file_name("hats.history.jsonl");
    let whole = fs::read_to_string(&beside).unwrap();
    for (damaged, number) in [("one", 1), ("two", 2), ("one", 1), ("and", 3)] {
        fs::write(&beside, format!("{damaged}\n{whole}")).unwrap();
        let copy = store::repair_history(&path).unwrap().moved_to.unwrap();
        assert!(
            copy.ends_with(format!("hats.history.damaged-{number}.jsonl")),
            "{copy:?}"
        );
        assert_eq!(fs::read_to_string(copy).unwrap(), format!("{damaged}\n"));
    }
}
