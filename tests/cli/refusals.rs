//! How commands fail: the sentence, the exit code, and that nothing changes.

use super::process::{Home, ROOM, Said, TERRY};

const HAT: &str = "http://example.com/hats/ta";

#[test]
fn set_takes_all_or_nothing() {
    let home = Home::with_terry();
    home.done(&["add", ROOM, TERRY, HAT]);
    let before = std::fs::read(home.data()).unwrap();
    for (input, place) in [
        (
            "{\"urn:x:1\":{},\n \"urn:x:2\":7}",
            "line 2, column 12: expected an attachment: an object with \"active\", \"required\", \"title\", found the number 7",
        ),
        (
            "{\"urn:x:1\":{\"active\":\"yes\"}}",
            "line 1, column 26: expected true or false, found the text \"yes\"",
        ),
        (
            "{\"urn:x:1\":{},\"urn:x:1\":{}}",
            "line 1, column 15: two members are named \"urn:x:1\"",
        ),
        (
            "{\"urn:x:1\":{},\n\"not a uri\":{}}",
            "line 2, column 1: not a URI: \"not a uri\": it has a space in it",
        ),
        (
            "{\"hats\":{\"urn:x:1\":{},\"bad\":{}}}",
            "line 1, column 23: not a URI: \"bad\": it has no scheme",
        ),
        (
            "[]",
            "line 1, column 1: expected an object of hats by id, or a user object with \"hats\", found a list",
        ),
        (
            "{\"urn:x:1\":{}",
            "line 1, column 13: the text ends in the middle of an object",
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
        ("", "line 1, column 1: there is nothing in it"),
        (
            "{} {}",
            "line 1, column 4: the document is over, but something follows",
        ),
    ] {
        let said = home.fed(&["set", ROOM, TERRY], input.as_bytes());
        assert!(
            said.err
                .starts_with(&format!("hatrack: bad-request: standard input: {place}")),
            "{input}: {}",
            said.err
        );
        assert_eq!(
            (said.code, said.out.as_str(), said.err.lines().count()),
            (1, "", 1),
            "{input}"
        );
        assert_eq!(std::fs::read(home.data()).unwrap(), before, "{input}");
    }
    let said = home.fed(&["set", ROOM, TERRY], b"{\"urn:x:\xff\":{}}");
    assert_eq!(
        said.err,
        "hatrack: bad-request: standard input: line 1, column 9: not valid UTF-8\n"
    );
    home.fails(
        &["set", ROOM, TERRY, "no\u{1b}[2J\n\u{202e}.json"],
        1,
        "cannot read no␛[2J␊«U+202E».json: there is no such file or folder",
    );
    home.fails(
        &["set", ROOM, TERRY, "missing.json"],
        1,
        "cannot read missing.json: there is no such file or folder",
    );
}

#[test]
fn no_revision_goes_backwards_or_beyond_what_can_be_read() {
    let home = Home::new();
    let file = |revision: u64| format!("{{\"version\":1,\"revision\":{revision},\"rooms\":{{}}}}");
    for revision in [1 << 53, u64::MAX] {
        home.write(".config/hatrack/hats.json", file(revision));
        let said = home.run(&["room", "add", ROOM]);
        let expected = format!(
            "expected a revision: a whole number from 0 to 9007199254740991, found the number {revision}\n"
        );
        assert_eq!(said.code, 4);
        assert!(said.err.ends_with(&expected), "{}", said.err);
    }
    home.write(".config/hatrack/hats.json", file((1 << 53) - 2));
    assert!(
        home.done(&["room", "add", ROOM])
            .ends_with("(revision 9007199254740991)\n")
    );
    let said = home.run(&["room", "remove", ROOM]);
    assert_eq!(said.code, 1);
    assert!(said.err.contains("there is no larger revision"), "{}", said.err);
    home.done(&["show", ROOM]);
}

#[test]
fn a_data_file_that_the_system_does_not_give_is_unreadable() {
    let home = Home::new();
    // Readable by its name, but its first byte is not: /proc/self/mem is a regular file, and reading it fails with EIO.
    let said = home.run(&["--file", "/proc/self/mem", "show"]);
    assert_eq!(said.code, 4, "{}", said.err);
    assert!(
        said.err.starts_with("hatrack: cannot read /proc/"),
        "{}",
        said.err
    );
}

#[test]
fn what_is_not_there_is_said_and_nothing_changes() {
    let home = Home::with_terry();
    home.done(&["affiliate", ROOM, "mallory@example.net", "outcast"]);
    let no_room = "item-not-found: no such room: x@y";
    let stranger =
        "item-not-found: user not affiliated with room: kim@example.org in courses@conference.example.org";
    let outcast = "item-not-found: user not affiliated with room: mallory@example.net in courses@conference.example.org";
    for (args, error) in [
        (&["show", "x@y"] as &[&str], no_room),
        (&["show", "x@y", "nobody@z"], no_room),
        (&["show", ROOM, "kim@example.org"], stranger),
        (&["add", "x@y", "kim@example.org", HAT], no_room),
        (&["add", ROOM, "kim@example.org", HAT], stranger),
        (&["add", ROOM, "mallory@example.net", HAT], outcast),
        (&["remove", "x@y", TERRY, HAT], no_room),
        (&["remove", ROOM, "kim@example.org", HAT], stranger),
        (&["remove", ROOM, "mallory@example.net", HAT], outcast),
        (&["affiliate", "x@y", TERRY, "member"], no_room),
        (&["room", "remove", "x@y"], no_room),
        (
            &["undo", "99"],
            "item-not-found: no such revision in the history: 99",
        ),
        (
            &["redo", "99"],
            "item-not-found: no such revision in the history: 99",
        ),
    ] {
        home.fails(args, 3, error);
    }
    for (at, who, error) in [("x@y", TERRY, no_room), (ROOM, "mallory@example.net", outcast)] {
        let said = home.fed(&["set", at, who], b"{}");
        let expected = Said {
            code: 3,
            out: String::new(),
            err: format!("hatrack: {error}\n"),
        };
        assert_eq!(said, expected);
    }
    assert!(
        home.done(&["show", ROOM, "mallory@example.net"])
            .contains("outcast")
    );
    home.fails(
        &["room", "add", ROOM],
        5,
        "conflict: the room is there already: courses@conference.example.org",
    );
}

#[test]
fn a_wrong_command_line_is_one_line_and_code_2() {
    let home = Home::with_terry();
    for (args, error) in [
        (
            &["add", ROOM] as &[&str],
            "the following required arguments were not provided: <USER> <HAT>; usage: hatrack add <ROOM> <USER> <HAT>; \
             see hatrack --help",
        ),
        (
            &["add", "x@", TERRY, HAT],
            "jid-malformed: not an address: \"x@\": ",
        ),
        (
            &["add", "example.org", TERRY, HAT],
            "jid-malformed: not an address: \"example.org\": a room has a name before the @",
        ),
        (
            &["add", ROOM, "a b@c", HAT],
            "jid-malformed: not an address: \"a b@c\": ",
        ),
        (
            &["add", ROOM, TERRY, "no uri"],
            "bad-request: not a URI: \"no uri\": it has a space in it; a hat's id is a URI such as",
        ),
        (
            &["add", "x@y", TERRY, ""],
            "bad-request: not a URI: \"\": it is empty",
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
            "invalid value 'first' for '[REVISION]': it is the number of a revision",
        ),
        (&["history", "--limit", "-1"], "unexpected argument '-1' found"),
        (
            &["history", "--forget", "yesterday"],
            "not a day or a moment: \"yesterday\"; write 2026-01-31 or 2026-01-31T12:00:00Z",
        ),
        (
            &["--demo", "show"],
            "--demo is for the screen; it goes with no command",
        ),
        (
            &["--demo", "--room", ROOM],
            "--demo shows a sample and no file; --file, --room and --read-only do not go with it",
        ),
        (&["--demo", "--read-only"], "--demo shows a sample and no file; "),
        (
            &["--demo", "--file", "x.json"],
            "--demo shows a sample and no file; ",
        ),
        (&["--actor", "", "show"], "not an actor's name: \"\": it is empty"),
        (
            &["--file", "a", "show", "--file", "b"],
            "--file stands before and after the command; give it once",
        ),
        (
            &["show", "\u{1b}[31m\u{202e}\n"],
            "jid-malformed: not an address: \"\\u{1b}[31m\\u{202e}\\n\": ",
        ),
        (&["show", "--\u{1b}[31m"], "unexpected argument '--' found"),
    ] {
        let said = home.run(args);
        let lines = said.err.lines().count();
        assert_eq!(
            (said.code, said.out.as_str(), lines),
            (2, "", 1),
            "{args:?}: {}",
            said.err
        );
        assert!(
            said.err.starts_with(&format!("hatrack: {error}")),
            "{args:?}: {}",
            said.err
        );
        assert!(!said.err.trim_end().contains(char::is_control), "{:?}", said.err);
    }
}

#[test]
fn a_file_that_cannot_be_read_is_said_with_its_place_and_left_alone() {
    for (content, place) in [
        ("\n", "line 1, column 1: there is nothing in it"),
        ("{\"version\":1,\n\"rooms\":[]}", "line 2, column "),
        (
            "{\"version\":2,\"rooms\":{}}",
            "line 1, column 12: format version 2, but this program reads up to 1",
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
            let said = home.run(args);
            assert_eq!(
                (said.code, said.out.as_str(), said.err.lines().count()),
                (4, "", 1),
                "{args:?}"
            );
            let start = format!("hatrack: {}: {place}", path.display());
            assert!(said.err.starts_with(&start), "{args:?}: {}", said.err);
            assert_eq!(std::fs::read_to_string(&path).unwrap(), content, "{args:?}");
        }
    }
}

#[test]
fn without_a_terminal_the_screen_names_the_commands() {
    let home = Home::new();
    let error = "standard input is not a terminal; without a screen there are the commands \
                 show, add, remove, set, room, affiliate, catalog, sets, export, import, check, history, undo and redo: see hatrack --help";
    home.fails(&[], 2, error);
    home.fails(&["--demo"], 2, error);
}

#[test]
fn a_reader_who_has_seen_enough_is_no_failure_and_a_full_disk_is_one() {
    let home = Home::with_terry();
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let child = home
        .command(&["show"])
        .stdout(writer)
        .stderr(std::process::Stdio::piped())
        .spawn();
    let silent = Said {
        code: 0,
        out: String::new(),
        err: String::new(),
    };
    assert_eq!(Said::from(child.unwrap().wait_with_output().unwrap()), silent);
    let full = std::fs::File::options().write(true).open("/dev/full");
    let child = home
        .command(&["show"])
        .stdout(full.unwrap())
        .stderr(std::process::Stdio::piped())
        .spawn();
    let said = Said::from(child.unwrap().wait_with_output().unwrap());
    let error = "hatrack: cannot write to standard output: No space left on device (os error 28)\n";
    assert_eq!((said.code, said.err.as_str()), (1, error));
    let full = std::fs::File::options().write(true).open("/dev/full");
    let said = super::process::error_of(
        home.command(&["affiliate", ROOM, "kim@example.org", "owner"])
            .stdout(full.unwrap()),
    );
    let error = "hatrack: the change is saved; cannot write to standard output: No space left on device (os error 28)\n";
    assert_eq!(said, (1, error.into()));
    assert!(home.done(&["show", ROOM]).contains("kim@example.org"));
}

#[test]
fn a_missing_data_file_beside_its_history_is_no_empty_one() {
    let home = Home::new();
    let path = home.path("hats.json");
    home.done(&[
        "--file",
        "hats.json",
        "room",
        "add",
        "courses@conference.example.org",
    ]);
    std::fs::remove_file(&path).unwrap();
    let reason = format!(
        "{} is missing, but its history is there: put the file back, from a backup; to begin anew instead, \
         move {} away",
        path.display(),
        home.path("hats.history.jsonl").display()
    );
    for command in [
        &["show"][..],
        &["room", "add", "staff@conference.example.org"],
        &["undo"],
    ] {
        home.fails(&[&["--file", "hats.json"], command].concat(), 4, &reason);
    }
    assert!(home.done(&["--file", "hats.json", "history"]).contains("courses"));
    let checked = home.run(&["--file", "hats.json", "check"]);
    assert_eq!((checked.code, checked.err), (1, format!("hatrack: {reason}\n")));
    assert!(!path.exists());
}

/// A title is written for each user who gets the hat, twice in the history: what is typed has an end. What a file brings is
/// taken as it is, also by a session that is limited to some rooms.
#[test]
fn titles_names_and_ids_that_are_typed_are_at_most_a_kilobyte() {
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
        let said = home.run(args);
        assert_eq!(said.code, 2, "{args:?}: {}", said.out);
        assert!(
            said.err.ends_with("has at most 1,024 bytes, not 1,026 bytes\n"),
            "{}",
            said.err
        );
    }
    let said = home.run(&["add", ROOM, TERRY, &id]);
    assert_eq!(said.code, 2);
    assert!(said.err.contains("it is longer than 1,024 bytes"), "{}", said.err);
    assert_eq!(std::fs::read(home.data()).unwrap(), before);
    let most = long.trim_end_matches('é').to_owned() + &"é".repeat(512);
    home.done(&["add", ROOM, TERRY, HAT, "--title", &most]);
    let given = format!("{{\"{HAT}\": {{\"title\": \"{long}\"}}}}");
    let said = home.fed(&["--room", ROOM, "set", ROOM, TERRY], given.as_bytes());
    assert_eq!((said.code, said.err.as_str()), (0, ""));
}

#[test]
fn a_title_and_a_name_are_one_line_of_text() {
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
        for (args, what) in [
            (["add", ROOM, TERRY, HAT, "--title", bad], "a title"),
            (
                [
                    "room",
                    "add",
                    "new@conference.example.org",
                    "--name",
                    bad,
                    "--actor=a",
                ],
                "a name",
            ),
            (["room", "rename", ROOM, "--actor=a", "--", bad], "a name"),
        ] {
            let error = format!("bad-request: {what} is one line without control characters, not {bad:?}");
            home.fails(&args, 2, &error);
        }
    }
    assert_eq!(std::fs::read(home.data()).unwrap(), before);
    for good in ["", "Zoë 帽子 👩‍👩‍👧‍👦", "שלום", "می\u{200c}خواهم"] {
        home.done(&["add", ROOM, TERRY, HAT, "--title", good]);
    }
}
