//! What was changed outside is told by the content: copies are none, and what an editor saves among commits is noted with
//! its edits.

use std::fmt::Write as _;
use std::fs::{self, File};
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use hatrack::model::{Attachment, Wardrobe};
use hatrack::store::check;

use super::common::*;
use super::external::{in_place, moved_over, replaced};

/// Also for a program that starts only then, and knows the file by the history's digest alone.
#[test]
fn a_copy_in_its_place_is_no_change_for_who_starts_after_it() {
    for reformatted in [false, true] {
        let (_folder, path, store) = begun();
        drop(store);
        let first = fs::read_to_string(&path).unwrap();
        let copy = if reformatted {
            // Nor is what any program may do to its form.
            first.replace("  ", "\t").replace('\n', "\r\n")
        } else {
            first.clone()
        };
        moved_over(&path, &copy);
        assert_eq!(check(&path).remarks, [] as [&str; 0]);
        assert_eq!(
            give(&mut open(&path, "bob"), "a"),
            Ok(Some(3)),
            "nothing is noted"
        );
        // The first content again: that is one, and what it takes back is told from the history.
        moved_over(&path, &first);
        let mut later = open(&path, "carol");
        assert_eq!(give(&mut later, "b"), Ok(Some(5)));
        let noted = &history(&later)[1];
        assert!(noted.outside && noted.group.0.len() == 1, "{noted:?}");
        // Content that nobody has seen before, in the place of one that nobody has in memory: the history has all of it.
        moved_over(&path, &replaced(&path, "Courses", "Cursus!"));
        let mut later = open(&path, "dave");
        assert_eq!(give(&mut later, "c"), Ok(Some(7)));
        let noted = &history(&later)[1];
        assert!(noted.outside && noted.group.0.len() == 1, "{noted:?}");
        // Now it does not any more.
        later.forget(history(&later)[0].time).unwrap();
        moved_over(&path, &replaced(&path, "Cursus!", "Courses"));
        let mut later = open(&path, "erin");
        assert_eq!(give(&mut later, "d"), Ok(Some(9)));
        let noted = &history(&later)[1];
        assert!(noted.outside && noted.group.is_empty(), "{noted:?}");
        assert_clean(&path);
    }
}

/// The times and the length are the same, the content is not: the digest tells.
#[test]
fn a_change_that_hides_behind_the_same_length_and_times_is_noted() {
    let (_folder, path, store) = begun();
    drop(store);
    let times = path.metadata().unwrap().modified().unwrap();
    in_place(&path, &replaced(&path, "Courses", "Cursus!"));
    File::options()
        .write(true)
        .open(&path)
        .unwrap()
        .set_modified(times)
        .unwrap();
    let mut later = open(&path, "bob");
    assert_eq!(give(&mut later, "a"), Ok(Some(4)));
    assert!(history(&later)[1].outside);
    assert_clean(&path);
}

/// What the history says, from its beginning, comes to what the file holds.
fn replay(path: &Path) -> Wardrobe {
    let mut wardrobe = Wardrobe::default();
    for entry in history(&open(path, "check")).iter().rev() {
        assert!(!entry.group.is_empty(), "{entry:?}");
        wardrobe.apply(&entry.group).unwrap();
        wardrobe.revision = entry.revision;
    }
    wardrobe
}

/// An editor saves a thousand times among the commits of three sessions, with `flock` and without: every one of its changes
/// that a commit met is in the history, with what it changed.
#[test]
fn what_an_editor_saves_among_commits_is_noted_with_its_edits() {
    for locked in [true, false] {
        let folder = quick_folder();
        let path = folder.path().join("hats.json");
        begin(&mut open(&path, "alice"));
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
                            let change = group(&store, |w| {
                                if hats(w).contains(&name) {
                                    w.remove_user_hat(&terry(), &courses(), &hat(&name))
                                } else {
                                    w.add_user_hat(&terry(), &courses(), &hat(&name), Attachment::default())
                                }
                            });
                            // Without the lock the editor may take back what it builds on.
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
                moved_over(&path, &format!("{before}\"name\": \"Number {number}\"{after}"));
                if locked {
                    lock.unlock().unwrap();
                }
                // Among commits: two for each four times that it saves.
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
        assert!(noted > 20, "{noted}");
        let told = replay(&path);
        // Only what came after the last commit may be missing.
        if check(&path).remarks.is_empty() {
            assert_eq!(&told, last.wardrobe());
        }
        give(&mut last, "last").unwrap();
    }
}

/// Lines without digest and length, as the first version wrote them: what was told by the file's identity still is.
#[test]
fn a_history_of_an_older_version_goes_on() {
    for changed in [false, true] {
        let (_folder, path, store) = begun();
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
            moved_over(&path, &replaced(&path, "Courses", "Cursus!"));
        }
        let revision = if changed { 4 } else { 3 };
        assert_eq!(give(&mut store, "a"), Ok(Some(revision)));
        let entries = history(&store);
        assert_eq!(entries[1].outside, changed);
        assert!(!entries[1].group.is_empty());
        assert!(fs::read_to_string(&beside).unwrap().starts_with(&older));
        assert_clean(&path);
    }
}

/// Somebody writes the largest number there is into the history.
#[test]
fn a_history_line_with_the_largest_revision_is_named() {
    let (_folder, path, mut store) = begun();
    let beside = path.with_file_name("hats.history.jsonl");
    let text = fs::read_to_string(&beside).unwrap();
    let largest = r#"{"revision":9007199254740991,"id":"","time":"2024-01-01T00:00:00Z","edits":[]}"#;
    fs::write(&beside, format!("{text}{largest}\n")).unwrap();
    let change = giving(&store, "a");
    let error = store
        .commit(std::slice::from_ref(&change))
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("hats.history.jsonl: line 3 has the largest revision there is; delete that line"),
        "{error}"
    );
    fs::write(&beside, text).unwrap();
    assert_eq!(commit(&mut store, change), Ok(Some(3)));
    assert_clean(&path);
}
