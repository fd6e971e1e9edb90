//! Merges the options before and after the command.

use std::collections::BTreeSet;
use std::fmt::Display;
use std::path::PathBuf;

use super::args::{Cli, CliCommand};
use super::failure::Failure;
use crate::model::{HatId, Jid, Rights};
use crate::store::Scope;

/// The options before and after the command, merged. They can be given at up to three levels: before the command, after
/// it, and after its subcommand.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct GlobalOptions {
    /// `--file`
    pub file: Option<PathBuf>,
    /// `--actor`
    pub actor: Option<String>,
    /// `--config`
    pub config: Option<PathBuf>,
    /// `--log`
    pub log: Option<PathBuf>,
    /// `--room`: the rooms of the last level that has the option; `None` without the option.
    pub rooms: Option<BTreeSet<Jid>>,
    /// `--only-hat`: the hats of the last level that has the option; `None` without the option.
    pub only_hats: Option<BTreeSet<HatId>>,
    /// `--no-affiliations`
    pub no_affiliations: bool,
    /// `--read-only`
    pub read_only: bool,
    /// `--no-send`
    pub no_send: bool,
}

impl GlobalOptions {
    /// See [`SessionContext::is_restricted`](super::context::SessionContext::is_restricted).
    pub(super) fn is_restricted(&self) -> bool {
        self.scope().is_restricted()
    }

    /// Returns the scope of the session: the rooms that it can see, and the changes that it may make.
    pub(super) fn scope(&self) -> Scope {
        Scope {
            rooms: self.rooms.clone(),
            read_only: self.read_only,
            rights: Rights {
                only_hats: self.only_hats.clone(),
                no_affiliations: self.no_affiliations,
            },
        }
    }
}

impl Cli {
    /// Merges the options before and after the command. Later options never override earlier ones, so that someone who
    /// can only append to a command line cannot widen a restriction.
    ///
    /// Errors: `--file`, `--actor`, `--config` or `--log` given at two levels; a `--room` or `--only-hat` outside the
    /// rooms or hats of an earlier level; an invalid room address or hat ID; in a restricted session, `--log` or
    /// `--config` only after the command.
    pub fn global_options(&self) -> Result<GlobalOptions, Failure> {
        let mut options = GlobalOptions::default();
        let after = self.command.iter().flat_map(CliCommand::common_options);
        for common in std::iter::once(&self.common).chain(after) {
            set_once(&mut options.file, common.file.as_ref(), "--file")?;
            set_once(&mut options.actor, common.actor.as_ref(), "--actor")?;
            set_once(&mut options.config, common.config.as_ref(), "--config")?;
            set_once(&mut options.log, common.log.as_ref(), "--log")?;
            options.read_only |= common.read_only;
            options.no_send |= common.no_send;
            options.no_affiliations |= common.no_affiliations;
            narrow(&mut options.rooms, &common.rooms, "--room", |text| {
                Jid::parse_room_input(text).map_err(Failure::invalid_argument)
            })?;
            narrow(&mut options.only_hats, &common.only_hats, "--only-hat", |text| {
                HatId::parse_input(text).map_err(Failure::invalid_argument)
            })?;
        }
        // The person who restricts a session writes the options before the command; someone else may add options after the
        // command.
        let file_options = [
            ("--log", &options.log, &self.common.log),
            ("--config", &options.config, &self.common.config),
        ];
        for (name, merged, before_command) in file_options {
            if options.is_restricted() && merged.is_some() && before_command.is_none() {
                return Err(Failure::not_allowed(format!(
                    "in a restricted session, {name} must come before the command"
                )));
            }
        }
        Ok(options)
    }
}

/// Sets `allowed` to the parsed values of the option `name`, if the option is given at this level.
///
/// Errors: an invalid value, or a value outside the set that `allowed` has from an earlier level.
fn narrow<T: Ord + Display>(
    allowed: &mut Option<BTreeSet<T>>,
    texts: &[String],
    name: &str,
    parse: impl Fn(&str) -> Result<T, Failure>,
) -> Result<(), Failure> {
    if texts.is_empty() {
        return Ok(());
    }
    let mut narrower = BTreeSet::new();
    for text in texts {
        let value = parse(text)?;
        if allowed.as_ref().is_some_and(|allowed| !allowed.contains(&value)) {
            return Err(Failure::usage(format!(
                "{name} {value} is outside this restricted session"
            )));
        }
        narrower.insert(value);
    }
    *allowed = Some(narrower);
    Ok(())
}

/// Sets an option that may be given at one level only; does nothing if `value` is `None`. `name` is the option's name.
///
/// Errors: the option is also given at an earlier level.
fn set_once<T: Clone>(slot: &mut Option<T>, value: Option<&T>, name: &str) -> Result<(), Failure> {
    match (&slot, value) {
        (Some(_), Some(_)) => Err(Failure::usage(format!("{name} given twice"))),
        (None, Some(value)) => {
            *slot = Some(value.clone());
            Ok(())
        }
        (_, None) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use clap::{CommandFactory, Parser};

    use super::*;

    fn global_options(line: &str) -> Result<GlobalOptions, String> {
        let cli = Cli::try_parse_from(line.split(' ')).map_err(|error| error.to_string())?;
        cli.global_options().map_err(|failure| failure.to_string())
    }

    #[test]
    fn clap_definition_is_valid() {
        Cli::command().debug_assert();
    }

    #[test]
    fn accepts_options_before_and_after_command() {
        let expected = GlobalOptions {
            file: Some("f".into()),
            actor: Some("alice".into()),
            config: None,
            log: None,
            rooms: Some([Jid::parse("a@b.c").unwrap()].into()),
            only_hats: None,
            no_affiliations: false,
            read_only: true,
            no_send: false,
        };
        for line in [
            "hatrack --file f --actor alice --room a@b.c --read-only show",
            "hatrack show --file f --actor alice --room a@b.c --read-only",
            "hatrack --file f room --actor alice add a@b.c --room A@b.c --read-only",
            "hatrack --room a@b.c --room d@b.c --file f show --actor alice --room a@b.c --read-only",
        ] {
            assert_eq!(global_options(line).as_ref(), Ok(&expected), "{line}");
        }
        for line in ["hatrack --config c show", "hatrack show --config c"] {
            let options = global_options(line).unwrap();
            assert_eq!(options.config, Some("c".into()), "{line}");
        }
    }

    #[test]
    fn restricted_session_rejects_log_and_config_after_command() {
        for (restriction, option) in ["--read-only", "--room a@b.c"]
            .into_iter()
            .flat_map(|restriction| [(restriction, "--log"), (restriction, "--config")])
        {
            assert!(global_options(&format!("hatrack {restriction} {option} f show")).is_ok());
            assert!(global_options(&format!("hatrack {restriction} {option} f")).is_ok());
            for line in [
                format!("hatrack {restriction} show {option} f"),
                format!("hatrack show {restriction} {option} f"),
            ] {
                let message = global_options(&line).unwrap_err();
                assert!(
                    message.contains(&format!("{option} must come before the command")),
                    "{line}: {message}"
                );
            }
            let message =
                global_options(&format!("hatrack {option} f {restriction} show {option} g")).unwrap_err();
            assert!(message.contains(&format!("{option} given twice")), "{message}");
        }
    }

    #[test]
    fn later_options_cannot_widen_earlier_ones() {
        for (line, error) in [
            (
                "hatrack --room a@b.c show --room d@b.c",
                "is outside this restricted session",
            ),
            (
                "hatrack --room a@b.c room --room a@b.c add --room d@b.c d@b.c",
                "is outside this restricted session",
            ),
            ("hatrack --file f show --file g", "--file given twice"),
            ("hatrack --actor a show --actor b", "--actor given twice"),
            ("hatrack --room nonsense@ show", "\"nonsense@\" is not an address"),
        ] {
            let message = global_options(line).unwrap_err();
            assert!(message.contains(error), "{line}: {message}");
        }
    }
}
