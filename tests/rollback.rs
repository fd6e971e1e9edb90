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
struct Story {
    now: Wardrobe,
    /// The newest first.
    entries: Vec<Arc<HistoryEntry>>,
}

impl Story {
    fn commit(&mut self, actor: &str, group: EditGroup, undoes: Option<u64>) {
        let revision = self.entries.len() as u64 + 1;
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
        self.entries.insert(0, entry.into());
    }

    fn act(&mut self, actor: &str, operation: &Operation) {
        if let Ok(group) = operation.perform(&mut self.now)
            && !group.is_empty()
        {
            self.commit(actor, group, None);
        }
    }

    /// Undoes an entry as a change by this actor.
    fn undo(&mut self, actor: &str, revision: u64) {
        let undone = self.entries.iter().find(|entry| entry.revision == revision);
        let group = undone.unwrap().group.inverse();
        self.now.apply(&group).unwrap();
        self.commit(actor, group, Some(revision));
    }

    fn roll_back(&self) -> Rollback {
        let target = RollbackTarget::Actor(MALLORY.into());
        Rollback::plan(&self.now, &self.entries, &target, &TimeZone::UTC, |_| None)
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

    /// Changes of others that are still in effect stay; one undo restores everything, and a redo rolls back again.
    #[test]
    fn changes_of_others_stay((start, operations) in wardrobe_and_operations(24), actors in prop::collection::vec(any::<bool>(), 24)) {
        let mut story = Story { now: start, ..Story::default() };
        for (operation, is_mallory) in operations.iter().zip(actors) {
            story.act(if is_mallory { MALLORY } else { "alice" }, operation);
        }
        let plan = story.roll_back();
        let mut after = story.now.clone();
        prop_assert_eq!(after.apply(&plan.group), Ok(()));
        // The newest first: of what others changed several times, the last change counts.
        let others = story.entries.iter().filter(|entry| &*entry.actor == "alice");
        let others: Vec<&Edit> = others.flat_map(|entry| entry.group.0.iter().rev()).collect();
        for (at, edit) in others.iter().enumerate() {
            if others.iter().take(at).any(|later| overlap(later, edit)) {
                continue;
            }
            let mut edit = (*edit).clone();
            // A hat stays, whatever becomes of the affiliation with which it was added.
            if let Edit::Hat { rule, .. } = &mut edit {
                *rule = HatRule::AnyUser;
            }
            let group = EditGroup::from(edit.clone());
            prop_assert!(!story.now.is_applied(&group) || after.is_applied(&group), "{edit:?}");
        }
        let mut back = after.clone();
        prop_assert_eq!(back.apply(&plan.group.inverse()), Ok(()));
        prop_assert_eq!(&back, &story.now);
        prop_assert_eq!(back.apply(&plan.group), Ok(()));
        prop_assert_eq!(back, after);
    }

    /// Without changes of others, the start is restored.
    #[test]
    fn alone_everything_is_undone((start, operations) in wardrobe_and_operations(24)) {
        let mut story = Story { now: start.clone(), ..Story::default() };
        for operation in &operations {
            story.act(MALLORY, operation);
        }
        let plan = story.roll_back();
        let mut after = story.now.clone();
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
fn with_terry() -> Story {
    let mut now = Wardrobe::default();
    now.add_room(&room(), None).unwrap();
    now.set_affiliation(&terry(), &room(), Affiliation::Member)
        .unwrap();
    Story {
        now,
        ..Story::default()
    }
}

/// Alice chose B last, although Mallory had chosen it before.
#[test]
fn value_that_someone_else_chose_again_stays() {
    let mut story = with_terry();
    for (actor, title) in [(MALLORY, "B"), ("alice", "C"), ("alice", "B")] {
        story.act(actor, &titled(title));
    }
    let plan = story.roll_back();
    assert!(plan.group.is_empty());
    let reasons: Vec<&str> = plan
        .skipped
        .iter()
        .map(|left_out| left_out.reason.as_str())
        .collect();
    assert_eq!(reasons, ["alice changed it in revision 3"]);
}

/// Alice undid one of Mallory's changes: Mallory's earlier ones are still undone.
#[test]
fn undo_by_someone_else_does_not_protect_earlier_changes() {
    let mut story = with_terry();
    let start = story.now.clone();
    story.act(MALLORY, &titled("A"));
    story.act(MALLORY, &titled("B"));
    story.undo("alice", 2);
    let plan = story.roll_back();
    assert_eq!((plan.undone, plan.skipped.len()), (1, 0));
    story.now.apply(&plan.group).unwrap();
    assert_eq!(story.now, start);
}

/// A value that was changed several times is undone by one edit; a value that was changed back, by none.
#[test]
fn plan_has_one_edit_for_each_item() {
    let mut story = with_terry();
    let start = story.now.clone();
    for title in ["A", "B", "C"] {
        story.act(MALLORY, &titled(title));
    }
    let name = |name: Option<&str>| Operation::Rename(room(), name.map(Into::into));
    story.act(MALLORY, &name(Some("New")));
    story.act(MALLORY, &name(start.room(&room()).unwrap().name.as_deref()));
    let plan = story.roll_back();
    assert_eq!((plan.undone, plan.group.0.len()), (5, 1));
    story.now.apply(&plan.group).unwrap();
    assert_eq!(story.now, start);
}

/// A room that Alice removed by mistake and restored is no obstacle.
#[test]
fn change_that_was_undone_is_no_obstacle() {
    let mut story = with_terry();
    let start = story.now.clone();
    story.act(MALLORY, &titled("A"));
    story.act("alice", &Operation::RemoveRoom(room()));
    assert_eq!(story.roll_back().skipped.len(), 1);
    story.undo("alice", 2);
    let plan = story.roll_back();
    story.now.apply(&plan.group).unwrap();
    assert_eq!(story.now, start);
}

/// Alice's change, which Mallory undid, is in effect again.
#[test]
fn undo_by_the_actor_is_undone() {
    let mut story = with_terry();
    story.act("alice", &titled("A"));
    let start = story.now.clone();
    story.undo(MALLORY, 1);
    let plan = story.roll_back();
    story.now.apply(&plan.group).unwrap();
    assert_eq!(story.now, start);
}

/// A user to whom Alice added a hat stays with this hat.
#[test]
fn user_with_hats_of_others_stays() {
    let mut story = Story::default();
    story.now.add_room(&room(), None).unwrap();
    story.act(
        MALLORY,
        &Operation::Affiliate(room(), terry(), Affiliation::Member),
    );
    story.act("alice", &titled("A"));
    let plan = story.roll_back();
    assert!(plan.group.is_empty());
    assert_eq!(plan.skipped.len(), 1);
}

/// A change that is not allowed is left out with its reason, and so is an older one of the same thing.
#[test]
fn skips_what_is_not_allowed() {
    let mut story = with_terry();
    story.act(MALLORY, &titled("A"));
    story.act(MALLORY, &titled("B"));
    let target = RollbackTarget::Revisions([1, 2].into());
    let problem = |_: &_| Some("not allowed".to_owned());
    let plan = Rollback::plan(&story.now, &story.entries, &target, &TimeZone::UTC, problem);
    assert!(plan.group.is_empty());
    let reasons: Vec<&str> = plan
        .skipped
        .iter()
        .map(|left_out| left_out.reason.as_str())
        .collect();
    assert_eq!(reasons, ["not allowed", "not allowed"]);
}
