//! Reads the password of an account from a configured command. The password exists only in memory.

use std::time::{Duration, Instant};

use crate::model::Jid;
use crate::server::channel::ChannelError;
use crate::server::child::{Child, ChildInput};
use crate::server::error::{Error, sanitize_line};
use crate::server::settings::CommandLine;
use crate::sync::Secret;

/// Maximum duration of the command. The command may ask the user itself, for example for a passphrase.
const COMMAND_TIMEOUT: Duration = Duration::from_secs(60);
/// Maximum size of the command's output, in bytes.
const MAX_OUTPUT_BYTES: usize = 64 << 10;

/// Runs the command and returns the first line of its output. `jid` is the account, for messages.
pub(super) fn from_command(line: &CommandLine, jid: &Jid) -> Result<Secret, Error> {
    let program = line.program.display();
    let failed = |why: String| Error::Refused(format!("Cannot get the password of {jid}: {program} {why}"));
    let mut child =
        Child::start(line, ChildInput::Nothing).map_err(|error| failed(format!("cannot be run: {error}")))?;
    let deadline = Instant::now() + COMMAND_TIMEOUT;
    let mut printed = Vec::new();
    loop {
        match child.channel.receive(deadline) {
            Ok(bytes) => printed.extend_from_slice(&bytes),
            Err(ChannelError::Closed) => break,
            Err(ChannelError::TimedOut) => {
                return Err(failed(format!(
                    "did not exit within {} s.",
                    COMMAND_TIMEOUT.as_secs()
                )));
            }
            Err(ChannelError::TooLong | ChannelError::Malformed(_)) => {
                return Err(failed("printed too much.".into()));
            }
            Err(ChannelError::Io(error)) => return Err(failed(format!("cannot be read: {error}"))),
        }
        if printed.len() > MAX_OUTPUT_BYTES {
            return Err(failed("printed too much.".into()));
        }
    }
    let left = deadline.saturating_duration_since(Instant::now());
    let status = child.wait(left);
    if !status.is_some_and(|status| status.success()) {
        let error_output = sanitize_line(&child.channel.error_output());
        let status = status.map_or_else(|| "it does not exit".to_owned(), |status| status.to_string());
        return Err(failed(if error_output.is_empty() {
            format!("failed: {status}")
        } else {
            format!("failed: {error_output}")
        }));
    }
    let first = printed.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let text = std::str::from_utf8(first).map_err(|_| failed("printed invalid UTF-8.".into()))?;
    let text = text.trim_end_matches('\r');
    if text.is_empty() {
        return Err(failed("printed an empty first line.".into()));
    }
    Ok(Secret::new(text))
}
