//! An import in words.

use crate::exchange::{ImportCounts, SkipReason, SkippedItem};
use crate::model::Affiliation;

use super::count;

/// What an import does, as the rest of a sentence: `1 room and 40 users added, 85 hats given, 5 changed, 12 the same already`.
pub fn import_summary(counts: &ImportCounts) -> String {
    let some = |number: usize, noun: &str| (number > 0).then(|| count(number, noun));
    let and = |parts: [Option<String>; 2], what: &str| {
        let parts: Vec<String> = parts.into_iter().flatten().collect();
        (!parts.is_empty()).then(|| format!("{} {what}", parts.join(" and ")))
    };
    let one = |number: usize, noun: &str, what: &str| and([some(number, noun), None], what);
    let hats = [
        (counts.hats_added, "given"),
        (counts.hats_changed, "changed"),
        (counts.hats_removed, "taken"),
        (counts.unchanged, "the same already"),
    ];
    // The noun stands once.
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
        one(counts.catalog_set, "hat", "put into catalogs"),
        one(counts.catalog_removed, "hat", "taken out of catalogs"),
        one(counts.sets_changed, "named set", "put"),
        one(counts.sets_removed, "named set", "removed"),
        (counts.unknown_changed > 0).then(|| {
            format!(
                "members that hatrack does not know changed in {}",
                count(counts.unknown_changed, "object")
            )
        }),
    ];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    if parts.is_empty() {
        "nothing in it".into()
    } else {
        parts.join(", ")
    }
}

/// What an import leaves aside, and why.
pub fn skipped_item(skip: &SkippedItem) -> String {
    let room = skip.room.as_ref().map_or("", |room| room.as_str());
    let user = skip.user.as_ref().map_or("", |user| user.as_str());
    match &skip.reason {
        SkipReason::NotAffiliated(affiliation, hats) => {
            let is = if *affiliation == Affiliation::Outcast {
                "banned (outcast)"
            } else {
                "not affiliated"
            };
            format!("{} of {user} in {room}, who is {is}", count(*hats, "hat"))
        }
        SkipReason::Removal => {
            format!("the affiliation none of {user} in {room}: an import removes nobody")
        }
        SkipReason::EmptyUser => format!("{user} in {room}, who has neither an affiliation nor hats"),
        SkipReason::DifferentSet(name) => format!("the set {name:?}, which has other hats here"),
        SkipReason::DifferentField(name) => {
            format!("the member {name:?} of the document, which is another here")
        }
        SkipReason::OutOfScope(name) => {
            format!("the member {name:?} of the document, as this session sees some rooms only")
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
            "1 room and 40 users added, 85 hats given, 5 changed, 12 the same already"
        );
        assert_eq!(
            import_summary(&ImportCounts {
                unchanged: 1,
                ..ImportCounts::default()
            }),
            "1 hat the same already"
        );
        assert_eq!(
            import_summary(&ImportCounts {
                users_removed: 2,
                hats_removed: 1,
                affiliations_changed: 1,
                unknown_changed: 1,
                ..ImportCounts::default()
            }),
            "2 users removed, 1 affiliation changed, 1 hat taken, members that hatrack does not know changed in 1 object"
        );
        assert_eq!(import_summary(&ImportCounts::default()), "nothing in it");
    }
}
