//! The terminal is restored, however the program ends.

use hatrack::app::{Phase, SessionOptions};
use hatrack::server::WorkerOptions;
use hatrack::store::{Drafts, StoreOptions};
use hatrack::term::{self, SessionParameters, WardrobeSource};
use rustix::process::Signal;

use crate::stage::{CTRL_C, ENTER, Home, Stage};

#[test]
fn terminal_is_restored_after_quit() {
    let home = Home::with_terry();
    for key in ["q", CTRL_C] {
        let mut stage = Stage::hatrack(&home, &[]);
        stage.see("Courses");
        let screen = stage.output().parser.screen().clone();
        assert!(screen.alternate_screen() && screen.hide_cursor() && screen.bracketed_paste());
        assert_eq!(
            screen.mouse_protocol_mode(),
            vt100::MouseProtocolMode::None,
            "the terminal itself handles the selection of text"
        );
        stage.press(key);
        assert_eq!(stage.end_with_terminal_restored(), 0, "{key:?}");
    }
    assert_eq!(home.unexpected_files(), [] as [&str; 0]);
}

#[test]
fn terminal_is_restored_after_mouse_mode() {
    let home = Home::with_terry();
    for keys in ["q", "Mq", "\x0cq"] {
        let mut stage = Stage::hatrack(&home, &[]);
        stage.see("Courses");
        stage.press_and_see("M", "Mouse on");
        let mode = stage.output().parser.screen().mouse_protocol_mode();
        assert_eq!(mode, vt100::MouseProtocolMode::PressRelease);
        stage.press(keys);
        assert_eq!(stage.end_with_terminal_restored(), 0, "{keys:?}");
    }
    let mut stage = Stage::hatrack(&home, &["--mouse"]);
    stage.see("M Mouse");
    stage.press_and_see("M", "Mouse off");
    let mode = stage.output().parser.screen().mouse_protocol_mode();
    assert_eq!(mode, vt100::MouseProtocolMode::None);
    stage.signal(Signal::TERM);
    assert_eq!(stage.end_with_terminal_restored(), 143);
}

#[test]
fn copy_uses_terminal_clipboard() {
    let home = Home::with_terry();
    let mut stage = Stage::hatrack(&home, &[]);
    stage.see("Courses");
    stage.press_and_see("lY", "Sent to the clipboard: terry@example.org");
    let sequence = b"\x1b]52;c;dGVycnlAZXhhbXBsZS5vcmc=\x07";
    let raw = stage.output().raw.clone();
    assert!(raw.windows(sequence.len()).any(|bytes| bytes == sequence));
    stage.press("q");
    assert_eq!(stage.end_with_terminal_restored(), 0);
}

#[test]
fn terminal_is_restored_after_signal() {
    let home = Home::with_terry();
    for (signal, status) in [
        (Signal::TERM, 143),
        (Signal::HUP, 129),
        (Signal::INT, 130),
        (Signal::QUIT, 131),
    ] {
        let mut stage = Stage::hatrack(&home, &[]);
        stage.see("Courses");
        stage.signal(signal);
        assert_eq!(stage.end_with_terminal_restored(), status, "{signal:?}");
    }
    assert_eq!(home.unexpected_files(), [] as [&str; 0]);
}

#[test]
fn terminal_is_restored_after_error() {
    let home = Home::new();
    std::fs::write(home.path("broken.json"), "{\"version\": 1,\n oops").unwrap();
    let mut stage = Stage::hatrack(&home, &["--file", "broken.json"]);
    stage.see("line 2");
    stage.press("q");
    assert_eq!(stage.end_with_terminal_restored(), 4);
    stage.until("the error is shown again after the screen", |output| {
        output.shows("hatrack: ") && output.shows("broken.json")
    });
}

#[test]
fn unsupported_terminal_is_untouched() {
    let home = Home::with_terry();
    for term in ["dumb", ""] {
        let mut stage = Stage::with(&home, &[crate::stage::HATRACK], (100, 30), &[("TERM", term)]);
        assert_eq!(stage.end_with_terminal_restored(), 2);
        stage.until("the error names the help", |output| {
            output.shows("hatrack --help")
        });
        assert!(!stage.output().raw.contains(&0x1b), "no escape sequence");
    }
}

/// The environment variable with which [`panicking_screen`] runs the screen.
const PANICS: &str = "HATRACK_TEST_PANICS";

#[test]
fn terminal_is_restored_after_panic() {
    let home = Home::with_terry();
    let test_program = std::env::current_exe().unwrap();
    let line = [
        test_program.to_str().unwrap(),
        "modes::panicking_screen",
        "--exact",
        "--nocapture",
    ];
    let mut stage = Stage::with(&home, &line, (100, 30), &[(PANICS, "1")]);
    stage.see("Users 1");
    stage.press("lla");
    stage.press_and_see("urn:x:1", "urn:x:1");
    stage.press("!");
    assert_eq!(stage.end_with_terminal_restored(), 101);
    stage.until("the panic is shown", |output| {
        output.shows("this is what happened")
    });
    assert_eq!(home.drafts(), 1, "the typed text is not kept");
    let mut stage = Stage::hatrack(&home, &["--actor", "test"]);
    stage.see("Unsaved form from an earlier session:");
    stage.press_and_see(ENTER, "urn:x:1!");
}

/// Not a test, but the program that the test above runs: a screen that panics when it shows the text `urn:x:1!`.
#[test]
fn panicking_screen() {
    if std::env::var_os(PANICS).is_none() {
        return;
    }
    let home = std::env::var("HOME").unwrap();
    let file = std::path::Path::new(&home).join(".config/hatrack/hats.json");
    let drafts = Drafts::new(
        &std::path::Path::new(&home).join(".local/state/hatrack"),
        "test",
        &file,
    )
    .unwrap();
    let options = StoreOptions {
        actor: "test".into(),
        ..StoreOptions::default()
    };
    let parameters = SessionParameters {
        start: SessionOptions {
            mouse: true,
            ..SessionOptions::default()
        },
        source: WardrobeSource::File(file, options),
        servers: WorkerOptions::default(),
        drafts: Some(drafts),
        term: Some("xterm".into()),
        themes: term::Themes::only(term::LookOptions::default().resolve(|_| None)),
    };
    let result = term::run(parameters, |state, theme, frame| {
        hatrack::ui::draw(state, theme, frame.area(), frame);
        let shown: String = frame
            .buffer_mut()
            .content()
            .iter()
            .map(ratatui::buffer::Cell::symbol)
            .collect();
        let must_panic = state.phase() == Phase::Open && shown.contains("urn:x:1!");
        assert!(!must_panic, "this is what happened");
    });
    panic!("the screen ended without the expected panic: {result:?}");
}
