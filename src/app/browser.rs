//! What the panes list, worked out when something changes and never while drawing. A selection stays on what it is on,
//! wherever that moves; when that goes, it stays at its place.

use std::sync::Arc;

use crate::model::{Attachment, HatId, Jid, Room, User, Wardrobe};

use super::describe;
use super::filter::Filter;
use super::place::{Grouping, PANES, Pane, RowKind};

mod by_hat;
mod by_room;
mod by_user;
mod cascade;
mod column;
mod list;
mod sort;
mod tally;
mod totals;

use by_hat::ByHat;
use by_room::ByRoom;
pub(super) use by_user::ByUser;
pub(super) use cascade::{Columns, RowId};
pub(super) use column::Column;
pub use sort::Sort;
pub use tally::Tally;
pub use totals::Totals;

/// A room, a user and a hat, as far as they are selected.
pub(super) type Selection = (Option<Jid>, Option<Jid>, Option<HatId>);

/// The panes of all views.
#[derive(Debug, Clone)]
pub(super) struct Browser {
    /// By room: what is selected, marked and filtered there stays while another view is shown.
    rooms: Columns,
    by_room: ByRoom,
    /// The other view that is shown.
    other: Option<Box<OtherView>>,
    /// Counted once for each state of the wardrobe, as every frame says it.
    pub totals: Totals,
}

/// A view that is shown in the place of the one by room.
#[derive(Debug, Clone)]
struct OtherView {
    columns: Columns,
    index: ViewIndex,
    /// The pane that had the focus before.
    focus_before: Pane,
    /// What was selected when the view was changed: who only looks is back there.
    initial: Selection,
}

/// What a view by hat or by user needs to know of the whole wardrobe.
#[derive(Debug, Clone)]
enum ViewIndex {
    ByHat(ByHat),
    ByUser(ByUser),
}

/// Does something with the columns that are shown and what they list.
macro_rules! with_source {
    ($browser:expr, |$columns:ident, $source:ident| $body:expr) => {
        match $browser.other.as_deref_mut() {
            None => {
                let ($columns, $source) = (&mut $browser.rooms, &mut $browser.by_room);
                $body
            }
            Some(OtherView {
                columns: $columns,
                index: ViewIndex::ByHat($source),
                ..
            }) => $body,
            Some(OtherView {
                columns: $columns,
                index: ViewIndex::ByUser($source),
                ..
            }) => $body,
        }
    };
}

impl Default for Browser {
    fn default() -> Self {
        Self {
            rooms: columns(Grouping::ByRoom),
            by_room: ByRoom::default(),
            other: None,
            totals: Totals::default(),
        }
    }
}

fn columns(grouping: Grouping) -> Columns {
    let usual = |pane| Sort::all(grouping, pane).first().copied().unwrap_or(Sort::Name);
    Columns::new(PANES.map(|pane| Column::new(usual(pane))))
}

/// Hats by title, untitled ones last; or active ones first.
fn sorted_hats<'a>(
    sort: Sort,
    hats: impl Iterator<Item = (&'a Room, &'a HatId, &'a Attachment)>,
) -> Vec<RowId> {
    let active_first = sort == Sort::Active;
    let key = |(room, id, attachment): (&Room, &HatId, &Attachment)| {
        let title = room.title(id, attachment).unwrap_or_default().to_lowercase();
        let first = active_first.then(|| (!attachment.is_active(), !attachment.is_required()));
        ((first, title.is_empty(), title), id.clone())
    };
    let mut rows: Vec<_> = hats.map(key).collect();
    rows.sort();
    rows.into_iter().map(|(_, id)| id.into()).collect()
}

/// The rooms of a user by name; highest affiliation or most hats first, where that is asked for.
fn sorted_rooms<'a>(
    sort: Sort,
    rooms: impl Iterator<Item = (&'a Jid, &'a Arc<Room>, &'a User)>,
) -> Vec<RowId> {
    let mut rows: Vec<_> = rooms.collect();
    rows.sort_by_cached_key(|(at, room, user)| {
        let first = match sort {
            Sort::Affiliation => user.affiliation as usize,
            Sort::Hats => usize::MAX - user.hats.len(),
            _ => 0,
        };
        (first, describe::room_sort_key(at, room))
    });
    rows.into_iter().map(|(at, ..)| at.clone().into()).collect()
}

impl Browser {
    /// The view that is shown.
    pub(super) fn grouping(&self) -> Grouping {
        match self.other.as_deref().map(|other| &other.index) {
            None => Grouping::ByRoom,
            Some(ViewIndex::ByHat(_)) => Grouping::ByHat,
            Some(ViewIndex::ByUser(_)) => Grouping::ByUser,
        }
    }

    /// The panes of the view that is shown.
    pub(super) fn columns(&self) -> &Columns {
        self.other.as_deref().map_or(&self.rooms, |other| &other.columns)
    }

    fn columns_mut(&mut self) -> &mut Columns {
        match self.other.as_deref_mut() {
            Some(other) => &mut other.columns,
            None => &mut self.rooms,
        }
    }

    /// The panes of the view by room, whether it is shown or not.
    pub(super) fn by_room(&self) -> &Columns {
        &self.rooms
    }

    /// What a pane lists.
    pub(super) fn column(&self, pane: Pane) -> &Column {
        self.columns().get(pane)
    }

    /// What the view by hat knows of all hats, while it is shown.
    pub(super) fn by_hat(&self) -> Option<&ByHat> {
        match self.other.as_deref().map(|other| &other.index) {
            Some(ViewIndex::ByHat(index)) => Some(index),
            _ => None,
        }
    }

    /// What the view by user knows of all users, while it is shown.
    pub(super) fn by_user(&self) -> Option<&ByUser> {
        match self.other.as_deref().map(|other| &other.index) {
            Some(ViewIndex::ByUser(index)) => Some(index),
            _ => None,
        }
    }

    /// What the marked users or the user in the marked rooms have of a hat, while some are marked.
    pub(super) fn tally(&self, hat: &HatId) -> Option<&Tally> {
        let tallies = match self.other.as_deref().map(|other| &other.index) {
            None => self.by_room.tallies.as_ref(),
            Some(ViewIndex::ByHat(_)) => None,
            Some(ViewIndex::ByUser(index)) => index.tallies.as_ref(),
        };
        tallies?.get(hat)
    }

    /// The room, the user and the hat that are selected, whichever view is shown.
    pub(super) fn selected_ids(&self) -> (Option<&Jid>, Option<&Jid>, Option<&HatId>) {
        let (grouping, columns) = (self.grouping(), self.columns());
        (
            columns.jid(grouping.pane(RowKind::Room)),
            columns.jid(grouping.pane(RowKind::User)),
            columns.hat(grouping.pane(RowKind::Hat)),
        )
    }

    fn selection(&self) -> Selection {
        let (room, user, hat) = self.selected_ids();
        (room.cloned(), user.cloned(), hat.cloned())
    }

    pub(super) fn filter(&self, pane: Pane) -> Option<&Filter> {
        self.column(pane).filter()
    }

    pub(super) fn filter_mut(&mut self, pane: Pane) -> &mut Option<Filter> {
        self.columns_mut().get_mut(pane).filter_mut()
    }

    /// Begins to filter a pane, or goes on with its filter as it is.
    pub(super) fn edit_filter(&mut self, pane: Pane) {
        self.columns_mut().get_mut(pane).edit_filter();
    }

    /// Filters a pane by what its filter means now. True: there is more to look at
    /// ([`Browser::filter_next_chunk`]).
    pub(super) fn restart_filter(&mut self, pane: Pane, wardrobe: &Wardrobe) -> bool {
        self.columns_mut().get_mut(pane).restart_filter();
        self.filter_next_chunk(wardrobe)
    }

    /// Looks at the next rows of what is filtered or counted together. True: there is still more.
    pub(super) fn filter_next_chunk(&mut self, wardrobe: &Wardrobe) -> bool {
        if let Some(OtherView {
            columns,
            index: ViewIndex::ByUser(index),
            ..
        }) = self.other.as_deref_mut()
            && index.is_building()
        {
            if index.build() {
                columns.refresh(Pane::First, index, wardrobe);
            }
            return true;
        }
        with_source!(self, |columns, source| columns
            .filter_next_chunk(source, wardrobe))
    }

    /// Shows the next view; what is selected stays selected as far as it can be seen there. Answers with the pane to
    /// be focused: the first one, or the one that was before.
    pub(super) fn show_next_view(&mut self, wardrobe: &Wardrobe, focus: Pane) -> Pane {
        self.show(self.grouping().next(), wardrobe, focus)
    }

    /// Shows a view; see [`Browser::show_next_view`].
    pub(super) fn show(&mut self, grouping: Grouping, wardrobe: &Wardrobe, focus: Pane) -> Pane {
        let selection = self.selection();
        let before = self.other.take();
        let (from, began) = match before {
            None => (focus, selection.clone()),
            // Who only looked is back where they were, with all that was marked.
            Some(other) if other.initial == selection => (other.focus_before, self.selection()),
            Some(other) => {
                if let (Some(room), user, hat) = &selection {
                    self.select(wardrobe, room, user.as_ref(), hat.as_ref());
                }
                (other.focus_before, self.selection())
            }
        };
        if grouping == Grouping::ByRoom {
            return from;
        }
        let (room, user, hat) = began;
        let mut columns = columns(grouping);
        let room_pane = columns.get_mut(grouping.pane(RowKind::Room));
        room_pane.select_when_listed(room.map(RowId::Jid));
        let user_pane = columns.get_mut(grouping.pane(RowKind::User));
        user_pane.select_when_listed(user.map(RowId::Jid));
        let hat_pane = columns.get_mut(grouping.pane(RowKind::Hat));
        hat_pane.select_when_listed(hat.map(RowId::Hat));
        let index = match grouping {
            Grouping::ByHat => ViewIndex::ByHat(ByHat::default()),
            Grouping::ByRoom | Grouping::ByUser => ViewIndex::ByUser(ByUser::start(wardrobe)),
        };
        self.other = Some(Box::new(OtherView {
            columns,
            index,
            focus_before: from,
            initial: Selection::default(),
        }));
        self.refresh_other(wardrobe);
        let began = self.selection();
        if let Some(other) = &mut self.other {
            other.initial = began;
        }
        Pane::First
    }

    fn refresh_other(&mut self, wardrobe: &Wardrobe) {
        let Some(other) = self.other.as_deref_mut() else {
            return;
        };
        match &mut other.index {
            ViewIndex::ByHat(index) => {
                index.refresh(wardrobe);
                other.columns.refresh(Pane::First, index, wardrobe);
            }
            ViewIndex::ByUser(index) => {
                index.refresh(wardrobe);
                // A small wardrobe is counted together at once, so that the view does not come empty first.
                if !index.is_building() || index.build() {
                    other.columns.refresh(Pane::First, index, wardrobe);
                }
            }
        }
    }

    /// Changes what is marked in a pane; answers with what the change says.
    pub(super) fn mark<T>(
        &mut self,
        pane: Pane,
        wardrobe: &Wardrobe,
        how: impl FnOnce(&mut Column) -> T,
    ) -> T {
        let said = how(self.columns_mut().get_mut(pane));
        if pane == Pane::Second && self.grouping() != Grouping::ByHat {
            with_source!(self, |columns, source| columns.refresh(
                Pane::Third,
                source,
                wardrobe
            ));
        }
        said
    }

    /// Ends a range that is being marked in a pane where it is.
    pub(super) fn end_range(&mut self, pane: Pane) {
        self.columns_mut().get_mut(pane).end_range();
    }

    /// Lists a pane in another order.
    pub(super) fn sort(&mut self, pane: Pane, sort: Sort, wardrobe: &Wardrobe) {
        self.columns_mut().get_mut(pane).set_sort(sort);
        with_source!(self, |columns, source| columns.refresh(pane, source, wardrobe));
    }

    /// Takes a pane's filter away; what is selected stays selected.
    pub(super) fn clear_filter(&mut self, pane: Pane, wardrobe: &Wardrobe) {
        with_source!(self, |columns, source| columns
            .clear_filter(pane, source, wardrobe));
    }

    /// Selects a row, and the first row of each pane to the right.
    pub(super) fn move_to(&mut self, pane: Pane, row: usize, wardrobe: &Wardrobe) {
        with_source!(self, |columns, source| columns
            .move_to(pane, row, source, wardrobe));
    }

    /// Selects a room, one of its users, one of their hats, as far as they are given and there, in the view by room; a
    /// filter that hides them is taken away.
    pub(super) fn select(
        &mut self,
        wardrobe: &Wardrobe,
        room: &Jid,
        user: Option<&Jid>,
        hat: Option<&HatId>,
    ) {
        self.other = None;
        let (columns, source) = (&mut self.rooms, &mut self.by_room);
        if !columns.select(Pane::First, &room.clone().into(), source, wardrobe) {
            return;
        }
        let Some(user) = user else { return };
        if !columns.select(Pane::Second, &user.clone().into(), source, wardrobe) {
            return;
        }
        if let Some(hat) = hat {
            columns.select(Pane::Third, &hat.clone().into(), source, wardrobe);
        }
    }

    /// Selects a row of those that the pane of its kind lists; a filter that hides it is taken away.
    pub(super) fn select_row(&mut self, kind: RowKind, row: &RowId, wardrobe: &Wardrobe) {
        let pane = self.grouping().pane(kind);
        with_source!(self, |columns, source| {
            columns.select(pane, row, source, wardrobe);
        });
    }

    /// Lists everything anew after the wardrobe changed.
    pub(super) fn refresh(&mut self, wardrobe: &Wardrobe) {
        self.totals = Totals::of(wardrobe);
        self.by_room.prune(wardrobe);
        self.rooms.refresh(Pane::First, &mut self.by_room, wardrobe);
        self.refresh_other(wardrobe);
    }
}
