//! Restricts what a session can see and change: rooms out of scope appear not to exist.

use std::borrow::Cow;

use super::{HistoryEntry, Scope};
use crate::model::{Edit, EditError, EditGroup, FoundValue, PermittedGroup, Wardrobe};

/// The part of the wardrobe that a session sees: all of it, or only the rooms in scope, without the unrecognized fields
/// of the data file and so without the hat sets.
pub(super) fn restrict(wardrobe: &Wardrobe, scope: &Scope) -> Wardrobe {
    let Some(rooms) = &scope.rooms else {
        return wardrobe.clone();
    };
    let edits = rooms.iter().filter_map(|jid| {
        let room = wardrobe.room(jid)?.clone();
        Some(Edit::Room {
            room: jid.clone(),
            before: None,
            after: Some(room),
        })
    });
    let mut view = Wardrobe::default();
    view.revision = wardrobe.revision;
    // Adding rooms to an empty wardrobe cannot conflict.
    let _ = view.apply(&EditGroup(edits.collect()));
    view
}

/// Whether an edit is in scope.
pub(super) fn in_scope(scope: &Scope, edit: &Edit) -> bool {
    match (&scope.rooms, edit.room()) {
        (None, _) => true,
        (Some(rooms), Some(room)) => rooms.contains(room),
        (Some(_), None) => false,
    }
}

/// Accepts a group that the session may write. Edits out of scope are rejected as if the room did not exist, whether it
/// does or not.
pub(super) fn permit<'a>(scope: &Scope, group: &'a EditGroup) -> Result<PermittedGroup<'a>, EditError> {
    check_rooms(scope, group)?;
    Ok(scope.rights.permit(group)?)
}

/// Rejects edits of rooms out of scope as if the room did not exist, whether it does or not. If the scope is restricted
/// to rooms, edits that belong to no room are rejected as conflicts.
pub(super) fn check_rooms(scope: &Scope, group: &EditGroup) -> Result<(), EditError> {
    match group.0.iter().find(|edit| !in_scope(scope, edit)) {
        None => Ok(()),
        Some(edit) => Err(match edit.room() {
            Some(room) => EditError::NoSuchRoom { room: room.clone() },
            None => EditError::Conflict {
                subject: "the part of the data file outside the rooms".into(),
                found: FoundValue::Nothing,
            },
        }),
    }
}

/// The part of an entry that is in scope; `None` if nothing of the entry is in scope.
pub(super) fn restrict_entry(scope: &Scope, mut entry: HistoryEntry) -> Option<HistoryEntry> {
    if scope.rooms.is_some() {
        let count_before = entry.group.0.len();
        entry.group.0.retain(|edit| in_scope(scope, edit));
        entry.partial = entry.group.0.len() < count_before;
        if entry.partial {
            // The reason and the servers may concern rooms that this session does not see.
            entry.reason = None;
            entry.send_to = Box::default();
        }
        if let Some(sent) = &mut entry.sent {
            sent.changes.0.retain(|edit| in_scope(scope, edit));
        }
        entry.sent = entry.sent.filter(|sent| !sent.changes.is_empty());
        if entry.group.is_empty() && entry.sent.is_none() {
            return None;
        }
    }
    Some(entry)
}

/// Applies the edits of a group that are not in effect yet and returns them, or none if no edit of the group changes
/// anything. An edit that conflicts with the current value is an error for the whole group; see
/// [`Wardrobe::apply_remaining`].
pub(super) fn rebase<'a>(
    wardrobe: &mut Wardrobe,
    group: PermittedGroup<'a>,
) -> Result<Cow<'a, EditGroup>, EditError> {
    let group = group.group();
    if group.0.iter().all(|edit| edit.inverse() == *edit) {
        return Ok(Cow::Owned(EditGroup::default()));
    }
    wardrobe.apply_remaining(group)
}

/// Whether a group is already in effect.
pub(super) fn is_applied(wardrobe: &Wardrobe, group: &EditGroup) -> bool {
    wardrobe.clone().apply(&group.inverse()).is_ok()
}
