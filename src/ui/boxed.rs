//! The screen in boxes: panes side by side, overlays over them.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::{Modifier, Style};
use ratatui::widgets::{StatefulWidget, Widget};

use crate::app::place::Place;
use crate::app::view::{self, Body, Heading, ListView, RowCount, TitleName, Truncation, View, screen};
use crate::app::{MouseTarget, Pane, State, describe};

use super::draw::{ClearArea, FrameTitles, MouseTargets, dim, draw_frame, put};
use super::layout::{self, ScreenAreas, ScreenLayout, WantedWidth, inner, popup, skip_lines, with_margin};
use super::text::Sanitized;
use super::theme::Theme;

mod choices;
mod fields;
mod footer;
mod header;
mod list;
mod question;
mod remarks;
mod status;
mod suggestions;
mod text_input;

use fields::FieldsWidget;
use footer::KeyHints;
use header::Header;
use list::ListWidget;
use question::Question;
use suggestions::draw_rule;
use text_input::draw_input;

/// Returns the layout of a screen of this size.
fn screen_layout(state: &State, theme: &Theme, area: Rect) -> ScreenLayout {
    let banner = header::problem_lines(state, theme, area.width).len();
    ScreenLayout::new(
        area,
        (state.grouping(), state.focus()),
        state.knows_presence(),
        u16::try_from(banner).unwrap_or_default(),
        || layout::PANES.map(|pane| wanted_width(state, pane)),
    )
}

/// Returns the width, with its frame, at which a pane cuts none of its first rows.
pub(super) fn wanted_width(state: &State, pane: Pane) -> WantedWidth {
    match view::pane(state, pane).body {
        Body::List(list) => list::wanted_columns(&list).framed(),
        _ => WantedWidth::default(),
    }
}

/// Draws the screen and collects the mouse targets. Returns the cursor position while text can be typed, else `None`.
pub(super) fn draw_screen(
    buffer: &mut Buffer,
    area: Rect,
    state: &State,
    theme: &Theme,
    targets: &mut MouseTargets,
) -> Option<Position> {
    let areas = match screen_layout(state, theme, area) {
        ScreenLayout::Full(areas) => areas,
        ScreenLayout::TooSmall(area) => {
            status::draw_too_small(buffer, area, (layout::MIN_WIDTH, layout::MIN_HEIGHT));
            return None;
        }
    };
    Header { state, theme }.render(areas.header, buffer);
    for (row, line) in areas
        .banner
        .rows()
        .zip(header::problem_lines(state, theme, area.width))
    {
        put(buffer, with_margin(row), &line, theme.error());
    }
    let mut details = None;
    match screen::loading(state) {
        Some(opening) => status::LoadingWidget {
            opening: &opening,
            theme,
        }
        .render(areas.body, buffer),
        None => details = draw_panes(buffer, &areas, state, theme, targets),
    }
    let middle = Rect {
        y: areas.banner.y,
        height: areas.details.y - areas.banner.y,
        ..area
    };
    // While a theme is being chosen, the screen is not dimmed, to show how the theme looks.
    if state.top().is_some_and(|top| top.place() != Place::Themes) {
        dim(buffer, middle);
    }
    let mut cursor = None;
    let top_index = state.overlays().len().saturating_sub(1);
    for (index, layer) in state.overlays().iter().enumerate() {
        targets.cover();
        let view = layer.view(state);
        let mut painter = BoxPainter {
            state,
            theme,
            focused: index == top_index,
        };
        cursor = painter.draw_overlay(buffer, middle, &view, targets);
        details = view.details;
    }
    let filter_cursor = status::draw_filter(buffer, areas.details, state, theme);
    match (state.notice(), details) {
        (Some(notice), _) => {
            let bottom = if filter_cursor.is_some() {
                areas.details.y
            } else {
                areas.details.bottom()
            };
            let above = Rect {
                height: bottom.saturating_sub(areas.body.y),
                ..areas.body
            };
            // The last line inside an overlay stays visible.
            let max_lines = if state.overlays().is_empty() {
                status::MAX_NOTICE_LINES
            } else {
                2
            };
            status::draw_notice(buffer, above, notice, theme, max_lines);
        }
        (None, Some(details)) if filter_cursor.is_none() => status::DetailsWidget {
            details: &details,
            theme,
        }
        .render(areas.details, buffer),
        _ => {}
    }
    KeyHints { state, theme }.render(with_margin(areas.footer), buffer);
    cursor.or(filter_cursor)
}

/// Draws the panes. Returns the details of the focused one.
fn draw_panes<'a>(
    buffer: &mut Buffer,
    areas: &ScreenAreas,
    state: &'a State,
    theme: &Theme,
    targets: &mut MouseTargets,
) -> Option<view::Details<'a>> {
    let is_only_pane = !areas.is_side_by_side();
    let mut details = None;
    for pane in layout::PANES {
        let area = areas.pane(pane);
        targets.add(area, MouseTarget::Pane(pane));
        if area.is_empty() {
            continue;
        }
        let view = view::pane(state, pane);
        let painter = BoxPainter {
            state,
            theme,
            focused: state.focus() == pane && state.overlays().is_empty(),
        };
        painter.draw_pane(buffer, area, &view, is_only_pane, targets);
        if pane == state.focus() {
            details = view.details;
        }
    }
    details
}

/// Minimum width of the subject in a title next to column headings.
const MIN_SUBJECT: usize = 9;

fn to_u16(columns: usize) -> u16 {
    u16::try_from(columns).unwrap_or(u16::MAX)
}

/// Draws a pane or an overlay in a box.
struct BoxPainter<'v> {
    state: &'v State,
    theme: &'v Theme,
    focused: bool,
}

impl BoxPainter<'_> {
    fn draw_pane(
        &self,
        buffer: &mut Buffer,
        area: Rect,
        view: &View<'_>,
        is_only_pane: bool,
        targets: &mut MouseTargets,
    ) {
        let Body::List(list) = &view.body else { return };
        let inner = inner(area);
        let headings = list::column_headings(list, inner.width);
        // The column headings are shown if enough columns remain for the subject.
        let remaining = area.width.saturating_sub(to_u16(headings.width() + 1));
        let needed = self.plain_title(&view.heading).width() + 7 + MIN_SUBJECT;
        let columns = if view.heading.subjects.is_empty() || usize::from(remaining) >= needed {
            remaining
        } else {
            area.width
        };
        let titles = FrameTitles {
            title: self.title(&view.heading, columns, is_only_pane),
            top_right: headings,
            bottom_left: self.sort_order(&view.heading),
            bottom_right: list::hidden_rows(list, self.theme, inner.height),
        };
        draw_frame(buffer, area, self.theme, self.focused, &titles);
        if list.len == 0 {
            let style = if self.focused {
                Style::new()
            } else {
                self.theme.faint()
            };
            return self.draw_empty_list(buffer, skip_lines(inner, 1), list, style);
        }
        self.draw_rows(buffer, inner, list, targets);
    }

    fn draw_rows(&self, buffer: &mut Buffer, area: Rect, list: &ListView<'_>, targets: &mut MouseTargets) {
        let rows = ListWidget {
            list,
            theme: self.theme,
            focused: self.focused,
            style: Style::new(),
        };
        rows.render(area, buffer, targets);
    }

    fn draw_empty_list(&self, buffer: &mut Buffer, area: Rect, list: &ListView<'_>, style: Style) {
        let margin = with_margin(with_margin(area));
        let lines = list.empty_lines.iter().flat_map(|line| {
            Sanitized::wrapped(
                line,
                margin.width.into(),
                margin.height.into(),
                self.theme.charset(),
            )
        });
        for (row, line) in margin.rows().zip(lines) {
            put(buffer, row, &line, style);
        }
    }

    /// Returns the title with the number of rows, if there is one, and an ellipsis while work is in progress.
    fn plain_title(&self, heading: &Heading<'_>) -> Sanitized<'static> {
        let charset = self.theme.charset();
        let mut title = heading.title.to_string();
        if let Some(count) = &heading.count {
            title = format!("{title} {}", self.count(count));
        }
        if heading.busy {
            title.push_str(charset.ellipsis());
        }
        Sanitized::new(&title, charset).into_owned()
    }

    /// Returns the title with the number of rows and, cut to the remaining columns, the last subject; in the only
    /// visible pane, all subjects.
    fn title(&self, heading: &Heading<'_>, columns: u16, is_only_pane: bool) -> Sanitized<'static> {
        let (theme, charset) = (self.theme, self.theme.charset());
        let title = self.plain_title(heading);
        let space = usize::from(columns).saturating_sub(7 + title.width());
        let shown = |name: &TitleName<'_>, space| match name.fallback {
            Some(other) if list::needs_fallback(&name.text, charset) => {
                Sanitized::cut(other, space, Truncation::Address, charset).into_owned()
            }
            _ => Sanitized::cut(&name.text, space, name.truncation, charset).into_owned(),
        };
        let Some((last, before)) = heading.subjects.split_last() else {
            return title;
        };
        if !is_only_pane {
            let dot = format!(" {} ", theme.dot());
            return title
                .append(&Sanitized::new(&dot, charset))
                .append(&shown(last, space));
        }
        let arrow = format!(" {} ", theme.breadcrumb());
        let arrow = Sanitized::new(&arrow, charset);
        let mut path = Sanitized::default();
        for name in before {
            path = path.append(&shown(name, space / 3)).append(&arrow);
        }
        let space = space.saturating_sub(path.width());
        path.append(&shown(last, space)).append(&arrow).append(&title)
    }

    /// Returns the sort order, unless it is the default one.
    fn sort_order(&self, heading: &Heading<'_>) -> Sanitized<'static> {
        let order = heading.count.as_ref().and_then(|count| count.non_default_order);
        let text = order.map_or_else(String::new, |order| format!(" {order} "));
        Sanitized::new(&text, self.theme.charset()).into_owned()
    }

    /// Describes the number of rows, such as `12`, or `3 of 12 /mar` with a filter, and the number of marked rows.
    fn count(&self, count: &RowCount<'_>) -> String {
        let shown = describe::with_thousands_commas(count.shown);
        let more = if count.has_more { "+" } else { "" };
        let total = count.total.map_or_else(String::new, |total| {
            format!(" of {}", describe::with_thousands_commas(total))
        });
        let marked = match count.marked {
            0 => String::new(),
            marked => format!(
                " {} {}",
                self.theme.dot(),
                describe::marked(marked, count.hidden_marks)
            ),
        };
        let filter = count.filter.as_ref().map_or_else(String::new, |filter| {
            let filter = Sanitized::cut(filter, 20, Truncation::End, self.theme.charset());
            format!(" /{}", filter.as_str())
        });
        format!("{shown}{more}{total}{marked}{filter}")
    }

    /// Draws an overlay. Returns the cursor position if the overlay has the focus and text can be typed in it.
    fn draw_overlay(
        &mut self,
        buffer: &mut Buffer,
        area: Rect,
        view: &View<'_>,
        targets: &mut MouseTargets,
    ) -> Option<Position> {
        let overlay_area = self.overlay_area(area, view);
        ClearArea.render(overlay_area, buffer);
        let mut inner = inner(overlay_area);
        let mut titles = FrameTitles {
            title: self.title(&view.heading, overlay_area.width, false),
            ..FrameTitles::default()
        };
        let remarks = remarks::wrapped(&view.remarks, inner, self.theme);
        let lines_above = usize::from(view.input.is_some()) + remarks.len();
        let body = skip_lines(inner, u16::try_from(lines_above).unwrap_or(u16::MAX));
        let full_text_lines = match &view.body {
            Body::List(list) => list.full_text_lines(body.height),
            _ => 0,
        };
        let rows = Rect {
            height: body.height - full_text_lines,
            ..body
        };
        if let Body::List(list) = &view.body {
            titles.top_right = list::column_headings(list, rows.width);
            titles.bottom_right = list::hidden_rows(list, self.theme, rows.height);
        }
        draw_frame(buffer, overlay_area, self.theme, self.focused, &titles);
        let mut cursor = None;
        if let Some(input) = &view.input {
            cursor = Some(self.draw_input(buffer, inner, input));
            inner = skip_lines(inner, 1);
        }
        for (line, style) in &remarks {
            put(buffer, with_margin(inner), line, *style);
            inner = skip_lines(inner, 1);
        }
        match &view.body {
            Body::List(list) if list.len == 0 => {
                let gap = u16::from(view.input.is_none());
                self.draw_empty_list(buffer, skip_lines(rows, gap), list, self.theme.faint());
            }
            Body::List(list) => {
                self.draw_rows(buffer, rows, list, targets);
                if full_text_lines > 0 {
                    self.draw_full_text(buffer, skip_lines(body, rows.height), list);
                }
            }
            Body::Question(paragraphs) => {
                let inner = with_margin(with_margin(inner));
                Question {
                    lines: question::wrapped(paragraphs, inner.width, self.theme),
                    theme: self.theme,
                    state: self.focused.then_some(self.state),
                }
                .render(inner, buffer);
            }
            Body::Fields(fields) => {
                let form = FieldsWidget {
                    fields,
                    theme: self.theme,
                    cursor: &mut cursor,
                };
                form.render(inner, buffer, targets);
            }
        }
        cursor.filter(|_| self.focused)
    }

    /// Returns the area of an overlay, centered and of the size that it needs.
    fn overlay_area(&self, area: Rect, view: &View<'_>) -> Rect {
        let (mut width, mut height) = view.size;
        if matches!(view.body, Body::Fields(_)) && width > 76 && area.width < 110 {
            width = 76;
        }
        width = width.min(area.width);
        let columns = width.saturating_sub(2);
        match &view.body {
            Body::List(_) => {}
            Body::Question(paragraphs) => {
                let lines = question::wrapped(paragraphs, columns.saturating_sub(4), self.theme).len();
                // The frame, a blank line at the top, one before the keys, and the keys.
                height = u16::try_from(lines + 5).unwrap_or(u16::MAX);
            }
            Body::Fields(fields) => height = fields::height(fields, columns, self.theme).saturating_add(2),
        }
        popup(area, width, height.min(area.height))
    }

    /// Draws the text input of an overlay. Returns the cursor position.
    fn draw_input(&self, buffer: &mut Buffer, area: Rect, view: &view::InputView<'_>) -> Position {
        let line = Rect {
            height: area.height.min(1),
            ..area
        };
        let rest = put(buffer, line, &Sanitized::literal("> "), self.theme.key());
        let cursor = draw_input(buffer, rest, view.text, self.theme, Modifier::empty());
        if view.text.text().is_empty() {
            let after = Rect {
                x: rest.x.saturating_add(1).min(rest.right()),
                width: rest.width.saturating_sub(1),
                ..rest
            };
            put(buffer, after, &Sanitized::literal(view.hint), self.theme.faint());
        }
        cursor
    }

    /// Draws the full text of the selected row.
    fn draw_full_text(&self, buffer: &mut Buffer, area: Rect, list: &ListView<'_>) {
        let (Some(first), Some(text)) = (area.rows().next(), &list.full_text) else {
            return;
        };
        // On a small screen, the text needs the line of the rule.
        let has_rule = area.height > view::FULL_TEXT_LINES - 1;
        if has_rule {
            draw_rule(buffer, first, self.theme);
        }
        let rest = with_margin(skip_lines(area, u16::from(has_rule)));
        let (columns, max_lines) = (rest.width.into(), rest.height.into());
        let lines = Sanitized::wrapped(text, columns, max_lines, self.theme.charset());
        for (row, line) in rest.rows().zip(&lines) {
            put(buffer, row, line, Style::new());
        }
    }
}
