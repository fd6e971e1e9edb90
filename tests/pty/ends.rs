//! Disconnects and signals: typed text is kept, and nothing is left running.

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

/// The process must be gone within two seconds, leaving no lock and no stray files.
fn is_gone_in_time(home: &Home, began: Instant) {
    let took = began.elapsed();
    assert!(took < Duration::from_secs(2), "it took {took:?}");
    // A child that another test is just starting inherits the lock for a moment.
    until("the lock is let go", || is_unlocked(home));
    assert_eq!(
        home.left_behind().len(),
        home.drafts(),
        "{:?}",
        home.left_behind()
    );
}

fn is_unlocked(home: &Home) -> bool {
    File::open(home.path(".config/hatrack/hats.lock")).is_ok_and(|lock| lock.try_lock().is_ok())
}

fn is_offered_again(home: &Home) {
    assert_eq!(home.drafts(), 1);
    assert_eq!(home.left_behind().len(), 1, "{:?}", home.left_behind());
    let mut stage = Stage::hatrack(home, &[]);
    stage.see("Unsaved form from your last session:");
    stage.press_and_see(ENTER, "urn:x:half-typed");
    stage.press_and_see(ENTER, "Hats 1");
    stage.press("q");
    assert_eq!(stage.end_with_all_put_back(), 0);
    assert_eq!(home.left_behind(), [] as [&str; 0], "used up");
}

/// SIGKILL cannot be caught.
#[test]
fn sigkill_keeps_live_draft() {
    let home = Home::with_terry();
    let mut stage = Stage::hatrack(&home, &[]);
    type_into_form(&mut stage);
    let owns = || {
        let left = home.left_behind();
        left.iter()
            .filter(|name| name.strip_suffix(".own").is_some())
            .count()
    };
    until("it is kept", || owns() == 1);
    // Another session of the same actor is not offered the live draft of this one.
    let mut other = Stage::hatrack(&home, &[]);
    other.see("Users 1");
    assert!(!other.seen().shows("from your last session"));
    other.press("q");
    assert_eq!(other.end_with_all_put_back(), 0);
    assert_eq!((owns(), home.drafts()), (1, 0));
    stage.signal(Signal::KILL);
    drop(stage); // waits for it
    let mut next = Stage::hatrack(&home, &[]);
    next.see("Unsaved form from your last session:");
    assert_eq!((owns(), home.drafts()), (0, 1));
    next.press_and_see(ENTER, "urn:x:half-typed");
    next.press_and_see(ENTER, "Hats 1");
    next.press("q");
    assert_eq!(next.end_with_all_put_back(), 0);
    assert_eq!(home.left_behind(), [] as [&str; 0], "used up");
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
        is_gone_in_time(&home, began);
        assert_eq!(status, 128 + u32::try_from(signal.as_raw()).unwrap());
        assert_eq!(stage.end_with_all_put_back(), status);
        is_offered_again(&home);
    }
}

#[test]
fn signal_does_not_wait_for_foreign_lock() {
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
        assert!(!is_unlocked(&home), "it is not ours to take");
        drop(lock);
        is_gone_in_time(&home, began);
        assert_eq!(status, 128 + u32::try_from(signal.as_raw()).unwrap());
        assert_eq!((home.hats(), home.drafts()), (json!({}), 1));
        let stage = Stage::hatrack(&home, &[]);
        stage.see("1 unsaved change");
    }
}

/// `script` provides the terminal and is killed.
fn terminal_is_gone(inner: &str) {
    let home = Home::with_terry();
    let number = home.path("number");
    let line = inner.replace(
        "HATRACK",
        &format!("echo $$ > {}; exec {HATRACK}", number.display()),
    );
    let mut stage = Stage::start(&home, &["script", "-qfc", &line, "/dev/null"], (100, 30));
    type_into_form(&mut stage);
    let process = until_written(&number);
    let began = Instant::now();
    stage.signal(Signal::KILL);
    until_gone(&process);
    is_gone_in_time(&home, began);
    is_offered_again(&home);
}

#[test]
fn lost_terminal_ends_session() {
    terminal_is_gone("HATRACK");
}

#[test]
fn lost_terminal_ends_session_without_signal() {
    terminal_is_gone("setsid -w sh -c 'HATRACK'");
}

#[test]
fn stalled_terminal_blocks_neither_work_nor_exit() {
    let home = Home::with_terry();
    let mut stage = Stage::hatrack(&home, &[]);
    type_into_form(&mut stage);
    stage.stall();
    stage.press(ENTER);
    until("the hat is given", || {
        home.hats() == json!({"urn:x:half-typed": {"active": true}})
    });
    stage.press("d");
    until("the hat is taken away", || home.hats() == json!({}));
    let began = Instant::now();
    stage.signal(Signal::TERM);
    assert_eq!(stage.end(), 143);
    is_gone_in_time(&home, began);
    assert_eq!(home.left_behind(), [] as [&str; 0]);
}

/// `--log` records what happened.
#[test]
fn end_of_session_is_logged() {
    for (signal, wanted) in [
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
        // The file is reread a few times after a recent change, and the worker may stop before or after the end is logged.
        lines
            .retain(|line| !["read", "worker stopped"].contains(&line["event"].as_str().unwrap_or_default()));
        let events: Vec<_> = lines.iter().filter_map(|line| line["event"].as_str()).collect();
        assert_eq!(events, wanted);
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
        assert_eq!(stage.end_with_all_put_back(), 128 + number, "{number}");
    }
}

#[test]
fn file_size_limit_acts_as_full_disk() {
    let home = Home::with_terry();
    let line = format!("ulimit -f 0; exec {HATRACK}");
    let mut stage = Stage::start(&home, &["sh", "-c", &line], (100, 30));
    type_into_form(&mut stage);
    stage.press_and_see(ENTER, "the file is too large");
    assert_eq!(home.hats(), json!({}));
    stage.signal(Signal::TERM);
    assert_eq!(stage.end_with_all_put_back(), 143);
}

#[test]
fn rust_min_stack_is_ignored() {
    for size in ["1", "1000000000000000000"] {
        let home = Home::with_terry();
        let mut stage = Stage::with(&home, &[HATRACK], (100, 30), &[("RUST_MIN_STACK", size)]);
        type_into_form(&mut stage);
        stage.press_and_see(ENTER, "Hats 1");
        stage.press("q");
        assert_eq!(stage.end_with_all_put_back(), 0);
    }
}
