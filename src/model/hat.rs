//! Hats: their ids, what ties one to a user (the attachment), sets of them, and a room's catalog.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use iri_string::types::IriStr;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::excerpt::shown;
use super::{Extra, Json};

/// A hat's unique id. Typed ones are URIs with a scheme (RFC 3986; IRIs and fragments allowed); ids that came from a
/// file or a server are kept whatever they are, and [`HatId::is_uri`] tells.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct HatId(Arc<str>);

/// The text is no URI with a scheme, so it cannot be a hat's id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "not a URI: {}: {reason}; a hat's id is a URI such as urn:uuid:… or http://example.org/hats/teacher",
    shown(text)
)]
pub struct InvalidHatId {
    /// What was given.
    pub text: Box<str>,
    /// What is wrong with it.
    pub reason: String,
}

/// A title, a name or a hat's id that somebody types, pastes or gives as an argument is at most so long, in bytes. What is
/// in files stays as it is. (A title is written for every user who gets the hat, and twice in the history.)
pub const LONGEST_TEXT: usize = 1024;

impl HatId {
    /// Checks an id that somebody typed.
    pub fn parse(text: &str) -> Result<Self, InvalidHatId> {
        match wrong_with(text) {
            None => Ok(Self(text.into())),
            Some(reason) => Err(InvalidHatId {
                text: text.into(),
                reason: reason.into(),
            }),
        }
    }

    /// Checks an id that is typed, pasted or given as an argument: at most [`LONGEST_TEXT`] bytes, too.
    pub fn parse_input(text: &str) -> Result<Self, InvalidHatId> {
        if text.len() > LONGEST_TEXT {
            return Err(InvalidHatId {
                text: text.into(),
                reason: "it is longer than 1,024 bytes".into(),
            });
        }
        Self::parse(text)
    }

    /// Takes an id as a file or a server has it.
    pub fn unchecked(text: impl Into<Arc<str>>) -> Self {
        Self(text.into())
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether the id is what it should be: a URI.
    pub fn is_uri(&self) -> bool {
        wrong_with(&self.0).is_none()
    }
}

fn wrong_with(text: &str) -> Option<&'static str> {
    if text.is_empty() {
        return Some("it is empty");
    }
    let Ok(iri) = IriStr::new(text) else {
        return Some(match text.find(':') {
            _ if text.chars().any(char::is_whitespace) => "it has a space in it",
            None => "it has no scheme before a colon",
            Some(_) => "a character in it is not allowed there",
        });
    };
    let after = text.get(iri.scheme_str().len() + 1..).unwrap_or_default();
    (after.is_empty() || after == "//").then_some("nothing follows the scheme")
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

/// What ties one hat to one user in one room. A field that is `None` is left out of the JSON; for the booleans that
/// means the same as `false`, and which of the two was written is kept.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Attachment {
    /// The user is displaying the hat now.
    pub active: Option<bool>,
    /// The user is not able to remove the hat (a moderator is).
    pub required: Option<bool>,
    /// The label that people read.
    pub title: Option<Arc<str>>,
    /// Members that this program does not know.
    pub extra: Extra,
}

impl Attachment {
    /// Whether the user is displaying the hat.
    pub fn is_active(&self) -> bool {
        self.active == Some(true)
    }

    /// Whether the user cannot remove the hat.
    pub fn is_required(&self) -> bool {
        self.required == Some(true)
    }

    /// The same attachment with `active` set; a value that means the same is left as it is written.
    #[must_use]
    pub fn with_active(mut self, active: bool) -> Self {
        if self.is_active() != active {
            self.active = Some(active);
        }
        self
    }

    /// The same attachment with `required` set; a value that means the same is left as it is written.
    #[must_use]
    pub fn with_required(mut self, required: bool) -> Self {
        if self.is_required() != required {
            self.required = Some(required);
        }
        self
    }

    /// This attachment with what a change made of `before` into `after`; what the change did not touch stays as it is
    /// here.
    #[must_use]
    pub fn with_changes(&self, before: &Self, after: &Self) -> Self {
        fn changed<T: Clone + PartialEq>(here: &T, before: &T, after: &T) -> T {
            if before == after { here } else { after }.clone()
        }
        Self {
            active: changed(&self.active, &before.active, &after.active),
            required: changed(&self.required, &before.required, &after.required),
            title: changed(&self.title, &before.title, &after.title),
            extra: changed(&self.extra, &before.extra, &after.extra),
        }
    }

    /// Whether the user has the hat under a title of their own, whatever the room's catalog says.
    pub fn has_own_title(&self) -> bool {
        self.title.as_deref().is_some_and(|title| !title.is_empty())
    }

    /// The same attachment with this title, or none.
    #[must_use]
    pub fn with_title(mut self, title: Option<&str>) -> Self {
        if self.title.as_deref() != title {
            self.title = title.map(Into::into);
        }
        self
    }
}

/// A user's hats by id, each there once, in the order of the ids.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Hats(Box<[(HatId, Attachment)]>);

/// Named sets of hats.
pub type HatSets = BTreeMap<Box<str>, Hats>;

impl Hats {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The attachment under an id.
    pub fn get(&self, hat: &HatId) -> Option<&Attachment> {
        let at = self.0.binary_search_by(|(id, _)| id.cmp(hat)).ok()?;
        self.0.get(at).map(|(_, attachment)| attachment)
    }

    /// All of them in the order of the ids.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&HatId, &Attachment)> {
        self.0.iter().map(|(id, attachment)| (id, attachment))
    }

    /// Puts an attachment under an id, or takes it away; gives what was there.
    pub fn put(&mut self, hat: &HatId, attachment: Option<Attachment>) -> Option<Attachment> {
        let mut all = std::mem::take(&mut self.0).into_vec();
        let before = match (all.binary_search_by(|(id, _)| id.cmp(hat)), attachment) {
            (Ok(at), Some(new)) => all.get_mut(at).map(|(_, old)| std::mem::replace(old, new)),
            (Ok(at), None) => Some(all.remove(at).1),
            (Err(at), Some(new)) => {
                all.insert(at, (hat.clone(), new));
                None
            }
            (Err(_), None) => None,
        };
        self.0 = all.into();
        before
    }

    /// From pairs in strictly ascending order of the ids; `None` when they are not.
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

/// Of two pairs with one id the later stays.
impl FromIterator<(HatId, Attachment)> for Hats {
    fn from_iter<I: IntoIterator<Item = (HatId, Attachment)>>(pairs: I) -> Self {
        let map: BTreeMap<_, _> = pairs.into_iter().collect();
        Self(map.into_iter().collect())
    }
}

/// A hat in a room's catalog (XEP-0317, as ejabberd 25.10 and later keep it).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CatalogHat {
    /// The label, one for the room.
    pub title: Option<Arc<str>>,
    /// The color.
    pub hue: Option<Hue>,
    /// Members that this program does not know.
    pub extra: Extra,
}

/// A color's angle in degrees, 0 to 360, as it was written: servers do not check it, so it may be any text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hue(Json);

impl Hue {
    /// From a JSON number or string; `None` for any other value.
    pub fn new(json: Json) -> Option<Self> {
        json.as_str()
            .starts_with(|c: char| c == '"' || c == '-' || c.is_ascii_digit())
            .then_some(Self(json))
    }

    /// From a number that somebody typed; `None` where it is none from 0 to 360.
    pub fn parse(typed: &str) -> Option<Self> {
        let degrees: f64 = typed.trim().parse().ok()?;
        let json = (0.0..=360.0)
            .contains(&degrees)
            .then(|| Json::new(&degrees.to_string()).ok())??;
        Self::new(json)
    }

    /// The angle, where it is one.
    pub fn degrees(&self) -> Option<f64> {
        let text = self.0.as_str().trim_matches('"');
        text.parse()
            .ok()
            .filter(|degrees| (0.0..=360.0).contains(degrees))
    }

    /// The JSON value.
    pub fn as_json(&self) -> &Json {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn typed_ids_are_uris() {
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
    fn hue_is_kept_and_understood_where_it_can_be() {
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
