//! `hatrack set`: makes a user's hats exactly those of a JSON object.

use std::fmt;
use std::io::Read;
use std::path::Path;

use serde::de::{DeserializeSeed, IgnoredAny, MapAccess, Visitor};
use serde::{Deserializer, de};

use super::args::Set;
use super::failure::Failure;
use super::kept::Kept;
use super::output::Out;
use super::place::Place;
use crate::model::{Extra, HatId, Hats, Jid, read};

pub(super) fn run(args: &Set, place: &Place, out: &mut Out) -> Result<(), Failure> {
    let room = Jid::parse_room(&args.room).map_err(Failure::argument)?;
    let user = Jid::parse(&args.user).map_err(Failure::argument)?;
    let input = args.from == Path::new("-");
    if !input {
        place.unrestricted("a FILE to read hats from")?;
    }
    let (name, bytes) = if input {
        let mut bytes = Vec::new();
        let read = std::io::stdin().lock().read_to_end(&mut bytes);
        ("standard input".into(), read.map(|_| bytes))
    } else {
        (args.from.display().to_string(), std::fs::read(&args.from))
    };
    let bytes = bytes.map_err(|error| Failure::error(format!("cannot read {name}: {error}")))?;
    let hats = typed_hats(&bytes).map_err(|error| Failure::error(format!("bad-request: {name}: {error}")))?;
    Kept::open(place)?.change(out, |wardrobe| wardrobe.set_user_hats(&user, &room, &hats))
}

/// A user's hats as somebody writes them: as [`read::hats`] has it, and every id a URI.
fn typed_hats(bytes: &[u8]) -> Result<Hats, read::ReadError> {
    let hats = read::hats(bytes)?;
    if hats.iter().all(|(id, _)| id.is_uri()) {
        return Ok(hats);
    }
    // Read once more, this time to say where the first wrong one stands.
    let text = read::text(bytes)?;
    let inside = users_object(text);
    match (Uris { inside }).deserialize(&mut serde_json::Deserializer::from_str(text)) {
        Ok(()) => Ok(hats),
        Err(error) => {
            let (line, column) = (error.line(), error.column());
            let said = error.to_string();
            let place = format!(" at line {line} column {column}");
            let message = said.strip_suffix(&place).unwrap_or(&said).into();
            Err(read::ReadError {
                line,
                column,
                message,
            })
        }
    }
}

fn users_object(text: &str) -> bool {
    let members: Extra = serde_json::from_str(text).unwrap_or_default();
    members
        .iter()
        .any(|(name, _)| matches!(name, "hats" | "affiliation"))
}

/// Stops at the first member whose name is no URI: of the object itself, or of the one in its member `hats`.
struct Uris {
    inside: bool,
}

impl<'de> DeserializeSeed<'de> for Uris {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Uris {
    type Value = ();
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(name) = map.next_key::<String>()? {
            match self.inside {
                true if name == "hats" => map.next_value_seed(Self { inside: false })?,
                true => map.next_value::<IgnoredAny>().map(|_| ())?,
                false => {
                    HatId::parse(&name).map_err(<A::Error as de::Error>::custom)?;
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(())
    }
}
