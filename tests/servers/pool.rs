//! Servers that several tests use, one after the other, because starting a server takes longer than most tests. While a
//! test has a server, no other test uses it. The test gets the server without rooms and returns it only if it passes.

use std::ops::{Deref, DerefMut};
use std::sync::Mutex;

use crate::prosody::SERVICE;
use crate::server::{Kind, Server};

static IDLE: Mutex<Vec<Server>> = Mutex::new(Vec::new());

/// A server that other tests may have used before and may use later.
#[derive(Debug)]
pub(crate) struct Shared(Option<Server>);

impl Shared {
    /// Takes a server that no test uses, or starts one. Returns `None` and reports why if this kind cannot run on this
    /// machine.
    pub(crate) fn take(kind: Kind) -> Option<Self> {
        let idle = || {
            let mut idle = IDLE.lock().unwrap();
            let index = idle.iter().position(|server| server.kind == kind)?;
            Some(idle.swap_remove(index))
        };
        while let Some(mut server) = idle() {
            if server.is_alive() && server.remove_rooms() {
                return Some(Self(Some(server)));
            }
        }
        Server::start(kind).map(Some).map(Self)
    }
}

/// Runs a test on a server of each of these kinds in parallel: a test mostly waits.
pub(crate) fn on_each(kinds: &[Kind], test: impl Fn(&mut Server) + Sync) {
    run_on_each(kinds, &|kind| {
        if let Some(mut server) = Shared::take(kind) {
            test(&mut server);
        }
    });
}

/// Like [`on_each`], on new servers. For tests that kill servers: a killed ejabberd forgets its last changes, so on a
/// shared server, a room that another test removed could reappear.
pub(crate) fn on_each_new(kinds: &[Kind], test: impl Fn(&mut Server) + Sync) {
    run_on_each(kinds, &|kind| {
        if let Some(mut server) = Server::start(kind) {
            test(&mut server);
        }
    });
}

/// Runs a test for each of these kinds in parallel.
pub(crate) fn run_on_each(kinds: &[Kind], test: &(impl Fn(Kind) + Sync)) {
    run_side_by_side(kinds.iter().map(|kind| (format!("{kind:?}"), *kind)), test);
}

/// Runs a test for each of these cases in parallel, each in a thread with the name of the case.
pub(crate) fn run_side_by_side<T: Send>(
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
        // What a failed test leaves on the server must not make other tests fail.
        if !std::thread::panicking() {
            IDLE.lock().unwrap().extend(server);
        }
    }
}

impl Server {
    /// Removes all rooms, but no accounts. Returns whether all rooms are removed.
    pub(crate) fn remove_rooms(&self) -> bool {
        if self.kind.is_prosody() {
            // This includes rooms that are not loaded, are destroyed, or cannot be saved.
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
        for room in self.ejabberd_rooms() {
            self.destroy_ejabberd_room(&room);
        }
        true
    }
}
