//! What was done of a plan: done, failed and why, left.

use std::sync::Arc;

use serde::Serialize;

use super::plan::{Action, Decision, Plan, PlanCounts, RoomPlan, RoomState};
use super::{Item, ItemChange, ItemOutcome, ItemValue, Refusal};
use crate::model::Jid;

/// What was done on one server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    /// The server's name in the configuration.
    pub server: Arc<str>,
    /// The rooms, in the order of their addresses.
    pub rooms: Vec<RoomReport>,
}

/// What was done in one room.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct RoomReport {
    /// The room's address.
    pub room: Jid,
    /// Why nothing could be done at all, for people: it could not be read, or the file not be written.
    pub error: Option<String>,
    /// How many changes the server took.
    pub sent: usize,
    /// What they were, for the history.
    #[serde(skip)]
    pub changes: Vec<ItemChange>,
    /// How many lines the file got.
    pub received: usize,
    /// Changes that the server did not take.
    pub failed: Vec<Failed>,
    /// Changes that were not sent, as it was stopped or the connection was lost.
    pub unsent: usize,
    /// What was not decided to be done.
    pub left: PlanCounts,
}

/// A change that the server did not take.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Failed {
    /// What was to be changed.
    pub item: Item,
    /// What it was to be.
    pub wanted: Option<ItemValue>,
    /// Why it is not.
    pub why: Failure,
}

/// Why a server did not take a change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Failure {
    /// It had something else than expected.
    Changed {
        /// What it had.
        actual: Option<ItemValue>,
    },
    /// It refused.
    Refused(Refusal),
    /// It took the change and could not store it: it is gone when the server starts anew.
    NotStored,
    /// No answer came.
    Unknown,
}

/// What a command ends with, the most urgent first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Status {
    /// Something failed.
    Failed,
    /// A conflict, or removals that are held back, are left.
    Undecided,
    /// Something is to be done that was not.
    Differs,
    /// Something is saved and not sent.
    Unsent,
    /// Nothing was to be done, or all is done.
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
    /// Of a plan of which nothing was done yet.
    pub fn new(plan: &RoomPlan) -> Self {
        let error = match &plan.state {
            RoomState::Forbidden(text) | RoomState::Unread(text) => Some(text.clone()),
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

    /// What came of a change that was sent. `stores`: the server says whether it stored a change.
    pub fn add(&mut self, change: &ItemChange, outcome: &ItemOutcome, stores: bool) {
        let why = match outcome {
            ItemOutcome::Done { saved } if *saved || !stores => {
                self.sent += 1;
                self.changes.push(change.clone());
                return;
            }
            ItemOutcome::Done { .. } => Failure::NotStored,
            ItemOutcome::Changed { actual } => Failure::Changed {
                actual: actual.clone(),
            },
            ItemOutcome::Refused(refusal) => Failure::Refused(refusal.clone()),
            ItemOutcome::Unknown => Failure::Unknown,
        };
        self.failed.push(Failed {
            item: change.item.clone(),
            wanted: change.wanted.clone(),
            why,
        });
    }

    /// What it comes to.
    pub fn status(&self) -> Status {
        let changed = |failed: &Failed| matches!(failed.why, Failure::Changed { .. });
        if self.error.is_some() || !self.failed.iter().all(changed) {
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
    /// What all rooms come to.
    pub fn status(&self) -> Status {
        let status = self.rooms.iter().map(RoomReport::status);
        status.min().unwrap_or(Status::Done)
    }
}

impl RoomPlan {
    /// What a plan alone comes to, of which nothing is done.
    pub fn status(&self) -> Status {
        let undecided = |line: &super::Line| {
            line.decision == Decision::Skip
                && (line.action == Action::Conflict || line.reason == Some(super::Reason::Held))
        };
        match &self.state {
            RoomState::Forbidden(_) | RoomState::Unread(_) => Status::Failed,
            _ if self.lines.iter().any(undecided) => Status::Undecided,
            _ if self.lines.iter().any(super::Line::is_difference) => Status::Differs,
            _ => Status::Done,
        }
    }
}

impl Plan {
    /// What all rooms come to, when nothing is done.
    pub fn status(&self) -> Status {
        let status = self.rooms.iter().map(RoomPlan::status);
        status.min().unwrap_or(Status::Done)
    }
}
