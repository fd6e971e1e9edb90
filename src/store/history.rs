//! The history file, which has one line for each commit: writing lines, reading them backwards, and examining the last
//! ones.

use std::borrow::Cow;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::digest::Digest;
use super::disk::{Disk, FileIdentity};
use super::{ChangeReason, HistoryEntry, SentChanges, StoreError};
use crate::model::EditGroup;
use crate::model::write::compact;

/// The part of a line that every version understands. Other fields are kept when lines are copied.
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
    /// The identity of the data file that the commit wrote.
    #[serde(default)]
    pub(super) file: Option<FileIdentity>,
    /// The digest of the content of that data file.
    #[serde(default, deserialize_with = "Digest::read")]
    pub(super) digest: Option<Digest>,
}

impl HistoryLine {
    pub(super) fn parse(line: &[u8]) -> Result<Self, String> {
        serde_json::from_slice(line).map_err(|error| error.to_string())
    }
}

/// A line as it is written: everything that can be long comes last, and only the length of the line is appended after
/// it.
#[derive(Serialize)]
struct SerializedLine<'a> {
    revision: u64,
    id: &'a str,
    time: Timestamp,
    actor: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    undoes: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    redoes: Option<u64>,
    #[serde(rename = "rolled-back", skip_serializing_if = "Option::is_none")]
    rolled_back: Option<u64>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    outside: bool,
    #[serde(rename = "accepted-removals", skip_serializing_if = "std::ops::Not::not")]
    accepted_removals: bool,
    file: &'a FileIdentity,
    digest: Digest,
    edits: &'a EditGroup,
    #[serde(skip_serializing_if = "Option::is_none")]
    sent: Option<&'a SentChanges>,
    #[serde(rename = "send-to", skip_serializing_if = "<[_]>::is_empty")]
    send_to: &'a [Box<str>],
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a ChangeReason>,
}

/// The text before the edits of a line. Nothing before the edits looks like it, as quotes within strings are escaped.
const EDITS_KEY: &[u8] = b",\"edits\":[";
/// The text before the length at the end of a line.
const LENGTH_KEY: &[u8] = b",\"length\":";

/// Serializes the line of a commit that wrote the data file with this identity and digest.
pub(super) fn serialize_line(entry: &HistoryEntry, file: &FileIdentity, digest: Digest) -> String {
    let mut line = compact(&SerializedLine {
        revision: entry.revision,
        id: &entry.id,
        time: entry.time,
        actor: &entry.actor,
        undoes: entry.undoes,
        redoes: entry.redoes,
        rolled_back: entry.rolled_back,
        outside: entry.outside,
        accepted_removals: entry.accepted_removals,
        file,
        digest,
        edits: &entry.group,
        sent: entry.sent.as_ref(),
        send_to: &entry.send_to,
        reason: entry.reason.as_ref(),
    });
    line.pop();
    let fixed_length = line.len() + LENGTH_KEY.len() + "}\n".len();
    // The length includes its own digits.
    let (mut length, mut next_length) = (0, fixed_length + 1);
    while next_length != length {
        length = next_length;
        next_length = fixed_length + length.to_string().len();
    }
    [line, format!(",\"length\":{length}}}\n")].concat()
}

/// The length of a line in bytes, including its newline, as stated at the end of the line; `None` if no length is
/// stated. `end` is the last part of the line.
fn stated_length(end: &[u8]) -> Option<u64> {
    let end = end.strip_suffix(b"}\n")?;
    let digits = end.iter().rev().take_while(|byte| byte.is_ascii_digit()).count();
    let (before, number) = end.split_at_checked(end.len() - digits)?;
    before.ends_with(LENGTH_KEY).then_some(())?;
    std::str::from_utf8(number).ok()?.parse().ok()
}

/// Opens a history for reading; `None` if it does not exist.
pub(super) fn open(disk: &Disk, path: &Path) -> Result<Option<File>, StoreError> {
    let io_error = || StoreError::io("read", path);
    let Some(file) = disk.open(path).map_err(io_error())? else {
        return Ok(None);
    };
    super::file::require_regular(path, &file.metadata().map_err(io_error())?)?;
    Ok(Some(file))
}

/// Yields the lines of a history from the last to the first, reading one block at a time. The start of a line longer
/// than a block is found by the stated length, without reading the whole line. If a line states no length, as in older
/// versions, its start is searched for.
pub(super) struct ReverseLines<'a> {
    file: &'a File,
    /// The offset of the buffer in the file.
    start: u64,
    /// Bytes that were read but not yielded yet.
    buffer: Vec<u8>,
    /// The number of bytes read so far.
    pub(super) bytes_read: u64,
}

/// The size of a block in bytes.
const BLOCK_BYTES: usize = 1 << 16;
/// The number of bytes read at once in search of a newline.
const SCAN_BYTES: u64 = 1 << 20;
/// The number of bytes at the start of a long line in which its edits are searched for.
const HEAD_BYTES: u64 = 1 << 13;

/// A line without its newline, with its position.
pub(super) struct LocatedLine<'a> {
    file: &'a File,
    /// The offset of the line in the file.
    pub(super) offset: u64,
    /// The length in bytes.
    pub(super) length: u64,
    /// Whether the line ends with a newline.
    pub(super) terminated: bool,
    /// The whole line, if it is short.
    pub(super) buffered: Option<Vec<u8>>,
}

impl LocatedLine<'_> {
    /// The whole line.
    pub(super) fn bytes(&self) -> io::Result<Cow<'_, [u8]>> {
        match &self.buffered {
            Some(bytes) => Ok(Cow::Borrowed(bytes)),
            None => read(self.file, self.offset, self.length).map(Cow::Owned),
        }
    }

    /// The part of the line that every version understands; `None` if the line is damaged. Of a long line, only the
    /// part before the edits is read, if it has all of these fields.
    pub(super) fn parse(&self) -> io::Result<Option<HistoryLine>> {
        if self.buffered.is_none() && self.terminated {
            let mut head = read(self.file, self.offset, self.length.min(HEAD_BYTES))?;
            if let Some(end) = memchr::memmem::find(&head, EDITS_KEY) {
                head.truncate(end);
                head.push(b'}');
                if let Some(line) = HistoryLine::parse(&head).ok().filter(|line| line.file.is_some()) {
                    return Ok(Some(line));
                }
            }
        }
        Ok(HistoryLine::parse(&self.bytes()?).ok())
    }
}

fn read(file: &File, offset: u64, length: u64) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; usize::try_from(length).map_err(io::Error::other)?];
    file.read_exact_at(&mut bytes, offset)?;
    Ok(bytes)
}

impl<'a> ReverseLines<'a> {
    /// Creates an iterator whose first line ends at this offset.
    pub(super) fn new(file: &'a File, end: u64) -> Self {
        Self {
            file,
            start: end,
            buffer: Vec::new(),
            bytes_read: 0,
        }
    }

    /// The previous line; `None` at the start of the file.
    pub(super) fn previous(&mut self) -> io::Result<Option<LocatedLine<'a>>> {
        loop {
            let terminated = self.buffer.last() == Some(&b'\n');
            let body = self.buffer.strip_suffix(b"\n").unwrap_or(&self.buffer);
            let newline = memchr::memrchr(b'\n', body);
            if newline.is_some() || (self.start == 0 && !self.buffer.is_empty()) {
                let from = newline.map_or(0, |newline| newline + 1);
                let bytes = body.get(from..).unwrap_or_default().to_vec();
                self.buffer.truncate(from);
                return Ok(Some(LocatedLine {
                    file: self.file,
                    offset: self.start + from as u64,
                    length: bytes.len() as u64,
                    terminated,
                    buffered: Some(bytes),
                }));
            }
            if self.start == 0 {
                return Ok(None);
            }
            if self.buffer.len() >= BLOCK_BYTES {
                let end = self.start + body.len() as u64;
                let start = self.line_start()?;
                self.buffer.clear();
                self.start = start;
                return Ok(Some(LocatedLine {
                    file: self.file,
                    offset: start,
                    length: end - start,
                    terminated,
                    buffered: None,
                }));
            }
            let from = self.start.saturating_sub(BLOCK_BYTES as u64);
            let mut block = self.read(from, self.start)?;
            block.append(&mut self.buffer);
            self.buffer = block;
            self.start = from;
        }
    }

    fn read(&mut self, from: u64, to: u64) -> io::Result<Vec<u8>> {
        self.bytes_read += to - from;
        read(self.file, from, to - from)
    }

    /// The offset of the start of the line whose end is in the buffer.
    fn line_start(&mut self) -> io::Result<u64> {
        let end = self.start + self.buffer.len() as u64;
        let stated = stated_length(&self.buffer).and_then(|length| end.checked_sub(length));
        if let Some(start) = stated.filter(|start| *start < self.start) {
            // The line may have been edited by hand without updating its length.
            let around_start = self.read(start.saturating_sub(1), start + 1)?;
            if matches!(around_start.as_slice(), b"\n{") || (start == 0 && around_start == b"{") {
                return Ok(start);
            }
        }
        let mut start = self.start;
        while start > 0 {
            let from = start.saturating_sub(SCAN_BYTES);
            let block = self.read(from, start)?;
            if let Some(newline) = memchr::memrchr(b'\n', &block) {
                return Ok(from + newline as u64 + 1);
            }
            start = from;
        }
        Ok(0)
    }
}

/// The number of the line that starts at this offset; the first line has the number 1.
pub(super) fn line_number(file: &File, offset: u64) -> io::Result<u64> {
    let (mut number, mut from) = (1, 0);
    while from < offset {
        let length = (offset - from).min(SCAN_BYTES);
        number += memchr::memchr_iter(b'\n', &read(file, from, length)?).count() as u64;
        from += length;
    }
    Ok(number)
}

/// The end of the history, as a writer must know it before appending.
#[derive(Debug, Default)]
pub(super) struct HistoryTail {
    /// The length of the file in bytes.
    pub(super) length: u64,
    /// The length in bytes of the valid part. It is followed only by an incomplete line and by lines about data files
    /// that were never renamed into place.
    pub(super) valid_length: u64,
    /// Whether the last line is valid but lacks its newline.
    pub(super) unterminated: bool,
    /// The last valid line.
    pub(super) last: Option<HistoryLine>,
    /// The offset of the last valid line.
    pub(super) last_offset: u64,
}

/// The maximum number of lines examined in search of the last valid one.
const MAX_EXAMINED_LINES: usize = 4096;

/// Reads the end of the history. `data` is the identity and revision of the current data file; `find_leftover` looks for
/// a leftover temporary file and is called after the length of the history has been determined.
pub(super) fn read_tail(
    file: &File,
    data: Option<(FileIdentity, u64)>,
    find_leftover: impl FnOnce() -> io::Result<Option<FileIdentity>>,
) -> io::Result<HistoryTail> {
    let length = file.metadata()?.len();
    let leftover = find_leftover()?;
    let mut tail = HistoryTail {
        length,
        valid_length: length,
        ..HistoryTail::default()
    };
    let mut lines = ReverseLines::new(file, length);
    // The newest line whose data file seems never to have been renamed into place, with the identity of that file, the
    // offset of the first line about it, and the offset of this newest line.
    let mut doubtful: Option<(HistoryLine, FileIdentity, u64, u64)> = None;
    for _ in 0..MAX_EXAMINED_LINES {
        let Some(found) = lines.previous()? else {
            break;
        };
        let line = found.parse()?;
        let recorded_file = line.as_ref().and_then(|line| line.file);
        if !found.terminated {
            let is_current = recorded_file
                .zip(data)
                .is_some_and(|(recorded_file, (data, _))| recorded_file.same_content(&data));
            if !is_current {
                tail.valid_length = found.offset;
                continue;
            }
            tail.unterminated = true;
        }
        let Some(line) = line else {
            continue;
        };
        // The line is about a data file that still has its temporary name, so it was never renamed into place.
        if recorded_file
            .zip(leftover)
            .is_some_and(|(recorded_file, leftover)| leftover.same_content(&recorded_file))
        {
            tail.valid_length = found.offset;
            tail.unterminated = false;
            continue;
        }
        match (recorded_file, &mut doubtful) {
            (Some(recorded_file), Some((_, doubtful_file, first, _)))
                if recorded_file.same_content(doubtful_file) =>
            {
                *first = found.offset;
                continue;
            }
            (Some(recorded_file), None) if is_older(data, &recorded_file, line.revision) => {
                doubtful = Some((line, recorded_file, found.offset, found.offset));
                continue;
            }
            _ => {}
        }
        let is_current = recorded_file
            .zip(data)
            .is_some_and(|(recorded_file, (data, _))| recorded_file.same_content(&data));
        match doubtful.take() {
            Some((_, _, first, _)) if is_current => {
                tail.valid_length = first;
                tail.unterminated = false;
                (tail.last, tail.last_offset) = (Some(line), found.offset);
            }
            Some((newest, _, _, offset)) => (tail.last, tail.last_offset) = (Some(newest), offset),
            None => (tail.last, tail.last_offset) = (Some(line), found.offset),
        }
        return Ok(tail);
    }
    if let Some((newest, _, _, offset)) = doubtful {
        (tail.last, tail.last_offset) = (Some(newest), offset);
    }
    Ok(tail)
}

/// Whether the data file is older than the one that a line records (`recorded_file`), and has an earlier revision than
/// the line. If the previous line records the data file, the rename was lost in a power failure; otherwise the data
/// file may be a backup that was restored while the clock was wrong.
fn is_older(data: Option<(FileIdentity, u64)>, recorded_file: &FileIdentity, revision: u64) -> bool {
    data.is_some_and(|(data, data_revision)| {
        !data.same_content(recorded_file) && data.ctime < recorded_file.ctime && data_revision < revision
    })
}

/// The revision and digest of the last line whose data file had the same content as the file with this identity and
/// digest; `None` if none of the last 8 lines is about such a file, or if they cannot be read. Lines of older versions,
/// which have no digest, are compared by file identity.
pub(super) fn find_recorded(
    disk: &Disk,
    path: &Path,
    identity: &FileIdentity,
    digest: impl Fn() -> Digest,
) -> Option<(u64, Option<Digest>)> {
    let file = open(disk, path).ok()??;
    let mut lines = ReverseLines::new(&file, file.metadata().ok()?.len());
    // Other processes may have appended lines since the data file was read.
    for _ in 0..8 {
        let line = lines.previous().ok()??.parse().ok()?;
        let is_same = line.as_ref().is_some_and(|line| match (line.digest, line.file) {
            (Some(recorded), _) => recorded == digest(),
            (None, recorded_file) => {
                recorded_file.is_some_and(|recorded_file| recorded_file.same_content(identity))
            }
        });
        if let Some(line) = line.filter(|_| is_same) {
            return Some((line.revision, line.digest));
        }
    }
    None
}

#[cfg(test)]
#[path = "history_tests.rs"]
mod tests;
