//! The interface of all kinds of servers.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Instant;

use jiff::Timestamp;

use super::error::Error;
use crate::model::Jid;
use crate::sync::{
    ItemChange, ItemOutcome, Occupant, RemoteRoomInfo, RemoteUser, RoomRead, Secret, ServerClass,
    ServerReport,
};

/// Asks for the password of an account and waits; `None` if it is not given.
pub type AskPassword = Box<dyn FnMut(&Jid) -> Option<Secret> + Send>;

/// A connection to a live server. It connects when first needed, and again after it was lost.
///
/// A call uses one connection from its beginning to its end. Only [`Backend::connect`] and [`Backend::check`] replace one
/// that was lost; each other call fails once when it finds it lost. So the caller always knows whether
/// two answers came on the same connection, which distinguishes a change by someone from a loss by the server.
pub trait Backend: Send {
    /// Connects if necessary, and returns the server's class.
    ///
    /// Errors: [`Error::NoHats`] if the server is connected but does not show its class. Its rooms can be read even so,
    /// which shows why.
    fn connect(&mut self) -> Result<ServerClass, Error>;

    /// How many connections were made so far. While it stays the same, so does the connection.
    fn generation(&self) -> u64;

    /// A time since which the server has run without a break, if it says so on this connection. What it acknowledged since
    /// then it cannot have lost, on whatever connection.
    fn running_since(&self) -> Option<Timestamp> {
        None
    }

    /// Closes the connection cleanly, without waiting long. The next call connects again.
    fn disconnect(&mut self);

    /// Connects and checks version, permissions, rooms, and what is missing.
    fn check(&mut self) -> Result<ServerReport, Error>;

    /// The rooms of the server, as far as it lists them and the configuration allows.
    fn list_rooms(&mut self) -> Result<RoomList, Error>;

    /// Reads rooms and reports for each its progress, then its outcome. A room that cannot be read is reported as such
    /// and does not end the call; an error does, and says nothing about rooms not yet reported.
    fn read_rooms(&mut self, rooms: &[Jid], on_result: ResultCallback<'_, ReadEvent>) -> Result<(), Error>;

    /// Applies changes, each only if the server has the expected or already the wanted value, and reports outcomes as
    /// they become known. Changes of one user are applied in order, with one notification of the room if the server
    /// supports that; others may be applied in any order.
    ///
    /// If an answer is lost, the sent changes are reported as [`ItemOutcome::Unknown`], and the call ends with the
    /// error; changes that are not reported were not sent.
    fn apply(&mut self, work: &[RoomChanges], on_result: ResultCallback<'_, Applied>) -> Result<(), Error>;

    /// Watches exactly these rooms for changes of others, the selected one most often, and if `occupants` is true for who is
    /// in them; the selected one only for the latter if it is not among them. Watching begins again with each connection, so
    /// the caller reads the rooms after [`Backend::generation`] changed. Sends nothing.
    fn watch(&mut self, _rooms: &[Jid], _selected: Option<&Jid>, _occupants: bool) {}

    /// When [`Backend::look`] is to be called next; `None` if nothing is watched.
    fn next_look(&self) -> Option<Instant> {
        None
    }

    /// Asks the server for changes in the watched rooms since they were last read or looked at: a few short requests, so
    /// that the caller can do something else soon. A change may be reported although it is known, never the other way.
    fn look(&mut self, _on_result: ResultCallback<'_, WatchEvent>) -> Result<(), Error> {
        Ok(())
    }
}

/// The callback for results. `Break` ends the call with [`Error::Stopped`] once nothing is left unanswered.
pub type ResultCallback<'a, T> = &'a mut dyn FnMut(T) -> ControlFlow<()>;

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
        /// Total number of users, if the server reports it.
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

/// A change in a watched room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WatchEvent {
    /// Users as they are now, and nothing else changed.
    Users {
        /// The room.
        room: Jid,
        /// The users; `None` for one without affiliation and hats.
        users: Vec<(Jid, Option<RemoteUser>)>,
        /// Who changed all of them, if the server reports it.
        by: Option<Arc<str>>,
    },
    /// Anything may have changed: the room has to be read.
    Room {
        /// The room.
        room: Jid,
    },
    /// Who is in the room.
    Occupants {
        /// The room.
        room: Jid,
        /// What changed; `None`: it is not known, or no longer.
        seen: Option<SeenOccupants>,
    },
}

/// What changed among the occupants of a room.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SeenOccupants {
    /// What was reported before no longer counts.
    pub is_new: bool,
    /// Nothing more follows now.
    pub is_complete: bool,
    /// Those who changed; `None` for one who has no nickname in the room any longer.
    pub users: Vec<(Jid, Option<Occupant>)>,
}

/// Changes of one room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoomChanges {
    /// The room.
    pub room: Jid,
    /// The [`RemoteRoom::created`](crate::sync::RemoteRoom::created) of the room that the changes are for. Where the server
    /// has another room, nothing is changed, and the outcomes are [`ItemOutcome::Unknown`], so that the room is read.
    pub created: Option<Box<str>>,
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
