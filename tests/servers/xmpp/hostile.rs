//! A server that is none, or a bad one: what comes of it is an error, soon, and never more than that.

use std::io::Write as _;
use std::ops::ControlFlow;
use std::time::Duration;

use base64::Engine as _;
use hatrack::server::{Account, Applied, Backend as _, Error, RoomChanges, TlsMode};
use hatrack::sync::{HatValue, ItemOutcome, RoomRead};
use proptest::prelude::*;

use super::fake::{Bad, OPEN, Peer, SASL, SCRAM, answer, list, room};
use super::{BOB, ROOM, change, jid, read_all, settings, xmpp};
use crate::support::cases;

/// Nothing worse than an error comes of it, and soon.
fn harmless(bad: &Bad) -> Error {
    let mut backend = bad.backend();
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
    let bad = Bad::start(|peer| {
        peer.open(&SCRAM.replace("<mechanism>SCRAM-SHA-1</mechanism>", ""))?;
        peer.until("\0").map(drop)
    });
    let error = harmless(&bad);
    assert!(
        matches!(&error, Error::Refused(why) if why.contains("plain-text") && why.contains("not encrypted")),
        "{error}"
    );
    let seen = bad.seen.lock().unwrap().clone();
    assert!(!seen.contains("<auth") && !seen.contains("PLAIN"), "{seen}");
    assert!(!seen.contains(&base64::engine::general_purpose::STANDARD.encode("\0ana\0secret")));
}

#[test]
fn without_starttls_nothing_is_sent_where_it_is_required() {
    let bad = Bad::start(|peer| {
        peer.open(SCRAM)?;
        peer.until("\0").map(drop)
    });
    let account = Account {
        tls: TlsMode::Required,
        ..bad.account()
    };
    let error = xmpp(settings(&account)).connect().unwrap_err();
    assert!(
        matches!(&error, Error::Refused(why) if why.contains("offers no encryption")),
        "{error}"
    );
    let seen = bad.seen.lock().unwrap().clone();
    assert!(!seen.contains("<auth"), "{seen}");
}

#[test]
fn a_server_that_does_not_know_the_password_is_not_trusted() {
    let unproven = |error: &Error| matches!(error, Error::Refused(why) if why.contains("prove that it knows the password"));
    let bad = Bad::start(|peer| {
        peer.open(SCRAM)?;
        peer.scram("i=4096", false)
    });
    let error = harmless(&bad);
    assert!(unproven(&error), "{error}");
    let at_once = Bad::start(|peer| {
        peer.open(SCRAM)?;
        peer.until("</auth>")?;
        peer.send(&format!("<success xmlns='{SASL}'/>"));
        Some(())
    });
    let error = harmless(&at_once);
    assert!(unproven(&error), "{error}");
    // The good one is.
    let good = Bad::start(|peer| room(peer, |_, _, _| false));
    assert!(matches!(
        read_all(&mut good.backend(), &[ROOM]).unwrap()[0].1,
        RoomRead::Read(_)
    ));
}

#[test]
fn a_login_that_asks_for_too_much_is_none() {
    for rounds in ["i=4294967295", "i=0", "i=-1", "i=x", "m=1,i=99999999", ""] {
        let bad = Bad::start(move |peer| {
            peer.open(SCRAM)?;
            peer.scram(rounds, true)
        });
        let error = harmless(&bad);
        assert!(matches!(error, Error::Malformed(_)), "{rounds}: {error}");
    }
    let foreign_nonce = Bad::start(|peer| {
        peer.open(SCRAM)?;
        peer.until("</auth>")?;
        let text = base64::engine::general_purpose::STANDARD.encode("r=other,s=c2FsdA==,i=4096");
        peer.send(&format!("<challenge xmlns='{SASL}'>{text}</challenge>"));
        Some(())
    });
    assert!(matches!(harmless(&foreign_nonce), Error::Malformed(_)));
}

/// What a bad server does instead of a stream.
type Beginning = fn(&mut Peer) -> Option<()>;

const BEGINNINGS: [(&str, Beginning); 12] = [
    ("gone", |_| None),
    ("silent", |_| Some(())),
    ("garbage", |peer| {
        peer.send("HTTP/1.1 400 Bad Request\r\n\r\n<html>");
        Some(())
    }),
    ("no text", |peer| peer.stream.write_all(b"\xff\xfe\0\0").ok()),
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
fn what_is_no_stream_is_an_error() {
    for (name, deed) in BEGINNINGS {
        let began = std::time::Instant::now();
        let error = harmless(&Bad::start(deed));
        println!("{name}: {error} ({:?})", began.elapsed());
        let deep = matches!(&error, Error::Malformed(why) if why.contains("nested too deeply"));
        assert_eq!(deep, name == "nested without end", "{error}");
        assert!(!matches!(error, Error::Stopped), "{name}");
    }
}

/// What a bad server does instead of an answer.
type Deed = fn(&mut Peer, &str);

/// Those that go on until the time is over.
const ENDLESS: [&str; 4] = [
    "an answer of somebody else",
    "messages without end",
    "questions without end",
    "letter by letter",
];

const DEEDS: [(&str, Deed); 11] = [
    ("gone", |peer, _| {
        drop(peer.stream.shutdown(std::net::Shutdown::Both));
    }),
    ("silent", |_, _| {}),
    ("garbage", |peer, _| peer.send("&nonsense;")),
    ("half", |peer, id| {
        peer.send(&format!("<iq type='result' id='{id}' from='{ROOM}'><query"));
    }),
    ("an answer of somebody else", |peer, id| {
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
fn what_is_no_answer_is_an_error() {
    for (name, deed) in DEEDS {
        let bad = Bad::start(move |peer| {
            room(peer, move |peer, text, id| {
                let asked = text.contains("muc#admin") || text.contains("ping");
                if asked {
                    deed(peer, id);
                }
                asked
            })
        });
        match read_all(&mut bad.backend(), &[ROOM]) {
            Err(Error::Lost(why)) => {
                assert!(
                    name == "gone" || name == "silent" || ENDLESS.contains(&name),
                    "{name}: {why}"
                );
            }
            Err(Error::Malformed(why)) => assert!(!ENDLESS.contains(&name), "{name}: {why}"),
            // It comes steadily, and too slowly.
            Ok(read) if name == "a stanza without end" => {
                assert!(matches!(read[0].1, RoomRead::Unread(_)), "{read:?}");
            }
            other => panic!("{name}: {other:?}"),
        }
    }
}

#[test]
fn a_change_without_an_answer_is_unknown() {
    for (name, deed) in DEEDS {
        let bad = Bad::start(move |peer| {
            room(peer, move |peer, text, id| {
                let asked = text.contains("commands:unassign") || text.contains("ping");
                if text.contains("commands:list-assigned") && text.contains("command ") {
                    let hat = [("hats#jid", BOB), ("hats#uri", "urn:x:1"), ("hats#title", "T")];
                    answer(peer, id, "result", &list(&[&hat]));
                    return true;
                }
                if asked {
                    deed(peer, id);
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
        let mut told: Vec<Applied> = Vec::new();
        let result = bad.backend().apply(&[work], &mut |applied| {
            told.push(applied);
            ControlFlow::Continue(())
        });
        assert!(
            matches!(result, Err(Error::Lost(_) | Error::Malformed(_))),
            "{name}: {result:?}"
        );
        let outcomes: Vec<_> = told.into_iter().flat_map(|applied| applied.outcomes).collect();
        assert_eq!(outcomes, [(0, ItemOutcome::Unknown)], "{name}");
    }
}

#[test]
fn one_room_that_does_not_answer_does_not_keep_the_others() {
    let bad = Bad::start(|peer| {
        room(peer, |peer, text, id| {
            let is_ping = text.contains("urn:xmpp:ping");
            if is_ping {
                peer.send(&format!("<iq type='result' id='{id}' from='localhost'/>"));
            }
            is_ping || text.contains("stuck@")
        })
    });
    let mut backend = bad.backend();
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

/// What may stand in an answer.
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
    fn any_answer_ends_in_an_outcome_or_an_error(payloads in prop::collection::vec(payload(), 1..6)) {
        let bad = Bad::start(move |peer| {
            let count = std::cell::Cell::new(0);
            let payloads = payloads.clone();
            room(peer, move |peer, text, id| {
                if text.contains("disco#items") {
                    return false;
                }
                count.set(count.get() + 1);
                answer(peer, id, "result", &payloads[count.get() % payloads.len()]);
                true
            })
        });
        // Whatever it is: it ends, and is one outcome at most.
        if let Ok(read) = read_all(&mut bad.backend(), &[ROOM]) {
            prop_assert_eq!(read.len(), 1);
        }
    }
}
