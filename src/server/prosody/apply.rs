//! Applies changes by commands, each for several users. A command compares and sets each value, and returns an answer to each
//! change.

use std::collections::BTreeMap;
use std::iter::Peekable;
use std::ops::ControlFlow;
use std::time::Instant;

use super::batch_size::BatchSize;
use super::codec::{InvalidWord, MAX_TEXT_BYTES, escape, hat_word, parse_value};
use super::{Prosody, display_text, malformed, records};
use crate::model::{Affiliation, Jid};
use crate::server::backend::{Applied, ResultCallback, RoomChanges};
use crate::server::error::Error;
use crate::sync::{Condition, Item, ItemChange, ItemOutcome, ItemValue, Refusal, ServerClass};

/// Maximum size of a command's request, in bytes, unless the request is for a single user.
const MAX_REQUEST_BYTES: usize = 256 << 10;

/// The changes of one command.
#[derive(Default)]
struct CommandBatch {
    request: String,
    /// The indices of the changes, in the order of the answers.
    changes: Vec<usize>,
}

impl Prosody {
    /// Applies the changes of one room. `work_index` is the index of the room's element in the work.
    pub(super) fn apply_room(
        &mut self,
        work_index: usize,
        changes: &RoomChanges,
        on_result: ResultCallback<'_, Applied>,
    ) -> Result<(), Error> {
        let (users, refused) = self.user_requests(changes);
        let mut report = |outcomes: Vec<(usize, ItemOutcome)>, unsaved| {
            let flow = if outcomes.is_empty() {
                ControlFlow::Continue(())
            } else {
                on_result(Applied {
                    work_index,
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
        let room_record = format!(
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
            let began = Instant::now();
            let answer = self.call("apply", &format!("{room_record};{}", batch.request));
            size.note_duration(began.elapsed());
            let outcomes = answer.and_then(|answer| {
                let outcomes = parse_outcomes(&answer, batch.changes.len());
                if outcomes.is_err() {
                    self.shell = None;
                }
                outcomes
            });
            let indices = batch.changes.iter().copied();
            match outcomes {
                Ok((outcomes, unsaved)) => report(indices.zip(outcomes).collect(), unsaved)?,
                // Nothing was requested.
                Err(error @ (Error::Away(_) | Error::Refused(_) | Error::NoHats(_) | Error::Stopped)) => {
                    return Err(error);
                }
                Err(error @ (Error::Lost(_) | Error::Malformed(_))) => {
                    // Even if the caller stops the call now, the server's error is returned, because it says more.
                    let _ = report(indices.map(|index| (index, ItemOutcome::Unknown)).collect(), None);
                    return Err(error);
                }
            }
        }
        Ok(())
    }

    /// Creates the requests of each user, and the outcomes of changes that are refused without asking the server.
    fn user_requests<'a>(
        &self,
        changes: &'a RoomChanges,
    ) -> (Vec<UserRequests<'a>>, Vec<(usize, ItemOutcome)>) {
        let mut positions: BTreeMap<&Jid, usize> = BTreeMap::new();
        let mut by_user: Vec<UserRequests<'a>> = Vec::new();
        let mut refused = Vec::new();
        let is_allowed = self.settings.allows(&changes.room);
        for (index, change) in changes.changes.iter().enumerate() {
            let request = if is_allowed {
                request(change)
            } else {
                Err(Condition::Forbidden)
            };
            match (request, change.item.user()) {
                (Ok(request), Some(user)) => {
                    let position = *positions.entry(user).or_insert(by_user.len());
                    match by_user.get_mut(position) {
                        Some((_, requests)) => requests.push((index, request)),
                        None => by_user.push((user, vec![(index, request)])),
                    }
                }
                (Ok(_), None) => refused.push((index, refused_as(Condition::FeatureNotImplemented))),
                (Err(condition), _) => refused.push((index, refused_as(condition))),
            }
        }
        (by_user, refused)
    }
}

/// The requests of a user, with the indices of their changes.
type UserRequests<'a> = (&'a Jid, Vec<(usize, String)>);

impl CommandBatch {
    /// Creates the next command, with at most `max_users` users. All changes of a user are in one command, so that
    /// the occupants of the room are notified of them once.
    fn next<'a>(users: &mut Peekable<impl Iterator<Item = UserRequests<'a>>>, max_users: usize) -> Self {
        let mut batch = Self::default();
        let mut count = 0;
        while let Some((user, requests)) = users.next_if(|(_, requests)| {
            let size: usize = requests.iter().map(|(_, request)| request.len() + 1).sum();
            count == 0 || count < max_users && batch.request.len() + size <= MAX_REQUEST_BYTES
        }) {
            count += 1;
            if !batch.request.is_empty() {
                batch.request.push(';');
            }
            batch.request.push_str("user ");
            batch.request.push_str(&escape(user.as_str()));
            for (index, request) in requests {
                batch.request.push(';');
                batch.request.push_str(&request);
                batch.changes.push(index);
            }
        }
        batch
    }
}

/// The outcome of a change that is refused, without a text.
fn refused_as(condition: Condition) -> ItemOutcome {
    ItemOutcome::Refused(Refusal::new(condition))
}

/// Encodes the request for a change as records, or returns why it is not sent.
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
                && !(is_storable(hat.as_str())
                    && !hat.as_str().is_empty()
                    && wanted.title.as_deref().is_none_or(is_storable))
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

/// Whether Prosody can store a text.
fn is_storable(text: &str) -> bool {
    text.len() <= MAX_TEXT_BYTES && ServerClass::Prosody.accepts_text(text)
}

/// Encodes the request for the change of an affiliation as records, or returns why it is not sent.
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
    let whole_record = if change.expected_hats.is_some() {
        "whole;"
    } else {
        ""
    };
    let mut request: String = std::iter::once(whole_record.to_owned()).chain(hats).collect();
    for word in [
        "affiliation ",
        name(&change.expected)?,
        " ",
        name(&change.wanted)?,
    ] {
        request.push_str(word);
    }
    if let Some(reason) = change.reason.as_deref().filter(|reason| !reason.is_empty()) {
        if !is_storable(reason) {
            return Err(Condition::NotAcceptable);
        }
        request.push(' ');
        request.push_str(&escape(reason));
    }
    Ok(request)
}

/// Parses the answer to a command with `count` changes: returns their outcomes, and why the server could not save the
/// changes, `None` if it saved them.
fn parse_outcomes(answer: &str, count: usize) -> Result<(Vec<ItemOutcome>, Option<String>), Error> {
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
            ["gone"] if outcomes.is_empty() => return all(refused_as(Condition::Gone)),
            // The room was created again, as the next read of the room will show.
            ["another"] if outcomes.is_empty() => return all(ItemOutcome::Unknown),
            ["failed", why] if outcomes.is_empty() => {
                return all(refused(Condition::InternalServerError, Some(display_text(why))));
            }
            ["saved"] => {
                saved = true;
                continue;
            }
            ["unsaved", why] => {
                (saved, unsaved) = (true, Some(display_text(why)));
                continue;
            }
            ["ok"] => ItemOutcome::Done { saved: true },
            ["changed", word] => ItemOutcome::Changed {
                actual: parse_value(word).map_err(|InvalidWord| malformed(record))?,
            },
            ["none"] => refused(
                Condition::ItemNotFound,
                Some("the user is not affiliated with the room".into()),
            ),
            ["bad"] => refused_as(Condition::NotAcceptable),
            ["odd"] => refused(
                Condition::UndefinedCondition,
                Some("the value on the server is not a hat".into()),
            ),
            ["owner"] => refused(Condition::Conflict, Some("the room would have no owner".into())),
            ["refused", why] => {
                let why = display_text(why);
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
