//! Changes are sent to the room as soon as they are saved.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::site::{Site, hat};
use super::state::{Titles, titles};
use super::{ANA, BOB, KINDS, OFF, ROOM, on_each_prosody};
use crate::client::Client;
use crate::pool::{on_each, on_each_new};
use crate::server::Server;
use crate::stage::{Home, Stage};

/// Creates a room with an owner and two members, of whom bob has a hat, and receives it into a data file. Changes are
/// sent as soon as they are saved.
pub(super) fn pulled_site(server: &Server) -> Site {
    server.create_room(
        ROOM,
        &[
            (ANA, "owner", &[]),
            (BOB, "member", &[("urn:x:old", "Old")]),
            (OFF, "member", &[]),
        ],
    );
    let site = Site::send_at_once(server);
    site.run_ok(&["pull"]);
    site
}

/// Returns clients of ana and bob in the room.
pub(super) fn join_clients(server: &Server) -> (Client, Client) {
    let mut ana = Client::join(server, "ana", ROOM);
    let mut bob = Client::join(server, "bob", ROOM);
    ana.drain_events();
    bob.drain_events();
    (ana, bob)
}

const ADD: [&str; 7] = ["add", ROOM, BOB, "urn:x:1", "--title", "First", "--active"];
const ADD_OFF: [&str; 7] = ["add", ROOM, OFF, "urn:x:1", "--title", "First", "--active"];

/// The hats that bob has at first.
fn old() -> Titles {
    titles(&[("urn:x:old", "Old")])
}

/// The hats of bob with the hat that [`ADD`] adds.
fn both() -> Titles {
    titles(&[("urn:x:old", "Old"), ("urn:x:1", "First")])
}

#[test]
fn saved_change_is_sent_at_once() {
    on_each(KINDS, |server| {
        server.add_account("ana");
        server.add_account("bob");
        let site = pulled_site(server);
        let (mut ana, _bob) = join_clients(server);
        site.run_ok(&ADD).prints("Sent ").prints(" to \"example\"");
        assert_eq!(wait_for_titles(&mut ana), ["First", "Old"]);
        assert_eq!(server.hats_of(ROOM, BOB), both());
        site.run_ok(&ADD_OFF).prints("Sent 1 change");
        assert_eq!(server.hats_of(ROOM, OFF), titles(&[("urn:x:1", "First")]));
        site.run_ok(&["undo"]).prints("Sent 1 change");
        assert_eq!(server.hats_of(ROOM, OFF), titles(&[]));
        site.run_ok(&["redo"]).prints("Sent 1 change");
        site.run_ok(&["plan"]).prints("No differences in 1 room");
        let before = site.file();
        site.run_ok(&["pull"]);
        assert_eq!(
            site.file(),
            before,
            "a change that was sent is not received again"
        );
    });
}

#[test]
fn unsent_change_is_sent_with_the_next_change() {
    on_each_new(KINDS, |server| {
        let site = pulled_site(server);
        server.stop();
        site.run(&ADD).exits(7).prints("saved, but 1 change in");
        assert!(site.hats(ROOM, BOB)["urn:x:1"].is_object());
        server.launch();
        assert_eq!(server.hats_of(ROOM, BOB), old());
        site.run_ok(&ADD_OFF).prints("Sent ");
        assert_eq!(server.hats_of(ROOM, BOB), both());
        site.run_ok(&["plan"]).prints("No differences in 1 room");
    });
}

#[test]
fn change_is_sent_even_if_the_output_cannot_be_written() {
    on_each_prosody(|server| {
        let site = pulled_site(server);
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let closed = site.command(&ADD).stdout(writer).output().unwrap();
        assert_eq!(closed.status.code(), Some(0), "{closed:?}");
        assert_eq!(server.hats_of(ROOM, BOB), both());
        let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
        let full = site.command(&ADD_OFF).stdout(full).output().unwrap();
        assert_eq!(full.status.code(), Some(1), "{full:?}");
        assert_eq!(server.hats_of(ROOM, OFF), titles(&[("urn:x:1", "First")]));
    });
}

#[test]
fn change_with_no_send_waits_for_an_apply() {
    on_each(KINDS, |server| {
        let site = pulled_site(server);
        site.run_ok(&[&ADD[..], &["--no-send"]].concat());
        site.run_ok(&ADD_OFF).prints("Sent ");
        assert_eq!(server.hats_of(ROOM, BOB), old());
        site.run(&["plan"]).exits(6).prints("1 to send");
    });
}

#[test]
fn conflict_elsewhere_in_the_room_does_not_prevent_a_change() {
    on_each_prosody(|server| {
        let site = pulled_site(server);
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
        site.run_ok(&other);
        server.set_user_silently(ROOM, BOB, "member", &json!({"urn:x:old": hat("Theirs")}));
        site.run_ok(&ADD_OFF).prints("Sent ");
        site.run(&["plan"]).exits(5).prints("1 conflict");
    });
}

#[test]
fn change_on_the_server_is_not_overwritten() {
    on_each_prosody(|server| {
        let site = pulled_site(server);
        server.set_user_silently(ROOM, BOB, "member", &json!({"urn:x:old": hat("Theirs")}));
        site.run(&["add", ROOM, BOB, "urn:x:old", "--title", "Mine", "--active"])
            .exits(5)
            .prints("changed on the server in the meantime");
        assert_eq!(
            server.prosody_hats(ROOM, BOB),
            json!({"urn:x:old": hat("Theirs")})
        );
        site.run(&["plan"]).exits(5).prints("conflict");
        site.run_ok(&["apply", "--yes", "--prefer", "local"]);
        assert_eq!(server.prosody_hats(ROOM, BOB), json!({"urn:x:old": hat("Mine")}));
    });
}

/// If someone removes a hat on the server soon after it was sent, the next command does not add it again.
#[test]
fn hat_that_was_removed_on_the_server_is_not_sent_again() {
    on_each(KINDS, |server| {
        let site = pulled_site(server);
        site.run_ok(&ADD);
        if !server.kind.is_prosody() {
            // On ejabberd, only a read some seconds later confirms that the hat is stored.
            std::thread::sleep(Duration::from_secs(4));
            site.run_ok(&["plan"]);
        }
        server.remove_hats(ROOM, BOB, &["urn:x:1"]);
        site.run_ok(&ADD_OFF);
        assert_eq!(server.hats_of(ROOM, BOB), old());
        site.run(&["plan"]).exits(6).prints("1 to receive");
    });
}

#[test]
fn room_that_was_never_compared_is_not_changed() {
    on_each_prosody(|server| {
        server.create_prosody_room(ROOM, &json!([[BOB, "member"]]));
        let site = Site::send_at_once(server);
        site.run_ok(&["room", "add", ROOM]);
        site.affiliate(ROOM, BOB, "member");
        let ran = site.run_ok(&ADD);
        assert!(
            !ran.out.contains("Sent") && ran.err.is_empty(),
            "{}{}",
            ran.out,
            ran.err
        );
        assert_eq!(server.prosody_hats(ROOM, BOB), Value::Null);
    });
}

/// Opens the screen of an account.
pub(super) fn open_screen(site: &Site) -> Stage {
    let command = site.command(&[]);
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    let words: Vec<&str> = words.map(|word| word.to_str().unwrap()).collect();
    let home = site.path("").display().to_string();
    let stage = Stage::with(&Home::new(), &words, (100, 30), &[("HOME", &home)]);
    stage.see("courses");
    stage
}

/// Opens the screen, and selects the hat of bob.
pub(super) fn open_screen_on_hat(site: &Site) -> Stage {
    let mut stage = open_screen(site);
    stage.press_and_see("ljl", "bob@localhost");
    stage
}

/// Waits for the next presence of bob, and returns the titles of his hats.
pub(super) fn wait_for_titles(client: &mut Client) -> Vec<String> {
    let event = client.wait_for(|event| event["presence"] == json!(format!("{ROOM}/bob")));
    let hats = event["hats"].as_array().unwrap().iter();
    let mut titles: Vec<_> = hats
        .map(|hat| hat["title"].as_str().unwrap().to_owned())
        .collect();
    titles.sort();
    titles
}

#[test]
fn key_press_changes_the_room() {
    on_each(KINDS, |server| {
        server.add_account("ana");
        server.add_account("bob");
        let site = pulled_site(server);
        let (mut ana, _bob) = join_clients(server);
        let mut stage = open_screen_on_hat(&site);
        stage.press_and_see(" ", "to undo");
        assert_eq!(wait_for_titles(&mut ana), Vec::<String>::new());
        stage.press("u");
        assert_eq!(wait_for_titles(&mut ana), ["Old"]);
        stage.press("q");
        assert_eq!(stage.end(), 0);
        assert_eq!(site.hats(ROOM, BOB)["urn:x:old"]["active"], true);
        assert_eq!(server.hats_of(ROOM, BOB), old());
        site.run_ok(&["plan"]).prints("No differences in 1 room");
    });
}

#[test]
fn screen_shows_unsent_changes_and_sends_them_when_the_server_is_back() {
    on_each_new(KINDS, |server| {
        let site = pulled_site(server);
        let mut stage = open_screen_on_hat(&site);
        server.stop();
        stage.press_and_see("d", "1 not sent");
        server.launch();
        let end = Instant::now() + Duration::from_secs(60);
        while server.hats_of(ROOM, BOB) == old() {
            assert!(Instant::now() < end, "the change is not sent again");
            std::thread::sleep(Duration::from_millis(100));
        }
        stage.see("All changes were sent to \"example\"");
        stage.until("no count of unsent changes", |seen| !seen.shows("not sent"));
        stage.press("q");
        assert_eq!(stage.end(), 0);
        site.run_ok(&["plan"]).prints("No differences in 1 room");
    });
}

#[test]
fn confirmed_removal_from_many_users_is_sent_at_once() {
    on_each_prosody(|server| {
        let names: Vec<String> = (0..25)
            .map(|number| format!("user{number:02}@localhost"))
            .collect();
        let teacher: &[(&str, &str)] = &[("urn:x:teacher", "Teacher")];
        let users: Vec<_> = names
            .iter()
            .map(|name| (name.as_str(), "member", teacher))
            .collect();
        server.create_room(ROOM, &users);
        let site = Site::send_at_once(server);
        site.run_ok(&["pull"]);
        let mut stage = open_screen(&site);
        stage.press_and_see("l*", "25 marked");
        stage.press_and_see("ld", "Remove");
        stage.press_and_see("y", "to undo");
        stage.press("q");
        assert_eq!(stage.end(), 0);
        assert!(
            server.all_hats(ROOM).values().all(Titles::is_empty),
            "{:?}",
            server.all_hats(ROOM)
        );
        site.run_ok(&["plan"]).prints("No differences in 1 room");
        // The command `redo` does not ask, so these removals are not sent automatically.
        site.run_ok(&["undo"]).prints("Sent 25 changes");
        site.run(&["redo"])
            .exits(7)
            .prints("saved, but not sent to \"example\": more than 20 users lose hats")
            .prints(&format!("hatrack apply {ROOM}"));
        assert_eq!(server.hats_of(ROOM, &names[0]), titles(teacher));
        site.run_ok(&["apply", "--yes"]);
        assert_eq!(server.hats_of(ROOM, &names[0]), titles(&[]));
    });
}

#[test]
fn reason_of_a_ban_reaches_the_room() {
    on_each(KINDS, |server| {
        server.add_account("ana");
        server.add_account("bob");
        server.create_room(ROOM, &[(ANA, "owner", &[]), (BOB, "member", &[])]);
        let site = Site::managing_affiliations(server);
        site.run_ok(&["pull"]);
        let mut ana = Client::join(server, "ana", ROOM);
        let _bob = Client::join(server, "bob", ROOM);
        ana.drain_events();
        site.run_ok(&["affiliate", ROOM, BOB, "outcast", "--reason", "sells <watches>"])
            .prints("Sent 1 change");
        let event = ana.wait_for(|event| event["affiliation"] == "outcast");
        assert_eq!(event["reason"], "sells <watches>", "{event}");
        let history = site.run_ok(&["history", "--limit", "1"]);
        history.prints("reason: sells <watches>");
    });
}

/// Opens a screen that asks how to resolve a conflict: bob's hat was changed on the screen and on the server.
fn open_conflict(server: &Server, site: &Site) -> Stage {
    let mut stage = open_screen_on_hat(site);
    server.set_user_silently(ROOM, BOB, "member", &json!({"urn:x:old": hat("Theirs")}));
    stage.press_and_see(" ", "changed on the server in the meantime");
    stage.press_and_see("!", "Theirs: \"Theirs\", active");
    stage
}

#[test]
fn conflict_is_resolved_with_local_value_on_the_screen() {
    on_each_prosody(|server| {
        let site = pulled_site(server);
        let _follower = site.lock_followed_room();
        let mut stage = open_conflict(server, &site);
        stage.see("Yours: \"Old\", inactive");
        stage.see("Last common value: \"Old\", active");
        assert_eq!(
            server.prosody_hats(ROOM, BOB),
            json!({"urn:x:old": hat("Theirs")})
        );
        stage.press_and_see("m", "All changes were sent to \"example\"");
        stage.press("q");
        assert_eq!(stage.end(), 0);
        assert_eq!(server.prosody_hats(ROOM, BOB)["urn:x:old"]["title"], "Old");
        site.run_ok(&["plan"]).prints("No differences in 1 room");
    });
}

#[test]
fn conflict_is_resolved_with_server_value_on_the_screen() {
    on_each_prosody(|server| {
        let site = pulled_site(server);
        let _follower = site.lock_followed_room();
        let mut stage = open_conflict(server, &site);
        stage.press_and_see("t", "● Theirs");
        stage.press("q");
        assert_eq!(stage.end(), 0);
        assert_eq!(
            server.prosody_hats(ROOM, BOB),
            json!({"urn:x:old": hat("Theirs")})
        );
        assert_eq!(site.hats(ROOM, BOB)["urn:x:old"]["title"], "Theirs");
        site.run_ok(&["plan"]).prints("No differences in 1 room");
    });
}
