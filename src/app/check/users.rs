//! Checks whether users, or hats for users, can be added.

use crate::app::attachment_ref::RoomUser;
use crate::app::command::CommandId;
use crate::app::{Keymap, addresses};
use crate::model::{HatId, InvalidJid, Jid, Wardrobe};

/// The reason why the typed users cannot be added to rooms: an address is invalid, there are too many, or all users are
/// already in all of the rooms. `None` if they can be added.
pub(super) fn new_users_problem(
    text: &str,
    rooms: &[Jid],
    wardrobe: &Wardrobe,
    keymap: &Keymap,
) -> Option<String> {
    if addresses::is_list(text) {
        return addresses::parse_list(text).problem(rooms, wardrobe);
    }
    let jid = match addresses::parse_single(text) {
        Ok(jid) => jid,
        Err(error) => return Some(address_problem(&error)),
    };
    let memberships: Vec<_> = rooms
        .iter()
        .filter_map(|room| wardrobe.user(room, &jid))
        .collect();
    match memberships.as_slice() {
        [user] if rooms.len() == 1 => Some(format!(
            "Already in the room (affiliation: {}); press {} in the users pane to change it",
            user.affiliation,
            keymap.name(CommandId::EditUser)
        )),
        all if all.len() == rooms.len() => Some("Already in all of these rooms".into()),
        _ => None,
    }
}

/// The message that all of these users already have a hat, so that it cannot be added; `None` if it can.
pub(super) fn duplicate_hat_problem(
    hat: &HatId,
    room_users: &[RoomUser],
    wardrobe: &Wardrobe,
) -> Option<String> {
    let has_hat = |(room, user): &RoomUser| {
        let user = wardrobe.user(room, user);
        user.is_some_and(|user| user.hats.get(hat).is_some())
    };
    match room_users {
        [only] => has_hat(only).then(|| "The user already has this hat: edit it instead".into()),
        all => all
            .iter()
            .all(has_hat)
            .then(|| "All of these users already have this hat".into()),
    }
}

/// Says why a text is not the address of a user or room.
pub(super) fn address_problem(error: &InvalidJid) -> String {
    format!("Not {} ({})", error.expected, error.reason)
}
