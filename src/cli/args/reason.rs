//! The option `--reason`.

use clap::Args;

use crate::cli::value_parsers;
use crate::store::ChangeReason;

/// The reason for a change that does not set affiliations.
#[derive(Debug, Args)]
pub struct ReasonOption {
    /// Reason for the change, kept in the history
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true, value_parser = value_parsers::reason)]
    pub reason: Option<ChangeReason>,
}

/// The reason for a change that may set affiliations; it is also sent to the server with them.
#[derive(Debug, Args)]
pub struct AffiliationReasonOption {
    /// Reason for the change, kept in the history; sent to the server together with changed affiliations
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true, value_parser = value_parsers::reason)]
    pub reason: Option<ChangeReason>,
}
