//! Addresses: bare JIDs in one normal form (RFC 6122, RFC 7622), and what people paste in the place of one.
//!
//! The local part and the resource are prepared by the `jid` crate. Its domains are not used: `jid` 0.12 keeps A-labels
//! (`xn--…`) and, where nothing else has to be changed, a trailing dot and ideographic full stops; so the domain goes
//! through `idna` (UTS 46, non-transitional), which `jid` itself uses to check one.

use core::net::{Ipv4Addr, Ipv6Addr}; // of `std::net` only the types: this part opens no socket
use std::borrow::{Borrow, Cow};
use std::fmt;
use std::sync::Arc;

use idna::uts46::{AsciiDenyList, DnsLength, Hyphens, Uts46};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::excerpt::shown;

/// A bare JID in its normal form, so that all spellings of one address are equal: the local part prepared as servers do
/// it (stringprep), the domain in lower case with U-labels, without a trailing dot. Cheap to clone. Ordered by the bytes
/// of the text, which is the order in the file.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Jid(Arc<str>);

/// The text is no address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not an address: {}: {reason}", shown(text))]
pub struct InvalidJid {
    /// What was given.
    pub text: Box<str>,
    /// What is wrong with it.
    pub reason: String,
}

impl Jid {
    /// Reads an address; a resource (`/phone`) is dropped, as an operation on a user means the bare JID.
    pub fn parse(text: &str) -> Result<Self, InvalidJid> {
        Self::read(text).map_err(invalid(text))
    }

    fn read(text: &str) -> Result<Self, &'static str> {
        if is_plain(text) {
            return Ok(Self(text.into()));
        }
        normalized(text).map(|normal| Self(normal.into()))
    }

    /// Reads the address of a room: like [`Jid::parse`], but a local part must be there (XEP-0045, section 4.1).
    pub fn parse_room(text: &str) -> Result<Self, InvalidJid> {
        Self::parse(text)?.of_room(text)
    }

    /// Reads an address as somebody types or pastes it: with spaces around it, or as a URI (`xmpp:`, RFC 5122, or
    /// `mailto:`), whose escapes are read and whose query is dropped.
    ///
    /// ```
    /// # use hatrack::model::Jid;
    /// let jid = Jid::parse_input("xmpp:terry@example.org?message")?;
    /// assert_eq!(jid.as_str(), "terry@example.org");
    /// # Ok::<(), hatrack::model::InvalidJid>(())
    /// ```
    pub fn parse_input(text: &str) -> Result<Self, InvalidJid> {
        let typed = text.trim();
        let read = match path_of_uri(typed) {
            None => Self::read(typed),
            Some(path) => path.and_then(|path| Self::read(&path)),
        };
        read.map_err(invalid(text))
    }

    /// Reads the address of a room as somebody types or pastes it.
    pub fn parse_room_input(text: &str) -> Result<Self, InvalidJid> {
        Self::parse_input(text)?.of_room(text)
    }

    fn of_room(self, text: &str) -> Result<Self, InvalidJid> {
        match self.local() {
            Some(_) => Ok(self),
            None => Err(invalid(text)(
                "a room has a name before the @, such as room@conference.example.org",
            )),
        }
    }

    /// The normal form, `local@domain` or `domain`.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What stands before the `@`, where there is one.
    pub fn local(&self) -> Option<&str> {
        self.0.split_once('@').map(|(local, _)| local)
    }

    /// What stands after the `@`, or all of it.
    pub fn domain(&self) -> &str {
        self.0.split_once('@').map_or(&self.0, |(_, domain)| domain)
    }
}

fn invalid(text: &str) -> impl FnOnce(&'static str) -> InvalidJid + '_ {
    |reason| InvalidJid {
        text: text.into(),
        reason: reason.into(),
    }
}

/// The normal form of an address, or what is wrong with it, in words.
fn normalized(text: &str) -> Result<String, &'static str> {
    let (bare, resource) = text
        .split_once('/')
        .map_or((text, None), |(bare, resource)| (bare, Some(resource)));
    if let Some(resource) = resource {
        // Dropped, but what is no resource is no address.
        jid::ResourcePart::new(resource).map_err(|error| reason(&error))?;
    }
    // No address can begin so: neither part may have a colon there.
    if after_scheme(text).is_some() {
        return Err("an address stands here without xmpp: or mailto: before it");
    }
    let Some((local, after)) = bare.split_once('@') else {
        return domain(bare).map(Cow::into_owned);
    };
    if after.contains('@') {
        return Err(reason(&jid::Error::TooManyAts));
    }
    Ok(format!("{}@{}", prepared(local)?, domain(after)?))
}

/// The local part as servers compare it. Some characters become capital letters only when they are normalized, after the
/// letters were made small (`ᴬ`, `Ϲ`): so it is prepared until nothing changes any more.
fn prepared(local: &str) -> Result<String, &'static str> {
    let once = |text: &str| match jid::NodePart::new(text) {
        Ok(part) => Ok(part.as_str().to_owned()),
        Err(error) => Err(reason(&error)),
    };
    let mut text = once(local)?;
    for _ in 0..PREPARATIONS {
        let again = once(&text)?;
        if again == text {
            return Ok(text);
        }
        text = again;
    }
    Err(reason(&jid::Error::NodePrep))
}

/// No text that is known takes more than two.
const PREPARATIONS: usize = 4;

/// The domain in lower case, as U-labels, without a trailing dot; an IP address in its usual form.
fn domain(text: &str) -> Result<Cow<'_, str>, &'static str> {
    let wrong = || reason(&jid::Error::Idna);
    if let Some(inside) = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')) {
        let address: Ipv6Addr = inside.parse().map_err(|_| wrong())?;
        return Ok(Cow::Owned(format!("[{address}]")));
    }
    if text.parse::<Ipv4Addr>().is_ok() {
        return Ok(Cow::Borrowed(text));
    }
    let (unicode, valid) = Uts46::new().to_unicode(text.as_bytes(), AsciiDenyList::URL, Hyphens::Check);
    valid.map_err(|_| wrong())?;
    let unicode = match unicode.strip_suffix('.') {
        Some(rooted) => Cow::Owned(rooted.to_owned()),
        None => unicode,
    };
    // Lengths are those of the A-labels, which go over the wire.
    let ascii = Uts46::new().to_ascii(
        unicode.as_bytes(),
        AsciiDenyList::URL,
        Hyphens::Check,
        DnsLength::Verify,
    );
    ascii.map_err(|_| wrong())?;
    Ok(unicode)
}

/// What follows `xmpp:` or `mailto:`.
fn after_scheme(text: &str) -> Option<&str> {
    let (scheme, after) = text.split_once(':')?;
    let known = ["xmpp", "mailto"]
        .iter()
        .any(|known| scheme.eq_ignore_ascii_case(known));
    known.then_some(after)
}

/// The address in a URI, with its escapes read; `None`: it is no URI of an address.
fn path_of_uri(text: &str) -> Option<Result<String, &'static str>> {
    let after = after_scheme(text)?;
    let path = after.split(['?', '#']).next().unwrap_or_default();
    // `xmpp://me@example.org/room@conference.example.org` names the account to use first; without an address after it,
    // somebody wrote two slashes too many.
    let path = match path.strip_prefix("//") {
        None => path,
        Some(whole) => match whole.split_once('/') {
            Some((account, target)) if account.is_empty() || target.contains('@') => target,
            _ => whole,
        },
    };
    Some(unescaped(path).ok_or("the URI has an escape that is none"))
}

/// A text with its `%C3%A9` read; `None` where an escape is none, or not UTF-8. (The crate `percent-encoding` lets `%zz`
/// pass, which would be an address then.)
fn unescaped(text: &str) -> Option<String> {
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

/// What the preparation says, in words.
fn reason(error: &jid::Error) -> &'static str {
    use jid::Error as E;
    match error {
        E::NodeEmpty => "nothing stands before the @",
        E::NodeTooLong => "what stands before the @ is longer than 1023 bytes",
        E::NodePrep => "a space or a character that is not allowed stands before the @",
        E::TooManyAts => "there is more than one @",
        E::NamePrep | E::Idna => "a domain such as example.org is missing or wrong",
        E::ResourceEmpty => "nothing stands after the /",
        E::ResourceTooLong => "what stands after the / is longer than 1023 bytes",
        E::ResourcePrep | E::ResourceMissingInFullJid | E::ResourceInBareJid => {
            "a character that is not allowed stands after the /"
        }
    }
}

/// Whether preparation would surely leave the text as it is: the quick way for nearly every address there is.
fn is_plain(text: &str) -> bool {
    let Some((local, domain)) = text.split_once('@') else {
        return false;
    };
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|byte| plain(byte) || byte == b'-')
            && label.bytes().next().is_some_and(|byte| byte.is_ascii_lowercase())
            && !label.ends_with('-')
            && !label.starts_with("xn--")
            && label.get(2..4) != Some("--")
    };
    (1..=255).contains(&local.len())
        && domain.len() <= 253
        && local
            .bytes()
            .all(|byte| plain(byte) || matches!(byte, b'.' | b'-' | b'_'))
        && domain.split('.').all(label)
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
