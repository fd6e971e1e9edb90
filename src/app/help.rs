//! All that can be done, for the help: what works where the moderator is comes first.

use super::State;
use super::command::{COMMANDS, Command, CommandId};
use super::offer::{Note, Offer, What};
use super::place::{Pane, Place};

/// Why a command cannot be done.
type Enabled = fn(&State, CommandId) -> Result<(), String>;

/// What a filter takes.
pub static FILTERS: [Note; 4] = [
    Note {
        word: "mar",
        help: "in a filter: these letters in a name, an address or a title",
    },
    Note {
        word: "@owner",
        help: "in a filter: users with this affiliation; @o is enough",
    },
    Note {
        word: "#teach",
        help: "in a filter: who has a hat with this in its title or URI; # alone: any hat",
    },
    Note {
        word: "!mar",
        help: "in a filter: without it; also !@owner and !#teach, and !# has no hat",
    },
];

/// Every command that can be meant in the panes, those of the pane with the focus first.
pub(super) fn offers(state: &State, enabled: Enabled) -> Vec<Offer> {
    let here = (state.focus, state.is_turned());
    let panes = [Pane::Rooms, Pane::Users, Pane::Hats];
    let others = panes.into_iter().filter(|pane| *pane != state.focus);
    let mut all = of_pane(state, here, enabled);
    for place in [Place::Panes, Place::Lists, Place::Everywhere] {
        all.extend(
            of_place(place).map(|command| Offer::new(state.keymap(), command, enabled(state, command.id))),
        );
    }
    all.extend(others.flat_map(|pane| of_pane(state, (pane, here.1), enabled)));
    all.extend(
        panes
            .into_iter()
            .flat_map(|pane| of_pane(state, (pane, !here.1), enabled)),
    );
    all
}

/// The same, then what there is to know of filters, then the commands of all other places.
pub(super) fn all(state: &State, enabled: Enabled) -> Vec<What> {
    let in_panes = offers(state, enabled).into_iter().map(What::Command);
    let is_near = |what: &What| what.place().is_some_and(|place| !is_far(state, place));
    let (near, far): (Vec<What>, Vec<What>) = in_panes.partition(is_near);
    let filters = std::iter::once(Place::Filter);
    let shown = [Place::Filter, Place::Panes, Place::Lists, Place::Everywhere];
    let is_elsewhere = |place: &Place| !shown.contains(place) && place.pane().is_none();
    let elsewhere = Place::ALL.iter().copied().filter(is_elsewhere);
    let of = |place: Place| {
        let why = format!("only {}", only(place));
        of_place(place)
            .map(move |command| What::Command(Offer::new(state.keymap(), command, Err(why.clone()))))
    };
    let mut all = near;
    all.extend(FILTERS.iter().map(What::Note));
    all.extend(filters.flat_map(of));
    all.extend(far);
    all.extend(elsewhere.flat_map(of));
    all
}

/// Whether a place is another pane than the one with the focus.
fn is_far(state: &State, place: Place) -> bool {
    place
        .pane()
        .is_some_and(|pane| pane != (state.focus, state.is_turned()))
}

/// Where commands work that are for no pane.
fn only(place: Place) -> String {
    match place {
        Place::Catalogue => "in a room's catalogue".into(),
        Place::History => "in the history".into(),
        other => {
            let mut title = other.title().chars();
            let first = title.next().map(|first| first.to_ascii_lowercase());
            first.into_iter().chain(title).collect()
        }
    }
}

fn of_place(place: Place) -> impl Iterator<Item = &'static Command> {
    COMMANDS.iter().filter(move |command| command.place == place)
}

/// The commands of a pane in a view, and whether they could be done there.
fn of_pane(state: &State, (focus, turned): (Pane, bool), enabled: Enabled) -> Vec<Offer> {
    let mut there = state.clone();
    there.focus = focus;
    there.overlays.clear();
    let may = |command: &Command| match (turned == state.is_turned(), turned) {
        (true, _) => enabled(&there, command.id),
        (false, true) => Err(format!(
            "first turn the view round ({})",
            state.key(CommandId::Turn)
        )),
        (false, false) => Err(format!(
            "first turn the view back ({})",
            state.key(CommandId::Turn)
        )),
    };
    let of = |command: &&'static Command| command.place.pane() == Some((focus, turned));
    let here = COMMANDS.iter().filter(of);
    here.map(|command| Offer::new(state.keymap(), command, may(command)))
        .collect()
}
