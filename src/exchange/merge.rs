//! Merges an import into a wardrobe.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use crate::model::{
    Affiliation, Attachment, CatalogHat, EditError, Extra, HatId, Hats, Jid, Room, User, Wardrobe,
};

use super::columns::{TableColumn, hue_text, quoted};
use super::lines::TableLines;
use super::parsed::{ImportErrors, ImportExtent, ImportOptions, ParsedImport, Unverified, UnverifiedValue};
use super::skip::{SkipReason, SkippedItem};
use super::titles;
use super::unchanged::{self, UnchangedItem, UnchangedPart};

/// The result of a merge.
pub(super) struct MergedImport {
    pub(super) wardrobe: Wardrobe,
    pub(super) skipped: Vec<SkippedItem>,
    pub(super) unchanged: Vec<UnchangedItem>,
    pub(super) lines: TableLines,
    /// Number of new hats that become inactive because the table has no column `active`.
    pub(super) inactive_by_default: usize,
    /// Number of new or changed hats of users without affiliation that are accepted because the file replaces existing
    /// data.
    pub(super) kept_unaffiliated: usize,
}

struct ImportMerge<'a> {
    import: &'a ParsedImport,
    options: &'a ImportOptions,
    /// Whether whole rooms are replaced, not only a user.
    replaces_rooms: bool,
    skipped: Vec<SkippedItem>,
    unchanged: Vec<UnchangedItem>,
    inactive_by_default: usize,
    kept_unaffiliated: usize,
    errors: Vec<(usize, String)>,
}

/// Merges an import into the wardrobe `current`.
///
/// Errors: the import does not fit the wardrobe or the options.
pub(super) fn merge(
    current: &Wardrobe,
    import: &ParsedImport,
    options: &ImportOptions,
) -> Result<MergedImport, ImportErrors> {
    if options.replace && import.is_table() {
        return Err(ImportErrors::of_file(
            "a table or a server's list can only add; only JSON that hatrack exported can replace existing data",
        ));
    }
    let (resolved, errors) = titles::resolve(import, current, &options.target);
    let import = &*resolved;
    let imported = import.content.to_wardrobe(&options.target)?;
    if let (ImportExtent::User(_, has_affiliation), Some(room), Some(user)) =
        (&import.content, &options.target.room, &options.target.user)
    {
        let Some(existing) = current.room(room) else {
            return Err(ImportErrors::of_file(
                EditError::NoSuchRoom { room: room.clone() }.to_string(),
            ));
        };
        if !has_affiliation && existing.user(user).is_none() && options.new_users.is_none() {
            return Err(ImportErrors::of_file(new_user_error(user, room)));
        }
    }
    let mut merge = ImportMerge {
        import,
        options,
        replaces_rooms: options.replace && !matches!(import.content, ImportExtent::User(..)),
        skipped: Vec::new(),
        unchanged: Vec::new(),
        inactive_by_default: 0,
        kept_unaffiliated: 0,
        errors,
    };
    merge.check_values(current);
    let is_document = matches!(import.content, ImportExtent::Document(_));
    let mut rooms: BTreeMap<Jid, Arc<Room>> = if options.replace && is_document {
        BTreeMap::new()
    } else {
        current
            .rooms()
            .map(|(jid, room)| (jid.clone(), room.clone()))
            .collect()
    };
    for (jid, room) in imported.rooms() {
        let existing = current.room(jid);
        let merged = merge.merge_room(jid, existing.map(|room| &**room), room);
        // An unchanged room keeps its allocation, so that comparing it is cheap.
        match existing.filter(|existing| ***existing == merged) {
            Some(existing) => rooms.insert(jid.clone(), existing.clone()),
            None => rooms.insert(jid.clone(), Arc::new(merged)),
        };
    }
    if !merge.errors.is_empty() {
        return Err(ImportErrors::rows(merge.errors));
    }
    let mut merged = Wardrobe::from_rooms(rooms.into_iter().collect());
    merged.revision = current.revision;
    merged.extra = if is_document {
        merge.merge_document_fields(&current.extra, &imported.extra)
    } else {
        current.extra.clone()
    };
    Ok(MergedImport {
        wardrobe: merged,
        skipped: merge.skipped,
        unchanged: merge.unchanged,
        lines: import.lines.clone(),
        inactive_by_default: merge.inactive_by_default,
        kept_unaffiliated: merge.kept_unaffiliated,
    })
}

impl ImportMerge<'_> {
    /// Reports hues that are not numbers from 0 to 360, and blank titles, unless the wardrobe already has them.
    fn check_values(&mut self, current: &Wardrobe) {
        for Unverified {
            line,
            room,
            hat,
            value,
        } in &self.import.unverified
        {
            let room = room.as_ref().or(self.options.target.room.as_ref());
            let room = room.and_then(|room| current.room(room));
            let defined = || room.and_then(|room| room.catalog.get(hat));
            let problem = match value {
                UnverifiedValue::HatId => None,
                UnverifiedValue::Hue(hue) => {
                    let is_known =
                        defined().and_then(|hat| hat.hue.as_ref()).map(hue_text).as_ref() == Some(hue);
                    (!is_known).then(|| format!("hue {} is not a number from 0 to 360", quoted(hue)))
                }
                UnverifiedValue::BlankTitle(user, title) => {
                    let existing = match user {
                        Some(user) => room.and_then(|room| room.user(user)?.hats.get(hat)?.title.as_ref()),
                        None => defined().and_then(|hat| hat.title.as_ref()),
                    };
                    (existing != Some(title)).then(|| format!("title {} has only spaces", quoted(title)))
                }
            };
            self.errors.extend(problem.map(|what| (*line, what)));
        }
    }

    fn merge_room(&mut self, jid: &Jid, current: Option<&Room>, imported: &Room) -> Room {
        let none = Room::default();
        let existing = current.unwrap_or(&none);
        let base = if self.replaces_rooms { &none } else { existing };
        let mut users: BTreeMap<Jid, User> = base.users().iter().cloned().collect();
        for (user, imported) in imported.users() {
            let merged = self.merge_user(jid, user, existing.user(user), imported);
            match merged {
                Some(merged) => drop(users.insert(user.clone(), merged)),
                None => drop(users.remove(user)),
            }
        }
        let mut merged = Room::default()
            .with_users(users.into_iter().collect())
            .unwrap_or_default();
        merged.name = match (&imported.name, current) {
            (None, _) => base.name.clone(),
            (Some(_), Some(current)) if !self.replaces_rooms => {
                title(current.name.as_ref(), imported.name.as_ref())
            }
            (Some(name), _) => Some(name.clone()),
        };
        merged.catalog.clone_from(&base.catalog);
        for (id, hat) in &imported.catalog {
            let merged_hat = match existing.catalog.get(id) {
                Some(existing) if !self.replaces_rooms => catalog_hat(existing, hat, self.import),
                _ => hat.clone(),
            };
            merged.catalog.insert(id.clone(), merged_hat);
        }
        merged.extra = merge_extra(&base.extra, &imported.extra);
        if let Some(current) = current {
            let lines = &self.import.lines;
            self.unchanged
                .extend(unchanged::in_room(jid, (current, &merged), imported, lines));
        }
        merged
    }

    /// Returns the merged user; `None` if the user does not exist and is not added.
    fn merge_user(&mut self, room: &Jid, jid: &Jid, current: Option<&User>, imported: &User) -> Option<User> {
        let Some(affiliation) = self.resolve_affiliation(room, jid, current, imported) else {
            return current.cloned();
        };
        let none = User::default();
        let existing = current.unwrap_or(&none);
        if affiliation == Affiliation::None
            && existing.affiliation != Affiliation::None
            && !self.options.replace
        {
            self.skip(room, jid, imported.hats.clone(), SkipReason::Removal);
            return current.cloned();
        }
        let mut hats: BTreeMap<HatId, Attachment> = if self.options.replace {
            BTreeMap::new()
        } else {
            existing
                .hats
                .iter()
                .map(|(id, hat)| (id.clone(), hat.clone()))
                .collect()
        };
        let mut refused: Vec<(HatId, Attachment)> = Vec::new();
        for (id, hat) in imported.hats.iter() {
            let before = existing.hats.get(id);
            let hat = self.with_default(hat);
            let merged_hat = match before {
                Some(before) if !self.options.replace => self.merge_attachment(before, &hat),
                _ => hat.into_owned(),
            };
            if before == Some(&merged_hat) {
                self.unchanged.push(UnchangedItem {
                    room: Some(room.clone()),
                    user: Some(jid.clone()),
                    part: UnchangedPart::Hat(id.clone()),
                });
            } else if self.options.replace {
                // A file that replaces existing data may have hats of users without affiliation, as a server may have them.
                self.kept_unaffiliated += usize::from(!affiliation.is_affiliated());
            } else if !affiliation.is_affiliated() {
                refused.push((id.clone(), merged_hat));
                // Existing hats are kept.
                if let Some(before) = before {
                    hats.insert(id.clone(), before.clone());
                }
                continue;
            }
            let is_undecided = merged_hat.active.is_none() && self.import.is_table();
            self.inactive_by_default +=
                usize::from(before.is_none() && is_undecided && !self.import.has_column(TableColumn::Active));
            hats.insert(id.clone(), merged_hat);
        }
        let is_refused = !refused.is_empty();
        if is_refused {
            let reason = SkipReason::NotAffiliated(affiliation, refused.len());
            self.skip(room, jid, refused.into_iter().collect(), reason);
        }
        let base = if self.options.replace {
            &none.extra
        } else {
            &existing.extra
        };
        let merged = User {
            affiliation,
            hats: hats.into_iter().collect::<Hats>(),
            extra: merge_extra(base, &imported.extra),
        };
        // Adding never removes an existing user, not even one without affiliation and hats.
        let is_empty = affiliation == Affiliation::None && merged.hats.is_empty();
        if is_empty && current.is_none() && !self.options.replace {
            if !is_refused {
                self.skip(room, jid, Hats::default(), SkipReason::EmptyUser);
            }
            return None;
        }
        let is_described = !self.import.lines.of(room, Some(jid), None).is_empty()
            || imported.hats.is_empty() && merged.hats == existing.hats;
        let is_same = merged.affiliation == existing.affiliation && merged.extra == existing.extra;
        if current.is_some() && is_same && is_described {
            self.unchanged.push(UnchangedItem {
                room: Some(room.clone()),
                user: Some(jid.clone()),
                part: UnchangedPart::User(affiliation),
            });
        }
        Some(merged)
    }

    /// Returns the imported attachment; it is active if the file does not say whether it is and the option `active` is set.
    fn with_default<'a>(&self, hat: &'a Attachment) -> Cow<'a, Attachment> {
        if self.options.active && hat.active.is_none() {
            Cow::Owned(hat.clone().with_active(true))
        } else {
            Cow::Borrowed(hat)
        }
    }

    /// Merges an imported attachment into an existing one. Values with the same meaning keep their form.
    fn merge_attachment(&self, current: &Attachment, imported: &Attachment) -> Attachment {
        let has = |column| self.import.has_column(column);
        let mut merged = current.clone();
        if has(TableColumn::Active) || self.options.active {
            merged = merged.with_active(imported.is_active());
        }
        if has(TableColumn::Required) {
            merged = merged.with_required(imported.is_required());
        }
        if has(TableColumn::Title) {
            merged.title = title(current.title.as_ref(), imported.title.as_ref());
        }
        merged.extra = merge_extra(&current.extra, &imported.extra);
        merged
    }

    /// Returns the affiliation in the file, else the existing one, else the one for new users; `None` if there is none of
    /// these. For a row of a table, this also adds an error.
    fn resolve_affiliation(
        &mut self,
        room: &Jid,
        jid: &Jid,
        current: Option<&User>,
        imported: &User,
    ) -> Option<Affiliation> {
        let line = self
            .import
            .missing_affiliations
            .get(&(self.import.names_rooms().then(|| room.clone()), jid.clone()))
            .copied();
        let is_missing = line.is_some() || matches!(self.import.content, ImportExtent::User(_, false));
        if !is_missing {
            return Some(imported.affiliation);
        }
        let known = current
            .map(|current| current.affiliation)
            .or(self.options.new_users);
        if known.is_none() {
            self.errors
                .extend(line.map(|line| (line, new_user_error(jid, room))));
        }
        known
    }

    fn skip(&mut self, room: &Jid, user: &Jid, hats: Hats, reason: SkipReason) {
        self.skipped.push(SkippedItem {
            room: Some(room.clone()),
            user: Some(user.clone()),
            hats,
            reason,
        });
    }

    /// Merges the data file's own fields, which belong to no room.
    fn merge_document_fields(&mut self, current: &Extra, imported: &Extra) -> Extra {
        self.unchanged.extend(unchanged::in_document(current, imported));
        if self.options.replace && !self.options.restricted {
            return imported.clone();
        }
        let mut merged = current.clone();
        let mut skip_reasons = Vec::new();
        // Hat sets are merged by name, not as one value.
        let sets = (current.hat_sets(), imported.hat_sets());
        for (name, value) in imported.iter() {
            let reason = match current.get(name) {
                Some(existing) if existing == value => continue,
                _ if self.options.restricted => SkipReason::OutOfScope(name.into()),
                Some(_) if name == "sets" && sets.0.is_ok() && sets.1.is_ok() => continue,
                Some(_) => SkipReason::DifferentField(name.into()),
                None => {
                    merged.insert(name, value.clone());
                    continue;
                }
            };
            skip_reasons.push(reason);
        }
        if let ((Ok(mut existing), Ok(imported)), false) = (sets, self.options.restricted) {
            let before = existing.len();
            for (name, hats) in imported {
                match existing.get(&name) {
                    Some(current) if *current == hats => {}
                    Some(_) => skip_reasons.push(SkipReason::DifferentSet(name.into())),
                    None => drop(existing.insert(name, hats)),
                }
            }
            if existing.len() > before {
                merged.set_hat_sets(&existing);
            }
        }
        self.skipped
            .extend(skip_reasons.into_iter().map(|reason| SkippedItem {
                room: None,
                user: None,
                hats: Hats::default(),
                reason,
            }));
        merged
    }
}

fn new_user_error(user: &Jid, room: &Jid) -> String {
    format!("{user} is new in {room}: give an affiliation (owner, admin, member or outcast)")
}

/// Merges an imported catalog hat into an existing one. Values with the same meaning keep their form.
fn catalog_hat(current: &CatalogHat, imported: &CatalogHat, file: &ParsedImport) -> CatalogHat {
    let mut merged = current.clone();
    if file.has_column(TableColumn::Title) {
        merged.title = title(current.title.as_ref(), imported.title.as_ref());
    }
    // In a table, a number and its text are equal.
    let text = |hat: &CatalogHat| hat.hue.as_ref().map(hue_text);
    if file.has_column(TableColumn::Hue) && !(file.is_table() && text(current) == text(imported)) {
        merged.hue.clone_from(&imported.hue);
    }
    merged.extra = merge_extra(&current.extra, &imported.extra);
    merged
}

/// The imported title, or the existing one if both mean the same, as a missing and an empty title do.
fn title(current: Option<&Arc<str>>, imported: Option<&Arc<str>>) -> Option<Arc<str>> {
    let same = current.map_or("", |title| title) == imported.map_or("", |title| title);
    if same { current } else { imported }.cloned()
}

/// Merges unrecognized fields: the imported ones, and those that only the existing object has.
fn merge_extra(current: &Extra, imported: &Extra) -> Extra {
    let mut all = imported.clone();
    for (name, value) in current.iter() {
        if imported.get(name).is_none() {
            all.insert(name, value.clone());
        }
    }
    all
}
