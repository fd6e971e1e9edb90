//! The examples and statements of docs/team.md.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use clap::Parser;
use hatrack::cli::args::{Cli, CliCommand};

use super::process::{Home, ROOM, TERRY, output_of};

const DOCUMENT: &str = include_str!("../../docs/team.md");

fn mode(path: &Path) -> u32 {
    let metadata = std::fs::metadata(path);
    metadata
        .map(|metadata| metadata.permissions().mode() & 0o7777)
        .unwrap_or_default()
}

/// The command lines of hatrack in the document, as lists of words that start with `hatrack`.
fn lines() -> Vec<Vec<&'static str>> {
    let mut lines = Vec::new();
    for line in DOCUMENT.lines().filter(|line| line.contains("hatrack --file")) {
        let rest = line.split_once("hatrack ").map_or("", |(_, rest)| rest);
        let arguments = rest.split(['"', '`']).next().unwrap_or_default();
        lines.push(std::iter::once("hatrack").chain(arguments.split(' ')).collect());
    }
    lines
}

#[test]
fn documented_command_lines_parse() {
    let lines = lines();
    assert!(lines.len() >= 7, "{lines:?}");
    for line in lines {
        let cli = Cli::try_parse_from(&line).unwrap_or_else(|error| panic!("{line:?}: {error}"));
        let options = cli
            .global_options()
            .unwrap_or_else(|error| panic!("{line:?}: {error}"));
        assert_eq!(options.file.as_deref(), Some(Path::new("/srv/hats/hats.json")));
        let screen = cli.command.is_none();
        let checked = matches!(
            cli.command,
            Some(CliCommand::Show(_) | CliCommand::Check(_) | CliCommand::History(_))
        );
        assert!(screen || checked, "{line:?}");
    }
}

#[test]
fn documented_keys_are_restricted() {
    let keys: Vec<_> = DOCUMENT
        .lines()
        .map(str::trim)
        .filter(|line| line.starts_with("command=\""))
        .collect();
    assert!(keys.len() >= 4);
    for key in keys {
        assert!(key.contains("\",restrict"), "{key}");
        assert!(!key.contains('$'), "{key}");
    }
}

#[test]
fn history_and_lock_copy_mode_of_data_file() {
    let home = Home::new();
    let file = home.write("hats.json", "{\"version\": 1, \"rooms\": {}}\n");
    std::fs::set_permissions(&file, PermissionsExt::from_mode(0o660)).unwrap();
    for umask in ["077", "022", "000"] {
        let room = format!("room{umask}@conference.example.org");
        let script = format!("umask {umask}; exec \"$0\" --file hats.json room add {room}");
        let mut command = std::process::Command::new("sh");
        command
            .args(["-c", &script, env!("CARGO_BIN_EXE_hatrack")])
            .current_dir(home.path(""))
            .env("HOME", home.path(""));
        assert_eq!(output_of(&mut command).err, "");
        for name in ["hats.json", "hats.history.jsonl", "hats.lock"] {
            assert_eq!(mode(&home.path(name)), 0o660, "{name} with umask {umask}");
        }
    }
    // A new file is readable by its owner only.
    home.run_ok(&["room", "add", ROOM]);
    home.run_ok(&["affiliate", ROOM, TERRY, "member"]);
    for name in ["hats.json", "hats.history.jsonl", "hats.lock"] {
        assert_eq!(mode(&home.data().with_file_name(name)), 0o600, "{name}");
    }
}

#[test]
fn actor_includes_ssh_address() {
    let home = Home::new();
    let mut command = home.command(&["--actor", "alice", "room", "add", ROOM]);
    command.env("SSH_CONNECTION", "203.0.113.7 50022 192.0.2.1 22");
    assert_eq!(output_of(&mut command).code, 0);
    let history = home.run_ok(&["history", "--json"]);
    assert!(history.contains("\"actor\":\"alice@203.0.113.7\""), "{history}");
    // From another address, it is still a change of the same actor.
    let mut command = home.command(&["--actor", "alice", "undo"]);
    command.env("SSH_CONNECTION", "198.51.100.9 50022 192.0.2.1 22");
    let undone = output_of(&mut command);
    assert_eq!((undone.code, undone.err.as_str()), (0, ""));
}
