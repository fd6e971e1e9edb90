//! The rows of the table.

use super::super::plan::Action;

/// What the table says of an item that differs; `None` where both sides agree. Without a base, nothing is known: then an
/// item is received or sent where the other side has none, as `base` is none, too.
pub(super) fn row<T: PartialEq>(base: Option<&T>, local: Option<&T>, remote: Option<&T>) -> Option<Action> {
    if local == remote {
        None
    } else if base == remote {
        Some(Action::Send)
    } else if base == local {
        Some(Action::Receive)
    } else {
        Some(Action::Conflict)
    }
}
