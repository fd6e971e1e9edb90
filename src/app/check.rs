//! Validates forms field by field and resolves the values that they would store.

use std::collections::BTreeSet;

use crate::model::{Attachment, HatId, Hue, InvalidJid, Jid, MAX_INPUT_BYTES, Wardrobe, is_only_whitespace};

use super::Keymap;
use super::addresses;
use super::attachment_ref::AttachmentRef;
use super::command::CommandId;
use super::describe;
use super::form::{FieldName, FieldValue, Form, NewEnd};
use super::hat_color;
use super::subject::{FormSubject, single};
use super::suggest::{Existing, ExistingHat, Meaning, Suggestions};

mod users;

use users::{address_problem, duplicate_hat_problem, new_users_problem};

/// The hat or room that the text of a field refers to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resolved<T> {
    /// The hat's ID or the room's address.
    pub id: T,
    /// The title or name of the existing item; empty for a hat without a title; `None` if the text is an ID or address.
    pub matched_title: Option<String>,
}

/// The message for a text that means no room. `listed_count`: number of rooms that the list shows for the text.
fn no_room_problem(listed_count: usize) -> String {
    let advice = if listed_count == 0 {
        "No room matches this text; type an address"
    } else {
        "Choose a room from the list, or type an address"
    };
    format!("{advice} such as room@conference.example.org")
}

/// The message for a text that means several items with the same title. `noun`: the kind of the items, in the plural.
fn several_problem(noun: &str, text: &str, all: &[&Existing]) -> String {
    let describe_item = |item: &&Existing| match item {
        Existing::Hat(_) => format!("one {}", item.describe_use()),
        Existing::Room(..) => item.describe_use(),
    };
    let items: Vec<String> = all.iter().map(describe_item).collect();
    format!(
        "{} can mean {} {noun}: {}. Choose one from the list",
        describe::quoted(text),
        all.len(),
        describe::first_few(&items)
    )
}

impl Form {
    /// The ID in the hat field: a typed ID, or that of the existing hat that the text means. The error says why there
    /// is no ID.
    pub fn resolve_hat(&self) -> Result<Resolved<HatId>, String> {
        let text = self.text(FieldName::Hat);
        let text = text.trim();
        if let Some(edited) = self.attachment_ref()
            && edited.hat.as_str() == text
        {
            return Ok(Resolved {
                id: edited.hat.clone(),
                matched_title: None,
            });
        }
        let error = match HatId::parse_input(text) {
            Ok(id) => {
                return Ok(Resolved {
                    id,
                    matched_title: None,
                });
            }
            Err(error) => error,
        };
        match self.meaning() {
            // A hat that cannot be chosen is resolved, too: the caller reports the reason.
            Meaning::One(Existing::Hat(hat)) | Meaning::Excluded(Existing::Hat(hat)) => Ok(Resolved {
                id: hat.id.clone(),
                matched_title: Some(hat.title.as_deref().unwrap_or_default().to_owned()),
            }),
            Meaning::Several(hats) => Err(several_problem("hats", text, &hats)),
            _ => Err(format!(
                "This is neither the title of a hat nor an ID ({}). {}",
                error.reason,
                match self.listed_count() {
                    0 => "Correct the text",
                    _ => "Choose a hat from the list, or correct the text",
                }
            )),
        }
    }

    /// The meaning of the text in the hat or room field.
    fn meaning(&self) -> Meaning<&Existing> {
        self.suggestions
            .as_ref()
            .map_or(Meaning::Nothing, Suggestions::meaning)
    }

    /// Number of existing items that the list shows.
    fn listed_count(&self) -> usize {
        self.suggestions.as_ref().map_or(0, Suggestions::existing_count)
    }

    /// The existing hat that the hat field means, if it can be chosen.
    pub(super) fn existing_hat(&self) -> Option<&ExistingHat> {
        let chosen = self.resolve_hat().ok()?;
        match self.meaning() {
            Meaning::One(Existing::Hat(hat)) if hat.id == chosen.id => Some(hat),
            _ => None,
        }
    }

    /// The title of the new hat that the hat field means; `None` if the field contains an ID or means an existing hat.
    pub fn new_hat_title(&self) -> Option<&str> {
        match HatId::parse_input(self.text(FieldName::Hat).trim()) {
            Ok(_) => None,
            Err(_) => self.suggestions.as_ref()?.new_hat(),
        }
    }

    /// The room in the room field: the typed address, even if the room does not exist, or the existing room that the
    /// text means. The error says why the text is neither.
    pub fn resolve_room(&self) -> Result<Resolved<Jid>, String> {
        let text = self.text(FieldName::ExistingRoom);
        let text = text.trim();
        if text.contains('@') {
            let id = Jid::parse_room_input(text).map_err(|error| address_problem(&error))?;
            return Ok(Resolved {
                id,
                matched_title: None,
            });
        }
        match self.meaning() {
            Meaning::One(existing) | Meaning::Excluded(existing) => match existing {
                Existing::Room(id, _) => Ok(Resolved {
                    id: id.clone(),
                    matched_title: Some(existing.title().unwrap_or_default().to_owned()),
                }),
                Existing::Hat(_) => Err(no_room_problem(self.listed_count())),
            },
            Meaning::Several(rooms) => Err(several_problem("rooms", text, &rooms)),
            Meaning::Nothing => Err(no_room_problem(self.listed_count())),
        }
    }

    /// The attachment that the form edits; `None` if it edits several, or something else.
    pub(super) fn attachment_ref(&self) -> Option<&AttachmentRef> {
        match &self.subject {
            FormSubject::EditHats { attachments, .. } => single(attachments),
            _ => None,
        }
    }

    /// Number of users with the hat of the form in its rooms; a user in two of them counts twice.
    pub(super) fn user_count_with_hat(&self, wardrobe: &Wardrobe) -> usize {
        let hat = match &self.subject {
            FormSubject::EditDefined { hat, .. } => Some(hat.clone()),
            _ => self.resolve_hat().ok().map(|chosen| chosen.id),
        };
        let (Some(hat), rooms) = (hat, self.subject.rooms()) else {
            return 0;
        };
        let rooms: BTreeSet<&Jid> = rooms.into_iter().collect();
        let counts = rooms
            .iter()
            .filter_map(|room| Some(wardrobe.room(room)?.hat(&hat)?.user_count));
        counts.sum()
    }

    /// The typed address of a new user, completed with [`Form::default_domain`]. `None` if the text has a domain or is
    /// empty, if the form has no domain to complete it with, or if the result is not an address.
    fn completed_address(&self) -> Option<String> {
        let text = self.text(FieldName::User);
        let local = text.trim();
        let domain = self.default_domain.as_deref()?;
        let lacks_domain = !local.is_empty() && !local.contains(['@', '/', ':']);
        let completed = format!("{local}@{domain}");
        (lacks_domain && Jid::parse_input(&completed).is_ok()).then_some(completed)
    }

    /// The completed address of a new user, for the moderator to confirm. `None` if the text needs no completion, is
    /// the domain of an existing room or user, or was completed before and the moderator removed the domain again.
    pub fn completion_to_confirm(&self, wardrobe: &Wardrobe) -> Option<String> {
        if !matches!(self.subject, FormSubject::AddUser { .. }) {
            return None;
        }
        let completed = self.completed_address()?;
        let typed = self.text(FieldName::User);
        let is_existing_domain = |domain: &str| {
            let mut rooms = wardrobe.rooms();
            rooms.any(|(jid, room)| {
                jid.domain() == domain || room.users().iter().any(|(user, _)| user.domain() == domain)
            })
        };
        let was_completed = self.completed_input.as_ref() == Some(&typed);
        (!was_completed && !is_existing_domain(&typed.trim().to_lowercase())).then_some(completed)
    }

    /// The address in the user field. Fails if the text is not exactly one address.
    pub(super) fn user(&self) -> Result<Jid, InvalidJid> {
        addresses::parse_single(&self.text(FieldName::User))
    }

    /// The attachment as it would be stored.
    pub fn attachment(&self) -> Attachment {
        let before = match &self.subject {
            FormSubject::EditHats { before, .. } => before.clone().unwrap_or_default(),
            _ => Attachment::default(),
        };
        let title = if self.stores_title_in_catalog() {
            before.title.as_deref().unwrap_or_default().to_owned()
        } else {
            self.wanted_title()
        };
        let active = self.is_on(FieldName::Active);
        let mut attachment = before
            .with_active(active)
            .with_required(self.is_on(FieldName::Required));
        if let Some(NewEnd(end)) = self.changed_end() {
            attachment = attachment.with_until(end);
        }
        // An existing empty title is preserved; otherwise an empty field means no title.
        if attachment.title.as_deref().unwrap_or_default() == title {
            return attachment;
        }
        attachment.with_title(Some(title.as_str()).filter(|title| !title.is_empty()))
    }

    /// The typed title, else that of the existing or new hat that the hat field means.
    fn wanted_title(&self) -> String {
        let title = self.text(FieldName::Title);
        if let Some(new) = self.new_hat_title().filter(|_| title.is_empty()) {
            return new.to_owned();
        }
        match self.resolve_hat() {
            Ok(Resolved {
                matched_title: Some(matched_title),
                ..
            }) if title.is_empty() => matched_title,
            _ => title,
        }
    }

    /// Whether the form is about users' hats on a server that has titles only in the rooms' catalogs.
    pub(super) fn stores_title_in_catalog(&self) -> bool {
        let is_about_users = matches!(
            self.subject,
            FormSubject::AddHat { .. } | FormSubject::EditHats { .. }
        );
        is_about_users
            && self
                .server
                .as_ref()
                .is_some_and(|server| !server.class.holds_own_titles())
    }

    /// Whether the form changes the ID of a user's hat.
    pub(super) fn changes_hat_id(&self) -> bool {
        let before = self.attachment_ref();
        before.is_some_and(|before| self.resolve_hat().is_ok_and(|chosen| chosen.id != before.hat))
    }

    /// The title that a form about users' hats sets in the catalog; `None` if it sets none. `current`: the room's title
    /// for the ID in the form. If only the ID is changed, the title is set only for an ID without a title in the room.
    pub fn catalog_title(&self, current: Option<&str>) -> Option<String> {
        if !self.stores_title_in_catalog() {
            return None;
        }
        let title = match (&self.subject, self.changed_text(FieldName::Title)) {
            (FormSubject::AddHat { .. }, _) => self.wanted_title(),
            (_, Some(title)) => title,
            (_, None) if self.changes_hat_id() && current.is_none() => self.text(FieldName::Title),
            (_, None) => return None,
        };
        Some(title).filter(|title| !title.trim().is_empty())
    }

    /// The problem of an emptied title, if the server accepts no hat without a title; `None` if there is no problem.
    fn empty_title_problem(&self, text: &str) -> Option<String> {
        let server = self
            .server
            .as_ref()
            .filter(|server| !server.class.holds_own_titles())?;
        let edits_hat = matches!(
            self.subject,
            FormSubject::EditHats { .. } | FormSubject::EditDefined { .. }
        );
        let name = &server.name;
        let problem = || format!("Enter a title: {name:?} does not accept hats without one");
        (edits_hat && text.is_empty()).then(problem)
    }

    /// The problem of a field; `None` if there is none. An empty field has no problem before the first attempt to save.
    pub fn problem(&self, field: usize, wardrobe: &Wardrobe, keymap: &Keymap) -> Option<String> {
        let name = self.fields.get(field)?.name;
        let text = self.text(name);
        if text.trim().is_empty() && !self.save_attempted {
            return None;
        }
        self.field_problem(name, text.trim(), wardrobe, keymap)
    }

    /// The index of the first invalid field, and its problem; `None` if all fields are valid.
    pub(super) fn first_problem(&self, wardrobe: &Wardrobe, keymap: &Keymap) -> Option<(usize, String)> {
        let problem_of = |name| self.field_problem(name, self.text(name).trim(), wardrobe, keymap);
        self.fields
            .iter()
            .enumerate()
            .find_map(|(index, field)| problem_of(field.name).map(|problem| (index, problem)))
    }

    fn field_problem(
        &self,
        name: FieldName,
        text: &str,
        wardrobe: &Wardrobe,
        keymap: &Keymap,
    ) -> Option<String> {
        match (name, &self.subject) {
            (FieldName::Room, _) if text.is_empty() => Some("Enter the room's address".into()),
            (FieldName::Room, _) => match Jid::parse_room_input(text) {
                Ok(jid) if wardrobe.room(&jid).is_some() => Some("This room already exists".into()),
                Ok(jid) => self.scope_problem(&jid),
                Err(error) => Some(address_problem(&error)),
            },
            (FieldName::ExistingRoom, _) if text.is_empty() => {
                let list = keymap.name(CommandId::OpenSuggestions);
                Some(format!("Choose a room ({list}) or type its address"))
            }
            (FieldName::ExistingRoom, subject) => match self.resolve_room() {
                Ok(chosen) => self.room_problem(&chosen.id, subject, wardrobe),
                Err(problem) => Some(problem),
            },
            (FieldName::User, _) if text.is_empty() => Some("Enter the user's address".into()),
            (FieldName::User, FormSubject::AddUser { rooms }) => {
                new_users_problem(text, rooms, wardrobe, keymap)
            }
            (FieldName::Hue, _) if self.is_unedited(FieldName::Hue) || text.is_empty() => None,
            (FieldName::Hue, _) => hat_color::parse(text)
                .err()
                .map(|problem| format!("{problem}; empty for automatic")),
            (FieldName::Hat, FormSubject::DefineHat { room })
                if !text.is_empty() && self.new_hat_title().is_none() =>
            {
                let chosen = match self.resolve_hat() {
                    Ok(chosen) => chosen,
                    Err(problem) => return Some(problem),
                };
                let is_defined = wardrobe
                    .room(room)
                    .is_some_and(|room| room.catalog.contains_key(&chosen.id));
                is_defined.then(|| "Already in the catalog: edit it instead".into())
            }
            (FieldName::Hat, _) if text.is_empty() => {
                let list = keymap.name(CommandId::OpenSuggestions);
                Some(format!("Enter a title, or choose an existing hat ({list})"))
            }
            (FieldName::Hat, _) if self.new_hat_title().is_some() => title_problem(text).map(Into::into),
            (FieldName::Hat, FormSubject::AddHat { room_users }) => match self.resolve_hat() {
                Ok(chosen) => duplicate_hat_problem(&chosen.id, room_users, wardrobe),
                Err(problem) => Some(problem),
            },
            (FieldName::Hat, FormSubject::EditHats { attachments, .. }) => {
                match (self.resolve_hat(), single(attachments)) {
                    (Ok(chosen), Some(old)) if chosen.id != old.hat => {
                        duplicate_hat_problem(&chosen.id, &[(old.room.clone(), old.user.clone())], wardrobe)
                    }
                    (chosen, _) => chosen.err(),
                }
            }
            (FieldName::Title | FieldName::RoomName | FieldName::Expires, _) if self.is_unedited(name) => {
                None
            }
            (FieldName::Expires, _) => self.end().err(),
            (FieldName::Title, _) => {
                let problem = title_problem(&self.text(name)).map(Into::into);
                problem.or_else(|| self.empty_title_problem(text))
            }
            (FieldName::RoomName, _) => title_problem(&self.text(name)).map(Into::into),
            _ => None,
        }
    }

    fn scope_problem(&self, room: &Jid) -> Option<String> {
        let is_out_of_scope = self
            .allowed_rooms
            .as_ref()
            .is_some_and(|rooms| !rooms.contains(room));
        is_out_of_scope.then(|| "This restricted session cannot add this room".into())
    }

    /// The reason why no user can be added to a room: this session may not add the room, the room does not exist, or
    /// all of the users are already in it. `None` if they can be added.
    fn room_problem(&self, jid: &Jid, subject: &FormSubject, wardrobe: &Wardrobe) -> Option<String> {
        let Some(room) = wardrobe.room(jid) else {
            let missing = || Some("No such room; add it first in the Rooms view".into());
            return self.scope_problem(jid).or_else(missing);
        };
        let FormSubject::AddToRoom { users } = subject else {
            return None;
        };
        match users.as_slice() {
            [user] => room
                .user(user)
                .map(|user| format!("Already in the room (affiliation: {})", user.affiliation)),
            all => all
                .iter()
                .all(|user| room.user(user).is_some())
                .then(|| "All of these users are already in the room".into()),
        }
    }

    /// The hat that the form puts into the catalog, if any, and the typed hue, if the text is a color.
    pub fn hat_with_hue(&self) -> Option<(HatId, Option<Hue>)> {
        let id = match &self.subject {
            FormSubject::EditDefined { hat, .. } => hat.clone(),
            _ => self.resolve_hat().ok()?.id,
        };
        Some((id, hat_color::parse(&self.text(FieldName::Hue)).ok()))
    }

    /// Whether a text field is unedited. Its value from the data file is not reported as the moderator's mistake.
    fn is_unedited(&self, name: FieldName) -> bool {
        self.fields.iter().any(|field| {
            field.name == name && matches!(&field.value, FieldValue::Text(text) if !text.is_changed())
        })
    }

    /// Describes how someone else changed the subject of the form since the form was opened; `None` if it is unchanged.
    pub fn concurrent_change(&self, wardrobe: &Wardrobe) -> Option<String> {
        self.subject.concurrent_change(wardrobe, self.now.time_zone())
    }
}

/// The reason why a text is not accepted as a title or name; `None` if it is accepted.
pub(super) fn title_problem(text: &str) -> Option<&'static str> {
    if text.len() > MAX_INPUT_BYTES {
        Some("Longer than 1,024 bytes")
    } else if text.chars().any(char::is_control) {
        Some("Contains a line break or control character")
    } else if is_only_whitespace(text) {
        Some("Cannot be only spaces")
    } else {
        None
    }
}
