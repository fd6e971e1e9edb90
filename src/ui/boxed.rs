//! The screen in boxes: panes side by side, overlays over them.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::{Modifier, Style};
use ratatui::widgets::{StatefulWidget, Widget};

use crate::app::place::Place;
use crate::app::view::{self, Body, Heading, ListView, RowCount, TitleName, Truncation, View, screen};
use crate::app::{MouseTarget, Pane, State, describe};

use super::draw::{ClearArea, FrameTitles, MouseSpots, dim, frame, put};
use super::layout::{self, ScreenAreas, ScreenLayout, WantedWidth, inner, popup, skip_lines, with_margin};
use super::text::Sanitized;
use super::theme::Theme;

mod choices;
mod fields;
mod footer;
mod hat;
mod header;
mod list;
mod question;
mod remarks;
mod status;
mod text_input;

use fields::{FieldsWidget, rule};
use footer::KeyHints;
use header::Header;
use list::ListWidget;
use question::Question;
use text_input::input;

/// The layout of a screen of this size.
fn screen_layout(state: &State, theme: &Theme, area: Rect) -> ScreenLayout {
    let trouble = header::problem_lines(state, theme, area.width).len();
    ScreenLayout::new(
        area,
        (state.grouping(), state.focus()),
        state.knows_presence(),
        u16::try_from(trouble).unwrap_or_default(),
        || layout::PANES.map(|pane| wanted_width(state, pane)),
    )
}

/// The width, with its frame, at which a pane cuts none of its first rows.
pub(super) fn wanted_width(state: &State, pane: Pane) -> WantedWidth {
    match view::pane(state, pane).body {
        Body::List(list) => list::wanted_columns(&list).framed(),
        _ => WantedWidth::default(),
    }
}

/// Draws the screen and collects the mouse targets. Returns the cursor position while text can be typed.
pub(super) fn screen(
    buffer: &mut Buffer,
    area: Rect,
    state: &State,
    theme: &Theme,
    spots: &mut MouseSpots,
) -> Option<Position> {
    let places = match screen_layout(state, theme, area) {
        ScreenLayout::Full(places) => places,
        ScreenLayout::TooSmall(area) => {
            status::too_small(buffer, area, (layout::MIN_WIDTH, layout::MIN_HEIGHT));
            return None;
        }
    };
    Header { state, theme }.render(places.header, buffer);
    for (row, line) in places
        .banner
        .rows()
        .zip(header::problem_lines(state, theme, area.width))
    {
        put(buffer, with_margin(row), &line, theme.error());
    }
    let mut whole = None;
    match screen::loading(state) {
        Some(opening) => status::LoadingWidget {
            opening: &opening,
            theme,
        }
        .render(places.body, buffer),
        None => whole = panes(buffer, &places, state, theme, spots),
    }
    let room = Rect {
        y: places.banner.y,
        height: places.details.y - places.banner.y,
        ..area
    };
    // A theme that is tried is shown as it is.
    if state.top().is_some_and(|top| top.place() != Place::Themes) {
        dim(buffer, room);
    }
    let mut cursor = None;
    let top = state.overlays().len().saturating_sub(1);
    for (at, shown) in state.overlays().iter().enumerate() {
        spots.cover();
        let view = shown.view(state);
        let mut painter = BoxedScreen {
            state,
            theme,
            focused: at == top,
        };
        cursor = painter.overlay(buffer, room, &view, spots);
        whole = view.details;
    }
    let typing = status::filter(buffer, places.details, state, theme);
    match (state.notice(), whole) {
        (Some(notice), _) => {
            let bottom = if typing.is_some() {
                places.details.y
            } else {
                places.details.bottom()
            };
            let above = Rect {
                height: bottom.saturating_sub(places.body.y),
                ..places.body
            };
            // Over an overlay, its last line stays visible.
            let most = if state.overlays().is_empty() {
                status::MAX_NOTICE_LINES
            } else {
                2
            };
            status::notice(buffer, above, notice, theme, most);
        }
        (None, Some(details)) if typing.is_none() => status::DetailsWidget {
            details: &details,
            theme,
        }
        .render(places.details, buffer),
        _ => {}
    }
    KeyHints { state, theme }.render(with_margin(places.footer), buffer);
    cursor.or(typing)
}

/// Draws the panes. Returns the details of the focused one.
fn panes<'a>(
    buffer: &mut Buffer,
    places: &ScreenAreas,
    state: &'a State,
    theme: &Theme,
    spots: &mut MouseSpots,
) -> Option<view::Details<'a>> {
    let alone = !places.side_by_side();
    let mut details = None;
    for pane in layout::PANES {
        let area = places.pane(pane);
        spots.add(area, MouseTarget::Pane(pane));
        if area.is_empty() {
            continue;
        }
        let view = view::pane(state, pane);
        let painter = BoxedScreen {
            state,
            theme,
            focused: state.focus() == pane && state.overlays().is_empty(),
        };
        painter.pane(buffer, area, &view, alone, spots);
        if pane == state.focus() {
            details = view.details;
        }
    }
    details
}

/// Columns of a subject that remain next to column headings.
const MIN_SUBJECT: usize = 9;

fn narrowed(columns: usize) -> u16 {
    u16::try_from(columns).unwrap_or(u16::MAX)
}

struct BoxedScreen<'v> {
    state: &'v State,
    theme: &'v Theme,
    focused: bool,
}

impl BoxedScreen<'_> {
    fn pane(&self, buffer: &mut Buffer, area: Rect, view: &View<'_>, alone: bool, spots: &mut MouseSpots) {
        let Body::List(list) = &view.body else { return };
        let inner = inner(area);
        let headings = list::column_headings(list, inner.width);
        // The headings are shown if enough of the subject remains.
        let beside = area.width.saturating_sub(narrowed(headings.width() + 1));
        let needed = self.plain_title(&view.heading).width() + 7 + MIN_SUBJECT;
        let columns = if view.heading.subjects.is_empty() || usize::from(beside) >= needed {
            beside
        } else {
            area.width
        };
        let titles = FrameTitles {
            title: self.title(&view.heading, columns, alone),
            top_right: headings,
            bottom_left: self.sort_sign(&view.heading),
            bottom_right: list::hidden_rows(list, self.theme, inner.height),
        };
        frame(buffer, area, self.theme, self.focused, &titles);
        if list.len == 0 {
            let style = if self.focused {
                Style::new()
            } else {
                self.theme.faint()
            };
            return self.empty_list(buffer, skip_lines(inner, 1), list, style);
        }
        self.rows(buffer, inner, list, spots);
    }

    fn rows(&self, buffer: &mut Buffer, area: Rect, list: &ListView<'_>, spots: &mut MouseSpots) {
        let rows = ListWidget {
            list,
            theme: self.theme,
            focused: self.focused,
            style: Style::new(),
        };
        rows.render(area, buffer, spots);
    }

    fn empty_list(&self, buffer: &mut Buffer, area: Rect, list: &ListView<'_>, style: Style) {
        let margin = with_margin(with_margin(area));
        let lines = list.empty.iter().flat_map(|line| {
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

    /// The title with the number of rows.
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

    /// The title with the number of rows and, if it fits, the subject.
    fn title(&self, heading: &Heading<'_>, columns: u16, alone: bool) -> Sanitized<'static> {
        let (theme, charset) = (self.theme, self.theme.charset());
        let title = self.plain_title(heading);
        let space = usize::from(columns).saturating_sub(7 + title.width());
        let shown = |name: &TitleName<'_>, space| {
            Sanitized::cut(&name.text, space, name.truncation, charset).into_owned()
        };
        let Some((last, before)) = heading.subjects.split_last() else {
            return title;
        };
        if !alone {
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

    /// A lasting sign of a sort order other than the default.
    fn sort_sign(&self, heading: &Heading<'_>) -> Sanitized<'static> {
        let order = heading.count.as_ref().and_then(|count| count.other_order);
        let text = order.map_or_else(String::new, |order| format!(" {order} "));
        Sanitized::new(&text, self.theme.charset()).into_owned()
    }

    /// The number of rows, such as `12`; with a filter `3 of 12 /mar`; and the number of marked rows.
    fn count(&self, count: &RowCount<'_>) -> String {
        let shown = describe::grouped(count.shown);
        let more = if count.has_more { "+" } else { "" };
        let of = count
            .total
            .map_or_else(String::new, |total| format!(" of {}", describe::grouped(total)));
        let marked = match count.marked {
            0 => String::new(),
            marked => format!(" {} {} marked", self.theme.dot(), describe::grouped(marked)),
        };
        let by = count.filter.as_ref().map_or_else(String::new, |filter| {
            let filter = Sanitized::cut(filter, 20, Truncation::End, self.theme.charset());
            format!(" /{}", filter.as_str())
        });
        format!("{shown}{more}{of}{marked}{by}")
    }

    fn overlay(
        &mut self,
        buffer: &mut Buffer,
        area: Rect,
        view: &View<'_>,
        spots: &mut MouseSpots,
    ) -> Option<Position> {
        let place = self.overlay_area(area, view);
        ClearArea.render(place, buffer);
        let mut inner = inner(place);
        let mut titles = FrameTitles {
            title: self.title(&view.heading, place.width, false),
            ..FrameTitles::default()
        };
        let remarks = remarks::folded(&view.remarks, inner, self.theme);
        let above = usize::from(view.input.is_some()) + remarks.len();
        let body = skip_lines(inner, u16::try_from(above).unwrap_or(u16::MAX));
        let whole = match &view.body {
            Body::List(list) => list.full_text_lines(body.height),
            _ => 0,
        };
        let rows = Rect {
            height: body.height - whole,
            ..body
        };
        if let Body::List(list) = &view.body {
            titles.top_right = list::column_headings(list, rows.width);
            titles.bottom_right = list::hidden_rows(list, self.theme, rows.height);
        }
        frame(buffer, place, self.theme, self.focused, &titles);
        let mut cursor = None;
        if let Some(typed) = &view.input {
            cursor = Some(self.input(buffer, inner, typed));
            inner = skip_lines(inner, 1);
        }
        for (shown, style) in &remarks {
            put(buffer, with_margin(inner), shown, *style);
            inner = skip_lines(inner, 1);
        }
        match &view.body {
            Body::List(list) if list.len == 0 => {
                let gap = u16::from(view.input.is_none());
                self.empty_list(buffer, skip_lines(rows, gap), list, self.theme.faint());
            }
            Body::List(list) => {
                self.rows(buffer, rows, list, spots);
                if whole > 0 {
                    self.full_text(buffer, skip_lines(body, rows.height), list);
                }
            }
            Body::Question(paragraphs) => {
                let inner = with_margin(with_margin(inner));
                Question {
                    lines: question::wrapped(paragraphs, inner.width, self.theme),
                    theme: self.theme,
                    keys: self.focused.then_some(self.state),
                }
                .render(inner, buffer);
            }
            Body::Fields(fields) => {
                let form = FieldsWidget {
                    fields,
                    theme: self.theme,
                    cursor: &mut cursor,
                };
                form.render(inner, buffer, spots);
            }
        }
        cursor.filter(|_| self.focused)
    }

    /// The area of an overlay: the size that it needs, centered.
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

    fn input(&self, buffer: &mut Buffer, area: Rect, typed: &view::InputView<'_>) -> Position {
        let line = Rect {
            height: area.height.min(1),
            ..area
        };
        let rest = put(buffer, line, &Sanitized::literal("> "), self.theme.key());
        let cursor = input(buffer, rest, typed.text, self.theme, Modifier::empty());
        if typed.text.text().is_empty() {
            let after = Rect {
                x: rest.x.saturating_add(1).min(rest.right()),
                width: rest.width.saturating_sub(1),
                ..rest
            };
            put(buffer, after, &Sanitized::literal(typed.hint), self.theme.faint());
        }
        cursor
    }

    /// The full text of the selected row.
    fn full_text(&self, buffer: &mut Buffer, area: Rect, list: &ListView<'_>) {
        let (Some(first), Some(text)) = (area.rows().next(), &list.full_text) else {
            return;
        };
        // On a small screen, the line of the rule is needed for the text.
        let has_rule = area.height > view::FULL_TEXT_LINES - 1;
        if has_rule {
            rule(buffer, first, self.theme);
        }
        let rest = with_margin(skip_lines(area, u16::from(has_rule)));
        let (columns, most) = (rest.width.into(), rest.height.into());
        let lines = Sanitized::wrapped(text, columns, most, self.theme.charset());
        for (row, line) in rest.rows().zip(&lines) {
            put(buffer, row, line, Style::new());
        }
    }
}
