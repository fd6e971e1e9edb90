use proptest::prelude::*;
use ratatui::Terminal;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::*;

const COLUMNS: u16 = 30;
const ROWS: u16 = 8;

type Write<'a> = (u16, u16, &'a str, Style);

fn paint(terminal: &mut Terminal<Painter>, writes: &[Write<'_>]) -> String {
    terminal
        .draw(|frame| {
            for (x, y, text, style) in writes {
                frame.buffer_mut().set_string(*x, *y, text, *style);
            }
        })
        .unwrap();
    terminal.backend_mut().take()
}

fn fresh() -> Terminal<Painter> {
    Terminal::new(Painter::new(COLUMNS, ROWS)).unwrap()
}

#[test]
fn unchanged_frame_is_empty() {
    let mut terminal = fresh();
    let writes = [(3, 2, "hat", Style::new().red())];
    assert_ne!(paint(&mut terminal, &writes), "");
    assert_eq!(paint(&mut terminal, &writes), "");
}

#[test]
fn style_changes_are_minimal() {
    let mut terminal = fresh();
    let writes = [
        (0, 0, "a", Style::new().red().bold()),
        (1, 0, "b", Style::new().blue().bold()),
        (2, 0, "c", Style::new().light_blue()),
        (3, 0, "d", Style::new()),
        (4, 0, "e", Style::new().on_green().dim()),
        (5, 0, " ", Style::new().on_green().red()),
        (6, 0, "f", Style::new().fg(Color::Indexed(9))),
        (7, 0, "g", Style::new().fg(Color::Indexed(99))),
        (8, 0, "h", Style::new().fg(Color::Rgb(1, 2, 3))),
    ];
    let expected = "\x1b[H\x1b[0;1;31ma\x1b[34mb\x1b[0;94mc\x1b[md\x1b[2;42me \x1b[0;91mf\x1b[38;5;99mg\x1b[38;2;1;2;3mh";
    assert_eq!(paint(&mut terminal, &writes), expected);
}

#[test]
fn cursor_moves_are_minimal() {
    let mut terminal = fresh();
    let writes = [
        (5, 0, "a", Style::new()),
        (7, 0, "b", Style::new()),
        (20, 0, "c", Style::new()),
        (0, 1, "d", Style::new()),
        (3, 1, "e", Style::new()),
        (3, 2, "f", Style::new()),
        (9, 4, "g", Style::new()),
        (29, 5, "h", Style::new()),
        (0, 6, "i", Style::new()),
    ];
    let expected = "\x1b[1;6H\x1b[ma\x1b[Cb\x1b[12Cc\r\nd\x1b[2Ce\x08\nf\x1b[5;10Hg\x1b[6;30Hh\x1b[7Hi";
    assert_eq!(paint(&mut terminal, &writes), expected);
}

#[test]
fn control_characters_are_replaced() {
    let mut painter = Painter::new(COLUMNS, ROWS);
    let mut cell = Cell::EMPTY;
    for symbol in ["\x1b", "\u{9b}", "a\x07", "", "\n"] {
        cell.set_symbol(symbol);
        let Ok(()) = painter.draw([(3, 3, &cell)].into_iter());
    }
    let text = painter
        .take()
        .replace("\x1b[4;4H", "")
        .replace("\x1b[D", "")
        .replace("\x1b[4G", "")
        .replace("\x1b[m", "");
    assert_eq!(text, "\u{fffd}".repeat(5));
}

#[test]
fn large_frame_is_synchronized() {
    let mut painter = Painter::new(80, 24);
    painter.bytes = "x".repeat(PACKET_BYTES);
    assert_eq!(painter.take(), "x".repeat(PACKET_BYTES));
    painter.bytes = "x".repeat(PACKET_BYTES + 1);
    let frame = painter.take();
    assert!(frame.starts_with("\x1b[?2026hx") && frame.ends_with("x\x1b[?2026l"));
}

#[test]
fn cursor_is_written_once() {
    let mut terminal = fresh();
    let mut with_cursor = |position| {
        terminal
            .draw(|frame| frame.set_cursor_position(position))
            .unwrap();
        terminal.backend_mut().take()
    };
    assert_eq!(with_cursor((4, 2)), "\x1b[?25h\x1b[3;5H");
    assert_eq!(with_cursor((4, 2)), "");
    assert_eq!(with_cursor((6, 2)), "\x1b[2C");
    assert_eq!(paint(&mut terminal, &[]), "\x1b[?25l");
}

/// The visible properties of a cell.
fn visible_properties(cell: &Cell) -> (String, Color, Color, bool, bool) {
    let is_blank = cell.symbol() == " ";
    let fg = if is_blank && !cell.modifier.intersects(Modifier::REVERSED) {
        Color::Reset
    } else {
        cell.fg
    };
    let marks = |modifier| cell.modifier.contains(modifier);
    (
        cell.symbol().to_owned(),
        fg,
        cell.bg,
        marks(Modifier::REVERSED),
        marks(Modifier::BOLD) && !is_blank,
    )
}

fn color(color: vt100::Color) -> Color {
    match color {
        vt100::Color::Default => Color::Reset,
        vt100::Color::Idx(index) => Color::Indexed(index),
        vt100::Color::Rgb(red, green, blue) => Color::Rgb(red, green, blue),
    }
}

fn shown_properties(screen: &vt100::Screen, x: u16, y: u16) -> Option<(String, Color, Color, bool, bool)> {
    let cell = screen.cell(y, x)?;
    let symbol = if cell.has_contents() { cell.contents() } else { " " };
    let is_blank = symbol == " ";
    let fg = if is_blank && !cell.inverse() {
        Color::Reset
    } else {
        color(cell.fgcolor())
    };
    Some((
        symbol.to_owned(),
        fg,
        color(cell.bgcolor()),
        cell.inverse(),
        cell.bold() && !is_blank,
    ))
}

fn style() -> impl Strategy<Value = Style> {
    let color = || {
        prop_oneof![
            Just(Color::Reset),
            (0u8..40).prop_map(Color::Indexed),
            Just(Color::Rgb(9, 8, 7))
        ]
    };
    let modifiers = prop::sample::subsequence(
        vec![Modifier::BOLD, Modifier::REVERSED, Modifier::UNDERLINED],
        0..=3,
    );
    (color(), color(), modifiers).prop_map(|(fg, bg, modifiers)| {
        modifiers
            .into_iter()
            .fold(Style::new().fg(fg).bg(bg), Style::add_modifier)
    })
}

/// Wide characters start at even columns only: terminals differ in what remains of a wide character that is half
/// overwritten.
fn writes() -> impl Strategy<Value = Vec<(u16, u16, String, Style)>> {
    prop::collection::vec((0..COLUMNS / 2, 0..ROWS, "(ab|cc|  |漢|│c){1,6}", style()), 0..12).prop_map(
        |writes| {
            writes
                .into_iter()
                .map(|(x, y, text, style)| (x * 2, y, text, style))
                .collect()
        },
    )
}

proptest! {
    /// After any sequence of frames, the terminal shows the last one.
    #[test]
    fn terminal_shows_drawn_frames(frames in prop::collection::vec(writes(), 1..6)) {
        let mut terminal = fresh();
        let mut parser = vt100::Parser::new(ROWS.try_into().unwrap(), COLUMNS.try_into().unwrap(), 0);
        for frame in &frames {
            let borrowed: Vec<Write<'_>> = frame.iter().map(|(x, y, text, style)| (*x, *y, text.as_str(), *style)).collect();
            parser.process(paint(&mut terminal, &borrowed).as_bytes());
            let mut expected = Buffer::empty(Rect::new(0, 0, COLUMNS, ROWS));
            for (x, y, text, style) in &borrowed {
                expected.set_string(*x, *y, text, *style);
            }
            for y in 0..ROWS {
                let mut x = 0;
                while x < COLUMNS {
                    let cell = &expected[(x, y)];
                    prop_assert_eq!(shown_properties(parser.screen(), x, y), Some(visible_properties(cell)), "at {}, {}", x, y);
                    x += cell.cell_width().max(1);
                }
            }
        }
    }
}

#[test]
fn resize_starts_with_absolute_position() {
    let mut terminal = fresh();
    let writes = [(0, 4, "hat", Style::new()), (2, 6, "coat", Style::new())];
    paint(&mut terminal, &writes);
    terminal.backend_mut().resize(COLUMNS - 5, ROWS - 1);
    let bytes = paint(&mut terminal, &writes);
    let (_, after) = bytes.rsplit_once("\x1b[2J").unwrap();
    assert!(after.starts_with("\x1b[5H"), "{after:?}");
}

/// Terminals that differ in the width of clusters: each cluster is replaced by a text whose width is certain.
const OTHER_TERMINALS: [[(&str, &str); 4]; 3] = [
    [("🩷", "¤"), ("🧑‍⚖️", "¤"), ("🇩🇪", "¤"), ("ﾄﾞ", "¤")],
    [("🩷", "漢"), ("🧑‍⚖️", "漢漢"), ("🇩🇪", "漢漢"), ("ﾄﾞ", "¤¤")],
    [("🩷", "漢"), ("🧑‍⚖️", "漢"), ("🇩🇪", "漢"), ("ﾄﾞ", "¤")],
];

/// Writes with clusters of uncertain width, none of them near the right edge, where a terminal that treats a cluster as
/// wider wraps the line.
fn uncertain_writes() -> impl Strategy<Value = Vec<(u16, u16, String, Style)>> {
    let text = "(ab|cc|  |漢|│d|🩷|🧑‍⚖️|🇩🇪|ﾄﾞe){1,5}";
    prop::collection::vec(((0..3u16).prop_map(|x| x * 2), 0..ROWS, text, style()), 0..12)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    /// Whatever width a terminal assumes for a cluster, it shows the same after any sequence of frames as after a redraw.
    #[test]
    fn frames_equal_redraw_whatever_width_terminal_assumes(frames in prop::collection::vec(uncertain_writes(), 2..5)) {
        for clusters in OTHER_TERMINALS {
            let on_terminal = |bytes: String| clusters.iter().fold(bytes, |bytes, (from, to)| bytes.replace(from, to));
            let parser = || vt100::Parser::new(ROWS.try_into().unwrap(), COLUMNS.try_into().unwrap(), 0);
            let mut terminal = fresh();
            let mut screen = parser();
            for frame in &frames {
                let borrowed: Vec<Write<'_>> = frame.iter().map(|(x, y, text, style)| (*x, *y, text.as_str(), *style)).collect();
                screen.process(on_terminal(paint(&mut terminal, &borrowed)).as_bytes());
                let mut redrawn = parser();
                redrawn.process(on_terminal(paint(&mut fresh(), &borrowed)).as_bytes());
                for y in 0..ROWS {
                    for x in 0..COLUMNS {
                        prop_assert_eq!(shown_properties(screen.screen(), x, y), shown_properties(redrawn.screen(), x, y), "at {}, {}", x, y);
                    }
                }
            }
        }
    }
}

#[test]
fn cluster_of_uncertain_width_is_written_over_blanks() {
    let mut terminal = fresh();
    paint(&mut terminal, &[(3, 2, "WWWW", Style::new())]);
    let bytes = paint(&mut terminal, &[(3, 2, "⚖️ W", Style::new())]);
    let expected = "\x1b[4G  \x1b[3;4H⚖️\x1b[3;6H W";
    assert_eq!(bytes, expected);
}

/// A terminal that replaces half of a wide character may give the other half the style of the new one.
#[test]
fn second_half_of_a_replaced_wide_character_is_written() {
    for symbol in ["漢", "🩷"] {
        let mut terminal = fresh();
        paint(&mut terminal, &[(0, 4, symbol, Style::new())]);
        let bytes = paint(&mut terminal, &[(0, 4, " ", Style::new().reversed())]);
        let mut screen = vt100::Parser::new(ROWS.try_into().unwrap(), COLUMNS.try_into().unwrap(), 0);
        screen.process("\x1b[5H漢".as_bytes());
        screen.process(bytes.as_bytes());
        let second = shown_properties(screen.screen(), 1, 4);
        assert!(second.is_some_and(|cell| !cell.3), "{bytes:?}");
    }
}
