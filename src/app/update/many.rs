//! Forms about several things at once: what is in their fields, and what they make.

use crate::app::form::{Field, Form, Name, Subject, Value};
use crate::app::text::Text;
use crate::app::{AttachmentRef, Effect, State, addresses, words};
use crate::model::{Affiliation, Attachment, Jid};

use super::batch::{self, BatchEdit, BatchOutcome, Why};
use super::definition;

/// The fields of a form about several attachments: what they have in common.
pub(super) fn attachment_fields(state: &State, held: &[AttachmentRef]) -> Vec<Field> {
    let there: Vec<&Attachment> = held
        .iter()
        .filter_map(|spot| spot.attachment(&state.view))
        .collect();
    let title = common(there.iter().map(|one| one.title.as_deref()));
    let flag = |name, of: fn(&Attachment) -> bool| Field {
        name,
        value: match common(there.iter().map(|one| of(one))) {
            Some(on) => Value::Tick(on),
            None => Value::Maybe(None),
        },
    };
    let title = Field {
        name: Name::Title,
        value: Value::Text(Box::new(Text::new(title.flatten().unwrap_or_default()))),
    };
    vec![
        title,
        flag(Name::Active, Attachment::is_active),
        flag(Name::Required, Attachment::is_required),
    ]
}

/// What most of these users are.
pub(super) fn usual_affiliation(state: &State, room: &Jid, users: &[Jid]) -> Affiliation {
    let there = |user| state.view.user(room, user).map(|user| user.affiliation);
    let all: Vec<Affiliation> = users.iter().filter_map(there).collect();
    let number = |affiliation: &Affiliation| all.iter().filter(|other| *other == affiliation).count();
    Affiliation::ALL
        .into_iter()
        .rev()
        .max_by_key(number)
        .unwrap_or_default()
}

/// What all of them are, where all are the same.
fn common<T: PartialEq>(mut all: impl Iterator<Item = T>) -> Option<T> {
    let first = all.next()?;
    all.all(|other| other == first).then_some(first)
}

/// Makes what a form about several things means; `None` for a form about one.
pub(super) fn save(state: &mut State, effects: &mut Vec<Effect>, form: &Form) -> Option<BatchOutcome> {
    match &form.subject {
        Subject::GiveMany { room, users } => Some(give(state, effects, form, (room, users))),
        Subject::EditMany { held, name } => Some(edit(state, effects, form, (held, name))),
        Subject::EditUsers { room, users } => Some(affiliate(state, effects, form, (room, users))),
        Subject::AddUserTo { rooms } => Some(add_to(state, effects, form, rooms)),
        Subject::EditDefined { room, hat, before } => {
            Some(definition::save(state, effects, form, (room, hat, before)))
        }
        _ => None,
    }
}

/// Gives a hat to those who do not have it.
fn give(
    state: &mut State,
    effects: &mut Vec<Effect>,
    form: &Form,
    (room, users): (&Jid, &[Jid]),
) -> BatchOutcome {
    let chosen = match form.hat() {
        Ok(chosen) => chosen.id,
        Err(reason) => {
            state.refuse(reason);
            return BatchOutcome::Nothing;
        }
    };
    let attachment = form.attachment();
    let mut plan = BatchEdit::new(&state.view);
    for user in users {
        let there = plan.next().user(room, user);
        if there.is_some_and(|there| there.hats.get(&chosen).is_some()) {
            plan.leave_out(Why::HasHat, room, user);
            continue;
        }
        plan.change(room, user, |next| {
            next.add_user_hat(user, room, &chosen, attachment.clone())
        });
    }
    let title = state
        .view
        .room(room)
        .and_then(|there| there.title(&chosen, &attachment))
        .map(ToOwned::to_owned);
    let name = words::hat(&chosen, title.as_deref());
    batch::propose(state, effects, plan, |who| format!("Give {name} to {who}?"), "")
}

/// Changes of each attachment what was changed in the form, and no more.
fn edit(
    state: &mut State,
    effects: &mut Vec<Effect>,
    form: &Form,
    (held, name): (&[AttachmentRef], &str),
) -> BatchOutcome {
    let title = form.typed(Name::Title);
    let (active, required) = (form.answer(Name::Active), form.answer(Name::Required));
    let mut plan = BatchEdit::new(&state.view);
    for spot in held {
        let Some(mut after) = spot.attachment(&state.view).cloned() else {
            plan.leave_out(Why::Gone, &spot.room, &spot.user);
            continue;
        };
        if let Some(title) = &title {
            after = after.with_title(Some(title.as_str()).filter(|title| !title.is_empty()));
        }
        if let Some(active) = active {
            after = after.with_active(active);
        }
        if let Some(required) = required {
            after = after.with_required(required);
        }
        plan.change(&spot.room, &spot.user, |next| {
            next.add_user_hat(&spot.user, &spot.room, &spot.hat, after)
        });
    }
    let mut parts = Vec::new();
    match title.as_deref() {
        Some("") => parts.push("without a title".to_owned()),
        Some(title) => parts.push(format!("titled {}", words::quoted(title))),
        None => {}
    }
    // What is so for all of them already is not told.
    let differs = |on: &bool, is: fn(&Attachment) -> bool| {
        let there = held.iter().filter_map(|spot| spot.attachment(&state.view));
        there.into_iter().any(|attachment| is(attachment) != *on)
    };
    let word = |on: bool, yes: &str, no: &str| if on { yes } else { no }.to_owned();
    let active = active.filter(|on| differs(on, Attachment::is_active));
    let required = required.filter(|on| differs(on, Attachment::is_required));
    parts.extend(active.map(|on| word(on, "worn", "not worn")));
    parts.extend(required.map(|on| word(on, "required", "not required")));
    let parts = parts.join(", ");
    let question = |who: &str| format!("Change {name} of {who}: {parts}?");
    batch::propose(state, effects, plan, question, "")
}

fn affiliate(
    state: &mut State,
    effects: &mut Vec<Effect>,
    form: &Form,
    (room, users): (&Jid, &[Jid]),
) -> BatchOutcome {
    let affiliation = form.affiliation();
    let mut plan = BatchEdit::new(&state.view);
    let mut hats = 0;
    for user in users {
        let there = plan.next().user(room, user);
        hats += there.map_or(0, |there| there.hats.len());
        if there.is_none() {
            plan.leave_out(Why::Gone, room, user);
            continue;
        }
        plan.change(room, user, |next| next.set_affiliation(user, room, affiliation));
    }
    if affiliation == Affiliation::None {
        let consequence = words::hats_go("Their", hats);
        let question = |who: &str| format!("Remove {who}?");
        return batch::propose(state, effects, plan, question, &consequence);
    }
    // Nobody should take the last owner from a room in passing.
    let is_owner = |user: &&Jid| {
        let there = state.view.user(room, user);
        there.is_some_and(|there| there.affiliation == Affiliation::Owner)
    };
    let consequence = match users.iter().filter(is_owner).count() {
        0 => String::new(),
        _ if affiliation == Affiliation::Owner => String::new(),
        1 => "1 of them is owner now.".to_owned(),
        many => format!("{many} of them are owners now."),
    };
    let question = |who: &str| format!("Set the affiliation of {who} to {affiliation}?");
    batch::propose(state, effects, plan, question, &consequence)
}

fn add_to(state: &mut State, effects: &mut Vec<Effect>, form: &Form, rooms: &[Jid]) -> BatchOutcome {
    let users = match addresses::all(form.text(Name::User).trim()) {
        Ok(users) => users,
        Err(reason) => {
            state.refuse(reason);
            return BatchOutcome::Nothing;
        }
    };
    let affiliation = form.affiliation();
    let mut plan = BatchEdit::new(&state.view);
    for (room, user) in rooms
        .iter()
        .flat_map(|room| users.iter().map(move |user| (room, user)))
    {
        if plan.next().user(room, user).is_some() {
            // Somebody's standing is not changed in passing.
            plan.leave_out(Why::There, room, user);
            continue;
        }
        plan.change(room, user, |next| next.set_affiliation(user, room, affiliation));
    }
    let question = |who: &str| format!("Add {who} as {affiliation}?");
    batch::propose(state, effects, plan, question, "")
}
