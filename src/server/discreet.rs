//! What a session that is restricted to some rooms is told when something fails: reasons name paths, programs and rooms
//! that are not its business.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::options::{Notify, WorkerOptions};
use crate::model::Jid;
use crate::sync::{Failure, Plan, Report, RoomState, ServerEntry, ServerEvent, ServerState};

/// What is said instead.
const HIDDEN: &str =
    "the server cannot be used now; its administrator can see why with hatrack servers check";
const HIDDEN_OF_ROOM: &str = "the reason is for the administrator of the server";

/// What a session may be told.
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

    /// The reason, or a sentence in its place.
    pub fn reason(&self, text: String) -> String {
        if self.may_be_told(&text) {
            text
        } else {
            HIDDEN.into()
        }
    }

    /// Whether a text names no path and no room other than those of the session.
    fn may_be_told(&self, text: &str) -> bool {
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
        if !self.may_be_told(text) {
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
            event => event,
        }
    }

    fn plan(&self, mut plan: Arc<Plan>) -> Arc<Plan> {
        let told = |state: &RoomState| match state {
            RoomState::Forbidden(text) | RoomState::Unread(text) => self.may_be_told(text),
            _ => true,
        };
        if !plan.rooms.iter().all(|room| told(&room.state)) {
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
                if let Failure::Refused(refusal) = &mut failed.why {
                    refusal.text.take_if(|text| !self.may_be_told(text));
                }
            }
        }
        report
    }
}

/// Tells a restricted session no more than it may know.
pub(super) fn notify(options: &WorkerOptions, notify: Notify) -> Notify {
    let Some(rooms) = options.scope.rooms.clone() else {
        return notify;
    };
    let servers = options.servers.iter().map(|server| server.entry.clone());
    let discretion = Discretion::new(rooms, servers.collect());
    Arc::new(move |event| notify(discretion.event(event)))
}
