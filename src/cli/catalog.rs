//! `hatrack catalog`: the hat catalog of a room.

use super::args::{CatalogArgs, CatalogCommand, CatalogDefineArgs};
use super::context::SessionContext;
use super::failure::Failure;
use super::hat_argument;
use super::open_store::OpenStore;
use super::output::Output;
use crate::app::describe;
use crate::model::{EditError, HatId, Hue, Jid};

pub(super) fn run(args: &CatalogArgs, context: &SessionContext, out: &mut Output) -> Result<(), Failure> {
    match &args.command {
        CatalogCommand::List(args) => list(&args.room, context, out),
        CatalogCommand::Define(args) => define(args, context, out),
        CatalogCommand::Remove(args) => {
            let room = Jid::parse_room_input(&args.room).map_err(Failure::invalid_argument)?;
            let data = OpenStore::open(context)?;
            let hat = hat_argument::find(data.wardrobe(), Some(&room), &args.hat)?;
            let hat = hat.unwrap_or_else(|| HatId::unchecked(args.hat.as_str()));
            data.change(out, |wardrobe| wardrobe.set_catalog_hat(&room, &hat, None))
        }
    }
}

fn list(room: &str, context: &SessionContext, out: &mut Output) -> Result<(), Failure> {
    let jid = Jid::parse_room_input(room).map_err(Failure::invalid_argument)?;
    let data = OpenStore::open_to_read(context)?;
    let room = data.wardrobe().room(&jid);
    let room = room.ok_or_else(|| EditError::NoSuchRoom { room: jid.clone() })?;
    let rows = room.hats().iter().map(|hat| {
        let hue = match room.catalog.get(&hat.id).map(|hat| hat.hue.as_ref()) {
            None => "not in catalog".to_owned(),
            Some(None) => "automatic".to_owned(),
            Some(Some(hue)) => hue.as_json().as_str().trim_matches('"').to_owned(),
        };
        let title = hat.title.as_deref().unwrap_or_default().to_owned();
        vec![hat.id.to_string(), title, hat.user_count.to_string(), hue]
    });
    let rows: Vec<_> = rows.collect();
    if rows.is_empty() {
        return out.line("This room has no hats.");
    }
    out.table(&["HAT", "TITLE", "USERS", "HUE"], &rows)
}

fn define(args: &CatalogDefineArgs, context: &SessionContext, out: &mut Output) -> Result<(), Failure> {
    let room = Jid::parse_room_input(&args.room).map_err(Failure::invalid_argument)?;
    Failure::check_single_line("title", args.title.as_deref())?;
    let hue = match args.hue.as_deref() {
        None => None,
        Some("automatic" | "none") => Some(None),
        Some(typed) => match Hue::parse(typed) {
            Some(hue) => Some(Some(hue)),
            None => {
                return Err(Failure::usage(format!(
                    "bad-request: invalid hue {typed:?}: expected a number from 0 to 360, such as 128 for green, or \"automatic\""
                )));
            }
        },
    };
    OpenStore::open(context)?.change_with_summary(out, |wardrobe| {
        let room_data = wardrobe.room(&room).cloned();
        let room_data = room_data.ok_or_else(|| EditError::NoSuchRoom { room: room.clone() })?;
        // An existing ID may be any text, as some servers allow; a new one must be a URI.
        let hat = match room_data.hat(&HatId::unchecked(args.hat.as_str())) {
            Some(hat) => hat.id.clone(),
            None => hat_argument::find_or_new(wardrobe, Some(&room), &args.hat)?,
        };
        let mut entry = room_data.catalog.get(&hat).cloned().unwrap_or_default();
        if let Some(title) = args.title.as_deref() {
            entry.title = Some(title).filter(|title| !title.is_empty()).map(Into::into);
        }
        if let Some(hue) = &hue {
            entry.hue.clone_from(hue);
        }
        let defined = wardrobe.define_hat(&room, &hat, entry, args.retitle_users)?;
        let mut what = describe::group(&defined.group);
        if !defined.not_affiliated.is_empty() {
            let users = describe::count(defined.not_affiliated.len(), "user");
            what = format!("{what}; skipped {users} without affiliation");
        }
        Ok((defined.group, what))
    })
}
