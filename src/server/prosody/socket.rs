//! The transport over the admin socket, which uses XML.

use std::collections::VecDeque;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Instant;

use rxml::{Event, Options, Parse as _, Parser, WithOptions as _};

use super::transport::{ShellMessage, Transport};
use crate::server::channel::{Channel, ChannelError};

/// Maximum size of a text from the shell, in bytes.
const MAX_TEXT_BYTES: usize = 4 << 20;
/// Maximum size of a printed piece of an answer, in bytes.
const MAX_PIECE_BYTES: usize = 256 << 10;

/// The start tag of the stream.
const OPEN: &str =
    "<stream:stream xmlns='xmpp:prosody.im/admin' xmlns:stream='http://etherx.jabber.org/streams'>";

/// A connection to the admin socket.
pub(super) struct Socket {
    channel: Channel,
    reader: ElementReader,
}

/// Parses the received XML.
struct ElementReader {
    parser: Parser,
    /// Number of open elements, including the stream.
    depth: usize,
    /// The name of the current child of the stream.
    name: String,
    /// Whether the current child has the type `error`.
    is_error: bool,
    /// The text of the current child so far.
    text: String,
    messages: VecDeque<ShellMessage>,
}

impl Socket {
    /// Connects to a socket, and opens the stream.
    pub(super) fn open(path: &Path, deadline: Instant) -> Result<Self, ChannelError> {
        let stream = UnixStream::connect(path).map_err(ChannelError::Io)?;
        let input = stream.try_clone().map_err(ChannelError::Io)?;
        let channel = Channel::new(Some(OwnedFd::from(input)), OwnedFd::from(stream), None);
        let mut socket = Self {
            channel: channel.map_err(ChannelError::Io)?,
            reader: ElementReader::new(),
        };
        socket.channel.send(OPEN.as_bytes(), deadline)?;
        Ok(socket)
    }
}

impl Transport for Socket {
    fn send(&mut self, lines: &[String], deadline: Instant) -> Result<(), ChannelError> {
        let mut xml = String::new();
        for line in lines {
            let line = line
                .replace('&', "&amp;")
                .replace('<', "&lt;")
                .replace('>', "&gt;");
            for part in ["<repl-input>", &line, "</repl-input>"] {
                xml.push_str(part);
            }
        }
        self.channel.send(xml.as_bytes(), deadline)
    }

    fn receive(&mut self, deadline: Instant) -> Result<ShellMessage, ChannelError> {
        loop {
            if let Some(message) = self.reader.messages.pop_front() {
                return Ok(message);
            }
            let bytes = self.channel.receive(deadline)?;
            self.reader.read(&bytes)?;
        }
    }

    fn max_piece_bytes(&self) -> usize {
        MAX_PIECE_BYTES
    }

    fn error_output(&self) -> String {
        String::new()
    }

    fn close(&mut self) {
        let deadline = Instant::now() + std::time::Duration::from_millis(200);
        // If the connection is lost, there is nothing to close.
        let _ = self.channel.send(b"</stream:stream>", deadline);
    }
}

impl ElementReader {
    fn new() -> Self {
        let options = Options {
            max_token_length: 8192,
            ..Options::default()
        };
        Self {
            parser: Parser::with_options(options),
            depth: 0,
            name: String::new(),
            is_error: false,
            text: String::new(),
            messages: VecDeque::new(),
        }
    }

    fn read(&mut self, bytes: &[u8]) -> Result<(), ChannelError> {
        let mut rest = bytes;
        loop {
            match self.parser.parse(&mut rest, false) {
                Ok(Some(event)) => self.handle_event(event)?,
                Err(rxml::error::EndOrError::NeedMoreData) => return Ok(()),
                Ok(None) => return Err(ChannelError::Closed),
                Err(rxml::error::EndOrError::Error(error)) => {
                    return Err(ChannelError::Malformed(format!("it is not XML: {error}")));
                }
            }
        }
    }

    /// Handles a part of the XML.
    fn handle_event(&mut self, event: Event) -> Result<(), ChannelError> {
        match event {
            Event::StartElement(_, (_, name), attributes) => {
                self.depth += 1;
                if self.depth == 2 {
                    self.name = name.to_string();
                    self.is_error = attributes
                        .iter()
                        .any(|((_, name), value)| *name == "type" && value == "error");
                    self.text.clear();
                }
            }
            Event::Text(_, text) if self.depth >= 2 => {
                self.text.push_str(&text);
                if self.text.len() > MAX_TEXT_BYTES {
                    return Err(ChannelError::TooLong);
                }
            }
            Event::XmlDeclaration(..) | Event::Text(..) => {}
            Event::EndElement(_) => {
                self.depth = self.depth.saturating_sub(1);
                match (self.depth, self.name.as_str()) {
                    (0, _) => return Err(ChannelError::Closed),
                    (1, "repl-output") => self.end_message(ShellMessage::Output),
                    (1, "repl-result") if self.is_error => self.end_message(ShellMessage::Failed),
                    (1, "repl-result") => self.end_message(ShellMessage::Result),
                    _ => {}
                }
            }
        }
        Ok(())
    }

    /// Adds the message that `create` makes of the text of the current child.
    fn end_message(&mut self, create: fn(String) -> ShellMessage) {
        let text = std::mem::take(&mut self.text);
        self.messages.push_back(match create(text) {
            ShellMessage::Result(text) => {
                ShellMessage::Result(text.strip_prefix("Result: ").unwrap_or(&text).to_owned())
            }
            message => message,
        });
    }
}

/// Explains why a socket cannot be opened. Returns whether the cause may be temporary, and the message for display.
pub(super) fn explain(path: &Path, error: &io::Error) -> (bool, String) {
    let path = path.display();
    match error.kind() {
        io::ErrorKind::PermissionDenied => (
            false,
            format!(
                "Cannot open the admin socket {path}: permission denied. Only root and the account that Prosody runs as can; give a command with sudo instead of the socket."
            ),
        ),
        io::ErrorKind::NotFound => (
            true,
            format!(
                "Cannot open the admin socket {path}: no such file. Check that Prosody is running with mod_admin_shell"
            ),
        ),
        io::ErrorKind::ConnectionRefused => (
            true,
            format!("Cannot open the admin socket {path}: Prosody is not running."),
        ),
        _ => (true, format!("Cannot open the admin socket {path}: {error}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> (Vec<ShellMessage>, Result<(), ChannelError>) {
        let mut reader = ElementReader::new();
        let mut result = Ok(());
        // Byte by byte, as it may arrive.
        for byte in text.as_bytes() {
            result = reader.read(std::slice::from_ref(byte));
            if result.is_err() {
                break;
            }
        }
        (reader.messages.into(), result)
    }

    const BEGIN: &str = "<?xml version='1.0'?><stream:stream xmlns:stream='http://etherx.jabber.org/streams' xmlns='xmpp:prosody.im/admin'>";

    #[test]
    fn parses_shell_byte_by_byte() {
        let (messages, result) = read(&format!(
            "{BEGIN} <repl-output>a &lt;b</repl-output><repl-result>Result: c</repl-result><other><repl-output>x</repl-output></other>\
             <repl-result type='error'>no</repl-result>"
        ));
        assert!(result.is_ok());
        assert_eq!(
            messages,
            [
                ShellMessage::Output("a <b".into()),
                ShellMessage::Result("c".into()),
                ShellMessage::Failed("no".into())
            ]
        );
    }

    #[test]
    fn rejects_other_protocols() {
        for (text, wanted) in [
            ("HTTP/1.1 200 OK\r\n\r\n<html>", "Malformed"),
            ("<a><b></a>", "Malformed"),
            ("<a></a>", "Closed"),
            ("<!DOCTYPE a><a>", "Malformed"),
        ] {
            let (_, result) = read(text);
            let error = format!("{:?}", result.expect_err(text));
            assert!(error.starts_with(wanted), "{text}: {error}");
        }
        let endless = format!("{BEGIN}<repl-output>{}", "a".repeat(MAX_TEXT_BYTES + 20_000));
        let mut reader = ElementReader::new();
        assert!(matches!(
            reader.read(endless.as_bytes()),
            Err(ChannelError::TooLong)
        ));
    }
}
