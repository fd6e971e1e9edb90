//! What the worker that talks to servers tells: plain data.

use std::sync::Arc;

use super::{Item, Plan, Report, RoomPlan, SendState, ServerReport, ServerState};
use crate::model::Jid;

/// How far something is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Progress {
    /// So many are done: rooms of a plan, changes of an apply.
    pub done: usize,
    /// Of so many.
    pub of: usize,
    /// So many a second, over the last few seconds; 0 where that is not known yet.
    pub rate: u32,
}

impl Progress {
    /// About how long it takes still, in seconds; `None` where that cannot be said.
    pub fn seconds_left(self) -> Option<usize> {
        let rate = usize::try_from(self.rate).ok().filter(|rate| *rate > 0)?;
        Some(self.of.saturating_sub(self.done).div_ceil(rate))
    }
}

/// What the worker tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ServerEvent {
    /// A server's state changed.
    State {
        /// Its name.
        server: Arc<str>,
        /// What it is now.
        state: ServerState,
    },
    /// A server asks for the account's password. Answered by [`ServerRequest::Password`].
    ///
    /// [`ServerRequest::Password`]: super::ServerRequest::Password
    Password {
        /// Its name.
        server: Arc<str>,
        /// The account.
        account: Jid,
    },
    /// What a check found.
    Checked(ServerReport),
    /// How far something is that was asked for.
    Progress {
        /// The asker's number.
        id: u64,
        /// How far.
        progress: Progress,
    },
    /// A plan is made.
    Planned {
        /// The asker's number.
        id: u64,
        /// The plan, or why there is none, for people.
        plan: Result<Arc<Plan>, String>,
    },
    /// What was done of a plan.
    Applied {
        /// The asker's number.
        id: u64,
        /// What was done.
        report: Report,
        /// It was stopped before all was done.
        stopped: bool,
    },
    /// What is about to be committed is durable in the outbox, or is left to the plan. It can be committed now.
    Prepared {
        /// The commit's number.
        id: u64,
    },
    /// A room that is followed changed on the server: what the plan receives is to be committed by the server's actor,
    /// and to be told by [`ServerRequest::Received`].
    ///
    /// [`ServerRequest::Received`]: super::ServerRequest::Received
    Incoming {
        /// The server's name.
        server: Arc<str>,
        /// What differs. What is on its way to the server is not in it.
        plan: Arc<RoomPlan>,
        /// Who changed it, where the server says that.
        by: Option<Arc<str>>,
    },
    /// What became of changes of this account in a room: all that are not done with.
    Outbox {
        /// The room.
        room: Jid,
        /// The items and their states.
        items: Vec<(Item, SendState)>,
    },
    /// Who follows a room: this session, or another of the machine.
    Follows {
        /// The room.
        room: Jid,
        /// This session does.
        here: bool,
    },
}
