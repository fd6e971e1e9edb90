//! What the moderator is doing: state, messages, commands, overlays. Pure: no file, clock, thread or terminal.

mod key;
pub mod words;

pub use key::{Code, Key};
