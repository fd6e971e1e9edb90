//! The report about an applied plan: the changes that were made, those that failed and why, and the differences that are left.

use std::sync::Arc;

use serde::Serialize;

use super::plan::{Action, Decision, Plan, PlanCounts, RoomPlan, RoomState};
use super::{Item, ItemChange, ItemOutcome, ItemValue, Refusal};
use crate::model::Jid;

/// The report for one server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    /// The server's name in the configuration.
    pub server: Arc<str>,
    /// The rooms, in the order of their addresses.
    pub rooms: Vec<RoomReport>,
}

/// The report for one room.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct RoomReport {
    /// The room's address.
    pub room: Jid,
    /// The error of the room as a whole, for display: for example, the room could not be read, or the file not written.
    pub error: Option<String>,
    /// Number of changes that the server accepted.
    pub sent: usize,
    /// The changes that the server accepted, for the history.
    #[serde(skip)]
    pub changes: Vec<ItemChange>,
    /// Number of lines received into the file.
    pub received: usize,
    /// Changes that the server did not accept.
    pub failed: Vec<Failed>,
    /// Number of changes that still wait to be sent, for example because of a stop or a lost connection.
    pub unsent: usize,
    /// The numbers of lines that are neither sent nor received, by kind.
    pub left: PlanCounts,
}

/// A change that the server did not accept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Failed {
    /// The item.
    pub item: Item,
    /// The wanted value; `None`: the item was to be removed.
    pub wanted: Option<ItemValue>,
    /// The reason.
    pub why: SendFailure,
}

/// Why a server did not accept a change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum SendFailure {
    /// The server had another value than expected.
    Changed {
        /// The server's value; `None` if the server does not have the item.
        actual: Option<ItemValue>,
    },
    /// The server refused the change.
    Refused(Refusal),
    /// The server accepted the change but could not store it, and loses the change when it restarts. The change is sent again
    /// later.
    NotStored,
    /// No usable answer came, so it is not known whether the server made the change.
    Unknown,
}

/// The result of a command, most urgent first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Status {
    /// Something failed.
    Failed,
    /// Conflicts or held removals are left.
    Undecided,
    /// There are differences that nobody has applied.
    Differs,
    /// Something is saved but not sent.
    Unsent,
    /// There is nothing to do, or everything is done.
    Done,
}

impl Status {
    /// The exit code of the command.
    pub fn exit_code(self) -> u8 {
        match self {
            Self::Failed => 1,
            Self::Undecided => 5,
            Self::Differs => 6,
            Self::Unsent => 7,
            Self::Done => 0,
        }
    }
}

impl RoomReport {
    /// Creates the report about a room whose saved changes cannot be sent now. `unsent` is their number; `why` is for display.
    pub fn unsent(room: &Jid, unsent: usize, why: String) -> Self {
        Self {
            room: room.clone(),
            error: Some(why),
            sent: 0,
            changes: Vec::new(),
            received: 0,
            failed: Vec::new(),
            unsent,
            left: PlanCounts::default(),
        }
    }

    /// Creates the report about a room's plan, before the plan is applied.
    pub fn new(plan: &RoomPlan) -> Self {
        let error = match &plan.state {
            RoomState::Forbidden(text) | RoomState::Unread(text) => Some(text.clone()),
            _ if plan.is_held_without_history() => {
                Some("the history cannot be read, so removals of hats are held back".into())
            }
            _ => None,
        };
        let counts = plan.counts();
        Self {
            room: plan.room.clone(),
            error,
            sent: 0,
            changes: Vec::new(),
            received: 0,
            failed: Vec::new(),
            unsent: 0,
            left: PlanCounts {
                send: 0,
                receive: 0,
                ..counts
            },
        }
    }

    /// Records the outcome of a sent change. `confirms_storage`: whether servers of this class say that they stored a change.
    pub fn add(&mut self, change: &ItemChange, outcome: &ItemOutcome, confirms_storage: bool) {
        let why = match outcome {
            ItemOutcome::Done { saved } if *saved || !confirms_storage => {
                self.sent += 1;
                self.changes.push(change.clone());
                return;
            }
            ItemOutcome::Done { .. } => SendFailure::NotStored,
            ItemOutcome::Changed { actual } => SendFailure::Changed {
                actual: actual.clone(),
            },
            ItemOutcome::Refused(refusal) => SendFailure::Refused(refusal.clone()),
            ItemOutcome::Unknown => SendFailure::Unknown,
        };
        self.failed.push(Failed {
            item: change.item.clone(),
            wanted: change.wanted.clone(),
            why,
        });
    }

    /// The result for this room.
    pub fn status(&self) -> Status {
        let is_changed = |failed: &Failed| matches!(failed.why, SendFailure::Changed { .. });
        if self.error.is_some() || !self.failed.iter().all(is_changed) {
            Status::Failed
        } else if !self.failed.is_empty() || self.left.conflicts + self.left.held > 0 {
            Status::Undecided
        } else if self.unsent > 0 {
            Status::Unsent
        } else {
            Status::Done
        }
    }
}

impl Report {
    /// Creates the report about a plan of which nothing can be sent; the text says why, for display.
    pub fn not_sent(plan: &Plan, why: &str) -> Self {
        let rooms = plan.rooms.iter().map(|room| {
            let unsent = room.counts().send;
            RoomReport {
                unsent,
                error: (unsent > 0).then(|| why.to_owned()),
                ..RoomReport::new(room)
            }
        });
        Self {
            server: plan.server.clone(),
            rooms: rooms.collect(),
        }
    }

    /// The most urgent result of all rooms.
    pub fn status(&self) -> Status {
        let status = self.rooms.iter().map(RoomReport::status);
        status.min().unwrap_or(Status::Done)
    }
}

impl RoomPlan {
    /// The result for this room if nothing is applied.
    pub fn status(&self) -> Status {
        let is_undecided = |line: &super::Line| {
            line.decision == Decision::Skip && (line.action == Action::Conflict || line.is_held())
        };
        match &self.state {
            RoomState::Forbidden(_) | RoomState::Unread(_) => Status::Failed,
            _ if self.lines.iter().any(is_undecided) => Status::Undecided,
            _ if self.lines.iter().any(super::Line::is_difference) => Status::Differs,
            _ => Status::Done,
        }
    }
}

impl Plan {
    /// The most urgent result of all rooms if nothing is applied.
    pub fn status(&self) -> Status {
        let status = self.rooms.iter().map(RoomPlan::status);
        status.min().unwrap_or(Status::Done)
    }
}
