//! In which order a pane lists its rows.

use crate::app::Pane;

/// An order of rows; of two that are equal in it the one comes first that comes first by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sort {
    /// By what people read: a room's name, an address, a hat's title.
    Name,
    /// Highest affiliation first.
    Affiliation,
    /// Most hats first.
    Hats,
    /// Most users first: those of a room, or those who have a hat.
    Users,
    /// Worn ones first, then required ones.
    Worn,
    /// Most rooms first.
    Rooms,
}

impl Sort {
    /// The orders of a pane, the usual one first; `turned` is the view in which the hats come first.
    pub(in crate::app) fn all(pane: Pane, turned: bool) -> &'static [Self] {
        match (pane, turned) {
            (Pane::Rooms, false) => &[Self::Name, Self::Hats, Self::Users],
            (Pane::Users, false) => &[Self::Affiliation, Self::Name, Self::Hats],
            (Pane::Hats, false) => &[Self::Name, Self::Worn],
            (Pane::Rooms, true) => &[Self::Name, Self::Users],
            (Pane::Users, true) => &[Self::Name, Self::Rooms],
            (Pane::Hats, true) => &[Self::Name, Self::Affiliation, Self::Hats],
        }
    }

    /// The next one of a pane, and round.
    pub(in crate::app) fn next(self, pane: Pane, turned: bool) -> Self {
        let all = Self::all(pane, turned);
        let at = all.iter().position(|sort| *sort == self).unwrap_or_default();
        all.get((at + 1) % all.len().max(1)).copied().unwrap_or(self)
    }

    /// The rest of a sentence that begins with what is sorted.
    pub fn words(self) -> &'static str {
        match self {
            Self::Name => "by name",
            Self::Affiliation => "by affiliation, highest first",
            Self::Hats => "by number of hats, most first",
            Self::Users => "by number of users, most first",
            Self::Worn => "with those worn first, then those required",
            Self::Rooms => "by number of rooms, most first",
        }
    }
}
