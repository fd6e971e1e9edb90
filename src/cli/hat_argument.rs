//! Finds the hat of a command, which is given by its ID or by its title.

use super::failure::Failure;
use crate::app::suggest::hats_with_title;
use crate::model::{HatId, Jid, Wardrobe};

/// Returns the ID of the hat that a text names. A URI is an ID, even if no hat has this ID. Any other text is the ID or
/// the title of an existing hat, in `room` if a room is given; `None` if no hat has such an ID or title.
///
/// Errors: several hats have the title; the message lists them.
pub(super) fn find(wardrobe: &Wardrobe, room: Option<&Jid>, text: &str) -> Result<Option<HatId>, Failure> {
    let id = HatId::unchecked(text);
    let has_id = |(jid, room_data): (&Jid, &std::sync::Arc<crate::model::Room>)| {
        room.is_none_or(|room| room == jid) && room_data.hat(&id).is_some()
    };
    if id.is_uri() || wardrobe.rooms().any(has_id) {
        return Ok(Some(id));
    }
    let hats = hats_with_title(wardrobe, room, text);
    match hats.as_slice() {
        [] => Ok(None),
        [(hat, _)] => Ok(Some(hat.clone())),
        several => {
            let listed: Vec<String> = several
                .iter()
                .map(|(hat, place)| format!("{hat} {place}"))
                .collect();
            let message = format!(
                "{} hats are called {text:?}: {}",
                several.len(),
                listed.join("; ")
            );
            Err(Failure::bad_request(message).with_advice("give the ID"))
        }
    }
}

/// Like [`find`], but the hat may be new.
///
/// Errors: several hats have the title; the text names no existing hat and is not a valid hat ID.
pub(super) fn find_or_new(wardrobe: &Wardrobe, room: Option<&Jid>, text: &str) -> Result<HatId, Failure> {
    let is_id = HatId::unchecked(text).is_uri();
    if let Some(hat) = find(wardrobe, room, text)?.filter(|_| !is_id) {
        return Ok(hat);
    }
    HatId::parse_input(text).map_err(|error| {
        let reason = error.reason;
        Failure::bad_request(format!(
            "no hat has the title {text:?}, and it is not a hat ID: {reason}"
        ))
        .with_advice("a hat ID is a URI such as urn:uuid:…")
    })
}

/// Returns an error if the room and the user are probably in the wrong order: `user` is a room of the data file, and
/// `room` is not. `command` is the command with the right order, for the advice.
pub(super) fn check_order(
    wardrobe: &Wardrobe,
    (room, user): (&Jid, &Jid),
    command: &str,
) -> Result<(), Failure> {
    if wardrobe.room(room).is_some() || wardrobe.room(user).is_none() {
        return Ok(());
    }
    let failure = Failure::not_found(format!("no such room: {room}"));
    Err(failure.with_advice(format!("the room comes first: {command}")))
}

/// Returns the title of a hat in the room, otherwise in the first other room in which it has a title; `None` if it has a
/// title in no room.
pub(super) fn title_of(wardrobe: &Wardrobe, room: &Jid, hat: &HatId) -> Option<std::sync::Arc<str>> {
    let in_room = wardrobe.room(room).and_then(|room| room.hat(hat)?.title.clone());
    in_room.or_else(|| {
        wardrobe
            .rooms()
            .find_map(|(_, room)| room.hat(hat)?.title.clone())
    })
}
