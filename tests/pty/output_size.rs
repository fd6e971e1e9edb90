//! The number of bytes that the program writes, which matters on slow connections.

use std::time::Duration;

use super::stage::{Home, Stage, TAB, until};

/// Maximum number of bytes for a burst of 100 keys: 15% of what ratatui would need at least with a frame for each key.
const MAX_BURST_BYTES: usize = 8_262;

impl Stage {
    /// Waits until nothing was written for 200 ms. Returns the number of bytes so far.
    fn wait_until_quiet(&self) -> usize {
        loop {
            let before = self.output().raw.len();
            std::thread::sleep(Duration::from_millis(200));
            if self.output().raw.len() == before {
                return before;
            }
        }
    }
}

/// The text, colors and flags of a terminal cell.
type Cell = (String, [vt100::Color; 2], [bool; 5]);

fn cells(screen: &vt100::Screen) -> Vec<Vec<Cell>> {
    let (rows, columns) = screen.size();
    let cell = |row, column| {
        let cell = screen.cell(row, column)?;
        let contents = match cell.contents() {
            "" => " ".to_owned(),
            other => other.to_owned(),
        };
        let flags = [
            cell.bold(),
            cell.dim(),
            cell.italic(),
            cell.underline(),
            cell.inverse(),
        ];
        Some((contents, [cell.fgcolor(), cell.bgcolor()], flags))
    };
    (0..rows.get())
        .map(|row| {
            (0..columns.get())
                .filter_map(|column| cell(row, column))
                .collect()
        })
        .collect()
}

/// Maximum number of bytes that may be written to change one screen into another: twice the bytes of the changed cells,
/// 12 for each run of changed cells, 24 for each change of style, and 100.
fn max_bytes(before: &[Vec<Cell>], after: &[Vec<Cell>]) -> usize {
    let (mut bytes, mut runs, mut styles) = (0, 0, 0);
    let mut style = None;
    for (old, new) in before.iter().zip(after) {
        let mut in_run = false;
        for (old_cell, new_cell) in old.iter().zip(new) {
            let is_changed = old_cell != new_cell;
            runs += usize::from(is_changed && !in_run);
            in_run = is_changed;
            if is_changed {
                bytes += new_cell.0.len();
                let next = Some((new_cell.1, new_cell.2));
                styles += usize::from(style != next);
                style = next;
            }
        }
    }
    2 * bytes + 12 * runs + 24 * styles + 100
}

/// Presses keys that open many parts of the screen, and checks the number of bytes for each.
fn check_frame_sizes(arguments: &[&str]) {
    let home = Home::new();
    let mut stage = Stage::hatrack(&home, arguments);
    stage.see("Rooms 6");
    let keys = [
        "j", "j", TAB, "j", "\x1b[6~", "k", " ", "V", "j", "j", "V", TAB, "j", "w", "j", "j", TAB, "w", "s",
        "/", "a", "\r", "\x1b", "C", "j", "\x1b", "?", "\x1b[B", "\x1b", ":", "a", "\x1b", "a", "x", "\x1b",
        "y", "H", "\x1b",
    ];
    let mut from = stage.wait_until_quiet();
    for key in keys {
        let before = cells(stage.output().parser.screen());
        stage.press(key);
        let to = stage.wait_until_quiet();
        let after = cells(stage.output().parser.screen());
        let (written, limit) = (to - from, max_bytes(&before, &after));
        assert!(written <= limit, "{key:?}: {written} bytes, at most {limit}");
        from = to;
    }
    stage.press("q");
    assert_eq!(stage.end_with_terminal_restored(), 0);
}

#[test]
fn frame_size_is_limited_by_the_change() {
    check_frame_sizes(&["--demo"]);
}

#[test]
fn frame_size_is_limited_with_true_color() {
    check_frame_sizes(&["--demo", "--color", "truecolor"]);
}

#[test]
fn frame_size_is_limited_without_color_in_ascii() {
    check_frame_sizes(&["--demo", "--color", "never", "--ascii"]);
}

#[test]
fn key_burst_draws_few_frames() {
    let home = Home::new();
    let mut stage = Stage::hatrack(&home, &["--demo"]);
    stage.see("Rooms 6");
    stage.press(TAB);
    let from = stage.wait_until_quiet();
    stage.press(&"\x1b[B".repeat(100));
    let to = stage.wait_until_quiet();
    assert!(to - from <= MAX_BURST_BYTES, "{} bytes", to - from);
    assert!(to > from);
    stage.press("q");
    assert_eq!(stage.end_with_terminal_restored(), 0);
}

#[test]
fn watching_the_data_file_writes_nothing_to_the_terminal() {
    let home = Home::with_terry();
    let stage = Stage::hatrack(&home, &[]);
    stage.see("Users 1");
    let (from, woken) = (stage.wait_until_quiet(), stage.times_woken("store"));
    until("the file was checked", || stage.times_woken("store") >= woken + 2);
    assert_eq!(stage.output().raw.len(), from);
}

#[test]
fn large_frame_uses_synchronized_output() {
    let home = Home::new();
    let mut stage = Stage::hatrack(&home, &["--demo"]);
    stage.see("Rooms 6");
    let from = stage.wait_until_quiet();
    stage.press("?");
    let to = stage.wait_until_quiet();
    let output = stage.output();
    let frame = output.raw.get(from..to).unwrap_or_default();
    assert!(frame.starts_with(b"\x1b[?2026h") && frame.ends_with(b"\x1b[?2026l"));
    drop(output);
    stage.press("\x1b");
    stage.wait_until_quiet();
    stage.press("q");
    assert_eq!(stage.end_with_terminal_restored(), 0);
}
