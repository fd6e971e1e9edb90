//! Replaces an item's change by another one.

use super::{Committed, SendState, Wanted};

/// Replaces a value. The expected value is the last acknowledged one; values sent without an answer stay in doubt. `before`:
/// what is replaced, if that is known.
pub(super) fn replaced(old: Option<Committed>, wanted: Wanted, before: Option<&Wanted>) -> Committed {
    let new = Committed {
        wanted,
        state: SendState::Waiting,
        expected: None,
        expected_hats: None,
        reason: None,
        implied: false,
        in_doubt: Vec::new(),
        sent: false,
        before: Vec::new(),
    };
    let Some(old) = old else { return new };
    let is_answered = matches!(old.state, SendState::Answered(_) | SendState::Confirmed(_));
    if is_answered && before.is_some_and(|before| *before != old.wanted) {
        // Someone else changed it meanwhile. The base has what came of that, unless the server still has this answer.
        return Committed {
            in_doubt: vec![old.wanted],
            before: old.before,
            ..new
        };
    }
    match old.state {
        _ if is_answered && old.wanted == new.wanted => old,
        SendState::Answered(_) | SendState::Confirmed(_) => Committed {
            expected: Some(old.wanted),
            before: old.before,
            ..new
        },
        state => {
            let mut in_doubt = old.in_doubt;
            let may_be_there = state == SendState::Waiting && old.sent;
            if may_be_there && !in_doubt.contains(&old.wanted) {
                in_doubt.push(old.wanted);
            }
            Committed {
                expected: old.expected,
                in_doubt,
                before: old.before,
                ..new
            }
        }
    }
}
