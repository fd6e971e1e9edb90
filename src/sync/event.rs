//! Events of the server worker: plain data.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Item, Occupants, Plan, Report, RoomPlan, SendState, ServerClass, ServerReport, ServerState};
use crate::model::{Jid, Room};

/// The progress of a request.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Progress {
    /// Number of rooms read, or of changes finished, so far.
    pub done: usize,
    /// Total number of rooms to read, or of changes to send.
    pub total: usize,
    /// Number of rooms or changes per second, measured over the last few seconds; 0 if unknown.
    pub rate: u32,
}

impl Progress {
    /// Estimated remaining time in seconds; `None` if unknown.
    pub fn seconds_left(self) -> Option<usize> {
        let rate = usize::try_from(self.rate).ok().filter(|rate| *rate > 0)?;
        Some(self.total.saturating_sub(self.done).div_ceil(rate))
    }
}

/// The follower of a room: the session that receives the changes that others make on the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Follower {
    /// This session.
    Here,
    /// Another session on this machine. The text names its actor and process, for display; `None` if these are unknown.
    Elsewhere(Option<Arc<str>>),
    /// Nobody: another session on this machine has the room's lock, but has not renewed its note in the lock for 30 s. The
    /// text names the actor and process of that session, for display; `None` if these are unknown.
    Silent(Option<Arc<str>>),
    /// Nobody: the room has not been compared with its server yet, or has to be compared again.
    NotCompared,
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
    /// The class that a server had when one of its rooms was last compared, in any session. Reported once, and only if the
    /// server is not connected.
    Class {
        /// The server's name.
        server: Arc<str>,
        /// The class.
        class: ServerClass,
    },
    /// A server needs the account's password. [`ServerRequest::Password`] is the answer.
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
        /// The result, or why the server could not be checked, for display.
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
    /// The base could not be updated, although the received changes are in the file. Until it is updated, later differences
    /// may look like conflicts.
    NotRecorded {
        /// The server's name.
        server: Arc<str>,
        /// The room.
        room: Jid,
        /// Why, for display.
        reason: String,
    },
    /// Saved changes were sent, as far as that was possible; `Outbox` events report their states.
    Sent {
        /// The report.
        report: Report,
        /// Whether this answers a request; if not, waiting changes were sent automatically.
        is_answer: bool,
    },
    /// Followed rooms changed on the server, or a conflict was resolved with the server's value. The lines that the plan
    /// receives must be committed with the server's actor, as far as the file still has the values that were compared
    /// ([`RoomPlan::keep_current`]). Then each room must be reported by [`ServerRequest::Received`], even if nothing was
    /// committed.
    ///
    /// [`RoomPlan::keep_current`]: super::RoomPlan::keep_current
    /// [`ServerRequest::Received`]: super::ServerRequest::Received
    Incoming {
        /// The differences, without changes that are being sent.
        plan: Arc<Plan>,
        /// The actor who changed each room; without rooms whose actor is unknown.
        by: BTreeMap<Jid, Arc<str>>,
    },
    /// A followed room was compared, and there is nothing to receive.
    Compared {
        /// The room in the file, as it was compared.
        local: Arc<Room>,
        /// The differences, without changes that are being sent.
        plan: Arc<RoomPlan>,
    },
    /// The states of this account's unfinished changes in a room.
    Outbox {
        /// The room.
        room: Jid,
        /// The items and their states.
        items: Vec<(Item, SendState)>,
    },
    /// The follower of a room of [`ServerRequest::Follow`] changed.
    ///
    /// [`ServerRequest::Follow`]: super::ServerRequest::Follow
    Follows {
        /// The room.
        room: Jid,
        /// The new follower.
        follower: Follower,
    },
    /// The occupants of a followed or selected room, if its server reports them.
    Occupants {
        /// The room.
        room: Jid,
        /// The users who are in the room or have a nickname reserved there; `None`: they are not known, or no longer known.
        occupants: Option<Arc<Occupants>>,
    },
}
