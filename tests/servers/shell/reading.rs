//! Reading rooms.

use hatrack::model::{Affiliation, HatId};
use hatrack::server::Backend as _;
use hatrack::sync::RoomRead;
use serde_json::json;

use super::{connect, each, hat, jid, read, read_all};

#[test]
fn reads_hidden_and_unloaded_rooms_but_no_tombstones() {
    each(|server, by| {
        server.make_room("open@conference.localhost", &json!([["ana@localhost", "owner"]]));
        server.make_room(
            "hidden@conference.localhost",
            &json!([["ana@localhost", "owner"]]),
        );
        server.make_room(
            "asleep@conference.localhost",
            &json!([["bob@localhost", "member", {"urn:x": {"active": true}}]]),
        );
        server.make_room("gone@conference.localhost", &json!([["ana@localhost", "owner"]]));
        server.lua_room(
            "hidden@conference.localhost",
            "r:set_hidden(true); return tostring(r:save(true))",
        );
        server.lua_room(
            "open@conference.localhost",
            "r:set_name('Open & \"quoted\" 書'); return tostring(r:save(true))",
        );
        server.lua_room("gone@conference.localhost", "r:destroy(); return 'x'");
        server.lua_room("asleep@conference.localhost", "m.forget_room(r); return 'x'");

        let mut backend = connect(server, by);
        let list = backend.list_rooms().unwrap();
        let names: Vec<_> = list
            .rooms
            .iter()
            .map(|room| (room.room.as_str(), room.name.as_deref()))
            .collect();
        assert_eq!(
            names,
            [
                ("asleep@conference.localhost", None),
                ("hidden@conference.localhost", None),
                ("open@conference.localhost", Some("Open & \"quoted\" 書")),
            ],
            "{:?} {by:?}",
            server.kind
        );
        assert!(list.is_complete);
        let rooms = [
            "open@conference.localhost",
            "asleep@conference.localhost",
            "gone@conference.localhost",
            "never@conference.localhost",
            "open@elsewhere.localhost",
        ];
        let found = read_all(&mut backend, &rooms).unwrap();
        let [
            RoomRead::Read(open),
            RoomRead::Read(asleep),
            RoomRead::Gone,
            RoomRead::Gone,
            RoomRead::Forbidden(_),
        ] = found.as_slice()
        else {
            panic!("{found:?}");
        };
        assert_eq!(open.name.as_deref(), Some("Open & \"quoted\" 書"));
        assert_eq!(
            asleep.users[&jid("bob@localhost")].hats[&HatId::unchecked("urn:x")],
            hat("a", "")
        );
        // It still sleeps.
        let live = server.lua("local n = 0 for room in hosts['conference.localhost'].modules.muc.live_rooms() do if room.jid:match('^asleep') then n = n + 1 end end return tostring(n)");
        assert_eq!(live, "0");

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
            "after a disconnection it connects anew"
        );
    });
}

#[test]
fn reads_stored_values_and_never_takes_odd_ones_for_deletions() {
    each(|server, by| {
        let room = "courses@conference.localhost";
        let hats = json!({
            "urn:x:1": {"active": true, "required": true, "title": "書記 \"<&>' ]] \\ é\u{1f3a9} %41;x"},
            "not a uri; %": {"active": false, "title": ""},
            "urn:x:none": {},
            "urn:x:number": {"title": 5},
            "urn:x:text": "what",
        });
        server.make_room(
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
        let found = read(&mut connect(server, by), room);
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
            "kept as it is"
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
    each(|server, by| {
        let room = "big@conference.localhost";
        server.make_room(room, &json!([["ana@localhost", "owner"]]));
        server.lua_room(room, "for i = 1, 10000 do local u = 'user' .. i .. '@localhost'; r._affiliations[u] = 'member' \
            if i % 2 == 0 then r._affiliation_data[u] = { hats = { ['urn:x:' .. i] = { active = true, title = 'Title ' .. i } } } end end return tostring(r:save(true))");
        for asleep in [false, true] {
            if asleep {
                server.lua_room(room, "m.forget_room(r); return 'x'");
            }
            let found = read(&mut connect(server, by), room);
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
    each(|server, by| {
        let room = "again@conference.localhost";
        let mut stamps = Vec::new();
        let mut backend = connect(server, by);
        for _ in 0..2 {
            server.make_room(room, &json!([["ana@localhost", "owner"]]));
            server.lua_room(room, "r:get_salt(); return tostring(r:save(true))");
            stamps.push(read(&mut backend, room).created.unwrap());
            assert_eq!(read(&mut backend, room).created.as_ref(), stamps.last());
            server.lua_room(room, "m.forget_room(r); m.delete_room(r); return 'x'");
            assert_eq!(read_all(&mut backend, &[room]).unwrap(), [RoomRead::Gone]);
        }
        assert_ne!(stamps[0], stamps[1]);
    });
}
