//! Leaving, questions, drafts, and what can be done when the file cannot be written.

use crate::app::draft::{Draft, FormDraft};
use crate::app::{Act, Confirm, Effect, Overlay, Phase, State, words};
use crate::store::{Change, Request, Trouble};

use super::{commit, form};

pub(crate) fn pop(state: &mut State, _: &mut Vec<Effect>) {
    state.overlays.pop();
}

/// Leaves; what is on its way is saved first, and what cannot be saved is asked about.
pub(crate) fn quit(state: &mut State, effects: &mut Vec<Effect>) {
    if state.pending.is_empty() {
        let unreadable = state.phase != Phase::Open && matches!(state.trouble, Some(Trouble::Unreadable(_)));
        effects.push(Effect::Quit(if unreadable { 4 } else { 0 }));
    } else if state.trouble.is_some() {
        ask_about_unsaved(state);
    } else {
        state.quitting = true;
        state.say("Saving, then leaving");
    }
}

/// Ctrl-C: as `q`, from anywhere; what is typed is kept as a draft.
pub(crate) fn interrupt(state: &mut State, effects: &mut Vec<Effect>) {
    if matches!(
        state.top(),
        Some(Overlay::Confirm(Confirm {
            act: Act::QuitUnsaved,
            ..
        }))
    ) {
        return;
    }
    keep_draft(state, effects, false);
    quit(state, effects);
}

pub(super) fn ask_about_unsaved(state: &mut State) {
    let reason = state.trouble.as_ref().map_or("", Trouble::message);
    let consequence = format!("{reason} They are kept as a draft and offered at your next start.");
    let question = format!(
        "Leave with {} not saved?",
        words::count(state.pending.len(), "change")
    );
    state.overlays.push(Overlay::Confirm(Confirm {
        question,
        consequence,
        act: Act::QuitUnsaved,
    }));
}

/// All that was asked of the keeper has an answer, perhaps: then what waited for that goes on.
pub(super) fn when_settled(state: &mut State, effects: &mut Vec<Effect>) {
    drop_draft_when_done(state, effects);
    if !state.quitting {
        return;
    }
    if !state
        .overlays
        .iter()
        .all(|overlay| matches!(overlay, Overlay::Form(_)))
    {
        // Something came up that somebody must look at first.
        state.quitting = false;
    } else if state.pending.is_empty() {
        effects.push(Effect::Quit(0));
    }
}

pub(crate) fn yes(state: &mut State, effects: &mut Vec<Effect>) {
    let Some(Overlay::Confirm(confirm)) = state.overlays.pop() else {
        return;
    };
    match confirm.act {
        Act::Commit(group) => {
            let made = commit::make(state, effects, |next| next.apply(&group).map(|()| group));
            if made.is_some() {
                form::close(state, effects);
            }
        }
        Act::LeaveForm => form::close(state, effects),
        Act::QuitUnsaved => {
            keep_draft(state, effects, true);
            effects.push(Effect::Quit(0));
        }
        Act::Restore => effects.push(Effect::Store(Request::Restore)),
        Act::DropDraft => {
            if matches!(state.top(), Some(Overlay::Draft(_))) {
                state.overlays.pop();
            }
            state.later = None;
            drop_draft_when_done(state, effects);
        }
    }
}

pub(crate) fn may_retry(state: &State) -> Result<(), String> {
    state
        .trouble
        .as_ref()
        .map(drop)
        .ok_or_else(|| "nothing failed".into())
}

pub(crate) fn retry(_: &mut State, effects: &mut Vec<Effect>) {
    effects.push(Effect::Store(Request::Retry));
}

pub(crate) fn may_restore(state: &State) -> Result<(), String> {
    match state.trouble {
        Some(Trouble::Gone(_)) => state.may_change(),
        _ => Err("the data file is there".into()),
    }
}

pub(crate) fn restore(state: &mut State, _: &mut Vec<Effect>) {
    let question = "Write the data file again?".to_owned();
    let consequence =
        "It was deleted by somebody or something; it will hold what this screen shows.".to_owned();
    state.overlays.push(Overlay::Confirm(Confirm {
        question,
        consequence,
        act: Act::Restore,
    }));
}

pub(crate) fn suspend(_: &mut State, effects: &mut Vec<Effect>) {
    effects.push(Effect::Suspend);
}

pub(crate) fn redraw(_: &mut State, effects: &mut Vec<Effect>) {
    effects.push(Effect::Redraw);
}

/// What was typed and is not saved, what could not be written, and a draft about which nothing was decided yet.
fn draft(state: &State, with_pending: bool) -> Draft {
    let mut draft = state.later.clone().unwrap_or_default();
    for overlay in &state.overlays {
        match overlay {
            Overlay::Form(form) if form.is_changed() => draft.forms.push(FormDraft::of(form)),
            Overlay::Conflict(conflict) => draft.unsaved.extend(conflict.change().map(Into::into)),
            _ => {}
        }
    }
    if with_pending {
        draft
            .unsaved
            .extend(state.pending.iter().map(|pending| (&pending.change).into()));
    }
    draft
}

fn keep_draft(state: &mut State, effects: &mut Vec<Effect>, with_pending: bool) {
    let draft = draft(state, with_pending);
    if !draft.is_empty() {
        state.draft_kept = true;
        effects.push(Effect::KeepDraft(draft.to_bytes()));
    }
}

/// The session ends now, whatever is open.
pub(super) fn end(state: &mut State, status: u8, effects: &mut Vec<Effect>) {
    let failing = state.trouble.is_some();
    keep_draft(state, effects, failing);
    effects.push(Effect::Quit(status));
}

pub(super) fn drop_draft_when_done(state: &mut State, effects: &mut Vec<Effect>) {
    let busy = state
        .overlays
        .iter()
        .any(|overlay| matches!(overlay, Overlay::Form(_) | Overlay::Draft(_)));
    if state.draft_kept && !busy && state.pending.is_empty() && state.later.is_none() {
        state.draft_kept = false;
        effects.push(Effect::DropDraft);
    }
}

pub(super) fn draft_found(state: &mut State, bytes: Vec<u8>) {
    if state.phase != Phase::Open {
        state.draft_waiting = Some(bytes);
        return;
    }
    if let Some(draft) = Draft::read(&bytes, &state.view) {
        state.draft_kept = true;
        state.later = Some(draft.clone());
        state.overlays.push(Overlay::Draft(Box::new(draft)));
    }
}

pub(crate) fn may_draft(state: &State) -> Result<(), String> {
    state
        .later
        .as_ref()
        .map(drop)
        .ok_or_else(|| "nothing was left unsaved".into())
}

pub(crate) fn show_draft(state: &mut State, _: &mut Vec<Effect>) {
    if let Some(draft) = state.later.clone() {
        state.overlays.push(Overlay::Draft(Box::new(draft)));
    }
}

/// Goes on where an earlier session was cut off: its changes are asked for again, its forms are open again.
pub(crate) fn take_draft(state: &mut State, effects: &mut Vec<Effect>) {
    if let Err(reason) = state.may_change() {
        state.refuse(reason);
        return;
    }
    let Some(Overlay::Draft(draft)) = state.overlays.pop() else {
        return;
    };
    state.later = None;
    for unsaved in draft.unsaved {
        commit::offer_again(state, effects, Change::from(unsaved));
    }
    for kept in draft.forms {
        let mut form = form::fill(kept.subject.clone(), &state.view);
        kept.restore(&mut form);
        state.overlays.push(Overlay::Form(Box::new(form)));
    }
}

pub(crate) fn drop_draft(state: &mut State, _: &mut Vec<Effect>) {
    let question = "Throw away what was left unsaved?".to_owned();
    let consequence = "It cannot be brought back.".to_owned();
    state.overlays.push(Overlay::Confirm(Confirm {
        question,
        consequence,
        act: Act::DropDraft,
    }));
}
