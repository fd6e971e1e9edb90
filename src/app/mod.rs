//! The application: state, messages, commands and overlays. It is pure: it uses no file, clock, thread or terminal.
//!
//! [`update`] takes a [`Msg`], changes the [`State`] and returns [`Effect`]s for the outside world. All commands with
//! their keys and help are in one table, [`command::COMMANDS`].

pub mod addresses;
mod affiliation_needed;
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
pub mod hat_color;
pub mod help;
pub mod history;
pub mod import_preview;
mod key;
mod keyboard;
pub mod keymap;
mod lookup;
mod matching;
pub mod moment;
mod msg;
pub mod offer;
pub mod path_completion;
pub mod place;
mod presence;
pub mod prompt;
mod question;
pub mod rollback;
mod selectors;
pub mod servers;
pub mod sets;
pub mod shell_command;
mod state;
mod subject;
pub mod suggest;
mod targets;
pub mod text;
pub mod themes;
mod undo_step;
pub mod until;
mod update;
pub mod view;
pub mod wrap;

pub use attachment_ref::{AttachmentRef, RoomUser};
pub use browser::{Sort, Tally, Totals};
pub use check::Resolved;
pub use key::{Key, KeyCode, spell_arrows};
pub use keymap::Keymap;
pub use lookup::{clearing_key, footer, lookup, places, working_key};
pub use msg::{DraftDelay, Effect, MouseTarget, Msg};
pub use place::{Grouping, Pane, RowKind};
pub use question::{Confirm, Conflict};
pub use selectors::ShownMarks;
pub use state::{Layer, MIN_SIZE, Notice, Phase, SaveState, SessionOptions, State};
pub use update::{enabled, update};

use question::{ConfirmedAction, ConflictSubject};
