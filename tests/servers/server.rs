//! A real server on loopback, with a folder of its own, for as long as the value lives.

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

/// Which server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Prosody 0.12, of Debian 12.
    Prosody012,
    /// Prosody 13, of Debian 13.
    Prosody13,
    /// ejabberd 23.01, of Debian 12: a hat is assigned with its title.
    Ejabberd23,
    /// ejabberd 26.07, of Debian 13: hats are in the room's catalog.
    Ejabberd26,
}

impl Kind {
    /// All that the tests start.
    pub(crate) const ALL: [Self; 4] = [
        Self::Prosody012,
        Self::Prosody13,
        Self::Ejabberd23,
        Self::Ejabberd26,
    ];
    /// Those with an admin shell.
    pub(crate) const PROSODY: [Self; 2] = [Self::Prosody012, Self::Prosody13];

    /// Those with an HTTP API.
    pub(crate) const EJABBERD: [Self; 2] = [Self::Ejabberd23, Self::Ejabberd26];

    /// Where it is installed.
    pub(crate) fn system(self) -> System {
        match self {
            Self::Prosody012 | Self::Ejabberd23 => System::Bookworm,
            Self::Prosody13 | Self::Ejabberd26 => System::Trixie,
        }
    }

    /// Whether it is Prosody.
    pub(crate) fn is_prosody(self) -> bool {
        Self::PROSODY.contains(&self)
    }

    /// The user that it runs as.
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

    /// Why it cannot be started here.
    fn lacks(self) -> Option<String> {
        let system = self.system();
        let root = match system.root() {
            Ok(root) => root,
            Err(why) => return Some(why),
        };
        let program = root.join(self.program());
        if !program.exists() {
            return Some(format!("{} is missing", program.display()));
        }
        system.user(self.account()).err()
    }
}

/// Where a server listens on loopback.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ports {
    /// For clients, with STARTTLS.
    pub(crate) client: u16,
    /// For clients, TLS from the beginning.
    pub(crate) tls: u16,
    /// ejabberd's HTTP API.
    pub(crate) api: u16,
    /// Between ejabberd and ejabberdctl.
    pub(crate) node: u16,
}

/// A server; it ends with this value.
#[derive(Debug)]
pub(crate) struct Server {
    /// Which one.
    pub(crate) kind: Kind,
    /// Where it listens.
    pub(crate) ports: Ports,
    home: Home,
    process: Option<Process>,
    /// What the tests reach Prosody's admin shell by.
    pub(crate) shell: Mutex<Option<Shell>>,
    /// The client of an administrator, by which the tests reach ejabberd's rooms.
    pub(crate) observer: Mutex<Option<Client>>,
}

/// The folder of one server. It is reached by a short path, too: that of a socket has 108 bytes at most.
#[derive(Debug)]
struct Home {
    folder: PathBuf,
    short: PathBuf,
}

/// Has all folders of servers removed when the tests have ended, whatever ends them: by a process that waits for the end of
/// its input.
fn remove_at_end(parent: &Path) {
    static CLEANERS: Mutex<BTreeMap<PathBuf, Child>> = Mutex::new(BTreeMap::new());
    let mut cleaners = CLEANERS.lock().unwrap();
    cleaners.entry(parent.to_owned()).or_insert_with(|| {
        // A server that was killed may write for a moment more.
        let script = "cat; for _ in 1 2 3 4 5; do rm -rf \"$1\"-* && exit; sleep 0.2; done";
        let folders = parent.join(name_of_home());
        Command::new("setsid")
            .args(["sh", "-c", script, "sh"])
            .arg(folders)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap()
    });
}

/// What the names of the folders of these tests begin with.
fn name_of_home() -> String {
    format!("hatrack-server-{}", std::process::id())
}

impl Home {
    fn new(system: System, account: &str) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!("{}-{}", name_of_home(), COUNT.fetch_add(1, Ordering::Relaxed));
        let temporary = std::env::temp_dir();
        let parent = match system {
            System::Bookworm => temporary.clone(),
            System::Trixie => system.root().unwrap().join("tmp"),
        };
        for folder in [&temporary, &parent] {
            remove_at_end(folder);
        }
        let folder = parent.join(&name);
        let (user, group) = system.user(account).unwrap();
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

/// A port below those of outgoing connections, which the system could give to one before the server listens.
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

/// A certificate for localhost, made once, and readable by the servers.
fn certificate() -> &'static (String, String) {
    static MADE: OnceLock<(String, String)> = OnceLock::new();
    MADE.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        let (key, certificate) = (folder.path().join("key"), folder.path().join("crt"));
        let done = Command::new("openssl")
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
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        let read = |path| std::fs::read_to_string(path).unwrap();
        (read(key), read(certificate))
    })
}

impl Server {
    /// Starts one. `None`: it cannot run here, which is reported.
    pub(crate) fn start(kind: Kind) -> Option<Self> {
        Self::start_with(kind, "")
    }

    /// The same with more lines in its configuration: for Prosody in the section of the rooms.
    pub(crate) fn start_with(kind: Kind, more: &str) -> Option<Self> {
        if let Some(why) = kind.lacks() {
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
            prosody::configure(&server, more);
        } else {
            ejabberd::configure(&server, more);
        }
        server.begin();
        if !kind.is_prosody() {
            // Its administrators. When it is killed, it forgets accounts that were just made.
            server.user("siteadmin");
            server.user("observer");
        }
        Some(server)
    }

    /// A file in its folder, by the short path.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.home.short.join(name)
    }

    /// Its folder as the server itself names it.
    pub(crate) fn home_inside(&self) -> String {
        self.kind.system().inside(&self.home.folder)
    }

    /// Writes a file that belongs to the server.
    pub(crate) fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        std::fs::write(&path, text).unwrap();
        let (user, group) = self.kind.system().user(self.kind.account()).unwrap();
        std::os::unix::fs::chown(&path, Some(user), Some(group)).unwrap();
    }

    /// The certificate that it shows, which signs itself.
    pub(crate) fn certificate(&self) -> PathBuf {
        self.path("certs/localhost.crt")
    }

    /// Starts it again after [`Server::stop`] or [`Server::kill`], and waits until it answers.
    pub(crate) fn begin(&mut self) {
        assert!(self.process.is_none(), "it runs");
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
        let ready = if self.kind.is_prosody() {
            prosody::ready
        } else {
            ejabberd::ready
        };
        while !ready(&self.home.short, self.ports) {
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

    /// Ends it as its system would, in good order.
    pub(crate) fn stop(&mut self) {
        let process = self.take_process();
        if self.kind.is_prosody() {
            process.signal(Signal::TERM);
        } else {
            ejabberd::stop(self);
        }
        process.wait();
    }

    /// Kills it.
    pub(crate) fn kill(&mut self) {
        drop(self.take_process());
    }

    fn take_process(&mut self) -> Process {
        self.shell = Mutex::default();
        self.observer = Mutex::default();
        self.process.take().unwrap()
    }

    /// Kills it, and starts it again.
    pub(crate) fn restart(&mut self) {
        self.kill();
        self.begin();
    }

    /// Whether it runs.
    pub(crate) fn is_alive(&mut self) -> bool {
        self.process.as_mut().is_some_and(Process::is_alive)
    }

    /// Seconds for which it was on a processor.
    #[cfg(feature = "live")]
    pub(crate) fn processor_seconds(&self) -> f64 {
        self.process.as_ref().map_or(0.0, Process::processor_seconds)
    }

    /// Holds it where it is, so that it answers nothing.
    pub(crate) fn freeze(&self) {
        self.process.as_ref().unwrap().signal(Signal::STOP);
    }

    /// Lets it go on.
    pub(crate) fn thaw(&self) {
        self.process.as_ref().unwrap().signal(Signal::CONT);
    }

    /// Makes an account on `localhost`, whose password is `secret`, if there is none.
    pub(crate) fn user(&self, name: &str) {
        if self.kind.is_prosody() {
            self.lua(&format!(
                "return tostring(require 'core.usermanager'.create_user('{name}', 'secret', 'localhost'))"
            ));
        } else {
            let account = serde_json::json!({"user": name, "host": "localhost", "password": "secret"});
            self.register(&account);
        }
    }
}
