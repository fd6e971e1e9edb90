//! What is asked of a server for an item, and what it answers.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{HatValue, Item, ItemValue};
use crate::model::HatId;

/// A change of one item on a server: compare and set. A backend makes it only where the server has what is expected, or
/// what is wanted already (which is done, too).
///
/// A catalog entry goes out whole, title and hue together, and is compared with what is read just before. One is removed
/// (`wanted` is none) only where nobody has the hat there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ItemChange {
    /// What is changed.
    pub item: Item,
    /// What the server must have; `None`: it must not have the item. For an affiliation, `None` is `none`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected: Option<ItemValue>,
    /// What the server is to have, in the class's normal form; `None`: the item is removed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wanted: Option<ItemValue>,
    /// Where the affiliation of a user is removed on a server that removes the hats with it: the hats that the user must
    /// have, no more, no less.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected_hats: Option<BTreeMap<HatId, HatValue>>,
    /// Why, for the user to read; sent with changes of an affiliation where the protocol carries it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Arc<str>>,
}

impl ItemChange {
    /// A change without a reason, that compares only the item itself.
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

/// What came of a change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ItemOutcome {
    /// The server has what was wanted.
    Done {
        /// It says that this is stored. A server that only acknowledges, as ejabberd does, can still lose it.
        saved: bool,
    },
    /// The server had something else than expected; nothing was done.
    Changed {
        /// What it has; `None`: nothing. For a user whose hats were to be compared: the affiliation.
        actual: Option<ItemValue>,
    },
    /// The server refused; nothing was done.
    Refused(Refusal),
    /// No answer came, or none that says what was done. Only reading can tell.
    Unknown,
}

/// Why a server refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// The error condition.
    pub condition: Condition,
    /// What the server said beside it, as it came.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<Box<str>>,
}

impl Refusal {
    /// A refusal without a text.
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
            /// All of them.
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
    Conflict = "conflict", "Something with that name exists already.";
    FeatureNotImplemented = "feature-not-implemented", "The server does not know the request.";
    Forbidden = "forbidden", "The account lacks the permission.";
    Gone = "gone", "The room is no longer at this address.";
    InternalServerError = "internal-server-error", "The server failed.";
    ItemNotFound = "item-not-found", "No such room, user or command.";
    JidMalformed = "jid-malformed", "The address is none for the server.";
    NotAcceptable = "not-acceptable", "A value is not acceptable.";
    NotAllowed = "not-allowed", "Nobody may do that, as past a limit.";
    NotAuthorized = "not-authorized", "The account is not logged in.";
    PolicyViolation = "policy-violation", "A rule of the server forbids it.";
    RecipientUnavailable = "recipient-unavailable", "The addressee is away for now.";
    Redirect = "redirect", "Something else is to be asked.";
    RegistrationRequired = "registration-required", "The account has to register first.";
    RemoteServerNotFound = "remote-server-not-found", "The other server does not exist.";
    RemoteServerTimeout = "remote-server-timeout", "The other server does not answer.";
    ResourceConstraint = "resource-constraint", "The server is busy.";
    ServiceUnavailable = "service-unavailable", "The service is not offered.";
    SubscriptionRequired = "subscription-required", "A subscription is required.";
    UndefinedCondition = "undefined-condition", "Anything else.";
    UnexpectedRequest = "unexpected-request", "The request came out of order.";
}

impl Condition {
    /// The condition of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        let named = |condition: &Self| condition.as_str() == name;
        Self::ALL.iter().copied().find(named)
    }

    /// Whether trying the same again later makes sense: the server is away or busy.
    pub fn is_temporary(self) -> bool {
        matches!(
            self,
            Self::RecipientUnavailable | Self::RemoteServerTimeout | Self::ResourceConstraint
        )
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
    fn conditions_are_named_alike_everywhere() {
        for condition in Condition::ALL {
            assert_eq!(Condition::from_name(condition.as_str()), Some(*condition));
            let json = serde_json::to_string(condition).unwrap();
            assert_eq!(json, format!("\"{condition}\""));
        }
        assert_eq!(Condition::ALL.len(), 22);
        assert_eq!(Condition::from_name("made-up"), None);
    }
}
