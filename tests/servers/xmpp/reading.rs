//! Rooms that are listed and read from ejabberd.

use std::ops::ControlFlow;

use hatrack::model::{Affiliation, HatId};
use hatrack::server::{Backend as _, Error};
use hatrack::sync::{CatalogValue, RemoteRoomInfo, RoomRead, ServerClass, ServerRights};

use super::{ANA, BOB, ROOM, SERVICE, account, jid, login, on_each_ejabberd, read, read_all, settings, xmpp};
use crate::server::{Kind, Server};

const TITLE: &str = "書記 \"<&>' é\u{1f3a9} %41;\tx\ny";
const ODD: &str = "not a uri \"<&>' ü";

/// Assigns hats with another client, each given as user, hat and title.
pub(crate) fn assign_hats(server: &Server, room: &str, hats: &[(&str, &str, &str)]) {
    let hats: Vec<_> = hats
        .iter()
        .map(|(user, id, title)| (room, *user, *id, *title))
        .collect();
    server.assign(&hats);
}

#[test]
fn reads_all_data_of_a_room() {
    on_each_ejabberd(|server| {
        let affiliations = [
            (ANA, "owner"),
            (BOB, "member"),
            ("adm@localhost", "admin"),
            ("bad@localhost", "outcast"),
        ];
        server.create_ejabberd_room(ROOM, &[("title", "Cours \"é\" (2)")], &affiliations);
        assign_hats(
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
fn lists_several_pages_of_rooms_and_hidden_ones_if_permitted() {
    on_each_ejabberd(|server| {
        for number in 0..130 {
            server.create_ejabberd_room(&format!("room{number:03}@{SERVICE}"), &[], &[]);
        }
        let hidden = format!("hidden@{SERVICE}");
        server.create_ejabberd_room(&hidden, &[("public", "false")], &[(BOB, "owner")]);
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

        // A hidden room is listed if the configuration names it, or by a command of administrators.
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
fn room_that_cannot_be_read_is_reported_with_the_reason() {
    on_each_ejabberd(|server| {
        let (closed, off, gone) = (
            format!("closed@{SERVICE}"),
            format!("off@{SERVICE}"),
            format!("gone@{SERVICE}"),
        );
        server.create_ejabberd_room(ROOM, &[], &[(ANA, "owner")]);
        server.create_ejabberd_room(&closed, &[], &[(ANA, "member"), (BOB, "owner")]);
        server.create_ejabberd_room(&off, &[("enable_hats", "false")], &[(ANA, "owner")]);
        let rooms = [ROOM, &closed, &off, &gone, "x@elsewhere.localhost"];
        let mut backend = login(server, "ana");
        let read = read_all(&mut backend, &rooms).unwrap();
        let of = |room: &str| &read.iter().find(|(jid, _)| jid.as_str() == room).unwrap().1;
        let assert_forbidden = |room: &str, text: &str| {
            let found = matches!(of(room), RoomRead::Forbidden(why) if why.contains(text));
            assert!(found, "{:?}", of(room));
        };
        assert!(matches!(of(ROOM), RoomRead::Read(_)));
        assert_forbidden(&closed, "Only owners and admins");
        assert_forbidden(&off, "enable_hats");
        assert_eq!(of(&gone), &RoomRead::Gone);
        assert_forbidden("x@elsewhere.localhost", "does not belong to the services");
    });
}

#[test]
fn account_without_rights_gets_the_reason() {
    on_each_ejabberd(|server| {
        server.create_ejabberd_room(ROOM, &[], &[(ANA, "owner")]);
        let mut bob = login(server, "bob");
        let error = bob.connect().unwrap_err();
        assert!(
            matches!(&error, Error::NoHats(why) if why.contains("owner or admin") && why.contains("enable_hats")),
            "{error}"
        );
        let report = bob.check().unwrap();
        assert_eq!((report.rights, report.class), (ServerRights::None, None));
        assert_eq!(report.rooms[0].allowed, Some(false));
        assert!(
            report.problems[0].description.contains("bob@localhost"),
            "{report:?}"
        );
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
fn unknown_service_is_reported() {
    on_each_ejabberd(|server| {
        let mut wrong = settings(&account(server, "ana"));
        wrong.entry.services = vec![jid("nonsense.localhost")];
        let mut backend = xmpp(wrong);
        assert!(matches!(backend.list_rooms(), Err(Error::Refused(why)) if why.contains("Check services")));
        let report = backend.check().unwrap();
        assert!(
            report.problems[0].description.contains("nonsense.localhost"),
            "{report:?}"
        );
        assert_eq!(report.transport.as_deref(), Some("TLS 1.3"));
    });
}

#[test]
fn class_of_a_server_without_rooms_follows_from_its_version() {
    for kind in Kind::EJABBERD {
        let Some(server) = Server::start_with(kind, "  mod_version: {}") else {
            return;
        };
        server.add_account("siteadmin");
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
fn callback_can_stop_reading() {
    on_each_ejabberd(|server| {
        let rooms: Vec<_> = (0..100).map(|number| format!("room{number}@{SERVICE}")).collect();
        for room in &rooms {
            server.create_ejabberd_room(room, &[], &[]);
        }
        let mut backend = login(server, "siteadmin");
        let all: Vec<_> = rooms.iter().map(|room| jid(room)).collect();
        let mut count = 0;
        let result = backend.read_rooms(&all, &mut |_| {
            count += 1;
            ControlFlow::Break(())
        });
        assert_eq!((result, count), (Err(Error::Stopped), 1));
        // The connection can still be used.
        assert_eq!(read_all(&mut backend, &[&rooms[0]]).unwrap().len(), 1);
    });
}
