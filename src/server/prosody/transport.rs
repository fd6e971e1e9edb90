//! The interface of the transports of the admin shell: its socket, and standard input and output of a command.

use std::time::Instant;

use crate::server::channel::ChannelError;

/// A message of the shell.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum ShellMessage {
    /// Printed output.
    Output(String),
    /// A command finished, with its result.
    Result(String),
    /// A command failed, with the reason.
    Failed(String),
}

/// Maximum length of the text in a line that is sent to the shell, in bytes, without the Lua around the text. Prosody
/// 13 closes the connection at 10,000 bytes of XML.
pub(super) const MAX_SENT_TEXT_BYTES: usize = 9_000;

/// A connection to the shell.
pub(super) trait Transport: Send {
    /// Sends lines to the shell, which contain only ASCII without control characters.
    fn send(&mut self, lines: &[String], deadline: Instant) -> Result<(), ChannelError>;

    /// Waits for the next message of the shell until `deadline`.
    fn receive(&mut self, deadline: Instant) -> Result<ShellMessage, ChannelError>;

    /// Maximum size of a printed piece of an answer, in bytes.
    fn max_piece_bytes(&self) -> usize;

    /// The error output of the peer, unsanitized; empty if there was none.
    fn error_output(&self) -> String;

    /// Closes the connection cleanly, without waiting long.
    fn close(&mut self);
}
