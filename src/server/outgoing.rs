//! Handles the changes that are sent as soon as they are saved: before a commit, they are noted in the outboxes of their
//! rooms; after the commit, the session's server worker is requested to send them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use jiff::Timestamp;

use super::files::ServerFiles;
use super::options::{WorkerOptions, lock};
use super::redact;
use super::settings::ServerSettings;
use crate::model::{Jid, Wardrobe};
use crate::store::{Change, ChangeReason, CommitHook, CommitHooks, EXPIRED_ACTOR, PreparedChange, Scope};
use crate::sync::{
    Affiliations, AfterCommit, ChangedItem, GUARD_USERS, HeldReason, Item, LocalRoom, Outbox, SendMode,
    ServerClass, ServerKind, ServerRequest, UnstoredHat, changed_items, count_users_losing_hats,
    is_server_actor, unstored_hats,
};

/// The hook of a session's store that handles the changes to be sent. It notes only changes of this session, and only in
/// rooms that were compared with their server before.
pub struct Outgoing {
    servers: Vec<(ServerSettings, ServerFiles)>,
    scope: Scope,
    notify: Box<dyn Fn(AfterCommit) + Send + Sync>,
    state: Mutex<OutgoingState>,
}

/// The data of the commit that is being made.
#[derive(Default)]
struct OutgoingState {
    /// The items that were noted in outboxes, by index of the server and room: one set for each change of the commit.
    prepared: BTreeMap<(usize, Jid), Vec<BTreeSet<Item>>>,
    /// The indices of servers for which changes were noted that a person made, so that a password may be requested to send
    /// them. The removal of expired hats is not made by a person.
    by_person: BTreeSet<usize>,
    /// Why changes are not sent automatically, by index of the server and room.
    held: BTreeMap<(usize, Jid), HeldReason>,
    /// The users' hats that the servers cannot store completely, by room: the first hat, and the number of others.
    unstored: BTreeMap<Jid, (UnstoredHat, usize)>,
    /// The classes of the rooms' servers, as the bases have them. They are kept from one commit to the next.
    classes: BTreeMap<Jid, ServerClass>,
}

/// The items of one room that a change of the data file affects. The room belongs to a server.
struct ChangeOfRoom<'a> {
    /// The index of the server.
    server: usize,
    class: ServerClass,
    room: &'a Jid,
    items: Vec<ChangedItem>,
}

impl Outgoing {
    /// Creates the hook for the servers to which changes are sent at once. After a commit, `notify` is called for each
    /// consequence of the commit; the data file is still locked then, so `notify` must not wait. There is no hook if changes
    /// are sent at once to no server, there is no state folder, or the session is read-only.
    pub fn hooks(
        options: &WorkerOptions,
        notify: impl Fn(AfterCommit) + Send + Sync + 'static,
    ) -> CommitHooks {
        if options.scope.read_only || options.state_dir.is_none() {
            return CommitHooks::default();
        }
        let at_once = options
            .servers
            .iter()
            .filter(|server| server.entry.send == SendMode::AtOnce);
        let servers: Vec<_> = at_once
            .filter_map(|settings| {
                let name = &settings.entry.name;
                let files = ServerFiles::new(name, &options.data_file, options.state_dir.as_deref());
                match files {
                    Ok(files) => Some((settings.clone(), files)),
                    Err(error) => {
                        log::warn!(server:% = name, reason:% = error; "changes are not sent at once");
                        None
                    }
                }
            })
            .collect();
        if servers.is_empty() {
            return CommitHooks::default();
        }
        CommitHooks::new(Arc::new(Self {
            servers,
            scope: options.scope.clone(),
            notify: Box::new(notify),
            state: Mutex::default(),
        }))
    }

    /// The index of the server to which changes of a room are sent at once; `None` if there is no such server, or the session
    /// may not change the room.
    fn server_of(&self, room: &Jid) -> Option<usize> {
        let is_allowed = self.scope.rooms.as_ref().is_none_or(|rooms| rooms.contains(room));
        self.servers
            .iter()
            .position(|(settings, _)| is_allowed && settings.is_linked(room))
    }

    /// The class of a room's server; `None` if the room was never compared with the server or the base is invalid, so that
    /// nothing is sent automatically.
    fn class(&self, state: &mut OutgoingState, server: usize, room: &Jid) -> Option<ServerClass> {
        let (settings, files) = self.servers.get(server)?;
        // Prosody has a single class; another server may have been updated.
        if settings.entry.kind == ServerKind::Prosody
            && let Some(class) = state.classes.get(room)
        {
            return Some(*class);
        }
        let class = files.base(room).0.ok().flatten()?.class;
        // Others can write the base, but must not change the kind of the server in this way.
        let is_of_kind = (settings.entry.kind == ServerKind::Prosody) == (class == ServerClass::Prosody);
        is_of_kind.then(|| {
            state.classes.insert(room.clone(), class);
            class
        })
    }

    /// Determines the items of a room that a change affects, and notes the hats that the server cannot store completely. Returns
    /// `None` if nothing of the change is to be sent to a server.
    fn change_of_room<'a>(
        &self,
        state: &mut OutgoingState,
        change: &PreparedChange<'_>,
        room: &'a Jid,
    ) -> Option<ChangeOfRoom<'a>> {
        let server = self.server_of(room)?;
        let class = self.class(state, server, room)?;
        let (settings, _) = self.servers.get(server)?;
        let rooms = [change.before, change.after].map(|wardrobe| wardrobe.room(room).map(|room| &**room));
        let [before, after] = rooms;
        let mut unstored = unstored_hats(class, room, change.group, before, after).into_iter();
        if let Some(first) = unstored.next() {
            state.unstored.insert(room.clone(), (first, unstored.len()));
        }
        let mut items = changed_items(class, room, change.group, before, after);
        if settings.entry.affiliations == Affiliations::Show {
            items.retain(|changed| !matches!(changed.item, Item::Affiliation { .. }));
        }
        (!items.is_empty()).then_some(ChangeOfRoom {
            server,
            class,
            room,
            items,
        })
    }

    /// Notes a change in the outbox of a room. Returns the index of the server; `None` if the outbox could not be written.
    fn note(&self, state: &mut OutgoingState, change: &Change, of_room: ChangeOfRoom<'_>) -> Option<usize> {
        let ChangeOfRoom {
            server,
            class,
            room,
            items,
        } = of_room;
        let (_, files) = self.servers.get(server)?;
        let reason = change.reason.as_ref().map(ChangeReason::to_shared);
        let written = files.update_outbox(room, class, |outbox| {
            outbox.prepare(&items, reason.as_ref(), Timestamp::now());
        });
        match written {
            Ok(()) => {
                if change.actor.as_deref() != Some(EXPIRED_ACTOR) {
                    state.by_person.insert(server);
                }
                let items = items.into_iter().map(|ChangedItem { item, .. }| item);
                state
                    .prepared
                    .entry((server, room.clone()))
                    .or_default()
                    .push(items.collect());
                Some(server)
            }
            Err(error) => {
                log::warn!(room:% = room, reason:% = error; "outbox not written, so left to the plan");
                let reason = HeldReason::NotRecorded(redact::hide_path(&self.scope, error.to_string()));
                state.held.insert((server, room.clone()), reason);
                None
            }
        }
    }
}

/// Finds the servers in whose rooms together a change that nobody confirmed removes hats from more than [`GUARD_USERS`]
/// users.
fn servers_where_many_lose_hats(change: &Change, rooms: &[ChangeOfRoom<'_>]) -> BTreeSet<usize> {
    let mut items: BTreeMap<usize, Vec<&ChangedItem>> = BTreeMap::new();
    for room in rooms.iter().filter(|_| !change.confirmed) {
        items.entry(room.server).or_default().extend(&room.items);
    }
    items.retain(|_, items| count_users_losing_hats(items.iter().copied()) > GUARD_USERS);
    items.into_keys().collect()
}

impl CommitHook for Outgoing {
    fn prepare(&self, changes: &[PreparedChange<'_>]) -> Vec<Vec<Box<str>>> {
        let mut state = lock(&self.state);
        state.prepared.clear();
        state.by_person.clear();
        state.held.clear();
        state.unstored.clear();
        let noted_for = |change: &PreparedChange<'_>| {
            // Changes that were received from a server are not sent back.
            if change.change.actor.as_deref().is_some_and(is_server_actor) {
                return Vec::new();
            }
            let rooms: BTreeSet<&Jid> = change.group.0.iter().filter_map(|edit| edit.room()).collect();
            let rooms = rooms
                .into_iter()
                .filter_map(|room| self.change_of_room(&mut state, change, room));
            let rooms: Vec<_> = rooms.collect();
            let held = servers_where_many_lose_hats(change.change, &rooms);
            let noted = rooms.into_iter().filter_map(|of_room| {
                if held.contains(&of_room.server) {
                    let key = (of_room.server, of_room.room.clone());
                    state.held.insert(key, HeldReason::ManyLoseHats);
                    return None;
                }
                self.note(&mut state, change.change, of_room)
            });
            let servers: BTreeSet<usize> = noted.collect();
            let names = servers.into_iter().filter_map(|server| self.servers.get(server));
            names
                .map(|(settings, _)| Box::from(&*settings.entry.name))
                .collect()
        };
        changes.iter().map(noted_for).collect()
    }

    fn committed(&self, content: &Wardrobe) {
        let OutgoingState {
            prepared,
            by_person,
            held,
            unstored,
            ..
        } = &mut *lock(&self.state);
        let (prepared, held) = (std::mem::take(prepared), std::mem::take(held));
        let by_person = std::mem::take(by_person);
        for (room, (first, more)) in std::mem::take(unstored) {
            (self.notify)(AfterCommit::Unstored { room, first, more });
        }
        let mut rooms_by_server: BTreeMap<usize, Vec<LocalRoom>> = BTreeMap::new();
        for (server, room) in prepared.into_keys() {
            let local = content.room(&room).cloned();
            rooms_by_server.entry(server).or_default().push(LocalRoom {
                room,
                local,
                is_requested: false,
            });
        }
        for (server, rooms) in rooms_by_server {
            if let Some((settings, _)) = self.servers.get(server) {
                (self.notify)(AfterCommit::Send(ServerRequest::Send {
                    server: settings.entry.name.clone(),
                    rooms,
                    revision: content.revision,
                    may_ask: by_person.contains(&server),
                }));
            }
        }
        for ((server, room), reason) in held {
            if let Some((settings, _)) = self.servers.get(server) {
                let server = settings.entry.name.clone();
                (self.notify)(AfterCommit::Held { server, room, reason });
            }
        }
    }

    fn withdrawn(&self) {
        let mut state = lock(&self.state);
        let prepared = std::mem::take(&mut state.prepared);
        state.held.clear();
        state.unstored.clear();
        for ((server, room), changes) in prepared {
            let withdraw = |outbox: &mut Outbox| changes.iter().for_each(|items| outbox.withdraw(items));
            if let Some((_, files)) = self.servers.get(server)
                && let Some(class) = state.classes.get(&room)
                && let Err(error) = files.update_outbox(&room, *class, withdraw)
            {
                // The change is not in the data file, so it is not sent, although the outbox still has it.
                log::warn!(room:% = room, reason:% = error; "outbox not written");
            }
        }
    }
}
