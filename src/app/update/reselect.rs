//! Selects what an undo, a redo or a restored draft brought back.

use crate::app::place::RowKind;
use crate::app::{Grouping, Pane, State};
use crate::model::{Edit, EditGroup, HatId, Jid};

/// The room that edits have in common, and the user and hat if they also have those in common.
struct CommonItem<'a> {
    room: &'a Jid,
    user: Option<&'a Jid>,
    hat: Option<&'a HatId>,
}

impl<'a> CommonItem<'a> {
    fn of(mut edits: impl Iterator<Item = &'a Edit>) -> Option<Self> {
        let first = edits.next()?;
        let common = Self {
            room: first.room()?,
            user: first.user(),
            hat: first.hat(),
        };
        edits.try_fold(common, |common, edit| {
            let user = common.user.filter(|user| edit.user() == Some(user));
            Some(Self {
                room: edit.room().filter(|room| *room == common.room)?,
                user,
                hat: common.hat.filter(|hat| user.is_some() && edit.hat() == Some(hat)),
            })
        })
    }

    /// The pane of the item in a view: the last one of its room, its user and its hat.
    fn pane(&self, grouping: Grouping) -> Pane {
        let user = self.user.map(|_| RowKind::User);
        let hat = self.hat.map(|_| RowKind::Hat);
        let kinds = [Some(RowKind::Room), user, hat].into_iter().flatten();
        kinds.map(|kind| grouping.pane(kind)).max().unwrap_or_default()
    }

    /// Selects the item in the current view, as far as that lists it. Returns whether it is selected.
    fn select(&self, state: &mut State) -> bool {
        let wardrobe = &state.shown;
        match state.grouping() {
            Grouping::ByRoom => state.browser.select(wardrobe, self.room, self.user, self.hat),
            Grouping::ByHat | Grouping::ByUser => {
                // A pane lists what belongs to the selection in the panes before it.
                let mut rows = vec![(RowKind::Room, self.room.clone().into())];
                rows.extend(self.user.map(|user| (RowKind::User, user.clone().into())));
                rows.extend(self.hat.map(|hat| (RowKind::Hat, hat.clone().into())));
                rows.sort_by_key(|(kind, _)| state.grouping().pane(*kind));
                for (kind, row) in &rows {
                    state.browser.select_row(*kind, row, wardrobe);
                }
            }
        }
        let (room, user, hat) = state.browser.selected_ids();
        let is_common = (self.user.is_none() || user == self.user) && (self.hat.is_none() || hat == self.hat);
        room == Some(self.room) && is_common
    }
}

/// Selects the room, user or hat that edits brought back, unless it is only a room that is already selected. The focus
/// stays, or moves left to the pane of the item.
pub(super) fn select_restored(state: &mut State, edits: &EditGroup) {
    let restored = edits.0.iter().filter(|edit| {
        matches!(
            edit,
            Edit::Room {
                before: None,
                after: Some(_),
                ..
            } | Edit::User {
                before: None,
                after: Some(_),
                ..
            } | Edit::Hat {
                before: None,
                after: Some(_),
                ..
            }
        )
    });
    let Some(common) = CommonItem::of(restored) else {
        return;
    };
    if common.user.is_none() && state.browser.selected_ids().0 == Some(common.room) {
        return;
    }
    if common.select(state) {
        state.focus = state.focus.min(common.pane(state.grouping()));
    }
}

/// Selects what edits changed, and focuses its pane.
pub(super) fn go_to_changed(state: &mut State, edits: &EditGroup) {
    if let Some(common) = CommonItem::of(edits.0.iter())
        && common.select(state)
    {
        state.focus = common.pane(state.grouping());
    }
}
