//! The properties that all rooms of a server share.

use super::dialect::Dialect;
use crate::model::Jid;
use crate::server::settings::ServerSettings;

/// Maximum number of rooms that are processed in parallel.
pub(super) const MAX_PARALLEL_ROOMS: usize = 64;

/// The server that requests are for.
pub(super) struct ServerContext<'a> {
    pub(super) dialect: Dialect,
    pub(super) settings: &'a ServerSettings,
}

impl ServerContext<'_> {
    pub(super) fn has(&self, room: &Jid) -> bool {
        self.settings.entry.has(room)
    }
}
