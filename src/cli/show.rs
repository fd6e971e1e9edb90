//! `hatrack show`: prints all rooms, one room or one user, as text or JSON.

use jiff::ZonedDateTime;

use super::args::ShowArgs;
use super::context::SessionContext;
use super::expiry;
use super::failure::Failure;
use super::open_store::OpenStore;
use super::output::Output;
use crate::app::describe::count;
use crate::app::view::label;
use crate::app::{hat_color, until};
use crate::model::{Attachment, EditError, HatId, Jid, Room, User, Wardrobe, write};

pub(super) fn run(args: &ShowArgs, context: &SessionContext, out: &mut Output) -> Result<(), Failure> {
    let room = args.room.as_deref().map(Jid::parse_room_input).transpose();
    let room = room.map_err(Failure::invalid_argument)?;
    let user = args.user.as_deref().map(Jid::parse_input).transpose();
    let user = user.map_err(Failure::invalid_argument)?;
    let data = OpenStore::open_existing(context)?;
    let wardrobe = data.wardrobe();
    let now = expiry::now(context);
    if let Some(by) = &args.expires_by {
        let by = expiry::parse("--expires-by", by, &now)?;
        if let Some(room) = &room {
            check_exists(wardrobe, room, user.as_ref()).map_err(Failure::without_advice)?;
        }
        let now = (!args.json).then_some(&now);
        return expiry::print_expiring(wardrobe, (room.as_ref(), user.as_ref()), by, now, out);
    }
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
        return print_room(&room, room_data, &now, out);
    };
    // All users of the room are shown, also those to whom hats cannot be added.
    let Some(user_data) = room_data.user(&user) else {
        return Err(Failure::without_advice(EditError::NotAffiliated { room, user }));
    };
    if args.json {
        return out.json(&write::pretty(user_data));
    }
    print_user((&room, room_data), (&user, user_data), &now, out)
}

fn check_exists(wardrobe: &Wardrobe, room: &Jid, user: Option<&Jid>) -> Result<(), EditError> {
    let Some(content) = wardrobe.room(room) else {
        return Err(EditError::NoSuchRoom { room: room.clone() });
    };
    match user {
        Some(user) if content.user(user).is_none() => Err(EditError::NotAffiliated {
            room: room.clone(),
            user: user.clone(),
        }),
        _ => Ok(()),
    }
}

fn print_rooms(wardrobe: &Wardrobe, context: &SessionContext, out: &mut Output) -> Result<(), Failure> {
    if wardrobe.rooms().len() == 0 {
        if context.is_restricted() {
            out.line("No rooms in this restricted session.")?;
            if context.ignores_file_variable {
                out.line("HATRACK_FILE is ignored in restricted sessions; use --file FILE.")?;
            }
            return Ok(());
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

fn print_room(jid: &Jid, room: &Room, now: &ZonedDateTime, out: &mut Output) -> Result<(), Failure> {
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
            let hats = user
                .hats
                .iter()
                .map(|(id, hat)| hat_summary(room, (id, hat), now));
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
            let color = hat.hue.as_ref().map_or("automatic", hat_color::name);
            vec![title, color.to_owned(), id_with_remark(id)]
        });
        let rows: Vec<_> = rows.collect();
        out.table(&["TITLE", "COLOR", "ID"], &rows)?;
    }
    Ok(())
}

/// Describes a hat in a list: its title, or its ID if it has no title, whether it is active or required, and when it
/// expires.
pub(super) fn hat_summary(
    room: &Room,
    (id, attachment): (&HatId, &Attachment),
    now: &ZonedDateTime,
) -> String {
    let name = match room.title(id, attachment) {
        Some(title) => title.to_owned(),
        None => format!("<{id}>"),
    };
    let flags = [
        attachment.is_active().then(|| "active".into()),
        attachment.is_required().then(|| "required".into()),
    ];
    let flags: Vec<String> = flags.into_iter().flatten().collect();
    let flags = (!flags.is_empty()).then(|| flags.join(", "));
    let end = attachment.until().map(|end| until::short(end, now));
    let parts: Vec<String> = flags.into_iter().chain(end).collect();
    if parts.is_empty() {
        name
    } else {
        format!("{name} ({})", parts.join("; "))
    }
}

fn print_user(
    (room_jid, room): (&Jid, &Room),
    (jid, user): (&Jid, &User),
    now: &ZonedDateTime,
    out: &mut Output,
) -> Result<(), Failure> {
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
    let any_expires = user.hats.iter().any(|(_, hat)| hat.until().is_some());
    let end = |hat: &Attachment| {
        hat.until()
            .map_or_else(String::new, |end| until::full(end, now.time_zone()))
    };
    let rows = user.hats.iter().map(|(id, hat)| {
        let title = room
            .title(id, hat)
            .map_or_else(|| label::untitled(id), ToOwned::to_owned);
        let mut cells = vec![title, yes_or_no(hat.is_active()), yes_or_no(hat.is_required())];
        cells.extend(any_expires.then(|| end(hat)));
        cells.push(id_with_remark(id));
        cells
    });
    let rows: Vec<_> = rows.collect();
    if any_expires {
        out.table(&["TITLE", "ACTIVE", "REQUIRED", "EXPIRES", "ID"], &rows)
    } else {
        out.table(&["TITLE", "ACTIVE", "REQUIRED", "ID"], &rows)
    }
}

/// Returns the ID, with a remark if it is not a URI.
fn id_with_remark(id: &HatId) -> String {
    let remark = if id.is_uri() { "" } else { "  (not a URI)" };
    format!("{id}{remark}")
}
