//! Hats: IDs, attachments (which tie a hat to a user), hat sets and catalog entries.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use iri_string::types::IriStr;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::excerpt::quoted;
use super::{Extra, Json};

/// The unique ID of a hat. An ID that is entered must be a URI with a scheme (RFC 3986; IRIs and fragments are
/// allowed). An ID from a file or a server may be any text and is kept unchanged; see [`HatId::is_uri`].
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct HatId(Arc<str>);

/// The error for a text that is not accepted as a hat ID: it is not a URI with a scheme, or it was entered and is too
/// long.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{} is not a valid hat ID: {reason}; a hat ID is a URI such as urn:uuid:… or http://example.org/hats/teacher",
    quoted(text)
)]
pub struct InvalidHatId {
    /// The text.
    pub text: Box<str>,
    /// The reason why the text is not valid.
    pub reason: String,
}

/// The maximum length, in bytes, of a title, name, hat ID or reason for a change that is typed, pasted or passed as an
/// argument. Files may contain longer titles, names and IDs. The limit keeps files small, as a title can be stored for
/// every user with the hat, and again in the history for each change.
pub const MAX_INPUT_BYTES: usize = 1024;

impl HatId {
    /// Parses an ID of any length. Fails if it is not a URI with a scheme.
    pub fn parse(text: &str) -> Result<Self, InvalidHatId> {
        match uri_problem(text) {
            None => Ok(Self(text.into())),
            Some(reason) => Err(InvalidHatId {
                text: text.into(),
                reason: reason.into(),
            }),
        }
    }

    /// Parses an ID that is typed, pasted or passed as an argument. Fails if it is not a URI with a scheme, or is longer than
    /// [`MAX_INPUT_BYTES`].
    pub fn parse_input(text: &str) -> Result<Self, InvalidHatId> {
        if text.len() > MAX_INPUT_BYTES {
            return Err(InvalidHatId {
                text: text.into(),
                reason: "longer than 1,024 bytes".into(),
            });
        }
        Self::parse(text)
    }

    /// Accepts an ID from a file or a server without checking it.
    pub fn unchecked(text: impl Into<Arc<str>>) -> Self {
        Self(text.into())
    }

    /// The ID as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether the ID is a URI with a scheme, as it should be.
    pub fn is_uri(&self) -> bool {
        uri_problem(&self.0).is_none()
    }
}

/// Whether a title or name is only whitespace, so that on a screen it looks as if it were missing. False for an empty
/// text, which means the same as a missing title or name.
pub(crate) fn is_only_whitespace(text: &str) -> bool {
    !text.is_empty() && text.trim().is_empty()
}

/// The reason why the text is not a URI with a scheme; `None` if it is one.
fn uri_problem(text: &str) -> Option<&'static str> {
    if text.is_empty() {
        return Some("empty");
    }
    let Ok(iri) = IriStr::new(text) else {
        return Some(match text.find(':') {
            _ if text.chars().any(char::is_whitespace) => "contains whitespace",
            None => "no scheme such as urn: or http:",
            Some(_) => "has an invalid scheme or character",
        });
    };
    let after = text.get(iri.scheme_str().len() + 1..).unwrap_or_default();
    (after.is_empty() || after == "//").then_some("nothing after the scheme")
}

impl fmt::Display for HatId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for HatId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<{}>", self.0)
    }
}

impl std::borrow::Borrow<str> for HatId {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl Serialize for HatId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for HatId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self(Arc::<str>::deserialize(deserializer)?))
    }
}

/// The attachment of a hat to a user in a room. A field that is `None` is omitted in the JSON. For the booleans, `None`
/// means the same as `Some(false)`, but the two are kept apart so that a file is written back as it was read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Attachment {
    /// Whether the hat is shown in the chat.
    pub active: Option<bool>,
    /// Whether the user cannot remove the hat; moderators always can.
    pub required: Option<bool>,
    /// The title; `None` or empty: the one in the room's catalog.
    pub title: Option<Arc<str>>,
    /// Unrecognized JSON fields, written back unchanged.
    pub extra: Extra,
}

impl Attachment {
    /// Whether the hat is shown in the chat.
    pub fn is_active(&self) -> bool {
        self.active == Some(true)
    }

    /// Whether the user cannot remove the hat.
    pub fn is_required(&self) -> bool {
        self.required == Some(true)
    }

    /// The attachment with this value of `active`; an omitted value that already means the same stays omitted.
    #[must_use]
    pub fn with_active(mut self, active: bool) -> Self {
        if self.is_active() != active {
            self.active = Some(active);
        }
        self
    }

    /// The attachment with this value of `required`; an omitted value that already means the same stays omitted.
    #[must_use]
    pub fn with_required(mut self, required: bool) -> Self {
        if self.is_required() != required {
            self.required = Some(required);
        }
        self
    }

    /// Applies the difference between `before` and `after` to this attachment; fields that are equal in both keep their
    /// current values. All unrecognized fields together count as one.
    #[must_use]
    pub fn with_changes(&self, before: &Self, after: &Self) -> Self {
        fn changed<T: Clone + PartialEq>(current: &T, before: &T, after: &T) -> T {
            if before == after { current } else { after }.clone()
        }
        Self {
            active: changed(&self.active, &before.active, &after.active),
            required: changed(&self.required, &before.required, &after.required),
            title: changed(&self.title, &before.title, &after.title),
            extra: changed(&self.extra, &before.extra, &after.extra),
        }
    }

    /// Whether the attachment has its own title, which overrides that of the catalog.
    pub fn has_own_title(&self) -> bool {
        self.title.as_deref().is_some_and(|title| !title.is_empty())
    }

    /// The attachment with this title, or without one.
    #[must_use]
    pub fn with_title(mut self, title: Option<&str>) -> Self {
        if self.title.as_deref() != title {
            self.title = title.map(Into::into);
        }
        self
    }
}

/// Hats by ID: attachments with unique IDs, sorted.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Hats(Box<[(HatId, Attachment)]>);

/// Hat sets by name.
pub type HatSets = BTreeMap<Box<str>, Hats>;

impl Hats {
    /// The number of hats.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are no hats.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The attachment with this ID; `None` if there is none.
    pub fn get(&self, hat: &HatId) -> Option<&Attachment> {
        let index = self.0.binary_search_by(|(id, _)| id.cmp(hat)).ok()?;
        self.0.get(index).map(|(_, attachment)| attachment)
    }

    /// IDs and attachments, sorted by ID.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&HatId, &Attachment)> {
        self.0.iter().map(|(id, attachment)| (id, attachment))
    }

    /// Adds, replaces or (with `None`) removes a hat; returns the previous attachment.
    pub fn set(&mut self, hat: &HatId, attachment: Option<Attachment>) -> Option<Attachment> {
        let mut pairs = std::mem::take(&mut self.0).into_vec();
        let before = match (pairs.binary_search_by(|(id, _)| id.cmp(hat)), attachment) {
            (Ok(index), Some(new)) => pairs.get_mut(index).map(|(_, old)| std::mem::replace(old, new)),
            (Ok(index), None) => Some(pairs.remove(index).1),
            (Err(index), Some(new)) => {
                pairs.insert(index, (hat.clone(), new));
                None
            }
            (Err(_), None) => None,
        };
        self.0 = pairs.into();
        before
    }

    /// Creates the hats from pairs; `None` unless their IDs are in strictly ascending order.
    pub(super) fn from_sorted(pairs: Vec<(HatId, Attachment)>) -> Option<Self> {
        pairs
            .is_sorted_by(|(a, _), (b, _)| a < b)
            .then(|| Self(pairs.into()))
    }
}

impl fmt::Debug for Hats {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

/// Of several pairs with the same ID, the last one is kept.
impl FromIterator<(HatId, Attachment)> for Hats {
    fn from_iter<I: IntoIterator<Item = (HatId, Attachment)>>(pairs: I) -> Self {
        let map: BTreeMap<_, _> = pairs.into_iter().collect();
        Self(map.into_iter().collect())
    }
}

/// A hat in a room's catalog (XEP-0317, with the fields of ejabberd 25.10 and later).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CatalogHat {
    /// The title, for all users of the room whose attachment has no title.
    pub title: Option<Arc<str>>,
    /// The color of the hat; `None`: the color is derived from the ID.
    pub hue: Option<Hue>,
    /// Unrecognized JSON fields, written back unchanged.
    pub extra: Extra,
}

/// A hue as a JSON number or string. It should be an angle from 0 to 360 degrees (XEP-0392), but servers do not check
/// this.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hue(Json);

impl Hue {
    /// Accepts a JSON number or string; `None` for any other value.
    pub fn new(json: Json) -> Option<Self> {
        json.as_str()
            .starts_with(|c: char| c == '"' || c == '-' || c.is_ascii_digit())
            .then_some(Self(json))
    }

    /// Parses a number that was entered; `None` unless it is from 0 to 360.
    pub fn parse(text: &str) -> Option<Self> {
        let degrees: f64 = text.trim().parse().ok()?;
        let json = (0.0..=360.0)
            .contains(&degrees)
            .then(|| Json::new(&degrees.to_string()).ok())??;
        Self::new(json)
    }

    /// The angle in degrees, 0 to 360; `None` if the value is something else.
    pub fn degrees(&self) -> Option<f64> {
        let text = self.0.as_str().trim_matches('"');
        text.parse()
            .ok()
            .filter(|degrees| (0.0..=360.0).contains(degrees))
    }

    /// The JSON as it was read; for a hue that was entered, the number.
    pub fn as_json(&self) -> &Json {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parse_accepts_only_uris() {
        for good in [
            "urn:uuid:164c41a2-7461-4cff-bdae-3f93078a6607",
            "http://example.com/hats/foo",
            "http://example.com/hats#foo",
            "http://example.com/帽子",
            "xmpp:room@conference.example.org",
            "x:y",
        ] {
            assert!(HatId::parse(good).is_ok(), "{good}");
        }
        for bad in [
            "",
            "foo",
            "not a uri",
            "http:",
            "http://",
            "://x",
            "urn:a b",
            "1x:y",
            "http://exa<mple",
            "x:%zz",
        ] {
            assert!(HatId::parse(bad).is_err(), "{bad}");
            assert_eq!(HatId::unchecked(bad).as_str(), bad);
            assert!(!HatId::unchecked(bad).is_uri());
        }
    }

    #[test]
    fn hue_keeps_its_text_and_parses_degrees() {
        let hue = |text: &str| Hue::new(Json::new(text).unwrap());
        assert_eq!(hue("327.255249").unwrap().degrees(), Some(327.255_249));
        assert_eq!(hue("\"120\"").unwrap().degrees(), Some(120.0));
        assert_eq!(hue("\"banana\"").unwrap().degrees(), None);
        assert_eq!(hue("361").unwrap().degrees(), None);
        assert!(hue("{}").is_none());
        let typed = |text| Hue::parse(text).map(|hue| hue.as_json().as_str().to_owned());
        assert_eq!(typed(" 128.50 ").as_deref(), Some("128.5"));
        assert_eq!(typed("0360").as_deref(), Some("360"));
        assert_eq!(
            ["", "-1", "361", "green", "NaN", "inf"].map(typed),
            [const { None }; 6]
        );
    }
}
