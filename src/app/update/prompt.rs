//! Prompts for a file to import or export, the name of a hat set, the reason for a change, or the time since which
//! changes are undone.

use super::{arrivals, rollback, sets};
use crate::app::draft::Draft;
use crate::app::import_preview::ImportPreview;
use crate::app::path_completion::{self, FolderEntry};
use crate::app::place::Place;
use crate::app::prompt::{ExportOutcome, ExportRequest, IMPORT_HEADING, ImportMode, Prompt, PromptKind};
use crate::app::text::TextInput;
use crate::app::view::View;
use crate::app::{
    Confirm, ConfirmedAction, Effect, Layer, MouseTarget, Pane, RowKind, State, describe, targets,
};
use crate::exchange::{
    ExportScope, FileFormat, ImportErrors, ImportExtent, ImportOptions, ImportTarget, ParsedImport,
};
use crate::model::{MAX_INPUT_BYTES, Wardrobe};
use crate::store::ChangeReason;

/// Fails in a restricted session, which must not access arbitrary files.
fn require_unrestricted(state: &State, action: &str) -> Result<(), String> {
    if state.start.scope.is_restricted() {
        return Err(format!("{action} is not available in a restricted session"));
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
    let choices = ImportMode::ALL.map(|mode| mode.label().into()).into();
    state.open_prompt(Prompt::new(PromptKind::Import(target), "", choices, 0));
}

pub(crate) fn export(state: &mut State, _: &mut Vec<Effect>) {
    let scopes = export_scopes(state);
    let choices = scopes.iter().map(scope_choice).collect();
    state.open_prompt(Prompt::new(PromptKind::Export(scopes), "", choices, 0));
}

/// Returns the scopes that can be exported; the first one is the default. Marked rooms and users come before the
/// selected ones. If the focused pane lists rooms, or all hats, rooms come before users, otherwise after them.
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
    let prefers_rooms = state.grouping().kind(state.focus) == RowKind::Room
        || (state.is_by_hat() && state.focus == Pane::First);
    let scopes = if prefers_rooms {
        [marked_rooms, marked_users, room, Some(ExportScope::All), user]
    } else {
        [marked_users, marked_rooms, user, room, Some(ExportScope::All)]
    };
    scopes.into_iter().flatten().collect()
}

/// Returns the label of a scope among the choices.
fn scope_choice(scope: &ExportScope) -> String {
    let marked = |number: usize, noun: &str| match number {
        1 => format!("the marked {noun}"),
        more => format!("the {more} marked {noun}s"),
    };
    match scope {
        ExportScope::Rooms(rooms) => marked(rooms.len(), "room"),
        ExportScope::Users(room, users) => format!("{} in {room}", marked(users.len(), "user")),
        scope => describe::export_scope(scope),
    }
}

/// Closes the prompt. The typed text is kept for the next prompt of the same kind, except for a new name of a set, a
/// reason or a time.
pub(crate) fn cancel(state: &mut State, _: &mut Vec<Effect>) {
    if let Some(prompt) = state.close::<Prompt>() {
        let keeps_text = !matches!(
            prompt.kind,
            PromptKind::RenameSet(_) | PromptKind::Reason | PromptKind::UndoSince(_)
        );
        let typed = prompt.text.text();
        if keeps_text && !typed.trim().is_empty() {
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

    fn view<'a>(&'a self, state: &'a State) -> View<'a> {
        crate::app::view::prompt::view(state, self)
    }

    fn takes_text(&self) -> bool {
        true
    }

    fn is_typing(&self) -> bool {
        !self.is_choosing
    }

    /// Closes the prompt for a reason if the question below has been closed.
    fn update_after_change(&mut self, below: Option<&dyn Layer>, _: &Wardrobe) -> Option<&'static str> {
        let is_question = below.is_some_and(|below| below.downcast_ref::<Confirm>().is_some());
        (self.kind == PromptKind::Reason && !is_question)
            .then_some("Not done: the data changed in the meantime. Try again")
    }

    /// Passes the text to `edit`. If the text changes, the prompt no longer waits for the result of the previous
    /// submission.
    fn type_into(&mut self, edit: &mut dyn FnMut(&mut TextInput) -> bool, _: &mut Vec<Effect>) {
        if self.is_choosing {
            return;
        }
        let before = self.text.text();
        if edit(&mut self.text) && self.text.text() != before {
            self.set_errors(Vec::new());
        }
    }

    fn add_to_draft(&self, draft: &mut Draft, ending: bool) {
        draft.prompts.extend(self.draft().filter(|_| ending));
    }

    fn click(&mut self, target: MouseTarget) {
        if let MouseTarget::Choice(option) = target
            && option < self.choices.len()
        {
            self.selected = option;
            self.is_choosing = true;
            self.set_errors(Vec::new());
        }
    }
}

fn top_prompt(state: &mut State) -> Option<&mut Prompt> {
    state.top_as_mut::<Prompt>()
}

/// Closes the topmost prompt.
pub(super) fn close(state: &mut State) {
    if top_prompt(state).is_some() {
        state.overlays.pop();
    }
}

/// Returns the prompt that waits for the result of a file operation; a question may be open above it.
fn waiting_prompt(state: &mut State) -> Option<&mut Prompt> {
    let mut prompts = state
        .overlays
        .iter_mut()
        .filter_map(|overlay| overlay.downcast_mut::<Prompt>());
    prompts.find(|prompt| prompt.is_waiting && prompt.asks_for_path())
}

pub(crate) fn may_complete(state: &State) -> Result<(), String> {
    match state.top_as::<Prompt>() {
        Some(prompt) if prompt.asks_for_path() => Ok(()),
        _ => Err("Nothing to complete".into()),
    }
}

/// Lists the folder of the typed path to complete the path; if the options have the focus, moves the focus back to the
/// text.
pub(crate) fn complete(state: &mut State, effects: &mut Vec<Effect>) {
    match top_prompt(state) {
        Some(prompt) if prompt.is_choosing => prompt.is_choosing = false,
        Some(prompt) => effects.push(Effect::ListFolder(prompt.text.text())),
        None => {}
    }
}

/// Completes the typed path with the names in its folder, unless the text changed in the meantime.
pub(super) fn folder_listed(state: &mut State, typed: &str, entries: &[FolderEntry]) {
    let Some(prompt) =
        top_prompt(state).filter(|prompt| prompt.asks_for_path() && prompt.text.text() == typed)
    else {
        return;
    };
    let completed = path_completion::complete(typed, entries);
    if completed.names.is_empty() {
        return state.notify_error(format!("No file or folder starts with \"{typed}\""));
    }
    if completed.path != typed {
        prompt.text.set(&completed.path);
        prompt.set_errors(Vec::new());
    }
    prompt.completions = completed.names;
}

pub(crate) fn may_choose(state: &State) -> Result<(), String> {
    match state.top_as::<Prompt>() {
        Some(prompt) if prompt.choices.len() > 1 => Ok(()),
        _ => Err("Nothing to choose".into()),
    }
}

/// Moves the focus between the text and the options.
pub(crate) fn switch_focus(state: &mut State, _: &mut Vec<Effect>) {
    if let Some(prompt) = top_prompt(state) {
        prompt.is_choosing = !prompt.is_choosing;
    }
}

pub(crate) fn next_choice(state: &mut State, _: &mut Vec<Effect>) {
    if let Some(prompt) = top_prompt(state) {
        prompt.selected = (prompt.selected + 1) % prompt.choices.len().max(1);
        prompt.set_errors(Vec::new());
    }
}

/// Selects the previous option; from the first one, returns the focus to the text.
pub(crate) fn previous_choice(state: &mut State, effects: &mut Vec<Effect>) {
    let Some(prompt) = top_prompt(state) else { return };
    match prompt.selected.checked_sub(1) {
        Some(previous) => {
            prompt.selected = previous;
            prompt.set_errors(Vec::new());
        }
        None => switch_focus(state, effects),
    }
}

pub(crate) fn submit(state: &mut State, effects: &mut Vec<Effect>) {
    let Some(prompt) = top_prompt(state) else { return };
    let (input, heading) = (prompt.text.text().trim().to_owned(), prompt.heading());
    if let Err(problem) = check_input(&prompt.kind, &input) {
        prompt.set_errors(vec![problem]);
        return;
    }
    let (kind, choice) = (prompt.kind.clone(), prompt.selected);
    state.canceled_prompts.remove(heading);
    let effect = match kind {
        PromptKind::SaveSet(hats, _) => return sets::save_as(state, effects, &input, &hats),
        PromptKind::Reason => return set_reason(state, &input),
        PromptKind::UndoSince(undo) => return rollback::undo_since(state, effects, &undo, &input),
        PromptKind::RenameSet(name) => return sets::rename_to(state, effects, &name, &input),
        PromptKind::Import(_) => Effect::Import(input),
        PromptKind::Export(scopes) => {
            let Some(format) = FileFormat::from_name(&input) else {
                if let Some(prompt) = top_prompt(state) {
                    prompt.set_errors(vec!["Use the extension .csv or .json".into()]);
                }
                return;
            };
            let scope = scopes.get(choice).cloned().unwrap_or_default();
            let export = ExportRequest {
                path: input,
                scope,
                format,
                overwrite: false,
            };
            Effect::Export(export, state.shown.clone())
        }
    };
    if let Some(prompt) = top_prompt(state) {
        prompt.set_errors(Vec::new());
        prompt.is_waiting = true;
    }
    effects.push(effect);
}

/// Closes the prompt for the reason, and shows the question again. An empty text removes the reason.
fn set_reason(state: &mut State, text: &str) {
    state.close::<Prompt>();
    if let Some(confirm) = state.top_as_mut::<Confirm>() {
        confirm.reason = ChangeReason::new(text);
        confirm.is_shown = false;
    }
}

/// Checks a submitted file name, set name or reason.
fn check_input(kind: &PromptKind, input: &str) -> Result<(), String> {
    let is_file = matches!(kind, PromptKind::Import(_) | PromptKind::Export(_));
    let noun = if *kind == PromptKind::Reason {
        "reason"
    } else {
        "name"
    };
    match input.is_empty() {
        true if *kind == PromptKind::Reason => Ok(()),
        true if is_file => Err("Enter a file name".into()),
        _ if matches!(kind, PromptKind::UndoSince(_)) => Ok(()),
        true => Err("Enter a name for the set".into()),
        false if !is_file && input.len() > MAX_INPUT_BYTES => {
            Err(format!("The {noun} is too long (limit 1,024 bytes)"))
        }
        false if !is_file && input.chars().any(char::is_control) => {
            Err(format!("The {noun} contains a line break or control character"))
        }
        false => Ok(()),
    }
}

/// Handles the content of the file to import: opens a preview, or shows the errors in the prompt.
pub(super) fn import_read(state: &mut State, path: &str, result: Result<Box<ParsedImport>, ImportErrors>) {
    let (wardrobe, zone) = (state.shown.clone(), state.zone());
    let Some(prompt) = waiting_prompt(state).filter(|prompt| prompt.text.text().trim() == path) else {
        return;
    };
    let PromptKind::Import(target) = prompt.kind.clone() else {
        return;
    };
    let mode = prompt.import_mode();
    let planned = result.and_then(|parsed| {
        let target = applicable_target(&parsed, target);
        let options = ImportOptions {
            target: target.clone(),
            replace: mode == ImportMode::Replace,
            restricted: false,
            new_users: None,
            active: mode == ImportMode::AddActive,
        };
        let rooms = parsed.rooms(&target).into_iter().cloned().collect::<Vec<_>>();
        let destination = match (rooms.as_slice(), &target.user) {
            ([room], Some(user)) => format!("{user} in {room}"),
            ([room], None) => room.to_string(),
            (rooms, _) => describe::count(rooms.len(), "room"),
        };
        ImportPreview::new((path, &destination), *parsed, options, &wardrobe, zone)
    });
    match planned {
        Err(errors) => prompt.set_errors(errors.lines()),
        Ok(preview) => {
            // If the preview is canceled, the file can be imported in another way without typing its name again.
            state
                .canceled_prompts
                .insert(IMPORT_HEADING.into(), path.to_owned());
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

/// Returns the part of the target that the file needs: a room or user without an address gets the address in the
/// target.
fn applicable_target(parsed: &ParsedImport, target: ImportTarget) -> ImportTarget {
    match parsed.content {
        ImportExtent::Document(_) => ImportTarget::default(),
        ImportExtent::Room(_) => ImportTarget { user: None, ..target },
        ImportExtent::User(..) => target,
    }
}

/// Exports again after the user agreed to overwrite the file.
pub(super) fn overwrite(state: &mut State, effects: &mut Vec<Effect>, export: ExportRequest) {
    if let Some(prompt) = top_prompt(state) {
        prompt.is_waiting = true;
    }
    effects.push(Effect::Export(export, state.shown.clone()));
}

/// Handles the result of an export.
pub(super) fn export_done(state: &mut State, request: ExportRequest, result: Result<ExportOutcome, String>) {
    let Some(prompt) = waiting_prompt(state).filter(|prompt| prompt.text.text().trim() == request.path)
    else {
        return;
    };
    match result {
        Err(reason) => prompt.set_errors(vec![reason]),
        Ok(ExportOutcome::Exists) => {
            prompt.is_waiting = false;
            let path = &request.path;
            let confirm = Confirm::new(
                "Overwrite file",
                format!("Overwrite {path}?"),
                "The file exists. Its content will be lost.",
                ConfirmedAction::Export(ExportRequest {
                    overwrite: true,
                    ..request
                }),
            );
            // Above the prompt, but below overlays that were opened above the prompt.
            let position = state
                .overlays
                .iter()
                .position(|overlay| overlay.downcast_ref::<Prompt>().is_some());
            let position = position.map_or(state.overlays.len(), |index| index + 1);
            state.overlays.insert(position, Box::new(confirm));
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
            let scope = describe::export_scope(&request.scope);
            state.notify(format!("Exported {scope} to {}{lost}", request.path));
        }
    }
}
