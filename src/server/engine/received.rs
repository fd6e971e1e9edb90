//! Records the values that both sides have, once received changes are in the file.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::super::files::ServerFiles;
use super::Engine;
use super::room::{KnownRead, KnownRoom};
use crate::model::Jid;
use crate::sync::{
    Base, Item, LocalRoom, Outbox, ReadMark, ReceivedItem, SendState, ServerClass, ServerEvent, local_value,
};

impl Engine {
    /// Notes the current state of a room in the file.
    pub(super) fn set_local_room(&mut self, room: LocalRoom, revision: u64) {
        if let Some(known) = self.rooms.get_mut(&room.room) {
            known.local = room.local;
            known.revision = revision;
        }
    }

    /// Records the values that both sides have, because received changes are in the file. Items that are being sent, and items
    /// that have changed in the file or the base since the room was read, are left out. The items in `received` have the values
    /// in the file that were read, and count as common even if the server has other values now. `held`: users whose loss of hats
    /// is held back.
    pub(super) fn record_received(
        &mut self,
        room: LocalRoom,
        revision: u64,
        received: &BTreeMap<Item, ReceivedItem>,
        held: BTreeSet<Jid>,
    ) {
        let name = room.room.clone();
        if let Some(base) = self.update_base_and_outbox(&room, revision, received, held)
            && let Some(known) = self.rooms.get_mut(&name).filter(|known| known.read.is_some())
        {
            known.base = Some(base);
        }
        self.set_local_room(room, revision);
        self.following.note_received(&name);
        if let Some(known) = self.rooms.get_mut(&name) {
            known.is_planned = false;
        }
        let read = self.rooms.get(&name).and_then(|known| known.read.as_ref());
        let shows_other_values = |read: &KnownRead| {
            let mut received = received.iter();
            received.any(|(item, received)| read.room.value(item) != received.value)
        };
        if self.control.follows(&name) && read.is_some_and(shows_other_values) {
            // The last read is not the one that was received, so the room has changed on the server again.
            self.following.unread.insert(name);
        }
        self.drop_old_reads();
    }

    /// Updates the base, then the outbox. If the read was dropped in the meantime, only the received items are recorded. Returns
    /// the new base; `None` if the base was not updated.
    fn update_base_and_outbox(
        &self,
        room: &LocalRoom,
        revision: u64,
        received: &BTreeMap<Item, ReceivedItem>,
        held: BTreeSet<Jid>,
    ) -> Option<Arc<Base>> {
        let (name, known) = (&room.room, self.rooms.get(&room.room)?);
        let (class, read, local) = (known.class?, known.read.as_ref(), room.local.as_deref()?);
        let files = self.files().ok().filter(|_| self.may_write(name))?;
        let outbox = known.outbox(files, class, name);
        let mut is_updated = false;
        let written = files.update_base(name, |stored| {
            let is_valid = |base: &Base| {
                let is_same_room = read.map_or(!base.gone, |read| base.check_room(&read.room).is_ok());
                is_same_room && self.data.check(base, class, revision).is_ok()
            };
            let stored = match stored.ok().flatten() {
                Some(base) if is_valid(&base) => Some(base),
                _ if read.is_some() => None,
                other => return other,
            };
            let mut base = match &stored {
                Some(base) if base.revision > revision => {
                    // Another session has updated the base with a newer file.
                    let mut base = base.clone();
                    base.held.extend(held);
                    return Some(base);
                }
                Some(base) => base.clone(),
                None => Base::new(&self.settings.entry.name, class, name),
            };
            let now = ReadMark {
                class,
                local: Some(local),
                base: stored.as_ref(),
            };
            if stored.is_some() {
                // The last read may be newer than the one that was received, and already show other values.
                for (item, received) in received {
                    let is_common = base.is_value_or_answer(item, received.base.as_ref())
                        && base.value(item) != received.value
                        && local_value(class, local, item) == received.value;
                    if is_common && !outbox.is_in_flight(item) {
                        base.set(item, received.value.clone());
                    }
                }
            }
            if let Some(read) = read {
                base.record_common_values(local, &read.room, read.began, &|item| {
                    outbox.is_in_flight(item)
                        || stored.is_some() && read.has_base_changed(&now, item)
                        || read.has_local_changed(&now, item) && !received.contains_key(item)
                });
            }
            base.revision = revision.max(base.revision);
            base.held = held;
            is_updated = true;
            Some(base)
        });
        let updated = match written {
            Ok(base) => base.filter(|_| is_updated)?,
            Err(error) => {
                // The base stays older, which at most causes an unnecessary conflict.
                log::warn!(room:% = name, reason:% = error; "base not written");
                self.emit(ServerEvent::NotRecorded {
                    server: self.settings.entry.name.clone(),
                    room: name.clone(),
                    reason: error.to_string(),
                });
                return None;
            }
        };
        let server_value = |item: &Item| match read {
            Some(read) => Some(read.room.value(item)),
            None => received.get(item).map(|received| received.value.clone()),
        };
        let is_equal = |item: &Item| server_value(item) == Some(local_value(class, local, item));
        forget_done_changes(files, known, (class, name), &is_equal, &outbox);
        Some(updated)
    }
}

/// Removes unsent changes of items whose values are equal on both sides now.
fn forget_done_changes(
    files: &ServerFiles,
    known: &KnownRoom,
    (class, room): (ServerClass, &Jid),
    is_equal: &dyn Fn(&Item) -> bool,
    outbox: &Outbox,
) {
    let is_done = |(item, state): &(&Item, &SendState)| {
        let is_unsent = matches!(
            state,
            SendState::Changed { .. } | SendState::Refused(_) | SendState::LeftOut(_)
        );
        is_unsent && is_equal(item)
    };
    let done: Vec<Item> = outbox
        .states()
        .filter(is_done)
        .map(|(item, _)| item.clone())
        .collect();
    if !done.is_empty()
        && let Ok(Some(_lock)) = files.lock(room, std::time::Duration::ZERO)
    {
        let mut stored = known.outbox(files, class, room);
        for item in &done {
            stored.forget(item);
        }
        // If this fails, the next comparison finds these changes again.
        let _ = files.write_outbox(&stored);
    }
}
