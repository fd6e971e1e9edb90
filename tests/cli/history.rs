//! `hatrack history`, `hatrack undo` and `hatrack redo`.

use serde_json::Value;

use super::process::{Home, ROOM, TERRY, output_of};

const HAT: &str = "http://example.com/hats/ta";

/// A home folder with two changes by bob, then two by alice: revisions 1 to 4.
fn home() -> Home {
    let home = Home::new();
    home.run_ok(&["--actor", "bob", "room", "add", ROOM, "--name", "Courses"]);
    home.run_ok(&["--actor", "bob", "affiliate", ROOM, TERRY, "member"]);
    home.run_ok(&["--actor", "alice", "add", ROOM, TERRY, HAT, "--title", "TA"]);
    home.run_ok(&[
        "--actor", "alice", "add", ROOM, TERRY, HAT, "--title", "TA", "--active",
    ]);
    home
}

/// Returns the rows of the table without their times, after checking that these are times.
fn table(home: &Home, args: &[&str]) -> Vec<String> {
    let out = home.run_ok(&[&["history"], args].concat());
    let mut lines = out.lines();
    let head = lines.next().unwrap_or_default();
    let (Some(time_column), Some(actor_column)) = (head.find("TIME"), head.find("ACTOR")) else {
        return vec![out];
    };
    let rows = lines.map(|line| {
        let (Some(time), Some(rest), true) = (
            line.get(time_column..actor_column),
            line.get(actor_column..),
            line.starts_with(|c: char| c.is_ascii_digit()),
        ) else {
            return line.into();
        };
        let parsed = time.trim().parse::<jiff::civil::DateTime>();
        assert!(parsed.is_ok(), "{line}");
        let revision = line.split(' ').next().unwrap_or_default();
        let rest: Vec<_> = rest
            .split("  ")
            .map(str::trim)
            .filter(|text| !text.is_empty())
            .collect();
        format!("{revision} {}", rest.join(": "))
    });
    rows.collect()
}

fn revisions(home: &Home, args: &[&str]) -> Vec<u64> {
    let json = home.run_ok(&[&["history", "--json"], args].concat());
    let entries: Vec<Value> = serde_json::from_str(&json).unwrap_or_default();
    entries
        .iter()
        .filter_map(|entry| entry["revision"].as_u64())
        .collect()
}

#[test]
fn lists_newest_entries_first() {
    let home = home();
    assert_eq!(
        table(&home, &[]),
        [
            "4 alice: made \"TA\" active for terry@example.org in courses@conference.example.org",
            "3 alice: added \"TA\" to terry@example.org in courses@conference.example.org",
            "2 bob: added terry@example.org to courses@conference.example.org as member",
            "1 bob: added room courses@conference.example.org \"Courses\"",
        ]
    );
    assert_eq!(Home::new().run_ok(&["history"]), "No matching entries.\n");
    assert_eq!(Home::new().run_ok(&["history", "--json"]), "[]\n");
}

#[test]
fn filters_and_limits() {
    let home = home();
    home.run_ok(&["--actor", "carol", "room", "add", "staff@conference.example.org"]);
    for (args, expected) in [
        (&["--by", "ali"] as &[&str], vec![4, 3]),
        (&["--user", "TERRY@example.org/phone"], vec![4, 3, 2]),
        (&["--hat", HAT], vec![4, 3]),
        (&["--hat", HAT, "--by", "bob"], vec![]),
        (&["--room", "staff@conference.example.org"], vec![5]),
        (&["--in", "staff@conference.example.org"], vec![5]),
        (
            &["--in", "Courses@conference.example.org", "--by", "bob"],
            vec![2, 1],
        ),
        (&["--in", "nowhere@conference.example.org"], vec![]),
        (&["--limit", "2"], vec![5, 4]),
        (&[], vec![5, 4, 3, 2, 1]),
    ] {
        assert_eq!(revisions(&home, args), expected, "{args:?}");
    }
    assert_eq!(table(&home, &["--limit", "1", "--by", "bob"]).len(), 1);
}

#[test]
fn rejects_invalid_numbers() {
    let home = Home::new();
    for limit in ["0", "-1", "x", "99999999999999999999999"] {
        let error = format!(
            "invalid value '{limit}' for '--limit <N>': expected a number of entries, at least 1; see hatrack --help"
        );
        home.assert_fails(&["history", &format!("--limit={limit}")], 2, &error);
    }
    for command in ["undo", "redo"] {
        let error = "invalid value 'abc' for '[REVISION]': expected a revision number (see hatrack history); see hatrack --help";
        home.assert_fails(&[command, "abc"], 2, error);
    }
}

#[test]
fn room_filter_is_not_a_restriction() {
    let home = home();
    let file = home.path("elsewhere.json");
    let run = |args: &[&str]| {
        let output = output_of(home.command(args).env("HATRACK_FILE", &file));
        assert_eq!((output.code, output.err.as_str()), (0, ""), "{args:?}");
        output.out
    };
    run(&["room", "add", "staff@conference.example.org"]);
    // A session with `--room` ignores the variable, so it reads another file.
    for (option, found) in [("--in", true), ("--room", false)] {
        let out = run(&["history", option, "staff@conference.example.org"]);
        assert_eq!(out.contains("added room staff@"), found, "{out}");
    }
}

#[test]
fn json_has_all_fields_of_an_entry() {
    let home = home();
    let json = home.run_ok(&["history", "--json", "--limit", "1"]);
    let entries: Value = serde_json::from_str(&json).unwrap();
    let entry = &entries[0];
    assert_eq!(entry["actor"], "alice");
    assert!(
        entry["time"]
            .as_str()
            .is_some_and(|time| time.parse::<jiff::Timestamp>().is_ok()),
        "{json}"
    );
    let edit = &entry["edits"][0]["hat"];
    assert_eq!(edit["hat"], HAT, "{json}");
    assert_eq!(edit["before"]["title"], "TA");
    assert_eq!(edit["after"]["active"], true);
    // Each entry equals its line in the history.
    let line = std::fs::read_to_string(home.data().with_extension("history.jsonl")).unwrap();
    let line: Value = serde_json::from_str(line.lines().last().unwrap_or_default()).unwrap();
    for name in ["revision", "id", "time", "actor", "edits"] {
        assert_eq!(entry[name], line[name], "{name}");
    }
}

#[test]
fn limits_table_output_but_not_json() {
    let home = Home::new();
    for number in 0..105 {
        home.run_ok(&["room", "add", &format!("room{number}@conference.example.org")]);
    }
    assert_eq!(revisions(&home, &[]).len(), 105);
    let lines = table(&home, &[]);
    assert_eq!(lines.len(), 101);
    assert_eq!(
        lines.last().map(String::as_str),
        Some("There are older entries; use --limit N to show more.")
    );
    assert_eq!(table(&home, &["--limit", "200"]).len(), 105);
    // More entries than are read at a time: each has its line.
    let history = home.path(".config/hatrack/hats.history.jsonl");
    let lines = std::fs::read_to_string(&history).unwrap();
    std::fs::write(&history, lines.repeat(6)).unwrap();
    let all = table(&home, &["--limit", "1000"]);
    assert_eq!(all.len(), 630);
    assert_eq!(all[..105], all[525..], "{}", all[525]);
}

#[test]
fn undo_and_redo_work_across_processes() {
    let home = home();
    home.run_ok(&["--actor", "bob", "affiliate", ROOM, TERRY, "admin"]);
    let before = home.run_ok(&["show", ROOM, "--json"]);
    let undo = |actor: &str| home.run_ok(&["--actor", actor, "undo"]);
    assert_eq!(
        undo("alice"),
        "Undid revision 4 (made \"TA\" active for terry@example.org in courses@conference.example.org) \
         as revision 6\n"
    );
    assert_eq!(
        undo("alice"),
        "Undid revision 3 (added \"TA\" to terry@example.org in courses@conference.example.org) as revision 7\n"
    );
    home.assert_fails(
        &["--actor", "alice", "undo"],
        3,
        "nothing to undo [item-not-found]",
    );
    let redo = |actor: &str| home.run_ok(&["--actor", actor, "redo"]);
    assert_eq!(
        redo("alice"),
        "Redid revision 3 (added \"TA\" to terry@example.org in courses@conference.example.org) as revision 8\n"
    );
    assert!(redo("alice").starts_with("Redid revision 4 (made "));
    home.assert_fails(
        &["--actor", "alice", "redo"],
        3,
        "nothing to redo [item-not-found]",
    );
    assert_eq!(home.run_ok(&["show", ROOM, "--json"]), before);
    // The history names the undone revision, and for a redo the revision of the undo.
    let lines = table(&home, &["--limit", "4"]);
    let starts = [
        "9 alice: redid the change undone by revision 6 (made ",
        "8 alice: redid the change undone by revision 7 (added ",
        "7 alice: undid revision 3 (added ",
        "6 alice: undid revision 4 (made ",
    ];
    for (line, start) in lines.iter().zip(starts) {
        assert!(line.starts_with(start), "{line}");
    }
}

#[test]
fn undoes_given_revision_of_any_actor() {
    let home = home();
    home.run_ok(&["--actor", "carol", "affiliate", ROOM, "kim@example.org", "owner"]);
    let undone = home.run_ok(&["--actor", "bob", "undo", "4"]);
    assert!(undone.starts_with("Undid revision 4 ("), "{undone}");
    let redone = home.run_ok(&["--actor", "carol", "redo", "6"]);
    assert!(redone.starts_with("Redid revision 4 ("), "{redone}");
    home.assert_fails(
        &["redo", "4"],
        2,
        "revision 4 is not the undo of a single change; use hatrack undo 4",
    );
}

#[test]
fn reads_reformatted_history() {
    let home = home();
    let path = home.data().with_extension("history.jsonl");
    let text = std::fs::read_to_string(&path).unwrap();
    let spaced = text
        .replace("\"revision\":", "\"revision\" : ")
        .replace("\"actor\":\"alice", "\"actor\": \"\\u0061lice")
        .replace("\"actor\":", "\"actor\": ");
    assert_ne!(spaced, text);
    std::fs::write(&path, spaced).unwrap();
    for (actor, args) in [
        ("carol", &["undo", "4"] as &[&str]),
        ("alice", &["undo"]),
        ("bob", &["undo"]),
    ] {
        let undone = home.run_ok(&[&["--actor", actor], args].concat());
        assert!(undone.starts_with("Undid revision "), "{undone}");
    }
}

#[test]
fn undo_reports_conflicting_content() {
    let home = home();
    home.run_ok(&["--actor", "carol", "remove", ROOM, TERRY, HAT]);
    home.assert_fails(
        &["--actor", "alice", "undo"],
        5,
        "changed in the meantime: http://example.com/hats/ta of terry@example.org in \
         courses@conference.example.org is now missing [conflict]",
    );
    // Undo does not add a hat to a user who has since been banned.
    home.run_ok(&["--actor", "carol", "affiliate", ROOM, TERRY, "outcast"]);
    home.assert_fails(
        &["--actor", "carol", "undo", "5"],
        3,
        "user not affiliated with room: terry@example.org in courses@conference.example.org [item-not-found]",
    );
    home.assert_fails(
        &["--actor", "carol", "undo", "2"],
        5,
        "changed in the meantime: terry@example.org in courses@conference.example.org is now outcast, no hats \
         [conflict]",
    );
}

#[test]
fn room_conflict_reports_size_only() {
    home().assert_fails(
        &["undo", "1"],
        5,
        "changed in the meantime: courses@conference.example.org is now a room with different content (1 user) [conflict]",
    );
}

#[test]
fn next_change_records_outside_changes() {
    let home = home();
    home.change_outside(&[("\"Courses\"", "\"Lessons\"")]);
    let lines = table(&home, &["--limit", "2"]);
    assert!(
        lines[0].starts_with("6 onlooker: added kim@example.org"),
        "{lines:?}"
    );
    assert_eq!(
        lines[1],
        "5 outside: changed outside hatrack: renamed courses@conference.example.org from \"Courses\" to \"Lessons\""
    );
    // If no session is open and the history is incomplete, the previous content is unknown.
    let time = home.run_ok(&["history", "--json", "--limit", "1"]);
    let time = time
        .split("\"time\":\"")
        .nth(1)
        .and_then(|time| time.split('"').next());
    home.run_ok(&["history", "--forget", time.unwrap_or_default()]);
    let text = std::fs::read_to_string(home.data()).unwrap();
    home.write(
        ".config/hatrack/hats.json",
        text.replace("\"Lessons\"", "\"Classes\""),
    );
    home.run_ok(&["affiliate", ROOM, "lee@example.org", "member"]);
    assert_eq!(
        table(&home, &["--limit", "2"])[1],
        "7 outside: changed outside hatrack (details unknown)"
    );
    home.assert_fails(&["undo", "7"], 1, "revision 7: cannot undo: details unknown");
}

#[test]
fn forget_deletes_older_entries() {
    let home = home();
    assert!(
        home.run_ok(&["history", "--forget", "2001-01-01"])
            .starts_with("Deleted 0 entries from before ")
    );
    assert_eq!(revisions(&home, &[]), [4, 3, 2, 1]);
    let output = home.run_ok(&["history", "--forget", "2999-01-01T00:00:00Z"]);
    assert_eq!(output, "Deleted 4 entries from before 2999-01-01T00:00:00Z\n");
    assert_eq!(home.run_ok(&["history", "--json"]), "[]\n");
    let text = std::fs::read_to_string(home.data().with_extension("history.jsonl")).unwrap_or_default();
    assert!(!text.contains("terry@example.org"), "{text}");
    // The data file does not need its history.
    assert!(home.run_ok(&["show", ROOM]).contains("TA (active)"));
    assert!(home.run_ok(&["add", ROOM, TERRY, HAT]).contains("(revision 5)"));
}

#[test]
fn reports_and_repairs_damaged_history() {
    let home = home();
    let path = home.data().with_extension("history.jsonl");
    let text = std::fs::read_to_string(&path).unwrap();
    let mut lines: Vec<&str> = text.lines().collect();
    lines.insert(2, "{\"revision\":\u{1b}[31m damaged");
    lines.insert(4, "");
    std::fs::write(&path, lines.join("\n") + "\n").unwrap();
    let damaged = std::fs::read(&path).unwrap();
    let checked = home.run(&["check"]);
    assert_eq!(
        (checked.code, checked.err.lines().count()),
        (1, 1),
        "{}",
        checked.err
    );
    assert!(
        checked.err.ends_with(
            "; 2 lines are damaged; run hatrack check --repair to move the damaged lines to a separate file\n"
        ),
        "{}",
        checked.err
    );
    assert!(!checked.err.contains('\u{1b}'));
    assert_eq!(
        checked.err.matches("hats.history.jsonl").count(),
        1,
        "{}",
        checked.err
    );
    assert_eq!(
        checked.err.matches("--repair").count(),
        1,
        "the advice is given once"
    );
    assert_eq!(std::fs::read(&path).unwrap(), damaged);
    let history = home.run_ok(&["history"]);
    assert!(
        history.ends_with("2 damaged lines skipped; run hatrack check.\n"),
        "{history}"
    );
    let json = home.run(&["history", "--json"]);
    assert_eq!(
        (json.code, json.err.as_str()),
        (0, "hatrack: 2 damaged lines skipped; run hatrack check.\n")
    );
    let entries: Vec<Value> = serde_json::from_str(&json.out).unwrap();
    assert_eq!(entries.len(), 4);
    let repaired = home.run_ok(&["check", "--repair"]);
    assert!(
        repaired.starts_with("Repaired history: 4 lines kept, 2 moved to "),
        "{repaired}"
    );
    assert_eq!(revisions(&home, &[]), [4, 3, 2, 1]);
    assert!(
        home.run_ok(&["check", "--repair"])
            .starts_with("history: nothing to repair\n")
    );
}

#[test]
fn reads_history_of_unreadable_data_file() {
    let home = home();
    let shown = home.run_ok(&["history"]);
    home.write(".config/hatrack/hats.json", "no JSON");
    assert_eq!(home.run_ok(&["history"]), shown);
    std::fs::remove_file(home.data()).unwrap();
    assert_eq!(home.run_ok(&["history"]), shown);
}

#[test]
fn reason_is_kept_shown_searched_and_not_required() {
    let home = home();
    home.run_ok(&["remove", ROOM, TERRY, HAT, "--reason", "sells  watches"]);
    home.run_ok(&["affiliate", ROOM, TERRY, "outcast", "--reason", "- left"]);
    let rows = table(&home, &["--limit", "2"]);
    assert!(rows[0].ends_with("; reason: - left"), "{rows:?}");
    let json = home.run_ok(&["history", "--json", "--limit", "2"]);
    let entries: Vec<Value> = serde_json::from_str(&json).unwrap();
    assert_eq!(entries[1]["reason"], "sells  watches");
    assert_eq!(revisions(&home, &["--search", "watches"]), [5]);
    let without_reason = home.run_ok(&["history", "--json", "--search", "#TA"]);
    assert!(!without_reason.contains("\"reason\":null"), "{without_reason}");
    // An undo does not get the reason of the change that it reverts.
    home.run_ok(&["undo"]);
    let json = home.run_ok(&["history", "--json", "--limit", "1"]);
    let entries: Vec<Value> = serde_json::from_str(&json).unwrap();
    assert_eq!(entries[0].get("reason"), None);
}

#[test]
fn reason_is_one_line() {
    let home = home();
    let long = "x".repeat(1025);
    for reason in ["", " ", "a\nb", "a\u{1b}b", &long, "--active"] {
        let refused = home.run(&["remove", ROOM, TERRY, HAT, "--reason", reason]);
        assert_eq!(refused.code, 2, "{reason:?}: {}", refused.err);
    }
    assert_eq!(revisions(&home, &[]), [4, 3, 2, 1]);
}
