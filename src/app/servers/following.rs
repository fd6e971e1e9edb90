//! Rooms that are followed on their servers, and what comes in from there.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use crate::model::{Group, Jid, Room};
use crate::sync::{Follower, Plan};

/// What the server worker was asked to follow, and what it reported.
#[derive(Debug, Clone, Default)]
pub(in crate::app) struct FollowingState {
    /// The rooms as the worker knows them.
    pub(in crate::app) rooms: BTreeMap<Jid, Arc<Room>>,
    /// The selected room.
    pub(in crate::app) selected: Option<Jid>,
    /// The revision of the data file for which these are the rooms; `None`: nothing was asked yet.
    pub(in crate::app) revision: Option<u64>,
    /// Who follows each room, as last reported.
    pub(in crate::app) followers: BTreeMap<Jid, Follower>,
    /// What is being received, by server.
    pub(in crate::app) incoming: BTreeMap<Arc<str>, Incoming>,
    /// What is received after that, in this order: all decisions, but only the last report of what changed.
    pub(in crate::app) next: BTreeMap<Arc<str>, VecDeque<Incoming>>,
    /// Users of each room whose loss of hats was reported as held back.
    pub(in crate::app) held: BTreeMap<Jid, BTreeSet<Jid>>,
}

/// What changed on a server.
#[derive(Debug, Clone)]
pub(in crate::app) struct Incoming {
    /// The number of the commit that receives it.
    pub(in crate::app) commit: Option<u64>,
    pub(in crate::app) plan: Arc<Plan>,
    /// Someone decided to receive it in a conflict, so that it is not reported again.
    pub(in crate::app) is_decision: bool,
    /// What the commit changes.
    pub(in crate::app) group: Group,
    /// Who changed each room.
    pub(in crate::app) by: BTreeMap<Jid, Arc<str>>,
    /// How often the file had something else when it was committed.
    pub(in crate::app) conflicts: usize,
}

impl FollowingState {
    /// Takes over who follows a room. Returns who did before.
    pub(in crate::app) fn set_follower(&mut self, room: Jid, follower: Follower) -> Option<Follower> {
        self.followers.insert(room, follower)
    }

    /// The rooms that another session is to follow and does not, and which it is, if one is known.
    pub(in crate::app) fn silent(&self) -> (Vec<&Jid>, Option<&Arc<str>>) {
        let silent = self
            .followers
            .iter()
            .filter_map(|(room, follower)| match follower {
                Follower::Silent(by) if self.rooms.contains_key(room) => Some((room, by.as_ref())),
                _ => None,
            });
        let (rooms, by): (Vec<_>, Vec<_>) = silent.unzip();
        (rooms, by.into_iter().flatten().next())
    }
}

/// Another session, as a phrase: `another session (terry, process 123)`.
fn session_text(by: Option<&Arc<str>>) -> String {
    by.map_or_else(
        || "another session".into(),
        |by| format!("another session ({by})"),
    )
}

/// Who follows a room, as the rest of a sentence about it.
pub fn follower_text(follower: &Follower) -> String {
    match follower {
        Follower::Here => "followed by this session".into(),
        Follower::Elsewhere(by) => format!("followed by {}", session_text(by.as_ref())),
        Follower::Silent(by) => silent_text(by.as_ref()),
        Follower::NotCompared => "not followed because it has not been compared yet".into(),
    }
}

/// That another session does not follow, as the rest of a sentence.
pub(in crate::app) fn silent_text(by: Option<&Arc<str>>) -> String {
    format!(
        "not followed: the session that follows it does not respond{}",
        by.map_or_else(String::new, |by| format!(" ({by})"))
    )
}
