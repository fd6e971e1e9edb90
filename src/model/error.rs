//! What can be wrong with an operation, in the terms of XMPP stanza errors (RFC 6120, section 8.3.3).

use super::excerpt::{shortened, shown};
use super::hat::InvalidHatId;
use super::jid::InvalidJid;
use super::{Affiliation, HatId, Jid};

/// Why nothing was changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EditError {
    /// The room is not in the wardrobe.
    #[error("no such room: {room}")]
    NoSuchRoom {
        /// The room that was asked for.
        room: Jid,
    },
    /// The user is no owner, admin or member of the room, so no operation on their hats is allowed.
    #[error("user not affiliated with room: {user} in {room}")]
    NotAffiliated {
        /// The room.
        room: Jid,
        /// The user.
        user: Jid,
    },
    /// The room is there already.
    #[error("the room is there already: {room}")]
    RoomExists {
        /// The room.
        room: Jid,
    },
    /// The room's catalog has no such hat.
    #[error("no such hat in the catalog of {room}: {}", shortened(hat.as_str()))]
    NoSuchHat {
        /// The room.
        room: Jid,
        /// The hat.
        hat: HatId,
    },
    /// The document's member `sets` is no object of sets of hats by name. It is left as it is.
    #[error("the member \"sets\" of the data file is not what it should be, and is left as it is: {reason}")]
    NoSets {
        /// What is wrong with it.
        reason: String,
    },
    /// There is no set of hats of that name.
    #[error("no such set of hats: {}", shown(name))]
    NoSuchSet {
        /// The name.
        name: Box<str>,
    },
    /// There is a set of hats of that name already.
    #[error("there is a set of hats of that name already: {}", shown(name))]
    SetExists {
        /// The name.
        name: Box<str>,
    },
    /// An edit's `before` is not what is there.
    #[error("changed meanwhile: {what} is now {found}")]
    Conflict {
        /// What the edit was about, in words.
        what: String,
        /// What is there instead.
        found: FoundValue,
    },
    /// The text is no address.
    #[error(transparent)]
    InvalidJid(#[from] InvalidJid),
    /// The text is no URI with a scheme, so it cannot be a hat's id.
    #[error(transparent)]
    InvalidHatId(#[from] InvalidHatId),
}

/// What stands where an edit expected something else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FoundValue {
    /// Nothing is there.
    Nothing,
    /// Something is there: its JSON, of something long the beginning.
    Json(String),
    /// Another room, with so many users.
    Room(usize),
    /// Another affiliation.
    Affiliation(Affiliation),
}

impl std::fmt::Display for FoundValue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Nothing => f.write_str("not there"),
            Self::Json(json) => f.write_str(json),
            Self::Room(1) => f.write_str("another, with 1 user"),
            Self::Room(users) => write!(f, "another, with {users} users"),
            Self::Affiliation(affiliation) => affiliation.fmt(f),
        }
    }
}

impl EditError {
    /// The stanza error condition that a server would answer with.
    pub fn condition(&self) -> &'static str {
        match self {
            Self::NoSuchRoom { .. }
            | Self::NotAffiliated { .. }
            | Self::NoSuchHat { .. }
            | Self::NoSuchSet { .. } => "item-not-found",
            Self::RoomExists { .. } | Self::SetExists { .. } | Self::Conflict { .. } => "conflict",
            Self::InvalidJid(_) => "jid-malformed",
            Self::InvalidHatId(_) | Self::NoSets { .. } => "bad-request",
        }
    }
}
