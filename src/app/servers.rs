//! The servers of the configuration as a session knows them, and what comparing with them found.

pub mod apply;
mod describe_line;
mod following;
pub mod password;
pub mod plan;
pub mod report;
mod rows;
mod sending;
mod sending_time;
pub mod unresolved;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use self::plan::PlanOverlay;
use crate::model::{Jid, Room};
use crate::sync::{
    Plan, PlanCounts, Progress, RoomPlan, RoomState, ServerClass, ServerEntry, ServerKind, ServerReport,
    ServerRights, ServerState,
};

pub(super) use describe_line::value_text;
pub use describe_line::{LineText, describe_line, describe_note, line_target, sides, unreadable_text};
pub use following::follower_text;
pub(super) use following::{FollowingState, Incoming, silent_text};
pub use rows::{PlanRow, RoomNote, Shown, compare_lines};
pub(super) use sending::Receiving;
pub use sending::{SendingState, Unsent, UnsentCounts};
pub use sending_time::sending_time_text;

/// A server of the configuration.
#[derive(Debug, Clone)]
pub struct KnownServer {
    /// As the configuration names it.
    pub entry: ServerEntry,
    /// Whether it can be used now.
    pub state: ServerState,
    /// What the last check found.
    pub report: Option<ServerReport>,
    /// Its class, known since it was connected or compared once.
    class: Option<ServerClass>,
}

impl KnownServer {
    fn new(entry: ServerEntry) -> Self {
        // Only this kind has a single class.
        let class = (entry.kind == ServerKind::Prosody).then_some(ServerClass::Prosody);
        Self {
            entry,
            state: ServerState::default(),
            report: None,
            class,
        }
    }

    /// What the server can hold; `None` until it is known.
    pub fn class(&self) -> Option<ServerClass> {
        self.class
    }
}

/// What comparing a room with its server found.
#[derive(Debug, Clone)]
struct ComparedRoom {
    class: Option<ServerClass>,
    /// The room of the file that was compared.
    local: Option<Arc<Room>>,
    /// How many differences were left then.
    differences: usize,
    /// Why it could not be compared.
    problem: Option<&'static str>,
    /// The server has such a room.
    is_there: bool,
}

/// Whether a room differs from the one on its server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RoomComparison {
    /// It was not compared in this session.
    NotCompared,
    /// It was the same, and nothing changed in the file since.
    Same,
    /// So many differences were found.
    Differs(usize),
    /// It was changed in the file since it was compared.
    ChangedSince,
    /// So many changes are not on the server, because it cannot be reached or someone has to decide.
    NotSent(usize),
    /// It could not be compared; a phrase says why.
    Problem(&'static str),
}

impl RoomComparison {
    /// Whether there is something to do about the room.
    pub fn needs_attention(self) -> bool {
        matches!(
            self,
            Self::Differs(_) | Self::ChangedSince | Self::NotSent(_) | Self::Problem(_)
        )
    }

    /// As the rest of a sentence about the room.
    pub fn describe(self) -> String {
        match self {
            Self::NotCompared => "not compared yet".into(),
            Self::Same => "no differences".into(),
            Self::Differs(number) => super::describe::count(number, "difference"),
            Self::ChangedSince => "changed in the data file since the comparison".into(),
            Self::NotSent(number) => format!("{} not sent", super::describe::count(number, "change")),
            Self::Problem(problem) => problem.into(),
        }
    }
}

/// A comparison that is being made.
#[derive(Debug, Clone)]
pub(super) struct Comparison {
    /// A part for each server.
    pub(super) parts: Vec<ComparisonPart>,
    /// The plan that is compared again, and is shown again if that fails.
    pub(super) before: Option<Box<PlanOverlay>>,
}

/// The comparison with one server.
#[derive(Debug, Clone)]
pub(super) struct ComparisonPart {
    /// The number of the request.
    pub(super) id: u64,
    pub(super) server: Arc<str>,
    /// The rooms of the file as they are compared.
    pub(super) local: BTreeMap<Jid, Arc<Room>>,
    /// The data file's revision then.
    pub(super) revision: u64,
    pub(super) progress: Progress,
    pub(super) result: Option<Result<Arc<Plan>, String>>,
}

/// All servers of a session.
#[derive(Debug, Clone, Default)]
pub(super) struct Servers {
    pub(super) known: Vec<KnownServer>,
    pub(super) comparison: Option<Comparison>,
    pub(super) sending: SendingState,
    pub(super) following: FollowingState,
    rooms: BTreeMap<Jid, ComparedRoom>,
}

impl Servers {
    /// The servers of the rooms that a session may see; `None`: it may see all.
    pub(super) fn new(entries: &[ServerEntry], rooms: Option<&BTreeSet<Jid>>) -> Self {
        let is_seen =
            |entry: &&ServerEntry| rooms.is_none_or(|rooms| rooms.iter().any(|room| entry.has(room)));
        let known = entries.iter().filter(is_seen).cloned();
        Self {
            known: known.map(KnownServer::new).collect(),
            ..Self::default()
        }
    }

    /// The server that a room belongs to.
    pub(super) fn of_room(&self, room: &Jid) -> Option<&KnownServer> {
        self.known.iter().find(|server| server.entry.has(room))
    }

    pub(super) fn by_name(&self, name: &str) -> Option<&KnownServer> {
        self.known.iter().find(|server| *server.entry.name == *name)
    }

    /// What the server of a room can hold, if the room has one and that is known.
    pub(super) fn class_of(&self, room: &Jid) -> Option<ServerClass> {
        let server = self.of_room(room)?;
        let compared = self.rooms.get(room).and_then(|compared| compared.class);
        compared.or(server.class)
    }

    /// Why affiliations with a room are not changed here: its server only shows them. A room that the server was found not
    /// to have is free.
    pub(super) fn affiliation_problem(&self, room: &Jid) -> Option<String> {
        let is_there = self.rooms.get(room).is_none_or(|compared| compared.is_there);
        let server = self.of_room(room).filter(|_| is_there)?;
        let problem = server.entry.affiliation_problem(room)?;
        Some(super::describe::capitalized(&problem))
    }

    pub(super) fn set_state(&mut self, name: &str, state: &ServerState) {
        for server in self.known.iter_mut().filter(|server| *server.entry.name == *name) {
            if let ServerState::Ready(class) = state {
                server.class = Some(*class);
            }
            server.state = state.clone();
        }
    }

    /// What a server could store when it was last compared. What it is now, once it is connected, counts more.
    pub(super) fn set_known_class(&mut self, name: &str, class: ServerClass) {
        for server in self.known.iter_mut().filter(|server| *server.entry.name == *name) {
            server.class.get_or_insert(class);
        }
    }

    pub(super) fn set_report(&mut self, report: &ServerReport) {
        let name = report.server.clone();
        for server in self.known.iter_mut().filter(|server| server.entry.name == name) {
            server.class = report.class.or(server.class);
            server.report = Some(report.clone());
        }
    }

    /// Whether a room of the file differs from its server's; `None` if it belongs to none.
    pub(super) fn comparison_of(&self, room: &Jid, now: &Arc<Room>) -> Option<RoomComparison> {
        self.of_room(room)?;
        let compared = self.compare(room, now);
        Some(match (compared, self.sending.count_of(room)) {
            (compared, 0) | (compared @ (RoomComparison::Differs(_) | RoomComparison::Problem(_)), _) => {
                compared
            }
            (_, unsent) => RoomComparison::NotSent(unsent),
        })
    }

    fn compare(&self, room: &Jid, now: &Arc<Room>) -> RoomComparison {
        let Some(compared) = self.rooms.get(room) else {
            return RoomComparison::NotCompared;
        };
        let is_as_compared = |then: &Arc<Room>| Arc::ptr_eq(then, now) || then == now;
        match (&compared.problem, &compared.local) {
            (Some(problem), _) => RoomComparison::Problem(problem),
            (None, Some(then)) if is_as_compared(then) => match compared.differences {
                0 => RoomComparison::Same,
                number => RoomComparison::Differs(number),
            },
            // The file had another room, or none.
            (None, _) => RoomComparison::ChangedSince,
        }
    }

    /// Remembers what a plan found of a room.
    pub(super) fn note_compared(&mut self, plan: &RoomPlan, local: Option<&Arc<Room>>) {
        let problem = match plan.state {
            RoomState::Linked | RoomState::OnlyThere | RoomState::RemovedHere => None,
            RoomState::OnlyHere => Some("not on the server"),
            RoomState::GoneThere => Some("no longer on the server"),
            RoomState::Forbidden(_) => Some("no permission"),
            RoomState::Unread(_) => Some("could not be read"),
        };
        let compared = ComparedRoom {
            class: (problem.is_none()).then_some(plan.class),
            local: local.cloned(),
            differences: open_differences(plan.counts()),
            problem,
            is_there: !matches!(plan.state, RoomState::OnlyHere | RoomState::GoneThere),
        };
        self.rooms.insert(plan.room.clone(), compared);
    }

    /// Remembers that a room was sent all that was changed in it. If it was the same before, it is again.
    pub(super) fn note_sent(&mut self, room: &Jid, local: Option<&Arc<Room>>) {
        if let Some(compared) = self.rooms.get_mut(room) {
            compared.local = local.cloned();
        }
    }

    /// Remembers what is left of the differences of a room after a plan was applied.
    pub(super) fn note_applied(&mut self, room: &Jid, local: Option<&Arc<Room>>, left: usize) {
        if let Some(compared) = self.rooms.get_mut(room) {
            compared.local = local.cloned();
            compared.differences = left;
        }
    }
}

/// What is still to be done or decided: not what is left out by rule.
pub(super) fn open_differences(counts: PlanCounts) -> usize {
    counts.send + counts.receive + counts.conflicts + counts.held + counts.skipped
}

/// The message where it could not be recorded what both sides have.
pub fn not_recorded_text(server: &str, room: &Jid, reason: &str) -> String {
    format!(
        "{room} on {server:?}: cannot record what both sides have, so the next comparison may show conflicts: {}",
        super::describe::after_colon(reason)
    )
}

/// What an account may do on a server, in words.
pub fn rights_text(rights: ServerRights) -> &'static str {
    match rights {
        ServerRights::All => "all rooms",
        ServerRights::ByRoom => "different in each room",
        ServerRights::None => "none",
    }
}

/// What a class of servers is called.
pub fn class_name(class: ServerClass) -> &'static str {
    match class {
        ServerClass::Prosody => "Prosody",
        ServerClass::EjabberdOld => "ejabberd up to 25.08",
        ServerClass::EjabberdCatalog => "ejabberd 25.10 or later",
    }
}

/// The list of servers.
#[derive(Debug, Clone)]
pub struct ServersOverlay {
    /// The selected row.
    pub row: usize,
    /// The number of rows.
    pub(super) len: usize,
}
