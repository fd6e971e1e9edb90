//! Replaces a committed change of an item by another one.

use super::{Committed, KnownValue, SendState};

/// Returns the change that replaces `old`, an item's committed change, by one with the value `wanted`. The expected value is
/// the last acknowledged one; values that were sent without an answer stay in doubt. `before`: the file's or the server's
/// value that the new one replaces, if it is known.
pub(super) fn replaced(old: Option<Committed>, wanted: KnownValue, before: Option<&KnownValue>) -> Committed {
    let new = Committed {
        wanted,
        state: SendState::Waiting,
        expected: None,
        expected_hats: None,
        reason: None,
        implied: false,
        in_doubt: Vec::new(),
        times_sent: 0,
        before: Vec::new(),
    };
    let Some(old) = old else { return new };
    let is_answered = matches!(old.state, SendState::Answered(_) | SendState::Confirmed(_));
    // If someone else changed the item in the meantime, the base has the result.
    let is_own = before.is_none_or(|before| *before == old.wanted);
    if is_answered && is_own && old.wanted == new.wanted {
        return old;
    }
    let mut in_doubt = if is_answered { Vec::new() } else { old.in_doubt };
    let may_be_on_server = match old.state {
        SendState::Answered(_) | SendState::Confirmed(_) => !is_own,
        SendState::Waiting => old.times_sent > 0,
        _ => false,
    };
    if may_be_on_server && !in_doubt.contains(&old.wanted) {
        in_doubt.push(old.wanted.clone());
    }
    let expected = if is_answered {
        Some(old.wanted)
    } else {
        old.expected
    };
    Committed {
        expected: expected.filter(|_| is_own),
        in_doubt,
        before: old.before,
        ..new
    }
}
