//! The targets of a command: the marked rows of a pane, else the selected row.

use std::ops::ControlFlow;

use crate::model::{Affiliation, HatId, Jid};

use super::browser::{Column, RowId};
use super::{AttachmentRef, Grouping, Pane, RowKind, State, describe};

/// Maximum number of users that a label names.
const MAX_NAMED: usize = 3;

/// The target rooms in the Rooms view.
pub(super) fn rooms(state: &State) -> Vec<Jid> {
    jids(state.browser.rooms_view().get(Pane::First))
}

/// The target users in the Users view.
pub(super) fn users(state: &State) -> Vec<Jid> {
    match state.focus() {
        Pane::First => jids(state.browser.column(Pane::First)),
        Pane::Second | Pane::Third => state
            .browser
            .columns()
            .jid(Pane::First)
            .into_iter()
            .cloned()
            .collect(),
    }
}

/// The marked rooms, and the marked users of the selected room. Outside the Rooms view, no users.
pub(super) fn marked(state: &State) -> (Vec<Jid>, Vec<Jid>) {
    let marked = |kind| -> Vec<Jid> {
        let pane = state.grouping().pane(kind);
        let marks = state.browser.column(pane).marks().iter();
        marks.filter_map(RowId::jid).cloned().collect()
    };
    match state.grouping() {
        Grouping::ByRoom => (marked(RowKind::Room), marked(RowKind::User)),
        Grouping::ByHat | Grouping::ByUser => (marked(RowKind::Room), Vec::new()),
    }
}

/// The target attachments: the marked or selected hats of the target users, as far as these users have them. In the
/// Hats view, depending on the focused pane: the marked or selected hats of all users; the selected hat of the marked
/// or selected users in all rooms; or the selected hat of the selected user in the marked or selected rooms.
pub(super) fn selected_attachments(state: &State) -> Vec<AttachmentRef> {
    let wardrobe = state.wardrobe();
    let reference = |room: &Jid, user: &Jid, hat: &HatId| AttachmentRef {
        room: room.clone(),
        user: user.clone(),
        hat: hat.clone(),
    };
    let mut attachments = Vec::new();
    if state.grouping() != Grouping::ByHat {
        let hats = marked_or_selected(state.browser.column(Pane::Third));
        for (room, user) in room_users(state) {
            attachments.extend(
                hats.iter()
                    .filter_map(RowId::hat)
                    .map(|hat| reference(&room, &user, hat)),
            );
        }
        attachments.retain(|found| found.attachment(wardrobe).is_some());
        return attachments;
    }
    let (_, user, hat) = state.browser.selected_ids();
    match state.focus() {
        Pane::First => {
            let hats = marked_or_selected(state.browser.column(Pane::First));
            for hat in hats.iter().filter_map(RowId::hat) {
                for (jid, room) in wardrobe.rooms() {
                    let room_hat = room.hat(hat);
                    let users = room_hat.into_iter().flat_map(|room_hat| room_hat.users(room));
                    attachments.extend(users.map(|(user, _)| reference(jid, user, hat)));
                }
            }
        }
        Pane::Second => {
            for user in jids(state.browser.column(Pane::Second)) {
                let candidates = wardrobe
                    .rooms()
                    .filter_map(|(room, _)| Some(reference(room, &user, hat?)));
                attachments.extend(candidates.filter(|found| found.attachment(wardrobe).is_some()));
            }
        }
        Pane::Third => {
            for room in jids(state.browser.column(Pane::Third)) {
                let candidate = user.zip(hat).map(|(user, hat)| reference(&room, user, hat));
                attachments.extend(candidate.filter(|found| found.attachment(wardrobe).is_some()));
            }
        }
    }
    attachments
}

/// The target users, each with the room. In the Rooms view, the marked or selected users of the selected room; in the
/// Users view, the marked or selected users in all their rooms, or the selected user in the marked or selected rooms;
/// in the Hats view, the selected user in the selected room.
pub(super) fn room_users(state: &State) -> Vec<(Jid, Jid)> {
    let mut room_users = Vec::new();
    for_each_member(state, |room, user| {
        room_users.push((room.clone(), user.clone()));
        ControlFlow::Continue(())
    });
    room_users
}

/// Names the users whose hats a command changes: `3 users: ana, bob, carol`, `terry@example.org in 2 rooms`. `None` if
/// there are no such users. Called for each frame, so it only counts marks, and does not look up the users.
pub(super) fn label(state: &State) -> Option<String> {
    let users = |pane| {
        let column = state.browser.column(pane);
        let marked: Vec<&Jid> = column
            .marks()
            .iter()
            .filter_map(RowId::jid)
            .take(MAX_NAMED)
            .collect();
        match (column.marks().len(), marked.as_slice()) {
            (0, _) => column.selected_id().and_then(RowId::jid).map(Jid::to_string),
            (1, one) => one.first().map(ToString::to_string),
            (many, first) => {
                let names: Vec<&str> = first
                    .iter()
                    .map(|jid| jid.local().unwrap_or(jid.as_str()))
                    .collect();
                let more = match many - names.len() {
                    0 => String::new(),
                    more => format!(" and {} more", describe::with_thousands_commas(more)),
                };
                let names = names.join(", ");
                Some(format!("{}: {names}{more}", describe::count(many, "user")))
            }
        }
    };
    match (state.grouping(), state.focus()) {
        (Grouping::ByRoom, _) => users(Pane::Second),
        (Grouping::ByUser, Pane::First) => users(Pane::First),
        (Grouping::ByUser, Pane::Second | Pane::Third) => {
            let user = state.browser.columns().jid(Pane::First)?;
            let rooms = state.browser.column(Pane::Second);
            Some(match rooms.marks().len() {
                0 | 1 => format!("{user} in {}", jids(rooms).first()?),
                many => format!("{user} in {}", describe::count(many, "room")),
            })
        }
        (Grouping::ByHat, _) => {
            let (room, user, _) = state.browser.selected_ids();
            Some(format!("{} in {}", user?, room?))
        }
    }
}

/// Calls `visit` with the room and the address of each target user, until `visit` returns `Break`.
fn for_each_member(state: &State, mut visit: impl FnMut(&Jid, &Jid) -> ControlFlow<()>) {
    let marked_or_selected = |pane| {
        let column = state.browser.column(pane);
        let selected = column.selected_id().filter(|_| column.marks().is_empty());
        column.marks().iter().chain(selected).filter_map(RowId::jid)
    };
    let first = state.browser.columns().jid(Pane::First);
    match (state.grouping(), state.focus()) {
        (Grouping::ByUser, Pane::First) => {
            let index = state.browser.by_user();
            for user in marked_or_selected(Pane::First) {
                for (_, room) in index.map_or(&[][..], |index| index.memberships_of(user)) {
                    if visit(room, user).is_break() {
                        return;
                    }
                }
            }
        }
        (Grouping::ByUser, Pane::Second | Pane::Third) => {
            let Some(user) = first else { return };
            let _ = marked_or_selected(Pane::Second).try_for_each(|room| visit(room, user));
        }
        (Grouping::ByRoom, _) => {
            let Some(room) = first else { return };
            let _ = marked_or_selected(Pane::Second).try_for_each(|user| visit(room, user));
        }
        (Grouping::ByHat, _) => {
            if let (Some(room), Some(user), _) = state.browser.selected_ids() {
                let _ = visit(room, user);
            }
        }
    }
}

/// Fails if none of the target users can get hats. Called for each frame, so it stops as early as possible.
pub(super) fn check_can_add_hats(state: &State) -> Result<(), String> {
    let (mut count, mut can_add, mut first_room) = (0, false, None);
    for_each_member(state, |room, user| {
        count += 1;
        first_room.get_or_insert_with(|| room.clone());
        let user = state.wardrobe().user(room, user);
        can_add |= user.is_some_and(|user| user.affiliation.is_affiliated());
        if can_add && count > 1 {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    });
    if count < 2 {
        return state.check_can_add_hats();
    }
    state.check_can_change()?;
    if can_add {
        return Ok(());
    }
    let advice = first_room.map_or_else(String::new, |room| state.affiliation_advice(&room));
    Err(format!(
        "Hats can be added and changed only for owners, admins and members; none is selected.{advice}"
    ))
}

/// Whether all target users are banned. Called for each frame, so it stops at the first one who is not.
pub(super) fn are_banned(state: &State) -> bool {
    let (mut count, mut all_banned) = (0, true);
    for_each_member(state, |room, user| {
        count += 1;
        let user = state.wardrobe().user(room, user);
        all_banned = user.is_none_or(|user| user.affiliation == Affiliation::Outcast);
        if all_banned {
            ControlFlow::Continue(())
        } else {
            ControlFlow::Break(())
        }
    });
    count > 0 && all_banned
}

/// The addresses or IDs of the targets in the focused pane.
pub(super) fn ids(state: &State) -> Vec<String> {
    let rows = marked_or_selected(state.browser.column(state.focus()));
    rows.iter().map(|row| row.as_str().to_owned()).collect()
}

/// The marked or selected rooms or users of a column.
fn jids(column: &Column) -> Vec<Jid> {
    let rows = marked_or_selected(column);
    rows.iter().filter_map(RowId::jid).cloned().collect()
}

/// The marked rows in order, else the selected one.
fn marked_or_selected(column: &Column) -> Vec<RowId> {
    match column.marks() {
        marks if marks.is_empty() => column.selected_id().into_iter().cloned().collect(),
        marks => marks.iter().cloned().collect(),
    }
}
