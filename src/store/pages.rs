//! Reading the history, from its end backwards.

use std::collections::HashSet;
use std::fs::File;
use std::io;

use super::history::ReverseLines;
use super::view::{seen, sees};
use super::{
    HistoryEntry, HistoryFilter, HistoryPage, HistoryQuery, Scope, StoreOptions, UndoCandidate, person,
};
use crate::model::write::compact;
use crate::model::{Edit, HatId, Jid, Room, User, Wardrobe};

/// So many bytes are looked through for one page; what comes before them is for the next one.
const PORTION: u64 = 32 << 20;
/// So many bytes are read in search of what can be undone. A large commit is one line, of which only the beginning is.
const MEMORY: u64 = 1 << 30;
/// A change from outside is told from the commits since a known state, at most so many, of so many bytes.
const REPLAYED: (usize, u64) = (4096, 64 << 20);

/// A page of entries, newest first.
pub(super) fn page(file: &File, query: &HistoryQuery, scope: &Scope) -> io::Result<HistoryPage> {
    let end = file.metadata()?.len().min(query.from.unwrap_or(u64::MAX));
    let needles = needles(&query.filter);
    let mut lines = ReverseLines::from(file, end);
    let mut page = HistoryPage::default();
    let mut first = query.from.is_none();
    while let Some(found) = lines.before()? {
        let torn = std::mem::take(&mut first) && !found.ended;
        let bytes = found.bytes()?;
        let wanted = mentions(&bytes, &needles);
        match serde_json::from_slice::<HistoryEntry>(&bytes) {
            _ if !wanted => {}
            Ok(entry) => {
                page.entries
                    .extend(seen(scope, entry).filter(|entry| matches(entry, &query.filter)));
            }
            // The next writer cuts it off: it was never acknowledged.
            Err(_) if torn => {}
            Err(_) => page.unreadable += usize::from(concerns(scope, &bytes)),
        }
        if page.entries.len() >= query.limit || end - found.at > PORTION {
            page.next = (found.at > 0).then_some(found.at);
            break;
        }
    }
    Ok(page)
}

/// Whether a line that cannot be read is said: not when it seems to be about rooms that are out of scope.
fn concerns(scope: &Scope, line: &[u8]) -> bool {
    let named = |room: &Jid| memchr::memmem::find(line, compact(room).as_bytes()).is_some();
    scope.rooms.as_ref().is_none_or(|rooms| rooms.iter().any(named))
}

/// The entry of one revision.
pub(super) fn entry(file: &File, revision: u64, scope: &Scope) -> io::Result<Option<HistoryEntry>> {
    let number = revision.to_string();
    let mut lines = ReverseLines::from(file, file.metadata()?.len());
    while let Some(found) = lines.before()? {
        let may_be = match &found.short {
            Some(bytes) => may_have(bytes, b"\"revision\"", number.as_bytes()),
            None => found.line()?.is_some_and(|line| line.revision == revision),
        };
        if !may_be {
            continue;
        }
        match serde_json::from_slice::<HistoryEntry>(&found.bytes()?) {
            Ok(entry) if entry.revision == revision => return Ok(seen(scope, entry)),
            _ => {}
        }
    }
    Ok(None)
}

/// The entries after a revision up to another, in order; after 0: from the first one. `None` where they are too many or too
/// large, or where the history does not go back so far.
pub(super) fn between(file: &File, after: u64, last: u64) -> io::Result<Option<Vec<HistoryEntry>>> {
    let (most, bytes) = REPLAYED;
    let mut lines = ReverseLines::from(file, file.metadata()?.len());
    let (mut entries, mut taken): (Vec<HistoryEntry>, u64) = (Vec::new(), 0);
    while let Some(found) = lines.before()? {
        let Some(line) = found.line()? else {
            continue; // Damaged; whether anything is missing shows in the end.
        };
        if line.revision <= after {
            entries.reverse();
            return Ok(Some(entries));
        }
        taken += found.length;
        if entries.len() == most || taken > bytes {
            return Ok(None);
        }
        if line.revision <= last
            && let Ok(entry) = serde_json::from_slice(&found.bytes()?)
        {
            entries.push(entry);
        }
    }
    entries.reverse();
    Ok((after == 0).then_some(entries))
}

/// The newest own commits to take back and to put back, as the wardrobe is now. An entry that has something out of scope is
/// not offered, nor one of which nothing is in effect any more.
pub(super) fn find_undo(file: &File, options: &StoreOptions, now: &Wardrobe) -> io::Result<UndoCandidate> {
    let mut lines = ReverseLines::from(file, file.metadata()?.len());
    let me = person(&options.actor);
    let mut own = compact(me).into_bytes();
    own.pop(); // an address may follow before the closing quote
    let mut found = UndoCandidate::default();
    // Revisions that a later one took back; and whether there is still something to put back further on.
    let (mut taken, mut redoable) = (HashSet::new(), true);
    while let Some(line) = lines.before()? {
        if lines.read > MEMORY || (found.undo.is_some() && (found.redo.is_some() || !redoable)) {
            break;
        }
        let may_matter = line.short.as_deref().is_none_or(|bytes| {
            let has = |needle: &[u8]| memchr::memmem::find(bytes, needle).is_some();
            may_have(bytes, b"\"actor\"", &own) || has(b"\"undoes\"") || has(b"\"redoes\"")
        });
        if !may_matter {
            continue;
        }
        let Some(meta) = line.line()? else {
            continue;
        };
        if taken.contains(&meta.revision) {
            continue; // Of no effect any more, whatever it was.
        }
        taken.extend(meta.undoes.or(meta.redoes));
        if person(&meta.actor) != me {
            continue;
        }
        let is_undo = meta.undoes.is_some();
        let wanted = if is_undo {
            redoable && found.redo.is_none()
        } else {
            redoable &= meta.redoes.is_some();
            found.undo.is_none()
        };
        if !wanted {
            continue;
        }
        let Ok(entry) = serde_json::from_slice::<HistoryEntry>(&line.bytes()?) else {
            continue;
        };
        if entry.outside
            || entry.group.is_empty()
            || !entry.group.0.iter().all(|edit| sees(&options.scope, edit))
            || now.is_undone(&entry.group)
        {
            continue;
        }
        if is_undo {
            found.redo = Some(entry);
        } else {
            found.undo = Some(entry);
        }
    }
    Ok(found)
}

/// Whether a line may have a member, named in quotes, whose value begins so: a quick look, however the line is spaced.
fn may_have(line: &[u8], name: &[u8], value: &[u8]) -> bool {
    let follows = |at: usize| {
        let after = line.get(at + name.len()..)?.trim_ascii_start();
        let after = after.strip_prefix(b":")?.trim_ascii_start();
        after.starts_with(value).then_some(())
    };
    memchr::memmem::find_iter(line, name).any(|at| follows(at).is_some()) || has_escapes(line)
}

/// Whether texts in a line may be written in another way than this program does it.
fn has_escapes(line: &[u8]) -> bool {
    let has = |needle: &[u8]| memchr::memmem::find(line, needle).is_some();
    has(b"\\u") || has(b"\\/")
}

/// Texts that a line must have to match a filter.
fn needles(filter: &HistoryFilter) -> Vec<Vec<u8>> {
    let room = filter.room.as_ref().map(Jid::as_str);
    let user = filter.user.as_ref().map(Jid::as_str);
    let hat = filter.hat.as_ref().map(HatId::as_str);
    [room, user, hat]
        .into_iter()
        .flatten()
        .map(|text| compact(text).into_bytes())
        .collect()
}

/// Whether a line may match: it has the texts, or is written so that they may be there in another way.
fn mentions(line: &[u8], needles: &[Vec<u8>]) -> bool {
    let has = |needle: &[u8]| memchr::memmem::find(line, needle).is_some();
    // Earlier programs let addresses be with A-labels and with a trailing dot.
    let other_spelling = || has(b"xn--") || has(b".\"");
    needles.iter().all(|needle| has(needle)) || has_escapes(line) || other_spelling()
}

/// Whether an entry is by somebody, and touches something, that the filter asks for.
fn matches(entry: &HistoryEntry, filter: &HistoryFilter) -> bool {
    let actor = filter
        .actor
        .as_ref()
        .is_none_or(|part| entry.actor.to_lowercase().contains(&part.to_lowercase()));
    let anything = filter.room.is_none() && filter.user.is_none() && filter.hat.is_none();
    actor && (anything || entry.group.0.iter().any(|edit| touches(edit, filter)))
}

fn touches(edit: &Edit, filter: &HistoryFilter) -> bool {
    if filter.room.is_some() && filter.room.as_ref() != edit.room() {
        return false;
    }
    let (user, hat) = (filter.user.as_ref(), filter.hat.as_ref());
    match edit {
        Edit::Room { before, after, .. } => [before, after]
            .into_iter()
            .flatten()
            .any(|room| room_has(room, user, hat)),
        Edit::User {
            user: whose,
            before,
            after,
            ..
        } => {
            let hats = || [before, after].into_iter().flatten();
            user.is_none_or(|user| user == whose) && hats().any(|user| user_has(user, hat))
        }
        _ => (user.is_none() || user == edit.user()) && (hat.is_none() || hat == edit.hat()),
    }
}

fn room_has(room: &Room, user: Option<&Jid>, hat: Option<&HatId>) -> bool {
    match (user, hat) {
        (None, None) => true,
        (Some(user), hat) => room.user(user).is_some_and(|user| user_has(user, hat)),
        (None, Some(hat)) => {
            room.catalog.contains_key(hat) || room.users().iter().any(|(_, user)| user_has(user, Some(hat)))
        }
    }
}

fn user_has(user: &User, hat: Option<&HatId>) -> bool {
    hat.is_none_or(|hat| user.hats.get(hat).is_some())
}
