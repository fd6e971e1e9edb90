//! Implementations of [`Deserialize`] for the parts of a wardrobe, and the parser of hat sets.

use serde::de::{DeserializeSeed as _, Error as _, MapAccess};
use serde::{Deserialize, Deserializer};

use super::object::{Interner, ObjectParser, ObjectVisitor, duplicate_field};
use super::parsers::{
    AnyObjectParser, AttachmentParser, CatalogHatParser, HatsParser, RoomParser, UserParser,
};
use crate::model::{Attachment, CatalogHat, Extra, HatSets, Hats, Hue, Json, Room, User};

/// Parses hat sets by name.
#[derive(Default)]
pub(super) struct HatSetsParser(pub(super) HatSets);

impl<'de> ObjectParser<'de> for HatSetsParser {
    const EXPECTED: &'static str = "an object of hat sets by name";
    fn read_field<A: MapAccess<'de>>(&mut self, name: &str, value: &mut A) -> Result<(), A::Error> {
        let hats = value.next_value()?;
        match self.0.insert(name.into(), hats) {
            None => Ok(()),
            Some(_) => Err(duplicate_field(name)),
        }
    }
}

impl<'de> Deserialize<'de> for Room {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut interner = Interner::default();
        let mut parser = RoomParser::new(&mut interner);
        ObjectVisitor(&mut parser).deserialize(deserializer)?;
        Ok(parser.finish())
    }
}

impl<'de> Deserialize<'de> for User {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut interner = Interner::default();
        let mut parser = UserParser::new(&mut interner);
        ObjectVisitor(&mut parser).deserialize(deserializer)?;
        Ok(parser.finish())
    }
}

impl<'de> Deserialize<'de> for Hats {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut interner = Interner::default();
        let mut parser = HatsParser::new(&mut interner, false);
        ObjectVisitor(&mut parser).deserialize(deserializer)?;
        Ok(parser.finish())
    }
}

impl<'de> Deserialize<'de> for Attachment {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut interner = Interner::default();
        let mut parser = AttachmentParser::new(&mut interner);
        ObjectVisitor(&mut parser).deserialize(deserializer)?;
        Ok(parser.attachment)
    }
}

impl<'de> Deserialize<'de> for CatalogHat {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut parser = CatalogHatParser::default();
        ObjectVisitor(&mut parser).deserialize(deserializer)?;
        Ok(parser.0)
    }
}

impl<'de> Deserialize<'de> for Hue {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let json = Json::deserialize(deserializer)?;
        Self::new(json).ok_or_else(|| D::Error::custom("expected a hue: degrees from 0 to 360, or text"))
    }
}

impl<'de> Deserialize<'de> for Extra {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut parser = AnyObjectParser::default();
        ObjectVisitor(&mut parser).deserialize(deserializer)?;
        Ok(parser.0)
    }
}
