//! Short names and numbers for lists.

use std::borrow::Cow;

use crate::model::{HatId, Jid, Room};

/// Maximum number of bytes of a text that are scanned while drawing.
pub const MAX_SCANNED: usize = 8192;

/// Returns the start of a text: at most [`MAX_SCANNED`] bytes, in whole characters.
pub fn bounded_prefix(text: &str) -> &str {
    // A character has at most four bytes.
    (0..4)
        .find_map(|less| text.get(..MAX_SCANNED - less))
        .filter(|_| text.len() > MAX_SCANNED)
        .unwrap_or(text)
}

/// Returns the end of a text: at most [`MAX_SCANNED`] bytes, in whole characters.
pub fn bounded_suffix(text: &str) -> &str {
    let Some(from) = text.len().checked_sub(MAX_SCANNED) else {
        return text;
    };
    (0..4).find_map(|more| text.get(from + more..)).unwrap_or(text)
}

/// Returns the displayed name of a hat: its title, else a name made from its ID.
pub fn hat<'a>(id: &HatId, title: Option<&'a str>) -> Cow<'a, str> {
    match title.filter(|title| !title.is_empty()) {
        Some(title) => title.into(),
        None => untitled(id).into(),
    }
}

/// Returns the displayed name of a room: its name, else the local part of its address.
pub fn room<'a>(jid: &'a Jid, room: &'a Room) -> &'a str {
    visible_name(room).unwrap_or_else(|| jid.local().unwrap_or(jid.as_str()))
}

/// Returns a room's name, unless it is blank.
pub fn visible_name(room: &Room) -> Option<&str> {
    let name = room.name.as_deref()?;
    (!bounded_prefix(name).trim().is_empty()).then_some(name)
}

/// Returns whether a hat ID is a URI. Of a very long ID, only the start is checked.
pub fn is_uri(hat: &HatId) -> bool {
    let start = bounded_prefix(hat.as_str());
    if start.len() == hat.as_str().len() {
        return hat.is_uri();
    }
    // The cut may have split an escape (%C3).
    let prefix = match start.rfind('%') {
        Some(percent) if percent + 2 >= start.len() => start.get(..percent).unwrap_or_default(),
        _ => start,
    };
    HatId::unchecked(prefix).is_uri()
}

/// Returns a name for a hat without a title: the last part of its ID, or only the last six characters if this part has
/// more than 20.
pub fn untitled(hat: &HatId) -> String {
    let id = bounded_suffix(hat.as_str());
    let last = id
        .trim_end_matches(['/', '#'])
        .rsplit(['/', '#', ':'])
        .next()
        .unwrap_or(id);
    let length = last.chars().count();
    if length <= 20 {
        return format!("untitled ({last})");
    }
    let end: String = last.chars().skip(length - 6).collect();
    format!("untitled (…{end})")
}

/// Returns a number in full if it fits into this many columns, else in thousands if that fits, else in millions.
pub fn short_number(number: usize, columns: usize) -> String {
    let full = number.to_string();
    if full.len() <= columns {
        return full;
    }
    let thousands = format!("{}k", number / 1000);
    if thousands.len() <= columns {
        return thousands;
    }
    format!("{}M", number / 1_000_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn abbreviates_numbers() {
        assert_eq!(short_number(999, 3), "999");
        assert_eq!(short_number(1999, 3), "1k");
        assert_eq!(short_number(999_999, 4), "999k");
        assert_eq!(short_number(12_345_678, 4), "12M");
    }

    #[test]
    fn names_untitled_hats() {
        let name = |id: &str| untitled(&HatId::unchecked(id));
        assert_eq!(
            name("urn:uuid:164c41a2-7461-4cff-bdae-3f93078a6607"),
            "untitled (…8a6607)"
        );
        assert_eq!(name("http://example.com/hats/foo"), "untitled (foo)");
        assert_eq!(name("http://example.com/hats#foo"), "untitled (foo)");
        assert_eq!(name("not a uri"), "untitled (not a uri)");
        assert_eq!(name(""), "untitled ()");
    }

    #[test]
    fn checks_long_ids_by_prefix() {
        let long = |start: &str, part: &str| HatId::unchecked(start.to_owned() + &part.repeat(10_000));
        for part in ["x", "é", "%C3", "1%C3", "11%C3"] {
            assert!(is_uri(&long("urn:x:", part)), "{part}");
            assert!(!is_uri(&long("", part)), "{part}");
        }
        assert!(!is_uri(&long("urn:x:", " ")));
        assert!(!is_uri(&HatId::unchecked("urn:x:%")));
        assert_eq!(untitled(&long("urn:x:", "1234567")), "untitled (…234567)");
    }

    #[test]
    fn unnamed_room_shows_local_part() {
        let jid = Jid::parse("courses@conference.example.org").unwrap();
        assert_eq!(room(&jid, &Room::new(None)), "courses");
        assert_eq!(room(&jid, &Room::new(Some(" "))), "courses");
        assert_eq!(room(&jid, &Room::new(Some("Courses"))), "Courses");
    }
}
