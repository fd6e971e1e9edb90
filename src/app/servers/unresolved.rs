//! Saved changes that a server does not have and that wait for a decision.

use crate::model::Jid;
use crate::sync::Item;

/// A question: retry or undo a change that a server refused?
#[derive(Debug, Clone)]
pub struct RefusedChange {
    /// The changed item, in words.
    pub item_phrase: String,
    /// The reason why the change was not accepted, as a sentence.
    pub reason: String,
    pub(in crate::app) room: Jid,
    pub(in crate::app) item: Item,
}

/// Descriptions of the values of an item: in the data file, on the server, and the last common one.
pub(in crate::app) struct ItemSides {
    pub(in crate::app) yours: String,
    pub(in crate::app) theirs: String,
    pub(in crate::app) before: String,
}
