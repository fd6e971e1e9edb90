//! The occupants of a room on its server. They are only shown, never stored.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::model::Jid;

/// Maximum number of nicknames of a user in a room; others are left out.
const MAX_NICKNAMES: usize = 5;
/// Maximum length of a nickname, in bytes; longer ones are cut.
const MAX_NICKNAME_BYTES: usize = 255;

/// The users who are in a room or have a nickname reserved there, by address.
pub type Occupants = BTreeMap<Jid, Occupant>;

/// The nicknames of a user in a room on its server.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Occupant {
    /// The nicknames in use.
    nicknames: Vec<Arc<str>>,
    /// The reserved nickname.
    reserved: Option<Arc<str>>,
}

impl Occupant {
    /// Creates an occupant with these nicknames in use, and a reserved nickname. Nicknames are cut at 255 bytes; empty ones,
    /// and those in use after the fifth, are left out. Returns `None` if no nickname is left.
    pub fn new<'a>(nicknames: impl IntoIterator<Item = &'a str>, reserved: Option<&str>) -> Option<Self> {
        let nicknames = nicknames.into_iter().filter_map(bounded);
        let occupant = Self {
            nicknames: nicknames.take(MAX_NICKNAMES).collect(),
            reserved: reserved.and_then(bounded),
        };
        (occupant != Self::default()).then_some(occupant)
    }

    /// The nicknames under which the user is in the room now. Contains unsanitized text.
    pub fn nicknames(&self) -> &[Arc<str>] {
        &self.nicknames
    }

    /// The nickname that the room reserves for the user. Contains unsanitized text.
    pub fn reserved(&self) -> Option<&str> {
        self.reserved.as_deref()
    }

    /// Whether the user is in the room now.
    pub fn is_online(&self) -> bool {
        !self.nicknames.is_empty()
    }

    /// All nicknames, the reserved one last if it is not in use.
    pub fn all_nicknames(&self) -> impl Iterator<Item = &str> {
        let in_use = self.nicknames.iter().map(Arc::as_ref);
        let is_other = |reserved: &&str| self.nicknames.iter().all(|nickname| **nickname != **reserved);
        in_use.chain(self.reserved.as_deref().filter(is_other))
    }
}

/// Cuts a nickname after at most [`MAX_NICKNAME_BYTES`]; `None` if it is empty.
fn bounded(nickname: &str) -> Option<Arc<str>> {
    let end = MAX_NICKNAME_BYTES.min(nickname.len());
    // A character has at most four bytes.
    let cut = (0..4).find_map(|less| nickname.get(..end.checked_sub(less)?))?;
    (!cut.is_empty()).then(|| cut.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_the_number_and_length_of_nicknames() {
        let long = "é".repeat(200);
        let occupant = Occupant::new([long.as_str(), "", "b", "c", "d", "e", "f"], Some("b")).unwrap();
        let all: Vec<&str> = occupant.all_nicknames().collect();
        assert_eq!(all, ["é".repeat(127).as_str(), "b", "c", "d", "e"]);
        assert!(occupant.is_online());
        let reserved = Occupant::new([], Some("z")).unwrap();
        assert_eq!((reserved.is_online(), reserved.reserved()), (false, Some("z")));
        assert_eq!(Occupant::new([""], Some("")), None);
    }
}
