//! If a login with a password command was refused, other sessions of the account do not repeat it until someone checks
//! the server, reconnects, or changes the configuration.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::channel;
use std::time::Duration;

use hatrack::server::{
    Account, CommandLine, PasswordSource, ServerAccess, ServerSettings, ServerWorker, TlsMode, WorkerOptions,
};
use hatrack::sync::{OtherRooms, Secret, ServerEvent, ServerRequest, ServerState};

use crate::stage::jid;

const OPEN: &str = "<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' id='x' from='localhost' version='1.0'>\
    <stream:features><mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><mechanism>SCRAM-SHA-1</mechanism></mechanisms></stream:features>";
const REFUSED: &str =
    "<failure xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><not-authorized/></failure></stream:stream>";

/// Starts a server that refuses every login. Returns its port, and the number of logins that it has refused.
fn start_refusing_server() -> (u16, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let refused = Arc::<AtomicUsize>::default();
    let count = refused.clone();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let (mut received, mut buffer) = (String::new(), [0; 4096]);
            let mut read_until = |stream: &mut std::net::TcpStream, text: &str| {
                while !received.contains(text) {
                    match stream.read(&mut buffer) {
                        Ok(size @ 1..) => received.push_str(&String::from_utf8_lossy(&buffer[..size])),
                        _ => return false,
                    }
                }
                true
            };
            if read_until(&mut stream, "version=")
                && stream.write_all(OPEN.as_bytes()).is_ok()
                && read_until(&mut stream, "</auth>")
            {
                count.fetch_add(1, Ordering::Relaxed);
                let _ = stream.write_all(REFUSED.as_bytes());
            }
        }
    });
    (port, refused)
}

/// The password is printed by a command.
fn printed(password: &str) -> PasswordSource {
    PasswordSource::Command(CommandLine {
        program: "/bin/echo".into(),
        arguments: vec![password.into()],
        variables: Vec::new(),
    })
}

/// Runs a new session, as a command does. The session makes the request, or compares if there is none. Returns why the
/// server cannot be used.
fn run_session(folder: &Path, port: u16, password: PasswordSource, request: Option<ServerRequest>) -> String {
    let account = Account {
        jid: jid("ana@localhost"),
        password,
        address: Some(("127.0.0.1".into(), port)),
        tls: TlsMode::None,
        ca_file: None,
    };
    let settings = ServerSettings::new(
        "example",
        vec![jid("rooms.localhost")],
        ServerAccess::Xmpp(account),
    );
    let options = WorkerOptions {
        servers: vec![settings],
        data_file: folder.join("hats.json"),
        state_dir: Some(folder.join("state")),
        ..WorkerOptions::default()
    };
    let (sender, events) = channel();
    let worker = ServerWorker::new(options, move |event| drop(sender.send(event)));
    let plan = ServerRequest::Plan {
        id: 1,
        server: "example".into(),
        rooms: Vec::new(),
        others: OtherRooms::List,
        revision: 0,
        affiliations: None,
    };
    worker.request(request.unwrap_or(plan)).unwrap();
    loop {
        match events.recv_timeout(Duration::from_secs(60)).unwrap() {
            ServerEvent::Password { server, .. } => {
                let password = Some(Secret::new("typed"));
                worker
                    .request(ServerRequest::Password { server, password })
                    .unwrap();
            }
            ServerEvent::State {
                state: ServerState::Refused(why) | ServerState::Away(why),
                ..
            } => {
                worker.finish();
                return why;
            }
            _ => {}
        }
    }
}

#[test]
fn refused_login_is_repeated_only_on_request_or_with_other_settings() {
    let (port, refused) = start_refusing_server();
    let folder = tempfile::tempdir().unwrap();
    let run = |password, request| {
        let why = run_session(folder.path(), port, password, request);
        (refused.load(Ordering::Relaxed), why)
    };
    let server = || "example".into();
    let (count, why) = run(printed("wrong"), None);
    assert_eq!(count, 1);
    assert!(why.contains("wrong password, or no such account"), "{why}");
    for _ in 0..3 {
        let (count, again) = run(printed("wrong"), None);
        assert_eq!(count, 1, "another session repeated the login");
        for part in [
            "wrong password, or no such account (at 20",
            "hatrack servers check example",
        ] {
            assert!(again.contains(part), "{again}");
        }
    }
    // A check logs in again, and so does reconnecting. The new refusal then applies to the next sessions.
    assert_eq!(
        run(printed("wrong"), Some(ServerRequest::Check { server: server() })).0,
        2
    );
    assert_eq!(run(printed("wrong"), None).0, 2);
    assert_eq!(
        run(
            printed("wrong"),
            Some(ServerRequest::Reconnect { server: server() })
        )
        .0,
        3
    );
    assert_eq!(run(printed("wrong"), None).0, 3);
    // Another command for the password is configured.
    assert_eq!(run(printed("other"), None).0, 4);
    assert_eq!(run(printed("other"), None).0, 4);
    // A password that is entered each time is tried each time.
    assert_eq!(run(PasswordSource::Ask, None).0, 5);
    assert_eq!(run(PasswordSource::Ask, None).0, 6);
}
