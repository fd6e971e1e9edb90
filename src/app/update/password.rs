//! The prompt for the password of an account on a server.

use std::sync::Arc;

use crate::app::place::Place;
use crate::app::servers::password::PasswordPrompt;
use crate::app::text::TextInput;
use crate::app::view::View;
use crate::app::{Effect, Layer, State};
use crate::model::Jid;
use crate::sync::{Secret, ServerRequest};

use super::arrivals;

impl Layer for PasswordPrompt {
    fn place(&self) -> Place {
        Place::Password
    }

    fn view<'a>(&'a self, state: &'a State) -> View<'a> {
        crate::app::view::servers::password(state, self)
    }

    fn takes_text(&self) -> bool {
        true
    }

    fn type_into(&mut self, edit: &mut dyn FnMut(&mut TextInput) -> bool, _: &mut Vec<Effect>) {
        edit(&mut self.text);
    }
}

/// Asks for the password of the account with which hatrack connects to a server.
pub(super) fn ask(state: &mut State, server: Arc<str>, account: Jid) {
    let notice = format!("{server:?} needs the password of {account}");
    arrivals::open_when_idle(state, PasswordPrompt::new(server, account), &notice);
}

fn answer(state: &mut State, effects: &mut Vec<Effect>, is_given: bool) {
    if let Some(prompt) = state.close::<PasswordPrompt>() {
        let text = prompt.text.text();
        let password = (is_given && !text.is_empty()).then(|| Secret::new(text));
        effects.push(Effect::Server(ServerRequest::Password {
            server: prompt.server,
            password,
        }));
    }
}

pub(crate) fn give(state: &mut State, effects: &mut Vec<Effect>) {
    answer(state, effects, true);
}

pub(crate) fn cancel(state: &mut State, effects: &mut Vec<Effect>) {
    answer(state, effects, false);
}
