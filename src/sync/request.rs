//! What is asked of the worker that talks to servers: plain data.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::{Affiliations, ChangedItem, Decision, Item, Plan};
use crate::model::{Jid, Room};

/// A room of the file, as it is now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LocalRoom {
    /// Its address.
    pub room: Jid,
    /// What is in it; `None`: the file does not have it.
    pub local: Option<Arc<Room>>,
    /// Somebody asked for it: it is received even where it is only on the server, or was removed here.
    pub take: bool,
}

/// What becomes of rooms of a server that a request does not name.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum OtherRooms {
    /// Nothing: the server is not asked for them.
    #[default]
    Ignore,
    /// They are listed as being only on the server, and not read.
    List,
    /// Those that were never in the file are received; those that were removed from it are listed.
    Take,
}

/// What is asked of the worker. Answers come as [`ServerEvent`]s, with the same number where there is one.
///
/// [`ServerEvent`]: super::ServerEvent
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ServerRequest {
    /// Connect and say what a server is, may and has.
    Check {
        /// Its name.
        server: Arc<str>,
    },
    /// Read rooms and compare them.
    Plan {
        /// The asker's number.
        id: u64,
        /// The server's name.
        server: Arc<str>,
        /// The rooms of the file that belong to the server, and those asked for.
        rooms: Vec<LocalRoom>,
        /// What becomes of the other rooms that the server has.
        others: OtherRooms,
        /// The data file's revision.
        revision: u64,
        /// What becomes of affiliations that were changed here; `None`: as the configuration says.
        affiliations: Option<Affiliations>,
    },
    /// Send what is decided to be sent. What is received is committed by the asker, and told by `Received`.
    Apply {
        /// The asker's number.
        id: u64,
        /// The plan, with its decisions.
        plan: Arc<Plan>,
        /// Why, for the users to read.
        reason: Option<Arc<str>>,
    },
    /// Stop what was asked under this number, when what is on its way is answered.
    Stop {
        /// The number.
        id: u64,
    },
    /// What a plan or an event received is in the file: the base moves on.
    Received {
        /// The server's name.
        server: Arc<str>,
        /// The room as it is in the file now.
        room: LocalRoom,
        /// The data file's revision.
        revision: u64,
        /// Users whose loss of hats is held back.
        held: BTreeSet<Jid>,
    },
    /// A change is about to be committed: make it durable in the outbox. Answered by `Prepared`; commit then.
    Prepare {
        /// The commit's number.
        id: u64,
        /// The server's name.
        server: Arc<str>,
        /// The room.
        room: Jid,
        /// What changes.
        items: Vec<ChangedItem>,
        /// Somebody was asked about what it removes.
        asked: bool,
        /// Why, for the users to read.
        reason: Option<Arc<str>>,
    },
    /// What became of a commit that was prepared.
    Settled {
        /// The commit's number.
        id: u64,
        /// Whether the file has it.
        committed: bool,
        /// The room as it is in the file now.
        room: LocalRoom,
        /// The data file's revision.
        revision: u64,
    },
    /// A room is another one in the file by something else than the above.
    Changed {
        /// The room as it is in the file now.
        room: LocalRoom,
        /// The data file's revision.
        revision: u64,
    },
    /// Follow these rooms, and no others; the selected one closest.
    Follow {
        /// The rooms as they are in the file.
        rooms: Vec<LocalRoom>,
        /// The one that is looked at.
        selected: Option<Jid>,
        /// The data file's revision.
        revision: u64,
    },
    /// Send again what was refused.
    Retry {
        /// The room.
        room: Jid,
        /// The item.
        item: Item,
    },
    /// Choose a side of what was changed meanwhile: `Send` the file's, `Receive` the server's, `Skip` leaves it to the plan.
    Resolve {
        /// The room.
        room: Jid,
        /// The item.
        item: Item,
        /// The side.
        decision: Decision,
    },
    /// Connect again to a server that refused, or that is away.
    Reconnect {
        /// Its name.
        server: Arc<str>,
    },
    /// The password that was asked for by [`ServerEvent::Password`].
    ///
    /// [`ServerEvent::Password`]: super::ServerEvent::Password
    Password {
        /// The server's name.
        server: Arc<str>,
        /// The password; `None`: nobody gave one.
        password: Option<Secret>,
    },
}

/// A text that is shown nowhere.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Box<str>);

impl Secret {
    /// Takes the text.
    pub fn new(text: impl Into<Box<str>>) -> Self {
        Self(text.into())
    }

    /// The text itself, for the one place that needs it.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("(secret)")
    }
}
