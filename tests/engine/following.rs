//! Following rooms: what others change there is reported, received once, and takes nothing back.

use std::sync::Arc;
use std::sync::mpsc::Receiver;
use std::time::{Duration, Instant};

use hatrack::model::{Affiliation, HatId, Jid, Rights};
use hatrack::store::{Change, Store};
use hatrack::sync::{
    Action, AfterCommit, Follower, Item, ItemValue, OtherRooms, Plan, Reason, RoomPlan, SendState,
    ServerClass, ServerEvent, ServerRequest, ServerState, server_actor,
};

use crate::simulated::{Fault, Meanwhile};
use crate::stage::*;

mod again;
mod away;
mod kept_reads;
mod occupants;
mod sends;
mod signs;
mod silent;

/// What a session was told of changes.
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

    /// Follows the room, and waits until somebody does.
    fn follow(&self, store: &Store) -> Follower {
        if self.stage.class != ServerClass::Prosody {
            // Nobody is asked for a password because of rooms that are followed.
            self.worker
                .request(ServerRequest::Reconnect {
                    server: "example".into(),
                })
                .unwrap();
        }
        self.follow_rooms(vec![local_room(store)], store);
        self.follower()
    }

    fn follower(&self) -> Follower {
        self.wait(|event| match event {
            ServerEvent::Follows { follower, .. } => Some(follower),
            _ => None,
        })
    }

    fn incoming(&self) -> Incoming {
        self.wait(incoming)
    }

    /// Receives what was reported, as the screen does. Returns the revision.
    fn receive_incoming(&self, store: &mut Store, plan: &Plan) -> u64 {
        store.refresh().unwrap();
        for there in &plan.rooms {
            let mut there = there.clone();
            there.keep_current(store.wardrobe().room(&there.room).map(|room| &**room));
            let group = there.edits_to_receive(store.wardrobe().room(&there.room));
            let change = Change {
                actor: Some(server_actor("example").into()),
                ..Change::from(group)
            };
            assert!(store.commit(&[change]).unwrap()[0].is_ok());
            self.settle(store, &there);
        }
        store.wardrobe().revision
    }

    fn tell_changed(&self, store: &Store) {
        self.worker
            .request(ServerRequest::Changed {
                room: local_room(store),
                revision: store.wardrobe().revision,
            })
            .unwrap();
    }

    /// Waits until the server was looked at a few times more, then returns what was reported meanwhile.
    fn after_looks(&self, stage: &Stage) -> Vec<ServerEvent> {
        let looks = || stage.server.lock().unwrap().looks;
        wait_until(looks() + 5, looks);
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

#[track_caller]
fn wait_until(number: usize, now: impl Fn() -> usize) {
    let end = Instant::now() + Duration::from_secs(60);
    while now() < number {
        assert!(Instant::now() < end, "{} of {number}", now());
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[track_caller]
fn assert_nothing_comes_in(events: Vec<ServerEvent>) {
    let all: Vec<_> = events.into_iter().filter_map(incoming).collect();
    assert!(all.is_empty(), "{all:?}");
}

fn others_change(stage: &Stage, item: &Item, value: Option<ItemValue>, by: Option<&str>) {
    stage.server.lock().unwrap().change(&room(), item, value, by);
}

/// The room is gone, as whoever watches it sees.
fn go_away(stage: &Stage) {
    let mut server = stage.server.lock().unwrap();
    server.gone = true;
    server.change_room(&room());
}

/// The request that follows a single commit.
fn request(follows: &Receiver<AfterCommit>) -> ServerRequest {
    match follows.recv().unwrap() {
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
fn what_others_change_comes_in() {
    for class in CLASSES {
        let stage = Stage::known(class);
        let (session, mut store) = (stage.session(), stage.store());
        assert_eq!(session.follow(&store), Follower::Here);
        session.after_looks(&stage);
        let there = item("u0", "urn:x:there");
        others_change(&stage, &there, value(class, "There"), Some("ana@example.org"));
        let (plan, by) = session.incoming();
        assert_eq!(
            lines(&plan.rooms[0]),
            [(Some(jid("u0@example.org")), Action::Receive)]
        );
        assert_eq!(by.as_deref(), Some("ana@example.org"), "{class:?}");
        session.receive_incoming(&mut store, &plan);
        assert_eq!(stage.local(&there), value(class, "There"));
        // The same item again, after it was received.
        others_change(&stage, &there, None, None);
        let (plan, by) = session.incoming();
        assert_eq!(by, None);
        session.receive_incoming(&mut store, &plan);
        assert_eq!(stage.local(&there), None);
        session.worker.finish();
        let (plan, _) = stage.run(OtherRooms::Ignore, |_| true).unwrap();
        assert!(plan.rooms[0].is_settled() && !plan.rooms[0].first_contact);
    }
}

#[test]
fn what_was_changed_before_following_comes_in() {
    for class in CLASSES {
        let stage = Stage::known(class);
        let there = item("u0", "urn:x:there");
        stage.remote_set(&there, value(class, "There"));
        let (session, mut store) = (stage.session(), stage.store());
        session.follow(&store);
        let (plan, _) = session.incoming();
        session.receive_incoming(&mut store, &plan);
        assert_eq!(stage.local(&there), value(class, "There"));
    }
}

/// A room that is followed was read anyway.
#[test]
fn differences_that_are_not_received_are_reported() {
    for class in CLASSES {
        let stage = Stage::known(class);
        stage.local_hat("u0", "urn:x:there", Some("There"));
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
    let stage = Stage::known(class);
    let (session, store) = (stage.session(), stage.store());
    session.follow(&store);
    session.after_looks(&stage);
    let reads = || stage.server.lock().unwrap().reads;
    let before = reads();
    stage.remote_set(&item("u0", "urn:x:there"), value(class, "There"));
    stage.server.lock().unwrap().change_room(&room());
    session.incoming();
    assert_eq!(reads(), before + 1);
    // A look that finds nothing costs no read.
    session.after_looks(&stage);
    assert_eq!(reads(), before + 1);
}

#[test]
fn changes_are_collected_until_the_file_has_the_last_ones() {
    let class = ServerClass::Prosody;
    let stage = Stage::known(class);
    let (session, mut store) = (stage.session(), stage.store());
    session.follow(&store);
    session.after_looks(&stage);
    let change = |user: &str, by| {
        others_change(&stage, &item(user, "urn:x:there"), value(class, "There"), by);
    };
    change("u0", Some("ana@example.org"));
    let (first, _) = session.incoming();
    change("u1", Some("ana@example.org"));
    change("u2", Some("bob@example.org"));
    assert_nothing_comes_in(session.after_looks(&stage));
    session.receive_incoming(&mut store, &first);
    let (second, by) = session.incoming();
    let users = ["u1", "u2"].map(|user| (Some(jid(&format!("{user}@example.org"))), Action::Receive));
    assert_eq!((lines(&second.rooms[0]), by), (users.to_vec(), None));
}

#[test]
fn own_change_is_no_change_of_others() {
    for class in CLASSES {
        let stage = Stage::known(class);
        let (mut store, requests) = stage.store_at_once("state");
        let session = stage.session();
        session.follow(&store);
        session.after_looks(&stage);
        add(&mut store, "u0", "urn:x:there", "There");
        session.worker.request(request(&requests)).unwrap();
        session.sent();
        assert_eq!(stage.remote(&item("u0", "urn:x:there")), value(class, "There"));
        assert_nothing_comes_in(session.after_looks(&stage));
        // It is still followed: the next change of somebody else comes in.
        others_change(&stage, &item("u1", "urn:x:there"), value(class, "There"), None);
        let (plan, _) = session.incoming();
        let received: Vec<_> = plan.rooms[0].received().into_keys().collect();
        assert_eq!(received, [item("u1", "urn:x:there")], "{class:?}");
    }
}

#[test]
fn change_that_is_being_sent_is_not_received() {
    for class in CLASSES {
        let stage = Stage::known(class);
        let (mut store, _requests) = stage.store_at_once("state");
        let session = stage.session();
        session.follow(&store);
        session.after_looks(&stage);
        // It waits in the outbox, and this session knows of nothing else yet.
        add(&mut store, "u0", "urn:x:there", "Mine");
        let (mine, theirs) = (item("u0", "urn:x:there"), item("u1", "urn:x:there"));
        others_change(&stage, &mine, value(class, "Theirs"), None);
        others_change(&stage, &theirs, value(class, "Theirs"), None);
        let (plan, _) = session.incoming();
        let received: Vec<_> = plan.rooms[0].received().into_keys().collect();
        assert_eq!(received, [theirs], "{class:?}");
        let sent = stage.server.lock().unwrap().changed.get(&mine).copied();
        assert_eq!(sent, None);
    }
}

/// What a look saw before somebody else sent and confirmed a change does not take that back.
#[test]
fn late_report_takes_back_nothing() {
    for class in CLASSES {
        let stage = Arc::new(Stage::known(class));
        let (session, mut store) = (stage.session(), stage.store());
        session.follow(&store);
        session.after_looks(&stage);
        let (mine, theirs) = (item("u0", "urn:x:there"), item("u0", "urn:x:2"));
        let act = {
            let stage = stage.clone();
            move || send_by_another_account(&stage)
        };
        {
            let mut server = stage.server.lock().unwrap();
            server.after_look = Some(Meanwhile(Box::new(act)));
            server.reports_late = true;
            if class.holds_catalog() {
                let entry = hatrack::sync::CatalogValue::new("2", None);
                let there = server.rooms.get_mut(&room()).unwrap();
                there.catalog.insert(HatId::unchecked("urn:x:2"), entry);
            }
            server.change(&room(), &theirs, value(class, "2"), None);
        }
        let (plan, _) = session.incoming();
        let received = plan.rooms[0].received();
        assert!(
            !received.contains_key(&mine),
            "{class:?}: {:?}",
            plan.rooms[0].lines
        );
        // Now the session knows that the file has it.
        session.receive_incoming(&mut store, &plan);
        assert!(stage.local(&mine).is_some() && stage.local(&theirs).is_some());
        let next = item("u1", "urn:x:there");
        others_change(&stage, &next, value(class, "There"), None);
        let (plan, _) = session.incoming();
        let received: Vec<_> = plan.rooms[0].received().into_keys().collect();
        assert_eq!(received, [next], "{class:?}");
    }
}

/// Another account adds a hat here and on the server, and both know that.
fn send_by_another_account(stage: &Stage) {
    send_by(stage, "other");
}

/// The same by another session of this account or of another one.
fn send_by(stage: &Stage, account: &str) {
    let (mut store, requests) = stage.store_at_once(account);
    add(&mut store, "u0", "urn:x:there", "There");
    let other = stage.session_of(account);
    other.worker.request(request(&requests)).unwrap();
    other.wait(|event| matches!(event, ServerEvent::Sent { .. }).then_some(()));
    other.worker.finish();
    assert!(stage.remote(&item("u0", "urn:x:there")).is_some());
}

/// What is read before another session sent and confirmed a change, and arrives after that, does not take it back.
#[test]
fn late_read_takes_back_nothing() {
    for class in CLASSES {
        for account in ["state", "other"] {
            let stage = Arc::new(Stage::known(class));
            let act = {
                let stage = stage.clone();
                move || send_by(&stage, account)
            };
            let mine = item("u0", "urn:x:there");
            let (session, mut store) = (stage.session(), stage.store());
            stage.server.lock().unwrap().after_read = Some(Meanwhile(Box::new(act)));
            session.follow(&store);
            wait_until(1, || usize::from(stage.remote(&mine).is_some()));
            // Where nothing is confirmed, the session does not know yet that the file has it, too.
            for (plan, _) in session.after_looks(&stage).into_iter().filter_map(incoming) {
                store.refresh().unwrap();
                let before = store.wardrobe().revision;
                assert_eq!(
                    session.receive_incoming(&mut store, &plan),
                    before,
                    "{class:?}, {account}"
                );
            }
            others_change(&stage, &item("u1", "urn:x:there"), value(class, "There"), None);
            session.tell_changed(&stage.store());
            let (plan, _) = session.incoming();
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
fn both_sides_changed_is_left_to_the_plan() {
    for class in [ServerClass::Prosody, ServerClass::EjabberdOld] {
        let stage = Stage::known(class);
        let (session, mut store) = (stage.session(), stage.store());
        session.follow(&store);
        session.after_looks(&stage);
        let both = item("u0", "urn:x:old");
        add(&mut store, "u0", "urn:x:old", "Mine");
        session.tell_changed(&store);
        // Until that was handled.
        session.after_looks(&stage);
        others_change(&stage, &both, value(class, "Theirs"), None);
        assert_nothing_comes_in(session.after_looks(&stage));
        // Once the file has again what both had, it is only theirs.
        add(&mut store, "u0", "urn:x:old", "Old");
        session.tell_changed(&store);
        let (plan, _) = session.incoming();
        session.receive_incoming(&mut store, &plan);
        assert_eq!(stage.local(&both), value(class, "Theirs"));
    }
}

#[test]
fn removals_of_many_are_held_until_somebody_decides() {
    for class in CLASSES {
        let stage = Stage::known(class);
        let (session, mut store) = (stage.session(), stage.store());
        session.follow(&store);
        session.after_looks(&stage);
        for user in 0..5 {
            let old = item(&format!("u{user}"), "urn:x:old");
            stage.remote_set(&old, None);
        }
        stage.server.lock().unwrap().change_room(&room());
        let (plan, _) = session.incoming();
        assert_eq!(plan.counts().receive, 0, "{class:?}: {:?}", plan.rooms[0].lines);
        assert_eq!(plan.counts().held, 5);
        session.receive_incoming(&mut store, &plan);
        assert!(stage.local(&item("u0", "urn:x:old")).is_some());
        // That is recorded, so it is not reported again.
        stage.server.lock().unwrap().change_room(&room());
        assert_nothing_comes_in(session.after_looks(&stage));
        let plan = session.plan(&store, OtherRooms::Ignore).unwrap();
        let reasons: Vec<_> = plan.rooms[0].lines.iter().map(|line| line.reason).collect();
        assert_eq!(reasons, [Some(Reason::Held); 5]);
    }
}

#[test]
fn accepted_removals_do_not_hold_later_ones() {
    for class in CLASSES {
        let stage = Stage::known(class);
        let (session, mut store) = (stage.session(), stage.store());
        for user in 0..5 {
            stage.remote_set(&item(&format!("u{user}"), "urn:x:old"), None);
        }
        let mut plan = session.plan(&store, OtherRooms::Ignore).unwrap();
        assert_eq!(plan.counts().held, 5, "{class:?}");
        for room in &mut Arc::make_mut(&mut plan).rooms {
            room.accept_removals();
        }
        assert!(session.receive(&mut store, &plan, &|_| true));
        // The only hat of the room is added and removed: with the five before, all users would have lost theirs.
        let again = item("u0", "urn:x:there");
        for value in [value(class, "Again"), None] {
            stage.remote_set(&again, value.clone());
            let plan = session.plan(&store, OtherRooms::Ignore).unwrap();
            assert_eq!(plan.counts().held, 0, "{class:?}: {:?}", plan.rooms[0].lines);
            assert!(session.receive(&mut store, &plan, &|_| true));
            assert_eq!(stage.local(&again), value, "{class:?}");
        }
    }
}

#[test]
fn another_session_takes_over() {
    std::thread::scope(|scope| {
        for leaves in ["ends", "follows nothing", "is suspended"] {
            scope.spawn(move || take_over_when_the_first(leaves));
        }
    });
}

fn take_over_when_the_first(leaves: &str) {
    let class = ServerClass::Prosody;
    let stage = Stage::known(class);
    let mut store = stage.store();
    let (first, second) = (stage.session(), stage.session_of("other"));
    assert_eq!(first.follow(&store), Follower::Here);
    let by = format!("maya, process {}", std::process::id());
    assert_eq!(second.follow(&store), Follower::Elsewhere(Some(by.into())));
    first.after_looks(&stage);
    let there = item("u0", "urn:x:there");
    others_change(&stage, &there, value(class, "There"), None);
    let (plan, _) = first.incoming();
    first.receive_incoming(&mut store, &plan);
    assert_nothing_comes_in(second.events.try_iter().collect());
    match leaves {
        "ends" => first.worker.finish(),
        "is suspended" => first.worker.suspend_following(),
        _ => first.follow_rooms(Vec::new(), &store),
    }
    // By itself, after a while.
    assert_eq!(second.follower(), Follower::Here, "{leaves}");
    others_change(&stage, &there, None, None);
    let (plan, _) = second.incoming();
    second.receive_incoming(&mut store, &plan);
    assert_eq!(stage.local(&there), None);
}

#[test]
fn suspended_session_follows_again() {
    let stage = Stage::known(ServerClass::Prosody);
    let (session, store) = (stage.session(), stage.store());
    session.follow(&store);
    session.after_looks(&stage);
    session.worker.suspend_following();
    assert_eq!(session.follower(), Follower::Elsewhere(None));
    session.worker.resume_following();
    assert_eq!(session.follower(), Follower::Here);
    others_change(
        &stage,
        &item("u0", "urn:x:there"),
        value(stage.class, "There"),
        None,
    );
    session.incoming();
}

#[test]
fn lost_connection_is_made_again_and_nothing_is_missed() {
    for class in CLASSES {
        let stage = Stage::known(class);
        let (session, mut store) = (stage.session(), stage.store());
        session.follow(&store);
        session.after_looks(&stage);
        {
            let mut server = stage.server.lock().unwrap();
            let next = server.calls + 1;
            server.faults = (next..next + 2).map(|call| (call, Fault::Away)).collect();
            // Nobody watches now.
            let there = server.rooms.get_mut(&room()).unwrap();
            crate::simulated::set(there, &item("u0", "urn:x:there"), value(class, "There"));
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
fn server_that_refused_is_left_alone_until_somebody_acts() {
    let stage = Stage::known(ServerClass::Prosody);
    let (session, store) = (stage.session(), stage.store());
    stage.server.lock().unwrap().refuses = Some("not you".into());
    session.follow_rooms(vec![local_room(&store)], &store);
    session.wait(|event| match event {
        ServerEvent::State {
            state: ServerState::Refused(_),
            ..
        } => Some(()),
        _ => None,
    });
    let calls = stage.server.lock().unwrap().calls;
    // Another request passes through the thread meanwhile.
    session.tell_changed(&store);
    assert!(session.plan(&store, OtherRooms::Ignore).is_err());
    assert_eq!(stage.server.lock().unwrap().calls, calls);
    stage.server.lock().unwrap().refuses = None;
    session
        .worker
        .request(ServerRequest::Reconnect {
            server: "example".into(),
        })
        .unwrap();
    others_change(
        &stage,
        &item("u0", "urn:x:there"),
        value(stage.class, "There"),
        None,
    );
    session.incoming();
}

#[test]
fn room_that_was_not_compared_is_not_followed() {
    let stage = Stage::known(ServerClass::Prosody);
    std::fs::remove_dir_all(stage.folder.path().join("hats.servers")).unwrap();
    let (session, mut store) = (stage.session(), stage.store());
    assert_eq!(session.follow(&store), Follower::NotCompared);
    assert_eq!(stage.server.lock().unwrap().calls, 0, "nothing was asked");
    let plan = session.plan(&store, OtherRooms::Ignore).unwrap();
    session.receive(&mut store, &plan, &|_| true);
    assert_eq!(session.follower(), Follower::Here);
}

#[test]
fn room_that_is_gone_is_not_followed() {
    for class in CLASSES {
        let stage = Stage::known(class);
        let (session, store) = (stage.session(), stage.store());
        session.follow(&store);
        session.after_looks(&stage);
        // Seen as gone, then there again: somebody has to compare it.
        go_away(&stage);
        assert_eq!(session.follower(), Follower::NotCompared);
        stage.server.lock().unwrap().gone = false;
        let plan = session.plan(&store, OtherRooms::Ignore).unwrap();
        assert!(plan.rooms[0].first_contact, "{:?}", plan.rooms[0]);
    }
}

#[test]
fn read_only_session_follows_nothing() {
    let stage = Stage::known(ServerClass::Prosody);
    let rights = Rights {
        no_affiliations: true,
        ..Rights::default()
    };
    let (session, store) = (stage.session_with("state", rights), stage.store());
    session.follow_rooms(vec![local_room(&store)], &store);
    let other = stage.session_of("other");
    assert_eq!(other.follow(&store), Follower::Here);
    session.worker.finish();
    let mut said: Vec<_> = session.events.try_iter().collect();
    // That is known from the base.
    said.retain(|event| !matches!(event, ServerEvent::Class { .. }));
    assert!(said.is_empty(), "{said:?}");
}

#[test]
fn refused_change_is_no_change_that_is_being_sent() {
    let stage = Stage::known(ServerClass::Prosody);
    let (mut store, requests) = stage.store_at_once("state");
    let session = stage.session();
    session.follow(&store);
    session.after_looks(&stage);
    let mine = item("u0", "urn:x:old");
    others_change(&stage, &mine, value(stage.class, "Theirs"), None);
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
    assert_nothing_comes_in(session.after_looks(&stage));
    assert_eq!(stage.local(&mine), value(stage.class, "Mine"));
}

#[test]
fn session_that_does_not_follow_learns_what_the_server_could_store() {
    let class = ServerClass::EjabberdCatalog;
    let stage = Stage::known(class);
    let store = stage.store();
    let calls = stage.server.lock().unwrap().calls;
    let session = stage.session_of("other");
    // Without a password, nothing is followed; nor is the server asked.
    session.follow_rooms(vec![local_room(&store)], &store);
    let known = session.wait(|event| match event {
        ServerEvent::Class { class, .. } => Some(class),
        _ => None,
    });
    assert_eq!(known, class);
    assert_eq!(stage.server.lock().unwrap().calls, calls);
}
