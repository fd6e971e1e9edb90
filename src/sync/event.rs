//! Events of the server worker: plain data.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Item, Occupants, Plan, Report, RoomPlan, SendState, ServerClass, ServerReport, ServerState};
use crate::model::{Jid, Room};

/// The progress of a request.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Progress {
    /// Number of rooms read or changes finished so far.
    pub done: usize,
    /// Total number.
    pub total: usize,
    /// Rate per second over the last few seconds; 0 if unknown.
    pub rate: u32,
}

impl Progress {
    /// Estimated remaining time in seconds; `None` if unknown.
    pub fn seconds_left(self) -> Option<usize> {
        let rate = usize::try_from(self.rate).ok().filter(|rate| *rate > 0)?;
        Some(self.total.saturating_sub(self.done).div_ceil(rate))
    }
}

/// Who follows a room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Follower {
    /// This session.
    Here,
    /// Another session on this machine. The text names its actor and process, for display; `None` if they are unknown.
    Elsewhere(Option<Arc<str>>),
    /// Nobody: another session on this machine has the room's lock, but has given no sign of life for 30 s. The text is as
    /// above.
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
    /// The class that a server had when one of its rooms was last compared, in any session; reported once, if the server is
    /// not connected.
    Class {
        /// The server's name.
        server: Arc<str>,
        /// The class.
        class: ServerClass,
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
    /// Followed rooms changed on the server, or a conflict was resolved with the server's value. What the plan receives must be
    /// committed with the server's actor, as far as the file still has what was compared ([`RoomPlan::keep_current`]), and
    /// each room must be reported by [`ServerRequest::Received`], even if nothing was committed.
    ///
    /// [`RoomPlan::keep_current`]: super::RoomPlan::keep_current
    /// [`ServerRequest::Received`]: super::ServerRequest::Received
    Incoming {
        /// The differences, without changes that are being sent.
        plan: Arc<Plan>,
        /// Who changed each room, if the server reports it.
        by: BTreeMap<Jid, Arc<str>>,
    },
    /// A followed room was compared, and nothing is to be received.
    Compared {
        /// The room of the file that was compared.
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
    /// Who follows a room of [`ServerRequest::Follow`]; reported whenever that changes.
    ///
    /// [`ServerRequest::Follow`]: super::ServerRequest::Follow
    Follows {
        /// The room.
        room: Jid,
        /// The follower.
        follower: Follower,
    },
    /// Who is in a followed or selected room, if its server says so.
    Occupants {
        /// The room.
        room: Jid,
        /// The users in the room, and those with a nickname reserved there; `None`: not known, or no longer.
        occupants: Option<Arc<Occupants>>,
    },
}
