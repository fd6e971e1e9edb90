//! What Prosody notes of watched rooms, for how long, and how it is asked for.

use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use hatrack::model::{Affiliation, HatId};
use hatrack::server::WatchEvent;
use serde_json::json;

use super::{By, SAVED, access, apply, change, connect, each, hat, jid, prosody, settings};
use crate::client::Client;
use crate::server::Server;
use crate::watcher::Watcher;

const ROOM: &str = "courses@conference.localhost";
const OTHER: &str = "other@conference.localhost";
const BOB: &str = "bob@localhost";

fn make(server: &Server, room: &str) {
    server.make_room(
        room,
        &json!([
            ["ana@localhost", "owner"],
            [BOB, "member", {"urn:x:1": {"title": "First", "active": true}}],
            ["carol@localhost", "member"],
        ]),
    );
}

/// Watches rooms that were read.
fn watch(server: &Server, by: By, rooms: &[&str]) -> Watcher {
    Watcher::start(Box::new(connect(server, by)), rooms)
}

/// The number of hooks by which changes can be noted.
fn hooks(server: &Server) -> u32 {
    let count = server.lua(
        "local n = 0 for _, event in ipairs { 'muc-pre-set-affiliation', 'muc-set-affiliation-data/hats', \
         'muc-set-affiliation-data/reserved_nickname', 'muc-config-submitted', 'muc-room-created', 'muc-room-destroyed', \
         'muc-broadcast-presence', 'muc-occupant-joined', 'muc-occupant-left' } \
         do n = n + #(hosts['conference.localhost'].events.get_handlers(event) or {}) end return tostring(n)",
    );
    count.parse().unwrap()
}

/// Loads the service again, without the hooks of other tests, and gives the number of those that stay.
fn reload(server: &Server) -> u32 {
    server.lua("return tostring(require 'core.modulemanager'.reload('conference.localhost', 'muc'))");
    hooks(server)
}

/// Waits until there are so many hooks.
fn wait_for_hooks(server: &Server, wanted: u32) {
    let began = Instant::now();
    while hooks(server) != wanted {
        assert!(began.elapsed() < Duration::from_secs(120), "{}", hooks(server));
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// Changes the title of a user's hat, by Lua for the room `r`.
fn retitle(user: &str, title: &str) -> String {
    format!(
        "r:set_affiliation_data('{user}', 'hats', {{ ['urn:x:1'] = {{ title = '{title}', active = true }} }});"
    )
}

fn retitled(server: &Server, user: &str, title: &str) {
    server.lua_room(ROOM, &format!("{} return 'done'", retitle(user, title)));
}

/// The users of reports, and who changed them; each must be of the room.
fn users(seen: &[WatchEvent]) -> Vec<(Vec<&str>, Option<&str>)> {
    let mut all: Vec<_> = seen
        .iter()
        .map(|seen| match seen {
            WatchEvent::Users { room, users, by } if room.as_str() == ROOM => (
                users.iter().map(|(user, _)| user.as_str()).collect(),
                by.as_deref(),
            ),
            other => panic!("{other:?}"),
        })
        .collect();
    all.sort();
    all
}

fn whole(room: &str) -> WatchEvent {
    WatchEvent::Room { room: jid(room) }
}

#[test]
fn reports_users_as_they_are_and_who_changed_them() {
    each(|server, by| {
        server.user("ana");
        make(server, ROOM);
        let mut ana = Client::join(server, "ana", ROOM);
        let mut watcher = watch(server, by, &[ROOM]);
        assert_eq!(watcher.look(), []);
        let items = |affiliation: &str| {
            format!(
                "<query xmlns='http://jabber.org/protocol/muc#admin'><item jid='carol@localhost' affiliation='{affiliation}'/></query>"
            )
        };
        for affiliation in ["none", "admin"] {
            assert_eq!(ana.iq(ROOM, "set", &items(affiliation)).0, "result");
        }
        retitled(server, BOB, "Second");
        retitled(server, BOB, "Third");
        let seen = watcher.look();
        assert_eq!(
            users(&seen),
            [
                (vec![BOB], None),
                (vec!["carol@localhost"], Some("ana@localhost"))
            ]
        );
        let user = |seen: &[WatchEvent], name: &str| {
            let users = seen.iter().flat_map(|seen| match seen {
                WatchEvent::Users { users, .. } => users.clone(),
                _ => Vec::new(),
            });
            let mut users = users.filter(|(user, _)| user.as_str() == name);
            users.next().unwrap().1
        };
        let bob = user(&seen, BOB).unwrap();
        assert_eq!(bob.hats[&HatId::unchecked("urn:x:1")], hat("a", "Third"));
        assert_eq!(
            user(&seen, "carol@localhost").unwrap().affiliation,
            Affiliation::Admin
        );
        assert_eq!(watcher.look(), [], "each change is reported once");
        // Two who changed the same user.
        assert_eq!(ana.iq(ROOM, "set", &items("none")).0, "result");
        server.lua_room(
            ROOM,
            "r:set_affiliation(true, 'carol@localhost', nil); return 'done'",
        );
        let seen = watcher.look();
        assert_eq!(users(&seen), [(vec!["carol@localhost"], None)]);
        assert_eq!(user(&seen, "carol@localhost"), None);
    });
}

#[test]
fn reports_whole_rooms_where_more_than_users_changed() {
    each(|server, by| {
        server.user("ana");
        make(server, ROOM);
        let mut ana = Client::join(server, "ana", ROOM);
        let mut watcher = watch(server, by, &[ROOM, OTHER]);
        assert_eq!(watcher.look(), []);
        make(server, OTHER);
        assert_eq!(watcher.look(), [whole(OTHER)]);
        server.lua(&format!(
            "hosts['conference.localhost'].modules.muc.get_room_from_jid('{OTHER}'):destroy(); return 'gone'"
        ));
        assert_eq!(watcher.look(), [whole(OTHER)]);
        let renamed = "<query xmlns='http://jabber.org/protocol/muc#owner'><x xmlns='jabber:x:data' type='submit'>\
            <field var='FORM_TYPE'><value>http://jabber.org/protocol/muc#roomconfig</value></field>\
            <field var='muc#roomconfig_roomname'><value>Renamed</value></field></x></query>";
        assert_eq!(ana.iq(ROOM, "set", renamed).0, "result");
        assert_eq!(watcher.look(), [whole(ROOM)]);
        // What cannot be read is skipped only by a whole read.
        server.lua_room(
            ROOM,
            "r:set_affiliation_data('bob@localhost', 'hats', { ['urn:x:1'] = 'what' }); return 'done'",
        );
        assert_eq!(watcher.look(), [whole(ROOM)]);
        // It is no longer in memory.
        drop(ana);
        retitled(server, BOB, "Second");
        server.lua_room(ROOM, "r:save(true, true); m.forget_room(r); return 'done'");
        assert_eq!(watcher.look(), [whole(ROOM)]);
    });
}

#[test]
fn reports_many_users_in_pages_and_too_many_as_the_room() {
    each(|server, by| {
        make(server, ROOM);
        let mut watcher = watch(server, by, &[ROOM]);
        let change = |count: usize| {
            server.lua_room(ROOM, &format!("local save = r.save; r.save = function() end; for i = 1, {count} do \
                r:set_affiliation(true, 'user' .. i .. '@localhost', 'member', nil, {{ hats = {{ ['urn:x:1'] = {{ title = 'T' }} }} }}) end \
                r.save = save; return 'done'"));
        };
        change(1_500);
        let (mut all, mut looks) = (BTreeSet::new(), 0);
        while all.len() < 1_500 {
            let seen = watcher.look();
            for (found, by) in users(&seen) {
                assert!(found.len() <= 1_000 && by.is_none());
                all.extend(found.into_iter().map(str::to_owned));
            }
            looks += 1;
            let due = watcher.backend.next_poll().unwrap();
            assert!(
                all.len() == 1_500 || due <= Instant::now(),
                "the rest can be had at once"
            );
        }
        assert!(looks >= 2);
        change(2_001);
        assert_eq!(watcher.look(), [whole(ROOM)]);
        assert_eq!(watcher.look(), []);
    });
}

#[test]
fn sessions_do_not_disturb_each_other() {
    each(|server, by| {
        make(server, ROOM);
        make(server, OTHER);
        let before = reload(server);
        let mut first = watch(server, by, &[ROOM, OTHER]);
        let of_one = hooks(server) - before;
        let mut second = watch(server, by, &[ROOM]);
        assert_eq!(hooks(server), before + 2 * of_one);
        // One of them makes a change.
        let mut writer = connect(server, by);
        let changes = vec![change(
            "carol@localhost",
            "urn:x:2",
            None,
            Some(hat("ar", "Second")),
        )];
        assert_eq!(apply(&mut writer, ROOM, changes), [SAVED]);
        for watcher in [&mut first, &mut second] {
            assert_eq!(users(&watcher.look()), [(vec!["carol@localhost"], None)]);
        }
        // It watches something else.
        second.watch(&[OTHER]);
        second.read(&[OTHER]);
        retitled(server, BOB, "Second");
        assert_eq!(second.look(), []);
        assert_eq!(users(&first.look()), [(vec![BOB], None)]);
        second.backend.disconnect();
        wait_for_hooks(server, before + of_one);
        retitled(server, BOB, "Third");
        assert_eq!(users(&first.look()), [(vec![BOB], None)]);
        first.watch(&[]);
        assert_eq!(first.backend.next_poll(), None);
        first.read(&[]);
        assert_eq!(hooks(server), before, "nothing is watched");
    });
}

#[test]
fn hooks_go_when_nobody_looks() {
    each(|server, by| {
        make(server, ROOM);
        let before = reload(server);
        let impatient = || {
            let mut settings = settings(access(server, by));
            // So the lease is less than half a minute.
            settings.timeout = Duration::from_secs(4);
            Watcher::start(Box::new(prosody(settings)), &[ROOM])
        };
        // One goes without a word.
        drop(impatient());
        let mut watcher = impatient();
        assert!(hooks(server) > before);
        wait_for_hooks(server, before);
        // Meanwhile anything may have changed.
        retitled(server, BOB, "Second");
        assert_eq!(watcher.look(), [whole(ROOM)]);
        retitled(server, BOB, "Third");
        assert_eq!(users(&watcher.look()), [(vec![BOB], None)]);
    });
}

#[test]
fn hooks_are_set_again_where_the_service_was_loaded_again() {
    each(|server, by| {
        make(server, ROOM);
        let none = reload(server);
        let mut watcher = watch(server, by, &[ROOM]);
        assert_eq!(watcher.look(), []);
        let all = hooks(server);
        assert_eq!(reload(server), none, "they went with it");
        assert_eq!(watcher.look(), [whole(ROOM)]);
        assert_eq!(hooks(server), all);
        retitled(server, BOB, "Second");
        assert_eq!(users(&watcher.look()), [(vec![BOB], None)]);
    });
}

#[test]
fn another_connection_watches_anew() {
    each(|server, by| {
        make(server, ROOM);
        make(server, OTHER);
        let mut watcher = watch(server, by, &[ROOM, OTHER]);
        watcher.backend.disconnect();
        retitled(server, BOB, "Second");
        watcher.read(&[OTHER]);
        assert_eq!(watcher.look(), [whole(ROOM)], "the other was read since");
        retitled(server, BOB, "Third");
        assert_eq!(users(&watcher.look()), [(vec![BOB], None)]);
    });
}

#[test]
fn nothing_is_lost_when_the_caller_stops() {
    each(|server, by| {
        make(server, ROOM);
        make(server, OTHER);
        let mut watcher = watch(server, by, &[ROOM, OTHER]);
        retitled(server, BOB, "Second");
        server.lua_room(OTHER, &format!("{} return 'done'", retitle(BOB, "Second")));
        let mut first = None;
        let stopped = watcher.backend.poll(&mut |seen| {
            if matches!(seen, WatchEvent::Occupants { .. }) {
                return ControlFlow::Continue(());
            }
            first = Some(seen);
            ControlFlow::Break(())
        });
        assert_eq!(stopped, Err(hatrack::server::Error::Stopped));
        let Some(WatchEvent::Users { room, .. }) = first else {
            panic!("{first:?}");
        };
        let rest = if room.as_str() == ROOM { OTHER } else { ROOM };
        assert_eq!(watcher.look(), [whole(rest)]);
        assert_eq!(watcher.look(), []);
    });
}
