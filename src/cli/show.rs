//! `hatrack show`: all rooms, one room or one user, for people or as JSON.

use super::args::ShowArgs;
use super::context::SessionContext;
use super::failure::Failure;
use super::open_store::OpenStore;
use super::output::Output;
use crate::app::describe::count;
use crate::model::{Attachment, EditError, HatId, Jid, Room, User, Wardrobe, write};

pub(super) fn run(args: &ShowArgs, place: &SessionContext, out: &mut Output) -> Result<(), Failure> {
    let room = args.room.as_deref().map(Jid::parse_room_input).transpose();
    let room = room.map_err(Failure::argument)?;
    let user = args.user.as_deref().map(Jid::parse_input).transpose();
    let user = user.map_err(Failure::argument)?;
    let kept = OpenStore::open_to_read(place)?;
    let wardrobe = kept.wardrobe();
    let Some(room) = room else {
        if args.json {
            return out.json(&write::wardrobe(wardrobe));
        }
        return all(wardrobe, place, out);
    };
    let there = wardrobe.room(&room);
    let there = there.ok_or_else(|| EditError::NoSuchRoom { room: room.clone() })?;
    let Some(user) = user else {
        if args.json {
            return out.json(&write::pretty(there));
        }
        return one_room(&room, there, out);
    };
    // Whoever is in the room is shown, banned or not; the three operations are stricter.
    let Some(who) = there.user(&user) else {
        return Err(EditError::NotAffiliated { room, user }.into());
    };
    if args.json {
        return out.json(&write::pretty(who));
    }
    one_user(&room, there, &user, who, out)
}

fn all(wardrobe: &Wardrobe, place: &SessionContext, out: &mut Output) -> Result<(), Failure> {
    if wardrobe.rooms().len() == 0 {
        if place.restricted() {
            return out.line("There are no rooms that this session sees.");
        }
        out.line(&format!("There are no rooms in {} yet.", place.file.display()))?;
        return out.line("Add the first one: hatrack room add ROOM --name NAME");
    }
    let row = |(jid, room): (&Jid, &std::sync::Arc<Room>)| {
        vec![
            room.name.as_deref().unwrap_or_default().to_owned(),
            jid.to_string(),
            room.users().len().to_string(),
            room.attachments().to_string(),
        ]
    };
    let rows: Vec<_> = wardrobe.rooms().map(row).collect();
    out.table(&["NAME", "ROOM", "USERS", "HATS"], &rows)
}

fn one_room(jid: &Jid, room: &Room, out: &mut Output) -> Result<(), Failure> {
    let name = room.name.as_deref().filter(|name| !name.is_empty());
    let title = name.map_or_else(|| jid.to_string(), |name| format!("{name} ({jid})"));
    let (users, hats) = (
        count(room.users().len(), "user"),
        count(room.attachments(), "hat"),
    );
    out.line(&format!("{title}: {users}, {hats}"))?;
    if !room.users().is_empty() {
        out.line("")?;
        let row = |(jid, user): &(Jid, User)| {
            let hats = user.hats.iter().map(|(id, hat)| in_short(room, id, hat));
            vec![
                user.affiliation.to_string(),
                jid.to_string(),
                hats.collect::<Vec<_>>().join(", "),
            ]
        };
        let rows: Vec<_> = room.users().iter().map(row).collect();
        out.table(&["AFFILIATION", "USER", "HATS"], &rows)?;
    }
    if !room.catalog.is_empty() {
        out.line("")?;
        out.line("Hats in the room's catalog:")?;
        let rows = room.catalog.iter().map(|(id, hat)| {
            let title = hat.title.as_deref().unwrap_or_default().to_owned();
            let hue = hat.hue.as_ref().map(|hue| hue.as_json().as_str().to_owned());
            vec![title, hue.unwrap_or_default(), flagged(id)]
        });
        let rows: Vec<_> = rows.collect();
        out.table(&["TITLE", "HUE", "HAT"], &rows)?;
    }
    Ok(())
}

/// A hat among others: its title, else its id, and whether it is worn.
pub(super) fn in_short(room: &Room, id: &HatId, attachment: &Attachment) -> String {
    let name = match room.title(id, attachment) {
        Some(title) => title.to_owned(),
        None => format!("<{id}>"),
    };
    match (attachment.is_active(), attachment.is_required()) {
        (false, false) => name,
        (true, false) => format!("{name} (worn)"),
        (false, true) => format!("{name} (required)"),
        (true, true) => format!("{name} (worn, required)"),
    }
}

fn one_user(at: &Jid, room: &Room, jid: &Jid, user: &User, out: &mut Output) -> Result<(), Failure> {
    let hats = count(user.hats.len(), "hat");
    out.line(&format!(
        "{jid} in {at}: affiliation {}, {hats}",
        user.affiliation
    ))?;
    if user.hats.is_empty() {
        return Ok(());
    }
    out.line("")?;
    let yes = |yes: bool| if yes { "yes" } else { "no" }.to_owned();
    let rows = user.hats.iter().map(|(id, hat)| {
        let title = room.title(id, hat).unwrap_or("(no title)").to_owned();
        vec![title, yes(hat.is_active()), yes(hat.is_required()), flagged(id)]
    });
    let rows: Vec<_> = rows.collect();
    out.table(&["TITLE", "WORN", "REQUIRED", "HAT"], &rows)
}

/// The id as it is, with a word about one that is no URI.
fn flagged(id: &HatId) -> String {
    let flag = if id.is_uri() { "" } else { "  (not a URI)" };
    format!("{id}{flag}")
}
