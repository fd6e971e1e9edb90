//! How an object is read: member by member, each known one at most once, the others kept.

use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt;
use std::hash::Hash;
use std::sync::Arc;

use serde::Deserializer;
use serde::de::{DeserializeSeed, Error as _, MapAccess, Unexpected, Visitor};

use crate::model::excerpt::shown;
use crate::model::{Extra, Json};

/// Texts that occur many times (hat ids, titles) are kept once for each reading.
#[derive(Debug, Default)]
pub(super) struct Interner(HashSet<Arc<str>, foldhash::fast::RandomState>);

impl Interner {
    pub(super) fn keep(&mut self, text: &str) -> Arc<str> {
        if let Some(there) = self.0.get(text) {
            return there.clone();
        }
        let new: Arc<str> = text.into();
        self.0.insert(new.clone());
        new
    }
}

/// An object that is read member by member.
pub(super) trait ObjectMembers<'de> {
    /// What is expected, in words.
    const EXPECTED: &'static str;
    /// Takes the value of one member.
    fn member<A: MapAccess<'de>>(&mut self, name: &str, value: &mut A) -> Result<(), A::Error>;
    /// The member without which there is no such object, when it is not there.
    fn missing(&self) -> Option<&'static str> {
        None
    }
}

/// One such object, read into place.
pub(super) struct ObjectVisitor<'a, T>(pub(super) &'a mut T);

impl<'de, T: ObjectMembers<'de>> DeserializeSeed<'de> for ObjectVisitor<'_, T> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de, T: ObjectMembers<'de>> Visitor<'de> for ObjectVisitor<'_, T> {
    type Value = ();
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(T::EXPECTED)
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(name) = map.next_key_seed(TextSeed("a member's name"))? {
            self.0.member(&name, &mut map)?;
        }
        match self.0.missing() {
            None => Ok(()),
            Some(name) => Err(A::Error::custom(format_args!(
                "{name:?} is missing; expected {}",
                T::EXPECTED
            ))),
        }
    }
}

/// A string, borrowed where that can be; with what is expected, in words.
pub(super) struct TextSeed(pub(super) &'static str);

impl<'de> DeserializeSeed<'de> for TextSeed {
    type Value = Cow<'de, str>;
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'de> Visitor<'de> for TextSeed {
    type Value = Cow<'de, str>;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Cow::Borrowed(text))
    }
    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Cow::Owned(text.into()))
    }
}

/// A boolean.
pub(super) struct Bool;

impl<'de> DeserializeSeed<'de> for Bool {
    type Value = bool;
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<bool, D::Error> {
        deserializer.deserialize_bool(self)
    }
}

impl Visitor<'_> for Bool {
    type Value = bool;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("true or false")
    }
    fn visit_bool<E>(self, value: bool) -> Result<bool, E> {
        Ok(value)
    }
}

/// A whole number from 0; with what is expected, in words.
pub(super) struct NumberSeed(pub(super) &'static str);

impl<'de> DeserializeSeed<'de> for NumberSeed {
    type Value = u64;
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<u64, D::Error> {
        deserializer.deserialize_u64(self)
    }
}

impl Visitor<'_> for NumberSeed {
    type Value = u64;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
    fn visit_u64<E>(self, value: u64) -> Result<u64, E> {
        Ok(value)
    }
    fn visit_i64<E: serde::de::Error>(self, value: i64) -> Result<u64, E> {
        u64::try_from(value).map_err(|_| E::invalid_value(Unexpected::Signed(value), &self))
    }
}

pub(super) fn repeated<E: serde::de::Error>(name: &str) -> E {
    E::custom(format_args!("two members are named {}", shown(name)))
}

/// Reads a member that may be there once; a second one is an error where its name stands.
pub(super) fn once<T, E: serde::de::Error>(
    slot: &mut Option<T>,
    name: &str,
    read: impl FnOnce() -> Result<T, E>,
) -> Result<(), E> {
    if slot.is_some() {
        return Err(repeated(name));
    }
    *slot = Some(read()?);
    Ok(())
}

pub(super) fn unknown<'de, A: MapAccess<'de>>(
    extra: &mut Extra,
    name: &str,
    value: &mut A,
) -> Result<(), A::Error> {
    if extra.get(name).is_some() {
        return Err(repeated(name));
    }
    extra.insert(name, value.next_value::<Json>()?);
    Ok(())
}

/// Pairs as they come; a repeated key is noticed where it stands, at no cost while keys ascend.
pub(super) struct UniquePairs<K, V> {
    pub(super) all: Vec<(K, V)>,
    seen: Option<HashSet<K>>,
}

impl<K: Ord + Hash + Clone, V> UniquePairs<K, V> {
    pub(super) fn new() -> Self {
        Self {
            all: Vec::new(),
            seen: None,
        }
    }

    /// Whether the key is new.
    pub(super) fn is_new(&mut self, key: &K) -> bool {
        let ascends = self.all.last().is_none_or(|(last, _)| last < key);
        if self.seen.is_none() && ascends {
            return true;
        }
        self.seen
            .get_or_insert_with(|| self.all.iter().map(|(key, _)| key.clone()).collect())
            .insert(key.clone())
    }

    pub(super) fn sorted(mut self) -> Vec<(K, V)> {
        if self.seen.is_some() {
            self.all.sort_by(|(a, _), (b, _)| a.cmp(b));
        }
        self.all
    }
}
