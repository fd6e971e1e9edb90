//! The mouse, without a screen: each test names the targets under the pointer.

use hatrack::app::form::Form;
use hatrack::app::{Effect, MouseTarget, Msg, Pane};

use super::session::Session;
use super::{TERRY, open, terrys_hats};

fn click(session: &mut Session, targets: &[MouseTarget]) {
    session.send(Msg::Click {
        targets: targets.to_vec(),
        double: false,
    });
}

fn double_click(session: &mut Session, targets: &[MouseTarget]) {
    click(session, targets);
    session.send(Msg::Click {
        targets: targets.to_vec(),
        double: true,
    });
}

#[test]
fn toggles_mouse_with_notice() {
    let mut session = open();
    session.keys("M");
    assert_eq!(session.effects, [Effect::Mouse(true)]);
    assert!(session.state.has_mouse() && session.notice().contains("hold Shift to select text"));
    session.keys("M");
    assert_eq!(session.effects, [Effect::Mouse(true), Effect::Mouse(false)]);
    assert!(!session.state.has_mouse());
}

#[test]
fn click_selects_rows_but_not_under_form() {
    let mut session = open();
    click(
        &mut session,
        &[MouseTarget::Pane(Pane::Second), MouseTarget::Row(1)],
    );
    assert_eq!(session.state.focus(), Pane::Second);
    assert_eq!(session.state.user().unwrap().0.as_str(), TERRY);
    session.send(Msg::Wheel {
        targets: vec![MouseTarget::Pane(Pane::Second)],
        down: false,
    });
    assert_eq!(session.state.selected(Pane::Second), Some(0));
    session.keys("e");
    click(
        &mut session,
        &[MouseTarget::Pane(Pane::First), MouseTarget::Row(0)],
    );
    double_click(
        &mut session,
        &[MouseTarget::Pane(Pane::First), MouseTarget::Row(0)],
    );
    assert_eq!(session.state.focus(), Pane::Second);
    assert_eq!(session.state.overlays().len(), 1);
}

#[test]
fn double_click_acts_as_enter() {
    let mut session = open();
    double_click(
        &mut session,
        &[MouseTarget::Pane(Pane::First), MouseTarget::Row(0)],
    );
    assert_eq!(session.state.focus(), Pane::Second);
    double_click(
        &mut session,
        &[MouseTarget::Pane(Pane::Second), MouseTarget::Row(1)],
    );
    assert_eq!(session.state.focus(), Pane::Third);
    double_click(
        &mut session,
        &[MouseTarget::Pane(Pane::Third), MouseTarget::Row(0)],
    );
    assert!(session.state.top_as::<Form>().is_some());
    // Outside of the rows there is nothing to open.
    let mut session = open();
    double_click(&mut session, &[MouseTarget::Pane(Pane::First)]);
    assert_eq!(session.state.focus(), Pane::First);
}

#[test]
fn double_click_on_a_removed_row_opens_nothing() {
    let mut session = open();
    let second = [MouseTarget::Pane(Pane::Second), MouseTarget::Row(1)];
    click(&mut session, &second);
    session.external_change(|wardrobe| {
        let none = hatrack::model::Affiliation::None;
        wardrobe.set_affiliation(&super::jid(TERRY), &super::jid(super::ROOM), none)
    });
    session.send(Msg::Click {
        targets: second.to_vec(),
        double: true,
    });
    assert_eq!(session.state.focus(), Pane::Second);
    assert!(session.notice().starts_with("Canceled: "), "{}", session.notice());
}

#[test]
fn click_focuses_and_changes_form_fields() {
    let mut session = open();
    session.keys("l j l e");
    click(&mut session, &[MouseTarget::Field(3)]);
    session.keys("Enter");
    assert_eq!(terrys_hats(&session)[super::HAT]["required"], true);
    session.keys("h e");
    click(&mut session, &[MouseTarget::Field(0), MouseTarget::Choice(1)]);
    session.keys("Enter");
    let user = &session.json()["rooms"][super::ROOM]["users"][TERRY];
    assert_eq!(user["affiliation"], "admin");
    // A row that no longer exists is ignored.
    session.keys("e");
    click(&mut session, &[MouseTarget::Field(9), MouseTarget::Choice(99)]);
    click(&mut session, &[MouseTarget::Suggestion(3)]);
    session.keys("Esc");
    assert!(session.state.top().is_none());
}
