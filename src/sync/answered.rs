//! The time and connection of a server's answer, and whether the server may have lost a change that it acknowledged.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// The period in which a server answered: after the server was asked, and before its answer was handled. The period can be
/// long if the process was suspended in between.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct AnswerTime {
    /// When the answer was handled.
    time: Timestamp,
    /// When the server was asked; `None`: unknown, or not before `time`, which is then used instead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    asked: Option<Timestamp>,
}

impl AnswerTime {
    /// Creates the time of an answer from the times at which the server was `asked` and its answer was `handled`.
    pub fn new(asked: Timestamp, handled: Timestamp) -> Self {
        Self {
            time: handled,
            asked: Some(asked).filter(|asked| *asked < handled),
        }
    }

    /// The earliest time at which the server can have answered.
    pub fn earliest(self) -> Timestamp {
        self.asked.map_or(self.time, |asked| asked.min(self.time))
    }

    /// The latest time at which the server can have answered: when its answer was handled.
    pub fn latest(self) -> Timestamp {
        self.time
    }
}

/// When and on which connection a server answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answered {
    /// The time of the answer.
    #[serde(flatten)]
    pub at: AnswerTime,
    /// The number of the connection ([`Stream::number`]).
    pub stream: u64,
}

/// A connection by which rooms are read and changes are sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stream {
    /// The connection's number, unique among all connections of all sessions.
    pub number: u64,
    /// A time at which the connection was already open, or since which the server has been running, as it reported. As long as
    /// the connection lasts, the server cannot have lost a change that it has acknowledged to anyone since this time, because a
    /// server that crashes closes its connections.
    pub since: Timestamp,
}

impl Stream {
    /// Whether the server may have lost a change that it acknowledged at this time, because it may have crashed before this
    /// connection was open.
    pub fn may_have_lost(self, answered: AnswerTime) -> bool {
        self.since > answered.earliest()
    }
}
