//! The exit codes of the commands that use servers, if the servers are not reachable. Tests with reachable servers are
//! in tests/servers.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a failed setup fails the test")]

use std::io::{BufRead as _, BufReader};
use std::process::Stdio;

use hatrack::sync::ServerClass;
use rustix::process::{Pid, Signal, kill_process};

use super::follow::add_compared_room;
use super::process::Home;

const ROOM: &str = "r@gone.example.org";
const TERRY: &str = "terry@example.org";

/// A home folder with a room that was compared with its server, which is not reachable.
fn home() -> Home {
    let home = Home::new();
    let socket = home.path("gone.sock").display().to_string();
    home.write(
        ".config/hatrack/config.toml",
        format!(
            "[servers.gone]\nkind = \"prosody\"\nservices = [\"gone.example.org\"]\nsocket = \"{socket}\"\naffiliations = \"manage\"\n"
        ),
    );
    add_compared_room(&home, "gone", ServerClass::Prosody);
    home.run_ok(&["affiliate", ROOM, TERRY, "member", "--no-send"]);
    home
}

#[test]
fn exit_codes_report_an_unreachable_server() {
    let home = home();
    let commands: [(&[&str], i32); 14] = [
        (&["servers"], 0),
        (&["servers", "check"], 1),
        (&["plan"], 1),
        (&["plan", ROOM, "--json"], 1),
        (&["pull"], 1),
        (&["apply", "--yes"], 1),
        (&["plan", "--server", "nowhere"], 3),
        (&["follow", "x@gone.example.org"], 3),
        (&["follow", "--read-only"], 1),
        (&["add", ROOM, TERRY, "urn:x:1", "--no-send"], 0),
        (&["add", ROOM, TERRY, "urn:x:2"], 7),
        // Nothing is saved, so nothing has to be sent.
        (&["add", ROOM, TERRY, "urn:x:2"], 0),
        // The hat was never sent, so its removal need not be sent either.
        (&["remove", ROOM, TERRY, "urn:x:2"], 0),
        (&["undo"], 7),
    ];
    for (command, code) in commands {
        let output = home.run(command);
        assert_eq!(output.code, code, "{command:?}: {output:?}");
    }
}

/// Returns the exit code of `follow` if a signal ends it after it has reported that its server is not reachable.
fn exit_code_after(signal: Signal) -> i32 {
    let home = home();
    let mut child = home
        .command(&["follow"])
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stderr.take().unwrap())
        .read_line(&mut line)
        .unwrap();
    assert!(line.contains("\"gone\" is not reachable"), "{line}");
    kill_process(Pid::from_child(&child), signal).unwrap();
    let status = child.wait().unwrap();
    status.code().unwrap_or_else(|| panic!("{status}"))
}

#[test]
fn exit_code_of_follow_depends_on_the_signal() {
    assert_eq!(exit_code_after(Signal::TERM), 0);
    assert_eq!(exit_code_after(Signal::INT), 130);
}
