//! `hatrack servers` against real servers.

use std::io::{Read as _, Write as _};
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::pool::Shared;
use crate::prosody::SERVICE;
use crate::server::{Kind, Server};

const ROOM: &str = "courses@conference.localhost";
const HIDDEN: &str = "staff@conference.localhost";
/// The user ID of a user without an account.
const BOB: u32 = 54_321;

/// A home folder that every user can read, with a configuration.
pub(crate) struct Home(TempDir);

/// The output of a run of hatrack.
#[derive(Debug)]
pub(crate) struct CommandOutput {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl CommandOutput {
    fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}

impl Home {
    pub(crate) fn new(config: &str) -> Self {
        let home = Self(TempDir::new().unwrap());
        std::fs::set_permissions(home.0.path(), PermissionsExt::from_mode(0o755)).unwrap();
        std::fs::write(home.config(), config).unwrap();
        home
    }

    fn config(&self) -> PathBuf {
        self.0.path().join("config.toml")
    }

    /// Runs hatrack with these arguments.
    pub(crate) fn hatrack(&self, args: &[&str]) -> CommandOutput {
        self.run(Command::new(env!("CARGO_BIN_EXE_hatrack")), args)
    }

    /// Runs hatrack as a user who is not root.
    fn hatrack_as_bob(&self, args: &[&str]) -> CommandOutput {
        let program = self.0.path().join("hatrack");
        crate::copy_program::copy_program(Path::new(env!("CARGO_BIN_EXE_hatrack")), &program);
        let mut command = Command::new("setpriv");
        command
            .args([
                &format!("--reuid={BOB}"),
                &format!("--regid={BOB}"),
                "--clear-groups",
            ])
            .arg(program);
        self.run(command, args)
    }

    fn run(&self, mut command: Command, args: &[&str]) -> CommandOutput {
        let output = command
            .args([Path::new("--config"), &self.config()])
            .args(args)
            .env_clear()
            .env("HOME", self.0.path())
            .env("PATH", "/usr/bin:/bin")
            .output()
            .unwrap();
        CommandOutput {
            code: output.status.code(),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

/// A configuration section that uses the admin socket, with these additional settings.
fn section_with_socket(server: &Server, extra_settings: &str) -> String {
    let socket = server.socket().display().to_string();
    format!(
        "[servers.socket]\nkind = \"prosody\"\nservices = [\"{SERVICE}\"]\nsocket = {socket:?}\n{extra_settings}"
    )
}

/// A configuration section that uses a command, which runs the admin shell.
fn section_with_command(server: &Server) -> String {
    let mut words = server.prosodyctl();
    // The configuration needs a full path, which the test setup does not have.
    let program = PathBuf::from("/usr/bin").join(&words[0]);
    let program = if program.exists() {
        program
    } else {
        PathBuf::from("/usr/sbin").join(&words[0])
    };
    words[0] = program.into();
    let words: Vec<String> = words
        .into_iter()
        .map(|word| format!("{:?}", word.into_string().unwrap()))
        .collect();
    format!(
        "[servers.command]\nkind = \"prosody\"\nservices = [\"{SERVICE}\"]\ncommand = [{}]\n",
        words.join(", ")
    )
}

fn create_rooms(server: &Server) {
    server.create_prosody_room(ROOM, &json!([["ana@localhost", "owner"]]));
    server.create_prosody_room(HIDDEN, &json!([["boss@localhost", "owner"]]));
    server.lua_room(HIDDEN, "r:set_hidden(true); return tostring(r:save(true))");
    server.lua_room(
        ROOM,
        "r:set_name('Courses \\27[31m'); return tostring(r:save(true))",
    );
}

#[test]
fn check_reports_version_and_rooms_of_prosody() {
    for kind in Kind::PROSODY {
        let Some(server) = Shared::take(kind) else {
            continue;
        };
        create_rooms(&server);
        for (config, transport) in [
            (section_with_socket(&server, ""), "socket /"),
            (section_with_command(&server), "command /usr/"),
        ] {
            let home = Home::new(&config);
            let list = home.hatrack(&["servers"]);
            assert_eq!((list.code, list.err.as_str()), (Some(0), ""), "{kind:?}");
            assert!(list.out.contains("connected: Prosody"), "{list:?}");
            let report = &home.hatrack(&["servers", "check", "--json"]).json()[0];
            let version = report["version"].as_str().unwrap();
            assert!(version.starts_with("Prosody "), "{report}");
            assert!(
                report["transport"].as_str().unwrap().starts_with(transport),
                "{report}"
            );
            assert_eq!(
                (
                    &report["state"],
                    &report["rights"],
                    &report["class"],
                    &report["all-rooms"]
                ),
                (&json!("ready"), &json!("all"), &json!("prosody"), &json!(true))
            );
            let rooms: Vec<&Value> = report["rooms"]
                .as_array()
                .unwrap()
                .iter()
                .map(|room| &room["room"])
                .collect();
            assert_eq!(rooms, [ROOM, HIDDEN], "{kind:?}");
            let check = home.hatrack(&["servers", "check"]);
            assert_eq!((check.code, check.err.as_str()), (Some(0), ""), "{kind:?}");
            assert!(
                check.out.contains(&format!("{ROOM}  Courses ␛[31m\n")),
                "{check:?}"
            );
            assert!(check.out.contains("  problems    none\n"), "{check:?}");
        }
    }
}

#[test]
fn check_lists_only_configured_rooms() {
    let Some(server) = Shared::take(Kind::Prosody012) else {
        return;
    };
    create_rooms(&server);
    let home = Home::new(&section_with_socket(&server, &format!("rooms = [\"{ROOM}\"]\n")));
    let check = home.hatrack(&["servers", "check"]);
    assert!(
        check.out.contains(ROOM) && !check.out.contains("staff"),
        "{check:?}"
    );
}

#[test]
fn check_reports_unknown_service() {
    let Some(server) = Shared::take(Kind::Prosody012) else {
        return;
    };
    let config = section_with_socket(&server, "").replace(SERVICE, "rooms.localhost");
    let check = Home::new(&config).hatrack(&["servers", "check"]);
    let missing = "  problem     rooms.localhost is not a chat room service on this server\n  solution    in the configuration, set \"services\" to the server's chat room services: conference.localhost\n";
    assert!(check.code == Some(0) && check.out.contains(missing), "{check:?}");
}

#[test]
fn socket_without_permission_is_refused() {
    for kind in Kind::PROSODY {
        let Some(server) = Shared::take(kind) else {
            continue;
        };
        let home = Home::new(&section_with_socket(&server, ""));
        let check = home.hatrack_as_bob(&["servers", "check", "--json"]);
        assert_eq!(check.code, Some(1), "{check:?}");
        let report = &check.json()[0];
        let reason = report["reason"].as_str().unwrap();
        assert_eq!(
            (&report["state"], &report["rights"]),
            (&json!("refused"), &json!("none"))
        );
        assert!(reason.contains("permission denied"), "{report}");
        // For root, servers are not read from a configuration file of another user.
        chown(home.config(), Some(BOB), None).unwrap();
        let refused = home.hatrack(&["servers", "check"]);
        assert!(
            refused.code == Some(2) && refused.err.contains("it belongs to uid 54321"),
            "{refused:?}"
        );
        assert!(refused.out.is_empty(), "{refused:?}");
    }
}

#[test]
fn stopped_or_hanging_server_is_away() {
    for kind in Kind::PROSODY {
        let Some(mut server) = Shared::take(kind) else {
            continue;
        };
        // Two sections must not have the same service. It does not matter here that the server does not have this one.
        let command = section_with_command(&server).replace(SERVICE, "rooms.localhost");
        let config = section_with_socket(&server, "timeout = 1\n") + &command + "timeout = 1\n";
        let home = Home::new(&config);
        server.freeze();
        let list = home.hatrack(&["servers", "--json"]).json();
        assert_eq!(
            (&list[0]["state"], &list[1]["state"]),
            (&json!("away"), &json!("away")),
            "{list:#}"
        );
        server.thaw();
        let list = home.hatrack(&["servers", "--json"]).json();
        assert_eq!(
            (&list[0]["state"], &list[1]["state"]),
            (&json!("ready"), &json!("ready")),
            "{list:#}"
        );
        server.stop();
        let check = home.hatrack(&["servers", "check", "--json"]);
        assert_eq!(
            check.err,
            "hatrack: 2 of 2 servers cannot be used: socket, command\n"
        );
        let reports = check.json();
        let reason = |number: usize| reports[number]["reason"].as_str().unwrap();
        assert!(reason(0).contains("Cannot open the admin socket"), "{reports:#}");
        assert!(reason(1).contains("Unable to connect to server"), "{reports:#}");
    }
}

/// Runs `servers check` on a terminal, and types this at the password prompt.
fn check_on_terminal(home: &Home, typed: &str) -> (u32, String) {
    run_on_terminal(home, &["servers", "check"], typed)
}

/// Runs a command on its own terminal, and types this at the first password prompt. Returns the exit code and the text on
/// the terminal.
fn run_on_terminal(home: &Home, args: &[&str], typed: &str) -> (u32, String) {
    let terminal = portable_pty::native_pty_system()
        .openpty(portable_pty::PtySize::default())
        .unwrap();
    let mut command = portable_pty::CommandBuilder::new(env!("CARGO_BIN_EXE_hatrack"));
    command.args([Path::new("--config"), &home.config()]);
    command.args(args);
    command.env_clear();
    command.env("HOME", home.0.path());
    let mut child = terminal.slave.spawn_command(command).unwrap();
    drop(terminal.slave);
    let mut reader = terminal.master.try_clone_reader().unwrap();
    let mut writer = terminal.master.take_writer().unwrap();
    let (mut shown, mut bytes, mut was_asked) = (String::new(), [0; 4096], false);
    // After the program has ended, reading from its terminal fails.
    while let Ok(length @ 1..) = reader.read(&mut bytes) {
        shown.push_str(&String::from_utf8_lossy(&bytes[..length]));
        if !was_asked && shown.contains("Password of ana@localhost: ") {
            was_asked = true;
            writer.write_all(typed.as_bytes()).unwrap();
        }
    }
    (child.wait().unwrap().exit_code(), shown)
}

#[test]
fn entered_password_is_not_shown() {
    let Some(server) = Shared::take(Kind::Ejabberd26) else {
        return;
    };
    server.add_account("ana");
    // Without a room that it may manage, the account has no access.
    server.create_ejabberd_room("courses@conference.localhost", &[], &[("ana@localhost", "owner")]);
    let config = format!(
        "[servers.account]\nkind = \"xmpp\"\nservices = [\"{SERVICE}\"]\njid = \"ana@localhost\"\n\
         address = \"127.0.0.1:{}\"\nca-file = {:?}\n",
        server.ports.client,
        server.certificate().display().to_string()
    );
    let home = Home::new(&config);
    let (code, shown) = check_on_terminal(&home, "secret\r");
    assert!(
        code == 0 && shown.contains("account: connected"),
        "{code}: {shown}"
    );
    assert!(!shown.contains("secret"), "{shown}");
    let (code, shown) = check_on_terminal(&home, "wrong-one\r");
    assert!(
        code == 1 && shown.contains("account: no access"),
        "{code}: {shown}"
    );
    assert!(!shown.contains("wrong-one"), "{shown}");
    assert_eq!(check_on_terminal(&home, "half\u{3}").0, 130);
    let (code, shown) = run_on_terminal(&home, &["pull"], "secret\r");
    assert_eq!(code, 0, "{shown}");
    let (code, shown) = run_on_terminal(&home, &["follow"], "half\u{3}");
    assert_eq!(code, 130, "{shown}");
    // Without a terminal, hatrack does not wait for a password.
    let check = home.hatrack(&["servers", "check"]);
    assert!(
        check.code == Some(1) && check.out.contains("No password was entered for ana@localhost"),
        "{check:?}"
    );
    let list = home.hatrack(&["servers"]);
    assert!(
        list.code == Some(0) && list.out.contains("not checked: asks for a password"),
        "{list:?}"
    );
}
