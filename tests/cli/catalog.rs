//! A room's catalog of hats by commands.

use super::process::{Home, ROOM, TERRY, error_of};

#[test]
fn a_hat_is_defined_changed_listed_and_removed() {
    let home = Home::with_terry();
    assert_eq!(
        home.done(&["catalog", "list", ROOM]),
        "No hat is defined or worn in this room yet.\n"
    );
    home.done(&["add", ROOM, TERRY, "urn:x:1", "--title", "Proctor"]);
    assert_eq!(
        home.done(&["catalog", "list", ROOM]),
        "HAT      TITLE    USERS  HUE\nurn:x:1  Proctor  1      worn only\n"
    );
    let said = home.done(&[
        "catalog",
        "define",
        ROOM,
        "urn:x:1",
        "--title",
        "Examiner",
        "--hue",
        "128",
        "--wearers",
    ]);
    assert!(
        said.starts_with("put the hat \"Examiner\" into the catalog of"),
        "{said}"
    );
    assert_eq!(
        home.done(&["catalog", "list", ROOM]),
        "HAT      TITLE     USERS  HUE\nurn:x:1  Examiner  1      128\n"
    );
    let terry = home.done(&["show", ROOM, TERRY, "--json"]);
    assert!(terry.contains("\"Examiner\""), "{terry}");
    home.done(&["catalog", "define", ROOM, "urn:x:1", "--hue", "none"]);
    assert!(home.done(&["catalog", "list", ROOM]).contains("by its id"));
    home.done(&["catalog", "remove", ROOM, "urn:x:1"]);
    assert!(home.done(&["catalog", "list", ROOM]).contains("worn only"));
    home.done(&["undo"]);
    assert!(home.done(&["catalog", "list", ROOM]).contains("by its id"));
}

#[test]
fn what_is_wrong_is_said() {
    let home = Home::with_terry();
    for (line, code, says) in [
        (vec!["define", ROOM, "urn:x:1", "--hue", "361"], 2, "is no hue"),
        (vec!["define", ROOM, "one two", "--title", "X"], 2, "one two"),
        (vec!["define", "no@such.example", "urn:x:1"], 3, "no such room"),
        (vec!["remove", ROOM, "urn:x:none"], 3, "urn:x:none"),
        (vec!["define", ROOM, "urn:x:1", "--title", "a\nb"], 2, "title"),
    ] {
        let line: Vec<&str> = std::iter::once("catalog").chain(line).collect();
        let (status, said) = error_of(&mut home.command(&line));
        assert_eq!(status, code, "{line:?}: {said}");
        assert!(said.contains(says), "{line:?}: {said}");
    }
}

/// As on the screen: what a user who is banned has can only be taken away.
#[test]
fn who_is_not_affiliated_keeps_the_title_and_that_is_said() {
    let home = Home::with_terry();
    home.done(&["add", ROOM, TERRY, "urn:x:1", "--title", "Proctor"]);
    home.done(&["affiliate", ROOM, TERRY, "outcast"]);
    let define = [
        "catalog",
        "define",
        ROOM,
        "urn:x:1",
        "--title",
        "Examiner",
        "--wearers",
    ];
    let said = home.done(&define);
    assert!(said.contains("; skipped 1 user without affiliation"), "{said}");
    let terry = home.done(&["show", ROOM, TERRY, "--json"]);
    assert!(terry.contains("\"Proctor\""), "{terry}");
}
