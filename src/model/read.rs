//! Strict parsing of JSON into a wardrobe: a wrong type, a duplicate member, an invalid address or one user under two
//! spellings is an error with its position; unrecognized members are kept.

use serde::de::DeserializeSeed as _;

use super::excerpt::truncated;
use super::{Affiliation, Extra, HatSets, Hats, Room, User, Wardrobe};

mod members;
mod object;
mod quick;
mod values;

pub use quick::{ROOM_SEPARATOR, RoomsChunk, document_head, join_chunks, rooms_chunk};

/// Why a text could not be parsed, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}, column {column}: {message}")]
pub struct ReadError {
    /// The line, starting at 1.
    pub line: usize,
    /// The column in bytes, starting at 1.
    pub column: usize,
    /// What is wrong and what was expected there.
    pub message: String,
}

/// Parses a data file.
pub fn wardrobe(bytes: &[u8]) -> Result<Wardrobe, ReadError> {
    let mut document = members::DocumentMembers::default();
    read_into(bytes, &mut document)?;
    Ok(document.finish())
}

/// Parses the object of a room.
pub fn room(bytes: &[u8]) -> Result<Room, ReadError> {
    let mut interner = object::Interner::default();
    let mut room = members::RoomMembers::new(&mut interner);
    read_into(bytes, &mut room)?;
    Ok(room.finish())
}

/// Parses the object of a user. The flag is whether it has an affiliation; the default is [`Affiliation::None`].
pub fn user(bytes: &[u8]) -> Result<(User, bool), ReadError> {
    let mut interner = object::Interner::default();
    let mut user = members::UserMembers::new(&mut interner);
    read_into(bytes, &mut user)?;
    let said = user.affiliation.is_some();
    Ok((user.finish(), said))
}

/// Parses hat sets by name. The error has no position, as the JSON is on one line.
pub(super) fn hat_sets(json: &str) -> Result<HatSets, String> {
    let mut sets = values::SetsMembers::default();
    read_into(json.as_bytes(), &mut sets).map_err(|error| error.message)?;
    Ok(sets.0)
}

/// Parses any object into its members.
pub fn object_members(bytes: &[u8]) -> Result<Extra, ReadError> {
    let mut object = members::AnyMembers::default();
    read_into(bytes, &mut object)?;
    Ok(object.0)
}

/// Parses a user's hats from an object of hats by ID or from a user object, whose other members are ignored.
pub fn hats(bytes: &[u8]) -> Result<Hats, ReadError> {
    hats_or_user(bytes, false).map(|(hats, _)| hats)
}

/// Like [`hats`], for input by a user: every ID must be a URI, and a user object must have `hats` and may have an
/// affiliation, which is returned, but no other members, as these would be lost.
pub fn hats_input(bytes: &[u8]) -> Result<(Hats, Option<Affiliation>), ReadError> {
    hats_or_user(bytes, true)
}

fn hats_or_user(bytes: &[u8], from_input: bool) -> Result<(Hats, Option<Affiliation>), ReadError> {
    let mut members = members::HatsOrUserMembers::default();
    read_into(bytes, &mut members)?;
    if members.0.get("hats").or(members.0.get("affiliation")).is_some() {
        let mut user = members::HatsOfUserMembers::default();
        user.from_input = from_input;
        read_into(bytes, &mut user)?;
        return Ok((user.hats.unwrap_or_default(), user.affiliation));
    }
    let mut interner = object::Interner::default();
    let mut hats = members::HatMembers::new(&mut interner, from_input);
    read_into(bytes, &mut hats)?;
    Ok((hats.finish(), None))
}

/// Parses one JSON document into an object, with better error messages than those of `serde_json`.
fn read_into<'de, T: object::ObjectMembers<'de>>(bytes: &'de [u8], object: &mut T) -> Result<(), ReadError> {
    let text = text(bytes)?;
    if text.trim().is_empty() {
        let message = format!("empty input; expected {}", T::EXPECTED);
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

/// The bytes as text, or the position of the first invalid UTF-8.
fn text(bytes: &[u8]) -> Result<&str, ReadError> {
    match std::str::from_utf8(bytes) {
        Ok(text) if !text.starts_with('\u{feff}') => Ok(text),
        Ok(_) => Err(ReadError::at(
            0,
            bytes,
            "starts with a byte order mark; save it as UTF-8 without one",
        )),
        Err(error) => Err(ReadError::at(error.valid_up_to(), bytes, "not valid UTF-8")),
    }
}

impl ReadError {
    /// An error at this byte offset of the text.
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
        if message.starts_with("duplicate field ") || message.starts_with("nested more than ") {
            // `serde_json` reports the end of the value; the fault is before it.
            if let Some(at) = super::extra::fault_position(text) {
                return Self::at(at, text.as_bytes(), message);
            }
        }
        // These are reported at the end of a member's name; the column should be that of its start.
        let errors = [
            " is not an address: ",
            " is not a room address: ",
            " is not a URI: ",
        ];
        if errors.iter().any(|wrong| message.contains(wrong)) || message.contains(" is another spelling of ")
        {
            let here = text
                .split('\n')
                .nth(line.saturating_sub(1))
                .and_then(|text| text.get(..column.saturating_sub(1)));
            column = here.and_then(string_start_column).unwrap_or(column);
        }
        // For these two, `serde_json` reports the position before the bracket.
        if message.starts_with("invalid type: sequence,") || message.starts_with("invalid type: map,") {
            column += 1;
        }
        let said = plain_message(message);
        if column == 0 && line > 1 {
            // The position is a line break, which belongs to the line before.
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

/// The column of the quote that opens the string in which the text ends.
fn string_start_column(text: &str) -> Option<usize> {
    let opens = |at: usize| text.get(..at).is_some_and(|before| !before.ends_with('\\'));
    text.rmatch_indices('"')
        .map(|(at, _)| at)
        .find(|at| opens(*at))
        .map(|at| at + 1)
}

/// A message of `serde_json` in plain words.
fn plain_message(message: &str) -> String {
    for prefix in ["invalid type: ", "invalid value: "] {
        if let Some((found, expected)) = message
            .strip_prefix(prefix)
            .and_then(|rest| rest.rsplit_once(", expected "))
        {
            return format!("expected {expected}, found {}", describe_value(found));
        }
    }
    if let Some(what) = message.strip_prefix("EOF while parsing ") {
        return format!("the text ends inside {what}");
    }
    let said = match message {
        "expected value" => {
            "expected a value: an object, a list, text in quotes, a number, true, false or null"
        }
        "expected ident" => "expected true, false or null",
        "key must be a string" => "expected a field name in double quotes",
        "trailing comma" => "a comma with nothing after it",
        "trailing characters" => "unexpected text after the end",
        "control character (\\u0000-\\u001F) found while parsing a string" => {
            "a line break, tab or other control character inside quotes; write it as an escape such as \\n"
        }
        "unexpected end of hex escape"
        | "lone leading surrogate in hex escape"
        | "invalid unicode code point" => "invalid \\u escape",
        "invalid number" => "invalid number; JSON numbers look like 1, -0.5 or 1e3",
        "number out of range" => "number too large",
        "expected `:`" => "expected a colon after the field name",
        "expected `,` or `}`" => "expected a comma and another field, or }",
        "expected `,` or `]`" => "expected a comma and another value, or ]",
        "invalid escape" => "unknown escape; write \\\\ for a backslash",
        "recursion limit exceeded" => "nested too deeply",
        _ => message,
    };
    said.into()
}

/// A value that `serde_json` found, in words.
fn describe_value(found: &str) -> String {
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
            truncated(&found.replace('`', ""))
        }
    }
}
