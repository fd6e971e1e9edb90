//! The states that a store remembers: the data file as last read or written, and the last state recorded in the history.

use std::cell::OnceCell;

use super::access::Access;
use super::digest::Digest;
use super::disk::FileIdentity;
use super::room_spans::RoomSpans;
use crate::model::Wardrobe;

/// The data file as last read or written.
#[derive(Debug)]
pub(super) struct KnownFile {
    pub(super) identity: FileIdentity,
    /// Whether any later change of the file changes the identity.
    pub(super) is_identity_reliable: bool,
    pub(super) spans: RoomSpans,
    /// The access to the file, if it could be read.
    pub(super) access: Option<Access>,
    /// The digest of the content, computed on demand.
    pub(super) digest: OnceCell<Digest>,
}

/// A state recorded by a line of the history.
#[derive(Debug)]
pub(super) struct RecordedState {
    pub(super) identity: FileIdentity,
    /// `None` if the line is of an older version without digests.
    pub(super) digest: Option<Digest>,
    /// The revision of the line.
    pub(super) revision: u64,
    pub(super) wardrobe: Wardrobe,
}
