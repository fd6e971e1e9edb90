//! A fake XMPP server: it implements the login and the requests for a room, and otherwise does what a test specifies.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use base64::Engine as _;
use hatrack::server::{Account, PasswordSource, TlsMode};

use super::{ANA, ROOM, echo, jid, settings, xmpp};

pub(super) const OPEN: &str = "<?xml version='1.0'?><stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' id='x' from='localhost' version='1.0'>";
pub(super) const SASL: &str = "urn:ietf:params:xml:ns:xmpp-sasl";
pub(super) const SCRAM: &str = "<mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><mechanism>SCRAM-SHA-1</mechanism><mechanism>PLAIN</mechanism></mechanisms>";

/// A fake server.
pub(super) struct FakeServer {
    port: u16,
    /// The text received so far, on all connections.
    pub(super) received: Arc<Mutex<String>>,
}

/// A connection of a fake server.
pub(super) struct Peer {
    pub(super) stream: TcpStream,
    received: Arc<Mutex<String>>,
    unread: String,
}

impl Peer {
    pub(super) fn send(&mut self, text: &str) {
        let _ = self.stream.write_all(text.as_bytes());
    }

    /// Reads up to this text, and returns everything up to its end; `None` at the end of the stream.
    pub(super) fn read_until(&mut self, text: &str) -> Option<String> {
        let mut buffer = [0; 16384];
        loop {
            if let Some(at) = self.unread.find(text) {
                let rest = self.unread.split_off(at + text.len());
                return Some(std::mem::replace(&mut self.unread, rest));
            }
            let count = self.stream.read(&mut buffer).ok().filter(|count| *count > 0)?;
            let text = String::from_utf8_lossy(&buffer[..count]);
            self.received.lock().unwrap().push_str(&text);
            self.unread.push_str(&text);
        }
    }

    /// Answers the client's stream header with a header and these features.
    pub(super) fn open(&mut self, features: &str) -> Option<()> {
        self.read_until("version=")?;
        self.read_until(">")?;
        self.send(&format!("{OPEN}<stream:features>{features}</stream:features>"));
        Some(())
    }

    /// Performs a login: accepts any password, and proves that the server knows `secret`.
    pub(super) fn log_in(&mut self) -> Option<()> {
        self.open(SCRAM)?;
        self.scram("i=4096", true)?;
        self.open("<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/>")?;
        self.read_until("</iq>")?;
        self.send("<iq type='result' id='bind'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><jid>ana@localhost/x</jid></bind></iq>");
        Some(())
    }

    /// Performs SCRAM-SHA-1 with the password `secret`. `iterations` is the end of the challenge, such as `i=4096`.
    /// Without `is_proof_valid`, the server does not prove that it knows the password.
    pub(super) fn scram(&mut self, iterations: &str, is_proof_valid: bool) -> Option<()> {
        let first = decoded(&self.read_until("</auth>")?);
        let bare = first.split_once("n,,")?.1.to_owned();
        let nonce = bare.split_once(",r=")?.1.to_owned();
        let salt = base64::engine::general_purpose::STANDARD.encode("salt");
        let challenge = format!("r={nonce}more,s={salt},{iterations}");
        let text = base64::engine::general_purpose::STANDARD.encode(&challenge);
        self.send(&format!("<challenge xmlns='{SASL}'>{text}</challenge>"));
        let last = decoded(&self.read_until("</response>")?);
        let without = last.rsplit_once(",p=")?.0.to_owned();
        let message = format!("{bare},{challenge},{without}");
        let proof = if is_proof_valid {
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

    /// Reads the next request. Returns its text and its ID.
    pub(super) fn read_request(&mut self) -> Option<(String, String)> {
        let text = self.read_until("</iq>")?;
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

impl FakeServer {
    /// Starts a server that runs `behavior` for each connection. If that returns `None`, the connection is closed.
    pub(super) fn start(behavior: impl Fn(&mut Peer) -> Option<()> + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let received = Arc::new(Mutex::new(String::new()));
        let log = received.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().take(10_000) {
                let mut peer = Peer {
                    stream: stream.unwrap(),
                    received: log.clone(),
                    unread: String::new(),
                };
                // Keeps the connection open until the client closes it.
                if behavior(&mut peer).is_some() {
                    peer.read_until("\0");
                }
            }
        });
        Self { port, received }
    }

    pub(super) fn account(&self) -> Account {
        Account {
            jid: jid(ANA),
            password: PasswordSource::Command(echo("secret")),
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

/// The list of a room's commands, which contains one command.
pub(super) fn commands(node: &str) -> String {
    format!(
        "<query xmlns='http://jabber.org/protocol/disco#items' node='http://jabber.org/protocol/commands'><item jid='{ROOM}' node='{node}'/></query>"
    )
}

/// Performs a login, and then answers each request as an empty room does, unless `behavior` returns that it has handled
/// the request.
pub(super) fn serve_room(peer: &mut Peer, behavior: impl Fn(&mut Peer, &str, &str) -> bool) -> Option<()> {
    peer.log_in()?;
    loop {
        let (text, id) = peer.read_request()?;
        if text.contains("jabber:iq:last") {
            let error = "<error type='cancel'><service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>";
            peer.send(&format!(
                "<iq type='error' id='{id}' from='localhost'>{error}</iq>"
            ));
            continue;
        }
        if behavior(peer, &text, &id) {
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

/// Answers a request as the room.
pub(super) fn answer(peer: &mut Peer, id: &str, kind: &str, payload: &str) {
    peer.send(&format!(
        "<iq type='{kind}' id='{id}' from='{ROOM}'>{payload}</iq>"
    ));
}

/// The answer to a list command. Each item is a list of fields and their values.
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
