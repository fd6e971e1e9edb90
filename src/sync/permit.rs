//! Checks whether a session with limited rights may apply a plan. A plan that sends or receives more than the rights allow
//! is refused as a whole.

use std::collections::BTreeSet;

use super::plan::{Decision, Line, Plan, SideValue, Subject};
use super::{HatValue, Item};
use crate::model::{HatId, NotPermitted, Rights, Touched};

impl Plan {
    /// Checks that these rights allow all lines that are sent or received.
    ///
    /// Errors: the first thing that is not allowed.
    pub fn check_permitted_by(&self, rights: &Rights) -> Result<(), NotPermitted> {
        if !rights.is_restricted() {
            return Ok(());
        }
        let lines = self.rooms.iter().flat_map(|room| &room.lines);
        let decided = lines.filter(|line| line.decision != Decision::Skip);
        decided
            .flat_map(touched)
            .try_for_each(|touched| rights.check(touched))
    }
}

impl Item {
    /// Checks that these rights allow changing this item. Other items that a decision about this one also changes are not
    /// checked.
    pub fn check_permitted_by(&self, rights: &Rights) -> Result<(), NotPermitted> {
        rights.check(touched_by(self))
    }
}

/// The kind of data that a change of an item changes.
fn touched_by(item: &Item) -> Touched<'_> {
    match item {
        Item::Catalog { .. } => Touched::Other("the hat catalog"),
        Item::Affiliation { .. } => Touched::Affiliation,
        Item::Hat { hat, .. } => Touched::Hat(hat),
    }
}

/// The kinds of data that a line changes when it is sent or received.
fn touched(line: &Line) -> Vec<Touched<'_>> {
    match &line.subject {
        Subject::Name => vec![Touched::Other("the room's name")],
        // The entry is sent because of the hat.
        Subject::Item(Item::Catalog { hat }) if line.implied => vec![Touched::Hat(hat)],
        Subject::Item(item) => vec![touched_by(item)],
        Subject::User(_) => {
            let hats = hats(line.local.as_ref()).chain(hats(line.remote.as_ref()));
            let ids: BTreeSet<&HatId> = hats.map(|(id, _)| id).collect();
            std::iter::once(Touched::Affiliation)
                .chain(ids.into_iter().map(Touched::Hat))
                .collect()
        }
    }
}

/// The hats of a whole user on one side; none if the value is not of a user.
fn hats(side: Option<&SideValue>) -> impl Iterator<Item = (&HatId, &HatValue)> {
    let user = match side {
        Some(SideValue::User(user)) => Some(user),
        _ => None,
    };
    user.into_iter().flat_map(|user| &user.hats)
}
