//! The contents of the panes, computed when something changes and never while drawing. A selection follows its item
//! when the item moves; when the item is removed, the selection stays at the same row.

use std::sync::Arc;

use crate::model::{HatId, Jid, Wardrobe};
use crate::sync::Occupants;

use super::filter::Filter;
use super::place::{Grouping, PANES, Pane, RowKind};
use super::presence::Presence;

mod by_hat;
mod by_room;
mod by_user;
mod cascade;
mod column;
mod list;
mod memberships;
mod shared_names;
mod sort;
mod tally;
mod totals;

use by_hat::ByHat;
use by_room::ByRoom;
pub(super) use by_user::ByUser;
pub(super) use cascade::{Columns, RowId};
pub(super) use column::Column;
use memberships::MembershipChange;
pub(super) use shared_names::{SharedNames, Sharing};
pub use sort::Sort;
pub use tally::Tally;
pub use totals::Totals;

/// The selected room, user and hat, each if one is selected.
pub(super) type Selection = (Option<Jid>, Option<Jid>, Option<HatId>);

/// The panes of the Rooms view, and those of the Hats or Users view while it is shown.
#[derive(Debug, Clone)]
pub(super) struct Browser {
    /// The columns of the Rooms view. Their selection, marks and filters persist while another view is shown.
    rooms_view: Columns,
    by_room: ByRoom,
    /// The Hats or Users view, while it is shown instead of the Rooms view.
    other: Option<Box<OtherView>>,
    /// Totals over all rooms. They are computed when the wardrobe changes, because every frame shows them.
    pub totals: Totals,
    /// The names that several rooms have.
    pub(super) shared_names: Arc<SharedNames>,
    /// The wardrobe from which the rows and totals were computed. The next wardrobe is compared with it.
    listed_wardrobe: Wardrobe,
}

/// The Hats or Users view.
#[derive(Debug, Clone)]
struct OtherView {
    columns: Columns,
    index: ViewIndex,
    /// The pane that had the focus in the Rooms view.
    focus_before: Pane,
    /// The selection when the view was opened. If it is the same when another view is shown, the Rooms view is restored
    /// as it was.
    initial: Selection,
}

/// The index over the whole wardrobe that the Hats or Users view needs.
#[derive(Debug, Clone)]
enum ViewIndex {
    ByHat(ByHat),
    ByUser(ByUser),
}

/// Evaluates an expression with the columns of the current view and their source.
macro_rules! with_source {
    ($browser:expr, |$columns:ident, $source:ident| $body:expr) => {
        match $browser.other.as_deref_mut() {
            None => {
                let ($columns, $source) = (&mut $browser.rooms_view, &mut $browser.by_room);
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
            rooms_view: columns(Grouping::ByRoom),
            by_room: ByRoom::default(),
            other: None,
            totals: Totals::default(),
            shared_names: Arc::default(),
            listed_wardrobe: Wardrobe::default(),
        }
    }
}

/// Empty columns for a view, with its default sort orders.
fn columns(grouping: Grouping) -> Columns {
    let default_sort = |pane| Sort::all(grouping, pane).first().copied().unwrap_or(Sort::Name);
    Columns::new(PANES.map(|pane| Column::new(default_sort(pane))))
}

impl Browser {
    /// The current view.
    pub(super) fn grouping(&self) -> Grouping {
        match self.other.as_deref().map(|other| &other.index) {
            None => Grouping::ByRoom,
            Some(ViewIndex::ByHat(_)) => Grouping::ByHat,
            Some(ViewIndex::ByUser(_)) => Grouping::ByUser,
        }
    }

    /// The columns of the current view.
    pub(super) fn columns(&self) -> &Columns {
        self.other
            .as_deref()
            .map_or(&self.rooms_view, |other| &other.columns)
    }

    fn columns_mut(&mut self) -> &mut Columns {
        match self.other.as_deref_mut() {
            Some(other) => &mut other.columns,
            None => &mut self.rooms_view,
        }
    }

    /// The columns of the Rooms view, shown or not.
    pub(super) fn rooms_view(&self) -> &Columns {
        &self.rooms_view
    }

    /// The column of a pane.
    pub(super) fn column(&self, pane: Pane) -> &Column {
        self.columns().get(pane)
    }

    /// The index of the Hats view, while it is shown.
    pub(super) fn by_hat(&self) -> Option<&ByHat> {
        match self.other.as_deref().map(|other| &other.index) {
            Some(ViewIndex::ByHat(index)) => Some(index),
            _ => None,
        }
    }

    /// The index of the Users view, while it is shown.
    pub(super) fn by_user(&self) -> Option<&ByUser> {
        match self.other.as_deref().map(|other| &other.index) {
            Some(ViewIndex::ByUser(index)) => Some(index),
            _ => None,
        }
    }

    /// Totals of a hat over the marked users, or in the Users view over the marked rooms; `None` if nothing is marked
    /// there, and in the Hats view.
    pub(super) fn tally(&self, hat: &HatId) -> Option<&Tally> {
        let tallies = match self.other.as_deref().map(|other| &other.index) {
            None => self.by_room.tallies.as_ref(),
            Some(ViewIndex::ByHat(_)) => None,
            Some(ViewIndex::ByUser(index)) => index.tallies.as_ref(),
        };
        tallies?.get(hat)
    }

    /// The selected room, user and hat in the current view.
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

    /// Starts or resumes editing the filter of a pane.
    pub(super) fn edit_filter(&mut self, pane: Pane) {
        self.columns_mut().get_mut(pane).edit_filter();
    }

    /// Filters a pane again after its filter changed. True if more chunks may follow ([`Browser::filter_next_chunk`]).
    pub(super) fn restart_filter(&mut self, pane: Pane, wardrobe: &Wardrobe) -> bool {
        self.columns_mut().get_mut(pane).restart_filter();
        self.filter_next_chunk(wardrobe)
    }

    /// Filters the next chunk of rows, or indexes the next chunk of users. True if more chunks may follow.
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

    /// Shows the next view and keeps the selection as far as the view can show it. `focus` is the focused pane. Returns
    /// the pane to focus: for the Rooms view, the one that had the focus when this view was shown last; for the other
    /// views, the first pane.
    pub(super) fn show_next_view(&mut self, wardrobe: &Wardrobe, focus: Pane) -> Pane {
        self.show(self.grouping().next(), wardrobe, focus)
    }

    /// Shows a view; see [`Browser::show_next_view`].
    pub(super) fn show(&mut self, grouping: Grouping, wardrobe: &Wardrobe, focus: Pane) -> Pane {
        let selection = self.selection();
        let before = self.other.take();
        let (rooms_focus, selection) = match before {
            None => (focus, selection.clone()),
            // The selection did not change in the Hats or Users view: restore the Rooms view with its marks.
            Some(other) if other.initial == selection => (other.focus_before, self.selection()),
            Some(other) => {
                if let (Some(room), user, hat) = &selection {
                    self.select(wardrobe, room, user.as_ref(), hat.as_ref());
                }
                (other.focus_before, self.selection())
            }
        };
        if grouping == Grouping::ByRoom {
            return rooms_focus;
        }
        let (room, user, hat) = selection;
        let mut columns = columns(grouping);
        columns.set_presence(self.presence().clone());
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
            focus_before: rooms_focus,
            initial: Selection::default(),
        }));
        self.refresh_other(wardrobe, &[]);
        let initial = self.selection();
        if let Some(other) = &mut self.other {
            other.initial = initial;
        }
        Pane::First
    }

    /// Lists the Hats or Users view again, if it is shown. `changes`: the changes since the view was last listed.
    fn refresh_other(&mut self, wardrobe: &Wardrobe, changes: &[MembershipChange]) {
        let Some(other) = self.other.as_deref_mut() else {
            return;
        };
        match &mut other.index {
            ViewIndex::ByHat(index) => {
                index.refresh(wardrobe);
                other.columns.refresh(Pane::First, index, wardrobe);
            }
            ViewIndex::ByUser(index) => {
                index.refresh(wardrobe, changes);
                // Index a small wardrobe at once, so that the view does not appear empty first.
                if !index.is_building() || index.build() {
                    other.columns.refresh(Pane::First, index, wardrobe);
                }
            }
        }
    }

    /// Changes the marks of a pane with `change` and returns the result of `change`. Lists the hats again if they
    /// depend on these marks.
    pub(super) fn mark<T>(
        &mut self,
        pane: Pane,
        wardrobe: &Wardrobe,
        change: impl FnOnce(&mut Column) -> T,
    ) -> T {
        let result = change(self.columns_mut().get_mut(pane));
        if pane == Pane::Second && self.grouping() != Grouping::ByHat {
            with_source!(self, |columns, source| columns.refresh(
                Pane::Third,
                source,
                wardrobe
            ));
        }
        result
    }

    /// Finishes the range of marks in a pane.
    pub(super) fn end_range(&mut self, pane: Pane) {
        self.columns_mut().get_mut(pane).end_range();
    }

    /// Changes the sort order of a pane.
    pub(super) fn sort(&mut self, pane: Pane, sort: Sort, wardrobe: &Wardrobe) {
        self.columns_mut().get_mut(pane).set_sort(sort);
        with_source!(self, |columns, source| columns.refresh(pane, source, wardrobe));
    }

    /// The occupants of the rooms, as far as they are known.
    pub(super) fn presence(&self) -> &Presence {
        self.rooms_view.presence()
    }

    /// Sets the occupants of a room; `None`: they are not known. Filters and sort orders use them when the rows are
    /// listed next.
    pub(super) fn set_presence(&mut self, room: &Jid, occupants: Option<Arc<Occupants>>) {
        let mut presence = self.presence().clone();
        presence.set(room, occupants);
        if let Some(other) = self.other.as_deref_mut() {
            other.columns.set_presence(presence.clone());
        }
        self.rooms_view.set_presence(presence);
    }

    /// Lists the users of the Rooms view again if their filter or sort order depends on the occupants. Returns whether
    /// the users were listed again.
    pub(super) fn relist_users(&mut self, wardrobe: &Wardrobe) -> bool {
        let users = self.rooms_view.get(Pane::Second);
        let depends_on_presence =
            users.sort() == Sort::Online || users.filter().is_some_and(Filter::depends_on_presence);
        if depends_on_presence {
            let users = self.rooms_view.get_mut(Pane::Second);
            if users.filter().is_some_and(|filter| !filter.editing) {
                users.keep_selection();
            }
            self.rooms_view.refresh(Pane::Second, &mut self.by_room, wardrobe);
        }
        depends_on_presence
    }

    /// Clears the filter of a pane. Keeps the selection; if nothing is selected, restores the selection from before
    /// filtering.
    pub(super) fn clear_filter(&mut self, pane: Pane, wardrobe: &Wardrobe) {
        with_source!(self, |columns, source| columns
            .clear_filter(pane, source, wardrobe));
    }

    /// Selects a row and updates the panes to the right.
    pub(super) fn move_to(&mut self, pane: Pane, row: usize, wardrobe: &Wardrobe) {
        with_source!(self, |columns, source| columns
            .move_to(pane, row, source, wardrobe));
    }

    /// Switches to the Rooms view and selects a room, one of its users and one of their hats, as far as they are given
    /// and exist. Clears filters that hide them.
    pub(super) fn select(
        &mut self,
        wardrobe: &Wardrobe,
        room: &Jid,
        user: Option<&Jid>,
        hat: Option<&HatId>,
    ) {
        self.other = None;
        let (columns, source) = (&mut self.rooms_view, &mut self.by_room);
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

    /// Selects a row in the pane of its kind, and clears a filter that hides it.
    pub(super) fn select_row(&mut self, kind: RowKind, row: &RowId, wardrobe: &Wardrobe) {
        let pane = self.grouping().pane(kind);
        with_source!(self, |columns, source| {
            columns.select(pane, row, source, wardrobe);
        });
    }

    /// Lists everything again after the wardrobe changed.
    pub(super) fn refresh(&mut self, wardrobe: &Wardrobe) {
        let changes = memberships::changes(&self.listed_wardrobe, wardrobe);
        self.totals = self.totals.updated((&self.listed_wardrobe, wardrobe), &changes);
        self.shared_names = Arc::new(SharedNames::of(wardrobe));
        self.by_room.prune_saved_marks(wardrobe);
        self.rooms_view.refresh(Pane::First, &mut self.by_room, wardrobe);
        self.refresh_other(wardrobe, &changes);
        self.listed_wardrobe = wardrobe.clone();
    }
}
