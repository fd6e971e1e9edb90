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
    /// A key was pressed. The second value is the character that the key has on the US layout.
    KeyWithUsKey(Key, char),
    /// Text was pasted; lines end in `\n`.
    Paste(String),
    /// Text that arrived as fast as pasted text, from a terminal that does not mark pasted text; lines end in `\n`.
    UnmarkedPaste(String),
    /// The left mouse button was pressed.
    Click {
        /// Targets under the pointer, the outermost first.
        targets: Vec<MouseTarget>,
        /// Whether it is a double click.
        double: bool,
    },
    /// The mouse wheel was turned.
    Wheel {
        /// Targets under the pointer, the outermost first.
        targets: Vec<MouseTarget>,
        /// Whether the wheel was turned towards the user.
        down: bool,
    },
    /// The terminal was resized.
    Resize {
        /// Columns.
        columns: u16,
        /// Rows.
        rows: u16,
    },
    /// The current time. Sent before the first other message of each second, and when
    /// [`State::time_to_next_clock_check`](super::State::time_to_next_clock_check) says so.
    Now(Timestamp),
    /// An event of the store worker.
    Store(Box<StoreEvent>),
    /// An event of the worker that talks to servers.
    Server(Box<ServerEvent>),
    /// The open question was drawn ([`State::has_unseen_question`](super::State::has_unseen_question)).
    QuestionShown,
    /// A commit of this session changed a linked room. Says whether the change is sent to the server, and what the
    /// server cannot store.
    AfterCommit(Box<AfterCommit>),
    /// The answer to [`Effect::Continue`].
    Continue,
    /// The answer to [`Effect::NewId`]: a unique hat ID.
    NewId(String),
    /// The answer to [`Effect::Import`]: the path, and the parsed file or its errors.
    Imported(String, Result<Box<ParsedImport>, ImportErrors>),
    /// The answer to [`Effect::Export`]: the request, and the outcome or the error.
    Exported(ExportRequest, Result<ExportOutcome, String>),
    /// The answer to [`Effect::ListFolder`]: the typed path, and the entries of its folder.
    FolderListed(String, Vec<FolderEntry>),
    /// The answer to [`Effect::SaveTheme`]: the name of the theme, and the file in which it was saved or the error.
    ThemeSaved(String, Result<String, String>),
    /// The stored draft of an earlier session was loaded.
    DraftFound(Vec<u8>),
    /// The answer to [`Effect::SaveDraft`]: success, or the error.
    DraftSaved(Result<(), String>),
    /// A delay requested with [`Effect::Wait`] has passed.
    DelayElapsed(DraftDelay),
    /// The session must end: a signal arrived, the terminal was closed, or a thread panicked.
    End {
        /// Exit status: 128 plus the signal number (SIGHUP for a closed terminal), or 101 after a panic.
        status: u8,
    },
    /// A failure outside the application, as a text to show.
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

/// A delay after which unsaved work is saved in the live draft.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DraftDelay {
    /// One second after the last input. Then, the forms and prompts that are being edited are saved.
    Typing,
    /// 300 milliseconds after a change was passed to the store worker. Then, changes that are not confirmed yet are
    /// saved.
    Unconfirmed,
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
    /// In the draft that sessions of this actor share for the data file, replace this session's entries `before` with
    /// `after` ([`update_stored`](super::draft::update_stored)); answered by [`Msg::DraftSaved`].
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
    /// Replace this session's live draft, which survives if the process is killed. There is no answer.
    SaveLiveDraft(Draft),
    /// Read and parse the file to import at this path; answered by [`Msg::Imported`].
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
