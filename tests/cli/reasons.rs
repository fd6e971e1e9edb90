//! Every command that makes a change of the user takes a reason, which the history records.

use serde_json::Value;

use super::process::{Home, ROOM, TERRY};

const HAT: &str = "urn:x:ta";

/// Returns the reason of the newest entry of the history.
fn newest_reason(home: &Home) -> Value {
    let history = home.run_ok(&["history", "--json", "--limit", "1"]);
    let entries: Value = serde_json::from_str(&history).unwrap_or_default();
    entries.pointer("/0/reason").cloned().unwrap_or_default()
}

#[test]
fn all_commands_that_make_a_change_take_a_reason() {
    let home = Home::new();
    home.write("hats.csv", format!("room,user,hat\n{ROOM},{TERRY},urn:x:new\n"));
    home.write("hats.json", "{\"urn:x:set\": {}}");
    let commands: [&[&str]; 17] = [
        &["room", "add", ROOM],
        &["room", "rename", ROOM, "Courses"],
        &["affiliate", ROOM, TERRY, "member"],
        &["catalog", "define", ROOM, HAT, "--title", "Assistant"],
        &["add", ROOM, TERRY, HAT],
        &["sets", "save", "week", ROOM, TERRY],
        &["remove", ROOM, TERRY, HAT],
        &["sets", "apply", "week", ROOM, TERRY],
        &["set", ROOM, TERRY, "hats.json"],
        &["import", "hats.csv"],
        &["undo"],
        &["redo"],
        &["undo", "--by", "maya", "--since", "1 hour", "--yes"],
        &["undo"],
        &["sets", "rename", "week", "day"],
        &["sets", "remove", "day"],
        &["catalog", "remove", ROOM, HAT],
    ];
    let last: &[&str] = &["room", "remove", ROOM];
    for (number, command) in commands.into_iter().chain([last]).enumerate() {
        let reason = format!("reason {number}");
        let output = home.run_ok(&[&["--actor", "maya"], command, &["--reason", &reason]].concat());
        assert!(!output.starts_with("No changes"), "{command:?}: {output}");
        assert_eq!(newest_reason(&home), Value::from(reason), "{command:?}");
    }
}
