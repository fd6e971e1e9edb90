//! The terminal session: input, signals, drawing loop, clipboard; the only place that runs effects.

pub mod clipboard;
mod decode;
mod input;
mod paint;
pub mod session;
mod signals;
pub mod who;

pub use decode::{Decoder, Input, Mouse, MouseAction};
pub use input::listen;
pub use paint::Painter;
pub use session::{NoTerminal, Session};
pub use signals::{Signal, Signals};
