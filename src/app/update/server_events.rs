//! The events of the server worker.

use crate::app::command::CommandId;
use crate::app::servers::{ServersOverlay, not_recorded_text};
use crate::app::{Effect, State, describe};
use crate::sync::{Progress, SENDING_ID, ServerEvent, ServerReport};

use super::{apply, compare, following, password, plan, presence, sending, unresolved};

/// Handles an event of the server worker.
pub(super) fn handle(state: &mut State, event: ServerEvent, effects: &mut Vec<Effect>) {
    match event {
        ServerEvent::State {
            server, state: now, ..
        } => {
            presence::server_state_changed(state, &server, &now);
            state.servers.set_state(&server, &now);
        }
        ServerEvent::Class { server, class } => state.servers.set_known_class(&server, class),
        ServerEvent::Password { server, account } => password::ask(state, server, account),
        ServerEvent::Checked { server, report } => checked(state, &server, report),
        ServerEvent::Progress { id: SENDING_ID, .. } => sending::answered(state),
        ServerEvent::Progress { id, progress } => note_progress(state, id, progress),
        ServerEvent::Planned { id, plan: result } => {
            let result = result.map(|plan| compare::within_scope(state, plan));
            if !plan::take_requested_rooms(state, id, &result) {
                compare::planned(state, effects, id, result);
            }
        }
        ServerEvent::Applied { id, report, stopped } => apply::applied(state, effects, id, report, stopped),
        ServerEvent::NotRecorded { server, room, reason } => {
            state.notify_error(not_recorded_text(&server, &room, &reason));
        }
        ServerEvent::Outbox { room, items } => {
            state.servers.sending.set(room, items);
            unresolved::refresh_overlays(state);
        }
        ServerEvent::Sent { report, is_answer } => sending::sent(state, &report, is_answer),
        ServerEvent::Incoming { plan, by } => following::incoming(state, effects, plan, by),
        ServerEvent::Compared { local, plan } => state.servers.note_compared(&plan, Some(&local)),
        ServerEvent::Follows { room, follower } => following::set_follower(state, room, follower),
        ServerEvent::Occupants { room, occupants } => presence::set_occupants(state, &room, occupants),
    }
}

fn checked(state: &mut State, server: &str, report: Result<ServerReport, String>) {
    match report {
        Ok(report) => {
            state.servers.set_report(&report);
            let problems = describe::count_or_no(report.problems.len(), "problem");
            let key = match state.top_as::<ServersOverlay>() {
                Some(_) => format!(" ({} for details)", state.key(CommandId::ServerDetails)),
                None => String::new(),
            };
            state.notify(format!("Checked {server:?}: {problems}{key}"));
        }
        Err(reason) => {
            let reason = describe::after_colon(&reason);
            state.notify_error(format!("Cannot check {server:?}: {reason}"));
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
