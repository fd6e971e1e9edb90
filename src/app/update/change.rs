//! What can be done to what is marked, else to what is selected.

use crate::app::command::CommandId;
use crate::app::form::Subject;
use crate::app::{AttachmentRef, Effect, Grouping, Pane, State, targets, words};
use crate::model::{Affiliation, Attachment, Group, HatId, Wardrobe};

use super::batch::{self, BatchEdit};
use super::{commit, form};

pub(crate) fn add(state: &mut State, effects: &mut Vec<Effect>) {
    let room = state.room().map(|(jid, _)| jid.clone());
    let subject = match (state.focus, room) {
        (Pane::Rooms, _) => Subject::AddRoom,
        (Pane::Users, Some(room)) => Subject::AddUser { room },
        (Pane::Hats, _) => return give(state, effects),
        _ => return,
    };
    form::open(state, subject);
}

/// Gives a hat to the marked users, else to the selected one.
pub(crate) fn give(state: &mut State, _: &mut Vec<Effect>) {
    let members = targets::members(state);
    let Some((room, user)) = members.first().cloned() else {
        return;
    };
    let subject = match members.len() {
        1 if state.marked(Pane::Users) == 0 || state.grouping() == Grouping::ByUser => {
            Subject::AddHat { room, user }
        }
        _ if members.iter().any(|(other, _)| *other != room) => {
            return state.refuse("Cannot add a hat in several rooms at once yet: select one room");
        }
        _ => Subject::GiveMany {
            room,
            users: members.into_iter().map(|(_, user)| user).collect(),
        },
    };
    form::open(state, subject);
}

/// Affiliates a user with all marked rooms.
pub(crate) fn add_to_rooms(state: &mut State, _: &mut Vec<Effect>) {
    let rooms = targets::rooms(state);
    form::open(state, Subject::AddUserTo { rooms });
}

pub(crate) fn edit(state: &mut State, _: &mut Vec<Effect>) {
    let subject = match (state.focus, state.room(), state.user()) {
        _ if state.is_turned() => edit_held(state),
        (Pane::Hats, ..) => edit_held(state),
        _ if state.grouping() == Grouping::ByUser => match targets::members(state).as_slice() {
            [(room, user)] => Some(Subject::EditUser {
                room: room.clone(),
                user: user.clone(),
                before: state
                    .view
                    .user(room, user)
                    .map(|user| user.affiliation)
                    .unwrap_or_default(),
            }),
            [] => None,
            _ => {
                return state
                    .refuse("Cannot set the affiliation in several rooms at once yet: select one room");
            }
        },
        (Pane::Rooms, Some((jid, room)), _) => Some(Subject::EditRoom {
            room: jid.clone(),
            before: room.name.clone(),
        }),
        (Pane::Users, Some(_), _) if state.marked(Pane::Users) > 0 => {
            targets::users(state).map(|(room, users)| Subject::EditUsers { room, users })
        }
        (Pane::Users, Some((room, _)), Some((jid, user))) => Some(Subject::EditUser {
            room: room.clone(),
            user: jid.clone(),
            before: user.affiliation,
        }),
        _ => None,
    };
    if let Some(subject) = subject {
        form::open(state, subject);
    }
}

/// The form for one attachment, or for several at once.
fn edit_held(state: &State) -> Option<Subject> {
    let held = targets::selected_attachments(state);
    match held.as_slice() {
        [] => None,
        [AttachmentRef { room, user, hat }] => Some(Subject::EditHat {
            room: room.clone(),
            user: user.clone(),
            hat: hat.clone(),
            before: held.first()?.attachment(&state.view)?.clone(),
        }),
        _ => {
            let name = hats_of(state, &held);
            Some(Subject::EditMany { held, name })
        }
    }
}

pub(crate) fn wear(state: &mut State, effects: &mut Vec<Effect>) {
    switch(
        state,
        effects,
        Attachment::is_active,
        Attachment::with_active,
        |on, hat, who| {
            if on {
                format!("Let {who} wear {hat}?")
            } else {
                format!("Doff {hat} for {who}?")
            }
        },
    );
}

pub(crate) fn require(state: &mut State, effects: &mut Vec<Effect>) {
    switch(
        state,
        effects,
        Attachment::is_required,
        Attachment::with_required,
        |on, hat, who| {
            if on {
                format!("Make {hat} required for {who}?")
            } else {
                format!("Make {hat} no longer required for {who}?")
            }
        },
    );
}

/// Sets a flag where it is not set; where all have it, takes it from all.
fn switch(
    state: &mut State,
    effects: &mut Vec<Effect>,
    is: impl Fn(&Attachment) -> bool,
    with: impl Fn(Attachment, bool) -> Attachment,
    question: impl FnOnce(bool, &str, &str) -> String,
) {
    let held = targets::selected_attachments(state);
    let there = |spot: &AttachmentRef| spot.attachment(&state.view).cloned().unwrap_or_default();
    let on = !held.iter().all(|spot| is(&there(spot)));
    if let [AttachmentRef { room, user, hat }] = held.as_slice() {
        let after = held.first().map(there).unwrap_or_default();
        commit::make(state, effects, |next| {
            next.add_user_hat(user, room, hat, with(after, on))
        });
        return;
    }
    let mut plan = BatchEdit::new(&state.view);
    for spot in &held {
        let after = with(there(spot), on);
        plan.change(&spot.room, &spot.user, |next| {
            next.add_user_hat(&spot.user, &spot.room, &spot.hat, after)
        });
    }
    let hats = hats_of(state, &held);
    batch::propose(state, effects, plan, |who| question(on, &hats, who), "");
}

/// How hats are called in a question: by title where it is one, else by their number.
pub(super) fn hats_of(state: &State, held: &[AttachmentRef]) -> String {
    let ids: std::collections::BTreeSet<&HatId> = held.iter().map(|spot| &spot.hat).collect();
    match held.first() {
        Some(spot) if ids.len() == 1 => {
            let room = state.view.room(&spot.room);
            let title = room
                .zip(spot.attachment(&state.view))
                .and_then(|(room, attachment)| room.title(&spot.hat, attachment));
            words::hat(&spot.hat, title)
        }
        _ => words::count(ids.len(), "hat"),
    }
}

/// Takes hats away at once from one user; asks before several users lose any, and before users with hats or rooms that
/// are not empty go.
pub(crate) fn remove(state: &mut State, effects: &mut Vec<Effect>) {
    match state.focus {
        _ if state.is_turned() => take(state, effects),
        Pane::Hats => take(state, effects),
        _ if state.grouping() == Grouping::ByUser => remove_members(state, effects),
        Pane::Users => remove_users(state, effects),
        Pane::Rooms => remove_rooms(state, effects),
    }
}

/// Bans users: sets the affiliation to outcast. Asks first where several are banned.
pub(crate) fn ban(state: &mut State, effects: &mut Vec<Effect>) {
    let mut batch = BatchEdit::new(&state.view);
    for (room, user) in targets::members(state) {
        batch.change(&room, &user, |next| {
            next.set_affiliation(&user, &room, Affiliation::Outcast)
        });
    }
    batch::propose(state, effects, batch, |who| format!("Ban {who}?"), "");
}

fn take(state: &mut State, effects: &mut Vec<Effect>) {
    let held = targets::selected_attachments(state);
    let mut plan = BatchEdit::new(&state.view);
    for AttachmentRef { room, user, hat } in &held {
        plan.change(room, user, |next| next.take_hat(user, room, hat));
    }
    let hats = hats_of(state, &held);
    // Of several hats it is told how often they go, too.
    let often = match held.first() {
        Some(first) if held.iter().any(|spot| spot.hat != first.hat) => {
            format!("{} go in all.", words::count(held.len(), "hat"))
        }
        _ => String::new(),
    };
    let question = |who: &str| format!("Take {hats} from {who}?");
    batch::propose(state, effects, plan, question, &often);
}

fn remove_users(state: &mut State, effects: &mut Vec<Effect>) {
    let Some((room, users)) = targets::users(state) else {
        return;
    };
    let hats: usize = users
        .iter()
        .filter_map(|user| state.view.user(&room, user))
        .map(|user| user.hats.len())
        .sum();
    if let [jid] = users.as_slice() {
        let operation = |next: &mut Wardrobe| next.set_affiliation(jid, &room, Affiliation::None);
        if hats == 0 {
            commit::make(state, effects, operation);
            return;
        }
        let question = format!("Remove {jid} from {room}?");
        let undo = state.key(CommandId::Undo);
        let go = words::hats_go("The user's", hats);
        let consequence = format!("{go} {undo} brings all of it back.");
        batch::ask(state, question, consequence, operation);
        return;
    }
    let mut plan = BatchEdit::new(&state.view);
    for user in &users {
        plan.change(&room, user, |next| {
            next.set_affiliation(user, &room, Affiliation::None)
        });
    }
    let consequence = words::hats_go("Their", hats);
    let question = |who: &str| format!("Remove {who}?");
    batch::propose(state, effects, plan, question, &consequence);
}

/// Removes users from several rooms, or several users.
fn remove_members(state: &mut State, effects: &mut Vec<Effect>) {
    let members = targets::members(state);
    let hats: usize = members
        .iter()
        .filter_map(|(room, user)| state.view.user(room, user))
        .map(|user| user.hats.len())
        .sum();
    if let ([(room, user)], true) = (members.as_slice(), hats > 0) {
        let question = format!("Remove {user} from {room}?");
        let go = words::hats_go("The user's", hats);
        let consequence = format!("{go} {} brings all of it back.", state.key(CommandId::Undo));
        return batch::ask(state, question, consequence, |next| {
            next.set_affiliation(user, room, Affiliation::None)
        });
    }
    let mut batch = BatchEdit::new(&state.view);
    for (room, user) in &members {
        batch.change(room, user, |next| {
            next.set_affiliation(user, room, Affiliation::None)
        });
    }
    let consequence = words::hats_go("Their", hats);
    batch::propose(
        state,
        effects,
        batch,
        |who| format!("Remove {who}?"),
        &consequence,
    );
}

fn remove_rooms(state: &mut State, effects: &mut Vec<Effect>) {
    let rooms = targets::rooms(state);
    let there: Vec<_> = rooms.iter().filter_map(|jid| state.view.room(jid)).collect();
    let users: usize = there.iter().map(|room| room.users().len()).sum();
    let hats: usize = there.iter().map(|room| room.attachments()).sum();
    let defined = there.iter().any(|room| !room.catalogue.is_empty());
    let operation = |next: &mut Wardrobe| {
        let mut group = Group::default();
        for room in &rooms {
            group.0.extend(next.remove_room(room)?.0);
        }
        Ok(group)
    };
    if rooms.len() == 1 && users == 0 && hats == 0 && !defined {
        commit::make(state, effects, operation);
        return;
    }
    let (question, whose) = match rooms.as_slice() {
        [] => return,
        [jid] => (format!("Remove the room {jid}?"), "Its"),
        many => (format!("Remove {}?", words::count(many.len(), "room")), "Their"),
    };
    let (users, hats) = (words::count(users, "user"), words::count(hats, "hat"));
    let undo = state.key(CommandId::Undo);
    let hidden = batch::hidden(state);
    let consequence =
        format!("{hidden} {whose} {users} and their {hats} go too. {undo} brings all of it back.");
    let consequence = consequence.trim_start().to_owned();
    batch::ask(state, question, consequence, operation);
}
