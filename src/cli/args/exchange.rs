//! The arguments of `export` and `import`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::CommonOptions;
use crate::model::Affiliation;

/// Arguments of `export`.
#[derive(Debug, Args)]
pub struct ExportArgs {
    /// The room's address
    pub room: Option<String>,
    /// The user's address
    pub user: Option<String>,
    /// Export CSV, one row per hat
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

/// An affiliation that new users can get.
#[derive(Debug, Clone, Copy, ValueEnum)]
#[expect(missing_docs, reason = "the names are those of the model's type")]
pub enum ListedAffiliation {
    Owner,
    Admin,
    Member,
    Outcast,
}

impl From<ListedAffiliation> for Affiliation {
    fn from(name: ListedAffiliation) -> Self {
        match name {
            ListedAffiliation::Owner => Self::Owner,
            ListedAffiliation::Admin => Self::Admin,
            ListedAffiliation::Member => Self::Member,
            ListedAffiliation::Outcast => Self::Outcast,
        }
    }
}

/// Arguments of `import`.
#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a separate option")]
pub struct ImportArgs {
    /// JSON or CSV file, or a list from a server; "-" is standard input
    #[arg(value_name = "FILE")]
    pub from: PathBuf,
    /// Read the file as CSV [default: by its name or content]
    #[arg(long, conflicts_with = "json")]
    pub csv: bool,
    /// Read the file as JSON
    #[arg(long)]
    pub json: bool,
    /// Columns of a table with other names, such as user=Email,hat=Role; other columns are ignored
    #[arg(long, value_name = "COLUMN=NAME", conflicts_with = "json")]
    pub map: Vec<String>,
    /// Affiliation of new users for whom the file has none
    #[arg(long, value_enum)]
    pub affiliation: Option<ListedAffiliation>,
    /// Room to import a room or user object, or a list without room addresses, into
    #[arg(long, value_name = "ROOM")]
    pub into: Option<String>,
    /// User to import a user object or hats into
    #[arg(long, value_name = "USER", requires = "into")]
    pub user: Option<String>,
    /// Show what would change without changing it
    #[arg(long)]
    pub dry_run: bool,
    /// Replace existing data (JSON only): what the file does not contain is removed
    #[arg(long)]
    pub replace: bool,
    #[command(flatten)]
    #[expect(missing_docs, reason = "see the type")]
    pub common: CommonOptions,
}
