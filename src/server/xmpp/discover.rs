//! Finds the rooms of a server, and the dialect of its commands for hats.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use futures_util::StreamExt as _;
use futures_util::stream::iter;
use tokio_xmpp::minidom::Element;

use super::dialect::Dialect;
use super::element::{
    attribute, child, command, element, form, is_completed, texts, value, values, with_child,
};
use super::link::{RequestFailure, RequestSender};
use super::server_context::MAX_PARALLEL_ROOMS;
use crate::model::Jid;
use crate::server::backend::RoomList;
use crate::server::error::{Error, sanitize_line};
use crate::server::listing::{Listing, MAX_ROOMS};
use crate::server::settings::ServerSettings;
use crate::sync::{Condition, RemoteRoomInfo};

const DISCO_ITEMS: &str = "http://jabber.org/protocol/disco#items";
const COMMANDS: &str = "http://jabber.org/protocol/commands";
const RSM: &str = "http://jabber.org/protocol/rsm";
const VERSION: &str = "jabber:iq:version";
/// Number of rooms per page. With more than 100 rooms, ejabberd lists empty rooms only in pages.
const ROOMS_PER_PAGE: &str = "50";
/// If at least this many rooms of a service are listed, no more pages are requested to detect the dialect.
const ENOUGH_ROOMS: usize = 256;

/// Detects the dialect from a room with commands for hats, else from the server's version.
///
/// Errors: [`Error::NoHats`] if neither shows the dialect.
pub(super) async fn dialect(
    sender: &RequestSender,
    settings: &ServerSettings,
    own: &Jid,
) -> Result<Dialect, Error> {
    let mut queried = BTreeSet::new();
    let configured = settings
        .rooms
        .iter()
        .flatten()
        .filter(|room| settings.entry.owns(room));
    let mut rooms: Vec<Jid> = configured.cloned().collect();
    if let Some(found) = dialect_of_any(sender, &rooms).await? {
        return Ok(found);
    }
    queried.extend(rooms.drain(..));
    for service in &settings.entry.services {
        let mut list = Listing::default();
        // Other errors are reported when the rooms are listed by `rooms`.
        if let Err(Error::Lost(error)) = list_service(sender, service, &mut list, ENOUGH_ROOMS).await {
            return Err(Error::Lost(error));
        }
        let listed = list.rooms().iter().map(|info| info.room.clone());
        rooms.extend(listed.filter(|room| settings.entry.owns(room) && queried.insert(room.clone())));
        if let Some(found) = dialect_of_any(sender, &rooms).await? {
            return Ok(found);
        }
        rooms.clear();
    }
    if let Some(found) = version(sender, settings, own)
        .await?
        .as_deref()
        .and_then(dialect_of_version)
    {
        return Ok(found);
    }
    Err(Error::NoHats(format!(
        "{own} cannot manage hats in any room of {}. It must be an owner or admin of the room, or an administrator of the service; the room option enable_hats must be on, and ejabberd must be 21.12 or later.",
        services(settings)
    )))
}

/// The names of the services, for display.
pub(super) fn services(settings: &ServerSettings) -> String {
    let names: Vec<&str> = settings.entry.services.iter().map(Jid::as_str).collect();
    names.join(", ")
}

/// Finds the dialect of any of these rooms that has commands for hats; `None` if none has such commands.
async fn dialect_of_any(sender: &RequestSender, rooms: &[Jid]) -> Result<Option<Dialect>, Error> {
    for chunk in rooms.chunks(MAX_PARALLEL_ROOMS) {
        let found = dialects_of(sender, chunk).await?;
        if let Some(dialect) = found.into_values().flatten().next() {
            return Ok(Some(dialect));
        }
    }
    Ok(None)
}

/// Finds the dialect of each of these rooms; `None` for a room without commands for hats. Rooms that do not answer are omitted.
pub(super) async fn dialects_of(
    sender: &RequestSender,
    rooms: &[Jid],
) -> Result<BTreeMap<Jid, Option<Dialect>>, Error> {
    let found = RefCell::new(BTreeMap::new());
    let lost = RefCell::new(None);
    let each = iter(rooms).for_each_concurrent(MAX_PARALLEL_ROOMS, async |room| {
        let query = element("query", DISCO_ITEMS, &[("node", COMMANDS)]);
        match sender.request(room.as_str(), "get", query).await {
            Ok(answer) => {
                let dialect = child(&answer, "query", DISCO_ITEMS).and_then(Dialect::detect);
                found.borrow_mut().insert(room.clone(), dialect);
            }
            Err(RequestFailure::Refused(_)) => drop(found.borrow_mut().insert(room.clone(), None)),
            Err(RequestFailure::Silent) => {}
            Err(RequestFailure::Broken(error)) => drop(lost.borrow_mut().get_or_insert(error)),
        }
    });
    each.await;
    match lost.into_inner() {
        Some(error) => Err(error),
        None => Ok(found.into_inner()),
    }
}

/// Lists the rooms of the configured services, and the configured rooms.
pub(super) async fn rooms(
    sender: &RequestSender,
    settings: &ServerSettings,
    own: &Jid,
) -> Result<RoomList, Error> {
    let (mut list, mut is_complete) = (Listing::default(), true);
    for service in &settings.entry.services {
        list_service(sender, service, &mut list, MAX_ROOMS).await?;
        is_complete &= list_hidden(sender, service, own, &mut list).await?;
    }
    for room in settings
        .rooms
        .iter()
        .flatten()
        .filter(|room| settings.entry.owns(room))
    {
        add(&mut list, room.clone(), None)?;
    }
    let mut list = list.finish(is_complete);
    list.rooms.retain(|info| settings.entry.owns(&info.room));
    // Of several entries of a room, one is kept, with the name that any of them has.
    list.rooms.dedup_by(|later, kept| {
        let is_same_room = later.room == kept.room;
        if is_same_room && kept.name.is_none() {
            kept.name = later.name.take();
        }
        is_same_room
    });
    Ok(list)
}

/// Adds a room to a list.
fn add(list: &mut Listing, room: Jid, name: Option<Arc<str>>) -> Result<(), Error> {
    list.add(Some(RemoteRoomInfo {
        room,
        name,
        allowed: None,
    }))
}

/// Adds the rooms of a service to a list, in pages (XEP-0059). Requests no more pages when the list has at least
/// `enough` rooms.
async fn list_service(
    sender: &RequestSender,
    service: &Jid,
    list: &mut Listing,
    enough: usize,
) -> Result<(), Error> {
    let mut position: Option<String> = None;
    loop {
        let mut set = element("set", RSM, &[]);
        for (name, text) in [("max", Some(ROOMS_PER_PAGE)), ("after", position.as_deref())] {
            let Some(text) = text else { continue };
            let mut part = element(name, RSM, &[]);
            part.append_text_node(text);
            set.append_child(part);
        }
        let query = with_child(element("query", DISCO_ITEMS, &[]), set);
        let answer = match sender.request(service.as_str(), "get", query).await {
            Ok(answer) => answer,
            Err(RequestFailure::Broken(error)) => return Err(error),
            Err(RequestFailure::Silent) => {
                return Err(Error::Away(format!(
                    "Cannot list the rooms of {service}: no answer."
                )));
            }
            Err(RequestFailure::Refused(refused)) => {
                return Err(match refused.condition {
                    Condition::RemoteServerNotFound
                    | Condition::ItemNotFound
                    | Condition::ServiceUnavailable => Error::Refused(format!(
                        "{service} is not a chat room service: {}. Check services in the configuration.",
                        refused.explanation()
                    )),
                    _ => Error::Away(format!(
                        "Cannot list the rooms of {service}: {}.",
                        refused.explanation()
                    )),
                });
            }
        };
        let Some(query) = child(&answer, "query", DISCO_ITEMS) else {
            return Err(Error::Malformed("no list of rooms".into()));
        };
        let before = list.count();
        for item in query.children().filter(|item| item.is("item", DISCO_ITEMS)) {
            add_item(item, service, list)?;
        }
        let count = list.count();
        let set = child(query, "set", RSM);
        let next = set.and_then(|set| texts(set, "last").into_iter().next());
        // An empty or repeated page is the end of the list.
        if count == before || count >= enough || next.is_none() || next == position {
            return Ok(());
        }
        position = next;
    }
}

/// Adds an item of a service's list to a list.
fn add_item(item: &Element, service: &Jid, list: &mut Listing) -> Result<(), Error> {
    let spelled = attribute(item, "jid").unwrap_or_default();
    match Jid::parse_room(spelled) {
        Ok(room) if room.as_str() == spelled && room.domain() == service.as_str() => {
            let name = attribute(item, "name").map(without_count);
            let local = room.local().unwrap_or_default();
            let name = name.filter(|name| {
                !name.is_empty() && *name != local && name.len() <= super::read::MAX_TEXT_BYTES
            });
            let name = name.map(Arc::from);
            add(list, room, name)
        }
        _ => list.add(None),
    }
}

/// Removes the number of occupants that ejabberd appends to a name.
fn without_count(name: &str) -> &str {
    let count = name
        .rsplit_once(" (")
        .and_then(|(name, rest)| Some((name, rest.strip_suffix(')')?)));
    match count {
        Some((name, count)) if !count.is_empty() && count.bytes().all(|b| b.is_ascii_digit()) => name,
        _ => name,
    }
}

/// Adds the hidden rooms of a service to a list, if the account can list them (`mod_adhoc_api`, ejabberd 25.03 and later).
/// Returns whether it can.
async fn list_hidden(
    sender: &RequestSender,
    service: &Jid,
    own: &Jid,
    list: &mut Listing,
) -> Result<bool, Error> {
    // The command belongs to the account's own server.
    let fields = [("service", service.as_str())];
    let command = command("api-commands/muc_online_rooms", Some(&fields));
    let answer = match sender.request(own.domain(), "set", command).await {
        Ok(answer) if is_completed(&answer) => answer,
        Err(RequestFailure::Broken(error)) => return Err(error),
        Ok(_) | Err(_) => return Ok(false),
    };
    let Some(form) = form(&answer).filter(|form| value(form, "error").is_none()) else {
        return Ok(false);
    };
    let mut known: BTreeSet<Jid> = list.rooms().iter().map(|info| info.room.clone()).collect();
    for spelled in values(form, "rooms") {
        match Jid::parse_room(&spelled) {
            Ok(room) if room.as_str() == spelled && room.domain() == service.as_str() => {
                if known.insert(room.clone()) {
                    add(list, room, None)?;
                }
            }
            _ => list.add(None)?,
        }
    }
    Ok(true)
}

/// Asks the server for its software and version (XEP-0092). Returns `None` if it does not report them.
pub(super) async fn version(
    sender: &RequestSender,
    settings: &ServerSettings,
    own: &Jid,
) -> Result<Option<String>, Error> {
    let mut queried_hosts = BTreeSet::new();
    for service in &settings.entry.services {
        let parent = service.as_str().split_once('.').map(|(_, parent)| parent);
        // The account's own server is asked only if its domain is a parent of the service.
        let hosts = [Some(service.as_str()), parent, Some(own.domain())];
        for host in hosts.into_iter().flatten() {
            let is_service_or_parent =
                host == service.as_str() || service.as_str().ends_with(&format!(".{host}"));
            if !is_service_or_parent || !queried_hosts.insert(host.to_owned()) {
                continue;
            }
            let answer = match sender.request(host, "get", element("query", VERSION, &[])).await {
                Ok(answer) => answer,
                Err(RequestFailure::Broken(error)) => return Err(error),
                Err(_) => continue,
            };
            let query = child(&answer, "query", VERSION);
            let part = |name| query.and_then(|query| texts(query, name).into_iter().next());
            if let Some(name) = part("name").filter(|name| !name.is_empty()) {
                let version = part("version").unwrap_or_default();
                return Ok(Some(sanitize_line(&format!("{name} {version}"))));
            }
        }
    }
    Ok(None)
}

/// The dialect of a version of ejabberd; `None` for other software, and for versions without hats.
fn dialect_of_version(version: &str) -> Option<Dialect> {
    let (name, number) = version.rsplit_once(' ')?;
    let mut parts = number
        .split(['.', '-', '+'])
        .map_while(|part| part.parse::<u32>().ok());
    let number = (parts.next()?, parts.next()?);
    if !name.eq_ignore_ascii_case("ejabberd") || number < (21, 12) {
        None
    } else if number < (25, 3) {
        Some(Dialect::First)
    } else if number < (25, 10) {
        Some(Dialect::Second)
    } else {
        Some(Dialect::Catalog)
    }
}
