//! No bytes, as data file, history or draft, make the store panic, hang, or use more than twenty times their size in
//! memory.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use hatrack::store::{Drafts, HistoryFilter, HistoryQuery, Store, check, repair_history};
use jiff::Timestamp;
use proptest::prelude::*;

use super::child::{saved_names, start};
use super::common::*;

/// Reads a data file and its history in every way; all of it must return.
pub(crate) fn read_everything(path: &Path) {
    let report = check(path);
    let _ = (report.exit_code(), format!("{report:?}").len());
    if let Ok(store) = Store::open(path, options_for("alice")) {
        look(&store);
    }
}

fn look(store: &Store) {
    let mut from = None;
    for _ in 0..50 {
        let query = HistoryQuery {
            from,
            limit: 100,
            filter: HistoryFilter::default(),
        };
        match store.history(&query) {
            Ok(page) if page.next.is_some() => {
                assert!(from.is_none_or(|from| page.next < Some(from)), "no end of it");
                from = page.next;
            }
            _ => break,
        }
    }
    let _ = (store.find_undo(), store.history_entry(3));
}

/// Nearly valid bytes: a valid file with a few replacements.
fn nearly(good: Vec<u8>) -> impl Strategy<Value = Vec<u8>> {
    let length = good.len();
    let piece = prop_oneof![
        prop::collection::vec(any::<u8>(), 0..6),
        prop::sample::select(vec![
            &b"\n"[..],
            b"\"",
            b"{",
            b"}",
            b"[",
            b"]",
            b",",
            b":",
            b"\\",
            b"\\u0000",
            b"\0",
            b"\xff",
            b"-1",
            b"1e999",
            b"99999999999999999999",
            b"null",
            b"true",
            b"\xef\xbb\xbf",
            b"\n    },\n",
            b"\"hats\": {}",
            b"\"file\":{}",
            b"\"revision\":18446744073709551615",
        ])
        .prop_map(<[u8]>::to_vec),
    ];
    prop::collection::vec((0..=length, 0..40usize, piece), 0..4).prop_map(move |changes| {
        let mut bytes = good.clone();
        for (at, removed, piece) in changes {
            let at = at.min(bytes.len());
            let end = (at + removed).min(bytes.len());
            bytes.splice(at..end, piece);
        }
        bytes
    })
}

fn good() -> (Vec<u8>, Vec<u8>) {
    let (_folder, path, mut store) = sample();
    add_hat(&mut store, "a").unwrap();
    (
        fs::read(&path).unwrap(),
        fs::read(path.with_file_name("hats.history.jsonl")).unwrap(),
    )
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: u32::try_from(rounds(300, 20_000)).unwrap(),
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn any_bytes_as_data_file(bytes in prop_oneof![nearly(good().0), prop::collection::vec(any::<u8>(), 0..200)]) {
        let folder = memory_folder();
        let path = folder.path().join("hats.json");
        fs::write(&path, &bytes).unwrap();
        read_everything(&path);
        prop_assert_eq!(fs::read(&path).unwrap(), &bytes[..], "reading changes nothing");
        if let Ok(mut store) = Store::open(&path, options_for("alice")) {
            let room = jid("new@conference.example.org");
            let change = build_change(&store, |w| w.add_room(&room, None));
            commit(&mut store, change).unwrap();
            let again = open(&path, "bob");
            prop_assert_eq!(again.wardrobe(), store.wardrobe());
            prop_assert!(again.wardrobe().room(&room).is_some());
        }
    }

    #[test]
    fn any_bytes_as_history(bytes in prop_oneof![nearly(good().1), prop::collection::vec(any::<u8>(), 0..200)]) {
        let folder = memory_folder();
        let path = folder.path().join("hats.json");
        let mut store = open(&path, "alice");
        create_sample(&mut store);
        let at = path.with_file_name("hats.history.jsonl");
        fs::write(&at, &bytes).unwrap();
        read_everything(&path);
        prop_assert_eq!(fs::read(&at).unwrap(), &bytes[..], "reading changes nothing");
        prop_assert!(matches!(add_hat(&mut store, "a"), Ok(Some(_))));
        prop_assert_eq!(store.find_undo().unwrap().undo.map(|entry| entry.group.0.len()), Some(1));
        repair_history(&path).unwrap();
        prop_assert_eq!(check(&path).errors, Vec::<String>::new());
        prop_assert!(matches!(add_hat(&mut store, "b"), Ok(Some(_))));
        store.forget(Timestamp::MAX).unwrap();
        prop_assert_eq!(hats_in_file(&path), ["a", "b"]);
    }

    #[test]
    fn any_bytes_as_draft(bytes in prop::collection::vec(any::<u8>(), 0..2000), actor in "\\PC{0,20}") {
        let folder = memory_folder();
        let draft = Drafts::new(folder.path(), &actor, &folder.path().join("hats.json")).unwrap();
        draft.update(|_| Some(bytes.clone())).unwrap();
        prop_assert_eq!(draft.load().unwrap().unwrap(), bytes);
    }
}

/// The approximate length of an input designed to use much memory.
const SIZE: usize = 4_000_000;
const ROOMS: &str = r#"{"version":1,"rooms":{"#;
const USERS: &str = r#"{"version":1,"rooms":{"r@c":{"users":{"#;
const HATS: &str = r#"{"version":1,"rooms":{"r@c":{"users":{"u@c":{"affiliation":"member","hats":{"#;
const TITLE: &str =
    r#"{"version":1,"rooms":{"r@c":{"users":{"u@c":{"affiliation":"member","hats":{"urn:x:a":{"title":""#;

/// An input of that length with as many members as fit.
fn filled(head: &str, each: impl Fn(usize) -> String, tail: &str) -> String {
    let mut text = String::from(head);
    for number in 0.. {
        if text.len() > SIZE {
            break;
        }
        let comma = if number == 0 { "" } else { "," };
        let _ = write!(text, "{comma}{}", each(number));
    }
    text + tail
}

/// Data files designed to use much memory.
fn greedy_files() -> Vec<(&'static str, String)> {
    let back = |n: usize| 9_999_999 - n;
    let other = r#"{"version":1,"rooms":{},"x":"#;
    vec![
        (
            "a title of 100 MB",
            format!("{TITLE}{}\"}}}}}}}}}}}}}}", "x".repeat(100_000_000)),
        ),
        (
            "a title of escapes",
            format!("{TITLE}{}\"}}}}}}}}}}}}}}", "\\n".repeat(SIZE / 2)),
        ),
        ("opening brackets", "[".repeat(SIZE)),
        (
            "brackets in an unknown member",
            format!("{other}{}", "[".repeat(SIZE)),
        ),
        ("objects in each other", "{\"a\":".repeat(SIZE / 5)),
        ("rooms", filled(ROOMS, |n| format!("\"r{n}@c\":{{}}"), "}}")),
        (
            "rooms, backwards",
            filled(ROOMS, |n| format!("\"r{}@c\":{{}}", back(n)), "}}"),
        ),
        ("users", filled(USERS, |n| format!("\"u{n}@c\":{{}}"), "}}}}")),
        ("hats", filled(HATS, |n| format!("\"u:{n}\":{{}}"), "}}}}}}")),
        (
            "hats, backwards",
            filled(HATS, |n| format!("\"u:{}\":{{}}", back(n)), "}}}}}}"),
        ),
        (
            "hats that are no URIs",
            filled(HATS, |n| format!("\"{n}\":{{}}"), "}}}}}}"),
        ),
        (
            "a catalog",
            filled(
                &USERS.replace("users", "hats"),
                |n| format!("\"u:{n}\":{{}}"),
                "}}}}",
            ),
        ),
        (
            "unknown members",
            filled(r#"{"version":1,"rooms":{},"#, |n| format!("\"{n}\":1"), "}"),
        ),
        (
            "an unknown object",
            filled(&format!("{other}{{"), |n| format!("\"{n}\":1"), "}}"),
        ),
        ("a number", format!("{other}{}}}", "9".repeat(SIZE))),
        ("spaces", " ".repeat(SIZE)),
        ("zeros", "\0".repeat(SIZE)),
    ]
}

/// Histories designed to use much memory.
fn greedy_histories() -> Vec<(&'static str, String)> {
    let entry = r#"{"revision":1,"id":"","time":"2024-01-01T00:00:00Z","actor":"alice","edits":["#;
    let edit = |n| format!(r#"{{"hat":{{"room":"r@c","user":"u@c","hat":"u:{n}","after":{{}}}}}}"#);
    vec![
        ("empty lines", "\n".repeat(SIZE)),
        ("one line", "x".repeat(SIZE)),
        ("brackets", "[".repeat(SIZE)),
        ("short lines", "{}\n".repeat(SIZE / 3)),
        ("a large entry", filled(entry, edit, "]}\n")),
    ]
}

#[test]
fn memory_and_time_stay_bounded_for_any_input() {
    let folder = memory_folder();
    let path = folder.path().join("hats.json");
    let measure = || {
        let since = Instant::now();
        let mut child = start("look", &path, 0);
        let said = saved_names(&mut child);
        assert!(child.wait().unwrap().success());
        assert!(since.elapsed() < Duration::from_secs(120));
        said[0].parse::<usize>().unwrap() * 1024
    };
    let least = measure();
    let look = |at: &Path, name: &str, text: &str| {
        fs::write(at, text).unwrap();
        let taken = measure().saturating_sub(least);
        println!("{name}: {} times", taken / text.len());
        assert!(
            taken <= 20 * text.len(),
            "{name}: {taken} bytes for {}",
            text.len()
        );
        fs::remove_file(at).unwrap();
    };
    for (name, text) in greedy_files() {
        look(&path, name, &text);
    }
    for (name, text) in greedy_histories() {
        look(&path.with_file_name("hats.history.jsonl"), name, &text);
    }
}
