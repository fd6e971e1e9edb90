//! Drawing one frame of a large wardrobe, and the bytes sent to the terminal after a key.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "helpers of benchmarks"
)]

#[path = "../support/large.rs"]
mod large;

use divan::{Bencher, black_box};
use hatrack::app::{Key, KeyCode, Msg, SessionOptions, State, update};
use hatrack::store::{Snapshot, StoreEvent};
use hatrack::term::Painter;
use hatrack::ui::{self, Theme};
use ratatui::Terminal;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

const SIZES: [(u16, u16); 3] = [(80, 24), (120, 40), (200, 60)];

fn main() {
    divan::main();
}

fn open((columns, rows): (u16, u16)) -> State {
    let mut state = State::new(SessionOptions::default());
    update(&mut state, Msg::Resize { columns, rows });
    let snapshot = Snapshot {
        wardrobe: large::wardrobe(200, 200),
        exists: true,
        ..Snapshot::default()
    };
    update(&mut state, Msg::Store(Box::new(StoreEvent::Opened(snapshot))));
    update(&mut state, Msg::Key(Key::plain(KeyCode::Tab)));
    state
}

/// Draws the panes into a buffer.
#[divan::bench(args = SIZES)]
fn draw(bencher: Bencher<'_, '_>, size: (u16, u16)) {
    let state = open(size);
    let area = Rect::new(0, 0, size.0, size.1);
    let mut buffer = Buffer::empty(area);
    bencher.bench_local(|| {
        buffer.reset();
        ui::render(black_box(&state), Theme::default(), area, &mut buffer)
    });
}

/// A key that moves the selection: update, draw, diff, bytes.
#[divan::bench(args = SIZES)]
fn key_to_bytes(bencher: Bencher<'_, '_>, size: (u16, u16)) {
    let mut state = open(size);
    let mut terminal = Terminal::new(Painter::new(size.0, size.1)).unwrap();
    let mut down = false;
    bencher.bench_local(|| {
        down = !down;
        let code = if down { KeyCode::Down } else { KeyCode::Up };
        update(&mut state, Msg::Key(Key::plain(code)));
        let theme = Theme::default();
        terminal
            .draw(|frame| ui::draw(&state, &theme, frame.area(), frame))
            .unwrap();
        terminal.backend_mut().take()
    });
}
