//! Commits the changes that a plan receives, and notifies the server worker. If others have changed the data file
//! since the comparison, the server is first compared again.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::super::failure::Failure;
use super::super::open_store::CommitFailure;
use super::super::output::Output;
use super::session::LiveSession;
use crate::model::{EditError, EditGroup, Jid};
use crate::store::Change;
use crate::sync::{Decision, LocalRoom, Plan, RoomPlan, RoomState, ServerRequest, Status, server_actor};

/// The maximum number of attempts to commit or compare while others change the data file.
const MAX_ATTEMPTS: usize = 5;

/// A function that sets the decisions of a room's plan, before the plan is shown and applied.
type Decide<'a> = &'a dyn Fn(&mut RoomPlan);

/// A function that prints plans, asks whether to apply them, and returns the answer.
pub(super) type Ask<'a> = &'a dyn Fn(&[Arc<Plan>], &LiveSession<'_>, &mut Output) -> Result<bool, Failure>;

/// The outcome of receiving.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ReceiveOutcome {
    /// The changes are in the data file, which nobody else has changed since the plan was made.
    Received,
    /// The server could not be compared again; the reason was printed.
    Failed,
    /// The user declined the new plan.
    Canceled,
}

/// The part of a command that concerns one server.
pub(super) struct ServerPart<'a> {
    /// The index of the server in the session.
    pub(super) server_index: usize,
    /// The plan with all decisions.
    pub(super) plan: Arc<Plan>,
    /// For each room, the number of lines of the plan that were received.
    pub(super) received: BTreeMap<Jid, usize>,
    decide: Decide<'a>,
}

impl<'a> ServerPart<'a> {
    pub(super) fn new(server_index: usize, plan: Arc<Plan>, decide: Decide<'a>) -> Self {
        Self {
            server_index,
            plan: with_decisions(plan, decide),
            received: BTreeMap::new(),
            decide,
        }
    }

    /// Commits the changes that the plan receives, as one change by the server, and notifies the worker. If others have
    /// changed the data file, first compares again; if the new plan does more than the previous plan, calls `ask`.
    ///
    /// Errors: the changes could not be committed within [`MAX_ATTEMPTS`] rounds, because others kept changing the data
    /// file; the data file could not be read or written; Ctrl-C; `ask` failed.
    pub(super) fn receive(
        &mut self,
        session: &mut LiveSession<'_>,
        ask: Option<Ask>,
        out: &mut Output,
        status: &mut Status,
    ) -> Result<ReceiveOutcome, Failure> {
        for _ in 0..MAX_ATTEMPTS {
            if session.is_current(self.server_index)? {
                if self.commit(session, out)? && session.is_current(self.server_index)? {
                    return Ok(ReceiveOutcome::Received);
                }
                continue;
            }
            let plan = session.plan_again(self.server_index);
            let Some(plan) = session.plan_or_warn(self.server_index, plan, out, status)? else {
                return Ok(ReceiveOutcome::Failed);
            };
            let plan = with_decisions(plan, self.decide);
            let previous = std::mem::replace(&mut self.plan, plan);
            if let Some(ask) = ask
                && !is_within(&self.plan, &previous)
            {
                out.line("The data file was changed in the meantime. Compared again:")?;
                if !ask(std::slice::from_ref(&self.plan), session, out)? {
                    return Ok(ReceiveOutcome::Canceled);
                }
            }
        }
        Err(Failure::error(
            "the data file keeps changing; try again when other programs have finished writing it",
        ))
    }

    /// Commits the received changes and notifies the worker. Returns false after a conflict with a change by someone
    /// else.
    fn commit(&mut self, session: &mut LiveSession<'_>, out: &mut Output) -> Result<bool, Failure> {
        let mut group = EditGroup::default();
        for room in compared_rooms(&self.plan) {
            let edits = room.edits_to_receive(session.data.wardrobe().room(&room.room));
            group.0.extend(edits.0);
        }
        let change = Change {
            actor: Some(server_actor(session.name(self.server_index)).into()),
            accepted_removals: compared_rooms(&self.plan).any(RoomPlan::accepts_removals),
            ..Change::from(group)
        };
        if !change.group.is_empty() {
            match session.commit(change, out) {
                Ok(_) => {}
                Err(CommitFailure::Refused(EditError::Conflict { .. })) => return Ok(false),
                // In `pull` and `apply`, exit code 5 means that something is left to decide, so a locked file has code 1.
                Err(CommitFailure::Failed(failure)) if failure.code == 5 => {
                    return Err(Failure { code: 1, ..failure });
                }
                Err(error) => return Err(error.into()),
            }
        }
        for room in compared_rooms(&self.plan) {
            *self.received.entry(room.room.clone()).or_default() += room.counts().receive;
        }
        notify_received(session, self.server_index, &self.plan);
        Ok(true)
    }
}

fn compared_rooms(plan: &Plan) -> impl Iterator<Item = &RoomPlan> {
    plan.rooms.iter().filter(|room| room.state == RoomState::Compared)
}

/// Applies `decide` to all rooms of a plan.
fn with_decisions(mut plan: Arc<Plan>, decide: Decide) -> Arc<Plan> {
    for room in &mut Arc::make_mut(&mut plan).rooms {
        decide(room);
    }
    plan
}

/// Notifies the worker of the received changes, so that it updates the base.
fn notify_received(session: &LiveSession<'_>, server_index: usize, plan: &Plan) {
    let wardrobe = session.data.wardrobe();
    for room in compared_rooms(plan) {
        session.request(ServerRequest::Received {
            server: session.name(server_index).clone(),
            room: LocalRoom {
                room: room.room.clone(),
                local: wardrobe.room(&room.room).cloned(),
                is_requested: false,
            },
            revision: wardrobe.revision,
            received: room.received(),
            held: room.held(),
        });
    }
}

/// Whether a plan does nothing beyond the previous plan.
fn is_within(plan: &Plan, previous: &Plan) -> bool {
    plan.rooms.iter().all(|room| {
        let previous_room = previous.rooms.iter().find(|other| other.room == room.room);
        // The lines of both plans are in the same order.
        let mut previous_lines = previous_room.into_iter().flat_map(|room| &room.lines);
        let mut chosen_lines = room.lines.iter().filter(|line| line.decision != Decision::Skip);
        chosen_lines.all(|line| previous_lines.any(|previous| previous == line))
    })
}
