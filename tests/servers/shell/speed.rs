//! How long it takes, against a bare script that does the same in the same minute. Nothing is asserted about time: the
//! figures are printed (`cargo test --release --test servers speed -- --ignored --nocapture`).

use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use hatrack::server::Backend as _;
use hatrack::sync::ItemChange;
use serde_json::{Value, json};

use super::{By, SAVED, apply, change, connect, hat, read};
use crate::server::{Kind, Server};

const ROOM: &str = "big@conference.localhost";

fn bare(server: &Server, what: &str) -> f64 {
    let output = Command::new("/usr/bin/python3")
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/servers/bare.py"))
        .arg(server.socket())
        .args([what, ROOM])
        .output()
        .unwrap();
    let said: Value = serde_json::from_slice(&output.stdout).unwrap();
    said["seconds"].as_f64().unwrap()
}

fn timed<T>(what: impl FnOnce() -> T) -> (f64, T) {
    let began = Instant::now();
    let value = what();
    (began.elapsed().as_secs_f64(), value)
}

/// The longest that somebody else waits for the server while something is done, in seconds.
fn others_wait<T>(server: &Server, what: impl FnOnce() -> T) -> (f64, T) {
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let other = scope.spawn(|| {
            let mut other = connect(server, By::Socket);
            let mut longest = 0.0_f64;
            while !done.load(Ordering::Relaxed) {
                // One round trip that does nothing.
                longest = longest
                    .max(timed(|| super::read_all(&mut other, &["never@conference.localhost"]).unwrap()).0);
                std::thread::sleep(Duration::from_millis(1));
            }
            longest
        });
        let value = what();
        done.store(true, Ordering::Relaxed);
        (other.join().unwrap(), value)
    })
}

fn give(id: &str) -> Vec<ItemChange> {
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
        server.make_room(ROOM, &json!([["ana@localhost", "owner"]]));
        server.lua_room(ROOM, "for i = 1, 10000 do local u = 'user' .. i .. '@localhost'; r._affiliations[u] = 'member' \
            if i % 2 == 0 then r._affiliation_data[u] = { hats = { ['http://example.org/hats/' .. i] = { active = true, title = 'Title ' .. i } } } end end return tostring(r:save(true))");
        for by in [By::Socket, By::Command] {
            let mut backend = connect(&server, by);
            let connecting = timed(|| backend.connect().unwrap()).0;
            for round in 0..3 {
                let least = bare(&server, "read");
                let (reading, found) = timed(|| read(&mut backend, ROOM));
                assert_eq!(found.users.len(), 10_001);
                let waited = others_wait(&server, || read(&mut backend, ROOM)).0;
                println!(
                    "{kind:?} {by:?} connect {connecting:.3} read {reading:.3} bare {least:.3} ratio {:.2} others wait {waited:.3}",
                    reading / least
                );
                let least = bare(&server, "write");
                let (writing, outcomes) =
                    timed(|| apply(&mut backend, ROOM, give(&format!("urn:{by:?}:{round}"))));
                assert!(outcomes.iter().all(|outcome| *outcome == SAVED));
                let waited = others_wait(&server, || {
                    apply(&mut backend, ROOM, give(&format!("urn:{by:?}:again:{round}")))
                })
                .0;
                println!(
                    "{kind:?} {by:?} write {writing:.3} bare {least:.3} ratio {:.2} others wait {waited:.3}",
                    writing / least
                );
            }
        }
    }
}
