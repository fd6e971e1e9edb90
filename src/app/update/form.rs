//! Opening, filling in and saving forms.

use crate::app::catalog::CatalogOverlay;
use crate::app::command::CommandId;
use crate::app::form::{FieldName, FieldValue, Form, FormSubject};
use crate::app::place::{Grouping, RowKind};
use crate::app::subject::single;
use crate::app::suggest::{Existing, Suggestion};
use crate::app::text::TextInput;
use crate::app::{
    Confirm, ConfirmedAction, Conflict, ConflictSubject, Effect, State, conflict_text, hat_color,
};
use crate::model::{CatalogHat, HatId, Jid, Wardrobe};

use super::batch::{self, BatchOutcome};
use super::{build_batch, build_form};

pub(super) fn open(state: &mut State, subject: FormSubject) {
    let form = build_form::build_form(subject, state);
    state.open(form);
}

pub(super) fn top_form(state: &mut State) -> Option<&mut Form> {
    state.top_as_mut::<Form>()
}

pub(crate) fn next_field(state: &mut State, _: &mut Vec<Effect>) {
    if let Some(form) = top_form(state) {
        clear_list_selection(form);
        fill_definition(form);
        form.focus = (form.focus + 1) % form.fields.len().max(1);
    }
}

pub(crate) fn previous_field(state: &mut State, _: &mut Vec<Effect>) {
    if let Some(form) = top_form(state) {
        clear_list_selection(form);
        fill_definition(form);
        form.focus = form
            .focus
            .checked_sub(1)
            .unwrap_or(form.fields.len().saturating_sub(1));
    }
}

pub(crate) fn next_value(state: &mut State, _: &mut Vec<Effect>) {
    cycle_focused(state, 1);
}

pub(crate) fn previous_value(state: &mut State, _: &mut Vec<Effect>) {
    cycle_focused(state, -1);
}

fn cycle_focused(state: &mut State, by: isize) {
    if let Some(form) = top_form(state) {
        cycle_value(form, by);
    }
}

/// Returns the text of the focused field.
fn focused_text(state: &mut State) -> Option<&mut TextInput> {
    match &mut top_form(state)?.field_mut()?.value {
        FieldValue::Text(text) => Some(text),
        _ => None,
    }
}

pub(crate) fn new_line(state: &mut State, _: &mut Vec<Effect>) {
    if let Some(text) = focused_text(state) {
        text.break_line();
    }
}

pub(crate) fn next_line(state: &mut State, effects: &mut Vec<Effect>) {
    if !focused_text(state).is_some_and(|text| text.move_line(true)) {
        next_field(state, effects);
    }
}

pub(crate) fn previous_line(state: &mut State, effects: &mut Vec<Effect>) {
    if !focused_text(state).is_some_and(|text| text.move_line(false)) {
        previous_field(state, effects);
    }
}

pub(crate) fn next_color(state: &mut State, _: &mut Vec<Effect>) {
    cycle_color(state, 1);
}

pub(crate) fn previous_color(state: &mut State, _: &mut Vec<Effect>) {
    cycle_color(state, -1);
}

fn cycle_color(state: &mut State, by: isize) {
    if let Some(form) = top_form(state) {
        let next = hat_color::neighbor(&form.text(FieldName::Hue), by);
        form.set_text(FieldName::Hue, next);
    }
}

/// Toggles the focused checkbox, or selects the next (`by` > 0) or previous value of the focused field.
pub(super) fn cycle_value(form: &mut Form, by: isize) {
    form.changed = true;
    match form.field_mut().map(|field| &mut field.value) {
        Some(FieldValue::Toggle(on)) => *on = !*on,
        Some(FieldValue::Mixed(value)) => {
            *value = match (*value, by > 0) {
                (None, true) | (Some(false), false) => Some(true),
                (Some(true), true) | (None, false) => Some(false),
                (Some(false), true) | (Some(true), false) => None,
            };
        }
        Some(FieldValue::Choice { options, selected }) => {
            let length = options.len().max(1);
            *selected = selected
                .checked_add_signed(by)
                .map_or(length - 1, |next| next % length);
        }
        _ => {}
    }
}

pub(crate) fn may_request_new_id(state: &State) -> Result<(), String> {
    let field = state.top_as::<Form>().and_then(Form::field);
    match field.map(|field| field.name) {
        Some(FieldName::Hat) => Ok(()),
        _ => Err("Only hats can get a new ID".into()),
    }
}

pub(crate) fn request_new_id(_: &mut State, effects: &mut Vec<Effect>) {
    effects.push(Effect::NewId);
}

/// Fills the hat field with a generated ID and focuses the title field. A title that was typed in the hat field moves
/// to the title field. If saving waited for the ID, saves the form instead; its fields then keep the typed text,
/// because a question about the change may be canceled.
pub(super) fn insert_new_id(state: &mut State, id: &str, effects: &mut Vec<Effect>) {
    let Some(form) = top_form(state) else { return };
    let typed = form.text(FieldName::Hat);
    let title = Some(typed.trim()).filter(|text| !text.is_empty() && HatId::parse_input(text).is_err());
    form.new_hat = Some(HatId::unchecked(id));
    if std::mem::take(&mut form.saves_once_id_arrives) {
        let mut filled = form.clone();
        fill_hat(&mut filled, id, title);
        return propose(state, effects, &filled);
    }
    fill_hat(form, id, title);
}

/// Fills the hat field, and the title field unless the user typed a title; focuses the title field.
pub(super) fn fill_hat(form: &mut Form, id: &str, title: Option<&str>) {
    form.set_text(FieldName::Hat, id);
    if let Some(suggestions) = &mut form.suggestions {
        suggestions.search(id);
    }
    if let Some(title) = title {
        form.fill(FieldName::Title, title, true);
    }
    form.focus = form
        .fields
        .iter()
        .position(|field| field.name == FieldName::Title)
        .unwrap_or(form.focus);
}

/// Fills in the title and color that an existing hat has in other rooms, if the form defines a hat.
fn fill_definition(form: &mut Form) {
    if !matches!(form.subject, FormSubject::DefineHat { .. }) {
        return;
    }
    let Some(hat) = form.existing_hat().cloned() else {
        return;
    };
    if let Some(title) = &hat.title {
        form.fill(FieldName::Title, title, false);
    }
    if let Some(hue) = &hat.hue {
        form.fill(FieldName::Hue, hat_color::name(hue), false);
    }
}

/// Fills the field with a suggested hat or room, and focuses the next field.
pub(super) fn fill_suggestion(form: &mut Form, existing: &Existing) {
    if let Existing::Hat(hat) = existing {
        fill_hat(form, hat.id.as_str(), hat.title.as_deref());
        return fill_definition(form);
    }
    form.set_text(FieldName::ExistingRoom, existing.id());
    if let Some(suggestions) = &mut form.suggestions {
        suggestions.search(existing.id());
    }
    form.focus = (form.focus + 1) % form.fields.len().max(1);
}

pub(crate) fn may_focus_list(state: &State) -> Result<(), String> {
    let suggestions = match state.top_as::<Form>() {
        Some(form) => form.suggestions.as_ref(),
        _ => return Err("No form is open".into()),
    };
    suggestions
        .filter(|suggestions| !suggestions.is_empty())
        .map(drop)
        .ok_or_else(|| "No matches".into())
}

pub(super) fn select_suggestion(state: &mut State, to: impl FnOnce(Option<usize>) -> Option<usize>) {
    if let Some(suggestions) = top_form(state).and_then(|form| form.suggestions.as_mut()) {
        let row = to(suggestions.selected()).map(|row| row.min(suggestions.len().saturating_sub(1)));
        suggestions.select(row);
    }
}

pub(crate) fn focus_list(state: &mut State, _: &mut Vec<Effect>) {
    select_suggestion(state, |_| Some(0));
}

pub(crate) fn leave_list(state: &mut State, _: &mut Vec<Effect>) {
    select_suggestion(state, |_| None);
}

pub(super) fn clear_list_selection(form: &mut Form) {
    if let Some(suggestions) = &mut form.suggestions {
        suggestions.select(None);
    }
}

pub(crate) fn accept_suggestion(state: &mut State, effects: &mut Vec<Effect>) {
    let Some(form) = top_form(state) else { return };
    let suggestions = form.suggestions.as_ref();
    match suggestions.and_then(|suggestions| suggestions.get(suggestions.selected()?)) {
        Some(Suggestion::Existing(existing)) => {
            let existing = existing.clone();
            fill_suggestion(form, &existing);
        }
        Some(Suggestion::NewHat(_)) => effects.push(Effect::NewId),
        None => {}
    }
}

/// Closes the topmost form; asks first if it has unsaved input.
pub(crate) fn cancel(state: &mut State, _: &mut Vec<Effect>) {
    let Some(form) = top_form(state) else { return };
    if !form.is_changed() {
        close(state);
        return;
    }
    state.open(Confirm::new(
        "Discard changes",
        "Discard the changes in this form?",
        "Your input will be lost.",
        ConfirmedAction::DiscardForm,
    ));
}

/// Closes the topmost form after its change was applied, and selects the changed item.
pub(super) fn close_and_select(state: &mut State) {
    if let Some(form) = top_form(state).cloned() {
        let mut restored = state.drafts.restored_forms.iter();
        let is_restored = restored.any(|draft| draft.subject == form.subject);
        close(state);
        let selected = select_changed(state, &form);
        // A restored form can concern another pane than the one that had the focus.
        if let (Some(kind), true) = (selected, is_restored) {
            state.focus = state.grouping().pane(kind);
        }
    }
}

/// Closes the topmost form.
pub(super) fn close(state: &mut State) {
    if let Some(form) = top_form(state) {
        let subject = form.subject.clone();
        state
            .drafts
            .restored_forms
            .retain(|draft| draft.subject != subject);
        state.overlays.pop();
    }
}

pub(crate) fn save(state: &mut State, effects: &mut Vec<Effect>) {
    if let Err(reason) = state.check_can_change() {
        state.notify_error(reason);
        return;
    }
    let (wardrobe, keymap) = (state.shown.clone(), state.keymap().clone());
    let Some(form) = top_form(state) else { return };
    clear_list_selection(form);
    fill_definition(form);
    if let Some(completed) = form.completion_to_confirm(&wardrobe) {
        return complete_address(state, &completed);
    }
    if let Some((index, problem)) = form.first_problem(&wardrobe, &keymap) {
        form.save_attempted = true;
        form.focus = index;
        let label = form.fields.get(index).map_or("", |field| field.name.label());
        state.notify_error(format!("Cannot save. {label}: {problem}"));
        return;
    }
    if let Some(theirs) = form.concurrent_change(&wardrobe) {
        let (item_phrase, yours) = (form.subject.heading(), describe_yours(form, &wardrobe));
        state.open(Conflict {
            item_phrase,
            yours,
            theirs,
            before: None,
            zone: state.zone(),
            subject: ConflictSubject::Form,
        });
        return;
    }
    commit_form(state, effects);
}

/// Completes the typed address of a new user. The form is saved only by another key press, after the user has seen the
/// address.
fn complete_address(state: &mut State, completed: &str) {
    let Some(form) = top_form(state) else { return };
    form.completed_input = Some(form.text(FieldName::User));
    form.set_text(FieldName::User, completed);
    form.focus = form
        .fields
        .iter()
        .position(|field| field.name == FieldName::User)
        .unwrap_or(form.focus);
    let save = state.key(CommandId::Save);
    state.notify(format!("Address completed; press {save} to add {completed}"));
}

/// Applies the change that the topmost form describes, or asks first. If the form describes a new hat, first requests
/// an ID for it.
pub(super) fn commit_form(state: &mut State, effects: &mut Vec<Effect>) {
    let Some(form) = top_form(state) else { return };
    if form.new_hat_title().is_some() {
        form.saves_once_id_arrives = true;
        effects.push(Effect::NewId);
        return;
    }
    let form = form.clone();
    propose(state, effects, &form);
}

/// Applies the change that a form describes, or asks first; confirming closes the topmost form.
pub(super) fn propose(state: &mut State, effects: &mut Vec<Effect>, form: &Form) {
    match build_batch::build(form, &state.shown) {
        Err(reason) => state.notify_error(reason),
        Ok(batch) => match batch::propose(state, effects, batch) {
            BatchOutcome::Applied => close_and_select(state),
            BatchOutcome::Unchanged => close(state),
            BatchOutcome::Pending | BatchOutcome::Failed => {}
        },
    }
}

/// Selects the item that a form changed; if the form changed several users, selects only their hat. Returns the kind of
/// the item, if it is in the panes.
fn select_changed(state: &mut State, form: &Form) -> Option<RowKind> {
    let hat = form.resolve_hat().ok().map(|chosen| chosen.id);
    // For a new hat, the hat field contains the title, not the ID.
    let hat = hat.or_else(|| form.new_hat.clone());
    let room_and_user = match &form.subject {
        FormSubject::AddRoom => Jid::parse_input(form.text(FieldName::Room).trim())
            .ok()
            .map(|room| (room, None)),
        FormSubject::EditRoom { room, .. } => Some((room.clone(), None)),
        FormSubject::AddUser { rooms } => single(rooms).map(|room| (room.clone(), form.user().ok())),
        FormSubject::AddToRoom { users } => form
            .resolve_room()
            .ok()
            .map(|chosen| (chosen.id, single(users).cloned())),
        FormSubject::EditUsers { room_users, .. } | FormSubject::AddHat { room_users } => {
            single(room_users).map(|(room, user)| (room.clone(), Some(user.clone())))
        }
        FormSubject::EditHats { attachments, .. } => {
            single(attachments).map(|attachment| (attachment.room.clone(), Some(attachment.user.clone())))
        }
        FormSubject::DefineHat { .. } => {
            let catalog = state.top_as_mut::<CatalogOverlay>();
            if let (Some(catalog), Some(hat)) = (catalog, hat) {
                catalog.selected_hat = Some(hat);
            }
            return None;
        }
        FormSubject::EditDefined { .. } => return None,
    };
    let kind = match (&room_and_user, &hat) {
        (_, Some(_)) => Some(RowKind::Hat),
        (Some((_, Some(_))), None) => Some(RowKind::User),
        (Some((_, None)), None) => Some(RowKind::Room),
        (None, None) => None,
    };
    match (state.grouping(), room_and_user, hat) {
        (Grouping::ByRoom, Some((room, user)), hat) => {
            state
                .browser
                .select(&state.shown, &room, user.as_ref(), hat.as_ref());
        }
        (Grouping::ByRoom | Grouping::ByUser, _, Some(hat)) => {
            state.browser.select_row(RowKind::Hat, &hat.into(), &state.shown);
        }
        (Grouping::ByUser, Some((room, user)), None) if user.as_ref() == state.browser.selected_ids().1 => {
            state
                .browser
                .select_row(RowKind::Room, &room.into(), &state.shown);
        }
        _ => {}
    }
    kind
}

/// Describes the values in a form, for a conflict.
fn describe_yours(form: &Form, wardrobe: &Wardrobe) -> String {
    match &form.subject {
        FormSubject::AddRoom | FormSubject::EditRoom { .. } => {
            format!("the room's name: \"{}\"", form.text(FieldName::RoomName))
        }
        FormSubject::AddUser { .. } => format!("{} as {}", form.text(FieldName::User), form.affiliation()),
        FormSubject::AddToRoom { .. } | FormSubject::EditUsers { .. } => {
            conflict_text::describe_affiliation(form.affiliation())
        }
        FormSubject::AddHat { .. } => format!(
            "{} as {}",
            form.text(FieldName::Hat),
            conflict_text::describe_attachment(&form.attachment(), None, form.now.time_zone())
        ),
        FormSubject::EditHats { attachments, .. } => {
            let theirs = single(attachments).and_then(|only| only.attachment(wardrobe));
            conflict_text::describe_attachment(&form.attachment(), theirs, form.now.time_zone())
        }
        FormSubject::DefineHat { .. } | FormSubject::EditDefined { .. } => {
            conflict_text::describe_catalog_hat(&build_batch::catalog_hat(form, &CatalogHat::default()))
        }
    }
}
