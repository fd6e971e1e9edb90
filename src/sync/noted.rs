//! Values that a server acknowledged and may still lose. These values are noted in the base, so that other accounts with the
//! same data file do not take them for changes that someone else made on the server.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::{AnswerTime, Item, ItemValue, RemoteRoom};

/// If a server does not say that it stored a change, the change is considered durable if the server still has it this
/// long after its answer.
pub const CONFIRM_AFTER: SignedDuration = SignedDuration::from_secs(3);

/// If the time of an answer is later than the current time by more than this, the clock was set back after the answer.
const MAX_CLOCK_DIFFERENCE: SignedDuration = SignedDuration::from_hours(1);

/// The age of an answer at the time `now`; negative if the answer came up to [`MAX_CLOCK_DIFFERENCE`] later than `now`. If
/// the clock was set back by more than that since, the age is unknown, and the answer counts as old, because it could take
/// too long until the clock reaches the time of the answer again.
pub(super) fn age(answered: Timestamp, now: Timestamp) -> SignedDuration {
    let age = now.duration_since(answered);
    if age < -MAX_CLOCK_DIFFERENCE {
        SignedDuration::MAX
    } else {
        age
    }
}

/// The answers that no read has confirmed yet, by item.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Vec<NotedAnswer>", into = "Vec<NotedAnswer>")]
pub struct NotedAnswers(BTreeMap<Item, NotedAnswer>);

/// The last unconfirmed answer about an item.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct NotedAnswer {
    item: Item,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    value: Option<ItemValue>,
    #[serde(flatten)]
    at: AnswerTime,
    /// Earlier unconfirmed values, one of which the server may have again if it loses the answered value.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    before: Vec<Option<ItemValue>>,
}

/// Maximum number of earlier values that are noted for an item.
const MAX_EARLIER_VALUES: usize = 16;

impl From<Vec<NotedAnswer>> for NotedAnswers {
    fn from(answers: Vec<NotedAnswer>) -> Self {
        let answers = answers.into_iter();
        Self(answers.map(|answer| (answer.item.clone(), answer)).collect())
    }
}

impl From<NotedAnswers> for Vec<NotedAnswer> {
    fn from(answers: NotedAnswers) -> Self {
        answers.0.into_values().collect()
    }
}

impl NotedAnswers {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn remove(&mut self, item: &Item) {
        self.0.remove(item);
    }

    /// Notes an answer. It replaces the item's noted answer, whose value is kept as an earlier value. An answer with the last
    /// confirmed value `base` is not noted if there are no earlier unconfirmed values.
    pub(super) fn note(
        &mut self,
        item: &Item,
        value: Option<ItemValue>,
        at: AnswerTime,
        base: Option<&ItemValue>,
    ) {
        let mut before = Vec::new();
        if let Some(earlier) = self.0.remove(item) {
            before = earlier.before;
            if earlier.value != value && !before.contains(&earlier.value) && before.len() < MAX_EARLIER_VALUES
            {
                before.push(earlier.value);
            }
        }
        if base != value.as_ref() || !before.is_empty() {
            let answer = NotedAnswer {
                item: item.clone(),
                value,
                at,
                before,
            };
            self.0.insert(item.clone(), answer);
        }
    }

    /// Whether the item's noted answer came at this time. If not, another session has updated the base since.
    pub(super) fn is_noted(&self, item: &Item, at: AnswerTime) -> bool {
        let noted = self.0.get(item);
        noted.is_some_and(|answer| answer.at.latest() == at.latest())
    }

    /// Whether an answer is noted for the item.
    pub(super) fn contains(&self, item: &Item) -> bool {
        self.0.contains_key(item)
    }

    /// Whether this is the value of the item's noted answer.
    pub(super) fn has_value(&self, item: &Item, value: Option<&ItemValue>) -> bool {
        self.0
            .get(item)
            .is_some_and(|answer| answer.value.as_ref() == value)
    }

    /// Iterates over the items with noted answers and their values, for a comparison with a room that was read. `base` returns
    /// the last confirmed values. If the read shows the last confirmed value or an earlier unconfirmed one, and `may_be_lost`
    /// is true for the time of the answer, that value is returned instead of the answered one.
    pub(super) fn values(
        &self,
        remote: &RemoteRoom,
        may_be_lost: impl Fn(AnswerTime) -> bool,
        base: impl Fn(&Item) -> Option<ItemValue>,
    ) -> impl Iterator<Item = (&Item, Option<ItemValue>)> {
        self.0.iter().map(move |(item, answer)| {
            let actual = remote.value(item);
            let is_lost = may_be_lost(answer.at)
                && remote.knows(item)
                && (actual == base(item) || answer.before.contains(&actual));
            (item, if is_lost { actual } else { answer.value.clone() })
        })
    }

    /// The answered values that a read which began at this time confirms.
    pub(super) fn confirmed(&self, remote: &RemoteRoom, began: Timestamp) -> Vec<(Item, Option<ItemValue>)> {
        let is_confirmed = |answer: &&NotedAnswer| {
            age(answer.at.latest(), began) >= CONFIRM_AFTER
                && remote.knows(&answer.item)
                && remote.value(&answer.item) == answer.value
        };
        let confirmed = self.0.values().filter(is_confirmed);
        confirmed
            .map(|answer| (answer.item.clone(), answer.value.clone()))
            .collect()
    }

    /// Keeps only the answers about items for which `is_kept` is true.
    pub(super) fn retain(&mut self, is_kept: impl Fn(&Item) -> bool) {
        self.0.retain(|item, _| is_kept(item));
    }

    /// Whether a read that began at this time is too early to confirm the item's answer.
    pub(super) fn is_fresh(&self, item: &Item, began: Timestamp) -> bool {
        let is_fresh = |answer: &NotedAnswer| age(answer.at.latest(), began) < CONFIRM_AFTER;
        self.0.get(item).is_some_and(is_fresh)
    }
}
