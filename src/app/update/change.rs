//! What can be done to the selected room, user or hat.

use crate::app::form::Subject;
use crate::app::{Act, Confirm, Effect, Overlay, Pane, State, words};
use crate::model::{Affiliation, Attachment, Group, HatId, Jid, Wardrobe};

use super::{commit, form};

pub(crate) fn add(state: &mut State, _: &mut Vec<Effect>) {
    let room = state.room().map(|(jid, _)| jid.clone());
    let user = state.user().map(|(jid, _)| jid.clone());
    let subject = match (state.focus, room, user) {
        (Pane::Rooms, ..) => Subject::AddRoom,
        (Pane::Users, Some(room), _) => Subject::AddUser { room },
        (Pane::Hats, Some(room), Some(user)) => Subject::AddHat { room, user },
        _ => return,
    };
    form::open(state, subject);
}

pub(crate) fn edit(state: &mut State, _: &mut Vec<Effect>) {
    let subject = match (state.focus, state.room(), state.user(), state.hat()) {
        (Pane::Rooms, Some((jid, room)), ..) => Subject::EditRoom {
            room: jid.clone(),
            before: room.name.clone(),
        },
        (Pane::Users, Some((room, _)), Some((jid, user)), _) => Subject::EditUser {
            room: room.clone(),
            user: jid.clone(),
            before: user.affiliation,
        },
        (Pane::Hats, Some((room, _)), Some((user, _)), Some((hat, attachment))) => Subject::EditHat {
            room: room.clone(),
            user: user.clone(),
            hat: hat.clone(),
            before: attachment.clone(),
        },
        _ => return,
    };
    form::open(state, subject);
}

/// The selected hat with what it is on.
fn selected_hat(state: &State) -> Option<(Jid, Jid, HatId, Attachment)> {
    let ((room, _), (user, _), (hat, attachment)) = (state.room()?, state.user()?, state.hat()?);
    Some((room.clone(), user.clone(), hat.clone(), attachment.clone()))
}

pub(crate) fn wear(state: &mut State, effects: &mut Vec<Effect>) {
    let Some((room, user, hat, attachment)) = selected_hat(state) else {
        return;
    };
    let active = !attachment.is_active();
    commit::make(state, effects, |next| {
        next.add_user_hat(&user, &room, &hat, attachment.with_active(active))
    });
}

pub(crate) fn require(state: &mut State, effects: &mut Vec<Effect>) {
    let Some((room, user, hat, attachment)) = selected_hat(state) else {
        return;
    };
    let required = !attachment.is_required();
    commit::make(state, effects, |next| {
        next.add_user_hat(&user, &room, &hat, attachment.with_required(required))
    });
}

/// Takes a hat away at once; asks before a user with hats or a room that is not empty goes.
pub(crate) fn remove(state: &mut State, effects: &mut Vec<Effect>) {
    match state.focus {
        Pane::Hats => {
            let Some((room, user, hat, _)) = selected_hat(state) else {
                return;
            };
            commit::make(state, effects, |next| next.take_hat(&user, &room, &hat));
        }
        Pane::Users => remove_user(state, effects),
        Pane::Rooms => remove_room(state, effects),
    }
}

fn remove_user(state: &mut State, effects: &mut Vec<Effect>) {
    let (Some((room, _)), Some((jid, user))) = (state.room(), state.user()) else {
        return;
    };
    let (room, jid, hats) = (room.clone(), jid.clone(), user.hats.len());
    let operation = |next: &mut Wardrobe| next.set_affiliation(&jid, &room, Affiliation::None);
    if hats == 0 {
        commit::make(state, effects, operation);
        return;
    }
    let question = format!("Remove {jid} from {room}?");
    ask(
        state,
        question,
        format!(
            "The user's {} there go too. {} brings all of it back.",
            words::count(hats, "hat"),
            state.key("undo")
        ),
        operation,
    );
}

fn remove_room(state: &mut State, effects: &mut Vec<Effect>) {
    let Some((jid, room)) = state.room() else { return };
    let (jid, users, hats) = (jid.clone(), room.users().len(), room.attachments());
    let operation = |next: &mut Wardrobe| next.remove_room(&jid);
    if users == 0 && hats == 0 && room.catalogue.is_empty() {
        commit::make(state, effects, operation);
        return;
    }
    let (users, hats) = (words::count(users, "user"), words::count(hats, "hat"));
    let undo = state.key("undo");
    let consequence = format!("Its {users} and their {hats} go too. {undo} brings all of it back.");
    ask(state, format!("Remove the room {jid}?"), consequence, operation);
}

/// Asks before a change that takes much away.
pub(super) fn ask(
    state: &mut State,
    question: String,
    consequence: String,
    operation: impl FnOnce(&mut Wardrobe) -> Result<Group, crate::model::Error>,
) {
    match operation(&mut state.view.clone()) {
        Ok(group) => {
            state.overlays.push(Overlay::Confirm(Confirm {
                question,
                consequence,
                act: Act::Commit(group),
            }));
        }
        Err(error) => state.refuse_error(&error),
    }
}
