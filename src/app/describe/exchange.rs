//! Describes imports and exports.

use crate::exchange::{ExportScope, ImportCounts, SkipReason, SkippedItem};
use crate::model::Affiliation;

use super::count;
use super::phrase::Tense;

/// Summarizes an import: `1 room and 40 users added, 85 hats added, 5 hats changed, 12 hats unchanged`.
pub fn import_summary(counts: &ImportCounts) -> String {
    let parts = import_parts(counts);
    let parts: Vec<String> = parts.map(|(items, verb)| format!("{items} {verb}")).collect();
    if parts.is_empty() {
        "no changes".into()
    } else {
        parts.join(", ")
    }
}

/// Describes what an import will do, as a sentence: `This adds 1 room, 40 users and 85 hats, and leaves 12 hats
/// unchanged.`
pub fn import_plan(counts: &ImportCounts) -> String {
    match import_phrase(counts, Tense::Present) {
        phrase if phrase.is_empty() => "This changes nothing.".into(),
        phrase => format!("This {phrase}."),
    }
}

/// Describes what an import would do, to follow "would": `add 1 room, 40 users and 85 hats, and leave 12 hats
/// unchanged`.
pub fn import_after_would(counts: &ImportCounts) -> String {
    import_phrase(counts, Tense::Infinitive)
}

/// Describes an import as a phrase without a subject; empty if all counts are 0.
fn import_phrase(counts: &ImportCounts, tense: Tense) -> String {
    let mut by_verb: Vec<(&str, Vec<String>)> = Vec::new();
    for (items, verb) in import_parts(counts) {
        match by_verb.iter_mut().find(|(other, _)| *other == verb) {
            Some((_, all)) => all.push(items),
            None => by_verb.push((verb, vec![items])),
        }
    }
    let parts = by_verb.into_iter().map(|(verb, mut all)| {
        let last = all.pop().unwrap_or_default();
        let items = match all.join(", ").replace(" and ", ", ") {
            before if before.is_empty() => last,
            before => format!("{before} and {last}"),
        };
        match (verb, tense) {
            (UNCHANGED, Tense::Present) => format!("leaves {items} unchanged"),
            (UNCHANGED, _) => format!("leave {items} unchanged"),
            (ADDED_OR_CHANGED, _) => format!(
                "{} or {} {items}",
                tense.conjugate("added"),
                tense.conjugate("changed")
            ),
            (verb, _) => format!("{} {items}", tense.conjugate(verb)),
        }
    });
    let mut parts: Vec<String> = parts.collect();
    match parts.pop() {
        Some(last) if !parts.is_empty() => format!("{}, and {last}", parts.join(", ")),
        last => last.unwrap_or_default(),
    }
}

const UNCHANGED: &str = "unchanged";
const ADDED_OR_CHANGED: &str = "added or changed";

/// Counts the items of an import by their verb, in the past tense: `1 room and 40 users`, `added`. Omits zeros.
fn import_parts(counts: &ImportCounts) -> impl Iterator<Item = (String, &'static str)> {
    let counted = |number: usize, noun: &str| (number > 0).then(|| count(number, noun));
    let both = |first: Option<String>, second: Option<String>| match (first, second) {
        (Some(first), Some(second)) => Some(format!("{first} and {second}")),
        (first, second) => first.or(second),
    };
    let added = both(
        counted(counts.rooms_added, "room"),
        counted(counts.users_added, "user"),
    );
    let removed = both(
        counted(counts.rooms_removed, "room"),
        counted(counts.users_removed, "user"),
    );
    let unrecognized = counted(counts.unrecognized_changed, "object");
    [
        (added, "added"),
        (removed, "removed"),
        (counted(counts.rooms_renamed, "room"), "renamed"),
        (counted(counts.affiliations_changed, "affiliation"), "changed"),
        (counted(counts.hats_added, "hat"), "added"),
        (counted(counts.hats_changed, "hat"), "changed"),
        (counted(counts.hats_removed, "hat"), "removed"),
        (counted(counts.unchanged, "hat"), UNCHANGED),
        (counted(counts.catalog_set, "catalog hat"), ADDED_OR_CHANGED),
        (counted(counts.catalog_removed, "catalog hat"), "removed"),
        (counted(counts.sets_changed, "hat set"), "saved"),
        (counted(counts.sets_removed, "hat set"), "removed"),
        (
            unrecognized.map(|objects| format!("unrecognized fields of {objects}")),
            "changed",
        ),
    ]
    .into_iter()
    .filter_map(|(items, verb)| Some((items?, verb)))
}

/// Says how many hats are inactive because the table does not say whether they are active; `None` for none. `verb`:
/// `are`, `will be` or `would be`.
pub fn inactive_hats(hats: usize, verb: &str) -> Option<String> {
    let verb = if hats == 1 && verb == "are" { "is" } else { verb };
    let hats = (hats > 0).then(|| count(hats, "hat"))?;
    Some(format!(
        "{hats} {verb} inactive, as the table has no column \"active\""
    ))
}

/// Describes what an export contains: `all rooms`, `terry@example.org in courses@conference.example.org`.
pub fn export_scope(scope: &ExportScope) -> String {
    match scope {
        ExportScope::All => "all rooms".into(),
        ExportScope::Room(room) => room.to_string(),
        ExportScope::Rooms(rooms) => count(rooms.len(), "room"),
        ExportScope::User(room, user) => format!("{user} in {room}"),
        ExportScope::Users(room, users) => format!("{} in {room}", count(users.len(), "user")),
    }
}

/// Describes a skipped item and the reason.
pub fn skipped_item(item: &SkippedItem) -> String {
    let (subject, reason) = skipped_parts(item);
    let room = item.room.as_ref().map_or("", |room| room.as_str());
    match (&item.room, &item.reason) {
        (None, _) => format!("{subject}: {reason}"),
        (Some(_), SkipReason::NotAffiliated(_, hats)) => {
            let hats = count(*hats, "hat");
            format!("{hats} of {subject} in {room}: {}", reason_of(&item.reason))
        }
        (Some(_), _) => format!("{subject} in {room}: {reason}"),
    }
}

/// Returns the user, hat set or field of a skipped item, without the room; and the reason. For
/// [`SkipReason::NotAffiliated`], the hats of the user are skipped: the reason begins with their number.
pub(super) fn skipped_parts(item: &SkippedItem) -> (String, String) {
    let user = || item.user.as_ref().map_or_else(String::new, ToString::to_string);
    let reason = reason_of(&item.reason);
    match &item.reason {
        SkipReason::NotAffiliated(_, hats) => (user(), format!("{} ({reason})", count(*hats, "hat"))),
        SkipReason::Removal | SkipReason::EmptyUser => (user(), reason.into()),
        SkipReason::DifferentSet(name) => (format!("hat set {name:?}"), reason.into()),
        SkipReason::DifferentField(name) | SkipReason::OutOfScope(name) => {
            (format!("data file field {name:?}"), reason.into())
        }
    }
}

fn reason_of(reason: &SkipReason) -> &'static str {
    match reason {
        SkipReason::NotAffiliated(Affiliation::Outcast, _) => "the user is banned",
        SkipReason::NotAffiliated(..) => "the user is not affiliated",
        SkipReason::Removal => "affiliation \"none\" (an import without --replace removes no users)",
        SkipReason::EmptyUser => "no affiliation and no hats",
        SkipReason::DifferentSet(_) => "exists with different hats",
        SkipReason::DifferentField(_) => "exists with a different value",
        SkipReason::OutOfScope(_) => "not available in a restricted session",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn describes_import_counts() {
        let counts = ImportCounts {
            rooms_added: 1,
            users_added: 40,
            hats_added: 85,
            hats_changed: 5,
            unchanged: 12,
            ..ImportCounts::default()
        };
        assert_eq!(
            import_summary(&counts),
            "1 room and 40 users added, 85 hats added, 5 hats changed, 12 hats unchanged"
        );
        assert_eq!(
            import_plan(&counts),
            "This adds 1 room, 40 users and 85 hats, changes 5 hats, and leaves 12 hats unchanged."
        );
        assert_eq!(
            import_summary(&ImportCounts {
                unchanged: 1,
                ..ImportCounts::default()
            }),
            "1 hat unchanged"
        );
        assert_eq!(
            import_summary(&ImportCounts {
                users_removed: 2,
                hats_removed: 1,
                affiliations_changed: 1,
                unrecognized_changed: 1,
                ..ImportCounts::default()
            }),
            "2 users removed, 1 affiliation changed, 1 hat removed, unrecognized fields of 1 object changed"
        );
        assert_eq!(import_summary(&ImportCounts::default()), "no changes");
        assert_eq!(import_plan(&ImportCounts::default()), "This changes nothing.");
    }
}
