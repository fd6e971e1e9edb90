//! The options that may stand before or after the command, put together.

use std::collections::BTreeSet;
use std::path::PathBuf;

use super::args::{Cli, CliCommand};
use super::failure::Failure;
use crate::model::Jid;

/// The options before and after the command as one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct GlobalOptions {
    /// `--file`
    pub file: Option<PathBuf>,
    /// `--actor`
    pub actor: Option<String>,
    /// `--log`
    pub log: Option<PathBuf>,
    /// `--room`: what all places where it stands have in common.
    pub rooms: Option<BTreeSet<Jid>>,
    /// `--read-only`
    pub read_only: bool,
}

impl GlobalOptions {
    /// See [`Place::restricted`].
    pub(super) fn restricted(&self) -> bool {
        self.rooms.is_some() || self.read_only
    }
}

impl Cli {
    /// Puts the options before and after the command together. What stands before is never overruled, so that whoever
    /// can only add to the end of a command line gains nothing.
    ///
    /// Errors: one file or actor named twice, a `--room` after the command that none before it allows, a text that is
    /// no room's address.
    pub fn settle(&self) -> Result<GlobalOptions, Failure> {
        let mut settled = GlobalOptions::default();
        let after = self.command.iter().flat_map(CliCommand::commons);
        for common in std::iter::once(&self.common).chain(after) {
            once(&mut settled.file, common.file.as_ref(), "--file")?;
            once(&mut settled.actor, common.actor.as_ref(), "--actor")?;
            once(&mut settled.log, common.log.as_ref(), "--log")?;
            settled.read_only |= common.read_only;
            if common.rooms.is_empty() {
                continue;
            }
            let mut here = BTreeSet::new();
            for text in &common.rooms {
                let room = Jid::parse_room_input(text).map_err(Failure::argument)?;
                if settled.rooms.as_ref().is_some_and(|rooms| !rooms.contains(&room)) {
                    return Err(Failure::usage(format!(
                        "--room {room} after the command is not among the rooms that --room names before it"
                    )));
                }
                here.insert(room);
            }
            settled.rooms = Some(here);
        }
        if settled.restricted() && settled.log.is_some() && self.common.log.is_none() {
            return Err(Failure::not_allowed(
                "--log stands before the command in a session limited by --room or --read-only",
            ));
        }
        Ok(settled)
    }
}

fn once<T: Clone>(slot: &mut Option<T>, value: Option<&T>, name: &str) -> Result<(), Failure> {
    match (&slot, value) {
        (Some(_), Some(_)) => Err(Failure::usage(format!(
            "{name} stands before and after the command; give it once"
        ))),
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

    fn settle(line: &str) -> Result<GlobalOptions, String> {
        let cli = Cli::try_parse_from(line.split(' ')).map_err(|error| error.to_string())?;
        cli.settle().map_err(|failure| failure.to_string())
    }

    #[test]
    fn clap_has_nothing_against_the_definition() {
        Cli::command().debug_assert();
    }

    #[test]
    fn options_stand_before_or_after_the_command() {
        let expected = GlobalOptions {
            file: Some("f".into()),
            actor: Some("alice".into()),
            log: None,
            rooms: Some([Jid::parse("a@b.c").unwrap()].into()),
            read_only: true,
        };
        for line in [
            "hatrack --file f --actor alice --room a@b.c --read-only show",
            "hatrack show --file f --actor alice --room a@b.c --read-only",
            "hatrack --file f room --actor alice add a@b.c --room A@b.c --read-only",
            "hatrack --room a@b.c --room d@b.c --file f show --actor alice --room a@b.c --read-only",
        ] {
            assert_eq!(settle(line).as_ref(), Ok(&expected), "{line}");
        }
    }

    #[test]
    fn a_limited_session_names_its_log_before_the_command() {
        for limit in ["--read-only", "--room a@b.c"] {
            assert!(settle(&format!("hatrack {limit} --log f show")).is_ok());
            assert!(settle(&format!("hatrack {limit} --log f")).is_ok());
            for line in [
                format!("hatrack {limit} show --log f"),
                format!("hatrack show {limit} --log f"),
            ] {
                let answer = settle(&line).unwrap_err();
                assert!(
                    answer.contains("--log stands before the command"),
                    "{line}: {answer}"
                );
            }
            let answer = settle(&format!("hatrack --log f {limit} show --log g")).unwrap_err();
            assert!(answer.contains("--log stands before and after"), "{answer}");
        }
    }

    #[test]
    fn what_is_added_to_the_end_of_a_line_gains_nothing() {
        for (line, error) in [
            ("hatrack --room a@b.c show --room d@b.c", "is not among the rooms"),
            (
                "hatrack --room a@b.c room --room a@b.c add --room d@b.c d@b.c",
                "is not among the rooms",
            ),
            ("hatrack --file f show --file g", "--file stands before and after"),
            (
                "hatrack --actor a show --actor b",
                "--actor stands before and after",
            ),
            ("hatrack --room nonsense@ show", "jid-malformed: not an address"),
        ] {
            let answer = settle(line).unwrap_err();
            assert!(answer.contains(error), "{line}: {answer}");
        }
    }
}
