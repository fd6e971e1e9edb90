//! Adding users to rooms: the domain that completes an address, and the change.

use std::collections::{BTreeMap, BTreeSet};

use crate::app::form::{FieldName, Form};
use crate::app::{addresses, describe};
use crate::model::{Affiliation, Jid, Wardrobe};

use super::batch::{Batch, BatchEdit, BatchSkip};

/// Returns the most common domain of the users of these rooms; if there are none, of the users of all rooms; else the
/// parent domain of the first room's service, if the parent domain has a dot. `None` if there is no such domain.
pub(super) fn most_common_domain(wardrobe: &Wardrobe, rooms: &[Jid]) -> Option<Box<str>> {
    let in_rooms = rooms.iter().filter_map(|jid| wardrobe.room(jid));
    let everywhere = || wardrobe.rooms().map(|(_, room)| room);
    most_common_domain_of(in_rooms.flat_map(|room| room.users()).map(|(jid, _)| jid))
        .or_else(|| most_common_domain_of(everywhere().flat_map(|room| room.users()).map(|(jid, _)| jid)))
        .or_else(|| {
            let (_, parent) = rooms.first()?.domain().split_once('.')?;
            parent.contains('.').then(|| parent.into())
        })
}

fn most_common_domain_of<'a>(users: impl Iterator<Item = &'a Jid>) -> Option<Box<str>> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for user in users.filter(|user| user.local().is_some()) {
        *counts.entry(user.domain()).or_default() += 1;
    }
    let (domain, _) = counts.into_iter().max_by_key(|(_, count)| *count)?;
    Some(domain.into())
}

/// Builds the change that adds one user or a list of users. A list and a whole domain are always confirmed first. The
/// error says why no user can be added.
pub(super) fn add(form: &Form, wardrobe: &Wardrobe, rooms: &[Jid]) -> Result<Batch, String> {
    let text = form.text(FieldName::User);
    let is_list = addresses::is_list(&text);
    let parsed = if is_list {
        addresses::parse_list(&text)
    } else {
        let user = form.user().map_err(|error| error.to_string())?;
        addresses::Addresses {
            all: BTreeSet::from([user]),
            ..addresses::Addresses::default()
        }
    };
    if let Some(problem) = parsed.problem(rooms, wardrobe) {
        return Err(problem);
    }
    let affiliation = form.affiliation();
    let mut edit = BatchEdit::new(wardrobe);
    let existing = add_to_rooms(&mut edit, rooms, &parsed.all, affiliation);
    let question = format!("Add {} as {affiliation}?", edit.describe_targets_with("to"));
    if let Some(domain) = parsed
        .all
        .first()
        .filter(|user| !is_list && user.local().is_none())
    {
        let question = format!("Add the whole domain {domain} as {affiliation}?");
        let consequence = "This affects all its users. For one user, type user@domain.";
        let batch = edit.into_batch("Add domain", question, consequence);
        return Ok(batch.always_confirm(true));
    }
    if !is_list {
        return Ok(edit.into_batch("Add users", question, ""));
    }
    let mut skipped = Vec::new();
    if !existing.is_empty() {
        let existing: Vec<&Jid> = existing.into_iter().collect();
        skipped.push(format!(
            "{}: {}.",
            edit.skipped_summary(),
            describe::first_few(&existing)
        ));
    }
    if parsed.duplicates > 0 {
        skipped.push(format!(
            "{} ignored.",
            describe::count(parsed.duplicates, "duplicate")
        ));
    }
    let skipped = skipped.join(" ");
    Ok(edit
        .into_batch("Add users", question, "")
        .always_confirm(true)
        .with_skipped_text(skipped))
}

/// Adds users to the rooms that they are not in yet. Returns the users who are already in at least one of the rooms.
pub(super) fn add_to_rooms<'a>(
    edit: &mut BatchEdit,
    rooms: &[Jid],
    users: impl IntoIterator<Item = &'a Jid> + Copy,
    affiliation: Affiliation,
) -> BTreeSet<&'a Jid> {
    let mut existing = BTreeSet::new();
    for (room, user) in rooms
        .iter()
        .flat_map(|room| users.into_iter().map(move |user| (room, user)))
    {
        if edit.wardrobe().user(room, user).is_some() {
            // Adding must not change an existing affiliation.
            edit.skip(BatchSkip::AlreadyInRoom, room, user);
            existing.insert(user);
            continue;
        }
        edit.change(room, user, |next| next.set_affiliation(user, room, affiliation));
    }
    existing
}
