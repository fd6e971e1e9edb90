//! The arguments of `pull`, `plan`, `apply` and `follow`.

use clap::{Args, ValueEnum};

use super::{AffiliationReasonOption, CommonOptions};
use crate::sync::Prefer;

/// The arguments that select rooms and a server.
#[derive(Debug, Args)]
pub struct RoomSelection {
    /// Only these rooms [default: all rooms on the servers]
    #[arg(value_name = "ROOM", id = "only")]
    pub rooms: Vec<String>,
    /// Only the server with this name in the configuration
    #[arg(long, value_name = "NAME")]
    pub server: Option<String>,
}

/// Arguments of `pull`.
#[derive(Debug, Args)]
pub struct PullArgs {
    #[command(flatten)]
    #[expect(missing_docs, reason = "see the type")]
    pub selection: RoomSelection,
    /// Make the rooms identical to those on the server, discarding changes in the data file (hatrack undo restores them)
    #[arg(long)]
    pub replace: bool,
    /// Also accept changes that remove hats from many users at once; without this option, they are held back until you decide
    #[arg(long, alias = "take-removals")]
    pub accept_removals: bool,
    #[command(flatten)]
    #[expect(missing_docs, reason = "see the type")]
    pub common: CommonOptions,
}

/// Arguments of `plan`.
#[derive(Debug, Args)]
pub struct PlanArgs {
    #[command(flatten)]
    #[expect(missing_docs, reason = "see the type")]
    pub selection: RoomSelection,
    /// Print a JSON object for each server
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    #[expect(missing_docs, reason = "see the type")]
    pub common: CommonOptions,
}

/// Arguments of `apply`.
#[derive(Debug, Args)]
pub struct ApplyArgs {
    #[command(flatten)]
    #[expect(missing_docs, reason = "see the type")]
    pub selection: RoomSelection,
    /// Apply without asking
    #[arg(long)]
    pub yes: bool,
    /// In conflicts, keep yours (the data file) or theirs (the server) [default: leave them unresolved]
    #[arg(long, value_name = "SIDE")]
    pub prefer: Option<PreferredSide>,
    /// Also send affiliations; users who were removed from a room in the data file are then also removed from it on the server
    #[arg(long)]
    pub affiliations: bool,
    /// Also accept changes that remove hats from many users at once; without this option, they are held back until you decide
    #[arg(long, alias = "take-removals")]
    pub accept_removals: bool,
    #[command(flatten)]
    #[expect(missing_docs, reason = "see the type")]
    pub reason_option: AffiliationReasonOption,
    #[command(flatten)]
    #[expect(missing_docs, reason = "see the type")]
    pub common: CommonOptions,
}

/// Arguments of `follow`.
#[derive(Debug, Args)]
pub struct FollowArgs {
    #[command(flatten)]
    #[expect(missing_docs, reason = "see the type")]
    pub selection: RoomSelection,
    /// Print a JSON object for each change
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    #[expect(missing_docs, reason = "see the type")]
    pub common: CommonOptions,
}

/// A side of a conflict.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum PreferredSide {
    /// The value in the data file
    #[value(name = "yours", alias = "local")]
    Local,
    /// The value on the server
    #[value(name = "theirs", alias = "server")]
    Server,
}

impl From<PreferredSide> for Prefer {
    fn from(side: PreferredSide) -> Self {
        match side {
            PreferredSide::Local => Self::Local,
            PreferredSide::Server => Self::Server,
        }
    }
}
