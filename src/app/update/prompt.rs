//! Prompts for a file name or a set name: import, export, saving and renaming hat sets.

use super::{arrivals, sets};
use crate::app::draft::Draft;
use crate::app::import_preview::ImportPreview;
use crate::app::path_completion::{self, FolderEntry};
use crate::app::place::Place;
use crate::app::prompt::{ExportOutcome, ExportRequest, Prompt, PromptKind};
use crate::app::text::TextInput;
use crate::app::view::View;
use crate::app::{
    Confirm, ConfirmedAction, Effect, Layer, MouseTarget, Pane, RowKind, State, describe, targets,
};
use crate::exchange::{
    ExportScope, FileFormat, ImportErrors, ImportExtent, ImportOptions, ImportTarget, ParsedImport,
};
use crate::model::{MAX_TEXT_BYTES, Wardrobe};
use crate::store::ChangeReason;

/// A restricted session must not access arbitrary files.
fn require_unrestricted(state: &State, what: &str) -> Result<(), String> {
    if state.start.scope.is_restricted() {
        return Err(format!("{what} is not available in a restricted session"));
    }
    Ok(())
}

pub(crate) fn may_import(state: &State) -> Result<(), String> {
    require_unrestricted(state, "Import")?;
    state.check_can_change()
}

pub(crate) fn may_export(state: &State) -> Result<(), String> {
    require_unrestricted(state, "Export")?;
    if state.start.demo {
        return Err("Export is not available in demo mode".into());
    }
    state.check_loaded()
}

pub(crate) fn import(state: &mut State, _: &mut Vec<Effect>) {
    let target = ImportTarget {
        room: state.room().map(|(jid, _)| jid.clone()),
        user: state.user().map(|(jid, _)| jid.clone()),
    };
    let choices = vec![
        "add to existing data".into(),
        "replace existing data (JSON only)".into(),
    ];
    state.open_prompt(Prompt::new(PromptKind::Import(target), "", choices, 0));
}

pub(crate) fn export(state: &mut State, _: &mut Vec<Effect>) {
    let parts = export_scopes(state);
    let choices = parts.iter().map(scope_choice).collect();
    state.open_prompt(Prompt::new(PromptKind::Export(parts), "", choices, 0));
}

/// The possible export scopes. The first is what a command would act on here, marked or selected.
fn export_scopes(state: &State) -> Vec<ExportScope> {
    let room = state.room().map(|(jid, _)| jid.clone());
    let user = room.clone().zip(state.user().map(|(jid, _)| jid.clone()));
    let (rooms, users) = targets::marked(state);
    let users = room.clone().zip((!users.is_empty()).then_some(users));
    let of_rooms = [
        (!rooms.is_empty()).then_some(ExportScope::Rooms(rooms)),
        room.map(ExportScope::Room),
    ];
    let of_users = [
        users.map(|(room, users)| ExportScope::Users(room, users)),
        user.map(|(room, user)| ExportScope::User(room, user)),
    ];
    let [[marked_rooms, room], [marked_users, user]] = [of_rooms, of_users];
    let about_rooms = state.grouping().kind(state.focus) == RowKind::Room
        || (state.is_by_hat() && state.focus == Pane::First);
    let parts = if about_rooms {
        [marked_rooms, marked_users, room, Some(ExportScope::All), user]
    } else {
        [marked_users, marked_rooms, user, room, Some(ExportScope::All)]
    };
    parts.into_iter().flatten().collect()
}

/// The label of a scope among the choices.
fn scope_choice(part: &ExportScope) -> String {
    let marked = |number: usize, noun: &str| match number {
        1 => format!("the marked {noun}"),
        more => format!("the {more} marked {noun}s"),
    };
    match part {
        ExportScope::Rooms(rooms) => marked(rooms.len(), "room"),
        ExportScope::Users(room, users) => format!("{} in {room}", marked(users.len(), "user")),
        part => describe::export_scope(part),
    }
}

/// Closes the prompt. What was typed is kept for the next one of its kind.
pub(crate) fn cancel(state: &mut State, _: &mut Vec<Effect>) {
    if let Some(prompt) = state.close::<Prompt>() {
        let is_new = !matches!(prompt.kind, PromptKind::RenameSet(_) | PromptKind::Reason);
        let typed = prompt.text.text();
        if is_new && !typed.trim().is_empty() {
            state.canceled_prompts.insert(prompt.heading().to_owned(), typed);
        } else {
            state.canceled_prompts.remove(prompt.heading());
        }
    }
}

impl Layer for Prompt {
    fn place(&self) -> Place {
        if self.is_choosing {
            Place::PromptChoice
        } else {
            Place::Prompt
        }
    }

    fn view<'a>(&'a self, _: &'a State) -> View<'a> {
        crate::app::view::prompt::view(self)
    }

    fn takes_text(&self) -> bool {
        true
    }

    fn is_typing(&self) -> bool {
        !self.is_choosing
    }

    /// A reason belongs to the question below.
    fn close_reason(&mut self, below: Option<&dyn Layer>, _: &Wardrobe) -> Option<&'static str> {
        let is_question = below.is_some_and(|below| below.downcast_ref::<Confirm>().is_some());
        (self.kind == PromptKind::Reason && !is_question)
            .then_some("Not done: the data changed in the meantime. Try again")
    }

    /// Editing cancels waiting for the previous submission.
    fn type_into(&mut self, take: &mut dyn FnMut(&mut TextInput) -> bool, _: &mut Vec<Effect>) {
        if self.is_choosing {
            return;
        }
        let before = self.text.text();
        if take(&mut self.text) && self.text.text() != before {
            self.refuse(Vec::new());
        }
    }

    fn add_to_draft(&self, draft: &mut Draft, ending: bool) {
        draft.prompts.extend(self.draft().filter(|_| ending));
    }

    fn click(&mut self, on: MouseTarget) {
        if let MouseTarget::Choice(at) = on
            && at < self.choices.len()
        {
            self.at = at;
            self.is_choosing = true;
            self.refuse(Vec::new());
        }
    }
}

fn top(state: &mut State) -> Option<&mut Prompt> {
    state.top_as_mut::<Prompt>()
}

/// Closes the topmost prompt.
pub(super) fn close(state: &mut State) {
    if top(state).is_some() {
        state.overlays.pop();
    }
}

/// The prompt that waits for the result of a file operation; it may be under a question.
fn waiting_prompt(state: &mut State) -> Option<&mut Prompt> {
    let mut prompts = state
        .overlays
        .iter_mut()
        .filter_map(|overlay| overlay.downcast_mut::<Prompt>());
    prompts.find(|prompt| prompt.is_waiting)
}

pub(crate) fn may_complete(state: &State) -> Result<(), String> {
    match state.top_as::<Prompt>() {
        Some(prompt) if prompt.takes_path() => Ok(()),
        _ => Err("Nothing to complete".into()),
    }
}

/// Completes the typed path once its folder is listed.
pub(crate) fn complete(state: &mut State, effects: &mut Vec<Effect>) {
    match top(state) {
        Some(prompt) if prompt.is_choosing => prompt.is_choosing = false,
        Some(prompt) => effects.push(Effect::ListFolder(prompt.text.text())),
        None => {}
    }
}

/// Completes the path with what its folder contains, unless something else was typed meanwhile.
pub(super) fn folder_listed(state: &mut State, typed: &str, entries: &[FolderEntry]) {
    let Some(prompt) = top(state).filter(|prompt| prompt.takes_path() && prompt.text.text() == typed) else {
        return;
    };
    let completed = path_completion::complete(typed, entries);
    if completed.names.is_empty() {
        return state.notify_error(format!("No file or folder starts with \"{typed}\""));
    }
    if completed.path != typed {
        prompt.text.set(&completed.path);
        prompt.refuse(Vec::new());
    }
    prompt.completions = completed.names;
}

pub(crate) fn may_choose(state: &State) -> Result<(), String> {
    match state.top_as::<Prompt>() {
        Some(prompt) if prompt.choices.len() > 1 => Ok(()),
        _ => Err("Nothing to choose".into()),
    }
}

/// Moves between the text and the options.
pub(crate) fn other_field(state: &mut State, _: &mut Vec<Effect>) {
    if let Some(prompt) = top(state) {
        prompt.is_choosing = !prompt.is_choosing;
    }
}

pub(crate) fn next_choice(state: &mut State, _: &mut Vec<Effect>) {
    cycle_choice(state, 1);
}

pub(crate) fn previous_choice(state: &mut State, _: &mut Vec<Effect>) {
    cycle_choice(state, -1);
}

fn cycle_choice(state: &mut State, by: isize) {
    if let Some(prompt) = top(state) {
        let length = prompt.choices.len().max(1);
        prompt.at = prompt
            .at
            .checked_add_signed(by)
            .map_or(length - 1, |at| at % length);
        prompt.refuse(Vec::new());
    }
}

/// Submits the prompt.
pub(crate) fn submit(state: &mut State, effects: &mut Vec<Effect>) {
    let Some(prompt) = top(state) else { return };
    let (path, heading) = (prompt.text.text().trim().to_owned(), prompt.heading());
    if let Err(problem) = check_name(&prompt.kind, &path) {
        prompt.refuse(vec![problem]);
        return;
    }
    let (ask, at) = (prompt.kind.clone(), prompt.at);
    state.canceled_prompts.remove(heading);
    let effect = match ask {
        PromptKind::SaveSet(hats, _) => return sets::save_as(state, effects, &path, &hats),
        PromptKind::Reason => return set_reason(state, &path),
        PromptKind::RenameSet(name) => return sets::rename_to(state, effects, &name, &path),
        PromptKind::Import(_) => Effect::Import(path),
        PromptKind::Export(parts) => {
            let Some(form) = FileFormat::from_name(&path) else {
                if let Some(prompt) = top(state) {
                    prompt.refuse(vec!["Use the extension .csv or .json".into()]);
                }
                return;
            };
            let part = parts.get(at).cloned().unwrap_or_default();
            let over = false;
            let export = ExportRequest {
                path,
                scope: part,
                format: form,
                overwrite: over,
            };
            Effect::Export(export, state.view.clone())
        }
    };
    if let Some(prompt) = top(state) {
        prompt.refuse(Vec::new());
        prompt.is_waiting = true;
    }
    effects.push(effect);
}

/// Closes the prompt for the reason, and shows the question again. An empty text is no reason.
fn set_reason(state: &mut State, text: &str) {
    state.close::<Prompt>();
    if let Some(confirm) = state.top_as_mut::<Confirm>() {
        confirm.reason = ChangeReason::new(text);
        confirm.is_shown = false;
    }
}

/// Checks a file name, set name or reason.
fn check_name(ask: &PromptKind, name: &str) -> Result<(), String> {
    let is_file = matches!(ask, PromptKind::Import(_) | PromptKind::Export(_));
    let what = if *ask == PromptKind::Reason {
        "reason"
    } else {
        "name"
    };
    match name.is_empty() {
        true if *ask == PromptKind::Reason => Ok(()),
        true if is_file => Err("Enter a file name".into()),
        true => Err("Enter a name for the set".into()),
        false if !is_file && name.len() > MAX_TEXT_BYTES => {
            Err(format!("The {what} is too long (limit 1,024 bytes)"))
        }
        false if !is_file && name.chars().any(char::is_control) => {
            Err(format!("The {what} contains a line break or control character"))
        }
        false => Ok(()),
    }
}

/// Handles the content of the file to import: previews it, or shows the errors.
pub(super) fn import_read(state: &mut State, path: &str, given: Result<Box<ParsedImport>, ImportErrors>) {
    let (now, zone) = (state.view.clone(), state.zone());
    let Some(prompt) = waiting_prompt(state).filter(|prompt| prompt.text.text().trim() == path) else {
        return;
    };
    let PromptKind::Import(target) = prompt.kind.clone() else {
        return;
    };
    let replace = prompt.at == 1;
    let planned = given.and_then(|given| {
        let target = applicable_target(&given, target);
        let how = ImportOptions {
            target: target.clone(),
            replace,
            restricted: false,
            new_users: None,
        };
        let rooms = given.rooms(&target).into_iter().cloned().collect::<Vec<_>>();
        let into = match (rooms.as_slice(), &target.user) {
            ([room], Some(user)) => format!("{user} in {room}"),
            ([room], None) => room.to_string(),
            (rooms, _) => describe::count(rooms.len(), "room"),
        };
        ImportPreview::new((path, &into), *given, how, &now, zone)
    });
    match planned {
        Err(errors) => prompt.refuse(errors.lines()),
        Ok(preview) => {
            state
                .overlays
                .retain(|overlay| overlay.downcast_ref::<Prompt>().is_none());
            if preview.rows.is_empty() {
                state.notify("Nothing changed");
            } else {
                arrivals::open_when_idle(state, preview, "The file was read");
            }
        }
    }
}

/// The part of the target that applies to the content: content with its own addresses needs none.
fn applicable_target(given: &ParsedImport, target: ImportTarget) -> ImportTarget {
    match given.content {
        ImportExtent::Document(_) => ImportTarget::default(),
        ImportExtent::Room(_) => ImportTarget { user: None, ..target },
        ImportExtent::User(..) => target,
    }
}

/// Exports again after the user agreed to overwrite the file.
pub(super) fn overwrite(state: &mut State, effects: &mut Vec<Effect>, export: ExportRequest) {
    if let Some(prompt) = top(state) {
        prompt.is_waiting = true;
    }
    effects.push(Effect::Export(export, state.view.clone()));
}

/// Handles the result of an export.
pub(super) fn export_done(state: &mut State, export: ExportRequest, result: Result<ExportOutcome, String>) {
    let Some(prompt) = waiting_prompt(state).filter(|prompt| prompt.text.text().trim() == export.path) else {
        return;
    };
    match result {
        Err(reason) => prompt.refuse(vec![reason]),
        Ok(ExportOutcome::Exists) => {
            prompt.is_waiting = false;
            let path = &export.path;
            let confirm = Confirm::new(
                "Overwrite file",
                format!("Overwrite {path}?"),
                "The file exists. Its content will be lost.",
                ConfirmedAction::Export(ExportRequest {
                    overwrite: true,
                    ..export
                }),
            );
            // Above its prompt, but below what may have been opened over that.
            let place = state
                .overlays
                .iter()
                .position(|overlay| overlay.downcast_ref::<Prompt>().is_some());
            let place = place.map_or(state.overlays.len(), |at| at + 1);
            state.overlays.insert(place, Box::new(confirm));
        }
        Ok(ExportOutcome::Done(lost)) => {
            state
                .overlays
                .retain(|overlay| overlay.downcast_ref::<Prompt>().is_none());
            let lost = match lost.as_slice() {
                [] => String::new(),
                lost => format!(
                    ". Not exported as CSV: {}; use JSON to keep them",
                    lost.join(", ")
                ),
            };
            let what = describe::export_scope(&export.scope);
            state.notify(format!("Exported {what} to {}{lost}", export.path));
        }
    }
}
