//! Hostile and broken servers: each call ends in time, with an error at worst, and no outcome is invented.

use std::io::Write as _;
use std::ops::ControlFlow;
use std::time::Duration;

use base64::Engine as _;
use hatrack::server::{Account, Applied, Backend as _, Error, RoomChanges, TlsMode};
use hatrack::sync::{HatValue, ItemOutcome, RoomRead};
use proptest::prelude::*;

use super::fake::{FakeServer, OPEN, Peer, SASL, SCRAM, answer, list, serve_room};
use super::{BOB, ROOM, change, jid, read_all, settings, xmpp};
use crate::support::cases;

/// Reads a room, which must fail. The error must be short and contain neither the password nor control characters.
fn reading_error(fake: &FakeServer) -> Error {
    let mut backend = fake.backend();
    let error = match read_all(&mut backend, &[ROOM]) {
        Err(error) => error,
        Ok(read) => panic!("{read:?}"),
    };
    let text = error.to_string();
    assert!(!text.contains("secret") && text.len() < 1000, "{text}");
    assert!(!text.chars().any(char::is_control), "{text:?}");
    error
}

#[test]
fn plain_is_never_sent_without_encryption() {
    let fake = FakeServer::start(|peer| {
        peer.open(&SCRAM.replace("<mechanism>SCRAM-SHA-1</mechanism>", ""))?;
        peer.read_until("\0").map(drop)
    });
    let error = reading_error(&fake);
    assert!(
        matches!(&error, Error::Refused(why) if why.contains("plain-text") && why.contains("not encrypted")),
        "{error}"
    );
    let received = fake.received.lock().unwrap().clone();
    assert!(
        !received.contains("<auth") && !received.contains("PLAIN"),
        "{received}"
    );
    assert!(!received.contains(&base64::engine::general_purpose::STANDARD.encode("\0ana\0secret")));
}

#[test]
fn no_login_without_required_starttls() {
    let fake = FakeServer::start(|peer| {
        peer.open(SCRAM)?;
        peer.read_until("\0").map(drop)
    });
    let account = Account {
        tls: TlsMode::Required,
        ..fake.account()
    };
    let error = xmpp(settings(&account)).connect().unwrap_err();
    assert!(
        matches!(&error, Error::Refused(why) if why.contains("offers no encryption")),
        "{error}"
    );
    let received = fake.received.lock().unwrap().clone();
    assert!(!received.contains("<auth"), "{received}");
}

#[test]
fn server_must_prove_that_it_knows_the_password() {
    let unproven = |error: &Error| matches!(error, Error::Refused(why) if why.contains("prove that it knows the password"));
    let fake = FakeServer::start(|peer| {
        peer.open(SCRAM)?;
        peer.scram("i=4096", false)
    });
    let error = reading_error(&fake);
    assert!(unproven(&error), "{error}");
    let without_challenge = FakeServer::start(|peer| {
        peer.open(SCRAM)?;
        peer.read_until("</auth>")?;
        peer.send(&format!("<success xmlns='{SASL}'/>"));
        Some(())
    });
    let error = reading_error(&without_challenge);
    assert!(unproven(&error), "{error}");
    // With the proof, the room is read.
    let good = FakeServer::start(|peer| serve_room(peer, |_, _, _| false));
    assert!(matches!(
        read_all(&mut good.backend(), &[ROOM]).unwrap()[0].1,
        RoomRead::Read(_)
    ));
}

#[test]
fn invalid_scram_challenges_are_malformed() {
    for iterations in ["i=4294967295", "i=0", "i=-1", "i=x", "m=1,i=99999999", ""] {
        let fake = FakeServer::start(move |peer| {
            peer.open(SCRAM)?;
            peer.scram(iterations, true)
        });
        let error = reading_error(&fake);
        assert!(matches!(error, Error::Malformed(_)), "{iterations}: {error}");
    }
    let foreign_nonce = FakeServer::start(|peer| {
        peer.open(SCRAM)?;
        peer.read_until("</auth>")?;
        let text = base64::engine::general_purpose::STANDARD.encode("r=other,s=c2FsdA==,i=4096");
        peer.send(&format!("<challenge xmlns='{SASL}'>{text}</challenge>"));
        Some(())
    });
    assert!(matches!(reading_error(&foreign_nonce), Error::Malformed(_)));
}

/// What a fake server does instead of opening a stream.
type Beginning = fn(&mut Peer) -> Option<()>;

const BEGINNINGS: [(&str, Beginning); 12] = [
    ("gone", |_| None),
    ("silent", |_| Some(())),
    ("garbage", |peer| {
        peer.send("HTTP/1.1 400 FakeServer Request\r\n\r\n<html>");
        Some(())
    }),
    ("invalid UTF-8", |peer| {
        peer.stream.write_all(b"\xff\xfe\0\0").ok()
    }),
    ("no features", |peer| {
        peer.send(OPEN);
        Some(())
    }),
    ("an error", |peer| {
        peer.send(&format!("{OPEN}<stream:error><host-unknown xmlns='urn:ietf:params:xml:ns:xmpp-streams'/><text xmlns='urn:ietf:params:xml:ns:xmpp-streams'>\u{9b}31m boom</text></stream:error>"));
        Some(())
    }),
    ("ended", |peer| {
        peer.send(&format!("{OPEN}</stream:stream>"));
        Some(())
    }),
    ("attributes without end", |peer| {
        peer.send(&format!("{OPEN}<stream:features "));
        let mut number = 0;
        loop {
            let some: Vec<String> = (number..number + 1000)
                .map(|number| format!("a{number}='' "))
                .collect();
            peer.stream.write_all(some.concat().as_bytes()).ok()?;
            number += 1000;
        }
    }),
    ("elements without end", |peer| {
        peer.send(&format!("{OPEN}<stream:features>"));
        while peer.stream.write_all("<a/>".repeat(1000).as_bytes()).is_ok() {}
        None
    }),
    ("nested without end", |peer| {
        peer.send(&format!("{OPEN}<stream:features>"));
        while peer.stream.write_all("<a>".repeat(1000).as_bytes()).is_ok() {}
        None
    }),
    ("text without end", |peer| {
        peer.send(&format!("{OPEN}<stream:features>"));
        while peer.stream.write_all(&[b'x'; 65536]).is_ok() {}
        None
    }),
    ("whitespace without end", |peer| {
        peer.send(OPEN);
        while peer.stream.write_all(&[b' '; 65536]).is_ok() {}
        None
    }),
];

#[test]
fn invalid_stream_is_an_error() {
    for (name, behavior) in BEGINNINGS {
        let began = std::time::Instant::now();
        let error = reading_error(&FakeServer::start(behavior));
        println!("{name}: {error} ({:?})", began.elapsed());
        let deep = matches!(&error, Error::Malformed(why) if why.contains("nested too deeply"));
        assert_eq!(deep, name == "nested without end", "{error}");
        assert!(!matches!(error, Error::Stopped), "{name}");
    }
}

/// What a fake server does instead of answering a request.
type Behavior = fn(&mut Peer, &str);

/// The behaviors that last until the timeout.
const ENDLESS: [&str; 4] = [
    "answers from other addresses",
    "messages without end",
    "questions without end",
    "letter by letter",
];

const BEHAVIORS: [(&str, Behavior); 11] = [
    ("gone", |peer, _| {
        drop(peer.stream.shutdown(std::net::Shutdown::Both));
    }),
    ("silent", |_, _| {}),
    ("garbage", |peer, _| peer.send("&nonsense;")),
    ("half an answer", |peer, id| {
        peer.send(&format!("<iq type='result' id='{id}' from='{ROOM}'><query"));
    }),
    ("answers from other addresses", |peer, id| {
        peer.send(&format!(
            "<iq type='result' id='{id}' from='eve@elsewhere.example'/>"
        ));
        peer.send(&format!("<iq type='result' id='{id}'/>"));
    }),
    ("messages without end", |peer, _| {
        while peer
            .stream
            .write_all(b"<message from='x'><body>hello</body></message>")
            .is_ok()
        {}
    }),
    ("questions without end", |peer, _| {
        while peer
            .stream
            .write_all(b"<iq type='get' id='x' from='localhost'><ping xmlns='urn:xmpp:ping'/></iq>")
            .is_ok()
        {}
    }),
    ("a stanza without end", |peer, id| {
        peer.send(&format!("<iq type='result' id='{id}' from='{ROOM}'><query>"));
        while peer
            .stream
            .write_all("<item jid='a@b'/>".repeat(1000).as_bytes())
            .is_ok()
        {}
    }),
    ("nested without end", |peer, id| {
        peer.send(&format!("<iq type='result' id='{id}' from='{ROOM}'>"));
        while peer.stream.write_all("<a>".repeat(1000).as_bytes()).is_ok() {}
    }),
    ("letter by letter", |peer, id| {
        peer.send(&format!("<iq type='result' id='{id}' from='{ROOM}'>"));
        while peer.stream.write_all(b"x").is_ok() {
            std::thread::sleep(Duration::from_millis(50));
        }
    }),
    ("a document type", |peer, _| {
        peer.send("<!DOCTYPE a [<!ENTITY b 'c'>]>");
    }),
];

#[test]
fn invalid_answer_is_an_error() {
    for (name, behavior) in BEHAVIORS {
        let fake = FakeServer::start(move |peer| {
            serve_room(peer, move |peer, text, id| {
                let asked = text.contains("muc#admin") || text.contains("ping");
                if asked {
                    behavior(peer, id);
                }
                asked
            })
        });
        match read_all(&mut fake.backend(), &[ROOM]) {
            Err(Error::Lost(why)) => {
                assert!(
                    name == "gone" || name == "silent" || ENDLESS.contains(&name),
                    "{name}: {why}"
                );
            }
            Err(Error::Malformed(why)) => assert!(!ENDLESS.contains(&name), "{name}: {why}"),
            // The data arrives steadily, but too slowly.
            Ok(read) if name == "a stanza without end" => {
                assert!(matches!(read[0].1, RoomRead::Unread(_)), "{read:?}");
            }
            other => panic!("{name}: {other:?}"),
        }
    }
}

#[test]
fn change_without_an_answer_is_unknown() {
    for (name, behavior) in BEHAVIORS {
        let fake = FakeServer::start(move |peer| {
            serve_room(peer, move |peer, text, id| {
                let asked = text.contains("commands:unassign") || text.contains("ping");
                if text.contains("commands:list-assigned") && text.contains("command ") {
                    let hat = [("hats#jid", BOB), ("hats#uri", "urn:x:1"), ("hats#title", "T")];
                    answer(peer, id, "result", &list(&[&hat]));
                    return true;
                }
                if asked {
                    behavior(peer, id);
                }
                asked
            })
        });
        let work = RoomChanges {
            room: jid(ROOM),
            created: None,
            actor: "ana".into(),
            changes: vec![
                change(BOB, "urn:x:1", Some(HatValue::assigned()), None),
                change(BOB, "urn:x:2", None, None),
            ],
        };
        let mut reports: Vec<Applied> = Vec::new();
        let result = fake.backend().apply(&[work], &mut |applied| {
            reports.push(applied);
            ControlFlow::Continue(())
        });
        assert!(
            matches!(result, Err(Error::Lost(_) | Error::Malformed(_))),
            "{name}: {result:?}"
        );
        let outcomes: Vec<_> = reports.into_iter().flat_map(|applied| applied.outcomes).collect();
        assert_eq!(outcomes, [(0, ItemOutcome::Unknown)], "{name}");
    }
}

#[test]
fn unresponsive_room_does_not_block_the_others() {
    let fake = FakeServer::start(|peer| {
        serve_room(peer, |peer, text, id| {
            let is_ping = text.contains("urn:xmpp:ping");
            if is_ping {
                peer.send(&format!("<iq type='result' id='{id}' from='localhost'/>"));
            }
            is_ping || text.contains("stuck@")
        })
    });
    let mut backend = fake.backend();
    let stuck = "stuck@conference.localhost";
    let read = read_all(&mut backend, &[stuck, ROOM]);
    match read {
        Ok(read) => {
            assert!(matches!(read[0].1, RoomRead::Read(_)), "{read:?}");
            assert!(matches!(&read[1].1, RoomRead::Unread(why) if why.contains("does not answer")));
        }
        Err(error) => panic!("{error}"),
    }
}

/// The content of an answer: random elements, names and attributes of the protocol.
fn payload() -> impl Strategy<Value = String> {
    let text = "[ -~é\u{1f3a9}\u{202e}]{0,20}".prop_map(|text| {
        text.replace('&', "&amp;")
            .replace('<', "&lt;")
            .replace('\'', "&apos;")
    });
    let name = prop::sample::select(vec![
        "query", "x", "item", "field", "value", "command", "error", "reported", "set",
    ]);
    let space = prop::sample::select(vec![
        "http://jabber.org/protocol/muc#admin",
        "http://jabber.org/protocol/disco#items",
        "http://jabber.org/protocol/disco#info",
        "http://jabber.org/protocol/commands",
        "jabber:x:data",
        "urn:x",
    ]);
    let attribute = prop::sample::select(vec![
        "jid",
        "affiliation",
        "var",
        "status",
        "type",
        "node",
        "name",
    ]);
    let leaf = text.clone().boxed();
    leaf.prop_recursive(4, 24, 4, move |inner| {
        (
            name.clone(),
            space.clone(),
            attribute.clone(),
            text.clone(),
            prop::collection::vec(inner, 0..4),
        )
            .prop_map(|(name, space, attribute, value, inner)| {
                format!(
                    "<{name} xmlns='{space}' {attribute}='{value}'>{}</{name}>",
                    inner.concat()
                )
            })
    })
}

proptest! {
    #![proptest_config(cases(24))]

    #[test]
    fn any_answer_leads_to_an_outcome_or_an_error(payloads in prop::collection::vec(payload(), 1..6)) {
        let fake = FakeServer::start(move |peer| {
            let count = std::cell::Cell::new(0);
            let payloads = payloads.clone();
            serve_room(peer, move |peer, text, id| {
                if text.contains("disco#items") {
                    return false;
                }
                count.set(count.get() + 1);
                answer(peer, id, "result", &payloads[count.get() % payloads.len()]);
                true
            })
        });
        // Whatever the answers are, reading ends, with an error or with one outcome.
        if let Ok(read) = read_all(&mut fake.backend(), &[ROOM]) {
            prop_assert_eq!(read.len(), 1);
        }
    }
}
