//! The arguments of `servers`.

use clap::{Args, Subcommand, ValueEnum};

use super::CommonOptions;

/// Arguments of `servers`.
#[derive(Debug, Args)]
#[command(disable_help_subcommand = true)]
pub struct ServersArgs {
    /// Print a JSON array of servers
    #[arg(long)]
    pub json: bool,
    /// The subcommand; `None` lists the servers.
    #[command(subcommand)]
    pub command: Option<ServersCommand>,
    #[command(flatten)]
    #[expect(missing_docs, reason = "see the type")]
    pub common: CommonOptions,
}

/// The subcommands of `servers`.
#[derive(Debug, Subcommand)]
pub enum ServersCommand {
    /// Check the connection to one server or to all, and report the version, permissions, rooms and problems
    Check(ServerCheckArgs),
    /// Print an example configuration section for a server
    Example(ServerExampleArgs),
}

/// Arguments of `servers check`.
#[derive(Debug, Args)]
pub struct ServerCheckArgs {
    /// Name of the server [default: all servers]
    #[arg(value_name = "NAME")]
    pub server: Option<String>,
    /// Print a JSON array of reports
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    #[expect(missing_docs, reason = "see the type")]
    pub common: CommonOptions,
}

/// Arguments of `servers example`.
#[derive(Debug, Args)]
pub struct ServerExampleArgs {
    /// How to connect to the server
    #[arg(value_enum)]
    pub kind: ExampleKind,
    #[command(flatten)]
    #[expect(missing_docs, reason = "see the type")]
    pub common: CommonOptions,
}

/// The kind of server for which an example is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ExampleKind {
    /// Prosody, through its admin shell
    Prosody,
    /// ejabberd, with an XMPP account
    Xmpp,
}
