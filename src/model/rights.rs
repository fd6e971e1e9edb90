//! The rights of a session: it may be restricted to changing certain hats, or be forbidden to change affiliations. A
//! change that exceeds the rights is refused as a whole.

use std::collections::BTreeSet;

use super::error::NotPermitted;
use super::{Affiliation, Edit, EditGroup, HatId, Room, User};

/// The rights of a session, in the rooms that it sees.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rights {
    /// If set, users' attachments of only these hats may be added, changed and removed, and nothing else may be changed
    /// except affiliations. `None`: no such restriction.
    pub only_hats: Option<BTreeSet<HatId>>,
    /// Whether affiliations may not be changed, so that no users may be added or removed.
    pub no_affiliations: bool,
}

/// A group that the rights of a session permit. Only [`Rights::permit`] creates it, and only groups of this type are
/// written to the data file.
#[derive(Debug, Clone, Copy)]
pub struct PermittedGroup<'a>(&'a EditGroup);

impl<'a> PermittedGroup<'a> {
    /// The edits.
    pub fn group(self) -> &'a EditGroup {
        self.0
    }
}

/// A thing that an edit changes, to be checked against the rights.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Touched<'a> {
    /// The affiliation of a user, also of a user who is added or removed.
    Affiliation,
    /// A user's hat.
    Hat(&'a HatId),
    /// Anything else, as a phrase for the error, such as `the room's name`.
    Other(&'static str),
}

impl Rights {
    /// Whether some changes are not permitted.
    pub fn is_restricted(&self) -> bool {
        self.only_hats.is_some() || self.no_affiliations
    }

    /// Accepts a group if the rights permit all of its edits. Fails if they do not permit one of the edits.
    pub fn permit<'a>(&self, group: &'a EditGroup) -> Result<PermittedGroup<'a>, NotPermitted> {
        if self.is_restricted() {
            let mut touched = Vec::new();
            for edit in &group.0 {
                push_touched_by_edit(edit, &mut touched);
                touched.drain(..).try_for_each(|thing| self.check(thing))?;
            }
        }
        Ok(PermittedGroup(group))
    }

    /// Fails if the rights do not permit changing this thing.
    pub(crate) fn check(&self, touched: Touched<'_>) -> Result<(), NotPermitted> {
        match (touched, &self.only_hats) {
            (Touched::Affiliation, _) if self.no_affiliations => Err(NotPermitted(
                "this session may not change affiliations, add users or remove them".into(),
            )),
            (Touched::Hat(hat), Some(hats)) if !hats.contains(hat) => {
                let restriction = describe_restriction(hats);
                Err(NotPermitted(format!(
                    "{restriction}; this would change the hat {hat}"
                )))
            }
            (Touched::Other(thing), Some(hats)) => {
                let restriction = describe_restriction(hats);
                Err(NotPermitted(format!("{restriction}; this would change {thing}")))
            }
            _ => Ok(()),
        }
    }
}

fn describe_restriction(hats: &BTreeSet<HatId>) -> String {
    let names: Vec<&str> = hats.iter().map(HatId::as_str).collect();
    let noun = if names.len() == 1 { "hat" } else { "hats" };
    format!("this session may only change the {noun} {}", names.join(", "))
}

fn push_touched_by_edit<'a>(edit: &'a Edit, touched: &mut Vec<Touched<'a>>) {
    match edit {
        Edit::Room { before, after, .. } => {
            push_touched_by_room(before.as_deref(), after.as_deref(), touched);
        }
        Edit::RoomName { .. } => touched.push(Touched::Other("the room's name")),
        Edit::Catalog { .. } => touched.push(Touched::Other("the hat catalog")),
        Edit::User { before, after, .. } => push_touched_by_user(before.as_ref(), after.as_ref(), touched),
        Edit::Affiliation { .. } => touched.push(Touched::Affiliation),
        Edit::Hat { hat, .. } => touched.push(Touched::Hat(hat)),
        Edit::OtherFields { .. } => touched.push(Touched::Other("hat sets or other fields of the data file")),
    }
}

fn push_touched_by_room<'a>(
    before: Option<&'a Room>,
    after: Option<&'a Room>,
    touched: &mut Vec<Touched<'a>>,
) {
    touched.push(Touched::Other("a whole room"));
    let users = |room: Option<&'a Room>| room.map_or(&[][..], Room::users);
    for (jid, user) in users(before) {
        push_touched_by_user(Some(user), after.and_then(|room| room.user(jid)), touched);
    }
    let is_new = |jid| before.is_none_or(|room| room.user(jid).is_none());
    for (_, user) in users(after).iter().filter(|(jid, _)| is_new(jid)) {
        push_touched_by_user(None, Some(user), touched);
    }
}

fn push_touched_by_user<'a>(
    before: Option<&'a User>,
    after: Option<&'a User>,
    touched: &mut Vec<Touched<'a>>,
) {
    let affiliation = |user: Option<&User>| user.map_or(Affiliation::None, |user| user.affiliation);
    if affiliation(before) != affiliation(after) || before.is_some() != after.is_some() {
        touched.push(Touched::Affiliation);
    }
    let hats = |user: Option<&'a User>| user.into_iter().flat_map(|user| user.hats.iter());
    let hat = |user: Option<&'a User>, id: &HatId| user.and_then(|user| user.hats.get(id));
    let all: BTreeSet<&HatId> = hats(before).chain(hats(after)).map(|(id, _)| id).collect();
    let changed = all.into_iter().filter(|id| hat(before, id) != hat(after, id));
    touched.extend(changed.map(Touched::Hat));
    let has_other = match (before, after) {
        (Some(before), Some(after)) => before.extra != after.extra,
        (one, other) => one.or(other).is_some_and(|user| !user.extra.is_empty()),
    };
    if has_other {
        touched.push(Touched::Other("unrecognized fields of a user"));
    }
}
