//! Creates the backend for each kind of server.

use super::backend::{Applied, AskPassword, Backend, ReadEvent, RoomChanges, RoomList, Tell};
use super::error::Error;
use super::prosody::Prosody;
use super::settings::{ServerAccess, ServerSettings};
use crate::model::Jid;
use crate::sync::{ServerClass, ServerReport};

/// Creates the backend of a server, not yet connected.
pub fn backend(settings: &ServerSettings, ask: AskPassword) -> Box<dyn Backend> {
    match &settings.access {
        ServerAccess::Prosody(access) => Box::new(Prosody::new(settings.clone(), access.clone())),
        ServerAccess::Xmpp(_) => Box::new(Missing(ask)),
    }
}

/// Placeholder for XMPP accounts.
struct Missing(#[expect(dead_code, reason = "XMPP accounts need it")] AskPassword);

impl Missing {
    fn error() -> Error {
        Error::Refused("this hatrack was built without XMPP accounts (kind = \"xmpp\")".into())
    }
}

impl Backend for Missing {
    fn connect(&mut self) -> Result<ServerClass, Error> {
        Err(Self::error())
    }

    fn disconnect(&mut self) {}

    fn check(&mut self) -> Result<ServerReport, Error> {
        Err(Self::error())
    }

    fn list_rooms(&mut self) -> Result<RoomList, Error> {
        Err(Self::error())
    }

    fn read_rooms(&mut self, _: &[Jid], _: Tell<'_, ReadEvent>) -> Result<(), Error> {
        Err(Self::error())
    }

    fn apply(&mut self, _: &[RoomChanges], _: Tell<'_, Applied>) -> Result<(), Error> {
        Err(Self::error())
    }
}
