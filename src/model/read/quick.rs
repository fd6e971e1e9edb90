//! A fast parser for files in canonical form, that is, as hatrack writes them. It compares the text with the expected
//! tokens, and several threads can parse chunks of a file. A text in another form is left to the general parser, so the
//! fast parser reports no errors.
//!
//! The result is always that of the general parser, because a JSON string never contains a raw newline, because each chunk
//! must end exactly where the next chunk begins, and because a room in another form is cut out as a whole value and passed
//! to the general parser.

use std::borrow::Cow;
use std::sync::Arc;

use serde::de::DeserializeSeed;

use super::object::{Interner, ObjectVisitor};
use super::parsers::RoomParser;
use crate::model::{Affiliation, Attachment, HatId, Hats, Jid, Room, User, Wardrobe};

/// The rooms of one chunk of a document.
#[derive(Debug)]
pub struct RoomsChunk {
    rooms: Vec<(Jid, Arc<Room>)>,
    /// The number of bytes after the rooms.
    remaining: usize,
    /// Whether the text is byte for byte the canonical form; `false` if that is not certain.
    is_exact: bool,
}

/// The end of a room in canonical form if another room follows. Nothing else in a room looks the same.
pub const ROOM_SEPARATOR: &str = "\n    },\n";

/// The start of a document up to its first room. `None` if the start is not in canonical form with only the version and
/// the revision before the rooms, as any other field may contain an object that looks like the rooms.
pub fn document_head(document: &[u8]) -> Option<&str> {
    let digit_count = |text: &[u8]| text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let mut rest = document.strip_prefix(b"{\n  \"version\": ")?;
    rest = rest.get(digit_count(rest)..)?;
    if let Some(after) = rest.strip_prefix(b",\n  \"revision\": ") {
        rest = after.get(digit_count(after)..)?;
    }
    let rest = rest.strip_prefix(b",\n  \"rooms\": {\n")?;
    std::str::from_utf8(document.get(..document.len() - rest.len())?).ok()
}

/// Joins the rooms of all chunks, in order, with the start and the end of the document. `None` if the result is not a
/// valid document, or the rooms are not in strictly ascending order.
pub fn join_chunks(head: &str, rooms: Vec<RoomsChunk>, tail: &str) -> Option<Wardrobe> {
    // The document without its rooms.
    let mut wardrobe = super::wardrobe([head, tail].concat().as_bytes()).ok()?;
    let rooms: Vec<_> = rooms.into_iter().flat_map(|chunk| chunk.rooms).collect();
    let sorted = rooms.is_sorted_by(|(a, _), (b, _)| a < b);
    (sorted && wardrobe.rooms.is_empty()).then(|| {
        wardrobe.rooms = Arc::new(rooms.into_iter().collect());
        wardrobe
    })
}

impl RoomsChunk {
    /// The rooms in the order of the document.
    pub fn iter(&self) -> impl Iterator<Item = (&Jid, &Arc<Room>)> {
        self.rooms.iter().map(|(jid, room)| (jid, room))
    }

    /// The number of bytes after the rooms in this chunk: the rest of the document.
    pub fn remaining(&self) -> usize {
        self.remaining
    }

    /// Whether the text is byte for byte the canonical form; `false` if that is not certain.
    pub fn is_exact(&self) -> bool {
        self.is_exact
    }

    /// Like [`Wardrobe::share_rooms_with`], for the rooms of this chunk.
    pub fn share_rooms_with(&mut self, earlier: &Wardrobe) {
        for (jid, room) in &mut self.rooms {
            if let Some(equal) = earlier.room(jid).filter(|other| *other == room) {
                *room = equal.clone();
            }
        }
    }
}

/// Parses one chunk, which starts with a room and ends with a room's [`ROOM_SEPARATOR`] or with the end of the document.
/// `None` if the general parser must read the whole document.
pub fn rooms_chunk(text: &str) -> Option<RoomsChunk> {
    let mut cursor = TokenCursor {
        rest: text,
        interner: Interner::default(),
        is_exact: true,
    };
    let mut rooms = Vec::new();
    while !cursor.rest.is_empty() {
        cursor.expect_token("    \"")?;
        let text = cursor.string()?;
        let jid = Jid::parse_room(&text).ok()?;
        cursor.is_exact &= jid.as_str() == text;
        cursor.expect_token(": ")?;
        let start = cursor.rest;
        let room = if let Some(room) = cursor.room() {
            room
        } else {
            cursor.rest = start;
            cursor.is_exact = false;
            cursor.general_room()?
        };
        rooms.push((jid, Arc::new(room)));
        if cursor.rest.starts_with("\n  }") {
            break;
        }
        cursor.expect_token(",\n")?;
    }
    Some(RoomsChunk {
        rooms,
        remaining: cursor.rest.len(),
        is_exact: cursor.is_exact,
    })
}

/// A position in a text. The methods parse at this position and advance it; `None` if the text is not as expected.
struct TokenCursor<'a> {
    rest: &'a str,
    interner: Interner,
    /// Whether the text so far is byte for byte the canonical form; `false` if that is not certain.
    is_exact: bool,
}

impl<'a> TokenCursor<'a> {
    fn expect_token(&mut self, token: &str) -> Option<()> {
        self.rest = self.rest.strip_prefix(token)?;
        Some(())
    }

    /// Skips the token if it is next; returns whether it was.
    fn eat(&mut self, token: &str) -> bool {
        self.expect_token(token).is_some()
    }

    /// Parses the rest of a string, including its closing quote.
    fn string(&mut self) -> Option<Cow<'a, str>> {
        let is_special = |byte| byte == b'"' || byte == b'\\' || byte < 0x20;
        let end = self.rest.bytes().position(is_special)?;
        let (text, after) = self.rest.split_at_checked(end)?;
        if let Some(after) = after.strip_prefix('"') {
            self.rest = after;
            return Some(Cow::Borrowed(text));
        }
        // The string has an escape, which may not be the canonical one, or an invalid character.
        self.is_exact = false;
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
        if self.eat("true") {
            Some(true)
        } else {
            self.expect_token("false").map(|()| false)
        }
    }

    /// Parses a room that is not in canonical form, with the general parser. The room must end with a line `    }`, as in
    /// canonical form.
    fn general_room(&mut self) -> Option<Room> {
        let end = self.rest.find("\n    }")? + "\n    }".len();
        let (room, after) = self.rest.split_at_checked(end)?;
        self.rest = after;
        let mut parser = RoomParser::new(&mut self.interner);
        let mut deserializer = serde_json::Deserializer::from_str(room);
        ObjectVisitor(&mut parser).deserialize(&mut deserializer).ok()?;
        deserializer.end().ok()?;
        Some(parser.finish())
    }

    fn room(&mut self) -> Option<Room> {
        self.expect_token("{\n")?;
        let mut name = None;
        if self.eat("      \"name\": \"") {
            name = Some(self.string()?);
            self.expect_token(",\n")?;
        }
        self.expect_token("      \"users\": {")?;
        let mut users = Vec::new();
        if !self.eat("}\n    }") {
            self.expect_token("\n")?;
            loop {
                users.push(self.user()?);
                if !self.eat(",\n") {
                    break;
                }
            }
            self.expect_token("\n      }\n    }")?;
        }
        Room::new(name.as_deref()).with_users(users)
    }

    fn user(&mut self) -> Option<(Jid, User)> {
        self.expect_token("        \"")?;
        let text = self.string()?;
        let jid = Jid::parse(&text).ok()?;
        self.is_exact &= jid.as_str() == text;
        self.expect_token(": {\n          \"affiliation\": \"")?;
        let mut user = User::new(Affiliation::from_name(&self.string()?)?);
        self.expect_token(",\n          \"hats\": {")?;
        if !self.eat("}\n        }") {
            self.expect_token("\n")?;
            let mut hats = Vec::with_capacity(2);
            loop {
                hats.push(self.hat()?);
                if !self.eat(",\n") {
                    break;
                }
            }
            self.expect_token("\n          }\n        }")?;
            user.hats = Hats::from_sorted(hats)?;
        }
        Some((jid, user))
    }

    fn hat(&mut self) -> Option<(HatId, Attachment)> {
        self.expect_token("            \"")?;
        let text = self.string()?;
        let id = HatId::unchecked(self.interner.intern(&text));
        self.expect_token(": {")?;
        let mut attachment = Attachment::default();
        if self.eat("}") {
            return Some((id, attachment));
        }
        // The text before a field's name, with a comma except before the first.
        let mut prefix = "\n              \"";
        if self.eat("\n              \"active\": ") {
            attachment.active = Some(self.boolean()?);
            prefix = ",\n              \"";
        }
        let mut has_field = self.eat(prefix);
        if has_field && self.eat("required\": ") {
            attachment.required = Some(self.boolean()?);
            has_field = self.eat(",\n              \"");
        }
        if has_field {
            self.expect_token("title\": \"")?;
            let text = self.string()?;
            attachment.title = Some(self.interner.intern(&text));
        }
        self.expect_token("\n            }")?;
        // In canonical form an empty attachment is `{}`, without a line break.
        self.is_exact &= attachment != Attachment::default();
        Some((id, attachment))
    }
}
