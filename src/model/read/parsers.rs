//! Parsers for the objects of a data file.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use serde::Deserializer;
use serde::de::{DeserializeSeed, Error as _, MapAccess, Visitor};

use super::object::{
    BoolSeed, Interner, NumberSeed, ObjectParser, ObjectVisitor, TextSeed, UniquePairs, duplicate_field,
    read_once, read_unrecognized,
};
use crate::model::excerpt::quoted;
use crate::model::write::VERSION;
use crate::model::{
    Affiliation, Attachment, CatalogHat, Extra, HatId, Hats, InvalidJid, Jid, Room, User, Wardrobe,
};

/// The expected content of a data file, for errors.
pub(super) const EXPECTED_WARDROBE: &str = "a hatrack data file: an object with \"version\" and \"rooms\"";

/// The expected content for the hats of a user, for errors.
pub(super) const EXPECTED_HATS_OR_USER: &str = "an object of hats by ID, or a user object with \"hats\"";

pub(super) struct AttachmentParser<'a> {
    interner: &'a mut Interner,
    pub(super) attachment: Attachment,
}

impl<'a> AttachmentParser<'a> {
    pub(super) fn new(interner: &'a mut Interner) -> Self {
        Self {
            interner,
            attachment: Attachment::default(),
        }
    }
}

impl<'de> ObjectParser<'de> for AttachmentParser<'_> {
    const EXPECTED: &'static str = "a hat: an object with \"active\", \"required\", \"title\"";
    fn read_field<A: MapAccess<'de>>(&mut self, name: &str, value: &mut A) -> Result<(), A::Error> {
        let Self { interner, attachment } = self;
        match name {
            "active" => read_once(&mut attachment.active, name, || value.next_value_seed(BoolSeed)),
            "required" => read_once(&mut attachment.required, name, || value.next_value_seed(BoolSeed)),
            "title" => read_once(&mut attachment.title, name, || {
                value
                    .next_value_seed(TextSeed("a title: text in quotes"))
                    .map(|title| interner.intern(&title))
            }),
            _ => read_unrecognized(&mut attachment.extra, name, value),
        }
    }
}

pub(super) struct HatsParser<'a> {
    interner: &'a mut Interner,
    /// Whether the object is input by people: then each ID must be a URI.
    from_input: bool,
    hats: UniquePairs<HatId, Attachment>,
}

impl<'de> ObjectParser<'de> for HatsParser<'_> {
    const EXPECTED: &'static str = "an object of hats by ID";
    fn read_field<A: MapAccess<'de>>(&mut self, name: &str, value: &mut A) -> Result<(), A::Error> {
        if self.from_input {
            HatId::parse(name).map_err(A::Error::custom)?;
        }
        let id = HatId::unchecked(self.interner.intern(name));
        if !self.hats.note_key(&id) {
            return Err(duplicate_field(name));
        }
        let mut attachment = AttachmentParser::new(self.interner);
        value.next_value_seed(ObjectVisitor(&mut attachment))?;
        self.hats.pairs.push((id, attachment.attachment));
        Ok(())
    }
}

impl<'a> HatsParser<'a> {
    pub(super) fn new(interner: &'a mut Interner, from_input: bool) -> Self {
        Self {
            interner,
            from_input,
            hats: UniquePairs::new(),
        }
    }

    pub(super) fn finish(self) -> Hats {
        Hats::from_sorted(self.hats.sorted()).unwrap_or_default()
    }
}

/// Parses the hats of a user.
fn read_hats<'de, A: MapAccess<'de>>(
    interner: &mut Interner,
    from_input: bool,
    value: &mut A,
) -> Result<Hats, A::Error> {
    let mut hats = HatsParser::new(interner, from_input);
    value.next_value_seed(ObjectVisitor(&mut hats))?;
    Ok(hats.finish())
}

/// Parses a user object of which only the hats and, for input by people, the affiliation are used.
#[derive(Default)]
pub(super) struct HatsOfUserParser {
    interner: Interner,
    pub(super) from_input: bool,
    pub(super) hats: Option<Hats>,
    pub(super) affiliation: Option<Affiliation>,
    others: Extra,
}

impl<'de> ObjectParser<'de> for HatsOfUserParser {
    const EXPECTED: &'static str = "a user: an object with \"hats\"";
    fn read_field<A: MapAccess<'de>>(&mut self, name: &str, value: &mut A) -> Result<(), A::Error> {
        match name {
            "hats" => read_once(&mut self.hats, name, || {
                read_hats(&mut self.interner, self.from_input, value)
            }),
            "affiliation" if self.from_input => read_once(&mut self.affiliation, name, || {
                value.next_value_seed(AffiliationSeed)
            }),
            _ if self.from_input => Err(A::Error::custom(format_args!(
                "{} would be lost: a user object can have only \"hats\" and \"affiliation\"",
                quoted(name)
            ))),
            _ => read_unrecognized(&mut self.others, name, value),
        }
    }
    fn missing_field(&self) -> Option<&'static str> {
        (self.from_input && self.hats.is_none()).then_some("hats")
    }
}

const AFFILIATIONS: &str = "owner, admin, member, outcast or none";

struct AffiliationSeed;

impl<'de> DeserializeSeed<'de> for AffiliationSeed {
    type Value = Affiliation;
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Affiliation, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for AffiliationSeed {
    type Value = Affiliation;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(AFFILIATIONS)
    }
    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Affiliation, E> {
        Affiliation::from_name(text).ok_or_else(|| {
            let text = quoted(text);
            E::custom(format_args!(
                "unknown affiliation {text}, expected {AFFILIATIONS}"
            ))
        })
    }
}

pub(super) struct UserParser<'a> {
    interner: &'a mut Interner,
    pub(super) affiliation: Option<Affiliation>,
    hats: Option<Hats>,
    extra: Extra,
}

impl<'a> UserParser<'a> {
    pub(super) fn new(interner: &'a mut Interner) -> Self {
        Self {
            interner,
            affiliation: None,
            hats: None,
            extra: Extra::default(),
        }
    }

    pub(super) fn finish(self) -> User {
        User {
            affiliation: self.affiliation.unwrap_or_default(),
            hats: self.hats.unwrap_or_default(),
            extra: self.extra,
        }
    }
}

impl<'de> ObjectParser<'de> for UserParser<'_> {
    const EXPECTED: &'static str = "a user: an object with \"affiliation\" and \"hats\"";
    fn read_field<A: MapAccess<'de>>(&mut self, name: &str, value: &mut A) -> Result<(), A::Error> {
        match name {
            "affiliation" => read_once(&mut self.affiliation, name, || {
                value.next_value_seed(AffiliationSeed)
            }),
            "hats" => read_once(&mut self.hats, name, || read_hats(self.interner, false, value)),
            _ => read_unrecognized(&mut self.extra, name, value),
        }
    }
}

struct UsersParser<'a> {
    interner: &'a mut Interner,
    users: UniquePairs<Jid, User>,
}

/// Parses the key of a map as an address. Fails if the map already has this address, possibly in another spelling.
fn parse_address<E: serde::de::Error>(
    name: &str,
    parse: fn(&str) -> Result<Jid, InvalidJid>,
    is_new: impl FnOnce(&Jid) -> bool,
) -> Result<Jid, E> {
    let jid = parse(name).map_err(E::custom)?;
    match is_new(&jid) {
        true => Ok(jid),
        false if jid.as_str() == name => Err(duplicate_field(name)),
        false => Err(E::custom(format_args!(
            "{} is another spelling of {jid}, which already exists",
            quoted(name)
        ))),
    }
}

impl<'de> ObjectParser<'de> for UsersParser<'_> {
    const EXPECTED: &'static str = "an object of users by address";
    fn read_field<A: MapAccess<'de>>(&mut self, name: &str, value: &mut A) -> Result<(), A::Error> {
        let jid = parse_address(name, Jid::parse, |jid| self.users.note_key(jid))?;
        let mut user = UserParser::new(self.interner);
        value.next_value_seed(ObjectVisitor(&mut user))?;
        self.users.pairs.push((jid, user.finish()));
        Ok(())
    }
}

struct CatalogParser<'a> {
    interner: &'a mut Interner,
    catalog: BTreeMap<HatId, CatalogHat>,
}

impl<'de> ObjectParser<'de> for CatalogParser<'_> {
    const EXPECTED: &'static str = "a hat catalog: an object of hats by ID";
    fn read_field<A: MapAccess<'de>>(&mut self, name: &str, value: &mut A) -> Result<(), A::Error> {
        if self.catalog.contains_key(name) {
            return Err(duplicate_field(name));
        }
        let mut hat = CatalogHatParser::default();
        value.next_value_seed(ObjectVisitor(&mut hat))?;
        self.catalog
            .insert(HatId::unchecked(self.interner.intern(name)), hat.0);
        Ok(())
    }
}

#[derive(Default)]
pub(super) struct CatalogHatParser(pub(super) CatalogHat);

impl<'de> ObjectParser<'de> for CatalogHatParser {
    const EXPECTED: &'static str = "a catalog hat: an object with \"title\" and \"hue\"";
    fn read_field<A: MapAccess<'de>>(&mut self, name: &str, value: &mut A) -> Result<(), A::Error> {
        match name {
            "title" => read_once(&mut self.0.title, name, || {
                value
                    .next_value_seed(TextSeed("a title: text in quotes"))
                    .map(Into::into)
            }),
            "hue" => read_once(&mut self.0.hue, name, || value.next_value()),
            _ => read_unrecognized(&mut self.0.extra, name, value),
        }
    }
}

pub(super) struct RoomParser<'a> {
    interner: &'a mut Interner,
    name: Option<Arc<str>>,
    catalog: Option<BTreeMap<HatId, CatalogHat>>,
    users: Option<Vec<(Jid, User)>>,
    extra: Extra,
}

impl<'a> RoomParser<'a> {
    pub(super) fn new(interner: &'a mut Interner) -> Self {
        Self {
            interner,
            name: None,
            catalog: None,
            users: None,
            extra: Extra::default(),
        }
    }

    pub(super) fn finish(self) -> Room {
        let mut room = Room::default();
        room.name = self.name;
        room.catalog = self.catalog.unwrap_or_default();
        room.extra = self.extra;
        room.with_users(self.users.unwrap_or_default())
            .unwrap_or_default()
    }
}

impl<'de> ObjectParser<'de> for RoomParser<'_> {
    const EXPECTED: &'static str = "a room: an object with \"users\"";
    fn read_field<A: MapAccess<'de>>(&mut self, name: &str, value: &mut A) -> Result<(), A::Error> {
        match name {
            "name" => read_once(&mut self.name, name, || {
                value
                    .next_value_seed(TextSeed("a name: text in quotes"))
                    .map(Into::into)
            }),
            "hats" => read_once(&mut self.catalog, name, || {
                let mut catalog = CatalogParser {
                    interner: self.interner,
                    catalog: BTreeMap::new(),
                };
                value.next_value_seed(ObjectVisitor(&mut catalog))?;
                Ok(catalog.catalog)
            }),
            "users" => read_once(&mut self.users, name, || {
                let mut users = UsersParser {
                    interner: self.interner,
                    users: UniquePairs::new(),
                };
                value.next_value_seed(ObjectVisitor(&mut users))?;
                Ok(users.users.sorted())
            }),
            _ => read_unrecognized(&mut self.extra, name, value),
        }
    }
}

struct RoomsParser<'a> {
    interner: &'a mut Interner,
    rooms: BTreeMap<Jid, Arc<Room>>,
}

impl<'de> ObjectParser<'de> for RoomsParser<'_> {
    const EXPECTED: &'static str = "an object of rooms by address";
    fn read_field<A: MapAccess<'de>>(&mut self, name: &str, value: &mut A) -> Result<(), A::Error> {
        let jid = parse_address(name, Jid::parse_room, |jid| !self.rooms.contains_key(jid))?;
        let mut room = RoomParser::new(self.interner);
        value.next_value_seed(ObjectVisitor(&mut room))?;
        self.rooms.insert(jid, Arc::new(room.finish()));
        Ok(())
    }
}

#[derive(Default)]
pub(super) struct WardrobeParser {
    interner: Interner,
    version: Option<u64>,
    revision: Option<u64>,
    rooms: Option<BTreeMap<Jid, Arc<Room>>>,
    extra: Extra,
}

impl<'de> ObjectParser<'de> for WardrobeParser {
    const EXPECTED: &'static str = EXPECTED_WARDROBE;
    fn read_field<A: MapAccess<'de>>(&mut self, name: &str, value: &mut A) -> Result<(), A::Error> {
        match name {
            "version" => read_once(&mut self.version, name, || {
                match value.next_value_seed(NumberSeed("the version of the format: 1"))? {
                    0 => Err(A::Error::custom("unknown format version 0; expected 1")),
                    found @ 1..=VERSION => Ok(found),
                    found => Err(A::Error::custom(format_args!(
                        "format version {found} needs a newer hatrack; this one reads up to version {VERSION}"
                    ))),
                }
            }),
            "revision" => read_once(&mut self.revision, name, || {
                match value.next_value_seed(NumberSeed(
                    "a revision: a whole number from 0 to 9007199254740991",
                ))? {
                    found @ 0..=Wardrobe::MAX_REVISION => Ok(found),
                    found => Err(A::Error::custom(format_args!(
                        "expected a revision: a whole number from 0 to {}, found the number {found}",
                        Wardrobe::MAX_REVISION
                    ))),
                }
            }),
            "rooms" => read_once(&mut self.rooms, name, || {
                let mut rooms = RoomsParser {
                    interner: &mut self.interner,
                    rooms: BTreeMap::new(),
                };
                value.next_value_seed(ObjectVisitor(&mut rooms))?;
                Ok(rooms.rooms)
            }),
            _ => read_unrecognized(&mut self.extra, name, value),
        }
    }
    fn missing_field(&self) -> Option<&'static str> {
        match (self.version, &self.rooms) {
            (None, _) => Some("version"),
            (_, None) => Some("rooms"),
            _ => None,
        }
    }
}

impl WardrobeParser {
    pub(super) fn finish(self) -> Wardrobe {
        Wardrobe {
            revision: self.revision.unwrap_or_default(),
            extra: self.extra,
            rooms: Arc::new(self.rooms.unwrap_or_default()),
        }
    }
}

/// Parses an object that is either hats by ID or a user object: collects the fields, which show which of the two it is.
#[derive(Default)]
pub(super) struct HatsOrUserParser(pub(super) Extra);

impl<'de> ObjectParser<'de> for HatsOrUserParser {
    const EXPECTED: &'static str = EXPECTED_HATS_OR_USER;
    fn read_field<A: MapAccess<'de>>(&mut self, name: &str, value: &mut A) -> Result<(), A::Error> {
        read_unrecognized(&mut self.0, name, value)
    }
}

/// Parses any object: collects all fields.
#[derive(Default)]
pub(super) struct AnyObjectParser(pub(super) Extra);

impl<'de> ObjectParser<'de> for AnyObjectParser {
    const EXPECTED: &'static str = "an object";
    fn read_field<A: MapAccess<'de>>(&mut self, name: &str, value: &mut A) -> Result<(), A::Error> {
        read_unrecognized(&mut self.0, name, value)
    }
}
