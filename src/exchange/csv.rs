//! A wardrobe as a table.
//!
//! One row is one hat of one user. A user without hats is a row with an empty hat; a hat of the room's catalog is a row
//! with an empty user; a row with neither is the room itself, and its title the room's name.

use crate::model::{Attachment, CatalogHat, HatId, Hue, Jid, Room, User, Wardrobe};

use super::cells::{exact, write};
use super::columns::{COLUMNS, hue, hue_text};
use super::export::{ExportScope, ExportedFile};

/// What a table cannot hold of what it was made of.
#[derive(Debug, Default)]
struct NotInTable {
    /// Named sets of hats.
    sets: usize,
    /// Objects with members that the program does not know.
    unknown: usize,
    /// Titles and names that are there and empty: in a table as if they were not there.
    empty: usize,
    /// Hues that are written as a text though they are a number.
    hues: usize,
    /// Hues that are no angle: they are not taken back where they are not so already.
    no_angles: usize,
    /// Ids that are no URI: they are not taken back where nobody knows them.
    ids: usize,
    /// Hats whose id is empty: in a table that is no hat.
    nameless: usize,
}

pub(super) fn export(wardrobe: &Wardrobe, part: &ExportScope) -> Option<ExportedFile> {
    let (mut out, mut lost) = (String::new(), NotInTable::default());
    write(&mut out, COLUMNS);
    match part {
        ExportScope::All | ExportScope::Rooms(_) | ExportScope::Users(..) => {
            let sets = wardrobe.sets().unwrap_or_default();
            lost.sets = sets.len();
            lost.unknown += usize::from(wardrobe.extra.iter().count() > usize::from(!sets.is_empty()));
            for (jid, room) in wardrobe.rooms() {
                whole_room(&mut out, &mut lost, jid, room);
            }
        }
        ExportScope::Room(jid) => whole_room(&mut out, &mut lost, jid, wardrobe.room(jid)?),
        ExportScope::User(room, jid) => one_user(&mut out, &mut lost, room, jid, wardrobe.user(room, jid)?),
    }
    Some(ExportedFile {
        bytes: out.into_bytes(),
        lost: lost.in_words(),
    })
}

fn whole_room(out: &mut String, lost: &mut NotInTable, jid: &Jid, room: &Room) {
    lost.unknown += usize::from(!room.extra.is_empty());
    let name = lost.text(room.name.as_deref());
    if !name.is_empty() || (room.users().is_empty() && room.catalog.keys().all(|id| id.as_str().is_empty())) {
        write(out, [jid.as_str(), "", "", "", name, "", "", ""]);
    }
    for (id, hat) in &room.catalog {
        let CatalogHat { title, hue, extra } = hat;
        lost.unknown += usize::from(!extra.is_empty());
        if lost.is_nameless(id) {
            continue;
        }
        let title = lost.text(title.as_deref());
        let hue = lost.hue(hue.as_ref());
        let (id, hue) = (exact(id.as_str()), exact(&hue));
        write(out, [jid.as_str(), "", "", &*id, title, "", "", &*hue]);
    }
    for (user, there) in room.users() {
        one_user(out, lost, jid, user, there);
    }
}

fn one_user(out: &mut String, lost: &mut NotInTable, room: &Jid, jid: &Jid, user: &User) {
    lost.unknown += usize::from(!user.extra.is_empty());
    let (room, jid, affiliation) = (room.as_str(), jid.as_str(), user.affiliation.as_str());
    if user.hats.iter().all(|(id, _)| id.as_str().is_empty()) {
        write(out, [room, jid, affiliation, "", "", "", "", ""]);
    }
    for (id, attachment) in user.hats.iter() {
        let Attachment {
            active,
            required,
            title,
            extra,
        } = attachment;
        lost.unknown += usize::from(!extra.is_empty());
        if lost.is_nameless(id) {
            continue;
        }
        let title = lost.text(title.as_deref());
        let (active, required) = (truth(*active), truth(*required));
        let id = exact(id.as_str());
        write(out, [room, jid, affiliation, &*id, title, active, required, ""]);
    }
}

/// A boolean that was not written stays so.
fn truth(value: Option<bool>) -> &'static str {
    match value {
        None => "",
        Some(true) => "true",
        Some(false) => "false",
    }
}

impl NotInTable {
    /// Whether there is no writing this hat; an id that is no URI is counted too.
    fn is_nameless(&mut self, id: &HatId) -> bool {
        let nameless = id.as_str().is_empty();
        self.nameless += usize::from(nameless);
        self.ids += usize::from(!nameless && !id.is_uri());
        nameless
    }

    fn text<'a>(&mut self, text: Option<&'a str>) -> &'a str {
        self.empty += usize::from(text == Some(""));
        text.unwrap_or_default()
    }

    fn hue(&mut self, there: Option<&Hue>) -> String {
        let Some(there) = there else {
            return String::new();
        };
        let text = hue_text(there);
        self.hues += usize::from(hue(&text).as_ref() != Some(there));
        self.no_angles += usize::from(there.degrees().is_none());
        text
    }

    fn in_words(&self) -> Vec<String> {
        let counted = |number: usize, one: &str, many: &str| {
            let what = if number == 1 { one } else { many };
            (number > 0).then(|| format!("{number} {what}"))
        };
        [
            counted(self.sets, "named set of hats", "named sets of hats"),
            counted(
                self.unknown,
                "object with members that hatrack does not know",
                "objects with members that hatrack does not know",
            ),
            counted(
                self.empty,
                "title or name that is there and empty",
                "titles or names that are there and empty",
            ),
            counted(
                self.hues,
                "hue that is a text in the data file",
                "hues that are texts in the data file",
            ),
            counted(
                self.no_angles,
                "hue that is no angle: it is imported only where it is so already",
                "hues that are no angle: they are imported only where they are so already",
            ),
            counted(self.nameless, "hat whose id is empty", "hats whose id is empty"),
            counted(
                self.ids,
                "hat whose id is no URI: it is imported only where it is known",
                "hats whose id is no URI: they are imported only where they are known",
            ),
        ]
        .into_iter()
        .flatten()
        .collect()
    }
}
