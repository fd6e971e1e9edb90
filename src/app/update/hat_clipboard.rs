//! Copying a set of hats from one user and putting it on others.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::app::clipboard::CopiedHats;
use crate::app::command::CommandId;
use crate::app::{Effect, Pane, State, describe, targets};
use crate::model::{Hats, Jid};

use super::batch::{self, BatchEdit, BatchSkip};

/// The hats of the selected user, and whose they are in words; in the hats pane what is marked there, else all that
/// the pane shows.
fn hats_to_copy(state: &State) -> Result<(Hats, String), String> {
    if state.is_by_hat() {
        return hats_to_copy_by_hat(state);
    }
    let from_pane = state.focus == Pane::Third;
    let user = state.user();
    let (hats, of): (Hats, String) = if from_pane {
        let marked = state.marked(Pane::Third) > 0;
        let rows = (0..state.hats().len()).filter(|row| !marked || state.is_marked(Pane::Third, *row));
        let hats = rows
            .filter_map(|row| state.hat_at(row))
            .map(|(id, attachment)| (id.clone(), attachment.clone()))
            .collect();
        let of = match state.marked(Pane::Second) {
            0 => user.map(|(jid, _)| jid.to_string()).unwrap_or_default(),
            marked => describe::count(marked, "marked user"),
        };
        (hats, of)
    } else {
        let (jid, user) = user.ok_or("no user is selected")?;
        (user.hats.clone(), jid.to_string())
    };
    if hats.is_empty() {
        return Err(format!("there is nothing to copy: {of} has no hats"));
    }
    Ok((hats, of))
}

/// In the view turned round: each hat that is marked there, else the selected one, as the first who has it has it.
fn hats_to_copy_by_hat(state: &State) -> Result<(Hats, String), String> {
    let mut hats = BTreeMap::new();
    for spot in targets::selected_attachments(state) {
        if let Some(attachment) = spot.attachment(&state.view) {
            hats.entry(spot.hat.clone()).or_insert_with(|| attachment.clone());
        }
    }
    let hats: Hats = hats.into_iter().collect();
    if hats.is_empty() {
        return Err("there is nothing to copy: nobody has this hat".into());
    }
    Ok((hats, "all rooms".into()))
}

/// The hats that a copy would take, with the titles that people read in their room, and whose they are.
pub(super) fn hats_to_save(state: &State) -> Result<(Hats, String), String> {
    let (hats, of) = hats_to_copy(state).map_err(|reason| reason.replace("copy", "save"))?;
    let (_, room) = state.room().ok_or("no room is selected")?;
    Ok((room.hats_with_titles(&hats), of))
}

/// Copies the hats of the selected user; in the hats pane what is marked there, else all that the pane shows.
pub(crate) fn copy(state: &mut State, _: &mut Vec<Effect>) {
    let (hats, of) = match hats_to_copy(state) {
        Ok(taken) => taken,
        Err(reason) => return state.notify_error(reason),
    };
    let Some((at, room)) = state.room() else { return };
    let (at, whole) = (at.clone(), room.hats_with_titles(&hats));
    let names = describe::hats(&whole);
    let text = format!(
        "Copied from {of}: {names} ({} puts exactly these on, {} adds them)",
        state.key(CommandId::ReplaceUserHats),
        state.key(CommandId::AddCopiedToUsers)
    );
    state.copied = Some(Arc::new(CopiedHats {
        room: at,
        hats,
        with_titles: whole,
    }));
    state.notify(text);
}

pub(crate) fn may_paste(state: &State) -> Result<(), String> {
    targets::check_can_add_hats(state)?;
    match &state.copied {
        None => Err(format!(
            "no hats are copied yet; {} copies a user's hats",
            state.key(CommandId::CopyUserHats)
        )),
        Some(_) => Ok(()),
    }
}

/// Makes the hats of the users exactly those that were copied.
pub(crate) fn replace(state: &mut State, effects: &mut Vec<Effect>) {
    if let Some(copied) = state.copied.clone() {
        apply_hats(state, effects, |room| copied.for_room(room), true);
    }
}

/// Gives the users those of the hats that were copied that they do not have.
pub(crate) fn add(state: &mut State, effects: &mut Vec<Effect>) {
    if let Some(copied) = state.copied.clone() {
        apply_hats(state, effects, |room| copied.for_room(room), false);
    }
}

/// Puts a set of hats on the marked users, else on the selected one: exactly these, or these beside what they have.
/// `hats_for` says which these are in a room.
pub(super) fn apply_hats<'a>(
    state: &mut State,
    effects: &mut Vec<Effect>,
    hats_for: impl Fn(&Jid) -> &'a Hats,
    exactly: bool,
) {
    let members = targets::members(state);
    let mut plan = BatchEdit::new(&state.view);
    let mut lost = 0;
    for (room, user) in &members {
        let hats = hats_for(room);
        if exactly {
            let before = plan.next().user(room, user).cloned();
            plan.change(room, user, |next| next.set_user_hats(user, room, hats));
            let gone = |before: &crate::model::User| {
                let kept = |id| {
                    plan.next()
                        .user(room, user)
                        .is_some_and(|now| now.hats.get(id).is_some())
                };
                before.hats.iter().filter(|(id, _)| !kept(id)).count()
            };
            lost += before.as_ref().map_or(0, gone);
        } else {
            add_missing(&mut plan, room, user, hats);
        }
    }
    let names = members
        .first()
        .map(|(room, _)| describe::hats(hats_for(room)))
        .unwrap_or_default();
    let consequence = match lost {
        0 => String::new(),
        lost => format!("{} will be gone.", describe::count(lost, "other hat")),
    };
    let who = plan.targets();
    let question = if exactly {
        format!("Make the hats of {who} exactly {names}?")
    } else {
        format!("Give {names} to {who}?")
    };
    batch::propose(state, effects, plan.into_batch(question, consequence));
}

fn add_missing(plan: &mut BatchEdit, room: &Jid, user: &Jid, hats: &Hats) {
    let there = plan.next().user(room, user);
    let missing: Vec<_> = hats
        .iter()
        .filter(|(id, _)| there.is_none_or(|user| user.hats.get(id).is_none()))
        .collect();
    if missing.is_empty() {
        plan.skip(BatchSkip::HasHat, room, user);
    }
    for (id, attachment) in missing {
        plan.change(room, user, |next| {
            next.add_user_hat(user, room, id, attachment.clone())
        });
    }
}
