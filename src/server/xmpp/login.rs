//! Opens a stream, encrypts it, logs in and binds a resource (RFC 6120).
//!
//! `tokio_xmpp::Client` was tried: it retries forever, even after a wrong password, uses PLAIN on unencrypted streams, does
//! not verify the server's SCRAM signature, trusts only the system's authorities, and accepts stanzas of any size. So only
//! the XML streams of `tokio_xmpp` and the mechanisms of `sasl` are used.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::{SinkExt as _, StreamExt as _};
use tokio::io::{AsyncRead, AsyncWrite, BufStream};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_xmpp::connect::AsyncReadAndWrite;
use tokio_xmpp::minidom::Element;
use tokio_xmpp::xmlstream::{
    PendingFeaturesRecv, ReadError, StreamHeader, Timeouts, XmlStream, initiate_stream,
};

use super::bounded::{Bounded, is_malformed};
use super::element::{STREAMS, attribute, child, element, with_child};
use super::sasl;
use super::{address, tls};
use crate::server::error::{Error, sanitize_line};
use crate::server::settings::{Account, TlsMode};
use crate::sync::Secret;

const CLIENT: &str = "jabber:client";
const STARTTLS: &str = "urn:ietf:params:xml:ns:xmpp-tls";
const BIND: &str = "urn:ietf:params:xml:ns:xmpp-bind";
/// A stream that waited longer than this for the password is opened again.
const MAX_STREAM_AGE: Duration = Duration::from_secs(10);
/// The size of the buffer for received data, in bytes.
const RECEIVE_BUFFER: usize = 64 << 10;
/// The size of the buffer for data to be sent, in bytes. ejabberd reads everything that has arrived at once, and then
/// answers nothing for as long as sending that much may take at the account's rate limit: 3 s for 8 KiB.
const SEND_BUFFER: usize = 8 << 10;
/// Maximum number of stanzas that are received while waiting for the expected one.
const MAX_OTHER_STANZAS: usize = 100;

/// A connection.
type Io = Box<dyn AsyncReadAndWrite>;
/// A stream of stanzas.
pub(super) type XmppStream = XmlStream<Bounded<Io>, Element>;

/// A stream before the login.
struct OpenedStream {
    stream: XmppStream,
    /// The features that the server offers.
    features: Element,
    /// The transport, for display.
    transport: String,
    is_encrypted: bool,
    /// The channel binding data; `None` if there is none.
    binding: Option<Vec<u8>>,
}

/// A stream after the login.
pub(super) struct LoggedInStream {
    pub(super) stream: XmppStream,
    /// The transport, for display.
    pub(super) transport: String,
}

/// Connects and tries once to log in. `password` is called after the connection was encrypted and the server's certificate was
/// verified, unless the account is used without encryption. `time_limit` applies to each step.
pub(super) async fn login(
    account: &Account,
    time_limit: Duration,
    password: &mut dyn FnMut() -> Result<Secret, Error>,
) -> Result<LoggedInStream, Error> {
    let domain = account.jid.domain();
    let no_answer = || Error::Away(format!("The server of {domain} does not answer."));
    let mut opened = open(account, time_limit).await?;
    let began = Instant::now();
    let password = password()?;
    if began.elapsed() > MAX_STREAM_AGE {
        // The server may close streams that wait too long for a login.
        opened = open(account, time_limit).await?;
    }
    match timeout(time_limit, authenticate(opened, account, &password)).await {
        Ok(logged_in) => logged_in,
        Err(_) => Err(no_answer()),
    }
}

/// Connects, and opens a stream.
async fn open(account: &Account, time_limit: Duration) -> Result<OpenedStream, Error> {
    let domain = account.jid.domain();
    let tcp = address::connect(account, time_limit).await?;
    match timeout(time_limit, secure(account, tcp)).await {
        Ok(opened) => opened,
        Err(_) => Err(Error::Away(format!("The server of {domain} does not answer."))),
    }
}

/// Encrypts the connection as configured, and opens the stream.
async fn secure(account: &Account, tcp: TcpStream) -> Result<OpenedStream, Error> {
    let domain = account.jid.domain();
    let ca_file = account.ca_file.as_deref();
    let tls = match account.tls {
        TlsMode::None => {
            let (stream, features) = open_stream(domain, buffered(tcp)).await?;
            return Ok(OpenedStream {
                stream,
                features,
                transport: "unencrypted (this machine only)".into(),
                is_encrypted: false,
                binding: None,
            });
        }
        TlsMode::Direct => encrypt(domain, tcp, tls::config(ca_file, true)?).await?,
        TlsMode::Required => {
            let config = tls::config(ca_file, false)?;
            encrypt(domain, starttls(domain, tcp).await?, config).await?
        }
    };
    let (_, connection) = tls.get_ref();
    let (transport, binding) = (
        tls::version(connection.protocol_version()),
        tls::channel_binding(connection),
    );
    let (stream, features) = open_stream(domain, buffered(tls)).await?;
    Ok(OpenedStream {
        stream,
        features,
        transport,
        is_encrypted: true,
        binding,
    })
}

/// Buffers a connection, so that received data is passed on in large pieces, because long lists have a megabyte or more.
fn buffered(connection: impl AsyncRead + AsyncWrite + Send + Unpin + 'static) -> Io {
    Box::new(BufStream::with_capacity(RECEIVE_BUFFER, SEND_BUFFER, connection))
}

/// Requests STARTTLS. Unencrypted data that the server sends in addition is dropped.
async fn starttls(domain: &str, tcp: TcpStream) -> Result<TcpStream, Error> {
    let opening = send_header(domain, Bounded::new(BufStream::new(tcp))).await?;
    let mut stream: XmlStream<_, Element> = opening.skip_features();
    let features = receive(domain, &mut stream).await?;
    if child(&features, "starttls", STARTTLS).is_none() {
        return Err(Error::Refused(format!(
            "The server of {domain} offers no encryption, which is required to log in."
        )));
    }
    send(domain, &mut stream, &element("starttls", STARTTLS, &[])).await?;
    let answer = receive(domain, &mut stream).await?;
    if !answer.is("proceed", STARTTLS) {
        return Err(Error::Refused(format!(
            "The server of {domain} refuses to encrypt the connection."
        )));
    }
    Ok(stream.into_inner().into_inner().into_inner())
}

/// Starts TLS, and verifies the server's certificate.
async fn encrypt(
    domain: &str,
    tcp: TcpStream,
    config: tokio_rustls::rustls::ClientConfig,
) -> Result<TlsStream<TcpStream>, Error> {
    let name = ServerName::try_from(address::ascii(domain)?)
        .map_err(|_| Error::Refused(format!("{domain} is not a valid domain.")))?;
    TlsConnector::from(Arc::new(config))
        .connect(name, tcp)
        .await
        .map_err(|error| tls::explain(&error, domain))
}

/// Opens a stream and reads its features.
async fn open_stream(domain: &str, io: Io) -> Result<(XmppStream, Element), Error> {
    let mut stream: XmppStream = send_header(domain, Bounded::new(io)).await?.skip_features();
    let features = receive(domain, &mut stream).await?;
    Ok((stream, features))
}

/// Sends the header of a stream.
async fn send_header<T: AsyncReadAndWrite>(
    domain: &str,
    io: Bounded<T>,
) -> Result<PendingFeaturesRecv<Bounded<T>>, Error> {
    // The callers have their own timeouts.
    let day = Duration::from_secs(24 * 3600);
    let timeouts = Timeouts {
        read_timeout: day,
        response_timeout: day,
    };
    let header = StreamHeader {
        to: Some(Cow::Borrowed(domain)),
        ..StreamHeader::default()
    };
    initiate_stream(io, CLIENT, header, timeouts)
        .await
        .map_err(|error| connection_error(domain, &error))
}

/// Converts an error of the connection during the login.
fn connection_error(domain: &str, error: &std::io::Error) -> Error {
    let why = sanitize_line(&error.to_string());
    if is_malformed(error) {
        Error::Malformed(format!("{domain} does not use XMPP at this address ({why})"))
    } else {
        Error::Away(format!("The connection to {domain} was closed: {why}"))
    }
}

/// Receives the next element during the login. A stream error of the server is returned as an error.
async fn receive<T: AsyncReadAndWrite>(
    domain: &str,
    stream: &mut XmlStream<Bounded<T>, Element>,
) -> Result<Element, Error> {
    loop {
        let received = stream.next().await;
        if matches!(received, Some(Ok(_))) {
            drop(stream.get_stream().take_entries());
        }
        return match received {
            Some(Ok(stanza)) if stanza.is("error", STREAMS) => Err(Error::Away(format!(
                "The server of {domain} closed the connection: {}",
                super::element::stream_error(&stanza)
            ))),
            Some(Ok(stanza)) => Ok(stanza),
            Some(Err(ReadError::SoftTimeout)) => continue,
            Some(Err(ReadError::ParseError(error))) => {
                Err(Error::Malformed(sanitize_line(&error.to_string())))
            }
            Some(Err(ReadError::HardError(error))) => Err(connection_error(domain, &error)),
            Some(Err(ReadError::StreamFooterReceived)) | None => Err(Error::Away(format!(
                "The server of {domain} closed the connection."
            ))),
        };
    }
}

async fn send<T: AsyncReadAndWrite>(
    domain: &str,
    stream: &mut XmlStream<Bounded<T>, Element>,
    stanza: &Element,
) -> Result<(), Error> {
    stream
        .send(stanza)
        .await
        .map_err(|error| connection_error(domain, &error))
}

/// Logs in and binds a resource.
async fn authenticate(
    opened: OpenedStream,
    account: &Account,
    password: &Secret,
) -> Result<LoggedInStream, Error> {
    let OpenedStream {
        mut stream,
        features,
        transport,
        is_encrypted,
        binding,
    } = opened;
    let domain = account.jid.domain();
    let mut mechanism = sasl::choose(&features, &account.jid, password, is_encrypted, binding)?;
    send(domain, &mut stream, &mechanism.begin()).await?;
    for _ in 0..sasl::MAX_MESSAGES {
        let message = receive(domain, &mut stream).await?;
        match mechanism.answer(&message)? {
            sasl::Step::Send(answer) => send(domain, &mut stream, &answer).await?,
            sasl::Step::Done => {
                let stream = restart_stream(domain, stream).await?;
                return bind(domain, stream, transport).await;
            }
        }
    }
    Err(Error::Malformed("the login does not finish".into()))
}

/// Opens the stream again, as required after the authentication.
async fn restart_stream(domain: &str, stream: XmppStream) -> Result<XmppStream, Error> {
    let header = StreamHeader {
        to: Some(Cow::Borrowed(domain)),
        ..StreamHeader::default()
    };
    stream.get_stream().expect_header();
    let opening = stream
        .initiate_reset()
        .send_header(header)
        .await
        .map_err(|error| connection_error(domain, &error))?;
    Ok(opening.skip_features())
}

/// Binds a resource. The server chooses its name.
async fn bind(domain: &str, mut stream: XmppStream, transport: String) -> Result<LoggedInStream, Error> {
    // These are the features after the authentication.
    receive(domain, &mut stream).await?;
    let request = with_child(
        element("iq", CLIENT, &[("type", "set"), ("id", "bind")]),
        element("bind", BIND, &[]),
    );
    send(domain, &mut stream, &request).await?;
    for _ in 0..MAX_OTHER_STANZAS {
        let answer = receive(domain, &mut stream).await?;
        if !answer.is("iq", CLIENT) || attribute(&answer, "id") != Some("bind") {
            continue;
        }
        return if attribute(&answer, "type") == Some("result") {
            Ok(LoggedInStream { stream, transport })
        } else {
            let error = super::element::stanza_error(&answer);
            Err(Error::Away(format!(
                "The server of {domain} refuses the session: {}",
                error.explanation()
            )))
        };
    }
    Err(Error::Malformed("the session is not bound".into()))
}
