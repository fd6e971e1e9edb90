//! Drawing never panics and draws only harmless text: at any size, for any wardrobe, after any keys.

#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]

#[path = "support/mod.rs"]
mod support;

#[path = "support/session.rs"]
#[expect(dead_code, reason = "shared by several test files")]
mod session;

#[path = "support/screen.rs"]
#[expect(dead_code, reason = "shared by several test files")]
mod screen;

use hatrack::app::{Key, KeyCode, MouseTarget, Msg, State};
use hatrack::model::{Edit, Hats, Wardrobe};
use hatrack::store::{Change, StoreEvent, StoreProblem};
use hatrack::ui::theme::{Backdrop, ColorDepth};
use hatrack::ui::{self, Theme};
use proptest::prelude::*;
use proptest::sample::select;
use ratatui::buffer::Buffer;
use session::Session;

#[derive(Debug, Clone)]
enum Step {
    Keys(&'static str),
    Key(Key),
    Type(String),
    Paste(String),
    /// Import a table with this text in its cells.
    Import(String),
    /// Save a hat set with this name.
    SaveSet(String, Hats),
    Problem(Option<StoreProblem>),
    Opening(u64, u64),
    Draw(u16, u16),
}

fn step() -> impl Strategy<Value = Step> {
    let key_names = vec![
        "Enter",
        "Esc",
        "Tab",
        "Shift-Tab",
        "Up",
        "Down",
        "Left",
        "Right",
        "Home",
        "End",
        "PgUp",
        "PgDn",
        "Space",
        "Backspace",
        "Del",
        "a",
        "e",
        "d",
        "u",
        "r",
        "y",
        "m",
        "t",
        "s",
        "H",
        "?",
        "g",
        "G",
        "q",
        "Ctrl-G",
        "Ctrl-S",
        "Ctrl-R",
        "Ctrl-U",
        "N",
        "I",
        "X",
        "Ctrl-X",
    ];
    let problem = support::text().prop_map(|text| Step::Problem(Some(StoreProblem::CannotWrite(text))));
    prop_oneof![
        12 => select(key_names).prop_map(Step::Keys),
        4 => (0..=250_u16, 0..=80_u16).prop_map(|(columns, rows)| Step::Draw(columns, rows)),
        2 => support::text().prop_map(Step::Type),
        1 => support::text().prop_map(Step::Paste),
        1 => any::<char>().prop_map(|character| Step::Key(Key::plain(KeyCode::Char(character)))),
        1 => support::text().prop_map(Step::Import),
        1 => (support::text(), support::hats()).prop_map(|(name, hats)| Step::SaveSet(name, hats)),
        1 => problem,
        1 => Just(Step::Problem(None)),
        1 => (any::<u64>(), any::<u64>()).prop_map(|(done, of)| Step::Opening(done, of)),
    ]
}

fn run_step(session: &mut Session, step: Step) {
    match step {
        Step::Keys(name) => session.keys(name),
        Step::Key(key) => session.send(Msg::Key(key)),
        Step::Type(text) => session.text(&text),
        Step::Paste(text) => session.send(Msg::Paste(text)),
        Step::Import(text) => {
            let cell = format!("\"{}\"", text.replace('"', "\"\""));
            let rows = format!(
                "room,user,hat,title\n{cell},a@b,,\na@b,{cell},,\na@b,a@b,{cell},{cell}\na@b,,,{cell}\n"
            );
            // The other table has no invalid row if the text is a valid title.
            let rows = if text.len() % 2 == 0 {
                rows
            } else {
                format!("room,title\na@b,{cell}\n")
            };
            session.files.insert("t".into(), rows.into_bytes());
            session.keys("Esc Esc Esc I");
            session.text("t");
            session.keys("Enter");
        }
        Step::SaveSet(name, hats) => {
            session.external_change(|wardrobe| wardrobe.put_hat_set(&name, Some(&hats)));
        }
        Step::Problem(problem) => session.send(Msg::Store(Box::new(StoreEvent::Problem(problem)))),
        Step::Opening(done, total) => {
            session.send(Msg::Store(Box::new(StoreEvent::Opening { done, total })));
        }
        Step::Draw(columns, rows) => {
            session.send(Msg::Resize { columns, rows });
            draw_and_check(&session.state, (columns, rows));
        }
    }
}

/// Draws in color and in ASCII, and checks every cell and the plain text.
fn draw_and_check(state: &State, size: (u16, u16)) {
    for (ascii, depth) in [(false, ColorDepth::TrueColor), (true, ColorDepth::None)] {
        let theme = Theme {
            ascii,
            ..Theme::new(depth, Backdrop::Dark)
        };
        let (buffer, cursor) = screen::frame(state, theme, size);
        assert!(
            cursor.is_none_or(|at| at.x < size.0 && at.y < size.1),
            "{cursor:?} in {size:?}"
        );
        check_cells(&buffer, ascii);
        check_page(state, theme, size);
    }
}

/// Checks the plain text: the lines fit and are harmless, and the cursor is on the selected row.
fn check_page(state: &State, theme: Theme, (columns, rows): (u16, u16)) {
    let page = ui::plain::page(state, theme, (columns, rows));
    assert_eq!(page.lines.len(), usize::from(rows));
    assert_eq!(page.targets.len(), usize::from(rows));
    for line in &page.lines {
        assert!(ui::text::width(line) < usize::from(columns.max(1)), "{line:?}");
        assert!(!line.chars().any(is_deceptive), "{line:?}");
        assert!(!theme.ascii || line.is_ascii(), "{line:?}");
    }
    let at = page.cursor;
    assert!(
        (at.x < columns || columns == 0) && (at.y < rows || rows == 0),
        "{at:?}"
    );
    let shows_only_panes = state.overlays().is_empty() && state.typed_filter().is_none();
    if shows_only_panes && rows > 4 && state.phase() == hatrack::app::Phase::Open {
        let target = page.targets.get(usize::from(at.y)).copied().flatten();
        assert_eq!(target, state.selected(state.focus()).map(MouseTarget::Row));
    }
}

/// Whether a character must never reach a terminal: controls, and characters that are invisible or change the direction.
fn is_deceptive(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{feff}' | '\u{e000}'..='\u{f8ff}' | '\u{e0000}'..='\u{e007f}' | '\u{f0000}'..='\u{10ffff}')
}

fn check_cells(buffer: &Buffer, ascii: bool) {
    for cell in &buffer.content {
        let symbol = cell.symbol();
        assert!(!symbol.chars().any(is_deceptive), "{symbol:?}");
        assert!(ui::text::width(symbol) <= 12, "{symbol:?}");
        assert!(!ascii || symbol.is_ascii(), "{symbol:?}");
    }
}

/// Fills the history: removes the first three rooms and adds them again.
fn fill_history(session: &mut Session, wardrobe: &Wardrobe) {
    for (jid, room) in wardrobe.rooms().take(3) {
        let edit = Edit::Room {
            room: jid.clone(),
            before: Some(room.clone()),
            after: None,
        };
        let removal = hatrack::model::EditGroup::from(edit);
        for group in [removal.clone(), removal.inverse()] {
            let change = Change::from(group);
            session.external_change(|wardrobe| wardrobe.apply(&change.group).map(|()| change.group.clone()));
        }
    }
}

proptest! {
    #![proptest_config(support::cases(256))]

    #[test]
    fn draws_any_wardrobe_at_any_size(
        wardrobe in support::wardrobe(),
        start in (0..=250_u16, 0..=80_u16),
        steps in proptest::collection::vec(step(), 0..40),
    ) {
        let mut session = Session::open(wardrobe.clone(), start);
        fill_history(&mut session, &wardrobe);
        for step in steps {
            run_step(&mut session, step);
        }
        draw_and_check(&session.state, start);
        draw_and_check(&session.state, (80, 24));
    }

    #[test]
    fn truncation_fits_any_text(text in support::text(), columns in 0..60_usize) {
        for charset in [ui::text::Charset::Unicode, ui::text::Charset::Ascii] {
            for shown in [
                ui::text::cut(&text, columns, charset),
                ui::text::cut_middle(&text, columns, charset),
                ui::text::cut_address(&text, columns, charset),
            ] {
                prop_assert!(ui::text::width(&shown) <= columns, "{shown:?}");
            }
            let whole = ui::text::sanitize_for(&text, charset);
            prop_assert!(ui::text::sanitize(&whole) == whole, "{whole:?}");
        }
    }
}

#[test]
fn draws_all_kinds_of_screens_at_many_sizes() {
    let wardrobe = hatrack::model::read::wardrobe(include_bytes!("support/wardrobe.json")).unwrap();
    for keys in [
        "",
        "Enter Down Down Down Down Enter",
        "Enter Down Down Down Enter e",
        "?",
        "a",
        "Enter G d",
        "d",
    ] {
        let mut session = Session::open(wardrobe.clone(), (80, 24));
        session.keys(keys);
        for columns in (0..=250).step_by(13).chain(38..=42).chain(78..=82) {
            for rows in (0..=80).step_by(11).chain(8..=12) {
                draw_and_check(&session.state, (columns, rows));
            }
        }
    }
}
