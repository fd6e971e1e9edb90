//! The few strokes that every pane and overlay is drawn with. All of them stay inside what they are given.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;
use unicode_segmentation::UnicodeSegmentation;

use super::layout::inside;
use super::text::{self, Charset};
use super::theme::Theme;
use crate::app::Spot;

/// What is drawn on, and how it looks.
pub(super) struct Canvas<'a> {
    /// The cells.
    buffer: &'a mut Buffer,
    /// The looks.
    pub(super) theme: Theme,
    /// What is where, while somebody asks.
    spots: Option<Vec<(Rect, Spot)>>,
}

/// The title of a frame.
pub(super) struct Title<'a> {
    /// At the left; made harmless already.
    pub(super) text: &'a str,
    /// At the right, where there is room; harmless too.
    pub(super) right: &'a str,
    /// Whether the keys go here.
    pub(super) focused: bool,
}

impl<'a> Canvas<'a> {
    pub(super) fn new(buffer: &'a mut Buffer, theme: Theme) -> Self {
        Self {
            buffer,
            theme,
            spots: None,
        }
    }

    /// From now on remembers what is where.
    pub(super) fn remember(&mut self) {
        self.spots = Some(Vec::new());
    }

    /// What is drawn here belongs to this.
    pub(super) fn spot(&mut self, area: Rect, spot: Spot) {
        if let Some(spots) = &mut self.spots {
            spots.push((area.intersection(self.buffer.area), spot));
        }
    }

    /// Something lies over all that was drawn until now: it is not under the mouse any more.
    pub(super) fn cover(&mut self) {
        if let Some(spots) = &mut self.spots {
            spots.clear();
        }
    }

    /// What belongs to this place, the outermost first.
    pub(super) fn spots_at(&self, place: Position) -> Vec<Spot> {
        let here = |(area, spot): &(Rect, Spot)| area.contains(place).then_some(*spot);
        self.spots.iter().flatten().filter_map(here).collect()
    }

    pub(super) fn charset(&self) -> Charset {
        self.theme.charset()
    }

    /// Writes a harmless text at the left of a line; gives what is left of the line.
    pub(super) fn left(&mut self, line: Rect, text: &str, style: Style) -> Rect {
        let line = line.intersection(self.buffer.area);
        if line.is_empty() {
            return line;
        }
        if text.is_ascii() {
            return self.left_ascii(line, text, style);
        }
        let (end, _) = self
            .buffer
            .set_stringn(line.x, line.y, text, line.width.into(), style);
        Rect {
            x: end,
            width: line.right().saturating_sub(end),
            ..line
        }
    }

    /// The same for what nearly every text is: a character, a cell.
    fn left_ascii(&mut self, line: Rect, text: &str, style: Style) -> Rect {
        let mut end = line.x;
        for (x, character) in (line.left()..line.right()).zip(text.chars()) {
            if let Some(cell) = self.buffer.cell_mut((x, line.y)) {
                cell.set_char(character).set_style(style);
            }
            end = x + 1;
        }
        Rect {
            x: end,
            width: line.right() - end,
            ..line
        }
    }

    /// Writes a harmless text at the right of a line where it fits whole; gives what is left of the line.
    pub(super) fn right(&mut self, line: Rect, text: &str, style: Style) -> Rect {
        let columns = text::width(text);
        match u16::try_from(columns) {
            Ok(columns) if columns <= line.width => {
                let rest = Rect {
                    width: line.width - columns,
                    ..line
                };
                let place = Rect {
                    x: rest.right(),
                    width: columns,
                    ..line
                };
                self.left(place, text, style);
                rest
            }
            _ => line,
        }
    }

    /// Makes a text harmless and writes it, cut at its end; gives what is left of the line.
    pub(super) fn text(&mut self, line: Rect, text: &str, style: Style) -> Rect {
        let shown = text::cut(text, line.width.into(), self.charset());
        self.left(line, &shown, style)
    }

    /// Adds a style to some graphemes, given by their places, of a text that stands at the left of a line.
    pub(super) fn restyle(&mut self, line: Rect, text: &str, places: &[u32], style: Style) {
        if places.is_empty() {
            return;
        }
        let mut x = line.x;
        for (at, grapheme) in (0_u32..).zip(text.graphemes(true)) {
            let columns = u16::try_from(text::width(grapheme)).unwrap_or_default();
            if x.saturating_add(columns) > line.right() {
                return;
            }
            if places.binary_search(&at).is_ok()
                && let Some(cell) = self.buffer.cell_mut((x, line.y))
            {
                cell.set_style(style);
            }
            x += columns;
        }
    }

    /// Empties an area, for an overlay.
    pub(super) fn clear(&mut self, area: Rect) {
        let area = area.intersection(self.buffer.area);
        for y in area.top()..area.bottom() {
            // What stood to the left may reach in with the half of a wide character.
            if let Some(cell) = area.x.checked_sub(1).and_then(|x| self.buffer.cell_mut((x, y)))
                && text::width(cell.symbol()) > 1
            {
                cell.set_symbol(" ");
            }
            for x in area.left()..area.right() {
                if let Some(cell) = self.buffer.cell_mut((x, y)) {
                    cell.reset();
                }
            }
        }
    }

    /// Draws a frame with its title; gives what is inside.
    pub(super) fn frame(&mut self, area: Rect, title: &Title<'_>) -> Rect {
        let area = area.intersection(self.buffer.area);
        let inner = inside(area);
        if area.width < 2 || area.height < 2 {
            return Rect::default();
        }
        let (set, style) = (self.theme.frame(title.focused), self.theme.border(title.focused));
        let (right, bottom) = (area.right() - 1, area.bottom() - 1);
        for x in inner.left()..inner.right() {
            self.cell(x, area.y, set.horizontal_top, style);
            self.cell(x, bottom, set.horizontal_bottom, style);
        }
        for y in inner.top()..inner.bottom() {
            self.cell(area.x, y, set.vertical_left, style);
            self.cell(right, y, set.vertical_right, style);
        }
        self.cell(area.x, area.y, set.top_left, style);
        self.cell(right, area.y, set.top_right, style);
        self.cell(area.x, bottom, set.bottom_left, style);
        self.cell(right, bottom, set.bottom_right, style);
        self.title(area, title);
        inner
    }

    fn title(&mut self, area: Rect, title: &Title<'_>) {
        let line = Rect {
            x: area.x + 1,
            width: area.width - 2,
            height: 1,
            ..area
        };
        if line.width < 4 {
            return;
        }
        let shown = text::cut(title.text, usize::from(line.width) - 2, self.charset()).into_owned();
        let style = self.theme.title(title.focused);
        let rest = self.left(line, &format!(" {shown} "), style);
        if !title.right.is_empty() && text::width(title.right) < usize::from(rest.width) {
            self.right(rest, title.right, self.theme.faint());
        }
    }

    /// Writes over the bottom edge of a frame, at its right.
    pub(super) fn foot(&mut self, area: Rect, text: &str, style: Style) {
        if area.height < 2 || area.width < 4 {
            return;
        }
        let line = Rect {
            x: area.x + 1,
            y: area.bottom() - 1,
            width: area.width - 2,
            height: 1,
        };
        self.right(line, text, style);
    }

    fn cell(&mut self, x: u16, y: u16, symbol: &str, style: Style) {
        if let Some(cell) = self.buffer.cell_mut((x, y)) {
            cell.set_symbol(symbol).set_style(style);
        }
    }
}

/// A part of an area without so many lines at its top.
pub(super) fn below(area: Rect, lines: u16) -> Rect {
    let lines = lines.min(area.height);
    Rect {
        y: area.y + lines,
        height: area.height - lines,
        ..area
    }
}
