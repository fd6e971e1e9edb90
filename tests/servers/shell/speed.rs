//! The speed of reading and applying, compared with a minimal script that does the same, in turn. Nothing is asserted
//! about time: the figures are printed (`cargo test --release --test servers speed -- --ignored --nocapture`).

use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use hatrack::server::Backend as _;
use hatrack::sync::ItemChange;
use serde_json::{Value, json};

use super::{SAVED, Transport, apply, change, connect, hat, read};
use crate::server::{Kind, Server};

const ROOM: &str = "big@conference.localhost";

/// Runs the script for comparison (`read` or `write`) and returns the seconds that it took.
fn run_bare_script(server: &Server, operation: &str) -> f64 {
    let output = Command::new("/usr/bin/python3")
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/servers/bare.py"))
        .arg(server.socket())
        .args([operation, ROOM])
        .output()
        .unwrap();
    let printed: Value = serde_json::from_slice(&output.stdout).unwrap();
    printed["seconds"].as_f64().unwrap()
}

/// Runs something and returns the seconds that it took, and its result.
fn timed<T>(run: impl FnOnce() -> T) -> (f64, T) {
    let began = Instant::now();
    let value = run();
    (began.elapsed().as_secs_f64(), value)
}

/// Runs something, while another connection sends small requests. Returns the longest time that such a request took, in
/// seconds, and the result.
fn longest_wait_of_others<T>(server: &Server, run: impl FnOnce() -> T) -> (f64, T) {
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let other = scope.spawn(|| {
            let mut other = connect(server, Transport::Socket);
            let mut longest = 0.0_f64;
            while !done.load(Ordering::Relaxed) {
                // A round trip that does nothing, because the room does not exist.
                longest = longest
                    .max(timed(|| super::read_all(&mut other, &["never@conference.localhost"]).unwrap()).0);
                std::thread::sleep(Duration::from_millis(1));
            }
            longest
        });
        let value = run();
        done.store(true, Ordering::Relaxed);
        (other.join().unwrap(), value)
    })
}

/// Changes that add a hat to 1,000 users.
fn hat_additions(id: &str) -> Vec<ItemChange> {
    (1..=1000)
        .map(|number| {
            change(
                &format!("user{number}@localhost"),
                id,
                None,
                Some(hat("a", "Teacher")),
            )
        })
        .collect()
}

#[test]
#[ignore = "prints figures"]
fn speed() {
    for kind in Kind::PROSODY {
        let Some(server) = Server::start(kind) else {
            continue;
        };
        server.create_prosody_room(ROOM, &json!([["ana@localhost", "owner"]]));
        server.lua_room(ROOM, "for i = 1, 10000 do local u = 'user' .. i .. '@localhost'; r._affiliations[u] = 'member' \
            if i % 2 == 0 then r._affiliation_data[u] = { hats = { ['http://example.org/hats/' .. i] = { active = true, title = 'Title ' .. i } } } end end return tostring(r:save(true))");
        for transport in [Transport::Socket, Transport::Command] {
            let mut backend = connect(&server, transport);
            let connecting = timed(|| backend.connect().unwrap()).0;
            for round in 0..3 {
                let bare = run_bare_script(&server, "read");
                let (reading, found) = timed(|| read(&mut backend, ROOM));
                assert_eq!(found.users.len(), 10_001);
                let waited = longest_wait_of_others(&server, || read(&mut backend, ROOM)).0;
                println!(
                    "{kind:?} {transport:?} connect {connecting:.3} read {reading:.3} bare {bare:.3} ratio {:.2} others wait {waited:.3}",
                    reading / bare
                );
                let bare = run_bare_script(&server, "write");
                let (writing, outcomes) = timed(|| {
                    apply(
                        &mut backend,
                        ROOM,
                        hat_additions(&format!("urn:{transport:?}:{round}")),
                    )
                });
                assert!(outcomes.iter().all(|outcome| *outcome == SAVED));
                let waited = longest_wait_of_others(&server, || {
                    apply(
                        &mut backend,
                        ROOM,
                        hat_additions(&format!("urn:{transport:?}:again:{round}")),
                    )
                })
                .0;
                println!(
                    "{kind:?} {transport:?} write {writing:.3} bare {bare:.3} ratio {:.2} others wait {waited:.3}",
                    writing / bare
                );
            }
        }
    }
}
