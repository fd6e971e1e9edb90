//! A form as an overlay: typing, clicks and list movement in its fields.

use crate::app::draft::{Draft, FormDraft};
use crate::app::form::{FieldName, FieldValue, Form};
use crate::app::hat_color;
use crate::app::place::Place;
use crate::app::suggest::Suggestion;
use crate::app::text::TextInput;
use crate::app::view::View;
use crate::app::{Effect, Layer, MouseTarget, State};
use crate::model::Wardrobe;

use super::form;

impl Layer for Form {
    fn place(&self) -> Place {
        match self.field().map(|field| (&field.value, field.name)) {
            _ if self.selected_suggestion().is_some() => Place::Suggestions,
            Some((FieldValue::Text(_), name)) if name.suggests() => Place::SuggestField,
            Some((FieldValue::Text(_), FieldName::Hue)) => Place::ColorField,
            Some((FieldValue::Text(_), FieldName::User)) => Place::AddressField,
            Some((FieldValue::Text(_), _)) | None => Place::Form,
            Some(_) => Place::ChoiceField,
        }
    }

    fn view<'a>(&'a self, state: &'a State) -> View<'a> {
        crate::app::view::form::view(state, self)
    }

    fn takes_text(&self) -> bool {
        true
    }

    fn is_typing(&self) -> bool {
        self.field()
            .is_some_and(|field| matches!(field.value, FieldValue::Text(_)))
    }

    /// Passes the focused text to `edit`. Typing in a hat or room field searches the existing hats or rooms.
    fn type_into(&mut self, edit: &mut dyn FnMut(&mut TextInput) -> bool, _: &mut Vec<Effect>) {
        type_into(self, edit);
    }

    fn rows(&self, _: &Wardrobe) -> Option<(usize, usize)> {
        let suggestions = self.suggestions.as_ref()?;
        suggestions.selected().map(|row| (row, suggestions.len()))
    }

    fn select(&mut self, row: usize, _: &Wardrobe, _: &mut Vec<Effect>) {
        self.select_row(row);
    }

    fn leave_rows(&mut self) {
        form::clear_list_selection(self);
    }

    fn click(&mut self, target: MouseTarget) {
        click(self, target);
    }

    fn focus_list_at(&mut self, targets: &[MouseTarget]) {
        let is_suggestion = |target: &MouseTarget| matches!(target, MouseTarget::Suggestion(_));
        let (true, Some(suggestions)) = (targets.iter().any(is_suggestion), &mut self.suggestions) else {
            return;
        };
        suggestions.select(suggestions.selected().or(Some(0)));
        let field = self.fields.iter().position(|field| field.name.suggests());
        self.focus = field.unwrap_or(self.focus);
    }

    fn add_to_draft(&self, draft: &mut Draft, ending: bool) {
        if ending && self.is_changed() {
            draft.forms.push(FormDraft::of_form(self));
        }
    }
}

impl Form {
    fn select_row(&mut self, row: usize) {
        if let Some(suggestions) = &mut self.suggestions {
            suggestions.select(Some(row));
        }
    }
}

fn type_into(form: &mut Form, edit: &mut dyn FnMut(&mut TextInput) -> bool) {
    let Some(field) = form.field_mut() else { return };
    let name = field.name;
    let FieldValue::Text(text) = &mut field.value else {
        return;
    };
    let before = text.text();
    if edit(text)
        && name.suggests()
        && let Some(suggestions) = &mut form.suggestions
    {
        let after = form
            .fields
            .get(form.focus)
            .map_or_else(String::new, |field| match &field.value {
                FieldValue::Text(text) => text.text(),
                _ => String::new(),
            });
        if after == before {
            suggestions.select(None);
        } else {
            suggestions.search(&after);
        }
    }
}

fn click(form: &mut Form, target: MouseTarget) {
    match target {
        MouseTarget::Field(index) if index < form.fields.len() => {
            form::clear_list_selection(form);
            form.focus = index;
            let value = form.field().map(|field| &field.value);
            if matches!(value, Some(FieldValue::Toggle(_) | FieldValue::Mixed(_))) {
                form::cycle_value(form, 1);
            }
        }
        MouseTarget::Choice(option) if form.field().is_some_and(|field| field.name == FieldName::Hue) => {
            if let Some((name, _)) = hat_color::SWATCHES.get(option) {
                form.set_text(FieldName::Hue, name);
            }
        }
        MouseTarget::Choice(option) => {
            if let Some(FieldValue::Choice { options, selected }) =
                form.field_mut().map(|field| &mut field.value)
                && option < options.len()
                && *selected != option
            {
                *selected = option;
                form.changed = true;
            }
        }
        MouseTarget::Suggestion(row) => {
            let suggestions = form.suggestions.as_ref();
            if let Some(Suggestion::Existing(existing)) =
                suggestions.and_then(|suggestions| suggestions.get(row))
            {
                let existing = existing.clone();
                form::fill_suggestion(form, &existing);
            } else {
                // Only Enter creates a new hat, so a click selects its row.
                form.focus_list_at(&[target]);
                form.select_row(row);
            }
        }
        _ => {}
    }
}
