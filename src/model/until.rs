//! Hats that expire: an attachment may have an end, the time at which the hat is removed.
//!
//! The end is stored in the field `until` of the attachment, as an RFC 3339 time. Only hatrack knows this field: servers
//! store at most `active`, `required` and `title` of an attachment. A value of `until` that is not a time is kept
//! unchanged; such a hat never ends.

use std::borrow::Cow;

use jiff::Timestamp;

use super::{Attachment, Edit, EditGroup, HatId, HatRule, Hats, Jid, Json, Room, User, Wardrobe};

const UNTIL_FIELD: &str = "until";

impl Attachment {
    /// The end of the hat: the time at which it is removed; `None`: never.
    pub fn until(&self) -> Option<Timestamp> {
        let json = self.extra.get(UNTIL_FIELD)?.as_str();
        json.strip_prefix('"')?.strip_suffix('"')?.parse().ok()
    }

    /// The attachment with this end or, with `None`, without an end. With `None`, a value of `until` that is not a time
    /// stays unchanged.
    #[must_use]
    pub fn with_until(mut self, until: Option<Timestamp>) -> Self {
        if self.until() != until {
            self.extra
                .set(UNTIL_FIELD, until.map(|time| Json::string(&time.to_string())));
        }
        self
    }

    /// The unrecognized JSON fields, sorted by name. `until` counts as unrecognized if its value is not a time.
    pub fn unrecognized(&self) -> impl Iterator<Item = (&str, &Json)> {
        let is_until = |name: &str| name == UNTIL_FIELD && self.until().is_some();
        self.extra.iter().filter(move |(name, _)| !is_until(name))
    }

    /// Whether the attachment has unrecognized JSON fields.
    pub fn has_unrecognized(&self) -> bool {
        self.unrecognized().next().is_some()
    }

    /// Whether the hat has ended at the time `now`, so that it has to be removed.
    pub fn has_ended(&self, now: Timestamp) -> bool {
        self.until().is_some_and(|until| until <= now)
    }
}

impl Wardrobe {
    /// The earliest time at which a hat ends, which may be in the past; `None` if no hat has an end.
    pub fn earliest_end(&self) -> Option<Timestamp> {
        self.rooms().filter_map(|(_, room)| room.earliest_end()).min()
    }

    /// Removes all hats that have ended at the time `now`, in the rooms for which `may_change` returns true. Returns the
    /// edits; the group is empty if there were no such hats.
    pub fn remove_ended_hats(&mut self, now: Timestamp, may_change: impl Fn(&Jid) -> bool) -> EditGroup {
        let ended = self
            .attachments_in_rooms_with_ended_hats(now)
            .filter(|(room, _, _, attachment)| attachment.has_ended(now) && may_change(room));
        let edits = ended.map(|(room, user, hat, attachment)| Edit::Hat {
            room: room.clone(),
            user: user.clone(),
            hat: hat.clone(),
            before: Some(attachment.clone()),
            after: None,
            rule: HatRule::AnyUser,
        });
        let group = EditGroup(edits.collect());
        for edit in &group.0 {
            // Cannot fail: the edits were made of the current values.
            let _ = self.apply_edit(edit);
        }
        group
    }

    /// All attachments of the rooms in which a hat has ended, each with its room, user and hat.
    fn attachments_in_rooms_with_ended_hats(
        &self,
        now: Timestamp,
    ) -> impl Iterator<Item = (&Jid, &Jid, &HatId, &Attachment)> {
        let rooms = self.rooms();
        let rooms = rooms.filter(move |(_, room)| room.earliest_end().is_some_and(|end| end <= now));
        rooms.flat_map(|(room, content)| {
            let users = content.users().iter();
            users.flat_map(move |(user, content)| {
                let hats = content.hats.iter();
                hats.map(move |(hat, attachment)| (room, user, hat, attachment))
            })
        })
    }
}

impl EditGroup {
    /// The group in the form in which an undo or redo applies it at the time `now`: hats that the group restores lose an
    /// end that is not after `now`, as hatrack would otherwise remove these hats again at once.
    pub fn without_past_ends(&self, now: Timestamp) -> Cow<'_, Self> {
        if !self.0.iter().any(|edit| restores_ended_hats(edit, now)) {
            return Cow::Borrowed(self);
        }
        let edits = self.0.iter().map(|edit| {
            let mut edit = edit.clone();
            match &mut edit {
                Edit::Hat {
                    after: Some(after),
                    before,
                    ..
                } if !has_same_end(before.as_ref(), after) => {
                    *after = without_past_end(after, now);
                }
                Edit::User {
                    after: Some(after), ..
                } => *after = user_without_past_ends(after, now),
                Edit::Room {
                    after: Some(after), ..
                } => *after = room_without_past_ends(after, now).into(),
                _ => {}
            }
            edit
        });
        Cow::Owned(Self(edits.collect()))
    }
}

/// Whether the edit restores hats that have ended at the time `now`.
fn restores_ended_hats(edit: &Edit, now: Timestamp) -> bool {
    let has_ended_hats = |user: &User| user.hats.iter().any(|(_, hat)| hat.has_ended(now));
    match edit {
        Edit::Hat {
            after: Some(after),
            before,
            ..
        } => after.has_ended(now) && !has_same_end(before.as_ref(), after),
        Edit::User {
            after: Some(after), ..
        } => has_ended_hats(after),
        Edit::Room {
            after: Some(after), ..
        } => after.users().iter().any(|(_, user)| has_ended_hats(user)),
        _ => false,
    }
}

fn has_same_end(before: Option<&Attachment>, after: &Attachment) -> bool {
    before.is_some_and(|before| before.until() == after.until())
}

fn without_past_end(attachment: &Attachment, now: Timestamp) -> Attachment {
    let ended = attachment.has_ended(now);
    let attachment = attachment.clone();
    if ended {
        attachment.with_until(None)
    } else {
        attachment
    }
}

fn user_without_past_ends(user: &User, now: Timestamp) -> User {
    let hats = user.hats.iter();
    let hats: Hats = hats
        .map(|(id, hat)| (id.clone(), without_past_end(hat, now)))
        .collect();
    User { hats, ..user.clone() }
}

fn room_without_past_ends(room: &Room, now: Timestamp) -> Room {
    let users = room.users().iter();
    let users = users
        .map(|(jid, user)| (jid.clone(), user_without_past_ends(user, now)))
        .collect();
    // The addresses are those of the room, so they are sorted and unique.
    room.clone().with_users(users).unwrap_or_else(|| room.clone())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Affiliation, HatId};

    const ROOM: &str = "courses@conference.example.org";

    fn jid(text: &str) -> Jid {
        Jid::parse(text).unwrap()
    }

    fn time(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn until(text: &str) -> Attachment {
        Attachment::default()
            .with_active(true)
            .with_until(Some(time(text)))
    }

    /// Ana has a hat that ends on 1 February, one that ends on 1 March and one that does not end.
    fn wardrobe() -> Wardrobe {
        let mut wardrobe = Wardrobe::default();
        let (room, ana) = (jid(ROOM), jid("ana@example.org"));
        wardrobe.add_room(&room, None).unwrap();
        wardrobe
            .set_affiliation(&ana, &room, Affiliation::Member)
            .unwrap();
        let hats = [
            ("urn:x:1", until("2027-02-01T00:00:00Z")),
            ("urn:x:2", until("2027-03-01T00:00:00Z")),
            ("urn:x:3", Attachment::default()),
        ];
        for (hat, attachment) in hats {
            wardrobe
                .add_user_hat(&ana, &room, &HatId::parse(hat).unwrap(), attachment)
                .unwrap();
        }
        wardrobe
    }

    #[test]
    fn end_is_stored_as_text_and_invalid_values_never_end() {
        let attachment = until("2027-02-01T00:00:00+01:00");
        let json = serde_json::to_string(&attachment).unwrap();
        assert_eq!(json, r#"{"active":true,"until":"2027-01-31T23:00:00Z"}"#);
        assert_eq!(
            attachment.with_until(None),
            Attachment::default().with_active(true)
        );
        for value in ["1", "null", "\"\"", "\"soon\"", "\"2027-02-01\"", "{}", "\""] {
            let mut odd = Attachment::default();
            let Ok(json) = Json::new(value) else { continue };
            odd.extra.set(UNTIL_FIELD, Some(json));
            assert_eq!(odd.until(), None, "{value}");
            assert!(!odd.has_ended(Timestamp::MAX), "{value}");
        }
    }

    #[test]
    fn ended_hats_are_removed_and_undo_restores_them_without_an_end() {
        let before = wardrobe();
        assert_eq!(before.earliest_end(), Some(time("2027-02-01T00:00:00Z")));
        let mut after = before.clone();
        let now = time("2027-02-01T00:00:00Z");
        assert!(after.remove_ended_hats(now, |_| false).is_empty());
        assert!(
            after
                .remove_ended_hats(time("2027-01-31T23:59:59Z"), |_| true)
                .is_empty()
        );
        let removed = after.remove_ended_hats(now, |_| true);
        assert_eq!(removed.0.len(), 1);
        assert_eq!(after.earliest_end(), Some(time("2027-03-01T00:00:00Z")));
        let undo = removed.inverse();
        let undo = undo.without_past_ends(now);
        after.apply(&undo).unwrap();
        let hat = HatId::parse("urn:x:1").unwrap();
        let user = after.user(&jid(ROOM), &jid("ana@example.org")).unwrap();
        assert_eq!(
            user.hats.get(&hat),
            Some(&Attachment::default().with_active(true))
        );
        after.apply(&undo.inverse()).unwrap();
        assert_eq!(before.diff(&after), removed);
    }

    #[test]
    fn undo_restores_ends_that_are_not_past() {
        let mut wardrobe = wardrobe();
        let group = wardrobe.remove_room(&jid(ROOM)).unwrap().inverse();
        assert_eq!(*group.without_past_ends(time("2027-01-01T00:00:00Z")), group);
        let late = group.without_past_ends(time("2027-02-15T00:00:00Z"));
        wardrobe.apply(&late).unwrap();
        assert_eq!(wardrobe.earliest_end(), Some(time("2027-03-01T00:00:00Z")));
    }

    #[test]
    fn undo_of_another_change_keeps_the_end() {
        let old = until("2027-02-01T00:00:00Z");
        let edit = Edit::Hat {
            room: jid(ROOM),
            user: jid("ana@example.org"),
            hat: HatId::parse("urn:x:1").unwrap(),
            before: Some(old.clone().with_active(false)),
            after: Some(old),
            rule: HatRule::AnyUser,
        };
        let group = EditGroup::from(edit);
        assert_eq!(*group.without_past_ends(time("2027-02-15T00:00:00Z")), group);
    }
}
