//! The actor: the person whose name the history records with each change, and to whom drafts belong.

use std::fmt;
use std::net::IpAddr;

/// The person who makes changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor {
    /// The given name, the login name, or `uid` and the user ID of the account.
    pub name: String,
    /// The address of the SSH client, if any.
    pub address: Option<IpAddr>,
}

/// Formats the actor as the history records it: `terry@192.0.2.7`, or the name alone.
impl fmt::Display for Actor {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.name)?;
        self.address
            .map_or(Ok(()), |address| write!(formatter, "@{address}"))
    }
}

/// Maximum length of a name, in characters.
pub(super) const MAX_NAME_CHARS: usize = 64;

impl Actor {
    /// Determines the actor. The name is the `given` one; otherwise the login name of the process's user in the system's
    /// user database; otherwise the value of the environment variable `LOGNAME` or `USER`; otherwise `uid` and the user
    /// ID. A restricted session ignores these two variables, as the moderator may be able to set them. The address comes
    /// from `SSH_CONNECTION`. `variable` returns the value of an environment variable.
    pub fn find(given: Option<&str>, restricted: bool, variable: impl Fn(&str) -> Option<String>) -> Self {
        let id = nix::unistd::getuid();
        let user = nix::unistd::User::from_uid(id).ok().flatten();
        let login = user.and_then(|user| sanitize_name(&user.name));
        Self::from_parts(given, login, id.as_raw(), restricted, variable)
    }

    fn from_parts(
        given: Option<&str>,
        login: Option<String>,
        id: u32,
        restricted: bool,
        variable: impl Fn(&str) -> Option<String>,
    ) -> Self {
        let from_environment = || {
            let mut names = ["LOGNAME", "USER"].into_iter().filter(|_| !restricted);
            names.find_map(|name| sanitize_name(&variable(name)?))
        };
        let name = given
            .and_then(sanitize_name)
            .or(login)
            .or_else(from_environment)
            .unwrap_or_else(|| format!("uid {id}"));
        let address = variable("SSH_CONNECTION").and_then(|connection| client_address(&connection));
        Self { name, address }
    }
}

/// Removes outer spaces and all control and invisible characters, and cuts the name to [`MAX_NAME_CHARS`]; `None` if
/// nothing is left.
pub(super) fn sanitize_name(name: &str) -> Option<String> {
    let shown: String = name
        .trim()
        .chars()
        .filter(|character| !is_hidden(*character))
        .take(MAX_NAME_CHARS)
        .collect();
    (!shown.is_empty()).then_some(shown)
}

/// Whether the character is a control character, or a character that reorders or hides text.
fn is_hidden(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

/// Returns the client address in `SSH_CONNECTION`, which consists of client address, client port, server address and
/// server port.
fn client_address(connection: &str) -> Option<IpAddr> {
    connection.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uses_given_name_and_appends_client_address() {
        let ssh =
            |name: &str| (name == "SSH_CONNECTION").then(|| "192.0.2.7 50000 198.51.100.1 22".to_owned());
        assert_eq!(
            Actor::find(Some("alice"), false, ssh).to_string(),
            "alice@192.0.2.7"
        );
        assert_eq!(Actor::find(Some("alice"), true, |_| None).to_string(), "alice");
    }

    #[test]
    fn removes_control_characters_from_names() {
        let bad = |name: &str| (name == "SSH_CONNECTION").then(|| "\x1b[31m 1 2 3".to_owned());
        assert_eq!(
            Actor::find(Some("al\x1b[2Ji\nce\u{202e}"), false, bad).to_string(),
            "al[2Jice"
        );
        assert_eq!(
            Actor::find(Some(&"x".repeat(999)), false, bad).name.len(),
            MAX_NAME_CHARS
        );
    }

    /// The user may be able to set these variables: with an SSH client (`AcceptEnv`), or in `authorized_keys`.
    #[test]
    fn restricted_session_ignores_name_variables() {
        let from_environment = |name: &str| matches!(name, "LOGNAME" | "USER").then(|| "mallory".to_owned());
        let name = |login: Option<&str>, restricted| {
            Actor::from_parts(None, login.map(Into::into), 4711, restricted, from_environment).name
        };
        assert_eq!(name(Some("terry"), true), "terry");
        assert_eq!(name(Some("terry"), false), "terry");
        assert_eq!(name(None, true), "uid 4711");
        assert_eq!(name(None, false), "mallory");
    }

    #[test]
    fn login_name_comes_from_user_database() {
        let id = nix::unistd::getuid();
        let account = nix::unistd::User::from_uid(id).unwrap();
        let name = account.map_or_else(|| format!("uid {id}"), |user| user.name);
        assert_eq!(Actor::find(None, true, |_| Some("mallory".to_owned())).name, name);
    }
}
