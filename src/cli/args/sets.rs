//! The arguments of `sets`.

use clap::{Args, Subcommand};

use super::CommonOptions;

/// `sets`
#[derive(Debug, Args)]
#[command(disable_help_subcommand = true)]
pub struct SetsArgs {
    /// As a JSON object by name
    #[arg(long)]
    pub json: bool,
    /// Which of them; without one they are listed.
    #[command(subcommand)]
    pub command: Option<SetsCommand>,
    #[command(flatten)]
    #[expect(missing_docs, reason = "see the type")]
    pub common: CommonOptions,
}

/// `sets save`, `sets put`, `sets rename` and `sets remove`
#[derive(Debug, Subcommand)]
pub enum SetsCommand {
    /// Save the hats of a user under a name
    Save(SetSaveArgs),
    /// Make the hats of users exactly those of a set, or give them these too
    Put(SetApplyArgs),
    /// Give a set another name
    Rename(SetRenameArgs),
    /// Remove a set; nobody's hats change
    Remove(SetRemoveArgs),
}

/// `sets save`
#[derive(Debug, Args)]
pub struct SetSaveArgs {
    /// The name of the set
    pub name: String,
    /// The room's address
    pub room: String,
    /// The address of the user whose hats they are
    pub user: String,
    /// Replace the set of that name
    #[arg(long)]
    pub force: bool,
    #[command(flatten)]
    #[expect(missing_docs, reason = "see the type")]
    pub common: CommonOptions,
}

/// `sets put`
#[derive(Debug, Args)]
pub struct SetApplyArgs {
    /// The name of the set
    pub name: String,
    /// The room's address
    pub room: String,
    /// The addresses of the users
    #[arg(required = true)]
    pub users: Vec<String>,
    /// Leave what they have, and give them what they do not have
    #[arg(long)]
    pub add: bool,
    #[command(flatten)]
    #[expect(missing_docs, reason = "see the type")]
    pub common: CommonOptions,
}

/// `sets rename`
#[derive(Debug, Args)]
pub struct SetRenameArgs {
    /// The name of the set
    pub name: String,
    /// The other name
    pub to: String,
    #[command(flatten)]
    #[expect(missing_docs, reason = "see the type")]
    pub common: CommonOptions,
}

/// `sets remove`
#[derive(Debug, Args)]
pub struct SetRemoveArgs {
    /// The name of the set
    pub name: String,
    #[command(flatten)]
    #[expect(missing_docs, reason = "see the type")]
    pub common: CommonOptions,
}
