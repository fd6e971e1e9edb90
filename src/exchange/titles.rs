//! Resolves titles that are given instead of hat IDs: tables that people write name hats by their titles.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use super::columns::{AtLine, TableColumn, quoted};
use super::parsed::{ImportExtent, ImportTarget, ParsedImport, Unverified, UnverifiedValue};
use crate::model::{Attachment, FoldedTitle, HatId, Hats, InvalidHatId, Jid, Room, User, Wardrobe};

/// The hats given by their titles, by room and by the text in the file.
type HatsByTitle = BTreeMap<Option<Jid>, BTreeMap<HatId, RoomHatTitle>>;

/// A hat that was found by a title, and its own title.
struct RoomHatTitle {
    id: HatId,
    title: Arc<str>,
}

/// Returns the import with the ID of each hat that is given by its title, and the errors with their lines: no hat has
/// the title, several hats have it, or a user has the hat twice.
pub(super) fn resolve<'a>(
    import: &'a ParsedImport,
    current: &Wardrobe,
    target: &ImportTarget,
) -> (Cow<'a, ParsedImport>, Vec<AtLine<String>>) {
    let mut errors = Vec::new();
    let mut titled = HatsByTitle::new();
    for Unverified {
        line,
        room,
        hat,
        value,
    } in &import.unverified
    {
        let existing = room.as_ref().or(target.room.as_ref());
        let existing = existing.and_then(|room| current.room(room));
        let is_known = existing.is_some_and(|room| room.hat(hat).is_some());
        let hats = titled.entry(room.clone()).or_default();
        if *value != UnverifiedValue::HatId || is_known || hats.contains_key(hat) {
            continue;
        }
        match find_by_title(hat, existing, room_in_file(import, room.as_ref()), current) {
            Ok(found) => drop(hats.insert(hat.clone(), found)),
            Err(message) => errors.push((*line, message)),
        }
    }
    titled.retain(|_, hats| !hats.is_empty());
    if titled.is_empty() {
        return (Cow::Borrowed(import), errors);
    }
    let has_titles = import.has_column(TableColumn::Title);
    let mut resolved = import.clone();
    let renamed = match &import.content {
        ImportExtent::Document(wardrobe) => {
            let rooms = wardrobe.rooms().map(|(jid, room)| {
                let room = match titled.get(&Some(jid.clone())) {
                    Some(hats) => Arc::new(with_ids(room, hats, has_titles)?),
                    None => room.clone(),
                };
                Ok((jid.clone(), room))
            });
            rooms
                .collect::<Result<Vec<_>, String>>()
                .map(|rooms| ImportExtent::Document(Wardrobe::from_rooms(rooms)))
        }
        ImportExtent::Room(room) => match titled.get(&None) {
            Some(hats) => with_ids(room, hats, has_titles).map(|room| ImportExtent::Room(Box::new(room))),
            None => Ok(import.content.clone()),
        },
        ImportExtent::User(..) => Ok(import.content.clone()),
    };
    resolved.lines = import.lines.with_ids(|room, hat| {
        let found = titled.get(&room.cloned())?.get(hat)?;
        Some(found.id.clone())
    });
    match renamed {
        Ok(content) => resolved.content = content,
        Err(message) => errors.push((first_unverified_line(import), message)),
    }
    (Cow::Owned(resolved), errors)
}

fn first_unverified_line(import: &ParsedImport) -> usize {
    let lines = import.unverified.iter().map(|unverified| unverified.line);
    lines.min().unwrap_or_default()
}

/// The content of the room in the file, which may define hats that its users have.
fn room_in_file<'a>(import: &'a ParsedImport, room: Option<&Jid>) -> Option<&'a Room> {
    match &import.content {
        ImportExtent::Document(wardrobe) => wardrobe.room(room?).map(|room| &**room),
        ImportExtent::Room(room) => Some(room),
        ImportExtent::User(..) => None,
    }
}

/// Finds the hat with this title: in the existing room, else in the room of the file, else in any room.
///
/// Errors: no hat or several hats have the title.
fn find_by_title(
    text: &HatId,
    existing: Option<&Arc<Room>>,
    file_room: Option<&Room>,
    current: &Wardrobe,
) -> Result<RoomHatTitle, String> {
    let wanted = FoldedTitle::new(text.as_str());
    let with_title = |rooms: &mut dyn Iterator<Item = &Room>| {
        let mut found = wanted.hats(rooms);
        // Only hats with other IDs count: in the file's own room, the title is the ID of a hat.
        found.retain(|id, _| id != text);
        found
    };
    let mut found = with_title(&mut existing.into_iter().map(|room| &**room));
    if found.is_empty() {
        found = with_title(&mut file_room.into_iter());
    }
    if found.is_empty() {
        found = with_title(&mut current.rooms().map(|(_, room)| &**room));
    }
    let number = found.len();
    let mut hats = found.into_iter();
    match (hats.next(), hats.next()) {
        (Some((id, title)), None) => Ok(RoomHatTitle { id, title }),
        (None, _) => {
            let reason = match HatId::parse(text.as_str()) {
                Err(InvalidHatId { reason, .. }) => reason,
                Ok(_) => String::new(),
            };
            Err(format!(
                "hat {} is neither the title of an existing hat nor a URI: {reason}; define the hat first, or give its ID, such as urn:uuid:… (use JSON for other IDs)",
                quoted(text.as_str())
            ))
        }
        (Some(first), Some(second)) => {
            let more = match number.saturating_sub(2) {
                0 => String::new(),
                more => format!(" and {more} more"),
            };
            Err(format!(
                "{number} hats have the title {}; give the ID of one: {}, {}{more}",
                quoted(text.as_str()),
                first.0,
                second.0
            ))
        }
    }
}

/// Returns the room with the IDs of hats that are given by title. If the file has no titles (`has_titles` is false),
/// users' hats that are given by title get their existing titles.
///
/// Errors: a user has a hat twice.
fn with_ids(room: &Room, titled: &BTreeMap<HatId, RoomHatTitle>, has_titles: bool) -> Result<Room, String> {
    let mut users = Vec::with_capacity(room.users().len());
    for (jid, user) in room.users() {
        let mut hats: BTreeMap<HatId, Attachment> = BTreeMap::new();
        for (id, hat) in user.hats.iter() {
            let (id, hat) = match titled.get(id) {
                Some(found) if hat.title.is_none() && !has_titles => {
                    (found.id.clone(), hat.clone().with_title(Some(&found.title)))
                }
                Some(found) => (found.id.clone(), hat.clone()),
                None => (id.clone(), hat.clone()),
            };
            if hats.insert(id.clone(), hat).is_some() {
                return Err(format!(
                    "{jid} has the hat {id} twice, by its title and by its ID"
                ));
            }
        }
        let hats: Hats = hats.into_iter().collect();
        users.push((jid.clone(), User { hats, ..user.clone() }));
    }
    let mut resolved = Room::default().with_users(users).unwrap_or_default();
    resolved.name.clone_from(&room.name);
    resolved.extra = room.extra.clone();
    for (id, hat) in &room.catalog {
        let id = titled.get(id).map_or(id, |found| &found.id);
        resolved.catalog.insert(id.clone(), hat.clone());
    }
    Ok(resolved)
}
