//! Remembers a refused login for all sessions of an account on this machine: otherwise, a command that runs every
//! minute with a wrong password could make the server block the XMPP account.
//!
//! A refusal counts until someone acts, by checking the server, by reconnecting on the screen, or by changing the settings
//! of the XMPP account in the configuration. Typing a password is such an act, too, so only logins with a password command
//! are remembered.

use std::path::Path;
use std::sync::Arc;

#[cfg(feature = "live")]
use jiff::Timestamp;
use sha2::{Digest as _, Sha256};

use super::files::hex;
use super::settings::{PasswordSource, ServerAccess, ServerSettings};
use crate::store::SideFolder;

/// Maximum size of a document, in bytes.
const MAX_BYTES: usize = 4096;

/// The document for the refused login of one XMPP account of the configuration.
#[derive(Debug, Clone)]
pub(super) struct RefusedLogin {
    folder: SideFolder,
    /// The name of the document: a hash of the server's name and the settings of its XMPP account, so that a login with
    /// changed settings is tried.
    name: String,
    server: Arc<str>,
}

impl RefusedLogin {
    /// Creates the document for a server. Returns `None` if there is no state folder, or the server has no XMPP account with a
    /// password command.
    pub(super) fn of(settings: &ServerSettings, state_dir: Option<&Path>) -> Option<Self> {
        let ServerAccess::Xmpp(account) = &settings.access else {
            return None;
        };
        if account.password == PasswordSource::Ask {
            return None;
        }
        let server = settings.entry.name.clone();
        let mut hash = Sha256::new();
        hash.update(format!("{server} {account:?}"));
        Some(Self {
            folder: SideFolder::private(state_dir?, "refused"),
            name: hex(hash),
            server,
        })
    }

    /// Returns why the login was refused, with the time and a solution, for display; `None` if no refusal is remembered, or
    /// the document cannot be read.
    #[cfg(feature = "live")]
    pub(super) fn reason(&self) -> Option<String> {
        let read = self.folder.read(&self.name, MAX_BYTES);
        let bytes = read
            .inspect_err(
                |error| log::warn!(server = &*self.server, reason:% = error; "refused login unreadable"),
            )
            .ok()??;
        let text = String::from_utf8(bytes).ok()?;
        let (time, why) = text.split_once(' ')?;
        let why = why.trim_end_matches('.');
        Some(format!(
            "{why} (at {time}). Not tried again until you run hatrack servers check {} or change its section in the configuration",
            self.server
        ))
    }

    /// Remembers that the login was refused. If `why` is too long, nothing is remembered. A failure is only logged.
    #[cfg(feature = "live")]
    pub(super) fn remember(&self, why: &str) {
        let text = format!("{:.0} {why}", Timestamp::now());
        let bytes = (text.len() <= MAX_BYTES).then(|| text.into_bytes());
        if let Err(error) = self.folder.update(&self.name, MAX_BYTES, |_| bytes) {
            log::warn!(server = &*self.server, reason:% = error; "refused login not remembered");
        }
    }

    /// Forgets the refused login, because someone acted or a login succeeded.
    pub(super) fn forget(&self) {
        if !matches!(self.folder.read(&self.name, MAX_BYTES), Ok(None))
            && let Err(error) = self.folder.update(&self.name, MAX_BYTES, |_| None)
        {
            log::warn!(server = &*self.server, reason:% = error; "refused login not forgotten");
        }
    }
}
