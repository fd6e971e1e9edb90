//! What the command line says, as clap reads it.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use super::choice::{self, Choice};
use crate::model::Affiliation;
use crate::term::{Background, Colours};

mod catalogue;
mod complete;
mod exchange;
mod sets;

pub use catalogue::{CatalogueArgs, CatalogueCommand, CatalogueDefine, CatalogueList, CatalogueRemove};
pub use complete::{Complete, HowComplete};
pub use exchange::{Export, Import};
pub use sets::{SetPut, SetRemove, SetRename, SetSave, SetsArgs, SetsCommand};

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
    pub common: Common,
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
    /// How many colours [default: what the terminal's variables say]
    #[arg(long, value_name = "COLOURS", alias = "colour", help_heading = "Options",
          value_parser = Choice::<Colours>::of(Colours::NAMES))]
    pub color: Option<Colours>,
    /// What is behind the text [default: what the terminal says]
    #[arg(long, value_name = "GROUND", help_heading = "Options",
          value_parser = Choice::<Background>::of(Background::NAMES))]
    pub background: Option<Background>,
    /// The command; without one the screen opens.
    #[command(subcommand)]
    pub command: Option<Command>,
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
  ~/.config/hatrack/config.toml         the screen's keys and colours; see hatrack config
  ~/.local/state/hatrack/               drafts of forms that a lost connection left open

Variables (HATRACK_*, XDG_* and TZ are not looked at with --room or --read-only):
  HATRACK_FILE      the data file
  HATRACK_ACTOR     the name that the history has for you
  XDG_CONFIG_HOME   in the place of ~/.config
  XDG_STATE_HOME    in the place of ~/.local/state
  TZ                the time zone that times are shown in
  NO_COLOR          set to anything: no colours
  TERM, COLORTERM   how many colours there are; COLORFGBG: whether the background is dark or light
  LC_ALL, LANG      with a locale that is not UTF-8 the screen is plain ASCII

Exit codes: 0 done, 1 error, 2 wrong usage, no terminal or a mistake in config.toml,
3 item not found, 4 data file unreadable, 5 conflict or locked, 128 and its number when
a signal ended the screen.";

/// Options that may stand before or after the command. After it they can only narrow what stands before.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Options for every command")]
pub struct Common {
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
pub enum Command {
    /// Print all rooms, one room or one user
    Show(Show),
    /// Print one user everywhere: their rooms, affiliations and hats
    User(ShowUser),
    /// Give a user a hat, exactly as told: one that is there under that id is replaced
    Add(Add),
    /// Take a hat from a user
    Remove(Remove),
    /// Make a user's hats exactly those of a JSON object: all of it or nothing
    Set(Set),
    /// Add, rename or remove a room
    Room(RoomArgs),
    /// Set a user's affiliation with a room; "none" removes the user with their hats
    Affiliate(Affiliate),
    /// List, define or remove the hats of a room's catalogue
    Catalogue(CatalogueArgs),
    /// List the named sets of hats; save, put on, rename or remove one
    Sets(SetsArgs),
    /// Print all rooms, one room or one user as JSON, or as a table for spreadsheets
    Export(Export),
    /// Add what is in a file: rooms, users and hats, all of it or nothing
    Import(Import),
    /// Look whether the data file and its history can be read, changing nothing
    Check(Check),
    /// Check the configuration of the screen, or print all there is to set
    Config(ConfigArgs),
    /// Print who did what, newest first
    History(History),
    /// Take back your last change, or the one with this number
    Undo(Revision),
    /// Put back what your last undo took, or the undo with this number
    Redo(Revision),
    /// Say what could stand next on a command line, for the shells
    #[command(hide = true)]
    Complete(Complete),
}

/// `show`
#[derive(Debug, Args)]
pub struct Show {
    /// The room's address
    pub room: Option<String>,
    /// The user's address
    pub user: Option<String>,
    /// As JSON: the whole document, the room's object, or the user's object
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    #[expect(missing_docs, reason = "see the type")]
    pub common: Common,
}

/// `user`
#[derive(Debug, Args)]
pub struct ShowUser {
    /// The user's address
    pub user: String,
    /// As JSON: an object of user objects by room address
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    #[expect(missing_docs, reason = "see the type")]
    pub common: Common,
}

/// `add`
#[derive(Debug, Args)]
pub struct Add {
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
    pub common: Common,
}

/// `remove`
#[derive(Debug, Args)]
pub struct Remove {
    /// The room's address
    pub room: String,
    /// The user's address
    pub user: String,
    /// The hat's id
    pub hat: String,
    #[command(flatten)]
    #[expect(missing_docs, reason = "see the type")]
    pub common: Common,
}

/// `set`
#[derive(Debug, Args)]
pub struct Set {
    /// The room's address
    pub room: String,
    /// The user's address
    pub user: String,
    /// A JSON object of hats by id, or a user object with "hats"; "-" is standard input
    #[arg(value_name = "FILE", default_value = "-")]
    pub from: PathBuf,
    #[command(flatten)]
    #[expect(missing_docs, reason = "see the type")]
    pub common: Common,
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
    pub common: Common,
}

/// `room add`, `room rename` and `room remove`
#[derive(Debug, Subcommand)]
pub enum RoomCommand {
    /// Add a room without users
    Add(RoomAdd),
    /// Give a room another name, or with --clear none
    Rename(RoomRename),
    /// Remove a room with its users and their hats
    Remove(RoomRemove),
}

/// `room add`
#[derive(Debug, Args)]
pub struct RoomAdd {
    /// The room's address
    pub room: String,
    /// What people call it
    #[arg(long, allow_hyphen_values = true, value_parser = choice::text)]
    pub name: Option<String>,
    #[command(flatten)]
    #[expect(missing_docs, reason = "see the type")]
    pub common: Common,
}

/// `room rename`
#[derive(Debug, Args)]
pub struct RoomRename {
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
    pub common: Common,
}

/// `room remove`
#[derive(Debug, Args)]
pub struct RoomRemove {
    /// The room's address
    pub room: String,
    #[command(flatten)]
    #[expect(missing_docs, reason = "see the type")]
    pub common: Common,
}

/// `affiliate`
#[derive(Debug, Args)]
pub struct Affiliate {
    /// The room's address
    pub room: String,
    /// The user's address
    pub user: String,
    /// The standing relation with the room
    #[arg(value_enum)]
    pub affiliation: AffiliationName,
    #[command(flatten)]
    #[expect(missing_docs, reason = "see the type")]
    pub common: Common,
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
pub struct Check {
    /// Another file than the data file; "-" is standard input
    #[arg(value_name = "FILE")]
    pub other: Option<PathBuf>,
    /// Keep every line of the history that can be read; the damaged ones go into a file beside it
    #[arg(long)]
    pub repair: bool,
    #[command(flatten)]
    #[expect(missing_docs, reason = "see the type")]
    pub common: Common,
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
    pub common: Common,
}

/// `history`
#[derive(Debug, Args)]
pub struct History {
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
    pub common: Common,
}

/// `undo` and `redo`
#[derive(Debug, Args)]
pub struct Revision {
    /// Its number in the history
    #[arg(value_parser = choice::revision)]
    pub revision: Option<u64>,
    #[command(flatten)]
    #[expect(missing_docs, reason = "see the type")]
    pub common: Common,
}

impl Command {
    /// The options after the command, outermost first.
    pub(super) fn commons(&self) -> Vec<&Common> {
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
            Self::Catalogue(args) => match &args.command {
                CatalogueCommand::List(inner) => vec![&args.common, &inner.common],
                CatalogueCommand::Define(inner) => vec![&args.common, &inner.common],
                CatalogueCommand::Remove(inner) => vec![&args.common, &inner.common],
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
