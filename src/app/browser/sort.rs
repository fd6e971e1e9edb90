//! Sort orders of the panes.

use std::sync::Arc;

use crate::app::place::{Grouping, Pane};
use crate::app::{describe, folding};
use crate::model::{Attachment, HatId, Jid, Room, User};

use super::cascade::RowId;

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
    /// Users who are in the room first.
    Online,
}

impl Sort {
    /// The sort orders of a pane, the default first.
    pub(in crate::app) fn all(grouping: Grouping, pane: Pane) -> &'static [Self] {
        match (grouping, pane) {
            (Grouping::ByRoom, Pane::First) => &[Self::Name, Self::Hats, Self::Users],
            (Grouping::ByRoom, Pane::Second) => &[Self::Affiliation, Self::Name, Self::Hats, Self::Online],
            (Grouping::ByRoom | Grouping::ByUser, Pane::Third) => &[Self::Name, Self::Active],
            (Grouping::ByHat, Pane::First) => &[Self::Name, Self::Users],
            (Grouping::ByHat, Pane::Second) | (Grouping::ByUser, Pane::First) => &[Self::Name, Self::Rooms],
            (Grouping::ByHat, Pane::Third) | (Grouping::ByUser, Pane::Second) => {
                &[Self::Name, Self::Affiliation, Self::Hats]
            }
        }
    }

    /// The next sort order of a pane, wrapping around.
    pub(in crate::app) fn next(self, grouping: Grouping, pane: Pane) -> Self {
        let all = Self::all(grouping, pane);
        let index = all.iter().position(|sort| *sort == self).unwrap_or_default();
        all.get((index + 1) % all.len().max(1)).copied().unwrap_or(self)
    }

    /// Short form for the edge of a pane.
    pub fn short_label(self) -> &'static str {
        match self {
            Self::Name => "by name",
            Self::Affiliation => "by affiliation",
            Self::Hats => "by hats",
            Self::Users => "by users",
            Self::Active => "active first",
            Self::Rooms => "by rooms",
            Self::Online => "online first",
        }
    }

    /// The order in full, such as `by number of hats, highest first`.
    pub fn label(self) -> &'static str {
        match self {
            Self::Name => "by name",
            Self::Affiliation => "by affiliation, highest first",
            Self::Hats => "by number of hats, highest first",
            Self::Users => "by number of users, highest first",
            Self::Active => "active first, then required",
            Self::Rooms => "by number of rooms, highest first",
            Self::Online => "online first",
        }
    }
}

/// Sorts hats by title, with untitled ones last; if the order is [`Sort::Active`], active ones come first, and of equally
/// active ones, the required ones.
pub(super) fn sorted_hats<'a>(
    sort: Sort,
    hats: impl Iterator<Item = (&'a Room, &'a HatId, &'a Attachment)>,
) -> Vec<RowId> {
    let active_first = sort == Sort::Active;
    let key = |(room, id, attachment): (&Room, &HatId, &Attachment)| {
        let title = folding::sort_key(room.title(id, attachment).unwrap_or_default());
        let first = active_first.then(|| (!attachment.is_active(), !attachment.is_required()));
        ((first, title.is_empty(), title), id.clone())
    };
    let mut rows: Vec<_> = hats.map(key).collect();
    rows.sort();
    rows.into_iter().map(|(_, id)| id.into()).collect()
}

/// Sorts the rooms of a user by name, by affiliation (highest first) or by number of hats (highest first).
pub(super) fn sorted_rooms<'a>(
    sort: Sort,
    rooms: impl Iterator<Item = (&'a Jid, &'a Arc<Room>, &'a User)>,
) -> Vec<RowId> {
    let mut rows: Vec<_> = rooms.collect();
    rows.sort_by_cached_key(|(jid, room, user)| {
        let rank = match sort {
            Sort::Affiliation => user.affiliation as usize,
            Sort::Hats => usize::MAX - user.hats.len(),
            _ => 0,
        };
        (rank, describe::room_sort_key(jid, room))
    });
    rows.into_iter().map(|(jid, ..)| jid.clone().into()).collect()
}

/// Sorts users by their addresses.
pub(super) fn by_address<T>(users: &mut [T], address: impl Fn(&T) -> &Jid) {
    users.sort_by(|one, other| folding::compare_addresses(address(one).as_str(), address(other).as_str()));
}
