//! Summarizes many changes by kind: `added 3 users and added 85 hats to 40 users in 3 rooms`.

use std::collections::BTreeSet;

use jiff::tz::TimeZone;

use crate::model::{Affiliation, Edit, Jid};

use super::phrase::{Tense, enumeration};
use super::{
    added_hat, attachment_name, count, edit_with_user, first_few, membership_hats, sets, titled_edits,
    user_edit, users_phrase, with_hats,
};

/// The number of changes of each kind, and their users.
#[derive(Default)]
struct EditCounts<'a> {
    /// Rooms added, removed and changed.
    rooms: [usize; 3],
    /// Users added, removed and changed; someone in several rooms counts once.
    users: [BTreeSet<&'a Jid>; 3],
    /// Hats that came and went with them.
    membership_hats: [usize; 3],
    affiliations: usize,
    /// Hats added, removed and changed.
    hats: [usize; 3],
    hat_users: [BTreeSet<&'a Jid>; 3],
    catalog: usize,
    /// Hat sets saved, removed and changed.
    sets: [usize; 3],
    /// Edits of other fields of the data file.
    document: usize,
    touched_rooms: BTreeSet<&'a Jid>,
}

/// Added, removed or changed.
fn edit_kind(before: bool, after: bool) -> usize {
    match (before, after) {
        (false, _) => 0,
        (true, false) => 1,
        (true, true) => 2,
    }
}

fn increment(of: &mut [usize; 3], at: usize) {
    if let Some(number) = of.get_mut(at) {
        *number += 1;
    }
}

impl<'a> EditCounts<'a> {
    fn count_edit(&mut self, edit: &'a Edit) {
        // Adding or removing a room does not count as a change in it.
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
                let at = edit_kind(before.is_some(), after.is_some());
                if let (Some(users), Some(hats)) = (self.users.get_mut(at), self.membership_hats.get_mut(at))
                {
                    users.insert(user);
                    *hats += membership_hats(edit);
                }
            }
            Edit::Affiliation { .. } => self.affiliations += 1,
            Edit::Hat {
                user, before, after, ..
            } => {
                let at = edit_kind(before.is_some(), after.is_some());
                increment(&mut self.hats, at);
                if let Some(users) = self.hat_users.get_mut(at) {
                    users.insert(user);
                }
            }
            Edit::Catalog { .. } => self.catalog += 1,
            Edit::Document { before, after } => match sets::changed_sets(before, after) {
                Some(sets) => {
                    for (_, before, after) in sets {
                        increment(&mut self.sets, edit_kind(before.is_some(), after.is_some()));
                    }
                }
                None => self.document += 1,
            },
        }
    }

    fn summary(&self, tense: Tense) -> String {
        let mut parts: Vec<String> = Vec::new();
        let verbs = ["added", "removed", "changed"];
        let now = |verb: &str| tense.of(verb).to_owned();
        let some = verbs.iter().zip(&self.rooms).filter(|(_, number)| **number > 0);
        parts.extend(some.map(|(verb, number)| format!("{} {}", now(verb), count(*number, "room"))));
        for ((verb, users), hats) in verbs.iter().zip(&self.users).zip(self.membership_hats) {
            // A change of a membership itself leaves its hats.
            let hats = if *verb == "changed" { 0 } else { hats };
            if !users.is_empty() {
                parts.push(format!(
                    "{} {}{}",
                    now(verb),
                    count(users.len(), "user"),
                    with_hats(hats)
                ));
            }
        }
        if self.affiliations > 0 {
            parts.push(format!(
                "{} {}",
                now("changed"),
                count(self.affiliations, "affiliation")
            ));
        }
        let verbs = [("added", "to"), ("removed", "from"), ("changed", "for")];
        for ((verb, to), (number, users)) in verbs.iter().zip(self.hats.iter().zip(&self.hat_users)) {
            if *number > 0 {
                let who = match (users.len(), users.first()) {
                    (1, Some(user)) => user.to_string(),
                    (many, _) => count(many, "user"),
                };
                parts.push(format!("{} {} {to} {who}", now(verb), count(*number, "hat")));
            }
        }
        if self.catalog > 0 {
            parts.push(format!(
                "{} {}",
                now("changed"),
                count(self.catalog, "catalog hat")
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
        let some = verbs.iter().zip(self.sets).filter(|(_, number)| *number > 0);
        parts.extend(some.map(|(verb, number)| format!("{} {}", now(verb), count(number, "hat set"))));
        if self.document > 0 {
            parts.push(format!("{} data file fields", now("changed")));
        }
        enumeration(parts)
    }
}

/// Describes the same affiliation change in several rooms: `changed terry@example.org to admin in 3 rooms`.
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
    let words = |who: &str, place: &str, verb: Verb| match verb {
        Verb::Added(Affiliation::Outcast) | Verb::Changed(Affiliation::Outcast) => {
            format!("banned {who} from {place}")
        }
        Verb::Added(affiliation) => format!("added {who} to {place} as {affiliation}"),
        Verb::Changed(affiliation) => format!("changed {who} to {affiliation} in {place}"),
        Verb::Removed => format!("removed {who} from {place}"),
    };
    let (mut rooms, mut users, mut hats) = (BTreeSet::new(), BTreeSet::new(), 0);
    let pattern = words("", "", verb(all.first()?)?);
    for edit in all {
        if words("", "", verb(edit)?) != pattern {
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
    let who = users_phrase(&users);
    let said = words(&who, &count(rooms.len(), "room"), verb(all.first()?)?);
    Some(match hats {
        0 => said,
        hats => format!("{said}, with {}", count(hats, "hat")),
    })
}

/// Summarizes all edits in one sentence.
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
    let hats = all.iter().map(membership_hats).sum();
    let words = |edit: &Edit, who: &str| match edit {
        Edit::User {
            room, before, after, ..
        } => user_edit(room, who, before.as_ref(), after.as_ref(), hats),
        _ => edit_with_user(edit, who, zone),
    };
    let pattern = words(first, "\0");
    let mut users = BTreeSet::new();
    for edit in all {
        if words(edit, "\0") != pattern || !users.insert(edit.user()?) {
            return None;
        }
    }
    Some(words(first, &users_phrase(&users)))
}

/// Describes the same hat for users of several rooms: `added "Proctor" to 4 users in 2 rooms`.
pub(super) fn same_hat_in_many_rooms(all: &[Edit], zone: &TimeZone) -> Option<String> {
    let verb = |edit: &Edit| match edit {
        Edit::Hat {
            hat, before, after, ..
        } => match (before, after) {
            (None, Some(after)) => Some((true, added_hat(hat, after, zone))),
            (Some(before), None) => Some((false, attachment_name(hat, before))),
            _ => None,
        },
        _ => None,
    };
    let (is_added, hat) = verb(all.first()?)?;
    if all.iter().any(|edit| verb(edit) != Some((is_added, hat.clone()))) {
        return None;
    }
    let users: BTreeSet<_> = all.iter().filter_map(Edit::user).collect();
    let rooms: BTreeSet<_> = all.iter().filter_map(Edit::room).collect();
    let who = users_phrase(&users);
    let place = count(rooms.len(), "room");
    Some(if is_added {
        format!("added {hat} to {who} in {place}")
    } else {
        format!("removed {hat} from {who} in {place}")
    })
}

/// Describes changes of several hats of one user: `changed hats of terry@example.org in …: added "Proctor", removed
/// "Teacher"`.
pub(super) fn many_hats_of_one_user(all: &[Edit], zone: &TimeZone) -> Option<String> {
    let (room, user) = (all.first()?.room()?, all.first()?.user()?);
    let (mut added, mut removed, mut changed) = (Vec::new(), Vec::new(), Vec::new());
    for edit in all {
        match edit {
            Edit::Hat {
                room: here,
                user: who,
                hat,
                before,
                after,
                ..
            } if here == room && who == user => match (before, after) {
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
        .map(|(hats, what)| format!("{what} {}", first_few(hats)))
        .collect();
    Some(format!("changed hats for {user} in {room}: {}", parts.join(", ")))
}

/// Describes a hat that was added to users and defined in the catalog of their room: `added the new hat "Proctor" to …`.
pub(super) fn new_hat(all: &[Edit], zone: &TimeZone) -> Option<String> {
    let is_new = |edit: &Edit| match edit {
        Edit::Catalog {
            hat,
            before: None,
            after: Some(_),
            ..
        } => Some(hat.clone()),
        _ => None,
    };
    let hat = is_new(all.first()?)?;
    let defined = all
        .iter()
        .take_while(|edit| is_new(edit).as_ref() == Some(&hat))
        .count();
    let added = all.get(defined..).filter(|added| !added.is_empty())?;
    let is_added = |edit: &Edit| matches!(edit, Edit::Hat { hat: this, before: None, after: Some(_), .. } if *this == hat);
    if !added.iter().all(is_added) {
        return None;
    }
    let said = titled_edits(added, zone);
    Some(said.replacen("added ", "added the new hat ", 1))
}
