//! The filters of `hatrack history`: times, hats by title, words.

use serde_json::Value;

use super::process::{Home, ROOM, TERRY};

const HAT: &str = "http://example.com/hats/ta";

/// Revisions 1 to 5, made on 1 to 5 January 2026 at noon (UTC).
fn home() -> Home {
    let home = Home::with_terry();
    home.run_ok(&["--actor", "alice", "add", ROOM, TERRY, HAT, "--title", "Büro"]);
    home.run_ok(&["--actor", "alice", "remove", ROOM, TERRY, HAT]);
    home.run_ok(&[
        "--actor", "bob", "catalog", "define", ROOM, "urn:x:2", "--title", "Guest",
    ]);
    let path = home.data().with_extension("history.jsonl");
    let text = std::fs::read_to_string(&path).unwrap_or_default();
    let dated = text.lines().zip(1..).map(|(line, day)| {
        let mut line: serde_json::Map<String, Value> = serde_json::from_str(line).unwrap_or_default();
        line.insert("time".into(), format!("2026-01-0{day}T12:00:00Z").into());
        format!("{}\n", Value::from(line))
    });
    home.write(".config/hatrack/hats.history.jsonl", dated.collect::<String>());
    home
}

fn revisions(home: &Home, args: &[&str]) -> Vec<u64> {
    let json = home.run_ok(&[&["history", "--json"], args].concat());
    let entries: Vec<Value> = serde_json::from_str(&json).unwrap_or_default();
    let all = entries.iter().filter_map(|entry| entry["revision"].as_u64());
    all.collect()
}

#[test]
fn times_select_a_period() {
    let home = home();
    for (args, expected) in [
        (&["--since", "2026-01-03"] as &[&str], vec![5, 4, 3]),
        (&["--since", "2026-01-03 12:00"], vec![5, 4, 3]),
        (&["--since", "2026-01-03 12:00:01"], vec![5, 4]),
        (&["--until", "2026-01-03T13:00:00+01:00"], vec![2, 1]),
        (&["--since", "2026-01-02", "--until", "2026-01-04"], vec![3, 2]),
        (&["--since", "2 hours"], vec![]),
        (&["--until", "yesterday"], vec![5, 4, 3, 2, 1]),
        (
            &["--since", "2026-01-02", "--by", "alice", "--limit", "1"],
            vec![4],
        ),
    ] {
        assert_eq!(revisions(&home, args), expected, "{args:?}");
    }
    home.assert_fails(
        &["history", "--since", "soon"],
        2,
        "invalid time \"soon\"; use for example 2026-01-31, \"31 January\", \"2026-01-31 18:00\", 2026-01-31T18:00:00Z, yesterday or \
         \"2 hours ago\"",
    );
}

/// This includes hats that no user has now, and hats that are only in the catalog.
#[test]
fn hat_is_found_by_title() {
    let home = home();
    for (args, expected) in [
        (&["--hat", "Büro"] as &[&str], vec![4, 3]),
        (&["--hat", "BÜRO", "--user", TERRY], vec![4, 3]),
        (&["--hat", "guest"], vec![5]),
        (&["--hat", "urn:x:2"], vec![5]),
        (&["--hat", "Bür"], vec![]),
    ] {
        assert_eq!(revisions(&home, args), expected, "{args:?}");
    }
    // A title from the catalog counts for users whose hat has none.
    home.run_ok(&["add", ROOM, TERRY, "urn:x:2"]);
    assert_eq!(revisions(&home, &["--hat", "Guest", "--user", TERRY]), [6]);
}

#[test]
fn words_are_searched_in_all_parts_of_entries() {
    let home = home();
    for (words, expected) in [
        ("buro", vec![4, 3]),
        ("alice terry", vec![4, 3]),
        ("courses bob", vec![5]),
        ("@member", vec![2]),
        ("", vec![5, 4, 3, 2, 1]),
    ] {
        assert_eq!(revisions(&home, &["--search", words]), expected, "{words}");
    }
    assert_eq!(revisions(&home, &["--search", "terry", "--limit", "2"]), [4, 3]);
    // A title with a space must be in quotes; a search without them suggests them.
    let text = |search: &str| home.run_ok(&["history", "--search", search]);
    let hint = "For a title with spaces, use quotes: #\"no such\".";
    assert!(text("#no such").contains(hint), "{}", text("#no such"));
    assert!(
        !text("#\"no such\"").contains("quotes"),
        "{}",
        text("#\"no such\"")
    );
}
