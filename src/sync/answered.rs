//! The time and connection of a server's answer, and whether the server may have lost what it acknowledged then.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// The time at which a server answered, as a period: after it was asked, and before its answer was handled. The period can be
/// long if the process was suspended in between.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct AnswerTime {
    /// When the answer was handled.
    time: Timestamp,
    /// When the server was asked; `None`: at the same time, as far as is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    asked: Option<Timestamp>,
}

impl AnswerTime {
    /// Creates the time of an answer that was `handled` at this time, by a server that was `asked` before.
    pub fn new(asked: Timestamp, handled: Timestamp) -> Self {
        Self {
            time: handled,
            asked: Some(asked).filter(|asked| *asked < handled),
        }
    }

    /// The server did not answer before this time.
    pub fn earliest(self) -> Timestamp {
        self.asked.map_or(self.time, |asked| asked.min(self.time))
    }

    /// The server answered by this time.
    pub fn latest(self) -> Timestamp {
        self.time
    }
}

/// An answer of the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answered {
    /// The time.
    #[serde(flatten)]
    pub at: AnswerTime,
    /// The number of the connection ([`Stream::number`]).
    pub stream: u64,
}

/// A connection by which rooms are read and changes are sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stream {
    /// Its number, unique among all connections of all sessions.
    pub number: u64,
    /// A time when the connection was already open, or since which the server says that it has been running. As long as the
    /// connection lasts, the server cannot have lost what it has acknowledged to anyone since then, because a server that
    /// crashes closes its connections.
    pub since: Timestamp,
}

impl Stream {
    /// Whether the server may have lost what it acknowledged at this time, because it may have crashed before this connection
    /// was open.
    pub fn may_have_lost(self, answered: AnswerTime) -> bool {
        self.since > answered.earliest()
    }
}
