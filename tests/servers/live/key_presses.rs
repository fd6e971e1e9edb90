//! Two hundred key presses, as fast as a script can write them: the last state is what the file, the server and its clients
//! have in the end, also where the server is away in the middle.

use super::at_once::{joined, pulled_site, screen};
use super::following::wait_for;
use super::site::Site;
use super::state::titles;
use super::{BOB, KINDS, ROOM};
use crate::client::Client;
use crate::pool::{on_each, on_each_new};
use crate::server::Server;
use crate::stage::Stage;

const PRESSES: usize = 200;
/// Time in which ejabberd stores a room and accounts that were just made.
const STORING: std::time::Duration = std::time::Duration::from_secs(3);

/// Bob's only hat, as the last presence says that a client was told of.
fn last_hat(events: &[serde_json::Value]) -> Option<bool> {
    let bob = format!("{ROOM}/bob");
    let last = events.iter().rev().find(|event| event["presence"] == *bob)?;
    Some(!last["hats"].as_array().unwrap().is_empty())
}

/// The number of entries in the history.
fn saved(site: &Site) -> usize {
    let history = std::fs::read_to_string(site.path("hats.history.jsonl")).unwrap_or_default();
    history.lines().count()
}

fn toggle(stage: &mut Stage, times: usize) {
    for _ in 0..times {
        stage.press(" ");
    }
}

/// Whether bob's hat is active in the room.
fn is_active(server: &Server) -> bool {
    if server.kind.is_prosody() {
        server.prosody_hats(ROOM, BOB)["urn:x:old"]["active"] == true
    } else {
        !server.hats_of(ROOM, BOB).is_empty()
    }
}

/// Waits until each press is saved, and the last one is on the server.
fn wait_for_last_press(server: &Server, site: &Site, stage: &Stage, saved_before: usize) {
    wait_for("not each press is saved", || saved(site) > saved_before + PRESSES);
    // After an odd number of presses.
    assert_eq!(site.titles(ROOM, BOB), titles(&[]));
    wait_for("the server has another state", || !is_active(server));
    stage.until("nothing is left to send", |seen| !seen.shows("not sent"));
}

fn agree(server: &Server, site: &Site) {
    assert_eq!(site.titles(ROOM, BOB), titles(&[]));
    assert!(!is_active(server));
    site.run_ok(&["plan"]).prints("No differences in 1 room");
}

#[test]
fn clients_see_the_last_of_many_key_presses() {
    on_each(KINDS, |server| {
        server.add_account("ana");
        server.add_account("bob");
        let site = pulled_site(server);
        let (mut ana, _bob) = joined(server);
        let mut stage = screen(&site);
        let before = saved(&site);
        toggle(&mut stage, PRESSES + 1);
        wait_for_last_press(server, &site, &stage, before);
        stage.press("q");
        assert_eq!(stage.end(), 0);
        agree(server, &site);
        assert_eq!(last_hat(&ana.drain_events()), Some(false));
    });
}

#[test]
fn last_of_many_key_presses_is_sent_after_the_server_was_stopped() {
    press_keys_while_server_is_away(Server::stop);
}

#[test]
fn last_of_many_key_presses_is_sent_after_the_server_was_killed() {
    press_keys_while_server_is_away(Server::kill);
}

fn press_keys_while_server_is_away(leave: fn(&mut Server)) {
    on_each_new(super::some_kinds(), |server| {
        server.add_account("ana");
        server.add_account("bob");
        let site = pulled_site(server);
        if !server.kind.is_prosody() {
            std::thread::sleep(STORING);
        }
        let mut stage = screen(&site);
        let before = saved(&site);
        stage.press_and_see(" ", "to undo");
        wait_for("nothing is sent", || !is_active(server));
        // An odd number on each side.
        toggle(&mut stage, PRESSES / 2 - 1);
        leave(server);
        toggle(&mut stage, PRESSES / 2 + 1);
        wait_for("not each press is saved", || saved(&site) > before + PRESSES);
        server.launch();
        wait_for_last_press(server, &site, &stage, before);
        let mut ana = Client::join(server, "ana", ROOM);
        let _bob = Client::join(server, "bob", ROOM);
        assert_eq!(last_hat(&ana.drain_events()), Some(false));
        stage.press("q");
        assert_eq!(stage.end(), 0);
        agree(server, &site);
    });
}
