//! The terminal session: input, signals, drawing loop; the only place that runs effects.
//!
//! [`run`] is the whole of it. Three threads tell it what happens (input, signals, the keeper of the data file); it
//! lets [`crate::app::update`] decide, does what that asks for, and draws once for all that came in together.

mod burst;
mod clipboard;
mod control_string;
mod decode;
mod draft_writer;
mod effects;
mod event;
mod event_loop;
mod files;
mod input;
mod look;
mod mouse;
mod paint;
mod plain_output;
mod reader;
mod sequence;
mod session;
mod signals;
mod surface;
mod suspend;
mod terminal_query;
mod threads;
mod worker;

pub use decode::Decoder;
pub use event::WardrobeSource;
pub use event_loop::{SessionEnd, SessionJob, run};
pub use input::{Input, Mouse, MouseAction};
pub use look::{Background, ColorMode, Look, LookOptions};
pub use paint::Painter;
pub use plain_output::PlainOutput;
pub use session::{NoTerminal, Session, restore};
pub use signals::catch_file_size_signal;
