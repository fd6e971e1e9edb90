//! The interface that each kind of server implements.

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

/// Asks for the password of an account and waits for the answer. Returns `None` if nobody enters a password.
pub type AskPassword = Box<dyn FnMut(&Jid) -> Option<Secret> + Send>;

/// A connection to a live server. The first call that needs the connection opens it.
///
/// A call uses one connection from its beginning to its end. A call that finds the connection lost fails, and the next
/// call opens another one; only [`Backend::connect`] and [`Backend::check`] may replace the lost connection at once. So
/// the caller always knows whether two answers came on the same connection, which distinguishes a change by someone
/// from a loss by the server.
pub trait Backend: Send {
    /// Connects if necessary, and returns the server's class.
    ///
    /// Errors: [`Error::NoHats`] if the connection works, but the class of the server cannot be detected. Its rooms can
    /// be read nevertheless; the outcomes say why their hats cannot be read.
    fn connect(&mut self) -> Result<ServerClass, Error>;

    /// Number of connections made so far. While this number stays the same, the connection is the same.
    fn generation(&self) -> u64;

    /// A time since which the server has certainly run without a restart; `None` if the server did not tell on this
    /// connection. The server cannot have lost what it acknowledged after this time, no matter on which connection.
    fn running_since(&self) -> Option<Timestamp> {
        None
    }

    /// Closes the connection cleanly, without waiting long. The next call connects again.
    fn disconnect(&mut self);

    /// Connects and checks version, permissions, rooms, and what is missing.
    fn check(&mut self) -> Result<ServerReport, Error>;

    /// Lists the rooms that the server shows and the configuration allows. With an XMPP account, the rooms that the
    /// configuration names are always in the list.
    fn list_rooms(&mut self) -> Result<RoomList, Error>;

    /// Reads rooms. Reports for each room its progress, if the server reads in parts, and then its outcome. A room that
    /// cannot be read has an outcome that says so, and does not end the call. An error ends the call, and says nothing
    /// about rooms without a reported outcome.
    fn read_rooms(&mut self, rooms: &[Jid], on_result: ResultCallback<'_, ReadEvent>) -> Result<(), Error>;

    /// Applies changes, each only if the server has the expected or already the wanted value, and reports outcomes as
    /// they become known. Changes of one user in a room are applied in order, with one notification of the room if the
    /// server supports that; others may be applied in any order.
    ///
    /// If an answer is lost, the sent changes are reported as [`ItemOutcome::Unknown`], and the call ends with the
    /// error; changes without a reported outcome were not made.
    fn apply(&mut self, work: &[RoomChanges], on_result: ResultCallback<'_, Applied>) -> Result<(), Error>;

    /// Sets the rooms that are watched for changes by others, instead of those set before. Sends nothing.
    ///
    /// `selected` is the room on the screen, which is looked at most often if the server is asked room by room. If
    /// `occupants` is true and the server supports that, the occupants of these rooms are watched, too, and those of
    /// the selected room even if it is not among `rooms`.
    ///
    /// Watching starts again with each connection, so the caller reads the rooms again after [`Backend::generation`]
    /// changed.
    fn watch(&mut self, _rooms: &[Jid], _selected: Option<&Jid>, _occupants: bool) {}

    /// When [`Backend::look`] is to be called next; `None` if nothing is watched.
    fn next_look(&self) -> Option<Instant> {
        None
    }

    /// Asks the server for changes in the watched rooms since they were last read or looked at. Sends only a few short
    /// requests, so that the caller can soon do something else. A change that the caller already knows may be reported
    /// again, but no change is left out for good.
    fn look(&mut self, _on_result: ResultCallback<'_, WatchEvent>) -> Result<(), Error> {
        Ok(())
    }
}

/// The callback for results. `Break` ends the call with [`Error::Stopped`] once all sent requests are answered.
pub type ResultCallback<'a, T> = &'a mut dyn FnMut(T) -> ControlFlow<()>;

/// The rooms that a server lists.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RoomList {
    /// The rooms, ordered by address.
    pub rooms: Vec<RemoteRoomInfo>,
    /// Whether these are all rooms that the configuration allows, including hidden ones.
    pub complete: bool,
    /// Number of rooms that are skipped because of their addresses: invalid, spelled differently than in hatrack, or on
    /// another service.
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
    /// Users changed, and nothing else.
    Users {
        /// The room.
        room: Jid,
        /// The users as they are now; `None` for a user who now has neither affiliation nor hats.
        users: Vec<(Jid, Option<RemoteUser>)>,
        /// The actor who changed all of these users, if the server reports one.
        by: Option<Arc<str>>,
    },
    /// Anything may have changed: the room has to be read.
    Room {
        /// The room.
        room: Jid,
    },
    /// The occupants of a room, or the users with a reserved nickname, changed.
    Occupants {
        /// The room.
        room: Jid,
        /// What changed; `None`: it is not, or no longer, known who is in the room.
        seen: Option<SeenOccupants>,
    },
}

/// What changed among the occupants of a room.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SeenOccupants {
    /// Whether this replaces everything that was reported before about the room.
    pub is_new: bool,
    /// Whether the reports up to this one have all occupants.
    pub is_complete: bool,
    /// The users who changed; `None` for a user who now has no nickname in the room, neither in use nor reserved.
    pub users: Vec<(Jid, Option<Occupant>)>,
}

/// Changes of one room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoomChanges {
    /// The room.
    pub room: Jid,
    /// The [`RemoteRoom::created`](crate::sync::RemoteRoom::created) of the room that the changes are for. If the
    /// server now has another room at this address, nothing is changed, and the outcomes are [`ItemOutcome::Unknown`],
    /// so that the room is read. `None`: any room at this address.
    pub created: Option<Box<str>>,
    /// The actor, for the server's log if it has one.
    pub actor: Arc<str>,
    /// The changes, in order.
    pub changes: Vec<ItemChange>,
}

/// The outcomes of some changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Applied {
    /// Index of the room's element in the `work` of [`Backend::apply`].
    pub work_index: usize,
    /// The outcomes, each with the index of its change in [`RoomChanges::changes`].
    pub outcomes: Vec<(usize, ItemOutcome)>,
    /// Why the server could not store the changes that it made, for display. They are lost when it restarts. `None` if
    /// it stored them, or does not tell.
    pub unsaved: Option<String>,
}
