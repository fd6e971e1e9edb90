//! Creates the backend for each kind of server.

use super::backend::{AskPassword, Backend};
use super::prosody::Prosody;
use super::settings::{ServerAccess, ServerSettings};
#[cfg(feature = "live")]
use super::xmpp::Xmpp;

/// Creates the backend of a server, not yet connected. Without the feature `live`, one for an XMPP account only reports
/// that.
pub fn backend(settings: &ServerSettings, ask: AskPassword) -> Box<dyn Backend> {
    match &settings.access {
        ServerAccess::Prosody(access) => Box::new(Prosody::new(settings.clone(), access.clone())),
        #[cfg(feature = "live")]
        ServerAccess::Xmpp(account) => Box::new(Xmpp::new(settings.clone(), account.clone(), ask)),
        #[cfg(not(feature = "live"))]
        ServerAccess::Xmpp(_) => {
            drop(ask);
            Box::new(missing::Missing)
        }
    }
}

/// Placeholder for XMPP accounts.
#[cfg(not(feature = "live"))]
mod missing {
    use crate::model::Jid;
    use crate::server::backend::{Applied, Backend, ReadEvent, RoomChanges, RoomList, Tell};
    use crate::server::error::Error;
    use crate::sync::{ServerClass, ServerReport};

    pub(super) struct Missing;

    fn error() -> Error {
        Error::Refused(
            "This hatrack was built without XMPP accounts (kind = \"xmpp\"). Build it with the feature live."
                .into(),
        )
    }

    impl Backend for Missing {
        fn connect(&mut self) -> Result<ServerClass, Error> {
            Err(error())
        }

        fn generation(&self) -> u64 {
            0
        }

        fn disconnect(&mut self) {}

        fn check(&mut self) -> Result<ServerReport, Error> {
            Err(error())
        }

        fn list_rooms(&mut self) -> Result<RoomList, Error> {
            Err(error())
        }

        fn read_rooms(&mut self, _: &[Jid], _: Tell<'_, ReadEvent>) -> Result<(), Error> {
            Err(error())
        }

        fn apply(&mut self, _: &[RoomChanges], _: Tell<'_, Applied>) -> Result<(), Error> {
            Err(error())
        }
    }
}
