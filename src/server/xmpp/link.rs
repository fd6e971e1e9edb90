//! Sends requests on a logged-in stream, many in parallel, and passes each answer to its request.
//!
//! [`Link::run`] runs a future that makes requests, and sends and receives stanzas meanwhile. Nothing runs between its calls,
//! and no tasks are spawned.

use std::cell::{Cell, RefCell};
use std::collections::{HashMap, VecDeque};
use std::ops::Deref;
use std::pin::{Pin, pin};
use std::task::{Context, Poll};
use std::time::Duration;

use futures_util::{Sink as _, Stream as _};
use tokio::sync::oneshot;
use tokio::time::{Instant, timeout_at};
use tokio_xmpp::minidom::Element;
use tokio_xmpp::xmlstream::ReadError;

use super::bounded::is_malformed;
use super::element::{
    self, STREAMS, StanzaError, attribute, child, element, stanza_error, stream_error, with_child,
};
use super::entries::ListEntry;
use super::login::{LoggedInStream, XmppStream};
use crate::server::error::{Error, sanitize_line};

const CLIENT: &str = "jabber:client";
const PING: &str = "urn:xmpp:ping";
/// Number of further received bytes of an unfinished stanza that counts as progress.
const PROGRESS_BYTES: u64 = 64 << 10;
/// Maximum duration of a request while other requests are answered, in multiples of the timeout. Requests wait that long if the
/// server throttles the account.
const MAX_TIMEOUTS: u32 = 12;
/// Maximum duration of the ping that checks the connection.
const PING_TIMEOUT: Duration = Duration::from_secs(3);
/// If at least this many stanzas are queued, requests from the server are not answered.
const MAX_QUEUE_FOR_ANSWERS: usize = 64;
/// Maximum number of stanzas that are received before requests continue.
const STANZAS_PER_BURST: usize = 256;

/// A logged-in stream.
pub(super) struct Link {
    stream: XmppStream,
    /// The transport, for display.
    pub(super) transport: String,
    /// The start of the IDs of requests.
    prefix: String,
    /// The account's domain.
    domain: String,
    /// Number of requests so far.
    count: u64,
    /// Number of received bytes at the last complete stanza or progress.
    progress_mark: u64,
}

/// A received top-level element, and the entries of its list, which were taken out of it.
#[derive(Debug)]
pub(super) struct ReceivedElement {
    element: Element,
    /// The entries of an affiliation list, or of the result form of a command.
    pub(super) entries: Vec<ListEntry>,
}

impl Deref for ReceivedElement {
    type Target = Element;

    fn deref(&self) -> &Element {
        &self.element
    }
}

/// Why a request failed.
#[derive(Debug, Clone)]
pub(super) enum RequestFailure {
    /// The server returned an error.
    Refused(StanzaError),
    /// There was no answer in time, while the connection works.
    Silent,
    /// The connection was lost.
    Broken(Error),
}

/// Makes requests during [`Link::run`].
pub(super) struct RequestSender {
    pending: RefCell<HashMap<String, PendingRequest>>,
    /// Stanzas to be sent.
    queue: RefCell<VecDeque<Element>>,
    /// The error by which the connection was lost.
    broken: RefCell<Option<Error>>,
    /// When an answer or a part of a long stanza last arrived.
    last_progress: Cell<Instant>,
    /// The start of the IDs of requests.
    prefix: String,
    /// Number of requests of the connection so far.
    count: Cell<u64>,
    /// Maximum time until an answer, while no other request is answered.
    timeout: Duration,
    /// The account's domain.
    domain: String,
}

/// A request that waits for its answer.
struct PendingRequest {
    to: String,
    answer: oneshot::Sender<ReceivedElement>,
}

impl RequestSender {
    /// Sends a request of the type `get` or `set` to this address, and waits for the answer. If there is none, and no other
    /// request was answered for a while, checks the connection by a ping.
    pub(super) async fn request(
        &self,
        to: &str,
        iq_type: &str,
        payload: Element,
    ) -> Result<ReceivedElement, RequestFailure> {
        let answer = match self.send_and_wait(to, iq_type, payload, self.timeout).await {
            Err(RequestFailure::Silent) if self.last_progress.get().elapsed() >= self.timeout => {
                // The ping shows whether only this room or the whole server does not answer.
                let time = self.timeout.min(PING_TIMEOUT);
                let ping = element("ping", PING, &[]);
                let probe = self.send_and_wait(&self.domain, "get", ping, time).await;
                if matches!(probe, Err(RequestFailure::Silent)) {
                    self.fail(Error::Lost("The server does not answer.".into()));
                }
                return Err(match self.broken.borrow().clone() {
                    Some(error) => RequestFailure::Broken(error),
                    None => RequestFailure::Silent,
                });
            }
            answer => answer?,
        };
        if attribute(&answer, "type") == Some("result") {
            Ok(answer)
        } else {
            Err(RequestFailure::Refused(stanza_error(&answer)))
        }
    }

    /// Sends a request, and waits for the answer for this time, which is extended while other requests are answered.
    async fn send_and_wait(
        &self,
        to: &str,
        iq_type: &str,
        payload: Element,
        time: Duration,
    ) -> Result<ReceivedElement, RequestFailure> {
        if let Some(error) = self.broken.borrow().clone() {
            return Err(RequestFailure::Broken(error));
        }
        self.count.set(self.count.get() + 1);
        let id = format!("{}{}", self.prefix, self.count.get());
        let stanza = element("iq", CLIENT, &[("type", iq_type), ("id", &id), ("to", to)]);
        let (answer, mut answered) = oneshot::channel();
        let pending = PendingRequest {
            to: to.to_owned(),
            answer,
        };
        self.pending.borrow_mut().insert(id.clone(), pending);
        self.queue.borrow_mut().push_back(with_child(stanza, payload));
        let sent = Instant::now();
        let latest = sent + time * MAX_TIMEOUTS;
        loop {
            let deadline = latest.min(self.last_progress.get().max(sent) + time);
            match timeout_at(deadline, &mut answered).await {
                Ok(Ok(answer)) => return Ok(answer),
                Ok(Err(_)) => {
                    let error = self.broken.borrow().clone();
                    return Err(RequestFailure::Broken(error.unwrap_or(Error::Stopped)));
                }
                // Other requests were answered meanwhile.
                Err(_) if deadline < latest && self.last_progress.get() + time > deadline => {}
                Err(_) => {
                    self.pending.borrow_mut().remove(&id);
                    return Err(RequestFailure::Silent);
                }
            }
        }
    }

    /// Notes that the connection was lost, and ends all pending requests.
    fn fail(&self, error: Error) {
        *self.broken.borrow_mut() = Some(error);
        // Dropping the senders ends the requests.
        self.pending.borrow_mut().clear();
        self.queue.borrow_mut().clear();
    }

    /// Whether the connection was lost.
    pub(super) fn is_broken(&self) -> bool {
        self.broken.borrow().is_some()
    }

    /// Passes an answer to its request, if it comes from the address to which the request was sent. Returns whether it was
    /// passed on.
    fn deliver(&self, stanza: ReceivedElement) -> bool {
        let Some(id) = attribute(&stanza, "id") else {
            return false;
        };
        let mut pending = self.pending.borrow_mut();
        let from = attribute(&stanza, "from");
        if pending.get(id).is_none_or(|request| from != Some(&*request.to)) {
            return false;
        }
        if let Some(request) = pending.remove(id) {
            self.last_progress.set(Instant::now());
            // This fails if nobody waits for the answer, because the future of the request was dropped.
            let _ = request.answer.send(stanza);
        }
        true
    }
}

impl Link {
    pub(super) fn new(logged_in: LoggedInStream, domain: &str) -> Self {
        let LoggedInStream { stream, transport } = logged_in;
        let mut prefix = uuid::Uuid::new_v4().simple().to_string();
        prefix.truncate(6);
        Self {
            stream,
            transport,
            prefix,
            domain: domain.to_owned(),
            count: 0,
            progress_mark: 0,
        }
    }

    /// Runs `work` to its end. Returns its result, and the error if the connection was lost.
    pub(super) async fn run<T>(
        &mut self,
        timeout: Duration,
        work: impl AsyncFnOnce(&RequestSender) -> T,
    ) -> (T, Option<Error>) {
        let sender = RequestSender {
            pending: RefCell::default(),
            queue: RefCell::default(),
            broken: RefCell::default(),
            last_progress: Cell::new(Instant::now()),
            prefix: self.prefix.clone(),
            count: Cell::new(self.count),
            timeout,
            domain: self.domain.clone(),
        };
        let value = {
            let mut work = pin!(work(&sender));
            std::future::poll_fn(|context| {
                loop {
                    let sent = self.drive(context, &sender);
                    if let Poll::Ready(value) = work.as_mut().poll(context) {
                        return Poll::Ready(value);
                    }
                    // New requests are sent immediately.
                    if !sent || sender.queue.borrow().is_empty() {
                        return Poll::Pending;
                    }
                }
            })
            .await
        };
        self.count = sender.count.get();
        (value, sender.broken.into_inner())
    }

    /// Sends and receives as much as is possible without waiting. Returns whether everything was sent and received and the connection works,
    /// so that new requests can be sent at once.
    fn drive(&mut self, context: &mut Context<'_>, sender: &RequestSender) -> bool {
        if sender.is_broken() {
            return false;
        }
        match self.exchange(context, sender) {
            Ok(sent) => sent,
            Err(error) => {
                sender.fail(error);
                false
            }
        }
    }

    /// Sends and receives as much as is possible without waiting. Returns whether everything was sent and received.
    fn exchange(&mut self, context: &mut Context<'_>, sender: &RequestSender) -> Result<bool, Error> {
        let lost = |error: std::io::Error| {
            Error::Lost(format!(
                "The connection was lost: {}",
                sanitize_line(&error.to_string())
            ))
        };
        let mut stream = Pin::new(&mut self.stream);
        loop {
            if sender.queue.borrow().is_empty() {
                break;
            }
            match futures_util::Sink::<&Element>::poll_ready(stream.as_mut(), context) {
                Poll::Ready(ready) => ready.map_err(lost)?,
                Poll::Pending => break,
            }
            let Some(stanza) = sender.queue.borrow_mut().pop_front() else {
                break;
            };
            stream.as_mut().start_send(&stanza).map_err(lost)?;
        }
        if let Poll::Ready(flushed) = futures_util::Sink::<&Element>::poll_flush(stream.as_mut(), context) {
            flushed.map_err(lost)?;
        }
        for _ in 0..STANZAS_PER_BURST {
            match stream.as_mut().poll_next(context) {
                Poll::Pending => {
                    // A part of a long stanza is progress. Many short stanzas are not.
                    if stream.get_stream().received_bytes() >= self.progress_mark + PROGRESS_BYTES {
                        self.progress_mark = stream.get_stream().received_bytes();
                        sender.last_progress.set(Instant::now());
                    }
                    return Ok(sender.queue.borrow().is_empty());
                }
                Poll::Ready(Some(Ok(element))) => {
                    let entries = stream.get_stream().take_entries();
                    self.progress_mark = stream.get_stream().received_bytes();
                    handle_stanza(ReceivedElement { element, entries }, sender)?;
                }
                Poll::Ready(Some(Err(ReadError::SoftTimeout))) => {}
                Poll::Ready(Some(Err(ReadError::ParseError(error)))) => {
                    return Err(Error::Malformed(sanitize_line(&error.to_string())));
                }
                Poll::Ready(Some(Err(ReadError::HardError(error)))) => {
                    return Err(if is_malformed(&error) {
                        Error::Malformed(sanitize_line(&error.to_string()))
                    } else {
                        lost(error)
                    });
                }
                Poll::Ready(Some(Err(ReadError::StreamFooterReceived)) | None) => {
                    return Err(Error::Lost("The server closed the connection.".into()));
                }
            }
        }
        // More stanzas are received after the requests that got answers have continued.
        context.waker().wake_by_ref();
        Ok(false)
    }

    /// Whether the connection is open, as far as that is known without a request.
    pub(super) async fn is_open(&mut self) -> bool {
        let ((), error) = self
            .run(Duration::from_secs(1), async |_| {
                tokio::task::yield_now().await;
            })
            .await;
        error.is_none()
    }

    /// Closes the stream cleanly.
    pub(super) async fn close(mut self) {
        let deadline = Instant::now() + Duration::from_millis(200);
        // If the connection is lost, there is nothing to close.
        let _ = timeout_at(deadline, self.stream.shutdown()).await;
    }
}

/// Handles a received stanza.
///
/// Errors: the server closed the stream.
fn handle_stanza(stanza: ReceivedElement, sender: &RequestSender) -> Result<(), Error> {
    if stanza.is("error", STREAMS) {
        return Err(Error::Lost(format!(
            "The server closed the connection: {}",
            stream_error(&stanza)
        )));
    }
    if !stanza.is("iq", CLIENT) {
        // Messages and presences are ignored.
        return Ok(());
    }
    if matches!(attribute(&stanza, "type"), Some("get" | "set")) {
        if sender.queue.borrow().len() < MAX_QUEUE_FOR_ANSWERS {
            sender.queue.borrow_mut().push_back(answer_to(&stanza));
        }
        return Ok(());
    }
    sender.deliver(stanza);
    Ok(())
}

/// The answer to a request from the server, usually a ping.
fn answer_to(request: &Element) -> Element {
    let get = |name| attribute(request, name).unwrap_or_default();
    let is_ping = child(request, "ping", PING).is_some();
    let kind = if is_ping { "result" } else { "error" };
    let mut attributes = vec![("type", kind), ("id", get("id"))];
    if let Some(from) = attribute(request, "from") {
        attributes.push(("to", from));
    }
    let answer = element("iq", CLIENT, &attributes);
    if is_ping {
        answer
    } else {
        with_child(answer, element::unavailable())
    }
}
