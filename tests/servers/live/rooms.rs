//! New rooms, destroyed rooms, data files restored from a backup, removals from many users, and servers that cannot be
//! used.

use serde_json::{Value, json};

use super::site::{Site, hat, prosody_section};
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
        // A room that was removed from the data file is received again only on request.
        site.run_ok(&["room", "remove", HIDDEN]);
        site.run_ok(&["pull"]);
        assert_eq!(site.file()["rooms"][HIDDEN], Value::Null);
        site.run_ok(&["plan"]).prints("removed here");
        site.run_ok(&["pull", HIDDEN]);
        assert_eq!(site.file()["rooms"][HIDDEN]["name"], "Staff");
    });
}

/// Creates a room in which bob has a hat, and receives the room into a data file.
fn pulled_site(server: &Server) -> Site {
    let users: &[Member<'_>] = &[(ANA, "owner", &[]), (BOB, "member", &[("urn:x:1", "T")])];
    server.create_room(ROOM, users);
    let site = Site::send_ask(server);
    site.run_ok(&["pull"]);
    site
}

#[test]
fn recreated_room_gets_no_old_hats_and_the_data_file_loses_none() {
    for has_noticed in [true, false] {
        on_each(KINDS, |server| {
            // This is the only room of its server, and ejabberd offers the commands only in rooms.
            let site = pulled_site(server);
            site.add(ROOM, BOB, "urn:x:2", "Sent to the old one only");
            let before = site.file();
            server.destroy_room(ROOM);
            if has_noticed {
                for command in [&["plan"][..], &["apply", "--yes"], &["pull"]] {
                    site.run(command);
                    assert!(!server.has_room(ROOM), "hatrack creates no room on a server");
                }
                site.run(&["plan"]).prints("no longer on the server");
                assert_eq!(site.file()["rooms"], before["rooms"]);
            }
            server.delete_tombstone(ROOM);
            // On ejabberd, nothing distinguishes a room from an earlier one with the same address. So if hatrack has
            // not noticed that the room was gone, the new room must have no user in common with the old one.
            let users: &[Member<'_>] = &[("carol@localhost", "owner", &[]), (BOB, "member", &[])];
            let may_keep_users = server.kind.is_prosody() || has_noticed;
            server.create_room(ROOM, if may_keep_users { users } else { &users[..1] });
            site.run(&["plan"]).prints("First comparison");
            site.run(&["pull"]);
            assert_eq!(
                site.titles(ROOM, BOB),
                titles(&[("urn:x:1", "T"), ("urn:x:2", "Sent to the old one only")]),
                "the data file loses nothing"
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
    for has_later_commit in [false, true] {
        on_each(KINDS, |server| {
            let site = pulled_site(server);
            let backup = std::fs::read(site.path("hats.json")).unwrap();
            site.run_ok(&["remove", ROOM, BOB, "urn:x:1"]);
            site.add(ROOM, BOB, "urn:x:2", "New");
            site.run_ok(&["apply", "--yes"]);
            let new = titles(&[("urn:x:2", "New")]);
            assert_eq!(server.hats_of(ROOM, BOB), new);
            std::fs::write(site.path("hats.json"), backup).unwrap();
            if has_later_commit {
                // With this commit, the revision of the file is no longer older than that of the base.
                site.add(ROOM, ANA, "urn:x:3", "Since");
            }
            site.run(&["plan"]).prints(if has_later_commit {
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
        let count_users_with_hats = |site: &Site| {
            let all = users.iter().filter(|user| !site.titles(ROOM, user).is_empty());
            all.count()
        };
        let count = count_users_with_hats(&site);
        assert_eq!(count, 10, "20 users may lose hats within an hour");
        // Further commands receive no more of these removals unless they are accepted.
        site.run(&["pull"]).exits(5);
        site.run(&["apply", "--yes"]).exits(5).prints("held back");
        assert_eq!(count_users_with_hats(&site), count);
        assert_eq!(
            server.all_hats(ROOM).len(),
            1,
            "removals that are held back are not undone on the server"
        );
        site.run_ok(&["pull", "--accept-removals"]);
        assert_eq!(count_users_with_hats(&site), 0);
        site.run_ok(&["plan"]).prints("No differences");
    });
}

#[test]
fn unusable_server_is_one_line_and_others_are_pulled() {
    on_each_prosody(|server| {
        server.create_prosody_room(ROOM, &json!([[ANA, "owner"]]));
        let config = format!(
            "{}{}",
            prosody_section("broken", "rooms.example.net", "/nonexistent/prosody.sock"),
            prosody_section("example", SERVICE, &server.socket().display().to_string())
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
