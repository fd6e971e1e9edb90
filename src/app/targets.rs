//! What a change is about: what is marked in the pane with the focus, else what is selected there.

use crate::model::{HatId, Jid};

use super::{AttachmentRef, Pane, State};

/// The rooms that a change is about.
pub(super) fn rooms(state: &State) -> Vec<Jid> {
    marked_or_selected(&state.rows.rooms)
}

/// The users that a change is about, and their room.
pub(super) fn users(state: &State) -> Option<(Jid, Vec<Jid>)> {
    let room = state.rows.rooms.on()?;
    let users = marked_or_selected(&state.rows.users);
    (!users.is_empty()).then(|| (room.clone(), users))
}

/// The rooms that are marked, and the users of the selected room that are. Turned round, users are marked in all rooms.
pub(super) fn marked(state: &State) -> (Vec<Jid>, Vec<Jid>) {
    fn of(column: &super::rows::Column<Jid>) -> Vec<Jid> {
        column.marks().iter().cloned().collect()
    }
    match state.rows.turned() {
        Some(turned) => (of(&turned.rooms), Vec::new()),
        None => (of(&state.rows.rooms), of(&state.rows.users)),
    }
}

/// The hats of users that a change is about.
pub(super) fn selected_attachments(state: &State) -> Vec<AttachmentRef> {
    let wardrobe = state.wardrobe();
    let spot = |room: &Jid, user: &Jid, hat: &HatId| AttachmentRef {
        room: room.clone(),
        user: user.clone(),
        hat: hat.clone(),
    };
    let mut held = Vec::new();
    let Some(turned) = state.rows.turned() else {
        let Some((room, users)) = users(state) else {
            return held;
        };
        let hats = marked_or_selected(&state.rows.hats);
        for user in &users {
            held.extend(hats.iter().map(|hat| spot(&room, user, hat)));
        }
        held.retain(|spot| spot.attachment(wardrobe).is_some());
        return held;
    };
    let selected: Vec<HatId> = turned.hats.on().into_iter().cloned().collect();
    match state.focus() {
        Pane::Rooms => {
            for hat in marked_or_selected(&turned.hats) {
                for (room, there) in wardrobe.rooms() {
                    let known = there.known_hat(&hat);
                    let having = known.into_iter().flat_map(|known| known.wearers(there));
                    held.extend(having.map(|(user, _)| spot(room, user, &hat)));
                }
            }
        }
        Pane::Users => {
            for user in marked_or_selected(&turned.wearers) {
                let everywhere = wardrobe.rooms().flat_map(|(room, _)| {
                    let user = &user;
                    selected.iter().map(move |hat| spot(room, user, hat))
                });
                held.extend(everywhere.filter(|spot| spot.attachment(wardrobe).is_some()));
            }
        }
        Pane::Hats => {
            for room in marked_or_selected(&turned.rooms) {
                let user = turned.wearers.on();
                let here = user
                    .zip(selected.first())
                    .map(|(user, hat)| spot(&room, user, hat));
                held.extend(here.filter(|spot| spot.attachment(wardrobe).is_some()));
            }
        }
    }
    held
}

/// The addresses of rooms or users, or the ids of hats, in the pane with the focus.
pub(super) fn names(state: &State) -> Vec<String> {
    fn of<T: Clone + ToString>(column: &super::rows::Column<T>) -> Vec<String> {
        marked_or_selected(column)
            .iter()
            .map(ToString::to_string)
            .collect()
    }
    match (state.rows.turned(), state.focus()) {
        (None, Pane::Rooms) => of(&state.rows.rooms),
        (None, Pane::Users) => of(&state.rows.users),
        (None, Pane::Hats) => of(&state.rows.hats),
        (Some(turned), Pane::Rooms) => of(&turned.hats),
        (Some(turned), Pane::Users) => of(&turned.wearers),
        (Some(turned), Pane::Hats) => of(&turned.rooms),
    }
}

/// What is marked, in the order in which it is told; else what is selected.
fn marked_or_selected<T: Clone>(column: &super::rows::Column<T>) -> Vec<T> {
    match column.marks() {
        marks if marks.is_empty() => column.on().into_iter().cloned().collect(),
        marks => marks.iter().cloned().collect(),
    }
}
