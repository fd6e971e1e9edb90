//! Configured keys and keyboard layouts.

use hatrack::app::command::COMMANDS;
use hatrack::app::finder::Finder;
use hatrack::app::form::Form;
use hatrack::app::{Keymap, Msg, Pane, SessionOptions};
use hatrack::ui::{self, Theme};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::session::{Session, key};
use super::wardrobe;

/// A session with these keys, by the name of the command.
fn session(bindings: &[(&str, &str)]) -> Session {
    let bindings = bindings.iter().map(|(id, keys)| {
        let command = COMMANDS.iter().find(|command| command.id.name() == *id).unwrap();
        (command, keys.split_whitespace().map(key).collect())
    });
    let start = SessionOptions {
        keymap: Keymap::new(bindings).unwrap(),
        ..SessionOptions::default()
    };
    Session::start(start, wardrobe(), (100, 30))
}

fn screen(session: &Session) -> String {
    let area = Rect::new(0, 0, 100, 30);
    let mut buffer = Buffer::empty(area);
    ui::render(&session.state, Theme::default(), area, &mut buffer);
    buffer.content.iter().map(ratatui::buffer::Cell::symbol).collect()
}

#[test]
fn configured_key_replaces_default_and_is_named() {
    let mut session = session(&[
        ("undo", "F9"),
        ("redo", "F10"),
        ("remove-hat", "x"),
        ("add-hat", "n"),
    ]);
    session.keys("Tab Down Tab d");
    assert_eq!(session.notice(), "d has no binding here (? to show all keys)");
    session.keys("x");
    assert!(session.notice().ends_with("(F9 to undo)"), "{}", session.notice());
    assert!(screen(&session).contains("Press n to add one."));
    session.keys("u e");
    assert_eq!(session.notice(), "No hats (n to add one)");
    session.keys("F9");
    assert!(
        session.notice().ends_with("(F10 to redo)"),
        "{}",
        session.notice()
    );
    session.keys("F10");
    assert!(session.notice().starts_with("Redid"), "{}", session.notice());
}

#[test]
fn footer_help_and_palette_show_configured_keys() {
    let mut session = session(&[("toggle-active", "F5"), ("help", "F2 ?"), ("palette", "F3")]);
    session.keys("Tab Down Tab");
    let footer = screen(&session);
    assert!(
        footer.contains("F5 Toggle active") && footer.contains("F2 Help"),
        "{footer}"
    );
    assert!(!footer.contains("Space Toggle active"));
    session.keys("F2");
    assert!(screen(&session).contains("  F5   "));
    session.keys("Esc F3");
    session.text("toggle active");
    assert!(screen(&session).contains("> F5 "));
}

#[test]
fn unbound_command_is_named_by_title() {
    let mut session = session(&[("undo", "")]);
    session.keys("Tab Down Tab d");
    assert!(
        session.notice().ends_with("(\"Undo\" to undo)"),
        "{}",
        session.notice()
    );
    session.keys(":");
    session.text("undo");
    session.keys("Enter");
    assert!(session.notice().starts_with("Undid"), "{}", session.notice());
}

#[test]
fn help_lists_unbound_commands() {
    let mut session = session(&[("last", "")]);
    session.keys("?");
    assert!(!screen(&session).contains("Last row"));
    session.text("last row");
    assert!(screen(&session).contains("Last row"));
}

#[test]
fn wheel_is_independent_of_arrow_bindings() {
    let mut session = session(&[("down", "j"), ("up", "k"), ("remove-user", "Down")]);
    session.keys("Tab");
    session.send(Msg::Wheel {
        targets: Vec::new(),
        down: true,
    });
    assert_eq!(session.state.selected(Pane::Second), Some(2));
    assert!(session.state.overlays().is_empty());
}

#[test]
fn back_key_goes_back_and_clears_the_message_with_it() {
    let mut session = session(&[("back", "F8"), ("left", "Esc h")]);
    session.keys("Tab Down Tab d");
    assert_ne!(session.notice(), "");
    session.keys("F8");
    assert_eq!((session.notice(), session.state.focus()), ("", Pane::Second));
}

/// Messages name configured keys: no command has its default key here.
#[test]
fn messages_name_configured_keys() {
    let bindings: Vec<_> = [
        "undo",
        "redo",
        "add-room",
        "add-user",
        "add-hat",
        "edit-user",
        "new-id",
        "retry",
        "recreate-file",
        "open-suggestions",
    ]
    .iter()
    .zip(["F2", "F3", "F4", "F4", "F4", "F5", "F6", "F7", "F8", "F9"])
    .map(|(id, key)| (*id, key))
    .collect();
    let mut session = session(&bindings);
    let mut shown = String::new();
    for keys in [
        "Tab",
        "d",
        "Esc",
        "Tab",
        "F4",
        "Enter",
        "Esc",
        "Esc",
        "Shift-Tab F4",
        "Esc",
    ] {
        session.keys(keys);
        shown.push_str(&screen(&session));
    }
    session.send(Msg::Paste("x".into()));
    shown.push_str(&screen(&session));
    for old in [
        "Ctrl-G", "(u to ", " u Undo", "Ctrl-R", "; a ", " a or e", "(↓)", "(Down)",
    ] {
        assert!(!shown.contains(old), "{old}");
    }
}

/// The focus is in the users pane; the second user of the first room is selected.
fn in_users_pane() -> Session {
    let mut session = session(&[]);
    session.keys("Tab Down");
    session
}

#[test]
fn unbound_alt_letter_acts_as_esc() {
    let mut session = in_users_pane();
    let before = session.json();
    session.keys("H Alt-d");
    assert!(session.state.top().is_none(), "the history is closed");
    assert_eq!(session.notice(), "Alt-d has no binding here; treated as Esc");
    session.keys("Esc Alt-d");
    assert_eq!(session.state.focus(), Pane::First, "as Esc does");
    assert_eq!(session.json(), before);
    // In a text field, it edits the text if the field has such a key; otherwise it also acts as Esc.
    session.keys("a Alt-b Alt-f Alt-d");
    assert!(session.state.top().is_some());
    session.keys("Alt-x");
    assert!(session.state.top().is_none());
    // A command may be bound to it.
    let mut session = self::session(&[("history", "Alt-d")]);
    session.keys("Alt-d");
    assert!(session.state.top().is_some());
    // Alt with an arrow key is not Esc.
    let mut session = in_users_pane();
    session.keys("Alt-Left");
    assert_eq!(
        (session.notice(), session.state.focus()),
        ("Alt-Left has no binding here (? to show all keys)", Pane::Second)
    );
}

/// A key of a text field that does nothing at the moment, such as a cursor key at the end, is not reported.
#[test]
fn key_without_binding_is_reported() {
    let mut session = super::open();
    for key in ["z", "F5", "Ctrl-X"] {
        session.keys(key);
        assert_eq!(
            session.notice(),
            format!("{key} has no binding here (? to show all keys)")
        );
    }
    session.keys("a Right Left Backspace Alt-b z");
    assert_eq!(session.notice(), "");
    session.keys("F5");
    assert_eq!(session.notice(), "F5 has no binding here (F1 to show all keys)");
    // In a field with choices, a letter has no meaning.
    session.keys("Esc Enter e");
    session.keys("x");
    assert!(
        session.notice().starts_with("x has no binding here"),
        "{}",
        session.notice()
    );
}

#[test]
fn other_layouts_map_by_key_position() {
    let top = |session: &Session| format!("{:?}", session.state.top());
    for (typed, standard) in [
        ("ф", "a"),
        ("Р", "H"),
        ("Ж", ":"),
        ("α", "a"),
        ("ש", "a"),
        ("ｓ", "s"),
    ] {
        let (mut one, mut other) = (in_users_pane(), in_users_pane());
        one.keys(typed);
        other.keys(standard);
        assert_eq!(top(&one), top(&other), "{typed}");
        assert_eq!(one.notice(), other.notice(), "{typed}");
    }
    let mut session = in_users_pane();
    session.keys("ß");
    assert_eq!(session.notice(), "ß has no binding here");
    session.keys("ж");
    assert_eq!(
        session.notice(),
        "ж has no binding here",
        "its position is that of ;"
    );
    // The position reported by the terminal counts, whatever the letter.
    session.send(Msg::KeyWithUsKey(key("ђ"), '?'));
    assert!(session.state.top().is_some());
    let mut session = self::session(&[]);
    session.keys("a");
    session.text("фß");
    session.send(Msg::KeyWithUsKey(key("ђ"), '['));
    assert!(screen(&session).contains("фßђ"));
    assert_eq!(session.notice(), "");
}

#[test]
fn rejects_unmarked_paste_without_text_field() {
    let lines = || Msg::UnmarkedPaste("dora@example.org\nkim@example.org\n".into());
    for keys in ["", "?", "H", "C", "d"] {
        let mut session = in_users_pane();
        session.keys(keys);
        let (before, top) = (session.json(), format!("{:?}", session.state.top()));
        // The help takes typed text as a search.
        let is_text = keys == "?";
        session.send(lines());
        let refused = session.notice() == "Looks like pasted text: open a form first";
        assert_eq!(refused, !is_text, "{keys}");
        if !is_text {
            assert_eq!(format!("{:?}", session.state.top()), top, "{keys}");
        }
        assert_eq!(session.json(), before, "{keys}");
    }
    let mut session = in_users_pane();
    session.keys("a");
    session.send(lines());
    assert!(screen(&session).contains("Add 2 users"));
}

fn sample() -> hatrack::model::Wardrobe {
    hatrack::model::read::wardrobe(include_bytes!("../scenarios/courses.json")).unwrap()
}

/// The movement keys work in every list; where text is typed, letters are text.
#[test]
fn every_list_has_same_movement_keys() {
    for (open, typed) in [
        ("Tab", false),
        ("Tab /", true),
        (":", true),
        ("?", true),
        ("C", false),
    ] {
        let mut session = Session::open(sample(), (100, 30));
        // Move once, since a list may have no selection at first.
        session.keys(&format!("{open} Down Up"));
        let top = |session: &Session| {
            format!(
                "{:?} {:?}",
                session.state.top(),
                session.state.selected(Pane::Second)
            )
        };
        let begin = top(&session);
        let mut check_move = |keys: &str, back: &str| {
            session.keys(keys);
            assert_ne!(top(&session), begin, "{open}: {keys}");
            session.keys(back);
            assert_eq!(top(&session), begin, "{open}: {keys}, {back}");
        };
        check_move("Down", "Up");
        check_move("PageDown", "PageUp");
        check_move("PageDown", "Up Up Up PageUp PageUp");
        if typed {
            check_move("Ctrl-n", "Ctrl-p");
        } else {
            check_move("j", "k");
            check_move("G", "g");
            check_move("End", "Home");
        }
        if typed {
            session.keys("j");
            assert!(screen(&session).contains('j'), "{open}");
        }
    }
}

/// The number of lines below a list that show the selected row in full.
const FULL_TEXT_LINES: usize = hatrack::app::view::FULL_TEXT_LINES as usize;

/// So no row is skipped, also on a tall screen where the overlay is lower than the screen.
#[test]
fn page_is_the_number_of_visible_rows() {
    for size in [(80, 24), (100, 60)] {
        let mut session = Session::open(sample(), size);
        session.keys(":");
        // Without the input line and the full text of the selected row.
        let shown = rows_inside(&session, size) - 1 - FULL_TEXT_LINES;
        session.keys("PageDown");
        assert_eq!(session.state.top_as::<Finder>().unwrap().selected, shown);
    }
}

/// In the help a page is the visible lines including headings, so no row is skipped.
#[test]
fn help_page_counts_headings() {
    for size in [(80, 24), (100, 60)] {
        let mut session = Session::open(sample(), size);
        session.keys("?");
        let lines = rows_inside(&session, size) - 1 - FULL_TEXT_LINES;
        session.keys("PageDown");
        let help = session.state.top_as::<Finder>().unwrap();
        let below = |last: usize| {
            (1..=last)
                .map(|row| 1 + usize::from(help.heading(row).is_some()))
                .sum::<usize>()
        };
        assert!(
            (1..=help.selected).any(|row| help.heading(row).is_some()),
            "a heading is between the rows"
        );
        assert!(below(help.selected) <= lines && below(help.selected + 1) > lines);
        session.keys("PageUp");
        assert_eq!(session.state.top_as::<Finder>().unwrap().selected, 0);
    }
}

/// It can also be one less.
#[test]
fn page_in_the_list_of_a_form_is_the_number_of_visible_rows() {
    let demo = hatrack::model::read::wardrobe(include_bytes!("../../assets/demo.json")).unwrap();
    for size in [(80, 24), (60, 20), (80, 14), (80, 60)] {
        let mut session = Session::open(demo.clone(), size);
        session.keys("Tab Enter a Down");
        let shown = screen_lines(&session, size)
            .lines()
            .skip(1)
            .filter(|line| {
                line.trim_end_matches([' ', '┃'])
                    .trim_end_matches('s')
                    .ends_with(" user")
            })
            .count();
        session.keys("PageDown");
        let form = session.state.top_as::<Form>().unwrap();
        let selected = form.selected_suggestion().unwrap();
        assert!(
            selected > 1 && selected <= shown && selected + 1 >= shown,
            "{size:?}: {selected} of {shown}"
        );
        session.keys("PageUp");
        assert_eq!(
            session.state.top_as::<Form>().unwrap().selected_suggestion(),
            Some(0)
        );
    }
}

fn screen_lines(session: &Session, (columns, rows): (u16, u16)) -> String {
    let area = Rect::new(0, 0, columns, rows);
    let mut buffer = Buffer::empty(area);
    ui::render(&session.state, Theme::default(), area, &mut buffer);
    let line = |row| {
        (0..columns)
            .map(|column| buffer[(column, row)].symbol())
            .collect::<String>()
    };
    (0..rows).map(line).collect::<Vec<_>>().join("\n")
}

/// The number of rows inside the frame of the overlay.
fn rows_inside(session: &Session, size: (u16, u16)) -> usize {
    screen_lines(session, size)
        .lines()
        .filter(|line| line.trim_end().ends_with('┃'))
        .count()
}
