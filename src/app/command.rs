//! The table of commands, from which the footer, the help, the palette and docs/keys.md are generated. The module
//! [`update`](super::update) runs the commands, and says when they are enabled.

use super::{Key, KeyCode};

#[macro_use]
mod table;
mod places;

pub use places::Place;
pub use table::Command;

/// The key of a character.
const fn c(character: char) -> Key {
    Key::plain(KeyCode::Char(character))
}

/// A key that does not type a character.
const fn k(code: KeyCode) -> Key {
    Key::plain(code)
}

commands! {
    OpenRoom "open-room" formerly ["go-in-room"] { place: Place::Rooms, title: "Open", keys: &[k(KeyCode::Enter)], footer: true,
        help: "Open the room's users" }
    AddRoom "add-room" aka ["new", "create", "channel"] { place: Place::Rooms, title: "Add", keys: &[c('a')], footer: true,
        help: "Add a room" }
    EditRoom "edit-room" aka ["rename", "name"] { place: Place::Rooms, title: "Edit", keys: &[c('e')], footer: true,
        help: "Change the room's name" }
    AddUserToRooms "add-user-to-rooms" aka ["bulk"] { place: Place::Rooms, title: "Add user", keys: &[c('A')], footer: false, marked: true,
        help: "Add a user to all marked rooms" }
    RemoveRoom "remove-room" aka ["delete", "destroy"] { place: Place::Rooms, title: "Remove", keys: &[c('d'), k(KeyCode::Delete)], footer: true, marked: true,
        help: "Remove the room (asks first, unless it is empty)" }
    MarkRoom "mark-room" { place: Place::Rooms, title: "Mark", keys: &[c(' '), c('m')], footer: true,
        help: "Mark or unmark the room (commands act on all marked rooms)" }
    OpenUser "open-user" formerly ["go-in-user"] { place: Place::Users, title: "Open", keys: &[k(KeyCode::Enter)], footer: true,
        help: "Open the user's hats" }
    AddUser "add-user" aka ["affiliate", "new", "create", "invite"] { place: Place::Users, title: "Add", keys: &[c('a')], footer: true,
        help: "Add a user to the room" }
    AddHatToUsers "add-hat-to-users" aka ["give", "bulk", "assign", "grant", "badge", "tag", "expire", "expiry", "temporary"] formerly ["give-hat"] { place: Place::Users, title: "Add hat", keys: &[c('+')], footer: false, marked: true,
        help: "Add a hat to the user, or to all marked users" }
    EditUser "edit-user" aka ["role", "unban", "promote", "demote", "moderator", "owner", "admin", "member", "mute", "unmute", "permissions", "affiliation"] { place: Place::Users, title: "Edit", keys: &[c('e')], footer: true, marked: true,
        help: "Set the user's affiliation" }
    RemoveUser "remove-user" aka ["delete", "kick", "expel"] { place: Place::Users, title: "Remove", keys: &[c('d'), k(KeyCode::Delete)], footer: true, marked: true,
        help: "Remove the user from the room (asks first if the user has hats or is an owner or admin)" }
    BanUser "ban-user" aka ["block", "outcast"] { place: Place::Users, title: "Ban", keys: &[c('b')], footer: false, marked: true,
        help: "Ban the user from this room (asks first)" }
    MarkUser "mark-user" { place: Place::Users, title: "Mark", keys: &[c(' '), c('m')], footer: true,
        help: "Mark or unmark the user (commands act on all marked users)" }
    CopyUserHats "copy-user-hats" aka ["duplicate", "clone"] formerly ["copy-hats-of-user"] { place: Place::Users, title: "Copy", keys: &[c('y')], footer: false,
        help: "Copy the user's hats" }
    ReplaceUserHats "replace-user-hats" aka ["paste"] formerly ["put-on-users"] { place: Place::Users, title: "Replace hats", keys: &[c('p')], footer: false,
        help: "Replace hats with the copied hats" }
    AddCopiedToUsers "add-copied-to-users" aka ["paste"] formerly ["add-to-users"] { place: Place::Users, title: "Add copied", keys: &[c('P')], footer: false,
        help: "Add the copied hats and keep the others" }
    EditHat "edit-hat" aka ["rename", "change", "title", "expire", "expiry", "temporary"] { place: Place::Hats, title: "Edit", keys: &[k(KeyCode::Enter), c('e')], footer: true, marked: true,
        help: "Edit the hat: title, active, required, ID" }
    AddHat "add-hat" aka ["give", "bulk", "assign", "grant", "badge", "tag", "new", "expire", "expiry", "temporary"] { place: Place::Hats, title: "Add", keys: &[c('a'), c('+')], footer: true,
        help: "Add a hat to the user, or to all marked users" }
    ToggleActive "toggle-active" aka ["show", "hide", "enable", "disable", "deactivate"] formerly ["wear"] { place: Place::Hats, title: "Toggle active", keys: &[c(' '), c('o')], footer: true, marked: true,
        help: "Toggle active (shown in chat)" }
    ToggleRequired "toggle-required" aka ["lock", "unlock", "mandatory"] formerly ["require"] { place: Place::Hats, title: "Toggle required", keys: &[c('r')], footer: true, marked: true,
        help: "Toggle required (the user cannot remove it)" }
    RemoveHat "remove-hat" aka ["delete", "revoke", "unassign", "take"] formerly ["take-hat"] { place: Place::Hats, title: "Remove", keys: &[c('d'), k(KeyCode::Delete)], footer: true, marked: true,
        help: "Remove the hat from the user" }
    MarkHat "mark-hat" { place: Place::Hats, title: "Mark", keys: &[c('m')], footer: false,
        help: "Mark or unmark the hat (commands act on all marked hats)" }
    CopyHats "copy-hats" { place: Place::Hats, title: "Copy", keys: &[c('y')], footer: false,
        help: "Copy the marked hats, or all hats listed here" }
    ReplaceHats "replace-hats" aka ["paste"] formerly ["put-on"] { place: Place::Hats, title: "Replace hats", keys: &[c('p')], footer: false,
        help: "Replace hats with the copied hats" }
    AddCopiedHats "add-copied-hats" aka ["paste"] formerly ["add-copied"] { place: Place::Hats, title: "Add copied", keys: &[c('P')], footer: false,
        help: "Add the copied hats and keep the others" }
    OpenHat "open-hat" formerly ["go-in-hat"] { place: Place::AllHats, title: "Open", keys: &[k(KeyCode::Enter)], footer: true,
        help: "Show who has the hat" }
    EditHatEverywhere "edit-hat-everywhere" aka ["rename", "bulk"] formerly ["edit-everywhere"] { place: Place::AllHats, title: "Edit", keys: &[c('e')], footer: true, marked: true,
        help: "Edit the hat for everyone who has it" }
    ToggleActiveEverywhere "toggle-active-everywhere" formerly ["wear-everywhere"] { place: Place::AllHats, title: "Toggle active", keys: &[c('o')], footer: false, marked: true,
        help: "Toggle active for everyone who has the hat" }
    ToggleRequiredEverywhere "toggle-required-everywhere" formerly ["require-everywhere"] { place: Place::AllHats, title: "Toggle required", keys: &[c('r')], footer: false, marked: true,
        help: "Toggle required for everyone who has the hat" }
    RemoveHatEverywhere "remove-hat-everywhere" aka ["delete", "bulk", "revoke", "unassign"] formerly ["take-from-all"] { place: Place::AllHats, title: "Remove from all", keys: &[c('d'), k(KeyCode::Delete)], footer: true, marked: true,
        help: "Remove the hat from everyone who has it (asks first if several do)" }
    CopyHat "copy-hat" { place: Place::AllHats, title: "Copy", keys: &[c('y')], footer: false,
        help: "Copy the hat" }
    MarkListedHat "mark-listed-hat" formerly ["mark-all-hats"] { place: Place::AllHats, title: "Mark", keys: &[c(' '), c('m')], footer: true,
        help: "Mark or unmark the hat (commands act on all marked hats)" }
    OpenUserWithHat "open-user-with-hat" formerly ["go-in-wearer"] { place: Place::UsersWithHat, title: "Open", keys: &[k(KeyCode::Enter)], footer: true,
        help: "Show in which rooms the user has the hat" }
    AddHatToUserWithHat "add-hat-to-user-with-hat" aka ["give", "bulk", "assign", "grant", "badge", "tag"] { place: Place::UsersWithHat, title: "Add hat", keys: &[c('+'), c('a')], footer: false, marked: true,
        help: "Add another hat to the user, in all rooms where the user has this one" }
    EditHatOfUser "edit-hat-of-user" aka ["rename"] formerly ["edit-of-wearer"] { place: Place::UsersWithHat, title: "Edit hat", keys: &[c('e')], footer: true, marked: true,
        help: "Edit the user's hat in all rooms" }
    ToggleActiveForUser "toggle-active-for-user" formerly ["wear-of-wearer"] { place: Place::UsersWithHat, title: "Toggle active", keys: &[c('o')], footer: false, marked: true,
        help: "Toggle active for the user in all rooms" }
    ToggleRequiredForUser "toggle-required-for-user" formerly ["require-of-wearer"] { place: Place::UsersWithHat, title: "Toggle required", keys: &[c('r')], footer: false, marked: true,
        help: "Toggle required for the user in all rooms" }
    RemoveHatFromUser "remove-hat-from-user" aka ["delete", "revoke", "unassign"] formerly ["take-from-wearer"] { place: Place::UsersWithHat, title: "Remove from user", keys: &[c('d'), k(KeyCode::Delete)], footer: true, marked: true,
        help: "Remove the hat from the user in all rooms" }
    CopyHatOfUser "copy-hat-of-user" formerly ["copy-hat-of-wearer"] { place: Place::UsersWithHat, title: "Copy", keys: &[c('y')], footer: false,
        help: "Copy the hat" }
    MarkUserWithHat "mark-user-with-hat" formerly ["mark-wearer"] { place: Place::UsersWithHat, title: "Mark", keys: &[c(' '), c('m')], footer: true,
        help: "Mark or unmark the user (commands act on all marked users)" }
    ShowInRooms "show-in-rooms" formerly ["show-there"] { place: Place::RoomsWithHat, title: "Show in Rooms", keys: &[k(KeyCode::Enter)], footer: true,
        help: "Show the hat in the Rooms view" }
    AddHatInRoomWithHat "add-hat-in-room-with-hat" aka ["give", "bulk", "assign", "grant", "badge", "tag"] { place: Place::RoomsWithHat, title: "Add hat", keys: &[c('+'), c('a')], footer: false, marked: true,
        help: "Add another hat to the user in this room, or in all marked rooms" }
    EditHatInRoom "edit-hat-in-room" aka ["rename"] formerly ["edit-there"] { place: Place::RoomsWithHat, title: "Edit hat", keys: &[c('e')], footer: true, marked: true,
        help: "Edit the hat: title, active, required, ID" }
    ToggleActiveInRoom "toggle-active-in-room" formerly ["wear-there"] { place: Place::RoomsWithHat, title: "Toggle active", keys: &[c(' '), c('o')], footer: true, marked: true,
        help: "Toggle active in this room" }
    ToggleRequiredInRoom "toggle-required-in-room" formerly ["require-there"] { place: Place::RoomsWithHat, title: "Toggle required", keys: &[c('r')], footer: true, marked: true,
        help: "Toggle required in this room" }
    RemoveHatInRoom "remove-hat-in-room" aka ["delete", "revoke", "unassign"] formerly ["take-there"] { place: Place::RoomsWithHat, title: "Remove from user", keys: &[c('d'), k(KeyCode::Delete)], footer: true, marked: true,
        help: "Remove the hat from the user in this room" }
    CopyHatInRoom "copy-hat-in-room" formerly ["copy-hat-there"] { place: Place::RoomsWithHat, title: "Copy", keys: &[c('y')], footer: false,
        help: "Copy the hat" }
    MarkRoomWithHat "mark-room-with-hat" formerly ["mark-there"] { place: Place::RoomsWithHat, title: "Mark", keys: &[c('m')], footer: false,
        help: "Mark or unmark the room (commands act on all marked rooms)" }
    OpenListedUser "open-listed-user" formerly ["go-in-listed-user"] { place: Place::AllUsers, title: "Open", keys: &[k(KeyCode::Enter)], footer: true,
        help: "Open the user's rooms" }
    AddHatEverywhere "add-hat-everywhere" aka ["give", "bulk", "assign", "grant", "badge", "tag"] { place: Place::AllUsers, title: "Add hat", keys: &[c('+'), c('a')], footer: true, marked: true,
        help: "Add a hat to the user in all their rooms" }
    EditUserEverywhere "edit-user-everywhere" aka ["role", "unban", "promote", "demote", "moderator", "owner", "admin", "member", "mute", "unmute", "permissions", "affiliation"] { place: Place::AllUsers, title: "Edit", keys: &[c('e')], footer: true, marked: true,
        help: "Set the user's affiliation in all their rooms" }
    BanEverywhere "ban-everywhere" aka ["block", "outcast"] { place: Place::AllUsers, title: "Ban", keys: &[c('b')], footer: true, marked: true,
        help: "Ban the user from all their rooms (asks first)" }
    RemoveUserEverywhere "remove-user-everywhere" aka ["delete", "kick", "expel"] { place: Place::AllUsers, title: "Remove", keys: &[c('d'), k(KeyCode::Delete)], footer: true, marked: true,
        help: "Remove the user from all their rooms (asks first if there are several, or if the user has hats or is an owner or admin)" }
    MarkListedUser "mark-listed-user" { place: Place::AllUsers, title: "Mark", keys: &[c(' '), c('m')], footer: false,
        help: "Mark or unmark the user (commands act on all marked users)" }
    AddListedUserToRoom "add-listed-user-to-room" aka ["affiliate"] { place: Place::AllUsers, title: "Add to room", keys: &[c('A')], footer: false, marked: true,
        help: "Add the user, or all marked users, to another room" }
    OpenRoomOfUser "open-room-of-user" formerly ["go-in-room-of-user"] { place: Place::RoomsOfUser, title: "Open", keys: &[k(KeyCode::Enter)], footer: true,
        help: "Open the user's hats in the room" }
    AddHatInRooms "add-hat-in-rooms" aka ["give", "bulk", "assign", "grant", "badge", "tag"] { place: Place::RoomsOfUser, title: "Add hat", keys: &[c('+'), c('a')], footer: true, marked: true,
        help: "Add a hat to the user in this room, or in all marked rooms" }
    EditUserInRooms "edit-user-in-rooms" aka ["role", "unban", "promote", "demote", "moderator", "owner", "admin", "member", "mute", "unmute", "permissions", "affiliation"] { place: Place::RoomsOfUser, title: "Edit", keys: &[c('e')], footer: true, marked: true,
        help: "Set the user's affiliation in this room, or in all marked rooms" }
    BanInRooms "ban-in-rooms" aka ["block", "outcast"] { place: Place::RoomsOfUser, title: "Ban", keys: &[c('b')], footer: true, marked: true,
        help: "Ban the user from this room, or from all marked rooms (asks first)" }
    RemoveUserFromRooms "remove-user-from-rooms" aka ["delete", "kick", "expel"] { place: Place::RoomsOfUser, title: "Remove", keys: &[c('d'), k(KeyCode::Delete)], footer: true, marked: true,
        help: "Remove the user from this room, or from all marked rooms (asks first for several rooms, or if the user has hats or is an owner or admin)" }
    MarkRoomOfUser "mark-room-of-user" { place: Place::RoomsOfUser, title: "Mark", keys: &[c(' '), c('m')], footer: true,
        help: "Mark or unmark the room (commands act on all marked rooms)" }
    AddToAnotherRoom "add-to-another-room" aka ["affiliate"] { place: Place::RoomsOfUser, title: "Add to room", keys: &[c('A')], footer: true,
        help: "Add the user to another room" }
    CopyHatsInRoom "copy-hats-in-room" { place: Place::RoomsOfUser, title: "Copy", keys: &[c('y')], footer: false,
        help: "Copy the user's hats in this room" }
    ReplaceHatsInRooms "replace-hats-in-rooms" aka ["paste"] { place: Place::RoomsOfUser, title: "Replace hats", keys: &[c('p')], footer: false,
        help: "Replace the user's hats in this room with the copied hats" }
    AddCopiedInRooms "add-copied-in-rooms" aka ["paste"] formerly ["add-hats-in-rooms"] { place: Place::RoomsOfUser, title: "Add copied", keys: &[c('P')], footer: false,
        help: "Add the copied hats and keep the others" }
    MarkAll "mark-all" aka ["select all", "bulk"] { place: Place::Panes, title: "Mark all", keys: &[c('*')], footer: false,
        help: "Mark or unmark everything shown" }
    MarkRange "mark-range" aka ["select", "bulk"] { place: Place::Panes, title: "Mark range", keys: &[c('V')], footer: false,
        help: "Start or finish marking a range" }
    Sort "sort" aka ["order"] { place: Place::Panes, title: "Sort", keys: &[c('s')], footer: false,
        help: "Change the sort order" }
    NextView "next-view" aka ["group", "by user", "by hat", "switch"] formerly ["turn"] { place: Place::Panes, title: "View", keys: &[c('w')], footer: false,
        help: "Switch between the Rooms, Hats and Users views" }
    Catalog "catalog" aka ["catalogue", "define", "color", "colour", "list of hats"] formerly ["catalogue"] { place: Place::Panes, title: "Catalog", keys: &[c('C')], footer: false,
        help: "Open the room's hat catalog" }
    Resolve "resolve" aka ["refused", "send again"] { place: Place::Panes, title: "Resolve", keys: &[c('!')], footer: true,
        help: "Resolve a conflict with a server, or retry or undo a refused change" }
    Undo "undo" aka ["revert", "roll back", "restore"] { place: Place::Panes, title: "Undo", keys: &[c('u')], footer: true,
        help: "Undo your last change" }
    Redo "redo" aka ["repeat"] { place: Place::Panes, title: "Redo", keys: &[Key::ctrl('r')], footer: false,
        help: "Redo the last undone change" }
    Filter "filter" aka ["find", "search", "online", "who is online"] { place: Place::Panes, title: "Filter", keys: &[c('/')], footer: true,
        help: "Filter this list (@owner, #hat, #\"two words\", ~online, !word for rows without it; ~7d: hats that expire within 7 days)" }
    Palette "palette" aka ["menu"] { place: Place::Panes, title: "Commands", keys: &[c(':')], footer: true,
        help: "Open the command palette" }
    History "history" aka ["log", "audit", "who", "changes", "undo everything", "undo all", "reason", "why"] { place: Place::Panes, title: "History", keys: &[c('H')], footer: true,
        help: "Show the history; in a pane of users or hats, only that of the selected user or hat" }
    GoTo "go-to" aka ["find", "search", "jump"] formerly ["jump"] { place: Place::Panes, title: "Go to", keys: &[Key::ctrl('p')], footer: false,
        help: "Go to a room, user or hat" }
    Sets "sets" aka ["role", "template", "preset", "group"] { place: Place::Panes, title: "Sets", keys: &[c('N')], footer: false,
        help: "Apply, save, rename or remove hat sets" }
    Servers "servers" aka ["sync", "compare", "pull", "push", "live", "apply", "connect", "refresh", "merge"] { place: Place::Panes, title: "Servers", keys: &[c('S')], footer: false,
        help: "Compare with the servers, send and receive changes" }
    RemoveExpired "expired-hats" aka ["until", "clock", "expire"] { place: Place::Panes, title: "Expired hats", keys: &[c('E')], footer: false,
        help: "Remove expired hats (asks first)" }
    Import "import" aka ["upload", "restore", "load", "csv", "merge"] { place: Place::Panes, title: "Import", keys: &[c('I')], footer: false,
        help: "Import from a CSV or JSON file" }
    Export "export" aka ["backup", "save as", "download", "csv", "print"] { place: Place::Panes, title: "Export", keys: &[c('X')], footer: false,
        help: "Export everything, the room or the user to a file" }
    NextPane "next-pane" { place: Place::Panes, title: "Next pane", keys: &[k(KeyCode::Tab)], footer: false,
        help: "Focus the next pane" }
    Right "right" { place: Place::Panes, title: "Right", keys: &[k(KeyCode::Right), c('l')], footer: false,
        help: "Focus the pane to the right" }
    PreviousPane "previous-pane" { place: Place::Panes, title: "Previous pane", keys: &[k(KeyCode::BackTab)], footer: false,
        help: "Focus the previous pane" }
    Left "left" { place: Place::Panes, title: "Left", keys: &[k(KeyCode::Left), c('h')], footer: false,
        help: "Focus the pane to the left" }
    Retry "retry" aka ["reload", "refresh"] { place: Place::Panes, title: "Retry", keys: &[Key::ctrl('t')], footer: true,
        help: "Retry reading or saving now" }
    RecreateFile "recreate-file" formerly ["restore"] { place: Place::Panes, title: "Recreate file", keys: &[c('W')], footer: true,
        help: "Recreate the deleted data file" }
    Draft "draft" { place: Place::Panes, title: "Draft", keys: &[c('D')], footer: true,
        help: "Show the unsaved draft" }
    Back "back" { place: Place::Panes, title: "Back", keys: &[k(KeyCode::Esc)], footer: false,
        help: "Clear the filter or the marks; if there are none, move left" }
    Copy "copy" aka ["clipboard"] { place: Place::Panes, title: "Copy address", keys: &[c('Y')], footer: false,
        help: "Copy the address or hat ID (of all marked items, one per line)" }
    CopyJson "copy-json" { place: Place::Panes, title: "Copy JSON", keys: &[c('J')], footer: false,
        help: "Copy the JSON of the room, user or hat" }
    CopyCommand "copy-command" aka ["shell", "script", "command line"] { place: Place::Panes, title: "Copy command", keys: &[c('c')], footer: false,
        help: "Copy the last change as a shell command" }
    Mouse "mouse" { place: Place::Panes, title: "Mouse", keys: &[c('M')], footer: false,
        help: "Turn mouse support on or off (when it is on, hold Shift to select text)" }
    ChooseTheme "choose-theme" aka ["color", "colour", "appearance", "dark", "light"] { place: Place::Panes, title: "Theme", keys: &[c('T')], footer: false,
        help: "Choose a theme" }
    Quit "quit" aka ["exit", "close", "leave"] { place: Place::Panes, title: "Quit", keys: &[c('q')], footer: false,
        help: "Quit (pending changes are saved first)" }
    Down "down" merged ["filter-down", "found-down", "set-down", "catalogue-down", "history-down", "list-down"] { place: Place::Lists, title: "Down", keys: &[k(KeyCode::Down), c('j')], fallback: Key::ctrl('n'), footer: false,
        help: "Next row" }
    Up "up" merged ["filter-up", "found-up", "set-up", "catalogue-up", "history-up", "list-up"] { place: Place::Lists, title: "Up", keys: &[k(KeyCode::Up), c('k')], fallback: Key::ctrl('p'), footer: false,
        help: "Previous row" }
    PageDown "page-down" merged ["filter-page-down", "found-page-down", "set-page-down", "catalogue-page-down", "history-page-down"] { place: Place::Lists, title: "Page down", keys: &[k(KeyCode::PageDown)], fallback: c(' '), footer: false,
        help: "Page down" }
    PageUp "page-up" merged ["filter-page-up", "found-page-up", "set-page-up", "catalogue-page-up", "history-page-up"] { place: Place::Lists, title: "Page up", keys: &[k(KeyCode::PageUp)], footer: false,
        help: "Page up" }
    First "first" merged ["history-first"] { place: Place::Lists, title: "First", keys: &[c('g'), k(KeyCode::Home)], footer: false,
        help: "First row" }
    Last "last" merged ["history-last"] { place: Place::Lists, title: "Last", keys: &[c('G'), k(KeyCode::End)], footer: false,
        help: "Last row" }
    ApplyFilter "apply-filter" formerly ["keep-filter"] { place: Place::Filter, title: "Apply", keys: &[k(KeyCode::Enter)], footer: true,
        help: "Apply the filter" }
    ClearFilter "clear-filter" { place: Place::Filter, title: "Clear", keys: &[k(KeyCode::Esc)], footer: true,
        help: "Clear the filter" }
    FilterNextPane "filter-next-pane" { place: Place::Filter, title: "Next pane", keys: &[k(KeyCode::Tab)], footer: false,
        help: "Apply the filter and focus the next pane" }
    AcceptFound "accept-found" formerly ["take-found"] { place: Place::Finder, title: "Select", keys: &[k(KeyCode::Enter)], footer: true,
        help: "Run the selected command, or go to the selected item" }
    CloseFinder "close-finder" formerly ["leave-finder"] { place: Place::Finder, title: "Close", keys: &[k(KeyCode::Esc)], footer: true,
        help: "Close" }
    OpenSuggestions "open-suggestions" formerly ["list"] { place: Place::SuggestField, title: "List", keys: &[k(KeyCode::Down)], footer: true,
        help: "Choose from the list of existing hats or rooms" }
    NewId "new-id" { place: Place::SuggestField, title: "New ID", keys: &[Key::ctrl('g')], footer: true,
        help: "Generate an ID (urn:uuid:) for a new hat" }
    AcceptSuggestion "accept-suggestion" formerly ["take"] { place: Place::Suggestions, title: "Select", keys: &[k(KeyCode::Enter)], footer: true,
        help: "Select the hat or room (fills in a hat's title)" }
    CloseSuggestions "close-suggestions" formerly ["list-leave"] { place: Place::Suggestions, title: "Back", keys: &[k(KeyCode::Esc)], footer: true,
        help: "Back to the field" }
    NextValue "next-value" formerly ["tick"] { place: Place::ChoiceField, title: "Change", keys: &[c(' '), k(KeyCode::Right)], footer: true,
        help: "Toggle, or next value" }
    PreviousValue "previous-value" formerly ["tick-back"] { place: Place::ChoiceField, title: "Previous value", keys: &[k(KeyCode::Left)], footer: false,
        help: "Previous value" }
    NewLine "new-line" { place: Place::AddressField, title: "New line", keys: &[Key::ctrl('o')], footer: true,
        help: "Start a line for another address" }
    NextLine "next-line" { place: Place::AddressField, title: "Next line", keys: &[k(KeyCode::Down)], footer: false,
        help: "Next line of the list, or next field" }
    PreviousLine "previous-line" { place: Place::AddressField, title: "Previous line", keys: &[k(KeyCode::Up)], footer: false,
        help: "Previous line of the list, or previous field" }
    NextColor "next-color" { place: Place::ColorField, title: "Next color", keys: &[Key::ctrl('n'), k(KeyCode::PageDown)], footer: true,
        help: "Next color" }
    PreviousColor "previous-color" { place: Place::ColorField, title: "Previous color", keys: &[Key::ctrl('p'), k(KeyCode::PageUp)], footer: false,
        help: "Previous color" }
    Save "save" { place: Place::Form, title: "Save", keys: &[k(KeyCode::Enter), Key::ctrl('s')], footer: true,
        help: "Save (from any field)" }
    NextField "next-field" { place: Place::Form, title: "Next field", keys: &[k(KeyCode::Tab), k(KeyCode::Down)], footer: true,
        help: "Next field" }
    PreviousField "previous-field" { place: Place::Form, title: "Previous field", keys: &[k(KeyCode::BackTab), k(KeyCode::Up)], footer: false,
        help: "Previous field" }
    CancelForm "cancel-form" formerly ["leave-form"] { place: Place::Form, title: "Cancel", keys: &[k(KeyCode::Esc)], footer: true,
        help: "Cancel (asks first if there are changes)" }
    ApplySet "apply-set" formerly ["put-on-set"] { place: Place::Sets, title: "Replace hats", keys: &[k(KeyCode::Enter)], footer: true,
        help: "Replace hats with this set" }
    AddSetHats "add-set-hats" formerly ["add-set"] { place: Place::Sets, title: "Add hats", keys: &[k(KeyCode::Tab)], footer: true,
        help: "Add this set's hats and keep the others" }
    SaveSet "save-set" { place: Place::Sets, title: "Save", keys: &[Key::ctrl('s')], footer: true,
        help: "Save the selected user's hats as a set" }
    RenameSet "rename-set" { place: Place::Sets, title: "Rename", keys: &[Key::ctrl('r')], footer: true,
        help: "Rename the set" }
    RemoveSet "remove-set" formerly ["delete-set"] { place: Place::Sets, title: "Remove", keys: &[Key::ctrl('x')], footer: true,
        help: "Remove the set (users keep their hats)" }
    CloseSets "close-sets" formerly ["leave-sets"] { place: Place::Sets, title: "Close", keys: &[k(KeyCode::Esc)], footer: true,
        help: "Close" }
    SubmitPrompt "submit-prompt" formerly ["take-prompt"] { place: Place::Prompt, title: "OK", keys: &[k(KeyCode::Enter)], footer: true,
        help: "Accept the input (an import or undo is previewed first)" }
    CompletePath "complete-path" { place: Place::Prompt, title: "Complete", keys: &[k(KeyCode::Tab)], footer: true,
        help: "Complete the file path" }
    PromptNext "prompt-next" { place: Place::Prompt, title: "Next field", keys: &[k(KeyCode::Down)], footer: true,
        help: "Next field" }
    PromptPrevious "prompt-previous" { place: Place::Prompt, title: "Previous field", keys: &[k(KeyCode::Up), k(KeyCode::BackTab)], footer: false,
        help: "Previous field" }
    NextOption "next-option" { place: Place::PromptChoice, title: "Change", keys: &[c(' '), k(KeyCode::Down), k(KeyCode::Right)], footer: true,
        help: "Next option" }
    PreviousOption "previous-option" { place: Place::PromptChoice, title: "Previous option", keys: &[k(KeyCode::Up), k(KeyCode::Left)], footer: false,
        help: "Previous option; from the first one, back to the text field" }
    OptionNextField "option-next-field" { place: Place::PromptChoice, title: "Next field", keys: &[k(KeyCode::Tab)], footer: true,
        help: "Next field" }
    CancelPrompt "cancel-prompt" formerly ["leave-prompt"] { place: Place::Prompt, title: "Cancel", keys: &[k(KeyCode::Esc)], footer: true,
        help: "Cancel" }
    AcceptImport "accept-import" { place: Place::ImportPreview, title: "Import", keys: &[c('y')], footer: true,
        help: "Import all rows that are not skipped" }
    ImportRowDetails "import-row-details" { place: Place::ImportPreview, title: "Details", keys: &[k(KeyCode::Enter), c('i')], footer: true,
        help: "Show the row in full" }
    CancelImport "cancel-import" { place: Place::ImportPreview, title: "Cancel", keys: &[k(KeyCode::Esc), c('n'), c('q')], footer: true,
        help: "Import nothing" }
    YesWithEnter "yes-with-enter" { place: Place::Confirm, title: "Yes", keys: &[k(KeyCode::Enter)], footer: true,
        help: "Confirm a small change: one that can be undone and does not remove users who have hats" }
    Yes "yes" { place: Place::Confirm, title: "Yes", keys: &[c('y')], footer: true,
        help: "Confirm" }
    No "no" { place: Place::Confirm, title: "Cancel", keys: &[k(KeyCode::Esc), c('n')], footer: true,
        help: "Cancel" }
    AddReason "add-reason" aka ["why"] { place: Place::Confirm, title: "Add reason", keys: &[c('r')], footer: true,
        help: "Give a reason for the change" }
    KeepYours "keep-yours" formerly ["keep-mine"] { place: Place::Conflict, title: "Keep yours", keys: &[c('m')], footer: true,
        help: "Keep yours: overwrite their change" }
    KeepTheirs "keep-theirs" { place: Place::Conflict, title: "Keep theirs", keys: &[c('t')], footer: true,
        help: "Keep theirs: discard your change" }
    BackToForm "back-to-form" formerly ["decide-later"] { place: Place::Conflict, title: "Back", keys: &[k(KeyCode::Esc)], footer: true,
        help: "Back without choosing" }
    RetryRefused "retry-refused" { place: Place::RefusedChange, title: "Retry", keys: &[c('r')], footer: true,
        help: "Send the change to the server again" }
    UndoRefused "undo-refused" { place: Place::RefusedChange, title: "Undo", keys: &[c('u')], footer: true,
        help: "Undo the change in the data file" }
    CloseRefused "close-refused" { place: Place::RefusedChange, title: "Back", keys: &[k(KeyCode::Esc), c('q')], footer: true,
        help: "Leave it as it is" }
    DefineHat "define-hat" { place: Place::Catalog, title: "Define", keys: &[c('a')], footer: true,
        help: "Define a hat in the room's catalog" }
    EditCatalogHat "edit-catalog-hat" formerly ["edit-defined"] { place: Place::Catalog, title: "Edit", keys: &[k(KeyCode::Enter), c('e')], footer: true,
        help: "Edit the title and color; optionally change the title for users with the hat, too" }
    RemoveCatalogHat "remove-catalog-hat" formerly ["delete-defined"] { place: Place::Catalog, title: "Remove", keys: &[c('d'), k(KeyCode::Delete)], footer: true,
        help: "Remove the hat from the catalog" }
    CatalogUndo "catalog-undo" formerly ["catalogue-undo"] { place: Place::Catalog, title: "Undo", keys: &[c('u')], footer: true,
        help: "Undo your last change" }
    CloseCatalog "close-catalog" formerly ["leave-catalogue", "leave-catalog"] { place: Place::Catalog, title: "Close", keys: &[k(KeyCode::Esc), c('q'), c('C')], footer: true,
        help: "Close the catalog" }
    OpenEntry "open-entry" aka ["details", "show", "who"] { place: Place::History, title: "Open", keys: &[k(KeyCode::Enter)], footer: true,
        help: "Show the entry's changes in full" }
    SearchHistory "search-history" aka ["find", "filter"] { place: Place::History, title: "Search", keys: &[c('/')], footer: true,
        help: "Search the history: names, addresses, titles, what was done (#hat, #\"two words\", !word)" }
    UndoEntry "undo-entry" { place: Place::History, title: "Undo", keys: &[c('u')], footer: true,
        help: "Undo the selected entry, or all marked entries (asks first if several are marked)" }
    MarkEntry "mark-entry" aka ["select"] { place: Place::History, title: "Mark", keys: &[c(' '), c('m')], footer: true,
        help: "Mark or unmark the entry, to undo several at once" }
    UndoActor "undo-actor" aka ["roll back", "revert", "vandalism", "undo everything", "undo all"] { place: Place::History, title: "Undo by actor…", keys: &[c('U')], footer: true,
        help: "Undo all changes by this actor since a given time (shows them first)" }
    FilterByActor "filter-by-actor" formerly ["by-actor"] { place: Place::History, title: "Same actor", keys: &[c('a')], footer: true,
        help: "Filter by this actor (press again to clear)" }
    FilterByRoom "filter-by-room" formerly ["by-room"] { place: Place::History, title: "Same room", keys: &[c('r')], footer: true,
        help: "Filter by the room (if there are several, choose one; press again to clear)" }
    FilterByUser "filter-by-user" formerly ["by-user"] { place: Place::History, title: "Same user", keys: &[c('s')], footer: true,
        help: "Filter by the user (if there are several, choose one; press again to clear)" }
    FilterByHat "filter-by-hat" formerly ["by-hat"] { place: Place::History, title: "Same hat", keys: &[c('t')], footer: true,
        help: "Filter by the hat (if there are several, choose one; press again to clear)" }
    CopyEntryCommand "copy-entry-command" aka ["shell", "script"] { place: Place::History, title: "Copy command", keys: &[c('c')], footer: false,
        help: "Copy the entry as a shell command" }
    ShowAllHistory "show-all-history" aka ["clear"] { place: Place::History, title: "Show all", keys: &[c('x')], footer: true,
        help: "Show all entries: clear the filter and the search" }
    CloseHistory "close-history" formerly ["leave-history"] { place: Place::History, title: "Close", keys: &[k(KeyCode::Esc), c('q'), c('H')], footer: true,
        help: "Close the history" }
    ApplyHistorySearch "apply-history-search" { place: Place::HistorySearch, title: "Apply", keys: &[k(KeyCode::Enter)], footer: true,
        help: "Apply the search and go back to the list" }
    ClearHistorySearch "clear-history-search" { place: Place::HistorySearch, title: "Clear", keys: &[k(KeyCode::Esc)], footer: true,
        help: "Clear the search" }
    UndoOpenEntry "undo-open-entry" { place: Place::HistoryEntry, title: "Undo", keys: &[c('u')], footer: true,
        help: "Undo the entry" }
    CopyOpenEntry "copy-open-entry" { place: Place::HistoryEntry, title: "Copy command", keys: &[c('c')], footer: true,
        help: "Copy the entry as a shell command" }
    CloseEntry "close-entry" { place: Place::HistoryEntry, title: "Close", keys: &[k(KeyCode::Esc), k(KeyCode::Enter), c('q')], footer: true,
        help: "Back to the history" }
    FilterByChosen "filter-by-chosen" { place: Place::HistoryValues, title: "Filter", keys: &[k(KeyCode::Enter)], footer: true,
        help: "Filter the history by the selected room, user or hat" }
    CloseValues "close-values" { place: Place::HistoryValues, title: "Cancel", keys: &[k(KeyCode::Esc), c('q')], footer: true,
        help: "Back to the history" }
    AcceptRollback "accept-rollback" { place: Place::Rollback, title: "Undo", keys: &[c('y')], footer: true,
        help: "Undo all listed changes, except the skipped ones" }
    CancelRollback "cancel-rollback" { place: Place::Rollback, title: "Cancel", keys: &[k(KeyCode::Esc), c('n'), c('q')], footer: true,
        help: "Cancel" }
    RestoreDraft "restore-draft" formerly ["take-draft"] { place: Place::Draft, title: "Restore", keys: &[k(KeyCode::Enter), c('y')], footer: true,
        help: "Restore the draft" }
    DiscardDraft "discard-draft" formerly ["drop-draft"] { place: Place::Draft, title: "Discard", keys: &[c('d')], footer: true,
        help: "Discard the draft (asks first)" }
    DraftLater "draft-later" formerly ["later"] { place: Place::Draft, title: "Later", keys: &[k(KeyCode::Esc)], footer: true,
        help: "Decide later; the draft is kept" }
    CompareServer "compare-server" aka ["plan"] { place: Place::Servers, title: "Compare", keys: &[k(KeyCode::Enter)], footer: true,
        help: "Compare the rooms with those on the server" }
    CompareAllServers "compare-all-servers" { place: Place::Servers, title: "Compare all", keys: &[c('a')], footer: true,
        help: "Compare the rooms with those on all servers" }
    CheckServer "check-server" { place: Place::Servers, title: "Check", keys: &[c('c')], footer: true,
        help: "Check the connection, version and permissions of the server" }
    ServerDetails "server-details" { place: Place::Servers, title: "Details", keys: &[c('i')], footer: true,
        help: "Show everything known about the server" }
    Reconnect "reconnect" { place: Place::Servers, title: "Reconnect", keys: &[c('r')], footer: true,
        help: "Reconnect to a server that refused the login or cannot be reached" }
    CloseServers "close-servers" { place: Place::Servers, title: "Close", keys: &[k(KeyCode::Esc), c('q'), c('S')], footer: true,
        help: "Stop the comparison, or close the list" }
    ApplyPlan "apply-plan" aka ["send", "receive"] { place: Place::Plan, title: "Apply", keys: &[k(KeyCode::Enter)], footer: true,
        help: "Send and receive all changes (asks first); unresolved ones are skipped" }
    ToggleLine "toggle-line" aka ["skip", "leave out"] { place: Place::Plan, title: "Leave out", keys: &[c(' '), c('x')], footer: true,
        help: "Leave out or include the row; add a room that is only on the server" }
    ChooseYours "choose-yours" { place: Place::Plan, title: "Keep yours", keys: &[c('m')], footer: true,
        help: "Keep yours: the server gets what the data file has" }
    ChooseTheirs "choose-theirs" { place: Place::Plan, title: "Keep theirs", keys: &[c('t')], footer: true,
        help: "Keep theirs: the data file gets what the server has" }
    InspectLine "inspect-line" { place: Place::Plan, title: "Details", keys: &[c('i')], footer: true,
        help: "Show the row in full; for a difference, show yours, theirs and the last common value" }
    NextUndecided "next-undecided" { place: Place::Plan, title: "Next conflict", keys: &[k(KeyCode::Tab)], footer: false,
        help: "Go to the next conflict or held-back removal" }
    PreviousUndecided "previous-undecided" { place: Place::Plan, title: "Previous conflict", keys: &[k(KeyCode::BackTab)], footer: false,
        help: "Go to the previous conflict or held-back removal" }
    ShowNextLines "show-next-lines" aka ["show"] { place: Place::Plan, title: "Filter", keys: &[c('f')], footer: true,
        help: "Change the filter: unresolved, to send, to receive, left out, all" }
    TakeRemovals "take-removals" { place: Place::Plan, title: "Receive removals", keys: &[c('r')], footer: false,
        help: "Accept all held-back removals of hats" }
    AddAllRooms "add-all-rooms" { place: Place::Plan, title: "Add all rooms", keys: &[c('A')], footer: false,
        help: "Add all rooms that are only on the server" }
    CompareAgain "compare-again" { place: Place::Plan, title: "Compare again", keys: &[c('c')], footer: false,
        help: "Compare again; choices that are still valid are kept" }
    ClosePlan "close-plan" { place: Place::Plan, title: "Close", keys: &[k(KeyCode::Esc), c('q'), c('S')], footer: true,
        help: "Stop applying, or close the comparison" }
    ReportCompareAgain "report-compare-again" { place: Place::Report, title: "Compare again", keys: &[c('c')], footer: true,
        help: "Compare again, to see what remains" }
    ReportDetails "report-details" { place: Place::Report, title: "Details", keys: &[k(KeyCode::Enter), c('i')], footer: true,
        help: "Show the row in full" }
    CloseReport "close-report" { place: Place::Report, title: "Close", keys: &[k(KeyCode::Esc), c('q')], footer: true,
        help: "Close the report" }
    DifferenceYours "difference-yours" { place: Place::Difference, title: "Keep yours", keys: &[c('m')], footer: true,
        help: "Keep yours: the server gets what the data file has" }
    DifferenceTheirs "difference-theirs" { place: Place::Difference, title: "Keep theirs", keys: &[c('t')], footer: true,
        help: "Keep theirs: the data file gets what the server has" }
    SaveTheme "save-theme" { place: Place::Themes, title: "Save", keys: &[k(KeyCode::Enter)], footer: true,
        help: "Use this theme and save it in config.toml" }
    CloseThemes "close-themes" { place: Place::Themes, title: "Cancel", keys: &[k(KeyCode::Esc), c('q'), c('T')], footer: true,
        help: "Go back to the previous theme" }
    CloseDetails "close-details" { place: Place::Details, title: "Close", keys: &[k(KeyCode::Esc), k(KeyCode::Enter), c('q'), c('i')], footer: true,
        help: "Close the details" }
    GivePassword "give-password" { place: Place::Password, title: "Log in", keys: &[k(KeyCode::Enter)], footer: true,
        help: "Log in with this password" }
    CancelPassword "cancel-password" { place: Place::Password, title: "Cancel", keys: &[k(KeyCode::Esc)], footer: true,
        help: "Do not log in" }
    Help "help" aka ["keys", "shortcuts", "manual"] { place: Place::Everywhere, title: "Help", keys: &[c('?'), k(KeyCode::F(1))], footer: true,
        help: "Show all keys and commands" }
    Interrupt "interrupt" { place: Place::Everywhere, title: "Quit", keys: &[Key::ctrl('c')], footer: false,
        help: "Quit (an open form is kept as a draft)" }
    Suspend "suspend" { place: Place::Everywhere, title: "Suspend", keys: &[Key::ctrl('z')], footer: false,
        help: "Suspend (resume with fg)" }
    Redraw "redraw" { place: Place::Everywhere, title: "Redraw", keys: &[Key::ctrl('l')], footer: false,
        help: "Redraw the screen" }
}
