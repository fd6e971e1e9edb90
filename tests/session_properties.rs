//! Random input and external changes: nothing panics, the selection is valid, and once everything is saved, the screen
//! shows the content of the file.

#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]

#[path = "support/mod.rs"]
mod support;

#[path = "support/session.rs"]
#[expect(dead_code, reason = "shared by several test files")]
mod session;

use hatrack::app::Confirm;
use hatrack::app::Conflict;
use std::collections::BTreeSet;

use hatrack::app::command::{self, Command};
use hatrack::app::describe;
use hatrack::app::place::Place;
use hatrack::app::{Grouping, Key, KeyCode, Keymap, Msg, Pane, SaveState, SessionOptions, Sort};
use hatrack::model::{HatId, Jid};
use hatrack::ui::{self, Theme};
use proptest::prelude::*;
use proptest::sample::select;
use ratatui::layout::{Position, Rect};
use session::Session;

fn any_key() -> impl Strategy<Value = Key> {
    let special_keys = vec![
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
        KeyCode::Home,
        KeyCode::End,
        KeyCode::PageUp,
        KeyCode::PageDown,
        KeyCode::F(1),
    ];
    let commands: Vec<char> = "aedurRgGHWDhjklq?ymtnsMYJ :@.x//#!IXNwwsCV*mypPAo+NIXM   "
        .chars()
        .collect();
    let control: Vec<char> = "acglprstuwzk".chars().collect();
    prop_oneof![
        6 => select(commands).prop_map(|character| Key::plain(KeyCode::Char(character))),
        5 => select(special_keys).prop_map(Key::plain),
        1 => select(control).prop_map(Key::ctrl),
        1 => any::<char>().prop_map(|character| Key::plain(KeyCode::Char(character))),
    ]
}

#[derive(Debug, Clone)]
enum Step {
    Key(Key),
    Paste(String),
    Mouse(u16, u16, u8),
    Resize(u16, u16),
    RemoveRoom(prop::sample::Index),
    FailWrites,
    AllowWrites,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        30 => any_key().prop_map(Step::Key),
        1 => support::text().prop_map(Step::Paste),
        3 => (0..100_u16, 0..30_u16, 0..4_u8).prop_map(|(x, y, action)| Step::Mouse(x, y, action)),
        1 => (0..260_u16, 0..90_u16).prop_map(|(columns, rows)| Step::Resize(columns, rows)),
        2 => any::<prop::sample::Index>().prop_map(Step::RemoveRoom),
        1 => Just(Step::FailWrites),
        2 => Just(Step::AllowWrites),
    ]
}

fn run_step(session: &mut Session, step: Step) {
    match step {
        Step::Key(key) => session.send(Msg::Key(key)),
        Step::Paste(text) => session.send(Msg::Paste(text)),
        Step::Mouse(x, y, action) => {
            let (columns, rows) = session.size;
            let area = Rect::new(0, 0, columns, rows);
            let targets = ui::targets_at(&session.state, Theme::default(), area, Position { x, y });
            session.send(match action {
                2 | 3 => Msg::Wheel {
                    targets,
                    down: action == 2,
                },
                _ => Msg::Click {
                    targets,
                    double: action == 1,
                },
            });
        }
        Step::Resize(columns, rows) => session.send(Msg::Resize { columns, rows }),
        Step::RemoveRoom(index) => {
            // Someone else removes a whole room, possibly the one selected or open in a form.
            let rooms: Vec<_> = session
                .memory
                .snapshot()
                .wardrobe
                .rooms()
                .map(|(jid, _)| jid.clone())
                .collect();
            if !rooms.is_empty() {
                session.external_change(|wardrobe| wardrobe.remove_room(index.get(&rooms)));
            }
        }
        Step::FailWrites => session.fail_writes("the disk is full"),
        Step::AllowWrites => session.allow_writes(),
    }
}

proptest! {
    #![proptest_config(support::cases(200))]

    #[test]
    fn any_session_keeps_invariants(wardrobe in support::wardrobe(), steps in prop::collection::vec(step(), 0..120)) {
        let mut session = Session::open(wardrobe, (100, 30));
        for step in steps {
            run_step(&mut session, step);
            let state = &session.state;
            for pane in [Pane::First, Pane::Second, Pane::Third] {
                let length = state.length(pane);
                prop_assert!(state.marked(pane) <= state.total(pane));
                prop_assert!((0..length).filter(|row| state.is_marked(pane, *row)).count() <= state.marked(pane));
                prop_assert!(state.selected(pane).is_none_or(|row| row < length));
                prop_assert_eq!(state.selected(pane).is_none(), length == 0);
            }
            if state.is_by_hat() {
                prop_assert!((0..state.length(Pane::First)).all(|row| state.existing_hat_at(row).is_some()));
                prop_assert!((0..state.length(Pane::Second)).all(|row| state.user_with_hat_at(row).is_some()));
                prop_assert!((0..state.length(Pane::Third)).all(|row| state.room_with_hat_at(row).is_some()));
                continue;
            }
            if state.grouping() == Grouping::ByUser {
                prop_assert!((0..state.length(Pane::First)).all(|row| state.listed_user_at(row).is_some()));
                prop_assert!((0..state.length(Pane::Second)).all(|row| state.room_of_user_at(row).is_some()));
                prop_assert!((0..state.length(Pane::Third)).all(|row| state.hat_at(row).is_some()));
                let users: BTreeSet<&Jid> = state.wardrobe().rooms()
                    .flat_map(|(_, room)| room.users().iter().map(|(jid, _)| jid))
                    .collect();
                prop_assert_eq!(state.total(Pane::First), users.len());
                continue;
            }
            let filtered = |pane| state.filter(pane).is_some();
            prop_assert_eq!(state.total(Pane::First), state.wardrobe().rooms().count());
            // Every room once, in order of the shown name.
            let shown = |jid: &Jid| describe::room_sort_key(jid, state.wardrobe().room(jid).unwrap());
            prop_assert!(state.sort(Pane::First) != Sort::Name || state.rooms().is_sorted_by_key(shown));
            let listed: BTreeSet<Jid> = state.rooms().into_iter().collect();
            prop_assert_eq!(listed.len(), state.rooms().len());
            prop_assert!(filtered(Pane::First) || listed.iter().eq(state.wardrobe().rooms().map(|(jid, _)| jid)));
            prop_assert_eq!(state.total(Pane::Second), state.room().map_or(0, |(_, room)| room.users().len()));
            let marked: BTreeSet<&Jid> = (0..state.users().len())
                .filter(|row| state.is_marked(Pane::Second, *row))
                .filter_map(|row| Some(state.user_at(row)?.0))
                .collect();
            // Marked rows that are filtered out are not visible here.
            let all_visible = marked.len() == state.marked(Pane::Second);
            let hats: BTreeSet<&HatId> = (0..state.room().map_or(0, |(_, room)| room.users().len()))
                .filter_map(|at| state.room()?.1.users().get(at))
                .filter(|(jid, _)| match state.marked(Pane::Second) {
                    0 => state.user().is_some_and(|(selected, _)| selected == jid),
                    _ => marked.contains(jid),
                })
                .flat_map(|(_, user)| user.hats.iter().map(|(id, _)| id))
                .collect();
            prop_assert!(!all_visible || state.total(Pane::Third) == hats.len());
            prop_assert!((0..state.users().len()).all(|row| state.user_at(row).is_some()));
            prop_assert!((0..state.hats().len()).all(|row| state.hat_at(row).is_some()));
            if matches!(state.save_state(), SaveState::Saved) {
                prop_assert_eq!(state.wardrobe(), &session.memory.snapshot().wardrobe);
            }
        }
        session.allow_writes();
        // A screen that is too small ignores most keys.
        session.send(Msg::Resize { columns: 80, rows: 24 });
        // Esc closes one overlay at a time, except questions that need an answer.
        for _ in 0..200 {
            let depth = session.state.overlays().len();
            session.send(Msg::Key(Key::plain(KeyCode::Esc)));
            match session.state.top() {
                None => break,
                Some(top) if top.downcast_ref::<Conflict>().is_some() => session.send(Msg::Key(Key::plain(KeyCode::Char('t')))),
                Some(top) if top.downcast_ref::<Confirm>().is_some() && session.state.overlays().len() > depth => {
                    session.send(Msg::Key(Key::plain(KeyCode::Char('y'))));
                }
                Some(_) => {}
            }
        }
        prop_assert!(session.state.overlays().is_empty());
        prop_assert!(matches!(session.state.save_state(), SaveState::Saved | SaveState::NoFile));
        prop_assert_eq!(session.state.wardrobe(), &session.memory.snapshot().wardrobe);
    }
}

#[derive(Debug, Clone)]
enum SlowStep {
    Keys(&'static str),
    Answer,
}

fn slow_step() -> impl Strategy<Value = SlowStep> {
    let keys = vec![
        "Space",
        "r",
        "d",
        "u",
        "u",
        "u",
        "Ctrl-R",
        "Ctrl-R",
        "j",
        "k",
        "e x Enter",
        "Left Down Right",
        "a t e Enter Esc y",
    ];
    prop_oneof![3 => select(keys).prop_map(SlowStep::Keys), 1 => Just(SlowStep::Answer)]
}

proptest! {
    #![proptest_config(support::cases(300))]

    /// However late the store worker answers, a single session has no conflicts. In the end, the file has the content that
    /// the screen shows, the same as with immediate answers.
    #[test]
    fn slow_store_worker_causes_no_conflicts_and_gives_the_same_result(steps in prop::collection::vec(slow_step(), 0..60)) {
        let bytes = include_bytes!("scenarios/courses.json");
        let mut session = Session::open(hatrack::model::read::wardrobe(bytes).unwrap(), (100, 30));
        session.delay_answers();
        session.keys("Tab Tab");
        let mut quick = Session::open(hatrack::model::read::wardrobe(bytes).unwrap(), (100, 30));
        quick.keys("Tab Tab");
        let mut searched = false;
        for step in steps {
            match step {
                SlowStep::Keys(names) => {
                    session.keys(names);
                    quick.keys(names);
                    // The history is queried once everything is saved; a change in the meantime cancels that.
                    searched |= quick.notice().contains("Nothing to");
                }
                SlowStep::Answer => session.answer_next(),
            }
            prop_assert!(!session.state.overlays().iter().any(|overlay| overlay.downcast_ref::<Conflict>().is_some()));
        }
        session.answer_all();
        prop_assert!(!session.state.overlays().iter().any(|overlay| overlay.downcast_ref::<Conflict>().is_some()));
        prop_assert_eq!(session.state.save_state(), SaveState::Saved);
        let saved = session.memory.snapshot().wardrobe;
        prop_assert!(session.state.wardrobe().rooms().eq(saved.rooms()), "the screen differs from the file");
        let saved_quickly = quick.memory.snapshot().wardrobe;
        prop_assert!(searched || saved_quickly.rooms().eq(saved.rooms()), "the file differs from that of quick answers");
    }
}

proptest! {
    #![proptest_config(support::cases(200))]

    /// With arbitrary bytes as a draft and arbitrary keys, neither this session nor the next one panics.
    #[test]
    fn any_draft_is_handled(bytes in draft(), keys in prop::collection::vec(any_key(), 0..12)) {
        let file = include_bytes!("scenarios/courses.json");
        let mut session = Session::open(hatrack::model::read::wardrobe(file).unwrap(), (100, 30));
        session.draft = Some(bytes.clone());
        session.send(Msg::DraftFound(bytes));
        for key in keys {
            session.send(Msg::Key(key));
        }
        session.send(Msg::End { status: 129 });
        prop_assert_eq!(session.exit_status.is_some(), true);
        // The next session finds the remaining draft, if there is one.
        let remaining = session.draft.clone();
        let mut next = Session::open(session.memory.snapshot().wardrobe, (100, 30));
        if let Some(remaining) = remaining {
            next.send(Msg::DraftFound(remaining));
        }
    }
}

/// A stored draft with one byte changed, or arbitrary bytes.
fn draft() -> impl Strategy<Value = Vec<u8>> {
    let file = include_bytes!("scenarios/courses.json");
    let mut session = Session::open(hatrack::model::read::wardrobe(file).unwrap(), (100, 30));
    session.fail_writes("the disk is full");
    session.keys("Tab Tab Space r Shift-Tab Shift-Tab e x Enter a x @ y");
    session.send(Msg::End { status: 129 });
    let good = session.draft.unwrap();
    prop_oneof![
        3 => (any::<prop::sample::Index>(), any::<u8>()).prop_map(move |(at, byte)| {
            let mut bytes = good.clone();
            let at = at.index(bytes.len());
            if let Some(old) = bytes.get_mut(at) {
                *old = byte;
            }
            bytes
        }),
        1 => prop::collection::vec(any::<u8>(), 0..200),
    ]
}

proptest! {
    #![proptest_config(support::cases(200))]

    #[test]
    fn cleared_filter_changes_at_most_the_selection(
        wardrobe in support::wardrobe(),
        keys in select(vec!["", "Tab", "Tab Tab", "w", "w Tab", "w Tab Tab"]),
        typed in "[a-z@#! .]{0,8}",
    ) {
        let mut session = Session::open(wardrobe, (100, 30));
        session.keys(keys);
        let visible = |session: &Session| {
            let state = &session.state;
            let panes = [Pane::First, Pane::Second, Pane::Third];
            let rows = panes.map(|pane| (state.length(pane), state.total(pane), state.selected(pane)));
            (state.rooms(), state.users(), state.hats(), rows)
        };
        let before = visible(&session);
        session.keys("/");
        session.text(&typed);
        session.keys("Esc");
        prop_assert_eq!(session.state.filter(session.state.focus()).is_none(), true);
        // If the filter matched no row or the selected row, nothing has changed. Otherwise, another row may be selected.
        let now = visible(&session);
        prop_assert_eq!(&now.0, &before.0);
        let moved = now.3.map(|(.., at)| at) != before.3.map(|(.., at)| at);
        prop_assert!(moved || now == before);
    }

    #[test]
    fn bulk_change_is_undone_in_one_step(
        wardrobe in support::wardrobe(),
        marks in select(vec!["*", "V G V", "Space Space", "* Space", "/ e Enter *"]),
        change in select(vec![
            "Tab e X Enter", "+ e Enter", "Tab Space", "Tab r", "Tab d", "d", "e Right Enter", "y p", "y P",
            "Tab * d", "Tab V G Space", "Shift-Tab * d", "Shift-Tab * A x @ y Enter", "w d", "w Tab * r", "w e X Enter",
        ]),
    ) {
        let mut session = Session::open(wardrobe, (100, 30));
        let before = session.state.wardrobe().clone();
        session.keys("Tab");
        session.keys(marks);
        session.keys(change);
        if session.state.top_as::<Confirm>().is_some() {
            prop_assert!(session.state.wardrobe().rooms().eq(before.rooms()), "nothing changes before the answer");
            session.keys("y");
        }
        // Close a form that was rejected.
        session.keys("Esc y");
        if session.state.wardrobe().revision != before.revision {
            prop_assert_eq!(session.state.wardrobe().revision, before.revision + 1, "one change");
            session.keys("u");
        }
        prop_assert!(session.state.wardrobe().rooms().eq(before.rooms()), "{}", session.notice());
    }
}

/// Random key bindings, of which only valid ones are used.
fn keymap() -> impl Strategy<Value = Keymap> {
    let binding = (
        any::<prop::sample::Index>(),
        prop::collection::vec(any_key(), 0..3),
    );
    prop::collection::vec(binding, 0..30).prop_map(|bindings| {
        let mut valid: Vec<(&Command, Vec<Key>)> = Vec::new();
        for (index, keys) in bindings {
            valid.push((index.get(command::COMMANDS), keys));
            if Keymap::new(valid.clone()).is_err() {
                valid.pop();
            }
        }
        Keymap::new(valid).unwrap()
    })
}

proptest! {
    #![proptest_config(support::cases(100))]

    /// With any bindings, a key of a command runs this command in its place, and every overlay can be closed.
    #[test]
    fn keys_of_any_keymap_run_their_commands_and_close_overlays(keymap in keymap(), keys in prop::collection::vec(any_key(), 0..40)) {
        let file = include_bytes!("scenarios/courses.json");
        let wardrobe = hatrack::model::read::wardrobe(file).unwrap();
        let start = SessionOptions { keymap: keymap.clone(), ..SessionOptions::default() };
        let mut session = Session::start(start, wardrobe, (100, 30));
        for key in keys {
            session.send(Msg::Key(key));
            if session.exit_status.is_some() {
                return Ok(());
            }
            let places = hatrack::app::places(&session.state);
            for command in command::COMMANDS.iter().filter(|command| places.first() == Some(&command.place)) {
                for key in keymap.keys(command) {
                    prop_assert_eq!(hatrack::app::lookup(&session.state, *key).map(|found| found.id), Some(command.id));
                }
            }
        }
        let (esc, yes) = (Key::plain(KeyCode::Esc), Key::plain(KeyCode::Char('y')));
        let key_of = |place: Place, default: Key| {
            let mut commands = command::COMMANDS.iter().filter(|command| command.place == place);
            commands.find(|command| command.keys.contains(&default)).and_then(|command| keymap.primary(command))
        };
        for _ in 0..20 {
            let places = hatrack::app::places(&session.state);
            if places.contains(&Place::Panes) {
                break;
            }
            let key = match places.first() {
                // The question about discarding the form.
                Some(Place::Confirm) => key_of(Place::Confirm, yes),
                _ => places.iter().find_map(|place| key_of(*place, esc)),
            };
            session.send(Msg::Key(key.unwrap()));
        }
        let quit = command::COMMANDS.iter().find(|command| command.id.name() == "quit").unwrap();
        session.send(Msg::Key(keymap.primary(quit).unwrap()));
        prop_assert!(session.exit_status.is_some(), "{:?}", session.state.overlays());
    }
}
