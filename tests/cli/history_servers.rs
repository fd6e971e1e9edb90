//! The history names the servers to which a change was to be sent.

use serde_json::{Map, Value, json};

use super::process::{Home, ROOM, TERRY};

const OTHER: &str = "staff@conference.example.org";

/// A home folder whose last commit changed two rooms and was to be sent to two servers.
fn home() -> Home {
    let home = Home::with_terry();
    home.run_ok(&["room", "add", OTHER]);
    home.run_ok(&["affiliate", OTHER, TERRY, "member"]);
    home.write(
        "hats.csv",
        format!("room,user,hat\n{ROOM},{TERRY},urn:x:new\n{OTHER},{TERRY},urn:x:new\n"),
    );
    home.run_ok(&["import", "hats.csv", "--reason", "a new term"]);
    let path = home.data().with_extension("history.jsonl");
    let text = std::fs::read_to_string(&path).unwrap_or_default();
    let (before, last) = text.trim_end().rsplit_once('\n').unwrap_or_default();
    let mut last: Map<String, Value> = serde_json::from_str(last).unwrap_or_default();
    last.remove("length");
    last.insert("send-to".into(), json!(["example", "lab"]));
    let text = format!("{before}\n{}\n", Value::from(last));
    home.write(".config/hatrack/hats.history.jsonl", text);
    home
}

#[test]
fn history_names_the_servers_that_a_change_was_for() {
    let home = home();
    let table = home.run_ok(&["history"]);
    assert_eq!(table.matches("; for servers").count(), 1, "{table}");
    let first = table.lines().nth(1).unwrap_or_default();
    assert!(
        first.ends_with("; for servers \"example\", \"lab\"; reason: a new term"),
        "{table}"
    );
    let json = home.run_ok(&["history", "--json"]);
    let entries: Value = serde_json::from_str(&json).unwrap_or_default();
    assert_eq!(entries[0]["send-to"], json!(["example", "lab"]));
    assert_eq!(json.matches("send-to").count(), 1, "{json}");
}

/// The servers may be those of rooms that the session must not see.
#[test]
fn restricted_sessions_do_not_see_servers_of_a_commit_that_they_see_in_part() {
    let home = home();
    for format in [&[][..], &["--json"]] {
        let seen = home.run_ok(&[&["--room", ROOM, "history"], format].concat());
        assert!(seen.contains("urn:x:new"), "{seen}");
        assert!(!seen.contains("lab"), "{seen}");
        let seen = home.run_ok(&[&["--room", ROOM, "--room", OTHER, "history"], format].concat());
        assert!(seen.contains("lab"), "{seen}");
    }
}
