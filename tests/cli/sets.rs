//! Named sets of hats by commands.

use super::process::{Home, ROOM, TERRY};

const KIM: &str = "kim@example.org";

fn home() -> Home {
    let home = Home::with_terry();
    home.done(&["affiliate", ROOM, KIM, "member"]);
    home.done(&["add", ROOM, TERRY, "urn:x:1", "--title", "Proctor", "--active"]);
    home.done(&["add", ROOM, KIM, "urn:x:2", "--title", "Scribe"]);
    home
}

#[test]
fn a_set_is_saved_put_on_renamed_and_removed() {
    let home = home();
    assert_eq!(
        home.done(&["sets"]),
        "There are no named sets of hats yet.\nSave the first one: hatrack sets save NAME ROOM USER\n"
    );
    assert_eq!(
        home.done(&["sets", "save", "on-call week", ROOM, TERRY]),
        "saved the set \"on-call week\" of 1 hat (revision 6)\n"
    );
    assert_eq!(
        home.done(&["sets"]),
        "NAME          HATS  WHICH\non-call week  1     \"Proctor\"\n"
    );
    assert!(
        home.done(&["sets", "--json"])
            .starts_with("{\n  \"on-call week\": {\n    \"urn:x:1\": {\n")
    );
    let said = home.done(&["sets", "put", "on-call week", ROOM, KIM, TERRY]);
    assert!(
        said.starts_with("changed the hats of kim@example.org in") && said.ends_with("(revision 7)\n"),
        "{said}"
    );
    assert_eq!(
        home.done(&["show", ROOM, KIM, "--json"]),
        home.done(&["show", ROOM, TERRY, "--json"])
    );
    home.done(&["undo"]);
    home.done(&["sets", "put", "on-call week", ROOM, KIM, "--add"]);
    let kim = home.done(&["show", ROOM, KIM, "--json"]);
    assert!(kim.contains("urn:x:1") && kim.contains("urn:x:2"), "{kim}");
    assert_eq!(
        home.done(&["sets", "rename", "on-call week", "nights"]),
        "renamed the set \"on-call week\" to \"nights\" (revision 10)\n"
    );
    assert_eq!(
        home.done(&["sets", "remove", "nights"]),
        "removed the set \"nights\" of 1 hat (revision 11)\n"
    );
    home.done(&["undo"]);
    assert!(home.done(&["sets"]).contains("nights"));
    assert!(
        home.done(&["history"])
            .contains("undoing 11, saved the set \"nights\" of 1 hat")
    );
}

#[test]
fn what_cannot_be_done_is_said() {
    let home = home();
    home.done(&["sets", "save", "a", ROOM, TERRY]);
    home.fails(
        &["sets", "save", "a", ROOM, KIM],
        5,
        "conflict: there is a set of hats of that name already: \"a\"; --force replaces it",
    );
    home.done(&["sets", "save", "a", ROOM, KIM, "--force"]);
    home.done(&["sets", "save", "b", ROOM, TERRY]);
    home.fails(
        &["sets", "rename", "a", "b"],
        5,
        "conflict: there is a set of hats of that name already: \"b\"",
    );
    home.fails(
        &["sets", "remove", "c"],
        3,
        "item-not-found: no such set of hats: \"c\"",
    );
    home.fails(
        &["sets", "put", "c", ROOM, KIM],
        3,
        "item-not-found: no such set of hats: \"c\"",
    );
    home.fails(
        &["sets", "put", "a", ROOM, "no@c.example"],
        3,
        &format!("item-not-found: user not affiliated with room: no@c.example in {ROOM}"),
    );
    home.fails(
        &["sets", "save", "x\ny", ROOM, TERRY],
        2,
        "bad-request: the name of a set is one line without control characters, not \"x\\ny\"",
    );
    home.fails(
        &["sets", "save", " ", ROOM, TERRY],
        2,
        "bad-request: the name of the set is missing",
    );
    home.done(&["affiliate", ROOM, "new@example.org", "member"]);
    home.fails(
        &["sets", "save", "n", ROOM, "new@example.org"],
        3,
        &format!("item-not-found: new@example.org has no hats in {ROOM}"),
    );
    home.fails(
        &["--read-only", "sets", "remove", "a"],
        1,
        "not-allowed: this session is read-only",
    );
    assert!(home.done(&["--read-only", "sets"]).contains("Scribe"));
    let error = "not-allowed: named sets of hats belong to the whole file; they are not for a session limited by --room";
    for args in [
        &["sets"] as &[&str],
        &["sets", "--json"],
        &["sets", "put", "a", ROOM, KIM],
        &["sets", "remove", "a"],
    ] {
        home.fails(&[&["--room", ROOM], args].concat(), 1, error);
        home.fails(&[args, &["--room", ROOM]].concat(), 1, error);
    }
}

#[test]
fn a_member_that_is_something_else_is_left_as_it_is() {
    let home = home();
    let text = std::fs::read_to_string(home.data()).unwrap();
    let end = text.rfind('}').unwrap();
    let text = format!(
        "{},\n  \"sets\": [1.50]\n}}\n",
        text.get(..end).unwrap().trim_end()
    );
    home.write(".config/hatrack/hats.json", &text);
    let error = "bad-request: the member \"sets\" of the data file is not what it should be, and is left as it is: \
                 expected an object of sets of hats by name, found a list";
    for args in [
        &["sets"] as &[&str],
        &["sets", "save", "a", ROOM, TERRY],
        &["sets", "remove", "a"],
    ] {
        home.fails(args, 1, error);
    }
    let checked = home.done(&["check"]);
    assert!(
        checked.contains("remark: the member \"sets\" of the data file is not what it should be"),
        "{checked}"
    );
    home.done(&["add", ROOM, TERRY, "urn:x:3"]);
    assert!(std::fs::read_to_string(home.data()).unwrap().contains("1.50"));
}
