//! The application: state, messages, commands and overlays. Pure: no file, clock, thread or terminal.
//!
//! [`update`] takes a [`Msg`], changes the [`State`] and returns [`Effect`]s for the outside world. All commands with
//! their keys and help are in one table, [`command::COMMANDS`].

pub mod addresses;
mod attachment_ref;
mod browser;
pub mod catalog;
mod check;
mod clipboard;
pub mod command;
mod conflict_text;
pub mod describe;
pub mod details;
pub mod draft;
mod dropped_path;
mod existing;
pub mod filter;
pub mod finder;
mod folding;
pub mod form;
pub mod help;
pub mod history;
mod key;
mod keyboard;
pub mod keymap;
mod lookup;
mod matching;
mod msg;
pub mod offer;
mod overlay;
pub mod place;
pub mod prompt;
mod selectors;
pub mod servers;
pub mod sets;
mod state;
mod subject;
pub mod suggest;
mod targets;
pub mod text;
mod update;
pub mod view;
pub mod wrap;

pub use attachment_ref::{AttachmentRef, RoomUser};
pub use browser::{Sort, Tally, Totals};
pub use check::Resolved;
pub use key::{Key, KeyCode, spell_arrows};
pub use keymap::Keymap;
pub use lookup::{footer, lookup, places};
pub use msg::{DraftDelay, Effect, Msg, Spot};
pub use overlay::{Confirm, Conflict};
pub use place::{Grouping, Pane, RowKind};
pub use state::{Layer, Notice, Phase, SaveState, Start, State};
pub use update::{enabled, update};

use overlay::{ConfirmedAction, ConflictSubject};
