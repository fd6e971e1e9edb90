//! Behavior in all places: help, a screen that is too small, and typed text.

use hatrack::app::finder::Finder;
use hatrack::app::form::{FieldName, Form};
use hatrack::app::prompt::Prompt;
use hatrack::app::{Msg, SessionOptions};
use hatrack::ui::Theme;

use super::session::Session;
use super::{ROOM, open, screen, wardrobe};

fn screen_text(session: &mut Session, columns: u16, rows: u16) -> String {
    session.send(Msg::Resize { columns, rows });
    let (buffer, _) = screen::frame(&session.state, Theme::default(), (columns, rows));
    screen::lines(&buffer).join("\n")
}

fn is_help_open(session: &Session) -> bool {
    session.state.top_as::<Finder>().is_some_and(Finder::is_help)
}

#[test]
fn help_opens_everywhere_and_closes_again() {
    for (keys, question_mark) in [
        ("", true),
        ("a", false),
        ("a Esc", true),
        ("/ x", false),
        (":", false),
        ("Ctrl-P", false),
        ("H", true),
        ("C", true),
        ("N", false),
        ("I", false),
        ("X", false),
        ("d", true),
        ("a x Esc", true),
    ] {
        for help in ["F1", "?"] {
            let mut session = open();
            session.keys(keys);
            let (before, depth) = (
                format!("{:?}", session.state.top()),
                session.state.overlays().len(),
            );
            session.keys(help);
            let opens = help == "F1" || question_mark;
            assert_eq!(is_help_open(&session), opens, "{help} after {keys}");
            if opens {
                session.keys("F1");
                assert_eq!(session.state.overlays().len(), depth + 1, "help opens only once");
                session.keys("Esc");
                assert_eq!(format!("{:?}", session.state.top()), before, "after {keys}");
            }
        }
    }
}

#[test]
fn help_in_a_form_has_its_keys_first_and_runs_them() {
    let mut session = open();
    session.keys("a");
    session.text("staff@conference.example.org");
    session.keys("F1");
    let screen = screen_text(&mut session, 80, 24);
    assert!(screen.contains("Save (from any field)"), "{screen}");
    assert!(screen.contains("Cancel (asks first if there are changes)"));
    session.text("save (from");
    session.keys("Enter");
    assert!(session.json()["rooms"]["staff@conference.example.org"].is_object());
    // A command that would open another form over this one is not available.
    session.keys("a F1");
    session.text("rename");
    session.keys("Enter");
    assert_eq!(session.notice(), "Only in the panes");
}

#[test]
fn form_footer_names_the_help_key_that_works_there() {
    let mut session = open();
    session.keys("a");
    let screen = screen_text(&mut session, 80, 24);
    assert!(screen.contains("F1 Help"), "{screen}");
    session.keys("Esc");
    assert!(screen_text(&mut session, 80, 24).contains("? Help"));
}

#[test]
fn keys_are_ignored_while_the_screen_is_too_small() {
    let mut session = open();
    session.keys("a x");
    session.send(Msg::Resize { columns: 30, rows: 8 });
    session.keys("y Enter Esc F1 ?");
    session.send(Msg::Paste("z".into()));
    session.send(Msg::Resize {
        columns: 80,
        rows: 24,
    });
    let form = session.state.top_as::<Form>().unwrap();
    assert_eq!(form.text(FieldName::Room), "x");
    session.keys("Esc y");
    session.send(Msg::Resize {
        columns: 39,
        rows: 24,
    });
    let before = session.json();
    session.keys("d y");
    assert_eq!(session.json(), before);
    session.keys("q");
    assert_eq!(session.exit_status, Some(0), "q still quits");
}

#[test]
fn plain_text_takes_keys_in_any_size() {
    let start = SessionOptions {
        plain: true,
        ..SessionOptions::default()
    };
    let mut session = Session::start(start, wardrobe(), (30, 8));
    session.keys("a x");
    assert_eq!(session.state.top_as::<Form>().unwrap().text(FieldName::Room), "x");
}

#[test]
fn text_of_a_canceled_prompt_is_proposed_by_the_next_one() {
    let mut session = open();
    for (open, typed) in [
        ("X", "backup.json"),
        ("I", "new.csv"),
        ("Enter Down N Ctrl-S", "exam"),
    ] {
        session.keys(open);
        session.text(typed);
        session.keys("Esc");
        let again = open.rsplit(' ').next().unwrap();
        session.keys(again);
        assert_eq!(session.state.top_as::<Prompt>().unwrap().text.text(), typed);
        session.keys("Esc");
    }
    // After the name is used, the next prompt is empty.
    session.keys("Ctrl-S Enter");
    assert!(
        session.notice().starts_with("Saved hat set \"exam\""),
        "{}",
        session.notice()
    );
    session.keys("Ctrl-S");
    assert_eq!(session.state.top_as::<Prompt>().unwrap().text.text(), "");
}

#[test]
fn defined_hat_is_selected_in_the_catalog() {
    let mut session = open();
    for title in ["Zebra", "Advisor", "Marker"] {
        session.keys("C a");
        session.text(title);
        session.keys("Enter");
        let screen = screen_text(&mut session, 100, 30);
        let selected = screen
            .lines()
            .find(|line| line.contains("> ") && line.contains(title));
        assert!(selected.is_some(), "{title}: {screen}");
        assert!(
            session.json()["rooms"][ROOM]["hats"].is_object(),
            "{}",
            session.json()
        );
        session.keys("Esc");
    }
}

#[test]
fn narrow_help_shows_the_selected_row_in_full() {
    let mut session = open();
    session.keys("Enter ?");
    session.text("remove the user");
    let screen = screen_text(&mut session, 40, 12);
    let text = screen.replace('┃', " ");
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(
        text.contains("(asks first if the user has hats or is"),
        "{screen}"
    );
}

#[test]
fn narrow_form_shows_its_hint_in_full() {
    let mut session = open();
    session.keys("Enter a");
    let screen = screen_text(&mut session, 40, 12);
    let text = screen.replace('┃', " ");
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(
        text.contains("user@example.org, or a list of addresses"),
        "{screen}"
    );
}
