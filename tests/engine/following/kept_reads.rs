//! Rooms that were read are kept only as far as there is memory for them.

use super::*;

/// Rooms that a session reads at a time.
const AT_A_TIME: usize = 8;

fn rooms() -> Vec<Jid> {
    (0..20)
        .map(|number| jid(&format!("r{number}@rooms.example.org")))
        .collect()
}

/// Rooms that both sides know.
fn known(class: ServerClass) -> Stage {
    let stage = Stage::known(class);
    {
        let mut server = stage.server.lock().unwrap();
        let there = server.rooms[&room()].clone();
        server
            .rooms
            .extend(rooms().into_iter().map(|room| (room, there.clone())));
    }
    stage.run(OtherRooms::Take, |_| true).unwrap();
    stage
}

fn session(stage: &Stage, most: Option<usize>) -> Session<'_> {
    let mut options = stage.options("state", Rights::default());
    options.max_read_bytes = most;
    stage.session_as(options)
}

fn local_rooms(store: &Store) -> Vec<hatrack::sync::LocalRoom> {
    let rooms = rooms().into_iter().map(|room| hatrack::sync::LocalRoom {
        local: store.wardrobe().room(&room).cloned(),
        room,
        is_requested: false,
    });
    rooms.collect()
}

#[test]
fn rooms_that_do_not_fit_are_received_in_turn() {
    let class = ServerClass::Prosody;
    let stage = known(class);
    let there = item("u0", "urn:x:there");
    for room in rooms() {
        stage
            .server
            .lock()
            .unwrap()
            .change(&room, &there, value(class, "There"), None);
    }
    let (session, mut store) = (session(&stage, Some(1)), stage.store());
    session.follow_rooms(local_rooms(&store), &store);
    let mut received = 0;
    while received < rooms().len() {
        let (plan, _) = session.incoming();
        assert!(plan.rooms.len() <= AT_A_TIME, "{}", plan.rooms.len());
        received += plan.rooms.len();
        session.receive_incoming(&mut store, &plan);
    }
    // All is received and known to both sides.
    assert_nothing_comes_in(session.after_looks(&stage));
    for room in rooms() {
        let local = store.wardrobe().room(&room).unwrap();
        assert_eq!(
            hatrack::sync::local_value(class, local, &there),
            value(class, "There")
        );
    }
    // What changes now is no conflict.
    let last = rooms().pop().unwrap();
    stage.server.lock().unwrap().change(&last, &there, None, None);
    let (plan, _) = session.incoming();
    assert_eq!(
        lines(&plan.rooms[0]),
        [(Some(jid("u0@example.org")), Action::Receive)]
    );
}

/// How often a room is read for one change in it.
fn reads_of_a_change(most: Option<usize>) -> usize {
    let class = ServerClass::Prosody;
    let stage = known(class);
    let (session, mut store) = (session(&stage, most), stage.store());
    session.follow_rooms(local_rooms(&store), &store);
    session.after_looks(&stage);
    let there = item("u0", "urn:x:there");
    let before = stage.server.lock().unwrap().reads;
    let first = rooms().remove(0);
    stage
        .server
        .lock()
        .unwrap()
        .change(&first, &there, value(class, "There"), None);
    let (plan, _) = session.incoming();
    assert_eq!(
        lines(&plan.rooms[0]),
        [(Some(jid("u0@example.org")), Action::Receive)]
    );
    session.receive_incoming(&mut store, &plan);
    assert_nothing_comes_in(session.after_looks(&stage));
    stage.server.lock().unwrap().reads - before
}

#[test]
fn room_is_read_again_for_a_change_only_where_its_read_does_not_fit() {
    assert_eq!(reads_of_a_change(None), 0);
    assert_eq!(reads_of_a_change(Some(1)), 1);
}
