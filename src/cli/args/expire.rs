//! The arguments of `expire`.

use clap::Args;

use super::CommonOptions;

/// Arguments of `expire`.
#[derive(Debug, Args)]
pub struct ExpireArgs {
    /// Show which hats would be removed, without changing anything
    #[arg(long)]
    pub dry_run: bool,
    /// Do not ask for confirmation. Without this option, hatrack asks first when more than 20 users would lose hats
    /// that expired more than a day ago: the clock may be wrong
    #[arg(long)]
    pub yes: bool,
    #[command(flatten)]
    #[expect(missing_docs, reason = "see the type")]
    pub common: CommonOptions,
}
