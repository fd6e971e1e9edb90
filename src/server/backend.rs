//! The interface of all kinds of servers.

use std::ops::ControlFlow;
use std::sync::Arc;

use super::error::Error;
use crate::model::Jid;
use crate::sync::{ItemChange, ItemOutcome, RemoteRoomInfo, RoomRead, Secret, ServerClass, ServerReport};

/// Asks for the password of an account and waits; `None` if it is not given.
pub type AskPassword = Box<dyn FnMut(&Jid) -> Option<Secret> + Send>;

/// A connection to a live server. It connects when first needed, and again after it was lost.
///
/// A call uses one connection from its beginning to its end. Only [`Backend::connect`] and [`Backend::check`] replace one
/// that was lost; each other call fails once when it finds it lost. So whoever calls always knows whether
/// two answers came on the same connection, which tells a change of somebody from one that the server lost.
///
/// Following changes that others make on the server will be a method of this trait, too: it waits for changes for a
/// limited time and reports them as [`ReadEvent`]s.
pub trait Backend: Send {
    /// Connects if necessary, and returns the server's class.
    fn connect(&mut self) -> Result<ServerClass, Error>;

    /// How many connections were made so far. While it stays the same, so does the connection.
    fn generation(&self) -> u64;

    /// Closes the connection cleanly, without waiting long. The next call connects again.
    fn disconnect(&mut self);

    /// Connects and checks version, permissions, rooms, and what is missing.
    fn check(&mut self) -> Result<ServerReport, Error>;

    /// The rooms of the server, as far as it lists them and the configuration allows.
    fn list_rooms(&mut self) -> Result<RoomList, Error>;

    /// Reads rooms and reports for each its progress, then its outcome. A room that cannot be read is reported as such
    /// and does not end the call; an error does, and says nothing about rooms not yet reported.
    fn read_rooms(&mut self, rooms: &[Jid], tell: Tell<'_, ReadEvent>) -> Result<(), Error>;

    /// Applies changes, each only if the server has the expected or already the wanted value, and reports outcomes as
    /// they become known. Changes of one user are applied in order, with one notification of the room if the server
    /// supports that; others may be applied in any order.
    ///
    /// If an answer is lost, the sent changes are reported as [`ItemOutcome::Unknown`], and the call ends with the
    /// error; changes that are not reported were not sent.
    fn apply(&mut self, work: &[RoomChanges], tell: Tell<'_, Applied>) -> Result<(), Error>;
}

/// The callback for results. `Break` ends the call with [`Error::Stopped`] once nothing is left unanswered.
pub type Tell<'a, T> = &'a mut dyn FnMut(T) -> ControlFlow<()>;

/// The rooms that a server lists.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RoomList {
    /// The rooms, ordered by address.
    pub rooms: Vec<RemoteRoomInfo>,
    /// Whether these are all rooms that the configuration allows, including hidden ones.
    pub complete: bool,
    /// Number of rooms skipped because their addresses cannot be parsed.
    pub unreadable: usize,
}

/// An event while rooms are read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReadEvent {
    /// A part of a room was read.
    Progress {
        /// The room.
        room: Jid,
        /// Number of users read so far.
        users: usize,
        /// Total number of users, if the server tells.
        total: Option<usize>,
    },
    /// A room was read or cannot be read.
    Room {
        /// The room.
        room: Jid,
        /// The outcome.
        read: RoomRead,
    },
}

/// Changes of one room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoomChanges {
    /// The room.
    pub room: Jid,
    /// The actor, for the server's log if it has one.
    pub actor: Arc<str>,
    /// The changes, in order.
    pub changes: Vec<ItemChange>,
}

/// The outcomes of some changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Applied {
    /// Index of their element in the work.
    pub work: usize,
    /// Indices of its changes, and their outcomes.
    pub outcomes: Vec<(usize, ItemOutcome)>,
    /// The server has the changes but could not store them: its message, for display. They are lost when it restarts.
    pub unsaved: Option<String>,
}
