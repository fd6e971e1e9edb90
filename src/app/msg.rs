//! Messages to the application and effects that it requests.

use crate::exchange::{ImportErrors, ParsedImport};
use crate::model::Wardrobe;
use crate::store::{StoreEvent, StoreRequest};
use crate::sync::{ServerEvent, ServerRequest};

use super::draft::Draft;
use super::prompt::{ExportOutcome, ExportRequest};
use super::{Key, Pane};

/// An input of [`update`](super::update). Everything nondeterministic (time, new ids, I/O) arrives as a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Msg {
    /// A key was pressed.
    Key(Key),
    /// A key was pressed, and the terminal reported the US character in its position.
    KeyAt(Key, char),
    /// Text was pasted; lines end in `\n`.
    Paste(String),
    /// Text arrived as fast as a paste from a terminal that does not mark pastes; lines end in `\n`.
    UnmarkedPaste(String),
    /// The mouse was pressed.
    Click {
        /// Targets under the pointer, the outermost first.
        on: Vec<Spot>,
        /// Whether it is a double click.
        double: bool,
    },
    /// The wheel of the mouse was turned.
    Wheel {
        /// Targets under the pointer, the outermost first.
        on: Vec<Spot>,
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
    /// An event of the store worker.
    Store(Box<StoreEvent>),
    /// An event of the worker that talks to servers.
    Server(Box<ServerEvent>),
    /// The answer to [`Effect::Continue`].
    Continue,
    /// The answer to [`Effect::NewId`]: a unique hat id.
    NewId(String),
    /// The answer to [`Effect::Import`]: the file name and the parsed file, or its errors.
    Imported(String, Result<Box<ParsedImport>, ImportErrors>),
    /// The answer to [`Effect::Export`]: the outcome, or the error.
    Exported(ExportRequest, Result<ExportOutcome, String>),
    /// The stored draft of an earlier session was loaded.
    DraftFound(Vec<u8>),
    /// The answer to [`Effect::KeepDraft`]: success, or the error.
    DraftStored(Result<(), String>),
    /// A delay requested with [`Effect::Wait`] has passed.
    Due(DraftDelay),
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
pub enum Spot {
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
    /// Generate a hat id (`urn:uuid:…`); answered by [`Msg::NewId`].
    NewId,
    /// Keep `after` in the draft of this actor and data file, instead of `before`
    /// ([`update_stored`](super::draft::update_stored)), and answer with [`Msg::DraftStored`].
    KeepDraft {
        /// This session's previous entries.
        before: Draft,
        /// This session's new entries.
        after: Draft,
    },
    /// Start or restart a delay; answered by [`Msg::Due`].
    Wait(DraftDelay),
    /// Cancel a delay.
    CancelWait(DraftDelay),
    /// Replace the session's own draft, which survives if the process is killed. There is no answer.
    StoreOwnDraft(Draft),
    /// Read a file to import; answered by [`Msg::Imported`].
    Import(String),
    /// Export part of a wardrobe to a file; answered by [`Msg::Exported`].
    Export(ExportRequest, Wardrobe),
    /// There is more to compute: answer with [`Msg::Continue`] when no other message is waiting.
    Continue,
    /// Suspend the process as Ctrl-Z does, if a shell can resume it.
    Suspend,
    /// Copy a text to the terminal's clipboard.
    Copy(String),
    /// Turn mouse support on or off.
    Mouse(bool),
    /// Redraw the whole screen.
    Redraw,
    /// Quit with this exit status.
    Quit(u8),
}
