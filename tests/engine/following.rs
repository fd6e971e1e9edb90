//! Following rooms: changes of others on the server are reported, received once, and revert nothing.

use std::sync::Arc;
use std::sync::mpsc::Receiver;
use std::time::{Duration, Instant};

use hatrack::model::{Affiliation, HatId, Jid, Rights};
use hatrack::store::{Change, Store};
use hatrack::sync::{
    Action, AfterCommit, Follower, Item, ItemValue, OtherRooms, Plan, Reason, RoomPlan, SendState,
    ServerClass, ServerEvent, ServerRequest, ServerState, server_actor,
};

use crate::simulated::{Callback, Fault};
use crate::stage::*;

mod away;
mod changed_again;
mod kept_reads;
mod occupants;
mod sends;
mod signs;
mod silent_follower;

/// Reported changes of others: the plan, and the actor who changed the room, if known.
type Incoming = (Arc<Plan>, Option<String>);

impl Session<'_> {
    fn follow_rooms(&self, rooms: Vec<hatrack::sync::LocalRoom>, store: &Store) {
        self.worker
            .request(ServerRequest::Follow {
                rooms,
                selected: None,
                revision: store.wardrobe().revision,
                interval: Duration::from_millis(1),
                may_ask: false,
            })
            .unwrap();
    }

    /// Starts to follow the room, and returns its follower.
    fn follow(&self, store: &Store) -> Follower {
        if self.stage.class != ServerClass::Prosody {
            // To follow rooms, a session does not ask for the password, so it has to be connected first.
            self.worker
                .request(ServerRequest::Reconnect {
                    server: "example".into(),
                })
                .unwrap();
        }
        self.follow_rooms(vec![local_room(store)], store);
        self.wait_for_follower()
    }

    /// Waits until another follower of the room is reported.
    fn wait_for_follower(&self) -> Follower {
        self.wait(|event| match event {
            ServerEvent::Follows { follower, .. } => Some(follower),
            _ => None,
        })
    }

    fn wait_for_incoming(&self) -> Incoming {
        self.wait(incoming)
    }

    /// Commits the reported changes, as the screen does, and reports that to the worker. Returns the file's revision.
    fn receive_incoming(&self, store: &mut Store, plan: &Plan) -> u64 {
        store.refresh().unwrap();
        for room_plan in &plan.rooms {
            let mut room_plan = room_plan.clone();
            room_plan.keep_current(store.wardrobe().room(&room_plan.room).map(|room| &**room));
            let group = room_plan.edits_to_receive(store.wardrobe().room(&room_plan.room));
            let change = Change {
                actor: Some(server_actor("example").into()),
                ..Change::from(group)
            };
            assert!(store.commit(&[change]).unwrap()[0].is_ok());
            self.report_received(store, &room_plan);
        }
        store.wardrobe().revision
    }

    /// Reports to the worker that the room has changed in the file.
    fn report_changed(&self, store: &Store) {
        self.worker
            .request(ServerRequest::Changed {
                room: local_room(store),
                revision: store.wardrobe().revision,
            })
            .unwrap();
    }

    /// Waits until the server was polled five more times, then returns the events that were not read yet.
    fn wait_for_polls(&self, stage: &Stage) -> Vec<ServerEvent> {
        let polls = || stage.server.lock().unwrap().polls;
        wait_until(polls() + 5, polls);
        self.events.try_iter().collect()
    }
}

fn incoming(event: ServerEvent) -> Option<Incoming> {
    match event {
        ServerEvent::Incoming { plan, by } => {
            let by = by.get(&room()).map(ToString::to_string);
            Some((plan, by))
        }
        _ => None,
    }
}

/// Waits until a counter has at least this value.
#[track_caller]
fn wait_until(value: usize, counter: impl Fn() -> usize) {
    let end = Instant::now() + Duration::from_secs(60);
    while counter() < value {
        assert!(Instant::now() < end, "{} of {value}", counter());
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[track_caller]
fn assert_nothing_incoming(events: Vec<ServerEvent>) {
    let all: Vec<_> = events.into_iter().filter_map(incoming).collect();
    assert!(all.is_empty(), "{all:?}");
}

fn change_by_others(stage: &Stage, item: &Item, value: Option<ItemValue>, by: Option<&str>) {
    stage.server.lock().unwrap().change(&room(), item, value, by);
}

/// Removes the room from the server, and lets the next poll report that it has changed.
fn remove_room(stage: &Stage) {
    let mut server = stage.server.lock().unwrap();
    server.rooms_are_gone = true;
    server.log_room_change(&room());
}

/// Waits for the next consequence of a commit, which has to be a request.
fn request(after_commit: &Receiver<AfterCommit>) -> ServerRequest {
    match after_commit.recv().unwrap() {
        AfterCommit::Send(request) => request,
        other => panic!("{other:?}"),
    }
}

fn add(store: &mut Store, user: &str, hat: &str, title: &str) {
    let mut next = store.wardrobe().clone();
    let attachment = hatrack::model::Attachment::default()
        .with_active(true)
        .with_title(Some(title));
    let user = jid(&format!("{user}@example.org"));
    let group = next
        .add_user_hat(&user, &room(), &HatId::unchecked(hat), attachment)
        .unwrap();
    assert!(store.commit(&[group.into()]).unwrap()[0].is_ok());
}

fn lines(plan: &RoomPlan) -> Vec<(Option<Jid>, Action)> {
    let lines = plan.lines.iter();
    lines.map(|line| (line.user().cloned(), line.action)).collect()
}

#[test]
fn changes_of_others_are_received() {
    for class in CLASSES {
        let stage = Stage::compared(class);
        let (session, mut store) = (stage.session(), stage.store());
        assert_eq!(session.follow(&store), Follower::Here);
        session.wait_for_polls(&stage);
        let there = item("u0", "urn:x:there");
        change_by_others(&stage, &there, value(class, "There"), Some("ana@example.org"));
        let (plan, by) = session.wait_for_incoming();
        assert_eq!(
            lines(&plan.rooms[0]),
            [(Some(jid("u0@example.org")), Action::Receive)]
        );
        assert_eq!(by.as_deref(), Some("ana@example.org"), "{class:?}");
        session.receive_incoming(&mut store, &plan);
        assert_eq!(stage.local(&there), value(class, "There"));
        // The same item changes again after it was received.
        change_by_others(&stage, &there, None, None);
        let (plan, by) = session.wait_for_incoming();
        assert_eq!(by, None);
        session.receive_incoming(&mut store, &plan);
        assert_eq!(stage.local(&there), None);
        session.worker.finish();
        let (plan, _) = stage.run(OtherRooms::Ignore, |_| true).unwrap();
        assert!(plan.rooms[0].is_settled() && !plan.rooms[0].is_first_comparison);
    }
}

#[test]
fn changes_made_before_following_are_received() {
    for class in CLASSES {
        let stage = Stage::compared(class);
        let there = item("u0", "urn:x:there");
        stage.set_remote(&there, value(class, "There"));
        let (session, mut store) = (stage.session(), stage.store());
        session.follow(&store);
        let (plan, _) = session.wait_for_incoming();
        session.receive_incoming(&mut store, &plan);
        assert_eq!(stage.local(&there), value(class, "There"));
    }
}

/// Reporting the differences needs no further read of the room.
#[test]
fn differences_that_are_not_received_are_reported() {
    for class in CLASSES {
        let stage = Stage::compared(class);
        stage.set_local_hat("u0", "urn:x:there", Some("There"));
        let (session, store) = (stage.session(), stage.store());
        let before = stage.server.lock().unwrap().reads;
        session.follow(&store);
        let (local, plan) = session.wait(|event| match event {
            ServerEvent::Compared { local, plan } => Some((local, plan)),
            _ => None,
        });
        assert!(Arc::ptr_eq(&local, store.wardrobe().room(&room()).unwrap()));
        assert_eq!(
            lines(&plan),
            [(Some(jid("u0@example.org")), Action::Send)],
            "{class:?}"
        );
        assert_eq!(stage.server.lock().unwrap().reads, before + 1, "{class:?}");
    }
}

#[test]
fn room_is_read_again_if_anything_may_have_changed() {
    let class = ServerClass::Prosody;
    let stage = Stage::compared(class);
    let (session, store) = (stage.session(), stage.store());
    session.follow(&store);
    session.wait_for_polls(&stage);
    let reads = || stage.server.lock().unwrap().reads;
    let before = reads();
    stage.set_remote(&item("u0", "urn:x:there"), value(class, "There"));
    stage.server.lock().unwrap().log_room_change(&room());
    session.wait_for_incoming();
    assert_eq!(reads(), before + 1);
    // Polls that find nothing cause no read.
    session.wait_for_polls(&stage);
    assert_eq!(reads(), before + 1);
}

#[test]
fn changes_are_collected_until_the_reported_ones_are_in_the_file() {
    let class = ServerClass::Prosody;
    let stage = Stage::compared(class);
    let (session, mut store) = (stage.session(), stage.store());
    session.follow(&store);
    session.wait_for_polls(&stage);
    let change = |user: &str, by| {
        change_by_others(&stage, &item(user, "urn:x:there"), value(class, "There"), by);
    };
    change("u0", Some("ana@example.org"));
    let (first, _) = session.wait_for_incoming();
    change("u1", Some("ana@example.org"));
    change("u2", Some("bob@example.org"));
    assert_nothing_incoming(session.wait_for_polls(&stage));
    session.receive_incoming(&mut store, &first);
    let (second, by) = session.wait_for_incoming();
    let users = ["u1", "u2"].map(|user| (Some(jid(&format!("{user}@example.org"))), Action::Receive));
    assert_eq!((lines(&second.rooms[0]), by), (users.to_vec(), None));
}

#[test]
fn sent_change_is_not_reported_as_a_change_of_others() {
    for class in CLASSES {
        let stage = Stage::compared(class);
        let (mut store, requests) = stage.store_at_once("state");
        let session = stage.session();
        session.follow(&store);
        session.wait_for_polls(&stage);
        add(&mut store, "u0", "urn:x:there", "There");
        session.worker.request(request(&requests)).unwrap();
        session.wait_for_sent();
        assert_eq!(stage.remote(&item("u0", "urn:x:there")), value(class, "There"));
        assert_nothing_incoming(session.wait_for_polls(&stage));
        // The room is still followed: the next change of others is reported.
        change_by_others(&stage, &item("u1", "urn:x:there"), value(class, "There"), None);
        let (plan, _) = session.wait_for_incoming();
        let received: Vec<_> = plan.rooms[0].received().into_keys().collect();
        assert_eq!(received, [item("u1", "urn:x:there")], "{class:?}");
    }
}

#[test]
fn change_that_is_being_sent_is_not_received() {
    for class in CLASSES {
        let stage = Stage::compared(class);
        let (mut store, _requests) = stage.store_at_once("state");
        let session = stage.session();
        session.follow(&store);
        session.wait_for_polls(&stage);
        // The change waits in the outbox. The session is not requested to send it.
        add(&mut store, "u0", "urn:x:there", "Mine");
        let (mine, theirs) = (item("u0", "urn:x:there"), item("u1", "urn:x:there"));
        change_by_others(&stage, &mine, value(class, "Theirs"), None);
        change_by_others(&stage, &theirs, value(class, "Theirs"), None);
        let (plan, _) = session.wait_for_incoming();
        let received: Vec<_> = plan.rooms[0].received().into_keys().collect();
        assert_eq!(received, [theirs], "{class:?}");
        let count = stage.server.lock().unwrap().change_counts.get(&mine).copied();
        assert_eq!(count, None);
    }
}

/// The result of a poll arrives after another account has sent and confirmed a change, but does not contain that
/// change.
#[test]
fn late_poll_does_not_revert_a_newer_change() {
    for class in CLASSES {
        let stage = Arc::new(Stage::compared(class));
        let (session, mut store) = (stage.session(), stage.store());
        session.follow(&store);
        session.wait_for_polls(&stage);
        let (mine, theirs) = (item("u0", "urn:x:there"), item("u0", "urn:x:2"));
        let send_meanwhile = {
            let stage = stage.clone();
            move || send_by_another_account(&stage)
        };
        {
            let mut server = stage.server.lock().unwrap();
            server.after_poll = Some(Callback(Box::new(send_meanwhile)));
            server.hides_sent_changes = true;
            if class.holds_catalog() {
                let entry = hatrack::sync::CatalogValue::new("2", None);
                let remote = server.rooms.get_mut(&room()).unwrap();
                remote.catalog.insert(HatId::unchecked("urn:x:2"), entry);
            }
            server.change(&room(), &theirs, value(class, "2"), None);
        }
        let (plan, _) = session.wait_for_incoming();
        let received = plan.rooms[0].received();
        assert!(
            !received.contains_key(&mine),
            "{class:?}: {:?}",
            plan.rooms[0].lines
        );
        // From now on, the session knows that the file has the hat.
        session.receive_incoming(&mut store, &plan);
        assert!(stage.local(&mine).is_some() && stage.local(&theirs).is_some());
        let next = item("u1", "urn:x:there");
        change_by_others(&stage, &next, value(class, "There"), None);
        let (plan, _) = session.wait_for_incoming();
        let received: Vec<_> = plan.rooms[0].received().into_keys().collect();
        assert_eq!(received, [next], "{class:?}");
    }
}

/// Adds a hat as another account, and sends it.
fn send_by_another_account(stage: &Stage) {
    send_by(stage, "other");
}

/// Adds a hat in another session, and sends it.
fn send_by(stage: &Stage, account: &str) {
    let (mut store, requests) = stage.store_at_once(account);
    add(&mut store, "u0", "urn:x:there", "There");
    let other = stage.session_of(account);
    other.worker.request(request(&requests)).unwrap();
    other.wait(|event| matches!(event, ServerEvent::Sent { .. }).then_some(()));
    other.worker.finish();
    assert!(stage.remote(&item("u0", "urn:x:there")).is_some());
}

/// The result of a read arrives after another session has sent and confirmed a change, but does not contain that
/// change.
#[test]
fn late_read_does_not_revert_a_newer_change() {
    for class in CLASSES {
        for account in ["state", "other"] {
            let stage = Arc::new(Stage::compared(class));
            let send_meanwhile = {
                let stage = stage.clone();
                move || send_by(&stage, account)
            };
            let mine = item("u0", "urn:x:there");
            let (session, mut store) = (stage.session(), stage.store());
            stage.server.lock().unwrap().after_read = Some(Callback(Box::new(send_meanwhile)));
            session.follow(&store);
            wait_until(1, || usize::from(stage.remote(&mine).is_some()));
            // Until the session knows that the file has the hat, it may report the hat as incoming. Receiving that
            // changes nothing.
            for (plan, _) in session.wait_for_polls(&stage).into_iter().filter_map(incoming) {
                store.refresh().unwrap();
                let before = store.wardrobe().revision;
                assert_eq!(
                    session.receive_incoming(&mut store, &plan),
                    before,
                    "{class:?}, {account}"
                );
            }
            change_by_others(&stage, &item("u1", "urn:x:there"), value(class, "There"), None);
            session.report_changed(&stage.store());
            let (plan, _) = session.wait_for_incoming();
            assert!(
                !plan.rooms[0].received().contains_key(&mine),
                "{class:?}, {account}"
            );
            session.receive_incoming(&mut store, &plan);
            let both = (stage.local(&mine), stage.remote(&mine));
            let added = value(class, "There");
            assert_eq!(both, (added.clone(), added), "{class:?}, {account}");
        }
    }
}

#[test]
fn conflict_is_left_to_the_next_plan() {
    for class in [ServerClass::Prosody, ServerClass::EjabberdOld] {
        let stage = Stage::compared(class);
        let (session, mut store) = (stage.session(), stage.store());
        session.follow(&store);
        session.wait_for_polls(&stage);
        let both = item("u0", "urn:x:old");
        add(&mut store, "u0", "urn:x:old", "Mine");
        session.report_changed(&store);
        // The polls also ensure that the worker has handled the request.
        session.wait_for_polls(&stage);
        change_by_others(&stage, &both, value(class, "Theirs"), None);
        assert_nothing_incoming(session.wait_for_polls(&stage));
        // Once the file has the last common value again, only the server has changed.
        add(&mut store, "u0", "urn:x:old", "Old");
        session.report_changed(&store);
        let (plan, _) = session.wait_for_incoming();
        session.receive_incoming(&mut store, &plan);
        assert_eq!(stage.local(&both), value(class, "Theirs"));
    }
}

#[test]
fn removals_from_many_users_are_held() {
    for class in CLASSES {
        let stage = Stage::compared(class);
        let (session, mut store) = (stage.session(), stage.store());
        session.follow(&store);
        session.wait_for_polls(&stage);
        for user in 0..5 {
            let old = item(&format!("u{user}"), "urn:x:old");
            stage.set_remote(&old, None);
        }
        stage.server.lock().unwrap().log_room_change(&room());
        let (plan, _) = session.wait_for_incoming();
        assert_eq!(plan.counts().receive, 0, "{class:?}: {:?}", plan.rooms[0].lines);
        assert_eq!(plan.counts().held, 5);
        session.receive_incoming(&mut store, &plan);
        assert!(stage.local(&item("u0", "urn:x:old")).is_some());
        // The base records that they are held, so they are not reported again.
        stage.server.lock().unwrap().log_room_change(&room());
        assert_nothing_incoming(session.wait_for_polls(&stage));
        let plan = session.plan(&store, OtherRooms::Ignore).unwrap();
        let reasons: Vec<_> = plan.rooms[0].lines.iter().map(|line| line.reason).collect();
        assert_eq!(reasons, [Some(Reason::Held); 5]);
    }
}

#[test]
fn accepted_removals_do_not_count_for_later_ones() {
    for class in CLASSES {
        let stage = Stage::compared(class);
        let (session, mut store) = (stage.session(), stage.store());
        for user in 0..5 {
            stage.set_remote(&item(&format!("u{user}"), "urn:x:old"), None);
        }
        let mut plan = session.plan(&store, OtherRooms::Ignore).unwrap();
        assert_eq!(plan.counts().held, 5, "{class:?}");
        for room in &mut Arc::make_mut(&mut plan).rooms {
            room.accept_removals();
        }
        assert!(session.receive(&mut store, &plan, &|_| true));
        // The only hat of the room is added and removed. If the five accepted removals counted, all users would have
        // lost hats.
        let again = item("u0", "urn:x:there");
        for value in [value(class, "Again"), None] {
            stage.set_remote(&again, value.clone());
            let plan = session.plan(&store, OtherRooms::Ignore).unwrap();
            assert_eq!(plan.counts().held, 0, "{class:?}: {:?}", plan.rooms[0].lines);
            assert!(session.receive(&mut store, &plan, &|_| true));
            assert_eq!(stage.local(&again), value, "{class:?}");
        }
    }
}

#[test]
fn another_session_follows_when_the_follower_ends_or_stops_following() {
    std::thread::scope(|scope| {
        for reason in ["ends", "follows no rooms", "is suspended"] {
            scope.spawn(move || check_take_over(reason));
        }
    });
}

/// Checks that another session follows the room once the first session no longer does, for this reason.
fn check_take_over(reason: &str) {
    let class = ServerClass::Prosody;
    let stage = Stage::compared(class);
    let mut store = stage.store();
    let (first, second) = (stage.session(), stage.session_of("other"));
    assert_eq!(first.follow(&store), Follower::Here);
    let by = format!("maya, process {}", std::process::id());
    assert_eq!(second.follow(&store), Follower::Elsewhere(Some(by.into())));
    first.wait_for_polls(&stage);
    let there = item("u0", "urn:x:there");
    change_by_others(&stage, &there, value(class, "There"), None);
    let (plan, _) = first.wait_for_incoming();
    first.receive_incoming(&mut store, &plan);
    assert_nothing_incoming(second.events.try_iter().collect());
    match reason {
        "ends" => first.worker.finish(),
        "is suspended" => first.worker.suspend_following(),
        _ => first.follow_rooms(Vec::new(), &store),
    }
    // The second session tries again after a while, without a request.
    assert_eq!(second.wait_for_follower(), Follower::Here, "{reason}");
    change_by_others(&stage, &there, None, None);
    let (plan, _) = second.wait_for_incoming();
    second.receive_incoming(&mut store, &plan);
    assert_eq!(stage.local(&there), None);
}

#[test]
fn resumed_session_follows_again() {
    let stage = Stage::compared(ServerClass::Prosody);
    let (session, store) = (stage.session(), stage.store());
    session.follow(&store);
    session.wait_for_polls(&stage);
    session.worker.suspend_following();
    assert_eq!(session.wait_for_follower(), Follower::Elsewhere(None));
    session.worker.resume_following();
    assert_eq!(session.wait_for_follower(), Follower::Here);
    change_by_others(
        &stage,
        &item("u0", "urn:x:there"),
        value(stage.class, "There"),
        None,
    );
    session.wait_for_incoming();
}

#[test]
fn changes_during_a_lost_connection_are_received() {
    for class in CLASSES {
        let stage = Stage::compared(class);
        let (session, mut store) = (stage.session(), stage.store());
        session.follow(&store);
        session.wait_for_polls(&stage);
        {
            let mut server = stage.server.lock().unwrap();
            let next = server.calls + 1;
            server.faults = (next..next + 2).map(|call| (call, Fault::Away)).collect();
            // No poll reports this change.
            let remote = server.rooms.get_mut(&room()).unwrap();
            crate::simulated::set(remote, &item("u0", "urn:x:there"), value(class, "There"));
        }
        let mut states = Vec::new();
        let (plan, _) = session.wait(|event| {
            if let ServerEvent::State { state, .. } = &event {
                states.push(matches!(state, ServerState::Away(_)));
            }
            incoming(event)
        });
        assert!(states.contains(&true), "{states:?}");
        session.receive_incoming(&mut store, &plan);
        assert_eq!(stage.local(&item("u0", "urn:x:there")), value(class, "There"));
    }
}

#[test]
fn server_that_refused_access_is_not_called_before_a_request_to_reconnect() {
    let stage = Stage::compared(ServerClass::Prosody);
    let (session, store) = (stage.session(), stage.store());
    stage.server.lock().unwrap().refusal = Some("not you".into());
    session.follow_rooms(vec![local_room(&store)], &store);
    session.wait(|event| match event {
        ServerEvent::State {
            state: ServerState::Refused(_),
            ..
        } => Some(()),
        _ => None,
    });
    let calls = stage.server.lock().unwrap().calls;
    // Other requests do not call the server, either.
    session.report_changed(&store);
    assert!(session.plan(&store, OtherRooms::Ignore).is_err());
    assert_eq!(stage.server.lock().unwrap().calls, calls);
    stage.server.lock().unwrap().refusal = None;
    session
        .worker
        .request(ServerRequest::Reconnect {
            server: "example".into(),
        })
        .unwrap();
    change_by_others(
        &stage,
        &item("u0", "urn:x:there"),
        value(stage.class, "There"),
        None,
    );
    session.wait_for_incoming();
}

#[test]
fn room_that_was_not_compared_is_not_followed() {
    let stage = Stage::compared(ServerClass::Prosody);
    std::fs::remove_dir_all(stage.folder.path().join("hats.servers")).unwrap();
    let (session, mut store) = (stage.session(), stage.store());
    assert_eq!(session.follow(&store), Follower::NotCompared);
    assert_eq!(stage.server.lock().unwrap().calls, 0, "the server was called");
    let plan = session.plan(&store, OtherRooms::Ignore).unwrap();
    session.receive(&mut store, &plan, &|_| true);
    assert_eq!(session.wait_for_follower(), Follower::Here);
}

#[test]
fn room_that_is_gone_is_not_followed() {
    for class in CLASSES {
        let stage = Stage::compared(class);
        let (session, store) = (stage.session(), stage.store());
        session.follow(&store);
        session.wait_for_polls(&stage);
        // Even if the room exists again, it has to be compared first.
        remove_room(&stage);
        assert_eq!(session.wait_for_follower(), Follower::NotCompared);
        stage.server.lock().unwrap().rooms_are_gone = false;
        let plan = session.plan(&store, OtherRooms::Ignore).unwrap();
        assert!(plan.rooms[0].is_first_comparison, "{:?}", plan.rooms[0]);
    }
}

#[test]
fn session_with_restricted_rights_follows_nothing() {
    let stage = Stage::compared(ServerClass::Prosody);
    let rights = Rights {
        no_affiliations: true,
        ..Rights::default()
    };
    let (session, store) = (stage.session_with_rights("state", rights), stage.store());
    session.follow_rooms(vec![local_room(&store)], &store);
    let other = stage.session_of("other");
    assert_eq!(other.follow(&store), Follower::Here);
    session.worker.finish();
    let mut events: Vec<_> = session.events.try_iter().collect();
    // The class is read from the base.
    events.retain(|event| !matches!(event, ServerEvent::Class { .. }));
    assert!(events.is_empty(), "{events:?}");
}

#[test]
fn conflicting_change_is_not_overwritten_by_the_value_on_the_server() {
    let stage = Stage::compared(ServerClass::Prosody);
    let (mut store, requests) = stage.store_at_once("state");
    let session = stage.session();
    session.follow(&store);
    session.wait_for_polls(&stage);
    let mine = item("u0", "urn:x:old");
    change_by_others(&stage, &mine, value(stage.class, "Theirs"), None);
    add(&mut store, "u0", "urn:x:old", "Mine");
    session.worker.request(request(&requests)).unwrap();
    let states = session.wait(|event| match event {
        ServerEvent::Outbox { items, .. } => Some(items),
        _ => None,
    });
    assert!(
        matches!(&states[..], [(_, SendState::Changed { .. })]),
        "{states:?}"
    );
    assert_nothing_incoming(session.wait_for_polls(&stage));
    assert_eq!(stage.local(&mine), value(stage.class, "Mine"));
}

#[test]
fn session_that_cannot_connect_reports_the_class_of_the_server() {
    let class = ServerClass::EjabberdCatalog;
    let stage = Stage::compared(class);
    let store = stage.store();
    let calls = stage.server.lock().unwrap().calls;
    let session = stage.session_of("other");
    // Without a password, the session neither follows the room nor connects.
    session.follow_rooms(vec![local_room(&store)], &store);
    let reported = session.wait(|event| match event {
        ServerEvent::Class { class, .. } => Some(class),
        _ => None,
    });
    assert_eq!(reported, class);
    assert_eq!(stage.server.lock().unwrap().calls, calls);
}
