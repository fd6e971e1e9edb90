//! The guard: if many users lose hats on a server at once, that may be an accident or an attack, so these removals are
//! received only after a confirmation. Likewise, many hats that expired long ago are removed only after a confirmation,
//! because a clock can be wrong.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};

use super::local;
use super::plan::{Decision, Reason, RoomPlan};
use crate::model::{Edit, EditGroup, Jid, Room};

/// Number of users who may lose hats on one server within [`GUARD_PERIOD`] without a confirmation. The same number of users
/// may lose hats by one commit of this session that is sent immediately.
pub const GUARD_USERS: usize = 20;

/// The period over which the users who lose hats are counted.
pub const GUARD_PERIOD: SignedDuration = SignedDuration::from_hours(1);

/// A hat that expired longer ago than this expired late, see [`late_expiry`].
const LATE_AFTER: SignedDuration = SignedDuration::from_hours(24);

/// If all users with hats in a room lose hats, a confirmation is needed from this number of users on.
const MIN_USERS_OF_WHOLE_ROOM: usize = 3;

/// The users who recently lost hats on one server, as far as the file received these losses.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RemovalGuard {
    /// The time of the last loss by room and user.
    losses: BTreeMap<(Jid, Jid), Timestamp>,
    /// Whether earlier losses are unknown, because the history cannot be read.
    lacks_history: bool,
}

impl RemovalGuard {
    /// Creates a guard with earlier losses: room, user and time.
    pub fn with_losses(losses: impl IntoIterator<Item = (Jid, Jid, Timestamp)>) -> Self {
        let mut guard = Self::default();
        for (room, user, time) in losses {
            let last = guard.losses.entry((room, user)).or_insert(time);
            *last = time.max(*last);
        }
        guard
    }

    /// Creates a guard that does not know earlier losses, and therefore holds back all removals of hats.
    pub fn without_history() -> Self {
        Self {
            lacks_history: true,
            ..Self::default()
        }
    }

    /// Holds back excessive removals of hats in a plan: those of users beyond the first [`GUARD_USERS`] on the server within
    /// [`GUARD_PERIOD`]; or all of them, if all users with hats in `room`, the file's room, lose hats, and these are at least
    /// three together with the users who lost hats there within [`GUARD_PERIOD`]. Users whose losses are not held back are
    /// counted. Without a history, all removals are held back. Returns the number of newly held lines.
    ///
    /// If `now` is earlier than in the last call, because the clock was set back, no loss is forgotten.
    pub fn hold(&mut self, plan: &mut RoomPlan, room: &Room, now: Timestamp) -> usize {
        self.losses
            .retain(|_, time| now.duration_since(*time) < GUARD_PERIOD);
        let losing: BTreeSet<Jid> = plan
            .lines
            .iter()
            .filter(|line| line.decision == Decision::Receive && line.removes_hats())
            .filter_map(|line| line.user().cloned())
            .collect();
        if losing.is_empty() {
            return 0;
        }
        if self.lacks_history {
            return plan.hold(&losing, Reason::HistoryUnreadable);
        }
        let lost_before = self.losses.keys().filter(|(lost_in, _)| *lost_in == plan.room);
        let lost_before: BTreeSet<&Jid> = lost_before.map(|(_, user)| user).collect();
        let has_hats = |user| !local::user(plan.class, room, user).hats.is_empty();
        let mut with_hats = room.users().iter().filter(|(_, user)| has_hats(user));
        let is_whole_room = with_hats.all(|(user, _)| losing.contains(user))
            && lost_before.len() + losing.iter().filter(|user| !lost_before.contains(user)).count()
                >= MIN_USERS_OF_WHOLE_ROOM;
        let held = if is_whole_room {
            losing
        } else {
            self.count_losses(&plan.room, losing, now)
        };
        plan.hold(&held, Reason::Held)
    }

    /// Counts the users who lose hats, up to [`GUARD_USERS`] on the server, and returns those beyond that number.
    fn count_losses(&mut self, room: &Jid, losing: BTreeSet<Jid>, now: Timestamp) -> BTreeSet<Jid> {
        let mut counted: BTreeSet<Jid> = self.losses.keys().map(|(_, user)| user.clone()).collect();
        let mut beyond_limit = BTreeSet::new();
        for user in losing {
            if counted.contains(&user) || counted.len() < GUARD_USERS {
                counted.insert(user.clone());
                self.losses.insert((room.clone(), user), now);
            } else {
                beyond_limit.insert(user);
            }
        }
        beyond_limit
    }
}

/// The number of users who would lose hats that expired more than a day before `now`; `None` if there are at most
/// [`GUARD_USERS`] such users. If there are more, nobody has removed expired hats for a long time, or the clock is wrong, so
/// the removals wait for a confirmation. Removals in time were confirmed when the hats' expiry times were set.
///
/// `ended`: the removals of all hats that have expired ([`Wardrobe::remove_ended_hats`](crate::model::Wardrobe::remove_ended_hats)).
pub fn late_expiry(ended: &EditGroup, now: Timestamp) -> Option<usize> {
    let late = ended.0.iter().filter_map(|edit| match edit {
        Edit::Hat {
            user,
            before: Some(before),
            ..
        } => before
            .until()
            .filter(|until| now.duration_since(*until) > LATE_AFTER)
            .map(|_| user),
        _ => None,
    });
    let users = late.collect::<BTreeSet<_>>().len();
    (users > GUARD_USERS).then_some(users)
}
