//! Ctrl-Z: suspends only under job control.

use std::fs::File;

use rustix::process::Signal;

use crate::faults::faulty_command;
use crate::stage::{CTRL_Z, HATRACK, Home, ROOM, Stage, TERRY};

/// An interactive shell with job control.
fn shell(home: &Home) -> Stage {
    let stage = Stage::with(home, &["sh", "-i"], (100, 30), &[("PS1", "ready> "), ("ENV", "")]);
    stage.see("ready> ");
    stage
}

/// Waits until the shell has reported a stopped job this many times since its start.
fn until_stopped(stage: &Stage, times: usize) {
    stage.until("the shell reports the stopped job", |output| {
        let count = String::from_utf8_lossy(&output.raw).matches("Stopped").count();
        count == times
    });
}

fn check_suspend_and_resume(line: &str) {
    let home = Home::with_terry();
    let mut stage = shell(&home);
    stage.press(&format!("{line}\r"));
    stage.see("Courses");
    stage.press_and_see("ll", "No hats");
    for number in 0..2 {
        let full = stage.redrawn_cells("? Help");
        stage.press(CTRL_Z);
        stage.until_restored();
        until_stopped(&stage, number + 1);
        stage.press(&format!("echo $((6*7+{number}))\r"));
        stage.see(&(42 + number).to_string());
        stage.press("fg\r");
        stage.until("the screen is drawn as before", |output| {
            output.parser.screen().alternate_screen() && output.cells() == full
        });
    }
    stage.press("q");
    stage.until_restored();
    stage.press_and_see("echo status=$?\r", "status=0");
    stage.press("exit\r");
    assert_eq!(stage.end_with_terminal_restored(), 0);
}

#[test]
fn shell_resumes_session() {
    check_suspend_and_resume(HATRACK);
}

/// If a server does not answer, the program ends only after a moment.
#[test]
fn text_typed_while_the_program_ends_reaches_the_shell() {
    let home = Home::with_terry();
    let config = "[servers.example]\nkind = \"prosody\"\nservices = [\"conference.example.org\"]\ncommand = [\"/bin/sleep\", \"1000\"]\n";
    std::fs::write(home.path(".config/hatrack/config.toml"), config).unwrap();
    let mut stage = shell(&home);
    stage.press(&format!("{HATRACK}\r"));
    stage.see("Courses");
    stage.press_and_see("S", "disconnected");
    stage.press_and_see("\r", "connecting");
    stage.press("\u{3}");
    stage.until_restored();
    stage.press("echo $((6*7))\r");
    stage.see("42");
    stage.press("exit\r");
    assert_eq!(stage.end_with_terminal_restored(), 0);
}

#[test]
fn script_that_runs_the_program_is_suspended_too() {
    check_suspend_and_resume(&format!("sh -c '{HATRACK}; exit $?'"));
}

#[test]
fn suspend_is_refused_without_job_control() {
    for signal in [false, true] {
        let home = Home::with_terry();
        let mut stage = Stage::hatrack(&home, &[]);
        stage.see("Courses");
        if signal {
            stage.signal(Signal::TSTP);
        } else {
            stage.press(CTRL_Z);
        }
        stage.see("Cannot suspend: there is no shell");
        stage.press("q");
        assert_eq!(stage.end_with_terminal_restored(), 0);
    }
}

#[test]
fn terminal_is_set_up_again_after_sigstop() {
    let home = Home::with_terry();
    let mut stage = Stage::hatrack(&home, &[]);
    stage.see("Courses");
    let (cells, modes) = (stage.redrawn_cells("? Help"), stage.modes());
    stage.signal(Signal::STOP);
    stage.set_shell_modes();
    assert_ne!(stage.modes(), modes);
    let length = stage.output().raw.len();
    stage.signal(Signal::CONT);
    stage.until("the screen is drawn again", |output| {
        output.raw.len() > length && output.cells() == cells
    });
    assert_eq!(stage.modes(), modes);
    drop(stage);
}

#[test]
fn suspend_after_change_holds_no_lock() {
    let home = Home::with_terry();
    home.run(&["add", ROOM, TERRY, "urn:x:ta", "--active"]);
    let mut stage = shell(&home);
    stage.press(&format!("{HATRACK}\r"));
    stage.press_and_see("ll", "● untitled (ta)");
    for number in 0..20 {
        let active = number % 2 == 1;
        stage.press(&format!(" {CTRL_Z}"));
        stage.until_restored();
        until_stopped(&stage, number + 1);
        let lock = File::open(home.path(".config/hatrack/hats.lock"));
        assert!(lock.is_ok_and(|lock| lock.try_lock().is_ok()), "the lock is held");
        assert_eq!(home.hats()["urn:x:ta"]["active"], active, "the change is saved");
        stage.press("fg\r");
        let sign = if active {
            "● untitled (ta)"
        } else {
            "○ untitled (ta)"
        };
        stage.until("the session continues", |output| {
            output.parser.screen().alternate_screen() && output.shows(sign)
        });
    }
    let prompts = |raw: &[u8]| String::from_utf8_lossy(raw).matches("ready> ").count();
    let before = prompts(&stage.output().raw);
    stage.press("q");
    stage.until_restored();
    // The shell may discard input typed before its prompt.
    stage.until("the shell shows its prompt", |output| {
        prompts(&output.raw) > before
    });
    stage.press("exit\r");
    assert_eq!(stage.end_with_terminal_restored(), 0);
}

#[test]
fn slow_save_postpones_suspend() {
    let home = Home::with_terry();
    home.run(&["add", ROOM, TERRY, "urn:x:ta", "--active"]);
    let Some(line) = faulty_command(&home, "fsync,fdatasync", "delay_enter=4s", &[]) else {
        return;
    };
    let mut stage = shell(&home);
    stage.press(&format!("clear; {}\r", line.join(" ")));
    stage.press_and_see("ll", "● untitled (ta)");
    stage.press(&format!(" {CTRL_Z}"));
    stage.see("Saving; press Ctrl-Z again");
    stage.until("the change is saved", |output| {
        output.shows("○ untitled (ta)") && output.shows(" saved ")
    });
    stage.press("q");
    stage.until_restored();
    stage.press("exit\r");
    assert_eq!(stage.end_with_terminal_restored(), 0);
}
