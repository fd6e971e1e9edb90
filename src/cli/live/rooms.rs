//! Selects the rooms and servers of a command.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::super::args::RoomSelection;
use super::super::context::{SessionContext, retain_server};
use super::super::failure::Failure;
use crate::model::{Jid, Room, Wardrobe};
use crate::server::ServerSettings;
use crate::sync::LocalRoom;

/// The selected rooms of a server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum SelectedRooms {
    /// All linked rooms.
    All,
    /// The rooms that the command names. These are received even if they are only on the server.
    Named(BTreeSet<Jid>),
}

impl SelectedRooms {
    /// Returns the selected rooms with their content in the data file. [`Self::All`] selects only rooms in the data file.
    pub(super) fn local_rooms(&self, settings: &ServerSettings, wardrobe: &Wardrobe) -> Vec<LocalRoom> {
        let with_content = |room: &Jid, is_requested| LocalRoom {
            room: room.clone(),
            local: wardrobe.room(room).cloned(),
            is_requested,
        };
        match self {
            Self::All => {
                let rooms = wardrobe.rooms().map(|(room, _)| room);
                rooms
                    .filter(|room| settings.is_linked(room))
                    .map(|room| with_content(room, false))
                    .collect()
            }
            Self::Named(rooms) => rooms.iter().map(|room| with_content(room, true)).collect(),
        }
    }
}

/// Returns a room with its content in the data file, for a request that does not receive the room if it is only on the
/// server.
pub(super) fn local_room(room: &Jid, local: Option<Arc<Room>>) -> LocalRoom {
    LocalRoom {
        room: room.clone(),
        local,
        is_requested: false,
    }
}

/// Returns the servers that a command selects, each with its rooms.
///
/// Errors: no server is configured; no server has the given name; the address of a room is invalid; a room is outside a
/// restricted session, or is linked to none of the servers.
pub(super) fn select_rooms(
    args: &RoomSelection,
    context: &SessionContext,
    mut servers: Vec<ServerSettings>,
) -> Result<Vec<(ServerSettings, SelectedRooms)>, Failure> {
    if servers.is_empty() {
        return Err(Failure::error(
            "no servers configured; run hatrack servers example prosody (or xmpp) to print an example section",
        ));
    }
    if let Some(name) = &args.server {
        retain_server(&mut servers, name)?;
    }
    if args.rooms.is_empty() {
        return Ok(servers
            .into_iter()
            .map(|server| (server, SelectedRooms::All))
            .collect());
    }
    let mut rooms_of_servers: Vec<BTreeSet<Jid>> = servers.iter().map(|_| BTreeSet::new()).collect();
    for text in &args.rooms {
        let room = Jid::parse_room_input(text).map_err(Failure::invalid_argument)?;
        context.check_room_allowed(&room)?;
        let number = servers.iter().position(|server| server.is_linked(&room));
        if let Some(rooms) = number.and_then(|number| rooms_of_servers.get_mut(number)) {
            rooms.insert(room);
            continue;
        }
        let target = match &args.server {
            Some(name) => format!("to the server {name:?}"),
            None => "to any server of the configuration".into(),
        };
        return Err(Failure::error(format!(
            "{room} does not belong {target}; see its settings services and rooms"
        )));
    }
    let all = servers.into_iter().zip(rooms_of_servers);
    let named = all.filter(|(_, rooms)| !rooms.is_empty());
    Ok(named
        .map(|(server, rooms)| (server, SelectedRooms::Named(rooms)))
        .collect())
}
