//! What a row of the tables of places and commands says.

use super::{CommandId, Place};
use crate::app::Key;

/// Something that can be done.
#[derive(Debug)]
pub struct Command {
    /// Which command it is.
    pub id: CommandId,
    /// A word or two, for the footer.
    pub title: &'static str,
    /// What it does, in one line.
    pub help: &'static str,
    /// Other words by which it is found in the palette and the help.
    pub synonyms: &'static [&'static str],
    /// The keys that do it, unless others were given: see [`Keymap`](crate::app::Keymap).
    pub keys: &'static [Key],
    /// Keys that do it too, as long as nothing more particular has them.
    pub fallback: &'static [Key],
    /// Earlier names of this command, still read from the configuration.
    pub formerly: &'static [&'static str],
    /// Names of earlier commands, one for each list, that this command replaced. Keys configured for them are added to
    /// this command's keys.
    pub merged: &'static [&'static str],
    /// Where they do.
    pub place: Place,
    /// Whether the footer shows it.
    pub footer: bool,
}

/// What keys are for in a place.
#[expect(non_camel_case_types, reason = "words of the table")]
pub(in crate::app) enum Keys {
    /// Each can be a command.
    all,
    /// Those that type or edit a line are for the text.
    typed,
}

/// From rows such as `Filter "While a filter is typed" typed over [Lists];` the places, their titles, and which of the
/// commands there are meant at one time.
macro_rules! places {
    ($($place:ident $title:literal $keys:ident over [$($below:ident),*];)*) => {
        /// Where a command applies.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Place {
            $(#[doc = $title] $place,)*
        }

        impl Place {
            /// All of them, as the documentation lists them.
            pub const ALL: &[Self] = &[$(Self::$place),*];

            /// A heading for the commands of this place.
            pub fn title(self) -> &'static str {
                match self {
                    $(Self::$place => $title,)*
                }
            }

            /// Whether there can be text there that is being typed, so that keys which type or edit are no commands.
            pub(super) fn has_text(self) -> bool {
                match self {
                    $(Self::$place => matches!(Keys::$keys, Keys::typed),)*
                }
            }

            /// The places whose commands are meant by whoever is at this one, the most particular first.
            pub fn stack(self) -> &'static [Self] {
                match self {
                    $(Self::$place => &[Self::$place, $(Self::$below,)* Self::Everywhere],)*
                }
            }
        }
    };
}

/// From rows such as `Quit "quit" aka ["exit"] { place: …, title: …, keys: …, footer: …, help: … }` the ids, their names
/// and the table.
macro_rules! commands {
    ($($id:ident $name:literal $(aka [$($synonym:literal),*])? $(formerly [$($formerly:literal),*])? $(merged [$($merged:literal),*])? {
        place: $place:expr, title: $title:literal, keys: $keys:expr, $(fallback: $fallback:expr,)? footer: $footer:literal, help: $help:literal
    })*) => {
        /// A command by its name.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum CommandId {
            $(#[doc = $help] $id,)*
        }

        impl CommandId {
            /// The name in the configuration, such as `add-room`.
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$id => $name,)*
                }
            }
        }

        /// Every command. Of two with one key in one place the first would win; a test sees to it that there are none.
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
            },)*
        ];
    };
}
