//! Follows rooms: reports the changes that others make on the server, so that the file receives them.
//!
//! A room is read once, then watched for changes. A read counts only for items that have not changed in the file and in the
//! base since, so a late report never reverts a newer change.

use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;

use super::super::backend::WatchEvent;
use super::super::error::Error;
use super::Engine;
use super::at_once::NO_ID;
use super::plan::{MAX_COMPARISONS, with_answers};
use super::room::{LostChanges, PlanRequest, Reading};
use crate::model::Jid;
use crate::sync::{
    LocalRoom, MergeOptions, OtherRooms, Plan, ReadMark, RemoteUser, RoomPlan, RoomRead, RoomState, SendMode,
    ServerClass, ServerEvent, ServerKind, ServerState, merge,
};

/// Number of rooms that are read together. Before more rooms are read, requests are handled.
const ROOMS_AT_A_TIME: usize = 8;
/// Maximum number of users of a room who are read alone. If there are more, the whole room is read again.
const MAX_USERS_READ_SEPARATELY: usize = 20_000;
/// If one poll receives at least this many events, all followed rooms are read again instead.
const MAX_EVENTS_PER_POLL: usize = 20_000;

/// The result of handling a read of a followed room.
enum ReadResult {
    /// The read was used, or the room is no longer followed.
    Done,
    /// Another session has updated the base since the read began, so the room has to be read again.
    BaseChanged,
    /// The read cannot be used, so the room is to be read again later.
    Unusable,
}

impl Engine {
    /// Follows exactly these rooms.
    pub(super) fn follow(
        &mut self,
        rooms: Vec<LocalRoom>,
        selected: Option<Jid>,
        revision: u64,
        interval: Duration,
    ) {
        // A session with limited rights might have to receive changes beyond its rights.
        let may_receive = !self.scope.rights.is_restricted();
        self.report_known_class(rooms.iter().map(|room| &room.room));
        let mut requested = BTreeSet::new();
        for room in rooms {
            if may_receive && self.may_write(&room.room) && room.local.is_some() {
                requested.insert(room.room.clone());
                self.rooms.entry(room.room.clone()).or_default();
                self.set_local_room(room, revision);
            }
        }
        let is_changed = !self.following.rooms.keys().eq(&requested);
        let before: Vec<Jid> = self.following.rooms.keys().cloned().collect();
        for room in before.iter().filter(|room| !requested.contains(*room)) {
            self.control.release(room);
            self.following.forget(room);
            self.following.rooms.remove(room);
        }
        for room in requested {
            self.following.rooms.entry(room).or_default();
        }
        // Occupants are only read, so no rights are needed. A room that was never compared is no reason to connect.
        let reports_occupants = self.watches_occupants && self.settings.entry.kind == ServerKind::Prosody;
        let is_compared = |room: &Jid| self.files().is_ok_and(|files| files.has_base(room));
        let occupant_room = selected
            .clone()
            .filter(|room| reports_occupants && self.may_read(room) && is_compared(room));
        self.following.occupant_room = occupant_room;
        self.following.selected = selected;
        self.following.interval = interval;
        if self.following.is_idle() {
            self.following.may_ask = false;
        }
        if is_changed || !self.following.is_away() {
            self.following.try_again_now();
        }
        self.watch_followed();
    }

    /// When something is to be done for followed rooms; `None`: there is nothing to do before the next request.
    pub(super) fn follow_due(&self) -> Option<Instant> {
        let may_connect = self.may_connect() || self.following.may_ask && !self.is_refused();
        if self.following.is_idle() || !may_connect {
            return None;
        }
        if self.released_rooms().next().is_some() {
            return Some(Instant::now());
        }
        self.following.due(self.follows_any(), self.backend.next_poll())
    }

    /// Does the work that is due for followed rooms.
    pub(super) fn continue_following(&mut self) {
        if self.follow_due().is_none_or(|at| at > Instant::now()) {
            return;
        }
        self.notice_released_rooms();
        let is_try_due = self.following.is_try_due();
        if is_try_due {
            self.take_rooms();
        }
        // If other sessions follow all rooms, this one connects only to request the password.
        let may_ask = std::mem::take(&mut self.following.may_ask);
        let must_log_in = may_ask && self.needs_password() && self.following.is_any_compared();
        let follows_any = self.follows_any();
        if !follows_any && !must_log_in {
            self.following.forget_reads();
        }
        let must_poll = self.following.occupant_room.is_some() && (is_try_due || !self.following.is_away());
        if !follows_any && !must_log_in && !must_poll {
            return;
        }
        match self.poll_and_read() {
            Ok(()) => self.report_changes(),
            Err(Error::Stopped) => {}
            Err(error) => self.lose_rooms(&error),
        }
        self.drop_old_reads();
        self.data.close();
    }

    /// Whether this session may connect without a request: access was not refused, and nobody has to enter a password.
    pub(super) fn may_connect(&self) -> bool {
        !self.is_refused() && !self.needs_password()
    }

    /// Whether this session follows any room.
    fn follows_any(&self) -> bool {
        self.following.rooms.keys().any(|room| self.control.follows(room))
    }

    /// Connects, polls the server if that is due, and reads some of the rooms that are to be read.
    fn poll_and_read(&mut self) -> Result<(), Error> {
        let class = self.connect()?;
        let generation = self.backend.generation();
        if generation != self.following.generation {
            self.following.generation = generation;
            let followed = self.following.rooms.keys();
            let followed = followed.filter(|room| self.control.follows(room));
            self.following.unread = followed.cloned().collect();
            self.forget_occupants();
        }
        // The server is polled before rooms are read, so that no later change is missed.
        if self.backend.next_poll().is_some_and(|at| at <= Instant::now()) {
            self.poll()?;
        }
        self.read_followed(class)?;
        self.following.note_connected();
        self.give_sign_of_life(false);
        Ok(())
    }

    /// Asks the server for changes in the watched rooms, and notes them.
    fn poll(&mut self) -> Result<(), Error> {
        self.occupants.report_outdated(&self.notify);
        let Self { backend, control, .. } = self;
        let mut events = Vec::new();
        let result = backend.poll(&mut |event| {
            events.push(event);
            if control.is_ending() || events.len() >= MAX_EVENTS_PER_POLL {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        });
        let is_cut = events.len() >= MAX_EVENTS_PER_POLL;
        for event in events {
            match event {
                WatchEvent::Users { room, users, by } => self.take_users(&room, users, by.as_ref()),
                // The room may have been created again, so nothing is sent to it before it is read again.
                WatchEvent::Room { room } if self.control.follows(&room) => self.following.note_unread(room),
                WatchEvent::Room { room } => drop(self.reads.remove(&room)),
                WatchEvent::Occupants { room, changes } => self.update_occupants(&room, changes),
            }
        }
        if result.is_ok() {
            self.announce_occupants();
        }
        if is_cut {
            // Changes of any room may be missing.
            self.reads.clear();
            let rooms = self.following.rooms.keys();
            let rooms = rooms.filter(|room| self.control.follows(room));
            self.following.unread = rooms.cloned().collect();
            return Ok(());
        }
        result
    }

    /// Updates the last read of a room with changed users. Without such a read, the whole room is to be read.
    fn take_users(&mut self, room: &Jid, users: Vec<(Jid, Option<RemoteUser>)>, by: Option<&Arc<str>>) {
        if !self.control.follows(room) || self.following.unread.contains(room) {
            return;
        }
        let known = self.rooms.get_mut(room);
        let Some((known, class)) = known.and_then(|known| {
            let class = known.class?;
            Some((known, class))
        }) else {
            self.following.unread.insert(room.clone());
            return;
        };
        let Some(read) = &mut known.read else {
            self.following.unread.insert(room.clone());
            return;
        };
        let mark = ReadMark {
            class,
            local: known.local.as_deref(),
            base: known.base.as_deref(),
        };
        let mut has_changed = false;
        for (user, value) in users {
            has_changed |= read.update_user(&mark, &user, value);
        }
        if read.users_read_alone() > MAX_USERS_READ_SEPARATELY {
            self.following.unread.insert(room.clone());
        }
        if has_changed {
            self.following.note_change(room, by);
        }
    }

    /// Reads some of the rooms that are to be read.
    fn read_followed(&mut self, mut class: ServerClass) -> Result<(), Error> {
        let mut rooms = self.following.take_unread(ROOMS_AT_A_TIME);
        rooms.retain(|room| self.control.follows(room));
        if rooms.is_empty() {
            return Ok(());
        }
        for attempt in 1..=MAX_COMPARISONS {
            let reads = self.read(NO_ID, &rooms, &mut class).map_err(|_| Error::Stopped)?;
            rooms.clear();
            for (room, reading) in reads {
                match &reading.read {
                    RoomRead::Unread(why) if !matches!(self.state, ServerState::Ready(_)) => {
                        return Err(Error::Away(why.clone()));
                    }
                    RoomRead::Unread(why) | RoomRead::Forbidden(why) => {
                        log::info!(room:% = room, reason = why.as_str(); "followed room not read");
                        self.following.schedule_read(&room, true);
                    }
                    RoomRead::Read(_) | RoomRead::Gone => match self.take_reading(class, &room, &reading) {
                        ReadResult::Done => {}
                        ReadResult::BaseChanged if attempt < MAX_COMPARISONS => rooms.push(room.clone()),
                        ReadResult::BaseChanged | ReadResult::Unusable => {
                            self.following.schedule_read(&room, true);
                        }
                    },
                }
                // If the room has a read for sending saved changes, that is replaced by this newer one.
                if let Some(kept) = self.reads.get_mut(&room) {
                    *kept = reading;
                }
            }
            if rooms.is_empty() {
                break;
            }
        }
        Ok(())
    }

    /// Compares a room that was read, and notes it for the next report. A room whose base is not valid is given up.
    fn take_reading(&mut self, class: ServerClass, room: &Jid, reading: &Reading) -> ReadResult {
        for attempt in 0..2 {
            let Some(known) = self.rooms.get(room) else {
                return ReadResult::Done;
            };
            let local = LocalRoom {
                room: room.clone(),
                local: known.local.clone(),
                is_requested: false,
            };
            let request = PlanRequest {
                id: NO_ID,
                rooms: Vec::new(),
                others: OtherRooms::Ignore,
                revision: known.revision,
                affiliations: self.settings.entry.affiliations,
            };
            let is_planned = known.is_planned;
            let compared = self.compare(class, &request, &local, reading);
            if let Some(known) = self.rooms.get_mut(room) {
                known.is_planned = is_planned;
            }
            let compared = compared.inspect_err(|reason| {
                log::warn!(room:% = room, reason = reason.as_str(); "followed room not compared");
            });
            let plan = match compared {
                Ok(Some(plan)) => plan,
                Ok(None) => return ReadResult::BaseChanged,
                Err(_) => return ReadResult::Unusable,
            };
            match plan.state {
                RoomState::Compared if !plan.is_first_comparison && plan.set_aside.is_none() => {
                    self.following.note_change(room, None);
                    self.announce_follower(room);
                    self.send_lost_again(room);
                    return ReadResult::Done;
                }
                // Another session has updated the base with a newer file.
                RoomState::Unread(_) if attempt == 0 && self.read_local(room, request.revision) => {}
                RoomState::Unread(_) => return ReadResult::Unusable,
                _ => break,
            }
        }
        self.give_up_room(room);
        ReadResult::Done
    }

    /// Schedules that changes of this account are sent again if the last comparison showed that the server has lost them.
    fn send_lost_again(&mut self, room: &Jid) {
        let is_at_once = self.settings.entry.send == SendMode::AtOnce;
        let known = self.rooms.get_mut(room);
        match known.map(|known| std::mem::take(&mut known.lost)) {
            Some(LostChanges::Wait) if is_at_once => self.resend.add_due(room),
            Some(LostChanges::NotNoted) => self.following.schedule_read(room, true),
            Some(LostChanges::Wait | LostChanges::None) | None => {}
        }
    }

    /// Reads a room of the data file again, if the file has another revision. Returns false if it has not, or cannot be read.
    fn read_local(&mut self, room: &Jid, known_revision: u64) -> bool {
        let Ok(Some((local, revision))) = self.data.newer(room, known_revision) else {
            return false;
        };
        let local_room = LocalRoom {
            room: room.clone(),
            local,
            is_requested: false,
        };
        self.set_local_room(local_room, revision);
        true
    }

    /// If a report is due, compares the rooms that have changed, and reports the changes that are to be received.
    fn report_changes(&mut self) {
        if !self.following.may_report() {
            return;
        }
        if self.following.is_all_received() {
            // The history now has all losses of hats that were received, also those of other sessions.
            self.guard = None;
        }
        let mut rooms = Vec::new();
        let (changed, authors) = self.following.take_changed();
        for room in changed {
            if self.control.follows(&room) {
                rooms.extend(self.plan_incoming(&room));
            }
        }
        if rooms.is_empty() {
            return;
        }
        let names: BTreeSet<Jid> = rooms.iter().map(|plan| plan.room.clone()).collect();
        let by = authors
            .into_iter()
            .filter(|(room, _)| names.contains(room))
            .collect();
        self.following.note_report(names);
        let server = self.settings.entry.name.clone();
        let plan = Arc::new(Plan { server, rooms });
        self.emit(ServerEvent::Incoming { plan, by });
    }

    /// Compares the last read of a room with the file. Returns the plan if anything is to be received. Otherwise returns `None`,
    /// and reports the differences if the room could be compared.
    fn plan_incoming(&mut self, room: &Jid) -> Option<RoomPlan> {
        let known = self.rooms.get(room)?;
        let (class, revision) = (known.class?, known.revision);
        let Ok((Ok(Some(base)), _)) = self.usable_base(class, room, revision) else {
            self.give_up_room(room);
            return None;
        };
        if base.revision > revision && !self.read_local(room, revision) {
            self.following.schedule_read(room, true);
            return None;
        }
        let known = self.rooms.get(room)?;
        let (local, files) = (known.local.clone()?, self.files().ok()?);
        let read = known.read.as_ref()?;
        let outbox = known.outbox(files, class, room);
        let options = MergeOptions {
            affiliations: self.settings.entry.affiliations,
            account: self.settings.account().cloned(),
            is_requested: false,
        };
        let remote = RoomRead::Read(read.room.clone());
        let answered = with_answers(&base, &outbox, Some(&read.room), (read.began, read.stream));
        let mut plan = merge(room, Ok(Some(&answered)), Some(&local), &remote, class, &options);
        plan.began = read.began;
        if plan.state != RoomState::Compared || plan.set_aside.is_some() {
            self.give_up_room(room);
            return None;
        }
        let now = ReadMark {
            class,
            local: Some(&local),
            base: Some(&base),
        };
        let is_stale = |item: &_| read.has_local_changed(&now, item) || read.has_base_changed(&now, item);
        let is_incomplete = plan.keep_incoming(&|item| outbox.is_in_flight(item), &is_stale);
        if plan.lines.iter().any(crate::sync::Line::removes_hats) {
            self.guard().hold(&mut plan, &local, Timestamp::now());
        }
        self.following.schedule_read(room, is_incomplete);
        let counts = plan.counts();
        if let Some(followed) = self.following.rooms.get_mut(room) {
            followed.has_unreceived = is_incomplete || counts.conflicts > 0;
        }
        let is_incoming = counts.receive > 0 || plan.held() != base.held;
        if let Some(known) = self.rooms.get_mut(room) {
            known.base = Some(base);
        }
        if is_incoming {
            return Some(plan);
        }
        let plan = Arc::new(plan);
        self.emit(ServerEvent::Compared { local, plan });
        None
    }

    /// Notes a change of a followed room in the file, so that the room is compared again. Changes of others that could not be
    /// received before may be received now, and changes of the file that others reverted on the server are differences now.
    pub(super) fn note_local_change(&mut self, room: &Jid) {
        let Some(followed) = self
            .following
            .rooms
            .get(room)
            .filter(|_| self.control.follows(room))
        else {
            return;
        };
        if self.rooms.get(room).is_some_and(|known| known.read.is_some()) {
            self.following.changed.insert(room.clone());
        } else if followed.has_unreceived {
            self.following.unread.insert(room.clone());
        }
    }
}
