//! The help for where the moderator is, from the table of commands.

use super::command::{COMMANDS, Command, Place};
use super::{Overlay, State};

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
    let here = Some((state.focus(), state.is_turned()));
    let of_panes = Place::ALL.into_iter().filter(|place| place.pane().is_some());
    let (pane, others): (Vec<Place>, Vec<Place>) = of_panes.partition(|place| place.pane() == here);
    let places = pane
        .into_iter()
        .chain([Place::Panes, Place::Everywhere])
        .chain(others);
    let forms = [
        Place::Filter,
        Place::Finder,
        Place::Form,
        Place::HatField,
        Place::Suggestions,
        Place::ChoiceField,
        Place::Catalogue,
        Place::Prompt,
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
