//! The interface of a connection to a server, which is implemented for each kind of server.

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

/// Asks for the password of an account, and waits until someone has entered it. Returns `None` if nobody enters a password.
pub type AskPassword = Box<dyn FnMut(&Jid) -> Option<Secret> + Send>;

/// A connection to a live server. The first call that needs the connection opens it.
///
/// A call uses one connection from its beginning to its end. A call that finds the connection lost fails, and the next
/// call opens another one; only [`Backend::connect`] and [`Backend::check`] may replace the lost connection at once. So
/// the caller always knows whether two answers came on the same connection. If they did, a different value means that
/// someone has changed it, and not that the server has lost a change.
pub trait Backend: Send {
    /// Connects if necessary, and returns the server's class.
    ///
    /// Errors: [`Error::NoHats`] if the connection works, but the class of the server cannot be detected. Even then, rooms can
    /// be read; the outcomes say why they cannot be read completely.
    fn connect(&mut self) -> Result<ServerClass, Error>;

    /// Number of connections that were opened so far. While this number stays the same, the connection is the same.
    fn generation(&self) -> u64;

    /// A time since which the server has certainly run without a restart; `None` if the server did not report one on this
    /// connection. The server cannot have lost a change that it acknowledged after this time, on any connection.
    fn running_since(&self) -> Option<Timestamp> {
        None
    }

    /// Closes the connection cleanly, without waiting long. The next call connects again.
    fn disconnect(&mut self);

    /// Connects, checks the version, the permissions and the rooms, and finds problems.
    fn check(&mut self) -> Result<ServerReport, Error>;

    /// Lists the rooms that the server shows and the configuration allows. With an XMPP account, the rooms that the
    /// configuration names are always in the list.
    fn list_rooms(&mut self) -> Result<RoomList, Error>;

    /// Reads rooms. Reports for each room its progress, if the room is read in parts, and then its outcome. A room that cannot
    /// be read has an outcome that says so, and does not end the call. An error ends the call, and says nothing about rooms
    /// without a reported outcome.
    fn read_rooms(&mut self, rooms: &[Jid], on_result: ResultCallback<'_, ReadEvent>) -> Result<(), Error>;

    /// Applies changes, each only if the server has the expected or already the wanted value, and reports outcomes as
    /// they become known. Changes of one user in a room are applied in order, and together notify the occupants of the room
    /// once if the server supports that; other changes may be applied in any order.
    ///
    /// If an answer is lost, the sent changes are reported as [`ItemOutcome::Unknown`], and the call ends with the
    /// error; changes without a reported outcome were not made.
    fn apply(&mut self, work: &[RoomChanges], on_result: ResultCallback<'_, Applied>) -> Result<(), Error>;

    /// Sets the rooms that are watched for changes by others, instead of those set before. Sends nothing.
    ///
    /// `selected` is the selected room, which is polled most often if the server is polled room by room. If `occupants` is
    /// true and the server supports that, the occupants of these rooms are watched, too, and those of the selected room
    /// even if it is not among `rooms`.
    ///
    /// Watching starts again with each connection, so the caller has to read the rooms again after [`Backend::generation`]
    /// has changed.
    fn watch(&mut self, _rooms: &[Jid], _selected: Option<&Jid>, _occupants: bool) {}

    /// When [`Backend::poll`] is to be called next; `None` if nothing is watched.
    fn next_poll(&self) -> Option<Instant> {
        None
    }

    /// Asks the server for changes in the watched rooms since they were last read or polled. Sends only a few short requests,
    /// so that the caller can soon do something else. A change that the caller already knows may be reported again, but
    /// every change is reported at some time.
    fn poll(&mut self, _on_result: ResultCallback<'_, WatchEvent>) -> Result<(), Error> {
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
    pub is_complete: bool,
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
    /// Anything in a room may have changed, so the room has to be read.
    Room {
        /// The room.
        room: Jid,
    },
    /// The occupants of a room, or the users with a reserved nickname, changed.
    Occupants {
        /// The room.
        room: Jid,
        /// The changes; `None`: the occupants are not known, or no longer known.
        changes: Option<OccupantChanges>,
    },
}

/// Changes among the occupants of a room.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OccupantChanges {
    /// Whether these changes replace all occupants of the room that were reported before.
    pub replaces_all: bool,
    /// Whether all occupants of the room have been reported, together with earlier changes.
    pub is_complete: bool,
    /// The users who changed; `None` for a user who now has no nickname in the room, neither in use nor reserved.
    pub users: Vec<(Jid, Option<Occupant>)>,
}

/// Changes of one room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoomChanges {
    /// The room.
    pub room: Jid,
    /// The [`RemoteRoom::created`](crate::sync::RemoteRoom::created) of the room that is to be changed. If the server now has
    /// another room at this address, nothing is changed, and the outcomes are [`ItemOutcome::Unknown`], so that the room is read.
    /// `None`: any room at this address.
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
    /// Why the server could not store the changes that it made, for display; these changes are lost when it restarts. `None`
    /// if the server stored the changes, or does not report whether it did.
    pub unsaved: Option<String>,
}
