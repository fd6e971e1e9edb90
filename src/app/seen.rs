//! What the panes show, and what is selected and marked in them.

use crate::model::{Attachment, HatId, Jid, Room, User};

use super::filter::Filter;
use super::rows::{Sort, Tally, Totals};
use super::suggest::Known;
use super::{Pane, State};

impl State {
    /// What is in all rooms together.
    pub fn totals(&self) -> Totals {
        self.rows.totals
    }

    /// The addresses of the rooms, as the rooms pane lists them.
    pub fn rooms(&self) -> &[Jid] {
        &self.rows.rooms.list.shown
    }

    /// The users of the selected room, as the users pane lists them.
    pub fn users(&self) -> &[Jid] {
        &self.rows.users.list.shown
    }

    /// The hats of the selected user, or of all the marked ones, as the hats pane lists them.
    pub fn hats(&self) -> &[HatId] {
        &self.rows.hats.list.shown
    }

    /// What a pane is narrowed to.
    pub fn filter(&self, pane: Pane) -> Option<&Filter> {
        self.rows.filter(pane)
    }

    /// The filter that is being typed.
    pub fn typed_filter(&self) -> Option<&Filter> {
        let filter = self.rows.filter(self.focus).filter(|filter| filter.editing);
        filter.filter(|_| self.overlays.is_empty())
    }

    /// How many rows a pane shows.
    pub fn length(&self, pane: Pane) -> usize {
        self.rows.column(pane).length()
    }

    /// How many rows a pane would show without its filter.
    pub fn total(&self, pane: Pane) -> usize {
        self.rows.column(pane).total()
    }

    /// How many rows of a pane are marked.
    pub fn marked(&self, pane: Pane) -> usize {
        self.rows.column(pane).marked()
    }

    /// Whether a row of a pane is marked.
    pub fn is_marked(&self, pane: Pane, row: usize) -> bool {
        self.rows.column(pane).is_marked(row)
    }

    /// The order of a pane's rows.
    pub fn sort(&self, pane: Pane) -> Sort {
        self.rows.column(pane).sort()
    }

    /// Whether the view is turned round: hats in the first pane, who has the selected one in the second, in which rooms
    /// in the third.
    pub fn is_turned(&self) -> bool {
        self.rows.turned().is_some()
    }

    /// One row of the users pane.
    pub fn user_at(&self, row: usize) -> Option<(&Jid, &User)> {
        let jid = self.rows.users.list.shown.get(row)?;
        self.here()?.1.user(jid).map(|user| (jid, user))
    }

    /// One row of the hats pane; of several users the attachment of the first of them.
    pub fn hat_at(&self, row: usize) -> Option<(&HatId, &Attachment)> {
        let id = self.rows.hats.list.shown.get(row)?;
        if let Some(tally) = self.rows.tally(id) {
            return Some((id, &tally.first));
        }
        let user = self.here()?.1.user(self.rows.users.on()?)?;
        user.hats.get(id).map(|attachment| (id, attachment))
    }

    /// What the marked users have of a hat; `None` while no user is marked.
    pub fn tally(&self, hat: &HatId) -> Option<&Tally> {
        self.rows.tally(hat)
    }

    /// One row of the first pane of the view turned round.
    pub fn turned_hat_at(&self, row: usize) -> Option<&Known> {
        let turned = self.rows.turned()?;
        turned.known(turned.hats.list.shown.get(row)?)
    }

    /// The hat that is selected in the first pane of the view turned round.
    pub fn turned_hat(&self) -> Option<&Known> {
        self.turned_hat_at(self.selected(Pane::Rooms)?)
    }

    /// One row of the second pane of the view turned round: who has the selected hat.
    pub fn wearer_at(&self, row: usize) -> Option<&Jid> {
        self.rows.turned()?.wearers.list.shown.get(row)
    }

    /// One row of the third pane of the view turned round: a room in which the selected user has the selected hat.
    pub fn room_of_wearer_at(&self, row: usize) -> Option<(&Jid, &Room, &User, &Attachment)> {
        let turned = self.rows.turned()?;
        let jid = turned.rooms.list.shown.get(row)?;
        let room = self.view.room(jid)?;
        let user = room.user(turned.wearers.on()?)?;
        Some((jid, room, user, user.hats.get(turned.hats.on()?)?))
    }

    /// The selected row of a pane; `None` when the pane is empty.
    pub fn selected(&self, pane: Pane) -> Option<usize> {
        let column = self.rows.column(pane);
        let (at, length) = (column.at(), column.length());
        (length > 0).then(|| at.min(length - 1))
    }

    /// The room whose users the users pane lists.
    pub(super) fn here(&self) -> Option<(&Jid, &Room)> {
        let jid = self.rows.rooms.on()?;
        self.view.room(jid).map(|room| (jid, &**room))
    }

    /// The selected room.
    pub fn room(&self) -> Option<(&Jid, &Room)> {
        let jid = self.rows.on().0?;
        self.view.room(jid).map(|room| (jid, &**room))
    }

    /// The selected user of the selected room.
    pub fn user(&self) -> Option<(&Jid, &User)> {
        let jid = self.rows.on().1?;
        self.room()?.1.user(jid).map(|user| (jid, user))
    }

    /// The selected hat of the selected user; of several users the attachment of the first of them.
    pub fn hat(&self) -> Option<(&HatId, &Attachment)> {
        let id = self.rows.on().2?;
        match self.rows.tally(id).filter(|_| !self.is_turned()) {
            Some(tally) => Some((id, &tally.first)),
            None => self.user()?.1.hats.get(id).map(|attachment| (id, attachment)),
        }
    }
}
