//! `--log FILE`: the debug log.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use super::process::{Home, ROOM, TERRY, stderr_of};

/// Returns the lines of the log. A file that has just changed may be read twice, as its time is not conclusive; then only
/// the first of these lines is returned.
fn lines(path: &Path) -> Vec<serde_json::Value> {
    let text = std::fs::read_to_string(path).unwrap();
    let mut lines: Vec<serde_json::Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    lines.dedup_by(|later, earlier| later["event"] == "read" && earlier["event"] == "read");
    lines
}

#[test]
fn logs_commits_without_titles() {
    let home = Home::with_terry();
    let log = home.path("a.log");
    let name = log.to_str().unwrap();
    assert!(!log.exists());
    home.run_ok(&[
        "--log",
        name,
        "add",
        ROOM,
        TERRY,
        "urn:x:1",
        "--title",
        "Secret title",
    ]);
    assert_eq!(
        std::fs::metadata(&log).unwrap().permissions().mode() & 0o777,
        0o600
    );
    let first = lines(&log);
    let events: Vec<&str> = first.iter().filter_map(|line| line["event"].as_str()).collect();
    assert_eq!(events, ["started", "read", "commit"]);
    assert_eq!(first[1]["file"], home.data().to_str().unwrap());
    assert_eq!(
        (&first[2]["revision"], &first[2]["changes"], &first[2]["part"]),
        (&3.into(), &1.into(), &"store".into())
    );
    assert!(first[2]["ms"].is_u64() && first[2]["time"].is_string());
    assert!(!std::fs::read_to_string(&log).unwrap().contains("Secret"));
    // The next command appends to the log.
    home.run_ok(&["show", "--log", name]);
    assert_eq!(lines(&log)[..3], first[..]);
    assert_eq!(lines(&log).len(), 5);
}

#[test]
fn rejects_data_files_and_special_files_as_log() {
    let home = Home::with_terry();
    let pipe = home.path("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let data = home.data();
    let before = std::fs::read(&data).unwrap();
    let link = home.path("link");
    std::os::unix::fs::symlink(&data, &link).unwrap();
    for wrong in [
        pipe,
        home.path("."),
        "/dev/null".into(),
        data.clone(),
        data.with_file_name("hats.history.jsonl"),
        data.with_file_name("hats.lock"),
        link,
        home.path("no/such/folder"),
    ] {
        let (code, output) = stderr_of(&mut home.command(&["--log", wrong.to_str().unwrap(), "show"]));
        assert_eq!(code, 1, "{wrong:?}: {output}");
    }
    assert_eq!(std::fs::read(&data).unwrap(), before);
}

#[test]
fn restricted_session_cannot_choose_log() {
    let home = Home::with_terry();
    let log = home.path("a.log");
    let name = log.to_str().unwrap();
    let (code, output) = stderr_of(&mut home.command(&["--room", ROOM, "show", "--log", name]));
    assert!(
        code == 1 && output.contains("--log must come before the command"),
        "{code}: {output}"
    );
    assert!(!log.exists());
    home.run_ok(&["--room", ROOM, "--log", name, "show"]);
    assert!(log.exists());
}
