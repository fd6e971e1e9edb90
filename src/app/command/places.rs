//! The places of the screen: how each treats keys, and the other places whose commands apply there.

use super::table::Keys;

places! {
    Panes "All panes" all over [Lists];
    Lists "Lists" all over [];
    Rooms "Rooms" all over [Panes, Lists];
    Users "Users" all over [Panes, Lists];
    Hats "Hats" all over [Panes, Lists];
    AllHats "Hats view: hats" all over [Panes, Lists];
    UsersWithHat "Hats view: users with the hat" all over [Panes, Lists];
    RoomsWithHat "Hats view: rooms" all over [Panes, Lists];
    AllUsers "Users view: users" all over [Panes, Lists];
    RoomsOfUser "Users view: rooms of the user" all over [Panes, Lists];
    Filter "Filter" typed over [Lists];
    Finder "Help, command palette and Go to" typed over [Lists];
    Form "Form" typed over [];
    SuggestField "Hat or room field" typed over [Form];
    Suggestions "List of existing hats or rooms" typed over [Lists, SuggestField, Form];
    ChoiceField "Choice field" all over [Form];
    ColorField "Color field" typed over [Form];
    AddressField "Address field" typed over [Form];
    Sets "Hat sets" typed over [Lists];
    Prompt "Prompts for import, export, hat set names, reasons and times" typed over [];
    PromptChoice "Import and export options" all over [Prompt];
    ImportPreview "Import preview" all over [Lists];
    Confirm "Confirmation" all over [];
    Conflict "Conflict" all over [];
    RefusedChange "Refused change" all over [];
    Catalog "Hat catalog" all over [Lists];
    History "History" all over [Lists];
    HistorySearch "History search" typed over [Lists];
    HistoryEntry "History entry" all over [Lists];
    HistoryValues "Rooms, users or hats of a history entry" all over [Lists];
    Rollback "Undo changes" all over [Lists];
    Draft "Draft" all over [];
    Servers "Servers" all over [Lists];
    Plan "Comparison" all over [Lists];
    Report "Comparison report" all over [Lists];
    Themes "Theme" all over [Lists];
    Details "Details" all over [Lists];
    Difference "Difference" all over [Details, Lists];
    Password "Password" typed over [];
    Everywhere "Everywhere" typed over [];
}
