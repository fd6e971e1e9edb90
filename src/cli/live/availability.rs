//! Tracks which servers can be followed, and warns about the others.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::super::failure::Failure;
use super::super::output::Output;
use crate::app::describe;
use crate::server::{PasswordSource, ServerAccess, ServerSettings};
use crate::sync::ServerState;

/// The availability of the servers, as last reported.
#[derive(Debug, Default)]
pub(super) struct Availability {
    /// Servers whose password someone must enter, which is possible only at the start.
    asking_password: BTreeSet<Arc<str>>,
    /// Servers that were connected at least once.
    ready: BTreeSet<Arc<str>>,
    /// Servers that were reported as not reachable, but reconnecting, and have not been connected since.
    away: BTreeSet<Arc<str>>,
    /// Servers that were reported as not followed until someone acts, such as by entering a password, and have not been
    /// connected since.
    given_up: BTreeSet<Arc<str>>,
}

impl Availability {
    pub(super) fn new<'a>(servers: impl Iterator<Item = &'a ServerSettings>) -> Self {
        let asks_password = |settings: &&ServerSettings| match &settings.access {
            ServerAccess::Xmpp(account) => account.password == PasswordSource::Ask,
            ServerAccess::Prosody(_) => false,
        };
        Self {
            asking_password: servers
                .filter(asks_password)
                .map(|settings| settings.entry.name.clone())
                .collect(),
            ..Self::default()
        }
    }

    /// Whether someone must enter the password of a server and the server has not been connected yet.
    pub(super) fn lacks_password(&self, server: &Arc<str>) -> bool {
        self.asking_password.contains(server) && !self.ready.contains(server)
    }

    /// Notes a server's state, and prints a warning when the server becomes unavailable or available again. `followed` has
    /// the servers with rooms to follow.
    ///
    /// Errors: none of `followed` can be followed until someone acts.
    pub(super) fn note(
        &mut self,
        server: &Arc<str>,
        state: ServerState,
        followed: &BTreeSet<Arc<str>>,
        out: &mut Output,
    ) -> Result<(), Failure> {
        match state {
            ServerState::Away(reason) if self.lacks_password(server) && followed.contains(server) => {
                let reason = with_period(&reason);
                let message = format!(
                    "{server:?} is not reachable: {reason} Start hatrack follow again to enter its password"
                );
                self.give_up(server, message, followed, out)
            }
            ServerState::Away(reason) => {
                if self.away.insert(server.clone()) {
                    let reason = describe::after_colon(&reason);
                    out.warn(&format!("{server:?} is not reachable; reconnecting: {reason}"))?;
                }
                Ok(())
            }
            ServerState::Ready(_) => {
                self.ready.insert(server.clone());
                self.given_up.remove(server);
                if self.away.remove(server) {
                    out.warn(&format!("{server:?} is available again"))?;
                }
                Ok(())
            }
            ServerState::Refused(reason) => {
                if !followed.contains(server) {
                    // The session only sends removals of expired hats to this server.
                    return out.warn(&format!("{server:?} refused: {}", describe::after_colon(&reason)));
                }
                let reason = with_period(&reason);
                let message = format!(
                    "{server:?} refused: {reason} Start hatrack follow again once hatrack servers check {server} succeeds"
                );
                self.give_up(server, message, followed, out)
            }
            ServerState::Idle | ServerState::Connecting => Ok(()),
        }
    }

    /// Notes that a server is not followed until someone acts, and warns about this unless a warning was printed before.
    ///
    /// Errors: none of `followed` can be followed until someone acts; the error has the message.
    fn give_up(
        &mut self,
        server: &Arc<str>,
        message: String,
        followed: &BTreeSet<Arc<str>>,
        out: &mut Output,
    ) -> Result<(), Failure> {
        let is_new = self.given_up.insert(server.clone());
        if followed.is_subset(&self.given_up) {
            return Err(Failure::error(message));
        }
        if is_new { out.warn(&message) } else { Ok(()) }
    }

    /// Warns about servers whose password must be entered at the start and that have not been connected yet. To be called
    /// when the rooms to follow change. `followed` has the servers with rooms to follow.
    pub(super) fn warn_of_missing_passwords(
        &mut self,
        followed: &BTreeSet<Arc<str>>,
        out: &mut Output,
    ) -> Result<(), Failure> {
        for server in followed {
            if self.lacks_password(server) && self.given_up.insert(server.clone()) {
                out.warn(&format!(
                    "{server:?} is not followed: start hatrack follow again to enter its password"
                ))?;
            }
        }
        Ok(())
    }
}

/// Formats a reason that follows a colon and comes before another sentence: adds a period, unless the reason already ends
/// with a period, question mark or exclamation mark.
fn with_period(reason: &str) -> String {
    let mut reason = describe::after_colon(reason);
    if !reason.ends_with(['.', '?', '!']) {
        reason.push('.');
    }
    reason
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sync::ServerClass;

    fn note(availability: &mut Availability, state: ServerState, followed: &[&str]) -> Option<String> {
        let followed = followed.iter().map(|server| (*server).into()).collect();
        let mut written = Vec::new();
        let mut out = Output::new(&mut written, false);
        let noted = availability.note(&"one".into(), state, &followed, &mut out);
        noted.err().map(|failure| failure.message)
    }

    #[test]
    fn refusal_by_the_only_followed_server_is_an_error() {
        let refused = || ServerState::Refused("The password has expired".into());
        let mut availability = Availability::default();
        let ready = ServerState::Ready(ServerClass::EjabberdOld);
        assert_eq!(note(&mut availability, ready, &["one", "two"]), None);
        assert_eq!(note(&mut availability, refused(), &["one", "two"]), None);
        assert_eq!(note(&mut availability, refused(), &["two"]), None);
        let expected = "\"one\" refused: the password has expired. Start hatrack follow again once hatrack servers check one \
                        succeeds";
        assert_eq!(
            note(&mut availability, refused(), &["one"]).as_deref(),
            Some(expected)
        );
    }
}
