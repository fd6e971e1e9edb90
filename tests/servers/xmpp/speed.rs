//! The speed of reading and applying, compared with a minimal script that does the same, in turn. The figures are
//! printed, not asserted: `cargo test --release --test servers xmpp::speed -- --ignored --nocapture`.

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

/// Runs the script for comparison, and returns the seconds and the processor seconds that it took.
pub(super) fn run_bare_script(server: &Server, arguments: &[&str]) -> (f64, f64) {
    let output = Command::new("/usr/bin/python3")
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/servers/bare_xmpp.py"))
        .arg(server.ports.client.to_string())
        .args(["siteadmin@localhost", "secret"])
        .args(arguments)
        .output()
        .unwrap();
    let printed: Value = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&output.stderr)));
    (
        printed["seconds"].as_f64().unwrap(),
        printed["processor"].as_f64().unwrap(),
    )
}

/// Runs something and returns the seconds that it took, and its result.
pub(super) fn timed<T>(run: impl FnOnce() -> T) -> (f64, T) {
    let began = Instant::now();
    let value = run();
    (began.elapsed().as_secs_f64(), value)
}

/// Changes that assign a hat to the users with these numbers.
pub(super) fn assignments(id: &str, users: RangeInclusive<usize>) -> Vec<ItemChange> {
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

/// Defines hats in the catalog of a room.
pub(super) fn define_hats(backend: &mut Xmpp, room: &str, ids: &[String]) {
    let entry = || Some(CatalogValue::new("Teacher", None));
    let changes = ids.iter().map(|id| define(id, None, entry())).collect();
    assert!(
        apply(backend, room, changes)
            .iter()
            .all(|outcome| *outcome == DONE)
    );
}

/// Applies changes, all of which must be made.
pub(super) fn apply_all(backend: &mut Xmpp, work: &[(&str, Vec<ItemChange>)]) {
    let (reports, result) = try_apply(backend, work);
    result.unwrap();
    let mut outcomes = reports.iter().flat_map(|applied| &applied.outcomes);
    assert!(outcomes.all(|(_, outcome)| *outcome == DONE));
}

/// The processor time of this thread so far, in seconds. It depends little on the load of the machine.
pub(super) fn thread_processor_seconds() -> f64 {
    let statistics = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    let nanoseconds: u64 = statistics.split_whitespace().next().unwrap().parse().unwrap();
    std::time::Duration::from_nanos(nanoseconds).as_secs_f64()
}

/// The peak memory of this process, in KiB.
fn peak_memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

/// Prints how long sending takes for an owner, whose traffic ejabberd limits, and the time that a plan would estimate.
fn compare_with_estimate(server: &Server, ids: &[String]) {
    server.add_account("ana");
    let room = format!("slow@{SERVICE}");
    server.create_ejabberd_room(&room, &[], &[(super::ANA, "owner")]);
    define_hats(&mut unencrypted(server, "siteadmin"), &room, ids);
    let changes: Vec<ItemChange> = ids
        .iter()
        .take(3)
        .flat_map(|id| assignments(id, 1..=100))
        .collect();
    let sizes = changes
        .iter()
        .map(|change| request_size(&super::jid(&room), &change.item));
    let estimated = RateLimit::EJABBERD_DEFAULT.seconds_to_send(sizes.sum());
    let mut backend = unencrypted(server, "ana");
    backend.connect().unwrap();
    let seconds = timed(|| apply_all(&mut backend, &[(&room, changes)])).0;
    println!("300 assignments by an owner {seconds:.1}, estimated {estimated}");
}

/// A backend without encryption, because the script for comparison uses none.
pub(super) fn unencrypted(server: &Server, user: &str) -> Xmpp {
    let account = Account {
        tls: TlsMode::None,
        ca_file: None,
        ..super::account(server, user)
    };
    super::xmpp(super::settings(&account))
}

/// Adds 10,000 members to the room [`BIG`].
pub(super) fn add_members(backend: &mut Xmpp) {
    let members = (1..=10_000).map(|number| {
        let user = format!("user{number}@localhost");
        affiliate(&user, Affiliation::None, Affiliation::Member)
    });
    apply_all(backend, &[(BIG, members.collect())]);
}

#[test]
#[ignore = "prints figures"]
fn speed() {
    let Some(server) = Server::start(Kind::Ejabberd26) else {
        return;
    };
    server.add_account("siteadmin");
    let mut backend = unencrypted(&server, "siteadmin");
    let ids: Vec<String> = (0..10).map(|number| format!("urn:x:{number}")).collect();

    server.create_ejabberd_room(BIG, &[], &[]);
    println!("connect {:.3}", timed(|| backend.connect().unwrap()).0);
    // 1,000 assignments, the maximum of a room, by hatrack and by the script.
    for round in 0..5 {
        let rooms = ["own", "bare"].map(|name| format!("{name}{round}@{SERVICE}"));
        for room in &rooms {
            server.create_ejabberd_room(room, &[], &[]);
            define_hats(&mut backend, room, &ids);
        }
        let changes: Vec<ItemChange> = ids.iter().flat_map(|id| assignments(id, 1..=100)).collect();
        let own = timed(|| apply_all(&mut backend, &[(&rooms[0], changes)])).0;
        let bare: f64 = ids
            .iter()
            .map(|id| run_bare_script(&server, &["assign", id, "1", "100", &rooms[1]]).0)
            .sum();
        println!(
            "1,000 assignments {own:.3} bare {bare:.3} ratio {:.2}",
            own / bare
        );
    }

    println!("10,000 affiliations {:.3}", timed(|| add_members(&mut backend)).0);
    define_hats(&mut backend, BIG, &ids);
    for ids in ids.chunks(2) {
        let own = timed(|| apply_all(&mut backend, &[(BIG, assignments(&ids[0], 1..=100))])).0;
        let bare = run_bare_script(&server, &["assign", &ids[1], "1", "100", BIG]).0;
        println!(
            "100 assignments at 10,000 users {own:.3} bare {bare:.3} ratio {:.2}",
            own / bare
        );
    }
    for _ in 0..5 {
        let (before, began) = (peak_memory(), thread_processor_seconds());
        let (own, room) = timed(|| read(&mut backend, BIG));
        let processor = thread_processor_seconds() - began;
        assert_eq!(room.users.len(), 10_000);
        assert_eq!(
            room.users.values().map(|user| user.hats.len()).sum::<usize>(),
            1_000
        );
        let bare = run_bare_script(&server, &["read", BIG]).0;
        println!(
            "read 10,000 affiliations and 1,000 hats {own:.3} ({processor:.3} s of processor time) bare {bare:.3} ratio {:.2} peak memory {} → {} KiB",
            own / bare,
            before,
            peak_memory()
        );
    }

    compare_with_estimate(&server, &ids);
}
