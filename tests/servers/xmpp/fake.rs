//! A server that speaks XMPP as far as it must, and then does what it is told to do.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use base64::Engine as _;
use hatrack::server::{Account, PasswordSource, TlsMode};

use super::{ANA, ROOM, jid, prints, settings, xmpp};

pub(super) const OPEN: &str = "<?xml version='1.0'?><stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' id='x' from='localhost' version='1.0'>";
pub(super) const SASL: &str = "urn:ietf:params:xml:ns:xmpp-sasl";
pub(super) const SCRAM: &str = "<mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><mechanism>SCRAM-SHA-1</mechanism><mechanism>PLAIN</mechanism></mechanisms>";

/// A bad server. What it was sent is kept.
pub(super) struct Bad {
    port: u16,
    pub(super) seen: Arc<Mutex<String>>,
}

/// One connection of it.
pub(super) struct Peer {
    pub(super) stream: TcpStream,
    seen: Arc<Mutex<String>>,
    unread: String,
}

impl Peer {
    pub(super) fn send(&mut self, text: &str) {
        let _ = self.stream.write_all(text.as_bytes());
    }

    /// Reads until a text has come, and gives what came up to it; `None`: the other side is gone.
    pub(super) fn until(&mut self, text: &str) -> Option<String> {
        let mut buffer = [0; 16384];
        loop {
            if let Some(at) = self.unread.find(text) {
                let rest = self.unread.split_off(at + text.len());
                return Some(std::mem::replace(&mut self.unread, rest));
            }
            let count = self.stream.read(&mut buffer).ok().filter(|count| *count > 0)?;
            let came = String::from_utf8_lossy(&buffer[..count]);
            self.seen.lock().unwrap().push_str(&came);
            self.unread.push_str(&came);
        }
    }

    pub(super) fn open(&mut self, features: &str) -> Option<()> {
        self.until("version=")?;
        self.until(">")?;
        self.send(&format!("{OPEN}<stream:features>{features}</stream:features>"));
        Some(())
    }

    /// Takes any password, and proves that it knows it.
    pub(super) fn log_in(&mut self) -> Option<()> {
        self.open(SCRAM)?;
        self.scram("i=4096", true)?;
        self.open("<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/>")?;
        self.until("</iq>")?;
        self.send("<iq type='result' id='bind'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><jid>ana@localhost/x</jid></bind></iq>");
        Some(())
    }

    /// A login by SCRAM-SHA-1 with the password `secret`.
    pub(super) fn scram(&mut self, rounds: &str, knows: bool) -> Option<()> {
        let first = decoded(&self.until("</auth>")?);
        let bare = first.split_once("n,,")?.1.to_owned();
        let nonce = bare.split_once(",r=")?.1.to_owned();
        let salt = base64::engine::general_purpose::STANDARD.encode("salt");
        let challenge = format!("r={nonce}more,s={salt},{rounds}");
        let text = base64::engine::general_purpose::STANDARD.encode(&challenge);
        self.send(&format!("<challenge xmlns='{SASL}'>{text}</challenge>"));
        let last = decoded(&self.until("</response>")?);
        let without = last.rsplit_once(",p=")?.0.to_owned();
        let message = format!("{bare},{challenge},{without}");
        let proof = if knows {
            use sasl::common::scram::{ScramProvider as _, Sha1};
            let password = sasl::common::Password::Plain("secret".into());
            let salted = Sha1::derive(&password, b"salt", 4096).unwrap();
            let key = Sha1::hmac(b"Server Key", &salted).unwrap();
            Sha1::hmac(message.as_bytes(), &key).unwrap()
        } else {
            vec![0; 20]
        };
        let proof = base64::engine::general_purpose::STANDARD.encode(proof);
        let success = base64::engine::general_purpose::STANDARD.encode(format!("v={proof}"));
        self.send(&format!("<success xmlns='{SASL}'>{success}</success>"));
        Some(())
    }

    /// The next question: its whole text, and its id.
    pub(super) fn question(&mut self) -> Option<(String, String)> {
        let text = self.until("</iq>")?;
        let id = text.rsplit_once("<iq")?.1.split("id=").nth(1)?;
        let id = id.get(1..)?.split(['\'', '"']).next()?.to_owned();
        Some((text, id))
    }
}

fn decoded(element: &str) -> String {
    let text = element.rsplit_once("</").unwrap().0.rsplit_once('>').unwrap().1;
    let bytes = base64::engine::general_purpose::STANDARD.decode(text).unwrap();
    String::from_utf8(bytes).unwrap()
}

impl Bad {
    pub(super) fn start(deed: impl Fn(&mut Peer) -> Option<()> + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let seen = Arc::new(Mutex::new(String::new()));
        let log = seen.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().take(10_000) {
                let mut peer = Peer {
                    stream: stream.unwrap(),
                    seen: log.clone(),
                    unread: String::new(),
                };
                // It stays until the other side goes.
                if deed(&mut peer).is_some() {
                    peer.until("\0");
                }
            }
        });
        Self { port, seen }
    }

    pub(super) fn account(&self) -> Account {
        Account {
            jid: jid(ANA),
            password: PasswordSource::Command(prints("secret")),
            address: Some(("127.0.0.1".into(), self.port)),
            tls: TlsMode::None,
            ca_file: None,
        }
    }

    pub(super) fn backend(&self) -> hatrack::server::xmpp::Xmpp {
        let mut settings = settings(&self.account());
        settings.timeout = Duration::from_millis(600);
        settings.rooms = Some(vec![jid(ROOM)]);
        xmpp(settings)
    }
}

/// The commands of a room, by the last of their nodes.
pub(super) fn commands(node: &str) -> String {
    format!(
        "<query xmlns='http://jabber.org/protocol/disco#items' node='http://jabber.org/protocol/commands'><item jid='{ROOM}' node='{node}'/></query>"
    )
}

/// Answers all as a room would where the deed does not.
pub(super) fn room(peer: &mut Peer, deed: impl Fn(&mut Peer, &str, &str) -> bool) -> Option<()> {
    peer.log_in()?;
    loop {
        let (text, id) = peer.question()?;
        if text.contains("jabber:iq:last") {
            let error = "<error type='cancel'><service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>";
            peer.send(&format!(
                "<iq type='error' id='{id}' from='localhost'>{error}</iq>"
            ));
            continue;
        }
        if deed(peer, &text, &id) {
            continue;
        }
        let form = |node: &str| {
            format!(
                "<command xmlns='http://jabber.org/protocol/commands' node='{node}' status='completed'><x xmlns='jabber:x:data' type='result'/></command>"
            )
        };
        let payload = if text.contains("disco#items") {
            commands("urn:xmpp:hats:commands:list-assigned")
        } else if text.contains("disco#info") {
            "<query xmlns='http://jabber.org/protocol/disco#info'/>".to_owned()
        } else if text.contains("muc#admin") {
            "<query xmlns='http://jabber.org/protocol/muc#admin'/>".to_owned()
        } else {
            form("x")
        };
        answer(peer, &id, "result", &payload);
    }
}

pub(super) fn answer(peer: &mut Peer, id: &str, kind: &str, payload: &str) {
    peer.send(&format!(
        "<iq type='{kind}' id='{id}' from='{ROOM}'>{payload}</iq>"
    ));
}

/// A completed command with items: each the values of its fields.
pub(super) fn list(items: &[&[(&str, &str)]]) -> String {
    let field = |(var, value): &(&str, &str)| format!("<field var='{var}'><value>{value}</value></field>");
    let item = |fields: &&[(&str, &str)]| {
        let fields: Vec<String> = fields.iter().map(field).collect();
        format!("<item>{}</item>", fields.concat())
    };
    let items = items.iter().map(item).collect::<Vec<_>>().concat();
    format!(
        "<command xmlns='http://jabber.org/protocol/commands' status='completed'><x xmlns='jabber:x:data' type='result'>{items}</x></command>"
    )
}
