//! Rolling back all changes of an actor: random changes by two actors, of which those of one are undone.

#![expect(clippy::unwrap_used, reason = "helpers of tests")]

#[path = "support/mod.rs"]
mod support;

use std::sync::Arc;

use hatrack::app::rollback::{Rollback, RollbackTarget};
use hatrack::model::{Affiliation, Attachment, Edit, EditGroup, HatId, HatRule, Jid, Wardrobe};
use hatrack::store::HistoryEntry;
use jiff::tz::TimeZone;
use proptest::prelude::*;
use support::{Operation, cases, wardrobe_and_operations};

const MALLORY: &str = "mallory";

/// The content of a data file, and its history.
#[derive(Default)]
struct DataFile {
    wardrobe: Wardrobe,
    /// The newest first.
    history: Vec<Arc<HistoryEntry>>,
}

impl DataFile {
    /// Adds an entry to the history.
    fn commit(&mut self, actor: &str, group: EditGroup, undoes: Option<u64>) {
        let revision = self.history.len() as u64 + 1;
        let entry = HistoryEntry {
            revision,
            id: revision.to_string().into(),
            time: "2026-01-31T12:00:00Z".parse().unwrap(),
            actor: actor.into(),
            group,
            undoes,
            redoes: None,
            rolled_back: None,
            outside: false,
            accepted_removals: false,
            sent: None,
            reason: None,
            send_to: Box::default(),
            partial: false,
        };
        self.history.insert(0, entry.into());
    }

    /// Performs an operation and adds it to the history, if it is possible and changes something.
    fn act(&mut self, actor: &str, operation: &Operation) {
        if let Ok(group) = operation.perform(&mut self.wardrobe)
            && !group.is_empty()
        {
            self.commit(actor, group, None);
        }
    }

    /// Undoes an entry as a change by this actor.
    fn undo(&mut self, actor: &str, revision: u64) {
        let undone = self.history.iter().find(|entry| entry.revision == revision);
        let group = undone.unwrap().group.inverse();
        self.wardrobe.apply(&group).unwrap();
        self.commit(actor, group, Some(revision));
    }

    /// Plans the rollback of all changes of mallory.
    fn plan_rollback(&self) -> Rollback {
        let target = RollbackTarget::Actor(MALLORY.into());
        Rollback::plan(&self.wardrobe, &self.history, &target, &TimeZone::UTC, |_| None)
    }
}

/// Whether two edits change the same thing, or one changes a part of what the other does.
fn overlap(one: &Edit, other: &Edit) -> bool {
    let is_whole_user = |edit: &Edit| matches!(edit, Edit::User { .. });
    let is_room = |edit: &Edit| matches!(edit, Edit::Room { .. });
    let same_kind = std::mem::discriminant(one) == std::mem::discriminant(other);
    one.room() == other.room()
        && (is_room(one)
            || is_room(other)
            || (one.user() == other.user()
                && (is_whole_user(one) || is_whole_user(other) || (same_kind && one.hat() == other.hat()))))
}

proptest! {
    #![proptest_config(cases(400))]

    /// Changes of others that are still in effect stay. One undo of the rollback restores everything, and a redo rolls
    /// back again.
    #[test]
    fn changes_of_others_stay((start, operations) in wardrobe_and_operations(24), actors in prop::collection::vec(any::<bool>(), 24)) {
        let mut file = DataFile { wardrobe: start, ..DataFile::default() };
        for (operation, is_mallory) in operations.iter().zip(actors) {
            file.act(if is_mallory { MALLORY } else { "alice" }, operation);
        }
        let plan = file.plan_rollback();
        let mut after = file.wardrobe.clone();
        prop_assert_eq!(after.apply(&plan.group), Ok(()));
        // Newest first: if others changed something several times, only the last change counts.
        let others = file.history.iter().filter(|entry| &*entry.actor == "alice");
        let others: Vec<&Edit> = others.flat_map(|entry| entry.group.0.iter().rev()).collect();
        for (at, edit) in others.iter().enumerate() {
            if others.iter().take(at).any(|later| overlap(later, edit)) {
                continue;
            }
            let mut edit = (*edit).clone();
            // The hat must stay even if the affiliation of its user changes.
            if let Edit::Hat { rule, .. } = &mut edit {
                *rule = HatRule::AnyUser;
            }
            let group = EditGroup::from(edit.clone());
            prop_assert!(!file.wardrobe.is_applied(&group) || after.is_applied(&group), "{edit:?}");
        }
        let mut back = after.clone();
        prop_assert_eq!(back.apply(&plan.group.inverse()), Ok(()));
        prop_assert_eq!(&back, &file.wardrobe);
        prop_assert_eq!(back.apply(&plan.group), Ok(()));
        prop_assert_eq!(back, after);
    }

    #[test]
    fn without_changes_of_others_the_start_is_restored((start, operations) in wardrobe_and_operations(24)) {
        let mut file = DataFile { wardrobe: start.clone(), ..DataFile::default() };
        for operation in &operations {
            file.act(MALLORY, operation);
        }
        let plan = file.plan_rollback();
        let mut after = file.wardrobe.clone();
        prop_assert_eq!(&plan.skipped, &[]);
        prop_assert_eq!(after.apply(&plan.group), Ok(()));
        prop_assert_eq!(after, start);
    }
}

fn jid(text: &str) -> Jid {
    Jid::parse(text).unwrap()
}

fn room() -> Jid {
    jid("courses@conference.example.org")
}

fn terry() -> Jid {
    jid("terry@example.org")
}

fn titled(title: &str) -> Operation {
    let attachment = Attachment::default().with_title(Some(title));
    Operation::Add(room(), terry(), HatId::unchecked("urn:x:1"), attachment)
}

/// A room with Terry.
fn with_terry() -> DataFile {
    let mut wardrobe = Wardrobe::default();
    wardrobe.add_room(&room(), None).unwrap();
    wardrobe
        .set_affiliation(&terry(), &room(), Affiliation::Member)
        .unwrap();
    DataFile {
        wardrobe,
        ..DataFile::default()
    }
}

/// Alice set the title B last, although Mallory had set it before.
#[test]
fn value_that_someone_else_set_again_stays() {
    let mut file = with_terry();
    for (actor, title) in [(MALLORY, "B"), ("alice", "C"), ("alice", "B")] {
        file.act(actor, &titled(title));
    }
    let plan = file.plan_rollback();
    assert!(plan.group.is_empty());
    let reasons: Vec<&str> = plan
        .skipped
        .iter()
        .map(|skipped| skipped.reason.as_str())
        .collect();
    assert_eq!(reasons, ["alice changed it in revision 3"]);
}

/// Alice undid one of Mallory's changes: Mallory's earlier ones are still undone.
#[test]
fn undo_by_someone_else_does_not_protect_earlier_changes() {
    let mut file = with_terry();
    let start = file.wardrobe.clone();
    file.act(MALLORY, &titled("A"));
    file.act(MALLORY, &titled("B"));
    file.undo("alice", 2);
    let plan = file.plan_rollback();
    assert_eq!((plan.undone, plan.skipped.len()), (1, 0));
    file.wardrobe.apply(&plan.group).unwrap();
    assert_eq!(file.wardrobe, start);
}

/// A value that was changed several times is undone by one edit; a value that was changed back, by none.
#[test]
fn plan_has_one_edit_for_each_item() {
    let mut file = with_terry();
    let start = file.wardrobe.clone();
    for title in ["A", "B", "C"] {
        file.act(MALLORY, &titled(title));
    }
    let name = |name: Option<&str>| Operation::Rename(room(), name.map(Into::into));
    file.act(MALLORY, &name(Some("New")));
    file.act(MALLORY, &name(start.room(&room()).unwrap().name.as_deref()));
    let plan = file.plan_rollback();
    assert_eq!((plan.undone, plan.group.0.len()), (5, 1));
    file.wardrobe.apply(&plan.group).unwrap();
    assert_eq!(file.wardrobe, start);
}

/// Alice removed the room by mistake and restored it.
#[test]
fn undone_change_of_someone_else_does_not_prevent_the_rollback() {
    let mut file = with_terry();
    let start = file.wardrobe.clone();
    file.act(MALLORY, &titled("A"));
    file.act("alice", &Operation::RemoveRoom(room()));
    assert_eq!(file.plan_rollback().skipped.len(), 1);
    file.undo("alice", 2);
    let plan = file.plan_rollback();
    file.wardrobe.apply(&plan.group).unwrap();
    assert_eq!(file.wardrobe, start);
}

/// Mallory undid a change of Alice. After the rollback, it is in effect again.
#[test]
fn rollback_reverts_undos_by_the_actor() {
    let mut file = with_terry();
    file.act("alice", &titled("A"));
    let start = file.wardrobe.clone();
    file.undo(MALLORY, 1);
    let plan = file.plan_rollback();
    file.wardrobe.apply(&plan.group).unwrap();
    assert_eq!(file.wardrobe, start);
}

/// Mallory added a user, to whom Alice then added a hat.
#[test]
fn user_with_hats_of_others_stays() {
    let mut file = DataFile::default();
    file.wardrobe.add_room(&room(), None).unwrap();
    file.act(
        MALLORY,
        &Operation::Affiliate(room(), terry(), Affiliation::Member),
    );
    file.act("alice", &titled("A"));
    let plan = file.plan_rollback();
    assert!(plan.group.is_empty());
    assert_eq!(plan.skipped.len(), 1);
}

/// Older changes of the same hat are skipped, too.
#[test]
fn forbidden_changes_are_skipped_with_their_reason() {
    let mut file = with_terry();
    file.act(MALLORY, &titled("A"));
    file.act(MALLORY, &titled("B"));
    let target = RollbackTarget::Revisions([1, 2].into());
    let problem = |_: &_| Some("not allowed".to_owned());
    let plan = Rollback::plan(&file.wardrobe, &file.history, &target, &TimeZone::UTC, problem);
    assert!(plan.group.is_empty());
    let reasons: Vec<&str> = plan
        .skipped
        .iter()
        .map(|skipped| skipped.reason.as_str())
        .collect();
    assert_eq!(reasons, ["not allowed", "not allowed"]);
}
