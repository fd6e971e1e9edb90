//! Tracks which servers can be followed, and reports those that cannot.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::super::failure::Failure;
use super::super::output::Output;
use crate::app::describe;
use crate::server::{PasswordSource, ServerAccess, ServerSettings};
use crate::sync::ServerState;

/// What is known about the availability of servers.
#[derive(Debug, Default)]
pub(super) struct Availability {
    /// Servers that ask for a password, which can be entered only at the start.
    asking_password: BTreeSet<Arc<str>>,
    /// Servers that were connected at least once.
    ready: BTreeSet<Arc<str>>,
    /// Servers that were reported as not reachable and have not been connected since.
    away: BTreeSet<Arc<str>>,
    /// Servers that were reported as not followed until someone acts, and have not been connected since.
    given_up: BTreeSet<Arc<str>>,
}

impl Availability {
    pub(super) fn new<'a>(servers: impl Iterator<Item = &'a ServerSettings>) -> Self {
        let asks = |settings: &&ServerSettings| matches!(&settings.access, ServerAccess::Xmpp(account) if account.password == PasswordSource::Ask);
        Self {
            asking_password: servers
                .filter(asks)
                .map(|settings| settings.entry.name.clone())
                .collect(),
            ..Self::default()
        }
    }

    /// Whether a server needs a password, which can be entered only at the start, and has not been connected yet.
    pub(super) fn lacks_password(&self, server: &Arc<str>) -> bool {
        self.asking_password.contains(server) && !self.ready.contains(server)
    }

    /// Notes a server's state, and reports when the server becomes unavailable or available again. `followed`: the
    /// servers with rooms to follow.
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
            ServerState::Away(why) if self.lacks_password(server) && followed.contains(server) => {
                let why = sentence(&why);
                let why = format!(
                    "{server:?} is not reachable: {why} Start hatrack follow again to enter its password"
                );
                self.give_up(server, why, followed, out)
            }
            ServerState::Away(why) => {
                if self.away.insert(server.clone()) {
                    let why = describe::after_colon(&why);
                    out.warn(&format!("{server:?} is not reachable; reconnecting: {why}"))?;
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
            ServerState::Refused(why) => {
                if !followed.contains(server) {
                    // The session only sends removals of expired hats to this server.
                    return out.warn(&format!("{server:?} refused: {}", describe::after_colon(&why)));
                }
                let why = sentence(&why);
                let why = format!(
                    "{server:?} refused: {why} Start hatrack follow again once hatrack servers check {server} succeeds"
                );
                self.give_up(server, why, followed, out)
            }
            ServerState::Idle | ServerState::Connecting => Ok(()),
        }
    }

    fn give_up(
        &mut self,
        server: &Arc<str>,
        why: String,
        followed: &BTreeSet<Arc<str>>,
        out: &mut Output,
    ) -> Result<(), Failure> {
        let is_new = self.given_up.insert(server.clone());
        if followed.is_subset(&self.given_up) {
            return Err(Failure::error(why));
        }
        if is_new { out.warn(&why) } else { Ok(()) }
    }

    /// Warns about servers that are not followed because their password can be entered only at the start. Called when
    /// the data file has other rooms than before. `followed`: the servers with rooms to follow.
    pub(super) fn note_rooms(
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

/// Formats a reason that follows a colon and precedes another sentence: ends it with a period, unless it has an end
/// mark.
fn sentence(why: &str) -> String {
    let mut why = describe::after_colon(why);
    if !why.ends_with(['.', '?', '!']) {
        why.push('.');
    }
    why
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
    fn a_refused_login_says_what_to_do_where_nothing_else_is_followed() {
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
