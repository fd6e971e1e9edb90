//! The arguments of `catalog`.

use clap::{Args, Subcommand};

use super::{CommonOptions, ReasonOption};
use crate::cli::value_parsers;

/// Arguments of `catalog`.
#[derive(Debug, Args)]
#[command(disable_help_subcommand = true, arg_required_else_help = false)]
pub struct CatalogArgs {
    /// The subcommand.
    #[command(subcommand)]
    pub command: CatalogCommand,
    #[command(flatten)]
    #[expect(missing_docs, reason = "see the type")]
    pub common: CommonOptions,
}

/// The subcommands of `catalog`.
#[derive(Debug, Subcommand)]
pub enum CatalogCommand {
    /// List a room's hats, including those not in its catalog
    List(CatalogListArgs),
    /// Define a hat, or change its title or color
    Define(CatalogDefineArgs),
    /// Remove a hat from the catalog; users keep it
    Remove(CatalogRemoveArgs),
}

/// Arguments of `catalog list`.
#[derive(Debug, Args)]
pub struct CatalogListArgs {
    /// The room's address
    pub room: String,
    #[command(flatten)]
    #[expect(missing_docs, reason = "see the type")]
    pub common: CommonOptions,
}

/// Arguments of `catalog define`.
#[derive(Debug, Args)]
pub struct CatalogDefineArgs {
    /// The room's address
    pub room: String,
    /// The hat's ID (a URI), or the title of a hat in this room
    pub hat: String,
    /// Title of the hat [default: unchanged]
    #[arg(long, allow_hyphen_values = true, value_parser = value_parsers::text)]
    pub title: Option<String>,
    /// Color: red, #c33 or a hue from 0 to 360, or "automatic" to derive it from the ID [default: unchanged]
    #[arg(long, alias = "hue")]
    pub color: Option<String>,
    /// Also change the title for users who already have the hat
    #[arg(long, alias = "wearers", requires = "title")]
    pub retitle_users: bool,
    #[command(flatten)]
    #[expect(missing_docs, reason = "see the type")]
    pub reason_option: ReasonOption,
    #[command(flatten)]
    #[expect(missing_docs, reason = "see the type")]
    pub common: CommonOptions,
}

/// Arguments of `catalog remove`.
#[derive(Debug, Args)]
pub struct CatalogRemoveArgs {
    /// The room's address
    pub room: String,
    /// The hat's title or ID
    pub hat: String,
    #[command(flatten)]
    #[expect(missing_docs, reason = "see the type")]
    pub reason_option: ReasonOption,
    #[command(flatten)]
    #[expect(missing_docs, reason = "see the type")]
    pub common: CommonOptions,
}
