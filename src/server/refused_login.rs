//! A refused login, remembered for all sessions of the account: a command that runs every minute with a wrong password would
//! otherwise have the account blocked.
//!
//! It counts until someone acts: checks the server, reconnects on the screen, or changes its entry in the configuration. A
//! password that someone types is an act, too, so only those of a password command are concerned.

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

/// The place for a refused login of one entry of the configuration.
#[derive(Debug, Clone)]
pub(super) struct RefusedLogin {
    folder: SideFolder,
    /// Another one for every change of the entry.
    name: String,
    server: Arc<str>,
}

impl RefusedLogin {
    /// `None` if nothing is to be remembered: there is no state folder, or no password command.
    pub(super) fn of(settings: &ServerSettings, state: Option<&Path>) -> Option<Self> {
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
            folder: SideFolder::private(state?, "refused"),
            name: hex(hash),
            server,
        })
    }

    /// Why the login was refused, with the time and what to do; `None` if it was not.
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

    /// The login was refused.
    #[cfg(feature = "live")]
    pub(super) fn remember(&self, why: &str) {
        let text = format!("{:.0} {why}", Timestamp::now());
        let bytes = (text.len() <= MAX_BYTES).then(|| text.into_bytes());
        if let Err(error) = self.folder.update(&self.name, MAX_BYTES, |_| bytes) {
            log::warn!(server = &*self.server, reason:% = error; "refused login not remembered");
        }
    }

    /// Someone acted, or the login succeeded.
    pub(super) fn forget(&self) {
        if !matches!(self.folder.read(&self.name, MAX_BYTES), Ok(None))
            && let Err(error) = self.folder.update(&self.name, MAX_BYTES, |_| None)
        {
            log::warn!(server = &*self.server, reason:% = error; "refused login not forgotten");
        }
    }
}
