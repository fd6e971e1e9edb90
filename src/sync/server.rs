//! What is known of a server as such: whether it is there, and what a check of it found.

use std::sync::Arc;

use serde::Serialize;

use super::{ServerClass, ServerKind};
use crate::model::Jid;

/// Whether a server can be used now.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum ServerState {
    /// Nothing was asked of it yet.
    #[default]
    Idle,
    /// A connection is being made.
    Connecting,
    /// It is connected, and of this class.
    Ready(ServerClass),
    /// It cannot be reached. The text says why, for people. Connecting is tried again.
    Away(String),
    /// It refused the login, or the configuration cannot be used. The text says why and who may. Nothing is tried again
    /// until somebody asks for it.
    Refused(String),
}

/// What may be done on a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Rights {
    /// Everything in all rooms: Prosody's shell, or an administrator of the service.
    All,
    /// What the account's affiliation with each room allows.
    ByRoom,
    /// Nothing.
    None,
}

/// What a check of a server found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct ServerReport {
    /// Its name in the configuration.
    pub server: Arc<str>,
    /// How it is reached.
    pub kind: ServerKind,
    /// What it can hold; `None` where that is not known, as when it cannot be reached.
    pub class: Option<ServerClass>,
    /// Software and version, as the server says them.
    pub version: Option<String>,
    /// What the connection goes through, for people: `socket /run/prosody.sock`, `TLS 1.3`.
    pub transport: Option<String>,
    /// What may be done.
    pub rights: Rights,
    /// The rooms that were found.
    pub rooms: Vec<RemoteRoomInfo>,
    /// Whether these are all rooms of the server, hidden ones included.
    pub all_rooms: bool,
    /// What is missing, and how to get it.
    pub missing: Vec<Missing>,
}

/// A room in a server's list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct RemoteRoomInfo {
    /// Its address.
    pub room: Jid,
    /// What people call it.
    pub name: Option<Arc<str>>,
    /// Whether the account may read and change its hats; `None`: not known before it is tried.
    pub allowed: Option<bool>,
}

/// Something that a server or an account lacks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Missing {
    /// What cannot be done, for people.
    pub what: String,
    /// What to do about it, for people.
    pub remedy: String,
}
