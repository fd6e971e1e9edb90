//! Occupants of rooms and their nicknames, reported by Prosody's admin shell without joining the rooms.

use std::time::{Duration, Instant};

use hatrack::server::WatchEvent;
use hatrack::sync::Occupants;
use serde_json::json;

use super::{Transport, connect, jid, on_each_prosody};
use crate::client::Client;
use crate::server::Server;
use crate::watcher::Watcher;

const ROOM: &str = "courses@conference.localhost";
const OTHER: &str = "other@conference.localhost";
const TIMEOUT: Duration = Duration::from_secs(120);

fn create_room(server: &Server, room: &str) {
    server.create_prosody_room(
        room,
        &json!([
            ["ana@localhost", "owner"],
            ["bob@localhost", "member"],
            ["carol@localhost", "member"],
        ]),
    );
}

fn watch(server: &Server, transport: Transport, rooms: &[&str]) -> Watcher {
    Watcher::start(Box::new(connect(server, transport)), rooms)
}

/// Describes each occupant: the user, the nicknames in use, and the reserved nickname in parentheses.
fn describe(occupants: &Occupants) -> Vec<String> {
    let users = occupants.iter().map(|(user, occupant)| {
        let nicknames = occupant.nicknames().join("+");
        let reserved = occupant.reserved().map(|name| format!(" ({name})"));
        format!(
            "{}: {nicknames}{}",
            user.local().unwrap_or_default(),
            reserved.unwrap_or_default()
        )
    });
    users.collect()
}

/// Polls until the room has exactly these occupants. Nothing else may be reported.
fn wait_for_occupants(watcher: &mut Watcher, room: &str, wanted: &[&str]) {
    wait_while(watcher, room, wanted, |others| {
        assert_eq!(others, [], "nothing else has changed");
    });
}

/// Like [`wait_for_occupants`], but passes all other reports to `check`.
fn wait_while(watcher: &mut Watcher, room: &str, wanted: &[&str], check: impl Fn(Vec<WatchEvent>)) {
    let (room, began) = (jid(room), Instant::now());
    loop {
        check(watcher.poll());
        let now = watcher
            .occupants
            .get(&room)
            .map(|(occupants, all)| (describe(occupants), *all));
        if let Some((now, true)) = &now
            && now == wanted
        {
            return;
        }
        assert!(began.elapsed() < TIMEOUT, "{now:?} is not {wanted:?}");
    }
}

/// Sets the reserved nickname of a user to the value of a Lua expression.
fn set_reserved_nickname(server: &Server, user: &str, lua: &str) {
    server.lua_room(
        ROOM,
        &format!("r:set_affiliation_data('{user}', 'reserved_nickname', {lua}) return 'done'"),
    );
}

#[test]
fn reports_joins_leaves_and_nickname_changes() {
    on_each_prosody(|server, transport| {
        for user in ["ana", "bob"] {
            server.add_account(user);
        }
        create_room(server, ROOM);
        let mut ana = Client::join(server, "ana", ROOM);
        let mut watcher = watch(server, transport, &[ROOM]);
        wait_for_occupants(&mut watcher, ROOM, &["ana: ana"]);
        let mut bob = Client::login(server, "bob");
        bob.join_room(ROOM, "Bob");
        wait_for_occupants(&mut watcher, ROOM, &["ana: ana", "bob: Bob"]);
        bob.send_order(&json!({"rename": ROOM, "nick": "Robert"}));
        wait_for_occupants(&mut watcher, ROOM, &["ana: ana", "bob: Robert"]);
        // A second device under the same nickname, and one under another.
        let mut same = Client::login(server, "bob");
        same.join_room(ROOM, "Robert");
        let mut phone = Client::login(server, "bob");
        phone.join_room(ROOM, "bob_phone");
        wait_for_occupants(&mut watcher, ROOM, &["ana: ana", "bob: Robert+bob_phone"]);
        same.send_order(&json!({"rename": ROOM, "nick": "Rob"}));
        wait_for_occupants(&mut watcher, ROOM, &["ana: ana", "bob: Rob+Robert+bob_phone"]);
        for client in [&mut bob, &mut same] {
            client.send_order(&json!({"leave": ROOM}));
        }
        wait_for_occupants(&mut watcher, ROOM, &["ana: ana", "bob: bob_phone"]);
        let kick = "<query xmlns='http://jabber.org/protocol/muc#admin'><item nick='bob_phone' role='none'/></query>";
        assert_eq!(ana.iq(ROOM, "set", kick).0, "result");
        wait_for_occupants(&mut watcher, ROOM, &["ana: ana"]);
        ana.send_order(&json!({"leave": ROOM}));
        wait_for_occupants(&mut watcher, ROOM, &[]);
    });
}

#[test]
fn reports_reserved_nicknames_of_absent_users() {
    on_each_prosody(|server, transport| {
        server.add_account("bob");
        create_room(server, ROOM);
        let mut watcher = watch(server, transport, &[ROOM]);
        let mut bob = Client::login(server, "bob");
        let register = "<query xmlns='jabber:iq:register'><x xmlns='jabber:x:data' type='submit'>\
             <field var='FORM_TYPE'><value>http://jabber.org/protocol/muc#register</value></field>\
             <field var='muc#register_roomnick'><value>Bobby</value></field></x></query>";
        assert_eq!(bob.iq(ROOM, "set", register).0, "result");
        watcher.poll_until_user(ROOM, "bob@localhost", |user| {
            user.is_some_and(|user| user.nickname.as_deref() == Some("Bobby"))
        });
        wait_for_occupants(&mut watcher, ROOM, &["bob:  (Bobby)"]);
        bob.join_room(ROOM, "Bobby");
        wait_for_occupants(&mut watcher, ROOM, &["bob: Bobby (Bobby)"]);
    });
}

#[test]
fn hostile_nicknames_are_kept_and_long_ones_cut() {
    on_each_prosody(|server, transport| {
        create_room(server, ROOM);
        let mut watcher = watch(server, transport, &[ROOM]);
        let names = ["\u{202e}evil", "\u{200b}", "a;b =c\n]] os.exit(1) --", "名前"];
        for name in names {
            let bytes: Vec<String> = name.bytes().map(|byte| format!("\\{byte:03}")).collect();
            set_reserved_nickname(server, "bob@localhost", &format!("'{}'", bytes.concat()));
            watcher.poll_until_user(ROOM, "bob@localhost", |user| {
                user.is_some_and(|user| user.nickname.as_deref() == Some(name))
            });
            wait_for_occupants(&mut watcher, ROOM, &[&format!("bob:  ({name})")]);
        }
        set_reserved_nickname(server, "bob@localhost", "('é'):rep(5000)");
        let cut = format!("bob:  ({})", "é".repeat(127));
        wait_while(&mut watcher, ROOM, &[&cut], drop);
        for odd in ["{}", "7", "('\\0x')", "('\\255x')", "''"] {
            set_reserved_nickname(server, "bob@localhost", "'Bob'");
            wait_while(&mut watcher, ROOM, &["bob:  (Bob)"], drop);
            set_reserved_nickname(server, "bob@localhost", odd);
            wait_while(&mut watcher, ROOM, &[], drop);
        }
    });
}

/// Adds the occupants `u1` to `uCOUNT` to a room, each with a nickname.
fn add_occupants(server: &Server, room: &str, count: usize) {
    server.lua_room(
        room,
        &format!(
            "local st = require 'util.stanza' for n = 1, {count} do local user = 'u' .. n .. '@localhost' \
             local o = r:new_occupant(user, r.jid .. '/Nick ' .. n) o.role = 'participant' \
             o:set_session(user .. '/x', st.presence {{ from = user .. '/x' }}) r:save_occupant(o) end return 'done'"
        ),
    );
}

#[test]
fn large_room_is_reported_in_parts_and_only_once() {
    on_each_prosody(|server, transport| {
        create_room(server, ROOM);
        add_occupants(server, ROOM, 2_000);
        let mut watcher = watch(server, transport, &[ROOM]);
        let began = Instant::now();
        while watcher.occupants.get(&jid(ROOM)).is_none_or(|(_, all)| !all) {
            assert_eq!(watcher.poll(), []);
            assert!(began.elapsed() < TIMEOUT);
        }
        println!(
            "{transport:?}: 2,000 occupants in {:?}, {} polls",
            began.elapsed(),
            watcher.poll_count
        );
        let (occupants, _) = &watcher.occupants[&jid(ROOM)];
        assert_eq!(occupants.len(), 2_000);
        assert_eq!(&*occupants[&jid("u1999@localhost")].nicknames()[0], "Nick 1999");
        let mut reports = 0;
        for _ in 0..3 {
            watcher
                .backend
                .poll(&mut |_| {
                    reports += 1;
                    std::ops::ControlFlow::Continue(())
                })
                .unwrap();
        }
        assert_eq!(reports, 0);
    });
}

#[test]
fn at_most_5000_occupants_of_a_room_are_reported() {
    on_each_prosody(|server, transport| {
        create_room(server, ROOM);
        add_occupants(server, ROOM, 6_000);
        let mut watcher = watch(server, transport, &[ROOM]);
        let began = Instant::now();
        while watcher.occupants.get(&jid(ROOM)).is_none_or(|(_, all)| !all) {
            watcher.poll();
            assert!(began.elapsed() < TIMEOUT);
        }
        assert_eq!(watcher.occupants[&jid(ROOM)].0.len(), 5_000);
    });
}

#[test]
fn occupants_of_selected_room_are_reported_without_watching_it() {
    on_each_prosody(|server, transport| {
        server.add_account("bob");
        create_room(server, ROOM);
        create_room(server, OTHER);
        let mut bob = Client::login(server, "bob");
        bob.join_room(ROOM, "Bob");
        bob.join_room(OTHER, "Robert");
        let mut watcher = watch(server, transport, &[]);
        watcher.backend.watch(&[], Some(&jid(OTHER)), true);
        wait_for_occupants(&mut watcher, OTHER, &["bob: Robert"]);
        assert_eq!(watcher.occupants.len(), 1);
        server.lua_room(
            OTHER,
            "r:set_affiliation_data('carol@localhost', 'hats', { ['urn:x:1'] = { active = true } }) return 'done'",
        );
        assert_eq!(watcher.poll(), [], "the hats of the room are not watched");
        watcher.backend.watch(&[], Some(&jid(ROOM)), true);
        wait_for_occupants(&mut watcher, ROOM, &["bob: Bob"]);
        watcher.backend.watch(&[], None, true);
        assert_eq!(watcher.backend.next_poll(), None);
    });
}

/// `hatrack follow` watches like this, because it does not show occupants.
#[test]
fn watches_changes_without_reading_occupants() {
    on_each_prosody(|server, transport| {
        server.add_account("bob");
        create_room(server, ROOM);
        let mut bob = Client::login(server, "bob");
        bob.join_room(ROOM, "Bob");
        let mut watcher = watch(server, transport, &[]);
        watcher.backend.watch(&[jid(ROOM)], None, false);
        watcher.read(&[ROOM]);
        watcher.poll();
        server.lua_room(
            ROOM,
            "r:set_affiliation_data('carol@localhost', 'hats', { ['urn:x:1'] = { active = true } }) return 'done'",
        );
        let end = Instant::now() + TIMEOUT;
        while watcher.poll().is_empty() {
            assert!(Instant::now() < end);
        }
        assert!(watcher.occupants.is_empty());
    });
}

#[test]
fn new_connection_reports_occupants_again_also_of_unloaded_rooms() {
    on_each_prosody(|server, transport| {
        server.add_account("bob");
        create_room(server, ROOM);
        set_reserved_nickname(server, "carol@localhost", "'Caro'");
        let mut bob = Client::login(server, "bob");
        bob.join_room(ROOM, "Bob");
        let mut watcher = watch(server, transport, &[ROOM]);
        wait_for_occupants(&mut watcher, ROOM, &["bob: Bob", "carol:  (Caro)"]);
        watcher.backend.disconnect();
        // Prosody does this if too many rooms are loaded.
        server.lua_room(
            ROOM,
            "r:save(true, true) local muc = hosts['conference.localhost'].modules.muc \
             local forget = muc.forget_room forget(r) return 'done'",
        );
        watcher.occupants.clear();
        watcher.read(&[ROOM]);
        wait_for_occupants(&mut watcher, ROOM, &["bob: Bob", "carol:  (Caro)"]);
        // The room is loaded again.
        bob.send_order(&json!({"rename": ROOM, "nick": "Robert"}));
        wait_for_occupants(&mut watcher, ROOM, &["bob: Robert", "carol:  (Caro)"]);
        // The service is reloaded, and the room with it.
        server.lua("return tostring(require 'core.modulemanager'.reload('conference.localhost', 'muc'))");
        watcher.poll();
        let mut phone = Client::login(server, "bob");
        phone.join_room(ROOM, "phone");
        let began = Instant::now();
        let has_phone = |watcher: &Watcher| {
            let (occupants, _) = watcher.occupants.get(&jid(ROOM))?;
            let bob = occupants.get(&jid("bob@localhost"))?;
            Some(bob.nicknames().iter().any(|name| &**name == "phone"))
        };
        while has_phone(&watcher) != Some(true) {
            watcher.poll();
            assert!(began.elapsed() < TIMEOUT);
        }
    });
}
