//! The arguments of `sets`.

use clap::{Args, Subcommand};

use super::{CommonOptions, ReasonOption};

/// Arguments of `sets`.
#[derive(Debug, Args)]
#[command(disable_help_subcommand = true)]
pub struct SetsArgs {
    /// Print a JSON object of hat sets, keyed by name
    #[arg(long)]
    pub json: bool,
    /// The subcommand; `None` lists the hat sets.
    #[command(subcommand)]
    pub command: Option<SetsCommand>,
    #[command(flatten)]
    #[expect(missing_docs, reason = "see the type")]
    pub common: CommonOptions,
}

/// The subcommands of `sets`.
#[derive(Debug, Subcommand)]
pub enum SetsCommand {
    /// Save a user's hats as a hat set
    Save(SetSaveArgs),
    /// Replace users' hats with a hat set; with --add, add the set's hats instead
    #[command(alias = "put")]
    Apply(SetApplyArgs),
    /// Rename a hat set
    Rename(SetRenameArgs),
    /// Remove a hat set; users keep their hats
    Remove(SetRemoveArgs),
}

/// Arguments of `sets save`.
#[derive(Debug, Args)]
pub struct SetSaveArgs {
    /// Name of the hat set
    pub name: String,
    /// The room's address
    pub room: String,
    /// The address of the user whose hats are saved
    pub user: String,
    /// Overwrite an existing hat set
    #[arg(long)]
    pub force: bool,
    #[command(flatten)]
    #[expect(missing_docs, reason = "see the type")]
    pub reason_option: ReasonOption,
    #[command(flatten)]
    #[expect(missing_docs, reason = "see the type")]
    pub common: CommonOptions,
}

/// Arguments of `sets apply`.
#[derive(Debug, Args)]
pub struct SetApplyArgs {
    /// Name of the hat set
    pub name: String,
    /// The room's address
    pub room: String,
    /// The addresses of the users
    #[arg(required = true)]
    pub users: Vec<String>,
    /// Add the set's hats that a user does not have yet, and keep the user's hats unchanged
    #[arg(long)]
    pub add: bool,
    #[command(flatten)]
    #[expect(missing_docs, reason = "see the type")]
    pub reason_option: ReasonOption,
    #[command(flatten)]
    #[expect(missing_docs, reason = "see the type")]
    pub common: CommonOptions,
}

/// Arguments of `sets rename`.
#[derive(Debug, Args)]
pub struct SetRenameArgs {
    /// Name of the hat set
    pub name: String,
    /// The new name
    pub new_name: String,
    #[command(flatten)]
    #[expect(missing_docs, reason = "see the type")]
    pub reason_option: ReasonOption,
    #[command(flatten)]
    #[expect(missing_docs, reason = "see the type")]
    pub common: CommonOptions,
}

/// Arguments of `sets remove`.
#[derive(Debug, Args)]
pub struct SetRemoveArgs {
    /// Name of the hat set
    pub name: String,
    #[command(flatten)]
    #[expect(missing_docs, reason = "see the type")]
    pub reason_option: ReasonOption,
    #[command(flatten)]
    #[expect(missing_docs, reason = "see the type")]
    pub common: CommonOptions,
}
