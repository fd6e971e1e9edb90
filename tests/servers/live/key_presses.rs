//! Two hundred key presses, as fast as a script can write them: in the end, the data file, the server and its clients
//! have the last state, even if the server was away meanwhile.

use super::at_once::{join_clients, open_screen_on_hat, pulled_site};
use super::following::wait_for;
use super::site::Site;
use super::state::titles;
use super::{BOB, KINDS, ROOM};
use crate::client::Client;
use crate::pool::{on_each, on_each_new};
use crate::server::Server;
use crate::stage::Stage;

const PRESSES: usize = 200;
/// The time after which ejabberd has stored a new room and new accounts.
const STORING_TIME: std::time::Duration = std::time::Duration::from_secs(3);

/// Whether bob has his hat in his last presence among these events; `None` without a presence of bob.
fn has_hat_in_last_presence(events: &[serde_json::Value]) -> Option<bool> {
    let bob = format!("{ROOM}/bob");
    let last = events.iter().rev().find(|event| event["presence"] == *bob)?;
    Some(!last["hats"].as_array().unwrap().is_empty())
}

/// The number of entries in the history.
fn count_commits(site: &Site) -> usize {
    let history = std::fs::read_to_string(site.path("hats.history.jsonl")).unwrap_or_default();
    history.lines().count()
}

/// Toggles the selected hat this number of times.
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

/// Waits until all presses are saved and the last one is sent.
fn wait_for_last_press(server: &Server, site: &Site, stage: &Stage, commits_before: usize) {
    wait_for("not all presses are saved", || {
        count_commits(site) > commits_before + PRESSES
    });
    // The number of presses is odd, so the hat is inactive in the end.
    assert_eq!(site.titles(ROOM, BOB), titles(&[]));
    wait_for("the server has another state", || !is_active(server));
    stage.until("nothing is left to send", |seen| !seen.shows("not sent"));
}

/// Asserts that the hat is inactive in the data file and on the server.
fn assert_hat_is_inactive(server: &Server, site: &Site) {
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
        let (mut ana, _bob) = join_clients(server);
        let mut stage = open_screen_on_hat(&site);
        let before = count_commits(&site);
        toggle(&mut stage, PRESSES + 1);
        wait_for_last_press(server, &site, &stage, before);
        stage.press("q");
        assert_eq!(stage.end(), 0);
        assert_hat_is_inactive(server, &site);
        assert_eq!(has_hat_in_last_presence(&ana.drain_events()), Some(false));
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

fn press_keys_while_server_is_away(end_server: fn(&mut Server)) {
    on_each_new(super::some_kinds(), |server| {
        server.add_account("ana");
        server.add_account("bob");
        let site = pulled_site(server);
        if !server.kind.is_prosody() {
            std::thread::sleep(STORING_TIME);
        }
        let mut stage = open_screen_on_hat(&site);
        let before = count_commits(&site);
        stage.press_and_see(" ", "to undo");
        wait_for("the first press is not sent", || !is_active(server));
        // Including the first one, the number of presses is even before the server ends, and odd after that.
        toggle(&mut stage, PRESSES / 2 - 1);
        end_server(server);
        toggle(&mut stage, PRESSES / 2 + 1);
        wait_for("not all presses are saved", || {
            count_commits(&site) > before + PRESSES
        });
        server.launch();
        wait_for_last_press(server, &site, &stage, before);
        let mut ana = Client::join(server, "ana", ROOM);
        let _bob = Client::join(server, "bob", ROOM);
        assert_eq!(has_hat_in_last_presence(&ana.drain_events()), Some(false));
        stage.press("q");
        assert_eq!(stage.end(), 0);
        assert_hat_is_inactive(server, &site);
    });
}
