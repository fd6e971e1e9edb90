//! What is changed here, there, or on both sides.

use serde_json::{Value, json};

use super::site::{Site, hat};
use super::state::{Member, Titles, titles};
use super::{ANA, BOB, KINDS, OFF, ROOM, each};
use crate::client::Client;
use crate::pool::on_each;
use crate::server::{Kind, Server};

const ODD: &str = "書記 \"<&>' ]] \\ é\u{1f3a9} %41;x";

/// The hats of a presence, with their titles.
fn seen(presence: &Value) -> Titles {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let hats = presence["hats"].as_array().unwrap().iter();
    hats.map(|hat| (text(&hat["uri"]), text(&hat["title"]))).collect()
}

/// A room with an owner, a member and one who is never online; bob has a hat.
fn room(server: &Server) {
    let users: &[Member<'_>] = &[
        (ANA, "owner", &[]),
        (BOB, "member", &[("urn:x:old", "Old")]),
        (OFF, "member", &[]),
    ];
    server.found(ROOM, users);
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
    on_each(KINDS, |server| {
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
        site.add(ROOM, OFF, "urn:x:1", ODD);
        // Two entries of the catalog, too.
        let changes = if server.kind == Kind::Ejabberd26 { 5 } else { 3 };
        site.run(&["plan"])
            .ended(6)
            .said(&format!("{changes} to send"))
            .said(ODD);
        assert_eq!(server.worn_by(ROOM, OFF), titles(&[]), "a plan sends nothing");
        let ran = site.run(&["apply"]).ended(2).said("use apply --yes");
        assert!(ran.out.contains(&format!("{changes} to send")), "{}", ran.out);
        site.done(&["apply", "--yes"]).said(&format!("{changes} sent"));
        let (presences, others) = heard(&mut ana);
        // ejabberd gives one hat after the other.
        let most = if server.kind.is_prosody() { 1 } else { 2 };
        assert!((1..=most).contains(&presences.len()), "{presences:?}");
        for presence in &presences {
            assert_eq!(presence["presence"], format!("{ROOM}/bob"));
            assert_eq!(presence["role"], "visitor");
        }
        let wanted = titles(&[("urn:x:old", "Old"), ("urn:x:1", ODD), ("urn:x:2", "Second")]);
        assert_eq!(seen(presences.last().unwrap()), wanted);
        // The newer ejabberd tells that the room's configuration has changed: the catalog.
        let most = changes - 3;
        assert!(others.len() <= most, "{others:?}");
        assert!(
            others
                .iter()
                .all(|told| told["xml"].as_str().unwrap().contains("104"))
        );
        assert_eq!(server.worn_by(ROOM, BOB), wanted);
        assert_eq!(server.worn_by(ROOM, OFF), titles(&[("urn:x:1", ODD)]));
        let entry = &site.history()[0];
        assert_eq!(
            (entry["actor"].as_str().unwrap(), &entry["edits"]),
            ("maya", &json!([]))
        );
        assert_eq!(entry["sent"]["server"], "example");
        assert_eq!(entry["sent"]["changes"].as_array().unwrap().len(), changes);
        site.done(&["history"]).said("sent to \"example\": ");
        site.done(&["plan"]).said("No differences in 1 room");
        let before = site.file();
        site.done(&["apply", "--yes"]).said("nothing to do");
        assert_eq!(site.file(), before);
        assert_eq!(heard(&mut ana), (Vec::new(), Vec::new()));

        // One change of a user is one presence, and nobody hears of a user who is offline.
        site.done(&["remove", ROOM, BOB, "urn:x:2"]);
        site.add(ROOM, OFF, "urn:x:2", "Second");
        site.done(&["apply", "--yes"]).said("2 sent");
        let (presences, others) = heard(&mut ana);
        assert_eq!(
            (presences.len(), others.len()),
            (1, 0),
            "{presences:?} {others:?}"
        );
        assert_eq!(presences[0]["presence"], format!("{ROOM}/bob"));
        assert_eq!(presences[0]["role"], "visitor");
        assert_eq!(
            seen(&presences[0]),
            titles(&[("urn:x:old", "Old"), ("urn:x:1", ODD)])
        );
        assert_eq!(
            server.worn_by(ROOM, OFF),
            titles(&[("urn:x:1", ODD), ("urn:x:2", "Second")])
        );
    });
}

/// What a client was told until now: presences, and the rest.
fn heard(client: &mut Client) -> (Vec<Value>, Vec<Value>) {
    let told = client.settle().into_iter();
    told.partition(|told| told.get("presence").is_some())
}

#[test]
fn changes_of_hats_on_the_server_come_in() {
    on_each(KINDS, |server| {
        server.user("ana");
        let site = known(server);
        let mut ana = Client::join(server, "ana", ROOM);
        server.give(ROOM, BOB, &[("urn:x:old", "New title"), ("urn:x:3", ODD)]);
        server.give(ROOM, OFF, &[("urn:x:3", ODD)]);
        ana.settle();
        site.run(&["plan"]).ended(6).said("to receive");
        let there = server.worn(ROOM);
        site.done(&["pull"]).said("received");
        assert_eq!(
            site.titles(ROOM, BOB),
            titles(&[("urn:x:old", "New title"), ("urn:x:3", ODD)])
        );
        assert_eq!(site.titles(ROOM, OFF), titles(&[("urn:x:3", ODD)]));
        assert_eq!(site.history()[0]["actor"], "server:example");
        assert_eq!(server.worn(ROOM), there, "the server is not touched");
        assert_eq!(heard(&mut ana), (Vec::new(), Vec::new()));
        site.done(&["plan"]).said("No differences");
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
    on_each(KINDS, |server| {
        let site = known(server);
        site.add(ROOM, BOB, "urn:x:here", "Here");
        site.done(&["remove", ROOM, BOB, "urn:x:old"]);
        server.give(ROOM, BOB, &[("urn:x:there", "There")]);
        // The entries of the catalog, too.
        let done = if server.kind == Kind::Ejabberd26 {
            "3 sent, 2 received"
        } else {
            "2 sent, 1 received"
        };
        site.done(&["apply", "--yes"]).said(done);
        let both = titles(&[("urn:x:here", "Here"), ("urn:x:there", "There")]);
        assert_eq!(site.titles(ROOM, BOB), both);
        assert_eq!(server.worn_by(ROOM, BOB), both);
        site.done(&["plan"]).said("No differences");
    });
}

#[test]
fn a_conflict_stays_until_somebody_chooses() {
    for (side, title) in [("local", "Mine"), ("server", "Theirs")] {
        on_each(KINDS, |server| {
            let site = known(server);
            if server.kind == Kind::Ejabberd26 {
                site.done(&["catalog", "define", ROOM, "urn:x:old", "--title", "Mine"]);
            } else {
                site.add(ROOM, BOB, "urn:x:old", "Mine");
            }
            server.give(ROOM, BOB, &[("urn:x:old", "Theirs")]);
            let hats = |title| titles(&[("urn:x:old", title)]);
            for command in [&["pull"][..], &["plan"], &["apply", "--yes"]] {
                site.run(command).ended(5).said("conflict");
                assert_eq!(site.titles(ROOM, BOB), hats("Mine"));
                assert_eq!(server.worn_by(ROOM, BOB), hats("Theirs"));
            }
            site.done(&["apply", "--yes", "--prefer", side]);
            assert_eq!(site.titles(ROOM, BOB), hats(title));
            assert_eq!(server.worn_by(ROOM, BOB), hats(title));
            site.done(&["plan"]).said("No differences");
        });
    }
}

#[test]
fn the_first_comparison_deletes_nothing() {
    on_each(KINDS, |server| {
        room(server);
        let site = Site::of(server);
        site.done(&["room", "add", ROOM]);
        for user in [BOB, "zoe@localhost"] {
            site.affiliate(ROOM, user, "member");
        }
        site.add(ROOM, BOB, "urn:x:here", "Here");
        site.add(ROOM, "zoe@localhost", "urn:x:zoe", "Zoe is not there");
        site.run(&["plan"]).ended(6).said("First comparison");
        site.done(&["apply", "--yes"]);
        let both = titles(&[("urn:x:old", "Old"), ("urn:x:here", "Here")]);
        assert_eq!(site.titles(ROOM, BOB), both);
        assert_eq!(server.worn_by(ROOM, BOB), both);
        let zoes = titles(&[("urn:x:zoe", "Zoe is not there")]);
        assert_eq!(site.titles(ROOM, "zoe@localhost"), zoes);
        assert_eq!(
            server.worn(ROOM).into_keys().collect::<Vec<_>>(),
            [BOB],
            "a user who is not there gets nothing"
        );
        // Only ejabberd could hold it.
        let offered = if server.kind.is_prosody() { 0 } else { 6 };
        site.run(&["plan"])
            .ended(offered)
            .said("left out")
            .said("not affiliated");
    });
}

#[test]
fn the_last_hat_is_removed_on_either_side() {
    on_each(KINDS, |server| {
        server.user("bob");
        let site = known(server);
        let mut bob = Client::join(server, "bob", ROOM);
        site.done(&["remove", ROOM, BOB, "urn:x:old"]);
        site.done(&["apply", "--yes"]).said("1 sent");
        let told = bob.presences();
        assert_eq!(told.len(), 1);
        assert_eq!(told[0]["hats"], json!([]));
        assert_eq!(server.worn(ROOM).len(), 0);
        server.give(ROOM, BOB, &[("urn:x:there", "There")]);
        site.done(&["pull"]).said("received");
        assert_eq!(site.titles(ROOM, BOB), titles(&[("urn:x:there", "There")]));
        server.take(ROOM, BOB, &["urn:x:there"]);
        site.done(&["pull"]).said("1 received");
        assert_eq!(site.titles(ROOM, BOB), titles(&[]));
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
