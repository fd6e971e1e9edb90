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
    /// Why it is disabled, if it is.
    pub enabled: Result<(), String>,
    /// The keys that run it, as displayed.
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
    /// Example of what to type.
    pub example: &'static str,
    /// What it does.
    pub help: &'static str,
}

/// An item of the finder.
#[derive(Debug, Clone)]
pub enum FinderItem {
    /// A command.
    Command(OfferedCommand),
    /// A note.
    Note(&'static HelpNote),
    /// A room, a user in it, or one of their hats.
    Place {
        /// The room's address.
        room: Jid,
        /// The room.
        snapshot: Arc<Room>,
        /// The user.
        user: Option<Jid>,
        /// The hat.
        hat: Option<HatId>,
        /// The nickname by which the user was found.
        nickname: Option<Arc<str>>,
    },
}

impl FinderItem {
    /// The place that the command or note belongs to.
    pub fn place(&self) -> Option<Place> {
        match self {
            Self::Command(offer) => Some(offer.command.place),
            Self::Note(_) => Some(Place::Filter),
            Self::Place { .. } => None,
        }
    }
}
