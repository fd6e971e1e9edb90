//! A server of the configuration, as far as plans and screens need it.

use std::sync::Arc;

use super::{Affiliations, ServerKind};
use crate::model::Jid;

/// A server of the configuration. A room belongs to the server whose service is its domain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerEntry {
    /// The server's name in the configuration: 1 to 32 characters of `a` to `z`, `0` to `9` and `-`.
    pub name: Arc<str>,
    /// The kind of access.
    pub kind: ServerKind,
    /// The server's MUC services: domains such as `conference.example.org`.
    pub services: Vec<Jid>,
    /// When changes are sent.
    pub send: SendMode,
    /// Whether changed affiliations are sent.
    pub affiliations: Affiliations,
}

/// When changes of a linked room are sent to its server.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum SendMode {
    /// As soon as they are saved.
    #[default]
    AtOnce,
    /// When a plan is applied.
    Ask,
}

impl ServerEntry {
    /// Whether a room belongs to this server.
    pub fn owns(&self, room: &Jid) -> bool {
        self.services
            .iter()
            .any(|service| service.local().is_none() && service.domain() == room.domain())
    }
}
