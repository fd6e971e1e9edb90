//! Rooms that are followed on their servers, and changes received from the servers.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use crate::model::{EditGroup, Jid, Room};
use crate::sync::{Follower, Plan};

/// The rooms that the server worker was asked to follow, and what it reported.
#[derive(Debug, Clone, Default)]
pub(in crate::app) struct FollowingState {
    /// The rooms as the worker knows them.
    pub(in crate::app) rooms: BTreeMap<Jid, Arc<Room>>,
    /// The selected room, as last reported to the worker; `None` if it is not a linked room.
    pub(in crate::app) selected: Option<Jid>,
    /// The revision of the data file from which `rooms` were taken; `None` while this session may not follow rooms.
    pub(in crate::app) revision: Option<u64>,
    /// The follower of each room, as last reported.
    pub(in crate::app) followers: BTreeMap<Jid, Follower>,
    /// The changes that are being received, by server.
    pub(in crate::app) incoming: BTreeMap<Arc<str>, Incoming>,
    /// By server, the changes that are received after `incoming`, oldest first: all that were decided, and of the others
    /// only those reported last.
    pub(in crate::app) queued: BTreeMap<Arc<str>, VecDeque<Incoming>>,
    /// For each room, the users for whom removals of hats are held back, as last shown in a notice.
    pub(in crate::app) reported_held: BTreeMap<Jid, BTreeSet<Jid>>,
}

/// Changes on a server that are to be received.
#[derive(Debug, Clone)]
pub(in crate::app) struct Incoming {
    /// The number of the commit that saves the changes, once there is one.
    pub(in crate::app) commit: Option<u64>,
    pub(in crate::app) plan: Arc<Plan>,
    /// Whether the changes are received because someone decided a conflict. The worker does not report such changes
    /// again.
    pub(in crate::app) is_decision: bool,
    /// The edits of the commit.
    pub(in crate::app) group: EditGroup,
    /// The person who changed each room, if known.
    pub(in crate::app) authors: BTreeMap<Jid, Arc<str>>,
    /// Number of times that the commit failed because the file had changed.
    pub(in crate::app) failed_commits: usize,
}

impl FollowingState {
    /// Sets the follower of a room. Returns the previous follower.
    pub(in crate::app) fn set_follower(&mut self, room: Jid, follower: Follower) -> Option<Follower> {
        self.followers.insert(room, follower)
    }

    /// The rooms that another session should follow but does not, and the first such session whose name is known.
    pub(in crate::app) fn rooms_with_silent_follower(&self) -> (Vec<&Jid>, Option<&Arc<str>>) {
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

/// Names another session, as a phrase: `another session (terry, process 123)`.
fn session_text(by: Option<&Arc<str>>) -> String {
    by.map_or_else(
        || "another session".into(),
        |by| format!("another session ({by})"),
    )
}

/// Describes who follows a room, as the rest of a sentence about the room.
pub fn follower_text(follower: &Follower) -> String {
    match follower {
        Follower::Here => "followed by this session".into(),
        Follower::Elsewhere(by) => format!("followed by {}", session_text(by.as_ref())),
        Follower::Silent(by) => silent_text(by.as_ref()),
        Follower::NotCompared => "not followed: it must be compared first".into(),
    }
}

/// Says that the session that should follow a room does not respond, as the rest of a sentence about the room.
pub(in crate::app) fn silent_text(by: Option<&Arc<str>>) -> String {
    format!("not followed: {} is not responding", session_text(by))
}
