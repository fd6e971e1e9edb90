//! Hats that expire while the screen is open and no key is pressed.

use crate::stage::{ENTER, Home, ROOM, Stage, TERRY};

const HAT: &str = "urn:x:proctor";

#[test]
fn hat_is_removed_when_it_expires_without_a_key() {
    let home = Home::with_terry();
    home.run(&[
        "add",
        ROOM,
        TERRY,
        HAT,
        "--title",
        "Proctor",
        "--expires",
        "1 hour",
    ]);
    let mut stage = Stage::hatrack(&home, &[]);
    stage.see("Courses");
    stage.press_and_see(ENTER, TERRY);
    stage.press_and_see(ENTER, "inactive, expires");
    // A command lets the hat expire sooner, so the screen has to remove it sooner, too.
    home.run(&[
        "add",
        ROOM,
        TERRY,
        HAT,
        "--title",
        "Proctor",
        "--expires",
        "2 seconds",
    ]);
    stage.see("(expired)");
    stage.see("is no longer listed");
    assert_eq!(home.hats(), serde_json::json!({}));
    let history = home.run(&["history"]);
    assert!(history.contains("hatrack (expired)"), "{history}");
    stage.press("q");
    assert_eq!(stage.end_with_terminal_restored(), 0);
}
