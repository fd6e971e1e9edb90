//! Rolling back several changes at once, such as all that a person made since a time. Edits of items that someone else has
//! changed since are skipped.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use jiff::tz::TimeZone;

use crate::model::{Edit, Group, HatId, HatRule, Jid, Wardrobe};
use crate::store::{HistoryEntry, person};

use super::conflict_text::describe_current;
use super::describe;

/// The entries of the history that are rolled back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RollbackTarget {
    /// The entries with these revisions.
    Revisions(HashSet<u64>),
    /// All entries by this actor, from any IP address.
    Actor(String),
}

impl RollbackTarget {
    /// Whether an entry is rolled back.
    pub fn includes(&self, entry: &HistoryEntry) -> bool {
        match self {
            Self::Revisions(revisions) => revisions.contains(&entry.revision),
            Self::Actor(actor) => person(&entry.actor) == actor,
        }
    }
}

/// An edit that is skipped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SkippedEdit {
    /// The edit that stays in effect.
    pub edit: Edit,
    /// Why it is skipped, as a clause.
    pub reason: String,
}

/// The plan of a rollback.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rollback {
    /// The edits that undo the entries, as one change.
    pub group: Group,
    /// The edits that are skipped, the newest first.
    pub skipped: Vec<SkippedEdit>,
    /// Number of entries of which something is undone.
    pub undone: usize,
}

/// Explains why fewer edits are listed than changes are undone.
pub const COMBINED: &str = "Changes to the same item are combined.";

impl Rollback {
    /// Plans a rollback. `entries` are all entries since the oldest one that is rolled back, the newest first. Times in
    /// reasons are in `zone`. `problem` gives the reason why the inverse of an edit is not allowed.
    ///
    /// An edit is skipped if someone else has changed the same item since, if its inverse is not allowed or no longer fits
    /// the data, or if a later edit of the same item is skipped. A change and its undo by someone else count as if neither
    /// had been made.
    pub fn plan(
        wardrobe: &Wardrobe,
        entries: &[Arc<HistoryEntry>],
        target: &RollbackTarget,
        zone: &TimeZone,
        problem: impl Fn(&Edit) -> Option<String>,
    ) -> Self {
        let canceled = canceled(entries, target);
        let mut next = wardrobe.clone();
        let mut later = LaterChanges::default();
        let mut plan = Self::default();
        for entry in entries.iter().filter(|entry| !canceled.contains(&entry.revision)) {
            if !target.includes(entry) {
                let by = format!("{} changed it in revision {}", entry.actor, entry.revision);
                let by: Arc<str> = by.into();
                entry.group.0.iter().for_each(|edit| later.add(edit, &by));
                continue;
            }
            let before = plan.group.0.len();
            for edit in entry.group.0.iter().rev() {
                let inverse = edit.inverse();
                if next.check_edit(edit).is_ok() && edit != &inverse && next.check_edit(&inverse).is_err() {
                    continue; // The edit is no longer in effect.
                }
                let obstacle = later.obstacle(edit).or_else(|| problem(&inverse)).or_else(|| {
                    let failed = next.apply_edit(&inverse).is_err();
                    failed.then(|| describe_current(edit, &next, zone))
                });
                match obstacle {
                    None => plan.group.0.push(inverse),
                    Some(reason) => {
                        // Older changes of the same item cannot be undone either.
                        later.add(edit, &reason.as_str().into());
                        let edit = edit.clone();
                        plan.skipped.push(SkippedEdit { edit, reason });
                    }
                }
            }
            plan.undone += usize::from(plan.group.0.len() > before);
        }
        if next == *wardrobe {
            // The edits cancel each other out.
            plan.group.0.clear();
            plan.undone = 0;
        }
        let merged = merge(&plan.group.0);
        let mut result = wardrobe.clone();
        // If a user or room is removed and added again between the edits of its items, all steps are needed.
        if result.apply(&merged).is_ok() && result == next {
            plan.group = merged;
        }
        plan
    }

    /// Whether no edit is undone or skipped.
    pub fn is_empty(&self) -> bool {
        self.group.is_empty() && self.skipped.is_empty()
    }

    /// Whether fewer edits are listed than changes are undone.
    pub fn is_combined(&self) -> bool {
        self.group.0.len() < self.undone
    }

    /// The number of undone changes, as the history records it.
    pub fn changes(&self) -> u64 {
        u64::try_from(self.undone).unwrap_or(u64::MAX)
    }

    /// Describes what is undone, as a clause: `undid 3 changes: …`.
    pub fn describe(&self, wardrobe: &Wardrobe, zone: &TimeZone) -> String {
        describe::rolled_back(self.changes(), &describe::group(&self.group, wardrobe, zone))
    }
}

/// Merges the edits of each item into one, or into none if the item ends as it began. Edits of whole rooms, of users and of
/// the document are not merged.
fn merge(edits: &[Edit]) -> Group {
    let mut merged: Vec<Option<Edit>> = Vec::new();
    let mut indices: HashMap<EditTarget<'_>, usize> = HashMap::new();
    for edit in edits {
        let earlier = indices
            .get(&EditTarget::of(edit))
            .and_then(|index| merged.get_mut(*index));
        let pair = earlier.and_then(|earlier| Some((merge_pair(earlier.as_ref()?, edit)?, earlier)));
        if let Some((combined, earlier)) = pair {
            if combined == combined.inverse() {
                indices.remove(&EditTarget::of(edit));
                *earlier = None;
            } else {
                *earlier = Some(combined);
            }
        } else {
            indices.insert(EditTarget::of(edit), merged.len());
            merged.push(Some(edit.clone()));
        }
    }
    Group(merged.into_iter().flatten().collect())
}

/// Merges two successive edits of the same item; `None` for users, rooms and the document, which contain other items.
fn merge_pair(first: &Edit, second: &Edit) -> Option<Edit> {
    let mut merged = second.clone();
    match (&mut merged, first) {
        (
            Edit::Hat { before, rule, .. },
            Edit::Hat {
                before: start,
                rule: HatRule::Affiliated,
                ..
            },
        ) => {
            before.clone_from(start);
            *rule = HatRule::Affiliated;
        }
        (Edit::Hat { before, .. }, Edit::Hat { before: start, .. }) => before.clone_from(start),
        (Edit::Catalog { before, .. }, Edit::Catalog { before: start, .. }) => before.clone_from(start),
        (Edit::RoomName { before, .. }, Edit::RoomName { before: start, .. }) => before.clone_from(start),
        (Edit::Affiliation { before, .. }, Edit::Affiliation { before: start, .. }) => *before = *start,
        _ => return None,
    }
    Some(merged)
}

/// The revisions of undone entries and of the entries that undo them: together, such a pair changed nothing. An undo that is
/// itself to be rolled back makes no pair, nor does one that does not exactly reverse the entry.
fn canceled(entries: &[Arc<HistoryEntry>], target: &RollbackTarget) -> HashSet<u64> {
    let mut canceled = HashSet::new();
    let mut undone: HashMap<u64, &HistoryEntry> = HashMap::new();
    for entry in entries {
        let undo = undone.get(&entry.revision);
        if let Some(undo) = undo.filter(|undo| undo.group == entry.group.inverse()) {
            canceled.extend([entry.revision, undo.revision]);
        } else if let Some(revision) = entry.undoes.or(entry.redoes)
            && !target.includes(entry)
        {
            undone.insert(revision, entry);
        }
    }
    canceled
}

/// The item that an edit changes.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum EditTarget<'a> {
    Document,
    Room(&'a Jid),
    RoomName(&'a Jid),
    Catalog(&'a Jid, &'a HatId),
    User(&'a Jid, &'a Jid),
    Affiliation(&'a Jid, &'a Jid),
    Hat(&'a Jid, &'a Jid, &'a HatId),
}

impl<'a> EditTarget<'a> {
    fn of(edit: &'a Edit) -> Self {
        match edit {
            Edit::Room { room, .. } => Self::Room(room),
            Edit::RoomName { room, .. } => Self::RoomName(room),
            Edit::Catalog { room, hat, .. } => Self::Catalog(room, hat),
            Edit::User { room, user, .. } => Self::User(room, user),
            Edit::Affiliation { room, user, .. } => Self::Affiliation(room, user),
            Edit::Hat { room, user, hat, .. } => Self::Hat(room, user, hat),
            Edit::Document { .. } => Self::Document,
        }
    }

    /// The item that contains this one; `None` for rooms and the document.
    fn parent(&self) -> Option<Self> {
        match *self {
            Self::Document | Self::Room(_) => None,
            Self::RoomName(room) | Self::Catalog(room, _) | Self::User(room, _) => Some(Self::Room(room)),
            Self::Affiliation(room, user) | Self::Hat(room, user, _) => Some(Self::User(room, user)),
        }
    }

    /// The items that contain this one, the innermost first.
    fn parents(&self) -> impl Iterator<Item = Self> + use<'a> {
        std::iter::successors(self.parent(), Self::parent)
    }
}

/// The items changed by edits that are not undone. Each has the reason why older edits of it cannot be undone.
#[derive(Default)]
struct LaterChanges<'a> {
    /// Items that were changed as a whole.
    whole: HashMap<EditTarget<'a>, Arc<str>>,
    /// Items in which something was changed.
    inside: HashMap<EditTarget<'a>, Arc<str>>,
}

impl<'a> LaterChanges<'a> {
    fn add(&mut self, edit: &'a Edit, reason: &Arc<str>) {
        let item = EditTarget::of(edit);
        for parent in item.parents() {
            self.inside.entry(parent).or_insert_with(|| reason.clone());
        }
        self.whole.entry(item).or_insert_with(|| reason.clone());
    }

    /// Why an edit cannot be undone; `None` if later edits changed neither its item, nor an item in it or around it.
    fn obstacle(&self, edit: &Edit) -> Option<String> {
        let item = EditTarget::of(edit);
        let same = self.whole.get(&item).or_else(|| self.inside.get(&item));
        let found = same.or_else(|| item.parents().find_map(|parent| self.whole.get(&parent)));
        found.map(ToString::to_string)
    }
}
