//! Estimates how long sending a plan takes if the server limits the account's rate.

use super::{Decision, Item, Line, Plan, RoomPlan, RoomState, SideValue, Subject, request_size};
use crate::model::Affiliation::{Admin, Owner};
use crate::model::{HatId, Jid};

/// Estimates how many bytes sending a line takes; 0 if it is not sent.
fn line_size(room: &Jid, line: &Line) -> u64 {
    match &line.subject {
        _ if line.decision != Decision::Send => 0,
        Subject::Name => 0,
        Subject::Item(item) => request_size(room, item),
        Subject::User(user) => {
            let sides = [&line.local, &line.remote];
            let hats = sides.into_iter().filter_map(|side| match side {
                Some(SideValue::User(user)) => Some(&user.hats),
                _ => None,
            });
            let hats = hats.max_by_key(|hats| hats.len());
            let hat = |hat: &HatId| Item::Hat {
                user: user.clone(),
                hat: hat.clone(),
            };
            let hats = hats.into_iter().flat_map(|hats| hats.keys());
            let affiliation = request_size(room, &Item::Affiliation { user: user.clone() });
            hats.map(|id| request_size(room, &hat(id))).sum::<u64>() + affiliation
        }
    }
}

impl Plan {
    /// Estimates how many seconds sending takes by the current decisions. `None` if no room was compared, or a
    /// compared room has no rate limit.
    pub fn seconds_to_send(&self) -> Option<u64> {
        let compared = self.rooms.iter().filter(|room| room.state == RoomState::Compared);
        let mut limit = None;
        let mut bytes = 0;
        for room in compared {
            // An account that manages a room without being its owner or admin administers the server, and has no limit.
            limit = Some(room.limit?);
            bytes += room
                .lines
                .iter()
                .map(|line| line_size(&room.room, line))
                .sum::<u64>();
        }
        Some(limit?.seconds_to_send(bytes))
    }
}

impl RoomPlan {
    /// Whether an account is an owner or admin of the room.
    pub fn is_managed_by(&self, account: &Jid) -> bool {
        let user = self.remote.users.get(account);
        user.is_some_and(|user| matches!(user.affiliation, Owner | Admin))
    }
}
