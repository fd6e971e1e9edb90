//! Import and export on the screen: the name of a file is typed, what it would do is asked about.

use super::sets;
use crate::app::command::CommandId;
use crate::app::place::Place;
use crate::app::prompt::{ExportOutcome, ExportRequest, Prompt, PromptKind};
use crate::app::text::TextInput;
use crate::app::view::View;
use crate::app::{Confirm, ConfirmedAction, Effect, Layer, Pane, RowKind, Spot, State, describe, targets};
use crate::exchange::{
    ExportScope, FileFormat, ImportErrors, ImportExtent, ImportOptions, ImportPlan, ImportTarget,
    ParsedImport,
};
use crate::model::MAX_TEXT_BYTES;

/// So much of what is left aside is said.
const MAX_LISTED: usize = 3;

/// Files of the moderator's choosing are not for a session that is limited.
fn require_unrestricted(state: &State, what: &str) -> Result<(), String> {
    let scope = &state.start.scope;
    if scope.rooms.is_some() || scope.read_only {
        return Err(format!(
            "{what} a file of your choosing: not in a session limited by --room or --read-only"
        ));
    }
    Ok(())
}

pub(crate) fn may_import(state: &State) -> Result<(), String> {
    require_unrestricted(state, "import reads")?;
    state.check_can_change()
}

pub(crate) fn may_export(state: &State) -> Result<(), String> {
    require_unrestricted(state, "export writes")?;
    if state.start.demo {
        return Err("the sample is written nowhere, so there is no export".into());
    }
    state.check_loaded()
}

pub(crate) fn import(state: &mut State, _: &mut Vec<Effect>) {
    let target = ImportTarget {
        room: state.room().map(|(jid, _)| jid.clone()),
        user: state.user().map(|(jid, _)| jid.clone()),
    };
    let choices = vec!["add what is in it".into(), "make it exactly so (JSON)".into()];
    open(state, Prompt::new(PromptKind::Import(target), "", choices, 0));
}

pub(crate) fn export(state: &mut State, _: &mut Vec<Effect>) {
    let parts = export_scopes(state);
    let choices = parts.iter().map(scope_choice).collect();
    open(state, Prompt::new(PromptKind::Export(parts), "", choices, 0));
}

/// What can be exported: first what a change would be about here, marked or selected.
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

/// A part in words, to be chosen.
fn scope_choice(part: &ExportScope) -> String {
    let marked = |number: usize, noun: &str| match number {
        1 => format!("the marked {noun}"),
        more => format!("the {more} marked {noun}s"),
    };
    match part {
        ExportScope::Rooms(rooms) => marked(rooms.len(), "room"),
        ExportScope::Users(room, users) => format!("{} of {room}", marked(users.len(), "user")),
        part => scope_name(part),
    }
}

/// A part in words, when it was exported.
fn scope_name(part: &ExportScope) -> String {
    match part {
        ExportScope::All => "all rooms".into(),
        ExportScope::Room(room) => room.to_string(),
        ExportScope::Rooms(rooms) => describe::count(rooms.len(), "room"),
        ExportScope::User(room, user) => format!("{user} of {room}"),
        ExportScope::Users(room, users) => format!("{} of {room}", describe::count(users.len(), "user")),
    }
}

fn open(state: &mut State, prompt: Prompt) {
    state.open(prompt);
}

impl Layer for Prompt {
    fn place(&self) -> Place {
        Place::Prompt
    }

    fn view<'a>(&'a self, _: &'a State) -> View<'a> {
        crate::app::view::prompt::view(self)
    }

    fn takes_text(&self) -> bool {
        true
    }

    /// What was asked for before is not waited for any more.
    fn type_into(&mut self, take: &mut dyn FnMut(&mut TextInput) -> bool, _: &mut Vec<Effect>) {
        let before = self.text.text();
        if take(&mut self.text) && self.text.text() != before {
            self.refuse(Vec::new());
        }
    }

    fn click(&mut self, on: Spot) {
        if let Spot::Choice(at) = on
            && at < self.choices.len()
        {
            self.at = at;
            self.refuse(Vec::new());
        }
    }
}

fn top(state: &mut State) -> Option<&mut Prompt> {
    state.top_as_mut::<Prompt>()
}

/// Takes the topmost prompt away.
pub(super) fn close(state: &mut State) {
    if top(state).is_some() {
        state.overlays.pop();
    }
}

/// The prompt that waits for an answer from outside, on top or under a question.
fn waiting_prompt(state: &mut State) -> Option<&mut Prompt> {
    let mut prompts = state
        .overlays
        .iter_mut()
        .filter_map(|overlay| overlay.downcast_mut::<Prompt>());
    prompts.find(|prompt| prompt.is_waiting)
}

pub(crate) fn may_choose(state: &State) -> Result<(), String> {
    match state.top_as::<Prompt>() {
        Some(prompt) if prompt.choices.len() > 1 => Ok(()),
        _ => Err("there is nothing to choose".into()),
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

/// Enter: does what it is for.
pub(crate) fn submit(state: &mut State, effects: &mut Vec<Effect>) {
    let Some(prompt) = top(state) else { return };
    let path = prompt.text.text().trim().to_owned();
    if let Err(wrong) = check_name(&prompt.kind, &path) {
        prompt.refuse(vec![wrong]);
        return;
    }
    let (ask, at) = (prompt.kind.clone(), prompt.at);
    let effect = match ask {
        PromptKind::SaveSet(hats, _) => return sets::save_as(state, effects, &path, &hats),
        PromptKind::RenameSet(name) => return sets::rename_to(state, effects, &name, &path),
        PromptKind::Import(_) => Effect::Import(path),
        PromptKind::Export(parts) => {
            let Some(form) = FileFormat::from_name(&path) else {
                prompt.refuse(vec!["end the name in .csv for a table, or in .json".into()]);
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

/// What is wrong with a name.
fn check_name(ask: &PromptKind, name: &str) -> Result<(), String> {
    let is_file = matches!(ask, PromptKind::Import(_) | PromptKind::Export(_));
    match name.is_empty() {
        true if is_file => Err("the name of the file is missing".into()),
        true => Err("the name of the set is missing".into()),
        false if !is_file && name.len() > MAX_TEXT_BYTES => Err("it is longer than 1,024 bytes".into()),
        false if !is_file && name.chars().any(char::is_control) => {
            Err("a line break or another control character is in it".into())
        }
        false => Ok(()),
    }
}

/// What is in the file, or why nothing was taken: a question with what it would do.
pub(super) fn import_read(state: &mut State, path: &str, given: Result<Box<ParsedImport>, ImportErrors>) {
    let now = state.view.clone();
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
        };
        let plan = given.plan(&now, &how)?;
        let rooms = given.rooms(&target).into_iter().cloned().collect::<Vec<_>>();
        let into = match (rooms.as_slice(), &target.user) {
            ([room], Some(user)) => format!("{user} in {room}"),
            ([room], None) => room.to_string(),
            (rooms, _) => describe::count(rooms.len(), "room"),
        };
        Ok((plan, into))
    });
    match planned {
        Err(wrong) => prompt.refuse(wrong.lines()),
        Ok((plan, into)) => {
            prompt.is_waiting = false;
            state
                .overlays
                .retain(|overlay| overlay.downcast_ref::<Prompt>().is_none());
            confirm_import(state, path, &into, plan);
        }
    }
}

/// As far as what is given has no address of its own.
fn applicable_target(given: &ParsedImport, target: ImportTarget) -> ImportTarget {
    match given.content {
        ImportExtent::Document(_) => ImportTarget::default(),
        ImportExtent::Room(_) => ImportTarget { user: None, ..target },
        ImportExtent::User(..) => target,
    }
}

fn confirm_import(state: &mut State, path: &str, into: &str, plan: ImportPlan) {
    let aside = skipped_summary(&plan);
    if plan.group.is_empty() {
        state.notify(format!(
            "nothing to change: it is so already{}",
            aside.map_or(String::new(), |aside| format!("; {aside}"))
        ));
        return;
    }
    let question = format!(
        "Import {path} into {into}: {}?",
        describe::import_summary(&plan.counts)
    );
    let undo = format!("{} takes all of it back.", state.key(CommandId::Undo));
    let more = [plan.counts.kept_note(), aside].into_iter().flatten();
    let consequence = more.fold(undo, |said, more| format!("{said} {more}."));
    let act = ConfirmedAction::Commit(plan.group);
    state.open(Confirm {
        question,
        consequence,
        action: act,
    });
}

/// What is left aside, the first of it in words.
fn skipped_summary(plan: &ImportPlan) -> Option<String> {
    let few: Vec<String> = plan
        .skipped
        .iter()
        .take(MAX_LISTED)
        .map(describe::skipped_item)
        .collect();
    let more = match plan.skipped.len().saturating_sub(MAX_LISTED) {
        0 => String::new(),
        more => format!("; and {more} more"),
    };
    (!few.is_empty()).then(|| format!("Left aside: {}{more}", few.join("; ")))
}

/// The file that is there is to be replaced.
pub(super) fn overwrite(state: &mut State, effects: &mut Vec<Effect>, export: ExportRequest) {
    if let Some(prompt) = top(state) {
        prompt.is_waiting = true;
    }
    effects.push(Effect::Export(export, state.view.clone()));
}

/// The file is written, or it is not and why.
pub(super) fn export_done(state: &mut State, export: ExportRequest, result: Result<ExportOutcome, String>) {
    let Some(prompt) = waiting_prompt(state).filter(|prompt| prompt.text.text().trim() == export.path) else {
        return;
    };
    match result {
        Err(reason) => prompt.refuse(vec![reason]),
        Ok(ExportOutcome::Exists) => {
            prompt.is_waiting = false;
            let path = &export.path;
            let confirm = Confirm {
                question: format!("Replace {path}?"),
                consequence: "There is a file of that name already. What is in it is lost.".into(),
                action: ConfirmedAction::Export(ExportRequest {
                    overwrite: true,
                    ..export
                }),
            };
            state.open(confirm);
        }
        Ok(ExportOutcome::Done(lost)) => {
            state
                .overlays
                .retain(|overlay| overlay.downcast_ref::<Prompt>().is_none());
            let lost = match lost.as_slice() {
                [] => String::new(),
                lost => format!("; the table does not hold {}", lost.join(", ")),
            };
            let what = scope_name(&export.scope);
            state.notify(format!("Exported {what} into {}{lost}", export.path));
        }
    }
}
