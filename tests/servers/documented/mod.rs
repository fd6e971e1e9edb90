//! Follows the steps of the documentation. The commands, configurations and messages are taken from the pages, so that
//! a page cannot become wrong unnoticed. The commands run in their own mount namespace, in which `/etc`, the home
//! folders and Prosody's data are those of the test.

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
/// The user ID of the account `hats`.
const HATS: u32 = 54_320;

/// A page of the documentation, or a section of one, with the domain and the user of the tests.
struct Page(String);

impl Page {
    fn new(text: &str) -> Self {
        let text = text.replace("conference.example.org", SERVICE);
        Self(text.replace("terry@example.org", "terry@localhost"))
    }

    /// A section with this title, without the title, up to the next `##` title.
    fn section(&self, title: &str) -> Self {
        let titles = ["##", "###"].map(|level| format!("\n{level} {title}\n"));
        let start = titles.iter().find_map(|title| self.0.split_once(title.as_str()));
        let rest = start.unwrap_or_else(|| panic!("no section {title}")).1;
        Self(rest.split("\n## ").next().unwrap().to_owned())
    }

    /// The indented lines, without indentation: commands, and lines of files.
    fn lines(&self) -> Vec<&str> {
        let indented = self.0.lines().filter(|line| line.starts_with("    "));
        indented.map(str::trim).collect()
    }

    /// The indented lines that start with `start`.
    fn lines_with(&self, start: &str) -> Vec<&str> {
        let mut lines = self.lines();
        lines.retain(|line| line.starts_with(start));
        lines
    }

    /// The examples of configurations: the blocks of TOML.
    fn configurations(&self) -> Vec<&str> {
        let blocks = self.0.split("```toml\n").skip(1);
        blocks.map(|block| block.split("```").next().unwrap()).collect()
    }

    /// The messages in the first column of the table, each as the parts around `…`, which stands for any text.
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

/// A machine as the documentation describes it.
struct Machine {
    /// Prosody, whose data is in its usual folder.
    server: Option<Shared>,
    folder: TempDir,
}

/// The result of a command.
#[derive(Debug)]
struct CommandOutput {
    code: Option<i32>,
    text: String,
}

impl CommandOutput {
    /// Asserts the exit code.
    #[track_caller]
    fn exits(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{}", self.text);
        self
    }

    /// Asserts that the output contains all of these texts, ignoring case.
    #[track_caller]
    fn prints(&self, parts: &[&str]) {
        let text = self.text.to_lowercase();
        for part in parts {
            assert!(text.contains(&part.to_lowercase()), "{part:?}: {}", self.text);
        }
    }
}

impl Machine {
    /// A machine with hatrack and without a server. Returns `None` and reports why if it cannot run here.
    fn start() -> Option<Self> {
        Self::start_with(None)
    }

    /// A machine with Prosody, a room in which terry is a member, and an account `hats`.
    fn with_prosody() -> Option<Self> {
        let server = Shared::take(Kind::Prosody012)?;
        server.create_prosody_room(
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
        make_readable(machine.folder.path());
        for name in ["bin", "root", "home", "srv", "lib", "lib/prosody", "lib/hatrack"] {
            std::fs::create_dir(machine.path(name)).unwrap();
            make_readable(&machine.path(name));
        }
        let program = machine.path("bin/hatrack");
        crate::copy_program::copy_program(Path::new(env!("CARGO_BIN_EXE_hatrack")), &program);
        make_readable(&program);
        let etc = machine.path("etc");
        let copied = Command::new("cp").args(["-a", "/etc"]).arg(&etc).status();
        assert!(copied.unwrap().success());
        if let Some(server) = &machine.server {
            let configuration = server.path("prosody.cfg.lua");
            std::fs::copy(configuration, etc.join("prosody/prosody.cfg.lua")).unwrap();
        }
        let trial = machine.run("root", "true");
        if trial.code != Some(0) {
            skip(&trial.text);
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

    /// Adds an account and its group, both with this ID, and a home folder.
    fn add_account(&self, name: &str, id: u32) {
        let home = self.path("home").join(name);
        std::fs::create_dir(&home).unwrap();
        chown(&home, Some(id), Some(id)).unwrap();
        self.append(
            "etc/passwd",
            &format!("{name}:x:{id}:{id}::/home/{name}:/bin/sh\n"),
        );
        self.append("etc/shadow", &format!("{name}:*:19000::::::\n"));
        self.append("etc/group", &format!("{name}:x:{id}:\n"));
    }

    /// A shell command of a user, for which the machine's folders are at their usual places.
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

    /// Runs a shell command as a user.
    fn run(&self, user: &str, line: &str) -> CommandOutput {
        let output = self.command(user, line).output().unwrap();
        let text = [output.stdout, output.stderr].concat();
        CommandOutput {
            code: output.status.code(),
            text: String::from_utf8_lossy(&text).into_owned(),
        }
    }

    /// Runs a shell command that must exit with 0, and returns its output.
    #[track_caller]
    fn run_ok(&self, user: &str, line: &str) -> String {
        let output = self.run(user, line);
        assert_eq!(output.code, Some(0), "{line}: {}", output.text);
        output.text
    }

    /// Writes the configuration for all users of the machine.
    fn configure(&self, configuration: &str) {
        let folder = self.path("etc/hatrack");
        std::fs::create_dir_all(&folder).unwrap();
        make_readable(&folder);
        let file = folder.join("config.toml");
        std::fs::write(&file, configuration).unwrap();
        std::fs::set_permissions(&file, PermissionsExt::from_mode(0o644)).unwrap();
    }

    /// Writes the configuration, and runs `hatrack servers check` as a user.
    fn check_as(&self, user: &str, configuration: &str) -> CommandOutput {
        self.configure(configuration);
        self.run(user, "hatrack servers check")
    }

    /// Permits an account to use Prosody's shell through sudo, with the line of the documentation.
    fn permit_shell(&self, user: &str) {
        let page = Page::new(prosody::PAGE);
        let line = page.section("Connection").lines_with("hats ALL=")[0].to_owned();
        let file = self.path("etc/sudoers.d/hatrack");
        std::fs::write(&file, format!("{}\n", line.replacen("hats", user, 1))).unwrap();
        std::fs::set_permissions(&file, PermissionsExt::from_mode(0o440)).unwrap();
        let checked = Command::new("visudo").arg("-cf").arg(&file).output().unwrap();
        assert!(checked.status.success(), "{checked:?}");
    }
}

/// Lets all users read and execute a file, or use a folder.
fn make_readable(path: &Path) {
    std::fs::set_permissions(path, PermissionsExt::from_mode(0o755)).unwrap();
}

/// Returns whether all these programs exist, and reports the first missing one.
fn are_installed(programs: &[&str]) -> bool {
    let missing = programs.iter().find(|program| !Path::new(program).exists());
    if let Some(program) = missing {
        skip(&format!("{program} is missing"));
    }
    missing.is_none()
}
