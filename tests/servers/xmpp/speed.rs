//! Speed, compared with a bare script that does the same in the same minute. The figures are printed, not asserted:
//! `cargo test --release --test servers xmpp::speed -- --ignored --nocapture`.

use std::path::Path;
use std::process::Command;
use std::time::Instant;

use hatrack::model::Affiliation;
use hatrack::server::Backend as _;
use hatrack::server::xmpp::Xmpp;
use hatrack::sync::{CatalogValue, HatValue, ItemChange};
use serde_json::Value;

use super::{DONE, SERVICE, affiliate, apply, change, define, login, read, try_apply};
use crate::server::{Kind, Server};

const BIG: &str = "big@conference.localhost";

fn bare(server: &Server, words: &[&str]) -> f64 {
    let output = Command::new("/usr/bin/python3")
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/servers/bare_xmpp.py"))
        .arg(server.ports.client.to_string())
        .args(["siteadmin@localhost", "secret"])
        .args(words)
        .output()
        .unwrap();
    let said: Value = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&output.stderr)));
    said["seconds"].as_f64().unwrap()
}

fn timed<T>(what: impl FnOnce() -> T) -> (f64, T) {
    let began = Instant::now();
    let value = what();
    (began.elapsed().as_secs_f64(), value)
}

fn assigned(id: &str) -> Vec<ItemChange> {
    (1..=100)
        .map(|number| {
            change(
                &format!("user{number}@localhost"),
                id,
                None,
                Some(HatValue::assigned()),
            )
        })
        .collect()
}

fn defined(backend: &mut Xmpp, room: &str, ids: &[String]) {
    let entry = || Some(CatalogValue::new("Teacher", None));
    let changes = ids.iter().map(|id| define(id, None, entry())).collect();
    assert!(
        apply(backend, room, changes)
            .iter()
            .all(|outcome| *outcome == DONE)
    );
}

fn done(backend: &mut Xmpp, work: &[(&str, Vec<ItemChange>)]) {
    let (told, result) = try_apply(backend, work);
    result.unwrap();
    let mut outcomes = told.iter().flat_map(|applied| &applied.outcomes);
    assert!(outcomes.all(|(_, outcome)| *outcome == DONE));
}

/// The peak memory of this process, in KiB.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

#[test]
#[ignore = "prints figures"]
fn speed() {
    let Some(server) = Server::start(Kind::Ejabberd26) else {
        return;
    };
    server.user("siteadmin");
    let mut backend = login(&server, "siteadmin");
    let ids: Vec<String> = (0..10).map(|number| format!("urn:x:{number}")).collect();

    server.muc(BIG, &[], &[]);
    println!("connect {:.3}", timed(|| backend.connect().unwrap()).0);
    // 1,000 assignments, which are as many as a room can have, by hatrack and by the script.
    for round in 0..3 {
        let rooms = ["own", "least"].map(|name| format!("{name}{round}@{SERVICE}"));
        for room in &rooms {
            server.muc(room, &[], &[]);
            defined(&mut backend, room, &ids);
        }
        let changes: Vec<ItemChange> = ids.iter().flat_map(|id| assigned(id)).collect();
        let own = timed(|| done(&mut backend, &[(&rooms[0], changes)])).0;
        let least: f64 = ids
            .iter()
            .map(|id| bare(&server, &["assign", id, &rooms[1]]))
            .sum();
        println!(
            "1,000 assignments {own:.3} bare {least:.3} ratio {:.2}",
            own / least
        );
    }

    let members = |from: usize| {
        (from..from + 10_000)
            .map(|number| {
                affiliate(
                    &format!("user{number}@localhost"),
                    Affiliation::None,
                    Affiliation::Member,
                )
            })
            .collect()
    };
    println!(
        "10,000 affiliations {:.3}",
        timed(|| done(&mut backend, &[(BIG, members(1))])).0
    );
    defined(&mut backend, BIG, &ids);
    for ids in ids.chunks(2) {
        let own = timed(|| done(&mut backend, &[(BIG, assigned(&ids[0]))])).0;
        let least = bare(&server, &["assign", &ids[1], BIG]);
        println!(
            "100 assignments at 10,000 users {own:.3} bare {least:.3} ratio {:.2}",
            own / least
        );
    }
    for _ in 0..5 {
        let before = peak();
        let (own, room) = timed(|| read(&mut backend, BIG));
        assert_eq!(room.users.len(), 10_000);
        assert_eq!(
            room.users.values().map(|user| user.hats.len()).sum::<usize>(),
            1_000
        );
        let least = bare(&server, &["read", BIG]);
        println!(
            "read 10,000 affiliations and 1,000 hats {own:.3} bare {least:.3} ratio {:.2} peak memory {} → {} KiB",
            own / least,
            before,
            peak()
        );
    }

    let rooms: Vec<String> = (0..100).map(|number| format!("room{number}@{SERVICE}")).collect();
    for room in &rooms {
        server.muc(room, &[], &[]);
        defined(&mut backend, room, &ids);
    }
    for id in &ids[..3] {
        let work = |rooms: &'_ [String]| -> Vec<(String, Vec<ItemChange>)> {
            rooms.iter().map(|room| (room.clone(), assigned(id))).collect()
        };
        let all = work(&rooms);
        let all: Vec<(&str, Vec<ItemChange>)> = all
            .iter()
            .map(|(room, changes)| (room.as_str(), changes.clone()))
            .collect();
        let parallel = timed(|| done(&mut backend, &all[..99])).0;
        let one = timed(|| done(&mut backend, &all[99..])).0;
        let (parallel, one) = (9_900.0 / parallel, 100.0 / one);
        println!(
            "rooms in parallel {parallel:.0}/s, one room {one:.0}/s, ratio {:.1}",
            parallel / one
        );
    }
}
