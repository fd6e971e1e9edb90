//! Describes several edits together: the same change of many users or rooms, or the numbers of changes by kind, such as
//! `added 3 users and added 85 hats to 40 users in 3 rooms`.

use std::collections::BTreeSet;

use jiff::tz::TimeZone;

use crate::model::{Affiliation, Edit, Jid};

use super::phrase::{Tense, enumeration};
use super::{
    added_hat, attachment_name, count, edit_with_user, first_few, hat_count_of_user_edit, sets, titled_edits,
    user_edit, users_phrase, with_hats,
};

/// The numbers of edits by kind, and the users and rooms of these edits.
#[derive(Default)]
struct EditCounts<'a> {
    /// Rooms added, removed and changed.
    rooms: [usize; 3],
    /// Users added, removed and changed; a user in several rooms counts once.
    users: [BTreeSet<&'a Jid>; 3],
    /// Numbers of hats of these users; not shown for changed users.
    hats_of_users: [usize; 3],
    affiliations: usize,
    /// Hats added, removed and changed.
    hats: [usize; 3],
    /// Users of the hats added, removed and changed.
    hat_users: [BTreeSet<&'a Jid>; 3],
    catalog_hats: usize,
    /// Hat sets saved, removed and changed.
    sets: [usize; 3],
    /// Number of edits of other fields of the data file.
    other_document_edits: usize,
    /// Rooms in which users, hats or the catalog were changed.
    touched_rooms: BTreeSet<&'a Jid>,
}

/// The index of an edit in the counts: 0 added, 1 removed, 2 changed. The parameters say whether the subject exists
/// before and after the edit.
fn edit_kind(exists_before: bool, exists_after: bool) -> usize {
    match (exists_before, exists_after) {
        (false, _) => 0,
        (true, false) => 1,
        (true, true) => 2,
    }
}

fn increment(counts: &mut [usize; 3], kind: usize) {
    if let Some(number) = counts.get_mut(kind) {
        *number += 1;
    }
}

impl<'a> EditCounts<'a> {
    fn count_edit(&mut self, edit: &'a Edit) {
        // Adding, removing or renaming a room does not count as a change in it.
        if !matches!(edit, Edit::Room { .. } | Edit::RoomName { .. }) {
            self.touched_rooms.extend(edit.room());
        }
        match edit {
            Edit::Room { before, after, .. } => {
                increment(&mut self.rooms, edit_kind(before.is_some(), after.is_some()));
            }
            Edit::RoomName { .. } => increment(&mut self.rooms, 2),
            Edit::User {
                user, before, after, ..
            } => {
                let kind = edit_kind(before.is_some(), after.is_some());
                if let (Some(users), Some(hats)) =
                    (self.users.get_mut(kind), self.hats_of_users.get_mut(kind))
                {
                    users.insert(user);
                    *hats += hat_count_of_user_edit(edit);
                }
            }
            Edit::Affiliation { .. } => self.affiliations += 1,
            Edit::Hat {
                user, before, after, ..
            } => {
                let kind = edit_kind(before.is_some(), after.is_some());
                increment(&mut self.hats, kind);
                if let Some(users) = self.hat_users.get_mut(kind) {
                    users.insert(user);
                }
            }
            Edit::Catalog { .. } => self.catalog_hats += 1,
            Edit::OtherFields { before, after } => match sets::changed_sets(before, after) {
                Some(sets) => {
                    for (_, before, after) in sets {
                        increment(&mut self.sets, edit_kind(before.is_some(), after.is_some()));
                    }
                }
                None => self.other_document_edits += 1,
            },
        }
    }

    /// Describes the counts in one phrase; omits zeros.
    fn summary(&self, tense: Tense) -> String {
        let mut parts: Vec<String> = Vec::new();
        let verbs = ["added", "removed", "changed"];
        let conjugated = |verb: &str| tense.conjugate(verb).to_owned();
        let nonzero = verbs.iter().zip(&self.rooms).filter(|(_, number)| **number > 0);
        parts
            .extend(nonzero.map(|(verb, number)| format!("{} {}", conjugated(verb), count(*number, "room"))));
        for ((verb, users), hats) in verbs.iter().zip(&self.users).zip(self.hats_of_users) {
            // The hats of a changed user are not added or removed with the user.
            let hats = if *verb == "changed" { 0 } else { hats };
            if !users.is_empty() {
                parts.push(format!(
                    "{} {}{}",
                    conjugated(verb),
                    count(users.len(), "user"),
                    with_hats(hats)
                ));
            }
        }
        if self.affiliations > 0 {
            parts.push(format!(
                "{} {}",
                conjugated("changed"),
                count(self.affiliations, "affiliation")
            ));
        }
        let verbs = [("added", "to"), ("removed", "from"), ("changed", "for")];
        for ((verb, preposition), (number, users)) in verbs.iter().zip(self.hats.iter().zip(&self.hat_users))
        {
            if *number > 0 {
                let user_phrase = match (users.len(), users.first()) {
                    (1, Some(user)) => user.to_string(),
                    (many, _) => count(many, "user"),
                };
                parts.push(format!(
                    "{} {} {preposition} {user_phrase}",
                    conjugated(verb),
                    count(*number, "hat")
                ));
            }
        }
        if self.catalog_hats > 0 {
            parts.push(format!(
                "{} {}",
                conjugated("changed"),
                count(self.catalog_hats, "catalog hat")
            ));
        }
        let place = match (self.touched_rooms.len(), self.touched_rooms.first()) {
            (0, _) => String::new(),
            (1, Some(room)) => format!(" in {room}"),
            (many, _) => format!(" in {}", count(many, "room")),
        };
        let mut parts: Vec<String> = (!parts.is_empty())
            .then(|| format!("{}{place}", enumeration(parts)))
            .into_iter()
            .collect();
        let verbs = ["saved", "removed", "changed"];
        let nonzero = verbs.iter().zip(self.sets).filter(|(_, number)| *number > 0);
        parts.extend(
            nonzero.map(|(verb, number)| format!("{} {}", conjugated(verb), count(number, "hat set"))),
        );
        if self.other_document_edits > 0 {
            parts.push(format!("{} data file fields", conjugated("changed")));
        }
        enumeration(parts)
    }
}

/// Describes edits that add or remove users, or change affiliations, all in the same way in several rooms: `changed
/// terry@example.org to admin in 3 rooms`.
pub(super) fn same_affiliation(all: &[Edit]) -> Option<String> {
    enum Verb {
        Added(Affiliation),
        Changed(Affiliation),
        Removed,
    }
    let verb = |edit: &Edit| match edit {
        Edit::Affiliation { after, .. } => Some(Verb::Changed(*after)),
        Edit::User { before, after, .. } => match (before, after) {
            (None, Some(after)) => Some(Verb::Added(after.affiliation)),
            (Some(_), None) => Some(Verb::Removed),
            _ => None,
        },
        _ => None,
    };
    let phrase = |user_phrase: &str, place: &str, verb: Verb| match verb {
        Verb::Added(Affiliation::Outcast) | Verb::Changed(Affiliation::Outcast) => {
            format!("banned {user_phrase} from {place}")
        }
        Verb::Added(affiliation) => format!("added {user_phrase} to {place} as {affiliation}"),
        Verb::Changed(affiliation) => format!("changed {user_phrase} to {affiliation} in {place}"),
        Verb::Removed => format!("removed {user_phrase} from {place}"),
    };
    let (mut rooms, mut users, mut hats) = (BTreeSet::new(), BTreeSet::new(), 0);
    let pattern = phrase("", "", verb(all.first()?)?);
    for edit in all {
        if phrase("", "", verb(edit)?) != pattern {
            return None;
        }
        rooms.extend(edit.room());
        users.extend(edit.user());
        if let Edit::User { before, after, .. } = edit {
            hats += before
                .iter()
                .chain(after)
                .map(|user| user.hats.len())
                .sum::<usize>();
        }
    }
    if rooms.len() < 2 {
        return None;
    }
    let user_phrase = users_phrase(&users);
    let changed = phrase(&user_phrase, &count(rooms.len(), "room"), verb(all.first()?)?);
    Some(match hats {
        0 => changed,
        hats => format!("{changed}, with {}", count(hats, "hat")),
    })
}

/// Describes edits in one phrase, by the number of edits of each kind.
pub(super) fn summary_by_kind(all: &[Edit], tense: Tense) -> String {
    let mut kinds = EditCounts::default();
    for edit in all {
        kinds.count_edit(edit);
    }
    kinds.summary(tense)
}

/// Describes edits that differ only in the user: `added "Proctor" to 20 users in …`.
pub(super) fn same_for_many_users(all: &[Edit], zone: &TimeZone) -> Option<String> {
    let first = all.first()?;
    let hats = all.iter().map(hat_count_of_user_edit).sum();
    let phrase = |edit: &Edit, user_phrase: &str| match edit {
        Edit::User {
            room, before, after, ..
        } => user_edit(room, user_phrase, before.as_ref(), after.as_ref(), hats),
        _ => edit_with_user(edit, user_phrase, zone),
    };
    let pattern = phrase(first, "\0");
    let mut users = BTreeSet::new();
    for edit in all {
        if phrase(edit, "\0") != pattern || !users.insert(edit.user()?) {
            return None;
        }
    }
    Some(phrase(first, &users_phrase(&users)))
}

/// Describes the same hat added to, or removed from, users of several rooms: `added "Proctor" to 4 users in 2 rooms`.
pub(super) fn same_hat_in_many_rooms(all: &[Edit], zone: &TimeZone) -> Option<String> {
    let added_or_removed = |edit: &Edit| match edit {
        Edit::Hat {
            hat, before, after, ..
        } => match (before, after) {
            (None, Some(after)) => Some((true, added_hat(hat, after, zone))),
            (Some(before), None) => Some((false, attachment_name(hat, before))),
            _ => None,
        },
        _ => None,
    };
    let (is_added, hat) = added_or_removed(all.first()?)?;
    if all
        .iter()
        .any(|edit| added_or_removed(edit) != Some((is_added, hat.clone())))
    {
        return None;
    }
    let users: BTreeSet<_> = all.iter().filter_map(Edit::user).collect();
    let rooms: BTreeSet<_> = all.iter().filter_map(Edit::room).collect();
    let user_phrase = users_phrase(&users);
    let place = count(rooms.len(), "room");
    Some(if is_added {
        format!("added {hat} to {user_phrase} in {place}")
    } else {
        format!("removed {hat} from {user_phrase} in {place}")
    })
}

/// Describes changes of several hats of one user in one room: `changed hats for terry@example.org in …: added
/// "Proctor", removed "Teacher"`.
pub(super) fn many_hats_of_one_user(all: &[Edit], zone: &TimeZone) -> Option<String> {
    let (room, user) = (all.first()?.room()?, all.first()?.user()?);
    let (mut added, mut removed, mut changed) = (Vec::new(), Vec::new(), Vec::new());
    for edit in all {
        match edit {
            Edit::Hat {
                room: edited_room,
                user: edited_user,
                hat,
                before,
                after,
                ..
            } if edited_room == room && edited_user == user => match (before, after) {
                (None, None) => {}
                (None, Some(after)) => added.push(added_hat(hat, after, zone)),
                (Some(before), None) => removed.push(attachment_name(hat, before)),
                (Some(before), Some(_)) => changed.push(attachment_name(hat, before)),
            },
            _ => return None,
        }
    }
    let parts = [(added, "added"), (removed, "removed"), (changed, "changed")];
    let parts: Vec<String> = parts
        .iter()
        .filter(|(hats, _)| !hats.is_empty())
        .map(|(hats, verb)| format!("{verb} {}", first_few(hats)))
        .collect();
    Some(format!("changed hats for {user} in {room}: {}", parts.join(", ")))
}

/// Describes a hat that was defined in catalogs and then added to users: `added the new hat "Proctor" to …`.
pub(super) fn new_hat(all: &[Edit], zone: &TimeZone) -> Option<String> {
    let defined_hat = |edit: &Edit| match edit {
        Edit::Catalog {
            hat,
            before: None,
            after: Some(_),
            ..
        } => Some(hat.clone()),
        _ => None,
    };
    let hat = defined_hat(all.first()?)?;
    let defined_count = all
        .iter()
        .take_while(|edit| defined_hat(edit).as_ref() == Some(&hat))
        .count();
    let added = all.get(defined_count..).filter(|added| !added.is_empty())?;
    let is_added =
        |edit: &Edit| matches!(edit, Edit::Hat { hat: id, before: None, after: Some(_), .. } if *id == hat);
    if !added.iter().all(is_added) {
        return None;
    }
    let phrase = titled_edits(added, zone);
    Some(phrase.replacen("added ", "added the new hat ", 1))
}
