//! What happens to the moderator's session, and what it asks for.

use crate::exchange::{ImportErrors, ParsedImport};
use crate::model::Wardrobe;
use crate::store::{StoreEvent, StoreRequest};

use super::draft::Draft;
use super::prompt::{ExportOutcome, ExportRequest};
use super::{Key, Pane};

/// Something that happened. Whatever is not certain (time, new ids, the outside) arrives here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Msg {
    /// A key was pressed.
    Key(Key),
    /// A key of another keyboard layout was pressed; the character is the one that the key at its place has on the
    /// standard layout, as the terminal says.
    KeyAt(Key, char),
    /// Text was pasted; lines end in `\n`.
    Paste(String),
    /// Text came as only a paste comes, though the terminal does not mark pastes; lines end in `\n`.
    UnmarkedPaste(String),
    /// The mouse was pressed.
    Click {
        /// On what, the outermost first.
        on: Vec<Spot>,
        /// For the second time, soon after the first and at the same place.
        double: bool,
    },
    /// The wheel of the mouse was turned.
    Wheel {
        /// Over what, the outermost first.
        on: Vec<Spot>,
        /// Towards the user.
        down: bool,
    },
    /// The terminal has this size now.
    Resize {
        /// In columns.
        columns: u16,
        /// In rows.
        rows: u16,
    },
    /// The keeper of the data file says something.
    Store(Box<StoreEvent>),
    /// The answer to [`Effect::Continue`].
    Continue,
    /// The answer to [`Effect::NewId`]: a hat id that is nowhere else.
    NewId(String),
    /// The answer to [`Effect::Import`]: what is in the file of that name, or what is wrong.
    Imported(String, Result<Box<ParsedImport>, ImportErrors>),
    /// The answer to [`Effect::Export`]: how it ended, or why it could not be.
    Exported(ExportRequest, Result<ExportOutcome, String>),
    /// A draft of an earlier session was found.
    DraftFound(Vec<u8>),
    /// The answer to [`Effect::KeepDraft`]: done, or why it could not be.
    DraftStored(Result<(), String>),
    /// What was asked for by [`Effect::Wait`] is over.
    Due(DraftDelay),
    /// The session must end: a signal, or the terminal is gone.
    End {
        /// The exit status, 128 and the number of the signal.
        status: u8,
    },
    /// Something that was asked for outside could not be done: why, in a sentence.
    Failed(String),
}

/// What a place on the screen belongs to: of what has the keys, or of a pane while nothing lies over them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spot {
    /// A pane.
    Pane(Pane),
    /// A row of the list that it is in.
    Row(usize),
    /// A field of the form.
    Field(usize),
    /// Something to choose in that field.
    Choice(usize),
    /// A row of the list of known hats.
    Suggestion(usize),
}

/// A time after which something that is not saved is kept outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DraftDelay {
    /// One second after the last key: what is being typed.
    Typing,
    /// 300 milliseconds after a change was asked for: what has no answer yet.
    Answer,
}

/// Something to be done outside; [`update`](super::update) only asks for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Ask the keeper.
    Store(StoreRequest),
    /// Make a new hat id (`urn:uuid:…`) and answer with [`Msg::NewId`].
    NewId,
    /// Keep `after` in the draft of this actor and data file, in the place of `before`
    /// ([`update_stored`](super::draft::update_stored)), and answer with [`Msg::DraftStored`].
    KeepDraft {
        /// What this session had in it.
        before: Draft,
        /// What it has to keep.
        after: Draft,
    },
    /// Answer with [`Msg::Due`] after this time, counted from now, also where it was waited for already.
    Wait(DraftDelay),
    /// No answer is needed any more.
    CancelWait(DraftDelay),
    /// Keep this in the session's own draft, in the place of what is there, so that it survives the process. There is no
    /// answer.
    StoreOwnDraft(Draft),
    /// Read a file to be imported, and answer with [`Msg::Imported`].
    Import(String),
    /// Write a part of this wardrobe into a file, and answer with [`Msg::Exported`].
    Export(ExportRequest, Wardrobe),
    /// There is more to work out: answer with [`Msg::Continue`] when nothing else waits.
    Continue,
    /// Stop the process as Ctrl-Z does, where somebody can continue it.
    Suspend,
    /// Put this text into the clipboard of the terminal.
    Copy(String),
    /// Switch the mouse on or off.
    Mouse(bool),
    /// Draw everything anew.
    Redraw,
    /// Leave, with this exit status.
    Quit(u8),
}
