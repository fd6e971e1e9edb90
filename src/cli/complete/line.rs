//! A command line that is not finished: which command it is, what was said already, what comes next.

use std::collections::{BTreeMap, BTreeSet};

use clap::{Arg, Command, CommandFactory};

use super::Candidate;
use crate::cli::args::Cli;
use crate::model::Jid;

/// What was typed so far.
pub(super) struct PartialCommand {
    /// What of the current word stands before the cursor.
    pub(super) current: String,
    /// What could stand there.
    pub(super) wanted: Vec<ExpectedValue>,
    /// Whether `--` was there: from then on nothing is an option.
    pub(super) no_options: bool,
    /// `--file`
    pub(super) file: Option<String>,
    /// `--room`
    pub(super) limits: BTreeSet<Jid>,
}

/// What could stand somewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum ExpectedValue {
    /// The name of a file: the shell knows better.
    Files,
    /// A room.
    Rooms,
    /// A user of a room, or of any.
    Users(Option<Jid>),
    /// A hat that is known in a room, or in any; or one that a user has.
    Hats(Option<Jid>, Option<Jid>),
    /// The name of a set of hats.
    Sets,
    /// The number of a change.
    Revisions,
    /// One of these.
    These(Vec<Candidate>),
}

impl PartialCommand {
    /// Goes through the words after the command's own name, as clap would.
    pub(super) fn of(words: &[String], current: &str) -> Self {
        let mut whole = Cli::command();
        whole.build();
        let mut seen = ParsedWords {
            command: &whole,
            waiting: None,
            positionals: 0,
            no_options: false,
            said: BTreeMap::new(),
        };
        for word in words {
            seen.word(word);
        }
        let wanted = seen.wanted(current);
        let rooms = seen.said.get("rooms").into_iter().flatten();
        Self {
            current: current.into(),
            wanted,
            no_options: seen.no_options,
            file: seen.last("file"),
            limits: rooms.filter_map(|room| Jid::parse_input(room).ok()).collect(),
        }
    }
}

/// What the words so far mean.
struct ParsedWords<'a> {
    command: &'a Command,
    /// An option whose value comes next.
    waiting: Option<&'a Arg>,
    positionals: usize,
    /// `--` was there.
    no_options: bool,
    /// Values by the argument's id.
    said: BTreeMap<String, Vec<String>>,
}

impl<'a> ParsedWords<'a> {
    fn word(&mut self, word: &str) {
        if let Some(arg) = self.waiting.take() {
            self.say(arg, word);
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
                Some(value) => self.say(arg, value),
                None if arg.get_action().takes_values() => self.waiting = Some(arg),
                None => {}
            }
        } else if let Some(command) = self.subcommand(word) {
            self.command = command;
        } else {
            if let Some(arg) = self.positional() {
                self.say(arg, word);
            }
            self.positionals += 1;
        }
    }

    fn say(&mut self, arg: &Arg, value: &str) {
        let id = arg.get_id().as_str().to_owned();
        self.said.entry(id).or_default().push(value.into());
    }

    fn last(&self, id: &str) -> Option<String> {
        self.said.get(id)?.last().cloned()
    }

    fn option(&self, name: &str) -> Option<&'a Arg> {
        let mut all = self.command.get_arguments();
        all.find(|arg| arg.get_long() == Some(name))
    }

    fn subcommand(&self, word: &str) -> Option<&'a Command> {
        let first = self.positionals == 0 && !self.no_options;
        self.command.find_subcommand(word).filter(|_| first)
    }

    /// The argument that a word without a dash is for; the last one may take many.
    fn positional(&self) -> Option<&'a Arg> {
        let mut all = self.command.get_positionals().skip(self.positionals);
        let many = |arg: &&Arg| arg.get_num_args().is_some_and(|number| number.max_values() > 1);
        all.next()
            .or_else(|| self.command.get_positionals().last().filter(many))
    }

    fn wanted(&self, current: &str) -> Vec<ExpectedValue> {
        if let Some(arg) = self.waiting {
            return self.for_argument(arg).into_iter().collect();
        }
        if !self.no_options && current.starts_with('-') {
            let shown = self.command.get_arguments().filter(|arg| !arg.is_hide_set());
            let options =
                shown.filter_map(|arg| Some((format!("--{}", arg.get_long()?), help(arg.get_help()))));
            return vec![ExpectedValue::These(options.collect())];
        }
        let mut wanted = Vec::new();
        if self.positionals == 0 && !self.no_options {
            let shown = self
                .command
                .get_subcommands()
                .filter(|command| !command.is_hide_set());
            let commands = shown.map(|command| (command.get_name().to_owned(), help(command.get_about())));
            wanted.push(ExpectedValue::These(commands.collect()));
        }
        wanted.extend(self.positional().and_then(|arg| self.for_argument(arg)));
        wanted
    }

    fn for_argument(&self, arg: &Arg) -> Option<ExpectedValue> {
        let values = arg.get_possible_values();
        if !values.is_empty() {
            let of =
                |value: &clap::builder::PossibleValue| (value.get_name().to_owned(), help(value.get_help()));
            return Some(ExpectedValue::These(values.iter().map(of).collect()));
        }
        let jid = |id: &str| Jid::parse_input(&self.last(id)?).ok();
        let room = || jid("room").or_else(|| jid("into"));
        // A new room has no address that is there already.
        let is_new = self.command.get_name() == "add" && self.command.get_positionals().count() == 1;
        match arg.get_id().as_str() {
            "room" if is_new => None,
            "room" | "rooms" | "into" => Some(ExpectedValue::Rooms),
            "user" | "users" => Some(ExpectedValue::Users(room())),
            // What is taken, or looked for, is one that is there; what is given may be any that is known.
            "hat" if self.command.get_name() == "add" => Some(ExpectedValue::Hats(room(), None)),
            "hat" => Some(ExpectedValue::Hats(room(), jid("user"))),
            "name" if arg.is_positional() && self.is_about_sets() => Some(ExpectedValue::Sets),
            "revision" => Some(ExpectedValue::Revisions),
            "file" | "log" | "output" | "from" | "other" => Some(ExpectedValue::Files),
            _ => None,
        }
    }

    /// `sets save`, `put`, `rename` and `remove`: their names are no other command's with a name to be typed.
    fn is_about_sets(&self) -> bool {
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

    fn wanted(line: &str) -> Vec<ExpectedValue> {
        let mut words: Vec<String> = line.split(' ').map(Into::into).collect();
        let current = words.pop().unwrap();
        PartialCommand::of(&words, &current).wanted
    }

    fn names(line: &str) -> Vec<String> {
        let of = |wanted: ExpectedValue| match wanted {
            ExpectedValue::These(all) => all.into_iter().map(|(name, _)| name).collect(),
            _ => Vec::new(),
        };
        wanted(line).into_iter().flat_map(of).collect()
    }

    #[test]
    fn what_comes_next_follows_from_the_definition() {
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
            ("room rename a@b.c ", vec![]),
            ("sets put ", vec![ExpectedValue::Sets]),
            (
                "sets put x a@b.c one ",
                vec![ExpectedValue::Users(Some(room.clone()))],
            ),
        ] {
            let found: Vec<ExpectedValue> = wanted(line)
                .into_iter()
                .filter(|wanted| *wanted != ExpectedValue::These(Vec::new()))
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
        let line = PartialCommand::of(
            &[
                "--room".into(),
                "a@b.c".into(),
                "show".into(),
                "--file".into(),
                "f".into(),
            ],
            "",
        );
        assert_eq!((line.file.as_deref(), line.limits.len()), (Some("f"), 1));
    }
}
