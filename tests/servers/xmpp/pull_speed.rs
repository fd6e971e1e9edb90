//! How long a pull of a large room takes on an open connection, compared with a bare script that only reads, plus the commit
//! of the file. The figures are printed, not asserted:
//! `cargo test --release --test servers xmpp::pull_speed -- --ignored --nocapture`.

use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};

use hatrack::model::EditGroup;
use hatrack::server::{Account, ServerWorker, TlsMode, WorkerOptions};
use hatrack::store::{Change, Store, StoreOptions};
use hatrack::sync::{LocalRoom, OtherRooms, Plan, ServerEvent, ServerRequest, server_actor};

use super::speed::{BIG, affiliated, assigned, bare, defined, done, timed, unencrypted};
use super::{account, jid, settings};
use crate::process::busy;
use crate::server::{Kind, Server};

/// A worker, and what it says.
struct Session {
    worker: ServerWorker,
    events: Receiver<ServerEvent>,
}

impl Session {
    /// One that has connected.
    fn start(server: &Server, folder: &Path) -> Self {
        let account = Account {
            tls: TlsMode::None,
            ca_file: None,
            ..account(server, "siteadmin")
        };
        let options = WorkerOptions {
            servers: vec![settings(&account)],
            data_file: folder.join("hats.json"),
            state_dir: Some(folder.join("state")),
            actor: "maya".into(),
            ..WorkerOptions::default()
        };
        let (sender, events) = channel();
        let worker = ServerWorker::new(options, move |event| drop(sender.send(event)));
        let session = Self { worker, events };
        session.plan(Vec::new());
        session
    }

    fn plan(&self, rooms: Vec<LocalRoom>) -> Arc<Plan> {
        let request = ServerRequest::Plan {
            id: 1,
            server: "example".into(),
            rooms,
            others: OtherRooms::Ignore,
            revision: 0,
            affiliations: None,
        };
        self.worker.request(request).unwrap();
        loop {
            if let ServerEvent::Planned { plan, .. } = self.events.recv().unwrap() {
                return plan.unwrap();
            }
        }
    }

    /// Reads and compares the room, commits it, and records that both sides have it. Gives the seconds of each.
    fn pull(&self, store: &mut Store) -> [f64; 3] {
        let room = LocalRoom {
            room: jid(BIG),
            local: None,
            is_requested: true,
        };
        let (compared, plan) = timed(|| self.plan(vec![room.clone()]));
        let [there] = &plan.rooms[..] else {
            panic!("{plan:?}")
        };
        let committed = timed(|| commit(store, there.edits_to_receive(None))).0;
        let wardrobe = store.wardrobe();
        let request = ServerRequest::Received {
            server: "example".into(),
            room: LocalRoom {
                local: wardrobe.room(&room.room).cloned(),
                ..room
            },
            revision: wardrobe.revision,
            received: there.received(),
            held: there.held(),
        };
        self.worker.request(request).unwrap();
        // Requests are processed in order.
        let recorded = timed(|| self.plan(Vec::new())).0;
        [compared, committed, recorded]
    }
}

fn commit(store: &mut Store, group: EditGroup) {
    let change = Change {
        actor: Some(server_actor("example").into()),
        ..Change::from(group)
    };
    assert!(store.commit(&[change]).unwrap()[0].is_ok());
}

fn store(folder: &Path) -> Store {
    Store::open(&folder.join("hats.json"), StoreOptions::default()).unwrap()
}

/// Seconds for which all threads of this process were on a processor.
fn own_processor_seconds() -> f64 {
    busy(&std::process::id().to_string()).as_secs_f64()
}

#[test]
#[ignore = "prints figures"]
fn pull_of_large_room() {
    let Some(server) = Server::start(Kind::Ejabberd26) else {
        return;
    };
    let mut backend = unencrypted(&server, "siteadmin");
    let ids: Vec<String> = (0..10).map(|number| format!("urn:x:{number}")).collect();
    server.muc(BIG, &[], &[]);
    affiliated(&mut backend);
    defined(&mut backend, BIG, &ids);
    for id in &ids {
        done(&mut backend, &[(BIG, assigned(id, 1..=100))]);
    }
    for _ in 0..10 {
        let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
        let [here, alone] = folders.each_ref().map(tempfile::TempDir::path);
        let least = bare(&server, &["read", BIG]).0;
        let mut written = store(here);
        let session = Session::start(&server, here);
        let before = own_processor_seconds();
        let (pull, [compared, committed, recorded]) = timed(|| session.pull(&mut written));
        let busy = own_processor_seconds() - before;
        session.worker.finish();
        let room = written.wardrobe().room(&jid(BIG)).unwrap().clone();
        assert_eq!(room.users().len(), 10_000);
        let new = hatrack::model::Edit::Room {
            room: jid(BIG),
            before: None,
            after: Some(room),
        };
        let mut other = store(alone);
        let commit = timed(|| commit(&mut other, new.into())).0;
        println!(
            "pull of 10,000 users {pull:.3} ({busy:.3} on a processor; read and compared {compared:.3}, committed {committed:.3}, recorded {recorded:.3}) bare read {least:.3} + commit {commit:.3} ratio {:.2}",
            pull / (least + commit)
        );
    }
}
