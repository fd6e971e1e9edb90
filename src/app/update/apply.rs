//! Applying a plan: first the received changes are committed to the file in the name of the server; then the server
//! worker is informed of the commit and sends the rest; then the report is shown.

use std::collections::BTreeMap;

use crate::app::command::CommandId;
use crate::app::place::Place;
use crate::app::servers::apply::{Applying, ApplyingPart};
use crate::app::servers::open_differences;
use crate::app::servers::plan::{PlanOverlay, PlanPart};
use crate::app::servers::report::ReportOverlay;
use crate::app::view::View;
use crate::app::{Confirm, ConfirmedAction, Effect, Layer, State, describe};
use crate::model::{EditError, Wardrobe};
use crate::store::{Change, SentChanges, StoreRequest};
use crate::sync::{
    Decision, LocalRoom, Progress, Report, RoomPlan, RoomReport, RoomState, ServerRequest, server_actor,
};

use super::{compare, details};

impl Layer for ReportOverlay {
    fn place(&self) -> Place {
        Place::Report
    }

    fn may_be_covered(&self) -> bool {
        true
    }

    fn view<'a>(&'a self, state: &'a State) -> View<'a> {
        crate::app::view::report::view(state, self)
    }

    fn rows(&self, _: &Wardrobe) -> Option<(usize, usize)> {
        Some((self.selected, self.len()))
    }

    fn select(&mut self, row: usize, _: &Wardrobe, _: &mut Vec<Effect>) {
        self.selected = row.min(self.len().saturating_sub(1));
    }
}

pub(crate) fn may_apply(state: &State) -> Result<(), String> {
    let Some(plan) = state.top_as::<PlanOverlay>() else {
        return Err("Compare with a server first".into());
    };
    state.check_can_change()?;
    let counts = plan.counts();
    if plan.applying.is_some() {
        return Err("The changes are already being applied".into());
    }
    if !plan.loading.is_empty() {
        return Err("Rooms are still being read".into());
    }
    if counts.send + counts.receive == 0 {
        return Err(match counts.conflicts + counts.held {
            0 => "Nothing to send or receive".into(),
            number => format!(
                "Nothing to send or receive: {} to decide first",
                describe::count(number, "difference")
            ),
        });
    }
    for part in &plan.parts {
        let permitted = part.check_permitted_by(&state.start.scope.rights);
        permitted.map_err(|reason| describe::capitalized(&reason.to_string()))?;
    }
    let is_outdated = |part: &&PlanPart| {
        part.rooms()
            .iter()
            .any(|room| plan.changed_since.contains(&room.room) && has_included_lines(room))
    };
    if plan.parts.iter().any(|part| is_outdated(&part)) {
        let key = state.key(CommandId::CompareAgain);
        return Err(format!(
            "The data file changed in the meantime; press {key} to compare again"
        ));
    }
    Ok(())
}

/// Returns whether the plan sends or receives a difference of the room.
fn has_included_lines(room: &RoomPlan) -> bool {
    room.lines.iter().any(|line| line.decision != Decision::Skip)
}

/// Asks whether to apply the plan.
pub(crate) fn confirm(state: &mut State, _: &mut Vec<Effect>) {
    let Some(plan) = state.top_as::<PlanOverlay>() else {
        return;
    };
    let parts: Vec<String> = plan.parts.iter().filter_map(describe_part).collect();
    let receiving_parts = plan.parts.iter().filter(|part| part.counts().receive > 0).count();
    let counts = plan.counts();
    let undecided = counts.conflicts + counts.held;
    let mut consequence = Vec::new();
    match (counts.send, counts.receive) {
        (_, 0) => {}
        (0, _) => {
            let each = if receiving_parts > 1 {
                " for each server"
            } else {
                ""
            };
            consequence.push(format!(
                "Received changes are saved in the data file as one change{each}."
            ));
        }
        (_, _) => {
            consequence.push("Received changes are saved in the data file before yours are sent.".to_owned());
        }
    }
    if undecided > 0 {
        let verb = if undecided == 1 { "remains" } else { "remain" };
        consequence.push(format!(
            "{} {verb} unresolved.",
            describe::count(undecided, "difference")
        ));
    }
    let left_out = counts.left_out + counts.skipped;
    if left_out > 0 {
        let verb = if left_out == 1 { "is" } else { "are" };
        consequence.push(format!(
            "{} {verb} left out.",
            describe::count(left_out, "difference")
        ));
    }
    state.open(Confirm::new(
        "Apply changes",
        format!("{}?", describe::capitalized(&parts.join(", "))),
        consequence.join(" "),
        ConfirmedAction::ApplyPlan,
    ));
}

/// Describes what is done with one server: `send 3 changes to "example" and receive 2`; `None` if nothing is sent or
/// received.
fn describe_part(part: &PlanPart) -> Option<String> {
    let (counts, server) = (part.counts(), &part.server);
    let changes = |number| describe::count(number, "change");
    Some(match (counts.send, counts.receive) {
        (0, 0) => return None,
        (send, 0) => format!("send {} to {server:?}", changes(send)),
        (0, receive) => format!("receive {} from {server:?}", changes(receive)),
        (send, receive) => format!(
            "send {} to {server:?} and receive {}",
            changes(send),
            describe::with_thousands_commas(receive)
        ),
    })
}

/// Starts applying the plan.
pub(super) fn start(state: &mut State, effects: &mut Vec<Effect>) {
    if let Err(reason) = may_apply(state) {
        state.notify_error(reason);
        return;
    }
    let mut id = state.next_id;
    let Some(plan) = state.top_as_mut::<PlanOverlay>() else {
        return;
    };
    let mut applying = Applying::default();
    let mut commits = Vec::new();
    for (plan_index, part) in plan.parts.iter().enumerate() {
        let counts = part.counts();
        if counts.send + counts.receive == 0 {
            continue;
        }
        let group = part.edits_to_receive();
        let commit = (!group.is_empty()).then_some(id);
        if let Some(commit) = commit {
            let change = Change {
                actor: Some(server_actor(&part.server).into()),
                accepted_removals: part.rooms().iter().any(RoomPlan::accepts_removals),
                ..group.into()
            };
            commits.push(StoreRequest::Commit { id: commit, change });
            id += 1;
        }
        let received = part.rooms().iter().enumerate();
        let received = received.map(|(row, room)| (room.room.clone(), part.room_counts(row).receive));
        applying.parts.push(ApplyingPart {
            part: plan_index,
            id,
            commit,
            received: received.filter(|(_, number)| *number > 0).collect(),
            sends: counts.send > 0,
            progress: Progress {
                total: counts.send,
                ..Progress::default()
            },
            report: None,
            stopped: false,
        });
        id += 1;
    }
    let without_commit: Vec<usize> = applying
        .parts
        .iter()
        .enumerate()
        .filter(|(_, part)| part.commit.is_none())
        .map(|(index, _)| index)
        .collect();
    plan.applying = Some(applying);
    state.next_id = id;
    for request in &commits {
        if let StoreRequest::Commit { id, .. } = request {
            state.other_commits.insert(*id);
        }
    }
    effects.extend(commits.into_iter().map(Effect::Store));
    for index in without_commit {
        after_receiving(state, effects, index);
    }
}

/// Returns the overlay of the plan that is being applied.
fn applied_plan(state: &mut State) -> Option<&mut PlanOverlay> {
    state
        .overlays
        .iter_mut()
        .filter_map(|overlay| overlay.downcast_mut::<PlanOverlay>())
        .find(|plan| plan.applying.is_some())
}

/// Handles the result of a commit, if it is one by which the applied plan receives changes. Called when the state has
/// the new content of the file.
pub(super) fn committed(
    state: &mut State,
    effects: &mut Vec<Effect>,
    id: u64,
    result: &Result<Option<u64>, EditError>,
) {
    let Some(plan) = applied_plan(state) else {
        return;
    };
    let parts = plan.applying.iter_mut().flat_map(|applying| &mut applying.parts);
    let Some((index, part)) = parts.enumerate().find(|(_, part)| part.commit == Some(id)) else {
        return;
    };
    part.commit = None;
    match result {
        Ok(_) => after_receiving(state, effects, index),
        Err(error) => {
            // Nothing was received, so nothing is sent either. The next comparison shows all differences again.
            let error = format!("the data file was not changed: {error}");
            let plan_index = part.part;
            part.received.clear();
            let rooms = plan.parts.get(plan_index).map_or(&[][..], PlanPart::rooms);
            let rooms = rooms
                .iter()
                .filter(|room| has_included_lines(room))
                .map(|room| RoomReport {
                    error: Some(error.clone()),
                    ..RoomReport::new(room)
                });
            let rooms = rooms.collect();
            finish_part(state, effects, index, (rooms, false));
        }
    }
}

/// Continues with one part of the applied plan when the file has the received changes: informs the server worker, which
/// updates the base, and requests to send the changes. If there is nothing to send or the user stopped, finishes the
/// part. `index` is the index of the part in the list of parts being applied.
fn after_receiving(state: &mut State, effects: &mut Vec<Effect>, index: usize) {
    let (saved, revision) = (state.saved.clone(), state.saved.revision);
    let Some(plan) = applied_plan(state) else {
        return;
    };
    let is_stopping = plan
        .applying
        .as_ref()
        .is_some_and(|applying| applying.is_stopping);
    let Some(applying) = plan
        .applying
        .as_ref()
        .and_then(|applying| applying.parts.get(index))
    else {
        return;
    };
    let Some(part) = plan.parts.get(applying.part) else {
        return;
    };
    let Ok(full_plan) = &part.plan else { return };
    let compared = part
        .rooms()
        .iter()
        .filter(|room| room.state == RoomState::Compared);
    effects.extend(compared.map(|room| {
        Effect::Server(ServerRequest::Received {
            server: part.server.clone(),
            room: LocalRoom {
                room: room.room.clone(),
                local: saved.room(&room.room).cloned(),
                is_requested: false,
            },
            revision,
            received: room.received(),
            held: room.held(),
        })
    }));
    if applying.sends && !is_stopping {
        effects.push(Effect::Server(ServerRequest::Apply {
            id: applying.id,
            plan: full_plan.clone(),
            reason: None,
        }));
        return;
    }
    let sends = applying.sends;
    let rooms = part.rooms().iter().enumerate();
    let rooms = rooms.map(|(row, room)| RoomReport {
        unsent: part.room_counts(row).send,
        ..RoomReport::new(room)
    });
    let rooms = rooms.collect();
    finish_part(state, effects, index, (rooms, sends));
}

/// Records the progress of sending the changes of the part with this ID.
pub(super) fn note_progress(state: &mut State, id: u64, progress: Progress) {
    let applying = applied_plan(state).and_then(|plan| plan.applying.as_mut());
    for part in applying.into_iter().flat_map(|applying| &mut applying.parts) {
        if part.id == id {
            part.progress = progress;
        }
    }
}

/// Handles the report about the changes that were sent to a server.
pub(super) fn applied(state: &mut State, effects: &mut Vec<Effect>, id: u64, report: Report, stopped: bool) {
    let applying = applied_plan(state).and_then(|plan| plan.applying.as_ref());
    let index = applying.and_then(|applying| applying.parts.iter().position(|part| part.id == id));
    if let Some(index) = index {
        finish_part(state, effects, index, (report.rooms, stopped));
    }
}

/// Records the result of one part of the applied plan. When all parts have a result, the report replaces the plan.
fn finish_part(
    state: &mut State,
    effects: &mut Vec<Effect>,
    index: usize,
    (mut rooms, stopped): (Vec<RoomReport>, bool),
) {
    let Some(plan) = applied_plan(state) else {
        return;
    };
    let applying = plan.applying.as_mut();
    let Some(part) = applying.and_then(|applying| applying.parts.get_mut(index)) else {
        return;
    };
    let received: BTreeMap<_, _> = std::mem::take(&mut part.received);
    for room in &mut rooms {
        if let Some(received) = received.get(&room.room) {
            room.received = *received;
        }
    }
    let plan_index = part.part;
    let Some(server) = plan.parts.get(plan_index).map(|part| part.server.clone()) else {
        return;
    };
    let report = Report { server, rooms };
    // Recorded immediately, because the session may end before the other servers have answered.
    record_sent(state, effects, &report);
    let Some(applying) = applied_plan(state).and_then(|plan| plan.applying.as_mut()) else {
        return;
    };
    if let Some(part) = applying.parts.get_mut(index) {
        part.stopped = stopped;
        part.report = Some(report);
    }
    if applying.parts.iter().any(|part| part.report.is_none()) {
        return;
    }
    let stopped = applying.parts.iter().any(|part| part.stopped);
    let reports = applying.parts.iter_mut().filter_map(|part| part.report.take());
    let reports: Vec<Report> = reports.collect();
    for room in reports.iter().flat_map(|report| &report.rooms) {
        let remaining = open_differences(room.left) + room.failed.len() + room.unsent;
        let local = state.saved.room(&room.room);
        if room.error.is_none() {
            state.servers.note_applied(&room.room, local, remaining);
        }
    }
    let report = ReportOverlay::new(reports, stopped);
    // The report takes the position of the plan: an overlay above the plan, such as a question, keeps the focus.
    if let Some(plan) = state
        .overlays
        .iter_mut()
        .find(|overlay| is_applied_plan(&***overlay))
    {
        *plan = Box::new(report);
    }
}

/// Records in the history the changes that were sent to a server, with this session's actor.
fn record_sent(state: &mut State, effects: &mut Vec<Effect>, report: &Report) {
    let changes = report.sent_edits();
    if changes.is_empty() {
        return;
    }
    let sent = SentChanges {
        server: (*report.server).into(),
        changes,
    };
    let change = Change {
        sent: Some(sent),
        ..Change::default()
    };
    let id = state.next_id;
    state.next_id += 1;
    state.other_commits.insert(id);
    effects.push(Effect::Store(StoreRequest::Commit { id, change }));
}

fn is_applied_plan(overlay: &dyn Layer) -> bool {
    let plan = overlay.downcast_ref::<PlanOverlay>();
    plan.is_some_and(|plan| plan.applying.is_some())
}

/// Shows the selected row of the report in full.
pub(crate) fn details(state: &mut State, _: &mut Vec<Effect>) {
    let report = state.top_as::<ReportOverlay>();
    if let Some(texts) = report.and_then(|report| crate::app::view::server_details::report(state, report)) {
        details::open(state, "Details", texts);
    }
}

pub(crate) fn compare_again(state: &mut State, effects: &mut Vec<Effect>) {
    if let Some(report) = state.close::<ReportOverlay>() {
        let names = report.reports.iter().map(|report| report.server.clone());
        compare::start(state, effects, names.collect(), None);
    }
}
