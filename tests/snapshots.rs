//! Snapshots of the screen: every pane, form and overlay, in several sizes, with and without color, in ASCII.

#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]

#[path = "support/session.rs"]
#[expect(dead_code, reason = "shared by several test files")]
mod session;

#[path = "support/screen.rs"]
mod screen;

use hatrack::app::themes::{NamedTheme, ThemeChoices};
use hatrack::app::{Msg, SessionOptions, State};
use hatrack::model::{Affiliation, Attachment, HatId, Jid, Wardrobe, read};
use hatrack::store::{self, Scope, StoreEvent, StoreProblem};
use hatrack::ui::theme::{Backdrop, ColorDepth, Theme};
use session::Session;

const ROOM: &str = "courses@conference.example.org";

fn color() -> Theme {
    Theme::default()
}

fn ascii() -> Theme {
    Theme {
        ascii: true,
        ..Theme::new(ColorDepth::None, Backdrop::Unknown)
    }
}

/// A usual terminal, a large one, and one that has room for one pane.
const SIZES: [(u16, u16); 3] = [(80, 24), (120, 40), (60, 20)];
/// The same sizes and a very large one, for screens that show more content in it.
const WITH_WIDE: [(u16, u16); 4] = [(80, 24), (120, 40), (200, 60), (60, 20)];
const USUAL: [(u16, u16); 1] = [(80, 24)];

fn wardrobe() -> Wardrobe {
    read::wardrobe(include_bytes!("support/wardrobe.json")).unwrap()
}

fn open() -> Session {
    Session::open(wardrobe(), (80, 24))
}

fn after(keys: &str) -> Session {
    let mut session = open();
    session.keys(keys);
    session
}

/// Compares the screen of a session in these sizes with its snapshots.
fn check_screen(name: &str, session: &mut Session, theme: Theme, sizes: &[(u16, u16)]) {
    for (columns, rows) in sizes.iter().copied() {
        session.send(Msg::Resize { columns, rows });
        let (buffer, cursor) = screen::frame(&session.state, theme, (columns, rows));
        let mut lines = screen::lines(&buffer);
        lines.extend(cursor.map(|at| format!("cursor: column {}, line {}", at.x, at.y)));
        let text = lines.join("\n");
        insta::with_settings!({ omit_expression => true }, {
            insta::assert_snapshot!(format!("{name}-{columns}x{rows}"), text);
        });
    }
}

/// The path of the data file in errors.
const FILE: &str = "/home/terry/.config/hatrack/hats.json";

/// The error of the store if the disk is full.
fn full_disk() -> String {
    let error = store::StoreError::Io {
        operation: "write",
        path: FILE.into(),
        source: std::io::ErrorKind::StorageFull.into(),
    };
    error.to_string()
}

fn jid(text: &str) -> Jid {
    Jid::parse(text).unwrap()
}

#[test]
fn rooms() {
    check_screen("rooms", &mut open(), color(), &SIZES);
}

#[test]
fn users() {
    check_screen("users", &mut after("Enter Down Down Down"), color(), &SIZES);
}

#[test]
fn hats() {
    check_screen(
        "hats",
        &mut after("Enter Down Down Down Enter Down Down"),
        color(),
        &SIZES,
    );
}

#[test]
fn hats_in_all_scripts() {
    let mut session = after("Enter Down Down Down Down Enter");
    check_screen("scripts", &mut session, color(), &WITH_WIDE);
    check_screen("scripts-ascii", &mut session, ascii(), &USUAL);
}

#[test]
fn hat_remarks() {
    check_screen(
        "remark-no-uri",
        &mut after("Enter Down Down Down Enter"),
        color(),
        &USUAL,
    );
    check_screen(
        "remark-catalog",
        &mut after("Enter Down Down Down Enter Down"),
        color(),
        &USUAL,
    );
}

#[test]
fn long_lists() {
    let mut wardrobe = wardrobe();
    for number in 0..60 {
        let room = jid(&format!("room{number:02}@conference.example.net"));
        wardrobe.add_room(&room, None).unwrap();
        let user = jid(&format!("user{number:02}@example.org"));
        wardrobe
            .set_affiliation(&user, &jid(ROOM), Affiliation::Member)
            .unwrap();
    }
    let mut session = Session::open(wardrobe, (80, 24));
    session.keys("Enter PgDn PgDn Down");
    check_screen("long", &mut session, color(), &USUAL);
}

#[test]
fn empty_panes() {
    let mut session = Session::open(Wardrobe::default(), (80, 24));
    check_screen("empty", &mut session, color(), &SIZES);
    check_screen("empty-room", &mut after("G Tab"), color(), &USUAL);
    check_screen(
        "empty-user",
        &mut after("Enter Down Enter"),
        color(),
        &[(80, 24), (60, 20)],
    );
    check_screen("empty-outcast", &mut after("Enter G Enter"), color(), &USUAL);
}

#[test]
fn screen_too_small() {
    let mut session = after("Enter Down a");
    check_screen("small", &mut session, color(), &[(40, 10), (39, 9), (20, 2)]);
}

#[test]
fn room_forms() {
    let mut session = after("a");
    check_screen(
        "form-room",
        &mut session,
        color(),
        &[(80, 24), (120, 40), (60, 20)],
    );
    session.text("not an@address@");
    check_screen("form-room-invalid", &mut session, color(), &USUAL);
    check_screen("form-room-edit", &mut after("Down e"), color(), &USUAL);
}

#[test]
fn user_forms() {
    let mut session = after("Enter a");
    check_screen(
        "form-user",
        &mut session,
        color(),
        &[(80, 24), (120, 40), (60, 20)],
    );
    session.text("terry@example.org");
    session.keys("Tab Right");
    check_screen("form-user-exists", &mut session, color(), &USUAL);
    check_screen("form-user-edit", &mut after("Enter Down e"), color(), &USUAL);
    let mut list = after("Enter a");
    list.send(Msg::Paste(
        "ann@example.org\nGrace Hopper\nbea@example.org\n".into(),
    ));
    check_screen("form-user-list", &mut list, color(), &[(80, 24), (40, 12)]);
}

#[test]
fn add_hat_form() {
    let mut session = after("Enter Down Enter a");
    check_screen("form-hat", &mut session, color(), &SIZES);
    session.text("teach");
    check_screen(
        "form-hat-typing",
        &mut session,
        color(),
        &[(80, 24), (120, 40), (60, 20), (40, 10)],
    );
    session.keys("Down Down");
    check_screen("form-hat-listed", &mut session, color(), &USUAL);
    session.keys("Enter");
    check_screen("form-hat-accepted", &mut session, color(), &USUAL);
    check_screen("form-hat-ascii", &mut session, ascii(), &USUAL);
}

/// On a small screen, the list of existing hats replaces the other fields.
#[test]
fn suggestions_on_small_screen() {
    check_screen(
        "form-hat-list",
        &mut after("Enter Down Down Down Enter a Down Down"),
        color(),
        &[(40, 12), (60, 14)],
    );
    let mut domain = after("Enter a");
    domain.text("example.org");
    check_screen("form-user-domain", &mut domain, color(), &USUAL);
}

#[test]
fn new_hat_form() {
    let mut session = after("Enter Down Enter a");
    session.text("Night");
    check_screen("form-hat-new", &mut session, color(), &USUAL);
}

#[test]
fn invalid_form() {
    let mut session = after("Enter Down Enter a");
    session.text("http://x y");
    session.keys("Tab");
    session.text("帽子 👩‍👩‍👧‍👦");
    session.keys("Enter");
    check_screen("form-hat-invalid", &mut session, color(), &SIZES);
}

#[test]
fn edit_hat_form() {
    let mut session = after("Enter Down Down Down Down Enter G e");
    check_screen("form-hat-edit", &mut session, color(), &USUAL);
    session.keys("Home Tab Space");
    check_screen("form-hat-edit-start", &mut session, color(), &USUAL);
}

#[test]
fn confirmations() {
    check_screen(
        "confirm-user",
        &mut after("Enter Down Down Down d"),
        color(),
        &SIZES,
    );
    let mut session = after("a");
    session.text("x");
    session.keys("Esc");
    check_screen("confirm-discard", &mut session, color(), &[(80, 24), (40, 10)]);
}

#[test]
fn help() {
    check_screen("help", &mut after("Enter ?"), color(), &WITH_WIDE);
    check_screen(
        "help-end",
        &mut after("Enter ? PgDn PgDn PgDn PgDn PgDn"),
        color(),
        &USUAL,
    );
    check_screen("help-ascii", &mut after("?"), ascii(), &USUAL);
}

#[test]
fn history() {
    let mut session = after("H");
    check_screen("history-empty", &mut session, color(), &USUAL);
    session.keys("Esc Enter Down Down Down Enter d r Space u Down d Left G d H x Down");
    check_screen("history", &mut session, color(), &WITH_WIDE);
    check_screen("history", &mut session, color(), &[(40, 12)]);
    session.keys("s");
    check_screen("history-filtered", &mut session, color(), &USUAL);
    check_screen("history-ascii", &mut session, ascii(), &USUAL);
    session.keys("/");
    session.text("proct");
    check_screen("history-search", &mut session, color(), &USUAL);
    session.keys("Enter Enter");
    check_screen(
        "history-entry",
        &mut session,
        color(),
        &[(80, 24), (120, 40), (40, 12)],
    );
    session.keys("Esc x G Space Up Space");
    check_screen("history-marked", &mut session, color(), &USUAL);
    session.keys("Esc H x G U");
    check_screen("history-since", &mut session, color(), &[(80, 24), (40, 12)]);
    session.keys("Enter");
    check_screen(
        "history-rollback",
        &mut session,
        color(),
        &[(80, 24), (120, 40), (40, 12)],
    );
}

fn conflict_session() -> Session {
    let mut session = after("Enter Down Down Down Enter Down Down Down e");
    session.text("!");
    session.external_change(|wardrobe| {
        let (user, room) = (jid("terry@example.org"), jid(ROOM));
        let hat = HatId::parse("urn:uuid:164c41a2-7461-4cff-bdae-3f93078a6607").unwrap();
        let now = Attachment::default().with_title(Some("Proctor of all"));
        let proctor = HatId::parse("http://example.com/hats/proctor").unwrap();
        let mut group = wardrobe.add_user_hat(&user, &room, &proctor, now.clone())?;
        group.0.extend(wardrobe.add_user_hat(&user, &room, &hat, now)?.0);
        Ok(group)
    });
    session.keys("Enter");
    session
}

#[test]
fn conflict_dialog() {
    check_screen("conflict", &mut conflict_session(), color(), &SIZES);
}

fn draft_session() -> Session {
    let mut session = after("Enter Down Enter a");
    session.text("half a ti");
    session.send(Msg::End { status: 129 });
    let bytes = session.draft.clone().unwrap();
    let mut next = open();
    next.send(Msg::DraftFound(bytes));
    next
}

#[test]
fn draft_dialog() {
    check_screen("draft", &mut draft_session(), color(), &[(80, 24), (60, 20)]);
}

#[test]
fn loading_screen() {
    let mut session = open();
    session.state = State::new(SessionOptions {
        file: "~/.config/hatrack/hats.json".into(),
        actor: "terry@bastion".into(),
        ..SessionOptions::default()
    });
    check_screen("loading", &mut session, color(), &USUAL);
    let event = StoreEvent::Opening {
        done: 7_300_000,
        total: 10_700_000,
    };
    session.send(Msg::Store(Box::new(event)));
    check_screen("loading-half", &mut session, color(), &SIZES);
    check_screen("loading-half-ascii", &mut session, ascii(), &[(60, 20)]);
    let text = br#"{"version": 1, "rooms": {"a@b.c": {"users": {"d@e.f": {"affiliation": "king"}}}}}"#;
    let wrong = read::wardrobe(text).unwrap_err();
    let broken = store::StoreError::Unreadable {
        path: FILE.into(),
        line: wrong.line,
        column: wrong.column,
        message: wrong.message,
    };
    let event = StoreEvent::Problem(Some(StoreProblem::Unreadable(broken.to_string())));
    session.send(Msg::Store(Box::new(event)));
    check_screen(
        "loading-unreadable",
        &mut session,
        color(),
        &[(80, 24), (60, 20), (40, 10)],
    );
}

#[test]
fn unsaved_changes() {
    let mut session = open();
    session.fail_writes(&full_disk());
    session.keys("Enter Down Down Down Enter Space Down r");
    check_screen("unsaved", &mut session, color(), &WITH_WIDE);
    session.keys("q");
    check_screen("unsaved-quit", &mut session, color(), &USUAL);
}

#[test]
fn file_problems() {
    let mut session = open();
    let problem = StoreProblem::Gone(store::StoreError::Gone { path: FILE.into() }.to_string());
    session.send(Msg::Store(Box::new(StoreEvent::Problem(Some(problem)))));
    check_screen("file-deleted", &mut session, color(), &USUAL);
}

#[test]
fn read_only_and_demo() {
    let start = |demo, read_only| SessionOptions {
        file: "~/.config/hatrack/hats.json".into(),
        actor: "a-person-with-a-very-long-name@bastion.example.org".into(),
        scope: Scope {
            rooms: None,
            read_only,
            ..Scope::default()
        },
        demo,
        ..SessionOptions::default()
    };
    let mut session = Session::start(start(false, true), wardrobe(), (80, 24));
    session.keys("a");
    check_screen("read-only", &mut session, color(), &[(80, 24), (60, 20)]);
    let mut session = Session::start(start(true, false), wardrobe(), (80, 24));
    check_screen("demo", &mut session, color(), &[(80, 24), (120, 40)]);
}

/// The sample, with a filter being typed into a pane.
fn filtering(keys: &str, typed: &str) -> Session {
    let sample = read::wardrobe(include_bytes!("../assets/demo.json")).unwrap();
    let mut session = Session::open(sample, (80, 24));
    session.keys(keys);
    session.keys("/");
    session.text(typed);
    session
}

#[test]
fn filters() {
    let narrow: &[(u16, u16)] = &[(60, 20), (40, 12)];
    check_screen("filter-rooms", &mut filtering("", "sch"), color(), &USUAL);
    let mut users = filtering("Tab", "mar");
    check_screen("filter-users", &mut users, color(), &SIZES);
    check_screen("filter-users", &mut users, color(), narrow);
    check_screen("filter-users-ascii", &mut users, ascii(), &USUAL);
    users.keys("Enter");
    check_screen("filter-users-applied", &mut users, color(), &USUAL);
    check_screen("filter-hats", &mut filtering("Tab Tab", "tea"), color(), &USUAL);
    check_screen(
        "filter-no-matches",
        &mut filtering("Tab", "@member xyz"),
        color(),
        &USUAL,
    );
}

#[test]
fn import_and_export() {
    let mut export = after("Enter Down X");
    export.text("courses.csv");
    check_screen("export", &mut export, color(), &[(80, 24), (40, 12)]);
    let mut import = after("I");
    let good = "room,user,affiliation,hat\nnew@c.example,kim@example.org,member,urn:x:1\nnew@c.example,mallory@example.net,outcast,urn:x:1\n";
    import.files.insert("a.csv".into(), good.into());
    import
        .files
        .insert("b.csv".into(), good.replace("@c", "").repeat(20).into_bytes());
    import.text("b.csv");
    import.keys("Enter");
    check_screen("import-invalid", &mut import, color(), &[(80, 24), (40, 12)]);
    check_screen("import-invalid-ascii", &mut import, ascii(), &USUAL);
    import.keys("Ctrl-U");
    import.text("a.csv");
    import.keys("Enter");
    check_screen("import", &mut import, color(), &[(120, 40), (80, 24), (40, 12)]);
}

#[test]
fn hat_sets() {
    let mut session = after("Enter Down Down Down N");
    check_screen("sets-none", &mut session, color(), &[(80, 24), (40, 12)]);
    session.keys("Ctrl-S");
    session.text("on-call week");
    check_screen("sets-save", &mut session, color(), &[(80, 24), (40, 12)]);
    session.keys("Enter Esc Down N Ctrl-S");
    session.text("exam");
    session.keys("Enter");
    check_screen("sets", &mut session, color(), &[(80, 24), (120, 40), (40, 12)]);
    check_screen("sets-ascii", &mut session, ascii(), &USUAL);
}

/// The themes of a configuration.
fn themes() -> ThemeChoices {
    let theme = |(name, description): (&str, &str)| NamedTheme {
        name: name.into(),
        description: description.into(),
    };
    let all = [
        ("default", "follows the background"),
        ("high-contrast", "strong colors, nothing dimmed"),
        ("mono", "without colors"),
        ("the evening of a very long day", "your own"),
    ];
    ThemeChoices {
        all: all.map(theme).into(),
        current: "default".into(),
    }
}

#[test]
fn theme_list() {
    let start = SessionOptions {
        themes: themes(),
        ..SessionOptions::default()
    };
    let mut session = Session::start(start, wardrobe(), (80, 24));
    session.keys("Enter T Down");
    check_screen("themes", &mut session, color(), &[(80, 24), (40, 12)]);
}

#[test]
fn finders() {
    let mut palette = filtering("Tab", "");
    palette.keys("Esc :");
    check_screen("palette", &mut palette, color(), &[(80, 24), (120, 40), (40, 12)]);
    palette.text("disappeared");
    check_screen("palette-disabled", &mut palette, ascii(), &USUAL);
    let mut jump = filtering("", "");
    jump.keys("Esc Ctrl-P");
    jump.text("teach");
    check_screen("go-to", &mut jump, color(), &[(80, 24), (60, 20)]);
    jump.text("zzz");
    check_screen("go-to-no-matches", &mut jump, color(), &USUAL);
}

#[test]
fn notices() {
    check_screen(
        "notice",
        &mut after("Enter Down Down Down Enter d"),
        color(),
        &SIZES,
    );
    check_screen("notice-error", &mut after("Enter G Enter a"), color(), &USUAL);
}

const LOOKS: [(&str, ColorDepth, Backdrop); 5] = [
    ("color", ColorDepth::Ansi16, Backdrop::Unknown),
    ("no-color", ColorDepth::None, Backdrop::Unknown),
    ("256-dark", ColorDepth::Ansi256, Backdrop::Dark),
    ("256-light", ColorDepth::Ansi256, Backdrop::Light),
    ("truecolor-dark", ColorDepth::TrueColor, Backdrop::Dark),
];

#[test]
fn marked_users() {
    let mut session = after("Enter V Down Down Down V");
    check_screen("marks", &mut session, color(), &SIZES);
    check_screen("marks-ascii", &mut session, ascii(), &USUAL);
    // A hat is added to all marked users; its values differ between them.
    session.keys("+ t e a c h e r Enter y Tab");
    check_screen("marks-hats", &mut session, color(), &USUAL);
    session.keys("e");
    check_screen("form-many", &mut session, color(), &SIZES);
    session.text("X");
    session.keys("Enter");
    check_screen("confirm-many", &mut session, color(), &SIZES);
    let mut narrowed = after("Enter / e x a Enter *");
    check_screen("marks-filtered", &mut narrowed, color(), &USUAL);
    check_screen("form-users", &mut after("Enter V Down V e"), color(), &USUAL);
    check_screen(
        "form-add-many",
        &mut after("Enter V Down V + t e"),
        color(),
        &USUAL,
    );
    check_screen("form-rooms", &mut after("* A"), color(), &USUAL);
}

#[test]
fn hats_view() {
    let mut session = after("w Down Down Down");
    check_screen("by-hat", &mut session, color(), &SIZES);
    check_screen("by-hat-ascii", &mut session, ascii(), &USUAL);
    session.keys("Enter");
    check_screen("by-hat-users", &mut session, color(), &[(80, 24), (60, 20)]);
    session.keys("Enter");
    check_screen("by-hat-rooms", &mut session, color(), &[(80, 24), (60, 20)]);
    check_screen("by-hat-filter", &mut after("w / t e a"), color(), &USUAL);
    let mut bare = Session::open(Wardrobe::default(), (80, 24));
    bare.keys("w");
    check_screen("by-hat-empty", &mut bare, color(), &USUAL);
}

#[test]
fn users_view() {
    let mut session = filtering("w w", "terry");
    session.keys("Enter");
    check_screen("by-user", &mut session, color(), &SIZES);
    check_screen("by-user-ascii", &mut session, ascii(), &USUAL);
    session.keys("Enter");
    check_screen("by-user-rooms", &mut session, color(), &[(80, 24), (60, 20)]);
    session.keys("* Enter");
    check_screen("by-user-hats", &mut session, color(), &[(80, 24), (60, 20)]);
    session.keys("Shift-Tab d");
    check_screen("by-user-remove", &mut session, color(), &USUAL);
    let mut another = filtering("w w", "terry");
    another.keys("Enter A");
    check_screen("by-user-room", &mut another, color(), &SIZES);
    another.text("e");
    another.keys("Down");
    check_screen("by-user-room-list", &mut another, color(), &[(80, 24), (60, 20)]);
    let mut bare = Session::open(Wardrobe::default(), (80, 24));
    bare.keys("w w");
    check_screen("by-user-empty", &mut bare, color(), &USUAL);
}

#[test]
fn catalog() {
    let mut session = after("C");
    check_screen("catalog", &mut session, color(), &SIZES);
    check_screen("catalog-ascii", &mut session, ascii(), &USUAL);
    session.keys("e");
    check_screen("form-catalog-edit", &mut session, color(), &[(80, 24), (60, 20)]);
    session.keys("Tab Ctrl-U");
    session.text("400");
    check_screen("form-catalog-edit-invalid", &mut session, color(), &USUAL);
    session.keys("Ctrl-U Ctrl-N");
    check_screen(
        "form-catalog-color",
        &mut session,
        color(),
        &[(120, 40), (80, 24), (40, 12)],
    );
    check_screen("form-catalog-add", &mut after("C a"), color(), &USUAL);
    check_screen(
        "confirm-remove-catalog-hat",
        &mut after("C Down d"),
        color(),
        &USUAL,
    );
    check_screen("catalog-empty", &mut after("G C"), color(), &USUAL);
}

/// The styles of all kinds of screens, with colors and without; the other snapshots contain only text.
#[test]
fn styles() {
    let mut failing = after("Enter Down Down Down Enter");
    failing.fail_writes(&full_disk());
    failing.keys("Space");
    let mut wrong = after("Enter Down Enter a");
    wrong.text("http://x y");
    let sessions = vec![
        ("hats", after("Enter Down Down Down Enter")),
        ("confirm", after("Enter Down Down Down d")),
        ("conflict", conflict_session()),
        ("history", after("Enter Down Down Down Enter d Space H x Down")),
        ("draft", draft_session()),
        ("help", after("Enter ?")),
        ("form", wrong),
        ("banner", failing),
        ("filter", filtering("Tab", "ma san")),
        ("palette", after("Enter : d")),
        ("marks", after("Enter V Down Down V Tab")),
        ("by-hat", after("w Down Down")),
        ("catalog", after("C Down")),
    ];
    for (name, session) in sessions {
        // The looks differ only in their colors, so only two screens are drawn in all of them.
        let looks = if matches!(name, "hats" | "form") { 5 } else { 2 };
        for (suffix, depth, backdrop) in LOOKS.into_iter().take(looks) {
            let theme = Theme::new(depth, backdrop);
            let (buffer, _) = screen::frame(&session.state, theme, (80, 22));
            insta::with_settings!({ omit_expression => true }, {
                insta::assert_snapshot!(format!("styles-{name}-{suffix}"), screen::styled(&buffer));
            });
        }
    }
}
