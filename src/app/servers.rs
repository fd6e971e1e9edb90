//! The servers of the configuration as a session knows them, and the results of comparing rooms with those on the
//! servers.

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
pub use rows::{PlanFilter, PlanRow, RoomNote, compare_lines};
pub(super) use sending::Receiving;
pub use sending::{SendingState, Unsent, UnsentCounts};
pub use sending_time::sending_time_text;

/// A server of the configuration.
#[derive(Debug, Clone)]
pub struct KnownServer {
    /// The entry of the server in the configuration.
    pub entry: ServerEntry,
    /// The state of the connection.
    pub state: ServerState,
    /// The result of the last check.
    pub report: Option<ServerReport>,
    /// The class of the server; `None` before the server was first connected, checked or compared, unless its kind has
    /// only one class.
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

    /// The class of the server; `None` until it is known.
    pub fn class(&self) -> Option<ServerClass> {
        self.class
    }
}

/// The result of comparing a room with the one on its server.
#[derive(Debug, Clone)]
struct ComparedRoom {
    class: Option<ServerClass>,
    /// The room in the file as it was compared, or after changes were sent or received last.
    local: Option<Arc<Room>>,
    /// Number of differences that are left.
    differences: usize,
    /// The reason why the room could not be compared.
    problem: Option<&'static str>,
    /// Whether the server has the room.
    is_on_server: bool,
}

/// Whether a room differs from the one on its server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RoomComparison {
    /// The room was not compared in this session.
    NotCompared,
    /// No known differences are left, except those that a rule leaves out. The room did not change in the file since
    /// it was compared, or what was changed was sent.
    Same,
    /// This number of differences was found.
    Differs(usize),
    /// The room was changed in the file since it was compared.
    ChangedSince,
    /// This number of changes is not on the server: they wait to be sent, were refused, are excluded by a rule, or are
    /// conflicts.
    NotSent(usize),
    /// The room could not be compared; a phrase says why.
    Problem(&'static str),
}

impl RoomComparison {
    /// Whether someone should do something about the room.
    pub fn needs_attention(self) -> bool {
        matches!(
            self,
            Self::Differs(_) | Self::ChangedSince | Self::NotSent(_) | Self::Problem(_)
        )
    }

    /// Describes the state as the rest of a sentence about the room.
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

/// A comparison in progress.
#[derive(Debug, Clone)]
pub(super) struct Comparison {
    /// A part for each server.
    pub(super) parts: Vec<ComparisonPart>,
    /// The plan that is being compared again. It is shown again if the comparison fails.
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
    /// The data file's revision at the start of the comparison.
    pub(super) revision: u64,
    pub(super) progress: Progress,
    pub(super) result: Option<Result<Arc<Plan>, String>>,
}

/// All servers of a session.
#[derive(Debug, Clone, Default)]
pub(super) struct Servers {
    pub(super) all: Vec<KnownServer>,
    pub(super) comparison: Option<Comparison>,
    pub(super) sending: SendingState,
    pub(super) following: FollowingState,
    rooms: BTreeMap<Jid, ComparedRoom>,
}

impl Servers {
    /// The servers of the rooms that a session may see; `None` as the rooms: all servers.
    pub(super) fn new(entries: &[ServerEntry], rooms: Option<&BTreeSet<Jid>>) -> Self {
        let has_visible_room =
            |entry: &&ServerEntry| rooms.is_none_or(|rooms| rooms.iter().any(|room| entry.owns(room)));
        let known = entries.iter().filter(has_visible_room).cloned();
        Self {
            all: known.map(KnownServer::new).collect(),
            ..Self::default()
        }
    }

    /// The server that a room belongs to; `None` if the room belongs to none.
    pub(super) fn of_room(&self, room: &Jid) -> Option<&KnownServer> {
        self.all.iter().find(|server| server.entry.owns(room))
    }

    pub(super) fn by_name(&self, name: &str) -> Option<&KnownServer> {
        self.all.iter().find(|server| *server.entry.name == *name)
    }

    /// The class of a room's server; `None` if the room belongs to no server, or if the class is not known yet.
    pub(super) fn class_of(&self, room: &Jid) -> Option<ServerClass> {
        let server = self.of_room(room)?;
        let compared = self.rooms.get(room).and_then(|compared| compared.class);
        compared.or(server.class)
    }

    /// The reason why affiliations with a room cannot be changed in the data file: they are only received from its
    /// server. `None` if they can be changed, also in a room that its server does not have, according to the last
    /// comparison.
    pub(super) fn affiliation_problem(&self, room: &Jid) -> Option<String> {
        let is_on_server = self.rooms.get(room).is_none_or(|compared| compared.is_on_server);
        let server = self.of_room(room).filter(|_| is_on_server)?;
        let problem = server.entry.affiliation_problem(room)?;
        Some(super::describe::capitalized(&problem))
    }

    pub(super) fn set_state(&mut self, name: &str, state: &ServerState) {
        for server in self.all.iter_mut().filter(|server| *server.entry.name == *name) {
            if let ServerState::Ready(class) = state {
                server.class = Some(*class);
            }
            server.state = state.clone();
        }
    }

    /// Sets the class that a server had when it was last compared, unless a class is known already.
    pub(super) fn set_known_class(&mut self, name: &str, class: ServerClass) {
        for server in self.all.iter_mut().filter(|server| *server.entry.name == *name) {
            server.class.get_or_insert(class);
        }
    }

    pub(super) fn set_report(&mut self, report: &ServerReport) {
        let name = report.server.clone();
        for server in self.all.iter_mut().filter(|server| server.entry.name == name) {
            server.class = report.class.or(server.class);
            server.report = Some(report.clone());
        }
    }

    /// Whether a room of the file (`local`) differs from the one on its server; `None` if it belongs to no server.
    pub(super) fn comparison_of(&self, room: &Jid, local: &Arc<Room>) -> Option<RoomComparison> {
        self.of_room(room)?;
        let compared = self.last_comparison(room, local);
        Some(match (compared, self.sending.count_of(room)) {
            (compared, 0) | (compared @ (RoomComparison::Differs(_) | RoomComparison::Problem(_)), _) => {
                compared
            }
            (_, unsent) => RoomComparison::NotSent(unsent),
        })
    }

    /// The result of the last comparison of a room; `ChangedSince` if the comparison had no problem, but `local` is not
    /// the version of the room that was compared.
    fn last_comparison(&self, room: &Jid, local: &Arc<Room>) -> RoomComparison {
        let Some(compared) = self.rooms.get(room) else {
            return RoomComparison::NotCompared;
        };
        let is_compared_version = |then: &Arc<Room>| Arc::ptr_eq(then, local) || then == local;
        match (&compared.problem, &compared.local) {
            (Some(problem), _) => RoomComparison::Problem(problem),
            (None, Some(then)) if is_compared_version(then) => match compared.differences {
                0 => RoomComparison::Same,
                number => RoomComparison::Differs(number),
            },
            // The file had another version of the room, or did not have the room.
            (None, _) => RoomComparison::ChangedSince,
        }
    }

    /// Remembers the result of comparing a room. `local` is the room in the file as it was compared.
    pub(super) fn note_compared(&mut self, plan: &RoomPlan, local: Option<&Arc<Room>>) {
        let problem = match plan.state {
            RoomState::Compared | RoomState::OnlyOnServer | RoomState::RemovedFromFile => None,
            RoomState::OnlyInFile => Some("not on the server"),
            RoomState::GoneFromServer => Some("no longer on the server"),
            RoomState::Forbidden(_) => Some("no permission"),
            RoomState::Unread(_) => Some("could not be read"),
        };
        let compared = ComparedRoom {
            class: (problem.is_none()).then_some(plan.class),
            local: local.cloned(),
            differences: open_differences(plan.counts()),
            problem,
            is_on_server: !matches!(plan.state, RoomState::OnlyInFile | RoomState::GoneFromServer),
        };
        self.rooms.insert(plan.room.clone(), compared);
    }

    /// Remembers that all changes of a room were sent: `local` counts as compared, with the same number of differences
    /// as before.
    pub(super) fn note_sent(&mut self, room: &Jid, local: Option<&Arc<Room>>) {
        if let Some(compared) = self.rooms.get_mut(room) {
            compared.local = local.cloned();
        }
    }

    /// Remembers the number of differences that are left in a room after a plan was applied.
    pub(super) fn note_applied(&mut self, room: &Jid, local: Option<&Arc<Room>>, left: usize) {
        if let Some(compared) = self.rooms.get_mut(room) {
            compared.local = local.cloned();
            compared.differences = left;
        }
    }
}

/// Number of differences that are to be sent, received or decided, that are only offered, or that were left out by
/// choice. Does not count differences that are left out because of a rule.
pub(super) fn open_differences(counts: PlanCounts) -> usize {
    counts.send + counts.receive + counts.conflicts + counts.held + counts.skipped
}

/// The message that the base of a room could not be recorded.
pub fn not_recorded_text(server: &str, room: &Jid, reason: &str) -> String {
    format!(
        "{room} on {server:?}: cannot record what both sides have, so the next comparison may show conflicts: {}",
        super::describe::after_colon(reason)
    )
}

/// Describes what an account may do on a server.
pub fn rights_text(rights: ServerRights) -> &'static str {
    match rights {
        ServerRights::All => "for all rooms",
        ServerRights::ByRoom => "different in each room",
        ServerRights::None => "none",
    }
}

/// The name of a class of servers.
pub fn class_name(class: ServerClass) -> &'static str {
    match class {
        ServerClass::Prosody => "Prosody",
        ServerClass::EjabberdOld => "ejabberd up to 25.08",
        ServerClass::EjabberdCatalog => "ejabberd 25.10 or later",
    }
}

/// The overlay with the list of servers.
#[derive(Debug, Clone)]
pub struct ServersOverlay {
    /// The selected row.
    pub row: usize,
    /// The number of rows.
    pub(super) len: usize,
}
