//! A hundred thousand random keys on the demo data: nothing panics, everything can be drawn, and undoing all changes
//! restores the start. Twenty thousand more with a server.

#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]

#[path = "support/session.rs"]
#[expect(dead_code, reason = "shared by several test files")]
mod session;

use hatrack::app::Confirm;
use hatrack::app::Conflict;
use hatrack::app::command::CommandId;
use hatrack::app::finder::Finder;
use hatrack::app::offer::FinderItem;
use hatrack::app::servers::plan::PlanOverlay;
use hatrack::app::servers::report::ReportOverlay;
use hatrack::app::{Key, KeyCode, Msg, Pane, SessionOptions};
use hatrack::model::{Jid, read};
use hatrack::sync::{HatValue, ServerClass};
use hatrack::ui::{self, Theme};
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::{Config, RngSeed, TestRunner};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use session::Session;
use session::server::FakeServer;

const KEYS: usize = 100_000;
/// A frame is drawn after this many keys.
const KEYS_PER_FRAME: usize = 20;

/// Random keys, both commands and arbitrary ones, except `q`, which quits.
fn key() -> impl Strategy<Value = Key> {
    let special_keys = vec![
        KeyCode::Enter,
        KeyCode::Enter,
        KeyCode::Esc,
        KeyCode::Tab,
        KeyCode::BackTab,
        KeyCode::Backspace,
        KeyCode::Delete,
        KeyCode::Left,
        KeyCode::Right,
        KeyCode::Up,
        KeyCode::Down,
        KeyCode::Down,
        KeyCode::Home,
        KeyCode::End,
        KeyCode::PageUp,
        KeyCode::PageDown,
    ];
    let commands: Vec<char> = "aedurRgGHDhjkl?ymtnswCV*mypPAoYJMNWSIX:+/@#! .xu"
        .chars()
        .collect();
    prop_oneof![
        6 => prop::sample::select(commands).prop_map(|character| Key::plain(KeyCode::Char(character))),
        5 => prop::sample::select(special_keys).prop_map(Key::plain),
        1 => prop::sample::select(vec!['a', 'g', 'l', 'p', 'r', 's', 't', 'u', 'w', 'k']).prop_map(Key::ctrl),
        1 => prop::char::any().prop_filter("q quits", |character| *character != 'q')
            .prop_map(|character| Key::plain(KeyCode::Char(character))),
    ]
}

/// Whether Enter would run a command of the palette that quits or interrupts.
fn would_quit(session: &Session) -> bool {
    let selected = session.state.top_as::<Finder>().and_then(Finder::selected_item);
    matches!(selected, Some(FinderItem::Command(command)) if matches!(command.command.id, CommandId::Quit | CommandId::Interrupt))
}

fn draw(session: &Session, (columns, rows): (u16, u16)) {
    let area = Rect::new(0, 0, columns, rows);
    let mut buffer = Buffer::empty(area);
    ui::render(&session.state, Theme::default(), area, &mut buffer);
}

/// Closes all overlays: chooses theirs in conflicts, discards changed forms, and declines other questions.
fn leave_overlays(session: &mut Session) {
    for _ in 0..50 {
        match session.state.top() {
            None => return,
            Some(top) if top.downcast_ref::<Conflict>().is_some() => session.keys("t"),
            // Before a changed form is discarded, a question is shown.
            Some(top) => {
                let is_discard_question = |confirm: &Confirm| confirm.decline_label().is_some();
                session.keys(if top.downcast_ref().is_some_and(is_discard_question) {
                    "y"
                } else {
                    "Esc"
                });
            }
        }
    }
    panic!("cannot close {:?}", session.state.top());
}

#[test]
fn undo_restores_the_start_after_a_hundred_thousand_keys() {
    let sample = read::wardrobe(include_bytes!("../assets/demo.json")).unwrap();
    let mut session = Session::open(sample.clone(), (100, 30));
    let mut runner = TestRunner::new(Config {
        rng_seed: RngSeed::Fixed(0x68_6174),
        ..Config::default()
    });
    let sizes = [(80, 24), (120, 40), (60, 20), (40, 10)];
    let strategy = key();
    let mut commits = 0;
    for number in 0..KEYS {
        let key = strategy.new_tree(&mut runner).unwrap().current();
        if key.code == KeyCode::Enter && would_quit(&session) {
            continue;
        }
        let before = session.state.wardrobe().revision;
        session.send(Msg::Key(key));
        commits += usize::from(session.state.wardrobe().revision != before);
        if number % KEYS_PER_FRAME == 0 {
            draw(&session, sizes[number / KEYS_PER_FRAME % sizes.len()]);
        }
        for pane in [Pane::First, Pane::Second, Pane::Third] {
            let length = session.state.length(pane);
            assert_eq!(session.state.selected(pane).is_none(), length == 0);
        }
    }
    assert!(session.exit_status.is_none(), "no key quits");
    // With few changes, the test would prove little.
    assert!(commits > 800, "only {commits} changes");
    leave_overlays(&mut session);
    for _ in 0..2 * commits {
        session.keys("u");
        if session.notice().contains("Nothing to undo") {
            break;
        }
        assert!(session.notice().starts_with("Undid"), "{}", session.notice());
    }
    assert_eq!(session.notice(), "Nothing to undo");
    let wardrobe = session.state.wardrobe();
    assert!(wardrobe.rooms().eq(sample.rooms()) && wardrobe.extra == sample.extra);
}

/// A server whose rooms differ from the demo data.
fn server() -> FakeServer {
    let wardrobe = read::wardrobe(include_bytes!("../assets/demo.json")).unwrap();
    let mut server = FakeServer::new("example", ServerClass::Prosody);
    for (jid, room) in wardrobe.rooms() {
        for (user, member) in room.users().iter().step_by(2) {
            server.user(jid.as_str(), user.as_str(), member.affiliation);
            let title = Some("From the server".into());
            let hat = HatValue {
                title,
                ..HatValue::assigned()
            };
            server.hat(jid.as_str(), user.as_str(), "urn:x:there", hat);
        }
    }
    server
}

#[test]
fn twenty_thousand_keys_with_a_server_never_panic() {
    let sample = read::wardrobe(include_bytes!("../assets/demo.json")).unwrap();
    let services = sample.rooms().map(|(room, _)| room.domain().to_owned());
    let services: std::collections::BTreeSet<String> = services.collect();
    let mut entry = server().entry("conference.example.org");
    entry.services = services
        .iter()
        .map(|service| Jid::parse(service).unwrap())
        .collect();
    let start = SessionOptions {
        servers: vec![entry],
        ..SessionOptions::default()
    };
    let mut session = Session::start(start, sample, (100, 30));
    session.server = Some(server());
    let mut runner = TestRunner::new(Config {
        rng_seed: RngSeed::Fixed(0x73_7276),
        ..Config::default()
    });
    // The keys that open the list of servers, compare and apply are more frequent.
    let strategy = prop_oneof![
        4 => key(),
        1 => prop::sample::select(vec!['S', 'c', 'i', 'f', 'x', 'y', 'm', 't', 'A'])
            .prop_map(|character| Key::plain(KeyCode::Char(character))),
        1 => Just(Key::plain(KeyCode::Enter)),
    ];
    let (mut plans, mut reports) = (0, 0);
    for number in 0..20_000 {
        let key = strategy.new_tree(&mut runner).unwrap().current();
        session.send(Msg::Key(key));
        plans += usize::from(session.state.top_as::<PlanOverlay>().is_some());
        reports += usize::from(session.state.top_as::<ReportOverlay>().is_some());
        if number % 500 == 0
            && let Some(server) = &mut session.server
        {
            server.error = (number % 1500 == 0).then(|| "away".into());
        }
        if number % KEYS_PER_FRAME == 0 {
            draw(
                &session,
                [(80, 24), (120, 40), (60, 20), (40, 10)][number / KEYS_PER_FRAME % 4],
            );
        }
    }
    assert!(
        plans > 200 && reports > 20,
        "{plans} keys in a plan, {reports} in a report"
    );
}
