//! The terminal session: input, signals, drawing loop; the only place that runs effects.
//!
//! [`run`] is the whole of it. Three threads tell it what happens (input, signals, the keeper of the data file); it
//! lets [`crate::app::update`] decide, does what that asks for, and draws once for all that came in together.

mod answer;
mod burst;
mod clipboard;
mod decode;
mod effects;
mod event_loop;
mod files;
mod input;
mod keeping;
mod lines;
mod look;
mod mouse;
mod paint;
mod reader;
mod sequence;
mod session;
mod shown;
mod signals;
mod stopping;
mod strings;
mod threads;
mod told;
mod worker;

pub use decode::Decoder;
pub use event_loop::{Ended, Job, run};
pub use input::{Input, Mouse, MouseAction};
pub use lines::Lines;
pub use look::{Background, Colours, Look, Wanted};
pub use paint::Painter;
pub use session::{NoTerminal, Session, restore};
pub use signals::survive_size_limit;
pub use told::Source;
