//! The guard: if many users lose hats on a server at once, that may be an accident or an attack, so it is received only
//! after a confirmation. The same holds for hats that would have expired long ago, since a clock can be wrong.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};

use super::local;
use super::plan::{Decision, Reason, RoomPlan};
use crate::model::{Edit, Group, Jid, Room};

/// Number of users who may lose hats on one server within [`GUARD_PERIOD`] without a confirmation. The same number may
/// lose hats by one local commit that is sent immediately.
pub const GUARD_USERS: usize = 20;

/// The period over which users are counted.
pub const GUARD_PERIOD: SignedDuration = SignedDuration::from_hours(1);

/// How long after its time a hat is removed without a confirmation, however many expire.
const LATE_AFTER: SignedDuration = SignedDuration::from_hours(24);

/// If fewer users of a room have hats, all may lose them without a confirmation.
const MIN_USERS_OF_WHOLE_ROOM: usize = 3;

/// Users who recently lost hats on one server, as far as received.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RemovalGuard {
    /// The last loss of each user in each room.
    losses: BTreeMap<(Jid, Jid), Timestamp>,
    /// Earlier losses are not known.
    is_blind: bool,
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

    /// Creates a guard without knowing earlier losses. It holds back all removals.
    pub fn without_history() -> Self {
        Self {
            is_blind: true,
            ..Self::default()
        }
    }

    /// Holds back excessive removals in a plan: those from the 21st user on, or from all users with hats in a room.
    /// Users whose losses pass are counted. Returns the number of newly held lines.
    ///
    /// `now` may go backwards when the clock is set; nothing is forgotten then.
    pub fn hold(&mut self, plan: &mut RoomPlan, room: &Room, now: Timestamp) -> usize {
        self.losses
            .retain(|_, time| now.duration_since(*time) < GUARD_PERIOD);
        let losing: BTreeSet<Jid> = plan
            .lines
            .iter()
            .filter(|line| line.decision == Decision::Receive && line.takes_hats())
            .filter_map(|line| line.user().cloned())
            .collect();
        if losing.is_empty() {
            return 0;
        }
        if self.is_blind {
            return plan.hold(&losing, Reason::HistoryUnreadable);
        }
        let lost_here = self.losses.keys().filter(|(at, _)| *at == plan.room);
        let lost_here: BTreeSet<&Jid> = lost_here.map(|(_, user)| user).collect();
        let has_hats = |user| !local::user(plan.class, room, user).hats.is_empty();
        let mut with_hats = room.users().iter().filter(|(_, user)| has_hats(user));
        let whole_room = with_hats.all(|(user, _)| losing.contains(user))
            && lost_here.len() + losing.iter().filter(|user| !lost_here.contains(user)).count()
                >= MIN_USERS_OF_WHOLE_ROOM;
        let held = if whole_room {
            losing
        } else {
            self.count(&plan.room, losing, now)
        };
        plan.hold(&held, Reason::Held)
    }

    /// Counts users who lose hats up to the limit, and returns the others.
    fn count(&mut self, room: &Jid, losing: BTreeSet<Jid>, now: Timestamp) -> BTreeSet<Jid> {
        let mut counted: BTreeSet<Jid> = self.losses.keys().map(|(_, user)| user.clone()).collect();
        let mut past = BTreeSet::new();
        for user in losing {
            if counted.contains(&user) || counted.len() < GUARD_USERS {
                counted.insert(user.clone());
                self.losses.insert((room.clone(), user), now);
            } else {
                past.insert(user);
            }
        }
        past
    }
}

/// The number of users who would lose hats that were to expire more than a day before `now`, if these are more than
/// [`GUARD_USERS`]: either nobody removed expired hats for long, or the clock is wrong, so `ended` waits for a confirmation.
/// Hats that are removed in time were confirmed when their end was set.
///
/// `ended`: removals of hats that have ended ([`Wardrobe::remove_ended_hats`](crate::model::Wardrobe::remove_ended_hats)).
pub fn late_expiry(ended: &Group, now: Timestamp) -> Option<usize> {
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
