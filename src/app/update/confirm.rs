//! The answer to a question.

use crate::app::{Confirm, ConfirmedAction, Effect, State};
use crate::store::StoreRequest;

use super::{commit, draft, form, prompt, quit};

pub(crate) fn accept(state: &mut State, effects: &mut Vec<Effect>) {
    let Some(confirm) = state.close::<Confirm>() else {
        return;
    };
    match confirm.act {
        ConfirmedAction::Commit(group) => {
            let made = commit::execute(state, effects, |next| next.apply(&group).map(|()| group));
            if made.is_some() {
                form::close_and_select(state);
                prompt::close(state);
            }
        }
        ConfirmedAction::Export(export) => prompt::overwrite(state, effects, export),
        ConfirmedAction::LeaveForm => form::close(state),
        ConfirmedAction::QuitUnsaved => quit::begin(state, 0),
        ConfirmedAction::QuitLosing => effects.push(Effect::Quit(0)),
        ConfirmedAction::Restore => effects.push(Effect::Store(StoreRequest::Restore)),
        ConfirmedAction::DropDraft => draft::discard(state),
    }
}
