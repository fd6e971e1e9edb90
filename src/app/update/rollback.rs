//! Rolling back several entries of the history at once: the marked entries, or all entries of an actor since a time.

use std::collections::HashSet;
use std::sync::Arc;

use jiff::Timestamp;

use crate::app::history::{HistoryOverlay, RollbackOverlay, RollbackRead, RollbackRequest};
use crate::app::place::Place;
use crate::app::prompt::{ActorUndo, Prompt, PromptKind, SELECTED};
use crate::app::rollback::{Rollback, RollbackTarget};
use crate::app::view::View;
use crate::app::{Effect, Layer, State, describe, moment};
use crate::model::Wardrobe;
use crate::store::{Change, HistoryEntry, HistoryFilter, HistoryPage, HistoryQuery, StoreRequest, person};

use super::commit;

/// Number of an actor's entries read at a time.
const PAGE_SIZE: usize = 500;

impl Layer for RollbackOverlay {
    fn place(&self) -> Place {
        Place::Rollback
    }

    fn view<'a>(&'a self, state: &'a State) -> View<'a> {
        crate::app::view::rollback::view(state, self)
    }

    fn rows(&self, _: &Wardrobe) -> Option<(usize, usize)> {
        Some((self.selected, self.len()))
    }

    fn select(&mut self, row: usize, _: &Wardrobe, _: &mut Vec<Effect>) {
        self.selected = row.min(self.len().saturating_sub(1));
    }

    fn update_after_change(&mut self, _: Option<&dyn Layer>, now: &Wardrobe) -> Option<&'static str> {
        let stale = now.clone().apply(&self.plan.group).is_err();
        stale.then_some("Not undone: the data changed in the meantime. Try again")
    }
}

pub(crate) fn may_undo_actor(state: &State) -> Result<(), String> {
    state.check_can_change()?;
    let history = state.top_as::<HistoryOverlay>();
    let entry = history.and_then(HistoryOverlay::entry);
    entry.map(drop).ok_or_else(|| "No entries".into())
}

/// Asks for the time since which the changes of the selected entry's actor are undone. Proposes the day of the entry,
/// because an actor's newest change is usually not the only one.
pub(crate) fn undo_actor(state: &mut State, _: &mut Vec<Effect>) {
    let entry = state.top_as::<HistoryOverlay>().and_then(HistoryOverlay::entry);
    let Some(entry) = entry.cloned() else { return };
    if is_waiting_for_commits(state) {
        return;
    }
    let undo = ActorUndo {
        actor: person(&entry.actor).to_owned(),
        revision: entry.revision,
        time: time_text(state, entry.time),
    };
    let day = moment::day(entry.time, &state.now());
    state.open(Prompt::new(PromptKind::UndoSince(undo), &day, Vec::new(), 0));
}

/// Reads the entries that the preview needs, since the typed time. The prompt stays open until they are read.
pub(super) fn undo_since(state: &mut State, effects: &mut Vec<Effect>, undo: &ActorUndo, typed: &str) {
    if is_waiting_for_commits(state) {
        return;
    }
    let (actor, time) = (undo.actor.clone(), moment::parse_start(typed, &state.now()));
    let (since, target, reads) = if typed.eq_ignore_ascii_case(SELECTED) {
        let reads = RollbackRead::Since(undo.revision);
        (
            format!(" since {}", undo.time),
            RollbackTarget::Actor(actor),
            reads,
        )
    } else if let Some(time) = time {
        let since = match time {
            time if time == Timestamp::MIN => String::new(),
            time => format!(" since {}", time_text(state, time)),
        };
        let query = HistoryQuery {
            filter: HistoryFilter {
                actor: Some(actor.clone()),
                since: Some(time),
                ..HistoryFilter::default()
            },
            from: None,
            limit: PAGE_SIZE,
        };
        let target = RollbackTarget::Revisions(HashSet::new());
        (since, target, RollbackRead::Actor(actor, query))
    } else {
        let examples = moment::EXAMPLES;
        return show_errors(
            state,
            vec![format!(
                "Not a time. Use for example {examples}, all or {SELECTED}"
            )],
        );
    };
    let request = RollbackRequest {
        target,
        actor_since: Some(format!("by {}{since}", undo.actor)),
        reads,
    };
    if let Some(prompt) = state.top_as_mut::<Prompt>() {
        prompt.set_errors(Vec::new());
        prompt.is_waiting = true;
    }
    read(state, effects, request);
}

pub(super) fn undo_marked(state: &mut State, effects: &mut Vec<Effect>) {
    if is_waiting_for_commits(state) {
        return;
    }
    let marks = state.top_as::<HistoryOverlay>().map(|history| &history.marks);
    if let Some((marks, oldest)) = marks.and_then(|marks| Some((marks, *marks.first()?))) {
        let request = RollbackRequest {
            target: RollbackTarget::Revisions(marks.iter().copied().collect()),
            actor_since: None,
            reads: RollbackRead::Since(oldest),
        };
        read(state, effects, request);
    }
}

/// Returns whether changes are not saved yet, so that the history lacks them; if so, tells the user.
fn is_waiting_for_commits(state: &mut State) -> bool {
    let is_waiting = !state.pending.is_empty();
    if is_waiting {
        state.notify_error("Wait until your changes are saved, then undo again");
    }
    is_waiting
}

/// Shows errors in the prompt or, if no prompt is open, the first two of them in a notice.
fn show_errors(state: &mut State, errors: Vec<String>) {
    if let Some(prompt) = state.top_as_mut::<Prompt>() {
        return prompt.set_errors(errors);
    }
    let more = match errors.len().saturating_sub(2) {
        0 => String::new(),
        more => format!("; {} more", describe::with_thousands_commas(more)),
    };
    let first: Vec<String> = errors.into_iter().take(2).collect();
    state.notify_error(format!("{}{more}", first.join(" ")));
}

/// Requests the entries that a rollback reads next.
fn read(state: &mut State, effects: &mut Vec<Effect>, request: RollbackRequest) {
    let Some(history) = waiting_history(state) else {
        return;
    };
    effects.push(Effect::Store(match &request.reads {
        RollbackRead::Actor(_, query) => StoreRequest::History(query.clone()),
        RollbackRead::Since(revision) => StoreRequest::HistorySince(*revision),
    }));
    history.pending_rollback = Some(request);
}

/// Whether the prompt for the time is open and waits for entries.
fn is_asking(state: &State) -> bool {
    let prompt = state.top_as::<Prompt>().filter(|prompt| prompt.is_waiting);
    prompt.is_some_and(|prompt| matches!(prompt.kind, PromptKind::UndoSince(_)))
}

/// The history that may wait for entries: it is on top, or below the prompt for the time.
fn waiting_history(state: &mut State) -> Option<&mut HistoryOverlay> {
    let above = usize::from(is_asking(state));
    state.overlays.iter_mut().rev().nth(above)?.downcast_mut()
}

/// Takes the rollback that waits for these entries, unless the history or the prompt was closed, covered or edited in
/// the meantime.
fn take_request(state: &mut State, reads: impl FnOnce(&RollbackRead) -> bool) -> Option<RollbackRequest> {
    let is_asking = is_asking(state);
    let history = waiting_history(state)?;
    history
        .pending_rollback
        .take_if(|request| request.actor_since.is_some() == is_asking && reads(&request.reads))
}

/// Collects the entries of an actor since a time, page by page; then reads all entries since the oldest of them.
pub(super) fn page_read(
    state: &mut State,
    effects: &mut Vec<Effect>,
    query: &HistoryQuery,
    page: &Result<HistoryPage, String>,
) {
    let is_read = |reads: &RollbackRead| matches!(reads, RollbackRead::Actor(_, awaited) if awaited == query);
    let Some(mut request) = take_request(state, is_read) else {
        return;
    };
    let page = match page {
        Ok(page) => page,
        Err(reason) => return show_errors(state, vec![reason.clone()]),
    };
    let (RollbackTarget::Revisions(revisions), RollbackRead::Actor(actor, query)) =
        (&mut request.target, &mut request.reads)
    else {
        return;
    };
    let by_actor = page.entries.iter().filter(|entry| person(&entry.actor) == actor);
    revisions.extend(by_actor.map(|entry| entry.revision));
    if page.next.is_some() {
        query.from = page.next;
    } else if let Some(oldest) = revisions.iter().min() {
        request.reads = RollbackRead::Since(*oldest);
    } else {
        let actor_since = request.actor_since.unwrap_or_default();
        return show_errors(state, vec![format!("No changes {actor_since}")]);
    }
    read(state, effects, request);
}

/// Shows the edits that would be undone or, if there are none, the reasons.
pub(super) fn entries_read(state: &mut State, since: u64, entries: Result<Vec<HistoryEntry>, String>) {
    let is_read = |reads: &RollbackRead| *reads == RollbackRead::Since(since);
    let Some(request) = take_request(state, is_read) else {
        return;
    };
    let history = waiting_history(state);
    let undoes_hidden = history.is_some_and(|history| match request.actor_since {
        Some(_) => history.may_hide_entries_of_actor(),
        None => history.has_hidden_marks(),
    });
    let entries: Vec<Arc<HistoryEntry>> = match entries {
        Ok(entries) => entries.into_iter().map(Arc::new).collect(),
        Err(reason) => return show_errors(state, vec![reason]),
    };
    let problem = |edit: &_| commit::affiliation_problem(state, std::slice::from_ref(edit));
    let mut plan = Rollback::plan(&state.shown, &entries, &request.target, &state.zone(), problem);
    plan.group = plan.group.without_past_ends(state.clock.now).into_owned();
    if plan.is_empty() {
        return match &request.actor_since {
            Some(actor_since) => {
                let error = format!("All changes {actor_since} are already undone");
                show_errors(state, vec![error]);
            }
            None => state.notify("No changes: already undone"),
        };
    }
    if plan.group.is_empty() {
        return show_errors(state, obstacles(state, &plan, request.actor_since.as_deref()));
    }
    if let Some(reason) = commit::problem(state, &plan.group) {
        return show_errors(state, vec![reason]);
    }
    let changes_phrase = describe_request(&request, &plan);
    state.close::<Prompt>();
    state.open(RollbackOverlay {
        changes_phrase,
        plan,
        undoes_hidden,
        selected: 0,
    });
}

/// Says why nothing can be undone: a heading, and a line for each skipped edit.
fn obstacles(state: &State, plan: &Rollback, actor_since: Option<&str>) -> Vec<String> {
    let heading = match actor_since {
        Some(actor_since) => format!("None of the changes {actor_since} can be undone:"),
        None => "None of the marked changes can be undone:".to_owned(),
    };
    let zone = state.zone();
    let lines = plan.skipped.iter().map(|skipped| {
        let (subject, action) = describe::subject_and_action(&skipped.edit, &state.shown, &zone);
        format!("{subject}: {} ({action})", skipped.reason)
    });
    std::iter::once(heading).chain(lines).collect()
}

fn time_text(state: &State, time: Timestamp) -> String {
    let local = state.zone().to_datetime(time);
    local.strftime("%Y-%m-%d %H:%M").to_string()
}

/// Describes the changes that are undone: `3 changes by mallory since 2026-01-31 12:00`.
fn describe_request(request: &RollbackRequest, plan: &Rollback) -> String {
    let changes = describe::count(plan.undone, "change");
    match (&request.actor_since, &request.target) {
        (Some(actor_since), _) => format!("{changes} {actor_since}"),
        (None, RollbackTarget::Revisions(marked)) => {
            if plan.undone == marked.len() {
                format!("the {}", describe::count(marked.len(), "marked change"))
            } else {
                format!(
                    "{} of the {} marked changes",
                    describe::with_thousands_commas(plan.undone),
                    describe::with_thousands_commas(marked.len())
                )
            }
        }
        (None, RollbackTarget::Actor(_)) => changes,
    }
}

pub(crate) fn may_accept(state: &State) -> Result<(), String> {
    match state.top_as::<RollbackOverlay>() {
        Some(rollback) if rollback.plan.group.is_empty() => {
            Err("Nothing to undo: everything is skipped".into())
        }
        _ => state.check_can_change(),
    }
}

/// Undoes the listed edits as one change.
pub(crate) fn accept(state: &mut State, effects: &mut Vec<Effect>) {
    let Some(rollback) = state.close::<RollbackOverlay>() else {
        return;
    };
    let summary = describe::capitalized(&rollback.plan.describe(&state.shown, &state.zone()));
    let origin = Change {
        rolled_back: Some(rollback.plan.undone_count()),
        ..Change::default()
    };
    let group = rollback.plan.group;
    if commit::execute_as(state, effects, origin, |next| next.apply(&group).map(|()| group)).is_none() {
        return;
    }
    state.notify(describe::with_hint(&summary, &commit::undo_hint(state)));
    if let Some(history) = state.top_as_mut::<HistoryOverlay>() {
        history.marks.clear();
    }
}
