//! The rows of the one table of commands.

use super::command::{Command, Place};
use super::update::{
    change, conflict, copy, draft, filter, finder, form, history, leave, mouse, panes, undo,
};
use super::{Code, Key, State};

const fn c(character: char) -> Key {
    Key::plain(Code::Char(character))
}

const fn k(code: Code) -> Key {
    Key::plain(code)
}

#[expect(clippy::unnecessary_wraps, reason = "one shape for all rows of the table")]
fn always(_: &State) -> Result<(), String> {
    Ok(())
}

fn has_room(state: &State) -> Result<(), String> {
    state
        .room()
        .map(drop)
        .ok_or_else(|| format!("there is no room yet; {} adds one", state.key("add-room")))
}

fn has_user(state: &State) -> Result<(), String> {
    state
        .user()
        .map(drop)
        .ok_or_else(|| format!("there is no user here yet; {} adds one", state.key("add-user")))
}

fn has_hat(state: &State) -> Result<(), String> {
    state
        .hat()
        .map(drop)
        .ok_or_else(|| format!("there is no hat here; {} gives one", state.key("add-hat")))
}

fn room_changes(state: &State) -> Result<(), String> {
    state.may_change().and_then(|()| has_room(state))
}

fn user_changes(state: &State) -> Result<(), String> {
    state.may_change().and_then(|()| has_user(state))
}

fn hat_changes(state: &State) -> Result<(), String> {
    state.may_change().and_then(|()| has_hat(state))
}

fn hat_gives(state: &State) -> Result<(), String> {
    state.may_give().and_then(|()| has_hat(state))
}

/// Every command. Of two with one key in one place the first would win; a test sees to it that there are none.
#[rustfmt::skip] // a table reads as a table
pub static COMMANDS: &[Command] = &[
    Command { place: Place::Rooms, id: "go-in-room", title: "Users", keys: &[k(Code::Enter)], footer: true,
        help: "go in: the users of the room", enabled: has_room, run: panes::go_in },
    Command { place: Place::Rooms, id: "add-room", title: "Add", keys: &[c('a')], footer: true,
        help: "add a room", enabled: State::may_change, run: change::add },
    Command { place: Place::Rooms, id: "edit-room", title: "Edit", keys: &[c('e')], footer: true,
        help: "change the room's name", enabled: room_changes, run: change::edit },
    Command { place: Place::Rooms, id: "remove-room", title: "Remove", keys: &[c('d'), k(Code::Delete)], footer: true,
        help: "remove the room (asks first, unless it is empty)", enabled: room_changes, run: change::remove },
    Command { place: Place::Users, id: "go-in-user", title: "Hats", keys: &[k(Code::Enter)], footer: true,
        help: "go in: the hats of the user", enabled: has_user, run: panes::go_in },
    Command { place: Place::Users, id: "add-user", title: "Add", keys: &[c('a')], footer: true,
        help: "affiliate a user with the room", enabled: room_changes, run: change::add },
    Command { place: Place::Users, id: "edit-user", title: "Edit", keys: &[c('e')], footer: true,
        help: "change the user's affiliation", enabled: user_changes, run: change::edit },
    Command { place: Place::Users, id: "remove-user", title: "Remove", keys: &[c('d'), k(Code::Delete)], footer: true,
        help: "remove the user (asks first where there are hats)", enabled: user_changes, run: change::remove },
    Command { place: Place::Hats, id: "edit-hat", title: "Edit", keys: &[k(Code::Enter), c('e')], footer: true,
        help: "edit the attachment: title, active, required, id", enabled: hat_gives, run: change::edit },
    Command { place: Place::Hats, id: "add-hat", title: "Add", keys: &[c('a')], footer: true,
        help: "give the user a hat", enabled: State::may_give, run: change::add },
    Command { place: Place::Hats, id: "wear", title: "Wear", keys: &[c(' ')], footer: true,
        help: "wear or doff: whether the user displays the hat", enabled: hat_gives, run: change::wear },
    Command { place: Place::Hats, id: "require", title: "Required", keys: &[c('r')], footer: true,
        help: "required or not: whether the user can take the hat off", enabled: hat_gives, run: change::require },
    Command { place: Place::Hats, id: "take-hat", title: "Remove", keys: &[c('d'), k(Code::Delete)], footer: true,
        help: "take the hat away (undo brings it back)", enabled: hat_changes, run: change::remove },
    Command { place: Place::Panes, id: "undo", title: "Undo", keys: &[c('u')], footer: true,
        help: "take back your last change", enabled: undo::may_undo, run: undo::undo },
    Command { place: Place::Panes, id: "redo", title: "Redo", keys: &[Key::ctrl('r')], footer: false,
        help: "do again what was undone", enabled: undo::may_redo, run: undo::redo },
    Command { place: Place::Panes, id: "history", title: "History", keys: &[c('H')], footer: true,
        help: "who did what, and when; undo from there", enabled: State::may_look, run: history::open },
    Command { place: Place::Panes, id: "filter", title: "Filter", keys: &[c('/')], footer: true,
        help: "narrow this pane: letters of a name; @owner, #hat, !without", enabled: State::may_look, run: filter::edit },
    Command { place: Place::Panes, id: "palette", title: "Commands", keys: &[c(':')], footer: true,
        help: "every command, found by a few letters", enabled: State::may_look, run: finder::palette },
    Command { place: Place::Panes, id: "jump", title: "Go to", keys: &[Key::ctrl('p')], footer: false,
        help: "go to any room, user or hat by a few letters", enabled: finder::may_jump, run: finder::jump },
    Command { place: Place::Panes, id: "next-pane", title: "Next pane", keys: &[k(Code::Tab)], footer: false,
        help: "focus the next pane, and round", enabled: always, run: panes::next },
    Command { place: Place::Panes, id: "right", title: "Right", keys: &[k(Code::Right), c('l')], footer: false,
        help: "focus the pane to the right", enabled: always, run: panes::go_in },
    Command { place: Place::Panes, id: "previous-pane", title: "Previous pane", keys: &[k(Code::BackTab)], footer: false,
        help: "focus the pane before, and round", enabled: always, run: panes::previous },
    Command { place: Place::Panes, id: "left", title: "Left", keys: &[k(Code::Left), c('h')], footer: false,
        help: "focus the pane to the left", enabled: always, run: panes::back },
    Command { place: Place::Panes, id: "down", title: "Down", keys: &[k(Code::Down), c('j')], footer: false,
        help: "select the next row", enabled: always, run: panes::down },
    Command { place: Place::Panes, id: "up", title: "Up", keys: &[k(Code::Up), c('k')], footer: false,
        help: "select the row before", enabled: always, run: panes::up },
    Command { place: Place::Panes, id: "page-down", title: "Page down", keys: &[k(Code::PageDown)], footer: false,
        help: "a screenful further", enabled: always, run: panes::page_down },
    Command { place: Place::Panes, id: "page-up", title: "Page up", keys: &[k(Code::PageUp)], footer: false,
        help: "a screenful back", enabled: always, run: panes::page_up },
    Command { place: Place::Panes, id: "first", title: "First", keys: &[c('g'), k(Code::Home)], footer: false,
        help: "select the first row", enabled: always, run: panes::first },
    Command { place: Place::Panes, id: "last", title: "Last", keys: &[c('G'), k(Code::End)], footer: false,
        help: "select the last row", enabled: always, run: panes::last },
    Command { place: Place::Panes, id: "retry", title: "Try again", keys: &[Key::ctrl('t')], footer: true,
        help: "write or read again what failed, now", enabled: leave::may_retry, run: leave::retry },
    Command { place: Place::Panes, id: "restore", title: "Write again", keys: &[c('W')], footer: true,
        help: "write the data file again after it disappeared", enabled: leave::may_restore, run: leave::restore },
    Command { place: Place::Panes, id: "draft", title: "Draft", keys: &[c('D')], footer: true,
        help: "look again at what was left unsaved", enabled: draft::may_show, run: draft::show },
    Command { place: Place::Panes, id: "back", title: "Back", keys: &[k(Code::Esc)], footer: false,
        help: "put away the message, then the filter; then the pane to the left", enabled: always, run: panes::escape },
    Command { place: Place::Panes, id: "copy", title: "Copy", keys: &[c('Y')], footer: false,
        help: "copy the address, or the hat's URI, to your clipboard", enabled: copy::has_selected, run: copy::name },
    Command { place: Place::Panes, id: "copy-json", title: "Copy JSON", keys: &[c('J')], footer: false,
        help: "copy the JSON of the room, user or hat to your clipboard", enabled: copy::has_selected, run: copy::json },
    Command { place: Place::Panes, id: "mouse", title: "Mouse", keys: &[c('M')], footer: false,
        help: "the mouse on or off; while it is on, Shift selects text", enabled: always, run: mouse::toggle },
    Command { place: Place::Panes, id: "help", title: "Help", keys: &[c('?'), k(Code::F(1))], footer: true,
        help: "what can be done here", enabled: always, run: panes::help },
    Command { place: Place::Panes, id: "quit", title: "Quit", keys: &[c('q')], footer: false,
        help: "leave; what is on its way is saved first", enabled: always, run: leave::quit },
    Command { place: Place::Filter, id: "keep-filter", title: "Keep", keys: &[k(Code::Enter)], footer: true,
        help: "keep what was typed, go back to the rows", enabled: always, run: filter::keep },
    Command { place: Place::Filter, id: "clear-filter", title: "Clear", keys: &[k(Code::Esc)], footer: true,
        help: "show all rows again", enabled: always, run: filter::clear },
    Command { place: Place::Filter, id: "filter-down", title: "Down", keys: &[k(Code::Down)], footer: false,
        help: "select the next row", enabled: always, run: panes::down },
    Command { place: Place::Filter, id: "filter-up", title: "Up", keys: &[k(Code::Up)], footer: false,
        help: "select the row before", enabled: always, run: panes::up },
    Command { place: Place::Filter, id: "filter-page-down", title: "Page down", keys: &[k(Code::PageDown)], footer: false,
        help: "a screenful further", enabled: always, run: panes::page_down },
    Command { place: Place::Filter, id: "filter-page-up", title: "Page up", keys: &[k(Code::PageUp)], footer: false,
        help: "a screenful back", enabled: always, run: panes::page_up },
    Command { place: Place::Filter, id: "filter-next-pane", title: "Next pane", keys: &[k(Code::Tab)], footer: false,
        help: "keep what was typed, focus the next pane", enabled: always, run: filter::keep_and_go_on },
    Command { place: Place::Finder, id: "take-found", title: "Take it", keys: &[k(Code::Enter)], footer: true,
        help: "do the selected command, or go to the selected place", enabled: always, run: finder::take },
    Command { place: Place::Finder, id: "leave-finder", title: "Close", keys: &[k(Code::Esc)], footer: true,
        help: "close it, all is as it was", enabled: always, run: leave::pop },
    Command { place: Place::Finder, id: "found-down", title: "Down", keys: &[k(Code::Down), Key::ctrl('n')], footer: false,
        help: "select the next row", enabled: always, run: finder::down },
    Command { place: Place::Finder, id: "found-up", title: "Up", keys: &[k(Code::Up), Key::ctrl('p')], footer: false,
        help: "select the row before", enabled: always, run: finder::up },
    Command { place: Place::Finder, id: "found-page-down", title: "Page down", keys: &[k(Code::PageDown)], footer: false,
        help: "a screenful further", enabled: always, run: finder::page_down },
    Command { place: Place::Finder, id: "found-page-up", title: "Page up", keys: &[k(Code::PageUp)], footer: false,
        help: "a screenful back", enabled: always, run: finder::page_up },
    Command { place: Place::HatField, id: "list", title: "Known hats", keys: &[k(Code::Down)], footer: true,
        help: "go into the list of known hats", enabled: form::may_list, run: form::into_list },
    Command { place: Place::HatField, id: "new-id", title: "New URI", keys: &[Key::ctrl('g')], footer: true,
        help: "make a new urn:uuid: for a hat that has none", enabled: always, run: form::new_id },
    Command { place: Place::Suggestions, id: "take", title: "Take it", keys: &[k(Code::Enter)], footer: true,
        help: "take the selected hat and fill in its title", enabled: always, run: form::take_listed },
    Command { place: Place::Suggestions, id: "list-down", title: "Down", keys: &[k(Code::Down), Key::ctrl('n')], footer: false,
        help: "the next hat of the list", enabled: always, run: form::list_down },
    Command { place: Place::Suggestions, id: "list-up", title: "Up", keys: &[k(Code::Up), Key::ctrl('p')], footer: false,
        help: "the one before; from the first back to the field", enabled: always, run: form::list_up },
    Command { place: Place::Suggestions, id: "list-leave", title: "Back", keys: &[k(Code::Esc)], footer: true,
        help: "back to the field", enabled: always, run: form::leave_list },
    Command { place: Place::ChoiceField, id: "tick", title: "Change", keys: &[c(' '), k(Code::Right)], footer: true,
        help: "tick it or not; the next choice", enabled: always, run: form::tick },
    Command { place: Place::ChoiceField, id: "tick-back", title: "Choose", keys: &[k(Code::Left)], footer: false,
        help: "the choice before", enabled: always, run: form::tick_back },
    Command { place: Place::Form, id: "save", title: "Save", keys: &[k(Code::Enter), Key::ctrl('s')], footer: true,
        help: "save, from any field", enabled: always, run: form::save },
    Command { place: Place::Form, id: "next-field", title: "Next field", keys: &[k(Code::Tab), k(Code::Down)], footer: true,
        help: "go to the next field", enabled: always, run: form::next_field },
    Command { place: Place::Form, id: "previous-field", title: "Previous field", keys: &[k(Code::BackTab), k(Code::Up)], footer: false,
        help: "go to the field before", enabled: always, run: form::previous_field },
    Command { place: Place::Form, id: "leave-form", title: "Leave", keys: &[k(Code::Esc)], footer: true,
        help: "leave without saving (asks when something was typed)", enabled: always, run: form::leave },
    Command { place: Place::Confirm, id: "yes", title: "Yes", keys: &[c('y')], footer: true,
        help: "yes, do it", enabled: always, run: leave::yes },
    Command { place: Place::Confirm, id: "no", title: "No", keys: &[k(Code::Esc), c('n')], footer: true,
        help: "no, go back", enabled: always, run: leave::pop },
    Command { place: Place::Conflict, id: "keep-mine", title: "Mine", keys: &[c('m')], footer: true,
        help: "put mine in place of what is there now", enabled: always, run: conflict::mine },
    Command { place: Place::Conflict, id: "keep-theirs", title: "Theirs", keys: &[c('t')], footer: true,
        help: "leave what is there now", enabled: always, run: conflict::theirs },
    Command { place: Place::Conflict, id: "decide-later", title: "Back", keys: &[k(Code::Esc)], footer: true,
        help: "back to the form, nothing is written", enabled: conflict::over_form, run: leave::pop },
    Command { place: Place::History, id: "history-down", title: "Down", keys: &[k(Code::Down), c('j')], footer: false,
        help: "the entry before in time", enabled: always, run: history::down },
    Command { place: Place::History, id: "history-up", title: "Up", keys: &[k(Code::Up), c('k')], footer: false,
        help: "the entry after in time", enabled: always, run: history::up },
    Command { place: Place::History, id: "history-page-down", title: "Page down", keys: &[k(Code::PageDown), c(' ')], footer: false,
        help: "a screenful further", enabled: always, run: history::page_down },
    Command { place: Place::History, id: "history-page-up", title: "Page up", keys: &[k(Code::PageUp)], footer: false,
        help: "a screenful back", enabled: always, run: history::page_up },
    Command { place: Place::History, id: "history-first", title: "Newest", keys: &[c('g'), k(Code::Home)], footer: false,
        help: "the newest entry", enabled: always, run: history::first },
    Command { place: Place::History, id: "history-last", title: "Oldest read", keys: &[c('G'), k(Code::End)], footer: false,
        help: "the oldest entry that was read so far", enabled: always, run: history::last },
    Command { place: Place::History, id: "undo-entry", title: "Undo this", keys: &[c('u')], footer: true,
        help: "take back the selected entry, as a new change", enabled: history::may_undo, run: history::undo },
    Command { place: Place::History, id: "by-actor", title: "By who", keys: &[c('a')], footer: true,
        help: "only what the same person did; again: all", enabled: history::has_entry, run: history::by_actor },
    Command { place: Place::History, id: "by-room", title: "By room", keys: &[c('r')], footer: true,
        help: "only the same room; again: all", enabled: history::has_entry, run: history::by_room },
    Command { place: Place::History, id: "by-user", title: "By user", keys: &[c('s')], footer: true,
        help: "only the same user; again: all", enabled: history::has_entry, run: history::by_user },
    Command { place: Place::History, id: "by-hat", title: "By hat", keys: &[c('t')], footer: true,
        help: "only the same hat; again: all", enabled: history::has_entry, run: history::by_hat },
    Command { place: Place::History, id: "leave-history", title: "Close", keys: &[k(Code::Esc), c('q'), c('H')], footer: true,
        help: "back to the panes", enabled: always, run: leave::pop },
    Command { place: Place::Draft, id: "take-draft", title: "Go on", keys: &[k(Code::Enter), c('y')], footer: true,
        help: "go on where it was left", enabled: always, run: draft::take },
    Command { place: Place::Draft, id: "drop-draft", title: "Throw away", keys: &[c('d')], footer: true,
        help: "throw it away (asks first)", enabled: always, run: draft::ask_to_drop },
    Command { place: Place::Draft, id: "later", title: "Later", keys: &[k(Code::Esc)], footer: true,
        help: "decide later; it is kept", enabled: always, run: leave::pop },
    Command { place: Place::Help, id: "help-down", title: "Down", keys: &[k(Code::Down), c('j'), c(' ')], footer: false,
        help: "further", enabled: always, run: panes::help_down },
    Command { place: Place::Help, id: "help-up", title: "Up", keys: &[k(Code::Up), c('k')], footer: false,
        help: "back", enabled: always, run: panes::help_up },
    Command { place: Place::Help, id: "help-page-down", title: "Page down", keys: &[k(Code::PageDown)], footer: false,
        help: "a screenful further", enabled: always, run: panes::help_page_down },
    Command { place: Place::Help, id: "help-page-up", title: "Page up", keys: &[k(Code::PageUp)], footer: false,
        help: "a screenful back", enabled: always, run: panes::help_page_up },
    Command { place: Place::Help, id: "leave-help", title: "Close", keys: &[k(Code::Esc), c('q'), c('?'), k(Code::F(1)), k(Code::Enter)], footer: true,
        help: "close the help", enabled: always, run: leave::pop },
    Command { place: Place::Everywhere, id: "interrupt", title: "Quit", keys: &[Key::ctrl('c')], footer: false,
        help: "leave; what is typed in a form is kept as a draft", enabled: always, run: leave::interrupt },
    Command { place: Place::Everywhere, id: "suspend", title: "Stop", keys: &[Key::ctrl('z')], footer: false,
        help: "stop for a while, as shells do (fg continues it)", enabled: always, run: leave::suspend },
    Command { place: Place::Everywhere, id: "redraw", title: "Redraw", keys: &[Key::ctrl('l')], footer: false,
        help: "draw the screen anew", enabled: always, run: leave::redraw },
];
