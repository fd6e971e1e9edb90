//! Requests on a logged-in stream, many in parallel, each with its answer.
//!
//! [`Link::run`] runs a future that makes requests, and sends and receives meanwhile. Nothing runs between calls, and no
//! tasks are spawned.

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
use super::element::{self, Refused, STREAMS, attribute, child, element, refusal, stream_error, with};
use super::entries::ListEntry;
use super::login::{LoggedIn, XmppStream};
use crate::server::error::{Error, foreign};

const CLIENT: &str = "jabber:client";
const PING: &str = "urn:xmpp:ping";
/// Received bytes of an unfinished stanza that count as progress.
const PROGRESS_BYTES: u64 = 64 << 10;
/// Maximum duration of a request, in timeouts, while other requests are answered. If the server throttles the account,
/// requests queue up.
const MAX_TIMEOUTS: u32 = 12;
/// Maximum duration of the ping that checks the connection.
const PING_TIMEOUT: Duration = Duration::from_secs(3);
/// Maximum number of queued answers to requests of the server.
const MAX_QUEUED_ANSWERS: usize = 64;
/// Number of stanzas to receive before requests continue.
const STANZAS_PER_BURST: usize = 256;

/// A logged-in stream.
pub(super) struct Link {
    stream: XmppStream,
    /// The transport, for display.
    pub(super) transport: String,
    prefix: String,
    domain: String,
    count: u64,
    /// Byte count at the last complete stanza or progress.
    marked: u64,
}

/// A top-level element without the entries of its list.
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
    Refused(Refused),
    /// Timeout, while the connection works.
    Silent,
    /// The connection was lost.
    Broken(Error),
}

/// Makes requests during [`Link::run`].
pub(super) struct RequestSender {
    waiting: RefCell<HashMap<String, PendingRequest>>,
    outbox: RefCell<VecDeque<Element>>,
    broken: RefCell<Option<Error>>,
    progress: Cell<Instant>,
    prefix: String,
    count: Cell<u64>,
    time: Duration,
    /// The account's domain.
    domain: String,
}

struct PendingRequest {
    to: String,
    answer: oneshot::Sender<ReceivedElement>,
}

impl RequestSender {
    /// Sends a request and waits for the answer.
    pub(super) async fn ask(
        &self,
        to: &str,
        kind: &str,
        payload: Element,
    ) -> Result<ReceivedElement, RequestFailure> {
        let answer = match self.wait(to, kind, payload, self.time).await {
            Err(RequestFailure::Silent) if self.progress.get().elapsed() >= self.time => {
                // No other request was answered lately. Is it this room, or the whole server?
                let time = self.time.min(PING_TIMEOUT);
                let ping = element("ping", PING, &[]);
                let probe = self.wait(&self.domain, "get", ping, time).await;
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
            Err(RequestFailure::Refused(refusal(&answer)))
        }
    }

    async fn wait(
        &self,
        to: &str,
        kind: &str,
        payload: Element,
        time: Duration,
    ) -> Result<ReceivedElement, RequestFailure> {
        if let Some(error) = self.broken.borrow().clone() {
            return Err(RequestFailure::Broken(error));
        }
        self.count.set(self.count.get() + 1);
        let id = format!("{}{}", self.prefix, self.count.get());
        let stanza = element("iq", CLIENT, &[("type", kind), ("id", &id), ("to", to)]);
        let (answer, mut answered) = oneshot::channel();
        let waiting = PendingRequest {
            to: to.to_owned(),
            answer,
        };
        self.waiting.borrow_mut().insert(id.clone(), waiting);
        self.outbox.borrow_mut().push_back(with(stanza, payload));
        let sent = Instant::now();
        let last = sent + time * MAX_TIMEOUTS;
        loop {
            let until = last.min(self.progress.get().max(sent) + time);
            match timeout_at(until, &mut answered).await {
                Ok(Ok(answer)) => return Ok(answer),
                Ok(Err(_)) => {
                    let error = self.broken.borrow().clone();
                    return Err(RequestFailure::Broken(error.unwrap_or(Error::Stopped)));
                }
                // Other requests were answered meanwhile.
                Err(_) if until < last && self.progress.get() + time > until => {}
                Err(_) => {
                    self.waiting.borrow_mut().remove(&id);
                    return Err(RequestFailure::Silent);
                }
            }
        }
    }

    fn fail(&self, error: Error) {
        *self.broken.borrow_mut() = Some(error);
        // This ends the waiting requests.
        self.waiting.borrow_mut().clear();
        self.outbox.borrow_mut().clear();
    }

    /// Whether the connection was lost.
    pub(super) fn is_broken(&self) -> bool {
        self.broken.borrow().is_some()
    }

    /// Passes an answer to its request, if it comes from the address that was asked.
    fn take(&self, stanza: ReceivedElement) -> bool {
        let Some(id) = attribute(&stanza, "id") else {
            return false;
        };
        let mut waiting = self.waiting.borrow_mut();
        let from = attribute(&stanza, "from");
        if waiting.get(id).is_none_or(|waiting| from != Some(&*waiting.to)) {
            return false;
        }
        if let Some(waiting) = waiting.remove(id) {
            self.progress.set(Instant::now());
            // The request may have timed out.
            let _ = waiting.answer.send(stanza);
        }
        true
    }
}

impl Link {
    pub(super) fn new(logged_in: LoggedIn, domain: &str) -> Self {
        let LoggedIn { stream, transport } = logged_in;
        let mut prefix = uuid::Uuid::new_v4().simple().to_string();
        prefix.truncate(6);
        Self {
            stream,
            transport,
            prefix,
            domain: domain.to_owned(),
            count: 0,
            marked: 0,
        }
    }

    /// Runs `work` to its end. Also returns the error if the connection was lost.
    pub(super) async fn run<T>(
        &mut self,
        time: Duration,
        work: impl AsyncFnOnce(&RequestSender) -> T,
    ) -> (T, Option<Error>) {
        let sender = RequestSender {
            waiting: RefCell::default(),
            outbox: RefCell::default(),
            broken: RefCell::default(),
            progress: Cell::new(Instant::now()),
            prefix: self.prefix.clone(),
            count: Cell::new(self.count),
            time,
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
                    // Send new requests immediately.
                    if !sent || sender.outbox.borrow().is_empty() {
                        return Poll::Pending;
                    }
                }
            })
            .await
        };
        self.count = sender.count.get();
        (value, sender.broken.into_inner())
    }

    /// Sends and receives what is possible without waiting. Returns whether more could be sent.
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

    fn exchange(&mut self, context: &mut Context<'_>, sender: &RequestSender) -> Result<bool, Error> {
        let lost = |error: std::io::Error| {
            Error::Lost(format!(
                "The connection was lost: {}",
                foreign(&error.to_string())
            ))
        };
        let mut stream = Pin::new(&mut self.stream);
        loop {
            if sender.outbox.borrow().is_empty() {
                break;
            }
            match futures_util::Sink::<&Element>::poll_ready(stream.as_mut(), context) {
                Poll::Ready(ready) => ready.map_err(lost)?,
                Poll::Pending => break,
            }
            let Some(stanza) = sender.outbox.borrow_mut().pop_front() else {
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
                    // Progress within a long stanza. Many short stanzas are not progress.
                    if stream.get_stream().count() >= self.marked + PROGRESS_BYTES {
                        self.marked = stream.get_stream().count();
                        sender.progress.set(Instant::now());
                    }
                    return Ok(sender.outbox.borrow().is_empty());
                }
                Poll::Ready(Some(Ok(element))) => {
                    let entries = stream.get_stream().take_entries();
                    self.marked = stream.get_stream().count();
                    received(ReceivedElement { element, entries }, sender)?;
                }
                Poll::Ready(Some(Err(ReadError::SoftTimeout))) => {}
                Poll::Ready(Some(Err(ReadError::ParseError(error)))) => {
                    return Err(Error::Malformed(foreign(&error.to_string())));
                }
                Poll::Ready(Some(Err(ReadError::HardError(error)))) => {
                    return Err(if is_malformed(&error) {
                        Error::Malformed(foreign(&error.to_string()))
                    } else {
                        lost(error)
                    });
                }
                Poll::Ready(Some(Err(ReadError::StreamFooterReceived)) | None) => {
                    return Err(Error::Lost("The server closed the connection.".into()));
                }
            }
        }
        // Continue after the requests had their turn.
        context.waker().wake_by_ref();
        Ok(false)
    }

    /// Whether the connection is open, as far as known without a request.
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

/// Handles a stanza.
fn received(stanza: ReceivedElement, sender: &RequestSender) -> Result<(), Error> {
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
        if sender.outbox.borrow().len() < MAX_QUEUED_ANSWERS {
            sender.outbox.borrow_mut().push_back(answer(&stanza));
        }
        return Ok(());
    }
    sender.take(stanza);
    Ok(())
}

/// The answer to a request of the server, usually a ping.
fn answer(question: &Element) -> Element {
    let get = |name| attribute(question, name).unwrap_or_default();
    let is_ping = child(question, "ping", PING).is_some();
    let kind = if is_ping { "result" } else { "error" };
    let mut attributes = vec![("type", kind), ("id", get("id"))];
    if let Some(from) = attribute(question, "from") {
        attributes.push(("to", from));
    }
    let answer = element("iq", CLIENT, &attributes);
    if is_ping {
        answer
    } else {
        with(answer, element::unavailable())
    }
}
