//! Output size on slow connections, counted in bytes as they leave the program.

use std::time::Duration;

use super::stage::{Home, Stage, TAB, until};

/// A burst of a hundred keys takes no more: 0.15 of what the least takes that ratatui can do, with a frame for each.
const BURST: usize = 8_262;

impl Stage {
    /// Waits for a moment of silence; returns the number of bytes until then.
    fn quiet(&self) -> usize {
        loop {
            let before = self.seen().raw.len();
            std::thread::sleep(Duration::from_millis(200));
            if self.seen().raw.len() == before {
                return before;
            }
        }
    }
}

/// The content of a terminal cell.
type Look = (String, [vt100::Color; 2], [bool; 5]);

fn looks(screen: &vt100::Screen) -> Vec<Vec<Look>> {
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

/// Limit of the bytes from one screen to another: twice the bytes of the changed cells, 12 for each run, 24 for each change
/// of style, and 100.
fn bound(before: &[Vec<Look>], after: &[Vec<Look>]) -> usize {
    let (mut bytes, mut runs, mut styles) = (0, 0, 0);
    let mut pen = None;
    for (old, new) in before.iter().zip(after) {
        let mut in_run = false;
        for (was, is) in old.iter().zip(new) {
            let changed = was != is;
            runs += usize::from(changed && !in_run);
            in_run = changed;
            if changed {
                bytes += is.0.len();
                let look = Some((is.1, is.2));
                styles += usize::from(pen != look);
                pen = look;
            }
        }
    }
    2 * bytes + 12 * runs + 24 * styles + 100
}

/// Keys that visit nearly every screen, and the bytes that each takes.
fn every_frame_has_visible_effect(arguments: &[&str]) {
    let home = Home::new();
    let mut stage = Stage::hatrack(&home, arguments);
    stage.see("Rooms 6");
    let keys = [
        "j", "j", TAB, "j", "\x1b[6~", "k", " ", "V", "j", "j", "V", TAB, "j", "w", "j", "j", TAB, "w", "s",
        "/", "a", "\r", "\x1b", "C", "j", "\x1b", "?", "\x1b[B", "\x1b", ":", "a", "\x1b", "a", "x", "\x1b",
        "y", "H", "\x1b",
    ];
    let mut from = stage.quiet();
    for key in keys {
        let before = looks(stage.seen().parser.screen());
        stage.press(key);
        let to = stage.quiet();
        let after = looks(stage.seen().parser.screen());
        let (took, most) = (to - from, bound(&before, &after));
        assert!(took <= most, "{key:?}: {took} bytes, at most {most}");
        from = to;
    }
    stage.press("q");
    assert_eq!(stage.end_with_all_put_back(), 0);
}

#[test]
fn frame_size_is_proportional_to_change() {
    every_frame_has_visible_effect(&["--demo"]);
}

#[test]
fn frame_size_with_true_color() {
    every_frame_has_visible_effect(&["--demo", "--color", "truecolor"]);
}

#[test]
fn frame_size_without_color_in_ascii() {
    every_frame_has_visible_effect(&["--demo", "--color", "never", "--ascii"]);
}

#[test]
fn key_burst_draws_few_frames() {
    let home = Home::new();
    let mut stage = Stage::hatrack(&home, &["--demo"]);
    stage.see("Rooms 6");
    stage.press(TAB);
    let from = stage.quiet();
    stage.press(&"\x1b[B".repeat(100));
    let to = stage.quiet();
    assert!(to - from <= BURST, "{} bytes", to - from);
    assert!(to > from);
    stage.press("q");
    assert_eq!(stage.end_with_all_put_back(), 0);
}

#[test]
fn watching_data_file_sends_nothing() {
    let home = Home::with_terry();
    let stage = Stage::hatrack(&home, &[]);
    stage.see("Users 1");
    let (from, woken) = (stage.quiet(), stage.times_woken("store"));
    until("the file was looked at", || {
        stage.times_woken("store") >= woken + 2
    });
    assert_eq!(stage.seen().raw.len(), from);
}

#[test]
fn large_frame_uses_synchronized_output() {
    let home = Home::new();
    let mut stage = Stage::hatrack(&home, &["--demo"]);
    stage.see("Rooms 6");
    let from = stage.quiet();
    stage.press("?");
    let to = stage.quiet();
    let seen = stage.seen();
    let frame = seen.raw.get(from..to).unwrap_or_default();
    assert!(frame.starts_with(b"\x1b[?2026h") && frame.ends_with(b"\x1b[?2026l"));
    drop(seen);
    stage.press("\x1b");
    stage.quiet();
    stage.press("q");
    assert_eq!(stage.end_with_all_put_back(), 0);
}
