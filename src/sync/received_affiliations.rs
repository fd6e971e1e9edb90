//! Affiliations that are only received from a server: they must not be changed in the file.

use super::{Affiliations, ServerEntry};
use crate::model::{Affiliation, Edit, Jid, Room, User};

impl ServerEntry {
    /// Why affiliations with a room of this server must not be changed in the file, as the end of an error message; `None`
    /// if they may be changed.
    pub fn affiliation_problem(&self, room: &Jid) -> Option<String> {
        (self.affiliations == Affiliations::Show).then(|| {
            format!(
                "affiliations in {room} are only received: change them on {:?}, or set affiliations = \"manage\" in the \
                 configuration",
                self.name
            )
        })
    }
}

/// Returns the room in which an edit changes an affiliation; `None` if the edit changes none. Adding or removing a room does
/// not count.
pub fn room_with_changed_affiliation(edit: &Edit) -> Option<&Jid> {
    let affiliation_of = |user: &Option<User>| user.as_ref().map(|user| user.affiliation).unwrap_or_default();
    match edit {
        Edit::Affiliation { room, .. } => Some(room),
        Edit::User {
            room, before, after, ..
        } => (affiliation_of(before) != affiliation_of(after)).then_some(room),
        Edit::Room {
            room,
            before: Some(before),
            after: Some(after),
        } => affiliations_differ(before, after).then_some(room),
        _ => None,
    }
}

/// Whether the affiliation of any user differs between two states of a room.
fn affiliations_differ(before: &Room, after: &Room) -> bool {
    let any_differs = |one: &Room, other: &Room| {
        let affiliation = |user| {
            other
                .user(user)
                .map_or(Affiliation::None, |user| user.affiliation)
        };
        let mut users = one.users().iter();
        users.any(|(jid, user)| user.affiliation != affiliation(jid))
    };
    any_differs(before, after) || any_differs(after, before)
}
