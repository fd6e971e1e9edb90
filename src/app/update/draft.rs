//! Drafts: unsaved work that is stored for the next start, and the draft that an earlier session left.

use crate::app::draft::{Draft, FormDraft, PromptDraft};
use crate::app::form::Form;
use crate::app::place::Place;
use crate::app::prompt::Prompt;
use crate::app::state::QuitState;
use crate::app::undo_step::ChangeKind;
use crate::app::view::View;
use crate::app::{Confirm, ConfirmedAction, DraftDelay, Effect, Layer, Phase, State, describe};
use crate::store::Change;

use super::{arrivals, build_form, commit, conflict, quit, reselect};

impl Layer for Draft {
    fn place(&self) -> Place {
        Place::Draft
    }

    fn view<'a>(&'a self, state: &'a State) -> View<'a> {
        crate::app::view::question::draft(self, &state.shown, &state.zone())
    }
}

/// Returns the draft to be stored in the current state: the draft of an earlier session about which the user has not
/// decided, the changes of open conflicts, restored forms until no form is open, and pending changes if saving fails or
/// some of them were restored. When the session ends, the draft also has all pending changes, and all open forms and
/// prompts with input.
fn current_draft(state: &State) -> Draft {
    let is_ending = matches!(state.quit, QuitState::WhenDraftSaved(_) | QuitState::Now);
    let mut draft = state.drafts.undecided.clone().unwrap_or_default();
    for overlay in state.overlays.iter().chain(&state.arrived) {
        overlay.add_to_draft(&mut draft, is_ending);
    }
    if !is_ending {
        draft.forms.extend_from_slice(&state.drafts.restored_forms);
    }
    if is_ending || state.drafts.has_restored_changes || state.problem.is_some() {
        let pending = state.pending.iter().map(|pending| (&pending.change).into());
        draft.unsaved.extend(pending);
    }
    draft
}

/// Stores the draft if it changed. If the session is to end, quits once the draft is stored. Called after every
/// message.
pub(super) fn sync(state: &mut State, effects: &mut Vec<Effect>) {
    if state.phase != Phase::Open {
        if let QuitState::WhenDraftSaved(status) = state.quit {
            effects.push(Effect::Quit(status));
        }
        return;
    }
    if !state
        .overlays
        .iter()
        .any(|overlay| overlay.downcast_ref::<Form>().is_some())
    {
        state.drafts.restored_forms.clear();
    }
    if state.pending.is_empty() {
        state.drafts.has_restored_changes = false;
    }
    if state.start.demo || state.drafts.storing.is_some() {
        if let (true, QuitState::WhenDraftSaved(status)) = (state.start.demo, state.quit) {
            effects.push(Effect::Quit(status));
        }
        return;
    }
    let draft = current_draft(state);
    if draft != state.drafts.stored && state.drafts.failed.as_ref() != Some(&draft) {
        effects.push(Effect::SaveDraft {
            before: state.drafts.stored.clone(),
            after: draft.clone(),
        });
        state.drafts.storing = Some(draft);
    } else if let QuitState::WhenDraftSaved(status) = state.quit {
        effects.push(Effect::Quit(status));
    }
}

/// Updates the live draft, which survives if the process is killed: forms and prompts when typing pauses, and changes
/// that the store worker has not confirmed in time. `is_user_input` tells whether the message is a key, a paste, a
/// click or a generated ID. Called after [`sync`].
pub(super) fn update_live_draft(state: &mut State, is_user_input: bool, effects: &mut Vec<Effect>) {
    if state.phase != Phase::Open || state.start.demo {
        return;
    }
    let is_ending = matches!(state.quit, QuitState::WhenDraftSaved(_) | QuitState::Now);
    let has_input =
        !is_ending && (changed_forms(state).next().is_some() || typed_prompts(state).next().is_some());
    let has_pending = !is_ending && !state.pending.is_empty();
    let live = &mut state.drafts.live;
    if has_input && is_user_input {
        effects.push(Effect::Wait(DraftDelay::Typing));
        live.typing_delay_runs = true;
    } else if !has_input && std::mem::take(&mut live.typing_delay_runs) {
        effects.push(Effect::CancelWait(DraftDelay::Typing));
    }
    live.has_overdue_changes &= has_pending;
    if has_pending && !live.has_overdue_changes && !live.unconfirmed_delay_runs {
        // Inserted before the other effects, because the store may answer immediately.
        effects.insert(0, Effect::Wait(DraftDelay::Unconfirmed));
        live.unconfirmed_delay_runs = true;
    } else if !has_pending && std::mem::take(&mut live.unconfirmed_delay_runs) {
        effects.push(Effect::CancelWait(DraftDelay::Unconfirmed));
    }
    // A submitted form stays in the live draft until its change is saved or is itself in the draft.
    if !has_input && (!has_pending || live.has_overdue_changes) && !is_ending {
        live.forms.clear();
        live.prompts.clear();
    }
    // At the end of the session, the live draft is kept until the unsaved work is in the stored draft.
    if is_ending && state.drafts.storing.is_none() && state.drafts.failed.is_none() {
        state.drafts.live.forms.clear();
        state.drafts.live.prompts.clear();
    } else if is_ending {
        return;
    }
    save_live_draft(state, effects);
}

fn save_live_draft(state: &mut State, effects: &mut Vec<Effect>) {
    let live = &state.drafts.live;
    let mut draft = Draft {
        forms: live.forms.clone(),
        unsaved: Vec::new(),
        prompts: live.prompts.clone(),
    };
    // While saving fails, pending changes are in the stored draft.
    if live.has_overdue_changes && state.problem.is_none() {
        draft.unsaved = state
            .pending
            .iter()
            .map(|pending| (&pending.change).into())
            .collect();
    }
    if draft != live.saved {
        effects.push(Effect::SaveLiveDraft(draft.clone()));
        state.drafts.live.saved = draft;
    }
}

/// Handles the end of a delay: prepares its part of the live draft for saving.
pub(super) fn delay_elapsed(state: &mut State, delay: DraftDelay) {
    match delay {
        DraftDelay::Typing => {
            state.drafts.live.typing_delay_runs = false;
            let forms = changed_forms(state).map(FormDraft::of_form).collect();
            let prompts = typed_prompts(state).collect();
            state.drafts.live.forms = forms;
            state.drafts.live.prompts = prompts;
        }
        DraftDelay::Unconfirmed => {
            state.drafts.live.unconfirmed_delay_runs = false;
            state.drafts.live.has_overdue_changes = true;
        }
    }
}

fn typed_prompts(state: &State) -> impl Iterator<Item = PromptDraft> {
    let prompts = state
        .overlays
        .iter()
        .filter_map(|overlay| overlay.downcast_ref::<Prompt>());
    prompts.filter_map(Prompt::draft)
}

fn changed_forms(state: &State) -> impl Iterator<Item = &Form> {
    let forms = state
        .overlays
        .iter()
        .filter_map(|overlay| overlay.downcast_ref::<Form>());
    forms.filter(|form| form.is_changed())
}

/// Handles the result of storing the draft.
pub(super) fn saved(state: &mut State, result: Result<(), String>) {
    let Some(draft) = state.drafts.storing.take() else {
        return;
    };
    match result {
        Ok(()) => {
            state.drafts.stored = draft;
            state.drafts.failed = None;
        }
        Err(reason) => {
            state.drafts.failed = Some(draft);
            if let QuitState::WhenDraftSaved(_) = state.quit {
                quit::confirm_losing_draft(state, &reason);
            } else {
                state.notify_error(format!("Cannot save the draft: {reason}"));
            }
        }
    }
}

/// Handles the draft that an earlier session left: opens the draft, or keeps its bytes until the data file is open.
pub(super) fn loaded(state: &mut State, bytes: Vec<u8>) {
    if state.phase != Phase::Open {
        state.drafts.received = Some(bytes);
        return;
    }
    match Draft::read(&bytes, &state.start.scope) {
        Ok(draft) if draft.is_empty() => {}
        // A read-only session cannot use the draft, which stays for another session.
        Ok(_) if state.start.scope.read_only => {}
        Ok(draft) => {
            state.drafts.stored = draft.clone();
            state.drafts.undecided = Some(draft.clone());
            arrivals::open_when_idle(state, draft, "Unsaved changes of your last session were found");
        }
        Err(reason) => state.notify_error(format!("Cannot read the draft of an earlier session: {reason}")),
    }
}

pub(crate) fn may_show(state: &State) -> Result<(), String> {
    let undecided = state.drafts.undecided.as_ref();
    undecided.map(drop).ok_or_else(|| "No draft".into())
}

pub(crate) fn show(state: &mut State, _: &mut Vec<Effect>) {
    if let Some(draft) = state.drafts.undecided.clone() {
        state.open(draft);
    }
}

/// Restores the draft of an earlier session: makes its changes again, opens its forms, and keeps the texts of its
/// prompts for the next prompts of the same kind.
pub(crate) fn restore(state: &mut State, effects: &mut Vec<Effect>) {
    if let Err(reason) = state.check_can_change() {
        state.notify_error(reason);
        return;
    }
    let Some(draft) = state.close::<Draft>() else {
        return;
    };
    state.drafts.undecided = None;
    state.drafts.has_restored_changes = true;
    for unsaved in draft.unsaved {
        reapply(state, effects, Change::from(unsaved));
    }
    for prompt in draft.prompts {
        let (text, heading) = (describe::quoted(&prompt.text), describe::quoted(&prompt.heading));
        state.notify(format!("Restored {text}: open {heading} again to continue"));
        state.canceled_prompts.insert(prompt.heading, prompt.text);
    }
    for form_draft in draft.forms {
        let mut form = build_form::build_form(form_draft.subject.clone(), state);
        form_draft.restore(&mut form);
        state.open(form);
        state.drafts.restored_forms.push(form_draft);
    }
}

/// Makes a change of an earlier session again, or reports it as rejected if it no longer applies. A change that was
/// already saved is not made again.
fn reapply(state: &mut State, effects: &mut Vec<Effect>, change: Change) {
    let is_saved = state.shown.is_applied(&change.group);
    if let Some(reason) = commit::problem(state, &change.group).filter(|_| !is_saved) {
        let change = describe::group_infinitive(&change.group, &state.shown, &state.zone());
        state.notify_error(format!("Cannot {change}: {}", describe::after_colon(&reason)));
        return;
    }
    match state.shown.apply(&change.group) {
        Ok(()) => {
            let group = change.group.clone();
            state.notify(format!(
                "Restored: {}",
                describe::group(&group, &state.shown, &state.zone())
            ));
            commit::enqueue_as(state, effects, group.clone(), (ChangeKind::Do, None), change);
            reselect::go_to_changed(state, &group);
        }
        Err(_) if is_saved => {
            state.notify(format!(
                "No changes: already saved: {}",
                describe::group(&change.group, &state.shown, &state.zone())
            ));
        }
        Err(error) => conflict::report_rejected(state, change, error),
    }
}

pub(crate) fn confirm_discard(state: &mut State, _: &mut Vec<Effect>) {
    state.open(Confirm::new(
        "Discard draft",
        "Discard the unsaved changes of your last session?",
        "This cannot be undone.",
        ConfirmedAction::DiscardDraft,
    ));
}

pub(super) fn discard(state: &mut State) {
    if state.top_as::<Draft>().is_some() {
        state.overlays.pop();
    }
    state.drafts.undecided = None;
}
