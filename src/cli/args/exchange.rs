//! The arguments of `export` and `import`.

use std::path::PathBuf;

use clap::Args;

use super::{AffiliationReasonOption, CommonOptions};

/// Arguments of `export`.
#[derive(Debug, Args)]
pub struct ExportArgs {
    /// The room's address
    pub room: Option<String>,
    /// The user's address
    pub user: Option<String>,
    /// Export CSV, one row per room, user or hat
    #[arg(long)]
    pub csv: bool,
    /// Write to this file ("-" is standard output); a name ending in .csv selects CSV
    #[arg(long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Overwrite an existing file
    #[arg(long, requires = "output")]
    pub force: bool,
    #[command(flatten)]
    #[expect(missing_docs, reason = "see the type")]
    pub common: CommonOptions,
}

const IMPORTED_FILE: &str = "File to import: JSON or CSV as hatrack exports it, or a list of affiliations or hats printed by a server \
    (JSON or a table), such as the output of ejabberd's get_room_affiliations; \"-\" is standard input";

/// Arguments of `import`.
#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a separate option")]
pub struct ImportArgs {
    /// The file to import.
    #[arg(value_name = "FILE", help = IMPORTED_FILE)]
    pub from: PathBuf,
    /// Read the file as CSV [default: detected from its name or content]
    #[arg(long, conflicts_with = "json")]
    pub csv: bool,
    /// Read the file as JSON
    #[arg(long)]
    pub json: bool,
    /// Names of the columns in the file, if they differ from hatrack's, such as user=Email,hat=Role; other columns are ignored
    #[arg(long, value_name = "COLUMN=NAME", conflicts_with = "json")]
    pub map: Vec<String>,
    /// Affiliation of new users whose affiliation is not in the file
    #[arg(long, value_parser = ["owner", "admin", "member", "outcast"])]
    pub affiliation: Option<String>,
    /// Import into this room, if the file contains no room addresses
    #[arg(long, value_name = "ROOM")]
    pub into: Option<String>,
    /// Import the hats for this user, if the file contains no user address
    #[arg(long, value_name = "USER", requires = "into")]
    pub user: Option<String>,
    /// List what would be added, changed, skipped or left unchanged, and why, without changing anything; for CSV and other tables, with line numbers
    #[arg(long)]
    pub dry_run: bool,
    /// Make hats active (shown in chat) if the file does not say whether they are [default: inactive]
    #[arg(long)]
    pub active: bool,
    /// Replace what the file describes: one user, one room or, if it is a whole data file, all rooms; anything not in the file is removed (JSON only)
    #[arg(long)]
    pub replace: bool,
    #[command(flatten)]
    #[expect(missing_docs, reason = "see the type")]
    pub reason_option: AffiliationReasonOption,
    #[command(flatten)]
    #[expect(missing_docs, reason = "see the type")]
    pub common: CommonOptions,
}
