//! What is wrong with a form, field by field, and what it would store.

use crate::model::{Attachment, HatId, Hue, InvalidJid, Jid, MAX_TEXT_BYTES, Wardrobe};

use super::Keymap;
use super::addresses;
use super::attachment_ref::{AttachmentRef, RoomUser};
use super::command::CommandId;
use super::form::{FieldName, FieldValue, Form};
use super::subject::{FormSubject, single};
use super::suggest::Existing;

/// The hat or the room that a form means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resolved<T> {
    /// The hat's id, the room's address.
    pub id: T,
    /// What it is called, when it was found by letters of that.
    pub matched_title: Option<String>,
}

impl Form {
    /// The hat that the hat field means: the URI in it, or the best match of the letters in it.
    pub fn resolve_hat(&self) -> Result<Resolved<HatId>, String> {
        let text = self.text(FieldName::Hat);
        let text = text.trim();
        if let Some(at) = self.attachment_ref()
            && at.hat.as_str() == text
        {
            return Ok(Resolved {
                id: at.hat.clone(),
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
        match self.suggestions.as_ref().and_then(|known| known.best_match(text)) {
            Some(Existing::Hat(known)) => Ok(Resolved {
                id: known.id.clone(),
                matched_title: Some(known.title.as_deref().unwrap_or_default().to_owned()),
            }),
            _ => Err(format!("neither a known hat nor a URI: {}", error.reason)),
        }
    }

    /// The room that the field of an existing room means: that of the address in it, or the best match of its letters.
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
        match self.suggestions.as_ref().and_then(|known| known.best_match(text)) {
            Some(existing @ Existing::Room(id, _)) => Ok(Resolved {
                id: id.clone(),
                matched_title: Some(existing.title().unwrap_or_default().to_owned()),
            }),
            _ => Err("no room is called that; type its address, such as room@conference.example.org".into()),
        }
    }

    /// The attachment that the form edits, where it is one.
    pub(super) fn attachment_ref(&self) -> Option<&AttachmentRef> {
        match &self.subject {
            FormSubject::EditHats { attachments, .. } => single(attachments),
            _ => None,
        }
    }

    /// Whether the address of a user is that of a domain.
    pub fn is_domain_address(&self) -> bool {
        self.user().is_ok_and(|jid| jid.local().is_none())
    }

    /// The address of the user.
    pub(super) fn user(&self) -> Result<Jid, InvalidJid> {
        addresses::parse_single(&self.text(FieldName::User))
    }

    /// The attachment as it would be stored.
    pub fn attachment(&self) -> Attachment {
        let before = match &self.subject {
            FormSubject::EditHats { before, .. } => before.clone().unwrap_or_default(),
            _ => Attachment::default(),
        };
        let mut title = self.text(FieldName::Title);
        if title.is_empty()
            && let Ok(Resolved {
                matched_title: Some(known),
                ..
            }) = self.resolve_hat()
        {
            title = known;
        }
        let active = self.is_on(FieldName::Active);
        let made = before
            .with_active(active)
            .with_required(self.is_on(FieldName::Required));
        // An empty title that was there stays as it is; else empty means none.
        if made.title.as_deref().unwrap_or_default() == title {
            return made;
        }
        made.with_title(Some(title.as_str()).filter(|title| !title.is_empty()))
    }

    /// What is wrong with a field, in words. A field in which nothing was typed yet is not called wrong before saving was
    /// refused once.
    pub fn problem(&self, field: usize, wardrobe: &Wardrobe, keymap: &Keymap) -> Option<String> {
        let name = self.fields.get(field)?.name;
        let text = self.text(name);
        if text.trim().is_empty() && !self.save_attempted {
            return None;
        }
        self.field_problem(name, text.trim(), wardrobe, keymap)
    }

    /// The first field that is wrong, and what is.
    pub(super) fn first_problem(&self, wardrobe: &Wardrobe, keymap: &Keymap) -> Option<(usize, String)> {
        let wrong = |name| self.field_problem(name, self.text(name).trim(), wardrobe, keymap);
        self.fields
            .iter()
            .enumerate()
            .find_map(|(at, field)| wrong(field.name).map(|problem| (at, problem)))
    }

    fn field_problem(
        &self,
        name: FieldName,
        text: &str,
        wardrobe: &Wardrobe,
        keymap: &Keymap,
    ) -> Option<String> {
        match (name, &self.subject) {
            (FieldName::Room, _) if text.is_empty() => Some("the room's address is missing".into()),
            (FieldName::Room, _) => match Jid::parse_room_input(text) {
                Ok(jid) if wardrobe.room(&jid).is_some() => Some("this room is there already".into()),
                Ok(jid) => self.scope_problem(&jid),
                Err(error) => Some(address_problem(&error)),
            },
            (FieldName::ExistingRoom, _) if text.is_empty() => {
                let list = keymap.name(CommandId::OpenSuggestions);
                Some(format!("choose a room ({list}), or type its address"))
            }
            (FieldName::ExistingRoom, subject) => match self.resolve_room() {
                Ok(chosen) => self.room_problem(&chosen.id, subject, wardrobe),
                Err(problem) => Some(problem),
            },
            (FieldName::User, _) if text.is_empty() => Some("the user's address is missing".into()),
            (FieldName::User, FormSubject::AddUser { rooms }) => {
                new_users_problem(text, rooms, wardrobe, keymap)
            }
            (FieldName::Hue, _) if self.is_unedited(FieldName::Hue) || text.is_empty() => None,
            (FieldName::Hue, _) => match Hue::parse(text) {
                Some(_) => None,
                None => Some("a number from 0 to 360, such as 128 for green, or nothing".into()),
            },
            (FieldName::Hat, FormSubject::DefineHat { room }) if !text.is_empty() => {
                let chosen = match self.resolve_hat() {
                    Ok(chosen) => chosen,
                    Err(problem) => return Some(problem),
                };
                let there = wardrobe
                    .room(room)
                    .is_some_and(|room| room.catalog.contains_key(&chosen.id));
                there.then(|| "this hat is in the catalog already; edit that one instead".into())
            }
            (FieldName::Hat, _) if text.is_empty() => {
                let (list, new) = (
                    keymap.name(CommandId::OpenSuggestions),
                    keymap.name(CommandId::NewId),
                );
                Some(format!(
                    "choose a known hat ({list}), type its URI, or make a new one ({new})"
                ))
            }
            (FieldName::Hat, FormSubject::AddHat { members }) => match self.resolve_hat() {
                Ok(chosen) => duplicate_hat_problem(&chosen.id, members, wardrobe),
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
            (FieldName::Title | FieldName::RoomName, _) if self.is_unedited(name) => None,
            (FieldName::Title | FieldName::RoomName, _) => title_problem(&self.text(name)).map(Into::into),
            _ => None,
        }
    }

    fn scope_problem(&self, room: &Jid) -> Option<String> {
        let is_beyond = self
            .allowed_rooms
            .as_ref()
            .is_some_and(|rooms| !rooms.contains(room));
        is_beyond.then(|| "this session is limited to other rooms (--room)".into())
    }

    /// Why nobody can be added to a room: it is not there, or all of them are in it.
    fn room_problem(&self, jid: &Jid, subject: &FormSubject, wardrobe: &Wardrobe) -> Option<String> {
        let Some(room) = wardrobe.room(jid) else {
            let missing = || Some("there is no such room; add the room first, in the view by room".into());
            return self.scope_problem(jid).or_else(missing);
        };
        let FormSubject::AddToRoom { users } = subject else {
            return None;
        };
        match users.as_slice() {
            [user] => room
                .user(user)
                .map(|there| format!("this user is in the room already, as {}", there.affiliation)),
            all => all
                .iter()
                .all(|user| room.user(user).is_some())
                .then(|| "all of these users are in the room already".into()),
        }
    }

    /// The hat of a catalog and the color that is typed for it.
    pub fn colored(&self) -> Option<(HatId, Option<Hue>)> {
        let id = match &self.subject {
            FormSubject::EditDefined { hat, .. } => hat.clone(),
            _ => self.resolve_hat().ok()?.id,
        };
        Some((id, Hue::parse(&self.text(FieldName::Hue))))
    }

    /// Whether nobody typed in this field: what came from elsewhere is no mistake of who sits here.
    fn is_unedited(&self, name: FieldName) -> bool {
        self.fields.iter().any(|field| {
            field.name == name && matches!(&field.value, FieldValue::Text(text) if !text.is_changed())
        })
    }

    /// What somebody else made meanwhile of the thing that the form edits, in words; `None` while it is as it was.
    pub fn concurrent_change(&self, wardrobe: &Wardrobe) -> Option<String> {
        self.subject.concurrent_change(wardrobe)
    }
}

/// Why these cannot be added to rooms: they are no addresses, or nobody of them would be new.
fn new_users_problem(text: &str, rooms: &[Jid], wardrobe: &Wardrobe, keymap: &Keymap) -> Option<String> {
    if addresses::is_list(text) {
        return addresses::parse_list(text).problem(rooms, wardrobe);
    }
    let jid = match addresses::parse_single(text) {
        Ok(jid) => jid,
        Err(error) => return Some(address_problem(&error)),
    };
    let there: Vec<_> = rooms
        .iter()
        .filter_map(|room| wardrobe.user(room, &jid))
        .collect();
    match there.as_slice() {
        [user] if rooms.len() == 1 => Some(format!(
            "this user is there already, as {}; {} changes that",
            user.affiliation,
            keymap.name(CommandId::EditUser)
        )),
        all if all.len() == rooms.len() => Some("this user is in all of these rooms already".into()),
        _ => None,
    }
}

/// Why a hat cannot be given: nobody would get it.
fn duplicate_hat_problem(hat: &HatId, members: &[RoomUser], wardrobe: &Wardrobe) -> Option<String> {
    let has = |(room, user): &RoomUser| {
        let there = wardrobe.user(room, user);
        there.is_some_and(|there| there.hats.get(hat).is_some())
    };
    match members {
        [one] => has(one).then(|| "the user has this hat already; edit that one instead".into()),
        all => all
            .iter()
            .all(has)
            .then(|| "all of these users have this hat already".into()),
    }
}

/// Why nobody should type this as a title or a name.
pub(super) fn title_problem(text: &str) -> Option<&'static str> {
    if text.len() > MAX_TEXT_BYTES {
        Some("it is longer than 1,024 bytes")
    } else if text.chars().any(char::is_control) {
        Some("a line break or another control character is in it")
    } else if !text.is_empty() && text.trim().is_empty() {
        Some("only spaces: leave it empty, or write something")
    } else {
        None
    }
}

fn address_problem(error: &InvalidJid) -> String {
    format!("not an address: {}", error.reason)
}
