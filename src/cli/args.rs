//! What the command line says, as clap reads it.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use super::choice::{self, Choice};
use crate::model::Affiliation;
use crate::term::{Background, ColorMode};

mod catalog;
mod complete;
mod exchange;
mod sets;

pub use catalog::{CatalogArgs, CatalogCommand, CatalogDefineArgs, CatalogListArgs, CatalogRemoveArgs};
pub use complete::{CompleteArgs, CompletionRequest};
pub use exchange::{ExportArgs, ImportArgs};
pub use sets::{SetApplyArgs, SetRemoveArgs, SetRenameArgs, SetSaveArgs, SetsArgs, SetsCommand};

/// See, give, change and take the hats of users in XMPP rooms.
///
/// Without a command the screen opens. A hat is an extra label that a user can wear in a room, such as "Teacher's
/// Assistant"; its id is a URI. Addresses are JIDs; a resource in them is left aside.
#[derive(Debug, Parser)]
#[command(name = "hatrack", version, disable_help_subcommand = true, after_help = AFTER)]
#[expect(clippy::struct_excessive_bools, reason = "each is an option of its own")]
pub struct Cli {
    /// What stands before the command.
    #[command(flatten)]
    pub common: CommonOptions,
    /// Open the screen on a sample wardrobe; nothing is written anywhere
    #[arg(long, help_heading = "Options")]
    pub demo: bool,
    /// Begin with the mouse on (it can be switched on and off at any time): selecting text then needs Shift
    #[arg(long, help_heading = "Options")]
    pub mouse: bool,
    /// Lines of words in the place of boxes, the cursor on what is selected: for screen readers
    #[arg(long, help_heading = "Options")]
    pub plain: bool,
    /// Show only ASCII [default: on a Linux console and where the locale is not UTF-8]
    #[arg(long, help_heading = "Options")]
    pub ascii: bool,
    /// How many colors [default: what the terminal's variables say]
    #[arg(long, value_name = "COLORS", alias = "colour", help_heading = "Options",
          value_parser = Choice::<ColorMode>::of(ColorMode::NAMES))]
    pub color: Option<ColorMode>,
    /// What is behind the text [default: what the terminal says]
    #[arg(long, value_name = "GROUND", help_heading = "Options",
          value_parser = Choice::<Background>::of(Background::NAMES))]
    pub background: Option<Background>,
    /// The command; without one the screen opens.
    #[command(subcommand)]
    pub command: Option<CliCommand>,
}

const AFTER: &str = "\
Examples:
  hatrack                                             open the screen
  hatrack room add courses@conference.example.org --name Courses
  hatrack affiliate courses@conference.example.org terry@example.org member
  hatrack add courses@conference.example.org terry@example.org \\
      http://example.com/hats/ta --title \"Teacher's Assistant\" --active
  hatrack show courses@conference.example.org terry@example.org --json
  hatrack history --user terry@example.org
  hatrack sets put \"on-call week\" courses@conference.example.org terry@example.org
  hatrack export --output hats.csv
  hatrack import hats.csv --dry-run
  hatrack undo

Files:
  ~/.config/hatrack/hats.json           the wardrobe; --file or HATRACK_FILE names another
  ~/.config/hatrack/hats.history.jsonl  who did what, when: beside the wardrobe
  ~/.config/hatrack/hats.lock           held while a change is written
  ~/.config/hatrack/config.toml         the screen's keys and colors; see hatrack config
  ~/.local/state/hatrack/               drafts of forms that a lost connection left open

Variables (HATRACK_*, XDG_* and TZ are not looked at with --room or --read-only):
  HATRACK_FILE      the data file
  HATRACK_ACTOR     the name that the history has for you
  XDG_CONFIG_HOME   in the place of ~/.config
  XDG_STATE_HOME    in the place of ~/.local/state
  TZ                the time zone that times are shown in
  NO_COLOR          set to anything: no colors
  TERM, COLORTERM   how many colors there are; COLORFGBG: whether the background is dark or light
  LC_ALL, LANG      with a locale that is not UTF-8 the screen is plain ASCII

Exit codes: 0 done, 1 error, 2 wrong usage, no terminal or a mistake in config.toml,
3 item not found, 4 data file unreadable, 5 conflict or locked, 128 and its number when
a signal ended the screen.";

/// Options that may stand before or after the command. After it they can only narrow what stands before.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Options for every command")]
pub struct CommonOptions {
    /// The data file; made with the first change
    #[arg(long, value_name = "FILE")]
    pub file: Option<PathBuf>,
    /// Your name in the history [default: the login name, with the address that an SSH line comes from]
    #[arg(long, value_name = "NAME")]
    pub actor: Option<String>,
    /// Add what happens below the screen to this file, a JSON object a line: to find out what went wrong
    #[arg(long, value_name = "FILE")]
    pub log: Option<PathBuf>,
    /// See and change only this room; can be given several times
    #[arg(long = "room", value_name = "ROOM")]
    pub rooms: Vec<String>,
    /// Change nothing
    #[arg(long)]
    pub read_only: bool,
}

/// The commands that need no screen.
#[derive(Debug, Subcommand)]
pub enum CliCommand {
    /// Print all rooms, one room or one user
    Show(ShowArgs),
    /// Print one user everywhere: their rooms, affiliations and hats
    User(UserArgs),
    /// Give a user a hat, exactly as told: one that is there under that id is replaced
    Add(AddArgs),
    /// Take a hat from a user
    Remove(RemoveArgs),
    /// Make a user's hats exactly those of a JSON object: all of it or nothing
    Set(SetArgs),
    /// Add, rename or remove a room
    Room(RoomArgs),
    /// Set a user's affiliation with a room; "none" removes the user with their hats
    Affiliate(AffiliateArgs),
    /// List, define or remove the hats of a room's catalog
    #[command(alias = "catalogue")]
    Catalog(CatalogArgs),
    /// List the named sets of hats; save, put on, rename or remove one
    Sets(SetsArgs),
    /// Print all rooms, one room or one user as JSON, or as a table for spreadsheets
    Export(ExportArgs),
    /// Add what is in a file: rooms, users and hats, all of it or nothing
    Import(ImportArgs),
    /// Look whether the data file and its history can be read, changing nothing
    Check(CheckArgs),
    /// Check the configuration of the screen, or print all there is to set
    Config(ConfigArgs),
    /// Print who did what, newest first
    History(HistoryArgs),
    /// Take back your last change, or the one with this number
    Undo(RevisionArgs),
    /// Put back what your last undo took, or the undo with this number
    Redo(RevisionArgs),
    /// Say what could stand next on a command line, for the shells
    #[command(hide = true)]
    Complete(CompleteArgs),
}

/// `show`
#[derive(Debug, Args)]
pub struct ShowArgs {
    /// The room's address
    pub room: Option<String>,
    /// The user's address
    pub user: Option<String>,
    /// As JSON: the whole document, the room's object, or the user's object
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    #[expect(missing_docs, reason = "see the type")]
    pub common: CommonOptions,
}

/// `user`
#[derive(Debug, Args)]
pub struct UserArgs {
    /// The user's address
    pub user: String,
    /// As JSON: an object of user objects by room address
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    #[expect(missing_docs, reason = "see the type")]
    pub common: CommonOptions,
}

/// `add`
#[derive(Debug, Args)]
pub struct AddArgs {
    /// The room's address
    pub room: String,
    /// The user's address
    pub user: String,
    /// The hat's id, a URI
    pub hat: String,
    /// The label that people read
    #[arg(long, allow_hyphen_values = true, value_parser = choice::text)]
    pub title: Option<String>,
    /// The user wears it now
    #[arg(long)]
    pub active: bool,
    /// The user cannot take it off
    #[arg(long)]
    pub required: bool,
    #[command(flatten)]
    #[expect(missing_docs, reason = "see the type")]
    pub common: CommonOptions,
}

/// `remove`
#[derive(Debug, Args)]
pub struct RemoveArgs {
    /// The room's address
    pub room: String,
    /// The user's address
    pub user: String,
    /// The hat's id
    pub hat: String,
    #[command(flatten)]
    #[expect(missing_docs, reason = "see the type")]
    pub common: CommonOptions,
}

/// `set`
#[derive(Debug, Args)]
pub struct SetArgs {
    /// The room's address
    pub room: String,
    /// The user's address
    pub user: String,
    /// A JSON object of hats by id, or a user object with "hats"; "-" is standard input
    #[arg(value_name = "FILE", default_value = "-")]
    pub from: PathBuf,
    #[command(flatten)]
    #[expect(missing_docs, reason = "see the type")]
    pub common: CommonOptions,
}

/// `room`
#[derive(Debug, Args)]
#[command(disable_help_subcommand = true, arg_required_else_help = false)]
pub struct RoomArgs {
    /// Which of them.
    #[command(subcommand)]
    pub command: RoomCommand,
    #[command(flatten)]
    #[expect(missing_docs, reason = "see the type")]
    pub common: CommonOptions,
}

/// `room add`, `room rename` and `room remove`
#[derive(Debug, Subcommand)]
pub enum RoomCommand {
    /// Add a room without users
    Add(RoomAddArgs),
    /// Give a room another name, or with --clear none
    Rename(RoomRenameArgs),
    /// Remove a room with its users and their hats
    Remove(RoomRemoveArgs),
}

/// `room add`
#[derive(Debug, Args)]
pub struct RoomAddArgs {
    /// The room's address
    pub room: String,
    /// What people call it
    #[arg(long, allow_hyphen_values = true, value_parser = choice::text)]
    pub name: Option<String>,
    #[command(flatten)]
    #[expect(missing_docs, reason = "see the type")]
    pub common: CommonOptions,
}

/// `room rename`
#[derive(Debug, Args)]
pub struct RoomRenameArgs {
    /// The room's address
    pub room: String,
    /// What people call it from now on
    #[arg(required_unless_present = "clear", allow_hyphen_values = true, value_parser = choice::text)]
    pub name: Option<String>,
    /// Take its name away
    #[arg(long, conflicts_with = "name")]
    pub clear: bool,
    #[command(flatten)]
    #[expect(missing_docs, reason = "see the type")]
    pub common: CommonOptions,
}

/// `room remove`
#[derive(Debug, Args)]
pub struct RoomRemoveArgs {
    /// The room's address
    pub room: String,
    #[command(flatten)]
    #[expect(missing_docs, reason = "see the type")]
    pub common: CommonOptions,
}

/// `affiliate`
#[derive(Debug, Args)]
pub struct AffiliateArgs {
    /// The room's address
    pub room: String,
    /// The user's address
    pub user: String,
    /// The standing relation with the room
    #[arg(value_enum)]
    pub affiliation: AffiliationName,
    #[command(flatten)]
    #[expect(missing_docs, reason = "see the type")]
    pub common: CommonOptions,
}

/// An affiliation as it is typed.
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

/// `check`
#[derive(Debug, Args)]
pub struct CheckArgs {
    /// Another file than the data file; "-" is standard input
    #[arg(value_name = "FILE")]
    pub other: Option<PathBuf>,
    /// Keep every line of the history that can be read; the damaged ones go into a file beside it
    #[arg(long)]
    pub repair: bool,
    #[command(flatten)]
    #[expect(missing_docs, reason = "see the type")]
    pub common: CommonOptions,
}

/// `config`
#[derive(Debug, Args)]
#[command(group(clap::ArgGroup::new("what").required(true)))]
pub struct ConfigArgs {
    /// Print the configuration as it comes, with all there is to set
    #[arg(long, group = "what")]
    pub print_default: bool,
    /// Look whether the configuration, or another file ("-" is standard input), can be read
    #[arg(long, group = "what", value_name = "FILE")]
    pub check: Option<Option<PathBuf>>,
    #[command(flatten)]
    #[expect(missing_docs, reason = "see the type")]
    pub common: CommonOptions,
}

/// `history`
#[derive(Debug, Args)]
pub struct HistoryArgs {
    /// As a JSON array of entries
    #[arg(long)]
    pub json: bool,
    /// Only what touches this room
    #[arg(long = "in", value_name = "ROOM")]
    pub room: Option<String>,
    /// Only what touches this user
    #[arg(long)]
    pub user: Option<String>,
    /// Only what touches the hat with this id
    #[arg(long)]
    pub hat: Option<String>,
    /// Only what was done by somebody whose name has this in it
    #[arg(long, value_name = "NAME")]
    pub by: Option<String>,
    /// At most so many entries [default: 100, with --json all]
    #[arg(long, value_name = "N", value_parser = choice::limit)]
    pub limit: Option<usize>,
    /// Forget for good what was done before a day (2026-01-31) or a moment (2026-01-31T12:00:00Z)
    #[arg(long, value_name = "BEFORE", conflicts_with_all = ["json", "room", "user", "hat", "by", "limit"])]
    pub forget: Option<String>,
    #[command(flatten)]
    #[expect(missing_docs, reason = "see the type")]
    pub common: CommonOptions,
}

/// `undo` and `redo`
#[derive(Debug, Args)]
pub struct RevisionArgs {
    /// Its number in the history
    #[arg(value_parser = choice::revision)]
    pub revision: Option<u64>,
    #[command(flatten)]
    #[expect(missing_docs, reason = "see the type")]
    pub common: CommonOptions,
}

impl CliCommand {
    /// The options after the command, outermost first.
    pub(super) fn commons(&self) -> Vec<&CommonOptions> {
        match self {
            Self::Show(args) => vec![&args.common],
            Self::User(args) => vec![&args.common],
            Self::Add(args) => vec![&args.common],
            Self::Remove(args) => vec![&args.common],
            Self::Set(args) => vec![&args.common],
            Self::Room(args) => match &args.command {
                RoomCommand::Add(inner) => vec![&args.common, &inner.common],
                RoomCommand::Rename(inner) => vec![&args.common, &inner.common],
                RoomCommand::Remove(inner) => vec![&args.common, &inner.common],
            },
            Self::Affiliate(args) => vec![&args.common],
            Self::Catalog(args) => match &args.command {
                CatalogCommand::List(inner) => vec![&args.common, &inner.common],
                CatalogCommand::Define(inner) => vec![&args.common, &inner.common],
                CatalogCommand::Remove(inner) => vec![&args.common, &inner.common],
            },
            Self::Sets(args) => match &args.command {
                None => vec![&args.common],
                Some(SetsCommand::Save(inner)) => vec![&args.common, &inner.common],
                Some(SetsCommand::Put(inner)) => vec![&args.common, &inner.common],
                Some(SetsCommand::Rename(inner)) => vec![&args.common, &inner.common],
                Some(SetsCommand::Remove(inner)) => vec![&args.common, &inner.common],
            },
            Self::Export(args) => vec![&args.common],
            Self::Import(args) => vec![&args.common],
            Self::Check(args) => vec![&args.common],
            Self::Config(args) => vec![&args.common],
            Self::History(args) => vec![&args.common],
            Self::Complete(args) => vec![&args.common],
            Self::Undo(args) | Self::Redo(args) => vec![&args.common],
        }
    }
}
