//! Says which rooms are followed on their servers, and why others are not.

use std::collections::BTreeMap;

use super::State;
use crate::app::servers::plan::PlanOverlay;
use crate::app::servers::{KnownServer, follower_text};
use crate::app::{Phase, describe};
use crate::model::Jid;
use crate::sync::{Follower, ServerState};

impl State {
    /// The reason why this session follows no rooms, as a clause; `None` if it follows all rooms that it can.
    pub(in crate::app) fn not_following_reason(&self) -> Option<&'static str> {
        if self.phase() != Phase::Open || self.start.demo {
            Some("there is no data file")
        } else if self.read_only_reason().is_some() {
            Some("this session is read-only")
        } else if self.start.scope.rights.is_restricted() {
            Some("this session is restricted")
        } else if self.is_plan_open() {
            Some("a comparison is open")
        } else {
            None
        }
    }

    /// Whether a plan is open. Meanwhile, nothing is received automatically, because the plan is about the file as it was
    /// compared.
    pub(in crate::app) fn is_plan_open(&self) -> bool {
        let mut overlays = self.overlays().iter();
        overlays.any(|overlay| overlay.downcast_ref::<PlanOverlay>().is_some())
    }

    /// Describes who follows a room or, if this session cannot follow it, why not; as the rest of a sentence. `None` if
    /// neither is known yet, or if the room belongs to no server.
    pub fn following_text(&self, room: &Jid) -> Option<String> {
        let server = self.servers.of_room(room)?;
        let reason = self.not_following_reason().or(match server.state {
            ServerState::Away(_) => Some("the server is not reachable"),
            ServerState::Refused(_) => Some("the server cannot be used"),
            ServerState::Idle | ServerState::Connecting | ServerState::Ready(_) => None,
        });
        let follower = || self.servers.following.followers.get(room).map(follower_text);
        reason
            .map(|reason| format!("not followed because {reason}"))
            .or_else(follower)
    }

    /// Whether a session follows a room, or should follow it, as far as this session knows.
    pub(in crate::app) fn is_followed(&self, room: &Jid) -> bool {
        let follower = self.servers.following.followers.get(room);
        follower.is_some_and(|follower| *follower != Follower::NotCompared)
    }

    /// Whether another session should follow a room but does not. Always false while this session itself follows no
    /// rooms.
    pub(in crate::app) fn is_silent(&self, room: &Jid) -> bool {
        let follower = self.servers.following.followers.get(room);
        matches!(follower, Some(Follower::Silent(_))) && self.not_following_reason().is_none()
    }

    /// Whether [`Self::is_silent`] is true for any room that the server worker was asked to follow.
    pub(super) fn is_any_silent(&self) -> bool {
        let mut rooms = self.servers.following.rooms.keys();
        rooms.any(|room| self.is_silent(room))
    }

    /// Describes the problem that needs attention in a room of a server, as the rest of a sentence. `None` if there is no
    /// problem, or if the room belongs to no server.
    pub(in crate::app) fn room_problem(&self, room: &Jid) -> Option<String> {
        let (_, compared) = self.room_comparison(room)?;
        let silence = self.following_text(room).filter(|_| self.is_silent(room));
        silence.or_else(|| compared.needs_attention().then(|| compared.describe()))
    }

    /// Describes who follows the rooms of a server: a phrase for each group of rooms with the same follower or reason.
    pub(in crate::app) fn following_of_server(&self, server: &KnownServer) -> Vec<String> {
        let mut texts: BTreeMap<String, Vec<&str>> = BTreeMap::new();
        for (room, _) in self
            .wardrobe()
            .rooms()
            .filter(|(room, _)| server.entry.owns(room))
        {
            if let Some(text) = self.following_text(room) {
                texts.entry(text).or_default().push(room.as_str());
            }
        }
        let texts = texts.into_iter().map(|(text, rooms)| match rooms.as_slice() {
            [only] => format!("{only}: {text}"),
            all => format!("{}: {text}", describe::count(all.len(), "room")),
        });
        texts.collect()
    }
}
