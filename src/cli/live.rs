//! `hatrack pull`, `plan`, `apply` and `follow`: compare rooms in the data file with those on live servers, and
//! transfer changes between them.

mod availability;
mod follow;
mod receive;
mod rooms;
mod session;
mod signals;
mod text;

use std::collections::BTreeMap;
use std::sync::Arc;

use self::receive::{Ask, ReceiveOutcome, ServerPart};
use self::session::{LiveSession, NotRecorded, PlanFailure};
use super::args::{ApplyArgs, PlanArgs, PullArgs};
use super::confirm;
use super::context::SessionContext;
use super::failure::Failure;
use super::output::Output;
use crate::app::describe;
use crate::app::servers::not_recorded_text;
use crate::model::{EditError, Jid, write};
use crate::store::{Change, ChangeReason, SentChanges};
use crate::sync::{Affiliations, OtherRooms, Plan, Report, RoomPlan, RoomReport, RoomState, Status};

pub(super) use self::follow::run as follow;

pub(super) fn pull(args: &PullArgs, context: &SessionContext, out: &mut Output) -> Result<(), Failure> {
    let mut session = LiveSession::open(context, &args.selection)?;
    session.data.check_writable()?;
    let plans = session.plan_all(OtherRooms::Take, None);
    let decide = |plan: &mut RoomPlan| {
        if args.accept_removals {
            plan.accept_removals();
        }
        if args.replace {
            plan.replace();
        }
        plan.receive_only();
    };
    let mut status = Status::Done;
    for (number, plan) in plans.into_iter().enumerate() {
        let plan = session.plan_or_warn(number, plan, out, &mut status)?;
        let Some(mut plan) = plan else { continue };
        if args.selection.rooms.is_empty()
            && let Some(server) = session.settings(number)
        {
            let wardrobe = session.data.wardrobe();
            if let Some(text) = text::skip_forbidden(Arc::make_mut(&mut plan), wardrobe, server) {
                out.line(&text)?;
            }
        }
        let mut part = ServerPart::new(number, plan, &decide);
        if part.receive(&mut session, None, out, &mut status)? == ReceiveOutcome::Received {
            let report = receive_report(&part);
            text::print_report(&part.plan, &report, out)?;
            status = status.min(report.status());
        }
    }
    end(session, status, out)
}

pub(super) fn plan(args: &PlanArgs, context: &SessionContext, out: &mut Output) -> Result<(), Failure> {
    let mut session = LiveSession::open(context, &args.selection)?;
    let mut plans = session.plan_all(OtherRooms::List, None);
    for (number, plan) in plans.iter_mut().enumerate() {
        let is_unread = |room: &RoomPlan| matches!(room.state, RoomState::Unread(_));
        let has_unread = matches!(plan, Ok(plan) if plan.rooms.iter().any(is_unread));
        // If another session changed the data file meanwhile, the rooms may be readable now.
        if has_unread && !session.is_current(number)? {
            *plan = session.plan_again(number);
        }
    }
    let mut status = Status::Done;
    let mut all = Vec::new();
    for (number, plan) in plans.into_iter().enumerate() {
        let Some(plan) = session.plan_or_warn(number, plan, out, &mut status)? else {
            continue;
        };
        status = status.min(plan.status());
        if args.json {
            out.json(&write::pretty(&*plan))?;
        }
        all.push(plan);
    }
    if !args.json {
        text::print_plans(&all, session.data.wardrobe(), out)?;
    }
    end(session, status, out)
}

pub(super) fn apply(args: &ApplyArgs, context: &SessionContext, out: &mut Output) -> Result<(), Failure> {
    let mut session = LiveSession::open(context, &args.selection)?;
    session.data.check_writable()?;
    let affiliations = args.affiliations.then_some(Affiliations::Manage);
    let plans = session.plan_all(OtherRooms::List, affiliations);
    let decide = |plan: &mut RoomPlan| {
        if args.accept_removals {
            plan.accept_removals();
        }
        if let Some(side) = args.prefer {
            plan.prefer(side.into());
        }
    };
    let mut status = Status::Done;
    let mut parts = Vec::new();
    for (number, plan) in plans.into_iter().enumerate() {
        let plan = session.plan_or_warn(number, plan, out, &mut status)?;
        parts.extend(plan.map(|plan| ServerPart::new(number, plan, &decide)));
    }
    for part in &parts {
        let permitted = part.plan.check_permitted_by(&context.scope.rights);
        permitted.map_err(EditError::from)?;
    }
    let ask: Option<Ask> = if args.yes { None } else { Some(&ask) };
    if let Some(ask) = ask {
        let shown: Vec<Arc<Plan>> = parts.iter().map(|part| part.plan.clone()).collect();
        if !ask(&shown, &session, out)? {
            out.line("Canceled: nothing was changed")?;
            let plan_status = shown.iter().map(|plan| plan.status()).min();
            let status = status.min(plan_status.unwrap_or(Status::Done));
            return end(session, status, out);
        }
    }
    for mut part in parts {
        match part.receive(&mut session, ask, out, &mut status)? {
            ReceiveOutcome::Received => {}
            ReceiveOutcome::Failed => continue,
            ReceiveOutcome::Canceled => {
                out.line("Canceled: nothing more was changed")?;
                let status = status.min(part.plan.status());
                return end(session, status, out);
            }
        }
        let (report, stopped) =
            session.send(part.server_index, &part.plan, args.reason_option.reason.as_ref())?;
        let report = with_received(report, &part.received);
        session.record(&report, args.reason_option.reason.as_ref(), out)?;
        text::print_report(&part.plan, &report, out)?;
        status = status.min(report.status());
        if stopped {
            out.warn("stopped after the changes in progress; the next apply sends the rest")?;
            return Err(Failure::interrupted());
        }
    }
    end(session, status, out)
}

/// Prints plans and asks whether to apply them. Returns true without asking if there is nothing to send or receive.
fn ask(plans: &[Arc<Plan>], session: &LiveSession<'_>, out: &mut Output) -> Result<bool, Failure> {
    text::print_plans(plans, session.data.wardrobe(), out)?;
    let counts = plans.iter().map(|plan| plan.counts());
    let change_count: usize = counts.map(|counts| counts.send + counts.receive).sum();
    if change_count == 0 {
        return Ok(true);
    }
    let question = format!("Apply {}?", describe::count(change_count, "change"));
    confirm::ask(&question, "apply --yes", out)
}

/// Ends the session, and warns about rooms whose base could not be recorded. Returns an error with the exit code of
/// `status`, unless this is 0; after such a warning, with the exit code of [`Status::Failed`].
fn end(mut session: LiveSession<'_>, mut status: Status, out: &mut Output) -> Result<(), Failure> {
    for NotRecorded { server, room, reason } in session.finish() {
        status = Status::Failed;
        out.warn(&not_recorded_text(&server, &room, &reason))?;
    }
    match status.exit_code() {
        0 => Ok(()),
        code => Err(Failure::with_code(code, "")),
    }
}

/// Returns the report of a part that only receives.
fn receive_report(part: &ServerPart<'_>) -> Report {
    let report = Report {
        server: part.plan.server.clone(),
        rooms: part.plan.rooms.iter().map(RoomReport::new).collect(),
    };
    with_received(report, &part.received)
}

/// Sets the number of received changes of each room in a report.
fn with_received(mut report: Report, received: &BTreeMap<Jid, usize>) -> Report {
    for room in &mut report.rooms {
        room.received = received.get(&room.room).copied().unwrap_or_default();
    }
    report
}

impl LiveSession<'_> {
    /// Returns the plan of a server. If the server could not be compared, prints a warning, sets `status` to failed and
    /// returns `None`, so that the command continues with the other servers.
    ///
    /// Errors: Ctrl-C; a room that is neither in the data file nor on the server.
    fn plan_or_warn(
        &self,
        number: usize,
        plan: Result<Arc<Plan>, PlanFailure>,
        out: &mut Output,
        status: &mut Status,
    ) -> Result<Option<Arc<Plan>>, Failure> {
        match plan {
            Ok(plan) => {
                let local = self.data.wardrobe();
                let is_nowhere = |room: &&RoomPlan| {
                    matches!(room.state, RoomState::OnlyInFile) && local.room(&room.room).is_none()
                };
                match plan.rooms.iter().find(is_nowhere) {
                    Some(room) => Err(Failure::not_found(format!(
                        "no room {} in the data file or on the server {:?}",
                        room.room,
                        self.name(number)
                    ))),
                    None => Ok(Some(plan)),
                }
            }
            Err(PlanFailure::Interrupted) => Err(Failure::interrupted()),
            Err(PlanFailure::Failed(reason)) => {
                *status = Status::Failed;
                out.warn(&format!("{}: {reason}", self.name(number)))?;
                Ok(None)
            }
        }
    }

    /// Records the sent changes in the history, with this session's actor.
    fn record(
        &mut self,
        report: &Report,
        reason: Option<&ChangeReason>,
        out: &mut Output,
    ) -> Result<(), Failure> {
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
            reason: reason.cloned(),
            ..Change::default()
        };
        match self.commit(change, out) {
            Ok(_) => Ok(()),
            Err(error) => {
                let error = Failure::from(error);
                Err(Failure::error(format!(
                    "the server has the changes, but the history could not be written: {error}"
                )))
            }
        }
    }
}
