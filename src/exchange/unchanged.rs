//! Items of a file that the data already contains.

use super::lines::TableLines;
use crate::model::{Affiliation, Extra, HatId, Jid, Room};

/// An item that an import leaves unchanged, because it is already as in the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnchangedItem {
    /// The room; `None` for a hat set or a field of the data file.
    pub room: Option<Jid>,
    /// The user; `None` for other items.
    pub user: Option<Jid>,
    /// What is unchanged.
    pub part: UnchangedPart,
}

/// What is unchanged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UnchangedPart {
    /// The room itself, with its name.
    Room,
    /// A hat of the room's catalog.
    CatalogHat(HatId),
    /// The user, with this affiliation.
    User(Affiliation),
    /// A hat of the user.
    Hat(HatId),
    /// A hat set of this name.
    HatSet(String),
    /// A field of the data file.
    Field(String),
}

/// The room itself and the hats of its catalog, if they are already as in the imported file. `now` and `wanted`: the room
/// before and after the import.
pub(super) fn in_room(
    jid: &Jid,
    (now, wanted): (&Room, &Room),
    given: &Room,
    lines: &TableLines,
) -> Vec<UnchangedItem> {
    let is_named = given.name.is_some() || !lines.of(jid, None, None).is_empty();
    let is_empty = given.users().is_empty() && given.catalog.is_empty();
    let is_same = if is_empty {
        now == wanted
    } else {
        now.name == wanted.name && now.extra == wanted.extra
    };
    let room = (is_same && (is_named || is_empty)).then_some(UnchangedPart::Room);
    let is_unchanged = |id: &&HatId| now.catalog.get(*id) == wanted.catalog.get(*id);
    let hats = given.catalog.keys().filter(is_unchanged);
    let parts = room
        .into_iter()
        .chain(hats.cloned().map(UnchangedPart::CatalogHat));
    let item = |part| UnchangedItem {
        room: Some(jid.clone()),
        user: None,
        part,
    };
    parts.map(item).collect()
}

/// The hat sets and other fields of the data file that are the same in the imported file.
pub(super) fn in_document(now: &Extra, given: &Extra) -> Vec<UnchangedItem> {
    let fields = given
        .iter()
        .filter(|(name, value)| (*name != "sets" || now.hat_sets().is_err()) && now.get(name) == Some(value));
    let fields = fields.map(|(name, _)| UnchangedPart::Field(name.into()));
    let (now, given) = (
        now.hat_sets().unwrap_or_default(),
        given.hat_sets().unwrap_or_default(),
    );
    let sets = given.iter().filter(|(name, hats)| now.get(*name) == Some(*hats));
    let sets = sets.map(|(name, _)| UnchangedPart::HatSet(name.to_string()));
    let item = |part| UnchangedItem {
        room: None,
        user: None,
        part,
    };
    sets.chain(fields).map(item).collect()
}
