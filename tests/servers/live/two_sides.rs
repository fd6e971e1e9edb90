//! What is changed here, there, or on both sides.

use serde_json::{Value, json};

use super::site::{Site, hat};
use super::{ANA, BOB, OFF, ROOM, each};
use crate::client::Client;
use crate::server::Server;

const ODD: &str = "書記 \"<&>' ]] \\ é\u{1f3a9} %41;x";

fn titles(presence: &Value) -> Vec<String> {
    let hats = presence["hats"].as_array().unwrap().iter();
    let mut titles: Vec<_> = hats
        .map(|hat| hat["title"].as_str().unwrap().to_owned())
        .collect();
    titles.sort();
    titles
}

/// A room with an owner, a member and one who is never online; bob has a hat.
fn room(server: &Server) {
    let hats = json!({"urn:x:old": hat("Old")});
    server.make_room(
        ROOM,
        &json!([[ANA, "owner"], [BOB, "member", hats], [OFF, "member"]]),
    );
}

/// The same, known on both sides.
fn known(server: &Server) -> Site {
    room(server);
    let site = Site::of(server);
    site.done(&["pull"]);
    site
}

#[test]
fn local_changes_go_out_and_the_room_sees_exactly_them() {
    each(|server| {
        server.user("ana");
        server.user("bob");
        let site = known(server);
        let mut ana = Client::join(server, "ana", ROOM);
        let mut bob = Client::join(server, "bob", ROOM);
        let muted =
            "<query xmlns='http://jabber.org/protocol/muc#admin'><item nick='bob' role='visitor'/></query>";
        assert_eq!(ana.iq(ROOM, "set", muted).0, "result");
        ana.settle();
        bob.settle();
        site.add(ROOM, BOB, "urn:x:1", ODD);
        site.add(ROOM, BOB, "urn:x:2", "Second");
        site.add(ROOM, OFF, "urn:x:1", "Off");
        site.run(&["plan"]).ended(6).said("3 to send").said(ODD);
        assert_eq!(server.hats(ROOM, OFF), Value::Null, "a plan sends nothing");
        let ran = site.run(&["apply"]).ended(2).said("use apply --yes");
        assert!(ran.out.contains("3 to send"), "{}", ran.out);
        site.done(&["apply", "--yes"]).said("3 sent");
        let told = ana.settle();
        let (presences, others): (Vec<_>, Vec<_>) =
            told.iter().partition(|told| told.get("presence").is_some());
        assert_eq!(presences.len(), 1, "{presences:?}");
        assert_eq!(presences[0]["presence"], format!("{ROOM}/bob"));
        assert_eq!(presences[0]["role"], "visitor");
        assert_eq!(titles(presences[0]), ["Old", "Second", ODD]);
        assert!(others.is_empty(), "{others:?}");
        assert_eq!(server.hats(ROOM, OFF), json!({"urn:x:1": hat("Off")}));
        assert_eq!(
            server.hats(ROOM, BOB),
            json!({"urn:x:old": hat("Old"), "urn:x:1": hat(ODD), "urn:x:2": hat("Second")})
        );
        let entry = &site.history()[0];
        assert_eq!(
            (entry["actor"].as_str().unwrap(), &entry["edits"]),
            ("maya", &json!([]))
        );
        assert_eq!(entry["sent"]["server"], "example");
        assert_eq!(entry["sent"]["changes"].as_array().unwrap().len(), 3);
        site.done(&["history"]).said("sent to example: ");
        site.done(&["plan"]).said("No differences in 1 room");
        let before = site.file();
        site.done(&["apply", "--yes"]).said("nothing to do");
        assert_eq!(site.file(), before);
    });
}

#[test]
fn changes_on_the_server_come_in_and_it_is_not_touched() {
    each(|server| {
        server.user("ana");
        let site = known(server);
        let mut ana = Client::join(server, "ana", ROOM);
        server.put(
            ROOM,
            BOB,
            "admin",
            &json!({"urn:x:old": hat("New title"), "urn:x:3": {"title": ODD, "required": true}}),
        );
        server.put(ROOM, "eve@localhost", "member", &json!({"urn:x:3": hat("T")}));
        server.put(ROOM, OFF, "member", &json!({}));
        ana.settle();
        site.run(&["plan"]).ended(6).said("to receive");
        site.done(&["pull"]).said("received");
        assert_eq!(
            site.hats(ROOM, BOB),
            json!({"urn:x:old": hat("New title"), "urn:x:3": {"required": true, "title": ODD}})
        );
        let users = &site.file()["rooms"][ROOM]["users"];
        assert_eq!(users[BOB]["affiliation"], "admin");
        assert_eq!(users["eve@localhost"]["affiliation"], "member");
        let entry = &site.history()[0];
        assert_eq!(entry["actor"], "server:example");
        assert!(ana.presences().is_empty(), "the room sees nothing of it");
        site.done(&["plan"]).said("No differences");
    });
}

#[test]
fn what_both_changed_is_merged_where_it_has_nothing_in_common() {
    each(|server| {
        let site = known(server);
        site.add(ROOM, BOB, "urn:x:here", "Here");
        site.done(&["remove", ROOM, BOB, "urn:x:old"]);
        server.put(
            ROOM,
            BOB,
            "member",
            &json!({"urn:x:old": hat("Old"), "urn:x:there": hat("There")}),
        );
        site.done(&["apply", "--yes"]).said("2 sent, 1 received");
        let both = json!({"urn:x:here": hat("Here"), "urn:x:there": hat("There")});
        assert_eq!(site.hats(ROOM, BOB), both);
        assert_eq!(server.hats(ROOM, BOB), both);
        site.done(&["plan"]).said("No differences");
    });
}

#[test]
fn a_conflict_stays_until_somebody_chooses() {
    for (side, title) in [("local", "Mine"), ("server", "Theirs")] {
        each(|server| {
            let site = known(server);
            site.add(ROOM, BOB, "urn:x:old", "Mine");
            server.put(ROOM, BOB, "member", &json!({"urn:x:old": hat("Theirs")}));
            for command in [&["pull"][..], &["plan"], &["apply", "--yes"]] {
                site.run(command).ended(5).said("conflict");
                assert_eq!(site.hats(ROOM, BOB), json!({"urn:x:old": hat("Mine")}));
                assert_eq!(server.hats(ROOM, BOB), json!({"urn:x:old": hat("Theirs")}));
            }
            site.done(&["apply", "--yes", "--prefer", side]);
            let chosen = json!({"urn:x:old": hat(title)});
            assert_eq!(
                (site.hats(ROOM, BOB), server.hats(ROOM, BOB)),
                (chosen.clone(), chosen)
            );
            site.done(&["plan"]).said("No differences");
        });
    }
}

#[test]
fn the_first_comparison_deletes_nothing() {
    each(|server| {
        room(server);
        let site = Site::of(server);
        site.done(&["room", "add", ROOM]);
        for user in [BOB, "zoe@localhost"] {
            site.affiliate(ROOM, user, "member");
        }
        site.add(ROOM, BOB, "urn:x:here", "Here");
        site.add(ROOM, "zoe@localhost", "urn:x:here", "Zoe is not there");
        site.run(&["plan"]).ended(6).said("Compared for the first time");
        site.done(&["apply", "--yes"]);
        let both = json!({"urn:x:old": hat("Old"), "urn:x:here": hat("Here")});
        assert_eq!(
            (site.hats(ROOM, BOB), server.hats(ROOM, BOB)),
            (both.clone(), both)
        );
        assert_eq!(
            site.hats(ROOM, "zoe@localhost"),
            json!({"urn:x:here": hat("Zoe is not there")})
        );
        assert_eq!(server.stored(ROOM, "zoe@localhost"), json!([false, false]));
        site.done(&["plan"]).said("left out").said("not affiliated");
    });
}

#[test]
fn the_last_hat_is_removed_on_either_side() {
    each(|server| {
        server.user("bob");
        let site = known(server);
        let mut bob = Client::join(server, "bob", ROOM);
        site.done(&["remove", ROOM, BOB, "urn:x:old"]);
        site.done(&["apply", "--yes"]).said("1 sent");
        let seen = bob.presences();
        assert_eq!(seen.len(), 1);
        assert_eq!(seen[0]["hats"], json!([]));
        assert!(
            server
                .hats(ROOM, BOB)
                .as_object()
                .is_none_or(serde_json::Map::is_empty)
        );
    });
    each(|server| {
        let site = known(server);
        server.put(ROOM, BOB, "member", &json!({}));
        site.done(&["pull"]).said("1 received");
        assert_eq!(site.hats(ROOM, BOB), json!({}));
    });
}

#[test]
fn restricted_sessions_see_and_change_only_their_rooms() {
    each(|server| {
        let site = known(server);
        let other = "other@conference.localhost";
        server.make_room(other, &json!([[BOB, "member", {"urn:x:1": hat("Secret")}]]));
        let config = site.path("config.toml").display().to_string();
        let restricted = |arguments: &[&str], limit: &[&str]| {
            let mut command = site.command(&[]);
            command.args(limit).args(arguments);
            let output = command.output().unwrap();
            let text = [output.stdout, output.stderr].concat();
            (output.status.code().unwrap(), String::from_utf8(text).unwrap())
        };
        assert!(std::path::Path::new(&config).exists());
        let limit = ["--room", ROOM];
        let (code, text) = restricted(&["plan"], &limit);
        assert!(code == 0 && !text.contains("other"), "{text}");
        let (code, text) = restricted(&["pull", other], &limit);
        assert!(code != 0 && text.contains("restricted"), "{text}");
        restricted(&["pull"], &limit);
        assert_eq!(site.file()["rooms"][other], Value::Null);
        site.add(ROOM, BOB, "urn:x:1", "Here");
        let (code, text) = restricted(&["plan"], &["--read-only"]);
        assert!(code == 6 && text.contains("1 to send"), "{text}");
        for command in [&["apply", "--yes"][..], &["pull"]] {
            let (code, text) = restricted(command, &["--read-only"]);
            assert!(code == 1 && text.contains("read-only"), "{text}");
        }
        assert_eq!(server.hats(ROOM, BOB), json!({"urn:x:old": hat("Old")}));
        let (code, text) = restricted(&["apply", "--yes"], &limit);
        assert_eq!(code, 0, "{text}");
        assert_eq!(
            server.hats(ROOM, BOB),
            json!({"urn:x:old": hat("Old"), "urn:x:1": hat("Here")})
        );
    });
}
