//! `hatrack` without a command: the screen.

use std::io::IsTerminal;

use super::failure::Failure;
use super::place::Place;

/// Opens the screen on the data file, or on the sample.
pub(super) fn run(place: Option<&Place>) -> Result<(), Failure> {
    let dumb = std::env::var_os("TERM").is_none_or(|term| term.is_empty() || term == "dumb");
    if dumb || !std::io::stdin().is_terminal() || !std::io::stdout().is_terminal() {
        return Err(Failure::usage(
            "there is no terminal here that can show the screen; without one there are the commands show, add, \
             remove, set, room, affiliate, check, history, undo and redo: see hatrack --help",
        ));
    }
    let _ = place;
    Err(Failure::usage("the screen is not there yet; see hatrack --help"))
}
