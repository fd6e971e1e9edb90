//! Schedules when followed rooms are read, watched and reported.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::sign_of_life::{MAX_SILENCE, OwnSigns, SeenSign};
use crate::model::Jid;
use crate::sync::Follower;

/// The pause between two tries to follow rooms that another session follows.
const TAKE_OVER_INTERVAL: Duration = Duration::from_secs(10);
/// The pause after a connection was lost for the first time. The pause is doubled for each further loss in a row, up to
/// [`MAX_PAUSE`].
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const MAX_PAUSE: Duration = Duration::from_secs(60);
/// The pause before a room is read again because not everything could be received: changes that are being sent are usually
/// confirmed after this time. The pause is doubled for each further read in a row, up to [`MAX_READ_PAUSE`], until the room
/// changes.
const FIRST_READ_PAUSE: Duration = Duration::from_millis(3500);
const MAX_READ_PAUSE: Duration = Duration::from_secs(300);
/// Maximum time to wait until reported changes are committed.
const COMMIT_TIMEOUT: Duration = Duration::from_secs(30);

/// A room that this session is to follow.
#[derive(Debug, Default)]
pub(super) struct FollowedRoom {
    /// The follower; `None` until this session has tried to follow the room.
    pub(super) follower: Option<Follower>,
    /// The follower as last reported.
    pub(super) announced: Option<Follower>,
    /// The last sign of life of another session that follows the room.
    pub(super) sign: Option<SeenSign>,
    /// The hash of a base that is no longer valid: the room has to be compared first.
    pub(super) unusable_base: Option<u64>,
    /// When the room is to be read again because not everything could be received.
    next_read: Option<Instant>,
    /// The last pause before such a read.
    read_pause: Option<Duration>,
    /// Whether something was not received that may be received later, after a change in the file.
    pub(super) has_unreceived: bool,
}

/// The author of the changes in a room since it was last reported.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Author {
    One(Arc<str>),
    /// There are several authors, or one that the server did not name.
    Unknown,
}

/// The rooms that a session is to follow on one server.
#[derive(Debug, Default)]
pub(super) struct Following {
    pub(super) rooms: BTreeMap<Jid, FollowedRoom>,
    pub(super) selected: Option<Jid>,
    /// The selected room, if the server is asked for its occupants even if this session does not follow the room.
    pub(super) occupant_room: Option<Jid>,
    /// The shortest time between two reports.
    pub(super) interval: Duration,
    /// Whether the account's password may be requested.
    pub(super) may_ask: bool,
    /// When to try to follow rooms that this session does not follow.
    next_try: Option<Instant>,
    /// The pause after the next lost connection; `None` while the connection works.
    pause: Option<Duration>,
    /// The backend's number of the connection on which rooms were last watched.
    pub(super) generation: u64,
    /// Whether no more rooms are read, because the memory is full until the changes of some rooms are in the file.
    pub(super) is_full: bool,
    /// Rooms to read.
    pub(super) unread: BTreeSet<Jid>,
    /// Rooms that changed since they were last compared.
    pub(super) changed: BTreeSet<Jid>,
    /// The authors of the changes, by room.
    authors: BTreeMap<Jid, Author>,
    pub(super) signs: OwnSigns,
    last_report: Option<Instant>,
    /// Rooms that were reported but are not in the file yet, and the time until which to wait for them.
    reported: Option<(Instant, BTreeSet<Jid>)>,
}

impl Following {
    /// When something is to be done next; `None`: there is nothing to do. `follows_any`: whether this session follows some of
    /// the rooms; `next_poll`: when the server is to be polled.
    pub(super) fn due(&self, follows_any: bool, next_poll: Option<Instant>) -> Option<Instant> {
        if !follows_any {
            let next_poll = next_poll.filter(|_| self.occupant_room.is_some() && !self.is_away());
            return self.next_try.into_iter().chain(next_poll).min();
        }
        let now = Instant::now();
        let reads = (!self.unread.is_empty() && !self.is_full).then_some(now);
        let next_reads = self.rooms.values().filter_map(|room| room.next_read);
        let next_reads = next_reads.filter(|_| !self.is_full);
        [self.next_try, next_poll, reads, self.report_due(now)]
            .into_iter()
            .flatten()
            .chain(next_reads)
            .min()
    }

    /// When changed rooms are to be reported, or reported ones no longer waited for; `None`: there is nothing to report.
    fn report_due(&self, now: Instant) -> Option<Instant> {
        if let Some((until, _)) = &self.reported {
            return Some(*until);
        }
        let next = self.last_report.map_or(now, |last| last + self.interval);
        (!self.changed.is_empty()).then_some(next)
    }

    /// Whether changed rooms may be compared and reported now.
    pub(super) fn may_report(&mut self) -> bool {
        let now = Instant::now();
        if let Some((_, rooms)) = self.reported.take_if(|(until, _)| *until <= now) {
            self.changed.extend(rooms);
        }
        self.report_due(now).is_some_and(|at| at <= now)
    }

    /// Whether the last read of a room still has to be compared, or its changes are not in the file yet.
    pub(super) fn is_pending(&self, room: &Jid) -> bool {
        let reported = self.reported.as_ref();
        self.changed.contains(room) || reported.is_some_and(|(_, rooms)| rooms.contains(room))
    }

    /// Whether everything that was reported is in the file, or is no longer waited for.
    pub(super) fn is_all_received(&self) -> bool {
        let until = self.reported.as_ref().map(|(until, _)| *until);
        until.is_none_or(|until| until <= Instant::now())
    }

    /// Takes the rooms that changed, and the authors of their changes, as far as these are known.
    pub(super) fn take_changed(&mut self) -> (BTreeSet<Jid>, BTreeMap<Jid, Arc<str>>) {
        let authors = std::mem::take(&mut self.authors);
        let named = authors.into_iter().filter_map(|(room, author)| match author {
            Author::One(name) => Some((room, name)),
            Author::Unknown => None,
        });
        (std::mem::take(&mut self.changed), named.collect())
    }

    /// Notes that rooms were reported.
    pub(super) fn note_report(&mut self, rooms: BTreeSet<Jid>) {
        let now = Instant::now();
        self.last_report = Some(now);
        self.reported = Some((now + COMMIT_TIMEOUT, rooms));
    }

    /// Notes that a room changed. `by`: the author of the change, if that is known.
    pub(super) fn note_change(&mut self, room: &Jid, by: Option<&Arc<str>>) {
        self.changed.insert(room.clone());
        let author = by.map_or(Author::Unknown, |by| Author::One(by.clone()));
        let noted = self.authors.entry(room.clone()).or_insert_with(|| author.clone());
        if *noted != author {
            *noted = Author::Unknown;
        }
    }

    /// Notes that the reported changes of a room are in the file.
    pub(super) fn note_received(&mut self, room: &Jid) {
        if let Some((_, rooms)) = &mut self.reported {
            rooms.remove(room);
        }
        self.reported.take_if(|(_, rooms)| rooms.is_empty());
        if let Some(followed) = self.rooms.get_mut(room) {
            followed.unusable_base = None;
            if !matches!(followed.follower, Some(Follower::Here)) {
                self.try_again_now();
            }
        }
    }

    /// Whether there is no room to follow or to poll.
    pub(super) fn is_idle(&self) -> bool {
        self.rooms.is_empty() && self.occupant_room.is_none()
    }

    /// Whether any room can be followed, as far as known, because it was compared with its server.
    pub(super) fn is_any_compared(&self) -> bool {
        let mut followers = self.rooms.values().filter_map(|room| room.follower.as_ref());
        followers.any(|follower| *follower != Follower::NotCompared)
    }

    /// Whether it is time to try to follow rooms that this session does not follow.
    pub(super) fn is_try_due(&self) -> bool {
        self.next_try.is_some_and(|at| at <= Instant::now())
    }

    /// Schedules a try to follow rooms for now.
    pub(super) fn try_again_now(&mut self) {
        self.next_try = Some(Instant::now());
    }

    /// Schedules the next try if this session could not follow all rooms (`is_any_left`), soon enough to notice when another
    /// session has been silent for too long.
    pub(super) fn schedule_try(&mut self, is_any_left: bool) {
        let now = Instant::now();
        let signs = self.rooms.values().filter_map(|room| room.sign.as_ref());
        let silences = signs.map(|sign| sign.since() + MAX_SILENCE);
        let next = silences
            .filter(|at| *at > now)
            .chain([now + TAKE_OVER_INTERVAL])
            .min();
        self.next_try = next.filter(|_| is_any_left);
    }

    /// Schedules a try after [`TAKE_OVER_INTERVAL`], unless an earlier one is scheduled.
    pub(super) fn try_later(&mut self) {
        let later = Instant::now() + TAKE_OVER_INTERVAL;
        self.next_try = Some(self.next_try.map_or(later, |next| next.min(later)));
    }

    /// Whether the connection was lost and has not worked since.
    pub(super) fn is_away(&self) -> bool {
        self.pause.is_some()
    }

    /// Notes that the connection works.
    pub(super) fn note_connected(&mut self) {
        self.pause = None;
    }

    /// Notes that the connection is lost: schedules the next try after a pause, and forgets all scheduled reads and reports.
    pub(super) fn note_disconnected(&mut self) {
        let pause = self.pause.unwrap_or(FIRST_PAUSE);
        self.pause = Some((pause * 2).min(MAX_PAUSE));
        self.next_try = Some(Instant::now() + pause);
        self.forget_reads();
    }

    /// Forgets all scheduled reads and reports, because nothing is followed for now.
    pub(super) fn forget_reads(&mut self) {
        self.unread.clear();
        self.changed.clear();
        self.authors.clear();
        for room in self.rooms.values_mut() {
            room.next_read = None;
        }
    }

    /// Forgets the scheduled reads and reports of a room, because it is no longer followed.
    pub(super) fn forget(&mut self, room: &Jid) {
        self.unread.remove(room);
        self.changed.remove(room);
        self.authors.remove(room);
        if let Some(followed) = self.rooms.get_mut(room) {
            followed.next_read = None;
        }
    }

    /// Notes that a room is to be read, because anything in it may have changed.
    pub(super) fn note_unread(&mut self, room: Jid) {
        if let Some(followed) = self.rooms.get_mut(&room) {
            (followed.next_read, followed.read_pause) = (None, None);
        }
        self.unread.insert(room);
    }

    /// Takes the rooms to be read now: at most `max`, and the selected room first. Takes none if the memory is full.
    pub(super) fn take_unread(&mut self, max: usize) -> Vec<Jid> {
        if self.is_full {
            return Vec::new();
        }
        let now = Instant::now();
        for (jid, room) in &mut self.rooms {
            if room.next_read.take_if(|at| *at <= now).is_some() {
                self.unread.insert(jid.clone());
            }
        }
        let selected = self.selected.iter().filter(|room| self.unread.contains(*room));
        let others = self
            .unread
            .iter()
            .filter(|room| Some(*room) != self.selected.as_ref());
        let rooms: Vec<Jid> = selected.chain(others).take(max).cloned().collect();
        for room in &rooms {
            self.unread.remove(room);
        }
        rooms
    }

    /// Schedules another read of a room after a pause, if something could not be received (`is_incomplete`). Otherwise cancels
    /// the scheduled read.
    pub(super) fn schedule_read(&mut self, room: &Jid, is_incomplete: bool) {
        let Some(followed) = self.rooms.get_mut(room) else {
            return;
        };
        if !is_incomplete {
            (followed.next_read, followed.read_pause) = (None, None);
        } else if followed.next_read.is_none() {
            let last = followed.read_pause;
            let pause = last.map_or(FIRST_READ_PAUSE, |last| (last * 2).min(MAX_READ_PAUSE));
            followed.next_read = Some(Instant::now() + pause);
            followed.read_pause = Some(pause);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_begin_again_when_a_room_changes() {
        let room = Jid::parse("a@muc.example.org").unwrap();
        let mut following = Following::default();
        following.rooms.insert(room.clone(), FollowedRoom::default());
        let pause = |following: &Following| following.rooms[&room].read_pause;
        for expected in [1, 2, 4] {
            following.rooms.get_mut(&room).unwrap().next_read = None;
            following.schedule_read(&room, true);
            assert_eq!(pause(&following), Some(FIRST_READ_PAUSE * expected));
        }
        following.note_unread(room.clone());
        assert_eq!(following.take_unread(8), std::slice::from_ref(&room));
        following.schedule_read(&room, true);
        assert_eq!(pause(&following), Some(FIRST_READ_PAUSE));
    }

    #[test]
    fn reported_rooms_are_not_waited_for_while_nothing_is_followed() {
        let following = Following {
            reported: Some((Instant::now(), BTreeSet::new())),
            ..Following::default()
        };
        assert_eq!(following.due(false, None), None);
        assert!(following.due(true, None).is_some());
        assert!(following.is_all_received());
    }
}
