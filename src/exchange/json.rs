//! Parses JSON files that hatrack exports or servers print.

use super::parsed::{ImportErrors, ImportExtent, ParsedImport, decode_text};
use super::server_json;
use crate::model::User;
use crate::model::read as parse;

/// Parses JSON. A wardrobe has `rooms`, a room has `users`, and a user has `hats` or `affiliation`; other objects are
/// hats by ID. JSON that servers print is recognized first.
pub(super) fn read(bytes: &[u8]) -> Result<ParsedImport, ImportErrors> {
    let text = decode_text(bytes)?.as_bytes();
    if text.trim_ascii_start().starts_with(b"[") {
        return server_json::parse_user_list(text);
    }
    let fields = parse::object_fields(text)?;
    if server_json::is_stored_room(&fields) {
        return server_json::parse_stored_room(text);
    }
    if server_json::is_affiliation_map(&fields) {
        return server_json::parse_affiliation_map(text);
    }
    let has = |name: &str| fields.get(name).is_some();
    Ok(ParsedImport::of(if has("rooms") {
        ImportExtent::Document(parse::wardrobe(text)?)
    } else if has("users") {
        ImportExtent::Room(Box::new(parse::room(text)?))
    } else if has("hats") || has("affiliation") {
        let (user, has_affiliation) = parse::user(text)?;
        ImportExtent::User(Box::new(user), has_affiliation)
    } else {
        // Hats by ID, the format of `set`.
        let user = User {
            hats: parse::hats(text)?,
            ..User::default()
        };
        ImportExtent::User(Box::new(user), false)
    }))
}
