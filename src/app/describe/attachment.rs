//! Describes how an attachment changed.

use jiff::tz::TimeZone;

use crate::app::until;
use crate::model::Attachment;

use super::title_phrase;
use super::unrecognized::changed_fields;

/// The new state, such as `inactive` or `active and required`; `None` if the state is the same, or if the attachments
/// also differ in something else.
pub(super) fn state_change(before: &Attachment, after: &Attachment) -> Option<String> {
    let states = changed_states(before, after);
    let differ_otherwise = before.title != after.title || before.extra != after.extra;
    (!states.is_empty() && !differ_otherwise).then(|| states.join(" and "))
}

fn changed_states(before: &Attachment, after: &Attachment) -> Vec<&'static str> {
    let active = if after.is_active() { "active" } else { "inactive" };
    let required = if after.is_required() {
        "required"
    } else {
        "optional"
    };
    let changes = [
        (before.is_active() != after.is_active(), active),
        (before.is_required() != after.is_required(), required),
    ];
    changes
        .into_iter()
        .filter_map(|(changed, state)| changed.then_some(state))
        .collect()
}

/// Describes the differences between two attachments, as a phrase: `active, title "Teacher"; expires 2027-01-31`.
pub(super) fn attachment_changes(before: &Attachment, after: &Attachment, zone: &TimeZone) -> String {
    let states = changed_states(before, after);
    let mut all: Vec<String> = states.into_iter().map(Into::into).collect();
    if before.title != after.title {
        all.push(title_phrase(after.title.as_deref()));
    }
    all.extend(changed_fields(before, after));
    let end = (before.until() != after.until()).then(|| match after.until() {
        Some(end) => format!("expires {}", until::full(end, zone)),
        None => "no longer expires".into(),
    });
    match (all.is_empty(), end) {
        (false, None) => all.join(", "),
        (false, Some(end)) => format!("{}; {end}", all.join(", ")),
        (true, Some(end)) => end,
        // For example, `"active": false` was written where the field was missing, which means the same.
        (true, None) => "same value, different JSON".into(),
    }
}
