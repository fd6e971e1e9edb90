//! Details of the selection in a pane.

use std::borrow::Cow;

use crate::app::command::CommandId;
use crate::app::servers::RoomComparison;
use crate::app::{Grouping, Pane, Phase, State, describe};
use crate::model::{Affiliation, HatId, Jid};

use super::{active_text, tally_parts};
use crate::app::view::{Details, Truncation, label};

/// Details of the selection in a pane.
pub(super) fn pane_details(state: &State, pane: Pane) -> Option<Details<'_>> {
    if state.phase() != Phase::Open {
        return None;
    }
    match (state.grouping(), pane) {
        (Grouping::ByHat, _) => return details_by_hat(state, pane),
        (Grouping::ByUser, Pane::First) => {
            let (jid, rooms) = state.listed_user_at(state.selected(pane)?)?;
            return Some(Details {
                main: jid.as_str().into(),
                cut: Truncation::Address,
                remarks: vec![describe::count(rooms.len(), "room").into()],
            });
        }
        (Grouping::ByUser, Pane::Second) => {
            let (jid, ..) = state.room_of_user_at(state.selected(pane)?)?;
            return Some(Details {
                main: jid.as_str().into(),
                cut: Truncation::End,
                remarks: Vec::new(),
            });
        }
        (Grouping::ByUser, Pane::Third) | (Grouping::ByRoom, _) => {}
    }
    match pane {
        Pane::First => state.room().map(|(jid, room)| Details {
            main: jid.as_str().into(),
            cut: Truncation::End,
            remarks: label::visible_name(room)
                .map(Into::into)
                .into_iter()
                .chain(server(state, jid))
                .collect(),
        }),
        Pane::Third if state.hat().is_some() => hat_details(state),
        // Without a hat, the user is described.
        Pane::Second | Pane::Third => state.user().map(|(jid, user)| {
            let affiliation = match user.affiliation {
                Affiliation::None => "no affiliation",
                other => other.as_str(),
            };
            let mut remarks = vec![
                affiliation.into(),
                describe::count_or_no(user.hats.len(), "hat").into(),
            ];
            if !user.hats.is_empty() {
                let active = user.hats.iter().filter(|(_, hat)| hat.is_active()).count();
                remarks.push(format!("{active} active").into());
            }
            Details {
                main: jid.as_str().into(),
                cut: Truncation::Address,
                remarks,
            }
        }),
    }
}

/// The server that a room belongs to, and what comparing with it found.
fn server<'a>(state: &State, room: &Jid) -> Option<Cow<'a, str>> {
    let (server, compared) = state.room_comparison(room)?;
    let key = match compared {
        RoomComparison::NotCompared => format!(" ({} to compare)", state.key(CommandId::Servers)),
        _ => String::new(),
    };
    Some(format!("{}: {}{key}", server.entry.name, compared.describe()).into())
}

fn hat_details(state: &State) -> Option<Details<'_>> {
    let (id, attachment) = state.hat()?;
    let (_, room) = state.room()?;
    let mut remarks = Vec::new();
    if let Some(tally) = state.tally(id) {
        let marked = state.marked(Pane::Second);
        remarks.extend(tally_parts(tally, marked).map(Into::into));
        if tally.titles_differ {
            remarks.push("titles differ".into());
        }
        return Some(hat_id_details(id, remarks));
    }
    if !label::is_uri(id) {
        remarks.push("ID is not a URI".into());
    }
    remarks.push(active_text(attachment).into());
    if attachment.is_required() {
        remarks.push("required".into());
    }
    if attachment.title.as_deref().is_none_or(str::is_empty) && room.title(id, attachment).is_some() {
        remarks.push("title from the catalog".into());
    }
    Some(hat_id_details(id, remarks))
}

fn hat_id_details<'a>(id: &'a HatId, remarks: Vec<Cow<'a, str>>) -> Details<'a> {
    Details {
        main: id.as_str().into(),
        cut: Truncation::Middle,
        remarks,
    }
}

/// In the Hats view: the ID, the address or the room's address.
fn details_by_hat(state: &State, pane: Pane) -> Option<Details<'_>> {
    let row = state.selected(pane)?;
    let address = |address: &'_ Jid| Details {
        main: address.as_str().to_owned().into(),
        cut: Truncation::Address,
        remarks: Vec::new(),
    };
    match pane {
        Pane::First => state
            .existing_hat_at(row)
            .map(|known| hat_id_details(&known.id, vec![describe::count(known.users, "user").into()])),
        Pane::Second => state.user_with_hat_at(row).map(address),
        Pane::Third => state.room_with_hat_at(row).map(|(jid, ..)| address(jid)),
    }
}
