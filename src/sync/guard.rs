//! The guard: when many users lose hats on a server at once, that may be an accident or a break-in, and is not taken over
//! without being asked.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};

use super::local;
use super::plan::{Decision, RoomPlan};
use crate::model::{Jid, Room};

/// So many users may lose hats on one server within [`GUARD_PERIOD`] without a question. As many may lose hats by one
/// commit here that is sent at once.
pub const GUARD_USERS: usize = 20;

/// The time over which users are counted.
pub const GUARD_PERIOD: SignedDuration = SignedDuration::from_hours(1);

/// In a room where fewer users have hats, all may lose them without a question.
const WHOLE_ROOM: usize = 3;

/// Who lost hats on one server lately, as far as it was taken over.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RemovalGuard {
    /// The last loss of each user in each room.
    losses: BTreeMap<(Jid, Jid), Timestamp>,
}

impl RemovalGuard {
    /// With what was taken over before: in which room which user lost a hat, and when.
    pub fn with_losses(losses: impl IntoIterator<Item = (Jid, Jid, Timestamp)>) -> Self {
        let mut guard = Self::default();
        for (room, user, time) in losses {
            let last = guard.losses.entry((room, user)).or_insert(time);
            *last = time.max(*last);
        }
        guard
    }

    /// Holds back in a plan what is too much now: what takes hats from the 21st user on, or from all users of the room who
    /// have some. Users whose loss passes are counted. Gives how many lines are held that were not before.
    ///
    /// `now` may run backwards, as clocks do: nothing is forgotten then.
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
        let lost_here = self.losses.keys().filter(|(at, _)| *at == plan.room);
        let lost_here: BTreeSet<&Jid> = lost_here.map(|(_, user)| user).collect();
        let has_hats = |user| !local::user(plan.class, room, user).hats.is_empty();
        let mut with_hats = room.users().iter().filter(|(_, user)| has_hats(user));
        let whole_room = with_hats.all(|(user, _)| losing.contains(user))
            && lost_here.len() + losing.iter().filter(|user| !lost_here.contains(user)).count() >= WHOLE_ROOM;
        let held = if whole_room {
            losing
        } else {
            self.count(&plan.room, losing, now)
        };
        plan.hold(&held)
    }

    /// Counts users who lose hats, up to what is allowed; gives those past it.
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
