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

/// A title or a name. It may begin with a dash; but an option that stands where the text was forgotten is no text.
pub(super) fn text(text: &str) -> Result<String, String> {
    let is_option = |option: &&str| {
        text == *option
            || text
                .strip_prefix(*option)
                .is_some_and(|after| after.starts_with('='))
    };
    match OPTIONS.into_iter().find(is_option) {
        Some(_) => Err("that is an option, and the text is missing before it".into()),
        None => Ok(text.into()),
    }
}

/// The options that may stand after a title or a name.
const OPTIONS: [&str; 13] = [
    "--active",
    "--actor",
    "--clear",
    "--file",
    "--help",
    "--hue",
    "--log",
    "--name",
    "--read-only",
    "--required",
    "--room",
    "--title",
    "--wearers",
];

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;
    use crate::cli::args::Cli;

    #[test]
    fn an_option_is_no_title() {
        let mut whole = Cli::command();
        whole.build();
        let takes = |command: &clap::Command| {
            let mut all = command.get_arguments();
            all.any(clap::Arg::is_allow_hyphen_values_set)
        };
        let mut seen = 0;
        let mut left: Vec<&clap::Command> = vec![&whole];
        while let Some(command) = left.pop() {
            left.extend(command.get_subcommands());
            if !takes(command) {
                continue;
            }
            seen += 1;
            for long in command.get_arguments().filter_map(clap::Arg::get_long) {
                assert!(
                    text(&format!("--{long}")).is_err(),
                    "{} --{long}",
                    command.get_name()
                );
            }
        }
        assert_eq!(seen, 4);
        assert_eq!(text("- x").as_deref(), Ok("- x"));
        assert_eq!(text("--actors").as_deref(), Ok("--actors"));
        assert!(text("--file=x").is_err());
    }
}
