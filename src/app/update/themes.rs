//! The list of themes.

use crate::app::place::Place;
use crate::app::themes::ThemesOverlay;
use crate::app::view::View;
use crate::app::{Effect, Layer, State};
use crate::model::Wardrobe;

impl Layer for ThemesOverlay {
    fn place(&self) -> Place {
        Place::Themes
    }

    fn view<'a>(&'a self, state: &'a State) -> View<'a> {
        crate::app::view::themes::view(state, self)
    }

    fn rows(&self, _: &Wardrobe) -> Option<(usize, usize)> {
        Some((self.selected, self.all.len()))
    }

    fn select(&mut self, row: usize, _: &Wardrobe, effects: &mut Vec<Effect>) {
        self.selected = row.min(self.all.len().saturating_sub(1));
        effects.push(Effect::ShowTheme(self.name().to_owned()));
    }
}

pub(crate) fn may_choose(state: &State) -> Result<(), String> {
    let start = state.start();
    if start.scope.is_restricted() {
        return Err("Themes are not available in a restricted session".into());
    }
    if start.demo {
        return Err("Themes are not available in demo mode".into());
    }
    if start.themes.all.is_empty() {
        return Err("No configuration file to save a theme in".into());
    }
    Ok(())
}

/// Opens the list with the current theme selected.
pub(crate) fn open(state: &mut State, _: &mut Vec<Effect>) {
    let all = state.start.themes.all.clone();
    let current = all.iter().position(|theme| theme.name == state.theme);
    state.open(ThemesOverlay {
        selected: current.unwrap_or_default(),
        all,
    });
}

pub(crate) fn save(state: &mut State, effects: &mut Vec<Effect>) {
    if let Some(themes) = state.close::<ThemesOverlay>() {
        themes.name().clone_into(&mut state.theme);
        effects.push(Effect::ShowTheme(state.theme.clone()));
        effects.push(Effect::SaveTheme(state.theme.clone()));
    }
}

pub(crate) fn close(state: &mut State, effects: &mut Vec<Effect>) {
    if state.close::<ThemesOverlay>().is_some() {
        effects.push(Effect::ShowTheme(state.theme.clone()));
    }
}

/// Reports the file in which the theme was saved, or why it was not saved.
pub(super) fn saved(state: &mut State, name: &str, result: Result<String, String>) {
    match result {
        Ok(file) => state.notify(format!("Saved theme {name} in {file}")),
        Err(reason) => state.notify_error(format!(
            "Theme {name} is used until you quit, but not saved: {reason}"
        )),
    }
}
