//! What is ejabberd's own: by an XMPP account, which has rights by room, and forgets what it acknowledged when it is killed.

use super::site::{Site, account, hat};
use super::state::{Member, titles};
use super::{ANA, BOB, OFF, ROOM};
use crate::pool::{on_each, on_each_new};
use crate::server::{Kind, Server};
use crate::xmpp::logging_in::attempts;

const CLOSED: &str = "closed@conference.localhost";
const HATLESS: &str = "hatless@conference.localhost";
const HIDDEN: &str = "hidden@conference.localhost";

/// Each ejabberd, with a room that has a hat of its own making.
fn each(test: impl Fn(&mut Server) + Sync) {
    on_each(&Kind::EJABBERD, |server| {
        stage(server);
        test(server);
    });
}

fn stage(server: &Server) {
    for user in ["ana", "bob"] {
        server.user(user);
    }
    let users: &[Member<'_>] = &[
        (ANA, "owner", &[]),
        (BOB, "member", &[("urn:x:old", "Old")]),
        (OFF, "member", &[]),
    ];
    server.found(ROOM, users);
}

fn known(server: &Server) -> Site {
    let site = Site::of(server);
    site.done(&["pull"]);
    site
}

/// The server says that it has run ever since.
#[test]
fn what_somebody_takes_back_soon_after_an_apply_is_received() {
    each(|server| {
        let site = known(server);
        site.add(ROOM, OFF, "urn:x:new", "New");
        site.done(&["apply", "--yes"]).said("sent");
        server.take(ROOM, OFF, &["urn:x:new"]);
        // Only then is it sure that it was not sent in vain.
        std::thread::sleep(std::time::Duration::from_millis(3200));
        // With the entry of the catalog, where there is one.
        site.done(&["apply", "--yes"]).said(" received");
        assert_eq!(server.worn_by(ROOM, OFF), titles(&[]));
        assert_eq!(site.titles(ROOM, OFF), titles(&[]));
    });
}

#[test]
fn what_the_server_forgets_is_sent_again() {
    on_each_new(&Kind::EJABBERD, |server| {
        stage(server);
        // So long a room that was just made may be lost, too.
        std::thread::sleep(std::time::Duration::from_secs(3));
        let site = known(server);
        // It loses what it acknowledged within its last one or two seconds, or less.
        let forgets = (0..5).any(|number| {
            let id = format!("urn:x:{number}");
            site.add(ROOM, OFF, &id, "Title");
            site.done(&["apply", "--yes"]).said("sent");
            server.restart();
            let forgot = !server.worn_by(ROOM, OFF).contains_key(&id);
            site.done(&["apply", "--yes"]);
            assert_eq!(server.worn_by(ROOM, OFF)[&id], "Title");
            assert_eq!(site.titles(ROOM, OFF)[&id], "Title");
            forgot
        });
        assert!(forgets, "it forgot nothing: this proves nothing");
    });
}

#[test]
fn rooms_that_are_not_allowed_are_a_line_each_and_the_others_are_done() {
    each(|server| {
        server.muc(CLOSED, &[], &[(ANA, "member"), (OFF, "owner")]);
        server.muc(HATLESS, &[("enable_hats", "false")], &[(ANA, "owner")]);
        let site = Site::with(&account("ana", "secret", server));
        let refused = |command: &[&str]| {
            let ran = site.run(command).ended(1);
            for (room, why) in [(CLOSED, "owners and admins"), (HATLESS, "enable_hats")] {
                let lines = ran.err.lines().chain(ran.out.lines());
                let lines: Vec<&str> = lines.filter(|line| line.contains(room)).collect();
                assert!(lines.len() == 1 && lines[0].contains(why), "{lines:?}: {ran:?}");
            }
        };
        refused(&["pull", ROOM, CLOSED, HATLESS]);
        assert_eq!(site.titles(ROOM, BOB), titles(&[("urn:x:old", "Old")]));
        for room in [CLOSED, HATLESS] {
            site.done(&["room", "add", room]);
            site.affiliate(room, BOB, "member");
        }
        for room in [CLOSED, ROOM, HATLESS] {
            site.add(room, BOB, "urn:x:1", "One");
        }
        refused(&["apply", "--yes"]);
        assert_eq!(
            server.worn_by(ROOM, BOB),
            titles(&[("urn:x:old", "Old"), ("urn:x:1", "One")])
        );
        assert_eq!(server.worn(CLOSED).len(), 0);
        // Nor is anything done by who may in no room.
        let site = Site::with(&account("bob", "secret", server));
        site.run(&["pull", ROOM]).ended(1).said("owner or admin");
    });
}

#[test]
fn a_wrong_password_is_a_line_and_one_attempt() {
    each(|server| {
        server.api("set_loglevel", &serde_json::json!({"loglevel": "info"}));
        for command in [&["pull"][..], &["apply", "--yes"]] {
            let before = attempts(server);
            let site = Site::with(&account("siteadmin", "xyzzy", server));
            site.done(&["room", "add", ROOM]);
            site.affiliate(ROOM, OFF, "member");
            site.add(ROOM, OFF, "urn:x:1", "One");
            let file = site.file();
            let ran = site.run(command).ended(1).said("example: ");
            assert_eq!(ran.err.lines().count(), 1, "{}", ran.err);
            assert!(!ran.err.contains("xyzzy"), "{}", ran.err);
            assert_eq!(attempts(server) - before, 1);
            assert_eq!(site.file(), file);
        }
    });
}

#[test]
fn a_hidden_room_is_found_by_whom_the_server_lets_and_by_its_address() {
    each(|server| {
        server.muc(HIDDEN, &[("public", "false")], &[(ANA, "owner"), (BOB, "member")]);
        server.muc(CLOSED, &[("public", "false")], &[(BOB, "owner")]);
        let config = account("ana", "secret", server);
        let site = Site::with(&config);
        site.done(&["pull", HIDDEN]);
        let rooms = |site: &Site| {
            let file = site.file();
            let rooms = file["rooms"].as_object().unwrap();
            rooms.keys().cloned().collect::<Vec<_>>()
        };
        assert_eq!(rooms(&site), [HIDDEN]);
        site.add(HIDDEN, BOB, "urn:x:1", "Hidden");
        site.done(&["apply", "--yes"]);
        assert_eq!(server.worn_by(HIDDEN, BOB), titles(&[("urn:x:1", "Hidden")]));
        // The server lists it to its owner.
        site.done(&["pull"]);
        assert_eq!(rooms(&site), [ROOM, HIDDEN]);
        let named = Site::with(&format!("{config}rooms = [\"{CLOSED}\"]\n"));
        named
            .run(&["pull"])
            .ended(1)
            .said(CLOSED)
            .said("owners and admins");
        assert_eq!(rooms(&named), [ROOM, HIDDEN]);
    });
}

#[test]
fn an_entry_of_the_catalog_is_removed_only_when_nobody_has_the_hat() {
    on_each(&[Kind::Ejabberd26], |server| {
        stage(server);
        let site = known(server);
        site.done(&[
            "catalog", "define", ROOM, "urn:x:2", "--title", "Second", "--color", "200",
        ]);
        site.done(&["apply", "--yes"]).said("1 sent");
        let catalog = || server.listed(ROOM, "urn:xmpp:hats:commands:list");
        let listed = |title: &str| catalog().iter().any(|entry| entry["hats#title"] == title);
        assert!(listed("Second"));
        site.done(&["catalog", "remove", ROOM, "urn:x:old"]);
        site.done(&["catalog", "remove", ROOM, "urn:x:2"]);
        site.done(&["apply", "--yes"]);
        assert!(!listed("Second"), "nobody has it");
        assert!(listed("Old"), "bob has it");
        site.done(&["remove", ROOM, BOB, "urn:x:old"]);
        site.done(&["apply", "--yes"]);
        assert!(!listed("Old"), "{:?}", catalog());
    });
}

#[test]
fn affiliations_are_only_shown_unless_somebody_wants_them_sent() {
    each(|server| {
        let site = known(server);
        site.run(&["affiliate", ROOM, OFF, "admin"])
            .ended(1)
            .said("are only received");
        site.affiliate(ROOM, OFF, "admin");
        site.done(&["plan"]).said("left out");
        site.done(&["apply", "--yes"]);
        site.done(&["apply", "--yes", "--affiliations"]).said("1 sent");
        let fresh = known(server);
        assert_eq!(fresh.file()["rooms"][ROOM]["users"][OFF]["affiliation"], "admin");
    });
}

#[test]
fn a_plan_says_how_long_sending_may_take_to_an_owner() {
    const LONG: &str = "long@conference.localhost";
    each(|server| {
        let members: Vec<String> = (0..90).map(|number| format!("user{number}@localhost")).collect();
        let mut users: Vec<(&str, &str)> = members.iter().map(|user| (user.as_str(), "member")).collect();
        users.push((ANA, "owner"));
        server.muc(LONG, &[], &users);
        for (name, is_limited) in [("ana", true), ("siteadmin", false)] {
            let site = Site::with(&account(name, "secret", server));
            site.done(&["pull", LONG]);
            let mut file = site.file();
            for user in &members {
                let id = format!("urn:x:{}", "long".repeat(200));
                file["rooms"][LONG]["users"][user]["hats"][id] = hat("Long");
            }
            site.replace(&file);
            let plan = site.run(&["plan", LONG]).ended(6);
            // 90 × about 1,200 bytes, the first 20,000 at once, then 3,000 a second.
            let says = plan
                .out
                .contains("Sending may take about 30 seconds: example probably limits this account");
            assert_eq!(says, is_limited, "{name}: {plan:?}");
        }
    });
}
