//! The arguments of `catalog`.

use clap::{Args, Subcommand};

use super::CommonOptions;
use crate::cli::choice;

/// `catalog`
#[derive(Debug, Args)]
#[command(disable_help_subcommand = true, arg_required_else_help = false)]
pub struct CatalogArgs {
    /// Which of them.
    #[command(subcommand)]
    pub command: CatalogCommand,
    #[command(flatten)]
    #[expect(missing_docs, reason = "see the type")]
    pub common: CommonOptions,
}

/// `catalog list`, `catalog define` and `catalog remove`
#[derive(Debug, Subcommand)]
pub enum CatalogCommand {
    /// Print the hats of a room: those defined, and those that are only worn
    List(CatalogListArgs),
    /// Define a hat for a room, or change its title or its color
    Define(CatalogDefineArgs),
    /// Take a hat out of a room's catalog; who has it keeps it
    Remove(CatalogRemoveArgs),
}

/// `catalog list`
#[derive(Debug, Args)]
pub struct CatalogListArgs {
    /// The room's address
    pub room: String,
    #[command(flatten)]
    #[expect(missing_docs, reason = "see the type")]
    pub common: CommonOptions,
}

/// `catalog define`
#[derive(Debug, Args)]
pub struct CatalogDefineArgs {
    /// The room's address
    pub room: String,
    /// The hat's id, a URI
    pub hat: String,
    /// The label that people read; as it was where none is given
    #[arg(long, allow_hyphen_values = true, value_parser = choice::text)]
    pub title: Option<String>,
    /// The color's angle, 0 to 360, or "none"; as it was where none is given
    #[arg(long)]
    pub hue: Option<String>,
    /// Give the title to the hats of those users too who have it under another
    #[arg(long, requires = "title")]
    pub wearers: bool,
    #[command(flatten)]
    #[expect(missing_docs, reason = "see the type")]
    pub common: CommonOptions,
}

/// `catalog remove`
#[derive(Debug, Args)]
pub struct CatalogRemoveArgs {
    /// The room's address
    pub room: String,
    /// The hat's id
    pub hat: String,
    #[command(flatten)]
    #[expect(missing_docs, reason = "see the type")]
    pub common: CommonOptions,
}
