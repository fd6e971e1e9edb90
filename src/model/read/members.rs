//! The objects of a data file.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use serde::Deserializer;
use serde::de::{DeserializeSeed, Error as _, MapAccess, Visitor};

use super::object::{
    Bool, Interner, NumberSeed, ObjectMembers, ObjectVisitor, TextSeed, UniquePairs, once, repeated, unknown,
};
use crate::model::excerpt::shown;
use crate::model::write::VERSION;
use crate::model::{
    Affiliation, Attachment, CatalogHat, Extra, HatId, Hats, InvalidJid, Jid, Room, User, Wardrobe,
};

/// What a data file holds, in words.
pub(super) const WARDROBE: &str = "a wardrobe: an object with \"version\" and \"rooms\"";

/// What a user's hats are read from, in words.
pub(super) const HATS_OR_USER: &str = "an object of hats by id, or a user object with \"hats\"";

pub(super) struct AttachmentMembers<'a> {
    names: &'a mut Interner,
    pub(super) made: Attachment,
}

impl<'a> AttachmentMembers<'a> {
    pub(super) fn new(names: &'a mut Interner) -> Self {
        Self {
            names,
            made: Attachment::default(),
        }
    }
}

impl<'de> ObjectMembers<'de> for AttachmentMembers<'_> {
    const EXPECTED: &'static str = "an attachment: an object with \"active\", \"required\", \"title\"";
    fn member<A: MapAccess<'de>>(&mut self, name: &str, value: &mut A) -> Result<(), A::Error> {
        let Self { names, made } = self;
        match name {
            "active" => once(&mut made.active, name, || value.next_value_seed(Bool)),
            "required" => once(&mut made.required, name, || value.next_value_seed(Bool)),
            "title" => once(&mut made.title, name, || {
                value
                    .next_value_seed(TextSeed("a title: a text in quotes"))
                    .map(|title| names.keep(&title))
            }),
            _ => unknown(&mut made.extra, name, value),
        }
    }
}

pub(super) struct HatMembers<'a> {
    names: &'a mut Interner,
    /// Whether somebody typed them: then each id must be a URI.
    typed: bool,
    made: UniquePairs<HatId, Attachment>,
}

impl<'de> ObjectMembers<'de> for HatMembers<'_> {
    const EXPECTED: &'static str = "an object of attachments by hat id";
    fn member<A: MapAccess<'de>>(&mut self, name: &str, value: &mut A) -> Result<(), A::Error> {
        if self.typed {
            HatId::parse(name).map_err(A::Error::custom)?;
        }
        let id = HatId::unchecked(self.names.keep(name));
        if !self.made.is_new(&id) {
            return Err(repeated(name));
        }
        let mut attachment = AttachmentMembers::new(self.names);
        value.next_value_seed(ObjectVisitor(&mut attachment))?;
        self.made.all.push((id, attachment.made));
        Ok(())
    }
}

impl<'a> HatMembers<'a> {
    pub(super) fn new(names: &'a mut Interner, typed: bool) -> Self {
        Self {
            names,
            typed,
            made: UniquePairs::new(),
        }
    }

    pub(super) fn done(self) -> Hats {
        Hats::from_sorted(self.made.sorted()).unwrap_or_default()
    }
}

/// Reads the hats of a user.
fn hats_of<'de, A: MapAccess<'de>>(
    names: &mut Interner,
    typed: bool,
    value: &mut A,
) -> Result<Hats, A::Error> {
    let mut hats = HatMembers::new(names, typed);
    value.next_value_seed(ObjectVisitor(&mut hats))?;
    Ok(hats.done())
}

/// A user object of which only the hats matter.
#[derive(Default)]
pub(super) struct HatsOfUserMembers {
    names: Interner,
    pub(super) typed: bool,
    pub(super) hats: Option<Hats>,
    pub(super) affiliation: Option<Affiliation>,
    others: Extra,
}

impl<'de> ObjectMembers<'de> for HatsOfUserMembers {
    const EXPECTED: &'static str = "a user: an object with \"hats\"";
    fn member<A: MapAccess<'de>>(&mut self, name: &str, value: &mut A) -> Result<(), A::Error> {
        match name {
            "hats" => once(&mut self.hats, name, || {
                hats_of(&mut self.names, self.typed, value)
            }),
            "affiliation" if self.typed => once(&mut self.affiliation, name, || {
                value.next_value_seed(AnAffiliation)
            }),
            _ if self.typed => Err(A::Error::custom(format_args!(
                "{} would be lost: a user object has \"hats\" and \"affiliation\" only",
                shown(name)
            ))),
            _ => unknown(&mut self.others, name, value),
        }
    }
    fn missing(&self) -> Option<&'static str> {
        (self.typed && self.hats.is_none()).then_some("hats")
    }
}

const AFFILIATIONS: &str = "owner, admin, member, outcast or none";

struct AnAffiliation;

impl<'de> DeserializeSeed<'de> for AnAffiliation {
    type Value = Affiliation;
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Affiliation, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for AnAffiliation {
    type Value = Affiliation;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(AFFILIATIONS)
    }
    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Affiliation, E> {
        Affiliation::from_name(text).ok_or_else(|| {
            let text = shown(text);
            E::custom(format_args!(
                "unknown affiliation {text}, expected {AFFILIATIONS}"
            ))
        })
    }
}

pub(super) struct UserMembers<'a> {
    names: &'a mut Interner,
    pub(super) affiliation: Option<Affiliation>,
    hats: Option<Hats>,
    extra: Extra,
}

impl<'a> UserMembers<'a> {
    pub(super) fn new(names: &'a mut Interner) -> Self {
        Self {
            names,
            affiliation: None,
            hats: None,
            extra: Extra::default(),
        }
    }

    pub(super) fn done(self) -> User {
        User {
            affiliation: self.affiliation.unwrap_or_default(),
            hats: self.hats.unwrap_or_default(),
            extra: self.extra,
        }
    }
}

impl<'de> ObjectMembers<'de> for UserMembers<'_> {
    const EXPECTED: &'static str = "a user: an object with \"affiliation\" and \"hats\"";
    fn member<A: MapAccess<'de>>(&mut self, name: &str, value: &mut A) -> Result<(), A::Error> {
        match name {
            "affiliation" => once(&mut self.affiliation, name, || {
                value.next_value_seed(AnAffiliation)
            }),
            "hats" => once(&mut self.hats, name, || hats_of(self.names, false, value)),
            _ => unknown(&mut self.extra, name, value),
        }
    }
}

struct UsersMembers<'a> {
    names: &'a mut Interner,
    made: UniquePairs<Jid, User>,
}

/// The address that a member's name is; new among those before.
fn address<E: serde::de::Error>(
    name: &str,
    parse: fn(&str) -> Result<Jid, InvalidJid>,
    is_new: impl FnOnce(&Jid) -> bool,
) -> Result<Jid, E> {
    let jid = parse(name).map_err(E::custom)?;
    match is_new(&jid) {
        true => Ok(jid),
        false if jid.as_str() == name => Err(repeated(name)),
        false => Err(E::custom(format_args!(
            "{} is another spelling of {jid}, which is there already",
            shown(name)
        ))),
    }
}

impl<'de> ObjectMembers<'de> for UsersMembers<'_> {
    const EXPECTED: &'static str = "an object of users by address";
    fn member<A: MapAccess<'de>>(&mut self, name: &str, value: &mut A) -> Result<(), A::Error> {
        let jid = address(name, Jid::parse, |jid| self.made.is_new(jid))?;
        let mut user = UserMembers::new(self.names);
        value.next_value_seed(ObjectVisitor(&mut user))?;
        self.made.all.push((jid, user.done()));
        Ok(())
    }
}

struct CatalogMembers<'a> {
    names: &'a mut Interner,
    made: BTreeMap<HatId, CatalogHat>,
}

impl<'de> ObjectMembers<'de> for CatalogMembers<'_> {
    const EXPECTED: &'static str = "the room's catalog: an object of hats by id";
    fn member<A: MapAccess<'de>>(&mut self, name: &str, value: &mut A) -> Result<(), A::Error> {
        if self.made.contains_key(name) {
            return Err(repeated(name));
        }
        let mut hat = CatalogHatMembers::default();
        value.next_value_seed(ObjectVisitor(&mut hat))?;
        self.made.insert(HatId::unchecked(self.names.keep(name)), hat.0);
        Ok(())
    }
}

#[derive(Default)]
pub(super) struct CatalogHatMembers(pub(super) CatalogHat);

impl<'de> ObjectMembers<'de> for CatalogHatMembers {
    const EXPECTED: &'static str = "a hat of the catalog: an object with \"title\" and \"hue\"";
    fn member<A: MapAccess<'de>>(&mut self, name: &str, value: &mut A) -> Result<(), A::Error> {
        match name {
            "title" => once(&mut self.0.title, name, || {
                value
                    .next_value_seed(TextSeed("a title: a text in quotes"))
                    .map(Into::into)
            }),
            "hue" => once(&mut self.0.hue, name, || value.next_value()),
            _ => unknown(&mut self.0.extra, name, value),
        }
    }
}

pub(super) struct RoomMembers<'a> {
    names: &'a mut Interner,
    name: Option<Arc<str>>,
    catalog: Option<BTreeMap<HatId, CatalogHat>>,
    users: Option<Vec<(Jid, User)>>,
    extra: Extra,
}

impl<'a> RoomMembers<'a> {
    pub(super) fn new(names: &'a mut Interner) -> Self {
        Self {
            names,
            name: None,
            catalog: None,
            users: None,
            extra: Extra::default(),
        }
    }

    pub(super) fn done(self) -> Room {
        let mut room = Room::default();
        room.name = self.name;
        room.catalog = self.catalog.unwrap_or_default();
        room.extra = self.extra;
        room.with_users(self.users.unwrap_or_default())
            .unwrap_or_default()
    }
}

impl<'de> ObjectMembers<'de> for RoomMembers<'_> {
    const EXPECTED: &'static str = "a room: an object with \"users\"";
    fn member<A: MapAccess<'de>>(&mut self, name: &str, value: &mut A) -> Result<(), A::Error> {
        match name {
            "name" => once(&mut self.name, name, || {
                value
                    .next_value_seed(TextSeed("a name: a text in quotes"))
                    .map(Into::into)
            }),
            "hats" => once(&mut self.catalog, name, || {
                let mut hats = CatalogMembers {
                    names: self.names,
                    made: BTreeMap::new(),
                };
                value.next_value_seed(ObjectVisitor(&mut hats))?;
                Ok(hats.made)
            }),
            "users" => once(&mut self.users, name, || {
                let mut users = UsersMembers {
                    names: self.names,
                    made: UniquePairs::new(),
                };
                value.next_value_seed(ObjectVisitor(&mut users))?;
                Ok(users.made.sorted())
            }),
            _ => unknown(&mut self.extra, name, value),
        }
    }
}

struct RoomsMembers<'a> {
    names: &'a mut Interner,
    made: BTreeMap<Jid, Arc<Room>>,
}

impl<'de> ObjectMembers<'de> for RoomsMembers<'_> {
    const EXPECTED: &'static str = "an object of rooms by address";
    fn member<A: MapAccess<'de>>(&mut self, name: &str, value: &mut A) -> Result<(), A::Error> {
        let jid = address(name, Jid::parse_room, |jid| !self.made.contains_key(jid))?;
        let mut room = RoomMembers::new(self.names);
        value.next_value_seed(ObjectVisitor(&mut room))?;
        self.made.insert(jid, Arc::new(room.done()));
        Ok(())
    }
}

#[derive(Default)]
pub(super) struct DocumentMembers {
    names: Interner,
    version: Option<u64>,
    revision: Option<u64>,
    rooms: Option<BTreeMap<Jid, Arc<Room>>>,
    extra: Extra,
}

impl<'de> ObjectMembers<'de> for DocumentMembers {
    const EXPECTED: &'static str = WARDROBE;
    fn member<A: MapAccess<'de>>(&mut self, name: &str, value: &mut A) -> Result<(), A::Error> {
        match name {
            "version" => once(&mut self.version, name, || {
                match value.next_value_seed(NumberSeed("the version of the format: 1"))? {
                    0 => Err(A::Error::custom("there is no format version 0; expected 1")),
                    found @ 1..=VERSION => Ok(found),
                    found => Err(A::Error::custom(format_args!(
                        "format version {found}, but this program reads up to {VERSION}; a newer hatrack reads it"
                    ))),
                }
            }),
            "revision" => once(&mut self.revision, name, || {
                match value.next_value_seed(NumberSeed(
                    "a revision: a whole number from 0 to 9007199254740991",
                ))? {
                    found @ 0..=Wardrobe::LAST_REVISION => Ok(found),
                    found => Err(A::Error::custom(format_args!(
                        "expected a revision: a whole number from 0 to {}, found the number {found}",
                        Wardrobe::LAST_REVISION
                    ))),
                }
            }),
            "rooms" => once(&mut self.rooms, name, || {
                let mut rooms = RoomsMembers {
                    names: &mut self.names,
                    made: BTreeMap::new(),
                };
                value.next_value_seed(ObjectVisitor(&mut rooms))?;
                Ok(rooms.made)
            }),
            _ => unknown(&mut self.extra, name, value),
        }
    }
    fn missing(&self) -> Option<&'static str> {
        match (self.version, &self.rooms) {
            (None, _) => Some("version"),
            (_, None) => Some("rooms"),
            _ => None,
        }
    }
}

impl DocumentMembers {
    pub(super) fn done(self) -> Wardrobe {
        Wardrobe {
            revision: self.revision.unwrap_or_default(),
            extra: self.extra,
            rooms: self.rooms.unwrap_or_default(),
        }
    }
}

/// Hats by id or a user object: only the members' names matter yet.
#[derive(Default)]
pub(super) struct HatsOrUserMembers(pub(super) Extra);

impl<'de> ObjectMembers<'de> for HatsOrUserMembers {
    const EXPECTED: &'static str = HATS_OR_USER;
    fn member<A: MapAccess<'de>>(&mut self, name: &str, value: &mut A) -> Result<(), A::Error> {
        unknown(&mut self.0, name, value)
    }
}

/// Nothing but members that the program does not know.
#[derive(Default)]
pub(super) struct AnyMembers(pub(super) Extra);

impl<'de> ObjectMembers<'de> for AnyMembers {
    const EXPECTED: &'static str = "an object";
    fn member<A: MapAccess<'de>>(&mut self, name: &str, value: &mut A) -> Result<(), A::Error> {
        unknown(&mut self.0, name, value)
    }
}
