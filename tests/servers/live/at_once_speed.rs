//! How long it takes from a key press until a client gets the presence with the hat, compared with a script on an open
//! connection plus a commit of the same data file, in turn. Nothing is asserted about time: the figures are printed
//! (`cargo test --release --test servers at_once_speed -- --ignored --nocapture --test-threads=1`).

use std::time::Instant;

use hatrack::model::{Attachment, HatId};
use hatrack::store::{Store, StoreOptions};
use serde_json::json;

use super::at_once::{open_screen_on_hat, wait_for_titles};
use super::site::Site;
use super::{ANA, BOB, OFF, ROOM};
use crate::changes::jid;
use crate::client::Client;
use crate::server::{Kind, Server};

/// The room of the script, which is not in the data file.
const BARE: &str = "bare@conference.localhost";
const HAT: &str = "urn:x:old";

fn milliseconds(since: Instant) -> f64 {
    since.elapsed().as_secs_f64() * 1000.0
}

/// The median and the maximum.
fn median(mut all: Vec<f64>) -> (f64, f64) {
    all.sort_by(f64::total_cmp);
    (all[all.len() / 2], all[all.len() - 1])
}

/// A copy of the data file, whose changes are not sent.
struct Copy(Store);

impl Copy {
    fn of(site: &Site) -> Self {
        let copy = site.path("copy.json");
        std::fs::copy(site.path("hats.json"), &copy).unwrap();
        Self(Store::open(&copy, StoreOptions::default()).unwrap())
    }

    /// Commits the change that the key makes.
    fn toggle(&mut self, active: bool) {
        let attachment = Attachment::default().with_active(active).with_title(Some("Old"));
        let mut next = self.0.wardrobe().clone();
        let group = next.add_user_hat(&jid(BOB), &jid(ROOM), &HatId::unchecked(HAT), attachment);
        assert!(self.0.commit(&[group.unwrap().into()]).unwrap()[0].is_ok());
    }
}

/// Adds or removes bob's hat in the room of the script, and waits until ana's client gets the presence.
fn change(server: &Server, ana: &mut Client, add: bool) {
    let hats = if add {
        "{ ['urn:x:old'] = { active = true, title = 'Old' } }"
    } else {
        "nil"
    };
    server.lua_room(BARE, &format!("r:set_affiliation_data('{BOB}', 'hats', {hats}) for _, o in r:each_occupant() do if o.bare_jid == '{BOB}' then r:publicise_occupant_status(o, require 'util.stanza'.stanza('x', {{ xmlns = 'http://jabber.org/protocol/muc#user' }})) end end return 'ok'"));
    ana.wait_for(|event| event["presence"] == json!(format!("{BARE}/bob")));
}

/// Prints the times of key presses, of the script and of commits, with this number of further users in each room.
fn measure(server: &Server, site: &Site, users: usize, rounds: usize) {
    for name in ["ana", "bob"] {
        server.add_account(name);
    }
    for room in [ROOM, BARE] {
        let users_there = [
            (ANA, "owner", &[][..]),
            (BOB, "member", &[(HAT, "Old")]),
            (OFF, "member", &[]),
        ];
        server.create_room(room, &users_there);
        server.lua_room(room, &format!("for i = 1, {users} do r._affiliations['user' .. i .. '@localhost'] = 'member' end return tostring(r:save(true))"));
    }
    site.run_ok(&["pull", ROOM]);
    let mut clients = ["ana", "bob"].map(|name| Client::join(server, name, ROOM));
    for (client, name) in clients.iter_mut().zip(["ana", "bob"]) {
        client.join_room(BARE, name);
    }
    for client in &mut clients {
        client.drain_events();
    }
    let [ana, _bob] = &mut clients;
    let mut copy = Copy::of(site);
    let mut stage = open_screen_on_hat(site);
    stage.press_and_see(" ", "to undo");
    assert_eq!(wait_for_titles(ana), Vec::<String>::new());
    let (mut keys, mut bare, mut commits) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..rounds {
        let add = round % 2 == 0;
        let since = Instant::now();
        stage.press(" ");
        assert_eq!(wait_for_titles(ana).len(), usize::from(add));
        keys.push(milliseconds(since));
        let since = Instant::now();
        change(server, ana, add);
        bare.push(milliseconds(since));
        let since = Instant::now();
        copy.toggle(!add);
        commits.push(milliseconds(since));
    }
    stage.press("q");
    assert_eq!(stage.end(), 0);
    let (keys, bare, commits) = (median(keys), median(bare), median(commits));
    println!(
        "{:?}, {users} users: key press to presence: median {:.1} ms, at most {:.1}; bare {:.1} and {:.1}; a commit {:.1} and {:.1}; \
         ratio {:.2}",
        server.kind,
        keys.0,
        keys.1,
        bare.0,
        bare.1,
        commits.0,
        commits.1,
        keys.0 / (bare.0 + commits.0)
    );
}

/// Runs a test on each kind of Prosody, one after another: in parallel, the servers would slow each other down.
fn on_one_after_another(test: impl Fn(&Server)) {
    for kind in Kind::PROSODY {
        if let Some(server) = Server::start(kind) {
            test(&server);
        }
    }
}

#[test]
#[ignore = "prints figures"]
fn key_press_to_presence() {
    on_one_after_another(|server| {
        println!("on a disk:");
        measure(server, &Site::send_at_once_on_disk(server), 100, 40);
        assert!(server.remove_rooms());
        println!("in memory:");
        measure(server, &Site::send_at_once(server), 100, 40);
    });
}

#[test]
#[ignore = "prints figures"]
fn key_press_in_large_room() {
    on_one_after_another(|server| measure(server, &Site::send_at_once_on_disk(server), 10_000, 20));
}
