//! What the file has, in the form in which a class of server would hold it.

use std::sync::Arc;

use super::{CatalogValue, HatValue, Item, ItemValue, ServerClass, UserValue};
use crate::model::{Attachment, HatId, Room, User};

/// A hat of a user as the server would hold it. Where hats there need a title, as on the older ejabberd, the title is the
/// one that people read here: the attachment's own, else the catalog's.
pub(super) fn hat(class: ServerClass, room: &Room, id: &HatId, attachment: &Attachment) -> Option<HatValue> {
    class.normal_hat(&HatValue {
        title: title(class, room, id, attachment),
        ..HatValue::of(attachment)
    })
}

/// The title of a hat of a user as it would be sent.
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

/// A user as the server would hold them.
pub(super) fn user(class: ServerClass, room: &Room, user: &User) -> UserValue {
    let held = |(id, attachment)| Some((HatId::clone(id), hat(class, room, id, attachment)?));
    UserValue {
        affiliation: user.affiliation,
        hats: user.hats.iter().filter_map(held).collect(),
    }
}

/// What an item of the file is, as a server of this class would hold it; `None` where it is not there, or would not be
/// held.
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
