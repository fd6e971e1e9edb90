//! A program on a pseudo-terminal, with its own home folder. Tests wait for visible output. If it does not come in
//! time, they fail and print the screen.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot set up its stage has failed"
)]

use std::fs::File;
use std::io::{Read as _, Write};
use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};
use rustix::process::{Pid, Signal};
use rustix::termios::{Action, LocalModes, OptionalActions, tcflow, tcgetattr, tcsetattr};
use tempfile::TempDir;

pub(crate) const HATRACK: &str = env!("CARGO_BIN_EXE_hatrack");
pub(crate) const ROOM: &str = "courses@conference.example.org";
pub(crate) const TERRY: &str = "terry@example.org";

/// Key sequences.
pub(crate) const ENTER: &str = "\r";
pub(crate) const TAB: &str = "\t";
pub(crate) const CTRL_C: &str = "\x03";
pub(crate) const CTRL_Z: &str = "\x1a";

/// The time limit of every wait.
const TIMEOUT: Duration = Duration::from_secs(90);

/// A temporary home folder.
#[derive(Clone)]
pub(crate) struct Home(Arc<TempDir>);

impl Home {
    pub(crate) fn new() -> Self {
        Self(Arc::new(TempDir::new().unwrap()))
    }

    /// A home with a room that has terry as a member.
    pub(crate) fn with_terry() -> Self {
        let home = Self::new();
        home.run(&["room", "add", ROOM, "--name", "Courses"]);
        home.run(&["affiliate", ROOM, TERRY, "member"]);
        home
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().canonicalize().unwrap().join(name)
    }

    /// The environment variables of programs in this home folder.
    pub(crate) fn variables(&self) -> [(&'static str, String); 5] {
        [
            ("HOME", self.0.path().display().to_string()),
            ("PATH", std::env::var("PATH").unwrap()),
            ("LANG", "C.UTF-8".into()),
            ("TZ", "UTC".into()),
            ("TERM", "xterm-256color".into()),
        ]
    }

    /// Runs a command of hatrack without a terminal, and returns its output. Panics if the command fails.
    pub(crate) fn run(&self, args: &[&str]) -> String {
        let mut command = std::process::Command::new(HATRACK);
        let result = command
            .args(args)
            .env_clear()
            .envs(self.variables())
            .output()
            .unwrap();
        assert!(result.status.success(), "{args:?}: {result:?}");
        String::from_utf8(result.stdout).unwrap()
    }

    /// The content of the data file.
    pub(crate) fn document(&self) -> serde_json::Value {
        serde_json::from_slice(&std::fs::read(self.path(".config/hatrack/hats.json")).unwrap()).unwrap()
    }

    /// The hats of terry in the data file.
    pub(crate) fn hats(&self) -> serde_json::Value {
        let pointer = format!("/rooms/{ROOM}/users/{TERRY}/hats");
        self.document().pointer(&pointer).cloned().unwrap_or_default()
    }

    /// The names of the files in hatrack's folders, except the data file, its history and its lock.
    pub(crate) fn unexpected_files(&self) -> Vec<String> {
        let expected = ["hats.json", "hats.history.jsonl", "hats.lock"];
        let mut found: Vec<_> = [".config/hatrack", ".local/state/hatrack"]
            .iter()
            .filter_map(|folder| std::fs::read_dir(self.path(folder)).ok())
            .flatten()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter(|name| !expected.contains(&name.as_str()))
            .collect();
        found.sort();
        found
    }

    /// Number of drafts that ended sessions have left. Drafts of open sessions are not counted.
    pub(crate) fn drafts(&self) -> usize {
        let is_draft = |name: &&String| name.strip_suffix(".draft").is_some();
        self.unexpected_files().iter().filter(is_draft).count()
    }
}

/// The output of the program.
pub(crate) struct Output {
    pub(crate) parser: vt100::Parser,
    pub(crate) raw: Vec<u8>,
    /// Whether the program has closed the terminal.
    closed: bool,
}

impl Output {
    pub(crate) fn text(&self) -> String {
        self.parser.screen().contents()
    }

    pub(crate) fn shows(&self, text: &str) -> bool {
        self.text().contains(text)
    }

    /// Every cell with its style, line by line.
    pub(crate) fn cells(&self) -> Vec<String> {
        let screen = self.parser.screen();
        let (rows, columns) = screen.size();
        let cell = |row, column| {
            let cell = screen.cell(row, column)?;
            if cell.has_contents() && cell.contents() != " " {
                return Some(format!(
                    "{} {:?} {} {},",
                    cell.contents(),
                    cell.fgcolor(),
                    cell.bold(),
                    cell.inverse()
                ));
            }
            // Only these are visible on a space.
            Some(format!("{:?} {},", cell.bgcolor(), cell.inverse()))
        };
        (0..rows.get())
            .map(|row| {
                (0..columns.get())
                    .filter_map(|column| cell(row, column))
                    .collect()
            })
            .collect()
    }
}

type Shared = Arc<(Mutex<Output>, Condvar)>;

/// A program on a terminal.
pub(crate) struct Stage {
    master: Box<dyn MasterPty + Send>,
    writer: Box<dyn Write + Send>,
    child: Box<dyn Child + Send + Sync>,
    output: Shared,
    before: String,
    /// Kept until the program has ended: the program would create the folder again.
    _home: Home,
}

fn lock(output: &Shared) -> MutexGuard<'_, Output> {
    output.0.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Stage {
    /// Starts `hatrack` with these arguments on a terminal of 100 × 30 cells.
    pub(crate) fn hatrack(home: &Home, args: &[&str]) -> Self {
        let mut line = vec![HATRACK];
        line.extend(args);
        Self::start(home, &line, (100, 30))
    }

    /// Starts a program with its arguments (`line`) on a terminal of this size: columns and rows.
    pub(crate) fn start(home: &Home, line: &[&str], size: (u16, u16)) -> Self {
        Self::with(home, line, size, &[])
    }

    /// Like [`Self::start`], with additional environment variables.
    pub(crate) fn with(
        home: &Home,
        line: &[&str],
        (cols, rows): (u16, u16),
        variables: &[(&str, &str)],
    ) -> Self {
        let size = PtySize {
            rows,
            cols,
            pixel_width: 0,
            pixel_height: 0,
        };
        let pair = native_pty_system().openpty(size).unwrap();
        let before = modes(&*pair.master);
        let mut command = CommandBuilder::from_argv(line.iter().map(Into::into).collect());
        command.env_clear();
        command.cwd(home.path(""));
        for (name, value) in home.variables() {
            command.env(name, value);
        }
        for (name, value) in variables {
            command.env(name, value);
        }
        let child = pair.slave.spawn_command(command).unwrap();
        drop(pair.slave);
        let parser = vt100::Parser::new(rows.try_into().unwrap(), cols.try_into().unwrap(), 0);
        let output: Shared = Arc::new((
            Mutex::new(Output {
                parser,
                raw: Vec::new(),
                closed: false,
            }),
            Condvar::new(),
        ));
        let mut reader = pair.master.try_clone_reader().unwrap();
        let sink = Arc::clone(&output);
        thread::spawn(move || {
            let mut bytes = [0; 4096];
            loop {
                let length = reader.read(&mut bytes).unwrap_or(0);
                let mut output = lock(&sink);
                let read = bytes.get(..length).unwrap_or_default();
                output.parser.process(read);
                output.raw.extend_from_slice(read);
                output.closed = length == 0;
                sink.1.notify_all();
                if length == 0 {
                    return;
                }
            }
        });
        let writer = pair.master.take_writer().unwrap();
        Self {
            master: pair.master,
            writer,
            child,
            output,
            before,
            _home: home.clone(),
        }
    }

    /// The output so far. While the guard is held, no more output is read.
    pub(crate) fn output(&self) -> MutexGuard<'_, Output> {
        lock(&self.output)
    }

    /// Types text or keys.
    pub(crate) fn press(&mut self, keys: &str) {
        self.writer.write_all(keys.as_bytes()).unwrap();
        self.writer.flush().unwrap();
    }

    /// Waits until the output meets the condition. `what` describes the condition, for the message on timeout.
    pub(crate) fn until(&self, what: &str, mut condition: impl FnMut(&Output) -> bool) {
        let end = Instant::now() + TIMEOUT;
        let mut output = self.output();
        while !condition(&output) {
            let left = end.saturating_duration_since(Instant::now());
            assert!(
                !left.is_zero() && !output.closed,
                "did not happen: {what}; the screen is\n{}",
                output.text()
            );
            output = self
                .output
                .1
                .wait_timeout(output, left)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
    }

    /// Waits until the screen shows this text.
    pub(crate) fn see(&self, text: &str) {
        self.until(&format!("{text:?} is shown"), |output| output.shows(text));
    }

    /// Types, and then waits until the screen shows this text.
    pub(crate) fn press_and_see(&mut self, keys: &str, text: &str) {
        self.press(keys);
        self.see(text);
    }

    pub(crate) fn resize(&mut self, (cols, rows): (u16, u16)) {
        let mut output = lock(&self.output);
        output
            .parser
            .screen_mut()
            .set_size(rows.try_into().unwrap(), cols.try_into().unwrap());
        self.master
            .resize(PtySize {
                rows,
                cols,
                pixel_width: 0,
                pixel_height: 0,
            })
            .unwrap();
    }

    /// Makes the program redraw its whole screen, and returns the cells. `last` is a text that is drawn late, to
    /// recognize the complete screen.
    pub(crate) fn redrawn_cells(&mut self, last: &str) -> Vec<String> {
        let before = self.output().raw.len();
        self.press("\x0c");
        self.until("a whole frame", |output| {
            let new = output.raw.get(before..).unwrap_or_default();
            new.windows(4).any(|bytes| bytes == b"\x1b[2J") && output.shows(last)
        });
        self.output().cells()
    }

    /// The terminal modes as text.
    pub(crate) fn modes(&self) -> String {
        modes(&*self.master)
    }

    /// The program's side of the terminal.
    fn program_side(&self) -> File {
        let name = self.master.tty_name().unwrap();
        File::options().read(true).write(true).open(name).unwrap()
    }

    /// From now on the terminal accepts no output, like a stalled connection.
    pub(crate) fn stall(&self) {
        tcflow(self.program_side(), Action::OOff).unwrap();
    }

    /// Sets the modes that shells use while reading a line.
    pub(crate) fn set_shell_modes(&self) {
        let terminal = self.program_side();
        let mut plain = tcgetattr(&terminal).unwrap();
        plain.local_modes |= LocalModes::ICANON | LocalModes::ECHO | LocalModes::ISIG;
        tcsetattr(&terminal, OptionalActions::Now, &plain).unwrap();
    }

    pub(crate) fn process(&self) -> Pid {
        Pid::from_raw(self.child.process_id().unwrap().try_into().unwrap()).unwrap()
    }

    pub(crate) fn signal(&self, signal: Signal) {
        rustix::process::kill_process(self.process(), signal).unwrap();
    }

    /// Waits for the program to end, and returns its exit status. Panics if a signal killed it.
    pub(crate) fn end(&mut self) -> u32 {
        let end = Instant::now() + TIMEOUT;
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                assert_eq!(status.signal(), None, "a signal killed the program");
                return status.exit_code();
            }
            assert!(
                Instant::now() < end,
                "the program does not end; the screen is\n{}",
                self.output().text()
            );
            thread::sleep(Duration::from_millis(5));
        }
    }

    /// Waits for the program to end, and checks that a signal killed it.
    pub(crate) fn wait_until_killed(&mut self) {
        let mut status = None;
        until("the program ends", || {
            status = self.child.try_wait().unwrap();
            status.is_some()
        });
        assert!(status.is_some_and(|status| status.signal().is_some()));
    }

    /// The terminal modes from before the start of the program.
    pub(crate) fn modes_before(&self) -> &str {
        &self.before
    }

    /// Checks that the terminal has the modes from before the start of the program.
    pub(crate) fn assert_modes_restored(&self) {
        assert_eq!(modes(&*self.master), self.before, "the terminal's modes");
    }

    /// Waits for the program to end, checks that the terminal is restored, and returns the exit status.
    pub(crate) fn end_with_terminal_restored(&mut self) -> u32 {
        let status = self.end();
        self.until_restored();
        self.assert_modes_restored();
        status
    }

    /// Waits until the screen modes of the terminal are off: alternate screen, hidden cursor, bracketed paste, mouse.
    pub(crate) fn until_restored(&self) {
        let end = Instant::now() + TIMEOUT;
        loop {
            let output = self.output();
            let screen = output.parser.screen();
            let on = [
                ("alternate screen", screen.alternate_screen()),
                ("hidden cursor", screen.hide_cursor()),
                ("bracketed paste", screen.bracketed_paste()),
                (
                    "mouse",
                    screen.mouse_protocol_mode() != vt100::MouseProtocolMode::None,
                ),
            ];
            let on: Vec<_> = on.iter().filter(|(_, on)| *on).map(|(name, _)| *name).collect();
            if on.is_empty() {
                return;
            }
            assert!(!output.closed && Instant::now() < end, "still on: {on:?}");
            drop(output);
            thread::sleep(Duration::from_millis(5));
        }
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        // The program may be suspended, or may have ended already.
        let id = self
            .child
            .process_id()
            .and_then(|id| Pid::from_raw(id.try_into().ok()?));
        let _ = id.map(|id| rustix::process::kill_process(id, Signal::KILL));
        let _ = self.child.wait();
    }
}

fn modes(master: &dyn MasterPty) -> String {
    format!("{:?}", master.get_termios().unwrap())
}

/// Reports that a required tool is missing, so that a test is skipped; fails in CI, which installs all tools.
pub(crate) fn skip(what: &str) {
    super::skip::skipped(false, what);
}

/// The child of a process.
pub(crate) fn child_of(parent: i32) -> Pid {
    let path = format!("/proc/{parent}/task/{parent}/children");
    let children = std::fs::read_to_string(path).unwrap();
    let child = children.split_whitespace().next().unwrap();
    Pid::from_raw(child.parse().unwrap()).unwrap()
}

/// Waits until a condition outside of the terminal holds.
pub(crate) fn until(what: &str, mut condition: impl FnMut() -> bool) {
    let end = Instant::now() + TIMEOUT;
    while !condition() {
        assert!(Instant::now() < end, "did not happen: {what}");
        thread::sleep(Duration::from_millis(5));
    }
}

/// Waits until a process has ended. A zombie counts as ended.
pub(crate) fn until_gone(process: &str) {
    until(&format!("process {process} ends"), || {
        let status = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
        let state = status
            .rsplit_once(')')
            .and_then(|(_, rest)| rest.trim_start().chars().next());
        matches!(state, None | Some('Z' | 'X'))
    });
}

/// Waits until a file ends with a complete line, and returns its text without surrounding spaces.
pub(crate) fn until_written(path: &std::path::Path) -> String {
    let mut text = String::new();
    until(&format!("{} is written", path.display()), || {
        text = std::fs::read_to_string(path).unwrap_or_default();
        text.ends_with('\n')
    });
    text.trim().to_owned()
}
