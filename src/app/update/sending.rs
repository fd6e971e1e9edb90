//! Changes that are sent to servers as soon as they are saved.

use std::sync::Arc;

use crate::app::command::CommandId;
use crate::app::servers::report::{failed_texts, unstored_text};
use crate::app::servers::{Receiving, UnsentCounts};
use crate::app::{Effect, State, describe};
use crate::sync::{AfterCommit, LocalRoom, Report, RoomReport, SendFailure, SendMode, ServerRequest};

use super::quit;

/// Handles the next step after a commit was saved: sends the changes, or reports what the server cannot store, or why
/// the changes are not sent.
pub(super) fn saved(state: &mut State, after: AfterCommit, effects: &mut Vec<Effect>) {
    match after {
        AfterCommit::Send(request) => send(state, request, effects),
        AfterCommit::Unstored { first, more, .. } => {
            report_unstored(state, &unstored_text(&first, more));
        }
        AfterCommit::Held { server, room, reason } => {
            let key = state.key(CommandId::Servers);
            state.notify_error(format!(
                "Saved, but the change in {room} is not sent to {server:?}: {reason} ({key} to compare)"
            ));
        }
    }
}

/// Reports values that stay in the data file only. The text is added to the notice of the command, which says how to
/// undo the command.
fn report_unstored(state: &mut State, text: &str) {
    let shown = state.notice.take();
    match shown {
        Some(notice) if notice.is_error || notice.text.ends_with(text) => state.notice = Some(notice),
        Some(notice) => state.notify(format!("{}; {text}", notice.text)),
        None => state.notify(format!("Saved; {text}")),
    }
}

/// Sends a request that the server worker answers with a report about sending.
pub(super) fn send(state: &mut State, request: ServerRequest, effects: &mut Vec<Effect>) {
    let sending = &mut state.servers.sending;
    if !sending.is_sending() {
        sending.silent_since = Some(state.clock.now);
    }
    sending.open_requests += 1;
    sending.sends_change = true;
    effects.push(Effect::Server(request));
}

/// Requests to send the changes that earlier sessions could not send.
pub(super) fn resume(state: &mut State, effects: &mut Vec<Effect>) {
    if state.read_only_reason().is_some() || state.start.demo {
        return;
    }
    let mut requests = Vec::new();
    for server in &state.servers.all {
        let rooms = state.saved.rooms().filter(|(room, _)| server.entry.owns(room));
        let rooms: Vec<LocalRoom> = rooms
            .map(|(room, local)| LocalRoom {
                room: room.clone(),
                local: Some(local.clone()),
                is_requested: false,
            })
            .collect();
        if server.entry.send == SendMode::AtOnce && !rooms.is_empty() {
            requests.push(ServerRequest::Send {
                server: server.entry.name.clone(),
                rooms,
                revision: state.saved.revision,
                may_ask: true,
            });
        }
    }
    for request in requests {
        // `send` is not used, since there may be nothing to send.
        state.servers.sending.open_requests += 1;
        effects.push(Effect::Server(request));
    }
}

/// Records that a server answered while changes are being sent.
pub(super) fn answered(state: &mut State) {
    let sending = &mut state.servers.sending;
    sending.silent_since = sending.is_sending().then_some(state.clock.now);
}

/// Handles a report about sending saved changes. `is_answer` tells whether the report answers a request.
pub(super) fn sent(state: &mut State, report: &Report, is_answer: bool) {
    let answered = usize::from(is_answer);
    state.servers.sending.open_requests = state.servers.sending.open_requests.saturating_sub(answered);
    for room in &report.rooms {
        if room.failed.is_empty() && room.unsent == 0 && room.error.is_none() {
            let local = state.saved.room(&room.room).cloned();
            state.servers.note_sent(&room.room, local.as_ref());
        }
    }
    let sending = &mut state.servers.sending;
    let is_last = sending.open_requests == 0;
    sending.sends_change &= !is_last;
    sending.silent_since = sending.is_sending().then_some(state.clock.now);
    let receiving = sending
        .receiving
        .take_if(|receiving| receiving.is_answered_by(report, is_last));
    let problem = not_received(state, report, receiving).or_else(|| {
        let mut rooms = report.rooms.iter();
        rooms.find_map(|room| problem(state, &report.server, room))
    });
    if let Some(text) = problem {
        state.servers.sending.reported = true;
        state.notify_error(text);
    } else if state.servers.sending.reported && state.servers.sending.counts() == UnsentCounts::default() {
        state.servers.sending.reported = false;
        let is_sent = report.rooms.iter().any(|room| room.sent > 0);
        if is_sent {
            state.notify(format!("All changes were sent to {:?}", report.server));
        } else if state.notice.as_ref().is_some_and(|notice| notice.is_error) {
            state.notify(format!("Nothing is left to send to {:?}", report.server));
        }
    }
    quit::resume(state);
}

/// Says why the item that the user decided to receive was not received: the server no longer has the value that was
/// shown. `None` if there is no such problem; if the server has the same value as the data file, a notice says so.
fn not_received(state: &mut State, report: &Report, receiving: Option<Receiving>) -> Option<String> {
    let receiving = receiving?;
    let name = &receiving.name;
    match receiving.failure(report) {
        Some(SendFailure::Changed { .. }) => {
            let key = state.key(CommandId::Resolve);
            Some(format!(
                "Not received: {name} changed again on {:?} ({key} to resolve)",
                report.server
            ))
        }
        None if report.rooms.is_empty() => {
            state.servers.sending.reported = false;
            state.notify(format!("No changes: {name} is the same on {:?}", report.server));
            None
        }
        _ => None,
    }
}

/// Describes the changes of a room that were not sent, and why; `None` if there are no such changes.
fn problem(state: &State, server: &Arc<str>, room: &RoomReport) -> Option<String> {
    let local = state.shown.room(&room.room).map(|room| &**room);
    if let Some(failed) = room.failed.first() {
        let [target, change, reason] = failed_texts(failed, local);
        // The usual text asks for a comparison, which is not needed to resolve the conflict.
        let reason = match failed.why {
            SendFailure::Changed { .. } => "changed on the server in the meantime".to_owned(),
            _ => reason,
        };
        let more = match room.failed.len() - 1 {
            0 => String::new(),
            more => format!("; and {more} more"),
        };
        let key = state.key(CommandId::Resolve);
        return Some(format!(
            "{server}: cannot {change} for {target}: {reason}{more} ({key} to resolve)"
        ));
    }
    let reason = room.error.as_deref().map(describe::after_colon)?;
    (room.unsent > 0).then(|| {
        let number = describe::count(room.unsent, "change");
        format!("Saved, but {number} not sent to {server:?} yet: {reason}")
    })
}
