//! Decoded terminal input.

use crate::app::Key;
use crate::ui::color::Rgb;

/// What the user did, or what the terminal reported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// A key was pressed.
    Key(Key),
    /// A key was pressed that is not on the US layout. The character is the one at the same position on the US layout.
    KeyWithUsKey(Key, char),
    /// Text was pasted. Line ends are `\n`; the text may contain any other control characters.
    Paste(String),
    /// Text that the terminal does not mark as a paste but that arrived like one. Line ends are `\n`.
    UnmarkedPaste(String),
    /// A mouse event, if the mouse is on.
    Mouse(Mouse),
    /// The terminal reported its background color.
    Background(Rgb),
    /// The terminal has answered the query that is sent last (DA1), so the reply to an earlier query has arrived or
    /// never will.
    QueryAnswered,
    /// The terminal is gone. This is always the last input.
    Closed,
}

/// A mouse event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mouse {
    /// The action.
    pub action: MouseAction,
    /// Column, from 0 at the left.
    pub column: u16,
    /// Row, from 0 at the top.
    pub row: u16,
}

/// The action of a mouse event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MouseAction {
    /// The left button was pressed.
    Press,
    /// The wheel was turned away from the user.
    WheelUp,
    /// The wheel was turned towards the user.
    WheelDown,
}
