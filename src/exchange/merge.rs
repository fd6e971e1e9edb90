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
    given: &'a ParsedImport,
    options: &'a ImportOptions,
    /// Whether whole rooms are replaced, not only a user.
    rooms_replaced: bool,
    skipped: Vec<SkippedItem>,
    unchanged: Vec<UnchangedItem>,
    inactive_by_default: usize,
    kept_unaffiliated: usize,
    errors: Vec<(usize, String)>,
}

/// Merges an import into the wardrobe `now`.
///
/// Errors: the import does not fit the wardrobe or the options.
pub(super) fn merge(
    now: &Wardrobe,
    given: &ParsedImport,
    options: &ImportOptions,
) -> Result<MergedImport, ImportErrors> {
    if options.replace && given.is_table() {
        return Err(ImportErrors::of_file(
            "a table or a server's list can only add; only JSON that hatrack exported can replace existing data",
        ));
    }
    let (resolved, errors) = titles::resolve(given, now, &options.target);
    let given = &*resolved;
    let imported = given.content.to_wardrobe(&options.target)?;
    if let (ImportExtent::User(_, has_affiliation), Some(room), Some(user)) =
        (&given.content, &options.target.room, &options.target.user)
    {
        let Some(existing) = now.room(room) else {
            return Err(ImportErrors::of_file(
                EditError::NoSuchRoom { room: room.clone() }.to_string(),
            ));
        };
        if !has_affiliation && existing.user(user).is_none() && options.new_users.is_none() {
            return Err(ImportErrors::of_file(new_user_error(user, room)));
        }
    }
    let mut merge = ImportMerge {
        given,
        options,
        rooms_replaced: options.replace && !matches!(given.content, ImportExtent::User(..)),
        skipped: Vec::new(),
        unchanged: Vec::new(),
        inactive_by_default: 0,
        kept_unaffiliated: 0,
        errors,
    };
    merge.check_values(now);
    let is_document = matches!(given.content, ImportExtent::Document(_));
    let mut rooms: BTreeMap<Jid, Arc<Room>> = if options.replace && is_document {
        BTreeMap::new()
    } else {
        now.rooms()
            .map(|(jid, room)| (jid.clone(), room.clone()))
            .collect()
    };
    for (jid, room) in imported.rooms() {
        let existing = now.room(jid);
        let wanted = merge.room(jid, existing.map(|room| &**room), room);
        // An unchanged room keeps its allocation, so that comparing it is cheap.
        match existing.filter(|existing| ***existing == wanted) {
            Some(existing) => rooms.insert(jid.clone(), existing.clone()),
            None => rooms.insert(jid.clone(), Arc::new(wanted)),
        };
    }
    if !merge.errors.is_empty() {
        return Err(ImportErrors::rows(merge.errors));
    }
    let mut wanted = Wardrobe::from_rooms(rooms.into_iter().collect());
    wanted.revision = now.revision;
    wanted.extra = if is_document {
        merge.document(&now.extra, &imported.extra)
    } else {
        now.extra.clone()
    };
    Ok(MergedImport {
        wardrobe: wanted,
        skipped: merge.skipped,
        unchanged: merge.unchanged,
        lines: given.lines.clone(),
        inactive_by_default: merge.inactive_by_default,
        kept_unaffiliated: merge.kept_unaffiliated,
    })
}

impl ImportMerge<'_> {
    /// Reports hues that are not numbers from 0 to 360, and blank titles, unless the wardrobe already has them.
    fn check_values(&mut self, now: &Wardrobe) {
        for Unverified {
            line,
            room,
            hat,
            value,
        } in &self.given.unverified
        {
            let room = room.as_ref().or(self.options.target.room.as_ref());
            let room = room.and_then(|room| now.room(room));
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

    fn room(&mut self, jid: &Jid, now: Option<&Room>, given: &Room) -> Room {
        let none = Room::default();
        let existing = now.unwrap_or(&none);
        let base = if self.rooms_replaced { &none } else { existing };
        let mut users: BTreeMap<Jid, User> = base.users().iter().cloned().collect();
        for (user, given) in given.users() {
            let wanted = self.user(jid, user, existing.user(user), given);
            match wanted {
                Some(wanted) => drop(users.insert(user.clone(), wanted)),
                None => drop(users.remove(user)),
            }
        }
        let mut wanted = Room::default()
            .with_users(users.into_iter().collect())
            .unwrap_or_default();
        wanted.name = match (&given.name, now) {
            (None, _) => base.name.clone(),
            (Some(_), Some(now)) if !self.rooms_replaced => title(now.name.as_ref(), given.name.as_ref()),
            (Some(name), _) => Some(name.clone()),
        };
        wanted.catalog.clone_from(&base.catalog);
        for (id, hat) in &given.catalog {
            let imported = match existing.catalog.get(id) {
                Some(existing) if !self.rooms_replaced => catalog_hat(existing, hat, self.given),
                _ => hat.clone(),
            };
            wanted.catalog.insert(id.clone(), imported);
        }
        wanted.extra = merge_extra(&base.extra, &given.extra);
        if let Some(now) = now {
            let lines = &self.given.lines;
            self.unchanged
                .extend(unchanged::in_room(jid, (now, &wanted), given, lines));
        }
        wanted
    }

    /// The merged user; `None` if the user does not exist and is not added.
    fn user(&mut self, room: &Jid, jid: &Jid, now: Option<&User>, given: &User) -> Option<User> {
        let Some(affiliation) = self.affiliation(room, jid, now, given) else {
            return now.cloned();
        };
        let none = User::default();
        let existing = now.unwrap_or(&none);
        if affiliation == Affiliation::None
            && existing.affiliation != Affiliation::None
            && !self.options.replace
        {
            self.skip(room, jid, given.hats.clone(), SkipReason::Removal);
            return now.cloned();
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
        for (id, hat) in given.hats.iter() {
            let before = existing.hats.get(id);
            let hat = self.with_default(hat);
            let imported = match before {
                Some(before) if !self.options.replace => self.attachment(before, &hat),
                _ => hat.into_owned(),
            };
            if before == Some(&imported) {
                self.unchanged.push(UnchangedItem {
                    room: Some(room.clone()),
                    user: Some(jid.clone()),
                    part: UnchangedPart::Hat(id.clone()),
                });
            } else if self.options.replace {
                // A replacing file may have such hats, for example because a server has them.
                self.kept_unaffiliated += usize::from(!affiliation.is_affiliated());
            } else if !affiliation.is_affiliated() {
                refused.push((id.clone(), imported));
                // Existing hats are kept.
                if let Some(before) = before {
                    hats.insert(id.clone(), before.clone());
                }
                continue;
            }
            let is_undecided = imported.active.is_none() && self.given.is_table();
            self.inactive_by_default +=
                usize::from(before.is_none() && is_undecided && !self.given.has_column(TableColumn::Active));
            hats.insert(id.clone(), imported);
        }
        let is_refused = !refused.is_empty();
        if is_refused {
            let why = SkipReason::NotAffiliated(affiliation, refused.len());
            self.skip(room, jid, refused.into_iter().collect(), why);
        }
        let base = if self.options.replace {
            &none.extra
        } else {
            &existing.extra
        };
        let wanted = User {
            affiliation,
            hats: hats.into_iter().collect::<Hats>(),
            extra: merge_extra(base, &given.extra),
        };
        // Adding never removes an existing user, not even one without affiliation and hats.
        let is_empty = affiliation == Affiliation::None && wanted.hats.is_empty();
        if is_empty && now.is_none() && !self.options.replace {
            if !is_refused {
                self.skip(room, jid, Hats::default(), SkipReason::EmptyUser);
            }
            return None;
        }
        let is_described = !self.given.lines.of(room, Some(jid), None).is_empty()
            || given.hats.is_empty() && wanted.hats == existing.hats;
        let is_same = wanted.affiliation == existing.affiliation && wanted.extra == existing.extra;
        if now.is_some() && is_same && is_described {
            self.unchanged.push(UnchangedItem {
                room: Some(room.clone()),
                user: Some(jid.clone()),
                part: UnchangedPart::User(affiliation),
            });
        }
        Some(wanted)
    }

    /// The imported attachment, active if the file does not say whether it is and the options say so.
    fn with_default<'a>(&self, hat: &'a Attachment) -> Cow<'a, Attachment> {
        if self.options.active && hat.active.is_none() {
            Cow::Owned(hat.clone().with_active(true))
        } else {
            Cow::Borrowed(hat)
        }
    }

    /// Merges an imported attachment into an existing one. Values with the same meaning keep their form.
    fn attachment(&self, now: &Attachment, given: &Attachment) -> Attachment {
        let has = |column| self.given.has_column(column);
        let mut made = now.clone();
        if has(TableColumn::Active) || self.options.active {
            made = made.with_active(given.is_active());
        }
        if has(TableColumn::Required) {
            made = made.with_required(given.is_required());
        }
        if has(TableColumn::Title) {
            made.title = title(now.title.as_ref(), given.title.as_ref());
        }
        made.extra = merge_extra(&now.extra, &given.extra);
        made
    }

    /// The affiliation in the file, else the existing one, else the one for new users; `None` if there is none. For a
    /// row of a table, that is an error.
    fn affiliation(
        &mut self,
        room: &Jid,
        jid: &Jid,
        now: Option<&User>,
        given: &User,
    ) -> Option<Affiliation> {
        let line = self
            .given
            .missing_affiliations
            .get(&(self.given.names_rooms().then(|| room.clone()), jid.clone()))
            .copied();
        let is_missing = line.is_some() || matches!(self.given.content, ImportExtent::User(_, false));
        if !is_missing {
            return Some(given.affiliation);
        }
        let known = now.map(|now| now.affiliation).or(self.options.new_users);
        if known.is_none() {
            self.errors
                .extend(line.map(|line| (line, new_user_error(jid, room))));
        }
        known
    }

    fn skip(&mut self, room: &Jid, user: &Jid, hats: Hats, why: SkipReason) {
        self.skipped.push(SkippedItem {
            room: Some(room.clone()),
            user: Some(user.clone()),
            hats,
            reason: why,
        });
    }

    /// Merges the data file's own fields, which belong to no room.
    fn document(&mut self, now: &Extra, given: &Extra) -> Extra {
        self.unchanged.extend(unchanged::in_document(now, given));
        if self.options.replace && !self.options.restricted {
            return given.clone();
        }
        let mut wanted = now.clone();
        let mut skip_reasons = Vec::new();
        // Hat sets are merged by name, not as one value.
        let sets = (now.hat_sets(), given.hat_sets());
        for (name, value) in given.iter() {
            let why = match now.get(name) {
                Some(existing) if existing == value => continue,
                _ if self.options.restricted => SkipReason::OutOfScope(name.into()),
                Some(_) if name == "sets" && sets.0.is_ok() && sets.1.is_ok() => continue,
                Some(_) => SkipReason::DifferentField(name.into()),
                None => {
                    wanted.insert(name, value.clone());
                    continue;
                }
            };
            skip_reasons.push(why);
        }
        if let ((Ok(mut existing), Ok(given)), false) = (sets, self.options.restricted) {
            let before = existing.len();
            for (name, hats) in given {
                match existing.get(&name) {
                    Some(now) if *now == hats => {}
                    Some(_) => skip_reasons.push(SkipReason::DifferentSet(name.into())),
                    None => drop(existing.insert(name, hats)),
                }
            }
            if existing.len() > before {
                wanted.set_hat_sets(&existing);
            }
        }
        self.skipped
            .extend(skip_reasons.into_iter().map(|why| SkippedItem {
                room: None,
                user: None,
                hats: Hats::default(),
                reason: why,
            }));
        wanted
    }
}

fn new_user_error(user: &Jid, room: &Jid) -> String {
    format!("{user} is new in {room}: give an affiliation (owner, admin, member or outcast)")
}

/// Merges an imported catalog hat into an existing one. Values with the same meaning keep their form.
fn catalog_hat(now: &CatalogHat, given: &CatalogHat, file: &ParsedImport) -> CatalogHat {
    let mut made = now.clone();
    if file.has_column(TableColumn::Title) {
        made.title = title(now.title.as_ref(), given.title.as_ref());
    }
    // In a table, a number and its text are equal.
    let text = |hat: &CatalogHat| hat.hue.as_ref().map(hue_text);
    if file.has_column(TableColumn::Hue) && !(file.is_table() && text(now) == text(given)) {
        made.hue.clone_from(&given.hue);
    }
    made.extra = merge_extra(&now.extra, &given.extra);
    made
}

/// The imported title, or the existing one if both mean the same, as a missing and an empty title do.
fn title(now: Option<&Arc<str>>, given: Option<&Arc<str>>) -> Option<Arc<str>> {
    let same = now.map_or("", |title| title) == given.map_or("", |title| title);
    if same { now } else { given }.cloned()
}

/// Merges unrecognized fields: the imported ones, and those that only the existing object has.
fn merge_extra(now: &Extra, given: &Extra) -> Extra {
    let mut all = given.clone();
    for (name, value) in now.iter() {
        if given.get(name).is_none() {
            all.insert(name, value.clone());
        }
    }
    all
}
