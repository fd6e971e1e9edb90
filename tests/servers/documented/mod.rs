//! What the documentation says to do, done as it is written there: on a machine whose `/etc`, homes and Prosody are those of
//! the tests, in a mount namespace that nothing else sees. The commands are taken from the pages, so that neither can change
//! without the other.

use std::io::Write as _;
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::json;
use tempfile::TempDir;

use crate::pool::Shared;
use crate::prosody::SERVICE;
use crate::server::Kind;
use crate::system::skip;

mod ejabberd;
mod follow;
mod prosody;
mod sshd;
mod team;

const ROOM: &str = "courses@conference.localhost";
/// The number of the account `hats`.
const HATS: u32 = 54_320;

/// A page of the documentation with the names of the tests.
struct Page(String);

impl Page {
    fn new(text: &str) -> Self {
        let text = text.replace("conference.example.org", SERVICE);
        Self(text.replace("terry@example.org", "terry@localhost"))
    }

    /// A section, without its title.
    fn section(&self, title: &str) -> Self {
        let titles = ["##", "###"].map(|level| format!("\n{level} {title}\n"));
        let begun = titles.iter().find_map(|title| self.0.split_once(title.as_str()));
        let rest = begun.unwrap_or_else(|| panic!("no section {title}")).1;
        Self(rest.split("\n## ").next().unwrap().to_owned())
    }

    /// The indented lines: commands, and lines of files.
    fn lines(&self) -> Vec<&str> {
        let indented = self.0.lines().filter(|line| line.starts_with("    "));
        indented.map(str::trim).collect()
    }

    /// The indented lines that begin with this.
    fn lines_with(&self, start: &str) -> Vec<&str> {
        let mut lines = self.lines();
        lines.retain(|line| line.starts_with(start));
        lines
    }

    /// The examples of configuration.
    fn configurations(&self) -> Vec<&str> {
        let blocks = self.0.split("```toml\n").skip(1);
        blocks.map(|block| block.split("```").next().unwrap()).collect()
    }

    /// The first column of the table: parts of a message, between which something else may be.
    fn messages(&self) -> Vec<Vec<&str>> {
        let rows = self.0.lines().filter_map(|line| line.strip_prefix("| `"));
        rows.map(|row| {
            let cell = row.split(" | ").next().unwrap();
            let first = cell.split('`').next().unwrap();
            first.split('…').map(str::trim).collect()
        })
        .collect()
    }
}

/// A machine as the documentation has it.
struct Machine {
    /// Prosody, in its usual folder.
    server: Option<Shared>,
    folder: TempDir,
}

/// What a command came to.
#[derive(Debug)]
struct Ran {
    code: Option<i32>,
    text: String,
}

impl Ran {
    #[track_caller]
    fn ended(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{}", self.text);
        self
    }

    /// It said all of this.
    #[track_caller]
    fn said(&self, parts: &[&str]) {
        let text = self.text.to_lowercase();
        for part in parts {
            assert!(text.contains(&part.to_lowercase()), "{part:?}: {}", self.text);
        }
    }
}

impl Machine {
    /// With hatrack, and nothing else. `None`: it cannot run here, which is reported.
    fn start() -> Option<Self> {
        Self::start_with(None)
    }

    /// With Prosody, a room in which terry is a member, and an account `hats`.
    fn with_prosody() -> Option<Self> {
        let server = Shared::take(Kind::Prosody012)?;
        server.make_room(
            ROOM,
            &json!([["ana@localhost", "owner"], ["terry@localhost", "member"]]),
        );
        let machine = Self::start_with(Some(server))?;
        machine.add_account("hats", HATS);
        Some(machine)
    }

    fn start_with(server: Option<Shared>) -> Option<Self> {
        let folder = TempDir::new().unwrap();
        let machine = Self { server, folder };
        open(machine.folder.path());
        for name in ["bin", "root", "home", "srv", "lib", "lib/prosody", "lib/hatrack"] {
            std::fs::create_dir(machine.path(name)).unwrap();
            open(&machine.path(name));
        }
        let program = machine.path("bin/hatrack");
        std::fs::copy(env!("CARGO_BIN_EXE_hatrack"), &program).unwrap();
        open(&program);
        let etc = machine.path("etc");
        let copied = Command::new("cp").args(["-a", "/etc"]).arg(&etc).status();
        assert!(copied.unwrap().success());
        if let Some(server) = &machine.server {
            let configuration = server.path("prosody.cfg.lua");
            std::fs::copy(configuration, etc.join("prosody/prosody.cfg.lua")).unwrap();
        }
        let try_it = machine.run("root", "true");
        if try_it.code != Some(0) {
            skip(&try_it.text);
            return None;
        }
        Some(machine)
    }

    fn server(&self) -> &Shared {
        self.server.as_ref().unwrap()
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn append(&self, name: &str, text: &str) {
        let mut options = std::fs::OpenOptions::new();
        let mut file = options.append(true).create(true).open(self.path(name)).unwrap();
        file.write_all(text.as_bytes()).unwrap();
    }

    /// Adds an account with a home folder.
    fn add_account(&self, name: &str, number: u32) {
        let home = self.path("home").join(name);
        std::fs::create_dir(&home).unwrap();
        chown(&home, Some(number), Some(number)).unwrap();
        self.append(
            "etc/passwd",
            &format!("{name}:x:{number}:{number}::/home/{name}:/bin/sh\n"),
        );
        self.append("etc/shadow", &format!("{name}:*:19000::::::\n"));
        self.append("etc/group", &format!("{name}:x:{number}:\n"));
    }

    /// A shell command by a user, where the machine's folders are at their usual places.
    fn command(&self, user: &str, line: &str) -> Command {
        let script = "m() { mount --bind \"$1\" \"$2\"; } && m \"$1/etc\" /etc && m \"$1/home\" /home && m \"$1/srv\" /srv && \
                      m \"$1/bin\" /usr/local/bin && m \"$1/lib\" /var/lib && \
                      { test -z \"$2\" || m \"$2\" /var/lib/prosody; } && \
                      export HOME=$(test \"$3\" = root && echo \"$1/root\" || echo \"/home/$3\") && { cd \"$HOME\" || cd /; } 2>/dev/null && \
                      exec setpriv --reuid=\"$3\" --regid=\"$3\" --init-groups --pdeathsig=KILL sh -c \"$4\"";
        let data = self.server.as_ref().map(|server| server.path("data"));
        let mut command = Command::new("unshare");
        command
            .args(["--mount", "--propagation=private", "sh", "-c", script, "sh"])
            .arg(self.folder.path())
            .arg(data.unwrap_or_default())
            .args([user, line])
            .env_clear()
            .env("PATH", "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin")
            .env("LC_ALL", "C.UTF-8")
            .stdin(Stdio::null());
        command
    }

    fn run(&self, user: &str, line: &str) -> Ran {
        let output = self.command(user, line).output().unwrap();
        let text = [output.stdout, output.stderr].concat();
        Ran {
            code: output.status.code(),
            text: String::from_utf8_lossy(&text).into_owned(),
        }
    }

    /// Runs a command that must succeed.
    #[track_caller]
    fn does(&self, user: &str, line: &str) -> String {
        let ran = self.run(user, line);
        assert_eq!(ran.code, Some(0), "{line}: {}", ran.text);
        ran.text
    }

    /// Writes the configuration of the whole machine.
    fn configure(&self, configuration: &str) {
        let folder = self.path("etc/hatrack");
        std::fs::create_dir_all(&folder).unwrap();
        open(&folder);
        let file = folder.join("config.toml");
        std::fs::write(&file, configuration).unwrap();
        std::fs::set_permissions(&file, PermissionsExt::from_mode(0o644)).unwrap();
    }

    /// Writes a configuration, and checks the server by an account.
    fn check_by(&self, user: &str, configuration: &str) -> Ran {
        self.configure(configuration);
        self.run(user, "hatrack servers check")
    }

    /// Lets an account use the shell of Prosody, by the line of the documentation.
    fn permit(&self, user: &str) {
        let page = Page::new(prosody::PAGE);
        let line = page.section("Connection").lines_with("hats ALL=")[0].to_owned();
        let file = self.path("etc/sudoers.d/hatrack");
        std::fs::write(&file, format!("{}\n", line.replacen("hats", user, 1))).unwrap();
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
