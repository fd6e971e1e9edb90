//! Every command: what it prints, what is in the file then, how it fails.

use super::process::{Home, ROOM, Said, TERRY, said};

const HAT: &str = "http://example.com/hats/ta";

/// The user object as it is in the data file, without white space.
fn user(home: &Home) -> String {
    let json = home.done(&["show", ROOM, TERRY, "--json"]);
    json.split_whitespace().collect()
}

#[test]
fn the_whole_story() {
    let home = Home::new();
    let path = home.data();
    assert_eq!(
        home.done(&["show"]),
        format!(
            "There are no rooms in {} yet.\nAdd the first one: hatrack room add ROOM --name NAME\n",
            path.display()
        )
    );
    assert!(!path.exists(), "looking makes no file");
    assert_eq!(
        home.done(&["room", "add", ROOM, "--name", "Courses"]),
        "added the room courses@conference.example.org \"Courses\" (revision 1)\n"
    );
    assert_eq!(
        home.done(&[
            "affiliate",
            "Courses@Conference.Example.ORG",
            "Terry@example.org/phone",
            "member"
        ]),
        "added terry@example.org to courses@conference.example.org as member (revision 2)\n"
    );
    assert_eq!(
        home.done(&[
            "add",
            ROOM,
            TERRY,
            HAT,
            "--title",
            "Teacher's Assistant",
            "--active"
        ]),
        "gave terry@example.org the hat \"Teacher's Assistant\" in courses@conference.example.org (revision 3)\n"
    );
    assert_eq!(
        std::fs::read_to_string(&path).unwrap(),
        r#"{
  "version": 1,
  "revision": 3,
  "rooms": {
    "courses@conference.example.org": {
      "name": "Courses",
      "users": {
        "terry@example.org": {
          "affiliation": "member",
          "hats": {
            "http://example.com/hats/ta": {
              "active": true,
              "title": "Teacher's Assistant"
            }
          }
        }
      }
    }
  }
}
"#
    );
    assert_eq!(
        home.done(&["affiliate", ROOM, TERRY, "admin"]),
        "made terry@example.org admin in courses@conference.example.org (before: member) (revision 4)\n"
    );
    assert_eq!(
        home.done(&["affiliate", ROOM, TERRY, "none"]),
        "removed terry@example.org (admin) from courses@conference.example.org with 1 hat (revision 5)\n"
    );
    assert_eq!(
        home.done(&["room", "remove", ROOM]),
        "removed the room courses@conference.example.org \"Courses\" (revision 6)\n"
    );
    assert_eq!(
        home.done(&["show", "--json"]),
        "{\n  \"version\": 1,\n  \"revision\": 6,\n  \"rooms\": {}\n}\n"
    );
}

#[test]
fn add_puts_exactly_what_it_is_told() {
    let home = Home::with_terry();
    home.done(&["add", ROOM, TERRY, HAT, "--title", "TA", "--active", "--required"]);
    assert_eq!(
        user(&home),
        r#"{"affiliation":"member","hats":{"http://example.com/hats/ta":{"active":true,"required":true,"title":"TA"}}}"#
    );
    assert_eq!(
        home.done(&["add", ROOM, TERRY, HAT]),
        "changed the hat \"TA\" of terry@example.org in courses@conference.example.org: not worn, not required, \
         without a title (revision 4)\n"
    );
    assert_eq!(
        user(&home),
        r#"{"affiliation":"member","hats":{"http://example.com/hats/ta":{}}}"#
    );
    let before = std::fs::read(home.data()).unwrap();
    assert_eq!(
        home.done(&["add", ROOM, TERRY, HAT]),
        "nothing to change: it is so already\n"
    );
    assert_eq!(std::fs::read(home.data()).unwrap(), before);
}

#[test]
fn remove_takes_any_id_and_not_having_it_is_success() {
    let home = Home::new();
    home.write(
        ".config/hatrack/hats.json",
        r#"{"version":1,"rooms":{"courses@conference.example.org":{"users":{"terry@example.org":
           {"affiliation":"member","hats":{"not a uri":{"title":"Odd"}}}}}}}"#,
    );
    assert_eq!(
        home.done(&["remove", ROOM, TERRY, HAT]),
        "nothing to change: it is so already\n"
    );
    assert_eq!(
        home.done(&["remove", ROOM, TERRY, "not a uri"]),
        "took the hat \"Odd\" from terry@example.org in courses@conference.example.org (revision 1)\n"
    );
    assert_eq!(user(&home), r#"{"affiliation":"member","hats":{}}"#);
}

#[test]
fn set_takes_hats_or_a_user_object_from_a_file_or_standard_input() {
    let home = Home::with_terry();
    let hats = br#"{"urn:x:1":{"title":"One"},"urn:x:2":{"active":true,"more":1.50}}"#;
    for args in [
        &["set", ROOM, TERRY, "-"] as &[&str],
        &["set", ROOM, TERRY],
        &["set", ROOM, TERRY, "hats.json"],
    ] {
        home.write("hats.json", hats);
        let said = home.fed(args, hats);
        assert_eq!((said.code, said.err.as_str()), (0, ""), "{args:?}");
        assert!(
            said.out.starts_with(
                "changed the hats of terry@example.org in courses@conference.example.org: 2 given"
            ),
            "{}",
            said.out
        );
        assert_eq!(
            user(&home),
            r#"{"affiliation":"member","hats":{"urn:x:1":{"title":"One"},"urn:x:2":{"active":true,"more":1.50}}}"#
        );
        home.fed(&["set", ROOM, TERRY], b"{}");
        assert_eq!(user(&home), r#"{"affiliation":"member","hats":{}}"#);
    }
    // An affiliation beside the hats is left aside.
    home.fed(
        &["set", ROOM, TERRY],
        br#"{"affiliation":"owner","hats":{"urn:x:3":{}}}"#,
    );
    assert_eq!(user(&home), r#"{"affiliation":"member","hats":{"urn:x:3":{}}}"#);
}

#[test]
fn what_show_prints_set_takes() {
    let home = Home::with_terry();
    home.done(&["affiliate", ROOM, "kim@example.org", "owner"]);
    home.done(&[
        "add",
        ROOM,
        TERRY,
        HAT,
        "--title",
        "帽子 \u{1b}[31m \"x\"",
        "--active",
    ]);
    let shown = home.done(&["show", ROOM, TERRY, "--json"]);
    let said = home.fed(&["set", ROOM, "kim@example.org"], shown.as_bytes());
    assert_eq!((said.code, said.err.as_str()), (0, ""));
    assert_eq!(
        home.done(&["show", ROOM, "kim@example.org", "--json"]),
        shown.replace("member", "owner")
    );
    let document = std::fs::read_to_string(home.data()).unwrap();
    assert_eq!(home.done(&["show", "--json"]), document);
}

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
            "line 2, column 11: not a URI: \"not a uri\": it has a space in it",
        ),
        (
            "{\"hats\":{\"urn:x:1\":{},\"bad\":{}}}",
            "line 1, column 27: not a URI: \"bad\": it has no scheme",
        ),
        (
            "[]",
            "line 1, column 1: expected an object of hats by id, or a user object with \"hats\", found a list",
        ),
        (
            "{\"urn:x:1\":{}",
            "line 1, column 13: the text ends in the middle of an object",
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
        &["set", ROOM, TERRY, "missing.json"],
        1,
        "cannot read missing.json: No such file or directory (os error 2)",
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
            "'hatrack room' requires a subcommand but one was not provided [subcommands: add, remove]",
        ),
        (&["show", "--colour"], "unexpected argument '--colour' found"),
        (
            &["undo", "first"],
            "invalid value 'first' for '[REVISION]': invalid digit found in string",
        ),
        (&["history", "--limit", "-1"], "unexpected argument '-1' found"),
        (
            &["history", "--forget", "yesterday"],
            "not a day or a moment: \"yesterday\"; write 2026-01-31 or 2026-01-31T12:00:00Z",
        ),
        (
            &["--demo", "show"],
            "--demo opens the screen; it goes with no command",
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
        ("", "line 1, column 1: there is nothing in it"),
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
fn the_data_file_is_named_by_option_then_variable_then_home() {
    let home = Home::new();
    let add = ["room", "add", ROOM];
    assert_eq!(
        said(home.command(&add).env("HATRACK_FILE", home.path("v.json"))).code,
        0
    );
    assert!(home.path("v.json").exists());
    let option = ["room", "add", ROOM, "--file", "o.json"];
    assert_eq!(
        said(home.command(&option).env("HATRACK_FILE", home.path("v2.json"))).code,
        0
    );
    assert!(home.path("o.json").exists() && !home.path("v2.json").exists());
    assert_eq!(
        said(home.command(&add).env("XDG_CONFIG_HOME", home.path("xdg"))).code,
        0
    );
    assert!(home.path("xdg/hatrack/hats.json").exists());
    assert_eq!(said(home.command(&add).env("HATRACK_FILE", "")).code, 0);
    assert!(home.data().exists());
}

#[test]
fn check_says_what_is_there_and_changes_nothing() {
    let home = Home::with_terry();
    let path = home.data();
    let out = home.done(&["check"]);
    let first = format!("{}: revision 2, 1 room, 1 user, 0 hats\n", path.display());
    assert!(out.starts_with(&first), "{out}");
    let other = home.write("other.json", "{\"version\":1,\"rooms\":{\"a@b\":{},\"A@b\":{}}}");
    home.fails(
        &["check", "other.json"],
        4,
        &format!(
            "{}: line 1, column 32: \"A@b\" is another spelling of a@b, which is there already",
            other.display()
        ),
    );
    assert!(home.done(&["check", "missing.json"]).contains("not there yet"));
    assert!(!home.path("missing.json").exists());
}

#[test]
fn without_a_terminal_the_screen_names_the_commands() {
    let home = Home::new();
    let error = "standard input is not a terminal, so there can be no screen; without a screen there are the commands \
                 show, add, remove, set, room, affiliate, check, history, undo and redo: see hatrack --help";
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
}

#[test]
fn what_people_read_lines_up_and_is_harmless() {
    let home = Home::new();
    home.write(
        ".config/hatrack/hats.json",
        r#"{"version":1,"rooms":{"courses@conference.example.org":{"name":"Kurse\u001b]0;x\u0007",
           "hats":{"urn:x:ta":{"title":"帽子","hue":120.5},"no uri":{}},
           "users":{"kim@example.org":{"affiliation":"owner","hats":{}},
             "mallory@example.net":{"hats":{"no uri":{}}},
             "terry@example.org":{"affiliation":"member","hats":{
               "urn:x:ta":{"active":true},"urn:x:evil":{"title":"a\u202eb\nc","required":true},"urn:x:none":{}}}}}}}"#,
    );
    assert_eq!(
        home.done(&["show"]),
        "NAME         ROOM                            USERS  HATS\n\
         Kurse␛]0;x␇  courses@conference.example.org  3      4\n"
    );
    assert_eq!(
        home.done(&["show", ROOM]),
        "\
Kurse␛]0;x␇ (courses@conference.example.org): 3 users, 4 hats

AFFILIATION  USER                 HATS
owner        kim@example.org
none         mallory@example.net  <no uri>
member       terry@example.org    a«U+202E»b␊c (required), <urn:x:none>, 帽子 (worn)

Hats in the room's catalogue:
TITLE  HUE    HAT
              no uri  (not a URI)
帽子   120.5  urn:x:ta
"
    );
    assert_eq!(
        home.done(&["show", ROOM, TERRY]),
        "\
terry@example.org in courses@conference.example.org: affiliation member, 3 hats

TITLE         WORN  REQUIRED  HAT
a«U+202E»b␊c  no    yes       urn:x:evil
(no title)    no    no        urn:x:none
帽子          yes   no        urn:x:ta
"
    );
}
