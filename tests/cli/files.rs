//! Files that somebody names: where they are, what is no file, and that none appears by accident.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot set up its stage has failed"
)]

use std::process::{Command, Stdio};

use super::process::{Home, ROOM, TERRY, error_of, said};

const TABLE: &str = "room,user,affiliation\nr@c.example,kim@example.org,member\n";

/// What is in a folder, by name.
fn names(home: &Home, folder: &str) -> Vec<String> {
    let all = std::fs::read_dir(home.path(folder)).unwrap();
    let mut names: Vec<String> = all
        .map(|file| file.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

fn fifo(home: &Home, name: &str) -> String {
    let path = home.path(name);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    assert!(Command::new("mkfifo").arg(&path).status().unwrap().success());
    path.to_str().unwrap().to_owned()
}

#[test]
fn a_tilde_is_the_home_folder_wherever_a_file_is_named() {
    let home = Home::new();
    home.write("in.csv", TABLE);
    home.write("config.toml", "");
    home.write("hats.txt", "{\"urn:x:1\": {}}");
    home.done(&["--file=~/a.json", "import", "~/in.csv"]);
    home.done(&[
        "--file=~/a.json",
        "set",
        "r@c.example",
        "kim@example.org",
        "~/hats.txt",
    ]);
    let shown = said(
        home.command(&["show", "r@c.example"])
            .env("HATRACK_FILE", "~/a.json"),
    );
    assert!(shown.out.contains("kim@example.org"), "{shown:?}");
    home.done(&["--file=~/a.json", "export", "--output=~/b.csv"]);
    home.done(&["check", "~/a.json"]);
    home.done(&["--log=~/log", "--file=~/a.json", "show"]);
    assert_eq!(home.run(&["--log", "-", "--file=~/a.json", "show"]).code, 1);
    home.done(&["config", "--check=~/config.toml"]);
    let files = [
        "a.history.jsonl",
        "a.json",
        "a.lock",
        "b.csv",
        "config.toml",
        "hats.txt",
        "in.csv",
        "log",
    ];
    assert_eq!(names(&home, ""), files);
}

#[test]
fn a_dash_is_the_standard_stream_everywhere() {
    let home = Home::with_terry();
    let printed = home.done(&["export"]);
    let table = home.done(&["export", "--csv"]);
    for name in ["-", "/dev/stdout", "/dev/fd/1"] {
        assert_eq!(home.done(&["export", "--output", name]), printed, "{name}");
        assert_eq!(home.done(&["export", "--csv", "--output", name]), table, "{name}");
    }
    // That is no file of the user's choosing.
    home.done(&["--read-only", "export", "--output", "-"]);
    assert_eq!(
        home.fed(&["--file", "new.json", "import", "-"], printed.as_bytes())
            .code,
        0
    );
    let looked = home.fed(&["check", "-"], printed.as_bytes());
    assert_eq!(
        (looked.code, looked.out.as_str()),
        (0, "standard input: revision 2, 1 room, 1 user, 0 hats\n")
    );
    let looked = home.fed(&["check", "-"], b"{");
    assert_eq!(looked.code, 4);
    assert!(
        looked
            .err
            .starts_with("hatrack: standard input: line 1, column 1: "),
        "{}",
        looked.err
    );
    let looked = home.fed(&["config", "--check=-"], b"nope = 1");
    assert_eq!(looked.code, 2);
    assert!(looked.err.starts_with("hatrack: -:1: "), "{}", looked.err);
    for line in [
        &["--file", "-", "show"] as &[&str],
        &["--file=-", "room", "add", ROOM],
    ] {
        let refused = home.run(line);
        assert_eq!(refused.code, 2);
        assert!(refused.err.contains("cannot be \"-\""), "{}", refused.err);
    }
    assert!(!home.path("-").exists());
    // A file of that name has another.
    home.done(&["export", "--output", "./-"]);
    assert!(home.path("-").exists());
}

#[test]
fn a_pipe_that_somebody_reads_is_written_to() {
    let home = Home::with_terry();
    let pipe = fifo(&home, "pipe");
    let reader = Command::new("cat")
        .arg(&pipe)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    home.done(&["export", "--output", &pipe]);
    let read = reader.wait_with_output().unwrap().stdout;
    assert_eq!(String::from_utf8(read).unwrap(), home.done(&["export"]));
    home.done(&["export", "--output", "/dev/null"]);
}

#[test]
fn a_named_file_that_is_not_there_is_said() {
    let home = Home::new();
    let path = home.path("no.json");
    let missing = format!("{}: there is no such file", path.display());
    let named = path.to_str().unwrap();
    for line in [
        &["show"] as &[&str],
        &["show", ROOM, "--json"],
        &["export"],
        &["catalog", "list", ROOM],
        &["sets"],
        &["history"],
        &["check"],
    ] {
        home.fails(&[line, &["--file", named]].concat(), 1, &missing);
        let by_variable = error_of(
            home.command(line)
                .env("HATRACK_FILE", named)
                .stdout(Stdio::null()),
        );
        assert_eq!(by_variable, (1, format!("hatrack: {missing}\n")), "{line:?}");
        // The usual one is made by the first change.
        if !line.contains(&ROOM) {
            home.done(line);
        }
    }
    assert_eq!(names(&home, ""), Vec::<String>::new());
    let made = home.done(&["room", "add", ROOM, "--file", named]);
    assert!(made.starts_with(&format!("New file: {named}\n")), "{made}");
    let again = home.done(&["room", "add", "two@c.example", "--file", named]);
    assert!(!again.contains("New file"), "{again}");
    home.done(&["show", "--file", named]);
}

#[test]
fn what_is_no_file_is_said_and_not_waited_for() {
    let home = Home::new();
    let config = fifo(&home, ".config/hatrack/config.toml");
    for line in [
        &[] as &[&str],
        &["config", "--check"],
        &["config", "--check", &config],
    ] {
        home.fails(
            line,
            2,
            &format!("{config}: cannot be read: it is not a regular file"),
        );
    }
    let data = fifo(&home, "data.json");
    home.fails(
        &["--file", &data, "show"],
        1,
        &format!("{data} is a device or a pipe, not a file; give the path of a file"),
    );
    fifo(&home, "x.history.jsonl");
    home.write("x.json", "{\"version\":1,\"rooms\":{}}");
    assert_eq!(home.run(&["--file", "x.json", "history"]).code, 1);
    assert_eq!(home.run(&["--file", "x.json", "room", "add", ROOM]).code, 1);
}

#[test]
fn a_file_of_no_bytes_is_no_file_yet() {
    use std::os::unix::fs::PermissionsExt;
    let home = Home::new();
    let path = home.write("new.json", "");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
    home.done(&["show", "--file", "new.json"]);
    let checked = home.done(&["check", "--file", "new.json"]);
    assert!(
        checked.contains("has no bytes yet; the first change writes it"),
        "{checked}"
    );
    home.done(&["room", "add", ROOM, "--file", "new.json"]);
    assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o640);
    assert!(home.done(&["show", "--file", "new.json"]).contains(ROOM));
    // With a history it lost what it held.
    std::fs::write(&path, "").unwrap();
    let error = format!(
        "{}: line 1, column 1: there is nothing in it; expected a wardrobe: an object with \"version\" and \"rooms\"",
        path.display()
    );
    for line in [
        &["show"] as &[&str],
        &["check"],
        &["room", "add", "two@c.example"],
    ] {
        let said = home.run(&[line, &["--file", "new.json"]].concat());
        assert_eq!(
            (said.code, said.err),
            (4, format!("hatrack: {error}\n")),
            "{line:?}"
        );
    }
    assert_eq!(std::fs::read(&path).unwrap(), b"");
}

#[test]
fn json_is_harmless_wherever_it_goes_and_means_the_same() {
    let home = Home::with_terry();
    let hats = "{\"urn:x:1\": {\"title\": \"a\\u001b[31m\\u009b2J\\u007f\\u202eb é\"}}";
    assert_eq!(home.fed(&["set", ROOM, TERRY], hats.as_bytes()).code, 0);
    home.done(&["sets", "save", "all", ROOM, TERRY]);
    home.done(&["export", "--output", "a.json"]);
    let file = std::fs::read_to_string(home.path("a.json")).unwrap();
    let outputs = [
        file,
        home.done(&["show", "--json"]),
        home.done(&["show", ROOM, TERRY, "--json"]),
        home.done(&["export"]),
        home.done(&["sets", "--json"]),
        home.done(&["history", "--json"]),
    ];
    for json in outputs {
        assert!(json.contains("a\\u001b[31m\\u009b2J\\u007f\\u202eb é"), "{json}");
        assert!(
            !json.contains(['\u{1b}', '\u{9b}', '\u{7f}', '\u{202e}']),
            "{json}"
        );
    }
    // The same when it comes back.
    let before = std::fs::read(home.data()).unwrap();
    home.done(&["import", "a.json", "--replace"]);
    assert_eq!(std::fs::read(home.data()).unwrap(), before);
}
