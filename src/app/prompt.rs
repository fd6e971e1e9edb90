//! Prompts for one line of text, optionally with a choice: a file to import or export, the name of a hat set, the
//! reason of a change, or the time since which changes are undone.

use crate::exchange::{ExportScope, FileFormat, ImportTarget};
use crate::model::Hats;

use super::Keymap;
use super::command::CommandId;
use super::draft::PromptDraft;
use super::text::TextInput;

/// A prompt overlay.
#[derive(Debug, Clone)]
pub struct Prompt {
    /// The kind of text that is asked for.
    pub kind: PromptKind,
    /// The text typed.
    pub text: TextInput,
    /// The options of the choice; may be empty.
    pub choices: Vec<String>,
    /// Index of the selected option.
    pub selected: usize,
    /// Whether the choice has the focus, not the text.
    pub is_choosing: bool,
    /// Whether the prompt waits for the result of an import or export.
    pub is_waiting: bool,
    /// Errors; the first line is a heading.
    pub errors: Vec<String>,
    /// The names to which the typed path can be completed.
    pub completions: Vec<String>,
}

/// The kind of text that a prompt asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PromptKind {
    /// A file to import. The target gives the address of a room or user that the file does not name.
    Import(ImportTarget),
    /// A file to export to, and the scopes to choose from.
    Export(Vec<ExportScope>),
    /// A name for a new set of these hats; the text says whose hats they are.
    SaveSet(Hats, String),
    /// A new name for this set.
    RenameSet(Box<str>),
    /// The reason for a change. The prompt is above the question that asks whether to make the change.
    Reason,
    /// The time since which the changes of an actor are undone.
    UndoSince(ActorUndo),
}

/// The selected entry of the history whose actor's changes are undone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActorUndo {
    /// The actor.
    pub actor: String,
    /// The revision of the entry.
    pub revision: u64,
    /// The time of the entry, such as `2026-01-31 12:00`.
    pub time: String,
}

/// The text that stands for the selected entry.
pub(super) const SELECTED: &str = "selected";

/// How a file is imported.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ImportMode {
    /// Its content is added; hats are inactive unless it says otherwise.
    Add,
    /// Its content is added; hats are active unless it says otherwise.
    AddActive,
    /// It replaces what it describes.
    Replace,
}

impl ImportMode {
    /// All modes, in the order of the choice.
    pub(super) const ALL: [Self; 3] = [Self::Add, Self::AddActive, Self::Replace];

    /// The option in words.
    pub(super) fn label(self) -> &'static str {
        match self {
            Self::Add => "add to existing data",
            Self::AddActive => "add, and make hats active",
            Self::Replace => "replace existing data (JSON only)",
        }
    }

    /// The effect of the option.
    fn hint(self) -> &'static str {
        match self {
            Self::Add => "hats are inactive unless the file says otherwise",
            Self::AddActive => "hats are active unless the file says otherwise",
            Self::Replace => "removes what the file does not contain",
        }
    }
}

/// A requested export.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExportRequest {
    /// The path as typed.
    pub path: String,
    /// The part of the wardrobe.
    pub scope: ExportScope,
    /// The file format.
    pub format: FileFormat,
    /// Whether to overwrite an existing file.
    pub overwrite: bool,
}

/// The outcome of an export.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ExportOutcome {
    /// The file was written. Lists the data that the format cannot represent.
    Done(Vec<String>),
    /// The file exists and was not changed.
    Exists,
}

/// The heading of the prompt for a file to import.
pub(super) const IMPORT_HEADING: &str = "Import";

impl Prompt {
    /// The action that Enter starts, as one word.
    pub fn verb(&self) -> &'static str {
        match self.kind {
            PromptKind::Import(_) | PromptKind::UndoSince(_) => "Preview",
            PromptKind::Export(_) => "Export",
            PromptKind::SaveSet(..) => "Save",
            PromptKind::RenameSet(_) => "Rename",
            PromptKind::Reason => "Set",
        }
    }

    pub(super) fn new(kind: PromptKind, text: &str, choices: Vec<String>, selected: usize) -> Self {
        Self {
            kind,
            text: TextInput::new(text),
            choices,
            selected,
            is_choosing: false,
            is_waiting: false,
            errors: Vec::new(),
            completions: Vec::new(),
        }
    }

    /// The heading.
    pub fn heading(&self) -> &'static str {
        match &self.kind {
            PromptKind::Import(_) => IMPORT_HEADING,
            PromptKind::Export(_) => "Export",
            PromptKind::SaveSet(..) => "Save as hat set",
            PromptKind::RenameSet(_) => "Rename hat set",
            PromptKind::Reason => "Reason",
            PromptKind::UndoSince(_) => "Undo changes",
        }
    }

    /// The heading; for [`PromptKind::UndoSince`], with the actor.
    pub fn full_heading(&self) -> String {
        match &self.kind {
            PromptKind::UndoSince(undo) => format!("{} by {}", self.heading(), undo.actor),
            _ => self.heading().to_owned(),
        }
    }

    /// The entry for a draft; `None` if the text was not changed or is blank, and for [`PromptKind::UndoSince`].
    pub(super) fn draft(&self) -> Option<PromptDraft> {
        let is_kept = !matches!(self.kind, PromptKind::UndoSince(_)) && self.text.is_changed();
        (is_kept && !self.text.text().trim().is_empty()).then(|| PromptDraft {
            heading: self.heading().to_owned(),
            text: self.text.text(),
        })
    }

    /// The labels of the text and of the choice; the second is empty if there is no choice.
    pub fn labels(&self) -> [&'static str; 2] {
        match &self.kind {
            PromptKind::Import(_) => ["File", "Mode"],
            PromptKind::Export(_) => ["File", "Content"],
            PromptKind::SaveSet(..) | PromptKind::RenameSet(_) => ["Name", ""],
            PromptKind::Reason => ["Reason", ""],
            PromptKind::UndoSince(_) => ["Since", ""],
        }
    }

    /// A hint on what to enter.
    pub fn hint(&self) -> String {
        if let [_, _, ..] = self.completions.as_slice() {
            let number = super::describe::count(self.completions.len(), "name");
            return format!("{number}: {}", super::describe::first_few(&self.completions));
        }
        match &self.kind {
            PromptKind::Import(_) => {
                "JSON, CSV or a server's list of affiliations or hats; a preview is shown first".into()
            }
            PromptKind::Export(_) => ".csv for a table, .json for complete data".into(),
            PromptKind::SaveSet(hats, owner) => format!("Hats of {owner}: {}", super::describe::hats(hats)),
            PromptKind::RenameSet(name) => format!("Current name: {name}"),
            PromptKind::Reason => {
                "kept in the history; sent to the server together with changed affiliations".into()
            }
            PromptKind::UndoSince(undo) => format!(
                "for example today or 2 hours ago; \"{SELECTED}\" for the selected change ({}) and later, \"all\" for all changes",
                undo.time
            ),
        }
    }

    /// A hint on what to choose.
    pub fn choice_hint(&self, keymap: &Keymap) -> String {
        let previous = keymap.arrow_name(CommandId::PreviousOption);
        let next = keymap.arrow_name(CommandId::NextOption);
        match &self.kind {
            PromptKind::Import(_) => {
                let meaning = self.import_mode().hint();
                format!("press {previous} or {next} to change; {meaning}")
            }
            PromptKind::Export(_) => format!("press {previous} or {next} to choose what to export"),
            PromptKind::SaveSet(..)
            | PromptKind::RenameSet(_)
            | PromptKind::Reason
            | PromptKind::UndoSince(_) => String::new(),
        }
    }

    /// How the file is to be imported.
    pub(super) fn import_mode(&self) -> ImportMode {
        ImportMode::ALL
            .get(self.selected)
            .copied()
            .unwrap_or(ImportMode::Add)
    }

    /// Whether the prompt asks for the path of a file.
    pub(super) fn asks_for_path(&self) -> bool {
        matches!(self.kind, PromptKind::Import(_) | PromptKind::Export(_))
    }

    /// Replaces the shown errors with these, which may be none, clears the completions, and stops waiting.
    pub(super) fn set_errors(&mut self, errors: Vec<String>) {
        self.completions.clear();
        self.errors = errors;
        self.is_waiting = false;
    }
}
