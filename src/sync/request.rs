//! Requests to the server worker: plain data.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use super::{Affiliations, Decision, Item, ItemValue, Plan};
use crate::model::{Jid, Room};

/// A room of a request, as it is in the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LocalRoom {
    /// The room's address.
    pub room: Jid,
    /// The room; `None` if the file does not have it.
    pub local: Option<Arc<Room>>,
    /// Whether the room is received even if it is only on the server, or was removed from the file: for example, because it
    /// was requested explicitly.
    pub is_requested: bool,
}

/// The values of an item that was received into the file. The server may have changed it since.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReceivedItem {
    /// The value in the base when the item was compared.
    pub base: Option<ItemValue>,
    /// The server's value that was received.
    pub value: Option<ItemValue>,
}

/// The treatment of those rooms of a server that a request does not name.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum OtherRooms {
    /// Ignore them.
    #[default]
    Ignore,
    /// List them as rooms that are only on the server, without reading them.
    List,
    /// Receive those that were never in the file, and list those that were removed from the file.
    Take,
}

/// The request's number in a [`ServerEvent::Progress`] about changes that are sent as soon as they are saved.
///
/// [`ServerEvent::Progress`]: super::ServerEvent::Progress
pub const SENDING_ID: u64 = u64::MAX;

/// A request to the worker. Answers are [`ServerEvent`]s, with the same number if the request has one.
///
/// [`ServerEvent`]: super::ServerEvent
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ServerRequest {
    /// Check a server: its software, permissions and rooms.
    Check {
        /// The server's name.
        server: Arc<str>,
    },
    /// Read rooms and compare them.
    Plan {
        /// The request's number.
        id: u64,
        /// The server's name.
        server: Arc<str>,
        /// The file's rooms that belong to the server, and requested ones.
        rooms: Vec<LocalRoom>,
        /// The treatment of the server's other rooms.
        others: OtherRooms,
        /// The data file's revision.
        revision: u64,
        /// Whether changed affiliations are sent; `None`: as configured.
        affiliations: Option<Affiliations>,
    },
    /// Send the lines of a plan that are decided to be sent. The caller commits the lines that are received, and reports this by
    /// `Received`.
    Apply {
        /// The request's number.
        id: u64,
        /// The plan, with its decisions.
        plan: Arc<Plan>,
        /// The reason that is sent with changes of affiliations, for the users concerned.
        reason: Option<Arc<str>>,
    },
    /// Stop the request with this number as soon as the server has answered the pending calls.
    Stop {
        /// The number of the request.
        id: u64,
    },
    /// Received changes are in the file: update the base.
    Received {
        /// The server's name.
        server: Arc<str>,
        /// The room as it is now in the file.
        room: LocalRoom,
        /// The data file's revision.
        revision: u64,
        /// The items that the file received from the server ([`RoomPlan::received`]).
        ///
        /// [`RoomPlan::received`]: super::RoomPlan::received
        received: BTreeMap<Item, ReceivedItem>,
        /// Users whose loss of hats is held back.
        held: BTreeSet<Jid>,
    },
    /// Send changes that were just saved. Answered by `Sent`.
    Send {
        /// The server's name.
        server: Arc<str>,
        /// The changed rooms as they are now in the file.
        rooms: Vec<LocalRoom>,
        /// The data file's revision.
        revision: u64,
        /// Whether the account's password may be requested, because a person made these changes just now.
        may_ask: bool,
    },
    /// Note that a room has changed in the file.
    Changed {
        /// The room as it is now in the file.
        room: LocalRoom,
        /// The data file's revision.
        revision: u64,
    },
    /// Follow exactly these rooms, with priority for the selected one: report the changes of others by `Incoming`. Only rooms
    /// that were compared with their server before are followed, and each of them by one session on this machine. The occupants
    /// of these rooms, and of the selected room even if it is not followed, are reported by `Occupants` if the server reports
    /// them.
    Follow {
        /// The rooms as they are now in the file.
        rooms: Vec<LocalRoom>,
        /// The selected room, which need not be among `rooms`.
        selected: Option<Jid>,
        /// The data file's revision.
        revision: u64,
        /// The shortest time between two `Incoming` events of a server.
        interval: Duration,
        /// Whether the account's password may be requested now, if one of these rooms was compared before. If the server
        /// cannot be reached now, the password is not requested later.
        may_ask: bool,
    },
    /// Send a refused or left-out change again.
    Retry {
        /// The room.
        room: Jid,
        /// The item.
        item: Item,
    },
    /// Resolve a conflict: `Send` the file's value, `Receive` the server's value, or `Skip`, which leaves the conflict to the next
    /// comparison.
    Resolve {
        /// The room.
        room: Jid,
        /// The item.
        item: Item,
        /// The chosen side.
        decision: Decision,
        /// The server's value that was shown to the user. If the server has another value now, nothing is sent or received.
        shown: Option<ItemValue>,
    },
    /// Reconnect to a server that is not reachable or refused access.
    Reconnect {
        /// The server's name.
        server: Arc<str>,
    },
    /// The password requested by [`ServerEvent::Password`].
    ///
    /// [`ServerEvent::Password`]: super::ServerEvent::Password
    Password {
        /// The server's name.
        server: Arc<str>,
        /// The password; `None` if nobody entered it.
        password: Option<Secret>,
    },
}

/// A secret text, such as a password. Its debug output does not contain the text.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Box<str>);

impl Secret {
    /// Wraps the text.
    pub fn new(text: impl Into<Box<str>>) -> Self {
        Self(text.into())
    }

    /// The text itself.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("(secret)")
    }
}
