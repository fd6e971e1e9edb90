//! Changes in the data file, on the server, or on both sides.

use serde_json::{Value, json};

use super::site::{Site, hat};
use super::state::{Member, Titles, titles};
use super::{ANA, BOB, KINDS, OFF, ROOM, on_each_prosody};
use crate::client::Client;
use crate::pool::on_each;
use crate::server::{Kind, Server};

const ODD: &str = "書記 \"<&>' ]] \\ é\u{1f3a9} %41;x";

/// The hats of a presence, with their titles.
fn hats_in(presence: &Value) -> Titles {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let hats = presence["hats"].as_array().unwrap().iter();
    hats.map(|hat| (text(&hat["uri"]), text(&hat["title"]))).collect()
}

/// Creates a room with ana as owner and two members: bob, who has a hat, and one who is never online.
fn create_room(server: &Server) {
    let users: &[Member<'_>] = &[
        (ANA, "owner", &[]),
        (BOB, "member", &[("urn:x:old", "Old")]),
        (OFF, "member", &[]),
    ];
    server.create_room(ROOM, users);
}

/// Creates the room, and receives it into a data file.
fn pulled_site(server: &Server) -> Site {
    create_room(server);
    let site = Site::send_ask(server);
    site.run_ok(&["pull"]);
    site
}

#[test]
fn room_sees_exactly_the_sent_changes() {
    on_each(KINDS, |server| {
        server.add_account("ana");
        server.add_account("bob");
        let site = pulled_site(server);
        let mut ana = Client::join(server, "ana", ROOM);
        let mut bob = Client::join(server, "bob", ROOM);
        let muted =
            "<query xmlns='http://jabber.org/protocol/muc#admin'><item nick='bob' role='visitor'/></query>";
        assert_eq!(ana.iq(ROOM, "set", muted).0, "result");
        ana.drain_events();
        bob.drain_events();
        site.add(ROOM, BOB, "urn:x:1", ODD);
        site.add(ROOM, BOB, "urn:x:2", "Second");
        site.add(ROOM, OFF, "urn:x:1", ODD);
        // With a catalog, two entries are sent, too.
        let changes = if server.kind == Kind::Ejabberd26 { 5 } else { 3 };
        site.run(&["plan"])
            .exits(6)
            .prints(&format!("{changes} to send"))
            .prints(ODD);
        assert_eq!(server.hats_of(ROOM, OFF), titles(&[]), "a plan sends nothing");
        let ran = site.run(&["apply"]).exits(2).prints("use apply --yes");
        assert!(ran.out.contains(&format!("{changes} to send")), "{}", ran.out);
        site.run_ok(&["apply", "--yes"])
            .prints(&format!("{changes} sent"));
        let (presences, others) = presences_and_others(&mut ana);
        // ejabberd assigns one hat after another.
        let max_presences = if server.kind.is_prosody() { 1 } else { 2 };
        assert!((1..=max_presences).contains(&presences.len()), "{presences:?}");
        for presence in &presences {
            assert_eq!(presence["presence"], format!("{ROOM}/bob"));
            assert_eq!(presence["role"], "visitor");
        }
        let wanted = titles(&[("urn:x:old", "Old"), ("urn:x:1", ODD), ("urn:x:2", "Second")]);
        assert_eq!(hats_in(presences.last().unwrap()), wanted);
        // For each new entry of the catalog, ejabberd reports that the room's configuration has changed (status 104).
        let max_others = changes - 3;
        assert!(others.len() <= max_others, "{others:?}");
        assert!(
            others
                .iter()
                .all(|event| event["xml"].as_str().unwrap().contains("104"))
        );
        assert_eq!(server.hats_of(ROOM, BOB), wanted);
        assert_eq!(server.hats_of(ROOM, OFF), titles(&[("urn:x:1", ODD)]));
        let entry = &site.history()[0];
        assert_eq!(
            (entry["actor"].as_str().unwrap(), &entry["edits"]),
            ("maya", &json!([]))
        );
        assert_eq!(entry["sent"]["server"], "example");
        assert_eq!(entry["sent"]["changes"].as_array().unwrap().len(), changes);
        site.run_ok(&["history"]).prints("sent to \"example\": ");
        site.run_ok(&["plan"]).prints("No differences in 1 room");
        let before = site.file();
        site.run_ok(&["apply", "--yes"]).prints("nothing to do");
        assert_eq!(site.file(), before);
        assert_eq!(presences_and_others(&mut ana), (Vec::new(), Vec::new()));

        // One change of a user causes one presence, and a change of a user who is offline causes none.
        site.run_ok(&["remove", ROOM, BOB, "urn:x:2"]);
        site.add(ROOM, OFF, "urn:x:2", "Second");
        site.run_ok(&["apply", "--yes"]).prints("2 sent");
        let (presences, others) = presences_and_others(&mut ana);
        assert_eq!(
            (presences.len(), others.len()),
            (1, 0),
            "{presences:?} {others:?}"
        );
        assert_eq!(presences[0]["presence"], format!("{ROOM}/bob"));
        assert_eq!(presences[0]["role"], "visitor");
        assert_eq!(
            hats_in(&presences[0]),
            titles(&[("urn:x:old", "Old"), ("urn:x:1", ODD)])
        );
        assert_eq!(
            server.hats_of(ROOM, OFF),
            titles(&[("urn:x:1", ODD), ("urn:x:2", "Second")])
        );
    });
}

/// Removes the events of a client so far. Returns the presences, and the other events.
fn presences_and_others(client: &mut Client) -> (Vec<Value>, Vec<Value>) {
    let events = client.drain_events().into_iter();
    events.partition(|event| event.get("presence").is_some())
}

#[test]
fn hat_changes_on_the_server_are_received() {
    on_each(KINDS, |server| {
        server.add_account("ana");
        let site = pulled_site(server);
        let mut ana = Client::join(server, "ana", ROOM);
        server.add_hats(ROOM, BOB, &[("urn:x:old", "New title"), ("urn:x:3", ODD)]);
        server.add_hats(ROOM, OFF, &[("urn:x:3", ODD)]);
        ana.drain_events();
        site.run(&["plan"]).exits(6).prints("to receive");
        let before = server.all_hats(ROOM);
        site.run_ok(&["pull"]).prints("received");
        assert_eq!(
            site.titles(ROOM, BOB),
            titles(&[("urn:x:old", "New title"), ("urn:x:3", ODD)])
        );
        assert_eq!(site.titles(ROOM, OFF), titles(&[("urn:x:3", ODD)]));
        assert_eq!(site.history()[0]["actor"], "server:example");
        assert_eq!(server.all_hats(ROOM), before, "the server is not changed");
        assert_eq!(presences_and_others(&mut ana), (Vec::new(), Vec::new()));
        site.run_ok(&["plan"]).prints("No differences");
    });
}

#[test]
fn all_changes_on_prosody_are_received() {
    on_each_prosody(|server| {
        server.add_account("ana");
        let site = pulled_site(server);
        let mut ana = Client::join(server, "ana", ROOM);
        server.set_user_silently(
            ROOM,
            BOB,
            "admin",
            &json!({"urn:x:old": hat("New title"), "urn:x:3": {"title": ODD, "required": true}}),
        );
        server.set_user_silently(ROOM, "eve@localhost", "member", &json!({"urn:x:3": hat("T")}));
        server.set_user_silently(ROOM, OFF, "member", &json!({}));
        ana.drain_events();
        site.run(&["plan"]).exits(6).prints("to receive");
        site.run_ok(&["pull"]).prints("received");
        assert_eq!(
            site.hats(ROOM, BOB),
            json!({"urn:x:old": hat("New title"), "urn:x:3": {"required": true, "title": ODD}})
        );
        let users = &site.file()["rooms"][ROOM]["users"];
        assert_eq!(users[BOB]["affiliation"], "admin");
        assert_eq!(users["eve@localhost"]["affiliation"], "member");
        let entry = &site.history()[0];
        assert_eq!(entry["actor"], "server:example");
        assert!(ana.drain_presences().is_empty(), "nothing is sent to the room");
        site.run_ok(&["plan"]).prints("No differences");
    });
}

#[test]
fn independent_changes_of_both_sides_are_merged() {
    on_each(KINDS, |server| {
        let site = pulled_site(server);
        site.add(ROOM, BOB, "urn:x:here", "Here");
        site.run_ok(&["remove", ROOM, BOB, "urn:x:old"]);
        server.add_hats(ROOM, BOB, &[("urn:x:there", "There")]);
        // With a catalog, an entry is sent and another is received, too.
        let counts = if server.kind == Kind::Ejabberd26 {
            "3 sent, 2 received"
        } else {
            "2 sent, 1 received"
        };
        site.run_ok(&["apply", "--yes"]).prints(counts);
        let both = titles(&[("urn:x:here", "Here"), ("urn:x:there", "There")]);
        assert_eq!(site.titles(ROOM, BOB), both);
        assert_eq!(server.hats_of(ROOM, BOB), both);
        site.run_ok(&["plan"]).prints("No differences");
    });
}

#[test]
fn conflict_stays_until_a_side_is_chosen() {
    for (side, title) in [("local", "Mine"), ("server", "Theirs")] {
        on_each(KINDS, |server| {
            let site = pulled_site(server);
            if server.kind == Kind::Ejabberd26 {
                site.run_ok(&["catalog", "define", ROOM, "urn:x:old", "--title", "Mine"]);
            } else {
                site.add(ROOM, BOB, "urn:x:old", "Mine");
            }
            server.add_hats(ROOM, BOB, &[("urn:x:old", "Theirs")]);
            let hats = |title| titles(&[("urn:x:old", title)]);
            for command in [&["pull"][..], &["plan"], &["apply", "--yes"]] {
                site.run(command).exits(5).prints("conflict");
                assert_eq!(site.titles(ROOM, BOB), hats("Mine"));
                assert_eq!(server.hats_of(ROOM, BOB), hats("Theirs"));
            }
            site.run_ok(&["apply", "--yes", "--prefer", side]);
            assert_eq!(site.titles(ROOM, BOB), hats(title));
            assert_eq!(server.hats_of(ROOM, BOB), hats(title));
            site.run_ok(&["plan"]).prints("No differences");
        });
    }
}

#[test]
fn first_comparison_deletes_nothing() {
    on_each(KINDS, |server| {
        create_room(server);
        let site = Site::send_ask(server);
        site.run_ok(&["room", "add", ROOM]);
        for user in [BOB, "zoe@localhost"] {
            site.affiliate(ROOM, user, "member");
        }
        site.add(ROOM, BOB, "urn:x:here", "Here");
        site.add(ROOM, "zoe@localhost", "urn:x:zoe", "Zoe is not there");
        site.run(&["plan"]).exits(6).prints("First comparison");
        site.run_ok(&["apply", "--yes"]);
        let both = titles(&[("urn:x:old", "Old"), ("urn:x:here", "Here")]);
        assert_eq!(site.titles(ROOM, BOB), both);
        assert_eq!(server.hats_of(ROOM, BOB), both);
        let zoes = titles(&[("urn:x:zoe", "Zoe is not there")]);
        assert_eq!(site.titles(ROOM, "zoe@localhost"), zoes);
        assert_eq!(
            server.all_hats(ROOM).into_keys().collect::<Vec<_>>(),
            [BOB],
            "a user without an affiliation on the server gets no hat"
        );
        // Only ejabberd can store hats of users without an affiliation.
        let code = if server.kind.is_prosody() { 0 } else { 6 };
        site.run(&["plan"])
            .exits(code)
            .prints("left out")
            .prints("not affiliated");
    });
}

#[test]
fn last_hat_can_be_removed_on_either_side() {
    on_each(KINDS, |server| {
        server.add_account("bob");
        let site = pulled_site(server);
        let mut bob = Client::join(server, "bob", ROOM);
        site.run_ok(&["remove", ROOM, BOB, "urn:x:old"]);
        site.run_ok(&["apply", "--yes"]).prints("1 sent");
        let seen = bob.drain_presences();
        assert_eq!(seen.len(), 1);
        assert_eq!(seen[0]["hats"], json!([]));
        assert_eq!(server.all_hats(ROOM).len(), 0);
        server.add_hats(ROOM, BOB, &[("urn:x:there", "There")]);
        site.run_ok(&["pull"]).prints("received");
        assert_eq!(site.titles(ROOM, BOB), titles(&[("urn:x:there", "There")]));
        server.remove_hats(ROOM, BOB, &["urn:x:there"]);
        site.run_ok(&["pull"]).prints("1 received");
        assert_eq!(site.titles(ROOM, BOB), titles(&[]));
    });
}

#[test]
fn restricted_sessions_see_and_change_only_their_rooms() {
    on_each_prosody(|server| {
        let site = pulled_site(server);
        let other = "other@conference.localhost";
        server.create_prosody_room(other, &json!([[BOB, "member", {"urn:x:1": hat("Secret")}]]));
        let run_restricted = |arguments: &[&str], restriction: &[&str]| {
            let mut command = site.command(&[]);
            command.args(restriction).args(arguments);
            let output = command.output().unwrap();
            let text = [output.stdout, output.stderr].concat();
            (output.status.code().unwrap(), String::from_utf8(text).unwrap())
        };
        let only_room = ["--room", ROOM];
        let (code, text) = run_restricted(&["plan"], &only_room);
        assert!(code == 0 && !text.contains("other"), "{text}");
        let (code, text) = run_restricted(&["pull", other], &only_room);
        assert!(code != 0 && text.contains("restricted"), "{text}");
        run_restricted(&["pull"], &only_room);
        assert_eq!(site.file()["rooms"][other], Value::Null);
        site.add(ROOM, BOB, "urn:x:1", "Here");
        let (code, text) = run_restricted(&["plan"], &["--read-only"]);
        assert!(code == 6 && text.contains("1 to send"), "{text}");
        for command in [&["apply", "--yes"][..], &["pull"]] {
            let (code, text) = run_restricted(command, &["--read-only"]);
            assert!(code == 1 && text.contains("read-only"), "{text}");
        }
        assert_eq!(server.prosody_hats(ROOM, BOB), json!({"urn:x:old": hat("Old")}));
        let (code, text) = run_restricted(&["apply", "--yes"], &only_room);
        assert_eq!(code, 0, "{text}");
        assert_eq!(
            server.prosody_hats(ROOM, BOB),
            json!({"urn:x:old": hat("Old"), "urn:x:1": hat("Here")})
        );
    });
}
