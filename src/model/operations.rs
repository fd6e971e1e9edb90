//! The operations: each does the whole of what it says and returns the edits that it made, or changes nothing and
//! says why. The room is looked up before the user.

use std::sync::Arc;

use super::{
    Affiliation, Attachment, CatalogHat, Edit, EditError, Group, HatId, HatRule, Hats, Jid, Room, User,
    Wardrobe,
};

/// What [`Wardrobe::define_hat`] did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DefineOutcome {
    /// The edits: of the catalog, and of the users who were retitled.
    pub group: Group,
    /// Users who had the hat under the new title already.
    pub unchanged: Vec<Jid>,
    /// Users who keep their own title because they are not affiliated with the room.
    pub refused: Vec<Jid>,
}

impl Wardrobe {
    /// Gives a user a hat: it is then in the user's set with exactly this attachment; one that was there under that
    /// id is replaced, unknown members too. `required` binds the user, never the caller.
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
    /// # Ok::<(), Error>(())
    /// ```
    pub fn add_user_hat(
        &mut self,
        user_jid: &Jid,
        room_jid: &Jid,
        hat_id: &HatId,
        attachment: Attachment,
    ) -> Result<Group, EditError> {
        let user = self.affiliated(user_jid, room_jid)?;
        let edit = hat_edit(room_jid, user_jid, user, hat_id, Some(attachment));
        self.make(edit.into_iter().collect())
    }

    /// Takes a hat from a user: it is then not in the user's set. Not having had it is success, with no edits.
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
    /// # Ok::<(), Error>(())
    /// ```
    pub fn remove_user_hat(
        &mut self,
        user_jid: &Jid,
        room_jid: &Jid,
        hat_id: &HatId,
    ) -> Result<Group, EditError> {
        let user = self.affiliated(user_jid, room_jid)?;
        let edit = hat_edit(room_jid, user_jid, user, hat_id, None);
        self.make(edit.into_iter().collect())
    }

    /// Makes a user's set of hats exactly this one: what is missing is added, what is extra is removed, what differs is
    /// replaced.
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
    /// # Ok::<(), Error>(())
    /// ```
    pub fn set_user_hats(&mut self, user_jid: &Jid, room_jid: &Jid, hats: &Hats) -> Result<Group, EditError> {
        let user = self.affiliated(user_jid, room_jid)?;
        let extra = user
            .hats
            .iter()
            .map(|(id, _)| id)
            .filter(|id| hats.get(id).is_none());
        let removed = extra.filter_map(|id| hat_edit(room_jid, user_jid, user, id, None));
        let put = hats
            .iter()
            .filter_map(|(id, new)| hat_edit(room_jid, user_jid, user, id, Some(new.clone())));
        let edits = removed.chain(put).collect();
        self.make(edits)
    }

    /// Takes a hat from any user, affiliated or not: taking away is always possible. No edits when it is not there.
    ///
    /// Errors: [`EditError::NoSuchRoom`].
    pub fn take_hat(&mut self, user: &Jid, room: &Jid, hat: &HatId) -> Result<Group, EditError> {
        let edit = self
            .there(room)?
            .user(user)
            .and_then(|there| hat_edit(room, user, there, hat, None));
        self.make(edit.into_iter().collect())
    }

    /// Adds a room without users.
    ///
    /// Errors: [`EditError::RoomExists`].
    pub fn add_room(&mut self, room: &Jid, name: Option<&str>) -> Result<Group, EditError> {
        if self.room(room).is_some() {
            return Err(EditError::RoomExists { room: room.clone() });
        }
        let after = Some(Arc::new(Room::new(name)));
        self.make(vec![Edit::Room {
            room: room.clone(),
            before: None,
            after,
        }])
    }

    /// Puts a whole room where there is none, as an undo or a conflict's own side does.
    ///
    /// Errors: [`EditError::RoomExists`].
    pub fn put_room(&mut self, room: &Jid, whole: Arc<Room>) -> Result<Group, EditError> {
        if self.room(room).is_some() {
            return Err(EditError::RoomExists { room: room.clone() });
        }
        self.make(vec![Edit::Room {
            room: room.clone(),
            before: None,
            after: Some(whole),
        }])
    }

    /// Puts a whole user, affiliation and hats, in place of what is there.
    ///
    /// Errors: [`EditError::NoSuchRoom`].
    pub fn put_user(&mut self, user: &Jid, room: &Jid, whole: User) -> Result<Group, EditError> {
        let before = self.there(room)?.user(user).cloned();
        if before.as_ref() == Some(&whole) {
            return Ok(Group::default());
        }
        self.make(vec![Edit::User {
            room: room.clone(),
            user: user.clone(),
            before,
            after: Some(whole),
        }])
    }

    /// Removes a room with its users and their hats.
    ///
    /// Errors: [`EditError::NoSuchRoom`].
    pub fn remove_room(&mut self, room: &Jid) -> Result<Group, EditError> {
        let before = Some(self.there(room)?.clone());
        self.make(vec![Edit::Room {
            room: room.clone(),
            before,
            after: None,
        }])
    }

    /// Gives a room another name, or none; its address stays.
    ///
    /// Errors: [`EditError::NoSuchRoom`].
    pub fn rename_room(&mut self, room: &Jid, name: Option<&str>) -> Result<Group, EditError> {
        let before = self.there(room)?.name.clone();
        if before.as_deref() == name {
            return Ok(Group::default());
        }
        self.make(vec![Edit::RoomName {
            room: room.clone(),
            before,
            after: name.map(Into::into),
        }])
    }

    /// Sets a user's affiliation with a room. A user who was not there is added. [`Affiliation::None`] removes the user
    /// with their hats, as Prosody does; any other change keeps the hats.
    ///
    /// Errors: [`EditError::NoSuchRoom`].
    pub fn set_affiliation(
        &mut self,
        user: &Jid,
        room: &Jid,
        affiliation: Affiliation,
    ) -> Result<Group, EditError> {
        let before = self.there(room)?.user(user);
        let (at, who) = (room.clone(), user.clone());
        let edit = match before {
            None if affiliation == Affiliation::None => None,
            None => {
                let after = Some(User::new(affiliation));
                Some(Edit::User {
                    room: at,
                    user: who,
                    before: None,
                    after,
                })
            }
            Some(before) if affiliation == Affiliation::None => Some(Edit::User {
                room: at,
                user: who,
                before: Some(before.clone()),
                after: None,
            }),
            Some(before) if before.affiliation == affiliation => None,
            Some(before) => {
                let before = before.affiliation;
                Some(Edit::Affiliation {
                    room: at,
                    user: who,
                    before,
                    after: affiliation,
                })
            }
        };
        self.make(edit.into_iter().collect())
    }

    /// Defines a hat in a room's catalog, changes it, or (with `None`) takes it out; users' attachments stay.
    ///
    /// Errors: [`EditError::NoSuchRoom`]; [`EditError::NoSuchHat`] when there is nothing to take out.
    pub fn set_catalog_hat(
        &mut self,
        room: &Jid,
        hat: &HatId,
        entry: Option<CatalogHat>,
    ) -> Result<Group, EditError> {
        let before = self.there(room)?.catalog.get(hat).cloned();
        if before.is_none() && entry.is_none() {
            return Err(EditError::NoSuchHat {
                room: room.clone(),
                hat: hat.clone(),
            });
        }
        if before == entry {
            return Ok(Group::default());
        }
        self.make(vec![Edit::Catalog {
            room: room.clone(),
            hat: hat.clone(),
            before,
            after: entry,
        }])
    }

    /// Defines a hat in a room's catalog or changes it there. With `retitle_users`, whoever has the hat under a title
    /// of their own has it under the new one then; users without one follow the catalog anyway. A user who is not
    /// affiliated keeps the own title, as with [`Wardrobe::add_user_hat`], and is named in [`DefineOutcome::refused`]. Without
    /// a title in `entry` nobody is retitled.
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
        let mut defined = DefineOutcome {
            group: next.set_catalog_hat(room, hat, Some(entry))?,
            ..DefineOutcome::default()
        };
        let there = next.there(room)?.clone();
        let own = |(jid, user): &(Jid, User)| {
            let attachment = user.hats.get(hat).filter(|hat| hat.has_own_title())?;
            Some((jid.clone(), attachment.clone()))
        };
        for (user, attachment) in title.iter().flat_map(|_| there.users().iter().filter_map(own)) {
            if attachment.title == title {
                defined.unchanged.push(user);
                continue;
            }
            match next.add_user_hat(&user, room, hat, attachment.with_title(title.as_deref())) {
                Ok(made) => defined.group.0.extend(made.0),
                Err(EditError::NotAffiliated { .. }) => defined.refused.push(user),
                Err(error) => return Err(error),
            }
        }
        *self = next;
        Ok(defined)
    }

    fn affiliated(&self, user: &Jid, room: &Jid) -> Result<&User, EditError> {
        let there = self.there(room)?.user(user);
        there
            .filter(|user| user.affiliation.is_affiliated())
            .ok_or_else(|| EditError::NotAffiliated {
                room: room.clone(),
                user: user.clone(),
            })
    }

    fn make(&mut self, edits: Vec<Edit>) -> Result<Group, EditError> {
        let group = Group(edits);
        self.apply(&group)?;
        Ok(group)
    }
}

/// The edit of one hat of a user who is there; `None` when nothing differs. Its rule follows what holds now, so that an
/// undo never gives a hat to somebody who was banned meanwhile.
fn hat_edit(room: &Jid, jid: &Jid, user: &User, hat: &HatId, after: Option<Attachment>) -> Option<Edit> {
    let before = user.hats.get(hat).cloned();
    if before == after {
        return None;
    }
    let rule = if user.affiliation.is_affiliated() {
        HatRule::Affiliated
    } else {
        HatRule::Plain
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
