//! The occupants of rooms, which the panes show.

use std::sync::Arc;

use crate::app::{Grouping, Pane, State, describe};
use crate::model::Jid;
use crate::sync::{Occupants, ServerState};

/// Sets the occupants of a room; `None` if they are not known.
pub(super) fn set_occupants(state: &mut State, room: &Jid, occupants: Option<Arc<Occupants>>) {
    state.browser.set_presence(room, occupants);
    if state.listed_room().is_some_and(|(listed, _)| listed == room) {
        relist_users(state);
    }
}

/// Forgets the occupants of the rooms of a server that is not connected.
pub(super) fn server_state_changed(state: &mut State, server: &str, server_state: &ServerState) {
    if matches!(server_state, ServerState::Ready(_)) {
        return;
    }
    let Some(server) = state.servers.by_name(server) else {
        return;
    };
    let rooms = state.browser.presence().rooms();
    let rooms: Vec<Jid> = rooms.filter(|room| server.entry.owns(room)).cloned().collect();
    for room in &rooms {
        set_occupants(state, room, None);
    }
}

/// Lists the users of the Rooms view again if their filter or order depends on the occupants of the room. If the
/// selected user no longer matches the filter, a notice says so, and the next command on the selection is canceled.
fn relist_users(state: &mut State) {
    let users = state.browser.rooms_view().get(Pane::Second);
    let selected = users.selected_str().map(str::to_owned);
    let is_typing = users.filter().is_some_and(|filter| filter.editing);
    if !state.browser.relist_users(&state.shown) || is_typing {
        return;
    }
    let users = state.browser.rooms_view().get(Pane::Second);
    let is_shown = state.grouping() == Grouping::ByRoom && state.focus >= Pane::Second;
    let Some(gone) = selected.filter(|gone| is_shown && users.may_hide(gone)) else {
        return;
    };
    if users.selected_str() != Some(gone.as_str()) {
        let now = users
            .selected_str()
            .map_or_else(String::new, |now| format!("; {now} is selected now"));
        let loss = format!("{gone} no longer matches the filter");
        state.focus = Pane::Second;
        state.notify(describe::sentence(&format!("{loss}{now}")));
        state.selection_lost = Some(loss);
    }
}
