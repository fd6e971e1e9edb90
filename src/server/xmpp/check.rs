//! Checks a server: software, permissions, rooms, and missing requirements.

use super::dialect::Dialect;
use super::discover;
use super::link::RequestSender;
use super::read::{self, NotRead};
use crate::model::{Affiliation, Jid};
use crate::server::backend::RoomList;
use crate::server::error::Error;
use crate::server::settings::ServerSettings;
use crate::sync::{RemoteRoom, ServerKind, ServerProblem, ServerReport, ServerRights};

/// Maximum number of rooms whose lists of commands are requested.
const MAX_CHECKED_ROOMS: usize = 1_000;
/// Maximum number of rooms whose owners and admins are read to determine the permissions.
const MAX_LISTED_ROOMS: usize = 8;

/// Checks a server with the account `own`. Returns the report, and the dialect; `None` if it is unknown.
pub(super) async fn check(
    sender: &RequestSender,
    settings: &ServerSettings,
    own: &Jid,
    transport: Option<String>,
) -> Result<(ServerReport, Option<Dialect>), Error> {
    let mut list_error = None;
    let mut list = match discover::rooms(sender, settings, own).await {
        Ok(list) => list,
        // The rest of the report helps to find the cause.
        Err(Error::Refused(why) | Error::Away(why)) if !sender.is_broken() => {
            list_error = Some(why);
            RoomList::default()
        }
        Err(error) => return Err(error),
    };
    let version = discover::version(sender, settings, own).await?;
    let checked: Vec<Jid> = list
        .rooms
        .iter()
        .take(MAX_CHECKED_ROOMS)
        .map(|info| info.room.clone())
        .collect();
    let commands = discover::dialects_of(sender, &checked).await?;
    for info in &mut list.rooms {
        info.allowed = commands.get(&info.room).map(Option::is_some);
    }
    let mut dialect = commands.values().flatten().copied().next();
    if dialect.is_none() {
        dialect = match discover::dialect(sender, settings, own).await {
            Ok(dialect) => Some(dialect),
            Err(Error::NoHats(_)) => None,
            Err(error) => return Err(error),
        };
    }
    let allowed: Vec<&Jid> = commands
        .iter()
        .filter_map(|(room, dialect)| dialect.is_some().then_some(room))
        .collect();
    let rights = rights(sender, own, &allowed).await?;
    let mut problems = find_problems(settings, own, &list.rooms, list.is_complete, dialect);
    if let Some(why) = list_error {
        let solution = "in the configuration, set \"services\" to the domains of the chat rooms".to_owned();
        problems.insert(
            0,
            ServerProblem {
                description: why,
                solution,
            },
        );
    }
    let report = ServerReport {
        server: settings.entry.name.clone(),
        kind: ServerKind::Xmpp,
        class: dialect.map(Dialect::class),
        version,
        transport,
        rights,
        problems,
        rooms: list.rooms,
        all_rooms: list.is_complete,
    };
    Ok((report, dialect))
}

/// Determines the permissions of the account. An account that can manage hats in a room without being its owner or
/// admin is an administrator of the service.
async fn rights(sender: &RequestSender, own: &Jid, allowed: &[&Jid]) -> Result<ServerRights, Error> {
    if allowed.is_empty() {
        return Ok(ServerRights::None);
    }
    'rooms: for room in allowed.iter().take(MAX_LISTED_ROOMS) {
        let mut lists = RemoteRoom::default();
        for affiliation in [Affiliation::Owner, Affiliation::Admin] {
            match read::list(sender, room, affiliation, &mut lists).await {
                Ok(()) => {}
                Err(NotRead::Lost(error)) => return Err(error),
                Err(NotRead::Room(_)) => continue 'rooms,
            }
        }
        if !lists.users.contains_key(own) {
            return Ok(ServerRights::All);
        }
    }
    Ok(ServerRights::ByRoom)
}

/// Finds the problems. `is_complete`: `rooms` has all rooms, including hidden ones.
fn find_problems(
    settings: &ServerSettings,
    own: &Jid,
    rooms: &[crate::sync::RemoteRoomInfo],
    is_complete: bool,
    dialect: Option<Dialect>,
) -> Vec<ServerProblem> {
    let mut problems = Vec::new();
    let denied: Vec<&str> = rooms
        .iter()
        .filter(|info| info.allowed == Some(false))
        .map(|info| info.room.as_str())
        .collect();
    if let [first, rest @ ..] = denied.as_slice() {
        let more = match rest.len() {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        problems.push(ServerProblem {
            description: format!("{own} cannot manage hats in {first}{more}"),
            solution: format!(
                "make {own} an owner or admin of the room, or an administrator of the service (access_admin of mod_muc), and enable the room option enable_hats"
            ),
        });
    }
    if dialect.is_none() {
        problems.push(ServerProblem {
            description: format!("no room of {} supports hats for this account", discover::services(settings)),
            solution: "use ejabberd 21.12 or later and enable the room option enable_hats; for Prosody, use kind = \"prosody\"".into(),
        });
    }
    if !is_complete {
        problems.push(ServerProblem {
            description: "hidden rooms are not listed".into(),
            solution: "add them to rooms in the configuration, or, with ejabberd 25.03 or later, load mod_adhoc_api and allow muc_online_rooms for the account in api_permissions".into(),
        });
    }
    problems
}
