//! `hatrack remove`: removes a hat from a user.

use super::args::RemoveArgs;
use super::context::SessionContext;
use super::failure::Failure;
use super::hat_argument;
use super::open_store::OpenStore;
use super::output::Output;
use crate::app::describe;
use crate::model::{Affiliation, EditError, HatId, Jid, Wardrobe};

pub(super) fn run(args: &RemoveArgs, context: &SessionContext, out: &mut Output) -> Result<(), Failure> {
    let room = Jid::parse_room_input(&args.room).map_err(Failure::invalid_argument)?;
    let user = Jid::parse_input(&args.user).map_err(Failure::invalid_argument)?;
    let data = OpenStore::open(context)?;
    let command = format!("hatrack remove {user} {room} HAT");
    hat_argument::check_order(data.wardrobe(), (&room, &user), &command)?;
    // Not validated: IDs that came from files or servers may be any text.
    let hat = hat_argument::find(data.wardrobe(), Some(&room), &args.hat)?;
    let hat = hat.unwrap_or_else(|| HatId::unchecked(args.hat.as_str()));
    let remove = |wardrobe: &mut Wardrobe| {
        let has_hat = wardrobe
            .user(&room, &user)
            .is_some_and(|user| user.hats.get(&hat).is_some());
        // A hat of a user who is banned or has no affiliation can be removed, too.
        if has_hat {
            wardrobe.force_remove_hat(&user, &room, &hat)
        } else {
            wardrobe.remove_user_hat(&user, &room, &hat)
        }
    };
    let removed = remove(&mut data.wardrobe().clone()).map_err(|error| refusal(error, data.wardrobe()))?;
    if removed.is_empty() {
        // Not an error, but the ID may be a typo.
        data.check_writable()?;
        return out.line(&missing_hat_message(data.wardrobe(), &room, &user, &hat));
    }
    data.with_reason(args.reason_option.reason.as_ref())
        .change(out, remove)
}

/// Converts the error of the removal of a hat that the user does not have to a failure. If the user is banned, the message
/// says so.
fn refusal(error: EditError, wardrobe: &Wardrobe) -> Failure {
    match &error {
        EditError::NotAffiliated { room, user }
            if wardrobe.user(room, user).map(|user| user.affiliation) == Some(Affiliation::Outcast) =>
        {
            Failure::not_found(format!("{user} is banned from {room} and does not have this hat"))
        }
        _ => Failure::without_advice(error),
    }
}

/// Returns the message for a hat that the user does not have. It suggests a similar hat of the user, or otherwise of the
/// room, if there is one.
fn missing_hat_message(wardrobe: &Wardrobe, room: &Jid, user: &Jid, hat: &HatId) -> String {
    let message = format!("No changes: {user} does not have the hat {hat} in {room}");
    let Some(room_data) = wardrobe.room(room) else {
        return message;
    };
    let of_user = room_data.user(user).into_iter().flat_map(|user| user.hats.iter());
    let of_user: Vec<_> = of_user
        .map(|(id, attachment)| (id, room_data.title(id, attachment)))
        .collect();
    let existing = room_data.hats();
    let others = existing.iter().filter(|existing| existing.id != *hat);
    let existing: Vec<_> = others.map(|hat| (&hat.id, hat.title.as_deref())).collect();
    match (nearest(&of_user, hat), nearest(&existing, hat)) {
        (Some(suggestion), _) => format!("{message}; did you mean {suggestion}?"),
        (None, Some(suggestion)) => format!("{message}; a similar hat in this room is {suggestion}"),
        (None, None) => message,
    }
}

/// Describes the hat whose ID or title is most similar to `given`; `None` if no hat is similar.
fn nearest(hats: &[(&HatId, Option<&str>)], given: &HatId) -> Option<String> {
    let names = hats.iter().flat_map(|(id, title)| [Some(id.as_str()), *title]);
    let suggestion = describe::closest_match(given.as_str(), names.flatten())?;
    let is_suggestion =
        |(id, title): &&(&HatId, Option<&str>)| id.as_str() == suggestion || *title == Some(suggestion);
    let (id, title) = hats.iter().find(is_suggestion)?;
    Some(id_and_title(id.as_str(), title.unwrap_or_default()))
}

fn id_and_title(id: &str, title: &str) -> String {
    if title.is_empty() {
        id.to_owned()
    } else {
        format!("{id} (\"{title}\")")
    }
}
