//! `hatrack sets`: named sets of hats.

use super::args::{SetApplyArgs, SetSaveArgs, SetsArgs, SetsCommand};
use super::context::SessionContext;
use super::failure::Failure;
use super::open_store::OpenStore;
use super::output::Output;
use crate::app::describe;
use crate::model::{EditError, Group, Hats, Jid, Wardrobe, write};

pub(super) fn run(args: &SetsArgs, place: &SessionContext, out: &mut Output) -> Result<(), Failure> {
    // They belong to the whole file, of which such a session sees some rooms.
    if place.scope.rooms.is_some() {
        return Err(Failure::not_allowed(
            "named sets of hats belong to the whole file; they are not for a session limited by --room",
        ));
    }
    match &args.command {
        None => list(args.json, place, out),
        Some(SetsCommand::Save(args)) => save(args, place, out),
        Some(SetsCommand::Put(args)) => put(args, place, out),
        Some(SetsCommand::Rename(args)) => {
            named(&args.to)?;
            OpenStore::open(place)?.change(out, |wardrobe| wardrobe.rename_set(&args.name, &args.to))
        }
        Some(SetsCommand::Remove(args)) => {
            OpenStore::open(place)?.change(out, |wardrobe| wardrobe.put_set(&args.name, None))
        }
    }
}

fn list(json: bool, place: &SessionContext, out: &mut Output) -> Result<(), Failure> {
    let kept = OpenStore::open_to_read(place)?;
    let sets = kept.wardrobe().sets()?;
    if json {
        return out.json(&write::pretty(&sets));
    }
    if sets.is_empty() {
        out.line("There are no named sets of hats yet.")?;
        return out.line("Save the first one: hatrack sets save NAME ROOM USER");
    }
    let rows = sets.iter().map(|(name, hats)| {
        let titles = hats
            .iter()
            .map(|(id, hat)| describe::hat(id, hat.title.as_deref()));
        let titles: Vec<String> = titles.collect();
        vec![name.to_string(), hats.len().to_string(), titles.join(", ")]
    });
    let rows: Vec<_> = rows.collect();
    out.table(&["NAME", "HATS", "WHICH"], &rows)
}

/// A name that somebody types is one that shows.
fn named(name: &str) -> Result<(), Failure> {
    Failure::unless_line("the name of a set", Some(name))?;
    if name.trim().is_empty() {
        return Err(Failure::usage("bad-request: the name of the set is missing"));
    }
    Ok(())
}

fn save(args: &SetSaveArgs, place: &SessionContext, out: &mut Output) -> Result<(), Failure> {
    named(&args.name)?;
    let room = Jid::parse_room_input(&args.room).map_err(Failure::argument)?;
    let user = Jid::parse_input(&args.user).map_err(Failure::argument)?;
    let make = |wardrobe: &mut Wardrobe| {
        let hats = hats_of(wardrobe, &room, &user)?;
        let there = wardrobe.sets()?.remove(&*args.name);
        if there.is_some_and(|there| there != hats) && !args.force {
            let name = args.name.as_str().into();
            let error = Failure::from(EditError::SetExists { name });
            let message = format!("{error}; --force replaces it");
            return Err(Failure { message, ..error });
        }
        let group = wardrobe.put_set(&args.name, Some(&hats))?;
        let what = describe::group(&group);
        Ok((group, what))
    };
    OpenStore::open(place)?.change_in_words(out, make)
}

/// The hats of a user with the titles that people read there.
fn hats_of(wardrobe: &Wardrobe, room: &Jid, user: &Jid) -> Result<Hats, Failure> {
    let there = wardrobe.room(room);
    let there = there.ok_or_else(|| EditError::NoSuchRoom { room: room.clone() })?;
    let who = there.user(user).ok_or_else(|| EditError::NotAffiliated {
        room: room.clone(),
        user: user.clone(),
    })?;
    if who.hats.is_empty() {
        return Err(Failure::not_found(format!("{user} has no hats in {room}")));
    }
    Ok(there.whole_hats(&who.hats))
}

fn put(args: &SetApplyArgs, place: &SessionContext, out: &mut Output) -> Result<(), Failure> {
    let room = Jid::parse_room_input(&args.room).map_err(Failure::argument)?;
    let users = args.users.iter().map(|user| Jid::parse_input(user));
    let users = users.collect::<Result<Vec<_>, _>>().map_err(Failure::argument)?;
    OpenStore::open(place)?.change(out, |wardrobe| {
        let name = args.name.as_str();
        let hats = wardrobe.sets()?.remove(name);
        let hats = hats.ok_or_else(|| EditError::NoSuchSet { name: name.into() })?;
        let mut made = Group::default();
        for user in &users {
            if args.add {
                for (id, hat) in hats.iter() {
                    let there = wardrobe.user(&room, user);
                    if there.is_none_or(|there| there.hats.get(id).is_none()) {
                        made.0
                            .extend(wardrobe.add_user_hat(user, &room, id, hat.clone())?.0);
                    }
                }
            } else {
                made.0.extend(wardrobe.set_user_hats(user, &room, &hats)?.0);
            }
        }
        Ok(made)
    })
}
