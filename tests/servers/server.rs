//! Starts and stops a real server on loopback, with its own folder.

use std::collections::BTreeMap;
use std::net::TcpListener;
use std::ops::Range;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, OnceLock};
use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::client::Client;
use crate::process::Process;
use crate::prosody::Shell;
use crate::system::{System, skip};
use crate::{ejabberd, prosody};

/// A kind of server that the tests start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Prosody 0.12 from Debian 12.
    Prosody012,
    /// Prosody 13 from Debian 13.
    Prosody13,
    /// ejabberd 23.01 from Debian 12: a hat is assigned together with its title.
    Ejabberd23,
    /// ejabberd 26.07 from the backports of Debian 13: the room's catalog defines hats and their titles.
    Ejabberd26,
}

impl Kind {
    /// All kinds.
    pub(crate) const ALL: [Self; 4] = [
        Self::Prosody012,
        Self::Prosody13,
        Self::Ejabberd23,
        Self::Ejabberd26,
    ];
    /// The kinds with an admin shell.
    pub(crate) const PROSODY: [Self; 2] = [Self::Prosody012, Self::Prosody13];

    /// The kinds with an HTTP API.
    pub(crate) const EJABBERD: [Self; 2] = [Self::Ejabberd23, Self::Ejabberd26];

    /// The system in which this server is installed.
    pub(crate) fn system(self) -> System {
        match self {
            Self::Prosody012 | Self::Ejabberd23 => System::Bookworm,
            Self::Prosody13 | Self::Ejabberd26 => System::Trixie,
        }
    }

    /// Whether this is Prosody.
    pub(crate) fn is_prosody(self) -> bool {
        Self::PROSODY.contains(&self)
    }

    /// The system account that this server runs as.
    pub(crate) fn account(self) -> &'static str {
        if self.is_prosody() { "prosody" } else { "ejabberd" }
    }

    fn program(self) -> &'static str {
        if self.is_prosody() {
            "usr/bin/prosody"
        } else {
            "usr/sbin/ejabberdctl"
        }
    }

    /// Returns why this server cannot be started on this machine; `None` if it can.
    fn missing_requirement(self) -> Option<String> {
        let system = self.system();
        let root = match system.root() {
            Ok(root) => root,
            Err(why) => return Some(why),
        };
        let program = root.join(self.program());
        if !program.exists() {
            return Some(format!("{} is missing", program.display()));
        }
        system.user_ids(self.account()).err()
    }
}

/// The ports on which a server listens on loopback.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ports {
    /// For clients, with STARTTLS.
    pub(crate) client: u16,
    /// For clients, TLS from the beginning.
    pub(crate) tls: u16,
    /// ejabberd's HTTP API.
    pub(crate) api: u16,
    /// The Erlang distribution of ejabberd 26. For each ejabberd, the number is also part of the node's name.
    pub(crate) node: u16,
}

/// A server. It is killed when this value is dropped.
#[derive(Debug)]
pub(crate) struct Server {
    /// The kind of server.
    pub(crate) kind: Kind,
    /// The ports on which the server listens.
    pub(crate) ports: Ports,
    home: Home,
    process: Option<Process>,
    /// The connection to Prosody's admin shell, opened when a test first needs it.
    pub(crate) shell: Mutex<Option<Shell>>,
    /// The client of an administrator, which runs commands in ejabberd's rooms; logged in when a test first needs it.
    pub(crate) observer: Mutex<Option<Client>>,
}

/// The folder of one server. `short` is a short path to it, because the path of a socket has at most 107 bytes.
#[derive(Debug)]
struct Home {
    folder: PathBuf,
    short: PathBuf,
}

/// Starts a process that removes the folders of all servers in `parent` when this process ends, even if it is killed:
/// the other process waits for the end of its standard input.
fn remove_at_end(parent: &Path) {
    static CLEANERS: Mutex<BTreeMap<PathBuf, Child>> = Mutex::new(BTreeMap::new());
    let mut cleaners = CLEANERS.lock().unwrap();
    cleaners.entry(parent.to_owned()).or_insert_with(|| {
        // A killed server may still write for a moment.
        let script = "cat; for _ in 1 2 3 4 5; do rm -rf \"$1\"-* && exit; sleep 0.2; done";
        let prefix = parent.join(home_prefix());
        Command::new("setsid")
            .args(["sh", "-c", script, "sh"])
            .arg(prefix)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap()
    });
}

/// The prefix of the names of the folders of all servers of this process.
fn home_prefix() -> String {
    format!("hatrack-server-{}", std::process::id())
}

impl Home {
    fn new(system: System, account: &str) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!("{}-{}", home_prefix(), COUNT.fetch_add(1, Ordering::Relaxed));
        let temporary = std::env::temp_dir();
        let parent = match system {
            System::Bookworm => temporary.clone(),
            System::Trixie => system.root().unwrap().join("tmp"),
        };
        for folder in [&temporary, &parent] {
            remove_at_end(folder);
        }
        let folder = parent.join(&name);
        let (user, group) = system.user_ids(account).unwrap();
        for folder in [folder.clone(), folder.join("data"), folder.join("certs")] {
            std::fs::create_dir(&folder).unwrap();
            std::os::unix::fs::chown(&folder, Some(user), Some(group)).unwrap();
        }
        std::fs::set_permissions(&folder, PermissionsExt::from_mode(0o755)).unwrap();
        let short = temporary.join(name);
        if short != folder {
            std::os::unix::fs::symlink(&folder, &short).unwrap();
        }
        Self { folder, short }
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        if self.short != self.folder {
            let _ = std::fs::remove_file(&self.short);
        }
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// Returns a free port below the range of outgoing connections: the system could assign a port of that range to a
/// connection before the server listens.
pub(crate) fn free_port() -> u16 {
    const PORTS: Range<u32> = 12_000..28_384;
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let start = std::process::id().wrapping_mul(64);
    let ports = std::iter::repeat_with(|| {
        let number = start.wrapping_add(COUNT.fetch_add(1, Ordering::Relaxed));
        u16::try_from(PORTS.start + number % (PORTS.end - PORTS.start)).unwrap()
    });
    ports
        .take(PORTS.len())
        .find(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok())
        .expect("a free port")
}

/// Returns the key and the certificate for localhost, which are created once.
fn certificate() -> &'static (String, String) {
    static CERTIFICATE: OnceLock<(String, String)> = OnceLock::new();
    CERTIFICATE.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        let (key, certificate) = (folder.path().join("key"), folder.path().join("crt"));
        let output = Command::new("openssl")
            .args([
                "req",
                "-x509",
                "-newkey",
                "ec",
                "-pkeyopt",
                "ec_paramgen_curve:prime256v1",
                "-nodes",
            ])
            .args(["-days", "2", "-subj", "/CN=localhost", "-addext"])
            .arg("subjectAltName=DNS:localhost,DNS:conference.localhost,IP:127.0.0.1")
            .args(["-addext", "basicConstraints=critical,CA:TRUE"])
            .arg("-keyout")
            .arg(&key)
            .arg("-out")
            .arg(&certificate)
            .output()
            .unwrap();
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        let read = |path| std::fs::read_to_string(path).unwrap();
        (read(key), read(certificate))
    })
}

impl Server {
    /// Starts a server. Returns `None` and reports why if this kind cannot run on this machine.
    pub(crate) fn start(kind: Kind) -> Option<Self> {
        Self::start_with(kind, "")
    }

    /// Like [`Self::start`], with these lines at the end of the configuration: for Prosody in the section of the rooms
    /// service, for ejabberd in the list of modules.
    pub(crate) fn start_with(kind: Kind, extra_config: &str) -> Option<Self> {
        if let Some(why) = kind.missing_requirement() {
            skip(&why);
            return None;
        }
        let home = Home::new(kind.system(), kind.account());
        let ports = Ports {
            client: free_port(),
            tls: free_port(),
            api: free_port(),
            node: free_port(),
        };
        let mut server = Self {
            kind,
            ports,
            home,
            process: None,
            shell: Mutex::default(),
            observer: Mutex::default(),
        };
        let (key, certificate) = certificate();
        server.write("certs/localhost.key", key);
        server.write("certs/localhost.crt", certificate);
        server.write("certs/localhost.pem", &format!("{certificate}{key}"));
        if kind.is_prosody() {
            prosody::configure(&server, extra_config);
        } else {
            ejabberd::configure(&server, extra_config);
        }
        server.launch();
        if !kind.is_prosody() {
            // The administrators are added now, because a killed ejabberd forgets accounts that were just added.
            server.add_account("siteadmin");
            server.add_account("observer");
        }
        Some(server)
    }

    /// The path of a file in the server's folder.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.home.short.join(name)
    }

    /// The path of the server's folder as the server sees it, which may run in a chroot.
    pub(crate) fn home_inside(&self) -> String {
        self.kind.system().inside(&self.home.folder)
    }

    /// Writes a file into the server's folder, owned by the server's account.
    pub(crate) fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        std::fs::write(&path, text).unwrap();
        let (user, group) = self.kind.system().user_ids(self.kind.account()).unwrap();
        std::os::unix::fs::chown(&path, Some(user), Some(group)).unwrap();
    }

    /// The path of the server's certificate, which is self-signed.
    pub(crate) fn certificate(&self) -> PathBuf {
        self.path("certs/localhost.crt")
    }

    /// Starts the server's process, also again after [`Server::stop`] or [`Server::kill`], and waits until it answers.
    pub(crate) fn launch(&mut self) {
        assert!(self.process.is_none(), "the server is already running");
        let (words, variables) = if self.kind.is_prosody() {
            prosody::command(self)
        } else {
            ejabberd::command(self)
        };
        let process = self.process.insert(Process::start(
            &words,
            &variables,
            &self.home.short.join("output"),
        ));
        let began = Instant::now();
        let is_ready = if self.kind.is_prosody() {
            prosody::is_ready
        } else {
            ejabberd::is_ready
        };
        while !is_ready(&self.home.short, self.ports) {
            let output = || std::fs::read_to_string(self.home.short.join("output")).unwrap_or_default();
            assert!(process.is_alive(), "the server ended: {}", output());
            assert!(
                began.elapsed() < Duration::from_secs(90),
                "the server does not answer: {}",
                output()
            );
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Shuts the server down properly, as its system would, and waits until it has ended.
    pub(crate) fn stop(&mut self) {
        let process = self.take_process();
        if self.kind.is_prosody() {
            process.signal(Signal::TERM);
        } else {
            ejabberd::stop(self);
        }
        process.wait();
    }

    /// Kills the server.
    pub(crate) fn kill(&mut self) {
        drop(self.take_process());
    }

    fn take_process(&mut self) -> Process {
        self.shell = Mutex::default();
        self.observer = Mutex::default();
        self.process.take().unwrap()
    }

    /// Kills the server and starts it again.
    pub(crate) fn restart(&mut self) {
        self.kill();
        self.launch();
    }

    /// Whether the server is running.
    pub(crate) fn is_alive(&mut self) -> bool {
        self.process.as_mut().is_some_and(Process::is_alive)
    }

    /// The processor time that the server has used, in seconds.
    #[cfg(feature = "live")]
    pub(crate) fn processor_seconds(&self) -> f64 {
        self.process.as_ref().map_or(0.0, Process::processor_seconds)
    }

    /// Pauses the server, so that it answers nothing.
    pub(crate) fn freeze(&self) {
        self.process.as_ref().unwrap().signal(Signal::STOP);
    }

    /// Resumes the server after [`Server::freeze`].
    pub(crate) fn thaw(&self) {
        self.process.as_ref().unwrap().signal(Signal::CONT);
    }

    /// Adds the account `NAME@localhost` with the password `secret`, unless the account exists.
    pub(crate) fn add_account(&self, name: &str) {
        if self.kind.is_prosody() {
            self.lua(&format!(
                "return tostring(require 'core.usermanager'.create_user('{name}', 'secret', 'localhost'))"
            ));
        } else {
            let account = serde_json::json!({"user": name, "host": "localhost", "password": "secret"});
            self.register_account(&account);
        }
    }
}
