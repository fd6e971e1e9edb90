//! What stands in the fields of a form when it is opened.

use crate::app::form::{Field, FieldName, FieldValue, Form, FormSubject};
use crate::app::suggest::Suggestions;
use crate::app::text::TextInput;
use crate::app::{AttachmentRef, RoomUser, State};
use crate::model::{Affiliation, Attachment, CatalogHat, HatId, Jid, Room, Wardrobe};

/// The choices for a user who is new, and for one who is there.
const NEW_USER_CHOICES: &[Affiliation] = &[
    Affiliation::Owner,
    Affiliation::Admin,
    Affiliation::Member,
    Affiliation::Outcast,
];
const EXISTING_USER_CHOICES: &[Affiliation] = &[
    Affiliation::Owner,
    Affiliation::Admin,
    Affiliation::Member,
    Affiliation::Outcast,
    Affiliation::None,
];

/// A form about something, with what is there now in its fields.
pub(super) fn build_form(subject: FormSubject, state: &State) -> Form {
    let view = &state.view;
    let fields = match &subject {
        FormSubject::AddRoom => vec![text(FieldName::Room, ""), text(FieldName::RoomName, "")],
        FormSubject::EditRoom { before, .. } => {
            vec![text(FieldName::RoomName, before.as_deref().unwrap_or_default())]
        }
        FormSubject::AddUser { .. } => vec![
            text(FieldName::User, ""),
            choice(NEW_USER_CHOICES, Affiliation::Member),
        ],
        FormSubject::AddToRoom { .. } => vec![
            text(FieldName::ExistingRoom, ""),
            choice(NEW_USER_CHOICES, Affiliation::Member),
        ],
        FormSubject::EditUsers { members, before } => {
            vec![choice(
                EXISTING_USER_CHOICES,
                before.unwrap_or_else(|| most_common_affiliation(view, members)),
            )]
        }
        FormSubject::AddHat { .. } => vec![
            text(FieldName::Hat, ""),
            text(FieldName::Title, ""),
            tick(FieldName::Active, true),
            tick(FieldName::Required, false),
        ],
        FormSubject::EditHats {
            attachments, before, ..
        } => match (attachments.as_slice(), before) {
            ([at], Some(before)) => vec![
                text(FieldName::Hat, at.hat.as_str()),
                text(FieldName::Title, before.title.as_deref().unwrap_or_default()),
                tick(FieldName::Active, before.is_active()),
                tick(FieldName::Required, before.is_required()),
            ],
            (all, _) => common_fields(view, all),
        },
        FormSubject::DefineHat { .. } => {
            vec![
                text(FieldName::Hat, ""),
                text(FieldName::Title, ""),
                text(FieldName::Hue, ""),
            ]
        }
        FormSubject::EditDefined { room, hat, before } => catalog_fields(view, (room, hat), before),
    };
    let suggestions = suggestions(view, &subject);
    // Who edits a hat that is there means its title, nearly always.
    let edits_hat = matches!(subject, FormSubject::EditHats { before: Some(_), .. });
    let focus = usize::from(edits_hat);
    Form {
        subject,
        fields,
        focus,
        save_attempted: false,
        suggestions,
        filled_title: None,
        changed: false,
        allowed_rooms: state.start.scope.rooms.clone(),
    }
}

fn text(name: FieldName, text: &str) -> Field {
    Field {
        name,
        value: FieldValue::Text(Box::new(TextInput::new(text))),
    }
}

fn tick(name: FieldName, on: bool) -> Field {
    Field {
        name,
        value: FieldValue::Toggle(on),
    }
}

fn choice(options: &'static [Affiliation], chosen: Affiliation) -> Field {
    let at = options.iter().position(|option| *option == chosen);
    let at = at.unwrap_or_default();
    Field {
        name: FieldName::Affiliation,
        value: FieldValue::Choice { options, at },
    }
}

/// What can be chosen in the field of a hat or room: not what all of them have already, nor what the catalog has.
fn suggestions(view: &Wardrobe, subject: &FormSubject) -> Option<Suggestions> {
    let has = |(room, user): &RoomUser, id: &HatId| {
        let there = view.user(room, user);
        there.is_some_and(|there| there.hats.get(id).is_some())
    };
    match subject {
        FormSubject::AddToRoom { users } => {
            let all_there = |room: &Room| users.iter().all(|user| room.user(user).is_some());
            Some(Suggestions::rooms(view, all_there))
        }
        FormSubject::AddHat { members } => {
            let (room, _) = members.first()?;
            let all_have = |id: &HatId| members.iter().all(|member| has(member, id));
            Some(Suggestions::hats(view, room, all_have))
        }
        FormSubject::EditHats {
            attachments,
            before: Some(_),
            ..
        } => {
            let at = attachments.first()?;
            let member = (at.room.clone(), at.user.clone());
            let is_other = |id: &HatId| at.hat != *id && has(&member, id);
            Some(Suggestions::hats(view, &at.room, is_other))
        }
        FormSubject::DefineHat { room } => {
            let catalog = view.room(room).map(|room| &room.catalog);
            let is_defined = |id: &HatId| catalog.is_some_and(|catalog| catalog.contains_key(id));
            Some(Suggestions::hats(view, room, is_defined))
        }
        _ => None,
    }
}

/// The fields of several attachments: what they have in common.
fn common_fields(view: &Wardrobe, attachments: &[AttachmentRef]) -> Vec<Field> {
    let there = attachments.iter().filter_map(|at| at.attachment(view));
    let there: Vec<&Attachment> = there.collect();
    let title = common_value(there.iter().map(|one| one.title.as_deref()));
    let flag = |name, of: fn(&Attachment) -> bool| Field {
        name,
        value: match common_value(there.iter().map(|one| of(one))) {
            Some(on) => FieldValue::Toggle(on),
            None => FieldValue::Mixed(None),
        },
    };
    vec![
        text(FieldName::Title, title.flatten().unwrap_or_default()),
        flag(FieldName::Active, Attachment::is_active),
        flag(FieldName::Required, Attachment::is_required),
    ]
}

/// What all of them are, where all are the same.
fn common_value<T: PartialEq>(mut all: impl Iterator<Item = T>) -> Option<T> {
    let first = all.next()?;
    all.all(|other| other == first).then_some(first)
}

/// What most of these users are.
fn most_common_affiliation(view: &Wardrobe, members: &[RoomUser]) -> Affiliation {
    let there = members.iter().filter_map(|(room, user)| view.user(room, user));
    let all: Vec<Affiliation> = there.map(|user| user.affiliation).collect();
    let number = |affiliation: &Affiliation| all.iter().filter(|other| *other == affiliation).count();
    Affiliation::ALL
        .into_iter()
        .rev()
        .max_by_key(number)
        .unwrap_or_default()
}

/// The fields of a hat of the catalog.
fn catalog_fields(view: &Wardrobe, (room, hat): (&Jid, &HatId), before: &CatalogHat) -> Vec<Field> {
    let there = view.room(room);
    let worn_as = there.and_then(|there| there.hat(hat)?.title.clone());
    // What is only worn is defined under the title that it has.
    let is_defined = there.is_some_and(|there| there.catalog.contains_key(hat));
    let title = if is_defined { before.title.clone() } else { worn_as };
    let users = there.iter().flat_map(|there| there.users());
    let own = users
        .filter_map(|(_, user)| user.hats.get(hat).filter(|hat| hat.has_own_title()))
        .map(|attachment| attachment.title.as_deref())
        .collect::<Vec<_>>();
    let hue = before
        .hue
        .as_ref()
        .map(|hue| hue.as_json().as_str().trim_matches('"'));
    let mut fields = vec![
        text(FieldName::Title, title.as_deref().unwrap_or_default()),
        text(FieldName::Hue, hue.unwrap_or_default()),
    ];
    if !own.is_empty() {
        // Whoever has it under the very title that is changed here is meant too.
        let same = own.contains(&title.as_deref());
        fields.push(tick(FieldName::RetitleUsers, same));
    }
    fields
}
