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
    /// Its title or name, if the text was looked up among existing items; empty for a hat without a title.
    pub matched_title: Option<String>,
}

/// The problem of a text that means no room. `listed_count`: number of rooms that the list shows for the text.
fn no_room_problem(listed_count: usize) -> String {
    let advice = if listed_count == 0 {
        "No room matches this text; type an address"
    } else {
        "Choose a room from the list, or type an address"
    };
    format!("{advice} such as room@conference.example.org")
}

/// The problem of a text that means several items with the same title.
fn several_problem(noun: &str, text: &str, all: &[&Existing]) -> String {
    let places: Vec<String> = all.iter().map(|one| one.describe_use()).collect();
    format!(
        "{} can mean {} {noun}: {}. Choose one from the list",
        describe::quoted(text),
        all.len(),
        describe::first_few(
            &places
                .iter()
                .map(|place| format!("one {place}"))
                .collect::<Vec<_>>()
        )
    )
}

impl Form {
    /// The ID in the hat field: a typed ID, or that of the existing hat that the text means. The error says why there
    /// is none.
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
            // Also a hat that cannot be chosen: the caller then reports why.
            Meaning::One(Existing::Hat(known)) | Meaning::Excluded(Existing::Hat(known)) => Ok(Resolved {
                id: known.id.clone(),
                matched_title: Some(known.title.as_deref().unwrap_or_default().to_owned()),
            }),
            Meaning::Several(known) => Err(several_problem("hats", text, &known)),
            _ => Err(format!(
                "No hat has this title. It is not an ID either ({}). {}",
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

    /// The title of the new hat that the hat field means; `None` if it contains an ID or means an existing hat.
    pub fn new_hat_title(&self) -> Option<&str> {
        match HatId::parse_input(self.text(FieldName::Hat).trim()) {
            Ok(_) => None,
            Err(_) => self.suggestions.as_ref()?.new_hat(),
        }
    }

    /// The room in the room field: the typed address, even if no such room exists, or the existing room that the text
    /// means. The error says why there is none.
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
            Meaning::Several(known) => Err(several_problem("rooms", text, &known)),
            Meaning::Nothing => Err(no_room_problem(self.listed_count())),
        }
    }

    /// The attachment that the form edits, if it edits exactly one.
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

    /// The typed address of a new user, completed with the domain of most users of the rooms. `None` if it has a domain,
    /// if it is empty, if there is no such domain, or if the result is not an address.
    fn with_domain(&self) -> Option<String> {
        let text = self.text(FieldName::User);
        let local = text.trim();
        let domain = self.domain.as_deref()?;
        let lacks_domain = !local.is_empty() && !local.contains(['@', '/', ':']);
        let completed = format!("{local}@{domain}");
        (lacks_domain && Jid::parse_input(&completed).is_ok()).then_some(completed)
    }

    /// The completed address, for the user to confirm. `None` if the typed address needs no completion, is the domain of
    /// an existing room or user, or was completed once and the user removed the domain again.
    pub fn completion_to_confirm(&self, wardrobe: &Wardrobe) -> Option<String> {
        if !matches!(self.subject, FormSubject::AddUser { .. }) {
            return None;
        }
        let completed = self.with_domain()?;
        let typed = self.text(FieldName::User);
        let is_domain = |domain: &str| {
            let mut rooms = wardrobe.rooms();
            rooms.any(|(jid, room)| {
                jid.domain() == domain || room.users().iter().any(|(user, _)| user.domain() == domain)
            })
        };
        let was_completed = self.completed_input.as_ref() == Some(&typed);
        (!was_completed && !is_domain(&typed.trim().to_lowercase())).then_some(completed)
    }

    /// The address in the user field.
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
                matched_title: Some(known),
                ..
            }) if title.is_empty() => known,
            _ => title,
        }
    }

    /// Whether the form is about users' hats on a server that has titles only in the rooms' catalogs.
    pub(super) fn stores_title_in_catalog(&self) -> bool {
        let of_users = matches!(
            self.subject,
            FormSubject::AddHat { .. } | FormSubject::EditHats { .. }
        );
        of_users
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

    /// The title that a form about users' hats sets in the catalog, if any. `known`: the title that the room has for the ID
    /// in the form. If the form changes the ID but not the title, the title is set for the new ID only if that has none.
    pub fn catalog_title(&self, known: Option<&str>) -> Option<String> {
        if !self.stores_title_in_catalog() {
            return None;
        }
        let title = match (&self.subject, self.changed_text(FieldName::Title)) {
            (FormSubject::AddHat { .. }, _) => self.wanted_title(),
            (_, Some(title)) => title,
            (_, None) if self.changes_hat_id() && known.is_none() => self.text(FieldName::Title),
            (_, None) => return None,
        };
        Some(title).filter(|title| !title.trim().is_empty())
    }

    /// Why a title cannot be emptied: the server accepts no hat without one. `None` if it can be.
    fn empty_title_problem(&self, text: &str) -> Option<String> {
        let server = self
            .server
            .as_ref()
            .filter(|server| !server.class.holds_own_titles())?;
        let changes = matches!(
            self.subject,
            FormSubject::EditHats { .. } | FormSubject::EditDefined { .. }
        );
        (changes && text.is_empty())
            .then(|| format!("Enter a title: {} does not accept hats without one", server.name))
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

    /// The first invalid field and its problem.
    pub(super) fn first_problem(&self, wardrobe: &Wardrobe, keymap: &Keymap) -> Option<(usize, String)> {
        let problem_of = |name| self.field_problem(name, self.text(name).trim(), wardrobe, keymap);
        self.fields
            .iter()
            .enumerate()
            .find_map(|(at, field)| problem_of(field.name).map(|problem| (at, problem)))
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
                    (Ok(chosen), Some(at)) if chosen.id != at.hat => {
                        duplicate_hat_problem(&chosen.id, &[(at.room.clone(), at.user.clone())], wardrobe)
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
        let is_beyond = self
            .allowed_rooms
            .as_ref()
            .is_some_and(|rooms| !rooms.contains(room));
        is_beyond.then(|| "This restricted session cannot add this room".into())
    }

    /// Why no user can be added to a room: it does not exist (and perhaps this session may not add it), or all of the
    /// users are already in it.
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

    /// The hat that the form puts into the catalog, and the typed hue; `None` as the hue if the text is not a color.
    pub fn hat_with_hue(&self) -> Option<(HatId, Option<Hue>)> {
        let id = match &self.subject {
            FormSubject::EditDefined { hat, .. } => hat.clone(),
            _ => self.resolve_hat().ok()?.id,
        };
        Some((id, hat_color::parse(&self.text(FieldName::Hue)).ok()))
    }

    /// Whether the field is unedited. Values from the data file are not reported as the moderator's mistakes.
    fn is_unedited(&self, name: FieldName) -> bool {
        self.fields.iter().any(|field| {
            field.name == name && matches!(&field.value, FieldValue::Text(text) if !text.is_changed())
        })
    }

    /// Describes how someone else changed what the form edits since it was opened; `None` if it is unchanged.
    pub fn concurrent_change(&self, wardrobe: &Wardrobe) -> Option<String> {
        self.subject.concurrent_change(wardrobe, self.now.time_zone())
    }
}

/// Why a text is not accepted as a title or name; `None` if it is accepted.
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
