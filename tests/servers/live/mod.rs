//! `hatrack pull`, `plan` and `apply` against real servers. What a server has is set and read by its own means, and what its
//! users see by a client that has nothing of hatrack's.

mod at_once;
mod at_once_speed;
#[cfg(feature = "live")]
mod ejabberd;
mod followers;
mod following;
mod forged;
mod idle;
mod interrupted;
mod key_presses;
mod meanwhile;
mod moderators;
mod proxy;
mod rooms;
mod silent;
mod site;
mod speed;
mod state;
mod two_sides;
mod watching;

use crate::pool::on_each;
use crate::server::{Kind, Server};

pub(super) const ROOM: &str = "courses@conference.localhost";
pub(super) const ANA: &str = "ana@localhost";
pub(super) const BOB: &str = "bob@localhost";
/// On each server. Without XMPP accounts, hatrack can use only Prosody.
pub(super) const KINDS: &[Kind] = if cfg!(feature = "live") {
    &Kind::ALL
} else {
    &Kind::PROSODY
};
/// A Prosody and an ejabberd; in the long run each server.
pub(super) fn some_kinds() -> &'static [Kind] {
    const TWO: [Kind; 2] = [Kind::Prosody012, Kind::Ejabberd26];
    match KINDS {
        all if std::env::var_os("HATRACK_LONG").is_some() => all,
        [_, _] => &TWO[..1],
        _ => &TWO,
    }
}
pub(super) const OFF: &str = "off@localhost";

/// On each Prosody.
pub(super) fn on_each_prosody(test: impl Fn(&mut Server) + Sync) {
    on_each(&Kind::PROSODY, test);
}
