//! `--plain`: the bytes that a screen reader gets.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot set up its stage has failed"
)]

use std::time::Duration;

use crate::stage::{ENTER, Home, ROOM, Stage, TERRY};

const DOWN: &str = "\x1b[B";

fn home() -> Home {
    let home = Home::with_terry();
    home.run(&["affiliate", ROOM, "zoe@example.org", "member"]);
    let title = ["--title", "Teacher", "--active", "--required"];
    home.run(&[&["add", ROOM, TERRY, "urn:x:teacher"], &title[..]].concat());
    home.run(&["add", ROOM, TERRY, "urn:x:proctor", "--title", "Proctor"]);
    home
}

/// The text of the output after the first `since` bytes, without escape sequences. Checks that the escape sequences
/// only move or show the cursor, clear, and reset styles.
fn text_since(stage: &Stage, since: usize) -> String {
    let raw = stage.output().raw.get(since..).unwrap_or_default().to_vec();
    let output = String::from_utf8(raw).unwrap();
    let mut all_text = String::new();
    let mut parts = output.split('\x1b');
    all_text.push_str(parts.next().unwrap_or_default());
    for part in parts {
        let rest = part.strip_prefix('[').unwrap();
        let end = rest.find(|c: char| c.is_ascii_alphabetic()).unwrap();
        let (sequence, text) = rest.split_at(end + 1);
        assert!(sequence.ends_with(['H', 'K', 'J', 'm', 'h']), "{sequence}");
        all_text.push_str(text);
    }
    all_text
}

/// Presses keys, waits until the cursor is at the start of this row, which starts with this text, and returns the
/// written text.
fn press_and_wait_for_cursor(stage: &mut Stage, keys: &str, (row, text): (u16, &str)) -> String {
    let before = stage.output().raw.len();
    stage.press(keys);
    stage.until(&format!("the cursor is at {text:?}"), |output| {
        let screen = output.parser.screen();
        let line = screen.rows(0, 200).nth(row.into()).unwrap_or_default();
        screen.cursor_position() == (row, 0) && line.starts_with(text)
    });
    text_since(stage, before)
}

#[test]
fn plain_mode_places_cursor_and_writes_only_changes() {
    let home = home();
    let mut stage = Stage::hatrack(&home, &["--plain"]);
    stage.see("Rooms, 1 of 1: Courses");
    assert_eq!(stage.output().parser.screen().cursor_position(), (2, 0));
    assert!(!stage.output().parser.screen().hide_cursor());
    press_and_wait_for_cursor(&mut stage, ENTER, (2, "terry@example.org, member, 2 hats"));
    stage.see("Users in Courses, 1 of 2: terry@example.org, member, 2 hats, 1 active");
    let written = press_and_wait_for_cursor(&mut stage, DOWN, (3, "zoe@example.org, member, no hats"));
    assert_eq!(
        written,
        "Users in Courses, 2 of 2: zoe@example.org, member, no hats"
    );
    let written = press_and_wait_for_cursor(&mut stage, "k", (2, "terry@example.org"));
    assert_eq!(
        written,
        "Users in Courses, 1 of 2: terry@example.org, member, 2 hats, 1 active"
    );
    press_and_wait_for_cursor(&mut stage, ENTER, (2, "Proctor, inactive"));
    let written = press_and_wait_for_cursor(&mut stage, DOWN, (3, "Teacher, active, required"));
    assert_eq!(
        written,
        "Hats of terry@example.org in Courses, 2 of 2: Teacher, active, required, urn:x:teacher"
    );
    // Nothing is written while idle.
    let before = stage.output().raw.len();
    std::thread::sleep(Duration::from_millis(1500));
    assert_eq!(stage.output().raw.len(), before);
    stage.press("q");
    assert_eq!(stage.end_with_terminal_restored(), 0);
}

#[test]
fn plain_mode_writes_messages_questions_and_forms() {
    let home = home();
    let mut stage = Stage::hatrack(&home, &["--plain"]);
    stage.see("Rooms, 1 of 1");
    stage.press_and_see("\x14", "Error: Nothing to retry");
    press_and_wait_for_cursor(&mut stage, "\t", (2, "terry@example.org"));
    stage.press_and_see("d", "Remove user. Keys: y Remove, Esc Cancel");
    stage.see("Remove terry@example.org from courses@conference.example.org?");
    stage.press_and_see("n", "Users in Courses, 1 of 2");
    stage.press("l");
    stage.press_and_see("a", "Add hat to terry@example.org");
    stage.see("Hat (field 1 of 5): ");
    let before = stage.output().raw.len();
    stage.press_and_see("u", "Hat (field 1 of 5): u");
    stage.until("the cursor is after the typed character", |output| {
        output.parser.screen().cursor_position() == (2, 21)
    });
    // Only the typed character of the line is written; the rest is the status line.
    let raw = stage.output().raw.get(before..).unwrap_or_default().to_vec();
    let raw = String::from_utf8_lossy(&raw).into_owned();
    assert!(raw.starts_with("\x1b[3;21Hu\x1b["), "{raw:?}");
    assert!(!text_since(&stage, before).contains("field 1 of 5): "), "{raw:?}");
    stage.press("rn:x:new\tNew hat\r");
    stage.see("Added \"New hat\" to terry@example.org");
    stage.press("q");
    assert_eq!(stage.end_with_terminal_restored(), 0);
    // The output contains no box drawing characters or symbols.
    let raw = String::from_utf8(stage.output().raw.clone()).unwrap();
    let symbol = raw.chars().find(|c| ('\u{2190}'..='\u{2bff}').contains(c));
    assert_eq!(symbol, None, "{raw:?}");
    assert!(!raw.contains("\x1b[7m"), "the output contains inverse text");
}

#[test]
fn plain_mode_is_configurable() {
    let home = home();
    let file = home.path(".config/hatrack/config.toml");
    std::fs::write(file, "plain = true\n").unwrap();
    let mut stage = Stage::hatrack(&home, &[]);
    stage.see("Rooms, 1 of 1: Courses");
    stage.press("q");
    assert_eq!(stage.end_with_terminal_restored(), 0);
}

#[test]
fn plain_mode_redraws_after_a_resize() {
    let home = home();
    let mut stage = Stage::hatrack(&home, &["--plain"]);
    stage.see("Rooms, 1 of 1: Courses");
    stage.resize((60, 12));
    stage.until("the status is at the new bottom", |output| {
        let rows: Vec<String> = output.parser.screen().rows(0, 60).collect();
        rows.get(10).is_some_and(|row| row.starts_with("Rooms, 1 of 1"))
    });
    let cells = stage.redrawn_cells("Rooms, 1 of 1");
    assert_eq!(cells.len(), 12);
    stage.press("q");
    assert_eq!(stage.end_with_terminal_restored(), 0);
}
