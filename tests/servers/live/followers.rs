//! Several sessions: one of them follows a room, and another takes over from it. Also removals that are held back, and
//! sessions that are restricted to rooms.

use std::collections::BTreeSet;
use std::process::Child;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use super::at_once::{open_screen, pulled_site};
use super::following::{end, follow, kill, printed, spawn_and_wait, wait_for};
use super::proxy::{self, Counts};
use super::site::Site;
use super::state::{Member, Titles, titles};
use super::{ANA, BOB, KINDS, OFF, ROOM};
use crate::pool::{on_each, on_each_new};
use crate::server::{Kind, Server};
use crate::stage::{CTRL_Z, Home, Stage};

const OTHER: &str = "other@conference.localhost";

/// The hats of bob in [`pulled_site`], and the first one that a test adds.
fn both() -> Titles {
    titles(&[("urn:x:old", "Old"), ("urn:x:1", "First")])
}

fn signal(child: &Child, signal: Signal) {
    kill_process(Pid::from_child(child), signal).unwrap();
}

#[test]
fn another_session_takes_over_from_a_screen_that_is_suspended() {
    on_each(super::some_kinds(), |server| {
        let site = pulled_site(server);
        let mut stage = Stage::with(
            &Home::new(),
            &["sh", "-i"],
            (100, 30),
            &[("PS1", "ready> "), ("ENV", "")],
        );
        stage.see("ready> ");
        stage.press(&format!("{}\r", screen_command(&site).join(" ")));
        stage.see("courses");
        wait_for("no session follows the room", || is_locked(&site));
        let second = follow(&site, "second", &[], "followed by another session");
        stage.press(CTRL_Z);
        stage.see("Stopped");
        wait_for("no session takes over", || {
            printed(&site, "second").contains("Following")
        });
        server.add_hats(ROOM, BOB, &[("urn:x:1", "First")]);
        wait_for("the change is not received", || site.titles(ROOM, BOB) == both());
        // The screen continues, and takes over again.
        stage.press("fg\r");
        stage.see("courses");
        end(second, Signal::TERM, 0);
        server.remove_hats(ROOM, BOB, &["urn:x:1"]);
        let old = titles(&[("urn:x:old", "Old")]);
        wait_for("the removal is not received", || site.titles(ROOM, BOB) == old);
    });
}

/// Returns whether a session follows a room, or has followed one.
fn is_locked(site: &Site) -> bool {
    let folder = std::fs::read_dir(site.path("hats.servers/example")).unwrap();
    let mut names = folder.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.any(|name| name.ends_with(".follower.lock"))
}

#[test]
fn removals_from_many_users_are_held_back_until_accepted() {
    on_each(super::some_kinds(), |server| {
        let users: Vec<String> = (0..30).map(|number| format!("u{number:02}@localhost")).collect();
        let hats: &[(&str, &str)] = &[("urn:x:1", "T")];
        let mut members: Vec<_> = users.iter().map(|user| (user.as_str(), "member", hats)).collect();
        members.push((ANA, "owner", hats));
        server.create_room(ROOM, &members);
        let site = Site::send_at_once(server);
        site.run_ok(&["pull"]);
        let mut stage = open_screen(&site);
        let count_users_with_hats = |site: &Site| {
            users
                .iter()
                .filter(|user| !site.titles(ROOM, user).is_empty())
                .count()
        };
        for user in &users {
            server.remove_hats(ROOM, user, &["urn:x:1"]);
        }
        stage.see("held back");
        wait_for("not all permitted removals are received", || {
            count_users_with_hats(&site) == 10
        });
        // A later change is received, without the removals that are held back.
        server.add_hats(ROOM, ANA, &[("urn:x:2", "Second")]);
        wait_for("the change is not received", || site.titles(ROOM, ANA).len() == 2);
        assert_eq!(
            count_users_with_hats(&site),
            10,
            "20 users may lose hats within an hour"
        );
        stage.press("q");
        assert_eq!(stage.end(), 0);
        assert_eq!(
            server.all_hats(ROOM).len(),
            1,
            "removals that are held back are not undone on the server"
        );
        site.run_ok(&["pull", "--accept-removals"]);
        assert_eq!(count_users_with_hats(&site), 0);
        site.run_ok(&["plan"]).prints("No differences");
    });
}

/// The command line that opens the screen of an account.
fn screen_command(site: &Site) -> Vec<String> {
    let command = site.command(&[]);
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.map(|word| word.to_str().unwrap().to_owned()).collect()
}

#[test]
fn session_restricted_to_rooms_follows_and_sends_only_these() {
    on_each(KINDS, |server| {
        let users: &[Member<'_>] = &[(ANA, "owner", &[]), (BOB, "member", &[("urn:x:old", "Old")])];
        server.create_room(OTHER, users);
        let site = pulled_site(server);
        let config = std::fs::read_to_string(site.path("config.toml")).unwrap();
        // In each of both rooms, a change is left to send.
        site.make_unreachable(server);
        for room in [ROOM, OTHER] {
            let add = ["add", room, BOB, "urn:x:here", "--title", "Here", "--active"];
            site.run(&add).exits(7);
        }
        std::fs::write(site.path("config.toml"), config).unwrap();
        let follower = spawn_and_wait(
            &site,
            "out",
            &["--room", ROOM, "follow"],
            &format!("Following {ROOM}"),
        );
        let here = titles(&[("urn:x:old", "Old"), ("urn:x:here", "Here")]);
        wait_for("the change is not sent", || server.hats_of(ROOM, BOB) == here);
        for room in [OTHER, ROOM] {
            server.add_hats(room, BOB, &[("urn:x:there", "There")]);
        }
        wait_for("the change is not received", || {
            site.titles(ROOM, BOB).contains_key("urn:x:there")
        });
        end(follower, Signal::TERM, 0);
        let old = titles(&[("urn:x:old", "Old")]);
        let there = titles(&[("urn:x:old", "Old"), ("urn:x:there", "There")]);
        assert_eq!(
            server.hats_of(OTHER, BOB),
            there,
            "nothing is sent to other rooms"
        );
        let of_other = site.titles(OTHER, BOB);
        assert_eq!(
            of_other.get("urn:x:there"),
            None,
            "nothing is received from other rooms: {of_other:?}"
        );
        assert!(old.iter().all(|(id, title)| of_other.get(id) == Some(title)));
        assert!(
            !printed(&site, "out").contains("other"),
            "{}",
            printed(&site, "out")
        );
        // A session without this restriction sends the other change.
        let follower = follow(&site, "out", &[], &format!("Following {OTHER}"));
        wait_for("the change is not sent", || server.hats_of(OTHER, BOB).len() == 3);
        end(follower, Signal::TERM, 0);
    });
}

const SESSIONS: usize = 10;
const ROOMS: usize = 10;
/// How long requests are counted.
const COUNTING: Duration = Duration::from_secs(8);

#[test]
fn only_one_of_ten_sessions_sends_requests() {
    on_each(super::some_kinds(), |server| {
        let rooms: Vec<String> = (0..ROOMS)
            .map(|number| format!("room{number}@conference.localhost"))
            .collect();
        for room in &rooms {
            server.create_room(room, &[(BOB, "member", &[("urn:x:old", "Old")])]);
        }
        let site = Site::send_at_once(server);
        let counts = count_requests(server, &site);
        site.run_ok(&["pull"]);
        let pulled = counts.connections();
        let output = |number: usize| format!("out{number}");
        let first = follow(&site, &output(0), &[], &format!("Following {}", rooms[0]));
        let mut sessions = vec![first];
        for number in 1..SESSIONS {
            sessions.push(follow(&site, &output(number), &[], "followed by another session"));
        }
        wait_for("not all rooms are followed", || {
            printed(&site, &output(0)).matches("Following ").count() == ROOMS
        });
        for number in 1..SESSIONS {
            wait_for("a session does not report all rooms", || {
                printed(&site, &output(number))
                    .matches("followed by another")
                    .count()
                    == ROOMS
            });
        }
        let (began, before) = (Instant::now(), counts.requests());
        std::thread::sleep(COUNTING);
        let requests = counts.requests() - before;
        let seconds = usize::try_from(began.elapsed().as_secs()).unwrap() + 1;
        // On Prosody, one request a second reports all rooms. On ejabberd, each room is queried separately, and
        // reading a room takes several requests.
        let most = if server.kind.is_prosody() {
            seconds * 5 / 4 + 1
        } else {
            seconds + 8
        };
        assert!(requests <= most, "{requests} requests in {seconds} s");
        assert!(requests > 0, "no session sends requests");
        assert_eq!(counts.connections() - pulled, 1, "only one session is connected");
        for session in sessions {
            kill(session);
        }
    });
}

/// Configures an account to connect through a proxy, and returns the counts of the proxy.
fn count_requests(server: &Server, site: &Site) -> Arc<Counts> {
    if server.kind.is_prosody() {
        let path = site.path("counted.sock");
        let counts = proxy::proxy_socket(server, &path);
        site.replace_in_config(
            &server.socket().display().to_string(),
            &path.display().to_string(),
        );
        return counts;
    }
    let (port, counts) = proxy::proxy_port(server);
    site.replace_in_config(
        &format!("127.0.0.1:{}", server.ports.client),
        &format!("127.0.0.1:{port}"),
    );
    let certificate = format!("ca-file = \"{}\"", server.certificate().display());
    site.replace_in_config(&certificate, "tls = \"none\"");
    counts
}

/// The server acknowledges a change of one session, and loses it when it is killed. Another session follows the room.
#[test]
fn follower_sends_again_what_the_server_lost() {
    let kinds: Vec<Kind> = KINDS.iter().copied().filter(|kind| !kind.is_prosody()).collect();
    on_each_new(&kinds, |server| {
        let site = pulled_site(server);
        // For some seconds, ejabberd may also forget the new room.
        std::thread::sleep(Duration::from_secs(3));
        let follower = follow(&site, "out", &[], &format!("Following {ROOM}"));
        let mut all = BTreeSet::new();
        let has_forgotten = (0..5).any(|number| {
            let id = format!("urn:x:{number}");
            site.run_ok(&["add", ROOM, OFF, &id, "--title", "Title", "--active"])
                .prints("Sent ");
            // The follower is paused until the test knows whether the change is lost.
            signal(&follower, Signal::STOP);
            server.restart();
            let forgot = !server.hats_of(ROOM, OFF).contains_key(&id);
            signal(&follower, Signal::CONT);
            all.insert(id);
            let expected: Titles = all.iter().map(|id| (id.clone(), "Title".to_owned())).collect();
            wait_for("the change is not sent again", || {
                server.hats_of(ROOM, OFF) == expected
            });
            assert_eq!(site.titles(ROOM, OFF), expected);
            forgot
        });
        assert!(
            has_forgotten,
            "ejabberd forgot nothing, so the test proves nothing"
        );
        end(follower, Signal::TERM, 0);
        site.run_ok(&["plan"]).prints("No differences in 1 room");
    });
}
