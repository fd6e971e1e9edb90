//! A server that is none, or a bad one: what comes of it is an error, soon, and never more than that.

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
use crate::pool::side_by_side;
use crate::support::cases;
use crate::watcher::room_of;

const ROOM: &str = "courses@conference.localhost";

/// What a bad server does with a call: it has the stream, and the call's name.
type Deed = fn(&mut UnixStream, &str);

struct Bad {
    _folder: tempfile::TempDir,
    path: PathBuf,
}

/// Reads until a call is complete, and gives its name; `None`: the other side is gone.
fn call(stream: &mut UnixStream, seen: &mut String) -> Option<String> {
    let mut buffer = [0; 16384];
    loop {
        let nonce = match (seen.split_once("end)[["), seen.split_once("put[[")) {
            (Some((_, load)), _) if load.contains("]]</repl-input>") => Some(load),
            (_, Some((_, first))) if seen.contains("hatrack.call()</repl-input>") => Some(first),
            _ => None,
        };
        if let Some(nonce) = nonce {
            let nonce = nonce.chars().take(32).collect();
            seen.clear();
            return Some(nonce);
        }
        let count = stream.read(&mut buffer).ok().filter(|count| *count > 0)?;
        seen.push_str(std::str::from_utf8(&buffer[..count]).unwrap());
    }
}

impl Bad {
    /// Lets the library be loaded, and does its deed at each call after.
    fn start(deed: impl Fn(&mut UnixStream, &str) + Send + 'static) -> Self {
        Self::raw(move |stream| {
            let mut seen = String::new();
            let _ = write!(
                stream,
                "<?xml version='1.0'?><stream:stream xmlns='xmpp:prosody.im/admin' xmlns:stream='http://etherx.jabber.org/streams'>"
            );
            let Some(nonce) = call(stream, &mut seen) else {
                return;
            };
            let _ = write!(
                stream,
                "<repl-result>Result: hatrack {nonce} done 0</repl-result>"
            );
            while let Some(nonce) = call(stream, &mut seen) {
                deed(stream, &nonce);
            }
        })
    }

    fn raw(deed: impl Fn(&mut UnixStream) + Send + 'static) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("prosody.sock");
        let listener = UnixListener::bind(&path).unwrap();
        std::thread::spawn(move || {
            for stream in listener.incoming().take(10_000) {
                deed(&mut stream.unwrap());
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

/// Answers a call with one piece.
fn answer(stream: &mut UnixStream, nonce: &str, text: &str) {
    let text = text.replace('&', "&amp;").replace('<', "&lt;");
    let _ = write!(
        stream,
        "<repl-output>hatrack {nonce} 1 {text}</repl-output><repl-result>Result: hatrack {nonce} done 1</repl-result>"
    );
}

const PIECE: &str = "user a@localhost member;hat urn:x 1=x;";

/// Sends a text as it is.
fn send(stream: &mut UnixStream, text: &str) {
    let _ = stream.write_all(text.as_bytes());
}

const DEEDS: [(&str, Deed); 15] = [
    ("gone", |stream, _| {
        stream.shutdown(std::net::Shutdown::Both).unwrap();
    }),
    ("silent", |_, _| {}),
    ("garbage", |stream, _| {
        send(stream, "HTTP/1.1 400 Bad Request\r\n\r\n");
    }),
    ("no text", |stream, _| {
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
    side_by_side(DEEDS, &|deed: Deed| {
        let server = Bad::start(deed);
        let mut backend = server.connect();
        for _ in 0..2 {
            let error = read_all(&mut backend, &[ROOM]).unwrap_err();
            assert!(matches!(error, Error::Lost(_) | Error::Malformed(_)), "{error:?}");
            assert!(!error.to_string().chars().any(char::is_control), "{error:?}");
            let (told, result) = try_apply(
                &mut backend,
                ROOM,
                vec![change("a@localhost", "urn:x", None, Some(hat("a", "")))],
            );
            assert!(
                matches!(result, Err(Error::Lost(_) | Error::Malformed(_))),
                "{result:?}"
            );
            assert_eq!(told[0].outcomes, [(0, ItemOutcome::Unknown)]);
        }
    });
}

#[test]
fn other_services_are_unavailable() {
    let none = Bad::raw(|_| {});
    assert!(matches!(none.connect().connect(), Err(Error::Away(_))));
    let other = Bad::raw(|stream| drop(stream.write_all(b"220 mail.example.org ESMTP\r\n")));
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
fn stops_endless_pages() {
    // A page with no user, and pages that never say that they are the last.
    let server = Bad::start(|stream, nonce| answer(stream, nonce, "found 5 -"));
    assert!(matches!(
        read_all(&mut server.connect(), &[ROOM]),
        Err(Error::Malformed(_))
    ));
    let page: Vec<_> = (0..20_000)
        .map(|number| format!("user u{number}@x none"))
        .collect();
    let page = page.join(";");
    let server = Bad::start(move |stream, nonce| answer(stream, nonce, &page));
    let found = read_all(&mut server.connect(), &[ROOM]).unwrap();
    assert!(
        matches!(&found[0], RoomRead::Unread(why) if why.contains("1000000")),
        "{found:?}"
    );
    // A list that goes on where it was.
    let server = Bad::start(|stream, nonce| answer(stream, nonce, "room a@conference.localhost;next 1"));
    assert!(matches!(server.connect().list_rooms(), Err(Error::Malformed(_))));
    let server = Bad::start(|stream, nonce| {
        let rooms: Vec<_> = (0..60_000)
            .map(|number| format!("room r{number}@conference.localhost"))
            .collect();
        let rooms = rooms.join(";");
        answer(stream, nonce, &format!("{rooms};next {}", u64::MAX));
    });
    assert!(matches!(server.connect().list_rooms(), Err(Error::Malformed(_))));
}

#[test]
fn unrequested_answers_are_unknown_outcomes() {
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
        let server = Bad::start(move |stream, nonce| answer(stream, nonce, text));
        let changes = ["urn:x:1", "urn:x:2"].map(|id| change("a@localhost", id, None, Some(hat("a", ""))));
        let (told, result) = try_apply(&mut server.connect(), ROOM, changes.to_vec());
        assert!(matches!(result, Err(Error::Malformed(_))), "{text}: {result:?}");
        assert!(
            told[0]
                .outcomes
                .iter()
                .all(|(_, outcome)| *outcome == ItemOutcome::Unknown),
            "{text}"
        );
    }
}

#[test]
fn callback_can_stop_the_call() {
    let server = Bad::start(|stream, nonce| answer(stream, nonce, &("ok;".repeat(25) + "saved")));
    let changes = (0..200)
        .map(|number| change(&format!("u{number}@localhost"), "urn:x", None, Some(hat("a", ""))))
        .collect();
    let work = hatrack::server::RoomChanges {
        room: super::jid(ROOM),
        created: None,
        actor: "ana".into(),
        changes,
    };
    let mut told = 0;
    let result = server.connect().apply(&[work], &mut |applied| {
        told += applied.outcomes.len();
        if told == 25 {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    });
    assert_eq!((result, told), (Err(Error::Stopped), 25));
}

#[test]
fn handles_any_records() {
    let (tell, told) = std::sync::mpsc::channel::<String>();
    let told = std::sync::Mutex::new(told);
    let server = Bad::start(move |stream, nonce| {
        let text = told
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
        tell.send(text.clone()).unwrap();
        let mut backend = server.connect();
        match what {
            0 => drop(try_apply(&mut backend, ROOM, vec![change("a@localhost", "urn:x", None, Some(hat("a", "")))])),
            1 => drop(read_all(&mut backend, &[ROOM])),
            _ => {
                // One answer to each of the two calls.
                tell.send(text).unwrap();
                backend.watch(&[super::jid(ROOM)], None, true);
                let _ = backend.poll(&mut |seen| {
                    assert_eq!(room_of(&seen), ROOM);
                    ControlFlow::Continue(())
                });
            }
        }
    });
}
