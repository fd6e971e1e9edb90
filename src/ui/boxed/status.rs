//! The line below the panes: the filter being typed, else the details of the selection. Also the notice, which covers
//! the details or, while a filter is typed, the last lines of the panes; the loading screen; and the line of a screen
//! that is too small.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::{Modifier, Style};
use ratatui::widgets::Widget;

use crate::app::view::{Details, Truncation, screen};
use crate::app::{Notice, State};
use crate::ui::draw::{ClearArea, put, put_right};
use crate::ui::layout::{skip_lines, with_margin};
use crate::ui::text::Sanitized;
use crate::ui::theme::Theme;

use super::text_input::draw_input;

/// Maximum number of lines of a notice.
pub(super) const MAX_NOTICE_LINES: u16 = 4;

/// Draws the notice at the bottom of an area. A long notice covers several lines: at most `max_lines`, and at most half
/// of the area.
pub(super) fn draw_notice(buffer: &mut Buffer, area: Rect, notice: &Notice, theme: &Theme, max_lines: u16) {
    let (style, shown) = if notice.is_error {
        (theme.error(), format!("{} {}", theme.warning_mark(), notice.text))
    } else {
        (theme.success(), notice.text.clone())
    };
    let text_area = with_margin(area);
    let max_lines = max_lines.min(text_area.height / 2).max(1);
    let lines = Sanitized::wrapped(&shown, text_area.width.into(), max_lines.into(), theme.charset());
    let height = u16::try_from(lines.len()).unwrap_or(max_lines);
    let covered = skip_lines(area, area.height.saturating_sub(height));
    ClearArea.render(covered, buffer);
    for (row, line) in with_margin(covered).rows().zip(&lines) {
        put(buffer, row, line, style);
    }
}

/// Draws the input of the filter. Returns the cursor position, or `None` if no filter is being typed.
pub(super) fn draw_filter(buffer: &mut Buffer, line: Rect, state: &State, theme: &Theme) -> Option<Position> {
    let filter = state.typed_filter()?;
    let line = with_margin(line);
    let rest = put(buffer, line, &Sanitized::literal("/ "), theme.key());
    let hint = Sanitized::literal(screen::filter_hint(state));
    // The hint is shown only if the space left for typing is at least 4 columns wider than the hint.
    let has_hint = usize::from(rest.width) > 2 * hint.width() + 3;
    let rest = if has_hint {
        put_right(buffer, rest, &hint, theme.faint())
    } else {
        rest
    };
    Some(draw_input(buffer, rest, &filter.text, theme, Modifier::empty()))
}

/// Draws the details of the selection.
pub(super) struct DetailsWidget<'v, 'a> {
    pub(super) details: &'v Details<'a>,
    pub(super) theme: &'v Theme,
}

impl Widget for DetailsWidget<'_, '_> {
    fn render(self, line: Rect, buffer: &mut Buffer) {
        let line = with_margin(line);
        let (details, charset) = (self.details, self.theme.charset());
        let mut remarks = Sanitized::default();
        if !details.remarks.is_empty() {
            let joined = details.remarks.join(", ");
            let dot = format!(" {} ", self.theme.dot());
            // The remarks, without the dot before them, get at most half of the line.
            let space = usize::from(line.width) / 2;
            let shown = Sanitized::cut(&joined, space, Truncation::End, charset);
            remarks = Sanitized::new(&dot, charset).append(&shown).into_owned();
        }
        let space = usize::from(line.width).saturating_sub(remarks.width());
        let main = Sanitized::cut(&details.main, space, details.truncation, charset);
        let rest = put(buffer, line, &main, Style::new());
        put(buffer, rest, &remarks, Style::new());
    }
}

/// Draws the progress of loading the file, or a hint about how to continue if it cannot be loaded.
pub(super) struct LoadingWidget<'v, 'a> {
    pub(super) opening: &'v screen::LoadingView<'a>,
    pub(super) theme: &'v Theme,
}

impl Widget for LoadingWidget<'_, '_> {
    fn render(self, body: Rect, buffer: &mut Buffer) {
        let middle = Rect {
            y: body.y + body.height.saturating_sub(3) / 2,
            height: body.height.min(3),
            ..body
        };
        let mut rows = middle.rows();
        let (theme, charset) = (self.theme, self.theme.charset());
        let (Some(first), Some(second)) = (rows.next(), rows.nth(1)) else {
            return;
        };
        let space = usize::from(first.width).saturating_sub(20);
        let file = Sanitized::cut(self.opening.file, space, Truncation::Middle, charset);
        if let Some(failure_hint) = &self.opening.failure_hint {
            let unchanged = file.append(&Sanitized::literal(" was not changed"));
            draw_centered(buffer, first, &unchanged);
            let failure_hint = Sanitized::cut(failure_hint, second.width.into(), Truncation::End, charset);
            return draw_centered(buffer, second, &failure_hint);
        }
        let loading = Sanitized::literal("Loading ").append(&file);
        draw_centered(buffer, first, &loading);
        if let Some(percent) = self.opening.percent {
            let [full, empty] = theme.bar();
            let filled = usize::from(percent / 4).min(25);
            let bar = full.repeat(filled) + &empty.repeat(25 - filled);
            let bar = format!("{bar} {percent:>3}%");
            draw_centered(buffer, second, &Sanitized::new(&bar, charset));
        }
    }
}

/// Draws the only line of a screen that is too small. Input is kept and visible again when the terminal grows.
pub(super) fn draw_too_small(buffer: &mut Buffer, area: Rect, min_size: (u16, u16)) {
    if area.height == 0 {
        return;
    }
    let line = Rect { height: 1, ..area };
    let min_size = format!("{}x{}", min_size.0, min_size.1);
    let texts = [
        format!("Enlarge the terminal to {min_size}. Nothing is lost."),
        format!("Enlarge the terminal to {min_size}"),
        format!("Enlarge to {min_size}"),
        format!("Needs {min_size}"),
        "Too small".to_owned(),
    ];
    let charset = crate::ui::text::Charset::Ascii;
    let mut fitting = texts.iter().map(|text| Sanitized::new(text, charset));
    let shown = fitting
        .find(|text| text.width() <= usize::from(area.width))
        .unwrap_or(Sanitized::literal("Too small"));
    put(buffer, line, &shown, Style::new());
}

fn draw_centered(buffer: &mut Buffer, line: Rect, shown: &Sanitized<'_>) {
    let columns = u16::try_from(shown.width()).unwrap_or(line.width);
    let indent = line.width.saturating_sub(columns) / 2;
    let line = Rect {
        x: line.x + indent,
        width: line.width - indent,
        ..line
    };
    put(buffer, line, shown, Style::new());
}
