//! hatrack manages the hats of users in XMPP rooms.
//!
//! The crate has layers; each depends only on the layers below it:
//!
//! | layer | content |
//! |---|---|
//! | `cli` | the command line; the commands that run without the screen |
//! | `term` | the terminal session: input, signals, the drawing loop; carries out the effects that `app` returns |
//! | `ui` | drawing the state of `app`, in boxes or as plain text |
//! | `app` | the application: state, messages, commands, overlays |
//! | `server` | live servers: reads their rooms and changes them |
//! | [`exchange`] | import and export: JSON and CSV, merged into existing data |
//! | [`sync`] | synchronization with servers: what differs, and what to send and receive; opens no connections |
//! | [`store`] | persistence: data file, history, lock |
//! | [`model`] | the data model: rooms, users, hats; the operations that change them, and their edits |
//!
//! Other programs mostly use [`model`] (pure, no I/O) and [`store`] (safe reading and writing of the data file).
//! Without the default features of the crate, only `model`, `store`, `sync` and `exchange` are built, without terminal
//! code. The feature `tui`, which is on by default, adds the five layers above them; `live`, also on by default, adds
//! connections to servers with an XMPP account.

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
