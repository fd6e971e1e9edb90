//! The number of bytes of a frame, which matters on a slow connection.

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

/// A session on a terminal that only counts bytes.
struct CountedSession {
    session: Session,
    theme: Theme,
    terminal: Terminal<Painter>,
}

impl CountedSession {
    fn new(theme: Theme, columns: u16, rows: u16) -> Self {
        let session = Session::open(large::wardrobe(3, 200), (columns, rows));
        let terminal = Terminal::new(Painter::new(columns, rows)).unwrap();
        let mut counted = Self {
            session,
            theme,
            terminal,
        };
        counted.draw();
        counted
    }

    /// Draws a frame; returns its number of bytes.
    fn draw(&mut self) -> usize {
        let (state, theme) = (&self.session.state, self.theme);
        self.terminal
            .draw(|frame| ui::draw(state, &theme, frame.area(), frame))
            .unwrap();
        self.terminal.backend_mut().take().len()
    }

    /// The number of bytes of the frame after these keys.
    fn after(&mut self, keys: &str) -> usize {
        self.session.keys(keys);
        self.draw()
    }
}

/// The maximum number of bytes of a frame that only moves the cursor by a row. ratatui needs so many, because the whole row
/// is reversed.
const MAX_MOVE_BYTES: usize = 292;

/// Themes with few and with many colors, for which the same limits apply.
fn themes() -> [Theme; 3] {
    [
        Theme::default(),
        Theme::new(ColorDepth::Ansi256, Backdrop::Dark),
        Theme::new(ColorDepth::TrueColor, Backdrop::Light),
    ]
}

#[test]
fn cursor_move_sends_few_bytes() {
    for theme in themes() {
        let mut session = CountedSession::new(theme, 120, 40);
        session.after("Tab");
        let all: Vec<usize> = (0..150).map(|_| session.after("Down")).collect();
        let mut sorted = all.clone();
        sorted.sort_unstable();
        assert!(sorted[all.len() / 2] <= MAX_MOVE_BYTES, "median of {all:?}");
        // The list moves by half a page at a time: on this screen, at most once in ten keys.
        let large = all.iter().filter(|bytes| **bytes > MAX_MOVE_BYTES).count();
        assert!(large * 10 <= all.len(), "{large} of {all:?}");
    }
}

#[test]
fn frame_after_a_key_burst_sends_few_bytes() {
    for theme in themes() {
        let mut session = CountedSession::new(theme, 120, 40);
        session.after("Tab");
        let bytes = session.after(&"Down ".repeat(100));
        // The panes of users and hats as a whole, each cell at most once.
        assert!(bytes <= 10_500, "{bytes}");
    }
}

#[test]
fn unchanged_frame_sends_nothing() {
    let mut session = CountedSession::new(Theme::default(), 120, 40);
    assert_eq!(session.after(""), 0);
}
