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
pub enum Kind {
    /// Rooms.
    Room,
    /// Users.
    User,
    /// Hats.
    Hat,
}

impl Grouping {
    /// What the rows of a pane stand for.
    pub fn kind(self, pane: Pane) -> Kind {
        let [first, second, third] = match self {
            Self::ByRoom => [Kind::Room, Kind::User, Kind::Hat],
            Self::ByHat => [Kind::Hat, Kind::User, Kind::Room],
            Self::ByUser => [Kind::User, Kind::Room, Kind::Hat],
        };
        match pane {
            Pane::Rooms => first,
            Pane::Users => second,
            Pane::Hats => third,
        }
    }

    /// The pane whose rows stand for this.
    pub fn pane(self, kind: Kind) -> Pane {
        let is = |pane: &Pane| self.kind(*pane) == kind;
        PANES.into_iter().find(is).unwrap_or_default()
    }

    /// The next view; after the last the first.
    pub(super) fn next(self) -> Self {
        const ALL: [Grouping; 2] = [Grouping::ByRoom, Grouping::ByHat];
        let at = ALL.iter().position(|grouping| *grouping == self);
        let next = at.and_then(|at| ALL.get(at + 1));
        next.copied().unwrap_or_default()
    }
}

/// Where a command applies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Place {
    /// In all three panes.
    Panes,
    /// In the rooms pane.
    Rooms,
    /// In the users pane.
    Users,
    /// In the hats pane.
    Hats,
    /// In the first pane of the view turned round.
    AllHats,
    /// In the second pane of the view turned round.
    Wearers,
    /// In the third pane of the view turned round.
    WearersRooms,
    /// In the line in which a filter is typed.
    Filter,
    /// In a form.
    Form,
    /// In the hat field of a form.
    HatField,
    /// In a field to tick or to choose in.
    ChoiceField,
    /// In the list of hats under the hat field.
    Suggestions,
    /// Where commands and places are looked for.
    Finder,
    /// In a room's catalogue of hats.
    Catalogue,
    /// Among the named sets of hats.
    Sets,
    /// Where a name is typed.
    Prompt,
    /// In the history.
    History,
    /// At a question.
    Confirm,
    /// At a conflict.
    Conflict,
    /// At a draft of an earlier session.
    Draft,
    /// Everywhere.
    Everywhere,
}

impl Place {
    /// All of them, as the documentation lists them.
    pub const ALL: [Self; 21] = [
        Self::Panes,
        Self::Rooms,
        Self::Users,
        Self::Hats,
        Self::AllHats,
        Self::Wearers,
        Self::WearersRooms,
        Self::Filter,
        Self::Finder,
        Self::Form,
        Self::HatField,
        Self::Suggestions,
        Self::ChoiceField,
        Self::Sets,
        Self::Prompt,
        Self::Confirm,
        Self::Conflict,
        Self::Catalogue,
        Self::History,
        Self::Draft,
        Self::Everywhere,
    ];

    /// A heading for the commands of this place.
    pub fn title(self) -> &'static str {
        match self {
            Self::Panes => "In the panes",
            Self::Rooms => "Rooms",
            Self::Users => "Users",
            Self::Hats => "Hats",
            Self::AllHats => "The view turned round: all hats",
            Self::Wearers => "The view turned round: who has the hat",
            Self::WearersRooms => "The view turned round: in which rooms",
            Self::Filter => "While a filter is typed",
            Self::Form => "In a form",
            Self::HatField => "In the hat field",
            Self::ChoiceField => "In a field to tick or choose",
            Self::Suggestions => "In the list of known hats",
            Self::Finder => "In the help, the palette and the jump",
            Self::Catalogue => "A room's catalogue of hats",
            Self::Sets => "Among the named sets of hats",
            Self::Prompt => "While the name of a file or a set is typed",
            Self::History => "History",
            Self::Confirm => "At a question",
            Self::Conflict => "When somebody else changed the same thing",
            Self::Draft => "When something was left unsaved",
            Self::Everywhere => "Everywhere",
        }
    }

    /// Whether there can be text there that is being typed, so that keys which type or edit are no commands.
    pub(super) fn has_text(self) -> bool {
        match self {
            Self::Filter
            | Self::Finder
            | Self::Prompt
            | Self::Sets
            | Self::Form
            | Self::HatField
            | Self::Suggestions
            | Self::Everywhere => true,
            Self::Panes
            | Self::Rooms
            | Self::Users
            | Self::Hats
            | Self::AllHats
            | Self::Wearers
            | Self::WearersRooms
            | Self::Catalogue
            | Self::ChoiceField
            | Self::History
            | Self::Confirm
            | Self::Conflict
            | Self::Draft => false,
        }
    }
}

pub(super) const ROOMS: &[Place] = &[Place::Rooms, Place::Panes, Place::Everywhere];
pub(super) const USERS: &[Place] = &[Place::Users, Place::Panes, Place::Everywhere];
pub(super) const HATS: &[Place] = &[Place::Hats, Place::Panes, Place::Everywhere];
pub(super) const ALL_HATS: &[Place] = &[Place::AllHats, Place::Panes, Place::Everywhere];
pub(super) const WEARERS: &[Place] = &[Place::Wearers, Place::Panes, Place::Everywhere];
pub(super) const WEARERS_ROOMS: &[Place] = &[Place::WearersRooms, Place::Panes, Place::Everywhere];
pub(super) const FILTER: &[Place] = &[Place::Filter, Place::Everywhere];
pub(super) const FORM: &[Place] = &[Place::Form, Place::Everywhere];
pub(super) const HAT_FIELD: &[Place] = &[Place::HatField, Place::Form, Place::Everywhere];
pub(super) const CHOICE_FIELD: &[Place] = &[Place::ChoiceField, Place::Form, Place::Everywhere];
pub(super) const SUGGESTIONS: &[Place] = &[
    Place::Suggestions,
    Place::HatField,
    Place::Form,
    Place::Everywhere,
];
pub(super) const CONFIRM: &[Place] = &[Place::Confirm, Place::Everywhere];
pub(super) const CONFLICT: &[Place] = &[Place::Conflict, Place::Everywhere];
pub(super) const FINDER: &[Place] = &[Place::Finder, Place::Everywhere];
pub(super) const CATALOGUE: &[Place] = &[Place::Catalogue, Place::Everywhere];
pub(super) const SETS: &[Place] = &[Place::Sets, Place::Everywhere];
pub(super) const PROMPT: &[Place] = &[Place::Prompt, Place::Everywhere];
pub(super) const HISTORY: &[Place] = &[Place::History, Place::Everywhere];
pub(super) const DRAFT: &[Place] = &[Place::Draft, Place::Everywhere];

/// All that [`places`] can be: commands of one of these can be meant at one time.
pub(super) const STACKS: &[&[Place]] = &[
    ROOMS,
    USERS,
    HATS,
    ALL_HATS,
    WEARERS,
    WEARERS_ROOMS,
    FILTER,
    FORM,
    HAT_FIELD,
    CHOICE_FIELD,
    SUGGESTIONS,
    CONFIRM,
    CONFLICT,
    FINDER,
    CATALOGUE,
    SETS,
    PROMPT,
    HISTORY,
    DRAFT,
];
impl Place {
    /// The pane that the place is, in which view: turned round or not.
    pub(super) fn pane(self) -> Option<(Pane, bool)> {
        match self {
            Self::Rooms => Some((Pane::Rooms, false)),
            Self::Users => Some((Pane::Users, false)),
            Self::Hats => Some((Pane::Hats, false)),
            Self::AllHats => Some((Pane::Rooms, true)),
            Self::Wearers => Some((Pane::Users, true)),
            Self::WearersRooms => Some((Pane::Hats, true)),
            _ => None,
        }
    }
}
