//! The login (RFC 6120, section 6) with SCRAM (RFC 5802, RFC 7677) or, on encrypted streams only, with PLAIN (RFC 4616).
//!
//! The crate `sasl` computes the messages. It does not check the server's nonce and iteration count, so this module does, and
//! insists on a valid signature of the server.

use ::sasl::client::Mechanism;
use ::sasl::client::mechanisms::{Plain, Scram};
use ::sasl::common::ChannelBinding;
use ::sasl::common::scram::{Sha1, Sha256};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tokio_xmpp::minidom::Element;

use super::element::{attribute, child, element, texts};
use crate::model::Jid;
use crate::server::error::{Error, sanitize_line};
use crate::sync::Secret;

const SASL: &str = "urn:ietf:params:xml:ns:xmpp-sasl";
const CHANNEL_BINDING: &str = "urn:xmpp:sasl-cb:0";
/// Maximum iteration count. ejabberd uses 4,096; a million takes about a second.
const MAX_ITERATIONS: u32 = 1_000_000;
/// Maximum number of server messages in a login.
pub(super) const MAX_MESSAGES: usize = 4;

/// A login in progress.
pub(super) struct Login {
    mechanism: Box<dyn Mechanism>,
    jid: Jid,
    /// The client nonce, with which the server's nonce must begin; `None` for mechanisms without a nonce.
    nonce: Option<String>,
    /// Whether a challenge of the server was answered.
    has_answered: bool,
}

/// The next step of the login.
pub(super) enum Step {
    /// Send this element.
    Send(Element),
    /// The login succeeded.
    Done,
}

/// Chooses the strongest mechanism that both sides support. `binding` is the channel binding data, if there is any.
pub(super) fn choose(
    features: &Element,
    jid: &Jid,
    password: &Secret,
    is_encrypted: bool,
    binding: Option<Vec<u8>>,
) -> Result<Login, Error> {
    let refused = |why: &str| Error::Refused(format!("Cannot log in as {jid}: {why}"));
    let offered = child(features, "mechanisms", SASL)
        .map(|mechanisms| texts(mechanisms, "mechanism"))
        .unwrap_or_default();
    let offers = |name: &str| offered.iter().any(|offered| offered == name);
    let local = jid
        .local()
        .ok_or_else(|| refused("the address has no local part."))?;
    let prepared = stringprep::saslprep(password.reveal())
        .map_err(|_| refused("the password contains invalid characters."))?;
    let offers_exporter = child(features, "sasl-channel-binding", CHANNEL_BINDING).is_some_and(|types| {
        types
            .children()
            .any(|binding_type| attribute(binding_type, "type") == Some("tls-exporter"))
    });
    let binding = binding.filter(|_| offers_exporter);
    let scram_name = local.replace('=', "=3D").replace(',', "=2C");
    let random = |_| refused("no random numbers are available.");
    let channel_binding = |is_plus: bool| match &binding {
        Some(data) if is_plus => ChannelBinding::TlsExporter(data.clone()),
        _ => ChannelBinding::None,
    };
    for (name, is_plus, is_sha256) in [
        ("SCRAM-SHA-256-PLUS", true, true),
        ("SCRAM-SHA-1-PLUS", true, false),
        ("SCRAM-SHA-256", false, true),
        ("SCRAM-SHA-1", false, false),
    ] {
        if !offers(name) || is_plus && binding.is_none() {
            continue;
        }
        let (user, password) = (scram_name.clone(), prepared.to_string());
        let mechanism: Box<dyn Mechanism> = if is_sha256 {
            Box::new(Scram::<Sha256>::new(user, password, channel_binding(is_plus)).map_err(random)?)
        } else {
            Box::new(Scram::<Sha1>::new(user, password, channel_binding(is_plus)).map_err(random)?)
        };
        return Ok(Login {
            mechanism,
            jid: jid.clone(),
            nonce: Some(String::new()),
            has_answered: false,
        });
    }
    if offers("PLAIN") && is_encrypted {
        return Ok(Login {
            mechanism: Box::new(Plain::new(local, prepared.to_string())),
            jid: jid.clone(),
            nonce: None,
            has_answered: false,
        });
    }
    Err(refused(if offers("PLAIN") {
        "the server accepts only plain-text passwords, and the connection is not encrypted."
    } else {
        "the server supports neither SCRAM nor PLAIN."
    }))
}

impl Login {
    /// Creates the first message.
    pub(super) fn begin(&mut self) -> Element {
        let name = self.mechanism.name().to_owned();
        let initial = self.mechanism.initial();
        if let Some(nonce) = &mut self.nonce {
            let text = String::from_utf8_lossy(&initial);
            *nonce = text
                .rsplit_once(",r=")
                .map(|(_, own)| own.to_owned())
                .unwrap_or_default();
        }
        let mut auth = element("auth", SASL, &[("mechanism", &name)]);
        auth.append_text_node(encoded(&initial));
        auth
    }

    /// Handles a message of the server. Returns the next step.
    pub(super) fn answer(&mut self, message: &Element) -> Result<Step, Error> {
        let jid = self.jid.clone();
        let unproven = || {
            Error::Refused(format!(
                "Cannot log in as {jid}: the server could not prove that it knows the password. It may be an impostor."
            ))
        };
        match message.name() {
            "challenge" if message.has_ns(SASL) => {
                let challenge = decoded(message)?;
                self.check_challenge(&challenge)?;
                let response = self.mechanism.response(&challenge).map_err(|_| malformed())?;
                self.has_answered = true;
                let mut answer = element("response", SASL, &[]);
                answer.append_text_node(encoded(&response));
                Ok(Step::Send(answer))
            }
            "success" if message.has_ns(SASL) => {
                if self.nonce.is_some() {
                    if !self.has_answered {
                        return Err(unproven());
                    }
                    self.mechanism
                        .success(&decoded(message)?)
                        .map_err(|_| unproven())?;
                }
                Ok(Step::Done)
            }
            "failure" if message.has_ns(SASL) => Err(self.failed(message)),
            _ => Err(malformed()),
        }
    }

    /// Checks the nonce, the iteration count and the salt of a challenge, and that it is the first one.
    fn check_challenge(&self, challenge: &[u8]) -> Result<(), Error> {
        let Some(client_nonce) = &self.nonce else {
            return Err(malformed());
        };
        let text = std::str::from_utf8(challenge).map_err(|_| malformed())?;
        let value = |name: &str| {
            text.split(',')
                .find_map(|part| part.strip_prefix(name)?.strip_prefix('='))
        };
        let is_continued = value("r")
            .is_some_and(|nonce| nonce.len() > client_nonce.len() && nonce.starts_with(client_nonce));
        let rounds: Option<u32> = value("i").and_then(|rounds| rounds.parse().ok());
        let is_acceptable = rounds.is_some_and(|rounds| (1..=MAX_ITERATIONS).contains(&rounds));
        if client_nonce.is_empty()
            || self.has_answered
            || !is_continued
            || !is_acceptable
            || value("s").is_none()
        {
            return Err(malformed());
        }
        Ok(())
    }

    /// The error for a login that the server refused by this message.
    fn failed(&self, message: &Element) -> Error {
        let jid = &self.jid;
        let condition = message
            .children()
            .map(Element::name)
            .find(|name| *name != "text")
            .unwrap_or_default();
        let text = texts(message, "text").into_iter().next().unwrap_or_default();
        let text = match sanitize_line(&text) {
            text if text.is_empty() => String::new(),
            text => format!(" The server says: {text}"),
        };
        match condition {
            "not-authorized" => Error::Refused(format!(
                "Cannot log in as {jid}: wrong password, or no such account.{text}"
            )),
            "account-disabled" => {
                Error::Refused(format!("Cannot log in as {jid}: the account is disabled.{text}"))
            }
            "credentials-expired" => {
                Error::Refused(format!("Cannot log in as {jid}: the password has expired.{text}"))
            }
            "temporary-auth-failure" => Error::Away(format!(
                "Cannot log in as {jid}: the server cannot verify passwords at the moment.{text}"
            )),
            other => Error::Refused(format!("Cannot log in as {jid}: {}.{text}", sanitize_line(other))),
        }
    }
}

/// The error for a message that violates the protocol.
fn malformed() -> Error {
    Error::Malformed("the login violates the protocol".into())
}

/// Encodes data in Base64, or as `=` if there is none.
fn encoded(data: &[u8]) -> String {
    if data.is_empty() {
        "=".to_owned()
    } else {
        STANDARD.encode(data)
    }
}

/// Decodes the data of a message.
fn decoded(message: &Element) -> Result<Vec<u8>, Error> {
    let text = message.text();
    match text.trim() {
        "" | "=" => Ok(Vec::new()),
        text => STANDARD.decode(text).map_err(|_| malformed()),
    }
}
