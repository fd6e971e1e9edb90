//! Backends report changes of others in watched rooms, and no changes in other rooms.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use hatrack::model::{Affiliation, HatId};
use hatrack::server::{Backend, WatchEvent};
use hatrack::sync::RemoteUser;

use super::state::Member;
use super::{ANA, BOB, KINDS, OFF, ROOM};
use crate::pool::on_each;
use crate::server::Server;
use crate::shell::{self, Transport};
use crate::watcher::{Watcher, room_of};

const OTHER: &str = "other@conference.localhost";

/// The transports to test for a server. ejabberd has only one, for which [`Transport::Socket`] stands.
fn transports(server: &Server) -> &'static [Transport] {
    if server.kind.is_prosody() {
        &[Transport::Socket, Transport::Command]
    } else {
        &[Transport::Socket]
    }
}

/// A backend for a server. For ejabberd, the transport is ignored.
fn backend(server: &Server, transport: Transport) -> Box<dyn Backend> {
    #[cfg(feature = "live")]
    if !server.kind.is_prosody() {
        return Box::new(crate::xmpp::login(server, "siteadmin"));
    }
    Box::new(shell::connect(server, transport))
}

/// Runs a test on each kind of server with each transport.
fn on_each_with_each_transport(test: impl Fn(&mut Server, Box<dyn Backend>) + Sync) {
    on_each(KINDS, |server| {
        for transport in transports(server) {
            assert!(server.remove_rooms());
            let backend = backend(server, *transport);
            test(server, backend);
        }
    });
}

fn create_rooms(server: &Server) {
    let users: &[Member<'_>] = &[
        (ANA, "owner", &[]),
        (BOB, "member", &[("urn:x:old", "Old")]),
        (OFF, "member", &[]),
    ];
    server.create_room(ROOM, users);
    server.create_room(OTHER, users);
}

fn has(id: &'static str) -> impl Fn(Option<&RemoteUser>) -> bool {
    move |user| user.is_some_and(|user| user.hats.contains_key(&HatId::unchecked(id)))
}

#[test]
fn changes_of_others_are_reported() {
    on_each_with_each_transport(|server, backend| {
        create_rooms(server);
        let mut watcher = Watcher::start(backend, &[ROOM]);
        let mut seen = Vec::new();
        server.add_hats(OTHER, BOB, &[("urn:x:1", "First")]);
        server.add_hats(ROOM, BOB, &[("urn:x:1", "First")]);
        seen.extend(watcher.poll_until_user(ROOM, BOB, has("urn:x:1")));
        server.remove_hats(ROOM, BOB, &["urn:x:1"]);
        seen.extend(
            watcher.poll_until_user(ROOM, BOB, |user| !has("urn:x:1")(user) && has("urn:x:old")(user)),
        );
        server.set_affiliation(OTHER, OFF, "admin");
        server.set_affiliation(ROOM, OFF, "admin");
        let is_admin =
            |user: Option<&RemoteUser>| user.is_some_and(|user| user.affiliation == Affiliation::Admin);
        seen.extend(watcher.poll_until_user(ROOM, OFF, is_admin));
        server.destroy_room(OTHER);
        server.destroy_room(ROOM);
        seen.push(watcher.poll_until(|seen| matches!(seen, WatchEvent::Room { .. })));
        assert!(seen.iter().all(|seen| room_of(seen) == ROOM), "{seen:?}");
    });
}

#[test]
fn no_change_between_watching_and_reading_is_missed() {
    on_each_with_each_transport(|server, backend| {
        create_rooms(server);
        let mut watcher = Watcher::start(backend, &[]);
        // One room is read before it is watched, the other one after that.
        watcher.read(&[ROOM]);
        server.add_hats(ROOM, BOB, &[("urn:x:1", "First")]);
        watcher.watch(&[ROOM, OTHER]);
        watcher.read(&[OTHER]);
        server.add_hats(OTHER, BOB, &[("urn:x:1", "First")]);
        let mut missing = BTreeSet::from([ROOM.to_owned(), OTHER.to_owned()]);
        watcher.poll_until(|seen| {
            missing.remove(room_of(seen));
            missing.is_empty()
        });
    });
}

/// The memory of the processes that run `prosodyctl shell`, in kB.
fn memory_of_prosodyctl() -> u64 {
    let processes = std::fs::read_dir("/proc").unwrap().flatten();
    let folders = processes.map(|process| process.path());
    let is_prosodyctl = |folder: &std::path::PathBuf| {
        let line = std::fs::read_to_string(folder.join("cmdline")).unwrap_or_default();
        line.contains("prosodyctl") && line.contains("lua")
    };
    let memory = |folder: std::path::PathBuf| -> Option<u64> {
        let status = std::fs::read_to_string(folder.join("status")).ok()?;
        let line = status.lines().find(|line| line.starts_with("VmRSS:"))?;
        line.split_whitespace().nth(1)?.parse().ok()
    };
    folders.filter(is_prosodyctl).filter_map(memory).sum()
}

#[test]
#[ignore = "prints figures"]
fn speed() {
    for kind in KINDS {
        let Some(server) = Server::start(*kind) else {
            continue;
        };
        create_rooms(&server);
        for transport in transports(&server) {
            let backend = backend(&server, *transport);
            let mut watcher = Watcher::start(backend, &[ROOM]);
            let mut times = Vec::new();
            for number in 0..20 {
                std::thread::sleep(Duration::from_millis(137 * number));
                let began = Instant::now();
                if number % 2 == 0 {
                    server.add_hats(ROOM, BOB, &[("urn:x:1", "First")]);
                    watcher.poll_until_user(ROOM, BOB, has("urn:x:1"));
                } else {
                    server.remove_hats(ROOM, BOB, &["urn:x:1"]);
                    watcher.poll_until_user(ROOM, BOB, |user| !has("urn:x:1")(user));
                }
                times.push(began.elapsed().as_secs_f64());
            }
            times.sort_by(f64::total_cmp);
            println!(
                "{kind:?} {transport:?} reported after {:.2} s, at most {:.2} s",
                times[10], times[19]
            );
            if !kind.is_prosody() {
                continue;
            }
            let memory =
                || server.lua("collectgarbage() collectgarbage() return tostring(collectgarbage('count'))");
            let log = || std::fs::metadata(server.path("server.log")).unwrap().len();
            let before = (memory(), memory_of_prosodyctl(), log());
            let began = Instant::now();
            for _ in 0..50_000 {
                watcher.backend.poll(&mut |seen| panic!("{seen:?}")).unwrap();
            }
            let each = began.elapsed().as_secs_f64() / 50.0;
            println!(
                "{kind:?} {transport:?} poll {each:.3} ms; memory of the server and of prosodyctl (kB), size of the log (bytes): before {before:?}, after 50,000 polls {:?}",
                (memory(), memory_of_prosodyctl(), log())
            );
        }
    }
}
