//! Servers that tests use one after the other: starting one takes longer than most tests. A test has one for itself,
//! without rooms, and gives it back when it passes; so tests that run side by side do not wait for each other.

use std::ops::{Deref, DerefMut};
use std::sync::Mutex;

use crate::prosody::SERVICE;
use crate::server::{Kind, Server};

static IDLE: Mutex<Vec<Server>> = Mutex::new(Vec::new());

/// A server that other tests use, too, before and after.
#[derive(Debug)]
pub(crate) struct Shared(Option<Server>);

impl Shared {
    /// Takes one that no test uses, or starts one. `None`: it cannot run here, which is reported.
    pub(crate) fn take(kind: Kind) -> Option<Self> {
        let idle = || {
            let mut idle = IDLE.lock().unwrap();
            let number = idle.iter().position(|server| server.kind == kind)?;
            Some(idle.swap_remove(number))
        };
        while let Some(mut server) = idle() {
            if server.is_alive() && server.remove_rooms() {
                return Some(Self(Some(server)));
            }
        }
        Server::start(kind).map(Some).map(Self)
    }
}

/// Runs a test on a server of each of these kinds, at the same time: most of a test is waiting.
pub(crate) fn on_each(kinds: &[Kind], test: impl Fn(&mut Server) + Sync) {
    run_on_each(kinds, &|kind| {
        if let Some(mut server) = Shared::take(kind) {
            test(&mut server);
        }
    });
}

/// The same on servers that no other test uses: when ejabberd is killed, what it forgets must not be a room that another
/// test removed.
pub(crate) fn on_each_new(kinds: &[Kind], test: impl Fn(&mut Server) + Sync) {
    run_on_each(kinds, &|kind| {
        if let Some(mut server) = Server::start(kind) {
            test(&mut server);
        }
    });
}

/// Runs a test for each of these kinds, at the same time.
pub(crate) fn run_on_each(kinds: &[Kind], test: &(impl Fn(Kind) + Sync)) {
    side_by_side(kinds.iter().map(|kind| (format!("{kind:?}"), *kind)), test);
}

/// Runs a test for each of these cases, which have names, at the same time.
pub(crate) fn side_by_side<T: Send>(
    cases: impl IntoIterator<Item = (impl std::fmt::Display, T)>,
    test: &(impl Fn(T) + Sync),
) {
    let this = std::thread::current();
    let test_name = this.name().unwrap_or("a test");
    std::thread::scope(|scope| {
        for (name, case) in cases {
            let thread = std::thread::Builder::new().name(format!("{test_name}: {name}"));
            thread.spawn_scoped(scope, move || test(case)).unwrap();
        }
    });
}

impl Deref for Shared {
    type Target = Server;

    fn deref(&self) -> &Server {
        self.0.as_ref().unwrap()
    }
}

impl DerefMut for Shared {
    fn deref_mut(&mut self) -> &mut Server {
        self.0.as_mut().unwrap()
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        let server = self.0.take();
        // What a test that failed left behind must not make others fail.
        if !std::thread::panicking() {
            IDLE.lock().unwrap().extend(server);
        }
    }
}

impl Server {
    /// Removes all rooms; accounts stay. Whether that succeeded.
    pub(crate) fn remove_rooms(&self) -> bool {
        if self.kind.is_prosody() {
            // Also those that are not loaded, destroyed, or cannot be saved.
            let left = self.lua(&format!(
                "local m = hosts['{SERVICE}'].modules.muc; local names = {{}} \
                 for r in m.live_rooms() do names[r.jid] = true end \
                 local store = m.module:open_store('persistent') \
                 for name in pairs(store:get(nil) or {{}}) do names[name] = true end \
                 local left = 0 for name in pairs(names) do if not pcall(function() \
                 local r = m.get_room_from_jid(name); m.forget_room(r); m.delete_room(r) end) then left = left + 1 end end \
                 return tostring(left)"
            ));
            return left == "0";
        }
        for room in self.muc_rooms() {
            self.destroy_muc(&room);
        }
        true
    }
}
