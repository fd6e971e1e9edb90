//! Configured commands. They run in their own session without a terminal, in a fixed environment. When one ends, so does its
//! whole process group: `ssh` that `sudo` started, or what a script left running. A program that makes a session of its own,
//! as `ssh` with `ControlPersist` or `gpg-agent`, stays.

use std::io;
use std::os::fd::OwnedFd;
use std::process::{Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use process_wrap::std::{ChildWrapper, CommandWrap, ProcessSession};
use rustix::io::Errno;
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process_group, waitid};

use super::channel::Channel;
use super::settings::CommandLine;

/// How long a command may take to exit.
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

/// A running command. Dropping it ends the command and its process group.
pub(super) struct Child {
    /// Its standard input, output and error.
    pub(super) channel: Channel,
    leader: Box<dyn ChildWrapper>,
    /// Its process group was killed.
    ended: bool,
}

impl Child {
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
        // No terminal, so that nothing can ask for a password on the moderator's screen.
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
            ended: false,
        })
    }

    /// Waits until the command exits; `None` if it does not in time.
    #[cfg(any(test, feature = "live"))]
    pub(super) fn wait(&mut self, time: Duration) -> Option<ExitStatus> {
        let exited = self.exits_within(time);
        // The process group is killed before its leader is reaped: after that, its number can be another one's.
        exited.then(|| self.end()).flatten()
    }

    /// Waits until the command exits, without reaping it.
    fn exits_within(&self, time: Duration) -> bool {
        let began = Instant::now();
        let flags = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
        let Some(process) = self.process() else {
            return false;
        };
        loop {
            match waitid(WaitId::Pid(process), flags) {
                // An error: it was reaped before.
                Ok(Some(_)) | Err(Errno::CHILD) => return true,
                Ok(None) | Err(_) => {}
            }
            if began.elapsed() >= time {
                return false;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    fn process(&self) -> Option<Pid> {
        Pid::from_raw(i32::try_from(self.leader.id()).ok()?)
    }

    /// Kills what is left of the process group and returns how the command exited.
    fn end(&mut self) -> Option<ExitStatus> {
        if !self.ended {
            self.ended = true;
            if let Some(process) = self.process() {
                // If all of it has exited, there is nothing to kill.
                let _ = kill_process_group(process, Signal::KILL);
            }
        }
        self.leader.wait().ok()
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        if !self.ended {
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
                // Read once: it becomes another program meanwhile.
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
            // Nobody may be there to reap it.
            let runs = || !state().is_empty() && !state().contains(") Z ");
            while runs() && Instant::now() < until {
                std::thread::sleep(Duration::from_millis(10));
            }
            assert!(!runs(), "{script}: {}", state());
        }
    }
}
