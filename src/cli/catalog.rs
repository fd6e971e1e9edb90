//! `hatrack catalog`: the hats that a room defines.

use super::args::{CatalogArgs, CatalogCommand, CatalogDefineArgs};
use super::context::SessionContext;
use super::failure::Failure;
use super::open_store::OpenStore;
use super::output::Output;
use crate::app::describe;
use crate::model::{EditError, HatId, Hue, Jid};

pub(super) fn run(args: &CatalogArgs, place: &SessionContext, out: &mut Output) -> Result<(), Failure> {
    match &args.command {
        CatalogCommand::List(args) => list(&args.room, place, out),
        CatalogCommand::Define(args) => define(args, place, out),
        CatalogCommand::Remove(args) => {
            let room = Jid::parse_room_input(&args.room).map_err(Failure::argument)?;
            let hat = HatId::unchecked(args.hat.as_str());
            OpenStore::open(place)?.change(out, |wardrobe| wardrobe.set_catalog_hat(&room, &hat, None))
        }
    }
}

fn list(room: &str, place: &SessionContext, out: &mut Output) -> Result<(), Failure> {
    let jid = Jid::parse_room_input(room).map_err(Failure::argument)?;
    let kept = OpenStore::open_to_read(place)?;
    let room = kept.wardrobe().room(&jid);
    let room = room.ok_or_else(|| EditError::NoSuchRoom { room: jid.clone() })?;
    let rows = room.known_hats().iter().map(|known| {
        let hue = match room.catalog.get(&known.id).map(|hat| hat.hue.as_ref()) {
            None => "worn only".to_owned(),
            Some(None) => "by its id".to_owned(),
            Some(Some(hue)) => hue.as_json().as_str().trim_matches('"').to_owned(),
        };
        let title = known.title.as_deref().unwrap_or_default().to_owned();
        vec![known.id.to_string(), title, known.users.to_string(), hue]
    });
    let rows: Vec<_> = rows.collect();
    if rows.is_empty() {
        return out.line("No hat is defined or worn in this room yet.");
    }
    out.table(&["HAT", "TITLE", "USERS", "HUE"], &rows)
}

fn define(args: &CatalogDefineArgs, place: &SessionContext, out: &mut Output) -> Result<(), Failure> {
    let room = Jid::parse_room_input(&args.room).map_err(Failure::argument)?;
    Failure::unless_line("a title", args.title.as_deref())?;
    let hue = match args.hue.as_deref() {
        None => None,
        Some("none") => Some(None),
        Some(typed) => match Hue::parse(typed) {
            Some(hue) => Some(Some(hue)),
            None => {
                return Err(Failure::usage(format!(
                    "bad-request: {typed:?} is no hue: a number from 0 to 360, such as 128 for green, or \"none\""
                )));
            }
        },
    };
    OpenStore::open(place)?.change_in_words(out, |wardrobe| {
        let there = wardrobe.room(&room).cloned();
        let there = there.ok_or_else(|| EditError::NoSuchRoom { room: room.clone() })?;
        // An id that is there already may be anything; a new one is a URI.
        let hat = match there.known_hat(&HatId::unchecked(args.hat.as_str())) {
            Some(known) => known.id.clone(),
            None => HatId::parse_input(&args.hat).map_err(Failure::argument)?,
        };
        let mut entry = there.catalog.get(&hat).cloned().unwrap_or_default();
        if let Some(title) = args.title.as_deref() {
            entry.title = Some(title).filter(|title| !title.is_empty()).map(Into::into);
        }
        if let Some(hue) = &hue {
            entry.hue.clone_from(hue);
        }
        let defined = wardrobe.define_hat(&room, &hat, entry, args.wearers)?;
        let mut what = describe::group(&defined.group);
        if !defined.refused.is_empty() {
            let users = describe::count(defined.refused.len(), "user");
            what = format!("{what}; skipped {users} without affiliation");
        }
        Ok((defined.group, what))
    })
}
