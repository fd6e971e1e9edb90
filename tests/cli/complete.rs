//! `hatrack complete`: prints no errors, changes no files, and is not available in restricted sessions.

use super::process::{Home, ROOM, TERRY};

fn words(home: &Home, words: &[&str]) -> Vec<String> {
    let output = home.run_ok(&[&["complete", "words", "--", "hatrack"], words].concat());
    output.lines().map(Into::into).collect()
}

#[test]
fn completes_values_from_data_file() {
    let home = Home::with_terry();
    home.run_ok(&["add", ROOM, TERRY, "urn:x:ta", "--title", "TA"]);
    home.run_ok(&["room", "add", "new@c.example"]);
    home.run_ok(&["sets", "save", "on-call week", ROOM, TERRY]);
    assert_eq!(
        words(&home, &["show", ""]),
        [format!("{ROOM}\tCourses"), "new@c.example\t".into()]
    );
    assert_eq!(words(&home, &["show", "n"]), ["new@c.example\t"]);
    assert_eq!(
        words(&home, &["--room", ROOM, "show", ""]),
        [format!("{ROOM}\tCourses")]
    );
    assert_eq!(words(&home, &["add", ROOM, ""]), [format!("{TERRY}\tmember")]);
    assert_eq!(words(&home, &["remove", ROOM, TERRY, "urn"]), ["urn:x:ta\tTA"]);
    assert_eq!(words(&home, &["history", "--hat", ""]), ["urn:x:ta\tTA"]);
    assert_eq!(words(&home, &["sets", "apply", ""]), ["on-call week\t1 hat"]);
    assert_eq!(
        words(&home, &["undo", "5"]),
        ["5\tsaved hat set \"on-call week\" (1 hat)"]
    );
    assert_eq!(words(&home, &["import", ""]), ["\tfiles"]);
    let output = home.run_ok(&["complete", "bash", "--", "hatrack sets apply on", "on"]);
    assert_eq!(output, "on-call\\ week\n");
    // Values come from the file that the completed line names.
    let other = home.write(
        "other.json",
        "{\"version\": 1, \"rooms\": {\"x@c.example\": {\"users\": {}}}}",
    );
    let other = other.to_str().unwrap();
    assert_eq!(words(&home, &["show", "--file", other, ""]), ["x@c.example\t"]);
    assert_eq!(
        words(&home, &["show", "--file", "~/other.json", ""]),
        ["x@c.example\t"]
    );
}

#[test]
fn completion_ignores_errors_and_leaves_no_files() {
    let home = Home::new();
    for line in [
        &["show", ""] as &[&str],
        &["no", "such", ""],
        &["undo", ""],
        &["--nope"],
        &["show", "--file", "/dev/zero", ""],
        &[],
    ] {
        assert_eq!(words(&home, line), Vec::<String>::new(), "{line:?}");
    }
    assert!(!home.path(".config").exists());
    home.write(".config/hatrack/hats.json", "{]");
    assert!(words(&home, &["show", ""]).is_empty());
    // Values with control characters are not offered; descriptions are sanitized.
    home.write(".config/hatrack/hats.json", format!("{{\"version\":1,\"rooms\":{{\"{ROOM}\":{{\"users\":{{\"{TERRY}\":{{\"affiliation\":\"member\",\"hats\":{{\"urn:a\\u001b[31m\":{{}},\"urn:b\\nc\":{{}},\"urn:c\":{{\"title\":\"C\\t\\u001b[31m\\nx\"}}}}}}}}}}}}}}"));
    assert_eq!(words(&home, &["remove", ROOM, TERRY, ""]), ["urn:c\tC␉␛[31m"]);
    let files = std::fs::read_dir(home.path(".config/hatrack")).unwrap().count();
    assert_eq!(files, 1);
}

#[test]
fn restricted_session_completes_nothing() {
    let home = Home::with_terry();
    let other = home.write(
        "other.json",
        "{\"version\": 1, \"rooms\": {\"x@c.example\": {\"users\": {}}}}",
    );
    for restriction in [&["--room", ROOM] as &[&str], &["--read-only"]] {
        let line = [
            "complete",
            "words",
            "--",
            "hatrack",
            "show",
            "--file",
            other.to_str().unwrap(),
            "",
        ];
        let error = "complete is not available in a restricted session (--room, --only-hat, --no-affiliations or --read-only) [not-allowed]";
        home.assert_fails(&[restriction, &line].concat(), 1, error);
    }
}

#[test]
fn file_content_is_never_completed_as_option() {
    let home = Home::new();
    home.write(".config/hatrack/hats.json", format!("{{\"version\":1,\"rooms\":{{\"-a@c.example\":{{\"users\":{{}}}},\"{ROOM}\":{{\"users\":{{\"{TERRY}\":{{\"affiliation\":\"member\",\"hats\":{{\"--actor=evil\":{{}},\"urn:x\":{{}}}}}}}}}}}}}}"));
    assert_eq!(words(&home, &["remove", ROOM, TERRY, ""]), ["urn:x\t"]);
    assert_eq!(words(&home, &["show", ""]), [format!("{ROOM}\t")]);
    assert_eq!(words(&home, &["history", "--hat", ""]), ["urn:x\t"]);
    assert!(
        words(&home, &["remove", ROOM, TERRY, "--actor"])
            .iter()
            .all(|line| !line.contains("evil"))
    );
    // After a double dash, nothing is an option.
    assert_eq!(
        words(&home, &["remove", "--", ROOM, TERRY, "-"]),
        ["--actor=evil\t"]
    );
}
