//! Parsers for the values of arguments: named values, numbers, titles, names and reasons.

use std::ffi::OsStr;
use std::marker::PhantomData;
use std::str::FromStr;

use clap::builder::{PossibleValue, TypedValueParser};

use crate::store::ChangeReason;

/// Parses a value with [`FromStr`]. Help and completions show `names`; other spellings may be accepted, too.
#[derive(Debug, Clone)]
pub(super) struct NamedValueParser<T> {
    names: &'static [&'static str],
    kind: PhantomData<T>,
}

impl<T> NamedValueParser<T> {
    pub(super) const fn new(names: &'static [&'static str]) -> Self {
        Self {
            names,
            kind: PhantomData,
        }
    }
}

impl<T: FromStr<Err = String> + Clone + Send + Sync + 'static> TypedValueParser for NamedValueParser<T> {
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

/// Parses a number of entries, at least 1.
pub(super) fn limit(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(0) | Err(_) => Err("expected a number of entries, at least 1".into()),
        Ok(number) => Ok(number),
    }
}

/// Parses a revision number.
pub(super) fn revision(text: &str) -> Result<u64, String> {
    text.parse()
        .map_err(|_| "expected a revision number (see hatrack history)".into())
}

/// Parses a title or a name, which may start with a dash. A text that is one of [`OPTIONS`] is an error, as the title or
/// name was probably forgotten.
pub(super) fn text(text: &str) -> Result<String, String> {
    let is_option = |option: &&str| {
        text == *option
            || text
                .strip_prefix(*option)
                .is_some_and(|after| after.starts_with('='))
    };
    match OPTIONS.into_iter().find(is_option) {
        Some(_) => Err("expected text, found an option".into()),
        None => Ok(text.into()),
    }
}

/// Parses the reason for a change: one line of at most 1,024 bytes without control characters. [`OPTIONS`] are errors,
/// as in [`text()`].
pub(super) fn reason(argument: &str) -> Result<ChangeReason, String> {
    let reason = ChangeReason::new(&text(argument)?).ok_or("expected text")?;
    if reason.as_str() == argument.trim() {
        Ok(reason)
    } else {
        Err("expected one line of at most 1,024 bytes without control characters".into())
    }
}

/// All options of the commands that take a title, a name or a reason.
const OPTIONS: [&str; 39] = [
    "--accept-removals",
    "--active",
    "--actor",
    "--add",
    "--affiliation",
    "--affiliations",
    "--by",
    "--clear",
    "--color",
    "--config",
    "--csv",
    "--dry-run",
    "--expires",
    "--file",
    "--force",
    "--help",
    "--hue",
    "--into",
    "--json",
    "--log",
    "--map",
    "--name",
    "--no-affiliations",
    "--no-send",
    "--only-hat",
    "--prefer",
    "--read-only",
    "--reason",
    "--replace",
    "--required",
    "--retitle-users",
    "--room",
    "--server",
    "--since",
    "--title",
    "--until",
    "--user",
    "--wearers",
    "--yes",
];

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;
    use crate::cli::args::Cli;

    #[test]
    fn rejects_option_as_title() {
        let mut root = Cli::command();
        root.build();
        let takes_text = |command: &clap::Command| {
            let mut all = command.get_arguments();
            all.any(clap::Arg::is_allow_hyphen_values_set)
        };
        let mut count = 0;
        let mut missing = std::collections::BTreeSet::new();
        let mut pending: Vec<&clap::Command> = vec![&root];
        while let Some(command) = pending.pop() {
            pending.extend(command.get_subcommands());
            if !takes_text(command) {
                continue;
            }
            count += 1;
            for long in command.get_arguments().filter_map(clap::Arg::get_long) {
                let option = format!("--{long}");
                if text(&option).is_ok() {
                    missing.insert(option);
                }
            }
        }
        assert!(missing.is_empty(), "{missing:?}");
        assert_eq!(count, 17);
        assert_eq!(text("- x").as_deref(), Ok("- x"));
        assert_eq!(text("--actors").as_deref(), Ok("--actors"));
        assert!(text("--file=x").is_err());
    }
}
