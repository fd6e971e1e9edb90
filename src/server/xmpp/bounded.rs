//! Limits for received stanzas: size, number of nodes, depth. The XML crates have none; `minidom` overflows the stack on
//! deeply nested elements.

use std::io;
use std::ops::Deref;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};

use tokio::io::{AsyncBufRead, AsyncRead, AsyncWrite, ReadBuf};
use tokio_xmpp::minidom::Element;
use tokio_xmpp::minidom::rxml::{AttrMap, Event, QName};
use xso::minidom_compat::ElementFromEvents;
use xso::{FromEventsBuilder, FromXml};

use super::entries::{Entries, ListEntry};

/// Maximum size of a stanza, in bytes. A list of 100,000 users has about 10 MB.
const STANZA: u64 = 16 << 20;
/// Maximum number of elements and texts in a stanza.
const NODES: usize = 400_000;
/// Maximum depth of a stanza. The values in the form of a command are at 7.
const DEPTH: usize = 24;

/// A top-level element of the stream, or which limit it exceeds. The stream is unusable after that.
///
/// The excess is no error of the parser: after an error, the crates read the rest of the element without any limit, in time
/// that grows with the square of the depth.
#[derive(Debug)]
pub(super) struct Stanza(pub(super) Result<ReceivedElement, &'static str>);

/// A top-level element without the entries of its list.
#[derive(Debug)]
pub(super) struct ReceivedElement {
    pub(super) element: Element,
    /// The entries of an affiliation list, or of the result form of a command.
    pub(super) entries: Vec<ListEntry>,
}

impl Deref for ReceivedElement {
    type Target = Element;

    fn deref(&self) -> &Element {
        &self.element
    }
}

/// Builds a stanza within the limits.
pub(super) struct Builder {
    element: ElementFromEvents,
    entries: Entries,
    depth: usize,
    nodes: usize,
}

impl FromXml for Stanza {
    type Builder = Builder;

    fn from_events(
        name: QName,
        attributes: AttrMap,
        _: &xso::Context<'_>,
    ) -> Result<Builder, xso::error::FromEventsError> {
        Ok(Builder {
            element: ElementFromEvents::new(name, attributes),
            entries: Entries::new(),
            depth: 1,
            nodes: 1,
        })
    }
}

impl FromEventsBuilder for Builder {
    type Output = Stanza;

    fn feed(
        &mut self,
        event: Event,
        context: &xso::Context<'_>,
    ) -> Result<Option<Stanza>, xso::error::Error> {
        self.nodes += 1;
        let depth = self.depth;
        match &event {
            Event::StartElement(..) => self.depth += 1,
            Event::EndElement(_) => self.depth = self.depth.saturating_sub(1),
            _ => {}
        }
        if self.depth > DEPTH {
            return Ok(Some(Stanza(Err("a stanza is nested too deeply"))));
        }
        if self.nodes > NODES {
            return Ok(Some(Stanza(Err("a stanza has too many elements"))));
        }
        let Some(event) = self.entries.take(event, depth) else {
            return Ok(None);
        };
        let element = self.element.feed(event, context)?;
        Ok(element.map(|element| {
            let entries = std::mem::replace(&mut self.entries, Entries::new()).finish();
            Stanza(Ok(ReceivedElement { element, entries }))
        }))
    }
}

/// Counts received bytes.
#[derive(Debug, Default)]
pub(super) struct Meter {
    read: AtomicU64,
    /// The count at which receiving fails.
    limit: AtomicU64,
}

impl Meter {
    /// Number of received bytes.
    pub(super) fn read(&self) -> u64 {
        self.read.load(Ordering::Relaxed)
    }

    /// Allows another stanza.
    pub(super) fn next(&self) {
        self.limit.store(self.read() + STANZA, Ordering::Relaxed);
    }
}

/// A connection that limits the size of a stanza.
pub(super) struct Metered<Io> {
    io: Io,
    meter: Arc<Meter>,
}

impl<Io> Metered<Io> {
    pub(super) fn new(io: Io) -> (Self, Arc<Meter>) {
        let meter = Arc::new(Meter::default());
        meter.next();
        let metered = Self {
            io,
            meter: meter.clone(),
        };
        (metered, meter)
    }

    pub(super) fn into_inner(self) -> Io {
        self.io
    }
}

impl<Io: AsyncRead + Unpin> AsyncRead for Metered<Io> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_read(context, buffer)
    }
}

impl<Io: AsyncBufRead + Unpin> AsyncBufRead for Metered<Io> {
    fn poll_fill_buf(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<&[u8]>> {
        let this = self.get_mut();
        if this.meter.read() > this.meter.limit.load(Ordering::Relaxed) {
            return Poll::Ready(Err(io::Error::new(
                io::ErrorKind::InvalidData,
                "a stanza is too large",
            )));
        }
        Pin::new(&mut this.io).poll_fill_buf(context)
    }

    fn consume(mut self: Pin<&mut Self>, count: usize) {
        let bytes = u64::try_from(count).unwrap_or(u64::MAX);
        self.meter.read.fetch_add(bytes, Ordering::Relaxed);
        Pin::new(&mut self.io).consume(count);
    }
}

impl<Io: AsyncWrite + Unpin> AsyncWrite for Metered<Io> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(context)
    }
}

/// Whether the received data is invalid. The XML crates report the end of the connection with the same kind of error; only
/// the text differs.
pub(super) fn is_malformed(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::InvalidData && !error.to_string().contains("eof")
}
