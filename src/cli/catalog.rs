//! `hatrack catalog`: the hat catalog of a room.

use super::args::{CatalogArgs, CatalogCommand, CatalogDefineArgs};
use super::context::SessionContext;
use super::failure::Failure;
use super::hat_argument;
use super::open_store::OpenStore;
use super::output::Output;
use crate::app::{describe, hat_color};
use crate::model::{Affiliation, EditError, HatId, Jid};

pub(super) fn run(args: &CatalogArgs, context: &SessionContext, out: &mut Output) -> Result<(), Failure> {
    match &args.command {
        CatalogCommand::List(args) => list(&args.room, context, out),
        CatalogCommand::Define(args) => define(args, context, out),
        CatalogCommand::Remove(args) => {
            let room = Jid::parse_room_input(&args.room).map_err(Failure::invalid_argument)?;
            let data = OpenStore::open(context)?;
            let hat = hat_argument::find(data.wardrobe(), Some(&room), &args.hat)?;
            let hat = hat.unwrap_or_else(|| HatId::unchecked(args.hat.as_str()));
            data.with_reason(args.reason_option.reason.as_ref())
                .change(out, |wardrobe| wardrobe.set_catalog_hat(&room, &hat, None))
        }
    }
}

fn list(room: &str, context: &SessionContext, out: &mut Output) -> Result<(), Failure> {
    let jid = Jid::parse_room_input(room).map_err(Failure::invalid_argument)?;
    let data = OpenStore::open_existing(context)?;
    let room = data.wardrobe().room(&jid);
    let room = room.ok_or_else(|| EditError::NoSuchRoom { room: jid.clone() })?;
    let rows = room.hats().iter().map(|hat| {
        let color = match room.catalog.get(&hat.id).map(|hat| hat.hue.as_ref()) {
            None => "not in catalog".to_owned(),
            Some(None) => "automatic".to_owned(),
            Some(Some(hue)) => hat_color::name(hue).to_owned(),
        };
        let title = hat.title.as_deref().unwrap_or_default().to_owned();
        vec![hat.id.to_string(), title, hat.user_count.to_string(), color]
    });
    let rows: Vec<_> = rows.collect();
    if rows.is_empty() {
        return out.line("This room has no hats.");
    }
    out.table(&["ID", "TITLE", "USERS", "COLOR"], &rows)
}

fn define(args: &CatalogDefineArgs, context: &SessionContext, out: &mut Output) -> Result<(), Failure> {
    let room = Jid::parse_room_input(&args.room).map_err(Failure::invalid_argument)?;
    Failure::check_single_line("title", args.title.as_deref())?;
    let hue = match args.color.as_deref() {
        None => None,
        Some("automatic" | "none") => Some(None),
        Some(typed) => match hat_color::parse(typed) {
            Ok(hue) => Some(Some(hue)),
            Err(_) => {
                return Err(Failure::bad_request(format!(
                    "invalid color {typed:?}: expected {}, or \"automatic\"",
                    hat_color::EXPECTED
                )));
            }
        },
    };
    let data = OpenStore::open(context)?.with_reason(args.reason_option.reason.as_ref());
    data.change_with_summary(out, |wardrobe| {
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
        let mut summary = describe::group(&defined.group, wardrobe, &context.zone());
        let previous = Vec::from_iter(room_data.catalog_title(&hat));
        if let Some(replaced) = describe::replaced_titles(&defined.group, &previous) {
            summary = format!("{summary}; replaced {replaced}");
        }
        if !defined.not_affiliated.is_empty() {
            let (banned, others): (Vec<_>, Vec<_>) = defined.not_affiliated.iter().partition(|user| {
                let user = room_data.user(user);
                user.is_some_and(|user| user.affiliation == Affiliation::Outcast)
            });
            let mut skipped = Vec::new();
            if !banned.is_empty() {
                skipped.push(describe::count(banned.len(), "banned user"));
            }
            if !others.is_empty() {
                let users = describe::count(others.len(), "user");
                skipped.push(format!("{users} without affiliation"));
            }
            summary = format!("{summary}; skipped {}", skipped.join(" and "));
        }
        Ok((defined.group, summary))
    })
}
