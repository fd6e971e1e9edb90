//! `hatrack sets`: hat sets.

use super::args::{SetApplyArgs, SetSaveArgs, SetsArgs, SetsCommand};
use super::context::SessionContext;
use super::failure::Failure;
use super::open_store::OpenStore;
use super::output::Output;
use crate::app::describe;
use crate::model::{EditError, EditGroup, Hats, Jid, Wardrobe, write};

pub(super) fn run(args: &SetsArgs, context: &SessionContext, out: &mut Output) -> Result<(), Failure> {
    // Hat sets belong to the whole file, but a session restricted to rooms must see only these rooms.
    if context.scope.rooms.is_some() {
        return Err(Failure::not_allowed(
            "hat sets belong to the whole data file and are not available in a restricted session (--room)",
        ));
    }
    match &args.command {
        None => list(args.json, context, out),
        Some(SetsCommand::Save(args)) => save(args, context, out),
        Some(SetsCommand::Apply(args)) => apply(args, context, out),
        Some(SetsCommand::Rename(args)) => {
            check_set_name(&args.new_name)?;
            OpenStore::open(context)?
                .with_reason(args.reason_option.reason.as_ref())
                .change(out, |wardrobe| {
                    wardrobe.rename_hat_set(&args.name, &args.new_name)
                })
        }
        Some(SetsCommand::Remove(args)) => OpenStore::open(context)?
            .with_reason(args.reason_option.reason.as_ref())
            .change(out, |wardrobe| wardrobe.put_hat_set(&args.name, None)),
    }
}

fn list(json: bool, context: &SessionContext, out: &mut Output) -> Result<(), Failure> {
    let data = OpenStore::open_existing(context)?;
    let sets = data.wardrobe().hat_sets()?;
    if json {
        return out.json(&write::pretty(&sets));
    }
    if sets.is_empty() {
        out.line("No hat sets yet.")?;
        return out.line("Save the first one: hatrack sets save NAME ROOM USER");
    }
    let rows = sets.iter().map(|(name, hats)| {
        let names = hats.iter().map(|(id, hat)| describe::hat_with_flags(id, hat));
        let names: Vec<String> = names.collect();
        vec![name.to_string(), hats.len().to_string(), names.join(", ")]
    });
    let rows: Vec<_> = rows.collect();
    out.table(&["NAME", "COUNT", "HATS"], &rows)
}

/// Rejects empty names and names that are not a single line.
fn check_set_name(name: &str) -> Result<(), Failure> {
    Failure::check_single_line("hat set name", Some(name))?;
    if name.is_empty() {
        return Err(Failure::bad_request("the hat set name is empty"));
    }
    Ok(())
}

fn save(args: &SetSaveArgs, context: &SessionContext, out: &mut Output) -> Result<(), Failure> {
    check_set_name(&args.name)?;
    let room = Jid::parse_room_input(&args.room).map_err(Failure::invalid_argument)?;
    let user = Jid::parse_input(&args.user).map_err(Failure::invalid_argument)?;
    let make = |wardrobe: &mut Wardrobe| {
        let hats = hats_of(wardrobe, &room, &user)?;
        let existing = wardrobe.hat_sets()?.remove(&*args.name);
        if existing.is_some_and(|existing| existing != hats) && !args.force {
            let name = args.name.as_str().into();
            let failure = Failure::from(EditError::HatSetExists { name });
            return Err(failure.with_advice("use --force to overwrite it"));
        }
        let group = wardrobe.put_hat_set(&args.name, Some(&hats))?;
        let summary = describe::group(&group, wardrobe, &context.zone());
        Ok((group, summary))
    };
    OpenStore::open(context)?
        .with_reason(args.reason_option.reason.as_ref())
        .change_with_summary(out, make)
}

/// Returns the hats of a user, each with the title that the room shows for it.
///
/// Errors: the room or the user does not exist, or the user has no hats.
fn hats_of(wardrobe: &Wardrobe, room: &Jid, user: &Jid) -> Result<Hats, Failure> {
    let room_data = wardrobe.room(room);
    let room_data = room_data.ok_or_else(|| EditError::NoSuchRoom { room: room.clone() })?;
    let user_data = room_data.user(user).ok_or_else(|| {
        let (room, user) = (room.clone(), user.clone());
        Failure::without_advice(EditError::NotAffiliated { room, user })
    })?;
    if user_data.hats.is_empty() {
        return Err(Failure::not_found(format!("{user} has no hats in {room}")));
    }
    Ok(room_data.hats_with_titles(&user_data.hats))
}

fn apply(args: &SetApplyArgs, context: &SessionContext, out: &mut Output) -> Result<(), Failure> {
    let room = Jid::parse_room_input(&args.room).map_err(Failure::invalid_argument)?;
    let users = args.users.iter().map(|user| Jid::parse_input(user));
    let users = users
        .collect::<Result<Vec<_>, _>>()
        .map_err(Failure::invalid_argument)?;
    OpenStore::open(context)?
        .with_reason(args.reason_option.reason.as_ref())
        .change(out, |wardrobe| {
            let name = args.name.as_str();
            let hats = wardrobe.hat_sets()?.remove(name);
            let hats = hats.ok_or_else(|| EditError::NoSuchHatSet { name: name.into() })?;
            let mut group = EditGroup::default();
            for user in &users {
                if args.add {
                    for (id, hat) in hats.iter() {
                        let current = wardrobe.user(&room, user);
                        if current.is_none_or(|current| current.hats.get(id).is_none()) {
                            group
                                .0
                                .extend(wardrobe.add_user_hat(user, &room, id, hat.clone())?.0);
                        }
                    }
                } else {
                    group.0.extend(wardrobe.set_user_hats(user, &room, &hats)?.0);
                }
            }
            Ok(group)
        })
}
