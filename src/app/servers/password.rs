//! The question for the password of an account. What is typed is shown nowhere: not on the screen, in no draft, in no
//! log.

use std::fmt;
use std::sync::Arc;

use crate::app::text::TextInput;
use crate::model::Jid;

/// The question for a password.
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

    /// How many characters were typed, and how many of them stand before the cursor.
    pub fn typed(&self) -> (usize, usize) {
        (self.text.text().chars().count(), self.text.cursor())
    }
}

/// Without the text.
impl fmt::Debug for PasswordPrompt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PasswordPrompt")
            .field("server", &self.server)
            .field("account", &self.account)
            .finish_non_exhaustive()
    }
}
