//! Describes imports.

use crate::exchange::{ImportCounts, SkipReason, SkippedItem};
use crate::model::Affiliation;

use super::count;

/// Summarizes an import: `1 room and 40 users added, 85 hats added, 5 changed, 12 unchanged`.
pub fn import_summary(counts: &ImportCounts) -> String {
    let some = |number: usize, noun: &str| (number > 0).then(|| count(number, noun));
    let and = |parts: [Option<String>; 2], what: &str| {
        let parts: Vec<String> = parts.into_iter().flatten().collect();
        (!parts.is_empty()).then(|| format!("{} {what}", parts.join(" and ")))
    };
    let one = |number: usize, noun: &str, what: &str| and([some(number, noun), None], what);
    let hats = [
        (counts.hats_added, "added"),
        (counts.hats_changed, "changed"),
        (counts.hats_removed, "removed"),
        (counts.unchanged, "unchanged"),
    ];
    // The noun is written once.
    let mut named = false;
    let hats = hats
        .into_iter()
        .filter(|(number, _)| *number > 0)
        .map(|(number, what)| {
            let noun = if std::mem::replace(&mut named, true) {
                number.to_string()
            } else {
                count(number, "hat")
            };
            format!("{noun} {what}")
        });
    let hats: Vec<String> = hats.collect();
    let parts = [
        and(
            [some(counts.rooms_added, "room"), some(counts.users_added, "user")],
            "added",
        ),
        and(
            [
                some(counts.rooms_removed, "room"),
                some(counts.users_removed, "user"),
            ],
            "removed",
        ),
        one(counts.rooms_renamed, "room", "renamed"),
        one(counts.affiliations_changed, "affiliation", "changed"),
        Some(hats.join(", ")).filter(|hats| !hats.is_empty()),
        one(counts.catalog_set, "catalog hat", "added or changed"),
        one(counts.catalog_removed, "catalog hat", "removed"),
        one(counts.sets_changed, "hat set", "saved"),
        one(counts.sets_removed, "hat set", "removed"),
        (counts.unknown_changed > 0).then(|| {
            format!(
                "unrecognized fields changed in {}",
                count(counts.unknown_changed, "object")
            )
        }),
    ];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    if parts.is_empty() {
        "no changes".into()
    } else {
        parts.join(", ")
    }
}

/// Describes a skipped item and the reason.
pub fn skipped_item(skip: &SkippedItem) -> String {
    let room = skip.room.as_ref().map_or("", |room| room.as_str());
    let user = skip.user.as_ref().map_or("", |user| user.as_str());
    match &skip.reason {
        SkipReason::NotAffiliated(affiliation, hats) => {
            let is = if *affiliation == Affiliation::Outcast {
                "banned"
            } else {
                "not affiliated"
            };
            format!("{} of {user} in {room}: the user is {is}", count(*hats, "hat"))
        }
        SkipReason::Removal => {
            format!("{user} in {room}: affiliation \"none\" (imports never remove users)")
        }
        SkipReason::EmptyUser => format!("{user} in {room}: no affiliation and no hats"),
        SkipReason::DifferentSet(name) => format!("hat set {name:?}: exists with different hats"),
        SkipReason::DifferentField(name) => {
            format!("data file field {name:?}: exists with a different value")
        }
        SkipReason::OutOfScope(name) => {
            format!("data file field {name:?}: not available in a restricted session")
        }
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
            "1 room and 40 users added, 85 hats added, 5 changed, 12 unchanged"
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
                unknown_changed: 1,
                ..ImportCounts::default()
            }),
            "2 users removed, 1 affiliation changed, 1 hat removed, unrecognized fields changed in 1 object"
        );
        assert_eq!(import_summary(&ImportCounts::default()), "no changes");
    }
}
