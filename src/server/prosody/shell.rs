//! Calls functions of the library that runs in Prosody, over any transport of the shell. Each call has a random nonce,
//! which identifies the answer.

use std::time::{Duration, Instant};

use super::super::error::{Error, sanitize_line};
use super::codec::{escape, unescape};
use super::transport::{MAX_SENT_TEXT_BYTES, ShellMessage, Transport};
use crate::server::channel::ChannelError;

/// The Lua library that runs in Prosody.
const LIBRARY: [&str; 3] = [
    include_str!("library.lua"),
    include_str!("occupants.lua"),
    include_str!("watch.lua"),
];
/// Prepares the session for loading the library. Nothing outside the session changes.
const BEGIN: &str =
    "> hatrack = { buffer = {} } function hatrack.put(s) hatrack.buffer[#hatrack.buffer + 1] = s end";
/// Loads the library from the buffer in the session. The nonce follows as the argument.
const LOAD: &str = "> return (function(n) local s = table.concat(hatrack.buffer):gsub([[%%(%x%x)]], function(h) return string.char(tonumber(h, 16)) end) \
     hatrack.buffer = {} local f, e = (loadstring or load)(s, [[=hatrack]]) if not f then return [[hatrack ]] .. n .. [[ failed ]] .. tostring(e) end \
     f(hatrack, print) return [[hatrack ]] .. n .. [[ done 0]] end)";
/// Maximum size of an answer, in bytes.
const MAX_ANSWER_BYTES: usize = 32 << 20;

/// A shell with the library loaded.
pub(super) struct Shell {
    transport: Box<dyn Transport>,
    /// Maximum time until an answer.
    timeout: Duration,
    /// The nonce of all repeated calls.
    repeated_nonce: String,
}

/// Creates a random nonce for a call.
fn nonce() -> String {
    uuid::Uuid::new_v4().simple().to_string()
}

/// The library as it is sent, without comments and indentation.
pub(super) fn library() -> String {
    let lines = LIBRARY.into_iter().flat_map(str::lines).map(str::trim);
    let code: Vec<&str> = lines
        .filter(|line| !line.is_empty() && !line.starts_with("--"))
        .collect();
    code.join("\n")
}

/// The shell lines that append a text to the buffer in the session. The text must be encoded, so that it contains no
/// syntax of Lua.
fn put_lines(text: &str) -> Vec<String> {
    let mut lines = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let (part, after) = rest.split_at_checked(MAX_SENT_TEXT_BYTES).unwrap_or((rest, ""));
        lines.push(format!("> hatrack.put[[{part}]]"));
        rest = after;
    }
    lines
}

impl Shell {
    /// Loads the library into the session of the shell.
    pub(super) fn open(transport: Box<dyn Transport>, timeout: Duration) -> Result<Self, Error> {
        let mut shell = Self {
            transport,
            timeout,
            repeated_nonce: nonce(),
        };
        let nonce = nonce();
        let mut lines = vec![BEGIN.to_owned()];
        lines.extend(put_lines(&escape(&library())));
        lines.push(format!("{LOAD}[[{nonce}]]"));
        match shell.exchange(&lines, &nonce) {
            Ok(_) => Ok(shell),
            // Nothing was requested yet, so no outcome is unknown.
            Err(Error::Lost(text)) => Err(Error::Away(text)),
            Err(error) => Err(error),
        }
    }

    /// Calls a function of the library with records encoded by the codec. After an error the connection is unusable.
    pub(super) fn call(&mut self, function: &str, request: &str) -> Result<String, Error> {
        self.call_as(&nonce(), function, request)
    }

    /// Like [`Self::call`], for a call that is repeated for days. Each repetition sends the same line, so that a line editor
    /// keeps the line only once. The answer to an earlier call cannot be taken for the answer to a later one with the same
    /// nonce, because a connection is not used after an error.
    pub(super) fn call_repeatedly(&mut self, function: &str, request: &str) -> Result<String, Error> {
        let nonce = self.repeated_nonce.clone();
        self.call_as(&nonce, function, request)
    }

    /// Calls a function with this nonce.
    fn call_as(&mut self, nonce: &str, function: &str, request: &str) -> Result<String, Error> {
        let max_piece_bytes = self.transport.max_piece_bytes();
        let mut lines = put_lines(&format!("{nonce} {max_piece_bytes} {function} {request}"));
        if let Some(last) = lines.last_mut() {
            last.push_str(" return hatrack.call()");
        }
        self.exchange(&lines, nonce)
    }

    /// Closes the connection cleanly.
    pub(super) fn close(&mut self) {
        // If this cannot be sent, the hooks in the server are removed at the end of their lease.
        let deadline = Instant::now() + Duration::from_millis(200);
        let _ = self.transport.send(&["> hatrack.stop()".to_owned()], deadline);
        self.transport.close();
    }

    /// Sends lines, and waits for the answer with this nonce.
    fn exchange(&mut self, lines: &[String], nonce: &str) -> Result<String, Error> {
        let deadline = Instant::now() + self.timeout;
        self.transport
            .send(lines, deadline)
            .map_err(|error| self.explain(error))?;
        let prefix = format!("hatrack {nonce} ");
        let mut answer = String::new();
        let mut pieces = 0_usize;
        loop {
            match self
                .transport
                .receive(deadline)
                .map_err(|error| self.explain(error))?
            {
                ShellMessage::Output(text) => {
                    let Some(rest) = text.strip_prefix(&prefix) else {
                        continue;
                    };
                    let (number, piece) = rest.split_once(' ').unwrap_or((rest, ""));
                    pieces += 1;
                    if number.parse() != Ok(pieces) || answer.len() + piece.len() > MAX_ANSWER_BYTES {
                        return Err(Error::Malformed(
                            "a piece of it is missing, or it is too long".into(),
                        ));
                    }
                    answer.push_str(piece);
                }
                ShellMessage::Result(text) => {
                    let Some(rest) = text.strip_prefix(&prefix) else {
                        continue;
                    };
                    return match rest.split_once(' ') {
                        Some(("done", count)) if count.parse() == Ok(pieces) => Ok(answer),
                        Some(("failed", why)) => {
                            let why = unescape(why).unwrap_or_else(|| why.to_owned());
                            Err(Error::Malformed(format!("Prosody says: {}", sanitize_line(&why))))
                        }
                        _ => Err(Error::Malformed("its end is missing".into())),
                    };
                }
                ShellMessage::Failed(why) => {
                    return Err(Error::Malformed(format!("Prosody says: {}", sanitize_line(&why))));
                }
            }
        }
    }

    /// Converts an error of the channel.
    fn explain(&self, error: ChannelError) -> Error {
        let error_output = sanitize_line(&self.transport.error_output());
        let suffix = if error_output.is_empty() {
            String::new()
        } else {
            format!(": {error_output}")
        };
        match error {
            ChannelError::Closed => Error::Lost(format!("Prosody ended the connection{suffix}")),
            ChannelError::TimedOut => Error::Lost(format!(
                "Prosody did not answer within {} s{suffix}",
                self.timeout.as_secs_f32()
            )),
            ChannelError::TooLong => Error::Malformed("it is too long".into()),
            ChannelError::Malformed(why) => Error::Malformed(why),
            ChannelError::Io(error) => {
                Error::Lost(format!("the connection to Prosody broke: {error}{suffix}"))
            }
        }
    }
}
