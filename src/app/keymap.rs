//! Key bindings: the defaults of the command table, overridden by the configuration.

use std::collections::BTreeMap;

use super::command::{COMMANDS, Command, CommandId};
use super::place::Place;
use super::{Key, KeyCode, text};

/// The key bindings.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Keymap {
    /// Keys that replace the defaults.
    overrides: BTreeMap<CommandId, Vec<Key>>,
    /// Keys added with low priority, like [`Command::fallback`].
    fallback: BTreeMap<CommandId, Vec<Key>>,
}

/// A binding that is not possible.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeymapError {
    /// The command.
    pub id: CommandId,
    /// The reason, as a clause.
    pub text: String,
}

impl Keymap {
    /// Creates a keymap in which `bindings` replace the default keys of their commands.
    ///
    /// Errors, all at once: a key that types or edits text in a place with text; a key for two commands that apply at
    /// the same time; no key for a command that must have one.
    pub fn new(
        bindings: impl IntoIterator<Item = (&'static Command, Vec<Key>)>,
    ) -> Result<Self, Vec<KeymapError>> {
        let mut keymap = Self::default();
        let mut problems = Vec::new();
        for (command, keys) in bindings {
            problems.extend(check_keys(command, &keys).err());
            // Invalid keys, too, replace the default keys: other commands may use these.
            keymap.overrides.insert(command.id, keys);
        }
        for clash in keymap.clashes() {
            if !problems.contains(&clash) {
                problems.push(clash);
            }
        }
        if problems.is_empty() {
            Ok(keymap)
        } else {
            Err(problems)
        }
    }

    /// The keys of a command, without those of low priority; may be empty.
    pub fn keys<'a>(&'a self, command: &'a Command) -> &'a [Key] {
        self.overrides
            .get(&command.id)
            .map_or(command.keys, Vec::as_slice)
    }

    /// Adds keys that run a command unless a more specific place binds them.
    pub fn add_fallback(&mut self, command: &Command, keys: impl IntoIterator<Item = Key>) {
        self.fallback.entry(command.id).or_default().extend(keys);
    }

    /// Whether a key runs a command, unless a more specific place binds the key.
    pub(super) fn matches(&self, command: &Command, key: Key) -> bool {
        let added = self.fallback.get(&command.id);
        self.keys(command).contains(&key)
            || command.fallback.contains(&key)
            || added.is_some_and(|added| added.contains(&key))
    }

    /// The command that a key runs where the commands of these places apply; the most specific place comes first.
    /// `None` if the key runs no command, or if it types or edits text.
    pub(super) fn command(&self, places: &[Place], key: Key) -> Option<&'static Command> {
        let is_typing = places.first().is_some_and(|place| place.has_text());
        if is_typing && text::is_text_key(key) {
            return None;
        }
        let bound_command = |place: &Place| {
            COMMANDS
                .iter()
                .find(|command| command.place == *place && self.matches(command, key))
        };
        places.iter().find_map(bound_command)
    }

    /// The main key of a command; `None` if the command has no key.
    pub fn primary(&self, command: &Command) -> Option<Key> {
        self.keys(command).first().copied()
    }

    /// The names of all keys of a command, such as `↑, k`.
    pub fn names(&self, command: &Command) -> String {
        key_names(self.all_keys(command))
    }

    /// The names of the keys that run a command where the commands of these places apply. Keys that run another command
    /// there are left out.
    pub(super) fn names_at(&self, command: &Command, places: &[Place]) -> String {
        let runs = |key: &&Key| {
            self.command(places, **key)
                .is_some_and(|found| found.id == command.id)
        };
        key_names(self.all_keys(command).filter(runs))
    }

    fn all_keys<'a>(&'a self, command: &'a Command) -> impl Iterator<Item = &'a Key> {
        let keys = self.keys(command).iter().chain(command.fallback);
        keys.chain(self.fallback.get(&command.id).into_iter().flatten())
    }

    /// The name of a command's main key for use in a sentence, such as `u`; the quoted title if the command has no key.
    pub fn name(&self, id: CommandId) -> String {
        let Some(command) = id.command() else {
            return id.to_string();
        };
        self.primary(command)
            .map_or_else(|| format!("\"{}\"", command.title), Key::spelled_name)
    }

    /// Like [`Keymap::name`], but names an arrow key of the command if it has one.
    pub(super) fn arrow_name(&self, id: CommandId) -> String {
        let is_arrow = |key: &&Key| {
            matches!(
                key.code,
                KeyCode::Left | KeyCode::Right | KeyCode::Up | KeyCode::Down
            )
        };
        let keys = id.command().map_or(&[][..], |command| self.keys(command));
        let arrow = keys.iter().find(is_arrow);
        arrow.map_or_else(|| self.name(id), |key| key.spelled_name())
    }

    /// An error for each pair of commands that share a key and can apply at the same time. Pairs that share a key by
    /// default are allowed: the command of the more specific place wins.
    fn clashes(&self) -> Vec<KeymapError> {
        let mut clashes = Vec::new();
        for place in Place::ALL {
            let applies = |command: &&Command| place.stack().contains(&command.place);
            let commands: Vec<&Command> = COMMANDS.iter().filter(applies).collect();
            for (index, one) in commands.iter().enumerate() {
                for other in commands.iter().skip(index + 1) {
                    let shared = |key: &&Key| self.keys(other).contains(key);
                    let Some(key) = self.keys(one).iter().find(shared) else {
                        continue;
                    };
                    if !one.keys.iter().any(|key| other.keys.contains(key)) {
                        clashes.push(self.clash(*key, one, other));
                    }
                }
            }
        }
        clashes
    }

    /// The error for two commands that share a key; reports a command whose keys were configured.
    fn clash(&self, key: Key, one: &Command, other: &Command) -> KeymapError {
        let (reported, holder) = if self.overrides.contains_key(&one.id) {
            (one, other)
        } else {
            (other, one)
        };
        let already = if self.overrides.contains_key(&holder.id) {
            "also"
        } else {
            "already"
        };
        let (key, other) = (key.name(), holder.id);
        KeymapError {
            id: reported.id,
            text: format!("{key} is {already} bound to {other}; choose another key for one of them"),
        }
    }
}

fn key_names<'a>(keys: impl Iterator<Item = &'a Key>) -> String {
    keys.map(|key| key.name()).collect::<Vec<_>>().join(", ")
}

/// Fails if a command cannot have these keys, regardless of other commands.
fn check_keys(command: &Command, keys: &[Key]) -> Result<(), KeymapError> {
    let problem = |text: String| KeymapError { id: command.id, text };
    if keys.is_empty() && is_required(command) {
        return Err(problem(
            "cannot be unbound: this screen or question needs the command".into(),
        ));
    }
    // A command with a key that types or edits text by default, such as the help, can have other such keys: they work
    // where no text is typed.
    if !command.place.has_text() || command.keys.iter().any(|key| text::is_text_key(*key)) {
        return Ok(());
    }
    // The text field would receive such a key first.
    let text_key = keys.iter().find(|key| text::is_text_key(**key));
    match text_key {
        None => Ok(()),
        Some(key) => Err(problem(format!(
            "{} types or edits text here; choose another key, such as F2 or Ctrl-G",
            key.name()
        ))),
    }
}

/// Whether a command must have a key, so that every screen can be left and every question answered: quitting,
/// confirming, keeping theirs in a conflict, and any command that has the key Esc by default, apart from those of the
/// panes.
fn is_required(command: &Command) -> bool {
    let is_outside_panes = !matches!(
        command.place,
        Place::Rooms | Place::Users | Place::Hats | Place::Panes
    );
    matches!(
        command.id,
        CommandId::Quit | CommandId::Interrupt | CommandId::Yes | CommandId::KeepTheirs
    ) || (is_outside_panes && command.keys.contains(&Key::plain(KeyCode::Esc)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn binding(id: &str, keys: &str) -> (&'static Command, Vec<Key>) {
        let command = COMMANDS.iter().find(|command| command.id.name() == id).unwrap();
        let keys = keys.split_whitespace().map(|name| name.parse().unwrap());
        (command, keys.collect())
    }

    fn problem(all: &[(&str, &str)]) -> String {
        let all = all.iter().map(|(id, keys)| binding(id, keys));
        Keymap::new(all).map_or_else(
            |problems| {
                let describe = |problem: &KeymapError| format!("{}: {}", problem.id, problem.text);
                problems.iter().map(describe).collect::<Vec<_>>().join("; ")
            },
            |_| String::new(),
        )
    }

    #[test]
    fn default_keymap_is_valid() {
        let all = COMMANDS.iter().map(|command| (command, command.keys.to_vec()));
        let keymap = Keymap::new(all).unwrap();
        for command in COMMANDS {
            assert_eq!(keymap.keys(command), Keymap::default().keys(command));
        }
    }

    #[test]
    fn stack_begins_with_the_place_and_ends_with_everywhere() {
        for place in Place::ALL {
            let stack = place.stack();
            assert_eq!(
                (stack.first(), stack.last()),
                (Some(place), Some(&Place::Everywhere))
            );
        }
    }

    #[test]
    fn accepts_configured_keys() {
        let keymap = Keymap::new([
            binding("undo", "F9 Z"),
            binding("redo", ""),
            binding("down", "Down F7"),
        ])
        .unwrap();
        assert_eq!(keymap.name(CommandId::Undo), "F9");
        assert_eq!(keymap.name(CommandId::Redo), "\"Redo\"");
        assert_eq!(keymap.name(CommandId::Down), "Down");
        assert_eq!(keymap.names(binding("down", "").0), "↓, F7, Ctrl-N");
    }

    #[test]
    fn keys_can_be_swapped_but_not_shared() {
        assert_eq!(problem(&[("filter", "H"), ("history", "/")]), "");
        assert_eq!(
            problem(&[("filter", "H")]),
            "filter: H is already bound to history; choose another key for one of them"
        );
        // Commands of two places clash if both apply at the same time.
        let shared = |one, other| problem(&[(one, "F7"), (other, "F7")]).contains("F7 is also bound to");
        assert!(shared("toggle-active", "undo"));
        assert!(shared("save", "new-id"));
        assert!(shared("accept-found", "suspend"));
        assert!(!shared("toggle-active", "add-room"), "in different panes");
        assert!(
            !shared("accept-suggestion", "save"),
            "as in the table, the list of hats wins over the form"
        );
    }

    #[test]
    fn rejects_text_keys_in_text_places() {
        for (id, keys) in [
            ("save", "s"),
            ("apply-filter", "Left"),
            ("accept-found", "Alt-f"),
            ("new-id", "Ctrl-W"),
            ("suspend", "z"),
        ] {
            let error = problem(&[(id, keys)]);
            assert!(error.contains("types or edits text here"), "{id}: {error}");
        }
        assert_eq!(problem(&[("save", "F2"), ("next-value", "t")]), "");
    }

    #[test]
    fn required_commands_cannot_be_unbound() {
        for id in [
            "quit",
            "interrupt",
            "cancel-form",
            "no",
            "yes",
            "keep-theirs",
            "clear-filter",
        ] {
            assert!(problem(&[(id, "")]).contains("cannot be unbound"), "{id}");
        }
        assert_eq!(problem(&[("back", ""), ("help", ""), ("undo", "")]), "");
    }
}
