//! Answers of the server, and reads that confirm them.

use jiff::Timestamp;

use super::{
    Answered, Base, Before, CONFIRM_AFTER, Committed, Item, ItemChange, Outbox, ROLLBACK_PERIOD, SendState,
    Wanted,
};
use crate::sync::{ItemOutcome, ItemValue, RemoteRoom};

/// So many values before are remembered for an item.
const MOST_BEFORE: usize = 16;

/// A step of the base: both sides have this now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BaseMove {
    /// The item.
    pub item: Item,
    /// What both have; `None`: neither has it.
    pub value: Option<ItemValue>,
}

/// What a read says of an answered change.
enum Seen {
    /// It is too early to say, or the item was not read.
    Nothing,
    /// The server has it.
    There,
    /// The server lost it.
    Lost,
    /// Somebody changed it after.
    ChangedSince,
    /// It is not there, and it is no longer known since when.
    NotThere,
}

impl Outbox {
    /// Takes what came of a change that [`Outbox::next`] gave, at this time and on this connection. Gives the step of the
    /// base, to be made when the outbox is durable.
    pub fn answer(
        &mut self,
        change: &ItemChange,
        outcome: &ItemOutcome,
        now: Timestamp,
        stream: u64,
    ) -> Option<BaseMove> {
        let committed = self.committed_mut(&change.item)?;
        let sent = Wanted {
            value: change.wanted.clone(),
        };
        let had = Wanted {
            value: change.expected.clone(),
        };
        let answered = Answered { time: now, stream };
        let is_current = committed.wanted == sent && committed.state == SendState::Waiting;
        let before = Before {
            wanted: had,
            answered,
        };
        match outcome {
            ItemOutcome::Done { saved } => {
                committed.in_doubt.clear();
                committed.remember(before);
                if !is_current {
                    // The file has another value by now, which is sent against this one.
                    committed.expected = Some(sent);
                } else if *saved {
                    committed.state = SendState::Confirmed(answered);
                } else {
                    committed.state = SendState::Answered(answered);
                }
                saved.then(|| BaseMove {
                    item: change.item.clone(),
                    value: change.wanted.clone(),
                })
            }
            ItemOutcome::Changed { actual } => {
                let actual = Wanted {
                    value: actual.clone(),
                };
                committed.take_changed(actual, is_current, before);
                None
            }
            ItemOutcome::Refused(refusal) if is_current => {
                committed.state = SendState::Refused(refusal.clone());
                None
            }
            ItemOutcome::Refused(_) => None,
            ItemOutcome::Unknown => {
                if !committed.in_doubt.contains(&sent) {
                    committed.in_doubt.push(sent);
                }
                None
            }
        }
    }

    /// Takes a read of the room that began at this time on this connection: what it confirms, what the server lost and is
    /// sent again, what somebody changed since. Gives the steps of the base.
    ///
    /// Is to be called before the read is merged: what somebody changed since is received by that merge.
    pub fn read_back(
        &mut self,
        remote: &RemoteRoom,
        base: Option<&Base>,
        began: Timestamp,
        stream: u64,
    ) -> Vec<BaseMove> {
        let mut moves = Vec::new();
        for entry in self.entries.values_mut() {
            let Some(committed) = &mut entry.committed else {
                continue;
            };
            let (SendState::Answered(answered) | SendState::Confirmed(answered)) = committed.state else {
                continue;
            };
            let sure = matches!(committed.state, SendState::Confirmed(_));
            let move_to = |wanted: &Wanted| BaseMove {
                item: entry.item.clone(),
                value: wanted.value.clone(),
            };
            match seen(&entry.item, committed, answered, remote, (began, stream)) {
                Seen::Nothing => {}
                Seen::There => {
                    if expected_base(base, &entry.item).as_ref() != Some(&committed.wanted) {
                        moves.push(move_to(&committed.wanted));
                    }
                    committed.state = SendState::Confirmed(answered);
                    // Old enough, and surely there: nothing has to be remembered.
                    if began.duration_since(answered.time) > ROLLBACK_PERIOD {
                        entry.committed = None;
                    }
                }
                Seen::Lost => {
                    let actual = Wanted {
                        value: remote.value(&entry.item),
                    };
                    moves.push(move_to(&actual));
                    committed.expected = Some(actual);
                    committed.state = SendState::Waiting;
                }
                Seen::ChangedSince => {
                    moves.push(move_to(&committed.wanted));
                    entry.committed = None;
                }
                Seen::NotThere => {
                    if sure {
                        moves.push(move_to(&committed.wanted));
                    }
                    entry.committed = None;
                }
            }
        }
        self.tidy();
        moves
    }

    /// Forgets what was confirmed longer ago than a server can lose it.
    pub fn expire(&mut self, now: Timestamp) {
        let old = |committed: &mut Committed| match committed.state {
            SendState::Confirmed(answered) => now.duration_since(answered.time) > ROLLBACK_PERIOD,
            _ => false,
        };
        for entry in self.entries.values_mut() {
            entry.committed.take_if(old);
        }
        self.tidy();
    }
}

fn expected_base(base: Option<&Base>, item: &Item) -> Option<Wanted> {
    base.map(|base| Wanted {
        value: base.value(item),
    })
}

fn seen(
    item: &Item,
    committed: &Committed,
    answered: Answered,
    remote: &RemoteRoom,
    (began, stream): (Timestamp, u64),
) -> Seen {
    let age = began.duration_since(answered.time);
    let confirmed = matches!(committed.state, SendState::Confirmed(_));
    // A read that began before the answer says nothing. A clock that was set back says nothing either, for a while.
    if !remote.knows(item) || age.is_negative() || (!confirmed && age < CONFIRM_AFTER) {
        return Seen::Nothing;
    }
    let actual = Wanted {
        value: remote.value(item),
    };
    let same_stream = stream == answered.stream;
    let had = committed.before.iter().any(|before| before.wanted == actual);
    if actual == committed.wanted {
        Seen::There
    } else if same_stream {
        Seen::ChangedSince
    } else if had && age <= ROLLBACK_PERIOD {
        Seen::Lost
    } else {
        Seen::NotThere
    }
}

impl Committed {
    /// What the server had before an answer. A server that falls over can lose several.
    fn remember(&mut self, before: Before) {
        let now = before.answered.time;
        self.before
            .retain(|old| now.duration_since(old.answered.time) <= ROLLBACK_PERIOD);
        if self.before.len() >= MOST_BEFORE {
            self.before.remove(0);
        }
        self.before.push(before);
    }

    /// The server had something else than expected.
    fn take_changed(&mut self, actual: Wanted, is_current: bool, expected: Before) {
        let answered = expected.answered;
        let was_before = self.before.iter().any(|before| {
            let age = answered.time.duration_since(before.answered.time);
            before.wanted == actual && before.answered.stream != answered.stream && age <= ROLLBACK_PERIOD
        });
        if actual == self.wanted && self.state == SendState::Waiting {
            // An answer that was lost, or somebody did the same. A read confirms it.
            self.in_doubt.clear();
            self.state = SendState::Answered(answered);
        } else if self.in_doubt.contains(&actual) {
            // Our own, unanswered: it goes against that. What was there before it may come back.
            self.expected = Some(actual);
            self.in_doubt.clear();
            self.remember(expected);
        } else if was_before {
            // The server lost what it answered.
            self.expected = Some(actual);
            self.in_doubt.clear();
        } else if is_current {
            self.state = SendState::Changed { actual: actual.value };
        }
    }
}
