//! The question for a password. It waits while a text is typed elsewhere, so that nothing is typed into it by accident.

use crate::app::place::Place;
use crate::app::servers::password::PasswordPrompt;
use crate::app::text::TextInput;
use crate::app::view::View;
use crate::app::{Effect, Layer, State};
use crate::sync::{Secret, ServerRequest};

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

    fn type_into(&mut self, take: &mut dyn FnMut(&mut TextInput) -> bool, _: &mut Vec<Effect>) {
        take(&mut self.text);
    }
}

/// Asks for the next password that a server waits for, unless a text is typed now.
pub(super) fn ask_next(state: &mut State, _: &mut Vec<Effect>) {
    let is_typing = state.typed_filter().is_some() || state.top().is_some_and(Layer::takes_text);
    if is_typing {
        return;
    }
    if let Some((server, account)) = state.servers.passwords.pop_front() {
        state.open(PasswordPrompt::new(server, account));
    }
}

fn answer(state: &mut State, effects: &mut Vec<Effect>, gives: bool) {
    if let Some(prompt) = state.close::<PasswordPrompt>() {
        let text = prompt.text.text();
        let password = (gives && !text.is_empty()).then(|| Secret::new(text));
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
