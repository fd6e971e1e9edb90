//! The outbox: what this account changed in a linked room and the server has not confirmed, item by item.
//!
//! An entry is *prepared* before the file is written, so that a crash in between loses nothing; it is *waiting* when the
//! file has the change, and is sent only while the file still has it. Then it is *answered*, and *confirmed* by a read; or
//! refused, or changed meanwhile. For [`ROLLBACK_PERIOD`] the value before is kept: a server that fell over may have lost
//! what it answered.

mod answer;
mod next;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::changed::{ChangedItem, users_losing_hats};
use super::plan::Reason;
use super::{Base, GUARD_USERS, HatValue, Item, ItemChange, ItemValue, Refusal, ServerClass, local_value};
use crate::model::{HatId, Jid, Room};

pub use answer::BaseMove;

/// A server that does not say that it stored a change has it for sure when it still has it so long after its answer.
pub const CONFIRM_AFTER: SignedDuration = SignedDuration::from_secs(3);

/// So long after an answer the value before is known: where it is back after the connection broke, the server lost the
/// change.
pub const ROLLBACK_PERIOD: SignedDuration = SignedDuration::from_secs(60);

/// A larger document is not read, in bytes.
pub const LARGEST_OUTBOX: usize = 16 * 1024 * 1024;

const VERSION: u32 = 1;

/// What an account changed in one room and the server has not confirmed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Document", into = "Document")]
pub struct Outbox {
    /// The server's name in the configuration.
    pub server: Arc<str>,
    /// What it can hold.
    pub class: ServerClass,
    /// The room's address.
    pub room: Jid,
    entries: BTreeMap<Item, Entry>,
}

/// What became of an item's change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SendState {
    /// The file has it, or is about to; it is to be sent.
    Waiting,
    /// The server answered that it has it. Only a read confirms that.
    Answered(Answered),
    /// The server was seen to have it, or says that it is stored.
    Confirmed(Answered),
    /// It cannot be sent, and why; until the item changes. Not written down: it is found again.
    #[serde(skip)]
    LeftOut(Reason),
    /// The server refused; until the item changes, or somebody tries again.
    Refused(Refusal),
    /// The server had something else than expected: somebody has to choose.
    Changed {
        /// What it has; `None`: nothing.
        actual: Option<ItemValue>,
    },
}

/// An answer of the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answered {
    /// When it came.
    pub time: Timestamp,
    /// The connection on which it came.
    pub stream: u64,
}

/// An item that is changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Entry {
    item: Item,
    /// What is about to be committed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    prepared: Option<Prepared>,
    /// What was committed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    committed: Option<Committed>,
}

/// A value, or that the item is not to be there.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Wanted {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    value: Option<ItemValue>,
}

/// What is about to be committed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Prepared {
    #[serde(flatten)]
    wanted: Wanted,
    /// Why, for the users to read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reason: Option<Arc<str>>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Committed {
    wanted: Wanted,
    state: SendState,
    /// What the server must have; without, what the base has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    expected: Option<Wanted>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    expected_hats: Option<BTreeMap<HatId, HatValue>>,
    /// Why, for the users to read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reason: Option<Arc<str>>,
    /// An entry of the catalog that only hats imply: the file has none.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    implied: bool,
    /// Values that were sent without an answer: the server may have one of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    in_doubt: Vec<Wanted>,
    /// It may have been sent. Not written down: after a crash, nobody knows.
    #[serde(skip, default = "yes")]
    sent: bool,
    /// What the server had before its last answers, the oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    before: Vec<Before>,
}

fn yes() -> bool {
    true
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Before {
    wanted: Wanted,
    answered: Answered,
}

/// The document, as it is kept.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Document {
    version: u32,
    server: Arc<str>,
    class: ServerClass,
    room: Jid,
    entries: Vec<Entry>,
}

impl From<Document> for Outbox {
    fn from(document: Document) -> Self {
        let entries = document.entries.into_iter();
        Self {
            server: document.server,
            class: document.class,
            room: document.room,
            entries: entries.map(|entry| (entry.item.clone(), entry)).collect(),
        }
    }
}

impl From<Outbox> for Document {
    fn from(outbox: Outbox) -> Self {
        Self {
            version: VERSION,
            server: outbox.server,
            class: outbox.class,
            room: outbox.room,
            entries: outbox.entries.into_values().map(Entry::for_the_disk).collect(),
        }
    }
}

impl Entry {
    fn state(&self) -> &SendState {
        match (&self.prepared, &self.committed) {
            (None, Some(committed)) => &committed.state,
            _ => &SendState::Waiting,
        }
    }

    /// What is left out is found again by the next session.
    fn for_the_disk(mut self) -> Self {
        if let Some(committed) = &mut self.committed
            && matches!(committed.state, SendState::LeftOut(_))
        {
            committed.state = SendState::Waiting;
        }
        self
    }
}

impl Outbox {
    /// An empty one.
    pub fn new(server: &str, class: ServerClass, room: &Jid) -> Self {
        Self {
            server: server.into(),
            class,
            room: room.clone(),
            entries: BTreeMap::new(),
        }
    }

    /// Reads the document of a room; `None` where it is none, is of another version, server or class, or is larger than
    /// [`LARGEST_OUTBOX`]: then all is left to the plan.
    pub fn read(bytes: &[u8], server: &str, class: ServerClass, room: &Jid) -> Option<Self> {
        let document: Document = (bytes.len() <= LARGEST_OUTBOX)
            .then(|| serde_json::from_slice(bytes).ok())
            .flatten()?;
        let right = document.version == VERSION && document.room == *room;
        let right = right && *document.server == *server && document.class == class;
        right.then(|| document.into())
    }

    /// The document; `None` where nothing is in it, and none needs to be kept.
    pub fn to_bytes(&self) -> Option<Vec<u8>> {
        (!self.entries.is_empty())
            .then(|| serde_json::to_vec(self).ok())
            .flatten()
    }

    /// Puts what is about to be committed. It has to be durable before the commit. `asked`: somebody was asked about the
    /// removals in it; without that, a commit that takes hats from more than [`GUARD_USERS`] users is left to the plan.
    /// `reason`: why, for the users to read. Gives whether it was put.
    pub fn prepare(&mut self, changed: &[ChangedItem], asked: bool, reason: Option<&Arc<str>>) -> bool {
        if !asked && users_losing_hats(changed) > GUARD_USERS {
            return false;
        }
        let class = self.class;
        for changed in changed.iter().filter(|changed| class.holds(&changed.item)) {
            let entry = self.entry(&changed.item);
            entry.prepared = Some(Prepared {
                wanted: Wanted {
                    value: changed.after.clone(),
                },
                reason: reason.cloned(),
            });
        }
        true
    }

    /// What was prepared is in the file. A value that replaces another that is on its way, as an undo does, waits in its
    /// place.
    pub fn committed(&mut self, items: &BTreeSet<Item>) {
        for item in items {
            if let Some(entry) = self.entries.get_mut(item)
                && let Some(Prepared { wanted, reason }) = entry.prepared.take()
            {
                let mut committed = replaced(entry.committed.take(), wanted);
                committed.reason = reason;
                entry.committed = Some(committed);
            }
        }
    }

    /// What was prepared did not come into the file.
    pub fn withdraw(&mut self, items: &BTreeSet<Item>) {
        for item in items {
            if let Some(entry) = self.entries.get_mut(item) {
                entry.prepared = None;
            }
        }
        self.tidy();
    }

    /// After a crash: what was prepared counts where the file has it.
    pub fn recover(&mut self, local: Option<&Room>) {
        let prepared = |entry: &&Entry| entry.prepared.is_some();
        let prepared: Vec<&Entry> = self.entries.values().filter(prepared).collect();
        let here = |entry: &&&Entry| {
            let value = local.and_then(|room| local_value(self.class, room, &entry.item));
            let wanted = entry.prepared.as_ref().map(|prepared| &prepared.wanted);
            local.is_some() && wanted == Some(&Wanted { value })
        };
        let come: BTreeSet<Item> = prepared
            .iter()
            .filter(here)
            .map(|entry| entry.item.clone())
            .collect();
        let all: BTreeSet<Item> = prepared.iter().map(|entry| entry.item.clone()).collect();
        self.committed(&come);
        self.withdraw(&all);
    }

    /// Puts what is sent of a plan, so that the next session finishes it where this one is interrupted. It is sent against
    /// what the server was read to have.
    pub fn put_plan(&mut self, changes: impl IntoIterator<Item = (ItemChange, bool)>) {
        for (change, implied) in changes {
            let entry = self.entry(&change.item);
            let wanted = Wanted { value: change.wanted };
            let mut committed = replaced(entry.committed.take(), wanted);
            committed.expected = Some(Wanted {
                value: change.expected,
            });
            committed.expected_hats = change.expected_hats;
            committed.reason = change.reason;
            committed.implied = implied;
            entry.committed = Some(committed);
        }
    }

    /// Tries again what the server refused.
    pub fn retry(&mut self, item: &Item) {
        if let Some(committed) = self.committed_mut(item)
            && matches!(committed.state, SendState::Refused(_) | SendState::LeftOut(_))
        {
            committed.state = SendState::Waiting;
        }
    }

    /// Somebody chose this side of what was changed meanwhile: it is sent against what the server has now.
    pub fn keep_mine(&mut self, item: &Item) {
        if let Some(committed) = self.committed_mut(item)
            && let SendState::Changed { actual } = &committed.state
        {
            committed.expected = Some(Wanted {
                value: actual.clone(),
            });
            committed.state = SendState::Waiting;
        }
    }

    /// Takes an item out, as somebody chose the server's side, or gave the change up.
    pub fn forget(&mut self, item: &Item) {
        self.entries.remove(item);
    }

    /// Takes everything out: the server's room is another one now, or nothing is known of it any longer.
    pub fn clear(&mut self) {
        self.entries.clear();
    }

    /// What became of each item's change.
    pub fn states(&self) -> impl Iterator<Item = (&Item, &SendState)> {
        self.entries.iter().map(|(item, entry)| (item, entry.state()))
    }

    /// What became of an item's change; `None` where none is known.
    pub fn state(&self, item: &Item) -> Option<&SendState> {
        self.entries.get(item).map(Entry::state)
    }

    /// Whether nothing is in it.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Whether an item is on its way: neither received, nor settled in the base.
    pub fn is_in_flight(&self, item: &Item) -> bool {
        self.entries.get(item).is_some_and(|entry| {
            let on_its_way = |committed: &Committed| {
                matches!(committed.state, SendState::Waiting | SendState::Answered(_))
            };
            entry.prepared.is_some() || entry.committed.as_ref().is_some_and(on_its_way)
        })
    }

    /// Whether nothing is left to send or to confirm, so that quitting loses no time.
    pub fn is_quiet(&self) -> bool {
        let quiet = |entry: &Entry| {
            entry.prepared.is_none()
                && entry.committed.as_ref().is_none_or(|committed| {
                    !matches!(committed.state, SendState::Waiting | SendState::Answered(_))
                })
        };
        self.entries.values().all(quiet)
    }

    fn entry(&mut self, item: &Item) -> &mut Entry {
        self.entries.entry(item.clone()).or_insert_with(|| Entry {
            item: item.clone(),
            prepared: None,
            committed: None,
        })
    }

    fn committed_mut(&mut self, item: &Item) -> Option<&mut Committed> {
        self.entries.get_mut(item)?.committed.as_mut()
    }

    fn tidy(&mut self) {
        self.entries
            .retain(|_, entry| entry.prepared.is_some() || entry.committed.is_some());
    }
}

/// A value that waits, replacing another. What is expected on the server is what it answered to have; what was sent
/// without an answer stays in doubt.
fn replaced(old: Option<Committed>, wanted: Wanted) -> Committed {
    let new = Committed {
        wanted,
        state: SendState::Waiting,
        expected: None,
        expected_hats: None,
        reason: None,
        implied: false,
        in_doubt: Vec::new(),
        sent: false,
        before: Vec::new(),
    };
    match old {
        None => new,
        Some(old) => match old.state {
            SendState::Answered(_) | SendState::Confirmed(_) => Committed {
                expected: Some(old.wanted),
                before: old.before,
                ..new
            },
            state => {
                let mut in_doubt = old.in_doubt;
                let may_be_there = state == SendState::Waiting && old.sent;
                if may_be_there && !in_doubt.contains(&old.wanted) {
                    in_doubt.push(old.wanted);
                }
                Committed {
                    expected: old.expected,
                    in_doubt,
                    before: old.before,
                    ..new
                }
            }
        },
    }
}

/// What the server is expected to have: what it answered, else the base.
fn expected(committed: &Committed, base: Option<&Base>, item: &Item) -> Option<Wanted> {
    match &committed.expected {
        Some(expected) => Some(expected.clone()),
        None => base.map(|base| Wanted {
            value: base.value(item),
        }),
    }
}
