//! A ratatui backend that encodes changed cells in few bytes. Pure: it writes into memory, and the session writes each
//! frame at once.
//!
//! Terminals disagree about the width of some clusters: emoji that are newer than the terminal's tables, sequences with
//! U+FE0F or a joiner, flags, combining marks. ratatui's diff sends only cells that changed, which is not enough for
//! such clusters: a cluster that the terminal treats as wider than ratatui does covers cells that did not change; one
//! that it treats as narrower leaves an old cell next to it; and the blank that ratatui writes after a sequence with
//! U+FE0F erases the sequence (ratatui issue 2686). So such a cluster is written over blanks, and all cells that it may
//! cover are written after it.

use std::convert::Infallible;
use std::fmt::Write as _;

use ratatui::backend::{Backend, ClearType, WindowSize};
use ratatui::buffer::{Buffer, Cell, CellWidth as _};
use ratatui::layout::{Position, Rect, Size};
use ratatui::style::{Color, Modifier};

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
    /// The cells that were written since the terminal was cleared.
    written: Buffer,
    /// For each row, whether it has clusters of uncertain width.
    uncertain_rows: Vec<bool>,
}

/// The style of a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct CellStyle {
    fg: Color,
    bg: Color,
    modifier: Modifier,
}

impl CellStyle {
    fn of(cell: &Cell) -> Self {
        Self {
            fg: cell.fg,
            bg: cell.bg,
            modifier: cell.modifier,
        }
    }
}

/// The width of a cell in columns according to ratatui, at least 1. A symbol with control characters has width 1, because
/// U+FFFD is written instead.
fn columns(cell: &Cell) -> u16 {
    if cell.symbol().chars().any(char::is_control) {
        1
    } else {
        cell.cell_width().max(1)
    }
}

/// The most columns that a terminal may use for a cell of uncertain width; 0 if the width is certain.
fn uncertain_columns(cell: &Cell) -> u16 {
    if has_uncertain_width(cell.symbol()) {
        u16::try_from(cell.symbol().chars().count() * 2).unwrap_or(u16::MAX)
    } else {
        0
    }
}

fn mark_stale(stale: Option<&mut Vec<bool>>, x: u16, columns: u16) {
    let cells = stale.into_iter().flatten().skip(x.into()).take(columns.into());
    cells.for_each(|cell| *cell = true);
}

/// Whether terminals may disagree about the width of a symbol: it has several characters (not only ASCII), is in a block of
/// emoji and pictographs, is a halfwidth voicing mark, or belongs to a script that became wide in Unicode 9 or later, such
/// as Tangut.
fn has_uncertain_width(symbol: &str) -> bool {
    let mut chars = symbol.chars();
    let (Some(c), None) = (chars.next(), chars.next()) else {
        return !symbol.is_ascii();
    };
    matches!(c, '\u{231a}'..='\u{2bff}' if symbol.cell_width() > 1)
        || matches!(c, '\u{ff9e}'..='\u{ff9f}' | '\u{16fe0}'..='\u{1b2ff}' | '\u{1f000}'..='\u{1faff}')
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

/// The SGR numbers that turn each modifier on and off; rapid blink is not used.
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
        let mut painter = Self {
            size: Size::new(columns, rows),
            ..Self::default()
        };
        painter.forget_written();
        painter
    }

    /// Sets the size of the terminal. Before the next frame, ratatui notices a new size and calls [`Backend::clear`].
    pub fn resize(&mut self, columns: u16, rows: u16) {
        self.size = Size::new(columns, rows);
    }

    fn forget_written(&mut self) {
        let area = Rect::from((Position::ORIGIN, self.size));
        self.written.resize(area);
        self.written.reset();
        self.uncertain_rows.clear();
        self.uncertain_rows.resize(area.height.into(), false);
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

    /// Takes back a buffer from [`Self::take`], to reuse its memory.
    pub fn reuse(&mut self, mut buffer: String) {
        if self.bytes.is_empty() {
            buffer.clear();
            self.bytes = buffer;
        }
    }

    /// Forgets the cursor position and the style, and assumes that the cursor is hidden. The caller must clear the screen.
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
        let Some(from) = self.cursor.replace(Position::new(x, y)) else {
            return self.move_absolute(x, y);
        };
        if from.y == y {
            match (x.checked_sub(from.x), x) {
                (Some(0), _) => {}
                (Some(1), _) => self.bytes.push_str("\x1b[C"),
                (Some(right), _) => self.push_fmt(format_args!("\x1b[{right}C")),
                (None, 0) => self.bytes.push('\r'),
                (None, _) => self.push_fmt(format_args!("\x1b[{}G", x + 1)),
            }
        } else if from.y + 1 == y && x == 0 {
            self.bytes.push_str("\r\n");
        } else if from.y + 1 == y && x <= from.x && from.x - x <= 3 {
            // One line down and at most three columns left: backspaces and a line feed are shorter.
            (x..from.x).for_each(|_| self.bytes.push('\x08'));
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

    /// Records changed cells of a row before they are written. If the row has or had clusters of uncertain width, or part
    /// of a wide symbol is replaced, returns for each column whether its cell must be written; else `None`.
    fn update_written(&mut self, row: &[(u16, u16, &Cell)]) -> Option<Vec<bool>> {
        let y = row.first().map(|(_, y, _)| *y)?;
        let written_columns = |x: u16| self.written.cell((x, y)).map_or(1, columns);
        let is_part_replaced = row.iter().any(|(x, _, cell)| written_columns(*x) > columns(cell));
        let uncertain_row = self.uncertain_rows.get_mut(usize::from(y))?;
        *uncertain_row |= row.iter().any(|(.., cell)| has_uncertain_width(cell.symbol()));
        let has_stale = *uncertain_row || is_part_replaced;
        let mut stale = has_stale.then(|| vec![false; self.written.area.width.into()]);
        for (x, _, cell) in row {
            // A terminal may give the rest of a wide symbol the style of the symbol that replaces its first half.
            mark_stale(stale.as_mut(), *x, self.written.cell((*x, y)).map_or(1, columns));
            // ratatui reports no change of the cells that a wide symbol covers.
            for covered in *x..x.saturating_add(columns(cell)) {
                if let Some(written) = self.written.cell_mut((covered, y)) {
                    mark_stale(stale.as_mut(), covered, uncertain_columns(written));
                    written.reset();
                }
            }
            if let Some(written) = self.written.cell_mut((*x, y)) {
                written.clone_from(cell);
            }
        }
        stale
    }

    /// Writes the stale cells of a row, and all cells that a cluster of uncertain width among them may cover.
    fn write_stale(&mut self, y: u16, mut stale: Vec<bool>) {
        let written = std::mem::take(&mut self.written);
        let mut uncertain = false;
        let mut x = written.area.left();
        while let Some(cell) = written.cell((x, y)) {
            let (width, may_cover) = (columns(cell), uncertain_columns(cell));
            uncertain |= may_cover > 0;
            if stale.get(usize::from(x)).copied().unwrap_or_default() {
                self.move_to(x, y);
                if may_cover > 0 {
                    mark_stale(Some(&mut stale), x, may_cover);
                    self.set_style(CellStyle::of(cell), true);
                    (0..width).for_each(|_| self.bytes.push(' '));
                    self.move_absolute(x, y);
                }
                self.write(cell);
            }
            x = x.saturating_add(width);
        }
        self.written = written;
        if let Some(row) = self.uncertain_rows.get_mut(usize::from(y)) {
            *row = uncertain;
        }
    }

    fn write(&mut self, cell: &Cell) {
        let symbol = cell.symbol();
        self.set_style(CellStyle::of(cell), symbol == " ");
        let width = if let [b' '..=b'~'] = symbol.as_bytes() {
            self.bytes.push_str(symbol);
            Some(1)
        } else if symbol.is_empty() || symbol.chars().any(char::is_control) {
            // Last line of defense: control characters never reach the terminal.
            self.bytes.push('\u{fffd}');
            Some(1)
        } else {
            self.bytes.push_str(symbol);
            let certain = !has_uncertain_width(symbol);
            certain.then(|| columns(cell))
        };
        self.cursor = match (self.cursor, width) {
            // After the last column, the cursor position differs between terminals.
            (Some(cursor), Some(width)) if cursor.x.saturating_add(width) < self.size.width => {
                Some(Position::new(cursor.x + width, cursor.y))
            }
            _ => None,
        };
    }

    /// Changes the current style. If `is_blank`, only spaces are written in it, so an invisible difference is ignored.
    fn set_style(&mut self, wanted: CellStyle, is_blank: bool) {
        let current = self.style.unwrap_or(DEFAULT_STYLE);
        let visible = |style: CellStyle| (style.bg, style.modifier & VISIBLE_ON_BLANK);
        let is_same_on_blank =
            is_blank && visible(current) == visible(wanted) && !wanted.modifier.intersects(VISIBLE_ON_BLANK);
        if self.style.is_some() && (current == wanted || is_same_on_blank) {
            return;
        }
        let with_reset = if wanted == DEFAULT_STYLE {
            String::new()
        } else {
            format!("0;{}", sgr_change(DEFAULT_STYLE, wanted))
        };
        let without_reset = sgr_change(current, wanted);
        let shorter = if self.style.is_some() && without_reset.len() < with_reset.len().max(1) {
            without_reset
        } else {
            with_reset
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
        let content: Vec<_> = content.collect();
        for row in content.chunk_by(|(_, y, _), (_, next, _)| y == next) {
            match (self.update_written(row), row.first()) {
                (Some(stale), Some((_, y, _))) => self.write_stale(*y, stale),
                _ => {
                    for (x, y, cell) in row {
                        self.move_to(*x, *y);
                        self.write(cell);
                    }
                }
            }
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
        self.forget_written();
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
