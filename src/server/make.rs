//! Creates the backend for each kind of server.

use std::path::Path;

use super::backend::{AskPassword, Backend};
use super::prosody::Prosody;
use super::settings::{ServerAccess, ServerSettings};
#[cfg(feature = "live")]
use super::{refused_login::RefusedLogin, xmpp::Xmpp};

/// Creates the backend of a server, without connecting. `state_dir` is the state folder of the account on this machine, if
/// there is one. Without the feature `live`, all calls of a backend for an XMPP account fail, with an error that says why.
pub fn create_backend(
    settings: &ServerSettings,
    ask_password: AskPassword,
    state_dir: Option<&Path>,
) -> Box<dyn Backend> {
    match &settings.access {
        ServerAccess::Prosody(access) => Box::new(Prosody::new(settings.clone(), access.clone())),
        #[cfg(feature = "live")]
        ServerAccess::Xmpp(account) => {
            let refused = RefusedLogin::of(settings, state_dir);
            Box::new(
                Xmpp::new(settings.clone(), account.clone(), ask_password).with_refusal_document(refused),
            )
        }
        #[cfg(not(feature = "live"))]
        ServerAccess::Xmpp(_) => {
            drop((ask_password, state_dir));
            Box::new(missing::NoAccounts)
        }
    }
}

/// The placeholder for XMPP accounts in a build without them.
#[cfg(not(feature = "live"))]
mod missing {
    use crate::model::Jid;
    use crate::server::backend::{Applied, Backend, ReadEvent, ResultCallback, RoomChanges, RoomList};
    use crate::server::error::Error;
    use crate::sync::{ServerClass, ServerReport};

    pub(super) struct NoAccounts;

    fn error() -> Error {
        Error::Refused(
            "This hatrack was built without XMPP accounts (kind = \"xmpp\"). Build it with the feature live."
                .into(),
        )
    }

    impl Backend for NoAccounts {
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

        fn read_rooms(&mut self, _: &[Jid], _: ResultCallback<'_, ReadEvent>) -> Result<(), Error> {
            Err(error())
        }

        fn apply(&mut self, _: &[RoomChanges], _: ResultCallback<'_, Applied>) -> Result<(), Error> {
            Err(error())
        }
    }
}
