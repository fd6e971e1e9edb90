//! What carries the admin shell: its socket, or standard input and output of a command. Both say the same things.

use std::time::Instant;

use super::channel::Broken;

/// Something that the shell said.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Said {
    /// It was printed.
    Output(String),
    /// A command ended; what it gave.
    Result(String),
    /// A command failed; the reason.
    Failed(String),
}

/// The longest line of the shell that is sent, in bytes, without its frame. Prosody 13 ends the connection at 10,000 of XML.
pub(super) const LONGEST_LINE: usize = 9_000;

/// A connection to the shell.
pub(super) trait Carrier: Send {
    /// Sends lines of the shell, of ASCII without control characters.
    fn send(&mut self, lines: &[String], until: Instant) -> Result<(), Broken>;

    /// Waits for what the shell says next.
    fn receive(&mut self, until: Instant) -> Result<Said, Broken>;

    /// The longest piece of an answer that can be printed, in bytes.
    fn longest_piece(&self) -> usize;

    /// What the other side complained about, for people; empty where it did not.
    fn complaint(&self) -> String;

    /// Ends the connection in good order, without waiting long.
    fn close(&mut self);
}
