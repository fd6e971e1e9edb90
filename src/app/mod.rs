//! What the moderator is doing: state, messages, commands, overlays. Pure: no file, clock, thread or terminal.
//!
//! [`update`] takes a [`Msg`], changes the [`State`] and says with [`Effect`]s what is to be done outside. The commands,
//! their keys and their help are one table, [`command::COMMANDS`].

pub mod addresses;
pub mod catalogue;
mod check;
pub mod command;
pub mod draft;
pub mod filter;
pub mod finder;
pub mod form;
pub mod help;
pub mod history;
mod key;
mod keyboard;
pub mod keymap;
mod matching;
mod msg;
mod overlay;
pub mod prompt;
mod rows;
mod seen;
pub mod sets;
mod sides;
mod state;
pub mod suggest;
mod table;
mod targets;
mod update;
pub mod view;
pub mod words;

pub use check::Chosen;
pub use key::{Code, Key, spelled};
pub use keymap::Keymap;
pub use msg::{Effect, Msg, Spot};
pub use overlay::{Confirm, Conflict, Overlay};
pub use rows::{Sort, Tally, Totals};
pub use state::{Notice, Pane, Phase, Saved, Start, State};
pub use targets::Held;
pub use update::update;

use overlay::{Act, Over};
