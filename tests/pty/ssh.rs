//! Through a real sshd on loopback: keys of two moderators, each with the command that the server lets them run.

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

use crate::stage::{CTRL_Z, ENTER, HATRACK, Home, Stage, until, until_gone, until_written};

/// An sshd of our own, for as long as this lives.
struct Server {
    child: Child,
    port: u16,
    home: Home,
}

/// Where sshd is; it must be called by its whole path.
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
    /// With a wardrobe, and alice and bob as its moderators. `None`: there is no sshd here, which is said.
    fn start() -> Option<Self> {
        let Some(sshd) = sshd() else {
            assert!(
                std::env::var_os("CI").is_none(),
                "sshd is missing; the gate installs it"
            );
            println!("skipped: there is no sshd here");
            return None;
        };
        if rustix::process::getuid().is_root() {
            // It insists on this folder, which its service makes at the start of the system.
            std::fs::create_dir_all("/run/sshd").unwrap();
        }
        let home = Home::with_terry();
        let at = |name: &str| home.path(name).display().to_string();
        make_key(&home.path("host"));
        let allowed: Vec<_> = ["alice", "bob"]
            .iter()
            .map(|name| {
                let key = make_key(&home.path(name));
                format!(
                    "restrict,pty,command=\"echo $$ >{number}; HOME={home} LANG=C.UTF-8 exec {HATRACK} --actor {name}\" {key}\n",
                    number = at(&format!("{name}.number")),
                    home = at(""),
                )
            })
            .collect();
        std::fs::write(home.path("allowed"), allowed.concat()).unwrap();
        let settings = format!(
            "HostKey {}\nAuthorizedKeysFile {}\nPidFile none\nStrictModes no\nUsePAM no\nPermitRootLogin yes\n\
             PasswordAuthentication no\nKbdInteractiveAuthentication no\nPrintMotd no\nPrintLastLog no\n",
            at("host"),
            at("allowed"),
        );
        std::fs::write(home.path("settings"), settings).unwrap();
        // Somebody else may take the port between its choice and its use; then another is tried.
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
            let mut said = BufReader::new(child.stderr.take().unwrap());
            let mut line = String::new();
            said.read_line(&mut line).unwrap();
            let server = Self {
                child,
                port,
                home: home.clone(),
            };
            if line.contains("listening") {
                // Whatever else it says must find a reader, or it would wait for one.
                std::thread::spawn(move || said.read_to_end(&mut Vec::new()));
                return Some(server);
            }
            assert!(line.contains("in use"), "sshd says: {line}");
            None
        })
    }

    /// Logs a moderator in.
    fn login(&self, who: &str) -> Stage {
        let (key, port) = (self.home.path(who).display().to_string(), self.port.to_string());
        let line = [
            "ssh",
            "-F",
            "none",
            "-tt",
            "-p",
            &port,
            "-i",
            &key,
            "-o",
            "IdentitiesOnly=yes",
            "-o",
            "StrictHostKeyChecking=no",
            "-o",
            "UserKnownHostsFile=/dev/null",
            "-o",
            "LogLevel=ERROR",
            "127.0.0.1",
        ];
        Stage::start(&self.home, &line, (100, 30))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn a_dropped_line_leaves_what_was_saved_and_offers_what_was_typed() {
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
    let process = until_written(&server.home.path("alice.number"));
    alice.signal(Signal::KILL);
    until_gone(&process);
    assert_eq!(server.home.hats(), json!({"urn:x:saved": {"active": true}}));
    assert_eq!((server.home.drafts(), server.home.left_behind().len()), (1, 1));

    let mut bob = server.login("bob");
    bob.see("Hats 1");
    bob.press("q");
    assert_eq!(bob.end_with_all_put_back(), 0, "to him nothing was offered");
    let mut alice = server.login("alice");
    alice.see("Your last session ended before this was saved.");
    alice.press_and_see(ENTER, "urn:x:half-typed");
    alice.press_and_see(ENTER, "Hats 2");
    alice.press("q");
    assert_eq!(alice.end_with_all_put_back(), 0);
    let both = json!({"urn:x:saved": {"active": true}, "urn:x:half-typed": {"active": true}});
    assert_eq!(server.home.hats(), both);
    assert_eq!(server.home.left_behind(), [] as [&str; 0]);
}

#[test]
fn two_moderators_at_once_see_what_the_other_does() {
    let Some(server) = Server::start() else { return };
    let (mut alice, mut bob) = (server.login("alice"), server.login("bob"));
    for (one, hat) in [(&mut alice, "urn:x:alice"), (&mut bob, "urn:x:bob")] {
        one.see("Users 1");
        one.press("lla");
        one.press_and_see(hat, hat);
    }
    alice.press(ENTER);
    bob.press(ENTER);
    let both = json!({"urn:x:alice": {"active": true}, "urn:x:bob": {"active": true}});
    until("both are saved", || server.home.hats() == both);
    alice.see("Hats 2");
    bob.see("Hats 2");
    for one in [&mut alice, &mut bob] {
        one.press("q");
        assert_eq!(one.end_with_all_put_back(), 0);
    }
    let history = server.home.does(&["history", "--json"]);
    for who in ["alice@127.0.0.1", "bob@127.0.0.1"] {
        assert!(history.contains(who), "{who} is on record: {history}");
    }
}

#[test]
fn nothing_stops_where_the_server_runs_the_command() {
    let Some(server) = Server::start() else { return };
    let mut alice = server.login("alice");
    alice.see("Users 1");
    alice.press_and_see(CTRL_Z, "nothing here could continue the program");
    alice.press("q");
    assert_eq!(alice.end_with_all_put_back(), 0);
}
