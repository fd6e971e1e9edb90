//! The plan on the screen, where the user decides about each difference.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::app::command::CommandId;
use crate::app::details::DetailsOverlay;
use crate::app::place::Place;
use crate::app::servers::plan::{DecisionProblem, LoadingRooms, PlanOverlay};
use crate::app::servers::{PlanFilter, PlanRow};
use crate::app::view::View;
use crate::app::{Confirm, ConfirmedAction, Effect, Layer, State, describe};
use crate::model::{Jid, Wardrobe};
use crate::sync::{Action, Decision, Line, LocalRoom, OtherRooms, Plan, Prefer, RoomState, ServerRequest};

use super::{compare, details};

impl Layer for PlanOverlay {
    fn place(&self) -> Place {
        Place::Plan
    }

    fn may_be_covered(&self) -> bool {
        true
    }

    fn view<'a>(&'a self, state: &'a State) -> View<'a> {
        crate::app::view::plan::view(state, self)
    }

    fn rows(&self, _: &Wardrobe) -> Option<(usize, usize)> {
        Some((self.selected, self.len()))
    }

    fn select(&mut self, row: usize, _: &Wardrobe, _: &mut Vec<Effect>) {
        self.selected = row.min(self.len().saturating_sub(1));
    }

    fn update_after_change(&mut self, _: Option<&dyn Layer>, now: &Wardrobe) -> Option<&'static str> {
        // While the plan is applied, the data changes because of the plan itself.
        if self.applying.is_none() {
            self.note_changes(now);
        }
        None
    }
}

fn top_plan(state: &State) -> Result<&PlanOverlay, String> {
    let plan = state.top_as::<PlanOverlay>();
    plan.ok_or_else(|| "Compare with a server first".into())
}

/// Checks that there are differences to decide about, and that this session can change the data.
pub(crate) fn may_decide(state: &State) -> Result<(), String> {
    check_differs(state)?;
    state.check_can_change()
}

fn check_differs(state: &State) -> Result<(), String> {
    match top_plan(state)? {
        plan if plan.applying.is_some() => Err("The changes are being applied".into()),
        // While a filter is set, the rows do not show whether there are differences.
        plan if plan.is_empty() && plan.filter == PlanFilter::All => Err("Nothing differs".into()),
        _ => Ok(()),
    }
}

/// Checks that the differences of the selected row can be left out or included.
pub(crate) fn may_toggle(state: &State) -> Result<(), String> {
    may_decide(state)?;
    may_inspect(state)?;
    let Some((_, _, line)) = top_plan(state)?.selected_line() else {
        return Ok(());
    };
    match (line.decision, line.action) {
        (Decision::Skip, Action::Conflict) => Err(decision_problem_text(state, DecisionProblem::Conflict)),
        (Decision::Skip, Action::LeaveOut) => {
            Err(decision_problem_text(state, DecisionProblem::ByRule(line.reason)))
        }
        _ => Ok(()),
    }
}

pub(crate) fn may_choose_yours(state: &State) -> Result<(), String> {
    may_choose(state, |line| line.action == Action::Conflict)
}

/// Checks that theirs can be kept. This is also possible where only the data file changed: keeping theirs undoes that
/// change.
pub(crate) fn may_choose_theirs(state: &State) -> Result<(), String> {
    may_choose(state, |line| line.action != Action::Receive)
}

fn may_choose(state: &State, can_choose: impl Fn(&Line) -> bool) -> Result<(), String> {
    may_decide(state)?;
    let plan = top_plan(state)?;
    let is_possible = match plan.selected_row() {
        Some(PlanRow::Line(server, room, line, _)) => plan
            .line(server, room, line)
            .is_some_and(|(_, _, line)| can_choose(line)),
        Some(PlanRow::Room(server, room)) => plan
            .parts
            .get(server)
            .is_some_and(|part| part.has_conflicts(room)),
        Some(PlanRow::User(..) | PlanRow::Server(_)) => true,
        Some(PlanRow::Note(..)) | None => false,
    };
    if is_possible {
        Ok(())
    } else {
        Err("There is no conflict here".into())
    }
}

pub(crate) fn may_inspect(state: &State) -> Result<(), String> {
    let plan = top_plan(state)?;
    match plan.selected_row() {
        Some(_) => Ok(()),
        None if plan.filter == PlanFilter::All => Err("Nothing differs".into()),
        None => {
            let key = state.key(CommandId::ShowNextLines);
            Err(format!("Nothing matches the filter ({key} to change the filter)"))
        }
    }
}

pub(crate) fn may_receive_removals(state: &State) -> Result<(), String> {
    may_decide(state)?;
    match top_plan(state)?.counts().held {
        0 => Err("No removals are held back".into()),
        _ => Ok(()),
    }
}

pub(crate) fn may_add_all_rooms(state: &State) -> Result<(), String> {
    may_decide(state)?;
    if !top_plan(state)?.has_rooms_to_add() {
        return Err("No rooms are only on the server".into());
    }
    Ok(())
}

pub(crate) fn may_go_to_undecided(state: &State) -> Result<(), String> {
    check_differs(state)?;
    let counts = top_plan(state)?.counts();
    if counts.conflicts + counts.held == 0 {
        return Err("Nothing is left to decide".into());
    }
    Ok(())
}

/// Leaves out the differences of the selected row, or includes them. If the row is a room that is only on the server,
/// reads the room to add it.
pub(crate) fn toggle(state: &mut State, effects: &mut Vec<Effect>) {
    let Some(plan) = state.top_as::<PlanOverlay>() else {
        return;
    };
    let rooms = plan.rooms_to_add(false);
    if !rooms.is_empty() {
        add_rooms(state, effects, rooms);
        return;
    }
    if let Some(text) = room_problem(plan) {
        state.notify_error(text);
        return;
    }
    let toggled = state.top_as_mut::<PlanOverlay>().map(PlanOverlay::toggle);
    if let Some(Err(problem)) = toggled {
        report_decision_problem(state, problem);
    }
}

/// Says why the user cannot decide about the differences of the selected room; `None` if the user can, or if no room is
/// selected.
fn room_problem(plan: &PlanOverlay) -> Option<String> {
    let Some(PlanRow::Room(server, room)) = plan.selected_row() else {
        return None;
    };
    let (_, room) = plan.room(server, room)?;
    match &room.state {
        RoomState::Compared => None,
        RoomState::OnlyOnServer | RoomState::RemovedFromFile => Some("The room is being read".into()),
        RoomState::OnlyInFile => Some("The room is not on the server. Create it there first".into()),
        RoomState::GoneFromServer => {
            Some("The room is no longer on the server. Nothing is removed here".into())
        }
        RoomState::Forbidden(reason) | RoomState::Unread(reason) => Some(reason.clone()),
    }
}

fn report_decision_problem(state: &mut State, problem: DecisionProblem) {
    let text = decision_problem_text(state, problem);
    state.notify_error(text);
}

/// Says why the requested decision about a difference is not possible.
fn decision_problem_text(state: &State, problem: DecisionProblem) -> String {
    match problem {
        DecisionProblem::Nothing => "There is no difference here".to_owned(),
        DecisionProblem::Conflict => format!(
            "Both sides changed; press {} to keep yours, {} to keep theirs",
            state.key(CommandId::ChooseYours),
            state.key(CommandId::ChooseTheirs)
        ),
        DecisionProblem::Held => format!(
            "Removals of hats are held back: select a difference and press {} to receive it, or press {} to receive all",
            state.key(CommandId::ToggleLine),
            state.key(CommandId::TakeRemovals)
        ),
        DecisionProblem::OneByOne => format!(
            "Sent only one by one: select a difference and press {}",
            state.key(CommandId::ToggleLine)
        ),
        DecisionProblem::OnlyReceived => {
            "Only the server changed this. Receive it first, then change it".to_owned()
        }
        DecisionProblem::ByRule(Some(reason)) => format!("Cannot be sent: {reason}"),
        DecisionProblem::ByRule(None) => "Cannot be sent".to_owned(),
    }
}

fn prefer(state: &mut State, side: Prefer) {
    let chosen = state.top_as_mut::<PlanOverlay>().map(|plan| plan.prefer(side));
    let kept = match side {
        Prefer::Local => "yours",
        Prefer::Server => "theirs",
    };
    match chosen {
        Some(Ok(1)) | None => {}
        Some(Ok(many)) => state.notify(format!("Kept {kept} in {}", describe::count(many, "conflict"))),
        Some(Err(problem)) => report_decision_problem(state, problem),
    }
}

pub(crate) fn choose_yours(state: &mut State, _: &mut Vec<Effect>) {
    prefer(state, Prefer::Local);
}

pub(crate) fn choose_theirs(state: &mut State, _: &mut Vec<Effect>) {
    prefer(state, Prefer::Server);
}

/// Shows the selected row in full: the values of both sides, and their last common value.
pub(crate) fn inspect(state: &mut State, _: &mut Vec<Effect>) {
    let plan = state.top_as::<PlanOverlay>();
    let Some((texts, is_difference)) =
        plan.and_then(|plan| crate::app::view::server_details::plan(state, plan))
    else {
        return;
    };
    if is_difference {
        details::open_difference(state, texts);
    } else {
        details::open(state, "Details", texts);
    }
}

fn choose_in_details(state: &mut State, side: Prefer) {
    if state.close::<DetailsOverlay>().is_some() {
        prefer(state, side);
    }
}

pub(crate) fn choose_yours_in_details(state: &mut State, _: &mut Vec<Effect>) {
    choose_in_details(state, Prefer::Local);
}

pub(crate) fn choose_theirs_in_details(state: &mut State, _: &mut Vec<Effect>) {
    choose_in_details(state, Prefer::Server);
}

fn select_undecided(state: &mut State, forward: bool) {
    let found = state
        .top_as_mut::<PlanOverlay>()
        .is_some_and(|plan| plan.select_undecided(forward));
    if !found {
        let key = state.key(CommandId::ShowNextLines);
        state.notify_error(format!("Hidden by the filter ({key} to change the filter)"));
    }
}

pub(crate) fn next_undecided(state: &mut State, _: &mut Vec<Effect>) {
    select_undecided(state, true);
}

pub(crate) fn previous_undecided(state: &mut State, _: &mut Vec<Effect>) {
    select_undecided(state, false);
}

pub(crate) fn show_next_filter(state: &mut State, _: &mut Vec<Effect>) {
    if let Some(plan) = state.top_as_mut::<PlanOverlay>() {
        plan.show_next_filter();
    }
}

pub(crate) fn receive_removals(state: &mut State, _: &mut Vec<Effect>) {
    let number = state
        .top_as_mut::<PlanOverlay>()
        .map_or(0, PlanOverlay::accept_removals);
    state.notify(format!("{} will be received", describe::count(number, "removal")));
}

pub(crate) fn add_all_rooms(state: &mut State, effects: &mut Vec<Effect>) {
    let rooms = state.top_as::<PlanOverlay>().map(|plan| plan.rooms_to_add(true));
    add_rooms(state, effects, rooms.unwrap_or_default());
}

/// Reads rooms that are only on a server, to receive them.
fn add_rooms(state: &mut State, effects: &mut Vec<Effect>, by_part: Vec<(usize, BTreeSet<Jid>)>) {
    if let Err(reason) = state.check_can_change() {
        state.notify_error(reason);
        return;
    }
    let revision = state.saved.revision;
    let mut id = state.next_id;
    let Some(plan) = state.top_as_mut::<PlanOverlay>() else {
        return;
    };
    for (part, rooms) in by_part {
        let Some(server) = plan.parts.get(part).map(|part| part.server.clone()) else {
            continue;
        };
        let requested = rooms.iter().map(|room| LocalRoom {
            room: room.clone(),
            local: None,
            is_requested: true,
        });
        effects.push(Effect::Server(ServerRequest::Plan {
            id,
            server,
            rooms: requested.collect(),
            others: OtherRooms::Ignore,
            revision,
            affiliations: None,
        }));
        plan.loading.push(LoadingRooms { id, part, rooms });
        id += 1;
    }
    state.next_id = id;
}

/// Adds the rooms of a result to the plan that requested them, or reports why they could not be read. Returns false if
/// no open plan requested them.
pub(super) fn take_requested_rooms(state: &mut State, id: u64, result: &Result<Arc<Plan>, String>) -> bool {
    let mut requested = None;
    for overlay in &mut state.overlays {
        if let Some(plan) = overlay.downcast_mut::<PlanOverlay>()
            && let Some(index) = plan.loading.iter().position(|loading| loading.id == id)
        {
            let loading = plan.loading.swap_remove(index);
            if let Ok(read) = result {
                plan.replace_rooms(loading.part, &read.rooms);
                plan.has_choices = true;
            }
            requested = Some(loading.rooms);
        }
    }
    match (&requested, result) {
        (Some(rooms), Err(reason)) => {
            let name = match (rooms.len(), rooms.first()) {
                (1, Some(room)) => room.to_string(),
                (many, _) => describe::count(many, "room"),
            };
            state.notify_error(format!("Cannot read {name}: {}", describe::after_colon(reason)));
        }
        (Some(_), Ok(plan)) => {
            for room in &plan.rooms {
                state.servers.note_compared(room, None);
            }
        }
        (None, _) => {}
    }
    requested.is_some()
}

pub(crate) fn may_compare_again(state: &State) -> Result<(), String> {
    if let Ok(plan) = top_plan(state)
        && plan.applying.is_some()
    {
        return Err("The changes are being applied".into());
    }
    compare::may_compare(state)
}

pub(crate) fn compare_again(state: &mut State, effects: &mut Vec<Effect>) {
    if let Some(mut plan) = state.close::<PlanOverlay>() {
        stop_loading(&mut plan, effects);
        let names = plan.parts.iter().map(|part| part.server.clone()).collect();
        compare::start(state, effects, names, Some(plan));
    }
}

fn stop_loading(plan: &mut PlanOverlay, effects: &mut Vec<Effect>) {
    let loading = std::mem::take(&mut plan.loading);
    let ids = loading.into_iter().map(|loading| loading.id);
    effects.extend(ids.map(|id| Effect::Server(ServerRequest::Stop { id })));
}

/// Stops applying the plan, or closes it; asks before closing if the user has decided about a difference.
pub(crate) fn close(state: &mut State, effects: &mut Vec<Effect>) {
    let Some(plan) = state.top_as_mut::<PlanOverlay>() else {
        return;
    };
    if let Some(applying) = &mut plan.applying {
        if !std::mem::replace(&mut applying.is_stopping, true) {
            let unfinished = applying
                .parts
                .iter()
                .filter(|part| part.sends && part.report.is_none() && part.commit.is_none());
            effects.extend(unfinished.map(|part| Effect::Server(ServerRequest::Stop { id: part.id })));
        }
        return;
    }
    if plan.has_choices {
        state.open(Confirm::new(
            "Discard choices",
            "Close the comparison and discard your choices?",
            "Nothing was sent or received. You can compare again.",
            ConfirmedAction::DiscardPlan,
        ));
        return;
    }
    discard(state, effects);
}

/// Closes the plan.
pub(super) fn discard(state: &mut State, effects: &mut Vec<Effect>) {
    if let Some(mut plan) = state.close::<PlanOverlay>() {
        stop_loading(&mut plan, effects);
    }
}
