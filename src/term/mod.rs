//! The terminal session: input, signals, drawing loop; the only place that performs the effects that `app` returns.
//!
//! [`run`] is the entry point. Threads send it events: input, signals, the answers of the workers for the data file and for
//! servers, and the results of tasks with other files. For each batch of events it calls [`crate::app::update`], performs
//! the effects, and draws once.

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
mod themes;
mod threads;
mod worker;

pub use decode::Decoder;
pub use event::WardrobeSource;
pub use event_loop::{SessionEnd, SessionParameters, run};
pub use input::{Input, Mouse, MouseAction};
pub use look::{Background, ColorMode, Look, LookOptions};
pub use paint::Painter;
pub use plain_output::PlainOutput;
pub(crate) use session::has_job_control;
pub use session::{NoTerminal, Session, restore};
pub use signals::catch_file_size_signal;
pub use themes::{ThemeFile, Themes};
