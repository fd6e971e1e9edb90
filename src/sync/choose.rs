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
    /// Adds lines that send these items again, although both sides have them ([`Outbox::not_stored`]).
    ///
    /// [`Outbox::not_stored`]: super::Outbox::not_stored
    pub fn send_again(&mut self, items: BTreeSet<Item>) {
        for item in items {
            let value = self.remote().value(&item).map(SideValue::Item);
            let is_before = |line: &Line| line.user() <= item.user();
            let index = self.lines.iter().position(|line| !is_before(line));
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
            self.lines.insert(index.unwrap_or(self.lines.len()), line);
        }
    }

    /// Sets the decision of the line with this index, if the line allows the decision. Returns whether the line does.
    pub fn decide(&mut self, line: usize, decision: Decision) -> bool {
        match self.lines.get_mut(line) {
            Some(line) if line.allows(decision) => {
                line.decision = decision;
                true
            }
            _ => false,
        }
    }

    /// Resolves all undecided conflicts with the value of this side. With [`Prefer::Local`], conflicts in which the file's
    /// value cannot be sent stay undecided.
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

    /// Decides to receive all lines, so that the file's room becomes equal to the server's as far as the server can store it.
    /// Lines that the guard holds back stay held back, and lines of implied entries are removed.
    pub fn replace(&mut self) {
        let is_held_back = |line: &Line| line.is_held() && line.decision == Decision::Skip;
        for line in self
            .lines
            .iter_mut()
            .filter(|line| !line.implied && !is_held_back(line))
        {
            line.decision = Decision::Receive;
        }
        self.lines.retain(|line| !line.implied);
    }

    /// Decides to receive the lines that the guard holds back.
    pub fn accept_removals(&mut self) {
        for line in self.lines.iter_mut().filter(|line| line.is_held()) {
            line.decision = Decision::Receive;
        }
    }

    /// Whether someone accepted lines that the guard held back, so that these are received.
    pub fn accepts_removals(&self) -> bool {
        let is_accepted = |line: &Line| line.is_held() && line.decision == Decision::Receive;
        self.lines.iter().any(is_accepted)
    }

    /// Holds back the lines that remove hats from these users, for this reason. Returns the number of newly held lines.
    pub(super) fn hold(&mut self, users: &BTreeSet<Jid>, reason: Reason) -> usize {
        let mut count = 0;
        for line in &mut self.lines {
            let is_about_them = line.user().is_some_and(|user| users.contains(user));
            if is_about_them && line.removes_hats() && line.decision == Decision::Receive {
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

/// The value of an item on one side of a line about the item or its user.
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
    /// Whether an item has changed in the file or the base since the read began. `now` has the current file and base.
    pub fn has_changed(&self, now: &ReadMark<'_>, item: &Item) -> bool {
        self.has_local_changed(now, item) || self.has_base_changed(now, item)
    }

    /// Whether an item has changed in the file since the read began. `now` has the current file.
    pub fn has_local_changed(&self, now: &ReadMark<'_>, item: &Item) -> bool {
        let is_same_room = match (self.local, now.local) {
            (Some(then), Some(now)) => std::ptr::eq(then, now),
            _ => false,
        };
        let local = |mark: &ReadMark<'_>| mark.local.and_then(|room| local_value(mark.class, room, item));
        !is_same_room && local(self) != local(now)
    }

    /// Whether an item has changed in the base since the read began. `now` has the current base.
    pub fn has_base_changed(&self, now: &ReadMark<'_>, item: &Item) -> bool {
        let base = |mark: &ReadMark<'_>| mark.base.and_then(|base| base.value(item));
        base(self) != base(now)
    }
}
