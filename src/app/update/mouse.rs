//! The mouse: what is clicked on is selected, what is clicked on twice is opened, as Enter does.

use crate::app::form::{Form, Name, Value};
use crate::app::lookup::lookup_default;
use crate::app::{Code, Effect, Key, Overlay, Spot, State};

use super::dispatch::run;
use super::{filter, form, panes};

/// A turn of the wheel moves so many rows.
const WHEEL: usize = 3;

pub(super) fn click(state: &mut State, on: &[Spot], double: bool, effects: &mut Vec<Effect>) {
    let in_panes = matches!(on.first(), Some(Spot::Pane(_)));
    if on.is_empty() || in_panes != state.overlays.is_empty() {
        return;
    }
    state.notice = None;
    let is_row = |spot: &Spot| matches!(spot, Spot::Row(_));
    if double && on.iter().any(is_row) {
        // The first click has selected it; the rows may have moved under the mouse since.
        press(state, Code::Enter, effects);
        return;
    }
    state.shifted = None;
    for spot in on {
        match (state.overlays.last_mut(), *spot) {
            (None, Spot::Pane(pane)) => focus(state, pane, effects),
            (None, Spot::Row(row)) => panes::go(state, |_| row),
            (Some(Overlay::Form(form)), spot) => click_in_form(form, spot),
            (Some(Overlay::Finder(finder)), Spot::Row(row)) => finder.move_to(row),
            (Some(Overlay::Sets(_)), Spot::Row(row)) => super::sets::go(state, |_| row),
            (Some(Overlay::Prompt(_)), Spot::Choice(at)) => super::prompt::choose_at(state, at),
            (Some(Overlay::Catalogue(_)), Spot::Row(row)) => super::catalogue::go(state, |_| row),
            (Some(Overlay::History(_)), Spot::Row(row)) => super::history::go(state, effects, |_| row),
            _ => {}
        }
    }
}

/// The pane gets the keys; a filter that was being typed is kept.
fn focus(state: &mut State, pane: crate::app::Pane, effects: &mut Vec<Effect>) {
    if state.typed_filter().is_some() {
        filter::keep(state, effects);
    }
    state.focus = pane;
}

fn click_in_form(form: &mut Form, spot: Spot) {
    match spot {
        Spot::Field(at) if at < form.fields.len() => {
            form::leave_list_of(form);
            form.focus = at;
            let value = form.field().map(|field| &field.value);
            if matches!(value, Some(Value::Tick(_) | Value::Maybe(_))) {
                form::choose_in(form, 1);
            }
        }
        Spot::Choice(wanted) => {
            if let Some(Value::Choice { options, at }) = form.field_mut().map(|field| &mut field.value)
                && wanted < options.len()
                && *at != wanted
            {
                *at = wanted;
                form.changed = true;
            }
        }
        Spot::Known(row) => {
            let known = form.suggestions.as_ref().and_then(|known| known.get(row));
            if let Some(known) = known.cloned() {
                form::put_hat(form, known.id.as_str(), known.title.as_deref());
            }
        }
        _ => {}
    }
}

/// Moves in the list under the mouse, which gets the keys; else in the one that has them.
pub(super) fn wheel(state: &mut State, on: &[Spot], down: bool, effects: &mut Vec<Effect>) {
    state.notice = None;
    let to = |at: usize| {
        if down {
            at + WHEEL
        } else {
            at.saturating_sub(WHEEL)
        }
    };
    match state.overlays.last_mut() {
        None => {
            state.shifted = None;
            if let Some(Spot::Pane(pane)) = on.first()
                && *pane != state.focus
            {
                focus(state, *pane, effects);
            }
            panes::go(state, to);
        }
        Some(Overlay::Form(form)) => {
            if on.iter().any(|spot| matches!(spot, Spot::Known(_))) {
                let hat = form.fields.iter().position(|field| field.name == Name::Hat);
                form.focus = hat.unwrap_or(form.focus);
                form::move_in_list(state, |row| row.map_or(Some(0), |row| Some(to(row))));
            }
        }
        Some(_) => {
            let key = if down { Code::Down } else { Code::Up };
            for _ in 0..WHEEL {
                press(state, key, effects);
            }
        }
    }
}

/// Does what a key means here by the table: the mouse is not for what else somebody has given the key to.
fn press(state: &mut State, code: Code, effects: &mut Vec<Effect>) {
    if let Some(command) = lookup_default(state, Key::plain(code)) {
        let shifted = state.shifted.take();
        run(state, command, shifted, effects);
    }
}
