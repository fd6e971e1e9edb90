//! `hatrack user`: prints a user's affiliations and hats in all rooms, as text or JSON.

use std::collections::BTreeMap;

use super::args::UserArgs;
use super::context::SessionContext;
use super::expiry;
use super::failure::Failure;
use super::open_store::OpenStore;
use super::output::Output;
use super::show::hat_summary;
use crate::app::describe::count;
use crate::model::{Jid, Room, User, write};

pub(super) fn run(args: &UserArgs, context: &SessionContext, out: &mut Output) -> Result<(), Failure> {
    let user = Jid::parse_input(&args.user).map_err(Failure::invalid_argument)?;
    let data = OpenStore::open(context)?;
    let rooms: Vec<(&Jid, &Room, &User)> = data
        .wardrobe()
        .rooms()
        .filter_map(|(jid, room)| Some((jid, &**room, room.user(&user)?)))
        .collect();
    if args.json {
        let objects: BTreeMap<&Jid, &User> = rooms.iter().map(|(jid, _, user)| (*jid, *user)).collect();
        return out.json(&write::pretty(&objects));
    }
    if rooms.is_empty() {
        return out.line(&format!("{user} is not in any room."));
    }
    let hats = rooms.iter().map(|(_, _, user)| user.hats.len()).sum();
    let (number, hats) = (count(rooms.len(), "room"), count(hats, "hat"));
    out.line(&format!("{user}: {number}, {hats}"))?;
    out.line("")?;
    let now = expiry::now(context);
    let row = |(jid, room, user): &(&Jid, &Room, &User)| {
        let hats = user
            .hats
            .iter()
            .map(|(id, hat)| hat_summary(room, (id, hat), &now));
        vec![
            user.affiliation.to_string(),
            jid.to_string(),
            room.name.as_deref().unwrap_or_default().to_owned(),
            hats.collect::<Vec<_>>().join(", "),
        ]
    };
    let rows: Vec<_> = rooms.iter().map(row).collect();
    out.table(&["AFFILIATION", "ROOM", "NAME", "HATS"], &rows)
}
