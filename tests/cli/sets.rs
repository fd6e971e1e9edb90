//! `hatrack sets`.

use super::process::{Home, ROOM, TERRY};

const KIM: &str = "kim@example.org";

fn home() -> Home {
    let home = Home::with_terry();
    home.run_ok(&["affiliate", ROOM, KIM, "member"]);
    home.run_ok(&["add", ROOM, TERRY, "urn:x:1", "--title", "Proctor", "--active"]);
    home.run_ok(&["add", ROOM, KIM, "urn:x:2", "--title", "Scribe"]);
    home
}

#[test]
fn saves_applies_renames_and_removes_a_hat_set() {
    let home = home();
    assert_eq!(
        home.run_ok(&["sets"]),
        "No hat sets yet.\nSave the first one: hatrack sets save NAME ROOM USER\n"
    );
    assert_eq!(
        home.run_ok(&["sets", "save", "on-call week", ROOM, TERRY]),
        "Saved hat set \"on-call week\" (1 hat) as revision 6\n"
    );
    assert_eq!(
        home.run_ok(&["sets"]),
        "NAME          COUNT  HATS\non-call week  1      \"Proctor\"\n"
    );
    assert!(
        home.run_ok(&["sets", "--json"])
            .starts_with("{\n  \"on-call week\": {\n    \"urn:x:1\": {\n")
    );
    let output = home.run_ok(&["sets", "apply", "on-call week", ROOM, KIM, TERRY]);
    assert!(
        output.starts_with("Changed hats for kim@example.org in") && output.ends_with("(revision 7)\n"),
        "{output}"
    );
    assert_eq!(
        home.run_ok(&["show", ROOM, KIM, "--json"]),
        home.run_ok(&["show", ROOM, TERRY, "--json"])
    );
    home.run_ok(&["undo"]);
    home.run_ok(&["sets", "apply", "on-call week", ROOM, KIM, "--add"]);
    let kim = home.run_ok(&["show", ROOM, KIM, "--json"]);
    assert!(kim.contains("urn:x:1") && kim.contains("urn:x:2"), "{kim}");
    assert_eq!(
        home.run_ok(&["sets", "rename", "on-call week", "nights"]),
        "Renamed hat set \"on-call week\" to \"nights\" (revision 10)\n"
    );
    assert_eq!(
        home.run_ok(&["sets", "remove", "nights"]),
        "Removed hat set \"nights\" (users keep their hats) as revision 11\n"
    );
    home.run_ok(&["undo"]);
    assert!(home.run_ok(&["sets"]).contains("nights"));
    assert!(
        home.run_ok(&["history"])
            .contains("undid revision 11 (removed hat set \"nights\" (users keep their hats))")
    );
}

#[test]
fn rejects_invalid_hat_set_commands() {
    let home = home();
    home.run_ok(&["sets", "save", "a", ROOM, TERRY]);
    home.assert_fails(
        &["sets", "save", "a", ROOM, KIM],
        5,
        "hat set already exists: \"a\" [conflict]; use --force to overwrite it",
    );
    home.run_ok(&["sets", "save", "a", ROOM, KIM, "--force"]);
    home.run_ok(&["sets", "save", "b", ROOM, TERRY]);
    home.assert_fails(
        &["sets", "rename", "a", "b"],
        5,
        "hat set already exists: \"b\" [conflict]",
    );
    home.assert_fails(
        &["sets", "remove", "c"],
        3,
        "no such hat set: \"c\" [item-not-found]",
    );
    home.assert_fails(
        &["sets", "apply", "c", ROOM, KIM],
        3,
        "no such hat set: \"c\" [item-not-found]",
    );
    home.assert_fails(
        &["sets", "apply", "a", ROOM, "no@c.example"],
        3,
        &format!("user not affiliated with room: no@c.example in {ROOM} [item-not-found]; make the user a member first: hatrack affiliate {ROOM} no@c.example member"),
    );
    home.assert_fails(
        &["sets", "save", "x\ny", ROOM, TERRY],
        2,
        "hat set name contains a line break or control character: \"x\\ny\" [bad-request]",
    );
    home.assert_fails(
        &["sets", "save", " ", ROOM, TERRY],
        2,
        "hat set name has only spaces: \" \" [bad-request]",
    );
    home.run_ok(&["affiliate", ROOM, "new@example.org", "member"]);
    home.assert_fails(
        &["sets", "save", "n", ROOM, "new@example.org"],
        3,
        &format!("new@example.org has no hats in {ROOM} [item-not-found]"),
    );
    home.assert_fails(
        &["--read-only", "sets", "remove", "a"],
        1,
        "this session is read-only [not-allowed]",
    );
    assert!(home.run_ok(&["--read-only", "sets"]).contains("Scribe"));
    let error = "hat sets belong to the whole data file and are not available in a restricted session (--room) [not-allowed]";
    for args in [
        &["sets"] as &[&str],
        &["sets", "--json"],
        &["sets", "apply", "a", ROOM, KIM],
        &["sets", "remove", "a"],
    ] {
        home.assert_fails(&[&["--room", ROOM], args].concat(), 1, error);
        home.assert_fails(&[args, &["--room", ROOM]].concat(), 1, error);
    }
}

#[test]
fn keeps_unrelated_sets_field() {
    let home = home();
    let text = std::fs::read_to_string(home.data()).unwrap();
    let end = text.rfind('}').unwrap();
    let text = format!(
        "{},\n  \"sets\": [1.50]\n}}\n",
        text.get(..end).unwrap().trim_end()
    );
    home.write(".config/hatrack/hats.json", &text);
    let error = "cannot read the hat sets (field \"sets\" of the data file): \
                 expected an object of hat sets by name, found a list [internal-server-error]";
    for args in [
        &["sets"] as &[&str],
        &["sets", "save", "a", ROOM, TERRY],
        &["sets", "remove", "a"],
    ] {
        home.assert_fails(args, 4, error);
    }
    let checked = home.run_ok(&["check"]);
    assert!(
        checked.contains("note: cannot read the hat sets (field \"sets\" of the data file)"),
        "{checked}"
    );
    home.run_ok(&["add", ROOM, TERRY, "urn:x:3"]);
    assert!(std::fs::read_to_string(home.data()).unwrap().contains("1.50"));
}
