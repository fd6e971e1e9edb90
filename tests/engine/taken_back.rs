//! Changes that are taken back before the server has them.

use std::sync::mpsc::channel;

use hatrack::model::HatId;
use hatrack::store::Store;
use hatrack::sync::{AfterCommit, Item, OtherRooms, SendState, ServerEvent, ServerRequest};

use crate::simulated::{Fault, Meanwhile};
use crate::stage::*;

/// The last request that follows commits.
fn request(follows: Vec<AfterCommit>) -> ServerRequest {
    let requests = follows.into_iter().filter_map(|after| match after {
        AfterCommit::Send(request) => Some(request),
        _ => None,
    });
    requests.last().unwrap()
}

/// Adds a hat to users, or removes it, in one commit.
fn set_hats(store: &mut Store, users: &[&str], hat: Option<&str>) {
    let id = HatId::unchecked("urn:x:there");
    let mut next = store.wardrobe().clone();
    let mut group = hatrack::model::EditGroup::default();
    for user in users {
        let user = jid(&format!("{user}@example.org"));
        let changed = match hat {
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

fn there(user: &str) -> Item {
    item(user, "urn:x:there")
}

#[test]
fn refused_change_that_was_undone_waits_for_no_server() {
    for class in CLASSES {
        let stage = Stage::known(class);
        let (mut store, follows) = stage.store_at_once("state");
        let session = stage.session();
        stage.server.lock().unwrap().fixed.insert(there("u0"));
        set_hats(&mut store, &["u0"], Some("There"));
        session
            .worker
            .request(request(follows.try_iter().collect()))
            .unwrap();
        let report = session.sent();
        assert_eq!(report.rooms[0].failed.len(), 1, "{class:?}: {report:?}");
        stage.server.lock().unwrap().gone = true;
        let server = "example".into();
        session
            .worker
            .request(ServerRequest::Reconnect { server })
            .unwrap();
        set_hats(&mut store, &["u0"], None);
        session
            .worker
            .request(request(follows.try_iter().collect()))
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

/// Another account was answered that the hat is there, which no read has confirmed yet.
#[test]
fn removal_of_what_another_account_just_sent_is_sent() {
    for class in CLASSES {
        let stage = Stage::known(class);
        let [mut theirs, mut mine] = ["other", "state"].map(|state| stage.store_at_once(state));
        let (other, session) = (stage.session_of("other"), stage.session());
        set_hats(&mut theirs.0, &["u0"], Some("There"));
        other
            .worker
            .request(request(theirs.1.try_iter().collect()))
            .unwrap();
        assert_eq!(other.sent().rooms[0].sent, 1, "{class:?}");
        mine.0.refresh().unwrap();
        set_hats(&mut mine.0, &["u0"], None);
        session
            .worker
            .request(request(mine.1.try_iter().collect()))
            .unwrap();
        assert_eq!(session.sent().rooms[0].sent, 1, "{class:?}");
        assert_eq!(stage.remote(&there("u0")), None, "{class:?}");
    }
}

/// While the first of many changes is sent, others are taken back or changed again.
#[test]
fn what_is_taken_back_while_others_are_sent_is_not_sent() {
    for class in CLASSES {
        for (by_plan, fault) in [(false, None), (true, None), (false, Some(Fault::Unsure))] {
            let told = format!("{class:?}, by a plan: {by_plan}, {fault:?}");
            let stage = Stage::known(class);
            let (mut store, follows) = stage.store_at_once("state");
            let session = stage.session();
            if by_plan {
                let users = ["u0", "u1", "u2", "u3", "u4"];
                for user in users {
                    stage.local_hat(user, "urn:x:there", Some("There"));
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
                request(follows.try_iter().collect())
            };
            let (sender, then) = channel();
            {
                let mut server = stage.server.lock().unwrap();
                if let Some(fault) = fault {
                    // The room is read first.
                    let next = server.calls + 2;
                    server.faults.insert(next, fault);
                }
                server.after_change = Some(Meanwhile(Box::new(move || {
                    set_hats(&mut store, &["u2", "u4"], None);
                    // An undo and another change of it.
                    set_hats(&mut store, &["u4"], Some("Again"));
                    set_hats(&mut store, &["u3"], None);
                    sender.send(request(follows.try_iter().collect())).unwrap();
                })));
            }
            session.worker.request(first).unwrap();
            let report = session.wait(|event| match event {
                ServerEvent::Sent { report, .. } | ServerEvent::Applied { report, .. } => Some(report),
                _ => None,
            });
            assert_eq!(report.rooms[0].unsent, 0, "{told}: {report:?}");
            session.worker.request(then.recv().unwrap()).unwrap();
            let report = session.sent();
            assert!(
                report.rooms.iter().all(|room| room.unsent == 0),
                "{told}: {report:?}"
            );
            let server = stage.server.lock().unwrap();
            for user in ["u2", "u3"] {
                assert!(!server.asked.contains(&there(user)), "{told}: {user}");
            }
            for user in ["u0", "u1", "u4"] {
                assert_eq!(server.changed.get(&there(user)), Some(&1), "{told}: {user}");
            }
            drop(server);
            let title = if class.holds_catalog() { "There" } else { "Again" };
            assert_eq!(stage.remote(&there("u4")), value(class, title), "{told}");
        }
    }
}

/// A plan that somebody stops leaves what was changed while it was applied.
#[test]
fn change_during_a_stopped_apply_is_still_sent() {
    for class in [
        hatrack::sync::ServerClass::Prosody,
        hatrack::sync::ServerClass::EjabberdOld,
    ] {
        let stage = Stage::known(class);
        for number in 0..5 {
            stage.local_hat(&format!("u{number}"), "urn:x:there", Some("There"));
        }
        let (mut store, follows) = stage.store_at_once("state");
        let session = stage.session();
        let plan = session.plan(&stage.store(), OtherRooms::Ignore).unwrap();
        let (sender, then) = channel();
        let (began, has_begun) = channel();
        let (go_on, goes_on) = channel::<()>();
        let server = stage.server.clone();
        stage.server.lock().unwrap().after_change = Some(Meanwhile(Box::new(move || {
            set_hats(&mut store, &["u4"], None);
            set_hats(&mut store, &["u4"], Some("Again"));
            sender.send(request(follows.try_iter().collect())).unwrap();
            // The next one is sent before it is stopped.
            server.lock().unwrap().after_change = Some(Meanwhile(Box::new(move || {
                began.send(()).unwrap();
                goes_on.recv().unwrap();
            })));
        })));
        let (id, reason) = (2, None);
        session
            .worker
            .request(ServerRequest::Apply { id, plan, reason })
            .unwrap();
        has_begun.recv().unwrap();
        session.worker.request(ServerRequest::Stop { id }).unwrap();
        go_on.send(()).unwrap();
        let stopped = session.wait(|event| match event {
            ServerEvent::Applied { stopped, .. } => Some(stopped),
            _ => None,
        });
        assert!(stopped, "{class:?}");
        session.worker.request(then.recv().unwrap()).unwrap();
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
        assert_eq!(stage.remote(&there("u4")), value(class, "Again"), "{class:?}");
        assert_eq!(stage.remote(&there("u3")), None, "{class:?}");
        let waits = states.iter().any(|(_, state)| *state == SendState::Waiting);
        assert!(!waits, "{class:?}: {states:?}");
    }
}

/// A session that ended before it could store the answer may have sent a change that is undone before another one sends it.
/// It left the room's lock, or began before the other one.
#[test]
fn what_an_ended_session_may_have_sent_is_undone_on_the_server() {
    for class in CLASSES {
        for is_killed in [false, true] {
            let stage = Stage::known(class);
            let (mut store, follows) = stage.store_at_once("state");
            let earlier = is_killed.then(|| stage.session());
            if let Some(session) = &earlier {
                session.plan(&stage.store(), OtherRooms::Ignore).unwrap();
            }
            set_hats(&mut store, &["u0"], Some("There"));
            stage.remote_set(&there("u0"), value(class, "There"));
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
                .request(request(follows.try_iter().collect()))
                .unwrap();
            session.sent();
            assert_eq!(stage.remote(&there("u0")), None, "{class:?}, killed: {is_killed}");
            let left = std::fs::read_dir(stage.folder.path().join("state/outbox")).unwrap();
            assert!(left.flatten().all(|file| {
                file.path()
                    .extension()
                    .is_none_or(|extension| extension != "lock")
            }));
        }
    }
}

/// The disk is full while changes are sent, so that no answer can be stored. Once there is space, one of them is undone, by the
/// same session or by another one of the account.
#[test]
fn what_was_sent_while_the_disk_was_full_is_undone_on_the_server() {
    for class in CLASSES {
        for by_the_same in [true, false] {
            for fault in [None, Some(Fault::Unsure)] {
                let told = format!("{class:?}, same session: {by_the_same}, {fault:?}");
                let stage = Stage::known(class);
                let (mut store, follows) = stage.store_at_once("state");
                let sessions = [stage.session(), stage.session()];
                for session in &sessions {
                    session.plan(&stage.store(), OtherRooms::Ignore).unwrap();
                }
                set_hats(&mut store, &["u0", "u1"], Some("There"));
                let full = stage.folder.path().join("state/outbox");
                let away = stage.folder.path().join("state/away");
                {
                    let (full, away) = (full.clone(), away.clone());
                    let mut server = stage.server.lock().unwrap();
                    if let Some(fault) = fault {
                        // The room is read first.
                        let next = server.calls + 2;
                        server.faults.insert(next, fault);
                    }
                    server.after_change = Some(Meanwhile(Box::new(move || {
                        std::fs::rename(&full, &away).unwrap();
                        // Nothing can be written into a folder that is a file.
                        std::fs::write(&full, "").unwrap();
                    })));
                }
                let first = &sessions[0];
                first
                    .worker
                    .request(request(follows.try_iter().collect()))
                    .unwrap();
                let report = first.sent();
                assert!(report.rooms[0].error.is_some(), "{told}: {report:?}");
                assert_eq!(stage.remote(&there("u0")), value(class, "There"), "{told}");
                std::fs::remove_file(&full).unwrap();
                std::fs::rename(&away, &full).unwrap();
                set_hats(&mut store, &["u0"], None);
                let next = &sessions[usize::from(!by_the_same)];
                let undo = request(follows.try_iter().collect());
                next.worker.request(undo).unwrap();
                let report = next.sent();
                assert_eq!(report.rooms[0].unsent, 0, "{told}: {report:?}");
                assert_eq!(stage.remote(&there("u0")), None, "{told}");
                assert_eq!(stage.remote(&there("u1")), value(class, "There"), "{told}");
                let mut left = std::fs::read_dir(&full).unwrap().flatten();
                let is_lock =
                    |file: &std::fs::DirEntry| file.path().extension().is_some_and(|end| end == "lock");
                assert!(!left.any(|file| is_lock(&file)), "{told}");
            }
        }
    }
}

/// The server is away when the change is made, and when it is undone, by this session or by a later one.
#[test]
fn undone_change_that_was_never_sent_waits_for_no_server() {
    for class in CLASSES {
        for by_the_same in [true, false] {
            let told = format!("{class:?}, same session: {by_the_same}");
            let stage = Stage::known(class);
            let (mut store, follows) = stage.store_at_once("state");
            let first = stage.session();
            {
                let mut server = stage.server.lock().unwrap();
                let calls = server.calls + 1..server.calls + 100;
                server.faults = calls.map(|call| (call, Fault::Away)).collect();
            }
            set_hats(&mut store, &["u0", "u1"], Some("There"));
            let add = request(follows.try_iter().collect());
            first.worker.request(add).unwrap();
            assert_eq!(first.sent().rooms[0].unsent, 2, "{told}");
            let later = (!by_the_same).then(|| stage.session());
            let next = later.as_ref().unwrap_or(&first);
            set_hats(&mut store, &["u0"], None);
            let undo = request(follows.try_iter().collect());
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
            assert_eq!(report.rooms[0].unsent, 1, "{told}: {report:?}");
            assert_eq!(states, [(there("u1"), SendState::Waiting)], "{told}");
        }
    }
}
