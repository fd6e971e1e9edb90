//! The quick way for files in the form that the program itself writes: tokens are compared where they must stand, and
//! rooms can be read by several threads. Whatever does not fit exactly is left to the general reader, which also has
//! the better errors; so this one never has to explain anything.
//!
//! It is sound because a raw newline never stands inside a JSON string, each part must end exactly where the next one
//! begins, and a room that is not in the plain form is cut out as a whole value and given to the general reader.

use std::borrow::Cow;
use std::sync::Arc;

use serde::de::DeserializeSeed;

use super::members::RoomMembers;
use super::object::{Interner, ObjectVisitor};
use crate::model::{Affiliation, Attachment, HatId, Hats, Jid, Room, User, Wardrobe};

/// The rooms of one part.
#[derive(Debug)]
pub struct RoomsChunk {
    all: Vec<(Jid, Arc<Room>)>,
    /// How many bytes stand in the part after its rooms.
    left: usize,
    /// Whether the text was to the byte what would be written.
    exact: bool,
}

/// How a room ends in the program's own form when another follows. In that form, nothing else in a room looks like it.
pub const NEXT_ROOM: &str = "\n    },\n";

/// How a document begins up to its first room; `None` where anything but version and revision stands before the rooms.
/// Anything else may have an object in it that looks like the rooms.
pub fn head(document: &[u8]) -> Option<&str> {
    let number = |text: &[u8]| text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let mut rest = document.strip_prefix(b"{\n  \"version\": ")?;
    rest = rest.get(number(rest)..)?;
    if let Some(after) = rest.strip_prefix(b",\n  \"revision\": ") {
        rest = after.get(number(after)..)?;
    }
    let rest = rest.strip_prefix(b",\n  \"rooms\": {\n")?;
    std::str::from_utf8(document.get(..document.len() - rest.len())?).ok()
}

/// The wardrobe of all these rooms, in order, between what stands before and after them in the file.
pub fn join(head: &str, rooms: Vec<RoomsChunk>, tail: &str) -> Option<Wardrobe> {
    // The document with its rooms taken out.
    let mut wardrobe = super::wardrobe([head, tail].concat().as_bytes()).ok()?;
    let rooms: Vec<_> = rooms.into_iter().flat_map(|part| part.all).collect();
    let sorted = rooms.is_sorted_by(|(a, _), (b, _)| a < b);
    (sorted && wardrobe.rooms.is_empty()).then(|| {
        wardrobe.rooms = rooms.into_iter().collect();
        wardrobe
    })
}

impl RoomsChunk {
    /// The rooms in order.
    pub fn iter(&self) -> impl Iterator<Item = (&Jid, &Arc<Room>)> {
        self.all.iter().map(|(jid, room)| (jid, room))
    }

    /// How many bytes stand in the part after its rooms: the rest of the document.
    pub fn left(&self) -> usize {
        self.left
    }

    /// Whether the text was to the byte what would be written; false where that is not certain.
    pub fn is_exact(&self) -> bool {
        self.exact
    }

    /// As [`Wardrobe::share_with`], already while the rest is being read.
    pub fn share_with(&mut self, earlier: &Wardrobe) {
        for (jid, room) in &mut self.all {
            if let Some(there) = earlier.room(jid).filter(|there| *there == room) {
                *room = there.clone();
            }
        }
    }
}

/// Reads one part.
pub fn rooms(part: &str) -> Option<RoomsChunk> {
    let mut cursor = ByteCursor {
        rest: part,
        names: Interner::default(),
        exact: true,
    };
    let mut rooms = Vec::new();
    while !cursor.rest.is_empty() {
        cursor.eat("    \"")?;
        let text = cursor.text()?;
        let jid = Jid::parse_room(&text).ok()?;
        cursor.exact &= jid.as_str() == text;
        cursor.eat(": ")?;
        let from = cursor.rest;
        let room = if let Some(room) = cursor.room() {
            room
        } else {
            cursor.rest = from;
            cursor.exact = false;
            cursor.other_room()?
        };
        rooms.push((jid, Arc::new(room)));
        if cursor.rest.starts_with("\n  }") {
            break;
        }
        cursor.eat(",\n")?;
    }
    Some(RoomsChunk {
        all: rooms,
        left: cursor.rest.len(),
        exact: cursor.exact,
    })
}

struct ByteCursor<'a> {
    rest: &'a str,
    names: Interner,
    exact: bool,
}

impl<'a> ByteCursor<'a> {
    fn eat(&mut self, token: &str) -> Option<()> {
        self.rest = self.rest.strip_prefix(token)?;
        Some(())
    }

    fn ate(&mut self, token: &str) -> bool {
        self.eat(token).is_some()
    }

    /// The rest of a string, and its closing quote.
    fn text(&mut self) -> Option<Cow<'a, str>> {
        let special = |byte| byte == b'"' || byte == b'\\' || byte < 0x20;
        let end = self.rest.bytes().position(special)?;
        let (text, after) = self.rest.split_at_checked(end)?;
        if let Some(after) = after.strip_prefix('"') {
            self.rest = after;
            return Some(Cow::Borrowed(text));
        }
        // An escape (or what cannot stand there), which may be one that would not be written: up to the first quote that is not escaped.
        self.exact = false;
        let mut escaped = false;
        let end = self.rest.bytes().position(|byte| {
            let closes = byte == b'"' && !escaped;
            escaped = byte == b'\\' && !escaped;
            closes
        })?;
        let (text, after) = self.rest.split_at_checked(end)?;
        self.rest = after.strip_prefix('"')?;
        serde_json::from_str(&format!("\"{text}\"")).ok().map(Cow::Owned)
    }

    fn boolean(&mut self) -> Option<bool> {
        if self.ate("true") {
            Some(true)
        } else {
            self.eat("false").map(|()| false)
        }
    }

    /// A room in some other form: up to the line that must close it.
    fn other_room(&mut self) -> Option<Room> {
        let end = self.rest.find("\n    }")? + "\n    }".len();
        let (room, after) = self.rest.split_at_checked(end)?;
        self.rest = after;
        let mut members = RoomMembers::new(&mut self.names);
        let mut deserializer = serde_json::Deserializer::from_str(room);
        ObjectVisitor(&mut members).deserialize(&mut deserializer).ok()?;
        deserializer.end().ok()?;
        Some(members.done())
    }

    fn room(&mut self) -> Option<Room> {
        self.eat("{\n")?;
        let mut name = None;
        if self.ate("      \"name\": \"") {
            name = Some(self.text()?);
            self.eat(",\n")?;
        }
        self.eat("      \"users\": {")?;
        let mut users = Vec::new();
        if !self.ate("}\n    }") {
            self.eat("\n")?;
            loop {
                users.push(self.user()?);
                if !self.ate(",\n") {
                    break;
                }
            }
            self.eat("\n      }\n    }")?;
        }
        Room::new(name.as_deref()).with_users(users)
    }

    fn user(&mut self) -> Option<(Jid, User)> {
        self.eat("        \"")?;
        let text = self.text()?;
        let jid = Jid::parse(&text).ok()?;
        self.exact &= jid.as_str() == text;
        self.eat(": {\n          \"affiliation\": \"")?;
        let mut user = User::new(Affiliation::from_name(&self.text()?)?);
        self.eat(",\n          \"hats\": {")?;
        if !self.ate("}\n        }") {
            self.eat("\n")?;
            let mut hats = Vec::with_capacity(2);
            loop {
                hats.push(self.hat()?);
                if !self.ate(",\n") {
                    break;
                }
            }
            self.eat("\n          }\n        }")?;
            user.hats = Hats::from_sorted(hats)?;
        }
        Some((jid, user))
    }

    fn hat(&mut self) -> Option<(HatId, Attachment)> {
        self.eat("            \"")?;
        let text = self.text()?;
        let id = HatId::unchecked(self.names.keep(&text));
        self.eat(": {")?;
        let mut attachment = Attachment::default();
        if self.ate("}") {
            return Some((id, attachment));
        }
        // What stands before a member's name: a comma, except before the first.
        let mut lead = "\n              \"";
        if self.ate("\n              \"active\": ") {
            attachment.active = Some(self.boolean()?);
            lead = ",\n              \"";
        }
        let mut named = self.ate(lead);
        if named && self.ate("required\": ") {
            attachment.required = Some(self.boolean()?);
            named = self.ate(",\n              \"");
        }
        if named {
            self.eat("title\": \"")?;
            let text = self.text()?;
            attachment.title = Some(self.names.keep(&text));
        }
        self.eat("\n            }")?;
        // An attachment without members is written without a line of its own.
        self.exact &= attachment != Attachment::default();
        Some((id, attachment))
    }
}
