//! Encryption and login, with errors that say what to do.

use std::io::Write as _;
use std::net::Shutdown;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex};

use hatrack::server::xmpp::Xmpp;
use hatrack::server::{Account, Backend as _, CommandLine, Error, PasswordSource, TlsMode};
use hatrack::sync::{Secret, ServerClass};

use super::fake::{FakeServer, answer, commands, serve_room};
use super::{ANA, ROOM, account, echo, on_each_ejabberd, read, settings, xmpp};
use crate::pool::Shared;
use crate::server::{Kind, Server, free_port};

/// Connects, which must be refused, and returns the reason.
fn refusal(account: &Account) -> String {
    match xmpp(settings(account)).connect() {
        Err(Error::Refused(why)) => why,
        other => panic!("{other:?}"),
    }
}

#[test]
fn each_kind_of_encryption_works() {
    on_each_ejabberd(|server| {
        server.create_ejabberd_room(ROOM, &[], &[(ANA, "owner")]);
        let required = account(server, "ana");
        let direct = Account {
            address: Some(("localhost".into(), server.ports.tls)),
            tls: TlsMode::Direct,
            ..required.clone()
        };
        let none = Account {
            tls: TlsMode::None,
            ca_file: None,
            ..required.clone()
        };
        for (account, wanted) in [
            (required, "TLS 1.3"),
            (direct, "TLS 1.3"),
            (none, "unencrypted (this machine only)"),
        ] {
            let mut backend = xmpp(settings(&account));
            let report = backend.check().unwrap();
            assert_eq!(report.transport.as_deref(), Some(wanted));
            assert_eq!(read(&mut backend, ROOM).users.len(), 1);
            backend.disconnect();
            assert_eq!(read(&mut backend, ROOM).users.len(), 1);
        }
    });
}

#[test]
fn self_signed_certificate_is_refused_unless_configured() {
    on_each_ejabberd(|server| {
        server.create_ejabberd_room(ROOM, &[], &[(ANA, "owner")]);
        let mut unknown = account(server, "ana");
        unknown.ca_file = None;
        let why = refusal(&unknown);
        assert!(why.contains("ca-file") && why.contains("localhost"), "{why}");
        unknown.ca_file = Some("/nonexistent.pem".into());
        assert!(refusal(&unknown).contains("/nonexistent.pem"));
        let empty = tempfile::NamedTempFile::new().unwrap();
        unknown.ca_file = Some(empty.path().into());
        assert!(refusal(&unknown).contains("contains no PEM certificate"));
    });
}

/// A server that presents a certificate but does not speak XMPP, and its port.
struct TlsServer(Child, u16);

impl Drop for TlsServer {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Runs openssl in a folder, with arguments that are separated by spaces.
fn openssl(folder: &Path, arguments: &str) {
    let output = Command::new("openssl")
        .args(arguments.split(' '))
        .current_dir(folder)
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{arguments}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
}

/// Starts a server with a certificate and the key `key`, both in the folder.
fn serve_certificate(folder: &Path, certificate: &str) -> TlsServer {
    let port = free_port();
    let mut command = Command::new("setpriv");
    command
        .args(["--pdeathsig=KILL", "openssl", "s_server", "-quiet", "-accept"])
        .args([&format!("127.0.0.1:{port}"), "-key", "key", "-cert", certificate])
        .current_dir(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    let child = crate::process::spawn(command).unwrap();
    while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    TlsServer(child, port)
}

#[test]
fn invalid_certificate_is_explained() {
    let folder = tempfile::tempdir().unwrap();
    let make = |arguments: &str| openssl(folder.path(), arguments);
    let key = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes";
    make(&format!(
        "req -x509 {key} -days 9 -subj /CN=authority -keyout cakey -out ca"
    ));
    std::fs::write(folder.path().join("good.ext"), "subjectAltName=DNS:localhost").unwrap();
    std::fs::write(
        folder.path().join("other.ext"),
        "subjectAltName=DNS:chat.example.org",
    )
    .unwrap();
    make(&format!("req {key} -subj /CN=server -keyout key -out request"));
    let sign = "x509 -req -in request -CA ca -CAkey cakey -CAcreateserial";
    make(&format!("{sign} -days 9 -extfile good.ext -out good"));
    make(&format!("{sign} -days 9 -extfile other.ext -out other"));
    make(&format!("{sign} -days -1 -extfile good.ext -out old"));
    let ca = Some(folder.path().join("ca"));
    for (certificate, ca_file, says) in [
        ("old", ca.clone(), "has expired"),
        ("other", ca.clone(), "only for chat.example.org"),
        ("good", None, "unknown authority"),
        // A certificate in `ca-file` is trusted only for its own names, and only until it expires.
        ("other", Some(folder.path().join("other")), "only for"),
        ("old", Some(folder.path().join("old")), "has expired"),
    ] {
        let server = serve_certificate(folder.path(), certificate);
        let account = Account {
            jid: super::jid(ANA),
            password: PasswordSource::Command(echo("secret")),
            address: Some(("127.0.0.1".into(), server.1)),
            tls: TlsMode::Direct,
            ca_file,
        };
        let why = refusal(&account);
        assert!(why.contains(says), "{certificate}: {why}");
    }
    // This certificate is trusted: the connection fails only because the server does not speak XMPP.
    let server = serve_certificate(folder.path(), "good");
    let account = Account {
        jid: super::jid(ANA),
        password: PasswordSource::Ask,
        address: Some(("127.0.0.1".into(), server.1)),
        tls: TlsMode::Direct,
        ca_file: ca,
    };
    let mut settings = settings(&account);
    settings.timeout = std::time::Duration::from_secs(1);
    let error = xmpp(settings).connect().unwrap_err();
    assert!(
        matches!(&error, Error::Away(why) if why.contains("does not answer")),
        "{error}"
    );
}

#[test]
fn unencrypted_connection_requires_a_local_address() {
    for host in ["192.0.2.1", "::ffff:192.0.2.1"] {
        let account = Account {
            jid: super::jid(ANA),
            password: PasswordSource::Command(echo("secret")),
            address: Some((host.into(), 5222)),
            tls: TlsMode::None,
            ca_file: None,
        };
        let why = refusal(&account);
        assert!(why.contains("addresses of this machine"), "{why}");
    }
}

#[test]
fn unreachable_server_is_away() {
    let port = free_port();
    let account = Account {
        jid: super::jid(ANA),
        password: PasswordSource::Command(echo("secret")),
        address: Some(("localhost".into(), port)),
        tls: TlsMode::Required,
        ca_file: None,
    };
    let error = xmpp(settings(&account)).connect().unwrap_err();
    assert!(
        matches!(&error, Error::Away(why) if why.contains("connection refused")),
        "{error}"
    );
}

/// The number of failed logins in the log of the server.
pub(crate) fn failed_logins(server: &Server) -> usize {
    // ejabberd writes the log a moment later.
    std::thread::sleep(std::time::Duration::from_millis(500));
    let log = std::fs::read_to_string(server.path("ejabberd.log")).unwrap();
    log.lines().filter(|line| line.contains("Failed c2s")).count()
}

#[test]
fn wrong_password_is_tried_once() {
    on_each_ejabberd(|server| {
        server.create_ejabberd_room(ROOM, &[], &[(ANA, "owner")]);
        server.call_api("set_loglevel", &serde_json::json!({"loglevel": "info"}));
        let before = failed_logins(server);
        let wrong = Account {
            password: PasswordSource::Command(echo("hunter2")),
            ..account(server, "ana")
        };
        let mut backend = xmpp(settings(&wrong));
        for _ in 0..3 {
            let error = super::read_all(&mut backend, &[ROOM]).unwrap_err();
            assert!(
                matches!(&error, Error::Refused(why) if why.contains("wrong password") && why.contains(ANA)),
                "{error}"
            );
        }
        assert_eq!(failed_logins(server) - before, 1);
        // An explicit connection tries again.
        backend.connect().unwrap_err();
        assert_eq!(failed_logins(server) - before, 2);
        let text = backend.connect().unwrap_err().to_string();
        assert!(!text.contains("hunter2"), "{text}");
    });
}

#[test]
fn entered_password_is_kept_for_the_session() {
    on_each_ejabberd(|server| {
        server.create_ejabberd_room(ROOM, &[], &[(ANA, "owner")]);
        let requests = Arc::new(Mutex::new(Vec::new()));
        let answers = Arc::new(Mutex::new(vec![None, Some("wrong"), Some("secret")].into_iter()));
        let account = Account {
            password: PasswordSource::Ask,
            ..account(server, "ana")
        };
        let ask = {
            let requests = requests.clone();
            Box::new(move |jid: &hatrack::model::Jid| {
                requests.lock().unwrap().push(jid.to_string());
                answers.lock().unwrap().next().unwrap().map(Secret::new)
            })
        };
        let mut backend = Xmpp::new(settings(&account), account.clone(), ask);
        assert!(
            matches!(backend.connect(), Err(Error::Refused(why)) if why.contains("No password was entered"))
        );
        assert!(matches!(backend.connect(), Err(Error::Refused(why)) if why.contains("wrong password")));
        backend.connect().unwrap();
        backend.disconnect();
        read(&mut backend, ROOM);
        assert_eq!(
            *requests.lock().unwrap(),
            [ANA; 3],
            "the password is not requested again"
        );
    });
}

#[test]
fn failing_password_command_is_explained_without_its_output() {
    let Some(server) = Shared::take(Kind::Ejabberd26) else {
        return;
    };
    let shell = |script: &str| CommandLine {
        program: "/bin/sh".into(),
        arguments: vec!["-c".into(), script.into()],
        variables: vec![("HOME".into(), "/nowhere".into())],
    };
    let missing = CommandLine {
        program: "/nonexistent/pass".into(),
        arguments: Vec::new(),
        variables: Vec::new(),
    };
    for (line, says) in [
        (
            shell("echo hunter2; echo 'no such entry' >&2; exit 3"),
            "no such entry",
        ),
        (shell("echo hunter2; kill -9 $$"), "signal"),
        (shell("echo; echo hunter2"), "empty first line"),
        (shell("yes hunter2"), "printed too much"),
        (shell("printf '\\377\\n'"), "invalid UTF-8"),
        (
            shell("test -t 0 || ! cat </dev/tty && echo 'no terminal' >&2; exit 1"),
            "no terminal",
        ),
        (missing, "cannot be run"),
    ] {
        let account = Account {
            password: PasswordSource::Command(line),
            ..account(&server, "ana")
        };
        let why = refusal(&account);
        assert!(why.contains(says) && why.contains(ANA), "{why}");
        assert!(!why.contains("hunter2"), "{why}");
    }
    // The environment contains only the variables of the configuration, and only the first line is the password.
    server.add_account("ana");
    server.create_ejabberd_room(ROOM, &[], &[(ANA, "owner")]);
    let script =
        "test \"$HOME\" = /nowhere && test -z \"$USER$CARGO_MANIFEST_DIR\" && printf 'secret\\r\\nmore\\n'";
    let account = Account {
        password: PasswordSource::Command(shell(script)),
        ..account(&server, "ana")
    };
    xmpp(settings(&account)).connect().unwrap();
}

/// The server is updated while there are no requests. Results from before and after the update must not be mixed.
#[test]
fn new_connection_has_another_generation() {
    let (closing, closed) = channel::<()>();
    let closed = Mutex::new(closed);
    let logins = AtomicUsize::new(0);
    let server = FakeServer::start(move |peer| {
        let first = logins.fetch_add(1, Ordering::Relaxed) == 0;
        let node = if first {
            "p1:hats#list"
        } else {
            "urn:xmpp:hats:commands:list-assigned"
        };
        let mut stream = peer.stream.try_clone().unwrap();
        std::thread::scope(|scope| {
            scope.spawn(|| {
                if first && closed.lock().unwrap().recv().is_ok() {
                    stream.write_all(b"</stream:stream>").unwrap();
                    stream.shutdown(Shutdown::Both).unwrap();
                }
            });
            serve_room(peer, |peer, text, id| {
                let is_list_request = text.contains("disco#items");
                if is_list_request {
                    answer(peer, id, "result", &commands(node));
                }
                is_list_request
            })
        })
    });
    let mut backend = server.backend();
    assert_eq!(backend.connect(), Ok(ServerClass::EjabberdOld));
    assert_eq!(backend.connect(), Ok(ServerClass::EjabberdOld));
    assert_eq!(backend.generation(), 1);
    closing.send(()).unwrap();
    // Calls fail once the end of the stream has arrived.
    let error = (0..1000).find_map(|_| super::read_all(&mut backend, &[ROOM]).err());
    let error = error.expect("a call fails");
    assert!(matches!(error, Error::Away(_) | Error::Lost(_)), "{error:?}");
    assert_eq!(backend.generation(), 1, "a call uses one connection");
    assert_eq!(backend.connect(), Ok(ServerClass::EjabberdCatalog));
    assert_eq!(backend.generation(), 2);
}
