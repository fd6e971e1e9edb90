//! An unfinished command line: its command, the arguments so far, and the values that may come next.

use std::collections::{BTreeMap, BTreeSet};

use clap::{Arg, Command, CommandFactory};

use super::Candidate;
use crate::cli::args::Cli;
use crate::model::Jid;

/// An unfinished command line.
pub(super) struct PartialCommand {
    /// The word at the cursor, up to the cursor.
    pub(super) current: String,
    /// The kinds of values that the word at the cursor may become.
    pub(super) expected: Vec<ExpectedValue>,
    /// Whether `--` was given, so that no options may follow.
    pub(super) no_options: bool,
    /// The last value of `--file`.
    pub(super) file: Option<String>,
    /// The last value of `--config`.
    pub(super) config: Option<String>,
    /// The values of `--room`.
    pub(super) rooms: BTreeSet<Jid>,
}

/// A kind of value of an argument.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum ExpectedValue {
    /// A file name, which the shell completes.
    Files,
    /// A room.
    Rooms,
    /// A user of this room; `None`: of any room.
    Users(Option<Jid>),
    /// A hat of this room (`None`: of any room), and of this user (`None`: any hat of the room).
    Hats(Option<Jid>, Option<Jid>),
    /// The name of a hat set.
    Sets,
    /// A revision number.
    Revisions,
    /// The name of a live server.
    Servers,
    /// One of these values.
    OneOf(Vec<Candidate>),
}

impl PartialCommand {
    /// Parses the words between the name of the program and the cursor like clap. `current` is the word at the cursor.
    pub(super) fn parse(words: &[String], current: &str) -> Self {
        let mut root = Cli::command();
        root.build();
        let mut parsed = ParsedWords {
            command: &root,
            pending_option: None,
            positionals: 0,
            no_options: false,
            values: BTreeMap::new(),
        };
        for word in words {
            parsed.consume(word);
        }
        let expected = parsed.expected(current);
        let rooms = parsed.values.get("rooms").into_iter().flatten();
        Self {
            current: current.into(),
            expected,
            no_options: parsed.no_options,
            file: parsed.last_value("file"),
            config: parsed.last_value("config"),
            rooms: rooms.filter_map(|room| Jid::parse_input(room).ok()).collect(),
        }
    }
}

/// The state of parsing the words.
struct ParsedWords<'a> {
    command: &'a Command,
    /// An option whose value is the next word.
    pending_option: Option<&'a Arg>,
    /// The number of positional arguments so far.
    positionals: usize,
    /// Whether `--` was given.
    no_options: bool,
    /// The values so far, by the ID of their argument.
    values: BTreeMap<String, Vec<String>>,
}

impl<'a> ParsedWords<'a> {
    fn consume(&mut self, word: &str) {
        if let Some(arg) = self.pending_option.take() {
            self.record_value(arg, word);
        } else if !self.no_options && word == "--" {
            self.no_options = true;
        } else if !self.no_options && word.starts_with('-') && word.len() > 1 {
            let (name, value) = match word.split_once('=') {
                Some((name, value)) => (name, Some(value)),
                None => (word, None),
            };
            let Some(arg) = self.option(name.trim_start_matches('-')) else {
                return;
            };
            match value {
                Some(value) => self.record_value(arg, value),
                None if arg.get_action().takes_values() => self.pending_option = Some(arg),
                None => {}
            }
        } else if let Some(command) = self.subcommand(word) {
            self.command = command;
        } else {
            if let Some(arg) = self.positional() {
                self.record_value(arg, word);
            }
            self.positionals += 1;
        }
    }

    fn record_value(&mut self, arg: &Arg, value: &str) {
        let id = arg.get_id().as_str().to_owned();
        self.values.entry(id).or_default().push(value.into());
    }

    fn last_value(&self, id: &str) -> Option<String> {
        self.values.get(id)?.last().cloned()
    }

    fn option(&self, name: &str) -> Option<&'a Arg> {
        let mut all = self.command.get_arguments();
        all.find(|arg| arg.get_long() == Some(name))
    }

    fn subcommand(&self, word: &str) -> Option<&'a Command> {
        let is_possible = self.positionals == 0 && !self.no_options;
        self.command.find_subcommand(word).filter(|_| is_possible)
    }

    /// The next positional argument, or the last one if it takes several values; `None` if there is neither.
    fn positional(&self) -> Option<&'a Arg> {
        let mut all = self.command.get_positionals().skip(self.positionals);
        let takes_several = |arg: &&Arg| arg.get_num_args().is_some_and(|number| number.max_values() > 1);
        all.next()
            .or_else(|| self.command.get_positionals().last().filter(takes_several))
    }

    fn expected(&self, current: &str) -> Vec<ExpectedValue> {
        if let Some(arg) = self.pending_option {
            return self.expected_for(arg).into_iter().collect();
        }
        if !self.no_options && current.starts_with('-') {
            let shown = self.command.get_arguments().filter(|arg| !arg.is_hide_set());
            let options =
                shown.filter_map(|arg| Some((format!("--{}", arg.get_long()?), help(arg.get_help()))));
            return vec![ExpectedValue::OneOf(options.collect())];
        }
        let mut expected = Vec::new();
        if self.positionals == 0 && !self.no_options {
            let shown = self
                .command
                .get_subcommands()
                .filter(|command| !command.is_hide_set());
            let commands = shown.map(|command| (command.get_name().to_owned(), help(command.get_about())));
            expected.push(ExpectedValue::OneOf(commands.collect()));
        }
        expected.extend(self.positional().and_then(|arg| self.expected_for(arg)));
        expected
    }

    fn expected_for(&self, arg: &Arg) -> Option<ExpectedValue> {
        let values = arg.get_possible_values();
        if !values.is_empty() {
            let candidate =
                |value: &clap::builder::PossibleValue| (value.get_name().to_owned(), help(value.get_help()));
            return Some(ExpectedValue::OneOf(values.iter().map(candidate).collect()));
        }
        let jid = |id: &str| Jid::parse_input(&self.last_value(id)?).ok();
        let room = || jid("room").or_else(|| jid("into"));
        // `room add` takes a new address, so existing ones are no candidates.
        let is_new = self.command.get_name() == "add" && self.command.get_positionals().count() == 1;
        match arg.get_id().as_str() {
            "room" if is_new => None,
            "room" | "rooms" | "only" | "into" => Some(ExpectedValue::Rooms),
            "user" | "users" => Some(ExpectedValue::Users(room())),
            // `add` takes any existing hat; other commands with a user take one of the user's hats.
            "hat" if self.command.get_name() == "add" => Some(ExpectedValue::Hats(room(), None)),
            "hat" => Some(ExpectedValue::Hats(room(), jid("user"))),
            "name" if arg.is_positional() && self.takes_set_name() => Some(ExpectedValue::Sets),
            "server" => Some(ExpectedValue::Servers),
            "revision" => Some(ExpectedValue::Revisions),
            "config" | "file" | "log" | "output" | "from" | "path" => Some(ExpectedValue::Files),
            _ => None,
        }
    }

    /// Whether the command is a subcommand of `sets`: only these have a name as their first positional argument.
    fn takes_set_name(&self) -> bool {
        let positionals: Vec<&str> = self
            .command
            .get_positionals()
            .map(|arg| arg.get_id().as_str())
            .collect();
        positionals.first() == Some(&"name")
    }
}

fn help(text: Option<&clap::builder::StyledStr>) -> String {
    text.map(ToString::to_string).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expected_values(line: &str) -> Vec<ExpectedValue> {
        let mut words: Vec<String> = line.split(' ').map(Into::into).collect();
        let current = words.pop().unwrap();
        PartialCommand::parse(&words, &current).expected
    }

    fn names(line: &str) -> Vec<String> {
        let names = |expected: ExpectedValue| match expected {
            ExpectedValue::OneOf(all) => all.into_iter().map(|(name, _)| name).collect(),
            _ => Vec::new(),
        };
        expected_values(line).into_iter().flat_map(names).collect()
    }

    #[test]
    fn expects_next_value_from_clap_definition() {
        let (room, user) = (Jid::parse("a@b.c").unwrap(), Jid::parse("d@e.f").unwrap());
        let hats =
            |room: &Jid, user: Option<&Jid>| vec![ExpectedValue::Hats(Some(room.clone()), user.cloned())];
        for (line, expected) in [
            ("show ", vec![ExpectedValue::Rooms]),
            ("show A@b.c ", vec![ExpectedValue::Users(Some(room.clone()))]),
            (
                "show --json A@b.c --read-only d",
                vec![ExpectedValue::Users(Some(room.clone()))],
            ),
            ("show a@b.c d@e.f ", vec![]),
            ("add a@b.c d@e.f ", hats(&room, None)),
            ("add a@b.c d@e.f urn:x:1 --title ", vec![]),
            ("remove a@b.c d@e.f ", hats(&room, Some(&user))),
            (
                "--file x remove --actor me a@b.c d@e.f ",
                hats(&room, Some(&user)),
            ),
            (
                "history --in a@b.c --user ",
                vec![ExpectedValue::Users(Some(room.clone()))],
            ),
            ("history --user ", vec![ExpectedValue::Users(None)]),
            ("history --in=a@b.c --user=d@e.f --hat ", hats(&room, Some(&user))),
            ("import --into ", vec![ExpectedValue::Rooms]),
            (
                "import --into a@b.c --user ",
                vec![ExpectedValue::Users(Some(room.clone()))],
            ),
            ("import ", vec![ExpectedValue::Files]),
            ("export --output ", vec![ExpectedValue::Files]),
            ("--room ", vec![ExpectedValue::Rooms]),
            ("--file ", vec![ExpectedValue::Files]),
            ("undo ", vec![ExpectedValue::Revisions]),
            ("room rename ", vec![ExpectedValue::Rooms]),
            ("room add ", vec![]),
            ("pull ", vec![ExpectedValue::Rooms]),
            ("plan a@b.c ", vec![ExpectedValue::Rooms]),
            ("room rename a@b.c ", vec![]),
            ("sets apply ", vec![ExpectedValue::Sets]),
            (
                "sets apply x a@b.c one ",
                vec![ExpectedValue::Users(Some(room.clone()))],
            ),
        ] {
            let found: Vec<ExpectedValue> = expected_values(line)
                .into_iter()
                .filter(|expected| *expected != ExpectedValue::OneOf(Vec::new()))
                .collect();
            assert_eq!(found, expected, "{line:?}");
        }
        assert_eq!(
            names("affiliate a@b.c d@e.f "),
            ["owner", "admin", "member", "outcast", "none"]
        );
        assert_eq!(names("room "), ["add", "rename", "remove"]);
        assert!(names("").contains(&"history".to_owned()) && !names("").contains(&"complete".to_owned()));
        assert!(names("show --").contains(&"--json".to_owned()));
        assert!(names("show -- --").is_empty());
        let line = PartialCommand::parse(
            &[
                "--room".into(),
                "a@b.c".into(),
                "show".into(),
                "--file".into(),
                "f".into(),
            ],
            "",
        );
        assert_eq!((line.file.as_deref(), line.rooms.len()), (Some("f"), 1));
    }
}
