//! Fills in the titles by which descriptions name hats.

use std::borrow::Cow;
use std::collections::BTreeMap;

use crate::model::{Attachment, Edit, EditGroup, HatId, Jid, User, Wardrobe};

/// Returns the edits with titles for a description: hats without a title of their own get their title in the room's
/// catalog. For the edit of a single hat, a change of the catalog among the edits has priority: the title is the new one,
/// or the last one if the hat is removed from the catalog.
pub(super) fn with_titles<'a>(edits: &'a [Edit], wardrobe: &Wardrobe) -> Cow<'a, [Edit]> {
    if !edits.iter().any(lacks_title) {
        return Cow::Borrowed(edits);
    }
    let titles = CatalogTitles::new(edits, wardrobe);
    let mut filled = edits.to_vec();
    for edit in &mut filled {
        match edit {
            Edit::Hat {
                room,
                hat,
                before,
                after,
                ..
            } => {
                if let Some(title) = titles.get(room, hat) {
                    fill_title(before, after, title);
                }
            }
            Edit::User {
                room, before, after, ..
            } => {
                if let Some(room) = wardrobe.room(room) {
                    for user in [before, after].into_iter().flatten() {
                        user.hats = room.hats_with_titles(&user.hats);
                    }
                }
            }
            _ => {}
        }
    }
    Cow::Owned(filled)
}

/// The titles that users lose because edits replace them, other than the `known` ones: `a different title of 1 user:
/// terry@example.org ("Proctor")`. `None` if there are none.
pub fn replaced_titles(edits: &EditGroup, known: &[&str]) -> Option<String> {
    let replaced = edits.0.iter().filter_map(|edit| match edit {
        Edit::Hat {
            user,
            before: Some(before),
            after: Some(after),
            ..
        } if before.has_own_title() && before.title != after.title => {
            let title = before.title.as_deref().filter(|title| !known.contains(title))?;
            Some(format!("{user} ({})", super::quoted(title)))
        }
        _ => None,
    });
    let replaced: Vec<String> = replaced.collect();
    let titles = match replaced.len() {
        0 => return None,
        1 => "a different title",
        _ => "different titles",
    };
    let users = super::count(replaced.len(), "user");
    Some(format!("{titles} of {users}: {}", super::first_few(&replaced)))
}

fn lacks_title(edit: &Edit) -> bool {
    let is_untitled = |attachment: &Attachment| !attachment.has_own_title();
    let has_untitled = |user: &User| user.hats.iter().any(|(_, hat)| is_untitled(hat));
    match edit {
        Edit::Hat { before, after, .. } => [before, after].into_iter().flatten().any(is_untitled),
        Edit::User { before, after, .. } => [before, after].into_iter().flatten().any(has_untitled),
        _ => false,
    }
}

/// Fills in a missing title, unless the edit would then no longer show how the title changed.
fn fill_title(before: &mut Option<Attachment>, after: &mut Option<Attachment>, title: &str) {
    let fill = |attachment: &mut Attachment| {
        *attachment = attachment.clone().with_title(Some(title));
    };
    match (before, after) {
        (Some(before), Some(after)) if before.title == after.title && !before.has_own_title() => {
            fill(before);
            fill(after);
        }
        (Some(before), Some(after)) if !before.has_own_title() && after.title.as_deref() != Some(title) => {
            fill(before);
        }
        (Some(only), None) | (None, Some(only)) if !only.has_own_title() => fill(only),
        _ => {}
    }
}

/// The titles in the catalogs of rooms.
struct CatalogTitles<'a> {
    /// Titles of catalog hats that the edits define, change or remove.
    changed: BTreeMap<(&'a Jid, &'a HatId), &'a str>,
    wardrobe: &'a Wardrobe,
}

impl<'a> CatalogTitles<'a> {
    fn new(edits: &'a [Edit], wardrobe: &'a Wardrobe) -> Self {
        let changed = edits.iter().filter_map(|edit| match edit {
            Edit::Catalog {
                room,
                hat,
                before,
                after,
            } => {
                let entry = after.as_ref().or(before.as_ref())?;
                Some(((room, hat), entry.title.as_deref()?))
            }
            _ => None,
        });
        Self {
            changed: changed.collect(),
            wardrobe,
        }
    }

    fn get(&self, room: &Jid, hat: &HatId) -> Option<&'a str> {
        let saved = || self.wardrobe.room(room)?.catalog.get(hat)?.title.as_deref();
        let title = self.changed.get(&(room, hat)).copied().or_else(saved);
        title.filter(|title| !title.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;

    use super::*;
    use crate::app::describe::{group, subject_and_action};
    use crate::model::{Affiliation, CatalogHat, EditGroup};

    struct Fixture {
        wardrobe: Wardrobe,
        room: Jid,
        user: Jid,
        hat: HatId,
    }

    /// A room with the catalog hat "Proctor" and a member.
    fn fixture() -> Fixture {
        let mut wardrobe = Wardrobe::default();
        let room = Jid::parse("courses@conference.example.org").unwrap();
        let user = Jid::parse("terry@example.org").unwrap();
        let hat = HatId::parse("urn:x:proctor").unwrap();
        wardrobe.add_room(&room, None).unwrap();
        wardrobe
            .set_affiliation(&user, &room, Affiliation::Member)
            .unwrap();
        let entry = CatalogHat {
            title: Some("Proctor".into()),
            ..CatalogHat::default()
        };
        wardrobe.define_hat(&room, &hat, entry, false).unwrap();
        Fixture {
            wardrobe,
            room,
            user,
            hat,
        }
    }

    impl Fixture {
        fn describe(&self, edits: &EditGroup) -> String {
            group(edits, &self.wardrobe, &TimeZone::UTC)
        }

        fn add_hat(&mut self, title: Option<&str>) -> EditGroup {
            let attachment = Attachment::default().with_active(true).with_title(title);
            let added = self
                .wardrobe
                .add_user_hat(&self.user, &self.room, &self.hat, attachment);
            added.unwrap()
        }
    }

    const USER_IN_ROOM: &str = "terry@example.org in courses@conference.example.org";

    #[test]
    fn hats_without_a_title_of_their_own_are_named_by_the_catalog() {
        let mut fixture = fixture();
        let added = fixture.add_hat(None);
        assert_eq!(
            fixture.describe(&added),
            format!("added \"Proctor\" to {USER_IN_ROOM}")
        );
        let undone = format!("removed \"Proctor\" from {USER_IN_ROOM}");
        assert_eq!(fixture.describe(&added.inverse()), undone);
        let attachment = Attachment::default().with_active(false);
        let inactive = fixture
            .wardrobe
            .add_user_hat(&fixture.user, &fixture.room, &fixture.hat, attachment);
        let changed = format!("made \"Proctor\" inactive for {USER_IN_ROOM}");
        assert_eq!(fixture.describe(&inactive.unwrap()), changed);
    }

    #[test]
    fn hats_with_a_changed_title_are_named_by_the_previous_one() {
        let mut fixture = fixture();
        fixture.add_hat(None);
        let own = fixture.add_hat(Some("Marks"));
        let changed = format!("changed \"Proctor\" for {USER_IN_ROOM}: title \"Marks\"");
        assert_eq!(fixture.describe(&own), changed);
        let changed = format!("changed \"Marks\" for {USER_IN_ROOM}: no title");
        assert_eq!(fixture.describe(&own.inverse()), changed);
        fixture.add_hat(None);
        let same = fixture.add_hat(Some("Proctor"));
        let changed = format!("changed <urn:x:proctor> for {USER_IN_ROOM}: title \"Proctor\"");
        assert_eq!(fixture.describe(&same), changed);
    }

    #[test]
    fn hats_whose_catalog_entry_changes_with_them_are_named_by_that_entry() {
        let mut fixture = fixture();
        let added = fixture.add_hat(None);
        let mut removed = fixture
            .wardrobe
            .remove_user_hat(&fixture.user, &fixture.room, &fixture.hat)
            .unwrap();
        let entry = fixture
            .wardrobe
            .set_catalog_hat(&fixture.room, &fixture.hat, None);
        removed.0.extend(entry.unwrap().0);
        let description = fixture.describe(&removed);
        assert!(
            description.starts_with(&format!("removed \"Proctor\" from {USER_IN_ROOM}")),
            "{description}"
        );
        // The title is unavailable once the catalog has no such hat.
        assert_eq!(
            fixture.describe(&added),
            format!("added <urn:x:proctor> to {USER_IN_ROOM}")
        );
        assert_eq!(
            fixture.describe(&removed.inverse()),
            format!("added the new hat \"Proctor\" to {USER_IN_ROOM}")
        );
    }

    #[test]
    fn hats_of_a_removed_user_are_named_by_the_catalog() {
        let mut fixture = fixture();
        fixture.add_hat(None);
        let removed = fixture
            .wardrobe
            .set_affiliation(&fixture.user, &fixture.room, Affiliation::None)
            .unwrap();
        let description: Vec<_> = removed
            .0
            .iter()
            .map(|one| subject_and_action(one, &fixture.wardrobe, &TimeZone::UTC).1)
            .collect();
        assert_eq!(
            description,
            ["removed from courses@conference.example.org (was member) with \"Proctor\""]
        );
    }
}
