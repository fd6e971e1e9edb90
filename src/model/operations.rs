//! The operations on a wardrobe. Each is atomic: either it applies all of its edits and returns them, or it changes
//! nothing and returns an error. If both the room and the user are missing, the error is about the room.

use std::sync::Arc;

use super::{
    Affiliation, Attachment, CatalogHat, Edit, EditError, EditGroup, HatId, HatRule, Hats, Jid, Room, User,
    Wardrobe,
};

/// The result of [`Wardrobe::define_hat`].
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DefineOutcome {
    /// The edits of the catalog and of users' titles.
    pub group: EditGroup,
    /// Users whose hat already had the new title.
    pub unchanged: Vec<Jid>,
    /// Users who keep their title because they are not affiliated with the room.
    pub not_affiliated: Vec<Jid>,
}

impl Wardrobe {
    /// Adds a hat to a user with exactly this attachment; an existing attachment with that ID is replaced, including
    /// its unrecognized fields. A required hat can also be replaced.
    ///
    /// Errors: [`EditError::NoSuchRoom`], [`EditError::NotAffiliated`] (not owner, admin or member).
    ///
    /// ```
    /// # use hatrack::model::*;
    /// # let mut wardrobe = Wardrobe::default();
    /// # let (room, terry) = (Jid::parse("r@c.example")?, Jid::parse("terry@example.org")?);
    /// # wardrobe.add_room(&room, None)?;
    /// # wardrobe.set_affiliation(&terry, &room, Affiliation::Member)?;
    /// let hat = HatId::parse("http://example.com/hats/foo")?;
    /// let awesome = Attachment { active: Some(true), title: Some("Awesome".into()), ..Attachment::default() };
    /// wardrobe.add_user_hat(&terry, &room, &hat, awesome.clone())?;
    /// assert_eq!(wardrobe.user(&room, &terry).unwrap().hats.get(&hat), Some(&awesome));
    ///
    /// let stranger = Jid::parse("mallory@example.net")?;
    /// let error = wardrobe.add_user_hat(&stranger, &room, &hat, awesome).unwrap_err();
    /// assert_eq!(error.condition(), "item-not-found");
    /// # Ok::<(), EditError>(())
    /// ```
    pub fn add_user_hat(
        &mut self,
        user_jid: &Jid,
        room_jid: &Jid,
        hat_id: &HatId,
        attachment: Attachment,
    ) -> Result<EditGroup, EditError> {
        let user = self.affiliated_user(user_jid, room_jid)?;
        let edit = hat_edit(room_jid, user_jid, user, hat_id, Some(attachment));
        self.apply_edits(edit.into_iter().collect())
    }

    /// Removes a hat from a user; a required hat can also be removed. Succeeds without edits if the user does not have the
    /// hat.
    ///
    /// Errors: [`EditError::NoSuchRoom`], [`EditError::NotAffiliated`].
    ///
    /// ```
    /// # use hatrack::model::*;
    /// # let mut wardrobe = Wardrobe::default();
    /// # let (room, terry) = (Jid::parse("r@c.example")?, Jid::parse("terry@example.org")?);
    /// # wardrobe.add_room(&room, None)?;
    /// # wardrobe.set_affiliation(&terry, &room, Affiliation::Member)?;
    /// let hat = HatId::parse("http://example.com/hats/foo")?;
    /// wardrobe.add_user_hat(&terry, &room, &hat, Attachment::default())?;
    /// assert_eq!(wardrobe.remove_user_hat(&terry, &room, &hat)?.0.len(), 1);
    /// assert!(wardrobe.remove_user_hat(&terry, &room, &hat)?.is_empty());
    /// # Ok::<(), EditError>(())
    /// ```
    pub fn remove_user_hat(
        &mut self,
        user_jid: &Jid,
        room_jid: &Jid,
        hat_id: &HatId,
    ) -> Result<EditGroup, EditError> {
        let user = self.affiliated_user(user_jid, room_jid)?;
        let edit = hat_edit(room_jid, user_jid, user, hat_id, None);
        self.apply_edits(edit.into_iter().collect())
    }

    /// Replaces the hats of a user: adds missing ones, removes others and replaces those that differ.
    ///
    /// Errors: [`EditError::NoSuchRoom`], [`EditError::NotAffiliated`].
    ///
    /// ```
    /// # use hatrack::model::*;
    /// # let mut wardrobe = Wardrobe::default();
    /// # let (room, terry) = (Jid::parse("r@c.example")?, Jid::parse("terry@example.org")?);
    /// # wardrobe.add_room(&room, None)?;
    /// # wardrobe.set_affiliation(&terry, &room, Affiliation::Member)?;
    /// let hats: Hats = serde_json::from_str(r#"{ "http://example.com/hats/foo": { "active": true } }"#).unwrap();
    /// wardrobe.set_user_hats(&terry, &room, &hats)?;
    /// assert_eq!(wardrobe.user(&room, &terry).unwrap().hats, hats);
    /// # Ok::<(), EditError>(())
    /// ```
    pub fn set_user_hats(
        &mut self,
        user_jid: &Jid,
        room_jid: &Jid,
        hats: &Hats,
    ) -> Result<EditGroup, EditError> {
        let user = self.affiliated_user(user_jid, room_jid)?;
        let surplus = user
            .hats
            .iter()
            .map(|(id, _)| id)
            .filter(|id| hats.get(id).is_none());
        let removed = surplus.filter_map(|id| hat_edit(room_jid, user_jid, user, id, None));
        let added = hats
            .iter()
            .filter_map(|(id, new)| hat_edit(room_jid, user_jid, user, id, Some(new.clone())));
        let edits = removed.chain(added).collect();
        self.apply_edits(edits)
    }

    /// Removes a hat from a user with any affiliation or none. Succeeds without edits if the user is not in the room or
    /// does not have the hat.
    ///
    /// Errors: [`EditError::NoSuchRoom`].
    pub fn force_remove_hat(&mut self, user: &Jid, room: &Jid, hat: &HatId) -> Result<EditGroup, EditError> {
        let edit = self
            .require_room(room)?
            .user(user)
            .and_then(|content| hat_edit(room, user, content, hat, None));
        self.apply_edits(edit.into_iter().collect())
    }

    /// Adds a room without users.
    ///
    /// Errors: [`EditError::RoomExists`].
    pub fn add_room(&mut self, room: &Jid, name: Option<&str>) -> Result<EditGroup, EditError> {
        if self.room(room).is_some() {
            return Err(EditError::RoomExists { room: room.clone() });
        }
        let after = Some(Arc::new(Room::new(name)));
        self.apply_edits(vec![Edit::Room {
            room: room.clone(),
            before: None,
            after,
        }])
    }

    /// Adds a room with its users, hats and unrecognized fields.
    ///
    /// Errors: [`EditError::RoomExists`].
    pub fn insert_room(&mut self, room: &Jid, content: Arc<Room>) -> Result<EditGroup, EditError> {
        if self.room(room).is_some() {
            return Err(EditError::RoomExists { room: room.clone() });
        }
        self.apply_edits(vec![Edit::Room {
            room: room.clone(),
            before: None,
            after: Some(content),
        }])
    }

    /// Inserts or replaces a whole user: affiliation, hats and unrecognized fields.
    ///
    /// Errors: [`EditError::NoSuchRoom`].
    pub fn replace_user(&mut self, user: &Jid, room: &Jid, content: User) -> Result<EditGroup, EditError> {
        let before = self.require_room(room)?.user(user).cloned();
        if before.as_ref() == Some(&content) {
            return Ok(EditGroup::default());
        }
        self.apply_edits(vec![Edit::User {
            room: room.clone(),
            user: user.clone(),
            before,
            after: Some(content),
        }])
    }

    /// Removes a room including its users and their hats.
    ///
    /// Errors: [`EditError::NoSuchRoom`].
    pub fn remove_room(&mut self, room: &Jid) -> Result<EditGroup, EditError> {
        let before = Some(self.require_room(room)?.clone());
        self.apply_edits(vec![Edit::Room {
            room: room.clone(),
            before,
            after: None,
        }])
    }

    /// Changes the display name of a room or, with `None`, removes the name. The address stays the same.
    ///
    /// Errors: [`EditError::NoSuchRoom`].
    pub fn rename_room(&mut self, room: &Jid, name: Option<&str>) -> Result<EditGroup, EditError> {
        let before = self.require_room(room)?.name.clone();
        if before.as_deref() == name {
            return Ok(EditGroup::default());
        }
        self.apply_edits(vec![Edit::RoomName {
            room: room.clone(),
            before,
            after: name.map(Into::into),
        }])
    }

    /// Sets the affiliation of a user with a room; a new user is added. [`Affiliation::None`] removes the user with
    /// their hats, as Prosody does; any other change keeps the hats.
    ///
    /// Errors: [`EditError::NoSuchRoom`].
    pub fn set_affiliation(
        &mut self,
        user: &Jid,
        room: &Jid,
        affiliation: Affiliation,
    ) -> Result<EditGroup, EditError> {
        let before = self.require_room(room)?.user(user);
        let (room, user) = (room.clone(), user.clone());
        let edit = match before {
            None if affiliation == Affiliation::None => None,
            None => {
                let after = Some(User::new(affiliation));
                Some(Edit::User {
                    room,
                    user,
                    before: None,
                    after,
                })
            }
            Some(before) if affiliation == Affiliation::None => Some(Edit::User {
                room,
                user,
                before: Some(before.clone()),
                after: None,
            }),
            Some(before) if before.affiliation == affiliation => None,
            Some(before) => {
                let before = before.affiliation;
                Some(Edit::Affiliation {
                    room,
                    user,
                    before,
                    after: affiliation,
                })
            }
        };
        self.apply_edits(edit.into_iter().collect())
    }

    /// Adds, replaces or (with `None`) removes a hat of a room's catalog; users' attachments stay the same.
    ///
    /// Errors: [`EditError::NoSuchRoom`]; [`EditError::NoSuchCatalogHat`] if there is nothing to remove.
    pub fn set_catalog_hat(
        &mut self,
        room: &Jid,
        hat: &HatId,
        entry: Option<CatalogHat>,
    ) -> Result<EditGroup, EditError> {
        let before = self.require_room(room)?.catalog.get(hat).cloned();
        if before.is_none() && entry.is_none() {
            return Err(EditError::NoSuchCatalogHat {
                room: room.clone(),
                hat: hat.clone(),
            });
        }
        if before == entry {
            return Ok(EditGroup::default());
        }
        self.apply_edits(vec![Edit::Catalog {
            room: room.clone(),
            hat: hat.clone(),
            before,
            after: entry,
        }])
    }

    /// Adds or replaces a hat of a room's catalog. With `retitle_users`, attachments that have their own title get the
    /// new title; attachments without a title show the title of the catalog anyway. Users who are not affiliated with the
    /// room keep their title, as [`Wardrobe::add_user_hat`] cannot change their hats; they are listed in
    /// [`DefineOutcome::not_affiliated`]. If `entry` has no title, all attachments stay the same.
    ///
    /// Errors: [`EditError::NoSuchRoom`].
    pub fn define_hat(
        &mut self,
        room: &Jid,
        hat: &HatId,
        entry: CatalogHat,
        retitle_users: bool,
    ) -> Result<DefineOutcome, EditError> {
        let mut next = self.clone();
        let title = entry
            .title
            .clone()
            .filter(|title| !title.is_empty() && retitle_users);
        let mut outcome = DefineOutcome {
            group: next.set_catalog_hat(room, hat, Some(entry))?,
            ..DefineOutcome::default()
        };
        let content = next.require_room(room)?.clone();
        let with_own_title = |(jid, user): &(Jid, User)| {
            let attachment = user
                .hats
                .get(hat)
                .filter(|attachment| attachment.has_own_title())?;
            Some((jid.clone(), attachment.clone()))
        };
        for (user, attachment) in title
            .iter()
            .flat_map(|_| content.users().iter().filter_map(with_own_title))
        {
            if attachment.title == title {
                outcome.unchanged.push(user);
                continue;
            }
            match next.add_user_hat(&user, room, hat, attachment.with_title(title.as_deref())) {
                Ok(group) => outcome.group.0.extend(group.0),
                Err(EditError::NotAffiliated { .. }) => outcome.not_affiliated.push(user),
                Err(error) => return Err(error),
            }
        }
        *self = next;
        Ok(outcome)
    }

    fn affiliated_user(&self, user: &Jid, room: &Jid) -> Result<&User, EditError> {
        let found = self.require_room(room)?.user(user);
        found
            .filter(|user| user.affiliation.is_affiliated())
            .ok_or_else(|| EditError::NotAffiliated {
                room: room.clone(),
                user: user.clone(),
            })
    }

    fn apply_edits(&mut self, edits: Vec<Edit>) -> Result<EditGroup, EditError> {
        let group = EditGroup(edits);
        self.apply(&group)?;
        Ok(group)
    }
}

/// The edit of one hat of an existing user; `None` if nothing would change. For a user who is affiliated now, the edit
/// and its undo require an affiliation, so that an undo never adds a hat to a user who has since been banned.
fn hat_edit(room: &Jid, jid: &Jid, user: &User, hat: &HatId, after: Option<Attachment>) -> Option<Edit> {
    let before = user.hats.get(hat).cloned();
    if before == after {
        return None;
    }
    let rule = if user.affiliation.is_affiliated() {
        HatRule::Affiliated
    } else {
        HatRule::AnyUser
    };
    Some(Edit::Hat {
        room: room.clone(),
        user: jid.clone(),
        hat: hat.clone(),
        before,
        after,
        rule,
    })
}
