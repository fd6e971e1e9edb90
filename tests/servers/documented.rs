//! What docs/servers says to do, done as it is written there: on a machine whose /etc and Prosody are those of the tests, in
//! a mount namespace that nothing else sees.

use std::net::TcpListener;
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde_json::json;
use tempfile::TempDir;

use crate::client::Client;
use crate::process::spawn;
use crate::prosody::SERVICE;
use crate::server::{Kind, Server};
use crate::system::skip;

const PAGE: &str = include_str!("../../docs/servers/prosody.md");
const ROOM: &str = "courses@conference.localhost";
/// The number of the account `hats`.
const HATS: u32 = 54_320;

/// The page with the names of the stage.
fn page() -> String {
    PAGE.replace("conference.example.org", SERVICE)
        .replace("terry@example.org", "terry@localhost")
}

/// The text of a section.
fn section(title: &str) -> String {
    let page = page();
    let rest = page.split_once(&format!("\n## {title}\n")).unwrap().1;
    rest.split("\n## ").next().unwrap().to_owned()
}

/// The configurations of a section.
fn configurations(title: &str) -> Vec<String> {
    let section = section(title);
    let blocks = section.split("```toml\n").skip(1);
    blocks
        .map(|block| block.split("```").next().unwrap().to_owned())
        .collect()
}

/// A machine with Prosody, as far as the documentation needs it.
struct Machine {
    server: Server,
    folder: TempDir,
}

/// What a command said.
#[derive(Debug)]
struct Said {
    code: Option<i32>,
    text: String,
}

impl Machine {
    /// With a room, terry in it, and an account `hats`. `None`: it cannot be here, which is said.
    fn start() -> Option<Self> {
        let server = Server::start(Kind::Prosody012)?;
        server.make_room(
            ROOM,
            &json!([["ana@localhost", "owner"], ["terry@localhost", "member"]]),
        );
        let folder = TempDir::new().unwrap();
        let machine = Self { server, folder };
        open(machine.folder.path());
        for name in ["bin", "root"] {
            std::fs::create_dir(machine.path(name)).unwrap();
        }
        let program = machine.path("bin/hatrack");
        std::fs::copy(env!("CARGO_BIN_EXE_hatrack"), &program).unwrap();
        open(&program);
        let etc = machine.path("etc");
        let copied = Command::new("cp")
            .args(["-a", "/etc"])
            .arg(&etc)
            .status()
            .unwrap();
        assert!(copied.success());
        let home = machine.path("hats");
        std::fs::create_dir(&home).unwrap();
        chown(&home, Some(HATS), Some(HATS)).unwrap();
        let account = format!("hats:x:{HATS}:{HATS}::{}:/bin/sh\n", home.display());
        machine.append("etc/passwd", &account);
        machine.append("etc/shadow", "hats:*:19000::::::\n");
        machine.append("etc/group", &format!("hats:x:{HATS}:\n"));
        std::fs::copy(
            machine.server.path("prosody.cfg.lua"),
            etc.join("prosody/prosody.cfg.lua"),
        )
        .unwrap();
        let try_it = machine.run("root", "true");
        if try_it.code != Some(0) {
            skip(&try_it.text);
            return None;
        }
        Some(machine)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn append(&self, name: &str, text: &str) {
        let path = self.path(name);
        let before = std::fs::read_to_string(&path).unwrap_or_default();
        std::fs::write(path, before + text).unwrap();
    }

    /// A command with the machine's /etc and Prosody's folder where it usually is.
    fn command(&self, user: &str, line: &str) -> Command {
        let script = "mount --bind \"$1/etc\" /etc && mount --bind \"$2\" /var/lib/prosody && cd / && export HOME=\"$1/$3\" && \
                      exec setpriv --reuid=\"$3\" --regid=\"$3\" --init-groups --pdeathsig=KILL sh -c \"$4\"";
        let mut command = Command::new("unshare");
        command
            .args(["--mount", "--propagation=private", "sh", "-c", script, "sh"])
            .args([self.folder.path(), &self.server.path("data")])
            .args([user, line])
            .env_clear()
            .env(
                "PATH",
                format!(
                    "{}:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin",
                    self.path("bin").display()
                ),
            );
        command
    }

    fn run(&self, user: &str, line: &str) -> Said {
        let output = self.command(user, line).stdin(Stdio::null()).output().unwrap();
        let text = [output.stdout, output.stderr].concat();
        Said {
            code: output.status.code(),
            text: String::from_utf8_lossy(&text).into_owned(),
        }
    }

    /// Writes a configuration, and checks the server by the account `hats`.
    fn check_by_hats(&self, configuration: &str) -> Said {
        let folder = self.path("etc/hatrack");
        std::fs::create_dir_all(&folder).unwrap();
        open(&folder);
        let file = folder.join("config.toml");
        std::fs::write(&file, configuration).unwrap();
        std::fs::set_permissions(&file, PermissionsExt::from_mode(0o644)).unwrap();
        self.run("hats", "hatrack servers check")
    }

    /// The line of the documentation that lets `hats` use the shell.
    fn permit(&self) {
        let section = section("Reaching the shell");
        let line = section
            .lines()
            .find(|line| line.starts_with("    hats ALL="))
            .unwrap();
        let file = self.path("etc/sudoers.d/hatrack");
        std::fs::write(&file, format!("{}\n", line.trim())).unwrap();
        std::fs::set_permissions(&file, PermissionsExt::from_mode(0o440)).unwrap();
        let checked = Command::new("visudo").arg("-cf").arg(&file).output().unwrap();
        assert!(checked.status.success(), "{checked:?}");
    }
}

/// Lets everybody read a file and use a folder.
fn open(path: &Path) {
    std::fs::set_permissions(path, PermissionsExt::from_mode(0o755)).unwrap();
}

fn has(programs: &[&str]) -> bool {
    let missing = programs.iter().find(|program| !Path::new(program).exists());
    if let Some(program) = missing {
        skip(&format!("{program} is missing"));
    }
    missing.is_none()
}

#[test]
fn from_nothing_to_a_hat() {
    let Some(machine) = Machine::start() else {
        return;
    };
    machine.server.user("terry");
    machine.server.user("ana");
    let mut ana = Client::join(&machine.server, "ana", ROOM);
    let mut terry = Client::join(&machine.server, "terry", ROOM);
    ana.settle();
    let section = section("From nothing to a hat");
    let steps: Vec<&str> = section
        .lines()
        .filter_map(|line| line.strip_prefix("       "))
        .collect();
    assert!(steps.len() >= 6, "{steps:?}");
    for step in steps {
        let said = machine.run("root", step);
        // The example says the domain of an example.
        if step.contains("servers example") {
            let config = machine.path("etc/hatrack/config.toml");
            let text = std::fs::read_to_string(&config).unwrap();
            std::fs::write(&config, text.replace("conference.example.org", SERVICE)).unwrap();
        }
        let expected = if step == "hatrack plan" { 6 } else { 0 };
        assert_eq!(said.code, Some(expected), "{step}: {}", said.text);
        if step == "hatrack servers check" {
            assert!(said.text.contains(ROOM), "{}", said.text);
        }
    }
    let seen = terry.until(|told| told["presence"] == json!(format!("{ROOM}/terry")));
    assert_eq!(seen["hats"][0]["title"], "Teacher's Assistant", "{seen}");
    let seen = ana.until(|told| told["presence"] == json!(format!("{ROOM}/terry")));
    assert_eq!(seen["hats"][0]["title"], "Teacher's Assistant", "{seen}");
}

#[test]
fn an_account_reaches_the_shell_by_sudo() {
    if !has(&["/usr/bin/sudo", "/usr/sbin/visudo"]) {
        return;
    }
    let Some(machine) = Machine::start() else {
        return;
    };
    let configuration = &configurations("Reaching the shell")[0];
    let before = machine.check_by_hats(configuration);
    assert!(
        before.code == Some(1) && before.text.contains("a password is required"),
        "{}",
        before.text
    );
    machine.permit();
    let said = machine.check_by_hats(configuration);
    assert!(said.code == Some(0) && said.text.contains(ROOM), "{}", said.text);
    // And nothing else than the shell is permitted.
    let other = machine.run("hats", "sudo -n -u prosody /usr/bin/prosodyctl status");
    assert_eq!(other.code, Some(1), "{}", other.text);
    let by_hand = machine.run(
        "hats",
        "echo '> 20 + 3' | sudo -n -u prosody /usr/bin/prosodyctl shell --quiet",
    );
    assert!(by_hand.text.contains("| Result: 23"), "{}", by_hand.text);
}

/// An sshd on loopback for the account `hats`, which ends with this value.
struct Sshd(Child);

impl Sshd {
    fn start(machine: &Machine) -> Self {
        let port = TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
            .port();
        let key = |name: &str| {
            let path = machine.path(name);
            let mut command = Command::new("ssh-keygen");
            let made = command
                .args(["-q", "-t", "ed25519", "-N", "", "-f"])
                .arg(&path)
                .status();
            assert!(made.unwrap().success());
            std::fs::read_to_string(path.with_extension("pub")).unwrap()
        };
        let (host, own) = (key("host-key"), key("hats/key"));
        chown(machine.path("hats/key"), Some(HATS), Some(HATS)).unwrap();
        std::fs::write(machine.path("allowed"), own).unwrap();
        let known = machine.path("known");
        std::fs::write(
            &known,
            format!("[127.0.0.1]:{port} {host}chat.example.org {host}"),
        )
        .unwrap();
        let at = |name: &str| machine.path(name).display().to_string();
        let client = format!(
            "Host chat.example.org\nHostName 127.0.0.1\nPort {port}\nIdentityFile {}\nUserKnownHostsFile {}\n",
            at("hats/key"),
            at("known")
        );
        std::fs::write(machine.path("etc/ssh/ssh_config.d/stage.conf"), client).unwrap();
        let settings = format!(
            "Port {port}\nListenAddress 127.0.0.1\nHostKey {}\nAuthorizedKeysFile {}\nPidFile none\nStrictModes no\nUsePAM no\n",
            at("host-key"),
            at("allowed")
        );
        std::fs::write(machine.path("sshd"), settings).unwrap();
        std::fs::create_dir_all("/run/sshd").unwrap();
        let line = format!("exec /usr/sbin/sshd -D -e -f {}", at("sshd"));
        let mut command = machine.command("root", &line);
        command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let child = spawn(command).unwrap();
        while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
        Self(child)
    }
}

impl Drop for Sshd {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn another_machine_reaches_the_shell_by_ssh() {
    if !has(&[
        "/usr/bin/ssh",
        "/usr/sbin/sshd",
        "/usr/bin/sudo",
        "/usr/sbin/visudo",
    ]) {
        return;
    }
    let Some(machine) = Machine::start() else {
        return;
    };
    machine.permit();
    let _sshd = Sshd::start(&machine);
    let said = machine.check_by_hats(&configurations("Reaching the shell")[1]);
    assert!(said.code == Some(0) && said.text.contains(ROOM), "{}", said.text);
}
