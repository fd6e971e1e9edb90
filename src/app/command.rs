//! The one table of commands: keys, footer, help and the documentation of keys all come from it.

use super::{Effect, Key, Keymap, Overlay, Pane, Phase, State};

pub use super::table::COMMANDS;

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

/// Something that can be done.
pub struct Command {
    /// Its name, unique.
    pub id: &'static str,
    /// A word or two, for the footer.
    pub title: &'static str,
    /// What it does, in one line.
    pub help: &'static str,
    /// The keys that do it, unless others were given: see [`Keymap`].
    pub keys: &'static [Key],
    /// Where they do.
    pub place: Place,
    /// Whether the footer shows it.
    pub footer: bool,
    pub(super) enabled: fn(&State) -> Result<(), String>,
    pub(super) run: fn(&mut State, &mut Vec<Effect>),
}

impl std::fmt::Debug for Command {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Command")
            .field("id", &self.id)
            .field("place", &self.place)
            .finish_non_exhaustive()
    }
}

impl Command {
    /// Why it cannot be done now.
    pub fn enabled(&self, state: &State) -> Result<(), String> {
        (self.enabled)(state)
    }
}

const ROOMS: &[Place] = &[Place::Rooms, Place::Panes, Place::Everywhere];
const USERS: &[Place] = &[Place::Users, Place::Panes, Place::Everywhere];
const HATS: &[Place] = &[Place::Hats, Place::Panes, Place::Everywhere];
const ALL_HATS: &[Place] = &[Place::AllHats, Place::Panes, Place::Everywhere];
const WEARERS: &[Place] = &[Place::Wearers, Place::Panes, Place::Everywhere];
const WEARERS_ROOMS: &[Place] = &[Place::WearersRooms, Place::Panes, Place::Everywhere];
const FILTER: &[Place] = &[Place::Filter, Place::Everywhere];
const FORM: &[Place] = &[Place::Form, Place::Everywhere];
const HAT_FIELD: &[Place] = &[Place::HatField, Place::Form, Place::Everywhere];
const CHOICE_FIELD: &[Place] = &[Place::ChoiceField, Place::Form, Place::Everywhere];
const SUGGESTIONS: &[Place] = &[
    Place::Suggestions,
    Place::HatField,
    Place::Form,
    Place::Everywhere,
];
const CONFIRM: &[Place] = &[Place::Confirm, Place::Everywhere];
const CONFLICT: &[Place] = &[Place::Conflict, Place::Everywhere];
const FINDER: &[Place] = &[Place::Finder, Place::Everywhere];
const CATALOGUE: &[Place] = &[Place::Catalogue, Place::Everywhere];
const SETS: &[Place] = &[Place::Sets, Place::Everywhere];
const PROMPT: &[Place] = &[Place::Prompt, Place::Everywhere];
const HISTORY: &[Place] = &[Place::History, Place::Everywhere];
const DRAFT: &[Place] = &[Place::Draft, Place::Everywhere];

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

/// The places whose commands work now, the most particular first.
pub fn places(state: &State) -> &'static [Place] {
    match state.top() {
        None if state.typed_filter().is_some() => FILTER,
        None if state.is_turned() => match state.focus() {
            Pane::Rooms => ALL_HATS,
            Pane::Users => WEARERS,
            Pane::Hats => WEARERS_ROOMS,
        },
        None => match state.focus() {
            Pane::Rooms => ROOMS,
            Pane::Users => USERS,
            Pane::Hats => HATS,
        },
        Some(Overlay::Form(form)) => match form.field().map(|field| (&field.value, field.name)) {
            _ if form.listed().is_some() => SUGGESTIONS,
            Some((super::form::Value::Text(_), super::form::Name::Hat)) => HAT_FIELD,
            Some((super::form::Value::Text(_), _)) | None => FORM,
            Some(_) => CHOICE_FIELD,
        },
        Some(Overlay::Confirm(_)) => CONFIRM,
        Some(Overlay::Conflict(_)) => CONFLICT,
        Some(Overlay::Finder(_)) => FINDER,
        Some(Overlay::Catalogue(_)) => CATALOGUE,
        Some(Overlay::Sets(_)) => SETS,
        Some(Overlay::Prompt(_)) => PROMPT,
        Some(Overlay::History(_)) => HISTORY,
        Some(Overlay::Draft(_)) => DRAFT,
    }
}

/// The command that a key means now.
pub fn lookup(state: &State, key: Key) -> Option<&'static Command> {
    meant(state, state.keymap(), key)
}

/// The command that a key of the table means now, whatever keys were given in its place.
pub(super) fn lookup_default(state: &State, key: Key) -> Option<&'static Command> {
    meant(state, &Keymap::default(), key)
}

fn meant(state: &State, keymap: &Keymap, key: Key) -> Option<&'static Command> {
    let of = |place: &Place| {
        COMMANDS
            .iter()
            .find(|command| command.place == *place && keymap.keys(command).contains(&key))
    };
    places(state).iter().find_map(of)
}

/// What the footer shows now, in order: commands that work here.
pub fn footer(state: &State) -> impl Iterator<Item = &'static Command> {
    // While there is nothing to do but to wait or to leave, how to leave is said.
    let opening = state.phase() != Phase::Open;
    let mouse = state.has_mouse();
    let shown = move |command: &Command| {
        command.footer || (opening && command.id == "quit") || (mouse && command.id == "mouse")
    };
    let of = move |place: &'static Place| {
        COMMANDS
            .iter()
            .filter(move |command| command.place == *place && shown(command))
    };
    places(state)
        .iter()
        .flat_map(of)
        .filter(|command| command.enabled(state).is_ok())
}
