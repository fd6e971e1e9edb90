//! Runs the scenarios of `tests/scenarios` without a terminal: messages in, a drawn buffer out. An overlay that is open
//! at the end is a failure.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "helpers of tests"
)]

#[expect(dead_code, reason = "shared by several test files")]
#[path = "support/scenario.rs"]
mod scenario;
#[path = "support/screen.rs"]
#[expect(dead_code, reason = "shared by several test files")]
mod screen;
#[expect(dead_code, reason = "shared by several test files")]
#[path = "support/session.rs"]
mod session;

use hatrack::app::{Msg, Pane, SessionOptions};
use hatrack::model::{Affiliation, Attachment, EditError, EditGroup, HatId, Jid, Wardrobe};
use hatrack::ui::layout::{PANES, THREE_PANE_WIDTH, inner};
use hatrack::ui::{self, Theme};
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use scenario::{Mouse, Scenario, Step};
use session::Session;

#[test]
fn all_scenarios_succeed_without_a_terminal() {
    let scenarios = scenario::all();
    assert!(scenarios.len() > 5, "the scenarios were not found");
    let mut failed = Vec::new();
    for scenario in &scenarios {
        if let Err(message) = run(scenario) {
            failed.push(format!("{}, {message}", scenario.name));
        }
    }
    assert!(failed.is_empty(), "{}", failed.join("\n\n"));
}

fn run(scenario: &Scenario) -> Result<(), String> {
    let mut session = Session::open(Wardrobe::default(), (80, 24));
    for (line, step) in &scenario.steps {
        run_step(&mut session, step).map_err(|message| {
            format!(
                "line {line}: {message}\nthe screen:\n{}",
                screen(&session).join("\n")
            )
        })?;
    }
    match session.state.top() {
        None => Ok(()),
        Some(_) => Err(format!(
            "at the end: an overlay is open\n{}",
            screen(&session).join("\n")
        )),
    }
}

fn run_step(session: &mut Session, step: &Step) -> Result<(), String> {
    match step {
        Step::Start(wardrobe, size) => *session = Session::open((**wardrobe).clone(), *size),
        Step::Keys(names) => session.keys(names),
        Step::Type(text) => session.text(text),
        Step::Paste(text) => session.send(Msg::Paste(text.clone())),
        Step::Mouse(action, text) => use_mouse(session, *action, text)?,
        Step::Size(columns, rows) => session.send(Msg::Resize {
            columns: *columns,
            rows: *rows,
        }),
        Step::Lines(pane, expected) => {
            let found = lines(session, *pane);
            if found != *expected {
                return Err(format!(
                    "expected in the pane:\n{}\nfound:\n{}",
                    expected.join("\n"),
                    found.join("\n")
                ));
            }
        }
        Step::Focus(pane) if session.state.focus() == *pane => {}
        Step::Focus(_) => return Err(format!("the focus is on {:?}", session.state.focus())),
        Step::See(text, is_expected) => {
            if screen(session).iter().any(|line| line.contains(text)) != *is_expected {
                return Err(format!(
                    "{text:?} is {}on the screen",
                    if *is_expected { "not " } else { "" }
                ));
            }
        }
        Step::Json(pointer, expected) => {
            let json = session.json();
            if json.pointer(pointer) != expected.as_ref() {
                return Err(format!(
                    "the file has: {}",
                    json.pointer(pointer).unwrap_or(&serde_json::Value::Null)
                ));
            }
        }
        Step::Other(words) => session.external_change(|wardrobe| run_command(wardrobe, words)),
        Step::File(name, content) => {
            session.files.insert(name.clone(), content.clone().into_bytes());
        }
        Step::Contains(name, text) => {
            let content = session.files.get(name).cloned().unwrap_or_default();
            let content = String::from_utf8_lossy(&content);
            if !content.contains(text) {
                return Err(format!("{text:?} is not in {name}:\n{content}"));
            }
        }
        Step::Full(true) => {
            session
                .fail_writes("hats.json cannot be written: the disk is full; free some space, then Ctrl-T");
        }
        Step::Full(false) => session.allow_writes(),
        Step::Cut => reconnect(session),
        Step::Ended(status) if session.exit_status == Some(*status) => {}
        Step::Ended(_) => {
            return Err(format!(
                "the exit code of the session is {:?}",
                session.exit_status
            ));
        }
    }
    Ok(())
}

/// Uses the mouse on a text; a double click starts with a single one.
fn use_mouse(session: &mut Session, action: Mouse, text: &str) -> Result<(), String> {
    if !session.state.has_mouse() {
        return Err("the mouse is off".into());
    }
    let (x, y) =
        scenario::position_of(&screen(session), text).ok_or(format!("{text:?} is not on the screen"))?;
    let targets = |session: &Session| {
        let (columns, rows) = session.size;
        let area = Rect::new(0, 0, columns, rows);
        ui::targets_at(&session.state, Theme::default(), area, Position { x, y })
    };
    let click = |double, targets| Msg::Click { targets, double };
    match action {
        Mouse::WheelUp | Mouse::WheelDown => session.send(Msg::Wheel {
            targets: targets(session),
            down: action == Mouse::WheelDown,
        }),
        Mouse::Click => session.send(click(false, targets(session))),
        Mouse::Double => {
            session.send(click(false, targets(session)));
            session.send(click(true, targets(session)));
        }
    }
    Ok(())
}

/// Disconnects, and starts a new session of the same user, which finds the draft.
fn reconnect(session: &mut Session) {
    session.send(Msg::End { status: 129 });
    let draft = session.draft.take();
    let size = session.size;
    let start: SessionOptions = session.state.start().clone();
    *session = Session::start(start, session.memory.snapshot().wardrobe, size);
    if let Some(bytes) = draft {
        session.draft = Some(bytes.clone());
        session.send(Msg::DraftFound(bytes));
    }
}

/// Makes the change of a command, given by its words, which another user runs.
fn run_command(wardrobe: &mut Wardrobe, words: &[String]) -> Result<EditGroup, EditError> {
    let jid = |index: usize| Jid::parse(&words[index]).unwrap();
    let hat = |index: usize| HatId::parse(&words[index]).unwrap();
    match words[0].as_str() {
        "add" => {
            let title = words.get(4).map(String::as_str);
            wardrobe.add_user_hat(&jid(2), &jid(1), &hat(3), Attachment::default().with_title(title))
        }
        "remove" => wardrobe.remove_user_hat(&jid(2), &jid(1), &hat(3)),
        "affiliate" => wardrobe.set_affiliation(&jid(2), &jid(1), Affiliation::from_name(&words[3]).unwrap()),
        other => panic!("unknown command {other}"),
    }
}

fn screen(session: &Session) -> Vec<String> {
    screen::lines(&screen::frame(&session.state, Theme::default(), session.size).0)
}

/// The lines of a pane, without its frame and trailing empty lines.
fn lines(session: &Session, pane: Pane) -> Vec<String> {
    let (columns, rows) = session.size;
    let (frame, _) = screen::frame(&session.state, Theme::default(), (columns, rows));
    // A pane extends from the top left corner of its frame to the bottom right one.
    let has_symbol = |x, y, symbols: &[&str]| symbols.contains(&frame[(x, y)].symbol());
    // A long notice hides the lower edge; the details and the footer are below it.
    let bottom = |x, y| {
        (y..rows)
            .find(|y| has_symbol(x, *y, &["└", "┗"]))
            .unwrap_or(rows - 3)
    };
    let area = (0..rows).find_map(|y| {
        let mut corners = (0..columns).filter(|x| has_symbol(*x, y, &["┌", "┏"]));
        let index = if columns < THREE_PANE_WIDTH {
            (pane == session.state.focus()).then_some(0)
        } else {
            PANES.iter().position(|other| *other == pane)
        };
        let x = corners.nth(index?)?;
        let right = (x..columns).find(|x| has_symbol(*x, y, &["┐", "┓"]))?;
        Some(Rect::new(x, y, right + 1 - x, bottom(x, y) + 1 - y))
    });
    let Some(area) = area else {
        return Vec::new();
    };
    let mut part = Buffer::empty(inner(area));
    for position in part.area.positions() {
        part[position] = frame[position].clone();
    }
    // Positions are counted from the top left corner of the pane.
    part.area = Rect {
        x: 0,
        y: 0,
        ..part.area
    };
    let mut lines = screen::lines(&part);
    while lines.last().is_some_and(|line| line.trim().is_empty()) {
        lines.pop();
    }
    lines
}
