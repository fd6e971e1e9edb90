//! Hostile and broken servers: each call ends in time, with an error at worst, and no outcome is invented.

use std::io::{Read as _, Write as _};
use std::ops::ControlFlow;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;
use std::time::Duration;

use hatrack::server::ProsodyAccess;
use hatrack::server::prosody::Prosody;
use hatrack::server::{Backend as _, Error};
use hatrack::sync::{ItemOutcome, RoomRead};
use proptest::prelude::*;

use super::{change, hat, prosody, read_all, settings, try_apply};
use crate::pool::run_side_by_side;
use crate::support::cases;
use crate::watcher::room_of;

const ROOM: &str = "courses@conference.localhost";

/// What a fake server does after a call. The arguments are the stream and the call's nonce.
type Behavior = fn(&mut UnixStream, &str);

/// A fake admin socket of Prosody.
struct FakeServer {
    _folder: tempfile::TempDir,
    path: PathBuf,
}

/// Reads until a call is complete, and returns its nonce; `None` at the end of the stream.
fn read_call(stream: &mut UnixStream, unread: &mut String) -> Option<String> {
    let mut buffer = [0; 16384];
    loop {
        let nonce = match (unread.split_once("end)[["), unread.split_once("put[[")) {
            (Some((_, load)), _) if load.contains("]]</repl-input>") => Some(load),
            (_, Some((_, first))) if unread.contains("hatrack.call()</repl-input>") => Some(first),
            _ => None,
        };
        if let Some(nonce) = nonce {
            let nonce = nonce.chars().take(32).collect();
            unread.clear();
            return Some(nonce);
        }
        let count = stream.read(&mut buffer).ok().filter(|count| *count > 0)?;
        unread.push_str(std::str::from_utf8(&buffer[..count]).unwrap());
    }
}

impl FakeServer {
    /// Accepts the call that loads the library, and runs `behavior` for each later call.
    fn start(behavior: impl Fn(&mut UnixStream, &str) + Send + 'static) -> Self {
        Self::start_raw(move |stream| {
            let mut unread = String::new();
            let _ = write!(
                stream,
                "<?xml version='1.0'?><stream:stream xmlns='xmpp:prosody.im/admin' xmlns:stream='http://etherx.jabber.org/streams'>"
            );
            let Some(nonce) = read_call(stream, &mut unread) else {
                return;
            };
            let _ = write!(
                stream,
                "<repl-result>Result: hatrack {nonce} done 0</repl-result>"
            );
            while let Some(nonce) = read_call(stream, &mut unread) {
                behavior(stream, &nonce);
            }
        })
    }

    /// Runs `behavior` for each connection.
    fn start_raw(behavior: impl Fn(&mut UnixStream) + Send + 'static) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("prosody.sock");
        let listener = UnixListener::bind(&path).unwrap();
        std::thread::spawn(move || {
            for stream in listener.incoming().take(10_000) {
                behavior(&mut stream.unwrap());
            }
        });
        Self {
            _folder: folder,
            path,
        }
    }

    fn connect(&self) -> Prosody {
        let mut settings = settings(ProsodyAccess::Socket(self.path.clone()));
        settings.timeout = Duration::from_secs(1);
        prosody(settings)
    }
}

/// Answers a call with one piece: one output that contains records.
fn answer(stream: &mut UnixStream, nonce: &str, text: &str) {
    let text = text.replace('&', "&amp;").replace('<', "&lt;");
    let _ = write!(
        stream,
        "<repl-output>hatrack {nonce} 1 {text}</repl-output><repl-result>Result: hatrack {nonce} done 1</repl-result>"
    );
}

const PIECE: &str = "user a@localhost member;hat urn:x 1=x;";

/// Sends a text unchanged.
fn send(stream: &mut UnixStream, text: &str) {
    let _ = stream.write_all(text.as_bytes());
}

const BEHAVIORS: [(&str, Behavior); 15] = [
    ("gone", |stream, _| {
        stream.shutdown(std::net::Shutdown::Both).unwrap();
    }),
    ("silent", |_, _| {}),
    ("garbage", |stream, _| {
        send(stream, "HTTP/1.1 400 FakeServer Request\r\n\r\n");
    }),
    ("invalid UTF-8", |stream, _| {
        stream.write_all(b"<repl-output>\xff\xfe</repl-output>").unwrap();
    }),
    ("half an element", |stream, nonce| {
        let _ = write!(stream, "<repl-output>hatrack {nonce} 1 found 1");
        let _ = stream.shutdown(std::net::Shutdown::Both);
    }),
    ("half an answer", |stream, nonce| {
        let _ = write!(
            stream,
            "<repl-output>hatrack {nonce} 1 found 1 -;{PIECE}</repl-output>"
        );
    }),
    ("a piece is missing", |stream, nonce| {
        let _ = write!(
            stream,
            "<repl-output>hatrack {nonce} 2 {PIECE}</repl-output><repl-result>Result: hatrack {nonce} done 2</repl-result>"
        );
    }),
    ("another count", |stream, nonce| {
        let _ = write!(
            stream,
            "<repl-output>hatrack {nonce} 1 {PIECE}</repl-output><repl-result>Result: hatrack {nonce} done 7</repl-result>"
        );
    }),
    ("an error", |stream, _| {
        send(stream, "<repl-result type='error'>\u{9b}31m boom</repl-result>");
    }),
    ("failed", |stream, nonce| {
        send(
            stream,
            &format!("<repl-result>Result: hatrack {nonce} failed %1B%FF</repl-result>"),
        );
    }),
    ("no end to a text", |stream, _| {
        let _ = stream.write_all(b"<repl-output>");
        while stream.write_all(&[b'a'; 16384]).is_ok() {}
    }),
    ("no end to the elements", |stream, _| {
        while stream
            .write_all(b"<repl-output>hello</repl-output><repl-result>Result: no</repl-result>")
            .is_ok()
        {}
    }),
    ("no end to the pieces", |stream, nonce| {
        let piece = PIECE.repeat(5_000);
        let mut number = 1;
        while write!(
            stream,
            "<repl-output>hatrack {nonce} {number} {piece}</repl-output>"
        )
        .is_ok()
        {
            number += 1;
        }
    }),
    ("no end to the depth", |stream, _| {
        while stream.write_all(&b"<a>".repeat(1000)).is_ok() {}
    }),
    ("slow", |stream, _| {
        while stream.write_all(b" ").is_ok() {
            std::thread::sleep(Duration::from_millis(50));
        }
    }),
];

#[test]
fn hostile_server_causes_error_in_time() {
    run_side_by_side(BEHAVIORS, &|behavior: Behavior| {
        let server = FakeServer::start(behavior);
        let mut backend = server.connect();
        for _ in 0..2 {
            let error = read_all(&mut backend, &[ROOM]).unwrap_err();
            assert!(matches!(error, Error::Lost(_) | Error::Malformed(_)), "{error:?}");
            assert!(!error.to_string().chars().any(char::is_control), "{error:?}");
            let (reports, result) = try_apply(
                &mut backend,
                ROOM,
                vec![change("a@localhost", "urn:x", None, Some(hat("a", "")))],
            );
            assert!(
                matches!(result, Err(Error::Lost(_) | Error::Malformed(_))),
                "{result:?}"
            );
            assert_eq!(reports[0].outcomes, [(0, ItemOutcome::Unknown)]);
        }
    });
}

#[test]
fn other_services_are_unavailable() {
    let none = FakeServer::start_raw(|_| {});
    assert!(matches!(none.connect().connect(), Err(Error::Away(_))));
    let other = FakeServer::start_raw(|stream| drop(stream.write_all(b"220 mail.example.org ESMTP\r\n")));
    assert!(matches!(
        other.connect().connect(),
        Err(Error::Malformed(_) | Error::Away(_))
    ));
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("prosody.sock");
    drop(UnixListener::bind(&path).unwrap());
    let error = prosody(settings(ProsodyAccess::Socket(path)))
        .connect()
        .unwrap_err();
    assert!(
        matches!(&error, Error::Away(why) if why.contains("Prosody is not running")),
        "{error:?}"
    );
}

#[test]
fn stops_reading_endless_pages() {
    // A page that contains no user although there are five, and pages without the record that ends the last one.
    let server = FakeServer::start(|stream, nonce| answer(stream, nonce, "found 5 -"));
    assert!(matches!(
        read_all(&mut server.connect(), &[ROOM]),
        Err(Error::Malformed(_))
    ));
    let page: Vec<_> = (0..20_000)
        .map(|number| format!("user u{number}@x none"))
        .collect();
    let page = page.join(";");
    let server = FakeServer::start(move |stream, nonce| answer(stream, nonce, &page));
    let found = read_all(&mut server.connect(), &[ROOM]).unwrap();
    assert!(
        matches!(&found[0], RoomRead::Unread(why) if why.contains("1000000")),
        "{found:?}"
    );
    // A list of rooms whose next page is the same page, and one with too many rooms.
    let server =
        FakeServer::start(|stream, nonce| answer(stream, nonce, "room a@conference.localhost;next 1"));
    assert!(matches!(server.connect().list_rooms(), Err(Error::Malformed(_))));
    let server = FakeServer::start(|stream, nonce| {
        let rooms: Vec<_> = (0..60_000)
            .map(|number| format!("room r{number}@conference.localhost"))
            .collect();
        let rooms = rooms.join(";");
        answer(stream, nonce, &format!("{rooms};next {}", u64::MAX));
    });
    assert!(matches!(server.connect().list_rooms(), Err(Error::Malformed(_))));
}

#[test]
fn unexpected_answers_are_unknown_outcomes() {
    for text in [
        "ok",
        "ok;ok;ok;saved",
        "ok;ok",
        "saved",
        "ok;what;saved",
        "changed;ok;saved",
        "changed 9=;ok;saved",
        "ok;gone;saved",
        "",
    ] {
        let server = FakeServer::start(move |stream, nonce| answer(stream, nonce, text));
        let changes = ["urn:x:1", "urn:x:2"].map(|id| change("a@localhost", id, None, Some(hat("a", ""))));
        let (reports, result) = try_apply(&mut server.connect(), ROOM, changes.to_vec());
        assert!(matches!(result, Err(Error::Malformed(_))), "{text}: {result:?}");
        assert!(
            reports[0]
                .outcomes
                .iter()
                .all(|(_, outcome)| *outcome == ItemOutcome::Unknown),
            "{text}"
        );
    }
}

#[test]
fn callback_can_stop_the_call() {
    let server = FakeServer::start(|stream, nonce| answer(stream, nonce, &("ok;".repeat(25) + "saved")));
    let changes = (0..200)
        .map(|number| change(&format!("u{number}@localhost"), "urn:x", None, Some(hat("a", ""))))
        .collect();
    let work = hatrack::server::RoomChanges {
        room: super::jid(ROOM),
        created: None,
        actor: "ana".into(),
        changes,
    };
    let mut outcome_count = 0;
    let result = server.connect().apply(&[work], &mut |applied| {
        outcome_count += applied.outcomes.len();
        if outcome_count == 25 {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    });
    assert_eq!((result, outcome_count), (Err(Error::Stopped), 25));
}

#[test]
fn handles_any_records() {
    let (sender, texts) = std::sync::mpsc::channel::<String>();
    let texts = std::sync::Mutex::new(texts);
    let server = FakeServer::start(move |stream, nonce| {
        let text = texts
            .lock()
            .unwrap()
            .recv_timeout(Duration::from_secs(5))
            .unwrap_or_default();
        answer(stream, nonce, &text);
    });
    let word = prop::sample::select(vec![
        "found",
        "user",
        "hat",
        "odd",
        "end",
        "gone",
        "failed",
        "room",
        "next",
        "ok",
        "saved",
        "unsaved",
        "changed",
        "none",
        "users",
        "more",
        "version",
        "service",
        "a@localhost",
        "courses@conference.localhost",
        "member",
        "owner",
        "1=x",
        "3=%41",
        "9=",
        "=",
        "-",
        "%",
        "%FF",
        "%00",
        "5",
        "99999999999999999999",
        "-1",
        "é",
        "\u{202e}",
        "",
    ]);
    let record = prop::collection::vec(word, 0..5).prop_map(|words| words.join(" "));
    let text = prop::collection::vec(record, 0..8).prop_map(|records| records.join(";"));
    proptest!(cases(200), |(text in text, first in prop::sample::select(vec!["found 1 -;", "found 1 -;user a@x member;", "", "room a@conference.localhost x;", "users courses@conference.localhost -;"]), what in 0..3)| {
        let text = format!("{first}{text};end");
        sender.send(text.clone()).unwrap();
        let mut backend = server.connect();
        match what {
            0 => drop(try_apply(&mut backend, ROOM, vec![change("a@localhost", "urn:x", None, Some(hat("a", "")))])),
            1 => drop(read_all(&mut backend, &[ROOM])),
            _ => {
                // There are two calls, and each of them gets this answer.
                sender.send(text).unwrap();
                backend.watch(&[super::jid(ROOM)], None, true);
                let _ = backend.poll(&mut |seen| {
                    assert_eq!(room_of(&seen), ROOM);
                    ControlFlow::Continue(())
                });
            }
        }
    });
}
