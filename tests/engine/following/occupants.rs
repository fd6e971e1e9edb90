//! Who is in the selected room.

use super::*;

#[test]
fn session_that_follows_nothing_reports_who_is_in_the_selected_room() {
    let stage = Stage::known(ServerClass::Prosody);
    let (session, store) = (stage.session(), stage.store());
    session
        .worker
        .request(ServerRequest::Follow {
            rooms: Vec::new(),
            selected: Some(room()),
            revision: store.wardrobe().revision,
            interval: Duration::from_millis(1),
            may_ask: false,
        })
        .unwrap();
    let number = |event| match event {
        ServerEvent::Occupants { room: of, occupants } => {
            assert_eq!(of, room());
            Some(occupants.map(|all| all.len()))
        }
        _ => None,
    };
    assert_eq!(session.wait(number), Some(5));
    stage.server.lock().unwrap().crash();
    session.wait(|event| (number(event) == Some(None)).then_some(()));
    assert_eq!(session.wait(number), Some(5), "connected again");
}
