//! Quitting, and the commands for a data file with a problem.

use crate::app::command::CommandId;
use crate::app::state::{LastInput, QuitState};
use crate::app::{Confirm, ConfirmedAction, Conflict, ConflictSubject, Effect, Phase, State, describe};
use crate::store::{StoreProblem, StoreRequest};

use super::arrivals;

pub(crate) fn close_overlay(state: &mut State, _: &mut Vec<Effect>) {
    state.overlays.pop();
}

/// Quits after pending changes are saved and sent. Asks first if they cannot be saved. Open forms and prompts with input
/// are kept as a draft. If the key is pressed again, hatrack no longer waits for the servers.
pub(crate) fn quit(state: &mut State, _: &mut Vec<Effect>) {
    state.last_input = LastInput::Quit;
    let is_sending = state.servers.sending.open_requests > 0;
    let is_pressed_again = matches!(state.quit, QuitState::WhenSent | QuitState::WhenSaved);
    if is_sending && state.problem.is_none() && !is_pressed_again {
        state.quit = QuitState::WhenSent;
        let key = state.key(CommandId::Quit);
        state.notify(format!(
            "Sending; hatrack quits when done ({key} to quit now; the next session sends the rest)"
        ));
    } else if state.pending.is_empty() {
        let unreadable =
            state.phase != Phase::Open && matches!(state.problem, Some(StoreProblem::Unreadable(_)));
        begin(state, if unreadable { 4 } else { 0 });
    } else if state.problem.is_some() {
        confirm_unsaved(state);
    } else {
        state.quit = if is_pressed_again {
            QuitState::WhenSaved
        } else {
            QuitState::WhenSent
        };
        state.notify("Saving; hatrack quits when done");
    }
}

/// Quits with this exit status once the draft is stored.
pub(super) fn begin(state: &mut State, status: u8) {
    state.quit = QuitState::WhenDraftSaved(status);
    state.drafts.failed = None;
}

/// Quits from anywhere (Ctrl-C), unless a question about quitting is already open.
pub(crate) fn interrupt(state: &mut State, effects: &mut Vec<Effect>) {
    let is_about_quitting = |confirm: &Confirm| {
        matches!(
            confirm.action,
            ConfirmedAction::QuitWithDraft | ConfirmedAction::QuitWithoutDraft
        )
    };
    if !state.top_as::<Confirm>().is_some_and(is_about_quitting) {
        quit(state, effects);
    }
}

/// Asks whether to quit although changes are not saved. These changes would be kept as a draft.
pub(super) fn confirm_unsaved(state: &mut State) {
    let reason = state.problem.as_ref().map_or("", StoreProblem::message);
    let consequence = format!(
        "Not saved: {reason}. Your changes are kept as a draft; the next time you start hatrack, it offers to restore them."
    );
    let question = format!(
        "Quit with {}?",
        describe::count(state.pending.len(), "unsaved change")
    );
    confirm(
        state,
        "Quit hatrack",
        question,
        consequence,
        ConfirmedAction::QuitWithDraft,
    );
}

/// Asks whether to quit although the draft cannot be stored. If the user has continued to work, only reports the reason.
pub(super) fn confirm_losing_draft(state: &mut State, reason: &str) {
    state.quit = QuitState::No;
    if has_continued_to_work(state) {
        state.notify_error(format!(
            "Cannot quit: your input cannot be kept as a draft: {reason}"
        ));
        return;
    }
    let question = "Quit and discard unsaved changes?".to_owned();
    let consequence = format!("Cannot keep them as a draft: {reason}");
    confirm(
        state,
        "Quit hatrack",
        question,
        consequence,
        ConfirmedAction::QuitWithoutDraft,
    );
}

fn confirm(
    state: &mut State,
    title: &'static str,
    question: String,
    consequence: String,
    action: ConfirmedAction,
) {
    state.open(Confirm::new(title, question, consequence, action));
}

/// Returns whether the user has continued to work after pressing the key that quits, so that a question about quitting
/// would take keys that are meant for a text or another question.
fn has_continued_to_work(state: &State) -> bool {
    state.last_input != LastInput::Quit && arrivals::would_interrupt(state)
}

/// Continues a quit that waited for changes to be saved or sent, if that is done. A conflict that prevents saving
/// cancels the quit.
pub(super) fn resume(state: &mut State) {
    let is_done = match state.quit {
        QuitState::WhenSent => state.pending.is_empty() && state.servers.sending.open_requests == 0,
        QuitState::WhenSaved => state.pending.is_empty(),
        QuitState::No | QuitState::WhenDraftSaved(_) | QuitState::Now => return,
    };
    let mut overlays = state.overlays.iter().chain(&state.arrived);
    let prevents_saving = |conflict: &Conflict| !matches!(conflict.subject, ConflictSubject::Sent(..));
    if overlays.any(|overlay| overlay.downcast_ref::<Conflict>().is_some_and(prevents_saving)) {
        // The conflict has to be resolved first.
        state.quit = QuitState::No;
    } else if is_done {
        begin(state, 0);
    }
}

/// Called when the data file has a problem. If a quit waits for changes to be saved, asks whether to quit without saving;
/// if the user has continued to work, only reports the problem. If nothing has to be saved, quits without waiting for the
/// servers.
pub(super) fn on_problem(state: &mut State) {
    if !matches!(state.quit, QuitState::WhenSent | QuitState::WhenSaved) {
        return;
    }
    if state.pending.is_empty() {
        return begin(state, 0);
    }
    state.quit = QuitState::No;
    if has_continued_to_work(state) {
        let reason = state.problem.as_ref().map_or("", StoreProblem::message);
        let text = format!("Cannot quit: {}", reason.trim_end_matches('.'));
        state.notify_error(text);
    } else {
        confirm_unsaved(state);
    }
}

/// Ends the session now, whatever is open.
pub(super) fn terminate(state: &mut State, status: u8, effects: &mut Vec<Effect>) {
    state.quit = QuitState::Now;
    state.drafts.failed = None;
    effects.push(Effect::Quit(status));
}

pub(crate) fn may_retry(state: &State) -> Result<(), String> {
    state
        .problem
        .as_ref()
        .map(drop)
        .ok_or_else(|| "Nothing to retry".into())
}

pub(crate) fn retry(state: &mut State, effects: &mut Vec<Effect>) {
    state.drafts.failed = None;
    effects.push(Effect::Store(StoreRequest::Retry));
}

pub(crate) fn may_recreate(state: &State) -> Result<(), String> {
    match state.problem {
        Some(StoreProblem::Gone(_)) => state.check_can_change(),
        _ => Err("Nothing to recreate: the data file exists".into()),
    }
}

pub(crate) fn recreate(state: &mut State, _: &mut Vec<Effect>) {
    let question = "Recreate the data file?".to_owned();
    // The whole file is recreated, including rooms that a restricted session does not show.
    let consequence = "The file was deleted. It will be recreated from its last known contents.".to_owned();
    confirm(
        state,
        "Recreate data file",
        question,
        consequence,
        ConfirmedAction::RecreateFile,
    );
}
