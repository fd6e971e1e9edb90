//! Parses the servers of a configuration file: `[servers.NAME]`.

use std::net::IpAddr;
use std::path::PathBuf;

use toml::de::{DeTable, DeValue};

use super::read::{TomlValue, ValueError, record, section, unknown_name};
use super::values::{absolute_path, account_jid, address, command, domain, one_of, seconds, strings};
use crate::model::Jid;
use crate::server::{Account, PasswordSource, ProsodyAccess, ServerAccess, ServerSettings, TlsMode};
use crate::sync::{Affiliations, SendMode, ServerKind};

/// A server in a configuration file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfiguredServer {
    /// The settings of the server.
    pub settings: ServerSettings,
    /// The configuration file; `None` until its parsing is complete.
    pub file: Option<PathBuf>,
    /// The line of the server's section, starting at 1. Until the parsing of the file is complete, the byte offset of the
    /// section instead.
    pub line: usize,
}

/// The maximum length of a server's name, in bytes.
const MAX_NAME_BYTES: usize = 32;

/// The settings of both kinds of servers.
const COMMON_SETTINGS: [&str; 6] = ["kind", "services", "rooms", "send", "affiliations", "timeout"];
/// The settings of Prosody only.
const PROSODY_SETTINGS: [&str; 2] = ["socket", "command"];
/// The settings of XMPP accounts only.
const XMPP_SETTINGS: [&str; 5] = ["jid", "password-command", "address", "tls", "ca-file"];

/// Parses the section `[servers]`. `inherited` has the servers of the files that were read before; the names and services
/// must differ from theirs. In the result, [`ConfiguredServer::line`] is a byte offset.
pub(super) fn servers(
    table: &DeTable<'_>,
    inherited: &[ConfiguredServer],
    errors: &mut Vec<ValueError>,
) -> Vec<ConfiguredServer> {
    let mut all: Vec<_> = table.iter().collect();
    // In the order of the file: if two servers have the same service, the second one is the error.
    all.sort_by_key(|(name, _)| name.span().start);
    let mut parsed: Vec<ConfiguredServer> = Vec::new();
    for (name, value) in all {
        let (server_name, offset) = (name.get_ref().as_ref(), name.span().start);
        let is_valid = is_server_name(server_name);
        let label = if is_valid {
            format!("servers.{server_name}")
        } else {
            errors.push((
                offset,
                format!(
                    "invalid server name {server_name:?}: it must be 1 to {MAX_NAME_BYTES} characters: a-z, 0-9 or -"
                ),
            ));
            format!("servers.{server_name:?}")
        };
        if let Some(other) = inherited
            .iter()
            .find(|other| other.settings.entry.name.as_ref() == server_name)
        {
            errors.push((
                offset,
                format!("{label} is also in {}; use another name", file_or_section(other)),
            ));
        }
        let Some(table) = record(section(value, &label), errors) else {
            continue;
        };
        let mut entry = ServerTable {
            name: server_name,
            label,
            offset,
            table,
            errors,
        };
        let services = entry.services(inherited, &parsed);
        let settings = entry.settings(services);
        if let Some(settings) = settings.filter(|_| is_valid) {
            parsed.push(ConfiguredServer {
                settings,
                file: None,
                line: offset,
            });
        }
    }
    parsed
}

/// Whether this is a valid name for a server.
pub(crate) fn is_server_name(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (1..=MAX_NAME_BYTES).contains(&text.len()) && text.bytes().all(allowed)
}

/// Returns the file that defines a server, or the section if the file is the one that is being parsed, for a message
/// about another server.
fn file_or_section(server: &ConfiguredServer) -> String {
    match &server.file {
        Some(file) => file.display().to_string(),
        None => format!("servers.{}", server.settings.entry.name),
    }
}

/// The section of one server.
struct ServerTable<'a, 'b, 'c> {
    name: &'a str,
    /// The name of the section in messages.
    label: String,
    /// The byte offset of the section's name in the file.
    offset: usize,
    table: &'a DeTable<'b>,
    errors: &'c mut Vec<ValueError>,
}

impl<'a, 'b> ServerTable<'a, 'b, '_> {
    fn get(&self, setting: &str) -> Option<&'a TomlValue<'b>> {
        self.table.get(setting)
    }

    /// Reads a setting; `None` if it is missing, or after recording an error.
    fn read<T>(
        &mut self,
        setting: &str,
        read: impl FnOnce(&'a TomlValue<'b>, &str) -> Result<T, ValueError>,
    ) -> Option<T> {
        let value = self.get(setting)?;
        record(read(value, setting), self.errors)
    }

    /// Records an error at the name of the section.
    fn record_section_error(&mut self, message: &str) {
        self.errors
            .push((self.offset, format!("{}: {message}", self.label)));
    }

    /// Reads the settings, and records errors. Returns `None` if the kind of the server or its connection cannot be read.
    fn settings(mut self, services: Vec<Jid>) -> Option<ServerSettings> {
        let Some(kind) = self.get("kind") else {
            self.record_section_error("kind is missing: \"prosody\" or \"xmpp\"");
            return None;
        };
        let kinds = [("prosody", ServerKind::Prosody), ("xmpp", ServerKind::Xmpp)];
        let kind = record(one_of(kind, "kind", kinds), self.errors)?;
        self.reject_unknown(kind);
        let access = match kind {
            ServerKind::Prosody => self.prosody_access().map(ServerAccess::Prosody),
            ServerKind::Xmpp => {
                let account = self.account();
                if let Some(account) = &account {
                    self.reject_account_domain(&services, &account.jid);
                }
                account.map(ServerAccess::Xmpp)
            }
        };
        let rooms = self.rooms(kind, &services);
        let send_modes = [("at-once", SendMode::AtOnce), ("ask", SendMode::Ask)];
        let send = self.read("send", |value, name| one_of(value, name, send_modes));
        let affiliation_modes = [("show", Affiliations::Show), ("manage", Affiliations::Manage)];
        let affiliations = self.read("affiliations", |value, name| {
            one_of(value, name, affiliation_modes)
        });
        let timeout = self.read("timeout", seconds);
        let mut settings = ServerSettings::new(self.name, services, access?);
        settings.rooms = rooms;
        settings.entry.send = send.unwrap_or_default();
        settings.entry.affiliations = affiliations.unwrap_or_default();
        settings.timeout = timeout.unwrap_or(settings.timeout);
        Some(settings)
    }

    /// Records an error for each setting that is unknown or belongs to the other kind.
    fn reject_unknown(&mut self, kind: ServerKind) {
        let (own, foreign, kind_name, other_kind) = match kind {
            ServerKind::Prosody => (&PROSODY_SETTINGS[..], &XMPP_SETTINGS[..], "prosody", "xmpp"),
            ServerKind::Xmpp => (&XMPP_SETTINGS[..], &PROSODY_SETTINGS[..], "xmpp", "prosody"),
        };
        for name in self.table.keys() {
            let (setting, offset) = (name.get_ref().as_ref(), name.span().start);
            if foreign.contains(&setting) {
                self.errors.push((
                    offset,
                    format!("{setting} is a setting of kind = {other_kind:?} only"),
                ));
            } else if !COMMON_SETTINGS.contains(&setting) && !own.contains(&setting) {
                let example = format!("hatrack servers example {kind_name}");
                let known = COMMON_SETTINGS.iter().chain(own).copied();
                self.errors.push((
                    offset,
                    unknown_name(&format!("setting of {}", self.label), setting, known, &example),
                ));
            }
        }
    }

    /// Reads the services, and records an error for each one that is invalid, repeated or a service of another server:
    /// one of the files before (`inherited`) or an earlier one of this file.
    fn services(&mut self, inherited: &[ConfiguredServer], earlier: &[ConfiguredServer]) -> Vec<Jid> {
        let expected = "services must be a list of domains, such as [\"conference.example.org\"]";
        let Some(value) = self.get("services") else {
            self.record_section_error(
                "services is missing: the domains of its rooms, such as [\"conference.example.org\"]",
            );
            return Vec::new();
        };
        let mut services: Vec<Jid> = Vec::new();
        for (offset, text) in record(strings(value, expected), self.errors).unwrap_or_default() {
            let service = match domain(text) {
                Ok(service) => service,
                Err(reason) => {
                    self.errors
                        .push((offset, format!("services: {text:?}: {reason}")));
                    continue;
                }
            };
            let has_service = |other: &&ConfiguredServer| other.settings.entry.services.contains(&service);
            if services.contains(&service) {
                self.errors
                    .push((offset, format!("services: {service} is given twice")));
            } else if let Some(other) = inherited.iter().chain(earlier).find(has_service) {
                self.errors.push((
                    offset,
                    format!(
                        "services: {service} is also a service of {}",
                        section_and_file(other)
                    ),
                ));
            } else {
                services.push(service);
            }
        }
        services
    }

    /// Records an error if the domain of the account is given as a service: the rooms of a server have a domain of their
    /// own.
    fn reject_account_domain(&mut self, services: &[Jid], account: &Jid) {
        let domain = account.domain();
        if services.iter().any(|service| service.domain() == domain) {
            let offset = self
                .get("services")
                .map_or(self.offset, |value| value.span().start);
            self.errors.push((
                offset,
                format!(
                    "services: {domain} is the domain of the account; its rooms have one of their own, such as \"conference.{domain}\""
                ),
            ));
        }
    }

    /// Reads the rooms; `None` without the setting, for `"all"`, and after recording an error that concerns the whole
    /// list.
    fn rooms(&mut self, kind: ServerKind, services: &[Jid]) -> Option<Vec<Jid>> {
        let value = self.get("rooms")?;
        let expected = match kind {
            ServerKind::Prosody => {
                "rooms must be \"all\" or a list of rooms, such as [\"courses@conference.example.org\"]"
            }
            ServerKind::Xmpp => {
                "rooms must be a list of rooms, such as [\"hidden@rooms.example.net\"]; they are added to those that the server lists"
            }
        };
        if kind == ServerKind::Prosody && matches!(value.get_ref(), DeValue::String(text) if text == "all") {
            return None;
        }
        let mut rooms: Vec<Jid> = Vec::new();
        for (offset, text) in record(strings(value, expected), self.errors)? {
            let room = match Jid::parse_room(text) {
                Ok(room) => room,
                Err(error) => {
                    self.errors.push((offset, format!("rooms: {error}")));
                    continue;
                }
            };
            // If there are no services, an error was recorded before.
            if !services.is_empty() && !services.iter().any(|service| service.domain() == room.domain()) {
                self.errors.push((
                    offset,
                    format!("rooms: {room} belongs to none of the services of {}", self.label),
                ));
            } else if rooms.contains(&room) {
                self.errors
                    .push((offset, format!("rooms: {room} is given twice")));
            } else {
                rooms.push(room);
            }
        }
        Some(rooms)
    }

    /// Reads how to connect to Prosody; `None` after recording an error.
    fn prosody_access(&mut self) -> Option<ProsodyAccess> {
        let socket = self.read("socket", absolute_path);
        let command = self.read("command", command);
        match (self.get("socket").is_some(), self.get("command")) {
            (true, Some(value)) => {
                self.errors.push((
                    value.span().start,
                    "socket and command are both set; remove one of them".into(),
                ));
                None
            }
            (false, None) => {
                self.record_section_error(
                    "socket or command is missing: the path of Prosody's admin socket, or a command that runs its shell",
                );
                None
            }
            _ => socket
                .map(ProsodyAccess::Socket)
                .or(command.map(ProsodyAccess::Command)),
        }
    }

    /// Reads the settings of an XMPP account; `None` after recording an error in its JID.
    fn account(&mut self) -> Option<Account> {
        let jid = self.read("jid", account_jid);
        if self.get("jid").is_none() {
            self.record_section_error(
                "jid is missing: the address of an account, such as \"moderator@example.net\"",
            );
        }
        let password = self.read("password-command", command);
        let modes = [
            ("required", TlsMode::Required),
            ("direct", TlsMode::Direct),
            ("none", TlsMode::None),
        ];
        let tls = self
            .read("tls", |value, name| one_of(value, name, modes))
            .unwrap_or_default();
        let address = self.read("address", |value, name| address(value, name, tls));
        let ca_file = self.read("ca-file", absolute_path);
        let is_loopback = |host: &str| host.parse().is_ok_and(|host: IpAddr| host.is_loopback());
        if let (TlsMode::None, Some(value)) = (tls, self.get("tls"))
            && !address.as_ref().is_some_and(|(host, _)| is_loopback(host))
        {
            self.errors.push((
                value.span().start,
                "tls = \"none\" needs an address of this machine, such as address = \"127.0.0.1:5222\""
                    .into(),
            ));
        }
        Some(Account {
            jid: jid?,
            password: password.map_or(PasswordSource::Ask, PasswordSource::Command),
            address,
            tls,
            ca_file,
        })
    }
}

/// Returns the section of a server, with the file if it is not the one that is being parsed, for a message about another
/// server.
fn section_and_file(server: &ConfiguredServer) -> String {
    let name = &server.settings.entry.name;
    match &server.file {
        Some(file) => format!("servers.{name} in {}", file.display()),
        None => format!("servers.{name}"),
    }
}
