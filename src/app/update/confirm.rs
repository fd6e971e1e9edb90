//! The answer to a question.

use crate::app::{Act, Confirm, Effect, State};
use crate::store::Request;

use super::{commit, draft, form, leave, prompt};

pub(crate) fn yes(state: &mut State, effects: &mut Vec<Effect>) {
    let Some(confirm) = state.close::<Confirm>() else {
        return;
    };
    match confirm.act {
        Act::Commit(group) => {
            let made = commit::make(state, effects, |next| next.apply(&group).map(|()| group));
            if made.is_some() {
                form::made(state);
                prompt::close(state);
            }
        }
        Act::Export(export) => prompt::export_over(state, effects, export),
        Act::LeaveForm => form::close(state),
        Act::QuitUnsaved => leave::go(state, 0),
        Act::QuitLosing => effects.push(Effect::Quit(0)),
        Act::Restore => effects.push(Effect::Store(Request::Restore)),
        Act::DropDraft => draft::throw_away(state),
    }
}
