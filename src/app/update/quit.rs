//! Leaving, questions, and what can be done when the file cannot be written.

use crate::app::state::QuitState;
use crate::app::{Confirm, ConfirmedAction, Conflict, Effect, Phase, State, describe};
use crate::store::{StoreProblem, StoreRequest};

pub(crate) fn close_overlay(state: &mut State, _: &mut Vec<Effect>) {
    state.overlays.pop();
}

/// Leaves; what is on its way is saved first, what cannot be saved is asked about, what is typed is kept as a draft.
pub(crate) fn quit(state: &mut State, _: &mut Vec<Effect>) {
    if state.pending.is_empty() {
        let unreadable =
            state.phase != Phase::Open && matches!(state.problem, Some(StoreProblem::Unreadable(_)));
        begin(state, if unreadable { 4 } else { 0 });
    } else if state.problem.is_some() {
        confirm_unsaved(state);
    } else {
        state.quit = QuitState::WhenSaved;
        state.notify("Saving, then leaving");
    }
}

/// Leaves as soon as what is not saved is kept.
pub(super) fn begin(state: &mut State, status: u8) {
    state.quit = QuitState::WhenDraftStored(status);
    state.drafts.failed = None;
}

/// Ctrl-C: as `q`, from anywhere.
pub(crate) fn interrupt(state: &mut State, effects: &mut Vec<Effect>) {
    let asks = |confirm: &Confirm| {
        matches!(
            confirm.action,
            ConfirmedAction::QuitUnsaved | ConfirmedAction::QuitDiscarding
        )
    };
    if !state.top_as::<Confirm>().is_some_and(asks) {
        quit(state, effects);
    }
}

pub(super) fn confirm_unsaved(state: &mut State) {
    let reason = state.problem.as_ref().map_or("", StoreProblem::message);
    let consequence =
        format!("{reason}. What is not saved is kept as a draft and offered at your next start.");
    let question = format!(
        "Leave with {} not saved?",
        describe::count(state.pending.len(), "change")
    );
    confirm(state, question, consequence, ConfirmedAction::QuitUnsaved);
}

pub(super) fn confirm_losing(state: &mut State, reason: &str) {
    state.quit = QuitState::No;
    let question = "Leave, and lose what is not saved?".to_owned();
    let consequence = format!("It cannot be kept as a draft: {reason}");
    confirm(state, question, consequence, ConfirmedAction::QuitDiscarding);
}

fn confirm(state: &mut State, question: String, consequence: String, act: ConfirmedAction) {
    state.open(Confirm {
        question,
        consequence,
        action: act,
    });
}

/// All that was asked of the keeper has an answer, perhaps: then the leaving that waited for that goes on.
pub(super) fn resume(state: &mut State) {
    if state.quit != QuitState::WhenSaved {
        return;
    }
    if state
        .overlays
        .iter()
        .any(|overlay| overlay.downcast_ref::<Conflict>().is_some())
    {
        // Something came up that somebody must look at first.
        state.quit = QuitState::No;
    } else if state.pending.is_empty() {
        begin(state, 0);
    }
}

/// Something fails while the leaving waits for it.
pub(super) fn on_problem(state: &mut State) {
    if state.quit == QuitState::WhenSaved {
        state.quit = QuitState::No;
        confirm_unsaved(state);
    }
}

/// The session ends now, whatever is open.
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
        .ok_or_else(|| "nothing failed".into())
}

pub(crate) fn retry(state: &mut State, effects: &mut Vec<Effect>) {
    state.drafts.failed = None;
    effects.push(Effect::Store(StoreRequest::Retry));
}

pub(crate) fn may_recreate(state: &State) -> Result<(), String> {
    match state.problem {
        Some(StoreProblem::Gone(_)) => state.check_can_change(),
        _ => Err("the data file is there".into()),
    }
}

pub(crate) fn recreate(state: &mut State, _: &mut Vec<Effect>) {
    let question = "Write the data file again?".to_owned();
    // All of it, the rooms too that a limited session does not show.
    let consequence =
        "It was deleted by somebody or something; it will hold what was last known of it.".to_owned();
    confirm(state, question, consequence, ConfirmedAction::RecreateFile);
}
