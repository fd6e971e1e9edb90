//! The configuration of the screen, with the real program.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot set up its stage has failed"
)]

use crate::stage::{HATRACK, Home, ROOM, Stage, TAB, TERRY};

const CONFIG: &str = "\
color = \"256\"
theme = \"mine\"
ascii = true
[keys]
undo = \"F9\"
take-hat = \"x\"
[themes.mine]
key = \"208\"
";

fn home() -> Home {
    let home = Home::with_terry();
    home.run(&["add", ROOM, TERRY, "urn:x:ta", "--title", "Assistant", "--active"]);
    std::fs::write(home.path(".config/hatrack/config.toml"), CONFIG).unwrap();
    home
}

fn raw(stage: &Stage) -> String {
    String::from_utf8_lossy(&stage.output().raw).into_owned()
}

#[test]
fn configured_keys_and_colors_are_used() {
    let home = home();
    let mut stage = Stage::hatrack(&home, &[]);
    stage.see("F9 Undo");
    assert!(raw(&stage).contains("38;5;208m"), "{}", raw(&stage));
    assert!(raw(&stage).is_ascii());
    stage.press(&TAB.repeat(2));
    stage.press_and_see("x", "(F9 to undo");
    stage.press_and_see("\x1b[20~", "Undid");
    stage.press("q");
    assert_eq!(stage.end_with_terminal_restored(), 0);
}

#[test]
fn command_line_overrides_the_configuration_and_restricted_session_ignores_it() {
    let home = home();
    let mut stage = Stage::hatrack(&home, &["--color", "none"]);
    stage.see("F9 Undo");
    assert!(!raw(&stage).contains("38;5;"));
    stage.press("q");
    assert_eq!(stage.end_with_terminal_restored(), 0);
    let mut stage = Stage::hatrack(&home, &["--room", ROOM]);
    stage.see("u Undo");
    assert!(!raw(&stage).contains("38;5;208m") && !raw(&stage).is_ascii());
    stage.press("q");
    assert_eq!(stage.end_with_terminal_restored(), 0);
}

#[test]
fn color_depth_is_detected_from_the_environment() {
    let home = Home::with_terry();
    home.run(&["add", ROOM, TERRY, "urn:x:ta", "--title", "Assistant", "--active"]);
    home.run(&["add", ROOM, TERRY, "urn:x:proctor", "--title", "Proctor"]);
    for (variables, contained, not_contained) in [
        (&[("TERM", "xterm")][..], "\x1b[", "38;"),
        (&[("TERM", "xterm-256color")], "38;5;", "38;2;"),
        (&[("COLORTERM", "truecolor")], "38;2;", "\u{7f}"),
        (&[("COLORTERM", "truecolor"), ("NO_COLOR", "1")], "\x1b[", "38;"),
    ] {
        let mut stage = Stage::with(&home, &[HATRACK], (100, 30), variables);
        stage.see("Assistant");
        assert!(
            raw(&stage).contains(contained) && !raw(&stage).contains(not_contained),
            "{variables:?}"
        );
        stage.press("q");
        assert_eq!(stage.end_with_terminal_restored(), 0);
    }
}

/// The terminal's replies to the queries for the background (light) and the device attributes.
const REPLIES: &str = "\x1b]11;rgb:ffff/ffff/ffff\x1b\\\x1b[?62;22c";
/// The background query.
const QUERY: &str = "\x1b]11;?";

#[test]
fn background_query_does_not_block() {
    let home = home();
    std::fs::remove_file(home.path(".config/hatrack/config.toml")).unwrap();
    let mut stage = Stage::hatrack(&home, &[]);
    stage.see("Courses");
    assert!(raw(&stage).contains(QUERY));
    assert!(
        !raw(&stage).contains("38;5;24m"),
        "the background is not known yet"
    );
    // The replies arrive between keys, in two parts.
    stage.press(&format!("{TAB}{}", REPLIES.get(..9).unwrap()));
    stage.press(&format!("{}{TAB}d", REPLIES.get(9..).unwrap()));
    stage.see("No hats.");
    stage.until("the colors for a light background", |output| {
        String::from_utf8_lossy(&output.raw).contains("38;5;24m")
    });
    stage.press("q");
    assert_eq!(stage.end_with_terminal_restored(), 0);
    for args in [&["--background", "dark"], &["--color", "16"]] {
        let mut stage = Stage::hatrack(&home, args);
        stage.see("Courses");
        assert!(!raw(&stage).contains(QUERY));
        stage.press("q");
        assert_eq!(stage.end_with_terminal_restored(), 0);
    }
}
