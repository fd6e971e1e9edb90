//! Errors of operations, which map to XMPP stanza error conditions (RFC 6120, section 8.3.3).

use super::excerpt::{quoted, truncated};
use super::hat::InvalidHatId;
use super::jid::InvalidJid;
use super::{Affiliation, HatId, Jid};

/// The reason why an operation failed. A failed operation has changed nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EditError {
    /// The wardrobe has no such room.
    #[error("no such room: {room}")]
    NoSuchRoom {
        /// The address of the room.
        room: Jid,
    },
    /// The user is not an owner, admin or member of the room, as the operation or the edit requires. Also for an edit that
    /// requires no affiliation but adds or changes a hat of a user who is not in the room.
    #[error("user not affiliated with room: {user} in {room}")]
    NotAffiliated {
        /// The room.
        room: Jid,
        /// The user.
        user: Jid,
    },
    /// The wardrobe already has a room with this address.
    #[error("room already exists: {room}")]
    RoomExists {
        /// The room.
        room: Jid,
    },
    /// The catalog of the room does not define the hat.
    #[error("no such hat in the catalog of {room}: {}", truncated(hat.as_str()))]
    NoSuchCatalogHat {
        /// The room.
        room: Jid,
        /// The hat.
        hat: HatId,
    },
    /// The field `sets` of the data file is not an object of hat sets by name. Such a value is left as it is.
    #[error("cannot read the hat sets (field \"sets\" of the data file): {reason}")]
    InvalidHatSets {
        /// A description of what is wrong with the value.
        reason: String,
    },
    /// No hat set has this name.
    #[error("no such hat set: {}", quoted(name))]
    NoSuchHatSet {
        /// The name of the hat set.
        name: Box<str>,
    },
    /// A hat set with this name already exists.
    #[error("hat set already exists: {}", quoted(name))]
    HatSetExists {
        /// The name of the hat set.
        name: Box<str>,
    },
    /// The current value is not the `before` of the edit.
    #[error("changed in the meantime: {subject} is now {found}")]
    Conflict {
        /// The thing that the edit changes, as a phrase such as `the name of courses@conference.example.org`.
        subject: String,
        /// The current value.
        found: FoundValue,
    },
    /// The session is not permitted to make one of the edits, so none of the edits is made.
    #[error(transparent)]
    NotPermitted(#[from] NotPermitted),
    /// The text is not a valid address.
    #[error(transparent)]
    InvalidJid(#[from] InvalidJid),
    /// The text is not accepted as the ID of a hat.
    #[error(transparent)]
    InvalidHatId(#[from] InvalidHatId),
}

/// The error for a change that exceeds the rights of the session. The text is a sentence without its period.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct NotPermitted(pub(super) String);

/// The current value, which is not the value that an edit expected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FoundValue {
    /// The value does not exist.
    Nothing,
    /// The value as JSON, cut off after 500 bytes.
    Json(String),
    /// The user's affiliation and number of hats.
    User(Affiliation, usize),
    /// The attachment in words, such as `active, optional, "Teacher"`.
    Hat(String),
    /// The hat of the catalog in words, such as `"Teacher", hue 120`.
    CatalogHat(String),
    /// The number of users of the room, whose content is not the expected one.
    Room(usize),
    /// The user's affiliation.
    Affiliation(Affiliation),
}

impl std::fmt::Display for FoundValue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Nothing => f.write_str("missing"),
            Self::Json(text) | Self::Hat(text) | Self::CatalogHat(text) => f.write_str(text),
            Self::User(affiliation, 0) => write!(f, "{affiliation}, no hats"),
            Self::User(affiliation, 1) => write!(f, "{affiliation}, 1 hat"),
            Self::User(affiliation, hats) => write!(f, "{affiliation}, {hats} hats"),
            Self::Room(1) => f.write_str("a room with different content (1 user)"),
            Self::Room(users) => write!(f, "a room with different content ({users} users)"),
            Self::Affiliation(affiliation) => affiliation.fmt(f),
        }
    }
}

impl EditError {
    /// The stanza error condition with which a server would answer (RFC 6120, section 8.3.3).
    pub fn condition(&self) -> &'static str {
        match self {
            Self::NoSuchRoom { .. }
            | Self::NotAffiliated { .. }
            | Self::NoSuchCatalogHat { .. }
            | Self::NoSuchHatSet { .. } => "item-not-found",
            Self::RoomExists { .. } | Self::HatSetExists { .. } | Self::Conflict { .. } => "conflict",
            Self::NotPermitted(_) => "not-allowed",
            Self::InvalidJid(_) => "jid-malformed",
            Self::InvalidHatId(_) => "bad-request",
            Self::InvalidHatSets { .. } => "internal-server-error",
        }
    }
}
