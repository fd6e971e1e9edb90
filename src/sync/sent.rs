//! Converts sent changes to edits for the history, which show the values that the server had before and has since.

use super::{CatalogValue, HatValue, HueText, Item, ItemChange, ItemValue, Report};
use crate::model::{Affiliation, Attachment, CatalogHat, Edit, EditGroup, HatRule, Jid};

impl Report {
    /// All changes that the server accepted, as edits of its rooms.
    pub fn sent_edits(&self) -> EditGroup {
        let edits = self.rooms.iter().flat_map(|room| {
            let changes = room.changes.iter();
            changes.filter_map(|change| edit(&room.room, change))
        });
        EditGroup(edits.collect())
    }
}

/// Converts a change to an edit of the room; `None` if a value is not of the item's kind.
fn edit(room: &Jid, change: &ItemChange) -> Option<Edit> {
    let room = room.clone();
    let (before, after) = (change.expected.as_ref(), change.wanted.as_ref());
    Some(match &change.item {
        Item::Hat { user, hat } => Edit::Hat {
            room,
            user: user.clone(),
            hat: hat.clone(),
            before: before.map(attachment).transpose().ok()?,
            after: after.map(attachment).transpose().ok()?,
            rule: HatRule::AnyUser,
        },
        Item::Catalog { hat } => Edit::Catalog {
            room,
            hat: hat.clone(),
            before: before.map(entry).transpose().ok()?,
            after: after.map(entry).transpose().ok()?,
        },
        Item::Affiliation { user } => Edit::Affiliation {
            room,
            user: user.clone(),
            before: affiliation(before)?,
            after: affiliation(after)?,
        },
    })
}

fn attachment(value: &ItemValue) -> Result<Attachment, ()> {
    let ItemValue::Hat(HatValue {
        active,
        required,
        title,
    }) = value
    else {
        return Err(());
    };
    let attachment = Attachment::default()
        .with_active(*active)
        .with_required(*required);
    Ok(match title {
        Some(title) => attachment.with_title(Some(title)),
        None => attachment,
    })
}

fn entry(value: &ItemValue) -> Result<CatalogHat, ()> {
    let ItemValue::Catalog(CatalogValue { title, hue }) = value else {
        return Err(());
    };
    Ok(CatalogHat {
        title: title.clone(),
        hue: hue.as_ref().and_then(HueText::to_hue),
        ..CatalogHat::default()
    })
}

fn affiliation(value: Option<&ItemValue>) -> Option<Affiliation> {
    match value {
        None => Some(Affiliation::None),
        Some(ItemValue::Affiliation(affiliation)) => Some(*affiliation),
        Some(_) => None,
    }
}
