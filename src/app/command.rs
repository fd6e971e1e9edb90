//! The one table of commands: keys, footer, help and the documentation of keys all come from it. What a command does,
//! and when it can be done, is in [`handlers`](super::update).

use super::{Key, KeyCode};

#[macro_use]
mod table;

pub use table::Command;

use table::Keys;

const fn c(character: char) -> Key {
    Key::plain(KeyCode::Char(character))
}

const fn k(code: KeyCode) -> Key {
    Key::plain(code)
}

impl CommandId {
    /// The row of the table.
    pub fn command(self) -> Option<&'static Command> {
        COMMANDS.iter().find(|command| command.id == self)
    }
}

impl std::fmt::Display for CommandId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
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
    SuggestField "In the field of a hat or room" typed over [Form];
    Suggestions "In the list of hats or rooms" typed over [Lists, SuggestField, Form];
    ChoiceField "In a field to tick or choose" all over [Form];
    Sets "Among the named sets of hats" typed over [Lists];
    Prompt "While the name of a file or a set is typed" typed over [];
    Confirm "At a question" all over [];
    Conflict "When somebody else changed the same thing" all over [];
    Catalog "A room's catalog of hats" all over [Lists];
    History "History" all over [Lists];
    Draft "When something was left unsaved" all over [];
    Everywhere "Everywhere" typed over [];
}

commands! {
    GoInRoom "go-in-room" { place: Place::Rooms, title: "Users", keys: &[k(KeyCode::Enter)], footer: true,
        help: "go in: the users of the room" }
    AddRoom "add-room" { place: Place::Rooms, title: "Add", keys: &[c('a')], footer: true,
        help: "add a room" }
    EditRoom "edit-room" { place: Place::Rooms, title: "Edit", keys: &[c('e')], footer: true,
        help: "change the room's name" }
    AddUserToRooms "add-user-to-rooms" { place: Place::Rooms, title: "Add to all", keys: &[c('A')], footer: false,
        help: "affiliate one user with all marked rooms" }
    RemoveRoom "remove-room" { place: Place::Rooms, title: "Remove", keys: &[c('d'), k(KeyCode::Delete)], footer: true,
        help: "remove the room (asks first, unless it is empty)" }
    MarkRoom "mark-room" { place: Place::Rooms, title: "Mark", keys: &[c(' '), c('m')], footer: true,
        help: "mark the room, or not any more: what is done next is done to all marked" }
    GoInUser "go-in-user" { place: Place::Users, title: "Hats", keys: &[k(KeyCode::Enter)], footer: true,
        help: "go in: the hats of the user" }
    AddUser "add-user" { place: Place::Users, title: "Add", keys: &[c('a')], footer: true,
        help: "affiliate a user with the room" }
    EditUser "edit-user" { place: Place::Users, title: "Edit", keys: &[c('e')], footer: true,
        help: "change the user's affiliation" }
    RemoveUser "remove-user" { place: Place::Users, title: "Remove", keys: &[c('d'), k(KeyCode::Delete)], footer: true,
        help: "remove the user (asks first where there are hats)" }
    MarkUser "mark-user" { place: Place::Users, title: "Mark", keys: &[c(' '), c('m')], footer: true,
        help: "mark the user, or not any more: hats are given to all marked" }
    GiveHat "give-hat" { place: Place::Users, title: "Give hat", keys: &[c('+')], footer: false,
        help: "give the user a hat; all marked users, where some are" }
    CopyHatsOfUser "copy-hats-of-user" { place: Place::Users, title: "Copy", keys: &[c('y')], footer: false,
        help: "copy the user's hats, to put them on others" }
    PutOnUsers "put-on-users" { place: Place::Users, title: "Put on", keys: &[c('p')], footer: false,
        help: "put the copied hats on: exactly these, in place of what is there" }
    AddToUsers "add-to-users" { place: Place::Users, title: "Put on too", keys: &[c('P')], footer: false,
        help: "put the copied hats on beside what is there" }
    EditHat "edit-hat" { place: Place::Hats, title: "Edit", keys: &[k(KeyCode::Enter), c('e')], footer: true,
        help: "edit the attachment: title, active, required, id" }
    AddHat "add-hat" { place: Place::Hats, title: "Add", keys: &[c('a')], footer: true,
        help: "give the user a hat; all marked users, where some are" }
    Wear "wear" { place: Place::Hats, title: "Wear", keys: &[c(' ')], footer: true,
        help: "wear or doff: whether the user displays the hat" }
    Require "require" { place: Place::Hats, title: "Required", keys: &[c('r')], footer: true,
        help: "required or not: whether the user can take the hat off" }
    TakeHat "take-hat" { place: Place::Hats, title: "Remove", keys: &[c('d'), k(KeyCode::Delete)], footer: true,
        help: "take the hat away (undo brings it back)" }
    MarkHat "mark-hat" { place: Place::Hats, title: "Mark", keys: &[c('m')], footer: false,
        help: "mark the hat, or not any more: what is done next is done to all marked" }
    CopyHats "copy-hats" { place: Place::Hats, title: "Copy", keys: &[c('y')], footer: false,
        help: "copy the marked hats, else all that are here" }
    PutOn "put-on" { place: Place::Hats, title: "Put on", keys: &[c('p')], footer: false,
        help: "put the copied hats on: exactly these, in place of what is there" }
    AddCopied "add-copied" { place: Place::Hats, title: "Put on too", keys: &[c('P')], footer: false,
        help: "put the copied hats on beside what is there" }
    GoInHat "go-in-hat" { place: Place::AllHats, title: "Who", keys: &[k(KeyCode::Enter)], footer: true,
        help: "go in: who has the hat" }
    EditEverywhere "edit-everywhere" { place: Place::AllHats, title: "Edit", keys: &[c('e')], footer: true,
        help: "change the hat for all who have it: title, worn, required" }
    WearEverywhere "wear-everywhere" { place: Place::AllHats, title: "Wear", keys: &[c('o')], footer: false,
        help: "all who have the hat wear it; when all do, none" }
    RequireEverywhere "require-everywhere" { place: Place::AllHats, title: "Required", keys: &[c('r')], footer: false,
        help: "required for all who have the hat; when it is, for none" }
    TakeFromAll "take-from-all" { place: Place::AllHats, title: "Take from all", keys: &[c('d'), k(KeyCode::Delete)], footer: true,
        help: "take the hat from all who have it (asks first)" }
    CopyHat "copy-hat" { place: Place::AllHats, title: "Copy", keys: &[c('y')], footer: false,
        help: "copy the hat, to put it on others once the view is turned back" }
    MarkAllHats "mark-all-hats" { place: Place::AllHats, title: "Mark", keys: &[c(' '), c('m')], footer: true,
        help: "mark the hat, or not any more" }
    GoInWearer "go-in-wearer" { place: Place::Wearers, title: "Where", keys: &[k(KeyCode::Enter)], footer: true,
        help: "go in: the rooms in which the user has the hat" }
    EditOfWearer "edit-of-wearer" { place: Place::Wearers, title: "Edit", keys: &[c('e')], footer: true,
        help: "change the hat of the user in all rooms: title, worn, required" }
    WearOfWearer "wear-of-wearer" { place: Place::Wearers, title: "Wear", keys: &[c('o')], footer: false,
        help: "the user wears the hat in all rooms; when so already, in none" }
    RequireOfWearer "require-of-wearer" { place: Place::Wearers, title: "Required", keys: &[c('r')], footer: false,
        help: "required of the user in all rooms; when it is, in none" }
    TakeFromWearer "take-from-wearer" { place: Place::Wearers, title: "Take", keys: &[c('d'), k(KeyCode::Delete)], footer: true,
        help: "take the hat from the user in all rooms" }
    CopyHatOfWearer "copy-hat-of-wearer" { place: Place::Wearers, title: "Copy", keys: &[c('y')], footer: false,
        help: "copy the hat, to put it on others once the view is turned back" }
    MarkWearer "mark-wearer" { place: Place::Wearers, title: "Mark", keys: &[c(' '), c('m')], footer: true,
        help: "mark the user, or not any more" }
    ShowThere "show-there" { place: Place::WearersRooms, title: "Go there", keys: &[k(KeyCode::Enter)], footer: true,
        help: "turn the view back, at this hat of this user in this room" }
    EditThere "edit-there" { place: Place::WearersRooms, title: "Edit", keys: &[c('e')], footer: true,
        help: "edit the attachment: title, active, required, id" }
    WearThere "wear-there" { place: Place::WearersRooms, title: "Wear", keys: &[c(' ')], footer: true,
        help: "wear or doff, in this room" }
    RequireThere "require-there" { place: Place::WearersRooms, title: "Required", keys: &[c('r')], footer: true,
        help: "required or not, in this room" }
    TakeThere "take-there" { place: Place::WearersRooms, title: "Take", keys: &[c('d'), k(KeyCode::Delete)], footer: true,
        help: "take the hat from the user in this room" }
    CopyHatThere "copy-hat-there" { place: Place::WearersRooms, title: "Copy", keys: &[c('y')], footer: false,
        help: "copy the hat, to put it on others once the view is turned back" }
    MarkThere "mark-there" { place: Place::WearersRooms, title: "Mark", keys: &[c('m')], footer: false,
        help: "mark the room, or not any more" }
    GoInListedUser "go-in-listed-user" { place: Place::AllUsers, title: "Rooms", keys: &[k(KeyCode::Enter)], footer: true,
        help: "go in: the rooms of the user" }
    GiveEverywhere "add-hat-everywhere" { place: Place::AllUsers, title: "Add hat", keys: &[c('a'), c('+')], footer: true,
        help: "add a hat to the user in all their rooms" }
    EditUserEverywhere "edit-user-everywhere" aka ["role"] { place: Place::AllUsers, title: "Edit", keys: &[c('e')], footer: true,
        help: "set the user's affiliation in all their rooms" }
    BanEverywhere "ban-everywhere" aka ["outcast"] { place: Place::AllUsers, title: "Ban", keys: &[c('b')], footer: true,
        help: "ban the user in all their rooms (asks first)" }
    RemoveUserEverywhere "remove-user-everywhere" aka ["delete"] { place: Place::AllUsers, title: "Remove", keys: &[c('d'), k(KeyCode::Delete)], footer: true,
        help: "remove the user from all their rooms (asks first)" }
    MarkListedUser "mark-listed-user" { place: Place::AllUsers, title: "Mark", keys: &[c(' '), c('m')], footer: false,
        help: "mark or unmark the user: what is done next is done to all marked" }
    AddListedUserToRoom "add-listed-user-to-room" aka ["affiliate"] { place: Place::AllUsers, title: "Add to room", keys: &[c('A')], footer: false,
        help: "add the user to another room; all marked users, where some are" }
    GoInRoomOfUser "go-in-room-of-user" { place: Place::RoomsOfUser, title: "Hats", keys: &[k(KeyCode::Enter)], footer: true,
        help: "go in: the hats of the user in the room" }
    GiveInRooms "add-hat-in-rooms" { place: Place::RoomsOfUser, title: "Add hat", keys: &[c('a'), c('+')], footer: true,
        help: "add a hat to the user in this room, or in all marked rooms" }
    EditUserInRooms "edit-user-in-rooms" aka ["role"] { place: Place::RoomsOfUser, title: "Edit", keys: &[c('e')], footer: true,
        help: "set the user's affiliation in this room, or in all marked rooms" }
    BanInRooms "ban-in-rooms" aka ["outcast"] { place: Place::RoomsOfUser, title: "Ban", keys: &[c('b')], footer: true,
        help: "ban the user in this room, or in all marked rooms" }
    RemoveUserFromRooms "remove-user-from-rooms" aka ["delete"] { place: Place::RoomsOfUser, title: "Remove", keys: &[c('d'), k(KeyCode::Delete)], footer: true,
        help: "remove the user from this room, or from all marked rooms" }
    MarkRoomOfUser "mark-room-of-user" { place: Place::RoomsOfUser, title: "Mark", keys: &[c(' '), c('m')], footer: true,
        help: "mark or unmark the room: what is done next is done in all marked rooms" }
    AddToAnotherRoom "add-to-another-room" aka ["affiliate"] { place: Place::RoomsOfUser, title: "Add to room", keys: &[c('A')], footer: true,
        help: "add the user to another room" }
    CopyHatsInRoom "copy-hats-in-room" { place: Place::RoomsOfUser, title: "Copy", keys: &[c('y')], footer: false,
        help: "copy the user's hats in this room, to add them elsewhere" }
    ReplaceHatsInRooms "replace-hats-in-rooms" { place: Place::RoomsOfUser, title: "Replace hats", keys: &[c('p')], footer: false,
        help: "replace the user's hats there by the copied ones" }
    AddHatsInRooms "add-hats-in-rooms" { place: Place::RoomsOfUser, title: "Add copied hats", keys: &[c('P')], footer: false,
        help: "add the copied hats to those that the user has there" }
    MarkAll "mark-all" { place: Place::Panes, title: "Mark all", keys: &[c('*')], footer: false,
        help: "mark all that the pane shows; again: none" }
    MarkRange "mark-range" { place: Place::Panes, title: "Mark range", keys: &[c('V')], footer: false,
        help: "mark from here to where it is pressed again" }
    Sort "sort" { place: Place::Panes, title: "Sort", keys: &[c('s')], footer: false,
        help: "list the pane in another order: by name, affiliation, number of hats" }
    Turn "turn" { place: Place::Panes, title: "View", keys: &[c('w')], footer: false,
        help: "next view: Rooms; Hats (users with a hat, their rooms); Users (their rooms, their hats)" }
    Catalog "catalog" aka ["catalogue"] formerly ["catalogue"] { place: Place::Panes, title: "Catalog", keys: &[c('C')], footer: false,
        help: "the room's hats: define, retitle, recolor, delete" }
    Undo "undo" aka ["revert"] { place: Place::Panes, title: "Undo", keys: &[c('u')], footer: true,
        help: "take back your last change" }
    Redo "redo" { place: Place::Panes, title: "Redo", keys: &[Key::ctrl('r')], footer: false,
        help: "do again what was undone" }
    Filter "filter" aka ["search"] { place: Place::Panes, title: "Filter", keys: &[c('/')], footer: true,
        help: "narrow this pane: letters of a name; @owner, #hat, !without" }
    Palette "palette" { place: Place::Panes, title: "Commands", keys: &[c(':')], footer: true,
        help: "every command, found by a few letters" }
    History "history" { place: Place::Panes, title: "History", keys: &[c('H')], footer: true,
        help: "who did what, and when; undo from there" }
    Jump "jump" aka ["search"] { place: Place::Panes, title: "Go to", keys: &[Key::ctrl('p')], footer: false,
        help: "go to any room, user or hat by a few letters" }
    Sets "sets" { place: Place::Panes, title: "Sets", keys: &[c('N')], footer: false,
        help: "named sets of hats: put one on, save the user's" }
    Import "import" { place: Place::Panes, title: "Import", keys: &[c('I')], footer: false,
        help: "add what is in a file: a table (CSV) or JSON" }
    Export "export" { place: Place::Panes, title: "Export", keys: &[c('X')], footer: false,
        help: "write all, the room or the user into a file" }
    NextPane "next-pane" { place: Place::Panes, title: "Next pane", keys: &[k(KeyCode::Tab)], footer: false,
        help: "focus the next pane, and round" }
    Right "right" { place: Place::Panes, title: "Right", keys: &[k(KeyCode::Right), c('l')], footer: false,
        help: "focus the pane to the right" }
    PreviousPane "previous-pane" { place: Place::Panes, title: "Previous pane", keys: &[k(KeyCode::BackTab)], footer: false,
        help: "focus the pane before, and round" }
    Left "left" { place: Place::Panes, title: "Left", keys: &[k(KeyCode::Left), c('h')], footer: false,
        help: "focus the pane to the left" }
    Retry "retry" { place: Place::Panes, title: "Try again", keys: &[Key::ctrl('t')], footer: true,
        help: "write or read again what failed, now" }
    Restore "restore" { place: Place::Panes, title: "Write again", keys: &[c('W')], footer: true,
        help: "write the data file again after it disappeared" }
    Draft "draft" { place: Place::Panes, title: "Draft", keys: &[c('D')], footer: true,
        help: "look again at what was left unsaved" }
    Back "back" { place: Place::Panes, title: "Back", keys: &[k(KeyCode::Esc)], footer: false,
        help: "put away the message, the filter, the marks; then the pane to the left" }
    Copy "copy" { place: Place::Panes, title: "Copy", keys: &[c('Y')], footer: false,
        help: "copy the address, or the hat's URI, to your clipboard; of all marked, a line each" }
    CopyJson "copy-json" { place: Place::Panes, title: "Copy JSON", keys: &[c('J')], footer: false,
        help: "copy the JSON of the room, user or hat to your clipboard" }
    Mouse "mouse" { place: Place::Panes, title: "Mouse", keys: &[c('M')], footer: false,
        help: "the mouse on or off; while it is on, Shift selects text" }
    Help "help" { place: Place::Panes, title: "Help", keys: &[c('?'), k(KeyCode::F(1))], footer: true,
        help: "what can be done here" }
    Quit "quit" aka ["exit"] { place: Place::Panes, title: "Quit", keys: &[c('q')], footer: false,
        help: "leave; what is on its way is saved first" }
    Down "down" merged ["filter-down", "found-down", "set-down", "catalogue-down", "history-down", "list-down"] {
        place: Place::Lists, title: "Down", keys: &[k(KeyCode::Down), c('j')], also: Key::ctrl('n'), footer: false, help: "select the next row"
    }
    Up "up" merged ["filter-up", "found-up", "set-up", "catalogue-up", "history-up", "list-up"] {
        place: Place::Lists, title: "Up", keys: &[k(KeyCode::Up), c('k')], also: Key::ctrl('p'), footer: false, help: "select the row before"
    }
    PageDown "page-down" merged ["filter-page-down", "found-page-down", "set-page-down", "catalogue-page-down", "history-page-down"] {
        place: Place::Lists, title: "Page down", keys: &[k(KeyCode::PageDown)], also: c(' '), footer: false, help: "a screenful further"
    }
    PageUp "page-up" merged ["filter-page-up", "found-page-up", "set-page-up", "catalogue-page-up", "history-page-up"] {
        place: Place::Lists, title: "Page up", keys: &[k(KeyCode::PageUp)], footer: false, help: "a screenful back"
    }
    First "first" merged ["history-first"] {
        place: Place::Lists, title: "First", keys: &[c('g'), k(KeyCode::Home)], footer: false, help: "select the first row"
    }
    Last "last" merged ["history-last"] {
        place: Place::Lists, title: "Last", keys: &[c('G'), k(KeyCode::End)], footer: false, help: "select the last row"
    }
    KeepFilter "keep-filter" { place: Place::Filter, title: "Keep", keys: &[k(KeyCode::Enter)], footer: true,
        help: "keep what was typed, go back to the rows" }
    ClearFilter "clear-filter" { place: Place::Filter, title: "Clear", keys: &[k(KeyCode::Esc)], footer: true,
        help: "show all rows again" }
    FilterNextPane "filter-next-pane" { place: Place::Filter, title: "Next pane", keys: &[k(KeyCode::Tab)], footer: false,
        help: "keep what was typed, focus the next pane" }
    TakeFound "take-found" { place: Place::Finder, title: "Take it", keys: &[k(KeyCode::Enter)], footer: true,
        help: "do the selected command, or go to the selected place" }
    LeaveFinder "leave-finder" { place: Place::Finder, title: "Close", keys: &[k(KeyCode::Esc)], footer: true,
        help: "close it, all is as it was" }
    List "list" { place: Place::SuggestField, title: "List", keys: &[k(KeyCode::Down)], footer: true,
        help: "go into the list of existing hats or rooms" }
    NewId "new-id" { place: Place::SuggestField, title: "New URI", keys: &[Key::ctrl('g')], footer: true,
        help: "make a new urn:uuid: for a hat that has none" }
    Take "take" { place: Place::Suggestions, title: "Take it", keys: &[k(KeyCode::Enter)], footer: true,
        help: "take the selected hat or room; a hat's title is filled in" }
    ListLeave "list-leave" { place: Place::Suggestions, title: "Back", keys: &[k(KeyCode::Esc)], footer: true,
        help: "back to the field" }
    Tick "tick" { place: Place::ChoiceField, title: "Change", keys: &[c(' '), k(KeyCode::Right)], footer: true,
        help: "tick it or not; the next choice" }
    TickBack "tick-back" { place: Place::ChoiceField, title: "Choose", keys: &[k(KeyCode::Left)], footer: false,
        help: "the choice before" }
    Save "save" { place: Place::Form, title: "Save", keys: &[k(KeyCode::Enter), Key::ctrl('s')], footer: true,
        help: "save, from any field" }
    NextField "next-field" { place: Place::Form, title: "Next field", keys: &[k(KeyCode::Tab), k(KeyCode::Down)], footer: true,
        help: "go to the next field" }
    PreviousField "previous-field" { place: Place::Form, title: "Previous field", keys: &[k(KeyCode::BackTab), k(KeyCode::Up)], footer: false,
        help: "go to the field before" }
    LeaveForm "leave-form" { place: Place::Form, title: "Leave", keys: &[k(KeyCode::Esc)], footer: true,
        help: "leave without saving (asks when something was typed)" }
    PutOnSet "put-on-set" { place: Place::Sets, title: "Put on", keys: &[k(KeyCode::Enter)], footer: true,
        help: "make the hats of the user, or of the marked ones, exactly these" }
    AddSet "add-set" { place: Place::Sets, title: "Add", keys: &[k(KeyCode::Tab)], footer: true,
        help: "give them those of the hats that they do not have" }
    SaveSet "save-set" { place: Place::Sets, title: "Save", keys: &[Key::ctrl('s')], footer: true,
        help: "save the hats of the selected user under a name" }
    RenameSet "rename-set" { place: Place::Sets, title: "Rename", keys: &[Key::ctrl('r')], footer: true,
        help: "give the set another name" }
    DeleteSet "delete-set" { place: Place::Sets, title: "Delete", keys: &[Key::ctrl('x')], footer: true,
        help: "delete the set (undo brings it back); nobody's hats change" }
    LeaveSets "leave-sets" { place: Place::Sets, title: "Close", keys: &[k(KeyCode::Esc)], footer: true,
        help: "close them, all is as it was" }
    TakePrompt "take-prompt" { place: Place::Prompt, title: "Do it", keys: &[k(KeyCode::Enter)], footer: true,
        help: "go on with what was typed" }
    PromptNext "prompt-next" { place: Place::Prompt, title: "Choose", keys: &[k(KeyCode::Tab), k(KeyCode::Down)], footer: true,
        help: "the next choice" }
    PromptPrevious "prompt-previous" { place: Place::Prompt, title: "Choice before", keys: &[k(KeyCode::BackTab), k(KeyCode::Up)], footer: false,
        help: "the choice before" }
    LeavePrompt "leave-prompt" { place: Place::Prompt, title: "Leave", keys: &[k(KeyCode::Esc)], footer: true,
        help: "leave it, nothing is done" }
    Yes "yes" { place: Place::Confirm, title: "Yes", keys: &[c('y')], footer: true,
        help: "yes, do it" }
    No "no" { place: Place::Confirm, title: "No", keys: &[k(KeyCode::Esc), c('n')], footer: true,
        help: "no, go back" }
    KeepMine "keep-mine" { place: Place::Conflict, title: "Mine", keys: &[c('m')], footer: true,
        help: "put mine in place of what is there now" }
    KeepTheirs "keep-theirs" { place: Place::Conflict, title: "Theirs", keys: &[c('t')], footer: true,
        help: "leave what is there now" }
    DecideLater "decide-later" { place: Place::Conflict, title: "Back", keys: &[k(KeyCode::Esc)], footer: true,
        help: "back to the form, nothing is written" }
    DefineHat "define-hat" { place: Place::Catalog, title: "Define", keys: &[c('a')], footer: true,
        help: "define a hat for the room" }
    EditDefined "edit-defined" { place: Place::Catalog, title: "Edit", keys: &[k(KeyCode::Enter), c('e')], footer: true,
        help: "change its title and its color; the users' hats are retitled too where that is wanted" }
    DeleteDefined "delete-defined" { place: Place::Catalog, title: "Delete", keys: &[c('d'), k(KeyCode::Delete)], footer: true,
        help: "take it out of the catalog; says who has it" }
    CatalogUndo "catalog-undo" formerly ["catalogue-undo"] { place: Place::Catalog, title: "Undo", keys: &[c('u')], footer: true,
        help: "take back your last change" }
    LeaveCatalog "leave-catalog" formerly ["leave-catalogue"] { place: Place::Catalog, title: "Close", keys: &[k(KeyCode::Esc), c('q'), c('C')], footer: true,
        help: "back to the panes" }
    UndoEntry "undo-entry" { place: Place::History, title: "Undo this", keys: &[c('u')], footer: true,
        help: "take back the selected entry, as a new change" }
    ByActor "by-actor" { place: Place::History, title: "By who", keys: &[c('a')], footer: true,
        help: "only what the same person did; again: all" }
    ByRoom "by-room" { place: Place::History, title: "By room", keys: &[c('r')], footer: true,
        help: "only the same room; again: all" }
    ByUser "by-user" { place: Place::History, title: "By user", keys: &[c('s')], footer: true,
        help: "only the same user; again: all" }
    ByHat "by-hat" { place: Place::History, title: "By hat", keys: &[c('t')], footer: true,
        help: "only the same hat; again: all" }
    LeaveHistory "leave-history" { place: Place::History, title: "Close", keys: &[k(KeyCode::Esc), c('q'), c('H')], footer: true,
        help: "back to the panes" }
    TakeDraft "take-draft" { place: Place::Draft, title: "Go on", keys: &[k(KeyCode::Enter), c('y')], footer: true,
        help: "go on where it was left" }
    DropDraft "drop-draft" { place: Place::Draft, title: "Throw away", keys: &[c('d')], footer: true,
        help: "throw it away (asks first)" }
    Later "later" { place: Place::Draft, title: "Later", keys: &[k(KeyCode::Esc)], footer: true,
        help: "decide later; it is kept" }
    Interrupt "interrupt" { place: Place::Everywhere, title: "Quit", keys: &[Key::ctrl('c')], footer: false,
        help: "leave; what is typed in a form is kept as a draft" }
    Suspend "suspend" { place: Place::Everywhere, title: "Stop", keys: &[Key::ctrl('z')], footer: false,
        help: "stop for a while, as shells do (fg continues it)" }
    Redraw "redraw" { place: Place::Everywhere, title: "Redraw", keys: &[Key::ctrl('l')], footer: false,
        help: "draw the screen anew" }
}
