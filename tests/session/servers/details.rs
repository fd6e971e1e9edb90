//! The details of a row or of a check: all of their text can be read, also on a small screen.

use hatrack::app::Msg;
use hatrack::app::details::DetailsOverlay;
use hatrack::app::servers::ServersOverlay;
use hatrack::app::servers::plan::PlanOverlay;
use hatrack::app::servers::report::ReportOverlay;
use hatrack::sync::{
    Condition, ItemOutcome, Refusal, RemoteRoomInfo, RoomRead, ServerClass, ServerEvent, ServerKind,
    ServerProblem, ServerReport, ServerRights,
};
use hatrack::ui::{Theme, plain};

use super::super::session::Session;
use super::super::{ROOM, jid, wardrobe};
use super::{Scope, matching_server, open, start, with_differences};

/// Moves through the details line by line, and returns the text of all lines.
fn read_details(session: &mut Session) -> String {
    let len = session.state.top_as::<DetailsOverlay>().unwrap().lines().len();
    let mut all = Vec::new();
    for index in 0..len {
        let details = session.state.top_as::<DetailsOverlay>().unwrap();
        assert_eq!(details.selected, index);
        let line = details.lines()[index].clone();
        let page = plain::page(&session.state, Theme::default(), session.size);
        let shown = page.lines.iter().map(|shown| shown.trim_end());
        assert!(
            shown.into_iter().any(|shown| shown == line),
            "{line:?}: {:?}",
            page.lines
        );
        all.push(line);
        session.keys("Down");
    }
    all.join(" ")
}

fn resize(session: &mut Session, (columns, rows): (u16, u16)) {
    session.send(Msg::Resize { columns, rows });
}

fn report() -> ServerReport {
    ServerReport {
        server: "example".into(),
        kind: ServerKind::Prosody,
        class: Some(ServerClass::Prosody),
        version: Some("Prosody 0.12.3".into()),
        transport: Some("socket /var/lib/prosody/prosody.sock".into()),
        rights: ServerRights::All,
        rooms: vec![RemoteRoomInfo {
            room: jid(ROOM),
            name: Some("Courses".into()),
            allowed: Some(false),
        }],
        all_rooms: true,
        problems: vec![ServerProblem {
            description: "rooms.example.org is not a chat room service on this server".into(),
            solution: "in the configuration, set \"services\" to the server's chat room services: conference.example.org".into(),
        }],
    }
}

#[test]
fn the_result_of_a_check_can_be_read_on_the_smallest_screen() {
    let mut session = open(matching_server());
    resize(&mut session, (40, 12));
    session.keys("S i");
    assert!(read_details(&mut session).ends_with("No check result"));
    session.keys("Esc c");
    session.send(Msg::Server(Box::new(ServerEvent::Checked {
        server: "example".into(),
        report: Ok(report()),
    })));
    assert_eq!(session.notice(), "Checked \"example\": 1 problem (i for details)");
    session.keys("i");
    let all = read_details(&mut session);
    for part in [
        "Software: Prosody 0.12.3",
        "Permissions: for all rooms",
        "Connection: socket /var/lib/prosody/prosody.sock",
        "Problem: rooms.example.org is not a chat room service on this server",
        "Solution: in the configuration, set \"services\" to the server's chat room services: conference.example.org",
        "courses@conference.example.org \"Courses\", no permission",
    ] {
        assert!(all.replace("  ", " ").contains(part), "{part}: {all}");
    }
    // Open details adapt to the size of the screen.
    resize(&mut session, (100, 30));
    let details = session.state.top_as::<DetailsOverlay>().unwrap();
    assert!(
        details
            .lines()
            .contains(&"Connection: socket /var/lib/prosody/prosody.sock".to_owned())
    );
    session.keys("Esc");
    assert!(session.state.top_as::<ServersOverlay>().is_some());
}

#[test]
fn the_reason_why_a_room_was_not_compared_can_be_read_in_full() {
    let private = "private@conference.example.org";
    let reason = "only owners of the room may read its hats, and the account moderator@example.org is a member of it; \
                  ask an owner of the room to make it an admin, or use another account that may read them";
    let mut server = matching_server();
    server
        .unreadable
        .insert(jid(private), RoomRead::Forbidden(reason.to_owned()));
    let mut wardrobe = wardrobe();
    wardrobe.add_room(&jid(private), None).unwrap();
    let mut session = start(server, wardrobe, Scope::default());
    resize(&mut session, (60, 20));
    session.keys("S Enter i");
    let all = read_details(&mut session);
    assert!(all.contains(reason), "{all}");
    // The problem is no difference, so no side can be chosen.
    session.keys("m");
    assert!(session.state.top_as::<DetailsOverlay>().is_some());
}

#[test]
fn the_reason_of_a_failed_change_can_be_read_in_full() {
    let text =
        "the room has reached its limit of one hundred users with hats, so that nobody else can be given one";
    let mut session = with_differences();
    session.server.as_mut().unwrap().send_outcome = Some(ItemOutcome::Refused(Refusal {
        condition: Condition::NotAllowed,
        text: Some(text.into()),
    }));
    session.keys("S Enter Enter y");
    resize(&mut session, (40, 12));
    session.keys("Down Enter");
    let all = read_details(&mut session);
    assert!(all.contains(text), "{all}");
    session.keys("Esc g Enter");
    let all = read_details(&mut session);
    assert!(
        all.contains("1 received, 1 failed") && all.contains(text),
        "{all}"
    );
    session.keys("Enter Esc");
    assert!(session.state.top_as::<ReportOverlay>().is_none());
}

#[test]
fn all_differences_of_a_user_are_read_together() {
    let mut session = with_differences();
    session.keys("S Enter Down Down i");
    let all = read_details(&mut session);
    assert!(
        all.contains("\"Proctor\"") && all.contains("\"Teacher\""),
        "{all}"
    );
    session.keys("Esc");
    assert!(session.state.top_as::<PlanOverlay>().is_some());
}
