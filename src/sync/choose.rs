//! Decisions about the lines of a plan.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::plan::{Action, Decision, Line, Reason, RoomPlan, SideValue, Subject};
use super::{Base, Item, ItemValue, ReceivedItem, ServerClass, local_value};
use crate::model::{Jid, Room};

/// The preferred side in conflicts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Prefer {
    /// The file's side.
    Local,
    /// The server's side.
    Server,
}

impl RoomPlan {
    /// Adds lines that send items again that both sides have ([`Outbox::not_stored`]).
    ///
    /// [`Outbox::not_stored`]: super::Outbox::not_stored
    pub fn send_again(&mut self, items: BTreeSet<Item>) {
        for item in items {
            let value = self.remote().value(&item).map(SideValue::Item);
            let before = |line: &Line| line.user() <= item.user();
            let at = self.lines.iter().position(|line| !before(line));
            let line = Line {
                base: None,
                local: value.clone(),
                remote: value,
                action: Action::Send,
                reason: Some(Reason::NotStored),
                decision: Decision::Send,
                implied: false,
                subject: Subject::Item(item),
            };
            self.lines.insert(at.unwrap_or(self.lines.len()), line);
        }
    }

    /// Sets the decision of the line with this index, if it is possible. Returns whether it is.
    pub fn decide(&mut self, line: usize, decision: Decision) -> bool {
        match self.lines.get_mut(line) {
            Some(line) if line.allows(decision) => {
                line.decision = decision;
                true
            }
            _ => false,
        }
    }

    /// Resolves all undecided conflicts with this side. Conflicts in which the file's value cannot be sent stay undecided.
    pub fn prefer(&mut self, side: Prefer) {
        let decision = match side {
            Prefer::Local => Decision::Send,
            Prefer::Server => Decision::Receive,
        };
        let is_undecided =
            |line: &&mut Line| line.action == Action::Conflict && line.decision == Decision::Skip;
        for line in self.lines.iter_mut().filter(is_undecided) {
            if line.allows(decision) {
                line.decision = decision;
            }
        }
    }

    /// Skips all lines that would be sent.
    pub fn receive_only(&mut self) {
        for line in &mut self.lines {
            if line.decision == Decision::Send {
                line.decision = Decision::Skip;
            }
        }
    }

    /// Decides to make the file's room equal to the server's, as far as the server can store it. What the guard holds back
    /// stays held back.
    pub fn replace(&mut self) {
        let stays_held = |line: &Line| line.is_held() && line.decision == Decision::Skip;
        for line in self
            .lines
            .iter_mut()
            .filter(|line| !line.implied && !stays_held(line))
        {
            line.decision = Decision::Receive;
        }
        self.lines.retain(|line| !line.implied);
    }

    /// Decides to receive also what the guard holds back.
    pub fn take_removals(&mut self) {
        for line in self.lines.iter_mut().filter(|line| line.is_held()) {
            line.decision = Decision::Receive;
        }
    }

    /// Whether someone accepted what the guard held back, so that it is received.
    pub fn accepts_removals(&self) -> bool {
        let accepted = |line: &Line| line.is_held() && line.decision == Decision::Receive;
        self.lines.iter().any(accepted)
    }

    /// Holds back lines that remove hats from these users. Returns the number of newly held lines.
    pub(super) fn hold(&mut self, users: &BTreeSet<Jid>, reason: Reason) -> usize {
        let mut count = 0;
        for line in &mut self.lines {
            let is_affected = line.user().is_some_and(|user| users.contains(user));
            if is_affected && line.removes_hats() && line.decision == Decision::Receive {
                line.reason = Some(reason);
                line.decision = Decision::Skip;
                count += 1;
            }
        }
        count
    }

    /// Whether removals are held back because the history cannot be read.
    pub fn is_held_without_history(&self) -> bool {
        let is_held =
            |line: &Line| line.reason == Some(Reason::HistoryUnreadable) && line.decision == Decision::Skip;
        self.lines.iter().any(is_held)
    }

    /// The items that are received by the current decisions, for [`ServerRequest::Received`].
    ///
    /// [`ServerRequest::Received`]: super::ServerRequest::Received
    pub fn received(&self) -> BTreeMap<Item, ReceivedItem> {
        let lines = self.lines.iter();
        let received = lines.filter(|line| line.decision == Decision::Receive);
        let items = received.flat_map(|line| {
            let items = line.items().into_iter();
            items.map(|item| {
                let (base, value) = (
                    side_value(line.base.as_ref(), &item),
                    side_value(line.remote.as_ref(), &item),
                );
                (item, ReceivedItem { base, value })
            })
        });
        items.collect()
    }

    /// Users whose loss of hats is currently held back, for [`Base::held`].
    pub fn held(&self) -> BTreeSet<Jid> {
        let is_held = |line: &&Line| line.is_held() && line.decision == Decision::Skip;
        let lines = self.lines.iter().filter(is_held);
        lines.filter_map(|line| line.user().cloned()).collect()
    }

    /// Removes the lines about items for which `is_dropped` is true.
    pub fn drop_lines(&mut self, is_dropped: &dyn Fn(&Item) -> bool) {
        self.lines.retain(|line| match &line.subject {
            Subject::Name => true,
            Subject::Item(item) => !is_dropped(item),
            Subject::User(user) => !user_items(user, line).any(|item| is_dropped(&item)),
        });
    }
}

impl Line {
    /// The items that the line is about.
    pub(super) fn items(&self) -> Vec<Item> {
        match &self.subject {
            Subject::Name => Vec::new(),
            Subject::Item(item) => vec![item.clone()],
            Subject::User(user) => user_items(user, self).collect(),
        }
    }
}

/// The value of an item on a side of its line.
fn side_value(side: Option<&SideValue>, item: &Item) -> Option<ItemValue> {
    match side? {
        SideValue::Item(value) => Some(value.clone()),
        SideValue::User(user) => user.value(item),
        SideValue::Name(_) => None,
    }
}

/// The items of a line about a whole user: the affiliation, and all hats on any side.
fn user_items<'a>(user: &'a Jid, line: &'a Line) -> impl Iterator<Item = Item> + 'a {
    let sides = [&line.base, &line.local, &line.remote];
    let hats = sides.into_iter().flatten().filter_map(|side| match side {
        SideValue::User(value) => Some(value.hats.keys()),
        _ => None,
    });
    let hats = hats.flatten().map(|hat| Item::Hat {
        user: user.clone(),
        hat: hat.clone(),
    });
    std::iter::once(Item::Affiliation { user: user.clone() }).chain(hats)
}

/// The file and the base at the start of a read. The read is valid only for items whose values are still the same.
#[derive(Debug, Clone, Copy)]
pub struct ReadMark<'a> {
    /// The class of the server.
    pub class: ServerClass,
    /// The room of the file; `None` if the file does not have it.
    pub local: Option<&'a Room>,
    /// The base; `None` if there is no valid one.
    pub base: Option<&'a Base>,
}

impl ReadMark<'_> {
    /// Whether an item has changed in the file or the base since the read.
    pub fn changed(&self, now: &ReadMark<'_>, item: &Item) -> bool {
        self.local_changed(now, item) || self.base_changed(now, item)
    }

    /// Whether an item has changed in the file since the read.
    pub fn local_changed(&self, now: &ReadMark<'_>, item: &Item) -> bool {
        let same = match (self.local, now.local) {
            (Some(then), Some(now)) => std::ptr::eq(then, now),
            _ => false,
        };
        let local = |mark: &ReadMark<'_>| mark.local.and_then(|room| local_value(mark.class, room, item));
        !same && local(self) != local(now)
    }

    /// Whether an item has changed in the base since the read.
    pub fn base_changed(&self, now: &ReadMark<'_>, item: &Item) -> bool {
        let base = |mark: &ReadMark<'_>| mark.base.and_then(|base| base.value(item));
        base(self) != base(now)
    }
}
