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

/// A thread with a stack of its own size, whatever the variable `RUST_MIN_STACK` says. That it cannot be started is an
/// error of the system, and must be no panic.
fn thread(name: &str) -> std::thread::Builder {
    std::thread::Builder::new().name(name.into()).stack_size(2 << 20)
}
