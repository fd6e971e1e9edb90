//! Slow and failing system calls: the real program under `strace`, which injects them.

use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::stage::{CTRL_C, ENTER, HATRACK, Home, Stage, child_of, skip, until};

/// Starts the program under `strace`, with a fault injected into these system calls on these paths, or on all if there
/// are none. Returns `None`, and reports that the test is skipped, if strace does not work.
fn start_with_faults(home: &Home, calls: &str, fault: &str, paths: &[&str]) -> Option<Stage> {
    let line = faulty_command(home, calls, fault, paths)?;
    let line: Vec<&str> = line.iter().map(String::as_str).collect();
    Some(Stage::start(home, &line, (100, 30)))
}

/// The command line that [`start_with_faults`] runs.
pub(crate) fn faulty_command(home: &Home, calls: &str, fault: &str, paths: &[&str]) -> Option<Vec<String>> {
    let tried = Command::new("strace").args(["-o", "/dev/null", "true"]).status();
    if !tried.is_ok_and(|status| status.success()) {
        skip("strace is missing, or not allowed to trace");
        return None;
    }
    let (trace, inject) = (format!("trace={calls}"), format!("inject={calls}:{fault}"));
    let mut line: Vec<String> = [
        "strace",
        "-f",
        "-qq",
        "-o",
        "/dev/null",
        "-e",
        &trace,
        "-e",
        &inject,
    ]
    .map(String::from)
    .into();
    for path in paths {
        let path = home.path(".config/hatrack").join(path);
        line.extend(["-P".into(), path.display().to_string()]);
    }
    line.push(HATRACK.into());
    Some(line)
}

/// Presses keys, and checks that they take effect at once although other work takes seconds.
fn press_and_see_at_once(stage: &mut Stage, keys: &str, text: &str) {
    let since = Instant::now();
    stage.press_and_see(keys, text);
    let took = since.elapsed();
    assert!(took < Duration::from_millis(700), "{text:?} after {took:?}");
}

#[test]
fn slow_disk_does_not_delay_keys_and_quit_waits() {
    let home = Home::with_terry();
    let Some(mut stage) = start_with_faults(&home, "fsync,fdatasync", "delay_enter=2s", &[]) else {
        return;
    };
    stage.see("Users 1");
    stage.press("lla");
    stage.press_and_see("urn:x:a", "urn:x:a");
    press_and_see_at_once(&mut stage, ENTER, "Hats 1");
    press_and_see_at_once(&mut stage, " ", "○");
    press_and_see_at_once(&mut stage, " ", "●");
    press_and_see_at_once(&mut stage, "r", "required");
    press_and_see_at_once(&mut stage, "?", "┏ Help");
    stage.press("\x1b");
    stage.until("the help is closed", |output| {
        output.shows("saving") && !output.shows("┏ Help")
    });
    assert_eq!(home.hats(), json!({}), "nothing is saved yet");
    stage.press("q");
    assert_eq!(stage.end_with_terminal_restored(), 0);
    assert_eq!(
        home.hats(),
        json!({"urn:x:a": {"active": true, "required": true}})
    );
    assert_eq!(home.unexpected_files(), [] as [&str; 0]);
}

#[test]
fn system_errors_are_reported_and_retried() {
    let temporary = ".hats.json.hatrack-tmp";
    for (calls, error, path, reason) in [
        ("fsync", "EIO", temporary, "input/output error of the disk"),
        ("write", "ENOSPC", temporary, "the disk is full; free some space"),
        (
            "write",
            "EDQUOT",
            "hats.history.jsonl",
            "the disk quota is exceeded",
        ),
        ("/^rename", "EACCES", temporary, "permission denied"),
    ] {
        let home = Home::with_terry();
        let fault = format!("error={error}:when=1..2");
        let Some(mut stage) = start_with_faults(&home, calls, &fault, &[path]) else {
            return;
        };
        stage.see("Users 1");
        stage.press("lla");
        stage.press_and_see("urn:x:a", "urn:x:a");
        stage.press_and_see(ENTER, reason);
        assert_eq!(home.hats(), json!({}), "{error}");
        until("the change is saved", || {
            home.hats() == json!({"urn:x:a": {"active": true}})
        });
        stage.until("the error is no longer shown", |output| {
            output.shows("saved") && !output.shows(reason)
        });
        stage.press("q");
        assert_eq!(stage.end_with_terminal_restored(), 0);
        assert_eq!(home.unexpected_files(), [] as [&str; 0], "{error}");
    }
}

/// After a disconnect while the disk is slow, a change is in the file or in the draft, and typed text is in the draft.
#[test]
fn disconnect_on_slow_disk_loses_nothing() {
    for typed in [true, false] {
        let home = Home::with_terry();
        let Some(mut stage) = start_with_faults(&home, "fsync,fdatasync", "delay_enter=3s", &[]) else {
            return;
        };
        stage.see("Users 1");
        stage.press("lla");
        stage.press_and_see("urn:x:a", "urn:x:a");
        if !typed {
            stage.press_and_see(ENTER, "saving");
        }
        let process = child_of(stage.process().as_raw_nonzero().get());
        rustix::process::kill_process(process, rustix::process::Signal::HUP).unwrap();
        stage.end();
        let saved = home.hats() == json!({"urn:x:a": {"active": true}});
        assert!(saved || home.drafts() == 1, "{:?}", home.unexpected_files());
        let mut next = Stage::hatrack(&home, &[]);
        if !saved {
            next.see("from an earlier session:");
            next.press_and_see(ENTER, "urn:x:a");
        }
        if typed {
            next.press_and_see(ENTER, "Hats 1");
        }
        next.press("q");
        assert_eq!(next.end_with_terminal_restored(), 0);
        assert_eq!(home.hats(), json!({"urn:x:a": {"active": true}}));
    }
}

#[test]
fn thread_start_failure_is_an_error() {
    let home = Home::with_terry();
    // The threads of the store worker, signals and terminal input.
    for number in 1..=3 {
        let fault = format!("error=EAGAIN:when={number}");
        let Some(mut stage) = start_with_faults(&home, "clone3", &fault, &[]) else {
            return;
        };
        assert_eq!(stage.end_with_terminal_restored(), 1, "{number}");
        stage.see("cannot start a thread");
    }
    // The program also works without later threads.
    let Some(mut stage) = start_with_faults(&home, "clone3", "error=EAGAIN:when=4+", &[]) else {
        return;
    };
    stage.see("Users 1");
    stage.press("lla");
    stage.press_and_see("urn:x:a", "urn:x:a");
    stage.press(CTRL_C);
    assert_eq!(stage.end_with_terminal_restored(), 0);
    assert_eq!(home.drafts(), 1, "the draft is kept");
}
