//! Pasting a list of addresses into the form that adds users.

use crate::app::form::{FieldName, FieldValue, Form, FormSubject};
use crate::app::text::MAX_PASTE;
use crate::app::{Effect, State, addresses, describe};

use super::form;

/// Maximum length of a pasted list, in bytes.
const MAX_LIST_BYTES: usize = 1 << 20;

/// Handles a list of addresses that is pasted into the address field of the form that adds users: asks whether to add
/// all of them, or shows the problem with the list. Returns false if the text is not a list, or another field has the
/// focus.
pub(super) fn paste(state: &mut State, effects: &mut Vec<Effect>, pasted: &str) -> bool {
    let Some(form) = state.top_as_mut::<Form>() else {
        return false;
    };
    let adds_users = matches!(form.subject, FormSubject::AddUser { .. });
    let Some(FieldValue::Text(text)) = form.field_mut().map(|field| &mut field.value) else {
        return false;
    };
    if !adds_users || !addresses::is_list(pasted) {
        return false;
    }
    if pasted.len() > MAX_LIST_BYTES {
        state.notify_error(format!(
            "Paste too long: {} (limit {} for a list of addresses)",
            describe::count(pasted.len(), "byte"),
            describe::with_thousands_commas(MAX_LIST_BYTES)
        ));
        return true;
    }
    let before = text.text();
    let list = match before.trim() {
        "" => pasted.to_owned(),
        // On the first line, so that line numbers in errors match the pasted text.
        before => format!("{before}, {pasted}"),
    };
    // A list that fits into the field becomes its text, so that errors can be corrected. The line breaks are kept,
    // because each line is parsed separately: if lines were joined, a name without an address would look like the name
    // of the next line's address.
    if list.len() <= MAX_PASTE {
        text.set(list.trim_end());
    }
    let mut filled = form.clone();
    filled.set_text(FieldName::User, &list);
    form::propose(state, effects, &filled);
    true
}
