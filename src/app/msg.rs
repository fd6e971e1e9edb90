//! Messages to the application and effects that it requests.

use jiff::Timestamp;

use crate::exchange::{ImportErrors, ParsedImport};
use crate::model::Wardrobe;
use crate::store::{StoreEvent, StoreRequest};
use crate::sync::{AfterCommit, ServerEvent, ServerRequest};

use super::draft::Draft;
use super::path_completion::FolderEntry;
use super::prompt::{ExportOutcome, ExportRequest};
use super::{Key, Pane};

/// An input of [`update`](super::update). Everything nondeterministic (time, new IDs, I/O) arrives as a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Msg {
    /// A key was pressed.
    Key(Key),
    /// A key was pressed, and the terminal reported the US character in its position.
    KeyWithPosition(Key, char),
    /// Text was pasted; lines end in `\n`.
    Paste(String),
    /// Text arrived as fast as a paste from a terminal that does not mark pastes; lines end in `\n`.
    UnmarkedPaste(String),
    /// A mouse button was pressed.
    Click {
        /// Targets under the pointer, the outermost first.
        on: Vec<MouseTarget>,
        /// Whether it is a double click.
        double: bool,
    },
    /// The wheel of the mouse was turned.
    Wheel {
        /// Targets under the pointer, the outermost first.
        on: Vec<MouseTarget>,
        /// Whether it was turned down.
        down: bool,
    },
    /// The terminal was resized.
    Resize {
        /// Columns.
        columns: u16,
        /// Rows.
        rows: u16,
    },
    /// The current time. Sent before the messages of that time, at least once a second, and when
    /// [`State::next_look_at_clock`](super::State::next_look_at_clock) says so.
    Now(Timestamp),
    /// An event of the store worker.
    Store(Box<StoreEvent>),
    /// An event of the worker that talks to servers.
    Server(Box<ServerEvent>),
    /// The screen has been drawn since a question was opened ([`State::has_unseen_question`](super::State::has_unseen_question)).
    QuestionShown,
    /// A commit of this session changed rooms of a server.
    Saved(Box<AfterCommit>),
    /// The answer to [`Effect::Continue`].
    Continue,
    /// The answer to [`Effect::NewId`]: a unique hat ID.
    NewId(String),
    /// The answer to [`Effect::Import`]: the file name and the parsed file, or its errors.
    Imported(String, Result<Box<ParsedImport>, ImportErrors>),
    /// The answer to [`Effect::Export`]: the outcome, or the error.
    Exported(ExportRequest, Result<ExportOutcome, String>),
    /// What the folder of a typed path contains.
    FolderListed(String, Vec<FolderEntry>),
    /// The answer to [`Effect::SaveTheme`]: its name, and the file that has it now, or the error.
    ThemeSaved(String, Result<String, String>),
    /// The stored draft of an earlier session was loaded.
    DraftFound(Vec<u8>),
    /// The answer to [`Effect::SaveDraft`]: success, or the error.
    DraftStored(Result<(), String>),
    /// A delay requested with [`Effect::Wait`] has passed.
    DelayElapsed(DraftDelay),
    /// The session must end: a signal arrived or the terminal was closed.
    End {
        /// Exit status: 128 plus the signal number.
        status: u8,
    },
    /// An effect failed; the sentence says why.
    Failed(String),
}

/// A mouse target: part of the top overlay, or of a pane if there is no overlay.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MouseTarget {
    /// A pane.
    Pane(Pane),
    /// A row of a list.
    Row(usize),
    /// A form field.
    Field(usize),
    /// An option of a choice field.
    Choice(usize),
    /// A row of the suggestions.
    Suggestion(usize),
}

/// A delay after which unsaved input is stored as a draft.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DraftDelay {
    /// One second after the last key: forms being edited.
    Typing,
    /// 300 milliseconds after a change was sent: changes not confirmed yet.
    Answer,
}

/// A side effect requested by [`update`](super::update).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Send a request to the store worker.
    Store(StoreRequest),
    /// Send a request to the worker that talks to servers.
    Server(ServerRequest),
    /// Generate a hat ID (`urn:uuid:…`); answered by [`Msg::NewId`].
    NewId,
    /// Keep `after` in the draft of this actor and data file, instead of `before`
    /// ([`update_stored`](super::draft::update_stored)), and answer with [`Msg::DraftStored`].
    SaveDraft {
        /// This session's previous entries.
        before: Draft,
        /// This session's new entries.
        after: Draft,
    },
    /// Start or restart a delay; answered by [`Msg::DelayElapsed`].
    Wait(DraftDelay),
    /// Cancel a delay.
    CancelWait(DraftDelay),
    /// Replace the session's own draft, which survives if the process is killed. There is no answer.
    SaveLiveDraft(Draft),
    /// Read a file to import; answered by [`Msg::Imported`].
    Import(String),
    /// Export part of a wardrobe to a file; answered by [`Msg::Exported`].
    Export(ExportRequest, Wardrobe),
    /// List the folder of a typed path, to complete it; answered by [`Msg::FolderListed`].
    ListFolder(String),
    /// There is more to compute: answer with [`Msg::Continue`] when no other message is waiting.
    Continue,
    /// Suspend the process as Ctrl-Z does, if a shell can resume it.
    Suspend,
    /// Copy a text to the terminal's clipboard.
    Copy(String),
    /// Turn mouse support on or off.
    Mouse(bool),
    /// Show the screen in the theme of this name.
    ShowTheme(String),
    /// Save the theme of this name in the configuration; answered by [`Msg::ThemeSaved`].
    SaveTheme(String),
    /// Redraw the whole screen.
    Redraw,
    /// Quit with this exit status.
    Quit(u8),
}
