//! The base: the last value of each item that the file and the server had in common. The base is written after the file
//! and after the server's answer, so it can be older than these but never newer.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::join::join;
use super::noted::NotedAnswers;
use super::{
    AnswerTime, CatalogValue, HatValue, Item, ItemValue, RemoteRoom, ServerClass, ServerKind, UserValue,
    local,
};
use crate::model::{Affiliation, HatId, Jid, Room};

/// Maximum size of a stored base, in bytes.
pub const MAX_BASE_BYTES: usize = 64 * 1024 * 1024;

/// The format version of a stored base.
const VERSION: u32 = 1;

/// The last values of a room that the file and the server had in common. Without a base, nothing is sent or received
/// automatically.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Base {
    version: u32,
    /// The server's name in the configuration.
    pub server: Arc<str>,
    /// The kind of access to the server.
    pub kind: ServerKind,
    /// The server's class; values are in the normal form of this class.
    pub class: ServerClass,
    /// The room's address.
    pub room: Jid,
    /// The latest revision of the data file with which the base was updated. A data file with a lower revision is older
    /// than the base.
    pub revision: u64,
    /// [`RemoteRoom::created`] of the server's room.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created: Option<Box<str>>,
    /// The last common name of the room.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<Arc<str>>,
    /// The last common entries of the catalog.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub catalog: BTreeMap<HatId, CatalogValue>,
    /// The last common values of the users.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub users: BTreeMap<Jid, BaseUser>,
    /// Users whose loss of hats on the server is held back until someone decides ([`RemovalGuard`]).
    ///
    /// [`RemovalGuard`]: super::RemovalGuard
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub held: BTreeSet<Jid>,
    /// Values that the server acknowledged and may still lose.
    #[serde(default, skip_serializing_if = "NotedAnswers::is_empty")]
    pub(super) answered: NotedAnswers,
    /// Whether the room was missing on the server. A room that appears there later at this address may be a different one.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub gone: bool,
}

/// The last values of a user that the file and the server had in common.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BaseUser {
    /// The affiliation.
    #[serde(default, skip_serializing_if = "is_none")]
    pub affiliation: Affiliation,
    /// The hats by ID. `None` (`null` in JSON): the server did not have the hat while it was inactive in the file.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub hats: BTreeMap<HatId, Option<HatValue>>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "as serde calls it")]
fn is_none(affiliation: &Affiliation) -> bool {
    *affiliation == Affiliation::None
}

impl BaseUser {
    fn is_empty(&self) -> bool {
        is_none(&self.affiliation) && self.hats.is_empty()
    }

    /// The values that the server had for the user.
    pub(super) fn value(&self) -> UserValue {
        let hats = self.hats.iter();
        UserValue {
            affiliation: self.affiliation,
            hats: hats
                .filter_map(|(hat, value)| Some((hat.clone(), value.clone()?)))
                .collect(),
        }
    }
}

/// Why a base is no longer valid; the next merge is a first comparison again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, thiserror::Error)]
#[serde(rename_all = "kebab-case")]
pub enum SetAside {
    /// The base is invalid, too large, of another version or room, or its file belongs to someone who may not write the data
    /// file.
    #[error("the last known state of the server's room cannot be read or trusted")]
    Unreadable,
    /// The data file is older than the base: a backup was restored.
    #[error("the data file is older than the last known state of the server's room")]
    FileIsOlder,
    /// The server's name, kind or class has changed.
    #[error("the server or its version has changed")]
    OtherServer,
    /// The room was missing on the server at some time.
    #[error("the room was missing on the server")]
    RoomGone,
    /// The room was destroyed and created again with the same address.
    #[error("the room was created again on the server")]
    #[serde(rename = "room-made-anew")]
    RoomRecreated,
}

impl Base {
    /// Creates a base without any values.
    pub fn new(server: &str, class: ServerClass, room: &Jid) -> Self {
        Self {
            version: VERSION,
            server: server.into(),
            kind: class.kind(),
            class,
            room: room.clone(),
            revision: 0,
            created: None,
            name: None,
            catalog: BTreeMap::new(),
            users: BTreeMap::new(),
            held: BTreeSet::new(),
            answered: NotedAnswers::default(),
            gone: false,
        }
    }

    /// Parses the stored base of a room.
    ///
    /// Errors: [`SetAside::Unreadable`] if it is larger than [`MAX_BASE_BYTES`], invalid, of another version, or of
    /// another room.
    pub fn read(bytes: &[u8], room: &Jid) -> Result<Self, SetAside> {
        if bytes.len() > MAX_BASE_BYTES {
            return Err(SetAside::Unreadable);
        }
        let base: Self = serde_json::from_slice(bytes).map_err(|_| SetAside::Unreadable)?;
        let is_valid = base.version == VERSION && base.room == *room && base.kind == base.class.kind();
        is_valid.then_some(base).ok_or(SetAside::Unreadable)
    }

    /// Serializes the base.
    pub fn to_bytes(&self) -> Vec<u8> {
        serde_json::to_vec(self).unwrap_or_default()
    }

    /// Checks that the base is valid for this server and a data file of this revision.
    ///
    /// Errors: [`SetAside::FileIsOlder`] or [`SetAside::OtherServer`].
    pub fn check(&self, server: &str, class: ServerClass, revision: u64) -> Result<(), SetAside> {
        if revision < self.revision {
            return Err(SetAside::FileIsOlder);
        }
        if *self.server != *server || self.class != class {
            return Err(SetAside::OtherServer);
        }
        Ok(())
    }

    /// Checks that the server's room is still the one of the base: the creation times are equal. If one of them is unknown, it
    /// is enough that the room has any item of the base, even with another value, that the room was not read completely, or
    /// that the base has no values.
    ///
    /// Errors: [`SetAside::RoomRecreated`]; [`SetAside::RoomGone`] if the room was missing in the meantime.
    pub fn check_room(&self, remote: &RemoteRoom) -> Result<(), SetAside> {
        if self.gone {
            return Err(SetAside::RoomGone);
        }
        let is_same = match (&self.created, &remote.created) {
            (Some(known), Some(current)) => known == current,
            _ => !self.all_is_gone(remote),
        };
        is_same.then_some(()).ok_or(SetAside::RoomRecreated)
    }

    /// Whether the room has nothing that the base has; false if the base has no values, or the room was not read completely.
    fn all_is_gone(&self, remote: &RemoteRoom) -> bool {
        let is_kept = |(user, base_user): (&Jid, &BaseUser)| {
            let remote_user = remote.users.get(user);
            let is_unknown =
                remote.unreadable.users.contains(user) || remote.unreadable.hats_of.contains(user);
            let is_affiliated = |user: &super::RemoteUser| {
                base_user.affiliation != Affiliation::None && user.affiliation != Affiliation::None
            };
            let has_hat =
                |user: &super::RemoteUser| base_user.hats.keys().any(|hat| user.hats.contains_key(hat));
            is_unknown || remote_user.is_some_and(|user| is_affiliated(user) || has_hat(user))
        };
        let user_has_values =
            |user: &BaseUser| !is_none(&user.affiliation) || user.hats.values().any(Option::is_some);
        let has_values = !self.catalog.is_empty() || self.users.values().any(user_has_values);
        let is_complete = remote.coverage == super::Coverage::default();
        let has_entry = self.catalog.keys().any(|hat| remote.catalog.contains_key(hat));
        has_values && is_complete && !has_entry && !self.users.iter().any(is_kept)
    }

    /// The last common value of an item; `None` if the item did not exist or its value is not known.
    pub fn value(&self, item: &Item) -> Option<ItemValue> {
        match item {
            Item::Catalog { hat } => self.catalog.get(hat).cloned().map(ItemValue::Catalog),
            Item::Affiliation { user } => ItemValue::affiliation(self.users.get(user)?.affiliation),
            Item::Hat { user, hat } => self.users.get(user)?.hats.get(hat)?.clone().map(ItemValue::Hat),
        }
    }

    /// The last common values of a user; `None` if nothing is known.
    pub fn user(&self, user: &Jid) -> Option<UserValue> {
        self.users.get(user).map(BaseUser::value)
    }

    /// Iterates over the entries of the catalog, and the affiliation and the hats of each user, even if their value is `None`.
    pub fn items(&self) -> impl Iterator<Item = Item> {
        let entries = self.catalog.keys().map(|hat| Item::Catalog { hat: hat.clone() });
        let users = self.users.iter().flat_map(|(user, known)| {
            let hats = known.hats.keys().map(|hat| Item::Hat {
                user: user.clone(),
                hat: hat.clone(),
            });
            std::iter::once(Item::Affiliation { user: user.clone() }).chain(hats)
        });
        entries.chain(users)
    }

    /// Records a value that both sides have, according to a read or an answer of the server; `None`: neither side has the item.
    /// Removes the item's noted answer.
    pub fn set(&mut self, item: &Item, value: Option<ItemValue>) {
        self.answered.remove(item);
        match (item, value) {
            (Item::Catalog { hat }, Some(ItemValue::Catalog(entry))) => {
                self.catalog.insert(hat.clone(), entry);
            }
            (Item::Catalog { hat }, _) => drop(self.catalog.remove(hat)),
            (Item::Affiliation { user }, value) => self.change_user(user, |known| {
                known.affiliation = match value {
                    Some(ItemValue::Affiliation(affiliation)) => affiliation,
                    _ => Affiliation::None,
                };
            }),
            (Item::Hat { user, hat }, value) => self.change_user(user, |known| {
                match value {
                    Some(ItemValue::Hat(value)) => known.hats.insert(hat.clone(), Some(value)),
                    _ => known.hats.remove(hat),
                };
            }),
        }
    }

    /// Notes a value that the server acknowledged at this time. [`Base::value`] returns the previous one until a read
    /// confirms the new one.
    pub fn note_answer(&mut self, item: &Item, value: Option<ItemValue>, at: AnswerTime) {
        let base = self.value(item);
        self.answered.note(item, value, at, base.as_ref());
    }

    /// Whether the item's noted answer came at this time. If not, another session has updated the base since.
    pub(super) fn is_noted(&self, item: &Item, at: AnswerTime) -> bool {
        self.answered.is_noted(item, at)
    }

    /// The noted answers that a read which began at this time confirms: the server can no longer lose them, so a later
    /// difference is someone's change.
    pub fn confirmed_answers(&self, remote: &RemoteRoom, began: Timestamp) -> Vec<(Item, Option<ItemValue>)> {
        self.answered.confirmed(remote, began)
    }

    /// Whether the item has a noted answer, which no read has confirmed yet.
    pub(super) fn has_answer(&self, item: &Item) -> bool {
        self.answered.contains(item)
    }

    /// Whether this is the item's value in the base, or its noted answer.
    pub fn is_value_or_answer(&self, item: &Item, value: Option<&ItemValue>) -> bool {
        self.value(item).as_ref() == value || self.answered.has_value(item, value)
    }

    /// The base for a comparison with a room that was read: noted answers replace the values of their items, except where the
    /// read shows an earlier value and `may_be_lost` is true for the time of the answer.
    pub fn with_answers(
        &self,
        remote: &RemoteRoom,
        may_be_lost: impl Fn(AnswerTime) -> bool,
    ) -> Cow<'_, Self> {
        let mut base = Cow::Borrowed(self);
        for (item, value) in self.answered.values(remote, may_be_lost, |item| self.value(item)) {
            base.to_mut().set(item, value);
        }
        base
    }

    fn change_user(&mut self, user: &Jid, change: impl FnOnce(&mut BaseUser)) {
        let known = self.users.entry(user.clone()).or_default();
        change(known);
        if known.is_empty() {
            self.users.remove(user);
        }
    }

    /// Updates the base after a read that `began` at this time, once the file is written: records all values that both sides
    /// have. Items for which `is_excepted` is true keep their values: items that are being sent or have changed since the read
    /// began.
    pub fn record_common_values(
        &mut self,
        local: &Room,
        remote: &RemoteRoom,
        began: Timestamp,
        is_excepted: &dyn Fn(&Item) -> bool,
    ) {
        let answered = std::mem::take(&mut self.answered);
        // The server may lose a change that it has just acknowledged, although both sides have the value.
        let is_excepted = &|item: &Item| is_excepted(item) || answered.is_fresh(item, began);
        self.created.clone_from(&remote.created);
        if local.name.as_deref().unwrap_or_default() == remote.name.as_deref().unwrap_or_default() {
            self.name.clone_from(&remote.name);
        }
        let class = self.class;
        if class.holds_catalog() {
            let base_entries = std::mem::take(&mut self.catalog);
            for (hat, b, l, r) in join(&base_entries, &local.catalog, &remote.catalog) {
                let item = Item::Catalog { hat: hat.clone() };
                let is_common =
                    l.map(CatalogValue::of).as_ref() == r && remote.knows(&item) && !is_excepted(&item);
                if let Some(value) = if is_common { r } else { b } {
                    self.catalog.insert(hat.clone(), value.clone());
                }
            }
        }
        let base_users = std::mem::take(&mut self.users);
        let local_users = local.users().iter().map(|(jid, user)| (jid, user));
        self.users = join(&base_users, local_users, &remote.users)
            .filter_map(|(user, b, l, r)| {
                let sides = (b, l.map(|l| (local, l)), r);
                let user_values = common_user_values(class, user, sides, remote, is_excepted);
                (!user_values.is_empty()).then(|| (user.clone(), user_values))
            })
            .collect();
        let is_common = |item: &Item| {
            local::local_value(class, local, item) == remote.value(item)
                && remote.knows(item)
                && !is_excepted(item)
        };
        let mut unconfirmed = answered.clone();
        unconfirmed.retain(|item| !is_common(item));
        self.answered = unconfirmed;
    }
}

/// The values of a user in the base, in the file (with the room there) and on the server; `None` where the user is missing.
type UserVersions<'a> = (
    Option<&'a BaseUser>,
    Option<(&'a Room, &'a crate::model::User)>,
    Option<&'a super::RemoteUser>,
);

/// Returns the values of a user for the base: those that both sides have, and else those of the base.
fn common_user_values(
    class: ServerClass,
    user: &Jid,
    (b, l, r): UserVersions<'_>,
    remote: &RemoteRoom,
    is_excepted: &dyn Fn(&Item) -> bool,
) -> BaseUser {
    let item = Item::Affiliation { user: user.clone() };
    let is_common_affiliation =
        |l: Affiliation, r: Affiliation| l == r && remote.knows(&item) && !is_excepted(&item);
    let remote_affiliation = r.map_or(Affiliation::None, |r| r.affiliation);
    let local_affiliation = l.map_or(Affiliation::None, |(_, l)| l.affiliation);
    let mut result = BaseUser {
        affiliation: if is_common_affiliation(local_affiliation, remote_affiliation) {
            remote_affiliation
        } else {
            b.map_or(Affiliation::None, |b| b.affiliation)
        },
        ..BaseUser::default()
    };
    let base_hats = b.into_iter().flat_map(|b| &b.hats);
    let local_hats = l.into_iter().flat_map(|(_, l)| l.hats.iter());
    let remote_hats = r.into_iter().flat_map(|r| &r.hats);
    for (hat, b, attachment, r) in join(base_hats, local_hats, remote_hats) {
        let item = Item::Hat {
            user: user.clone(),
            hat: hat.clone(),
        };
        let stored = l
            .zip(attachment)
            .and_then(|((room, _), attachment)| local::hat(class, room, hat, attachment));
        let is_common = stored.as_ref() == r && remote.knows(&item) && !is_excepted(&item);
        let value = match (is_common, attachment) {
            (false, _) => b.cloned(),
            // If the file has the hat inactive, its absence on the server is recorded.
            (true, Some(_)) => Some(r.cloned()),
            (true, None) => None,
        };
        if let Some(value) = value {
            result.hats.insert(hat.clone(), value);
        }
    }
    result
}
