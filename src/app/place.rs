//! Where one can be: the panes, in which view, and which place of the table of commands each is.

pub use super::command::Place;

/// The three panes, by their place; what they list depends on the view ([`Grouping::kind`]).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Pane {
    /// At the left.
    #[default]
    First,
    /// What belongs to the row that is selected in the first.
    Second,
    /// What belongs to the rows that are selected in the first and the second.
    Third,
}

/// The panes from left to right.
pub(super) const PANES: [Pane; 3] = [Pane::First, Pane::Second, Pane::Third];

/// A view: in which order the three panes follow each other.
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

/// What the rows of a pane stand for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RowKind {
    /// Rooms.
    Room,
    /// Users.
    User,
    /// Hats.
    Hat,
}

impl Grouping {
    /// What the rows of a pane stand for.
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

    /// The pane whose rows stand for this.
    pub fn pane(self, kind: RowKind) -> Pane {
        let is = |pane: &Pane| self.kind(*pane) == kind;
        PANES.into_iter().find(is).unwrap_or_default()
    }

    /// The next view; after the last the first.
    pub(super) fn next(self) -> Self {
        const ALL: [Grouping; 3] = [Grouping::ByRoom, Grouping::ByHat, Grouping::ByUser];
        let at = ALL.iter().position(|grouping| *grouping == self);
        let next = at.and_then(|at| ALL.get(at + 1));
        next.copied().unwrap_or_default()
    }
}

impl Place {
    /// The place of a pane in a view. The hats of the view by user are those of the view by room.
    pub(super) fn of_pane(grouping: Grouping, pane: Pane) -> Self {
        let is = |place: &&Self| place.pane() == Some((grouping, pane));
        Self::ALL.iter().find(is).copied().unwrap_or(Self::Hats)
    }

    /// The pane that the place is, in which view.
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
