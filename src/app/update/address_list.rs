//! Pasting a list of addresses into the form that adds a user.

use crate::app::form::{FieldName, FieldValue, Form, FormSubject};
use crate::app::text::MAX_PASTE;
use crate::app::{Effect, State, addresses, describe};

use super::form;

/// Limit of a pasted list, in bytes.
const MAX_LIST_BYTES: usize = 1 << 20;

/// Handles a pasted list of addresses while the address field of the form that adds a user has the focus: asks about adding
/// them at once. Returns false if this is not such a list.
pub(super) fn paste(state: &mut State, effects: &mut Vec<Effect>, pasted: &str) -> bool {
    let Some(form) = state.top_as_mut::<Form>() else {
        return false;
    };
    let adds = matches!(form.subject, FormSubject::AddUser { .. });
    let Some(FieldValue::Text(text)) = form.field_mut().map(|field| &mut field.value) else {
        return false;
    };
    if !adds || !addresses::is_list(pasted) {
        return false;
    }
    if pasted.len() > MAX_LIST_BYTES {
        state.notify_error(format!(
            "Paste too long: {} (limit {} for a list of addresses)",
            describe::count(pasted.len(), "byte"),
            describe::grouped(MAX_LIST_BYTES)
        ));
        return true;
    }
    let before = text.text();
    let whole = match before.trim() {
        "" => pasted.to_owned(),
        // On the first line, so that line numbers in errors match the pasted text.
        before => format!("{before}, {pasted}"),
    };
    // A list that fits into the field is put there, so that errors in it can be corrected. It keeps its lines, since each is
    // checked by itself: joined, a name without an address would look like the name of another line's address.
    if whole.len() <= MAX_PASTE {
        text.set(whole.trim_end());
    }
    let mut filled = form.clone();
    filled.set_text(FieldName::User, &whole);
    form::propose(state, effects, &filled);
    true
}
