//! There is something else than a file where the data file, its history or its lock should be.

use std::fs;
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::process::Command;

use hatrack::store::{Store, check};

use super::common::*;

type Make = fn(&Path);

/// What there can be, each with what is said of it. None of them may block.
const OTHERS: [(Make, &str); 4] = [
    (|at| fs::create_dir(at).unwrap(), "a folder"),
    (
        |at| assert!(Command::new("mkfifo").arg(at).status().unwrap().success()),
        "a device or a pipe",
    ),
    (|at| drop(UnixListener::bind(at).unwrap()), "a device or a pipe"),
    (
        |at| symlink(at.file_name().unwrap(), at).unwrap(),
        "symbolic link",
    ),
];

#[test]
fn what_is_no_file_is_said_and_left_alone() {
    for (make, what) in OTHERS {
        for file in ["hats.json", "hats.history.jsonl", "hats.lock"] {
            let (_folder, path, mut store) = begun();
            let at = path.with_file_name(file);
            let _ = fs::remove_file(&at);
            make(&at);
            let kind = at.symlink_metadata().unwrap().file_type();
            let change = giving(&store, "a");
            let mut errors = vec![store.commit(&[change]).unwrap_err().to_string()];
            if file == "hats.json" {
                errors.push(store.refresh().unwrap_err().to_string());
                errors.push(Store::open(&path, named("bob")).unwrap_err().to_string());
                errors.push(check(&path).unreadable.unwrap().to_string());
            } else {
                // It can be read all the same.
                open(&path, "bob");
            }
            for error in errors {
                assert!(error.contains("/new/folder/"), "{file} {what}: {error}");
                let said = error.contains(what) || (file != "hats.json" && error.contains("not a file"));
                assert!(said && !error.contains("os error"), "{file} {what}: {error}");
            }
            assert_eq!(at.symlink_metadata().unwrap().file_type(), kind, "{file} {what}");
        }
    }
    let error = Store::open(Path::new("/dev/null"), named("alice")).unwrap_err();
    assert_eq!(
        error.to_string(),
        "/dev/null is a device or a pipe, not a file; give the path of a file"
    );
}

#[test]
fn two_data_files_with_nearly_the_same_name_do_not_meet() {
    let folder = tempfile::tempdir().unwrap();
    let (one, two) = (folder.path().join("x"), folder.path().join("x.json"));
    for path in [&one, &two] {
        begin(&mut open(path, "alice"));
    }
    give(&mut open(&one, "bob"), "a").unwrap();
    assert_eq!((hats_in(&one).len(), hats_in(&two).len()), (1, 0));
    assert_eq!(
        (history(&open(&one, "c")).len(), history(&open(&two, "c")).len()),
        (3, 2)
    );
    let names = [
        "x",
        "x-history.jsonl",
        "x-lock",
        "x.history.jsonl",
        "x.json",
        "x.lock",
    ];
    assert_eq!(files(folder.path()), names);
}
