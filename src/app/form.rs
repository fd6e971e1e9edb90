//! Forms: named fields, one of which has the focus. What a form is about is its [`FormSubject`]; what stands in its
//! fields at first, `update/build_form.rs`; the change that it means, `update/build_batch.rs`.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::model::{Affiliation, Jid};

use super::Keymap;
use super::command::CommandId;
pub use super::subject::FormSubject;
use super::suggest::Suggestions;
use super::text::TextInput;

/// What a field is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FieldName {
    /// The address of a new room.
    Room,
    /// The address of a room that is there, or a few letters of its name.
    ExistingRoom,
    /// What people call the room.
    RoomName,
    /// A user's address.
    User,
    /// The user's affiliation with the room.
    Affiliation,
    /// A hat's id, or a few letters of its title.
    Hat,
    /// The hat's title.
    Title,
    /// Whether the hat is displayed.
    Active,
    /// Whether the user cannot take it off.
    Required,
    /// A hat's color in the room's catalog.
    Hue,
    /// Whether the hats of those who have it get the title of the catalog, too.
    #[serde(rename = "wearers")] // as drafts have it
    RetitleUsers,
}

impl FieldName {
    /// Whether what exists is offered for the field.
    pub fn suggests(self) -> bool {
        matches!(self, Self::Hat | Self::ExistingRoom)
    }

    /// The word before the field.
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
            Self::Hue => "Hue",
            Self::RetitleUsers => "Users, too",
        }
    }

    /// What to put there, in a few words.
    pub fn hint(self, keymap: &Keymap) -> String {
        let key = |id| keymap.name(id);
        match self {
            Self::Room => "room@conference.example.org".into(),
            Self::ExistingRoom => "letters of a room's name, or its address".into(),
            Self::RoomName => "what people call it (may be left empty)".into(),
            Self::User => "user@example.org, or a list of several".into(),
            Self::Affiliation => format!(
                "{} or {} to change",
                key(CommandId::NextValue),
                key(CommandId::PreviousValue)
            ),
            Self::Hat => format!(
                "letters of a known title, or a URI; {} makes a new one",
                key(CommandId::NewId)
            ),
            Self::Title => "what people read, such as Teacher".into(),
            Self::Active => "the user is displaying the hat now".into(),
            Self::Required => "the user cannot take it off (you can)".into(),
            Self::Hue => "the color's angle, 0 to 360; empty: the color of its id".into(),
            Self::RetitleUsers => "users with a title of their own get this one".into(),
        }
    }
}

/// What a field holds.
#[derive(Debug, Clone)]
pub enum FieldValue {
    /// A line of text.
    Text(Box<TextInput>),
    /// Yes or no.
    Toggle(bool),
    /// Yes, no, or as it is: of several things that are not all the same.
    Mixed(Option<bool>),
    /// One of these.
    Choice {
        /// What can be chosen.
        options: &'static [Affiliation],
        /// Which is chosen.
        at: usize,
    },
}

/// A field of a form.
#[derive(Debug, Clone)]
pub struct Field {
    /// What it is for.
    pub name: FieldName,
    /// What it holds.
    pub value: FieldValue,
}

/// A form on the screen.
#[derive(Debug, Clone)]
pub struct Form {
    /// What it is about.
    pub subject: FormSubject,
    /// Its fields, from top to bottom.
    pub fields: Vec<Field>,
    /// Which has the focus.
    pub focus: usize,
    /// Saving was refused once: empty fields are mistakes from then on.
    pub save_attempted: bool,
    /// The existing hats or rooms, for the field that takes one.
    pub suggestions: Option<Suggestions>,
    /// The title that a suggestion filled in.
    pub(super) filled_title: Option<String>,
    pub(super) changed: bool,
    /// The only rooms that this session may add.
    pub(super) allowed_rooms: Option<BTreeSet<Jid>>,
}

impl Form {
    /// The field with the focus.
    pub fn field(&self) -> Option<&Field> {
        self.fields.get(self.focus)
    }

    pub(super) fn field_mut(&mut self) -> Option<&mut Field> {
        self.fields.get_mut(self.focus)
    }

    /// Whether anything was typed or chosen that is not saved.
    pub fn is_changed(&self) -> bool {
        self.changed
            || self
                .fields
                .iter()
                .any(|field| matches!(&field.value, FieldValue::Text(text) if text.is_changed()))
    }

    /// The text of a field; empty where there is none of that name.
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

    /// Yes, no, or as it is.
    pub fn toggle_value(&self, name: FieldName) -> Option<bool> {
        let field = self.fields.iter().find(|field| field.name == name);
        match field.map(|field| &field.value) {
            Some(FieldValue::Toggle(on)) => Some(*on),
            Some(FieldValue::Mixed(answer)) => *answer,
            _ => None,
        }
    }

    /// What was typed into a field; `None` where nothing was.
    pub(super) fn changed_text(&self, name: FieldName) -> Option<String> {
        let field = self.fields.iter().find(|field| field.name == name)?;
        match &field.value {
            FieldValue::Text(text) if text.is_changed() => Some(text.text()),
            _ => None,
        }
    }

    /// Whether a field is ticked.
    pub fn is_on(&self, name: FieldName) -> bool {
        self.fields
            .iter()
            .any(|field| field.name == name && matches!(field.value, FieldValue::Toggle(true)))
    }

    /// The affiliation that is chosen.
    pub fn affiliation(&self) -> Affiliation {
        let chosen = self.fields.iter().find_map(|field| match field.value {
            FieldValue::Choice { options, at } => options.get(at),
            _ => None,
        });
        chosen.copied().unwrap_or_default()
    }

    pub(super) fn set_text(&mut self, name: FieldName, to: &str) {
        for field in self.fields.iter_mut().filter(|field| field.name == name) {
            if let FieldValue::Text(text) = &mut field.value {
                text.set(to);
            }
        }
    }

    /// Whether the list of suggestions has the keys, and which row of it.
    pub fn selected_suggestion(&self) -> Option<usize> {
        let suggests = self.field().is_some_and(|field| field.name.suggests());
        self.suggestions.as_ref().filter(|_| suggests)?.selected()
    }
}
