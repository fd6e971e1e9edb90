//! The classes of servers, and what each can hold.

use serde::{Deserialize, Serialize};

use super::{HatValue, Item, ItemValue};

/// How a server is reached, as its entry in the configuration says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ServerKind {
    /// Prosody's admin shell.
    Prosody,
    /// An XMPP account, with the ad-hoc commands of ejabberd.
    Xmpp,
}

/// What a server can hold follows from its software and version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ServerClass {
    /// Prosody 0.12 and later: hats are data of an affiliation, with `active`, `required` and a title each.
    Prosody,
    /// ejabberd 21.12 to 25.08: a hat that is there is active, and has a title of its own.
    EjabberdOld,
    /// ejabberd 25.10 and later: the room's catalog has title and hue of each hat; a user has a hat or has it not.
    EjabberdCatalog,
}

/// The most hats that a server keeps in one room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HatLimits {
    /// Hats that one user can have.
    pub hats_of_user: usize,
    /// Users who can have hats.
    pub users_with_hats: usize,
}

impl ServerClass {
    /// How servers of this class are reached.
    pub fn kind(self) -> ServerKind {
        match self {
            Self::Prosody => ServerKind::Prosody,
            Self::EjabberdOld | Self::EjabberdCatalog => ServerKind::Xmpp,
        }
    }

    /// Whether a hat can be inactive, or required. Where not, a hat is active as soon as it is there.
    pub fn holds_flags(self) -> bool {
        self == Self::Prosody
    }

    /// Whether each user has a title of their own for a hat.
    pub fn holds_own_titles(self) -> bool {
        self != Self::EjabberdCatalog
    }

    /// Whether the room has a catalog of hats, with title and hue.
    pub fn holds_catalog(self) -> bool {
        self == Self::EjabberdCatalog
    }

    /// Whether users without an affiliation can have hats.
    pub fn holds_strangers(self) -> bool {
        self != Self::Prosody
    }

    /// Whether removing a user's affiliation removes their hats.
    pub fn affiliation_holds_hats(self) -> bool {
        self == Self::Prosody
    }

    /// Whether a hat needs a title that is not empty: the attachment's, or with a catalog the entry's.
    pub fn needs_title(self) -> bool {
        self != Self::Prosody
    }

    /// The most hats that are kept; `None`: no limit.
    pub fn limits(self) -> Option<HatLimits> {
        (self != Self::Prosody).then_some(HatLimits {
            hats_of_user: 10,
            users_with_hats: 100,
        })
    }

    /// Whether the server keeps items of this sort.
    pub fn holds(self, item: &Item) -> bool {
        match item {
            Item::Hat { .. } | Item::Affiliation { .. } => true,
            Item::Catalog { .. } => self.holds_catalog(),
        }
    }

    /// What the server keeps of a hat: `None` where it keeps none, as of an inactive one on ejabberd. This is the form
    /// in which hats are compared and sent.
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

    /// What the server keeps of a value.
    pub fn normal(self, value: &ItemValue) -> Option<ItemValue> {
        match value {
            ItemValue::Hat(hat) => self.normal_hat(hat).map(ItemValue::Hat),
            ItemValue::Catalog(_) => self.holds_catalog().then(|| value.clone()),
            ItemValue::Affiliation(_) => Some(value.clone()),
        }
    }

    /// Whether a text can be sent: no character that XML has no place for. Prosody stores such a text and then fails
    /// at each presence of the user; ejabberd ends the connection.
    pub fn accepts_text(self, text: &str) -> bool {
        text.chars()
            .all(|c| matches!(c, '\t' | '\n' | '\r' | ' '..='\u{fffd}' | '\u{10000}'..))
    }
}
