//! Who did what, undo and redo, and forgetting.

use serde_json::Value;

use super::process::{Home, ROOM, TERRY, said};

const HAT: &str = "http://example.com/hats/ta";

/// Two of alice's changes after two of bob's: revisions 1 to 4.
fn home() -> Home {
    let home = Home::new();
    home.done(&["--actor", "bob", "room", "add", ROOM, "--name", "Courses"]);
    home.done(&["--actor", "bob", "affiliate", ROOM, TERRY, "member"]);
    home.done(&["--actor", "alice", "add", ROOM, TERRY, HAT, "--title", "TA"]);
    home.done(&[
        "--actor", "alice", "add", ROOM, TERRY, HAT, "--title", "TA", "--active",
    ]);
    home
}

/// The table without the times, which are checked to be times.
fn table(home: &Home, args: &[&str]) -> Vec<String> {
    let out = home.done(&[&["history"], args].concat());
    let mut lines = out.lines();
    let head = lines.next().unwrap_or_default();
    let (Some(when), Some(who)) = (head.find("WHEN"), head.find("WHO")) else {
        return vec![out];
    };
    let rows = lines.map(|line| {
        let (Some(time), Some(rest), true) = (
            line.get(when..who),
            line.get(who..),
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
    let json = home.done(&[&["history", "--json"], args].concat());
    let entries: Vec<Value> = serde_json::from_str(&json).unwrap_or_default();
    entries
        .iter()
        .filter_map(|entry| entry["revision"].as_u64())
        .collect()
}

#[test]
fn newest_first_in_words() {
    let home = home();
    assert_eq!(
        table(&home, &[]),
        [
            "4 alice: changed the hat \"TA\" of terry@example.org in courses@conference.example.org: worn",
            "3 alice: gave terry@example.org the hat \"TA\" in courses@conference.example.org",
            "2 bob: added terry@example.org to courses@conference.example.org as member",
            "1 bob: added the room courses@conference.example.org \"Courses\"",
        ]
    );
    assert_eq!(
        Home::new().done(&["history"]),
        "There is no such entry in the history.\n"
    );
    assert_eq!(Home::new().done(&["history", "--json"]), "[]\n");
}

#[test]
fn filters_and_limits() {
    let home = home();
    home.done(&["--actor", "carol", "room", "add", "staff@conference.example.org"]);
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
fn what_is_no_number_is_said_for_people() {
    let home = Home::new();
    for limit in ["0", "-1", "x", "99999999999999999999999"] {
        let error = format!(
            "invalid value '{limit}' for '--limit <N>': it is a number of entries, at least 1; see hatrack --help"
        );
        home.fails(&["history", &format!("--limit={limit}")], 2, &error);
    }
    for command in ["undo", "redo"] {
        let error = "invalid value 'abc' for '[REVISION]': it is the number of a revision, as hatrack history shows it; see hatrack --help";
        home.fails(&[command, "abc"], 2, error);
    }
}

#[test]
fn a_filter_by_room_limits_nothing_else() {
    let home = home();
    let file = home.path("elsewhere.json");
    let run = |args: &[&str]| {
        let said = said(home.command(args).env("HATRACK_FILE", &file));
        assert_eq!((said.code, said.err.as_str()), (0, ""), "{args:?}");
        said.out
    };
    run(&["room", "add", "staff@conference.example.org"]);
    // `--room` does not look at the variable, so that asks another file.
    for (option, found) in [("--in", true), ("--room", false)] {
        let out = run(&["history", option, "staff@conference.example.org"]);
        assert_eq!(out.contains("added the room staff@"), found, "{out}");
    }
}

#[test]
fn json_has_all_of_an_entry() {
    let home = home();
    let json = home.done(&["history", "--json", "--limit", "1"]);
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
    // Each entry is what the history has as a line.
    let line = std::fs::read_to_string(home.data().with_extension("history.jsonl")).unwrap();
    let line: Value = serde_json::from_str(line.lines().last().unwrap_or_default()).unwrap();
    for name in ["revision", "id", "time", "actor", "edits"] {
        assert_eq!(entry[name], line[name], "{name}");
    }
}

#[test]
fn more_than_a_page_is_printed_whole_as_json_and_cut_with_a_word_for_people() {
    let home = Home::new();
    for number in 0..105 {
        home.done(&["room", "add", &format!("room{number}@conference.example.org")]);
    }
    assert_eq!(revisions(&home, &[]).len(), 105);
    let lines = table(&home, &[]);
    assert_eq!(lines.len(), 101);
    assert_eq!(
        lines.last().map(String::as_str),
        Some("There are older entries: --limit N shows more.")
    );
    assert_eq!(table(&home, &["--limit", "200"]).len(), 105);
}

#[test]
fn undo_and_redo_ones_own_newest_across_processes() {
    let home = home();
    home.done(&["--actor", "bob", "affiliate", ROOM, TERRY, "admin"]);
    let states: Vec<String> = std::iter::once(home.done(&["show", ROOM, "--json"])).collect();
    let undo = |who: &str| home.done(&["--actor", who, "undo"]);
    assert_eq!(
        undo("alice"),
        "undoing 4, changed the hat \"TA\" of terry@example.org in courses@conference.example.org: not worn \
         (revision 6)\n"
    );
    assert_eq!(
        undo("alice"),
        "undoing 3, took the hat \"TA\" from terry@example.org in courses@conference.example.org (revision 7)\n"
    );
    home.fails(
        &["--actor", "alice", "undo"],
        3,
        "item-not-found: you have no change to take back",
    );
    let redo = |who: &str| home.done(&["--actor", who, "redo"]);
    assert_eq!(
        redo("alice"),
        "redoing 7, gave terry@example.org the hat \"TA\" in courses@conference.example.org (revision 8)\n"
    );
    assert!(redo("alice").starts_with("redoing 6, "));
    home.fails(
        &["--actor", "alice", "redo"],
        3,
        "item-not-found: you have no undo to put back",
    );
    assert_eq!(states, [home.done(&["show", ROOM, "--json"])]);
    // The history says it in the same words.
    let lines = table(&home, &["--limit", "4"]);
    let starts = [
        "9 alice: redoing 6, ",
        "8 alice: redoing 7, ",
        "7 alice: undoing 3, ",
        "6 alice: undoing 4, ",
    ];
    for (line, start) in lines.iter().zip(starts) {
        assert!(line.starts_with(start), "{line}");
    }
}

#[test]
fn undo_of_one_revision_whoever_made_it() {
    let home = home();
    home.done(&["--actor", "carol", "affiliate", ROOM, "kim@example.org", "owner"]);
    let undone = home.done(&["--actor", "bob", "undo", "4"]);
    assert!(undone.starts_with("undoing 4, "), "{undone}");
    let redone = home.done(&["--actor", "carol", "redo", "6"]);
    assert!(redone.starts_with("redoing 6, "), "{redone}");
    home.fails(
        &["redo", "4"],
        2,
        "revision 4 is no undo; hatrack undo 4 takes it back",
    );
}

#[test]
fn a_history_that_another_program_wrote_anew_is_found_however_it_is_spaced() {
    let home = home();
    let path = home.data().with_extension("history.jsonl");
    let text = std::fs::read_to_string(&path).unwrap();
    let spaced = text
        .replace("\"revision\":", "\"revision\" : ")
        .replace("\"actor\":\"alice", "\"actor\": \"\\u0061lice")
        .replace("\"actor\":", "\"actor\": ");
    assert_ne!(spaced, text);
    std::fs::write(&path, spaced).unwrap();
    for (actor, what) in [
        ("carol", &["undo", "4"] as &[&str]),
        ("alice", &["undo"]),
        ("bob", &["undo"]),
    ] {
        let undone = home.done(&[&["--actor", actor], what].concat());
        assert!(undone.starts_with("undoing "), "{undone}");
    }
}

#[test]
fn undo_is_refused_with_the_reason_when_somebody_changed_the_same_meanwhile() {
    let home = home();
    home.done(&["--actor", "carol", "remove", ROOM, TERRY, HAT]);
    home.fails(
        &["--actor", "alice", "undo"],
        5,
        "conflict: changed meanwhile: http://example.com/hats/ta of terry@example.org in \
         courses@conference.example.org is now not there",
    );
    // A hat does not come back to somebody who was banned meanwhile.
    home.done(&["--actor", "carol", "affiliate", ROOM, TERRY, "outcast"]);
    home.fails(
        &["--actor", "carol", "undo", "5"],
        3,
        "item-not-found: user not affiliated with room: terry@example.org in courses@conference.example.org",
    );
}

#[test]
fn a_conflict_over_a_whole_room_says_how_large_it_is_now_and_not_what_is_in_it() {
    home().fails(
        &["undo", "1"],
        5,
        "conflict: changed meanwhile: courses@conference.example.org is now another, with 1 user",
    );
}

#[test]
fn what_another_program_changed_is_in_the_history_with_the_next_change() {
    let home = home();
    home.changed_outside(&[("\"Courses\"", "\"Lessons\"")]);
    let lines = table(&home, &["--limit", "2"]);
    assert!(
        lines[0].starts_with("6 onlooker: added kim@example.org"),
        "{lines:?}"
    );
    assert_eq!(
        lines[1],
        "5 outside: changed outside hatrack: renamed courses@conference.example.org from \"Courses\" to \"Lessons\""
    );
    // Where nobody looked on and the history does not go back to the beginning, what was before is not known.
    let time = home.done(&["history", "--json", "--limit", "1"]);
    let time = time
        .split("\"time\":\"")
        .nth(1)
        .and_then(|time| time.split('"').next());
    home.done(&["history", "--forget", time.unwrap_or_default()]);
    let text = std::fs::read_to_string(home.data()).unwrap();
    home.write(
        ".config/hatrack/hats.json",
        text.replace("\"Lessons\"", "\"Classes\""),
    );
    home.done(&["affiliate", ROOM, "lee@example.org", "member"]);
    assert_eq!(
        table(&home, &["--limit", "2"])[1],
        "7 outside: changed outside hatrack (details unknown)"
    );
    home.fails(
        &["undo", "7"],
        1,
        "revision 7: what was changed there is not known, so it cannot be undone",
    );
}

#[test]
fn forget_removes_for_good_what_is_older() {
    let home = home();
    assert!(
        home.done(&["history", "--forget", "2001-01-01"])
            .starts_with("forgot 0 entries from before ")
    );
    assert_eq!(revisions(&home, &[]), [4, 3, 2, 1]);
    let said = home.done(&["history", "--forget", "2999-01-01T00:00:00Z"]);
    assert_eq!(said, "forgot 4 entries from before 2999-01-01T00:00:00Z\n");
    assert_eq!(home.done(&["history", "--json"]), "[]\n");
    let text = std::fs::read_to_string(home.data().with_extension("history.jsonl")).unwrap_or_default();
    assert!(!text.contains("terry@example.org"), "{text}");
    // The wardrobe does not need its history.
    assert!(home.done(&["show", ROOM]).contains("TA (worn)"));
    assert!(home.done(&["add", ROOM, TERRY, HAT]).contains("(revision 5)"));
}

#[test]
fn a_damaged_history_is_said_and_repaired_on_request() {
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
            "; 2 lines are damaged; hatrack check --repair moves what is damaged into a file beside it\n"
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
    let history = home.done(&["history"]);
    assert!(
        history.ends_with("2 lines could not be read: hatrack check says more.\n"),
        "{history}"
    );
    let json = home.run(&["history", "--json"]);
    assert_eq!(
        (json.code, json.err.as_str()),
        (
            0,
            "hatrack: 2 lines could not be read: hatrack check says more.\n"
        )
    );
    let entries: Vec<Value> = serde_json::from_str(&json.out).unwrap();
    assert_eq!(entries.len(), 4);
    let repaired = home.done(&["check", "--repair"]);
    assert!(
        repaired.starts_with("history repaired: 4 lines kept, 2 not readable; "),
        "{repaired}"
    );
    assert_eq!(revisions(&home, &[]), [4, 3, 2, 1]);
    assert!(
        home.done(&["check", "--repair"])
            .starts_with("history: nothing to repair\n")
    );
}

#[test]
fn the_history_can_be_read_when_the_data_file_cannot() {
    let home = home();
    let shown = home.done(&["history"]);
    home.write(".config/hatrack/hats.json", "no JSON");
    assert_eq!(home.done(&["history"]), shown);
    std::fs::remove_file(home.data()).unwrap();
    assert_eq!(home.done(&["history"]), shown);
}
