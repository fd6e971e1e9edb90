//! JSON to wardrobe, strictly: a wrong type, a repeated member, an address that is none or one user under two
//! spellings is an error with its place; members that the program does not know are kept.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashSet};
use std::fmt;
use std::hash::Hash;
use std::sync::Arc;

use serde::de::{DeserializeSeed, Error as _, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::write::VERSION;
use super::{
    Affiliation, Attachment, CatalogueHat, Extra, HatId, Hats, Hue, Jid, Json, Room, User, Wardrobe,
};

mod quick;

pub use quick::{Parts, Rooms, parts, rooms};

/// Why bytes are no wardrobe, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}, column {column}: {message}")]
pub struct ReadError {
    /// The line, from 1.
    pub line: usize,
    /// The byte in the line, from 1.
    pub column: usize,
    /// What is wrong and what was expected.
    pub message: String,
}

/// Reads a data file.
pub fn wardrobe(bytes: &[u8]) -> Result<Wardrobe, ReadError> {
    document(bytes, "a wardrobe: an object with \"version\" and \"rooms\"").map(|Document(wardrobe)| wardrobe)
}

/// Reads a user's hats: an object of hats by id, or a user object, whose `affiliation` and other members are left aside.
pub fn hats(bytes: &[u8]) -> Result<Hats, ReadError> {
    const WHAT: &str = "an object of hats by id, or a user object with \"hats\"";
    let members: Extra = document(bytes, WHAT)?;
    if members
        .iter()
        .any(|(name, _)| matches!(name, "hats" | "affiliation"))
    {
        return document::<User>(bytes, WHAT).map(|user| user.hats);
    }
    document(bytes, WHAT)
}

/// One JSON document, with an error that says more than the reader's own where the file is no JSON at all.
fn document<'de, T: Deserialize<'de>>(bytes: &'de [u8], expected: &str) -> Result<T, ReadError> {
    let text = text(bytes)?;
    if text.trim().is_empty() {
        let message = format!("there is nothing in it; expected {expected}");
        return Err(ReadError {
            line: 1,
            column: 1,
            message,
        });
    }
    serde_json::from_str(text).map_err(|error| ReadError::new(&error))
}

/// The bytes as text, or where they stop being UTF-8.
pub fn text(bytes: &[u8]) -> Result<&str, ReadError> {
    let (at, message) = match std::str::from_utf8(bytes) {
        Ok(text) if !text.starts_with('\u{feff}') => return Ok(text),
        Ok(_) => (
            0,
            "it begins with a byte order mark; save it as UTF-8 without one",
        ),
        Err(error) => (error.valid_up_to(), "not valid UTF-8"),
    };
    let before = bytes.get(..at).unwrap_or_default();
    let line = before.split(|byte| *byte == b'\n').count();
    let column = 1 + before.iter().rev().take_while(|byte| **byte != b'\n').count();
    Err(ReadError {
        line,
        column,
        message: message.into(),
    })
}

impl ReadError {
    fn new(error: &serde_json::Error) -> Self {
        let (line, column) = (error.line(), error.column());
        let full = error.to_string();
        let message = full
            .strip_suffix(&format!(" at line {line} column {column}"))
            .unwrap_or(&full);
        let message = message.replace("EOF while parsing", "the text ends in the middle of");
        Self {
            line: line.max(1),
            column: column.max(1),
            message,
        }
    }
}

/// Texts that occur many times (hat ids, titles) are kept once for each reading.
#[derive(Debug, Default)]
struct Names(HashSet<Arc<str>, foldhash::fast::RandomState>);

impl Names {
    fn keep(&mut self, text: &str) -> Arc<str> {
        if let Some(there) = self.0.get(text) {
            return there.clone();
        }
        let new: Arc<str> = text.into();
        self.0.insert(new.clone());
        new
    }
}

/// An object that is read member by member.
trait Members<'de> {
    /// What is expected, in words.
    const EXPECTED: &'static str;
    /// Takes the value of one member.
    fn member<A: MapAccess<'de>>(&mut self, name: &str, value: &mut A) -> Result<(), A::Error>;
}

struct Object<'a, T>(&'a mut T);

impl<'de, T: Members<'de>> DeserializeSeed<'de> for Object<'_, T> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de, T: Members<'de>> Visitor<'de> for Object<'_, T> {
    type Value = ();
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(T::EXPECTED)
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(name) = map.next_key_seed(Text)? {
            self.0.member(&name, &mut map)?;
        }
        Ok(())
    }
}

/// A string, borrowed where that can be.
struct Text;

impl<'de> DeserializeSeed<'de> for Text {
    type Value = Cow<'de, str>;
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'de> Visitor<'de> for Text {
    type Value = Cow<'de, str>;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }
    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Cow::Borrowed(text))
    }
    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Cow::Owned(text.into()))
    }
}

fn repeated<E: serde::de::Error>(name: &str) -> E {
    E::custom(format_args!("two members are named {name:?}"))
}

fn once<T, E: serde::de::Error>(slot: &mut Option<T>, name: &str, value: T) -> Result<(), E> {
    match slot.replace(value) {
        None => Ok(()),
        Some(_) => Err(repeated(name)),
    }
}

fn unknown<'de, A: MapAccess<'de>>(extra: &mut Extra, name: &str, value: &mut A) -> Result<(), A::Error> {
    let json: Json = value.next_value()?;
    if extra.insert(name, json) {
        Ok(())
    } else {
        Err(repeated(name))
    }
}

/// Pairs as they come; a repeated key is noticed where it stands, at no cost while keys ascend.
struct Pairs<K, V> {
    all: Vec<(K, V)>,
    seen: Option<HashSet<K>>,
}

impl<K: Ord + Hash + Clone, V> Pairs<K, V> {
    fn new() -> Self {
        Self {
            all: Vec::new(),
            seen: None,
        }
    }

    /// Whether the key is new.
    fn is_new(&mut self, key: &K) -> bool {
        let ascends = self.all.last().is_none_or(|(last, _)| last < key);
        if self.seen.is_none() && ascends {
            return true;
        }
        self.seen
            .get_or_insert_with(|| self.all.iter().map(|(key, _)| key.clone()).collect())
            .insert(key.clone())
    }

    fn sorted(mut self) -> Vec<(K, V)> {
        if self.seen.is_some() {
            self.all.sort_by(|(a, _), (b, _)| a.cmp(b));
        }
        self.all
    }
}

struct AttachmentMembers<'a> {
    names: &'a mut Names,
    made: Attachment,
}

impl<'de> Members<'de> for AttachmentMembers<'_> {
    const EXPECTED: &'static str = "an attachment: an object with \"active\", \"required\", \"title\"";
    fn member<A: MapAccess<'de>>(&mut self, name: &str, value: &mut A) -> Result<(), A::Error> {
        match name {
            "active" => once(&mut self.made.active, name, value.next_value()?),
            "required" => once(&mut self.made.required, name, value.next_value()?),
            "title" => once(
                &mut self.made.title,
                name,
                self.names.keep(&value.next_value_seed(Text)?),
            ),
            _ => unknown(&mut self.made.extra, name, value),
        }
    }
}

struct HatMembers<'a> {
    names: &'a mut Names,
    made: Pairs<HatId, Attachment>,
}

impl<'de> Members<'de> for HatMembers<'_> {
    const EXPECTED: &'static str = "an object of attachments by hat id";
    fn member<A: MapAccess<'de>>(&mut self, name: &str, value: &mut A) -> Result<(), A::Error> {
        let id = HatId::keep(self.names.keep(name));
        if !self.made.is_new(&id) {
            return Err(repeated(name));
        }
        let mut attachment = AttachmentMembers {
            names: self.names,
            made: Attachment::default(),
        };
        value.next_value_seed(Object(&mut attachment))?;
        self.made.all.push((id, attachment.made));
        Ok(())
    }
}

impl HatMembers<'_> {
    fn done(self) -> Hats {
        Hats::from_sorted(self.made.sorted()).unwrap_or_default()
    }
}

struct UserMembers<'a> {
    names: &'a mut Names,
    affiliation: Option<Affiliation>,
    hats: Option<Hats>,
    extra: Extra,
}

impl<'a> UserMembers<'a> {
    fn new(names: &'a mut Names) -> Self {
        Self {
            names,
            affiliation: None,
            hats: None,
            extra: Extra::default(),
        }
    }

    fn done(self) -> User {
        User {
            affiliation: self.affiliation.unwrap_or_default(),
            hats: self.hats.unwrap_or_default(),
            extra: self.extra,
        }
    }
}

impl<'de> Members<'de> for UserMembers<'_> {
    const EXPECTED: &'static str = "a user: an object with \"affiliation\" and \"hats\"";
    fn member<A: MapAccess<'de>>(&mut self, name: &str, value: &mut A) -> Result<(), A::Error> {
        match name {
            "affiliation" => {
                let text = value.next_value_seed(Text)?;
                let affiliation = Affiliation::from_name(&text).ok_or_else(|| {
                    A::Error::custom(format_args!(
                        "unknown affiliation {text:?}, expected owner, admin, member, outcast or none"
                    ))
                })?;
                once(&mut self.affiliation, name, affiliation)
            }
            "hats" => {
                let mut hats = HatMembers {
                    names: self.names,
                    made: Pairs::new(),
                };
                value.next_value_seed(Object(&mut hats))?;
                let hats = hats.done();
                once(&mut self.hats, name, hats)
            }
            _ => unknown(&mut self.extra, name, value),
        }
    }
}

struct UsersMembers<'a> {
    names: &'a mut Names,
    made: Pairs<Jid, User>,
}

/// The address that a member's name is; new among those before.
fn address<E: serde::de::Error, V>(name: &str, among: &mut Pairs<Jid, V>, room: bool) -> Result<Jid, E> {
    let jid = if room {
        Jid::parse_room(name)
    } else {
        Jid::parse(name)
    }
    .map_err(E::custom)?;
    match among.is_new(&jid) {
        true => Ok(jid),
        false if jid.as_str() == name => Err(repeated(name)),
        false => Err(E::custom(format_args!(
            "{name:?} is the same address as {jid}, which is there already"
        ))),
    }
}

impl<'de> Members<'de> for UsersMembers<'_> {
    const EXPECTED: &'static str = "an object of users by address";
    fn member<A: MapAccess<'de>>(&mut self, name: &str, value: &mut A) -> Result<(), A::Error> {
        let jid = address(name, &mut self.made, false)?;
        let mut user = UserMembers::new(self.names);
        value.next_value_seed(Object(&mut user))?;
        self.made.all.push((jid, user.done()));
        Ok(())
    }
}

struct CatalogueMembers<'a> {
    names: &'a mut Names,
    made: BTreeMap<HatId, CatalogueHat>,
}

impl<'de> Members<'de> for CatalogueMembers<'_> {
    const EXPECTED: &'static str = "the room's catalogue: an object of hats by id";
    fn member<A: MapAccess<'de>>(&mut self, name: &str, value: &mut A) -> Result<(), A::Error> {
        let id = HatId::keep(self.names.keep(name));
        let mut hat = CatalogueHatMembers(CatalogueHat::default());
        value.next_value_seed(Object(&mut hat))?;
        if self.made.insert(id, hat.0).is_some() {
            Err(repeated(name))
        } else {
            Ok(())
        }
    }
}

struct CatalogueHatMembers(CatalogueHat);

impl<'de> Members<'de> for CatalogueHatMembers {
    const EXPECTED: &'static str = "a hat of the catalogue: an object with \"title\" and \"hue\"";
    fn member<A: MapAccess<'de>>(&mut self, name: &str, value: &mut A) -> Result<(), A::Error> {
        match name {
            "title" => once(&mut self.0.title, name, value.next_value_seed(Text)?.into()),
            "hue" => once(&mut self.0.hue, name, value.next_value()?),
            _ => unknown(&mut self.0.extra, name, value),
        }
    }
}

struct RoomMembers<'a> {
    names: &'a mut Names,
    name: Option<Arc<str>>,
    catalogue: Option<BTreeMap<HatId, CatalogueHat>>,
    users: Option<Vec<(Jid, User)>>,
    extra: Extra,
}

impl<'a> RoomMembers<'a> {
    fn new(names: &'a mut Names) -> Self {
        Self {
            names,
            name: None,
            catalogue: None,
            users: None,
            extra: Extra::default(),
        }
    }

    fn done(self) -> Room {
        let mut room = Room::default();
        room.name = self.name;
        room.catalogue = self.catalogue.unwrap_or_default();
        room.extra = self.extra;
        room.with_users(self.users.unwrap_or_default())
            .unwrap_or_default()
    }
}

impl<'de> Members<'de> for RoomMembers<'_> {
    const EXPECTED: &'static str = "a room: an object with \"users\"";
    fn member<A: MapAccess<'de>>(&mut self, name: &str, value: &mut A) -> Result<(), A::Error> {
        match name {
            "name" => once(&mut self.name, name, value.next_value_seed(Text)?.into()),
            "hats" => {
                let mut hats = CatalogueMembers {
                    names: self.names,
                    made: BTreeMap::new(),
                };
                value.next_value_seed(Object(&mut hats))?;
                once(&mut self.catalogue, name, hats.made)
            }
            "users" => {
                let mut users = UsersMembers {
                    names: self.names,
                    made: Pairs::new(),
                };
                value.next_value_seed(Object(&mut users))?;
                let users = users.made.sorted();
                once(&mut self.users, name, users)
            }
            _ => unknown(&mut self.extra, name, value),
        }
    }
}

struct RoomsMembers<'a> {
    names: &'a mut Names,
    made: Pairs<Jid, Arc<Room>>,
}

impl<'de> Members<'de> for RoomsMembers<'_> {
    const EXPECTED: &'static str = "an object of rooms by address";
    fn member<A: MapAccess<'de>>(&mut self, name: &str, value: &mut A) -> Result<(), A::Error> {
        let jid = address(name, &mut self.made, true)?;
        let mut room = RoomMembers::new(self.names);
        value.next_value_seed(Object(&mut room))?;
        self.made.all.push((jid, Arc::new(room.done())));
        Ok(())
    }
}

#[derive(Default)]
struct DocumentMembers {
    names: Names,
    version: Option<u64>,
    revision: Option<u64>,
    rooms: Option<BTreeMap<Jid, Arc<Room>>>,
    extra: Extra,
}

impl<'de> Members<'de> for DocumentMembers {
    const EXPECTED: &'static str = "a wardrobe: an object with \"version\" and \"rooms\"";
    fn member<A: MapAccess<'de>>(&mut self, name: &str, value: &mut A) -> Result<(), A::Error> {
        match name {
            "version" => match value.next_value()? {
                found @ 1..=VERSION => once(&mut self.version, name, found),
                found => Err(A::Error::custom(format_args!(
                    "format version {found}, but this program reads up to {VERSION}; a newer hatrack reads it"
                ))),
            },
            "revision" => once(&mut self.revision, name, value.next_value()?),
            "rooms" => {
                let mut rooms = RoomsMembers {
                    names: &mut self.names,
                    made: Pairs::new(),
                };
                value.next_value_seed(Object(&mut rooms))?;
                let rooms = rooms.made.all.into_iter().collect();
                once(&mut self.rooms, name, rooms)
            }
            _ => unknown(&mut self.extra, name, value),
        }
    }
}

struct Document(Wardrobe);

impl<'de> Deserialize<'de> for Document {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut members = DocumentMembers::default();
        Object(&mut members).deserialize(deserializer)?;
        let (revision, rooms) = (
            members.revision.unwrap_or_default(),
            members.rooms.unwrap_or_default(),
        );
        Ok(Self(Wardrobe {
            revision,
            extra: members.extra,
            rooms,
        }))
    }
}

impl<'de> Deserialize<'de> for Room {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut names = Names::default();
        let mut members = RoomMembers::new(&mut names);
        Object(&mut members).deserialize(deserializer)?;
        Ok(members.done())
    }
}

impl<'de> Deserialize<'de> for User {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut names = Names::default();
        let mut members = UserMembers::new(&mut names);
        Object(&mut members).deserialize(deserializer)?;
        Ok(members.done())
    }
}

impl<'de> Deserialize<'de> for Hats {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut names = Names::default();
        let mut members = HatMembers {
            names: &mut names,
            made: Pairs::new(),
        };
        Object(&mut members).deserialize(deserializer)?;
        Ok(members.done())
    }
}

impl<'de> Deserialize<'de> for Attachment {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut names = Names::default();
        let mut members = AttachmentMembers {
            names: &mut names,
            made: Self::default(),
        };
        Object(&mut members).deserialize(deserializer)?;
        Ok(members.made)
    }
}

impl<'de> Deserialize<'de> for CatalogueHat {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut members = CatalogueHatMembers(Self::default());
        Object(&mut members).deserialize(deserializer)?;
        Ok(members.0)
    }
}

impl<'de> Deserialize<'de> for Hue {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let json = Json::deserialize(deserializer)?;
        Self::new(json)
            .ok_or_else(|| D::Error::custom("a hue is a number of degrees from 0 to 360, or a string"))
    }
}

impl<'de> Deserialize<'de> for Extra {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct AnyMembers(Extra);
        impl<'de> Members<'de> for AnyMembers {
            const EXPECTED: &'static str = "an object";
            fn member<A: MapAccess<'de>>(&mut self, name: &str, value: &mut A) -> Result<(), A::Error> {
                unknown(&mut self.0, name, value)
            }
        }
        let mut members = AnyMembers(Self::default());
        Object(&mut members).deserialize(deserializer)?;
        Ok(members.0)
    }
}
