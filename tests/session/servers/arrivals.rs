//! An overlay that an event opens waits while the user types a text or answers a question.

use hatrack::app::draft::Draft;
use hatrack::app::import_preview::ImportPreview;
use hatrack::app::prompt::ExportOutcome;
use hatrack::app::servers::password::PasswordPrompt;
use hatrack::app::servers::plan::PlanOverlay;
use hatrack::app::servers::report::ReportOverlay;
use hatrack::app::{Confirm, Conflict, Effect, Msg, State};
use hatrack::sync::{ServerEvent, ServerRequest};

use super::super::session::{Session, key};
use super::super::{HAT, ROOM, TERRY, hat, jid};
use super::{matching_server, open, requests, with_differences};

fn ask_for_password(session: &mut Session) {
    session.send(Msg::Server(Box::new(ServerEvent::Password {
        server: "example".into(),
        account: jid(TERRY),
    })));
}

/// Tries to quit, which asks because changes cannot be saved.
fn ask_to_quit(session: &mut Session) {
    session.keys("Ctrl-C");
    assert!(
        session.state.top_as::<Confirm>().is_some(),
        "{}",
        session.notice()
    );
}

#[test]
fn a_plan_waits_for_a_password_that_is_typed() {
    let mut session = with_differences();
    session.server.as_mut().unwrap().is_slow = true;
    session.keys("S Enter");
    ask_for_password(&mut session);
    session.text("s3c");
    session.server_answers();
    assert!(session.state.top_as::<PasswordPrompt>().is_some());
    assert_eq!(
        session.notice(),
        "Comparison finished; close this window to continue"
    );
    session.text("mt");
    session.keys("Enter");
    let Some(ServerRequest::Password {
        password: Some(password),
        ..
    }) = requests(&session).last()
    else {
        panic!("{:?}", requests(&session).last());
    };
    assert_eq!(password.reveal(), "s3cmt");
    let plan = session.state.top_as::<PlanOverlay>().unwrap();
    assert_eq!(
        plan.counts().conflicts,
        1,
        "m and t of the password did not resolve the conflict"
    );
}

#[test]
fn a_plan_waits_for_the_question_whether_to_quit() {
    let mut session = with_differences();
    session.server.as_mut().unwrap().is_slow = true;
    session.fail_writes("the disk is full");
    session.keys("Down l Space S Enter"); // the change cannot be saved
    ask_to_quit(&mut session);
    session.server_answers();
    assert!(session.state.top_as::<Confirm>().is_some());
    session.keys("Esc");
    assert!(session.state.top_as::<PlanOverlay>().is_some());
}

#[test]
fn a_password_waits_for_the_question_whether_to_quit() {
    let mut session = open(matching_server());
    session.fail_writes("the disk is full");
    session.keys("l Down l Space");
    ask_to_quit(&mut session);
    ask_for_password(&mut session);
    assert!(session.state.top_as::<Confirm>().is_some());
    assert_eq!(
        session.notice(),
        format!("\"example\" needs the password of {TERRY}; close this window to continue")
    );
    session.keys("Esc");
    assert!(session.state.top_as::<PasswordPrompt>().is_some());
}

#[test]
fn a_report_replaces_the_plan_below_a_password_prompt() {
    let mut session = with_differences();
    session.server.as_mut().unwrap().is_slow = true;
    session.keys("S Enter");
    session.server_answers();
    session.keys("Enter y");
    ask_for_password(&mut session);
    session.text("c");
    session.server_answers();
    assert!(session.state.top_as::<PasswordPrompt>().is_some());
    session.keys("Esc");
    assert!(session.state.top_as::<ReportOverlay>().is_some());
    session.keys("Esc Esc");
    assert!(session.state.overlays().is_empty());
}

#[test]
fn a_conflict_waits_for_a_form() {
    let mut session = open(matching_server());
    session.delay_answers();
    session.keys("l Down l Space"); // Terry's Teacher becomes inactive
    session.external_change(|wardrobe| wardrobe.force_remove_hat(&jid(TERRY), &jid(ROOM), &hat(HAT)));
    session.keys("h k +");
    session.text("y");
    session.answer_all();
    assert!(
        session.state.top_as::<Conflict>().is_none(),
        "{:?}",
        session.state.top()
    );
    session.text("t");
    // If the session ends now, the rejected change is in the draft.
    let mut ended = session.state.clone();
    let effects = hatrack::app::update(&mut ended, Msg::End { status: 143 });
    assert!(effects.iter().any(|effect| matches!(
        effect,
        Effect::SaveDraft { after, .. } if after.unsaved.len() == 1
    )));
    session.keys("Esc y");
    let conflict = session.state.top_as::<Conflict>().unwrap();
    assert!(conflict.item_phrase.contains(TERRY), "{}", conflict.item_phrase);
    session.keys("t");
    assert!(session.state.overlays().is_empty());
}

#[test]
fn a_failed_quit_opens_no_question_over_a_form() {
    let mut session = open(matching_server());
    session.delay_answers();
    session.keys("l Down l Space Ctrl-C");
    session.keys("h k +");
    session.text("urn:x:d");
    session.fail_writes("the disk is full");
    assert!(session.state.top_as::<Confirm>().is_none());
    assert_eq!(session.notice(), "Cannot quit: the disk is full");
    session.keys("Ctrl-C");
    assert!(session.state.top_as::<Confirm>().is_some());
}

#[test]
fn the_draft_of_an_earlier_session_waits_for_a_filter() {
    let mut session = open(matching_server());
    session.keys("/");
    let mut first = open(matching_server());
    first.keys("a");
    first.text("staff@conference.example.org");
    first.send(Msg::End { status: 143 });
    session.send(Msg::DraftFound(first.draft.unwrap()));
    session.text("rd");
    assert!(session.state.overlays().is_empty());
    session.keys("Enter");
    assert!(session.state.top_as::<Draft>().is_some());
}

#[test]
fn questions_about_files_wait_for_overlays_over_their_prompt() {
    let over_prompt = |keys: &str| {
        let mut session = open(matching_server());
        session.fail_writes("the disk is full");
        session.keys("l Down l Space");
        session.keys(keys);
        session.text("/tmp/all.json");
        let mut state = session.state;
        let effects = super::super::update(&mut state, Msg::Key(key("Enter")));
        super::super::update(&mut state, Msg::Key(key("Ctrl-C")));
        (state, effects)
    };
    let title = |state: &State| state.top_as::<Confirm>().unwrap().title;
    let (mut state, effects) = over_prompt("X Ctrl-U");
    let Some(export) = effects.into_iter().find_map(|effect| match effect {
        Effect::Export(export, _) => Some(export),
        _ => None,
    }) else {
        panic!("no export")
    };
    super::super::update(&mut state, Msg::Exported(export, Ok(ExportOutcome::Exists)));
    assert_eq!(title(&state), "Quit hatrack");
    super::super::update(&mut state, Msg::Key(key("Esc")));
    assert_eq!(title(&state), "Overwrite file");

    let (mut state, _) = over_prompt("I");
    let bytes = hatrack::model::write::wardrobe(&{
        let mut other = hatrack::model::Wardrobe::default();
        other
            .add_room(&jid("staff@conference.example.org"), None)
            .unwrap();
        other
    });
    let parsed = hatrack::exchange::read(&bytes, hatrack::exchange::FileFormat::Json);
    super::super::update(
        &mut state,
        Msg::Imported("/tmp/all.json".into(), parsed.map(Box::new)),
    );
    assert_eq!(title(&state), "Quit hatrack");
    super::super::update(&mut state, Msg::Key(key("Esc")));
    assert!(state.top_as::<ImportPreview>().is_some());
}
