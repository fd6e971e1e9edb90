//! The screen as plain text: snapshots of every kind of page, the line of the cursor, and clicks.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "helpers of tests"
)]

#[path = "support/session.rs"]
#[expect(dead_code, reason = "shared by several test files")]
mod session;

use hatrack::app::themes::{NamedTheme, ThemeChoices};
use hatrack::app::{MouseTarget, SessionOptions};
use hatrack::model::read;
use hatrack::ui::{self, Theme, plain};
use ratatui::layout::Position;
use session::Session;

fn open() -> Session {
    let wardrobe = read::wardrobe(include_bytes!("scenarios/courses.json")).unwrap();
    Session::open(wardrobe, (80, 16))
}

/// The page after these keys; a word in quotes is typed.
fn after(session: &mut Session, keys: &str) -> String {
    for (index, part) in keys.split('"').enumerate() {
        if index % 2 == 0 {
            session.keys(part);
        } else {
            session.text(part);
        }
    }
    let page = plain::page(&session.state, Theme::default(), (80, 16));
    for line in &page.lines {
        let symbol = line.chars().find(|c| ('\u{2500}'..='\u{25ff}').contains(c));
        assert_eq!(symbol, None, "{line}");
    }
    let mut lines = page.lines.clone();
    // The cursor is shown as a `|` before its character.
    let line = &mut lines[usize::from(page.cursor.y)];
    let mut columns = 0;
    let index = line.char_indices().find_map(|(index, c)| {
        let is_cursor = columns >= usize::from(page.cursor.x);
        columns += ui::text::width(&c.to_string());
        is_cursor.then_some(index)
    });
    line.insert(index.unwrap_or(line.len()), '|');
    let shown: Vec<&str> = lines.iter().map(|line| line.trim_end()).collect();
    format!("after {keys}:\n{}\n", shown.join("\n"))
}

macro_rules! pages {
    ($name:ident, $($keys:expr),+ $(,)?) => {
        #[test]
        fn $name() {
            let mut session = open();
            let pages = [$(after(&mut session, $keys)),+];
            insta::assert_snapshot!(pages.join("\n"));
        }
    };
}

pages!(
    panes,
    "",
    "Enter Down Down",
    "Space Down",
    "Down Space",
    "Enter",
    "Esc V Esc * * / \"ter\"",
    "Enter",
    "Enter",
);
pages!(hats_view, "w", "Enter", "Enter");
pages!(
    add_to_room,
    "w w / \"mallory\" Enter A",
    "\"sta\"",
    "Down",
    "Enter",
    "Shift-Tab \"x\" Enter"
);
pages!(
    forms,
    "Enter Down Enter a \"tea\"",
    "Down",
    "Enter Tab Tab",
    "Shift-Tab Shift-Tab Shift-Tab \"x\" Ctrl-S",
    "k",
    "y h e",
    "Left Left Left Enter",
);
pages!(
    finders,
    "? Down",
    "Esc : \"undo\"",
    "Esc Ctrl-P \"ter\" Down",
    "Ctrl-U \"zzz\""
);
pages!(
    history_and_catalog,
    "Enter Down Enter d H",
    "Esc C Down",
    "e",
    "Esc Esc I",
    "Esc X"
);

#[test]
fn empty_and_unsaved() {
    let mut session = Session::open(hatrack::model::Wardrobe::default(), (80, 16));
    let mut pages = vec![after(&mut session, "")];
    session.fail_writes("hats.json cannot be written: the disk is full");
    pages.push(after(&mut session, "a \"r@x.example\" Enter"));
    insta::assert_snapshot!(pages.join("\n"));
}

#[test]
fn conflict() {
    let mut session = open();
    session.keys("Enter Down Enter e");
    session.external_change(|wardrobe| {
        let jid = |text: &str| hatrack::model::Jid::parse(text).unwrap();
        let hat = hatrack::model::HatId::unchecked("urn:uuid:164c41a2-7461-4cff-bdae-3f93078a6607");
        let user = jid("terry@example.org");
        let changed = hatrack::model::Attachment::default().with_title(Some("Invigilator"));
        wardrobe.add_user_hat(&user, &jid("courses@conference.example.org"), &hat, changed)
    });
    let pages = [after(&mut session, "Space"), after(&mut session, "Enter")];
    insta::assert_snapshot!(pages.join("\n"));
}

#[test]
fn only_questions_about_changes_offer_a_reason() {
    let mut session = open();
    let discard = after(&mut session, "Enter a \"x\" Esc");
    assert!(discard.contains("Keys: y Discard"), "{discard}");
    assert!(!discard.contains("r Add reason"), "{discard}");
    let remove = after(&mut session, "y d");
    assert!(remove.contains("r Add reason"), "{remove}");
}

#[test]
fn clicks_on_lines_have_targets() {
    let mut session = open();
    session.keys("Enter");
    let targets = |session: &Session, y: u16| {
        let page = plain::page(&session.state, Theme::default(), (80, 16));
        plain::targets_at(&session.state, &page, Position { x: 3, y })
    };
    let pane = MouseTarget::Pane(session.state.focus());
    assert_eq!(targets(&session, 3), [pane, MouseTarget::Row(1)]);
    assert_eq!(targets(&session, 0), []);
    session.keys("e");
    assert_eq!(targets(&session, 2), [MouseTarget::Field(0)]);
}

#[test]
fn sets_and_prompts() {
    let mut session = open();
    let pages = [
        after(&mut session, "Enter Down N"),
        after(&mut session, "Esc I"),
        after(&mut session, "\"nowhere.csv\""),
        after(&mut session, "Esc X Down Space"),
    ];
    insta::assert_snapshot!(pages.join("\n"));
}

#[test]
fn theme_list() {
    let theme = |(name, description): (&str, &str)| NamedTheme {
        name: name.into(),
        description: description.into(),
    };
    let all = [("default", "follows the background"), ("mono", "without colors")];
    let start = SessionOptions {
        themes: ThemeChoices {
            all: all.map(theme).into(),
            current: "default".into(),
        },
        ..SessionOptions::default()
    };
    let wardrobe = read::wardrobe(include_bytes!("scenarios/courses.json")).unwrap();
    let mut session = Session::start(start, wardrobe, (80, 16));
    let pages = [after(&mut session, "T"), after(&mut session, "Down")];
    insta::assert_snapshot!(pages.join("\n"));
}

#[test]
fn draft_offer() {
    let mut session = open();
    session.keys("Enter Down Enter a");
    session.text("urn:x:half-typed");
    session.send(hatrack::app::Msg::End { status: 129 });
    let draft = session.draft.take().unwrap();
    let mut session = open();
    session.send(hatrack::app::Msg::DraftFound(draft));
    insta::assert_snapshot!(after(&mut session, ""));
}

/// A screen reader must get the whole help, so its lines are wrapped.
#[test]
fn help_is_never_cut() {
    let wardrobe = read::wardrobe(include_bytes!("scenarios/courses.json")).unwrap();
    let mut session = Session::open(wardrobe, (60, 24));
    session.keys("w w Enter ?");
    let mut all = String::new();
    for _ in 0..300 {
        let page = plain::page(&session.state, Theme::default(), (60, 24));
        // Without the status at the bottom.
        for line in &page.lines[..22] {
            assert!(!line.ends_with('…') && !line.ends_with("..."), "{line}");
        }
        all.push_str(&page.lines.join(" "));
        all.push(' ');
        session.keys("Down");
    }
    let words = all.split_whitespace().collect::<Vec<_>>().join(" ");
    for text in [
        "Remove the user from this room, or from all marked rooms (asks first for several rooms, or if the user has hats or is an owner or admin)",
        "not available: only while filtering",
    ] {
        assert!(words.contains(text), "{text}");
    }
}

/// The problems of an earlier field take several lines; the cursor must still be in the line of the focused field.
#[test]
fn cursor_is_in_the_line_of_its_field_below_several_problems() {
    let mut session = open();
    session.keys("I");
    session.text("a.csv");
    let table = "room,user,affiliation\nbad address,x,member\nworse address,y,member\n";
    session.files.insert("a.csv".into(), table.into());
    session.keys("Enter");
    let page = after(&mut session, "Down");
    let line = page.lines().find(|line| line.contains('|')).unwrap();
    assert!(line.contains("(field 2 of "), "{page}");
}
