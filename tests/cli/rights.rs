//! Sessions that may change only some hats, or no affiliations: a command that would change more is refused as a whole.

use super::process::{CommandOutput, Home, ROOM, TERRY};

const MINE: &str = "urn:x:mine";
const OTHER: &str = "urn:x:other";
const KIM: &str = "kim@example.org";

const ONLY_MINE: &str = "this session may only change the hat urn:x:mine; this would change ";
const NO_AFFILIATIONS: &str =
    "hatrack: this session may not change affiliations, add users or remove them [not-allowed]\n";

fn home() -> Home {
    let home = Home::with_terry();
    home.run_ok(&["affiliate", ROOM, KIM, "admin"]);
    home.run_ok(&["add", ROOM, TERRY, OTHER, "--title", "Other"]);
    home.run_ok(&["sets", "save", "set", ROOM, TERRY]);
    home
}

/// Runs a command in a restricted session, with input. Checks that a failing command changes neither the data file nor
/// its history.
fn run_restricted(home: &Home, options: &[&str], args: &[&str], input: &str) -> CommandOutput {
    let files = ["hats.json", "hats.history.jsonl"];
    let content = || files.map(|name| std::fs::read(home.data().with_file_name(name)).ok());
    let before = content();
    let output = home.run_with_input(&[options, args].concat(), input.as_bytes());
    if output.code != 0 {
        assert!(content() == before, "{args:?} changed a file");
    }
    output
}

#[test]
fn only_hat_option_restricts_changes_to_these_hats() {
    let home = home();
    let only = ["--only-hat", MINE];
    for args in [
        &["add", ROOM, TERRY, MINE, "--title", "Mine", "--active"] as &[&str],
        &["add", ROOM, TERRY, "mine"],
        &["undo"],
        &["redo"],
        &["remove", ROOM, TERRY, MINE],
        &["affiliate", ROOM, "new@example.org", "member"],
        &["affiliate", ROOM, "new@example.org", "none"],
    ] {
        let output = run_restricted(&home, &only, args, "");
        assert_eq!((output.code, output.err.as_str()), (0, ""), "{args:?}");
    }
    home.run_ok(&["add", ROOM, KIM, MINE]);
    let mixed = format!("{{\"{MINE}\": {{}}, \"urn:x:third\": {{}}}}");
    let rows = format!("room,user,hat\n{ROOM},{TERRY},{MINE}\n{ROOM},{TERRY},urn:x:third\n");
    for (args, input, forbidden) in [
        (
            &["add", ROOM, TERRY, OTHER, "--active"] as &[&str],
            "",
            "the hat urn:x:other",
        ),
        (&["add", ROOM, TERRY, "urn:x:new"], "", "the hat urn:x:new"),
        (&["remove", ROOM, TERRY, OTHER], "", "the hat urn:x:other"),
        (&["affiliate", ROOM, TERRY, "none"], "", "the hat urn:x:other"),
        (&["set", ROOM, TERRY], "{}", "the hat urn:x:other"),
        (&["set", ROOM, KIM], &mixed, "the hat urn:x:third"),
        (&["import", "-"], &rows, "the hat urn:x:third"),
        (&["import", "-", "--dry-run"], &rows, "the hat urn:x:third"),
        // The hat that the set adds; the hat that it would remove may be changed.
        (&["sets", "apply", "set", ROOM, KIM], "", "the hat urn:x:other"),
        (
            &["sets", "save", "another", ROOM, KIM],
            "",
            "hat sets or other fields of the data file",
        ),
        (
            &["sets", "remove", "set"],
            "",
            "hat sets or other fields of the data file",
        ),
        (
            &["catalog", "define", ROOM, MINE, "--title", "Mine"],
            "",
            "the hat catalog",
        ),
        (&["room", "add", "new@conference.example.org"], "", "a whole room"),
        (&["room", "rename", ROOM, "Other"], "", "the room's name"),
        (&["room", "remove", ROOM], "", "a whole room"),
        // The revision in which terry got the other hat.
        (&["undo", "4"], "", "the hat urn:x:other"),
    ] {
        let output = run_restricted(&home, &only, args, input);
        assert_eq!(output.code, 1, "{args:?}: {}", output.out);
        let expected = format!("hatrack: {ONLY_MINE}{forbidden} [not-allowed]\n");
        assert_eq!(output.err, expected, "{args:?}");
    }
    // The session still sees everything, and another session is not restricted.
    assert!(
        home.run_ok(&["--only-hat", MINE, "show", ROOM, TERRY])
            .contains(OTHER)
    );
    home.run_ok(&["remove", ROOM, TERRY, OTHER]);
}

#[test]
fn no_affiliations_option_forbids_changes_of_affiliations() {
    let home = home();
    let restriction = ["--no-affiliations"];
    for args in [
        &["add", ROOM, TERRY, "urn:x:new"] as &[&str],
        &["undo"],
        &["catalog", "define", ROOM, MINE, "--title", "Mine"],
        &["room", "rename", ROOM, "Other"],
        &["room", "add", "new@conference.example.org"],
        &["room", "remove", "new@conference.example.org"],
    ] {
        let output = run_restricted(&home, &restriction, args, "");
        assert_eq!((output.code, output.err.as_str()), (0, ""), "{args:?}");
    }
    let rows = format!("room,user,affiliation,hat\n{ROOM},{TERRY},admin,{MINE}\n");
    for (args, input) in [
        (&["affiliate", ROOM, TERRY, "owner"] as &[&str], ""),
        (&["affiliate", ROOM, TERRY, "none"], ""),
        (&["affiliate", ROOM, "new@example.org", "member"], ""),
        (&["room", "remove", ROOM], ""),
        (&["import", "-"], &rows),
        (&["undo", "2"], ""),
    ] {
        let output = run_restricted(&home, &restriction, args, input);
        assert_eq!(
            (output.code, output.err.as_str()),
            (1, NO_AFFILIATIONS),
            "{args:?}"
        );
    }
}

#[test]
fn later_options_only_narrow_rights_and_files_are_restricted() {
    let home = home();
    let add = |options: &[&str], hat: &str| home.run(&[options, &["add", ROOM, TERRY, hat]].concat());
    let both = ["--only-hat", MINE, "--only-hat", OTHER];
    assert_eq!(add(&both, OTHER).code, 0);
    let narrower = home.run(&[&both[..], &["remove", ROOM, TERRY, OTHER, "--only-hat", MINE]].concat());
    assert_eq!(
        (narrower.code, narrower.err),
        (1, format!("hatrack: {ONLY_MINE}the hat {OTHER} [not-allowed]\n"))
    );
    home.assert_fails(
        &["--only-hat", MINE, "add", ROOM, TERRY, OTHER, "--only-hat", OTHER],
        2,
        "--only-hat urn:x:other is outside this restricted session",
    );
    home.assert_fails(
        &["--only-hat", "Teacher", "show"],
        2,
        "\"Teacher\" is not a valid hat ID: no scheme such as urn: or http:; a hat ID is a URI such as \
         urn:uuid:… or http://example.org/hats/teacher [bad-request]",
    );
    for options in [&["--only-hat", MINE] as &[&str], &["--no-affiliations"]] {
        // The session uses no file that the moderator names, and no variable.
        home.assert_fails(
            &[options, &["export", "--output", "a.json"]].concat(),
            1,
            "--output is not available in a restricted session (--room, --only-hat, --no-affiliations or --read-only) [not-allowed]",
        );
        let mut command = home.command(&[options, &["show"]].concat());
        command.env("HATRACK_FILE", home.path("elsewhere.json"));
        assert!(super::process::output_of(&mut command).out.contains("Courses"));
    }
}
