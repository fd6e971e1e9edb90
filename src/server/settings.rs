//! A server of the configuration, with all that is needed to reach it.

use std::path::PathBuf;
use std::time::Duration;

use crate::model::Jid;
use crate::sync::{Affiliations, SendMode, ServerEntry, ServerKind};

/// How long an answer may take, unless the settings say otherwise.
const TIMEOUT: Duration = Duration::from_secs(10);

/// A server of the configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerSettings {
    /// What others need to know of it.
    pub entry: ServerEntry,
    /// On Prosody the only rooms that are read and changed, and `None` for all. On an XMPP account, rooms in addition to those that
    /// the server lists.
    pub rooms: Option<Vec<Jid>>,
    /// How it is reached.
    pub access: ServerAccess,
    /// How long an answer may take.
    pub timeout: Duration,
}

/// How a server is reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ServerAccess {
    /// By Prosody's admin shell.
    Prosody(ProsodyAccess),
    /// With an XMPP account.
    Xmpp(Account),
}

/// How the admin shell of Prosody is reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ProsodyAccess {
    /// By the admin socket.
    Socket(PathBuf),
    /// By standard input and output of a command that runs `prosodyctl shell --quiet`.
    Command(CommandLine),
}

/// A command of the configuration: an absolute path, its arguments, and variables in addition to a fixed few.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommandLine {
    /// The program.
    pub program: PathBuf,
    /// Its arguments.
    pub arguments: Vec<String>,
    /// Variables of its environment, as `HOME`. There are no others but `PATH`, `LC_ALL` and `TERM`, which are fixed.
    pub variables: Vec<(String, String)>,
}

impl ServerSettings {
    /// Settings that say nothing but where the rooms are and how the server is reached.
    pub fn new(name: &str, services: Vec<Jid>, access: ServerAccess) -> Self {
        Self {
            entry: ServerEntry {
                name: name.into(),
                kind: match access {
                    ServerAccess::Prosody(_) => ServerKind::Prosody,
                    ServerAccess::Xmpp(_) => ServerKind::Xmpp,
                },
                services,
                send: SendMode::default(),
                affiliations: Affiliations::default(),
            },
            rooms: None,
            access,
            timeout: TIMEOUT,
        }
    }

    /// Whether a room belongs to this server, and the configuration does not leave it out.
    pub fn links(&self, room: &Jid) -> bool {
        match self.access {
            ServerAccess::Prosody(_) => self.allows(room),
            ServerAccess::Xmpp(_) => self.entry.has(room),
        }
    }

    /// Whether the configuration names this room.
    pub fn names(&self, room: &Jid) -> bool {
        self.rooms.as_ref().is_some_and(|rooms| rooms.contains(room))
    }

    /// The XMPP account; `None` for a shell.
    pub fn account(&self) -> Option<&Jid> {
        match &self.access {
            ServerAccess::Prosody(_) => None,
            ServerAccess::Xmpp(account) => Some(&account.jid),
        }
    }

    /// Whether a room of Prosody may be read and changed.
    pub(super) fn allows(&self, room: &Jid) -> bool {
        self.entry.has(room) && self.rooms.as_ref().is_none_or(|rooms| rooms.contains(room))
    }
}

/// An XMPP account, and how its server is reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// The account's bare JID.
    pub jid: Jid,
    /// Where the password comes from.
    pub password: PasswordSource,
    /// Host (or IP address) and port; `None`: what DNS says of the account's domain.
    pub address: Option<(String, u16)>,
    /// Whether and how the connection is encrypted.
    pub tls: TlsMode,
    /// Certificates of authorities (PEM) that are trusted in addition to those of the system.
    pub ca_file: Option<PathBuf>,
}

/// Where a password comes from. It is never stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PasswordSource {
    /// The first line that a command prints.
    Command(CommandLine),
    /// Someone is asked.
    Ask,
}

/// Whether and how a connection is encrypted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum TlsMode {
    /// With STARTTLS, or not at all (RFC 6120, section 5).
    #[default]
    Required,
    /// From the first byte (XEP-0368).
    Direct,
    /// Not encrypted: to addresses of this machine only.
    None,
}
