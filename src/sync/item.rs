//! Items: the units that are compared, sent and received. The values of items are in normal form, so that values with the
//! same meaning are equal: an omitted boolean is `false`, an empty title is `None`.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize};

use crate::model::{Affiliation, Attachment, CatalogHat, HatId, Hue, Jid, Json};

/// An item of a room.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum Item {
    /// A hat in the room's catalog.
    Catalog {
        /// The hat's ID.
        hat: HatId,
    },
    /// A user's affiliation with the room.
    Affiliation {
        /// The user's address.
        user: Jid,
    },
    /// A hat of a user.
    Hat {
        /// The user's address.
        user: Jid,
        /// The hat's ID.
        hat: HatId,
    },
}

impl Item {
    /// The item's user; `None` for catalog items.
    pub fn user(&self) -> Option<&Jid> {
        match self {
            Self::Affiliation { user } | Self::Hat { user, .. } => Some(user),
            Self::Catalog { .. } => None,
        }
    }

    /// The item's hat; `None` for affiliations.
    pub fn hat(&self) -> Option<&HatId> {
        match self {
            Self::Catalog { hat } | Self::Hat { hat, .. } => Some(hat),
            Self::Affiliation { .. } => None,
        }
    }
}

/// The value of an item on one side. A missing item has no value, and the affiliation `none` counts as missing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ItemValue {
    /// A hat of a user.
    Hat(HatValue),
    /// An entry of the catalog.
    Catalog(CatalogValue),
    /// An affiliation other than `none`.
    Affiliation(Affiliation),
}

impl ItemValue {
    /// Converts an affiliation to a value; `None` for the affiliation `none`.
    pub fn affiliation(affiliation: Affiliation) -> Option<Self> {
        (affiliation != Affiliation::None).then_some(Self::Affiliation(affiliation))
    }
}

/// A user's hat. Fields that a class of server cannot store have a fixed value ([`ServerClass::normal_hat`]).
///
/// [`ServerClass::normal_hat`]: super::ServerClass::normal_hat
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct HatValue {
    /// Whether the hat is active (shown in chat).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub active: bool,
    /// Whether the hat is required (the user cannot remove it).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub required: bool,
    /// The title; never empty.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "deserialize_title"
    )]
    pub title: Option<Arc<str>>,
}

impl HatValue {
    /// Creates a hat as ejabberd 25.10 and later stores it: active, without its own title.
    pub fn assigned() -> Self {
        Self {
            active: true,
            ..Self::default()
        }
    }

    /// Creates a hat as ejabberd up to 25.08 stores it: active, with this title.
    pub fn titled(title: &str) -> Self {
        Self {
            title: non_empty(title),
            ..Self::assigned()
        }
    }

    /// Converts an attachment, regardless of what a server can store.
    pub fn of(attachment: &Attachment) -> Self {
        Self {
            active: attachment.is_active(),
            required: attachment.is_required(),
            title: attachment.title.clone().filter(|title| !title.is_empty()),
        }
    }
}

/// An entry of a room's catalog.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CatalogValue {
    /// The title; never empty.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "deserialize_title"
    )]
    pub title: Option<Arc<str>>,
    /// The hue.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hue: Option<HueText>,
}

impl CatalogValue {
    /// Converts an entry from a server.
    pub fn new(title: &str, hue: Option<&str>) -> Self {
        Self {
            title: non_empty(title),
            hue: hue.and_then(HueText::new),
        }
    }

    /// Converts an entry of the file.
    pub fn of(entry: &CatalogHat) -> Self {
        Self {
            title: entry.title.clone().filter(|title| !title.is_empty()),
            hue: entry.hue.as_ref().and_then(HueText::of),
        }
    }
}

/// A hue as text: the shortest form of a number from 0 to 360, or any other text unchanged, because servers accept any
/// text as a hue.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct HueText(Arc<str>);

impl HueText {
    /// Parses a text from a server; `None` if it is empty.
    pub fn new(text: &str) -> Option<Self> {
        if text.is_empty() {
            return None;
        }
        let degrees: Option<f64> = text.trim().parse().ok();
        Some(match degrees.filter(|degrees| (0.0..=360.0).contains(degrees)) {
            // Adding zero turns -0 into 0.
            Some(degrees) => Self((degrees + 0.0).to_string().into()),
            None => Self(text.into()),
        })
    }

    /// Converts the hue of an entry in the file, a number or a text; `None` if the text is empty.
    pub fn of(hue: &Hue) -> Option<Self> {
        let json = hue.as_json().as_str();
        match serde_json::from_str::<String>(json) {
            Ok(text) => Self::new(&text),
            Err(_) => Self::new(json),
        }
    }

    /// The text that is sent.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Converts the hue to its form in the file: a number if possible, else a text.
    pub fn to_hue(&self) -> Option<Hue> {
        Hue::parse(&self.0).or_else(|| Hue::new(Json::string(&self.0)))
    }
}

impl<'de> Deserialize<'de> for HueText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Arc::<str>::deserialize(deserializer)?;
        Ok(Self::new(&text).unwrap_or(Self(text)))
    }
}

/// A whole user: affiliation and hats.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserValue {
    /// The affiliation.
    #[serde(default)]
    pub affiliation: Affiliation,
    /// The hats by ID, in normal form.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub hats: BTreeMap<HatId, HatValue>,
}

/// Converts a text; `None` if it is empty.
fn non_empty(text: &str) -> Option<Arc<str>> {
    (!text.is_empty()).then(|| text.into())
}

/// Deserializes a title; an empty one becomes `None`.
fn deserialize_title<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Arc<str>>, D::Error> {
    let title = Option::<Arc<str>>::deserialize(deserializer)?;
    Ok(title.filter(|title| !title.is_empty()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn normalizes_numeric_hues_and_keeps_others() {
        let new = |text| HueText::new(text).unwrap();
        assert_eq!(new("120.0"), new("120"));
        assert_eq!(new("-0").as_str(), "0");
        assert_eq!(new("327.255249").as_str(), "327.255249");
        assert_eq!(new(" banana").as_str(), " banana");
        assert_eq!(HueText::new(""), None);
        let file = |json: &str| Hue::new(Json::new(json).unwrap()).unwrap();
        assert_eq!(HueText::of(&file("120.00")), HueText::of(&file("\"120\"")));
        assert_eq!(new("120").to_hue(), Some(file("120")));
        assert_eq!(new("not\"a hue").to_hue(), Some(file("\"not\\\"a hue\"")));
        assert_eq!(HueText::of(&file("361")).unwrap().as_str(), "361");
    }

    #[test]
    fn empty_title_is_none() {
        assert_eq!(HatValue::titled(""), HatValue::assigned());
        let read: HatValue = serde_json::from_str(r#"{"active":true,"title":""}"#).unwrap();
        assert_eq!(read, HatValue::assigned());
        assert_eq!(serde_json::to_string(&read).unwrap(), r#"{"active":true}"#);
    }
}
