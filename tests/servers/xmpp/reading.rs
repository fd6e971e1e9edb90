//! What the server has is what is read.

use std::ops::ControlFlow;

use hatrack::model::{Affiliation, HatId};
use hatrack::server::{Backend as _, Error};
use hatrack::sync::{CatalogValue, RemoteRoomInfo, RoomRead, ServerClass, ServerRights};

use super::{ANA, BOB, ROOM, SERVICE, account, each, jid, login, read, read_all, settings, xmpp};
use crate::server::{Kind, Server};

const TITLE: &str = "書記 \"<&>' é\u{1f3a9} %41;\tx\ny";
const ODD: &str = "not a uri \"<&>' ü";

/// Gives hats by raw commands of another client: user, hat, title.
pub(crate) fn give(server: &Server, room: &str, hats: &[(&str, &str, &str)]) {
    let hats: Vec<_> = hats
        .iter()
        .map(|(user, id, title)| (room, *user, *id, *title))
        .collect();
    server.assign(&hats);
}

#[test]
fn a_room_is_read_with_all_that_it_has() {
    each(|server| {
        let affiliations = [
            (ANA, "owner"),
            (BOB, "member"),
            ("adm@localhost", "admin"),
            ("bad@localhost", "outcast"),
        ];
        server.muc(ROOM, &[("title", "Cours \"é\" (2)")], &affiliations);
        give(
            server,
            ROOM,
            &[
                (BOB, "urn:x:1", TITLE),
                (BOB, ODD, "Two"),
                ("stranger@elsewhere.example", "urn:x:1", TITLE),
                ("bad@localhost", "urn:x:1", TITLE),
            ],
        );
        let mut backend = login(server, "ana");
        let class = if server.kind == Kind::Ejabberd26 {
            ServerClass::EjabberdCatalog
        } else {
            ServerClass::EjabberdOld
        };
        assert_eq!(backend.connect(), Ok(class));
        let room = read(&mut backend, ROOM);
        assert_eq!(room.name.as_deref(), Some("Cours \"é\" (2)"));
        let users: Vec<_> = room
            .users
            .iter()
            .map(|(jid, user)| (jid.as_str(), user.affiliation, user.hats.len()))
            .collect();
        assert_eq!(
            users,
            [
                ("adm@localhost", Affiliation::Admin, 0),
                (ANA, Affiliation::Owner, 0),
                ("bad@localhost", Affiliation::Outcast, 1),
                (BOB, Affiliation::Member, 2),
                ("stranger@elsewhere.example", Affiliation::None, 1),
            ]
        );
        let hats = &room.users[&jid(BOB)].hats;
        assert_eq!(hats[&HatId::unchecked("urn:x:1")], super::hat(server, TITLE));
        assert_eq!(hats[&HatId::unchecked(ODD)], super::hat(server, "Two"));
        if server.kind == Kind::Ejabberd26 {
            let entries: Vec<_> = room.catalog.values().cloned().collect();
            let entry = |title| CatalogValue::new(title, Some("120"));
            assert_eq!(entries, [entry("Two"), entry(TITLE)]);
        } else {
            assert!(room.catalog.is_empty());
        }
        assert_eq!(room.unreadable.count, 0);
        assert_eq!(room.coverage, hatrack::sync::Coverage::default());
    });
}

#[test]
fn rooms_are_listed_beyond_a_page_and_hidden_ones_where_the_account_may() {
    each(|server| {
        for number in 0..130 {
            server.muc(&format!("room{number:03}@{SERVICE}"), &[], &[]);
        }
        let hidden = format!("hidden@{SERVICE}");
        server.muc(&hidden, &[("public", "false")], &[(BOB, "owner")]);
        let list = login(server, "ana").list_rooms().unwrap();
        assert_eq!((list.rooms.len(), list.is_complete), (130, false));
        assert_eq!(
            list.rooms[7],
            RemoteRoomInfo {
                room: jid(&format!("room007@{SERVICE}")),
                name: None,
                allowed: None
            }
        );

        // By its address, and by the administrator's command.
        let mut named = settings(&account(server, "ana"));
        named.rooms = Some(vec![jid(&hidden), jid("other@elsewhere.localhost")]);
        let list = xmpp(named).list_rooms().unwrap();
        assert_eq!((list.rooms.len(), list.is_complete), (131, false));
        assert!(list.rooms.iter().any(|info| info.room == jid(&hidden)));
        let list = login(server, "siteadmin").list_rooms().unwrap();
        if server.kind == Kind::Ejabberd26 {
            assert_eq!((list.rooms.len(), list.is_complete), (131, true));
        } else {
            assert_eq!((list.rooms.len(), list.is_complete), (131, false));
        }
    });
}

#[test]
fn what_cannot_be_read_is_the_rooms_outcome_and_says_who_may() {
    each(|server| {
        let (closed, off, gone) = (
            format!("closed@{SERVICE}"),
            format!("off@{SERVICE}"),
            format!("gone@{SERVICE}"),
        );
        server.muc(ROOM, &[], &[(ANA, "owner")]);
        server.muc(&closed, &[], &[(ANA, "member"), (BOB, "owner")]);
        server.muc(&off, &[("enable_hats", "false")], &[(ANA, "owner")]);
        let rooms = [ROOM, &closed, &off, &gone, "x@elsewhere.localhost"];
        let mut backend = login(server, "ana");
        let read = read_all(&mut backend, &rooms).unwrap();
        let of = |room: &str| &read.iter().find(|(jid, _)| jid.as_str() == room).unwrap().1;
        let says = |room: &str, text: &str| {
            let found = matches!(of(room), RoomRead::Forbidden(why) if why.contains(text));
            assert!(found, "{:?}", of(room));
        };
        assert!(matches!(of(ROOM), RoomRead::Read(_)));
        says(&closed, "Only owners and admins");
        says(&off, "enable_hats");
        assert_eq!(of(&gone), &RoomRead::Gone);
        says("x@elsewhere.localhost", "does not belong to the services");
    });
}

#[test]
fn an_account_without_rights_is_told_what_is_missing() {
    each(|server| {
        server.muc(ROOM, &[], &[(ANA, "owner")]);
        let mut bob = login(server, "bob");
        let error = bob.connect().unwrap_err();
        assert!(
            matches!(&error, Error::NoHats(why) if why.contains("owner or admin") && why.contains("enable_hats")),
            "{error}"
        );
        let report = bob.check().unwrap();
        assert_eq!((report.rights, report.class), (ServerRights::None, None));
        assert_eq!(report.rooms[0].allowed, Some(false));
        assert!(report.problems[0].what.contains("bob@localhost"), "{report:?}");
        let read = read_all(&mut bob, &[ROOM, &format!("gone@{SERVICE}")]).unwrap();
        assert!(
            matches!(&read[0].1, RoomRead::Forbidden(why) if why.contains("Only owners and admins")),
            "{read:?}"
        );
        assert_eq!(read[1].1, RoomRead::Gone);

        let report = login(server, "ana").check().unwrap();
        assert_eq!(report.rights, ServerRights::ByRoom);
        assert_eq!(report.transport.as_deref(), Some("TLS 1.3"));
        assert_eq!(report.rooms[0].allowed, Some(true));
        let report = login(server, "siteadmin").check().unwrap();
        assert_eq!(report.rights, ServerRights::All);
    });
}

#[test]
fn a_service_that_is_none_is_reported() {
    each(|server| {
        let mut wrong = settings(&account(server, "ana"));
        wrong.entry.services = vec![jid("nonsense.localhost")];
        let mut backend = xmpp(wrong);
        assert!(matches!(backend.list_rooms(), Err(Error::Refused(why)) if why.contains("Check services")));
        let report = backend.check().unwrap();
        assert!(
            report.problems[0].what.contains("nonsense.localhost"),
            "{report:?}"
        );
        assert_eq!(report.transport.as_deref(), Some("TLS 1.3"));
    });
}

#[test]
fn the_version_says_what_a_server_without_rooms_has() {
    for kind in Kind::EJABBERD {
        let Some(server) = Server::start_with(kind, "  mod_version: {}") else {
            return;
        };
        server.user("siteadmin");
        let mut backend = login(&server, "siteadmin");
        let class = backend.connect().unwrap();
        let report = backend.check().unwrap();
        let version = report.version.unwrap();
        assert!(version.starts_with("ejabberd "), "{version}");
        if kind == Kind::Ejabberd26 {
            assert_eq!(class, ServerClass::EjabberdCatalog);
        } else {
            assert_eq!(class, ServerClass::EjabberdOld);
        }
    }
}

#[test]
fn reading_stops_when_somebody_wants_it_to() {
    each(|server| {
        let rooms: Vec<_> = (0..100).map(|number| format!("room{number}@{SERVICE}")).collect();
        for room in &rooms {
            server.muc(room, &[], &[]);
        }
        let mut backend = login(server, "siteadmin");
        let all: Vec<_> = rooms.iter().map(|room| jid(room)).collect();
        let mut count = 0;
        let result = backend.read_rooms(&all, &mut |_| {
            count += 1;
            ControlFlow::Break(())
        });
        assert_eq!((result, count), (Err(Error::Stopped), 1));
        // And goes on with the same connection.
        assert_eq!(read_all(&mut backend, &[&rooms[0]]).unwrap().len(), 1);
    });
}
