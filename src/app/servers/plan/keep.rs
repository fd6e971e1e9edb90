//! Keeps the user's choices when rooms are compared again.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::model::Jid;
use crate::sync::{Action, Decision, Item, Line, RoomPlan, RoomState, Subject};

use super::{PlanOverlay, PlanPart};

/// Numbers of choices that were kept, and of choices that no longer apply.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(in crate::app) struct KeptChoices {
    pub(in crate::app) kept: usize,
    pub(in crate::app) dropped: usize,
}

/// Identifies a line by its subject, to find the line in another plan of the same room.
type LineKey<'a> = (Option<&'a Item>, Option<&'a Jid>);

fn key(line: &Line) -> LineKey<'_> {
    match &line.subject {
        Subject::Name => (None, None),
        Subject::Item(item) => (Some(item), None),
        Subject::User(user) => (None, Some(user)),
    }
}

/// Whether the user chose the decision: it differs from the proposed one.
fn is_chosen(line: &Line) -> bool {
    let proposed = match (line.action, line.reason) {
        (Action::Send, None) => Decision::Send,
        (Action::Receive, None) => Decision::Receive,
        _ => Decision::Skip,
    };
    line.decision != proposed
}

/// Repeats the choices of an earlier plan about differences that are still the same.
fn decide_again(room: &mut RoomPlan, before: &RoomPlan) -> KeptChoices {
    let chosen = before.lines.iter().filter(|line| is_chosen(line));
    let mut chosen: BTreeMap<LineKey<'_>, &Line> = chosen.map(|line| (key(line), line)).collect();
    let mut kept = 0;
    for line in &mut room.lines {
        let Some(before) = chosen.get(&key(line)).copied() else {
            continue;
        };
        let is_same = line.action == before.action
            && (&line.local, &line.remote) == (&before.local, &before.remote)
            && line.allows(before.decision);
        if is_same {
            chosen.remove(&key(before));
            line.decision = before.decision;
            kept += 1;
        }
    }
    KeptChoices {
        kept,
        dropped: chosen.len(),
    }
}

impl PlanPart {
    /// The rooms that are not in the file and that are to be received.
    pub(in crate::app) fn added_rooms(&self) -> BTreeSet<Jid> {
        let rooms = self.rooms().iter();
        let added =
            rooms.filter(|room| room.state == RoomState::Compared && !self.local.contains_key(&room.room));
        added.map(|room| room.room.clone()).collect()
    }
}

impl PlanOverlay {
    /// Takes over the choices of an earlier comparison, as far as they still apply, and the filter.
    pub(in crate::app) fn keep_choices(&mut self, before: &Self) -> KeptChoices {
        let mut all = KeptChoices::default();
        for part in &mut self.parts {
            let same_server = |other: &&PlanPart| other.server == part.server;
            let Some(earlier) = before.parts.iter().find(same_server) else {
                continue;
            };
            let earlier: BTreeMap<&Jid, &RoomPlan> =
                earlier.rooms().iter().map(|room| (&room.room, room)).collect();
            if let Ok(plan) = &mut part.plan {
                for room in &mut Arc::make_mut(plan).rooms {
                    if let Some(earlier) = earlier.get(&room.room) {
                        let KeptChoices { kept, dropped } = decide_again(room, earlier);
                        all.kept += kept;
                        all.dropped += dropped;
                    }
                }
            }
            part.update_counts();
        }
        let has_added = self.parts.iter().any(|part| !part.added_rooms().is_empty());
        self.has_choices = all.kept > 0 || before.has_choices && has_added;
        self.filter = before.filter;
        self.list_rows();
        all
    }
}
