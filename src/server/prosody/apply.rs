//! Applies changes in batches of users. Each command compares and sets, and answers for each change.

use std::collections::BTreeMap;
use std::iter::Peekable;
use std::ops::ControlFlow;
use std::time::Instant;

use super::batch_size::BatchSize;
use super::codec::{InvalidWord, MAX_TEXT_BYTES, escape, hat_word, word_value};
use super::{Prosody, malformed, records, text};
use crate::model::{Affiliation, Jid};
use crate::server::backend::{Applied, ResultCallback, RoomChanges};
use crate::server::error::Error;
use crate::sync::{Condition, Item, ItemChange, ItemOutcome, ItemValue, Refusal, ServerClass};

/// Maximum size of the request of a command, in bytes.
const MAX_REQUEST_BYTES: usize = 256 << 10;

/// The changes of one command.
#[derive(Default)]
struct CommandBatch {
    request: String,
    /// Indices of its changes, in the order of the answers.
    changes: Vec<usize>,
}

impl Prosody {
    pub(super) fn apply_room(
        &mut self,
        work: usize,
        changes: &RoomChanges,
        on_result: ResultCallback<'_, Applied>,
    ) -> Result<(), Error> {
        let (users, refused) = self.requests(changes);
        let mut report = |outcomes: Vec<(usize, ItemOutcome)>, unsaved| {
            let flow = if outcomes.is_empty() {
                ControlFlow::Continue(())
            } else {
                on_result(Applied {
                    work,
                    outcomes,
                    unsaved,
                })
            };
            if flow.is_break() {
                Err(Error::Stopped)
            } else {
                Ok(())
            }
        };
        report(refused, None)?;
        let room = &changes.room;
        let begin = format!(
            "{} {} {} {}",
            escape(room.domain()),
            escape(room.as_str()),
            escape(&changes.actor),
            changes.created.as_deref().map_or("-".into(), escape)
        );
        let mut users = users.into_iter().peekable();
        let mut size = BatchSize::default();
        while users.peek().is_some() {
            let batch = CommandBatch::next(&mut users, size.users());
            let asked = Instant::now();
            let answer = self.call("apply", &format!("{begin};{}", batch.request));
            size.answered_after(asked.elapsed());
            let outcomes = answer.and_then(|answer| {
                let outcomes = outcomes(&answer, batch.changes.len());
                if outcomes.is_err() {
                    self.shell = None;
                }
                outcomes
            });
            let numbers = batch.changes.iter().copied();
            match outcomes {
                Ok((outcomes, unsaved)) => report(numbers.zip(outcomes).collect(), unsaved)?,
                // Nothing was requested.
                Err(error @ (Error::Away(_) | Error::Refused(_) | Error::NoHats(_) | Error::Stopped)) => {
                    return Err(error);
                }
                Err(error @ (Error::Lost(_) | Error::Malformed(_))) => {
                    // The server's error is more useful than the stop.
                    let _ = report(
                        numbers.map(|number| (number, ItemOutcome::Unknown)).collect(),
                        None,
                    );
                    return Err(error);
                }
            }
        }
        Ok(())
    }

    /// The requests by user, and changes that are refused without asking the server.
    fn requests<'a>(&self, changes: &'a RoomChanges) -> (Vec<UserRequests<'a>>, Vec<(usize, ItemOutcome)>) {
        let mut users: BTreeMap<&Jid, usize> = BTreeMap::new();
        let mut order: Vec<UserRequests<'a>> = Vec::new();
        let mut refused = Vec::new();
        let allowed = self.settings.allows(&changes.room);
        for (number, change) in changes.changes.iter().enumerate() {
            let request = if allowed {
                request(change)
            } else {
                Err(Condition::Forbidden)
            };
            match (request, change.item.user()) {
                (Ok(request), Some(user)) => {
                    let at = *users.entry(user).or_insert(order.len());
                    match order.get_mut(at) {
                        Some((_, requests)) => requests.push((number, request)),
                        None => order.push((user, vec![(number, request)])),
                    }
                }
                (Ok(_), None) => refused.push((number, refuse(Condition::FeatureNotImplemented))),
                (Err(condition), _) => refused.push((number, refuse(condition))),
            }
        }
        (order, refused)
    }
}

/// The requests of a user, with the indices of their changes.
type UserRequests<'a> = (&'a Jid, Vec<(usize, String)>);

impl CommandBatch {
    /// The next command, of at most so many users. All changes of a user are in one command, so that the room is notified of
    /// them once.
    fn next<'a>(users: &mut Peekable<impl Iterator<Item = UserRequests<'a>>>, most: usize) -> Self {
        let mut batch = Self::default();
        let mut count = 0;
        while let Some((user, requests)) = users.next_if(|(_, requests)| {
            let size: usize = requests.iter().map(|(_, request)| request.len() + 1).sum();
            count == 0 || count < most && batch.request.len() + size <= MAX_REQUEST_BYTES
        }) {
            count += 1;
            if !batch.request.is_empty() {
                batch.request.push(';');
            }
            batch.request.push_str("user ");
            batch.request.push_str(&escape(user.as_str()));
            for (number, request) in requests {
                batch.request.push(';');
                batch.request.push_str(&request);
                batch.changes.push(number);
            }
        }
        batch
    }
}

fn refuse(condition: Condition) -> ItemOutcome {
    ItemOutcome::Refused(Refusal::new(condition))
}

/// The records of a change, or why it is not sent.
fn request(change: &ItemChange) -> Result<String, Condition> {
    match &change.item {
        Item::Catalog { .. } => Err(Condition::FeatureNotImplemented),
        Item::Hat { hat, .. } => {
            let word = |value: &Option<ItemValue>| match value {
                None => Ok(hat_word(None)),
                Some(ItemValue::Hat(hat)) => Ok(hat_word(Some(hat))),
                Some(_) => Err(Condition::BadRequest),
            };
            if let Some(ItemValue::Hat(wanted)) = &change.wanted
                && !(sound(hat.as_str())
                    && !hat.as_str().is_empty()
                    && wanted.title.as_deref().is_none_or(sound))
            {
                return Err(Condition::NotAcceptable);
            }
            let (expected, wanted) = (word(&change.expected)?, word(&change.wanted)?);
            if hat.as_str().is_empty() {
                return Err(Condition::NotAcceptable);
            }
            Ok(format!("hat {} {expected} {wanted}", escape(hat.as_str())))
        }
        Item::Affiliation { .. } => affiliation_request(change),
    }
}

fn sound(text: &str) -> bool {
    text.len() <= MAX_TEXT_BYTES && ServerClass::Prosody.accepts_text(text)
}

fn affiliation_request(change: &ItemChange) -> Result<String, Condition> {
    let name = |value: &Option<ItemValue>| match value {
        None => Ok(Affiliation::None.as_str()),
        Some(ItemValue::Affiliation(affiliation)) => Ok(affiliation.as_str()),
        Some(_) => Err(Condition::BadRequest),
    };
    let hats = change.expected_hats.iter().flatten();
    let hats = hats.flat_map(|(id, hat)| {
        [
            "with ".to_owned(),
            escape(id.as_str()),
            " ".into(),
            hat_word(Some(hat)),
            ";".into(),
        ]
    });
    let whole = if change.expected_hats.is_some() {
        "whole;"
    } else {
        ""
    };
    let mut request: String = std::iter::once(whole.to_owned()).chain(hats).collect();
    for word in [
        "affiliation ",
        name(&change.expected)?,
        " ",
        name(&change.wanted)?,
    ] {
        request.push_str(word);
    }
    if let Some(reason) = change.reason.as_deref().filter(|reason| !reason.is_empty()) {
        if !sound(reason) {
            return Err(Condition::NotAcceptable);
        }
        request.push(' ');
        request.push_str(&escape(reason));
    }
    Ok(request)
}

/// The server's answers to the changes of a command, and why it could not save them.
fn outcomes(answer: &str, count: usize) -> Result<(Vec<ItemOutcome>, Option<String>), Error> {
    let mut outcomes = Vec::with_capacity(count);
    let refused = |condition, why: Option<String>| {
        let text = why.map(Into::into);
        ItemOutcome::Refused(Refusal { condition, text })
    };
    let all = |outcome: ItemOutcome| Ok((vec![outcome; count], None));
    let (mut saved, mut unsaved) = (false, None);
    for record in records(answer) {
        let words: Vec<&str> = record.split(' ').collect();
        outcomes.push(match words.as_slice() {
            ["gone"] if outcomes.is_empty() => return all(refuse(Condition::Gone)),
            // Reading tells that it was created again.
            ["another"] if outcomes.is_empty() => return all(ItemOutcome::Unknown),
            ["failed", why] if outcomes.is_empty() => {
                return all(refused(Condition::InternalServerError, Some(text(why))));
            }
            ["saved"] => {
                saved = true;
                continue;
            }
            ["unsaved", why] => {
                (saved, unsaved) = (true, Some(text(why)));
                continue;
            }
            ["ok"] => ItemOutcome::Done { saved: true },
            ["changed", word] => ItemOutcome::Changed {
                actual: word_value(word).map_err(|InvalidWord| malformed(record))?,
            },
            ["none"] => refused(
                Condition::ItemNotFound,
                Some("the user is not affiliated with the room".into()),
            ),
            ["bad"] => refuse(Condition::NotAcceptable),
            ["odd"] => refused(
                Condition::UndefinedCondition,
                Some("the value on the server is not a hat".into()),
            ),
            ["owner"] => refused(Condition::Conflict, Some("the room would have no owner".into())),
            ["refused", why] => {
                let why = text(why);
                refused(
                    Condition::from_name(&why).unwrap_or(Condition::UndefinedCondition),
                    Some(why),
                )
            }
            ["error", _] => ItemOutcome::Unknown,
            _ => return Err(malformed(record)),
        });
    }
    if outcomes.len() != count || !saved {
        return Err(Error::Malformed("not exactly one outcome for each change".into()));
    }
    if unsaved.is_some() {
        for outcome in &mut outcomes {
            if let ItemOutcome::Done { saved } = outcome {
                *saved = false;
            }
        }
    }
    Ok((outcomes, unsaved))
}
