//! Servers that are stopped, are killed or throttle; many rooms and users; and concurrent writers.

use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use hatrack::model::{Affiliation, HatId};
use hatrack::server::{Backend as _, Error, RoomChanges};
use hatrack::sync::{ItemChange, ItemOutcome, RoomRead};

use super::{
    ANA, BOB, DONE, ROOM, SERVICE, account, affiliate, apply, change, define, hat, jid, login,
    on_each_ejabberd, read, read_all, settings, xmpp,
};
use crate::pool::{Shared, on_each_new};
use crate::server::{Kind, Server};

fn room(number: usize) -> String {
    format!("room{number:03}@{SERVICE}")
}

/// Changes that add a hat to this number of users. With a catalog, the hat is defined first.
fn hat_additions(server: &Server, users: usize) -> Vec<ItemChange> {
    let mut changes = Vec::new();
    if server.kind == Kind::Ejabberd26 {
        let entry = hatrack::sync::CatalogValue::new("Teacher", None);
        changes.push(define("urn:x:1", None, Some(entry)));
    }
    let user = |number: usize| format!("u{number}@localhost");
    changes.extend(
        (0..users).map(|number| change(&user(number), "urn:x:1", None, Some(hat(server, "Teacher")))),
    );
    changes
}

/// The changes that add a hat to this number of users in each of these rooms.
fn work(server: &Server, rooms: usize, users: usize) -> Vec<RoomChanges> {
    let changes = |number| RoomChanges {
        room: jid(&room(number)),
        created: None,
        actor: "ana".into(),
        changes: hat_additions(server, users),
    };
    (0..rooms).map(changes).collect()
}

/// Applies changes, ends the server with `end` in between, starts the server again, and applies all changes again.
fn apply_interrupted(end: fn(&mut Server)) {
    on_each_new(&Kind::EJABBERD, |server| {
        server.add_account("siteadmin");
        for number in 0..30 {
            server.create_ejabberd_room(&room(number), &[], &[]);
        }
        let work = work(server, 30, 20);
        let total: usize = work.iter().map(|work| work.changes.len()).sum();
        let mut settings = settings(&account(server, "siteadmin"));
        settings.timeout = Duration::from_secs(5);
        let mut backend = xmpp(settings);
        let mut outcomes = Vec::new();
        let result = backend.apply(&work, &mut |applied| {
            outcomes.extend(applied.outcomes.into_iter().map(|(_, outcome)| outcome));
            if outcomes.len() == 150 {
                end(server);
            }
            ControlFlow::Continue(())
        });
        assert!(matches!(result, Err(Error::Lost(_))), "{result:?}");
        assert!(
            outcomes.len() >= 150 && outcomes.len() < total,
            "{}",
            outcomes.len()
        );
        let all_expected = outcomes
            .iter()
            .all(|outcome| *outcome == DONE || *outcome == ItemOutcome::Unknown);
        assert!(all_expected, "{outcomes:?}");
        let error = read_all(&mut backend, &[&room(0)]).unwrap_err();
        assert!(matches!(error, Error::Away(_)), "{error:?}");

        server.launch();
        let result = backend.apply(&work, &mut |applied| {
            assert!(
                applied.outcomes.iter().all(|(_, outcome)| *outcome == DONE),
                "{applied:?}"
            );
            ControlFlow::Continue(())
        });
        result.unwrap();
        let rooms: Vec<String> = (0..30).map(room).collect();
        let rooms: Vec<&str> = rooms.iter().map(String::as_str).collect();
        for (_, read) in read_all(&mut backend, &rooms).unwrap() {
            let RoomRead::Read(read) = read else {
                panic!("{read:?}")
            };
            let count = read.users.values().filter(|user| !user.hats.is_empty()).count();
            assert_eq!(count, 20);
        }
    });
}

#[test]
fn next_apply_completes_one_during_which_the_server_was_killed() {
    apply_interrupted(Server::kill);
}

#[test]
fn next_apply_completes_one_during_which_the_server_was_stopped() {
    apply_interrupted(Server::stop);
}

#[test]
fn hundred_rooms_are_changed_and_read_in_parallel() {
    on_each_ejabberd(|server| {
        for number in 0..100 {
            server.create_ejabberd_room(&room(number), &[], &[]);
        }
        let work = work(server, 100, 20);
        let mut backend = login(server, "siteadmin");
        let mut done = 0;
        backend
            .apply(&work, &mut |applied| {
                assert!(
                    applied.outcomes.iter().all(|(_, outcome)| *outcome == DONE),
                    "{applied:?}"
                );
                done += applied.outcomes.len();
                ControlFlow::Continue(())
            })
            .unwrap();
        assert_eq!(done, work.iter().map(|work| work.changes.len()).sum::<usize>());
        let rooms: Vec<String> = (0..100).map(room).collect();
        let rooms: Vec<&str> = rooms.iter().map(String::as_str).collect();
        for (_, read) in read_all(&mut backend, &rooms).unwrap() {
            assert!(
                matches!(&read, RoomRead::Read(room) if room.users.len() == 20),
                "{read:?}"
            );
        }
        assert_eq!(backend.list_rooms().unwrap().rooms.len(), 100);
    });
}

#[test]
fn room_with_many_users_is_filled_and_read() {
    on_each_ejabberd(|server| {
        server.create_ejabberd_room(ROOM, &[], &[(ANA, "owner")]);
        let mut backend = login(server, "siteadmin");
        let users: Vec<String> = (0..10_000)
            .map(|number| format!("user{number}@localhost"))
            .collect();
        let changes = users
            .iter()
            .map(|user| affiliate(user, Affiliation::None, Affiliation::Member))
            .collect();
        let outcomes = apply(&mut backend, ROOM, changes);
        assert!(outcomes.iter().all(|outcome| *outcome == DONE));
        let found = read(&mut backend, ROOM);
        assert_eq!(found.users.len(), 10_001);
        assert_eq!(found.users[&jid(&users[7])].affiliation, Affiliation::Member);
    });
}

/// ejabberd reads 3,000 bytes per second from ordinary accounts after the first 20,000.
#[test]
fn throttled_account_is_slow_and_loses_nothing() {
    let Some(server) = Shared::take(Kind::Ejabberd26) else {
        return;
    };
    server.add_account("ana");
    for number in 0..60 {
        server.create_ejabberd_room(&room(number), &[], &[(ANA, "owner")]);
    }
    let mut settings = settings(&account(&server, "ana"));
    // Shorter than some requests wait for those before them, but longer than the pauses of the server.
    settings.timeout = Duration::from_secs(10);
    let mut backend = xmpp(settings);
    let mut done = 0;
    let began = Instant::now();
    backend
        .apply(&work(&server, 60, 2), &mut |applied| {
            assert!(
                applied.outcomes.iter().all(|(_, outcome)| *outcome == DONE),
                "{applied:?}"
            );
            done += applied.outcomes.len();
            ControlFlow::Continue(())
        })
        .unwrap();
    assert_eq!(done, 180);
    assert!(began.elapsed() > Duration::from_secs(10), "not throttled");
}

/// Both writers add hats to the same user at the same time.
#[test]
fn two_writers_of_different_hats_lose_nothing() {
    on_each_ejabberd(|server| {
        server.create_ejabberd_room(ROOM, &[], &[(ANA, "owner"), (BOB, "owner")]);
        let ids = |writer: &str| {
            (0..4)
                .map(|number| format!("urn:{writer}:{number}"))
                .collect::<Vec<_>>()
        };
        std::thread::scope(|scope| {
            for writer in ["ana", "bob"] {
                let server = &*server;
                scope.spawn(move || {
                    let mut backend = login(server, writer);
                    for id in ids(writer) {
                        let mut changes = Vec::new();
                        if server.kind == Kind::Ejabberd26 {
                            let entry = hatrack::sync::CatalogValue::new("T", None);
                            changes.push(define(&id, None, Some(entry)));
                        }
                        changes.push(change("eve@localhost", &id, None, Some(hat(server, "T"))));
                        let outcomes = apply(&mut backend, ROOM, changes);
                        assert!(outcomes.iter().all(|outcome| *outcome == DONE), "{outcomes:?}");
                    }
                });
            }
        });
        let found = read(&mut login(server, "ana"), ROOM);
        let eve = &found.users[&jid("eve@localhost")];
        for id in ids("ana").into_iter().chain(ids("bob")) {
            assert!(eve.hats.contains_key(&HatId::unchecked(id)));
        }
    });
}
