//! Features of ejabberd: rights of an XMPP account by room, the catalog, rate limits, and acknowledged changes that
//! ejabberd forgets when it is killed.

use super::site::{Site, hat, xmpp_section};
use super::state::{Member, titles};
use super::{ANA, BOB, OFF, ROOM};
use crate::pool::{on_each, on_each_new};
use crate::server::{Kind, Server};
use crate::xmpp::logging_in::failed_logins;

const CLOSED: &str = "closed@conference.localhost";
const HATLESS: &str = "hatless@conference.localhost";
const HIDDEN: &str = "hidden@conference.localhost";

/// Runs a test on each kind of ejabberd, with a room in which bob has a hat.
fn on_each_ejabberd(test: impl Fn(&mut Server) + Sync) {
    on_each(&Kind::EJABBERD, |server| {
        create_room(server);
        test(server);
    });
}

fn create_room(server: &Server) {
    for user in ["ana", "bob"] {
        server.add_account(user);
    }
    let users: &[Member<'_>] = &[
        (ANA, "owner", &[]),
        (BOB, "member", &[("urn:x:old", "Old")]),
        (OFF, "member", &[]),
    ];
    server.create_room(ROOM, users);
}

fn pulled_site(server: &Server) -> Site {
    let site = Site::send_ask(server);
    site.run_ok(&["pull"]);
    site
}

/// The server reports that it has not been restarted since, so it cannot have lost the change.
#[test]
fn removal_on_the_server_soon_after_an_apply_is_received() {
    on_each_ejabberd(|server| {
        let site = pulled_site(server);
        site.add(ROOM, OFF, "urn:x:new", "New");
        site.run_ok(&["apply", "--yes"]).prints("sent");
        server.remove_hats(ROOM, OFF, &["urn:x:new"]);
        // Only three seconds after the answer, a missing hat counts as removed instead of lost.
        std::thread::sleep(std::time::Duration::from_millis(3200));
        // The number is not checked: with a catalog, an entry is received, too.
        site.run_ok(&["apply", "--yes"]).prints(" received");
        assert_eq!(server.hats_of(ROOM, OFF), titles(&[]));
        assert_eq!(site.titles(ROOM, OFF), titles(&[]));
    });
}

#[test]
fn change_that_the_server_forgot_is_sent_again() {
    on_each_new(&Kind::EJABBERD, |server| {
        create_room(server);
        // For some seconds, ejabberd may also forget the new room.
        std::thread::sleep(std::time::Duration::from_secs(3));
        let site = pulled_site(server);
        // ejabberd forgets the changes of its last one or two seconds, or less.
        let has_forgotten = (0..5).any(|number| {
            let id = format!("urn:x:{number}");
            site.add(ROOM, OFF, &id, "Title");
            site.run_ok(&["apply", "--yes"]).prints("sent");
            server.restart();
            let forgot = !server.hats_of(ROOM, OFF).contains_key(&id);
            site.run_ok(&["apply", "--yes"]);
            assert_eq!(server.hats_of(ROOM, OFF)[&id], "Title");
            assert_eq!(site.titles(ROOM, OFF)[&id], "Title");
            forgot
        });
        assert!(
            has_forgotten,
            "ejabberd forgot nothing, so the test proves nothing"
        );
    });
}

#[test]
fn forbidden_rooms_are_one_line_each_and_others_are_changed() {
    on_each_ejabberd(|server| {
        server.create_ejabberd_room(CLOSED, &[], &[(ANA, "member"), (OFF, "owner")]);
        server.create_ejabberd_room(HATLESS, &[("enable_hats", "false")], &[(ANA, "owner")]);
        let site = Site::with(&xmpp_section("ana", "secret", server));
        let assert_refused = |command: &[&str]| {
            let ran = site.run(command).exits(1);
            for (room, why) in [(CLOSED, "owners and admins"), (HATLESS, "enable_hats")] {
                let lines = ran.err.lines().chain(ran.out.lines());
                let lines: Vec<&str> = lines.filter(|line| line.contains(room)).collect();
                assert!(lines.len() == 1 && lines[0].contains(why), "{lines:?}: {ran:?}");
            }
        };
        assert_refused(&["pull", ROOM, CLOSED, HATLESS]);
        assert_eq!(site.titles(ROOM, BOB), titles(&[("urn:x:old", "Old")]));
        for room in [CLOSED, HATLESS] {
            site.run_ok(&["room", "add", room]);
            site.affiliate(room, BOB, "member");
        }
        for room in [CLOSED, ROOM, HATLESS] {
            site.add(room, BOB, "urn:x:1", "One");
        }
        assert_refused(&["apply", "--yes"]);
        assert_eq!(
            server.hats_of(ROOM, BOB),
            titles(&[("urn:x:old", "Old"), ("urn:x:1", "One")])
        );
        assert_eq!(server.all_hats(CLOSED).len(), 0);
        // An account without rights in any room is refused.
        let site = Site::with(&xmpp_section("bob", "secret", server));
        site.run(&["pull", ROOM]).exits(1).prints("owner or admin");
    });
}

#[test]
fn wrong_password_is_one_line_and_one_attempt() {
    on_each_ejabberd(|server| {
        server.call_api("set_loglevel", &serde_json::json!({"loglevel": "info"}));
        for command in [&["pull"][..], &["apply", "--yes"]] {
            let before = failed_logins(server);
            let site = Site::with(&xmpp_section("siteadmin", "xyzzy", server));
            site.run_ok(&["room", "add", ROOM]);
            site.affiliate(ROOM, OFF, "member");
            site.add(ROOM, OFF, "urn:x:1", "One");
            let file = site.file();
            let ran = site.run(command).exits(1).prints("example: ");
            assert_eq!(ran.err.lines().count(), 1, "{}", ran.err);
            assert!(!ran.err.contains("xyzzy"), "{}", ran.err);
            assert_eq!(failed_logins(server) - before, 1);
            assert_eq!(site.file(), file);
        }
    });
}

#[test]
fn hidden_room_is_found_by_its_owner_and_by_its_address() {
    on_each_ejabberd(|server| {
        server.create_ejabberd_room(HIDDEN, &[("public", "false")], &[(ANA, "owner"), (BOB, "member")]);
        server.create_ejabberd_room(CLOSED, &[("public", "false")], &[(BOB, "owner")]);
        let config = xmpp_section("ana", "secret", server);
        let site = Site::with(&config);
        site.run_ok(&["pull", HIDDEN]);
        let rooms = |site: &Site| {
            let file = site.file();
            let rooms = file["rooms"].as_object().unwrap();
            rooms.keys().cloned().collect::<Vec<_>>()
        };
        assert_eq!(rooms(&site), [HIDDEN]);
        site.add(HIDDEN, BOB, "urn:x:1", "Hidden");
        site.run_ok(&["apply", "--yes"]);
        assert_eq!(server.hats_of(HIDDEN, BOB), titles(&[("urn:x:1", "Hidden")]));
        // The server lists the hidden room for its owner.
        site.run_ok(&["pull"]);
        assert_eq!(rooms(&site), [ROOM, HIDDEN]);
        let named = Site::with(&format!("{config}rooms = [\"{CLOSED}\"]\n"));
        named
            .run(&["pull"])
            .exits(1)
            .prints(CLOSED)
            .prints("owners and admins");
        assert_eq!(rooms(&named), [ROOM, HIDDEN]);
    });
}

#[test]
fn catalog_entry_is_removed_only_if_no_user_has_the_hat() {
    on_each(&[Kind::Ejabberd26], |server| {
        create_room(server);
        let site = pulled_site(server);
        site.run_ok(&[
            "catalog", "define", ROOM, "urn:x:2", "--title", "Second", "--color", "200",
        ]);
        site.run_ok(&["apply", "--yes"]).prints("1 sent");
        let catalog = || server.command_items(ROOM, "urn:xmpp:hats:commands:list");
        let has_title = |title: &str| catalog().iter().any(|entry| entry["hats#title"] == title);
        assert!(has_title("Second"));
        site.run_ok(&["catalog", "remove", ROOM, "urn:x:old"]);
        site.run_ok(&["catalog", "remove", ROOM, "urn:x:2"]);
        site.run_ok(&["apply", "--yes"]);
        assert!(!has_title("Second"), "no user has the hat");
        assert!(has_title("Old"), "bob has the hat");
        site.run_ok(&["remove", ROOM, BOB, "urn:x:old"]);
        site.run_ok(&["apply", "--yes"]);
        assert!(!has_title("Old"), "{:?}", catalog());
    });
}

#[test]
fn affiliations_are_sent_only_on_request() {
    on_each_ejabberd(|server| {
        let site = pulled_site(server);
        site.run(&["affiliate", ROOM, OFF, "admin"])
            .exits(1)
            .prints("are only received");
        site.affiliate(ROOM, OFF, "admin");
        site.run_ok(&["plan"]).prints("left out");
        site.run_ok(&["apply", "--yes"]);
        site.run_ok(&["apply", "--yes", "--affiliations"])
            .prints("1 sent");
        let fresh = pulled_site(server);
        assert_eq!(fresh.file()["rooms"][ROOM]["users"][OFF]["affiliation"], "admin");
    });
}

#[test]
fn plan_estimates_how_long_sending_takes_for_an_owner() {
    const LONG: &str = "long@conference.localhost";
    on_each_ejabberd(|server| {
        let members: Vec<String> = (0..90).map(|number| format!("user{number}@localhost")).collect();
        let mut users: Vec<(&str, &str)> = members.iter().map(|user| (user.as_str(), "member")).collect();
        users.push((ANA, "owner"));
        server.create_ejabberd_room(LONG, &[], &users);
        for (name, is_limited) in [("ana", true), ("siteadmin", false)] {
            let site = Site::with(&xmpp_section(name, "secret", server));
            site.run_ok(&["pull", LONG]);
            let mut file = site.file();
            for user in &members {
                let id = format!("urn:x:{}", "long".repeat(200));
                file["rooms"][LONG]["users"][user]["hats"][id] = hat("Long");
            }
            site.replace_data(&file);
            let plan = site.run(&["plan", LONG]).exits(6);
            // 90 requests of about 1,200 bytes: 20,000 bytes at once, then 3,000 a second.
            let has_estimate = plan
                .out
                .contains("Sending may take about 30 seconds: example probably limits this account");
            assert_eq!(has_estimate, is_limited, "{name}: {plan:?}");
        }
    });
}
