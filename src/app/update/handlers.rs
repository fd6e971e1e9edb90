//! The handler of each command: when it is enabled and what it does.

use crate::app::command::CommandId;
use crate::app::place::Grouping;
use crate::app::{Effect, Pane, RowKind, State, targets};

use super::{
    apply, catalog, change, compare, confirm, conflict, copy, details, draft, escape, expire, filter, finder,
    form, hat_clipboard, history, import_preview, lists, marks, panes, password, plan, prompt, quit,
    rollback, servers, sets, terminal, themes, undo, unresolved,
};

/// Checks whether a command is enabled; the error is the reason shown to the user.
type CheckEnabled = fn(&State) -> Result<(), String>;
/// Runs a command.
type RunCommand = fn(&mut State, &mut Vec<Effect>);

/// Checks whether a command is enabled. The error is a reason that also makes sense outside the command's pane.
pub fn enabled(state: &State, id: CommandId) -> Result<(), String> {
    handler(id).0(state)
}

/// Runs a command, or shows why it is disabled.
pub(super) fn run(state: &mut State, id: CommandId, effects: &mut Vec<Effect>) {
    let (enabled, run) = handler(id);
    match enabled(state) {
        Ok(()) => run(state, effects),
        Err(reason) => state.notify_error(reason),
    }
}

/// Accepts the selected item of the finder: runs the chosen command, or goes to the chosen room, user or hat.
fn accept_finder_item(state: &mut State, effects: &mut Vec<Effect>) {
    if let Some(id) = finder::choose(state) {
        run(state, id, effects);
    }
}

#[rustfmt::skip] // keeps each row of the table on one line
#[expect(clippy::too_many_lines, reason = "a table")]
fn handler(id: CommandId) -> (CheckEnabled, RunCommand) {
    use CommandId as Id;
    match id {
        Id::OpenRoom => (has_room, panes::focus_inner),
        Id::AddRoom => (may_change_more_than_hats, change::add),
        Id::EditRoom => (may_edit_room, change::edit),
        Id::AddUserToRooms => (may_add_user_to_rooms, change::add_to_rooms),
        Id::RemoveRoom => (may_change_room, change::remove),
        Id::MarkRoom | Id::MarkUser | Id::MarkHat | Id::MarkListedHat | Id::MarkUserWithHat | Id::MarkRoomWithHat
            | Id::MarkListedUser | Id::MarkRoomOfUser =>
            (has_rows, marks::mark),
        Id::OpenUser => (has_user, panes::focus_inner),
        Id::AddUser => (may_add_user, change::add),
        Id::EditUser => (may_change_user_in_room, change::edit),
        Id::EditUserEverywhere | Id::EditUserInRooms => (may_change_user, change::edit),
        Id::RemoveUser => (may_change_user_in_room, change::remove),
        Id::RemoveUserEverywhere | Id::RemoveUserFromRooms => (may_change_user, change::remove),
        Id::AddHatToUsers | Id::AddHatEverywhere | Id::AddHatInRooms => (targets::check_can_add_hats, change::add_hat),
        Id::AddHatToUserWithHat | Id::AddHatInRoomWithHat => (may_add_hats_to_users_with_hat, change::add_hat),
        Id::CopyUserHats | Id::CopyHats | Id::CopyHatsInRoom => (has_user, hat_clipboard::copy),
        Id::ReplaceUserHats | Id::ReplaceHats | Id::ReplaceHatsInRooms => (hat_clipboard::may_paste, hat_clipboard::replace),
        Id::AddCopiedToUsers | Id::AddCopiedHats | Id::AddCopiedInRooms => (hat_clipboard::may_paste, hat_clipboard::add),
        Id::EditHat => (may_edit_hat, change::edit),
        Id::AddHat => (targets::check_can_add_hats, change::add),
        Id::ToggleActive => (may_edit_hat, change::toggle_active),
        Id::ToggleRequired => (may_edit_hat, change::toggle_required),
        Id::RemoveHat => (may_change_hat, change::remove),
        Id::OpenHat => (has_listed_hat, panes::focus_inner),
        Id::EditHatEverywhere | Id::EditHatOfUser | Id::EditHatInRoom => (may_change_attachments, change::edit),
        Id::ToggleActiveEverywhere | Id::ToggleActiveForUser | Id::ToggleActiveInRoom => (may_change_attachments, change::toggle_active),
        Id::ToggleRequiredEverywhere | Id::ToggleRequiredForUser | Id::ToggleRequiredInRoom => (may_change_attachments, change::toggle_required),
        Id::RemoveHatEverywhere | Id::RemoveHatFromUser | Id::RemoveHatInRoom => (may_change_attachments, change::remove),
        Id::CopyHat | Id::CopyHatOfUser | Id::CopyHatInRoom => (has_attachments, hat_clipboard::copy),
        Id::OpenListedUser | Id::OpenRoomOfUser => (has_listed_user, panes::focus_inner),
        Id::AddListedUserToRoom | Id::AddToAnotherRoom => (change::may_add_to_room, change::add_to_room),
        Id::BanUser => (may_ban_from_room, change::ban),
        Id::BanEverywhere | Id::BanInRooms => (may_ban, change::ban),
        Id::OpenUserWithHat => (has_user_with_hat, panes::focus_inner),
        Id::ShowInRooms => (has_user_with_hat, panes::show_in_rooms_view),
        Id::MarkAll => (has_rows, marks::toggle_all_marks),
        Id::MarkRange => (has_rows, marks::toggle_range),
        Id::Sort => (State::check_loaded, panes::cycle_sort),
        Id::NextView => (State::check_loaded, panes::next_view),
        Id::Catalog => (has_room, catalog::open),
        Id::Undo | Id::CatalogUndo => (undo::may_undo, undo::undo),
        Id::Redo => (undo::may_redo, undo::redo),
        Id::AddReason => (confirm::may_add_reason, confirm::add_reason),
        Id::Resolve => (unresolved::may_open, unresolved::open),
        Id::RetryRefused => (always, unresolved::retry),
        Id::UndoRefused => (always, unresolved::undo),
        Id::CloseRefused => (always, unresolved::close),
        Id::Filter => (State::check_loaded, filter::start),
        Id::Palette => (State::check_loaded, |state, _| finder::open_palette(state, enabled)),
        Id::History => (State::check_loaded, history::open),
        Id::GoTo => (finder::may_go_to, finder::go_to),
        Id::Sets => (sets::may_open, sets::open),
        Id::Servers => (compare::may_show_servers, servers::open),
        Id::CompareServer => (compare::may_compare, servers::compare),
        Id::CompareAllServers => (servers::may_compare_all, servers::compare_all),
        Id::CheckServer => (servers::may_check, servers::check),
        Id::Reconnect => (servers::may_reconnect, servers::reconnect),
        Id::CloseServers => (always, servers::close),
        Id::ApplyPlan => (apply::may_apply, apply::confirm),
        Id::ToggleLine => (plan::may_toggle, plan::toggle),
        Id::ChooseYours => (plan::may_choose_yours, plan::choose_yours),
        Id::ChooseTheirs => (plan::may_choose_theirs, plan::choose_theirs),
        Id::ServerDetails => (servers::has_selection, servers::details),
        Id::ReportDetails => (always, apply::details),
        Id::DifferenceYours => (always, plan::choose_yours_in_details),
        Id::DifferenceTheirs => (always, plan::choose_theirs_in_details),
        Id::ChooseTheme => (themes::may_choose, themes::open),
        Id::SaveTheme => (always, themes::save),
        Id::CloseThemes => (always, themes::close),
        Id::CloseDetails => (always, details::close),
        Id::InspectLine => (plan::may_inspect, plan::inspect),
        Id::NextUndecided => (plan::may_go_to_undecided, plan::next_undecided),
        Id::PreviousUndecided => (plan::may_go_to_undecided, plan::previous_undecided),
        Id::ShowNextLines => (always, plan::show_next_filter),
        Id::TakeRemovals => (plan::may_receive_removals, plan::receive_removals),
        Id::AddAllRooms => (plan::may_add_all_rooms, plan::add_all_rooms),
        Id::CompareAgain => (plan::may_compare_again, plan::compare_again),
        Id::ClosePlan => (always, plan::close),
        Id::ReportCompareAgain => (compare::may_compare, apply::compare_again),
        Id::GivePassword => (always, password::give),
        Id::CancelPassword => (always, password::cancel),
        Id::Import => (prompt::may_import, prompt::import),
        Id::Export => (prompt::may_export, prompt::export),
        Id::NextPane => (always, panes::focus_next),
        Id::Right => (always, panes::focus_inner),
        Id::PreviousPane => (always, panes::focus_previous),
        Id::Left => (always, panes::focus_outer),
        Id::Down => (always, lists::down),
        Id::Up => (always, lists::up),
        Id::PageDown => (always, lists::page_down),
        Id::PageUp => (always, lists::page_up),
        Id::First => (always, lists::first),
        Id::Last => (always, lists::last),
        Id::Retry => (quit::may_retry, quit::retry),
        Id::RemoveExpired => (expire::may_remove, expire::remove),
        Id::RecreateFile => (quit::may_recreate, quit::recreate),
        Id::Draft => (draft::may_show, draft::show),
        Id::Back => (always, escape::escape),
        Id::Copy => (copy::has_selection, copy::copy_name),
        Id::CopyJson => (copy::has_selection, copy::copy_json),
        Id::Mouse => (always, terminal::toggle_mouse),
        Id::Help => (finder::may_help, |state, _| finder::open_help(state, enabled)),
        Id::Quit => (always, quit::quit),
        Id::ApplyFilter => (always, filter::accept),
        Id::ClearFilter => (always, filter::clear),
        Id::FilterNextPane => (always, filter::accept_and_focus_next),
        Id::AcceptFound => (finder::may_choose, accept_finder_item),
        Id::CloseFinder | Id::CloseSets | Id::No | Id::CloseCatalog | Id::CloseHistory | Id::CloseEntry | Id::CloseValues | Id::CancelRollback | Id::DraftLater | Id::CloseReport | Id::CancelImport =>
            (always, quit::close_overlay),
        Id::OpenSuggestions => (form::may_focus_list, form::focus_list),
        Id::NewId => (form::may_request_new_id, form::request_new_id),
        Id::AcceptSuggestion => (always, form::accept_suggestion),
        Id::CloseSuggestions => (always, form::leave_list),
        Id::NextValue => (always, form::next_value),
        Id::PreviousValue => (always, form::previous_value),
        Id::NewLine => (always, form::new_line),
        Id::NextLine => (always, form::next_line),
        Id::PreviousLine => (always, form::previous_line),
        Id::NextColor => (always, form::next_color),
        Id::PreviousColor => (always, form::previous_color),
        Id::Save => (always, form::save),
        Id::NextField => (always, form::next_field),
        Id::PreviousField => (always, form::previous_field),
        Id::CancelForm => (always, form::cancel),
        Id::ApplySet => (sets::may_apply, sets::replace),
        Id::AddSetHats => (sets::may_apply, sets::add),
        Id::SaveSet => (sets::may_save, sets::save),
        Id::RenameSet => (sets::may_change, sets::rename),
        Id::RemoveSet => (sets::may_change, sets::remove),
        Id::SubmitPrompt => (always, prompt::submit),
        Id::CompletePath => (prompt::may_complete, prompt::complete),
        Id::CancelPrompt => (always, prompt::cancel),
        Id::PromptNext | Id::PromptPrevious | Id::OptionNextField => (prompt::may_choose, prompt::switch_focus),
        Id::NextOption => (prompt::may_choose, prompt::next_choice),
        Id::PreviousOption => (prompt::may_choose, prompt::previous_choice),
        Id::AcceptImport => (import_preview::may_import, import_preview::accept),
        Id::ImportRowDetails => (always, import_preview::row_details),
        Id::Yes => (always, confirm::accept),
        Id::YesWithEnter => (confirm::may_accept_with_enter, confirm::accept_with_enter),
        Id::KeepYours => (conflict::may_keep_yours, conflict::keep_yours),
        Id::KeepTheirs => (always, conflict::keep_theirs),
        Id::BackToForm => (conflict::may_decide_later, quit::close_overlay),
        Id::DefineHat => (catalog::may_define, catalog::define),
        Id::EditCatalogHat => (catalog::may_edit, catalog::edit),
        Id::RemoveCatalogHat => (catalog::may_remove, catalog::remove),
        Id::OpenEntry => (history::has_entry, history::open_entry),
        Id::SearchHistory => (always, history::search),
        Id::ApplyHistorySearch => (always, history::apply_search),
        Id::ClearHistorySearch => (always, history::clear_search),
        Id::ShowAllHistory => (history::is_filtered, history::show_all),
        Id::UndoEntry => (history::may_undo, history::undo),
        Id::CopyCommand => (copy::has_change, copy::copy_last_command),
        Id::CopyEntryCommand | Id::CopyOpenEntry => (copy::has_entry, copy::copy_entry_command),
        Id::MarkEntry => (history::has_entry, history::mark),
        Id::UndoActor => (rollback::may_undo_actor, rollback::undo_actor),
        Id::AcceptRollback => (rollback::may_accept, rollback::accept),
        Id::UndoOpenEntry => (history::may_undo_open, history::undo_open),
        Id::FilterByChosen => (always, history::filter_by_chosen),
        Id::FilterByActor => (history::has_entry, history::filter_by_actor),
        Id::FilterByRoom => (history::has_entry, history::filter_by_room),
        Id::FilterByUser => (history::has_entry, history::filter_by_user),
        Id::FilterByHat => (history::has_entry, history::filter_by_hat),
        Id::RestoreDraft => (always, draft::restore),
        Id::DiscardDraft => (always, draft::confirm_discard),
        Id::Interrupt => (always, quit::interrupt),
        Id::Suspend => (always, terminal::suspend),
        Id::Redraw => (always, terminal::redraw),
    }
}

#[expect(clippy::unnecessary_wraps, reason = "one shape for all rows of the table")]
fn always(_: &State) -> Result<(), String> {
    Ok(())
}

/// Says why there is no row of a kind: the data file is not loaded, a filter hides all rows, or else `reason`. Names
/// the key that adds the first item (`add`), if the view has such a key and the session can change anything.
fn no_row_reason(state: &State, kind: RowKind, reason: &str, add: CommandId) -> String {
    if let Err(not_loaded) = state.check_loaded() {
        return not_loaded;
    }
    if let Some(hidden) = state.hidden_rows_message(kind) {
        return hidden;
    }
    if state.grouping() == Grouping::ByRoom && state.check_can_change().is_ok() {
        format!("{reason} ({} to add one)", state.key(add))
    } else {
        reason.to_owned()
    }
}

/// Says why a pane lists nothing: the data file is not loaded, a filter hides all rows, or else `reason`.
fn empty_pane_reason(state: &State, pane: Pane, reason: &str) -> String {
    if let Err(not_loaded) = state.check_loaded() {
        return not_loaded;
    }
    let hidden = state.hidden_rows_message(state.grouping().kind(pane));
    hidden.unwrap_or_else(|| reason.to_owned())
}

fn has_room(state: &State) -> Result<(), String> {
    state
        .room()
        .map(drop)
        .ok_or_else(|| no_row_reason(state, RowKind::Room, "No rooms yet", CommandId::AddRoom))
}

fn has_user(state: &State) -> Result<(), String> {
    state
        .user()
        .map(drop)
        .ok_or_else(|| no_row_reason(state, RowKind::User, "No users yet", CommandId::AddUser))
}

fn has_hat(state: &State) -> Result<(), String> {
    state
        .hat()
        .map(drop)
        .ok_or_else(|| no_row_reason(state, RowKind::Hat, "No hats", CommandId::AddHat))
}

fn may_change_room(state: &State) -> Result<(), String> {
    may_change_more_than_hats(state).and_then(|()| has_room(state))
}

fn may_change_user(state: &State) -> Result<(), String> {
    state.check_can_change()?;
    rights_include_affiliations(state)?;
    has_user(state)
}

/// Fails if the session's rights do not include affiliations.
fn rights_include_affiliations(state: &State) -> Result<(), String> {
    if state.start().scope.rights.no_affiliations {
        return Err("This session may not change affiliations (--no-affiliations)".into());
    }
    Ok(())
}

/// Fails if the session can change nothing, or only some hats.
fn may_change_more_than_hats(state: &State) -> Result<(), String> {
    state.check_can_change()?;
    if state.start().scope.rights.only_hats.is_some() {
        return Err("This session may only change some hats (--only-hat)".into());
    }
    Ok(())
}

/// Like [`may_change_user`], for the Rooms view, where all targets are in the selected room: also fails if the
/// affiliations of this room cannot be changed.
fn may_change_user_in_room(state: &State) -> Result<(), String> {
    may_change_user(state).and_then(|()| affiliations_are_managed(state))
}

/// Like [`may_change_user`], but also fails if all target users are already banned.
fn may_ban(state: &State) -> Result<(), String> {
    may_change_user(state)?;
    if !targets::are_banned(state) {
        return Ok(());
    }
    Err(match (state.grouping(), state.focus()) {
        (Grouping::ByUser, Pane::First) => "Already banned in all rooms".into(),
        _ => "Already banned".into(),
    })
}

fn may_ban_from_room(state: &State) -> Result<(), String> {
    may_ban(state).and_then(|()| affiliations_are_managed(state))
}

fn may_add_user_to_rooms(state: &State) -> Result<(), String> {
    state.check_can_change()?;
    rights_include_affiliations(state)?;
    has_room(state)
}

fn may_add_user(state: &State) -> Result<(), String> {
    state.check_can_change()?;
    rights_include_affiliations(state)?;
    has_room(state)?;
    affiliations_are_managed(state)
}

/// Fails if affiliations in the selected room are only received from its server.
fn affiliations_are_managed(state: &State) -> Result<(), String> {
    let room = state.room().map(|(room, _)| room);
    match room.and_then(|room| state.servers.affiliation_problem(room)) {
        Some(reason) => Err(reason),
        None => Ok(()),
    }
}

fn may_change_hat(state: &State) -> Result<(), String> {
    state.check_can_change().and_then(|()| has_hat(state))
}

fn may_edit_hat(state: &State) -> Result<(), String> {
    targets::check_can_add_hats(state).and_then(|()| has_hat(state))
}

fn may_edit_room(state: &State) -> Result<(), String> {
    match state.marked(Pane::First) {
        0 | 1 => may_change_room(state),
        _ => Err("Cannot rename several rooms at once: unmark all but one".into()),
    }
}

fn has_rows(state: &State) -> Result<(), String> {
    match state.length(state.focus()) {
        0 => Err(empty_pane_reason(state, state.focus(), "Nothing to mark")),
        _ => Ok(()),
    }
}

fn has_listed_user(state: &State) -> Result<(), String> {
    match state.length(Pane::First) {
        0 => Err(empty_pane_reason(state, Pane::First, "No users yet")),
        _ => Ok(()),
    }
}

fn has_listed_hat(state: &State) -> Result<(), String> {
    let hat = state.existing_hat().map(drop);
    hat.ok_or_else(|| empty_pane_reason(state, Pane::First, "No hats yet"))
}

fn has_user_with_hat(state: &State) -> Result<(), String> {
    state
        .user_with_hat_at(state.selected(Pane::Second).unwrap_or_default())
        .map(drop)
        .ok_or_else(|| empty_pane_reason(state, Pane::Second, "No user has this hat"))
}

fn has_attachments(state: &State) -> Result<(), String> {
    has_listed_hat(state)?;
    has_user_with_hat(state)
}

/// Like [`may_change_attachments`], for adding another hat to the users who have a hat; fails if none of them can have
/// hats.
fn may_add_hats_to_users_with_hat(state: &State) -> Result<(), String> {
    may_change_attachments(state)?;
    let attachments = targets::selected_attachments(state);
    let mut problems = attachments.iter().filter_map(|attachment_ref| {
        let (room, user) = (&attachment_ref.room, &attachment_ref.user);
        let affiliation = state.shown.user(room, user)?.affiliation;
        Some(state.hats_problem(room, user, affiliation))
    });
    match problems.next() {
        Some(Some(first)) if problems.all(|problem| problem.is_some()) => Err(first),
        _ => Ok(()),
    }
}

fn may_change_attachments(state: &State) -> Result<(), String> {
    state.check_can_change()?;
    has_attachments(state)
}
