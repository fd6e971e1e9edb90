//! The rows of a plan: servers, rooms, remarks about rooms, users with several differences, and differences. The rows are
//! listed when the plan or its filter changes; drawing only reads the visible ones.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::sync::Arc;

use crate::app::folding::compare_addresses;
use crate::model::{Jid, Room};
use crate::sync::{Action, Decision, Line, Plan, RoomPlan, RoomState};

/// A row of a plan. The numbers are the indices of a server, of a room and of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PlanRow {
    /// A server, if there are several; its rooms follow, unless the server could not be compared.
    Server(usize),
    /// A room of a server.
    Room(usize, usize),
    /// A user with several lines, which follow; the last number is the index of the first one.
    User(usize, usize, usize),
    /// A line, and whether it is listed below its user.
    Line(usize, usize, usize, bool),
    /// A remark about a room.
    Note(usize, usize, RoomNote),
}

/// A remark about a room, other than a difference.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RoomNote {
    /// The room was never compared before, or its base is no longer valid.
    FirstComparison,
    /// This number of items on the server could not be read.
    Unreadable(usize),
    /// A note of the plan, by its index.
    Note(usize),
}

/// A filter of the lines of a plan.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum PlanFilter {
    /// All lines.
    #[default]
    All,
    /// Conflicts without a choice, and removals that are held back.
    Undecided,
    /// Lines that are to be sent.
    ToSend,
    /// Lines that are to be received.
    ToReceive,
    /// Lines that are neither to be sent nor to be received, apart from undecided ones.
    LeftOut,
}

impl PlanFilter {
    /// The next filter, wrapping around.
    pub(in crate::app) fn next(self) -> Self {
        match self {
            Self::All => Self::Undecided,
            Self::Undecided => Self::ToSend,
            Self::ToSend => Self::ToReceive,
            Self::ToReceive => Self::LeftOut,
            Self::LeftOut => Self::All,
        }
    }

    /// The filter in one or two words.
    pub fn label(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Undecided => "unresolved",
            Self::ToSend => "to send",
            Self::ToReceive => "to receive",
            Self::LeftOut => "left out",
        }
    }

    fn matches(self, line: &Line) -> bool {
        match self {
            Self::All => true,
            Self::Undecided => is_undecided(line),
            Self::ToSend => line.decision == Decision::Send,
            Self::ToReceive => line.decision == Decision::Receive,
            Self::LeftOut => line.decision == Decision::Skip && !is_undecided(line),
        }
    }
}

/// Whether someone still has to decide about a line.
pub(in crate::app) fn is_undecided(line: &Line) -> bool {
    line.decision == Decision::Skip && (line.action == Action::Conflict || line.is_held())
}

/// Rooms of the file.
type Rooms<'a> = &'a BTreeMap<Jid, Arc<Room>>;

/// Lists the rows of plans, each given with the rooms of the file. `None`: a server without a plan. Servers have rows
/// only if there are several.
pub(in crate::app) fn rows(plans: &[(Option<Arc<Plan>>, Rooms<'_>)], filter: PlanFilter) -> Vec<PlanRow> {
    let mut rows = Vec::new();
    for (server, (plan, local)) in plans.iter().enumerate() {
        if plans.len() > 1 {
            rows.push(PlanRow::Server(server));
        }
        let rooms = plan.iter().flat_map(|plan| &plan.rooms);
        for (room, plan) in rooms.enumerate() {
            add_room(
                &mut rows,
                (server, room),
                plan,
                (filter, local.contains_key(&plan.room)),
            );
        }
    }
    rows
}

/// Compares lines of a room in the order in which they are shown: the name and the catalog, then the users as in the
/// panes. Lines of one user keep their order.
pub fn compare_lines(one: &Line, other: &Line) -> Ordering {
    match (one.user().map(Jid::as_str), other.user().map(Jid::as_str)) {
        (Some(one), Some(other)) => compare_addresses(one, other),
        (one, other) => one.is_some().cmp(&other.is_some()),
    }
}

/// Adds the rows of a room.
fn add_room(
    rows: &mut Vec<PlanRow>,
    (server, room): (usize, usize),
    plan: &RoomPlan,
    (filter, is_in_file): (PlanFilter, bool),
) {
    let rows_before = rows.len();
    rows.push(PlanRow::Room(server, room));
    if filter == PlanFilter::All {
        // In a room that the file does not have, everything is new anyway.
        let is_compared = plan.state == RoomState::Compared && !plan.lines.is_empty();
        let is_first = plan.is_first_comparison && is_compared && is_in_file;
        let first_comparison = is_first.then_some(RoomNote::FirstComparison);
        let unreadable = (plan.unreadable > 0).then_some(RoomNote::Unreadable(plan.unreadable));
        let notes = (0..plan.notes.len()).map(RoomNote::Note);
        let notes = first_comparison.into_iter().chain(unreadable).chain(notes);
        rows.extend(notes.map(|note| PlanRow::Note(server, room, note)));
    }
    let all = plan.lines.iter().enumerate();
    let mut lines: Vec<(usize, &Line)> = all.filter(|(_, line)| filter.matches(line)).collect();
    lines.sort_by(|(_, one), (_, other)| compare_lines(one, other));
    let mut lines = lines.into_iter().peekable();
    let mut previous_user = None;
    while let Some((index, line)) = lines.next() {
        let user = line.user();
        let is_next_of_user = user.is_some() && lines.peek().is_some_and(|(_, next)| next.user() == user);
        let was_previous_of_user = user.is_some() && user == previous_user;
        if is_next_of_user && !was_previous_of_user {
            rows.push(PlanRow::User(server, room, index));
        }
        let is_below_user = was_previous_of_user || is_next_of_user;
        rows.push(PlanRow::Line(server, room, index, is_below_user));
        previous_user = user;
    }
    // A compared room without lines or remarks has no row. While lines are filtered, no room without matching lines has
    // one.
    let needs_more_rows = plan.state == RoomState::Compared || filter != PlanFilter::All;
    if needs_more_rows && rows.len() == rows_before + 1 {
        rows.pop();
    }
}
