//! Signals and lost terminals: typed text is kept, and the program ends in time. Also file size limits and stack sizes.

use std::fs::File;
use std::process::Command;
use std::time::{Duration, Instant};

use rustix::process::Signal;

use serde_json::json;

use crate::stage::{ENTER, HATRACK, Home, Stage, until, until_gone, until_written};

/// Opens the form for a hat and types into it.
fn type_into_form(stage: &mut Stage) {
    stage.see("Users 1");
    stage.press("lla");
    stage.press_and_see("urn:x:half-typed", "urn:x:half-typed");
}

/// Checks that the process ended within two seconds of `began`, and left no lock and no files except drafts.
fn assert_ended_in_time(home: &Home, began: Instant) {
    let took = began.elapsed();
    assert!(took < Duration::from_secs(2), "the program ended after {took:?}");
    // A child process that another test is starting can inherit the lock for a moment.
    until("the lock is released", || is_unlocked(home));
    assert_eq!(
        home.unexpected_files().len(),
        home.drafts(),
        "{:?}",
        home.unexpected_files()
    );
}

fn is_unlocked(home: &Home) -> bool {
    File::open(home.path(".config/hatrack/hats.lock")).is_ok_and(|lock| lock.try_lock().is_ok())
}

/// Checks that the next session offers the typed text.
fn assert_offered_again(home: &Home) {
    assert_eq!(home.drafts(), 1);
    assert_eq!(home.unexpected_files().len(), 1, "{:?}", home.unexpected_files());
    let mut stage = Stage::hatrack(home, &[]);
    stage.see("Unsaved form from an earlier session:");
    stage.press_and_see(ENTER, "urn:x:half-typed");
    stage.press_and_see(ENTER, "Hats 1");
    stage.press("q");
    assert_eq!(stage.end_with_terminal_restored(), 0);
    assert_eq!(
        home.unexpected_files(),
        [] as [&str; 0],
        "a restored draft is removed"
    );
}

/// SIGKILL cannot be handled, so the draft has to be stored while the session is open.
#[test]
fn sigkill_keeps_the_draft_of_an_open_session() {
    let home = Home::with_terry();
    let mut stage = Stage::hatrack(&home, &[]);
    type_into_form(&mut stage);
    let live_drafts = || {
        let left = home.unexpected_files();
        left.iter()
            .filter(|name| name.strip_suffix(".own").is_some())
            .count()
    };
    until("the text is saved", || live_drafts() == 1);
    // Another session of the same actor is not offered the live draft of this one.
    let mut other = Stage::hatrack(&home, &[]);
    other.see("Users 1");
    assert!(!other.output().shows("from an earlier session"));
    other.press("q");
    assert_eq!(other.end_with_terminal_restored(), 0);
    assert_eq!((live_drafts(), home.drafts()), (1, 0));
    stage.signal(Signal::KILL);
    drop(stage); // waits for the program
    let mut next = Stage::hatrack(&home, &[]);
    next.see("Unsaved form from an earlier session:");
    assert_eq!((live_drafts(), home.drafts()), (0, 1));
    next.press_and_see(ENTER, "urn:x:half-typed");
    next.press_and_see(ENTER, "Hats 1");
    next.press("q");
    assert_eq!(next.end_with_terminal_restored(), 0);
    assert_eq!(
        home.unexpected_files(),
        [] as [&str; 0],
        "a restored draft is removed"
    );
}

#[test]
fn signal_keeps_typed_text() {
    for signal in [Signal::HUP, Signal::TERM, Signal::INT] {
        let home = Home::with_terry();
        let mut stage = Stage::hatrack(&home, &[]);
        type_into_form(&mut stage);
        let began = Instant::now();
        stage.signal(signal);
        let status = stage.end();
        assert_ended_in_time(&home, began);
        assert_eq!(status, 128 + u32::try_from(signal.as_raw()).unwrap());
        assert_eq!(stage.end_with_terminal_restored(), status);
        assert_offered_again(&home);
    }
}

#[test]
fn signal_does_not_wait_for_a_lock_of_another_process() {
    for signal in [Signal::HUP, Signal::TERM, Signal::INT] {
        let home = Home::with_terry();
        let mut stage = Stage::hatrack(&home, &[]);
        type_into_form(&mut stage);
        let lock = File::open(home.path(".config/hatrack/hats.lock")).unwrap();
        lock.lock().unwrap();
        stage.press_and_see(ENTER, "Hats 1");
        let began = Instant::now();
        stage.signal(signal);
        let status = stage.end();
        assert!(!is_unlocked(&home), "the test still holds the lock");
        drop(lock);
        assert_ended_in_time(&home, began);
        assert_eq!(status, 128 + u32::try_from(signal.as_raw()).unwrap());
        assert_eq!((home.hats(), home.drafts()), (json!({}), 1));
        let stage = Stage::hatrack(&home, &[]);
        stage.see("1 unsaved change");
    }
}

/// Runs a command line under `script`, which provides the terminal. Kills `script`, and checks that the session ends.
/// `HATRACK` in the command line stands for the program.
fn check_lost_terminal(command_line: &str) {
    let home = Home::with_terry();
    let process_file = home.path("process");
    let line = command_line.replace(
        "HATRACK",
        &format!("echo $$ > {}; exec {HATRACK}", process_file.display()),
    );
    let mut stage = Stage::start(&home, &["script", "-qfc", &line, "/dev/null"], (100, 30));
    type_into_form(&mut stage);
    let process = until_written(&process_file);
    let began = Instant::now();
    stage.signal(Signal::KILL);
    until_gone(&process);
    assert_ended_in_time(&home, began);
    assert_offered_again(&home);
}

#[test]
fn lost_terminal_ends_session() {
    check_lost_terminal("HATRACK");
}

#[test]
fn lost_terminal_ends_session_without_signal() {
    check_lost_terminal("setsid -w sh -c 'HATRACK'");
}

#[test]
fn stalled_terminal_blocks_neither_work_nor_exit() {
    let home = Home::with_terry();
    let mut stage = Stage::hatrack(&home, &[]);
    type_into_form(&mut stage);
    stage.stall();
    stage.press(ENTER);
    until("the hat is added", || {
        home.hats() == json!({"urn:x:half-typed": {"active": true}})
    });
    stage.press("d");
    until("the hat is removed", || home.hats() == json!({}));
    let began = Instant::now();
    stage.signal(Signal::TERM);
    assert_eq!(stage.end(), 143);
    assert_ended_in_time(&home, began);
    assert_eq!(home.unexpected_files(), [] as [&str; 0]);
}

#[test]
fn end_of_session_is_logged() {
    for (signal, expected) in [
        (Signal::TERM, ["started", "opened", "signal", "ended"]),
        (Signal::HUP, ["started", "opened", "signal", "ended"]),
    ] {
        let home = Home::with_terry();
        let log = home.path("a.log");
        let mut stage = Stage::hatrack(&home, &["--log", log.to_str().unwrap()]);
        stage.see("Users 1");
        stage.signal(signal);
        let status = stage.end();
        let text = std::fs::read_to_string(&log).unwrap();
        let mut lines: Vec<serde_json::Value> = text
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        // The file is reread a few times after a recent change, and the worker may stop before or after the end is
        // logged.
        lines
            .retain(|line| !["read", "worker stopped"].contains(&line["event"].as_str().unwrap_or_default()));
        let events: Vec<_> = lines.iter().filter_map(|line| line["event"].as_str()).collect();
        assert_eq!(events, expected);
        assert_eq!(lines[3]["status"], status);
    }
}

#[test]
fn every_signal_restores_terminal() {
    let home = Home::with_terry();
    for number in [3, 5, 6, 7, 10, 12, 14, 16, 24, 26, 27, 29, 30, 31, 34, 64] {
        let mut stage = Stage::hatrack(&home, &[]);
        stage.see("Users 1");
        let process = stage.process().as_raw_pid().to_string();
        let sent = Command::new("kill")
            .arg(format!("-{number}"))
            .arg(process)
            .status();
        assert!(sent.unwrap().success());
        assert_eq!(stage.end_with_terminal_restored(), 128 + number, "{number}");
    }
}

#[test]
fn exceeded_file_size_limit_is_reported_like_a_full_disk() {
    let home = Home::with_terry();
    let line = format!("ulimit -f 0; exec {HATRACK}");
    let mut stage = Stage::start(&home, &["sh", "-c", &line], (100, 30));
    type_into_form(&mut stage);
    stage.press_and_see(ENTER, "the file is too large");
    assert_eq!(home.hats(), json!({}));
    stage.signal(Signal::TERM);
    assert_eq!(stage.end_with_terminal_restored(), 143);
}

#[test]
fn rust_min_stack_is_ignored() {
    for size in ["1", "1000000000000000000"] {
        let home = Home::with_terry();
        let mut stage = Stage::with(&home, &[HATRACK], (100, 30), &[("RUST_MIN_STACK", size)]);
        type_into_form(&mut stage);
        stage.press_and_see(ENTER, "Hats 1");
        stage.press("q");
        assert_eq!(stage.end_with_terminal_restored(), 0);
    }
}
