//! The arguments of `history`, `undo` and `redo`.

use clap::Args;

use super::{AffiliationReasonOption, CommonOptions};
use crate::cli::value_parsers;

/// Arguments of `history`.
#[derive(Debug, Args)]
pub struct HistoryArgs {
    /// Print a JSON array of entries
    #[arg(long)]
    pub json: bool,
    /// Only changes in this room (--room also restricts what hatrack may show and change)
    #[arg(long = "in", value_name = "ROOM")]
    pub room: Option<String>,
    /// Only changes to this user
    #[arg(long)]
    pub user: Option<String>,
    /// Only changes to the hat with this ID or title
    #[arg(long)]
    pub hat: Option<String>,
    /// Only changes by actors whose name contains NAME
    #[arg(long, value_name = "NAME")]
    pub by: Option<String>,
    /// Only changes since a date or time: 2026-01-31, "31 January", "2026-01-31 18:00", 2026-01-31T18:00:00Z, yesterday, "2 hours ago"
    #[arg(long, value_name = "TIME")]
    pub since: Option<String>,
    /// Only changes before a date or time
    #[arg(long, value_name = "TIME")]
    pub until: Option<String>,
    /// Only changes that contain these words: names, addresses, titles, IDs (put words in quotes to find that exact phrase)
    #[arg(long, value_name = "WORDS")]
    pub search: Option<String>,
    /// Maximum number of entries [default: 100; all with --json]
    #[arg(long, value_name = "N", value_parser = value_parsers::limit)]
    pub limit: Option<usize>,
    /// Permanently delete all entries older than a date (2026-01-31) or time (2026-01-31T12:00:00Z)
    #[arg(long, value_name = "BEFORE", conflicts_with_all = ["json", "room", "user", "hat", "by", "since", "until", "search", "limit"])]
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
    /// Undo all changes by this actor, except where others have changed the same thing in the meantime (only with --since)
    #[arg(long, value_name = "NAME", requires = "since", conflicts_with = "revision")]
    pub by: Option<String>,
    /// Undo all changes since a date or time (only with --by): 2026-01-31, "31 January", "2026-01-31 18:00", 2026-01-31T18:00:00Z, yesterday, "2 hours ago", or "all" for all changes
    #[arg(long, value_name = "TIME", requires = "by")]
    pub since: Option<String>,
    /// Show what would be undone, without changing anything (only with --by and --since)
    #[arg(long, requires = "by", conflicts_with = "yes")]
    pub dry_run: bool,
    /// Do not ask (only with --by and --since)
    #[arg(long, requires = "by")]
    pub yes: bool,
    #[command(flatten)]
    #[expect(missing_docs, reason = "see the type")]
    pub reason_option: AffiliationReasonOption,
    #[command(flatten)]
    #[expect(missing_docs, reason = "see the type")]
    pub common: CommonOptions,
}

/// Arguments of `redo`.
#[derive(Debug, Args)]
pub struct RedoArgs {
    /// Revision of the undo (see hatrack history) [default: your last undo]
    #[arg(value_parser = value_parsers::revision)]
    pub revision: Option<u64>,
    #[command(flatten)]
    #[expect(missing_docs, reason = "see the type")]
    pub reason_option: AffiliationReasonOption,
    #[command(flatten)]
    #[expect(missing_docs, reason = "see the type")]
    pub common: CommonOptions,
}
