//! The items of the palette, the help and Go to.

use std::sync::Arc;

use crate::model::{HatId, Jid, Room};

use super::Keymap;
use super::command::Command;
use super::place::Place;

/// A command and its current availability.
#[derive(Debug, Clone)]
pub struct OfferedCommand {
    /// The command.
    pub command: &'static Command,
    /// The error says why the command is disabled.
    pub enabled: Result<(), String>,
    /// The keys that run the command, as displayed.
    pub keys: String,
}

impl OfferedCommand {
    /// A command with the keys that run it where the commands of `places` apply.
    pub(super) fn new(
        keymap: &Keymap,
        places: &[Place],
        command: &'static Command,
        enabled: Result<(), String>,
    ) -> Self {
        let keys = keymap.names_at(command, places);
        Self {
            command,
            enabled,
            keys,
        }
    }
}

/// A note in the help that is not a command.
#[derive(Debug)]
pub struct HelpNote {
    /// The place under whose heading the help lists the note.
    pub place: Place,
    /// An example of a text to type.
    pub example: &'static str,
    /// The effect of typing the example.
    pub help: &'static str,
}

/// An item of the finder.
#[derive(Debug, Clone)]
pub enum FinderItem {
    /// A command.
    Command(OfferedCommand),
    /// A note.
    Note(&'static HelpNote),
    /// A hat, as the Hats view lists it.
    Hat {
        /// The ID.
        id: HatId,
        /// The title.
        title: Arc<str>,
        /// The title by which it was found, if that is not `title` but the title in some room.
        other_title: Option<Arc<str>>,
        /// Number of users who have it.
        users: usize,
        /// Number of rooms in which they have it.
        rooms: usize,
    },
    /// A room, a user in a room, or a hat of such a user.
    Destination {
        /// The room's address.
        room: Jid,
        /// The room.
        snapshot: Arc<Room>,
        /// The user; `None` for the room itself.
        user: Option<Jid>,
        /// The hat; `None` for a room or a user.
        hat: Option<HatId>,
        /// The nickname by which the user was found, if not by address.
        nickname: Option<Arc<str>>,
    },
}

impl FinderItem {
    /// Whether the item is anything but a disabled command.
    pub(super) fn is_usable(&self) -> bool {
        match self {
            Self::Command(offer) => offer.enabled.is_ok(),
            Self::Note(_) | Self::Hat { .. } | Self::Destination { .. } => true,
        }
    }

    /// Whether both are commands with the same description and a common key, or both without a key.
    pub(super) fn does_same(&self, other: &Self) -> bool {
        let (Self::Command(one), Self::Command(other)) = (self, other) else {
            return false;
        };
        let has_key = |key: &str| other.keys.split(", ").any(|other| other == key);
        one.command.help == other.command.help && one.keys.split(", ").any(has_key)
    }

    /// The place of a command or note; `None` for others.
    pub fn place(&self) -> Option<Place> {
        match self {
            Self::Command(offer) => Some(offer.command.place),
            Self::Note(note) => Some(note.place),
            Self::Hat { .. } | Self::Destination { .. } => None,
        }
    }
}
