//! Commits the changes that a plan receives, and notifies the server's worker. If others change the data file
//! meanwhile, the server is first compared again.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::super::failure::Failure;
use super::super::open_store::CommitFailure;
use super::super::output::Output;
use super::session::LiveSession;
use crate::model::{EditError, Group, Jid};
use crate::store::Change;
use crate::sync::{Decision, LocalRoom, Plan, RoomPlan, RoomState, ServerRequest, Status, server_actor};

/// How often committing or comparing is tried while others change the data file.
const MAX_ATTEMPTS: usize = 5;

/// Sets the decisions of a room's plan before it is applied.
type Decide<'a> = &'a dyn Fn(&mut RoomPlan);

/// Prints plans, asks whether to apply them, and returns the answer.
pub(super) type Ask<'a> = &'a dyn Fn(&[Arc<Plan>], &LiveSession<'_>, &mut Output) -> Result<bool, Failure>;

/// The outcome of receiving.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ReceiveOutcome {
    /// The changes are in the data file, which nobody else has changed since the plan was made.
    Current,
    /// The server could not be compared again; the reason was printed.
    Failed,
    /// The user declined the new plan.
    Canceled,
}

/// The part of a command that concerns one server.
pub(super) struct ServerPart<'a> {
    /// The server's number in the session.
    pub(super) number: usize,
    /// The plan with all decisions.
    pub(super) plan: Arc<Plan>,
    /// The number of plan lines of each room that were received.
    pub(super) received: BTreeMap<Jid, usize>,
    decide: Decide<'a>,
}

impl<'a> ServerPart<'a> {
    pub(super) fn new(number: usize, plan: Arc<Plan>, decide: Decide<'a>) -> Self {
        Self {
            number,
            plan: with_decisions(plan, decide),
            received: BTreeMap::new(),
            decide,
        }
    }

    /// Commits the changes that the plan receives, as one change by the server, and notifies the worker. If others
    /// changed the data file, first compares again; then `ask` is called if the new plan does more than the one that
    /// was shown.
    ///
    /// Errors: the data file was changed in all [`MAX_ATTEMPTS`] attempts, or could not be written.
    pub(super) fn receive(
        &mut self,
        session: &mut LiveSession<'_>,
        ask: Option<Ask>,
        out: &mut Output,
        status: &mut Status,
    ) -> Result<ReceiveOutcome, Failure> {
        for _ in 0..MAX_ATTEMPTS {
            if session.is_current(self.number)? {
                if self.commit(session, out)? && session.is_current(self.number)? {
                    return Ok(ReceiveOutcome::Current);
                }
                continue;
            }
            let plan = session.plan_again(self.number);
            let Some(plan) = session.plan_or_warn(self.number, plan, out, status)? else {
                return Ok(ReceiveOutcome::Failed);
            };
            let plan = with_decisions(plan, self.decide);
            let shown = std::mem::replace(&mut self.plan, plan);
            if let Some(ask) = ask
                && !is_within(&self.plan, &shown)
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
        let mut group = Group::default();
        for room in linked(&self.plan) {
            let edits = room.receiving(session.data.wardrobe().room(&room.room));
            group.0.extend(edits.0);
        }
        let change = Change {
            actor: Some(server_actor(session.name(self.number)).into()),
            accepted_removals: linked(&self.plan).any(RoomPlan::accepts_removals),
            ..Change::from(group)
        };
        if !change.group.is_empty() {
            match session.commit(change, out) {
                Ok(_) => {}
                Err(CommitFailure::Refused(EditError::Conflict { .. })) => return Ok(false),
                // In these commands, exit code 5 means that something is left to decide.
                Err(CommitFailure::Failed(failure)) if failure.code == 5 => {
                    return Err(Failure { code: 1, ..failure });
                }
                Err(error) => return Err(error.into()),
            }
        }
        for room in linked(&self.plan) {
            *self.received.entry(room.room.clone()).or_default() += room.counts().receive;
        }
        notify_received(session, self.number, &self.plan);
        Ok(true)
    }
}

fn linked(plan: &Plan) -> impl Iterator<Item = &RoomPlan> {
    plan.rooms.iter().filter(|room| room.state == RoomState::Linked)
}

/// Applies `decide` to all rooms of a plan.
fn with_decisions(mut plan: Arc<Plan>, decide: Decide) -> Arc<Plan> {
    for room in &mut Arc::make_mut(&mut plan).rooms {
        decide(room);
    }
    plan
}

/// Notifies the worker of the received changes, so that it updates the base.
fn notify_received(session: &LiveSession<'_>, number: usize, plan: &Plan) {
    let wardrobe = session.data.wardrobe();
    for room in linked(plan) {
        session.request(ServerRequest::Received {
            server: session.name(number).clone(),
            room: LocalRoom {
                room: room.room.clone(),
                local: wardrobe.room(&room.room).cloned(),
                take: false,
            },
            revision: wardrobe.revision,
            received: room.received(),
            held: room.held(),
        });
    }
}

/// Whether a plan does nothing beyond the plan that was shown.
fn is_within(plan: &Plan, shown: &Plan) -> bool {
    plan.rooms.iter().all(|room| {
        let shown = shown.rooms.iter().find(|shown| shown.room == room.room);
        // Lines of two plans have the same order.
        let mut shown = shown.into_iter().flat_map(|shown| &shown.lines);
        let mut done = room.lines.iter().filter(|line| line.decision != Decision::Skip);
        done.all(|line| shown.any(|shown| shown == line))
    })
}
