//! What stands in the fields of a form when it is opened.

use crate::app::form::{Field, Form, Name, Subject, Value};
use crate::app::suggest::Suggestions;
use crate::app::text::Text;
use crate::app::{AttachmentRef, Member, State};
use crate::model::{Affiliation, Attachment, CatalogueHat, HatId, Jid, Room, Wardrobe};

/// The choices for a user who is new, and for one who is there.
const NEW: &[Affiliation] = &[
    Affiliation::Owner,
    Affiliation::Admin,
    Affiliation::Member,
    Affiliation::Outcast,
];
const THERE: &[Affiliation] = &[
    Affiliation::Owner,
    Affiliation::Admin,
    Affiliation::Member,
    Affiliation::Outcast,
    Affiliation::None,
];

/// A form about something, with what is there now in its fields.
pub(super) fn build_form(subject: Subject, state: &State) -> Form {
    let view = &state.view;
    let fields = match &subject {
        Subject::AddRoom => vec![text(Name::Room, ""), text(Name::RoomName, "")],
        Subject::EditRoom { before, .. } => vec![text(Name::RoomName, before.as_deref().unwrap_or_default())],
        Subject::AddUser { .. } => vec![text(Name::User, ""), choice(NEW, Affiliation::Member)],
        Subject::AddToRoom { .. } => vec![text(Name::ExistingRoom, ""), choice(NEW, Affiliation::Member)],
        Subject::EditUsers { members, before } => {
            vec![choice(
                THERE,
                before.unwrap_or_else(|| usual_affiliation(view, members)),
            )]
        }
        Subject::AddHat { .. } => vec![
            text(Name::Hat, ""),
            text(Name::Title, ""),
            tick(Name::Active, true),
            tick(Name::Required, false),
        ],
        Subject::EditHats {
            attachments, before, ..
        } => match (attachments.as_slice(), before) {
            ([at], Some(before)) => vec![
                text(Name::Hat, at.hat.as_str()),
                text(Name::Title, before.title.as_deref().unwrap_or_default()),
                tick(Name::Active, before.is_active()),
                tick(Name::Required, before.is_required()),
            ],
            (all, _) => in_common(view, all),
        },
        Subject::DefineHat { .. } => {
            vec![text(Name::Hat, ""), text(Name::Title, ""), text(Name::Hue, "")]
        }
        Subject::EditDefined { room, hat, before } => defined(view, (room, hat), before),
    };
    let suggestions = suggestions(view, &subject);
    // Who edits a hat that is there means its title, nearly always.
    let edits_hat = matches!(subject, Subject::EditHats { before: Some(_), .. });
    let focus = usize::from(edits_hat);
    Form {
        subject,
        fields,
        focus,
        refused: false,
        suggestions,
        filled: None,
        changed: false,
        limit: state.start.scope.rooms.clone(),
    }
}

fn text(name: Name, text: &str) -> Field {
    Field {
        name,
        value: Value::Text(Box::new(Text::new(text))),
    }
}

fn tick(name: Name, on: bool) -> Field {
    Field {
        name,
        value: Value::Tick(on),
    }
}

fn choice(options: &'static [Affiliation], chosen: Affiliation) -> Field {
    let at = options.iter().position(|option| *option == chosen);
    let at = at.unwrap_or_default();
    Field {
        name: Name::Affiliation,
        value: Value::Choice { options, at },
    }
}

/// What can be chosen in the field of a hat or room: not what all of them have already, nor what the catalog has.
fn suggestions(view: &Wardrobe, subject: &Subject) -> Option<Suggestions> {
    let has = |(room, user): &Member, id: &HatId| {
        let there = view.user(room, user);
        there.is_some_and(|there| there.hats.get(id).is_some())
    };
    match subject {
        Subject::AddToRoom { users } => {
            let all_there = |room: &Room| users.iter().all(|user| room.user(user).is_some());
            Some(Suggestions::rooms(view, all_there))
        }
        Subject::AddHat { members } => {
            let (room, _) = members.first()?;
            let all_have = |id: &HatId| members.iter().all(|member| has(member, id));
            Some(Suggestions::of(view, room, all_have))
        }
        Subject::EditHats {
            attachments,
            before: Some(_),
            ..
        } => {
            let at = attachments.first()?;
            let member = (at.room.clone(), at.user.clone());
            let is_other = |id: &HatId| at.hat != *id && has(&member, id);
            Some(Suggestions::of(view, &at.room, is_other))
        }
        Subject::DefineHat { room } => {
            let catalog = view.room(room).map(|room| &room.catalogue);
            let is_defined = |id: &HatId| catalog.is_some_and(|catalog| catalog.contains_key(id));
            Some(Suggestions::of(view, room, is_defined))
        }
        _ => None,
    }
}

/// The fields of several attachments: what they have in common.
fn in_common(view: &Wardrobe, attachments: &[AttachmentRef]) -> Vec<Field> {
    let there = attachments.iter().filter_map(|at| at.attachment(view));
    let there: Vec<&Attachment> = there.collect();
    let title = common(there.iter().map(|one| one.title.as_deref()));
    let flag = |name, of: fn(&Attachment) -> bool| Field {
        name,
        value: match common(there.iter().map(|one| of(one))) {
            Some(on) => Value::Tick(on),
            None => Value::Maybe(None),
        },
    };
    vec![
        text(Name::Title, title.flatten().unwrap_or_default()),
        flag(Name::Active, Attachment::is_active),
        flag(Name::Required, Attachment::is_required),
    ]
}

/// What all of them are, where all are the same.
fn common<T: PartialEq>(mut all: impl Iterator<Item = T>) -> Option<T> {
    let first = all.next()?;
    all.all(|other| other == first).then_some(first)
}

/// What most of these users are.
fn usual_affiliation(view: &Wardrobe, members: &[Member]) -> Affiliation {
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
fn defined(view: &Wardrobe, (room, hat): (&Jid, &HatId), before: &CatalogueHat) -> Vec<Field> {
    let there = view.room(room);
    let worn_as = there.and_then(|there| there.known_hat(hat)?.title.clone());
    // What is only worn is defined under the title that it has.
    let is_defined = there.is_some_and(|there| there.catalogue.contains_key(hat));
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
        text(Name::Title, title.as_deref().unwrap_or_default()),
        text(Name::Hue, hue.unwrap_or_default()),
    ];
    if !own.is_empty() {
        // Whoever has it under the very title that is changed here is meant too.
        let same = own.contains(&title.as_deref());
        fields.push(tick(Name::Wearers, same));
    }
    fields
}
