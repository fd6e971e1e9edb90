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
const LONGEST: usize = 64;

impl Actor {
    /// Finds out who acts: `given` (by an option, say), or the name of the login; from where, `variable` says, which
    /// looks up a variable of the environment.
    pub fn find(given: Option<&str>, variable: impl Fn(&str) -> Option<String>) -> Self {
        let users = || std::fs::read_to_string("/etc/passwd").unwrap_or_default();
        let id = rustix::process::getuid().as_raw();
        let name = given
            .and_then(clean)
            .or_else(|| login_name(&users(), id))
            // Names that a directory service knows are not in the file.
            .or_else(|| {
                ["LOGNAME", "USER"]
                    .into_iter()
                    .find_map(|name| clean(&variable(name)?))
            })
            .unwrap_or_else(|| format!("uid {id}"));
        let address = variable("SSH_CONNECTION").and_then(|connection| client_address(&connection));
        Self { name, address }
    }
}

/// A name on one line and without anything that a terminal would obey.
fn clean(name: &str) -> Option<String> {
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

/// The name of a user in the text of a password file.
fn login_name(users: &str, id: u32) -> Option<String> {
    users.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        (fields.nth(1)?.parse() == Ok(id)).then(|| clean(name)).flatten()
    })
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
        assert_eq!(Actor::find(Some("alice"), ssh).to_string(), "alice@192.0.2.7");
        assert_eq!(Actor::find(Some("alice"), |_| None).to_string(), "alice");
    }

    #[test]
    fn nothing_hostile_gets_into_a_name() {
        let bad = |name: &str| (name == "SSH_CONNECTION").then(|| "\x1b[31m 1 2 3".to_owned());
        assert_eq!(
            Actor::find(Some("al\x1b[2Ji\nce\u{202e}"), bad).to_string(),
            "al[2Jice"
        );
        assert_eq!(Actor::find(Some(&"x".repeat(999)), bad).name.len(), LONGEST);
    }

    #[test]
    fn a_login_name_is_found_by_its_number() {
        let users = "root:x:0:0:root:/root:/bin/sh\nbroken\nterry:x:1000:1000::/home/terry:/bin/sh\n";
        assert_eq!(login_name(users, 1000).as_deref(), Some("terry"));
        assert_eq!(login_name(users, 0).as_deref(), Some("root"));
        assert_eq!(login_name(users, 10), None);
    }
}
