//! The entries of the help and the command palette; the commands that apply now come first.

use super::State;
use super::command::{COMMANDS, Command, CommandId};
use super::offer::{FinderItem, HelpNote, OfferedCommand};
use super::place::{Grouping, PANES, Place};

/// A function that fails with the reason if a command is disabled.
pub(super) type CommandCheck = fn(&State, CommandId) -> Result<(), String>;

/// Notes on the filter syntax.
pub static FILTER_NOTES: [HelpNote; 7] = [
    HelpNote {
        place: Place::Filter,
        example: "mar",
        help: "filter: text in a name, address or title",
    },
    HelpNote {
        place: Place::Filter,
        example: "@owner",
        help: "filter: users with this affiliation (@o is enough)",
    },
    HelpNote {
        place: Place::Filter,
        example: "#teach",
        help: "filter: hat title or ID contains this (# = any hat)",
    },
    HelpNote {
        place: Place::Filter,
        example: "#\"on call\"",
        help: "filter: quotes for a text with spaces (also \"two words\", !\"two words\")",
    },
    HelpNote {
        place: Place::Filter,
        example: "~7d",
        help: "filter: hats that expire within 7 days (also ~Sunday; ~ = any time)",
    },
    HelpNote {
        place: Place::Filter,
        example: "~online",
        help: "filter: users who are in the room now, as far as the server reports",
    },
    HelpNote {
        place: Place::Filter,
        example: "!mar",
        help: "filter: exclude (also !@owner, !#teach; !# = no hats)",
    },
];

/// Keys in the text fields of forms that are not commands.
static TEXT_NOTES: [HelpNote; 2] = [
    HelpNote {
        place: Place::Form,
        example: "Ctrl-U",
        help: "text field: delete everything before the cursor; at the end of the text, this empties the field",
    },
    HelpNote {
        place: Place::Form,
        example: "Ctrl-W",
        help: "text field: delete the word before the cursor",
    },
];

/// Lists every command that applies without an overlay: those of the focused pane first, then those of all panes, those
/// of the other panes of the view, and those of the panes of other views.
pub(super) fn palette_commands(state: &State, enabled: CommandCheck) -> Vec<OfferedCommand> {
    let places = Place::ALL.iter().copied().filter(|place| place.pane().is_some());
    let focused = Place::of_pane(state.grouping(), state.focus);
    let (in_view, in_other_views): (Vec<Place>, Vec<Place>) = places
        .filter(|place| *place != focused)
        .partition(|place| is_in_view(state, *place));
    let of_panes = |places: Vec<Place>| {
        let commands = move |place| commands_of_pane(state, place, enabled);
        places.into_iter().flat_map(commands)
    };
    let mut all = commands_of_pane(state, focused, enabled);
    for place in [Place::Panes, Place::Lists, Place::Everywhere] {
        all.extend(commands_of_place(place).map(|command| {
            OfferedCommand::new(
                state.keymap(),
                focused.stack(),
                command,
                enabled(state, command.id),
            )
        }));
    }
    all.extend(of_panes(in_view));
    all.extend(of_panes(in_other_views));
    all
}

/// Whether a place is a pane of the current view.
fn is_in_view(state: &State, place: Place) -> bool {
    PANES
        .into_iter()
        .any(|pane| Place::of_pane(state.grouping(), pane) == place)
}

/// Lists the items of the help, in this order: the commands of the palette without those of other panes; the filter
/// syntax; the commands of filters, disabled; the commands of other panes; the commands of all other places, disabled.
/// While an overlay is open: the commands that apply in the overlay, then all others, disabled.
pub(super) fn help_items(state: &State, enabled: CommandCheck) -> Vec<FinderItem> {
    if let Some(top) = state.top() {
        return overlay_help_items(state, top.place(), enabled);
    }
    let in_panes = palette_commands(state, enabled)
        .into_iter()
        .map(FinderItem::Command);
    let applies_here = |item: &FinderItem| item.place().is_some_and(|place| !is_other_pane(state, place));
    let (here, in_other_panes): (Vec<FinderItem>, Vec<FinderItem>) = in_panes.partition(applies_here);
    let filters = std::iter::once(Place::Filter);
    let listed = [Place::Filter, Place::Panes, Place::Lists, Place::Everywhere];
    let is_elsewhere = |place: &Place| !listed.contains(place) && place.pane().is_none();
    let elsewhere = Place::ALL.iter().copied().filter(is_elsewhere);
    let disabled_commands = |place: Place| {
        let reason = format!("Only {}", place_phrase(place));
        commands_of_place(place).map(move |command| {
            let disabled = Err(reason.clone());
            FinderItem::Command(OfferedCommand::new(
                state.keymap(),
                place.stack(),
                command,
                disabled,
            ))
        })
    };
    let mut all = here;
    all.extend(FILTER_NOTES.iter().map(FinderItem::Note));
    all.extend(filters.flat_map(disabled_commands));
    all.extend(in_other_panes);
    all.extend(elsewhere.flat_map(disabled_commands));
    all
}

/// Lists the commands that apply in an overlay, then all others, disabled. `top`: the place of the overlay.
fn overlay_help_items(state: &State, top: Place, enabled: CommandCheck) -> Vec<FinderItem> {
    let here = top.stack().iter().flat_map(|place| commands_of_place(*place));
    let here = here
        .map(|command| OfferedCommand::new(state.keymap(), top.stack(), command, enabled(state, command.id)));
    let elsewhere = Place::ALL.iter().filter(|place| !top.stack().contains(place));
    let elsewhere = elsewhere.flat_map(|place| {
        let reason = format!("Only {}", place_phrase(*place));
        commands_of_place(*place).map(move |command| {
            OfferedCommand::new(state.keymap(), place.stack(), command, Err(reason.clone()))
        })
    });
    let (here, everywhere): (Vec<OfferedCommand>, Vec<OfferedCommand>) =
        here.partition(|offer| offer.command.place != Place::Everywhere);
    let is_form = top.stack().contains(&Place::Form);
    let notes = TEXT_NOTES.iter().filter(|_| is_form).map(FinderItem::Note);
    let rest = everywhere.into_iter().chain(elsewhere);
    let commands = here.into_iter().map(FinderItem::Command);
    commands
        .chain(notes)
        .chain(rest.map(FinderItem::Command))
        .collect()
}

/// Whether a place is a pane without the focus.
fn is_other_pane(state: &State, place: Place) -> bool {
    place.pane().is_some() && Place::of_pane(state.grouping(), state.focus) != place
}

/// Names the place in which commands apply, as a phrase to follow "Only".
fn place_phrase(place: Place) -> &'static str {
    match place {
        Place::Filter => "while filtering",
        other if other == Place::Panes || other.pane().is_some() => "in the panes",
        Place::Finder => "in the help, the command palette or Go to",
        Place::Form => "in a form",
        Place::SuggestField => "in a hat or room field",
        Place::Suggestions => "in a list of existing hats or rooms",
        Place::ChoiceField => "in a choice field",
        Place::ColorField => "in a color field",
        Place::AddressField => "in an address field",
        Place::ImportPreview => "in an import preview",
        Place::Sets => "in the list of hat sets",
        Place::Prompt => "when entering a file, a name, a reason or a time",
        Place::PromptChoice => "in the options of an import or export",
        Place::Confirm => "in a confirmation",
        Place::Conflict => "in a conflict",
        Place::RefusedChange => "for a change that a server refused",
        Place::Catalog => "in a room's catalog",
        Place::History => "in the history",
        Place::HistoryValues => "in a list of rooms, users or hats of a history entry",
        Place::Draft => "in the draft window",
        Place::Servers => "in the list of servers",
        Place::Plan => "in a comparison",
        Place::Report => "in a comparison report",
        Place::Password => "when entering a password",
        Place::HistorySearch => "while searching the history",
        Place::HistoryEntry => "in a history entry",
        Place::Rollback => "when undoing several changes",
        Place::Themes => "in the list of themes",
        Place::Details => "in the details of a row",
        Place::Difference => "in a difference",
        other => other.title(),
    }
}

fn commands_of_place(place: Place) -> impl Iterator<Item = &'static Command> {
    COMMANDS.iter().filter(move |command| command.place == place)
}

/// Lists the commands of a pane, and whether they would be enabled if the pane had the focus.
fn commands_of_pane(state: &State, place: Place, enabled: CommandCheck) -> Vec<OfferedCommand> {
    let Some((grouping, pane)) = place.pane() else {
        return Vec::new();
    };
    let mut focused = state.clone();
    focused.focus = pane;
    focused.overlays.clear();
    let check = |command: &Command| {
        if is_in_view(state, place) {
            return enabled(&focused, command.id);
        }
        let view = match grouping {
            // This place is a pane of two views.
            Grouping::ByRoom if place == Place::Hats => "Rooms or Users",
            Grouping::ByRoom => "Rooms",
            Grouping::ByHat => "Hats",
            Grouping::ByUser => "Users",
        };
        Err(format!(
            "Only in the {view} view ({})",
            state.key(CommandId::NextView)
        ))
    };
    commands_of_place(place)
        .map(|command| OfferedCommand::new(state.keymap(), place.stack(), command, check(command)))
        .collect()
}
