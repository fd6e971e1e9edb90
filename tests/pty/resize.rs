//! Resizing to small and large sizes.

use crate::stage::{Home, ROOM, Stage, TERRY};

#[test]
fn screen_after_many_resizes_is_the_same_as_after_a_fresh_start() {
    let home = Home::with_terry();
    home.run(&["add", ROOM, TERRY, "urn:x:1", "--title", "Proctor 漢字"]);
    let mut stage = Stage::hatrack(&home, &[]);
    stage.see("Proctor");
    for (size, text) in [
        ((120, 40), "Proctor"),
        ((79, 24), "Courses"),
        ((60, 20), "Courses"),
        ((30, 8), "Enlarge the terminal"),
        ((1, 1), ""),
        ((12, 1), "Needs 40x10"),
        ((200, 60), "Proctor"),
        ((2, 60), ""),
        ((200, 1), "Enlarge the terminal"),
        ((80, 24), "Proctor"),
    ] {
        stage.resize(size);
        stage.see(text);
    }
    let mut fresh = Stage::start(&home, &[crate::stage::HATRACK], (80, 24));
    fresh.see("Proctor");
    let expected = fresh.redrawn_cells("? Help");
    stage.until("the same as from a fresh start", |output| {
        output.cells() == expected
    });
}
