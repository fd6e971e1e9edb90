//! Looking a data file and its history over.

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

/// What was found. Nothing was changed.
#[derive(Debug, Default)]
pub struct CheckReport {
    /// The data file, with symbolic links followed.
    pub path: PathBuf,
    /// Whether there is a data file.
    pub exists: bool,
    /// Its revision.
    pub revision: u64,
    /// How many rooms.
    pub rooms: usize,
    /// How many users.
    pub users: usize,
    /// How many attachments.
    pub attachments: usize,
    /// How many lines of history can be read.
    pub history_lines: usize,
    /// What is worth knowing and harms nothing: one sentence each.
    pub remarks: Vec<String>,
    /// What is wrong with the history: one sentence each.
    pub errors: Vec<String>,
    /// Why the data file cannot be read.
    pub unreadable: Option<StoreError>,
}

impl CheckReport {
    /// 0 when all is well, 1 when the history is damaged, else that of the error with the data file.
    pub fn exit_code(&self) -> u8 {
        match &self.unreadable {
            Some(error) => error.exit_code(),
            None => u8::from(!self.errors.is_empty()),
        }
    }
}

/// What a repair did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RepairReport {
    /// Lines that stay.
    pub kept: usize,
    /// Lines that could not be read.
    pub moved: usize,
    /// Where those are now; `None` when there were none and nothing was changed.
    pub copy: Option<PathBuf>,
}

/// So many of a kind are named one by one.
const NAMED: usize = 20;

/// Looks a data file and its history over and changes nothing.
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
            .push(format!("there is no {}", paths.data.display())),
        Ok(Some(contents)) => {
            report.count(&contents.wardrobe);
            let digest = digest_of(&contents.wardrobe, Some((&contents.wardrobe, &contents.layout)));
            data = Some((contents.identity, contents.wardrobe.revision, digest));
        }
        Err(error) => match file::blank(&disk, &paths) {
            Ok(Some(contents)) => {
                report.count(&contents.wardrobe);
                let path = paths.data.display();
                report
                    .remarks
                    .push(format!("{path} has no bytes yet; the first change writes it"));
            }
            _ => report.unreadable = Some(error),
        },
    }
    let left = disk.look(&paths.data_temporary).ok().flatten();
    if left.is_some() {
        let path = paths.data_temporary.display();
        report.remarks.push(format!(
            "somebody is writing just now, or was killed while writing; the next start removes {path}"
        ));
    }
    match history::open(&disk, &paths.history) {
        Ok(None) => report
            .remarks
            .push(format!("there is no {}", paths.history.display())),
        Ok(Some(file)) => report.look_over(&disk, &paths, &file, data),
        Err(error) => report.errors.push(error.to_string()),
    }
    report
}

impl CheckReport {
    fn count(&mut self, wardrobe: &Wardrobe) {
        self.exists = true;
        self.revision = wardrobe.revision;
        self.rooms = wardrobe.rooms().len();
        self.users = wardrobe.users();
        self.attachments = wardrobe.attachments();
        let (mut odd, mut more) = (Vec::new(), 0);
        let mut remark = |text: &dyn Fn() -> String| {
            if odd.len() < NAMED {
                odd.push(text());
            } else {
                more += 1;
            }
        };
        for (jid, room) in wardrobe.rooms() {
            let mut told = HashSet::new();
            for (user, what) in room.users() {
                let affiliation = what.affiliation;
                if !affiliation.is_affiliated() && !what.hats.is_empty() {
                    remark(&|| format!("{user} in {jid} has hats, but the affiliation is {affiliation}"));
                }
                for (hat, _) in what.hats.iter() {
                    if !hat.is_uri() && told.insert(hat) {
                        remark(&|| format!("the id of a hat in {jid} is no URI: {:?}", hat.as_str()));
                    }
                }
            }
        }
        if let Err(error) = wardrobe.sets() {
            self.remarks.push(error.to_string());
        }
        self.remarks.append(&mut odd);
        if more > 0 {
            self.remarks.push(format!("… and {more} more like these"));
        }
    }

    fn look_over(
        &mut self,
        disk: &Disk,
        paths: &Paths,
        file: &File,
        data: Option<(FileIdentity, u64, Digest)>,
    ) {
        let name = paths.history.display();
        let wrong = |error| StoreError::io("read", &paths.history)(error).to_string();
        let left = || Ok(disk.look(&paths.data_temporary)?.as_ref().map(FileIdentity::of));
        let tail = match history::tail(
            file,
            data.map(|(identity, revision, _)| (identity, revision)),
            left,
        ) {
            Ok(tail) => tail,
            Err(error) => return self.errors.push(wrong(error)),
        };
        if tail.keep < tail.length {
            let what = "the last change was not finished and not acknowledged; the next commit removes it";
            self.remarks.push(format!("{name}: {what}"));
        }
        if data.is_none() && self.unreadable.is_none() && tail.last.is_some() {
            self.errors
                .push(StoreError::missing(&paths.data, &paths.history).to_string());
        }
        let last = tail.last.and_then(|line| Some((line.file?, line.digest)));
        if let (Some((made, digest)), Some((data, _, now))) = (last, data)
            && !digest.map_or_else(|| made.same_file(&data), |digest| digest == now)
        {
            self.remarks.push(format!(
                "{} was changed by something else since the last commit; the next one notes it",
                paths.data.display()
            ));
        }
        match self.lines(&name, file, tail.keep) {
            Err(error) => self.errors.push(wrong(error)),
            Ok((damaged, unknown)) => {
                if damaged > 0 {
                    let lines = if damaged == 1 { "line is" } else { "lines are" };
                    self.errors.push(format!(
                        "{damaged} {lines} damaged; hatrack check --repair moves what is damaged into a file beside it"
                    ));
                }
                if unknown > 0 {
                    self.remarks.push(format!(
                        "{name}: {unknown} lines are of another version of hatrack and are kept"
                    ));
                }
            }
        }
    }

    /// How many lines cannot be read, the first of which are named; and how many can, but not by this version.
    fn lines(&mut self, name: &impl Display, file: &File, keep: u64) -> std::io::Result<(usize, usize)> {
        let (mut damaged, mut unknown, mut at) = (0, 0, 0);
        let mut reader = BufReader::new(file);
        reader.rewind()?;
        let mut line = Vec::new();
        for number in 1.. {
            line.clear();
            if at >= keep || reader.read_until(b'\n', &mut line)? == 0 {
                break;
            }
            at += line.len() as u64;
            let text = line.strip_suffix(b"\n").unwrap_or(&line);
            if let Err(why) = HistoryLine::parse(text) {
                damaged += 1;
                match damaged {
                    1 => self.errors.push(format!("{name}: line {number}: {why}")),
                    2..=NAMED => self.errors.push(format!("line {number}: {why}")),
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

/// Keeps every line of the history that can be read and puts the rest into a file beside it.
pub fn repair_history(path: &Path) -> Result<RepairReport, StoreError> {
    repair_history_on(&Disk::default(), path)
}

/// The same on a file system of one's own.
pub fn repair_history_on(disk: &Disk, path: &Path) -> Result<RepairReport, StoreError> {
    let paths = Paths::resolve(path)?;
    let (kept, moved, copy) = rewrite::repair(disk, &paths)?;
    Ok(RepairReport { kept, moved, copy })
}
