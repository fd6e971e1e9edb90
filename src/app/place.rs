//! Panes, views, and the places of the panes in the command table.

pub use super::command::Place;

/// The three panes by position. The kind of the items that they list depends on the view ([`Grouping::kind`]).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Pane {
    /// The left pane.
    #[default]
    First,
    /// The middle pane: items of the row selected in the first.
    Second,
    /// The right pane: items of the rows selected in the first and second.
    Third,
}

/// The panes from left to right.
pub(super) const PANES: [Pane; 3] = [Pane::First, Pane::Second, Pane::Third];

/// A view: the order of rooms, users and hats in the three panes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Grouping {
    /// Rooms, the users of a room, the hats of a user.
    #[default]
    ByRoom,
    /// Hats, the users with a hat, the rooms in which they have it.
    ByHat,
    /// Users, the rooms of a user, their hats there.
    ByUser,
}

/// The kind of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RowKind {
    /// A room.
    Room,
    /// A user.
    User,
    /// A hat.
    Hat,
}

impl RowKind {
    /// The noun in the singular.
    pub fn noun(self) -> &'static str {
        match self {
            Self::Room => "room",
            Self::User => "user",
            Self::Hat => "hat",
        }
    }
}

impl Grouping {
    /// The kind of the rows of a pane.
    pub fn kind(self, pane: Pane) -> RowKind {
        let [first, second, third] = match self {
            Self::ByRoom => [RowKind::Room, RowKind::User, RowKind::Hat],
            Self::ByHat => [RowKind::Hat, RowKind::User, RowKind::Room],
            Self::ByUser => [RowKind::User, RowKind::Room, RowKind::Hat],
        };
        match pane {
            Pane::First => first,
            Pane::Second => second,
            Pane::Third => third,
        }
    }

    /// The pane that lists this kind.
    pub fn pane(self, kind: RowKind) -> Pane {
        let has_kind = |pane: &Pane| self.kind(*pane) == kind;
        PANES.into_iter().find(has_kind).unwrap_or_default()
    }

    /// The next view, wrapping around.
    pub(super) fn next(self) -> Self {
        const ALL: [Grouping; 3] = [Grouping::ByRoom, Grouping::ByHat, Grouping::ByUser];
        let index = ALL.iter().position(|grouping| *grouping == self);
        let next = index.and_then(|index| ALL.get(index + 1));
        next.copied().unwrap_or_default()
    }
}

impl Place {
    /// The place of a pane in a view. The hats of the Users view share the place of those in the Rooms view.
    pub(super) fn of_pane(grouping: Grouping, pane: Pane) -> Self {
        let is_pane = |place: &&Self| place.pane() == Some((grouping, pane));
        Self::ALL.iter().find(is_pane).copied().unwrap_or(Self::Hats)
    }

    /// The view and pane of the place; `None` if the place is not a pane. For [`Place::Hats`], which belongs to two
    /// views, the Rooms view.
    pub(super) fn pane(self) -> Option<(Grouping, Pane)> {
        match self {
            Self::Rooms => Some((Grouping::ByRoom, Pane::First)),
            Self::Users => Some((Grouping::ByRoom, Pane::Second)),
            Self::Hats => Some((Grouping::ByRoom, Pane::Third)),
            Self::AllHats => Some((Grouping::ByHat, Pane::First)),
            Self::UsersWithHat => Some((Grouping::ByHat, Pane::Second)),
            Self::RoomsWithHat => Some((Grouping::ByHat, Pane::Third)),
            Self::AllUsers => Some((Grouping::ByUser, Pane::First)),
            Self::RoomsOfUser => Some((Grouping::ByUser, Pane::Second)),
            _ => None,
        }
    }
}
