//! The command palette, the help, and *Go to* for rooms, users and hats.

use crate::app::command::CommandId;
use crate::app::finder::Finder;
use crate::app::offer::FinderItem;
use crate::app::place::Place;
use crate::app::text::TextInput;
use crate::app::view::View;
use crate::app::{Effect, Grouping, Layer, Pane, RowKind, State, help};
use crate::model::{HatId, Jid, Wardrobe};

pub(super) fn open_palette(state: &mut State, enabled: help::CommandCheck) {
    let offers = help::palette_commands(state, enabled).into_iter();
    let others = offers.filter(|offer| offer.command.id != CommandId::Palette);
    let finder = Finder::commands(others.map(FinderItem::Command).collect());
    state.open(finder);
}

pub(crate) fn may_help(state: &State) -> Result<(), String> {
    match state.top_as::<Finder>() {
        Some(finder) if finder.is_help() => Err("The help is already open".into()),
        _ => Ok(()),
    }
}

pub(super) fn open_help(state: &mut State, enabled: help::CommandCheck) {
    let finder = Finder::help(help::help_items(state, enabled));
    state.open(finder);
}

pub(crate) fn may_go_to(state: &State) -> Result<(), String> {
    state.check_loaded()?;
    // Without a room there is nothing to go to, whatever the first pane lists.
    if state.shown.rooms().len() == 0 {
        return Err("No rooms yet".into());
    }
    Ok(())
}

pub(crate) fn go_to(state: &mut State, effects: &mut Vec<Effect>) {
    let finder = Finder::go_to(&state.shown, state.browser.presence());
    state.open(finder);
    request_next_chunk(state, effects);
}

impl Layer for Finder {
    fn place(&self) -> Place {
        Place::Finder
    }

    fn view<'a>(&'a self, _: &'a State) -> View<'a> {
        crate::app::view::finder::view(self)
    }

    fn takes_text(&self) -> bool {
        true
    }

    fn type_into(&mut self, edit: &mut dyn FnMut(&mut TextInput) -> bool, effects: &mut Vec<Effect>) {
        let before = self.text.text();
        if edit(&mut self.text) && self.text.text() != before {
            self.restart();
            if self.is_searching() {
                effects.push(Effect::Continue);
            }
        }
    }

    fn rows(&self, _: &Wardrobe) -> Option<(usize, usize)> {
        Some((self.selected, self.matches.len()))
    }

    fn select(&mut self, row: usize, _: &Wardrobe, _: &mut Vec<Effect>) {
        self.selected = row;
    }
}

fn top_finder(state: &mut State) -> Option<&mut Finder> {
    state.top_as_mut::<Finder>()
}

fn request_next_chunk(state: &mut State, effects: &mut Vec<Effect>) {
    if top_finder(state).is_some_and(|finder| finder.is_searching()) {
        effects.push(Effect::Continue);
    }
}

/// Searches the next chunk, if there is one.
pub(super) fn next_chunk(state: &mut State, effects: &mut Vec<Effect>) {
    if let Some(finder) = top_finder(state)
        && finder.is_searching()
    {
        finder.search_next_chunk();
        request_next_chunk(state, effects);
    }
}

pub(crate) fn may_choose(state: &State) -> Result<(), String> {
    match state.top_as::<Finder>() {
        Some(finder) if finder.selected_item().is_some() => Ok(()),
        _ => Err("No matches".into()),
    }
}

/// Accepts the selected item: closes the finder and selects the chosen room, user or hat, or returns the chosen
/// command. For a disabled command or a note in the help, only shows a notice.
pub(super) fn choose(state: &mut State) -> Option<CommandId> {
    let Some(item) = top_finder(state).and_then(|finder| finder.selected_item().cloned()) else {
        state.notify_error("No matches");
        return None;
    };
    match item {
        FinderItem::Command(offer) => {
            if let Err(reason) = offer.enabled {
                state.notify_error(reason);
                return None;
            }
            state.overlays.pop();
            // A command of a pane acts on the selection of that pane.
            if let Some((_, pane)) = offer.command.place.pane() {
                state.focus = pane;
            }
            return Some(offer.command.id);
        }
        FinderItem::Note(note) if note.place != Place::Filter => {
            state.notify_error(format!("{} only works in a text field", note.example));
        }
        FinderItem::Note(note) => {
            let key = state.key(CommandId::Filter);
            state.notify_error(format!("To filter by {}, press {key} first", note.example));
        }
        FinderItem::Hat { id, title, .. } => {
            state.overlays.pop();
            go_to_hat(state, &id, &title);
        }
        FinderItem::Destination { room, user, hat, .. } => {
            state.overlays.pop();
            state
                .browser
                .select(&state.shown, &room, user.as_ref(), hat.as_ref());
            focus_place(state, (&room, user.as_ref(), hat.as_ref()));
        }
    }
    None
}

/// Selects a hat in the Hats view.
fn go_to_hat(state: &mut State, hat: &HatId, title: &str) {
    if state.grouping() != Grouping::ByHat {
        state.browser.show(Grouping::ByHat, &state.shown, state.focus);
    }
    state.focus = Pane::First;
    let row = hat.clone().into();
    state.browser.select_row(RowKind::Hat, &row, &state.shown);
    if state.existing_hat().is_none_or(|found| found.id != *hat) {
        state.notify_error(format!("The hat {title:?} no longer exists"));
    }
}

/// Focuses the pane of the chosen room, user or hat. If the user or hat no longer exists, focuses the pane before its
/// pane; if the room no longer exists, the focus stays.
fn focus_place(state: &mut State, (room, user, hat): (&Jid, Option<&Jid>, Option<&HatId>)) {
    let missing = if state.room().map(|(jid, _)| jid) != Some(room) {
        Some(room.to_string())
    } else if let (Some(user), true) = (user, state.user().map(|(jid, _)| jid) != user) {
        state.focus = Pane::First;
        Some(user.to_string())
    } else if let (Some(hat), true) = (hat, state.hat().map(|(id, _)| id) != hat) {
        state.focus = Pane::Second;
        Some(hat.to_string())
    } else {
        state.focus = match (user, hat) {
            (None, _) => Pane::First,
            (Some(_), None) => Pane::Second,
            (Some(_), Some(_)) => Pane::Third,
        };
        None
    };
    if let Some(missing) = missing {
        state.notify_error(format!("{missing} no longer exists"));
    }
}
