//! Commands that read standard input from a person at a terminal.

use crate::stage::{Home, ROOM, Stage, TERRY};

const MESSAGE: &str = "reading standard input; press Ctrl-D on an empty line to end it";

#[test]
fn commands_report_that_they_wait_for_standard_input() {
    let home = Home::with_terry();
    let target = ["--into", ROOM, "--user", TERRY];
    let lines: [&[&str]; 2] = [&["set", ROOM, TERRY], &[&["import", "-"], &target[..]].concat()];
    for (line, hat) in lines.into_iter().zip(["urn:x:1", "urn:x:2"]) {
        let mut stage = Stage::hatrack(&home, line);
        stage.see(MESSAGE);
        stage.press(&format!("{{\"{hat}\": {{}}}}\r\u{4}"));
        assert_eq!(stage.end(), 0, "{line:?}");
        assert!(home.hats().get(hat).is_some(), "{line:?}: {}", home.hats());
    }
}
