//! The rows of the one table of commands.

use super::command::{Command, Place};
use super::update::{
    catalogue, change, conflict, copy, draft, dress, filter, finder, form, history, leave, marks, mouse,
    panes, prompt, sets, undo,
};
use super::{Code, Key, Pane, State};

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
    state.may_give_any().and_then(|()| has_hat(state))
}

fn one_room_changes(state: &State) -> Result<(), String> {
    match state.marked(Pane::Rooms) {
        0 | 1 => room_changes(state),
        _ => Err("several rooms are marked, and each has a name of its own".into()),
    }
}

fn may_add(state: &State) -> Result<(), String> {
    state.may_give_any()
}

fn has_rows(state: &State) -> Result<(), String> {
    match state.length(state.focus()) {
        0 => Err("there is nothing here to mark".into()),
        _ => Ok(()),
    }
}

fn can_copy(state: &State) -> Result<(), String> {
    has_user(state)
}

fn has_turned_hat(state: &State) -> Result<(), String> {
    state
        .turned_hat()
        .map(drop)
        .ok_or_else(|| "there is no hat in any room yet".into())
}

fn has_wearer(state: &State) -> Result<(), String> {
    state
        .wearer_at(state.selected(Pane::Users).unwrap_or_default())
        .map(drop)
        .ok_or_else(|| "nobody has this hat".into())
}

fn turned_has(state: &State) -> Result<(), String> {
    has_turned_hat(state)?;
    has_wearer(state)
}

fn turned_changes(state: &State) -> Result<(), String> {
    state.may_change()?;
    turned_has(state)
}

/// Every command. Of two with one key in one place the first would win; a test sees to it that there are none.
#[rustfmt::skip] // a table reads as a table
pub static COMMANDS: &[Command] = &[
    Command { place: Place::Rooms, id: "go-in-room", title: "Users", keys: &[k(Code::Enter)], footer: true,
        help: "go in: the users of the room", enabled: has_room, run: panes::go_in },
    Command { place: Place::Rooms, id: "add-room", title: "Add", keys: &[c('a')], footer: true,
        help: "add a room", enabled: State::may_change, run: change::add },
    Command { place: Place::Rooms, id: "edit-room", title: "Edit", keys: &[c('e')], footer: true,
        help: "change the room's name", enabled: one_room_changes, run: change::edit },
    Command { place: Place::Rooms, id: "add-user-to-rooms", title: "Add to all", keys: &[c('A')], footer: false,
        help: "affiliate one user with all marked rooms", enabled: room_changes, run: change::add_to_rooms },
    Command { place: Place::Rooms, id: "remove-room", title: "Remove", keys: &[c('d'), k(Code::Delete)], footer: true,
        help: "remove the room (asks first, unless it is empty)", enabled: room_changes, run: change::remove },
    Command { place: Place::Rooms, id: "mark-room", title: "Mark", keys: &[c(' '), c('m')], footer: true,
        help: "mark the room, or not any more: what is done next is done to all marked", enabled: has_rows, run: marks::mark },
    Command { place: Place::Users, id: "go-in-user", title: "Hats", keys: &[k(Code::Enter)], footer: true,
        help: "go in: the hats of the user", enabled: has_user, run: panes::go_in },
    Command { place: Place::Users, id: "add-user", title: "Add", keys: &[c('a')], footer: true,
        help: "affiliate a user with the room", enabled: room_changes, run: change::add },
    Command { place: Place::Users, id: "edit-user", title: "Edit", keys: &[c('e')], footer: true,
        help: "change the user's affiliation", enabled: user_changes, run: change::edit },
    Command { place: Place::Users, id: "remove-user", title: "Remove", keys: &[c('d'), k(Code::Delete)], footer: true,
        help: "remove the user (asks first where there are hats)", enabled: user_changes, run: change::remove },
    Command { place: Place::Users, id: "mark-user", title: "Mark", keys: &[c(' '), c('m')], footer: true,
        help: "mark the user, or not any more: hats are given to all marked", enabled: has_rows, run: marks::mark },
    Command { place: Place::Users, id: "give-hat", title: "Give hat", keys: &[c('+')], footer: false,
        help: "give the user a hat; all marked users, where some are", enabled: may_add, run: change::give },
    Command { place: Place::Users, id: "copy-hats-of-user", title: "Copy", keys: &[c('y')], footer: false,
        help: "copy the user's hats, to put them on others", enabled: can_copy, run: dress::copy },
    Command { place: Place::Users, id: "put-on-users", title: "Put on", keys: &[c('p')], footer: false,
        help: "put the copied hats on: exactly these, in place of what is there", enabled: dress::may_put_on, run: dress::replace },
    Command { place: Place::Users, id: "add-to-users", title: "Put on too", keys: &[c('P')], footer: false,
        help: "put the copied hats on beside what is there", enabled: dress::may_put_on, run: dress::add },
    Command { place: Place::Hats, id: "edit-hat", title: "Edit", keys: &[k(Code::Enter), c('e')], footer: true,
        help: "edit the attachment: title, active, required, id", enabled: hat_gives, run: change::edit },
    Command { place: Place::Hats, id: "add-hat", title: "Add", keys: &[c('a')], footer: true,
        help: "give the user a hat; all marked users, where some are", enabled: may_add, run: change::add },
    Command { place: Place::Hats, id: "wear", title: "Wear", keys: &[c(' ')], footer: true,
        help: "wear or doff: whether the user displays the hat", enabled: hat_gives, run: change::wear },
    Command { place: Place::Hats, id: "require", title: "Required", keys: &[c('r')], footer: true,
        help: "required or not: whether the user can take the hat off", enabled: hat_gives, run: change::require },
    Command { place: Place::Hats, id: "take-hat", title: "Remove", keys: &[c('d'), k(Code::Delete)], footer: true,
        help: "take the hat away (undo brings it back)", enabled: hat_changes, run: change::remove },
    Command { place: Place::Hats, id: "mark-hat", title: "Mark", keys: &[c('m')], footer: false,
        help: "mark the hat, or not any more: what is done next is done to all marked", enabled: has_rows, run: marks::mark },
    Command { place: Place::Hats, id: "copy-hats", title: "Copy", keys: &[c('y')], footer: false,
        help: "copy the marked hats, else all that are here", enabled: can_copy, run: dress::copy },
    Command { place: Place::Hats, id: "put-on", title: "Put on", keys: &[c('p')], footer: false,
        help: "put the copied hats on: exactly these, in place of what is there", enabled: dress::may_put_on, run: dress::replace },
    Command { place: Place::Hats, id: "add-copied", title: "Put on too", keys: &[c('P')], footer: false,
        help: "put the copied hats on beside what is there", enabled: dress::may_put_on, run: dress::add },
    Command { place: Place::AllHats, id: "go-in-hat", title: "Who", keys: &[k(Code::Enter)], footer: true,
        help: "go in: who has the hat", enabled: has_turned_hat, run: panes::go_in },
    Command { place: Place::AllHats, id: "edit-everywhere", title: "Edit", keys: &[c('e')], footer: true,
        help: "change the hat for all who have it: title, worn, required", enabled: turned_changes, run: change::edit },
    Command { place: Place::AllHats, id: "wear-everywhere", title: "Wear", keys: &[c('o')], footer: false,
        help: "all who have the hat wear it; when all do, none", enabled: turned_changes, run: change::wear },
    Command { place: Place::AllHats, id: "require-everywhere", title: "Required", keys: &[c('r')], footer: false,
        help: "required for all who have the hat; when it is, for none", enabled: turned_changes, run: change::require },
    Command { place: Place::AllHats, id: "take-from-all", title: "Take from all", keys: &[c('d'), k(Code::Delete)], footer: true,
        help: "take the hat from all who have it (asks first)", enabled: turned_changes, run: change::remove },
    Command { place: Place::AllHats, id: "copy-hat", title: "Copy", keys: &[c('y')], footer: false,
        help: "copy the hat, to put it on others once the view is turned back", enabled: turned_has, run: dress::copy },
    Command { place: Place::AllHats, id: "mark-all-hats", title: "Mark", keys: &[c(' '), c('m')], footer: true,
        help: "mark the hat, or not any more", enabled: has_rows, run: marks::mark },
    Command { place: Place::Wearers, id: "go-in-wearer", title: "Where", keys: &[k(Code::Enter)], footer: true,
        help: "go in: the rooms in which the user has the hat", enabled: has_wearer, run: panes::go_in },
    Command { place: Place::Wearers, id: "edit-of-wearer", title: "Edit", keys: &[c('e')], footer: true,
        help: "change the hat of the user in all rooms: title, worn, required", enabled: turned_changes, run: change::edit },
    Command { place: Place::Wearers, id: "wear-of-wearer", title: "Wear", keys: &[c('o')], footer: false,
        help: "the user wears the hat in all rooms; when so already, in none", enabled: turned_changes, run: change::wear },
    Command { place: Place::Wearers, id: "require-of-wearer", title: "Required", keys: &[c('r')], footer: false,
        help: "required of the user in all rooms; when it is, in none", enabled: turned_changes, run: change::require },
    Command { place: Place::Wearers, id: "take-from-wearer", title: "Take", keys: &[c('d'), k(Code::Delete)], footer: true,
        help: "take the hat from the user in all rooms", enabled: turned_changes, run: change::remove },
    Command { place: Place::Wearers, id: "copy-hat-of-wearer", title: "Copy", keys: &[c('y')], footer: false,
        help: "copy the hat, to put it on others once the view is turned back", enabled: turned_has, run: dress::copy },
    Command { place: Place::Wearers, id: "mark-wearer", title: "Mark", keys: &[c(' '), c('m')], footer: true,
        help: "mark the user, or not any more", enabled: has_rows, run: marks::mark },
    Command { place: Place::WearersRooms, id: "show-there", title: "Go there", keys: &[k(Code::Enter)], footer: true,
        help: "turn the view back, at this hat of this user in this room", enabled: has_wearer, run: panes::show_there },
    Command { place: Place::WearersRooms, id: "edit-there", title: "Edit", keys: &[c('e')], footer: true,
        help: "edit the attachment: title, active, required, id", enabled: turned_changes, run: change::edit },
    Command { place: Place::WearersRooms, id: "wear-there", title: "Wear", keys: &[c(' ')], footer: true,
        help: "wear or doff, in this room", enabled: turned_changes, run: change::wear },
    Command { place: Place::WearersRooms, id: "require-there", title: "Required", keys: &[c('r')], footer: true,
        help: "required or not, in this room", enabled: turned_changes, run: change::require },
    Command { place: Place::WearersRooms, id: "take-there", title: "Take", keys: &[c('d'), k(Code::Delete)], footer: true,
        help: "take the hat from the user in this room", enabled: turned_changes, run: change::remove },
    Command { place: Place::WearersRooms, id: "copy-hat-there", title: "Copy", keys: &[c('y')], footer: false,
        help: "copy the hat, to put it on others once the view is turned back", enabled: turned_has, run: dress::copy },
    Command { place: Place::WearersRooms, id: "mark-there", title: "Mark", keys: &[c('m')], footer: false,
        help: "mark the room, or not any more", enabled: has_rows, run: marks::mark },
    Command { place: Place::Panes, id: "mark-all", title: "Mark all", keys: &[c('*')], footer: false,
        help: "mark all that the pane shows; again: none", enabled: has_rows, run: marks::mark_all },
    Command { place: Place::Panes, id: "mark-range", title: "Mark range", keys: &[c('V')], footer: false,
        help: "mark from here to where it is pressed again", enabled: has_rows, run: marks::mark_range },
    Command { place: Place::Panes, id: "sort", title: "Sort", keys: &[c('s')], footer: false,
        help: "list the pane in another order: by name, affiliation, number of hats", enabled: State::may_look, run: panes::sort },
    Command { place: Place::Panes, id: "turn", title: "Turn round", keys: &[c('w')], footer: false,
        help: "turn the view round: hats, who has them, in which rooms; again: back", enabled: State::may_look, run: panes::turn },
    Command { place: Place::Panes, id: "catalogue", title: "Catalogue", keys: &[c('C')], footer: false,
        help: "the room's hats: define, retitle, recolour, delete", enabled: has_room, run: catalogue::open },
    Command { place: Place::Panes, id: "undo", title: "Undo", keys: &[c('u')], footer: true,
        help: "take back your last change", enabled: undo::may_undo, run: undo::undo },
    Command { place: Place::Panes, id: "redo", title: "Redo", keys: &[Key::ctrl('r')], footer: false,
        help: "do again what was undone", enabled: undo::may_redo, run: undo::redo },
    Command { place: Place::Panes, id: "filter", title: "Filter", keys: &[c('/')], footer: true,
        help: "narrow this pane: letters of a name; @owner, #hat, !without", enabled: State::may_look, run: filter::edit },
    Command { place: Place::Panes, id: "palette", title: "Commands", keys: &[c(':')], footer: true,
        help: "every command, found by a few letters", enabled: State::may_look, run: finder::palette },
    Command { place: Place::Panes, id: "history", title: "History", keys: &[c('H')], footer: true,
        help: "who did what, and when; undo from there", enabled: State::may_look, run: history::open },
    Command { place: Place::Panes, id: "jump", title: "Go to", keys: &[Key::ctrl('p')], footer: false,
        help: "go to any room, user or hat by a few letters", enabled: finder::may_jump, run: finder::jump },
    Command { place: Place::Panes, id: "sets", title: "Sets", keys: &[c('N')], footer: false,
        help: "named sets of hats: put one on, save the user's", enabled: sets::may_open, run: sets::open },
    Command { place: Place::Panes, id: "import", title: "Import", keys: &[c('I')], footer: false,
        help: "add what is in a file: a table (CSV) or JSON", enabled: prompt::may_import, run: prompt::import },
    Command { place: Place::Panes, id: "export", title: "Export", keys: &[c('X')], footer: false,
        help: "write all, the room or the user into a file", enabled: prompt::may_export, run: prompt::export },
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
        help: "put away the message, the filter, the marks; then the pane to the left", enabled: always, run: panes::escape },
    Command { place: Place::Panes, id: "copy", title: "Copy", keys: &[c('Y')], footer: false,
        help: "copy the address, or the hat's URI, to your clipboard; of all marked, a line each", enabled: copy::has_selected, run: copy::name },
    Command { place: Place::Panes, id: "copy-json", title: "Copy JSON", keys: &[c('J')], footer: false,
        help: "copy the JSON of the room, user or hat to your clipboard", enabled: copy::has_selected, run: copy::json },
    Command { place: Place::Panes, id: "mouse", title: "Mouse", keys: &[c('M')], footer: false,
        help: "the mouse on or off; while it is on, Shift selects text", enabled: always, run: mouse::toggle },
    Command { place: Place::Panes, id: "help", title: "Help", keys: &[c('?'), k(Code::F(1))], footer: true,
        help: "what can be done here", enabled: always, run: finder::help },
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
        help: "do the selected command, or go to the selected place", enabled: finder::may_take, run: finder::take },
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
    Command { place: Place::Sets, id: "put-on-set", title: "Put on", keys: &[k(Code::Enter)], footer: true,
        help: "make the hats of the user, or of the marked ones, exactly these", enabled: sets::may_put_on, run: sets::replace },
    Command { place: Place::Sets, id: "add-set", title: "Add", keys: &[k(Code::Tab)], footer: true,
        help: "give them those of the hats that they do not have", enabled: sets::may_put_on, run: sets::add },
    Command { place: Place::Sets, id: "save-set", title: "Save", keys: &[Key::ctrl('s')], footer: true,
        help: "save the hats of the selected user under a name", enabled: sets::may_save, run: sets::save },
    Command { place: Place::Sets, id: "rename-set", title: "Rename", keys: &[Key::ctrl('r')], footer: true,
        help: "give the set another name", enabled: sets::may_change, run: sets::rename },
    Command { place: Place::Sets, id: "delete-set", title: "Delete", keys: &[Key::ctrl('x')], footer: true,
        help: "delete the set (undo brings it back); nobody's hats change", enabled: sets::may_change, run: sets::delete },
    Command { place: Place::Sets, id: "leave-sets", title: "Close", keys: &[k(Code::Esc)], footer: true,
        help: "close them, all is as it was", enabled: always, run: leave::pop },
    Command { place: Place::Sets, id: "set-down", title: "Down", keys: &[k(Code::Down), Key::ctrl('n')], footer: false,
        help: "select the next row", enabled: always, run: sets::down },
    Command { place: Place::Sets, id: "set-up", title: "Up", keys: &[k(Code::Up), Key::ctrl('p')], footer: false,
        help: "select the row before", enabled: always, run: sets::up },
    Command { place: Place::Sets, id: "set-page-down", title: "Page down", keys: &[k(Code::PageDown)], footer: false,
        help: "a screenful further", enabled: always, run: sets::page_down },
    Command { place: Place::Sets, id: "set-page-up", title: "Page up", keys: &[k(Code::PageUp)], footer: false,
        help: "a screenful back", enabled: always, run: sets::page_up },
    Command { place: Place::Prompt, id: "take-prompt", title: "Do it", keys: &[k(Code::Enter)], footer: true,
        help: "go on with what was typed", enabled: always, run: prompt::take },
    Command { place: Place::Prompt, id: "prompt-next", title: "Choose", keys: &[k(Code::Tab), k(Code::Down)], footer: true,
        help: "the next choice", enabled: prompt::may_choose, run: prompt::choose },
    Command { place: Place::Prompt, id: "prompt-previous", title: "Choice before", keys: &[k(Code::BackTab), k(Code::Up)], footer: false,
        help: "the choice before", enabled: prompt::may_choose, run: prompt::choose_back },
    Command { place: Place::Prompt, id: "leave-prompt", title: "Leave", keys: &[k(Code::Esc)], footer: true,
        help: "leave it, nothing is done", enabled: always, run: leave::pop },
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
    Command { place: Place::Catalogue, id: "define-hat", title: "Define", keys: &[c('a')], footer: true,
        help: "define a hat for the room", enabled: catalogue::may_define, run: catalogue::define },
    Command { place: Place::Catalogue, id: "edit-defined", title: "Edit", keys: &[k(Code::Enter), c('e')], footer: true,
        help: "change its title and its colour; the users' hats are retitled too where that is wanted", enabled: catalogue::may_edit, run: catalogue::edit },
    Command { place: Place::Catalogue, id: "delete-defined", title: "Delete", keys: &[c('d'), k(Code::Delete)], footer: true,
        help: "take it out of the catalogue; says who has it", enabled: catalogue::may_delete, run: catalogue::delete },
    Command { place: Place::Catalogue, id: "catalogue-down", title: "Down", keys: &[k(Code::Down), c('j')], footer: false,
        help: "select the next row", enabled: always, run: catalogue::down },
    Command { place: Place::Catalogue, id: "catalogue-up", title: "Up", keys: &[k(Code::Up), c('k')], footer: false,
        help: "select the row before", enabled: always, run: catalogue::up },
    Command { place: Place::Catalogue, id: "catalogue-page-down", title: "Page down", keys: &[k(Code::PageDown)], footer: false,
        help: "a screenful further", enabled: always, run: catalogue::page_down },
    Command { place: Place::Catalogue, id: "catalogue-page-up", title: "Page up", keys: &[k(Code::PageUp)], footer: false,
        help: "a screenful back", enabled: always, run: catalogue::page_up },
    Command { place: Place::Catalogue, id: "catalogue-undo", title: "Undo", keys: &[c('u')], footer: true,
        help: "take back your last change", enabled: undo::may_undo, run: undo::undo },
    Command { place: Place::Catalogue, id: "leave-catalogue", title: "Close", keys: &[k(Code::Esc), c('q'), c('C')], footer: true,
        help: "back to the panes", enabled: always, run: leave::pop },
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
    Command { place: Place::Everywhere, id: "interrupt", title: "Quit", keys: &[Key::ctrl('c')], footer: false,
        help: "leave; what is typed in a form is kept as a draft", enabled: always, run: leave::interrupt },
    Command { place: Place::Everywhere, id: "suspend", title: "Stop", keys: &[Key::ctrl('z')], footer: false,
        help: "stop for a while, as shells do (fg continues it)", enabled: always, run: leave::suspend },
    Command { place: Place::Everywhere, id: "redraw", title: "Redraw", keys: &[Key::ctrl('l')], footer: false,
        help: "draw the screen anew", enabled: always, run: leave::redraw },
];
