//! The arguments of `export` and `import`.

use std::path::PathBuf;

use clap::Args;

use super::CommonOptions;

/// `export`
#[derive(Debug, Args)]
pub struct ExportArgs {
    /// The room's address
    pub room: Option<String>,
    /// The user's address
    pub user: Option<String>,
    /// As a table (CSV): a row for each hat
    #[arg(long)]
    pub csv: bool,
    /// Into this file ("-" is standard output); one that ends in .csv is a table
    #[arg(long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Replace the file if it is there
    #[arg(long, requires = "output")]
    pub force: bool,
    #[command(flatten)]
    #[expect(missing_docs, reason = "see the type")]
    pub common: CommonOptions,
}

/// `import`
#[derive(Debug, Args)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is an option that somebody types"
)]
pub struct ImportArgs {
    /// JSON as export prints it, or a table (CSV); "-" is standard input
    #[arg(value_name = "FILE")]
    pub from: PathBuf,
    /// It is a table [default: by its name, else by what is in it]
    #[arg(long, conflicts_with = "json")]
    pub csv: bool,
    /// It is JSON
    #[arg(long)]
    pub json: bool,
    /// The room that a room's or a user's JSON object is for
    #[arg(long, value_name = "ROOM")]
    pub into: Option<String>,
    /// The user that a user's JSON object, or an object of hats, is for
    #[arg(long, value_name = "USER", requires = "into")]
    pub user: Option<String>,
    /// Say what it would do, and do nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Make it exactly what the JSON says: what is not in it goes
    #[arg(long)]
    pub replace: bool,
    #[command(flatten)]
    #[expect(missing_docs, reason = "see the type")]
    pub common: CommonOptions,
}
