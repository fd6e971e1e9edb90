//! The events of the worker that talks to servers.

use crate::app::command::CommandId;
use crate::app::servers::ServersOverlay;
use crate::app::{Effect, State, describe};
use crate::sync::{Progress, ServerEvent, ServerReport};

use super::{apply, compare, password, plan};

/// Handles an event of the worker that talks to servers.
pub(super) fn handle(state: &mut State, event: ServerEvent, effects: &mut Vec<Effect>) {
    match event {
        ServerEvent::State {
            server, state: now, ..
        } => state.servers.set_state(&server, &now),
        ServerEvent::Password { server, account } => password::ask(state, server, account),
        ServerEvent::Checked { server, report } => checked(state, &server, report),
        ServerEvent::Progress { id, progress } => note_progress(state, id, progress),
        ServerEvent::Planned { id, plan: result } => {
            let result = result.map(|plan| compare::within_scope(state, plan));
            if !plan::room_read(state, id, &result) {
                compare::planned(state, effects, id, result);
            }
        }
        ServerEvent::Applied { id, report, stopped } => apply::applied(state, effects, id, report, stopped),
        // Nothing is followed and nothing is sent at once yet.
        ServerEvent::Prepared { .. }
        | ServerEvent::Incoming { .. }
        | ServerEvent::Outbox { .. }
        | ServerEvent::Follows { .. } => {}
    }
}

fn checked(state: &mut State, server: &str, report: Result<ServerReport, String>) {
    match report {
        Ok(report) => {
            state.servers.set_report(&report);
            let missing = match report.missing.len() {
                0 => "nothing".into(),
                number => describe::count(number, "thing"),
            };
            let key = match state.top_as::<ServersOverlay>() {
                Some(_) => format!(" ({} for details)", state.key(CommandId::ServerDetails)),
                None => String::new(),
            };
            state.notify(format!("Checked {server}: {missing} missing{key}"));
        }
        Err(reason) => {
            let reason = describe::after_colon(&reason);
            state.notify_error(format!("Cannot check {server}: {reason}"));
        }
    }
}

fn note_progress(state: &mut State, id: u64, progress: Progress) {
    let parts = state.servers.comparison.iter_mut().flat_map(|all| &mut all.parts);
    for part in parts.filter(|part| part.id == id) {
        part.progress = progress;
    }
    apply::note_progress(state, id, progress);
}
