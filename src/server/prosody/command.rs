//! The transport over standard input and output of a command that runs `prosodyctl shell --quiet`, with sudo or over
//! ssh. The command's output has answers after `| ` and errors after `! `, mixed with prompts and echoes of the line
//! editor.

use std::collections::VecDeque;
use std::io;
use std::time::Instant;

use super::transport::{ShellMessage, Transport};
use crate::server::channel::ChannelError;
use crate::server::child::{Child, ChildInput, EXIT_TIMEOUT};
use crate::server::settings::CommandLine;

/// Maximum size of a printed piece of an answer, in bytes: prosodyctl of Prosody 13 crashes at 10,000 bytes of XML.
const MAX_PIECE_BYTES: usize = 9_000;
/// Maximum length of a received line, in bytes.
const MAX_RECEIVED_LINE_BYTES: usize = 64 << 10;
/// Once this many bytes of output that is no message are kept, more of it is discarded.
const MAX_OTHER_OUTPUT_BYTES: usize = 2048;

/// The running command, with the parser of its output.
pub(super) struct RunningCommand {
    child: Child,
    reader: OutputReader,
}

/// Parses the output of the command.
#[derive(Default)]
struct OutputReader {
    /// The beginning of a line whose end has not arrived.
    partial: Vec<u8>,
    messages: VecDeque<ShellMessage>,
    /// Lines that are neither messages nor echoes.
    other_output: String,
}

impl RunningCommand {
    pub(super) fn start(line: &CommandLine) -> io::Result<Self> {
        Ok(Self {
            child: Child::start(line, ChildInput::Pipe)?,
            reader: OutputReader::default(),
        })
    }
}

impl Transport for RunningCommand {
    fn send(&mut self, lines: &[String], deadline: Instant) -> Result<(), ChannelError> {
        let text: String = lines.iter().flat_map(|line| [line.as_str(), "\n"]).collect();
        self.child.channel.send(text.as_bytes(), deadline)
    }

    fn receive(&mut self, deadline: Instant) -> Result<ShellMessage, ChannelError> {
        loop {
            if let Some(message) = self.reader.messages.pop_front() {
                return Ok(message);
            }
            let bytes = self.child.channel.receive(deadline)?;
            self.reader.read(&bytes)?;
        }
    }

    fn max_piece_bytes(&self) -> usize {
        MAX_PIECE_BYTES
    }

    fn error_output(&self) -> String {
        let error_output = self.child.channel.error_output();
        if error_output.trim().is_empty() {
            self.reader.other_output.clone()
        } else {
            error_output
        }
    }

    fn close(&mut self) {
        let deadline = Instant::now() + EXIT_TIMEOUT;
        // The input is not closed, because at the end of the input the line editor would write a history of all lines.
        let _ = self.child.channel.send(b"c2s.session.disconnect()\n", deadline);
        while self.child.channel.receive(deadline).is_ok() {}
    }
}

impl OutputReader {
    fn read(&mut self, bytes: &[u8]) -> Result<(), ChannelError> {
        for part in bytes.split_inclusive(|byte| *byte == b'\n') {
            self.partial.extend_from_slice(part);
            if self.partial.len() > MAX_RECEIVED_LINE_BYTES {
                return Err(ChannelError::TooLong);
            }
            if part.ends_with(b"\n") {
                let line = std::mem::take(&mut self.partial);
                // Spaces are not trimmed, because a piece can end with a space.
                self.read_line(String::from_utf8_lossy(&line).trim_end_matches(['\n', '\r']));
            }
        }
        Ok(())
    }

    fn read_line(&mut self, line: &str) {
        let after = |mark: &str| line.find(mark).and_then(|at| line.get(at + mark.len()..));
        // Without a line editor, a prompt may precede the answer.
        if let Some(text) = after("| Result: ") {
            self.messages.push_back(ShellMessage::Result(text.into()));
        } else if let Some(at) = line.find("| hatrack ") {
            self.messages.push_back(ShellMessage::Output(
                line.get(at + 2..).unwrap_or_default().into(),
            ));
        } else if let Some(text) = line.strip_prefix("! ").or_else(|| after("> ! ")) {
            self.messages.push_back(ShellMessage::Failed(text.into()));
        } else if !line.contains("> hatrack") && self.other_output.len() < MAX_OTHER_OUTPUT_BYTES {
            self.other_output.extend(line.chars().take(300));
            self.other_output.push(' ');
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> (Vec<ShellMessage>, String, Result<(), ChannelError>) {
        let mut reader = OutputReader::default();
        let mut result = Ok(());
        for byte in text.as_bytes() {
            result = reader.read(std::slice::from_ref(byte));
            if result.is_err() {
                break;
            }
        }
        (reader.messages.into(), reader.other_output, result)
    }

    #[test]
    fn finds_answers_among_prompts_and_echoes() {
        let (messages, other_output, _) = read(
            "prosody> > hatrack.put[[abc 9000 hello]] return hatrack.call()\n| hatrack abc 1 x \n| Result: hatrack abc done 1\n\
             prosody> | hatrack abc 1 y\nprosody> ! Error\n! No\n** Unable to connect to server - is it running?\n",
        );
        let output = |text: &str| ShellMessage::Output(text.into());
        let failed = |text: &str| ShellMessage::Failed(text.into());
        assert_eq!(
            messages,
            [
                output("hatrack abc 1 x "),
                ShellMessage::Result("hatrack abc done 1".into()),
                output("hatrack abc 1 y"),
                failed("Error"),
                failed("No"),
            ]
        );
        assert_eq!(other_output, "** Unable to connect to server - is it running? ");
    }

    #[test]
    fn rejects_endless_lines() {
        let (_, _, result) = read(&"a".repeat(MAX_RECEIVED_LINE_BYTES + 1));
        assert!(matches!(result, Err(ChannelError::TooLong)));
    }
}
