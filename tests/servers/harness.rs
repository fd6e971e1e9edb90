//! Tests of the setup that the other tests use: servers start, answer, stop and are killed, and clients see what is set
//! without hatrack.

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
        server.add_account("ana");
        drop(Client::login(server, "ana"));
        server.stop();
        server.launch();
        server.restart();
        drop(Client::login(server, "ana"));
    });
}

#[test]
fn client_sees_prosody_hats() {
    on_each(&Kind::PROSODY, |server| {
        server.add_account("ana");
        let hats =
            json!({"urn:x:1": {"active": true, "title": "書記 \"<&>\" é"}, "urn:x:2": {"title": "off"}});
        server.create_prosody_room(
            ROOM,
            &json!([["ana@localhost", "owner", hats], ["bob@localhost", "member"]]),
        );
        assert_eq!(
            server.stored(ROOM, "ana@localhost"),
            json!(["owner", {"hats": hats}])
        );
        assert_eq!(server.stored(ROOM, "carol@localhost"), json!([false, false]));
        let mut ana = Client::login(server, "ana");
        ana.send_order(&json!({"join": ROOM, "nick": "ana"}));
        let own = ana.wait_for(|event| event["presence"] == json!(format!("{ROOM}/ana")));
        assert_eq!(own["hats"][0]["title"], "書記 \"<&>\" é", "{own}");
        assert_eq!(own["hats"].as_array().unwrap().len(), 1);
    });
}

#[test]
fn ejabberd_api_answers() {
    on_each(&Kind::EJABBERD, |server| {
        let room = json!({"name": "courses", "service": "conference.localhost", "host": "localhost"});
        server.call_api("create_room", &room);
        let rooms = server.call_api("muc_online_rooms", &json!({"service": "conference.localhost"}));
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
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(text.contains("Verify return code: 0 (ok)"), "{kind:?}: {text}");
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
        assert!(
            shell.try_wait().unwrap().is_none(),
            "{kind:?}: the shell ended while the server was paused"
        );
        server.thaw();
        let output = shell.wait_with_output().unwrap();
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(text.contains("| Result: 23"), "{kind:?}: {text}");
    });
}

#[test]
fn clients_join_room_and_one_is_muted() {
    on_each(&Kind::ALL, |server| {
        let kind = server.kind;
        server.add_account("ana");
        server.add_account("bob");
        let mut ana = Client::join(server, "ana", ROOM);
        // The owner submits the default configuration: Prosody locks a new room until then.
        let submitted = "<query xmlns='http://jabber.org/protocol/muc#owner'><x xmlns='jabber:x:data' type='submit'/></query>";
        assert_eq!(ana.iq(ROOM, "set", submitted).0, "result", "{kind:?}");
        let mut bob = Client::join(server, "bob", ROOM);
        assert_eq!(
            ana.drain_presences().last().unwrap()["role"],
            "participant",
            "{kind:?}"
        );
        let muted =
            "<query xmlns='http://jabber.org/protocol/muc#admin'><item nick='bob' role='visitor'/></query>";
        assert_eq!(ana.iq(ROOM, "set", muted).0, "result", "{kind:?}");
        let seen = bob.drain_presences();
        assert_eq!(seen.len(), 1, "{kind:?}: {seen:?}");
        assert_eq!(seen[0]["role"], "visitor");
    });
}
