//! Handles answers of the server, and the reads that confirm or contradict them.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::{
    Answered, Base, Before, CONFIRM_AFTER, Committed, Entry, Item, ItemChange, KnownValue, Outbox,
    ROLLBACK_PERIOD, SendState, Stream,
};
use crate::model::Room;
use crate::sync::noted::age;
use crate::sync::{AnswerTime, ItemOutcome, ItemValue, RemoteRoom, local_value};

/// Maximum number of earlier values that are kept for an item.
const MAX_EARLIER_VALUES: usize = 16;

/// An update of the base: an item and the last value that both sides had.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BaseUpdate {
    /// The item.
    pub item: Item,
    /// The value; `None` if neither side had the item.
    pub value: Option<ItemValue>,
}

/// The result of a read for an acknowledged change.
enum ReadBack {
    /// Nothing is known yet: the read began too early, or the item was not read.
    Undecided,
    /// The server has the wanted value.
    Present,
    /// The server has a value from before the change again, because it lost the change.
    Lost,
    /// Someone changed the item after the answer.
    ChangedSince,
    /// The server has another value. It is not known whether the server lost the change or someone changed the item.
    Different,
}

impl Outbox {
    /// Handles the outcome of a change from [`Outbox::next_changes`], answered `at` this time on this connection. Returns the
    /// update of the base, if any, to be made once the outbox is durable.
    pub fn answer(
        &mut self,
        change: &ItemChange,
        outcome: &ItemOutcome,
        at: AnswerTime,
        stream: Stream,
    ) -> Option<BaseUpdate> {
        let confirms_storage = self.class.confirms_storage();
        let committed = self.committed_mut(&change.item)?;
        let sent = KnownValue {
            value: change.wanted.clone(),
        };
        let previous = KnownValue {
            value: change.expected.clone(),
        };
        let answered = Answered {
            at,
            stream: stream.number,
        };
        let is_current = committed.wanted == sent && committed.state == SendState::Waiting;
        let before = Before {
            value: previous,
            answered,
        };
        match outcome {
            // The server has the value, but loses it when it restarts. A read would show the value and prove nothing, so the
            // change is sent again.
            ItemOutcome::Done { saved: false } if confirms_storage => {
                committed.mark_in_doubt(sent);
                None
            }
            ItemOutcome::Done { saved } => {
                committed.in_doubt.clear();
                committed.remember(before);
                if !is_current {
                    // The file has another value now. The change to that value is sent next, and expects this value.
                    committed.expected = Some(sent);
                } else if *saved {
                    // The server can no longer lose the value. If it has an earlier value later, someone changed the item.
                    committed.before.clear();
                    committed.state = SendState::Confirmed(answered);
                } else {
                    committed.state = SendState::Answered(answered);
                }
                saved.then(|| BaseUpdate {
                    item: change.item.clone(),
                    value: change.wanted.clone(),
                })
            }
            ItemOutcome::Changed { actual } => {
                let actual = KnownValue {
                    value: actual.clone(),
                };
                committed.handle_changed(actual, is_current, before, stream);
                None
            }
            ItemOutcome::Refused(refusal) if is_current => {
                committed.state = SendState::Refused(refusal.clone());
                None
            }
            ItemOutcome::Refused(_) => None,
            ItemOutcome::Unknown => {
                committed.mark_in_doubt(sent);
                None
            }
        }
    }

    /// Handles a read of the room that began at this time on this connection: finds the changes that are confirmed, the changes
    /// that the server lost and that are to be sent again, and the items that others changed since. Returns the updates of
    /// the base.
    ///
    /// Must be called before the read is merged, because the merge receives the changes of others.
    pub fn read_back(
        &mut self,
        remote: &RemoteRoom,
        base: Option<&Base>,
        began: Timestamp,
        stream: Stream,
    ) -> Vec<BaseUpdate> {
        let mut updates = Vec::new();
        for entry in self.entries.values_mut() {
            let Some(committed) = &mut entry.committed else {
                continue;
            };
            let (SendState::Answered(answered) | SendState::Confirmed(answered)) = committed.state else {
                continue;
            };
            let was_confirmed = matches!(committed.state, SendState::Confirmed(_));
            let earlier_updates = updates.len();
            let is_implied = committed.implied;
            let update_to = |wanted: &KnownValue| BaseUpdate {
                item: entry.item.clone(),
                value: wanted.value.clone(),
            };
            // If the answer is not noted, another session has updated the base, perhaps with a later change.
            let is_last = base.is_none_or(|base| base.is_noted(&entry.item, answered.at));
            match interpret_read(&entry.item, committed, answered, remote, (began, stream)) {
                ReadBack::Undecided => {}
                ReadBack::Present => {
                    if is_last {
                        updates.push(update_to(&committed.wanted));
                    }
                    committed.state = SendState::Confirmed(answered);
                    committed.before.clear();
                    // The answer is so old that the server can no longer lose the change, so nothing is remembered.
                    if age(answered.at.latest(), began) > ROLLBACK_PERIOD {
                        entry.committed = None;
                    }
                }
                ReadBack::Lost => {
                    let actual = KnownValue {
                        value: remote.value(&entry.item),
                    };
                    updates.push(update_to(&actual));
                    committed.expected = Some(actual);
                    committed.state = SendState::Waiting;
                }
                ReadBack::ChangedSince => {
                    if is_last {
                        updates.push(update_to(&committed.wanted));
                    }
                    entry.committed = None;
                }
                ReadBack::Different => {
                    if was_confirmed && is_last {
                        updates.push(update_to(&committed.wanted));
                    }
                    entry.committed = None;
                }
            }
            if is_implied {
                // An implied entry never becomes part of the base: its absence from the file must not delete it on the server.
                updates.truncate(earlier_updates);
            }
        }
        self.remove_empty_entries();
        updates
    }

    /// Iterates over the items with values that the server acknowledged and no read has confirmed, without implied entries. A
    /// later change of such an item expects this value on the server.
    pub fn answered(&self) -> impl Iterator<Item = (&Item, Option<&ItemValue>, Answered)> {
        self.entries.iter().filter_map(|(item, entry)| {
            let committed = entry.committed.as_ref()?;
            match committed.state {
                SendState::Answered(answered) if !committed.implied => {
                    Some((item, committed.wanted.value.as_ref(), answered))
                }
                _ => None,
            }
        })
    }

    /// Finds the waiting items whose wanted value both sides have, but which the server may lose when it restarts, because it
    /// never said that it stored the value. Only sending the item again shows whether the value is stored. The result is empty
    /// for servers that never say so.
    pub fn not_stored(&self, remote: &RemoteRoom, local: &Room) -> BTreeSet<Item> {
        let may_be_lost = |(item, entry): (&Item, &Entry)| {
            let committed = entry.committed.as_ref().filter(|_| entry.prepared.is_none())?;
            let value = &committed.wanted.value;
            let in_doubt =
                committed.state == SendState::Waiting && committed.in_doubt.contains(&committed.wanted);
            let both_have_value =
                remote.value(item) == *value && local_value(self.class, local, item) == *value;
            (in_doubt && both_have_value).then(|| item.clone())
        };
        let confirms = self.class.confirms_storage();
        self.entries
            .iter()
            .filter(|_| confirms)
            .filter_map(may_be_lost)
            .collect()
    }

    /// Removes confirmed changes that were answered so long ago that a server cannot lose them.
    pub fn expire(&mut self, now: Timestamp) {
        let is_old = |committed: &mut Committed| match committed.state {
            SendState::Confirmed(answered) => age(answered.at.latest(), now) > ROLLBACK_PERIOD,
            _ => false,
        };
        for entry in self.entries.values_mut() {
            entry.committed.take_if(is_old);
        }
        self.remove_empty_entries();
    }
}

/// Interprets a read that `began` at this time for an acknowledged change.
fn interpret_read(
    item: &Item,
    committed: &Committed,
    answered: Answered,
    remote: &RemoteRoom,
    (began, stream): (Timestamp, Stream),
) -> ReadBack {
    let is_recent = age(answered.at.earliest(), began) <= ROLLBACK_PERIOD;
    let age = age(answered.at.latest(), began);
    let is_confirmed = matches!(committed.state, SendState::Confirmed(_));
    // A read that began before the answer shows nothing. If the clock was set back a little, later reads also seem to have
    // begun before the answer.
    if !remote.knows(item) || age.is_negative() {
        return ReadBack::Undecided;
    }
    let actual = KnownValue {
        value: remote.value(item),
    };
    let cannot_be_lost = !stream.may_have_lost_answer(answered);
    let is_earlier_value = committed.before.iter().any(|before| before.value == actual);
    if actual != committed.wanted && !cannot_be_lost && is_earlier_value && is_recent {
        // A loss is certain even if the answer is recent.
        ReadBack::Lost
    } else if !is_confirmed && age < CONFIRM_AFTER {
        ReadBack::Undecided
    } else if actual == committed.wanted {
        ReadBack::Present
    } else if cannot_be_lost {
        ReadBack::ChangedSince
    } else {
        ReadBack::Different
    }
}

impl Stream {
    /// Whether the server may have lost the change that it acknowledged by this answer.
    fn may_have_lost_answer(self, answered: Answered) -> bool {
        self.number != answered.stream && self.may_have_lost(answered.at)
    }
}

impl Committed {
    /// Notes that the server may have this value, or may lose this value.
    fn mark_in_doubt(&mut self, sent: KnownValue) {
        if !self.in_doubt.contains(&sent) {
            self.in_doubt.push(sent);
        }
    }

    /// Remembers the server's value before an answer, and forgets older ones than [`ROLLBACK_PERIOD`]. Several values are
    /// remembered, because a server that crashes can lose several changes.
    fn remember(&mut self, before: Before) {
        let answer_time = before.answered.at.earliest();
        self.before
            .retain(|old| answer_time.duration_since(old.answered.at.earliest()) <= ROLLBACK_PERIOD);
        if self.before.len() >= MAX_EARLIER_VALUES {
            self.before.remove(0);
        }
        self.before.push(before);
    }

    /// Handles an answer by which the server had the value `actual` and not the expected one. `is_current`: the sent change is
    /// still the one that waits.
    fn handle_changed(&mut self, actual: KnownValue, is_current: bool, expected: Before, stream: Stream) {
        let answered = expected.answered;
        let is_lost = self.before.iter().any(|before| {
            let (now, then) = (answered.at.earliest(), before.answered.at.earliest());
            let age = now.duration_since(then);
            before.value == actual && stream.may_have_lost_answer(before.answered) && age <= ROLLBACK_PERIOD
        });
        if actual == self.wanted && self.state == SendState::Waiting {
            // An answer was lost, or someone made the same change. A read will confirm the value.
            self.in_doubt.clear();
            self.state = SendState::Answered(answered);
        } else if self.in_doubt.contains(&actual) {
            // The server has a value that this account sent without getting an answer. It is the expected one now. The value
            // before may come back.
            self.expected = Some(actual);
            self.in_doubt.clear();
            self.remember(expected);
        } else if is_lost {
            // The server lost a change that it had acknowledged.
            self.expected = Some(actual);
            self.in_doubt.clear();
        } else if is_current {
            self.state = SendState::Changed {
                actual: actual.value,
                expected: expected.value.value,
            };
        }
    }
}
