//! Trying to break out of `--room` and `--read-only`: what an `authorized_keys` line relies on.

use std::path::Path;

use super::process::{Home, ROOM, Said, TERRY, said};

/// A room outside of the limits, with what must not be seen of it.
const SECRET: &str = "staff@conference.example.org";
/// A room that is not there; nothing may tell the two apart.
const NOWHERE: &str = "other@conference.example.org";
const BOSS: &str = "boss@example.org";
const HAT: &str = "urn:x:keeper";
/// Words that are in the file and in the history, but not for a session limited to the other room.
const HIDDEN: [&str; 5] = ["staff@", "boss@", "keeper", "Keeper", "Vault"];

/// Two rooms, and as many things done in the one that is not seen as in the one that is: revisions 1 to 8.
fn home() -> Home {
    let home = Home::with_terry();
    home.done(&["room", "add", SECRET, "--name", "Vault"]);
    home.done(&["affiliate", SECRET, BOSS, "owner"]);
    home.done(&[
        "add",
        SECRET,
        BOSS,
        HAT,
        "--title",
        "Keeper",
        "--actor",
        "boss@work",
    ]);
    home.done(&["add", ROOM, TERRY, "urn:x:ta", "--title", "TA"]);
    home.done(&["remove", SECRET, BOSS, HAT]);
    home.done(&["undo", "--actor", "boss@work", "7"]);
    home
}

/// What is in the folder of the data file, all of it.
fn everything(home: &Home) -> Vec<(std::path::PathBuf, Vec<u8>)> {
    let folder = home.data();
    let mut files = Vec::new();
    for file in folder
        .parent()
        .unwrap_or(Path::new("/"))
        .read_dir()
        .into_iter()
        .flatten()
        .flatten()
    {
        files.push((file.path(), std::fs::read(file.path()).unwrap_or_default()));
    }
    files.sort();
    files
}

fn limited(home: &Home, args: &[&str]) -> Said {
    home.run(&[&["--actor", "alice", "--room", ROOM], args].concat())
}

fn shows_nothing_hidden(said: &Said, typed: &[&str]) {
    let mut text = format!("{}{}", said.out, said.err);
    for word in typed {
        text = text.replace(word, "…");
    }
    for hidden in HIDDEN {
        assert!(!text.contains(hidden), "{hidden} in {text}");
    }
}

#[test]
fn another_room_is_as_if_it_were_not_there() {
    let home = home();
    let before = everything(&home);
    home.write("hats.json", "{}");
    let attempts: [&[&str]; 26] = [
        &["show", "R"],
        &["show", "R", "--json"],
        &["show", "R", BOSS],
        &["show", "R", BOSS, "--json"],
        &["show", "--room", "R"],
        &["add", "R", BOSS, "urn:x:mine"],
        &["add", "R", TERRY, "urn:x:mine", "--title", "Mine"],
        &["remove", "R", BOSS, HAT],
        &["set", "R", BOSS],
        &["set", "R", BOSS, "-"],
        &["set", "R", BOSS, "hats.json"],
        &["room", "add", "R"],
        &["room", "add", "R", "--name", "Mine"],
        &["room", "rename", "R"],
        &["room", "rename", "R", "Mine"],
        &["room", "remove", "R"],
        &["room", "--room", "R", "remove", "R"],
        &["catalog", "list", "R"],
        &["catalog", "define", "R", HAT, "--title", "Mine"],
        &["catalog", "remove", "R", HAT],
        &["affiliate", "R", BOSS, "none"],
        &["affiliate", "R", TERRY, "owner"],
        &["affiliate", "R", TERRY, "none"],
        &["history", "--room", "R"],
        &["--", "show", "R"],
        &["show", "--", "R"],
    ];
    for attempt in attempts {
        let answer = |room: &str| {
            let args: Vec<&str> = attempt
                .iter()
                .map(|arg| if *arg == "R" { room } else { arg })
                .collect();
            let said = limited(&home, &args);
            assert_ne!(said.code, 0, "{args:?}: {}", said.out);
            shows_nothing_hidden(&said, &args);
            (
                said.code,
                said.out.replace(room, "R"),
                said.err.replace(room, "R"),
            )
        };
        assert_eq!(answer(SECRET), answer(NOWHERE), "{attempt:?}");
        assert_eq!(everything(&home), before, "{attempt:?}");
    }
}

#[test]
fn a_room_outside_of_the_limits_cannot_be_added_and_the_limits_are_said() {
    let home = home();
    for room in [SECRET, NOWHERE] {
        let error = format!("not-allowed: this session is limited to {ROOM}");
        home.fails(&["--room", ROOM, "room", "add", room], 1, &error);
    }
}

#[test]
fn what_is_printed_has_nothing_of_other_rooms() {
    let home = home();
    for attempt in [
        &["show"] as &[&str],
        &["show", "--json"],
        &["show", ROOM],
        &["show", ROOM, "--json"],
        &["history"],
        &["history", "--json"],
        &["history", "--limit", "1000000"],
        &["history", "--user", BOSS],
        &["history", "--hat", HAT],
        &["history", "--by", "boss"],
        &["history", "--in", SECRET],
        &["history", "--in", SECRET, "--json"],
    ] {
        let said = limited(&home, attempt);
        assert_eq!((said.code, said.err.as_str()), (0, ""), "{attempt:?}");
        shows_nothing_hidden(&said, attempt);
    }
    let shown = limited(&home, &["show"]).out;
    assert!(shown.contains(ROOM), "{shown}");
    assert!(limited(&home, &["history"]).out.contains("\"TA\""));
    // Asking for what is hidden and for what is not there gives the same answer.
    for (hidden, missing) in [
        (["--user", BOSS], ["--user", "nobody@example.org"]),
        (["--hat", HAT], ["--hat", "urn:x:none"]),
        (["--by", "boss"], ["--by", "nobody"]),
        (["--in", SECRET], ["--in", NOWHERE]),
    ] {
        let ask = |filter: [&str; 2]| limited(&home, &[&["history"], &filter as &[&str]].concat());
        assert_eq!(ask(hidden), ask(missing));
    }
}

#[test]
fn revisions_of_other_rooms_are_as_if_they_were_not_there() {
    let home = home();
    let before = everything(&home);
    for command in ["undo", "redo"] {
        for revision in 1..=9 {
            if matches!(revision, 1 | 2 | 6) {
                continue; // made in the room that is seen
            }
            let said = limited(&home, &[command, &revision.to_string()]);
            let missing = limited(&home, &[command, "4711"]);
            assert_eq!(said.code, 3, "{command} {revision}: {}", said.out);
            let renumbered = said.err.replace(&format!(": {revision}\n"), ": 4711\n");
            assert_eq!((said.out, renumbered), (missing.out, missing.err));
            assert_eq!(everything(&home), before, "{command} {revision}");
        }
        // Nor are the newest changes, which were made elsewhere, anybody's own here.
        let said = home.run(&["--room", ROOM, "--actor", "boss@work", command]);
        assert_eq!(said.code, 3, "{}", said.out);
        assert_eq!(everything(&home), before);
    }
}

#[test]
fn within_its_rooms_a_session_does_everything() {
    let home = home();
    let secret = home.done(&["show", SECRET, "--json"]);
    for attempt in [
        &["add", ROOM, TERRY, "urn:x:2"] as &[&str],
        &["remove", ROOM, TERRY, "urn:x:2"],
        &["undo"],
        &["redo"],
        &["undo", "6"],
        &["affiliate", ROOM, "kim@example.org", "admin"],
        &["set", ROOM, TERRY],
        &["catalog", "define", ROOM, "urn:x:2", "--title", "Two"],
        &["catalog", "remove", ROOM, "urn:x:2"],
        &["room", "rename", ROOM, "Lessons"],
        &["room", "remove", ROOM],
        &["room", "add", ROOM],
    ] {
        let mut command = home.command(&[&["--actor", "alice", "--room", ROOM], attempt].concat());
        let empty = home.write("empty.json", "{}");
        command.stdin(std::fs::File::open(empty).unwrap());
        let said = said(&mut command);
        assert_eq!((said.code, said.err.as_str()), (0, ""), "{attempt:?}");
        shows_nothing_hidden(&said, &[]);
        assert_eq!(home.done(&["show", SECRET, "--json"]), secret, "{attempt:?}");
    }
}

#[test]
fn a_change_of_both_rooms_is_seen_and_taken_back_in_its_own_part_only() {
    let home = home();
    home.changed_outside(&[("\"Courses\"", "\"Lessons\""), ("\"Vault\"", "\"Vault of gold\"")]);
    let history = limited(&home, &["history"]);
    assert!(
        history.out.contains("renamed courses@conference.example.org"),
        "{}",
        history.out
    );
    shows_nothing_hidden(&history, &[]);
    let outside = history
        .out
        .lines()
        .find(|line| line.contains("Lessons"))
        .unwrap_or_default();
    let revision = outside.split(' ').next().unwrap_or_default();
    let undone = limited(&home, &["undo", revision]);
    shows_nothing_hidden(&undone, &[]);
    let text = std::fs::read_to_string(home.data()).unwrap();
    assert!(
        text.contains("\"Vault of gold\"") && text.contains("\"Courses\""),
        "{text}"
    );
}

/// What a session takes back of a commit that it sees a part of is a change of its own: the commit's author still takes
/// back the rest of it, and not an older change.
#[test]
fn the_author_takes_back_the_rest_of_what_a_limited_session_took_back() {
    let home = home();
    let both = home.write(
        "both.json",
        format!(
            r#"{{"version": 1, "rooms": {{
                "{ROOM}": {{"users": {{"{TERRY}": {{"affiliation": "member", "hats": {{"urn:x:both": {{}}}}}}}}}},
                "{SECRET}": {{"users": {{"{BOSS}": {{"affiliation": "owner", "hats": {{"urn:x:both": {{}}}}}}}}}}}}}}"#
        ),
    );
    let boss = |args: &[&str]| home.done(&[args, &["--actor", "boss@work"]].concat());
    boss(&["import", both.to_str().unwrap_or_default()]);
    let count = || {
        let text = std::fs::read_to_string(home.data()).unwrap();
        text.matches("urn:x:both").count()
    };
    assert_eq!(count(), 2);
    let undone = limited(&home, &["undo", "9"]);
    assert_eq!((undone.code, count()), (0, 1), "{}", undone.err);
    shows_nothing_hidden(&undone, &[]);
    let line = home.done(&["history", "--json", "--limit", "1"]);
    assert!(!line.contains("undoes"), "{line}");
    let said = boss(&["undo"]);
    assert!(said.contains("undoing 9") && !said.contains(TERRY), "{said}");
    assert_eq!(count(), 0);
    // And puts back that rest.
    assert!(boss(&["redo"]).contains("redoing 11"));
    assert_eq!(count(), 1);
}

#[test]
fn no_file_of_the_users_choosing_is_read_or_written() {
    let home = home();
    home.write("hats.json", "{}");
    home.write("other.json", "no JSON");
    let before = everything(&home);
    for limit in [&["--room", ROOM] as &[&str], &["--read-only"]] {
        for attempt in [
            &["set", ROOM, TERRY, "hats.json"] as &[&str],
            &["set", ROOM, TERRY, "missing.json"],
            &["set", ROOM, TERRY, "/dev/stdin"],
            &["set", ROOM, TERRY, "./-"],
            &["check", "other.json"],
            &["check", "missing.json"],
            &["check", "--repair"],
            &["check", "other.json", "--repair"],
            &["history", "--forget", "2999-01-01"],
        ] {
            for line in [[limit, attempt].concat(), [attempt, limit].concat()] {
                let said = home.run(&line);
                assert_eq!((said.code, said.out.as_str()), (1, ""), "{line:?}");
                let end = "is not for a session limited by --room or --read-only\n";
                assert!(
                    said.err.starts_with("hatrack: not-allowed: "),
                    "{line:?}: {}",
                    said.err
                );
                assert!(said.err.ends_with(end), "{line:?}: {}", said.err);
            }
        }
        let line = [&["--file", "hats.json"], limit, &["show", "--file", "other.json"]].concat();
        assert_eq!(home.run(&line).code, 2);
    }
    assert_eq!(
        limited(&home, &["check"]).code,
        1,
        "it would count what other rooms hold"
    );
    assert_eq!(everything(&home), before);
}

#[test]
fn variables_of_the_user_are_left_aside_and_no_program_is_started() {
    let home = home();
    let shown = limited(&home, &["show", "--json"]);
    let times = limited(&home, &["history"]);
    home.write("elsewhere/hatrack/hats.json", "no JSON");
    let script = home.write("script", "#!/bin/sh\ntouch \"$HOME/started\"\n");
    std::fs::set_permissions(&script, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let run = |args: &[&str]| {
        let mut command = home.command(&[&["--room", ROOM], args].concat());
        for name in [
            "PAGER",
            "EDITOR",
            "VISUAL",
            "SHELL",
            "BROWSER",
            "HATRACK_PAGER",
            "MANPAGER",
            "LESSOPEN",
        ] {
            command.env(name, &script);
        }
        command
            .env("HATRACK_FILE", home.path("elsewhere/hatrack/hats.json"))
            .env("HATRACK_ACTOR", "mallory")
            .env("XDG_CONFIG_HOME", home.path("elsewhere"))
            .env("XDG_STATE_HOME", home.path("elsewhere"))
            .env("XDG_DATA_HOME", home.path("elsewhere"))
            .env("TZ", "XXX-11")
            .env("SSH_ORIGINAL_COMMAND", "hatrack show");
        said(&mut command)
    };
    assert_eq!(run(&["show", "--json"]), shown);
    assert_eq!(run(&["history"]), times);
    let made = run(&["add", ROOM, TERRY, "urn:x:2", "--title", "Two"]);
    assert_eq!((made.code, made.err.as_str()), (0, ""));
    let history = home.done(&["history", "--json", "--limit", "1"]);
    assert!(
        history.contains("urn:x:2") && !history.contains("mallory"),
        "{history}"
    );
    for args in [
        &["--help"] as &[&str],
        &["show", "--help"],
        &["show"],
        &["history"],
    ] {
        assert_eq!(run(args).code, 0, "{args:?}");
    }
    assert!(!home.path("started").exists());
    let there = home.path("elsewhere").read_dir().map(Iterator::count);
    assert_eq!(there.ok(), Some(1), "nothing is written there");
}

#[test]
fn a_broken_file_is_told_without_what_stands_in_it() {
    let home = home();
    let text = std::fs::read_to_string(home.data()).unwrap();
    let path = home.write(
        ".config/hatrack/hats.json",
        text.replace("\"boss@example.org\"", "\"boss@@keeper\""),
    );
    let open = home.run(&["show"]);
    assert_eq!(open.code, 4);
    assert!(open.err.contains("boss@@keeper"), "{}", open.err);
    let said = limited(&home, &["show"]);
    assert_eq!((said.code, said.out.as_str()), (4, ""));
    assert!(
        said.err
            .starts_with(&format!("hatrack: {}: line ", path.display()))
            && said
                .err
                .ends_with(": cannot be read; tell whoever looks after the file\n"),
        "{}",
        said.err
    );
    shows_nothing_hidden(&said, &[]);
}

#[test]
fn read_only_changes_nothing_whatever_is_asked() {
    let home = home();
    let before = everything(&home);
    for attempt in [
        &["add", ROOM, TERRY, "urn:x:2"] as &[&str],
        &["add", ROOM, TERRY, "urn:x:ta", "--title", "TA"], // would change nothing
        &["remove", ROOM, TERRY, "urn:x:ta"],
        &["room", "add", NOWHERE],
        &["room", "rename", ROOM, "Lessons"],
        &["room", "remove", ROOM],
        &["affiliate", ROOM, TERRY, "none"],
        &["catalog", "define", ROOM, "urn:x:2", "--title", "Two"],
        &["undo"],
        &["undo", "6"],
        &["redo", "8"],
    ] {
        for line in [
            [&["--actor", "boss@work", "--read-only"], attempt].concat(),
            [attempt, &["--actor", "boss@work", "--read-only"]].concat(),
        ] {
            home.fails(&line, 1, "not-allowed: this session is read-only");
        }
    }
    let said = home.fed(&["--read-only", "set", ROOM, TERRY], b"{}");
    assert_eq!(
        (said.code, said.err.as_str()),
        (1, "hatrack: not-allowed: this session is read-only\n")
    );
    assert!(home.done(&["--read-only", "show"]).contains(SECRET));
    assert!(home.done(&["--read-only", "history"]).contains("Keeper"));
    assert!(home.done(&["--read-only", "check"]).contains("2 rooms"));
    assert_eq!(everything(&home), before);
}
