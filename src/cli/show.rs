//! `hatrack show`: prints all rooms, one room or one user, as text or JSON.

use super::args::ShowArgs;
use super::context::SessionContext;
use super::failure::Failure;
use super::open_store::OpenStore;
use super::output::Output;
use crate::app::describe::count;
use crate::model::{Attachment, EditError, HatId, Jid, Room, User, Wardrobe, write};

pub(super) fn run(args: &ShowArgs, context: &SessionContext, out: &mut Output) -> Result<(), Failure> {
    let room = args.room.as_deref().map(Jid::parse_room_input).transpose();
    let room = room.map_err(Failure::invalid_argument)?;
    let user = args.user.as_deref().map(Jid::parse_input).transpose();
    let user = user.map_err(Failure::invalid_argument)?;
    let data = OpenStore::open_to_read(context)?;
    let wardrobe = data.wardrobe();
    let Some(room) = room else {
        if args.json {
            return out.json(&write::wardrobe(wardrobe));
        }
        return print_rooms(wardrobe, context, out);
    };
    let room_data = wardrobe.room(&room);
    let room_data = room_data.ok_or_else(|| EditError::NoSuchRoom { room: room.clone() })?;
    let Some(user) = user else {
        if args.json {
            return out.json(&write::pretty(room_data));
        }
        return print_room(&room, room_data, out);
    };
    // Any user of the room, including outcasts, whom the three operations of the model reject.
    let Some(user_data) = room_data.user(&user) else {
        return Err(EditError::NotAffiliated { room, user }.into());
    };
    if args.json {
        return out.json(&write::pretty(user_data));
    }
    print_user(&room, room_data, &user, user_data, out)
}

fn print_rooms(wardrobe: &Wardrobe, context: &SessionContext, out: &mut Output) -> Result<(), Failure> {
    if wardrobe.rooms().len() == 0 {
        if context.restricted() {
            return out.line("No rooms in this restricted session.");
        }
        out.line(&format!("No rooms in {} yet.", context.file.display()))?;
        return out.line("Add the first one: hatrack room add ROOM --name NAME");
    }
    let row = |(jid, room): (&Jid, &std::sync::Arc<Room>)| {
        vec![
            room.name.as_deref().unwrap_or_default().to_owned(),
            jid.to_string(),
            room.users().len().to_string(),
            room.attachment_count().to_string(),
        ]
    };
    let rows: Vec<_> = wardrobe.rooms().map(row).collect();
    out.table(&["NAME", "ROOM", "USERS", "HATS"], &rows)
}

fn print_room(jid: &Jid, room: &Room, out: &mut Output) -> Result<(), Failure> {
    let name = room.name.as_deref().filter(|name| !name.is_empty());
    let title = name.map_or_else(|| jid.to_string(), |name| format!("{name} ({jid})"));
    let (users, hats) = (
        count(room.users().len(), "user"),
        count(room.attachment_count(), "hat"),
    );
    out.line(&format!("{title}: {users}, {hats}"))?;
    if !room.users().is_empty() {
        out.line("")?;
        let row = |(jid, user): &(Jid, User)| {
            let hats = user.hats.iter().map(|(id, hat)| hat_summary(room, id, hat));
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
            vec![title, hue.unwrap_or_default(), id_with_remark(id)]
        });
        let rows: Vec<_> = rows.collect();
        out.table(&["TITLE", "HUE", "HAT"], &rows)?;
    }
    Ok(())
}

/// A hat in a list: its title or else its ID, and whether it is active or required.
pub(super) fn hat_summary(room: &Room, id: &HatId, attachment: &Attachment) -> String {
    let name = match room.title(id, attachment) {
        Some(title) => title.to_owned(),
        None => format!("<{id}>"),
    };
    match (attachment.is_active(), attachment.is_required()) {
        (false, false) => name,
        (true, false) => format!("{name} (active)"),
        (false, true) => format!("{name} (required)"),
        (true, true) => format!("{name} (active, required)"),
    }
}

fn print_user(room_jid: &Jid, room: &Room, jid: &Jid, user: &User, out: &mut Output) -> Result<(), Failure> {
    let hats = count(user.hats.len(), "hat");
    out.line(&format!(
        "{jid} in {room_jid}: affiliation {}, {hats}",
        user.affiliation
    ))?;
    if user.hats.is_empty() {
        return Ok(());
    }
    out.line("")?;
    let yes_or_no = |value: bool| if value { "yes" } else { "no" }.to_owned();
    let rows = user.hats.iter().map(|(id, hat)| {
        let title = room.title(id, hat).unwrap_or("(no title)").to_owned();
        vec![
            title,
            yes_or_no(hat.is_active()),
            yes_or_no(hat.is_required()),
            id_with_remark(id),
        ]
    });
    let rows: Vec<_> = rows.collect();
    out.table(&["TITLE", "ACTIVE", "REQUIRED", "HAT"], &rows)
}

/// The ID, with a remark if it is not a URI.
fn id_with_remark(id: &HatId) -> String {
    let flag = if id.is_uri() { "" } else { "  (not a URI)" };
    format!("{id}{flag}")
}
