//! What a change is about: what is marked in the pane with the focus, else what is selected there.

use crate::model::{HatId, Jid};

use super::browser::{Column, RowId};
use super::{AttachmentRef, Grouping, Pane, RowKind, State};

/// The rooms that a change is about.
pub(super) fn rooms(state: &State) -> Vec<Jid> {
    jids(state.rows.by_room().get(Pane::Rooms))
}

/// The users that a change is about, and their room.
pub(super) fn users(state: &State) -> Option<(Jid, Vec<Jid>)> {
    let room = state.rows.by_room().jid(Pane::Rooms)?;
    let users = jids(state.rows.by_room().get(Pane::Users));
    (!users.is_empty()).then(|| (room.clone(), users))
}

/// The rooms that are marked, and the users of the selected room that are. Turned round, users are marked in all rooms.
pub(super) fn marked(state: &State) -> (Vec<Jid>, Vec<Jid>) {
    let of = |kind| -> Vec<Jid> {
        let pane = state.grouping().pane(kind);
        let marks = state.rows.column(pane).marks().iter();
        marks.filter_map(RowId::jid).cloned().collect()
    };
    match state.grouping() {
        Grouping::ByRoom => (of(RowKind::Room), of(RowKind::User)),
        Grouping::ByHat | Grouping::ByUser => (of(RowKind::Room), Vec::new()),
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
    if state.grouping() != Grouping::ByHat {
        let hats = marked_or_selected(state.rows.column(Pane::Hats));
        for (room, user) in members(state) {
            held.extend(
                hats.iter()
                    .filter_map(RowId::hat)
                    .map(|hat| spot(&room, &user, hat)),
            );
        }
        held.retain(|spot| spot.attachment(wardrobe).is_some());
        return held;
    }
    let (_, user, hat) = state.rows.on();
    match state.focus() {
        Pane::Rooms => {
            let hats = marked_or_selected(state.rows.column(Pane::Rooms));
            for hat in hats.iter().filter_map(RowId::hat) {
                for (room, there) in wardrobe.rooms() {
                    let known = there.known_hat(hat);
                    let having = known.into_iter().flat_map(|known| known.wearers(there));
                    held.extend(having.map(|(user, _)| spot(room, user, hat)));
                }
            }
        }
        Pane::Users => {
            for user in jids(state.rows.column(Pane::Users)) {
                let everywhere = wardrobe
                    .rooms()
                    .filter_map(|(room, _)| Some(spot(room, &user, hat?)));
                held.extend(everywhere.filter(|spot| spot.attachment(wardrobe).is_some()));
            }
        }
        Pane::Hats => {
            for room in jids(state.rows.column(Pane::Hats)) {
                let here = user.zip(hat).map(|(user, hat)| spot(&room, user, hat));
                held.extend(here.filter(|spot| spot.attachment(wardrobe).is_some()));
            }
        }
    }
    held
}

/// The users in rooms that a change is about, the room first: by room the marked or selected users of the selected room;
/// by user the marked or selected users in all their rooms, or the selected one in the marked or selected rooms.
pub(super) fn members(state: &State) -> Vec<(Jid, Jid)> {
    let pair = |room: &Jid, user: &Jid| (room.clone(), user.clone());
    match (state.grouping(), state.focus()) {
        (Grouping::ByUser, Pane::Rooms) => {
            let users = jids(state.rows.column(Pane::Rooms));
            let of = |user: &Jid| -> Vec<(Jid, Jid)> {
                let index = state.rows.by_user();
                let rooms = index.map_or(&[][..], |index| index.rooms_of(user));
                rooms.iter().map(|room| pair(room, user)).collect()
            };
            users.iter().flat_map(of).collect()
        }
        (Grouping::ByUser, Pane::Users | Pane::Hats) => {
            let user = state.rows.columns().jid(Pane::Rooms);
            let rooms = jids(state.rows.column(Pane::Users));
            let pairs = rooms.iter().filter_map(|room| Some(pair(room, user?)));
            pairs.collect()
        }
        (Grouping::ByRoom | Grouping::ByHat, _) => {
            let (room, users) = users(state).unzip();
            let users = users.unwrap_or_default();
            let pairs = users.iter().filter_map(|user| Some(pair(room.as_ref()?, user)));
            pairs.collect()
        }
    }
}

/// Why none of the users that a change is about can be given hats.
pub(super) fn may_give_any(state: &State) -> Result<(), String> {
    let members = members(state);
    if state.is_turned() || members.len() < 2 {
        return state.may_give();
    }
    state.may_change()?;
    let can = |(room, user): &(Jid, Jid)| {
        let user = state.wardrobe().user(room, user);
        user.is_some_and(|user| user.affiliation.is_affiliated())
    };
    if members.iter().any(can) {
        return Ok(());
    }
    Err("none of the marked users is owner, admin or member: only those can be given hats".into())
}

/// The addresses of rooms or users, or the ids of hats, in the pane with the focus.
pub(super) fn names(state: &State) -> Vec<String> {
    let rows = marked_or_selected(state.rows.column(state.focus()));
    rows.iter().map(|row| row.as_str().to_owned()).collect()
}

/// The marked or selected rooms or users of a column.
fn jids(column: &Column) -> Vec<Jid> {
    let rows = marked_or_selected(column);
    rows.iter().filter_map(RowId::jid).cloned().collect()
}

/// The marked rows in their order, else the selected one.
fn marked_or_selected(column: &Column) -> Vec<RowId> {
    match column.marks() {
        marks if marks.is_empty() => column.on().into_iter().cloned().collect(),
        marks => marks.iter().cloned().collect(),
    }
}
