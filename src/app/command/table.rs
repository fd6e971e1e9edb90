//! The row types and macros behind the tables of places and commands.

use super::{COMMANDS, CommandId, Place};
use crate::app::Key;

/// A command.
#[derive(Debug)]
pub struct Command {
    /// The command's ID.
    pub id: CommandId,
    /// Label of its key in the footer, at most three words; usually a verb.
    pub title: &'static str,
    /// Description in one line.
    pub help: &'static str,
    /// Other words by which the palette and the help find the command.
    pub synonyms: &'static [&'static str],
    /// Default keys; the configuration can replace them, see [`Keymap`](crate::app::Keymap).
    pub keys: &'static [Key],
    /// Keys that also run the command, unless a more specific place binds them.
    pub fallback: &'static [Key],
    /// Former names of the command, still accepted in the configuration.
    pub formerly: &'static [&'static str],
    /// Former per-list commands that this one replaced. Keys configured for them are added to this command's keys.
    pub merged: &'static [&'static str],
    /// The place in which the command applies.
    pub place: Place,
    /// Whether the footer shows the command while no rows are marked.
    pub footer: bool,
    /// Whether the command acts on all marked rows of the pane, so that the footer shows it while rows are marked.
    pub marked: bool,
}

impl CommandId {
    /// The command with this ID.
    pub fn command(self) -> Option<&'static Command> {
        COMMANDS.iter().find(|command| command.id == self)
    }
}

impl std::fmt::Display for CommandId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

/// The treatment of keys in a place.
#[expect(non_camel_case_types, reason = "words of the table")]
pub(in crate::app) enum Keys {
    /// Every key can be a command.
    all,
    /// Keys that type or edit text go to the text field.
    typed,
}

/// Defines the places from rows such as `Filter "Filter" typed over [Lists];`: title, treatment of keys, and the other
/// places whose commands apply there.
macro_rules! places {
    ($($place:ident $title:literal $keys:ident over [$($below:ident),*];)*) => {
        /// A place in which commands apply.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Place {
            $(#[doc = $title] $place,)*
        }

        impl Place {
            /// All places, in the order of the documentation.
            pub const ALL: &[Self] = &[$(Self::$place),*];

            /// Heading for the commands of this place.
            pub fn title(self) -> &'static str {
                match self {
                    $(Self::$place => $title,)*
                }
            }

            /// Whether text can be typed in this place, so that keys that type or edit text are not commands.
            pub(in crate::app) fn has_text(self) -> bool {
                match self {
                    $(Self::$place => matches!(Keys::$keys, Keys::typed),)*
                }
            }

            /// The places whose commands apply here, the most specific first.
            pub fn stack(self) -> &'static [Self] {
                match self {
                    $(Self::$place => &[Self::$place, $(Self::$below,)* Self::Everywhere],)*
                }
            }
        }
    };
}

/// Defines the IDs, their names and the table from rows such as `Quit "quit" aka ["exit"] { place: …, title: …, keys:
/// …, footer: …, help: … }`.
macro_rules! commands {
    ($($id:ident $name:literal $(aka [$($synonym:literal),*])? $(formerly [$($formerly:literal),*])? $(merged [$($merged:literal),*])? {
        place: $place:expr, title: $title:literal, keys: $keys:expr, $(fallback: $fallback:expr,)? footer: $footer:literal, $(marked: $marked:literal,)? help: $help:literal
    })*) => {
        /// Identifies a command.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum CommandId {
            $(#[doc = $help] $id,)*
        }

        impl CommandId {
            /// Name in the configuration, such as `add-room`.
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$id => $name,)*
                }
            }
        }

        /// Every command. A test ensures that no two commands of one place share a key.
        pub static COMMANDS: &[Command] = &[
            $(Command {
                id: CommandId::$id,
                title: $title,
                help: $help,
                synonyms: &[$($($synonym),*)?],
                keys: $keys,
                fallback: &[$($fallback)?],
                formerly: &[$($($formerly),*)?],
                merged: &[$($($merged),*)?],
                place: $place,
                footer: $footer,
                marked: false $(|| $marked)?,
            },)*
        ];
    };
}
