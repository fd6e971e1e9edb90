//! Starts an sshd on loopback, on a [`Machine`].

use std::os::unix::fs::chown;
use std::process::{Child, Stdio};

use super::Machine;
use crate::process::spawn;
use crate::server::free_port;

/// An sshd. It is killed when this value is dropped.
pub(super) struct Sshd(Child);

impl Sshd {
    /// Starts an sshd, to which ssh on the machine connects as `host`.
    pub(super) fn start(machine: &Machine, host: &str) -> Self {
        let port = free_port();
        let own = make_key(machine, "host-key");
        let known = machine.path("etc/ssh/ssh_known_hosts");
        std::fs::write(&known, format!("[127.0.0.1]:{port} {own}\n{host} {own}\n")).unwrap();
        let client = format!(
            "Host {host}\nHostName 127.0.0.1\nPort {port}\nHostKeyAlias {host}\nUserKnownHostsFile /dev/null\n"
        );
        std::fs::write(machine.path("etc/ssh/ssh_config.d/stage.conf"), client).unwrap();
        let settings = format!(
            "Port {port}\nListenAddress 127.0.0.1\nHostKey {}\nPidFile none\nUsePAM yes\nPrintMotd no\nPrintLastLog no\n",
            machine.path("host-key").display(),
        );
        std::fs::write(machine.path("sshd"), settings).unwrap();
        std::fs::create_dir_all("/run/sshd").unwrap();
        let line = format!("exec /usr/sbin/sshd -D -e -f {}", machine.path("sshd").display());
        let mut command = machine.command("root", &line);
        command.stdout(Stdio::null()).stderr(Stdio::null());
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

/// Creates a key pair, and returns the public key.
pub(super) fn make_key(machine: &Machine, name: &str) -> String {
    let path = machine.path(name);
    let mut command = std::process::Command::new("ssh-keygen");
    let made = command
        .args(["-q", "-t", "ed25519", "-N", "", "-f"])
        .arg(&path)
        .status();
    assert!(made.unwrap().success());
    let text = std::fs::read_to_string(path.with_extension("pub")).unwrap();
    text.trim().to_owned()
}

/// Makes a user the owner of a key.
pub(super) fn chown_key(machine: &Machine, name: &str, user: u32) {
    chown(machine.path(name), Some(user), Some(user)).unwrap();
}
