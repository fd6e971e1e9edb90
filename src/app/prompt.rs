//! A line to be typed, with perhaps a choice beside it: the name of a file to read or write, or of a set of hats.

use crate::exchange::{ExportScope, FileFormat, ImportTarget};
use crate::model::Hats;

use super::text::TextInput;

/// A question that is answered by typing.
#[derive(Debug, Clone)]
pub struct Prompt {
    /// What it is for.
    pub kind: PromptKind,
    /// What is typed.
    pub text: TextInput,
    /// What can be chosen beside it, in words; may be nothing.
    pub choices: Vec<String>,
    /// Which is chosen.
    pub at: usize,
    /// Something outside is being done, and will answer.
    pub is_waiting: bool,
    /// What is wrong, the first line a heading.
    pub errors: Vec<String>,
}

/// What is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PromptKind {
    /// A file to import. What has no address in it belongs to the target.
    Import(ImportTarget),
    /// A file to export into; of these parts one is chosen.
    Export(Vec<ExportScope>),
    /// A name for a set of these hats, and whose they are.
    SaveSet(Hats, String),
    /// Another name for the set of this one.
    RenameSet(Box<str>),
}

/// A file to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExportRequest {
    /// As it was typed.
    pub path: String,
    /// What of the wardrobe.
    pub scope: ExportScope,
    /// As what.
    pub format: FileFormat,
    /// A file that is there is replaced.
    pub overwrite: bool,
}

/// How the writing of a file ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ExportOutcome {
    /// It is written; what the form could not hold.
    Done(Vec<String>),
    /// There is such a file already; it is as it was.
    Exists,
}

impl Prompt {
    pub(super) fn new(ask: PromptKind, text: &str, choices: Vec<String>, at: usize) -> Self {
        Self {
            kind: ask,
            text: TextInput::new(text),
            choices,
            at,
            is_waiting: false,
            errors: Vec::new(),
        }
    }

    /// The heading.
    pub fn heading(&self) -> &'static str {
        match &self.kind {
            PromptKind::Import(_) => "Import",
            PromptKind::Export(_) => "Export",
            PromptKind::SaveSet(..) => "Save a set of hats",
            PromptKind::RenameSet(_) => "Rename a set of hats",
        }
    }

    /// The words before the line and before the choice.
    pub fn labels(&self) -> [&'static str; 2] {
        match &self.kind {
            PromptKind::Import(_) => ["File", "And"],
            PromptKind::Export(_) => ["File", "What"],
            PromptKind::SaveSet(..) | PromptKind::RenameSet(_) => ["Name", ""],
        }
    }

    /// What to type, and what comes of it.
    pub fn hint(&self) -> String {
        match &self.kind {
            PromptKind::Import(_) => "a table (CSV) or JSON; it is shown before anything is changed".into(),
            PromptKind::Export(_) => "its name ends in .csv (a table) or .json (all there is)".into(),
            PromptKind::SaveSet(hats, of) => format!("for {} of {of}", super::describe::hats(hats)),
            PromptKind::RenameSet(name) => format!("until now: {name}"),
        }
    }

    pub(super) fn refuse(&mut self, wrong: Vec<String>) {
        self.errors = wrong;
        self.is_waiting = false;
    }
}
