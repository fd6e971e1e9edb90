//! The last reads of rooms are kept only as far as there is memory for them.

use super::*;

/// Maximum number of rooms that a session reads together.
const MAX_ROOMS_AT_A_TIME: usize = 8;

fn other_rooms() -> Vec<Jid> {
    (0..20)
        .map(|number| jid(&format!("r{number}@rooms.example.org")))
        .collect()
}

/// A stage with 20 more rooms that were compared with the server.
fn stage_with_rooms(class: ServerClass) -> Stage {
    let stage = Stage::compared(class);
    {
        let mut server = stage.server.lock().unwrap();
        let remote = server.rooms[&room()].clone();
        server
            .rooms
            .extend(other_rooms().into_iter().map(|room| (room, remote.clone())));
    }
    stage.run(OtherRooms::Take, |_| true).unwrap();
    stage
}

fn session_with_limit(stage: &Stage, max_read_bytes: Option<usize>) -> Session<'_> {
    let mut options = stage.options("state", Rights::default());
    options.max_read_bytes = max_read_bytes;
    stage.session_with_options(options)
}

fn local_rooms(store: &Store) -> Vec<hatrack::sync::LocalRoom> {
    let rooms = other_rooms().into_iter().map(|room| hatrack::sync::LocalRoom {
        local: store.wardrobe().room(&room).cloned(),
        room,
        is_requested: false,
    });
    rooms.collect()
}

#[test]
fn rooms_that_do_not_fit_are_received_in_turn() {
    let class = ServerClass::Prosody;
    let stage = stage_with_rooms(class);
    let there = item("u0", "urn:x:there");
    for room in other_rooms() {
        stage
            .server
            .lock()
            .unwrap()
            .change(&room, &there, value(class, "There"), None);
    }
    let (session, mut store) = (session_with_limit(&stage, Some(1)), stage.store());
    session.follow_rooms(local_rooms(&store), &store);
    let mut received = 0;
    while received < other_rooms().len() {
        let (plan, _) = session.wait_for_incoming();
        assert!(plan.rooms.len() <= MAX_ROOMS_AT_A_TIME, "{}", plan.rooms.len());
        received += plan.rooms.len();
        session.receive_incoming(&mut store, &plan);
    }
    // Nothing more is reported, because all changes are received and recorded.
    assert_nothing_incoming(session.wait_for_polls(&stage));
    for room in other_rooms() {
        let local = store.wardrobe().room(&room).unwrap();
        assert_eq!(
            hatrack::sync::local_value(class, local, &there),
            value(class, "There")
        );
    }
    // The next change is no conflict.
    let last = other_rooms().pop().unwrap();
    stage.server.lock().unwrap().change(&last, &there, None, None);
    let (plan, _) = session.wait_for_incoming();
    assert_eq!(
        lines(&plan.rooms[0]),
        [(Some(jid("u0@example.org")), Action::Receive)]
    );
}

/// Number of reads that one change causes.
fn reads_for_a_change(max_read_bytes: Option<usize>) -> usize {
    let class = ServerClass::Prosody;
    let stage = stage_with_rooms(class);
    let (session, mut store) = (session_with_limit(&stage, max_read_bytes), stage.store());
    session.follow_rooms(local_rooms(&store), &store);
    session.wait_for_polls(&stage);
    let there = item("u0", "urn:x:there");
    let before = stage.server.lock().unwrap().reads;
    let first = other_rooms().remove(0);
    stage
        .server
        .lock()
        .unwrap()
        .change(&first, &there, value(class, "There"), None);
    let (plan, _) = session.wait_for_incoming();
    assert_eq!(
        lines(&plan.rooms[0]),
        [(Some(jid("u0@example.org")), Action::Receive)]
    );
    session.receive_incoming(&mut store, &plan);
    assert_nothing_incoming(session.wait_for_polls(&stage));
    stage.server.lock().unwrap().reads - before
}

#[test]
fn change_causes_a_read_only_if_the_last_read_was_dropped() {
    assert_eq!(reads_for_a_change(None), 0);
    assert_eq!(reads_for_a_change(Some(1)), 1);
}
