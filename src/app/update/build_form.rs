//! Builds forms with the current values in their fields.

use jiff::{Timestamp, ZonedDateTime};

use crate::app::form::{Field, FieldName, FieldValue, Form, FormServer, FormSubject};
use crate::app::suggest::Suggestions;
use crate::app::text::TextInput;
use crate::app::{AttachmentRef, RoomUser, State, hat_color, until};
use crate::model::{Affiliation, Attachment, CatalogHat, HatId, Jid, Room, Wardrobe};

use super::new_users;

/// The affiliations that can be chosen for a new user.
const NEW_USER_CHOICES: &[Affiliation] = &[
    Affiliation::Owner,
    Affiliation::Admin,
    Affiliation::Member,
    Affiliation::Outcast,
];
/// The affiliations that can be chosen for an existing user.
const EXISTING_USER_CHOICES: &[Affiliation] = &[
    Affiliation::Owner,
    Affiliation::Admin,
    Affiliation::Member,
    Affiliation::Outcast,
    Affiliation::None,
];

/// Builds the form for a subject, with the current values in its fields.
pub(super) fn build_form(subject: FormSubject, state: &State) -> Form {
    let wardrobe = &state.shown;
    let server = common_server(state, &subject);
    let fields = match &subject {
        FormSubject::AddRoom => vec![text(FieldName::Room, ""), text(FieldName::RoomName, "")],
        FormSubject::EditRoom { before, .. } => {
            vec![text(FieldName::RoomName, before.as_deref().unwrap_or_default())]
        }
        FormSubject::AddUser { .. } => vec![
            Field {
                name: FieldName::User,
                value: FieldValue::Text(Box::new(TextInput::list())),
            },
            choice(NEW_USER_CHOICES, Affiliation::Member),
        ],
        FormSubject::AddToRoom { .. } => vec![
            text(FieldName::ExistingRoom, ""),
            choice(NEW_USER_CHOICES, Affiliation::Member),
        ],
        FormSubject::EditUsers { room_users, before } => {
            vec![choice(
                EXISTING_USER_CHOICES,
                before.unwrap_or_else(|| most_common_affiliation(wardrobe, room_users)),
            )]
        }
        FormSubject::AddHat { .. } => vec![
            text(FieldName::Hat, ""),
            text(FieldName::Title, ""),
            checkbox(FieldName::Active, true),
            checkbox(FieldName::Required, false),
            text(FieldName::Expires, ""),
        ],
        FormSubject::EditHats {
            attachments, before, ..
        } => match (attachments.as_slice(), before) {
            ([attachment_ref], Some(before)) => vec![
                text(FieldName::Hat, attachment_ref.hat.as_str()),
                text(
                    FieldName::Title,
                    &title_text(wardrobe, server.as_ref(), (attachment_ref, before)),
                ),
                checkbox(FieldName::Active, before.is_active()),
                checkbox(FieldName::Required, before.is_required()),
                text(FieldName::Expires, &end_text(before.until(), &state.now())),
            ],
            (all, _) => common_fields(state, server.as_ref(), all),
        },
        FormSubject::DefineHat { .. } => {
            vec![
                text(FieldName::Hat, ""),
                text(FieldName::Title, ""),
                text(FieldName::Hue, ""),
            ]
        }
        FormSubject::EditDefined { room, hat, before } => catalog_fields(wardrobe, (room, hat), before),
    };
    let suggestions = suggestions(wardrobe, &subject);
    let domain = match &subject {
        FormSubject::AddUser { rooms } => new_users::most_common_domain(wardrobe, rooms),
        _ => None,
    };
    // Editing an existing hat nearly always means editing its title.
    let edits_hat = matches!(subject, FormSubject::EditHats { before: Some(_), .. });
    let focus = usize::from(edits_hat);
    Form {
        subject,
        fields,
        focus,
        save_attempted: false,
        suggestions,
        filled: Vec::new(),
        new_hat: None,
        saves_once_id_arrives: false,
        default_domain: domain,
        completed_input: None,
        changed: false,
        server,
        allowed_rooms: state.start.scope.rooms.clone(),
        now: state.now(),
    }
}

/// Returns the server of the form's rooms, if all rooms have the same server and its class is known.
fn common_server(state: &State, subject: &FormSubject) -> Option<FormServer> {
    let mut servers = subject.rooms().into_iter().map(|room| {
        let name = state.servers.of_room(room)?.entry.name.clone();
        let class = state.servers.class_of(room)?;
        Some(FormServer { name, class })
    });
    let first = servers.next()??;
    servers
        .all(|other| other.as_ref() == Some(&first))
        .then_some(first)
}

fn text(name: FieldName, text: &str) -> Field {
    Field {
        name,
        value: FieldValue::Text(Box::new(TextInput::new(text))),
    }
}

fn checkbox(name: FieldName, on: bool) -> Field {
    Field {
        name,
        value: FieldValue::Toggle(on),
    }
}

fn choice(options: &'static [Affiliation], chosen: Affiliation) -> Field {
    let selected = options.iter().position(|option| *option == chosen);
    let selected = selected.unwrap_or_default();
    Field {
        name: FieldName::Affiliation,
        value: FieldValue::Choice { options, selected },
    }
}

/// Returns the suggestions for a hat or room field; `None` if the form has no such field. Some rooms and hats are
/// excluded: rooms that all users are in; hats that all users have; in the form that defines a hat, hats in the
/// catalog; when a hat is edited, the user's other hats.
fn suggestions(wardrobe: &Wardrobe, subject: &FormSubject) -> Option<Suggestions> {
    let has_hat = |(room, user): &RoomUser, id: &HatId| {
        let existing = wardrobe.user(room, user);
        existing.is_some_and(|existing| existing.hats.get(id).is_some())
    };
    match subject {
        FormSubject::AddToRoom { users } => {
            let all_are_in = |room: &Room| users.iter().all(|user| room.user(user).is_some());
            Some(Suggestions::rooms(wardrobe, all_are_in))
        }
        FormSubject::AddHat { room_users } => {
            let (room, _) = room_users.first()?;
            let all_have = |id: &HatId| room_users.iter().all(|room_user| has_hat(room_user, id));
            Some(Suggestions::hats(wardrobe, room, true, all_have))
        }
        FormSubject::EditHats {
            attachments,
            before: Some(_),
            ..
        } => {
            let attachment_ref = attachments.first()?;
            let room_user = (attachment_ref.room.clone(), attachment_ref.user.clone());
            let is_other = |id: &HatId| attachment_ref.hat != *id && has_hat(&room_user, id);
            Some(Suggestions::hats(wardrobe, &attachment_ref.room, false, is_other))
        }
        FormSubject::DefineHat { room } => {
            let catalog = wardrobe.room(room).map(|room| &room.catalog);
            let is_defined = |id: &HatId| catalog.is_some_and(|catalog| catalog.contains_key(id));
            Some(Suggestions::hats(wardrobe, room, true, is_defined))
        }
        _ => None,
    }
}

/// Returns the fields of a form for several attachments, with the values that these have in common.
fn common_fields(state: &State, server: Option<&FormServer>, attachments: &[AttachmentRef]) -> Vec<Field> {
    let wardrobe = &state.shown;
    let existing = attachments
        .iter()
        .filter_map(|attachment_ref| attachment_ref.attachment(wardrobe));
    let existing: Vec<&Attachment> = existing.collect();
    let titles = attachments.iter().filter_map(|attachment_ref| {
        Some(title_text(
            wardrobe,
            server,
            (attachment_ref, attachment_ref.attachment(wardrobe)?),
        ))
    });
    let title = common_value(titles);
    let end = common_value(existing.iter().map(|attachment| attachment.until())).flatten();
    let flag = |name, is_set: fn(&Attachment) -> bool| Field {
        name,
        value: match common_value(existing.iter().map(|attachment| is_set(attachment))) {
            Some(on) => FieldValue::Toggle(on),
            None => FieldValue::Mixed(None),
        },
    };
    vec![
        text(FieldName::Title, title.as_deref().unwrap_or_default()),
        flag(FieldName::Active, Attachment::is_active),
        flag(FieldName::Required, Attachment::is_required),
        text(FieldName::Expires, &end_text(end, &state.now())),
    ]
}

/// Returns the expiration time of a hat, as it can be typed; empty for never.
fn end_text(end: Option<Timestamp>, now: &ZonedDateTime) -> String {
    end.map_or_else(String::new, |end| until::full(end, now.time_zone()))
}

/// Returns the title in the form of a user's hat: the user's own title. On a server that has only titles in the
/// catalog, the title in the catalog comes first.
fn title_text(
    wardrobe: &Wardrobe,
    server: Option<&FormServer>,
    (attachment_ref, attachment): (&AttachmentRef, &Attachment),
) -> String {
    let catalog_title = || {
        let entry = wardrobe
            .room(&attachment_ref.room)?
            .catalog
            .get(&attachment_ref.hat)?;
        entry.title.as_deref().filter(|title| !title.is_empty())
    };
    let prefers_catalog = server.is_some_and(|server| !server.class.holds_own_titles());
    let title = catalog_title()
        .filter(|_| prefers_catalog)
        .or(attachment.title.as_deref());
    title.unwrap_or_default().to_owned()
}

/// Returns the value that all items have in common; `None` if there is none.
fn common_value<T: PartialEq>(mut all: impl Iterator<Item = T>) -> Option<T> {
    let first = all.next()?;
    all.all(|other| other == first).then_some(first)
}

/// Returns the most common affiliation of these users.
fn most_common_affiliation(wardrobe: &Wardrobe, room_users: &[RoomUser]) -> Affiliation {
    let existing = room_users
        .iter()
        .filter_map(|(room, user)| wardrobe.user(room, user));
    let all: Vec<Affiliation> = existing.map(|user| user.affiliation).collect();
    let number = |affiliation: &Affiliation| all.iter().filter(|other| *other == affiliation).count();
    Affiliation::ALL
        .into_iter()
        .rev()
        .max_by_key(number)
        .unwrap_or_default()
}

/// Returns the fields of the form for a hat in the catalog.
fn catalog_fields(wardrobe: &Wardrobe, (room, hat): (&Jid, &HatId), before: &CatalogHat) -> Vec<Field> {
    let existing = wardrobe.room(room);
    let title = existing.and_then(|existing| existing.catalog_title(hat));
    let own_titles = existing.iter().flat_map(|existing| existing.own_titles(hat));
    let own_titles: Vec<&str> = own_titles.map(|(_, title)| title).collect();
    let color = before.hue.as_ref().map_or("", hat_color::name);
    let mut fields = vec![
        text(FieldName::Title, title.unwrap_or_default()),
        text(FieldName::Hue, color),
    ];
    if !own_titles.is_empty() {
        // Checked by default if a user has the title that is edited here.
        let has_this_title = title.is_some_and(|title| own_titles.contains(&title));
        fields.push(checkbox(FieldName::RetitleUsers, has_this_title));
    }
    fields
}
