//! Reading of the history, backwards from its end.

use std::collections::HashSet;
use std::fs::File;
use std::io;
use std::path::Path;

use jiff::Timestamp;

use super::history::{self, HistoryLine, ReverseLines};
use super::view::{in_scope, restrict_entry};
use super::{
    Disk, HistoryEntry, HistoryFilter, HistoryPage, HistoryQuery, Paths, Scope, StoreError, StoreOptions,
    UndoCandidate, person,
};
use crate::model::write::compact;
use crate::model::{Jid, Wardrobe};

/// The approximate maximum number of bytes that are searched for one page; the next page continues from there.
const PAGE_SCAN_BYTES: u64 = 32 << 20;
/// The approximate maximum number of bytes that are read in search of commits to undo and redo. Of a large commit, only
/// the start of its line is read.
const UNDO_SCAN_BYTES: u64 = 1 << 30;
/// The same for the search that only decides whether undo is offered, which takes place after each commit.
const UNDO_HINT_SCAN_BYTES: u64 = 1 << 20;
/// The maximum number of entries, and of bytes of history, that [`entries_between`] reads.
const REPLAY_LIMITS: (usize, u64) = (4096, 64 << 20);

/// A page of entries, newest first.
pub(super) fn page(file: &File, query: &HistoryQuery, scope: &Scope) -> io::Result<HistoryPage> {
    let end = file.metadata()?.len().min(query.from.unwrap_or(u64::MAX));
    let needles = needles(&query.filter);
    let mut lines = ReverseLines::new(file, end);
    let mut page = HistoryPage::default();
    let mut is_first = query.from.is_none();
    while let Some(found) = lines.previous()? {
        let is_incomplete = std::mem::take(&mut is_first) && !found.terminated;
        let bytes = found.bytes()?;
        let may_match = may_match(&bytes, &needles);
        match serde_json::from_slice::<HistoryEntry>(&bytes) {
            _ if !may_match => {}
            Ok(entry) => {
                page.entries
                    .extend(restrict_entry(scope, entry).filter(|entry| query.filter.matches(entry)));
            }
            // An incomplete last line was never confirmed; the next writer removes it.
            Err(_) if is_incomplete => {}
            Err(_) => page.unreadable += usize::from(is_reported(scope, &bytes)),
        }
        if page.entries.len() >= query.limit || end - found.offset > PAGE_SCAN_BYTES {
            page.next = (found.offset > 0).then_some(found.offset);
            break;
        }
    }
    Ok(page)
}

/// A page of the history of a data file, without reading the data file, which may be large or unreadable.
pub fn read_history(path: &Path, scope: &Scope, query: &HistoryQuery) -> Result<HistoryPage, StoreError> {
    read_page(&Disk::default(), &Paths::resolve(path)?, scope, query)
}

/// Reads a page of the history; an empty page if there is no history.
pub(super) fn read_page(
    disk: &Disk,
    paths: &Paths,
    scope: &Scope,
    query: &HistoryQuery,
) -> Result<HistoryPage, StoreError> {
    match history::open(disk, &paths.history)? {
        None => Ok(HistoryPage::default()),
        Some(file) => page(&file, query, scope).map_err(StoreError::io("read", &paths.history)),
    }
}

/// Whether a damaged line is counted; `false` if it seems to concern only rooms out of scope.
fn is_reported(scope: &Scope, line: &[u8]) -> bool {
    let is_named = |room: &Jid| memchr::memmem::find(line, compact(room).as_bytes()).is_some();
    scope
        .rooms
        .as_ref()
        .is_none_or(|rooms| rooms.iter().any(is_named))
}

/// The entry with this revision; `None` if it does not exist, is damaged or is out of scope.
pub(super) fn entry(file: &File, revision: u64, scope: &Scope) -> io::Result<Option<HistoryEntry>> {
    let number = revision.to_string();
    let mut lines = ReverseLines::new(file, file.metadata()?.len());
    while let Some(found) = lines.previous()? {
        let may_be_wanted = match &found.buffered {
            Some(bytes) => may_have_field(bytes, b"\"revision\"", number.as_bytes()),
            None => found.parse()?.is_some_and(|line| line.revision == revision),
        };
        if !may_be_wanted {
            continue;
        }
        match serde_json::from_slice::<HistoryEntry>(&found.bytes()?) {
            Ok(entry) if entry.revision == revision => return Ok(restrict_entry(scope, entry)),
            _ => {}
        }
    }
    Ok(None)
}

/// The entries after the revision `after` (0: from the first one) up to `last`, oldest first. `None` if they are too
/// many or too large, or if the history does not go back far enough.
pub(super) fn entries_between(file: &File, after: u64, last: u64) -> io::Result<Option<Vec<HistoryEntry>>> {
    let (max_entries, max_bytes) = REPLAY_LIMITS;
    let mut lines = ReverseLines::new(file, file.metadata()?.len());
    let (mut entries, mut bytes): (Vec<HistoryEntry>, u64) = (Vec::new(), 0);
    while let Some(found) = lines.previous()? {
        let Some(line) = found.parse()? else {
            continue; // Damaged; the digest will show whether anything is missing.
        };
        if line.revision <= after {
            entries.reverse();
            return Ok(Some(entries));
        }
        bytes += found.length;
        if entries.len() == max_entries || bytes > max_bytes {
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

/// All entries in scope from a revision on, newest first.
pub(super) fn entries_since(file: &File, revision: u64, scope: &Scope) -> io::Result<Vec<HistoryEntry>> {
    let mut lines = ReverseLines::new(file, file.metadata()?.len());
    let mut entries = Vec::new();
    while let Some(found) = lines.previous()? {
        let bytes = found.bytes()?;
        let Ok(line) = HistoryLine::parse(&bytes) else {
            continue; // Damaged.
        };
        if line.revision < revision {
            break;
        }
        let entry = serde_json::from_slice::<HistoryEntry>(&bytes).ok();
        entries.extend(entry.and_then(|entry| restrict_entry(scope, entry)));
    }
    Ok(entries)
}

/// The actor's entries since a time, newest first. Reads backwards up to the first line that is older.
fn recent(lines: &mut ReverseLines<'_>, actor: &str, since: Timestamp) -> io::Result<Vec<HistoryEntry>> {
    let mut entries = Vec::new();
    while let Some(found) = lines.previous()? {
        let Some(line) = found.parse()? else {
            continue; // Damaged.
        };
        if line.time < since {
            break;
        }
        if *line.actor == *actor {
            entries.extend(serde_json::from_slice::<HistoryEntry>(&found.bytes()?).ok());
        }
    }
    Ok(entries)
}

/// Reads an actor's entries since a time from the history of a data file, newest first.
pub fn read_recent(path: &Path, actor: &str, since: Timestamp) -> Result<Vec<HistoryEntry>, StoreError> {
    let path = Paths::resolve(path)?.history;
    let Some(file) = history::open(&Disk::default(), &path)? else {
        return Ok(Vec::new());
    };
    let length = file.metadata().map_err(StoreError::io("read", &path))?.len();
    recent(&mut ReverseLines::new(&file, length), actor, since).map_err(StoreError::io("read", &path))
}

/// Finds the actor's newest commits to undo and redo. Skips entries with edits out of scope, and those that are already
/// undone in `wardrobe`.
pub(super) fn find_undo(
    file: &File,
    options: &StoreOptions,
    wardrobe: &Wardrobe,
) -> io::Result<UndoCandidate> {
    search_undo(file, options, wardrobe, UNDO_SCAN_BYTES).map(|(found, _)| found)
}

/// Whether the actor certainly has no commit to undo. `false` if the history cannot be read or is too large to tell.
pub(super) fn has_nothing_to_undo(
    disk: &Disk,
    paths: &Paths,
    options: &StoreOptions,
    wardrobe: &Wardrobe,
) -> bool {
    match history::open(disk, &paths.history) {
        Ok(None) => true,
        Ok(Some(file)) => search_undo(&file, options, wardrobe, UNDO_HINT_SCAN_BYTES)
            .is_ok_and(|(found, is_complete)| is_complete && found.undo.is_none()),
        Err(_) => false,
    }
}

/// Searches for the commits to undo and redo in about `max_bytes` at the end of the history. Also returns whether the
/// search is complete: no earlier part of the history can change the result.
fn search_undo(
    file: &File,
    options: &StoreOptions,
    wardrobe: &Wardrobe,
    max_bytes: u64,
) -> io::Result<(UndoCandidate, bool)> {
    let mut lines = ReverseLines::new(file, file.metadata()?.len());
    let actor = person(&options.actor);
    let mut actor_needle = compact(actor).into_bytes();
    actor_needle.pop(); // an IP address may follow before the closing quote
    let mut found = UndoCandidate::default();
    // Revisions that later commits undid or redid, and whether an undo further back could still be redone.
    let (mut reverted, mut redoable) = (HashSet::new(), true);
    while let Some(line) = lines.previous()? {
        if found.undo.is_some() && (found.redo.is_some() || !redoable) {
            break;
        }
        if lines.bytes_read.max(line.length) > max_bytes {
            return Ok((found, false));
        }
        let may_matter = line.buffered.as_deref().is_none_or(|bytes| {
            let has = |needle: &[u8]| memchr::memmem::find(bytes, needle).is_some();
            may_have_field(bytes, b"\"actor\"", &actor_needle) || has(b"\"undoes\"") || has(b"\"redoes\"")
        });
        if !may_matter {
            continue;
        }
        let Some(head) = line.parse()? else {
            continue;
        };
        if reverted.contains(&head.revision) {
            continue; // The commit is no longer in effect.
        }
        reverted.extend(head.undoes.or(head.redoes));
        if person(&head.actor) != actor {
            continue;
        }
        let is_undo = head.undoes.is_some();
        let is_wanted = if is_undo {
            redoable && found.redo.is_none()
        } else {
            redoable &= head.redoes.is_some();
            found.undo.is_none()
        };
        if !is_wanted {
            continue;
        }
        let Ok(entry) = serde_json::from_slice::<HistoryEntry>(&line.bytes()?) else {
            continue;
        };
        if entry.outside
            || entry.group.is_empty()
            || !entry.group.0.iter().all(|edit| in_scope(&options.scope, edit))
            || wardrobe.is_undone(&entry.group)
        {
            continue;
        }
        if is_undo {
            found.redo = Some(entry);
        } else {
            found.undo = Some(entry);
        }
    }
    Ok((found, true))
}

/// Whether a line may have the field `name` (in quotes) with a value that starts with `value`. This is a fast test that
/// ignores whitespace around the colon; it is also true if strings in the line may have escapes.
fn may_have_field(line: &[u8], name: &[u8], value: &[u8]) -> bool {
    let value_follows = |index: usize| {
        let after = line.get(index + name.len()..)?.trim_ascii_start();
        let after = after.strip_prefix(b":")?.trim_ascii_start();
        after.starts_with(value).then_some(())
    };
    memchr::memmem::find_iter(line, name).any(|index| value_follows(index).is_some()) || has_escapes(line)
}

/// Whether strings in a line may have escapes (`\u…` or `\/`), so that the line may have a text in another spelling.
fn has_escapes(line: &[u8]) -> bool {
    let has = |needle: &[u8]| memchr::memmem::find(line, needle).is_some();
    has(b"\\u") || has(b"\\/")
}

/// The texts that a line must contain to match a filter.
fn needles(filter: &HistoryFilter) -> Vec<Vec<u8>> {
    let room = filter.room.as_ref().map(Jid::as_str);
    let user = filter.user.as_ref().map(Jid::as_str);
    let hat = filter
        .hat
        .as_ref()
        .and_then(|hat| match (hat.ids.as_slice(), &hat.title) {
            ([only], None) => Some(only.as_str()),
            _ => None,
        });
    [room, user, hat]
        .into_iter()
        .flatten()
        .map(|text| compact(text).into_bytes())
        .collect()
}

/// Whether a line may match: it contains the texts, or may contain them in another spelling.
fn may_match(line: &[u8], needles: &[Vec<u8>]) -> bool {
    let has = |needle: &[u8]| memchr::memmem::find(line, needle).is_some();
    // Earlier versions accepted addresses with A-labels and with a trailing dot.
    let other_spelling = || has(b"xn--") || has(b".\"");
    needles.iter().all(|needle| has(needle)) || has_escapes(line) || other_spelling()
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    #[test]
    fn reads_only_recent_entries_of_an_actor() {
        let mut file = tempfile::tempfile().unwrap();
        let line = |time: &str, actor: &str| {
            format!(
                "{{\"revision\":1,\"id\":\"x\",\"time\":\"{time}\",\"actor\":\"{actor}\",\"edits\":[]}}\n"
            )
        };
        for _ in 0..10_000 {
            file.write_all(line("2026-01-01T09:59:59Z", "server:one").as_bytes())
                .unwrap();
        }
        for (time, actor) in [
            ("10:00:00", "server:one"),
            ("10:30:00", "maya"),
            ("10:31:00", "server:one"),
        ] {
            file.write_all(line(&format!("2026-01-01T{time}Z"), actor).as_bytes())
                .unwrap();
        }
        file.write_all(b"damaged\n").unwrap();
        let mut lines = ReverseLines::new(&file, file.metadata().unwrap().len());
        let since = "2026-01-01T10:00:00Z".parse().unwrap();
        let times: Vec<String> = recent(&mut lines, "server:one", since)
            .unwrap()
            .into_iter()
            .map(|entry| entry.time.to_string())
            .collect();
        assert_eq!(times, ["2026-01-01T10:31:00Z", "2026-01-01T10:00:00Z"]);
        assert!(lines.bytes_read < 200_000, "{} bytes", lines.bytes_read);
    }
}
