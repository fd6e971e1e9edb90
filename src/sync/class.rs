//! The classes of servers, and what each can store.

use serde::{Deserialize, Serialize};

use super::{HatValue, Item, ItemValue};

/// The kind of access to a server, from the configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ServerKind {
    /// Prosody's admin shell.
    Prosody,
    /// An XMPP account, with the ad-hoc commands of ejabberd.
    Xmpp,
}

/// The class of a server, which follows from its software and version, and determines what the server can store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ServerClass {
    /// Prosody 0.12 and later: hats are data of an affiliation, with `active`, `required` and a title each.
    Prosody,
    /// ejabberd 21.12 to 25.08: every hat is active and has its own title.
    EjabberdOld,
    /// ejabberd 25.10 and later: the room's catalog has the title and hue of each hat; users have hats without further
    /// data.
    EjabberdCatalog,
}

/// Limits of the hats in one room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HatLimits {
    /// Maximum number of hats of one user.
    pub hats_of_user: usize,
    /// Maximum number of users with hats.
    pub users_with_hats: usize,
}

impl ServerClass {
    /// The kind of access to servers of this class.
    pub fn kind(self) -> ServerKind {
        match self {
            Self::Prosody => ServerKind::Prosody,
            Self::EjabberdOld | Self::EjabberdCatalog => ServerKind::Xmpp,
        }
    }

    /// Whether hats can be inactive or required. If not, every hat is active.
    pub fn holds_flags(self) -> bool {
        self == Self::Prosody
    }

    /// Whether each user can have their own title for a hat.
    pub fn holds_own_titles(self) -> bool {
        self != Self::EjabberdCatalog
    }

    /// Whether the room has a catalog of hats, with title and hue.
    pub fn holds_catalog(self) -> bool {
        self == Self::EjabberdCatalog
    }

    /// Whether users without an affiliation can have hats.
    pub fn allows_unaffiliated(self) -> bool {
        self != Self::Prosody
    }

    /// Whether removing a user's affiliation removes their hats.
    pub fn removes_hats_with_affiliation(self) -> bool {
        self == Self::Prosody
    }

    /// Whether every hat needs a title: that of the attachment or, on a server with a catalog, that of the entry.
    pub fn needs_title(self) -> bool {
        self != Self::Prosody
    }

    /// Whether the server says that it stored a change. If not, a later read has to confirm it.
    pub fn confirms_storage(self) -> bool {
        self == Self::Prosody
    }

    /// The limits of the hats in a room; `None` if there are none.
    pub fn limits(self) -> Option<HatLimits> {
        (self != Self::Prosody).then_some(HatLimits {
            hats_of_user: 10,
            users_with_hats: 100,
        })
    }

    /// Whether the server stores items of this kind.
    pub fn holds(self, item: &Item) -> bool {
        match item {
            Item::Hat { .. } | Item::Affiliation { .. } => true,
            Item::Catalog { .. } => self.holds_catalog(),
        }
    }

    /// Returns the normal form of a hat: the part that the server stores; `None` if it stores nothing, as for an inactive hat
    /// on ejabberd. Hats are compared and sent in this form.
    pub fn normal_hat(self, hat: &HatValue) -> Option<HatValue> {
        match self {
            Self::Prosody => Some(hat.clone()),
            Self::EjabberdOld | Self::EjabberdCatalog if !hat.active => None,
            Self::EjabberdOld => Some(HatValue {
                required: false,
                ..hat.clone()
            }),
            Self::EjabberdCatalog => Some(HatValue::assigned()),
        }
    }

    /// Returns the normal form of a value; `None` if the server does not store the value.
    pub fn normal(self, value: &ItemValue) -> Option<ItemValue> {
        match value {
            ItemValue::Hat(hat) => self.normal_hat(hat).map(ItemValue::Hat),
            ItemValue::Catalog(_) => self.holds_catalog().then(|| value.clone()),
            ItemValue::Affiliation(_) => Some(value.clone()),
        }
    }

    /// Whether a text can be sent, because it has no characters that XML forbids. Prosody would store a text with such
    /// characters and then fail at each presence of the user; ejabberd would close the connection.
    pub fn accepts_text(self, text: &str) -> bool {
        text.chars()
            .all(|c| matches!(c, '\t' | '\n' | '\r' | ' '..='\u{fffd}' | '\u{10000}'..))
    }
}
