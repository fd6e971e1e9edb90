//! The state of a session: the wardrobe as shown, selection, overlays, pending changes.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use crate::model::{EditError, HatId, Jid, Wardrobe};
use crate::store::{Change, Scope, StoreProblem};
use crate::sync::ServerEntry;

use super::Keymap;
use super::browser::Browser;
use super::clipboard::CopiedHats;
use super::command::CommandId;
use super::draft::DraftState;
use super::place::{Pane, RowKind};
use super::servers::{KnownServer, RoomComparison, Servers, Unsent, UnsentCounts};
use super::themes::ThemeChoices;
use super::undo_step::{ChangeKind, UndoSearch, UndoStep};

mod clock;
mod following;
mod layer;
mod reported;
mod unresolved;

use clock::Clock;
pub(super) use clock::ExpiryCommit;
pub use layer::Layer;
use reported::ReportedChanges;

/// The smallest screen, in columns and rows; a smaller one only shows that it is too small.
pub const MIN_SIZE: (u16, u16) = (40, 10);

/// The options of a session.
#[derive(Debug, Clone, Default)]
pub struct SessionOptions {
    /// The displayed path of the data file, such as `~/.config/hatrack/hats.json`.
    pub file: String,
    /// The actor recorded in the history.
    pub actor: String,
    /// The rooms and data that this session may see and change.
    pub scope: Scope,
    /// Whether this is the demo, which shows sample data and saves nothing.
    pub demo: bool,
    /// Whether mouse support is on at first.
    pub mouse: bool,
    /// Whether the screen is plain text, which is shown in any size of the terminal.
    pub plain: bool,
    /// The time zone of displayed times; `None`: UTC.
    pub time_zone: Option<jiff::tz::TimeZone>,
    /// The key bindings.
    pub keymap: Keymap,
    /// The servers of the configuration.
    pub servers: Vec<ServerEntry>,
    /// The themes.
    pub themes: ThemeChoices,
}

/// The progress of loading the data file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// The file is being loaded.
    Opening {
        /// Bytes read.
        done: u64,
        /// Size in bytes; 0 if not known yet.
        total: u64,
    },
    /// The file is loaded.
    Open,
}

/// The state of saving the displayed changes, and of sending them to servers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SaveState {
    /// Everything is saved.
    Saved,
    /// Everything is saved, and a change is being sent. The value is the number of seconds for which servers have not
    /// answered; `None` if they have not been silent for longer than usual.
    Sending(Option<i64>),
    /// Everything is saved, but servers do not have all changes.
    NotSent(UnsentCounts),
    /// Everything is saved and sent, but another session that should follow rooms does not respond.
    NotFollowed,
    /// There is no file yet; the first change creates it.
    NoFile,
    /// This number of changes is being saved.
    Saving(usize),
    /// This number of changes could not be saved, for this reason.
    NotSaved(usize, String),
    /// The file cannot be read or written, or was deleted, for this reason; no changes are pending.
    FileProblem(String),
    /// Nothing can be changed, for this reason.
    ReadOnly(String),
    /// Demo mode.
    Demo,
}

/// A message about what just happened. The next key, paste or action of the mouse clears it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// The text, not sanitized.
    pub text: String,
    /// Whether the notice reports an error or a rejected command.
    pub is_error: bool,
    /// The length of the error in bytes, if a report of something that happened later follows the error in `text`.
    pub(super) error_length: Option<usize>,
    /// The changes by someone else that it reports, if it may still be extended.
    pub(super) reported: Option<ReportedChanges>,
}

/// A change that is shown but not confirmed as saved.
#[derive(Debug, Clone)]
pub(super) struct Pending {
    pub id: u64,
    pub change: Change,
    /// The ID of a pending change that this change undoes. This change is sent once the other one has a revision.
    pub undone_change: Option<u64>,
    pub kind: ChangeKind,
    /// Whether the change was sent to the store worker. Changes are sent in order.
    pub sent: bool,
}

/// Progress of quitting.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum QuitState {
    #[default]
    No,
    /// Quit once everything is saved and sent.
    WhenSent,
    /// Quit once everything is saved; the next session sends what is not sent yet.
    WhenSaved,
    /// Quit with this exit status once unsaved changes are stored as a draft.
    WhenDraftSaved(u8),
    /// Quit now: a signal arrived, the terminal was closed, or a thread panicked.
    Now,
}

/// The last input of the user.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum LastInput {
    #[default]
    Other,
    /// The key that quits.
    Quit,
}

/// The state of a session.
#[derive(Debug, Clone)]
pub struct State {
    pub(super) start: SessionOptions,
    pub(super) phase: Phase,
    /// The wardrobe as saved.
    pub(super) saved: Wardrobe,
    /// The wardrobe as shown: saved, plus pending changes.
    pub(super) shown: Wardrobe,
    pub(super) pending: Vec<Pending>,
    /// Numbers of unconfirmed commits that are not `pending`: changes received from a server, records of changes that
    /// were sent to a server, and removals of expired hats.
    pub(super) other_commits: BTreeSet<u64>,
    pub(super) next_id: u64,
    pub(super) clock: Clock,
    pub(super) file_exists: bool,
    pub(super) read_only: Option<String>,
    pub(super) problem: Option<StoreProblem>,
    pub(super) focus: Pane,
    pub(super) browser: Browser,
    pub(super) overlays: Vec<Box<dyn Layer>>,
    /// Overlays that no key opened. They wait to be opened until no text is typed and no question is open.
    pub(super) arrived: VecDeque<Box<dyn Layer>>,
    pub(super) notice: Option<Notice>,
    pub(super) undo_stack: Vec<UndoStep>,
    pub(super) redo_stack: Vec<UndoStep>,
    pub(super) undo_search: UndoSearch,
    pub(super) quit: QuitState,
    pub(super) last_input: LastInput,
    /// Says that the selected item is no longer listed. If the next command would act on the selection, it is canceled.
    pub(super) selection_lost: Option<String>,
    pub(super) drafts: DraftState,
    /// Changes that were undone after they were sent to the store worker and before it confirmed them.
    pub(super) withdrawn: Vec<UndoStep>,
    pub(super) size: (u16, u16),
    pub(super) mouse: bool,
    /// The texts with which the next prompts start, by heading: those of canceled or restored prompts.
    pub(super) canceled_prompts: BTreeMap<String, String>,
    /// The copied hats.
    pub(super) copied: Option<Arc<CopiedHats>>,
    /// The name of the current theme, not of one that is only being tried.
    pub(super) theme: String,
    /// The servers, with their states and the comparisons.
    pub(super) servers: Servers,
}

impl State {
    /// A session before the data file is loaded.
    pub fn new(start: SessionOptions) -> Self {
        Self {
            mouse: start.mouse,
            theme: start.themes.current.clone(),
            servers: Servers::new(&start.servers, start.scope.rooms.as_ref()),
            start,
            phase: Phase::Opening { done: 0, total: 0 },
            saved: Wardrobe::default(),
            shown: Wardrobe::default(),
            pending: Vec::new(),
            other_commits: BTreeSet::new(),
            next_id: 1,
            clock: Clock::default(),
            file_exists: false,
            read_only: None,
            problem: None,
            focus: Pane::First,
            browser: Browser::default(),
            overlays: Vec::new(),
            arrived: VecDeque::new(),
            notice: None,
            undo_stack: Vec::new(),
            redo_stack: Vec::new(),
            undo_search: UndoSearch::default(),
            quit: QuitState::No,
            last_input: LastInput::default(),
            selection_lost: None,
            drafts: DraftState::default(),
            withdrawn: Vec::new(),
            size: (80, 24),
            canceled_prompts: BTreeMap::new(),
            copied: None,
        }
    }

    /// The options of the session.
    pub fn start(&self) -> &SessionOptions {
        &self.start
    }

    /// The key bindings.
    pub fn keymap(&self) -> &Keymap {
        &self.start.keymap
    }

    /// The name of a command's main key, for use in a sentence.
    pub fn key(&self, id: CommandId) -> String {
        self.keymap().name(id)
    }

    /// The progress of loading the data file.
    pub fn phase(&self) -> Phase {
        self.phase
    }

    /// The wardrobe as shown, including unsaved changes.
    pub fn wardrobe(&self) -> &Wardrobe {
        &self.shown
    }

    /// The focused pane.
    pub fn focus(&self) -> Pane {
        self.focus
    }

    /// The current notice; `None` if there is none.
    pub fn notice(&self) -> Option<&Notice> {
        self.notice.as_ref()
    }

    /// The problem that prevents reading or saving.
    pub fn problem(&self) -> Option<&StoreProblem> {
        self.problem.as_ref()
    }

    /// The servers of the configuration.
    pub fn servers(&self) -> &[KnownServer] {
        &self.servers.all
    }

    /// The server that a room belongs to, and whether the room differs from the one on the server; `None`: the room
    /// belongs to no server.
    pub fn room_comparison(&self, room: &Jid) -> Option<(&KnownServer, RoomComparison)> {
        let server = self.servers.of_room(room)?;
        let compared = self.servers.comparison_of(room, self.shown.room(room)?)?;
        Some((server, compared))
    }

    /// The reason why the server does not have the change of this hat of the selected user; `None` if the server has
    /// the change, or if there is no change to be sent.
    pub fn unsent_hat(&self, hat: &HatId) -> Option<Unsent> {
        let (room, _) = self.room()?;
        let (user, _) = self.user()?;
        self.servers.sending.of_hat(room, user, hat)
    }

    /// Whether changes received from a server, records of changes that were sent to a server, or removals of expired
    /// hats are being saved.
    pub fn has_other_commits(&self) -> bool {
        !self.other_commits.is_empty()
    }

    /// Whether a draft is stored for the next start.
    pub fn has_draft(&self) -> bool {
        !self.drafts.stored.is_empty()
    }

    /// Whether a draft is being stored.
    pub fn is_storing_draft(&self) -> bool {
        self.drafts.storing.is_some()
    }

    /// Whether mouse support is on.
    pub fn has_mouse(&self) -> bool {
        self.mouse
    }

    /// The state of saving the displayed changes, and of sending them to servers.
    pub fn save_state(&self) -> SaveState {
        let waiting = self.pending.len();
        match (&self.problem, self.read_only_reason()) {
            _ if self.start.demo => SaveState::Demo,
            (Some(problem), _) if waiting > 0 => SaveState::NotSaved(waiting, problem.message().to_owned()),
            (Some(problem), _) => SaveState::FileProblem(problem.message().to_owned()),
            (None, _) if waiting > 0 => SaveState::Saving(waiting),
            (None, Some(reason)) => SaveState::ReadOnly(reason.to_owned()),
            (None, None) if self.file_exists || self.phase != Phase::Open => {
                match self.servers.sending.counts() {
                    counts if counts != UnsentCounts::default() => SaveState::NotSent(counts),
                    _ if self.servers.sending.is_sending() => SaveState::Sending(self.silent_seconds()),
                    _ if self.is_any_silent() => SaveState::NotFollowed,
                    _ => SaveState::Saved,
                }
            }
            (None, None) => SaveState::NoFile,
        }
    }

    /// The reason why the session is read-only, as a clause; `None` if it is not.
    pub fn read_only_reason(&self) -> Option<&str> {
        if self.start.scope.read_only {
            return Some("this session is read-only (--read-only)");
        }
        self.read_only.as_deref()
    }

    /// Whether the screen is smaller than [`MIN_SIZE`]; never in plain mode.
    pub(super) fn is_too_small(&self) -> bool {
        let (columns, rows) = MIN_SIZE;
        !self.start.plain && (self.size.0 < columns || self.size.1 < rows)
    }

    /// Fails while the data file is not loaded.
    pub fn check_loaded(&self) -> Result<(), String> {
        match self.phase {
            Phase::Open => Ok(()),
            Phase::Opening { .. } if self.problem.is_some() => {
                Err("The data file cannot be read; the reason is above".into())
            }
            Phase::Opening { .. } => Err("Still loading the data file".into()),
        }
    }

    /// Fails if nothing can be changed now.
    pub fn check_can_change(&self) -> Result<(), String> {
        self.check_loaded()?;
        match self.read_only_reason() {
            Some(reason) => Err(format!("Cannot change anything: {reason}")),
            None => Ok(()),
        }
    }

    /// Fails if hats cannot be added to the selected user.
    pub fn check_can_add_hats(&self) -> Result<(), String> {
        self.check_can_change()?;
        let Some((jid, user)) = self.user() else {
            let hidden = self.hidden_rows_message(RowKind::User);
            return Err(hidden.unwrap_or_else(|| "No user selected".into()));
        };
        let room = self.room().map_or(jid, |(room, _)| room);
        match self.hats_problem(room, jid, user.affiliation) {
            Some(problem) => Err(problem),
            None => Ok(()),
        }
    }

    pub(super) fn notify(&mut self, text: impl Into<String>) {
        self.notice = Some(Notice {
            text: text.into(),
            is_error: false,
            error_length: None,
            reported: None,
        });
    }

    pub(super) fn notify_error(&mut self, text: impl Into<String>) {
        self.notice = Some(Notice {
            text: text.into(),
            is_error: true,
            error_length: None,
            reported: None,
        });
    }

    /// Reports something that this user did not do. Keeps a displayed error in front of the report, and a notice about
    /// a lost selection after the report.
    pub(super) fn announce(&mut self, text: String) {
        match &self.notice {
            Some(notice) if self.selection_lost.is_some() => {
                let text = format!("{text}. {}", notice.text);
                self.notify(text);
            }
            Some(notice) if notice.is_error => {
                let error = notice.error_length.and_then(|length| notice.text.get(..length));
                let error = error.unwrap_or(&notice.text).to_owned();
                self.notice = Some(Notice {
                    error_length: Some(error.len()),
                    text: format!("{}. {text}", error.trim_end_matches('.')),
                    is_error: true,
                    reported: None,
                });
            }
            _ => self.notify(text),
        }
    }

    pub(super) fn notify_edit_error(&mut self, error: &EditError) {
        self.notify_error(error.to_string());
    }
}
