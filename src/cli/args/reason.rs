//! The reason of a change.

use clap::Args;

use crate::cli::value_parsers;
use crate::store::ChangeReason;

/// Why a change is made.
#[derive(Debug, Args)]
pub struct ReasonOption {
    /// Reason for the change, kept in the history; for changed affiliations, also sent to the server
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true, value_parser = value_parsers::reason)]
    pub reason: Option<ChangeReason>,
}
