//! The transport over standard input and output of a command that runs `prosodyctl shell --quiet`, with sudo or over
//! ssh. Its output has answers after `| ` and errors after `! `, mixed with prompts and echoes of the line editor.

use std::collections::VecDeque;
use std::io;
use std::os::fd::OwnedFd;
use std::process::{Command as Spawn, Stdio};
use std::time::{Duration, Instant};

use process_wrap::std::{ChildWrapper, CommandWrap, ProcessSession};

use super::carrier::{Carrier, Said};
use super::channel::{Broken, Channel};
use crate::server::settings::CommandLine;

/// Maximum size of a printed piece, in bytes: prosodyctl of Prosody 13 crashes at 10,000 of XML.
const PIECE: usize = 9_000;
/// Maximum length of a received line, in bytes.
const LONGEST_LINE: usize = 64 << 10;
/// Maximum amount kept of other output of the command, in bytes.
const CHATTER: usize = 2048;
/// How long the command may take to exit.
const FAREWELL: Duration = Duration::from_millis(500);

/// A running command.
pub(super) struct Command {
    channel: Channel,
    child: Box<dyn ChildWrapper>,
    reader: Reader,
}

/// Parses the received bytes.
#[derive(Default)]
struct Reader {
    partial: Vec<u8>,
    said: VecDeque<Said>,
    chatter: String,
}

impl Command {
    pub(super) fn start(line: &CommandLine) -> io::Result<Self> {
        let mut command = Spawn::new(&line.program);
        command
            .args(&line.arguments)
            .env_clear()
            .envs(line.variables.iter().map(|(name, value)| (name, value)))
            .env(
                "PATH",
                "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            )
            .env("LC_ALL", "C")
            // With `dumb`, the line editor cuts long lines.
            .env("TERM", "xterm")
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut command = CommandWrap::from(command);
        // No terminal, so that nothing can ask for a password on the moderator's screen.
        command.wrap(ProcessSession);
        let mut child = command.spawn()?;
        let missing = || io::Error::other("a pipe is missing");
        let input = child.stdin().take().ok_or_else(missing)?;
        let output = child.stdout().take().ok_or_else(missing)?;
        let errors = child.stderr().take().ok_or_else(missing)?;
        let channel = Channel::new(
            OwnedFd::from(input),
            OwnedFd::from(output),
            Some(OwnedFd::from(errors)),
        )?;
        Ok(Self {
            channel,
            child,
            reader: Reader::default(),
        })
    }
}

impl Carrier for Command {
    fn send(&mut self, lines: &[String], until: Instant) -> Result<(), Broken> {
        let text: String = lines.iter().flat_map(|line| [line.as_str(), "\n"]).collect();
        self.channel.send(text.as_bytes(), until)
    }

    fn receive(&mut self, until: Instant) -> Result<Said, Broken> {
        loop {
            if let Some(said) = self.reader.said.pop_front() {
                return Ok(said);
            }
            let bytes = self.channel.receive(until)?;
            self.reader.read(&bytes)?;
        }
    }

    fn longest_piece(&self) -> usize {
        PIECE
    }

    fn complaint(&self) -> String {
        let complaint = self.channel.complaint();
        if complaint.trim().is_empty() {
            self.reader.chatter.clone()
        } else {
            complaint
        }
    }

    fn close(&mut self) {
        let soon = Instant::now() + FAREWELL;
        // Not by closing the input: the line editor would then write everything sent to a history file.
        let _ = self.channel.send(b"c2s.session.disconnect()\n", soon);
        while self.channel.receive(soon).is_ok() {}
    }
}

impl Drop for Command {
    fn drop(&mut self) {
        let began = Instant::now();
        while began.elapsed() < FAREWELL {
            if matches!(self.child.try_wait(), Ok(Some(_))) {
                return;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        // Kills its whole session. If it has exited, there is nothing to kill.
        let _ = self.child.start_kill();
        let _ = self.child.wait();
    }
}

impl Reader {
    fn read(&mut self, bytes: &[u8]) -> Result<(), Broken> {
        for part in bytes.split_inclusive(|byte| *byte == b'\n') {
            self.partial.extend_from_slice(part);
            if self.partial.len() > LONGEST_LINE {
                return Err(Broken::Flood);
            }
            if part.ends_with(b"\n") {
                let line = std::mem::take(&mut self.partial);
                // Do not trim spaces: a piece can end with one.
                self.line(String::from_utf8_lossy(&line).trim_end_matches(['\n', '\r']));
            }
        }
        Ok(())
    }

    fn line(&mut self, line: &str) {
        let after = |mark: &str| line.find(mark).and_then(|at| line.get(at + mark.len()..));
        // Without a line editor, a prompt may precede it.
        if let Some(text) = after("| Result: ") {
            self.said.push_back(Said::Result(text.into()));
        } else if let Some(at) = line.find("| hatrack ") {
            self.said
                .push_back(Said::Output(line.get(at + 2..).unwrap_or_default().into()));
        } else if let Some(text) = line.strip_prefix("! ").or_else(|| after("> ! ")) {
            self.said.push_back(Said::Failed(text.into()));
        } else if !line.contains("> hatrack") && self.chatter.len() < CHATTER {
            self.chatter.extend(line.chars().take(300));
            self.chatter.push(' ');
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> (Vec<Said>, String, Result<(), Broken>) {
        let mut reader = Reader::default();
        let mut result = Ok(());
        for byte in text.as_bytes() {
            result = reader.read(std::slice::from_ref(byte));
            if result.is_err() {
                break;
            }
        }
        (reader.said.into(), reader.chatter, result)
    }

    #[test]
    fn finds_answers_among_prompts_and_echoes() {
        let (said, chatter, _) = read(
            "prosody> > hatrack.put[[abc 9000 hello]] return hatrack.call()\n| hatrack abc 1 x \n| Result: hatrack abc done 1\n\
             prosody> | hatrack abc 1 y\nprosody> ! Error\n! No\n** Unable to connect to server - is it running?\n",
        );
        let output = |text: &str| Said::Output(text.into());
        let failed = |text: &str| Said::Failed(text.into());
        assert_eq!(
            said,
            [
                output("hatrack abc 1 x "),
                Said::Result("hatrack abc done 1".into()),
                output("hatrack abc 1 y"),
                failed("Error"),
                failed("No"),
            ]
        );
        assert_eq!(chatter, "** Unable to connect to server - is it running? ");
    }

    #[test]
    fn rejects_endless_lines() {
        let (_, _, result) = read(&"a".repeat(LONGEST_LINE + 1));
        assert!(matches!(result, Err(Broken::Flood)));
    }
}
