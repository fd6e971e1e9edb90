//! A plan: what differs between the file and a server, room by room, and what is to be done about each difference.

use std::sync::Arc;

use serde::Serialize;

use super::{Item, ItemValue, RemoteRoom, ServerClass, SetAside, UserValue};
use crate::model::{HatId, Jid};

/// What differs between the file and a server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// The server's name in the configuration.
    pub server: Arc<str>,
    /// The rooms, in the order of their addresses.
    pub rooms: Vec<RoomPlan>,
}

/// What differs in one room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoomPlan {
    /// The room's address.
    pub room: Jid,
    /// What the server can hold.
    pub class: ServerClass,
    /// Whether the room is on both sides.
    pub state: RoomState,
    /// Nothing is known of what both sides had: nothing is deleted, and what was deleted on one side comes back from the
    /// other.
    pub first_contact: bool,
    /// Why an earlier base no longer counts; it is to be set aside.
    pub set_aside: Option<SetAside>,
    /// The differences: the name, then the catalog, then the users in the order of their addresses.
    pub lines: Vec<Line>,
    /// What is worth knowing and no difference.
    pub notes: Vec<Note>,
    /// How many things on the server were skipped because they could not be understood.
    pub unreadable: usize,
    /// What the server was read to have.
    pub(super) remote: Arc<RemoteRoom>,
}

/// Whether a room is on both sides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RoomState {
    /// It is on both.
    Linked,
    /// It is only on the server, and was never here: it is taken when somebody asks for it.
    OnlyThere,
    /// It was removed here: nothing moves until somebody asks for it.
    RemovedHere,
    /// It is only here, and was never there. No room is made on a server.
    OnlyHere,
    /// It was on the server and no longer is. Nothing is lost here.
    GoneThere,
    /// The account is not allowed to read it; the text says who may.
    Forbidden(String),
    /// It could not be read; the text says why.
    Unread(String),
}

/// One difference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// What differs.
    pub subject: Subject,
    /// What both sides were known to have.
    pub base: Option<SideValue>,
    /// What the file has, as the server would hold it.
    pub local: Option<SideValue>,
    /// What the server has.
    pub remote: Option<SideValue>,
    /// What is proposed.
    pub action: Action,
    /// Why it is left out, only offered or held back; of a conflict, why the file's side cannot be sent.
    pub reason: Option<Reason>,
    /// What is done when the plan is applied.
    pub decision: Decision,
    /// An entry of the catalog that nobody defined here, but that hats which are sent need there.
    pub implied: bool,
}

/// What a line is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subject {
    /// The room's name.
    Name,
    /// One item.
    Item(Item),
    /// A user as a whole, affiliation and hats: removed on one side.
    User(Jid),
}

/// What a side has of a line's subject.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SideValue {
    /// A name.
    Name(Arc<str>),
    /// An item.
    Item(ItemValue),
    /// A user.
    User(UserValue),
}

/// What is proposed for a difference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    /// Changed here: the server is to have it.
    Send,
    /// Changed there: the file is to have it.
    Receive,
    /// Changed on both sides; somebody has to choose.
    Conflict,
    /// Changed here, and cannot or is not to be sent.
    LeaveOut,
}

/// What is done about a difference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Decision {
    /// The server gets what the file has.
    Send,
    /// The file gets what the server has.
    Receive,
    /// Nothing.
    Skip,
}

/// Why a difference is left out, only offered, or held back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, thiserror::Error)]
#[serde(rename_all = "kebab-case")]
pub enum Reason {
    /// The user has no affiliation with the server's room.
    #[error("the user is not affiliated with the room on the server")]
    NotAffiliated,
    /// The user would have more hats than the server keeps.
    #[error("the server keeps at most 10 hats of a user")]
    LimitOfUser,
    /// More users would have hats than the server keeps.
    #[error("the server keeps hats of at most 100 users in a room")]
    LimitOfRoom,
    /// A character cannot be sent.
    #[error("the title or ID has a character that cannot be sent")]
    TextRefused,
    /// The server demands a title.
    #[error("the server demands a title")]
    NeedsTitle,
    /// The hat is in the server's catalog no more, so nobody could see it.
    #[error("the hat is not in the catalog on the server")]
    NotDefined,
    /// Somebody has the hat, here or there, so its entry stays.
    #[error("a user still has the hat")]
    StillUsed,
    /// Affiliations of this server are only shown.
    #[error("affiliations are not sent to this server (affiliations = \"show\")")]
    AffiliationsShown,
    /// The room would be left without an owner.
    #[error("the room would have no owner")]
    LastOwner,
    /// The account would change its own affiliation.
    #[error("an account does not change its own affiliation")]
    OwnAccount,
    /// Many users lost hats on the server at once.
    #[error("held back because many users lost hats on the server at once")]
    Held,
}

/// Something worth knowing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "note")]
pub enum Note {
    /// A user has a hat under a title of their own, which the server does not hold: people in the room read the catalog's.
    OwnTitle {
        /// The user's address.
        user: Jid,
        /// The hat's id.
        hat: HatId,
        /// The user's own title.
        title: Arc<str>,
    },
}

impl Line {
    /// Whether a decision can be taken here. What is received is never sent back; a conflict can be sent unless a reason
    /// says why not; what is left out can be taken back.
    pub fn allows(&self, decision: Decision) -> bool {
        match (self.action, decision) {
            (_, Decision::Skip | Decision::Receive) | (Action::Send, Decision::Send) => true,
            (Action::Conflict, Decision::Send) => self.reason.is_none(),
            (Action::Receive | Action::LeaveOut, Decision::Send) => false,
        }
    }

    /// The user that it is about; `None` for the name and the catalog.
    pub fn user(&self) -> Option<&Jid> {
        match &self.subject {
            Subject::Item(item) => item.user(),
            Subject::User(user) => Some(user),
            Subject::Name => None,
        }
    }

    /// Whether something stays to be decided or done: not what is left out by rule.
    pub fn is_difference(&self) -> bool {
        self.action != Action::LeaveOut
    }

    /// Whether hats go from a user here when it is received: all those that the server does not have.
    pub fn takes_hats(&self) -> bool {
        match (&self.subject, &self.local, &self.remote) {
            (Subject::Item(Item::Hat { .. }), Some(_), None) => true,
            (Subject::User(_), Some(SideValue::User(here)), there) => {
                let has = |hat| matches!(there, Some(SideValue::User(there)) if there.hats.contains_key(hat));
                here.hats.keys().any(|hat| !has(hat))
            }
            _ => false,
        }
    }
}

/// How many lines there are of each kind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct PlanCounts {
    /// To be sent.
    pub send: usize,
    /// To be received.
    pub receive: usize,
    /// Conflicts that nobody has chosen a side of.
    pub conflicts: usize,
    /// Left out by rule.
    pub left_out: usize,
    /// Held back by the guard.
    pub held: usize,
    /// Only offered, or left out by somebody.
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
    /// Whether nothing differs but what is left out by rule.
    pub fn is_settled(&self) -> bool {
        self.state == RoomState::Linked && !self.lines.iter().any(Line::is_difference)
    }

    /// What the server was read to have.
    pub fn remote(&self) -> &Arc<RemoteRoom> {
        &self.remote
    }

    /// How many lines there are of each kind, as decided now.
    pub fn counts(&self) -> PlanCounts {
        let mut counts = PlanCounts::default();
        for line in &self.lines {
            let count = match (line.decision, line.action, line.reason) {
                (Decision::Send, ..) => &mut counts.send,
                (Decision::Receive, ..) => &mut counts.receive,
                (Decision::Skip, _, Some(Reason::Held)) => &mut counts.held,
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
    /// How many lines there are of each kind, as decided now.
    pub fn counts(&self) -> PlanCounts {
        let mut all = PlanCounts::default();
        for room in &self.rooms {
            all += room.counts();
        }
        all
    }
}
