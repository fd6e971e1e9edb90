//! Strict parsing of JSON into a wardrobe: a wrong type, a duplicate field, an invalid address or an address in two
//! spellings is an error with its position; unrecognized fields are kept.

use serde::de::DeserializeSeed as _;

use super::excerpt::truncated;
use super::{Affiliation, Extra, HatSets, Hats, Room, User, Wardrobe};

mod object;
mod parsers;
mod quick;
mod values;

pub use quick::{ROOM_SEPARATOR, RoomsChunk, document_head, join_chunks, rooms_chunk};

/// An error in a text, with its position.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}, column {column}: {message}")]
pub struct ReadError {
    /// The line, starting at 1.
    pub line: usize,
    /// The column in bytes, starting at 1.
    pub column: usize,
    /// A description of the error, often with what was expected.
    pub message: String,
}

/// Parses a data file.
pub fn wardrobe(bytes: &[u8]) -> Result<Wardrobe, ReadError> {
    let mut wardrobe = parsers::WardrobeParser::default();
    read_into(bytes, &mut wardrobe)?;
    Ok(wardrobe.finish())
}

/// Parses the object of a room.
pub fn room(bytes: &[u8]) -> Result<Room, ReadError> {
    let mut interner = object::Interner::default();
    let mut room = parsers::RoomParser::new(&mut interner);
    read_into(bytes, &mut room)?;
    Ok(room.finish())
}

/// Parses the object of a user. The flag says whether the object has an affiliation; without one, the user has
/// [`Affiliation::None`].
pub fn user(bytes: &[u8]) -> Result<(User, bool), ReadError> {
    let mut interner = object::Interner::default();
    let mut user = parsers::UserParser::new(&mut interner);
    read_into(bytes, &mut user)?;
    let has_affiliation = user.affiliation.is_some();
    Ok((user.finish(), has_affiliation))
}

/// Parses hat sets by name. The error has no position, as the positions in the canonical JSON differ from those in the
/// file.
pub(super) fn hat_sets(json: &str) -> Result<HatSets, String> {
    let mut sets = values::HatSetsParser::default();
    read_into(json.as_bytes(), &mut sets).map_err(|error| error.message)?;
    Ok(sets.0)
}

/// Parses any object into its fields.
pub fn object_fields(bytes: &[u8]) -> Result<Extra, ReadError> {
    let mut object = parsers::AnyObjectParser::default();
    read_into(bytes, &mut object)?;
    Ok(object.0)
}

/// Parses a user's hats from an object of hats by ID, or from a user object, whose other fields are ignored. An object
/// with a field `hats` or `affiliation` is a user object.
pub fn hats(bytes: &[u8]) -> Result<Hats, ReadError> {
    hats_or_user(bytes, false).map(|(hats, _)| hats)
}

/// Like [`hats`], but stricter, for input by people: every ID must be a URI, and a user object must have `hats` and may
/// have an affiliation, which is returned. Other fields are an error, as they would be lost.
pub fn hats_input(bytes: &[u8]) -> Result<(Hats, Option<Affiliation>), ReadError> {
    hats_or_user(bytes, true)
}

fn hats_or_user(bytes: &[u8], from_input: bool) -> Result<(Hats, Option<Affiliation>), ReadError> {
    let mut fields = parsers::HatsOrUserParser::default();
    read_into(bytes, &mut fields)?;
    if fields.0.get("hats").or(fields.0.get("affiliation")).is_some() {
        let mut user = parsers::HatsOfUserParser::default();
        user.from_input = from_input;
        read_into(bytes, &mut user)?;
        return Ok((user.hats.unwrap_or_default(), user.affiliation));
    }
    let mut interner = object::Interner::default();
    let mut hats = parsers::HatsParser::new(&mut interner, from_input);
    read_into(bytes, &mut hats)?;
    Ok((hats.finish(), None))
}

/// Parses a JSON text with the given parser. The error messages are clearer than those of `serde_json`.
fn read_into<'de, T: object::ObjectParser<'de>>(bytes: &'de [u8], parser: &mut T) -> Result<(), ReadError> {
    let text = decode(bytes)?;
    if text.trim().is_empty() {
        let message = format!("empty input; expected {}", T::EXPECTED);
        return Err(ReadError {
            line: 1,
            column: 1,
            message,
        });
    }
    let mut reader = serde_json::Deserializer::from_str(text);
    object::ObjectVisitor(parser)
        .deserialize(&mut reader)
        .and_then(|()| reader.end())
        .map_err(|error| ReadError::new(&error, text))
}

/// Decodes UTF-8. Fails at a byte order mark or at the first invalid byte.
fn decode(bytes: &[u8]) -> Result<&str, ReadError> {
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
    fn at(offset: usize, text: &[u8], message: &str) -> Self {
        let before = text.get(..offset).unwrap_or_default();
        Self {
            line: before.split(|byte| *byte == b'\n').count(),
            column: 1 + before.iter().rev().take_while(|byte| **byte != b'\n').count(),
            message: message.into(),
        }
    }

    /// Converts an error of `serde_json` in this text: corrects the position and makes the message clearer.
    fn new(error: &serde_json::Error, text: &str) -> Self {
        let (line, mut column) = (error.line(), error.column());
        let full = error.to_string();
        let message = full
            .strip_suffix(&format!(" at line {line} column {column}"))
            .unwrap_or(&full);
        if message.starts_with("duplicate field ") || message.starts_with("nested more than ") {
            // `serde_json` reports the end of the value; the error is before it.
            if let Some(offset) = super::extra::fault_position(text) {
                return Self::at(offset, text.as_bytes(), message);
            }
        }
        // Errors with these words are reported at the end of a field's name; the column should be that of its start.
        let name_errors = [
            " is not an address: ",
            " is not a room address: ",
            " is not a valid hat ID: ",
        ];
        if name_errors.iter().any(|part| message.contains(part))
            || message.contains(" is another spelling of ")
        {
            let before = text
                .split('\n')
                .nth(line.saturating_sub(1))
                .and_then(|text| text.get(..column.saturating_sub(1)));
            column = before.and_then(string_start_column).unwrap_or(column);
        }
        // For an unexpected list or object, `serde_json` reports the position before the bracket.
        if message.starts_with("invalid type: sequence,") || message.starts_with("invalid type: map,") {
            column += 1;
        }
        let message = plain_message(message);
        if column == 0 && line > 1 {
            // The position is a line break, which belongs to the line before.
            let length = text.split('\n').nth(line - 2).map_or(0, str::len);
            return Self {
                line: line - 1,
                column: length + 1,
                message,
            };
        }
        Self {
            line: line.max(1),
            column: column.max(1),
            message,
        }
    }
}

/// The column, starting at 1, of the quote that opens the string in which the text ends; `None` if there is no quote.
fn string_start_column(text: &str) -> Option<usize> {
    let is_unescaped = |index: usize| text.get(..index).is_some_and(|before| !before.ends_with('\\'));
    text.rmatch_indices('"')
        .map(|(index, _)| index)
        .find(|index| is_unescaped(*index))
        .map(|index| index + 1)
}

/// Converts a message of `serde_json` to plain words.
fn plain_message(message: &str) -> String {
    for prefix in ["invalid type: ", "invalid value: "] {
        if let Some((found, expected)) = message
            .strip_prefix(prefix)
            .and_then(|rest| rest.rsplit_once(", expected "))
        {
            return format!("expected {expected}, found {}", describe_value(found));
        }
    }
    if let Some(place) = message.strip_prefix("EOF while parsing ") {
        return format!("the text ends inside {place}");
    }
    let plain = match message {
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
    plain.into()
}

/// Converts the description of a value that `serde_json` found to plain words.
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
