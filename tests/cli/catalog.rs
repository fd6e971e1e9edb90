//! `hatrack catalog`.

use super::process::{Home, ROOM, TERRY, stderr_of};

#[test]
fn defines_changes_lists_and_removes_a_hat() {
    let home = Home::with_terry();
    assert_eq!(
        home.run_ok(&["catalog", "list", ROOM]),
        "This room has no hats.\n"
    );
    home.run_ok(&["add", ROOM, TERRY, "urn:x:1", "--title", "Proctor"]);
    assert_eq!(
        home.run_ok(&["catalog", "list", ROOM]),
        "ID       TITLE    USERS  COLOR\nurn:x:1  Proctor  1      not in catalog\n"
    );
    let output = home.run_ok(&[
        "catalog",
        "define",
        ROOM,
        "urn:x:1",
        "--title",
        "Examiner",
        "--color",
        "128",
        "--retitle-users",
    ]);
    assert!(output.starts_with("Defined \"Examiner\" in"), "{output}");
    assert_eq!(
        home.run_ok(&["catalog", "list", ROOM]),
        "ID       TITLE     USERS  COLOR\nurn:x:1  Examiner  1      green\n"
    );
    assert!(!output.contains("replaced"), "{output}");
    let terry = home.run_ok(&["show", ROOM, TERRY, "--json"]);
    assert!(terry.contains("\"Examiner\""), "{terry}");
    home.run_ok(&["catalog", "define", ROOM, "urn:x:1", "--color", "red"]);
    assert!(home.run_ok(&["catalog", "list", ROOM]).ends_with("  red\n"));
    home.run_ok(&["catalog", "define", ROOM, "urn:x:1", "--color", "none"]);
    assert!(home.run_ok(&["catalog", "list", ROOM]).contains("automatic"));
    home.run_ok(&["catalog", "remove", ROOM, "urn:x:1"]);
    assert!(home.run_ok(&["catalog", "list", ROOM]).contains("not in catalog"));
    home.run_ok(&["undo"]);
    assert!(home.run_ok(&["catalog", "list", ROOM]).contains("automatic"));
}

#[test]
fn rejects_invalid_catalog_changes() {
    let home = Home::with_terry();
    for (line, code, expected) in [
        (
            vec!["define", ROOM, "urn:x:1", "--color", "361"],
            2,
            "invalid color",
        ),
        (
            vec!["define", ROOM, "urn:x:1", "--color", "#888"],
            2,
            "invalid color",
        ),
        (vec!["define", ROOM, "one two", "--title", "X"], 2, "one two"),
        (vec!["define", "no@such.example", "urn:x:1"], 3, "no such room"),
        (vec!["remove", ROOM, "urn:x:none"], 3, "urn:x:none"),
        (vec!["define", ROOM, "urn:x:1", "--title", "a\nb"], 2, "title"),
    ] {
        let line: Vec<&str> = std::iter::once("catalog").chain(line).collect();
        let (status, output) = stderr_of(&mut home.command(&line));
        assert_eq!(status, code, "{line:?}: {output}");
        assert!(output.contains(expected), "{line:?}: {output}");
    }
}

/// As on the screen, the title of a banned user's hat cannot be changed.
#[test]
fn reports_users_who_keep_their_title() {
    let home = Home::with_terry();
    home.run_ok(&["add", ROOM, TERRY, "urn:x:1", "--title", "Proctor"]);
    home.run_ok(&["affiliate", ROOM, TERRY, "outcast"]);
    let define = [
        "catalog",
        "define",
        ROOM,
        "urn:x:1",
        "--title",
        "Examiner",
        "--retitle-users",
    ];
    let output = home.run_ok(&define);
    assert!(output.contains("; skipped 1 banned user"), "{output}");
    let terry = home.run_ok(&["show", ROOM, TERRY, "--json"]);
    assert!(terry.contains("\"Proctor\""), "{terry}");
}

/// The output names the users whose title differed from that in the catalog.
#[test]
fn names_users_who_lose_a_different_title() {
    let home = Home::with_terry();
    let define = |title| {
        let define = [
            "catalog",
            "define",
            ROOM,
            "urn:x:1",
            "--title",
            title,
            "--retitle-users",
        ];
        home.run_ok(&define)
    };
    define("Proctor");
    home.run_ok(&["add", ROOM, TERRY, "urn:x:1", "--title", "Exams"]);
    let output = define("Examiner");
    assert!(
        output.contains("; replaced a different title of 1 user: terry@example.org (\"Exams\")"),
        "{output}"
    );
}
