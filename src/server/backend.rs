//! What is common to all kinds of servers.

use std::ops::ControlFlow;
use std::sync::Arc;

use super::error::Error;
use crate::model::Jid;
use crate::sync::{ItemChange, ItemOutcome, RemoteRoomInfo, RoomRead, Secret, ServerClass, ServerReport};

/// Asks somebody for the password of an account, and waits for it; `None`: nobody gives one.
pub type AskPassword = Box<dyn FnMut(&Jid) -> Option<Secret> + Send>;

/// A connection to a live server. It is made when it is needed first, and made anew after it was lost.
///
/// Following (what others change on the server, told as it happens) is to be a method of this trait, too: it waits for
/// changes for a given time at most, and tells of them as [`ReadEvent`]s.
pub trait Backend: Send {
    /// Connects where that is not done yet, and says what the server can hold.
    fn connect(&mut self) -> Result<ServerClass, Error>;

    /// Ends the connection in good order, without waiting long. The next call connects again.
    fn disconnect(&mut self);

    /// Connects and looks at all that matters: version, rights, rooms, and what is missing.
    fn check(&mut self) -> Result<ServerReport, Error>;

    /// The rooms of the server, as far as it tells and the configuration allows.
    fn list_rooms(&mut self) -> Result<RoomList, Error>;

    /// Reads rooms, and tells of each: parts of it that have come, and then what came of it. A room that cannot be read
    /// is reported as such and does not end the call; an error does, and says nothing about rooms not yet reported.
    fn read_rooms(&mut self, rooms: &[Jid], tell: Tell<'_, ReadEvent>) -> Result<(), Error>;

    /// Makes changes, each only where the server has what is expected, or what is wanted already, and tells what came of
    /// them as it becomes known. Changes of one user are made in their order, and the room is notified of them once where the
    /// server allows it; others may be made in another order.
    ///
    /// Where an answer is lost the changes that were asked for are told as [`ItemOutcome::Unknown`], and the call ends
    /// with the error; those that are not told were not asked for.
    fn apply(&mut self, work: &[RoomChanges], tell: Tell<'_, Applied>) -> Result<(), Error>;
}

/// The callback for results; `Break` ends the call with [`Error::Stopped`] as soon as nothing is left unanswered.
pub type Tell<'a, T> = &'a mut dyn FnMut(T) -> ControlFlow<()>;

/// What a server told of its rooms.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RoomList {
    /// The rooms, by their addresses in order.
    pub rooms: Vec<RemoteRoomInfo>,
    /// Whether these are all that the configuration allows, hidden ones included.
    pub complete: bool,
    /// How many were skipped since this program cannot read their addresses.
    pub unreadable: usize,
}

/// What is reported while rooms are read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReadEvent {
    /// Some of a room has come.
    Progress {
        /// The room.
        room: Jid,
        /// How many users were read until now.
        users: usize,
        /// How many there are, where the server says it.
        total: Option<usize>,
    },
    /// A room was read, or cannot be.
    Room {
        /// The room.
        room: Jid,
        /// What came of it.
        read: RoomRead,
    },
}

/// Changes of one room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoomChanges {
    /// The room.
    pub room: Jid,
    /// Who makes them, for the server's log where it has one.
    pub actor: Arc<str>,
    /// The changes, in the order in which they are to be made.
    pub changes: Vec<ItemChange>,
}

/// What came of some changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Applied {
    /// Which element of the work they belong to.
    pub work: usize,
    /// Which changes of it, and what came of each.
    pub outcomes: Vec<(usize, ItemOutcome)>,
    /// The server has them, but could not store them; what it says, for people. They are lost when it restarts.
    pub unsaved: Option<String>,
}
