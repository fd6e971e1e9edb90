//! Hat sets: applying, saving, renaming and removing them.

use crate::app::command::CommandId;
use crate::app::place::Place;
use crate::app::prompt::{Prompt, PromptKind};
use crate::app::sets::{NamedHats, SetsOverlay};
use crate::app::text::TextInput;
use crate::app::view::View;
use crate::app::{Effect, Layer, State, describe, targets};
use crate::model::{Hats, Wardrobe};

use super::{batch, commit, hat_clipboard};

/// Checks that the hat sets can be opened. They belong to the whole data file, so they are not available in a session
/// restricted to some rooms.
pub(crate) fn may_open(state: &State) -> Result<(), String> {
    if state.start.scope.rooms.is_some() {
        return Err("Hat sets are not available in a session restricted by --room".into());
    }
    state.check_loaded()
}

pub(crate) fn open(state: &mut State, _: &mut Vec<Effect>) {
    state.open(SetsOverlay::new());
}

impl Layer for SetsOverlay {
    fn place(&self) -> Place {
        Place::Sets
    }

    fn view<'a>(&'a self, state: &'a State) -> View<'a> {
        crate::app::view::sets::view(state, self)
    }

    fn takes_text(&self) -> bool {
        true
    }

    fn type_into(&mut self, edit: &mut dyn FnMut(&mut TextInput) -> bool, _: &mut Vec<Effect>) {
        let before = self.text.text();
        if edit(&mut self.text) && self.text.text() != before {
            self.row = 0;
        }
    }

    fn rows(&self, wardrobe: &Wardrobe) -> Option<(usize, usize)> {
        let length = self.entries(wardrobe).ok()?.len();
        self.selected(length).map(|row| (row, length))
    }

    fn select(&mut self, row: usize, _: &Wardrobe, _: &mut Vec<Effect>) {
        self.row = row;
    }
}

fn top_sets(state: &State) -> Option<&SetsOverlay> {
    state.top_as::<SetsOverlay>()
}

fn selected(state: &State) -> Result<NamedHats, String> {
    let sets = top_sets(state).ok_or("The hat sets are not open")?;
    let mut entries = sets.entries(&state.shown)?;
    match sets.selected(entries.len()) {
        Some(row) => Ok(entries.swap_remove(row)),
        None if sets.text.text().trim().is_empty() => {
            state.check_can_change()?;
            let key = state.key(CommandId::SaveSet);
            Err(match state.user() {
                Some((_, user)) if !user.hats.is_empty() => {
                    format!("No hat sets ({key} to save this user's hats as a hat set)")
                }
                _ => format!("No hat sets (select a user with hats, then {key} to save them as a hat set)"),
            })
        }
        None => Err("No matches".into()),
    }
}

pub(crate) fn may_apply(state: &State) -> Result<(), String> {
    targets::check_can_add_hats(state)?;
    selected(state).map(drop)
}

/// Replaces the hats of the target users with those of the set.
pub(crate) fn replace(state: &mut State, effects: &mut Vec<Effect>) {
    apply(state, effects, true);
}

/// Adds the hats of the set that the target users lack.
pub(crate) fn add(state: &mut State, effects: &mut Vec<Effect>) {
    apply(state, effects, false);
}

fn apply(state: &mut State, effects: &mut Vec<Effect>, replace: bool) {
    if let Ok((_, hats)) = selected(state) {
        state.overlays.pop();
        hat_clipboard::apply_hats(state, effects, |_| &hats, replace);
    }
}

/// Checks that there are hats to save as a set: the hats that could also be copied.
pub(crate) fn may_save(state: &State) -> Result<(), String> {
    state.check_can_change()?;
    state.shown.hat_sets().map_err(|error| error.to_string())?;
    hat_clipboard::hats_to_save(state).map(drop)
}

pub(crate) fn save(state: &mut State, _: &mut Vec<Effect>) {
    let typed = top_sets(state).map(|sets| sets.text.text().trim().to_owned());
    if let Ok((hats, source)) = hat_clipboard::hats_to_save(state) {
        let kind = PromptKind::SaveSet(hats, source);
        let prompt = Prompt::new(kind, &typed.unwrap_or_default(), Vec::new(), 0);
        state.open_prompt(prompt);
    }
}

pub(crate) fn may_change(state: &State) -> Result<(), String> {
    state.check_can_change()?;
    selected(state).map(drop)
}

pub(crate) fn rename(state: &mut State, _: &mut Vec<Effect>) {
    if let Ok((name, _)) = selected(state) {
        let prompt = Prompt::new(PromptKind::RenameSet(name.clone()), &name, Vec::new(), 0);
        state.open(prompt);
    }
}

/// Removes the set without asking, since the removal can be undone.
pub(crate) fn remove(state: &mut State, effects: &mut Vec<Effect>) {
    if let Ok((name, _)) = selected(state) {
        commit::execute(state, effects, |next| next.put_hat_set(&name, None));
    }
}

/// Saves hats as a set under the typed name. Asks before replacing a set of this name with other hats.
pub(super) fn save_as(state: &mut State, effects: &mut Vec<Effect>, name: &str, hats: &Hats) {
    let existing = state
        .shown
        .hat_sets()
        .ok()
        .and_then(|sets| sets.get(name).cloned());
    match existing.filter(|existing| existing != hats) {
        None => execute_for_prompt(state, effects, |next| next.put_hat_set(name, Some(hats))),
        Some(existing) => {
            let question = format!("Replace hat set \"{name}\"?");
            let consequence = format!(
                "It has {}; it will have {}.",
                describe::hats(&existing),
                describe::hats(hats)
            );
            batch::confirm(state, ("Replace hat set", question), consequence, |next| {
                next.put_hat_set(name, Some(hats))
            });
        }
    }
}

pub(super) fn rename_to(state: &mut State, effects: &mut Vec<Effect>, name: &str, new_name: &str) {
    execute_for_prompt(state, effects, |next| next.rename_hat_set(name, new_name));
}

/// Makes the change that the top prompt asked for, and closes the prompt. If the change is rejected, the prompt stays
/// open and shows the reason.
fn execute_for_prompt(
    state: &mut State,
    effects: &mut Vec<Effect>,
    operation: impl Fn(&mut Wardrobe) -> Result<crate::model::EditGroup, crate::model::EditError>,
) {
    if let Err(error) = operation(&mut state.shown.clone()) {
        if let Some(prompt) = state.top_as_mut::<Prompt>() {
            prompt.set_errors(vec![error.to_string()]);
        }
        return;
    }
    state.overlays.pop();
    commit::execute(state, effects, operation);
}
