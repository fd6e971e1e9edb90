//! Plans the rollback of several changes at once, such as all changes that a person made since a certain one. Edits of
//! items that were changed later by changes that are not rolled back are skipped.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use jiff::tz::TimeZone;

use crate::model::{Edit, EditGroup, HatId, HatRule, Jid, Wardrobe};
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
    /// The reason why the edit is skipped, as a clause.
    pub reason: String,
}

/// The plan of a rollback.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rollback {
    /// The edits that undo the entries, made as one change.
    pub group: EditGroup,
    /// The edits that are skipped, the newest first.
    pub skipped: Vec<SkippedEdit>,
    /// Number of entries of which at least one edit is undone.
    pub undone: usize,
}

/// Explains why fewer edits are listed than changes are undone.
pub const COMBINED: &str = "Changes to the same item are combined.";

impl Rollback {
    /// Plans a rollback. `entries` are all entries since the oldest one that is rolled back, the newest first. Times in
    /// reasons are in `zone`. `problem` returns the reason why the inverse of an edit is not allowed; `None` if it is
    /// allowed.
    ///
    /// An edit is skipped if a later entry that is not rolled back changed the same item, if the inverse of the edit is
    /// not allowed or no longer fits the data, or if a later edit of the same item is skipped. An entry and its exact
    /// undo that is not rolled back count as if neither had been made.
    pub fn plan(
        wardrobe: &Wardrobe,
        entries: &[Arc<HistoryEntry>],
        target: &RollbackTarget,
        zone: &TimeZone,
        problem: impl Fn(&Edit) -> Option<String>,
    ) -> Self {
        let canceled = canceled(entries, target);
        let mut rolled_back = wardrobe.clone();
        let mut later = LaterChanges::default();
        let mut plan = Self::default();
        for entry in entries.iter().filter(|entry| !canceled.contains(&entry.revision)) {
            if !target.includes(entry) {
                let reason = format!("{} changed it in revision {}", entry.actor, entry.revision);
                let reason: Arc<str> = reason.into();
                entry.group.0.iter().for_each(|edit| later.add(edit, &reason));
                continue;
            }
            let edits_before = plan.group.0.len();
            for edit in entry.group.0.iter().rev() {
                let inverse = edit.inverse();
                if rolled_back.check_edit(edit).is_ok()
                    && edit != &inverse
                    && rolled_back.check_edit(&inverse).is_err()
                {
                    continue; // The edit is no longer in effect.
                }
                let obstacle = later.obstacle(edit).or_else(|| problem(&inverse)).or_else(|| {
                    let failed = rolled_back.apply_edit(&inverse).is_err();
                    failed.then(|| current_value(edit, &rolled_back, zone))
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
            plan.undone += usize::from(plan.group.0.len() > edits_before);
        }
        if rolled_back == *wardrobe {
            // The edits cancel each other out.
            plan.group.0.clear();
            plan.undone = 0;
        }
        let merged = merge(&plan.group.0);
        let mut result = wardrobe.clone();
        // If a user or room is removed and added again between the edits of its items, the edits cannot be merged.
        if result.apply(&merged).is_ok() && result == rolled_back {
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

    /// The number of undone entries, as recorded in the history.
    pub fn undone_count(&self) -> u64 {
        u64::try_from(self.undone).unwrap_or(u64::MAX)
    }

    /// Describes what is undone, as a clause: `undid 3 changes: …`.
    pub fn describe(&self, wardrobe: &Wardrobe, zone: &TimeZone) -> String {
        describe::rolled_back(self.undone_count(), &describe::group(&self.group, wardrobe, zone))
    }
}

/// Merges the edits of each item into one, or into none if the item ends as it began. Edits of whole rooms, of users
/// and of the document are not merged.
fn merge(edits: &[Edit]) -> EditGroup {
    let mut merged: Vec<Option<Edit>> = Vec::new();
    let mut indices: HashMap<EditTarget<'_>, usize> = HashMap::new();
    for edit in edits {
        let earlier = indices
            .get(&EditTarget::of(edit))
            .and_then(|index| merged.get_mut(*index));
        let mergeable = earlier.and_then(|earlier| Some((merge_pair(earlier.as_ref()?, edit)?, earlier)));
        if let Some((combined, earlier)) = mergeable {
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
    EditGroup(merged.into_iter().flatten().collect())
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

/// Finds the revisions of undone entries and of the entries that undo them: together, such a pair changed nothing. An
/// undo makes no pair if it is itself rolled back, or if it does not exactly reverse the entry.
fn canceled(entries: &[Arc<HistoryEntry>], target: &RollbackTarget) -> HashSet<u64> {
    let mut canceled = HashSet::new();
    let mut undos: HashMap<u64, &HistoryEntry> = HashMap::new();
    for entry in entries {
        let undo = undos.get(&entry.revision);
        if let Some(undo) = undo.filter(|undo| undo.group == entry.group.inverse()) {
            canceled.extend([entry.revision, undo.revision]);
        } else if let Some(revision) = entry.undoes.or(entry.redoes)
            && !target.includes(entry)
        {
            undos.insert(revision, entry);
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
            Edit::OtherFields { .. } => Self::Document,
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

/// The items that were changed by edits which are not undone, each with the reason why older edits of the item cannot
/// be undone.
#[derive(Default)]
struct LaterChanges<'a> {
    /// Items that were changed as a whole.
    whole: HashMap<EditTarget<'a>, Arc<str>>,
    /// Items in which something was changed.
    inside: HashMap<EditTarget<'a>, Arc<str>>,
}

impl<'a> LaterChanges<'a> {
    /// Adds an edit that is not undone.
    fn add(&mut self, edit: &'a Edit, reason: &Arc<str>) {
        let item = EditTarget::of(edit);
        for parent in item.parents() {
            self.inside.entry(parent).or_insert_with(|| reason.clone());
        }
        self.whole.entry(item).or_insert_with(|| reason.clone());
    }

    /// The reason why an edit cannot be undone: its item, an item that contains it or an item in it was changed later.
    /// `None` if none of them was.
    fn obstacle(&self, edit: &Edit) -> Option<String> {
        let item = EditTarget::of(edit);
        let same = self.whole.get(&item).or_else(|| self.inside.get(&item));
        let found = same.or_else(|| item.parents().find_map(|parent| self.whole.get(&parent)));
        found.map(ToString::to_string)
    }
}

/// Describes the current value of the item that an edit changed, as a clause.
fn current_value(edit: &Edit, wardrobe: &Wardrobe, zone: &TimeZone) -> String {
    let current = describe_current(edit, wardrobe, zone);
    let attachment = match edit {
        Edit::Hat { room, user, hat, .. } => wardrobe.user(room, user).and_then(|user| user.hats.get(hat)),
        _ => None,
    };
    match attachment {
        Some(_) => format!("the hat is now {current}"),
        None => current,
    }
}
