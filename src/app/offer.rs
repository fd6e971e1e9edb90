//! What the palette, the help and the jump offer.

use std::sync::Arc;

use crate::model::{HatId, Jid, Room};

use super::Keymap;
use super::command::Command;
use super::place::Place;

/// A command, and why it cannot be done now.
#[derive(Debug, Clone)]
pub struct OfferedCommand {
    /// Which.
    pub command: &'static Command,
    /// Whether it can be done.
    pub enabled: Result<(), String>,
    /// Its keys, as they are listed.
    pub keys: String,
}

impl OfferedCommand {
    pub(super) fn new(keymap: &Keymap, command: &'static Command, enabled: Result<(), String>) -> Self {
        let keys = keymap.names(command);
        Self {
            command,
            enabled,
            keys,
        }
    }
}

/// Something to know that is no command.
#[derive(Debug)]
pub struct HelpNote {
    /// What is typed.
    pub example: &'static str,
    /// What it does.
    pub help: &'static str,
}

/// What can be found.
#[derive(Debug, Clone)]
pub enum FinderItem {
    /// A command.
    Command(OfferedCommand),
    /// Something to know.
    Note(&'static HelpNote),
    /// A room, a user in it, a hat of theirs: as far as there is one.
    Place {
        /// The room's address.
        room: Jid,
        /// The room.
        snapshot: Arc<Room>,
        /// The user.
        user: Option<Jid>,
        /// The hat.
        hat: Option<HatId>,
    },
}

impl FinderItem {
    /// Where the command works, or what is to be known counts.
    pub fn place(&self) -> Option<Place> {
        match self {
            Self::Command(offer) => Some(offer.command.place),
            Self::Note(_) => Some(Place::Filter),
            Self::Place { .. } => None,
        }
    }
}
