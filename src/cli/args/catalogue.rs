//! The arguments of `catalogue`.

use clap::{Args, Subcommand};

use super::Common;
use crate::cli::choice;

/// `catalogue`
#[derive(Debug, Args)]
#[command(disable_help_subcommand = true, arg_required_else_help = false)]
pub struct CatalogueArgs {
    /// Which of them.
    #[command(subcommand)]
    pub command: CatalogueCommand,
    #[command(flatten)]
    #[expect(missing_docs, reason = "see the type")]
    pub common: Common,
}

/// `catalogue list`, `catalogue define` and `catalogue remove`
#[derive(Debug, Subcommand)]
pub enum CatalogueCommand {
    /// Print the hats of a room: those defined, and those that are only worn
    List(CatalogueList),
    /// Define a hat for a room, or change its title or its colour
    Define(CatalogueDefine),
    /// Take a hat out of a room's catalogue; who has it keeps it
    Remove(CatalogueRemove),
}

/// `catalogue list`
#[derive(Debug, Args)]
pub struct CatalogueList {
    /// The room's address
    pub room: String,
    #[command(flatten)]
    #[expect(missing_docs, reason = "see the type")]
    pub common: Common,
}

/// `catalogue define`
#[derive(Debug, Args)]
pub struct CatalogueDefine {
    /// The room's address
    pub room: String,
    /// The hat's id, a URI
    pub hat: String,
    /// The label that people read; as it was where none is given
    #[arg(long, allow_hyphen_values = true, value_parser = choice::text)]
    pub title: Option<String>,
    /// The colour's angle, 0 to 360, or "none"; as it was where none is given
    #[arg(long)]
    pub hue: Option<String>,
    /// Give the title to the hats of those users too who have it under another
    #[arg(long, requires = "title")]
    pub wearers: bool,
    #[command(flatten)]
    #[expect(missing_docs, reason = "see the type")]
    pub common: Common,
}

/// `catalogue remove`
#[derive(Debug, Args)]
pub struct CatalogueRemove {
    /// The room's address
    pub room: String,
    /// The hat's id
    pub hat: String,
    #[command(flatten)]
    #[expect(missing_docs, reason = "see the type")]
    pub common: Common,
}
