//! JSON to wardrobe, strictly: a wrong type, a repeated member, an address that is none or one user under two
//! spellings is an error with its place; members that the program does not know are kept.

use serde::de::DeserializeSeed as _;

use super::excerpt::shortened;
use super::{Affiliation, Extra, HatSets, Hats, Room, User, Wardrobe};

mod members;
mod object;
mod quick;
mod values;

pub use quick::{NEXT_ROOM, RoomsChunk, head, join, rooms};

/// Why bytes are no wardrobe, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}, column {column}: {message}")]
pub struct ReadError {
    /// The line, from 1.
    pub line: usize,
    /// The byte in the line, from 1.
    pub column: usize,
    /// What is wrong and what was expected.
    pub message: String,
}

/// Reads a data file.
pub fn wardrobe(bytes: &[u8]) -> Result<Wardrobe, ReadError> {
    let mut document = members::DocumentMembers::default();
    fill(bytes, &mut document)?;
    Ok(document.done())
}

/// Reads a room's object.
pub fn room(bytes: &[u8]) -> Result<Room, ReadError> {
    let mut names = object::Interner::default();
    let mut room = members::RoomMembers::new(&mut names);
    fill(bytes, &mut room)?;
    Ok(room.done())
}

/// Reads a user's object, and whether it says an affiliation: one that it does not say is none.
pub fn user(bytes: &[u8]) -> Result<(User, bool), ReadError> {
    let mut names = object::Interner::default();
    let mut user = members::UserMembers::new(&mut names);
    fill(bytes, &mut user)?;
    let said = user.affiliation.is_some();
    Ok((user.done(), said))
}

/// Reads named sets of hats, one JSON value on one line; else what is wrong with it.
pub(super) fn sets(json: &str) -> Result<HatSets, String> {
    let mut sets = values::SetsMembers::default();
    fill(json.as_bytes(), &mut sets).map_err(|error| error.message)?;
    Ok(sets.0)
}

/// Reads any object by the names of its members, to see what it is.
pub fn any(bytes: &[u8]) -> Result<Extra, ReadError> {
    let mut any = members::AnyMembers::default();
    fill(bytes, &mut any)?;
    Ok(any.0)
}

/// Reads a user's hats: an object of hats by id, or a user object, whose `affiliation` and other members are left aside.
pub fn hats(bytes: &[u8]) -> Result<Hats, ReadError> {
    either(bytes, false).map(|(hats, _)| hats)
}

/// The same as somebody types it, with the affiliation that a user object names. Every id must be a URI, and a user
/// object has `hats` and nothing beside them but an affiliation: what would be lost is refused.
pub fn typed_hats(bytes: &[u8]) -> Result<(Hats, Option<Affiliation>), ReadError> {
    either(bytes, true)
}

fn either(bytes: &[u8], typed: bool) -> Result<(Hats, Option<Affiliation>), ReadError> {
    let mut names = members::HatsOrUserMembers::default();
    fill(bytes, &mut names)?;
    if names.0.get("hats").or(names.0.get("affiliation")).is_some() {
        let mut user = members::HatsOfUserMembers::default();
        user.typed = typed;
        fill(bytes, &mut user)?;
        return Ok((user.hats.unwrap_or_default(), user.affiliation));
    }
    let mut names = object::Interner::default();
    let mut hats = members::HatMembers::new(&mut names, typed);
    fill(bytes, &mut hats)?;
    Ok((hats.done(), None))
}

/// Reads one JSON document, with an error that says more than the reader's own where it is no JSON at all.
fn fill<'de, T: object::ObjectMembers<'de>>(bytes: &'de [u8], object: &mut T) -> Result<(), ReadError> {
    let text = text(bytes)?;
    if text.trim().is_empty() {
        let message = format!("there is nothing in it; expected {}", T::EXPECTED);
        return Err(ReadError {
            line: 1,
            column: 1,
            message,
        });
    }
    let mut reader = serde_json::Deserializer::from_str(text);
    object::ObjectVisitor(object)
        .deserialize(&mut reader)
        .and_then(|()| reader.end())
        .map_err(|error| ReadError::new(&error, text))
}

/// The bytes as text, or where they stop being UTF-8.
fn text(bytes: &[u8]) -> Result<&str, ReadError> {
    match std::str::from_utf8(bytes) {
        Ok(text) if !text.starts_with('\u{feff}') => Ok(text),
        Ok(_) => Err(ReadError::at(
            0,
            bytes,
            "it begins with a byte order mark; save it as UTF-8 without one",
        )),
        Err(error) => Err(ReadError::at(error.valid_up_to(), bytes, "not valid UTF-8")),
    }
}

impl ReadError {
    /// At a byte of the text.
    fn at(at: usize, text: &[u8], message: &str) -> Self {
        let before = text.get(..at).unwrap_or_default();
        Self {
            line: before.split(|byte| *byte == b'\n').count(),
            column: 1 + before.iter().rev().take_while(|byte| **byte != b'\n').count(),
            message: message.into(),
        }
    }

    fn new(error: &serde_json::Error, text: &str) -> Self {
        let (line, mut column) = (error.line(), error.column());
        let full = error.to_string();
        let message = full
            .strip_suffix(&format!(" at line {line} column {column}"))
            .unwrap_or(&full);
        if message.starts_with("two members are named ") || message.starts_with("nested more than ") {
            // It was noticed at the end of the value; the place is further up.
            if let Some(at) = super::extra::place_of_fault(text) {
                return Self::at(at, text.as_bytes(), message);
            }
        }
        // Said at the end of a member's name, which begins further left.
        let names = ["not an address: ", "not a URI: "];
        if names.iter().any(|wrong| message.starts_with(wrong))
            || message.contains(" is another spelling of ")
        {
            let here = text
                .split('\n')
                .nth(line.saturating_sub(1))
                .and_then(|text| text.get(..column.saturating_sub(1)));
            column = here.and_then(start_of_name).unwrap_or(column);
        }
        // These two were only looked at, not taken.
        if message.starts_with("invalid type: sequence,") || message.starts_with("invalid type: map,") {
            column += 1;
        }
        let said = plain(message);
        if column == 0 && line > 1 {
            // The line break itself: it ends the line before.
            let length = text.split('\n').nth(line - 2).map_or(0, str::len);
            return Self {
                line: line - 1,
                column: length + 1,
                message: said,
            };
        }
        Self {
            line: line.max(1),
            column: column.max(1),
            message: said,
        }
    }
}

/// The column of the quote that opens the string which goes on at the end of the text.
fn start_of_name(text: &str) -> Option<usize> {
    let opens = |at: usize| text.get(..at).is_some_and(|before| !before.ends_with('\\'));
    text.rmatch_indices('"')
        .map(|(at, _)| at)
        .find(|at| opens(*at))
        .map(|at| at + 1)
}

/// What the reader says, in words for people who never wrote a parser.
fn plain(message: &str) -> String {
    for prefix in ["invalid type: ", "invalid value: "] {
        if let Some((found, expected)) = message
            .strip_prefix(prefix)
            .and_then(|rest| rest.rsplit_once(", expected "))
        {
            return format!("expected {expected}, found {}", kind(found));
        }
    }
    if let Some(what) = message.strip_prefix("EOF while parsing ") {
        return format!("the text ends in the middle of {what}");
    }
    let said = match message {
        "expected value" => {
            "expected a value: an object, a list, a text in quotes, a number, true, false or null"
        }
        "expected ident" => "expected true, false or null",
        "key must be a string" => "expected a member's name in double quotes",
        "trailing comma" => "a comma with nothing after it",
        "trailing characters" => "the document is over, but something follows",
        "control character (\\u0000-\\u001F) found while parsing a string" => {
            "a line break, tab or other control character inside a text; write it as an escape such as \\n"
        }
        "unexpected end of hex escape"
        | "lone leading surrogate in hex escape"
        | "invalid unicode code point" => "an escape with \\u in a text is no character",
        "invalid number" => "a number that is not written as in JSON, such as 1, -0.5 or 1e3",
        "number out of range" => "a number that is too large",
        "expected `:`" => "expected a colon after the member's name",
        "expected `,` or `}`" => "expected a comma and another member, or }",
        "expected `,` or `]`" => "expected a comma and another value, or ]",
        "invalid escape" => "a backslash in a text begins no known escape; write \\\\ for a backslash",
        "recursion limit exceeded" => "nested too deeply",
        _ => message,
    };
    said.into()
}

/// What was found, in words.
fn kind(found: &str) -> String {
    match found {
        "map" => "an object".into(),
        "sequence" => "a list".into(),
        _ => {
            let found = found.strip_prefix("boolean ").unwrap_or(found);
            let found = found
                .strip_prefix("integer ")
                .or(found.strip_prefix("floating point "))
                .map_or_else(
                    || found.replacen("string ", "the text ", 1),
                    |number| format!("the number {number}"),
                );
            shortened(&found.replace('`', ""))
        }
    }
}
