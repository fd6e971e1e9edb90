//! Unsolicited and late replies of the terminal, and pastes without markers, run no commands.

use crate::stage::{ENTER, Home, ROOM, Stage, TERRY, until};

/// Replies seen in practice: the letter after ESC, and the content up to ST.
const REPLIES: [&str; 8] = [
    // Style, cursor style and a requested capability (DECRQSS, XTGETTCAP).
    "P1$r0m",
    "P1$r2 q",
    "P1+r4d73=1b5d35323b",
    // Names and versions (XTVERSION).
    "P>|WezTerm 20240203-110809-5046fc22",
    "P>|tmux 3.4",
    // kitty graphics; a title; the clipboard.
    "_Gi=31;OK",
    "]lddd",
    "]52;c;ZGRkZGRkZGRkZGRkZGRkZGRkZGRkZGRkZGRkZGRkZGRkZGRkZGRkZGRkZGRk",
];

/// Starts hatrack and selects a hat, so that each letter of a reply could run a command on the hat.
fn start_with_selected_hat() -> (Home, Stage) {
    let home = Home::with_terry();
    home.run(&["add", ROOM, TERRY, "urn:x:ta", "--title", "Assistant", "--active"]);
    let mut stage = Stage::hatrack(&home, &["--actor", "alice"]);
    stage.see("Assistant");
    stage.press("ll");
    stage.redrawn_cells("? Help");
    (home, stage)
}

/// Checks that the next key is handled and that the screen is unchanged.
fn assert_nothing_was_done(stage: &mut Stage, before: &[String]) {
    stage.press_and_see("?", "┏ Help");
    stage.press("\x1b");
    stage.until("the help is closed", |output| !output.shows("┏ Help"));
    assert_eq!(stage.redrawn_cells("? Help"), before);
}

#[test]
fn terminal_replies_run_no_command() {
    let (home, mut stage) = start_with_selected_hat();
    let before = (home.document(), stage.redrawn_cells("? Help"));
    for reply in REPLIES {
        let whole = format!("\x1b{reply}\x1b\\");
        let (first, rest) = whole.split_at(4);
        let (middle, end) = rest.split_at(rest.len() / 2);
        for read in [whole.as_str(), first, rest, first, middle, end] {
            stage.press_until_read(read);
        }
        assert_nothing_was_done(&mut stage, &before.1);
    }
    // An unterminated reply does not block quitting.
    stage.press("\x1bP1$r2 \x03");
    assert_eq!(stage.end_with_terminal_restored(), 0);
    assert_eq!(home.document(), before.0);
}

#[test]
fn unterminated_paste_ends_at_ctrl_c() {
    let (home, mut stage) = start_with_selected_hat();
    let document = home.document();
    stage.press_and_see("e", "Edit");
    stage.press_until_read("\x1b[200~abc");
    stage.press_until_read("ddd");
    stage.press_and_see("\x03", "abcddd");
    stage.press_and_see("!", "abcddd!");
    assert_eq!(home.document(), document);
}

#[test]
fn unmarked_paste_runs_no_command_but_fills_a_form() {
    let home = Home::with_terry();
    let document = home.document();
    let lines = "kim@example.org\rdora@example.org\r";
    let mut stage = Stage::hatrack(&home, &[]);
    stage.see("Users 1");
    stage.press("l");
    stage.redrawn_cells("? Help");
    stage.press_and_see(lines, "Looks like pasted text: open a form first");
    assert_eq!(home.document(), document);
    stage.press_and_see("a", "Affiliation");
    stage.press_and_see(lines, "Add 2 users");
    assert_eq!(
        home.document(),
        document,
        "a line end in the paste submits nothing"
    );
    stage.press(ENTER);
    until("both are added", || {
        let users = home.document().pointer(&format!("/rooms/{ROOM}/users")).cloned();
        users.is_some_and(|users| {
            ["kim", "dora"]
                .iter()
                .all(|name| users.get(format!("{name}@example.org")).is_some())
        })
    });
    stage.press("q");
    assert_eq!(stage.end_with_terminal_restored(), 0);
}
