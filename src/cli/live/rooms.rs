//! Which rooms of which servers a command is about.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::super::args::LiveRooms;
use super::super::context::{SessionContext, retain_server};
use super::super::failure::Failure;
use crate::model::{Jid, Room, Wardrobe};
use crate::server::ServerSettings;
use crate::sync::LocalRoom;

/// The rooms of a server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Selected {
    /// All of them.
    All,
    /// Those that were named: they are received even where they are only on the server.
    Rooms(BTreeSet<Jid>),
}

impl Selected {
    /// The rooms as the data file has them.
    pub(super) fn local(&self, settings: &ServerSettings, wardrobe: &Wardrobe) -> Vec<LocalRoom> {
        let of = |room: &Jid, take| LocalRoom {
            room: room.clone(),
            local: wardrobe.room(room).cloned(),
            take,
        };
        match self {
            Self::All => {
                let rooms = wardrobe.rooms().map(|(room, _)| room);
                rooms
                    .filter(|room| settings.links(room))
                    .map(|room| of(room, false))
                    .collect()
            }
            Self::Rooms(rooms) => rooms.iter().map(|room| of(room, true)).collect(),
        }
    }
}

/// A room as the data file has it; it is not received where it is only on the server.
pub(super) fn local_room(room: &Jid, local: Option<Arc<Room>>) -> LocalRoom {
    LocalRoom {
        room: room.clone(),
        local,
        take: false,
    }
}

/// The servers that a command is about, each with its rooms.
pub(super) fn select(
    args: &LiveRooms,
    context: &SessionContext,
    mut servers: Vec<ServerSettings>,
) -> Result<Vec<(ServerSettings, Selected)>, Failure> {
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
            .map(|server| (server, Selected::All))
            .collect());
    }
    let mut of_server: Vec<BTreeSet<Jid>> = servers.iter().map(|_| BTreeSet::new()).collect();
    for text in &args.rooms {
        let room = Jid::parse_room_input(text).map_err(Failure::invalid_argument)?;
        context.check_room_allowed(&room)?;
        let number = servers.iter().position(|server| server.links(&room));
        if let Some(rooms) = number.and_then(|number| of_server.get_mut(number)) {
            rooms.insert(room);
            continue;
        }
        let of = match &args.server {
            Some(name) => format!("to the server {name:?}"),
            None => "to any server of the configuration".into(),
        };
        return Err(Failure::error(format!(
            "{room} does not belong {of}; see services and rooms there"
        )));
    }
    let all = servers.into_iter().zip(of_server);
    let named = all.filter(|(_, rooms)| !rooms.is_empty());
    Ok(named
        .map(|(server, rooms)| (server, Selected::Rooms(rooms)))
        .collect())
}
