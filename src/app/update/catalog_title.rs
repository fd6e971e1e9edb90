//! Titles on servers where a hat's title belongs to the room's catalog, for all users with the hat: there, the title in a
//! form of a user's hat is that of the catalog.

use std::collections::BTreeSet;

use crate::app::describe;
use crate::app::form::Form;
use crate::model::{Attachment, HatId, Jid, Wardrobe};

use super::batch::BatchEdit;

/// The titles of the catalog that a form changes.
#[derive(Debug, Default)]
pub(super) struct ChangedTitles {
    /// Whether a title becomes another one.
    pub(super) is_any: bool,
    /// How many users have the hats of those titles.
    pub(super) users: usize,
}

impl ChangedTitles {
    /// The consequence, as a sentence; empty if it concerns one user at most.
    pub(super) fn consequence(&self) -> String {
        match self.users {
            0 | 1 => String::new(),
            users => format!(
                "The title belongs to the catalog: it changes for all {}.",
                describe::count(users, "user")
            ),
        }
    }
}

/// Sets the title that the form has for these hats in the catalogs, if their server keeps it there. Users' own titles
/// that said the same as before are dropped: they would hide the new one.
pub(super) fn set<'a>(
    edit: &mut BatchEdit,
    form: &Form,
    hats: impl IntoIterator<Item = (&'a Jid, &'a HatId)>,
) -> Result<ChangedTitles, String> {
    let mut changed = ChangedTitles::default();
    let hats: BTreeSet<(&Jid, &HatId)> = hats.into_iter().collect();
    for (room, hat) in hats {
        let Some(there) = edit.next().room(room).cloned() else {
            continue;
        };
        let known = there.hat(hat);
        let before = known.and_then(|known| known.title.clone());
        let Some(title) = form.catalog_title(before.as_deref()) else {
            continue;
        };
        let mut entry = there.catalog.get(hat).cloned().unwrap_or_default();
        if entry.title.as_deref() == Some(title.as_str()) {
            continue;
        }
        entry.title = Some(title.as_str().into());
        let defined = edit.define(room, hat, entry, false);
        defined.map_err(|error| error.to_string())?;
        if before.as_deref() == Some(title.as_str()) {
            continue;
        }
        changed.is_any = true;
        changed.users += known.map_or(0, |known| known.user_count);
        let same = |attachment: &Attachment| attachment.has_own_title() && attachment.title == before;
        let with_hat = known.into_iter().flat_map(|known| known.users(&there));
        for (user, there) in with_hat {
            if let Some(attachment) = there.hats.get(hat).filter(|attachment| same(attachment)) {
                let attachment = attachment.clone().with_title(None);
                edit.change(room, user, |next| next.add_user_hat(user, room, hat, attachment));
            }
        }
    }
    Ok(changed)
}

/// The attachment without its title, except if the user has this title now.
pub(super) fn without_title(
    now: &Wardrobe,
    (room, user, hat): (&Jid, &Jid, &HatId),
    attachment: Attachment,
) -> Attachment {
    let there = now.user(room, user).and_then(|user| user.hats.get(hat));
    let own = there.and_then(|there| there.title.clone());
    attachment.with_title(own.as_deref())
}
