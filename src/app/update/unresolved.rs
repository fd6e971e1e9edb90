//! Resolving saved changes that a server refused, or that conflict with changes on the server.

use crate::app::command::CommandId;
use crate::app::place::Place;
use crate::app::servers::Receiving;
use crate::app::servers::unresolved::RefusedChange;
use crate::app::undo_step::ChangeKind;
use crate::app::view::View;
use crate::app::{Conflict, ConflictSubject, Effect, Layer, State, describe};
use crate::model::{Edit, EditGroup, HatRule, Jid};
use crate::store::{
    EXPIRED_ACTOR, HatFilter, HistoryEntry, HistoryFilter, HistoryPage, HistoryQuery, StoreRequest, person,
};
use crate::sync::{Decision, Item, ItemValue, SendState, ServerRequest};

use super::{sending, undo as undoing};

/// The maximum number of history entries that are searched for the change of an item.
const MAX_ENTRIES: usize = 20;

impl Layer for RefusedChange {
    fn place(&self) -> Place {
        Place::RefusedChange
    }

    fn view<'a>(&'a self, _: &'a State) -> View<'a> {
        crate::app::view::question::refused(self)
    }
}

pub(crate) fn may_open(state: &State) -> Result<(), String> {
    state.check_can_change()?;
    match state.nearest_unresolved() {
        Some(_) => Ok(()),
        None => Err("Nothing to resolve".into()),
    }
}

/// Asks what to do about the unresolved change that is nearest to the selection.
pub(crate) fn open(state: &mut State, _: &mut Vec<Effect>) {
    let Some((room, item, send_state)) = state.nearest_unresolved() else {
        return;
    };
    let (room, item, send_state) = (room.clone(), item.clone(), send_state.clone());
    let server = state
        .servers
        .of_room(&room)
        .map(|server| server.entry.name.clone());
    let item_phrase = format!(
        "{} in {room} on {:?}",
        describe::capitalized(&state.item_name(&room, &item)),
        server.as_deref().unwrap_or_default()
    );
    if let SendState::Changed { actual, expected } = &send_state {
        let sides = state.item_sides(&room, &item, (actual.as_ref(), expected.as_ref()));
        state.open(Conflict {
            item_phrase,
            yours: sides.yours,
            theirs: sides.theirs,
            before: Some(sides.before),
            zone: state.zone(),
            subject: ConflictSubject::Sent(room, item, actual.clone()),
        });
    } else {
        let reason = describe::capitalized(&state.unresolved_reason(&room, &item, &send_state));
        state.open(RefusedChange {
            item_phrase,
            reason,
            room,
            item,
        });
    }
}

pub(crate) fn close(state: &mut State, _: &mut Vec<Effect>) {
    state.close::<RefusedChange>();
}

pub(crate) fn retry(state: &mut State, effects: &mut Vec<Effect>) {
    let Some(RefusedChange { room, item, .. }) = state.close::<RefusedChange>() else {
        return;
    };
    state.notify(format!("Sending again: {}", state.item_name(&room, &item)));
    sending::send(state, ServerRequest::Retry { room, item }, effects);
}

/// Resolves a conflict with a server: requests to send yours or to receive theirs. `shown` is the value of the server
/// that the user saw.
pub(super) fn resolve(
    state: &mut State,
    effects: &mut Vec<Effect>,
    room: Jid,
    item: Item,
    (decision, shown): (Decision, Option<ItemValue>),
) {
    let name = state.item_name(&room, &item);
    state.notify(match decision {
        Decision::Send => format!("Sending yours: {name}"),
        Decision::Receive | Decision::Skip => format!("Receiving theirs: {name}"),
    });
    let server = state.servers.of_room(&room).map(|server| &server.entry.name);
    state.servers.sending.receiving =
        server
            .filter(|_| decision == Decision::Receive)
            .map(|server| Receiving {
                server: server.clone(),
                room: room.clone(),
                item: item.clone(),
                name,
            });
    let request = ServerRequest::Resolve {
        room,
        item,
        decision,
        shown,
    };
    sending::send(state, request, effects);
}

/// Starts undoing the change that the server refused: requests the entries of the history in which to find it.
pub(crate) fn undo(state: &mut State, effects: &mut Vec<Effect>) {
    let Some(RefusedChange { room, item, .. }) = state.close::<RefusedChange>() else {
        return;
    };
    let filter = HistoryFilter {
        room: Some(room.clone()),
        user: item.user().cloned(),
        hat: item.hat().cloned().map(HatFilter::from),
        ..HistoryFilter::default()
    };
    let query = HistoryQuery {
        filter,
        from: None,
        limit: MAX_ENTRIES,
    };
    state.servers.sending.undoing = Some((query.clone(), room, item));
    effects.push(Effect::Store(StoreRequest::History(query)));
}

/// Handles the entries that [`undo`] requested: undoes the last change of the item, but nothing else of that commit.
/// Does not undo a change by someone else.
pub(super) fn history_read(
    state: &mut State,
    effects: &mut Vec<Effect>,
    query: &HistoryQuery,
    page: &Result<HistoryPage, String>,
) {
    let request = &mut state.servers.sending.undoing;
    let Some((_, room, item)) = request.take_if(|(requested, ..)| requested == query) else {
        return;
    };
    let page = match page {
        Ok(page) => page,
        Err(reason) => return state.notify_error(format!("Cannot undo: {reason}")),
    };
    let found = page
        .entries
        .iter()
        .find_map(|entry| entry_of_item(entry, &room, &item));
    match found {
        Some(entry) if !is_own(state, &entry) => state.notify_error(format!(
            "Cannot undo: {} was changed in the meantime by {} ({} for the history)",
            state.item_name(&room, &item),
            entry.actor,
            state.key(CommandId::History)
        )),
        Some(entry) => undoing::undo_entry(state, effects, entry, ChangeKind::Revert),
        None => state.notify_error(format!(
            "Cannot undo: the history has no change of {}",
            state.item_name(&room, &item)
        )),
    }
}

/// Returns whether an entry was made by this session's user, or because hats expired.
fn is_own(state: &State, entry: &HistoryEntry) -> bool {
    *entry.actor == *EXPIRED_ACTOR || person(&entry.actor) == person(&state.start.actor)
}

/// Reduces an entry to the edits of an item; `None` if there are no such edits.
fn entry_of_item(entry: &HistoryEntry, room: &Jid, item: &Item) -> Option<HistoryEntry> {
    let edits = entry.group.0.iter();
    let of_item: Vec<Edit> = edits.filter_map(|edit| edit_of_item(edit, room, item)).collect();
    let is_whole = of_item == entry.group.0;
    (!of_item.is_empty()).then(|| HistoryEntry {
        group: EditGroup(of_item),
        partial: entry.partial || !is_whole,
        ..entry.clone()
    })
}

/// Reduces an edit to the part that changes an item; `None` if there is no such part.
fn edit_of_item(edit: &Edit, room: &Jid, item: &Item) -> Option<Edit> {
    if edit.room() != Some(room) || edit.user() != item.user() {
        return None;
    }
    match (edit, item) {
        (Edit::Hat { hat, .. }, Item::Hat { hat: wanted, .. })
        | (Edit::Catalog { hat, .. }, Item::Catalog { hat: wanted }) => (hat == wanted).then(|| edit.clone()),
        // A removed user has to be added again to have the hat again.
        (Edit::Affiliation { .. } | Edit::User { .. }, Item::Affiliation { .. })
        | (Edit::User { after: None, .. }, Item::Hat { .. }) => Some(edit.clone()),
        (
            Edit::User {
                room,
                user,
                before,
                after: Some(after),
                ..
            },
            Item::Hat { hat, .. },
        ) => {
            let before = before.as_ref().and_then(|user| user.hats.get(hat));
            let after = after.hats.get(hat);
            (before != after).then(|| Edit::Hat {
                room: room.clone(),
                user: user.clone(),
                hat: hat.clone(),
                before: before.cloned(),
                after: after.cloned(),
                rule: HatRule::AnyUser,
            })
        }
        _ => None,
    }
}

/// Closes questions about changes that were resolved in the meantime, for example by another session.
pub(super) fn refresh_overlays(state: &mut State) {
    let sending = &state.servers.sending;
    let is_needed = |overlay: &dyn Layer| {
        let is_conflict = |room, item| matches!(sending.state(room, item), Some(SendState::Changed { .. }));
        if let Some(Conflict {
            subject: ConflictSubject::Sent(room, item, _),
            ..
        }) = overlay.downcast_ref::<Conflict>()
        {
            return is_conflict(room, item);
        }
        let refused = overlay.downcast_ref::<RefusedChange>();
        refused.is_none_or(|refused| {
            let state = sending.state(&refused.room, &refused.item);
            matches!(state, Some(SendState::Refused(_) | SendState::LeftOut(_)))
        })
    };
    let before = state.overlays.len();
    state.overlays.retain(|overlay| is_needed(&**overlay));
    if state.overlays.len() < before {
        state.notify("Resolved in the meantime");
    }
}
