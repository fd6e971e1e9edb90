//! How many assignments a second there are with 100 rooms side by side, compared with one room after another, by hatrack and
//! by a bare script, in turn. The figures are printed, not asserted:
//! `cargo test --release --test servers xmpp::parallel_speed -- --ignored --nocapture`.

use std::ops::RangeInclusive;
use std::time::Instant;

use hatrack::server::xmpp::Xmpp;
use hatrack::sync::ItemChange;

use super::SERVICE;
use super::speed::{assigned, bare, busy, defined, done, unencrypted};
use crate::server::{Kind, Server};

const ROOMS: usize = 100;
/// The users in each room who get the hat.
const USERS: usize = 20;
const HAT: &str = "urn:x:1";

/// Assignments a second, and the processor time of each, in microseconds.
struct Rate {
    per_second: f64,
    client: f64,
    server: f64,
}

/// `work` makes the assignments, and gives its seconds and those that the client was on a processor.
fn measured(server: &Server, work: impl FnOnce() -> (f64, f64)) -> Rate {
    let before = server.processor_seconds();
    let (seconds, client) = work();
    let count = f64::from(u32::try_from(ROOMS * USERS).unwrap());
    Rate {
        per_second: count / seconds,
        client: client * 1e6 / count,
        server: (server.processor_seconds() - before) * 1e6 / count,
    }
}

/// As many rooms as are given in one call are worked on side by side.
fn own(backend: &mut Xmpp, rooms: &[String], at_a_time: usize, users: &RangeInclusive<usize>) -> (f64, f64) {
    let (began, before) = (Instant::now(), busy());
    for rooms in rooms.chunks(at_a_time) {
        let work = rooms
            .iter()
            .map(|room| (room.as_str(), assigned(HAT, users.clone())));
        let work: Vec<(&str, Vec<ItemChange>)> = work.collect();
        done(backend, &work);
    }
    (began.elapsed().as_secs_f64(), busy() - before)
}

#[test]
#[ignore = "prints figures"]
fn rooms_side_by_side() {
    let Some(server) = Server::start(Kind::Ejabberd26) else {
        return;
    };
    let mut backend = unencrypted(&server, "siteadmin");
    let users = 1..=USERS;
    for round in 0..5 {
        // Each gets rooms of its own, because rooms that have hats already take longer.
        let [bare_one, own_one, bare_all, own_all] = [0, 1, 2, 3].map(|way| {
            let rooms: Vec<String> = (0..ROOMS)
                .map(|number| format!("room{round}-{way}-{number}@{SERVICE}"))
                .collect();
            for room in &rooms {
                server.muc(room, &[], &[]);
                defined(&mut backend, room, &[HAT.to_owned()]);
            }
            measured(&server, || match way {
                0 | 2 => {
                    let what = if way == 0 { "assign" } else { "parallel" };
                    let last = USERS.to_string();
                    let words = [what, HAT, "1", &last].into_iter();
                    let words: Vec<&str> = words.chain(rooms.iter().map(String::as_str)).collect();
                    bare(&server, &words)
                }
                1 => own(&mut backend, &rooms, 1, &users),
                _ => own(&mut backend, &rooms, ROOMS, &users),
            })
        });
        for (what, one, all) in [("bare", &bare_one, &bare_all), ("own", &own_one, &own_all)] {
            println!(
                "{what}: one room after another {:.0}/s, {ROOMS} side by side {:.0}/s, ratio {:.1}; processor time of each of client \
                 and server {:.0} and {:.0} µs, {:.0} and {:.0} µs",
                one.per_second,
                all.per_second,
                all.per_second / one.per_second,
                one.client,
                one.server,
                all.client,
                all.server
            );
        }
        println!(
            "own and bare side by side: ratio {:.2}",
            own_all.per_second / bare_all.per_second
        );
    }
}
