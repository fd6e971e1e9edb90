//! The number of assignments a second in 100 rooms in parallel, compared with one room after another, by hatrack and by
//! a minimal script, in turn. The figures are printed, not asserted:
//! `cargo test --release --test servers xmpp::parallel_speed -- --ignored --nocapture`.

use std::ops::RangeInclusive;
use std::time::Instant;

use hatrack::server::xmpp::Xmpp;
use hatrack::sync::ItemChange;

use super::SERVICE;
use super::speed::{
    apply_all, assignments, define_hats, run_bare_script, thread_processor_seconds, unencrypted,
};
use crate::server::{Kind, Server};

const ROOMS: usize = 100;
/// The number of users in each room to whom the hat is assigned.
const USERS: usize = 20;
const HAT: &str = "urn:x:1";

/// Assignments a second, and the processor time for each of them, in microseconds.
struct Rate {
    per_second: f64,
    client_micros: f64,
    server_micros: f64,
}

/// Measures `work`, which makes the assignments and returns its seconds and the processor seconds of the client.
fn measure(server: &Server, work: impl FnOnce() -> (f64, f64)) -> Rate {
    let before = server.processor_seconds();
    let (seconds, client) = work();
    let count = f64::from(u32::try_from(ROOMS * USERS).unwrap());
    Rate {
        per_second: count / seconds,
        client_micros: client * 1e6 / count,
        server_micros: (server.processor_seconds() - before) * 1e6 / count,
    }
}

/// Makes the assignments with hatrack, in `rooms_per_call` rooms in parallel.
fn assign_with_hatrack(
    backend: &mut Xmpp,
    rooms: &[String],
    rooms_per_call: usize,
    users: &RangeInclusive<usize>,
) -> (f64, f64) {
    let (began, before) = (Instant::now(), thread_processor_seconds());
    for rooms in rooms.chunks(rooms_per_call) {
        let work = rooms
            .iter()
            .map(|room| (room.as_str(), assignments(HAT, users.clone())));
        let work: Vec<(&str, Vec<ItemChange>)> = work.collect();
        apply_all(backend, &work);
    }
    (began.elapsed().as_secs_f64(), thread_processor_seconds() - before)
}

#[test]
#[ignore = "prints figures"]
fn rooms_in_parallel() {
    let Some(server) = Server::start(Kind::Ejabberd26) else {
        return;
    };
    let mut backend = unencrypted(&server, "siteadmin");
    let users = 1..=USERS;
    for round in 0..5 {
        // Each way gets its own rooms, because rooms that already have hats take longer.
        let [bare_one, own_one, bare_all, own_all] = [0, 1, 2, 3].map(|way| {
            let rooms: Vec<String> = (0..ROOMS)
                .map(|number| format!("room{round}-{way}-{number}@{SERVICE}"))
                .collect();
            for room in &rooms {
                server.create_ejabberd_room(room, &[], &[]);
                define_hats(&mut backend, room, &[HAT.to_owned()]);
            }
            measure(&server, || match way {
                0 | 2 => {
                    let operation = if way == 0 { "assign" } else { "parallel" };
                    let last = USERS.to_string();
                    let arguments = [operation, HAT, "1", &last].into_iter();
                    let arguments: Vec<&str> = arguments.chain(rooms.iter().map(String::as_str)).collect();
                    run_bare_script(&server, &arguments)
                }
                1 => assign_with_hatrack(&mut backend, &rooms, 1, &users),
                _ => assign_with_hatrack(&mut backend, &rooms, ROOMS, &users),
            })
        });
        for (what, one, all) in [("bare", &bare_one, &bare_all), ("own", &own_one, &own_all)] {
            println!(
                "{what}: one room after another {:.0}/s, {ROOMS} in parallel {:.0}/s, ratio {:.1}; processor time for each: \
                 client {:.0} µs, server {:.0} µs; in parallel {:.0} µs and {:.0} µs",
                one.per_second,
                all.per_second,
                all.per_second / one.per_second,
                one.client_micros,
                one.server_micros,
                all.client_micros,
                all.server_micros
            );
        }
        println!(
            "own and bare in parallel: ratio {:.2}",
            own_all.per_second / bare_all.per_second
        );
    }
}
