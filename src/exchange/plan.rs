//! What an import would do: the edits, counted, and what it skips.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::model::{Edit, Group, HatRule, Jid, Room, User, Wardrobe};

use super::merge;
use super::parsed::{ImportErrors, ImportOptions, ParsedImport};
use super::skip::SkippedItem;

/// What would be done.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ImportPlan {
    /// The edits, one action.
    pub group: Group,
    /// The same in numbers.
    pub counts: ImportCounts,
    /// What is left aside.
    pub skipped: Vec<SkippedItem>,
}

/// How many of what.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub struct ImportCounts {
    pub rooms_added: usize,
    pub rooms_removed: usize,
    pub rooms_renamed: usize,
    pub catalog_set: usize,
    pub catalog_removed: usize,
    pub users_added: usize,
    pub users_removed: usize,
    pub affiliations_changed: usize,
    pub hats_added: usize,
    pub hats_changed: usize,
    pub hats_removed: usize,
    /// Hats of users that are given and are there as they are given.
    pub unchanged: usize,
    /// Hats that somebody is to have who cannot be given any, as what replaces has them.
    pub kept_unaffiliated: usize,
    /// Named sets of hats that are put there, or changed.
    pub sets_changed: usize,
    /// Named sets of hats that are removed.
    pub sets_removed: usize,
    /// Objects whose unknown members change.
    pub unknown_changed: usize,
}

impl ParsedImport {
    /// What it would do to a wardrobe; or what is wrong with it there.
    pub fn plan(&self, now: &Wardrobe, how: &ImportOptions) -> Result<ImportPlan, ImportErrors> {
        let merged = merge::merge(now, self, how)?;
        let mut group = now.diff(&merged.wanted);
        for edit in &mut group.0 {
            require_affiliation(edit, &merged.wanted);
        }
        let mut counts = ImportCounts {
            unchanged: merged.same,
            kept_unaffiliated: merged.kept,
            unknown_changed: usize::from(!same_but_sets(now, &merged.wanted)),
            ..ImportCounts::default()
        };
        counts.sets(now, &merged.wanted);
        let rooms = now.rooms().chain(merged.wanted.rooms()).map(|(jid, _)| jid);
        for jid in rooms.collect::<BTreeSet<&Jid>>() {
            match (now.room(jid), merged.wanted.room(jid)) {
                (Some(a), Some(b)) if Arc::ptr_eq(a, b) => {}
                (before, after) => counts.rooms(before.map(|room| &**room), after.map(|room| &**room)),
            }
        }
        Ok(ImportPlan {
            group,
            counts,
            skipped: merged.skipped,
        })
    }
}

/// Whether the members of the document that hatrack does not know are the same.
fn same_but_sets(before: &Wardrobe, after: &Wardrobe) -> bool {
    let without = |wardrobe: &Wardrobe| {
        let mut extra = wardrobe.extra.clone();
        if wardrobe.hat_sets().is_ok() {
            extra.set("sets", None);
        }
        extra
    };
    without(before) == without(after)
}

impl ImportCounts {
    fn sets(&mut self, before: &Wardrobe, after: &Wardrobe) {
        let (before, after) = (
            before.hat_sets().unwrap_or_default(),
            after.hat_sets().unwrap_or_default(),
        );
        let put = after
            .iter()
            .filter(|(name, hats)| before.get(*name) != Some(*hats));
        self.sets_changed = put.count();
        self.sets_removed = before.keys().filter(|name| !after.contains_key(*name)).count();
    }
}

/// A hat is given to somebody who is affiliated, also when it is written later.
fn require_affiliation(edit: &mut Edit, wanted: &Wardrobe) {
    if let Edit::Hat { room, user, rule, .. } = edit
        && wanted
            .user(room, user)
            .is_some_and(|user| user.affiliation.is_affiliated())
    {
        *rule = HatRule::Affiliated;
    }
}

impl ImportCounts {
    /// That somebody has hats who could not be given any.
    pub fn kept_note(&self) -> Option<String> {
        match self.kept_unaffiliated {
            0 => None,
            1 => Some("1 hat of a user without affiliation was kept".into()),
            more => Some(format!("{more} hats of users without affiliation were kept")),
        }
    }

    fn rooms(&mut self, before: Option<&Room>, after: Option<&Room>) {
        let none = Room::default();
        self.rooms_added += usize::from(before.is_none());
        self.rooms_removed += usize::from(after.is_none());
        let is_new = before.is_none() || after.is_none();
        let (before, after) = (before.unwrap_or(&none), after.unwrap_or(&none));
        self.rooms_renamed += usize::from(!is_new && before.name != after.name);
        self.unknown_changed += usize::from(!is_new && before.extra != after.extra);
        for (id, hat) in &after.catalog {
            self.catalog_set += usize::from(before.catalog.get(id) != Some(hat));
        }
        for id in before.catalog.keys() {
            self.catalog_removed += usize::from(!after.catalog.contains_key(id));
        }
        for (jid, user) in after.users() {
            self.users(before.user(jid), Some(user));
        }
        for (_, user) in before.users().iter().filter(|(jid, _)| after.user(jid).is_none()) {
            self.users(Some(user), None);
        }
    }

    fn users(&mut self, before: Option<&User>, after: Option<&User>) {
        let none = User::default();
        self.users_added += usize::from(before.is_none());
        self.users_removed += usize::from(after.is_none());
        let is_new = before.is_none() || after.is_none();
        let (before, after) = (before.unwrap_or(&none), after.unwrap_or(&none));
        self.affiliations_changed += usize::from(!is_new && before.affiliation != after.affiliation);
        self.unknown_changed += usize::from(!is_new && before.extra != after.extra);
        for (id, hat) in after.hats.iter() {
            match before.hats.get(id) {
                None => self.hats_added += 1,
                Some(there) => self.hats_changed += usize::from(there != hat),
            }
        }
        for (id, _) in before.hats.iter() {
            self.hats_removed += usize::from(after.hats.get(id).is_none());
        }
    }
}
