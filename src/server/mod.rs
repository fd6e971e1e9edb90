//! Live servers: reads rooms and changes them by compare and set.
//!
//! A [`Backend`] is a connection to one server. Its calls block, so it runs in a thread of its own, like the store.
//! Results are reported as they arrive, and the callback can stop a call. One call can read or change many rooms, so that
//! a backend can pipeline requests.
//!
//! A [`ServerWorker`] connects the backends with the pure part, `sync`: it reads and compares rooms, sends changes, and
//! records the values that both sides have, for the commands and the screen.
//!
//! Everything from a server is untrusted and limited in size, number and time.

mod backend;
mod base_cache;
mod channel;
mod child;
mod engine;
mod error;
mod files;
mod listing;
mod make;
mod options;
mod outgoing;
pub mod prosody;
mod redact;
mod refused_login;
mod settings;
mod worker;
#[cfg(feature = "live")]
pub mod xmpp;

pub use backend::{
    Applied, AskPassword, Backend, OccupantChanges, ReadEvent, ResultCallback, RoomChanges, RoomList,
    WatchEvent,
};
pub use error::Error;
pub use make::create_backend;
pub use options::{MakeBackend, Notify, WorkerOptions};
pub use outgoing::Outgoing;
pub use redact::Redactor;
pub use settings::{
    Account, CommandLine, PasswordSource, ProsodyAccess, ServerAccess, ServerSettings, TlsMode,
};
pub use worker::ServerWorker;
