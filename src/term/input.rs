//! What comes from the terminal, decoded.

use crate::app::Key;
use crate::ui::color::Rgb;

/// What came from the terminal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// A key was pressed.
    Key(Key),
    /// A key of another layout was pressed; with the character that the key at its place has on the standard layout.
    KeyAt(Key, char),
    /// Text was pasted; its line ends are `\n`. It may hold anything else.
    Paste(String),
    /// Text came as only a paste comes, though the terminal does not mark pastes; its line ends are `\n`.
    UnmarkedPaste(String),
    /// The mouse, where it is switched on.
    Mouse(Mouse),
    /// This is the color behind the text.
    Background(Rgb),
    /// The terminal has answered all that it was asked and knows an answer to.
    QueryAnswered,
    /// The terminal is not there any more. Nothing comes after it.
    Closed,
}

/// What the mouse did, and where.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mouse {
    /// What.
    pub action: MouseAction,
    /// Column, from 0 at the left.
    pub column: u16,
    /// Row, from 0 at the top.
    pub row: u16,
}

/// What the mouse did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MouseAction {
    /// The left button was pressed.
    Press,
    /// The wheel was turned away from the user.
    WheelUp,
    /// The wheel was turned towards the user.
    WheelDown,
}
