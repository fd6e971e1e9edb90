//! Reads a room: name, the four affiliation lists, assigned hats, and catalog. Requests of a room are sequential, because
//! ejabberd processes them sequentially; rooms are read in parallel.

use std::sync::Arc;

use tokio_xmpp::minidom::Element;

use super::dialect::{self, Dialect};
use super::element::{attribute, child, element, form, is_completed, texts, value, with};
use super::hub::Hub;
use super::link::{Asking, Failure};
use crate::model::{Affiliation, HatId, Jid};
use crate::server::error::Error;
use crate::sync::{Condition, HatValue, RemoteRoom, RemoteUser, RoomRead};

pub(super) const MUC_ADMIN: &str = "http://jabber.org/protocol/muc#admin";
pub(super) const DISCO_INFO: &str = "http://jabber.org/protocol/disco#info";
const FORM: &str = "jabber:x:data";
/// Maximum length of an ID, title, name or nickname, in bytes.
pub(super) const LONGEST: usize = 16_384;

/// Why a room could not be read.
pub(super) enum Unread {
    Room(RoomRead),
    Lost(Error),
}

/// Reads a room.
pub(super) async fn read_room(asking: &Asking, hub: &Hub<'_>, room: &Jid) -> Result<RoomRead, Error> {
    match parts(asking, hub, room).await {
        Ok(room) => Ok(RoomRead::Read(Arc::new(room))),
        Err(Unread::Room(read)) => Ok(read),
        Err(Unread::Lost(error)) => Err(error),
    }
}

async fn parts(asking: &Asking, hub: &Hub<'_>, jid: &Jid) -> Result<RemoteRoom, Unread> {
    let mut room = RemoteRoom {
        name: name(asking, jid).await?,
        ..RemoteRoom::default()
    };
    for affiliation in [
        Affiliation::Owner,
        Affiliation::Admin,
        Affiliation::Member,
        Affiliation::Outcast,
    ] {
        list(asking, jid, affiliation, &mut room).await?;
    }
    hats(asking, hub, jid, &mut room).await?;
    if hub.dialect == Dialect::Catalog {
        catalog(asking, jid, &mut room).await?;
    }
    Ok(room)
}

fn fits(id: &str, title: Option<&str>) -> bool {
    id.len() <= LONGEST && title.is_none_or(|title| title.len() <= LONGEST)
}

/// The room's name.
async fn name(asking: &Asking, room: &Jid) -> Result<Option<Arc<str>>, Unread> {
    let query = element("query", DISCO_INFO, &[]);
    let answer = asking.ask(room.as_str(), "get", query).await;
    let answer = answer.map_err(|failure| unread(room, failure))?;
    let query = child(&answer, "query", DISCO_INFO);
    let form = query.and_then(|query| child(query, "x", FORM));
    let named = form.and_then(|form| value(form, "muc#roomconfig_roomname"));
    let identity = || {
        let identity = query?.children().find(|child| child.name() == "identity")?;
        attribute(identity, "name").map(str::to_owned)
    };
    let name = named.or_else(identity);
    Ok(name
        .filter(|name| !name.is_empty() && name.len() <= LONGEST)
        .map(Into::into))
}

/// Reads an affiliation list.
pub(super) async fn list(
    asking: &Asking,
    room: &Jid,
    affiliation: Affiliation,
    into: &mut RemoteRoom,
) -> Result<(), Unread> {
    let item = element("item", MUC_ADMIN, &[("affiliation", affiliation.as_str())]);
    let query = with(element("query", MUC_ADMIN, &[]), item);
    let answer = asking.ask(room.as_str(), "get", query).await;
    let answer = answer.map_err(|failure| unread(room, failure))?;
    let Some(query) = child(&answer, "query", MUC_ADMIN) else {
        return Err(odd(room, "no affiliation list"));
    };
    for item in query.children().filter(|item| item.is("item", MUC_ADMIN)) {
        take_user(into, item, affiliation);
    }
    Ok(())
}

fn take_user(room: &mut RemoteRoom, item: &Element, listed: Affiliation) {
    let spelled = attribute(item, "jid").unwrap_or_default();
    let affiliation = attribute(item, "affiliation").map_or(Some(listed), Affiliation::from_name);
    let some = |text: Option<&str>| {
        text.filter(|text| !text.is_empty() && text.len() <= LONGEST)
            .map(Arc::from)
    };
    match (Jid::parse(spelled), affiliation) {
        (Ok(jid), Some(affiliation)) if jid.as_str() == spelled => {
            let user = RemoteUser {
                affiliation,
                nickname: some(attribute(item, "nick")),
                reason: some(texts(item, "reason").first().map(String::as_str)),
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

fn take_hat(room: &mut RemoteRoom, spelled: &str, id: String, hat: HatValue) {
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

/// Reads the assigned hats.
pub(super) async fn hats(
    asking: &Asking,
    hub: &Hub<'_>,
    room: &Jid,
    into: &mut RemoteRoom,
) -> Result<(), Unread> {
    let answer = completed(asking, room, hub.dialect.list()).await?;
    for assigned in hub.dialect.assigned(&answer) {
        match assigned {
            Ok(hat) => take_hat(into, &hat.user, hat.id, hat.hat),
            Err(id) => into.unreadable.skip_hat(id.map(HatId::unchecked)),
        }
    }
    Ok(())
}

/// Reads the catalog.
pub(super) async fn catalog(asking: &Asking, room: &Jid, into: &mut RemoteRoom) -> Result<(), Unread> {
    let answer = completed(asking, room, dialect::list_catalog()).await?;
    for entry in dialect::catalog(&answer) {
        match entry {
            Some((id, entry)) if fits(&id, entry.title.as_deref()) => {
                into.catalog.insert(HatId::unchecked(id), entry);
            }
            Some((id, _)) => {
                into.unreadable.count += 1;
                into.unreadable.catalog.insert(HatId::unchecked(id));
            }
            None => into.unreadable.count += 1,
        }
    }
    Ok(())
}

/// Runs a command that only reads, and returns its result form.
async fn completed(asking: &Asking, room: &Jid, command: Element) -> Result<Element, Unread> {
    match asking.ask(room.as_str(), "set", command).await {
        Ok(answer) if is_completed(&answer) => match form(&answer) {
            Some(form) => Ok(form.clone()),
            None => Err(odd(room, "no list of hats")),
        },
        Ok(_) => Err(odd(room, "incomplete list of hats")),
        Err(Failure::Refused(refused))
            if matches!(refused.condition, Condition::Forbidden | Condition::ItemNotFound) =>
        {
            // Accounts that can read the owner list of a room can manage its hats. So this fails if the room does not exist
            // or the account lacks the permission.
            list(asking, room, Affiliation::Owner, &mut RemoteRoom::default()).await?;
            Err(if refused.condition == Condition::Forbidden {
                Unread::Room(RoomRead::Forbidden(hats_off(room)))
            } else {
                odd(room, "other commands for hats than in other rooms of this server")
            })
        }
        Err(failure) => Err(unread(room, failure)),
    }
}

/// The message for a room with disabled hats.
pub(super) fn hats_off(room: &Jid) -> String {
    format!(
        "Hats are disabled in {room}. An owner can enable them with the room option enable_hats (“Enable hats”)."
    )
}

/// The message about missing permissions.
pub(super) fn who_may(room: &Jid) -> String {
    format!("Only owners and admins of {room} and administrators of the service can manage its hats.")
}

fn odd(room: &Jid, what: &str) -> Unread {
    Unread::Room(RoomRead::Unread(format!(
        "The server's answer for {room} is invalid: {what}."
    )))
}

/// The result for a room after a failed request.
pub(super) fn unread(room: &Jid, failure: Failure) -> Unread {
    let read = match failure {
        Failure::Broken(error) => return Unread::Lost(error),
        Failure::Silent => RoomRead::Unread(format!("The server does not answer for {room}.")),
        Failure::Refused(refused) => match refused.condition {
            Condition::ItemNotFound | Condition::Gone => RoomRead::Gone,
            Condition::Forbidden | Condition::NotAllowed | Condition::RegistrationRequired => {
                RoomRead::Forbidden(who_may(room))
            }
            Condition::RemoteServerNotFound | Condition::RemoteServerTimeout => RoomRead::Unread(format!(
                "The server of {} cannot be reached: {}",
                room.domain(),
                refused.said()
            )),
            _ => RoomRead::Unread(format!("Cannot read {room}: {}", refused.said())),
        },
    };
    Unread::Room(read)
}
