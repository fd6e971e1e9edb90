//! hatrack: see, give, change and take the hats of users in XMPP rooms.
//!
//! The parts are rooms of a house; each knows only the parts below it:
//!
//! | part | what it knows |
//! |---|---|
//! | [`cli`] | the command line; the commands that need no screen |
//! | [`term`] | the terminal session: input, signals, drawing loop; the only place that runs effects |
//! | [`ui`] | drawing: state in, frame out |
//! | [`app`] | what the moderator is doing: state, messages, commands, overlays |
//! | [`exchange`] | import and export: JSON and CSV, laid over what is there |
//! | [`store`] | where the wardrobe is kept: data file, history, lock |
//! | [`model`] | what hats are: rooms, users, attachments, the three operations, edits |
//!
//! Other programs mostly want [`model`] (pure, no I/O) and [`store`] (safe reading and writing of the data file).

pub mod app;
pub mod cli;
pub mod exchange;
pub mod model;
pub mod store;
pub mod term;
pub mod ui;
