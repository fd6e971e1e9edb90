//! `docs/team.md`: its accounts, keys and files, with a real sshd.

use std::os::unix::fs::PermissionsExt as _;

use super::sshd::{Sshd, make_key};
use super::{Machine, Page, ROOM, are_installed};
use crate::stage::{ENTER, Home, Stage};

const PAGE: &str = include_str!("../../../docs/team.md");
const PROGRAMS: [&str; 3] = ["/usr/sbin/sshd", "/usr/bin/ssh", "/usr/sbin/useradd"];

/// Creates the key of a line of `authorized_keys`. Returns the name in the comment of the line, and the line with the
/// key.
fn line_with_key(machine: &Machine, line: &str) -> (String, String) {
    let (options, comment) = line.split_once("ssh-ed25519 AAAA… ").unwrap();
    let name = comment.split('@').next().unwrap();
    (name.to_owned(), format!("{options}{}", make_key(machine, name)))
}

/// The permissions of a file.
fn mode(machine: &Machine, file: &str) -> u32 {
    let metadata = std::fs::metadata(machine.path(file)).unwrap();
    metadata.permissions().mode() & 0o7777
}

/// Runs a command over ssh, without a terminal and with the key of a moderator.
fn ssh(machine: &Machine, name: &str, command: &str) -> super::CommandOutput {
    let key = machine.path(name);
    machine.run(
        "root",
        &format!("ssh -T -oBatchMode=yes -i {} hats@host {command}", key.display()),
    )
}

/// Opens a moderator's screen over ssh.
fn open_screen(machine: &Machine, home: &Home, name: &str) -> Stage {
    let key = machine.path(name);
    let line = format!("exec ssh -tt -oBatchMode=yes -i {} hats@host", key.display());
    let command = machine.command("root", &line);
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    let words: Vec<&str> = words.map(|word| word.to_str().unwrap()).collect();
    let path = command.get_envs().find(|(name, _)| *name == "PATH").unwrap();
    let path = path.1.unwrap().to_str().unwrap();
    Stage::with(home, &words, (80, 24), &[("PATH", path)])
}

#[test]
fn moderators_share_an_account() {
    if !are_installed(&PROGRAMS) {
        return;
    }
    let Some(machine) = Machine::start() else { return };
    let page = Page::new(PAGE);
    let section = page.section("One shared account");
    for command in section
        .lines_with("useradd")
        .iter()
        .chain(&section.lines_with("install"))
    {
        machine.run_ok("root", command);
    }
    let keys: Vec<_> = section
        .lines_with("command=")
        .iter()
        .map(|line| line_with_key(&machine, line))
        .collect();
    let names: Vec<&str> = keys.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["alice", "bob", "carol", "dave", "dashboard"]);
    let lines: Vec<&str> = keys.iter().map(|(_, line)| line.as_str()).collect();
    machine.run_ok(
        "hats",
        &format!(
            "mkdir -m 700 .ssh && cat > .ssh/authorized_keys <<'END'\n{}\nEND\n",
            lines.join("\n")
        ),
    );
    let _sshd = Sshd::start(&machine, "host");

    // "Then `ssh hats@host` opens the screen. The data file is created with the first change, with mode 0600."
    let home = Home::new();
    let mut alice = open_screen(&machine, &home, "alice");
    alice.see("No rooms yet.");
    alice.press("a");
    alice.see("Add room");
    alice.press_and_see(ROOM, ROOM);
    alice.press_and_see(ENTER, "Added room");
    alice.see("saved");
    assert_eq!(mode(&machine, "srv/hats/hats.json"), 0o600);
    alice.press("q");
    assert_eq!(alice.end(), 0);
    let history = machine.run_ok("hats", "hatrack --file /srv/hats/hats.json history");
    assert!(history.contains("alice@127.0.0.1"), "{history}");

    // sshd runs the command of the line instead of the requested one.
    for name in ["alice", "bob", "carol", "dave"] {
        ssh(&machine, name, "id")
            .exits(2)
            .prints(&["the screen needs a terminal"]);
    }
    ssh(&machine, "dashboard", "id")
        .exits(0)
        .prints(&[ROOM, "\"users\""]);
    machine.run_ok(
        "hats",
        "hatrack --file /srv/hats/hats.json room add staff@conference.localhost",
    );
    let mut bob = open_screen(&machine, &home, "bob");
    bob.see("Rooms 1");
    bob.see("bob@127.0.0.1");
    bob.press("q");
    assert_eq!(bob.end(), 0);
    let mut carol = open_screen(&machine, &home, "carol");
    carol.see("Rooms 2");
    carol.press_and_see("a", "read-only");
    carol.press("q");
    assert_eq!(carol.end(), 0);

    let (_, notes) = PAGE.split_once("## Notes for administrators").unwrap();
    let commands = notes.split('`').filter(|text| text.starts_with("hatrack --file"));
    let commands: Vec<&str> = commands.collect();
    assert_eq!(commands.len(), 2, "{commands:?}");
    for command in commands {
        machine.run_ok("hats", command);
    }
}

#[test]
fn accounts_of_a_group_share_a_file() {
    if !are_installed(&PROGRAMS) {
        return;
    }
    let Some(machine) = Machine::start() else { return };
    for name in ["alice", "bob"] {
        machine.run_ok("root", &format!("useradd --create-home --shell /bin/sh {name}"));
    }
    let page = Page::new(PAGE);
    let section = page.section("One account each, one file for the group");
    let lines = section.lines();
    let (repair_commands, setup_commands): (Vec<&str>, Vec<&str>) = lines
        .iter()
        .filter(|line| {
            line.split(' ')
                .next()
                .is_some_and(|word| word.chars().all(char::is_lowercase))
        })
        .partition(|line| line.starts_with("ch"));
    assert_eq!((setup_commands.len(), repair_commands.len()), (4, 2), "{lines:?}");
    for command in setup_commands {
        machine.run_ok("root", command);
        if command.starts_with("usermod") {
            machine.run_ok("root", &command.replace("alice", "bob"));
        }
    }
    let add = |user: &str, room: &str| {
        machine.run_ok(
            user,
            &format!("umask 077; HATRACK_FILE=/srv/hats/hats.json hatrack room add {room}"),
        );
    };
    add("alice", ROOM);
    add("bob", "staff@conference.localhost");
    let files = [
        "srv/hats/hats.json",
        "srv/hats/hats.history.jsonl",
        "srv/hats/hats.lock",
    ];
    for file in files {
        assert_eq!(mode(&machine, file), 0o660, "{file}");
    }
    let history = machine.run_ok("alice", "HATRACK_FILE=/srv/hats/hats.json hatrack history");
    assert!(history.contains("alice") && history.contains("bob"), "{history}");

    // Make the files private to alice.
    for file in files {
        machine.run_ok("root", &format!("chown alice:alice /{file} && chmod 600 /{file}"));
    }
    machine
        .run("bob", "hatrack --file /srv/hats/hats.json show")
        .exits(4)
        .prints(&["permission"]);
    for command in repair_commands {
        machine.run_ok("root", command);
    }
    add("bob", "third@conference.localhost");
    for file in files {
        assert_eq!(mode(&machine, file), 0o660, "{file}");
    }

    // The lines of `sshd_config` force the command, which sets the data file; so there is no shell.
    let forced = section.lines_with("ForceCommand")[0];
    let command = forced.strip_prefix("ForceCommand ").unwrap();
    machine
        .run("alice", &format!("{command} show"))
        .exits(0)
        .prints(&[ROOM]);
    let settings: Vec<&str> = lines
        .iter()
        .skip_while(|line| !line.starts_with("Match "))
        .take(5)
        .copied()
        .collect();
    assert_eq!(settings.len(), 5, "{lines:?}");
    machine.append(
        "group.conf",
        &format!(
            "HostKey {}\n{}\n",
            machine.path("host").display(),
            settings.join("\n")
        ),
    );
    make_key(&machine, "host");
    machine.run_ok(
        "root",
        &format!(
            "mkdir -p /run/sshd && /usr/sbin/sshd -t -f {}",
            machine.path("group.conf").display()
        ),
    );
}
