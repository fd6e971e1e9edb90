//! Saved changes that a server does not have and that wait for a decision.

use crate::model::Jid;
use crate::sync::Item;

/// The question what to do about a change that a server refused.
#[derive(Debug, Clone)]
pub struct RefusedChange {
    /// What was changed, in words.
    pub what: String,
    /// Why it was refused, as a sentence.
    pub reason: String,
    pub(in crate::app) room: Jid,
    pub(in crate::app) item: Item,
}

/// What the file and the server have of an item: this file, the server, and what both had before.
pub(in crate::app) struct ItemSides {
    pub(in crate::app) yours: String,
    pub(in crate::app) theirs: String,
    pub(in crate::app) before: String,
}
