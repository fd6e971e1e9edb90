//! Hides the reasons of failures from sessions that are restricted to some rooms, because reasons can name paths,
//! programs and other rooms.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::options::{Notify, WorkerOptions};
use crate::model::Jid;
use crate::store::Scope;
use crate::sync::{Plan, Report, RoomState, SendFailure, SendState, ServerEntry, ServerEvent, ServerState};

/// The text that is shown if the reason for the failure of a server as a whole is hidden.
const HIDDEN: &str =
    "the server cannot be used now; its administrator can see why with hatrack servers check";
/// The text that is shown if the reason for the failure of one room is hidden.
const HIDDEN_OF_ROOM: &str = "only the administrator of the server can see the reason";

/// Hides the reasons that a restricted session may not see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Redactor {
    rooms: BTreeSet<Jid>,
    servers: Vec<ServerEntry>,
}

impl Redactor {
    /// Creates the redactor of a session that is restricted to these rooms. `servers` are those of the configuration.
    pub fn new(rooms: BTreeSet<Jid>, servers: Vec<ServerEntry>) -> Self {
        Self { rooms, servers }
    }

    /// Returns the reason, or another sentence if the session may not see the reason.
    pub fn reason(&self, text: String) -> String {
        if self.may_see_text(&text) {
            text
        } else {
            HIDDEN.into()
        }
    }

    /// Whether a text contains no `/`, as a path does, and names no room of a configured server except those of the
    /// session.
    fn may_see_text(&self, text: &str) -> bool {
        let is_other_room = |word: &str| {
            let word = word.trim_matches(|c: char| c.is_ascii_punctuation());
            word.contains('@')
                && Jid::parse(word).is_ok_and(|room| {
                    !self.rooms.contains(&room) && self.servers.iter().any(|server| server.owns(&room))
                })
        };
        !text.contains('/') && !text.split_whitespace().any(is_other_room)
    }

    /// Replaces a reason that concerns one room, if the session may not see it.
    fn hide_in_text(&self, text: &mut String) {
        if !self.may_see_text(text) {
            HIDDEN_OF_ROOM.clone_into(text);
        }
    }

    fn hide_in_event(&self, event: ServerEvent) -> ServerEvent {
        match event {
            ServerEvent::State { server, state } => ServerEvent::State {
                server,
                state: match state {
                    ServerState::Away(text) => ServerState::Away(self.reason(text)),
                    ServerState::Refused(text) => ServerState::Refused(self.reason(text)),
                    state => state,
                },
            },
            ServerEvent::Planned { id, plan } => ServerEvent::Planned {
                id,
                plan: plan
                    .map(|plan| self.hide_in_plan(plan))
                    .map_err(|text| self.reason(text)),
            },
            ServerEvent::Applied { id, report, stopped } => ServerEvent::Applied {
                id,
                report: self.hide_in_report(report),
                stopped,
            },
            ServerEvent::Checked { server, report } => ServerEvent::Checked {
                server,
                report: report.map_err(|text| self.reason(text)),
            },
            ServerEvent::NotRecorded { server, room, reason } => ServerEvent::NotRecorded {
                server,
                room,
                reason: self.reason(reason),
            },
            ServerEvent::Sent { report, is_answer } => ServerEvent::Sent {
                report: self.hide_in_report(report),
                is_answer,
            },
            ServerEvent::Outbox { room, mut items } => {
                for (_, state) in &mut items {
                    if let SendState::Refused(refusal) = state {
                        refusal.text.take_if(|text| !self.may_see_text(text));
                    }
                }
                ServerEvent::Outbox { room, items }
            }
            event @ (ServerEvent::Password { .. }
            | ServerEvent::Class { .. }
            | ServerEvent::Progress { .. }
            | ServerEvent::Incoming { .. }
            | ServerEvent::Compared { .. }
            | ServerEvent::Follows { .. }
            | ServerEvent::Occupants { .. }) => event,
        }
    }

    fn hide_in_plan(&self, mut plan: Arc<Plan>) -> Arc<Plan> {
        let may_see = |state: &RoomState| match state {
            RoomState::Forbidden(text) | RoomState::Unread(text) => self.may_see_text(text),
            _ => true,
        };
        if !plan.rooms.iter().all(|room| may_see(&room.state)) {
            for room in &mut Arc::make_mut(&mut plan).rooms {
                if let RoomState::Forbidden(text) | RoomState::Unread(text) = &mut room.state {
                    self.hide_in_text(text);
                }
            }
        }
        plan
    }

    fn hide_in_report(&self, mut report: Report) -> Report {
        for room in &mut report.rooms {
            if let Some(text) = &mut room.error {
                self.hide_in_text(text);
            }
            for failed in &mut room.failed {
                if let SendFailure::Refused(refusal) = &mut failed.why {
                    refusal.text.take_if(|text| !self.may_see_text(text));
                }
            }
        }
        report
    }
}

/// Returns the reason, or another sentence if the session is restricted to some rooms and the reason may name a path.
pub(super) fn hide_path(scope: &Scope, text: String) -> String {
    match scope.rooms {
        Some(_) if text.contains('/') => HIDDEN_OF_ROOM.into(),
        _ => text,
    }
}

/// Wraps `notify`, so that the events of a session that is restricted to some rooms do not contain reasons that it may
/// not see.
pub(super) fn wrap_notify(options: &WorkerOptions, notify: Notify) -> Notify {
    let Some(rooms) = options.scope.rooms.clone() else {
        return notify;
    };
    let servers = options.servers.iter().map(|server| server.entry.clone());
    let redactor = Redactor::new(rooms, servers.collect());
    Arc::new(move |event| notify(redactor.hide_in_event(event)))
}
