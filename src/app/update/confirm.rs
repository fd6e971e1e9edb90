//! Answering a question: confirming it, or adding a reason first.

use crate::app::command::CommandId;
use crate::app::prompt::{Prompt, PromptKind};
use crate::app::{Confirm, ConfirmedAction, Effect, State};
use crate::store::{Change, ChangeReason, StoreRequest};

use super::{apply, commit, draft, expire, form, plan, prompt, quit, undo};

/// Records that the top question was drawn.
pub(super) fn mark_shown(state: &mut State) {
    if let Some(confirm) = state.top_as_mut::<Confirm>() {
        confirm.is_shown = true;
    }
}

pub(crate) fn may_accept_with_enter(state: &State) -> Result<(), String> {
    match state.top_as::<Confirm>() {
        Some(confirm) if !confirm.accepts_enter => Err(format!(
            "{} does not confirm this; press {} to {}",
            state.key(CommandId::YesWithEnter),
            state.key(CommandId::Yes),
            confirm.confirm_label().to_lowercase()
        )),
        _ => Ok(()),
    }
}

/// Confirms, unless Enter was pressed before the question was drawn.
pub(crate) fn accept_with_enter(state: &mut State, effects: &mut Vec<Effect>) {
    match state.top_as::<Confirm>() {
        Some(confirm) if !confirm.is_shown => {
            let (key, verb) = (
                state.key(CommandId::YesWithEnter),
                confirm.confirm_label().to_lowercase(),
            );
            state.notify_error(format!(
                "{key} was pressed before this question appeared. Press it again to {verb}"
            ));
        }
        _ => accept(state, effects),
    }
}

pub(crate) fn may_add_reason(state: &State) -> Result<(), String> {
    match state.top_as::<Confirm>().map(|confirm| &confirm.action) {
        Some(ConfirmedAction::Commit(_)) => Ok(()),
        _ => Err("A reason can be given only for a change to the data".into()),
    }
}

/// Asks why the change is made.
pub(crate) fn add_reason(state: &mut State, _: &mut Vec<Effect>) {
    if let Some(confirm) = state.top_as::<Confirm>() {
        let reason = confirm
            .reason
            .as_ref()
            .map_or("", ChangeReason::as_str)
            .to_owned();
        state.open(Prompt::new(PromptKind::Reason, &reason, Vec::new(), 0));
    }
}

pub(crate) fn accept(state: &mut State, effects: &mut Vec<Effect>) {
    let Some(confirm) = state.close::<Confirm>() else {
        return;
    };
    match confirm.action {
        ConfirmedAction::Commit(group) => {
            let origin = Change {
                reason: confirm.reason,
                ..Change::default()
            };
            let made = commit::execute_as(state, effects, origin, |next| next.apply(&group).map(|()| group));
            if made.is_some() {
                form::close_and_select(state);
                prompt::close(state);
            }
        }
        ConfirmedAction::Undo(undo) => undo::confirmed(state, effects, &undo),
        ConfirmedAction::RemoveExpired(ended) => expire::remove_confirmed(state, effects, &ended),
        ConfirmedAction::Export(export) => prompt::overwrite(state, effects, export),
        ConfirmedAction::DiscardForm => form::close(state),
        ConfirmedAction::QuitWithDraft => quit::begin(state, 0),
        ConfirmedAction::QuitWithoutDraft => effects.push(Effect::Quit(0)),
        ConfirmedAction::RecreateFile => effects.push(Effect::Store(StoreRequest::Recreate)),
        ConfirmedAction::DiscardDraft => draft::discard(state),
        ConfirmedAction::ApplyPlan => apply::start(state, effects),
        ConfirmedAction::DiscardPlan => plan::discard(state, effects),
    }
}
