//! The reason of a change.

use clap::Args;

use crate::cli::value_parsers;
use crate::store::ChangeReason;

/// Why a change is made.
#[derive(Debug, Args)]
pub struct ReasonOption {
    /// Reason for the change, kept in the history
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true, value_parser = value_parsers::reason)]
    pub reason: Option<ChangeReason>,
}

/// Why a change is made that may set affiliations: servers store their reasons.
#[derive(Debug, Args)]
pub struct AffiliationReasonOption {
    /// Reason for the change, kept in the history; sent to the server together with changed affiliations
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true, value_parser = value_parsers::reason)]
    pub reason: Option<ChangeReason>,
}
