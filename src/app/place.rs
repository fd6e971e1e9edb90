//! Where one can be: the panes, and the places in which commands apply.

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

/// From rows such as `Filter "While a filter is typed" typed over [Lists];` the places, their titles, and which of the
/// commands there are meant at one time.
macro_rules! places {
    ($($place:ident $title:literal $keys:ident over [$($below:ident),*];)*) => {
        /// Where a command applies.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Place {
            $(#[doc = $title] $place,)*
        }

        impl Place {
            /// All of them, as the documentation lists them.
            pub const ALL: &[Self] = &[$(Self::$place),*];

            /// A heading for the commands of this place.
            pub fn title(self) -> &'static str {
                match self {
                    $(Self::$place => $title,)*
                }
            }

            /// Whether there can be text there that is being typed, so that keys which type or edit are no commands.
            pub(super) fn has_text(self) -> bool {
                match self {
                    $(Self::$place => matches!(Keys::$keys, Keys::typed),)*
                }
            }

            /// The places whose commands are meant by whoever is at this one, the most particular first.
            pub fn stack(self) -> &'static [Self] {
                match self {
                    $(Self::$place => &[Self::$place, $(Self::$below,)* Self::Everywhere],)*
                }
            }
        }
    };
}

/// What keys are for in a place.
#[expect(non_camel_case_types, reason = "words of the table")]
enum Keys {
    /// Each can be a command.
    all,
    /// Those that type or edit a line are for the text.
    typed,
}

places! {
    Panes "In the panes" all over [Lists];
    Lists "In every list" all over [];
    Rooms "Rooms" all over [Panes, Lists];
    Users "Users" all over [Panes, Lists];
    Hats "Hats" all over [Panes, Lists];
    AllHats "The view turned round: all hats" all over [Panes, Lists];
    Wearers "The view turned round: who has the hat" all over [Panes, Lists];
    WearersRooms "The view turned round: in which rooms" all over [Panes, Lists];
    AllUsers "The view by user: all users" all over [Panes, Lists];
    RoomsOfUser "The view by user: the user's rooms" all over [Panes, Lists];
    Filter "While a filter is typed" typed over [Lists];
    Finder "In the help, the palette and the jump" typed over [Lists];
    Form "In a form" typed over [];
    HatField "In the hat field" typed over [Form];
    Suggestions "In the list of known hats" typed over [Lists, HatField, Form];
    ChoiceField "In a field to tick or choose" all over [Form];
    Sets "Among the named sets of hats" typed over [Lists];
    Prompt "While the name of a file or a set is typed" typed over [];
    Confirm "At a question" all over [];
    Conflict "When somebody else changed the same thing" all over [];
    Catalogue "A room's catalogue of hats" all over [Lists];
    History "History" all over [Lists];
    Draft "When something was left unsaved" all over [];
    Everywhere "Everywhere" typed over [];
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
