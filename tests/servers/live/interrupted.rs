//! Servers that stop and are killed, hatrack that is killed, and others who change the same users meanwhile.

use std::process::Child;
use std::time::{Duration, Instant};

use super::site::{Site, hat, titles_in};
use super::state::{Member, titles};
use super::{KINDS, ROOM};
use crate::pool::{on_each, on_each_new};
use crate::server::{Kind, Server};
use crate::stage::{CTRL_C, ENTER, Home, Stage};

const ROOMS: usize = 100;
const USERS: usize = 20;
const OLD: &str = "urn:x:old";
const NEW: &str = "urn:x:new";
const TIMEOUT: Duration = Duration::from_secs(60);
/// After this time, ejabberd does not forget what it acknowledged.
const LASTING: Duration = Duration::from_millis(3200);

fn room(number: usize) -> String {
    format!("room{number:03}@conference.localhost")
}

fn user(number: usize) -> String {
    format!("u{number:02}@localhost")
}

/// A hundred rooms of twenty users, all known, who have a hat.
fn many(server: &Server) -> Site {
    let (rooms, users): (Vec<_>, Vec<_>) = ((0..ROOMS).map(room).collect(), (0..USERS).map(user).collect());
    let users = || users.iter().map(String::as_str);
    if server.kind.is_prosody() {
        let members: Vec<Member<'_>> = users()
            .map(|user| (user, "member", &[(OLD, "Old")][..]))
            .collect();
        for room in &rooms {
            server.create_room(room, &members);
        }
    } else {
        for room in &rooms {
            server.create_ejabberd_room(room, &[], &[]);
        }
        server.add_members(&rooms, &users().collect::<Vec<_>>());
        let hats = rooms
            .iter()
            .flat_map(|room| users().map(move |user| (room.as_str(), user, OLD, "Old")));
        server.assign(&hats.collect::<Vec<_>>());
    }
    let site = Site::send_ask(server);
    site.run_ok(&["pull"]);
    slow_down(server);
    site
}

/// Prosody would do all of it in the time that it takes to stop it.
fn slow_down(server: &Server) {
    if server.kind.is_prosody() {
        server.lua(
            "local slow = require 'socket'.sleep \
             hosts['conference.localhost'].modules.muc.module:hook('muc-set-affiliation-data/hats', \
             function(e) if e.jid == 'u00@localhost' then slow(0.05) end end) \
             return 'slow'",
        );
    }
}

/// Every third room, from this one on.
fn third(first: usize) -> impl DoubleEndedIterator<Item = usize> + Clone {
    (first..ROOMS).step_by(3)
}

/// In these rooms, everyone gets a hat here, and half lose the old one.
fn change(site: &Site, rooms: impl Iterator<Item = usize>) {
    let mut file = site.file();
    for number in rooms {
        for person in 0..USERS {
            let hats = &mut file["rooms"][room(number)]["users"][user(person)]["hats"];
            hats[NEW] = hat("New");
            if person % 2 == 0 {
                hats.as_object_mut().unwrap().remove(OLD);
            }
        }
    }
    site.replace_data(&file);
}

/// What these rooms come to, here and there, but for what somebody removed: room, user and hat.
fn all_arrived(
    server: &Server,
    site: &Site,
    rooms: impl Iterator<Item = usize>,
    removed: Option<(usize, usize, &str)>,
) {
    let file = site.file();
    for number in rooms {
        let mut there = server.all_hats(&room(number));
        for person in 0..USERS {
            let old = (person % 2 == 1).then_some((OLD, "Old"));
            let mut hats = titles(&old.into_iter().chain([(NEW, "New")]).collect::<Vec<_>>());
            hats.retain(|id, _| removed != Some((number, person, id)));
            let at = (room(number), user(person));
            assert_eq!(there.remove(&at.1).unwrap_or_default(), hats, "{at:?} there");
            assert_eq!(titles_in(&file["rooms"][&at.0], &at.1), hats, "{at:?} here");
        }
        assert!(there.is_empty(), "{number}: {there:?}");
    }
}

/// How many users of a room have the new hat there.
fn arrived(server: &Server, number: usize) -> usize {
    let users = server.all_hats(&room(number)).into_values();
    users.filter(|hats| hats.contains_key(NEW)).count()
}

/// Waits until changes of these rooms are sent, and not all.
fn under_way(server: &Server, site: &Site, mut rooms: impl DoubleEndedIterator<Item = usize>) {
    let began = Instant::now();
    let first = rooms.next().unwrap();
    while arrived(server, first) == 0 {
        let output = || std::fs::read_to_string(site.path("output"));
        assert!(began.elapsed() < TIMEOUT, "nothing is sent: {:?}", output());
        std::thread::sleep(Duration::from_millis(1));
    }
    is_unfinished(server, rooms);
}

fn is_unfinished(server: &Server, mut rooms: impl DoubleEndedIterator<Item = usize>) {
    let last = rooms.next_back().unwrap();
    assert!(arrived(server, last) < USERS, "it is too late to prove anything");
}

/// hatrack is killed, then its server is stopped in good order, then killed, each while changes are sent; then somebody
/// removes a hat that arrived.
#[test]
fn next_apply_completes_an_interrupted_one() {
    on_each_new(KINDS, |server| {
        let site = many(server);
        let begin = |server: &Server, first| {
            change(&site, third(first));
            let child = site.spawn(&["apply", "--yes"]);
            under_way(server, &site, third(first));
            child
        };
        let mut child = begin(server, 0);
        child.kill().unwrap();
        child.wait().unwrap();
        is_unfinished(server, third(0));

        let child = begin(server, 1);
        server.stop();
        goes_on_or_fails(server, child);

        let child = begin(server, 2);
        server.kill();
        goes_on_or_fails(server, child);

        site.run_ok(&["apply", "--yes"]);
        all_arrived(server, &site, 0..ROOMS, None);
        // Until what was answered is known to last: a minute.
        std::thread::sleep(LASTING);
        site.run_ok(&["plan"]).prints("No differences");
        site.age_outbox(Duration::from_secs(61));
        let removed = (7, 3, NEW);
        server.remove_hats(&room(removed.0), &user(removed.1), &[removed.2]);
        site.run_ok(&["apply", "--yes"]).prints("1 received");
        all_arrived(server, &site, 0..ROOMS, Some(removed));
        site.run_ok(&["plan"]).prints("No differences");
    });
}

/// Starts the server again while an apply runs, and waits for that.
fn goes_on_or_fails(server: &mut Server, mut child: Child) {
    std::thread::sleep(Duration::from_millis(100));
    server.launch();
    slow_down(server);
    let code = child.wait().unwrap().code().unwrap();
    assert!([0, 1, 7].contains(&code), "{code}");
}

#[test]
fn ctrl_c_stops_an_apply_after_pending_answers() {
    on_each_new(&Kind::PROSODY, |server| {
        let site = many(server);
        change(&site, third(0));
        let mut child = site.spawn(&["apply", "--yes"]);
        under_way(server, &site, third(0));
        let pid = rustix::process::Pid::from_child(&child);
        rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
        assert_eq!(child.wait().unwrap().code(), Some(130));
        is_unfinished(server, third(0));
        let sent = &site.history()[0]["sent"]["changes"];
        assert!(
            !sent.as_array().unwrap().is_empty(),
            "what was sent is in the history"
        );
        site.run_ok(&["apply", "--yes"]);
        all_arrived(server, &site, third(0), None);
    });
}

#[test]
fn quitting_the_screen_stops_an_apply_and_records_what_was_sent() {
    on_each_new(&Kind::PROSODY, |server| {
        let site = many(server);
        change(&site, third(0));
        let command = site.command(&[]);
        let words = std::iter::once(command.get_program()).chain(command.get_args());
        let words: Vec<&str> = words.map(|word| word.to_str().unwrap()).collect();
        let mut stage = Stage::start(&Home::new(), &words, (100, 30));
        stage.see("room000");
        stage.press_and_see("S", "example");
        stage.press_and_see(ENTER, "1,020 to send");
        stage.press_and_see(ENTER, "Send 1,020 changes to \"example\"?");
        stage.press("y");
        under_way(server, &site, third(0));
        stage.press(CTRL_C);
        assert_eq!(stage.end(), 0);
        is_unfinished(server, third(0));
        let sent = &site.history()[0]["sent"]["changes"];
        let sent = sent.as_array().map_or(0, Vec::len);
        assert!(sent > 0, "what was sent is in the history");
    });
}

#[test]
fn concurrent_changes_of_the_same_users_are_not_lost() {
    on_each(KINDS, |server| {
        let users: Vec<String> = (0..USERS).map(user).collect();
        let members: Vec<_> = users
            .iter()
            .map(|user| (user.as_str(), "member", &[][..]))
            .collect();
        server.create_room(ROOM, &members);
        let site = Site::send_ask(server);
        site.run_ok(&["pull"]);
        let mut both = titles(&[]);
        for round in 0..3 {
            let (mine, theirs) = (format!("urn:x:mine:{round}"), format!("urn:x:theirs:{round}"));
            let mut file = site.file();
            for user in &users {
                file["rooms"][ROOM]["users"][user]["hats"][&mine] = hat("Mine");
            }
            site.replace_data(&file);
            let mut child = site.spawn(&["apply", "--yes"]);
            // The other one, meanwhile: each that is done is an acknowledged change.
            for user in &users {
                server.add_hats(ROOM, user, &[(&theirs, "Theirs")]);
            }
            let code = child.wait().unwrap().code().unwrap();
            assert!([0, 5].contains(&code), "{code}");
            site.run_ok(&["apply", "--yes"]);
            both.extend(titles(&[(&mine, "Mine"), (&theirs, "Theirs")]));
            for user in &users {
                assert_eq!(server.hats_of(ROOM, user), both, "{user} there");
                assert_eq!(site.titles(ROOM, user), both, "{user} here");
            }
        }
    });
}
