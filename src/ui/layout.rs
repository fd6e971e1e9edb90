//! Layout: pure functions that divide the screen into areas, for drawing and for the mouse.

use ratatui::layout::Rect;

use crate::app::{self, Grouping, Pane, RowKind};

/// The panes from left to right.
pub const PANES: [Pane; 3] = [Pane::First, Pane::Second, Pane::Third];

/// Minimum width for three panes side by side.
pub const THREE_PANE_WIDTH: u16 = 80;
/// Below this width or [`MIN_HEIGHT`] the screen only says that the terminal is too small.
pub const MIN_WIDTH: u16 = app::MIN_SIZE.0;
/// Below this height or [`MIN_WIDTH`] the screen only says that the terminal is too small.
pub const MIN_HEIGHT: u16 = app::MIN_SIZE.1;

/// The width that the rows of a pane need, in columns.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct WantedWidth {
    /// The width at which nothing is cut.
    pub full: u16,
    /// The width at which only the domains of addresses are cut.
    pub without_domains: u16,
}

impl WantedWidth {
    /// Adds a border of one cell on each side.
    pub(super) fn framed(self) -> Self {
        Self {
            full: self.full.saturating_add(2),
            without_domains: self.without_domains.saturating_add(2),
        }
    }

    /// Returns the width that is enough for both.
    pub(super) fn max(self, other: Self) -> Self {
        Self {
            full: self.full.max(other.full),
            without_domains: self.without_domains.max(other.without_domains),
        }
    }
}

/// The layout of a screen of a certain size.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ScreenLayout {
    /// The area is too small for more than one line.
    TooSmall(Rect),
    /// The normal screen.
    Full(ScreenAreas),
}

/// The areas of a screen; they do not overlap, and together they fill it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ScreenAreas {
    /// The header line at the top.
    pub header: Rect,
    /// Below the header, the problem that prevents reading or saving the file; empty if there is none.
    pub banner: Rect,
    /// The area of all panes.
    pub body: Rect,
    /// The areas of the panes; empty for hidden ones.
    pub panes: [Rect; 3],
    /// The details line below the panes.
    pub details: Rect,
    /// The footer line at the bottom.
    pub footer: Rect,
}

impl ScreenLayout {
    /// Returns the layout for the focused pane of a view, with at most this many lines for the banner. `has_nicknames`
    /// tells whether users also have nicknames; users then get more columns on a wide screen. `wanted` returns the widths that the panes need, from left
    /// to right; it is called only if three panes are shown.
    pub fn new(
        area: Rect,
        (grouping, focus): (Grouping, Pane),
        has_nicknames: bool,
        banner: u16,
        wanted: impl FnOnce() -> [WantedWidth; 3],
    ) -> Self {
        if area.width < MIN_WIDTH || area.height < MIN_HEIGHT {
            return Self::TooSmall(area);
        }
        let part = |y, height| Rect { y, height, ..area };
        // At least four lines remain for the panes.
        let banner = banner.min(area.height - 7);
        let body = part(area.y + 1 + banner, area.height - 3 - banner);
        Self::Full(ScreenAreas {
            header: part(area.y, 1),
            banner: part(area.y + 1, banner),
            body,
            panes: panes(body, (grouping, focus), has_nicknames, wanted),
            details: part(area.bottom() - 2, 1),
            footer: part(area.bottom() - 1, 1),
        })
    }
}

/// Below this width, columns are scarce: if rows of the focused pane are cut, it also gets columns that the others need. From
/// this width on, it gets only columns that the others do not need.
const ROOMY_WIDTH: u16 = 100;

/// Returns the areas of the panes. Rooms get fewer columns, because their names are short, while addresses of users and
/// titles of hats are long.
fn panes(
    body: Rect,
    (grouping, focus): (Grouping, Pane),
    has_nicknames: bool,
    wanted: impl FnOnce() -> [WantedWidth; 3],
) -> [Rect; 3] {
    if body.width < THREE_PANE_WIDTH {
        return PANES.map(|pane| if pane == focus { body } else { Rect::default() });
    }
    let rooms = (body.width / 4).clamp(23, 40);
    let rest = body.width - rooms;
    let users = if has_nicknames && body.width >= ROOMY_WIDTH {
        rest * 11 / 20
    } else {
        (rest * 9 / 20).max((rest / 2 + 2).min(40))
    };
    let kind_width = |kind| match kind {
        RowKind::Room => rooms,
        RowKind::User => users,
        RowKind::Hat => body.width - rooms - users,
    };
    let min_width = |pane| match grouping.kind(pane) {
        RowKind::Room => 19,
        RowKind::User => 26,
        RowKind::Hat => 21,
    };
    // Enough for the headings of the columns.
    let comfortable = |pane| match grouping.kind(pane) {
        RowKind::Room => 23,
        _ => min_width(pane),
    };
    let mut widths = PANES.map(|pane| kind_width(grouping.kind(pane)));
    // After the focused pane, users come first: when addresses are cut, many look the same.
    let rank = |pane: &Pane| (*pane != focus, grouping.kind(*pane) != RowKind::User);
    let mut order = PANES;
    order.sort_by_key(rank);
    let wanted = wanted();
    let needed = PANES.map(|pane| for_pane(wanted, pane).full.max(comfortable(pane)));
    if body.width < ROOMY_WIDTH {
        let without_domains = PANES.map(|pane| for_pane(wanted, pane).without_domains.max(comfortable(pane)));
        widths = fitted(
            widths,
            [needed, without_domains],
            [PANES.map(comfortable), PANES.map(min_width)],
            order,
        );
    } else {
        // Others keep most of their width, since what they need changes with the selection. Users also need their columns for
        // nicknames, where these are known.
        let kept = PANES.map(|pane| {
            let usual = for_pane(widths, pane);
            let has_more = has_nicknames && grouping.kind(pane) == RowKind::User;
            let least = if has_more { usual } else { usual * 3 / 4 };
            for_pane(needed, pane).max(least)
        });
        widen(&mut widths, focus, needed, kept);
    }
    let mut x = body.x;
    widths.map(|width| {
        let area = Rect { x, width, ..body };
        x += area.width;
        area
    })
}

/// Returns the widths of the panes. `order` starts with the focused pane, which grows until it cuts nothing: first by
/// columns that the others do not need, then at the cost of other panes that are cut already, then at the cost of all
/// others. The others shrink to their minimum until the focused pane cuts only domains; after that, only to a
/// comfortable width. Columns that the focused pane does not need go to the other panes that are cut, in the order of
/// `order`.
fn fitted(
    usual: [u16; 3],
    [needed, without_domains]: [[u16; 3]; 2],
    [comfortable, min_widths]: [[u16; 3]; 2],
    order: [Pane; 3],
) -> [u16; 3] {
    let [focus, second, third] = order;
    let mut widths = usual;
    widen(&mut widths, focus, needed, needed);
    for (wanted, kept) in [
        (without_domains, comfortable),
        (without_domains, min_widths),
        (needed, comfortable),
    ] {
        let kept_by_cut = PANES.map(|pane| {
            let is_cut = for_pane(needed, pane) > for_pane(widths, pane);
            for_pane(if is_cut { kept } else { widths }, pane)
        });
        widen(&mut widths, focus, wanted, kept_by_cut);
        widen(&mut widths, focus, wanted, kept);
    }
    for pane in [second, third] {
        widen(&mut widths, pane, needed, needed);
    }
    widths
}

/// Widens a pane up to its width in `needed`, by columns of the others, which keep at least their widths in `kept`.
fn widen(widths: &mut [u16; 3], target: Pane, needed: [u16; 3], kept: [u16; 3]) {
    let mut missing = for_pane(needed, target).saturating_sub(for_pane(*widths, target));
    let mut freed = 0;
    for (pane, width) in PANES.into_iter().zip(widths.iter_mut()) {
        if pane != target {
            let spare = width.saturating_sub(for_pane(kept, pane)).min(missing);
            *width -= spare;
            missing -= spare;
            freed += spare;
        }
    }
    for (pane, width) in PANES.into_iter().zip(widths) {
        if pane == target {
            *width += freed;
        }
    }
}

/// Returns the value for one of the panes.
fn for_pane<T>([first, second, third]: [T; 3], pane: Pane) -> T {
    match pane {
        Pane::First => first,
        Pane::Second => second,
        Pane::Third => third,
    }
}

impl ScreenAreas {
    /// Returns the area of a pane.
    pub fn pane(&self, pane: Pane) -> Rect {
        for_pane(self.panes, pane)
    }

    /// Returns whether all panes are visible.
    pub fn is_side_by_side(&self) -> bool {
        self.panes.iter().all(|pane| !pane.is_empty())
    }
}

/// Returns the area inside a border of one cell.
pub fn inner(area: Rect) -> Rect {
    Rect {
        x: area.x.saturating_add(u16::from(area.width > 0)),
        y: area.y.saturating_add(u16::from(area.height > 0)),
        width: area.width.saturating_sub(2),
        height: area.height.saturating_sub(2),
    }
}

/// Returns the area without its first lines.
pub(super) fn skip_lines(area: Rect, lines: u16) -> Rect {
    let lines = lines.min(area.height);
    Rect {
        y: area.y + lines,
        height: area.height - lines,
        ..area
    }
}

/// Returns the area without a column at each side.
pub(super) fn with_margin(area: Rect) -> Rect {
    Rect {
        x: area.x.saturating_add(1).min(area.right()),
        width: area.width.saturating_sub(2),
        ..area
    }
}

/// Returns the centered area of an overlay of at most this size. It gets all columns if at most six would remain.
pub fn popup(area: Rect, width: u16, height: u16) -> Rect {
    let fit = |all: u16, wanted: u16| {
        if wanted.saturating_add(6) >= all {
            all
        } else {
            wanted
        }
    };
    let (width, height) = (fit(area.width, width), area.height.min(height));
    Rect {
        x: area.x + (area.width - width) / 2,
        y: area.y + (area.height - height) / 2,
        width,
        height,
    }
}

/// Returns the first visible row of a list, chosen so that the selected row is visible, usually with rows around it.
/// The result depends only on the arguments, and changes by half a page, so that most moves of the selection change
/// just two rows.
pub fn scroll_offset(selected: usize, height: usize, len: usize) -> usize {
    let last = len.saturating_sub(height);
    let (margin, step) = (height / 4, (height / 2).max(1));
    let first = selected.saturating_sub(margin) / step * step;
    first.min(last)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn full(width: u16, height: u16, focus: Pane) -> ScreenAreas {
        wanting(width, height, focus, [0; 3])
    }

    fn wanting(width: u16, height: u16, focus: Pane, wanted: [u16; 3]) -> ScreenAreas {
        with_domains(width, height, focus, wanted, 0)
    }

    /// Like [`wanting`], with users in a domain of this many columns.
    fn with_domains(width: u16, height: u16, focus: Pane, wanted: [u16; 3], domain: u16) -> ScreenAreas {
        let area = Rect::new(0, 0, width, height);
        let mut wanted = with_full_domains(wanted);
        wanted[1].without_domains = wanted[1].full.saturating_sub(domain);
        match ScreenLayout::new(area, (Grouping::ByRoom, focus), false, 0, || wanted) {
            ScreenLayout::Full(areas) => areas,
            ScreenLayout::TooSmall(_) => panic!("{width} x {height}"),
        }
    }

    fn with_full_domains(wanted: [u16; 3]) -> [WantedWidth; 3] {
        wanted.map(|full| WantedWidth {
            full,
            without_domains: full,
        })
    }

    #[test]
    fn shows_three_panes_from_80_columns() {
        for (width, widths) in [(80, [23, 30, 27]), (120, [30, 40, 50]), (200, [40, 72, 88])] {
            let areas = full(width, 24, Pane::First);
            assert_eq!(areas.panes.map(|pane| pane.width), widths);
            assert!(areas.is_side_by_side());
        }
        for (grouping, widths) in [(Grouping::ByHat, [27, 30, 23]), (Grouping::ByUser, [30, 23, 27])] {
            let area = Rect::new(0, 0, 80, 24);
            let ScreenLayout::Full(areas) =
                ScreenLayout::new(area, (grouping, Pane::First), false, 0, || {
                    with_full_domains([0; 3])
                })
            else {
                panic!("{grouping:?}");
            };
            assert_eq!(areas.panes.map(|pane| pane.width), widths, "{grouping:?}");
        }
        let areas = full(79, 24, Pane::Second);
        assert_eq!(areas.panes.map(|pane| pane.width), [0, 79, 0]);
        assert!(!areas.is_side_by_side());
    }

    #[test]
    fn focused_pane_grows_only_as_far_as_needed_and_possible() {
        for (focus, wanted, widths) in [
            (Pane::Second, [30, 30, 60], [23, 30, 27]), // nothing is cut in the users
            (Pane::Second, [20, 34, 20], [23, 34, 23]), // the rooms keep the headings of their columns
            (Pane::Second, [0, 33, 0], [23, 33, 24]),
            (Pane::Third, [23, 36, 20], [23, 36, 21]), // columns that the hats do not need go to the users
            (Pane::Third, [31, 28, 20], [31, 28, 21]), // and to the rooms
            (Pane::Second, [0, 60, 0], [19, 40, 21]),
            (Pane::First, [25, 28, 60], [25, 28, 27]), // the hats keep the columns that they need
            (Pane::First, [25, 60, 60], [25, 28, 27]), // the others need all their columns; the users shrink
            (Pane::Third, [60, 60, 60], [19, 26, 35]),
        ] {
            let areas = wanting(80, 24, focus, wanted);
            assert_eq!(areas.panes.map(|pane| pane.width), widths, "{focus:?} {wanted:?}");
        }
        for (domain, widths) in [(30, [23, 36, 21]), (22, [21, 38, 21]), (10, [19, 40, 21])] {
            let areas = with_domains(80, 24, Pane::Second, [60; 3], domain);
            assert_eq!(
                areas.panes.map(|pane| pane.width),
                widths,
                "domains are cut first: {domain}"
            );
        }
        for (focus, wanted, widths) in [
            (Pane::First, [30, 40, 40], [25, 39, 36]), // all are cut: nobody has columns to give
            (Pane::First, [30, 39, 30], [30, 39, 31]), // from the hats, which need less
            (Pane::First, [60, 0, 0], [44, 29, 27]),   // the others keep most of their columns
            (Pane::Third, [30, 30, 60], [25, 30, 45]),
        ] {
            let areas = wanting(100, 24, focus, wanted);
            assert_eq!(areas.panes.map(|pane| pane.width), widths, "{focus:?} {wanted:?}");
        }
    }

    proptest! {
        #[test]
        fn areas_fill_the_screen(width in 0..=250_u16, height in 0..=80_u16, focus in 0..3_usize, has_nicknames: bool, banner in 0..5_u16, wanted in prop::array::uniform3(0..100_u16), grouping in prop::sample::select(vec![Grouping::ByRoom, Grouping::ByHat, Grouping::ByUser])) {
            let area = Rect::new(0, 0, width, height);
            match ScreenLayout::new(area, (grouping, PANES[focus]), has_nicknames, banner, || with_full_domains(wanted)) {
                ScreenLayout::TooSmall(all) => {
                    prop_assert_eq!(all, area);
                    prop_assert!(width < MIN_WIDTH || height < MIN_HEIGHT);
                }
                ScreenLayout::Full(areas) => {
                    let parts = [areas.header, areas.banner, areas.details, areas.footer].into_iter().chain(areas.panes);
                    let sum: u32 = parts.clone().map(Rect::area).sum();
                    prop_assert_eq!(sum, area.area());
                    prop_assert!(parts.into_iter().all(|part| part.is_empty() || area.intersection(part) == part));
                }
            }
        }

        #[test]
        fn selected_row_is_visible(len in 1..500_usize, selected in 0..500_usize, height in 1..80_usize) {
            let selected = selected % len;
            let first = scroll_offset(selected, height, len);
            prop_assert!(first <= selected && selected < first + height);
            // No empty lines while rows above are hidden.
            prop_assert!(first == 0 || first + height <= len);
        }

        #[test]
        fn overlays_fit_the_area(width in 0..250_u16, height in 0..80_u16, w in 0..250_u16, h in 0..80_u16) {
            let area = Rect::new(0, 0, width, height);
            prop_assert_eq!(popup(area, w, h).intersection(area).area(), popup(area, w, h).area());
        }
    }
}
