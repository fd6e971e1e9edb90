//! Hats that are given by their titles, and arguments in the wrong order.

use super::process::{Home, ROOM, TERRY};

const STAFF: &str = "staff@conference.example.org";

fn home() -> Home {
    let home = Home::with_terry();
    home.run_ok(&["room", "add", STAFF]);
    home.run_ok(&["affiliate", STAFF, TERRY, "member"]);
    home.run_ok(&["add", STAFF, TERRY, "urn:x:1", "--title", "Proctor"]);
    home
}

#[test]
fn unique_title_identifies_a_hat() {
    let home = home();
    let added = home.run_ok(&["add", ROOM, TERRY, "proctor", "--active"]);
    assert!(added.starts_with("Added \"Proctor\" to"), "{added}");
    let json = home.run_ok(&["show", ROOM, TERRY, "--json"]);
    assert!(json.contains("urn:x:1") && json.contains("Proctor"), "{json}");
    home.run_ok(&["catalog", "define", ROOM, "Proctor", "--color", "128"]);
    home.run_ok(&["catalog", "remove", ROOM, "Proctor"]);
    let removed = home.run_ok(&["remove", ROOM, TERRY, "Proctor"]);
    assert!(removed.starts_with("Removed \"Proctor\" from"), "{removed}");
}

#[test]
fn ambiguous_title_is_rejected_with_the_hats_that_have_it() {
    let home = home();
    home.run_ok(&["add", ROOM, TERRY, "urn:x:2", "--title", "Proctor"]);
    let output = home.run(&["add", ROOM, TERRY, "Proctor"]);
    assert_eq!(output.code, 2);
    assert_eq!(
        output.err,
        "hatrack: 2 hats are called \"Proctor\": urn:x:1 in staff (1 user); \
         urn:x:2 in Courses (1 user) [bad-request]; give the ID\n"
    );
    // Only one hat in this room has the title.
    home.run_ok(&["remove", ROOM, TERRY, "Proctor"]);
}

#[test]
fn unknown_title_changes_nothing() {
    let home = home();
    let output = home.run(&["add", ROOM, TERRY, "Teacher"]);
    assert_eq!(output.code, 2);
    assert!(
        output
            .err
            .contains("no hat has the title \"Teacher\", and it is not a hat ID: no scheme"),
        "{}",
        output.err
    );
}

#[test]
fn swapped_room_and_user_are_reported() {
    let home = home();
    for (line, command) in [
        (
            vec!["add", TERRY, ROOM, "urn:x:1"],
            format!("hatrack add {ROOM} {TERRY} HAT"),
        ),
        (
            vec!["remove", TERRY, ROOM, "urn:x:1"],
            format!("hatrack remove {ROOM} {TERRY} HAT"),
        ),
        (
            vec!["affiliate", TERRY, ROOM, "admin"],
            format!("hatrack affiliate {ROOM} {TERRY} admin"),
        ),
    ] {
        let output = home.run(&line);
        assert_eq!(output.code, 3, "{line:?}");
        assert_eq!(
            output.err,
            format!("hatrack: no such room: {TERRY} [item-not-found]; the room comes first: {command}\n")
        );
    }
}
