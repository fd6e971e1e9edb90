//! Rooms that come, go, and are found for the first time; files that are put back; many removals at once.

use serde_json::{Value, json};

use super::site::{Site, entry, hat};
use super::{ANA, BOB, ROOM, each};
use crate::client::Client;
use crate::prosody::SERVICE;
use crate::server::Server;

const HIDDEN: &str = "staff@conference.localhost";

#[test]
fn the_first_pull_takes_all_rooms_also_hidden_ones() {
    each(|server| {
        let odd = json!({"urn:x:1": {"title": "書記 \"<&>\" é", "required": true}, "urn:x:2": hat("T")});
        server.make_room(ROOM, &json!([[ANA, "owner"], [BOB, "member", odd]]));
        server.make_room(HIDDEN, &json!([[ANA, "owner", {"urn:x:2": hat("T")}]]));
        server.lua_room(
            HIDDEN,
            "r:set_hidden(true); r:set_name('Staff'); return tostring(r:save(true))",
        );
        let site = Site::of(server);
        site.run(&["plan"]).ended(0).said("only on the server");
        assert!(!site.path("hats.json").exists());
        site.done(&["pull"]).said("received");
        let file = site.file();
        assert_eq!(
            file["rooms"][ROOM]["users"],
            json!({
                ANA: {"affiliation": "owner", "hats": {}},
                BOB: {"affiliation": "member", "hats": {
                    "urn:x:1": {"required": true, "title": "書記 \"<&>\" é"}, "urn:x:2": hat("T"),
                }},
            })
        );
        assert_eq!(file["rooms"][HIDDEN]["name"], "Staff");
        assert_eq!(site.history().len(), 1, "one commit");
        let ran = site.done(&["pull"]).said("nothing to do");
        assert!(!ran.out.contains("received"), "{}", ran.out);
        assert_eq!(site.file(), file);
        // Removed here, it stays away until somebody asks for it.
        site.done(&["room", "remove", HIDDEN]);
        site.done(&["pull"]);
        assert_eq!(site.file()["rooms"][HIDDEN], Value::Null);
        site.done(&["plan"]).said("removed here");
        site.done(&["pull", HIDDEN]);
        assert_eq!(site.file()["rooms"][HIDDEN]["name"], "Staff");
    });
}

fn known(server: &Server) -> Site {
    server.make_room(
        ROOM,
        &json!([[ANA, "owner"], [BOB, "member", {"urn:x:1": hat("T")}]]),
    );
    let site = Site::of(server);
    site.done(&["pull"]);
    site
}

#[test]
fn a_room_that_is_destroyed_and_made_anew_gets_nothing_and_loses_nothing() {
    each(|server| {
        server.user("ana");
        server.user("carol");
        for seen_gone in [true, false] {
            known(server);
            // Prosody gives a room the mark by which it is told from another when somebody is in it.
            drop(Client::join(server, "ana", ROOM));
            let site = Site::of(server);
            site.done(&["pull"]);
            site.add(ROOM, BOB, "urn:x:2", "Sent to the old one only");
            let before = site.file();
            server.lua_room(ROOM, "r:destroy(); return 'gone'");
            if seen_gone {
                for command in [&["plan"][..], &["apply", "--yes"], &["pull"]] {
                    site.run(command);
                }
                site.run(&["plan"]).said("gone from the server");
                let there = server.lua_room(ROOM, "return tostring(r and not r._data.destroyed)");
                assert!(there == "nil" || there == "false", "{there}");
                assert_eq!(site.file()["rooms"], before["rooms"]);
            }
            server.lua_room(
                ROOM,
                "if r then m.forget_room(r) m.delete_room(r) end return 'deleted'",
            );
            server.make_room(ROOM, &json!([["carol@localhost", "owner"], [BOB, "member"]]));
            drop(Client::join(server, "carol", ROOM));
            site.run(&["plan"]).said("Compared as for the first time");
            site.run(&["pull"]);
            assert_eq!(
                site.hats(ROOM, BOB),
                before["rooms"][ROOM]["users"][BOB]["hats"],
                "nothing is lost here"
            );
            assert_eq!(
                server.stored(ROOM, ANA),
                json!([false, false]),
                "nothing is made there"
            );
            assert_eq!(
                server.stored(ROOM, BOB),
                json!(["member", false]),
                "a pull sends nothing"
            );
            server.lua_room(ROOM, "r:destroy(); return 'gone'");
            server.lua_room(
                ROOM,
                "if r then m.forget_room(r) m.delete_room(r) end return 'deleted'",
            );
        }
    });
}

#[test]
fn nothing_old_is_sent_when_the_data_file_is_put_back_from_a_backup() {
    for committed_since in [false, true] {
        each(|server| {
            let site = known(server);
            let backup = std::fs::read(site.path("hats.json")).unwrap();
            site.done(&["remove", ROOM, BOB, "urn:x:1"]);
            site.add(ROOM, BOB, "urn:x:2", "New");
            site.done(&["apply", "--yes"]);
            assert_eq!(server.hats(ROOM, BOB), json!({"urn:x:2": hat("New")}));
            std::fs::write(site.path("hats.json"), backup).unwrap();
            if committed_since {
                // The file's revision is above that of the base again.
                site.add(ROOM, ANA, "urn:x:3", "Since");
            }
            site.run(&["plan"]).said(if committed_since {
                "for the first time"
            } else {
                "older than what was known"
            });
            site.run(&["pull"]);
            let hats = site.hats(ROOM, BOB);
            assert_eq!(hats["urn:x:2"], hat("New"), "{hats}");
            assert_eq!(server.hats(ROOM, BOB), json!({"urn:x:2": hat("New")}));
        });
    }
}

#[test]
fn hats_that_many_users_lose_at_once_are_held_back() {
    each(|server| {
        let user = |number: usize| format!("u{number:02}@localhost");
        let users = |hats: &Value| -> Value {
            let mut all: Vec<Value> = (0..30)
                .map(|number| json!([user(number), "member", hats]))
                .collect();
            all.push(json!([ANA, "owner", {"urn:x:1": hat("T")}]));
            all.into()
        };
        server.make_room(ROOM, &users(&json!({"urn:x:1": hat("T")})));
        let site = Site::of(server);
        site.done(&["pull"]);
        for number in 0..30 {
            server.put(ROOM, &user(number), "member", &json!({}));
        }
        site.run(&["pull"]).ended(5).said("held back");
        let wearers = |site: &Site| {
            let all = (0..30).filter(|number| site.hats(ROOM, &user(*number)) != json!({}));
            all.count()
        };
        let first = wearers(&site);
        assert_eq!(first, 10, "20 users may lose hats within an hour");
        // Nor by many small steps, and not without having been chosen.
        site.run(&["pull"]).ended(5);
        site.run(&["apply", "--yes"]).ended(5).said("held back");
        assert_eq!(wearers(&site), first);
        site.done(&["pull", "--take-removals"]);
        assert_eq!(wearers(&site), 0);
        site.done(&["plan"]).said("No differences");
    });
}

#[test]
fn a_server_that_cannot_be_used_is_one_line_and_the_others_are_done() {
    each(|server| {
        server.make_room(ROOM, &json!([[ANA, "owner"]]));
        let config = format!(
            "{}{}",
            entry("broken", "rooms.example.net", "/nonexistent/prosody.sock"),
            entry("example", SERVICE, &server.socket().display().to_string())
        );
        let site = Site::with(&config);
        let ran = site
            .run(&["pull"])
            .ended(1)
            .said("broken: ")
            .said("/nonexistent/prosody.sock");
        assert_eq!(ran.err.lines().count(), 1, "{}", ran.err);
        assert_eq!(site.file()["rooms"][ROOM]["users"][ANA]["affiliation"], "owner");
        site.run(&["plan", "--server", "exampel"])
            .ended(2)
            .said("did you mean example?");
        site.run(&["pull", "x@elsewhere.example"])
            .ended(1)
            .said("does not belong");
        site.done(&["pull", "--server", "example"]);
    });
}
