//! The answer to a question.

use crate::app::{Confirm, ConfirmedAction, Effect, State};
use crate::store::StoreRequest;

use super::{commit, draft, form, leave, prompt};

pub(crate) fn yes(state: &mut State, effects: &mut Vec<Effect>) {
    let Some(confirm) = state.close::<Confirm>() else {
        return;
    };
    match confirm.act {
        ConfirmedAction::Commit(group) => {
            let made = commit::make(state, effects, |next| next.apply(&group).map(|()| group));
            if made.is_some() {
                form::made(state);
                prompt::close(state);
            }
        }
        ConfirmedAction::Export(export) => prompt::export_over(state, effects, export),
        ConfirmedAction::LeaveForm => form::close(state),
        ConfirmedAction::QuitUnsaved => leave::go(state, 0),
        ConfirmedAction::QuitLosing => effects.push(Effect::Quit(0)),
        ConfirmedAction::Restore => effects.push(Effect::Store(StoreRequest::Restore)),
        ConfirmedAction::DropDraft => draft::throw_away(state),
    }
}
