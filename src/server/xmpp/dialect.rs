//! The ad-hoc commands for hats of each release of ejabberd (XEP-0317 and XEP-0050, as ejabberd implements them).

use tokio_xmpp::minidom::Element;

use super::element::{attribute, command};
use super::entries::ListEntry;
use crate::sync::{CatalogValue, HatValue, ServerClass};

/// The commands for hats that a release of ejabberd supports.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Dialect {
    /// ejabberd 21.12 to 24.12.
    First,
    /// ejabberd 25.03 to 25.08.
    Second,
    /// ejabberd 25.10 and later.
    Catalog,
}

/// An entry of the list of assigned hats.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct AssignedHat {
    /// The user's address, not validated.
    pub(super) user: String,
    /// The hat's ID; never empty.
    pub(super) id: String,
    pub(super) hat: HatValue,
}

impl Dialect {
    /// Detects the dialect from a room's list of commands; `None` if it has no commands for hats.
    pub(super) fn detect(commands: &Element) -> Option<Self> {
        let has = |node: &str| {
            commands
                .children()
                .any(|item| attribute(item, "node") == Some(node))
        };
        [Self::Catalog, Self::Second, Self::First]
            .into_iter()
            .find(|dialect| has(dialect.list_node()))
    }

    /// The class of servers with this dialect.
    pub(super) fn class(self) -> ServerClass {
        match self {
            Self::First | Self::Second => ServerClass::EjabberdOld,
            Self::Catalog => ServerClass::EjabberdCatalog,
        }
    }

    /// The name of the command that lists the assigned hats.
    fn list_node(self) -> &'static str {
        match self {
            Self::First => "p1:hats#list",
            Self::Second => "urn:xmpp:hats:commands:dlist",
            Self::Catalog => "urn:xmpp:hats:commands:list-assigned",
        }
    }

    /// Builds the command that lists the assigned hats.
    pub(super) fn list_assigned(self) -> Element {
        command(self.list_node(), None)
    }

    /// Parses an entry of the list of assigned hats.
    ///
    /// Errors: the hat's ID, if the entry is invalid but has an ID; `None` if it has none.
    pub(super) fn parse_assigned(self, entry: &ListEntry) -> Result<AssignedHat, Option<String>> {
        let (user, id, title) = match self {
            Self::Catalog => ("hats#jid", "hats#uri", "hats#title"),
            // ejabberd swaps these two fields in the list.
            Self::First | Self::Second => ("jid", "hat_title", "hat_uri"),
        };
        let text = |name| entry.value(name).map(str::to_owned);
        let id = text(id).filter(|id| !id.is_empty()).ok_or(None)?;
        let hat = match self {
            Self::Catalog => Some(HatValue::assigned()),
            Self::First | Self::Second => entry.value(title).map(HatValue::titled),
        };
        match (text(user), hat) {
            (Some(user), Some(hat)) => Ok(AssignedHat { user, id, hat }),
            _ => Err(Some(id)),
        }
    }

    /// Builds the command that adds a hat to a user or, in dialects without a catalog, changes the hat's title.
    pub(super) fn assign(self, user: &str, id: &str, hat: &HatValue) -> Element {
        let title = hat.title.as_deref().unwrap_or_default();
        let fields = [("jid", user), ("hat_title", title), ("hat_uri", id)];
        match self {
            Self::First => command("http://prosody.im/protocol/hats#add", Some(&fields)),
            Self::Second => command("urn:xmpp:hats:commands:don", Some(&fields)),
            Self::Catalog => command(
                "urn:xmpp:hats:commands:assign",
                Some(&[("hats#jid", user), ("hat", id)]),
            ),
        }
    }

    /// Builds the command that removes a hat from a user.
    pub(super) fn unassign(self, user: &str, id: &str) -> Element {
        let fields = [("jid", user), ("hat_uri", id)];
        match self {
            Self::First => command("http://prosody.im/protocol/hats#remove", Some(&fields)),
            Self::Second => command("urn:xmpp:hats:commands:doff", Some(&fields)),
            Self::Catalog => command(
                "urn:xmpp:hats:commands:unassign",
                Some(&[("hats#jid", user), ("hat", id)]),
            ),
        }
    }
}

/// Builds the command that lists the hat catalog.
pub(super) fn list_catalog() -> Element {
    command("urn:xmpp:hats:commands:list", None)
}

/// Parses an entry of a catalog; `None` if it has no ID.
pub(super) fn parse_catalog_entry(entry: &ListEntry) -> Option<(String, CatalogValue)> {
    let id = entry.value("hats#uri").filter(|id| !id.is_empty())?;
    let title = entry.value("hats#title").unwrap_or_default();
    let hue = entry.value("hats#hue");
    Some((id.to_owned(), CatalogValue::new(title, hue)))
}

/// Builds the command that defines a hat in the catalog, or changes it there.
pub(super) fn define(id: &str, entry: &CatalogValue) -> Element {
    let title = entry.title.as_deref().unwrap_or_default();
    let mut fields = vec![("hats#uri", id), ("hats#title", title)];
    if let Some(hue) = &entry.hue {
        fields.push(("hats#hue", hue.as_str()));
    }
    command("urn:xmpp:hats:commands:create", Some(&fields))
}

/// Builds the command that removes a hat from the catalog and from all users.
pub(super) fn undefine(id: &str) -> Element {
    command("urn:xmpp:hats:commands:destroy", Some(&[("hat", id)]))
}
