//! What is wrong with a form, field by field, and what it would store.

use crate::model::{Affiliation, Attachment, HatId, Hue, InvalidJid, Jid, LONGEST_TEXT, Wardrobe};

use super::Keymap;
use super::addresses;
use super::command::CommandId;
use super::form::{Form, Name, Subject, Value};
use super::sides;

/// The hat that a form means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chosen {
    /// Its id.
    pub id: HatId,
    /// The title it is known under, when it was found by letters of it.
    pub by_title: Option<String>,
}

impl Form {
    /// The hat that the hat field means: the URI in it, or the best match of the letters in it.
    pub fn hat(&self) -> Result<Chosen, String> {
        let text = self.text(Name::Hat);
        let text = text.trim();
        if let Subject::EditHat { hat, .. } = &self.subject
            && hat.as_str() == text
        {
            return Ok(Chosen {
                id: hat.clone(),
                by_title: None,
            });
        }
        let error = match HatId::parse_input(text) {
            Ok(id) => return Ok(Chosen { id, by_title: None }),
            Err(error) => error,
        };
        if let Some(known) = self.suggestions.as_ref().and_then(|known| known.best(text)) {
            let by_title = Some(known.title.as_deref().unwrap_or_default().to_owned());
            return Ok(Chosen {
                id: known.id.clone(),
                by_title,
            });
        }
        Err(format!("neither a known hat nor a URI: {}", error.reason))
    }

    /// Whether the address of a user is that of a domain.
    pub fn means_domain(&self) -> bool {
        self.user().is_ok_and(|jid| jid.local().is_none())
    }

    /// The address of the user.
    pub(super) fn user(&self) -> Result<Jid, InvalidJid> {
        addresses::only(&self.text(Name::User))
    }

    /// The attachment as it would be stored.
    pub fn attachment(&self) -> Attachment {
        let before = match &self.subject {
            Subject::EditHat { before, .. } => before.clone(),
            _ => Attachment::default(),
        };
        let mut title = self.text(Name::Title);
        if title.is_empty()
            && let Ok(Chosen {
                by_title: Some(known),
                ..
            }) = self.hat()
        {
            title = known;
        }
        let active = self.ticked(Name::Active);
        let made = before
            .with_active(active)
            .with_required(self.ticked(Name::Required));
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
        if text.trim().is_empty() && !self.refused {
            return None;
        }
        self.wrong_with(name, text.trim(), wardrobe, keymap)
    }

    /// The first field that is wrong, and what is.
    pub(super) fn first_problem(&self, wardrobe: &Wardrobe, keymap: &Keymap) -> Option<(usize, String)> {
        let wrong = |name| self.wrong_with(name, self.text(name).trim(), wardrobe, keymap);
        self.fields
            .iter()
            .enumerate()
            .find_map(|(at, field)| wrong(field.name).map(|problem| (at, problem)))
    }

    fn wrong_with(&self, name: Name, text: &str, wardrobe: &Wardrobe, keymap: &Keymap) -> Option<String> {
        match (name, &self.subject) {
            (Name::Room, _) if text.is_empty() => Some("the room's address is missing".into()),
            (Name::Room, _) => match Jid::parse_room_input(text) {
                Ok(jid) if wardrobe.room(&jid).is_some() => Some("this room is there already".into()),
                Ok(jid) if self.limit.as_ref().is_some_and(|rooms| !rooms.contains(&jid)) => {
                    Some("this session is limited to other rooms (--room)".into())
                }
                Ok(_) => None,
                Err(error) => Some(reason(&error)),
            },
            (Name::User, _) if text.is_empty() => Some("the user's address is missing".into()),
            (Name::User, Subject::AddUserTo { .. }) => addresses::all(text).err(),
            (Name::Hue, _) if self.is_as_it_was(Name::Hue) || text.is_empty() => None,
            (Name::Hue, _) => match Hue::parse(text) {
                Some(_) => None,
                None => Some("a number from 0 to 360, such as 128 for green, or nothing".into()),
            },
            (Name::Hat, Subject::DefineHat { room }) if !text.is_empty() => {
                let chosen = match self.hat() {
                    Ok(chosen) => chosen,
                    Err(problem) => return Some(problem),
                };
                let there = wardrobe
                    .room(room)
                    .is_some_and(|room| room.catalogue.contains_key(&chosen.id));
                there.then(|| "this hat is in the catalogue already; edit that one instead".into())
            }
            (Name::Hat, Subject::GiveMany { .. }) if !text.is_empty() => self.hat().err(),
            (Name::User, Subject::AddUser { room }) if addresses::is_list(text) => {
                addresses::read(text).problem(room, wardrobe)
            }
            (Name::User, Subject::AddUser { room }) => match addresses::only(text) {
                Ok(jid) => wardrobe.user(room, &jid).map(|user| {
                    format!(
                        "this user is there already, as {}; {} changes that",
                        user.affiliation,
                        keymap.name(CommandId::EditUser)
                    )
                }),
                Err(error) => Some(reason(&error)),
            },
            (Name::Hat, _) if text.is_empty() => {
                let (list, new) = (keymap.name(CommandId::List), keymap.name(CommandId::NewId));
                Some(format!(
                    "choose a known hat ({list}), type its URI, or make a new one ({new})"
                ))
            }
            (Name::Hat, Subject::AddHat { room, user } | Subject::EditHat { room, user, .. }) => {
                let chosen = match self.hat() {
                    Ok(chosen) => chosen,
                    Err(problem) => return Some(problem),
                };
                let own = matches!(&self.subject, Subject::EditHat { hat, .. } if *hat == chosen.id);
                let there = wardrobe
                    .user(room, user)
                    .and_then(|user| user.hats.get(&chosen.id));
                there
                    .filter(|_| !own)
                    .map(|_| "the user has this hat already; edit that one instead".into())
            }
            (Name::Title | Name::RoomName, _) if self.is_as_it_was(name) => None,
            (Name::Title | Name::RoomName, _) => title_problem(&self.text(name)).map(Into::into),
            _ => None,
        }
    }

    /// The hat of a catalogue and the colour that is typed for it.
    pub fn coloured(&self) -> Option<(HatId, Option<Hue>)> {
        let id = match &self.subject {
            Subject::EditDefined { hat, .. } => hat.clone(),
            _ => self.hat().ok()?.id,
        };
        Some((id, Hue::parse(&self.text(Name::Hue))))
    }

    /// Whether nobody typed in this field: what came from elsewhere is no mistake of who sits here.
    fn is_as_it_was(&self, name: Name) -> bool {
        self.fields.iter().any(|field| {
            field.name == name && matches!(&field.value, Value::Text(text) if !text.is_changed())
        })
    }

    /// What somebody else made meanwhile of the thing that the form edits, in words; `None` while it is as it was.
    pub fn changed_meanwhile(&self, wardrobe: &Wardrobe) -> Option<String> {
        match &self.subject {
            Subject::AddUser { room } | Subject::AddHat { room, .. } if wardrobe.room(room).is_none() => {
                Some("the room is not there any more".into())
            }
            // Changes of many are made of what is there then, and told before.
            Subject::AddRoom
            | Subject::AddUser { .. }
            | Subject::AddUserTo { .. }
            | Subject::EditUsers { .. }
            | Subject::GiveMany { .. }
            | Subject::EditMany { .. } => None,
            Subject::DefineHat { room } => wardrobe
                .room(room)
                .is_none()
                .then(|| "the room is not there any more".into()),
            Subject::EditDefined { room, hat, before } => match wardrobe.room(room) {
                None => Some("the room is not there any more".into()),
                Some(there) => {
                    let now = there.catalogue.get(hat).cloned().unwrap_or_default();
                    (now != *before).then(|| sides::defined(&now))
                }
            },
            Subject::AddHat { room, user } => match wardrobe.user(room, user) {
                None => Some("the user is not affiliated any more".into()),
                Some(there) if !there.affiliation.is_affiliated() => Some(sides::is(there.affiliation)),
                Some(_) => None,
            },
            Subject::EditRoom { room, before } => match wardrobe.room(room) {
                None => Some("the room is not there any more".into()),
                Some(there) if there.name != *before => Some(sides::name(there.name.as_deref())),
                Some(_) => None,
            },
            Subject::EditUser { room, user, before } => match wardrobe.user(room, user) {
                None => Some("the user is not there any more".into()),
                Some(there) if there.affiliation != *before => Some(sides::is(there.affiliation)),
                Some(_) => None,
            },
            Subject::EditHat {
                room,
                user,
                hat,
                before,
            } => {
                let there = wardrobe.user(room, user);
                match there.and_then(|user| user.hats.get(hat)) {
                    None => Some("the user does not have the hat any more".into()),
                    Some(now) if now != before => Some(sides::attachment(now)),
                    Some(_) => there
                        .filter(|user| !user.affiliation.is_affiliated())
                        .map(|user| sides::is(user.affiliation)),
                }
            }
        }
    }

    /// Takes what is there now as what the form began with; false where there is nothing to begin with.
    pub(super) fn rebase(&mut self, wardrobe: &Wardrobe) -> bool {
        match &mut self.subject {
            Subject::AddRoom
            | Subject::AddUserTo { .. }
            | Subject::EditUsers { .. }
            | Subject::GiveMany { .. }
            | Subject::EditMany { .. } => true,
            Subject::AddUser { room } | Subject::DefineHat { room } => wardrobe.room(room).is_some(),
            Subject::EditDefined { room, hat, before } => match wardrobe.room(room) {
                Some(there) => {
                    *before = there.catalogue.get(hat).cloned().unwrap_or_default();
                    true
                }
                None => false,
            },
            Subject::AddHat { room, user } => wardrobe
                .user(room, user)
                .is_some_and(|user| user.affiliation.is_affiliated()),
            Subject::EditRoom { room, before } => match wardrobe.room(room) {
                Some(there) => {
                    before.clone_from(&there.name);
                    true
                }
                None => false,
            },
            Subject::EditUser { room, user, before } => {
                let there = wardrobe.user(room, user).map(|user| user.affiliation);
                // A user who went is added again with what was chosen: the room must be there for that.
                *before = there.unwrap_or(Affiliation::None);
                wardrobe.room(room).is_some()
            }
            Subject::EditHat {
                room,
                user,
                hat,
                before,
            } => {
                let Some(there) = wardrobe.user(room, user) else {
                    return false;
                };
                if let Some(now) = there.hats.get(hat) {
                    before.clone_from(now);
                }
                there.affiliation.is_affiliated()
            }
        }
    }
}

/// Why nobody should type this as a title or a name.
pub(super) fn title_problem(text: &str) -> Option<&'static str> {
    if text.len() > LONGEST_TEXT {
        Some("it is longer than 1,024 bytes")
    } else if text.chars().any(char::is_control) {
        Some("a line break or another control character is in it")
    } else if !text.is_empty() && text.trim().is_empty() {
        Some("only spaces: leave it empty, or write something")
    } else {
        None
    }
}

fn reason(error: &InvalidJid) -> String {
    format!("not an address: {}", error.reason)
}
