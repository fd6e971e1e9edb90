//! Attempts to break out of `--room` and `--read-only`, which `authorized_keys` lines rely on.

use std::path::Path;

use super::process::{CommandOutput, Home, ROOM, TERRY, output_of};

/// A room outside the restriction, which must not be seen.
const SECRET: &str = "staff@conference.example.org";
/// A room that does not exist; it must be indistinguishable from the hidden one.
const NOWHERE: &str = "other@conference.example.org";
const BOSS: &str = "boss@example.org";
const HAT: &str = "urn:x:keeper";
/// Words in the file and the history that a session restricted to the other room must not see.
const HIDDEN: [&str; 5] = ["staff@", "boss@", "keeper", "Keeper", "Vault"];

/// A home folder with a visible and a hidden room: revisions 1 to 8, of which 1, 2 and 6 are in the visible room.
fn home() -> Home {
    let home = Home::with_terry();
    home.run_ok(&["room", "add", SECRET, "--name", "Vault"]);
    home.run_ok(&["affiliate", SECRET, BOSS, "owner"]);
    home.run_ok(&[
        "add",
        SECRET,
        BOSS,
        HAT,
        "--title",
        "Keeper",
        "--actor",
        "boss@work",
    ]);
    home.run_ok(&["add", ROOM, TERRY, "urn:x:ta", "--title", "TA"]);
    home.run_ok(&["remove", SECRET, BOSS, HAT]);
    home.run_ok(&["undo", "--actor", "boss@work", "7"]);
    home
}

/// All files in the folder of the data file, with their content.
fn all_files(home: &Home) -> Vec<(std::path::PathBuf, Vec<u8>)> {
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

fn run_restricted(home: &Home, args: &[&str]) -> CommandOutput {
    home.run(&[&["--actor", "alice", "--room", ROOM], args].concat())
}

fn assert_nothing_hidden(output: &CommandOutput, typed: &[&str]) {
    let mut text = format!("{}{}", output.out, output.err);
    for word in typed {
        text = text.replace(word, "…");
    }
    for hidden in HIDDEN {
        assert!(!text.contains(hidden), "{hidden} in {text}");
    }
}

#[test]
fn hides_other_rooms() {
    let home = home();
    let before = all_files(&home);
    home.write("hats.json", "{}");
    // "R" stands for the hidden room, and then for the room that does not exist.
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
            let output = run_restricted(&home, &args);
            assert_ne!(output.code, 0, "{args:?}: {}", output.out);
            assert_nothing_hidden(&output, &args);
            (
                output.code,
                output.out.replace(room, "R"),
                output.err.replace(room, "R"),
            )
        };
        assert_eq!(answer(SECRET), answer(NOWHERE), "{attempt:?}");
        assert_eq!(all_files(&home), before, "{attempt:?}");
    }
}

#[test]
fn rejects_adding_rooms_outside_the_restriction() {
    let home = home();
    for room in [SECRET, NOWHERE] {
        let error = format!("this session is restricted to {ROOM} [not-allowed]");
        home.assert_fails(&["--room", ROOM, "room", "add", room], 1, &error);
    }
}

#[test]
fn output_never_mentions_other_rooms() {
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
        let output = run_restricted(&home, attempt);
        assert_eq!((output.code, output.err.as_str()), (0, ""), "{attempt:?}");
        assert_nothing_hidden(&output, attempt);
    }
    let shown = run_restricted(&home, &["show"]).out;
    assert!(shown.contains(ROOM), "{shown}");
    assert!(run_restricted(&home, &["history"]).out.contains("\"TA\""));
    // Hidden and missing items give the same answer.
    for (hidden, missing) in [
        (["--user", BOSS], ["--user", "nobody@example.org"]),
        (["--hat", HAT], ["--hat", "urn:x:none"]),
        (["--by", "boss"], ["--by", "nobody"]),
        (["--in", SECRET], ["--in", NOWHERE]),
    ] {
        let ask = |filter: [&str; 2]| run_restricted(&home, &[&["history"], &filter as &[&str]].concat());
        assert_eq!(ask(hidden), ask(missing));
    }
}

#[test]
fn hides_revisions_of_other_rooms() {
    let home = home();
    let before = all_files(&home);
    for command in ["undo", "redo"] {
        for revision in 1..=9 {
            if matches!(revision, 1 | 2 | 6) {
                continue; // in the visible room
            }
            let output = run_restricted(&home, &[command, &revision.to_string()]);
            let missing = run_restricted(&home, &[command, "4711"]);
            assert_eq!(output.code, 3, "{command} {revision}: {}", output.out);
            let renumbered = output
                .err
                .replace(&format!("revision {revision} "), "revision 4711 ");
            assert_eq!((output.out, renumbered), (missing.out, missing.err));
            assert_eq!(all_files(&home), before, "{command} {revision}");
        }
        // The newest changes, in the hidden room, cannot be undone here either.
        let output = home.run(&["--room", ROOM, "--actor", "boss@work", command]);
        assert_eq!(output.code, 3, "{}", output.out);
        assert_eq!(all_files(&home), before);
    }
}

#[test]
fn allows_all_changes_in_own_rooms() {
    let home = home();
    let secret = home.run_ok(&["show", SECRET, "--json"]);
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
        let output = output_of(&mut command);
        assert_eq!((output.code, output.err.as_str()), (0, ""), "{attempt:?}");
        assert_nothing_hidden(&output, &[]);
        assert_eq!(home.run_ok(&["show", SECRET, "--json"]), secret, "{attempt:?}");
    }
}

#[test]
fn shows_and_undoes_the_visible_part_of_a_change() {
    let home = home();
    home.change_outside(&[("\"Courses\"", "\"Lessons\""), ("\"Vault\"", "\"Vault of gold\"")]);
    let history = run_restricted(&home, &["history"]);
    assert!(
        history.out.contains("renamed courses@conference.example.org"),
        "{}",
        history.out
    );
    assert_nothing_hidden(&history, &[]);
    let outside = history
        .out
        .lines()
        .find(|line| line.contains("Lessons"))
        .unwrap_or_default();
    let revision = outside.split(' ').next().unwrap_or_default();
    let undone = run_restricted(&home, &["undo", revision]);
    assert_nothing_hidden(&undone, &[]);
    let text = std::fs::read_to_string(home.data()).unwrap();
    assert!(
        text.contains("\"Vault of gold\"") && text.contains("\"Courses\""),
        "{text}"
    );
}

/// If a session undoes the visible part of a commit, that is a change of its own: the author's undo then reverts the rest
/// of the commit, not an older change.
#[test]
fn author_can_undo_the_remaining_part() {
    let home = home();
    let both = home.write(
        "both.json",
        format!(
            r#"{{"version": 1, "rooms": {{
                "{ROOM}": {{"users": {{"{TERRY}": {{"affiliation": "member", "hats": {{"urn:x:both": {{}}}}}}}}}},
                "{SECRET}": {{"users": {{"{BOSS}": {{"affiliation": "owner", "hats": {{"urn:x:both": {{}}}}}}}}}}}}}}"#
        ),
    );
    let boss = |args: &[&str]| home.run_ok(&[args, &["--actor", "boss@work"]].concat());
    boss(&["import", both.to_str().unwrap_or_default()]);
    let count = || {
        let text = std::fs::read_to_string(home.data()).unwrap();
        text.matches("urn:x:both").count()
    };
    assert_eq!(count(), 2);
    let undone = run_restricted(&home, &["undo", "9"]);
    assert_eq!((undone.code, count()), (0, 1), "{}", undone.err);
    assert_nothing_hidden(&undone, &[]);
    let line = home.run_ok(&["history", "--json", "--limit", "1"]);
    assert!(!line.contains("undoes"), "{line}");
    let output = boss(&["undo"]);
    assert!(
        output.contains("Undid revision 9") && !output.contains(TERRY),
        "{output}"
    );
    assert_eq!(count(), 0);
    // Redo restores the remaining part.
    assert!(boss(&["redo"]).contains("Redid revision 9"));
    assert_eq!(count(), 1);
}

#[test]
fn rejects_all_file_arguments() {
    let home = home();
    home.write("hats.json", "{}");
    home.write("other.json", "no JSON");
    let before = all_files(&home);
    for restriction in [&["--room", ROOM] as &[&str], &["--read-only"]] {
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
            for line in [[restriction, attempt].concat(), [attempt, restriction].concat()] {
                let output = home.run(&line);
                assert_eq!((output.code, output.out.as_str()), (1, ""), "{line:?}");
                let end = "is not available in a restricted session (--room, --only-hat, --no-affiliations or --read-only) [not-allowed]\n";
                assert!(output.err.starts_with("hatrack: "), "{line:?}: {}", output.err);
                assert!(output.err.ends_with(end), "{line:?}: {}", output.err);
            }
        }
        let line = [
            &["--file", "hats.json"],
            restriction,
            &["show", "--file", "other.json"],
        ]
        .concat();
        assert_eq!(home.run(&line).code, 2);
    }
    assert_eq!(
        run_restricted(&home, &["check"]).code,
        1,
        "the counts would include other rooms"
    );
    assert_eq!(all_files(&home), before);
}

#[test]
fn ignores_variables_and_starts_no_programs() {
    let home = home();
    let shown = run_restricted(&home, &["show", "--json"]);
    let times = run_restricted(&home, &["history"]);
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
        output_of(&mut command)
    };
    assert_eq!(run(&["show", "--json"]), shown);
    assert_eq!(run(&["history"]), times);
    let made = run(&["add", ROOM, TERRY, "urn:x:2", "--title", "Two"]);
    assert_eq!((made.code, made.err.as_str()), (0, ""));
    let history = home.run_ok(&["history", "--json", "--limit", "1"]);
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
    let entries = home.path("elsewhere").read_dir().map(Iterator::count);
    assert_eq!(entries.ok(), Some(1), "the folders of the variables are not used");
}

#[test]
fn errors_in_restricted_sessions_do_not_quote_the_data_file() {
    let home = home();
    let text = std::fs::read_to_string(home.data()).unwrap();
    let path = home.write(
        ".config/hatrack/hats.json",
        text.replace("\"boss@example.org\"", "\"boss@@keeper\""),
    );
    let unrestricted = home.run(&["show"]);
    assert_eq!(unrestricted.code, 4);
    assert!(unrestricted.err.contains("boss@@keeper"), "{}", unrestricted.err);
    let output = run_restricted(&home, &["show"]);
    assert_eq!((output.code, output.out.as_str()), (4, ""));
    assert!(
        output
            .err
            .starts_with(&format!("hatrack: {}: line ", path.display()))
            && output.err.ends_with(": cannot be read; ask your administrator\n"),
        "{}",
        output.err
    );
    assert_nothing_hidden(&output, &[]);
}

#[test]
fn read_only_session_changes_nothing() {
    let home = home();
    let before = all_files(&home);
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
            home.assert_fails(&line, 1, "this session is read-only [not-allowed]");
        }
    }
    let output = home.run_with_input(&["--read-only", "set", ROOM, TERRY], b"{}");
    assert_eq!(
        (output.code, output.err.as_str()),
        (1, "hatrack: this session is read-only [not-allowed]\n")
    );
    assert!(home.run_ok(&["--read-only", "show"]).contains(SECRET));
    assert!(home.run_ok(&["--read-only", "history"]).contains("Keeper"));
    assert!(home.run_ok(&["--read-only", "check"]).contains("2 rooms"));
    assert_eq!(all_files(&home), before);
}
