//! Serde implementations for the parts of a wardrobe, and the parser of hat sets.

use serde::de::{DeserializeSeed as _, Error as _, MapAccess};
use serde::{Deserialize, Deserializer};

use super::members::{
    AnyMembers, AttachmentMembers, CatalogHatMembers, HatMembers, RoomMembers, UserMembers,
};
use super::object::{Interner, ObjectMembers, ObjectVisitor, duplicate_member};
use crate::model::{Attachment, CatalogHat, Extra, HatSets, Hats, Hue, Json, Room, User};

/// Hat sets by name.
#[derive(Default)]
pub(super) struct SetsMembers(pub(super) HatSets);

impl<'de> ObjectMembers<'de> for SetsMembers {
    const EXPECTED: &'static str = "an object of hat sets by name";
    fn read_member<A: MapAccess<'de>>(&mut self, name: &str, value: &mut A) -> Result<(), A::Error> {
        let hats = value.next_value()?;
        match self.0.insert(name.into(), hats) {
            None => Ok(()),
            Some(_) => Err(duplicate_member(name)),
        }
    }
}

impl<'de> Deserialize<'de> for Room {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut interner = Interner::default();
        let mut members = RoomMembers::new(&mut interner);
        ObjectVisitor(&mut members).deserialize(deserializer)?;
        Ok(members.finish())
    }
}

impl<'de> Deserialize<'de> for User {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut interner = Interner::default();
        let mut members = UserMembers::new(&mut interner);
        ObjectVisitor(&mut members).deserialize(deserializer)?;
        Ok(members.finish())
    }
}

impl<'de> Deserialize<'de> for Hats {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut interner = Interner::default();
        let mut members = HatMembers::new(&mut interner, false);
        ObjectVisitor(&mut members).deserialize(deserializer)?;
        Ok(members.finish())
    }
}

impl<'de> Deserialize<'de> for Attachment {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut interner = Interner::default();
        let mut members = AttachmentMembers::new(&mut interner);
        ObjectVisitor(&mut members).deserialize(deserializer)?;
        Ok(members.attachment)
    }
}

impl<'de> Deserialize<'de> for CatalogHat {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut members = CatalogHatMembers::default();
        ObjectVisitor(&mut members).deserialize(deserializer)?;
        Ok(members.0)
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
        let mut members = AnyMembers::default();
        ObjectVisitor(&mut members).deserialize(deserializer)?;
        Ok(members.0)
    }
}
