//! The same against ejabberd, by an XMPP account: the older one assigns hats with titles, the newer one has a catalog.

use std::time::Duration;

use serde_json::{Value, json};

use super::site::Site;
use super::{ANA, BOB, OFF, ROOM};
use crate::client::Client;
use crate::server::{Kind, Server};

const ODD: &str = "書記 \"<&>' é\u{1f3a9} %41;x";

/// Each ejabberd, with a room that has a hat of its own making.
fn each(test: impl Fn(&mut Server)) {
    for kind in [Kind::Ejabberd23, Kind::Ejabberd26] {
        let Some(mut server) = Server::start(kind) else {
            continue;
        };
        println!("{kind:?}");
        for user in ["siteadmin", "ana", "bob", "off"] {
            server.user(user);
        }
        let affiliations = [(ANA, "owner"), (BOB, "member"), (OFF, "member")];
        server.muc(ROOM, &[("persistent", "true")], &affiliations);
        server.give(ROOM, &[(BOB, "urn:x:old", "Old")]);
        test(&mut server);
    }
}

fn config(server: &Server, user: &str, password: &str) -> String {
    format!(
        "[servers.example]\nkind = \"xmpp\"\njid = \"{user}@localhost\"\nservices = [\"conference.localhost\"]\n\
         password-command = [\"/bin/echo\", \"{password}\"]\naddress = \"127.0.0.1:{}\"\nca-file = \"{}\"\n",
        server.ports.client,
        server.certificate().display()
    )
}

fn known(server: &Server) -> Site {
    let site = Site::with(&config(server, "siteadmin", "secret"));
    site.done(&["pull"]);
    site
}

/// A user's hats as the file has them: IDs and the titles that people read.
fn here(site: &Site, user: &str) -> Vec<(String, String)> {
    let room = &site.file()["rooms"][ROOM];
    let hats = room["users"][user]["hats"]
        .as_object()
        .cloned()
        .unwrap_or_default();
    let title = |id: &str, hat: &Value| {
        let own = hat["title"].as_str().filter(|title| !title.is_empty());
        let of_catalog = room["hats"][id]["title"].as_str();
        own.or(of_catalog).unwrap_or_default().to_owned()
    };
    hats.iter()
        .map(|(id, hat)| (id.clone(), title(id, hat)))
        .collect()
}

fn seen(presence: &Value) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let hats = presence["hats"].as_array().unwrap().iter();
    let mut hats: Vec<_> = hats.map(|hat| (text(&hat["uri"]), text(&hat["title"]))).collect();
    hats.sort();
    hats.dedup();
    hats
}

fn pairs(hats: &[(&str, &str)]) -> Vec<(String, String)> {
    let mut all: Vec<_> = hats
        .iter()
        .map(|(id, title)| ((*id).to_owned(), (*title).to_owned()))
        .collect();
    all.sort();
    all
}

#[test]
fn rooms_come_in_and_changes_go_both_ways() {
    each(|server| {
        let site = known(server);
        assert_eq!(here(&site, BOB), pairs(&[("urn:x:old", "Old")]));
        assert_eq!(site.file()["rooms"][ROOM]["users"][ANA]["affiliation"], "owner");
        let mut bob = Client::join(server, "bob", ROOM);
        bob.settle();
        site.add(ROOM, BOB, "urn:x:1", ODD);
        site.add(ROOM, OFF, "urn:x:1", ODD);
        site.run(&["plan"]).ended(6).said("to send");
        site.done(&["apply", "--yes"]).said("sent");
        let last = bob.presences().pop().unwrap();
        assert_eq!(seen(&last), pairs(&[("urn:x:1", ODD), ("urn:x:old", "Old")]));
        assert_eq!(server.wearers(ROOM, "urn:x:1"), [BOB, OFF]);
        let entry = &site.history()[0];
        assert_eq!(
            (entry["actor"].as_str().unwrap(), &entry["edits"]),
            ("maya", &json!([]))
        );
        site.done(&["plan"]).said("No differences");
        // Nothing in common: something there, something else here.
        server.give(ROOM, &[(OFF, "urn:x:there", "There")]);
        site.done(&["remove", ROOM, BOB, "urn:x:1"]);
        site.done(&["apply", "--yes"]).said("1 sent");
        assert_eq!(
            here(&site, OFF),
            pairs(&[("urn:x:1", ODD), ("urn:x:there", "There")])
        );
        assert_eq!(server.wearers(ROOM, "urn:x:1"), [OFF]);
        // The last hat of a user, removed here.
        site.done(&["remove", ROOM, BOB, "urn:x:old"]);
        site.done(&["apply", "--yes"]).said("1 sent");
        assert!(server.wearers(ROOM, "urn:x:old").is_empty());
        site.done(&["plan"]).said("No differences");
    });
}

#[test]
fn a_conflict_about_a_title_stays_until_somebody_chooses() {
    for (side, title) in [("local", "Mine"), ("server", "Theirs")] {
        each(|server| {
            let site = known(server);
            if server.kind == Kind::Ejabberd26 {
                site.done(&["catalog", "define", ROOM, "urn:x:old", "--title", "Mine"]);
            } else {
                site.add(ROOM, BOB, "urn:x:old", "Mine");
            }
            server.give(ROOM, &[(BOB, "urn:x:old", "Theirs")]);
            for command in [&["pull"][..], &["plan"], &["apply", "--yes"]] {
                site.run(command).ended(5).said("conflict");
            }
            assert_eq!(here(&site, BOB), pairs(&[("urn:x:old", "Mine")]));
            site.done(&["apply", "--yes", "--prefer", side]);
            assert_eq!(here(&site, BOB), pairs(&[("urn:x:old", title)]));
            let mut bob = Client::join(server, "bob", ROOM);
            bob.settle();
            site.done(&["plan"]).said("No differences");
        });
    }
}

#[test]
fn what_the_server_forgets_is_sent_again() {
    each(|server| {
        let site = known(server);
        // So long a room that was just made may be lost, too.
        std::thread::sleep(Duration::from_secs(3));
        site.add(ROOM, OFF, "urn:x:1", ODD);
        site.done(&["apply", "--yes"]).said("sent");
        // It loses what it acknowledged within its last one or two seconds.
        server.restart();
        let forgot = server.wearers(ROOM, "urn:x:1").is_empty();
        println!("forgot: {forgot}");
        site.done(&["apply", "--yes"]);
        assert_eq!(server.wearers(ROOM, "urn:x:1"), [OFF]);
        assert_eq!(here(&site, OFF), pairs(&[("urn:x:1", ODD)]));
        // Confirmed since; what somebody removes then is not sent again.
        std::thread::sleep(Duration::from_millis(3200));
        site.done(&["plan"]).said("No differences");
    });
}

#[test]
fn who_may_not_is_told_so_in_a_line() {
    each(|server| {
        let site = Site::with(&config(server, "bob", "secret"));
        site.run(&["pull", ROOM]).ended(1).said("owner");
        let site = Site::with(&config(server, "siteadmin", "xyzzy"));
        let ran = site.run(&["pull"]).ended(1).said("example: ");
        assert_eq!(ran.err.lines().count(), 1, "{}", ran.err);
        assert!(!ran.err.contains("xyzzy"), "{}", ran.err);
        assert!(!site.path("hats.json").exists());
    });
}

impl Server {
    /// What a command of the room that only tells something answers.
    fn hat_list(&self, room: &str, node: &str) -> String {
        let mut owner = Client::login(self, "siteadmin");
        let xml =
            format!("<command xmlns='http://jabber.org/protocol/commands' node='{node}' action='execute'/>");
        let (kind, xml) = owner.iq(room, "set", &xml);
        assert_eq!(kind, "result", "{xml}");
        xml
    }

    /// Gives hats by raw commands of another client: user, hat, title.
    fn give(&self, room: &str, hats: &[(&str, &str, &str)]) {
        crate::xmpp::reading::give(self, room, hats);
    }

    /// Who has a hat, as the server says it.
    fn wearers(&self, room: &str, hat: &str) -> Vec<String> {
        let node = if self.kind == Kind::Ejabberd26 {
            "urn:xmpp:hats:commands:list-assigned"
        } else {
            "p1:hats#list"
        };
        let xml = self.hat_list(room, node);
        let items = xml
            .split("item>")
            .filter(|item| item.contains(&format!(">{hat}<")));
        let users = [ANA, BOB, OFF].map(|user| (user, format!(">{user}<")));
        let mut found: Vec<String> = items
            .flat_map(|item| users.iter().filter(|(_, text)| item.contains(text)))
            .map(|(user, _)| (*user).to_owned())
            .collect();
        found.sort();
        found
    }
}

#[test]
fn an_entry_of_the_catalog_is_removed_only_when_nobody_has_the_hat() {
    each(|server| {
        if server.kind == Kind::Ejabberd23 {
            return;
        }
        let site = known(server);
        site.done(&[
            "catalog", "define", ROOM, "urn:x:2", "--title", "Second", "--hue", "200",
        ]);
        site.done(&["apply", "--yes"]).said("1 sent");
        let listed = |server: &Server| server.hat_list(ROOM, "urn:xmpp:hats:commands:list");
        assert!(listed(server).contains("Second"));
        site.done(&["catalog", "remove", ROOM, "urn:x:old"]);
        site.done(&["catalog", "remove", ROOM, "urn:x:2"]);
        site.done(&["apply", "--yes"]);
        assert!(!listed(server).contains("Second"), "nobody has it");
        assert!(listed(server).contains("Old"), "bob has it");
        site.done(&["remove", ROOM, BOB, "urn:x:old"]);
        site.done(&["apply", "--yes"]);
        assert!(!listed(server).contains("Old"), "{}", listed(server));
    });
}

#[test]
fn affiliations_are_only_shown_unless_somebody_wants_them_sent() {
    each(|server| {
        let site = known(server);
        site.run(&["affiliate", ROOM, OFF, "admin"])
            .ended(1)
            .said("are only shown");
        site.affiliate(ROOM, OFF, "admin");
        site.done(&["plan"]).said("left out");
        site.done(&["apply", "--yes"]);
        site.done(&["apply", "--yes", "--affiliations"]).said("1 sent");
        let fresh = known(server);
        assert_eq!(fresh.file()["rooms"][ROOM]["users"][OFF]["affiliation"], "admin");
    });
}
