//! The definition of the command line for clap.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use super::value_parsers::{self, NamedValueParser};
use crate::model::Affiliation;
use crate::term::{Background, ColorMode};

mod catalog;
mod common_options;
mod complete;
mod exchange;
mod expire;
mod history;
mod live;
mod reason;
mod servers;
mod sets;

pub use catalog::{CatalogArgs, CatalogCommand, CatalogDefineArgs, CatalogListArgs, CatalogRemoveArgs};
pub use complete::{CompleteArgs, CompletionRequest};
pub use exchange::{ExportArgs, ImportArgs};
pub use expire::ExpireArgs;
pub use history::{HistoryArgs, RedoArgs, UndoArgs};
pub use live::{ApplyArgs, FollowArgs, PlanArgs, PreferredSide, PullArgs, RoomSelection};
pub use reason::{AffiliationReasonOption, ReasonOption};
pub use servers::{ExampleKind, ServerCheckArgs, ServerExampleArgs, ServersArgs, ServersCommand};
pub use sets::{SetApplyArgs, SetRemoveArgs, SetRenameArgs, SetSaveArgs, SetsArgs, SetsCommand};

/// Manage the hats of users in XMPP rooms.
///
/// Without a command, hatrack opens the interactive screen. A hat is an extra label for a user in a room, such as "Teacher's
/// Assistant" (XEP-0317); its ID is a URI. Rooms and users are given by their addresses (JIDs); a resource
/// (the part after a slash) is ignored. Changes to rooms on a configured server are sent to that server as soon as they are saved.
#[derive(Debug, Parser)]
#[command(name = "hatrack", version, after_help = AFTER_HELP)]
#[expect(clippy::struct_excessive_bools, reason = "each is a separate option")]
pub struct Cli {
    /// Open the interactive screen with sample data; nothing is saved
    #[arg(long)]
    pub demo: bool,
    /// Start with mouse support on (hold Shift to select text)
    #[arg(long)]
    pub mouse: bool,
    /// Show plain text instead of boxes, for screen readers
    #[arg(long)]
    pub plain: bool,
    /// Use ASCII only (automatic on a Linux console or without a UTF-8 locale)
    #[arg(long)]
    pub ascii: bool,
    /// When to use colors, and how many [default: detected from the environment]
    #[arg(long, value_name = "COLORS", alias = "colour",
          value_parser = NamedValueParser::<ColorMode>::new(ColorMode::NAMES))]
    pub color: Option<ColorMode>,
    /// Background of the terminal [default: detected]
    #[arg(long, value_name = "BACKGROUND",
          value_parser = NamedValueParser::<Background>::new(Background::NAMES))]
    pub background: Option<Background>,
    /// Options before the command.
    #[command(flatten)]
    pub common: CommonOptions,
    /// The command; `None` opens the screen.
    #[command(subcommand)]
    pub command: Option<CliCommand>,
}

const AFTER_HELP: &str = "\
Examples:
  hatrack                                             open the interactive screen
  hatrack room add courses@conference.example.org --name Courses
  hatrack affiliate courses@conference.example.org terry@example.org member
  hatrack add courses@conference.example.org terry@example.org \\
      http://example.com/hats/ta --title \"Teacher's Assistant\" --active
  hatrack show courses@conference.example.org terry@example.org --json
  hatrack history --user terry@example.org
  hatrack sets apply \"on-call week\" courses@conference.example.org terry@example.org
  hatrack export --output hats.csv
  hatrack import hats.csv --dry-run
  hatrack undo

Files:
  ~/.config/hatrack/hats.json           the data file; --file or HATRACK_FILE selects another
  ~/.config/hatrack/hats.history.jsonl  the history of all changes
  ~/.config/hatrack/hats.lock           locked while a change is being saved
  ~/.config/hatrack/config.toml         key bindings, colors and servers; see hatrack config
  /etc/hatrack/config.toml              the same settings, for all users of the machine
  ~/.local/state/hatrack/               drafts of unsaved changes

Environment variables (HATRACK_*, XDG_* and TZ are ignored with --room, --only-hat,
--no-affiliations or --read-only):
  HATRACK_FILE      the data file
  HATRACK_ACTOR     your name in the history
  XDG_CONFIG_HOME   replaces ~/.config
  XDG_STATE_HOME    replaces ~/.local/state
  TZ                the time zone of displayed times
  NO_COLOR          any value turns colors off
  TERM, COLORTERM   the number of colors
  COLORFGBG         dark or light background
  LC_ALL, LC_CTYPE, LANG
                    without a UTF-8 locale, the screen uses ASCII only

Exit codes:
  0      success, or \"follow\" ended by SIGTERM
  1      error
  2      usage error, invalid input, no terminal, or invalid config.toml
  3      item not found
  4      data file unreadable
  5      conflict or locked file; with \"plan\", \"pull\" or \"apply\": a conflict or held-back removal
         needs your decision; with \"expire\": nothing was removed, because more than 20 users would
         lose hats that expired more than a day ago (see --yes)
  6      differences found by \"plan\", or left because \"apply\" was canceled
  7      saved, but not sent to the server
  128+n  ended by signal n (130: Ctrl-C)";

/// Options accepted before and after the command. Those after it never override or widen those before it.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Global options")]
pub struct CommonOptions {
    /// Data file; created when you make the first change
    #[arg(long, value_name = "FILE")]
    pub file: Option<PathBuf>,
    /// Name recorded in the history [default: your login name; over SSH, the client address is added]
    #[arg(long, value_name = "NAME")]
    pub actor: Option<String>,
    /// Configuration file, instead of ~/.config/hatrack/config.toml
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Append a debug log to this file, one JSON object per line
    #[arg(long, value_name = "FILE")]
    pub log: Option<PathBuf>,
    /// Restrict the session to this room; can be repeated
    #[arg(long = "room", value_name = "ROOM")]
    pub rooms: Vec<String>,
    /// Allow changes to this hat only; can be repeated
    #[arg(long = "only-hat", value_name = "URI")]
    pub only_hats: Vec<String>,
    /// Restrict the session: affiliations cannot be changed, and users cannot be added or removed
    #[arg(long)]
    pub no_affiliations: bool,
    /// Open the data file read-only
    #[arg(long)]
    pub read_only: bool,
    /// Save changes without sending them to servers; send them later with "hatrack apply"
    #[arg(long)]
    pub no_send: bool,
}

/// The commands; none of them opens the screen.
#[derive(Debug, Subcommand)]
pub enum CliCommand {
    /// Print all rooms, one room or one user
    Show(ShowArgs),
    /// Print a user's affiliations and hats in all rooms
    User(UserArgs),
    /// Add a hat to a user; if the user already has it, replace it
    ///
    /// A hat that the user already has is replaced as a whole. Without --active, it becomes inactive; without --required, it
    /// becomes optional; without --expires, it no longer expires. Without --title, the title stored for this user is removed
    /// if you name the hat by its ID, and kept if you name it by its title. To change only part of a hat, edit the output of
    /// "hatrack show ROOM USER --json" and pass it to "hatrack set ROOM USER".
    Add(AddArgs),
    /// Remove a hat from a user
    Remove(RemoveArgs),
    /// Remove expired hats (see add --expires); not needed while the interactive screen is open or "follow" is running
    Expire(ExpireArgs),
    /// Replace a user's hats with those in a JSON object (for hat sets, see hatrack sets apply)
    Set(SetArgs),
    /// Add, rename or remove a room in the data file (rooms on servers stay as they are)
    Room(RoomArgs),
    /// Set a user's affiliation; setting it to none removes the user and their hats from the room
    ///
    /// For a room on a configured server, this is only possible if that server has affiliations = "manage" in config.toml;
    /// the affiliation is then changed on the server, too.
    Affiliate(AffiliateArgs),
    /// List, define or remove hats in a room's catalog
    #[command(alias = "catalogue")]
    Catalog(CatalogArgs),
    /// List, save, apply, rename or remove hat sets [default: list]
    Sets(SetsArgs),
    /// Export all rooms, one room or one user as JSON or CSV
    Export(ExportArgs),
    /// Import rooms, users and hats from JSON or CSV
    Import(ImportArgs),
    /// List the configured servers and their states, or check them [default: list]
    Servers(ServersArgs),
    /// Receive changes from the servers
    Pull(PullArgs),
    /// Show the differences between the data file and the servers
    Plan(PlanArgs),
    /// Send changes to the servers and receive changes from them; asks first
    Apply(ApplyArgs),
    /// Receive changes from the servers as they happen, until stopped
    Follow(FollowArgs),
    /// Check the data file and its history
    Check(CheckArgs),
    /// Check the configuration, or print the default configuration
    Config(ConfigArgs),
    /// Print the history, newest first
    History(HistoryArgs),
    /// Undo your last change, or the given one
    Undo(UndoArgs),
    /// Redo the change reverted by your last undo, or by the given one
    Redo(RedoArgs),
    /// Print completions for a command line
    #[command(hide = true)]
    Complete(CompleteArgs),
}

/// Arguments of `show`.
#[derive(Debug, Args)]
pub struct ShowArgs {
    /// The room's address
    pub room: Option<String>,
    /// The user's address
    pub user: Option<String>,
    /// Print only hats that expire by this time or within this period, such as Sunday, 2027-01-31 or 7d; soonest first
    #[arg(long, alias = "ending", value_name = "TIME")]
    pub expires_by: Option<String>,
    /// Print JSON: the whole data file, the room object or the user object
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    #[expect(missing_docs, reason = "see the type")]
    pub common: CommonOptions,
}

/// Arguments of `user`.
#[derive(Debug, Args)]
pub struct UserArgs {
    /// The user's address
    pub user: String,
    /// Print a JSON object: the user object from each room, keyed by room address
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    #[expect(missing_docs, reason = "see the type")]
    pub common: CommonOptions,
}

/// Arguments of `add`.
#[derive(Debug, Args)]
pub struct AddArgs {
    /// The room's address
    pub room: String,
    /// The user's address
    pub user: String,
    /// The hat's ID (a URI), or the title of an existing hat
    pub hat: String,
    /// Title of the hat
    #[arg(long, allow_hyphen_values = true, value_parser = value_parsers::text)]
    pub title: Option<String>,
    /// Make the hat active (shown in chat) [default: inactive]
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true", hide_possible_values = true)]
    pub active: Option<bool>,
    /// Make the hat required (the user cannot remove it) [default: optional]
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true", hide_possible_values = true)]
    pub required: Option<bool>,
    /// When the hat expires, such as Sunday, "2 weeks", 2027-01-31, "31 January" or "2027-01-31 18:00"
    #[arg(long, alias = "until", value_name = "TIME")]
    pub expires: Option<String>,
    #[command(flatten)]
    #[expect(missing_docs, reason = "see the type")]
    pub reason_option: ReasonOption,
    #[command(flatten)]
    #[expect(missing_docs, reason = "see the type")]
    pub common: CommonOptions,
}

/// Arguments of `remove`.
#[derive(Debug, Args)]
pub struct RemoveArgs {
    /// The room's address
    pub room: String,
    /// The user's address
    pub user: String,
    /// The hat's title or ID
    pub hat: String,
    #[command(flatten)]
    #[expect(missing_docs, reason = "see the type")]
    pub reason_option: ReasonOption,
    #[command(flatten)]
    #[expect(missing_docs, reason = "see the type")]
    pub common: CommonOptions,
}

/// Arguments of `set`.
#[derive(Debug, Args)]
pub struct SetArgs {
    /// The room's address
    pub room: String,
    /// The user's address
    pub user: String,
    /// JSON object whose keys are hat IDs, or a user object with "hats"; "-" is standard input
    #[arg(value_name = "FILE", default_value = "-")]
    pub from: PathBuf,
    #[command(flatten)]
    #[expect(missing_docs, reason = "see the type")]
    pub reason_option: ReasonOption,
    #[command(flatten)]
    #[expect(missing_docs, reason = "see the type")]
    pub common: CommonOptions,
}

/// Arguments of `room`.
#[derive(Debug, Args)]
#[command(disable_help_subcommand = true, arg_required_else_help = false)]
pub struct RoomArgs {
    /// The subcommand.
    #[command(subcommand)]
    pub command: RoomCommand,
    #[command(flatten)]
    #[expect(missing_docs, reason = "see the type")]
    pub common: CommonOptions,
}

/// The subcommands of `room`.
#[derive(Debug, Subcommand)]
pub enum RoomCommand {
    /// Add a room to the data file
    Add(RoomAddArgs),
    /// Rename a room in the data file, or clear its name
    Rename(RoomRenameArgs),
    /// Remove a room, including its users and their hats, from the data file; nothing is changed on the server
    Remove(RoomRemoveArgs),
}

/// Arguments of `room add`.
#[derive(Debug, Args)]
pub struct RoomAddArgs {
    /// The room's address
    pub room: String,
    /// Name of the room
    #[arg(long, allow_hyphen_values = true, value_parser = value_parsers::text)]
    pub name: Option<String>,
    #[command(flatten)]
    #[expect(missing_docs, reason = "see the type")]
    pub reason_option: ReasonOption,
    #[command(flatten)]
    #[expect(missing_docs, reason = "see the type")]
    pub common: CommonOptions,
}

/// Arguments of `room rename`.
#[derive(Debug, Args)]
pub struct RoomRenameArgs {
    /// The room's address
    pub room: String,
    /// New name
    #[arg(allow_hyphen_values = true, value_parser = value_parsers::text)]
    pub name: Option<String>,
    /// Remove the name
    #[arg(long, conflicts_with = "name")]
    pub clear: bool,
    #[command(flatten)]
    #[expect(missing_docs, reason = "see the type")]
    pub reason_option: ReasonOption,
    #[command(flatten)]
    #[expect(missing_docs, reason = "see the type")]
    pub common: CommonOptions,
}

/// Arguments of `room remove`.
#[derive(Debug, Args)]
pub struct RoomRemoveArgs {
    /// The room's address
    pub room: String,
    #[command(flatten)]
    #[expect(missing_docs, reason = "see the type")]
    pub reason_option: ReasonOption,
    #[command(flatten)]
    #[expect(missing_docs, reason = "see the type")]
    pub common: CommonOptions,
}

/// Arguments of `affiliate`.
#[derive(Debug, Args)]
pub struct AffiliateArgs {
    /// The room's address
    pub room: String,
    /// The user's address
    pub user: String,
    /// The user's affiliation with the room; outcast bans the user
    #[arg(value_enum)]
    pub affiliation: AffiliationName,
    #[command(flatten)]
    #[expect(missing_docs, reason = "see the type")]
    pub reason_option: AffiliationReasonOption,
    #[command(flatten)]
    #[expect(missing_docs, reason = "see the type")]
    pub common: CommonOptions,
}

/// An affiliation as a command line argument.
#[derive(Debug, Clone, Copy, ValueEnum)]
#[expect(missing_docs, reason = "the names are those of the model's type")]
pub enum AffiliationName {
    Owner,
    Admin,
    Member,
    Outcast,
    None,
}

impl From<AffiliationName> for Affiliation {
    fn from(name: AffiliationName) -> Self {
        match name {
            AffiliationName::Owner => Self::Owner,
            AffiliationName::Admin => Self::Admin,
            AffiliationName::Member => Self::Member,
            AffiliationName::Outcast => Self::Outcast,
            AffiliationName::None => Self::None,
        }
    }
}

/// Arguments of `check`.
#[derive(Debug, Args)]
pub struct CheckArgs {
    /// Check this file instead of the data file; "-" is standard input
    #[arg(value_name = "FILE")]
    pub path: Option<PathBuf>,
    /// Move damaged history lines to a separate file
    #[arg(long)]
    pub repair: bool,
    #[command(flatten)]
    #[expect(missing_docs, reason = "see the type")]
    pub common: CommonOptions,
}

/// Arguments of `config`.
#[derive(Debug, Args)]
#[command(group(clap::ArgGroup::new("action").required(true)))]
pub struct ConfigArgs {
    /// Print the default configuration with all settings
    #[arg(long, group = "action")]
    pub print_default: bool,
    /// Check the configuration, or the given file ("-" is standard input)
    #[arg(long, group = "action", value_name = "FILE")]
    pub check: Option<Option<PathBuf>>,
    #[command(flatten)]
    #[expect(missing_docs, reason = "see the type")]
    pub common: CommonOptions,
}
