//! Sends the changes that a command has saved, and waits for the answers.

use std::sync::mpsc::channel;
use std::time::Duration;

use super::context::SessionContext;
use super::failure::Failure;
use super::output::Output;
use super::password::{self, PasswordInput};
use super::progress::ProgressLine;
use crate::app::describe;
use crate::app::servers::report::{failed_texts, unstored_text};
use crate::model::{HatId, Jid, Wardrobe};
use crate::server::ServerWorker;
use crate::sync::{
    AfterCommit, HeldReason, Item, Report, RoomReport, SendState, ServerEvent, ServerRequest, Status,
};

/// The maximum time of waiting for an event before checking whether events can still come.
const POLL_INTERVAL: Duration = Duration::from_millis(100);

/// Sends the changes that this command has saved, and prints the results. Errors in writing the output do not stop this.
///
/// Errors: a change was refused or held back, was not sent yet, conflicts with a change on the server, or failed for
/// another reason.
pub(super) fn send(context: &SessionContext, out: &mut Output) -> Result<(), Failure> {
    let mut status = Status::Done;
    let mut requests = Vec::new();
    out.keep_going();
    for after in context.saved.take() {
        match after {
            AfterCommit::Send(request) => requests.push(allow_password_prompt(request)),
            AfterCommit::Held { server, room, reason } => {
                out.warn(&held_text(&server, &room, &reason))?;
                status = Status::Unsent;
            }
            AfterCommit::Unstored { room, first, more } => {
                out.warn(&format!("{room}: {}", unstored_text(&first, more)))?;
            }
        }
    }
    if !requests.is_empty() {
        status = status.min(send_requests(context, requests, out)?);
    }
    match status {
        Status::Done => Ok(()),
        status => Err(Failure::with_code(status.exit_code(), "")),
    }
}

/// Allows a request to ask for a password. By default, only changes made by a person allow this, but here, someone has just
/// run a command, even if the command only removes expired hats.
fn allow_password_prompt(mut request: ServerRequest) -> ServerRequest {
    if let ServerRequest::Send { may_ask, .. } = &mut request {
        *may_ask = true;
    }
    request
}

/// Sends requests and waits for all answers. Returns the most urgent status.
fn send_requests(
    context: &SessionContext,
    requests: Vec<ServerRequest>,
    out: &mut Output,
) -> Result<Status, Failure> {
    out.flush()?;
    let mut pending = requests.len();
    let rooms = requests.iter().filter_map(|request| match request {
        ServerRequest::Send { rooms, .. } => Some(rooms),
        _ => None,
    });
    let rooms = rooms
        .flatten()
        .filter_map(|room| Some((room.room.clone(), room.local.clone()?)));
    let saved = Wardrobe::from_rooms(rooms.collect());
    let (sender, events) = channel();
    let worker = ServerWorker::new(context.worker_options()?, move |event| {
        // The receiver is gone when the command ends.
        let _ = sender.send(event);
    });
    for request in requests {
        let started = worker.request(request);
        started.map_err(|error| Failure::error(format!("saved, but not sent: {error}")))?;
    }
    let mut status = Status::Done;
    let mut line = ProgressLine::new("Sending changes");
    let mut is_interrupted = false;
    while pending > 0 {
        match events.recv_timeout(POLL_INTERVAL) {
            Ok(ServerEvent::Sent { report, is_answer }) => {
                pending -= usize::from(is_answer);
                line.clear();
                status = status.min(print_report(&report, &saved, out)?);
            }
            Ok(ServerEvent::Outbox { room, items }) => {
                line.clear();
                warn_of_left_out(&room, &items, &saved, out)?;
            }
            Ok(ServerEvent::Password { server, account }) => {
                line.clear();
                // After Ctrl-C, no more passwords are asked for; the changes are reported as not sent.
                let input = if is_interrupted {
                    PasswordInput::Nothing
                } else {
                    password::ask(&account)
                };
                is_interrupted |= input == PasswordInput::Interrupted;
                let password = input.into();
                let answered = worker.request(ServerRequest::Password { server, password });
                answered.map_err(|error| Failure::error(error.to_string()))?;
            }
            Ok(ServerEvent::State { server, state }) => line.note_state(&server, &state),
            Err(_) if worker.is_broken() => {
                line.clear();
                return Err(Failure::error("saved, but sending ended without a result"));
            }
            Ok(_) | Err(_) => {}
        }
        if pending > 0 {
            line.show_waiting();
        }
    }
    worker.finish();
    Ok(status)
}

fn print_report(report: &Report, saved: &Wardrobe, out: &mut Output) -> Result<Status, Failure> {
    let status = warn_of_unsent(report, saved, out)?;
    print_sent(report, out)?;
    Ok(status)
}

/// Prints a warning for each change that failed, and one for the changes of each room that were not sent. `saved` has the
/// rooms with the saved changes, for the titles of hats. Returns the status of the report.
pub(super) fn warn_of_unsent(report: &Report, saved: &Wardrobe, out: &mut Output) -> Result<Status, Failure> {
    let server = &report.server;
    let mut status = Status::Done;
    for room in &report.rooms {
        for failed in &room.failed {
            let [target, action, reason] = failed_texts(failed, saved.room(&room.room).map(|room| &**room));
            out.warn(&format!(
                "cannot {action} for {target} in {} on {server:?}: {reason}",
                room.room
            ))?;
        }
        if room.unsent > 0 {
            out.warn(&unsent_text(server, room))?;
        }
        status = status.min(room_status(room));
    }
    Ok(status)
}

/// Prints a warning for each change that is only in the data file and is not sent, with the reason.
fn warn_of_left_out(
    room: &Jid,
    items: &[(Item, SendState)],
    saved: &Wardrobe,
    out: &mut Output,
) -> Result<(), Failure> {
    let name = |hat: &HatId| {
        let saved_hat = saved.room(room).and_then(|room| room.hat(hat));
        describe::hat(hat, saved_hat.and_then(|hat| hat.title.as_deref()))
    };
    for (item, state) in items {
        let SendState::LeftOut(reason) = state else {
            continue;
        };
        let subject = match item {
            Item::Hat { user, hat } => format!("{} for {user}", name(hat)),
            Item::Catalog { hat } => format!("{} in the catalog", name(hat)),
            Item::Affiliation { user } => format!("affiliation of {user}"),
        };
        out.warn(&format!("only in the data file: {subject} in {room}: {reason}"))?;
    }
    Ok(())
}

/// Prints the number of sent changes; nothing if it is 0.
pub(super) fn print_sent(report: &Report, out: &mut Output) -> Result<(), Failure> {
    match report.rooms.iter().map(|room| room.sent).sum() {
        0 => Ok(()),
        sent => out.line(&format!(
            "Sent {} to {:?}",
            describe::count(sent, "change"),
            report.server
        )),
    }
}

/// The warning for a saved change that is not sent automatically.
pub(super) fn held_text(server: &str, room: &Jid, reason: &HeldReason) -> String {
    format!("saved, but not sent to {server:?}: {reason}; run hatrack apply {room} to send it")
}

/// Returns the status of a room. Unsent changes do not count as failed, as they wait for the next command or session. If
/// all changes were sent, the status is [`Status::Done`], even if the room has conflicts, as these concern other changes.
fn room_status(room: &RoomReport) -> Status {
    match (room.failed.is_empty(), room.unsent) {
        (true, 1..) => Status::Unsent,
        (true, 0) if room.error.is_none() => Status::Done,
        _ => room.status(),
    }
}

fn unsent_text(server: &str, room: &RoomReport) -> String {
    let number = describe::count(room.unsent, "change");
    let reason = room
        .error
        .as_deref()
        .map(describe::after_colon)
        .unwrap_or_default();
    format!(
        "saved, but {number} in {} not sent to {server:?} yet: {reason}",
        room.room
    )
}
