//! Builds the change that a form describes, for one user in one room or for many users in several rooms.

use std::collections::BTreeSet;

use crate::app::form::{FieldName, Form, FormSubject, NewEnd};
use crate::app::subject::{rooms_label, single};
use crate::app::{AttachmentRef, RoomUser, describe, hat_color, until};
use crate::model::{Affiliation, Attachment, CatalogHat, HatId, Jid, Wardrobe};

use super::batch::{Batch, BatchEdit, BatchSkip};
use super::catalog_title::{self, ChangedTitles};
use super::new_users;

/// Builds the change that a form describes. The error says why the change cannot be made at all.
pub(super) fn build(form: &Form, wardrobe: &Wardrobe) -> Result<Batch, String> {
    let chosen = || form.resolve_hat().map(|chosen| chosen.id);
    match &form.subject {
        FormSubject::AddRoom => {
            let room = Jid::parse_room_input(form.text(FieldName::Room).trim());
            let room = room.map_err(|error| error.to_string())?;
            let name = form.text(FieldName::RoomName);
            let name = Some(name.trim()).filter(|name| !name.is_empty());
            room_batch(wardrobe, |edit| {
                edit.change_room(|next| next.add_room(&room, name))
            })
        }
        FormSubject::EditRoom { room, .. } => {
            let name = form.text(FieldName::RoomName);
            let name = Some(name.as_str()).filter(|name| !name.trim().is_empty());
            room_batch(wardrobe, |edit| {
                edit.change_room(|next| next.rename_room(room, name))
            })
        }
        FormSubject::DefineHat { room } => {
            let (hat, after) = (chosen()?, catalog_hat(form, &CatalogHat::default()));
            room_batch(wardrobe, |edit| {
                edit.change_room(|next| next.set_catalog_hat(room, &hat, Some(after)))
            })
        }
        FormSubject::EditDefined { room, hat, before } => define_hat(form, wardrobe, (room, hat), before),
        FormSubject::AddUser { rooms } => new_users::add(form, wardrobe, rooms),
        FormSubject::AddToRoom { users } => {
            let mut edit = BatchEdit::new(wardrobe);
            new_users::add_to_rooms(&mut edit, &[form.resolve_room()?.id], users, form.affiliation());
            let question = format!(
                "Add {} as {}?",
                edit.describe_targets_with("to"),
                form.affiliation()
            );
            Ok(edit.into_batch("Add users", question, ""))
        }
        FormSubject::EditUsers { room_users, .. } => {
            Ok(set_affiliation(wardrobe, room_users, form.affiliation()))
        }
        FormSubject::AddHat { room_users } => {
            let (hat, mut edit) = (chosen()?, BatchEdit::new(wardrobe));
            let hats = room_users.iter().map(|(room, _)| (room, &hat));
            let titles = catalog_title::set(&mut edit, form, hats)?;
            if form.new_hat.as_ref() == Some(&hat) {
                define_new_hat(&mut edit, room_users, &hat, form)?;
            }
            Ok(add_hat(edit, form, (room_users, &hat), &titles))
        }
        FormSubject::EditHats {
            attachments, before, ..
        } => match (single(attachments), before) {
            (Some(attachment_ref), Some(_)) => edit_hat(form, wardrobe, attachment_ref, &chosen()?),
            _ => edit_hats(form, wardrobe, attachments),
        },
    }
}

/// Builds a change of a room, which is confirmed first only if the filter hides the marked room.
fn room_batch(
    wardrobe: &Wardrobe,
    change: impl FnOnce(&mut BatchEdit) -> Result<(), crate::model::EditError>,
) -> Result<Batch, String> {
    let mut edit = BatchEdit::new(wardrobe);
    change(&mut edit).map_err(|error| error.to_string())?;
    Ok(edit.into_batch("Save changes", "Save the changes?", ""))
}

/// Returns the catalog entry that a form describes; fields that the form lacks are taken from `before`.
pub(super) fn catalog_hat(form: &Form, before: &CatalogHat) -> CatalogHat {
    let title = form.text(FieldName::Title);
    let mut after = before.clone();
    after.title = Some(title.trim())
        .filter(|title| !title.is_empty())
        .map(Into::into);
    if let Some(typed) = form.changed_text(FieldName::Hue) {
        after.hue = hat_color::parse(&typed).ok();
    }
    after
}

/// Builds the change of the catalog entry and, if requested, of the titles of the users who have the hat.
fn define_hat(
    form: &Form,
    wardrobe: &Wardrobe,
    (room, hat): (&Jid, &HatId),
    before: &CatalogHat,
) -> Result<Batch, String> {
    let after = catalog_hat(form, before);
    let name = describe::hat(hat, after.title.as_deref());
    let mut edit = BatchEdit::new(wardrobe);
    let existing = wardrobe.room(room);
    let previous = existing.and_then(|existing| existing.catalog_title(hat));
    let shown = form.original_text(FieldName::Title);
    let known: Vec<&str> = previous.into_iter().chain(shown).collect();
    let is_checked_by_default = existing.is_some_and(|existing| {
        let mut own = existing.own_titles(hat);
        own.any(|(_, title)| Some(title) == previous)
    });
    // If the box was only checked by default and the title was not edited, the users' titles are not changed.
    let retitles = form.is_on(FieldName::RetitleUsers)
        && (form.changed_text(FieldName::Title).is_some() || !is_checked_by_default);
    let defined = edit.define(room, hat, after, retitles);
    let defined = defined.map_err(|error| error.to_string())?;
    let replaced = describe::replaced_titles(&defined, &known);
    let is_new = existing.is_some_and(|existing| !existing.catalog.contains_key(hat));
    let users = edit.describe_targets();
    let (title, question) = if is_new {
        (
            "Define hat",
            format!("Define {name} and change its title for {users}?"),
        )
    } else {
        (
            "Change title",
            format!("Change the title to {name} in the catalog and for {users}?"),
        )
    };
    let consequence = replaced.map_or_else(String::new, |replaced| format!("Replaces {replaced}."));
    let must_ask = !consequence.is_empty();
    Ok(edit
        .into_batch(title, question, consequence)
        .always_confirm(must_ask))
}

/// Builds the change that sets the affiliation of users. Even for a single user, these changes are confirmed first:
/// `outcast`; `none`, which removes the user, if the user has hats, is removed from several rooms, or is an owner or
/// admin; and any change after which a room has no owner.
pub(super) fn set_affiliation(
    wardrobe: &Wardrobe,
    room_users: &[RoomUser],
    affiliation: Affiliation,
) -> Batch {
    let mut edit = BatchEdit::new(wardrobe);
    let (mut hats, mut owners, mut admins) = (0, BTreeSet::new(), BTreeSet::new());
    for (room, user) in room_users {
        let Some(existing) = wardrobe.user(room, user) else {
            edit.skip(BatchSkip::Gone, room, user);
            continue;
        };
        hats += existing.hats.len();
        match existing.affiliation {
            Affiliation::Owner => drop(owners.insert((user, room))),
            Affiliation::Admin => drop(admins.insert((user, room))),
            _ => {}
        }
        edit.change(room, user, |next| next.set_affiliation(user, room, affiliation));
    }
    let (is_single, change_count) = (edit.changed_users().len() < 2, edit.change_count());
    let last_owner_text = match affiliation {
        Affiliation::Owner => String::new(),
        _ => ownerless_rooms_text(&owners, edit.wardrobe(), is_single),
    };
    let owner_text = match affiliation {
        Affiliation::Owner => String::new(),
        _ if is_single && !last_owner_text.is_empty() => String::new(),
        _ => staff_text(&owners, ("an owner", "owners"), is_single),
    };
    let admin_text = match affiliation {
        Affiliation::Outcast | Affiliation::None => staff_text(&admins, ("an admin", "admins"), is_single),
        _ => String::new(),
    };
    let warnings = [owner_text, admin_text, last_owner_text.clone()];
    match affiliation {
        Affiliation::None => {
            let consequence = sentences([describe::also_removes_hats(hats)].into_iter().chain(warnings));
            let question = format!("Remove {}?", edit.describe_targets_with("from"));
            let title = if is_single { "Remove user" } else { "Remove users" };
            let is_staff = !owners.is_empty() || !admins.is_empty();
            edit.into_batch(title, question, consequence)
                .always_confirm(hats > 0 || change_count > 1 || is_staff)
        }
        Affiliation::Outcast => {
            let kept = match hats {
                0 => String::new(),
                hats => {
                    let stays = if hats == 1 { "stays" } else { "stay" };
                    format!("{} {stays} in the data file.", describe::count(hats, "hat"))
                }
            };
            let effect = "The server expels banned users and does not let them in again.".to_owned();
            let consequence = sentences([effect].into_iter().chain(warnings).chain([kept]));
            let question = format!("Ban {}?", edit.describe_targets_with("from"));
            let title = if is_single { "Ban user" } else { "Ban users" };
            edit.into_batch(title, question, consequence).always_confirm(true)
        }
        _ => {
            let question = format!(
                "Set the affiliation of {} to {affiliation}?",
                edit.describe_targets()
            );
            edit.into_batch("Set affiliation", question, sentences(warnings))
                .always_confirm(!last_owner_text.is_empty())
        }
    }
}

/// Returns a sentence about those users who are owners, or admins, before the change; empty if there are none. `staff`
/// contains them with their rooms.
fn staff_text(staff: &BTreeSet<(&Jid, &Jid)>, (singular, plural): (&str, &str), is_single: bool) -> String {
    let people: BTreeSet<&Jid> = staff.iter().map(|(user, _)| *user).collect();
    match people.len() {
        0 => String::new(),
        _ if is_single => format!(
            "The user is {singular} of {}.",
            rooms_label(staff.iter().map(|(_, room)| *room))
        ),
        1 => format!("1 of the users is {singular}."),
        many => format!("{many} of the users are {plural}."),
    }
}

/// Returns a sentence about the rooms that lose their last owner; empty if there are none.
fn ownerless_rooms_text(owners: &BTreeSet<(&Jid, &Jid)>, next: &Wardrobe, is_single: bool) -> String {
    let has_owner = |room: &Jid| {
        let mut users = next.room(room).into_iter().flat_map(|room| room.users());
        users.any(|(_, user)| user.affiliation == Affiliation::Owner)
    };
    let rooms: BTreeSet<&Jid> = owners.iter().map(|(_, room)| *room).collect();
    let ownerless: Vec<&Jid> = rooms.into_iter().filter(|room| !has_owner(room)).collect();
    let label = || rooms_label(ownerless.iter().copied());
    match ownerless.len() {
        0 => String::new(),
        _ if is_single => format!("The user is the last owner of {}.", label()),
        _ => format!("{} will have no owner.", label()),
    }
}

/// Joins the sentences that are not empty.
fn sentences(all: impl IntoIterator<Item = String>) -> String {
    let all = all.into_iter().filter(|sentence| !sentence.is_empty());
    all.collect::<Vec<_>>().join(" ")
}

/// Defines a new hat in each room whose catalog has other hats, if the hat is added to an affiliated user of the room.
fn define_new_hat(
    edit: &mut BatchEdit,
    room_users: &[RoomUser],
    hat: &HatId,
    form: &Form,
) -> Result<(), String> {
    let title = form.text(FieldName::Title);
    let entry = CatalogHat {
        title: Some(title.trim())
            .filter(|title| !title.is_empty())
            .map(Into::into),
        ..CatalogHat::default()
    };
    let affiliated = room_users.iter().filter(|(room, user)| {
        let user = edit.wardrobe().user(room, user);
        user.is_some_and(|user| user.affiliation.is_affiliated())
    });
    let rooms: BTreeSet<Jid> = affiliated.map(|(room, _)| room.clone()).collect();
    for room in rooms {
        let catalog = edit.wardrobe().room(&room).map(|room| &room.catalog);
        if catalog.is_some_and(|catalog| !catalog.is_empty() && !catalog.contains_key(hat)) {
            let defined = edit.change_room(|next| next.set_catalog_hat(&room, hat, Some(entry.clone())));
            defined.map_err(|error| error.to_string())?;
        }
    }
    Ok(())
}

/// Builds the change that adds a hat to the users who do not have it.
fn add_hat(
    mut edit: BatchEdit,
    form: &Form,
    (room_users, hat): (&[RoomUser], &HatId),
    titles: &ChangedTitles,
) -> Batch {
    let attachment = &form.attachment();
    for (room, user) in room_users {
        let existing = edit.wardrobe().user(room, user);
        if existing.is_some_and(|existing| existing.hats.get(hat).is_some()) {
            edit.skip(BatchSkip::HasHat, room, user);
            continue;
        }
        edit.change(room, user, |next| {
            next.add_user_hat(user, room, hat, attachment.clone())
        });
    }
    let room = room_users
        .first()
        .and_then(|(room, _)| edit.wardrobe().room(room));
    let title = room.and_then(|room| room.title(hat, attachment));
    let until = attachment
        .until()
        .map(|end| format!(" until {}", until::full(end, form.now.time_zone())));
    let question = format!(
        "Add {} to {}{}?",
        describe::hat(hat, title),
        edit.describe_targets(),
        until.unwrap_or_default()
    );
    edit.into_batch("Add hat", question, titles.consequence())
        .always_confirm(titles.users.len() > 1)
}

/// Builds the change that replaces an attachment with the one in the form, which may have another hat ID.
fn edit_hat(
    form: &Form,
    wardrobe: &Wardrobe,
    attachment_ref: &AttachmentRef,
    hat: &HatId,
) -> Result<Batch, String> {
    let (room, user) = (&attachment_ref.room, &attachment_ref.user);
    let mut edit = BatchEdit::new(wardrobe);
    let titles = catalog_title::set(&mut edit, form, [(room, hat)])?;
    let shown_title = wardrobe.room(room).and_then(|room| room.hat(hat)?.title.clone());
    let catalog_title = form.catalog_title(shown_title.as_deref());
    let mut after = form.attachment();
    if form.changes_hat_id() && form.stores_title_in_catalog() {
        // The user's own title is kept with the new ID, unless it is the title that the form has for the catalog.
        let own = after
            .title
            .clone()
            .filter(|own| **own != *form.text(FieldName::Title));
        after = after.with_title(own.as_deref());
    } else if catalog_title.is_some() {
        after = catalog_title::with_current_title(edit.wardrobe(), (room, user, hat), after);
    }
    if titles.has_changes {
        edit.count_as_changed(room, user);
    }
    edit.change(room, user, |next| {
        let mut group = if *hat == attachment_ref.hat {
            crate::model::EditGroup::default()
        } else {
            next.remove_user_hat(user, room, &attachment_ref.hat)?
        };
        group.0.extend(next.add_user_hat(user, room, hat, after)?.0);
        Ok(group)
    });
    if titles.users.len() < 2 {
        return Ok(edit.into_batch("Save changes", "Save the changes?", ""));
    }
    let name = describe::hat(hat, catalog_title.as_deref());
    let question = format!("Change the title to {name} in the catalog of {room}?");
    let batch = edit.into_batch("Change title", question, titles.consequence());
    Ok(batch.always_confirm(true))
}

/// Builds the change that applies the fields edited in the form, and no others, to each attachment.
fn edit_hats(form: &Form, wardrobe: &Wardrobe, attachments: &[AttachmentRef]) -> Result<Batch, String> {
    let catalog_title = form.catalog_title(None);
    let title = form.changed_text(FieldName::Title);
    let (active, required) = (
        form.toggle_value(FieldName::Active),
        form.toggle_value(FieldName::Required),
    );
    let end = form.changed_end();
    let mut edit = BatchEdit::new(wardrobe);
    let hats = attachments
        .iter()
        .map(|attachment_ref| (&attachment_ref.room, &attachment_ref.hat));
    let titles = catalog_title::set(&mut edit, form, hats)?;
    for attachment_ref in attachments {
        let Some(mut after) = attachment_ref.attachment(edit.wardrobe()).cloned() else {
            edit.skip(BatchSkip::Gone, &attachment_ref.room, &attachment_ref.user);
            continue;
        };
        if let (Some(title), None) = (&title, &catalog_title) {
            after = after.with_title(Some(title.as_str()).filter(|title| !title.is_empty()));
        }
        if let Some(active) = active {
            after = after.with_active(active);
        }
        if let Some(required) = required {
            after = after.with_required(required);
        }
        if let Some(NewEnd(end)) = end {
            after = after.with_until(end);
        }
        if titles.has_changes {
            edit.count_as_changed(&attachment_ref.room, &attachment_ref.user);
        }
        edit.change(&attachment_ref.room, &attachment_ref.user, |next| {
            next.add_user_hat(
                &attachment_ref.user,
                &attachment_ref.room,
                &attachment_ref.hat,
                after,
            )
        });
    }
    let mut parts = Vec::new();
    match title.as_deref() {
        Some("") => parts.push("without a title".to_owned()),
        Some(title) => parts.push(describe::quoted(title)),
        None => {}
    }
    // The question omits a flag that already has the new value in all hats.
    let differs = |on: &bool, is_set: fn(&Attachment) -> bool| {
        let mut existing = attachments
            .iter()
            .filter_map(|attachment_ref| attachment_ref.attachment(wardrobe));
        existing.any(|attachment| is_set(attachment) != *on)
    };
    let word = |on: bool, if_on: &str, if_off: &str| if on { if_on } else { if_off }.to_owned();
    let active = active.filter(|on| differs(on, Attachment::is_active));
    let required = required.filter(|on| differs(on, Attachment::is_required));
    parts.extend(active.map(|on| word(on, "active", "inactive")));
    parts.extend(required.map(|on| word(on, "required", "not required")));
    parts.extend(end.map(|NewEnd(end)| {
        end.map_or("without an expiration time".to_owned(), |end| {
            format!("until {}", until::full(end, form.now.time_zone()))
        })
    }));
    let name = match &form.subject {
        FormSubject::EditHats { name, .. } => name,
        _ => "",
    };
    let label = match title.as_deref() {
        None | Some("") => "New",
        Some(_) => "New title",
    };
    let question = format!(
        "Edit {name} for {}? {label}: {}.",
        edit.describe_targets(),
        parts.join(", ")
    );
    let batch = edit.into_batch("Edit hats", question, titles.consequence());
    Ok(batch.always_confirm(titles.users.len() > 1))
}
