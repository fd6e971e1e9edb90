//! Forms: named fields, one of which has the focus. The [`FormSubject`] of a form says what the form edits.
//! `update/build_form.rs` builds the fields of a form, and `update/build_batch.rs` turns the form into edits.

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::{Timestamp, ZonedDateTime};
use serde::{Deserialize, Serialize};

use crate::model::{Affiliation, HatId, Jid};
use crate::sync::ServerClass;

use super::Keymap;
use super::command::CommandId;
use super::describe;
pub use super::subject::FormSubject;
use super::suggest::Suggestions;
use super::text::TextInput;
use super::until;

/// Identifies a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FieldName {
    /// The address of a new room.
    Room,
    /// The address of an existing room, or part of its name.
    ExistingRoom,
    /// The room's display name.
    RoomName,
    /// A user's address.
    User,
    /// The user's affiliation with the room.
    Affiliation,
    /// A hat's ID, or part of its title.
    Hat,
    /// The hat's title.
    Title,
    /// Whether the hat is active (shown in chat).
    Active,
    /// Whether the hat is required (the user cannot remove it).
    Required,
    /// The time at which the hat expires.
    Expires,
    /// A hat's color in the room's catalog.
    Hue,
    /// Whether to change the title for users with the hat as well.
    #[serde(rename = "wearers")] // the name in stored drafts
    RetitleUsers,
}

impl FieldName {
    /// Whether the field suggests existing hats or rooms.
    pub fn suggests(self) -> bool {
        matches!(self, Self::Hat | Self::ExistingRoom)
    }

    /// The field's label.
    pub fn label(self) -> &'static str {
        match self {
            Self::Room | Self::User => "Address",
            Self::ExistingRoom => "Room",
            Self::RoomName => "Name",
            Self::Affiliation => "Affiliation",
            Self::Hat => "Hat",
            Self::Title => "Title",
            Self::Active => "Active",
            Self::Required => "Required",
            Self::Expires => "Expires",
            Self::Hue => "Color",
            Self::RetitleUsers => "Users' hats",
        }
    }

    /// A short hint on what to enter.
    pub fn hint(self, keymap: &Keymap) -> String {
        match self {
            Self::Room => "room@conference.example.org".into(),
            Self::ExistingRoom => "name or address, or part of it".into(),
            Self::RoomName => "display name (optional)".into(),
            Self::User => "user@example.org, or a list of addresses".into(),
            Self::Affiliation => format!(
                "press {} or {} to change",
                keymap.arrow_name(CommandId::PreviousValue),
                keymap.arrow_name(CommandId::NextValue)
            ),
            Self::Hat => "title of an existing or new hat, or an ID".into(),
            Self::Title => "shown in chat, for example Teacher".into(),
            Self::Active => "shown in chat".into(),
            Self::Required => "the user cannot remove it".into(),
            Self::Expires => "Sunday, 2 weeks, 2026-12-31; empty: never".into(),
            Self::Hue => "red, #c33 or a hue (0–360); empty for automatic".into(),
            Self::RetitleUsers => "also change the title for users with the hat".into(),
        }
    }
}

/// The value of a field.
#[derive(Debug, Clone)]
pub enum FieldValue {
    /// A text: one line, or several in a list of addresses.
    Text(Box<TextInput>),
    /// A checkbox.
    Toggle(bool),
    /// A checkbox for several items; `None`: mixed, so that each item keeps its value.
    Mixed(Option<bool>),
    /// A choice.
    Choice {
        /// The options.
        options: &'static [Affiliation],
        /// Index of the selected option.
        selected: usize,
    },
}

/// A field of a form.
#[derive(Debug, Clone)]
pub struct Field {
    /// The field's name.
    pub name: FieldName,
    /// The field's value.
    pub value: FieldValue,
}

/// The server of the rooms of a form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FormServer {
    /// The name of the server in the configuration.
    pub name: Arc<str>,
    /// The class of the server, which determines what the server can store.
    pub class: ServerClass,
}

impl FormServer {
    /// A hint on a field that this server stores in another way than the data file; `None` for other fields. `users`:
    /// the number of users with the hat.
    pub(super) fn hint(&self, field: FieldName, users: usize) -> Option<String> {
        let name = &self.name;
        match field {
            FieldName::Active if !self.class.holds_flags() => {
                Some(format!("shown in chat; {name:?} has no inactive hats"))
            }
            FieldName::Required if !self.class.holds_flags() => Some(format!(
                "saved only in the data file: {name:?} has no required hats"
            )),
            FieldName::Title if !self.class.holds_own_titles() => Some(match users {
                0 | 1 => "title in the room's catalog".to_owned(),
                users => format!(
                    "title in the room's catalog, for all {}",
                    describe::count(users, "user")
                ),
            }),
            FieldName::Hue if !self.class.holds_catalog() => Some(format!(
                "red, #c33 or 0–360; saved only in the data file: {name:?} has no catalog"
            )),
            _ => None,
        }
    }
}

/// A new time at which hats expire; `None`: never.
#[derive(Debug, Clone, Copy)]
pub(super) struct NewEnd(pub(super) Option<Timestamp>);

/// A form on the screen.
#[derive(Debug, Clone)]
pub struct Form {
    /// The subject of the form.
    pub subject: FormSubject,
    /// The fields from top to bottom.
    pub fields: Vec<Field>,
    /// Index of the focused field.
    pub focus: usize,
    /// Whether saving was attempted. From then on, problems of empty fields are reported.
    pub save_attempted: bool,
    /// The existing hats or rooms, for a field with suggestions.
    pub suggestions: Option<Suggestions>,
    /// The texts that were filled in from an existing hat, by field.
    pub(super) filled: Vec<(FieldName, String)>,
    /// The hat whose ID was generated for this form.
    pub(super) new_hat: Option<HatId>,
    /// Whether the form is saved once the ID of a new hat arrives.
    pub(super) saves_once_id_arrives: bool,
    /// The domain with which the address of a new user is completed if it has none: the most common one in the rooms,
    /// or a likely one; `None` if there is none.
    pub(super) default_domain: Option<Box<str>>,
    /// The text of the user field, without a domain, that was completed last.
    pub(super) completed_input: Option<String>,
    /// Whether a field other than a text was changed, or the form was restored from a draft.
    pub(super) changed: bool,
    /// The server of the rooms, if all have the same one and its class is known.
    pub server: Option<FormServer>,
    /// The only rooms that this session may add; `None`: all.
    pub(super) allowed_rooms: Option<BTreeSet<Jid>>,
    /// The current time, on which the meaning of the field `Expires` depends.
    pub(super) now: ZonedDateTime,
}

impl Form {
    /// The field with the focus.
    pub fn field(&self) -> Option<&Field> {
        self.fields.get(self.focus)
    }

    pub(super) fn field_mut(&mut self) -> Option<&mut Field> {
        self.fields.get_mut(self.focus)
    }

    /// Whether the form has unsaved input.
    pub fn is_changed(&self) -> bool {
        self.changed
            || self
                .fields
                .iter()
                .any(|field| matches!(&field.value, FieldValue::Text(text) if text.is_changed()))
    }

    /// The text of a field; empty if there is no such field.
    pub fn text(&self, name: FieldName) -> String {
        let value = self
            .fields
            .iter()
            .find(|field| field.name == name)
            .map(|field| &field.value);
        if let Some(FieldValue::Text(text)) = value {
            text.text()
        } else {
            String::new()
        }
    }

    /// The value of a checkbox; `None`: mixed, or no such field.
    pub fn toggle_value(&self, name: FieldName) -> Option<bool> {
        let field = self.fields.iter().find(|field| field.name == name);
        match field.map(|field| &field.value) {
            Some(FieldValue::Toggle(on)) => Some(*on),
            Some(FieldValue::Mixed(answer)) => *answer,
            _ => None,
        }
    }

    /// The text of a field if it differs from the initial one.
    pub(super) fn changed_text(&self, name: FieldName) -> Option<String> {
        let field = self.fields.iter().find(|field| field.name == name)?;
        match &field.value {
            FieldValue::Text(text) if text.is_changed() => Some(text.text()),
            _ => None,
        }
    }

    /// The initial text of a field; `None` if there is no such field.
    pub(super) fn original_text(&self, name: FieldName) -> Option<&str> {
        let field = self.fields.iter().find(|field| field.name == name)?;
        match &field.value {
            FieldValue::Text(text) => Some(text.original()),
            _ => None,
        }
    }

    /// The typed time at which the hat expires; `None`: never. The error says why the text is not accepted.
    pub fn end(&self) -> Result<Option<Timestamp>, String> {
        until::parse(&self.text(FieldName::Expires), &self.now)
    }

    /// The new time at which the hat expires; `None` if the text was not edited or is not accepted.
    pub(super) fn changed_end(&self) -> Option<NewEnd> {
        self.changed_text(FieldName::Expires)?;
        self.end().ok().map(NewEnd)
    }

    /// Whether a checkbox for one item is checked; false if there is no such field.
    pub fn is_on(&self, name: FieldName) -> bool {
        self.fields
            .iter()
            .any(|field| field.name == name && matches!(field.value, FieldValue::Toggle(true)))
    }

    /// The selected affiliation; the default one if no field offers a choice.
    pub fn affiliation(&self) -> Affiliation {
        let selected = self.fields.iter().find_map(|field| match field.value {
            FieldValue::Choice { options, selected } => options.get(selected),
            _ => None,
        });
        selected.copied().unwrap_or_default()
    }

    pub(super) fn set_text(&mut self, name: FieldName, value: &str) {
        for field in self.fields.iter_mut().filter(|field| field.name == name) {
            if let FieldValue::Text(text) = &mut field.value {
                text.set(value);
            }
        }
    }

    /// Fills a field with a value of an existing hat, unless a text was typed into the field. `again`: fills it also if
    /// the same value was filled in before and then removed.
    pub(super) fn fill(&mut self, name: FieldName, value: &str, again: bool) {
        let current = self.text(name);
        let filled = self.filled.iter().find(|(filled, _)| *filled == name);
        let filled = filled.map(|(_, value)| value.as_str());
        let is_free = if current.is_empty() {
            again || filled != Some(value)
        } else {
            filled == Some(&current)
        };
        if is_free {
            self.set_text(name, value);
            self.filled.retain(|(filled, _)| *filled != name);
            self.filled.push((name, value.to_owned()));
        }
    }

    /// The selected suggestion, while the list of suggestions has the focus.
    pub fn selected_suggestion(&self) -> Option<usize> {
        let suggests = self.field().is_some_and(|field| field.name.suggests());
        self.suggestions.as_ref().filter(|_| suggests)?.selected()
    }
}
