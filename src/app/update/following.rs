//! Following linked rooms: changes that others make on the servers are committed to the file in the name of the
//! servers.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use crate::app::command::CommandId;
use crate::app::servers::{Incoming, follower_text, silent_text};
use crate::app::{Effect, Phase, State, describe};
use crate::model::{EditError, EditGroup, Jid, Room};
use crate::store::{Change, StoreRequest};
use crate::sync::{
    Decision, Follower, LocalRoom, Plan, RoomPlan, RoomState, SendState, ServerRequest, server_actor,
};

use super::compare;

/// Minimum time between two reports of changes on one server.
const MIN_INTERVAL: Duration = Duration::from_secs(1);
/// Maximum number of times that a commit is repeated because the file changed in the meantime.
const MAX_RETRIES: usize = 5;

/// Returns whether this session may receive changes automatically.
fn may_follow(state: &State) -> bool {
    state.not_following_reason().is_none()
}

/// Records who follows a room. Reports if another session should follow the room but does not respond, and if the room
/// is followed again.
pub(super) fn set_follower(state: &mut State, room: Jid, follower: Follower) {
    let is_silent = matches!(follower, Follower::Silent(_));
    let is_followed = matches!(follower, Follower::Here | Follower::Elsewhere(_));
    let name = room.clone();
    let text = follower_text(&follower);
    let before = state.servers.following.set_follower(room, follower);
    if is_silent {
        let (rooms, by) = state.servers.following.rooms_with_silent_follower();
        let subject = describe::first_few(&rooms);
        let text = format!("{subject}: {}", silent_text(by));
        state.notify_error(text);
    } else if is_followed && matches!(before, Some(Follower::Silent(_))) {
        state.notify(format!("{name}: {text} again"));
    }
}

/// Returns the selected room, if it is in the data file and has a server. Any session that may see the room may see its
/// occupants.
fn selected_linked_room(state: &State) -> Option<&Jid> {
    let selected = state.browser.selected_ids().0;
    let has_file = state.phase == Phase::Open && !state.start.demo;
    selected
        .filter(|room| has_file && state.servers.of_room(room).is_some() && state.saved.room(room).is_some())
}

/// Tells the server worker which rooms to follow, and which of them changed in the file. Called after every message.
pub(super) fn sync(state: &mut State, effects: &mut Vec<Effect>) {
    if state.servers.all.is_empty() {
        return;
    }
    let selected = selected_linked_room(state).cloned();
    let is_same_room = selected == state.servers.following.selected;
    if !may_follow(state) {
        state.servers.following.revision = None;
        let rooms = std::mem::take(&mut state.servers.following.rooms);
        if !rooms.is_empty() || !is_same_room {
            state.servers.following.selected = selected;
            request_follow(state, effects);
        }
        return;
    }
    if state.servers.following.revision == Some(state.saved.revision) {
        if !is_same_room {
            state.servers.following.selected = selected;
            request_follow(state, effects);
        }
        return;
    }
    let linked = state
        .saved
        .rooms()
        .filter(|(room, _)| state.servers.of_room(room).is_some());
    let rooms: BTreeMap<Jid, Arc<Room>> = linked.map(|(jid, room)| (jid.clone(), room.clone())).collect();
    let before = std::mem::replace(&mut state.servers.following.rooms, rooms);
    state.servers.following.revision = Some(state.saved.revision);
    let rooms = &state.servers.following.rooms;
    if !rooms.keys().eq(before.keys()) || !is_same_room {
        state.servers.following.selected = selected;
        request_follow(state, effects);
        return;
    }
    let changed = rooms
        .iter()
        .filter(|(jid, room)| before.get(*jid).is_none_or(|before| !Arc::ptr_eq(before, room)));
    effects.extend(changed.map(|(jid, room)| {
        Effect::Server(ServerRequest::Changed {
            room: LocalRoom {
                room: jid.clone(),
                local: Some(room.clone()),
                is_requested: false,
            },
            revision: state.saved.revision,
        })
    }));
}

fn request_follow(state: &State, effects: &mut Vec<Effect>) {
    let following = &state.servers.following;
    let rooms = following.rooms.iter().map(|(jid, room)| LocalRoom {
        room: jid.clone(),
        local: Some(room.clone()),
        is_requested: false,
    });
    effects.push(Effect::Server(ServerRequest::Follow {
        rooms: rooms.collect(),
        selected: following.selected.clone(),
        revision: state.saved.revision,
        interval: MIN_INTERVAL,
        may_ask: false,
    }));
}

/// Receives changes from a server, after the changes that are already being received. `authors` contains, for each
/// room, the person who changed it, if known.
pub(super) fn incoming(
    state: &mut State,
    effects: &mut Vec<Effect>,
    plan: Arc<Plan>,
    authors: BTreeMap<Jid, Arc<str>>,
) {
    let plan = compare::within_scope(state, plan);
    if state.is_plan_open() {
        // The worker reports the changes again when the plan is closed.
        return;
    }
    if state.check_can_change().is_err() || plan.check_permitted_by(&state.start.scope.rights).is_err() {
        return;
    }
    let sending = &state.servers.sending;
    let is_decision = plan.rooms.iter().any(|room| {
        let mut received = room.received().into_keys();
        received.any(|item| matches!(sending.state(&room.room, &item), Some(SendState::Changed { .. })))
    });
    if is_decision {
        state.servers.sending.receiving = None;
    }
    let incoming = Incoming {
        commit: None,
        plan,
        is_decision,
        group: EditGroup::default(),
        authors,
        failed_commits: 0,
    };
    let server = incoming.plan.server.clone();
    if state.servers.following.incoming.contains_key(&server) {
        let waiting = state.servers.following.queued.entry(server).or_default();
        if !is_decision {
            waiting.retain(|earlier| earlier.is_decision);
        }
        waiting.push_back(incoming);
    } else {
        receive(state, effects, incoming);
    }
}

/// Commits the changes to the file, as far as the file still has the values that were compared.
fn receive(state: &mut State, effects: &mut Vec<Effect>, mut incoming: Incoming) {
    let mut group = EditGroup::default();
    for room in &mut Arc::make_mut(&mut incoming.plan).rooms {
        let local = state.saved.room(&room.room);
        room.keep_current(local.map(|room| &**room));
        if local.is_some() {
            group.0.extend(room.edits_to_receive(local).0);
        }
    }
    let server = incoming.plan.server.clone();
    if group.is_empty() {
        received(state, effects, &incoming, &group);
        return receive_next(state, effects, &server);
    }
    let id = state.next_id;
    state.next_id += 1;
    state.other_commits.insert(id);
    let change = Change {
        actor: Some(server_actor(&server).into()),
        ..group.clone().into()
    };
    (incoming.commit, incoming.group) = (Some(id), group);
    state.servers.following.incoming.insert(server, incoming);
    effects.push(Effect::Store(StoreRequest::Commit { id, change }));
}

/// Handles the result of a commit, if it is one that receives changes of a followed room. Called when the state has the
/// new content of the file.
pub(super) fn committed(
    state: &mut State,
    effects: &mut Vec<Effect>,
    id: u64,
    result: &Result<Option<u64>, EditError>,
) {
    let all_incoming = &mut state.servers.following.incoming;
    let has_id = |incoming: &Incoming| incoming.commit == Some(id);
    let Some(server) = all_incoming
        .iter()
        .find(|(_, incoming)| has_id(incoming))
        .map(|(server, _)| server.clone())
    else {
        return;
    };
    let Some(mut incoming) = all_incoming.remove(&server) else {
        return;
    };
    match result {
        Ok(revision) => {
            let mut group = std::mem::take(&mut incoming.group);
            if revision.is_none() {
                group = EditGroup::default();
            }
            received(state, effects, &incoming, &group);
            receive_next(state, effects, &server);
        }
        Err(EditError::Conflict { .. }) if incoming.failed_commits < MAX_RETRIES => {
            incoming.failed_commits += 1;
            receive(state, effects, incoming);
        }
        Err(error) => {
            // The worker reports changes again, except those that the user decided to receive.
            if incoming.is_decision {
                state.notify_error(format!("Cannot receive theirs from {server:?}: {error}"));
            }
            receive_next(state, effects, &server);
        }
    }
}

/// Receives the changes that arrived while others were being received.
fn receive_next(state: &mut State, effects: &mut Vec<Effect>, server: &Arc<str>) {
    let waiting = state.servers.following.queued.get_mut(server);
    if let Some(incoming) = waiting.and_then(VecDeque::pop_front) {
        receive(state, effects, incoming);
    }
}

/// Continues when the file has the received changes: reports these changes to the server worker and in a notice.
fn received(state: &mut State, effects: &mut Vec<Effect>, incoming: &Incoming, group: &EditGroup) {
    let rooms = incoming.plan.rooms.iter();
    for room in rooms.filter(|room| room.state == RoomState::Compared) {
        let local = state.saved.room(&room.room).cloned();
        if let (Some(local), Some(followed)) = (&local, state.servers.following.rooms.get_mut(&room.room)) {
            followed.clone_from(local);
        }
        let mut rest = room.clone();
        rest.lines.retain(|line| line.decision != Decision::Receive);
        state.servers.note_compared(&rest, local.as_ref());
        effects.push(Effect::Server(ServerRequest::Received {
            server: incoming.plan.server.clone(),
            room: LocalRoom {
                room: room.room.clone(),
                local,
                is_requested: false,
            },
            revision: state.saved.revision,
            received: room.received(),
            held: room.held(),
        }));
    }
    if !group.is_empty() && state.shows_change(&group.0) {
        let description = describe::group(group, &state.saved, &state.zone());
        state.announce_changes(&received_from(incoming, group), vec![description]);
    }
    report_held(state, &incoming.plan);
}

/// Names the author or server of received changes, to precede their description: `ana@example.org on "example": `.
fn received_from(incoming: &Incoming, group: &EditGroup) -> String {
    let server = &incoming.plan.server;
    let mut rooms = group.0.iter().filter_map(|edit| edit.room());
    let author = rooms.next().and_then(|room| incoming.authors.get(room));
    let is_author = |room: &Jid| incoming.authors.get(room) == author;
    match author.filter(|_| rooms.all(is_author)) {
        Some(author) => format!("{author} on {server:?}: "),
        None => format!("From {server:?}: "),
    }
}

/// Reports the users for whom removals of hats are held back, each user once.
fn report_held(state: &mut State, plan: &Plan) {
    let mut held = 0;
    for room in &plan.rooms {
        let held_users = room.held();
        let reported = &mut state.servers.following.reported_held;
        let before = reported
            .insert(room.room.clone(), held_users.clone())
            .unwrap_or_default();
        held += held_users.difference(&before).count();
    }
    if held > 0 {
        let (users, key) = (describe::count(held, "user"), state.key(CommandId::Servers));
        let cause = if plan.rooms.iter().any(RoomPlan::is_held_without_history) {
            "the history cannot be read"
        } else {
            "many users lost hats on the server"
        };
        state.notify_error(format!(
            "{}: {cause}, so removals for {users} are held back ({key} to compare)",
            plan.server
        ));
    }
}
