//! The file is changed by something that knows nothing of locks: an editor, `jq`, `cp`, `rm`, `chmod`.

use std::fs::{self, File, OpenOptions, Permissions};
use std::io::Write;
use std::os::unix::fs::{FileExt, PermissionsExt, symlink};
use std::path::Path;

use hatrack::model::{Edit, read};
use hatrack::store::{self, Change, Refreshed, Scope, Store, StoreError, StoreOptions};

use super::common::*;

/// The data file's text with one replaced.
pub(crate) fn replaced(path: &Path, from: &str, to: &str) -> String {
    let text = fs::read_to_string(path).unwrap();
    assert!(text.contains(from), "{text}");
    text.replace(from, to)
}

/// As `jq … > tmp && mv tmp hats.json` does it.
pub(crate) fn moved_over(path: &Path, text: &str) {
    let temporary = path.with_file_name("tmp");
    fs::write(&temporary, text).unwrap();
    fs::rename(&temporary, path).unwrap();
}

/// Into the file that is there.
pub(crate) fn in_place(path: &Path, text: &str) {
    OpenOptions::new()
        .write(true)
        .open(path)
        .unwrap()
        .write_all_at(text.as_bytes(), 0)
        .unwrap();
}

#[test]
fn a_change_by_hand_is_the_truth_and_noted_with_the_next_commit() {
    for change in [moved_over, in_place, |path: &Path, text: &str| {
        fs::write(path, text).unwrap();
    }] {
        let (_folder, path, mut store) = begun();
        change(&path, &replaced(&path, "Courses", "Cursus!"));
        assert_eq!(give(&mut store, "a"), Ok(Some(4)));
        assert_eq!(
            &*store.wardrobe().room(&courses()).unwrap().name.clone().unwrap(),
            "Cursus!"
        );
        let entries = history(&store);
        let outside = &entries[1];
        assert!(outside.outside && outside.revision == 3 && &*outside.actor != "alice");
        let [Edit::RoomName { before, after, .. }] = &outside.group.0[..] else {
            panic!("{outside:?}");
        };
        assert_eq!(
            (before.as_deref(), after.as_deref()),
            (Some("Courses"), Some("Cursus!"))
        );
        assert_eq!(hats_in(&path), ["a"]);
        assert_clean(&path);
    }
}

#[test]
fn a_change_in_the_same_moment_and_of_the_same_length_is_seen() {
    let (_folder, path, mut store) = begun();
    for round in 0..rounds(200, 5000) {
        let (from, to) = if round % 2 == 0 {
            ("Courses", "Cursus!")
        } else {
            ("Cursus!", "Courses")
        };
        let text = replaced(&path, from, to);
        if round % 3 == 0 {
            give(&mut store, &format!("n{round}")).unwrap();
            let text = replaced(&path, from, to);
            in_place(&path, &text);
        } else {
            in_place(&path, &text);
        }
        assert_eq!(store.refresh().unwrap(), Refreshed::Changed, "round {round}");
        assert_eq!(
            store.wardrobe().room(&courses()).unwrap().name.as_deref(),
            Some(to)
        );
    }
}

#[test]
fn a_file_that_is_only_touched_or_copied_is_no_change() {
    let (_folder, path, mut store) = begun();
    File::options()
        .write(true)
        .open(&path)
        .unwrap()
        .set_modified(std::time::UNIX_EPOCH)
        .unwrap();
    assert_eq!(store.refresh().unwrap(), Refreshed::Unchanged);
    moved_over(&path, &fs::read_to_string(&path).unwrap());
    assert_eq!(store.refresh().unwrap(), Refreshed::Unchanged);
    assert_eq!(give(&mut store, "a"), Ok(Some(3)));
    assert_eq!(history(&store).len(), 3, "nothing to note");
    assert_clean(&path);
}

#[test]
fn a_backup_that_is_put_back_is_the_truth_and_no_history_is_lost() {
    for by_name in [true, false] {
        let (_folder, path, mut store) = begun();
        let backup = path.with_file_name("backup");
        if by_name {
            // The very same file, times and all.
            fs::hard_link(&path, &backup).unwrap();
        } else {
            fs::copy(&path, &backup).unwrap();
        }
        assert_eq!(give(&mut store, "a"), Ok(Some(3)));
        fs::rename(&backup, &path).unwrap();
        let mut later = open(&path, "bob");
        assert_eq!(hats(later.wardrobe()), [""; 0]);
        assert_eq!(give(&mut later, "b"), Ok(Some(5)));
        assert_eq!(hats_in(&path), ["b"]);
        let entries = history(&later);
        let about: Vec<(u64, bool)> = entries
            .iter()
            .map(|entry| (entry.revision, entry.outside))
            .collect();
        assert_eq!(about, [(5, false), (4, true), (3, false), (2, false), (1, false)]);
        assert_eq!(store.refresh().unwrap(), Refreshed::Changed);
        assert_clean(&path);
    }
}

#[test]
fn a_read_only_file_is_not_replaced_behind_its_owners_back() {
    let (_folder, path, mut store) = begun();
    fs::set_permissions(&path, Permissions::from_mode(0o444)).unwrap();
    let change = giving(&store, "a");
    let error = store.commit(std::slice::from_ref(&change)).unwrap_err();
    assert!(
        matches!(error, StoreError::NotWritable { .. }) && error.to_string().contains("chmod"),
        "{error}"
    );
    assert!(store.snapshot().read_only.unwrap().contains("read-only"));
    assert!(open(&path, "bob").snapshot().read_only.is_some());
    fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
    assert_eq!(store.snapshot().read_only, None);
    assert_eq!(commit(&mut store, change), Ok(Some(3)));
    assert_clean(&path);
}

#[test]
fn a_file_that_is_gone_is_said_and_only_written_again_when_asked() {
    for with_folder in [false, true] {
        let (_folder, path, mut store) = begun();
        let change = giving(&store, "a");
        if with_folder {
            fs::remove_dir_all(path.parent().unwrap()).unwrap();
        } else {
            fs::remove_file(&path).unwrap();
        }
        assert_eq!(store.refresh().unwrap(), Refreshed::Gone);
        assert!(!store.snapshot().exists);
        let error = store.commit(std::slice::from_ref(&change)).unwrap_err();
        assert!(matches!(error, StoreError::Gone { .. }), "{error}");
        assert!(!path.exists(), "nobody asked for it");
        assert!(
            store.wardrobe().room(&courses()).is_some(),
            "what was there is kept in memory"
        );
        store.restore().unwrap();
        assert!(store.snapshot().exists);
        assert_eq!(store.refresh().unwrap(), Refreshed::Unchanged);
        assert_eq!(commit(&mut store, change), Ok(Some(4)));
        assert_eq!(hats_in(&path), ["a"]);
        assert_clean(&path);
    }
}

/// Nobody who starts now has seen what was in it: an empty one would look as if all had been taken away on purpose.
#[test]
fn a_file_that_is_missing_beside_its_history_is_not_begun_anew_unasked() {
    let (_folder, path, store) = begun();
    let (bytes, change) = (fs::read(&path).unwrap(), giving(&store, "a"));
    let beside = path.with_file_name("hats.history.jsonl");
    let lines = fs::read(&beside).unwrap();
    fs::remove_file(&path).unwrap();
    fs::remove_file(&beside).unwrap();
    let mut early = open(&path, "bob");
    fs::write(&beside, &lines).unwrap();
    let missing = |error: StoreError| {
        assert!(matches!(error, StoreError::Missing { .. }), "{error}");
        assert_eq!(error.exit_code(), 4);
        let message = error.to_string();
        assert!(
            message.contains("backup") && message.contains("hats.history.jsonl away"),
            "{message}"
        );
    };
    missing(Store::open(&path, named("carol")).unwrap_err());
    // A session from before there was any of them.
    assert_eq!(early.refresh().unwrap(), Refreshed::Unchanged);
    missing(early.commit(&[Change::default(), change.clone()]).unwrap_err());
    missing(early.restore().unwrap_err());
    assert!(!path.exists());
    assert_eq!(fs::read(&beside).unwrap(), lines);
    let report = store::check(&path);
    assert_eq!(
        (report.exit_code(), report.errors.len()),
        (1, 1),
        "{:?}",
        report.errors
    );
    // What the sentence says works: a backup, or the history out of the way.
    fs::write(&path, bytes).unwrap();
    assert_eq!(
        commit(&mut early, change),
        Ok(Some(3)),
        "the same content is no change"
    );
    assert_clean(&path);
    fs::remove_file(&path).unwrap();
    fs::rename(&beside, path.with_file_name("away")).unwrap();
    assert!(open(&path, "carol").wardrobe().room(&courses()).is_none());
    begin(&mut open(&path, "carol"));
}

/// The history of a first commit that never came to be does not stand in the way.
#[test]
fn a_first_commit_that_was_killed_is_no_missing_file() {
    let folder = quick_folder();
    let path = folder.path().join("hats.json");
    begin(&mut open(&path, "alice"));
    let temporary = path.with_file_name(".hats.json.hatrack-tmp");
    let beside = path.with_file_name("hats.history.jsonl");
    let lines = fs::read_to_string(&beside).unwrap();
    fs::write(&beside, lines.lines().last().unwrap()).unwrap();
    fs::rename(&path, &temporary).unwrap();
    let scope = Scope {
        read_only: true,
        ..Scope::default()
    };
    let options = StoreOptions {
        scope,
        ..named("viewer")
    };
    Store::open(&path, options).unwrap();
    begin(&mut open(&path, "bob"));
    assert_clean(&path);
}

#[test]
fn a_file_that_comes_back_is_read() {
    let (_folder, path, mut store) = begun();
    let bytes = fs::read(&path).unwrap();
    fs::remove_file(&path).unwrap();
    assert_eq!(store.refresh().unwrap(), Refreshed::Gone);
    fs::write(&path, bytes).unwrap();
    assert_eq!(store.refresh().unwrap(), Refreshed::Changed);
    store.restore().unwrap();
    assert_eq!(give(&mut store, "a"), Ok(Some(3)));
    assert_clean(&path);
}

#[test]
fn a_symbolic_link_stays_one_also_where_it_leads_to_nothing_yet() {
    for dangling in [false, true] {
        let folder = tempfile::tempdir().unwrap();
        let (real, link) = (
            folder.path().join("real/hats.json"),
            folder.path().join("link.json"),
        );
        symlink("real/hats.json", &link).unwrap();
        if !dangling {
            begin(&mut open(&real, "alice"));
        }
        let mut store = open(&link, "bob");
        if dangling {
            begin(&mut store);
        }
        assert_eq!(give(&mut store, "a"), Ok(Some(3)));
        assert!(link.symlink_metadata().unwrap().is_symlink());
        assert_eq!(hats_in(&real), ["a"]);
        assert_eq!(files(folder.path()), ["link.json", "real"]);
        assert_clean(&real);
    }
}

#[test]
fn a_file_that_cannot_be_read_is_left_alone_until_it_can() {
    let (_folder, path, mut store) = begun();
    let whole = fs::read(&path).unwrap();
    for bytes in [
        &whole[..whole.len() / 2],
        b"",
        b"{}",
        b"[",
        b"\xff",
        br#"{"version":99,"rooms":{}}"#,
    ] {
        moved_over(&path, "");
        fs::write(&path, bytes).unwrap();
        let change = giving(&store, "a");
        let error = store.commit(&[change]).unwrap_err();
        assert!(
            matches!(error, StoreError::Unreadable { .. }) && error.exit_code() == 4,
            "{error}"
        );
        assert!(error.to_string().contains("hats.json: line "), "{error}");
        let again = store.refresh().unwrap_err();
        assert_eq!(again.to_string(), error.to_string());
        let fresh = Store::open(&path, named("bob")).unwrap_err();
        assert_eq!(fresh.to_string(), error.to_string());
        assert_eq!(store::check(&path).exit_code(), 4);
        assert_eq!(fs::read(&path).unwrap(), bytes, "untouched");
    }
    // The writer was only slow.
    fs::write(&path, &whole).unwrap();
    assert_eq!(give(&mut store, "a"), Ok(Some(3)));
    assert_clean(&path);
}

#[test]
fn something_else_than_a_file_is_refused_and_never_waited_for() {
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("pipe");
    rustix::fs::mkfifoat(rustix::fs::CWD, &pipe, rustix::fs::Mode::RWXU).unwrap();
    for path in [folder.path(), &pipe, Path::new("/dev/null")] {
        let error = Store::open(path, named("alice")).unwrap_err();
        assert!(matches!(error, StoreError::NotAFile { .. }), "{error}");
    }
    // Nor is a pipe as history, or as lock.
    for name in ["hats.history.jsonl", "hats.lock", ".hats.json.hatrack-tmp"] {
        let (_folder, path, mut store) = begun();
        let other = path.with_file_name(name);
        let _ = fs::remove_file(&other);
        rustix::fs::mkfifoat(rustix::fs::CWD, &other, rustix::fs::Mode::RWXU).unwrap();
        let before = fs::read(&path).unwrap();
        let change = giving(&store, "a");
        if store.commit(&[change]).is_err() {
            assert_eq!(fs::read(&path).unwrap(), before, "{name}");
        }
    }
}

#[test]
fn the_history_deleted_starts_anew() {
    let (_folder, path, mut store) = begun();
    fs::remove_file(path.with_file_name("hats.history.jsonl")).unwrap();
    assert_eq!(give(&mut store, "a"), Ok(Some(3)));
    let entries = history(&store);
    assert_eq!(
        entries.iter().map(|entry| entry.revision).collect::<Vec<_>>(),
        [3]
    );
    assert_clean(&path);
}

#[test]
fn a_torn_last_line_is_harmless_and_cut_by_the_next_writer_only() {
    let (_folder, path, mut store) = begun();
    let at = path.with_file_name("hats.history.jsonl");
    let whole = fs::read(&at).unwrap();
    for torn in [&b"{\"revision\":3,\"ti"[..], b"\0\0\0\0", b"{", b"\xff\xfe"] {
        File::options()
            .append(true)
            .open(&at)
            .unwrap()
            .write_all(torn)
            .unwrap();
        let report = store::check(&path);
        assert_eq!(
            (report.exit_code(), report.remarks.len(), report.history_lines),
            (0, 1, 2)
        );
        let reader = open(&path, "bob");
        assert_eq!(history(&reader).len(), 2);
        assert_eq!(
            fs::read(&at).unwrap().len(),
            whole.len() + torn.len(),
            "readers never cut"
        );
        fs::write(&at, &whole).unwrap();
    }
    File::options()
        .append(true)
        .open(&at)
        .unwrap()
        .write_all(b"{\"revision\":3,")
        .unwrap();
    assert_eq!(give(&mut store, "a"), Ok(Some(3)));
    assert_clean(&path);

    // Only the newline is missing: somebody's editor took it.
    let text = fs::read(&at).unwrap();
    fs::write(&at, text.strip_suffix(b"\n").unwrap()).unwrap();
    assert_eq!(give(&mut store, "b"), Ok(Some(4)));
    assert_clean(&path);
}

/// An object that only looks like the rooms, in a member that hatrack does not know.
#[test]
fn rooms_elsewhere_in_the_document_are_no_rooms() {
    let text = "{\n  \"version\": 1,\n  \"old\": { \"revision\": 3,\n  \"rooms\": {\n    \"a@b.example\": {\n      \"users\": {}\n    }\n  }\n  },\n  \"rooms\": {}\n}\n";
    let folder = quick_folder();
    let path = folder.path().join("hats.json");
    fs::write(&path, text).unwrap();
    let store = open(&path, "alice");
    assert_eq!(store.wardrobe().rooms().count(), 0);
    assert_eq!(store.wardrobe(), &read::wardrobe(text.as_bytes()).unwrap());
}
