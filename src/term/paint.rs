//! A ratatui backend that encodes changed cells in as few bytes as possible. Pure: it writes into memory, and the session
//! writes each frame at once.

use std::convert::Infallible;
use std::fmt::Write as _;

use ratatui::backend::{Backend, ClearType, WindowSize};
use ratatui::buffer::Cell;
use ratatui::layout::{Position, Size};
use ratatui::style::{Color, Modifier};
use unicode_width::UnicodeWidthStr;

/// A ratatui backend that collects bytes until [`Painter::take`].
#[derive(Debug, Default)]
pub struct Painter {
    size: Size,
    bytes: String,
    /// The cursor position; `None`: unknown.
    cursor: Option<Position>,
    /// The current style of the terminal; `None`: unknown.
    style: Option<CellStyle>,
    cursor_shown: bool,
}

/// The style of a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct CellStyle {
    fg: Color,
    bg: Color,
    modifier: Modifier,
}

/// About as many bytes as a network packet carries. Larger frames use synchronized output, so that they appear at once.
const PACKET_BYTES: usize = 1_200;
/// Starts synchronized output (mode 2026): nothing is shown until [`END_SYNC`]. Terminals without it ignore this.
const BEGIN_SYNC: &str = "\x1b[?2026h";
/// Ends synchronized output; see [`BEGIN_SYNC`].
pub(super) const END_SYNC: &str = "\x1b[?2026l";

const DEFAULT_STYLE: CellStyle = CellStyle {
    fg: Color::Reset,
    bg: Color::Reset,
    modifier: Modifier::empty(),
};

/// Modifiers that are visible on a space.
const VISIBLE_ON_BLANK: Modifier = Modifier::REVERSED
    .union(Modifier::UNDERLINED)
    .union(Modifier::CROSSED_OUT);

/// The SGR numbers that turn each modifier on and off.
const SGR_MODIFIERS: [(Modifier, u8, u8); 8] = [
    (Modifier::BOLD, 1, 22),
    (Modifier::DIM, 2, 22),
    (Modifier::ITALIC, 3, 23),
    (Modifier::UNDERLINED, 4, 24),
    (Modifier::SLOW_BLINK, 5, 25),
    (Modifier::REVERSED, 7, 27),
    (Modifier::HIDDEN, 8, 28),
    (Modifier::CROSSED_OUT, 9, 29),
];

impl Painter {
    /// A painter for a cleared terminal with hidden cursor.
    pub fn new(columns: u16, rows: u16) -> Self {
        Self {
            size: Size::new(columns, rows),
            ..Self::default()
        }
    }

    /// Sets the size of the terminal.
    pub fn resize(&mut self, columns: u16, rows: u16) {
        self.size = Size::new(columns, rows);
    }

    /// Takes the collected bytes. Large frames use synchronized output.
    pub fn take(&mut self) -> String {
        let mut bytes = std::mem::take(&mut self.bytes);
        if bytes.len() > PACKET_BYTES {
            bytes.insert_str(0, BEGIN_SYNC);
            bytes.push_str(END_SYNC);
        }
        bytes
    }

    /// Returns the buffer for reuse.
    pub fn reuse(&mut self, mut buffer: String) {
        if self.bytes.is_empty() {
            buffer.clear();
            self.bytes = buffer;
        }
    }

    /// The state of the terminal is unknown, except that the cursor is hidden.
    pub fn invalidate(&mut self) {
        self.cursor = None;
        self.style = None;
        self.cursor_shown = false;
    }

    fn push_fmt(&mut self, arguments: std::fmt::Arguments<'_>) {
        // Writing to a string cannot fail.
        let _ = self.bytes.write_fmt(arguments);
    }

    fn move_to(&mut self, x: u16, y: u16) {
        let Some(at) = self.cursor.replace(Position::new(x, y)) else {
            return self.move_absolute(x, y);
        };
        if at.y == y {
            match (x.checked_sub(at.x), x) {
                (Some(0), _) => {}
                (Some(1), _) => self.bytes.push_str("\x1b[C"),
                (Some(right), _) => self.push_fmt(format_args!("\x1b[{right}C")),
                (None, 0) => self.bytes.push('\r'),
                (None, _) => self.push_fmt(format_args!("\x1b[{}G", x + 1)),
            }
        } else if at.y + 1 == y && x == 0 {
            self.bytes.push_str("\r\n");
        } else if at.y + 1 == y && x <= at.x && at.x - x <= 3 {
            // The next line of a column: backspaces and a line feed are shorter.
            (x..at.x).for_each(|_| self.bytes.push('\x08'));
            self.bytes.push('\n');
        } else {
            self.move_absolute(x, y);
        }
    }

    fn move_absolute(&mut self, x: u16, y: u16) {
        match (x, y) {
            (0, 0) => self.bytes.push_str("\x1b[H"),
            (0, y) => self.push_fmt(format_args!("\x1b[{}H", y + 1)),
            (x, y) => self.push_fmt(format_args!("\x1b[{};{}H", y + 1, x + 1)),
        }
    }

    fn write(&mut self, cell: &Cell) {
        let symbol = cell.symbol();
        self.set_style(
            CellStyle {
                fg: cell.fg,
                bg: cell.bg,
                modifier: cell.modifier,
            },
            symbol == " ",
        );
        let width = if let [b' '..=b'~'] = symbol.as_bytes() {
            self.bytes.push_str(symbol);
            Some(1)
        } else if symbol.is_empty() || symbol.chars().any(char::is_control) {
            // Last line of defense: control characters never reach the terminal.
            self.bytes.push('\u{fffd}');
            Some(1)
        } else {
            self.bytes.push_str(symbol);
            // Terminals agree on the width of single characters, but not of grapheme clusters.
            let single = symbol.chars().nth(1).is_none();
            single.then(|| u16::try_from(symbol.width()).unwrap_or(1))
        };
        self.cursor = match (self.cursor, width) {
            // After the last column, the cursor position differs between terminals.
            (Some(at), Some(width)) if at.x.saturating_add(width) < self.size.width => {
                Some(Position::new(at.x + width, at.y))
            }
            _ => None,
        };
    }

    fn set_style(&mut self, wanted: CellStyle, blank: bool) {
        let now = self.style.unwrap_or(DEFAULT_STYLE);
        let seen = |pen: CellStyle| (pen.bg, pen.modifier & VISIBLE_ON_BLANK);
        let same_blank = blank && seen(now) == seen(wanted) && !wanted.modifier.intersects(VISIBLE_ON_BLANK);
        if self.style.is_some() && (now == wanted || same_blank) {
            return;
        }
        let from_plain = if wanted == DEFAULT_STYLE {
            String::new()
        } else {
            format!("0;{}", sgr_change(DEFAULT_STYLE, wanted))
        };
        let step_by_step = sgr_change(now, wanted);
        let shorter = if self.style.is_some() && step_by_step.len() < from_plain.len().max(1) {
            step_by_step
        } else {
            from_plain
        };
        self.push_fmt(format_args!("\x1b[{shorter}m"));
        self.style = Some(wanted);
    }
}

/// The SGR parameters that change one style into another.
fn sgr_change(from: CellStyle, to: CellStyle) -> String {
    let mut numbers = String::new();
    let mut put = |number: std::fmt::Arguments<'_>| {
        let separator = if numbers.is_empty() { "" } else { ";" };
        let _ = write!(numbers, "{separator}{number}");
    };
    let mut on = from.modifier;
    for (modifier, _, off) in SGR_MODIFIERS {
        if on.contains(modifier) && !to.modifier.contains(modifier) {
            put(format_args!("{off}"));
            // One number may turn off two modifiers: bold and dim.
            SGR_MODIFIERS
                .iter()
                .filter(|switch| switch.2 == off)
                .for_each(|switch| on.remove(switch.0));
        }
    }
    for (modifier, number, _) in SGR_MODIFIERS {
        if to.modifier.contains(modifier) && !on.contains(modifier) {
            put(format_args!("{number}"));
        }
    }
    if from.fg != to.fg {
        push_color(to.fg, 30, &mut put);
    }
    if from.bg != to.bg {
        push_color(to.bg, 40, &mut put);
    }
    numbers
}

/// The SGR parameters of a color; `base` is 30 for the foreground and 40 for the background.
fn push_color(color: Color, base: u8, put: &mut impl FnMut(std::fmt::Arguments<'_>)) {
    let basic = match color {
        Color::Reset => return put(format_args!("{}", base + 9)),
        Color::Rgb(red, green, blue) => return put(format_args!("{};2;{red};{green};{blue}", base + 8)),
        Color::Indexed(index) if index >= 16 => return put(format_args!("{};5;{index}", base + 8)),
        Color::Indexed(index) => index,
        Color::Black => 0,
        Color::Red => 1,
        Color::Green => 2,
        Color::Yellow => 3,
        Color::Blue => 4,
        Color::Magenta => 5,
        Color::Cyan => 6,
        Color::Gray => 7,
        Color::DarkGray => 8,
        Color::LightRed => 9,
        Color::LightGreen => 10,
        Color::LightYellow => 11,
        Color::LightBlue => 12,
        Color::LightMagenta => 13,
        Color::LightCyan => 14,
        Color::White => 15,
    };
    // Bright colors are 90 to 97 and 100 to 107.
    let number = if basic < 8 {
        base + basic
    } else {
        base + 60 + basic - 8
    };
    put(format_args!("{number}"));
}

impl Backend for Painter {
    type Error = Infallible;

    fn draw<'a, I>(&mut self, content: I) -> Result<(), Infallible>
    where
        I: Iterator<Item = (u16, u16, &'a Cell)>,
    {
        for (x, y, cell) in content {
            self.move_to(x, y);
            self.write(cell);
        }
        Ok(())
    }

    fn hide_cursor(&mut self) -> Result<(), Infallible> {
        if std::mem::take(&mut self.cursor_shown) {
            self.bytes.push_str("\x1b[?25l");
        }
        Ok(())
    }

    fn show_cursor(&mut self) -> Result<(), Infallible> {
        if !std::mem::replace(&mut self.cursor_shown, true) {
            self.bytes.push_str("\x1b[?25h");
        }
        Ok(())
    }

    fn get_cursor_position(&mut self) -> Result<Position, Infallible> {
        Ok(self.cursor.unwrap_or_default())
    }

    fn set_cursor_position<P: Into<Position>>(&mut self, position: P) -> Result<(), Infallible> {
        let position = position.into();
        self.move_to(position.x, position.y);
        Ok(())
    }

    fn clear(&mut self) -> Result<(), Infallible> {
        // Clearing uses the current background color.
        self.bytes.push_str("\x1b[m\x1b[2J");
        self.style = Some(DEFAULT_STYLE);
        // The cursor position is unknown: a resize may have moved it.
        self.cursor = None;
        Ok(())
    }

    fn clear_region(&mut self, _: ClearType) -> Result<(), Infallible> {
        // ratatui clears regions only with inline viewports, which are not used here.
        self.clear()
    }

    fn size(&self) -> Result<Size, Infallible> {
        Ok(self.size)
    }

    fn window_size(&mut self) -> Result<WindowSize, Infallible> {
        Ok(WindowSize {
            columns_rows: self.size,
            pixels: Size::ZERO,
        })
    }

    fn flush(&mut self) -> Result<(), Infallible> {
        Ok(())
    }
}

#[cfg(test)]
#[path = "paint_tests.rs"]
mod tests;
