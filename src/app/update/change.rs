//! What can be done to what is marked, else to what is selected.

use crate::app::form::FormSubject;
use crate::app::place::Grouping;
use crate::app::{AttachmentRef, Effect, Pane, State, describe, targets};
use crate::model::{Affiliation, Attachment, EditError, HatId, Jid, Wardrobe};

use super::batch::{self, Batch, BatchEdit};
use super::{build_batch, form};

/// What the pane with the focus is about.
enum ChangeScope {
    Rooms,
    Members,
    Attachments,
}

fn change_scope(state: &State) -> ChangeScope {
    match (state.grouping(), state.focus) {
        (Grouping::ByHat, _) | (_, Pane::Third) => ChangeScope::Attachments,
        (Grouping::ByRoom, Pane::First) => ChangeScope::Rooms,
        (Grouping::ByRoom | Grouping::ByUser, _) => ChangeScope::Members,
    }
}

pub(crate) fn add(state: &mut State, effects: &mut Vec<Effect>) {
    let room = state.room().map(|(jid, _)| jid.clone());
    let subject = match (state.grouping(), state.focus, room) {
        (Grouping::ByRoom, Pane::First, _) => FormSubject::AddRoom,
        (Grouping::ByRoom, Pane::Second, Some(room)) => FormSubject::AddUser { rooms: vec![room] },
        _ => return add_hat(state, effects),
    };
    form::open(state, subject);
}

/// Gives a hat to the marked users, else to the selected one.
pub(crate) fn add_hat(state: &mut State, _: &mut Vec<Effect>) {
    let members = targets::members(state);
    if !members.is_empty() {
        form::open(state, FormSubject::AddHat { members });
    }
}

/// Affiliates users with all marked rooms.
pub(crate) fn add_to_rooms(state: &mut State, _: &mut Vec<Effect>) {
    let rooms = targets::rooms(state);
    form::open(state, FormSubject::AddUser { rooms });
}

/// By user: why nobody can be added to another room.
pub(crate) fn may_add_to_room(state: &State) -> Result<(), String> {
    state.check_can_change()?;
    let Some((user, rooms)) = state
        .selected(Pane::First)
        .and_then(|row| state.listed_user_at(row))
    else {
        return Err("there is no user in any room yet".into());
    };
    let all_rooms = state.view.rooms().len();
    if state.marked(Pane::First) == 0 && rooms.len() >= all_rooms {
        return Err(format!("{user} is in all rooms already"));
    }
    Ok(())
}

/// By user: affiliates the marked users, else the selected one, with another room; from the pane of a user's rooms that
/// user.
pub(crate) fn add_to_room(state: &mut State, _: &mut Vec<Effect>) {
    let users = targets::users(state);
    if !users.is_empty() {
        form::open(state, FormSubject::AddToRoom { users });
    }
}

pub(crate) fn edit(state: &mut State, _: &mut Vec<Effect>) {
    let subject = match change_scope(state) {
        ChangeScope::Rooms => state.room().map(|(jid, room)| FormSubject::EditRoom {
            room: jid.clone(),
            before: room.name.clone(),
        }),
        ChangeScope::Members => edit_users(state),
        ChangeScope::Attachments => edit_hats(state),
    };
    if let Some(subject) = subject {
        form::open(state, subject);
    }
}

fn edit_users(state: &State) -> Option<FormSubject> {
    let members = targets::members(state);
    let (room, user) = members.first()?;
    let first = state.view.user(room, user)?.affiliation;
    let before = (members.len() == 1).then_some(first);
    Some(FormSubject::EditUsers { members, before })
}

fn edit_hats(state: &State) -> Option<FormSubject> {
    let attachments = targets::selected_attachments(state);
    let first = attachments.first()?.attachment(&state.view)?;
    Some(FormSubject::EditHats {
        name: hats_label(state, &attachments),
        before: (attachments.len() == 1).then(|| first.clone()),
        attachments,
    })
}

pub(crate) fn toggle_active(state: &mut State, effects: &mut Vec<Effect>) {
    toggle_flag(
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

pub(crate) fn toggle_required(state: &mut State, effects: &mut Vec<Effect>) {
    toggle_flag(
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
fn toggle_flag(
    state: &mut State,
    effects: &mut Vec<Effect>,
    is: impl Fn(&Attachment) -> bool,
    with: impl Fn(Attachment, bool) -> Attachment,
    question: impl FnOnce(bool, &str, &str) -> String,
) {
    let held = targets::selected_attachments(state);
    let there = |spot: &AttachmentRef| spot.attachment(&state.view).cloned().unwrap_or_default();
    let on = !held.iter().all(|spot| is(&there(spot)));
    let mut plan = BatchEdit::new(&state.view);
    for spot in &held {
        let after = with(there(spot), on);
        plan.change(&spot.room, &spot.user, |next| {
            next.add_user_hat(&spot.user, &spot.room, &spot.hat, after)
        });
    }
    let question = question(on, &hats_label(state, &held), &plan.targets());
    batch::propose(state, effects, plan.into_batch(question, ""));
}

/// How hats are called in a question: by title where it is one, else by their number.
pub(super) fn hats_label(state: &State, held: &[AttachmentRef]) -> String {
    let ids: std::collections::BTreeSet<&HatId> = held.iter().map(|spot| &spot.hat).collect();
    match held.first() {
        Some(spot) if ids.len() == 1 => {
            let room = state.view.room(&spot.room);
            let title = room
                .zip(spot.attachment(&state.view))
                .and_then(|(room, attachment)| room.title(&spot.hat, attachment));
            describe::hat(&spot.hat, title)
        }
        _ => describe::count(ids.len(), "hat"),
    }
}

/// Takes hats away at once from one user; asks before several users lose any, and before users with hats or rooms that
/// are not empty go.
pub(crate) fn remove(state: &mut State, effects: &mut Vec<Effect>) {
    let batch = match change_scope(state) {
        ChangeScope::Attachments => remove_hats(state),
        ChangeScope::Members => {
            build_batch::set_affiliation(&state.view, &targets::members(state), Affiliation::None)
        }
        ChangeScope::Rooms => match remove_rooms(&state.view, &targets::rooms(state)) {
            Ok(batch) => batch,
            Err(error) => return state.refuse_error(&error),
        },
    };
    batch::propose(state, effects, batch);
}

/// Bans users: they are outcasts then. Asks first where several are banned.
pub(crate) fn ban(state: &mut State, effects: &mut Vec<Effect>) {
    let batch = build_batch::set_affiliation(&state.view, &targets::members(state), Affiliation::Outcast);
    batch::propose(state, effects, batch);
}

fn remove_hats(state: &State) -> Batch {
    let held = targets::selected_attachments(state);
    let mut plan = BatchEdit::new(&state.view);
    for AttachmentRef { room, user, hat } in &held {
        plan.change(room, user, |next| next.force_remove_hat(user, room, hat));
    }
    // Of several hats it is told how often they go, too.
    let often = match held.first() {
        Some(first) if held.iter().any(|spot| spot.hat != first.hat) => {
            format!("{} go in all.", describe::count(held.len(), "hat"))
        }
        _ => String::new(),
    };
    let question = format!("Take {} from {}?", hats_label(state, &held), plan.targets());
    plan.into_batch(question, often)
}

fn remove_rooms(view: &Wardrobe, rooms: &[Jid]) -> Result<Batch, EditError> {
    let there: Vec<_> = rooms.iter().filter_map(|jid| view.room(jid)).collect();
    let users: usize = there.iter().map(|room| room.users().len()).sum();
    let hats: usize = there.iter().map(|room| room.attachment_count()).sum();
    let defined = there.iter().any(|room| !room.catalog.is_empty());
    let mut plan = BatchEdit::new(view);
    for room in rooms {
        plan.change_room(|next| next.remove_room(room))?;
    }
    let (question, whose) = match rooms {
        [jid] => (format!("Remove the room {jid}?"), "Its"),
        many => (
            format!("Remove {}?", describe::count(many.len(), "room")),
            "Their",
        ),
    };
    let (people, worn) = (describe::count(users, "user"), describe::count(hats, "hat"));
    let consequence = format!("{whose} {people} and their {worn} go too.");
    let asks = rooms.len() > 1 || users > 0 || hats > 0 || defined;
    Ok(plan.into_batch(question, consequence).always_confirm(asks))
}
