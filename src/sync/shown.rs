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

/// The room in which an edit changes an affiliation; `None` if it changes none. Adding or removing a room does not count.
pub fn changes_affiliation(edit: &Edit) -> Option<&Jid> {
    let of = |user: &Option<User>| user.as_ref().map(|user| user.affiliation).unwrap_or_default();
    match edit {
        Edit::Affiliation { room, .. } => Some(room),
        Edit::User {
            room, before, after, ..
        } => (of(before) != of(after)).then_some(room),
        Edit::Room {
            room,
            before: Some(before),
            after: Some(after),
        } => differ(before, after).then_some(room),
        _ => None,
    }
}

fn differ(before: &Room, after: &Room) -> bool {
    let changed = |one: &Room, other: &Room| {
        let affiliation = |user| {
            other
                .user(user)
                .map_or(Affiliation::None, |user| user.affiliation)
        };
        let mut users = one.users().iter();
        users.any(|(jid, user)| user.affiliation != affiliation(jid))
    };
    changed(before, after) || changed(after, before)
}
