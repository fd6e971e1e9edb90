//! Reads the rows, the selection and the marks of the panes.

use crate::model::{Attachment, Edit, HatId, Jid, Room, User};
use crate::sync::Occupants;

use super::browser::{RowId, Sharing, Sort, Tally, Totals};
use super::command::CommandId;
use super::filter::Filter;
use super::place::PANES;
use super::suggest::ExistingHat;
use super::{Grouping, Pane, RowKind, State, describe};

/// Marked rows of the focused pane.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ShownMarks {
    /// Number of marked rows, shown or hidden by a filter.
    pub number: usize,
    /// Number of marked rows that the filter hides.
    pub hidden: usize,
    /// Whether a range is being marked.
    pub is_range: bool,
}

impl ShownMarks {
    /// The label, such as `4 marked`, `4 marked, 1 hidden` or `Range, 4 marked`.
    pub fn label(self) -> String {
        let marked = describe::marked(self.number, self.hidden);
        if self.is_range {
            format!("Range, {marked}")
        } else {
            marked
        }
    }
}

impl State {
    /// Whether the panes show the result of one of these edits. The Rooms view shows the list of rooms and the selected
    /// room, the Hats view shows all hats, and the Users view the selected user. Also true if the selection was lost.
    pub(super) fn shows_change(&self, edits: &[Edit]) -> bool {
        let (room, user, _) = self.browser.selected_ids();
        let is_shown = |edit: &Edit| match (edit, self.grouping()) {
            (Edit::Room { .. } | Edit::RoomName { .. }, Grouping::ByRoom) => true,
            (_, Grouping::ByRoom) => edit.room().is_some() && edit.room() == room,
            (_, Grouping::ByHat) => edit.hat().is_some(),
            (_, Grouping::ByUser) => edit.user().is_some() && edit.user() == user,
        };
        // The edits may have removed the item whose selection was lost.
        self.selection_lost.is_some() || edits.iter().any(is_shown)
    }

    /// Whether the occupants of any room are known.
    pub fn knows_presence(&self) -> bool {
        !self.browser.presence().is_empty()
    }

    /// Rooms view: the occupants of the room whose users are listed; `None` if they are not known.
    pub fn listed_occupants(&self) -> Option<&Occupants> {
        self.browser.presence().room(self.listed_room()?.0)
    }

    /// The occupants of a room; `None` if they are not known.
    pub fn occupants(&self, room: &Jid) -> Option<&Occupants> {
        self.browser.presence().room(room)
    }

    /// Totals over all rooms.
    pub fn totals(&self) -> Totals {
        self.browser.totals
    }

    /// The text that distinguishes a room from others with the same name: the name of its server, the domain if the
    /// room has no server, the part of the domain in which the services of its server differ, or the local part of the
    /// address if another room in the domain has the name. `None` if no other room has the name.
    pub(super) fn distinction<'a>(&'a self, room: &'a Jid, name: &str) -> Option<&'a str> {
        let local = || room.as_str().split_once('@').map(|(local, _)| local);
        match self.browser.shared_names.get(name)? {
            Sharing::SameDomain => local(),
            Sharing::DifferentDomains => match self.servers.of_room(room) {
                Some(server) if server.entry.services.len() == 1 => Some(&server.entry.name),
                Some(server) => Some(without_common_suffix(room.domain(), &server.entry.services)),
                None => Some(room.domain()),
            },
        }
    }

    /// The rooms as listed in the Rooms view.
    pub fn rooms(&self) -> Vec<Jid> {
        self.jids(Pane::First)
    }

    fn jids(&self, pane: Pane) -> Vec<Jid> {
        let rows = self.browser.rooms_view().get(pane).list.visible.iter();
        rows.filter_map(RowId::jid).cloned().collect()
    }

    /// The users of the selected room as listed in the Rooms view.
    pub fn users(&self) -> Vec<Jid> {
        self.jids(Pane::Second)
    }

    /// The hats of the selected user, or of all marked users, as listed in the Rooms view.
    pub fn hats(&self) -> Vec<HatId> {
        let rows = self.browser.rooms_view().get(Pane::Third).list.visible.iter();
        rows.filter_map(RowId::hat).cloned().collect()
    }

    /// The filter of a pane; `None` if the pane has none.
    pub fn filter(&self, pane: Pane) -> Option<&Filter> {
        self.browser.filter(pane)
    }

    /// The filter of the focused pane; `None` unless the filter is being edited and no overlay is open.
    pub fn typed_filter(&self) -> Option<&Filter> {
        let filter = self.browser.filter(self.focus).filter(|filter| filter.editing);
        filter.filter(|_| self.overlays.is_empty())
    }

    /// Number of visible rows of a pane.
    pub fn length(&self, pane: Pane) -> usize {
        self.browser.column(pane).length()
    }

    /// Number of rows of a pane without its filter.
    pub fn total(&self, pane: Pane) -> usize {
        self.browser.column(pane).total()
    }

    /// Number of marked rows of a pane.
    pub fn marked(&self, pane: Pane) -> usize {
        self.browser.column(pane).marked_count()
    }

    /// Number of marked rows of a pane that the filter hides.
    pub fn hidden_marks(&self, pane: Pane) -> usize {
        self.browser.column(pane).hidden_marks().len()
    }

    /// The marks of the focused pane; `None` if rows are not marked, or keys go to an overlay or a filter.
    pub fn shown_marks(&self) -> Option<ShownMarks> {
        let column = self.browser.column(self.focus);
        let marks = ShownMarks {
            number: column.marked_count(),
            hidden: column.hidden_marks().len(),
            is_range: column.is_marking_range(),
        };
        let is_shown = self.overlays.is_empty() && self.typed_filter().is_none();
        (is_shown && (marks.number > 0 || marks.is_range)).then_some(marks)
    }

    /// Whether a row of a pane is marked.
    pub fn is_marked(&self, pane: Pane, row: usize) -> bool {
        self.browser.column(pane).is_marked(row)
    }

    /// The sort order of a pane.
    pub fn sort(&self, pane: Pane) -> Sort {
        self.browser.column(pane).sort()
    }

    /// The sort order of a pane, if it is not the default one.
    pub fn non_default_sort(&self, pane: Pane) -> Option<Sort> {
        let default = Sort::all(self.grouping(), pane).first();
        Some(self.sort(pane)).filter(|sort| Some(sort) != default)
    }

    /// The current view.
    pub fn grouping(&self) -> Grouping {
        self.browser.grouping()
    }

    /// Whether the Hats view is shown.
    pub fn is_by_hat(&self) -> bool {
        self.grouping() == Grouping::ByHat
    }

    /// Whether the Users view is shown and its index is incomplete.
    pub fn is_indexing_users(&self) -> bool {
        self.browser
            .by_user()
            .is_some_and(super::browser::ByUser::is_building)
    }

    fn row(&self, pane: Pane, row: usize) -> Option<&RowId> {
        self.browser.column(pane).list.visible.get(row)
    }

    /// Rooms view: a row of the first pane.
    pub fn room_at(&self, row: usize) -> Option<(&Jid, &Room)> {
        let jid = self
            .browser
            .rooms_view()
            .get(Pane::First)
            .list
            .visible
            .get(row)?
            .jid()?;
        self.shown.room(jid).map(|room| (jid, &**room))
    }

    /// Rooms view: a row of the second pane.
    pub fn user_at(&self, row: usize) -> Option<(&Jid, &User)> {
        let jid = self
            .browser
            .rooms_view()
            .get(Pane::Second)
            .list
            .visible
            .get(row)?
            .jid()?;
        self.listed_room()?.1.user(jid).map(|user| (jid, user))
    }

    /// Rooms and Users views: a row of the third pane; if users or rooms are marked, with the first of their
    /// attachments.
    pub fn hat_at(&self, row: usize) -> Option<(&HatId, &Attachment)> {
        let id = self.row(Pane::Third, row)?.hat()?;
        if let Some(tally) = self.browser.tally(id) {
            return Some((id, &tally.first));
        }
        let (room, user, _) = self.browser.selected_ids();
        let user = self.shown.user(room?, user?)?;
        user.hats.get(id).map(|attachment| (id, attachment))
    }

    /// Users view: a row of the first pane, with the user's memberships, each as the user's address and the room's.
    pub fn listed_user_at(&self, row: usize) -> Option<(&Jid, &[(Jid, Jid)])> {
        let index = self.browser.by_user()?;
        let jid = self.row(Pane::First, row)?.jid()?;
        Some((jid, index.memberships_of(jid)))
    }

    /// Users view: a row of the second pane, a room of the selected user.
    pub fn room_of_user_at(&self, row: usize) -> Option<(&Jid, &Room, &User)> {
        self.browser.by_user()?;
        let jid = self.row(Pane::Second, row)?.jid()?;
        let room = self.shown.room(jid)?;
        Some((jid, room, room.user(self.browser.selected_ids().1?)?))
    }

    /// Totals of a hat over the marked users, or in the Users view over the marked rooms; `None` if nothing is marked
    /// there, and in the Hats view.
    pub fn tally(&self, hat: &HatId) -> Option<&Tally> {
        self.browser.tally(hat)
    }

    /// Hats view: a row of the first pane.
    pub fn existing_hat_at(&self, row: usize) -> Option<&ExistingHat> {
        self.browser.by_hat()?.get(self.row(Pane::First, row)?.hat()?)
    }

    /// Hats view: the selected hat.
    pub fn existing_hat(&self) -> Option<&ExistingHat> {
        self.existing_hat_at(self.selected(Pane::First)?)
    }

    /// Hats view: a row of the second pane, a user with the selected hat.
    pub fn user_with_hat_at(&self, row: usize) -> Option<&Jid> {
        self.browser.by_hat()?;
        self.row(Pane::Second, row)?.jid()
    }

    /// Hats view: a row of the third pane, a room in which the selected user has the selected hat.
    pub fn room_with_hat_at(&self, row: usize) -> Option<(&Jid, &Room, &User, &Attachment)> {
        self.browser.by_hat()?;
        let jid = self.row(Pane::Third, row)?.jid()?;
        let (_, user, hat) = self.browser.selected_ids();
        let room = self.shown.room(jid)?;
        let user = room.user(user?)?;
        Some((jid, room, user, user.hats.get(hat?)?))
    }

    /// The selected row of a pane; `None` if the pane is empty.
    pub fn selected(&self, pane: Pane) -> Option<usize> {
        let column = self.browser.column(pane);
        let (row, length) = (column.selected_row(), column.length());
        (length > 0).then(|| row.min(length - 1))
    }

    /// The message that a filter hides all rows in the pane of this kind, or in a pane before it, so that no row of
    /// this kind is selected. `None` if no filter does.
    pub(super) fn hidden_rows_message(&self, kind: RowKind) -> Option<String> {
        let last_pane = self.grouping().pane(kind);
        let is_hidden = |pane: &Pane| *pane <= last_pane && self.length(*pane) == 0 && self.total(*pane) > 0;
        let pane = PANES.into_iter().find(is_hidden)?;
        let noun = self.grouping().kind(pane).noun();
        let hidden = describe::count(self.total(pane), noun);
        let clear = match self.typed_filter() {
            Some(_) if pane == self.focus => CommandId::ClearFilter,
            _ => CommandId::Back,
        };
        let key = self.key(clear);
        Some(if pane == self.focus {
            format!("The filter hides {hidden} ({key} to clear it)")
        } else {
            format!("A filter hides {hidden} ({key} in that pane to clear it)")
        })
    }

    /// Rooms view: the room whose users are listed.
    pub(super) fn listed_room(&self) -> Option<(&Jid, &Room)> {
        let jid = self.browser.rooms_view().jid(Pane::First)?;
        self.shown.room(jid).map(|room| (jid, &**room))
    }

    /// The selected room.
    pub fn room(&self) -> Option<(&Jid, &Room)> {
        let jid = self.browser.selected_ids().0?;
        self.shown.room(jid).map(|room| (jid, &**room))
    }

    /// The selected user of the selected room.
    pub fn user(&self) -> Option<(&Jid, &User)> {
        let jid = self.browser.selected_ids().1?;
        self.room()?.1.user(jid).map(|user| (jid, user))
    }

    /// The selected hat of the selected user; if users or rooms are marked, with the first of their attachments.
    pub fn hat(&self) -> Option<(&HatId, &Attachment)> {
        let id = self.browser.selected_ids().2?;
        match self.browser.tally(id) {
            Some(tally) => Some((id, &tally.first)),
            None => self.user()?.1.hats.get(id).map(|attachment| (id, attachment)),
        }
    }
}

/// Returns the domain without the labels at its end that all services have, such as `conference.a` of
/// `conference.a.org` for the services `conference.a.org` and `conference.b.org`.
fn without_common_suffix<'a>(domain: &'a str, services: &[Jid]) -> &'a str {
    let suffixes = domain.match_indices('.').map(|(dot, _)| domain.split_at(dot));
    let mut common =
        suffixes.filter(|(_, suffix)| services.iter().all(|service| service.domain().ends_with(suffix)));
    common.next().map_or(domain, |(rest, _)| rest)
}
