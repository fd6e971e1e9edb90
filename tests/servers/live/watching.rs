//! What others change in watched rooms is reported, and nothing of other rooms.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use hatrack::model::{Affiliation, HatId};
use hatrack::server::{Backend, WatchEvent};
use hatrack::sync::RemoteUser;

use super::state::Member;
use super::{ANA, BOB, KINDS, OFF, ROOM};
use crate::pool::on_each;
use crate::server::Server;
use crate::shell::{self, By};
use crate::watcher::{Watcher, room_of};

const OTHER: &str = "other@conference.localhost";

fn ways(server: &Server) -> &'static [By] {
    if server.kind.is_prosody() {
        &[By::Socket, By::Command]
    } else {
        &[By::Socket]
    }
}

/// A backend for a server; for ejabberd there is only one way.
fn backend(server: &Server, by: By) -> Box<dyn Backend> {
    #[cfg(feature = "live")]
    if !server.kind.is_prosody() {
        return Box::new(crate::xmpp::login(server, "siteadmin"));
    }
    Box::new(shell::connect(server, by))
}

/// Runs a test for each way to reach a server.
fn each_way(test: impl Fn(&mut Server, Box<dyn Backend>) + Sync) {
    on_each(KINDS, |server| {
        for by in ways(server) {
            assert!(server.remove_rooms());
            let backend = backend(server, *by);
            test(server, backend);
        }
    });
}

fn rooms(server: &Server) {
    let users: &[Member<'_>] = &[
        (ANA, "owner", &[]),
        (BOB, "member", &[("urn:x:old", "Old")]),
        (OFF, "member", &[]),
    ];
    server.found(ROOM, users);
    server.found(OTHER, users);
}

fn has(id: &'static str) -> impl Fn(Option<&RemoteUser>) -> bool {
    move |user| user.is_some_and(|user| user.hats.contains_key(&HatId::unchecked(id)))
}

#[test]
fn changes_of_others_are_reported() {
    each_way(|server, backend| {
        rooms(server);
        let mut watcher = Watcher::start(backend, &[ROOM]);
        let mut seen = Vec::new();
        server.give(OTHER, BOB, &[("urn:x:1", "First")]);
        server.give(ROOM, BOB, &[("urn:x:1", "First")]);
        seen.extend(watcher.until_user(ROOM, BOB, has("urn:x:1")));
        server.take(ROOM, BOB, &["urn:x:1"]);
        seen.extend(watcher.until_user(ROOM, BOB, |user| !has("urn:x:1")(user) && has("urn:x:old")(user)));
        server.set_affiliation(OTHER, OFF, "admin");
        server.set_affiliation(ROOM, OFF, "admin");
        let is_admin =
            |user: Option<&RemoteUser>| user.is_some_and(|user| user.affiliation == Affiliation::Admin);
        seen.extend(watcher.until_user(ROOM, OFF, is_admin));
        server.destroy(OTHER);
        server.destroy(ROOM);
        seen.push(watcher.until(|seen| matches!(seen, WatchEvent::Room { .. })));
        assert!(seen.iter().all(|seen| room_of(seen) == ROOM), "{seen:?}");
    });
}

#[test]
fn nothing_is_missed_between_watching_and_looking() {
    each_way(|server, backend| {
        rooms(server);
        let mut watcher = Watcher::start(backend, &[]);
        // Read before it is watched, or after.
        watcher.read(&[ROOM]);
        server.give(ROOM, BOB, &[("urn:x:1", "First")]);
        watcher.watch(&[ROOM, OTHER]);
        watcher.read(&[OTHER]);
        server.give(OTHER, BOB, &[("urn:x:1", "First")]);
        let mut missing = BTreeSet::from([ROOM.to_owned(), OTHER.to_owned()]);
        watcher.until(|seen| {
            missing.remove(room_of(seen));
            missing.is_empty()
        });
    });
}

/// The memory of the processes that carry a shell, in kB.
fn carriers() -> u64 {
    let processes = std::fs::read_dir("/proc").unwrap().flatten();
    let folders = processes.map(|process| process.path());
    let carries = |folder: &std::path::PathBuf| {
        let line = std::fs::read_to_string(folder.join("cmdline")).unwrap_or_default();
        line.contains("prosodyctl") && line.contains("lua")
    };
    let memory = |folder: std::path::PathBuf| -> Option<u64> {
        let status = std::fs::read_to_string(folder.join("status")).ok()?;
        let line = status.lines().find(|line| line.starts_with("VmRSS:"))?;
        line.split_whitespace().nth(1)?.parse().ok()
    };
    folders.filter(carries).filter_map(memory).sum()
}

#[test]
#[ignore = "prints figures"]
fn speed() {
    for kind in KINDS {
        let Some(server) = Server::start(*kind) else {
            continue;
        };
        rooms(&server);
        for by in ways(&server) {
            let backend = backend(&server, *by);
            let mut watcher = Watcher::start(backend, &[ROOM]);
            let mut times = Vec::new();
            for number in 0..20 {
                std::thread::sleep(Duration::from_millis(137 * number));
                let began = Instant::now();
                if number % 2 == 0 {
                    server.give(ROOM, BOB, &[("urn:x:1", "First")]);
                    watcher.until_user(ROOM, BOB, has("urn:x:1"));
                } else {
                    server.take(ROOM, BOB, &["urn:x:1"]);
                    watcher.until_user(ROOM, BOB, |user| !has("urn:x:1")(user));
                }
                times.push(began.elapsed().as_secs_f64());
            }
            times.sort_by(f64::total_cmp);
            println!(
                "{kind:?} {by:?} reported after {:.2} s, at most {:.2} s",
                times[10], times[19]
            );
            if !kind.is_prosody() {
                continue;
            }
            let memory =
                || server.lua("collectgarbage() collectgarbage() return tostring(collectgarbage('count'))");
            let log = || std::fs::metadata(server.path("server.log")).unwrap().len();
            let before = (memory(), carriers(), log());
            let began = Instant::now();
            for _ in 0..50_000 {
                watcher.backend.poll(&mut |seen| panic!("{seen:?}")).unwrap();
            }
            let each = began.elapsed().as_secs_f64() / 50.0;
            println!(
                "{kind:?} {by:?} look {each:.3} ms; memory of server, of carrier (kB), log: {before:?}, after 50,000 {:?}",
                (memory(), carriers(), log())
            );
        }
    }
}
