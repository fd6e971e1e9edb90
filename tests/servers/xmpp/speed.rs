//! Speed, compared with a bare script that does the same in the same minute. The figures are printed, not asserted:
//! `cargo test --release --test servers xmpp::speed -- --ignored --nocapture`.

use std::ops::RangeInclusive;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use hatrack::model::Affiliation;
use hatrack::server::xmpp::Xmpp;
use hatrack::server::{Account, Backend as _, TlsMode};
use hatrack::sync::{CatalogValue, HatValue, ItemChange, RateLimit, request_size};
use serde_json::Value;

use super::{DONE, SERVICE, affiliate, apply, change, define, read, try_apply};
use crate::server::{Kind, Server};

pub(super) const BIG: &str = "big@conference.localhost";

/// The seconds of the script, and for how many of them it was on a processor.
pub(super) fn bare(server: &Server, words: &[&str]) -> (f64, f64) {
    let output = Command::new("/usr/bin/python3")
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/servers/bare_xmpp.py"))
        .arg(server.ports.client.to_string())
        .args(["siteadmin@localhost", "secret"])
        .args(words)
        .output()
        .unwrap();
    let said: Value = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&output.stderr)));
    (
        said["seconds"].as_f64().unwrap(),
        said["processor"].as_f64().unwrap(),
    )
}

pub(super) fn timed<T>(what: impl FnOnce() -> T) -> (f64, T) {
    let began = Instant::now();
    let value = what();
    (began.elapsed().as_secs_f64(), value)
}

pub(super) fn assigned(id: &str, users: RangeInclusive<usize>) -> Vec<ItemChange> {
    users
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

pub(super) fn defined(backend: &mut Xmpp, room: &str, ids: &[String]) {
    let entry = || Some(CatalogValue::new("Teacher", None));
    let changes = ids.iter().map(|id| define(id, None, entry())).collect();
    assert!(
        apply(backend, room, changes)
            .iter()
            .all(|outcome| *outcome == DONE)
    );
}

pub(super) fn done(backend: &mut Xmpp, work: &[(&str, Vec<ItemChange>)]) {
    let (told, result) = try_apply(backend, work);
    result.unwrap();
    let mut outcomes = told.iter().flat_map(|applied| &applied.outcomes);
    assert!(outcomes.all(|(_, outcome)| *outcome == DONE));
}

/// Seconds for which this thread has been on a processor: what the load of the machine leaves as it is.
pub(super) fn busy() -> f64 {
    let statistics = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    let nanoseconds: u64 = statistics.split_whitespace().next().unwrap().parse().unwrap();
    std::time::Duration::from_nanos(nanoseconds).as_secs_f64()
}

/// The peak memory of this process, in KiB.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

/// How long sending takes to an owner, whom ejabberd slows down, and how long a plan would say.
fn estimate(server: &Server, ids: &[String]) {
    server.user("ana");
    let room = format!("slow@{SERVICE}");
    server.muc(&room, &[], &[(super::ANA, "owner")]);
    defined(&mut unencrypted(server, "siteadmin"), &room, ids);
    let changes: Vec<ItemChange> = ids.iter().take(3).flat_map(|id| assigned(id, 1..=100)).collect();
    let sizes = changes
        .iter()
        .map(|change| request_size(&super::jid(&room), &change.item));
    let said = RateLimit::EJABBERD_DEFAULT.seconds_to_send(sizes.sum());
    let mut backend = unencrypted(server, "ana");
    backend.connect().unwrap();
    let took = timed(|| done(&mut backend, &[(&room, changes)])).0;
    println!("300 assignments by an owner {took:.1}, estimated {said}");
}

/// As the script connects.
pub(super) fn unencrypted(server: &Server, user: &str) -> Xmpp {
    let account = Account {
        tls: TlsMode::None,
        ca_file: None,
        ..super::account(server, user)
    };
    super::xmpp(super::settings(&account))
}

/// 10,000 members.
pub(super) fn affiliated(backend: &mut Xmpp) {
    let members = (1..=10_000).map(|number| {
        let user = format!("user{number}@localhost");
        affiliate(&user, Affiliation::None, Affiliation::Member)
    });
    done(backend, &[(BIG, members.collect())]);
}

#[test]
#[ignore = "prints figures"]
fn speed() {
    let Some(server) = Server::start(Kind::Ejabberd26) else {
        return;
    };
    server.user("siteadmin");
    let mut backend = unencrypted(&server, "siteadmin");
    let ids: Vec<String> = (0..10).map(|number| format!("urn:x:{number}")).collect();

    server.muc(BIG, &[], &[]);
    println!("connect {:.3}", timed(|| backend.connect().unwrap()).0);
    // 1,000 assignments, which are as many as a room can have, by hatrack and by the script.
    for round in 0..5 {
        let rooms = ["own", "least"].map(|name| format!("{name}{round}@{SERVICE}"));
        for room in &rooms {
            server.muc(room, &[], &[]);
            defined(&mut backend, room, &ids);
        }
        let changes: Vec<ItemChange> = ids.iter().flat_map(|id| assigned(id, 1..=100)).collect();
        let own = timed(|| done(&mut backend, &[(&rooms[0], changes)])).0;
        let least: f64 = ids
            .iter()
            .map(|id| bare(&server, &["assign", id, "1", "100", &rooms[1]]).0)
            .sum();
        println!(
            "1,000 assignments {own:.3} bare {least:.3} ratio {:.2}",
            own / least
        );
    }

    println!("10,000 affiliations {:.3}", timed(|| affiliated(&mut backend)).0);
    defined(&mut backend, BIG, &ids);
    for ids in ids.chunks(2) {
        let own = timed(|| done(&mut backend, &[(BIG, assigned(&ids[0], 1..=100))])).0;
        let least = bare(&server, &["assign", &ids[1], "1", "100", BIG]).0;
        println!(
            "100 assignments at 10,000 users {own:.3} bare {least:.3} ratio {:.2}",
            own / least
        );
    }
    for _ in 0..5 {
        let (before, began) = (peak(), busy());
        let (own, room) = timed(|| read(&mut backend, BIG));
        let busy = busy() - began;
        assert_eq!(room.users.len(), 10_000);
        assert_eq!(
            room.users.values().map(|user| user.hats.len()).sum::<usize>(),
            1_000
        );
        let least = bare(&server, &["read", BIG]).0;
        println!(
            "read 10,000 affiliations and 1,000 hats {own:.3} ({busy:.3} on a processor) bare {least:.3} ratio {:.2} peak memory {} → {} KiB",
            own / least,
            before,
            peak()
        );
    }

    estimate(&server, &ids);
}
