//! Options whose values have names, and other spellings that people type.

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
