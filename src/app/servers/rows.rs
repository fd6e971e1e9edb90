//! The rows of a plan: servers, rooms, users with several differences, differences, remarks. They are listed when the plan
//! or what is shown of it changes; drawing looks only at those that are seen.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::sync::Arc;

use crate::app::folding::compare_addresses;
use crate::model::{Jid, Room};
use crate::sync::{Action, Decision, Line, Plan, RoomPlan, RoomState};

/// A row of a plan. The numbers are places in the lists of the plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PlanRow {
    /// The rooms of one of several servers follow; or why there are none.
    Server(usize),
    /// A room of a server.
    Room(usize, usize),
    /// A user of whom several lines follow, the first of which is this.
    User(usize, usize, usize),
    /// A line; whether it stands below its user.
    Line(usize, usize, usize, bool),
    /// A remark about a room.
    Note(usize, usize, RoomNote),
}

/// A remark about a room, which is no difference.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RoomNote {
    /// It was never compared before, or its base no longer counts.
    FirstContact,
    /// So many things on the server were skipped.
    Unreadable(usize),
    /// A note of the plan, by its place.
    Note(usize),
}

/// Which differences are shown.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Shown {
    /// All.
    #[default]
    All,
    /// Conflicts without a choice, and what is held back.
    Undecided,
    /// What is sent.
    Sent,
    /// What is received.
    Received,
    /// What is neither sent nor received.
    LeftOut,
}

impl Shown {
    /// The next one, wrapping around.
    pub(in crate::app) fn next(self) -> Self {
        match self {
            Self::All => Self::Undecided,
            Self::Undecided => Self::Sent,
            Self::Sent => Self::Received,
            Self::Received => Self::LeftOut,
            Self::LeftOut => Self::All,
        }
    }

    /// What is shown, as a noun phrase.
    pub fn label(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Undecided => "undecided",
            Self::Sent => "to send",
            Self::Received => "to receive",
            Self::LeftOut => "left out",
        }
    }

    fn has(self, line: &Line) -> bool {
        match self {
            Self::All => true,
            Self::Undecided => is_undecided(line),
            Self::Sent => line.decision == Decision::Send,
            Self::Received => line.decision == Decision::Receive,
            Self::LeftOut => line.decision == Decision::Skip && !is_undecided(line),
        }
    }
}

/// Whether someone has to choose what is done about a line.
pub(in crate::app) fn is_undecided(line: &Line) -> bool {
    line.decision == Decision::Skip && (line.action == Action::Conflict || line.is_held())
}

/// Rooms of the file.
type Rooms<'a> = &'a BTreeMap<Jid, Arc<Room>>;

/// The rows of plans, each with the rooms of the file; `None` stands for a server without a plan. Servers are named only where there are several.
pub(in crate::app) fn rows(plans: &[(Option<Arc<Plan>>, Rooms<'_>)], shown: Shown) -> Vec<PlanRow> {
    let mut rows = Vec::new();
    for (at, (plan, local)) in plans.iter().enumerate() {
        if plans.len() > 1 {
            rows.push(PlanRow::Server(at));
        }
        let rooms = plan.iter().flat_map(|plan| &plan.rooms);
        for (room, plan) in rooms.enumerate() {
            add_room(
                &mut rows,
                (at, room),
                plan,
                (shown, local.contains_key(&plan.room)),
            );
        }
    }
    rows
}

/// The order in which lines of a room are shown: by user as in the panes; the name and the catalog come first. Lines of one
/// user keep their order.
pub fn compare_lines(one: &Line, other: &Line) -> Ordering {
    match (one.user().map(Jid::as_str), other.user().map(Jid::as_str)) {
        (Some(one), Some(other)) => compare_addresses(one, other),
        (one, other) => one.is_some().cmp(&other.is_some()),
    }
}

fn add_room(
    rows: &mut Vec<PlanRow>,
    (server, room): (usize, usize),
    plan: &RoomPlan,
    (shown, is_here): (Shown, bool),
) {
    let before = rows.len();
    rows.push(PlanRow::Room(server, room));
    if shown == Shown::All {
        // Of a room that is new here, all is new.
        let is_linked = plan.state == RoomState::Linked && !plan.lines.is_empty();
        let first = plan.first_contact && is_linked && is_here;
        let first = first.then_some(RoomNote::FirstContact);
        let unreadable = (plan.unreadable > 0).then_some(RoomNote::Unreadable(plan.unreadable));
        let notes = (0..plan.notes.len()).map(RoomNote::Note);
        let notes = first.into_iter().chain(unreadable).chain(notes);
        rows.extend(notes.map(|note| PlanRow::Note(server, room, note)));
    }
    let all = plan.lines.iter().enumerate();
    let mut lines: Vec<(usize, &Line)> = all.filter(|(_, line)| shown.has(line)).collect();
    lines.sort_by(|(_, one), (_, other)| compare_lines(one, other));
    let mut lines = lines.into_iter().peekable();
    let mut last_user = None;
    while let Some((at, line)) = lines.next() {
        let user = line.user();
        let same_as_next = user.is_some() && lines.peek().is_some_and(|(_, next)| next.user() == user);
        let below = user.is_some() && user == last_user;
        if same_as_next && !below {
            rows.push(PlanRow::User(server, room, at));
        }
        rows.push(PlanRow::Line(server, room, at, below || same_as_next));
        last_user = user;
    }
    // A room in which nothing differs is no row; nor is one whose state alone is of interest, while lines are filtered.
    let is_plain = plan.state == RoomState::Linked || shown != Shown::All;
    if is_plain && rows.len() == before + 1 {
        rows.pop();
    }
}
