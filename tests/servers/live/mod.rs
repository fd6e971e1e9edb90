//! `hatrack pull`, `plan` and `apply` against real servers. What a server has is set and read by its own means, and what its
//! users see by a client that has nothing of hatrack's.

#[cfg(feature = "live")]
mod ejabberd;
mod interrupted;
mod meanwhile;
mod rooms;
mod site;
mod speed;
mod two_sides;

use crate::server::{Kind, Server};

pub(super) const ROOM: &str = "courses@conference.localhost";
pub(super) const ANA: &str = "ana@localhost";
pub(super) const BOB: &str = "bob@localhost";
pub(super) const OFF: &str = "off@localhost";

/// On each server that this can be proven on.
pub(super) fn each(test: impl Fn(&mut Server)) {
    for kind in Kind::PROSODY {
        if let Some(mut server) = Server::start(kind) {
            println!("{kind:?}");
            test(&mut server);
        }
    }
}
