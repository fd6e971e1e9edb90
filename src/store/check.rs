//! Checking a data file and its history.

use std::collections::HashSet;
use std::fmt::Display;
use std::fs::File;
use std::io::{BufRead, BufReader, Seek};
use std::path::{Path, PathBuf};

use super::digest::Digest;
use super::disk::{Disk, FileIdentity};
use super::history::{self, HistoryLine};
use super::room_spans::digest_of;
use super::{HistoryEntry, Paths, StoreError, file, rewrite};
use crate::model::Wardrobe;

/// The result of [`check()`].
#[derive(Debug, Default)]
pub struct CheckReport {
    /// The data file, with symbolic links resolved.
    pub path: PathBuf,
    /// Whether the data file exists and can be read.
    pub exists: bool,
    /// The revision of the data file.
    pub revision: u64,
    /// The number of rooms.
    pub rooms: usize,
    /// The number of users in all rooms.
    pub users: usize,
    /// The number of attachments.
    pub attachments: usize,
    /// The number of readable history lines.
    pub history_lines: usize,
    /// Harmless findings, one sentence each.
    pub remarks: Vec<String>,
    /// Problems of the history, one sentence each, including a missing data file whose history exists.
    pub errors: Vec<String>,
    /// The error if the data file cannot be read.
    pub unreadable: Option<StoreError>,
}

impl CheckReport {
    /// The exit code of the error of the data file, if there is one; otherwise 1 if the history has problems, and 0 if
    /// it has none.
    pub fn exit_code(&self) -> u8 {
        match &self.unreadable {
            Some(error) => error.exit_code(),
            None => u8::from(!self.errors.is_empty()),
        }
    }
}

/// The result of [`repair_history`].
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RepairReport {
    /// The number of readable lines, which were kept.
    pub kept: usize,
    /// The number of damaged lines, which were moved.
    pub moved: usize,
    /// The file with the damaged lines; `None` if there were none and nothing was changed.
    pub moved_to: Option<PathBuf>,
}

/// The maximum number of remarks about the wardrobe, and of damaged lines, that are listed individually.
const MAX_LISTED: usize = 20;

/// Checks a data file and its history without changing anything.
pub fn check(path: &Path) -> CheckReport {
    let mut report = CheckReport {
        path: path.to_path_buf(),
        ..CheckReport::default()
    };
    let disk = Disk::default();
    let paths = match Paths::resolve(path) {
        Ok(paths) => paths,
        Err(error) => {
            report.unreadable = Some(error);
            return report;
        }
    };
    report.path.clone_from(&paths.data);
    let mut data = None;
    match file::read(&disk, &paths.data, &Wardrobe::default(), &|_, _| ()) {
        Ok(None) => report
            .remarks
            .push(format!("{}: no such file", paths.data.display())),
        Ok(Some(contents)) => {
            report.check_wardrobe(&contents.wardrobe);
            let digest = digest_of(&contents.wardrobe, Some((&contents.wardrobe, &contents.spans)));
            data = Some((contents.identity, contents.wardrobe.revision, digest));
        }
        Err(error) => match file::read_blank(&disk, &paths) {
            Ok(Some(contents)) => {
                report.check_wardrobe(&contents.wardrobe);
                let path = paths.data.display();
                report
                    .remarks
                    .push(format!("{path} is empty; the first change writes it"));
            }
            _ => report.unreadable = Some(error),
        },
    }
    let leftover = disk.metadata(&paths.data_temporary).ok().flatten();
    if leftover.is_some() {
        let path = paths.data_temporary.display();
        report.remarks.push(format!(
            "{path}: a save is in progress or was interrupted; removed at the next start"
        ));
    }
    match history::open(&disk, &paths.history) {
        Ok(None) => report
            .remarks
            .push(format!("{}: no such file", paths.history.display())),
        Ok(Some(file)) => report.check_history(&disk, &paths, &file, data),
        Err(error) => report.errors.push(error.to_string()),
    }
    report
}

impl CheckReport {
    fn check_wardrobe(&mut self, wardrobe: &Wardrobe) {
        self.exists = true;
        self.revision = wardrobe.revision;
        self.rooms = wardrobe.rooms().len();
        self.users = wardrobe.user_count();
        self.attachments = wardrobe.attachment_count();
        let (mut remarks, mut unlisted) = (Vec::new(), 0);
        let mut remark = |text: &dyn Fn() -> String| {
            if remarks.len() < MAX_LISTED {
                remarks.push(text());
            } else {
                unlisted += 1;
            }
        };
        for (room_jid, room) in wardrobe.rooms() {
            let mut reported = HashSet::new();
            for (user_jid, user) in room.users() {
                let affiliation = user.affiliation;
                if !affiliation.is_affiliated() && !user.hats.is_empty() {
                    remark(&|| {
                        format!("{user_jid} in {room_jid} has hats despite the affiliation {affiliation}")
                    });
                }
                for (hat, _) in user.hats.iter() {
                    if !hat.is_uri() && reported.insert(hat) {
                        remark(&|| format!("a hat ID in {room_jid} is not a URI: {:?}", hat.as_str()));
                    }
                }
            }
        }
        if let Err(error) = wardrobe.hat_sets() {
            self.remarks.push(error.to_string());
        }
        self.remarks.append(&mut remarks);
        if unlisted > 0 {
            self.remarks.push(format!("… and {unlisted} more"));
        }
    }

    /// Checks the history. `data` has the identity, revision and digest of the data file; `None` if it is missing, empty
    /// or unreadable.
    fn check_history(
        &mut self,
        disk: &Disk,
        paths: &Paths,
        file: &File,
        data: Option<(FileIdentity, u64, Digest)>,
    ) {
        let name = paths.history.display();
        let io_error = |error| StoreError::io("read", &paths.history)(error).to_string();
        let find_leftover = || {
            Ok(disk
                .metadata(&paths.data_temporary)?
                .as_ref()
                .map(FileIdentity::of))
        };
        let tail = match history::read_tail(
            file,
            data.map(|(identity, revision, _)| (identity, revision)),
            find_leftover,
        ) {
            Ok(tail) => tail,
            Err(error) => return self.errors.push(io_error(error)),
        };
        if tail.valid_length < tail.length {
            let remark = "incomplete last entry (never confirmed); removed by the next save";
            self.remarks.push(format!("{name}: {remark}"));
        }
        if data.is_none() && self.unreadable.is_none() && tail.last.is_some() {
            self.errors
                .push(StoreError::missing(&paths.data, &paths.history).to_string());
        }
        let last = tail.last.and_then(|line| Some((line.file?, line.digest)));
        if let (Some((written, recorded)), Some((data, _, digest))) = (last, data)
            && !recorded.map_or_else(|| written.same_content(&data), |recorded| recorded == digest)
        {
            self.remarks.push(format!(
                "{} was changed outside hatrack since the last save; recorded with the next save",
                paths.data.display()
            ));
        }
        match self.check_lines(&name, file, tail.valid_length) {
            Err(error) => self.errors.push(io_error(error)),
            Ok((damaged, unknown)) => {
                if damaged > 0 {
                    let lines = if damaged == 1 { "line is" } else { "lines are" };
                    self.errors.push(format!(
                        "{damaged} {lines} damaged; run hatrack check --repair to move the damaged lines to a separate file"
                    ));
                }
                if unknown > 0 {
                    let lines = if unknown == 1 { "line" } else { "lines" };
                    self.remarks.push(format!(
                        "{name}: {unknown} {lines} of another hatrack version (kept)"
                    ));
                }
            }
        }
    }

    /// Reads the first `valid_length` bytes. Counts the damaged lines, of which the first ones are listed, and the
    /// lines that only another version understands.
    fn check_lines(
        &mut self,
        name: &impl Display,
        file: &File,
        valid_length: u64,
    ) -> std::io::Result<(usize, usize)> {
        let (mut damaged, mut unknown, mut offset) = (0, 0, 0);
        let mut reader = BufReader::new(file);
        reader.rewind()?;
        let mut line = Vec::new();
        for number in 1.. {
            line.clear();
            if offset >= valid_length || reader.read_until(b'\n', &mut line)? == 0 {
                break;
            }
            offset += line.len() as u64;
            let text = line.strip_suffix(b"\n").unwrap_or(&line);
            if let Err(error) = HistoryLine::parse(text) {
                damaged += 1;
                match damaged {
                    1 => self.errors.push(format!("{name}: line {number}: {error}")),
                    2..=MAX_LISTED => self.errors.push(format!("line {number}: {error}")),
                    _ => {}
                }
            } else {
                self.history_lines += 1;
                unknown += usize::from(serde_json::from_slice::<HistoryEntry>(text).is_err());
            }
        }
        Ok((damaged, unknown))
    }
}

/// Keeps every readable line of the history and moves the others to a separate file.
pub fn repair_history(path: &Path) -> Result<RepairReport, StoreError> {
    repair_history_on(&Disk::default(), path)
}

/// Like [`repair_history`], with this disk.
pub fn repair_history_on(disk: &Disk, path: &Path) -> Result<RepairReport, StoreError> {
    let paths = Paths::resolve(path)?;
    let (kept, moved, moved_to) = rewrite::repair(disk, &paths)?;
    Ok(RepairReport {
        kept,
        moved,
        moved_to,
    })
}
