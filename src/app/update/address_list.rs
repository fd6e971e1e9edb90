//! A list of addresses in the form that adds a user.

use crate::app::form::{FieldName, FieldValue, Form, FormSubject};
use crate::app::text::MAX_PASTE;
use crate::app::{Effect, State, addresses, describe};

use super::form;

/// A longer list is not taken, in bytes.
const MAX_LIST_BYTES: usize = 1 << 20;

/// Takes a pasted list of addresses, where the form is one that adds a user and its address has the focus: what it means
/// is asked at once. False: it is none.
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
            "not pasted: it is {} long, and a list of addresses is at most {}",
            describe::count(pasted.len(), "byte"),
            describe::count(MAX_LIST_BYTES, "byte")
        ));
        return true;
    }
    let before = text.text();
    let whole = match before.trim() {
        "" => pasted.to_owned(),
        // On the first line, so that the lines are counted as they were pasted.
        before => format!("{before}, {pasted}"),
    };
    // What a field can hold is in it when something has to be put right.
    if whole.len() <= MAX_PASTE {
        text.set("");
        text.paste(&whole);
    }
    let mut asked = form.clone();
    asked.set_text(FieldName::User, &whole);
    form::propose(state, effects, &asked);
    true
}
