//! hatrack: see, give, change and take the hats of users in XMPP rooms.
//!
//! The parts are rooms of a house; each knows only the parts below it:
//!
//! | part | what it knows |
//! |---|---|
//! | `cli` | the command line; the commands that need no screen |
//! | `term` | the terminal session: input, signals, drawing loop; the only place that runs effects |
//! | `ui` | drawing: state in, frame out |
//! | `app` | what the moderator is doing: state, messages, commands, overlays |
//! | `server` | live servers: reading rooms there, and changing them |
//! | [`exchange`] | import and export: JSON and CSV, laid over what is there |
//! | [`sync`] | what live servers hold, and what differs from it: plans, without any connection |
//! | [`store`] | where the wardrobe is kept: data file, history, lock |
//! | [`model`] | what hats are: rooms, users, attachments, the three operations, edits |
//!
//! Other programs mostly want [`model`] (pure, no I/O) and [`store`] (safe reading and writing of the data file). They
//! depend on the crate without its default features: then only `model`, `sync`, `exchange` and `store` are built, without
//! anything of a terminal. With the feature `tui`, which is on by default, the five parts above are there too.

#[cfg(feature = "tui")]
pub mod app;
#[cfg(feature = "tui")]
pub mod cli;
pub mod exchange;
pub mod model;
#[cfg(feature = "tui")]
pub mod server;
pub mod store;
pub mod sync;
#[cfg(feature = "tui")]
pub mod term;
#[cfg(feature = "tui")]
pub mod ui;
