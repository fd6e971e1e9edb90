//! The table of proposals.

use super::super::plan::Action;

/// Returns the proposal for an item by the table of the module [`merge`](super); `None` if both sides agree. Without a base,
/// `base` is `None`, so an item on only one side is received or sent.
pub(super) fn propose<T: PartialEq>(
    base: Option<&T>,
    local: Option<&T>,
    remote: Option<&T>,
) -> Option<Action> {
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
