//! Items that an import skips.

use crate::model::{Affiliation, Hats, Jid};

/// A skipped item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SkippedItem {
    /// The room; `None` for a field of the data file.
    pub room: Option<Jid>,
    /// The user.
    pub user: Option<Jid>,
    /// The user's hats in the file that are not imported.
    pub hats: Hats,
    /// The reason.
    pub reason: SkipReason,
}

/// The reason why an item is skipped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SkipReason {
    /// This number of hats of a user with this affiliation, to whom no hats can be added.
    NotAffiliated(Affiliation, usize),
    /// The file has the affiliation `none` for an affiliated user: adding does not remove users.
    Removal,
    /// A user without affiliation and hats is not added.
    EmptyUser,
    /// A hat set that exists with different hats.
    DifferentSet(String),
    /// A field of the data file that exists with a different value.
    DifferentField(String),
    /// A field of the data file, in a session that is restricted to some rooms.
    OutOfScope(String),
}
