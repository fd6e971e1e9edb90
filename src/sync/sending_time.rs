//! How long sending a plan takes where a server slows the account down.

use super::{Decision, Item, Line, Plan, RoomPlan, RoomState, SideValue, Subject, request_size};
use crate::model::Affiliation::{Admin, Owner};
use crate::model::{HatId, Jid};

/// About how many bytes sending a line takes.
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
    /// About how many seconds it takes to send what is decided, if the server slows this account down; `None` if it is
    /// known that it does not.
    pub fn seconds_to_send(&self) -> Option<u64> {
        let linked = self.rooms.iter().filter(|room| room.state == RoomState::Linked);
        let mut limit = None;
        let mut bytes = 0;
        for room in linked {
            // An account that can change rooms of others administers the server.
            limit = Some(room.limit?);
            bytes += room
                .lines
                .iter()
                .map(|line| line_size(&room.room, line))
                .sum::<u64>();
        }
        Some(limit?.seconds(bytes))
    }
}

impl RoomPlan {
    /// Whether an account owns or administers the room.
    pub fn is_managed_by(&self, account: &Jid) -> bool {
        let there = self.remote.users.get(account);
        there.is_some_and(|there| matches!(there.affiliation, Owner | Admin))
    }
}
