//! Completion in real shells: a few letters and Tab complete rooms, users and hats. Shells never run content of the
//! data file.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot set up its stage has failed"
)]

use std::path::Path;
use std::process::Command;

use crate::stage::{ENTER, HATRACK, Home, ROOM, Stage, TAB, TERRY, skip};

/// A hat ID that would create a file if a shell evaluated it.
const DANGEROUS_ID: &str = "urn:x:$(touch pwned)`touch pwned`;touch pwned;'\"!";

/// Starts a shell with hatrack and its completions. Returns `None`, and reports that the test is skipped, if the shell
/// is not installed.
fn start_shell(home: &Home, words: &[&str], load: &str, script: &str) -> Option<Stage> {
    let name = words.first().unwrap();
    if Command::new(name).arg("--version").output().is_err() {
        skip(&format!("{name} is missing"));
        return None;
    }
    let program = Path::new(HATRACK).parent().unwrap().display();
    let path = format!("{program}:{}", std::env::var("PATH").unwrap());
    let variables = [("PATH", path.as_str()), ("PS1", "$ "), ("HISTFILE", "")];
    let mut stage = Stage::with(home, words, (100, 30), &variables);
    let assets = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/completions");
    let line = format!(
        "{load} {}; clear; echo rea''dy{ENTER}",
        assets.join(script).display()
    );
    stage.press_and_see(&line, "ready");
    Some(stage)
}

fn check_completion(mut stage: Stage, home: &Home) {
    stage.press("hatrack sh\t");
    stage.press_and_see("cour\t", ROOM);
    stage.press_and_see("ter\t", TERRY);
    stage.press_and_see(ENTER, "affiliation member");
    // The hat's ID has characters that are special in shells, and `:`, which separates words in bash.
    stage.press("clear\r");
    stage.press_and_see("hatrack remove cour\t", ROOM);
    stage.press_and_see("ter\t", TERRY);
    stage.press_and_see("urn:x\t", "pwned");
    stage.press_and_see(ENTER, "Removed ");
    assert_eq!(home.hats(), serde_json::json!({}));
    let line = format!("hatrack affiliate cour{TAB}ter{TAB}out{TAB}{ENTER}");
    stage.press_and_see(&line, "Banned ");
    stage.press("exit\r");
    assert_eq!(stage.end(), 0);
    assert!(!home.path("pwned").exists());
}

/// A home in which terry has a hat with an ID and a title that are dangerous for shells.
fn home() -> Home {
    let home = Home::with_terry();
    let data = home.path(".config/hatrack/hats.json");
    let text = std::fs::read_to_string(&data).unwrap();
    let id = serde_json::to_string(DANGEROUS_ID).unwrap();
    let hat = format!("\"hats\": {{{id}: {{\"title\": \"`touch pwned` %F{{red}}\\u001b[31m\"}}}}");
    std::fs::write(&data, text.replace("\"hats\": {}", &hat)).unwrap();
    assert_eq!(home.hats().as_object().unwrap().len(), 1);
    home
}

#[test]
fn bash() {
    let home = home();
    if let Some(stage) = start_shell(&home, &["bash", "--norc", "-i"], "source", "hatrack.bash") {
        check_completion(stage, &home);
    }
}

#[test]
fn zsh() {
    let home = home();
    let load = "autoload -Uz compinit; compinit -u -D; source";
    if let Some(stage) = start_shell(&home, &["zsh", "-f", "-i"], load, "_hatrack") {
        check_completion(stage, &home);
    }
}

#[test]
fn fish() {
    let home = home();
    if let Some(stage) = start_shell(&home, &["fish", "-N", "-i"], "source", "hatrack.fish") {
        check_completion(stage, &home);
    }
}
