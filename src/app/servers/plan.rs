//! The plan on the screen: what differs between the file and servers, what is decided about it, and how far it is applied.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::model::{Group, Jid, Room, Wardrobe};
use crate::sync::{Action, Line, Plan, PlanCounts, RoomPlan, RoomState};

mod decide;
mod keep;

pub(in crate::app) use decide::Excluded;
pub(in crate::app) use keep::KeptChoices;

use super::apply::Applying;
use super::rows::{self, PlanRow, Shown};

/// The plan overlay.
#[derive(Debug, Clone)]
pub struct PlanOverlay {
    /// A part for each server that was compared.
    pub parts: Vec<PlanPart>,
    /// The selected row.
    pub selected: usize,
    /// Which differences are shown.
    pub shown: Shown,
    rows: Arc<[PlanRow]>,
    /// How many lines of each kind there are, over all parts.
    counts: PlanCounts,
    /// Somebody decided something.
    pub(in crate::app) has_choices: bool,
    /// Rooms that were changed in the file since they were compared.
    pub(in crate::app) changed_since: BTreeSet<Jid>,
    /// Rooms that are read to be added: the number of the request, the part, the room.
    pub(in crate::app) loading: Vec<(u64, usize, Jid)>,
    /// While it is applied: how far.
    pub(in crate::app) applying: Option<Applying>,
}

/// What differs from one server.
#[derive(Debug, Clone)]
pub struct PlanPart {
    /// The server's name.
    pub server: Arc<str>,
    /// The plan, with the decisions; or why there is none.
    pub plan: Result<Arc<Plan>, String>,
    /// The rooms of the file as they were compared.
    pub(in crate::app) local: BTreeMap<Jid, Arc<Room>>,
    /// How many lines of each kind each room has.
    counts: Vec<PlanCounts>,
    /// How many conflicts each room has, with a choice or without.
    conflicts: Vec<usize>,
}

impl PlanPart {
    /// A part without choices.
    pub(in crate::app) fn new(
        server: Arc<str>,
        plan: Result<Arc<Plan>, String>,
        local: BTreeMap<Jid, Arc<Room>>,
    ) -> Self {
        let mut part = Self {
            server,
            plan,
            local,
            counts: Vec::new(),
            conflicts: Vec::new(),
        };
        part.count();
        part
    }

    /// Its rooms; none without a plan.
    pub fn rooms(&self) -> &[RoomPlan] {
        self.plan.as_ref().map_or(&[], |plan| &plan.rooms)
    }

    /// How many lines of each kind a room has.
    pub fn room_counts(&self, room: usize) -> PlanCounts {
        self.counts.get(room).copied().unwrap_or_default()
    }

    /// How many lines of each kind all rooms have.
    pub fn counts(&self) -> PlanCounts {
        let mut all = PlanCounts::default();
        for counts in &self.counts {
            all += *counts;
        }
        all
    }

    /// Whether a room has conflicts, with a choice or without.
    pub(in crate::app) fn has_conflicts(&self, room: usize) -> bool {
        self.conflicts.get(room).is_some_and(|number| *number > 0)
    }

    /// The room of the file as it was compared.
    pub fn local(&self, room: &Jid) -> Option<&Arc<Room>> {
        self.local.get(room)
    }

    /// What the file receives, as decided now.
    pub(in crate::app) fn receiving(&self) -> Group {
        let mut all = Group::default();
        for room in self.rooms() {
            all.0.extend(room.receiving(self.local(&room.room)).0);
        }
        all
    }

    fn count(&mut self) {
        self.counts = self.rooms().iter().map(RoomPlan::counts).collect();
        let is_conflict = |line: &&Line| line.action == Action::Conflict;
        let conflicts = |room: &RoomPlan| room.lines.iter().filter(is_conflict).count();
        self.conflicts = self.rooms().iter().map(conflicts).collect();
    }
}

impl PlanOverlay {
    pub(in crate::app) fn new(parts: Vec<PlanPart>) -> Self {
        let mut plan = Self {
            parts,
            selected: 0,
            shown: Shown::All,
            rows: Arc::from([]),
            counts: PlanCounts::default(),
            has_choices: false,
            changed_since: BTreeSet::new(),
            loading: Vec::new(),
            applying: None,
        };
        plan.list_rows();
        plan
    }

    /// How many lines of each kind there are.
    pub fn counts(&self) -> PlanCounts {
        self.counts
    }

    /// The number of rows.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there are no rows.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// A row.
    pub fn row(&self, at: usize) -> Option<PlanRow> {
        self.rows.get(at).copied()
    }

    /// The selected row.
    pub fn selected_row(&self) -> Option<PlanRow> {
        self.row(self.selected)
    }

    /// A room with the part that it belongs to.
    pub fn room(&self, server: usize, room: usize) -> Option<(&PlanPart, &RoomPlan)> {
        let part = self.parts.get(server)?;
        Some((part, part.rooms().get(room)?))
    }

    /// A line with its room and the part that both belong to.
    pub fn line(&self, server: usize, room: usize, line: usize) -> Option<(&PlanPart, &RoomPlan, &Line)> {
        let (part, room) = self.room(server, room)?;
        Some((part, room, room.lines.get(line)?))
    }

    /// The line of the selected row.
    pub fn selected_line(&self) -> Option<(&PlanPart, &RoomPlan, &Line)> {
        match self.selected_row()? {
            PlanRow::Line(server, room, line, _) => self.line(server, room, line),
            _ => None,
        }
    }

    /// Whether a room is being read to be added.
    pub fn is_loading(&self, server: usize, room: &Jid) -> bool {
        self.loading
            .iter()
            .any(|(_, at, loading)| *at == server && loading == room)
    }

    /// How many rooms were compared, and in how many of them nothing differs.
    pub fn rooms(&self) -> (usize, usize) {
        let all = self.parts.iter().flat_map(PlanPart::rooms);
        let settled = all.clone().filter(|room| room.is_settled()).count();
        (all.count(), settled)
    }

    /// Lists the rows again; the selection stays with its row.
    fn list_rows(&mut self) {
        let before = self.selected_row();
        let plans: Vec<_> = self
            .parts
            .iter()
            .map(|part| (part.plan.as_ref().ok().cloned(), &part.local))
            .collect();
        self.rows = rows::rows(&plans, self.shown).into();
        let same = |row: &PlanRow| place(*row);
        let wanted = before.map(place);
        let at = self.rows.iter().position(|row| Some(*row) == before);
        let near = || self.rows.iter().position(|row| Some(same(row)) >= wanted);
        let last = self.rows.len().saturating_sub(1);
        self.selected = match wanted {
            Some(_) => at.or_else(near).unwrap_or(last),
            None => 0,
        };
        self.count();
    }

    fn count(&mut self) {
        self.counts = PlanCounts::default();
        for part in &self.parts {
            self.counts += part.counts();
        }
    }

    /// Shows other differences.
    pub(in crate::app) fn show_next(&mut self) {
        self.shown = self.shown.next();
        self.list_rows();
    }

    /// Rooms that are only on the server, with their part: those of the selected row, or all.
    pub(in crate::app) fn rooms_to_add(&self, all: bool) -> Vec<(usize, Jid)> {
        let can_be_added = |server: usize, room: &RoomPlan| {
            matches!(room.state, RoomState::OnlyThere | RoomState::RemovedHere)
                && !self.is_loading(server, &room.room)
        };
        if !all {
            let Some(PlanRow::Room(server, room)) = self.selected_row() else {
                return Vec::new();
            };
            let room = self.room(server, room).map(|(_, room)| room);
            let room = room.filter(|room| can_be_added(server, room));
            return room.map(|room| (server, room.room.clone())).into_iter().collect();
        }
        let mut found = Vec::new();
        for (server, part) in self.parts.iter().enumerate() {
            let rooms = part.rooms().iter().filter(|room| {
                // What was removed here on purpose is only added one by one.
                room.state == RoomState::OnlyThere && can_be_added(server, room)
            });
            found.extend(rooms.map(|room| (server, room.room.clone())));
        }
        found
    }

    /// Takes over rooms that were read again.
    pub(in crate::app) fn replace_rooms(&mut self, server: usize, rooms: &[RoomPlan]) {
        let Some(part) = self.parts.get_mut(server) else {
            return;
        };
        if let Ok(plan) = &mut part.plan {
            let plan = Arc::make_mut(plan);
            for room in rooms {
                match plan.rooms.iter_mut().find(|there| there.room == room.room) {
                    Some(there) => *there = room.clone(),
                    None => plan.rooms.push(room.clone()),
                }
            }
        }
        part.count();
        self.list_rows();
    }

    /// Notes which of its rooms are no longer in the file as they were compared.
    pub(in crate::app) fn note_changes(&mut self, now: &Wardrobe) {
        let changed = |part: &PlanPart, room: &RoomPlan| match (part.local(&room.room), now.room(&room.room))
        {
            (Some(then), Some(now)) => !Arc::ptr_eq(then, now) && then != now,
            (None, None) => false,
            _ => true,
        };
        self.changed_since = self
            .parts
            .iter()
            .flat_map(|part| part.rooms().iter().map(move |room| (part, room)))
            .filter(|(part, room)| changed(part, room))
            .map(|(_, room)| room.room.clone())
            .collect();
    }
}

/// The order of rows, whatever is shown of them.
fn place(row: PlanRow) -> (usize, usize, usize) {
    match row {
        PlanRow::Server(server) => (server, 0, 0),
        PlanRow::Room(server, room) | PlanRow::Note(server, room, _) => (server, room + 1, 0),
        PlanRow::User(server, room, line) | PlanRow::Line(server, room, line, _) => {
            (server, room + 1, line + 1)
        }
    }
}
