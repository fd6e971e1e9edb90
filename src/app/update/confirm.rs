//! Confirming a question.

use crate::app::{Confirm, ConfirmedAction, Effect, State};
use crate::store::StoreRequest;

use super::{apply, commit, draft, form, plan, prompt, quit};

pub(crate) fn accept(state: &mut State, effects: &mut Vec<Effect>) {
    let Some(confirm) = state.close::<Confirm>() else {
        return;
    };
    match confirm.action {
        ConfirmedAction::Commit(group) => {
            let made = commit::execute(state, effects, |next| next.apply(&group).map(|()| group));
            if made.is_some() {
                form::close_and_select(state);
                prompt::close(state);
            }
        }
        ConfirmedAction::Export(export) => prompt::overwrite(state, effects, export),
        ConfirmedAction::DiscardForm => form::close(state),
        ConfirmedAction::QuitUnsaved => quit::begin(state, 0),
        ConfirmedAction::QuitDiscarding => effects.push(Effect::Quit(0)),
        ConfirmedAction::RecreateFile => effects.push(Effect::Store(StoreRequest::Recreate)),
        ConfirmedAction::DiscardDraft => draft::discard(state),
        ConfirmedAction::ApplyPlan => apply::start(state, effects),
        ConfirmedAction::DiscardPlan => plan::discard(state, effects),
    }
}
