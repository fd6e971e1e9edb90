//! Forms: named fields, one of which has the focus. What a form means is in `fill` (opening it) and `save`.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::model::{Affiliation, Attachment, CatalogueHat, HatId, Jid};

use super::attachment_ref::AttachmentRef;
use super::command::CommandId;
use super::suggest::Suggestions;
use super::text::Text;
use super::{Keymap, words};

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
    /// A hat's colour in the room's catalogue.
    Hue,
    /// Whether the hats of those who have it get the title of the catalogue, too.
    Wearers,
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
            Self::Hue => "Hue",
            Self::Wearers => "Users, too",
        }
    }

    /// What to put there, in a few words.
    pub fn hint(self, keymap: &Keymap) -> String {
        let key = |id| keymap.name(id);
        match self {
            Self::Room => "room@conference.example.org".into(),
            Self::RoomName => "what people call it (may be left empty)".into(),
            Self::User => "user@example.org, or a list of several".into(),
            Self::Affiliation => format!(
                "{} or {} to change",
                key(CommandId::Tick),
                key(CommandId::TickBack)
            ),
            Self::Hat => format!(
                "letters of a known title, or a URI; {} makes a new one",
                key(CommandId::NewId)
            ),
            Self::Title => "what people read, such as Teacher".into(),
            Self::Active => "the user is displaying the hat now".into(),
            Self::Required => "the user cannot take it off (you can)".into(),
            Self::Hue => "the colour's angle, 0 to 360; empty: the colour of its id".into(),
            Self::Wearers => "users with a title of their own get this one".into(),
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
    /// Yes, no, or as it is: of several things that are not all the same.
    Maybe(Option<bool>),
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
    /// A user to be affiliated with several rooms.
    AddUserTo {
        /// Which rooms.
        rooms: Vec<Jid>,
    },
    /// The affiliation of several users.
    EditUsers {
        /// Which room.
        room: Jid,
        /// Who.
        users: Vec<Jid>,
    },
    /// A new attachment for several users.
    GiveMany {
        /// Which room.
        room: Jid,
        /// Who gets it.
        users: Vec<Jid>,
    },
    /// Several attachments that are there.
    EditMany {
        /// Which.
        held: Vec<AttachmentRef>,
        /// What they are called: a title, or how many hats they are.
        name: String,
    },
    /// A new hat in a room's catalogue.
    DefineHat {
        /// Which room.
        room: Jid,
    },
    /// A hat in a room's catalogue.
    EditDefined {
        /// Which room.
        room: Jid,
        /// Which hat.
        hat: HatId,
        /// What the catalogue had then.
        before: CatalogueHat,
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
            Self::AddUserTo { rooms } => format!("Add a user to {}", words::count(rooms.len(), "room")),
            Self::EditUsers { room, users } => {
                format!("Affiliation of {} in {room}", words::count(users.len(), "user"))
            }
            Self::GiveMany { users, .. } => format!("Give a hat to {}", words::count(users.len(), "user")),
            Self::EditMany { held, name } => edits_many(held, name),
            Self::DefineHat { room } => format!("A hat for the catalogue of {room}"),
            Self::EditDefined { room, .. } => format!("Hat in the catalogue of {room}"),
        }
    }

    /// The rooms that the form is about, those that are there already.
    pub fn rooms(&self) -> Vec<&Jid> {
        match self {
            Self::AddRoom => Vec::new(),
            Self::EditRoom { room, .. }
            | Self::AddUser { room }
            | Self::EditUser { room, .. }
            | Self::AddHat { room, .. }
            | Self::EditHat { room, .. }
            | Self::EditUsers { room, .. }
            | Self::GiveMany { room, .. }
            | Self::DefineHat { room }
            | Self::EditDefined { room, .. } => vec![room],
            Self::AddUserTo { rooms } => rooms.iter().collect(),
            Self::EditMany { held, .. } => held.iter().map(|spot| &spot.room).collect(),
        }
    }
}

/// `"Teacher" of 18 users`, as a heading.
fn edits_many(held: &[AttachmentRef], name: &str) -> String {
    let users: BTreeSet<&Jid> = held.iter().map(|spot| &spot.user).collect();
    let rooms: BTreeSet<&Jid> = held.iter().map(|spot| &spot.room).collect();
    let place = match rooms.len() {
        1 => String::new(),
        many => format!(" in {}", words::count(many, "room")),
    };
    let users = match (users.len(), users.first()) {
        (1, Some(user)) => user.to_string(),
        (many, _) => words::count(many, "user"),
    };
    format!("{name} of {users}{place}")
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

    /// Yes, no, or as it is.
    pub fn answer(&self, name: Name) -> Option<bool> {
        let field = self.fields.iter().find(|field| field.name == name);
        match field.map(|field| &field.value) {
            Some(Value::Tick(on)) => Some(*on),
            Some(Value::Maybe(answer)) => *answer,
            _ => None,
        }
    }

    /// What was typed into a field; `None` where nothing was.
    pub(super) fn typed(&self, name: Name) -> Option<String> {
        let field = self.fields.iter().find(|field| field.name == name)?;
        match &field.value {
            Value::Text(text) if text.is_changed() => Some(text.text()),
            _ => None,
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
