//! Layout: pure functions of the size, used for drawing and for finding what is under the mouse.

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

/// How wide the rows of a pane are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct WantedWidth {
    /// Where nothing is cut.
    pub full: u16,
    /// Where only the domains of addresses are cut.
    pub without_domains: u16,
}

impl WantedWidth {
    /// With a border of one cell.
    pub(super) fn framed(self) -> Self {
        Self {
            full: self.full.saturating_add(2),
            without_domains: self.without_domains.saturating_add(2),
        }
    }

    /// Wide enough for both.
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
    /// Too small for more than one line.
    TooSmall(Rect),
    /// The normal screen.
    Full(ScreenAreas),
}

/// The areas of a screen; they do not overlap, and together they fill it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ScreenAreas {
    /// The header line at the top.
    pub header: Rect,
    /// Below the header, the problem that prevents saving; empty if there is none.
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
    /// The areas for the focused pane of a view, with this many lines for the banner. `has_nicknames`: users are wider where
    /// columns are not scarce. `wanted` is called for the widths at
    /// which the panes, from left to right, cut nothing; only where columns are scarce.
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

/// Below this width, a focused pane whose rows are cut gets what the others do not need.
const ROOMY_WIDTH: u16 = 100;

/// Rooms are few and short, while addresses of users and titles of hats are long.
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
    let least = |pane| match grouping.kind(pane) {
        RowKind::Room => 19,
        RowKind::User => 26,
        RowKind::Hat => 21,
    };
    // Wide enough for the headings of the columns.
    let comfortable = |pane| match grouping.kind(pane) {
        RowKind::Room => 23,
        _ => least(pane),
    };
    let mut widths = PANES.map(|pane| kind_width(grouping.kind(pane)));
    if body.width < ROOMY_WIDTH {
        // After the focused pane: addresses are cut worst, since many begin alike.
        let rank = |pane: &Pane| (*pane != focus, grouping.kind(*pane) != RowKind::User);
        let mut order = PANES;
        order.sort_by_key(rank);
        let wanted = wanted();
        let needed = PANES.map(|pane| of(wanted, pane).full.max(comfortable(pane)));
        let sparing = PANES.map(|pane| of(wanted, pane).without_domains.max(comfortable(pane)));
        widths = fitted(
            widths,
            [needed, sparing],
            [PANES.map(comfortable), PANES.map(least)],
            order,
        );
    }
    let mut x = body.x;
    widths.map(|width| {
        let place = Rect { x, width, ..body };
        x += place.width;
        place
    })
}

/// The widths of panes, of which the first grows until it cuts nothing: by what the others do not need, then at the cost of
/// those that are cut already, then of all. Until it cuts only domains, they get as narrow as they can be, else only as is
/// comfortable. What is left goes to the next that are cut.
fn fitted(
    usual: [u16; 3],
    [needed, sparing]: [[u16; 3]; 2],
    [comfortable, least]: [[u16; 3]; 2],
    order: [Pane; 3],
) -> [u16; 3] {
    let [focus, second, third] = order;
    let mut widths = usual;
    widen(&mut widths, focus, needed, needed);
    for (wanted, kept) in [(sparing, comfortable), (sparing, least), (needed, comfortable)] {
        let cut_already = PANES.map(|pane| {
            let is_cut = of(needed, pane) > of(widths, pane);
            of(if is_cut { kept } else { widths }, pane)
        });
        widen(&mut widths, focus, wanted, cut_already);
        widen(&mut widths, focus, wanted, kept);
    }
    for pane in [second, third] {
        widen(&mut widths, pane, needed, needed);
    }
    widths
}

/// Widens a pane to what it needs, as far as the others have more than they keep.
fn widen(widths: &mut [u16; 3], target: Pane, needed: [u16; 3], kept: [u16; 3]) {
    let mut missing = of(needed, target).saturating_sub(of(*widths, target));
    let mut freed = 0;
    for (pane, width) in PANES.into_iter().zip(widths.iter_mut()) {
        if pane != target {
            let spare = width.saturating_sub(of(kept, pane)).min(missing);
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

/// The value of a pane.
fn of<T>([first, second, third]: [T; 3], pane: Pane) -> T {
    match pane {
        Pane::First => first,
        Pane::Second => second,
        Pane::Third => third,
    }
}

impl ScreenAreas {
    /// The area of a pane.
    pub fn pane(&self, pane: Pane) -> Rect {
        of(self.panes, pane)
    }

    /// Whether all panes are visible.
    pub fn side_by_side(&self) -> bool {
        self.panes.iter().all(|pane| !pane.is_empty())
    }
}

/// The area inside a border of one cell.
pub fn inner(area: Rect) -> Rect {
    Rect {
        x: area.x.saturating_add(u16::from(area.width > 0)),
        y: area.y.saturating_add(u16::from(area.height > 0)),
        width: area.width.saturating_sub(2),
        height: area.height.saturating_sub(2),
    }
}

/// The area without its first lines.
pub(super) fn skip_lines(area: Rect, lines: u16) -> Rect {
    let lines = lines.min(area.height);
    Rect {
        y: area.y + lines,
        height: area.height - lines,
        ..area
    }
}

/// The area without a column at each side.
pub(super) fn with_margin(area: Rect) -> Rect {
    Rect {
        x: area.x.saturating_add(1).min(area.right()),
        width: area.width.saturating_sub(2),
        ..area
    }
}

/// The centered area of an overlay of at most this size. It fills the whole area if only a narrow margin would remain.
pub fn popup(area: Rect, width: u16, height: u16) -> Rect {
    let fit = |all: u16, part: u16| if part.saturating_add(6) >= all { all } else { part };
    let (width, height) = (fit(area.width, width), area.height.min(height));
    Rect {
        x: area.x + (area.width - width) / 2,
        y: area.y + (area.height - height) / 2,
        width,
        height,
    }
}

/// The first visible row of a list, so that the selected row is visible with some context. It depends only on the
/// selection and moves by half a page, so that most moves change just two rows.
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

    /// The same with users in a domain of so many columns.
    fn with_domains(width: u16, height: u16, focus: Pane, wanted: [u16; 3], domain: u16) -> ScreenAreas {
        let area = Rect::new(0, 0, width, height);
        let mut wanted = with_full_domains(wanted);
        wanted[1].without_domains = wanted[1].full.saturating_sub(domain);
        match ScreenLayout::new(area, (Grouping::ByRoom, focus), false, 0, || wanted) {
            ScreenLayout::Full(places) => places,
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
            let places = full(width, 24, Pane::First);
            assert_eq!(places.panes.map(|pane| pane.width), widths);
            assert!(places.side_by_side());
        }
        for (grouping, widths) in [(Grouping::ByHat, [27, 30, 23]), (Grouping::ByUser, [30, 23, 27])] {
            let area = Rect::new(0, 0, 80, 24);
            let ScreenLayout::Full(places) =
                ScreenLayout::new(area, (grouping, Pane::First), false, 0, || {
                    with_full_domains([0; 3])
                })
            else {
                panic!("{grouping:?}");
            };
            assert_eq!(places.panes.map(|pane| pane.width), widths, "{grouping:?}");
        }
        let places = full(79, 24, Pane::Second);
        assert_eq!(places.panes.map(|pane| pane.width), [0, 79, 0]);
        assert!(!places.side_by_side());
    }

    #[test]
    fn focused_pane_grows_only_as_far_as_needed_and_spared() {
        for (focus, wanted, widths) in [
            (Pane::Second, [30, 30, 60], [23, 30, 27]), // nothing is cut in it
            (Pane::Second, [20, 34, 20], [23, 34, 23]), // the rooms keep the headings of their columns
            (Pane::Second, [0, 33, 0], [23, 33, 24]),
            (Pane::Third, [23, 36, 20], [23, 36, 21]), // what the hats do not need goes to the users
            (Pane::Third, [31, 28, 20], [31, 28, 21]), // and to the rooms
            (Pane::Second, [0, 60, 0], [19, 40, 21]),
            (Pane::First, [25, 28, 60], [25, 28, 27]), // the hats keep what they need
            (Pane::First, [25, 60, 60], [25, 28, 27]), // the others need all, and can do with less
            (Pane::Third, [60, 60, 60], [19, 26, 35]),
        ] {
            let places = wanting(80, 24, focus, wanted);
            assert_eq!(
                places.panes.map(|pane| pane.width),
                widths,
                "{focus:?} {wanted:?}"
            );
        }
        for (domain, widths) in [(30, [23, 36, 21]), (22, [21, 38, 21]), (10, [19, 40, 21])] {
            let places = with_domains(80, 24, Pane::Second, [60; 3], domain);
            assert_eq!(
                places.panes.map(|pane| pane.width),
                widths,
                "domains are cut first: {domain}"
            );
        }
        assert_eq!(
            wanting(100, 24, Pane::First, [60, 0, 0]).panes[0].width,
            25,
            "no need"
        );
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
                ScreenLayout::Full(places) => {
                    let parts = [places.header, places.banner, places.details, places.footer].into_iter().chain(places.panes);
                    let sum: u32 = parts.clone().map(Rect::area).sum();
                    prop_assert_eq!(sum, area.area());
                    prop_assert!(parts.into_iter().all(|part| part.is_empty() || area.intersection(part) == part));
                }
            }
        }

        #[test]
        fn selected_row_is_visible(len in 1..500_usize, at in 0..500_usize, height in 1..80_usize) {
            let at = at % len;
            let first = scroll_offset(at, height, len);
            prop_assert!(first <= at && at < first + height);
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
