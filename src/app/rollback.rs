//! Rolling back several changes at once, such as all that a person made since a time: what is undone, and what is left
//! out because someone else changed it since.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use jiff::tz::TimeZone;

use crate::model::{Edit, Group, HatId, HatRule, Jid, Wardrobe};
use crate::store::{HistoryEntry, person};

use super::conflict_text::describe_current;
use super::describe;

/// Which entries of the history are rolled back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RollbackTarget {
    /// Those with these revisions.
    Revisions(HashSet<u64>),
    /// All listed entries by this actor, from any address.
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
pub struct LeftOut {
    /// The edit that stays in effect.
    pub edit: Edit,
    /// Why, as a clause.
    pub reason: String,
}

/// What a roll back does.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rollback {
    /// The edits that undo the entries, as one change.
    pub group: Group,
    /// What is skipped, the newest first.
    pub left_out: Vec<LeftOut>,
    /// Number of entries of which something is undone.
    pub undone: usize,
}

/// Why less is listed than the number of changes says.
pub const COMBINED: &str = "Changes to the same item are combined.";

impl Rollback {
    /// Plans a roll back. `entries` are all entries since the oldest one that is rolled back, the newest first. Times in
    /// reasons are in `zone`. `problem` gives the reason why an edit is not allowed.
    ///
    /// An edit is skipped if someone else changed the same thing since. A change and its undo by someone else count as
    /// if neither had been made.
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
                    continue; // It is no longer in effect.
                }
                let obstacle = later.of(edit).or_else(|| problem(&inverse)).or_else(|| {
                    let failed = next.apply_edit(&inverse).is_err();
                    failed.then(|| describe_current(edit, &next, zone))
                });
                match obstacle {
                    None => plan.group.0.push(inverse),
                    Some(reason) => {
                        // Older changes of the same item cannot be undone either.
                        later.add(edit, &reason.as_str().into());
                        let edit = edit.clone();
                        plan.left_out.push(LeftOut { edit, reason });
                    }
                }
            }
            plan.undone += usize::from(plan.group.0.len() > before);
        }
        if next == *wardrobe {
            // Changes back and forth.
            plan.group.0.clear();
            plan.undone = 0;
        }
        let merged = merged(&plan.group.0);
        let mut there = wardrobe.clone();
        // Where what contains an item comes and goes between its edits, all steps are needed.
        if there.apply(&merged).is_ok() && there == next {
            plan.group = merged;
        }
        plan
    }

    /// Whether there is nothing to undo, and nothing is skipped.
    pub fn is_empty(&self) -> bool {
        self.group.is_empty() && self.left_out.is_empty()
    }

    /// Whether less is listed than the number of changes says.
    pub fn is_combined(&self) -> bool {
        self.group.0.len() < self.undone
    }

    /// The number of undone changes, as the history records it.
    pub fn changes(&self) -> u64 {
        u64::try_from(self.undone).unwrap_or(u64::MAX)
    }

    /// What is undone, as a sentence: `undid 3 changes: …`.
    pub fn describe(&self, wardrobe: &Wardrobe, zone: &TimeZone) -> String {
        describe::rolled_back(self.changes(), &describe::group(&self.group, wardrobe, zone))
    }
}

/// The same edits with one for each item that they change several times, and none where it ends as it began.
fn merged(edits: &[Edit]) -> Group {
    let mut merged: Vec<Option<Edit>> = Vec::new();
    let mut places: HashMap<EditTarget<'_>, usize> = HashMap::new();
    for edit in edits {
        let earlier = places
            .get(&EditTarget::of(edit))
            .and_then(|at| merged.get_mut(*at));
        let joined = earlier.and_then(|earlier| Some((joined(earlier.as_ref()?, edit)?, earlier)));
        if let Some((joined, earlier)) = joined {
            if joined == joined.inverse() {
                places.remove(&EditTarget::of(edit));
                *earlier = None;
            } else {
                *earlier = Some(joined);
            }
        } else {
            places.insert(EditTarget::of(edit), merged.len());
            merged.push(Some(edit.clone()));
        }
    }
    Group(merged.into_iter().flatten().collect())
}

/// One edit for two successive ones of the same item; `None` for users and rooms, which contain others.
fn joined(first: &Edit, second: &Edit) -> Option<Edit> {
    let mut joined = second.clone();
    match (&mut joined, first) {
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
    Some(joined)
}

/// Entries that someone undid, and those undos: together they changed nothing. An undo that is itself rolled back counts.
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

/// Something that an edit changes as a whole.
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

    /// The item that contains it.
    fn parent(&self) -> Option<Self> {
        match *self {
            Self::Document | Self::Room(_) => None,
            Self::RoomName(room) | Self::Catalog(room, _) | Self::User(room, _) => Some(Self::Room(room)),
            Self::Affiliation(room, user) | Self::Hat(room, user, _) => Some(Self::User(room, user)),
        }
    }

    /// The items that contain it, the innermost first.
    fn parents(&self) -> impl Iterator<Item = Self> + use<'a> {
        std::iter::successors(self.parent(), Self::parent)
    }
}

/// What was changed by edits that are not undone, with the reasons.
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

    /// Why an edit cannot be undone; `None` if nothing of what it changed was changed later.
    fn of(&self, edit: &Edit) -> Option<String> {
        let item = EditTarget::of(edit);
        let same = self.whole.get(&item).or_else(|| self.inside.get(&item));
        let found = same.or_else(|| item.parents().find_map(|parent| self.whole.get(&parent)));
        found.map(ToString::to_string)
    }
}
