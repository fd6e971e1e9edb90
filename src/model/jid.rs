//! Addresses: bare JIDs in a normal form (RFC 6122, RFC 7622), parsed from text or from URIs that people paste.
//!
//! The `jid` crate prepares the local part and the resource, but not the domain: `jid` 0.12 keeps A-labels (`xn--…`)
//! and, if nothing else changes, a trailing dot and ideographic full stops. So the domain is processed by `idna` (UTS
//! 46, non-transitional), with which `jid` itself validates domains.

use core::net::{Ipv4Addr, Ipv6Addr}; // only the types of `std::net`: the model opens no sockets
use std::borrow::{Borrow, Cow};
use std::fmt;
use std::sync::Arc;

use idna::uts46::{AsciiDenyList, DnsLength, Hyphens, Uts46};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::excerpt::quoted;

/// A bare JID in its normal form, so that all spellings of an address are equal: the local part prepared as servers do
/// (Nodeprep, RFC 6122), the domain in lower case with U-labels and without a trailing dot. Cheap to clone. Ordered by
/// the bytes of the text, which is the order in the data file.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Jid(Arc<str>);

/// The error for a text that is not a valid address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{} is not {expected}: {reason}", quoted(text))]
pub struct InvalidJid {
    /// The text.
    pub text: Box<str>,
    /// The kind of text that is expected, with its article: "an address" or "a room address".
    pub expected: &'static str,
    /// The reason why the text is not valid.
    pub reason: String,
}

impl Jid {
    /// Parses an address. A resource (`/phone`) is validated and dropped, as hats belong to bare JIDs.
    pub fn parse(text: &str) -> Result<Self, InvalidJid> {
        Self::normalize(text).map_err(invalid_jid(text))
    }

    fn normalize(text: &str) -> Result<Self, &'static str> {
        if is_surely_normal(text) {
            return Ok(Self(text.into()));
        }
        normalize_fully(text).map(|normal| Self(normal.into()))
    }

    /// Parses the address of a room: like [`Jid::parse`], but requires a local part (XEP-0045, section 4.1).
    pub fn parse_room(text: &str) -> Result<Self, InvalidJid> {
        Self::parse(text)?.require_local(text)
    }

    /// Parses an address that was typed or pasted: surrounding whitespace is ignored, and `xmpp:` URIs (RFC 5122) and
    /// `mailto:` URIs are accepted, with their escapes decoded and their query dropped.
    ///
    /// ```
    /// # use hatrack::model::Jid;
    /// let jid = Jid::parse_input("xmpp:terry@example.org?message")?;
    /// assert_eq!(jid.as_str(), "terry@example.org");
    /// # Ok::<(), hatrack::model::InvalidJid>(())
    /// ```
    pub fn parse_input(text: &str) -> Result<Self, InvalidJid> {
        let typed = text.trim();
        let parsed = match address_in_uri(typed) {
            None => Self::normalize(typed),
            Some(path) => path.and_then(|path| Self::normalize(&path)),
        };
        parsed.map_err(invalid_jid(text))
    }

    /// Parses the address of a room that was typed or pasted; see [`Jid::parse_input`].
    pub fn parse_room_input(text: &str) -> Result<Self, InvalidJid> {
        Self::parse_input(text)?.require_local(text)
    }

    fn require_local(self, text: &str) -> Result<Self, InvalidJid> {
        match self.local() {
            Some(_) => Ok(self),
            None => Err(InvalidJid {
                expected: "a room address",
                ..invalid_jid(text)("it needs a name before the domain, such as room@conference.example.org")
            }),
        }
    }

    /// The normal form, `local@domain` or `domain`.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The part before the `@`; `None` if the address has no `@`.
    pub fn local(&self) -> Option<&str> {
        self.0.split_once('@').map(|(local, _)| local)
    }

    /// The part after the `@`, or the whole address if there is none.
    pub fn domain(&self) -> &str {
        self.0.split_once('@').map_or(&self.0, |(_, domain)| domain)
    }
}

/// Returns a function that converts the reason why `text` is not an address to an error.
fn invalid_jid(text: &str) -> impl FnOnce(&'static str) -> InvalidJid + '_ {
    |reason| InvalidJid {
        text: text.into(),
        expected: "an address",
        reason: reason.into(),
    }
}

/// Converts an address to its normal form. The error says what is wrong with the address.
fn normalize_fully(text: &str) -> Result<String, &'static str> {
    let (bare, resource) = text
        .split_once('/')
        .map_or((text, None), |(bare, resource)| (bare, Some(resource)));
    if let Some(resource) = resource {
        // The resource is dropped, but must be valid.
        jid::ResourcePart::new(resource).map_err(|error| describe(&error))?;
    }
    // Neither a local part nor a domain can contain the colon.
    if strip_scheme(text).is_some() {
        return Err("write the address without xmpp: or mailto:");
    }
    let Some((local, domain)) = bare.split_once('@') else {
        return normalize_domain(bare).map(Cow::into_owned);
    };
    if domain.contains('@') {
        return Err(describe(&jid::Error::TooManyAts));
    }
    Ok(format!("{}@{}", prepare_local(local)?, normalize_domain(domain)?))
}

/// Converts the local part to the form that servers compare. Some characters (`ᴬ`, `Ϲ`) become capital letters only by
/// the normalization that follows case folding, so preparation is repeated until it changes nothing.
fn prepare_local(local: &str) -> Result<String, &'static str> {
    let prepare_once = |text: &str| match jid::NodePart::new(text) {
        Ok(part) => Ok(part.as_str().to_owned()),
        Err(error) => Err(describe(&error)),
    };
    let mut text = prepare_once(local)?;
    for _ in 0..MAX_PREPARATIONS {
        let next = prepare_once(&text)?;
        if next == text {
            return Ok(text);
        }
        text = next;
    }
    Err(describe(&jid::Error::NodePrep))
}

/// The maximum number of times that the preparation is repeated; two are enough for all known texts.
const MAX_PREPARATIONS: usize = 4;

/// Converts the domain to lower case and U-labels, without a trailing dot; an IP address to its canonical form.
fn normalize_domain(text: &str) -> Result<Cow<'_, str>, &'static str> {
    let invalid_domain = || describe(&jid::Error::Idna);
    if let Some(inside) = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')) {
        let address: Ipv6Addr = inside.parse().map_err(|_| invalid_domain())?;
        return Ok(Cow::Owned(format!("[{address}]")));
    }
    if text.parse::<Ipv4Addr>().is_ok() {
        return Ok(Cow::Borrowed(text));
    }
    let (unicode, result) = Uts46::new().to_unicode(text.as_bytes(), AsciiDenyList::URL, Hyphens::Check);
    result.map_err(|_| invalid_domain())?;
    let unicode = match unicode.strip_suffix('.') {
        Some(without_dot) => Cow::Owned(without_dot.to_owned()),
        None => unicode,
    };
    // Length limits apply to the A-labels, which are sent over the wire.
    let ascii = Uts46::new().to_ascii(
        unicode.as_bytes(),
        AsciiDenyList::URL,
        Hyphens::Check,
        DnsLength::Verify,
    );
    ascii.map_err(|_| invalid_domain())?;
    Ok(unicode)
}

/// The text after `xmpp:` or `mailto:`; `None` if the text does not start with one of them.
fn strip_scheme(text: &str) -> Option<&str> {
    let (scheme, after) = text.split_once(':')?;
    let is_accepted = ["xmpp", "mailto"]
        .iter()
        .any(|accepted| scheme.eq_ignore_ascii_case(accepted));
    is_accepted.then_some(after)
}

/// The address in an `xmpp:` or `mailto:` URI, with its escapes decoded; `None` if the text is not such a URI. Fails if an
/// escape is invalid.
fn address_in_uri(text: &str) -> Option<Result<String, &'static str>> {
    let after = strip_scheme(text)?;
    let path = after.split(['?', '#']).next().unwrap_or_default();
    // `xmpp://me@example.org/room@conference.example.org` starts with the account to use; if no address follows it, the
    // two slashes are superfluous.
    let path = match path.strip_prefix("//") {
        None => path,
        Some(after_slashes) => match after_slashes.split_once('/') {
            Some((account, target)) if account.is_empty() || target.contains('@') => target,
            _ => after_slashes,
        },
    };
    Some(percent_decoded(path).ok_or("invalid % escape"))
}

/// Decodes escapes such as `%C3%A9`; `None` if an escape is malformed or the result is not UTF-8. (The crate
/// `percent-encoding` accepts `%zz`, which would then be part of an address.)
fn percent_decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'%' => {
                let digit = |byte: Option<u8>| char::from(byte?).to_digit(16);
                u8::try_from(digit(rest.next())? * 16 + digit(rest.next())?).ok()?
            }
            other => other,
        });
    }
    String::from_utf8(bytes).ok()
}

/// Describes an error of the `jid` crate.
fn describe(error: &jid::Error) -> &'static str {
    use jid::Error as E;
    match error {
        E::NodeEmpty => "nothing before the @",
        E::NodeTooLong => "the part before the @ is longer than 1023 bytes",
        E::NodePrep => "space or invalid character before the @",
        E::TooManyAts => "more than one @",
        E::NamePrep | E::Idna => "missing or invalid domain",
        E::ResourceEmpty => "nothing after the /",
        E::ResourceTooLong => "the part after the / is longer than 1023 bytes",
        E::ResourcePrep | E::ResourceMissingInFullJid | E::ResourceInBareJid => {
            "invalid character after the /"
        }
    }
}

/// Whether the text is certainly an address in normal form; `false` if only [`normalize_fully`] can tell. This fast check
/// is enough for nearly all addresses.
fn is_surely_normal(text: &str) -> bool {
    let Some((local, domain)) = text.split_once('@') else {
        return false;
    };
    let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let is_plain_label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|byte| is_plain(byte) || byte == b'-')
            && label.bytes().next().is_some_and(|byte| byte.is_ascii_lowercase())
            && !label.ends_with('-')
            && !label.starts_with("xn--")
            && label.get(2..4) != Some("--")
    };
    (1..=255).contains(&local.len())
        && domain.len() <= 253
        && local
            .bytes()
            .all(|byte| is_plain(byte) || matches!(byte, b'.' | b'-' | b'_'))
        && domain.split('.').all(is_plain_label)
}

impl fmt::Display for Jid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Jid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<{}>", self.0)
    }
}

impl std::str::FromStr for Jid {
    type Err = InvalidJid;
    fn from_str(text: &str) -> Result<Self, InvalidJid> {
        Self::parse(text)
    }
}

impl Borrow<str> for Jid {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl Serialize for Jid {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Jid {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<'de, str>::deserialize(deserializer)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests;
