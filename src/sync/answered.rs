//! When and on which connection a server answered, and whether it may have lost what it acknowledged then.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// When a server answered: after it was asked and before its answer was handled. This can be long after, if the process was
/// suspended meanwhile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct AnswerTime {
    /// When the answer was handled.
    time: Timestamp,
    /// When the server was asked; `None`: at the same time, as far as is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    asked: Option<Timestamp>,
}

impl AnswerTime {
    /// An answer that was `handled` at this time, of a server that was `asked` before.
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
    /// When.
    #[serde(flatten)]
    pub at: AnswerTime,
    /// The connection.
    pub stream: u64,
}

/// A connection by which rooms are read and changes are sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stream {
    /// Its number, which no other one has.
    pub number: u64,
    /// A time at which it was open already, or since which the server says it has run. What the server acknowledged since
    /// then, to whomever, it cannot have lost while this connection lasted: a server that crashes closes its connections.
    pub since: Timestamp,
}

impl Stream {
    /// Whether the server may have lost what it acknowledged at this time: it may have fallen over before this connection was
    /// open.
    pub fn may_have_lost(self, answered: AnswerTime) -> bool {
        self.since > answered.earliest()
    }
}
