//! The real binary in a home of its own: nothing of the person who runs the tests gets in.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot set up its stage has failed"
)]

use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use hatrack::model::{Affiliation, Jid};
use hatrack::store::{Store, StoreOptions};
use tempfile::TempDir;

pub(crate) const ROOM: &str = "courses@conference.example.org";
pub(crate) const TERRY: &str = "terry@example.org";

/// A home folder.
pub(crate) struct Home(TempDir);

/// How a process ended and what it said.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Said {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Home {
    pub(crate) fn new() -> Self {
        Self(TempDir::new().unwrap())
    }

    /// A room with terry as a member.
    pub(crate) fn with_terry() -> Self {
        let home = Self::new();
        home.done(&["room", "add", ROOM, "--name", "Courses"]);
        home.done(&["affiliate", ROOM, TERRY, "member"]);
        home
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().canonicalize().unwrap().join(name)
    }

    /// The data file where it is by default.
    pub(crate) fn data(&self) -> PathBuf {
        self.path(".config/hatrack/hats.json")
    }

    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, content).unwrap();
        path
    }

    /// Replaces some text in the data file as another program would, while a session looks on, which then commits
    /// something itself: so the history has both.
    pub(crate) fn changed_outside(&self, changes: &[(&str, &str)]) {
        let options = StoreOptions {
            actor: "onlooker".into(),
            ..StoreOptions::default()
        };
        let mut store = Store::open(&self.data(), options).unwrap();
        let mut text = std::fs::read_to_string(self.data()).unwrap();
        for (old, new) in changes {
            assert!(text.contains(old), "{text}");
            text = text.replace(old, new);
        }
        std::fs::write(self.data(), text).unwrap();
        store.refresh().unwrap();
        let user = Jid::parse("kim@example.org").unwrap();
        let room = Jid::parse(ROOM).unwrap();
        let mut wardrobe = store.wardrobe().clone();
        let group = wardrobe
            .set_affiliation(&user, &room, Affiliation::Member)
            .unwrap();
        let done = store.commit(&[group.into()]).unwrap();
        assert!(matches!(done.as_slice(), [Ok(Some(_))]), "{done:?}");
    }

    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_hatrack"));
        command
            .args(args)
            .env_clear()
            .env("HOME", self.path(""))
            .env("TZ", "UTC")
            .env("TERM", "xterm")
            .current_dir(self.0.path())
            .stdin(Stdio::null());
        command
    }

    pub(crate) fn run(&self, args: &[&str]) -> Said {
        said(&mut self.command(args))
    }

    /// With this on standard input.
    pub(crate) fn fed(&self, args: &[&str], input: &[u8]) -> Said {
        let mut command = self.command(args);
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        // Whoever refuses before reading closes the pipe; that is no failure of the test.
        let _ = child.stdin.take().unwrap().write_all(input);
        Said::from(child.wait_with_output().unwrap())
    }

    /// Runs what must succeed silently on standard error; gives what it printed.
    pub(crate) fn done(&self, args: &[&str]) -> String {
        let said = self.run(args);
        assert_eq!((said.code, said.err.as_str()), (0, ""), "{args:?}");
        said.out
    }

    /// Runs what must fail, with nothing printed and nothing changed in the data file.
    pub(crate) fn fails(&self, args: &[&str], code: i32, err: &str) {
        let before = std::fs::read(self.data()).ok();
        let said = self.run(args);
        let expected = Said {
            code,
            out: String::new(),
            err: format!("hatrack: {err}\n"),
        };
        assert_eq!(said, expected, "{args:?}");
        assert!(
            std::fs::read(self.data()).ok() == before,
            "{args:?} changed the file"
        );
    }
}

pub(crate) fn said(command: &mut Command) -> Said {
    command.output().unwrap().into()
}

/// The exit code and the errors of a command whose output goes somewhere of its own.
pub(crate) fn error_of(command: &mut Command) -> (i32, String) {
    let child = command.stderr(Stdio::piped()).spawn();
    let said = Said::from(child.unwrap().wait_with_output().unwrap());
    (said.code, said.err)
}

impl From<std::process::Output> for Said {
    fn from(output: std::process::Output) -> Self {
        Self {
            code: output.status.code().unwrap_or(-1),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }
}
