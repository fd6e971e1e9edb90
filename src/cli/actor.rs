//! Who is at work: the name that the history and the drafts go by.

use std::fmt;
use std::net::IpAddr;

/// The one who acts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor {
    /// The name they gave, or the one they logged in under.
    pub name: String,
    /// From where they came by SSH.
    pub address: Option<IpAddr>,
}

/// `terry@192.0.2.7`, or only the name.
impl fmt::Display for Actor {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.name)?;
        self.address
            .map_or(Ok(()), |address| write!(formatter, "@{address}"))
    }
}

/// No name is longer, in characters.
pub(super) const LONGEST: usize = 64;

impl Actor {
    /// Finds out who acts: `given` (by an option, say), or the login name that the system's user database has for this
    /// user id; from where, `variable` says, which looks up a variable of the environment. Where the database has no
    /// name, the variables `LOGNAME` and `USER` are asked, but not in a restricted session: what a variable says there
    /// may be the moderator's choice.
    pub fn find(given: Option<&str>, restricted: bool, variable: impl Fn(&str) -> Option<String>) -> Self {
        let id = nix::unistd::getuid();
        let user = nix::unistd::User::from_uid(id).ok().flatten();
        let login = user.and_then(|user| clean(&user.name));
        Self::from_parts(given, login, id.as_raw(), restricted, variable)
    }

    fn from_parts(
        given: Option<&str>,
        login: Option<String>,
        id: u32,
        restricted: bool,
        variable: impl Fn(&str) -> Option<String>,
    ) -> Self {
        let said = || {
            let mut names = ["LOGNAME", "USER"].into_iter().filter(|_| !restricted);
            names.find_map(|name| clean(&variable(name)?))
        };
        let name = given
            .and_then(clean)
            .or(login)
            .or_else(said)
            .unwrap_or_else(|| format!("uid {id}"));
        let address = variable("SSH_CONNECTION").and_then(|connection| client_address(&connection));
        Self { name, address }
    }
}

/// A name on one line and without anything that a terminal would obey.
pub(super) fn clean(name: &str) -> Option<String> {
    let shown: String = name
        .trim()
        .chars()
        .filter(|character| !is_hidden(*character))
        .take(LONGEST)
        .collect();
    (!shown.is_empty()).then_some(shown)
}

/// Controls, and the characters that turn or hide text.
fn is_hidden(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

/// The client in `SSH_CONNECTION`: its address, its port, the server's address, its port.
fn client_address(connection: &str) -> Option<IpAddr> {
    connection.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_given_name_comes_first_and_the_address_after_it() {
        let ssh =
            |name: &str| (name == "SSH_CONNECTION").then(|| "192.0.2.7 50000 198.51.100.1 22".to_owned());
        assert_eq!(
            Actor::find(Some("alice"), false, ssh).to_string(),
            "alice@192.0.2.7"
        );
        assert_eq!(Actor::find(Some("alice"), true, |_| None).to_string(), "alice");
    }

    #[test]
    fn nothing_hostile_gets_into_a_name() {
        let bad = |name: &str| (name == "SSH_CONNECTION").then(|| "\x1b[31m 1 2 3".to_owned());
        assert_eq!(
            Actor::find(Some("al\x1b[2Ji\nce\u{202e}"), false, bad).to_string(),
            "al[2Jice"
        );
        assert_eq!(
            Actor::find(Some(&"x".repeat(999)), false, bad).name.len(),
            LONGEST
        );
    }

    /// Who logs in by SSH may set some variables (`AcceptEnv`), and any in the line of a key of their own.
    #[test]
    fn in_a_restricted_session_no_variable_decides_the_name() {
        let said = |name: &str| matches!(name, "LOGNAME" | "USER").then(|| "mallory".to_owned());
        let name = |login: Option<&str>, restricted| {
            Actor::from_parts(None, login.map(Into::into), 4711, restricted, said).name
        };
        assert_eq!(name(Some("terry"), true), "terry");
        assert_eq!(name(Some("terry"), false), "terry");
        assert_eq!(name(None, true), "uid 4711");
        assert_eq!(name(None, false), "mallory");
    }

    #[test]
    fn a_login_name_comes_from_the_user_database() {
        let id = nix::unistd::getuid();
        let there = nix::unistd::User::from_uid(id).unwrap();
        let name = there.map_or_else(|| format!("uid {id}"), |user| user.name);
        assert_eq!(Actor::find(None, true, |_| Some("mallory".to_owned())).name, name);
    }
}
