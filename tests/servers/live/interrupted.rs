//! Applies during which the server is stopped or killed, hatrack is stopped or killed, or others change the same users.

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
/// The time after which an acknowledged change on ejabberd counts as stored, with a margin.
const CONFIRM_TIME: Duration = Duration::from_millis(3200);

fn room(number: usize) -> String {
    format!("room{number:03}@conference.localhost")
}

fn user(number: usize) -> String {
    format!("u{number:02}@localhost")
}

/// Creates a hundred rooms of twenty users who have a hat, and receives them into a data file.
fn pulled_rooms(server: &Server) -> Site {
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

/// Slows Prosody down: otherwise, it would finish all changes before it is stopped.
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

/// The numbers of every third room, starting with `first`.
fn every_third(first: usize) -> impl DoubleEndedIterator<Item = usize> + Clone {
    (first..ROOMS).step_by(3)
}

/// In these rooms of the data file, adds the new hat to all users, and removes the old one from half of them.
fn change_in_file(site: &Site, rooms: impl Iterator<Item = usize>) {
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

/// Asserts that the data file and the server have the result of [`change_in_file`] in these rooms, except for one hat
/// that was removed, given as room, user and hat.
fn assert_all_arrived(
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
            assert_eq!(
                there.remove(&at.1).unwrap_or_default(),
                hats,
                "{at:?} on the server"
            );
            assert_eq!(
                titles_in(&file["rooms"][&at.0], &at.1),
                hats,
                "{at:?} in the data file"
            );
        }
        assert!(there.is_empty(), "{number}: {there:?}");
    }
}

/// The number of users of a room who have the new hat on the server.
fn count_arrived(server: &Server, number: usize) -> usize {
    let users = server.all_hats(&room(number)).into_values();
    users.filter(|hats| hats.contains_key(NEW)).count()
}

/// Waits until the first changes of these rooms are sent, and asserts that the last ones are not.
fn wait_until_partly_sent(server: &Server, site: &Site, mut rooms: impl DoubleEndedIterator<Item = usize>) {
    let began = Instant::now();
    let first = rooms.next().unwrap();
    while count_arrived(server, first) == 0 {
        let output = || std::fs::read_to_string(site.path("output"));
        assert!(began.elapsed() < TIMEOUT, "nothing is sent: {:?}", output());
        std::thread::sleep(Duration::from_millis(1));
    }
    assert_unfinished(server, rooms);
}

/// Asserts that not all changes of the last room are sent.
fn assert_unfinished(server: &Server, mut rooms: impl DoubleEndedIterator<Item = usize>) {
    let last = rooms.next_back().unwrap();
    assert!(
        count_arrived(server, last) < USERS,
        "all changes are sent already, so the test proves nothing"
    );
}

/// While changes are sent, hatrack is killed; in a second apply the server is stopped, and in a third one it is killed.
/// After all changes are sent, someone removes a hat on the server.
#[test]
fn next_apply_completes_an_interrupted_one() {
    on_each_new(KINDS, |server| {
        let site = pulled_rooms(server);
        let start_apply = |server: &Server, first| {
            change_in_file(&site, every_third(first));
            let child = site.spawn(&["apply", "--yes"]);
            wait_until_partly_sent(server, &site, every_third(first));
            child
        };
        let mut child = start_apply(server, 0);
        child.kill().unwrap();
        child.wait().unwrap();
        assert_unfinished(server, every_third(0));

        let child = start_apply(server, 1);
        server.stop();
        restart_during_apply(server, child);

        let child = start_apply(server, 2);
        server.kill();
        restart_during_apply(server, child);

        site.run_ok(&["apply", "--yes"]);
        assert_all_arrived(server, &site, 0..ROOMS, None);
        // The next read confirms the changes. The outbox remembers them for a minute.
        std::thread::sleep(CONFIRM_TIME);
        site.run_ok(&["plan"]).prints("No differences");
        site.age_outbox(Duration::from_secs(61));
        let removed = (7, 3, NEW);
        server.remove_hats(&room(removed.0), &user(removed.1), &[removed.2]);
        site.run_ok(&["apply", "--yes"]).prints("1 received");
        assert_all_arrived(server, &site, 0..ROOMS, Some(removed));
        site.run_ok(&["plan"]).prints("No differences");
    });
}

/// Starts the server again while an apply runs, and waits for the end of the apply, which may fail.
fn restart_during_apply(server: &mut Server, mut child: Child) {
    std::thread::sleep(Duration::from_millis(100));
    server.launch();
    slow_down(server);
    let code = child.wait().unwrap().code().unwrap();
    assert!([0, 1, 7].contains(&code), "{code}");
}

#[test]
fn ctrl_c_stops_an_apply_after_pending_answers() {
    on_each_new(&Kind::PROSODY, |server| {
        let site = pulled_rooms(server);
        change_in_file(&site, every_third(0));
        let mut child = site.spawn(&["apply", "--yes"]);
        wait_until_partly_sent(server, &site, every_third(0));
        let pid = rustix::process::Pid::from_child(&child);
        rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
        assert_eq!(child.wait().unwrap().code(), Some(130));
        assert_unfinished(server, every_third(0));
        let sent = &site.history()[0]["sent"]["changes"];
        assert!(
            !sent.as_array().unwrap().is_empty(),
            "the sent changes are in the history"
        );
        site.run_ok(&["apply", "--yes"]);
        assert_all_arrived(server, &site, every_third(0), None);
    });
}

#[test]
fn quitting_the_screen_stops_an_apply_and_records_what_was_sent() {
    on_each_new(&Kind::PROSODY, |server| {
        let site = pulled_rooms(server);
        change_in_file(&site, every_third(0));
        let command = site.command(&[]);
        let words = std::iter::once(command.get_program()).chain(command.get_args());
        let words: Vec<&str> = words.map(|word| word.to_str().unwrap()).collect();
        let mut stage = Stage::start(&Home::new(), &words, (100, 30));
        stage.see("room000");
        stage.press_and_see("S", "example");
        stage.press_and_see(ENTER, "1,020 to send");
        stage.press_and_see(ENTER, "Send 1,020 changes to \"example\"?");
        stage.press("y");
        wait_until_partly_sent(server, &site, every_third(0));
        stage.press(CTRL_C);
        assert_eq!(stage.end(), 0);
        assert_unfinished(server, every_third(0));
        let sent = &site.history()[0]["sent"]["changes"];
        let sent = sent.as_array().map_or(0, Vec::len);
        assert!(sent > 0, "the sent changes are in the history");
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
            let (local, remote) = (format!("urn:x:local:{round}"), format!("urn:x:remote:{round}"));
            let mut file = site.file();
            for user in &users {
                file["rooms"][ROOM]["users"][user]["hats"][&local] = hat("Local");
            }
            site.replace_data(&file);
            let mut child = site.spawn(&["apply", "--yes"]);
            // Meanwhile, the server acknowledges changes of someone else.
            for user in &users {
                server.add_hats(ROOM, user, &[(&remote, "Remote")]);
            }
            let code = child.wait().unwrap().code().unwrap();
            assert!([0, 5].contains(&code), "{code}");
            site.run_ok(&["apply", "--yes"]);
            both.extend(titles(&[(&local, "Local"), (&remote, "Remote")]));
            for user in &users {
                assert_eq!(server.hats_of(ROOM, user), both, "{user} on the server");
                assert_eq!(site.titles(ROOM, user), both, "{user} in the data file");
            }
        }
    });
}
