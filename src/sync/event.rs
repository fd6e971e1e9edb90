//! Events of the server worker: plain data.

use std::sync::Arc;

use super::{Item, Plan, Report, RoomPlan, SendState, ServerReport, ServerState};
use crate::model::Jid;

/// Progress.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Progress {
    /// Number of finished rooms of a plan, or changes of an apply.
    pub done: usize,
    /// Total number.
    pub of: usize,
    /// Rate per second over the last few seconds; 0 if unknown.
    pub rate: u32,
}

impl Progress {
    /// Estimated remaining time in seconds; `None` if unknown.
    pub fn seconds_left(self) -> Option<usize> {
        let rate = usize::try_from(self.rate).ok().filter(|rate| *rate > 0)?;
        Some(self.of.saturating_sub(self.done).div_ceil(rate))
    }
}

/// An event of the worker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ServerEvent {
    /// A server's state changed.
    State {
        /// The server's name.
        server: Arc<str>,
        /// The new state.
        state: ServerState,
    },
    /// A server needs the account's password. Answered by [`ServerRequest::Password`].
    ///
    /// [`ServerRequest::Password`]: super::ServerRequest::Password
    Password {
        /// The server's name.
        server: Arc<str>,
        /// The account.
        account: Jid,
    },
    /// A server was checked.
    Checked {
        /// The server's name.
        server: Arc<str>,
        /// What was found, or why it could not be checked, for display.
        report: Result<ServerReport, String>,
    },
    /// Progress of a request.
    Progress {
        /// The request's number.
        id: u64,
        /// The progress.
        progress: Progress,
    },
    /// A plan is ready.
    Planned {
        /// The request's number.
        id: u64,
        /// The plan, or why there is none, for display.
        plan: Result<Arc<Plan>, String>,
    },
    /// A plan was applied.
    Applied {
        /// The request's number.
        id: u64,
        /// The report.
        report: Report,
        /// Whether it was stopped early.
        stopped: bool,
    },
    /// A prepared change is durable in the outbox, or left to the plan. It can be committed now.
    Prepared {
        /// The commit's number.
        id: u64,
    },
    /// A followed room changed on the server. What the plan receives must be committed by the server's actor and
    /// reported by [`ServerRequest::Received`].
    ///
    /// [`ServerRequest::Received`]: super::ServerRequest::Received
    Incoming {
        /// The server's name.
        server: Arc<str>,
        /// The differences, without changes that are being sent.
        plan: Arc<RoomPlan>,
        /// The user who changed it, if the server tells.
        by: Option<Arc<str>>,
    },
    /// The states of this account's unfinished changes in a room.
    Outbox {
        /// The room.
        room: Jid,
        /// The items and their states.
        items: Vec<(Item, SendState)>,
    },
    /// Whether this session follows a room, or another one on this machine.
    Follows {
        /// The room.
        room: Jid,
        /// Whether this session follows it.
        here: bool,
    },
}
