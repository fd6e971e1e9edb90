//! The help for where the moderator is, from the table of commands.

use super::command::{COMMANDS, Command, Place};
use super::{Overlay, Pane, State};

/// A line of the help.
#[derive(Debug)]
pub enum Line {
    /// A heading.
    Heading(&'static str),
    /// A command; whether it works now, or why not.
    Command(&'static Command, Result<(), String>),
}

/// The lines of the help, the most particular place first.
pub fn lines(state: &State) -> Vec<Line> {
    let mut lines = Vec::new();
    let pane = match state.focus() {
        Pane::Rooms => Place::Rooms,
        Pane::Users => Place::Users,
        Pane::Hats => Place::Hats,
    };
    let others = [Place::Rooms, Place::Users, Place::Hats]
        .into_iter()
        .filter(|place| *place != pane);
    let places = std::iter::once(pane)
        .chain([Place::Panes, Place::Everywhere])
        .chain(others);
    let forms = [
        Place::Filter,
        Place::Finder,
        Place::Form,
        Place::HatField,
        Place::Suggestions,
        Place::ChoiceField,
    ];
    for place in places.chain(forms) {
        lines.push(Line::Heading(place.title()));
        let here = COMMANDS.iter().filter(|command| command.place == place);
        lines.extend(here.map(|command| Line::Command(command, command.enabled(state))));
    }
    lines
}

/// Whether the help is on top.
pub fn is_open(state: &State) -> bool {
    matches!(state.top(), Some(Overlay::Help { .. }))
}
