//! What every frame says of all rooms.

use crate::model::Wardrobe;

/// What is in all rooms together.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Totals {
    /// One who is in two rooms counts twice.
    pub users: usize,
    /// How many attachments.
    pub hats: usize,
    /// Whether the rooms are of several domains.
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
