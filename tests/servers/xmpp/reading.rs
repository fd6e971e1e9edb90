//! What the server has is what is read.

use std::ops::ControlFlow;

use hatrack::model::{Affiliation, HatId};
use hatrack::server::{Backend as _, Error};
use hatrack::sync::{CatalogValue, RemoteRoomInfo, Rights, RoomRead, ServerClass};

use super::{ANA, BOB, ROOM, SERVICE, account, each, jid, login, read, read_all, settings, xmpp};
use crate::server::{Kind, Server};

const TITLE: &str = "書記 \"<&>' é\u{1f3a9} %41;\tx\ny";
const ODD: &str = "not a uri \"<&>' ü";

/// Gives hats by ejabberd's own means: raw commands of another client.
pub(crate) fn give(server: &Server, room: &str, hats: &[(&str, &str, &str)]) {
    let mut owner = crate::client::Client::login(server, "siteadmin");
    let form = |fields: &[(&str, &str)]| {
        let escape = |text: &str| text.replace('&', "&amp;").replace('<', "&lt;");
        let fields = fields
            .iter()
            .map(|(var, value)| format!("<field var='{var}'><value>{}</value></field>", escape(value)));
        let fields = fields.collect::<Vec<_>>().concat();
        format!("<x xmlns='jabber:x:data' type='submit'>{fields}</x>")
    };
    let mut run = |node: &str, fields: &[(&str, &str)]| {
        let xml = format!(
            "<command xmlns='http://jabber.org/protocol/commands' node='{node}' action='complete'>{}</command>",
            form(fields)
        );
        let (kind, xml) = owner.iq(room, "set", &xml);
        assert_eq!(kind, "result", "{xml}");
    };
    for (user, id, title) in hats {
        if server.kind == Kind::Ejabberd26 {
            run(
                "urn:xmpp:hats:commands:create",
                &[("hats#uri", id), ("hats#title", title), ("hats#hue", "120.0")],
            );
            run(
                "urn:xmpp:hats:commands:assign",
                &[("hats#jid", user), ("hat", id)],
            );
        } else {
            run(
                "http://prosody.im/protocol/hats#add",
                &[("jid", user), ("hat_title", title), ("hat_uri", id)],
            );
        }
    }
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
        assert_eq!((list.rooms.len(), list.complete), (130, false));
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
        assert_eq!((list.rooms.len(), list.complete), (131, false));
        assert!(list.rooms.iter().any(|info| info.room == jid(&hidden)));
        let list = login(server, "siteadmin").list_rooms().unwrap();
        if server.kind == Kind::Ejabberd26 {
            assert_eq!((list.rooms.len(), list.complete), (131, true));
        } else {
            assert_eq!((list.rooms.len(), list.complete), (131, false));
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
            matches!(&error, Error::Refused(why) if why.contains("owner or admin") && why.contains("enable_hats")),
            "{error}"
        );
        let report = bob.check().unwrap();
        assert_eq!((report.rights, report.class), (Rights::None, None));
        assert_eq!(report.rooms[0].allowed, Some(false));
        assert!(report.missing[0].what.contains("bob@localhost"), "{report:?}");

        let report = login(server, "ana").check().unwrap();
        assert_eq!(report.rights, Rights::ByRoom);
        assert_eq!(report.transport.as_deref(), Some("TLS 1.3"));
        assert_eq!(report.rooms[0].allowed, Some(true));
        let report = login(server, "siteadmin").check().unwrap();
        assert_eq!(report.rights, Rights::All);
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
            report.missing[0].what.contains("nonsense.localhost"),
            "{report:?}"
        );
        assert_eq!(report.transport.as_deref(), Some("TLS 1.3"));
    });
}

#[test]
fn the_version_says_what_a_server_without_rooms_has() {
    for kind in [Kind::Ejabberd23, Kind::Ejabberd26] {
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
