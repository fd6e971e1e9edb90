//! Opening, filling in and saving forms.

use crate::app::command::CommandId;
use crate::app::form::{Form, Name, Subject, Value};
use crate::app::{Act, Confirm, Conflict, Effect, Grouping, Over, Overlay, State, addresses, sides, words};
use crate::model::{Affiliation, CatalogueHat, Error, Group, HatId, InvalidHatId, Jid, Wardrobe};

use super::batch::{self, BatchOutcome};
use super::{commit, definition, fill, list, many};

pub(super) fn open(state: &mut State, subject: Subject) {
    let form = fill::fill(subject, state);
    state.overlays.push(Overlay::Form(Box::new(form)));
}

pub(super) fn top(state: &mut State) -> Option<&mut Form> {
    match state.overlays.last_mut() {
        Some(Overlay::Form(form)) => Some(form),
        _ => None,
    }
}

pub(crate) fn next_field(state: &mut State, _: &mut Vec<Effect>) {
    if let Some(form) = top(state) {
        leave_list_of(form);
        form.focus = (form.focus + 1) % form.fields.len().max(1);
    }
}

pub(crate) fn previous_field(state: &mut State, _: &mut Vec<Effect>) {
    if let Some(form) = top(state) {
        leave_list_of(form);
        form.focus = form
            .focus
            .checked_sub(1)
            .unwrap_or(form.fields.len().saturating_sub(1));
    }
}

pub(crate) fn tick(state: &mut State, _: &mut Vec<Effect>) {
    choose(state, 1);
}

pub(crate) fn tick_back(state: &mut State, _: &mut Vec<Effect>) {
    choose(state, -1);
}

fn choose(state: &mut State, by: isize) {
    if let Some(form) = top(state) {
        choose_in(form, by);
    }
}

/// Ticks the field with the focus, or chooses what comes next in it.
pub(super) fn choose_in(form: &mut Form, by: isize) {
    form.changed = true;
    match form.field_mut().map(|field| &mut field.value) {
        Some(Value::Tick(on)) => *on = !*on,
        Some(Value::Maybe(answer)) => {
            *answer = match (*answer, by > 0) {
                (None, true) | (Some(false), false) => Some(true),
                (Some(true), true) | (None, false) => Some(false),
                (Some(false), true) | (Some(true), false) => None,
            };
        }
        Some(Value::Choice { options, at }) => {
            let length = options.len().max(1);
            *at = at.checked_add_signed(by).map_or(length - 1, |at| at % length);
        }
        _ => {}
    }
}

pub(crate) fn new_id(_: &mut State, effects: &mut Vec<Effect>) {
    effects.push(Effect::NewId);
}

/// Puts a new hat id into the hat field; what comes next is its title.
pub(super) fn take_new_id(state: &mut State, id: &str) {
    if let Some(form) = top(state) {
        put_hat(form, id, None);
    }
}

/// Puts an id into the hat field, and the title it is known under into a title field that nobody filled in by hand.
pub(super) fn put_hat(form: &mut Form, id: &str, title: Option<&str>) {
    form.set_text(Name::Hat, id);
    if let Some(suggestions) = &mut form.suggestions {
        suggestions.search(id);
    }
    let there = form.text(Name::Title);
    if let Some(title) = title
        && (there.is_empty() || form.filled.as_ref() == Some(&there))
    {
        form.set_text(Name::Title, title);
        form.filled = Some(title.to_owned());
    }
    form.focus = form
        .fields
        .iter()
        .position(|field| field.name == Name::Title)
        .unwrap_or(form.focus);
}

pub(crate) fn may_list(state: &State) -> Result<(), String> {
    let known = match state.top() {
        Some(Overlay::Form(form)) => form.suggestions.as_ref(),
        _ => return Err("no form is open".into()),
    };
    known
        .filter(|known| !known.is_empty())
        .map(drop)
        .ok_or_else(|| "no known hat matches".into())
}

pub(super) fn move_in_list(state: &mut State, to: impl FnOnce(Option<usize>) -> Option<usize>) {
    if let Some(suggestions) = top(state).and_then(|form| form.suggestions.as_mut()) {
        let row = to(suggestions.selected()).map(|row| row.min(suggestions.len().saturating_sub(1)));
        suggestions.select(row);
    }
}

pub(crate) fn into_list(state: &mut State, _: &mut Vec<Effect>) {
    move_in_list(state, |_| Some(0));
}

pub(crate) fn leave_list(state: &mut State, _: &mut Vec<Effect>) {
    move_in_list(state, |_| None);
}

pub(super) fn leave_list_of(form: &mut Form) {
    if let Some(suggestions) = &mut form.suggestions {
        suggestions.select(None);
    }
}

pub(crate) fn take_listed(state: &mut State, _: &mut Vec<Effect>) {
    let Some(form) = top(state) else { return };
    let known = form
        .suggestions
        .as_ref()
        .and_then(|known| known.get(known.selected()?))
        .cloned();
    if let Some(known) = known {
        put_hat(form, known.id.as_str(), known.title.as_deref());
    }
}

pub(crate) fn leave(state: &mut State, _: &mut Vec<Effect>) {
    let Some(form) = top(state) else { return };
    if !form.is_changed() {
        close(state);
        return;
    }
    let question = "Leave the form without saving?".to_owned();
    let consequence = format!(
        "What you typed in it is lost; {} goes back to it.",
        state.key(CommandId::No)
    );
    state.overlays.push(Overlay::Confirm(Confirm {
        question,
        consequence,
        act: Act::LeaveForm,
    }));
}

/// Takes the topmost form away after what it means was made, and selects what that was about.
pub(super) fn made(state: &mut State) {
    if let Some(form) = top(state).cloned() {
        close(state);
        select(state, &form);
    }
}

/// Takes the topmost form away.
pub(super) fn close(state: &mut State) {
    if matches!(state.top(), Some(Overlay::Form(_))) {
        state.overlays.pop();
    }
}

pub(crate) fn save(state: &mut State, effects: &mut Vec<Effect>) {
    if let Err(reason) = state.may_change() {
        state.refuse(format!("not saved: {reason}"));
        return;
    }
    let (view, keymap) = (state.view.clone(), state.keymap().clone());
    let Some(form) = top(state) else { return };
    leave_list_of(form);
    if let Some((at, problem)) = form.first_problem(&view, &keymap) {
        form.refused = true;
        form.focus = at;
        let label = form.fields.get(at).map_or("", |field| field.name.label());
        state.refuse(format!("not saved: {label}: {problem}"));
        return;
    }
    if let Some(theirs) = form.changed_meanwhile(&view) {
        let (what, mine) = (form.subject.heading(), mine(form));
        let over = Over::Form;
        state.overlays.push(Overlay::Conflict(Box::new(Conflict {
            what,
            mine,
            theirs,
            over,
        })));
        return;
    }
    commit_form(state, effects);
}

/// Makes the change that the topmost form means, and selects what it is about.
pub(super) fn commit_form(state: &mut State, effects: &mut Vec<Effect>) {
    let Some(form) = top(state) else { return };
    let form = form.clone();
    if let Subject::EditUser { room, user, .. } = &form.subject
        && form.affiliation() == Affiliation::None
        && let Some(there) = state.view.user(room, user)
        && !there.hats.is_empty()
    {
        let consequence = format!(
            "{} {} brings all of it back.",
            words::hats_go("The user's", there.hats.len()),
            state.key(CommandId::Undo)
        );
        let (room, user) = (room.clone(), user.clone());
        batch::ask(
            state,
            format!("Remove {user} from {room}?"),
            consequence,
            |next| next.set_affiliation(&user, &room, Affiliation::None),
        );
        return;
    }
    if let Some(became) = many::save(state, effects, &form) {
        // Where a question is open, yes closes the form.
        if became == BatchOutcome::Made {
            made(state);
        }
        return;
    }
    let addresses = form.text(Name::User);
    if matches!(form.subject, Subject::AddUser { .. }) && addresses::is_list(&addresses) {
        list::offer(state, &addresses);
        return;
    }
    let mut failed = None;
    let made = commit::make(state, effects, |next| {
        operation(&form, next).inspect_err(|error| failed = Some(error.clone()))
    });
    if failed.is_some() {
        return;
    }
    close(state);
    if made.is_some() {
        select(state, &form);
    }
}

fn select(state: &mut State, form: &Form) {
    let address = |name| Jid::parse_input(form.text(name).trim()).ok();
    let hat: Option<HatId> = form.hat().ok().map(|chosen| chosen.id);
    let (room, user, hat) = match &form.subject {
        Subject::AddRoom => (address(Name::Room), None, None),
        Subject::EditRoom { room, .. } => (Some(room.clone()), None, None),
        Subject::AddUser { room } => (Some(room.clone()), form.user().ok(), None),
        Subject::EditUser { room, user, .. } => (Some(room.clone()), Some(user.clone()), None),
        Subject::AddHat { room, user } | Subject::EditHat { room, user, .. } => {
            (Some(room.clone()), Some(user.clone()), hat)
        }
        Subject::GiveMany { .. } => {
            if let Some(hat) = &hat {
                state.rows.select_hat(hat, &state.view);
            }
            return;
        }
        // Of several things, or of the catalogue, nothing in the panes is the one.
        _ => return,
    };
    match state.grouping() {
        Grouping::ByRoom => {}
        Grouping::ByHat => return,
        Grouping::ByUser => {
            if let Some(hat) = &hat {
                state.rows.select_hat(hat, &state.view);
            }
            return;
        }
    }
    if let Some(room) = room {
        state.rows.select(&state.view, &room, user.as_ref(), hat.as_ref());
    }
}

fn operation(form: &Form, next: &mut Wardrobe) -> Result<Group, Error> {
    match &form.subject {
        Subject::AddRoom => {
            let name = form.text(Name::RoomName);
            let room = Jid::parse_room_input(form.text(Name::Room).trim())?;
            next.add_room(&room, Some(name.trim()).filter(|name| !name.is_empty()))
        }
        Subject::EditRoom { room, .. } => {
            let name = form.text(Name::RoomName);
            next.rename_room(room, Some(name.as_str()).filter(|name| !name.trim().is_empty()))
        }
        Subject::AddUser { room } => next.set_affiliation(&form.user()?, room, form.affiliation()),
        Subject::EditUser { room, user, .. } => next.set_affiliation(user, room, form.affiliation()),
        Subject::AddHat { room, user } => next.add_user_hat(user, room, &chosen(form)?, form.attachment()),
        Subject::EditHat { room, user, hat, .. } => {
            let id = chosen(form)?;
            let mut group = Group::default();
            if id != *hat {
                group = next.remove_user_hat(user, room, hat)?;
            }
            group
                .0
                .extend(next.add_user_hat(user, room, &id, form.attachment())?.0);
            Ok(group)
        }
        Subject::DefineHat { room } => {
            let entry = definition::entry(form, &CatalogueHat::default());
            next.set_catalogue_hat(room, &chosen(form)?, Some(entry))
        }
        // These are made by `many::save`.
        Subject::AddUserTo { .. }
        | Subject::EditUsers { .. }
        | Subject::GiveMany { .. }
        | Subject::EditMany { .. }
        | Subject::EditDefined { .. } => Ok(Group::default()),
    }
}

fn chosen(form: &Form) -> Result<HatId, Error> {
    form.hat().map(|chosen| chosen.id).map_err(|reason| {
        let text = form.text(Name::Hat).into();
        InvalidHatId { text, reason }.into()
    })
}

/// What the form would make, in words.
fn mine(form: &Form) -> String {
    match &form.subject {
        Subject::AddRoom | Subject::EditRoom { .. } => {
            format!("the room's name: \"{}\"", form.text(Name::RoomName))
        }
        Subject::AddUser { .. } => format!("{} as {}", form.text(Name::User), form.affiliation()),
        Subject::EditUser { .. } => sides::is(form.affiliation()),
        Subject::AddHat { .. } => format!(
            "{} as {}",
            form.text(Name::Hat),
            sides::attachment(&form.attachment())
        ),
        Subject::EditHat { .. } => sides::attachment(&form.attachment()),
        Subject::DefineHat { .. } | Subject::EditDefined { .. } => {
            sides::defined(&definition::entry(form, &CatalogueHat::default()))
        }
        // What these make is always made of what is there.
        Subject::AddUserTo { .. }
        | Subject::EditUsers { .. }
        | Subject::GiveMany { .. }
        | Subject::EditMany { .. } => form.subject.heading(),
    }
}
