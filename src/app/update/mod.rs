//! The update function: applies a message to the state and returns the effects to perform. It does no I/O and
//! reads no clock.

mod address_list;
mod apply;
mod arrivals;
mod batch;
mod build_batch;
mod build_form;
mod catalog;
mod catalog_title;
mod change;
mod commit;
mod compare;
mod confirm;
mod conflict;
mod copy;
mod details;
mod dispatch;
mod draft;
mod escape;
mod expire;
mod fields;
mod filter;
mod finder;
mod following;
mod form;
mod handlers;
mod hat_clipboard;
mod history;
mod import_preview;
mod keys;
mod lists;
mod marks;
mod mouse;
mod new_users;
mod panes;
mod password;
mod plan;
mod presence;
mod prompt;
mod quit;
mod reselect;
mod rollback;
mod sending;
mod server_events;
mod servers;
mod sets;
mod store;
mod terminal;
mod themes;
mod undo;
mod unresolved;

pub use handlers::enabled;

use super::state::LastInput;
use super::{Effect, Msg, State};

/// Applies a message to the state and returns the effects that the caller must perform, in order.
pub fn update(state: &mut State, msg: Msg) -> Vec<Effect> {
    let mut effects = Vec::new();
    let is_user_input = matches!(
        msg,
        Msg::Key(_)
            | Msg::KeyWithUsKey(..)
            | Msg::Paste(_)
            | Msg::UnmarkedPaste(_)
            | Msg::Click { .. }
            | Msg::NewId(_)
    );
    if is_user_input || matches!(msg, Msg::Wheel { .. }) {
        state.undo_search.has_other_input = !state.undo_search.requests.is_empty();
    }
    if is_user_input {
        state.last_input = LastInput::Other;
    }
    match msg {
        Msg::Key(key) => dispatch::handle_key(state, key, None, &mut effects),
        Msg::KeyWithUsKey(key, us_key) => dispatch::handle_key(state, key, Some(us_key), &mut effects),
        Msg::Paste(text) => dispatch::paste(state, &text, &mut effects),
        // Where text is accepted, such a paste is handled like a marked one. If it were handled as keys, everything
        // after the first line break would run commands.
        Msg::UnmarkedPaste(text) if dispatch::accepts_paste(state) => {
            dispatch::paste(state, &text, &mut effects);
        }
        Msg::UnmarkedPaste(_) => state.notify_error("Looks like pasted text: open a form first"),
        Msg::Click { targets, double } => mouse::click(state, &targets, double, &mut effects),
        Msg::Wheel { targets, down } => mouse::wheel(state, &targets, down, &mut effects),
        Msg::Resize { columns, rows } => {
            state.size = (columns, rows);
            details::resize(state);
        }
        Msg::Now(now) => expire::tick(state, now, &mut effects),
        Msg::Store(event) => store::handle(state, *event, &mut effects),
        Msg::Server(event) => server_events::handle(state, *event, &mut effects),
        Msg::QuestionShown => confirm::mark_shown(state),
        Msg::AfterCommit(after) => sending::saved(state, *after, &mut effects),
        Msg::Continue => {
            filter::next_chunk(state, &mut effects);
            finder::next_chunk(state, &mut effects);
        }
        Msg::NewId(id) => form::insert_new_id(state, &id, &mut effects),
        Msg::Imported(path, result) => prompt::import_read(state, &path, result),
        Msg::FolderListed(typed, entries) => prompt::folder_listed(state, &typed, &entries),
        Msg::Exported(request, result) => prompt::export_done(state, request, result),
        Msg::ThemeSaved(name, result) => themes::saved(state, &name, result),
        Msg::DraftFound(bytes) => draft::loaded(state, bytes),
        Msg::DraftSaved(result) => draft::saved(state, result),
        Msg::DelayElapsed(delay) => draft::delay_elapsed(state, delay),
        Msg::End { status } => quit::terminate(state, status, &mut effects),
        Msg::Failed(text) => state.notify(text),
    }
    if state.is_indexing_users() && !effects.contains(&Effect::Continue) {
        effects.push(Effect::Continue);
    }
    following::sync(state, &mut effects);
    arrivals::open_waiting(state);
    draft::sync(state, &mut effects);
    draft::update_live_draft(state, is_user_input, &mut effects);
    effects
}
