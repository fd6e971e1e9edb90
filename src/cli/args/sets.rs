//! The arguments of `sets`.

use clap::{Args, Subcommand};

use super::Common;

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
    pub common: Common,
}

/// `sets save`, `sets put`, `sets rename` and `sets remove`
#[derive(Debug, Subcommand)]
pub enum SetsCommand {
    /// Save the hats of a user under a name
    Save(SetSave),
    /// Make the hats of users exactly those of a set, or give them these too
    Put(SetPut),
    /// Give a set another name
    Rename(SetRename),
    /// Remove a set; nobody's hats change
    Remove(SetRemove),
}

/// `sets save`
#[derive(Debug, Args)]
pub struct SetSave {
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
    pub common: Common,
}

/// `sets put`
#[derive(Debug, Args)]
pub struct SetPut {
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
    pub common: Common,
}

/// `sets rename`
#[derive(Debug, Args)]
pub struct SetRename {
    /// The name of the set
    pub name: String,
    /// The other name
    pub to: String,
    #[command(flatten)]
    #[expect(missing_docs, reason = "see the type")]
    pub common: Common,
}

/// `sets remove`
#[derive(Debug, Args)]
pub struct SetRemove {
    /// The name of the set
    pub name: String,
    #[command(flatten)]
    #[expect(missing_docs, reason = "see the type")]
    pub common: Common,
}
