//! The plan on the screen: the differences between the file and servers, the decisions about them, and the progress of
//! applying them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::model::{EditGroup, Jid, NotPermitted, Rights, Room, Wardrobe};
use crate::sync::{Action, Line, Plan, PlanCounts, RoomPlan, RoomState};

mod decide;
mod keep;

pub(in crate::app) use decide::DecisionProblem;
pub(in crate::app) use keep::KeptChoices;

use super::apply::Applying;
use super::rows::{self, PlanFilter, PlanRow};

/// The plan overlay.
#[derive(Debug, Clone)]
pub struct PlanOverlay {
    /// A part for each server that was compared.
    pub parts: Vec<PlanPart>,
    /// The selected row.
    pub selected: usize,
    /// The filter of lines.
    pub filter: PlanFilter,
    rows: Arc<[PlanRow]>,
    /// Number of lines of each kind in all parts.
    counts: PlanCounts,
    /// Number of rooms that are only on a server.
    only_on_server_count: usize,
    /// Number of seconds that sending may take, for the slowest server; `None` if no server limits the rate at which this
    /// account sends.
    pub(in crate::app) seconds_to_send: Option<u64>,
    /// Whether the user made a choice.
    pub(in crate::app) has_choices: bool,
    /// Rooms that were changed in the file since they were compared.
    pub(in crate::app) changed_since: BTreeSet<Jid>,
    /// The wardrobe with which `changed_since` was last updated; `None`: all rooms have to be checked.
    last_checked: Option<Wardrobe>,
    /// Rooms that are being read, to be added; an entry for each request.
    pub(in crate::app) loading: Vec<LoadingRooms>,
    /// Progress of applying the plan; `None` while the plan is not being applied.
    pub(in crate::app) applying: Option<Applying>,
}

/// Rooms of one server that are being read, to be added.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::app) struct LoadingRooms {
    /// The number of the request.
    pub(in crate::app) id: u64,
    /// The index of the part of the plan.
    pub(in crate::app) part: usize,
    /// The rooms.
    pub(in crate::app) rooms: BTreeSet<Jid>,
}

/// The comparison with one server.
#[derive(Debug, Clone)]
pub struct PlanPart {
    /// The server's name.
    pub server: Arc<str>,
    /// The plan, with the decisions; or the reason why there is no plan.
    pub plan: Result<Arc<Plan>, String>,
    /// The rooms of the file as they were compared.
    pub(in crate::app) local: BTreeMap<Jid, Arc<Room>>,
    /// Number of lines of each kind in each room.
    counts: Vec<PlanCounts>,
    /// Number of conflicts in each room, with a choice or without.
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
        part.update_counts();
        part
    }

    /// The rooms; empty without a plan.
    pub fn rooms(&self) -> &[RoomPlan] {
        self.plan.as_ref().map_or(&[], |plan| &plan.rooms)
    }

    /// Number of lines of each kind in a room.
    pub fn room_counts(&self, room: usize) -> PlanCounts {
        self.counts.get(room).copied().unwrap_or_default()
    }

    /// Number of lines of each kind in all rooms.
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

    /// The edits that the file receives by the current decisions.
    pub(in crate::app) fn edits_to_receive(&self) -> EditGroup {
        let mut all = EditGroup::default();
        for room in self.rooms() {
            all.0.extend(room.edits_to_receive(self.local(&room.room)).0);
        }
        all
    }

    /// Checks that a session with these rights may apply the decisions.
    pub(in crate::app) fn check_permitted_by(&self, rights: &Rights) -> Result<(), NotPermitted> {
        if !rights.is_restricted() {
            return Ok(());
        }
        self.plan
            .as_ref()
            .map_or(Ok(()), |plan| plan.check_permitted_by(rights))?;
        rights.permit(&self.edits_to_receive()).map(drop)
    }

    /// Updates the counts after the lines or decisions changed.
    fn update_counts(&mut self) {
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
            filter: PlanFilter::All,
            rows: Arc::from([]),
            counts: PlanCounts::default(),
            only_on_server_count: 0,
            seconds_to_send: None,
            has_choices: false,
            changed_since: BTreeSet::new(),
            last_checked: None,
            loading: Vec::new(),
            applying: None,
        };
        plan.list_rows();
        plan
    }

    /// Number of lines of each kind in all parts.
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

    /// The row at an index; `None` if there is no such row.
    pub fn row(&self, index: usize) -> Option<PlanRow> {
        self.rows.get(index).copied()
    }

    /// The selected row.
    pub fn selected_row(&self) -> Option<PlanRow> {
        self.row(self.selected)
    }

    /// A room with the part that it belongs to, by their indices.
    pub fn room(&self, server: usize, room: usize) -> Option<(&PlanPart, &RoomPlan)> {
        let part = self.parts.get(server)?;
        Some((part, part.rooms().get(room)?))
    }

    /// A line with its room and the part that both belong to, by their indices.
    pub fn line(&self, server: usize, room: usize, line: usize) -> Option<(&PlanPart, &RoomPlan, &Line)> {
        let (part, room) = self.room(server, room)?;
        Some((part, room, room.lines.get(line)?))
    }

    /// The line of the selected row, as [`Self::line`] returns it; `None` if the row is not a line.
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
            .any(|loading| loading.part == server && loading.rooms.contains(room))
    }

    /// Number of rooms in all parts.
    pub fn room_count(&self) -> usize {
        self.parts.iter().map(|part| part.rooms().len()).sum()
    }

    /// Lists the rows again. The selection stays with its row; if the row is no longer listed, the next one or the last
    /// one is selected.
    fn list_rows(&mut self) {
        let before = self.selected_row();
        let plans: Vec<_> = self
            .parts
            .iter()
            .map(|part| (part.plan.as_ref().ok().cloned(), &part.local))
            .collect();
        self.rows = rows::rows(&plans, self.filter).into();
        let wanted = before.map(row_position);
        let same = self.rows.iter().position(|row| Some(*row) == before);
        let next = || {
            self.rows
                .iter()
                .position(|row| Some(row_position(*row)) >= wanted)
        };
        let last = self.rows.len().saturating_sub(1);
        self.selected = match wanted {
            Some(_) => same.or_else(next).unwrap_or(last),
            None => 0,
        };
        self.update_counts();
    }

    /// Updates the totals after those of a part changed.
    fn update_counts(&mut self) {
        self.counts = PlanCounts::default();
        for part in &self.parts {
            self.counts += part.counts();
        }
        let plans = self.parts.iter().filter_map(|part| part.plan.as_ref().ok());
        // Changes are sent to all servers at the same time.
        self.seconds_to_send = plans.filter_map(|plan| plan.seconds_to_send()).max();
        let rooms = self.parts.iter().flat_map(PlanPart::rooms);
        let is_only_on_server = |room: &&RoomPlan| room.state == RoomState::OnlyOnServer;
        self.only_on_server_count = rooms.filter(is_only_on_server).count();
    }

    /// Switches to the next filter.
    pub(in crate::app) fn show_next_filter(&mut self) {
        self.filter = self.filter.next();
        self.list_rows();
    }

    /// Whether there are rooms that are only on a server and are not being read.
    pub(in crate::app) fn has_rooms_to_add(&self) -> bool {
        let loading: usize = self.loading.iter().map(|loading| loading.rooms.len()).sum();
        // The rooms being read may include some that were removed here, which `only_on_server_count` does not count.
        self.only_on_server_count > 0 && (loading == 0 || !self.rooms_to_add(true).is_empty())
    }

    /// Rooms that can be added from the servers, by the index of the part. `all`: all rooms that are only on a server;
    /// otherwise, the room of the selected row.
    pub(in crate::app) fn rooms_to_add(&self, all: bool) -> Vec<(usize, BTreeSet<Jid>)> {
        let can_be_added = |server: usize, room: &RoomPlan| {
            matches!(room.state, RoomState::OnlyOnServer | RoomState::RemovedFromFile)
                && !self.is_loading(server, &room.room)
        };
        if !all {
            let Some(PlanRow::Room(server, room)) = self.selected_row() else {
                return Vec::new();
            };
            let room = self.room(server, room).map(|(_, room)| room);
            let room = room.filter(|room| can_be_added(server, room));
            return room
                .map(|room| (server, BTreeSet::from([room.room.clone()])))
                .into_iter()
                .collect();
        }
        let of_part = |(server, part): (usize, &PlanPart)| {
            let rooms = part.rooms().iter().filter(|room| {
                // Rooms that were removed here on purpose are added only one by one.
                room.state == RoomState::OnlyOnServer && can_be_added(server, room)
            });
            (server, rooms.map(|room| room.room.clone()).collect())
        };
        let found = self.parts.iter().enumerate().map(of_part);
        found
            .filter(|(_, rooms): &(_, BTreeSet<_>)| !rooms.is_empty())
            .collect()
    }

    /// Replaces rooms of a part by those that were read, or adds them.
    pub(in crate::app) fn replace_rooms(&mut self, server: usize, rooms: &[RoomPlan]) {
        let Some(part) = self.parts.get_mut(server) else {
            return;
        };
        if let Ok(plan) = &mut part.plan {
            let plan = Arc::make_mut(plan);
            for room in rooms {
                // The rooms are sorted by address.
                match plan.rooms.binary_search_by(|other| other.room.cmp(&room.room)) {
                    Ok(index) => {
                        if let Some(old) = plan.rooms.get_mut(index) {
                            *old = room.clone();
                        }
                    }
                    Err(index) => plan.rooms.insert(index, room.clone()),
                }
            }
        }
        part.update_counts();
        self.last_checked = None;
        self.list_rows();
    }

    /// Updates `changed_since` for the wardrobe `now`.
    pub(in crate::app) fn note_changes(&mut self, now: &Wardrobe) {
        let is_changed = |part: &PlanPart, room: &Jid| match (part.local(room), now.room(room)) {
            (Some(then), Some(now)) => !Arc::ptr_eq(then, now) && then != now,
            (None, None) => false,
            _ => true,
        };
        let compared = self.rooms_to_check(now);
        let compared: Vec<(Jid, bool)> = compared
            .map(|(part, room)| (room.clone(), is_changed(part, room)))
            .collect();
        for (room, is_changed) in compared {
            if is_changed {
                self.changed_since.insert(room);
            } else {
                self.changed_since.remove(&room);
            }
        }
        self.last_checked = Some(now.clone());
    }

    /// The rooms that may have changed in the file since `changed_since` was last updated, each with its part.
    fn rooms_to_check(&self, now: &Wardrobe) -> impl Iterator<Item = (&PlanPart, &Jid)> {
        let before = self.last_checked.as_ref();
        let is_same = before.is_some_and(|before| before.shares_rooms_with(now));
        let parts = if is_same { &[] } else { self.parts.as_slice() };
        let rooms = parts
            .iter()
            .flat_map(|part| part.rooms().iter().map(move |room| (part, &room.room)));
        rooms.filter(
            move |(_, room)| match before.map(|before| (before.room(room), now.room(room))) {
                Some((Some(then), Some(now))) => !Arc::ptr_eq(then, now),
                Some((None, None)) => false,
                Some(_) | None => true,
            },
        )
    }
}

/// The position of a row, independent of the filter: the numbers of its part, room and line.
fn row_position(row: PlanRow) -> (usize, usize, usize) {
    match row {
        PlanRow::Server(server) => (server, 0, 0),
        PlanRow::Room(server, room) | PlanRow::Note(server, room, _) => (server, room + 1, 0),
        PlanRow::User(server, room, line) | PlanRow::Line(server, room, line, _) => {
            (server, room + 1, line + 1)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sync::{MergeOptions, RoomRead, ServerClass, merge};

    fn jid(number: u32) -> Jid {
        Jid::parse(&format!("room{number}@c.example")).unwrap()
    }

    fn plan(wardrobe: &Wardrobe) -> PlanOverlay {
        let options = MergeOptions::default();
        let read = RoomRead::Read(Arc::default());
        let rooms = wardrobe
            .rooms()
            .map(|(jid, room)| merge(jid, Ok(None), Some(room), &read, ServerClass::Prosody, &options));
        let plan = Plan {
            server: "a".into(),
            rooms: rooms.collect(),
        };
        let local = wardrobe.rooms().map(|(jid, room)| (jid.clone(), room.clone()));
        PlanOverlay::new(vec![PlanPart::new(
            "a".into(),
            Ok(Arc::new(plan)),
            local.collect(),
        )])
    }

    #[test]
    fn only_rooms_that_may_have_changed_are_compared_again() {
        let mut wardrobe = Wardrobe::default();
        for number in 0..100 {
            wardrobe.add_room(&jid(number), None).unwrap();
        }
        let mut overlay = plan(&wardrobe);
        assert_eq!(overlay.rooms_to_check(&wardrobe).count(), 100);
        overlay.note_changes(&wardrobe);
        // After a message that changed nothing, no room is checked.
        assert!(
            overlay
                .last_checked
                .as_ref()
                .unwrap()
                .shares_rooms_with(&wardrobe)
        );
        assert_eq!(overlay.rooms_to_check(&wardrobe.clone()).count(), 0);

        let before = wardrobe.clone();
        wardrobe.rename_room(&jid(7), Some("Courses")).unwrap();
        wardrobe.remove_room(&jid(8)).unwrap();
        wardrobe.add_room(&jid(200), None).unwrap();
        assert_eq!(overlay.rooms_to_check(&wardrobe).count(), 2);
        overlay.note_changes(&wardrobe);
        assert_eq!(overlay.changed_since, BTreeSet::from([jid(7), jid(8)]));
        assert_eq!(overlay.rooms_to_check(&wardrobe).count(), 0);

        // After the file was read again, rooms with equal contents are shared with the previous wardrobe.
        let mut again = wardrobe.clone();
        again.rename_room(&jid(9), Some("Other")).unwrap();
        again.rename_room(&jid(9), None).unwrap();
        again.share_rooms_with(&wardrobe);
        assert_eq!(overlay.rooms_to_check(&again).count(), 0);
        overlay.note_changes(&before);
        assert_eq!(overlay.changed_since, BTreeSet::new());
        overlay.replace_rooms(0, &[]);
        assert_eq!(overlay.rooms_to_check(&before).count(), 100);
    }
}
