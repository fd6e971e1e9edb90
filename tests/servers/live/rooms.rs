//! Rooms that come, go, and are found for the first time; files that are put back; many removals at once.

use serde_json::{Value, json};

use super::site::{Site, entry, hat};
use super::state::{Member, titles};
use super::{ANA, BOB, KINDS, ROOM, on_each_prosody};
use crate::pool::on_each;
use crate::prosody::SERVICE;
use crate::server::Server;

const HIDDEN: &str = "staff@conference.localhost";

#[test]
fn first_pull_receives_all_rooms_including_hidden_ones() {
    on_each_prosody(|server| {
        let odd = json!({"urn:x:1": {"title": "書記 \"<&>\" é", "required": true}, "urn:x:2": hat("T")});
        server.create_prosody_room(ROOM, &json!([[ANA, "owner"], [BOB, "member", odd]]));
        server.create_prosody_room(HIDDEN, &json!([[ANA, "owner", {"urn:x:2": hat("T")}]]));
        server.lua_room(
            HIDDEN,
            "r:set_hidden(true); r:set_name('Staff'); return tostring(r:save(true))",
        );
        let site = Site::send_ask(server);
        site.run(&["plan"]).exits(0).prints("only on the server");
        assert!(!site.path("hats.json").exists());
        site.run_ok(&["pull"]).prints("received");
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
        let ran = site.run_ok(&["pull"]).prints("nothing to do");
        assert!(!ran.out.contains("received"), "{}", ran.out);
        assert_eq!(site.file(), file);
        // Removed here, it stays away until somebody asks for it.
        site.run_ok(&["room", "remove", HIDDEN]);
        site.run_ok(&["pull"]);
        assert_eq!(site.file()["rooms"][HIDDEN], Value::Null);
        site.run_ok(&["plan"]).prints("removed here");
        site.run_ok(&["pull", HIDDEN]);
        assert_eq!(site.file()["rooms"][HIDDEN]["name"], "Staff");
    });
}

/// A room that is known on both sides, in which bob has a hat.
fn pulled_site(server: &Server) -> Site {
    let users: &[Member<'_>] = &[(ANA, "owner", &[]), (BOB, "member", &[("urn:x:1", "T")])];
    server.create_room(ROOM, users);
    let site = Site::send_ask(server);
    site.run_ok(&["pull"]);
    site
}

#[test]
fn recreated_room_gets_no_old_hats_and_the_data_file_loses_none() {
    for seen_gone in [true, false] {
        on_each(KINDS, |server| {
            // The only room of its server: ejabberd has commands in rooms only.
            let site = pulled_site(server);
            site.add(ROOM, BOB, "urn:x:2", "Sent to the old one only");
            let before = site.file();
            server.destroy_room(ROOM);
            if seen_gone {
                for command in [&["plan"][..], &["apply", "--yes"], &["pull"]] {
                    site.run(command);
                    assert!(!server.has_room(ROOM), "nothing makes a room on a server");
                }
                site.run(&["plan"]).prints("no longer on the server");
                assert_eq!(site.file()["rooms"], before["rooms"]);
            }
            server.delete_tombstone(ROOM);
            // ejabberd has no mark by which a room is told from another: nothing that was there is there.
            let users: &[Member<'_>] = &[("carol@localhost", "owner", &[]), (BOB, "member", &[])];
            let same = server.kind.is_prosody() || seen_gone;
            server.create_room(ROOM, if same { users } else { &users[..1] });
            site.run(&["plan"]).prints("First comparison");
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
            assert_eq!(server.all_hats(ROOM).len(), 0, "a pull sends nothing");
        });
    }
}

#[test]
fn unknown_room_is_not_found() {
    on_each_prosody(|server| {
        let site = pulled_site(server);
        for command in ["plan", "pull", "apply"] {
            site.run(&[command, "nowhere@conference.localhost"])
                .exits(3)
                .prints("no room nowhere@conference.localhost in the data file or on the server \"example\"");
        }
    });
}

#[test]
fn old_state_from_a_restored_backup_is_not_sent() {
    for committed_since in [false, true] {
        on_each(KINDS, |server| {
            let site = pulled_site(server);
            let backup = std::fs::read(site.path("hats.json")).unwrap();
            site.run_ok(&["remove", ROOM, BOB, "urn:x:1"]);
            site.add(ROOM, BOB, "urn:x:2", "New");
            site.run_ok(&["apply", "--yes"]);
            let new = titles(&[("urn:x:2", "New")]);
            assert_eq!(server.hats_of(ROOM, BOB), new);
            std::fs::write(site.path("hats.json"), backup).unwrap();
            if committed_since {
                // The file's revision is above that of the base again.
                site.add(ROOM, ANA, "urn:x:3", "Since");
            }
            site.run(&["plan"]).prints(if committed_since {
                "First comparison:"
            } else {
                "older than the last known state"
            });
            site.run(&["pull"]);
            assert_eq!(site.titles(ROOM, BOB)["urn:x:2"], "New");
            assert_eq!(server.hats_of(ROOM, BOB), new);
        });
    }
}

#[test]
fn removals_from_many_users_are_held_back() {
    on_each(KINDS, |server| {
        let users: Vec<String> = (0..30).map(|number| format!("u{number:02}@localhost")).collect();
        let hats: &[(&str, &str)] = &[("urn:x:1", "T")];
        let mut members: Vec<_> = users.iter().map(|user| (user.as_str(), "member", hats)).collect();
        members.push((ANA, "owner", hats));
        server.create_room(ROOM, &members);
        let site = Site::send_ask(server);
        site.run_ok(&["pull"]);
        for user in &users {
            server.remove_hats(ROOM, user, &["urn:x:1"]);
        }
        site.run(&["pull"]).exits(5).prints("held back");
        let wearers = |site: &Site| {
            let all = users.iter().filter(|user| !site.titles(ROOM, user).is_empty());
            all.count()
        };
        let first = wearers(&site);
        assert_eq!(first, 10, "20 users may lose hats within an hour");
        // Nor by many small steps, and not without having been chosen.
        site.run(&["pull"]).exits(5);
        site.run(&["apply", "--yes"]).exits(5).prints("held back");
        assert_eq!(wearers(&site), first);
        assert_eq!(server.all_hats(ROOM).len(), 1, "what was held is not sent");
        site.run_ok(&["pull", "--accept-removals"]);
        assert_eq!(wearers(&site), 0);
        site.run_ok(&["plan"]).prints("No differences");
    });
}

#[test]
fn unusable_server_is_one_line_and_others_are_pulled() {
    on_each_prosody(|server| {
        server.create_prosody_room(ROOM, &json!([[ANA, "owner"]]));
        let config = format!(
            "{}{}",
            entry("broken", "rooms.example.net", "/nonexistent/prosody.sock"),
            entry("example", SERVICE, &server.socket().display().to_string())
        );
        let site = Site::with(&config);
        let ran = site
            .run(&["pull"])
            .exits(1)
            .prints("broken: ")
            .prints("/nonexistent/prosody.sock");
        assert_eq!(ran.err.lines().count(), 1, "{}", ran.err);
        assert_eq!(site.file()["rooms"][ROOM]["users"][ANA]["affiliation"], "owner");
        site.run(&["plan", "--server", "exampel"])
            .exits(3)
            .prints("did you mean \"example\"?");
        site.run(&["pull", "x@elsewhere.example"])
            .exits(1)
            .prints("does not belong");
        site.run_ok(&["pull", "--server", "example"]);
    });
}
