//! The filter of the history: compares its terms with the contents of an entry.

use std::cell::OnceCell;
use std::sync::Arc;

use jiff::tz::TimeZone;

use crate::app::describe;
use crate::app::folding::Word;
use crate::model::{Affiliation, Attachment, CatalogHat, Edit, HatId, Jid, Room, User, Wardrobe};
use crate::store::{ChangeReason, HistoryEntry};

use super::{Filter, TermKind, rank_title_or_id};

impl Filter {
    /// Whether an entry of the history matches all terms. Words are searched in its actor, its reason, the name of the
    /// server to which changes were sent, the addresses, names, titles and IDs in its edits, and the description in its
    /// row.
    pub fn matches_entry(&self, entry: &HistoryEntry, wardrobe: &Wardrobe, zone: &TimeZone) -> bool {
        let mut contents = EntryContents {
            texts: vec![&*entry.actor],
            ..EntryContents::default()
        };
        contents
            .texts
            .extend(entry.reason.as_ref().map(ChangeReason::as_str));
        let sent = entry.sent.iter();
        contents
            .texts
            .extend(sent.clone().map(|sent| sent.server.as_ref()));
        for edit in entry.group.0.iter().chain(sent.flat_map(|sent| &sent.changes.0)) {
            contents.add_edit(edit);
        }
        let action = OnceCell::new();
        let matches_description = |kind: &TermKind| match kind {
            TermKind::Text(word) => {
                let action: &String = action.get_or_init(|| describe::action(entry, wardrobe, zone));
                word.rank(action).is_some()
            }
            TermKind::Affiliation(_) | TermKind::Hat(_) | TermKind::Ends(_) | TermKind::Online => false,
        };
        let rank = self
            .query
            .rank(|kind| (contents.contains(kind) || matches_description(kind)).then_some(1));
        rank.is_some()
    }
}

/// The parts of an entry that can be searched.
#[derive(Default)]
struct EntryContents<'a> {
    texts: Vec<&'a str>,
    hats: Vec<(&'a HatId, Option<&'a str>)>,
    affiliations: Vec<Affiliation>,
}

impl<'a> EntryContents<'a> {
    fn contains(&self, kind: &TermKind) -> bool {
        let has_hat = |word: &Word| {
            self.hats
                .iter()
                .any(|(id, title)| rank_title_or_id(word, id, *title).is_some())
        };
        match kind {
            TermKind::Text(word) => self.texts.iter().any(|text| word.rank(text).is_some()) || has_hat(word),
            TermKind::Affiliation(prefix) => {
                let mut all = self.affiliations.iter();
                all.any(|affiliation| affiliation.as_str().starts_with(prefix.as_str()))
            }
            TermKind::Hat(None) => !self.hats.is_empty(),
            TermKind::Hat(Some(word)) => has_hat(word),
            TermKind::Ends(_) | TermKind::Online => false,
        }
    }

    fn add_edit(&mut self, edit: &'a Edit) {
        self.texts.extend(edit.room().map(Jid::as_str));
        self.texts.extend(edit.user().map(Jid::as_str));
        match edit {
            Edit::Room { before, after, .. } => {
                before.iter().chain(after).for_each(|room| self.add_room(room));
            }
            Edit::RoomName { before, after, .. } => {
                self.texts.extend(before.iter().chain(after).map(Arc::as_ref));
            }
            Edit::Catalog {
                hat, before, after, ..
            } => self.add_hats(
                before
                    .iter()
                    .chain(after)
                    .map(|entry| (hat, entry.title.as_deref())),
            ),
            Edit::User { before, after, .. } => {
                before.iter().chain(after).for_each(|user| self.add_user(user));
            }
            Edit::Affiliation { after, .. } => self.affiliations.push(*after),
            Edit::Hat {
                hat, before, after, ..
            } => self.add_hats(
                before
                    .iter()
                    .chain(after)
                    .map(|attachment| (hat, attachment.title.as_deref())),
            ),
            Edit::OtherFields { .. } => {}
        }
    }

    fn add_hats(&mut self, hats: impl Iterator<Item = (&'a HatId, Option<&'a str>)>) {
        self.hats.extend(hats);
    }

    fn add_room(&mut self, room: &'a Room) {
        self.texts.extend(room.name.as_deref());
        let title = |(hat, entry): (&'a HatId, &'a CatalogHat)| (hat, entry.title.as_deref());
        self.add_hats(room.catalog.iter().map(title));
        for (jid, user) in room.users() {
            self.texts.push(jid.as_str());
            self.add_user(user);
        }
    }

    fn add_user(&mut self, user: &'a User) {
        self.affiliations.push(user.affiliation);
        let title = |(hat, attachment): (&'a HatId, &'a Attachment)| (hat, attachment.title.as_deref());
        self.add_hats(user.hats.iter().map(title));
    }
}
