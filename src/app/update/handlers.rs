//! What each command does, and when it can be done: the code beside the rows of the table.

use crate::app::command::CommandId;
use crate::app::{Effect, Pane, State, targets};

use super::{
    catalog, change, confirm, conflict, copy, draft, escape, filter, finder, form, hat_clipboard, history,
    leave, lists, marks, panes, prompt, sets, terminal, undo,
};

/// Why a command cannot be done now.
type Enabled = fn(&State) -> Result<(), String>;
/// What it does.
type RunCommand = fn(&mut State, &mut Vec<Effect>);

/// Why a command cannot be done now; the reason is a sentence that holds in other places too.
pub fn enabled(state: &State, id: CommandId) -> Result<(), String> {
    handler(id).0(state)
}

/// Does a command, or says why it cannot be done.
pub(super) fn run(state: &mut State, id: CommandId, effects: &mut Vec<Effect>) {
    let (enabled, run) = handler(id);
    match enabled(state) {
        Ok(()) => run(state, effects),
        Err(reason) => state.refuse(reason),
    }
}

/// The command that was found is done in the place of the finder.
fn take_found(state: &mut State, effects: &mut Vec<Effect>) {
    if let Some(id) = finder::take(state) {
        run(state, id, effects);
    }
}

#[rustfmt::skip] // a table reads as a table
#[expect(clippy::too_many_lines, reason = "a table")]
fn handler(id: CommandId) -> (Enabled, RunCommand) {
    use CommandId as Id;
    match id {
        Id::GoInRoom => (has_room, panes::go_in),
        Id::AddRoom => (State::may_change, change::add),
        Id::EditRoom => (one_room_changes, change::edit),
        Id::AddUserToRooms => (room_changes, change::add_to_rooms),
        Id::RemoveRoom => (room_changes, change::remove),
        Id::MarkRoom | Id::MarkUser | Id::MarkHat | Id::MarkAllHats | Id::MarkWearer | Id::MarkThere
            | Id::MarkListedUser | Id::MarkRoomOfUser =>
            (has_rows, marks::mark),
        Id::GoInUser => (has_user, panes::go_in),
        Id::AddUser => (room_changes, change::add),
        Id::EditUser | Id::EditUserEverywhere | Id::EditUserInRooms => (user_changes, change::edit),
        Id::RemoveUser | Id::RemoveUserEverywhere | Id::RemoveUserFromRooms => (user_changes, change::remove),
        Id::GiveHat | Id::GiveEverywhere | Id::GiveInRooms => (targets::may_give_any, change::give),
        Id::CopyHatsOfUser | Id::CopyHats | Id::CopyHatsInRoom => (has_user, hat_clipboard::copy),
        Id::PutOnUsers | Id::PutOn | Id::ReplaceHatsInRooms => (hat_clipboard::may_put_on, hat_clipboard::replace),
        Id::AddToUsers | Id::AddCopied | Id::AddHatsInRooms => (hat_clipboard::may_put_on, hat_clipboard::add),
        Id::EditHat => (hat_gives, change::edit),
        Id::AddHat => (targets::may_give_any, change::add),
        Id::Wear => (hat_gives, change::wear),
        Id::Require => (hat_gives, change::require),
        Id::TakeHat => (hat_changes, change::remove),
        Id::GoInHat => (has_turned_hat, panes::go_in),
        Id::EditEverywhere | Id::EditOfWearer | Id::EditThere => (turned_changes, change::edit),
        Id::WearEverywhere | Id::WearOfWearer | Id::WearThere => (turned_changes, change::wear),
        Id::RequireEverywhere | Id::RequireOfWearer | Id::RequireThere => (turned_changes, change::require),
        Id::TakeFromAll | Id::TakeFromWearer | Id::TakeThere => (turned_changes, change::remove),
        Id::CopyHat | Id::CopyHatOfWearer | Id::CopyHatThere => (turned_has, hat_clipboard::copy),
        Id::GoInListedUser | Id::GoInRoomOfUser => (has_listed_user, panes::go_in),
        Id::AddListedUserToRoom | Id::AddToAnotherRoom => (change::may_add_to_room, change::add_to_room),
        Id::BanEverywhere | Id::BanInRooms => (user_changes, change::ban),
        Id::GoInWearer => (has_wearer, panes::go_in),
        Id::ShowThere => (has_wearer, panes::show_there),
        Id::MarkAll => (has_rows, marks::mark_all),
        Id::MarkRange => (has_rows, marks::mark_range),
        Id::Sort => (State::may_look, panes::sort),
        Id::Turn => (State::may_look, panes::turn),
        Id::Catalog => (has_room, catalog::open),
        Id::Undo | Id::CatalogUndo => (undo::may_undo, undo::undo),
        Id::Redo => (undo::may_redo, undo::redo),
        Id::Filter => (State::may_look, filter::edit),
        Id::Palette => (State::may_look, |state, _| finder::palette(state, enabled)),
        Id::History => (State::may_look, history::open),
        Id::Jump => (finder::may_jump, finder::jump),
        Id::Sets => (sets::may_open, sets::open),
        Id::Import => (prompt::may_import, prompt::import),
        Id::Export => (prompt::may_export, prompt::export),
        Id::NextPane => (always, panes::next),
        Id::Right => (always, panes::go_in),
        Id::PreviousPane => (always, panes::previous),
        Id::Left => (always, panes::back),
        Id::Down => (always, lists::down),
        Id::Up => (always, lists::up),
        Id::PageDown => (always, lists::page_down),
        Id::PageUp => (always, lists::page_up),
        Id::First => (always, lists::first),
        Id::Last => (always, lists::last),
        Id::Retry => (leave::may_retry, leave::retry),
        Id::Restore => (leave::may_restore, leave::restore),
        Id::Draft => (draft::may_show, draft::show),
        Id::Back => (always, escape::escape),
        Id::Copy => (copy::has_selected, copy::name),
        Id::CopyJson => (copy::has_selected, copy::json),
        Id::Mouse => (always, terminal::toggle_mouse),
        Id::Help => (always, |state, _| finder::help(state, enabled)),
        Id::Quit => (always, leave::quit),
        Id::KeepFilter => (always, filter::keep),
        Id::ClearFilter => (always, filter::clear),
        Id::FilterNextPane => (always, filter::keep_and_go_on),
        Id::TakeFound => (finder::may_take, take_found),
        Id::LeaveFinder | Id::LeaveSets | Id::LeavePrompt | Id::No | Id::LeaveCatalog | Id::LeaveHistory | Id::Later =>
            (always, leave::pop),
        Id::List => (form::may_list, form::into_list),
        Id::NewId => (form::may_make_id, form::new_id),
        Id::Take => (always, form::take_listed),
        Id::ListLeave => (always, form::leave_list),
        Id::Tick => (always, form::tick),
        Id::TickBack => (always, form::tick_back),
        Id::Save => (always, form::save),
        Id::NextField => (always, form::next_field),
        Id::PreviousField => (always, form::previous_field),
        Id::LeaveForm => (always, form::leave),
        Id::PutOnSet => (sets::may_put_on, sets::replace),
        Id::AddSet => (sets::may_put_on, sets::add),
        Id::SaveSet => (sets::may_save, sets::save),
        Id::RenameSet => (sets::may_change, sets::rename),
        Id::DeleteSet => (sets::may_change, sets::delete),
        Id::TakePrompt => (always, prompt::take),
        Id::PromptNext => (prompt::may_choose, prompt::choose),
        Id::PromptPrevious => (prompt::may_choose, prompt::choose_back),
        Id::Yes => (always, confirm::yes),
        Id::KeepMine => (always, conflict::mine),
        Id::KeepTheirs => (always, conflict::theirs),
        Id::DecideLater => (conflict::over_form, leave::pop),
        Id::DefineHat => (catalog::may_define, catalog::define),
        Id::EditDefined => (catalog::may_edit, catalog::edit),
        Id::DeleteDefined => (catalog::may_delete, catalog::delete),
        Id::UndoEntry => (history::may_undo, history::undo),
        Id::ByActor => (history::has_entry, history::by_actor),
        Id::ByRoom => (history::has_entry, history::by_room),
        Id::ByUser => (history::has_entry, history::by_user),
        Id::ByHat => (history::has_entry, history::by_hat),
        Id::TakeDraft => (always, draft::take),
        Id::DropDraft => (always, draft::ask_to_drop),
        Id::Interrupt => (always, leave::interrupt),
        Id::Suspend => (always, terminal::suspend),
        Id::Redraw => (always, terminal::redraw),
    }
}

#[expect(clippy::unnecessary_wraps, reason = "one shape for all rows of the table")]
fn always(_: &State) -> Result<(), String> {
    Ok(())
}

fn has_room(state: &State) -> Result<(), String> {
    state
        .room()
        .map(drop)
        .ok_or_else(|| format!("there is no room yet; {} adds one", state.key(CommandId::AddRoom)))
}

fn has_user(state: &State) -> Result<(), String> {
    state.user().map(drop).ok_or_else(|| {
        format!(
            "there is no user here yet; {} adds one",
            state.key(CommandId::AddUser)
        )
    })
}

fn has_hat(state: &State) -> Result<(), String> {
    state
        .hat()
        .map(drop)
        .ok_or_else(|| format!("there is no hat here; {} gives one", state.key(CommandId::AddHat)))
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
    targets::may_give_any(state).and_then(|()| has_hat(state))
}

fn one_room_changes(state: &State) -> Result<(), String> {
    match state.marked(Pane::First) {
        0 | 1 => room_changes(state),
        _ => Err("several rooms are marked, and each has a name of its own".into()),
    }
}

fn has_rows(state: &State) -> Result<(), String> {
    match state.length(state.focus()) {
        0 => Err("there is nothing here to mark".into()),
        _ => Ok(()),
    }
}

fn has_listed_user(state: &State) -> Result<(), String> {
    match state.length(Pane::First) {
        0 => Err("there is no user in any room yet".into()),
        _ => Ok(()),
    }
}

fn has_turned_hat(state: &State) -> Result<(), String> {
    state
        .turned_hat()
        .map(drop)
        .ok_or_else(|| "there is no hat in any room yet".into())
}

fn has_wearer(state: &State) -> Result<(), String> {
    state
        .wearer_at(state.selected(Pane::Second).unwrap_or_default())
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
