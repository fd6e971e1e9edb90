//! Changes that are undone before the server has them.

use std::sync::mpsc::channel;

use hatrack::model::HatId;
use hatrack::store::Store;
use hatrack::sync::{AfterCommit, Item, OtherRooms, SendState, ServerEvent, ServerRequest};

use crate::simulated::{Callback, Fault};
use crate::stage::*;

/// The last request among the consequences of commits.
fn request(after_commit: Vec<AfterCommit>) -> ServerRequest {
    let requests = after_commit.into_iter().filter_map(|after| match after {
        AfterCommit::Send(request) => Some(request),
        _ => None,
    });
    requests.last().unwrap()
}

/// Adds a hat with this title to users in one commit, or removes it if there is no title.
fn set_hats(store: &mut Store, users: &[&str], title: Option<&str>) {
    let id = HatId::unchecked("urn:x:there");
    let mut next = store.wardrobe().clone();
    let mut group = hatrack::model::EditGroup::default();
    for user in users {
        let user = jid(&format!("{user}@example.org"));
        let changed = match title {
            Some(title) => {
                let attachment = hatrack::model::Attachment::default()
                    .with_active(true)
                    .with_title(Some(title));
                next.add_user_hat(&user, &room(), &id, attachment)
            }
            None => next.remove_user_hat(&user, &room(), &id),
        };
        group.0.extend(changed.unwrap().0);
    }
    assert!(store.commit(&[group.into()]).unwrap()[0].is_ok());
}

fn hat_of(user: &str) -> Item {
    item(user, "urn:x:there")
}

#[test]
fn refused_change_that_is_undone_does_not_wait_for_the_server() {
    for class in CLASSES {
        let stage = Stage::compared(class);
        let (mut store, after_commit) = stage.store_at_once("state");
        let session = stage.session();
        stage.server.lock().unwrap().refused_items.insert(hat_of("u0"));
        set_hats(&mut store, &["u0"], Some("There"));
        session
            .worker
            .request(request(after_commit.try_iter().collect()))
            .unwrap();
        let report = session.wait_for_sent();
        assert_eq!(report.rooms[0].failed.len(), 1, "{class:?}: {report:?}");
        stage.server.lock().unwrap().rooms_are_gone = true;
        let server = "example".into();
        session
            .worker
            .request(ServerRequest::Reconnect { server })
            .unwrap();
        set_hats(&mut store, &["u0"], None);
        session
            .worker
            .request(request(after_commit.try_iter().collect()))
            .unwrap();
        let mut states = None;
        let report = session.wait(|event| match event {
            ServerEvent::Outbox { items, .. } => {
                states = Some(items);
                None
            }
            ServerEvent::Sent { report, .. } => Some(report),
            _ => None,
        });
        assert_eq!(report.rooms, [], "{class:?}");
        assert_eq!(states, Some(Vec::new()), "{class:?}");
    }
}

/// Another account has sent the hat. The server has acknowledged that, but no read has confirmed it yet.
#[test]
fn removal_of_a_hat_that_another_account_just_sent_is_sent() {
    for class in CLASSES {
        let stage = Stage::compared(class);
        let [mut theirs, mut mine] = ["other", "state"].map(|state| stage.store_at_once(state));
        let (other, session) = (stage.session_of("other"), stage.session());
        set_hats(&mut theirs.0, &["u0"], Some("There"));
        other
            .worker
            .request(request(theirs.1.try_iter().collect()))
            .unwrap();
        assert_eq!(other.wait_for_sent().rooms[0].sent, 1, "{class:?}");
        mine.0.refresh().unwrap();
        set_hats(&mut mine.0, &["u0"], None);
        session
            .worker
            .request(request(mine.1.try_iter().collect()))
            .unwrap();
        assert_eq!(session.wait_for_sent().rooms[0].sent, 1, "{class:?}");
        assert_eq!(stage.remote(&hat_of("u0")), None, "{class:?}");
    }
}

/// While the first of many changes is sent, others are undone or changed again.
#[test]
fn changes_that_are_undone_while_others_are_sent_are_not_sent() {
    for class in CLASSES {
        for (by_plan, fault) in [(false, None), (true, None), (false, Some(Fault::Unsure))] {
            let case = format!("{class:?}, by a plan: {by_plan}, {fault:?}");
            let stage = Stage::compared(class);
            let (mut store, after_commit) = stage.store_at_once("state");
            let session = stage.session();
            if by_plan {
                let users = ["u0", "u1", "u2", "u3", "u4"];
                for user in users {
                    stage.set_local_hat(user, "urn:x:there", Some("There"));
                }
                store.refresh().unwrap();
            } else {
                session.plan(&stage.store(), OtherRooms::Ignore).unwrap();
                set_hats(&mut store, &["u0", "u1", "u2", "u3", "u4"], Some("There"));
            }
            let first = if by_plan {
                let plan = session.plan(&stage.store(), OtherRooms::Ignore).unwrap();
                let (id, reason) = (2, None);
                ServerRequest::Apply { id, plan, reason }
            } else {
                request(after_commit.try_iter().collect())
            };
            let (sender, next_requests) = channel();
            {
                let mut server = stage.server.lock().unwrap();
                if let Some(fault) = fault {
                    // The room is read first.
                    let next = server.calls + 2;
                    server.faults.insert(next, fault);
                }
                server.after_change = Some(Callback(Box::new(move || {
                    set_hats(&mut store, &["u2", "u4"], None);
                    // One of the undone changes is made again with another title.
                    set_hats(&mut store, &["u4"], Some("Again"));
                    set_hats(&mut store, &["u3"], None);
                    sender.send(request(after_commit.try_iter().collect())).unwrap();
                })));
            }
            session.worker.request(first).unwrap();
            let report = session.wait(|event| match event {
                ServerEvent::Sent { report, .. } | ServerEvent::Applied { report, .. } => Some(report),
                _ => None,
            });
            assert_eq!(report.rooms[0].unsent, 0, "{case}: {report:?}");
            session.worker.request(next_requests.recv().unwrap()).unwrap();
            let report = session.wait_for_sent();
            assert!(
                report.rooms.iter().all(|room| room.unsent == 0),
                "{case}: {report:?}"
            );
            let server = stage.server.lock().unwrap();
            for user in ["u2", "u3"] {
                assert!(!server.requested_items.contains(&hat_of(user)), "{case}: {user}");
            }
            for user in ["u0", "u1", "u4"] {
                assert_eq!(
                    server.change_counts.get(&hat_of(user)),
                    Some(&1),
                    "{case}: {user}"
                );
            }
            drop(server);
            let title = if class.holds_catalog() { "There" } else { "Again" };
            assert_eq!(stage.remote(&hat_of("u4")), value(class, title), "{case}");
        }
    }
}

/// Stopping a plan does not stop changes that were made while the plan was applied.
#[test]
fn change_during_a_stopped_apply_is_still_sent() {
    for class in [
        hatrack::sync::ServerClass::Prosody,
        hatrack::sync::ServerClass::EjabberdOld,
    ] {
        let stage = Stage::compared(class);
        for number in 0..5 {
            stage.set_local_hat(&format!("u{number}"), "urn:x:there", Some("There"));
        }
        let (mut store, after_commit) = stage.store_at_once("state");
        let session = stage.session();
        let plan = session.plan(&stage.store(), OtherRooms::Ignore).unwrap();
        let (sender, next_requests) = channel();
        let (changed, is_changed) = channel();
        let (resume, is_resumed) = channel::<()>();
        let server = stage.server.clone();
        stage.server.lock().unwrap().after_change = Some(Callback(Box::new(move || {
            set_hats(&mut store, &["u4"], None);
            set_hats(&mut store, &["u4"], Some("Again"));
            sender.send(request(after_commit.try_iter().collect())).unwrap();
            // The plan is stopped while its second change is sent.
            server.lock().unwrap().after_change = Some(Callback(Box::new(move || {
                changed.send(()).unwrap();
                is_resumed.recv().unwrap();
            })));
        })));
        let (id, reason) = (2, None);
        session
            .worker
            .request(ServerRequest::Apply { id, plan, reason })
            .unwrap();
        is_changed.recv().unwrap();
        session.worker.request(ServerRequest::Stop { id }).unwrap();
        resume.send(()).unwrap();
        let stopped = session.wait(|event| match event {
            ServerEvent::Applied { stopped, .. } => Some(stopped),
            _ => None,
        });
        assert!(stopped, "{class:?}");
        session.worker.request(next_requests.recv().unwrap()).unwrap();
        let mut states = Vec::new();
        let report = session.wait(|event| match event {
            ServerEvent::Outbox { items, .. } => {
                states = items;
                None
            }
            ServerEvent::Sent { report, .. } => Some(report),
            _ => None,
        });
        assert_eq!(report.rooms[0].sent, 1, "{class:?}");
        assert_eq!(stage.remote(&hat_of("u4")), value(class, "Again"), "{class:?}");
        assert_eq!(stage.remote(&hat_of("u3")), None, "{class:?}");
        let waits = states.iter().any(|(_, state)| *state == SendState::Waiting);
        assert!(!waits, "{class:?}: {states:?}");
    }
}

/// A session that ended before it could store the answer may have sent a change, which is now undone. This is known
/// from the room's lock that a killed session left, or from the time of the change, which is before the start of this
/// session.
#[test]
fn change_that_an_ended_session_may_have_sent_is_undone_on_the_server() {
    for class in CLASSES {
        for is_killed in [false, true] {
            let stage = Stage::compared(class);
            let (mut store, after_commit) = stage.store_at_once("state");
            let earlier = is_killed.then(|| stage.session());
            if let Some(session) = &earlier {
                session.plan(&stage.store(), OtherRooms::Ignore).unwrap();
            }
            set_hats(&mut store, &["u0"], Some("There"));
            stage.set_remote(&hat_of("u0"), value(class, "There"));
            let session = earlier.unwrap_or_else(|| stage.session());
            session.plan(&stage.store(), OtherRooms::Ignore).unwrap();
            if is_killed {
                let folder = stage.folder.path().join("state/outbox");
                let mut files = std::fs::read_dir(folder).unwrap();
                let outbox = files.next().unwrap().unwrap().path();
                assert!(files.next().is_none());
                std::fs::write(outbox.with_extension("lock"), "").unwrap();
            }
            set_hats(&mut store, &["u0"], None);
            session
                .worker
                .request(request(after_commit.try_iter().collect()))
                .unwrap();
            session.wait_for_sent();
            assert_eq!(
                stage.remote(&hat_of("u0")),
                None,
                "{class:?}, killed: {is_killed}"
            );
            let files = std::fs::read_dir(stage.folder.path().join("state/outbox")).unwrap();
            assert!(files.flatten().all(|file| {
                file.path()
                    .extension()
                    .is_none_or(|extension| extension != "lock")
            }));
        }
    }
}

/// The disk is full while changes are sent, so that no answer can be stored. Once there is space, one of them is
/// undone, by the same session or by another one of the account.
#[test]
fn change_that_was_sent_while_the_disk_was_full_is_undone_on_the_server() {
    for class in CLASSES {
        for is_same_session in [true, false] {
            for fault in [None, Some(Fault::Unsure)] {
                let case = format!("{class:?}, same session: {is_same_session}, {fault:?}");
                let stage = Stage::compared(class);
                let (mut store, after_commit) = stage.store_at_once("state");
                let sessions = [stage.session(), stage.session()];
                for session in &sessions {
                    session.plan(&stage.store(), OtherRooms::Ignore).unwrap();
                }
                set_hats(&mut store, &["u0", "u1"], Some("There"));
                let outboxes = stage.folder.path().join("state/outbox");
                let moved_away = stage.folder.path().join("state/away");
                {
                    let (outboxes, moved_away) = (outboxes.clone(), moved_away.clone());
                    let mut server = stage.server.lock().unwrap();
                    if let Some(fault) = fault {
                        // The room is read first.
                        let next = server.calls + 2;
                        server.faults.insert(next, fault);
                    }
                    server.after_change = Some(Callback(Box::new(move || {
                        // Writing fails as on a full disk, because a file has replaced the folder.
                        std::fs::rename(&outboxes, &moved_away).unwrap();
                        std::fs::write(&outboxes, "").unwrap();
                    })));
                }
                let first = &sessions[0];
                first
                    .worker
                    .request(request(after_commit.try_iter().collect()))
                    .unwrap();
                let report = first.wait_for_sent();
                assert!(report.rooms[0].error.is_some(), "{case}: {report:?}");
                assert_eq!(stage.remote(&hat_of("u0")), value(class, "There"), "{case}");
                std::fs::remove_file(&outboxes).unwrap();
                std::fs::rename(&moved_away, &outboxes).unwrap();
                set_hats(&mut store, &["u0"], None);
                let next = &sessions[usize::from(!is_same_session)];
                let undo = request(after_commit.try_iter().collect());
                next.worker.request(undo).unwrap();
                let report = next.wait_for_sent();
                assert_eq!(report.rooms[0].unsent, 0, "{case}: {report:?}");
                assert_eq!(stage.remote(&hat_of("u0")), None, "{case}");
                assert_eq!(stage.remote(&hat_of("u1")), value(class, "There"), "{case}");
                let mut files = std::fs::read_dir(&outboxes).unwrap().flatten();
                let is_lock = |file: &std::fs::DirEntry| {
                    file.path()
                        .extension()
                        .is_some_and(|extension| extension == "lock")
                };
                assert!(!files.any(|file| is_lock(&file)), "{case}");
            }
        }
    }
}

/// The server is away when the change is made, and when it is undone, by this session or by a later one.
#[test]
fn undone_change_that_was_never_sent_does_not_wait_for_the_server() {
    for class in CLASSES {
        for is_same_session in [true, false] {
            let case = format!("{class:?}, same session: {is_same_session}");
            let stage = Stage::compared(class);
            let (mut store, after_commit) = stage.store_at_once("state");
            let first = stage.session();
            {
                let mut server = stage.server.lock().unwrap();
                let calls = server.calls + 1..server.calls + 100;
                server.faults = calls.map(|call| (call, Fault::Away)).collect();
            }
            set_hats(&mut store, &["u0", "u1"], Some("There"));
            let add = request(after_commit.try_iter().collect());
            first.worker.request(add).unwrap();
            assert_eq!(first.wait_for_sent().rooms[0].unsent, 2, "{case}");
            let later = (!is_same_session).then(|| stage.session());
            let next = later.as_ref().unwrap_or(&first);
            set_hats(&mut store, &["u0"], None);
            let undo = request(after_commit.try_iter().collect());
            next.worker.request(undo).unwrap();
            let mut states = Vec::new();
            let report = next.wait(|event| match event {
                ServerEvent::Outbox { items, .. } => {
                    states = items;
                    None
                }
                ServerEvent::Sent { report, .. } => Some(report),
                _ => None,
            });
            assert_eq!(report.rooms[0].unsent, 1, "{case}: {report:?}");
            assert_eq!(states, [(hat_of("u1"), SendState::Waiting)], "{case}");
        }
    }
}
