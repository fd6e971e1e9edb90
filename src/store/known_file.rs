//! What a store remembers of the files: the data file as it was last seen, and the last state that the history knows.

use std::cell::OnceCell;

use super::access::Access;
use super::digest::Digest;
use super::disk::FileIdentity;
use super::room_spans::RoomSpans;
use crate::model::Wardrobe;

/// The file as it was last read or written.
#[derive(Debug)]
pub(super) struct KnownFile {
    pub(super) identity: FileIdentity,
    /// Whether a later change must show in the identity.
    pub(super) certain: bool,
    pub(super) layout: RoomSpans,
    /// Who could read and write it.
    pub(super) access: Option<Access>,
    /// Worked out when it is needed.
    pub(super) digest: OnceCell<Digest>,
}

/// A state that the history has a line of.
#[derive(Debug)]
pub(super) struct RecordedState {
    pub(super) identity: FileIdentity,
    /// `None`: the line is of an older version, which did not write it.
    pub(super) digest: Option<Digest>,
    /// The line's.
    pub(super) revision: u64,
    pub(super) wardrobe: Wardrobe,
}
