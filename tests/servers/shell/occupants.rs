//! Who is in a room, by which nicknames, as Prosody tells without a visit.

use std::time::{Duration, Instant};

use hatrack::server::WatchEvent;
use hatrack::sync::Occupants;
use serde_json::json;

use super::{By, connect, each, jid};
use crate::client::Client;
use crate::server::Server;
use crate::watcher::Watcher;

const ROOM: &str = "courses@conference.localhost";
const OTHER: &str = "other@conference.localhost";
const PATIENCE: Duration = Duration::from_secs(120);

fn make(server: &Server, room: &str) {
    server.make_room(
        room,
        &json!([
            ["ana@localhost", "owner"],
            ["bob@localhost", "member"],
            ["carol@localhost", "member"],
        ]),
    );
}

fn watch(server: &Server, by: By, rooms: &[&str]) -> Watcher {
    Watcher::start(Box::new(connect(server, by)), rooms)
}

/// Each user, the nicknames in use, and the reserved one.
fn told(occupants: &Occupants) -> Vec<String> {
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

/// Looks until exactly this is told of a room.
fn wait(watcher: &mut Watcher, room: &str, wanted: &[&str]) {
    wait_while(watcher, room, wanted, |seen| {
        assert_eq!(seen, [], "nothing else changed");
    });
}

/// The same; `check` sees what else is reported.
fn wait_while(watcher: &mut Watcher, room: &str, wanted: &[&str], check: impl Fn(Vec<WatchEvent>)) {
    let (room, began) = (jid(room), Instant::now());
    loop {
        check(watcher.look());
        let now = watcher
            .occupants
            .get(&room)
            .map(|(occupants, all)| (told(occupants), *all));
        if let Some((now, true)) = &now
            && now == wanted
        {
            return;
        }
        assert!(began.elapsed() < PATIENCE, "{now:?} is not {wanted:?}");
    }
}

fn nickname(server: &Server, user: &str, lua: &str) {
    server.lua_room(
        ROOM,
        &format!("r:set_affiliation_data('{user}', 'reserved_nickname', {lua}) return 'done'"),
    );
}

#[test]
fn tells_who_comes_goes_and_changes_the_nickname() {
    each(|server, by| {
        for user in ["ana", "bob"] {
            server.user(user);
        }
        make(server, ROOM);
        let mut ana = Client::join(server, "ana", ROOM);
        let mut watcher = watch(server, by, &[ROOM]);
        wait(&mut watcher, ROOM, &["ana: ana"]);
        let mut bob = Client::login(server, "bob");
        bob.enter(ROOM, "Bob");
        wait(&mut watcher, ROOM, &["ana: ana", "bob: Bob"]);
        bob.order(&json!({"rename": ROOM, "nick": "Robert"}));
        wait(&mut watcher, ROOM, &["ana: ana", "bob: Robert"]);
        // A second device under the same nickname, and one under another.
        let mut same = Client::login(server, "bob");
        same.enter(ROOM, "Robert");
        let mut phone = Client::login(server, "bob");
        phone.enter(ROOM, "bob_phone");
        wait(&mut watcher, ROOM, &["ana: ana", "bob: Robert+bob_phone"]);
        same.order(&json!({"rename": ROOM, "nick": "Rob"}));
        wait(&mut watcher, ROOM, &["ana: ana", "bob: Rob+Robert+bob_phone"]);
        for client in [&mut bob, &mut same] {
            client.order(&json!({"leave": ROOM}));
        }
        wait(&mut watcher, ROOM, &["ana: ana", "bob: bob_phone"]);
        let kick = "<query xmlns='http://jabber.org/protocol/muc#admin'><item nick='bob_phone' role='none'/></query>";
        assert_eq!(ana.iq(ROOM, "set", kick).0, "result");
        wait(&mut watcher, ROOM, &["ana: ana"]);
        ana.order(&json!({"leave": ROOM}));
        wait(&mut watcher, ROOM, &[]);
    });
}

#[test]
fn tells_reserved_nicknames_of_who_is_not_there() {
    each(|server, by| {
        server.user("bob");
        make(server, ROOM);
        let mut watcher = watch(server, by, &[ROOM]);
        let mut bob = Client::login(server, "bob");
        let register = "<query xmlns='jabber:iq:register'><x xmlns='jabber:x:data' type='submit'>\
             <field var='FORM_TYPE'><value>http://jabber.org/protocol/muc#register</value></field>\
             <field var='muc#register_roomnick'><value>Bobby</value></field></x></query>";
        assert_eq!(bob.iq(ROOM, "set", register).0, "result");
        watcher.until_user(ROOM, "bob@localhost", |user| {
            user.is_some_and(|user| user.nickname.as_deref() == Some("Bobby"))
        });
        wait(&mut watcher, ROOM, &["bob:  (Bobby)"]);
        bob.enter(ROOM, "Bobby");
        wait(&mut watcher, ROOM, &["bob: Bobby (Bobby)"]);
    });
}

#[test]
fn hostile_nicknames_arrive_as_they_are_and_bounded() {
    each(|server, by| {
        make(server, ROOM);
        let mut watcher = watch(server, by, &[ROOM]);
        let names = ["\u{202e}evil", "\u{200b}", "a;b =c\n]] os.exit(1) --", "名前"];
        for name in names {
            let bytes: Vec<String> = name.bytes().map(|byte| format!("\\{byte:03}")).collect();
            nickname(server, "bob@localhost", &format!("'{}'", bytes.concat()));
            watcher.until_user(ROOM, "bob@localhost", |user| {
                user.is_some_and(|user| user.nickname.as_deref() == Some(name))
            });
            wait(&mut watcher, ROOM, &[&format!("bob:  ({name})")]);
        }
        nickname(server, "bob@localhost", "('é'):rep(5000)");
        let cut = format!("bob:  ({})", "é".repeat(127));
        wait_while(&mut watcher, ROOM, &[&cut], drop);
        for odd in ["{}", "7", "('\\0x')", "('\\255x')", "''"] {
            nickname(server, "bob@localhost", "'Bob'");
            wait_while(&mut watcher, ROOM, &["bob:  (Bob)"], drop);
            nickname(server, "bob@localhost", odd);
            wait_while(&mut watcher, ROOM, &[], drop);
        }
    });
}

/// Puts users `u1` to `uNUMBER` into a room, each with a nickname.
fn crowd(server: &Server, room: &str, number: usize) {
    server.lua_room(
        room,
        &format!(
            "local st = require 'util.stanza' for n = 1, {number} do local user = 'u' .. n .. '@localhost' \
             local o = r:new_occupant(user, r.jid .. '/Nick ' .. n) o.role = 'participant' \
             o:set_session(user .. '/x', st.presence {{ from = user .. '/x' }}) r:save_occupant(o) end return 'done'"
        ),
    );
}

#[test]
fn a_full_room_is_told_in_parts_and_only_once() {
    each(|server, by| {
        make(server, ROOM);
        crowd(server, ROOM, 2_000);
        let mut watcher = watch(server, by, &[ROOM]);
        let began = Instant::now();
        while watcher.occupants.get(&jid(ROOM)).is_none_or(|(_, all)| !all) {
            assert_eq!(watcher.look(), []);
            assert!(began.elapsed() < PATIENCE);
        }
        println!(
            "{by:?}: 2,000 occupants in {:?}, {} looks",
            began.elapsed(),
            watcher.looks
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
fn rooms_of_too_many_are_bounded() {
    each(|server, by| {
        make(server, ROOM);
        crowd(server, ROOM, 6_000);
        let mut watcher = watch(server, by, &[ROOM]);
        let began = Instant::now();
        while watcher.occupants.get(&jid(ROOM)).is_none_or(|(_, all)| !all) {
            watcher.look();
            assert!(began.elapsed() < PATIENCE);
        }
        assert_eq!(watcher.occupants[&jid(ROOM)].0.len(), 5_000);
    });
}

#[test]
fn the_selected_room_is_told_although_it_is_not_watched() {
    each(|server, by| {
        server.user("bob");
        make(server, ROOM);
        make(server, OTHER);
        let mut bob = Client::login(server, "bob");
        bob.enter(ROOM, "Bob");
        bob.enter(OTHER, "Robert");
        let mut watcher = watch(server, by, &[]);
        watcher.backend.watch(&[], Some(&jid(OTHER)), true);
        wait(&mut watcher, OTHER, &["bob: Robert"]);
        assert_eq!(watcher.occupants.len(), 1);
        server.lua_room(
            OTHER,
            "r:set_affiliation_data('carol@localhost', 'hats', { ['urn:x:1'] = { active = true } }) return 'done'",
        );
        assert_eq!(watcher.look(), [], "its hats are not watched");
        watcher.backend.watch(&[], Some(&jid(ROOM)), true);
        wait(&mut watcher, ROOM, &["bob: Bob"]);
        watcher.backend.watch(&[], None, true);
        assert_eq!(watcher.backend.next_poll(), None);
    });
}

/// As `hatrack follow` does, which has no use for it.
#[test]
fn watches_changes_without_asking_who_is_there() {
    each(|server, by| {
        server.user("bob");
        make(server, ROOM);
        let mut bob = Client::login(server, "bob");
        bob.enter(ROOM, "Bob");
        let mut watcher = watch(server, by, &[]);
        watcher.backend.watch(&[jid(ROOM)], None, false);
        watcher.read(&[ROOM]);
        watcher.look();
        server.lua_room(
            ROOM,
            "r:set_affiliation_data('carol@localhost', 'hats', { ['urn:x:1'] = { active = true } }) return 'done'",
        );
        let end = Instant::now() + PATIENCE;
        while watcher.look().is_empty() {
            assert!(Instant::now() < end);
        }
        assert!(watcher.occupants.is_empty());
    });
}

#[test]
fn another_connection_tells_anew_also_of_rooms_that_are_not_in_memory() {
    each(|server, by| {
        server.user("bob");
        make(server, ROOM);
        nickname(server, "carol@localhost", "'Caro'");
        let mut bob = Client::login(server, "bob");
        bob.enter(ROOM, "Bob");
        let mut watcher = watch(server, by, &[ROOM]);
        wait(&mut watcher, ROOM, &["bob: Bob", "carol:  (Caro)"]);
        watcher.backend.disconnect();
        // As the service does it when it has too many rooms.
        server.lua_room(
            ROOM,
            "r:save(true, true) local muc = hosts['conference.localhost'].modules.muc \
             local forget = muc.forget_room forget(r) return 'done'",
        );
        watcher.occupants.clear();
        watcher.read(&[ROOM]);
        wait(&mut watcher, ROOM, &["bob: Bob", "carol:  (Caro)"]);
        // It comes back into memory.
        bob.order(&json!({"rename": ROOM, "nick": "Robert"}));
        wait(&mut watcher, ROOM, &["bob: Robert", "carol:  (Caro)"]);
        // The service is loaded again, and with it the room.
        server.lua("return tostring(require 'core.modulemanager'.reload('conference.localhost', 'muc'))");
        watcher.look();
        let mut phone = Client::login(server, "bob");
        phone.enter(ROOM, "phone");
        let began = Instant::now();
        let has_phone = |watcher: &Watcher| {
            let (occupants, _) = watcher.occupants.get(&jid(ROOM))?;
            let bob = occupants.get(&jid("bob@localhost"))?;
            Some(bob.nicknames().iter().any(|name| &**name == "phone"))
        };
        while has_phone(&watcher) != Some(true) {
            watcher.look();
            assert!(began.elapsed() < PATIENCE);
        }
    });
}
