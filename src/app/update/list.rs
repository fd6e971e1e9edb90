//! A list of addresses in the form that adds a user.

use crate::app::command::CommandId;
use crate::app::form::{Subject, Value};
use crate::app::text::LONGEST_PASTE;
use crate::app::{Overlay, State, addresses, words};
use crate::model::{Group, Jid};

use super::batch;

/// A longer list is not taken, in bytes.
const LONGEST_LIST: usize = 1 << 20;

/// Takes a pasted list of addresses, where the form is one that adds a user and its address has the focus: what it means
/// is asked at once. False: it is none.
pub(super) fn paste(state: &mut State, pasted: &str) -> bool {
    let Some(Overlay::Form(form)) = state.overlays.last_mut() else {
        return false;
    };
    let adds = matches!(form.subject, Subject::AddUser { .. });
    let Some(Value::Text(text)) = form.field_mut().map(|field| &mut field.value) else {
        return false;
    };
    if !adds || !addresses::is_list(pasted) {
        return false;
    }
    if pasted.len() > LONGEST_LIST {
        state.refuse(format!(
            "not pasted: it is {} long, and a list of addresses is at most {}",
            words::count(pasted.len(), "byte"),
            words::count(LONGEST_LIST, "byte")
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
    if whole.len() <= LONGEST_PASTE {
        text.set("");
        text.paste(&whole);
    }
    offer(state, &whole);
    true
}

/// Asks whether to add all of a list, as the form has it; says what is wrong with it where something is.
pub(super) fn offer(state: &mut State, list: &str) {
    let Some(Overlay::Form(form)) = state.top() else {
        return;
    };
    let Subject::AddUser { room } = &form.subject else {
        return;
    };
    let (room, affiliation) = (room.clone(), form.affiliation());
    let found = addresses::read(list);
    if let Some(problem) = found.problem(&room, &state.view) {
        state.refuse(problem);
        return;
    }
    let is_there = |jid: &&Jid| state.view.user(&room, jid).is_some();
    let (there, new): (Vec<&Jid>, Vec<&Jid>) = found.all.iter().partition(is_there);
    let mut sentences = vec![words::listed(&new)];
    if let [_, ..] = there.as_slice() {
        let stay = match there.len() {
            1 => "1 is there already and stays as it is".to_owned(),
            many => format!("{many} are there already and stay as they are"),
        };
        sentences.push(format!("{stay}: {}", words::listed(&there)));
    }
    if found.again > 0 {
        sentences.push(format!("{} came more than once", found.again));
    }
    sentences.push(format!("{} takes all of it back.", state.key(CommandId::Undo)));
    let question = format!(
        "Add {} to {room} as {affiliation}?",
        words::count(new.len(), "user")
    );
    batch::ask(state, question, sentences.join(". "), |next| {
        let mut group = Group::default();
        for jid in new {
            group.0.extend(next.set_affiliation(jid, &room, affiliation)?.0);
        }
        Ok(group)
    });
}
