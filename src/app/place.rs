//! Where one can be: the panes, in which view, and which place of the table of commands each is.

pub use super::command::Place;

/// The three panes, from the general to the particular.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Pane {
    /// The rooms.
    #[default]
    Rooms,
    /// The users of the selected room.
    Users,
    /// The hats of the selected user.
    Hats,
}

/// The panes from left to right.
pub(super) const PANES: [Pane; 3] = [Pane::Rooms, Pane::Users, Pane::Hats];

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
            Pane::Rooms => first,
            Pane::Users => second,
            Pane::Hats => third,
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
            Self::Rooms => Some((Grouping::ByRoom, Pane::Rooms)),
            Self::Users => Some((Grouping::ByRoom, Pane::Users)),
            Self::Hats => Some((Grouping::ByRoom, Pane::Hats)),
            Self::AllHats => Some((Grouping::ByHat, Pane::Rooms)),
            Self::Wearers => Some((Grouping::ByHat, Pane::Users)),
            Self::WearersRooms => Some((Grouping::ByHat, Pane::Hats)),
            Self::AllUsers => Some((Grouping::ByUser, Pane::Rooms)),
            Self::RoomsOfUser => Some((Grouping::ByUser, Pane::Users)),
            _ => None,
        }
    }
}
