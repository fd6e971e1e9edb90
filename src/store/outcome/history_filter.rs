//! Filters for entries of the history.

use jiff::Timestamp;

use super::HistoryEntry;
use crate::model::{Edit, HatId, Jid, Room, User};

/// A condition on a hat: it must have one of these IDs, or have had this title when it was changed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HatFilter {
    /// The IDs.
    pub ids: Vec<HatId>,
    /// The title, whose case is ignored.
    pub title: Option<String>,
}

impl From<HatId> for HatFilter {
    fn from(hat: HatId) -> Self {
        Self {
            ids: vec![hat],
            title: None,
        }
    }
}

impl HatFilter {
    /// Whether a hat with this ID and title matches.
    fn matches(&self, hat: &HatId, title: Option<&str>) -> bool {
        let wanted = self.title.as_deref().map(str::to_lowercase);
        self.ids.contains(hat) || (wanted.is_some() && wanted == title.map(str::to_lowercase))
    }

    fn matches_any_hat(&self, user: &User) -> bool {
        let mut hats = user.hats.iter();
        hats.any(|(hat, attachment)| self.matches(hat, attachment.title.as_deref()))
    }
}

/// A filter for entries of the history; all conditions must hold. Room, user and hat must be those of one edit.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HistoryFilter {
    /// Only entries that change this room.
    pub room: Option<Jid>,
    /// Only entries that change this user.
    pub user: Option<Jid>,
    /// Only entries that change this hat.
    pub hat: Option<HatFilter>,
    /// Only entries by actors whose name contains this text, ignoring case.
    pub actor: Option<String>,
    /// Only entries from this time on.
    pub since: Option<Timestamp>,
    /// Only entries before this time.
    pub until: Option<Timestamp>,
}

impl HistoryFilter {
    /// Whether an entry matches.
    pub fn matches(&self, entry: &HistoryEntry) -> bool {
        let actor_matches = self
            .actor
            .as_ref()
            .is_none_or(|part| entry.actor.to_lowercase().contains(&part.to_lowercase()));
        let time_matches = self.since.is_none_or(|since| since <= entry.time)
            && self.until.is_none_or(|until| entry.time < until);
        let accepts_any_edit = self.room.is_none() && self.user.is_none() && self.hat.is_none();
        let sent = entry.sent.iter().flat_map(|sent| &sent.changes.0);
        let mut edits = entry.group.0.iter().chain(sent);
        actor_matches && time_matches && (accepts_any_edit || edits.any(|edit| self.matches_edit(edit)))
    }

    /// Whether an edit changes the room, user and hat of the filter.
    fn matches_edit(&self, edit: &Edit) -> bool {
        if self.room.is_some() && self.room.as_ref() != edit.room() {
            return false;
        }
        let user_matches = self.user.is_none() || self.user.as_ref() == edit.user();
        match edit {
            Edit::Room { before, after, .. } => {
                let mut values = [before, after].into_iter().flatten();
                values.any(|room| self.matches_room(room))
            }
            Edit::User { before, after, .. } => {
                let mut values = [before, after].into_iter().flatten();
                user_matches && values.any(|user| self.matches_hats_of(user))
            }
            Edit::Hat {
                hat, before, after, ..
            } => {
                let titles = [before, after].map(|value| value.as_ref()?.title.as_deref());
                user_matches && self.matches_hat(hat, titles)
            }
            Edit::Catalog {
                hat, before, after, ..
            } => {
                let titles = [before, after].map(|value| value.as_ref()?.title.as_deref());
                user_matches && self.matches_hat(hat, titles)
            }
            _ => user_matches && self.hat.is_none(),
        }
    }

    fn matches_hat(&self, hat: &HatId, titles: [Option<&str>; 2]) -> bool {
        let wanted = self.hat.as_ref();
        wanted.is_none_or(|wanted| titles.into_iter().any(|title| wanted.matches(hat, title)))
    }

    fn matches_hats_of(&self, user: &User) -> bool {
        self.hat
            .as_ref()
            .is_none_or(|wanted| wanted.matches_any_hat(user))
    }

    /// Whether a room that was added, removed or replaced has the user and the hat.
    fn matches_room(&self, room: &Room) -> bool {
        match (&self.user, &self.hat) {
            (None, None) => true,
            (Some(user), _) => room.user(user).is_some_and(|user| self.matches_hats_of(user)),
            (None, Some(wanted)) => {
                let mut catalog = room.catalog.iter();
                catalog.any(|(hat, entry)| wanted.matches(hat, entry.title.as_deref()))
                    || room.users().iter().any(|(_, user)| wanted.matches_any_hat(user))
            }
        }
    }
}
