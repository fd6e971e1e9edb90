//! The history: one line a commit, and what the last lines say about the data file.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;

use jiff::Timestamp;
use serde::Deserialize;

use super::disk::{Disk, Identity};
use super::{Entry, Error};
use crate::model::write::compact;

/// What every version of the program understands of a line. Members beside these are kept wherever lines are.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Line {
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
    pub(super) file: Option<Identity>,
}

impl Line {
    pub(super) fn parse(line: &[u8]) -> Result<Self, String> {
        serde_json::from_slice(line).map_err(|error| error.to_string())
    }
}

/// The line of a commit that made this data file.
pub(super) fn line(entry: &Entry, file: &Identity) -> String {
    let mut line = compact(entry);
    line.pop();
    line.push_str(",\"file\":");
    line.push_str(&compact(file));
    line.push_str("}\n");
    line
}

/// A history for reading; `None` where there is none.
pub(super) fn open(disk: &Disk, path: &Path) -> Result<Option<File>, Error> {
    let wrong = || Error::io("read", path);
    let Some(file) = disk.open(path).map_err(wrong())? else {
        return Ok(None);
    };
    super::file::regular(path, &file.metadata().map_err(wrong())?)?;
    Ok(Some(file))
}

/// Lines from the last to the first; a block of the file at a time.
pub(super) struct Backwards<'a> {
    file: &'a File,
    /// What was read and not given yet begins here in the file.
    start: u64,
    buffer: Vec<u8>,
}

/// What is read at once.
const BLOCK: usize = 1 << 16;

/// A line without its newline, and where it is.
pub(super) struct Found {
    pub(super) at: u64,
    pub(super) bytes: Vec<u8>,
    /// Whether its newline is there.
    pub(super) ended: bool,
}

impl<'a> Backwards<'a> {
    /// From before this place.
    pub(super) fn from(file: &'a File, end: u64) -> Self {
        Self {
            file,
            start: end,
            buffer: Vec::new(),
        }
    }

    /// The line before; `None` at the beginning of the file.
    pub(super) fn before(&mut self) -> io::Result<Option<Found>> {
        loop {
            let ended = self.buffer.last() == Some(&b'\n');
            let body = self.buffer.strip_suffix(b"\n").unwrap_or(&self.buffer);
            let newline = memchr::memrchr(b'\n', body);
            if newline.is_some() || (self.start == 0 && !self.buffer.is_empty()) {
                let from = newline.map_or(0, |newline| newline + 1);
                let found = Found {
                    at: self.start + from as u64,
                    bytes: body.get(from..).unwrap_or_default().to_vec(),
                    ended,
                };
                self.buffer.truncate(from);
                return Ok(Some(found));
            }
            if self.start == 0 {
                return Ok(None);
            }
            // A long line is read in ever larger blocks, so that all of it is moved a few times only.
            let more = BLOCK.max(self.buffer.len()) as u64;
            let from = self.start.saturating_sub(more);
            let length = usize::try_from(self.start - from).map_err(io::Error::other)?;
            let mut block = vec![0; length];
            self.file.read_exact_at(&mut block, from)?;
            block.append(&mut self.buffer);
            self.buffer = block;
            self.start = from;
        }
    }
}

/// What a writer must know of the history before it adds to it.
#[derive(Debug, Default)]
pub(super) struct Tail {
    /// How long the file is.
    pub(super) length: u64,
    /// What is to stay of it: behind are a torn line and lines whose data file never came to be.
    pub(super) keep: u64,
    /// The last line lacks only its newline.
    pub(super) unended: bool,
    /// Of the last line that stays.
    pub(super) last: Option<Line>,
}

/// So many lines that cannot be read are passed over in search of one that can.
const PATIENCE: usize = 4096;

/// Reads the end of the history. `data`: the data file that there is, and its revision; `left`: looks for a temporary
/// file that a writer left, after it is settled how far the history is read.
pub(super) fn tail(
    file: &File,
    data: Option<(Identity, u64)>,
    left: impl FnOnce() -> io::Result<Option<Identity>>,
) -> io::Result<Tail> {
    let length = file.metadata()?.len();
    let left = left()?;
    let mut tail = Tail {
        length,
        keep: length,
        ..Tail::default()
    };
    let mut lines = Backwards::from(file, length);
    // The newest line whose data file seems never to have come to be, and where the first one for that file is.
    let mut doubtful: Option<(Line, Identity, u64)> = None;
    for _ in 0..PATIENCE {
        let Some(found) = lines.before()? else {
            break;
        };
        let line = Line::parse(&found.bytes).ok();
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
            (Some(made), Some((_, of, at))) if made.same_file(of) => {
                *at = found.at;
                continue;
            }
            (Some(made), None) if is_older(data, &made, line.revision) => {
                doubtful = Some((line, made, found.at));
                continue;
            }
            _ => {}
        }
        let is_before = made
            .zip(data)
            .is_some_and(|(made, (data, _))| made.same_file(&data));
        match doubtful.take() {
            Some((_, _, at)) if is_before => {
                tail.keep = at;
                tail.unended = false;
                tail.last = Some(line);
            }
            Some((newest, _, _)) => tail.last = Some(newest),
            None => tail.last = Some(line),
        }
        return Ok(tail);
    }
    tail.last = doubtful.map(|(newest, _, _)| newest);
    Ok(tail)
}

/// Whether the data file was last touched before the one that a line made, and is of an earlier revision. Where it is the
/// one of the line before, too, then what was renamed was lost with the power; else it may be a backup that was put back
/// while the clock was wrong.
fn is_older(data: Option<(Identity, u64)>, made: &Identity, revision: u64) -> bool {
    data.is_some_and(|(data, of)| !data.same_file(made) && data.ctime < made.ctime && of < revision)
}

/// Whether one of the last lines made this data file.
pub(super) fn knows(disk: &Disk, path: &Path, identity: &Identity) -> bool {
    let Ok(Some(file)) = open(disk, path) else {
        return false;
    };
    let Ok(metadata) = file.metadata() else {
        return false;
    };
    let mut lines = Backwards::from(&file, metadata.len());
    // Others may have added some since the file was read.
    for _ in 0..8 {
        let Ok(Some(found)) = lines.before() else {
            return false;
        };
        let made = Line::parse(&found.bytes).ok().and_then(|line| line.file);
        if made.is_some_and(|made| made.same_file(identity)) {
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        /// Read backwards, the lines are the file's.
        #[test]
        fn backwards_gives_every_line(
            lines in prop::collection::vec(prop_oneof![0usize..5, 65_530usize..65_540, Just(200_000)], 0..6),
            ended: bool,
        ) {
            let lines: Vec<String> = lines.into_iter().map(|length| "x".repeat(length)).collect();
            let mut text = lines.join("\n");
            if ended && !lines.is_empty() {
                text.push('\n');
            }
            let mut file = tempfile::tempfile().unwrap();
            file.write_all(text.as_bytes()).unwrap();
            let mut back = Backwards::from(&file, text.len() as u64);
            let mut found = Vec::new();
            while let Some(line) = back.before().unwrap() {
                prop_assert_eq!(&text.as_bytes()[usize::try_from(line.at).unwrap()..][..line.bytes.len()], &line.bytes[..]);
                found.push(String::from_utf8(line.bytes).unwrap());
            }
            found.reverse();
            let expected: Vec<&str> = text.lines().collect();
            prop_assert_eq!(found, expected);
        }
    }
}
