//! The lines below the panes: notices, marks, and the keys that work.

use hatrack::app::Msg;
use hatrack::store::{Snapshot, StoreEvent};
use hatrack::ui::Theme;

use super::session::Session;
use super::{open, screen, wardrobe};

/// The lines of the screen in this size.
fn lines(session: &mut Session, columns: u16, rows: u16) -> Vec<String> {
    session.send(Msg::Resize { columns, rows });
    let (buffer, _) = screen::frame(&session.state, Theme::default(), (columns, rows));
    screen::lines(&buffer)
}

fn footer(session: &mut Session) -> String {
    lines(session, 80, 24).pop().unwrap()
}

#[test]
fn keys_stay_visible_below_a_long_notice() {
    let mut session = open();
    session.keys("Enter Down Enter d");
    assert!(session.notice().len() > 78, "{}", session.notice());
    let lines = lines(&mut session, 80, 24);
    assert!(
        lines[23].contains("u Undo") && lines[23].contains("? Help"),
        "{}",
        lines[23]
    );
    let shown = format!("{} {}", lines[21].trim(), lines[22].trim());
    assert_eq!(shown, session.notice());
}

#[test]
fn long_notice_is_complete_on_a_narrow_screen() {
    let mut session = open();
    session.keys("Enter Down Enter d");
    let lines = lines(&mut session, 40, 12);
    assert!(lines[11].contains("? Help"), "{}", lines[11]);
    let shown: Vec<&str> = lines[7..11].iter().map(|line| line.trim()).collect();
    assert_eq!(shown.join(" "), session.notice());
}

#[test]
fn notice_is_visible_while_a_filter_is_typed() {
    let mut session = open();
    session.keys("Enter / t");
    session.external_change(|wardrobe| {
        wardrobe.set_affiliation(
            &super::jid(super::TERRY),
            &super::jid(super::ROOM),
            hatrack::model::Affiliation::None,
        )
    });
    let notice = session.notice().to_owned();
    assert!(notice.contains("is no longer listed"), "{notice}");
    let lines = lines(&mut session, 80, 24);
    assert!(
        lines[22].starts_with(" / t") && lines[21].contains(&notice),
        "{lines:#?}"
    );
}

#[test]
fn footer_shows_commands_for_marked_users() {
    let mut session = open();
    session.keys("Enter");
    assert!(footer(&mut session).contains("a Add"));
    session.keys("Space Space");
    let marked = footer(&mut session);
    assert!(marked.starts_with(" 2 marked: + Add hat"), "{marked}");
    assert!(
        marked.contains("d Remove") && marked.contains("Esc Unmark"),
        "{marked}"
    );
    assert!(!marked.contains("a Add "), "{marked}");
    session.keys("Esc");
    assert!(footer(&mut session).contains("a Add"));
}

#[test]
fn range_mode_stays_visible() {
    let mut session = open();
    session.keys("Enter V Down");
    let range = footer(&mut session);
    assert!(range.starts_with(" Range, 2 marked: "), "{range}");
    assert!(
        range.contains("V Finish range") && range.contains("Esc Cancel"),
        "{range}"
    );
    session.keys("V");
    assert!(footer(&mut session).starts_with(" 2 marked: "));
}

#[test]
fn sort_order_other_than_the_default_stays_visible() {
    let mut session = open();
    session.keys("Enter");
    let shown = |session: &mut Session| lines(session, 80, 24).join("\n");
    assert!(!shown(&mut session).contains("by name"));
    session.keys("s Down");
    assert!(shown(&mut session).contains(" by name "));
    session.keys("s s Down");
    assert!(!shown(&mut session).contains(" by "));
}

#[test]
fn undo_is_offered_only_where_something_can_be_undone() {
    let mut session = Session::open(hatrack::model::Wardrobe::default(), (80, 24));
    assert!(!footer(&mut session).contains("Undo"), "no file yet");
    session.keys("a");
    session.text("courses@conference.example.org");
    session.keys("Enter");
    assert!(footer(&mut session).contains("u Undo"));
    // The file has a history now, which is searched once.
    session.keys("u u");
    assert_eq!(session.notice(), "Nothing to undo");
    session.keys("Down");
    assert!(!footer(&mut session).contains("Undo"));
    session.keys("Ctrl-R");
    assert!(footer(&mut session).contains("u Undo"));
    let mut other = Session::open(wardrobe(), (80, 24));
    assert!(
        !footer(&mut other).contains("Undo"),
        "only others changed anything"
    );
    let unknown = Snapshot {
        has_nothing_to_undo: false,
        ..other.memory.snapshot()
    };
    other.send(Msg::Store(Box::new(StoreEvent::Changed(unknown))));
    assert!(footer(&mut other).contains("u Undo"));
}
