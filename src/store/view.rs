//! What a session may see and change: rooms that are out of scope are as if they were not there.

use std::borrow::Cow;

use super::{HistoryEntry, Scope};
use crate::model::{Edit, EditError, FoundValue, Group, Wardrobe};

/// The wardrobe with the rooms in scope only, and without the document's own unknown members.
pub(super) fn limited(wardrobe: &Wardrobe, scope: &Scope) -> Wardrobe {
    let Some(rooms) = &scope.rooms else {
        return wardrobe.clone();
    };
    let seen = rooms.iter().filter_map(|jid| {
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
    let _ = view.apply(&Group(seen.collect()));
    view
}

/// Whether an edit is within scope.
pub(super) fn sees(scope: &Scope, edit: &Edit) -> bool {
    match (&scope.rooms, edit.room()) {
        (None, _) => true,
        (Some(rooms), Some(room)) => rooms.contains(room),
        (Some(_), None) => false,
    }
}

/// Refuses edits that are out of scope as if there were no such room, whether there is or not.
pub(super) fn permit(scope: &Scope, group: &Group) -> Result<(), EditError> {
    match group.0.iter().find(|edit| !sees(scope, edit)) {
        None => Ok(()),
        Some(edit) => Err(match edit.room() {
            Some(room) => EditError::NoSuchRoom { room: room.clone() },
            None => EditError::Conflict {
                what: "the document".into(),
                found: FoundValue::Nothing,
            },
        }),
    }
}

/// What of an entry is in scope; `None`: nothing.
pub(super) fn seen(scope: &Scope, mut entry: HistoryEntry) -> Option<HistoryEntry> {
    if scope.rooms.is_some() {
        let all = entry.group.0.len();
        entry.group.0.retain(|edit| sees(scope, edit));
        entry.partial = entry.group.0.len() < all;
        if entry.group.is_empty() {
            return None;
        }
    }
    Some(entry)
}

/// What is to be committed of a group as things are now: edits that somebody else made already are left out. An edit
/// whose `before` does not hold is a conflict for the whole group. Applies what it gives.
pub(super) fn rebase<'a>(wardrobe: &mut Wardrobe, group: &'a Group) -> Result<Cow<'a, Group>, EditError> {
    if group.0.iter().all(|edit| edit.inverse() == *edit) {
        return Ok(Cow::Owned(Group::default()));
    }
    wardrobe.apply_rest(group)
}

/// Whether what a group leads to is there already.
pub(super) fn holds(wardrobe: &Wardrobe, group: &Group) -> bool {
    wardrobe.clone().apply(&group.inverse()).is_ok()
}
