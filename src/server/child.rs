//! Runs the commands of the configuration. Each runs in a session of its own, without a terminal, and its environment
//! has only fixed and configured variables. When hatrack ends a command or sees that the command has exited, it kills
//! the remaining processes of the command's process group, such as an `ssh` that `sudo` started or a process that a
//! script left running. A program that starts a session of its own, such as `gpg-agent` or `ssh` with `ControlPersist`,
//! keeps running.

use std::io;
use std::os::fd::OwnedFd;
use std::process::{Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use process_wrap::std::{ChildWrapper, CommandWrap, ProcessSession};
use rustix::io::Errno;
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process_group, waitid};

use super::channel::Channel;
use super::settings::CommandLine;

/// Maximum time that a command may take to exit before it is killed.
pub(super) const EXIT_TIMEOUT: Duration = Duration::from_millis(500);

/// The standard input of a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ChildInput {
    /// The data sent through the channel.
    Pipe,
    /// Empty.
    #[cfg_attr(not(any(feature = "live", test)), expect(dead_code, reason = "for passwords"))]
    Nothing,
}

/// A running command. Dropping this waits up to [`EXIT_TIMEOUT`] until the command exits, and then kills its process
/// group.
pub(super) struct Child {
    /// The command's standard input, output and error.
    pub(super) channel: Channel,
    /// The process of the command itself, which leads the process group.
    leader: Box<dyn ChildWrapper>,
    /// Whether the process group was killed.
    is_killed: bool,
}

impl Child {
    /// Starts a command.
    ///
    /// Errors: the program cannot be run.
    pub(super) fn start(line: &CommandLine, input: ChildInput) -> io::Result<Self> {
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
                ChildInput::Pipe => Stdio::piped(),
                ChildInput::Nothing => Stdio::null(),
            })
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut command = CommandWrap::from(command);
        // The command gets no terminal, so that nothing can ask for a password on the moderator's screen.
        command.wrap(ProcessSession);
        let mut leader = command.spawn()?;
        let missing = || io::Error::other("a pipe is missing");
        let input = leader.stdin().take().map(OwnedFd::from);
        let output = leader.stdout().take().ok_or_else(missing)?;
        let errors = leader.stderr().take().ok_or_else(missing)?;
        let channel = Channel::new(input, OwnedFd::from(output), Some(OwnedFd::from(errors)))?;
        Ok(Self {
            channel,
            leader,
            is_killed: false,
        })
    }

    /// Waits until the command exits, kills the remaining processes of its process group, and returns its exit status; `None`
    /// if the command does not exit in time.
    #[cfg(any(test, feature = "live"))]
    pub(super) fn wait(&mut self, timeout: Duration) -> Option<ExitStatus> {
        let exited = self.exits_within(timeout);
        // The process group is killed before its leader is reaped: afterwards, another process group can have its
        // number.
        exited.then(|| self.end()).flatten()
    }

    /// Waits until the command exits, without reaping its process. Returns whether the command exits in time.
    fn exits_within(&self, timeout: Duration) -> bool {
        let began = Instant::now();
        let flags = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
        let Some(pid) = self.pid() else {
            return false;
        };
        loop {
            match waitid(WaitId::Pid(pid), flags) {
                // The error means that the process was reaped before.
                Ok(Some(_)) | Err(Errno::CHILD) => return true,
                Ok(None) | Err(_) => {}
            }
            if began.elapsed() >= timeout {
                return false;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    fn pid(&self) -> Option<Pid> {
        Pid::from_raw(i32::try_from(self.leader.id()).ok()?)
    }

    /// Kills the remaining processes of the process group, and returns the exit status of the command.
    fn end(&mut self) -> Option<ExitStatus> {
        if !self.is_killed {
            self.is_killed = true;
            if let Some(pid) = self.pid() {
                // This fails if the whole group has exited.
                let _ = kill_process_group(pid, Signal::KILL);
            }
        }
        self.leader.wait().ok()
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        if !self.is_killed {
            self.exits_within(EXIT_TIMEOUT);
            self.end();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_command_leaves_running_ends_with_it() {
        for script in [
            "sleep 600 & echo $!; exit 3",
            "sleep 600 & echo $!; sleep 600",
            "trap '' HUP TERM; sleep 600 & echo $!; sleep 600",
        ] {
            let line = CommandLine {
                program: "/bin/sh".into(),
                arguments: vec!["-c".into(), script.into()],
                variables: Vec::new(),
            };
            let mut child = Child::start(&line, ChildInput::Nothing).unwrap();
            let printed = child
                .channel
                .receive(Instant::now() + Duration::from_secs(10))
                .unwrap();
            let left = String::from_utf8(printed).unwrap().trim().to_owned();
            let state = || std::fs::read_to_string(format!("/proc/{left}/stat")).unwrap_or_default();
            let is_there = || {
                // Reads the state only once, because the process becomes another program meanwhile.
                let state = state();
                ["(sleep)", "(sh)"].iter().any(|name| state.contains(name))
            };
            let end = Instant::now() + Duration::from_secs(10);
            while !is_there() && Instant::now() < end {
                std::thread::sleep(Duration::from_millis(5));
            }
            assert!(is_there(), "{script}: {left:?} {}", state());
            if script.ends_with('3') {
                let status = child.wait(Duration::from_secs(10)).unwrap();
                assert_eq!(status.code(), Some(3));
                assert_eq!(
                    child.wait(Duration::ZERO).and_then(|status| status.code()),
                    Some(3)
                );
            }
            drop(child);
            let until = Instant::now() + Duration::from_secs(30);
            // It stays a zombie if no process reaps it.
            let runs = || !state().is_empty() && !state().contains(") Z ");
            while runs() && Instant::now() < until {
                std::thread::sleep(Duration::from_millis(10));
            }
            assert!(!runs(), "{script}: {}", state());
        }
    }
}
