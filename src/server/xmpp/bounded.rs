//! Cuts the received stream into stanzas and limits their size, their depth, and their numbers of elements, attributes
//! and namespaces. The XML crates have no such limits; `minidom` overflows the stack on deeply nested elements.
//!
//! A stanza is passed on when it has arrived completely, and without the entries of its list: for these entries, the
//! XML streams of `tokio_xmpp` would take several times as long as everything else in reading a room.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use memchr::{memchr, memchr3, memmem, memrchr};
use tokio::io::{AsyncBufRead, AsyncRead, AsyncWrite, ReadBuf};

use super::entries::{self, ListEntry};

/// Maximum size of a stanza, in bytes. A list of 100,000 users has about 10 MB.
const MAX_STANZA_BYTES: usize = 16 << 20;
/// Maximum number of tags and attributes in a stanza.
const MAX_TAGS_AND_ATTRIBUTES: usize = 1_000_000;
/// Maximum depth of a stanza. The values in the form of a command have depth 6.
const MAX_DEPTH: usize = 24;
/// Maximum length of a tag whose end has not arrived, in bytes.
const MAX_TAG_BYTES: usize = 64 << 10;
/// Maximum number of attributes of an element. Comparing their names takes time that grows with the square of this
/// number.
const MAX_ATTRIBUTES: usize = 64;
/// Maximum number of namespace declarations in a stanza. Each element with a declaration gets a list of all that it
/// inherits.
const MAX_NAMESPACES: usize = 1000;

/// Maximum memory that is kept for data that arrives later, in bytes.
const MAX_RETAINED_BYTES: usize = 128 << 10;

/// The kind of a top-level part of the received stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum StreamPart {
    /// The start tag of the stream, possibly after an XML declaration.
    Header,
    Stanza,
    /// The end tag of the stream.
    Footer,
}

/// Finds the ends of the top-level parts of a stream. Whether the parts are well-formed is checked later.
#[derive(Debug, Default)]
struct Scanner {
    /// The offset of the first byte that was not scanned yet.
    position: usize,
    /// Number of open elements, including the stream.
    depth: usize,
    tags_and_attributes: usize,
    namespaces: usize,
}

impl Scanner {
    /// Finds the first part of `bytes`, and returns its kind and length. While the part is incomplete, returns `None`; then the
    /// next call must get the same bytes, with more at the end.
    ///
    /// Errors: a text that names the limit that the part exceeds, or the content that is not allowed in a stream.
    fn next(&mut self, bytes: &[u8]) -> Result<Option<(StreamPart, usize)>, &'static str> {
        loop {
            let unscanned = bytes.get(self.position..).unwrap_or_default();
            let text_length = memchr(b'<', unscanned).unwrap_or(unscanned.len());
            let (text, markup) = unscanned.split_at(text_length);
            if self.depth <= 1 && !text.trim_ascii().is_empty() {
                return Err("text between stanzas");
            }
            self.position += text.len();
            if markup.starts_with(b"<!") {
                return Err("unsupported XML");
            }
            let Some((tag, attributes)) = first_tag(markup) else {
                if markup.len() > MAX_TAG_BYTES || bytes.len() > MAX_STANZA_BYTES {
                    return Err("a stanza is too large");
                }
                return Ok(None);
            };
            if memrchr(b'<', tag) != Some(0) {
                return Err("invalid XML");
            }
            self.position += tag.len();
            self.tags_and_attributes += 1 + attributes;
            if attributes > 0 {
                self.namespaces += memmem::find_iter(tag, b"xmlns").count();
            }
            if self.tags_and_attributes > MAX_TAGS_AND_ATTRIBUTES
                || attributes > MAX_ATTRIBUTES
                || self.namespaces > MAX_NAMESPACES
            {
                return Err("a stanza has too many elements or attributes");
            }
            let is_header = self.depth == 0;
            match tag {
                [b'<', b'?', ..] if is_header => continue,
                [b'<', b'?', ..] => return Err("unsupported XML"),
                [b'<', b'/', ..] => self.depth = self.depth.checked_sub(1).ok_or("invalid XML")?,
                [.., b'/', b'>'] if self.depth <= MAX_DEPTH => {}
                _ if self.depth <= MAX_DEPTH => self.depth += 1,
                _ => return Err("a stanza is nested too deeply"),
            }
            if self.depth <= 1 {
                let part = match (is_header, self.depth) {
                    (true, _) => StreamPart::Header,
                    (false, 0) => StreamPart::Footer,
                    _ => StreamPart::Stanza,
                };
                let length = self.position;
                *self = Self {
                    depth: self.depth,
                    ..Self::default()
                };
                return Ok(Some((part, length)));
            }
        }
    }
}

/// Returns the tag at the beginning, and its number of attributes; `None` if the tag is incomplete.
fn first_tag(markup: &[u8]) -> Option<(&[u8], usize)> {
    let (mut end, mut attributes) = (0, 0);
    loop {
        end += memchr3(b'>', b'\'', b'"', markup.get(end..)?)?;
        let delimiter = *markup.get(end)?;
        end += 1;
        if delimiter == b'>' {
            return Some((markup.get(..end)?, attributes));
        }
        end += memchr(delimiter, markup.get(end..)?)? + 1;
        attributes += 1;
    }
}

/// A connection that passes on the received stanzas if they are within the limits.
pub(super) struct Bounded<Io> {
    io: Io,
    /// Received bytes; those before `start` were passed on.
    received: Vec<u8>,
    /// The start of the first part that was not passed on.
    start: usize,
    scanner: Scanner,
    /// The part that is being passed on, without the entries of its list.
    part: Vec<u8>,
    /// Number of bytes of `part` that were passed on.
    passed_bytes: usize,
    /// The start tag of the stream, which declares namespaces.
    header: String,
    /// The entries of the list of each stanza, until they are taken.
    lists: RefCell<VecDeque<Vec<ListEntry>>>,
    /// Number of received bytes.
    received_bytes: u64,
    /// Whether the header of another stream comes next.
    expects_header: Cell<bool>,
}

impl<Io> Bounded<Io> {
    pub(super) fn new(io: Io) -> Self {
        Self {
            io,
            received: Vec::new(),
            start: 0,
            scanner: Scanner::default(),
            part: Vec::new(),
            passed_bytes: 0,
            header: String::new(),
            lists: RefCell::default(),
            received_bytes: 0,
            expects_header: Cell::new(false),
        }
    }

    pub(super) fn into_inner(self) -> Io {
        self.io
    }

    /// Number of received bytes, over all stanzas.
    pub(super) fn received_bytes(&self) -> u64 {
        self.received_bytes
    }

    /// Takes the entries of the list of the oldest stanza for which this was not called yet: an affiliation list, or the result
    /// form of a command. Empty if that stanza has no list. Must be called once for each stanza.
    pub(super) fn take_entries(&self) -> Vec<ListEntry> {
        self.lists.borrow_mut().pop_front().unwrap_or_default()
    }

    /// Notes that the header of another stream comes next.
    pub(super) fn expect_header(&self) {
        self.expects_header.set(true);
    }

    /// Prepares the next received part to be passed on. Returns whether there is one.
    ///
    /// Errors: why the received data cannot be accepted.
    fn next_part(&mut self) -> Result<bool, &'static str> {
        if self.expects_header.take() {
            self.scanner = Scanner::default();
        }
        let unread = self.received.get(self.start..).unwrap_or_default();
        let Some((kind, length)) = self.scanner.next(unread)? else {
            return Ok(false);
        };
        let part = unread.get(..length).unwrap_or_default();
        self.start += length;
        self.passed_bytes = 0;
        self.part.clear();
        if kind == StreamPart::Footer {
            self.part.extend_from_slice(part);
            return Ok(true);
        }
        let text = str::from_utf8(part).map_err(|_| "invalid UTF-8")?;
        if kind == StreamPart::Header {
            let tag = memrchr(b'<', part).and_then(|at| text.get(at..));
            tag.unwrap_or_default().clone_into(&mut self.header);
            self.part.extend_from_slice(part);
        } else {
            let entries = entries::take_entries(&self.header, text, &mut self.part).ok_or("invalid XML")?;
            self.lists.get_mut().push_back(entries);
        }
        Ok(true)
    }
}

impl<Io: AsyncBufRead + Unpin> AsyncBufRead for Bounded<Io> {
    fn poll_fill_buf(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<&[u8]>> {
        let this = self.get_mut();
        while this.passed_bytes >= this.part.len() {
            let has_part = this.next_part();
            if has_part.map_err(|reason| io::Error::new(io::ErrorKind::InvalidData, reason))? {
                continue;
            }
            if this.start > 0 {
                this.received.drain(..this.start);
                this.received.shrink_to(MAX_RETAINED_BYTES);
                this.start = 0;
            }
            let bytes = ready!(Pin::new(&mut this.io).poll_fill_buf(context))?;
            if bytes.is_empty() {
                return Poll::Ready(Ok(&[]));
            }
            let count = bytes.len();
            this.received.extend_from_slice(bytes);
            Pin::new(&mut this.io).consume(count);
            this.received_bytes += u64::try_from(count).unwrap_or_default();
        }
        Poll::Ready(Ok(this.part.get(this.passed_bytes..).unwrap_or_default()))
    }

    fn consume(self: Pin<&mut Self>, count: usize) {
        self.get_mut().passed_bytes += count;
    }
}

impl<Io: AsyncBufRead + Unpin> AsyncRead for Bounded<Io> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let bytes = ready!(self.as_mut().poll_fill_buf(context))?;
        let count = bytes.len().min(buffer.remaining());
        buffer.put_slice(bytes.get(..count).unwrap_or_default());
        self.consume(count);
        Poll::Ready(Ok(()))
    }
}

impl<Io: AsyncWrite + Unpin> AsyncWrite for Bounded<Io> {
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

/// Whether an error means that the received data is invalid. The XML crates report the end of the connection with the
/// same kind of error; only the text differs.
pub(super) fn is_malformed(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::InvalidData && !error.to_string().contains("eof")
}

#[cfg(test)]
mod tests {
    use std::task::Waker;

    use tokio::io::BufReader;

    use super::*;

    const OPEN: &str = "<?xml version='1.0'?> <stream:stream xmlns='jabber:client' \
                        xmlns:stream='http://etherx.jabber.org/streams'>";
    const QUERY: &str = "<query xmlns='http://jabber.org/protocol/muc#admin'>";

    /// Passes on a text that arrives in pieces of this size. Returns what is passed on, and the number of entries of
    /// each stanza.
    fn passed(text: &str, size: usize) -> Result<(String, Vec<usize>), String> {
        let mut bounded = Bounded::new(BufReader::with_capacity(size, text.as_bytes()));
        let (mut passed, mut context) = (Vec::new(), Context::from_waker(Waker::noop()));
        loop {
            match Pin::new(&mut bounded).poll_fill_buf(&mut context) {
                Poll::Pending => panic!("nothing to wait for"),
                Poll::Ready(Err(error)) => return Err(error.to_string()),
                Poll::Ready(Ok([])) => break,
                Poll::Ready(Ok(bytes)) => {
                    let count = bytes.len();
                    passed.extend_from_slice(bytes);
                    Pin::new(&mut bounded).consume(count);
                }
            }
        }
        let entries = bounded.lists.take().iter().map(Vec::len).collect();
        Ok((String::from_utf8(passed).expect("text"), entries))
    }

    fn refused(text: &str) -> String {
        passed(&[OPEN, text].concat(), 1 << 16).expect_err("refused")
    }

    #[test]
    fn stanzas_are_passed_on_however_they_arrive() {
        let list = format!("<iq id='1>'>{QUERY}<item jid='a@b'/> <item jid=\"c'@d\"></item></query></iq>");
        let left = format!("<iq id='1>'>{QUERY} </query></iq>");
        let other = " <message><body>a &gt; b ü</body></message>\n<a/>";
        let whole = [OPEN, &list, other, "</stream:stream>"].concat();
        let expected = [OPEN, &left, other, "</stream:stream>"].concat();
        for size in [1, 2, 7, 1 << 16] {
            assert_eq!(passed(&whole, size), Ok((expected.clone(), vec![2, 0, 0])));
        }
        // An incomplete stanza is not passed on.
        assert_eq!(
            passed(&[OPEN, "<iq><a/>"].concat(), 1 << 16),
            Ok((OPEN.to_owned(), vec![]))
        );
    }

    #[test]
    fn stanzas_beyond_a_limit_are_refused() {
        let iq = |content: String| format!("<iq>{content}</iq>");
        let nested = |depth| "<a>".repeat(depth) + &"</a>".repeat(depth);
        let attributes = |count| {
            let all: Vec<String> = (0..count).map(|number| format!(" a{number}=''")).collect();
            format!("<a{}/>", all.concat())
        };
        let namespaces = |count: usize| "<a xmlns='urn:x:a'/>".repeat(count);
        let fits = |content: &str| passed(&[OPEN, content].concat(), 1 << 16).map(drop);
        assert_eq!(fits(&iq(nested(MAX_DEPTH - 1))), Ok(()));
        assert_eq!(refused(&iq(nested(MAX_DEPTH))), "a stanza is nested too deeply");
        assert_eq!(fits(&iq(attributes(MAX_ATTRIBUTES))), Ok(()));
        assert_eq!(fits(&iq(namespaces(MAX_NAMESPACES))), Ok(()));
        // The limits apply to each stanza by itself.
        assert_eq!(fits(&iq(namespaces(MAX_NAMESPACES)).repeat(2)), Ok(()));
        for many in [
            attributes(MAX_ATTRIBUTES + 1),
            namespaces(MAX_NAMESPACES + 1),
            "<a b=''/>".repeat(MAX_TAGS_AND_ATTRIBUTES / 2),
        ] {
            assert_eq!(refused(&iq(many)), "a stanza has too many elements or attributes");
        }
        for large in [
            "<iq>".to_owned() + &"x".repeat(MAX_STANZA_BYTES),
            " ".repeat(MAX_STANZA_BYTES + 1),
            "<iq a='".to_owned() + &"x".repeat(MAX_TAG_BYTES),
        ] {
            assert_eq!(refused(&large), "a stanza is too large");
        }
    }

    #[test]
    fn what_is_not_allowed_in_a_stream_is_refused() {
        for (text, why) in [
            ("text", "text between stanzas"),
            ("<!DOCTYPE a>", "unsupported XML"),
            ("<iq><!-- a --></iq>", "unsupported XML"),
            ("<?a?>", "unsupported XML"),
            ("<iq></a>", "invalid XML"),
            ("<iq><a<b>", "invalid XML"),
            ("<iq><a:b/></iq>", "invalid XML"),
        ] {
            assert_eq!(refused(text), why, "{text}");
        }
        assert_eq!(
            passed("HTTP/1.1 400 Bad Request", 1 << 16),
            Err("text between stanzas".into())
        );
        assert_eq!(passed("</a>", 1 << 16), Err("invalid XML".into()));
    }
}
