//! `hatrack undo --by NAME --since TIME`.

use super::process::{Home, ROOM, TERRY};

const HAT: &str = "http://example.com/hats/ta";

/// A home folder in which mallory renamed the room, added a hat, whose title alice then changed, and banned terry.
fn home() -> Home {
    let home = Home::with_terry();
    home.run_ok(&["--actor", "mallory", "room", "rename", ROOM, "Spam"]);
    home.run_ok(&["--actor", "mallory", "add", ROOM, TERRY, HAT, "--title", "TA"]);
    home.run_ok(&[
        "--actor",
        "alice",
        "add",
        ROOM,
        TERRY,
        HAT,
        "--title",
        "Assistant",
    ]);
    home.run_ok(&["--actor", "mallory", "affiliate", ROOM, TERRY, "outcast"]);
    home
}

const PREVIEW: &str = "\
RESULT   NAME                            CHANGE
undo     terry@example.org               banned from courses@conference.example.org (was member)
undo     courses@conference.example.org  renamed from \"Courses\" to \"Spam\"
skipped  terry@example.org               \"TA\" added in courses@conference.example.org; alice changed it in revision 5
";

#[test]
fn undoes_all_changes_of_an_actor() {
    let home = home();
    let undo = ["--actor", "bob", "undo", "--by", "mallory", "--since", "1 hour"];
    let before = std::fs::read(home.data()).unwrap_or_default();
    let dry = home.run_ok(&[&undo[..], &["--dry-run"]].concat());
    assert_eq!(dry, format!("{PREVIEW}Would undo 2 changes by mallory\n"));
    // Without a terminal, hatrack cannot ask for a confirmation.
    let unconfirmed = home.run(&undo);
    assert_eq!(
        (unconfirmed.code, unconfirmed.err.as_str()),
        (
            2,
            "hatrack: nothing was changed: no terminal to ask for confirmation; use undo --yes\n"
        )
    );
    assert_eq!(std::fs::read(home.data()).unwrap_or_default(), before);
    let done = home.run_ok(&[&undo[..], &["--yes"]].concat());
    let summary = done.strip_prefix(PREVIEW).unwrap_or_default();
    assert!(
        summary.starts_with("Undid 2 changes: ") && summary.ends_with(" (revision 7)\n"),
        "{done}"
    );
    let shown = home.run_ok(&["show", ROOM]);
    assert!(
        shown.contains("Courses") && shown.contains("member") && shown.contains("Assistant"),
        "{shown}"
    );
    // The rollback is one change of its actor.
    assert!(
        home.run_ok(&["--actor", "bob", "undo"])
            .starts_with("Undid revision 7 (")
    );
    assert_eq!(
        std::fs::read_to_string(home.data())
            .unwrap_or_default()
            .replace("\"revision\": 8", "\"revision\": 6")
            .into_bytes(),
        before
    );
    assert!(
        home.run_ok(&["--actor", "bob", "redo"])
            .starts_with("Redid revision 7 (")
    );
    assert_eq!(home.run_ok(&["show", ROOM]), shown);
    // The remaining changes were changed again later, so they cannot be undone.
    let again = home.run_ok(&[&undo[..], &["--yes"]].concat());
    assert!(again.ends_with("No changes: everything is skipped\n"), "{again}");
}

#[test]
fn since_all_includes_the_first_change() {
    let home = home();
    let all = home.run_ok(&["undo", "--by", "mallory", "--since", "all", "--dry-run"]);
    assert_eq!(all, format!("{PREVIEW}Would undo 2 changes by mallory\n"));
    let failed = home.run(&["undo", "--by", "mal", "--since", "all", "--yes"]);
    assert!(
        failed.err.starts_with("hatrack: no changes by mal ["),
        "{}",
        failed.err
    );
}

#[test]
fn rejects_unknown_actors_and_invalid_arguments() {
    let home = home();
    let failed = home.run(&["undo", "--by", "mal", "--since", "yesterday", "--yes"]);
    assert_eq!(failed.code, 3);
    assert!(
        failed.err.starts_with("hatrack: no changes by mal since ")
            && failed.err.contains("[item-not-found]; only alice, mallory"),
        "{}",
        failed.err
    );
    for args in [
        &["undo", "--by", "mallory"] as &[&str],
        &["undo", "--since", "yesterday"],
        &["undo", "--yes"],
        &["undo", "4", "--by", "mallory", "--since", "yesterday"],
        &[
            "undo",
            "--by",
            "mallory",
            "--since",
            "yesterday",
            "--yes",
            "--dry-run",
        ],
        &["undo", "--by", "mallory", "--since", "soon"],
    ] {
        assert_eq!(home.run(args).code, 2, "{args:?}");
    }
    let read_only = home.run(&[
        "undo",
        "--by",
        "mallory",
        "--since",
        "yesterday",
        "--yes",
        "--read-only",
        "--file",
        ".config/hatrack/hats.json",
    ]);
    assert_eq!(read_only.code, 1, "{}", read_only.err);
}
