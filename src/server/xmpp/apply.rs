//! Applies changes: one command at a time in each room, and many rooms in parallel.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::ops::ControlFlow;

use super::change::{BatchEnd, RoomChanger};
use super::link::RequestSender;
use super::outcome::refuse;
use super::server_context::ServerContext;
use crate::server::backend::{Applied, ResultCallback, RoomChanges};
use crate::server::error::Error;
use crate::sync::{Condition, Item, ItemChange, ItemOutcome};

/// Maximum number of affiliations in a request. With ejabberd's usual rate limit, sending as many takes about two
/// seconds.
const MAX_AFFILIATIONS_PER_REQUEST: usize = 50;

/// Reports outcomes to the caller, and notes when the caller stops the call.
pub(super) struct OutcomeReporter<'a, 'b> {
    on_result: RefCell<ResultCallback<'a, Applied>>,
    work: &'b [RoomChanges],
    is_stopped: RefCell<bool>,
}

impl<'a, 'b> OutcomeReporter<'a, 'b> {
    pub(super) fn new(on_result: ResultCallback<'a, Applied>, work: &'b [RoomChanges]) -> Self {
        Self {
            on_result: RefCell::new(on_result),
            work,
            is_stopped: RefCell::new(false),
        }
    }

    /// Whether the caller stopped the call.
    pub(super) fn is_stopped(&self) -> bool {
        *self.is_stopped.borrow()
    }

    fn report(&self, work_index: usize, outcomes: Vec<(usize, ItemOutcome)>) {
        let applied = Applied {
            work_index,
            outcomes,
            unsaved: None,
        };
        let flow = (self.on_result.borrow_mut())(applied);
        if flow == ControlFlow::Break(()) {
            *self.is_stopped.borrow_mut() = true;
        }
    }
}

/// Applies all changes of a room in order. `work_indices` are the indices of the room's elements in the work.
///
/// Errors: the connection was lost, or the room does not answer.
pub(super) async fn apply_room(
    sender: &RequestSender,
    context: &ServerContext<'_>,
    work_indices: &[usize],
    reporter: &OutcomeReporter<'_, '_>,
) -> Result<(), Error> {
    for work_index in work_indices {
        let Some(work) = reporter.work.get(*work_index) else {
            continue;
        };
        let mut room = RoomChanger::new(sender, context, &work.room);
        if !context.has(&work.room) {
            let all = (0..work.changes.len()).map(|change| (change, refuse(Condition::Forbidden, None)));
            reporter.report(*work_index, all.collect());
            continue;
        }
        let mut start = 0;
        while start < work.changes.len() {
            if reporter.is_stopped() {
                return Ok(());
            }
            let rest = work.changes.get(start..).unwrap_or_default();
            let count = batch_len(rest);
            let (outcomes, end) = room.make_batch(rest.get(..count).unwrap_or_default()).await;
            let outcomes: Vec<_> = outcomes
                .into_iter()
                .enumerate()
                .map(|(change, outcome)| (start + change, outcome))
                .collect();
            let outcome_count = outcomes.len();
            if !outcomes.is_empty() {
                reporter.report(*work_index, outcomes);
            }
            match end {
                BatchEnd::Completed => start += count,
                BatchEnd::ConnectionLost(error) => return Err(error),
                BatchEnd::RoomFailed(outcome) => {
                    let all =
                        (start + outcome_count..work.changes.len()).map(|change| (change, outcome.clone()));
                    let all: Vec<_> = all.collect();
                    if !all.is_empty() {
                        reporter.report(*work_index, all);
                    }
                    break;
                }
                // The outcome is unknown. The other changes of this room were not requested.
                BatchEnd::NoAnswer => {
                    return Err(Error::Lost(format!(
                        "The server does not answer for {}.",
                        work.room
                    )));
                }
            }
        }
    }
    Ok(())
}

/// Number of changes at the beginning that are sent together: consecutive changes of the affiliations of different users
/// without expected hats; otherwise one change.
fn batch_len(changes: &[ItemChange]) -> usize {
    let mut users = BTreeSet::new();
    let affiliations = changes
        .iter()
        .take(MAX_AFFILIATIONS_PER_REQUEST)
        .take_while(|change| match &change.item {
            Item::Affiliation { user } => change.expected_hats.is_none() && users.insert(user),
            _ => false,
        });
    affiliations.count().max(1)
}
