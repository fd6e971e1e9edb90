//! The outbox: changes of this account in a linked room that the server has not confirmed, by item.
//!
//! A change is *prepared* before the file is written, so that a crash in between loses nothing. The change is *waiting* once
//! it is in the file, and is sent only while it is still in the file. Then it is *answered*, and *confirmed* by a read or
//! by the answer itself; or it is *refused*, or *changed*: the item has another value on the server than expected. Unless
//! the answer confirms the change, the server's previous value is kept for [`ROLLBACK_PERIOD`], because a server that
//! crashed may have lost a change that it acknowledged.

mod answer;
mod next;
mod prepare;
mod replace;

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::noted::CONFIRM_AFTER;
use super::plan::Reason;
use super::{
    Answered, Base, HatValue, Item, ItemChange, ItemValue, Refusal, ServerClass, Stream, local_value,
};
use crate::model::{HatId, Jid, Room};
use replace::replaced;

pub use answer::BaseUpdate;

/// How long the server's previous value is remembered after an answer. If the server has that value again after a lost
/// connection, the server has lost the change.
pub const ROLLBACK_PERIOD: SignedDuration = SignedDuration::from_secs(60);

/// How long a commit may take. A prepared change that is not in the file after this time was not committed.
pub const COMMIT_PERIOD: SignedDuration = SignedDuration::from_secs(60);

/// Maximum size of a stored outbox, in bytes: about 200,000 changes of a room.
pub const MAX_OUTBOX_BYTES: usize = 64 * 1024 * 1024;

/// The format version of a stored outbox.
const VERSION: u32 = 1;

/// The unconfirmed changes of an account in one room.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Document", into = "Document")]
pub struct Outbox {
    /// The server's name in the configuration.
    pub server: Arc<str>,
    /// The class of the server.
    pub class: ServerClass,
    /// The room's address.
    pub room: Jid,
    entries: BTreeMap<Item, Entry>,
    /// The last prepared changes that were taken over or withdrawn, while the stored outbox may still have them as prepared.
    handled: BTreeMap<Item, Prepared>,
}

/// The state of an item's change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SendState {
    /// The file has the change or is about to have it; it will be sent.
    Waiting,
    /// The server acknowledged the change; no read has confirmed it yet.
    Answered(Answered),
    /// A read or the server confirmed that the change is stored.
    Confirmed(Answered),
    /// The change cannot be sent for this reason. Not stored, because the next session determines the reason again.
    #[serde(skip)]
    LeftOut(Reason),
    /// The server refused the change; it is not sent again until the item changes or a retry is requested.
    Refused(Refusal),
    /// The server had another value than the expected one: a conflict.
    Changed {
        /// The server's value; `None` if the server does not have the item.
        actual: Option<ItemValue>,
        /// The value that was expected on the server: the last one that both sides had; `None` if they did not have the item.
        #[serde(default)]
        expected: Option<ItemValue>,
    },
}

/// The changes of one item.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Entry {
    item: Item,
    /// The change that is about to be committed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    prepared: Option<Prepared>,
    /// The change that the file has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    committed: Option<Committed>,
}

/// A value of an item that is known or wanted; without a value, the item is missing or is to be removed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
struct KnownValue {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    value: Option<ItemValue>,
}

/// A prepared change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Prepared {
    #[serde(flatten)]
    wanted: KnownValue,
    /// The file's value before the change; `None`: not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    before: Option<KnownValue>,
    /// When the change was prepared.
    time: Timestamp,
    /// The reason, sent with a change of an affiliation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reason: Option<Arc<str>>,
    /// Changes that were prepared before, oldest first. If this change is not committed, the file may have one of these.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    earlier: Vec<Self>,
}

/// A change that the file has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Committed {
    wanted: KnownValue,
    state: SendState,
    /// The value that the server must have; `None`: that of the base.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    expected: Option<KnownValue>,
    /// [`ItemChange::expected_hats`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    expected_hats: Option<BTreeMap<HatId, HatValue>>,
    /// The reason, sent with a change of an affiliation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reason: Option<Arc<str>>,
    /// Whether this is a catalog entry that is only implied by hats; the file does not have the entry.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    implied: bool,
    /// Values that the server may have, or may lose, because they were sent without an answer or not stored.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    in_doubt: Vec<KnownValue>,
    /// How often the change may have been sent. Only the number 0 is stored; without a stored number, the change may have been
    /// sent once.
    #[serde(default = "once", skip_serializing_if = "is_sent")]
    times_sent: u32,
    /// The server's values before its last answers, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    before: Vec<Before>,
}

fn once() -> u32 {
    1
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_sent(times_sent: &u32) -> bool {
    *times_sent > 0
}

/// The server's value before an answer, and the time of that answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Before {
    #[serde(rename = "wanted")]
    value: KnownValue,
    answered: Answered,
}

/// The stored form of an outbox.
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
            handled: BTreeMap::new(),
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
            entries: outbox.entries.into_values().map(Entry::into_stored).collect(),
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

    /// Converts the entry to its stored form: a change that is left out waits, because the next session determines the reason
    /// again.
    fn into_stored(mut self) -> Self {
        if let Some(committed) = &mut self.committed
            && matches!(committed.state, SendState::LeftOut(_))
        {
            committed.state = SendState::Waiting;
        }
        self
    }
}

impl Outbox {
    /// Creates an empty outbox.
    pub fn new(server: &str, class: ServerClass, room: &Jid) -> Self {
        Self {
            server: server.into(),
            class,
            room: room.clone(),
            entries: BTreeMap::new(),
            handled: BTreeMap::new(),
        }
    }

    /// Parses the stored outbox of a room. Returns `None` if the document is invalid, has another version, room, server or
    /// class, or is larger than [`MAX_OUTBOX_BYTES`]; then the next comparison handles all differences.
    pub fn read(bytes: &[u8], server: &str, class: ServerClass, room: &Jid) -> Option<Self> {
        let document: Document = (bytes.len() <= MAX_OUTBOX_BYTES)
            .then(|| serde_json::from_slice(bytes).ok())
            .flatten()?;
        let is_valid = document.version == VERSION && document.room == *room;
        let is_valid = is_valid && *document.server == *server && document.class == class;
        is_valid.then(|| document.into())
    }

    /// Serializes the outbox; `None` if there is nothing to store.
    pub fn to_bytes(&self) -> Option<Vec<u8>> {
        (!self.entries.is_empty())
            .then(|| serde_json::to_vec(self).ok())
            .flatten()
    }

    /// Returns the outbox that another session would get by reading the stored document and taking over its prepared changes,
    /// if this outbox was created in that way and not stored since. The other session has to assume that changes that were
    /// taken over have been sent.
    #[must_use]
    pub fn as_stored(&self) -> Self {
        let mut stored = self.clone();
        for (item, handled) in &self.handled {
            if let Some(committed) = stored.committed_mut(item)
                && committed.wanted == handled.wanted
            {
                committed.times_sent = committed.times_sent.max(1);
            }
        }
        stored
    }

    /// Whether both outboxes have the same stored form.
    pub fn is_stored_as(&self, other: &Self) -> bool {
        self == other || self.to_bytes() == other.to_bytes()
    }

    /// Adds the changes of a plan, so that the next session can finish sending them after an interruption. Each change expects
    /// the value that was read from the server, and comes with a flag: whether it defines an implied catalog entry.
    pub fn put_plan(&mut self, changes: impl IntoIterator<Item = (ItemChange, bool)>) {
        for (change, implied) in changes {
            let entry = self.entry(&change.item);
            let wanted = KnownValue { value: change.wanted };
            let expected = KnownValue {
                value: change.expected,
            };
            let mut committed = replaced(entry.committed.take(), wanted, Some(&expected));
            committed.expected = Some(expected);
            committed.expected_hats = change.expected_hats;
            committed.reason = change.reason;
            committed.implied = implied;
            entry.committed = Some(committed);
        }
    }

    /// Lets the item's change wait again, if it was refused or left out.
    pub fn retry(&mut self, item: &Item) {
        if let Some(committed) = self.committed_mut(item)
            && matches!(committed.state, SendState::Refused(_) | SendState::LeftOut(_))
        {
            committed.state = SendState::Waiting;
        }
    }

    /// Notes that a change from [`Outbox::next_changes`] was not sent after all.
    pub fn note_not_sent(&mut self, item: &Item) {
        if let Some(committed) = self.committed_mut(item) {
            committed.times_sent = committed.times_sent.saturating_sub(1);
        }
    }

    /// Resolves a conflict with the file's value. The value is sent only if the server still has the value that was `shown` for
    /// the decision; otherwise there is a conflict again. `hats`: the user's hats on the server, if the item is an affiliation
    /// and they are known.
    pub fn keep_local(
        &mut self,
        item: &Item,
        shown: Option<ItemValue>,
        hats: Option<BTreeMap<HatId, HatValue>>,
    ) {
        if let Some(committed) = self.committed_mut(item)
            && matches!(committed.state, SendState::Changed { .. })
        {
            committed.expected = Some(KnownValue { value: shown });
            committed.expected_hats = hats.or(committed.expected_hats.take());
            committed.state = SendState::Waiting;
        }
    }

    /// Updates the server's value in a conflict that waits for a decision.
    pub fn update_conflict(&mut self, item: &Item, current: Option<ItemValue>) {
        if let Some(committed) = self.committed_mut(item)
            && let SendState::Changed { actual, .. } = &mut committed.state
        {
            *actual = current;
        }
    }

    /// Removes the changes of an item, because nothing is to be sent for it.
    pub fn forget(&mut self, item: &Item) {
        self.entries.remove(item);
    }

    /// Restores an item's change from `before`, an earlier state of this outbox, because the change that replaced it is not to
    /// be sent.
    pub fn restore(&mut self, item: &Item, before: &Self) {
        let before = before.entries.get(item);
        self.entry(item).committed = before.and_then(|entry| entry.committed.clone());
        self.remove_empty_entries();
    }

    /// Removes all changes, because the server's room is a different one or no longer known.
    pub fn clear(&mut self) {
        self.entries.clear();
    }

    /// The states of all changes.
    pub fn states(&self) -> impl Iterator<Item = (&Item, &SendState)> {
        self.entries.iter().map(|(item, entry)| (item, entry.state()))
    }

    /// The state of an item's change; `None` if there is none.
    pub fn state(&self, item: &Item) -> Option<&SendState> {
        self.entries.get(item).map(Entry::state)
    }

    /// Whether there are no changes.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Whether an item's change is prepared, waiting or unconfirmed; then the item is neither received nor updated in the base.
    pub fn is_in_flight(&self, item: &Item) -> bool {
        self.entries.get(item).is_some_and(|entry| {
            let is_unconfirmed = |committed: &Committed| {
                matches!(committed.state, SendState::Waiting | SendState::Answered(_))
            };
            entry.prepared.is_some() || entry.committed.as_ref().is_some_and(is_unconfirmed)
        })
    }

    /// Whether no change is left to be sent or confirmed automatically.
    pub fn is_finished(&self) -> bool {
        let is_finished = |entry: &Entry| {
            entry.prepared.is_none()
                && entry.committed.as_ref().is_none_or(|committed| {
                    !matches!(committed.state, SendState::Waiting | SendState::Answered(_))
                })
        };
        self.entries.values().all(is_finished)
    }

    /// Whether prepared changes were taken over or withdrawn, while the stored outbox may still have them as prepared.
    pub fn has_taken_over(&self) -> bool {
        !self.handled.is_empty()
    }

    /// Notes that this outbox was stored, so that the stored one no longer has the changes that were taken over or withdrawn as
    /// prepared.
    pub fn note_stored(&mut self) {
        self.handled.clear();
    }

    /// The entry of an item; created if it is missing.
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

    /// Removes the entries without changes.
    fn remove_empty_entries(&mut self) {
        self.entries
            .retain(|_, entry| entry.prepared.is_some() || entry.committed.is_some());
    }
}

impl Committed {
    /// Makes the value that the server acknowledged last the wanted one again, because the base lacks that value until a read
    /// confirms it, and a later change must expect it. Returns false if there is no such value, or values are in doubt.
    fn revert_to_answered(&mut self) -> bool {
        let (Some(expected), Some(before), true) =
            (&self.expected, self.before.last(), self.in_doubt.is_empty())
        else {
            return false;
        };
        self.wanted = expected.clone();
        self.state = SendState::Answered(before.answered);
        self.expected = None;
        true
    }
}

/// The value that a change expects on the server: the last acknowledged one, else that of the base; `None` if there is
/// neither an acknowledged value nor a base.
fn expected(committed: &Committed, base: Option<&Base>, item: &Item) -> Option<KnownValue> {
    match &committed.expected {
        Some(expected) => Some(expected.clone()),
        None => base.map(|base| KnownValue {
            value: base.value(item),
        }),
    }
}
