//! Parsing of objects field by field: a field occurs at most once, and unrecognized fields are kept.

use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt;
use std::hash::Hash;
use std::sync::Arc;

use serde::Deserializer;
use serde::de::{DeserializeSeed, Error as _, MapAccess, Unexpected, Visitor};

use crate::model::excerpt::quoted;
use crate::model::{Extra, Json};

/// Shares the memory of texts that occur many times in a document: hat IDs and titles.
#[derive(Debug, Default)]
pub(super) struct Interner(HashSet<Arc<str>, foldhash::fast::RandomState>);

impl Interner {
    pub(super) fn intern(&mut self, text: &str) -> Arc<str> {
        if let Some(existing) = self.0.get(text) {
            return existing.clone();
        }
        let new: Arc<str> = text.into();
        self.0.insert(new.clone());
        new
    }
}

/// A parser of one kind of object. It keeps the values of the fields that it has parsed.
pub(super) trait ObjectParser<'de> {
    /// The expected value in words, for errors.
    const EXPECTED: &'static str;
    /// Parses the value of the field `name`, or of the key `name` of a map.
    fn read_field<A: MapAccess<'de>>(&mut self, name: &str, value: &mut A) -> Result<(), A::Error>;
    /// The name of a required field that is missing, if any.
    fn missing_field(&self) -> Option<&'static str> {
        None
    }
}

/// Parses an object with the given parser.
pub(super) struct ObjectVisitor<'a, T>(pub(super) &'a mut T);

impl<'de, T: ObjectParser<'de>> DeserializeSeed<'de> for ObjectVisitor<'_, T> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de, T: ObjectParser<'de>> Visitor<'de> for ObjectVisitor<'_, T> {
    type Value = ();
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(T::EXPECTED)
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(name) = map.next_key_seed(TextSeed("a field name"))? {
            self.0.read_field(&name, &mut map)?;
        }
        match self.0.missing_field() {
            None => Ok(()),
            Some(name) => Err(A::Error::custom(format_args!(
                "{name:?} is missing; expected {}",
                T::EXPECTED
            ))),
        }
    }
}

/// Parses a string, borrowed if possible. Contains the expected value in words, for errors.
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

/// Parses a boolean.
pub(super) struct BoolSeed;

impl<'de> DeserializeSeed<'de> for BoolSeed {
    type Value = bool;
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<bool, D::Error> {
        deserializer.deserialize_bool(self)
    }
}

impl Visitor<'_> for BoolSeed {
    type Value = bool;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("true or false")
    }
    fn visit_bool<E>(self, value: bool) -> Result<bool, E> {
        Ok(value)
    }
}

/// Parses a non-negative integer. Contains the expected value in words, for errors.
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

pub(super) fn duplicate_field<E: serde::de::Error>(name: &str) -> E {
    E::custom(format_args!("duplicate field {}", quoted(name)))
}

/// Parses a field that may occur at most once. A second occurrence is an error.
pub(super) fn read_once<T, E: serde::de::Error>(
    slot: &mut Option<T>,
    name: &str,
    read: impl FnOnce() -> Result<T, E>,
) -> Result<(), E> {
    if slot.is_some() {
        return Err(duplicate_field(name));
    }
    *slot = Some(read()?);
    Ok(())
}

pub(super) fn read_unrecognized<'de, A: MapAccess<'de>>(
    extra: &mut Extra,
    name: &str,
    value: &mut A,
) -> Result<(), A::Error> {
    if extra.get(name).is_some() {
        return Err(duplicate_field(name));
    }
    extra.insert(name, value.next_value::<Json>()?);
    Ok(())
}

/// Pairs in the order of the JSON text; detects duplicate keys, at no cost as long as keys ascend.
pub(super) struct UniquePairs<K, V> {
    pub(super) pairs: Vec<(K, V)>,
    /// All keys; `None` as long as they ascend.
    keys: Option<HashSet<K>>,
}

impl<K: Ord + Hash + Clone, V> UniquePairs<K, V> {
    pub(super) fn new() -> Self {
        Self {
            pairs: Vec::new(),
            keys: None,
        }
    }

    /// Notes the key of a pair, and returns whether the key is new. To be called once for each pair, before the pair is
    /// added to `pairs`.
    pub(super) fn note_key(&mut self, key: &K) -> bool {
        let ascends = self.pairs.last().is_none_or(|(last, _)| last < key);
        if self.keys.is_none() && ascends {
            return true;
        }
        self.keys
            .get_or_insert_with(|| self.pairs.iter().map(|(key, _)| key.clone()).collect())
            .insert(key.clone())
    }

    /// The pairs, sorted by key.
    pub(super) fn sorted(mut self) -> Vec<(K, V)> {
        if self.keys.is_some() {
            self.pairs.sort_by(|(a, _), (b, _)| a.cmp(b));
        }
        self.pairs
    }
}
