//! The arguments of `history`, `undo` and `redo`.

use clap::Args;

use super::CommonOptions;
use crate::cli::value_parsers;

/// Arguments of `history`.
#[derive(Debug, Args)]
pub struct HistoryArgs {
    /// Print a JSON array of entries
    #[arg(long)]
    pub json: bool,
    /// Only changes in this room (--room would restrict the session)
    #[arg(long = "in", value_name = "ROOM")]
    pub room: Option<String>,
    /// Only changes to this user
    #[arg(long)]
    pub user: Option<String>,
    /// Only changes to the hat with this ID
    #[arg(long)]
    pub hat: Option<String>,
    /// Only changes by actors whose name contains NAME
    #[arg(long, value_name = "NAME")]
    pub by: Option<String>,
    /// Maximum number of entries [default: 100; all with --json]
    #[arg(long, value_name = "N", value_parser = value_parsers::limit)]
    pub limit: Option<usize>,
    /// Permanently delete entries from before a date (2026-01-31) or time (2026-01-31T12:00:00Z)
    #[arg(long, value_name = "BEFORE", conflicts_with_all = ["json", "room", "user", "hat", "by", "limit"])]
    pub forget: Option<String>,
    #[command(flatten)]
    #[expect(missing_docs, reason = "see the type")]
    pub common: CommonOptions,
}

/// Arguments of `undo`.
#[derive(Debug, Args)]
pub struct UndoArgs {
    /// Revision of the change to undo (see hatrack history)
    #[arg(value_parser = value_parsers::revision)]
    pub revision: Option<u64>,
    #[command(flatten)]
    #[expect(missing_docs, reason = "see the type")]
    pub common: CommonOptions,
}

/// Arguments of `redo`.
#[derive(Debug, Args)]
pub struct RedoArgs {
    /// Revision of the undo, which is listed as "undid revision N" in hatrack history
    #[arg(value_parser = value_parsers::revision)]
    pub revision: Option<u64>,
    #[command(flatten)]
    #[expect(missing_docs, reason = "see the type")]
    pub common: CommonOptions,
}
