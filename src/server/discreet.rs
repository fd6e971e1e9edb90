//! Hides the reasons of failures from sessions that are restricted to some rooms: reasons name paths, programs and other
//! rooms.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::options::{Notify, WorkerOptions};
use crate::model::Jid;
use crate::store::Scope;
use crate::sync::{Plan, Report, RoomState, SendFailure, SendState, ServerEntry, ServerEvent, ServerState};

/// The text instead of a reason.
const HIDDEN: &str =
    "the server cannot be used now; its administrator can see why with hatrack servers check";
const HIDDEN_OF_ROOM: &str = "only the administrator of the server can see the reason";

/// Which reasons a session may see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Discretion {
    rooms: BTreeSet<Jid>,
    servers: Vec<ServerEntry>,
}

impl Discretion {
    /// Of a session that is restricted to these rooms; `servers` are those of the configuration.
    pub fn new(rooms: BTreeSet<Jid>, servers: Vec<ServerEntry>) -> Self {
        Self { rooms, servers }
    }

    /// The reason, or a sentence instead of it.
    pub fn reason(&self, text: String) -> String {
        if self.may_see_text(&text) {
            text
        } else {
            HIDDEN.into()
        }
    }

    /// Whether a text names no path and no room other than those of the session.
    fn may_see_text(&self, text: &str) -> bool {
        let is_other_room = |word: &str| {
            let word = word.trim_matches(|c: char| c.is_ascii_punctuation());
            word.contains('@')
                && Jid::parse(word).is_ok_and(|room| {
                    !self.rooms.contains(&room) && self.servers.iter().any(|server| server.has(&room))
                })
        };
        !text.contains('/') && !text.split_whitespace().any(is_other_room)
    }

    fn hide(&self, text: &mut String) {
        if !self.may_see_text(text) {
            HIDDEN_OF_ROOM.clone_into(text);
        }
    }

    fn event(&self, event: ServerEvent) -> ServerEvent {
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
                plan: plan.map(|plan| self.plan(plan)).map_err(|text| self.reason(text)),
            },
            ServerEvent::Applied { id, report, stopped } => ServerEvent::Applied {
                id,
                report: self.report(report),
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
                report: self.report(report),
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

    fn plan(&self, mut plan: Arc<Plan>) -> Arc<Plan> {
        let may_see = |state: &RoomState| match state {
            RoomState::Forbidden(text) | RoomState::Unread(text) => self.may_see_text(text),
            _ => true,
        };
        if !plan.rooms.iter().all(|room| may_see(&room.state)) {
            for room in &mut Arc::make_mut(&mut plan).rooms {
                if let RoomState::Forbidden(text) | RoomState::Unread(text) = &mut room.state {
                    self.hide(text);
                }
            }
        }
        plan
    }

    fn report(&self, mut report: Report) -> Report {
        for room in &mut report.rooms {
            if let Some(text) = &mut room.error {
                self.hide(text);
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

/// The reason, or a sentence instead of it if the session may not see it.
pub(super) fn reason(scope: &Scope, text: String) -> String {
    match scope.rooms {
        Some(_) if text.contains('/') => HIDDEN_OF_ROOM.into(),
        _ => text,
    }
}

/// Hides from a restricted session what it may not know.
pub(super) fn notify(options: &WorkerOptions, notify: Notify) -> Notify {
    let Some(rooms) = options.scope.rooms.clone() else {
        return notify;
    };
    let servers = options.servers.iter().map(|server| server.entry.clone());
    let discretion = Discretion::new(rooms, servers.collect());
    Arc::new(move |event| notify(discretion.event(event)))
}
