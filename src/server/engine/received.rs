//! Records what both sides agree on once the file has what was received.

use std::collections::BTreeSet;

use super::super::files::ServerFiles;
use super::Engine;
use super::room::Known;
use crate::model::{Jid, Room};
use crate::sync::{Base, Item, LocalRoom, Outbox, ReadMark, RemoteRoom, SendState, ServerClass, local_value};

impl Engine {
    /// A room changed in the file.
    pub(super) fn changed(&mut self, room: LocalRoom, revision: u64) {
        if let Some(known) = self.rooms.get_mut(&room.room) {
            known.local = room.local;
            known.revision = revision;
        }
    }

    /// Received changes are in the file: records what both sides now agree on. The read says nothing about items that are
    /// being sent, nor about those that others changed in the file or the base since; `received` are in the file as read.
    pub(super) fn received(
        &mut self,
        room: LocalRoom,
        revision: u64,
        received: &BTreeSet<Item>,
        held: BTreeSet<Jid>,
    ) {
        let name = room.room.clone();
        if let Some(base) = self.settle(&room, revision, received, held)
            && let Some(known) = self.rooms.get_mut(&name)
        {
            known.base = Some(base);
        }
        self.changed(room, revision);
    }

    fn settle(
        &self,
        room: &LocalRoom,
        revision: u64,
        received: &BTreeSet<Item>,
        held: BTreeSet<Jid>,
    ) -> Option<Base> {
        let (name, known) = (&room.room, self.rooms.get(&room.room)?);
        let (class, read, local) = (known.class?, known.read.as_ref()?, room.local.as_deref()?);
        let files = self.files().ok().filter(|_| self.writes(name))?;
        let outbox = known.outbox(files, class, name);
        let mut settled = None;
        let written = files.update_base(name, |there| {
            let there = there.ok().flatten().filter(|base| {
                self.data.check(base, class, revision).is_ok() && base.check_room(read).is_ok()
            });
            let then = there.as_ref().and(known.base.as_ref());
            let mark = |local, base| ReadMark { class, local, base };
            let mut base = match &there {
                Some(base) if base.revision > revision => {
                    // Another session knows a newer file than this one.
                    let mut base = base.clone();
                    base.held.extend(held);
                    return Some(base);
                }
                Some(base) => base.clone(),
                None => Base::new(&self.settings.entry.name, class, name),
            };
            // A room that was not in the file is there as read.
            let before = mark(known.local.as_deref().or(Some(local)), then);
            let now = mark(Some(local), there.as_ref());
            base.settle(local, read, &|item| {
                outbox.is_in_flight(item)
                    || before.base_changed(&now, item)
                    || before.local_changed(&now, item) && !received.contains(item)
            });
            base.revision = revision.max(base.revision);
            base.held = held;
            settled = Some(base.clone());
            Some(base)
        });
        if let Err(error) = written {
            // It lags behind, which at most causes an unnecessary conflict.
            log::warn!(room:% = name, reason:% = error; "base not written");
        }
        if settled.is_some() {
            forget_what_is_done(files, known, (class, name), (local, read), &outbox);
        }
        settled
    }
}

/// Drops what was not sent but is there by now.
fn forget_what_is_done(
    files: &ServerFiles,
    known: &Known,
    (class, room): (ServerClass, &Jid),
    (local, read): (&Room, &RemoteRoom),
    outbox: &Outbox,
) {
    let is_done = |(item, state): &(&Item, &SendState)| {
        let open = matches!(
            state,
            SendState::Changed { .. } | SendState::Refused(_) | SendState::LeftOut(_)
        );
        open && local_value(class, local, item) == read.value(item)
    };
    let done: Vec<Item> = outbox
        .states()
        .filter(is_done)
        .map(|(item, _)| item.clone())
        .collect();
    if !done.is_empty()
        && let Ok(Some(_lock)) = files.lock(room, std::time::Duration::ZERO)
    {
        let mut there = known.outbox(files, class, room);
        for item in &done {
            there.forget(item);
        }
        // It will be found again.
        let _ = files.write_outbox(&there);
    }
}
