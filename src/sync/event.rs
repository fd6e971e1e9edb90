//! Events of the server worker: plain data.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Item, Occupants, Plan, Report, RoomPlan, SendState, ServerClass, ServerReport, ServerState};
use crate::model::{Jid, Room};

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

/// Who follows a room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Follower {
    /// This session.
    Here,
    /// Another session on this machine: its actor and process, for display, if it says so.
    Elsewhere(Option<Arc<str>>),
    /// Nobody: another session on this machine is to follow it, as above, but has not looked at the room for 30 s.
    Silent(Option<Arc<str>>),
    /// Nobody: it has not been compared with its server yet, or has to be compared again.
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
    /// What a server could store when its rooms were last compared, in any session; reported before it is connected.
    Class {
        /// The server's name.
        server: Arc<str>,
        /// Its class then.
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
    /// What both sides have was not recorded, although what was received is in the file. Until it can be, differences that
    /// appear later may look like conflicts.
    NotRecorded {
        /// The server's name.
        server: Arc<str>,
        /// The room.
        room: Jid,
        /// Why, for display.
        reason: String,
    },
    /// Saved changes were sent, as far as that was possible; `Outbox` has their states.
    Sent {
        /// What was done.
        report: Report,
        /// Whether this answers a request; else changes that waited were tried again.
        is_answer: bool,
    },
    /// Followed rooms changed on the server. What the plan receives must be committed by the server's actor, as far as the
    /// file still has what was compared ([`RoomPlan::keep_current`]), and each room reported by [`ServerRequest::Received`],
    /// also if nothing was committed.
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
    /// Who follows a room that was to be followed.
    Follows {
        /// The room.
        room: Jid,
        /// Who does.
        follower: Follower,
    },
    /// Who is in a room, which is followed or selected, if its server tells.
    Occupants {
        /// The room.
        room: Jid,
        /// The users with a nickname there; `None`: it is not known, or no longer.
        occupants: Option<Arc<Occupants>>,
    },
}
