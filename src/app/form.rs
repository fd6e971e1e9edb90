//! Forms: named fields, one of which has the focus. What a form means is in `fill` (opening it) and `save`.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::model::{Affiliation, Attachment, HatId, Jid};

use super::Keymap;
use super::suggest::Suggestions;

mod text;

pub use text::Text;

/// What a field is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Name {
    /// A room's address.
    Room,
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
}

impl Name {
    /// The word before the field.
    pub fn label(self) -> &'static str {
        match self {
            Self::Room | Self::User => "Address",
            Self::RoomName => "Name",
            Self::Affiliation => "Affiliation",
            Self::Hat => "Hat",
            Self::Title => "Title",
            Self::Active => "Active",
            Self::Required => "Required",
        }
    }

    /// What to put there, in a few words.
    pub fn hint(self, keymap: &Keymap) -> String {
        let key = |id| keymap.name(id);
        match self {
            Self::Room => "room@conference.example.org".into(),
            Self::RoomName => "what people call it (may be left empty)".into(),
            Self::User => "user@example.org".into(),
            Self::Affiliation => format!("{} or {} to change", key("tick"), key("tick-back")),
            Self::Hat => format!(
                "letters of a known title, or a URI; {} makes a new one",
                key("new-id")
            ),
            Self::Title => "what people read, such as Teacher".into(),
            Self::Active => "the user is displaying the hat now".into(),
            Self::Required => "the user cannot take it off (you can)".into(),
        }
    }
}

/// What a field holds.
#[derive(Debug, Clone)]
pub enum Value {
    /// A line of text.
    Text(Box<Text>),
    /// Yes or no.
    Tick(bool),
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
    pub name: Name,
    /// What it holds.
    pub value: Value,
}

/// What a form is about, and what was there when it was opened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Subject {
    /// A new room.
    AddRoom,
    /// The name of a room.
    EditRoom {
        /// Which.
        room: Jid,
        /// Its name then.
        before: Option<std::sync::Arc<str>>,
    },
    /// A user to be affiliated with a room.
    AddUser {
        /// Which room.
        room: Jid,
    },
    /// The affiliation of a user.
    EditUser {
        /// Which room.
        room: Jid,
        /// Who.
        user: Jid,
        /// The affiliation then.
        before: Affiliation,
    },
    /// A new attachment.
    AddHat {
        /// Which room.
        room: Jid,
        /// Who gets it.
        user: Jid,
    },
    /// An attachment that is there.
    EditHat {
        /// Which room.
        room: Jid,
        /// Whose.
        user: Jid,
        /// Which hat.
        hat: HatId,
        /// The attachment then.
        before: Attachment,
    },
}

impl Subject {
    /// The form's heading; addresses in it are to be made harmless.
    pub fn heading(&self) -> String {
        match self {
            Self::AddRoom => "Add a room".into(),
            Self::EditRoom { room, .. } => format!("Room {room}"),
            Self::AddUser { room } => format!("Add a user to {room}"),
            Self::EditUser { room, user, .. } => format!("{user} in {room}"),
            Self::AddHat { user, .. } => format!("Give a hat to {user}"),
            Self::EditHat { user, .. } => format!("Hat of {user}"),
        }
    }

    /// The room that the form is about, where it is there already.
    pub fn room(&self) -> Option<&Jid> {
        match self {
            Self::AddRoom => None,
            Self::EditRoom { room, .. }
            | Self::AddUser { room }
            | Self::EditUser { room, .. }
            | Self::AddHat { room, .. }
            | Self::EditHat { room, .. } => Some(room),
        }
    }
}

/// A form on the screen.
#[derive(Debug, Clone)]
pub struct Form {
    /// What it is about.
    pub subject: Subject,
    /// Its fields, from top to bottom.
    pub fields: Vec<Field>,
    /// Which has the focus.
    pub focus: usize,
    /// Saving was refused once: empty fields are mistakes from then on.
    pub refused: bool,
    /// The hats already known, for the hat field.
    pub suggestions: Option<Suggestions>,
    /// The title that a suggestion filled in.
    pub(super) filled: Option<String>,
    pub(super) changed: bool,
    /// The only rooms that this session may add.
    pub(super) limit: Option<BTreeSet<Jid>>,
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
                .any(|field| matches!(&field.value, Value::Text(text) if text.is_changed()))
    }

    /// The text of a field; empty where there is none of that name.
    pub fn text(&self, name: Name) -> String {
        let value = self
            .fields
            .iter()
            .find(|field| field.name == name)
            .map(|field| &field.value);
        if let Some(Value::Text(text)) = value {
            text.text()
        } else {
            String::new()
        }
    }

    /// Whether a field is ticked.
    pub fn ticked(&self, name: Name) -> bool {
        self.fields
            .iter()
            .any(|field| field.name == name && matches!(field.value, Value::Tick(true)))
    }

    /// The affiliation that is chosen.
    pub fn affiliation(&self) -> Affiliation {
        let chosen = self.fields.iter().find_map(|field| match field.value {
            Value::Choice { options, at } => options.get(at),
            _ => None,
        });
        chosen.copied().unwrap_or_default()
    }

    pub(super) fn set_text(&mut self, name: Name, to: &str) {
        for field in self.fields.iter_mut().filter(|field| field.name == name) {
            if let Value::Text(text) = &mut field.value {
                text.set(to);
            }
        }
    }

    /// Whether the list of suggestions has the keys, and which row of it.
    pub fn listed(&self) -> Option<usize> {
        let on_hat = self.field().is_some_and(|field| field.name == Name::Hat);
        self.suggestions.as_ref().filter(|_| on_hat)?.selected()
    }
}
