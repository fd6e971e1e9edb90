//! Changes are in the room as soon as they are saved.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::site::{Site, hat};
use super::state::{Titles, titles};
use super::{ANA, BOB, KINDS, OFF, ROOM, each};
use crate::client::Client;
use crate::pool::{on_each, on_each_new};
use crate::server::Server;
use crate::stage::{Home, Stage};

/// A room with an owner and two members, known on both sides; bob has a hat.
pub(super) fn known(server: &Server) -> Site {
    server.found(
        ROOM,
        &[
            (ANA, "owner", &[]),
            (BOB, "member", &[("urn:x:old", "Old")]),
            (OFF, "member", &[]),
        ],
    );
    let site = Site::at_once(server);
    site.done(&["pull"]);
    site
}

/// Clients of ana and bob in the room.
pub(super) fn joined(server: &Server) -> (Client, Client) {
    let mut ana = Client::join(server, "ana", ROOM);
    let mut bob = Client::join(server, "bob", ROOM);
    ana.settle();
    bob.settle();
    (ana, bob)
}

const ADD: [&str; 7] = ["add", ROOM, BOB, "urn:x:1", "--title", "First", "--active"];
const ADD_OFF: [&str; 7] = ["add", ROOM, OFF, "urn:x:1", "--title", "First", "--active"];

/// The hats that bob has at first, and with the added one.
fn old() -> Titles {
    titles(&[("urn:x:old", "Old")])
}

fn both() -> Titles {
    titles(&[("urn:x:old", "Old"), ("urn:x:1", "First")])
}

#[test]
fn saved_change_is_in_the_room() {
    on_each(KINDS, |server| {
        server.user("ana");
        server.user("bob");
        let site = known(server);
        let (mut ana, _bob) = joined(server);
        site.done(&ADD).said("Sent ").said(" to \"example\"");
        assert_eq!(next_titles(&mut ana), ["First", "Old"]);
        assert_eq!(server.worn_by(ROOM, BOB), both());
        site.done(&ADD_OFF).said("Sent 1 change");
        assert_eq!(server.worn_by(ROOM, OFF), titles(&[("urn:x:1", "First")]));
        site.done(&["undo"]).said("Sent 1 change");
        assert_eq!(server.worn_by(ROOM, OFF), titles(&[]));
        site.done(&["redo"]).said("Sent 1 change");
        site.done(&["plan"]).said("No differences in 1 room");
        let before = site.file();
        site.done(&["pull"]);
        assert_eq!(site.file(), before, "its own change is not received");
    });
}

#[test]
fn what_cannot_be_sent_waits_and_is_sent_with_the_next_change() {
    on_each_new(KINDS, |server| {
        let site = known(server);
        server.stop();
        site.run(&ADD).ended(7).said("saved, but 1 change in");
        assert!(site.hats(ROOM, BOB)["urn:x:1"].is_object());
        server.begin();
        assert_eq!(server.worn_by(ROOM, BOB), old());
        site.done(&ADD_OFF).said("Sent ");
        assert_eq!(server.worn_by(ROOM, BOB), both());
        site.done(&["plan"]).said("No differences in 1 room");
    });
}

#[test]
fn change_is_sent_though_nobody_reads_the_output() {
    each(|server| {
        let site = known(server);
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let closed = site.command(&ADD).stdout(writer).output().unwrap();
        assert_eq!(closed.status.code(), Some(0), "{closed:?}");
        assert_eq!(server.worn_by(ROOM, BOB), both());
        let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
        let full = site.command(&ADD_OFF).stdout(full).output().unwrap();
        assert_eq!(full.status.code(), Some(1), "{full:?}");
        assert_eq!(server.worn_by(ROOM, OFF), titles(&[("urn:x:1", "First")]));
    });
}

#[test]
fn what_is_not_to_be_sent_by_itself_waits_for_the_plan() {
    on_each(KINDS, |server| {
        let site = known(server);
        site.done(&[&ADD[..], &["--no-send"]].concat());
        site.done(&ADD_OFF).said("Sent ");
        assert_eq!(server.worn_by(ROOM, BOB), old());
        site.run(&["plan"]).ended(6).said("1 to send");
    });
}

#[test]
fn conflict_elsewhere_in_the_room_does_not_fail_a_change() {
    each(|server| {
        let site = known(server);
        let other = [
            "add",
            ROOM,
            BOB,
            "urn:x:old",
            "--title",
            "Mine",
            "--active",
            "--no-send",
        ];
        site.done(&other);
        server.put(ROOM, BOB, "member", &json!({"urn:x:old": hat("Theirs")}));
        site.done(&ADD_OFF).said("Sent ");
        site.run(&["plan"]).ended(5).said("1 conflict");
    });
}

#[test]
fn change_of_somebody_else_is_not_overwritten() {
    each(|server| {
        let site = known(server);
        server.put(ROOM, BOB, "member", &json!({"urn:x:old": hat("Theirs")}));
        site.run(&["add", ROOM, BOB, "urn:x:old", "--title", "Mine", "--active"])
            .ended(5)
            .said("changed on the server in the meantime");
        assert_eq!(server.hats(ROOM, BOB), json!({"urn:x:old": hat("Theirs")}));
        site.run(&["plan"]).ended(5).said("conflict");
        site.done(&["apply", "--yes", "--prefer", "local"]);
        assert_eq!(server.hats(ROOM, BOB), json!({"urn:x:old": hat("Mine")}));
    });
}

/// Whoever takes a hat back on the server right after it was sent is not overruled by the next command.
#[test]
fn hat_that_somebody_took_back_is_not_sent_again() {
    on_each(KINDS, |server| {
        let site = known(server);
        site.done(&ADD);
        if !server.kind.is_prosody() {
            // Only a read some seconds later shows that ejabberd has stored it.
            std::thread::sleep(Duration::from_secs(4));
            site.done(&["plan"]);
        }
        server.take(ROOM, BOB, &["urn:x:1"]);
        site.done(&ADD_OFF);
        assert_eq!(server.worn_by(ROOM, BOB), old());
        site.run(&["plan"]).ended(6).said("1 to receive");
    });
}

#[test]
fn room_that_was_never_compared_is_left_alone() {
    each(|server| {
        server.make_room(ROOM, &json!([[BOB, "member"]]));
        let site = Site::at_once(server);
        site.done(&["room", "add", ROOM]);
        site.affiliate(ROOM, BOB, "member");
        let ran = site.done(&ADD);
        assert!(
            !ran.out.contains("Sent") && ran.err.is_empty(),
            "{}{}",
            ran.out,
            ran.err
        );
        assert_eq!(server.hats(ROOM, BOB), Value::Null);
    });
}

/// The screen of an account.
pub(super) fn open_screen(site: &Site) -> Stage {
    let command = site.command(&[]);
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    let words: Vec<&str> = words.map(|word| word.to_str().unwrap()).collect();
    let home = site.path("").display().to_string();
    let stage = Stage::with(&Home::new(), &words, (100, 30), &[("HOME", &home)]);
    stage.see("courses");
    stage
}

/// The same, with the hat of bob selected.
pub(super) fn screen(site: &Site) -> Stage {
    let mut stage = open_screen(site);
    stage.press_and_see("ljl", "bob@localhost");
    stage
}

/// Waits for the next presence of bob, and gives the titles of his hats.
pub(super) fn next_titles(client: &mut Client) -> Vec<String> {
    let told = client.until(|told| told["presence"] == json!(format!("{ROOM}/bob")));
    let hats = told["hats"].as_array().unwrap().iter();
    let mut titles: Vec<_> = hats
        .map(|hat| hat["title"].as_str().unwrap().to_owned())
        .collect();
    titles.sort();
    titles
}

#[test]
fn key_press_is_in_the_room() {
    on_each(KINDS, |server| {
        server.user("ana");
        server.user("bob");
        let site = known(server);
        let (mut ana, _bob) = joined(server);
        let mut stage = screen(&site);
        stage.press_and_see(" ", "to undo");
        assert_eq!(next_titles(&mut ana), Vec::<String>::new());
        stage.press("u");
        assert_eq!(next_titles(&mut ana), ["Old"]);
        stage.press("q");
        assert_eq!(stage.end(), 0);
        assert_eq!(site.hats(ROOM, BOB)["urn:x:old"]["active"], true);
        assert_eq!(server.worn_by(ROOM, BOB), old());
        site.done(&["plan"]).said("No differences in 1 room");
    });
}

#[test]
fn screen_shows_what_is_not_sent_and_sends_it_when_the_server_is_back() {
    on_each_new(KINDS, |server| {
        let site = known(server);
        let mut stage = screen(&site);
        server.stop();
        stage.press_and_see("d", "1 not sent");
        server.begin();
        let end = Instant::now() + Duration::from_secs(60);
        while server.worn_by(ROOM, BOB) == old() {
            assert!(Instant::now() < end, "it is not sent again");
            std::thread::sleep(Duration::from_millis(100));
        }
        stage.see("All changes were sent to \"example\"");
        stage.until("no count of unsent changes", |seen| !seen.shows("not sent"));
        stage.press("q");
        assert_eq!(stage.end(), 0);
        site.done(&["plan"]).said("No differences in 1 room");
    });
}

#[test]
fn hats_of_many_users_are_removed_at_once_if_that_was_confirmed() {
    each(|server| {
        let names: Vec<String> = (0..25)
            .map(|number| format!("user{number:02}@localhost"))
            .collect();
        let teacher: &[(&str, &str)] = &[("urn:x:teacher", "Teacher")];
        let users: Vec<_> = names
            .iter()
            .map(|name| (name.as_str(), "member", teacher))
            .collect();
        server.found(ROOM, &users);
        let site = Site::at_once(server);
        site.done(&["pull"]);
        let mut stage = open_screen(&site);
        stage.press_and_see("l*", "25 marked");
        stage.press_and_see("ld", "Remove");
        stage.press_and_see("y", "to undo");
        stage.press("q");
        assert_eq!(stage.end(), 0);
        assert!(
            server.worn(ROOM).values().all(Titles::is_empty),
            "{:?}",
            server.worn(ROOM)
        );
        site.done(&["plan"]).said("No differences in 1 room");
        // A command does not ask before it does again what was undone.
        site.done(&["undo"]).said("Sent 25 changes");
        site.run(&["redo"])
            .ended(7)
            .said("saved, but not sent to \"example\": more than 20 users lose hats")
            .said(&format!("hatrack apply {ROOM}"));
        assert_eq!(server.worn_by(ROOM, &names[0]), titles(teacher));
        site.done(&["apply", "--yes"]);
        assert_eq!(server.worn_by(ROOM, &names[0]), titles(&[]));
    });
}

#[test]
fn reason_of_a_ban_is_told_to_the_room() {
    on_each(KINDS, |server| {
        server.user("ana");
        server.user("bob");
        server.found(ROOM, &[(ANA, "owner", &[]), (BOB, "member", &[])]);
        let site = Site::managing(server);
        site.done(&["pull"]);
        let mut ana = Client::join(server, "ana", ROOM);
        let _bob = Client::join(server, "bob", ROOM);
        ana.settle();
        site.done(&["affiliate", ROOM, BOB, "outcast", "--reason", "sells <watches>"])
            .said("Sent 1 change");
        let told = ana.until(|told| told["affiliation"] == "outcast");
        assert_eq!(told["reason"], "sells <watches>", "{told}");
        let history = site.done(&["history", "--limit", "1"]);
        history.said("reason: sells <watches>");
    });
}

/// A screen that asks what to do about a change of bob's hat that collided with one on the server.
fn collided(server: &Server, site: &Site) -> Stage {
    let mut stage = screen(site);
    server.put(ROOM, BOB, "member", &json!({"urn:x:old": hat("Theirs")}));
    stage.press_and_see(" ", "changed on the server in the meantime");
    stage.press_and_see("!", "Theirs: \"Theirs\", active");
    stage
}

#[test]
fn change_that_collides_is_resolved_on_the_screen() {
    each(|server| {
        let site = known(server);
        let _follower = site.take_followed_room();
        let mut stage = collided(server, &site);
        stage.see("Yours: \"Old\", inactive");
        stage.see("Last common value: \"Old\", active");
        assert_eq!(server.hats(ROOM, BOB), json!({"urn:x:old": hat("Theirs")}));
        stage.press_and_see("m", "All changes were sent to \"example\"");
        stage.press("q");
        assert_eq!(stage.end(), 0);
        assert_eq!(server.hats(ROOM, BOB)["urn:x:old"]["title"], "Old");
        site.done(&["plan"]).said("No differences in 1 room");
    });
}

#[test]
fn change_of_the_server_is_taken_on_the_screen() {
    each(|server| {
        let site = known(server);
        let _follower = site.take_followed_room();
        let mut stage = collided(server, &site);
        stage.press_and_see("t", "● Theirs");
        stage.press("q");
        assert_eq!(stage.end(), 0);
        assert_eq!(server.hats(ROOM, BOB), json!({"urn:x:old": hat("Theirs")}));
        assert_eq!(site.hats(ROOM, BOB)["urn:x:old"]["title"], "Theirs");
        site.done(&["plan"]).said("No differences in 1 room");
    });
}
