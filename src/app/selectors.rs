//! What the panes show, and what is selected and marked in them.

use crate::model::{Attachment, HatId, Jid, Room, User};

use super::browser::{RowId, Sort, Tally, Totals};
use super::filter::Filter;
use super::suggest::ExistingHat;
use super::{Grouping, Pane, State};

impl State {
    /// What is in all rooms together.
    pub fn totals(&self) -> Totals {
        self.browser.totals
    }

    /// The addresses of the rooms, as the rooms pane lists them.
    pub fn rooms(&self) -> Vec<Jid> {
        self.jids(Pane::First)
    }

    fn jids(&self, pane: Pane) -> Vec<Jid> {
        let rows = self.browser.by_room().get(pane).list.visible.iter();
        rows.filter_map(RowId::jid).cloned().collect()
    }

    /// The users of the selected room, as the users pane lists them.
    pub fn users(&self) -> Vec<Jid> {
        self.jids(Pane::Second)
    }

    /// The hats of the selected user, or of all the marked ones, as the hats pane lists them.
    pub fn hats(&self) -> Vec<HatId> {
        let rows = self.browser.by_room().get(Pane::Third).list.visible.iter();
        rows.filter_map(RowId::hat).cloned().collect()
    }

    /// What a pane is narrowed to.
    pub fn filter(&self, pane: Pane) -> Option<&Filter> {
        self.browser.filter(pane)
    }

    /// The filter that is being typed.
    pub fn typed_filter(&self) -> Option<&Filter> {
        let filter = self.browser.filter(self.focus).filter(|filter| filter.editing);
        filter.filter(|_| self.overlays.is_empty())
    }

    /// How many rows a pane shows.
    pub fn length(&self, pane: Pane) -> usize {
        self.browser.column(pane).length()
    }

    /// How many rows a pane would show without its filter.
    pub fn total(&self, pane: Pane) -> usize {
        self.browser.column(pane).total()
    }

    /// How many rows of a pane are marked.
    pub fn marked(&self, pane: Pane) -> usize {
        self.browser.column(pane).marked_count()
    }

    /// Whether a row of a pane is marked.
    pub fn is_marked(&self, pane: Pane, row: usize) -> bool {
        self.browser.column(pane).is_marked(row)
    }

    /// The order of a pane's rows.
    pub fn sort(&self, pane: Pane) -> Sort {
        self.browser.column(pane).sort()
    }

    /// The view that is shown.
    pub fn grouping(&self) -> Grouping {
        self.browser.grouping()
    }

    /// Whether the view by hat is shown.
    pub fn is_by_hat(&self) -> bool {
        self.grouping() == Grouping::ByHat
    }

    /// Whether the view by user is shown and its users are still being counted together.
    pub fn is_counting_users(&self) -> bool {
        self.browser
            .by_user()
            .is_some_and(super::browser::ByUser::is_building)
    }

    fn row(&self, pane: Pane, row: usize) -> Option<&RowId> {
        self.browser.column(pane).list.visible.get(row)
    }

    /// By room: a row of the first pane.
    pub fn room_at(&self, row: usize) -> Option<(&Jid, &Room)> {
        let jid = self
            .browser
            .by_room()
            .get(Pane::First)
            .list
            .visible
            .get(row)?
            .jid()?;
        self.view.room(jid).map(|room| (jid, &**room))
    }

    /// By room: a row of the second pane.
    pub fn user_at(&self, row: usize) -> Option<(&Jid, &User)> {
        let jid = self
            .browser
            .by_room()
            .get(Pane::Second)
            .list
            .visible
            .get(row)?
            .jid()?;
        self.listed_room()?.1.user(jid).map(|user| (jid, user))
    }

    /// By room and by user: a row of the third pane; of several users or rooms the attachment of the first of them.
    pub fn hat_at(&self, row: usize) -> Option<(&HatId, &Attachment)> {
        let id = self.row(Pane::Third, row)?.hat()?;
        if let Some(tally) = self.browser.tally(id) {
            return Some((id, &tally.first));
        }
        let (room, user, _) = self.browser.selected_ids();
        let user = self.view.user(room?, user?)?;
        user.hats.get(id).map(|attachment| (id, attachment))
    }

    /// By user: a row of the first pane, with the addresses of the user's rooms.
    pub fn listed_user_at(&self, row: usize) -> Option<(&Jid, &[Jid])> {
        let index = self.browser.by_user()?;
        let jid = self.row(Pane::First, row)?.jid()?;
        Some((jid, index.rooms_of(jid)))
    }

    /// By user: a row of the second pane, a room of the selected user.
    pub fn room_of_user_at(&self, row: usize) -> Option<(&Jid, &Room, &User)> {
        self.browser.by_user()?;
        let jid = self.row(Pane::Second, row)?.jid()?;
        let room = self.view.room(jid)?;
        Some((jid, room, room.user(self.browser.selected_ids().1?)?))
    }

    /// What the marked users have of a hat; `None` while no user is marked.
    pub fn tally(&self, hat: &HatId) -> Option<&Tally> {
        self.browser.tally(hat)
    }

    /// One row of the first pane of the view turned round.
    pub fn existing_hat_at(&self, row: usize) -> Option<&ExistingHat> {
        self.browser.by_hat()?.get(self.row(Pane::First, row)?.hat()?)
    }

    /// The hat that is selected in the first pane of the view turned round.
    pub fn existing_hat(&self) -> Option<&ExistingHat> {
        self.existing_hat_at(self.selected(Pane::First)?)
    }

    /// One row of the second pane of the view turned round: who has the selected hat.
    pub fn user_with_hat_at(&self, row: usize) -> Option<&Jid> {
        self.browser.by_hat()?;
        self.row(Pane::Second, row)?.jid()
    }

    /// One row of the third pane of the view turned round: a room in which the selected user has the selected hat.
    pub fn room_with_hat_at(&self, row: usize) -> Option<(&Jid, &Room, &User, &Attachment)> {
        self.browser.by_hat()?;
        let jid = self.row(Pane::Third, row)?.jid()?;
        let (_, user, hat) = self.browser.selected_ids();
        let room = self.view.room(jid)?;
        let user = room.user(user?)?;
        Some((jid, room, user, user.hats.get(hat?)?))
    }

    /// The selected row of a pane; `None` when the pane is empty.
    pub fn selected(&self, pane: Pane) -> Option<usize> {
        let column = self.browser.column(pane);
        let (at, length) = (column.selected_row(), column.length());
        (length > 0).then(|| at.min(length - 1))
    }

    /// The room whose users the users pane lists.
    pub(super) fn listed_room(&self) -> Option<(&Jid, &Room)> {
        let jid = self.browser.by_room().jid(Pane::First)?;
        self.view.room(jid).map(|room| (jid, &**room))
    }

    /// The selected room.
    pub fn room(&self) -> Option<(&Jid, &Room)> {
        let jid = self.browser.selected_ids().0?;
        self.view.room(jid).map(|room| (jid, &**room))
    }

    /// The selected user of the selected room.
    pub fn user(&self) -> Option<(&Jid, &User)> {
        let jid = self.browser.selected_ids().1?;
        self.room()?.1.user(jid).map(|user| (jid, user))
    }

    /// The selected hat of the selected user; of several users the attachment of the first of them.
    pub fn hat(&self) -> Option<(&HatId, &Attachment)> {
        let id = self.browser.selected_ids().2?;
        match self.browser.tally(id) {
            Some(tally) => Some((id, &tally.first)),
            None => self.user()?.1.hats.get(id).map(|attachment| (id, attachment)),
        }
    }
}
