//! Changes outside hatrack are detected by content: copies are none, and what an editor saves between commits is
//! recorded with its edits.

use std::fmt::Write as _;
use std::fs::{self, File};
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use hatrack::model::{Attachment, Wardrobe};
use hatrack::store::check;

use super::common::*;
use super::external::{rename_over, replaced, write_in_place};

/// Also for a process that starts later and knows the content only by the digest in the history.
#[test]
fn copy_of_the_same_content_is_not_an_outside_change() {
    for reformatted in [false, true] {
        let (_folder, path, store) = sample();
        drop(store);
        let first = fs::read_to_string(&path).unwrap();
        let copy = if reformatted {
            // Reformatting is no change either.
            first.replace("  ", "\t").replace('\n', "\r\n")
        } else {
            first.clone()
        };
        rename_over(&path, &copy);
        assert_eq!(check(&path).remarks, [] as [&str; 0]);
        assert_eq!(
            add_hat(&mut open(&path, "bob"), "a"),
            Ok(Some(3)),
            "nothing is noted"
        );
        // Restoring the first content is a change; its edits are derived from the history.
        rename_over(&path, &first);
        let mut later = open(&path, "carol");
        assert_eq!(add_hat(&mut later, "b"), Ok(Some(5)));
        let noted = &history(&later)[1];
        assert!(noted.outside && noted.group.0.len() == 1, "{noted:?}");
        // New content replaces one that no process has in memory: it is reconstructed from the history.
        rename_over(&path, &replaced(&path, "Courses", "Cursus!"));
        let mut later = open(&path, "dave");
        assert_eq!(add_hat(&mut later, "c"), Ok(Some(7)));
        let noted = &history(&later)[1];
        assert!(noted.outside && noted.group.0.len() == 1, "{noted:?}");
        // After forgetting, that is not possible.
        later.forget(history(&later)[0].time).unwrap();
        rename_over(&path, &replaced(&path, "Cursus!", "Courses"));
        let mut later = open(&path, "erin");
        assert_eq!(add_hat(&mut later, "d"), Ok(Some(9)));
        let noted = &history(&later)[1];
        assert!(noted.outside && noted.group.is_empty(), "{noted:?}");
        assert_clean(&path);
    }
}

/// Times and length are equal, the content is not: the digest tells.
#[test]
fn records_change_with_same_length_and_times() {
    let (_folder, path, store) = sample();
    drop(store);
    let times = path.metadata().unwrap().modified().unwrap();
    write_in_place(&path, &replaced(&path, "Courses", "Cursus!"));
    File::options()
        .write(true)
        .open(&path)
        .unwrap()
        .set_modified(times)
        .unwrap();
    let mut later = open(&path, "bob");
    assert_eq!(add_hat(&mut later, "a"), Ok(Some(4)));
    assert!(history(&later)[1].outside);
    assert_clean(&path);
}

/// Replays the whole history.
fn replay(path: &Path) -> Wardrobe {
    let mut wardrobe = Wardrobe::default();
    for entry in history(&open(path, "check")).iter().rev() {
        assert!(!entry.group.is_empty(), "{entry:?}");
        wardrobe.apply(&entry.group).unwrap();
        wardrobe.revision = entry.revision;
    }
    wardrobe
}

/// An editor saves a thousand times between the commits of three sessions, with `flock` and without: every change that
/// a commit found is in the history with its edits.
#[test]
fn records_edits_of_an_editor_between_commits() {
    for locked in [true, false] {
        let folder = memory_folder();
        let path = folder.path().join("hats.json");
        create_sample(&mut open(&path, "alice"));
        let (done, given) = (AtomicBool::new(false), AtomicUsize::new(0));
        std::thread::scope(|scope| {
            let writers: Vec<_> = (0..3)
                .map(|writer| {
                    let (path, done, given) = (&path, &done, &given);
                    scope.spawn(move || {
                        let mut store = open(path, &format!("writer {writer}"));
                        let mut count = 0;
                        while !done.load(Ordering::Relaxed) {
                            let name = format!("w{writer}.{}", count % 7);
                            store.refresh().unwrap();
                            let change = build_change(&store, |w| {
                                if hats(w).contains(&name) {
                                    w.remove_user_hat(&terry(), &courses(), &hat(&name))
                                } else {
                                    w.add_user_hat(&terry(), &courses(), &hat(&name), Attachment::default())
                                }
                            });
                            // Without the lock the editor may revert what this change is based on.
                            let result = store.commit(&[change]).map(|mut results| results.remove(0));
                            assert!(!locked || result.is_ok(), "{result:?}");
                            if matches!(result, Ok(Ok(_))) {
                                count += 1;
                                given.fetch_add(1, Ordering::Relaxed);
                            }
                        }
                    })
                })
                .collect();
            let lock = File::open(path.with_file_name("hats.lock")).unwrap();
            for number in 0..rounds(1000, 5000) {
                if locked {
                    lock.lock().unwrap();
                }
                let text = fs::read_to_string(&path).unwrap();
                let (before, rest) = text.split_once("\"name\": \"").unwrap();
                let (_, after) = rest.split_once('"').unwrap();
                rename_over(&path, &format!("{before}\"name\": \"Number {number}\"{after}"));
                if locked {
                    lock.unlock().unwrap();
                }
                // Save only as fast as others commit: at least one commit for every two saves.
                while given.load(Ordering::Relaxed) < number / 2 {
                    std::thread::yield_now();
                }
            }
            done.store(true, Ordering::Relaxed);
            for writer in writers {
                writer.join().unwrap();
            }
        });
        let mut last = open(&path, "last");
        let noted = history(&last).iter().filter(|entry| entry.outside).count();
        println!("locked: {locked}; among {given:?} commits {noted} were noted");
        assert!(noted > 0, "{noted}");
        let told = replay(&path);
        // Only changes after the last commit may be missing.
        if check(&path).remarks.is_empty() {
            assert_eq!(&told, last.wardrobe());
        }
        add_hat(&mut last, "last").unwrap();
    }
}

/// Lines without digest and length, as the first version wrote them, are still compared by file identity.
#[test]
fn continues_history_of_older_version() {
    for changed in [false, true] {
        let (_folder, path, store) = sample();
        drop(store);
        let beside = path.with_file_name("hats.history.jsonl");
        let text = fs::read_to_string(&beside).unwrap();
        let mut older = String::new();
        for line in text.lines() {
            let mut line: serde_json::Value = serde_json::from_str(line).unwrap();
            let members = line.as_object_mut().unwrap();
            assert!(members.remove("digest").is_some() && members.remove("length").is_some());
            writeln!(older, "{line}").unwrap();
        }
        fs::write(&beside, &older).unwrap();
        let mut store = open(&path, "alice");
        assert_eq!(store.find_undo().unwrap().undo.unwrap().revision, 2);
        if changed {
            rename_over(&path, &replaced(&path, "Courses", "Cursus!"));
        }
        let revision = if changed { 4 } else { 3 };
        assert_eq!(add_hat(&mut store, "a"), Ok(Some(revision)));
        let entries = history(&store);
        assert_eq!(entries[1].outside, changed);
        assert!(!entries[1].group.is_empty());
        assert!(fs::read_to_string(&beside).unwrap().starts_with(&older));
        assert_clean(&path);
    }
}

/// A line of the history has the largest possible revision.
#[test]
fn revision_limit_error_names_the_history_line() {
    let (_folder, path, mut store) = sample();
    let beside = path.with_file_name("hats.history.jsonl");
    let text = fs::read_to_string(&beside).unwrap();
    let largest = r#"{"revision":9007199254740991,"id":"","time":"2024-01-01T00:00:00Z","edits":[]}"#;
    fs::write(&beside, format!("{text}{largest}\n")).unwrap();
    let change = hat_change(&store, "a");
    let error = store
        .commit(std::slice::from_ref(&change))
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("hats.history.jsonl: the revision of line 3 is too large; delete that line"),
        "{error}"
    );
    fs::write(&beside, text).unwrap();
    assert_eq!(commit(&mut store, change), Ok(Some(3)));
    assert_clean(&path);
}
