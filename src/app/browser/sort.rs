//! Sort orders of the panes.

use crate::app::place::{Grouping, Pane};

/// A sort order; ties are sorted by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sort {
    /// By displayed name: a room's name, an address, a hat's title.
    Name,
    /// Highest affiliation first.
    Affiliation,
    /// Most hats first.
    Hats,
    /// Most users first: of a room, or with a hat.
    Users,
    /// Active hats first, then required ones.
    Active,
    /// Most rooms first.
    Rooms,
}

impl Sort {
    /// The orders of a pane, the default first.
    pub(in crate::app) fn all(grouping: Grouping, pane: Pane) -> &'static [Self] {
        match (grouping, pane) {
            (Grouping::ByRoom, Pane::First) => &[Self::Name, Self::Hats, Self::Users],
            (Grouping::ByRoom, Pane::Second) => &[Self::Affiliation, Self::Name, Self::Hats],
            (Grouping::ByRoom | Grouping::ByUser, Pane::Third) => &[Self::Name, Self::Active],
            (Grouping::ByHat, Pane::First) => &[Self::Name, Self::Users],
            (Grouping::ByHat, Pane::Second) | (Grouping::ByUser, Pane::First) => &[Self::Name, Self::Rooms],
            (Grouping::ByHat, Pane::Third) | (Grouping::ByUser, Pane::Second) => {
                &[Self::Name, Self::Affiliation, Self::Hats]
            }
        }
    }

    /// The next order of a pane, wrapping around.
    pub(in crate::app) fn next(self, grouping: Grouping, pane: Pane) -> Self {
        let all = Self::all(grouping, pane);
        let at = all.iter().position(|sort| *sort == self).unwrap_or_default();
        all.get((at + 1) % all.len().max(1)).copied().unwrap_or(self)
    }

    /// Description, such as `by name`, to follow what is sorted.
    pub fn label(self) -> &'static str {
        match self {
            Self::Name => "by name",
            Self::Affiliation => "by affiliation, highest first",
            Self::Hats => "by number of hats, most first",
            Self::Users => "by number of users, most first",
            Self::Active => "active first, then required",
            Self::Rooms => "by number of rooms, most first",
        }
    }
}
