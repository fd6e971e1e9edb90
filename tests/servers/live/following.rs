//! Changes of others on a server are received by `hatrack follow` and by the screen.

use std::process::Child;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use super::at_once::{open_screen, pulled_site};
use super::site::Site;
use super::state::{Titles, titles};
use super::{BOB, KINDS, OFF, ROOM};
use crate::pool::on_each;

/// Waits until a condition is met. After two minutes, panics with `failure`.
#[track_caller]
pub(super) fn wait_for(failure: &str, mut is_met: impl FnMut() -> bool) {
    let end = Instant::now() + Duration::from_secs(120);
    while !is_met() {
        assert!(Instant::now() < end, "{failure}");
        std::thread::sleep(Duration::from_millis(100));
    }
}

/// The output so far of a follower that writes to this file.
pub(super) fn printed(site: &Site, file: &str) -> String {
    std::fs::read_to_string(site.path(file)).unwrap_or_default()
}

/// Starts `hatrack follow` with its output in a file, and waits until it has printed this text.
pub(super) fn follow(site: &Site, file: &str, arguments: &[&str], text: &str) -> Child {
    spawn_and_wait(site, file, &[&["follow"], arguments].concat(), text)
}

/// Like [`follow`], with all arguments of hatrack.
pub(super) fn spawn_and_wait(site: &Site, file: &str, arguments: &[&str], text: &str) -> Child {
    let child = site.spawn(arguments);
    std::fs::rename(site.path("output"), site.path(file)).unwrap();
    wait_for("the follower does not print the text", || {
        printed(site, file).contains(text)
    });
    child
}

/// Sends a signal to a process, which must end with this exit code.
#[track_caller]
pub(super) fn end(mut child: Child, signal: Signal, code: i32) {
    kill_process(Pid::from_child(&child), signal).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(code));
}

pub(super) fn kill(mut child: Child) {
    child.kill().unwrap();
    child.wait().unwrap();
}

/// The hats of bob in [`pulled_site`], and the first one that a test adds.
fn both() -> Titles {
    titles(&[("urn:x:old", "Old"), ("urn:x:1", "First")])
}

#[test]
fn change_on_the_server_is_in_the_data_file() {
    on_each(KINDS, |server| {
        let site = pulled_site(server);
        let child = follow(&site, "out", &[], &format!("Following {ROOM}"));
        server.add_hats(ROOM, BOB, &[("urn:x:1", "First")]);
        wait_for("the change is not received", || site.titles(ROOM, BOB) == both());
        let entry = &site.history()[0];
        assert_eq!(entry["actor"], "server:example");
        wait_for("the change is not printed", || {
            printed(&site, "out").contains("added \"First\" to bob@localhost")
        });
        // No change is left to send.
        end(child, Signal::TERM, 0);
        site.run_ok(&["plan"]).prints("No differences in 1 room");
    });
}

#[test]
fn changes_are_printed_as_json_and_ctrl_c_ends() {
    on_each(KINDS, |server| {
        let site = pulled_site(server);
        let child = follow(&site, "out", &["--json", ROOM], "");
        server.add_hats(ROOM, OFF, &[("urn:x:1", "First")]);
        let schema: Value = serde_json::from_str(include_str!("../../../assets/follow.schema.json")).unwrap();
        let schema = jsonschema::draft202012::new(&schema).unwrap();
        let lines = || {
            let lines = printed(&site, "out");
            let lines = lines.lines().filter_map(|line| serde_json::from_str(line).ok());
            lines.collect::<Vec<Value>>()
        };
        let of_user = |line: &Value| line["user"] == OFF && line["hat"] == "urn:x:1";
        wait_for("the change is not printed", || lines().iter().any(of_user));
        for line in lines() {
            assert!(schema.is_valid(&line), "{line}");
        }
        end(child, Signal::INT, 130);
    });
}

#[test]
fn another_session_takes_over_from_one_that_was_killed() {
    on_each(KINDS, |server| {
        let site = pulled_site(server);
        let first = follow(&site, "first", &[], &format!("Following {ROOM}"));
        let second = follow(&site, "second", &[], "followed by another session");
        kill(first);
        wait_for("no session takes over", || {
            printed(&site, "second").contains("Following")
        });
        server.add_hats(ROOM, BOB, &[("urn:x:1", "First")]);
        wait_for("the change is not received", || site.titles(ROOM, BOB) == both());
        end(second, Signal::TERM, 0);
    });
}

#[test]
fn two_data_files_receive_changes_of_each_other() {
    on_each(KINDS, |server| {
        let (one, other) = (pulled_site(server), Site::send_at_once(server));
        other.run_ok(&["pull"]);
        let followers = [&one, &other].map(|site| follow(site, "out", &[], &format!("Following {ROOM}")));
        one.run_ok(&["add", ROOM, BOB, "urn:x:1", "--title", "First", "--active"]);
        wait_for("the other data file does not receive the change", || {
            other.titles(ROOM, BOB) == both()
        });
        other.run_ok(&["remove", ROOM, BOB, "urn:x:old"]);
        let new = titles(&[("urn:x:1", "First")]);
        wait_for("the first data file does not receive the change", || {
            one.titles(ROOM, BOB) == new
        });
        assert_eq!(
            (other.titles(ROOM, BOB), server.hats_of(ROOM, BOB)),
            (new.clone(), new)
        );
        for follower in followers {
            end(follower, Signal::TERM, 0);
        }
    });
}

/// A second server, which cannot be reached.
const ELSEWHERE: &str = "[servers.elsewhere]\nkind = \"prosody\"\nservices = [\"conference.elsewhere.example\"]\n\
                         socket = \"/nonexistent/prosody.sock\"\nsend = \"ask\"\n";

#[test]
fn expired_hats_are_removed_on_servers_that_are_not_followed() {
    on_each(KINDS, |server| {
        let site = pulled_site(server);
        let config = std::fs::read_to_string(site.path("config.toml")).unwrap();
        std::fs::write(site.path("config.toml"), config + ELSEWHERE).unwrap();
        site.run_ok(&["room", "add", "courses@conference.elsewhere.example"]);
        let add = ["add", ROOM, BOB, "urn:x:1", "--title", "First", "--active"];
        site.run_ok(&[&add[..], &["--expires", "3s"]].concat());
        assert_eq!(server.hats_of(ROOM, BOB), both());
        wait_for("the hat does not expire", || {
            !site
                .run_ok(&["expire", "--dry-run"])
                .out
                .starts_with("No changes")
        });
        let follower = follow(&site, "out", &["--server", "elsewhere"], "elsewhere");
        let old = titles(&[("urn:x:old", "Old")]);
        wait_for("the server still has the expired hat", || {
            server.hats_of(ROOM, BOB) == old
        });
        assert_eq!(site.titles(ROOM, BOB), old);
        end(follower, Signal::TERM, 0);
    });
}

#[test]
fn another_session_takes_over_from_one_that_is_suspended() {
    on_each(KINDS, |server| {
        let site = pulled_site(server);
        let first = follow(&site, "first", &[], &format!("Following {ROOM}"));
        let second = follow(&site, "second", &[], "followed by another session");
        kill_process(Pid::from_child(&first), Signal::TSTP).unwrap();
        wait_for("no session takes over", || {
            printed(&site, "second").contains("Following")
        });
        server.add_hats(ROOM, BOB, &[("urn:x:1", "First")]);
        wait_for("the change is not received", || site.titles(ROOM, BOB) == both());
        // The first one continues, and takes over again.
        kill_process(Pid::from_child(&first), Signal::CONT).unwrap();
        end(second, Signal::TERM, 0);
        server.remove_hats(ROOM, BOB, &["urn:x:1"]);
        let old = titles(&[("urn:x:old", "Old")]);
        wait_for("the removal is not received", || site.titles(ROOM, BOB) == old);
        end(first, Signal::TERM, 0);
    });
}

#[test]
fn screen_shows_and_saves_changes_of_others() {
    on_each(KINDS, |server| {
        let site = pulled_site(server);
        let mut stage = open_screen(&site);
        stage.press_and_see("ljl", "┏ Hats 1 · bob@localhost");
        server.add_hats(ROOM, BOB, &[("urn:x:1", "First")]);
        stage.see("From \"example\": ");
        stage.see("First");
        wait_for("the change is not saved", || site.titles(ROOM, BOB) == both());
        // The change is not this session's, so it cannot be undone here.
        stage.press_and_see("u", "Nothing to undo");
        stage.press("q");
        assert_eq!(stage.end(), 0);
        site.run_ok(&["plan"]).prints("No differences in 1 room");
    });
}
