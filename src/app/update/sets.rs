//! Named sets of hats: put on, added, saved, renamed, deleted.

use crate::app::command::CommandId;
use crate::app::prompt::{Ask, Prompt};
use crate::app::sets::{Entry, NamedSets};
use crate::app::text::Text;
use crate::app::{Effect, Overlay, State, targets, words};
use crate::model::Hats;

use super::{batch, commit, hat_clipboard};

/// They are about the whole file, which a session that sees some rooms does not.
pub(crate) fn may_open(state: &State) -> Result<(), String> {
    if state.start.scope.rooms.is_some() {
        return Err("named sets of hats belong to the whole file: not in a session limited by --room".into());
    }
    state.may_look()
}

pub(crate) fn open(state: &mut State, _: &mut Vec<Effect>) {
    state.overlays.push(Overlay::Sets(Box::new(NamedSets::new())));
}

fn top(state: &State) -> Option<&NamedSets> {
    match state.top() {
        Some(Overlay::Sets(sets)) => Some(sets),
        _ => None,
    }
}

fn top_mut(state: &mut State) -> Option<&mut NamedSets> {
    match state.overlays.last_mut() {
        Some(Overlay::Sets(sets)) => Some(sets),
        _ => None,
    }
}

fn selected(state: &State) -> Result<Entry, String> {
    let sets = top(state).ok_or("the sets are not open")?;
    let mut entries = sets.entries(&state.view)?;
    match sets.selected(entries.len()) {
        Some(at) => Ok(entries.swap_remove(at)),
        None if sets.text.text().trim().is_empty() => {
            let key = state.key(CommandId::SaveSet);
            Err(format!(
                "there is no set yet; {key} saves the hats of the selected user as one"
            ))
        }
        None => Err("no set matches".into()),
    }
}

/// Lets it take something that is typed or pasted.
pub(super) fn type_into(state: &mut State, take: impl FnOnce(&mut Text) -> bool) {
    let Some(sets) = top_mut(state) else { return };
    let before = sets.text.text();
    if take(&mut sets.text) && sets.text.text() != before {
        sets.at = 0;
    }
}

pub(super) fn go(state: &mut State, to: impl FnOnce(usize) -> usize) {
    let len = top(state)
        .and_then(|sets| sets.entries(&state.view).ok())
        .map_or(0, |entries| entries.len());
    if let Some(sets) = top_mut(state)
        && let Some(at) = sets.selected(len)
    {
        sets.at = to(at).min(len.saturating_sub(1));
    }
}

pub(crate) fn may_put_on(state: &State) -> Result<(), String> {
    targets::may_give_any(state)?;
    selected(state).map(drop)
}

/// Makes the hats of the users exactly those of the set.
pub(crate) fn replace(state: &mut State, effects: &mut Vec<Effect>) {
    put_on(state, effects, true);
}

/// Gives the users those of the set that they do not have.
pub(crate) fn add(state: &mut State, effects: &mut Vec<Effect>) {
    put_on(state, effects, false);
}

fn put_on(state: &mut State, effects: &mut Vec<Effect>, exactly: bool) {
    if let Ok((_, hats)) = selected(state) {
        state.overlays.pop();
        hat_clipboard::put_on(state, effects, |_| &hats, exactly);
    }
}

/// The hats to be saved: those that would be copied.
pub(crate) fn may_save(state: &State) -> Result<(), String> {
    state.may_change()?;
    state.view.sets().map_err(|error| error.to_string())?;
    hat_clipboard::chosen(state).map(drop)
}

pub(crate) fn save(state: &mut State, _: &mut Vec<Effect>) {
    let typed = top(state).map(|sets| sets.text.text().trim().to_owned());
    if let Ok((hats, of)) = hat_clipboard::chosen(state) {
        let ask = Ask::SaveSet(hats, of);
        let prompt = Prompt::new(ask, &typed.unwrap_or_default(), Vec::new(), 0);
        state.overlays.push(Overlay::Prompt(Box::new(prompt)));
    }
}

pub(crate) fn may_change(state: &State) -> Result<(), String> {
    state.may_change()?;
    selected(state).map(drop)
}

pub(crate) fn rename(state: &mut State, _: &mut Vec<Effect>) {
    if let Ok((name, _)) = selected(state) {
        let prompt = Prompt::new(Ask::RenameSet(name.clone()), &name, Vec::new(), 0);
        state.overlays.push(Overlay::Prompt(Box::new(prompt)));
    }
}

/// Deletes the set at once: undo brings it back.
pub(crate) fn delete(state: &mut State, effects: &mut Vec<Effect>) {
    if let Ok((name, _)) = selected(state) {
        commit::make(state, effects, |next| next.put_set(&name, None));
    }
}

/// Saves a set under a name that was typed; asks before it takes the place of another.
pub(super) fn save_as(state: &mut State, effects: &mut Vec<Effect>, name: &str, hats: &Hats) {
    let there = state.view.sets().ok().and_then(|sets| sets.get(name).cloned());
    match there.filter(|there| there != hats) {
        None => done(state, effects, |next| next.put_set(name, Some(hats))),
        Some(there) => {
            let question = format!("Replace the set \"{name}\"?");
            let consequence = format!(
                "It has {} now, and will have {}.",
                words::hats(&there),
                words::hats(hats)
            );
            batch::ask(state, question, consequence, |next| {
                next.put_set(name, Some(hats))
            });
        }
    }
}

pub(super) fn rename_to(state: &mut State, effects: &mut Vec<Effect>, name: &str, to: &str) {
    done(state, effects, |next| next.rename_set(name, to));
}

/// Makes a change that a prompt asked for; what is refused is said there.
fn done(
    state: &mut State,
    effects: &mut Vec<Effect>,
    operation: impl Fn(&mut crate::model::Wardrobe) -> Result<crate::model::Group, crate::model::Error>,
) {
    if let Err(error) = operation(&mut state.view.clone()) {
        if let Some(Overlay::Prompt(prompt)) = state.overlays.last_mut() {
            prompt.refuse(vec![error.to_string()]);
        }
        return;
    }
    state.overlays.pop();
    commit::make(state, effects, operation);
}
