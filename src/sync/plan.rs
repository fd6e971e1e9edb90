//! A plan: the differences between the file and a server by room, each with a proposal and a decision.

use std::sync::Arc;

use jiff::Timestamp;
use serde::Serialize;

use super::{Item, ItemValue, RateLimit, RemoteRoom, ServerClass, SetAside, UserValue};
use crate::model::{HatId, Jid};

/// The differences between the file and a server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// The server's name in the configuration.
    pub server: Arc<str>,
    /// The rooms, in the order of their addresses.
    pub rooms: Vec<RoomPlan>,
}

/// The differences in one room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoomPlan {
    /// The room's address.
    pub room: Jid,
    /// The class of the server.
    pub class: ServerClass,
    /// The sides on which the room exists, or why it could not be read.
    pub state: RoomState,
    /// Whether this is a first comparison, without a base: nothing is deleted, and an item that was deleted on one side is
    /// copied back from the other.
    pub is_first_comparison: bool,
    /// Why an earlier base is no longer valid and must be discarded.
    pub set_aside: Option<SetAside>,
    /// The differences: the name, then the catalog, then the users in the order of their addresses.
    pub lines: Vec<Line>,
    /// Notes that are not differences.
    pub notes: Vec<Note>,
    /// Number of users, hats and entries on the server that could not be parsed.
    pub unreadable: usize,
    /// The server's estimated rate limit for this account; `None` if the server is not known to limit the account.
    pub limit: Option<RateLimit>,
    /// When the read of the server's room began; the Unix epoch if it was not read.
    pub began: Timestamp,
    /// The room as read from the server.
    pub(super) remote: Arc<RemoteRoom>,
}

/// The sides on which a room exists, or why it could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RoomState {
    /// On both sides, or on the server and requested.
    Compared,
    /// Only on the server, and not known to have been in the file: received on request.
    OnlyOnServer,
    /// Removed from the file: nothing happens until the room is requested.
    RemovedFromFile,
    /// Only in the file, and not known to have been on the server. Rooms are never created on a server.
    OnlyInFile,
    /// No longer on the server. The room stays in the file.
    GoneFromServer,
    /// The account may not read the room; the text says who may, for display.
    Forbidden(String),
    /// The room could not be read; the text says why, for display.
    Unread(String),
}

/// A difference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// The name, item or user that differs.
    pub subject: Subject,
    /// The value in the base; `None` if there is none or it is unknown.
    pub base: Option<SideValue>,
    /// The file's value, as the server would store it; `None` if there is none.
    pub local: Option<SideValue>,
    /// The server's value; `None` if there is none.
    pub remote: Option<SideValue>,
    /// The proposal.
    pub action: Action,
    /// Why the line is skipped, only offered, held back or sent again; for a conflict, why the file's value cannot be sent.
    /// `None` if there is no such reason.
    pub reason: Option<Reason>,
    /// The decision.
    pub decision: Decision,
    /// Whether this is a catalog entry that is not defined in the file, but needed by users' hats.
    pub implied: bool,
}

/// The subject of a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subject {
    /// The room's name.
    Name,
    /// One item.
    Item(Item),
    /// A whole user, with affiliation and hats, who lost the affiliation on one side.
    User(Jid),
}

/// The value of a line's subject on one side.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SideValue {
    /// A name.
    Name(Arc<str>),
    /// The value of an item.
    Item(ItemValue),
    /// The values of a user.
    User(UserValue),
}

/// The proposal for a difference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    /// Changed in the file: send it.
    Send,
    /// Changed on the server: receive it.
    Receive,
    /// Changed on both sides: a decision is needed.
    Conflict,
    /// Changed in the file, but the change cannot or should not be sent.
    LeaveOut,
}

/// The decision about a difference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Decision {
    /// Send the file's value.
    Send,
    /// Receive the server's value.
    Receive,
    /// Neither send nor receive.
    Skip,
}

/// Why a difference is skipped, only offered, held back or sent again, or why the file's value of a conflict cannot be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, thiserror::Error)]
#[serde(rename_all = "kebab-case")]
pub enum Reason {
    /// The user is not affiliated with the server's room.
    #[error("the user is not affiliated with the room on the server")]
    NotAffiliated,
    /// The user would exceed the server's limit of hats.
    #[error("the server allows at most 10 hats per user")]
    LimitOfUser,
    /// The room would exceed the server's limit of users with hats.
    #[error("the server allows at most 100 users with hats per room")]
    LimitOfRoom,
    /// The ID, title or hue contains a character that cannot be sent, or the ID is empty.
    #[error("its ID, title or color cannot be sent to the server")]
    TextRefused,
    /// The server requires a title.
    #[error("the server requires a title")]
    NeedsTitle,
    /// The hat is not in the server's catalog, so nobody could see it.
    #[error("the hat is not in the catalog on the server")]
    NotDefined,
    /// A user has the hat on either side, so its entry is kept.
    #[error("a user still has the hat")]
    StillUsed,
    /// Affiliations of this server are only shown.
    #[error("affiliations are not sent to this server (affiliations = \"show\")")]
    AffiliationsShown,
    /// The room would be left without an owner.
    #[error("the room has no other owner on the server")]
    LastOwner,
    /// The account would change its own affiliation.
    #[error("an account cannot change its own affiliation")]
    OwnAccount,
    /// Many users lost hats on the server at once.
    #[error("held back because many users lost hats on the server at once")]
    Held,
    /// The history cannot be read, so it is not known how many users lost hats before.
    #[error("held back because the history cannot be read, so it is not known how many users lost hats")]
    HistoryUnreadable,
    /// The server has the value but did not say that it stored the value, so the value is sent again.
    #[error("the server has it, but may not have stored it")]
    NotStored,
}

impl Reason {
    /// Whether this is a reason for which the guard holds back removals of hats.
    pub fn is_held(self) -> bool {
        matches!(self, Self::Held | Self::HistoryUnreadable)
    }
}

/// A note about a room. It is not a difference.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "note")]
pub enum Note {
    /// A user's hat has its own title, which the server does not store; users in the room see the catalog's.
    OwnTitle {
        /// The user's address.
        user: Jid,
        /// The hat's ID.
        hat: HatId,
        /// The user's own title.
        title: Arc<str>,
    },
}

impl Line {
    /// Whether a decision is possible. Every line can be skipped. Every line can be received; this reverts a change that was
    /// made in the file. A conflict can be sent unless it has a reason. Changes of the server and lines that are left out by a
    /// rule are never sent.
    pub fn allows(&self, decision: Decision) -> bool {
        match (self.action, decision) {
            (_, Decision::Skip | Decision::Receive) | (Action::Send, Decision::Send) => true,
            (Action::Conflict, Decision::Send) => self.reason.is_none(),
            (Action::Receive | Action::LeaveOut, Decision::Send) => false,
        }
    }

    /// Whether the guard holds back the line, or held it back until someone decided.
    pub fn is_held(&self) -> bool {
        self.reason.is_some_and(Reason::is_held)
    }

    /// The user that the line is about; `None` for the name and the catalog.
    pub fn user(&self) -> Option<&Jid> {
        match &self.subject {
            Subject::Item(item) => item.user(),
            Subject::User(user) => Some(user),
            Subject::Name => None,
        }
    }

    /// Whether the line counts as a difference: it is not left out by a rule.
    pub fn is_difference(&self) -> bool {
        self.action != Action::LeaveOut
    }

    /// Whether receiving the line removes hats from a user in the file.
    pub fn removes_hats(&self) -> bool {
        match (&self.subject, &self.local, &self.remote) {
            (Subject::Item(Item::Hat { .. }), Some(_), None) => true,
            (Subject::User(_), Some(SideValue::User(local)), remote) => {
                let has = |hat| matches!(remote, Some(SideValue::User(user)) if user.hats.contains_key(hat));
                local.hats.keys().any(|hat| !has(hat))
            }
            _ => false,
        }
    }
}

/// The number of lines of each kind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct PlanCounts {
    /// To be sent.
    pub send: usize,
    /// To be received.
    pub receive: usize,
    /// Undecided conflicts.
    pub conflicts: usize,
    /// Left out by a rule.
    pub left_out: usize,
    /// Held back by the guard.
    pub held: usize,
    /// Neither sent nor received: only offered, or skipped by a decision.
    pub skipped: usize,
}

impl std::ops::AddAssign for PlanCounts {
    fn add_assign(&mut self, other: Self) {
        self.send += other.send;
        self.receive += other.receive;
        self.conflicts += other.conflicts;
        self.left_out += other.left_out;
        self.held += other.held;
        self.skipped += other.skipped;
    }
}

impl RoomPlan {
    /// Whether the room was compared, and nothing differs except lines that are left out by a rule.
    pub fn is_settled(&self) -> bool {
        self.state == RoomState::Compared && !self.lines.iter().any(Line::is_difference)
    }

    /// The room as read from the server.
    pub fn remote(&self) -> &Arc<RemoteRoom> {
        &self.remote
    }

    /// The number of lines of each kind, by the current decisions.
    pub fn counts(&self) -> PlanCounts {
        let mut counts = PlanCounts::default();
        for line in &self.lines {
            let count = match (line.decision, line.action, line.reason) {
                (Decision::Send, ..) => &mut counts.send,
                (Decision::Receive, ..) => &mut counts.receive,
                (Decision::Skip, _, Some(reason)) if reason.is_held() => &mut counts.held,
                (Decision::Skip, Action::Conflict, _) => &mut counts.conflicts,
                (Decision::Skip, Action::LeaveOut, _) => &mut counts.left_out,
                (Decision::Skip, Action::Send | Action::Receive, _) => &mut counts.skipped,
            };
            *count += 1;
        }
        counts
    }
}

impl Plan {
    /// Removes the rooms that the account may not read and for which `is_known` is false, because a public service lists many
    /// such rooms. Returns their addresses.
    pub fn skip_forbidden(&mut self, is_known: impl Fn(&Jid) -> bool) -> Vec<Jid> {
        let is_skipped =
            |room: &RoomPlan| matches!(room.state, RoomState::Forbidden(_)) && !is_known(&room.room);
        let rooms = self.rooms.iter();
        let skipped = rooms
            .filter(|room| is_skipped(room))
            .map(|room| room.room.clone());
        let skipped = skipped.collect();
        self.rooms.retain(|room| !is_skipped(room));
        skipped
    }

    /// The number of lines of each kind, by the current decisions.
    pub fn counts(&self) -> PlanCounts {
        let mut all = PlanCounts::default();
        for room in &self.rooms {
            all += room.counts();
        }
        all
    }
}
