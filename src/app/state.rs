//! The state of a session: the wardrobe as the screen shows it, what is selected, and what lies on top.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::model::{Affiliation, EditError, Group, Wardrobe};
use crate::store::{Change, Scope, StoreProblem};

use super::Keymap;
use super::browser::Browser;
use super::clipboard::CopiedHats;
use super::command::CommandId;
use super::draft::DraftState;
use super::place::Pane;

mod layer;

pub use layer::Layer;

/// What is known before anything is read.
#[derive(Debug, Clone, Default)]
pub struct Start {
    /// The data file as people should see it, such as `~/.config/hatrack/hats.json`.
    pub file: String,
    /// Who makes the changes.
    pub actor: String,
    /// What this session may see and change.
    pub scope: Scope,
    /// A sample is shown and nothing is written.
    pub demo: bool,
    /// The mouse is on.
    pub mouse: bool,
    /// The zone in which times are shown.
    pub time_zone: Option<jiff::tz::TimeZone>,
    /// The keys of the commands.
    pub keymap: Keymap,
}

/// How far the reading of the file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// It is being read: bytes done, of so many (0 when not known yet).
    Opening {
        /// Bytes done.
        done: u64,
        /// Of so many.
        total: u64,
    },
    /// It is there, and can be changed.
    Open,
}

/// Whether what the screen shows is in the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SaveState {
    /// All of it.
    Saved,
    /// There is no file yet; the first change makes it.
    NoFile,
    /// So many changes are on their way.
    Saving(usize),
    /// So many changes are not saved, and why.
    NotSaved(usize, String),
    /// The file cannot be read or is gone; no changes wait.
    FileProblem(String),
    /// Nothing can be changed here, and why.
    ReadOnly(String),
    /// A sample: nothing is ever written.
    Demo,
}

/// One line about what just happened; it goes with the next key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// The text, from outside in part: to be made harmless.
    pub text: String,
    /// Whether something was refused or went wrong.
    pub is_error: bool,
}

/// A change that was made on the screen and is not known to be in the file.
#[derive(Debug, Clone)]
pub(super) struct Pending {
    pub id: u64,
    pub change: Change,
    /// The change that this one takes back, when that one is pending itself: this one is sent when the revision of
    /// that one is known.
    pub after: Option<u64>,
    pub kind: ChangeKind,
    /// The keeper was asked. All that came before was asked for before.
    pub sent: bool,
}

/// What a change is to undo and redo.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ChangeKind {
    Do,
    Undo,
    Redo,
    /// Taking back what was chosen in the history: a change of its own, which the next undo takes back.
    Revert,
}

/// A change of this session, for undo and redo: by its number, with its revision once it has one.
#[derive(Debug, Clone)]
pub(super) struct UndoStep {
    pub id: u64,
    /// It took an entry of the history back: to undo it is to do that again.
    pub reverts_entry: bool,
    pub revision: Option<u64>,
    pub group: Group,
}

/// How far the leaving is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum QuitState {
    #[default]
    No,
    /// As soon as all is saved.
    WhenSaved,
    /// As soon as what is not saved is kept as a draft; with this exit status.
    WhenDraftStored(u8),
    /// Now, by force: a signal, or the terminal is gone.
    Now,
}

/// What the moderator is doing.
#[derive(Debug, Clone)]
pub struct State {
    pub(super) start: Start,
    pub(super) phase: Phase,
    /// What the file holds.
    pub(super) base: Wardrobe,
    /// What the screen shows: the file and, on top, what is pending.
    pub(super) view: Wardrobe,
    pub(super) pending: Vec<Pending>,
    pub(super) next_id: u64,
    pub(super) exists: bool,
    pub(super) read_only: Option<String>,
    pub(super) problem: Option<StoreProblem>,
    pub(super) focus: Pane,
    pub(super) browser: Browser,
    pub(super) overlays: Vec<Box<dyn Layer>>,
    pub(super) notice: Option<Notice>,
    pub(super) undo_stack: Vec<UndoStep>,
    pub(super) redo_stack: Vec<UndoStep>,
    /// Undos and redos that wait for an answer about earlier sessions, the first of them asked for.
    pub(super) undo_searches: VecDeque<ChangeKind>,
    /// It was asked for.
    pub(super) undo_search_sent: bool,
    pub(super) quit: QuitState,
    /// Somebody else took away what was selected: what. The next key that would change something does not.
    pub(super) selection_lost: Option<String>,
    pub(super) drafts: DraftState,
    /// Changes that were withdrawn before the keeper said what became of them.
    pub(super) withdrawn: Vec<UndoStep>,
    pub(super) size: (u16, u16),
    pub(super) mouse: bool,
    /// Hats that were copied, to be put on others.
    pub(super) copied: Option<Arc<CopiedHats>>,
}

impl State {
    /// A session that has read nothing yet.
    pub fn new(start: Start) -> Self {
        Self {
            mouse: start.mouse,
            start,
            phase: Phase::Opening { done: 0, total: 0 },
            base: Wardrobe::default(),
            view: Wardrobe::default(),
            pending: Vec::new(),
            next_id: 1,
            exists: false,
            read_only: None,
            problem: None,
            focus: Pane::First,
            browser: Browser::default(),
            overlays: Vec::new(),
            notice: None,
            undo_stack: Vec::new(),
            redo_stack: Vec::new(),
            undo_searches: VecDeque::new(),
            undo_search_sent: false,
            quit: QuitState::No,
            selection_lost: None,
            drafts: DraftState::default(),
            withdrawn: Vec::new(),
            size: (80, 24),
            copied: None,
        }
    }

    /// What was known at the start.
    pub fn start(&self) -> &Start {
        &self.start
    }

    /// The keys of the commands.
    pub fn keymap(&self) -> &Keymap {
        &self.start.keymap
    }

    /// How a sentence names the key of a command.
    pub fn key(&self, id: CommandId) -> String {
        self.keymap().name(id)
    }

    /// How far the reading is.
    pub fn phase(&self) -> Phase {
        self.phase
    }

    /// The wardrobe as the screen shows it: with what is not saved yet.
    pub fn wardrobe(&self) -> &Wardrobe {
        &self.view
    }

    /// The pane that gets the keys.
    pub fn focus(&self) -> Pane {
        self.focus
    }

    /// The line about what just happened.
    pub fn notice(&self) -> Option<&Notice> {
        self.notice.as_ref()
    }

    /// What keeps the file from being read or written.
    pub fn problem(&self) -> Option<&StoreProblem> {
        self.problem.as_ref()
    }

    /// Whether something is kept outside for the next start.
    pub fn has_draft(&self) -> bool {
        !self.drafts.stored.is_empty()
    }

    /// Whether something is on its way to be kept outside.
    pub fn is_storing_draft(&self) -> bool {
        self.drafts.storing.is_some()
    }

    /// Whether the mouse is on.
    pub fn has_mouse(&self) -> bool {
        self.mouse
    }

    /// Whether what the screen shows is in the file.
    pub fn save_state(&self) -> SaveState {
        let waiting = self.pending.len();
        match (&self.problem, self.read_only_reason()) {
            _ if self.start.demo => SaveState::Demo,
            (Some(trouble), _) if waiting > 0 => SaveState::NotSaved(waiting, trouble.message().to_owned()),
            (Some(trouble), _) => SaveState::FileProblem(trouble.message().to_owned()),
            (None, _) if waiting > 0 => SaveState::Saving(waiting),
            (None, Some(reason)) => SaveState::ReadOnly(reason.to_owned()),
            (None, None) if self.exists || self.phase != Phase::Open => SaveState::Saved,
            (None, None) => SaveState::NoFile,
        }
    }

    /// Why nothing can be changed, where that is so from the start.
    pub fn read_only_reason(&self) -> Option<&str> {
        if self.start.scope.read_only {
            return Some("this session only looks (--read-only)");
        }
        self.read_only.as_deref()
    }

    /// Why there is nothing to look through just now.
    pub fn check_loaded(&self) -> Result<(), String> {
        match self.phase {
            Phase::Open => Ok(()),
            Phase::Opening { .. } => Err("the file is still being read".into()),
        }
    }

    /// Why no change can be made at all just now.
    pub fn check_can_change(&self) -> Result<(), String> {
        match (self.phase, self.read_only_reason()) {
            (Phase::Opening { .. }, _) => Err("the file is still being read".into()),
            (Phase::Open, Some(reason)) => Err(format!("nothing can be changed here: {reason}")),
            (Phase::Open, None) => Ok(()),
        }
    }

    /// Why the selected user cannot be given hats, nor have them changed.
    pub fn check_can_add_hats(&self) -> Result<(), String> {
        self.check_can_change()?;
        let Some((jid, user)) = self.user() else {
            return Err("no user is selected".into());
        };
        match user.affiliation {
            Affiliation::Owner | Affiliation::Admin | Affiliation::Member => Ok(()),
            Affiliation::Outcast => Err(format!(
                "{jid} is banned (outcast): only owners, admins and members can be given hats"
            )),
            Affiliation::None => Err(format!(
                "{jid} is not affiliated: only owners, admins and members can be given hats"
            )),
        }
    }

    pub(super) fn notify(&mut self, text: impl Into<String>) {
        self.notice = Some(Notice {
            text: text.into(),
            is_error: false,
        });
    }

    pub(super) fn notify_error(&mut self, text: impl Into<String>) {
        self.notice = Some(Notice {
            text: text.into(),
            is_error: true,
        });
    }

    pub(super) fn refuse_error(&mut self, error: &EditError) {
        self.notify_error(error.to_string());
    }
}
