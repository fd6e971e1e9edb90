//! Reads a room: its name, the four affiliation lists, the assigned hats, and the catalog. All these parts are requested at
//! once, with two exceptions: a room has only one pending command, and the lists of admins, members and outcasts are requested
//! after the name and the owners, which show whether the room can be read. Rooms are read in parallel.

use std::cell::RefCell;
use std::sync::Arc;

use futures_util::future::{try_join, try_join_all};
use tokio_xmpp::minidom::Element;

use super::dialect::{self, Dialect};
use super::element::{attribute, child, element, form, is_completed, value, with_child};
use super::entries::ListEntry;
use super::link::{RequestFailure, RequestSender};
use super::server_context::ServerContext;
use super::watch::Fingerprint;
use crate::model::{Affiliation, HatId, Jid};
use crate::server::error::Error;
use crate::sync::{CatalogValue, Condition, HatValue, HueText, RemoteRoom, RemoteUser, RoomRead};

pub(super) const MUC_ADMIN: &str = "http://jabber.org/protocol/muc#admin";
pub(super) const DISCO_INFO: &str = "http://jabber.org/protocol/disco#info";
const FORM: &str = "jabber:x:data";
/// Maximum length of an ID, title, name or nickname, in bytes.
pub(super) const MAX_TEXT_BYTES: usize = 16_384;
/// Maximum length of a hue, in bytes. Numbers from 0 to 360 are always shorter, because [`HueText`] has their shortest form.
pub(super) const MAX_HUE_BYTES: usize = 512;

/// Why a room was not read.
pub(super) enum NotRead {
    /// Only this room cannot be read.
    Room(RoomRead),
    /// The connection was lost.
    Lost(Error),
}

impl NotRead {
    /// The fingerprint of a room that cannot be read; `None` if this may be temporary.
    fn fingerprint(&self) -> Option<Fingerprint> {
        match self {
            Self::Room(read @ (RoomRead::Gone | RoomRead::Forbidden(_))) => {
                Some(Fingerprint::Unread(read.clone()))
            }
            Self::Room(_) | Self::Lost(_) => None,
        }
    }
}

/// Reads a room. Also returns its fingerprint, if that is known.
pub(super) async fn read_room(
    sender: &RequestSender,
    context: &ServerContext<'_>,
    room: &Jid,
) -> Result<(RoomRead, Option<Fingerprint>), Error> {
    let fingerprint = RefCell::default();
    let read = read_parts(sender, context, room, &fingerprint).await;
    match read {
        Ok(room) => Ok((RoomRead::Read(Arc::new(room)), fingerprint.into_inner())),
        Err(NotRead::Room(read)) => Ok((read, fingerprint.into_inner())),
        Err(NotRead::Lost(error)) => Err(error),
    }
}

/// Reads only the fingerprint of a room. Returns `None` if it is unknown, for example because the room does not answer.
pub(super) async fn fingerprint(
    sender: &RequestSender,
    dialect: Option<Dialect>,
    room: &Jid,
) -> Result<Option<Fingerprint>, Error> {
    let fingerprint = async {
        if dialect != Some(Dialect::First) {
            let fingerprint = info(sender, room).await?.fingerprint();
            if fingerprint.is_some() {
                return Ok(fingerprint);
            }
        }
        let Some(dialect) = dialect else { return Ok(None) };
        let list = command_entries(sender, room, dialect.list_assigned()).await?;
        Ok(Some(Fingerprint::of_list(dialect, &list)))
    };
    match fingerprint.await {
        Err(NotRead::Lost(error)) => Err(error),
        Err(unread) => Ok(unread.fingerprint()),
        Ok(fingerprint) => Ok(fingerprint),
    }
}

/// Finds the reason why a room cannot be read on a server where no room has commands for hats. Often, the room no longer exists.
pub(super) async fn why_unreadable(sender: &RequestSender, room: &Jid) -> Result<RoomRead, Error> {
    match list(sender, room, Affiliation::Owner, &mut RemoteRoom::default()).await {
        Ok(()) => Ok(RoomRead::Forbidden(hats_disabled_message(room))),
        Err(NotRead::Room(read)) => Ok(read),
        Err(NotRead::Lost(error)) => Err(error),
    }
}

/// Reads the parts of a room. Sets the fingerprint if it becomes known, even if the room cannot be read.
async fn read_parts(
    sender: &RequestSender,
    context: &ServerContext<'_>,
    jid: &Jid,
    fingerprint: &RefCell<Option<Fingerprint>>,
) -> Result<RemoteRoom, NotRead> {
    let room = RefCell::new(RemoteRoom::default());
    let info = async {
        // This is requested before the rest: if the fingerprint were newer than the hats that are read, a change between
        // the two would never be noticed.
        let info = info(sender, jid).await;
        *fingerprint.borrow_mut() = match &info {
            Ok(info) => info.fingerprint(),
            Err(unread) => unread.fingerprint(),
        };
        info
    };
    let users = async {
        let owners = [Affiliation::Owner];
        let (info, ()) = try_join(info, lists(sender, jid, &owners, &room)).await?;
        let rest = [Affiliation::Admin, Affiliation::Member, Affiliation::Outcast];
        lists(sender, jid, &rest, &room).await?;
        Ok(info.name)
    };
    let hats = async {
        let assigned = command_entries(sender, jid, context.dialect.list_assigned()).await;
        if fingerprint.borrow().is_none() {
            *fingerprint.borrow_mut() = match &assigned {
                Ok(assigned) => Some(Fingerprint::of_list(context.dialect, assigned)),
                Err(unread) => unread.fingerprint(),
            };
        }
        let assigned = assigned?;
        let catalog = match context.dialect {
            Dialect::Catalog => command_entries(sender, jid, dialect::list_catalog()).await?,
            Dialect::First | Dialect::Second => Vec::new(),
        };
        Ok((assigned, catalog))
    };
    let (name, (assigned, catalog)) = try_join(users, hats).await?;
    let mut room = room.into_inner();
    room.name = name;
    add_hats(&mut room, context.dialect, &assigned);
    add_catalog(&mut room, &catalog);
    Ok(room)
}

/// Whether an ID and a title are short enough.
fn fits(id: &str, title: Option<&str>) -> bool {
    id.len() <= MAX_TEXT_BYTES && title.is_none_or(|title| title.len() <= MAX_TEXT_BYTES)
}

/// Whether the hue of an entry is short enough, or there is none. Servers accept any text as a hue.
fn is_hue_short_enough(entry: &CatalogValue) -> bool {
    let hue = entry.hue.as_ref().map(HueText::as_str);
    hue.is_none_or(|hue| hue.len() <= MAX_HUE_BYTES)
}

/// The information that a room reports about itself.
struct Info {
    /// The room's name; never empty.
    name: Option<Arc<str>>,
    /// The hash of the room's assigned hats; never empty.
    hash: Option<Arc<str>>,
}

impl Info {
    /// The fingerprint; `None` if the room reports no hash.
    fn fingerprint(&self) -> Option<Fingerprint> {
        let hash = self.hash.clone()?;
        Some(Fingerprint::Hash(self.name.clone(), hash))
    }
}

/// Requests the information that a room reports about itself.
async fn info(sender: &RequestSender, room: &Jid) -> Result<Info, NotRead> {
    let query = element("query", DISCO_INFO, &[]);
    let answer = sender.request(room.as_str(), "get", query).await;
    let answer = answer.map_err(|failure| read_failure(room, failure))?;
    let query = child(&answer, "query", DISCO_INFO);
    let form = query.and_then(|query| child(query, "x", FORM));
    let field = |name| form.and_then(|form| value(form, name));
    let identity = || {
        let identity = query?.children().find(|child| child.name() == "identity")?;
        attribute(identity, "name").map(str::to_owned)
    };
    let bounded = |text: Option<String>| {
        text.filter(|text| !text.is_empty() && text.len() <= MAX_TEXT_BYTES)
            .map(Arc::from)
    };
    Ok(Info {
        name: bounded(field("muc#roomconfig_roomname").or_else(identity)),
        hash: bounded(field("hats#hash")),
    })
}

/// Reads an affiliation list into `into`.
pub(super) async fn list(
    sender: &RequestSender,
    room: &Jid,
    affiliation: Affiliation,
    into: &mut RemoteRoom,
) -> Result<(), NotRead> {
    for entry in &list_entries(sender, room, affiliation).await? {
        add_user(into, entry, affiliation);
    }
    Ok(())
}

async fn list_entries(
    sender: &RequestSender,
    room: &Jid,
    affiliation: Affiliation,
) -> Result<Vec<ListEntry>, NotRead> {
    let item = element("item", MUC_ADMIN, &[("affiliation", affiliation.as_str())]);
    let query = with_child(element("query", MUC_ADMIN, &[]), item);
    let answer = sender.request(room.as_str(), "get", query).await;
    let answer = answer.map_err(|failure| read_failure(room, failure))?;
    match child(&answer, "query", MUC_ADMIN) {
        Some(_) => Ok(answer.entries),
        None => Err(unexpected_answer(room, "no affiliation list")),
    }
}

/// Reads affiliation lists into `into`, without waiting for the answer of one before the next.
pub(super) async fn lists(
    sender: &RequestSender,
    room: &Jid,
    affiliations: &[Affiliation],
    into: &RefCell<RemoteRoom>,
) -> Result<(), NotRead> {
    let each = affiliations.iter().map(async |affiliation| {
        let entries = list_entries(sender, room, *affiliation).await?;
        let into = &mut *into.borrow_mut();
        for entry in &entries {
            add_user(into, entry, *affiliation);
        }
        Ok(())
    });
    try_join_all(each).await.map(drop)
}

/// Adds an entry of an affiliation list to a room. `listed` is the affiliation of the list.
fn add_user(room: &mut RemoteRoom, entry: &ListEntry, listed: Affiliation) {
    let spelled = entry.attribute("jid").unwrap_or_default();
    let affiliation = entry
        .attribute("affiliation")
        .map_or(Some(listed), Affiliation::from_name);
    let bounded = |text: Option<&str>| {
        text.filter(|text| !text.is_empty() && text.len() <= MAX_TEXT_BYTES)
            .map(Arc::from)
    };
    match (Jid::parse(spelled), affiliation) {
        (Ok(jid), Some(affiliation)) if jid.as_str() == spelled => {
            let user = RemoteUser {
                affiliation,
                nickname: bounded(entry.attribute("nick")),
                reason: bounded(entry.value("reason")),
                ..RemoteUser::default()
            };
            room.users.insert(jid, user);
        }
        // The server spells the address differently, or the affiliation is unknown: this user is not compared.
        (Ok(jid), _) => {
            room.unreadable.count += 1;
            room.unreadable.users.insert(jid);
        }
        (Err(_), _) => room.unreadable.count += 1,
    }
}

/// Adds an assigned hat to a room. `spelled` is the address of the user.
fn add_hat(room: &mut RemoteRoom, spelled: &str, id: String, hat: HatValue) {
    match Jid::parse(spelled) {
        Ok(jid) if jid.as_str() == spelled && fits(&id, hat.title.as_deref()) => {
            room.users
                .entry(jid)
                .or_default()
                .hats
                .insert(HatId::unchecked(id), hat);
        }
        Ok(jid) => {
            let hat = HatId::unchecked(id);
            if jid.as_str() == spelled {
                room.unreadable.count += 1;
                room.unreadable.hats.insert((jid, hat));
            } else {
                room.unreadable.skip_hat(Some(hat));
                room.unreadable.users.insert(jid);
            }
        }
        Err(_) => room.unreadable.skip_hat(Some(HatId::unchecked(id))),
    }
}

/// Reads the assigned hats into `into`.
pub(super) async fn hats(
    sender: &RequestSender,
    context: &ServerContext<'_>,
    room: &Jid,
    into: &mut RemoteRoom,
) -> Result<(), NotRead> {
    let entries = command_entries(sender, room, context.dialect.list_assigned()).await?;
    add_hats(into, context.dialect, &entries);
    Ok(())
}

fn add_hats(room: &mut RemoteRoom, dialect: Dialect, entries: &[ListEntry]) {
    for entry in entries {
        match dialect.parse_assigned(entry) {
            Ok(hat) => add_hat(room, &hat.user, hat.id, hat.hat),
            Err(id) => room.unreadable.skip_hat(id.map(HatId::unchecked)),
        }
    }
}

/// Reads the catalog into `into`.
pub(super) async fn catalog(
    sender: &RequestSender,
    room: &Jid,
    into: &mut RemoteRoom,
) -> Result<(), NotRead> {
    let entries = command_entries(sender, room, dialect::list_catalog()).await?;
    add_catalog(into, &entries);
    Ok(())
}

fn add_catalog(room: &mut RemoteRoom, entries: &[ListEntry]) {
    for entry in entries {
        match dialect::parse_catalog_entry(entry) {
            Some((id, entry)) if fits(&id, entry.title.as_deref()) && is_hue_short_enough(&entry) => {
                room.catalog.insert(HatId::unchecked(id), entry);
            }
            Some((id, _)) => {
                room.unreadable.count += 1;
                room.unreadable.catalog.insert(HatId::unchecked(id));
            }
            None => room.unreadable.count += 1,
        }
    }
}

/// Runs a command that only reads, and returns the entries of its result form.
async fn command_entries(
    sender: &RequestSender,
    room: &Jid,
    command: Element,
) -> Result<Vec<ListEntry>, NotRead> {
    match sender.request(room.as_str(), "set", command).await {
        Ok(answer) if is_completed(&answer) => match form(&answer) {
            Some(_) => Ok(answer.entries),
            None => Err(unexpected_answer(room, "no list of hats")),
        },
        Ok(_) => Err(unexpected_answer(room, "incomplete list of hats")),
        Err(RequestFailure::Refused(refused))
            if matches!(refused.condition, Condition::Forbidden | Condition::ItemNotFound) =>
        {
            // An account that can read the owner list of a room can manage the hats of the room. So the next call fails if the
            // room does not exist or the account lacks the permission.
            list(sender, room, Affiliation::Owner, &mut RemoteRoom::default()).await?;
            Err(if refused.condition == Condition::Forbidden {
                NotRead::Room(RoomRead::Forbidden(hats_disabled_message(room)))
            } else {
                unexpected_answer(
                    room,
                    "its commands for hats differ from those of other rooms of this server",
                )
            })
        }
        Err(failure) => Err(read_failure(room, failure)),
    }
}

/// The message about a room in which hats are disabled.
pub(super) fn hats_disabled_message(room: &Jid) -> String {
    format!(
        "Hats are disabled in {room}. An owner can enable them with the room option enable_hats (“Enable hats”)."
    )
}

/// The message about missing permissions in a room.
pub(super) fn permission_message(room: &Jid) -> String {
    format!("Only owners and admins of {room} and administrators of the service can manage its hats.")
}

/// The outcome of reading a room that sent an invalid answer.
fn unexpected_answer(room: &Jid, problem: &str) -> NotRead {
    NotRead::Room(RoomRead::Unread(format!(
        "The server's answer for {room} is invalid: {problem}."
    )))
}

/// Converts the failure of a request to a room.
pub(super) fn read_failure(room: &Jid, failure: RequestFailure) -> NotRead {
    let read = match failure {
        RequestFailure::Broken(error) => return NotRead::Lost(error),
        RequestFailure::Silent => RoomRead::Unread(format!("The server does not answer for {room}.")),
        RequestFailure::Refused(refused) => match refused.condition {
            Condition::ItemNotFound | Condition::Gone => RoomRead::Gone,
            Condition::Forbidden | Condition::NotAllowed | Condition::RegistrationRequired => {
                RoomRead::Forbidden(permission_message(room))
            }
            Condition::RemoteServerNotFound | Condition::RemoteServerTimeout => RoomRead::Unread(format!(
                "The server of {} cannot be reached: {}",
                room.domain(),
                refused.explanation()
            )),
            _ => RoomRead::Unread(format!("Cannot read {room}: {}", refused.explanation())),
        },
    };
    NotRead::Room(read)
}

#[cfg(test)]
mod tests {
    use super::super::entries::take_entries;
    use super::*;

    /// The catalog with entries of these hues.
    fn catalog(hues: &[&str]) -> RemoteRoom {
        let field = |name: &str, value: &str| format!("<field var='{name}'><value>{value}</value></field>");
        let item = |(number, hue): (usize, &&str)| {
            let fields = [
                field("hats#uri", &format!("urn:x:{number}")),
                field("hats#title", "Hat"),
                field("hats#hue", hue),
            ];
            format!("<item>{}</item>", fields.concat())
        };
        let items: String = hues.iter().enumerate().map(item).collect();
        let stanza = format!(
            "<iq><command xmlns='http://jabber.org/protocol/commands'><x xmlns='jabber:x:data'>{items}</x></command></iq>"
        );
        let header = "<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>";
        let entries = take_entries(header, &stanza, &mut Vec::new()).expect("well-formed");
        let mut room = RemoteRoom::default();
        add_catalog(&mut room, &entries);
        room
    }

    #[test]
    fn hue_is_bounded() {
        let long = "x".repeat(MAX_HUE_BYTES + 1);
        let digits = format!("120.{}", "0".repeat(100_000));
        let room = catalog(&["banana", "1e-300", &digits, &long]);
        let hues: Vec<_> = room.catalog.values().map(|entry| entry.hue.as_ref()).collect();
        let hues: Vec<_> = hues.into_iter().flatten().map(HueText::as_str).collect();
        assert_eq!((hues[0], hues[2]), ("banana", "120"));
        assert_eq!(hues[1].parse(), Ok(1e-300));
        assert_eq!((hues.len(), room.unreadable.count), (3, 1));
        assert!(room.unreadable.catalog.contains(&HatId::unchecked("urn:x:3")));
    }
}
