//! Through a real sshd on loopback: keys of moderators, each with the only command that the server runs for it.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot set up its stage has failed"
)]

use std::io::{BufRead as _, BufReader, Read};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use rustix::process::Signal;
use serde_json::json;

use crate::stage::{CTRL_Z, ENTER, HATRACK, Home, ROOM, Stage, skip, until, until_gone, until_written};

/// A private sshd, which is killed when this is dropped.
struct Server {
    child: Child,
    port: u16,
    home: Home,
}

/// The path of sshd, which must be called by its full path.
fn sshd() -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let more = ["/usr/sbin".into(), "/sbin".into(), "/usr/local/sbin".into()];
    std::env::split_paths(&path)
        .chain(more)
        .map(|folder: PathBuf| folder.join("sshd"))
        .find(|path| path.exists())
}

fn make_key(path: &Path) -> String {
    let mut command = Command::new("ssh-keygen");
    let done = command
        .args(["-q", "-t", "ed25519", "-N", "", "-C", "test", "-f"])
        .arg(path)
        .status()
        .unwrap();
    assert!(done.success());
    std::fs::read_to_string(path.with_extension("pub"))
        .unwrap()
        .trim()
        .to_owned()
}

impl Server {
    /// Starts sshd with a wardrobe and the keys of alice, bob, carol (restricted to a room) and dashboard (prints the
    /// data). Returns `None`, and reports that the test is skipped, if there is no sshd.
    fn start() -> Option<Self> {
        let Some(sshd) = sshd() else {
            skip("sshd is missing");
            return None;
        };
        if rustix::process::getuid().is_root() {
            // sshd requires this folder, which its service creates at boot.
            std::fs::create_dir_all("/run/sshd").unwrap();
        }
        let home = Home::with_terry();
        let path = |name: &str| home.path(name).display().to_string();
        make_key(&home.path("host"));
        let restricted = format!("--room {ROOM}");
        let allowed: Vec<_> = [("alice", ""), ("bob", ""), ("carol", &restricted), ("dashboard", "--read-only show --json")]
            .iter()
            .map(|(name, more)| {
                let key = make_key(&home.path(name));
                format!(
                    "restrict,pty,command=\"echo $$ >{process}; HOME={home} LANG=C.UTF-8 exec {HATRACK} --actor {name} {more}\" {key}\n",
                    process = path(&format!("{name}.process")),
                    home = path(""),
                )
            })
            .collect();
        std::fs::write(home.path("allowed"), allowed.concat()).unwrap();
        let settings = format!(
            "HostKey {}\nAuthorizedKeysFile {}\nPidFile none\nStrictModes no\nUsePAM no\nPermitRootLogin yes\n\
             AcceptEnv *\nSubsystem sftp internal-sftp\nPasswordAuthentication no\nKbdInteractiveAuthentication no\nPrintMotd no\nPrintLastLog no\n",
            path("host"),
            path("allowed"),
        );
        std::fs::write(home.path("settings"), settings).unwrap();
        // Another process may take the port before it is used; then try another.
        (0..5).find_map(|_| {
            let port = TcpListener::bind("127.0.0.1:0")
                .unwrap()
                .local_addr()
                .unwrap()
                .port();
            let mut command = Command::new(&sshd);
            command.args(["-D", "-e", "-f"]).arg(home.path("settings"));
            command.args(["-o", &format!("ListenAddress=127.0.0.1:{port}")]);
            let mut child = command
                .stdin(Stdio::null())
                .stderr(Stdio::piped())
                .spawn()
                .unwrap();
            let mut stderr = BufReader::new(child.stderr.take().unwrap());
            let mut line = String::new();
            stderr.read_line(&mut line).unwrap();
            let server = Self {
                child,
                port,
                home: home.clone(),
            };
            if line.contains("listening") {
                // Keep reading the output of sshd, or it would block.
                std::thread::spawn(move || stderr.read_to_end(&mut Vec::new()));
                return Some(server);
            }
            assert!(line.contains("in use"), "sshd says: {line}");
            None
        })
    }

    /// Logs a moderator in.
    fn login(&self, user: &str) -> Stage {
        let line = self.line(user, &["-tt"], &[]);
        let line: Vec<&str> = line.iter().map(String::as_str).collect();
        Stage::start(&self.home, &line, (100, 30))
    }

    /// Runs another command as a moderator; returns exit status, standard output and standard error.
    fn run_command(&self, user: &str, options: &[&str], command: &[&str]) -> (Option<i32>, String, String) {
        let line = self.line(user, options, command);
        let (program, args) = line.split_first().unwrap();
        let output = Command::new(program)
            .args(args)
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        (output.status.code(), text(output.stdout), text(output.stderr))
    }

    fn line(&self, user: &str, options: &[&str], command: &[&str]) -> Vec<String> {
        let (key, port) = (self.home.path(user).display().to_string(), self.port.to_string());
        let fixed = ["ssh", "-F", "none", "-p", &port, "-i", &key];
        let more = [
            "IdentitiesOnly=yes",
            "StrictHostKeyChecking=no",
            "UserKnownHostsFile=/dev/null",
            "LogLevel=ERROR",
        ];
        let more = more.iter().flat_map(|option| ["-o", option]);
        fixed
            .into_iter()
            .chain(more)
            .chain(options.iter().copied())
            .chain(["127.0.0.1"])
            .chain(command.iter().copied())
            .map(str::to_owned)
            .collect()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn dropped_connection_keeps_saved_changes_and_offers_typed_text() {
    let Some(server) = Server::start() else { return };
    let mut alice = server.login("alice");
    alice.see("alice@127.0.0.1");
    alice.see("Users 1");
    alice.press("lla");
    alice.press_and_see("urn:x:saved", "urn:x:saved");
    alice.press_and_see(ENTER, "Hats 1");
    until("the hat is saved", || {
        server.home.hats() == json!({"urn:x:saved": {"active": true}})
    });
    alice.press("a");
    alice.press_and_see("urn:x:half-typed", "urn:x:half-typed");
    let process = until_written(&server.home.path("alice.process"));
    alice.signal(Signal::KILL);
    until_gone(&process);
    assert_eq!(server.home.hats(), json!({"urn:x:saved": {"active": true}}));
    assert_eq!(
        (server.home.drafts(), server.home.unexpected_files().len()),
        (1, 1)
    );

    let mut bob = server.login("bob");
    bob.see("Hats 1");
    // Bob is not offered Alice's draft, so this key quits.
    bob.press("q");
    assert_eq!(bob.end_with_terminal_restored(), 0);
    let mut alice = server.login("alice");
    alice.see("Unsaved form from an earlier session:");
    alice.press_and_see(ENTER, "urn:x:half-typed");
    alice.press_and_see(ENTER, "Hats 2");
    alice.press("q");
    assert_eq!(alice.end_with_terminal_restored(), 0);
    let both = json!({"urn:x:saved": {"active": true}, "urn:x:half-typed": {"active": true}});
    assert_eq!(server.home.hats(), both);
    assert_eq!(server.home.unexpected_files(), [] as [&str; 0]);
}

#[test]
fn two_moderators_see_each_others_changes() {
    let Some(server) = Server::start() else { return };
    let (mut alice, mut bob) = (server.login("alice"), server.login("bob"));
    for (stage, hat) in [(&mut alice, "urn:x:alice"), (&mut bob, "urn:x:bob")] {
        stage.see("Users 1");
        stage.press("lla");
        stage.press_and_see(hat, hat);
    }
    alice.press(ENTER);
    bob.press(ENTER);
    let both = json!({"urn:x:alice": {"active": true}, "urn:x:bob": {"active": true}});
    until("both are saved", || server.home.hats() == both);
    alice.see("Hats 2");
    bob.see("Hats 2");
    for stage in [&mut alice, &mut bob] {
        stage.press("q");
        assert_eq!(stage.end_with_terminal_restored(), 0);
    }
    let history = server.home.run(&["history", "--json"]);
    for actor in ["alice@127.0.0.1", "bob@127.0.0.1"] {
        assert!(
            history.contains(actor),
            "{actor} is not in the history: {history}"
        );
    }
}

#[test]
fn suspend_is_refused_without_job_control_over_ssh() {
    let Some(server) = Server::start() else { return };
    let mut alice = server.login("alice");
    alice.see("Users 1");
    alice.press_and_see(CTRL_Z, "Cannot suspend: there is no shell");
    alice.press("q");
    assert_eq!(alice.end_with_terminal_restored(), 0);
}

/// Tests what docs/team.md says about a key with `--room`: whatever is requested, only the restricted hatrack runs.
#[test]
fn forced_command_restricts_moderator() {
    let Some(server) = Server::start() else { return };
    server
        .home
        .run(&["room", "add", "staff@conference.example.org", "--name", "Vault"]);
    let other = server.home.path("other.json").display().to_string();
    std::fs::write(
        &other,
        "{\"version\":1,\"rooms\":{\"secret@conference.example.org\":{}}}",
    )
    .unwrap();
    let variable = |name: &str, value: &str| format!("SetEnv={name}={value}");
    let (file, config) = (
        variable("HATRACK_FILE", &other),
        variable("XDG_CONFIG_HOME", &other),
    );
    for (options, command) in [
        (&["-T"] as &[&str], &["id; cat /etc/passwd"] as &[&str]),
        (&["-T"], &["hatrack", "show", "--json"]),
        (&["-T"], &["hatrack --room staff@conference.example.org show"]),
        (&["-T", "-s"], &["sftp"]),
        (&["-T", "-o", &file], &["show"]),
    ] {
        let (code, out, err) = server.run_command("carol", options, command);
        assert_eq!((code, out.as_str()), (Some(2), ""), "{command:?}: {err}");
        // A subsystem has no standard error.
        let no_screen = err.starts_with("hatrack: ") && err.contains("the screen needs a terminal");
        assert!(no_screen || options.contains(&"-s"), "{err}");
    }
    let plain = server.home.run(&["show", "--json"]);
    for options in [&["-T"] as &[&str], &["-T", "-o", &file], &["-T", "-o", &config]] {
        let (code, out, err) = server.run_command("dashboard", options, &["room", "remove", ROOM]);
        assert_eq!((code, out.as_str(), err.as_str()), (Some(0), plain.as_str(), ""));
    }
    let mut carol = server.login("carol");
    carol.see("carol@127.0.0.1");
    carol.see("Rooms 1");
    let text = carol.output().text();
    assert!(!text.contains("Vault") && !text.contains("staff"), "{text}");
    carol.press("q");
    assert_eq!(carol.end_with_terminal_restored(), 0);
}
