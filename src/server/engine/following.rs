//! Schedules when followed rooms are read, watched and reported.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::sign_of_life::{MAX_SILENCE, OwnSigns, SeenSign};
use crate::model::Jid;
use crate::sync::Follower;

/// How often this session tries to follow rooms that another session follows.
const TAKE_OVER_INTERVAL: Duration = Duration::from_secs(10);
/// The first pause after a lost connection. It is doubled for each further one, up to [`MAX_PAUSE`].
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const MAX_PAUSE: Duration = Duration::from_secs(60);
/// The pause before a room is read again because not everything could be received: changes that are being sent are confirmed
/// by then. It is doubled for each further one, up to [`MAX_READ_PAUSE`], unless the room changes.
const FIRST_READ_PAUSE: Duration = Duration::from_millis(3500);
const MAX_READ_PAUSE: Duration = Duration::from_secs(300);
/// How long to wait until reported changes are committed.
const COMMIT_TIMEOUT: Duration = Duration::from_secs(30);

/// A room to follow.
#[derive(Debug, Default)]
pub(super) struct FollowedRoom {
    /// Who follows it.
    pub(super) follower: Option<Follower>,
    /// The follower as last reported.
    pub(super) announced: Option<Follower>,
    /// The last sign of life of another session that follows it.
    pub(super) sign: Option<SeenSign>,
    /// The hash of a base that is no longer valid: the room has to be compared first.
    pub(super) unusable_base: Option<u64>,
    /// When the room is to be read again.
    next_read: Option<Instant>,
    /// The last pause before such a read.
    read_pause: Option<Duration>,
    /// Whether something was not received that may be received later, after a change in the file.
    pub(super) has_unreceived: bool,
}

/// Who changed a room.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Author {
    One(Arc<str>),
    /// Several, or one that the server did not name.
    Unknown,
}

/// The rooms that a session is to follow on one server.
#[derive(Debug, Default)]
pub(super) struct Following {
    pub(super) rooms: BTreeMap<Jid, FollowedRoom>,
    pub(super) selected: Option<Jid>,
    /// The room for whose occupants the server is asked, even if this session does not follow it.
    pub(super) occupant_room: Option<Jid>,
    /// The shortest time between two reports.
    pub(super) interval: Duration,
    /// Whether the account's password may be requested.
    pub(super) may_ask: bool,
    /// When to try to follow rooms that this session does not follow.
    next_try: Option<Instant>,
    /// The pause after the next lost connection; `None` while the connection works.
    pause: Option<Duration>,
    /// The backend's number of the connection on which rooms are watched.
    pub(super) generation: u64,
    /// Whether there is no memory for more rooms until some of those that were read are in the file.
    pub(super) is_full: bool,
    /// Rooms to read.
    pub(super) unread: BTreeSet<Jid>,
    /// Rooms that changed since they were last compared.
    pub(super) changed: BTreeSet<Jid>,
    authors: BTreeMap<Jid, Author>,
    pub(super) signs: OwnSigns,
    last_report: Option<Instant>,
    /// Rooms that were reported but are not in the file yet, and until when to wait for them.
    reported: Option<(Instant, BTreeSet<Jid>)>,
}

impl Following {
    /// When something is to be done next. `follows_any`: whether this session follows some of the rooms; `next_look`: when the
    /// server is to be looked at.
    pub(super) fn due(&self, follows_any: bool, next_look: Option<Instant>) -> Option<Instant> {
        if !follows_any {
            let next_look = next_look.filter(|_| self.occupant_room.is_some() && !self.is_away());
            return self.next_try.into_iter().chain(next_look).min();
        }
        let now = Instant::now();
        let reads = (!self.unread.is_empty() && !self.is_full).then_some(now);
        let next_reads = self.rooms.values().filter_map(|room| room.next_read);
        let next_reads = next_reads.filter(|_| !self.is_full);
        [self.next_try, next_look, reads, self.report_due(now)]
            .into_iter()
            .flatten()
            .chain(next_reads)
            .min()
    }

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

    /// Whether the last read of a room still has to be compared, or received by the file.
    pub(super) fn is_pending(&self, room: &Jid) -> bool {
        let reported = self.reported.as_ref();
        self.changed.contains(room) || reported.is_some_and(|(_, rooms)| rooms.contains(room))
    }

    /// Whether everything that was reported is in the file, or is no longer waited for.
    pub(super) fn is_all_received(&self) -> bool {
        let until = self.reported.as_ref().map(|(until, _)| *until);
        until.is_none_or(|until| until <= Instant::now())
    }

    /// Takes the rooms that changed, with the authors of the changes that are known.
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

    /// Notes that a room changed. `by`: who changed it, if that is known.
    pub(super) fn note_change(&mut self, room: &Jid, by: Option<&Arc<str>>) {
        self.changed.insert(room.clone());
        let author = by.map_or(Author::Unknown, |by| Author::One(by.clone()));
        let known = self.authors.entry(room.clone()).or_insert_with(|| author.clone());
        if *known != author {
            *known = Author::Unknown;
        }
    }

    /// Notes that the file has received a room.
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

    /// Whether there is no room to follow or to look at.
    pub(super) fn is_idle(&self) -> bool {
        self.rooms.is_empty() && self.occupant_room.is_none()
    }

    /// Whether any room is known to have been compared, so that it can be followed.
    pub(super) fn is_any_compared(&self) -> bool {
        let mut followers = self.rooms.values().filter_map(|room| room.follower.as_ref());
        followers.any(|follower| *follower != Follower::NotCompared)
    }

    /// Whether it is time to try to follow rooms that this session does not follow.
    pub(super) fn is_try_due(&self) -> bool {
        self.next_try.is_some_and(|at| at <= Instant::now())
    }

    pub(super) fn try_again_now(&mut self) {
        self.next_try = Some(Instant::now());
    }

    /// Schedules the next try if rooms are `left`, soon enough to notice when another session has been silent for too long.
    pub(super) fn schedule_try(&mut self, left: bool) {
        let now = Instant::now();
        let signs = self.rooms.values().filter_map(|room| room.sign.as_ref());
        let silences = signs.map(|sign| sign.since() + MAX_SILENCE);
        let next = silences
            .filter(|at| *at > now)
            .chain([now + TAKE_OVER_INTERVAL])
            .min();
        self.next_try = next.filter(|_| left);
    }

    /// Schedules a try after [`TAKE_OVER_INTERVAL`], unless one is scheduled before.
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

    /// Takes the rooms to be read now, at most `max`, the selected one first.
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

    /// Schedules another read of a room after a pause, if something could not be received (`is_incomplete`), or cancels it.
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
    fn what_was_reported_is_not_waited_for_while_nothing_is_followed() {
        let following = Following {
            reported: Some((Instant::now(), BTreeSet::new())),
            ..Following::default()
        };
        assert_eq!(following.due(false, None), None);
        assert!(following.due(true, None).is_some());
        assert!(following.is_all_received());
    }
}
