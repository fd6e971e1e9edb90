//! Parsers for the objects of a data file.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use serde::Deserializer;
use serde::de::{DeserializeSeed, Error as _, MapAccess, Visitor};

use super::object::{
    Bool, Interner, NumberSeed, ObjectMembers, ObjectVisitor, TextSeed, UniquePairs, duplicate_member,
    read_once, read_unknown,
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

pub(super) struct AttachmentMembers<'a> {
    interner: &'a mut Interner,
    pub(super) attachment: Attachment,
}

impl<'a> AttachmentMembers<'a> {
    pub(super) fn new(interner: &'a mut Interner) -> Self {
        Self {
            interner,
            attachment: Attachment::default(),
        }
    }
}

impl<'de> ObjectMembers<'de> for AttachmentMembers<'_> {
    const EXPECTED: &'static str = "a hat: an object with \"active\", \"required\", \"title\"";
    fn read_member<A: MapAccess<'de>>(&mut self, name: &str, value: &mut A) -> Result<(), A::Error> {
        let Self {
            interner,
            attachment: made,
        } = self;
        match name {
            "active" => read_once(&mut made.active, name, || value.next_value_seed(Bool)),
            "required" => read_once(&mut made.required, name, || value.next_value_seed(Bool)),
            "title" => read_once(&mut made.title, name, || {
                value
                    .next_value_seed(TextSeed("a title: text in quotes"))
                    .map(|title| interner.intern(&title))
            }),
            _ => read_unknown(&mut made.extra, name, value),
        }
    }
}

pub(super) struct HatMembers<'a> {
    interner: &'a mut Interner,
    /// Whether the object is input by a user: then each ID must be a URI.
    from_input: bool,
    made: UniquePairs<HatId, Attachment>,
}

impl<'de> ObjectMembers<'de> for HatMembers<'_> {
    const EXPECTED: &'static str = "an object of hats by ID";
    fn read_member<A: MapAccess<'de>>(&mut self, name: &str, value: &mut A) -> Result<(), A::Error> {
        if self.from_input {
            HatId::parse(name).map_err(A::Error::custom)?;
        }
        let id = HatId::unchecked(self.interner.intern(name));
        if !self.made.is_new(&id) {
            return Err(duplicate_member(name));
        }
        let mut attachment = AttachmentMembers::new(self.interner);
        value.next_value_seed(ObjectVisitor(&mut attachment))?;
        self.made.pairs.push((id, attachment.attachment));
        Ok(())
    }
}

impl<'a> HatMembers<'a> {
    pub(super) fn new(interner: &'a mut Interner, typed: bool) -> Self {
        Self {
            interner,
            from_input: typed,
            made: UniquePairs::new(),
        }
    }

    pub(super) fn finish(self) -> Hats {
        Hats::from_sorted(self.made.sorted()).unwrap_or_default()
    }
}

/// Parses the hats of a user.
fn read_hats<'de, A: MapAccess<'de>>(
    interner: &mut Interner,
    typed: bool,
    value: &mut A,
) -> Result<Hats, A::Error> {
    let mut hats = HatMembers::new(interner, typed);
    value.next_value_seed(ObjectVisitor(&mut hats))?;
    Ok(hats.finish())
}

/// A user object of which only the hats and, for input, the affiliation are used.
#[derive(Default)]
pub(super) struct HatsOfUserMembers {
    interner: Interner,
    pub(super) from_input: bool,
    pub(super) hats: Option<Hats>,
    pub(super) affiliation: Option<Affiliation>,
    others: Extra,
}

impl<'de> ObjectMembers<'de> for HatsOfUserMembers {
    const EXPECTED: &'static str = "a user: an object with \"hats\"";
    fn read_member<A: MapAccess<'de>>(&mut self, name: &str, value: &mut A) -> Result<(), A::Error> {
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
            _ => read_unknown(&mut self.others, name, value),
        }
    }
    fn missing_member(&self) -> Option<&'static str> {
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

pub(super) struct UserMembers<'a> {
    interner: &'a mut Interner,
    pub(super) affiliation: Option<Affiliation>,
    hats: Option<Hats>,
    extra: Extra,
}

impl<'a> UserMembers<'a> {
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

impl<'de> ObjectMembers<'de> for UserMembers<'_> {
    const EXPECTED: &'static str = "a user: an object with \"affiliation\" and \"hats\"";
    fn read_member<A: MapAccess<'de>>(&mut self, name: &str, value: &mut A) -> Result<(), A::Error> {
        match name {
            "affiliation" => read_once(&mut self.affiliation, name, || {
                value.next_value_seed(AffiliationSeed)
            }),
            "hats" => read_once(&mut self.hats, name, || read_hats(self.interner, false, value)),
            _ => read_unknown(&mut self.extra, name, value),
        }
    }
}

struct UsersMembers<'a> {
    interner: &'a mut Interner,
    made: UniquePairs<Jid, User>,
}

/// Parses a member's name as an address, which must be new.
fn parse_address<E: serde::de::Error>(
    name: &str,
    parse: fn(&str) -> Result<Jid, InvalidJid>,
    is_new: impl FnOnce(&Jid) -> bool,
) -> Result<Jid, E> {
    let jid = parse(name).map_err(E::custom)?;
    match is_new(&jid) {
        true => Ok(jid),
        false if jid.as_str() == name => Err(duplicate_member(name)),
        false => Err(E::custom(format_args!(
            "{} is another spelling of {jid}, which already exists",
            quoted(name)
        ))),
    }
}

impl<'de> ObjectMembers<'de> for UsersMembers<'_> {
    const EXPECTED: &'static str = "an object of users by address";
    fn read_member<A: MapAccess<'de>>(&mut self, name: &str, value: &mut A) -> Result<(), A::Error> {
        let jid = parse_address(name, Jid::parse, |jid| self.made.is_new(jid))?;
        let mut user = UserMembers::new(self.interner);
        value.next_value_seed(ObjectVisitor(&mut user))?;
        self.made.pairs.push((jid, user.finish()));
        Ok(())
    }
}

struct CatalogMembers<'a> {
    interner: &'a mut Interner,
    made: BTreeMap<HatId, CatalogHat>,
}

impl<'de> ObjectMembers<'de> for CatalogMembers<'_> {
    const EXPECTED: &'static str = "a hat catalog: an object of hats by ID";
    fn read_member<A: MapAccess<'de>>(&mut self, name: &str, value: &mut A) -> Result<(), A::Error> {
        if self.made.contains_key(name) {
            return Err(duplicate_member(name));
        }
        let mut hat = CatalogHatMembers::default();
        value.next_value_seed(ObjectVisitor(&mut hat))?;
        self.made
            .insert(HatId::unchecked(self.interner.intern(name)), hat.0);
        Ok(())
    }
}

#[derive(Default)]
pub(super) struct CatalogHatMembers(pub(super) CatalogHat);

impl<'de> ObjectMembers<'de> for CatalogHatMembers {
    const EXPECTED: &'static str = "a catalog hat: an object with \"title\" and \"hue\"";
    fn read_member<A: MapAccess<'de>>(&mut self, name: &str, value: &mut A) -> Result<(), A::Error> {
        match name {
            "title" => read_once(&mut self.0.title, name, || {
                value
                    .next_value_seed(TextSeed("a title: text in quotes"))
                    .map(Into::into)
            }),
            "hue" => read_once(&mut self.0.hue, name, || value.next_value()),
            _ => read_unknown(&mut self.0.extra, name, value),
        }
    }
}

pub(super) struct RoomMembers<'a> {
    interner: &'a mut Interner,
    name: Option<Arc<str>>,
    catalog: Option<BTreeMap<HatId, CatalogHat>>,
    users: Option<Vec<(Jid, User)>>,
    extra: Extra,
}

impl<'a> RoomMembers<'a> {
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

impl<'de> ObjectMembers<'de> for RoomMembers<'_> {
    const EXPECTED: &'static str = "a room: an object with \"users\"";
    fn read_member<A: MapAccess<'de>>(&mut self, name: &str, value: &mut A) -> Result<(), A::Error> {
        match name {
            "name" => read_once(&mut self.name, name, || {
                value
                    .next_value_seed(TextSeed("a name: text in quotes"))
                    .map(Into::into)
            }),
            "hats" => read_once(&mut self.catalog, name, || {
                let mut hats = CatalogMembers {
                    interner: self.interner,
                    made: BTreeMap::new(),
                };
                value.next_value_seed(ObjectVisitor(&mut hats))?;
                Ok(hats.made)
            }),
            "users" => read_once(&mut self.users, name, || {
                let mut users = UsersMembers {
                    interner: self.interner,
                    made: UniquePairs::new(),
                };
                value.next_value_seed(ObjectVisitor(&mut users))?;
                Ok(users.made.sorted())
            }),
            _ => read_unknown(&mut self.extra, name, value),
        }
    }
}

struct RoomsMembers<'a> {
    interner: &'a mut Interner,
    made: BTreeMap<Jid, Arc<Room>>,
}

impl<'de> ObjectMembers<'de> for RoomsMembers<'_> {
    const EXPECTED: &'static str = "an object of rooms by address";
    fn read_member<A: MapAccess<'de>>(&mut self, name: &str, value: &mut A) -> Result<(), A::Error> {
        let jid = parse_address(name, Jid::parse_room, |jid| !self.made.contains_key(jid))?;
        let mut room = RoomMembers::new(self.interner);
        value.next_value_seed(ObjectVisitor(&mut room))?;
        self.made.insert(jid, Arc::new(room.finish()));
        Ok(())
    }
}

#[derive(Default)]
pub(super) struct DocumentMembers {
    interner: Interner,
    version: Option<u64>,
    revision: Option<u64>,
    rooms: Option<BTreeMap<Jid, Arc<Room>>>,
    extra: Extra,
}

impl<'de> ObjectMembers<'de> for DocumentMembers {
    const EXPECTED: &'static str = EXPECTED_WARDROBE;
    fn read_member<A: MapAccess<'de>>(&mut self, name: &str, value: &mut A) -> Result<(), A::Error> {
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
                let mut rooms = RoomsMembers {
                    interner: &mut self.interner,
                    made: BTreeMap::new(),
                };
                value.next_value_seed(ObjectVisitor(&mut rooms))?;
                Ok(rooms.made)
            }),
            _ => read_unknown(&mut self.extra, name, value),
        }
    }
    fn missing_member(&self) -> Option<&'static str> {
        match (self.version, &self.rooms) {
            (None, _) => Some("version"),
            (_, None) => Some("rooms"),
            _ => None,
        }
    }
}

impl DocumentMembers {
    pub(super) fn finish(self) -> Wardrobe {
        Wardrobe {
            revision: self.revision.unwrap_or_default(),
            extra: self.extra,
            rooms: Arc::new(self.rooms.unwrap_or_default()),
        }
    }
}

/// Hats by ID or a user object: collects the members to find out which.
#[derive(Default)]
pub(super) struct HatsOrUserMembers(pub(super) Extra);

impl<'de> ObjectMembers<'de> for HatsOrUserMembers {
    const EXPECTED: &'static str = EXPECTED_HATS_OR_USER;
    fn read_member<A: MapAccess<'de>>(&mut self, name: &str, value: &mut A) -> Result<(), A::Error> {
        read_unknown(&mut self.0, name, value)
    }
}

/// Any object: collects all members.
#[derive(Default)]
pub(super) struct AnyMembers(pub(super) Extra);

impl<'de> ObjectMembers<'de> for AnyMembers {
    const EXPECTED: &'static str = "an object";
    fn read_member<A: MapAccess<'de>>(&mut self, name: &str, value: &mut A) -> Result<(), A::Error> {
        read_unknown(&mut self.0, name, value)
    }
}
