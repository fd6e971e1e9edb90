//! Live servers: reading what a room has there, and changing it, compared with what is expected.
//!
//! A [`Backend`] is a connection to one server. Its calls wait for the server, so it lives in a thread of its own, as the
//! store does; results are reported as they arrive, and the callback can stop the call. Each call takes many rooms, so that
//! a backend can ask for several at a time where the server gains by it.
//!
//! A [`ServerWorker`] joins the backends with the pure part, `sync`: it reads rooms and compares them, sends what is decided
//! to be sent, and keeps what both sides are known to have, for the commands as for the screen.
//!
//! All that a server says is bounded in size, number and time, and none of it is trusted.

mod backend;
mod engine;
mod error;
mod files;
mod make;
mod options;
pub mod prosody;
mod settings;
mod worker;

pub use backend::{Applied, AskPassword, Backend, ReadEvent, RoomChanges, RoomList, Tell};
pub use error::Error;
pub use make::backend;
pub use options::{MakeBackend, Notify, WorkerOptions};
pub use settings::{
    Account, CommandLine, PasswordSource, ProsodyAccess, ServerAccess, ServerSettings, TlsMode,
};
pub use worker::ServerWorker;
