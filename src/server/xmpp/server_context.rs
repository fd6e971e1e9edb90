//! The properties that all rooms of a server share.

use super::dialect::Dialect;
use crate::model::Jid;
use crate::server::settings::ServerSettings;

/// Maximum number of rooms that are processed in parallel.
pub(super) const MAX_PARALLEL_ROOMS: usize = 64;

/// The server of a call, with its dialect and settings.
pub(super) struct ServerContext<'a> {
    pub(super) dialect: Dialect,
    pub(super) settings: &'a ServerSettings,
}

impl ServerContext<'_> {
    /// Whether a room belongs to the server.
    pub(super) fn has(&self, room: &Jid) -> bool {
        self.settings.entry.owns(room)
    }
}
