//! Builds changes of a room's users for a backend.

use hatrack::model::{Affiliation, HatId, Jid};
use hatrack::sync::{HatValue, Item, ItemChange, ItemValue};

pub(crate) fn jid(text: &str) -> Jid {
    Jid::parse(text).unwrap()
}

/// A change of a user's hat; `None` is a hat that the user does not have.
pub(crate) fn change(
    user: &str,
    id: &str,
    expected: Option<HatValue>,
    wanted: Option<HatValue>,
) -> ItemChange {
    let item = Item::Hat {
        user: jid(user),
        hat: HatId::unchecked(id),
    };
    ItemChange::new(item, expected.map(ItemValue::Hat), wanted.map(ItemValue::Hat))
}

/// A change of a user's affiliation.
pub(crate) fn affiliate(user: &str, expected: Affiliation, wanted: Affiliation) -> ItemChange {
    let item = Item::Affiliation { user: jid(user) };
    ItemChange::new(
        item,
        ItemValue::affiliation(expected),
        ItemValue::affiliation(wanted),
    )
}
