//! Copying hats from users and adding them to others, or replacing the hats of others with them.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::app::clipboard::CopiedHats;
use crate::app::command::CommandId;
use crate::app::{Effect, Pane, State, describe, targets};
use crate::model::{Hats, Jid};

use super::batch::{self, BatchEdit, BatchSkip};

/// Returns the hats to copy and names their source: the user or users who have them. These are the hats of the selected
/// user; while the hats pane has the focus, they are the marked hats, else all hats that the pane shows. The error says
/// why there are no hats.
fn hats_to_copy(state: &State) -> Result<(Hats, String), String> {
    if state.is_by_hat() {
        return hats_to_copy_by_hat(state);
    }
    let from_hats_pane = state.focus == Pane::Third;
    let user = state.user();
    let (hats, source): (Hats, String) = if from_hats_pane {
        let marked = state.marked(Pane::Third) > 0;
        let rows = (0..state.length(Pane::Third)).filter(|row| !marked || state.is_marked(Pane::Third, *row));
        let hats = rows
            .filter_map(|row| state.hat_at(row))
            .map(|(id, attachment)| (id.clone(), attachment.clone()))
            .collect();
        let source = match state.marked(Pane::Second) {
            0 => user.map(|(jid, _)| jid.to_string()).unwrap_or_default(),
            marked => describe::count(marked, "marked user"),
        };
        (hats, source)
    } else {
        let (jid, user) = user.ok_or("No user selected")?;
        (user.hats.clone(), jid.to_string())
    };
    if hats.is_empty() {
        let verb = if from_hats_pane && state.marked(Pane::Second) > 1 {
            "have"
        } else {
            "has"
        };
        return Err(format!("Nothing to copy: {source} {verb} no hats"));
    }
    Ok((hats, source))
}

/// Like [`hats_to_copy`], in the Hats view: the marked hats, else the selected hat, each as its first target user has
/// it.
fn hats_to_copy_by_hat(state: &State) -> Result<(Hats, String), String> {
    let (mut hats, mut users) = (BTreeMap::new(), BTreeSet::new());
    for attachment_ref in targets::selected_attachments(state) {
        if let Some(attachment) = attachment_ref.attachment(&state.shown)
            && let Entry::Vacant(entry) = hats.entry(attachment_ref.hat.clone())
        {
            entry.insert(attachment.clone());
            users.insert(attachment_ref.user.clone());
        }
    }
    let hats: Hats = hats.into_iter().collect();
    let mut names = users.iter();
    let source = match (names.next(), names.next()) {
        (None, _) => return Err("Nothing to copy: no user has this hat".into()),
        (Some(only), None) => only.to_string(),
        _ => describe::count(users.len(), "user"),
    };
    Ok((hats, source))
}

/// Returns the hats to save as a set, with the titles shown in their room, and names the users who have them.
pub(super) fn hats_to_save(state: &State) -> Result<(Hats, String), String> {
    let (hats, source) = hats_to_copy(state).map_err(|reason| reason.replacen("copy", "save", 1))?;
    let (_, room) = state.room().ok_or("No room selected")?;
    Ok((room.hats_with_titles(&hats), source))
}

/// Copies hats, to add them to other users later or to replace the hats of other users with them.
pub(crate) fn copy(state: &mut State, _: &mut Vec<Effect>) {
    let (hats, source) = match hats_to_copy(state) {
        Ok(copied) => copied,
        Err(reason) => return state.notify_error(reason),
    };
    let Some((jid, room)) = state.room() else { return };
    let (room, with_titles) = (jid.clone(), room.hats_with_titles(&hats));
    let names = describe::hats(&with_titles);
    let text = format!(
        "Copied {names} from {source} ({} to replace, {} to add)",
        state.key(CommandId::ReplaceUserHats),
        state.key(CommandId::AddCopiedToUsers)
    );
    state.copied = Some(Arc::new(CopiedHats {
        room,
        hats,
        with_titles,
    }));
    state.notify(text);
}

pub(crate) fn may_paste(state: &State) -> Result<(), String> {
    targets::check_can_add_hats(state)?;
    match &state.copied {
        None => Err(format!(
            "No copied hats ({} to copy)",
            state.key(CommandId::CopyUserHats)
        )),
        Some(_) => Ok(()),
    }
}

/// Replaces the hats of the target users with the copied ones.
pub(crate) fn replace(state: &mut State, effects: &mut Vec<Effect>) {
    if let Some(copied) = state.copied.clone() {
        apply_hats(state, effects, |room| copied.for_room(room), true);
    }
}

/// Adds the copied hats that the target users lack.
pub(crate) fn add(state: &mut State, effects: &mut Vec<Effect>) {
    if let Some(copied) = state.copied.clone() {
        apply_hats(state, effects, |room| copied.for_room(room), false);
    }
}

/// Replaces the hats of the target users with other hats (`replace`), or adds the hats that they lack. `hats_for`
/// returns the hats to use in a room.
pub(super) fn apply_hats<'a>(
    state: &mut State,
    effects: &mut Vec<Effect>,
    hats_for: impl Fn(&Jid) -> &'a Hats,
    replace: bool,
) {
    let room_users = targets::room_users(state);
    let mut edit = BatchEdit::new(&state.shown);
    let mut lost = 0;
    for (room, user) in &room_users {
        let hats = hats_for(room);
        if replace {
            let before = edit.wardrobe().user(room, user).cloned();
            edit.change(room, user, |next| next.set_user_hats(user, room, hats));
            let lost_count = |before: &crate::model::User| {
                let kept = |id| {
                    edit.wardrobe()
                        .user(room, user)
                        .is_some_and(|now| now.hats.get(id).is_some())
                };
                before.hats.iter().filter(|(id, _)| !kept(id)).count()
            };
            lost += before.as_ref().map_or(0, lost_count);
        } else {
            add_missing(&mut edit, room, user, hats);
        }
    }
    let names = room_users
        .first()
        .map(|(room, _)| describe::hats(hats_for(room)))
        .unwrap_or_default();
    let consequence = match lost {
        0 => String::new(),
        lost => format!("This also removes {}.", describe::count(lost, "other hat")),
    };
    let users = edit.describe_targets();
    let (title, question) = if replace {
        (
            "Replace hats",
            format!("Replace the hats of {users} with {names}?"),
        )
    } else {
        ("Add hats", format!("Add {names} to {users}?"))
    };
    batch::propose(state, effects, edit.into_batch(title, question, consequence));
}

fn add_missing(edit: &mut BatchEdit, room: &Jid, user: &Jid, hats: &Hats) {
    let current = edit.wardrobe().user(room, user);
    let missing: Vec<_> = hats
        .iter()
        .filter(|(id, _)| current.is_none_or(|user| user.hats.get(id).is_none()))
        .collect();
    if missing.is_empty() {
        edit.skip(BatchSkip::HasHat, room, user);
    }
    for (id, attachment) in missing {
        edit.change(room, user, |next| {
            next.add_user_hat(user, room, id, attachment.clone())
        });
    }
}
