//! Errors of commands: message, exit code, and no changes.

use super::process::{CommandOutput, Home, ROOM, TERRY};

const HAT: &str = "http://example.com/hats/ta";

#[test]
fn set_with_invalid_input_changes_nothing() {
    let home = Home::with_terry();
    home.run_ok(&["add", ROOM, TERRY, HAT]);
    let before = std::fs::read(home.data()).unwrap();
    for (input, place) in [
        (
            "{\"urn:x:1\":{},\n \"urn:x:2\":7}",
            "line 2, column 12: expected a hat: an object with \"active\", \"required\", \"title\", found the number 7",
        ),
        (
            "{\"urn:x:1\":{\"active\":\"yes\"}}",
            "line 1, column 26: expected true or false, found the text \"yes\"",
        ),
        (
            "{\"urn:x:1\":{},\"urn:x:1\":{}}",
            "line 1, column 15: duplicate field \"urn:x:1\"",
        ),
        (
            "{\"urn:x:1\":{},\n\"not a uri\":{}}",
            "line 2, column 1: \"not a uri\" is not a valid hat ID: contains whitespace",
        ),
        (
            "{\"hats\":{\"urn:x:1\":{},\"bad\":{}}}",
            "line 1, column 23: \"bad\" is not a valid hat ID: no scheme such as urn: or http:",
        ),
        (
            "[]",
            "line 1, column 1: expected an object of hats by ID, or a user object with \"hats\", found a list",
        ),
        (
            "{\"urn:x:1\":{}",
            "line 1, column 13: the text ends inside an object",
        ),
        (
            "{\"affliation\":\"owner\",\"hats\":{}}",
            "line 1, column 13: \"affliation\" would be lost",
        ),
        (
            "{\"hats\":{},\"urn:b\":{}}",
            "line 1, column 18: \"urn:b\" would be lost",
        ),
        (
            "{\"affiliation\":\"owner\"}",
            "line 1, column 23: \"hats\" is missing; expected a user: an object with \"hats\"",
        ),
        (
            "{\"affiliation\":\"boss\",\"hats\":{}}",
            "line 1, column 21: unknown affiliation \"boss\"",
        ),
        ("", "line 1, column 1: empty input"),
        ("{} {}", "line 1, column 4: unexpected text after the end"),
    ] {
        let output = home.run_with_input(&["set", ROOM, TERRY], input.as_bytes());
        assert!(
            output
                .err
                .starts_with(&format!("hatrack: standard input: {place}")),
            "{input}: {}",
            output.err
        );
        assert_eq!(
            (output.code, output.out.as_str(), output.err.lines().count()),
            (2, "", 1),
            "{input}"
        );
        assert_eq!(std::fs::read(home.data()).unwrap(), before, "{input}");
    }
    let output = home.run_with_input(&["set", ROOM, TERRY], b"{\"urn:x:\xff\":{}}");
    assert_eq!(
        output.err,
        "hatrack: standard input: line 1, column 9: not valid UTF-8 [bad-request]\n"
    );
    home.assert_fails(
        &["set", ROOM, TERRY, "no\u{1b}[2J\n\u{202e}.json"],
        1,
        "cannot read no␛[2J␊«U+202E».json: no such file or folder",
    );
    home.assert_fails(
        &["set", ROOM, TERRY, "missing.json"],
        1,
        "cannot read missing.json: no such file or folder",
    );
}

#[test]
fn revisions_have_a_limit() {
    let home = Home::new();
    let file = |revision: u64| format!("{{\"version\":1,\"revision\":{revision},\"rooms\":{{}}}}");
    for revision in [1 << 53, u64::MAX] {
        home.write(".config/hatrack/hats.json", file(revision));
        let output = home.run(&["room", "add", ROOM]);
        let expected = format!(
            "expected a revision: a whole number from 0 to 9007199254740991, found the number {revision}\n"
        );
        assert_eq!(output.code, 4);
        assert!(output.err.ends_with(&expected), "{}", output.err);
    }
    home.write(".config/hatrack/hats.json", file((1 << 53) - 2));
    assert!(
        home.run_ok(&["room", "add", ROOM])
            .ends_with("(revision 9007199254740991)\n")
    );
    let output = home.run(&["room", "remove", ROOM]);
    assert_eq!(output.code, 1);
    assert!(output.err.contains("revision limit reached"), "{}", output.err);
    home.run_ok(&["show", ROOM]);
}

#[test]
fn reports_unreadable_data_file() {
    let home = Home::new();
    // /proc/self/mem can be opened as a regular file, but reading it fails with EIO.
    let output = home.run(&["--file", "/proc/self/mem", "show"]);
    assert_eq!(output.code, 4, "{}", output.err);
    assert!(
        output.err.starts_with("hatrack: cannot read /proc/"),
        "{}",
        output.err
    );
}

#[test]
fn reports_missing_items_without_changes() {
    let home = Home::with_terry();
    home.run_ok(&["affiliate", ROOM, "mallory@example.net", "outcast"]);
    let no_room = "no such room: x@y [item-not-found]";
    let stranger =
        "user not affiliated with room: kim@example.org in courses@conference.example.org [item-not-found]";
    let advice = |error: &str, user: &str| {
        format!("{error}; make the user a member first: hatrack affiliate {ROOM} {user} member")
    };
    let add_stranger = &advice(stranger, "kim@example.org");
    let add_outcast = "mallory@example.net is banned from courses@conference.example.org and cannot get a hat [item-not-found]";
    let remove_outcast = "mallory@example.net is banned from courses@conference.example.org and does not have this hat [item-not-found]";
    for (args, error) in [
        (&["show", "x@y"] as &[&str], no_room),
        (&["show", "x@y", "nobody@z"], no_room),
        (&["show", ROOM, "kim@example.org"], stranger),
        (&["add", "x@y", "kim@example.org", HAT], no_room),
        (&["add", ROOM, "kim@example.org", HAT], add_stranger),
        (&["add", ROOM, "mallory@example.net", HAT], add_outcast),
        (&["remove", "x@y", TERRY, HAT], no_room),
        (&["remove", ROOM, "kim@example.org", HAT], stranger),
        (&["remove", ROOM, "mallory@example.net", HAT], remove_outcast),
        (&["affiliate", "x@y", TERRY, "member"], no_room),
        (&["room", "remove", "x@y"], no_room),
        (&["undo", "99"], "no revision 99 in the history [item-not-found]"),
        (&["redo", "99"], "no revision 99 in the history [item-not-found]"),
    ] {
        home.assert_fails(args, 3, error);
    }
    for (room, user, error) in [
        ("x@y", TERRY, no_room),
        (ROOM, "mallory@example.net", add_outcast),
    ] {
        let output = home.run_with_input(&["set", room, user], b"{}");
        let expected = CommandOutput {
            code: 3,
            out: String::new(),
            err: format!("hatrack: {error}\n"),
        };
        assert_eq!(output, expected);
    }
    assert!(
        home.run_ok(&["show", ROOM, "mallory@example.net"])
            .contains("outcast")
    );
    home.assert_fails(
        &["room", "add", ROOM],
        5,
        "room already exists: courses@conference.example.org [conflict]",
    );
}

#[test]
fn usage_errors_are_one_line_with_code_2() {
    let home = Home::with_terry();
    for (args, error) in [
        (
            &["add", ROOM] as &[&str],
            "the following required arguments were not provided: <USER> <HAT>; usage: hatrack add <ROOM> <USER> <HAT>; \
             see hatrack --help",
        ),
        (&["add", "x@", TERRY, HAT], "\"x@\" is not an address: "),
        (
            &["add", "example.org", TERRY, HAT],
            "\"example.org\" is not a room address: it needs a name before the domain",
        ),
        (&["add", ROOM, "a b@c", HAT], "\"a b@c\" is not an address: "),
        (
            &["add", ROOM, TERRY, "no uri"],
            "no hat has the title \"no uri\", and it is not a hat ID: contains whitespace [bad-request]; a hat ID is a URI such as",
        ),
        (
            &["add", "x@y", TERRY, ""],
            "no hat has the title \"\", and it is not a hat ID: empty [bad-request]",
        ),
        (
            &["affiliate", ROOM, TERRY, "boss"],
            "invalid value 'boss' for '<AFFILIATION>' [possible values: owner, admin, member, outcast, none]",
        ),
        (
            &["frobnicate"],
            "unrecognized subcommand 'frobnicate'; usage: hatrack [OPTIONS] [COMMAND]",
        ),
        (
            &["room"],
            "'hatrack room' requires a subcommand but one was not provided [subcommands: add, rename, remove]",
        ),
        (&["show", "--color"], "unexpected argument '--color' found"),
        (
            &["undo", "first"],
            "invalid value 'first' for '[REVISION]': expected a revision number",
        ),
        (&["history", "--limit", "-1"], "unexpected argument '-1' found"),
        (
            &["history", "--forget", "yesterday"],
            "invalid date or time \"yesterday\"; use 2026-01-31 or 2026-01-31T12:00:00Z",
        ),
        (&["--demo", "show"], "--demo cannot be combined with a command"),
        (
            &["--demo", "--room", ROOM],
            "--demo cannot be combined with --file or with options that restrict the session",
        ),
        (&["--demo", "--read-only"], "--demo cannot be combined with "),
        (&["--demo", "--file", "x.json"], "--demo cannot be combined with "),
        (&["--actor", "", "show"], "invalid actor name \"\": it is empty"),
        (&["--file", "a", "show", "--file", "b"], "--file given twice"),
        (
            &["show", "\u{1b}[31m\u{202e}\n"],
            "\"\\u{1b}[31m\\u{202e}\\n\" is not an address: ",
        ),
        (&["show", "--\u{1b}[31m"], "unexpected argument '--' found"),
    ] {
        let output = home.run(args);
        let lines = output.err.lines().count();
        assert_eq!(
            (output.code, output.out.as_str(), lines),
            (2, "", 1),
            "{args:?}: {}",
            output.err
        );
        assert!(
            output.err.starts_with(&format!("hatrack: {error}")),
            "{args:?}: {}",
            output.err
        );
        assert!(
            !output.err.trim_end().contains(char::is_control),
            "{:?}",
            output.err
        );
    }
}

#[test]
fn syntax_errors_name_the_position() {
    for (content, place) in [
        ("\n", "line 1, column 1: empty input"),
        ("{\"version\":1,\n\"rooms\":[]}", "line 2, column "),
        (
            "{\"version\":2,\"rooms\":{}}",
            "line 1, column 12: format version 2 needs a newer hatrack",
        ),
    ] {
        let home = Home::new();
        let path = home.write(".config/hatrack/hats.json", content);
        for args in [
            &["show"] as &[&str],
            &["add", ROOM, TERRY, HAT],
            &["room", "add", ROOM],
            &["affiliate", ROOM, TERRY, "none"],
            &["check"],
            &["undo"],
        ] {
            let output = home.run(args);
            assert_eq!(
                (output.code, output.out.as_str(), output.err.lines().count()),
                (4, "", 1),
                "{args:?}"
            );
            let start = format!("hatrack: {}: {place}", path.display());
            assert!(output.err.starts_with(&start), "{args:?}: {}", output.err);
            assert_eq!(std::fs::read_to_string(&path).unwrap(), content, "{args:?}");
        }
    }
}

#[test]
fn screen_without_terminal_points_to_commands() {
    let home = Home::new();
    let error = "standard input is not a terminal; the screen needs a terminal. For scripts, use a command: see hatrack --help";
    home.assert_fails(&[], 2, error);
    home.assert_fails(&["--demo"], 2, error);
}

#[test]
fn output_to_closed_pipe_succeeds_and_to_full_disk_fails() {
    let home = Home::with_terry();
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let child = home
        .command(&["show"])
        .stdout(writer)
        .stderr(std::process::Stdio::piped())
        .spawn();
    let success = CommandOutput {
        code: 0,
        out: String::new(),
        err: String::new(),
    };
    assert_eq!(
        CommandOutput::from(child.unwrap().wait_with_output().unwrap()),
        success
    );
    let full = std::fs::File::options().write(true).open("/dev/full");
    let child = home
        .command(&["show"])
        .stdout(full.unwrap())
        .stderr(std::process::Stdio::piped())
        .spawn();
    let output = CommandOutput::from(child.unwrap().wait_with_output().unwrap());
    let error = "hatrack: cannot write to standard output: No space left on device (os error 28)\n";
    assert_eq!((output.code, output.err.as_str()), (1, error));
    let full = std::fs::File::options().write(true).open("/dev/full");
    let output = super::process::stderr_of(
        home.command(&["affiliate", ROOM, "kim@example.org", "owner"])
            .stdout(full.unwrap()),
    );
    let error = "hatrack: the change is saved, but hatrack cannot write to standard output: No space left on device (os error 28)\n";
    assert_eq!(output, (1, error.into()));
    assert!(home.run_ok(&["show", ROOM]).contains("kim@example.org"));
}

#[test]
fn rejects_missing_data_file_with_history() {
    let home = Home::new();
    let path = home.path("hats.json");
    home.run_ok(&[
        "--file",
        "hats.json",
        "room",
        "add",
        "courses@conference.example.org",
    ]);
    std::fs::remove_file(&path).unwrap();
    let reason = format!(
        "{} is missing, but its history exists; restore the file from a backup, or move {} away to start over",
        path.display(),
        home.path("hats.history.jsonl").display()
    );
    for command in [
        &["show"][..],
        &["room", "add", "staff@conference.example.org"],
        &["undo"],
    ] {
        home.assert_fails(&[&["--file", "hats.json"], command].concat(), 4, &reason);
    }
    assert!(
        home.run_ok(&["--file", "hats.json", "history"])
            .contains("courses")
    );
    let checked = home.run(&["--file", "hats.json", "check"]);
    assert_eq!((checked.code, checked.err), (1, format!("hatrack: {reason}\n")));
    assert!(!path.exists());
}

/// A title is stored for each user with the hat, and twice in the history, so the length of typed texts is limited.
/// Texts from files are not limited, even in a restricted session.
#[test]
fn limits_length_of_typed_texts() {
    let home = Home::with_terry();
    let before = std::fs::read(home.data()).unwrap();
    let long = "é".repeat(513);
    let id = format!("urn:x:{}", "a".repeat(1024));
    for args in [
        &["add", ROOM, TERRY, HAT, "--title", &long] as &[&str],
        &["catalog", "define", ROOM, HAT, "--title", &long],
        &["room", "add", "new@conference.example.org", "--name", &long],
        &["room", "rename", ROOM, &long],
        &["sets", "save", &long, ROOM, TERRY],
    ] {
        let output = home.run(args);
        assert_eq!(output.code, 2, "{args:?}: {}", output.out);
        assert!(
            output
                .err
                .ends_with("too long: 1,026 bytes (limit 1,024 bytes) [bad-request]\n"),
            "{}",
            output.err
        );
    }
    let output = home.run(&["add", ROOM, TERRY, &id]);
    assert_eq!(output.code, 2);
    assert!(output.err.contains("longer than 1,024 bytes"), "{}", output.err);
    assert_eq!(std::fs::read(home.data()).unwrap(), before);
    let longest = "é".repeat(512);
    home.run_ok(&["add", ROOM, TERRY, HAT, "--title", &longest]);
    let hats = format!("{{\"{HAT}\": {{\"title\": \"{long}\"}}}}");
    let output = home.run_with_input(&["--room", ROOM, "set", ROOM, TERRY], hats.as_bytes());
    assert_eq!((output.code, output.err.as_str()), (0, ""));
}

#[test]
fn rejects_control_characters_in_titles_and_names() {
    let home = Home::with_terry();
    let before = std::fs::read(home.data()).unwrap();
    for bad in [
        "a\nb",
        "a\r",
        "\u{1b}[31mred",
        "\u{9b}2J",
        "a\u{7f}",
        "a\u{2028}b",
        "\t",
    ] {
        for (args, field) in [
            (["add", ROOM, TERRY, HAT, "--title", bad], "title"),
            (
                [
                    "room",
                    "add",
                    "new@conference.example.org",
                    "--name",
                    bad,
                    "--actor=a",
                ],
                "name",
            ),
            (["room", "rename", ROOM, "--actor=a", "--", bad], "name"),
        ] {
            let error = format!("{field} contains a line break or control character: {bad:?} [bad-request]");
            home.assert_fails(&args, 2, &error);
        }
    }
    assert_eq!(std::fs::read(home.data()).unwrap(), before);
    let blank = "title has only spaces: \" \\u{a0}\" [bad-request]";
    home.assert_fails(&["add", ROOM, TERRY, HAT, "--title", " \u{a0}"], 2, blank);
    home.assert_fails(&["catalog", "define", ROOM, HAT, "--title", " \u{a0}"], 2, blank);
    for good in ["", "Zoë 帽子 👩‍👩‍👧‍👦", "שלום", "می\u{200c}خواهم"] {
        home.run_ok(&["add", ROOM, TERRY, HAT, "--title", good]);
    }
}

#[test]
fn hats_of_banned_users_can_be_removed() {
    let home = Home::with_terry();
    home.run_ok(&["add", ROOM, TERRY, HAT, "--title", "Teacher"]);
    home.run_ok(&["affiliate", ROOM, TERRY, "outcast"]);
    assert!(
        home.run_ok(&["remove", ROOM, TERRY, HAT])
            .starts_with("Removed \"Teacher\"")
    );
    assert!(!home.run_ok(&["show", ROOM, TERRY]).contains("Teacher"));
}
