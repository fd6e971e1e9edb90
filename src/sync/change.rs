//! A change of an item on a server, and its outcome.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{HatValue, Item, ItemValue};
use crate::model::HatId;

/// A change of one item on a server: compare and set. A backend applies it only if the server has the expected value.
/// If the server already has the wanted value, that is a success.
///
/// A catalog entry is sent with title and hue together, and compared with a read made just before. An entry is
/// removed (`wanted` is `None`) only if, on the server, no user of the room has the hat.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ItemChange {
    /// The item.
    pub item: Item,
    /// The value that the server must have; `None`: the server must not have the item. For an affiliation, `None` means `none`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected: Option<ItemValue>,
    /// The new value, in the normal form of the server's class; `None` removes the item.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wanted: Option<ItemValue>,
    /// The hats that the user must have on the server, and no others, for the removal of an affiliation that also removes the
    /// hats. `None`: the hats are not compared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected_hats: Option<BTreeMap<HatId, HatValue>>,
    /// The reason that is sent with a change of an affiliation, for the user concerned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Arc<str>>,
}

impl ItemChange {
    /// Creates a change without a reason that compares only the item itself.
    pub fn new(item: Item, expected: Option<ItemValue>, wanted: Option<ItemValue>) -> Self {
        Self {
            item,
            expected,
            wanted,
            expected_hats: None,
            reason: None,
        }
    }
}

/// The outcome of a change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ItemOutcome {
    /// The server has the wanted value.
    Done {
        /// Whether the server says that the value is stored. A server that only acknowledges changes, as ejabberd does, can
        /// still lose the value.
        saved: bool,
    },
    /// The server had another value than expected; nothing was changed.
    Changed {
        /// The server's value of the item; `None`: the server does not have the item. If the user's hats were compared, too
        /// ([`ItemChange::expected_hats`]), this is the affiliation, even if only the hats differ.
        actual: Option<ItemValue>,
    },
    /// The server refused the change; nothing was changed.
    Refused(Refusal),
    /// No usable answer came. Only a read shows whether the change was made.
    Unknown,
}

/// Why a server refused a change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// The error condition.
    pub condition: Condition,
    /// The server's own text, not sanitized.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<Box<str>>,
}

impl Refusal {
    /// Creates a refusal without a text.
    pub fn new(condition: Condition) -> Self {
        Self {
            condition,
            text: None,
        }
    }
}

macro_rules! conditions {
    ($($variant:ident = $name:literal, $doc:literal;)*) => {
        /// The error conditions of XMPP stanzas (RFC 6120, section 8.3.3).
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "kebab-case")]
        pub enum Condition {
            $(#[doc = $doc] $variant,)*
        }

        impl Condition {
            /// All conditions.
            pub const ALL: &[Self] = &[$(Self::$variant),*];

            /// The name in XMPP.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                }
            }
        }
    };
}

conditions! {
    BadRequest = "bad-request", "The request is malformed.";
    Conflict = "conflict", "The item already exists.";
    FeatureNotImplemented = "feature-not-implemented", "The server does not know the request.";
    Forbidden = "forbidden", "The account lacks the permission.";
    Gone = "gone", "The room is no longer at this address.";
    InternalServerError = "internal-server-error", "The server failed.";
    ItemNotFound = "item-not-found", "No such room, user or command.";
    JidMalformed = "jid-malformed", "The server does not accept the address.";
    NotAcceptable = "not-acceptable", "A value is not acceptable.";
    NotAllowed = "not-allowed", "Nobody may make this request, for example because of a limit.";
    NotAuthorized = "not-authorized", "The account is not logged in.";
    PolicyViolation = "policy-violation", "A policy of the server forbids the request.";
    RecipientUnavailable = "recipient-unavailable", "The recipient is temporarily unavailable.";
    Redirect = "redirect", "The request must be sent to another address.";
    RegistrationRequired = "registration-required", "The account has to register first.";
    RemoteServerNotFound = "remote-server-not-found", "The other server does not exist.";
    RemoteServerTimeout = "remote-server-timeout", "The other server does not answer.";
    ResourceConstraint = "resource-constraint", "The server is busy.";
    ServiceUnavailable = "service-unavailable", "The service is not offered.";
    SubscriptionRequired = "subscription-required", "A subscription is required.";
    UndefinedCondition = "undefined-condition", "Any other error.";
    UnexpectedRequest = "unexpected-request", "The request was not expected at this time.";
}

impl Condition {
    /// Finds the condition with this name in XMPP; `None` if there is no such condition.
    pub fn from_name(name: &str) -> Option<Self> {
        let has_name = |condition: &Self| condition.as_str() == name;
        Self::ALL.iter().copied().find(has_name)
    }
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn condition_names_round_trip() {
        for condition in Condition::ALL {
            assert_eq!(Condition::from_name(condition.as_str()), Some(*condition));
            let json = serde_json::to_string(condition).unwrap();
            assert_eq!(json, format!("\"{condition}\""));
        }
        assert_eq!(Condition::ALL.len(), 22);
        assert_eq!(Condition::from_name("made-up"), None);
    }
}
