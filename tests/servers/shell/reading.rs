//! Rooms that are read from Prosody.

use hatrack::model::{Affiliation, HatId};
use hatrack::server::Backend as _;
use hatrack::sync::RoomRead;
use serde_json::json;

use super::{connect, hat, jid, on_each_prosody, read, read_all};

#[test]
fn reads_hidden_and_unloaded_rooms_but_no_tombstones() {
    on_each_prosody(|server, transport| {
        server.create_prosody_room("open@conference.localhost", &json!([["ana@localhost", "owner"]]));
        server.create_prosody_room(
            "hidden@conference.localhost",
            &json!([["ana@localhost", "owner"]]),
        );
        server.create_prosody_room(
            "unloaded@conference.localhost",
            &json!([["bob@localhost", "member", {"urn:x": {"active": true}}]]),
        );
        server.create_prosody_room("gone@conference.localhost", &json!([["ana@localhost", "owner"]]));
        server.lua_room(
            "hidden@conference.localhost",
            "r:set_hidden(true); return tostring(r:save(true))",
        );
        server.lua_room(
            "open@conference.localhost",
            "r:set_name('Open & \"quoted\" 書'); return tostring(r:save(true))",
        );
        server.lua_room("gone@conference.localhost", "r:destroy(); return 'x'");
        server.lua_room("unloaded@conference.localhost", "m.forget_room(r); return 'x'");

        let mut backend = connect(server, transport);
        let list = backend.list_rooms().unwrap();
        let names: Vec<_> = list
            .rooms
            .iter()
            .map(|room| (room.room.as_str(), room.name.as_deref()))
            .collect();
        assert_eq!(
            names,
            [
                ("hidden@conference.localhost", None),
                ("open@conference.localhost", Some("Open & \"quoted\" 書")),
                ("unloaded@conference.localhost", None),
            ],
            "{:?} {transport:?}",
            server.kind
        );
        assert!(list.is_complete);
        let rooms = [
            "open@conference.localhost",
            "unloaded@conference.localhost",
            "gone@conference.localhost",
            "never@conference.localhost",
            "open@elsewhere.localhost",
        ];
        let found = read_all(&mut backend, &rooms).unwrap();
        let [
            RoomRead::Read(open),
            RoomRead::Read(unloaded),
            RoomRead::Gone,
            RoomRead::Gone,
            RoomRead::Forbidden(_),
        ] = found.as_slice()
        else {
            panic!("{found:?}");
        };
        assert_eq!(open.name.as_deref(), Some("Open & \"quoted\" 書"));
        assert_eq!(
            unloaded.users[&jid("bob@localhost")].hats[&HatId::unchecked("urn:x")],
            hat("a", "")
        );
        // Reading does not load the room.
        let loaded = server.lua("local n = 0 for room in hosts['conference.localhost'].modules.muc.live_rooms() do if room.jid:match('^unloaded') then n = n + 1 end end return tostring(n)");
        assert_eq!(loaded, "0");

        let report = backend.check().unwrap();
        assert_eq!(
            (report.problems.len(), report.rooms.len(), report.all_rooms),
            (0, 3, true)
        );
        assert!(report.version.unwrap().starts_with("Prosody "));
        backend.disconnect();
        assert_eq!(
            read(&mut backend, rooms[0]),
            **open,
            "the backend connects again after a disconnection"
        );
    });
}

#[test]
fn reads_valid_values_and_reports_unreadable_ones() {
    on_each_prosody(|server, transport| {
        let room = "courses@conference.localhost";
        let hats = json!({
            "urn:x:1": {"active": true, "required": true, "title": "書記 \"<&>' ]] \\ é\u{1f3a9} %41;x"},
            "not a uri; %": {"active": false, "title": ""},
            "urn:x:none": {},
            "urn:x:number": {"title": 5},
            "urn:x:text": "what",
        });
        server.create_prosody_room(
            room,
            &json!([
                ["ana@localhost", "owner", hats],
                ["evil.example", "outcast"],
                ["UPPER@localhost", "member"],
                ["@@", "member"]
            ]),
        );
        server.lua_room(room, "r._affiliations['odd@localhost'] = 'member'; r._affiliation_data['odd@localhost'] = { hats = 7, reserved_nickname = 'Oddy' } \
            r._affiliations['king@localhost'] = 'king' \
            r._affiliations['raw@localhost'] = 'member'; r._affiliation_data['raw@localhost'] = { hats = { ['urn:raw'] = { title = 'a\\255' }, ['\\1\\255'] = {}, ['urn:c'] = { title = '\\27[31m' } } } \
            return 'x'");
        let found = read(&mut connect(server, transport), room);
        let ana = &found.users[&jid("ana@localhost")];
        assert_eq!(ana.affiliation, Affiliation::Owner);
        assert_eq!(
            ana.hats[&HatId::unchecked("urn:x:1")],
            hat("ar", "書記 \"<&>' ]] \\ é\u{1f3a9} %41;x")
        );
        assert_eq!(ana.hats[&HatId::unchecked("not a uri; %")], hat("", ""));
        assert_eq!(ana.hats[&HatId::unchecked("urn:x:none")], hat("", ""));
        assert_eq!(ana.hats.len(), 3);
        assert_eq!(
            found.users[&jid("evil.example")].affiliation,
            Affiliation::Outcast
        );
        assert_eq!(
            found.users[&jid("odd@localhost")].nickname.as_deref(),
            Some("Oddy")
        );
        assert_eq!(
            found.users[&jid("raw@localhost")].hats[&HatId::unchecked("urn:c")],
            hat("", "\u{1b}[31m"),
            "control characters are kept"
        );
        let odd = &found.unreadable;
        assert_eq!(odd.count, 8, "{odd:?}");
        assert!(odd.users.contains(&jid("upper@localhost")) && odd.users.contains(&jid("king@localhost")));
        assert!(odd.hats_of.contains(&jid("odd@localhost")));
        let odd_hats: Vec<_> = odd
            .hats
            .iter()
            .map(|(user, id)| (user.as_str(), id.as_str()))
            .collect();
        assert_eq!(
            odd_hats,
            [
                ("ana@localhost", "urn:x:number"),
                ("ana@localhost", "urn:x:text"),
                ("raw@localhost", "urn:raw")
            ]
        );
    });
}

#[test]
fn reads_ten_thousand_users_in_pages() {
    on_each_prosody(|server, transport| {
        let room = "big@conference.localhost";
        server.create_prosody_room(room, &json!([["ana@localhost", "owner"]]));
        server.lua_room(room, "for i = 1, 10000 do local u = 'user' .. i .. '@localhost'; r._affiliations[u] = 'member' \
            if i % 2 == 0 then r._affiliation_data[u] = { hats = { ['urn:x:' .. i] = { active = true, title = 'Title ' .. i } } } end end return tostring(r:save(true))");
        for is_unloaded in [false, true] {
            if is_unloaded {
                server.lua_room(room, "m.forget_room(r); return 'x'");
            }
            let found = read(&mut connect(server, transport), room);
            assert_eq!(found.users.len(), 10_001);
            let hats: usize = found.users.values().map(|user| user.hats.len()).sum();
            assert_eq!((hats, found.unreadable.count), (5_000, 0));
            assert_eq!(
                found.users[&jid("user10000@localhost")].hats[&HatId::unchecked("urn:x:10000")],
                hat("a", "Title 10000")
            );
        }
    });
}

#[test]
fn detects_recreated_room() {
    on_each_prosody(|server, transport| {
        let room = "again@conference.localhost";
        let mut stamps = Vec::new();
        let mut backend = connect(server, transport);
        for _ in 0..2 {
            server.create_prosody_room(room, &json!([["ana@localhost", "owner"]]));
            server.lua_room(room, "r:get_salt(); return tostring(r:save(true))");
            stamps.push(read(&mut backend, room).created.unwrap());
            assert_eq!(read(&mut backend, room).created.as_ref(), stamps.last());
            server.lua_room(room, "m.forget_room(r); m.delete_room(r); return 'x'");
            assert_eq!(read_all(&mut backend, &[room]).unwrap(), [RoomRead::Gone]);
        }
        assert_ne!(stamps[0], stamps[1]);
    });
}
