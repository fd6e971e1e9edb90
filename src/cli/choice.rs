//! Options whose values have names, and other spellings that people type; and numbers, with words for what is none.

use std::ffi::OsStr;
use std::marker::PhantomData;
use std::str::FromStr;

use clap::builder::{PossibleValue, TypedValueParser};

/// Reads a value; the names are those that help and completions show.
#[derive(Debug, Clone)]
pub(super) struct Choice<T> {
    names: &'static [&'static str],
    kind: PhantomData<T>,
}

impl<T> Choice<T> {
    pub(super) const fn of(names: &'static [&'static str]) -> Self {
        Self {
            names,
            kind: PhantomData,
        }
    }
}

impl<T: FromStr<Err = String> + Clone + Send + Sync + 'static> TypedValueParser for Choice<T> {
    type Value = T;

    fn parse_ref(
        &self,
        command: &clap::Command,
        argument: Option<&clap::Arg>,
        value: &OsStr,
    ) -> Result<T, clap::Error> {
        let read = |text: &str| text.parse::<T>();
        TypedValueParser::parse_ref(&read, command, argument, value)
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        Some(Box::new(self.names.iter().map(PossibleValue::new)))
    }
}

/// A number of entries; of none there is nothing to show.
pub(super) fn limit(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(0) | Err(_) => Err("it is a number of entries, at least 1".into()),
        Ok(number) => Ok(number),
    }
}

/// The number of an entry of the history.
pub(super) fn revision(text: &str) -> Result<u64, String> {
    text.parse()
        .map_err(|_| "it is the number of a revision, as hatrack history shows it".into())
}
