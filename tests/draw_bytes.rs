//! A slow line: how many bytes a frame takes.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "helpers of tests"
)]

#[path = "support/large.rs"]
mod large;

#[path = "support/session.rs"]
#[expect(dead_code, reason = "shared by several test files")]
mod session;

use hatrack::term::Painter;
use hatrack::ui::theme::{Backdrop, ColorDepth};
use hatrack::ui::{self, Theme};
use ratatui::Terminal;
use session::Session;

/// A session on a terminal that only counts.
struct Line {
    session: Session,
    theme: Theme,
    terminal: Terminal<Painter>,
}

impl Line {
    fn new(theme: Theme, columns: u16, rows: u16) -> Self {
        let session = Session::open(large::wardrobe(3, 200), (columns, rows));
        let terminal = Terminal::new(Painter::new(columns, rows)).unwrap();
        let mut line = Self {
            session,
            theme,
            terminal,
        };
        line.draw();
        line
    }

    fn draw(&mut self) -> usize {
        let (state, theme) = (&self.session.state, self.theme);
        self.terminal
            .draw(|frame| ui::draw(state, &theme, frame.area(), frame))
            .unwrap();
        self.terminal.backend_mut().take().len()
    }

    /// The bytes of the frame after these keys.
    fn after(&mut self, keys: &str) -> usize {
        self.session.keys(keys);
        self.draw()
    }
}

/// What the least that ratatui can do takes for one row of a list (its whole row is reversed).
const LEAST: usize = 292;

/// Few colors take few bytes; so do many.
fn themes() -> [Theme; 3] {
    [
        Theme::default(),
        Theme::new(ColorDepth::Many, Backdrop::Dark),
        Theme::new(ColorDepth::True, Backdrop::Light),
    ]
}

#[test]
fn a_move_of_the_cursor_is_small() {
    for theme in themes() {
        let mut line = Line::new(theme, 120, 40);
        line.after("Tab");
        let all: Vec<usize> = (0..150).map(|_| line.after("Down")).collect();
        let mut sorted = all.clone();
        sorted.sort_unstable();
        assert!(sorted[all.len() / 2] <= LEAST, "median of {all:?}");
        // The list moves by half a page at a time: not more often than once in ten keys on this screen.
        let large = all.iter().filter(|bytes| **bytes > LEAST).count();
        assert!(large * 10 <= all.len(), "{large} of {all:?}");
    }
}

#[test]
fn a_burst_of_keys_is_one_frame() {
    for theme in themes() {
        let mut line = Line::new(theme, 120, 40);
        line.after("Tab");
        let bytes = line.after(&"Down ".repeat(100));
        // The panes of users and hats as a whole, each cell at most once.
        assert!(bytes <= 70_000 * 15 / 100, "{bytes}");
    }
}

#[test]
fn a_frame_in_which_nothing_changed_is_nothing() {
    let mut line = Line::new(Theme::default(), 120, 40);
    assert_eq!(line.after(""), 0);
}
