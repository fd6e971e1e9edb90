//! Addresses: bare JIDs in their prepared form (RFC 6122, RFC 7622).

use std::borrow::Borrow;
use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::excerpt::shown;

/// A bare JID, prepared as servers do it (stringprep, internationalised domains), so that two spellings of one
/// address are equal. Cheap to clone. Ordered by the bytes of the prepared text, which is the order in the file.
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
        if is_plain(text) {
            return Ok(Self(text.into()));
        }
        match jid::Jid::new(text) {
            Ok(jid) => Ok(Self(jid.to_bare().as_str().into())),
            Err(error) => Err(InvalidJid {
                text: text.into(),
                reason: reason(&error).into(),
            }),
        }
    }

    /// Reads the address of a room: like [`Jid::parse`], but a local part must be there (XEP-0045, section 4.1).
    pub fn parse_room(text: &str) -> Result<Self, InvalidJid> {
        let jid = Self::parse(text)?;
        match jid.local() {
            Some(_) => Ok(jid),
            None => Err(InvalidJid {
                text: text.into(),
                reason: "a room has a name before the @, such as room@conference.example.org".into(),
            }),
        }
    }

    /// The prepared text, `local@domain` or `domain`.
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
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn spellings_of_one_address_are_one_user() {
        for text in [
            "Terry@Example.ORG/phone",
            "terry@example.org",
            "TERRY@example.org",
        ] {
            assert_eq!(Jid::parse(text).unwrap().as_str(), "terry@example.org");
        }
        assert_eq!(Jid::parse("example.org").unwrap().local(), None);
        assert_eq!(Jid::parse("a@b.c").unwrap().domain(), "b.c");
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for text in [
            "",
            "@example.org",
            "a@",
            "a b@example.org",
            "a@b@c",
            "a@exa mple.org",
            "\u{1b}@b",
        ] {
            assert!(Jid::parse(text).is_err(), "{text:?}");
        }
        assert!(Jid::parse_room("conference.example.org").is_err());
    }

    proptest! {
        /// The quick way says the same as the full preparation.
        #[test]
        fn plain_text_is_prepared_already(text in "[a-z0-9._-]{0,4}@([a-z0-9.-]{0,4}|xn--[a-z0-9]{0,3}|ab--c)(\\.[a-z0-9-]{0,2}){0,2}") {
            if is_plain(&text) {
                let full = jid::Jid::new(&text).map_err(|e| TestCaseError::fail(format!("{text}: {e}")))?;
                prop_assert_eq!(full.as_str(), text);
            }
        }
    }
}
