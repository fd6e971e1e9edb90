//! The texts around the panes: the number of items in the file, the progress of loading, unsaved and unsent changes,
//! the problem with the file, and the hint for the filter.

use crate::app::command::CommandId;
use crate::app::servers::UnsentCounts;
use crate::app::{Grouping, Phase, RowKind, SaveState, State, describe};
use crate::store::StoreProblem;

/// Progress of loading the data file.
pub struct LoadingView<'a> {
    /// The data file.
    pub file: &'a str,
    /// If the file cannot be loaded, the hint about how to continue; `None` while it is being loaded.
    pub failure_hint: Option<String>,
    /// Progress in percent, if known.
    pub percent: Option<u8>,
}

/// Returns the numbers of rooms, users and hats.
pub fn counts(state: &State) -> Vec<String> {
    if state.phase() != Phase::Open {
        return Vec::new();
    }
    let totals = state.totals();
    vec![
        describe::count(state.wardrobe().rooms().len(), "room"),
        describe::count(totals.users, "user"),
        describe::count(totals.attachments, "hat"),
    ]
}

/// Returns the problem with the data file and, if there is one, its solution; `None` if there is no problem.
pub fn file_problem(state: &State) -> Option<String> {
    let (SaveState::NotSaved(_, reason) | SaveState::FileProblem(reason)) = state.save_state() else {
        return None;
    };
    let next = match state.problem() {
        Some(StoreProblem::CannotWrite(_)) => " Retrying automatically.".to_owned(),
        Some(StoreProblem::Gone(_)) if state.check_can_change().is_ok() => {
            let recreate = state.key(CommandId::RecreateFile);
            format!(" Press {recreate} to create it again with the data from this session.")
        }
        _ => String::new(),
    };
    // A reason may begin with a path, which stays as it is.
    let is_word = |word: &str| word.chars().all(char::is_alphabetic);
    let reason = if reason.split(' ').next().is_some_and(is_word) {
        describe::capitalized(&reason)
    } else {
        reason.clone()
    };
    Some(match next.as_str() {
        "" => reason,
        next => format!("{}.{next}", reason.trim_end_matches('.')),
    })
}

/// Describes the numbers of changes that are not sent: `2 not sent`, `1 conflict, 1 refused, 2 not sent`.
pub fn unsent_changes(counts: UnsentCounts) -> String {
    let parts = [
        (counts.conflicts, describe::count(counts.conflicts, "conflict")),
        (counts.refused, format!("{} refused", counts.refused)),
        (counts.waiting, format!("{} not sent", counts.waiting)),
    ];
    let parts = parts.into_iter().filter(|(number, _)| *number > 0);
    let parts: Vec<String> = parts.map(|(_, text)| text).collect();
    parts.join(", ")
}

/// Says for how many seconds the servers have not answered: `sending, no answer for 12 s`.
pub fn silent_sending(seconds: i64) -> String {
    format!("sending, no answer for {seconds} s")
}

/// Describes the number of unsaved changes: `1 unsaved change`.
pub fn unsaved_changes(number: usize) -> String {
    describe::count(number, "unsaved change")
}

/// Returns the progress of loading the data file; `None` when it is loaded.
pub fn loading(state: &State) -> Option<LoadingView<'_>> {
    let Phase::Opening { done, total } = state.phase() else {
        return None;
    };
    let percent = done.min(total).saturating_mul(100).checked_div(total);
    let failure_hint = state.problem().is_some().then(|| {
        format!(
            "Reloads when the file changes. {} Retry  {} Quit",
            state.key(CommandId::Retry),
            state.key(CommandId::Quit)
        )
    });
    Some(LoadingView {
        file: &state.start().file,
        failure_hint,
        percent: percent.and_then(|percent| u8::try_from(percent).ok()),
    })
}

/// Returns a hint for the filter of the focused pane.
pub fn filter_hint(state: &State) -> &'static str {
    let (grouping, pane) = (state.grouping(), state.focus());
    match grouping.kind(pane) {
        RowKind::User if grouping == Grouping::ByRoom && state.knows_presence() => {
            "text   @owner   #\"a hat\"   ~online   !word"
        }
        RowKind::Room => "text   #\"a hat\"   !word",
        RowKind::User if grouping == Grouping::ByRoom => "text   @owner   #\"a hat\"   !word",
        RowKind::User | RowKind::Hat => "text   !word",
    }
}
