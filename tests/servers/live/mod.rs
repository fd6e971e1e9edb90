//! hatrack with real servers: `pull`, `plan`, `apply` and `follow`, sending at once, and the screen. The tests read and
//! change what a server has without hatrack, and see what its users see with a client that shares no code with hatrack.

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
/// The kinds of servers that hatrack can use: without the feature `live`, only Prosody.
pub(super) const KINDS: &[Kind] = if cfg!(feature = "live") {
    &Kind::ALL
} else {
    &Kind::PROSODY
};
pub(super) const OFF: &str = "off@localhost";

/// One kind of Prosody and one of ejabberd, or all kinds with `HATRACK_LONG`.
pub(super) fn some_kinds() -> &'static [Kind] {
    const TWO: [Kind; 2] = [Kind::Prosody012, Kind::Ejabberd26];
    match KINDS {
        all if std::env::var_os("HATRACK_LONG").is_some() => all,
        [_, _] => &TWO[..1],
        _ => &TWO,
    }
}

/// Runs a test on each kind of Prosody.
pub(super) fn on_each_prosody(test: impl Fn(&mut Server) + Sync) {
    on_each(&Kind::PROSODY, test);
}
