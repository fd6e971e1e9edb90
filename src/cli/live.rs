//! `hatrack pull`, `plan` and `apply`: rooms of the data file and of live servers.

pub(super) mod password;
mod progress;
mod rooms;
mod session;
mod text;

use std::io::{IsTerminal as _, Write as _};
use std::sync::Arc;

use self::rooms::Selected;
use self::session::{Session, Stopped};
use super::args::{ApplyArgs, PlanArgs, PullArgs};
use super::context::SessionContext;
use super::failure::Failure;
use super::open_store::CommitFailure;
use super::output::Output;
use crate::app::describe;
use crate::model::{EditError, Group, write};
use crate::store::{Change, SentChanges};
use crate::sync::{
    Affiliations, LocalRoom, OtherRooms, Plan, Report, RoomPlan, RoomReport, RoomState, ServerRequest,
    Status, server_actor,
};

/// How often a server is compared again because the data file was changed meanwhile.
const MAX_ATTEMPTS: usize = 5;
/// The exit code after Ctrl-C.
const INTERRUPTED: u8 = 130;

/// What is decided of a plan before it is applied.
type Decide<'a> = &'a dyn Fn(&mut RoomPlan);

pub(super) fn pull(args: &PullArgs, context: &SessionContext, out: &mut Output) -> Result<(), Failure> {
    let mut session = Session::open(context, &args.rooms)?;
    session.data.check_writable()?;
    let plans = session.plan_all(OtherRooms::Take, None);
    let decide = |plan: &mut RoomPlan| {
        if args.take_removals {
            plan.take_removals();
        }
        if args.replace {
            plan.replace();
        }
        plan.receive_only();
    };
    let mut status = Status::Done;
    for (number, plan) in plans.into_iter().enumerate() {
        let Some(plan) = session.planned(number, plan, out, &mut status)? else {
            continue;
        };
        let (plan, received) = session.receive(number, plan, OtherRooms::Take, &decide, out)?;
        let reports = received_reports(&plan, &received);
        text::report(&plan, &reports, out)?;
        status = status.min(reports.status());
    }
    end(status)
}

pub(super) fn plan(args: &PlanArgs, context: &SessionContext, out: &mut Output) -> Result<(), Failure> {
    let mut session = Session::open(context, &args.rooms)?;
    let plans = session.plan_all(OtherRooms::List, None);
    let mut status = Status::Done;
    let mut all = Vec::new();
    for (number, plan) in plans.into_iter().enumerate() {
        let Some(plan) = session.planned(number, plan, out, &mut status)? else {
            continue;
        };
        status = status.min(plan.status());
        if args.json {
            out.json(&write::pretty(&*plan))?;
        }
        all.push(plan);
    }
    if !args.json {
        text::plans(&all, session.data.wardrobe(), out)?;
    }
    end(status)
}

pub(super) fn apply(args: &ApplyArgs, context: &SessionContext, out: &mut Output) -> Result<(), Failure> {
    let mut session = Session::open(context, &args.rooms)?;
    session.data.check_writable()?;
    let affiliations = args.affiliations.then_some(Affiliations::Manage);
    let plans = session.plan_all(OtherRooms::List, affiliations);
    let decide = |plan: &mut RoomPlan| {
        if args.take_removals {
            plan.take_removals();
        }
        if let Some(side) = args.prefer {
            plan.prefer(side.into());
        }
    };
    let mut status = Status::Done;
    let mut all = Vec::new();
    for (number, plan) in plans.into_iter().enumerate() {
        if let Some(mut plan) = session.planned(number, plan, out, &mut status)? {
            decided(&mut plan, &decide);
            all.push((number, plan));
        }
    }
    let shown: Vec<Arc<Plan>> = all.iter().map(|(_, plan)| plan.clone()).collect();
    let to_do = shown.iter().map(|plan| plan.counts());
    let to_do: usize = to_do.map(|counts| counts.send + counts.receive).sum();
    if !args.yes {
        text::plans(&shown, session.data.wardrobe(), out)?;
        if to_do > 0 && !confirm(to_do, out)? {
            out.line("Canceled: nothing was changed")?;
            let left = shown.iter().map(|plan| plan.status()).min();
            return end(status.min(left.unwrap_or(Status::Done)));
        }
    }
    for (number, plan) in all {
        let (plan, received) = session.receive(number, plan, OtherRooms::List, &decide, out)?;
        let (report, stopped) = session.send(number, &plan)?;
        let reports = joined(report, &received);
        session.record(&reports, out)?;
        text::report(&plan, &reports, out)?;
        status = status.min(reports.status());
        if stopped {
            out.warn("stopped; what was on its way is answered, and the next apply goes on")?;
            return Err(Failure::with_code(INTERRUPTED, ""));
        }
    }
    end(status)
}

/// Takes decisions on all rooms.
fn decided(plan: &mut Arc<Plan>, decide: Decide) {
    for room in &mut Arc::make_mut(plan).rooms {
        decide(room);
    }
}

/// The exit code of a status.
fn end(status: Status) -> Result<(), Failure> {
    match status.exit_code() {
        0 => Ok(()),
        code => Err(Failure::with_code(code, "")),
    }
}

/// Asks on the terminal. Without one, nothing is applied.
fn confirm(changes: usize, out: &mut Output) -> Result<bool, Failure> {
    out.flush()?;
    let changes = describe::count(changes, "change");
    if !std::io::stdin().is_terminal() || !std::io::stderr().is_terminal() {
        return Err(Failure::usage(format!(
            "{changes} not applied: there is no terminal to ask on; use apply --yes"
        )));
    }
    let _ = write!(std::io::stderr(), "Apply {changes}? [y/N] ");
    let mut answer = String::new();
    let read = std::io::stdin().read_line(&mut answer);
    Ok(read.is_ok() && matches!(answer.trim(), "y" | "Y" | "yes" | "Yes"))
}

/// How many lines of each room the file got, and why a room got none.
type Received = Vec<(crate::model::Jid, Result<usize, String>)>;

fn received_reports(plan: &Plan, received: &Received) -> Report {
    let report = Report {
        server: plan.server.clone(),
        rooms: plan.rooms.iter().map(RoomReport::new).collect(),
    };
    joined(report, received)
}

fn joined(mut report: Report, received: &Received) -> Report {
    for room in &mut report.rooms {
        let of_room = received.iter().find(|(there, _)| *there == room.room);
        match of_room.map(|(_, result)| result) {
            Some(Ok(lines)) => room.received = *lines,
            Some(Err(error)) => drop(room.error.get_or_insert_with(|| error.clone())),
            None => {}
        }
    }
    report
}

impl Session<'_> {
    /// The plan of a server; what failed is said, and the others go on.
    fn planned(
        &self,
        number: usize,
        plan: Result<Arc<Plan>, Stopped>,
        out: &mut Output,
        status: &mut Status,
    ) -> Result<Option<Arc<Plan>>, Failure> {
        match plan {
            Ok(plan) => Ok(Some(plan)),
            Err(Stopped::Interrupted) => Err(Failure::with_code(INTERRUPTED, "")),
            Err(Stopped::Failed(why)) => {
                *status = Status::Failed;
                out.warn(&format!("{}: {why}", self.name(number)))?;
                Ok(None)
            }
        }
    }

    /// Commits what is decided to be received as one change by the server, and tells the worker. Where the data file was
    /// changed meanwhile, the server is compared again.
    fn receive(
        &mut self,
        number: usize,
        mut plan: Arc<Plan>,
        others: OtherRooms,
        decide: Decide,
        out: &mut Output,
    ) -> Result<(Arc<Plan>, Received), Failure> {
        decided(&mut plan, decide);
        for _ in 0..MAX_ATTEMPTS {
            let mut group = Group::default();
            let mut received = Received::new();
            for room in plan.rooms.iter().filter(|room| room.state == RoomState::Linked) {
                let edits = room.receiving(self.data.wardrobe().room(&room.room));
                group.0.extend(edits.0);
                received.push((room.room.clone(), Ok(room.counts().receive)));
            }
            let change = Change {
                actor: Some(server_actor(self.name(number)).into()),
                ..Change::from(group)
            };
            let committed = if change.group.is_empty() {
                Ok(None)
            } else {
                self.data.commit(change, out)
            };
            match committed {
                Ok(_) => {
                    self.tell_received(number, &plan);
                    return Ok((plan, received));
                }
                Err(CommitFailure::Refused(EditError::Conflict { .. })) => {
                    self.data.refresh()?;
                    plan = self.plan_again(number, &plan, others)?;
                    decided(&mut plan, decide);
                }
                // In these commands, 5 is for what is left to choose.
                Err(CommitFailure::Failed(failure)) if failure.code == 5 => {
                    return Err(Failure::error(failure.message));
                }
                Err(error) => return Err(error.into()),
            }
        }
        Err(Failure::error(
            "the data file keeps changing; try again when other programs have finished writing it",
        ))
    }

    /// The base moves on to what both sides have now.
    fn tell_received(&self, number: usize, plan: &Plan) {
        let wardrobe = self.data.wardrobe();
        for room in plan.rooms.iter().filter(|room| room.state == RoomState::Linked) {
            self.request(ServerRequest::Received {
                server: self.name(number).clone(),
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

    /// Records in the history what was sent, as done by this session's actor.
    fn record(&mut self, report: &Report, out: &mut Output) -> Result<(), Failure> {
        let changes = report.sent_edits();
        if changes.is_empty() {
            return Ok(());
        }
        let sent = SentChanges {
            server: (*report.server).into(),
            changes,
        };
        let change = Change {
            sent: Some(sent),
            ..Change::default()
        };
        match self.data.commit(change, out) {
            Ok(_) => Ok(()),
            Err(error) => {
                let error = Failure::from(error);
                Err(Failure::error(format!(
                    "the server has the changes, but the history could not be written: {error}"
                )))
            }
        }
    }

    fn plan_again(&mut self, number: usize, plan: &Plan, others: OtherRooms) -> Result<Arc<Plan>, Failure> {
        // Rooms that were listed only stay listed; those that were taken are taken again.
        let taken = |room: &RoomPlan| (room.state == RoomState::Linked).then(|| room.room.clone());
        let selected = Selected::Rooms(plan.rooms.iter().filter_map(taken).collect());
        match self.plan_rooms(number, &selected, others) {
            Ok(plan) => Ok(plan),
            Err(Stopped::Interrupted) => Err(Failure::with_code(INTERRUPTED, "")),
            Err(Stopped::Failed(why)) => Err(Failure::error(why)),
        }
    }
}
