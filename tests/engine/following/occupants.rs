//! The occupants of the selected room.

use super::*;

#[test]
fn session_that_follows_nothing_reports_the_occupants_of_the_selected_room() {
    let stage = Stage::compared(ServerClass::Prosody);
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
    // The number of occupants, or `None` if they are unknown.
    let reported_number = |event| match event {
        ServerEvent::Occupants {
            room: reported_room,
            occupants,
        } => {
            assert_eq!(reported_room, room());
            Some(occupants.map(|occupants| occupants.len()))
        }
        _ => None,
    };
    assert_eq!(session.wait(reported_number), Some(5));
    stage.server.lock().unwrap().crash();
    session.wait(|event| (reported_number(event) == Some(None)).then_some(()));
    assert_eq!(session.wait(reported_number), Some(5), "after reconnecting");
}
