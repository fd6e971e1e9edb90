//! The settings of a server in the configuration, with everything that is needed to connect to the server.

use std::path::PathBuf;
use std::time::Duration;

use crate::model::Jid;
use crate::sync::{Affiliations, SendMode, ServerEntry, ServerKind};

/// Maximum time until an answer, unless the configuration says otherwise.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(10);

/// A server of the configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerSettings {
    /// The settings that plans and screens need.
    pub entry: ServerEntry,
    /// With Prosody: the only rooms that are read and changed; `None`: all. With an XMPP account: rooms in addition to
    /// those that the server lists.
    pub rooms: Option<Vec<Jid>>,
    /// The access to the server.
    pub access: ServerAccess,
    /// Maximum time until an answer.
    pub timeout: Duration,
}

/// The access of hatrack to a server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ServerAccess {
    /// Through Prosody's admin shell.
    Prosody(ProsodyAccess),
    /// With an XMPP account.
    Xmpp(Account),
}

/// The access of hatrack to the admin shell of Prosody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ProsodyAccess {
    /// Through the admin socket.
    Socket(PathBuf),
    /// Through standard input and output of a command that runs `prosodyctl shell --quiet`.
    Command(CommandLine),
}

/// A command of the configuration: an absolute path, arguments and environment variables.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommandLine {
    /// The program.
    pub program: PathBuf,
    /// The arguments.
    pub arguments: Vec<String>,
    /// Environment variables, such as `HOME`. In addition, the command gets only `PATH`, `LC_ALL` and `TERM`, whose values are
    /// fixed.
    pub variables: Vec<(String, String)>,
}

impl ServerSettings {
    /// Creates settings with defaults for everything except the name, the services and the access.
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
            timeout: DEFAULT_TIMEOUT,
        }
    }

    /// Whether a room belongs to this server and, with Prosody, to the configured rooms if there are any.
    pub fn is_linked(&self, room: &Jid) -> bool {
        match self.access {
            ServerAccess::Prosody(_) => self.allows(room),
            ServerAccess::Xmpp(_) => self.entry.owns(room),
        }
    }

    /// Whether the configuration names this room.
    pub fn is_configured(&self, room: &Jid) -> bool {
        self.rooms.as_ref().is_some_and(|rooms| rooms.contains(room))
    }

    /// The address of the XMPP account; `None` for Prosody's admin shell.
    pub fn account(&self) -> Option<&Jid> {
        match &self.access {
            ServerAccess::Prosody(_) => None,
            ServerAccess::Xmpp(account) => Some(&account.jid),
        }
    }

    /// Whether a room of Prosody may be read and changed: it belongs to the server and, if rooms are configured, is one of them.
    pub(super) fn allows(&self, room: &Jid) -> bool {
        self.entry.owns(room) && self.rooms.as_ref().is_none_or(|rooms| rooms.contains(room))
    }
}

/// An XMPP account, and the settings for the connection to its server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// The account's bare JID.
    pub jid: Jid,
    /// The source of the password.
    pub password: PasswordSource,
    /// Host (or IP address) and port; `None`: those that DNS has for the account's domain.
    pub address: Option<(String, u16)>,
    /// Whether and how the connection is encrypted.
    pub tls: TlsMode,
    /// A file with certificates (PEM) that are trusted in addition to the authorities of the system.
    pub ca_file: Option<PathBuf>,
}

/// The source of a password. A password is never stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PasswordSource {
    /// The first line that a command prints.
    Command(CommandLine),
    /// The user enters it.
    Ask,
}

/// Whether and how a connection is encrypted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum TlsMode {
    /// With STARTTLS (RFC 6120, section 5). If the server does not offer STARTTLS, the connection fails.
    #[default]
    Required,
    /// From the first byte (XEP-0368).
    Direct,
    /// Not encrypted. Allowed only for addresses of this machine.
    None,
}
