//! The plan of an import: its edits and counts, and the items that are skipped or stay unchanged.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::model::{Edit, EditGroup, HatRule, Jid, Room, User, Wardrobe};

use super::lines::TableLines;
use super::merge;
use super::parsed::{ImportErrors, ImportOptions, ParsedImport};
use super::skip::{SkipReason, SkippedItem};
use super::unchanged::{UnchangedItem, UnchangedPart};

/// The changes that an import would make.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ImportPlan {
    /// The edits, as one group.
    pub group: EditGroup,
    /// The numbers of changes.
    pub counts: ImportCounts,
    /// The items that are skipped.
    pub skipped: Vec<SkippedItem>,
    /// The items that are already as in the file.
    pub unchanged: Vec<UnchangedItem>,
    /// The lines of a table.
    pub lines: TableLines,
}

/// The numbers of changes of an import.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are self-explanatory")]
pub struct ImportCounts {
    pub rooms_added: usize,
    pub rooms_removed: usize,
    pub rooms_renamed: usize,
    pub catalog_set: usize,
    pub catalog_removed: usize,
    /// A user in several rooms counts once.
    pub users_added: usize,
    /// A user in several rooms counts once.
    pub users_removed: usize,
    pub affiliations_changed: usize,
    pub hats_added: usize,
    pub hats_changed: usize,
    pub hats_removed: usize,
    /// New hats that become inactive because the table has no column `active`.
    pub inactive_by_default: usize,
    /// Hats of users that are already as in the file.
    pub unchanged: usize,
    /// New or changed hats of users without affiliation that are accepted because the file replaces existing data.
    pub kept_unaffiliated: usize,
    /// Hat sets added or changed.
    pub sets_changed: usize,
    /// Hat sets removed.
    pub sets_removed: usize,
    /// Objects whose unrecognized fields change.
    pub unrecognized_changed: usize,
}

impl ParsedImport {
    /// Plans the import into the wardrobe `current`. Fails if the import does not fit that wardrobe or the options.
    pub fn plan(&self, current: &Wardrobe, options: &ImportOptions) -> Result<ImportPlan, ImportErrors> {
        let merged = merge::merge(current, self, options)?;
        let mut group = current.diff(&merged.wardrobe);
        for edit in &mut group.0 {
            require_affiliation(edit, &merged.wardrobe);
        }
        let mut counts = ImportCounts {
            unchanged: merged.unchanged.iter().filter(|item| is_hat(item)).count(),
            kept_unaffiliated: merged.kept_unaffiliated,
            inactive_by_default: merged.inactive_by_default,
            unrecognized_changed: usize::from(!is_same_except_sets(current, &merged.wardrobe)),
            ..ImportCounts::default()
        };
        let mut people = People::default();
        counts.count_sets(current, &merged.wardrobe);
        let rooms = current.rooms().chain(merged.wardrobe.rooms()).map(|(jid, _)| jid);
        for jid in rooms.collect::<BTreeSet<&Jid>>() {
            match (current.room(jid), merged.wardrobe.room(jid)) {
                (Some(a), Some(b)) if Arc::ptr_eq(a, b) => {}
                (before, after) => {
                    counts.count_room(before.map(|room| &**room), after.map(|room| &**room), &mut people);
                }
            }
        }
        counts.users_added = people.added.len();
        counts.users_removed = people.removed.len();
        Ok(ImportPlan {
            group,
            counts,
            skipped: merged.skipped,
            unchanged: merged.unchanged,
            lines: merged.lines,
        })
    }
}

impl ImportPlan {
    /// The lines of the hats that are skipped because the user is not affiliated; for other reasons, all lines of the user.
    pub fn lines_of_skipped(&self, skip: &SkippedItem) -> Vec<usize> {
        let (Some(room), Some(user)) = (&skip.room, &skip.user) else {
            return Vec::new();
        };
        if !matches!(skip.reason, SkipReason::NotAffiliated(..)) {
            return self.lines.of_user(room, user);
        }
        let hats = skip.hats.iter();
        let mut lines: Vec<usize> = hats
            .flat_map(|(hat, _)| self.lines.of(room, Some(user), Some(hat)))
            .collect();
        lines.sort_unstable();
        lines
    }
}

/// The users who are added to rooms, and those who are removed from rooms; each user counts once.
#[derive(Default)]
struct People {
    added: BTreeSet<Jid>,
    removed: BTreeSet<Jid>,
}

fn is_hat(item: &UnchangedItem) -> bool {
    matches!(item.part, UnchangedPart::Hat(_))
}

/// Whether the data file's own fields are the same in two wardrobes, except for valid hat sets.
fn is_same_except_sets(before: &Wardrobe, after: &Wardrobe) -> bool {
    let without_sets = |wardrobe: &Wardrobe| {
        let mut extra = wardrobe.extra.clone();
        if wardrobe.hat_sets().is_ok() {
            extra.set("sets", None);
        }
        extra
    };
    without_sets(before) == without_sets(after)
}

impl ImportCounts {
    fn count_sets(&mut self, before: &Wardrobe, after: &Wardrobe) {
        let (before, after) = (
            before.hat_sets().unwrap_or_default(),
            after.hat_sets().unwrap_or_default(),
        );
        let changed = after
            .iter()
            .filter(|(name, hats)| before.get(*name) != Some(*hats));
        self.sets_changed = changed.count();
        self.sets_removed = before.keys().filter(|name| !after.contains_key(*name)).count();
    }
}

/// Requires that users who are affiliated after the import and get hats are still affiliated when the edit is
/// committed.
fn require_affiliation(edit: &mut Edit, merged: &Wardrobe) {
    if let Edit::Hat { room, user, rule, .. } = edit
        && merged
            .user(room, user)
            .is_some_and(|user| user.affiliation.is_affiliated())
    {
        *rule = HatRule::Affiliated;
    }
}

impl ImportCounts {
    /// A note on imported hats of users who are banned or have no affiliation; `None` if there are none.
    pub fn kept_note(&self) -> Option<String> {
        match self.kept_unaffiliated {
            0 => None,
            1 => Some("Includes 1 hat of a user who is banned or has no affiliation".into()),
            count => Some(format!(
                "Includes {count} hats of users who are banned or have no affiliation"
            )),
        }
    }

    fn count_room(&mut self, before: Option<&Room>, after: Option<&Room>, people: &mut People) {
        let empty_room = Room::default();
        self.rooms_added += usize::from(before.is_none());
        self.rooms_removed += usize::from(after.is_none());
        let is_added_or_removed = before.is_none() || after.is_none();
        let (before, after) = (before.unwrap_or(&empty_room), after.unwrap_or(&empty_room));
        self.rooms_renamed += usize::from(!is_added_or_removed && before.name != after.name);
        self.unrecognized_changed += usize::from(!is_added_or_removed && before.extra != after.extra);
        for (id, hat) in &after.catalog {
            self.catalog_set += usize::from(before.catalog.get(id) != Some(hat));
        }
        for id in before.catalog.keys() {
            self.catalog_removed += usize::from(!after.catalog.contains_key(id));
        }
        for (jid, user) in after.users() {
            if before.user(jid).is_none() {
                people.added.insert(jid.clone());
            }
            self.count_user(before.user(jid), Some(user));
        }
        for (jid, user) in before.users().iter().filter(|(jid, _)| after.user(jid).is_none()) {
            people.removed.insert(jid.clone());
            self.count_user(Some(user), None);
        }
    }

    fn count_user(&mut self, before: Option<&User>, after: Option<&User>) {
        let empty_user = User::default();
        let is_added_or_removed = before.is_none() || after.is_none();
        let (before, after) = (before.unwrap_or(&empty_user), after.unwrap_or(&empty_user));
        self.affiliations_changed +=
            usize::from(!is_added_or_removed && before.affiliation != after.affiliation);
        self.unrecognized_changed += usize::from(!is_added_or_removed && before.extra != after.extra);
        for (id, hat) in after.hats.iter() {
            match before.hats.get(id) {
                None => self.hats_added += 1,
                Some(other) => self.hats_changed += usize::from(other != hat),
            }
        }
        for (id, _) in before.hats.iter() {
            self.hats_removed += usize::from(after.hats.get(id).is_none());
        }
    }
}
