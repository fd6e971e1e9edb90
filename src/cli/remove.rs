//! `hatrack remove`: takes a hat from a user.

use super::args::RemoveArgs;
use super::context::SessionContext;
use super::failure::Failure;
use super::open_store::OpenStore;
use super::output::Output;
use crate::app::describe;
use crate::model::{HatId, Jid, Wardrobe};

pub(super) fn run(args: &RemoveArgs, place: &SessionContext, out: &mut Output) -> Result<(), Failure> {
    let room = Jid::parse_room_input(&args.room).map_err(Failure::argument)?;
    let user = Jid::parse_input(&args.user).map_err(Failure::argument)?;
    // Any id that a file or a server brought can be taken away.
    let hat = HatId::unchecked(args.hat.as_str());
    let kept = OpenStore::open(place)?;
    let take = |wardrobe: &mut Wardrobe| wardrobe.remove_user_hat(&user, &room, &hat);
    if take(&mut kept.wardrobe().clone())?.is_empty() {
        // It is as it was asked for; but somebody may have meant another hat.
        kept.may_write()?;
        return out.line(&has_not(kept.wardrobe(), &room, &user, &hat));
    }
    kept.change(out, take)
}

/// That the user does not have the hat, and which was probably meant: one of theirs before one of the room.
fn has_not(wardrobe: &Wardrobe, room: &Jid, user: &Jid, hat: &HatId) -> String {
    let said = format!("No changes: {user} does not have the hat {hat} in {room}");
    let Some(there) = wardrobe.room(room) else {
        return said;
    };
    let theirs = there.user(user).into_iter().flat_map(|user| user.hats.iter());
    let theirs: Vec<_> = theirs.map(|(id, worn)| (id, there.title(id, worn))).collect();
    let known = there.known_hats();
    let known: Vec<_> = known.iter().map(|hat| (&hat.id, hat.title.as_deref())).collect();
    match (nearest(&theirs, hat), nearest(&known, hat)) {
        (Some(meant), _) => format!("{said}; did you mean {meant}?"),
        (None, Some(meant)) => format!("{said}, nor {meant}, the nearest in this room"),
        (None, None) => said,
    }
}

/// The hat whose id or title is nearest to what was given.
fn nearest(hats: &[(&HatId, Option<&str>)], given: &HatId) -> Option<String> {
    let names = hats.iter().flat_map(|(id, title)| [Some(id.as_str()), *title]);
    let meant = describe::closest_match(given.as_str(), names.flatten())?;
    let is_meant = |(id, title): &&(&HatId, Option<&str>)| id.as_str() == meant || *title == Some(meant);
    let (id, title) = hats.iter().find(is_meant)?;
    Some(shown(id.as_str(), title.unwrap_or_default()))
}

fn shown(id: &str, title: &str) -> String {
    if title.is_empty() {
        id.to_owned()
    } else {
        format!("{id} (\"{title}\")")
    }
}
