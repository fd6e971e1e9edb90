//! Comparing rooms in the data file with those on servers.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::app::servers::plan::{KeptChoices, PlanOverlay, PlanPart};
use crate::app::servers::{Comparison, ComparisonPart};
use crate::app::{Effect, State, describe};
use crate::model::Jid;
use crate::sync::{LocalRoom, OtherRooms, Plan, Progress, RoomState, ServerRequest};

use super::arrivals;

/// Checks that the servers can be shown.
pub(crate) fn may_show_servers(state: &State) -> Result<(), String> {
    if state.start.demo {
        return Err("Servers are not available in demo mode".into());
    }
    if state.servers.all.is_empty() {
        return Err(
            "No servers configured; run hatrack servers example prosody (or xmpp) to print an example section".into(),
        );
    }
    state.check_loaded()
}

pub(crate) fn may_compare(state: &State) -> Result<(), String> {
    may_show_servers(state)?;
    match state.servers.comparison {
        Some(_) => Err("Already comparing".into()),
        None => Ok(()),
    }
}

/// Starts comparing the rooms of these servers as they are saved in the data file. If an earlier plan is compared again,
/// `before` is this plan; rooms that the user added to it are requested again.
pub(super) fn start(
    state: &mut State,
    effects: &mut Vec<Effect>,
    servers: Vec<Arc<str>>,
    before: Option<PlanOverlay>,
) {
    let mut parts = Vec::new();
    for server in servers {
        let Some(known_server) = state.servers.by_name(&server) else {
            continue;
        };
        let is_of_server = |room: &&Jid| known_server.entry.owns(room);
        let rooms = state.saved.rooms().filter(|(room, _)| is_of_server(room));
        let local: BTreeMap<_, _> = rooms.map(|(jid, room)| (jid.clone(), room.clone())).collect();
        let allowed = state.start.scope.rooms.as_ref();
        let allowed_rooms = allowed.into_iter().flatten().filter(is_of_server);
        let not_in_file = allowed_rooms.filter(|room| !local.contains_key(*room));
        let earlier = before.iter().flat_map(|before| &before.parts);
        let earlier = earlier.filter(|part| part.server == server);
        let added: BTreeSet<Jid> = earlier.flat_map(PlanPart::added_rooms).collect();
        let without_local: BTreeSet<&Jid> = not_in_file.chain(&added).collect();
        let in_file = local.iter().map(|(jid, room)| LocalRoom {
            room: jid.clone(),
            local: Some(room.clone()),
            is_requested: false,
        });
        let rooms = in_file.chain(without_local.into_iter().map(|jid| LocalRoom {
            room: jid.clone(),
            local: None,
            is_requested: added.contains(jid),
        }));
        let rooms = rooms.collect();
        // While the file has no room of a server, a comparison receives all of the server's rooms, unless the session is
        // restricted to some rooms.
        let others = match (allowed, local.is_empty()) {
            (Some(_), _) => OtherRooms::Ignore,
            (None, true) => OtherRooms::Take,
            (None, false) => OtherRooms::List,
        };
        let id = state.next_id;
        state.next_id += 1;
        effects.push(Effect::Server(ServerRequest::Plan {
            id,
            server: server.clone(),
            rooms,
            others,
            revision: state.saved.revision,
            affiliations: None,
        }));
        parts.push(ComparisonPart {
            id,
            server,
            local,
            revision: state.saved.revision,
            progress: Progress::default(),
            result: None,
        });
    }
    let before = before.map(Box::new);
    state.servers.comparison = (!parts.is_empty()).then_some(Comparison { parts, before });
}

/// Handles the result of comparing with one server. Once all servers have answered, shows the results.
pub(super) fn planned(
    state: &mut State,
    effects: &mut Vec<Effect>,
    id: u64,
    result: Result<Arc<Plan>, String>,
) {
    let Some(comparison) = &mut state.servers.comparison else {
        return;
    };
    let Some(part) = comparison.parts.iter_mut().find(|part| part.id == id) else {
        return;
    };
    part.result = Some(result);
    if comparison.parts.iter().any(|part| part.result.is_none()) {
        return;
    }
    let Some(Comparison { parts, before }) = state.servers.comparison.take() else {
        return;
    };
    if state.check_can_change().is_ok() {
        for part in &parts {
            report_compared_rooms(effects, part);
        }
    }
    show(state, parts, before.map(|before| *before));
}

/// Tells the server worker which state of each room was compared, so that it records the items that are equal on both
/// sides, even if the user decides nothing about the differences later.
fn report_compared_rooms(effects: &mut Vec<Effect>, part: &ComparisonPart) {
    let rooms = part.result.iter().flatten().flat_map(|plan| &plan.rooms);
    effects.extend(rooms.filter_map(|room| {
        let local = part.local.get(&room.room).cloned()?;
        let is_compared = room.state == RoomState::Compared;
        is_compared.then(|| {
            Effect::Server(ServerRequest::Received {
                server: part.server.clone(),
                room: LocalRoom {
                    room: room.room.clone(),
                    local: Some(local),
                    is_requested: false,
                },
                revision: part.revision,
                received: room.received(),
                held: room.held(),
            })
        })
    }));
}

/// Removes from a plan the rooms that the session may not see.
pub(super) fn within_scope(state: &State, mut plan: Arc<Plan>) -> Arc<Plan> {
    if let Some(rooms) = &state.start.scope.rooms
        && plan.rooms.iter().any(|room| !rooms.contains(&room.room))
    {
        Arc::make_mut(&mut plan)
            .rooms
            .retain(|room| rooms.contains(&room.room));
    }
    plan
}

/// Opens the plan. If no server could be compared, shows the reasons, and the earlier plan again.
fn show(state: &mut State, mut parts: Vec<ComparisonPart>, before: Option<PlanOverlay>) {
    let skipped = parts
        .iter_mut()
        .filter_map(skip_forbidden)
        .reduce(|one, other| one + other);
    for part in &parts {
        let rooms = part.result.iter().flatten().flat_map(|plan| &plan.rooms);
        for room in rooms {
            state.servers.note_compared(room, part.local.get(&room.room));
        }
    }
    let failed = parts.iter().filter_map(|part| match &part.result {
        Some(Err(reason)) => Some(format!(
            "Cannot compare with {:?}: {}",
            part.server,
            describe::after_colon(reason)
        )),
        _ => None,
    });
    let failed: Vec<String> = failed.collect();
    if failed.len() == parts.len() {
        reopen(state, before);
        state.notify_error(failed.join(". "));
        return;
    }
    let earlier = |server: &Arc<str>| {
        let mut parts = before.iter().flat_map(|before| &before.parts);
        parts.find(|part| part.server == *server && part.plan.is_ok())
    };
    let parts = parts.into_iter().map(|part| {
        let plan = part.result.unwrap_or_else(|| Err("stopped".into()));
        match earlier(&part.server).filter(|_| plan.is_err()) {
            // The earlier result can still be used: a change is sent only if the server has the value that was
            // compared.
            Some(earlier) => earlier.clone(),
            None => PlanPart::new(part.server, plan, part.local),
        }
    });
    let mut overlay = PlanOverlay::new(parts.collect());
    let kept = before.as_ref().map(|before| overlay.keep_choices(before));
    overlay.note_changes(&state.shown);
    if before.is_some() && !failed.is_empty() {
        state.notify_error(failed.join(". "));
    } else if let Some(text) = kept.and_then(kept_text) {
        state.notify(text);
    }
    arrivals::open_when_idle(state, overlay, "Comparison finished");
    if let Some(skipped) = skipped {
        let rooms = describe::count(skipped, "room");
        state.notify(format!("Skipped {rooms} (no permission)"));
    }
}

/// If the data file has no room of this server, drops the rooms that the account may not manage from the plan and returns
/// how many were dropped. Returns `None` if none was dropped. If the account may manage none of the rooms, the plan keeps
/// all of them, to show the reason.
fn skip_forbidden(part: &mut ComparisonPart) -> Option<usize> {
    let Some(Ok(plan)) = part.result.as_mut().filter(|_| part.local.is_empty()) else {
        return None;
    };
    let mut rest = Plan::clone(plan);
    let skipped = rest.skip_forbidden(|_| false).len();
    if skipped == 0 || rest.rooms.is_empty() {
        return None;
    }
    *plan = Arc::new(rest);
    Some(skipped)
}

/// Says how many choices were kept and how many were discarded; `None` if there were no choices.
fn kept_text(KeptChoices { kept, dropped }: KeptChoices) -> Option<String> {
    let kept = (kept > 0).then(|| format!("Kept {}", describe::count(kept, "choice")));
    let dropped = (dropped > 0).then(|| {
        format!(
            "Discarded {} because the differences have changed",
            describe::count(dropped, "choice")
        )
    });
    let parts: Vec<String> = kept.into_iter().chain(dropped).collect();
    (!parts.is_empty()).then(|| parts.join(". "))
}

/// Shows the earlier plan, if there is one, after comparing it again failed or was stopped.
pub(super) fn reopen(state: &mut State, before: Option<PlanOverlay>) {
    if let Some(mut before) = before {
        before.note_changes(&state.shown);
        arrivals::open_when_idle(state, before, "Comparison finished");
    }
}
