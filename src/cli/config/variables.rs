//! Sets the environment variables of the commands in the configuration: only a few, as such a command must do the same
//! in all sessions of an account.

use std::env;

use nix::unistd::{User, geteuid};

use crate::server::{CommandLine, PasswordSource, ProsodyAccess, ServerAccess, ServerSettings};

/// Variables that are copied from the session: the home folder, the sockets of agents, and the folders of keys and
/// passwords. They are not copied from a restricted session, as the person who connects may have set them.
const SESSION_VARIABLES: [&str; 6] = [
    "DBUS_SESSION_BUS_ADDRESS",
    "GNUPGHOME",
    "HOME",
    "PASSWORD_STORE_DIR",
    "SSH_AUTH_SOCK",
    "XDG_RUNTIME_DIR",
];

/// Sets the environment variables of all commands. `restricted`: whether the session is restricted.
pub(super) fn set_command_variables(servers: &mut [ServerSettings], restricted: bool) {
    let mut variables = account_variables();
    if !restricted {
        for name in SESSION_VARIABLES {
            if let Some(value) = env::var(name).ok().filter(|value| !value.is_empty()) {
                variables.retain(|(other, _)| other != name);
                variables.push((name.to_owned(), value));
            }
        }
    }
    for command in servers.iter_mut().filter_map(command) {
        command.variables.clone_from(&variables);
    }
}

/// Returns variables with the home folder and the name of the account, from the system's user database; none if the
/// account is not found there.
fn account_variables() -> Vec<(String, String)> {
    let Ok(Some(user)) = User::from_uid(geteuid()) else {
        return Vec::new();
    };
    let home = user.dir.to_str().map(|home| ("HOME".to_owned(), home.to_owned()));
    let names = ["USER", "LOGNAME"].map(|name| (name.to_owned(), user.name.clone()));
    home.into_iter().chain(names).collect()
}

/// Returns the command in the settings of a server; `None` if the settings have none.
fn command(server: &mut ServerSettings) -> Option<&mut CommandLine> {
    match &mut server.access {
        ServerAccess::Prosody(ProsodyAccess::Command(command)) => Some(command),
        ServerAccess::Prosody(ProsodyAccess::Socket(_)) => None,
        ServerAccess::Xmpp(account) => match &mut account.password {
            PasswordSource::Command(command) => Some(command),
            PasswordSource::Ask => None,
        },
    }
}
