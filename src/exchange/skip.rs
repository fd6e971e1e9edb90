//! What an import skips, and why.

use crate::model::{Affiliation, Jid};

/// Something that is given and left aside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SkippedItem {
    /// Which room; none: the document itself.
    pub room: Option<Jid>,
    /// Which user.
    pub user: Option<Jid>,
    /// Why.
    pub reason: SkipReason,
}

/// Why something is left aside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SkipReason {
    /// So many hats for somebody with this affiliation, who cannot be given any.
    NotAffiliated(Affiliation, usize),
    /// Nobody is removed by an affiliation `none`.
    Removal,
    /// A user without affiliation and hats is nobody.
    EmptyUser,
    /// A named set of hats that is another there.
    DifferentSet(String),
    /// A member of the document that is another there.
    DifferentField(String),
    /// A member of the document, in a session that sees some rooms only.
    OutOfScope(String),
}
