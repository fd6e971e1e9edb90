//! The only module that writes text to cells. It accepts only [`Sanitized`] text; `tests/architecture.rs` checks this.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::{Modifier, Style};
use ratatui::text::Line;
use ratatui::widgets::{Block, Borders, Clear, Widget};
use unicode_segmentation::UnicodeSegmentation;

use super::text::{self, Sanitized};
use super::theme::Theme;
use crate::app::MouseTarget;

/// The mouse targets of the screen; the default value collects none.
#[derive(Debug, Default)]
pub(super) struct MouseTargets(Option<Vec<(Rect, MouseTarget)>>);

impl MouseTargets {
    /// Creates a value that collects targets.
    pub(super) fn collecting() -> Self {
        Self(Some(Vec::new()))
    }

    /// Adds a target for an area.
    pub(super) fn add(&mut self, area: Rect, target: MouseTarget) {
        if let Some(targets) = &mut self.0 {
            targets.push((area, target));
        }
    }

    /// Drops all targets, because an overlay covers them.
    pub(super) fn cover(&mut self) {
        if let Some(targets) = &mut self.0 {
            targets.clear();
        }
    }

    /// Returns the targets at a position, outermost first.
    pub(super) fn at(&self, position: Position) -> Vec<MouseTarget> {
        let hit = |(area, target): &(Rect, MouseTarget)| area.contains(position).then_some(*target);
        self.0.iter().flatten().filter_map(hit).collect()
    }
}

/// Writes a text at the left of a line, as much as fits. Returns the rest of the line.
pub(super) fn put(buffer: &mut Buffer, line: Rect, text: &Sanitized<'_>, style: Style) -> Rect {
    let line = line.intersection(buffer.area);
    if line.is_empty() {
        return line;
    }
    let end = if text.as_str().is_ascii() {
        put_ascii(buffer, line, text.as_str(), style)
    } else {
        let (end, _) = buffer.set_stringn(line.x, line.y, text.as_str(), line.width.into(), style);
        end
    };
    Rect {
        x: end,
        width: line.right().saturating_sub(end),
        ..line
    }
}

/// Writes an ASCII text, faster than with grapheme segmentation: each character has one cell. Returns the column after it.
fn put_ascii(buffer: &mut Buffer, line: Rect, text: &str, style: Style) -> u16 {
    let columns = u16::try_from(text.len()).map_or(line.width, |columns| columns.min(line.width));
    let start = buffer.index_of(line.x, line.y);
    let cells = buffer.content.get_mut(start..).unwrap_or_default();
    for (cell, byte) in cells.iter_mut().zip(text.bytes().take(columns.into())) {
        cell.set_char(byte.into()).set_style(style);
    }
    line.x + columns
}

/// Writes a text at the right of a line, if it fits completely. Returns the rest of the line.
pub(super) fn put_right(buffer: &mut Buffer, line: Rect, text: &Sanitized<'_>, style: Style) -> Rect {
    let Some(rest) = u16::try_from(text.width())
        .ok()
        .and_then(|columns| line.width.checked_sub(columns))
    else {
        return line;
    };
    let text_area = Rect {
        x: line.x + rest,
        width: line.width - rest,
        ..line
    };
    put(buffer, text_area, text, style);
    Rect { width: rest, ..line }
}

/// Adds a style to some graphemes of a text at the left of a line; `indices` are sorted.
pub(super) fn highlight(
    buffer: &mut Buffer,
    line: Rect,
    text: &Sanitized<'_>,
    indices: &[u32],
    style: Style,
) {
    if indices.is_empty() {
        return;
    }
    let mut x = line.x;
    for (index, grapheme) in (0_u32..).zip(text.as_str().graphemes(true)) {
        let columns = u16::try_from(text::width(grapheme)).unwrap_or_default();
        if x.saturating_add(columns) > line.right() {
            return;
        }
        if indices.binary_search(&index).is_ok()
            && let Some(cell) = buffer.cell_mut((x, line.y))
        {
            cell.set_style(style);
        }
        x += columns;
    }
}

/// Dims an area that an overlay covers.
pub(super) fn dim(buffer: &mut Buffer, area: Rect) {
    buffer.set_style(area, Style::new().add_modifier(Modifier::DIM));
}

/// Clears an area for an overlay. Unlike [`Clear`] alone, it leaves no half of a wide character at the left edge of the
/// area.
pub(super) struct ClearArea;

impl Widget for ClearArea {
    fn render(self, area: Rect, buffer: &mut Buffer) {
        let area = area.intersection(buffer.area);
        let before = area.x.checked_sub(1);
        for (x, y) in before
            .into_iter()
            .flat_map(|x| area.rows().map(move |row| (x, row.y)))
        {
            if let Some(cell) = buffer.cell_mut((x, y))
                && text::width(cell.symbol()) > 1
            {
                cell.set_symbol(" ");
            }
        }
        Clear.render(area, buffer);
    }
}

/// The titles of a frame.
#[derive(Default)]
pub(super) struct FrameTitles<'a> {
    /// Top left.
    pub(super) title: Sanitized<'a>,
    /// Top right, if there is space.
    pub(super) top_right: Sanitized<'a>,
    /// Bottom left, if there is space.
    pub(super) bottom_left: Sanitized<'a>,
    /// Bottom right, if there is space.
    pub(super) bottom_right: Sanitized<'a>,
}

/// Draws a frame with its titles. Titles that do not fit are cut or left out first, because [`Block`] would let titles
/// overwrite each other. Each side is drawn as a block of its own, because a single block would also style its whole
/// inner area, which took one eighth of the time needed to handle a key press.
pub(super) fn draw_frame(
    buffer: &mut Buffer,
    area: Rect,
    theme: &Theme,
    focused: bool,
    titles: &FrameTitles<'_>,
) {
    let side = |borders| {
        Block::new()
            .borders(borders)
            .border_set(theme.frame(focused))
            .border_style(theme.border(focused))
    };
    let mut top = side(Borders::TOP | Borders::LEFT | Borders::RIGHT);
    let mut bottom = side(Borders::BOTTOM | Borders::LEFT | Borders::RIGHT);
    let columns = usize::from(area.width.saturating_sub(2));
    if columns >= 4 {
        let title = text::cut(titles.title.as_str(), columns - 2, theme.charset());
        let remaining = columns.saturating_sub(text::width(&title) + 2);
        top = top.title(Line::styled(format!(" {title} "), theme.title(focused)));
        let right = |text| Line::styled(text, theme.faint()).right_aligned();
        if (1..=remaining).contains(&titles.top_right.width()) {
            top = top.title(right(titles.top_right.as_str()));
        }
        let bottom_left_width = titles.bottom_left.width();
        if (1..=columns).contains(&bottom_left_width) {
            bottom = bottom.title_bottom(Line::styled(titles.bottom_left.as_str(), theme.faint()));
        }
        if (1..=columns.saturating_sub(bottom_left_width)).contains(&titles.bottom_right.width()) {
            bottom = bottom.title_bottom(right(titles.bottom_right.as_str()));
        }
    }
    let (mut rows, mut columns) = (area.rows(), area.columns());
    let sides = [
        (columns.next(), side(Borders::LEFT)),
        (columns.next_back(), side(Borders::RIGHT)),
        (rows.next(), top),
        (rows.next_back(), bottom),
    ];
    for (side, block) in sides {
        block.render(side.unwrap_or_default(), buffer);
    }
}
