//! Configured commands. They run in their own session without a terminal, in a fixed environment.

use std::io;
use std::os::fd::OwnedFd;
use std::process::{Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use process_wrap::std::{ChildWrapper, CommandWrap, ProcessSession};

use super::channel::Channel;
use super::settings::CommandLine;

/// How long a command may take to exit.
pub(super) const FAREWELL: Duration = Duration::from_millis(500);

/// The standard input of a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Input {
    /// The data sent through the channel.
    Pipe,
    /// Empty.
    #[cfg_attr(not(feature = "live"), expect(dead_code, reason = "for passwords"))]
    Nothing,
}

/// A running command. Dropping it ends the command and its whole session.
pub(super) struct Child {
    /// Its standard input, output and error.
    pub(super) channel: Channel,
    child: Box<dyn ChildWrapper>,
}

impl Child {
    pub(super) fn start(line: &CommandLine, input: Input) -> io::Result<Self> {
        let mut command = Command::new(&line.program);
        command
            .args(&line.arguments)
            .env_clear()
            .envs(line.variables.iter().map(|(name, value)| (name, value)))
            .env(
                "PATH",
                "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            )
            .env("LC_ALL", "C")
            // With `dumb`, the line editor of Prosody's shell cuts long lines.
            .env("TERM", "xterm")
            .current_dir("/")
            .stdin(match input {
                Input::Pipe => Stdio::piped(),
                Input::Nothing => Stdio::null(),
            })
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut command = CommandWrap::from(command);
        // No terminal, so that nothing can ask for a password on the moderator's screen.
        command.wrap(ProcessSession);
        let mut child = command.spawn()?;
        let missing = || io::Error::other("a pipe is missing");
        let input = child.stdin().take().map(OwnedFd::from);
        let output = child.stdout().take().ok_or_else(missing)?;
        let errors = child.stderr().take().ok_or_else(missing)?;
        let channel = Channel::new(input, OwnedFd::from(output), Some(OwnedFd::from(errors)))?;
        Ok(Self { channel, child })
    }

    /// Waits until the command exits; `None` if it does not in time.
    pub(super) fn wait(&mut self, time: Duration) -> Option<ExitStatus> {
        let began = Instant::now();
        loop {
            if let Ok(Some(status)) = self.child.try_wait() {
                return Some(status);
            }
            if began.elapsed() >= time {
                return None;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        if self.wait(FAREWELL).is_some() {
            return;
        }
        // Kills its whole session. If it has exited, there is nothing to kill.
        let _ = self.child.start_kill();
        let _ = self.child.wait();
    }
}
