//! Watched rooms of Prosody: which changes are reported, and how long the hooks stay that note the changes.

use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use hatrack::model::{Affiliation, HatId};
use hatrack::server::WatchEvent;
use serde_json::json;

use super::{SAVED, Transport, access, apply, change, connect, hat, jid, on_each_prosody, prosody, settings};
use crate::client::Client;
use crate::server::Server;
use crate::watcher::Watcher;

const ROOM: &str = "courses@conference.localhost";
const OTHER: &str = "other@conference.localhost";
const BOB: &str = "bob@localhost";

fn create_room(server: &Server, room: &str) {
    server.create_prosody_room(
        room,
        &json!([
            ["ana@localhost", "owner"],
            [BOB, "member", {"urn:x:1": {"title": "First", "active": true}}],
            ["carol@localhost", "member"],
        ]),
    );
}

/// Watches rooms and reads them.
fn watch(server: &Server, transport: Transport, rooms: &[&str]) -> Watcher {
    Watcher::start(Box::new(connect(server, transport)), rooms)
}

/// The number of handlers of the events that hatrack uses.
fn hook_count(server: &Server) -> u32 {
    let count = server.lua(
        "local n = 0 for _, event in ipairs { 'muc-pre-set-affiliation', 'muc-set-affiliation-data/hats', \
         'muc-set-affiliation-data/reserved_nickname', 'muc-config-submitted', 'muc-room-created', 'muc-room-destroyed', \
         'muc-broadcast-presence', 'muc-occupant-joined', 'muc-occupant-left' } \
         do n = n + #(hosts['conference.localhost'].events.get_handlers(event) or {}) end return tostring(n)",
    );
    count.parse().unwrap()
}

/// Reloads the service, which removes the hooks of other tests, and returns the number of the remaining handlers.
fn reload_service(server: &Server) -> u32 {
    server.lua("return tostring(require 'core.modulemanager'.reload('conference.localhost', 'muc'))");
    hook_count(server)
}

/// Waits until there is this number of handlers.
fn wait_for_hooks(server: &Server, wanted: u32) {
    let began = Instant::now();
    while hook_count(server) != wanted {
        assert!(
            began.elapsed() < Duration::from_secs(120),
            "{}",
            hook_count(server)
        );
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// Returns Lua code that changes the title of a user's hat in the room `r`.
fn title_change(user: &str, title: &str) -> String {
    format!(
        "r:set_affiliation_data('{user}', 'hats', {{ ['urn:x:1'] = {{ title = '{title}', active = true }} }});"
    )
}

/// Changes the title of a user's hat in [`ROOM`].
fn change_title(server: &Server, user: &str, title: &str) {
    server.lua_room(ROOM, &format!("{} return 'done'", title_change(user, title)));
}

/// The users and the actor of each report. Each report must be about users of [`ROOM`].
fn users_and_actors(seen: &[WatchEvent]) -> Vec<(Vec<&str>, Option<&str>)> {
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

fn room_changed(room: &str) -> WatchEvent {
    WatchEvent::Room { room: jid(room) }
}

#[test]
fn reports_changed_users_with_their_new_state_and_actor() {
    on_each_prosody(|server, transport| {
        server.add_account("ana");
        create_room(server, ROOM);
        let mut ana = Client::join(server, "ana", ROOM);
        let mut watcher = watch(server, transport, &[ROOM]);
        assert_eq!(watcher.poll(), []);
        let items = |affiliation: &str| {
            format!(
                "<query xmlns='http://jabber.org/protocol/muc#admin'><item jid='carol@localhost' affiliation='{affiliation}'/></query>"
            )
        };
        for affiliation in ["none", "admin"] {
            assert_eq!(ana.iq(ROOM, "set", &items(affiliation)).0, "result");
        }
        change_title(server, BOB, "Second");
        change_title(server, BOB, "Third");
        let seen = watcher.poll();
        assert_eq!(
            users_and_actors(&seen),
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
        assert_eq!(watcher.poll(), [], "each change is reported once");
        // If two actors have changed a user, no actor is reported.
        assert_eq!(ana.iq(ROOM, "set", &items("none")).0, "result");
        server.lua_room(
            ROOM,
            "r:set_affiliation(true, 'carol@localhost', nil); return 'done'",
        );
        let seen = watcher.poll();
        assert_eq!(users_and_actors(&seen), [(vec!["carol@localhost"], None)]);
        assert_eq!(user(&seen, "carol@localhost"), None);
    });
}

#[test]
fn reports_whole_room_if_more_than_users_changed() {
    on_each_prosody(|server, transport| {
        server.add_account("ana");
        create_room(server, ROOM);
        let mut ana = Client::join(server, "ana", ROOM);
        let mut watcher = watch(server, transport, &[ROOM, OTHER]);
        assert_eq!(watcher.poll(), []);
        create_room(server, OTHER);
        assert_eq!(watcher.poll(), [room_changed(OTHER)]);
        server.lua(&format!(
            "hosts['conference.localhost'].modules.muc.get_room_from_jid('{OTHER}'):destroy(); return 'gone'"
        ));
        assert_eq!(watcher.poll(), [room_changed(OTHER)]);
        let renamed = "<query xmlns='http://jabber.org/protocol/muc#owner'><x xmlns='jabber:x:data' type='submit'>\
            <field var='FORM_TYPE'><value>http://jabber.org/protocol/muc#roomconfig</value></field>\
            <field var='muc#roomconfig_roomname'><value>Renamed</value></field></x></query>";
        assert_eq!(ana.iq(ROOM, "set", renamed).0, "result");
        assert_eq!(watcher.poll(), [room_changed(ROOM)]);
        // A value that cannot be read is skipped only when the whole room is read.
        server.lua_room(
            ROOM,
            "r:set_affiliation_data('bob@localhost', 'hats', { ['urn:x:1'] = 'what' }); return 'done'",
        );
        assert_eq!(watcher.poll(), [room_changed(ROOM)]);
        // The room is unloaded.
        drop(ana);
        change_title(server, BOB, "Second");
        server.lua_room(ROOM, "r:save(true, true); m.forget_room(r); return 'done'");
        assert_eq!(watcher.poll(), [room_changed(ROOM)]);
    });
}

#[test]
fn reports_many_users_in_pages_and_too_many_as_whole_room() {
    on_each_prosody(|server, transport| {
        create_room(server, ROOM);
        let mut watcher = watch(server, transport, &[ROOM]);
        let change = |count: usize| {
            server.lua_room(ROOM, &format!("local save = r.save; r.save = function() end; for i = 1, {count} do \
                r:set_affiliation(true, 'user' .. i .. '@localhost', 'member', nil, {{ hats = {{ ['urn:x:1'] = {{ title = 'T' }} }} }}) end \
                r.save = save; return 'done'"));
        };
        change(1_500);
        let (mut all, mut polls) = (BTreeSet::new(), 0);
        while all.len() < 1_500 {
            let seen = watcher.poll();
            for (found, by) in users_and_actors(&seen) {
                assert!(found.len() <= 1_000 && by.is_none());
                all.extend(found.into_iter().map(str::to_owned));
            }
            polls += 1;
            let due = watcher.backend.next_poll().unwrap();
            assert!(
                all.len() == 1_500 || due <= Instant::now(),
                "the next poll is due at once while users are left"
            );
        }
        assert!(polls >= 2);
        change(2_001);
        assert_eq!(watcher.poll(), [room_changed(ROOM)]);
        assert_eq!(watcher.poll(), []);
    });
}

#[test]
fn sessions_do_not_disturb_each_other() {
    on_each_prosody(|server, transport| {
        create_room(server, ROOM);
        create_room(server, OTHER);
        let before = reload_service(server);
        let mut first = watch(server, transport, &[ROOM, OTHER]);
        let per_session = hook_count(server) - before;
        let mut second = watch(server, transport, &[ROOM]);
        assert_eq!(hook_count(server), before + 2 * per_session);
        // A third session makes a change.
        let mut writer = connect(server, transport);
        let changes = vec![change(
            "carol@localhost",
            "urn:x:2",
            None,
            Some(hat("ar", "Second")),
        )];
        assert_eq!(apply(&mut writer, ROOM, changes), [SAVED]);
        for watcher in [&mut first, &mut second] {
            assert_eq!(
                users_and_actors(&watcher.poll()),
                [(vec!["carol@localhost"], None)]
            );
        }
        // The second session watches another room.
        second.watch(&[OTHER]);
        second.read(&[OTHER]);
        change_title(server, BOB, "Second");
        assert_eq!(second.poll(), []);
        assert_eq!(users_and_actors(&first.poll()), [(vec![BOB], None)]);
        second.backend.disconnect();
        wait_for_hooks(server, before + per_session);
        change_title(server, BOB, "Third");
        assert_eq!(users_and_actors(&first.poll()), [(vec![BOB], None)]);
        first.watch(&[]);
        assert_eq!(first.backend.next_poll(), None);
        first.read(&[]);
        assert_eq!(hook_count(server), before, "all hooks are removed");
    });
}

#[test]
fn hooks_are_removed_without_polls() {
    on_each_prosody(|server, transport| {
        create_room(server, ROOM);
        let before = reload_service(server);
        let watch_with_short_lease = || {
            let mut settings = settings(access(server, transport));
            // The lease is six times as long: 24 seconds.
            settings.timeout = Duration::from_secs(4);
            Watcher::start(Box::new(prosody(settings)), &[ROOM])
        };
        // This watcher is dropped at once, and never polls.
        drop(watch_with_short_lease());
        let mut watcher = watch_with_short_lease();
        assert!(hook_count(server) > before);
        wait_for_hooks(server, before);
        // Changes since the end of the lease were not noted, so the whole room is reported.
        change_title(server, BOB, "Second");
        assert_eq!(watcher.poll(), [room_changed(ROOM)]);
        change_title(server, BOB, "Third");
        assert_eq!(users_and_actors(&watcher.poll()), [(vec![BOB], None)]);
    });
}

#[test]
fn hooks_are_set_again_after_service_is_reloaded() {
    on_each_prosody(|server, transport| {
        create_room(server, ROOM);
        let before = reload_service(server);
        let mut watcher = watch(server, transport, &[ROOM]);
        assert_eq!(watcher.poll(), []);
        let all = hook_count(server);
        assert_eq!(reload_service(server), before, "reloading removes the hooks");
        assert_eq!(watcher.poll(), [room_changed(ROOM)]);
        assert_eq!(hook_count(server), all);
        change_title(server, BOB, "Second");
        assert_eq!(users_and_actors(&watcher.poll()), [(vec![BOB], None)]);
    });
}

#[test]
fn new_connection_reports_rooms_that_were_not_read_since() {
    on_each_prosody(|server, transport| {
        create_room(server, ROOM);
        create_room(server, OTHER);
        let mut watcher = watch(server, transport, &[ROOM, OTHER]);
        watcher.backend.disconnect();
        change_title(server, BOB, "Second");
        watcher.read(&[OTHER]);
        assert_eq!(
            watcher.poll(),
            [room_changed(ROOM)],
            "the other room was read since"
        );
        change_title(server, BOB, "Third");
        assert_eq!(users_and_actors(&watcher.poll()), [(vec![BOB], None)]);
    });
}

#[test]
fn stopped_poll_loses_no_reports() {
    on_each_prosody(|server, transport| {
        create_room(server, ROOM);
        create_room(server, OTHER);
        let mut watcher = watch(server, transport, &[ROOM, OTHER]);
        change_title(server, BOB, "Second");
        server.lua_room(OTHER, &format!("{} return 'done'", title_change(BOB, "Second")));
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
        assert_eq!(watcher.poll(), [room_changed(rest)]);
        assert_eq!(watcher.poll(), []);
    });
}
