//! Consequences of a commit of this session.

use std::sync::Arc;

use super::{GUARD_USERS, ServerRequest, UnstoredHat};
use crate::model::Jid;

/// A consequence of a commit of this session in a room that belongs to a server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AfterCommit {
    /// The changes can be sent.
    Send(ServerRequest),
    /// The changes are not sent automatically, only when a plan is applied.
    Held {
        /// The server's name.
        server: Arc<str>,
        /// The room.
        room: Jid,
        /// The reason.
        reason: HeldReason,
    },
    /// The server cannot store everything, so that some of it stays in the data file.
    Unstored {
        /// The room.
        room: Jid,
        /// The first hat that the server cannot store completely.
        first: UnstoredHat,
        /// The number of other hats that the server cannot store completely.
        more: usize,
    },
}

/// Why saved changes are not sent automatically.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HeldReason {
    /// More than [`GUARD_USERS`] users lose hats, and nobody confirmed that.
    ManyLoseHats,
    /// The changes could not be written into the outbox; the text says why, for display.
    NotRecorded(String),
}

impl std::fmt::Display for HeldReason {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::ManyLoseHats => write!(f, "more than {GUARD_USERS} users lose hats"),
            Self::NotRecorded(why) => write!(f, "the change could not be recorded: {why}"),
        }
    }
}
