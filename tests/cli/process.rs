//! Runs the real binary in a temporary home folder, without the environment of the test run.

#![expect(clippy::unwrap_used, reason = "a failed setup fails the test")]

use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use hatrack::model::{Affiliation, Jid};
use hatrack::store::{Store, StoreOptions};
use tempfile::TempDir;

pub(crate) const ROOM: &str = "courses@conference.example.org";
pub(crate) const TERRY: &str = "terry@example.org";

/// A temporary home folder.
pub(crate) struct Home(TempDir);

/// The exit code (-1 after a signal) and output of a process.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct CommandOutput {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Home {
    pub(crate) fn new() -> Self {
        Self(TempDir::new().unwrap())
    }

    /// A home folder whose data file has a room with terry as a member.
    pub(crate) fn with_terry() -> Self {
        let home = Self::new();
        home.run_ok(&["room", "add", ROOM, "--name", "Courses"]);
        home.run_ok(&["affiliate", ROOM, TERRY, "member"]);
        home
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().canonicalize().unwrap().join(name)
    }

    /// The path of the default data file.
    pub(crate) fn data(&self) -> PathBuf {
        self.path(".config/hatrack/hats.json")
    }

    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, content).unwrap();
        path
    }

    /// Replaces text in the data file, as another program would, while a session is open. Then the session commits a
    /// change, so that the history records both.
    pub(crate) fn change_outside(&self, changes: &[(&str, &str)]) {
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

    pub(crate) fn run(&self, args: &[&str]) -> CommandOutput {
        output_of(&mut self.command(args))
    }

    /// Runs a command with `input` on standard input.
    pub(crate) fn run_with_input(&self, args: &[&str], input: &[u8]) -> CommandOutput {
        let mut command = self.command(args);
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        // A command that fails before reading closes the pipe; that is fine.
        let _ = child.stdin.take().unwrap().write_all(input);
        CommandOutput::from(child.wait_with_output().unwrap())
    }

    /// Runs a command that must succeed without errors; returns its output.
    pub(crate) fn run_ok(&self, args: &[&str]) -> String {
        let output = self.run(args);
        assert_eq!((output.code, output.err.as_str()), (0, ""), "{args:?}");
        output.out
    }

    /// Runs a command that must fail with this error, print nothing and not change the default data file.
    pub(crate) fn assert_fails(&self, args: &[&str], code: i32, err: &str) {
        let before = std::fs::read(self.data()).ok();
        let output = self.run(args);
        let expected = CommandOutput {
            code,
            out: String::new(),
            err: format!("hatrack: {err}\n"),
        };
        assert_eq!(output, expected, "{args:?}");
        assert!(
            std::fs::read(self.data()).ok() == before,
            "{args:?} changed the file"
        );
    }
}

pub(crate) fn output_of(command: &mut Command) -> CommandOutput {
    command.output().unwrap().into()
}

/// Runs a command; returns its exit code and its standard error. Its standard output is not captured.
pub(crate) fn stderr_of(command: &mut Command) -> (i32, String) {
    let child = command.stderr(Stdio::piped()).spawn();
    let output = CommandOutput::from(child.unwrap().wait_with_output().unwrap());
    (output.code, output.err)
}

impl From<std::process::Output> for CommandOutput {
    fn from(output: std::process::Output) -> Self {
        Self {
            code: output.status.code().unwrap_or(-1),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }
}
