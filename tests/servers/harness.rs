//! The stage itself: each server starts, answers, stops and is killed, and clients see what is set by its own means.

use std::io::Write as _;
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::json;

use crate::client::Client;
use crate::pool::{on_each, on_each_new};
use crate::server::Kind;

const ROOM: &str = "courses@conference.localhost";

#[test]
fn servers_start_stop_and_restart() {
    on_each_new(&Kind::ALL, |server| {
        server.user("ana");
        drop(Client::login(server, "ana"));
        server.stop();
        server.begin();
        server.restart();
        drop(Client::login(server, "ana"));
    });
}

#[test]
fn client_sees_prosody_hats() {
    on_each(&Kind::PROSODY, |server| {
        server.user("ana");
        let hats =
            json!({"urn:x:1": {"active": true, "title": "書記 \"<&>\" é"}, "urn:x:2": {"title": "off"}});
        server.make_room(
            ROOM,
            &json!([["ana@localhost", "owner", hats], ["bob@localhost", "member"]]),
        );
        assert_eq!(
            server.stored(ROOM, "ana@localhost"),
            json!(["owner", {"hats": hats}])
        );
        assert_eq!(server.stored(ROOM, "carol@localhost"), json!([false, false]));
        let mut ana = Client::login(server, "ana");
        ana.order(&json!({"join": ROOM, "nick": "ana"}));
        let own = ana.until(|told| told["presence"] == json!(format!("{ROOM}/ana")));
        assert_eq!(own["hats"][0]["title"], "書記 \"<&>\" é", "{own}");
        assert_eq!(own["hats"].as_array().unwrap().len(), 1);
    });
}

#[test]
fn ejabberd_api_answers() {
    on_each(&Kind::EJABBERD, |server| {
        let room = json!({"name": "courses", "service": "conference.localhost", "host": "localhost"});
        server.api("create_room", &room);
        let rooms = server.api("muc_online_rooms", &json!({"service": "conference.localhost"}));
        assert_eq!(rooms, json!([ROOM]));
    });
}

#[test]
fn servers_present_their_certificates() {
    on_each(&Kind::ALL, |server| {
        let kind = server.kind;
        let output = Command::new("openssl")
            .args([
                "s_client",
                "-verify_return_error",
                "-verify_hostname",
                "localhost",
                "-connect",
            ])
            .arg(format!("127.0.0.1:{}", server.ports.tls))
            .arg("-CAfile")
            .arg(server.certificate())
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(said.contains("Verify return code: 0 (ok)"), "{kind:?}: {said}");
    });
}

#[test]
fn paused_server_answers_after_resume() {
    on_each(&Kind::PROSODY, |server| {
        let kind = server.kind;
        server.freeze();
        let mut words = server.prosodyctl().into_iter();
        let mut shell = Command::new(words.next().unwrap())
            .args(words)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        writeln!(shell.stdin.take().unwrap(), "> 20 + 3").unwrap();
        std::thread::sleep(Duration::from_millis(300));
        assert!(shell.try_wait().unwrap().is_none(), "{kind:?}: it waits");
        server.thaw();
        let output = shell.wait_with_output().unwrap();
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(said.contains("| Result: 23"), "{kind:?}: {said}");
    });
}

#[test]
fn clients_join_room_and_one_is_muted() {
    on_each(&Kind::ALL, |server| {
        let kind = server.kind;
        server.user("ana");
        server.user("bob");
        let mut ana = Client::join(server, "ana", ROOM);
        // ejabberd makes the room as its first occupant likes it; Prosody waits for that.
        let submitted = "<query xmlns='http://jabber.org/protocol/muc#owner'><x xmlns='jabber:x:data' type='submit'/></query>";
        assert_eq!(ana.iq(ROOM, "set", submitted).0, "result", "{kind:?}");
        let mut bob = Client::join(server, "bob", ROOM);
        assert_eq!(ana.presences().last().unwrap()["role"], "participant", "{kind:?}");
        let muted =
            "<query xmlns='http://jabber.org/protocol/muc#admin'><item nick='bob' role='visitor'/></query>";
        assert_eq!(ana.iq(ROOM, "set", muted).0, "result", "{kind:?}");
        let seen = bob.presences();
        assert_eq!(seen.len(), 1, "{kind:?}: {seen:?}");
        assert_eq!(seen[0]["role"], "visitor");
    });
}
