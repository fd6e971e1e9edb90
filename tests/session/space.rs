//! How the screen uses its space and colors.

use hatrack::app::Msg;
use hatrack::model::CatalogHat;
use hatrack::ui::Theme;
use hatrack::ui::theme::{Backdrop, ColorDepth};
use ratatui::buffer::Buffer;
use ratatui::style::Modifier;

use super::session::Session;
use super::{HAT, ROOM, TERRY, hat, jid, open, screen, wardrobe};

fn frame(session: &mut Session, theme: Theme, columns: u16, rows: u16) -> Buffer {
    session.send(Msg::Resize { columns, rows });
    screen::frame(&session.state, theme, (columns, rows)).0
}

#[test]
fn focused_pane_grows_at_80_columns() {
    let mut session = open();
    let width = |session: &mut Session, corner: char| {
        let lines = screen::lines(&frame(session, Theme::default(), 80, 24));
        let end = lines[1].chars().position(|c| c == corner).unwrap();
        let start = lines[1].chars().position(|c| c == '┏').unwrap();
        end - start + 1
    };
    assert_eq!(width(&mut session, '┓'), 23, "the usual width: nothing is cut");
    session.keys("Enter");
    // Marks, affiliation, the longest address, the number of hats, and the frame.
    assert_eq!(
        width(&mut session, '┓'),
        2 + 3 + 8 + "mallory@example.net".len() + 4
    );
    session.keys("Down Enter");
    assert_eq!(
        width(&mut session, '┓'),
        21,
        "the users pane keeps the width of its addresses"
    );
}

/// On a narrow screen, the options are on two lines.
#[test]
fn all_affiliations_are_visible_at_40_columns() {
    let mut session = open();
    session.keys("Enter j e");
    let shown = screen::lines(&frame(&mut session, Theme::default(), 40, 12)).join("\n");
    for option in [" owner ", " admin ", "[member]", " outcast ", " none "] {
        assert!(shown.contains(option), "{option}: {shown}");
    }
}

#[test]
fn columns_have_headings_in_narrow_panes() {
    let mut session = open();
    let shown = screen::lines(&frame(&mut session, Theme::default(), 80, 24));
    assert!(
        shown[1].contains(" users hats ") && shown[1].contains("─ hats ┐"),
        "{}",
        shown[1]
    );
}

#[test]
fn panes_under_an_overlay_are_dimmed() {
    let mut session = open();
    let is_dim = |buffer: &Buffer, x, y| buffer[(x, y)].modifier.contains(Modifier::DIM);
    let before = frame(&mut session, Theme::default(), 120, 40);
    assert!(!is_dim(&before, 3, 2));
    session.keys("a");
    let over = frame(&mut session, Theme::default(), 120, 40);
    assert!(is_dim(&over, 3, 2), "the panes are dimmed");
    assert!(
        !is_dim(&over, 17, 20) && !is_dim(&over, 2, 39),
        "the form and the footer are not dimmed"
    );
}

#[test]
fn selected_hat_keeps_its_color() {
    let theme = Theme::new(ColorDepth::TrueColor, Backdrop::Dark);
    let mut session = open();
    session.keys("Enter Down");
    let buffer = frame(&mut session, theme, 120, 40);
    let mark_position = |buffer: &Buffer| {
        let mut all = buffer.area.positions();
        all.find(|position| buffer[*position].symbol() == "●").unwrap()
    };
    let color = buffer[mark_position(&buffer)].fg;
    session.keys("Enter");
    let selected = frame(&mut session, theme, 120, 40);
    let cell = &selected[mark_position(&selected)];
    assert_eq!(cell.fg, color);
    assert!(cell.modifier.contains(Modifier::REVERSED));
}

#[test]
fn ascii_shows_addresses_for_names_that_it_cannot_show() {
    let ascii = Theme {
        ascii: true,
        ..Theme::new(ColorDepth::None, Backdrop::Unknown)
    };
    let mut wardrobe = wardrobe();
    wardrobe.rename_room(&jid(ROOM), Some("日本語クラブ")).unwrap();
    let title = hatrack::model::Attachment::default().with_title(Some("先生"));
    wardrobe
        .add_user_hat(&jid(TERRY), &jid(ROOM), &hat(HAT), title)
        .unwrap();
    let mut session = Session::open(wardrobe, (120, 40));
    let text = |session: &mut Session, theme| screen::lines(&frame(session, theme, 120, 40)).join("\n");
    assert!(text(&mut session, Theme::default()).contains("日本語クラブ"));
    assert!(text(&mut session, ascii).contains("> courses"));
    session.keys("Enter Down Enter");
    assert!(text(&mut session, ascii).contains("http://example.com/hats/teacher"));
    session.keys("h h e Ctrl-U C a f é Enter");
    assert!(
        text(&mut session, ascii).contains("Caf?"),
        "most of it can be read"
    );
}

/// From 100 columns on, the focused pane gets the columns that the others do not need.
#[test]
fn focused_pane_does_not_cut_names_while_others_have_space() {
    let name = "Physics for Poets";
    let mut wardrobe = wardrobe();
    wardrobe.rename_room(&jid(ROOM), Some(name)).unwrap();
    let mut session = Session::open(wardrobe, (100, 30));
    let shown = screen::lines(&frame(&mut session, Theme::default(), 100, 30));
    assert!(shown[2].contains(name), "{}", shown[2]);
}

#[test]
fn titles_of_panes_name_the_room() {
    let mut session = open();
    let title = |session: &mut Session, theme| screen::lines(&frame(session, theme, 100, 30))[1].clone();
    let shown = title(&mut session, Theme::default());
    assert!(shown.contains("Users 3 · Courses"), "{shown}");
    // As in the list, the address is shown if the name cannot be shown.
    let ascii = Theme {
        ascii: true,
        ..Theme::new(ColorDepth::None, Backdrop::Unknown)
    };
    let mut wardrobe = wardrobe();
    wardrobe.rename_room(&jid(ROOM), Some("日本語クラブ")).unwrap();
    let mut session = Session::open(wardrobe, (100, 30));
    let shown = title(&mut session, ascii);
    assert!(shown.contains("courses@") && !shown.contains("???"), "{shown}");
    assert!(title(&mut session, Theme::default()).contains("日本語クラブ"));
}

/// The room has another hat in its catalog.
fn with_second_hat() -> Session {
    let mut session = open();
    session.external_change(|wardrobe| {
        let proctor = CatalogHat {
            title: Some("Proctor".into()),
            ..CatalogHat::default()
        };
        wardrobe.set_catalog_hat(&jid(ROOM), &hat("urn:x:proctor"), Some(proctor))
    });
    session
}

/// On a small screen, hints that do not fit are shorter or left out, and the list of existing hats has at least two rows.
#[test]
fn hat_form_is_useful_at_40_columns() {
    let mut session = with_second_hat();
    session.keys("Enter +");
    let shown = screen::lines(&frame(&mut session, Theme::default(), 40, 12)).join("\n");
    for text in ["Teacher", "Proctor", "[ ] cannot be removed"] {
        assert!(shown.contains(text), "{text}: {shown}");
    }
}

/// If the hints of all fields do not fit, only the hint of the focused field is shown.
#[test]
fn catalog_form_shows_all_fields_at_40_columns() {
    let mut session = open();
    session.keys("C Enter");
    let shown = screen::lines(&frame(&mut session, Theme::default(), 40, 12)).join("\n");
    for text in [
        "Title",
        "example Teacher",
        "Color",
        "Users' hats [x] change title, too",
    ] {
        assert!(shown.contains(text), "{text}: {shown}");
    }
}

#[test]
fn meanings_of_checkboxes_are_not_cut() {
    for keys in ["Enter +", "Enter j Enter e", "Enter j Enter a", "C Enter"] {
        for (columns, rows) in [(40, 12), (60, 20), (80, 24)] {
            let mut session = open();
            session.keys(keys);
            let lines = screen::lines(&frame(&mut session, Theme::default(), columns, rows));
            let is_cut = |line: &&String| line.contains("] ") && line.contains('…');
            let cut = lines.iter().find(is_cut);
            assert_eq!(cut, None, "{keys} {columns}x{rows}: {}", lines.join("\n"));
        }
    }
}

/// The preview shows everything that will be stored, but without the ID if there is not enough room.
#[test]
fn preview_shows_the_expiration_time() {
    for (columns, rows) in [(100, 30), (80, 24), (60, 20)] {
        let mut session = open();
        session.keys("Enter j Enter e");
        session.text(" of the advanced course on experimental physics");
        session.keys("Tab Tab Tab");
        session.text("2099-12-31");
        let lines = screen::lines(&frame(&mut session, Theme::default(), columns, rows));
        let shown = lines.concat().replace(['┃', ' '], "");
        assert!(
            shown.contains(r#""until":"2100-01-01"#),
            "{columns}x{rows}: {}",
            lines.join("\n")
        );
    }
}
