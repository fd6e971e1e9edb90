//! Converts items of the file to the form in which a server of a class would store them.

use std::sync::Arc;

use super::{CatalogValue, HatValue, Item, ItemValue, ServerClass, UserValue};
use crate::model::{Attachment, HatId, Room, User};

/// Converts a user's hat to the form in which the server would store it; `None` if the server would not store the hat. On
/// older ejabberd, where each user's hat needs a title, the title is the displayed one: the attachment's own, else the
/// catalog's.
pub(super) fn hat(class: ServerClass, room: &Room, id: &HatId, attachment: &Attachment) -> Option<HatValue> {
    class.normal_hat(&HatValue {
        title: title(class, room, id, attachment),
        ..HatValue::of(attachment)
    })
}

/// The title of a user's hat as it would be sent; `None` if there is none.
pub(super) fn title(
    class: ServerClass,
    room: &Room,
    id: &HatId,
    attachment: &Attachment,
) -> Option<Arc<str>> {
    let own = attachment.title.clone().filter(|title| !title.is_empty());
    match class {
        ServerClass::EjabberdOld => own.or_else(|| room.title(id, attachment).map(Into::into)),
        ServerClass::Prosody | ServerClass::EjabberdCatalog => own,
    }
}

/// Converts a user to the form in which the server would store the user.
pub(super) fn user(class: ServerClass, room: &Room, user: &User) -> UserValue {
    let stored = |(id, attachment)| Some((HatId::clone(id), hat(class, room, id, attachment)?));
    UserValue {
        affiliation: user.affiliation,
        hats: user.hats.iter().filter_map(stored).collect(),
    }
}

/// The value of an item in the file, as a server of this class would store it; `None` if the item is missing or would not
/// be stored.
pub fn local_value(class: ServerClass, room: &Room, item: &Item) -> Option<ItemValue> {
    match item {
        Item::Catalog { hat } if class.holds_catalog() => {
            let entry = room.catalog.get(hat)?;
            Some(ItemValue::Catalog(CatalogValue::of(entry)))
        }
        Item::Catalog { .. } => None,
        Item::Affiliation { user } => ItemValue::affiliation(room.user(user)?.affiliation),
        Item::Hat { user, hat: id } => {
            let attachment = room.user(user)?.hats.get(id)?;
            hat(class, room, id, attachment).map(ItemValue::Hat)
        }
    }
}
