//! The state of a server, and the result of a check.

use std::sync::Arc;

use serde::Serialize;

use super::{ServerClass, ServerKind};
use crate::model::Jid;

/// The state of a server.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum ServerState {
    /// Not connected: not used yet, or disconnected in order to reconnect.
    #[default]
    Idle,
    /// Connecting.
    Connecting,
    /// Connected, with its class.
    Ready(ServerClass),
    /// Unreachable; the text says why, for display. hatrack reconnects automatically.
    Away(String),
    /// Not usable because of the login, the permissions or the configuration, or because no room supports hats; the text
    /// says why and who can help, for display. hatrack reconnects only on request.
    Refused(String),
}

/// The permissions of hatrack on a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ServerRights {
    /// All permissions in all rooms: those of Prosody's shell, or of an administrator of the service.
    All,
    /// The permissions that the account's affiliation with each room gives.
    ByRoom,
    /// No permissions.
    None,
}

/// The result of a check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct ServerReport {
    /// The server's name in the configuration.
    pub server: Arc<str>,
    /// The kind of access.
    pub kind: ServerKind,
    /// The server's class; `None` if unknown, for example if the server cannot be reached.
    pub class: Option<ServerClass>,
    /// Software and version, as reported by the server.
    pub version: Option<String>,
    /// The transport, for display: `socket /run/prosody.sock`, `TLS 1.3`.
    pub transport: Option<String>,
    /// The permissions.
    pub rights: ServerRights,
    /// The rooms found.
    pub rooms: Vec<RemoteRoomInfo>,
    /// Whether these are all rooms of the server that the configuration allows, including hidden ones.
    pub all_rooms: bool,
    /// The problems that were found, each with its solution.
    #[serde(rename = "missing")]
    pub problems: Vec<ServerProblem>,
}

/// A room in a server's list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct RemoteRoomInfo {
    /// The room's address.
    pub room: Jid,
    /// The name, if the server reports one.
    pub name: Option<Arc<str>>,
    /// Whether the account may read and change the hats of the room; `None` if that is not known before it is tried.
    pub allowed: Option<bool>,
}

/// A problem of a server, or of the account that hatrack uses.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct ServerProblem {
    /// What is wrong, for display.
    #[serde(rename = "what")]
    pub description: String,
    /// How to solve it, for display.
    #[serde(rename = "remedy")]
    pub solution: String,
}
