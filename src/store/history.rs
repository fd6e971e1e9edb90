//! The history: one line a commit, and what the last lines say about the data file.

use std::borrow::Cow;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::digest::Digest;
use super::disk::{Disk, FileIdentity};
use super::{HistoryEntry, StoreError};
use crate::model::Group;
use crate::model::write::compact;

/// What every version of the program understands of a line. Members beside these are kept wherever lines are.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct HistoryLine {
    pub(super) revision: u64,
    pub(super) time: Timestamp,
    #[serde(default)]
    pub(super) actor: Box<str>,
    #[serde(default)]
    pub(super) undoes: Option<u64>,
    #[serde(default)]
    pub(super) redoes: Option<u64>,
    /// The data file that it made.
    #[serde(default)]
    pub(super) file: Option<FileIdentity>,
    /// What that file holds.
    #[serde(default, deserialize_with = "Digest::read")]
    pub(super) digest: Option<Digest>,
}

impl HistoryLine {
    pub(super) fn parse(line: &[u8]) -> Result<Self, String> {
        serde_json::from_slice(line).map_err(|error| error.to_string())
    }
}

/// A line as it is written: all that can be long comes last but for the line's own length.
#[derive(Serialize)]
struct LineOut<'a> {
    revision: u64,
    id: &'a str,
    time: Timestamp,
    actor: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    undoes: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    redoes: Option<u64>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    outside: bool,
    file: &'a FileIdentity,
    digest: Digest,
    edits: &'a Group,
}

/// What stands before the edits in a line; nowhere else, as a quote in a text is escaped.
const EDITS: &[u8] = b",\"edits\":[";
/// What stands before the length at a line's end.
const LENGTH: &[u8] = b",\"length\":";

/// The line of a commit that made this data file, which holds what has this digest.
pub(super) fn line(entry: &HistoryEntry, file: &FileIdentity, digest: Digest) -> String {
    let mut line = compact(&LineOut {
        revision: entry.revision,
        id: &entry.id,
        time: entry.time,
        actor: &entry.actor,
        undoes: entry.undoes,
        redoes: entry.redoes,
        outside: entry.outside,
        file,
        digest,
        edits: &entry.group,
    });
    line.pop();
    let others = line.len() + LENGTH.len() + "}\n".len();
    // The number counts its own digits.
    let (mut length, mut next) = (0, others + 1);
    while next != length {
        length = next;
        next = others + length.to_string().len();
    }
    [line, format!(",\"length\":{length}}}\n")].concat()
}

/// How long a line says that it is, with its newline, where these are its last bytes.
fn said_length(end: &[u8]) -> Option<u64> {
    let end = end.strip_suffix(b"}\n")?;
    let digits = end.iter().rev().take_while(|byte| byte.is_ascii_digit()).count();
    let (before, number) = end.split_at_checked(end.len() - digits)?;
    before.ends_with(LENGTH).then_some(())?;
    std::str::from_utf8(number).ok()?.parse().ok()
}

/// A history for reading; `None` where there is none.
pub(super) fn open(disk: &Disk, path: &Path) -> Result<Option<File>, StoreError> {
    let wrong = || StoreError::io("read", path);
    let Some(file) = disk.open(path).map_err(wrong())? else {
        return Ok(None);
    };
    super::file::regular(path, &file.metadata().map_err(wrong())?)?;
    Ok(Some(file))
}

/// Lines from the last to the first; a block of the file at a time. A line that does not fit into a block is found by
/// the length that it ends with, and none of it is read; one without that, as older versions wrote it, is looked through
/// for its beginning.
pub(super) struct ReverseLines<'a> {
    file: &'a File,
    /// What was read and not given yet begins here in the file.
    start: u64,
    buffer: Vec<u8>,
    /// How many bytes were read.
    pub(super) read: u64,
}

/// What is read at once.
const BLOCK: usize = 1 << 16;
/// What is read at once where a newline is looked for.
const STRETCH: u64 = 1 << 20;
/// Before the edits of a line stands no more than this.
const HEAD: u64 = 1 << 13;

/// A line without its newline, and where it is.
pub(super) struct LocatedLine<'a> {
    file: &'a File,
    pub(super) at: u64,
    /// How long it is.
    pub(super) length: u64,
    /// Whether its newline is there.
    pub(super) ended: bool,
    /// All of it, where it is short.
    pub(super) short: Option<Vec<u8>>,
}

impl LocatedLine<'_> {
    /// All of it.
    pub(super) fn bytes(&self) -> io::Result<Cow<'_, [u8]>> {
        match &self.short {
            Some(bytes) => Ok(Cow::Borrowed(bytes)),
            None => read(self.file, self.at, self.length).map(Cow::Owned),
        }
    }

    /// What every version understands of it. Of a long line that has all of that before its edits, no more is read; what
    /// follows there is taken to be as whole as the line's end.
    pub(super) fn line(&self) -> io::Result<Option<HistoryLine>> {
        if self.short.is_none() && self.ended {
            let mut head = read(self.file, self.at, self.length.min(HEAD))?;
            if let Some(cut) = memchr::memmem::find(&head, EDITS) {
                head.truncate(cut);
                head.push(b'}');
                if let Some(line) = HistoryLine::parse(&head).ok().filter(|line| line.file.is_some()) {
                    return Ok(Some(line));
                }
            }
        }
        Ok(HistoryLine::parse(&self.bytes()?).ok())
    }
}

fn read(file: &File, at: u64, length: u64) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; usize::try_from(length).map_err(io::Error::other)?];
    file.read_exact_at(&mut bytes, at)?;
    Ok(bytes)
}

impl<'a> ReverseLines<'a> {
    /// From before this place.
    pub(super) fn from(file: &'a File, end: u64) -> Self {
        Self {
            file,
            start: end,
            buffer: Vec::new(),
            read: 0,
        }
    }

    /// The line before; `None` at the beginning of the file.
    pub(super) fn before(&mut self) -> io::Result<Option<LocatedLine<'a>>> {
        loop {
            let ended = self.buffer.last() == Some(&b'\n');
            let body = self.buffer.strip_suffix(b"\n").unwrap_or(&self.buffer);
            let newline = memchr::memrchr(b'\n', body);
            if newline.is_some() || (self.start == 0 && !self.buffer.is_empty()) {
                let from = newline.map_or(0, |newline| newline + 1);
                let bytes = body.get(from..).unwrap_or_default().to_vec();
                self.buffer.truncate(from);
                return Ok(Some(LocatedLine {
                    file: self.file,
                    at: self.start + from as u64,
                    length: bytes.len() as u64,
                    ended,
                    short: Some(bytes),
                }));
            }
            if self.start == 0 {
                return Ok(None);
            }
            if self.buffer.len() >= BLOCK {
                let end = self.start + body.len() as u64;
                let at = self.begin()?;
                self.buffer.clear();
                self.start = at;
                return Ok(Some(LocatedLine {
                    file: self.file,
                    at,
                    length: end - at,
                    ended,
                    short: None,
                }));
            }
            let from = self.start.saturating_sub(BLOCK as u64);
            let mut block = self.read(from, self.start)?;
            block.append(&mut self.buffer);
            self.buffer = block;
            self.start = from;
        }
    }

    fn read(&mut self, from: u64, to: u64) -> io::Result<Vec<u8>> {
        self.read += to - from;
        read(self.file, from, to - from)
    }

    /// Where the line begins whose end is in the buffer.
    fn begin(&mut self) -> io::Result<u64> {
        let end = self.start + self.buffer.len() as u64;
        let said = said_length(&self.buffer).and_then(|length| end.checked_sub(length));
        if let Some(at) = said.filter(|at| *at < self.start) {
            // Somebody may have edited the line and left the number as it was.
            let before = self.read(at.saturating_sub(1), at + 1)?;
            if matches!(before.as_slice(), b"\n{") || (at == 0 && before == b"{") {
                return Ok(at);
            }
        }
        let mut start = self.start;
        while start > 0 {
            let from = start.saturating_sub(STRETCH);
            let stretch = self.read(from, start)?;
            if let Some(newline) = memchr::memrchr(b'\n', &stretch) {
                return Ok(from + newline as u64 + 1);
            }
            start = from;
        }
        Ok(0)
    }
}

/// The number of the line that begins at a place, from 1.
pub(super) fn line_number(file: &File, at: u64) -> io::Result<u64> {
    let (mut number, mut from) = (1, 0);
    while from < at {
        let length = (at - from).min(STRETCH);
        number += memchr::memchr_iter(b'\n', &read(file, from, length)?).count() as u64;
        from += length;
    }
    Ok(number)
}

/// What a writer must know of the history before it adds to it.
#[derive(Debug, Default)]
pub(super) struct HistoryTail {
    /// How long the file is.
    pub(super) length: u64,
    /// What is to stay of it: behind are a torn line and lines whose data file never came to be.
    pub(super) keep: u64,
    /// The last line lacks only its newline.
    pub(super) unended: bool,
    /// Of the last line that stays.
    pub(super) last: Option<HistoryLine>,
    /// Where that line is.
    pub(super) last_at: u64,
}

/// So many lines that cannot be read are passed over in search of one that can.
const PATIENCE: usize = 4096;

/// Reads the end of the history. `data`: the data file that there is, and its revision; `left`: looks for a temporary
/// file that a writer left, after it is settled how far the history is read.
pub(super) fn tail(
    file: &File,
    data: Option<(FileIdentity, u64)>,
    left: impl FnOnce() -> io::Result<Option<FileIdentity>>,
) -> io::Result<HistoryTail> {
    let length = file.metadata()?.len();
    let left = left()?;
    let mut tail = HistoryTail {
        length,
        keep: length,
        ..HistoryTail::default()
    };
    let mut lines = ReverseLines::from(file, length);
    // The newest line whose data file seems never to have come to be, and where the first one for that file is.
    let mut doubtful: Option<(HistoryLine, FileIdentity, u64, u64)> = None;
    for _ in 0..PATIENCE {
        let Some(found) = lines.before()? else {
            break;
        };
        let line = found.line()?;
        let made = line.as_ref().and_then(|line| line.file);
        if !found.ended {
            let is_there = made
                .zip(data)
                .is_some_and(|(made, (data, _))| made.same_file(&data));
            if !is_there {
                tail.keep = found.at;
                continue;
            }
            tail.unended = true;
        }
        let Some(line) = line else {
            continue;
        };
        // Written for a data file that did not take its place: it is still there under its temporary name.
        if made.zip(left).is_some_and(|(made, left)| left.same_file(&made)) {
            tail.keep = found.at;
            tail.unended = false;
            continue;
        }
        match (made, &mut doubtful) {
            (Some(made), Some((_, of, at, _))) if made.same_file(of) => {
                *at = found.at;
                continue;
            }
            (Some(made), None) if is_older(data, &made, line.revision) => {
                doubtful = Some((line, made, found.at, found.at));
                continue;
            }
            _ => {}
        }
        let is_before = made
            .zip(data)
            .is_some_and(|(made, (data, _))| made.same_file(&data));
        match doubtful.take() {
            Some((_, _, at, _)) if is_before => {
                tail.keep = at;
                tail.unended = false;
                (tail.last, tail.last_at) = (Some(line), found.at);
            }
            Some((newest, _, _, at)) => (tail.last, tail.last_at) = (Some(newest), at),
            None => (tail.last, tail.last_at) = (Some(line), found.at),
        }
        return Ok(tail);
    }
    if let Some((newest, _, _, at)) = doubtful {
        (tail.last, tail.last_at) = (Some(newest), at);
    }
    Ok(tail)
}

/// Whether the data file was last touched before the one that a line made, and is of an earlier revision. Where it is the
/// one of the line before, too, then what was renamed was lost with the power; else it may be a backup that was put back
/// while the clock was wrong.
fn is_older(data: Option<(FileIdentity, u64)>, made: &FileIdentity, revision: u64) -> bool {
    data.is_some_and(|(data, of)| !data.same_file(made) && data.ctime < made.ctime && of < revision)
}

/// The revision and the digest of the last line whose data file held the same as this one; `None`: none of the last lines.
/// A line of an older version has no digest: it tells by the file's identity.
pub(super) fn recall(
    disk: &Disk,
    path: &Path,
    identity: &FileIdentity,
    digest: impl Fn() -> Digest,
) -> Option<(u64, Option<Digest>)> {
    let file = open(disk, path).ok()??;
    let mut lines = ReverseLines::from(&file, file.metadata().ok()?.len());
    // Others may have added some since the file was read.
    for _ in 0..8 {
        let line = lines.before().ok()??.line().ok()?;
        let is_it = line.as_ref().is_some_and(|line| match (line.digest, line.file) {
            (Some(there), _) => there == digest(),
            (None, made) => made.is_some_and(|made| made.same_file(identity)),
        });
        if let Some(line) = line.filter(|_| is_it) {
            return Some((line.revision, line.digest));
        }
    }
    None
}

#[cfg(test)]
#[path = "history_tests.rs"]
mod tests;
