//! File arguments: expansion, special files, and no files created by accident.

#![expect(clippy::unwrap_used, reason = "a failed setup fails the test")]

use std::process::{Command, Stdio};

use super::process::{Home, ROOM, TERRY, output_of, stderr_of};

const TABLE: &str = "room,user,affiliation\nr@c.example,kim@example.org,member\n";

/// The names in a folder, sorted.
fn names(home: &Home, folder: &str) -> Vec<String> {
    let all = std::fs::read_dir(home.path(folder)).unwrap();
    let mut names: Vec<String> = all
        .map(|file| file.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

fn make_fifo(home: &Home, name: &str) -> String {
    let path = home.path(name);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    assert!(Command::new("mkfifo").arg(&path).status().unwrap().success());
    path.to_str().unwrap().to_owned()
}

#[test]
fn expands_tilde_in_all_file_arguments() {
    let home = Home::new();
    home.write("in.csv", TABLE);
    home.write("config.toml", "");
    home.write("hats.txt", "{\"urn:x:1\": {}}");
    home.run_ok(&["--file=~/a.json", "import", "~/in.csv"]);
    home.run_ok(&[
        "--file=~/a.json",
        "set",
        "r@c.example",
        "kim@example.org",
        "~/hats.txt",
    ]);
    let shown = output_of(
        home.command(&["show", "r@c.example"])
            .env("HATRACK_FILE", "~/a.json"),
    );
    assert!(shown.out.contains("kim@example.org"), "{shown:?}");
    home.run_ok(&["--file=~/a.json", "export", "--output=~/b.csv"]);
    home.run_ok(&["check", "~/a.json"]);
    home.run_ok(&["--log=~/log", "--file=~/a.json", "show"]);
    assert_eq!(home.run(&["--log", "-", "--file=~/a.json", "show"]).code, 1);
    home.run_ok(&["config", "--check=~/config.toml"]);
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
fn dash_means_standard_stream() {
    let home = Home::with_terry();
    let printed = home.run_ok(&["export"]);
    let table = home.run_ok(&["export", "--csv"]);
    for name in ["-", "/dev/stdout", "/dev/fd/1"] {
        assert_eq!(home.run_ok(&["export", "--output", name]), printed, "{name}");
        assert_eq!(
            home.run_ok(&["export", "--csv", "--output", name]),
            table,
            "{name}"
        );
    }
    // Standard output is allowed in restricted sessions.
    home.run_ok(&["--read-only", "export", "--output", "-"]);
    assert_eq!(
        home.run_with_input(&["--file", "new.json", "import", "-"], printed.as_bytes())
            .code,
        0
    );
    let checked = home.run_with_input(&["check", "-"], printed.as_bytes());
    assert_eq!(
        (checked.code, checked.out.as_str()),
        (0, "standard input: revision 2, 1 room, 1 user, 0 hats\n")
    );
    let checked = home.run_with_input(&["check", "-"], b"{");
    assert_eq!(checked.code, 4);
    assert!(
        checked
            .err
            .starts_with("hatrack: standard input: line 1, column 1: "),
        "{}",
        checked.err
    );
    let checked = home.run_with_input(&["config", "--check=-"], b"nope = 1");
    assert_eq!(checked.code, 2);
    assert!(checked.err.starts_with("hatrack: -:1: "), "{}", checked.err);
    for line in [
        &["--file", "-", "show"] as &[&str],
        &["--file=-", "room", "add", ROOM],
        &["--config", "-", "servers"],
        &["servers", "--config=-"],
        &["--read-only", "--config", "-"],
    ] {
        let refused = home.run(line);
        assert_eq!(refused.code, 2);
        assert!(refused.err.contains("cannot be \"-\""), "{}", refused.err);
    }
    assert!(!home.path("-").exists());
    // A file called "-" is written as "./-".
    home.run_ok(&["export", "--output", "./-"]);
    assert!(home.path("-").exists());
}

#[test]
fn writes_to_named_pipe() {
    let home = Home::with_terry();
    let pipe = make_fifo(&home, "pipe");
    let reader = Command::new("cat")
        .arg(&pipe)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    home.run_ok(&["export", "--output", &pipe]);
    let read = reader.wait_with_output().unwrap().stdout;
    assert_eq!(String::from_utf8(read).unwrap(), home.run_ok(&["export"]));
    home.run_ok(&["export", "--output", "/dev/null"]);
}

#[test]
fn reports_missing_explicit_file() {
    let home = Home::new();
    let path = home.path("no.json");
    let missing = format!("{}: no such file", path.display());
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
        home.assert_fails(&[line, &["--file", named]].concat(), 1, &missing);
        let by_variable = stderr_of(
            home.command(line)
                .env("HATRACK_FILE", named)
                .stdout(Stdio::null()),
        );
        assert_eq!(by_variable, (1, format!("hatrack: {missing}\n")), "{line:?}");
        // The default file may be missing: the first change creates it. But then there is no room.
        if !line.contains(&ROOM) {
            home.run_ok(line);
        }
    }
    assert_eq!(names(&home, ""), Vec::<String>::new());
    let made = home.run_ok(&["room", "add", ROOM, "--file", named]);
    assert!(made.starts_with(&format!("Created {named}\n")), "{made}");
    let again = home.run_ok(&["room", "add", "two@c.example", "--file", named]);
    assert!(!again.contains("Created"), "{again}");
    home.run_ok(&["show", "--file", named]);
}

#[test]
fn rejects_special_files_without_waiting() {
    let home = Home::new();
    let config = make_fifo(&home, ".config/hatrack/config.toml");
    for line in [
        &[] as &[&str],
        &["config", "--check"],
        &["config", "--check", &config],
    ] {
        home.assert_fails(
            line,
            2,
            &format!("cannot read {config}: it is not a regular file"),
        );
    }
    std::fs::remove_file(&config).unwrap();
    let data = make_fifo(&home, "data.json");
    home.assert_fails(
        &["--file", &data, "show"],
        1,
        &format!("{data} is a device or a pipe, not a file; give the path of a file"),
    );
    make_fifo(&home, "x.history.jsonl");
    home.write("x.json", "{\"version\":1,\"rooms\":{}}");
    assert_eq!(home.run(&["--file", "x.json", "history"]).code, 1);
    assert_eq!(home.run(&["--file", "x.json", "room", "add", ROOM]).code, 1);
}

#[test]
fn empty_file_counts_as_new() {
    use std::os::unix::fs::PermissionsExt;
    let home = Home::new();
    let path = home.write("new.json", "");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
    home.run_ok(&["show", "--file", "new.json"]);
    let checked = home.run_ok(&["check", "--file", "new.json"]);
    assert!(
        checked.contains("is empty; the first change writes it"),
        "{checked}"
    );
    home.run_ok(&["room", "add", ROOM, "--file", "new.json"]);
    assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o640);
    assert!(home.run_ok(&["show", "--file", "new.json"]).contains(ROOM));
    // With a history, an empty file means lost data.
    std::fs::write(&path, "").unwrap();
    let error = format!(
        "{}: line 1, column 1: empty input; expected a hatrack data file: an object with \"version\" and \"rooms\"",
        path.display()
    );
    for line in [
        &["show"] as &[&str],
        &["check"],
        &["room", "add", "two@c.example"],
    ] {
        let output = home.run(&[line, &["--file", "new.json"]].concat());
        assert_eq!(
            (output.code, output.err),
            (4, format!("hatrack: {error}\n")),
            "{line:?}"
        );
    }
    assert_eq!(std::fs::read(&path).unwrap(), b"");
}

#[test]
fn json_output_is_escaped_everywhere() {
    let home = Home::with_terry();
    let hats = "{\"urn:x:1\": {\"title\": \"a\\u001b[31m\\u009b2J\\u007f\\u202eb é\"}}";
    assert_eq!(
        home.run_with_input(&["set", ROOM, TERRY], hats.as_bytes()).code,
        0
    );
    home.run_ok(&["sets", "save", "all", ROOM, TERRY]);
    home.run_ok(&["export", "--output", "a.json"]);
    let file = std::fs::read_to_string(home.path("a.json")).unwrap();
    let outputs = [
        file,
        home.run_ok(&["show", "--json"]),
        home.run_ok(&["show", ROOM, TERRY, "--json"]),
        home.run_ok(&["export"]),
        home.run_ok(&["sets", "--json"]),
        home.run_ok(&["history", "--json"]),
    ];
    for json in outputs {
        assert!(json.contains("a\\u001b[31m\\u009b2J\\u007f\\u202eb é"), "{json}");
        assert!(
            !json.contains(['\u{1b}', '\u{9b}', '\u{7f}', '\u{202e}']),
            "{json}"
        );
    }
    // The value is unchanged after reading it back.
    let before = std::fs::read(home.data()).unwrap();
    home.run_ok(&["import", "a.json", "--replace"]);
    assert_eq!(std::fs::read(home.data()).unwrap(), before);
}
