//! Details of the selection in a pane.

use std::borrow::Cow;
use std::collections::BTreeSet;

use crate::app::command::CommandId;
use crate::app::servers::RoomComparison;
use crate::app::{Grouping, Pane, Phase, State, describe, until};
use crate::model::{Affiliation, HatId, Jid};
use crate::sync::{Occupant, Occupants};

use super::{active_text, tally_parts};
use crate::app::view::{Details, Truncation, label};

/// Returns the details of the selection in a pane; `None` if the data file is not loaded, or if no row is selected.
pub(super) fn pane_details(state: &State, pane: Pane) -> Option<Details<'_>> {
    if state.phase() != Phase::Open {
        return None;
    }
    match (state.grouping(), pane) {
        (Grouping::ByHat, _) => return details_by_hat(state, pane),
        (Grouping::ByUser, Pane::First) => {
            let (jid, rooms) = state.listed_user_at(state.selected(pane)?)?;
            let number = describe::count(rooms.len(), "room");
            return Some(Details {
                main: jid.as_str().into(),
                truncation: Truncation::Address,
                remarks: std::iter::once(number.into())
                    .chain(online_rooms(state, jid))
                    .collect(),
            });
        }
        (Grouping::ByUser, Pane::Second) => {
            let (jid, ..) = state.room_of_user_at(state.selected(pane)?)?;
            return Some(Details {
                main: jid.as_str().into(),
                truncation: Truncation::End,
                remarks: Vec::new(),
            });
        }
        (Grouping::ByUser, Pane::Third) | (Grouping::ByRoom, _) => {}
    }
    match pane {
        Pane::First => state.room().map(|(jid, room)| Details {
            main: jid.as_str().into(),
            truncation: Truncation::End,
            remarks: label::visible_name(room)
                .map(Into::into)
                .into_iter()
                .chain(server_remarks(state, jid))
                .collect(),
        }),
        Pane::Third if state.hat().is_some() => unresolved(state).or_else(|| hat_details(state)),
        // Without a hat, the user is described.
        Pane::Second | Pane::Third => unresolved(state).or_else(|| user_details(state)),
    }
}

fn user_details(state: &State) -> Option<Details<'_>> {
    state.user().map(|(jid, user)| {
        let affiliation = match user.affiliation {
            Affiliation::None => "no affiliation",
            other => other.as_str(),
        };
        let mut remarks: Vec<Cow<'_, str>> = vec![affiliation.into()];
        let room = state.room().map(|(room, _)| room);
        if let Some(occupants) = room.and_then(|room| state.occupants(room)) {
            remarks.extend(presence(occupants.get(jid)).into_iter().map(Into::into));
        }
        remarks.push(describe::count_or_no(user.hats.len(), "hat").into());
        if !user.hats.is_empty() {
            let active = user.hats.iter().filter(|(_, hat)| hat.is_active()).count();
            remarks.push(format!("{active} active").into());
        }
        Details {
            main: jid.as_str().into(),
            truncation: Truncation::Address,
            remarks,
        }
    })
}

/// Says in how many rooms the selected user is online, and with which nicknames; `None` if the occupants of none of the
/// user's rooms are known.
fn online_rooms<'a>(state: &State, user: &Jid) -> Option<Cow<'a, str>> {
    let listed = state
        .selected(Pane::First)
        .and_then(|row| state.listed_user_at(row));
    let rooms = listed.into_iter().flat_map(|(_, rooms)| rooms);
    let known_occupants: Vec<&Occupants> = rooms.filter_map(|(_, room)| state.occupants(room)).collect();
    let online = known_occupants.iter().filter_map(|occupants| occupants.get(user));
    let online: Vec<&Occupant> = online.filter(|occupant| occupant.is_online()).collect();
    let nicknames: BTreeSet<&str> = online
        .iter()
        .flat_map(|occupant| occupant.nicknames())
        .map(AsRef::as_ref)
        .collect();
    let nicknames: Vec<&str> = nicknames.into_iter().collect();
    match online.len() {
        _ if known_occupants.is_empty() => None,
        0 => Some("offline".into()),
        number => {
            let rooms = describe::count(number, "room");
            Some(format!("online in {rooms} as {}", nicknames.join(", ")).into())
        }
    }
}

/// Says whether a user is in the room, with which nicknames, and the reserved nickname if it is another one.
fn presence(occupant: Option<&Occupant>) -> Vec<String> {
    let nicknames = occupant.map(Occupant::nicknames).unwrap_or_default();
    let online = match nicknames {
        [] => "offline".to_owned(),
        nicknames => format!("online as {}", nicknames.join(", ")),
    };
    let reserved = occupant.and_then(Occupant::reserved);
    let reserved = reserved.filter(|reserved| nicknames.iter().all(|name| **name != **reserved));
    let reserved = reserved.map(|name| format!("reserved nickname {name}"));
    std::iter::once(online).chain(reserved).collect()
}

/// Returns the server of a room, and the result of comparing the room with the server; `None` for a room without a
/// server.
fn server_remark<'a>(state: &State, room: &Jid) -> Option<Cow<'a, str>> {
    let (server, compared) = state.room_comparison(room)?;
    let key_hint = match compared {
        // A followed room was compared in another session.
        RoomComparison::NotCompared if state.is_followed(room) => {
            return Some(server.entry.name.to_string().into());
        }
        RoomComparison::NotCompared => format!(" ({} to compare)", state.key(CommandId::Servers)),
        _ => String::new(),
    };
    Some(format!("{}: {}{key_hint}", server.entry.name, compared.describe()).into())
}

/// Describes a room on its server, the most urgent text first.
fn server_remarks<'a>(state: &State, room: &Jid) -> Vec<Cow<'a, str>> {
    let mut texts: Vec<_> = server_remark(state, room).into_iter().collect();
    texts.extend(following_remark(state, room));
    if state.is_silent(room) {
        texts.reverse();
    }
    texts
}

/// Describes who follows a room; `None` if nobody follows it because it has not been compared yet, as the remark about
/// the server says.
fn following_remark<'a>(state: &State, room: &Jid) -> Option<Cow<'a, str>> {
    let (_, compared) = state.room_comparison(room)?;
    let is_unknown = compared == RoomComparison::NotCompared && !state.is_followed(room);
    let text = state.following_text(room);
    text.filter(|_| !is_unknown).map(Into::into)
}

/// Says why the server does not have an unresolved change of the selected hat or user; `None` if there is no such
/// change.
fn unresolved<'a>(state: &State) -> Option<Details<'a>> {
    Some(Details {
        main: state.unresolved_text()?.into(),
        truncation: Truncation::End,
        remarks: Vec::new(),
    })
}

fn hat_details(state: &State) -> Option<Details<'_>> {
    let (id, attachment) = state.hat()?;
    let (_, room) = state.room()?;
    let mut remarks = Vec::new();
    if let Some(tally) = state.tally(id) {
        remarks.extend(tally_parts(state, tally).map(Into::into));
        if tally.titles_differ {
            remarks.push("titles differ".into());
        }
        if tally.expiring > 0 {
            remarks.push(format!("{} expiring", tally.expiring).into());
        }
        return Some(hat_id_details(id, remarks));
    }
    remarks.push(active_text(attachment).into());
    if !label::is_uri(id) {
        remarks.push("the ID is not a URI".into());
    }
    if attachment.is_required() {
        remarks.push("required".into());
    }
    if let Some(end) = attachment.until() {
        remarks.push(format!("expires {}", until::full(end, &state.zone())).into());
    }
    if attachment.title.as_deref().is_none_or(str::is_empty) && room.title(id, attachment).is_some() {
        remarks.push("title from the catalog".into());
    }
    Some(hat_id_details(id, remarks))
}

fn hat_id_details<'a>(id: &'a HatId, remarks: Vec<Cow<'a, str>>) -> Details<'a> {
    Details {
        main: id.as_str().into(),
        truncation: Truncation::Middle,
        remarks,
    }
}

/// Returns the details in the Hats view: the ID of the hat, the address of the user, or the address of the room.
fn details_by_hat(state: &State, pane: Pane) -> Option<Details<'_>> {
    let row = state.selected(pane)?;
    let address = |address: &'_ Jid| Details {
        main: address.as_str().to_owned().into(),
        truncation: Truncation::Address,
        remarks: Vec::new(),
    };
    match pane {
        Pane::First => state.existing_hat_at(row).map(|existing| {
            hat_id_details(&existing.id, vec![describe::count(existing.users, "user").into()])
        }),
        Pane::Second => state.user_with_hat_at(row).map(address),
        Pane::Third => state.room_with_hat_at(row).map(|(jid, ..)| address(jid)),
    }
}
