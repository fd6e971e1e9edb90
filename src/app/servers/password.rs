//! The prompt for the password of an account. The typed text does not appear on the screen, in a draft or in a log.

use std::fmt;
use std::sync::Arc;

use crate::app::text::TextInput;
use crate::model::Jid;

/// The prompt for a password.
#[derive(Clone)]
pub struct PasswordPrompt {
    /// The server's name in the configuration.
    pub server: Arc<str>,
    /// The account.
    pub account: Jid,
    pub(in crate::app) text: TextInput,
}

impl PasswordPrompt {
    pub(in crate::app) fn new(server: Arc<str>, account: Jid) -> Self {
        Self {
            server,
            account,
            text: TextInput::new(""),
        }
    }

    /// Number of characters typed, and number of those before the cursor.
    pub fn typed(&self) -> (usize, usize) {
        (self.text.text().chars().count(), self.text.cursor())
    }
}

/// Omits the text.
impl fmt::Debug for PasswordPrompt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PasswordPrompt")
            .field("server", &self.server)
            .field("account", &self.account)
            .finish_non_exhaustive()
    }
}
