//! The file is changed by programs that do not use the lock: an editor, `jq`, `cp`, `rm`, `chmod`.

use std::fs::{self, File, OpenOptions, Permissions};
use std::io::Write;
use std::os::unix::fs::{FileExt, PermissionsExt, symlink};
use std::path::Path;

use hatrack::model::{Edit, read};
use hatrack::store::{self, Change, Refreshed, Scope, Store, StoreError, StoreOptions};

use super::common::*;

/// The text of the data file with a replacement.
pub(crate) fn replaced(path: &Path, from: &str, to: &str) -> String {
    let text = fs::read_to_string(path).unwrap();
    assert!(text.contains(from), "{text}");
    text.replace(from, to)
}

/// Like `jq … > tmp && mv tmp hats.json`.
pub(crate) fn rename_over(path: &Path, text: &str) {
    let temporary = path.with_file_name("tmp");
    fs::write(&temporary, text).unwrap();
    fs::rename(&temporary, path).unwrap();
}

/// Overwrites the existing file in place.
pub(crate) fn write_in_place(path: &Path, text: &str) {
    OpenOptions::new()
        .write(true)
        .open(path)
        .unwrap()
        .write_all_at(text.as_bytes(), 0)
        .unwrap();
}

#[test]
fn outside_change_wins_and_is_recorded_with_the_next_commit() {
    for change in [rename_over, write_in_place, |path: &Path, text: &str| {
        fs::write(path, text).unwrap();
    }] {
        let (_folder, path, mut store) = sample();
        change(&path, &replaced(&path, "Courses", "Cursus!"));
        assert_eq!(add_hat(&mut store, "a"), Ok(Some(4)));
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
        assert_eq!(hats_in_file(&path), ["a"]);
        assert_clean(&path);
    }
}

#[test]
fn sees_change_of_same_length_at_the_same_moment() {
    let (_folder, path, mut store) = sample();
    for round in 0..rounds(200, 5000) {
        let (from, to) = if round % 2 == 0 {
            ("Courses", "Cursus!")
        } else {
            ("Cursus!", "Courses")
        };
        let text = replaced(&path, from, to);
        if round % 3 == 0 {
            add_hat(&mut store, &format!("n{round}")).unwrap();
            let text = replaced(&path, from, to);
            write_in_place(&path, &text);
        } else {
            write_in_place(&path, &text);
        }
        assert_eq!(store.refresh().unwrap(), Refreshed::Changed, "round {round}");
        assert_eq!(
            store.wardrobe().room(&courses()).unwrap().name.as_deref(),
            Some(to)
        );
    }
}

#[test]
fn touched_or_copied_file_is_unchanged() {
    let (_folder, path, mut store) = sample();
    File::options()
        .write(true)
        .open(&path)
        .unwrap()
        .set_modified(std::time::UNIX_EPOCH)
        .unwrap();
    assert_eq!(store.refresh().unwrap(), Refreshed::Unchanged);
    rename_over(&path, &fs::read_to_string(&path).unwrap());
    assert_eq!(store.refresh().unwrap(), Refreshed::Unchanged);
    assert_eq!(add_hat(&mut store, "a"), Ok(Some(3)));
    assert_eq!(history(&store).len(), 3, "nothing to note");
    assert_clean(&path);
}

#[test]
fn restored_backup_wins_and_history_is_kept() {
    for by_name in [true, false] {
        let (_folder, path, mut store) = sample();
        let backup = path.with_file_name("backup");
        if by_name {
            // The same inode with the same times.
            fs::hard_link(&path, &backup).unwrap();
        } else {
            fs::copy(&path, &backup).unwrap();
        }
        assert_eq!(add_hat(&mut store, "a"), Ok(Some(3)));
        fs::rename(&backup, &path).unwrap();
        let mut later = open(&path, "bob");
        assert_eq!(hats(later.wardrobe()), [""; 0]);
        assert_eq!(add_hat(&mut later, "b"), Ok(Some(5)));
        assert_eq!(hats_in_file(&path), ["b"]);
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
fn does_not_replace_read_only_file() {
    let (_folder, path, mut store) = sample();
    fs::set_permissions(&path, Permissions::from_mode(0o444)).unwrap();
    let change = hat_change(&store, "a");
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
fn deleted_file_is_recreated_only_on_request() {
    for with_folder in [false, true] {
        let (_folder, path, mut store) = sample();
        let change = hat_change(&store, "a");
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
        store.recreate().unwrap();
        assert!(store.snapshot().exists);
        assert_eq!(store.refresh().unwrap(), Refreshed::Unchanged);
        assert_eq!(commit(&mut store, change), Ok(Some(4)));
        assert_eq!(hats_in_file(&path), ["a"]);
        assert_clean(&path);
    }
}

/// A process that starts now does not know the content: an empty file would look as if everything had been removed on purpose.
#[test]
fn missing_file_with_history_is_not_recreated() {
    let (_folder, path, store) = sample();
    let (bytes, change) = (fs::read(&path).unwrap(), hat_change(&store, "a"));
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
    missing(Store::open(&path, options_for("carol")).unwrap_err());
    // A session from before the first commit.
    assert_eq!(early.refresh().unwrap(), Refreshed::Unchanged);
    missing(early.commit(&[Change::default(), change.clone()]).unwrap_err());
    missing(early.recreate().unwrap_err());
    assert!(!path.exists());
    assert_eq!(fs::read(&beside).unwrap(), lines);
    let report = store::check(&path);
    assert_eq!(
        (report.exit_code(), report.errors.len()),
        (1, 1),
        "{:?}",
        report.errors
    );
    // What the error suggests works: restoring a backup, or moving the history away.
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
    create_sample(&mut open(&path, "carol"));
}

/// The history of a first commit that was killed does not prevent another.
#[test]
fn killed_first_commit_is_not_a_missing_file() {
    let folder = memory_folder();
    let path = folder.path().join("hats.json");
    create_sample(&mut open(&path, "alice"));
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
        ..options_for("viewer")
    };
    Store::open(&path, options).unwrap();
    create_sample(&mut open(&path, "bob"));
    assert_clean(&path);
}

#[test]
fn reappearing_file_is_read() {
    let (_folder, path, mut store) = sample();
    let bytes = fs::read(&path).unwrap();
    fs::remove_file(&path).unwrap();
    assert_eq!(store.refresh().unwrap(), Refreshed::Gone);
    fs::write(&path, bytes).unwrap();
    assert_eq!(store.refresh().unwrap(), Refreshed::Changed);
    store.recreate().unwrap();
    assert_eq!(add_hat(&mut store, "a"), Ok(Some(3)));
    assert_clean(&path);
}

#[test]
fn keeps_symbolic_links_including_dangling_ones() {
    for dangling in [false, true] {
        let folder = tempfile::tempdir().unwrap();
        let (real, link) = (
            folder.path().join("real/hats.json"),
            folder.path().join("link.json"),
        );
        symlink("real/hats.json", &link).unwrap();
        if !dangling {
            create_sample(&mut open(&real, "alice"));
        }
        let mut store = open(&link, "bob");
        if dangling {
            create_sample(&mut store);
        }
        assert_eq!(add_hat(&mut store, "a"), Ok(Some(3)));
        assert!(link.symlink_metadata().unwrap().is_symlink());
        assert_eq!(hats_in_file(&real), ["a"]);
        assert_eq!(files(folder.path()), ["link.json", "real"]);
        assert_clean(&real);
    }
}

#[test]
fn unreadable_file_is_kept_until_it_is_readable() {
    let (_folder, path, mut store) = sample();
    let whole = fs::read(&path).unwrap();
    for bytes in [
        &whole[..whole.len() / 2],
        b"",
        b"{}",
        b"[",
        b"\xff",
        br#"{"version":99,"rooms":{}}"#,
    ] {
        rename_over(&path, "");
        fs::write(&path, bytes).unwrap();
        let change = hat_change(&store, "a");
        let error = store.commit(&[change]).unwrap_err();
        assert!(
            matches!(error, StoreError::Unreadable { .. }) && error.exit_code() == 4,
            "{error}"
        );
        assert!(error.to_string().contains("hats.json: line "), "{error}");
        let again = store.refresh().unwrap_err();
        assert_eq!(again.to_string(), error.to_string());
        let fresh = Store::open(&path, options_for("bob")).unwrap_err();
        assert_eq!(fresh.to_string(), error.to_string());
        assert_eq!(store::check(&path).exit_code(), 4);
        assert_eq!(fs::read(&path).unwrap(), bytes, "untouched");
    }
    // The other writer was only slow.
    fs::write(&path, &whole).unwrap();
    assert_eq!(add_hat(&mut store, "a"), Ok(Some(3)));
    assert_clean(&path);
}

#[test]
fn rejects_non_files_without_blocking() {
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("pipe");
    rustix::fs::mkfifoat(rustix::fs::CWD, &pipe, rustix::fs::Mode::RWXU).unwrap();
    for path in [folder.path(), &pipe, Path::new("/dev/null")] {
        let error = Store::open(path, options_for("alice")).unwrap_err();
        assert!(matches!(error, StoreError::NotAFile { .. }), "{error}");
    }
    // The same with a pipe as history or lock.
    for name in ["hats.history.jsonl", "hats.lock", ".hats.json.hatrack-tmp"] {
        let (_folder, path, mut store) = sample();
        let other = path.with_file_name(name);
        let _ = fs::remove_file(&other);
        rustix::fs::mkfifoat(rustix::fs::CWD, &other, rustix::fs::Mode::RWXU).unwrap();
        let before = fs::read(&path).unwrap();
        let change = hat_change(&store, "a");
        if store.commit(&[change]).is_err() {
            assert_eq!(fs::read(&path).unwrap(), before, "{name}");
        }
    }
}

#[test]
fn deleted_history_starts_again() {
    let (_folder, path, mut store) = sample();
    fs::remove_file(path.with_file_name("hats.history.jsonl")).unwrap();
    assert_eq!(add_hat(&mut store, "a"), Ok(Some(3)));
    let entries = history(&store);
    assert_eq!(
        entries.iter().map(|entry| entry.revision).collect::<Vec<_>>(),
        [3]
    );
    assert_clean(&path);
}

#[test]
fn torn_last_line_is_cut_by_the_next_writer_only() {
    let (_folder, path, mut store) = sample();
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
    assert_eq!(add_hat(&mut store, "a"), Ok(Some(3)));
    assert_clean(&path);

    // Only the newline is missing, as some editors remove it.
    let text = fs::read(&at).unwrap();
    fs::write(&at, text.strip_suffix(b"\n").unwrap()).unwrap();
    assert_eq!(add_hat(&mut store, "b"), Ok(Some(4)));
    assert_clean(&path);
}

/// An object that looks like the rooms, in an unrecognized member.
#[test]
fn rooms_inside_unknown_members_are_ignored() {
    let text = "{\n  \"version\": 1,\n  \"old\": { \"revision\": 3,\n  \"rooms\": {\n    \"a@b.example\": {\n      \"users\": {}\n    }\n  }\n  },\n  \"rooms\": {}\n}\n";
    let folder = memory_folder();
    let path = folder.path().join("hats.json");
    fs::write(&path, text).unwrap();
    let store = open(&path, "alice");
    assert_eq!(store.wardrobe().rooms().count(), 0);
    assert_eq!(store.wardrobe(), &read::wardrobe(text.as_bytes()).unwrap());
}
