//! The rows of an import: what it adds, changes, removes, leaves unchanged and skips. A new room has a row for itself,
//! one for each hat of its catalog, and one for each of its users.

use std::sync::Arc;

use jiff::tz::TimeZone;

use crate::app::folding::compare_addresses;
use crate::exchange::{ImportPlan, UnchangedItem, UnchangedPart};
use crate::model::{CatalogHat, Edit, EditGroup, HatId, Jid, Room, User, Wardrobe};

use super::exchange::skipped_parts;
use super::import_details;
use super::import_row::{ImportRow, RowOutcome, unchanged_parts};
use super::phrase::{capitalized, infinitive};
use super::titles::with_titles;
use super::{
    attachment_changes, attachment_name, catalog_changes, count, first_few, hat_name, hat_with_flags, quoted,
    sets, user_edit,
};

/// The source of a row: indices into the lists of the plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum RowSource {
    Skipped(usize),
    Unchanged(usize),
    Edit(usize),
    /// A hat of a new room's catalog: the index of the room's edit, and that of the hat in [`ImportRows::new_catalog_hats`].
    CatalogHat(usize, usize),
    /// A user of a new room: indices of the room's edit and of the user.
    User(usize, usize),
}

/// The rows of an import plan; the text of each is made when the row is shown.
#[derive(Debug, Clone)]
pub struct ImportRows {
    plan: Arc<ImportPlan>,
    /// The edits of the plan, with titles from the catalog.
    titled_edits: Arc<[Edit]>,
    sources: Arc<[RowSource]>,
    /// The hats in the catalogs of new rooms, in the order of the rows.
    new_catalog_hats: Arc<[HatId]>,
    /// The data before the import.
    wardrobe: Wardrobe,
    zone: TimeZone,
}

impl ImportRows {
    /// Lists the rows of a plan, with times in a time zone: the skipped items first, the unchanged ones last; users of the
    /// same room are sorted by address. `wardrobe`: the data before the import.
    pub fn new(plan: ImportPlan, wardrobe: &Wardrobe, zone: TimeZone) -> Self {
        let mut sources: Vec<RowSource> = (0..plan.skipped.len()).map(RowSource::Skipped).collect();
        let mut new_catalog_hats: Vec<HatId> = Vec::new();
        for (index, edit) in sorted_edits(&plan.group) {
            sources.push(RowSource::Edit(index));
            if let Some((_, room)) = new_room(edit) {
                for hat in room.catalog.keys() {
                    sources.push(RowSource::CatalogHat(index, new_catalog_hats.len()));
                    new_catalog_hats.push(hat.clone());
                }
                let mut users: Vec<(usize, &(Jid, User))> = room.users().iter().enumerate().collect();
                users.sort_by(|(_, (one, _)), (_, (other, _))| {
                    compare_addresses(one.as_str(), other.as_str())
                });
                sources.extend(users.into_iter().map(|(user, _)| RowSource::User(index, user)));
            }
        }
        let mut unchanged: Vec<(usize, &UnchangedItem)> = plan.unchanged.iter().enumerate().collect();
        unchanged.sort_by(|(_, one), (_, other)| {
            let users = [one, other].map(|item| item.user.as_ref().map_or("", Jid::as_str));
            let [first, second] = users;
            one.room
                .cmp(&other.room)
                .then_with(|| compare_addresses(first, second))
        });
        sources.extend(unchanged.into_iter().map(|(at, _)| RowSource::Unchanged(at)));
        Self {
            wardrobe: wardrobe.clone(),
            titled_edits: with_titles(&plan.group.0, wardrobe).into_owned().into(),
            plan: Arc::new(plan),
            new_catalog_hats: new_catalog_hats.into(),
            sources: sources.into(),
            zone,
        }
    }

    /// Lists the rows of another plan, with times in the same time zone.
    pub(in crate::app) fn with_plan(&self, plan: ImportPlan, wardrobe: &Wardrobe) -> Self {
        Self::new(plan, wardrobe, self.zone.clone())
    }

    /// The plan.
    pub fn plan(&self) -> &ImportPlan {
        &self.plan
    }

    /// The number of rows.
    pub fn len(&self) -> usize {
        self.sources.len()
    }

    /// Whether there are no rows.
    pub fn is_empty(&self) -> bool {
        self.sources.is_empty()
    }

    /// The row at an index; `None` if there is no such row.
    pub fn get(&self, index: usize) -> Option<ImportRow> {
        match *self.sources.get(index)? {
            RowSource::Skipped(index) => {
                let item = self.plan.skipped.get(index)?;
                let (subject, details) = skipped_parts(item);
                Some(ImportRow {
                    outcome: RowOutcome::Skipped,
                    subject,
                    details,
                    room: item.room.clone(),
                    after_would: String::new(),
                    lines: self.plan.lines_of_skipped(item),
                })
            }
            RowSource::Unchanged(at) => {
                let item = self.plan.unchanged.get(at)?;
                let (subject, details) = unchanged_parts(item, &self.wardrobe);
                Some(ImportRow {
                    outcome: RowOutcome::Unchanged,
                    subject,
                    details,
                    room: item.room.clone().filter(|_| item.part != UnchangedPart::Room),
                    after_would: String::new(),
                    lines: self.lines_of_unchanged(item),
                })
            }
            RowSource::Edit(index) => {
                let edit = self.titled_edits.get(index)?;
                let row = edit_row(edit, &self.zone);
                let after_would = match edit {
                    Edit::User {
                        room,
                        user,
                        before: None,
                        after: Some(after),
                    } => infinitive(&added_user_phrase(room, user, after)),
                    Edit::Room {
                        room,
                        before: None,
                        after: Some(after),
                    } => add_room_phrase(room, after),
                    _ => infinitive(&super::titled_edit(edit, &self.zone)),
                };
                Some(ImportRow {
                    after_would,
                    lines: self.lines_of_edit(edit),
                    ..row
                })
            }
            RowSource::CatalogHat(index, hat) => {
                let (jid, room) = new_room(self.titled_edits.get(index)?)?;
                let (id, hat) = room.catalog.get_key_value(self.new_catalog_hats.get(hat)?)?;
                let after_would = infinitive(&super::catalog_edit(jid, id, None, Some(hat)));
                Some(ImportRow {
                    after_would,
                    lines: self.plan.lines.of(jid, None, Some(id)),
                    ..catalog_row(jid, id, None, Some(hat))
                })
            }
            RowSource::User(index, user) => {
                let (jid, room) = new_room(self.titled_edits.get(index)?)?;
                let (address, user) = room.users().get(user)?;
                let after_would = infinitive(&added_user_phrase(jid, address, user));
                Some(ImportRow {
                    after_would,
                    lines: self.plan.lines.of_user(jid, address),
                    ..user_row(jid, address, None, Some(user))
                })
            }
        }
    }

    /// The row in full, as paragraphs: its sentence, its line numbers, and the values before and after; for a skipped
    /// row, the skipped hats.
    pub fn details(&self, at: usize) -> Vec<String> {
        let (Some(row), Some(source)) = (self.get(at), self.sources.get(at)) else {
            return Vec::new();
        };
        let sentence = format!("{} {}", row.outcome.word(), row.without_outcome());
        let mut paragraphs = vec![capitalized(&sentence)];
        paragraphs.extend(import_details::lines(&row.lines));
        let zone = &self.zone;
        // Without titles from the catalog, because they are not stored in the users' hats.
        let edit = |at: usize| self.plan.group.0.get(at);
        let values = match *source {
            RowSource::Skipped(at) => {
                let skipped = self.plan.skipped.get(at);
                skipped.map(|skip| import_details::hats(&skip.hats, zone))
            }
            RowSource::Unchanged(at) => {
                let item = self.plan.unchanged.get(at);
                item.and_then(|item| import_details::unchanged(item, &self.wardrobe, zone))
            }
            RowSource::Edit(at) => edit(at).map(|edit| import_details::edit(edit, zone)),
            RowSource::CatalogHat(at, hat) => edit(at).and_then(|edit| {
                let id = self.new_catalog_hats.get(hat)?;
                let (id, hat) = new_room(edit)?.1.catalog.get_key_value(id)?;
                Some(import_details::catalog_hat(id, None, Some(hat)))
            }),
            RowSource::User(at, user) => edit(at).and_then(|edit| {
                let (_, user) = new_room(edit)?.1.users().get(user)?;
                Some(import_details::user(user, zone))
            }),
        };
        paragraphs.extend(values.into_iter().flatten());
        paragraphs
    }

    fn lines_of_edit(&self, edit: &Edit) -> Vec<usize> {
        let lines = &self.plan.lines;
        match edit {
            Edit::Room { room, .. } | Edit::RoomName { room, .. } => lines.of(room, None, None),
            Edit::Catalog { room, hat, .. } => lines.of(room, None, Some(hat)),
            Edit::User { room, user, .. } | Edit::Affiliation { room, user, .. } => lines.of_user(room, user),
            Edit::Hat { room, user, hat, .. } => lines.of(room, Some(user), Some(hat)),
            Edit::OtherFields { .. } => Vec::new(),
        }
    }

    fn lines_of_unchanged(&self, item: &UnchangedItem) -> Vec<usize> {
        let hat = match &item.part {
            UnchangedPart::CatalogHat(hat) | UnchangedPart::Hat(hat) => Some(hat),
            _ => None,
        };
        let Some(room) = &item.room else {
            return Vec::new();
        };
        self.plan.lines.of(room, item.user.as_ref(), hat)
    }
}

/// Lists the edits of a group with their indices. Successive edits of users of the same room are sorted by address.
fn sorted_edits(group: &EditGroup) -> Vec<(usize, &Edit)> {
    let mut edits: Vec<(usize, &Edit)> = group.0.iter().enumerate().collect();
    let are_of_users_of_same_room = |(_, one): &(usize, &Edit), (_, other): &(usize, &Edit)| {
        one.user().is_some() && other.user().is_some() && one.room() == other.room()
    };
    for users in edits.chunk_by_mut(are_of_users_of_same_room) {
        users.sort_by(|(_, one), (_, other)| {
            compare_addresses(
                one.user().map_or("", Jid::as_str),
                other.user().map_or("", Jid::as_str),
            )
        });
    }
    edits
}

/// The room that an edit adds; `None` if it adds no room.
fn new_room(edit: &Edit) -> Option<(&Jid, &Room)> {
    match edit {
        Edit::Room {
            room,
            before: None,
            after: Some(after),
        } => Some((room, after)),
        _ => None,
    }
}

fn edit_row(edit: &Edit, zone: &TimeZone) -> ImportRow {
    let changed = |subject: String, details: String, room: Option<Jid>| ImportRow {
        outcome: RowOutcome::Changed,
        subject,
        details,
        room,
        after_would: String::new(),
        lines: Vec::new(),
    };
    match edit {
        Edit::Room { room, before, after } => ImportRow {
            outcome: RowOutcome::of(before.as_ref(), after.as_ref()),
            subject: room.to_string(),
            details: match (before, after) {
                (None, Some(after)) => match after.name.as_deref() {
                    Some(name) => format!("room {}", quoted(name)),
                    None => "room".into(),
                },
                (Some(before), None) => format!(
                    "room with {} and {}",
                    count(before.users().len(), "user"),
                    count(before.attachment_count(), "hat")
                ),
                _ => "unrecognized fields".into(),
            },
            room: None,
            after_would: String::new(),
            lines: Vec::new(),
        },
        Edit::RoomName { room, after, .. } => changed(
            room.to_string(),
            match after {
                Some(name) => format!("name {}", quoted(name)),
                None => "no name".into(),
            },
            None,
        ),
        Edit::Catalog {
            room,
            hat,
            before,
            after,
        } => catalog_row(room, hat, before.as_ref(), after.as_ref()),
        Edit::User {
            room,
            user,
            before,
            after,
        } => user_row(room, user, before.as_ref(), after.as_ref()),
        Edit::Affiliation {
            room,
            user,
            before,
            after,
        } => changed(
            user.to_string(),
            format!("{after} (was {before})"),
            Some(room.clone()),
        ),
        Edit::Hat {
            room,
            user,
            hat,
            before,
            after,
            ..
        } => {
            let name = before.as_ref().or(after.as_ref());
            let name = name.map_or_else(String::new, |attachment| attachment_name(hat, attachment));
            ImportRow {
                outcome: RowOutcome::of(before.as_ref(), after.as_ref()),
                subject: user.to_string(),
                details: match (before, after) {
                    (Some(before), Some(after)) => {
                        format!("{name}: {}", attachment_changes(before, after, zone))
                    }
                    (None, Some(after)) => hat_with_flags(hat, after),
                    _ => name,
                },
                room: Some(room.clone()),
                after_would: String::new(),
                lines: Vec::new(),
            }
        }
        Edit::OtherFields { before, after } => {
            changed("data file".into(), sets::document_edit(before, after), None)
        }
    }
}

/// Describes the addition of a room, to follow "would": `add room courses@conference.example.org "Courses"`. Its users
/// have their own rows.
fn add_room_phrase(jid: &Jid, room: &Room) -> String {
    let name = room.name.as_deref();
    name.map_or_else(
        || format!("add room {jid}"),
        |name| format!("add room {jid} {}", quoted(name)),
    )
}

/// Describes an added user: `added kim@example.org to courses@conference.example.org as member with "Teacher"`.
fn added_user_phrase(room: &Jid, jid: &Jid, user: &User) -> String {
    let hats: Vec<String> = user
        .hats
        .iter()
        .map(|(id, hat)| hat_with_flags(id, hat))
        .collect();
    let added = user_edit(room, jid.as_str(), None, Some(user), 0);
    match hats.as_slice() {
        [] => added,
        hats => format!("{added} with {}", first_few(hats)),
    }
}

fn user_row(room: &Jid, user: &Jid, before: Option<&User>, after: Option<&User>) -> ImportRow {
    let affiliation_and_hats = |member: &User| {
        let hats: Vec<String> = member
            .hats
            .iter()
            .map(|(id, attachment)| hat_with_flags(id, attachment))
            .collect();
        let hats = Some(first_few(&hats)).filter(|_| !hats.is_empty());
        let parts = std::iter::once(member.affiliation.to_string()).chain(hats);
        parts.collect::<Vec<_>>().join(", ")
    };
    ImportRow {
        outcome: RowOutcome::of(before, after),
        subject: user.to_string(),
        details: match (before, after) {
            (Some(member), None) | (None, Some(member)) => affiliation_and_hats(member),
            _ => "unrecognized fields".into(),
        },
        room: Some(room.clone()),
        after_would: String::new(),
        lines: Vec::new(),
    }
}

fn catalog_row(
    room: &Jid,
    hat: &HatId,
    before: Option<&CatalogHat>,
    after: Option<&CatalogHat>,
) -> ImportRow {
    let title = before.or(after).and_then(|hat| hat.title.as_deref());
    let details = match (before, after) {
        (Some(before), Some(after)) => format!("hat of the catalog{}", catalog_changes(before, after)),
        _ => "hat of the catalog".into(),
    };
    ImportRow {
        outcome: RowOutcome::of(before, after),
        subject: hat_name(hat, title),
        details,
        room: Some(room.clone()),
        after_would: String::new(),
        lines: Vec::new(),
    }
}
