//! What the screen looks like: every pane, form and overlay, in several sizes, with and without color, in ASCII.

#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]

#[path = "support/session.rs"]
#[expect(dead_code, reason = "shared by several test files")]
mod session;

#[path = "support/screen.rs"]
mod screen;

use hatrack::app::themes::{NamedTheme, ThemeChoices};
use hatrack::app::{Msg, Start, State};
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
/// The same and a very large one, for what has more to show there than wider gaps.
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

/// Shows a session in these sizes.
fn shows(name: &str, session: &mut Session, theme: Theme, sizes: &[(u16, u16)]) {
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

/// The data file as errors name it.
const FILE: &str = "/home/terry/.config/hatrack/hats.json";

/// What the keeper says then.
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
    shows("rooms", &mut open(), color(), &SIZES);
}

#[test]
fn users() {
    shows("users", &mut after("Enter Down Down Down"), color(), &SIZES);
}

#[test]
fn hats() {
    shows(
        "hats",
        &mut after("Enter Down Down Down Enter Down Down"),
        color(),
        &SIZES,
    );
}

#[test]
fn hats_in_all_scripts() {
    let mut session = after("Enter Down Down Down Down Enter");
    shows("scripts", &mut session, color(), &WITH_WIDE);
    shows("scripts-ascii", &mut session, ascii(), &USUAL);
}

#[test]
fn hat_remarks() {
    shows(
        "remark-no-uri",
        &mut after("Enter Down Down Down Enter"),
        color(),
        &USUAL,
    );
    shows(
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
    shows("long", &mut session, color(), &USUAL);
}

#[test]
fn empty_panes() {
    let mut session = Session::open(Wardrobe::default(), (80, 24));
    shows("empty", &mut session, color(), &SIZES);
    shows("empty-room", &mut after("G Tab"), color(), &USUAL);
    shows(
        "empty-user",
        &mut after("Enter Down Enter"),
        color(),
        &[(80, 24), (60, 20)],
    );
    shows("empty-outcast", &mut after("Enter G Enter"), color(), &USUAL);
}

#[test]
fn screen_too_small() {
    let mut session = after("Enter Down a");
    shows("small", &mut session, color(), &[(40, 10), (39, 9), (20, 2)]);
}

#[test]
fn room_forms() {
    let mut session = after("a");
    shows(
        "form-room",
        &mut session,
        color(),
        &[(80, 24), (120, 40), (60, 20)],
    );
    session.text("not an@address@");
    shows("form-room-invalid", &mut session, color(), &USUAL);
    shows("form-room-edit", &mut after("Down e"), color(), &USUAL);
}

#[test]
fn user_forms() {
    let mut session = after("Enter a");
    shows(
        "form-user",
        &mut session,
        color(),
        &[(80, 24), (120, 40), (60, 20)],
    );
    session.text("terry@example.org");
    session.keys("Tab Right");
    shows("form-user-exists", &mut session, color(), &USUAL);
    shows("form-user-edit", &mut after("Enter Down e"), color(), &USUAL);
    let mut list = after("Enter a");
    list.send(Msg::Paste(
        "ann@example.org\nGrace Hopper\nbea@example.org\n".into(),
    ));
    shows("form-user-list", &mut list, color(), &[(80, 24), (40, 12)]);
}

#[test]
fn add_hat_form() {
    let mut session = after("Enter Down Enter a");
    shows("form-hat", &mut session, color(), &SIZES);
    session.text("teach");
    shows(
        "form-hat-typing",
        &mut session,
        color(),
        &[(80, 24), (120, 40), (60, 20), (40, 10)],
    );
    session.keys("Down Down");
    shows("form-hat-listed", &mut session, color(), &USUAL);
    session.keys("Enter");
    shows("form-hat-accepted", &mut session, color(), &USUAL);
    shows("form-hat-ascii", &mut session, ascii(), &USUAL);
}

/// On a small screen the list of known hats takes the place of the other fields.
#[test]
fn suggestions_on_small_screen() {
    shows(
        "form-hat-list",
        &mut after("Enter Down Down Down Enter a Down Down"),
        color(),
        &[(40, 12), (60, 14)],
    );
    let mut domain = after("Enter a");
    domain.text("example.org");
    shows("form-user-domain", &mut domain, color(), &USUAL);
}

#[test]
fn new_hat_form() {
    let mut session = after("Enter Down Enter a");
    session.text("Night");
    shows("form-hat-new", &mut session, color(), &USUAL);
}

#[test]
fn invalid_form() {
    let mut session = after("Enter Down Enter a");
    session.text("http://x y");
    session.keys("Tab");
    session.text("帽子 👩‍👩‍👧‍👦");
    session.keys("Enter");
    shows("form-hat-invalid", &mut session, color(), &SIZES);
}

#[test]
fn edit_hat_form() {
    let mut session = after("Enter Down Down Down Down Enter G e");
    shows("form-hat-edit", &mut session, color(), &USUAL);
    session.keys("Home Tab Space");
    shows("form-hat-edit-start", &mut session, color(), &USUAL);
}

#[test]
fn confirmations() {
    shows(
        "confirm-user",
        &mut after("Enter Down Down Down d"),
        color(),
        &SIZES,
    );
    let mut session = after("a");
    session.text("x");
    session.keys("Esc");
    shows("confirm-discard", &mut session, color(), &[(80, 24), (40, 10)]);
}

#[test]
fn help() {
    shows("help", &mut after("Enter ?"), color(), &WITH_WIDE);
    shows(
        "help-end",
        &mut after("Enter ? PgDn PgDn PgDn PgDn PgDn"),
        color(),
        &USUAL,
    );
    shows("help-ascii", &mut after("?"), ascii(), &USUAL);
}

#[test]
fn history() {
    let mut session = after("H");
    shows("history-empty", &mut session, color(), &USUAL);
    session.keys("Esc Enter Down Down Down Enter d r Space u Down d Left G d H x Down");
    shows("history", &mut session, color(), &WITH_WIDE);
    shows("history", &mut session, color(), &[(40, 12)]);
    session.keys("s");
    shows("history-filtered", &mut session, color(), &USUAL);
    shows("history-ascii", &mut session, ascii(), &USUAL);
    session.keys("/");
    session.text("proct");
    shows("history-search", &mut session, color(), &USUAL);
    session.keys("Enter Enter");
    shows(
        "history-entry",
        &mut session,
        color(),
        &[(80, 24), (120, 40), (40, 12)],
    );
    session.keys("Esc x G Space Up Space");
    shows("history-marked", &mut session, color(), &USUAL);
    session.keys("Esc H x G U");
    shows(
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
    shows("conflict", &mut conflict_session(), color(), &SIZES);
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
    shows("draft", &mut draft_session(), color(), &[(80, 24), (60, 20)]);
}

#[test]
fn loading_screen() {
    let mut session = open();
    session.state = State::new(Start {
        file: "~/.config/hatrack/hats.json".into(),
        actor: "terry@bastion".into(),
        ..Start::default()
    });
    shows("loading", &mut session, color(), &USUAL);
    let event = StoreEvent::Opening {
        done: 7_300_000,
        total: 10_700_000,
    };
    session.send(Msg::Store(Box::new(event)));
    shows("loading-half", &mut session, color(), &SIZES);
    shows("loading-half-ascii", &mut session, ascii(), &[(60, 20)]);
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
    shows(
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
    shows("unsaved", &mut session, color(), &WITH_WIDE);
    session.keys("q");
    shows("unsaved-quit", &mut session, color(), &USUAL);
}

#[test]
fn file_problems() {
    let mut session = open();
    let trouble = StoreProblem::Gone(store::StoreError::Gone { path: FILE.into() }.to_string());
    session.send(Msg::Store(Box::new(StoreEvent::Problem(Some(trouble)))));
    shows("file-deleted", &mut session, color(), &USUAL);
}

#[test]
fn read_only_and_demo() {
    let start = |demo, read_only| Start {
        file: "~/.config/hatrack/hats.json".into(),
        actor: "a-person-with-a-very-long-name@bastion.example.org".into(),
        scope: Scope {
            rooms: None,
            read_only,
            ..Scope::default()
        },
        demo,
        ..Start::default()
    };
    let mut session = Session::start(start(false, true), wardrobe(), (80, 24));
    session.keys("a");
    shows("read-only", &mut session, color(), &[(80, 24), (60, 20)]);
    let mut session = Session::start(start(true, false), wardrobe(), (80, 24));
    shows("demo", &mut session, color(), &[(80, 24), (120, 40)]);
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
    shows("filter-rooms", &mut filtering("", "sch"), color(), &USUAL);
    let mut users = filtering("Tab", "mar");
    shows("filter-users", &mut users, color(), &SIZES);
    shows("filter-users", &mut users, color(), narrow);
    shows("filter-users-ascii", &mut users, ascii(), &USUAL);
    users.keys("Enter");
    shows("filter-users-applied", &mut users, color(), &USUAL);
    shows("filter-hats", &mut filtering("Tab Tab", "tea"), color(), &USUAL);
    shows(
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
    shows("export", &mut export, color(), &[(80, 24), (40, 12)]);
    let mut import = after("I");
    let good = "room,user,affiliation,hat\nnew@c.example,kim@example.org,member,urn:x:1\nnew@c.example,mallory@example.net,outcast,urn:x:1\n";
    import.files.insert("a.csv".into(), good.into());
    import
        .files
        .insert("b.csv".into(), good.replace("@c", "").repeat(20).into_bytes());
    import.text("b.csv");
    import.keys("Enter");
    shows("import-invalid", &mut import, color(), &[(80, 24), (40, 12)]);
    shows("import-invalid-ascii", &mut import, ascii(), &USUAL);
    import.keys("Ctrl-U");
    import.text("a.csv");
    import.keys("Enter");
    shows("import", &mut import, color(), &[(120, 40), (80, 24), (40, 12)]);
}

#[test]
fn hat_sets() {
    let mut session = after("Enter Down Down Down N");
    shows("sets-none", &mut session, color(), &[(80, 24), (40, 12)]);
    session.keys("Ctrl-S");
    session.text("on-call week");
    shows("sets-save", &mut session, color(), &[(80, 24), (40, 12)]);
    session.keys("Enter Esc Down N Ctrl-S");
    session.text("exam");
    session.keys("Enter");
    shows("sets", &mut session, color(), &[(80, 24), (120, 40), (40, 12)]);
    shows("sets-ascii", &mut session, ascii(), &USUAL);
}

/// The themes of a configuration.
fn themes() -> ThemeChoices {
    let named = |(name, description): (&str, &str)| NamedTheme {
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
        all: all.map(named).into(),
        current: "default".into(),
    }
}

#[test]
fn theme_list() {
    let start = Start {
        themes: themes(),
        ..Start::default()
    };
    let mut session = Session::start(start, wardrobe(), (80, 24));
    session.keys("Enter T Down");
    shows("themes", &mut session, color(), &[(80, 24), (40, 12)]);
}

#[test]
fn finders() {
    let mut palette = filtering("Tab", "");
    palette.keys("Esc :");
    shows("palette", &mut palette, color(), &[(80, 24), (120, 40), (40, 12)]);
    palette.text("disappeared");
    shows("palette-disabled", &mut palette, ascii(), &USUAL);
    let mut jump = filtering("", "");
    jump.keys("Esc Ctrl-P");
    jump.text("teach");
    shows("go-to", &mut jump, color(), &[(80, 24), (60, 20)]);
    jump.text("zzz");
    shows("go-to-no-matches", &mut jump, color(), &USUAL);
}

#[test]
fn notices() {
    shows(
        "notice",
        &mut after("Enter Down Down Down Enter d"),
        color(),
        &SIZES,
    );
    shows("notice-error", &mut after("Enter G Enter a"), color(), &USUAL);
}

const LOOKS: [(&str, ColorDepth, Backdrop); 5] = [
    ("color", ColorDepth::Ansi16, Backdrop::Unknown),
    ("no-color", ColorDepth::None, Backdrop::Unknown),
    ("256-dark", ColorDepth::Ansi256, Backdrop::Dark),
    ("256-light", ColorDepth::Ansi256, Backdrop::Light),
    ("truecolor-dark", ColorDepth::TrueColor, Backdrop::Dark),
];

/// How it looks, where in the others only the texts are: every overlay, with colors and without.
#[test]
fn marked_users() {
    let mut session = after("Enter V Down Down Down V");
    shows("marks", &mut session, color(), &SIZES);
    shows("marks-ascii", &mut session, ascii(), &USUAL);
    // For all of them, and then not the same for all.
    session.keys("+ t e a c h e r Enter y Tab");
    shows("marks-hats", &mut session, color(), &USUAL);
    session.keys("e");
    shows("form-many", &mut session, color(), &SIZES);
    session.text("X");
    session.keys("Enter");
    shows("confirm-many", &mut session, color(), &SIZES);
    let mut narrowed = after("Enter / e x a Enter *");
    shows("marks-filtered", &mut narrowed, color(), &USUAL);
    shows("form-users", &mut after("Enter V Down V e"), color(), &USUAL);
    shows(
        "form-add-many",
        &mut after("Enter V Down V + t e"),
        color(),
        &USUAL,
    );
    shows("form-rooms", &mut after("* A"), color(), &USUAL);
}

#[test]
fn hats_view() {
    let mut session = after("w Down Down Down");
    shows("by-hat", &mut session, color(), &SIZES);
    shows("by-hat-ascii", &mut session, ascii(), &USUAL);
    session.keys("Enter");
    shows("by-hat-users", &mut session, color(), &[(80, 24), (60, 20)]);
    session.keys("Enter");
    shows("by-hat-rooms", &mut session, color(), &[(80, 24), (60, 20)]);
    shows("by-hat-filter", &mut after("w / t e a"), color(), &USUAL);
    let mut bare = Session::open(Wardrobe::default(), (80, 24));
    bare.keys("w");
    shows("by-hat-empty", &mut bare, color(), &USUAL);
}

#[test]
fn users_view() {
    let mut session = filtering("w w", "terry");
    session.keys("Enter");
    shows("by-user", &mut session, color(), &SIZES);
    shows("by-user-ascii", &mut session, ascii(), &USUAL);
    session.keys("Enter");
    shows("by-user-rooms", &mut session, color(), &[(80, 24), (60, 20)]);
    session.keys("* Enter");
    shows("by-user-hats", &mut session, color(), &[(80, 24), (60, 20)]);
    session.keys("Shift-Tab d");
    shows("by-user-remove", &mut session, color(), &USUAL);
    let mut another = filtering("w w", "terry");
    another.keys("Enter A");
    shows("by-user-room", &mut another, color(), &SIZES);
    another.text("e");
    another.keys("Down");
    shows("by-user-room-list", &mut another, color(), &[(80, 24), (60, 20)]);
    let mut bare = Session::open(Wardrobe::default(), (80, 24));
    bare.keys("w w");
    shows("by-user-empty", &mut bare, color(), &USUAL);
}

#[test]
fn catalog() {
    let mut session = after("C");
    shows("catalog", &mut session, color(), &SIZES);
    shows("catalog-ascii", &mut session, ascii(), &USUAL);
    session.keys("e");
    shows("form-catalog-edit", &mut session, color(), &[(80, 24), (60, 20)]);
    session.keys("Tab Ctrl-U");
    session.text("400");
    shows("form-catalog-edit-invalid", &mut session, color(), &USUAL);
    session.keys("Ctrl-U Ctrl-N");
    shows(
        "form-catalog-color",
        &mut session,
        color(),
        &[(120, 40), (80, 24), (40, 12)],
    );
    shows("form-catalog-add", &mut after("C a"), color(), &USUAL);
    shows(
        "confirm-remove-catalog-hat",
        &mut after("C Down d"),
        color(),
        &USUAL,
    );
    shows("catalog-empty", &mut after("G C"), color(), &USUAL);
}

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
        // The looks differ in their colors alone: two screens show them.
        let looks = if matches!(name, "hats" | "form") { 5 } else { 2 };
        for (end, depth, ground) in LOOKS.into_iter().take(looks) {
            let theme = Theme::new(depth, ground);
            let (buffer, _) = screen::frame(&session.state, theme, (80, 22));
            insta::with_settings!({ omit_expression => true }, {
                insta::assert_snapshot!(format!("styles-{name}-{end}"), screen::styled(&buffer));
            });
        }
    }
}
