//! The hat of a command, given by its ID or by its title.

use super::failure::Failure;
use crate::app::suggest::hats_with_title;
use crate::model::{HatId, Jid, Wardrobe};

/// The hat that a text names: a URI is an ID; any other text is the ID or the title of an existing hat, in `room` if it is
/// given. `None`: there is no such hat. The error names the hats if several have the title.
pub(super) fn find(wardrobe: &Wardrobe, room: Option<&Jid>, text: &str) -> Result<Option<HatId>, Failure> {
    let id = HatId::unchecked(text);
    let has_id = |(jid, there): (&Jid, &std::sync::Arc<crate::model::Room>)| {
        room.is_none_or(|room| room == jid) && there.hat(&id).is_some()
    };
    if id.is_uri() || wardrobe.rooms().any(has_id) {
        return Ok(Some(id));
    }
    let hats = hats_with_title(wardrobe, room, text);
    match hats.as_slice() {
        [] => Ok(None),
        [(hat, _)] => Ok(Some(hat.clone())),
        several => {
            let named: Vec<String> = several
                .iter()
                .map(|(hat, place)| format!("{hat} {place}"))
                .collect();
            Err(Failure::usage(format!(
                "bad-request: {} hats are called {text:?}: {}; give the ID",
                several.len(),
                named.join("; ")
            )))
        }
    }
}

/// Like [`find`], for a hat that may be new: then the text must be an ID.
pub(super) fn find_or_new(wardrobe: &Wardrobe, room: Option<&Jid>, text: &str) -> Result<HatId, Failure> {
    let is_id = HatId::unchecked(text).is_uri();
    if let Some(hat) = find(wardrobe, room, text)?.filter(|_| !is_id) {
        return Ok(hat);
    }
    HatId::parse_input(text).map_err(|error| {
        let failure = Failure::invalid_argument(error);
        let message = format!("{}; no hat has this title", failure.message);
        Failure { message, ..failure }
    })
}

/// Fails if the room and the user were given in the wrong order; `command` is the one to type instead.
pub(super) fn check_order(
    wardrobe: &Wardrobe,
    (room, user): (&Jid, &Jid),
    command: &str,
) -> Result<(), Failure> {
    if wardrobe.room(room).is_some() || wardrobe.room(user).is_none() {
        return Ok(());
    }
    Err(Failure::not_found(format!(
        "no such room: {room}; the room comes first: {command}"
    )))
}

/// The title that users have for a hat, if there is one.
pub(super) fn title_of(wardrobe: &Wardrobe, room: &Jid, hat: &HatId) -> Option<std::sync::Arc<str>> {
    let here = wardrobe.room(room).and_then(|room| room.hat(hat)?.title.clone());
    here.or_else(|| {
        wardrobe
            .rooms()
            .find_map(|(_, room)| room.hat(hat)?.title.clone())
    })
}

/// Tells a person at a terminal that a command waits for standard input.
pub(super) fn announce_stdin(out: &mut super::output::Output) -> Result<(), Failure> {
    use std::io::IsTerminal;
    if !std::io::stdin().is_terminal() {
        return Ok(());
    }
    out.warn("reading standard input; end it with Ctrl-D")
}
