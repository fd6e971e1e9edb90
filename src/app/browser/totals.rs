//! Totals over all rooms, shown in every frame.

use crate::model::Wardrobe;

/// Totals over all rooms.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Totals {
    /// Number of users; a user in two rooms counts twice.
    pub users: usize,
    /// Number of attachments.
    pub hats: usize,
    /// Whether the rooms have different domains.
    pub several_domains: bool,
}

impl Totals {
    pub(super) fn of(wardrobe: &Wardrobe) -> Self {
        let first = wardrobe.rooms().next().map(|(jid, _)| jid.domain());
        Self {
            users: wardrobe.user_count(),
            hats: wardrobe.attachment_count(),
            several_domains: wardrobe.rooms().any(|(jid, _)| Some(jid.domain()) != first),
        }
    }
}
