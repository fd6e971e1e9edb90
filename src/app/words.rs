//! What happened, in words: an edit as the rest of a sentence whose subject is somebody's name. Used by the screen, its
//! history and the command line alike. The texts in it are as they came: whoever shows them makes them harmless.

use std::collections::BTreeSet;

use crate::model::{Attachment, CatalogueHat, Edit, Group, HatId, Jid, Room, User};

/// One action of a moderator: `gave terry@example.org the hat "Proctor" in courses@conference.example.org`. Where many
/// were given the same, the first is named and the rest counted.
pub fn group(group: &Group) -> String {
    match group.0.as_slice() {
        [] => "changed nothing".into(),
        [only] => edit(only),
        all => same_for_many_users(all)
            .or_else(|| same_for_many_hats(all))
            .or_else(|| many_hats_of_one(all))
            .unwrap_or_else(|| first_and_rest(all)),
    }
}

/// One change.
pub fn edit(edit: &Edit) -> String {
    with_user(edit, edit.user().map_or("", Jid::as_str))
}

/// `1 hat`, `2 hats`: a number and its noun, whose plural ends in s.
pub fn count(number: usize, noun: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {noun}{plural}")
}

/// The change with other words for the user that it is about.
fn with_user(edit: &Edit, user: &str) -> String {
    match edit {
        Edit::Room { room, before, after } => whole_room(room, before.as_deref(), after.as_deref()),
        Edit::RoomName { room, before, after } => match (before, after) {
            (Some(old), Some(new)) => format!("renamed {room} from \"{old}\" to \"{new}\""),
            (None, Some(new)) => format!("named {room} \"{new}\""),
            (Some(old), None) => format!("took the name \"{old}\" from {room}"),
            (None, None) => format!("changed nothing in {room}"),
        },
        Edit::Catalogue {
            room,
            hat,
            before,
            after,
        } => catalogue(room, hat, before.as_ref(), after.as_ref()),
        Edit::User {
            room, before, after, ..
        } => whole_user(room, user, before.as_ref(), after.as_ref()),
        Edit::Affiliation {
            room, before, after, ..
        } => format!("made {user} {after} in {room} (before: {before})"),
        Edit::Hat {
            room,
            hat,
            before,
            after,
            ..
        } => match (before, after) {
            (None, Some(after)) => format!("gave {user} the hat {} in {room}", attached(hat, after)),
            (Some(before), None) => format!("took the hat {} from {user} in {room}", attached(hat, before)),
            (Some(before), Some(after)) => format!(
                "changed the hat {} of {user} in {room}: {}",
                attached(hat, before),
                differences(before, after)
            ),
            (None, None) => format!("changed nothing for {user} in {room}"),
        },
        Edit::Document { .. } => "changed members of the document that hatrack does not know".into(),
    }
}

fn whole_room(room: &Jid, before: Option<&Room>, after: Option<&Room>) -> String {
    let what = |there: &Room| {
        let name = there
            .name
            .as_deref()
            .map_or(String::new(), |name| format!(" \"{name}\""));
        let users = there.users().len();
        let content = match users {
            0 => String::new(),
            users => format!(
                " with {} and {}",
                count(users, "user"),
                count(there.attachments(), "hat")
            ),
        };
        format!("the room {room}{name}{content}")
    };
    match (before, after) {
        (None, Some(after)) => format!("added {}", what(after)),
        (Some(before), None) => format!("removed {}", what(before)),
        _ => format!("changed the room {room}, with members of it that hatrack does not know"),
    }
}

fn whole_user(room: &Jid, user: &str, before: Option<&User>, after: Option<&User>) -> String {
    let hats = |there: &User| format!(" with {}", count(there.hats.len(), "hat"));
    match (before, after) {
        (None, Some(after)) if after.hats.is_empty() => {
            format!("added {user} to {room} as {}", after.affiliation)
        }
        (None, Some(after)) => format!("added {user} to {room} as {}{}", after.affiliation, hats(after)),
        (Some(before), None) => format!(
            "removed {user} ({}) from {room}{}",
            before.affiliation,
            hats(before)
        ),
        _ => format!("changed {user} in {room}, with members that hatrack does not know"),
    }
}

fn catalogue(room: &Jid, hat: &HatId, before: Option<&CatalogueHat>, after: Option<&CatalogueHat>) -> String {
    let name = |entry: &CatalogueHat| named(hat, entry.title.as_deref());
    match (before, after) {
        (None, Some(after)) => format!("put the hat {} into the catalogue of {room}", name(after)),
        (Some(before), None) => format!("took the hat {} out of the catalogue of {room}", name(before)),
        (Some(before), Some(after)) if before.title != after.title => format!(
            "changed the hat {} in the catalogue of {room}: {}",
            name(before),
            titled(after.title.as_deref())
        ),
        (Some(entry), _) => format!("changed the hat {} in the catalogue of {room}", name(entry)),
        (None, None) => format!("changed nothing in the catalogue of {room}"),
    }
}

/// The title that people read, else the id.
fn named(hat: &HatId, title: Option<&str>) -> String {
    match title.filter(|title| !title.is_empty()) {
        Some(title) => format!("\"{title}\""),
        None => format!("<{hat}>"),
    }
}

fn attached(hat: &HatId, attachment: &Attachment) -> String {
    named(hat, attachment.title.as_deref())
}

fn titled(title: Option<&str>) -> String {
    match title.filter(|title| !title.is_empty()) {
        Some(title) => format!("titled \"{title}\""),
        None => "without a title".into(),
    }
}

fn differences(before: &Attachment, after: &Attachment) -> String {
    let mut all: Vec<String> = Vec::new();
    if before.is_active() != after.is_active() {
        all.push(if after.is_active() { "worn" } else { "not worn" }.into());
    }
    if before.is_required() != after.is_required() {
        all.push(
            if after.is_required() {
                "required"
            } else {
                "not required"
            }
            .into(),
        );
    }
    if before.title != after.title {
        all.push(titled(after.title.as_deref()));
    }
    if before.extra != after.extra {
        all.push("members that hatrack does not know".into());
    }
    if all.is_empty() {
        // Such as `"active": false` in the place of nothing.
        all.push("written in another way, meaning the same".into());
    }
    all.join(", ")
}

/// The same for all but the user: `gave terry@example.org and 19 more the hat …`.
fn same_for_many_users(all: &[Edit]) -> Option<String> {
    let first = all.first()?;
    let pattern = with_user(first, "\0");
    let mut users = BTreeSet::new();
    for edit in all {
        if with_user(edit, "\0") != pattern || !users.insert(edit.user()?) {
            return None;
        }
    }
    Some(with_user(
        first,
        &format!("{} and {} more", first.user()?, users.len() - 1),
    ))
}

/// The same hat for users of several rooms: `gave terry@example.org and 3 more the hat "Proctor" in 2 rooms`.
fn same_for_many_hats(all: &[Edit]) -> Option<String> {
    let verb = |edit: &Edit| match edit {
        Edit::Hat {
            hat, before, after, ..
        } => match (before, after) {
            (None, Some(after)) => Some((true, attached(hat, after))),
            (Some(before), None) => Some((false, attached(hat, before))),
            _ => None,
        },
        _ => None,
    };
    let (gave, hat) = verb(all.first()?)?;
    if all.iter().any(|edit| verb(edit) != Some((gave, hat.clone()))) {
        return None;
    }
    let users: BTreeSet<_> = all.iter().filter_map(Edit::user).collect();
    let rooms: BTreeSet<_> = all.iter().filter_map(Edit::room).collect();
    let who = match users.len() - 1 {
        0 => all.first()?.user()?.to_string(),
        more => format!("{} and {more} more", all.first()?.user()?),
    };
    let place = count(rooms.len(), "room");
    Some(if gave {
        format!("gave {who} the hat {hat} in {place}")
    } else {
        format!("took the hat {hat} from {who} in {place}")
    })
}

/// Several hats of one user: `changed the hats of terry@example.org in …: 2 given, 1 taken`.
fn many_hats_of_one(all: &[Edit]) -> Option<String> {
    let (room, user) = (all.first()?.room()?, all.first()?.user()?);
    let (mut given, mut taken, mut changed) = (0, 0, 0);
    for edit in all {
        match edit {
            Edit::Hat {
                room: here,
                user: who,
                before,
                after,
                ..
            } if here == room && who == user => match (before, after) {
                (None, _) => given += 1,
                (_, None) => taken += 1,
                _ => changed += 1,
            },
            _ => return None,
        }
    }
    let parts = [(given, "given"), (taken, "taken"), (changed, "changed")];
    let parts: Vec<String> = parts
        .iter()
        .filter(|(number, _)| *number > 0)
        .map(|(number, what)| format!("{number} {what}"))
        .collect();
    Some(format!(
        "changed the hats of {user} in {room}: {}",
        parts.join(", ")
    ))
}

fn first_and_rest(all: &[Edit]) -> String {
    let first = all.first().map(edit).unwrap_or_default();
    format!("{first}, and {}", count(all.len() - 1, "more change"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Affiliation, Wardrobe};

    fn jid(text: &str) -> Jid {
        Jid::parse(text).unwrap()
    }

    fn titled(title: &str) -> Attachment {
        Attachment::default().with_title(Some(title))
    }

    /// A room with two members, one of them with a hat.
    fn some() -> (Wardrobe, Jid, HatId) {
        let (room, hat) = (
            jid("courses@conference.example.org"),
            HatId::parse("http://example.com/hats/ta").unwrap(),
        );
        let mut wardrobe = Wardrobe::default();
        wardrobe.add_room(&room, Some("Courses")).unwrap();
        for user in ["terry@example.org", "kim@example.org"] {
            wardrobe
                .set_affiliation(&jid(user), &room, Affiliation::Member)
                .unwrap();
        }
        wardrobe
            .add_user_hat(
                &jid("terry@example.org"),
                &room,
                &hat,
                titled("Teacher's Assistant"),
            )
            .unwrap();
        (wardrobe, room, hat)
    }

    #[test]
    fn hats_come_and_go() {
        let (mut wardrobe, room, hat) = some();
        let terry = jid("terry@example.org");
        let taken = wardrobe.remove_user_hat(&terry, &room, &hat).unwrap();
        assert_eq!(
            group(&taken),
            "took the hat \"Teacher's Assistant\" from terry@example.org in courses@conference.example.org"
        );
        assert_eq!(
            group(&taken.inverse()),
            "gave terry@example.org the hat \"Teacher's Assistant\" in courses@conference.example.org"
        );
        let untitled = wardrobe
            .add_user_hat(&terry, &room, &hat, Attachment::default())
            .unwrap();
        assert_eq!(
            group(&untitled),
            "gave terry@example.org the hat <http://example.com/hats/ta> in courses@conference.example.org"
        );
    }

    #[test]
    fn an_attachment_changes_in_each_of_its_parts() {
        let (mut wardrobe, room, hat) = some();
        let terry = jid("terry@example.org");
        let start = "changed the hat \"Teacher's Assistant\" of terry@example.org in courses@conference.example.org: ";
        let mut changes = |next: Attachment| {
            let made = wardrobe.add_user_hat(&terry, &room, &hat, next).unwrap();
            let words = group(&made);
            wardrobe.apply(&made.inverse()).unwrap();
            words.strip_prefix(start).map(str::to_owned).ok_or(words)
        };
        let same = titled("Teacher's Assistant");
        let worn = same.clone().with_active(true).with_required(true);
        assert_eq!(changes(worn).as_deref(), Ok("worn, required"));
        assert_eq!(changes(titled("Boss")).as_deref(), Ok("titled \"Boss\""));
        assert_eq!(changes(Attachment::default()).as_deref(), Ok("without a title"));
        let explicit = Attachment {
            active: Some(false),
            ..same
        };
        assert_eq!(
            changes(explicit).as_deref(),
            Ok("written in another way, meaning the same")
        );
    }

    #[test]
    fn rooms_and_users() {
        let (mut wardrobe, room, _) = some();
        let (terry, kim) = (jid("terry@example.org"), jid("kim@example.org"));
        let promoted = wardrobe.set_affiliation(&kim, &room, Affiliation::Admin).unwrap();
        assert_eq!(
            group(&promoted),
            "made kim@example.org admin in courses@conference.example.org (before: member)"
        );
        let gone = wardrobe
            .set_affiliation(&terry, &room, Affiliation::None)
            .unwrap();
        assert_eq!(
            group(&gone),
            "removed terry@example.org (member) from courses@conference.example.org with 1 hat"
        );
        assert_eq!(
            group(&gone.inverse()),
            "added terry@example.org to courses@conference.example.org as member with 1 hat"
        );
        wardrobe.apply(&gone.inverse()).unwrap();
        let kim_gone = wardrobe.set_affiliation(&kim, &room, Affiliation::None).unwrap();
        assert_eq!(
            group(&kim_gone),
            "removed kim@example.org (admin) from courses@conference.example.org with 0 hats"
        );
        assert_eq!(
            group(&kim_gone.inverse()),
            "added kim@example.org to courses@conference.example.org as admin"
        );
        wardrobe.apply(&kim_gone.inverse()).unwrap();
        let renamed = wardrobe.rename_room(&room, Some("Lessons")).unwrap();
        assert_eq!(
            group(&renamed),
            "renamed courses@conference.example.org from \"Courses\" to \"Lessons\""
        );
        let removed = wardrobe.remove_room(&room).unwrap();
        assert_eq!(
            group(&removed),
            "removed the room courses@conference.example.org \"Lessons\" with 2 users and 1 hat"
        );
        let added = wardrobe.add_room(&room, None).unwrap();
        assert_eq!(group(&added), "added the room courses@conference.example.org");
    }

    #[test]
    fn the_catalogue() {
        let (mut wardrobe, room, hat) = some();
        let entry = |title: &str| {
            Some(CatalogueHat {
                title: Some(title.into()),
                ..CatalogueHat::default()
            })
        };
        let put = wardrobe.set_catalogue_hat(&room, &hat, entry("Helper")).unwrap();
        assert_eq!(
            group(&put),
            "put the hat \"Helper\" into the catalogue of courses@conference.example.org"
        );
        assert_eq!(
            group(&put.inverse()),
            "took the hat \"Helper\" out of the catalogue of courses@conference.example.org"
        );
        let changed = wardrobe.set_catalogue_hat(&room, &hat, entry("Aide")).unwrap();
        assert_eq!(
            group(&changed),
            "changed the hat \"Helper\" in the catalogue of courses@conference.example.org: titled \"Aide\""
        );
    }

    #[test]
    fn many_at_once_are_counted() {
        let (mut wardrobe, room, hat) = some();
        let (terry, kim) = (jid("terry@example.org"), jid("kim@example.org"));
        let proctor = HatId::parse("urn:x:proctor").unwrap();
        let all = |groups: Vec<Group>| Group(groups.into_iter().flat_map(|group| group.0).collect());
        let both = all(vec![
            wardrobe
                .add_user_hat(&terry, &room, &proctor, titled("Proctor"))
                .unwrap(),
            wardrobe
                .add_user_hat(&kim, &room, &proctor, titled("Proctor"))
                .unwrap(),
        ]);
        assert_eq!(
            group(&both),
            "gave terry@example.org and 1 more the hat \"Proctor\" in courses@conference.example.org"
        );
        let hats = [
            (hat.clone(), titled("Boss")),
            (HatId::keep("urn:x:new"), titled("New")),
        ];
        let set = wardrobe
            .set_user_hats(&terry, &room, &hats.into_iter().collect())
            .unwrap();
        assert_eq!(
            group(&set),
            "changed the hats of terry@example.org in courses@conference.example.org: 1 given, 1 taken, 1 changed"
        );
        let other = jid("staff@conference.example.org");
        let mixed = all(vec![
            wardrobe.add_room(&other, None).unwrap(),
            wardrobe
                .set_affiliation(&kim, &other, Affiliation::Owner)
                .unwrap(),
        ]);
        assert_eq!(
            group(&mixed),
            "added the room staff@conference.example.org, and 1 more change"
        );
        let rooms = all(vec![
            wardrobe.add_user_hat(&kim, &other, &hat, titled("Boss")).unwrap(),
            wardrobe.add_user_hat(&kim, &room, &hat, titled("Boss")).unwrap(),
        ]);
        assert_eq!(group(&rooms), "gave kim@example.org the hat \"Boss\" in 2 rooms");
        assert_eq!(group(&Group::default()), "changed nothing");
    }
}
