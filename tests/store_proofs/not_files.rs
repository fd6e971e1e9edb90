//! The data file, its history or its lock is not a regular file.

use std::fs;
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::process::Command;

use hatrack::store::{Store, check};

use super::common::*;

type Make = fn(&Path);

/// What it can be, with the expected words of the error. None of them may block.
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
fn reports_and_keeps_what_is_not_a_file() {
    for (make, what) in OTHERS {
        for file in ["hats.json", "hats.history.jsonl", "hats.lock"] {
            let (_folder, path, mut store) = sample();
            let at = path.with_file_name(file);
            let _ = fs::remove_file(&at);
            make(&at);
            let kind = at.symlink_metadata().unwrap().file_type();
            let change = hat_change(&store, "a");
            let mut errors = vec![store.commit(&[change]).unwrap_err().to_string()];
            if file == "hats.json" {
                errors.push(store.refresh().unwrap_err().to_string());
                errors.push(Store::open(&path, options_for("bob")).unwrap_err().to_string());
                errors.push(check(&path).unreadable.unwrap().to_string());
            } else {
                // The data file can still be read.
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
    let error = Store::open(Path::new("/dev/null"), options_for("alice")).unwrap_err();
    assert_eq!(
        error.to_string(),
        "/dev/null is a device or a pipe, not a file; give the path of a file"
    );
}

#[test]
fn similar_data_file_names_do_not_collide() {
    let folder = tempfile::tempdir().unwrap();
    let (one, two) = (folder.path().join("x"), folder.path().join("x.json"));
    for path in [&one, &two] {
        create_sample(&mut open(path, "alice"));
    }
    add_hat(&mut open(&one, "bob"), "a").unwrap();
    assert_eq!((hats_in_file(&one).len(), hats_in_file(&two).len()), (1, 0));
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
