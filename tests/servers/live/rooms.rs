//! Rooms that come, go, and are found for the first time; files that are put back; many removals at once.

use serde_json::{Value, json};

use super::site::{Site, entry, hat};
use super::state::{Member, titles};
use super::{ANA, BOB, KINDS, ROOM, each};
use crate::pool::on_each;
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

/// A room that is known on both sides, in which bob has a hat.
fn known(server: &Server) -> Site {
    let users: &[Member<'_>] = &[(ANA, "owner", &[]), (BOB, "member", &[("urn:x:1", "T")])];
    server.found(ROOM, users);
    let site = Site::of(server);
    site.done(&["pull"]);
    site
}

#[test]
fn a_room_that_is_destroyed_and_made_anew_gets_nothing_and_loses_nothing() {
    for seen_gone in [true, false] {
        on_each(KINDS, |server| {
            // The only room of its server: ejabberd has commands in rooms only.
            let site = known(server);
            site.add(ROOM, BOB, "urn:x:2", "Sent to the old one only");
            let before = site.file();
            server.destroy(ROOM);
            if seen_gone {
                for command in [&["plan"][..], &["apply", "--yes"], &["pull"]] {
                    site.run(command);
                    assert!(!server.has(ROOM), "nothing makes a room on a server");
                }
                site.run(&["plan"]).said("no longer on the server");
                assert_eq!(site.file()["rooms"], before["rooms"]);
            }
            server.forget(ROOM);
            // ejabberd has no mark by which a room is told from another: nothing that was there is there.
            let users: &[Member<'_>] = &[("carol@localhost", "owner", &[]), (BOB, "member", &[])];
            let same = server.kind.is_prosody() || seen_gone;
            server.found(ROOM, if same { users } else { &users[..1] });
            site.run(&["plan"]).said("First comparison");
            site.run(&["pull"]);
            assert_eq!(
                site.titles(ROOM, BOB),
                titles(&[("urn:x:1", "T"), ("urn:x:2", "Sent to the old one only")]),
                "nothing is lost here"
            );
            assert_eq!(
                site.file()["rooms"][ROOM]["users"]["carol@localhost"]["affiliation"],
                "owner"
            );
            assert_eq!(server.worn(ROOM).len(), 0, "a pull sends nothing");
        });
    }
}

#[test]
fn a_room_that_is_nowhere_is_not_found() {
    each(|server| {
        let site = known(server);
        for command in ["plan", "pull", "apply"] {
            site.run(&[command, "nowhere@conference.localhost"])
                .ended(3)
                .said("no room nowhere@conference.localhost in the data file or on the server \"example\"");
        }
    });
}

#[test]
fn nothing_old_is_sent_when_the_data_file_is_put_back_from_a_backup() {
    for committed_since in [false, true] {
        on_each(KINDS, |server| {
            let site = known(server);
            let backup = std::fs::read(site.path("hats.json")).unwrap();
            site.done(&["remove", ROOM, BOB, "urn:x:1"]);
            site.add(ROOM, BOB, "urn:x:2", "New");
            site.done(&["apply", "--yes"]);
            let new = titles(&[("urn:x:2", "New")]);
            assert_eq!(server.worn_by(ROOM, BOB), new);
            std::fs::write(site.path("hats.json"), backup).unwrap();
            if committed_since {
                // The file's revision is above that of the base again.
                site.add(ROOM, ANA, "urn:x:3", "Since");
            }
            site.run(&["plan"]).said(if committed_since {
                "First comparison:"
            } else {
                "older than the last known state"
            });
            site.run(&["pull"]);
            assert_eq!(site.titles(ROOM, BOB)["urn:x:2"], "New");
            assert_eq!(server.worn_by(ROOM, BOB), new);
        });
    }
}

#[test]
fn hats_that_many_users_lose_at_once_are_held_back() {
    on_each(KINDS, |server| {
        let users: Vec<String> = (0..30).map(|number| format!("u{number:02}@localhost")).collect();
        let hats: &[(&str, &str)] = &[("urn:x:1", "T")];
        let mut members: Vec<_> = users.iter().map(|user| (user.as_str(), "member", hats)).collect();
        members.push((ANA, "owner", hats));
        server.found(ROOM, &members);
        let site = Site::of(server);
        site.done(&["pull"]);
        for user in &users {
            server.take(ROOM, user, &["urn:x:1"]);
        }
        site.run(&["pull"]).ended(5).said("held back");
        let wearers = |site: &Site| {
            let all = users.iter().filter(|user| !site.titles(ROOM, user).is_empty());
            all.count()
        };
        let first = wearers(&site);
        assert_eq!(first, 10, "20 users may lose hats within an hour");
        // Nor by many small steps, and not without having been chosen.
        site.run(&["pull"]).ended(5);
        site.run(&["apply", "--yes"]).ended(5).said("held back");
        assert_eq!(wearers(&site), first);
        assert_eq!(server.worn(ROOM).len(), 1, "what was held is not sent");
        site.done(&["pull", "--accept-removals"]);
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
            .ended(3)
            .said("did you mean \"example\"?");
        site.run(&["pull", "x@elsewhere.example"])
            .ended(1)
            .said("does not belong");
        site.done(&["pull", "--server", "example"]);
    });
}
