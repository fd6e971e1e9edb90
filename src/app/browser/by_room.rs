//! The Rooms view: rooms, the users of the selected room, and the hats of the selected user or of all marked users.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::app::describe;
use crate::app::filter::Filter;
use crate::app::place::Pane;
use crate::model::{Attachment, HatId, Jid, Room, User, Wardrobe};

use super::cascade::{CascadeSource, Columns, RowId};
use super::sort::{self, Sort, sorted_hats};
use super::tally::{self, Tally};

/// Provides the rows of the Rooms view.
#[derive(Debug, Clone, Default)]
pub(super) struct ByRoom {
    /// The room whose users are listed.
    listed_room: Option<Jid>,
    /// The marked users of other rooms, which are marked again when their room is selected.
    saved_marks: BTreeMap<Jid, BTreeSet<RowId>>,
    /// The hats of the marked users; `None` if no user is marked, so that the hats of the selected user are listed.
    pub tallies: Option<BTreeMap<HatId, Tally>>,
}

impl ByRoom {
    /// Removes the saved marks of users that no longer exist.
    pub(super) fn prune_saved_marks(&mut self, wardrobe: &Wardrobe) {
        self.saved_marks.retain(|jid, marks| {
            let room = wardrobe.room(jid);
            let exists = |row: &RowId| row.jid().and_then(|user| room?.user(user)).is_some();
            marks.retain(exists);
            !marks.is_empty()
        });
    }
}

fn selected_room<'a>(columns: &Columns, wardrobe: &'a Wardrobe) -> Option<&'a Arc<Room>> {
    columns.jid(Pane::First).and_then(|jid| wardrobe.room(jid))
}

/// Lists all rooms.
fn rooms(sort: Sort, wardrobe: &Wardrobe) -> Vec<RowId> {
    let mut rooms: Vec<_> = wardrobe.rooms().collect();
    rooms.sort_by_cached_key(|(jid, room): &(&Jid, &Arc<Room>)| {
        let first = match sort {
            Sort::Hats => usize::MAX - room.attachment_count(),
            Sort::Users => usize::MAX - room.users().len(),
            _ => 0,
        };
        (first, describe::room_sort_key(jid, room))
    });
    rooms.into_iter().map(|(jid, _)| jid.clone().into()).collect()
}

/// Lists the users of a room in a sort order; users who are equal in this order are sorted by address.
fn users(sort: Sort, columns: &Columns, room: Option<&Arc<Room>>) -> Vec<RowId> {
    let users: &[(Jid, User)] = room.map_or(&[], |room| room.users());
    let mut rows: Vec<&(Jid, User)> = users.iter().collect();
    sort::by_address(&mut rows, |(jid, _)| jid);
    match sort {
        Sort::Hats => rows.sort_by_key(|(_, user)| std::cmp::Reverse(user.hats.len())),
        Sort::Affiliation => rows.sort_by_key(|(_, user)| user.affiliation as usize),
        Sort::Online => {
            let address = columns.jid(Pane::First);
            let is_online = |user| address.is_some_and(|room| columns.presence().is_online(room, user));
            rows.sort_by_cached_key(|(jid, _)| !is_online(jid));
        }
        _ => {}
    }
    rows.into_iter().map(|(jid, _)| RowId::Jid(jid.clone())).collect()
}

impl CascadeSource for ByRoom {
    fn rows(&mut self, pane: Pane, columns: &Columns, wardrobe: &Wardrobe) -> Vec<RowId> {
        let sort = columns.get(pane).sort;
        match pane {
            Pane::First => rooms(sort, wardrobe),
            Pane::Second => users(sort, columns, selected_room(columns, wardrobe)),
            Pane::Third => {
                let room = selected_room(columns, wardrobe);
                let marks = columns.get(Pane::Second).marks();
                let tallies = room.filter(|_| !marks.is_empty()).map(|room| {
                    let users = marks.iter().filter_map(RowId::jid);
                    tally::by_hat(users.filter_map(|jid| Some((&**room, room.user(jid)?))))
                });
                self.tallies = tallies;
                let user = columns.jid(Pane::Second);
                let user = room.zip(user).and_then(|(room, jid)| room.user(jid));
                let hats: Vec<(&HatId, &Attachment)> = match (&self.tallies, user) {
                    (Some(tallies), _) => tallies.iter().map(|(id, tally)| (id, &tally.first)).collect(),
                    (None, Some(user)) => user.hats.iter().collect(),
                    (None, None) => Vec::new(),
                };
                sorted_hats(
                    sort,
                    hats.into_iter().filter_map(|(id, hat)| Some((&**room?, id, hat))),
                )
            }
        }
    }

    fn rank(
        &self,
        pane: Pane,
        columns: &Columns,
        wardrobe: &Wardrobe,
        filter: &Filter,
        row: &RowId,
    ) -> Option<u32> {
        match pane {
            Pane::First => {
                let jid = row.jid()?;
                filter.rank_room((jid, wardrobe.room(jid)?), columns.presence().room(jid))
            }
            Pane::Second => {
                let (jid, room) = (row.jid()?, selected_room(columns, wardrobe)?);
                let occupants = columns
                    .jid(Pane::First)
                    .and_then(|room| columns.presence().room(room));
                filter.rank_user(room, (jid, room.user(jid)?), occupants)
            }
            Pane::Third => {
                let (id, room) = (row.hat()?, selected_room(columns, wardrobe)?);
                let attachment = match &self.tallies {
                    Some(tallies) => &tallies.get(id)?.first,
                    None => room.user(columns.jid(Pane::Second)?)?.hats.get(id)?,
                };
                filter.rank_hat(room, (id, attachment))
            }
        }
    }

    fn on_selection_changed(&mut self, pane: Pane, columns: &mut Columns) -> bool {
        match pane {
            // All users of the room are listed, with the marks that they had when the room was last selected.
            Pane::First => {
                let marks = columns.get(Pane::Second).marks();
                if let Some(room) = self.listed_room.take().filter(|_| !marks.is_empty()) {
                    self.saved_marks.insert(room, marks.clone());
                }
                columns.reset_right_of(Pane::First);
                self.listed_room = columns.jid(Pane::First).cloned();
                if let Some(marks) = self
                    .listed_room
                    .as_ref()
                    .and_then(|room| self.saved_marks.remove(room))
                {
                    columns.get_mut(Pane::Second).set_marks(marks);
                }
                true
            }
            // Without marks, the hats of the selected user are listed. With marks, those of the marked users are
            // listed: the selection changes the marks only while a range is being marked.
            Pane::Second | Pane::Third => {
                let users = columns.get(Pane::Second);
                if users.marked_count() == 0 {
                    columns.reset_right_of(pane);
                    return true;
                }
                self.tallies.is_none() || users.is_marking_range()
            }
        }
    }
}
