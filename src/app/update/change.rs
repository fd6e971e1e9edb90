//! Commands that add, edit, ban or remove. They apply to the *targets*: the marked rows, or the selected row if none is
//! marked.

use crate::app::form::FormSubject;
use crate::app::place::{Grouping, RowKind};
use crate::app::{AttachmentRef, Effect, Pane, State, describe, targets};
use crate::model::{Affiliation, Attachment, EditError, HatId, Jid, Wardrobe};

use super::batch::{self, Batch, BatchEdit};
use super::{build_batch, form};

/// The kind of items that a command in the focused pane changes.
enum ChangeScope {
    Rooms,
    RoomUsers,
    Attachments,
}

fn change_scope(state: &State) -> ChangeScope {
    match (state.grouping(), state.focus) {
        (Grouping::ByHat, _) | (_, Pane::Third) => ChangeScope::Attachments,
        (Grouping::ByRoom, Pane::First) => ChangeScope::Rooms,
        (Grouping::ByRoom | Grouping::ByUser, _) => ChangeScope::RoomUsers,
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

/// Opens the form that adds a hat to the target users; in the Hats view, to the users who have the target hats, in the same
/// rooms.
pub(crate) fn add_hat(state: &mut State, _: &mut Vec<Effect>) {
    let room_users = if state.grouping() == Grouping::ByHat {
        let attachments = targets::selected_attachments(state).into_iter();
        attachments.map(|found| (found.room, found.user)).collect()
    } else {
        targets::room_users(state)
    };
    if !room_users.is_empty() {
        form::open(state, FormSubject::AddHat { room_users });
    }
}

/// Opens the form that adds users to all target rooms.
pub(crate) fn add_to_rooms(state: &mut State, _: &mut Vec<Effect>) {
    let rooms = targets::rooms(state);
    form::open(state, FormSubject::AddUser { rooms });
}

/// Checks, in the Users view, that the target users can be added to another room.
pub(crate) fn may_add_to_room(state: &State) -> Result<(), String> {
    state.check_can_change()?;
    let selected = state.selected(Pane::First);
    let Some((user, rooms)) = selected.and_then(|row| state.listed_user_at(row)) else {
        let hidden = state.hidden_rows_message(RowKind::User);
        return Err(hidden.unwrap_or_else(|| "No users yet".into()));
    };
    let all_rooms = state.shown.rooms().len();
    if state.marked(Pane::First) == 0 && rooms.len() >= all_rooms {
        return Err(format!("{user} is already in all rooms"));
    }
    Ok(())
}

/// Opens, in the Users view, the form that adds the target users to another room.
pub(crate) fn add_to_room(state: &mut State, _: &mut Vec<Effect>) {
    let users = targets::users(state);
    if !users.is_empty() {
        form::open(state, FormSubject::AddToRoom { users });
    }
}

pub(crate) fn edit(state: &mut State, _: &mut Vec<Effect>) {
    let subject = match change_scope(state) {
        ChangeScope::Rooms => edit_room(state),
        ChangeScope::RoomUsers => edit_users(state),
        ChangeScope::Attachments => edit_hats(state),
    };
    if let Some(subject) = subject {
        form::open(state, subject);
    }
}

fn edit_room(state: &State) -> Option<FormSubject> {
    let room = targets::rooms(state).into_iter().next()?;
    let before = state.shown.room(&room)?.name.clone();
    Some(FormSubject::EditRoom { room, before })
}

fn edit_users(state: &State) -> Option<FormSubject> {
    let room_users = targets::room_users(state);
    let (room, user) = room_users.first()?;
    let first = state.shown.user(room, user)?.affiliation;
    let before = (room_users.len() == 1).then_some(first);
    Some(FormSubject::EditUsers { room_users, before })
}

fn edit_hats(state: &State) -> Option<FormSubject> {
    let attachments = targets::selected_attachments(state);
    let first = attachments.first()?.attachment(&state.shown)?;
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
        |on, hat, users| {
            if on {
                ("Activate hats", format!("Activate {hat} for {users}?"))
            } else {
                ("Deactivate hats", format!("Deactivate {hat} for {users}?"))
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
        |on, hat, users| {
            if on {
                ("Make hats required", format!("Make {hat} required for {users}?"))
            } else {
                ("Make hats optional", format!("Make {hat} optional for {users}?"))
            }
        },
    );
}

/// Sets a flag on all target hats, or clears it if all of them have it.
fn toggle_flag(
    state: &mut State,
    effects: &mut Vec<Effect>,
    is_set: impl Fn(&Attachment) -> bool,
    with_flag: impl Fn(Attachment, bool) -> Attachment,
    question: impl FnOnce(bool, &str, &str) -> (&'static str, String),
) {
    let attachments = targets::selected_attachments(state);
    let current = |attachment_ref: &AttachmentRef| {
        attachment_ref
            .attachment(&state.shown)
            .cloned()
            .unwrap_or_default()
    };
    let on = !attachments
        .iter()
        .all(|attachment_ref| is_set(&current(attachment_ref)));
    let mut edit = BatchEdit::new(&state.shown);
    for attachment_ref in &attachments {
        let after = with_flag(current(attachment_ref), on);
        edit.change(&attachment_ref.room, &attachment_ref.user, |next| {
            next.add_user_hat(
                &attachment_ref.user,
                &attachment_ref.room,
                &attachment_ref.hat,
                after,
            )
        });
    }
    let (title, question) = question(on, &hats_label(state, &attachments), &edit.describe_targets());
    batch::propose(state, effects, edit.into_batch(title, question, ""));
}

/// Returns how a question or form names these hats: by title (without one, by ID) if all are the same hat, otherwise by
/// the number of different hats.
pub(super) fn hats_label(state: &State, attachments: &[AttachmentRef]) -> String {
    let ids: std::collections::BTreeSet<&HatId> = attachments
        .iter()
        .map(|attachment_ref| &attachment_ref.hat)
        .collect();
    match attachments.first() {
        Some(attachment_ref) if ids.len() == 1 => {
            let room = state.shown.room(&attachment_ref.room);
            let title = room
                .zip(attachment_ref.attachment(&state.shown))
                .and_then(|(room, attachment)| room.title(&attachment_ref.hat, attachment));
            describe::hat(&attachment_ref.hat, title)
        }
        _ => describe::count(ids.len(), "hat"),
    }
}

/// Removes the targets. Asks first, unless a filter hides none of them and they are one of the following:
/// - hats of a single user
/// - a user in a single room who has no hats and is neither owner nor admin
/// - a single room without users and without a catalog
pub(crate) fn remove(state: &mut State, effects: &mut Vec<Effect>) {
    let batch = match change_scope(state) {
        ChangeScope::Attachments => remove_hats(state),
        ChangeScope::RoomUsers => {
            build_batch::set_affiliation(&state.shown, &targets::room_users(state), Affiliation::None)
        }
        ChangeScope::Rooms => match remove_rooms(&state.shown, &targets::rooms(state)) {
            Ok(batch) => batch,
            Err(error) => return state.notify_edit_error(&error),
        },
    };
    batch::propose(state, effects, batch);
}

/// Bans users: sets their affiliation to outcast. Always asks first.
pub(crate) fn ban(state: &mut State, effects: &mut Vec<Effect>) {
    let batch = build_batch::set_affiliation(&state.shown, &targets::room_users(state), Affiliation::Outcast);
    batch::propose(state, effects, batch);
}

fn remove_hats(state: &State) -> Batch {
    let attachments = targets::selected_attachments(state);
    let mut edit = BatchEdit::new(&state.shown);
    for AttachmentRef { room, user, hat } in &attachments {
        edit.change(room, user, |next| next.force_remove_hat(user, room, hat));
    }
    // If the hats differ, the question counts each of them once, however many users have it.
    let consequence = match attachments.first() {
        Some(first)
            if attachments
                .iter()
                .any(|attachment_ref| attachment_ref.hat != first.hat) =>
        {
            format!(
                "This removes {} in total.",
                describe::count(attachments.len(), "hat")
            )
        }
        _ => String::new(),
    };
    let question = format!(
        "Remove {} from {}?",
        hats_label(state, &attachments),
        edit.describe_targets()
    );
    edit.into_batch("Remove hats", question, consequence)
}

fn remove_rooms(wardrobe: &Wardrobe, rooms: &[Jid]) -> Result<Batch, EditError> {
    let existing: Vec<_> = rooms.iter().filter_map(|jid| wardrobe.room(jid)).collect();
    let users = existing
        .iter()
        .flat_map(|room| room.users().iter().map(|(jid, _)| jid));
    // A user in several rooms counts once.
    let users = users.collect::<std::collections::BTreeSet<_>>().len();
    let hats: usize = existing.iter().map(|room| room.attachment_count()).sum();
    let catalog_hats: usize = existing.iter().map(|room| room.catalog.len()).sum();
    let mut edit = BatchEdit::new(wardrobe);
    for room in rooms {
        edit.change_room(|next| next.remove_room(room))?;
    }
    let (title, question) = match rooms {
        [jid] => ("Remove room", format!("Remove the room {jid}?")),
        many => (
            "Remove rooms",
            format!("Remove {}?", describe::count(many.len(), "room")),
        ),
    };
    let asks = rooms.len() > 1 || users + hats + catalog_hats > 0;
    let consequence = also_removes_content(rooms.len(), users, hats, catalog_hats);
    Ok(edit.into_batch(title, question, consequence).always_confirm(asks))
}

/// Returns the sentence `This also removes 2 users, 3 hats and the catalog (4 hats).`, or an empty text if there is nothing
/// in these rooms.
fn also_removes_content(rooms: usize, users: usize, hats: usize, catalog_hats: usize) -> String {
    let catalogs = if rooms == 1 { "the catalog" } else { "the catalogs" };
    let parts = [
        (users, describe::count(users, "user")),
        (hats, describe::count(hats, "hat")),
        (
            catalog_hats,
            format!("{catalogs} ({})", describe::count(catalog_hats, "hat")),
        ),
    ];
    let parts: Vec<String> = parts
        .into_iter()
        .filter_map(|(number, phrase)| (number > 0).then_some(phrase))
        .collect();
    match parts.as_slice() {
        [] => String::new(),
        [only] => format!("This also removes {only}."),
        [first @ .., last] => format!("This also removes {} and {last}.", first.join(", ")),
    }
}
