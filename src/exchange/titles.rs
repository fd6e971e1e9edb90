//! Resolves titles that are given instead of hat IDs: tables that people write name hats by their titles.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use super::columns::{AtLine, TableColumn, quoted};
use super::parsed::{ImportExtent, ImportTarget, ParsedImport, Unverified, UnverifiedValue};
use crate::model::{Attachment, FoldedTitle, HatId, Hats, InvalidHatId, Jid, Room, User, Wardrobe};

/// The hats given by their titles, by room and by the text in the file.
type Titled = BTreeMap<Option<Jid>, BTreeMap<HatId, RoomHatTitle>>;

/// A hat that was found by a title, and its own title.
struct RoomHatTitle {
    id: HatId,
    title: Arc<str>,
}

/// Returns the import with the ID of each hat that is given by its title, and the errors with their lines: no hat has
/// the title, several hats have it, or a user has the hat twice.
pub(super) fn resolve<'a>(
    given: &'a ParsedImport,
    now: &Wardrobe,
    target: &ImportTarget,
) -> (Cow<'a, ParsedImport>, Vec<AtLine<String>>) {
    let mut errors = Vec::new();
    let mut titled = Titled::new();
    for Unverified {
        line,
        room,
        hat,
        value,
    } in &given.unverified
    {
        let existing = room.as_ref().or(target.room.as_ref());
        let existing = existing.and_then(|room| now.room(room));
        let is_known = existing.is_some_and(|room| room.hat(hat).is_some());
        let hats = titled.entry(room.clone()).or_default();
        if *value != UnverifiedValue::HatId || is_known || hats.contains_key(hat) {
            continue;
        }
        match find(hat, existing, own_room(given, room.as_ref()), now) {
            Ok(found) => drop(hats.insert(hat.clone(), found)),
            Err(what) => errors.push((*line, what)),
        }
    }
    titled.retain(|_, hats| !hats.is_empty());
    if titled.is_empty() {
        return (Cow::Borrowed(given), errors);
    }
    let has_titles = given.has_column(TableColumn::Title);
    let mut resolved = given.clone();
    let renamed = match &given.content {
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
            None => Ok(given.content.clone()),
        },
        ImportExtent::User(..) => Ok(given.content.clone()),
    };
    match renamed {
        Ok(content) => resolved.content = content,
        Err(what) => errors.push((first_line(given), what)),
    }
    (Cow::Owned(resolved), errors)
}

fn first_line(given: &ParsedImport) -> usize {
    let lines = given.unverified.iter().map(|unverified| unverified.line);
    lines.min().unwrap_or_default()
}

/// The room in the file, which may define hats that its users have.
fn own_room<'a>(given: &'a ParsedImport, room: Option<&Jid>) -> Option<&'a Room> {
    match &given.content {
        ImportExtent::Document(wardrobe) => wardrobe.room(room?).map(|room| &**room),
        ImportExtent::Room(room) => Some(room),
        ImportExtent::User(..) => None,
    }
}

/// Finds the hat with this title: in the existing room, else in the room of the file, else in any room.
///
/// Errors: no hat or several hats have the title.
fn find(
    text: &HatId,
    existing: Option<&Arc<Room>>,
    own: Option<&Room>,
    now: &Wardrobe,
) -> Result<RoomHatTitle, String> {
    let wanted = FoldedTitle::new(text.as_str());
    let titled = |rooms: &mut dyn Iterator<Item = &Room>| {
        let mut found = wanted.hats(rooms);
        // Only hats with other IDs count: in the file's own room, the title is the ID of a hat.
        found.retain(|id, _| id != text);
        found
    };
    let mut found = titled(&mut existing.into_iter().map(|room| &**room));
    if found.is_empty() {
        found = titled(&mut own.into_iter());
    }
    if found.is_empty() {
        found = titled(&mut now.rooms().map(|(_, room)| &**room));
    }
    let number = found.len();
    let mut all = found.into_iter();
    match (all.next(), all.next()) {
        (Some((id, title)), None) => Ok(RoomHatTitle { id, title }),
        (None, _) => {
            let why = match HatId::parse(text.as_str()) {
                Err(InvalidHatId { reason, .. }) => reason,
                Ok(_) => String::new(),
            };
            Err(format!(
                "hat {} is neither the title of an existing hat nor a URI: {why}; define the hat first, or give its ID, such as urn:uuid:… (use JSON for other IDs)",
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

/// Returns the room with the IDs of hats that are given by title. `has_titles`: the file has titles; else the users'
/// hats that are given by title get their existing titles.
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
    let mut made = Room::default().with_users(users).unwrap_or_default();
    made.name.clone_from(&room.name);
    made.extra = room.extra.clone();
    for (id, hat) in &room.catalog {
        let id = titled.get(id).map_or(id, |found| &found.id);
        made.catalog.insert(id.clone(), hat.clone());
    }
    Ok(made)
}
