//! Titles on servers where a hat has only one title in a room, that of the catalog. In rooms of such a server, the
//! title field in the form of a user's hat changes the catalog, and so the title for all users with the hat.

use std::collections::BTreeSet;

use crate::app::describe;
use crate::app::form::Form;
use crate::model::{Attachment, HatId, Jid, Wardrobe};

use super::batch::BatchEdit;

/// The effects of setting titles in catalogs.
#[derive(Debug, Default)]
pub(super) struct ChangedTitles {
    /// Whether the displayed title of any hat changes.
    pub(super) has_changes: bool,
    /// The users with a hat whose title changes.
    pub(super) users: BTreeSet<Jid>,
}

impl ChangedTitles {
    /// Returns the consequence, as a sentence; empty if it affects one user at most.
    pub(super) fn consequence(&self) -> String {
        match self.users.len() {
            0 | 1 => String::new(),
            users => format!(
                "The title belongs to the catalog: it changes for all {}.",
                describe::count(users, "user")
            ),
        }
    }
}

/// Sets the title of these hats in the catalogs of their rooms, if the form has a title for the catalog. Users' own
/// titles that are equal to the previous title are dropped, since they would hide the new title.
pub(super) fn set<'a>(
    edit: &mut BatchEdit,
    form: &Form,
    hats: impl IntoIterator<Item = (&'a Jid, &'a HatId)>,
) -> Result<ChangedTitles, String> {
    let mut changed = ChangedTitles::default();
    let hats: BTreeSet<(&Jid, &HatId)> = hats.into_iter().collect();
    for (room, hat) in hats {
        let Some(room_data) = edit.wardrobe().room(room).cloned() else {
            continue;
        };
        let room_hat = room_data.hat(hat);
        let before = room_hat.and_then(|room_hat| room_hat.title.clone());
        let Some(title) = form.catalog_title(before.as_deref()) else {
            continue;
        };
        let mut entry = room_data.catalog.get(hat).cloned().unwrap_or_default();
        if entry.title.as_deref() == Some(title.as_str()) {
            continue;
        }
        entry.title = Some(title.as_str().into());
        let defined = edit.define(room, hat, entry, false);
        defined.map_err(|error| error.to_string())?;
        if before.as_deref() == Some(title.as_str()) {
            continue;
        }
        changed.has_changes = true;
        let has_previous_title =
            |attachment: &Attachment| attachment.has_own_title() && attachment.title == before;
        let with_hat = room_hat
            .into_iter()
            .flat_map(|room_hat| room_hat.users(&room_data));
        for (jid, user) in with_hat {
            changed.users.insert(jid.clone());
            if let Some(attachment) = user
                .hats
                .get(hat)
                .filter(|attachment| has_previous_title(attachment))
            {
                let attachment = attachment.clone().with_title(None);
                edit.change(room, jid, |next| next.add_user_hat(jid, room, hat, attachment));
            }
        }
    }
    Ok(changed)
}

/// Sets the own title of an attachment to the title that the user has for the hat now, or removes it if there is none:
/// [`set`] may have dropped the title that the attachment still has.
pub(super) fn with_current_title(
    now: &Wardrobe,
    (room, user, hat): (&Jid, &Jid, &HatId),
    attachment: Attachment,
) -> Attachment {
    let current = now.user(room, user).and_then(|user| user.hats.get(hat));
    let own = current.and_then(|current| current.title.clone());
    attachment.with_title(own.as_deref())
}
