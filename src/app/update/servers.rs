//! The list of servers: comparing, checking and reconnecting.

use crate::app::place::Place;
use crate::app::servers::{ComparisonPart, KnownServer, ServersOverlay};
use crate::app::view::View;
use crate::app::{Effect, Layer, State};
use crate::model::Wardrobe;
use crate::sync::{ServerRequest, ServerState};

use super::{compare, details};

impl Layer for ServersOverlay {
    fn place(&self) -> Place {
        Place::Servers
    }

    fn may_be_covered(&self) -> bool {
        true
    }

    fn view<'a>(&'a self, state: &'a State) -> View<'a> {
        crate::app::view::servers::view(state, self)
    }

    fn rows(&self, _: &Wardrobe) -> Option<(usize, usize)> {
        Some((self.row, self.len))
    }

    fn select(&mut self, row: usize, _: &Wardrobe, _: &mut Vec<Effect>) {
        self.row = row;
    }
}

pub(crate) fn open(state: &mut State, _: &mut Vec<Effect>) {
    let len = state.servers.all.len();
    state.open(ServersOverlay { row: 0, len });
}

/// Returns the selected server.
fn selected(state: &State) -> Option<&KnownServer> {
    let overlay = state.top_as::<ServersOverlay>()?;
    let last = state.servers.all.len().checked_sub(1)?;
    state.servers.all.get(overlay.row.min(last))
}

pub(crate) fn may_compare_all(state: &State) -> Result<(), String> {
    compare::may_compare(state)?;
    if state.servers.all.len() < 2 {
        return Err("There is only one server".into());
    }
    Ok(())
}

pub(crate) fn compare(state: &mut State, effects: &mut Vec<Effect>) {
    let name = selected(state).map(|server| server.entry.name.clone());
    compare::start(state, effects, name.into_iter().collect(), None);
}

pub(crate) fn compare_all(state: &mut State, effects: &mut Vec<Effect>) {
    let all = state.servers.all.iter().map(|server| server.entry.name.clone());
    compare::start(state, effects, all.collect(), None);
}

/// Fails in a session restricted to some rooms, because a check shows all rooms of the server, and how hatrack connects
/// to it.
pub(crate) fn may_check(state: &State) -> Result<(), String> {
    if state.start.scope.rooms.is_some() {
        return Err("Checking a server is not available in a session restricted by --room".into());
    }
    compare::may_show_servers(state)
}

pub(crate) fn check(state: &mut State, effects: &mut Vec<Effect>) {
    if let Some(name) = selected(state).map(|server| server.entry.name.clone()) {
        effects.push(Effect::Server(ServerRequest::Check { server: name }));
    }
}

pub(crate) fn has_selection(state: &State) -> Result<(), String> {
    selected(state)
        .map(drop)
        .ok_or_else(|| "No server selected".into())
}

/// Shows everything that is known about the selected server.
pub(crate) fn details(state: &mut State, _: &mut Vec<Effect>) {
    let texts = selected(state).map(|server| crate::app::view::server_details::server(state, server));
    if let Some(texts) = texts {
        details::open(state, "Server", texts);
    }
}

pub(crate) fn may_reconnect(state: &State) -> Result<(), String> {
    compare::may_show_servers(state)?;
    match selected(state).map(|server| &server.state) {
        Some(ServerState::Away(_) | ServerState::Refused(_)) => Ok(()),
        Some(_) => Err("The connection to the server has not failed".into()),
        None => Err("No server selected".into()),
    }
}

pub(crate) fn reconnect(state: &mut State, effects: &mut Vec<Effect>) {
    if let Some(name) = selected(state).map(|server| server.entry.name.clone()) {
        effects.push(Effect::Server(ServerRequest::Reconnect { server: name }));
    }
}

/// Stops the comparison, or closes the list.
pub(crate) fn close(state: &mut State, effects: &mut Vec<Effect>) {
    match state.servers.comparison.take() {
        Some(comparison) => {
            let stop = |part: ComparisonPart| Effect::Server(ServerRequest::Stop { id: part.id });
            let unfinished = comparison.parts.into_iter().filter(|part| part.result.is_none());
            effects.extend(unfinished.map(stop));
            compare::reopen(state, comparison.before.map(|before| *before));
            state.notify("Stopped");
        }
        None => drop(state.close::<ServersOverlay>()),
    }
}
