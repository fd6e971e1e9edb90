//! A list that creates only its visible rows.
//!
//! ratatui's `List` and `Table` are not used: `List` takes all items in each frame (10,000 rows: 2.0 ms per key), scrolls
//! with state that drawing changes, and has no headings; `Table` runs the layout solver in each frame.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::widgets::StatefulWidget;

use crate::app::view::{
    CellContent, CellWidth, Glyph, ItemRow, ListRow, ListView, RowCell, Tone, Truncation, label,
};
use crate::ui::draw::{MouseTargets, highlight, put};
use crate::ui::layout::{WantedWidth, scroll_offset};
use crate::ui::text::{Charset, Sanitized};
use crate::ui::theme::Theme;

/// Draws the rows of a list.
pub(super) struct ListWidget<'v, 'a> {
    pub(super) list: &'v ListView<'a>,
    pub(super) theme: &'v Theme,
    /// Whether the list has the focus.
    pub(super) focused: bool,
    /// The style of unselected rows.
    pub(super) style: Style,
}

/// Returns the first visible row of a list of this height.
fn first_visible(list: &ListView<'_>, height: u16) -> usize {
    scroll_offset(list.selected.unwrap_or_default(), height.into(), list.len)
}

/// Returns the numbers of rows hidden above and below.
pub(super) fn hidden_rows(list: &ListView<'_>, theme: &Theme, height: u16) -> Sanitized<'static> {
    let first = first_visible(list, height);
    let (above, below) = (0..first, (first + usize::from(height)).min(list.len)..list.len);
    // Headings are not counted, as in the title. Only short lists have headings.
    let has_headings = list.position.1 < list.len;
    let is_item = |index: &usize| matches!((list.row)(*index), ListRow::Item(_));
    let count = |rows: std::ops::Range<usize>| {
        if has_headings {
            rows.filter(is_item).count()
        } else {
            rows.len()
        }
    };
    let (above, below) = (count(above), count(below));
    let mut text = String::new();
    for (number, down) in [(above, false), (below, true)] {
        if number > 0 {
            text.extend([" ", theme.more(down), &number.to_string()]);
        }
    }
    if !text.is_empty() {
        text.push(' ');
    }
    Sanitized::new(&text, theme.charset()).into_owned()
}

/// Returns the column headings, for rows of this width; empty if there are none or they would touch each other.
pub(super) fn column_headings(list: &ListView<'_>, columns: u16) -> Sanitized<'static> {
    if list.len == 0 {
        return Sanitized::default();
    }
    let ListRow::Item(item) = (list.row)(0) else {
        return Sanitized::default();
    };
    let widths = widths(list, &item, columns, left_out_count(list, columns));
    let is_share = |(cell, _): &(&RowCell<'_>, usize)| matches!(cell.width, CellWidth::Share(_));
    let after = widths.iter().rposition(is_share).map_or(0, |last| last + 1);
    // From the right: a heading may begin left of its column, but must not touch the next heading.
    let (mut text, mut right) = (String::new(), 1);
    for (cell, width) in widths.iter().skip(after).rev() {
        let (left, heading) = (right + width, cell.heading);
        if !heading.is_empty() {
            let end = if cell.right_aligned {
                right
            } else {
                left.saturating_sub(heading.len())
            };
            let Some(blank) = end.checked_sub(text.len()).filter(|blank| *blank > 0) else {
                return Sanitized::default();
            };
            text = format!("{heading}{}{text}", " ".repeat(blank));
        }
        right = left + usize::from(cell.gap);
    }
    if text.is_empty() {
        return Sanitized::default();
    }
    // Column headings are literals.
    Sanitized::new(&format!(" {text}"), Charset::Ascii).into_owned()
}

/// Maximum number of rows, from the first, that are measured, so that the widths of panes do not depend on the scroll position.
const MAX_MEASURED_ROWS: usize = 100;

/// Returns the width at which the first rows of a list are not cut. A short form does not count as cut.
pub(super) fn wanted_columns(list: &ListView<'_>) -> WantedWidth {
    let rows = (0..list.len.min(MAX_MEASURED_ROWS)).map(|index| match (list.row)(index) {
        ListRow::Heading(_) => WantedWidth::default(),
        ListRow::Item(item) => WantedWidth {
            full: wanted_row_width(list, &item, preferred_width),
            without_domains: wanted_row_width(list, &item, width_without_domain),
        },
    });
    rows.fold(WantedWidth::default(), WantedWidth::max)
}

/// Returns the width at which a row is not cut. `text_width` returns the width of a cell that adapts to its content;
/// its second argument tells whether the row is narrow.
fn wanted_row_width(
    list: &ListView<'_>,
    item: &ItemRow<'_>,
    text_width: impl Fn(&RowCell<'_>, bool) -> usize,
) -> u16 {
    let columns = |narrow: bool| {
        let is_counted = |cell: &&RowCell<'_>| cell.min_row_width == 0 && cell.width != CellWidth::Spare;
        let cells = item.cells.iter().filter(is_counted);
        let widths = cells.map(|cell| {
            let width = match cell.width {
                CellWidth::Content | CellWidth::Share(_) | CellWidth::Spare => text_width(cell, narrow),
                CellWidth::Fixed(columns) => columns.into(),
                CellWidth::Adaptive { narrow: short, .. } if narrow => short.into(),
                CellWidth::Adaptive { wide, .. } => wide.into(),
            };
            width + usize::from(cell.gap)
        });
        let margins = 2 + usize::from(list.markable);
        u16::try_from(margins + widths.sum::<usize>()).unwrap_or(u16::MAX)
    };
    match columns(true) {
        narrow if narrow < list.narrow_below => narrow,
        _ => columns(false),
    }
}

impl StatefulWidget for ListWidget<'_, '_> {
    type State = MouseTargets;

    fn render(self, area: Rect, buffer: &mut Buffer, targets: &mut MouseTargets) {
        let first = first_visible(self.list, area.height);
        let left_out_count = left_out_count(self.list, area.width);
        for (index, line) in (first..self.list.len).zip(area.rows()) {
            match (self.list.row)(index) {
                ListRow::Heading(heading) => {
                    let shown =
                        Sanitized::cut(heading, line.width.into(), Truncation::End, self.theme.charset());
                    put(buffer, line, &shown, self.theme.title(true));
                }
                ListRow::Item(item) => {
                    targets.add(line, item.mouse_target);
                    self.draw_item(
                        buffer,
                        line,
                        &item,
                        self.list.selected == Some(index),
                        left_out_count,
                    );
                }
            }
        }
    }
}

impl ListWidget<'_, '_> {
    fn draw_item(
        &self,
        buffer: &mut Buffer,
        line: Rect,
        item: &ItemRow<'_>,
        selected: bool,
        left_out_count: usize,
    ) {
        let theme = self.theme;
        let base = if selected {
            theme.selected(self.focused)
        } else {
            self.style
        };
        let marker = Sanitized::literal(if selected { ">" } else { " " });
        let mut rest = put(buffer, line, &marker, base);
        if self.list.markable {
            rest = put(buffer, rest, &Sanitized::literal(theme.mark(item.marked)), base);
        }
        for (cell, width) in widths(self.list, item, line.width, left_out_count) {
            let style = match (selected, cell.tone) {
                (_, Tone::Swatch(id, hue)) => theme.hat(id, hue),
                (true, Tone::Hat(id, hue)) => theme.hat(id, hue).patch(base),
                (true, _) | (false, Tone::Plain) => base,
                (false, tone) => self.style.patch(tone_style(theme, tone)),
            };
            rest = put(buffer, rest, &Sanitized::blank(cell.gap.into()), style);
            let narrow = line.width < self.list.narrow_below;
            let shown = content(cell, width, narrow, theme);
            let missing = Sanitized::blank(width.saturating_sub(shown.width()));
            if cell.right_aligned {
                rest = put(buffer, rest, &missing, style);
            }
            let after = put(buffer, rest, &shown, style);
            if let Some(filter) = self.list.filter.filter(|_| cell.is_filterable) {
                let indices = filter.match_positions(shown.as_str());
                highlight(buffer, rest, &shown, &indices, theme.matched());
            }
            rest = after;
            if !cell.right_aligned {
                rest = put(buffer, rest, &missing, style);
            }
        }
        put(buffer, rest, &Sanitized::literal(" "), base);
    }
}

fn tone_style(theme: &Theme, tone: Tone<'_>) -> Style {
    match tone {
        Tone::Plain => Style::new(),
        Tone::Faint => theme.faint(),
        Tone::Banned => theme.banned(),
        Tone::Warning => theme.warning(),
        Tone::Good => theme.success(),
        Tone::Hat(id, hue) | Tone::Swatch(id, hue) => theme.hat(id, hue),
    }
}

/// Minimum width of texts; narrower ones are hard to tell apart.
const MIN_TEXT_WIDTH: usize = 14;

/// Returns the number of optional cells that are left out in rows of this width, the same in all rows: as many,
/// starting with the last, as needed so that no text is cut to less than [`MIN_TEXT_WIDTH`].
fn left_out_count(list: &ListView<'_>, columns: u16) -> usize {
    let items: Vec<ItemRow<'_>> = (0..list.len.min(MAX_MEASURED_ROWS))
        .map_while(|index| match (list.row)(index) {
            ListRow::Item(item) if item.cells.iter().any(|cell| cell.is_optional) => Some(item),
            _ => None,
        })
        .collect();
    let narrow = columns < list.narrow_below;
    let is_cut = |item: &ItemRow<'_>, left_out_count: usize| {
        let mut widths = widths(list, item, columns, left_out_count).into_iter();
        widths.any(|(cell, width)| {
            let is_share = matches!(cell.width, CellWidth::Share(_));
            is_share && width < MIN_TEXT_WIDTH.min(width_without_domain(cell, narrow))
        })
    };
    let optional_count = |item: &ItemRow<'_>| item.cells.iter().filter(|cell| cell.is_optional).count();
    let most = items.iter().map(optional_count).max().unwrap_or_default();
    let enough = (0..most).find(|left_out_count| !items.iter().any(|item| is_cut(item, *left_out_count)));
    enough.unwrap_or(most)
}

/// Returns the cells that fit into a row of this width, and their widths. `left_out_count` is the number of optional
/// cells to leave out, starting with the last.
fn widths<'v, 'a>(
    list: &ListView<'_>,
    item: &'v ItemRow<'a>,
    columns: u16,
    left_out_count: usize,
) -> Vec<(&'v RowCell<'a>, usize)> {
    let narrow = columns < list.narrow_below;
    let row = usize::from(columns);
    let optional_count = item.cells.iter().filter(|cell| cell.is_optional).count();
    let mut kept = optional_count.saturating_sub(left_out_count);
    let is_kept = |cell: &&RowCell<'_>| {
        let is_left_out = cell.is_optional && kept == 0;
        kept -= usize::from(cell.is_optional && kept > 0);
        !is_left_out && cell.min_row_width <= columns
    };
    let shown: Vec<&RowCell<'_>> = item.cells.iter().filter(is_kept).collect();
    let is_not_spare = |cell: &&RowCell<'_>| cell.width != CellWidth::Spare;
    // A row starts with the selection marker and the mark, and ends with one blank.
    let gaps: usize = shown
        .iter()
        .filter(|cell| is_not_spare(cell))
        .map(|cell| usize::from(cell.gap))
        .sum();
    let available = row.saturating_sub(2 + usize::from(list.markable) + gaps);
    let (mut remaining, mut shares) = (available, 0);
    let mut widths: Vec<(&RowCell<'_>, usize)> = Vec::with_capacity(item.cells.len());
    for cell in shown {
        let width = match cell.width {
            CellWidth::Content => preferred_width(cell, narrow).min((remaining / 2).max(1)),
            CellWidth::Fixed(columns) => usize::from(columns).min(row / 3),
            CellWidth::Adaptive { narrow: short, .. } if narrow => short.into(),
            CellWidth::Adaptive { wide, .. } => wide.into(),
            CellWidth::Share(weight) => {
                shares += usize::from(weight);
                0
            }
            CellWidth::Spare => 0,
        };
        remaining = remaining.saturating_sub(width);
        widths.push((cell, width));
    }
    if let Some(spare) = widths.iter().position(|(cell, _)| !is_not_spare(cell)) {
        remaining -= fill_spare(&mut widths, spare, remaining, narrow);
    }
    for (cell, width) in &mut widths {
        if let CellWidth::Share(weight) = cell.width {
            *width = remaining * usize::from(weight) / shares.max(1);
            remaining -= *width;
            shares -= usize::from(weight);
        }
    }
    widths
}

/// Minimum width of a spare cell that is cut; a narrower cell would show too little.
const MIN_SPARE_WIDTH: usize = 6;

/// Gives the spare cell at `index` the columns that remain if no cell with a share is cut, or removes the cell if they
/// are too few. Returns the number of columns that it gets.
fn fill_spare(
    widths: &mut Vec<(&RowCell<'_>, usize)>,
    index: usize,
    remaining: usize,
    narrow: bool,
) -> usize {
    let shares = widths
        .iter()
        .filter(|(cell, _)| matches!(cell.width, CellWidth::Share(_)));
    let wanted: usize = shares.map(|(cell, _)| preferred_width(cell, narrow)).sum();
    let Some((cell, width)) = widths.get_mut(index) else {
        return 0;
    };
    let gap = usize::from(cell.gap);
    match remaining.checked_sub(wanted + gap) {
        Some(spare) if spare >= preferred_width(cell, narrow).min(MIN_SPARE_WIDTH) => {
            *width = spare;
            spare + gap
        }
        _ => {
            widths.remove(index);
            0
        }
    }
}

/// Returns the width at which a cell is not cut.
fn preferred_width(cell: &RowCell<'_>, narrow: bool) -> usize {
    match &cell.content {
        CellContent::Glyph(_) => 1,
        CellContent::Number(number) => number.to_string().len(),
        CellContent::Abbreviated(_, short) if narrow => crate::ui::text::width(short),
        CellContent::Text(text, _) | CellContent::Abbreviated(text, _) | CellContent::Keys(text) => {
            // Texts are measured only up to a width beyond that of any row.
            Sanitized::cut(text, 400, Truncation::End, Charset::Unicode).width()
        }
    }
}

/// Returns the width at which nothing is cut in a cell except the domain of an address.
fn width_without_domain(cell: &RowCell<'_>, narrow: bool) -> usize {
    let full = preferred_width(cell, narrow);
    match &cell.content {
        CellContent::Text(text, Truncation::Address) => match text.rsplit_once('@') {
            Some((local, _)) => full.min(crate::ui::text::width(local) + "@…".chars().count()),
            None => full,
        },
        _ => full,
    }
}

fn content<'a>(cell: &'a RowCell<'_>, width: usize, narrow: bool, theme: &Theme) -> Sanitized<'a> {
    let charset = theme.charset();
    match &cell.content {
        CellContent::Text(text, truncation) => match &cell.fallback {
            Some(other) if needs_fallback(text, charset) => {
                Sanitized::cut(other, width, *truncation, charset)
            }
            _ => Sanitized::cut(text, width, *truncation, charset),
        },
        CellContent::Abbreviated(text, short) => {
            let is_short = narrow || preferred_width(cell, narrow) > width;
            Sanitized::cut(
                if is_short { short } else { text },
                width,
                Truncation::End,
                charset,
            )
        }
        CellContent::Number(number) => Sanitized::number(*number, width, charset),
        CellContent::Keys(keys) => {
            Sanitized::cut(&theme.key_name(keys), width, Truncation::End, charset).into_owned()
        }
        CellContent::Glyph(kind) => Sanitized::literal(glyph(*kind, theme)),
    }
}

/// Returns whether the terminal cannot display most of a text.
pub(super) fn needs_fallback(text: &str, charset: Charset) -> bool {
    charset == Charset::Ascii && !is_legible_in_ascii(text)
}

/// Returns whether at least half of the characters of a text are ASCII, so that it can be read without the others.
fn is_legible_in_ascii(text: &str) -> bool {
    let start = label::bounded_prefix(text);
    let ascii = start.chars().filter(char::is_ascii).count();
    ascii * 2 >= start.chars().count()
}

fn glyph(kind: Glyph, theme: &Theme) -> &'static str {
    match kind {
        Glyph::Full => theme.hat_mark(true),
        Glyph::Mixed => theme.mixed_mark(),
        Glyph::Empty => theme.hat_mark(false),
        Glyph::Warning => theme.warning_mark(),
        Glyph::Dash => theme.dash(),
        Glyph::Send => theme.direction(true),
        Glyph::Receive => theme.direction(false),
        Glyph::Differs => theme.differs_mark(),
        Glyph::Online => theme.online_mark(),
        Glyph::Blank => " ",
    }
}
