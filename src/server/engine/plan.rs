//! Reads rooms and compares them with the file.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use super::super::backend::ReadEvent;
use super::super::error::Error;
use super::super::files::{RoomLock, StoredBase};
use super::Engine;
use super::data::AppliedBaseUpdate;
use super::pace::Pace;
use super::room::{KnownRead, KnownRoom, LostChanges, PlanRequest, Reading, Reads};
use crate::model::Jid;
use crate::sync::{
    AnswerTime, Base, BaseUpdate, Item, LocalRoom, MergeOptions, OtherRooms, Outbox, Plan, RateLimit,
    RemoteRoom, RoomPlan, RoomRead, RoomState, SendState, ServerClass, ServerEvent, SetAside, Stream,
    local_value, merge,
};

/// Maximum number of attempts to read rooms if the connection is lost.
const MAX_READ_ATTEMPTS: usize = 2;
/// Maximum number of reads of a room, if other sessions update its base during each read.
pub(super) const MAX_COMPARISONS: usize = 4;
/// Maximum memory of all rooms that are compared together, in bytes. A million users in a thousand rooms take about 300 MB.
const MAX_MEMORY_BYTES: usize = 1 << 30;

/// Why a room was not compared: all rooms together are too large.
const TOO_LARGE: &str =
    "the rooms of this server are too large to be compared together; compare fewer rooms at once";
/// Why a room was not compared: the request contains the room of an older data file.
const FILE_CHANGED: &str = "the data file was changed in the meantime; compare again";
/// Why a room was not compared: other sessions update its base faster than it can be read.
const ROOM_CHANGED: &str = "other sessions of hatrack keep changing the room; compare again";

impl Engine {
    /// Reads and compares the requested rooms. Errors: why there is no plan, for display.
    pub(super) fn plan(&mut self, mut request: PlanRequest) -> Result<Plan, String> {
        request.rooms.retain(|room| self.may_read(&room.room));
        if self.control.is_stopped(request.id) {
            return Err(Error::Stopped.to_string());
        }
        if self.following.is_all_received() {
            // The history now has all earlier losses of hats, also those of other sessions.
            self.guard = None;
        }
        let mut class = self.connect().map_err(|error| error.to_string())?;
        let only_listed = self.add_others(&mut request)?;
        let mut plans = Vec::with_capacity(request.rooms.len() + only_listed.len());
        for room in only_listed {
            let reading = Reading {
                base_hash: self.files()?.base_hash(&room),
                ..self.new_reading(RoomRead::Read(Arc::default()))
            };
            let room = LocalRoom {
                room,
                local: None,
                is_requested: false,
            };
            plans.extend(self.compare(class, &request, &room, &reading)?);
        }
        let mut rooms = std::mem::take(&mut request.rooms);
        for attempt in 1..=MAX_COMPARISONS {
            let names: Vec<Jid> = rooms.iter().map(|room| room.room.clone()).collect();
            let mut reads = self.read(request.id, &names, &mut class)?;
            let mut again = Vec::new();
            for room in rooms {
                let Some(mut reading) = reads.remove(&room.room) else {
                    continue;
                };
                match self.compare(class, &request, &room, &reading)? {
                    Some(plan) => plans.push(plan),
                    None if attempt < MAX_COMPARISONS => again.push(room),
                    None => {
                        reading.read = RoomRead::Unread(ROOM_CHANGED.into());
                        reading.base_hash = self.files()?.base_hash(&room.room);
                        plans.extend(self.compare(class, &request, &room, &reading)?);
                    }
                }
            }
            rooms = again;
            if rooms.is_empty() {
                break;
            }
        }
        plans.sort_by(|one, other| one.room.cmp(&other.room));
        Ok(Plan {
            server: self.settings.entry.name.clone(),
            rooms: plans,
        })
    }

    /// Creates a reading that begins now, on the current connection and without a base.
    fn new_reading(&self, read: RoomRead) -> Reading {
        Reading {
            read,
            base_hash: 0,
            began: Timestamp::now(),
            stream: self.stream,
        }
    }

    /// Adds to a request those of the server's other rooms that are to be received. Returns those that are only to be listed.
    /// Errors: why the other rooms are not known, for display.
    fn add_others(&mut self, request: &mut PlanRequest) -> Result<Vec<Jid>, String> {
        if request.others == OtherRooms::Ignore {
            return Ok(Vec::new());
        }
        let mut others: BTreeSet<Jid> = if let Some(rooms) = &self.scope.rooms {
            // A restricted session must not learn about other rooms.
            rooms.clone()
        } else {
            let listed = self.backend.list_rooms();
            let listed = listed.inspect_err(|error| self.note_failure(error));
            let listed = listed.map_err(|error| error.to_string())?;
            let configured = self.settings.rooms.iter().flatten().cloned();
            let rooms = listed.rooms.into_iter().map(|info| info.room);
            rooms.chain(configured).collect()
        };
        others.retain(|room| self.may_read(room));
        for room in &request.rooms {
            others.remove(&room.room);
        }
        let mut listed = Vec::new();
        for room in others {
            let was_never_in_file = matches!(self.files()?.base(&room).0, Ok(None));
            if request.others == OtherRooms::Take && was_never_in_file {
                request.rooms.push(LocalRoom {
                    room,
                    local: None,
                    is_requested: true,
                });
            } else {
                listed.push(room);
            }
        }
        Ok(listed)
    }

    /// Reads rooms, and continues once after a lost connection; rooms that still cannot be read then are [`RoomRead::Unread`].
    /// If the server has another class after reconnecting, `class` is changed, and all rooms are read again.
    /// Errors: the request was stopped, or the files of the server cannot be used; for display.
    pub(super) fn read_once(
        &mut self,
        id: u64,
        rooms: &[Jid],
        class: &mut ServerClass,
    ) -> Result<Reads, String> {
        let mut reads = Reads::new();
        let files = self.files()?;
        let base_hashes: BTreeMap<&Jid, u64> =
            rooms.iter().map(|room| (room, files.base_hash(room))).collect();
        let mut pace = Pace::new(rooms.len());
        let mut failure = None;
        let mut memory = 0_usize;
        for _ in 0..MAX_READ_ATTEMPTS {
            let missing: Vec<Jid> = rooms
                .iter()
                .filter(|room| !reads.contains_key(*room))
                .cloned()
                .collect();
            if missing.is_empty() {
                break;
            }
            let (began, stream) = (Timestamp::now(), self.stream);
            let Self {
                backend,
                control,
                notify,
                occupants,
                ..
            } = self;
            let result = backend.read_rooms(&missing, &mut |event| {
                occupants.report_outdated(notify);
                if let ReadEvent::Room { room, mut read } = event {
                    if let RoomRead::Read(remote) = &read {
                        memory = memory.saturating_add(remote.size());
                        if memory > MAX_MEMORY_BYTES {
                            read = RoomRead::Unread(TOO_LARGE.into());
                        }
                    }
                    let reading = Reading {
                        read,
                        base_hash: base_hashes.get(&room).copied().unwrap_or_default(),
                        began,
                        stream,
                    };
                    reads.insert(room, reading);
                }
                if let Some(progress) = pace.set_done(reads.len()) {
                    notify(ServerEvent::Progress { id, progress });
                }
                if control.is_stopped(id) {
                    ControlFlow::Break(())
                } else {
                    ControlFlow::Continue(())
                }
            });
            match result {
                Ok(()) => break,
                Err(Error::Stopped) => return Err(Error::Stopped.to_string()),
                Err(error) => {
                    self.note_failure(&error);
                    failure = Some(error.to_string());
                    match self.connect() {
                        Ok(current_class) if current_class != *class => {
                            // Values have another form in each class.
                            *class = current_class;
                            reads.clear();
                        }
                        Ok(_) => {}
                        Err(error) => {
                            failure = Some(error.to_string());
                            break;
                        }
                    }
                }
            }
        }
        let failure = failure.unwrap_or_else(|| "the server sent no data for this room".into());
        for room in rooms {
            let unread = || Reading {
                base_hash: base_hashes.get(room).copied().unwrap_or_default(),
                ..self.new_reading(RoomRead::Unread(failure.clone()))
            };
            reads.entry(room.clone()).or_insert_with(unread);
        }
        Ok(reads)
    }

    /// Compares a room that was read. First stores which sent changes the read confirms or contradicts, unless another session
    /// is sending changes. Returns `None` if another session has updated the base since the read began, so that the read is of
    /// no use. Errors: why the room cannot be compared, for display.
    pub(super) fn compare(
        &mut self,
        class: ServerClass,
        request: &PlanRequest,
        room: &LocalRoom,
        reading: &Reading,
    ) -> Result<Option<RoomPlan>, String> {
        let &Reading { began, stream, .. } = reading;
        let files = self.files()?;
        let name = &room.room;
        let lock = self.lock_if_free(name)?;
        let known = self.rooms.get(name);
        let mut outbox = match known {
            Some(known) => known.outbox(files, class, name),
            None => files.outbox(name, class),
        };
        let (base, hash) = self.usable_base(class, name, request.revision)?;
        if hash != reading.base_hash {
            return Ok(None);
        }
        let stale = RoomRead::Unread(FILE_CHANGED.into());
        let read = match &base {
            Ok(Some(base)) if base.revision > request.revision => &stale,
            _ => &reading.read,
        };
        let (before, mut base) = (outbox.clone(), base);
        let updates: Vec<AppliedBaseUpdate> = match (read, &mut base) {
            (RoomRead::Read(remote), Ok(Some(base))) if base.check_room(remote).is_ok() => {
                let from_outbox = outbox.read_back(remote, Some(&**base), began, stream).into_iter();
                let apply = |update| AppliedBaseUpdate::apply(Some(Arc::make_mut(base)), update);
                let mut updates: Vec<_> = from_outbox.map(apply).collect();
                // The noted answers include those to other accounts.
                for (item, value) in base.confirmed_answers(remote, began) {
                    let update = BaseUpdate { item, value };
                    updates.push(AppliedBaseUpdate::apply(Some(Arc::make_mut(base)), update));
                }
                updates
            }
            _ => Vec::new(),
        };
        outbox.expire(Timestamp::now());
        let options = MergeOptions {
            affiliations: request.affiliations,
            account: self.settings.account().cloned(),
            is_requested: room.is_requested,
        };
        let remote = match read {
            RoomRead::Read(remote) => Some(&**remote),
            _ => None,
        };
        let answered = match &base {
            Ok(Some(base)) => Ok(Some(with_answers(base, &outbox, remote, (began, stream)))),
            Ok(None) => Ok(None),
            Err(reason) => Err(*reason),
        };
        let known = answered.as_ref().map(Option::as_deref).map_err(|reason| *reason);
        let mut plan = merge(name, known, room.local.as_deref(), read, class, &options);
        plan.limit = self.estimate_limit(&plan);
        plan.began = began;
        if plan.set_aside.is_some() {
            // The changes were made for a state of the server's room that is no longer known.
            outbox.clear();
        }
        // Values that the server can still lose are neither received nor sent again, unless they changed in the file since.
        let local = |item: &Item| local_value(class, room.local.as_deref()?, item);
        let unconfirmed: BTreeSet<Item> = outbox
            .answered()
            .filter(|(item, value, _)| local(item).as_ref() == *value)
            .map(|(item, ..)| item.clone())
            .collect();
        plan.drop_lines(&|item| unconfirmed.contains(item));
        if let (RoomState::Compared, None, Some(local)) = (&plan.state, plan.set_aside, &room.local) {
            plan.send_again(outbox.not_stored(plan.remote(), local));
        }
        if lock.is_some() {
            self.store_findings(&plan, &outbox, &before, &updates)?;
        }
        let is_noted = lock.is_some();
        drop(lock);
        if let Some(local) = &room.local
            && plan.lines.iter().any(crate::sync::Line::removes_hats)
        {
            self.guard().hold(&mut plan, local, Timestamp::now());
        }
        let is_compared = plan.state == RoomState::Compared;
        let lost = match is_compared && has_lost_changes(&outbox, &before) {
            true if is_noted => LostChanges::Wait,
            true => LostChanges::NotNoted,
            false => LostChanges::None,
        };
        let unwritten = (!self.files()?.keeps_outboxes()).then_some(outbox);
        let base = base.ok().flatten();
        let local = room.local.clone();
        let read = || KnownRead::new(plan.remote().clone(), (began, stream), local, base.clone());
        self.rooms.insert(
            name.clone(),
            KnownRoom {
                class: Some(class),
                affiliations: request.affiliations,
                local: room.local.clone(),
                revision: request.revision,
                read: is_compared.then(read),
                base,
                is_planned: true,
                lost,
                unwritten,
            },
        );
        Ok(Some(plan))
    }

    /// Estimates the server's rate limit for this account. Returns `None` on Prosody, and if the account is neither owner nor
    /// admin of the room: then the account administers the server, and is not limited.
    fn estimate_limit(&self, plan: &RoomPlan) -> Option<RateLimit> {
        let is_limited = plan.is_managed_by(self.settings.account()?);
        is_limited.then(|| self.measured_limit.unwrap_or(RateLimit::EJABBERD_DEFAULT))
    }

    /// Reads the base of a room. Returns the base, or why it is not valid, and its hash. Errors: the reason, for display.
    pub(super) fn usable_base(
        &self,
        class: ServerClass,
        room: &Jid,
        revision: u64,
    ) -> Result<StoredBase, String> {
        let (base, hash) = self.files()?.base(room);
        let base = match base {
            Ok(Some(base)) => self.data.check(&base, class, revision).map(|()| Some(base)),
            other => other,
        };
        Ok((base, hash))
    }

    /// Takes the lock of a room. Returns `None` if this session may not change the room, or another session is sending.
    fn lock_if_free(&self, room: &Jid) -> Result<Option<RoomLock>, String> {
        if !self.may_write(room) {
            return Ok(None);
        }
        self.files()?
            .lock(room, Duration::ZERO)
            .map_err(|error| error.to_string())
    }

    /// Stores what a read showed about sent changes, and that the base is no longer valid. Otherwise the base would seem valid
    /// again once the file has reached the base's revision, or the room is back on the server.
    fn store_findings(
        &self,
        plan: &RoomPlan,
        outbox: &Outbox,
        before: &Outbox,
        updates: &[AppliedBaseUpdate],
    ) -> Result<(), String> {
        let files = self.files()?;
        if outbox != before {
            files.write_outbox(outbox).map_err(|error| error.to_string())?;
        }
        let is_gone = plan.state == RoomState::GoneFromServer;
        let set_aside = plan.set_aside.filter(|_| !is_gone);
        let may_be_invalid = matches!(
            set_aside,
            Some(SetAside::FileIsOlder | SetAside::RoomRecreated | SetAside::RoomGone)
        );
        if updates.is_empty() && !is_gone && !may_be_invalid {
            return Ok(());
        }
        let written = files.update_base(&plan.room, |stored| {
            let mut base = stored.ok().flatten()?;
            // Another session may have written a new base meanwhile.
            let is_invalid = match set_aside {
                Some(SetAside::FileIsOlder) => {
                    self.data.check(&base, base.class, 0) == Err(SetAside::FileIsOlder)
                }
                Some(SetAside::RoomRecreated | SetAside::RoomGone) => base.check_room(plan.remote()).is_err(),
                _ => false,
            };
            if is_invalid {
                return None;
            }
            base.gone |= is_gone;
            for update in updates {
                update.apply_to_stored(&mut base);
            }
            Some(base)
        });
        written.map(drop).map_err(|error| error.to_string())
    }
}

/// Whether a read showed that the server has lost changes: they wait to be sent now, but did not `before`.
fn has_lost_changes(outbox: &Outbox, before: &Outbox) -> bool {
    let waits_again = |(item, state): (&Item, &SendState)| {
        *state == SendState::Waiting && before.state(item) != Some(&SendState::Waiting)
    };
    outbox.states().any(waits_again)
}

/// Returns the base with the values that the server acknowledged, except those that it may have lost, as a read shows.
pub(super) fn with_answers<'a>(
    base: &'a Base,
    outbox: &Outbox,
    remote: Option<&RemoteRoom>,
    (began, stream): (Timestamp, Stream),
) -> Cow<'a, Base> {
    // If the read is older than an answer, the change is compared as if it had not been sent yet.
    let may_be_lost = |at: AnswerTime| began <= at.latest() || stream.may_have_lost(at);
    let mut base = remote.map_or(Cow::Borrowed(base), |remote| {
        base.with_answers(remote, may_be_lost)
    });
    for (item, value, _) in outbox.answered() {
        base.to_mut().set(item, value.cloned());
    }
    base
}
